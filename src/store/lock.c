/* One writer for a path: an advisory lock (flock) on a file beside it. The kernel takes
 * the lock back when the process ends in whatever way; the name inside is only for the
 * message. */
#include "internal.h"
#include "place.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What a lock's file names, as writer_name has it behind the number; "": none. */
static const char *named_in(Arena *arena, int handle) {
    enum { LONGEST = 256 };
    char *text = ZERO(arena, char, LONGEST);
    if (handle < 0 || pread(handle, text, LONGEST - 1, 0) <= 0) return "";
    text[strcspn(text, "\n")] = '\0';
    return text;
}

/* Of a file that says a number alone: that. */
static const char *holder_words(Arena *arena, const char *named) {
    const char *name = strchr(named, ' ');
    size_t pid;
    if (name != NULL) return writer_words(arena, name + 1);
    return text_to_count(named, &pid) ? text_print(arena, "process %zu", pid)
                                      : "another process";
}

/* No lock can be had: whoever has it, or why the file system does not give it. */
static int refuse(int handle, const char *path, BaseError *error) {
    const int trouble = errno;
    const bool none = trouble == ENOLCK || trouble == ENOSYS || trouble == EOPNOTSUPP;
    Arena *arena = arena_new();
    if (handle >= 0 && trouble == EWOULDBLOCK)
        base_fail(error, EX_TEMPFAIL, 0, "%s: is being written by %s", path,
                  holder_words(arena, named_in(arena, handle)));
    else if (handle >= 0 && none)
        base_fail(
            error, EX_CANTCREAT, 0,
            "%s.lock: its file system gives no locks (%s), so that two processes could "
            "write one run; NORMLAB_OUT says where else results may go",
            path, strerror(trouble));
    else
        base_fail(error, EX_CANTCREAT, 0, "%s.lock: %s", path,
                  trouble == EEXIST || trouble == ELOOP || trouble == EISDIR
                      ? "is there, and no lock of normlab"
                      : strerror(trouble));
    arena_free(arena);
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

/* The last holder may have removed the file between our open and our flock. Asked by making another one
 * of that name: what a client of NFS keeps in mind of a name may be half a minute old, but this asks
 * its server. A file that is made so is the next one's to lock. */
static bool is_current(int handle, const char *lock) {
    struct stat held, named;
    const int made = open(lock, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (made >= 0) close(made);
    return made < 0 && fstat(handle, &held) == 0 && lstat(lock, &named) == 0 &&
           held.st_nlink > 0 && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

static void wait_a_moment(void) {
    const struct timespec moment = {0, 10 * 1000 * 1000};
    nanosleep(&moment, NULL);
}

/* Who only looks whether a lock is held has it for a moment. */
static bool lock_soon(int handle) {
    for (int i = 0; flock(handle, LOCK_EX | LOCK_NB) != 0; i++) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || i == 3) return false;
        wait_a_moment();
    }
    return true;
}

/* A server of NFS says ESTALE of a file that another machine removed meanwhile. */
static int take(const char *path, const char *lock, BaseError *error) {
    enum { ATTEMPTS = 100 };
    for (int i = 0;; i++) {
        const int handle =
            open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
        const bool mine = handle >= 0 && is_lock(handle) && lock_soon(handle);
        if (mine && is_current(handle, lock)) return handle;
        if (mine) errno = EWOULDBLOCK;
        if ((!mine && errno != ESTALE) || i == ATTEMPTS)
            return refuse(handle, path, error);
        if (handle >= 0) close(handle);
        if (!mine) wait_a_moment();
    }
}

int store_lock(const char *path, BaseError *error) {
    Arena *arena = arena_new();
    const int handle = take(path, text_print(arena, "%s.lock", path), error);
    if (handle >= 0) {
        const char *name =
            text_print(arena, "%ld %s\n", (long)getpid(), writer_name(arena));
        const size_t length = strlen(name);
        if (ftruncate(handle, 0) != 0 ||
            pwrite(handle, name, length, 0) != (ssize_t)length)
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

/* Whether the kernel's list has a lock on it; *told: there is a list. Locks of other machines are
 * not in it, nor those of containers beside ours. */
static bool is_listed(int handle, bool *told) {
    struct stat status;
    char line[256];
    bool listed = false;
    FILE *locks = fopen("/proc/locks", "re");
    *told = locks != NULL;
    if (locks == NULL || fstat(handle, &status) != 0) return false;
    Arena *arena = arena_new();
    const char *inode = text_print(arena, ":%ju ", (uintmax_t)status.st_ino);
    while (fgets(line, sizeof line, locks))
        listed |= strstr(line, " FLOCK ") && strstr(line, inode);
    fclose(locks);
    arena_free(arena);
    return listed;
}

/* Of a dead process that nobody buried the number is still taken, so the lock itself is asked: by the
 * list, where the holder would be in it, or else by sharing it for a moment. */
static bool is_held(int handle, const char *named) {
    const char *name = strchr(named, ' ');
    bool told;
    if (is_listed(handle, &told)) return true;
    if (told && name && writer_state(name + 1) != WRITER_ELSEWHERE) return false;
    return flock(handle, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

const char *store_holder(Arena *arena, const char *path) {
    const int handle = open(text_print(arena, "%s.lock", path),
                            O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    const char *named = handle >= 0 && is_lock(handle) ? named_in(arena, handle) : "";
    const bool held = *named && is_held(handle, named);
    if (handle >= 0) close(handle);
    return held ? holder_words(arena, named) : NULL;
}
