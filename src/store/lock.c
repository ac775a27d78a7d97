/* One writer for a path: an advisory lock (flock) on a file beside it. The kernel takes
 * the lock back when the process ends in whatever way; the number inside is only for the
 * message. */
#include "internal.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The process that a lock names; 0: none. */
static long named_in(int handle) {
    char text[32] = "";
    const ssize_t length = pread(handle, text, sizeof text - 1, 0);
    return length > 0 ? strtol(text, NULL, 10) : 0;
}

static const char *holder_words(Arena *arena, long holder) {
    return holder > 0 ? text_print(arena, "process %ld", holder) : "another process";
}

static int refuse(int handle, const char *path, BaseError *error) {
    const int trouble = errno;
    if (handle >= 0 && trouble == EWOULDBLOCK) {
        Arena *arena = arena_new();
        base_fail(error, EX_TEMPFAIL, 0, "%s: is being written by %s", path,
                  holder_words(arena, named_in(handle)));
        arena_free(arena);
    } else {
        base_fail(error, EX_CANTCREAT, 0, "%s.lock: %s", path,
                  trouble == EEXIST || trouble == ELOOP || trouble == EISDIR
                      ? "is there, and no lock of normlab"
                      : strerror(trouble));
    }
    if (handle >= 0) close(handle);
    return -1;
}

/* A pipe, a device or a file of several names is no lock of ours: it would not survive. */
static bool is_lock(int handle) {
    struct stat status;
    if (fstat(handle, &status) != 0) return false;
    errno = EEXIST;
    return S_ISREG(status.st_mode) && status.st_nlink <= 1;
}

/* The last holder may have removed the file between our open and our flock. */
static bool is_current(int handle, const char *lock) {
    struct stat held, named;
    return fstat(handle, &held) == 0 && lstat(lock, &named) == 0 &&
           held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

static int take(const char *path, const char *lock, BaseError *error) {
    for (;;) {
        const int handle =
            open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
        if (handle < 0 || !is_lock(handle) || flock(handle, LOCK_EX | LOCK_NB) != 0)
            return refuse(handle, path, error);
        if (is_current(handle, lock)) return handle;
        close(handle);
    }
}

int store_lock(const char *path, BaseError *error) {
    Arena *arena = arena_new();
    const int handle = take(path, text_print(arena, "%s.lock", path), error);
    if (handle >= 0) {
        const char *number = text_print(arena, "%ld\n", (long)getpid());
        const size_t length = strlen(number);
        if (ftruncate(handle, 0) != 0 ||
            pwrite(handle, number, length, 0) != (ssize_t)length)
            say("%s.lock: %s", path, strerror(errno)); /* the lock holds all the same */
    }
    arena_free(arena);
    return handle;
}

void store_unlock(const char *path, int handle) {
    Arena *arena = arena_new();
    unlink(text_print(arena, "%s.lock", path)); /* first: nobody else holds it yet */
    close(handle);
    arena_free(arena);
}

/* Whether a process has the lock: of a dead one that nobody buried the number is still taken. The
 * kernel's list of locks says it, where there is one, and nothing has to be taken for that. */
static bool is_held(int handle, long holder) {
    struct stat status;
    char line[256];
    FILE *locks = fopen("/proc/locks", "re");
    bool held = false;
    if (locks == NULL) return kill((pid_t)holder, 0) == 0 || errno == EPERM;
    Arena *arena = arena_new();
    const char *inode = fstat(handle, &status) == 0
                            ? text_print(arena, ":%ju ", (uintmax_t)status.st_ino)
                            : ":";
    while (fgets(line, sizeof line, locks))
        held |= strstr(line, " FLOCK ") && strstr(line, inode);
    fclose(locks);
    arena_free(arena);
    return held;
}

const char *store_holder(Arena *arena, const char *path) {
    const int handle = open(text_print(arena, "%s.lock", path),
                            O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    const long named = handle >= 0 && is_lock(handle) ? named_in(handle) : 0;
    const bool held = named > 0 && is_held(handle, named);
    if (handle >= 0) close(handle);
    return held ? holder_words(arena, named) : NULL;
}
