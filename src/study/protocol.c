/* Two ways to vary the batch of a worker (notes/60-batch-size.md):
 *   paper        the number of workers W is fixed, so W x b shrinks with b and the learning
 *                rate with it
 *   statistics   W x b = `samples` is fixed, only the size of the statistics moves; a
 *                normalizer without batch statistics is then one and the same computation
 *                at every b, a reference line
 */
#include "experiment.h"

#include <string.h>

const ExperimentKey protocol_keys[] = {
    {"protocol", "paper", "paper (workers fixed) or statistics (workers x batch fixed)",
     NULL},
    {"samples", "32", "workers x batch of a step in the statistics protocol",
     "protocol=statistics"},
    {NULL, NULL, NULL, NULL},
};

/* Whether a worker's samples have a part in what is kept: running moments, or what a map is
 * found by. */
static bool has_batch_statistics(const Norm *norm) {
    bool has = false;
    for (size_t i = 0; i < norm->states; i++) has |= !norm->state[i].adapted;
    return has;
}

/* At some place. */
static bool sees_batches(Arena *arena, const Config *config) {
    NetNorms norms;
    BaseError error = {.set = false};
    net_norms_read(arena, config->norm, &norms, &error);
    bool sees = has_batch_statistics(norm_new(arena, norms.all, 0, &error));
    for (size_t i = 0; i < norms.rules; i++)
        sees |= has_batch_statistics(norm_new(arena, norms.rule[i].spec, 0, &error));
    return sees;
}

/* Of both: of all batches that went before, then, too. */
static size_t least_multiple(size_t a, size_t b) {
    size_t divisor = a, rest = b;
    while (rest > 0) {
        const size_t next = divisor % rest;
        divisor = rest;
        rest = next;
    }
    return a / divisor * b;
}

//> protocols
/* A point (normalizer, b) of the sweep as the configuration of a run. */
bool protocol_complete(Config *config, Arena *arena, const Own *own, BaseError *error) {
    const char *protocol = own->text[0];
    static const char *const names[] = {"paper", "statistics"};
    static const Choice protocols = CHOICE(names);
    size_t chosen, samples, batch = config->batch;
    bool counted = text_to_count(own->text[1], &samples) && samples > 0;
    if (!counted)
        return base_fail(error, EX_USAGE, 0,
                         "samples=%s: a whole number from 1 on is expected",
                         text_clip(arena, own->text[1]));
    if (!choice_read(arena, &protocols, "protocol=", protocol, &chosen, error))
        return false;
    if (chosen == 0) return true;
    if (samples % batch != 0)
        return base_fail(error, EX_USAGE, 0,
                         "samples=%s: a multiple of every batch (%zu) is expected: add "
                         "samples=%zu, or protocol=paper",
                         own->text[1], batch, least_multiple(samples, batch));
    const bool dealt = config->clients > 0 || config->sorted; /* to workers that differ */
    if (!dealt && !sees_batches(arena, config)) batch = samples; /* the same at every b */
    return config_set(config, arena, "batch", text_print(arena, "%zu", batch), error) &&
           config_set(config, arena, "workers", text_print(arena, "%zu", samples / batch),
                      error);
}
//< protocols
