/* The whole Jacobian: what it passes, and that one wrong entry of thousands is found where it is. */
#include "harness.h"

#include "check.h"
#include "moments.h"
#include "op.h"
#include "trial_kind.h"

#include <float.h>
#include <math.h>
#include <string.h>

static double *normals(Arena *arena, size_t count, uint64_t sample) {
    Draw draw = {.seed = 29, .purpose = DRAW_TEST, .sample = sample};
    double *values = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) values[i] = draw_normal(draw, i);
    return values;
}

static double *all(Arena *arena, size_t count, double value) {
    double *values = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) values[i] = value;
    return values;
}

static CheckFunction function_of(const char *name, size_t inputs, const CheckInput *input,
                                 TapeNode *(*write)(Tape *, TapeNode *const *, void *),
                                 void *context) {
    return (CheckFunction){.name = name,
                           .inputs = inputs,
                           .input = input,
                           .write = write,
                           .context = context};
}

static void expect(CheckReport r, CheckVerdict verdict, const char *says,
                   const char *what) {
    if (r.verdict == verdict && strstr(r.reason, says)) return;
    fail_msg("%s: %s, '%s' (wanted '%s'); input %zu[%zu] of y[%zu], got %.17g, expected "
             "%.17g, error %.3g, allowed %.3g",
             what, check_verdict_text(r.verdict), r.reason, says, r.input, r.element,
             r.output, r.got, r.expected, r.error, r.allowed);
}

/* ---- a fault anywhere: y = W (a, b), one entry of the backward wrong -------------- */

enum {
    ROWS = 11,
    LEFT = 4,
    RIGHT = 3,
    COLUMNS = LEFT + RIGHT
}; /* no whole cache lines */

typedef struct Fault {
    size_t row, column;
    double added;
} Fault;

typedef struct Linear {
    const double *w; /* [ROWS, COLUMNS], zeros among them */
    Fault fault[2];
} Linear;

static void linear_forward(Tape *t, TapeNode *y) {
    (void)t;
    const Linear *f = y->detail;
    for (size_t j = 0; j < ROWS; j++) {
        y->value[j] = 0.0;
        for (size_t k = 0; k < COLUMNS; k++)
            y->value[j] +=
                f->w[j * COLUMNS + k] * y->in[k >= LEFT]->value[k >= LEFT ? k - LEFT : k];
    }
}

static void linear_backward(Tape *t, TapeNode *y, const double *g, double *const *dx,
                            const double *beta) {
    (void)t;
    const Linear *f = y->detail;
    for (size_t k = 0; k < COLUMNS; k++) {
        const size_t i = k >= LEFT;
        double *d = dx[i] + (k - i * LEFT), sum = beta[i] == 0.0 ? 0.0 : *d;
        for (size_t j = 0; j < ROWS; j++) sum += f->w[j * COLUMNS + k] * g[j];
        for (size_t q = 0; q < 2; q++)
            if (k == f->fault[q].column) sum += f->fault[q].added * g[f->fault[q].row];
        *d = sum;
    }
}

static TapeNode *linear_define(Tape *t, TapeNode *y) {
    const Linear *f = y->detail;
    TapeNode *in = tape_add(t, tape_pad(t, y->in[0], 0, 0, COLUMNS),
                            tape_pad(t, y->in[1], 0, LEFT, COLUMNS));
    TapeNode *w = tape_leaf(t, SHAPE_OF(ROWS, COLUMNS), f->w);
    TapeNode *y1 =
        tape_matmul(t, w, tape_reshape(t, in, SHAPE_OF(COLUMNS, 1)), false, false);
    return tape_reshape(t, y1, SHAPE_OF(ROWS));
}

static const Op op_linear = {.name = "linear",
                             .forward = linear_forward,
                             .backward = linear_backward,
                             .define = linear_define};

static TapeNode *write_linear(Tape *t, TapeNode *const *x, void *context) {
    return tape_write(t, &op_linear, SHAPE_OF(ROWS), x, 2, context, NULL);
}

static CheckReport check_linear(Arena *arena, Linear *linear, double digits) {
    const CheckInput input[] = {{"a", SHAPE_OF(LEFT), normals(arena, LEFT, 1), 1.0},
                                {"b", SHAPE_OF(RIGHT), normals(arena, RIGHT, 2), 1.0}};
    const CheckFunction function = function_of("linear", 2, input, write_linear, linear);
    const double *scale[] = {all(arena, LEFT, 1.0), all(arena, RIGHT, 1.0)};
    return check_jacobian(arena, &function, &(CheckBound){digits, scale, 0.0});
}

static double *weights(Arena *arena) {
    double *w = normals(arena, (size_t)ROWS * COLUMNS, 3);
    for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i += 3) w[i] = 0.0;
    return w;
}

/* Zeros must be zeros: there the least fault shows, elsewhere one of a few eps. */
static void every_entry_is_looked_at(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Linear f = {.w = weights(arena)};
    Fault *fault = &f.fault[0];
    CheckReport r = check_linear(arena, &f, 4);
    expect(r, CHECK_PASS, "", "no fault");
    assert_int_equal(r.compared, ROWS * COLUMNS);
    for (size_t at = 0; at < (size_t)ROWS * COLUMNS; at++) {
        const double w = f.w[at];
        fault->row = at / COLUMNS;
        fault->column = at % COLUMNS;
        fault->added = w == 0.0 ? 5e-324 : 32 * DBL_EPSILON;
        r = check_linear(arena, &f, 4);
        expect(r, CHECK_FAIL, w == 0.0 ? "must be exactly 0" : "beyond", "one entry");
        assert_int_equal(r.output, fault->row);
        assert_int_equal(r.input, fault->column >= LEFT);
        assert_int_equal(r.element, fault->column - (fault->column >= LEFT ? LEFT : 0));
        assert_true(r.expected == w && r.got == w + fault->added);
        assert_int_equal(r.compared, ROWS * COLUMNS);
        fault->added = w == 0.0 ? 0.0 : 2 * DBL_EPSILON;
        expect(check_linear(arena, &f, 4), CHECK_PASS, "", "rounding");
    }
    arena_free(arena);
}

/* Whichever is met first, and whether they fail or not. */
static void the_worse_of_two_is_reported(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const double small = 0x1p-40, large = 0x1.2p-40; /* 4096 and 4608 eps */
    for (size_t first = 0; first < 2; first++)
        for (double digits = 4000; digits < 5000; digits += 100) {
            Linear f = {
                .w = weights(arena),
                .fault = {{3, 2, first ? large : small}, {9, 5, first ? small : large}}};
            CheckReport r = check_linear(arena, &f, digits);
            assert_int_equal(r.output, first ? 3 : 9);
            assert_int_equal(r.verdict, digits > 4608 ? CHECK_PASS : CHECK_FAIL);
        }
    arena_free(arena);
}

/* A kernel that leaves a gradient as it was, or makes it infinite. */
static void what_is_not_finite_fails(void **state) {
    (void)state;
    static const double faults[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        Arena *arena = arena_new();
        Linear f = {.w = weights(arena), .fault = {{7, 5, faults[i]}}};
        CheckReport r = check_linear(arena, &f, 1e300);
        expect(r, CHECK_FAIL, "not finite", "a fault");
        assert_int_equal(r.input, 1);
        assert_int_equal(r.element, 5 - LEFT);
        arena_free(arena);
    }
}

/* ---- a fused normalizer that leaks from one cell into another ---------------------- */

enum { N = 4, C = 4, L = 3, LATTICE = N * C * L, FROM = 5, TO = 40 };

static void centre(double *y, const double *x, const Partition *p) {
    double mean[N * C];
    partition_mean(mean, x, p);
    for (size_t i = 0; i < LATTICE; i++)
        y[i] = x[i] - mean[partition_cell(p, i / L / C, i / L % C, i % L)];
}

static void centre_forward(Tape *t, TapeNode *y) {
    (void)t;
    centre(y->value, y->in[0]->value, y->detail);
}

/* y[FROM] tells x[TO], in another cell: a part of 1e-300, which no sum shows. */
static void centre_backward(Tape *t, TapeNode *y, const double *g, double *const *dx,
                            const double *beta) {
    (void)t, (void)beta;
    centre(dx[0], g, y->detail);
    dx[0][TO] += 1e-300 * g[FROM];
}

static TapeNode *centre_define(Tape *t, TapeNode *y) {
    TapeNode *x = y->in[0], *mean = tape_mean(t, x, y->detail);
    return tape_sub(t, x, tape_spread(t, mean, y->detail, x->shape));
}

static const Op op_centre = {.name = "centre",
                             .forward = centre_forward,
                             .backward = centre_backward,
                             .define = centre_define};

static TapeNode *write_centre(Tape *t, TapeNode *const *x, void *context) {
    return tape_write(t, &op_centre, x[0]->shape, x, 1, context, NULL);
}

static void a_leak_between_cells(void **state) {
    (void)state;
    Arena *arena = arena_new();
    union {
        const Partition *partition;
        void *context;
    } held = {partition_blocks(arena, (ShapeLattice){N, C, L}, 1, 2, false)};
    const CheckInput input = {"x", SHAPE_OF(N, C, L), normals(arena, LATTICE, 4), 1.0};
    const CheckFunction function =
        function_of("centre", 1, &input, write_centre, held.context);
    const double *scale[] = {all(arena, LATTICE, 1.0)};
    CheckReport r = check_jacobian(arena, &function, &(CheckBound){64, scale, 0.0});
    expect(r, CHECK_FAIL, "must be exactly 0", "a leak");
    assert_int_equal(r.element, TO);
    assert_int_equal(r.output, FROM);
    assert_int_equal(r.compared, LATTICE * LATTICE);
    expect(check_differences(arena, &function, CHECK_BACKWARD, 1, LATTICE), CHECK_PASS,
           "", "differences, which do not see it");
    arena_free(arena);
}

/* ---- functions whose derivatives are known ----------------------------------------- */

static TapeNode *itself(Tape *t, TapeNode *const *x, void *context) {
    (void)t, (void)context;
    return x[0];
}

static TapeNode *constant(Tape *t, TapeNode *const *x, void *context) {
    (void)context;
    return tape_fill(t, x[0]->shape, 2.385);
}

static TapeNode *rectified(Tape *t, TapeNode *const *x, void *context) {
    (void)context;
    return tape_relu(t, x[0]);
}

static TapeNode *root(Tape *t, TapeNode *const *x, void *context) {
    (void)context;
    return tape_sqrt(t, x[0]);
}

static void known_functions(void **state) {
    (void)state;
    static const struct {
        TapeNode *(*write)(Tape *, TapeNode *const *, void *);
        CheckVerdict verdict;
        double x[3];
        const char *says;
    } row[] = {{itself, CHECK_PASS, {1.5, 0.0, -2.0}, ""},
               {constant, CHECK_PASS, {1.5, 0.0, -2.0}, ""},
               {rectified, CHECK_PASS, {1e-9, -1e-9, 2.0}, ""},
               {root, CHECK_PASS, {2.0, 0.3, 1e10}, ""},
               {root, CHECK_FAIL, {2.0, 0.0, 1.0}, "not finite"}};
    for (size_t i = 0; i < COUNT_OF(row); i++) {
        Arena *arena = arena_new();
        const CheckInput input = {"x", SHAPE_OF(3), row[i].x, 1.0};
        const CheckFunction function =
            function_of("known", 1, &input, row[i].write, NULL);
        const double *scale[] = {all(arena, 3, 1.0)};
        CheckReport r = check_jacobian(arena, &function, &(CheckBound){4, scale, 0.0});
        expect(r, row[i].verdict, row[i].says, "a known function");
        assert_int_equal(r.compared, 9);
        arena_free(arena);
    }
}

/* ---- normalizers ------------------------------------------------------------------- */

static const char *const SPECS[] = {"none",     "batch",         "layer",    "instance",
                                    "group(2)", "group(size=2)", "position", "ghost(2)"};
static const Shape SHAPES[] = {
    {2, {6, 4}}, {3, {4, 4, 3}}, {4, {2, 4, 3, 3}}, {5, {2, 4, 2, 3, 2}}};

/* What an eps is worth in dy/dx, by the largest rstd of the cells and |x|. */
static double largest(Arena *arena, const Trial *s) {
    const ShapeLattice l = s->at;
    const bool fixed = norm_smallest_cell(s->norm, l, s->mode) == SIZE_MAX;
    const Partition *p = norm_partition(arena, s->norm, l, s->mode, NULL);
    Moments *m = TAKE(arena, Moments, partition_cells(p));
    double rstd = fixed ? 1.5 : 0.0, most = 0.0; /* given variances are above 0.5 */
    partition_moments(m, s->x, p);
    for (size_t i = 0; !fixed && i < partition_cells(p); i++)
        rstd = fmax(rstd, 1.0 / sqrt(moments_variance(m[i]) + s->norm->eps));
    for (size_t i = 0; i < s->n; i++) most = fmax(most, fabs(s->x[i]));
    return rstd * (1.0 + most * rstd);
}

static void judge_norm(const char *spec, Shape shape, NormMode mode) {
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const ShapeLattice l = shape_lattice(shape);
    const size_t count = shape_count(shape);
    const double *gamma = normals(arena, l.C, 6);
    double *variance = normals(arena, l.C, 7);
    for (size_t c = 0; c < l.C; c++) variance[c] = 0.5 + variance[c] * variance[c];
    Trial subject = trial_of(norm_new(arena, spec, l.C, &error), shape, mode);
    assert_non_null(subject.norm);
    subject.x = normals(arena, count, 5);
    subject.state[0] = normals(arena, l.C, 8), subject.state[1] = variance;
    const CheckInput input[] = {{"x", shape, subject.x, 1.0},
                                {"gamma", SHAPE_OF(l.C), gamma, 1.0},
                                {"beta", SHAPE_OF(l.C), normals(arena, l.C, 9), 1.0}};
    const CheckFunction function = function_of(spec, 3, input, trial_write, &subject);
    const double worth = largest(arena, &subject);
    const double *scale[] = {all(arena, count, worth), all(arena, l.C, worth),
                             all(arena, l.C, 1.0)};
    CheckReport r = check_jacobian(arena, &function, &(CheckBound){4, scale, 0.0});
    expect(r, CHECK_PASS, "", spec);
    assert_int_equal(r.compared, count * (count + 2 * l.C));
    assert_true(r.error <= r.allowed && r.output < count);
    arena_free(arena);
}

static void normalizers_pass(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(SPECS); i++)
        for (size_t s = 0; s < COUNT_OF(SHAPES); s++) {
            Arena *arena = arena_new();
            BaseError error = {.set = false};
            const Norm *norm = norm_new(arena, SPECS[i], SHAPES[s].size[1], &error);
            const ShapeLattice l = shape_lattice(SHAPES[s]);
            if (norm_standardizes(arena, norm, l, NORM_TRAIN, &error))
                judge_norm(SPECS[i], SHAPES[s], NORM_TRAIN);
            if (norm_keeps_state(norm)) judge_norm(SPECS[i], SHAPES[s], NORM_EVAL);
            arena_free(arena);
        }
}

/* What is reported is the worst: allow a little less and it fails there, a little more and it
 * passes. */
static void the_worst_is_reported(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Shape shape = SHAPE_OF(N, C, L);
    Trial subject = trial_of(norm_new(arena, "group(2)", C, &error), shape, NORM_TRAIN);
    const CheckInput input[] = {{"x", shape, normals(arena, LATTICE, 5), 1.0},
                                {"gamma", SHAPE_OF(C), normals(arena, C, 6), 1.0},
                                {"beta", SHAPE_OF(C), normals(arena, C, 9), 1.0}};
    const CheckFunction function =
        function_of("group(2)", 3, input, trial_write, &subject);
    const double *scale[] = {all(arena, LATTICE, 1.0), all(arena, C, 1.0),
                             all(arena, C, 1.0)};
    CheckReport r = check_jacobian(arena, &function, &(CheckBound){1e3, scale, 0.0});
    expect(r, CHECK_PASS, "", "group(2)");
    assert_true(r.error > 0.0);
    const double digits = r.error / DBL_EPSILON;
    CheckReport less =
        check_jacobian(arena, &function, &(CheckBound){0.99 * digits, scale, 0.0});
    expect(less, CHECK_FAIL, "beyond", "a little less");
    assert_int_equal(less.input, r.input);
    assert_int_equal(less.element, r.element);
    assert_int_equal(less.output, r.output);
    expect(check_jacobian(arena, &function, &(CheckBound){1.01 * digits, scale, 0.0}),
           CHECK_PASS, "", "a little more");
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, every_entry_is_looked_at), CASE(theorem, the_worse_of_two_is_reported),
    CASE(theorem, what_is_not_finite_fails), CASE(theorem, a_leak_between_cells),
    CASE(theorem, the_worst_is_reported),    CASE(example, known_functions),
    CASE(oracle, normalizers_pass),
};

HARNESS_MAIN("check_jacobian", CASES)
