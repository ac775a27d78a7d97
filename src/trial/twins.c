/* One normalizer is another: specs that name the same function give the same bits. */
#include "text.h"
#include "trial_kind.h"

#include <string.h>

/* The twin's spec with the sizes in place of C and N. */
static const char *with_sizes(Arena *arena, const char *spec, ShapeLattice at) {
    Text text = text_new(arena);
    for (const char *c = spec; *c; c++) {
        if (*c == 'C' || *c == 'N')
            text_add(&text, "%zu", *c == 'C' ? at.C : at.N);
        else
            text_add(&text, "%c", *c);
    }
    return text.data;
}

static bool has_twin(const Trial *t) {
    for (const NormTwin *twin = norm_twins(t->norm); twin && twin->spec; twin++)
        if (twin->mode == t->mode) return true;
    return false;
}

static CheckReport judge_twins(Arena *arena, const Trial *t, const TrialCheck *check) {
    (void)check;
    Tally sum = tally_new(t);
    Outcome one = trial_run(arena, t, 0);
    for (const NormTwin *twin = norm_twins(t->norm); twin->spec; twin++) {
        if (twin->mode != t->mode) continue;
        BaseError error = {.set = false};
        const char *spec = with_sizes(arena, twin->spec, t->at);
        const Norm *norm = norm_new(arena, spec, t->at.C, &error);
        REQUIRE(norm && norm_fits(arena, norm, t->at, t->mode, &error),
                "%s names the twin %s: %s", t->spec, spec, error.message);
        Trial other = *t;
        Norm scaled = *norm;
        scaled.eps = t->norm->eps, scaled.eps_outside = t->norm->eps_outside;
        scaled.unbiased = t->norm->unbiased;
        scaled.uncentred =
            t->norm->uncentred; /* center=no, gamma=no are not the twin's */
        scaled.params = t->norm->params, scaled.states = t->norm->states;
        memcpy(scaled.param, t->norm->param, sizeof scaled.param);
        memcpy(scaled.state, t->norm->state, sizeof scaled.state);
        other.norm = &scaled;
        Outcome two = trial_run(arena, &other, 0);
        tally_outcome(&sum, t, text_print(arena, "as %s", spec), &one, &two);
    }
    return sum.report;
}
const TrialCheck trial_twins = {
    .name = "twins",
    .says = "the specs that name the same function (group(1) is layer...) give its bits",
    .digits = 0,
    .data = ON_ALL,
    .applies = has_twin,
    .judge = judge_twins};
