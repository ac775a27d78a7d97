/* The experiments that the build found: one folder each, no list to edit. */
#include "study.h"

#include <string.h>

#define EXPERIMENT(stem) extern const Experiment experiment_##stem;
#include "experiments.def"
#undef EXPERIMENT

#define EXPERIMENT(stem) &experiment_##stem,
static const Experiment *const FOUND[] = {
#include "experiments.def"
};
#undef EXPERIMENT

const Experiment *const *experiments(size_t *count) {
    *count = COUNT_OF(FOUND);
    return FOUND;
}

const Experiment *experiment_find(Arena *arena, const char *name) {
    Choice all = CHOICE(FOUND);
    all.pointers = true;
    const size_t i = choice_find(&all, name);
    if (i < all.count) return FOUND[i];
    die(EX_USAGE, "no experiment '%s'%s; `normlab list experiments` lists them", name,
        choice_hint(arena, &all, name));
}

void experiment_want_runs(const Experiment *e) {
    if (e->measure)
        die(EX_USAGE, "%s has no runs: `normlab %s` measures what its figures show",
            e->name, e->measured_by);
}

const char *experiment_own(const Experiment *experiment, const Own *own,
                           const char *key) {
    for (size_t i = 0; experiment->keys && experiment->keys[i].name; i++)
        if (strcmp(experiment->keys[i].name, key) == 0) return own->text[i];
    return NULL;
}
