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

bool experiment_has_runs(const Experiment *e) {
    return e->measure == NULL && e->draw == NULL;
}

const char *experiment_command(Arena *arena, const Experiment *e) {
    if (e->draw) return text_print(arena, "plot %s", e->name);
    return e->measure ? e->measured_by : text_print(arena, "run %s --quick", e->name);
}

void experiment_want_runs(const Experiment *e) {
    if (e->draw)
        die(EX_USAGE, "%s has no runs: `normlab plot %s` draws its figure", e->name,
            e->name);
    if (e->measure)
        die(EX_USAGE, "%s has no runs: `normlab %s` measures what its figures show",
            e->name, e->measured_by);
}
