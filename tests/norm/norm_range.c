/* Kernels and rows over the whole range of doubles, against the definition in 113 bits,
 * whose exponents have 15 bits: classes (number, infinity) and digits, forward and
 * backward. */
#include "arith_calls.h"
#include "norm_shared.h"
#include "replay.h"
#include "trial_kind.h"

#if NORMLAB_HAS_QUAD

/* A spec, whose definition says what is right (NULL: its own, unless that holds a value of
 * doubles), and how far its cells reach: a row, a sample, a channel, everywhere. */
typedef enum Reach { ROW, SAMPLE, CHANNEL, ALL } Reach;

typedef struct Subject {
    const char *spec;
    Reach reach;
    const char *truth;
} Subject;

static const Subject PARTITIONS[] = {{"batch", CHANNEL, NULL},
                                     {"layer", SAMPLE, NULL},
                                     {"instance", ROW, NULL},
                                     {"group(2)", SAMPLE, NULL},
                                     {"position", SAMPLE, NULL},
                                     {"ghost(2)", CHANNEL, NULL},
                                     {"lattice(batch=2, size=2)", ALL, NULL},
                                     {"regroup(2)", SAMPLE, NULL},
                                     {"chunks(2)", ALL, NULL},
                                     {"chunks(10)", ALL, NULL},
                                     {"channels(0, 1, 0, 0)", SAMPLE, NULL},
                                     {"batch(center=no)", CHANNEL, NULL},
                                     {"group(2, center=no)", SAMPLE, NULL},
                                     {"position(center=no)", SAMPLE, NULL},
                                     {"frn(tlu=no)", ROW, NULL},
                                     {"mabn(warm=2)", CHANNEL, "batch(center=no)"}};
static const Subject COMBINED[] = {
    {"mix(instance, layer, batch)", ALL, NULL},
    {"mix(instance, layer)", SAMPLE, NULL},
    {"mix(batch, group(2), pooled=yes)", ALL, NULL},
    {"mix(batch(center=no), instance(center=no))", CHANNEL, NULL},
    {"mix(instance, batch, from=0, to=1)", CHANNEL, NULL},
    {"blend(batch, instance)", CHANNEL, NULL},
    {"blend(none, layer)", SAMPLE, NULL},
    {"anneal(layer, ghost(2), from=0, to=2)", ALL, NULL},
    {"batch | group(2)", ALL, NULL},
    {"group(2) | batch", ALL, NULL},
    {"batch(affine=yes) | layer", ALL, NULL},
    {"split(instance, batch)", CHANNEL, NULL},
    {"soft(2)", SAMPLE, NULL},
    {"nested", SAMPLE, NULL},
    {"task", CHANNEL, NULL},
    {"task(with=layer)", ALL, NULL},
    {"renorm(rmax=1, dmax=0)", CHANNEL, "batch"},
    {"mode(2)", ALL, NULL},
    {"phase(layer, batch)", SAMPLE, NULL},
    {"blend(mix(instance, layer), batch | group(2))", ALL, NULL}};

/* ---- one call -------------------------------------------------------------------- */

enum { MOST = 1 + NORM_MAX_PARAMS };

/* The same with that eps in every part. */
static const Norm *with_eps(Arena *arena, const Norm *norm, double eps) {
    Norm *copy = TAKE(arena, Norm, 1);
    *copy = *norm;
    copy->eps = eps;
    for (size_t i = 0; i < norm->parts; i++)
        copy->part[i] = with_eps(arena, norm->part[i], eps);
    return copy;
}

static Trial setting(Arena *arena, const char *spec, Shape shape, double eps, double unit,
                     double offset, uint64_t seed) {
    BaseError error = {.set = false};
    const Norm *norm = norm_new(arena, spec, shape.size[1], &error);
    if (norm == NULL) fail_msg("%s: %s", spec, error.message);
    Trial s = trial_of(with_eps(arena, norm, eps), shape, NORM_TRAIN);
    s.epoch = 1;
    s.dy = normals(arena, 100 * seed, s.n, 0.1, 1.0);
    s.x = normals(arena, 100 * seed + 1, s.n, 0.0, 1.0);
    for (size_t k = 0; k < norm->params; k++) {
        const NormParam *param = &norm->param[k];
        s.param[k] = normals(arena, 100 * seed + 2 + k, param->count, 0.5, 0.5);
        for (size_t i = 0; param->role == NORM_PARAM_GATE && i < param->count; i++)
            s.param[k][i] /= unit * (1.0 + fabs(offset));
    }
    for (size_t k = 0; k < norm->states; k++) {
        const NormState *state = &norm->state[k];
        const bool is_mean = state->role == NORM_STATE_MEAN;
        double *value = normals(arena, 100 * seed + 50 + k, state->count, 0.0, 0.5);
        for (size_t i = 0; i < state->count; i++) {
            if (state->adapted)
                value[i] = state->start[i];
            else if (is_mean)
                value[i] = unit * (offset + value[i]);
            else
                value[i] = fmin(unit * (0.5 + fabs(value[i])) * unit, DBL_MAX / 2);
        }
        s.state[k] = value;
    }
    return s;
}

static void put_inputs(TapeNode **in, Tape *tape, const Trial *s) {
    in[0] = tape_parameter(tape, s->shape, s->x, NULL);
    for (size_t k = 0; k < s->norm->params; k++)
        in[1 + k] =
            tape_parameter(tape, SHAPE_OF(s->norm->param[k].count), s->param[k], NULL);
}

/* ---- what differs ----------------------------------------------------------------- */

static size_t place_of(size_t i, ShapeLattice at, Reach reach) {
    const size_t row = i / at.L;
    return reach == ROW      ? row
           : reach == SAMPLE ? row / at.C
                             : (reach == CHANNEL ? row % at.C : 0);
}

/* The largest |truth| of what each element shares cells with. */
static Quad *sizes(Arena *arena, const Quad *truth, size_t count, ShapeLattice at,
                   Reach reach) {
    Quad *size = TAKE(arena, Quad, count), *most = ZERO(arena, Quad, count);
    for (size_t i = 0; i < count; i++) {
        Quad *at_place = &most[place_of(i, at, reach)];
        if (quad_abs(truth[i]) > *at_place) *at_place = quad_abs(truth[i]);
    }
    for (size_t i = 0; i < count; i++) size[i] = most[place_of(i, at, reach)];
    return size;
}

/* Of another class, or farther than `allowed` eps of its size; `room` is what is lost where
 * numbers are not normal. */
static size_t differing(const char *spec, const char *data, const char *what,
                        const double *got, const Quad *truth, const Quad *size,
                        size_t count, double allowed, Quad room) {
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        const double rounded = (double)truth[i];
        const Quad error = quad_abs((Quad)got[i] - truth[i]),
                   limit = allowed * DBL_EPSILON * size[i] + room;
        const bool same = isinf(rounded)  ? got[i] == rounded || limit >= DBL_MAX / 4
                          : isinf(got[i]) ? quad_abs(truth[i]) + limit > DBL_MAX
                                          : error <= limit;
        if (isnan(rounded) ? isnan(got[i]) : same) continue;
        if (wrong++ == 0)
            print_error("%s, %s: %s[%zu] = %.17g, expected %.17g (size %g)\n", spec, data,
                        what, i, got[i], rounded, (double)size[i]);
    }
    return wrong;
}

static size_t judge(Arena *arena, const Subject *subject, const char *data,
                    const Trial *s) {
    const size_t n = s->n, inputs = 1 + s->norm->params;
    TapeNode *in[MOST], *out[MOST + 1];
    Quad *truth[MOST + 1];
    Tape *exact = tape_new(arena);
    const Outcome got = trial_run(arena, s, 0);
    Trial true_to = *s;
    if (subject->truth) {
        BaseError error = {.set = false};
        const Norm *norm = norm_new(arena, subject->truth, s->at.C, &error);
        true_to.norm = with_eps(arena, norm, s->norm->eps);
    }
    put_inputs(in, exact, s);
    out[inputs] = trial_write_definition(exact, in, &true_to);
    tape_gradient(exact, out[inputs], tape_leaf(exact, s->shape, s->dy), in, inputs, out);
    program_run_quad(program_new(exact, out, inputs + 1), arena, NULL, NULL, 0, truth);
    const Quad least = 0x1p-1074;
    double largest = 0.0;
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(s->x[i]));
    const char *spec = subject->spec;
    size_t wrong =
        differing(spec, data, "y", got.y, truth[inputs],
                  sizes(arena, truth[inputs], n, s->at, ALL), n, 16, 4 * least);
    wrong +=
        differing(spec, data, "dx", got.dx, truth[0],
                  sizes(arena, truth[0], n, s->at, subject->reach), n, 1024, 4 * least);
    for (size_t k = 1; k < inputs; k++) {
        const NormParam *param = &s->norm->param[k - 1];
        const size_t count = param->count;
        /* gates and logits: what cancels in their gradients is of the size of y, or of x */
        const NormParamRole role = param->role;
        const bool cancels = role == NORM_PARAM_LOGIT || role == NORM_PARAM_WEIGHT;
        const Quad term = role == NORM_PARAM_GATE ? largest : cancels ? 1 : 0;
        const Quad room = 16 * n * least + 1024 * DBL_EPSILON * term;
        wrong +=
            differing(spec, data, s->norm->param[k - 1].name, got.dparam[k - 1], truth[k],
                      sizes(arena, truth[k], count, (ShapeLattice){1, 1, 1}, ALL), count,
                      1024, room);
    }
    return wrong;
}

/* ---- data ------------------------------------------------------------------------ */

/* Units 2^e, and means in units: over the whole range, and as little of it as says whether
 * it is thought of, in a fraction of a second. */
typedef struct Range {
    int exponent[20], exponents;
    double ratio[4];
    int ratios;
} Range;

static const Range WHOLE = {{-1070, -1060, -1040, -1022, -900, -620, -540, -512, -500,
                             500, 511, 515, 540, 620, 900, 1000, 1019},
                            17,
                            {0.0, 3.0, 1e2, 1e8},
                            4},
                   GLANCE = {{-540, 0, 620, 1019}, 4, {0.0, 1e8}, 2};
static const Shape SHAPES[] = {{4, {4, 4, 3, 5}}, {3, {2, 4, 70}}};

/* One unit for all: std 2^e, mean a multiple of it; eps 0, of the data's size, and usual. */
static size_t units(const Subject *subject, size_t count, size_t shapes, NormMode mode,
                    const Range *range) {
    size_t wrong = 0;
    for (size_t c = 0; c < count * shapes; c++)
        for (int e = 0; e < range->exponents; e++)
            for (int r = 0; r < range->ratios; r++)
                for (size_t k = 0; k < 3; k++) {
                    const int exponent = range->exponent[e];
                    const double unit = ldexp(1.0, exponent), ratio = range->ratio[r];
                    const double eps = k == 0   ? 0.0
                                       : k == 1 ? fmin(ldexp(0.01, 2 * exponent), 1e300)
                                                : 1e-5;
                    if (!isfinite(32.0 * ratio * unit)) continue;
                    Arena *arena = arena_new();
                    Trial s = setting(arena, subject[c % count].spec, SHAPES[c / count],
                                      eps, unit, ratio, c);
                    s.mode = mode;
                    for (size_t i = 0; i < s.n; i++) s.x[i] = unit * (ratio + s.x[i]);
                    char data[64];
                    snprintf(data, sizeof data, "std 2^%d, mean %g std, eps %g", exponent,
                             ratio, eps);
                    if (mode == NORM_TRAIN || norm_keeps_state(s.norm))
                        wrong += judge(arena, &subject[c % count], data, &s);
                    arena_free(arena);
                }
    return wrong;
}

/* Samples, channels or single elements of very different sizes in one tensor. */
static size_t mixed(const Subject *subject, size_t count) {
    static const int BY[] = {0, 700, -700, 300, -1000, 1000, 20, 515};
    static const char *const what[] = {"samples", "channels", "elements", "one element",
                                       "nothing: the largest and the least"};
    size_t wrong = 0;
    for (size_t c = 0; c < count; c++)
        for (size_t way = 0; way < COUNT_OF(what); way++)
            for (size_t k = 0; k < 2; k++) {
                Arena *arena = arena_new();
                const double eps = k == 0 ? 1e-5 : 1e-300;
                Trial s = setting(arena, subject[c].spec, SHAPES[0], eps, 1.0, 0.0, c);
                const ShapeLattice at = s.at;
                for (size_t i = 0; i < s.n; i++) {
                    const size_t of[] = {i / at.L / at.C, i / at.L % at.C, i,
                                         i == 0 ? 5 : 0, 0};
                    s.x[i] = ldexp(s.x[i], BY[of[way] % COUNT_OF(BY)]);
                    if (way == 4) /* DBL_MAX of either sign, and the smallest */
                        s.x[i] = i % 3 ? copysign(DBL_MAX, s.x[i]) : 0x1p-1074;
                }
                char data[64];
                snprintf(data, sizeof data, "mixed %s, eps %g", what[way], eps);
                wrong += judge(arena, &subject[c], data, &s);
                arena_free(arena);
            }
    return wrong;
}

static void kernels_over_the_whole_range(void **state) {
    (void)state;
    const size_t count = COUNT_OF(PARTITIONS);
    assert_int_equal(units(PARTITIONS, count, COUNT_OF(SHAPES), NORM_TRAIN, &WHOLE) +
                         units(PARTITIONS, count, 1, NORM_EVAL, &WHOLE),
                     0);
}

static void rows_over_the_whole_range(void **state) {
    (void)state;
    const size_t count = COUNT_OF(COMBINED);
    assert_int_equal(units(COMBINED, count, 1, NORM_TRAIN, &WHOLE) +
                         units(COMBINED, count, 1, NORM_EVAL, &WHOLE),
                     0);
}

static void kernels_at_a_glance(void **state) {
    (void)state;
    const size_t count = COUNT_OF(PARTITIONS);
    assert_int_equal(units(PARTITIONS, count, 1, NORM_TRAIN, &GLANCE) +
                         units(PARTITIONS, count, 1, NORM_EVAL, &GLANCE),
                     0);
}

static void rows_at_a_glance(void **state) {
    (void)state;
    const size_t count = COUNT_OF(COMBINED);
    assert_int_equal(units(COMBINED, count, 1, NORM_TRAIN, &GLANCE) +
                         units(COMBINED, count, 1, NORM_EVAL, &GLANCE),
                     0);
}

static void kernels_of_mixed_sizes(void **state) {
    (void)state;
    assert_int_equal(mixed(PARTITIONS, COUNT_OF(PARTITIONS)), 0);
}

static void rows_of_mixed_sizes(void **state) {
    (void)state;
    assert_int_equal(mixed(COMBINED, COUNT_OF(COMBINED)), 0);
}

#else

static void absent(void **state) {
    (void)state;
    print_message("not run: this compiler has no 113-bit reals\n");
}
#define kernels_over_the_whole_range absent
#define rows_over_the_whole_range    absent
#define kernels_at_a_glance          absent
#define rows_at_a_glance             absent
#define kernels_of_mixed_sizes       absent
#define rows_of_mixed_sizes          absent

#endif

static const Case cases[] = {
    CASE(oracle, kernels_over_the_whole_range), CASE(oracle, kernels_of_mixed_sizes),
    CASE(oracle, rows_over_the_whole_range),    CASE(oracle, rows_of_mixed_sizes),
    CASE(oracle, kernels_at_a_glance),          CASE(oracle, rows_at_a_glance)};

HARNESS_MAIN("norm_range", cases)
