/* What we ask of a file system, and what it says.
 *
 * That a lock excludes other processes, on every machine that sees the folder; that a rename puts one
 * file in the place of another; that what was synced is there after a crash. The first two can be
 * tried on this machine, once for a study. Locks that a client of a network's file system keeps for itself
 * exclude as they should here: of those the options of the mount tell. */
#include "internal.h"
#include "place.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---- locks of one machine ----------------------------------------------------------- */

typedef struct Mount {
    char *device, *kind, *options;
} Mount;

/* "36 35 98:0 /root /where rw,noatime shared:1 - nfs4 server:/path rw,local_lock=none". */
static bool read_mount(char *line, Mount *mount) {
    char *rest = strstr(line, " - "), *word[3], *next = line;
    if (rest == NULL) return false;
    for (int i = 0; i < 3; i++) word[i] = strsep(&next, " ");
    next = rest + 3;
    mount->device = word[2];
    mount->kind = strsep(&next, " ");
    strsep(&next, " ");
    mount->options = next;
    if (next) next[strcspn(next, "\n")] = '\0';
    return mount->device && next;
}

static bool has_option(const char *options, const char *option) {
    const size_t length = strlen(option);
    for (const char *at = options; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, option, length) == 0 && (at[length] == ',' || at[length] == '\0'))
            return true;
    }
    return false;
}

const char *promise_is_local(Arena *arena, FILE *mounts, unsigned major, unsigned minor) {
    static const char *const local[][2] = {
        {"nfs", "nolock"}, {"nfs", "local_lock=all"}, {"nfs", "local_lock=flock"},
        {"cifs", "nobrl"}, {"smb3", "nobrl"},         {"lustre", "localflock"}};
    enum { LINE = 4096 };
    const char *device = text_print(arena, "%u:%u", major, minor);
    char *line = TAKE(arena, char, LINE);
    Mount mount;
    while (fgets(line, LINE, mounts)) {
        if (!read_mount(line, &mount) || strcmp(mount.device, device) != 0) continue;
        for (size_t i = 0; i < COUNT_OF(local); i++)
            if (strncmp(mount.kind, local[i][0], strlen(local[i][0])) == 0 &&
                has_option(mount.options, local[i][1]))
                return text_print(arena, "%s, %s", mount.kind, local[i][1]);
    }
    return NULL;
}

static void tell_local(Arena *arena, const char *folder) {
    struct stat status;
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    if (mounts == NULL) return;
    const char *local =
        stat(folder, &status) == 0
            ? promise_is_local(arena, mounts, major(status.st_dev), minor(status.st_dev))
            : NULL;
    fclose(mounts);
    if (local)
        say("%s: its locks hold on this machine alone (%s): no two machines may work on "
            "a study there at once",
            folder, local);
}

/* ---- tried --------------------------------------------------------------------------- */

/* The file of that name under two handles. */
static bool try_lock(const char *folder, const char *file, int handle, BaseError *error) {
    const int second = open(file, O_RDWR | O_CLOEXEC);
    bool good = second >= 0 && flock(handle, LOCK_EX | LOCK_NB) == 0;
    if (!good)
        base_fail(
            error, EX_CANTCREAT, 0,
            "%s: its file system gives no locks (%s), so that two processes could write "
            "one run; NORMLAB_OUT says where else results may go",
            folder, strerror(errno));
    else if (flock(second, LOCK_EX | LOCK_NB) == 0)
        say("%s: its locks exclude nobody: no two processes may work on a study there at "
            "once",
            folder);
    if (second >= 0) close(second);
    return good;
}

/* One file takes the place of another, and who reads that goes on. */
static bool renames(const char *from, int handle, const char *to, int replaced) {
    struct stat old, new, here;
    return fstat(handle, &new) == 0 && fstat(replaced, &old) == 0 &&
           rename(from, to) == 0 && stat(to, &here) == 0 &&
           here.st_ino == new.st_ino &&here.st_ino != old.st_ino &&lstat(from, &here) !=
               0 &&
           fstat(replaced, &here) == 0 && here.st_ino == old.st_ino;
}

bool store_try(const char *folder, BaseError *error) {
    Arena *arena = arena_new();
    const char *path = text_print(arena, "%s/try", folder), *name[2];
    place_sweep(path);
    int handle[2];
    for (int i = 0; i < 2; i++) handle[i] = place_temporary(arena, path, 0600, &name[i]);
    bool good = handle[0] >= 0 && handle[1] >= 0;
    if (!good)
        base_fail(error, EX_CANTCREAT, 0, "%s: nothing can be written there: %s", folder,
                  strerror(errno));
    good = good && try_lock(folder, name[0], handle[0], error);
    if (good && !renames(name[0], handle[0], name[1], handle[1]))
        say("%s: a rename does not replace a file there: a kill may leave half of one",
            folder);
    if (good) tell_local(arena, folder);
    for (int i = 0; i < 2; i++) {
        if (handle[i] < 0) continue;
        close(handle[i]);
        unlink(name[i]);
    }
    arena_free(arena);
    return good;
}
