/* What the tests of probes share: a kind by its name, and a small run that has probes. */
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

#endif
