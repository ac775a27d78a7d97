/* What an output may be: written through, kept, or refused with a word, and never of another
 * kind afterwards. */
#include "harness.h"

#include "base.h"
#include "place.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, SOMEBODY = 12345 };

typedef struct Place {
    Arena *arena;
    const char *folder; /* gone after the case */
} Place;

static const char *inside(Place place, const char *name) {
    return text_print(place.arena, "%s/%s", place.folder, name);
}

static Place place_new(void) {
    Arena *arena = arena_new();
    char *folder = text_print(arena, "/tmp/normlab-output-XXXXXX");
    assert_non_null(mkdtemp(folder));
    umask(022);
    return (Place){arena, folder};
}

static size_t names_in(Place place, bool remove_them) {
    size_t count = 0;
    DIR *listing = opendir(place.folder);
    assert_non_null(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (remove_them) assert_int_equal(remove(inside(place, entry->d_name)), 0);
        count++;
    }
    closedir(listing);
    return count;
}

static void place_end(Place place) {
    names_in(place, true);
    assert_int_equal(rmdir(place.folder), 0);
    arena_free(place.arena);
}

static void make(const char *path, const char *content, mode_t mode) {
    const int handle = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(handle >= 0);
    assert_int_equal(write(handle, content, strlen(content)), strlen(content));
    assert_int_equal(fchmod(handle, mode), 0);
    close(handle);
}

static struct stat status_of(const char *path) {
    struct stat status;
    assert_int_equal(lstat(path, &status), 0);
    return status;
}

static void assert_holds(Place place, const char *path, const char *want) {
    BaseError error = {0};
    size_t length = 0;
    const char *data = place_read(place.arena, path, 1 << 20, &length, &error);
    if (data == NULL) fail_msg("%s", error.message);
    assert_string_equal(data, want);
}

static void writes(const char *path) {
    BaseError error = {0};
    if (!place_may_write(path, &error) || !place_write(path, "new", 3, &error))
        fail_msg("%s", error.message);
}

/* With one word, before and after all work; what is there stays as it is. */
static void refuses(const char *path, const char *word) {
    BaseError before = {0}, error = {0};
    struct stat old = {0}, new = {0};
    lstat(path, &old);
    assert_false(place_may_write(path, &before));
    assert_false(place_write(path, "new", 3, &error));
    lstat(path, &new);
    assert_string_equal(before.message, error.message);
    assert_int_equal(error.code, EX_CANTCREAT);
    if (strstr(error.message, word) == NULL || strstr(error.message, path) == NULL)
        fail_msg("%s: '%s' expected", error.message, word);
    assert_true(old.st_ino == new.st_ino &&old.st_mode == new.st_mode &&old.st_size ==
                new.st_size &&old.st_nlink == new.st_nlink);
}

static bool is_root(void) {
    if (geteuid() == 0) return true;
    print_message("not run: only root can do this\n");
    return false;
}

/* ---- kept ------------------------------------------------------------------------ */

static void links_stay_links(void **state) {
    (void)state;
    Place place = place_new();
    make(inside(place, "target"), "old", 0640);
    assert_int_equal(symlink("target", inside(place, "relative")), 0);
    assert_int_equal(symlink(inside(place, "target"), inside(place, "absolute")), 0);
    assert_int_equal(symlink("relative", inside(place, "twice")), 0);
    assert_int_equal(symlink("none", inside(place, "dangling")), 0);
    static const char *const links[] = {"relative", "absolute", "twice", "dangling"};
    for (size_t i = 0; i < COUNT_OF(links); i++) {
        writes(inside(place, links[i]));
        assert_true(S_ISLNK(status_of(inside(place, links[i])).st_mode));
        assert_holds(place, inside(place, i < 3 ? "target" : "none"), "new");
        assert_true(place_is_replaced(inside(place, links[i])));
    }
    assert_int_equal(status_of(inside(place, "target")).st_mode & 07777, 0640);
    assert_int_equal(names_in(place, false), 6);
    place_end(place);
}

static void mode_and_owner_are_kept(void **state) {
    (void)state;
    Place place = place_new();
    static const mode_t modes[] = {0600, 0644, 0666, 0755, 02664, 04755, 0200};
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        const char *path = inside(place, text_print(place.arena, "%o", modes[i]));
        make(path, "old", modes[i]);
        const bool changed = geteuid() == 0 && chown(path, SOMEBODY, SOMEBODY + 1) == 0 &&
                             chmod(path, modes[i]) == 0;
        writes(path);
        const struct stat status = status_of(path);
        assert_int_equal(status.st_mode & 07777, modes[i]);
        assert_int_equal(status.st_uid, changed ? SOMEBODY : geteuid());
        if (changed) assert_int_equal(status.st_gid, SOMEBODY + 1);
        if (modes[i] != 0200 || geteuid() == 0) assert_holds(place, path, "new");
    }
    writes(inside(place, "fresh"));
    assert_int_equal(status_of(inside(place, "fresh")).st_mode & 07777, 0644);
    place_end(place);
}

/* ---- written through ------------------------------------------------------------- */

/* Reads a pipe in a child, which begins so late; its end of another pipe tells what came. */
static int reader_of(const char *pipe_path, unsigned late) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    if (fork() == 0) {
        char text[16] = "";
        usleep(late);
        const int handle = open(pipe_path, O_RDONLY | O_CLOEXEC);
        const ssize_t got = read(handle, text, sizeof text);
        _exit(write(ends[1], text, got > 0 ? (size_t)got : 0) < 0);
    }
    close(ends[1]);
    return ends[0];
}

static void pipes_are_written(void **state) {
    (void)state;
    Place place = place_new();
    const char *path = inside(place, "pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(place_is_replaced(path));
    alarm(60);
    for (unsigned late = 0; late <= 300000; late += 300000) {
        char text[16] = "";
        const int from = reader_of(path, late);
        writes(path);
        assert_int_equal(read(from, text, sizeof text), 3);
        assert_string_equal(text, "new");
        close(from);
        wait(NULL);
    }
    BaseError error = {0};
    assert_false(
        place_write(path, "new", 3, &error)); /* nobody there, and nobody comes */
    assert_non_null(strstr(error.message, "nobody reads"));
    alarm(0);
    assert_true(S_ISFIFO(status_of(path).st_mode));
    assert_int_equal(names_in(place, false), 1);
    place_end(place);
}

/* Who reads goes away in the middle: an error like any other. */
static void a_reader_may_go_away(void **state) {
    (void)state;
    Place place = place_new();
    const char *path = inside(place, "pipe");
    char *large = ZERO(place.arena, char, 1 << 20);
    BaseError error = {0};
    assert_int_equal(mkfifo(path, 0600), 0);
    alarm(60);
    const int from = reader_of(path, 0);
    assert_false(place_write(path, large, 1 << 20, &error));
    assert_int_equal(error.code, EX_IOERR);
    assert_non_null(strstr(error.message, "Broken pipe"));
    alarm(0);
    close(from);
    wait(NULL);
    place_end(place);
}

static void devices_stay_devices(void **state) {
    (void)state;
    Place place = place_new();
    BaseError error = {0};
    const char *null = inside(place, "null"), *full = inside(place, "full");
    const bool made = geteuid() == 0 && mknod(null, S_IFCHR | 0666, makedev(1, 3)) == 0 &&
                      mknod(full, S_IFCHR | 0666, makedev(1, 7)) == 0;
    if (!made &&
        geteuid() == 0) { /* never the machine's own, with the right to break it */
        print_message("not run: no right to make devices\n");
        place_end(place);
        return;
    }
    if (!made) {
        assert_int_equal(symlink("/dev/null", null), 0);
        assert_int_equal(symlink("/dev/full", full), 0);
    }
    const struct stat before = status_of(null);
    writes(null);
    const struct stat after = status_of(null);
    assert_true(before.st_ino == after.st_ino && before.st_mode == after.st_mode);
    assert_false(place_write(full, "new", 3, &error));
    assert_int_equal(error.code, EX_IOERR);
    assert_non_null(strstr(error.message, "No space left"));
    assert_null(strstr(error.message, "kept"));
    assert_int_equal(names_in(place, false), 2);
    place_end(place);
}

/* What was on it stays on it, whether or not it has a name any more. (/dev/stdout is such a
 * link as is made here.) */
static void standard_output_is_written(void **state) {
    (void)state;
    Place place = place_new();
    const char *path = inside(place, "out"), *link = inside(place, "stdout");
    make(path, "old ", 0644);
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        BaseError error = {0};
        dup2(open(path, O_WRONLY | O_APPEND | O_CLOEXEC), STDOUT_FILENO);
        bool good = symlink("/proc/self/fd/1", link) == 0;
        good &= place_write(link, "new ", 4, &error);
        good &= place_write("/proc/self/fd/1", "newer ", 6, &error);
        good &= place_write("/proc/self/fd/1", "newest", 6, &error);
        _exit(!good);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_holds(place, path, "old new newer newest");
    place_end(place);
}

/* ---- refused --------------------------------------------------------------------- */

static void what_cannot_be_kept_is_refused(void **state) {
    (void)state;
    Place place = place_new();
    const char *path = inside(place, "socket");
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    const int handle = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(handle, (const struct sockaddr *)&name, sizeof name), 0);
    refuses(path, "socket");
    close(handle);
    refuses(place.folder, "is a folder");
    refuses("/", "is a folder");
    refuses(".", "is a folder");
    make(inside(place, "one"), "old", 0644);
    assert_int_equal(link(inside(place, "one"), inside(place, "other")), 0);
    refuses(inside(place, "other"), "hard link");
    make(inside(place, "marked"), "old", 0444);
    refuses(inside(place, "marked"), "read-only");
    assert_int_equal(symlink("loop", inside(place, "loop")), 0);
    refuses(inside(place, "loop"), "Too many levels");
    assert_int_equal(symlink("marked", inside(place, "link")), 0);
    refuses(inside(place, "link"), "read-only");
    refuses(inside(place, "none/x"), "No such file");
    refuses(inside(place, "marked/x"), "Not a directory");
    refuses("", "the name of a file");
    if (is_root() && mknod(inside(place, "disk"), S_IFBLK | 0600, makedev(7, 200)) == 0)
        refuses(inside(place, "disk"), "is a disk");
    assert_holds(place, inside(place, "one"), "old");
    place_end(place);
}

/* As a user without rights: what belongs to others stays with them. */
static void try_as_nobody(void *context) {
    const Place place = *(const Place *)context;
    if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0) _exit(99);
    refuses(inside(place, "theirs"), "would not afterwards");
    refuses(inside(place, "private"), "Permission denied");
    refuses(inside(place, "trap"), "a link of another user's");
    writes(inside(place, "mine"));
    assert_int_equal(chdir("/"), 0);
    refuses("/etc/normlab-output", "nothing can be written in its folder");
}

static void nobody_changes_what_others_have(void **state) {
    (void)state;
    if (!is_root()) return;
    Place place = place_new();
    char text[4096];
    make(inside(place, "theirs"), "old", 0666);
    make(inside(place, "private"), "old", 0600);
    make(inside(place, "target"), "old", 0666);
    assert_int_equal(symlink("target", inside(place, "trap")), 0);
    assert_int_equal(lchown(inside(place, "trap"), SOMEBODY, SOMEBODY), 0);
    make(inside(place, "mine"), "old", 0600);
    assert_int_equal(chown(inside(place, "mine"), NOBODY, NOBODY), 0);
    assert_int_equal(chmod(place.folder, 01777), 0);
    const int status = harness_child(try_as_nobody, &place, text, sizeof text);
    if (status != 0) fail_msg("exit status %d: %s", status, text);
    assert_holds(place, inside(place, "theirs"), "old");
    assert_holds(place, inside(place, "target"), "old");
    assert_holds(place, inside(place, "mine"), "new");
    assert_int_equal(names_in(place, false), 5);
    place_end(place);
}

static void only_files_are_removed(void **state) {
    (void)state;
    Place place = place_new();
    BaseError error = {0};
    make(inside(place, "target"), "old", 0644);
    make(inside(place, "file"), "old", 0644);
    assert_int_equal(symlink("target", inside(place, "link")), 0);
    assert_int_equal(mkfifo(inside(place, "pipe"), 0600), 0);
    assert_true(place_remove(inside(place, "none"), &error));
    assert_true(place_remove(inside(place, "file"), &error));
    assert_true(place_remove(inside(place, "link"), &error));
    assert_false(place_remove(inside(place, "pipe"), &error));
    assert_non_null(strstr(error.message, "not removed"));
    assert_int_equal(names_in(place, false), 2);
    place_end(place);
}

static const Case cases[] = {
    CASE(theorem, links_stay_links),
    CASE(theorem, mode_and_owner_are_kept),
    CASE(example, pipes_are_written),
    CASE(fault, a_reader_may_go_away),
    CASE(theorem, devices_stay_devices),
    CASE(example, standard_output_is_written),
    CASE(fault, what_cannot_be_kept_is_refused),
    CASE(fault, nobody_changes_what_others_have),
    CASE(fault, only_files_are_removed),
};

HARNESS_MAIN("output", cases)
