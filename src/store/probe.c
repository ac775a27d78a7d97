/* A trial reading, in a child process, of a file that normlab did not seal.
 *
 * libhdf5 trusts the lengths and addresses inside a file, so a damaged or hostile one can
 * crash it. What the child survives, the parent will read in the same way.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 10, BYTES_PER_SECOND = 1 << 23 };

/* Reads one object as every getter would; what one of them refuses is no damage. */
static herr_t visit(hid_t file, const char *name, const H5O_info_t *info, void *context) {
    (void)file;
    (void)info;
    Store *store = context;
    Error ignored = {0};
    size_t rank, size[STORE_MAX_RANK], count;
    const ArenaMark mark = arena_mark(store->arena);
    const char *path =
        text_print(store->arena, "/%s", strcmp(name, ".") == 0 ? "" : name);
    store_get_array(store, store->arena, path, STORE_MAX_RANK, &rank, size, &ignored);
    store_get_array_text(store, store->arena, path, STORE_MAX_RANK, &rank, size,
                         &ignored);
    store_axes(store, store->arena, path, &rank);
    store_members(store, store->arena, path, &count);
    const char **attribute = store_attributes(store, store->arena, path, &count);
    for (size_t i = 0; i < count; i++) {
        int64_t integer;
        double number;
        store_get_text(store, store->arena, path, attribute[i], &ignored);
        store_get_number(store, path, attribute[i], &number, &ignored);
        store_get_integer(store, path, attribute[i], &integer, &ignored);
    }
    arena_rewind(store->arena, mark);
    return 0;
}

/* Whatever the program does about its own crashes, the child just dies of them. */
static void die_by_default(void) {
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM};
    for (size_t i = 0; i < COUNT_OF(crashes); i++) signal(crashes[i], SIG_DFL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}

_Noreturn static void child(const char *path, char *bytes, size_t length) {
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
    die_by_default();
    alarm(PATIENCE + (unsigned)(length / BYTES_PER_SECOND));
    Store store = {.arena = arena_new(), .path = path, .length = length};
    store.file = store_attach("normlab-probe", bytes, length);
    const bool good = store.file >= 0 && H5Ovisit(store.file, H5_INDEX_NAME, H5_ITER_INC,
                                                  visit, &store) >= 0;
    H5Fclose(store.file);
    _exit(good ? EX_OK : EX_DATAERR);
}

bool store_probe(const char *path, char *bytes, size_t length, Error *error) {
    int status = 0;
    fflush(NULL); /* or a child that dies prints it again */
    const pid_t process = fork();
    if (process == 0) child(path, bytes, length);
    while (process > 0 && waitpid(process, &status, 0) < 0 && errno == EINTR) continue;
    if (process < 0)
        return fail(error, EX_OSERR, 0, "%s: cannot try it out: %s", path,
                    strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == EX_OK) return true;
    if (WIFEXITED(status))
        return fail(error, EX_DATAERR, 0, "%s: damaged: HDF5 cannot read all of it",
                    path);
    return fail(error, EX_DATAERR, 0, "%s: damaged: reading it kills HDF5 (signal %d)",
                path, WTERMSIG(status));
}
