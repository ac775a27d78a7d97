/* Files: read whole, written whole or not at all. */
#include "harness.h"

#include "base.h"
#include "place.h"
#include "text.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Place {
    Arena *arena;
    const char *folder; /* empty, and gone after the case */
    const char *file;   /* in it; does not exist */
} Place;

static Place place_new(void) {
    Arena *arena = arena_new();
    const char *under = getenv("TMPDIR");
    char *folder =
        text_print(arena, "%s/normlab-XXXXXX", under && *under ? under : "/tmp");
    assert_non_null(mkdtemp(folder));
    return (Place){arena, folder, text_print(arena, "%s/file", folder)};
}

static const char *inside(Place place, const char *name) {
    return text_print(place.arena, "%s/%s", place.folder, name);
}

/* Names in a folder, emptied of them if asked. */
static size_t names_in(Arena *arena, const char *folder, bool remove_them) {
    size_t count = 0;
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        const char *path = text_print(arena, "%s/%s", folder, entry->d_name);
        struct stat status;
        assert_int_equal(lstat(path, &status), 0);
        if (remove_them && S_ISDIR(status.st_mode)) names_in(arena, path, true);
        if (remove_them) assert_int_equal(remove(path), 0);
        count++;
    }
    closedir(listing);
    return count;
}

static void place_end(Place place) {
    names_in(place.arena, place.folder, true);
    assert_int_equal(rmdir(place.folder), 0);
    arena_free(place.arena);
}

static void assert_holds(Place place, const char *path, const char *want, size_t length) {
    BaseError error = {0};
    size_t got = 0;
    const ArenaMark mark = arena_mark(place.arena);
    memset(TAKE(place.arena, char, length + 64), 'x',
           length + 64); /* memory was used before */
    arena_rewind(place.arena, mark);
    const char *data = place_read(place.arena, path, SIZE_MAX / 8, &got, &error);
    if (data == NULL) fail_msg("%s", error.message);
    assert_int_equal(got, length);
    assert_memory_equal(data, want, length);
    assert_int_equal(data[length], 0);
}

static void assert_writes(const char *path, const void *data, size_t length) {
    BaseError error = {0};
    if (!place_write(path, data, length, &error)) fail_msg("%s", error.message);
    assert_false(error.set);
}

/* ---- theorems -------------------------------------------------------------------- */

static void written_is_read(void **state) {
    (void)state;
    Place place = place_new();
    char *data = TAKE(place.arena, char, 3 << 20);
    for (size_t i = 0; i < 3 << 20; i++) data[i] = (char)(i * 2654435761u >> 13);
    for (size_t length = 0; length <= 3 << 20; length = length ? 7 * length : 1) {
        assert_writes(place.file, data, length);
        assert_holds(place, place.file, data, length);
        assert_int_equal(names_in(place.arena, place.folder, false), 1);
    }
    place_end(place);
}

/* The new file has a name only when it is whole: who has the old one open keeps it, whole. */
static void replacement_is_atomic(void **state) {
    (void)state;
    Place place = place_new();
    assert_writes(place.file, "old content", 11);
    const int handle = open(place.file, O_RDONLY | O_CLOEXEC);
    assert_writes(place.file, "new", 3);
    char text[32] = "";
    assert_int_equal(read(handle, text, sizeof text), 11);
    assert_string_equal(text, "old content");
    close(handle);
    assert_holds(place, place.file, "new", 3);
    place_end(place);
}

/* ---- examples -------------------------------------------------------------------- */

static void a_bare_name_is_written_here(void **state) {
    (void)state;
    Place place = place_new();
    const int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(chdir(place.folder), 0);
    assert_writes("bare", "x", 1);
    assert_int_equal(fchdir(here), 0);
    close(here);
    assert_holds(place, inside(place, "bare"), "x", 1);
    place_end(place);
}

static void folders_nest(void **state) {
    (void)state;
    Place place = place_new();
    BaseError error = {0};
    const char *deep = inside(place, "a/b//c/d/");
    struct stat status;
    assert_true(place_folder(deep, &error));
    assert_true(place_folder(deep, &error)); /* twice is fine */
    assert_true(stat(inside(place, "a/b/c/d"), &status) == 0 && S_ISDIR(status.st_mode));
    assert_true(place_folder("/", &error));
    assert_true(place_folder(".", &error));
    assert_writes(inside(place, "a/b/file"), "x", 1);
    assert_int_equal(symlink("a", inside(place, "link")), 0);
    assert_true(place_folder(inside(place, "link/e"), &error));
    assert_true(stat(inside(place, "a/e"), &status) == 0);
    place_end(place);
}

static void home_is_where_it_is_said(void **state) {
    (void)state;
    Arena *arena = arena_new();
    assert_int_equal(setenv("NORMLAB_HOME", "/somewhere", 1), 0);
    assert_string_equal(place_home(arena, "data/x"), "/somewhere/data/x");
    assert_int_equal(setenv("NORMLAB_OUT", "/elsewhere", 1), 0);
    assert_string_equal(place_out(arena, "x.h5"), "/elsewhere/x.h5");
    assert_int_equal(unsetenv("NORMLAB_OUT"), 0);
    assert_string_equal(place_out(arena, "x.h5"), "/somewhere/out/x.h5");
    assert_int_equal(setenv("NORMLAB_HOME", "", 1), 0);
    const char *built = place_home(arena, "src/base/base.h");
    assert_int_equal(unsetenv("NORMLAB_HOME"), 0);
    assert_string_equal(place_home(arena, "src/base/base.h"), built);
    assert_int_equal(access(built, R_OK), 0);
    arena_free(arena);
}

static void known_digests(void **state) {
    (void)state;
    static const struct {
        const char *text, *hex;
    } row[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"}};
    for (size_t i = 0; i < COUNT_OF(row); i++) {
        char hex[DIGEST_LENGTH + 1];
        digest_bytes(hex, row[i].text, strlen(row[i].text));
        assert_string_equal(hex, row[i].hex);
    }
}

/* ---- faults ---------------------------------------------------------------------- */

static void refuses_to_read(Place place, const char *path, size_t limit, int code,
                            const char *message) {
    BaseError error = {0};
    size_t length;
    assert_null(place_read(place.arena, path, limit, &length, &error));
    assert_int_equal(error.code, code);
    assert_non_null(strstr(error.message, path));
    if (strstr(error.message, message) == NULL) fail_msg("%s", error.message);
}

static void what_cannot_be_read(void **state) {
    (void)state;
    Place place = place_new();
    assert_writes(place.file, "12345", 5);
    assert_int_equal(mkfifo(inside(place, "pipe"), 0600), 0);
    alarm(20); /* a pipe without a writer must not hold us */
    refuses_to_read(place, inside(place, "pipe"), 99, EX_NOINPUT, "not a regular file");
    alarm(0);
    refuses_to_read(place, inside(place, "none"), 99, EX_NOINPUT, "No such file");
    refuses_to_read(place, inside(place, "file/x"), 99, EX_NOINPUT, "Not a directory");
    refuses_to_read(place, place.folder, 99, EX_NOINPUT, "not a regular file");
    refuses_to_read(place, "/dev/zero", 99, EX_NOINPUT, "not a regular file");
    refuses_to_read(place, place.file, 4, EX_DATAERR, "5 bytes, more than the 4");
    BaseError error = {0};
    size_t length = 0;
    assert_non_null(place_read(place.arena, place.file, 5, &length, &error));
    assert_int_equal(length, 5);
    place_end(place);
}

static void refuses_to_write(const char *path, int code, const char *message) {
    BaseError error = {0};
    assert_false(place_write(path, "x", 1, &error));
    assert_int_equal(error.code, code);
    if (strstr(error.message, message) == NULL) fail_msg("%s", error.message);
}

static void what_cannot_be_written(void **state) {
    (void)state;
    Place place = place_new();
    assert_writes(place.file, "old", 3);
    assert_int_equal(mkdir(inside(place, "folder"), 0777), 0);
    refuses_to_write(inside(place, "none/x"), EX_CANTCREAT, "No such file");
    refuses_to_write(inside(place, "file/x"), EX_CANTCREAT, "Not a directory");
    refuses_to_write("/proc/normlab", EX_CANTCREAT, "/proc/normlab");
    refuses_to_write(inside(place, "folder"), EX_CANTCREAT, "is a folder");
    char *name = ZERO(place.arena, char, 5001);
    memset(name, 'n', 5000);
    refuses_to_write(inside(place, name), EX_CANTCREAT, "too long");
    name[300] = '\0';
    refuses_to_write(inside(place, name), EX_CANTCREAT, "too long");
    assert_int_equal(names_in(place.arena, place.folder, false), 2);
    assert_holds(place, place.file, "old", 3);
    place_end(place);
}

static void write_beyond_the_limit(void *path) {
    static const char data[100000];
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, 4096}) != 0) _exit(99);
    BaseError error = {0};
    if (!place_write(path, data, sizeof data, &error))
        die(error.code, "%s", error.message);
}

static void full_disk_keeps_the_old_file(void **state) {
    (void)state;
    Place place = place_new();
    char text[1024], path[1024];
    snprintf(path, sizeof path, "%s", place.file);
    assert_writes(path, "old", 3);
    assert_int_equal(harness_child(write_beyond_the_limit, path, text, sizeof text),
                     EX_IOERR);
    assert_non_null(strstr(text, "File too large; what was there before is kept"));
    assert_holds(place, path, "old", 3);
    assert_int_equal(names_in(place.arena, place.folder, false), 1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(harness_child(write_beyond_the_limit, path, text, sizeof text),
                     EX_IOERR);
    assert_int_equal(names_in(place.arena, place.folder, false), 0);
    place_end(place);
}

static void folders_that_cannot_be(void **state) {
    (void)state;
    Place place = place_new();
    assert_writes(place.file, "old", 3);
    char *giant = ZERO(place.arena, char, 5001);
    memset(giant, 'n', 5000);
    const char *const path[] = {place.file, inside(place, "file/x"), "/proc/normlab/x",
                                "", giant};
    for (size_t i = 0; i < COUNT_OF(path); i++) {
        BaseError error = {0};
        assert_false(place_folder(path[i], &error));
        assert_int_equal(error.code, EX_CANTCREAT);
    }
    BaseError error = {0};
    place_folder(inside(place, "file/x/y"),
                 &error); /* names the part that is in the way */
    assert_string_equal(error.message,
                        text_print(place.arena, "%s: not a folder", place.file));
    assert_holds(place, place.file, "old", 3);
    place_end(place);
}

static const Case cases[] = {
    CASE(theorem, written_is_read),
    CASE(theorem, replacement_is_atomic),
    CASE(example, a_bare_name_is_written_here),
    CASE(example, folders_nest),
    CASE(example, home_is_where_it_is_said),
    CASE(oracle, known_digests),
    CASE(fault, what_cannot_be_read),
    CASE(fault, what_cannot_be_written),
    CASE(fault, full_disk_keeps_the_old_file),
    CASE(fault, folders_that_cannot_be),
};

HARNESS_MAIN("place", cases)
