/* What a normalizer is asked that its parts answer too, and what they are told. */
#include "written.h"

#include <math.h>

NormContext norm_part_context(const NormContext *context, size_t i) {
    NormContext part = *context;
    part.norm = context->norm->part[i];
    part.param += context->norm->part_param[i];
    part.state += part.state ? context->norm->part_state[i] : 0;
    part.observed += part.observed ? context->norm->part_state[i] : 0;
    part.seen += part.seen ? context->norm->part_state[i] : 0;
    return part;
}

TapeNode *norm_run_part(const NormContext *context, size_t i, TapeNode *x) {
    NormContext part = norm_part_context(context, i);
    return context->definitions ? norm_define(&part, x) : norm_apply(&part, x);
}

ShapeLattice norm_part_lattice(const Norm *norm, size_t i, ShapeLattice x) {
    return (ShapeLattice){x.N, norm->part[i]->channels, x.L};
}

bool norm_adapt(const Norm *norm, Draw draw, double *const *state) {
    bool changed = norm->kind->adapt != NULL && norm->kind->adapt(norm, draw, state);
    for (size_t i = 0; i < norm->parts; i++) {
        Draw own = draw;
        own.sample = draw.sample * (NORM_MAX_PARTS + 1) + i + 1;
        if (norm_adapt(norm->part[i], own, state + norm->part_state[i])) changed = true;
    }
    return changed;
}

void norm_observe_nothing(const NormContext *context) {
    for (size_t i = 0; context->observed && i < context->norm->states; i++)
        for (size_t k = 0; k < context->norm->state[i].count; k++)
            context->observed[i][k] = (double)NAN;
    for (size_t i = 0; norm_sees(context) && i < context->norm->states; i++)
        norm_see(context, i,
                 tape_fill(context->tape, SHAPE_OF(context->norm->state[i].count),
                           (double)NAN));
}

double norm_moved(const NormState *state, double was, double seen) {
    return isnan(seen) ? was : was + state->weight_new * (seen - was);
}

bool norm_accepts(const Norm *norm, const double *const *state, BaseError *error) {
    for (size_t i = 0; i < norm->parts; i++)
        if (!norm_accepts(norm->part[i], state + norm->part_state[i], error))
            return false;
    return norm->kind->accepts == NULL || norm->kind->accepts(norm, state, error);
}

bool norm_keeps_state(const Norm *norm) {
    return norm->states > 0;
}

const NormTwin *norm_twins(const Norm *norm) {
    return norm->kind->twins;
}

bool norm_activates(const Norm *norm) {
    return norm->activates;
}

bool norm_affine_is_last(const Norm *norm) {
    return !norm->affine_inside;
}

bool norm_recalls(const Norm *norm) {
    for (size_t i = 0; i < norm->parts; i++)
        if (norm_recalls(norm->part[i])) return true;
    for (size_t i = 0; i < NORM_MAX_CELLS; i++)
        if (norm->cell[i].moments[NORM_TRAIN] == NORM_RUNNING) return true;
    return false;
}

const char *norm_by_design(const Norm *norm) {
    const char *why = norm->kind->by_design;
    for (size_t i = 0; i < norm->parts && why == NULL; i++)
        why = norm_by_design(norm->part[i]);
    return why;
}

const char *norm_unmasked(const Norm *norm) {
    const NormKind *kind = norm->kind;
    const bool own = kind->define || kind->apply;
    const char *why = kind->unmasked;
    if (why == NULL && own && !kind->masks)
        why = "its definition does not say that it leaves elements out";
    for (size_t i = 0; i < norm->parts && why == NULL; i++)
        why = norm_unmasked(norm->part[i]);
    return why;
}

const char *norm_holds(const Norm *norm) {
    const char *what = norm->kind->holds;
    for (size_t i = 0; i < norm->parts && what == NULL; i++)
        what = norm_holds(norm->part[i]);
    return what;
}

bool norm_differs_by_mode(const Norm *norm) {
    bool differs = norm->phased ||
                   (norm->kind->equation && ((const Written *)norm->detail)->by_mode);
    for (size_t i = 0; i < NORM_MAX_CELLS; i++)
        differs |= norm->cell[i].moments[NORM_TRAIN] != norm->cell[i].moments[NORM_EVAL];
    for (size_t i = 0; i < norm->parts && !differs; i++)
        differs = norm_differs_by_mode(norm->part[i]);
    return differs;
}

bool norm_saturates(const Norm *norm) {
    bool saturates = norm->kind->saturates;
    for (size_t i = 0; i < norm->parts && !saturates; i++)
        saturates = norm_saturates(norm->part[i]);
    return saturates;
}

size_t norm_sensible_cell(const Norm *norm) {
    size_t most = norm->kind->sensible;
    for (size_t i = 0; i < norm->parts; i++) {
        const size_t part = norm_sensible_cell(norm->part[i]);
        most = part > most ? part : most;
    }
    return most;
}
