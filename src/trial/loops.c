/* Which kinds are restated where, and what one call is told. */
#include "loops.h"
#include "house.h"
#include "kind.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    LoopsEquation *equation;
    LoopsCell *cell;         /* of a partition */
    bool pools;              /* running moments, in doubles */
    LoopsBackward *backward; /* by design no derivative */
} KINDS[] = {
    {"none", loops_none, NULL, false, NULL},
    {"batch", loops_partition, cell_batch, false, NULL},
    {"layer", loops_partition, cell_layer, false, NULL},
    {"instance", loops_partition, cell_instance, false, NULL},
    {"group", loops_partition, cell_group, false, NULL},
    {"position", loops_partition, cell_position, false, NULL},
    {"ghost", loops_partition, cell_ghost, false, NULL},
    {"mix", loops_mix, NULL, false, NULL},
    {"blend", loops_blend, NULL, false, NULL},
    {"split", loops_split, NULL, false, NULL},
    {"chain", loops_chain, NULL, false, NULL},
    {"task", loops_task, NULL, false, NULL},
    {"renorm", loops_renorm, NULL, false, NULL},
    {"frn", loops_frn, NULL, false, NULL},
    {"anneal", loops_anneal, NULL, false, NULL},
    {"phase", loops_phase, NULL, false, NULL},
    {"frozen", loops_frozen, NULL, false, NULL},
    {"lattice", loops_lattice, cell_lattice, true, NULL},
    {"channels", loops_partition, cell_channels, false, NULL},
    {"regroup", loops_partition, cell_regroup, false, NULL},
    {"soft", loops_soft, NULL, false, NULL},
    {"nested", loops_nested, NULL, false, NULL},
    {"mode", loops_mode, NULL, false, NULL},
    {"evonorm", loops_evonorm, NULL, false, NULL},
    {"chunks", loops_chunks, NULL, false, NULL},
    {"response", loops_response, NULL, false, NULL},
    {"mabn", loops_mabn, NULL, false, loops_mabn_backward},
};

/* Its place in the table, or the table's length. */
static size_t place_of(const char *name) {
    size_t i = 0;
    while (i < COUNT_OF(KINDS) && strcmp(KINDS[i].name, name) != 0) i++;
    return i;
}

static bool is_equation(const Norm *norm) {
    return norm->kind->equation != NULL;
}

bool loops_know(const Norm *norm) {
    for (size_t i = 0; i < norm->parts; i++)
        if (!loops_know(norm->part[i])) return false;
    return is_equation(norm) || place_of(norm_name(norm->kind)) < COUNT_OF(KINDS);
}

bool loops_pool(const Norm *norm) {
    for (size_t i = 0; i < norm->parts; i++)
        if (loops_pool(norm->part[i])) return true;
    const size_t at = place_of(norm_name(norm->kind));
    return at < COUNT_OF(KINDS) && KINDS[at].pools;
}

/* ---- the call -------------------------------------------------------------------- */

Loops loops_spelled(const Loops *call, const char *spec) {
    BaseError error = {.set = false};
    Loops own = *call;
    own.spec = spec_parse(call->arena, spec, &error);
    REQUIRE(own.spec, "'%s' is no spec", spec);
    return own;
}

static Loops of_norm(const Loops *call, const Norm *norm, size_t channels) {
    Loops own = loops_spelled(call, norm->spec);
    own.norm = norm;
    own.C = channels;
    own.n = own.N * own.C * own.L;
    return own;
}

static Loops call_of(Arena *arena, const Trial *t, const Number *const *param) {
    const Loops call = {.arena = arena,
                        .evaluates = t->mode == NORM_EVAL,
                        .epoch = t->epoch,
                        .N = t->at.N,
                        .L = t->at.L,
                        .param = param,
                        .state = (const double *const *)t->state,
                        .mask = t->mask};
    return of_norm(&call, t->norm, t->at.C);
}

Number *loops_answer(Arena *arena, const Trial *t, const Number *x,
                     const Number *const *param) {
    const Loops call = call_of(arena, t, param);
    Number *y = loops_room(&call, call.n);
    ArenaMark mark = arena_mark(arena);
    loops_run(&call, y, x);
    for (size_t i = 0; i < call.n; i++)
        if (!loops_belongs(&call, i)) y[i] = 0;
    arena_rewind(arena, mark);
    return y;
}

Number *loops_observed(Arena *arena, const Trial *t, size_t k) {
    const Number *param[NORM_MAX_PARAMS];
    if (strchr(t->norm->state[k].name, '.')) return NULL;
    for (size_t i = 0; i < t->norm->params; i++) {
        Number *numbers = TAKE(arena, Number, t->norm->param[i].count);
        for (size_t j = 0; j < t->norm->param[i].count; j++) numbers[j] = t->param[i][j];
        param[i] = numbers;
    }
    const Loops call = call_of(arena, t, param);
    Number *x = TAKE(arena, Number, call.n);
    for (size_t i = 0; i < call.n; i++) x[i] = t->x[i];
    return loops_equation_observed(&call, x, t->norm->state[k].name,
                                   t->norm->state[k].count);
}

bool loops_know_design(const Norm *norm) {
    const size_t at = place_of(norm_name(norm->kind));
    return at < COUNT_OF(KINDS) && KINDS[at].backward;
}

LoopsDesign loops_design(Arena *arena, const Trial *t) {
    const Loops call = call_of(arena, t, NULL);
    LoopsDesign all = {.y = ZERO(arena, Quad, t->n),
                       .dx = ZERO(arena, Quad, t->n),
                       .dgamma = ZERO(arena, Quad, t->at.C),
                       .dbeta = ZERO(arena, Quad, t->at.C),
                       .y_scale = ZERO(arena, double, t->n),
                       .dx_scale = ZERO(arena, double, t->n),
                       .dgamma_scale = ZERO(arena, double, t->at.C),
                       .dbeta_scale = ZERO(arena, double, t->at.C)};
    for (size_t s = 0; s < COUNT_OF(all.observed); s++) {
        all.observed[s] = ZERO(arena, Quad, t->at.C);
        all.observed_scale[s] = ZERO(arena, double, t->at.C);
    }
    KINDS[place_of(call.spec->word)].backward(&call, t, &all);
    return all;
}

Loops loops_of_part(const Loops *call, size_t i, size_t channels) {
    Loops part = of_norm(call, call->norm->part[i], channels);
    part.param += call->norm->part_param[i];
    part.state += call->norm->part_state[i];
    return part;
}

void loops_run(const Loops *call, Number *y, const Number *x) {
    const size_t at = place_of(call->spec->word);
    (at < COUNT_OF(KINDS) ? KINDS[at].equation : loops_equation)(call, y, x);
}

LoopsCell *loops_cell(const Loops *call) {
    return KINDS[place_of(call->spec->word)].cell;
}

size_t loops_sample(const Loops *call, size_t i) {
    return i / call->L / call->C;
}

size_t loops_channel(const Loops *call, size_t i) {
    return i / call->L % call->C;
}

bool loops_belongs(const Loops *call, size_t i) {
    return !call->mask || call->mask[loops_sample(call, i) * call->L + i % call->L];
}

size_t loops_samples(const Loops *call) {
    size_t samples = 0, last = call->N;
    for (size_t i = 0; i < call->n; i++)
        if (loops_belongs(call, i) && loops_sample(call, i) != last)
            last = loops_sample(call, i), samples++;
    return samples;
}

Number *loops_room(const Loops *call, size_t count) {
    return ZERO(call->arena, Number, count);
}

const Number *loops_param(const Loops *call, const char *name) {
    for (size_t k = 0; k < call->norm->params; k++)
        if (strcmp(call->norm->param[k].name, name) == 0) return call->param[k];
    return NULL;
}

const double *loops_state(const Loops *call, const char *name) {
    for (size_t k = 0; k < call->norm->states; k++)
        if (strcmp(call->norm->state[k].name, name) == 0) return call->state[k];
    return NULL;
}

/* ---- what the spec says ------------------------------------------------------------- */

static const char *said(const Loops *call, const char *key) {
    for (size_t i = 0; i < call->spec->count; i++) {
        const SpecArg *argument = &call->spec->args[i];
        if (argument->key && strcmp(argument->key, key) == 0)
            return argument->value->word;
    }
    return NULL;
}

double loops_number(const Loops *call, const char *key, double usual) {
    const char *word = said(call, key);
    return word ? strtod(word, NULL) : usual;
}

bool loops_says(const Loops *call, const char *key, const char *word) {
    const char *own = said(call, key);
    return own && strcmp(own, word) == 0;
}

const char *loops_word(const Loops *call, size_t i) {
    for (size_t k = 0; k < call->spec->count; k++)
        if (call->spec->args[k].key == NULL && i-- == 0)
            return call->spec->args[k].value->word;
    return NULL;
}

size_t loops_count(const Loops *call, size_t i, size_t usual) {
    const char *word = loops_word(call, i);
    return word ? (size_t)strtoul(word, NULL, 10) : usual;
}

/* ---- numbers ------------------------------------------------------------------------- */

void loops_affine(const Loops *call, Number *y) {
    const Number *gamma = loops_param(call, "gamma"), *beta = loops_param(call, "beta");
    for (size_t i = 0; i < call->n; i++) {
        const size_t c = loops_channel(call, i);
        if (gamma) y[i] = gamma[c] * y[i];
        if (beta) y[i] = y[i] + beta[c];
    }
}

Number loops_power(Number a, double exponent) {
    return loops_exp((Quad)exponent * QUAD_CALL(clog)(a));
}

Number loops_root(const Loops *call, Number variance) {
    const Quad eps = call->norm->eps;
    return loops_says(call, "eps_outside", "yes") ? QUAD_CALL(csqrt)(variance) + eps
                                                  : QUAD_CALL(csqrt)(variance + eps);
}

void loops_softmax(Number *weight, const Number *value, size_t count) {
    Quad most = loops_real(value[0]);
    Number sum = 0;
    for (size_t k = 0; k < count; k++)
        most = loops_real(value[k]) > most ? loops_real(value[k]) : most;
    for (size_t k = 0; k < count; k++) sum += weight[k] = loops_exp(value[k] - most);
    for (size_t k = 0; k < count; k++) weight[k] = weight[k] / sum;
}

double loops_ramp(const Loops *call) {
    const double from = loops_number(call, "from", 0), to = loops_number(call, "to", 0);
    const double at = ((double)call->epoch - from) / (to - from);
    return at < 0 ? 0 : at > 1 ? 1 : at;
}
