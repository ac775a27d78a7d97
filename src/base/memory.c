/* The end of a program that is out of memory. Where memory was asked for, locks may be held and
 * structures half changed, in whatever library: so nothing is tidied up, as at a kill, which
 * files survive (output.c). */
#include "house.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* By the process for itself, once. */
static MemoryEnd *before_end;

void memory_before_end(MemoryEnd *end) {
    before_end = end;
}

_Noreturn void memory_over(size_t bytes) {
    static atomic_flag said = ATOMIC_FLAG_INIT;
    char line[80];
    while (atomic_flag_test_and_set(&said)) pause(); /* another thread does it */
    if (before_end) before_end(bytes);
    snprintf(line, sizeof line, "normlab: out of memory: %zu bytes wanted\n", bytes);
    const ssize_t written = write(STDERR_FILENO, line, strlen(line));
    _exit(written >= 0 ? EX_OSERR : EX_IOERR);
}
