/* What a normalizer declares: its parameters and its state, and how they begin. */
#include "internal.h"
#include "text.h"

#include <math.h>

NormParam *norm_add_param(Norm *norm, const char *name, NormParamRole role, size_t count,
                          double initial) {
    REQUIRE(norm->params < NORM_MAX_PARAMS, "more than %d parameters", NORM_MAX_PARAMS);
    NormParam *param = &norm->param[norm->params++];
    *param = (NormParam){.name = name,
                         .role = role,
                         .count = count,
                         .initial = initial,
                         .least = -INFINITY,
                         .most = INFINITY};
    return param;
}

NormState *norm_add_state(Norm *norm, const char *name, NormStateRole role, size_t count,
                          double initial) {
    REQUIRE(norm->states < NORM_MAX_STATES, "more than %d states", NORM_MAX_STATES);
    NormState *state = &norm->state[norm->states++];
    *state = (NormState){.name = name,
                         .role = role,
                         .count = count,
                         .initial = initial,
                         .weight_new = norm->weight_new};
    return state;
}

void norm_begin_param(double *value, const NormParam *param, Draw draw) {
    for (size_t i = 0; i < param->count; i++) {
        value[i] = param->start ? param->start[i] : param->initial;
        if (param->std > 0.0) value[i] += param->std * draw_normal(draw, i);
    }
}

void norm_begin_state(double *value, const NormState *state) {
    for (size_t i = 0; i < state->count; i++)
        value[i] = state->start ? state->start[i] : state->initial;
}

size_t norm_place(const Norm *norm, NormParamRole role) {
    const size_t own = norm->parts ? norm->part_param[0] : norm->params;
    for (size_t i = 0; i < own; i++)
        if (norm->param[i].role == role) return i;
    return SIZE_MAX;
}

void norm_declare_own(Norm *norm, bool gamma, bool beta) {
    size_t C = norm->channels;
    if (gamma) norm_add_param(norm, "gamma", NORM_PARAM_SCALE, C, 1.0)->decayed = true;
    if (beta) norm_add_param(norm, "beta", NORM_PARAM_SHIFT, C, 0.0)->decayed = true;
    const bool keeps = norm->kind->cell->moments[NORM_EVAL] == NORM_RUNNING;
    if (keeps && norm->uncentred) {
        norm_add_state(norm, "running_square", NORM_STATE_SQUARE, C, 1.0);
    } else if (keeps) {
        norm_add_state(norm, "running_mean", NORM_STATE_MEAN, C, 0.0);
        norm_add_state(norm, "running_var", NORM_STATE_VARIANCE, C, 1.0);
    }
    for (size_t i = 0; i < norm->states; i++) norm->state[i].alike = norm->synced;
    if (norm->kind->declare) norm->kind->declare(norm);
}

/* Those of part i, after all others: "part1.running_mean". */
bool norm_declare_part(Arena *arena, Norm *norm, size_t i, size_t at, BaseError *error) {
    const Norm *part = norm->part[i];
    if (norm->params + part->params > NORM_MAX_PARAMS ||
        norm->states + part->states > NORM_MAX_STATES)
        return base_fail(error, EX_USAGE, at,
                         "more than %d parameters or %d states in one "
                         "normalizer",
                         NORM_MAX_PARAMS, NORM_MAX_STATES);
    norm->part_param[i] = norm->params;
    norm->part_state[i] = norm->states;
    for (size_t k = 0; k < part->params; k++) {
        NormParam *param = &norm->param[norm->params++];
        *param = part->param[k];
        param->name = text_print(arena, "part%zu.%s", i + 1, param->name);
    }
    for (size_t k = 0; k < part->states; k++) {
        NormState *state = &norm->state[norm->states++];
        *state = part->state[k];
        state->name = text_print(arena, "part%zu.%s", i + 1, state->name);
    }
    return true;
}
