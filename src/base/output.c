/* What is written: whole or not at all, and never into something of another kind.
 *
 * A file is replaced by a new one, which is what keeps it whole, so whatever else hangs on the
 * old one is kept or the file is not touched: its mode, owner and extended attributes (access
 * lists among them) are kept, a link to it stays a link. Pipes and character devices cannot be replaced and are written as they are. What
 * this cannot do justice to (a folder, a disk, a file of several names or one that is marked
 * read-only) is refused with a word.
 */
#include "base.h"
#include "place.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST = 4096, MOST_LINKS = 40, READER_SECONDS = 5 };

/* Linux has no more names of attributes, and no longer value, of one file. */
enum { MOST_BYTES = 1 << 16 };

typedef struct Output {
    const char *said;   /* the path as the user wrote it */
    char path[LONGEST]; /* behind the links */
    bool there;         /* `status` is of what is there now */
    bool through;       /* written as it is, not replaced */
    struct stat status;
} Output;

static bool refuse(const Output *output, BaseError *error, const char *why) {
    return base_fail(error, EX_CANTCREAT, 0, "%s: %s", output->said, why);
}

/* ---- what it is --------------------------------------------------------------------- */

/* The folder of a path, "." for a bare name. */
static void folder_of(char folder[LONGEST], const char *path) {
    snprintf(folder, LONGEST, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == NULL)
        snprintf(folder, LONGEST, ".");
    else if (slash == folder)
        folder[1] = '\0';
    else
        *slash = '\0';
}

/* In a folder where everybody may write, somebody may have put a link for us to follow. */
static bool is_a_trap(const Output *link) {
    struct stat folder;
    char name[LONGEST];
    folder_of(name, link->path);
    if (stat(name, &folder) != 0) return true;
    const mode_t shared = S_ISVTX | S_IWOTH;
    return (folder.st_mode & shared) == shared && link->status.st_uid != geteuid() &&
           link->status.st_uid != folder.st_uid;
}

/* Links of /proc lead to open files, /dev/stdout among them: there is no path behind them. */
static bool is_open_file(const Output *link) {
    struct stat proc;
    return stat("/proc", &proc) == 0 && proc.st_dev == link->status.st_dev;
}

/* One step behind a link. */
static bool follow(Output *output, BaseError *error) {
    char to[LONGEST], folder[LONGEST];
    if (is_a_trap(output))
        return refuse(output, error,
                      "is a link of another user's, in a folder where all may write");
    const ssize_t length = readlink(output->path, to, sizeof to - 1);
    if (length < 0) return refuse(output, error, strerror(errno));
    to[length] = '\0';
    folder_of(folder, output->path);
    const int n = to[0] == '/' ? snprintf(output->path, LONGEST, "%s", to)
                               : snprintf(output->path, LONGEST, "%s/%s", folder, to);
    return (n >= 0 && n < LONGEST) || refuse(output, error, strerror(ENAMETOOLONG));
}

static bool find(Output *output, const char *path, BaseError *error) {
    *output = (Output){.said = path};
    const int n = snprintf(output->path, LONGEST, "%s", path);
    if (n < 0 || n >= LONGEST)
        return base_fail(error, EX_CANTCREAT, 0, "the name is too long: %s", path);
    if (n == 0)
        return base_fail(error, EX_CANTCREAT, 0, "'': the name of a file is expected");
    for (int links = 0; links <= MOST_LINKS; links++) {
        if (lstat(output->path, &output->status) != 0)
            return errno == ENOENT || refuse(output, error, strerror(errno));
        output->there = true;
        if (!S_ISLNK(output->status.st_mode)) return true;
        output->through = is_open_file(output);
        if (output->through)
            return stat(output->path, &output->status) == 0 ||
                   refuse(output, error, strerror(errno));
        output->there = false;
        if (!follow(output, error)) return false;
    }
    return refuse(output, error, strerror(ELOOP));
}

/* ---- what it may be ----------------------------------------------------------------- */

/* Only root gives files away. */
static bool refuse_owner(const Output *output, BaseError *error) {
    return base_fail(error, EX_CANTCREAT, 0,
                     "%s: belongs to user %ld and group %ld, and would not afterwards",
                     output->said, (long)output->status.st_uid,
                     (long)output->status.st_gid);
}

static bool judge_file(const Output *output, BaseError *error) {
    if (output->status.st_nlink > 1)
        return refuse(
            output, error,
            "has another name (a hard link), which would keep what is there now; "
            "remove one of them");
    if ((output->status.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)) == 0)
        return refuse(output, error, "is marked read-only");
    if (faccessat(AT_FDCWD, output->path, W_OK, AT_EACCESS) != 0)
        return refuse(output, error, strerror(errno));
    return geteuid() == 0 || geteuid() == output->status.st_uid ||
           refuse_owner(output, error);
}

static bool judge_folder(const Output *output, BaseError *error) {
    char folder[LONGEST];
    folder_of(folder, output->path);
    if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0) return true;
    return base_fail(error, EX_CANTCREAT, 0,
                     "%s: nothing can be written in its folder: %s", output->said,
                     strerror(errno));
}

static bool judge(Output *output, BaseError *error) {
    const mode_t mode = output->status.st_mode;
    if (output->there && S_ISDIR(mode))
        return refuse(output, error, "is a folder; the name of a file is expected");
    if (output->there && (S_ISBLK(mode) || S_ISSOCK(mode)))
        return refuse(output, error,
                      S_ISBLK(mode) ? "is a disk; the name of a file is expected"
                                    : "is a socket; the name of a file is expected");
    output->through |= output->there && !S_ISREG(mode);
    if (output->through) return true;
    return (!output->there || judge_file(output, error)) && judge_folder(output, error);
}

bool place_may_write(const char *path, BaseError *error) {
    Output output;
    return find(&output, path, error) && judge(&output, error);
}

bool place_is_replaced(const char *path) {
    Output output;
    BaseError quiet = {.set = false};
    return find(&output, path, &quiet) && judge(&output, &quiet) && !output.through;
}

/* ---- bytes -------------------------------------------------------------------------- */

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

/* Any other error is the last word: what failed once is told as done the second time. */
static bool sync_all(int handle) {
    int status;
    do status = fsync(handle);
    while (status != 0 && errno == EINTR);
    return status == 0;
}

/* close() keeps errno where something went wrong before. Interrupted, it has closed all the same. */
static bool close_after(int handle, bool good) {
    const int held = errno;
    if (close(handle) != 0 && errno != EINTR && good) return false;
    errno = held;
    return good;
}

/* ---- as it is: pipes, devices, open files ------------------------------------------- */

/* A pipe is opened when somebody reads from it; who never comes is not waited for. */
static int open_through(const char *path) {
    const struct timespec moment = {0, 20 * 1000 * 1000};
    for (int i = 0;; i++) {
        const int handle =
            open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (handle >= 0) {
            fcntl(handle, F_SETFL, fcntl(handle, F_GETFL) & ~O_NONBLOCK);
            return handle;
        }
        if (errno != ENXIO || i == READER_SECONDS * 50) return -1;
        nanosleep(&moment, NULL);
    }
}

static bool write_through(const Output *output, const void *data, size_t length,
                          BaseError *error) {
    struct sigaction ignore = {.sa_handler = SIG_IGN}, usual;
    const int handle = open_through(output->path);
    if (handle < 0 && errno == ENXIO && S_ISFIFO(output->status.st_mode))
        return refuse(output, error, "is a pipe, and nobody reads from it");
    if (handle < 0) return refuse(output, error, strerror(errno));
    sigaction(SIGPIPE, &ignore, &usual); /* who reads may go away: an error of write */
    const bool good = close_after(handle, write_all(handle, data, length));
    sigaction(SIGPIPE, &usual, NULL);
    return good || base_fail(error, EX_IOERR, 0, "%s: %s", output->said, strerror(errno));
}

/* ---- replaced: files ---------------------------------------------------------------- */

/* The rename is durable once the folder is; a file system that cannot sync folders says
 * EINVAL. */
bool place_sync(const char *path) {
    char folder[LONGEST];
    folder_of(folder, path);
    const int handle = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (handle < 0) return false;
    const bool good = sync_all(handle) || errno == EINVAL;
    const int held = errno;
    close(handle);
    errno = held;
    return good;
}

/* Names of the extended attributes, each ended by a NUL; *length 0: none, or the file system
 * has none. */
static const char *attributes_of(Arena *arena, const char *path, int handle,
                                 size_t *length) {
    char *names = TAKE(arena, char, MOST_BYTES);
    const ssize_t n =
        path ? listxattr(path, names, MOST_BYTES) : flistxattr(handle, names, MOST_BYTES);
    *length = n > 0 ? (size_t)n : 0;
    return names;
}

static bool has_name(const char *names, size_t length, const char *name) {
    for (size_t i = 0; i < length; i += strlen(names + i) + 1)
        if (strcmp(names + i, name) == 0) return true;
    return false;
}

/* Labels of the kernel's own are not ours to give. */
static bool is_ours(const char *name) {
    return strncmp(name, "security.", strlen("security.")) != 0;
}

/* Those of the old file and no others: a folder may give some to what is new in it. */
static bool dress_attributes(const Output *output, int handle, BaseError *error) {
    Arena *arena = arena_new();
    size_t olds, news;
    const char *old = attributes_of(arena, output->path, -1, &olds),
               *new = attributes_of(arena, NULL, handle, &news), *bad = NULL;
    char *value = TAKE(arena, char, MOST_BYTES);
    for (size_t i = 0; i < olds && !bad; i += strlen(old + i) + 1) {
        const ssize_t n = getxattr(output->path, old + i, value, MOST_BYTES);
        const bool kept = n >= 0 && fsetxattr(handle, old + i, value, (size_t)n, 0) == 0;
        if (!kept && is_ours(old + i)) bad = old + i;
    }
    for (size_t i = 0; i < news && !bad; i += strlen(new + i) + 1)
        if (!has_name(old, olds, new + i) && is_ours(new + i) &&
            fremovexattr(handle, new + i) != 0)
            bad = new + i;
    if (bad)
        base_fail(error, EX_CANTCREAT, 0, "%s: its attribute %s cannot be kept: %s",
                  output->said, bad, strerror(errno));
    arena_free(arena);
    return bad == NULL;
}

/* The new file looks as the old one does. Owner before mode: a change of owner takes bits
 * off the mode. */
static bool dress(const Output *output, int handle, BaseError *error) {
    struct stat new;
    const struct stat *old = &output->status;
    if (!output->there) return true;
    if (fstat(handle, &new) != 0) return refuse(output, error, strerror(errno));
    if ((new.st_uid != old->st_uid || new.st_gid != old->st_gid) &&
        fchown(handle, old->st_uid, old->st_gid) != 0)
        return refuse_owner(output, error);
    if (!dress_attributes(output, handle, error)) return false;
    return fchmod(handle, old->st_mode & 07777) == 0 ||
           refuse(output, error, strerror(errno));
}

static bool replace_by(const char *temporary, int handle, const Output *output,
                       const void *data, size_t length, BaseError *error) {
    if (!dress(output, handle, error)) {
        close(handle);
        return false;
    }
    const bool written =
        close_after(handle, write_all(handle, data, length) && sync_all(handle));
    if (!written || rename(temporary, output->path) != 0)
        return base_fail(error, EX_IOERR, 0, "%s: %s; what was there before is kept",
                         output->said, strerror(errno));
    return place_sync(output->path) ||
           base_fail(error, EX_IOERR, 0,
                     "%s: written, but its folder could not be synced: %s", output->said,
                     strerror(errno));
}

static bool replace(const Output *output, const void *data, size_t length,
                    BaseError *error) {
    place_sweep(output->path);
    Arena *arena = arena_new();
    const char *temporary;
    const int handle =
        place_temporary(arena, output->path, output->there ? 0600 : 0666, &temporary);
    const bool open = handle >= 0 || refuse(output, error, strerror(errno)),
               good = open && replace_by(temporary, handle, output, data, length, error);
    if (open && !good) unlink(temporary);
    arena_free(arena);
    return good;
}

bool place_write(const char *path, const void *data, size_t length, BaseError *error) {
    Output output;
    if (!find(&output, path, error) || !judge(&output, error)) return false;
    return output.through ? write_through(&output, data, length, error)
                          : replace(&output, data, length, error);
}

bool place_remove(const char *path, BaseError *error) {
    struct stat status;
    if (lstat(path, &status) != 0) return true;
    if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode))
        return base_fail(error, EX_CANTCREAT, 0,
                         "%s: is in the way, and no file; it is not removed", path);
    return unlink(path) == 0 ||
           base_fail(error, EX_CANTCREAT, 0, "%s: cannot be removed: %s", path,
                     strerror(errno));
}
