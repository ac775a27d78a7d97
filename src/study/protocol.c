/* Two ways to vary the batch of a worker (notes/60-batch-size.md):
 *   paper        the number of workers W is fixed, so W x b shrinks with b and the learning
 *                rate with it
 *   statistics   W x b = `samples` is fixed, only the size of the statistics moves; a
 *                normalizer without batch statistics is then one and the same computation
 *                at every b, a reference line
 * Under `paper` a smaller b also takes more steps in as many epochs. equal=steps gives each b the
 * steps that `reference` samples a step take in `epochs`: another number of epochs.
 */
#include "experiment.h"

#include <string.h>

const ExperimentKey protocol_keys[] = {
    {"protocol", "paper", "paper (workers fixed) or statistics (workers x batch fixed)",
     NULL},
    {"samples", "32", "workers x batch of a step in the statistics protocol",
     "protocol=statistics"},
    {"equal", "epochs",
     "at every batch as many epochs, or as many steps as `reference` samples take in "
     "them",
     "protocol=paper"},
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

/* The multiple of `least` that is nearest below, or the first. */
static size_t multiple_near(size_t value, size_t least) {
    return value < least ? least : value / least * least;
}

/* As many steps as `reference` samples a step take in these epochs, and in this warm-up. An epoch
 * leaves out a ragged last step, so neither may have one. */
static bool equal_steps(Config *config, Arena *arena, BaseError *error) {
    const size_t samples = config->workers * config->batch,
                 both = least_multiple(config->reference, samples), part = both / samples;
    if (config->epochs == 0) return true;
    if (config->images == 0 || config->images % both != 0)
        return base_fail(error, EX_USAGE, 0,
                         "equal=steps: images=%zu: a multiple of %zu is expected, whole "
                         "steps of %zu and of reference=%zu samples: images=%zu",
                         config->images, both, samples, config->reference,
                         multiple_near(config->images, both));
    if (config->epochs % part != 0)
        return base_fail(
            error, EX_USAGE, 0,
            "equal=steps: epochs=%zu: a multiple of %zu is expected for steps "
            "of %zu samples, reference=%zu: epochs=%zu",
            config->epochs, part, samples, config->reference,
            multiple_near(config->epochs, part));
    const size_t epochs = config->epochs / part * (both / config->reference);
    const double warmup = config->warmup * (double)epochs / (double)config->epochs;
    return config_set(config, arena, "epochs", text_print(arena, "%zu", epochs), error) &&
           config_set(config, arena, "warmup", text_number(arena, warmup), error);
}

const char *protocol_words(Arena *arena, const char *protocol, const char *equal) {
    const bool steps = protocol && equal && strcmp(protocol, "paper") == 0 &&
                       strcmp(equal, "epochs") != 0;
    return steps ? text_print(arena, "%s, equal %s", protocol, equal)
                 : (protocol ? protocol : "");
}

/* A point (normalizer, b) of the sweep as the configuration of a run. */
bool protocol_complete(Config *config, Arena *arena, const Own *own, BaseError *error) {
    const char *protocol = own->text[0];
    static const char *const names[] = {"paper", "statistics"};
    static const char *const alikes[] = {"epochs", "steps"};
    static const Choice protocols = CHOICE(names), equal = CHOICE(alikes);
    size_t chosen, alike, samples, batch = config->batch;
    bool counted = text_to_count(own->text[1], &samples) && samples > 0;
    if (!counted)
        return base_fail(error, EX_USAGE, 0,
                         "samples=%s: a whole number from 1 on is expected",
                         text_clip(arena, own->text[1]));
    if (!choice_read(arena, &protocols, "protocol=", protocol, &chosen, error) ||
        !choice_read(arena, &equal, "equal=", own->text[2], &alike, error))
        return false;
    if (chosen == 0) return alike == 0 || equal_steps(config, arena, error);
    if (samples % batch != 0)
        return base_fail(error, EX_USAGE, 0,
                         "samples=%s: a multiple of every batch (%zu) is expected: add "
                         "samples=%zu, or protocol=paper",
                         own->text[1], batch, least_multiple(samples, batch));
    /* To workers that differ. */
    const bool dealt = config->clients > 0 || config->sorted ||
                       (config->sizes.count > 1 && !config->sizes.alike);
    if (!dealt && !sees_batches(arena, config)) batch = samples; /* the same at every b */
    return config_set(config, arena, "batch", text_print(arena, "%zu", batch), error) &&
           config_set(config, arena, "workers", text_print(arena, "%zu", samples / batch),
                      error);
}
