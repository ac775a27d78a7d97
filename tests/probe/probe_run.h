/* What the tests of probes share: a kind by its name, a small run that has probes, the row
 * of a kind at places that are given. */
#ifndef NORMLAB_PROBE_RUN_H
#define NORMLAB_PROBE_RUN_H

#include "../train/train_run.h"
#include "probe.h"

typedef struct Looked {
    Config config;
    Trainer *trainer;
    Probes *probes;
} Looked;

static inline Looked looked(Arena *arena, const char *pairs, const Dataset *data) {
    BaseError error = {.set = false};
    Looked l = {.config = config_of(arena, pairs)};
    l.trainer = trainer_new(arena, &l.config, data, 1, &error);
    if (l.trainer) l.probes = probes_new(arena, l.trainer, &l.config, &error);
    if (l.probes == NULL) fail_msg("%s: %s", pairs, error.message);
    return l;
}

static inline Looked to_the_end(Looked l) {
    while (probes_step(l.probes) != TRAIN_DONE) continue;
    return l;
}

static inline const ProbeKind *kind_of(const char *name) {
    size_t count;
    const ProbeKind *const *kind = probe_kinds(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(kind[i]->name, name) == 0) return kind[i];
    fail_msg("no probe %s", name);
    return NULL;
}

/* The row of a kind whose fields are of places, one number each, at these: [fields, places]. */
static inline double *row_at(Arena *arena, const char *name, const TrainPlace *place,
                             size_t places) {
    const ProbeKind *kind = kind_of(name);
    const size_t fields = probe_fields(kind);
    double *row = TAKE(arena, double, fields *places), *to[PROBE_MOST_FIELDS];
    for (size_t i = 0; i < fields; i++) to[i] = row + i * places;
    for (size_t i = 0; i < fields * places; i++) row[i] = (double)NAN;
    kind->see(&(ProbeSeen){.places = places, .place = place}, NULL, arena, to);
    return row;
}

/* A small run, and one of texts, some of whose positions are padding. */
#define PROBE_RUN "images=48 workers=2 batch=12 sizes=10x10 "
#define PROBE_TEXTS                                                                      \
    "dataset=languages images=12 workers=2 batch=6 "                                     \
    "network=transformer(depth=1,width=8,heads=2) "

#endif
