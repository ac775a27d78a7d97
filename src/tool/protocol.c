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
    {"protocol", "paper", "paper (workers fixed) or statistics (workers x batch fixed)"},
    {"samples", "32", "workers x batch of a step in the statistics protocol"},
    {NULL, NULL, NULL},
};

/* Whether other samples of the worker have a part in what is kept for evaluation. What a
 * normalizer keeps for its map is no such thing: its cells lie within a sample. */
static bool has_batch_statistics(const Norm *norm) {
    bool keeps = false, adapts = false, part_has = false;
    const size_t own = norm->parts ? norm->part_state[0] : norm->states;
    for (size_t i = 0; i < own; i++) {
        keeps |= !norm->state[i].adapted;
        adapts |= norm->state[i].adapted;
    }
    for (size_t i = 0; i < norm->parts; i++)
        part_has |= has_batch_statistics(norm->part[i]);
    return (keeps && !adapts) || part_has;
}

//> protocols
/* A point (normalizer, b) of the sweep as the configuration of a run. */
bool protocol_complete(Config *config, Arena *arena, const Own *own, Error *error) {
    const char *protocol = own->text[0];
    size_t samples, batch = config_count(config, "batch");
    bool counted = text_to_count(own->text[1], &samples) && samples > 0;
    if (!counted)
        return fail(error, EX_USAGE, 0,
                    "samples=%s: a whole number from 1 on is expected",
                    text_clip(arena, own->text[1]));
    if (strcmp(protocol, "paper") == 0) return true;
    if (strcmp(protocol, "statistics") != 0)
        return fail(
            error, EX_USAGE, 0, "protocol=%s: paper or statistics is expected%s",
            protocol,
            text_hint(arena, protocol, (const char *const[]){"paper", "statistics"}, 2));
    if (samples % batch != 0)
        return fail(error, EX_USAGE, 0,
                    "samples=%s: a multiple of every batch (%zu) is expected",
                    own->text[1], batch);
    const Norm *norm = norm_new(arena, config_get(config, "norm"), 0, error);
    if (norm && !has_batch_statistics(norm)) batch = samples; /* the same at every b */
    return norm &&
           config_set(config, arena, "batch", text_print(arena, "%zu", batch), error) &&
           config_set(config, arena, "workers", text_print(arena, "%zu", samples / batch),
                      error);
}
//< protocols
