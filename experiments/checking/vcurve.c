/* One cell of group(1) on [1, 4, 16]: 64 derivatives of f(x) = <u, y(x)>, u and gamma
 * random. */
#include "vcurve.h"

#include "arith_calls.h"
#include "differences.h"
#include "house.h"
#include "norm.h"
#include "step.h"
#include "sum.h"

#include <float.h>
#include <math.h>

static const char SPEC[] = "group(1)";
static const Shape CELL = {3, {1, 4, 16}};
enum { COUNT = 64, CHANNELS = 4 };
static const double MEANS[] = {0.0, 1e3, 1e6}; /* of normals: in standard deviations */

enum { DECADE_LEAST = -12, DECADE_MOST = 1, A_DECADE = 4 };

/* ---- the function ---------------------------------------------------------------- */

/* Draws of their own, apart from those of the oracles, which count from 0. */
enum { SAMPLE = (1 << 30) + 2 };

typedef struct Cell {
    Arena *arena;
    const Norm *norm;
    double *x, *u, *gamma, *beta;
    CheckInput input;
    CheckFunction function; /* y, with upstream u */
    Derive derive;          /* and the kernel's gradient */
    const Stepper *stepper;
    const Quad *truth; /* [COUNT] the adjoint program in 113 bits */
    double largest;    /* |truth| */

    Kinks kinks;
    double direction[COUNT], *along;
    Probe probe;
} Cell;

static double *normals(Arena *arena, uint64_t seed, uint64_t sample, size_t count,
                       double mean) {
    Draw draw = {.seed = seed, .purpose = DRAW_CHECK, .epoch = SAMPLE, .sample = sample};
    double *values = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) values[i] = mean + draw_normal(draw, i);
    return values;
}

static TapeNode *write_cell(Tape *tape, TapeNode *const *x, void *context) {
    const Cell *cell = context;
    TapeNode *param[] = {tape_leaf(tape, SHAPE_OF(CHANNELS), cell->gamma),
                         tape_leaf(tape, SHAPE_OF(CHANNELS), cell->beta)};
    const NormContext call = {
        .tape = tape, .norm = cell->norm, .mode = NORM_TRAIN, .param = param};
    return norm_apply(&call, x[0]);
}

static void prepare(Cell *cell) {
    cell->input = (CheckInput){"x", CELL, cell->x, 1.0};
    cell->function = (CheckFunction){.name = SPEC,
                                     .inputs = 1,
                                     .input = &cell->input,
                                     .write = write_cell,
                                     .context = cell,
                                     .upstream = cell->u};
    cell->derive = derive_begin(cell->arena, &cell->function, CHECK_BACKWARD, 0);
    cell->stepper = stepper_new(&cell->derive, 1);
    cell->truth = derive_exact(&cell->derive)[0];
    for (size_t i = 0; i < COUNT; i++)
        cell->largest = fmax(cell->largest, fabs((double)cell->truth[i]));
    cell->kinks = probe_kinks(cell->arena, &cell->function);
    cell->along = cell->direction;
    cell->probe = (Probe){.arena = cell->arena,
                          .function = &cell->function,
                          .upstream = cell->u,
                          .along = &cell->along,
                          .kinks = &cell->kinks};
}

static Cell *cell_new(Arena *arena, uint64_t seed, double mean) {
    BaseError error = {.set = false};
    Cell *cell = ZERO(arena, Cell, 1);
    cell->arena = arena;
    cell->norm = norm_new(arena, SPEC, CHANNELS, &error);
    REQUIRE(cell->norm && cell->norm->params == 2, "%s: %s", SPEC, error.message);
    cell->x = normals(arena, seed, 0, COUNT, mean);
    cell->u = normals(arena, seed, 1, COUNT, 0.0);
    cell->gamma = normals(arena, seed, 2, CHANNELS, 0.0);
    cell->beta = normals(arena, seed, 3, CHANNELS, 0.0);
    prepare(cell);
    return cell;
}

/* Largest |got - truth| over largest |truth|. */
static double error_of(const Cell *cell, const Quad *got) {
    Quad worst = 0;
    for (size_t i = 0; i < COUNT; i++) {
        Quad error = quad_abs(got[i] - cell->truth[i]);
        if (!(error <= worst)) worst = error;
    }
    return (double)(worst / cell->largest);
}

/* ---- oracles without a step ------------------------------------------------------ */

static double kernel_error(const Cell *cell) {
    Quad got[COUNT];
    for (size_t k = 0; k < COUNT; k++) got[k] = cell->derive.got[0][k];
    return error_of(cell, got);
}

/* The direction of element k. */
static double *const *toward(Cell *cell, size_t k) {
    vector_zero(cell->direction, COUNT);
    cell->direction[k] = 1.0;
    return &cell->along;
}

static double complex_error(Cell *cell) {
    Quad got[COUNT];
    for (size_t k = 0; k < COUNT; k++)
        got[k] =
            stepper_slope(cell->stepper, cell->arena, cell->u, toward(cell, k), false);
    return error_of(cell, got);
}

/* In 113 bits, rounded to doubles as an oracle is; *unrounded: as it came. */
static double quad_complex_error(Cell *cell, double *unrounded) {
    Quad got[COUNT], rounded[COUNT];
    for (size_t k = 0; k < COUNT; k++) {
        got[k] =
            stepper_exact_slope(cell->stepper, cell->arena, cell->u, toward(cell, k));
        rounded[k] = (double)got[k];
    }
    *unrounded = error_of(cell, got);
    return error_of(cell, rounded);
}

/* ---- differences ----------------------------------------------------------------- */

/* f along element k. */
static const Probe *probe_at(Cell *cell, size_t k) {
    toward(cell, k);
    return &cell->probe;
}

//> rules
static double central(const Probe *probe, double h) {
    return (probe_sample(probe, h).value - probe_sample(probe, -h).value) / (2.0 * h);
}

/* GSL's points: at h and at h/2, combined so that the h^2 term cancels. */
static double five_point(const Probe *probe, double h) {
    return (4.0 * central(probe, h / 2.0) - central(probe, h)) / 3.0;
}
//< rules

typedef struct Rule {
    const char *name;
    double (*slope)(const Probe *probe, double h);
} Rule;

static const Rule RULES[] = {{"central difference", central},
                             {"five-point rule", five_point}};

static double rule_error(Cell *cell, const Rule *rule, double step) {
    Quad got[COUNT];
    for (size_t k = 0; k < COUNT; k++) got[k] = rule->slope(probe_at(cell, k), step);
    return error_of(cell, got);
}

/* The step that balances both errors of a central difference if f varies over a distance
 * |x|, as general-purpose tools believe: cbrt(eps) |x|, each element its own. */
static double proportional_error(Cell *cell, double *mean_step) {
    Quad got[COUNT];
    *mean_step = 0.0;
    for (size_t k = 0; k < COUNT; k++) {
        double step = cbrt(DBL_EPSILON) * fabs(cell->x[k]);
        *mean_step += step / COUNT;
        got[k] = central(probe_at(cell, k), step);
    }
    return error_of(cell, got);
}

/* GSL's adaptive rule from the first step of our oracle; *estimate: the largest of its
 * own error estimates. */
static double adaptive_error(Cell *cell, double *estimate) {
    static const double first = 1e-3;
    Quad got[COUNT];
    *estimate = 0.0;
    for (size_t k = 0; k < COUNT; k++) {
        Difference e = differences_estimate(probe_at(cell, k), first, 0.0);
        got[k] = e.value;
        *estimate = fmax(*estimate, e.estimate / cell->largest);
    }
    return error_of(cell, got);
}

/* ---- all of it ------------------------------------------------------------------- */

enum { PROPORTIONAL, ADAPTIVE, COMPLEX_STEP, QUAD_STEP, KERNEL, ORACLES };

static const char *const ORACLE[ORACLES] = {[PROPORTIONAL] =
                                                "central, step cbrt(eps) |x|",
                                            [ADAPTIVE] = "GSL, adaptive step",
                                            [COMPLEX_STEP] = "complex step",
                                            [QUAD_STEP] = "complex step, 113 bits",
                                            [KERNEL] = "backward kernel"};

static void measure_oracles(double error[ORACLES], double step[ORACLES], double *estimate,
                            double *routes, Cell *cell) {
    for (size_t i = 0; i < ORACLES; i++) step[i] = NAN;
    error[PROPORTIONAL] = proportional_error(cell, &step[PROPORTIONAL]);
    error[ADAPTIVE] = adaptive_error(cell, estimate);
    error[COMPLEX_STEP] = complex_error(cell);
    error[KERNEL] = kernel_error(cell);
    error[QUAD_STEP] = quad_complex_error(cell, routes);
}

static const double *steps_new(Arena *arena, size_t *count) {
    *count = (DECADE_MOST - DECADE_LEAST) * A_DECADE + 1;
    double *step = TAKE(arena, double, *count);
    for (size_t i = 0; i < *count; i++)
        step[i] = pow(10.0, DECADE_LEAST + (double)i / A_DECADE);
    return step;
}

VCurves vcurve_measure(Arena *arena, uint64_t seed) {
    const size_t means = COUNT_OF(MEANS), rules = COUNT_OF(RULES), oracles = ORACLES;
    VCurves v = {.spec = SPEC,
                 .elements = COUNT,
                 .means = means,
                 .rules = rules,
                 .oracles = oracles,
                 .mean = MEANS};
    v.step = steps_new(arena, &v.steps);
    v.rule = TAKE(arena, const char *, rules);
    v.oracle = TAKE(arena, const char *, oracles);
    for (size_t r = 0; r < rules; r++) v.rule[r] = RULES[r].name;
    for (size_t i = 0; i < oracles; i++) v.oracle[i] = ORACLE[i];
    double *by_rule = TAKE(arena, double, means *rules *v.steps),
           *by_oracle = TAKE(arena, double, means *oracles),
           *step = TAKE(arena, double, means *oracles),
           *estimate = TAKE(arena, double, means), *routes = TAKE(arena, double, means);
    for (size_t m = 0; m < means; m++) {
        ArenaMark mark = arena_mark(arena);
        Cell *cell = cell_new(arena, seed, MEANS[m]);
        for (size_t r = 0; r < rules; r++)
            for (size_t i = 0; i < v.steps; i++)
                by_rule[(m * rules + r) * v.steps + i] =
                    rule_error(cell, &RULES[r], v.step[i]);
        measure_oracles(by_oracle + m * oracles, step + m * oracles, &estimate[m],
                        &routes[m], cell);
        arena_rewind(arena, mark);
    }
    v.rule_error = by_rule;
    v.oracle_error = by_oracle;
    v.oracle_step = step;
    v.estimate = estimate;
    v.routes = routes;
    return v;
}
