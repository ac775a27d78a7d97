/* What holds of every normalizer of one partition, whatever its numbers: theorems, each as
 * exactly as it holds. "Same bits" where the arithmetic is the same; else eps, with the reason. */
#include "check.h"
#include "norm_run.h"

#define EPS DBL_EPSILON

static const char *const SPECS[] = {"none",     "batch",         "layer",    "instance",
                                    "group(2)", "group(size=4)", "position", "ghost(4)"};
static const NormMode MODES[] = {NORM_TRAIN, NORM_EVAL};
#define WIDE ((Shape){4, {8, 8, 3, 23}}) /* rows of 69: one leaf and a bit */
#define FLAT ((Shape){2, {8, 8}})

typedef struct Sizes {
    size_t n, C, L;
} Sizes;

static Sizes sizes_of(const Call *call) {
    Lattice at = shape_lattice(call->shape);
    return (Sizes){shape_count(call->shape), at.C, at.L};
}

/* ---- comparisons ----------------------------------------------------------------- */

static void same(const double *a, const double *b, size_t count) {
    if (a == NULL && b == NULL) return;
    assert_non_null(a);
    assert_non_null(b);
    for (size_t i = 0; i < count; i++)
        if (!(a[i] == b[i])) assert_near(a[i], b[i], 0.0);
}

static void same_outcome(const Outcome *a, const Outcome *b, Sizes s) {
    same(a->y, b->y, s.n);
    same(a->dx, b->dx, s.n);
    same(a->dgamma, b->dgamma, s.C);
    same(a->dbeta, b->dbeta, s.C);
}

static double largest(const double *a, size_t count) {
    double most = 0.0;
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs(a[i]));
    return most;
}

/* Within k eps of the largest element. */
static void close_to(const double *a, const double *b, size_t count, double k) {
    const double bound = k * EPS * largest(b, count);
    for (size_t i = 0; i < count; i++) assert_near(a[i], b[i], bound);
}

static void close_outcome(const Outcome *a, const Outcome *b, Sizes s, double k) {
    close_to(a->y, b->y, s.n, k);
    close_to(a->dx, b->dx, s.n, k);
    close_to(a->dgamma, b->dgamma, s.C, k);
    close_to(a->dbeta, b->dbeta, s.C, k);
}

static void all_equal(const double *a, double want, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!(a[i] == want)) assert_near(a[i], want, 0.0);
}

/* A body for every spec, in both modes, on two shapes. */
#define EACH(body)                                                                       \
    Arena *arena = arena_new();                                                          \
    for (size_t i_ = 0; i_ < 4 * COUNT_OF(SPECS); i_++)                                  \
        body(arena, SPECS[i_ / 4], i_ & 1 ? WIDE : FLAT, MODES[i_ / 2 % 2], i_);         \
    arena_free(arena);

#define THEOREM(name, body)                                                              \
    static void name(void **state) {                                                     \
        (void)state;                                                                     \
        EACH(body)                                                                       \
    }

/* Whether this spec takes moments from x in this mode. */
static bool own_moments(const char *spec, NormMode mode) {
    bool state = strncmp(spec, "batch", 5) == 0 || strncmp(spec, "ghost", 5) == 0;
    return strcmp(spec, "none") != 0 && !(state && mode == NORM_EVAL);
}

/* Cell of every element, by the partition; given moments: one cell a channel. */
static const size_t *cells_of(Arena *arena, const Call *call, size_t *count) {
    const Partition *p = norm_partition(arena, norm_of(arena, call),
                                        shape_lattice(call->shape), call->mode, NULL);
    size_t n = shape_count(call->shape), *cell = TAKE(arena, size_t, n);
    for (size_t i = 0; i < n; i++)
        cell[i] = partition_cell(p, i / p->L / p->C, i / p->L % p->C, i % p->L);
    *count = partition_cells(p);
    return cell;
}

static const char *plain(Arena *arena, const char *spec, const char *more) {
    size_t length = strlen(spec);
    if (spec[length - 1] != ')') return text_print(arena, "%s(%s)", spec, more);
    return text_print(arena, "%.*s, %s)", (int)length - 1, spec, more);
}

/* ---- two texts of one function --------------------------------------------------- */

static void agree(Arena *arena, const char *spec, Shape shape, NormMode mode,
                  uint64_t seed) {
    Call call = random_call(arena, spec, shape, mode, seed);
    Outcome kernel = run(arena, &call, KERNEL),
            definition = run(arena, &call, DEFINITION);
    close_outcome(&kernel, &definition, sizes_of(&call), 32.0);
    same(kernel.observed[0], definition.observed[0], shape.size[1]);
    for (size_t c = 0; c < shape.size[1]; c++)
        assert_near(kernel.observed[1][c], definition.observed[1][c], 0.0);
}
THEOREM(kernel_is_its_definition, agree)

static void fused_gradient_of(Arena *arena, const char *spec, Shape shape, NormMode mode,
                              uint64_t seed) {
    Call call = random_call(arena, spec, shape, mode, seed);
    const Norm *norm = norm_of(arena, &call);
    Tape *tape = tape_new(arena);
    Node *in[3] = {tape_parameter(tape, shape, call.x, NULL),
                   tape_parameter(tape, SHAPE(shape.size[1]), call.gamma, NULL),
                   tape_parameter(tape, SHAPE(shape.size[1]), call.beta, NULL)};
    NormContext context = {
        .tape = tape, .norm = norm, .mode = mode, .param = in + 1, .state = call.state};
    Node *dx[3];
    tape_gradient(tape, norm_apply(&context, in[0]), tape_leaf(tape, shape, call.dy), in,
                  3, dx);
    Outcome want = run(arena, &call, DEFINITION);
    same(dx[0]->value, want.dx, shape_count(shape));
    same(dx[1]->value, want.dgamma, shape.size[1]);
    same(dx[2]->value, want.dbeta, shape.size[1]);
}
THEOREM(recorded_gradient_is_the_definitions, fused_gradient_of)

/* ---- one normalizer is another --------------------------------------------------- */

static void are_one(const char *a, const char *b, Shape shape, NormMode mode, bool bits) {
    Arena *arena = arena_new();
    for (Way way = KERNEL; way <= DEFINITION; way++) {
        Call call = random_call(arena, a, shape, mode, 7),
             other = random_call(arena, b, shape, mode, 7);
        Outcome one = run(arena, &call, way), two = run(arena, &other, way);
        if (bits)
            same_outcome(&one, &two, sizes_of(&call));
        else
            close_outcome(&one, &two, sizes_of(&call), 32.0);
    }
    arena_free(arena);
}

static void special_cases(void **state) {
    (void)state;
    const Shape one_channel = {3, {4, 1, 70}}, one_sample = {3, {1, 8, 70}},
                even = {4, {4, 8, 3, 23}};
    const Shape one_position = {2, {5, 70}};
    are_one("group(1)", "layer", even, NORM_TRAIN, true);
    are_one("group(8)", "instance", even, NORM_TRAIN, true);
    are_one("group(size=1)", "instance", even, NORM_TRAIN, true);
    are_one("group(size=4)", "group(2)", even, NORM_TRAIN, true);
    are_one("ghost(4)", "batch", even, NORM_TRAIN, true);
    are_one("ghost(1)", "instance", even, NORM_TRAIN, true);
    are_one("ghost(2)", "batch", even, NORM_EVAL, true);
    are_one("layer", "instance", one_channel, NORM_TRAIN, true);
    are_one("batch", "instance", one_sample, NORM_TRAIN, true);
    are_one("position", "layer", one_position, NORM_TRAIN,
            false); /* sums in another order */
}

static void same_in_evaluation(Arena *arena, const char *spec, Shape shape, NormMode mode,
                               uint64_t seed) {
    if (own_moments(spec, NORM_EVAL) == false) return;
    Call call = random_call(arena, spec, shape, mode, seed);
    Outcome one = run(arena, &call, KERNEL);
    call.mode = mode == NORM_TRAIN ? NORM_EVAL : NORM_TRAIN;
    Outcome two = run(arena, &call, KERNEL);
    same_outcome(&one, &two, sizes_of(&call));
}
THEOREM(without_state_evaluation_is_training, same_in_evaluation)

/* A sample alone gives the bits that it gives in company: all that does not share over samples. */
static void sample_alone(Arena *arena, const char *spec, Shape shape, NormMode mode,
                         uint64_t seed) {
    if (own_moments(spec, mode) && (spec[0] == 'b' || strncmp(spec, "ghost", 5) == 0))
        return;
    Call call = random_call(arena, spec, shape, mode, seed), alone = call;
    size_t each = shape_count(shape) / shape.size[0];
    Outcome all = run(arena, &call, KERNEL);
    alone.shape.size[0] = 1, alone.x += each, alone.dy += each;
    Outcome one = run(arena, &alone, KERNEL);
    same(one.y, all.y + each, each);
    same(one.dx, all.dx + each, each);
}
THEOREM(samples_do_not_meet, sample_alone)

static void same_positions(Arena *arena, const char *spec, Shape shape, NormMode mode,
                           uint64_t seed) {
    (void)shape;
    Call call = random_call(arena, spec, (Shape){3, {4, 8, 12}}, mode, seed);
    Outcome want = run(arena, &call, KERNEL);
    static const Shape EQUAL[] = {
        {4, {4, 8, 3, 4}}, {5, {4, 8, 3, 2, 2}}, {5, {4, 8, 1, 12, 1}}};
    for (size_t k = 0; k < COUNT_OF(EQUAL); k++) {
        call.shape = EQUAL[k];
        Outcome got = run(arena, &call, KERNEL);
        same_outcome(&got, &want, sizes_of(&call));
    }
}
THEOREM(only_the_number_of_positions_matters, same_positions)

/* ---- what x may go through ------------------------------------------------------- */

static void scaled(Arena *arena, const char *spec, Shape shape, NormMode mode,
                   uint64_t seed) {
    if (!own_moments(spec, mode)) return;
    for (int power = -20; power <= 20; power += 13) {
        const double eps = ldexp(1e-5, 2 * power);
        Call call = random_call(arena, plain(arena, spec, "eps=1e-5"), shape, mode, seed),
             big = call;
        size_t n = shape_count(shape);
        double *x = TAKE(arena, double, n);
        for (size_t i = 0; i < n; i++) x[i] = ldexp(call.x[i], power);
        big.x = x, big.spec = plain(arena, spec, text_print(arena, "eps=%.17g", eps));
        Outcome one = run(arena, &call, KERNEL), two = run(arena, &big, KERNEL);
        for (size_t i = 0; i < n; i++) two.dx[i] = ldexp(two.dx[i], power);
        same_outcome(&one, &two, sizes_of(&call));
    }
}
THEOREM(powers_of_two_with_eps_pass_unseen, scaled)

/* x + c is exact (x: 20 bits after the point, none beyond 2^4), its mean in one double is not. */
static void shifted(Arena *arena, const char *spec, Shape shape, NormMode mode,
                    uint64_t seed) {
    if (strcmp(spec, "none") == 0) return;
    Call call = random_call(arena, spec, shape, mode, seed), far = call;
    const size_t n = shape_count(shape), C = shape.size[1];
    double *x = TAKE(arena, double, n), *moved = TAKE(arena, double, n),
           *mean = TAKE(arena, double, C);
    double *about = TAKE(arena, double, C);
    for (size_t i = 0; i < n; i++)
        x[i] = ldexp(round(ldexp(call.x[i], 20)), -20), moved[i] = x[i] + 0x1p30;
    for (size_t c = 0; c < C; c++)
        about[c] = (double)c / 4.0, mean[c] = about[c] + 0x1p30;
    call.x = x, far.x = moved, call.state[0] = about, far.state[0] = mean;
    Outcome one = run(arena, &call, KERNEL), two = run(arena, &far, KERNEL);
    if (own_moments(spec, mode))
        close_outcome(&two, &one, sizes_of(&call),
                      16.0); /* other roundings of x - shift */
    else
        same_outcome(&two, &one, sizes_of(&call));
}
THEOREM(an_exact_shift_passes_unseen, shifted)

/* A random order of every cell's elements: to[i] is in i's cell. */
static const size_t *shuffle_cells(Arena *arena, const size_t *cell, size_t n,
                                   uint64_t seed) {
    size_t *to = TAKE(arena, size_t, n), *order = TAKE(arena, size_t, n),
           *last = TAKE(arena, size_t, n);
    draw_permutation((Draw){.seed = seed, .purpose = DRAW_TEST}, order, n);
    for (size_t i = 0; i < n; i++) to[i] = i, last[i] = n;
    for (size_t k = 0; k < n; k++) {
        size_t i = order[k], before = last[cell[i]];
        if (before < n) {
            size_t held = to[i];
            to[i] = to[before];
            to[before] = held;
        }
        last[cell[i]] = i;
    }
    return to;
}

static void permuted(Arena *arena, const char *spec, Shape shape, NormMode mode,
                     uint64_t seed) {
    Call call = random_call(arena, plain(arena, spec, "gamma=no, beta=no"), shape, mode,
                            seed),
         other = call;
    size_t n = shape_count(shape), cells;
    const size_t *to = shuffle_cells(arena, cells_of(arena, &call, &cells), n, seed);
    double *x = TAKE(arena, double, n), *dy = TAKE(arena, double, n);
    for (size_t i = 0; i < n; i++) x[i] = call.x[to[i]], dy[i] = call.dy[to[i]];
    other.x = x, other.dy = dy;
    Outcome one = run(arena, &call, KERNEL), two = run(arena, &other, KERNEL);
    double *y = TAKE(arena, double, n), *dx = TAKE(arena, double, n);
    for (size_t i = 0; i < n; i++) y[i] = one.y[to[i]], dx[i] = one.dx[to[i]];
    close_to(two.y, y, n, 16.0); /* sums in another order */
    close_to(two.dx, dx, n, 16.0);
}
THEOREM(a_cell_has_no_order, permuted)

/* ---- what every gradient obeys --------------------------------------------------- */

typedef struct CellSums {
    double count, mean, variance, dx, dx_xhat, h_xhat,
        size; /* size: of the terms of dx */
} CellSums;

static void cell_sums(CellSums *sum, size_t cells, const Call *call, const Outcome *o,
                      const size_t *cell, double eps) {
    const size_t n = shape_count(call->shape);
    const Sizes s = sizes_of(call);
    memset(sum, 0, cells * sizeof *sum);
    for (size_t i = 0; i < n; i++) sum[cell[i]].count++, sum[cell[i]].mean += call->x[i];
    for (size_t k = 0; k < cells; k++) sum[k].mean /= sum[k].count;
    for (size_t i = 0; i < n; i++) {
        double d = call->x[i] - sum[cell[i]].mean;
        sum[cell[i]].variance += d * d / sum[cell[i]].count;
    }
    for (size_t i = 0; i < n; i++) {
        CellSums *k = &sum[cell[i]];
        double xhat = (call->x[i] - k->mean) / sqrt(k->variance + eps);
        double h = call->gamma[i / s.L % s.C] * call->dy[i];
        k->dx += o->dx[i], k->dx_xhat += o->dx[i] * xhat, k->h_xhat += h * xhat;
        k->size += fabs(h) * (1.0 + fabs(xhat)) / sqrt(k->variance + eps);
    }
}

/* sum dx = 0; sum dx xhat = eps / (v + eps) rstd sum h xhat, here with an eps that shows. */
static void orthogonal(Arena *arena, const char *spec, Shape shape, NormMode mode,
                       uint64_t seed) {
    if (!own_moments(spec, mode)) return;
    const double eps = 0.5;
    Call call = random_call(arena, plain(arena, spec, "eps=0.5"), shape, mode, seed);
    size_t cells;
    const size_t *cell = cells_of(arena, &call, &cells);
    Outcome o = run(arena, &call, KERNEL);
    CellSums *sum = TAKE(arena, CellSums, cells);
    cell_sums(sum, cells, &call, &o, cell, eps);
    for (size_t k = 0; k < cells; k++) {
        double v = sum[k].variance + eps, rstd = 1.0 / sqrt(v);
        assert_near(sum[k].dx, 0.0, 16.0 * EPS * sum[k].size);
        assert_near(sum[k].dx_xhat, eps / v * rstd * sum[k].h_xhat,
                    64.0 * EPS * sum[k].size);
    }
}
THEOREM(dx_is_orthogonal_to_constants_and_nearly_to_xhat, orthogonal)

/* <J a, b> = <a, J b>: the Jacobian of xhat is symmetric. */
static void symmetric(Arena *arena, const char *spec, Shape shape, NormMode mode,
                      uint64_t seed) {
    Call one = random_call(arena, plain(arena, spec, "gamma=no"), shape, mode, seed),
         two = one;
    size_t n = shape_count(shape);
    two.dy = normals(arena, 999 + seed, n, 0.3, 1.0);
    Outcome a = run(arena, &one, KERNEL), b = run(arena, &two, KERNEL);
    double ab = 0.0, ba = 0.0, size = 0.0;
    for (size_t i = 0; i < n; i++) {
        ab += a.dx[i] * two.dy[i], ba += b.dx[i] * one.dy[i];
        size += fabs(a.dx[i] * two.dy[i]) + fabs(b.dx[i] * one.dy[i]);
    }
    assert_near(ab, ba, 64.0 * EPS * size);
}
THEOREM(jacobian_of_xhat_is_symmetric, symmetric)

/* ---- cells without variance ------------------------------------------------------ */

static void constant(Arena *arena, const char *spec, Shape shape, NormMode mode,
                     uint64_t seed) {
    if (!own_moments(spec, mode)) return;
    Call call = random_call(arena, spec, shape, mode, seed);
    const Sizes s = sizes_of(&call);
    size_t cells;
    const size_t *cell = cells_of(arena, &call, &cells);
    const double *each = normals(arena, seed, cells, 0.0, 1.0);
    double *x = TAKE(arena, double, s.n);
    static const double VALUES[] = {0.1, -1e10 / 3.0, 1e-300, 1e300, 0.0};
    for (size_t v = 0; v <= COUNT_OF(VALUES); v++) {
        for (size_t i = 0; i < s.n; i++)
            x[i] = v < COUNT_OF(VALUES) ? VALUES[v] : each[cell[i]];
        call.x = x;
        for (Way way = KERNEL; way <= DEFINITION; way++) {
            Outcome o = run(arena, &call, way);
            for (size_t i = 0; i < s.n; i++)
                assert_near(o.y[i], call.beta[i / s.L % s.C], 0.0);
            all_equal(o.dgamma, 0.0, s.C);
            assert_true(isfinite(largest(o.dx, s.n)));
        }
    }
}
THEOREM(no_variance_gives_beta_exactly, constant)

static void one_element_cells(void **state) {
    (void)state;
    Arena *arena = arena_new();
    static const struct {
        const char *spec;
        Shape shape;
    } ONE[] = {{"instance", {2, {5, 3}}}, {"position", {3, {2, 1, 70}}},
               {"layer", {2, {4, 1}}},    {"batch", {2, {1, 7}}},
               {"group(3)", {2, {4, 3}}}, {"ghost(1)", {2, {3, 4}}}};
    for (size_t k = 0; k < COUNT_OF(ONE); k++) {
        Call call = random_call(arena, ONE[k].spec, ONE[k].shape, NORM_TRAIN, k);
        const Sizes s = sizes_of(&call);
        assert_int_equal(norm_smallest_cell(arena, norm_of(arena, &call),
                                            shape_lattice(call.shape), NORM_TRAIN),
                         1);
        for (Way way = KERNEL; way <= DEFINITION; way++) {
            Outcome o = run(arena, &call, way);
            for (size_t i = 0; i < s.n; i++)
                assert_near(o.y[i], call.beta[i / s.L % s.C], 0.0);
            all_equal(o.dx, 0.0, s.n);
            all_equal(o.dgamma, 0.0, s.C);
        }
    }
    arena_free(arena);
}

/* ---- finite differences, which know neither text --------------------------------- */

typedef struct Checked {
    const Norm *norm;
    NormMode mode;
    const double *state[2];
} Checked;

static Node *write_norm(Tape *tape, Node *const *x, void *context) {
    const Checked *checked = context;
    NormContext call = {.tape = tape,
                        .norm = checked->norm,
                        .mode = checked->mode,
                        .param = x + 1,
                        .state = checked->state};
    return norm_apply(&call, x[0]);
}

static void differences(Arena *arena, const char *spec, Shape shape, NormMode mode,
                        uint64_t seed) {
    shape = shape.rank == 2 ? (Shape){3, {4, 4, 3}} : (Shape){4, {4, 4, 3, 7}};
    Call call = random_call(arena, spec, shape, mode, seed);
    Checked checked = {norm_of(arena, &call), mode, {call.state[0], call.state[1]}};
    CheckInput input[] = {{"x", shape, call.x, 2.0},
                          {"gamma", SHAPE(shape.size[1]), call.gamma, 1.0},
                          {"beta", SHAPE(shape.size[1]), call.beta, 1.0}};
    CheckFunction function = {spec, COUNT_OF(input), input, write_norm, &checked, NULL};
    for (CheckDriver driver = CHECK_BACKWARD; driver <= CHECK_SECOND; driver++) {
        CheckReport report = check_differences(arena, &function, driver, seed, 64);
        if (report.verdict != CHECK_PASS)
            print_error("%s, driver %d: %s at input %zu, element %zu: got %.17g, "
                        "expected %.17g, allowed %.2g; %s\n",
                        spec, driver, check_verdict_text(report.verdict), report.input,
                        report.element, report.got, report.expected, report.allowed,
                        report.reason);
        assert_int_equal(report.verdict, CHECK_PASS);
    }
}
THEOREM(differences_confirm_every_derivative, differences)

static const Case CASES[] = {
    CASE(theorem, kernel_is_its_definition),
    CASE(theorem, recorded_gradient_is_the_definitions),
    CASE(theorem, special_cases),
    CASE(theorem, without_state_evaluation_is_training),
    CASE(theorem, samples_do_not_meet),
    CASE(theorem, only_the_number_of_positions_matters),
    CASE(theorem, powers_of_two_with_eps_pass_unseen),
    CASE(theorem, an_exact_shift_passes_unseen),
    CASE(theorem, a_cell_has_no_order),
    CASE(theorem, dx_is_orthogonal_to_constants_and_nearly_to_xhat),
    CASE(theorem, jacobian_of_xhat_is_symmetric),
    CASE(theorem, no_variance_gives_beta_exactly),
    CASE(theorem, one_element_cells),
    CASE(oracle, differences_confirm_every_derivative),
};

HARNESS_MAIN("norm", CASES)
