/* What the second order takes: it records the definition, its gradient and the gradient of
 * that, all of it in memory at once. Asked of the code itself, on a few elements. */
#include "apply.h"

#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PROBE = 4096 };
static const double WORTH_SAYING = 64e6;

bool apply_shrink(Job *small, const Job *job, Arena *arena) {
    *small = *job;
    small->arena = arena;
    const size_t C = job->lattice.C;
    for (size_t N = 1; N <= job->lattice.N; N++)
        for (size_t L = PROBE / (N * C) + 1; L <= job->lattice.L && L <= 2 * PROBE; L++) {
            BaseError error = {.set = false};
            small->lattice = (ShapeLattice){N, C, L};
            if (!norm_fits(arena, job->norm, small->lattice, job->mode, &error)) continue;
            small->shape = SHAPE_OF(N, C, L);
            return shape_count(small->shape) < shape_count(job->shape);
        }
    return false;
}

/* Bytes; 0 where they are not worth asking. */
static double needed(const Job *job) {
    Job small;
    double bytes = 0.0;
    Arena *arena = arena_new();
    if (apply_shrink(&small, job, arena)) {
        StepResults results = {.y = NULL};
        const size_t before = arena_bytes(arena);
        apply_second_order(&small, &results);
        bytes = (double)(arena_bytes(arena) - before) / (double)shape_count(small.shape) *
                (double)shape_count(job->shape);
    }
    arena_free(arena);
    return bytes;
}

/* A number of a file of the system: the first after `key`, in units of `unit`. */
static double number_in(const char *path, const char *key, double unit,
                        double otherwise) {
    char line[256];
    unsigned long long number;
    double found = otherwise;
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, key, strlen(key)) == 0 &&
            sscanf(line + strlen(key), " %llu", &number) == 1) {
            found = (double)number * unit;
            break;
        }
    if (file) fclose(file);
    return found;
}

/* Memory that can be had: the machine's, what a container and what a limit leave. */
static double available(void) {
    static const char *const limit[] = {"/sys/fs/cgroup/memory.max",
                                        "/sys/fs/cgroup/memory.current"};
    double bytes = number_in("/proc/meminfo", "MemAvailable:", 1024.0, INFINITY) +
                   number_in("/proc/meminfo", "SwapFree:", 1024.0, 0.0);
    bytes = fmin(bytes, number_in(limit[0], "", 1.0, INFINITY) -
                            number_in(limit[1], "", 1.0, 0.0));
    struct rlimit most;
    if (getrlimit(RLIMIT_AS, &most) == 0 && most.rlim_cur != RLIM_INFINITY)
        bytes = fmin(bytes, (double)most.rlim_cur -
                                number_in("/proc/self/statm", "",
                                          (double)sysconf(_SC_PAGESIZE), 0.0));
    return fmax(bytes, 0.0);
}

void apply_reserve(const Job *job) {
    if (!job->second || shape_count(job->shape) <= 2 * PROBE) return;
    const double bytes = needed(job), most = available();
    const char *shape = shape_text(job->arena, job->given);
    if (bytes > most)
        die(EX_OSERR,
            "the second order of %s on %s needs about %.2g GB of memory, and %.2g GB can "
            "be had",
            job->norm->spec, shape, bytes / 1e9, most / 1e9);
    if (bytes < WORTH_SAYING) return;
    say("the second order of %s on %s needs about %.2g GB of memory", job->norm->spec,
        shape, bytes / 1e9);
    ArenaMark mark = arena_mark(job->arena);
    arena_take(job->arena, (size_t)bytes, 1); /* now, or not at all */
    arena_rewind(job->arena, mark);
}
