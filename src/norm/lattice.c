/* Batch group statistics: cells are blocks of B samples x K channels (Summers and Dinneen
 * 2020, "Four Things Everyone Should Know to Improve Batch Normalization"). Its corners are
 * batch (all, 1), ghost(B) (B, 1), group(size=K) (1, K), layer (1, all), instance (1, 1).
 *
 * Evaluation: running moments of each channel, pooled over its group; with own=a the
 * example's own moments weigh a, its means' difference included ("inference example
 * weighing"):
 *     mean = (1 - a) mean_run + a mean_own
 *     variance = (1 - a) variance_run + a variance_own + a (1 - a) (mean_run - mean_own)^2
 * The authors keep E[x] and E[x^2]; here it is mean and centred variance, and no digit is
 * lost in their difference. They let gamma decay towards 1; here decay is the optimizer's. */
#include "arguments.h"
#include "kind.h"
#include "sum.h"

#include <string.h>

/* Whether it divides `whole` (0: not asked). */
static bool read_size(SpecArguments *arguments, const char *key, size_t whole,
                      size_t *size, BaseError *error) {
    const SpecArg *argument = spec_named(arguments, key);
    if (argument == NULL)
        return base_fail(error, EX_USAGE, arguments->spec->at,
                         "lattice needs the samples and the channels of a cell, "
                         "lattice(batch=4, size=2); either may be all");
    const bool all =
        argument->value->count == 0 && strcmp(argument->value->word, "all") == 0;
    if (!all && !spec_count(argument, key, size, error)) return false;
    spec_say(arguments, "%s=%s", key, argument->value->word);
    if (all || whole == 0 || (*size <= whole && whole % *size == 0)) return true;
    return base_fail(
        error, EX_USAGE, argument->value->at,
        "%zu channels in a group do not divide %zu channels; sizes that do: %s", *size,
        whole, divisors_text(arguments->arena, whole));
}

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    double *own = ZERO(arena, double, 1);
    norm->detail = own;
    NormCells *cell = norm->cell;
    if (!read_size(arguments, "batch", 0, &cell->block, error) ||
        !read_size(arguments, "size", norm->channels, &cell->width, error) ||
        !norm_read_number(arguments, "own", 0.0, 1.0, own, error))
        return false;
    if (*own > 0.0)
        cell[1] = (NormCells){1, cell->width, .moments = {NORM_NONE, NORM_OWN}};
    return true;
}

static size_t width_of(const Norm *norm) {
    return norm->cell->width ? norm->cell->width : norm->channels;
}

/* The running moments of the channels' groups, [C] each. */
typedef struct Pooled {
    double *mean, *variance;
} Pooled;

static Pooled pool(Arena *arena, const NormContext *context) {
    const size_t C = context->norm->channels, K = width_of(context->norm);
    Pooled p = {TAKE(arena, double, C), TAKE(arena, double, C)};
    for (size_t first = 0; first < C; first += K) {
        double *each = TAKE(arena, double, K);
        const double *mean = context->state[0] + first,
                     *variance = context->state[1] + first;
        for (size_t k = 0; k < K; k++) each[k] = mean[k] - mean[0];
        const double centre = mean[0] + sum_strided(each, K, 1) / (double)K;
        for (size_t k = 0; k < K; k++)
            each[k] = variance[k] + (mean[k] - centre) * (mean[k] - centre);
        const double whole = sum_strided(each, K, 1) / (double)K;
        for (size_t k = 0; k < K; k++)
            p.mean[first + k] = centre, p.variance[first + k] = whole;
    }
    return p;
}

/* The same on the tape, for who takes it elsewhere. Here they are doubles, over both views: of
 * means that are large and nearly alike the last digit counts. */
static TapeNode *pooled(Tape *t, TapeNode *channels, size_t width) {
    const size_t C = shape_count(channels->shape);
    const Shape row = SHAPE_OF(1, C, 1);
    const Partition *group =
        partition_blocks(tape_arena(t), (ShapeLattice){1, C, 1}, 1, width, false);
    TapeNode *mean = tape_mean(t, tape_reshape(t, channels, row), group);
    return tape_reshape(t, tape_spread(t, mean, group, row), SHAPE_OF(C));
}

static ViewMoments pool_elements(const NormView *v) {
    Tape *t = v->tape;
    const double *const *state = v->context.state;
    const size_t K = width_of(v->context.norm);
    TapeNode *mean = tape_leaf(t, SHAPE_OF(v->at.C), state[0]),
             *variance = tape_leaf(t, SHAPE_OF(v->at.C), state[1]);
    TapeNode *centre = pooled(t, mean, K), *apart = tape_sub(t, mean, centre);
    variance = pooled(t, tape_add(t, variance, tape_mul(t, apart, apart)), K);
    return (ViewMoments){{.value = tape_sub(t, v->x, view_repeat(v, centre))},
                         view_repeat(v, variance)};
}

static ViewMoments pool_given(const NormView *v) {
    const Pooled run = pool(tape_arena(v->tape), &v->context);
    return view_moments_given(v, run.mean, run.variance);
}

/* Of evaluation. */
static NormField text(const NormView *v) {
    Tape *t = v->tape;
    const Norm *norm = v->context.norm;
    const double own = *(const double *)norm->detail;
    ViewMoments m = v->x && v->context.seen ? pool_elements(v) : pool_given(v);
    if (own > 0.0) {
        const ViewMoments of_own = view_moments_over(v, 1, width_of(norm));
        TapeNode *rest = tape_fill(t, v->shape, 1.0 - own),
                 *share = tape_fill(t, v->shape, own),
                 *both = tape_fill(t, v->shape, own * (1.0 - own));
        TapeNode *between = field_between(v, m.centred, of_own.centred);
        m.centred = field_weighed(v, (NormField[]){m.centred, of_own.centred},
                                  (TapeNode *[]){rest, share}, 2);
        share = tape_mul(t, of_own.variance, share);
        m.variance = tape_add(t, tape_mul(t, m.variance, rest), share);
        m.variance =
            tape_add(t, m.variance, tape_mul(t, tape_mul(t, between, between), both));
    }
    return field_over(v, m.centred, norm_root(t, norm, m.variance));
}

const NormKind norm_lattice = {
    .name = "lattice",
    .example = "lattice(batch=2, size=2)",
    .also = (const char *const[]){"lattice(batch=all, size=2, own=0.25)", NULL},
    .usage = "lattice(batch=B|all, size=K|all, own=A)",
    .title = "blocks of samples and of channels",
    .source = "Summers and Dinneen 2020",
    .differs = "the authors keep running E[x] and E[x^2], and let gamma decay towards 1",
    .options = (const char *const[]){"batch", "size", "own", NULL},
    .configure = configure,
    .cell = {{.moments = {NORM_OWN, NORM_RUNNING}}},
    .evaluate = text,
};
