/* What the experiment `speed` measures, in one file with its figures. */
#include "bench.h"

#include <string.h>
#include <unistd.h>

size_t bench_processors(void) {
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (size_t)cores : 1;
}

static void save(Arena *arena, const Measure *how, bool published) {
    measured_save(arena, store_new("kernels and training beside the machine's limits"),
                  experiment_find(arena, "speed"), how, published);
}

/* Options that are of what is asked for have no place: all is measured. */
static void want_all(const Call *call) {
    static const char *const fits[] = {"--save", "--quick", "--threads", "--turns"};
    for (const Option *o = call->command->options; o->name; o++) {
        bool known = false;
        for (size_t k = 0; k < COUNT_OF(fits); k++)
            known |= strcmp(o->name, fits[k]) == 0;
        if (!known && call_option(call, o->name))
            die(EX_USAGE, "--save measures what the figures of `speed` show: no %s",
                o->name);
    }
    if (call->words)
        die(EX_USAGE, "--save measures what the figures of `speed` show: no '%s'",
            call->word[0]);
}

int bench_save(const Call *call) {
    want_all(call);
    const Measure how = {
        .quick = call_option(call, "--quick") != NULL,
        .threads = call_count(call, "--threads", bench_processors(), SPEED_THREADS),
        .turns = call_count(call, "--turns", BENCH_TURNS, BENCH_MOST_TURNS)};
    save(call->arena, &how, false);
    return EX_OK;
}

int bench_publish(const Call *call) {
    save(call->arena, &(Measure){.threads = bench_processors(), .turns = BENCH_TURNS},
         true);
    return EX_OK;
}
