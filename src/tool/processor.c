/* The processor that this program was compiled for. Another one may lack its instructions, and
 * then ends any program that meets them, without a word. This file is compiled for every
 * processor of the kind, and speaks before the others run. */
#include "processor.h"

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#if defined(__x86_64__)

static const char before[] =
    "normlab: this program was compiled for another processor; this one has no";

/* Before constructors of ours that have no number. */
__attribute__((constructor(101))) static void want_processor(void) {
    const unsigned long long needs = processor_needs;
    unsigned bit = 0, lacks = 0;
    __builtin_cpu_init();
#define FEATURE(macro, name)                                                             \
    if ((needs >> bit++ & 1) && !__builtin_cpu_supports(name))                           \
        dprintf(STDERR_FILENO, "%s %s", lacks++ ? "" : before, name);
#include "processor.def"
#undef FEATURE
    if (lacks == 0) return;
    dprintf(STDERR_FILENO, ": build it here, or with -DNORMLAB_NATIVE=OFF\n");
    _exit(EX_UNAVAILABLE);
}

#endif
