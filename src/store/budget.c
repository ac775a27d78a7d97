/* What reading a file may cost the child that does it: processor time, so that a loaded
 * machine makes no difference, and memory. Both follow from the file's length and from what
 * is asked of it, far above what sound files need.
 *
 * Where memory is watched by a sanitizer, which claims all addresses for itself, its own
 * count of what is allocated is looked at instead of the kernel's limit.
 */
#include "internal.h"
#include "text.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define COUNTS_MEMORY 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define COUNTS_MEMORY 1
#endif

enum { SECONDS = 3, BYTES_A_SECOND = 1 << 22, MEMORY = 1 << 27 };

void budget_set(Budget *budget, size_t length) {
    budget->seconds = SECONDS + (double)length / BYTES_A_SECOND;
    budget->memory = MEMORY + 4 * length;
}

/* ---- processor time ---------------------------------------------------------------- */

static double seconds_used(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0.0;
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Never above what is allowed to the program as a whole. */
static void limit(int resource, rlim_t most) {
    struct rlimit now;
    if (getrlimit(resource, &now) != 0) return;
    now.rlim_cur = most < now.rlim_max ? most : now.rlim_max;
    setrlimit(resource, &now);
}

/* The kernel counts whole seconds. */
static void limit_seconds(const Budget *budget) {
    limit(RLIMIT_CPU, (rlim_t)ceil(budget->began + budget->seconds));
}

/* ---- memory ------------------------------------------------------------------------ */

/* The size of this process: the first number, in pages, of a line of the kernel's; 0: nobody
 * says. */
static size_t bytes_used(const Budget *budget) {
    char text[64] = "";
    if (pread(budget->sizes, text, sizeof text - 1, 0) <= 0) return 0;
    return strtoul(text, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

int budget_refused(const Budget *budget, size_t bytes) {
    enum { AROUND = 1 << 22 }; /* what the C library asks for more than was wanted */
    struct rlimit now;
    if (getrlimit(RLIMIT_AS, &now) != 0 || now.rlim_cur == now.rlim_max) return ENDS_POOR;
    return bytes > now.rlim_cur || bytes_used(budget) + AROUND > now.rlim_cur - bytes
               ? ENDS_SPENT
               : ENDS_POOR;
}

#ifdef COUNTS_MEMORY
/* Of the sanitizers' runtime; gcc installs no header for these. */
size_t __sanitizer_get_current_allocated_bytes(void);
int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void *,
                                                                  size_t),
                                              void (*free_hook)(const volatile void *));

static size_t most_allocated = SIZE_MAX;

static void look_at_memory(const volatile void *block, size_t size) {
    (void)block;
    (void)size;
    if (__sanitizer_get_current_allocated_bytes() > most_allocated) _exit(ENDS_SPENT);
}

static void look_away(const volatile void *block) {
    (void)block;
}

static void limit_memory(const Budget *budget, size_t more) {
    (void)budget;
    if (most_allocated == SIZE_MAX)
        __sanitizer_install_malloc_and_free_hooks(look_at_memory, look_away);
    most_allocated = __sanitizer_get_current_allocated_bytes() + more;
}

static void lift_memory(void) {
    most_allocated = SIZE_MAX - 1;
}
#else
static void limit_memory(const Budget *budget, size_t more) {
    const size_t used = bytes_used(budget);
    if (used > 0) limit(RLIMIT_AS, (rlim_t)(used + more));
}

static void lift_memory(void) {
    limit(RLIMIT_AS, RLIM_INFINITY);
}
#endif

/* ---- both -------------------------------------------------------------------------- */

void budget_begin(Budget *budget) {
    budget->began = seconds_used();
    limit_seconds(budget);
    limit_memory(budget, budget->memory);
    limit(RLIMIT_NOFILE, 0); /* all bytes are here: there is nothing to open */
}

void budget_allow(Budget *budget, size_t bytes) {
    if (budget == NULL) return;
    budget->seconds += (double)bytes / BYTES_A_SECOND;
    limit_seconds(budget);
    limit_memory(budget, budget->memory + 3 * bytes);
}

void budget_rest(Budget *budget) {
    budget->seconds -= seconds_used() - budget->began;
}

void budget_lift(void) {
    lift_memory();
    limit(RLIMIT_CPU, RLIM_INFINITY);
    limit(RLIMIT_NOFILE, RLIM_INFINITY);
}

const char *budget_verdict(Arena *arena, int status) {
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        return "takes more time than a sound file can need";
    if (WIFSIGNALED(status))
        return text_print(arena, "kills HDF5 (signal %d)", WTERMSIG(status));
    if (WIFEXITED(status) && WEXITSTATUS(status) == ENDS_SPENT)
        return "takes more memory than a sound file can need";
    return "ends HDF5";
}
