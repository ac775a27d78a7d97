/* The processor that this program was compiled for. Another one may lack its instructions, and
 * then ends any program that meets them, without a word. This file is compiled for every
 * processor of the kind, and speaks before the others run. */
#include "processor.h"

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#if defined(__x86_64__)

static void add(char *line, const char *name, int is_there) {
    if (is_there) return;
    strcat(line, " ");
    strcat(line, name);
}

/* Before constructors of ours that have no number. */
__attribute__((constructor(101))) static void want_processor(void) {
    char lacks[512] = "";
    const unsigned long long needs = processor_needs;
    unsigned bit = 0;
    __builtin_cpu_init();
#define FEATURE(macro, name)                                                             \
    if (needs >> bit++ & 1) add(lacks, name, __builtin_cpu_supports(name));
#include "processor.def"
#undef FEATURE
    if (*lacks == '\0') return;
    static const char before[] = "normlab: this program was compiled for another "
                                 "processor; this one has no",
                      after[] = ": build it here, or with -DNORMLAB_NATIVE=OFF\n";
    char line[sizeof before + sizeof lacks + sizeof after];
    strcpy(line, before);
    strcat(line, lacks);
    strcat(line, after);
    const ssize_t written = write(STDERR_FILENO, line, strlen(line));
    _exit(written >= 0 ? EX_UNAVAILABLE : EX_IOERR);
}

#endif
