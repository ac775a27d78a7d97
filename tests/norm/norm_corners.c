/* What normalizers of channels and samples are at their corners, and what they are between
 * them, restated in plain loops. To the bit where the arithmetic is the same. */
#include "norm_given.h"
#include "text.h"

typedef struct Corner {
    const char *spec, *other;
} Corner;

typedef void Judge(Arena *arena, const Trial *a, const Trial *b, NormMode mode);

static void each_corner(const Corner *corner, size_t count, NormMode mode, Judge *judge) {
    for (size_t i = 0; i < count; i++) {
        Arena *arena = arena_new();
        Trial a = given(arena, corner[i].spec), b = given(arena, corner[i].other);
        judge(arena, &a, &b, mode);
        arena_free(arena);
    }
}

/* ---- lattice --------------------------------------------------------------------- */

static const Corner OF_CHANNELS[] = {{"lattice(batch=all, size=1)", "batch"},
                                     {"lattice(batch=2, size=1)", "ghost(2)"},
                                     {"lattice(batch=1, size=1)", "ghost(1)"}};

static const Corner OF_SAMPLES[] = {{"lattice(batch=1, size=2)", "group(size=2)"},
                                    {"lattice(batch=1, size=4)", "group(size=4)"},
                                    {"lattice(batch=1, size=all)", "layer"},
                                    {"lattice(batch=1, size=1)", "instance"}};

/* Both are over one partition: bits in training, what is observed too. Evaluation by
 * definition is the same quotient; its kernel reads rows. */
static void a_lattice_trains_as_its_corners(void **state) {
    (void)state;
    each_corner(OF_CHANNELS, COUNT_OF(OF_CHANNELS), NORM_TRAIN, same_bits_in);
    each_corner(OF_CHANNELS, COUNT_OF(OF_CHANNELS), NORM_EVAL, same_function_in);
    each_corner(OF_SAMPLES, COUNT_OF(OF_SAMPLES), NORM_TRAIN, same_bits_in);
}

/* An example's own moments alone. */
static void own_moments_alone_are_a_group(void **state) {
    (void)state;
    static const Corner OWN[] = {{"lattice(batch=all, size=2, own=1)", "group(size=2)"},
                                 {"lattice(batch=2, size=4, own=1)", "group(size=4)"},
                                 {"lattice(batch=2, size=all, own=1)", "layer"},
                                 {"lattice(batch=all, size=1, own=1)", "instance"}};
    each_corner(OWN, COUNT_OF(OWN), NORM_EVAL, same_function_in);
}

static void a_lattice_restated(void **state) {
    (void)state;
    static const struct {
        const char *spec;
        size_t block, width;
    } CASES[] = {{"lattice(batch=all, size=all)", N, C},
                 {"lattice(batch=2, size=4)", 2, 4},
                 {"lattice(batch=all, size=2)", N, 2},
                 {"lattice(batch=2, size=all, eps=0.5)", 2, C}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Arena *arena = arena_new();
        Trial g = given(arena, CASES[i].spec);
        is_plain(arena, &g, plain_blocks(arena, USUAL, CASES[i].block, CASES[i].width));
        arena_free(arena);
    }
}

/* Of every channel, whatever the cells: the means over blocks of samples. */
static void a_lattice_observes_channels(void **state) {
    (void)state;
    static const Corner SEEN[] = {{"lattice(batch=2, size=4)", "ghost(2)"},
                                  {"lattice(batch=all, size=all)", "batch"}};
    for (size_t i = 0; i < 2 * COUNT_OF(SEEN); i++) {
        Arena *arena = arena_new();
        Trial a = given(arena, SEEN[i / 2].spec), b = given(arena, SEEN[i / 2].other);
        Outcome got = run_given(arena, &a, NORM_TRAIN, i % 2),
                want = run_given(arena, &b, NORM_TRAIN, i % 2);
        same_observed(&got, 0, &want, b.norm, 0.0);
        arena_free(arena);
    }
}

/* The running moments of c's group as one cell's. */
static Plain pooled_state(const Trial *g, size_t c, size_t width) {
    Plain m = {0, 0, (long double)width};
    const size_t first = c / width * width;
    for (size_t k = first; k < first + width; k++) m.mean += g->state[0][k] / m.count;
    for (size_t k = first; k < first + width; k++) {
        const long double apart = g->state[0][k] - m.mean;
        m.variance += (g->state[1][k] + apart * apart) / m.count;
    }
    return m;
}

/* y, dgamma and dbeta; dx where the own moments weigh nothing. */
static void judge_evaluation(Arena *arena, const Trial *g, size_t width, double own) {
    const size_t *cell = plain_blocks(arena, USUAL, 1, width);
    Outcome want = {TAKE(arena, double, ALL), TAKE(arena, double, ALL), {NULL}, {NULL}};
    for (size_t k = 0; k < 2; k++) want.dparam[k] = ZERO(arena, double, C);
    for (size_t i = 0; i < ALL; i++) {
        const size_t c = i / L % C;
        const Plain run = pooled_state(g, c, width),
                    x = plain_moments(g->x, cell, ALL, i);
        const long double between = run.mean - x.mean,
                          mean = (1 - own) * run.mean + own * x.mean,
                          variance = (1 - own) * run.variance + own * x.variance +
                                     own * (1 - own) * between * between,
                          xhat = (g->x[i] - mean) / sqrtl(variance + g->norm->eps);
        want.y[i] = (double)(g->param[0][c] * xhat + g->param[1][c]);
        want.dx[i] = (double)(g->param[0][c] * g->dy[i] / sqrtl(variance + g->norm->eps));
        want.dparam[0][c] += (double)(g->dy[i] * xhat);
        want.dparam[1][c] += g->dy[i];
    }
    for (int definition = 0; definition < 2; definition++) {
        Outcome got = run_given(arena, g, NORM_EVAL, definition);
        if (own > 0.0) memcpy(want.dx, got.dx, ALL * sizeof *got.dx);
        same_results(g, &got, g->norm, &want, KERNEL_EPS, GRADIENT_EPS);
    }
}

static void a_lattice_evaluates_pooled_moments(void **state) {
    (void)state;
    static const struct {
        const char *spec;
        size_t width;
        double own;
    } CASES[] = {{"lattice(batch=all, size=all)", C, 0.0},
                 {"lattice(batch=2, size=2)", 2, 0.0},
                 {"lattice(batch=1, size=4, eps=0.5)", 4, 0.0},
                 {"lattice(batch=2, size=4, own=0.25)", 4, 0.25},
                 {"lattice(batch=all, size=1, own=0.75)", 1, 0.75},
                 {"lattice(batch=all, size=all, own=0.5)", C, 0.5}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Arena *arena = arena_new();
        Trial g = given(arena, CASES[i].spec);
        judge_evaluation(arena, &g, CASES[i].width, CASES[i].own);
        arena_free(arena);
    }
}

/* ---- channels -------------------------------------------------------------------- */

/* The same sets in the same order. */
static void a_map_of_blocks_is_a_group(void **state) {
    (void)state;
    static const Corner SAME[] = {{"channels(0, 0, 0, 0, 1, 1, 1, 1)", "group(2)"},
                                  {"channels(0, 0, 1, 1, 2, 2, 3, 3)", "group(4)"},
                                  {"channels(0, 0, 0, 0, 0, 0, 0, 0)", "layer"},
                                  {"channels(0, 1, 2, 3, 4, 5, 6, 7)", "instance"},
                                  {"channels(7, 6, 5, 4, 3, 2, 1, 0)", "instance"},
                                  {"channels(1, 1, 0, 0, 3, 3, 2, 2)", "group(4)"}};
    each_corner(SAME, COUNT_OF(SAME), NORM_TRAIN, same_bits_in);
    each_corner(SAME, COUNT_OF(SAME), NORM_EVAL, same_bits_in);
}

static const size_t UNEQUAL[C] = {0, 1, 0, 2, 2, 1, 1, 1};
static const char *const UNEQUAL_SPEC = "channels(0, 1, 0, 2, 2, 1, 1, 1)";

static void unequal_groups_restated(void **state) {
    (void)state;
    static const size_t ALONE[C] = {0, 0, 0, 1, 0, 0, 0, 0};
    Arena *arena = arena_new();
    Trial g = given(arena, UNEQUAL_SPEC),
          alone = given(arena, "channels(0, 0, 0, 1, 0, 0, 0, 0)");
    is_plain(arena, &g, plain_cells(arena, USUAL, 1, UNEQUAL, false));
    is_plain(arena, &alone, plain_cells(arena, USUAL, 1, ALONE, false));
    arena_free(arena);
}

static double *moved(Arena *arena, const double *from, const size_t *to, size_t rows,
                     size_t length) {
    double *out = TAKE(arena, double, rows *C *length);
    for (size_t i = 0; i < rows * C * length; i++) {
        const size_t row = i / length / C, c = i / length % C, l = i % length;
        out[(row * C + to[c]) * length + l] = from[i];
    }
    return out;
}

/* Channels of x, gamma, beta and the map in another order: the same y and gradients in that
 * order, as far as sums are. */
static void channels_have_no_order(void **state) {
    (void)state;
    static const size_t TO[C] = {5, 2, 7, 0, 1, 3, 6, 4};
    Arena *arena = arena_new();
    Text map = text_new(arena);
    for (size_t place = 0; place < C; place++)
        for (size_t c = 0; c < C; c++)
            if (TO[c] == place)
                text_add(&map, "%s%zu", place ? ", " : "channels(", UNEQUAL[c]);
    text_add(&map, ")");
    Trial g = given(arena, UNEQUAL_SPEC), other = given(arena, map.data);
    other.x = moved(arena, g.x, TO, N, L), other.dy = moved(arena, g.dy, TO, N, L);
    for (size_t k = 0; k < 2; k++) other.param[k] = moved(arena, g.param[k], TO, 1, 1);
    for (int way = 0; way < 4; way++) {
        Outcome plain = run_given(arena, &g, way % 2 ? NORM_EVAL : NORM_TRAIN, way / 2),
                got = run_given(arena, &other, way % 2 ? NORM_EVAL : NORM_TRAIN, way / 2);
        Outcome want = {moved(arena, plain.y, TO, N, L),
                        moved(arena, plain.dx, TO, N, L),
                        {moved(arena, plain.dparam[0], TO, 1, 1),
                         moved(arena, plain.dparam[1], TO, 1, 1)},
                        {NULL}};
        same_results(&other, &got, other.norm, &want, KERNEL_EPS, GRADIENT_EPS);
    }
    arena_free(arena);
}

/* One position, and one channel alone: beta is left of it, and no gradient. */
static void an_element_alone_is_beta(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const ShapeLattice at = {N, C, 1};
    Trial g = given_at(arena, "channels(0, 0, 0, 1, 0, 0, 0, 0)", at);
    assert_int_equal(norm_smallest_cell(g.norm, at, NORM_TRAIN), 1);
    for (int definition = 0; definition < 2; definition++) {
        Outcome got = run_given(arena, &g, NORM_TRAIN, definition);
        for (size_t i = 0; i < N * C; i++) {
            const bool alone = i % C == 3;
            assert_true((got.y[i] == g.param[1][3]) == alone);
            assert_true((got.dx[i] == 0.0) == alone);
        }
        assert_near(got.dparam[0][3], 0.0, 0.0);
    }
    arena_free(arena);
}

/* ---- soft ------------------------------------------------------------------------ */

static void one_hot_memberships_are_a_map(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trial soft = given(arena, "soft(3)"), map = given(arena, UNEQUAL_SPEC);
    for (size_t c = 0; c < C; c++)
        for (size_t g = 0; g < 3; g++)
            param(&soft, "assignment")[3 * c + g] = g == UNEQUAL[c] ? 800.0 : -800.0;
    for (int way = 0; way < 4; way++)
        same_in(arena, &soft, &map, way % 2 ? NORM_EVAL : NORM_TRAIN, way / 2, KERNEL_EPS,
                GRADIENT_EPS);
    arena_free(arena);
}

/* A group that no channel is in changes nothing, however far the logits are apart. */
static void an_empty_group_has_no_share(void **state) {
    (void)state;
    static const double FAR[] = {400.0, 1e4, 1e300};
    Arena *arena = arena_new();
    for (size_t k = 0; k < COUNT_OF(FAR); k++) {
        Trial soft = given(arena, "soft(4)"), map = given(arena, UNEQUAL_SPEC);
        for (size_t c = 0; c < C; c++)
            for (size_t g = 0; g < 4; g++)
                param(&soft, "assignment")[4 * c + g] =
                    g == UNEQUAL[c] ? FAR[k] : -FAR[k];
        for (int way = 0; way < 4; way++)
            same_in(arena, &soft, &map, way % 2 ? NORM_EVAL : NORM_TRAIN, way / 2,
                    KERNEL_EPS, GRADIENT_EPS);
    }
    arena_free(arena);
}

/* tau=0.5 doubles logits, which is exact. */
static void a_temperature_divides_logits(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trial sharp = given(arena, "soft(4, tau=0.5)"), plain = given(arena, "soft(4)");
    for (size_t i = 0; i < 4 * C; i++)
        param(&plain, "assignment")[i] = 2.0 * param(&sharp, "assignment")[i];
    same_bits(arena, &sharp, &plain);
    arena_free(arena);
}

/* The same of the same spec; each channel is mostly in its block of group(G), and no two
 * groups are alike. */
static void memberships_begin_apart(void **state) {
    (void)state;
    for (size_t groups = 1; groups <= C; groups++) {
        Arena *arena = arena_new();
        const char *spec = text_print(arena, "soft(%zu)", groups);
        const NormParam *one = &given(arena, spec).norm->param[2],
                        *two = &given(arena, spec).norm->param[2];
        assert_int_equal(one->count, C * groups);
        assert_memory_equal(one->start, two->start, C * groups * sizeof(double));
        for (size_t c = 0; c < C; c++) {
            const double *row = one->start + c * groups;
            for (size_t g = 0; g < groups; g++)
                assert_true(row[g] <= row[c * groups / C]);
        }
        for (size_t g = 1; g < groups; g++)
            for (size_t h = 0; h < g; h++) {
                size_t differ = 0;
                for (size_t c = 0; c < C; c++)
                    differ += one->start[c * groups + g] != one->start[c * groups + h];
                assert_int_equal(differ, C);
            }
        arena_free(arena);
    }
}

/* ---- nested ---------------------------------------------------------------------- */

static void numbers_of_groups_are_nested(void **state) {
    (void)state;
    static const struct {
        size_t channels;
        const char *parts;
    } CASES[] = {
        {1, "1 "},     {7, "1 7 "},       {8, "1 2 4 8 "},          {12, "1 2 4 12 "},
        {9, "1 3 9 "}, {30, "1 2 6 30 "}, {64, "1 2 4 8 16 32 64 "}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Arena *arena = arena_new();
        BaseError error = {.set = false};
        const Norm *norm = norm_new(arena, "nested", CASES[i].channels, &error);
        Text parts = text_new(arena);
        for (size_t k = 0; k < norm->parts; k++) {
            text_add(&parts, "%zu ", CASES[i].channels / norm->part[k]->cell->width);
            assert_string_equal(norm->param[2].choice[k], norm->part[k]->spec);
        }
        assert_string_equal(parts.data, CASES[i].parts);
        arena_free(arena);
    }
}

static void a_vertex_of_nested_is_a_group(void **state) {
    (void)state;
    static const size_t CHANNELS[] = {8, 12, 7, 1};
    for (size_t i = 0; i < COUNT_OF(CHANNELS); i++)
        for (int pooled = 0; pooled < 2; pooled++) {
            Arena *arena = arena_new();
            const ShapeLattice at = {3, CHANNELS[i], 5};
            Trial g = given_at(arena, pooled ? "nested(pooled=yes)" : "nested", at);
            for (size_t k = 0; k < g.norm->parts; k++) {
                Trial one = given_at(arena, g.norm->part[k]->spec, at);
                for (size_t j = 0; j < g.norm->parts; j++) {
                    param(&g, "mean_logit")[j] = j == k ? 800.0 : -800.0;
                    param(&g, "variance_logit")[j] = j == k ? 800.0 : -800.0;
                }
                same_function(arena, &g, &one);
            }
            arena_free(arena);
        }
}

/* over groups of 8, 4, 2 and 1 channels. */
static void nested_restated(void **state) {
    (void)state;
    for (int pooled = 0; pooled < 2; pooled++) {
        Arena *arena = arena_new();
        Trial g = given(arena, pooled ? "nested(pooled=yes)" : "nested");
        long double w[4], u[4], sw = 0, su = 0;
        for (size_t k = 0; k < 4; k++) {
            sw += w[k] = expl((long double)param(&g, "mean_logit")[k]);
            su += u[k] = expl((long double)param(&g, "variance_logit")[k]);
        }
        Outcome want = run_given(arena, &g, NORM_TRAIN, true);
        for (size_t i = 0; i < ALL; i++) {
            Plain m[4];
            long double mean = 0, variance = g.norm->eps;
            for (size_t k = 0; k < 4; k++)
                m[k] = plain_moments(g.x, plain_blocks(arena, USUAL, 1, C >> k), ALL, i);
            for (size_t k = 0; k < 4; k++) mean += w[k] / sw * m[k].mean;
            for (size_t k = 0; k < 4; k++) {
                const long double apart = pooled ? m[k].mean - mean : 0;
                variance += u[k] / su * (m[k].variance + apart * apart);
            }
            const size_t c = i / L % C;
            want.y[i] =
                (double)(param(&g, "gamma")[c] * (g.x[i] - mean) / sqrtl(variance) +
                         param(&g, "beta")[c]);
        }
        for (int way = 0; way < 4; way++) {
            Outcome got = run_given(arena, &g, way % 2 ? NORM_EVAL : NORM_TRAIN, way / 2);
            same_results(&g, &got, g.norm, &want, KERNEL_EPS, GRADIENT_EPS);
        }
        arena_free(arena);
    }
}

static const Case CASES[] = {
    CASE(theorem, a_lattice_trains_as_its_corners),
    CASE(theorem, own_moments_alone_are_a_group),
    CASE(oracle, a_lattice_restated),
    CASE(theorem, a_lattice_observes_channels),
    CASE(oracle, a_lattice_evaluates_pooled_moments),
    CASE(theorem, a_map_of_blocks_is_a_group),
    CASE(oracle, unequal_groups_restated),
    CASE(theorem, channels_have_no_order),
    CASE(theorem, an_element_alone_is_beta),
    CASE(theorem, one_hot_memberships_are_a_map),
    CASE(theorem, an_empty_group_has_no_share),
    CASE(theorem, a_temperature_divides_logits),
    CASE(theorem, memberships_begin_apart),
    CASE(example, numbers_of_groups_are_nested),
    CASE(theorem, a_vertex_of_nested_is_a_group),
    CASE(oracle, nested_restated),
};

HARNESS_MAIN("norm_corners", CASES)
