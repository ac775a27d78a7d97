/* Files: found, read whole, written whole or not at all. */
#include "base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sha2.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
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

void digest_bytes(char hex[DIGEST_LENGTH + 1], const void *data, size_t length) {
    SHA256Data(data, length, hex);
}

static bool read_failed(Error *error, const char *path) {
    int code = errno == ENOENT || errno == ENOTDIR ? EX_NOINPUT : EX_IOERR;
    if (errno == EACCES) code = EX_NOINPUT;
    return fail(error, code, 0, "%s: %s", path, strerror(errno));
}

char *place_read(Arena *arena, const char *path, size_t limit, size_t *length,
                 Error *error) {
    struct stat status;
    int handle =
        open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not block */
    if (handle < 0 || fstat(handle, &status) != 0) {
        read_failed(error, path);
        if (handle >= 0) close(handle);
        return NULL;
    }
    char *data = NULL;
    size_t size = (size_t)status.st_size, got = 0;
    if (!S_ISREG(status.st_mode)) {
        fail(error, EX_NOINPUT, 0, "%s: not a regular file", path);
    } else if (size > limit) {
        fail(error, EX_DATAERR, 0, "%s: %zu bytes, more than the %zu that are read", path,
             size, limit);
    } else {
        data = TAKE(arena, char, size + 1);
        ssize_t n = 1;
        while (got < size && n != 0) {
            n = read(handle, data + got, size - got);
            if (n < 0 && errno != EINTR) break;
            got += n > 0 ? (size_t)n : 0;
        }
        if (n < 0) {
            read_failed(error, path);
            data = NULL;
        } else {
            data[got] =
                '\0'; /* a file that shrank meanwhile is as long as what was read */
        }
    }
    close(handle);
    *length = got;
    return data;
}

static bool write_all(int handle, const char *data, size_t length) {
    while (length > 0) {
        ssize_t n = write(handle, data, length);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        data += n;
        length -= (size_t)n;
    }
    return true;
}

/* The rename is durable once the folder is; a file system that cannot sync folders says
 * EINVAL. */
static bool sync_folder(const char *path) {
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == folder) slash++;
    if (slash) *slash = '\0';
    int handle = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (handle < 0) return false;
    bool good = fsync(handle) == 0 || errno == EINVAL;
    int held = errno;
    close(handle);
    errno = held;
    return good;
}

/* A number of a process that is no more. */
static bool is_dead(const char *digits) {
    size_t pid;
    if (!text_to_count(digits, &pid) || pid == 0 || pid > INT_MAX) return false;
    return kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

void place_sweep(const char *path, bool alone) {
    Arena *arena = arena_new();
    const char *slash = strrchr(path, '/');
    const char *folder =
        slash ? text_copy(arena, path, (size_t)(slash - path) + 1) : "./";
    const char *prefix = text_print(arena, "%s.tmp.", slash ? slash + 1 : path);
    DIR *entries = opendir(folder);
    for (struct dirent *e; entries && (e = readdir(entries)) != NULL;)
        if (strncmp(e->d_name, prefix, strlen(prefix)) == 0 &&
            (alone || is_dead(e->d_name + strlen(prefix))))
            unlink(text_print(arena, "%s%s", folder, e->d_name));
    if (entries) closedir(entries);
    arena_free(arena);
}

bool place_write(const char *path, const void *data, size_t length, Error *error) {
    place_sweep(path, false);
    char temporary[4096];
    int n = snprintf(temporary, sizeof temporary, "%s.tmp.%ld", path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof temporary)
        return fail(error, EX_CANTCREAT, 0, "the name is too long: %s", path);
    int handle =
        open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (handle < 0 && errno == EEXIST) { /* left by a dead process that had our number */
        unlink(temporary);
        handle =
            open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    }
    if (handle < 0) return fail(error, EX_CANTCREAT, 0, "%s: %s", path, strerror(errno));
    bool good = write_all(handle, data, length) && fsync(handle) == 0;
    int held = errno;
    if (close(handle) != 0 && good) {
        good = false;
        held = errno;
    }
    if (good && rename(temporary, path) != 0) {
        good = false;
        held = errno;
    }
    if (!good) {
        unlink(temporary);
        return fail(error, EX_IOERR, 0, "%s: %s; what was there before is kept", path,
                    strerror(held));
    }
    if (sync_folder(path)) return true;
    return fail(error, EX_IOERR, 0, "%s: written, but its folder could not be synced: %s",
                path, strerror(errno));
}

bool place_folder(const char *path, Error *error) {
    char part[4096];
    int n = snprintf(part, sizeof part, "%s", path);
    if (n < 0 || (size_t)n >= sizeof part)
        return fail(error, EX_CANTCREAT, 0, "the name is too long: %s", path);
    for (char *c = part + (*part != '\0');; c++) {
        if (*c != '/' && *c != '\0') continue;
        char held = *c;
        *c = '\0';
        struct stat status;
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return fail(error, EX_CANTCREAT, 0, "%s: %s", part, strerror(errno));
        if (stat(part, &status) != 0 || !S_ISDIR(status.st_mode))
            return fail(error, EX_CANTCREAT, 0, "%s: not a folder", part);
        *c = held;
        if (held == '\0') return true;
    }
}
