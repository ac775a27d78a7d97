/* File systems that do not promise what we rely on: no locks, locks that exclude nobody or hold on one
 * machine alone, renames that replace nothing. Each is acted by a system call of ours. */
#include "harness.h"

#include "internal.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static enum { AS_IT_IS, NO_LOCKS, NO_SUCH_CALL, LOCKS_OF_NOBODY, NO_RENAME } acted;

int __real_flock(int handle, int operation);
int __wrap_flock(int handle, int operation);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

int __wrap_flock(int handle, int operation) {
    errno = acted == NO_LOCKS ? ENOLCK : ENOSYS;
    if (acted == NO_LOCKS || acted == NO_SUCH_CALL) return -1;
    return acted == LOCKS_OF_NOBODY ? 0 : __real_flock(handle, operation);
}

/* As a copy beside the old file would be. */
int __wrap_rename(const char *from, const char *to) {
    return acted == NO_RENAME ? 0 : __real_rename(from, to);
}

static void try_folder(void *folder) {
    BaseError error = {0};
    if (!store_try(folder, &error)) die(error.code, "%s", error.message);
}

static void lock_run(void *path) {
    BaseError error = {0};
    const int handle = store_lock(path, &error);
    if (handle < 0) die(error.code, "%s", error.message);
    store_unlock(path, handle);
}

/* One line that has `part`, and nothing is left in the folder; NULL: not a word. */
static void assert_said(void (*body)(void *), char *at, int status, const char *part) {
    char text[1024] = "";
    assert_int_equal(harness_child(body, at, text, sizeof text), status);
    if (part == NULL) assert_string_equal(text, "");
    if (part == NULL) return;
    if (strstr(text, part) == NULL) fail_msg("'%s' is not in: %s", part, text);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void what_does_not_hold_is_said(void **state) {
    (void)state;
    Arena *arena = arena_new();
    char *folder = text_print(arena, "/tmp/normlab-promise-XXXXXX");
    assert_non_null(mkdtemp(folder));
    char *run = text_print(arena, "%s/run.h5", folder);
    assert_said(try_folder, folder, 0, NULL);
    assert_said(lock_run, run, 0, NULL);
    acted = NO_LOCKS;
    assert_said(try_folder, folder, EX_CANTCREAT, "gives no locks (No locks available)");
    assert_said(lock_run, run, EX_CANTCREAT, "gives no locks (No locks available)");
    acted = NO_SUCH_CALL;
    assert_said(try_folder, folder, EX_CANTCREAT, "(Function not implemented)");
    assert_said(lock_run, run, EX_CANTCREAT, "(Function not implemented)");
    assert_int_equal(unlink(text_print(arena, "%s.lock", run)), 0);
    acted = LOCKS_OF_NOBODY;
    assert_said(try_folder, folder, 0, "locks exclude nobody");
    acted = NO_RENAME;
    assert_said(try_folder, folder, 0, "a rename does not replace");
    acted = AS_IT_IS;
    assert_int_equal(rmdir(folder), 0); /* nothing is left in it */
    assert_said(try_folder, folder, EX_CANTCREAT, "No such file");
    arena_free(arena);
}

static void locks_of_one_machine_are_known_by_their_mount(void **state) {
    (void)state;
    static const char mounts[] =
        "22 1 0:20 / /proc rw - proc proc rw,nolock\n"
        "36 22 0:45 / /a rw,noatime shared:1 - nfs server:/a "
        "rw,vers=3,nolock,local_lock=all\n"
        "37 22 0:46 / /b rw - nfs4 server:/b rw,vers=4.2,local_lock=none\n"
        "38 22 0:47 / /c rw - cifs //server/c rw,nobrl\n"
        "39 22 0:48 / /d rw - nfs server:/d rw,local_lock=flock\n"
        "40 22 8:1 / / rw - ext4 /dev/sda1 rw,errors=remount-ro\n"
        "a line of nothing\n"
        "41 22 0:49 / /e rw - nfs server:/e rw,local_lock=flocker\n";
    static const struct {
        unsigned major, minor;
        const char *local;
    } of[] = {{0, 20, NULL},
              {0, 45, "nfs, nolock"},
              {0, 46, NULL},
              {0, 47, "cifs, nobrl"},
              {0, 48, "nfs, local_lock=flock"},
              {8, 1, NULL},
              {0, 49, NULL},
              {0, 4, NULL}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(of); i++) {
        char text[sizeof mounts];
        memcpy(text, mounts, sizeof mounts);
        FILE *file = fmemopen(text, sizeof mounts - 1, "r");
        assert_non_null(file);
        const char *local = promise_is_local(arena, file, of[i].major, of[i].minor);
        if (of[i].local == NULL) assert_null(local);
        if (of[i].local != NULL) assert_non_null(local);
        if (local) assert_string_equal(local, of[i].local);
        fclose(file);
    }
    arena_free(arena);
}

static const Case cases[] = {
    CASE(fault, what_does_not_hold_is_said),
    CASE(example, locks_of_one_machine_are_known_by_their_mount),
};
HARNESS_MAIN("promise", cases)
