/* How does the error depend on the number of samples that share batch statistics?
 *
 * Wu and He 2018, Table 2 and Figure 1: batch normalization degrades as the batch of one
 * worker shrinks, group normalization does not. Two protocols (notes/60-batch-size.md):
 *   paper        the number of workers W is fixed, so W x b shrinks with b and the learning
 *                rate with it
 *   statistics   W x b = `samples` is fixed, only the size of the statistics moves; a
 *                normalizer without batch statistics is then one and the same computation
 *                at every b, a reference line
 */
#include "experiment.h"

#include <string.h>

static const ExperimentKey KEYS[] = {
    {"protocol", "paper", "paper (workers fixed) or statistics (workers x batch fixed)"},
    {"samples", "32", "workers x batch of a step in the statistics protocol"},
    {NULL, NULL, NULL},
};

/* 21 runs of 10,000 images each: less than a minute on two cores. */
static const char *const QUICK[] = {
    "protocol=statistics",
    "samples=32",
    "dataset=fashion-mini",
    "images=1250",
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=batch,group(4)",
    "batch=32,16,8,4,2,1",
    "seed=1,2,3",
    "epochs=8",
    "rate=0.1",
    "reference=32",
    "schedule=cosine",
    "decay=0.0001",
    NULL,
};

/* 60 runs of 40,000 images each: about half an hour on two cores. */
static const char *const FULL[] = {
    "protocol=paper",
    "workers=4",
    "dataset=fashion-mnist",
    "images=4000",
    "network=resnet(depth=8, width=16, stem_stride=2)",
    "norm=batch,group(8)",
    "batch=32,16,8,4,2,1",
    "seed=1,2,3,4,5",
    "epochs=10",
    "rate=0.1",
    "reference=128",
    "schedule=step(0.3, 0.6, 0.9, factor=0.1)",
    "decay=0.0001",
    NULL,
};

static bool has_batch_statistics(const char *spec, Arena *arena) {
    Error error = {.set = false};
    const Norm *norm = norm_new(arena, spec, 0, &error);
    return norm && norm_keeps_state(norm);
}

//> protocols
/* A point (normalizer, b) of the sweep as the configuration of a run. */
static bool complete(Config *config, Arena *arena, const Own *own, Error *error) {
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
    if (!has_batch_statistics(config_get(config, "norm"), arena))
        batch = samples; /* the same at every b */
    return config_set(config, arena, "batch", text_print(arena, "%zu", batch), error) &&
           config_set(config, arena, "workers", text_print(arena, "%zu", samples / batch),
                      error);
}
//< protocols

/* Wu and He 2018, Table 2: ResNet-50 on ImageNet, 8 workers, validation error in
 * percent. */
static const char *const PAPER_NAMES[] = {"BN", "GN"};
static const double PAPER_AT[] = {32, 16, 8, 4, 2};
static const double PAPER_VALUES[] = {23.6, 23.7, 24.8, 27.3, 34.7,
                                      24.1, 24.2, 24.0, 24.2, 24.1};

static const Published PAPER = {
    .source = "Wu and He 2018, Table 2 (ResNet-50, ImageNet, 8 workers)",
    .series = 2,
    .points = 5,
    .name = PAPER_NAMES,
    .at = PAPER_AT,
    .value = PAPER_VALUES,
};

const Experiment experiment_batch_size = {
    .name = "batch-size",
    .question =
        "How does the error depend on the number of samples that share batch statistics?",
    .series = "norm",
    .along = "batch",
    .along_label = "batch size per worker",
    .keys = KEYS,
    .quick = QUICK,
    .full = FULL,
    .complete = complete,
    .published = &PAPER,
};
