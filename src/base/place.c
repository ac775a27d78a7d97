/* Files: found, and read whole. */
#include "base.h"
#include "place.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *set_variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* NORMLAB_SHARE is the way from the program's folder, so that what is installed can be moved.
 * NULL: it is not installed. */
static const char *installed_home(Arena *arena) {
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) return NULL;
    self[length] = '\0';
    char *slash = strrchr(self, '/');
    if (slash) *slash = '\0';
    const char *share = text_print(arena, "%s/%s", self, NORMLAB_SHARE);
    return access(share, F_OK) == 0 ? share : NULL;
}

const char *place_home(Arena *arena, const char *relative) {
    const char *home = set_variable("NORMLAB_HOME");
    if (home == NULL) home = installed_home(arena);
    if (home == NULL) home = NORMLAB_SOURCE;
    return text_print(arena, "%s/%s", home, relative);
}

const char *place_out(Arena *arena, const char *relative) {
    const char *out = set_variable("NORMLAB_OUT");
    if (out == NULL && (set_variable("NORMLAB_HOME") || !installed_home(arena)))
        out = place_home(arena, "out");
    return text_print(arena, "%s/%s", out ? out : "out", relative);
}

bool place_is_checkout(void) {
    Arena *arena = arena_new();
    const bool found = access(place_home(arena, "CMakeLists.txt"), F_OK) == 0;
    arena_free(arena);
    return found;
}

const char *place_absolute(Arena *arena, const char *path) {
    char room[PATH_MAX];
    if (realpath(path, room)) return text_print(arena, "%s", room);
    if (*path == '/' || getcwd(room, sizeof room) == NULL)
        return text_print(arena, "%s", path);
    return text_print(arena, "%s/%s", room, path);
}

void digest_bytes(char hex[DIGEST_LENGTH + 1], const void *data, size_t length) {
    SHA256Data(data, length, hex);
}

static bool read_failed(BaseError *error, const char *path) {
    int code = errno == ENOENT || errno == ENOTDIR ? EX_NOINPUT : EX_IOERR;
    if (errno == EACCES) code = EX_NOINPUT;
    if (errno == ENOMEM) code = EX_OSERR;
    return base_fail(error, code, 0, "%s: %s", path, strerror(errno));
}

/* A handle, or -1 and *error. */
static int open_file(const char *path, size_t limit, size_t *size, BaseError *error) {
    struct stat status;
    const int handle =
        open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not block */
    if (handle < 0 || fstat(handle, &status) != 0) {
        read_failed(error, path);
        if (handle >= 0) close(handle);
        return -1;
    }
    *size = (size_t)status.st_size;
    if (S_ISREG(status.st_mode) && *size <= limit) return handle;
    if (!S_ISREG(status.st_mode))
        base_fail(error, EX_NOINPUT, 0, "%s: not a regular file", path);
    else
        base_fail(error, EX_DATAERR, 0, "%s: %zu bytes, more than the %zu that are read",
                  path, *size, limit);
    close(handle);
    return -1;
}

char *place_read(Arena *arena, const char *path, size_t limit, size_t *length,
                 BaseError *error) {
    size_t size, got = 0;
    *length = 0;
    const int handle = open_file(path, limit, &size, error);
    if (handle < 0) return NULL;
    char *data = TAKE(arena, char, size + 1);
    ssize_t n = 1;
    while (got < size && n != 0) {
        n = read(handle, data + got, size - got);
        if (n < 0 && errno != EINTR) break;
        got += n > 0 ? (size_t)n : 0;
    }
    if (n < 0) read_failed(error, path);
    close(handle);
    if (n < 0) return NULL;
    data[got] = '\0'; /* a file that shrank meanwhile is as long as what was read */
    *length = got;
    return data;
}

void *place_map(const char *path, size_t limit, size_t *length, BaseError *error) {
    const int handle = open_file(path, limit, length, error);
    if (handle < 0) return NULL;
    void *data = mmap(NULL, *length > 0 ? *length : 1, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE, handle, 0);
    if (data == MAP_FAILED) read_failed(error, path);
    close(handle);
    return data == MAP_FAILED ? NULL : data;
}

void place_unmap(void *data, size_t length) {
    if (data != NULL) munmap(data, length > 0 ? length : 1);
}

void place_close_others(int but) {
    DIR *open_files = opendir("/proc/self/fd");
    for (struct dirent *entry; open_files && (entry = readdir(open_files)) != NULL;) {
        const int handle = (int)strtol(entry->d_name, NULL, 10);
        if (handle > STDERR_FILENO && handle != but && handle != dirfd(open_files))
            close(handle);
    }
    if (open_files) closedir(open_files);
}

bool place_folder(const char *path, BaseError *error) {
    char part[4096];
    int n = snprintf(part, sizeof part, "%s", path);
    if (n < 0 || (size_t)n >= sizeof part)
        return base_fail(error, EX_CANTCREAT, 0, "the name is too long: %s", path);
    for (char *c = part + (*part != '\0');; c++) {
        if (*c != '/' && *c != '\0') continue;
        char held = *c;
        *c = '\0';
        struct stat status;
        const bool made = mkdir(part, 0777) == 0;
        if (!made && errno != EEXIST)
            return base_fail(error, EX_CANTCREAT, 0, "%s: %s", part, strerror(errno));
        if (made && !place_sync(part))
            return base_fail(error, EX_IOERR, 0,
                             "%s: made, but what it is in could not be synced: %s", part,
                             strerror(errno));
        if (stat(part, &status) != 0 || !S_ISDIR(status.st_mode))
            return base_fail(error, EX_CANTCREAT, 0, "%s: not a folder", part);
        *c = held;
        if (held == '\0') return true;
    }
}
