/* A library to load before all others (LD_PRELOAD), which refuses memory to a program called normlab. Calls of malloc and its
 * kin are counted from main's beginning on, in a child of the program from fork on.
 *
 *   FAULT_IN     program, child (any), or nobody: whose calls are refused
 *   FAULT_FROM   the first call that is, from 1 on
 *   FAULT_TO     the last one
 *   FAULT_FILE   a file of three numbers of 64 bits: the most calls of the program, of a child, refusals
 *
 * A program that does not have calls of its own makes those below; one that has calls what glibc has for that,
 * __libc_malloc and so on, which stand here, too. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct {
    _Atomic uint64_t program, child, refused;
} *seen;

static pid_t program, self;
static atomic_ullong calls;
static unsigned long long from, to;
static bool in_program, in_child;

static void keep_most(_Atomic uint64_t *most, uint64_t count) {
    uint64_t known = atomic_load(most);
    while (known < count && !atomic_compare_exchange_weak(most, &known, count)) continue;
}

static bool refuse(void) {
    if (seen == NULL) return false;
    if (self != getpid()) {
        self = getpid();
        atomic_store(&calls, 0);
    }
    const bool is_child = self != program;
    const unsigned long long count = atomic_fetch_add(&calls, 1) + 1;
    keep_most(is_child ? &seen->child : &seen->program, count);
    if (count < from || count > to || !(is_child ? in_child : in_program)) return false;
    atomic_fetch_add(&seen->refused, 1);
    errno = ENOMEM;
    return true;
}

#define LIBRARY(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, "__libc_" #name))

#define BOTH(name, arguments, call)                                                      \
    void *__libc_##name arguments;                                                       \
    void *__libc_##name arguments { return refuse() ? NULL : call; }                     \
    void *name arguments { return __libc_##name call_##name; }

#define call_malloc                                                                      \
    (bytes)
#define call_calloc                                                                      \
    (count, size)
#define call_realloc                                                                     \
    (old, bytes)
#define call_memalign                                                                    \
    (alignment, bytes)

BOTH(malloc, (size_t bytes), LIBRARY(void *, malloc, size_t)(bytes))
BOTH(calloc, (size_t count, size_t size), LIBRARY(void *, calloc, size_t, size_t)(count, size))
BOTH(realloc, (void *old, size_t bytes), LIBRARY(void *, realloc, void *, size_t)(old, bytes))
BOTH(memalign, (size_t alignment, size_t bytes), LIBRARY(void *, memalign, size_t, size_t)(alignment, bytes))

void *aligned_alloc(size_t alignment, size_t bytes) {
    return __libc_memalign(alignment, bytes);
}

int posix_memalign(void **data, size_t alignment, size_t bytes) {
    *data = __libc_memalign(alignment, bytes);
    return *data ? 0 : ENOMEM;
}

static void begin(void) {
    const char *where = getenv("FAULT_IN"), *path = getenv("FAULT_FILE");
    const int handle = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (handle < 0 || where == NULL) return;
    from = strtoull(getenv("FAULT_FROM"), NULL, 10);
    to = strtoull(getenv("FAULT_TO"), NULL, 10);
    in_program = strcmp(where, "program") == 0;
    in_child = strcmp(where, "child") == 0;
    program = self = getpid();
    void *shared = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED, handle, 0);
    close(handle);
    if (shared != MAP_FAILED) seen = shared;
}

typedef int Main(int, char **, char **);

static Main *theirs;

static int ours(int argc, char **argv, char **environment) {
    const char *slash = strrchr(argv[0], '/');
    if (strcmp(slash ? slash + 1 : argv[0], "normlab") == 0) begin();
    return theirs(argc, argv, environment);
}

int __libc_start_main(Main *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);

int __libc_start_main(Main *main, int argc, char **argv, void (*init)(void), void (*fini)(void), void (*last)(void),
                      void *stack) {
    int (*start)(Main *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);
    *(void **)&start = dlsym(RTLD_NEXT, "__libc_start_main");
    theirs = main;
    return start(ours, argc, argv, init, fini, last, stack);
}
