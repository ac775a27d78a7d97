/* Kernels and definitions against 113 bits: every bar holds for every base normalizer, on
 * shapes of ranks 2 to 5 and on data chosen to break them. Each case prints how near to its bars it came. */
#include "norm_shared.h"
#include "reference.h"
#include "text.h"
#include "trial_kind.h"

#define EPS DBL_EPSILON

/* ---- the bars, in units of eps and of the scales in reference.h ------------------ */

typedef enum Bar {
    KERNEL_Y,
    KERNEL_DX,
    KERNEL_DGAMMA,
    KERNEL_DBETA,
    DEFINED_Y,
    DEFINED_DX,
    DEFINED_DGAMMA,
    DEFINED_DBETA,
    BARS
} Bar;

static const struct {
    const char *name;
    double most;
} BAR[BARS] = {{"kernel y", 4},           {"kernel dx", 32},       {"kernel dgamma", 16},
               {"kernel dbeta", 16},      {"definition y", 64},    {"definition dx", 64},
               {"definition dgamma", 64}, {"definition dbeta", 64}};

/* ---- what is normalized ---------------------------------------------------------- */

typedef struct Subject {
    const char *spec;
    Sharing sharing;
    size_t number;
} Subject;

static const Subject SUBJECTS[] = {
    {"none", SHARE_NOTHING, 0},       {"batch", SHARE_BATCH, 0},
    {"layer", SHARE_LAYER, 0},        {"instance", SHARE_INSTANCE, 0},
    {"group(1)", SHARE_GROUP, 1},     {"group(2)", SHARE_GROUP, 2},
    {"group(3)", SHARE_GROUP, 3},     {"group(size=1)", SHARE_SIZE, 1},
    {"group(size=2)", SHARE_SIZE, 2}, {"group(size=3)", SHARE_SIZE, 3},
    {"position", SHARE_POSITION, 0},  {"ghost(1)", SHARE_GHOST, 1},
    {"ghost(2)", SHARE_GHOST, 2},     {"ghost(3)", SHARE_GHOST, 3}};

static const Shape SHAPES[] = {
    {2, {1, 1}},          {2, {7, 6}},          {2, {130, 2}},       {2, {2, 129}},
    {3, {1, 2, 63}},      {3, {3, 2, 64}},      {3, {2, 3, 65}},     {3, {1, 1, 129}},
    {3, {4, 6, 1}},       {4, {2, 6, 5, 7}},    {4, {3, 1, 3, 3}},   {4, {1, 4, 16, 9}},
    {5, {2, 3, 2, 3, 5}}, {5, {1, 2, 1, 1, 1}}, {4, {1, 1, 40, 33}}, {3, {1, 600, 2}}};

static bool suits(const Subject *s, ShapeLattice x) {
    switch (s->sharing) {
    case SHARE_GROUP:
    case SHARE_SIZE:
        return s->number <= x.C && x.C % s->number == 0;
    case SHARE_GHOST:
        return s->number <= x.N && x.N % s->number == 0;
    default:
        return true;
    }
}

/* ---- data: element i of a row of L, of normals z --------------------------------- */

typedef struct Data {
    const char *name;
    double (*at)(Draw draw, size_t i, ShapeLattice x, double unit);
    double unit; /* an offset, or a size */
    double eps;
} Data;

static double offset_at(Draw draw, size_t i, ShapeLattice x, double unit) {
    (void)x;
    return unit + draw_normal(draw, i);
}

static double repeated_at(Draw draw, size_t i, ShapeLattice x, double unit) {
    (void)x;
    return unit + (double)draw_below(draw, i, 3);
}

/* One element of each row a rounding away from the others. */
static double nearly_equal_at(Draw draw, size_t i, ShapeLattice x, double unit) {
    (void)draw;
    return i % x.L == x.L / 2 ? nextafter(unit, INFINITY) : unit;
}

static double equal_at(Draw draw, size_t i, ShapeLattice x, double unit) {
    (void)draw, (void)i, (void)x;
    return unit;
}

static double sized_at(Draw draw, size_t i, ShapeLattice x, double unit) {
    (void)x;
    return unit * draw_normal(draw, i);
}

static double heavy_at(Draw draw, size_t i, ShapeLattice x, double unit) {
    (void)x;
    double z = draw_normal(draw, i);
    return z * exp(unit * fabs(z));
}

static double cauchy_at(Draw draw, size_t i, ShapeLattice x, double unit) {
    (void)x;
    return unit * draw_normal(draw, 2 * i) / draw_normal(draw, 2 * i + 1);
}

static double first_of_row_at(Draw draw, size_t i, ShapeLattice x, double unit) {
    return i % x.L == 0 ? unit : draw_normal(draw, i);
}

static double first_at(Draw draw, size_t i, ShapeLattice x, double unit) {
    (void)x;
    return i == 0 ? unit : draw_normal(draw, i);
}

/* The first leaf of every sample is one value, what follows is elsewhere. */
static double first_leaf_at(Draw draw, size_t i, ShapeLattice x, double unit) {
    return i % (x.C * x.L) < 64 ? unit : draw_normal(draw, i);
}

static double last_leaf_at(Draw draw, size_t i, ShapeLattice x, double unit) {
    return i % (x.C * x.L) >= 64 ? unit + draw_normal(draw, i)
                                 : 1e-3 * draw_normal(draw, i);
}

/* Positions 64 apart of different size. */
static double columns_at(Draw draw, size_t i, ShapeLattice x, double unit) {
    return (i % x.L < 64 ? unit : 1.0) * draw_normal(draw, i);
}

static double ramp_at(Draw draw, size_t i, ShapeLattice x, double unit) {
    (void)draw, (void)x;
    return unit + (double)i / 3.0;
}

static double steep_at(Draw draw, size_t i, ShapeLattice x, double unit) {
    (void)x;
    return pow(unit, (double)(i % 64)) * (1.0 + 0.1 * draw_normal(draw, i));
}

static double alternating_at(Draw draw, size_t i, ShapeLattice x, double unit) {
    (void)x;
    return (i % 2 ? unit : -unit) + draw_normal(draw, i);
}

/* ---- one judgement --------------------------------------------------------------- */

typedef struct Worst {
    double of[BARS];
    size_t runs;
    double ratio;
} Worst;

static double *drawn(Arena *arena, const Data *data, Shape shape, uint64_t seed) {
    const size_t n = shape_count(shape);
    double *x = TAKE(arena, double, n);
    Draw draw = {.seed = seed, .purpose = DRAW_TEST, .sample = 1};
    for (size_t i = 0; i < n; i++)
        x[i] = data->at(draw, i, shape_lattice(shape), data->unit);
    return x;
}

/* Largest |got - want| / (eps scale (1 + ratio)); an error where there is no scale is infinite. */
static double measured(const double *got, const Quad *want, const double *scale,
                       const double *ratio, double ratio_of_all, size_t count) {
    double worst = 0.0;
    for (size_t i = 0; i < count; i++) {
        double error = (double)quad_abs(got[i] - want[i]);
        double unit = scale[i] * (1.0 + (ratio ? ratio[i] : ratio_of_all));
        double in_eps = error == 0.0 ? 0.0 : error / (EPS * unit);
        if (!(in_eps <= worst)) worst = in_eps;
    }
    return worst;
}

static void measure(double *got, const Outcome *o, const Reference *r, bool definition,
                    size_t n, size_t C) {
    const double all = definition ? r->worst_ratio : 0.0,
                 *ratio = definition ? r->ratio : NULL;
    got[0] = measured(o->y, r->y, r->y_scale, ratio, 0.0, n);
    got[1] = measured(o->dx, r->dx, r->dx_scale, ratio, 0.0, n);
    got[2] = measured(o->dparam[0], r->dgamma, r->dgamma_scale, NULL, all, C);
    got[3] = measured(o->dparam[1], r->dbeta, r->dbeta_scale, NULL, 0.0, C);
}

/* Random everything but x, which is chosen. */
static Trial chosen(Arena *arena, const char *spec, double *x, Shape shape, NormMode mode,
                    uint64_t seed) {
    BaseError error = {.set = false};
    const Norm *norm = norm_new(arena, spec, shape.size[1], &error);
    if (norm == NULL || !norm_fits(arena, norm, shape_lattice(shape), mode, &error))
        fail_msg("%s on %s: %s", spec, shape_text(arena, shape), error.message);
    Trial t = trial_of(norm, shape, mode);
    t.x = x;
    t.dy = normals(arena, 16 * seed + 1, t.n, 0.1, 1.0);
    t.param[0] = normals(arena, 16 * seed + 2, t.at.C, 0.3, 1.0);
    t.param[1] = normals(arena, 16 * seed + 3, t.at.C, -0.2, 1.0);
    t.state[0] = normals(arena, 16 * seed + 4, t.at.C, 0.5, 0.5);
    t.state[1] = normals(arena, 16 * seed + 5, t.at.C, 0.0, 2.0);
    for (size_t c = 0; c < t.at.C; c++)
        t.state[1][c] = 0.1 + t.state[1][c] * t.state[1][c];
    return t;
}

static bool judge(Arena *arena, Worst *worst, const Subject *subject, const Data *data,
                  Shape shape, NormMode mode, uint64_t seed) {
    ArenaMark mark = arena_mark(arena);
    const ShapeLattice at = shape_lattice(shape);
    const char *spec =
        strchr(subject->spec, '(')
            ? text_print(arena, "%.*s, eps=%.17g)", (int)strlen(subject->spec) - 1,
                         subject->spec, data->eps)
            : text_print(arena, "%s(eps=%.17g)", subject->spec, data->eps);
    if (subject->sharing == SHARE_NOTHING) spec = "none";
    const Trial t =
        chosen(arena, spec, drawn(arena, data, shape, seed), shape, mode, seed);
    bool given = mode == NORM_EVAL &&
                 (subject->sharing == SHARE_BATCH || subject->sharing == SHARE_GHOST);
    Question question = {.sharing = subject->sharing,
                         .number = subject->number,
                         .eps = data->eps,
                         .N = at.N,
                         .C = at.C,
                         .L = at.L,
                         .x = t.x,
                         .dy = t.dy,
                         .gamma = t.param[0],
                         .beta = t.param[1],
                         .mean = given ? t.state[0] : NULL,
                         .variance = given ? t.state[1] : NULL};
    Reference reference = reference_answer(arena, &question);
    bool good = true;
    for (int definition = 0; definition < 2; definition++) {
        double got[BARS / 2];
        const Outcome outcome =
            definition ? trial_run_definition(arena, &t) : trial_run(arena, &t, 0);
        measure(got, &outcome, &reference, definition, t.n, at.C);
        for (size_t k = 0; k < BARS / 2; k++) {
            size_t bar = k + (definition ? DEFINED_Y : KERNEL_Y);
            if (!(got[k] <= worst->of[bar])) worst->of[bar] = got[k];
            if (got[k] <= BAR[bar].most) continue;
            print_error("%s of %s on %s, %s %g, %s, seed %llu: %.3g eps, allowed %g\n",
                        BAR[bar].name, spec, shape_text(arena, shape), data->name,
                        data->unit, mode == NORM_TRAIN ? "train" : "eval",
                        (unsigned long long)seed, got[k], BAR[bar].most);
            good = false;
        }
    }
    worst->runs++;
    if (reference.worst_ratio > worst->ratio) worst->ratio = reference.worst_ratio;
    arena_rewind(arena, mark);
    return good;
}

static void report(const Worst *worst) {
    print_message("%zu runs, |mean|/std up to %.1e; worst in eps (bar):", worst->runs,
                  worst->ratio);
    for (size_t bar = 0; bar < BARS; bar++)
        print_message("%s %s %.3g (%g)", bar ? "," : "", BAR[bar].name, worst->of[bar],
                      BAR[bar].most);
    print_message("\n");
}

static void sweep(const Data *data, size_t count, NormMode mode) {
    Arena *arena = arena_new();
    Worst worst = {.runs = 0};
    bool good = true;
    for (size_t d = 0; d < count; d++)
        for (size_t k = 0; k < COUNT_OF(SHAPES); k++)
            for (size_t s = 0; s < COUNT_OF(SUBJECTS); s++)
                if (suits(&SUBJECTS[s], shape_lattice(SHAPES[k])))
                    good &= judge(arena, &worst, &SUBJECTS[s], &data[d], SHAPES[k], mode,
                                  1000 * d + 50 * k + s);
    report(&worst);
    arena_free(arena);
    assert_true(good);
}

/* ---- the cases ------------------------------------------------------------------- */

static const Data OFFSETS[] = {
    {"offset", offset_at, 0.0, 1e-5},  {"offset", offset_at, 1.0, 1e-5},
    {"offset", offset_at, 1e2, 1e-5},  {"offset", offset_at, 1e4, 1e-5},
    {"offset", offset_at, -1e6, 1e-5}, {"offset", offset_at, 1e8, 1e-5}};

static const Data REPEATED[] = {{"repeated", repeated_at, 0.0, 1e-5},
                                {"repeated", repeated_at, 1.0 / 3.0, 1e-5},
                                {"repeated", repeated_at, 1e8, 1e-5},
                                {"equal", equal_at, 0.1, 1e-5},
                                {"equal", equal_at, -1e10, 1e-5},
                                {"nearly equal", nearly_equal_at, 1.0, 1e-5},
                                {"nearly equal", nearly_equal_at, 1e8, 1e-300}};

/* eps follows the size of the data, or does not. */
static const Data SIZES[] = {
    {"size", sized_at, 1e-150, 1e-300}, {"size", sized_at, 1e-150, 1e-5},
    {"size", sized_at, 1e-3, 1e-5},     {"size", sized_at, 1e-9, 1e-5},
    {"size", sized_at, 1e-170, 1e-300}, {"size", sized_at, 1e150, 1e-5},
    {"size", sized_at, 1e150, 1e300},   {"size", sized_at, 1.0, 1e10}};

static const Data TAILS[] = {{"heavy tails", heavy_at, 1.0, 1e-5},
                             {"heavy tails", heavy_at, 4.0, 1e-5},
                             {"cauchy", cauchy_at, 1.0, 1e-5},
                             {"cauchy", cauchy_at, 1e6, 1e-5},
                             {"two sides", alternating_at, 1e6, 1e-5}};

static const Data OUTLIERS[] = {{"first of rows", first_of_row_at, 1e3, 1e-5},
                                {"first of rows", first_of_row_at, -1e8, 1e-5},
                                {"first", first_at, 1e16, 1e-5},
                                {"first", first_at, 1e4, 1e-5},
                                {"first leaf", first_leaf_at, 0.0, 1e-5},
                                {"first leaf", first_leaf_at, 1e8, 1e-5},
                                {"columns", columns_at, 1e20, 1e-5},
                                {"last leaf", last_leaf_at, 1e8, 1e-5}};

static const Data RAMPS[] = {{"ramp", ramp_at, 0.0, 1e-5},
                             {"ramp", ramp_at, 1e8, 1e-5},
                             {"steep", steep_at, 2.0, 1e-5},
                             {"steep", steep_at, 0.25, 1e-5}};

static const Data GIVEN[] = {{"offset", offset_at, 0.0, 1e-5},
                             {"offset", offset_at, 1e8, 1e-5},
                             {"size", sized_at, 1e-150, 1e-5},
                             {"size", sized_at, 1e150, 1e-5},
                             {"repeated", repeated_at, 0.0, 1e-3}};

#define SWEEP(name, data, mode)                                                          \
    static void name(void **state) {                                                     \
        (void)state;                                                                     \
        sweep(data, COUNT_OF(data), mode);                                               \
    }

SWEEP(offsets, OFFSETS, NORM_TRAIN)
SWEEP(repeated_values, REPEATED, NORM_TRAIN)
SWEEP(tiny_and_huge, SIZES, NORM_TRAIN)
SWEEP(heavy_tails, TAILS, NORM_TRAIN)
SWEEP(outliers, OUTLIERS, NORM_TRAIN)
SWEEP(ramps, RAMPS, NORM_TRAIN)
SWEEP(evaluation, GIVEN, NORM_EVAL)

/* The reference has the digits that it is trusted for. */
static void arithmetic_has_113_bits(void **state) {
    (void)state;
    assert_true(NORMLAB_HAS_QUAD);
    volatile Quad tiny = (Quad)0x1p-112, one = 1, two = 2;
    assert_true(one + tiny > one);
    Quad root = quad_sqrt(two);
    assert_true((double)quad_abs(root * root - two) <= 0x1p-111);
}

static const Case CASES[] = {
    CASE(example, arithmetic_has_113_bits),
    CASE(oracle, offsets),
    CASE(oracle, repeated_values),
    CASE(oracle, tiny_and_huge),
    CASE(oracle, heavy_tails),
    CASE(oracle, outliers),
    CASE(oracle, ramps),
    CASE(oracle, evaluation),
};

HARNESS_MAIN("norm_oracle", CASES)
