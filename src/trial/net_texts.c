/* What networks that read texts are asked beside derivatives: that they do not look ahead, and that
 * what is shorter is as if alone. */
#include "nets.h"
#include "house.h"
#include "trial_kind.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* One pass over one text, and back from `upstream` of its outputs. */
typedef struct Run {
    const Net *net;
    double *weights, *gradient;
    Shape shape; /* of y */
    const double *y;
} Run;

static double *weights_of(Arena *arena, const Net *net, uint64_t seed) {
    double *weights = TAKE(arena, double, net->weights);
    for (size_t i = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        memcpy(weights + p->offset, nets_param(arena, p, seed, i).value,
               p->count * sizeof *weights);
    }
    return weights;
}

typedef double *Upstream(Arena *arena, Shape y, uint64_t seed);

static void run(Run *r, Arena *arena, const double *text, size_t length, NormMode mode,
                Upstream *upstream, uint64_t seed) {
    double *state = nets_state(arena, r->net, seed);
    r->gradient = TAKE(arena, double, r->net->weights);
    NetPass pass = {.tape = tape_new(arena),
                    .mode = mode,
                    .weights = r->weights,
                    .gradient = r->gradient,
                    .state = state};
    TapeNode *y =
        net_run_one(r->net, &pass, tape_leaf(pass.tape, SHAPE_OF(TEXTS, length), text));
    r->shape = y->shape, r->y = y->value;
    tape_backward(pass.tape, y, upstream(arena, y->shape, seed));
}

static double drawn(uint64_t seed, uint64_t index) {
    return draw_normal((Draw){.seed = seed, .purpose = DRAW_CHECK, .sample = 77}, index);
}

static const NetParam *param_named(const Net *net, const char *end) {
    for (size_t i = 0; i < net->params; i++) {
        const char *found = strstr(net->param[i].name, end);
        if (found && strlen(found) == strlen(end)) return &net->param[i];
    }
    return NULL;
}

/* ---- nobody looks ahead -------------------------------------------------------------- */

/* Of y [N, K, T] before SEEN; the logit of LATE has LATE's vector in it where they are tied. */
static bool is_early(Shape y, size_t i) {
    const size_t T = y.size[2];
    return i % T < TEXT_SEEN && i / T % y.size[1] != LATE;
}

static double *early(Arena *arena, Shape y, uint64_t seed) {
    double *u = TAKE(arena, double, shape_count(y));
    for (size_t i = 0; i < shape_count(y); i++)
        u[i] = is_early(y, i) ? drawn(seed, i) : 0.0;
    return u;
}

/* Rows of a table from `first` on have no derivative. */
static void want_zeros(Tally *sum, const Run *r, const NetParam *table, size_t first) {
    const size_t C = table ? table->count / table->shape.size[0] : 0;
    for (size_t k = first * C; table && k < table->count; k++)
        tally(sum, table->name, k, r->gradient[table->offset + k], 0.0, 0.0);
}

/* Other symbols from SEEN on, and the vector of LATE so long that whoever sees it shows it. */
static double *poisoned(Arena *arena, Run *r, const double *text, const NetParam *table) {
    double *other = TAKE(arena, double, TEXTS *TEXT_LENGTH);
    for (size_t i = 0; i < TEXTS * TEXT_LENGTH; i++)
        other[i] = i % TEXT_LENGTH < TEXT_SEEN ? text[i] : LATE - text[i];
    for (size_t k = LATE * table->shape.size[1]; k < table->count; k++)
        r->weights[table->offset + k] *= 1e6;
    return other;
}

CheckReport nets_judge_causal(Arena *arena, const char *net, const char *norm,
                              uint64_t seed) {
    BaseError error = {.set = false};
    Run r = {.net = nets_build(arena, net, norm, NET_TEXTS_CAUSAL, 0, &error)};
    REQUIRE(r.net, "%s", error.message);
    r.weights = weights_of(arena, r.net, seed);
    Tally sum = {.shape = nets_shape(NET_TEXTS),
                 .report = {.seed = seed, .element = SIZE_MAX, .output = SIZE_MAX}};
    const NetParam *table = param_named(r.net, "embedding.weight");
    REQUIRE(table && table->shape.size[0] == SYMBOLS, "%s has no embedding", r.net->spec);
    const double *text = nets_text(arena, NET_TEXTS_CAUSAL, TEXT_LENGTH, seed);
    run(&r, arena, text, TEXT_LENGTH, NORM_EVAL, early, seed);
    want_zeros(&sum, &r, table, LATE);
    want_zeros(&sum, &r, param_named(r.net, "position.weight"), TEXT_SEEN);
    const double *y = r.y;
    text = poisoned(arena, &r, text, table);
    run(&r, arena, text, TEXT_LENGTH, NORM_EVAL, early, seed);
    for (size_t i = 0; i < shape_count(r.shape); i++)
        if (is_early(r.shape, i)) tally(&sum, "outputs", i, r.y[i], y[i], 0.0);
    return sum.report;
}

/* ---- padding is not seen ------------------------------------------------------------- */

/* Of y [N, K], or [N, K, T] where text n ends at TEXT_LENGTH - n; the same number of the same
 * place in y of more positions. */
static bool is_there(Shape y, size_t i) {
    return y.rank == 2 || i % y.size[2] + i / (y.size[1] * y.size[2]) < TEXT_LENGTH;
}

static size_t place_of(Shape y, size_t i) {
    return y.rank == 2 ? i : i / y.size[2] * TEXT_LENGTH + i % y.size[2];
}

static double *of_those_there(Arena *arena, Shape y, uint64_t seed) {
    double *u = TAKE(arena, double, shape_count(y));
    for (size_t i = 0; i < shape_count(y); i++)
        u[i] = is_there(y, i) ? drawn(seed, place_of(y, i)) : 0.0;
    return u;
}

static double largest(const double *value, size_t count) {
    double most = 0.0;
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs(value[i]));
    return most;
}

/* The same weights, and any numbers where only the longer one has some. */
static void take_weights(Run *longer, const Run *usual) {
    for (size_t i = 0; i < usual->net->params; i++) {
        const NetParam *from = &usual->net->param[i], *to = &longer->net->param[i];
        memcpy(longer->weights + to->offset, usual->weights + from->offset,
               from->count * sizeof(double));
        for (size_t k = from->count; k < to->count; k++)
            longer->weights[to->offset + k] = 1e3;
    }
}

static void compare(Tally *sum, const Run *longer, const Run *usual) {
    enum { ROUNDINGS = 4 };
    const double eps = ROUNDINGS * DBL_EPSILON, *dw = usual->gradient;
    const double y = largest(usual->y, shape_count(usual->shape)),
                 d = largest(dw, usual->net->weights);
    for (size_t i = 0; i < shape_count(longer->shape); i++)
        if (is_there(longer->shape, i))
            tally(sum, "outputs", i, longer->y[i], usual->y[place_of(longer->shape, i)],
                  eps * y);
    for (size_t i = 0; i < usual->net->params; i++) {
        const NetParam *from = &usual->net->param[i], *to = &longer->net->param[i];
        const double *got = longer->gradient + to->offset;
        for (size_t k = 0; k < from->count; k++)
            tally(sum, from->name, k, got[k], dw[from->offset + k], eps * d);
        for (size_t k = from->count; k < to->count; k++)
            tally(sum, from->name, k, got[k], 0.0, 0.0);
    }
}

CheckReport nets_judge_padding(Arena *arena, const char *net, const char *norm,
                               NetSight sight, NormMode mode, uint64_t seed) {
    enum { MORE = 3 };
    BaseError error = {.set = false};
    Run usual = {.net = nets_build(arena, net, norm, sight, 0, &error)},
        longer = {.net = nets_build(arena, net, norm, sight, MORE, &error)};
    REQUIRE(usual.net && longer.net, "%s", error.message);
    usual.weights = weights_of(arena, usual.net, seed);
    longer.weights = TAKE(arena, double, longer.net->weights);
    take_weights(&longer, &usual);
    run(&usual, arena, nets_text(arena, sight, TEXT_LENGTH, seed), TEXT_LENGTH, mode,
        of_those_there, seed);
    run(&longer, arena, nets_text(arena, sight, TEXT_LENGTH + MORE, seed),
        TEXT_LENGTH + MORE, mode, of_those_there, seed);
    Tally sum = {.shape = nets_shape(NET_TEXTS),
                 .report = {.seed = seed, .element = SIZE_MAX, .output = SIZE_MAX}};
    compare(&sum, &longer, &usual);
    return sum.report;
}
