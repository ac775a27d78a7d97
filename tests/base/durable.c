/* What is on the disk when success is said, should the power go at that moment. A model of a disk sees every
 * call: data are on it after an fsync of their file, a name is after an fsync of its folder. Calls also fail, or are
 * interrupted, as they are told to. */
#include "harness.h"

#include "base.h"
#include "place.h"
#include "text.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the disk ---------------------------------------------------------------------- */

enum { MOST = 8 };

/* Folders whose names, and files whose data, are in memory alone. */
static struct {
    char folder[MOST][PATH_MAX];
    ino_t file[MOST];
    size_t folders, files;
    bool torn; /* a file had its name before its data */
} in_memory;

/* What the next calls say: `times` of them `code`, those before `after` do as they are asked. */
typedef struct Trouble {
    int code, times, after;
} Trouble;

static Trouble fsyncs, folder_syncs, closes, writes;

int __real_fsync(int handle);
int __real_close(int handle);
int __real_mkdir(const char *path, mode_t mode);
int __real_rename(const char *from, const char *to);
ssize_t __real_write(int handle, const void *data, size_t length);
int __wrap_fsync(int handle);
int __wrap_close(int handle);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_rename(const char *from, const char *to);
ssize_t __wrap_write(int handle, const void *data, size_t length);

static bool troubled(Trouble *t) {
    if (t->times == 0 || t->after-- > 0) return false;
    t->times--;
    errno = t->code;
    return true;
}

static void forget_folder(const char *path) {
    for (size_t i = in_memory.folders; i-- > 0;)
        if (strcmp(in_memory.folder[i], path) == 0)
            memmove(in_memory.folder[i], in_memory.folder[--in_memory.folders], PATH_MAX);
}

static void forget_file(ino_t inode) {
    for (size_t i = in_memory.files; i-- > 0;)
        if (in_memory.file[i] == inode)
            in_memory.file[i] = in_memory.file[--in_memory.files];
}

static void name_in_memory(const char *path) {
    char folder[PATH_MAX], whole[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    assert_true(slash && slash > folder);
    *slash = '\0';
    assert_non_null(realpath(folder, whole));
    forget_folder(whole);
    assert_true(in_memory.folders < MOST);
    memcpy(in_memory.folder[in_memory.folders++], whole, PATH_MAX);
}

int __wrap_fsync(int handle) {
    struct stat status;
    assert_int_equal(fstat(handle, &status), 0);
    if (troubled(S_ISDIR(status.st_mode) ? &folder_syncs : &fsyncs)) return -1;
    if (S_ISDIR(status.st_mode)) {
        char link[64], path[PATH_MAX] = {0};
        snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
        assert_true(readlink(link, path, sizeof path - 1) > 0);
        forget_folder(path);
    }
    forget_file(status.st_ino);
    return __real_fsync(handle);
}

int __wrap_close(int handle) {
    const int code = __real_close(handle); /* interrupted, it has closed all the same */
    return troubled(&closes) ? -1 : code;
}

int __wrap_mkdir(const char *path, mode_t mode) {
    const int code = __real_mkdir(path, mode), held = errno;
    if (code == 0) name_in_memory(path);
    errno = held;
    return code;
}

int __wrap_rename(const char *from, const char *to) {
    struct stat status;
    assert_int_equal(stat(from, &status), 0);
    for (size_t i = 0; i < in_memory.files; i++)
        in_memory.torn |= in_memory.file[i] == status.st_ino;
    const int code = __real_rename(from, to);
    if (code == 0) name_in_memory(to);
    return code;
}

ssize_t __wrap_write(int handle, const void *data, size_t length) {
    struct stat status;
    if (handle <= STDERR_FILENO) return __real_write(handle, data, length);
    if (troubled(&writes)) return -1;
    assert_int_equal(fstat(handle, &status), 0);
    forget_file(status.st_ino);
    assert_true(in_memory.files < MOST);
    in_memory.file[in_memory.files++] = status.st_ino;
    return __real_write(handle, data, length < 2 ? length : length / 2);
}

/* ---- a folder ---------------------------------------------------------------------- */

typedef struct Place {
    Arena *arena;
    const char *folder, *file, *deep; /* gone after the case; in it; folders in it */
} Place;

static Place place_new(void) {
    Arena *arena = arena_new();
    char *folder = text_print(arena, "/tmp/normlab-durable-XXXXXX");
    assert_non_null(mkdtemp(folder));
    memset(&in_memory, 0, sizeof in_memory);
    fsyncs = folder_syncs = closes = writes = (Trouble){0};
    return (Place){arena, folder, text_print(arena, "%s/file", folder),
                   text_print(arena, "%s/a/b/c", folder)};
}

static void place_end(Place place) {
    for (size_t depth = 3; depth > 0; depth--) {
        rmdir(text_print(place.arena, "%s/a%s", place.folder,
                         depth == 3   ? "/b/c"
                         : depth == 2 ? "/b"
                                      : ""));
    }
    unlink(place.file);
    assert_int_equal(rmdir(place.folder), 0); /* nothing else is left */
    arena_free(place.arena);
}

static bool put(Place place, const char *text, BaseError *error) {
    *error = (BaseError){0};
    return place_write(place.file, text, strlen(text), error);
}

static void assert_holds(Place place, const char *text) {
    BaseError error = {0};
    size_t length;
    const char *data = place_read(place.arena, place.file, 100, &length, &error);
    assert_non_null(data);
    assert_string_equal(data, text);
}

static void assert_on_disk(void) {
    assert_false(in_memory.torn);
    assert_int_equal(in_memory.files, 0);
    assert_int_equal(in_memory.folders, 0);
}

/* ---- cases ------------------------------------------------------------------------- */

static void a_written_file_is_on_the_disk_with_its_name(void **state) {
    (void)state;
    BaseError error;
    Place place = place_new();
    assert_true(put(place, "the first, whole", &error));
    assert_on_disk();
    assert_true(put(place, "the second", &error));
    assert_on_disk();
    assert_holds(place, "the second");
    place_end(place);
}

static void new_folders_are_on_the_disk_each_in_its_own(void **state) {
    (void)state;
    BaseError error = {0};
    Place place = place_new();
    assert_true(place_folder(place.deep, &error));
    assert_on_disk();
    assert_true(place_folder(place.deep, &error)); /* they are there */
    place_end(place);
}

static void what_is_interrupted_goes_on(void **state) {
    (void)state;
    BaseError error;
    Place place = place_new();
    for (int after = 0; after < 4; after++) {
        writes = (Trouble){EINTR, 2, after};
        fsyncs = folder_syncs = (Trouble){EINTR, 2, 0};
        closes = (Trouble){EINTR, 1, after};
        assert_true(put(place, "a text of some letters", &error));
        assert_on_disk();
        assert_holds(place, "a text of some letters");
    }
    place_end(place);
}

/* Each call of a writer fails once, for good: what was there is whole, or the new file is. */
static void what_fails_is_said_and_nothing_is_torn(void **state) {
    (void)state;
    BaseError error;
    Place place = place_new();
    assert_true(put(place, "what was there", &error));
    const struct {
        Trouble *call;
        Trouble how;
        const char *holds, *said;
    } of[] = {
        {&writes, {ENOSPC, 1, 0}, "what was there", "No space left on device"},
        {&writes, {ENOSPC, 1, 1}, "what was there", "No space left on device"},
        {&fsyncs, {EIO, 1, 0}, "what was there", "Input/output error"},
        {&closes, {EDQUOT, 1, 0}, "what was there", "Disk quota exceeded"},
        {&folder_syncs, {EIO, 1, 0}, "what is new", "its folder could not be synced"},
    };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        *of[i].call = of[i].how;
        assert_false(put(place, "what is new", &error));
        assert_int_equal(of[i].call->times, 0);
        assert_int_equal(error.code, EX_IOERR);
        assert_non_null(strstr(error.message, of[i].said));
        assert_non_null(strstr(error.message, place.file));
        assert_holds(place, of[i].holds);
    }
    folder_syncs = (Trouble){EINVAL, 1, 0}; /* a file system that cannot */
    assert_true(put(place, "what is new", &error));
    folder_syncs = (Trouble){EIO, 1, 1};
    assert_false(place_folder(place.deep, &error));
    assert_non_null(
        strstr(error.message, "/a/b: made, but what it is in could not be synced"));
    place_end(place);
}

static const Case cases[] = {
    CASE(theorem, a_written_file_is_on_the_disk_with_its_name),
    CASE(theorem, new_folders_are_on_the_disk_each_in_its_own),
    CASE(fault, what_is_interrupted_goes_on),
    CASE(fault, what_fails_is_said_and_nothing_is_torn),
};
HARNESS_MAIN("durable", cases)
