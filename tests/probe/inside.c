/* Probes of ranks, lines and covariates: known matrices, plain loops, and what curvature says of a
 * short line. */
#include "hessian.h"
#include "optimize.h"
#include "probe_run.h"
#include "sum.h"

#include <stdlib.h>

static const double *row_of(const ProbeRows *rows, Arena *arena, const char *field,
                            size_t row) {
    size_t elements;
    const double *all = probe_values(rows, arena, field, &elements);
    return all + row * elements;
}

/* ---- rank --------------------------------------------------------------------------- */

enum { PARTICIPATION, RANK, SOFT, GAP, COSINE, OF_RANK };

/* What the probe has of y [N, C, L]. */
static void looked_at(Arena *arena, double *got, double *y, size_t N, size_t C, size_t L,
                      unsigned char *there) {
    const TrainPlace place = {
        .shape = {.rank = 3, .size = {N, C, L}}, .y = y, .there = there};
    const ProbeSeen seen = {.places = 1, .place = &place};
    double *const to[] = {got, got + 1, got + 2, got + 3, got + 4};
    for (size_t i = 0; i < OF_RANK; i++) got[i] = (double)NAN;
    kind_of("rank")->see(&seen, NULL, arena, to);
}

static void known_directions(void **state) {
    (void)state;
    Arena *arena = arena_new();
    double y[64] = {0}, got[OF_RANK];
    for (size_t n = 0; n < 4; n++)
        y[n * 6 + n] = 3; /* four samples across each other, of 6 */
    looked_at(arena, got, y, 4, 3, 2, NULL);
    assert_near(got[PARTICIPATION], 4, 1e-14);
    assert_near(got[RANK], 4, 0), assert_near(got[SOFT], 4, 0);
    assert_near(got[GAP], 0, 1e-14), assert_near(got[COSINE], 0, 1e-15);
    for (size_t i = 0; i < 24; i++) y[i] = 1 + (double)(i % 6); /* one direction */
    looked_at(arena, got, y, 4, 3, 2, NULL);
    assert_near(got[PARTICIPATION], 1, 1e-14);
    assert_near(got[RANK], 1, 0), assert_near(got[SOFT], 1, 0);
    assert_near(got[GAP], -log(4) - 0.75 * log(1e-12), 1e-9);
    assert_near(got[COSINE], 1, 1e-15);
    memset(y, 0, sizeof y); /* five samples of two units, one a tenth as long */
    for (size_t n = 0; n < 5; n++) y[2 * n + n % 2] = n % 2 ? 0.1 : 1;
    looked_at(arena, got, y, 5, 2, 1, NULL);
    assert_near(got[PARTICIPATION], pow(3.02, 2) / (9 + 4e-4), 1e-14);
    assert_near(got[RANK], 2, 0), assert_near(got[SOFT], 2, 0);
    assert_near(got[COSINE], 0.4, 1e-15); /* 3 + 1 pairs of 10 are alike */
    y[3] = (double)INFINITY;
    looked_at(arena, got, y, 5, 2, 1, NULL);
    for (size_t i = 0; i < OF_RANK; i++) assert_true(isnan(got[i]));
    arena_free(arena);
}

/* Of M [d, d] itself: its trace, its squares, and the logarithm of its determinant. */
static void restate(Arena *arena, double *want, const double *y, size_t N, size_t d) {
    long double *m = TAKE(arena, long double, d *d), trace = 0, squares = 0, log_det = 0;
    for (size_t i = 0; i < d; i++)
        for (size_t k = 0; k < d; k++) {
            m[i * d + k] = 0;
            for (size_t n = 0; n < N; n++)
                m[i * d + k] += (long double)y[n * d + i] * y[n * d + k] / N;
            squares += m[i * d + k] * m[i * d + k];
        }
    for (size_t i = 0; i < d; i++) trace += m[i * d + i];
    for (size_t i = 0; i < d; i++) { /* elimination; M is positive */
        log_det += logl(m[i * d + i]);
        for (size_t r = i + 1; r < d; r++) {
            const long double f = m[r * d + i] / m[i * d + i];
            for (size_t k = i; k < d; k++) m[r * d + k] -= f * m[i * d + k];
        }
    }
    long double cosines = 0;
    for (size_t a = 0; a < N; a++)
        for (size_t b = 0; b < a; b++) {
            long double aa = 0, bb = 0, ab = 0;
            for (size_t i = 0; i < d; i++)
                aa += y[a * d + i] * y[a * d + i], bb += y[b * d + i] * y[b * d + i],
                    ab += y[a * d + i] * y[b * d + i];
            cosines += ab / sqrtl(aa * bb);
        }
    want[PARTICIPATION] = (double)(trace * trace / squares);
    want[GAP] = (double)(logl(trace / d) - log_det / d);
    want[COSINE] = (double)(cosines / (N * (N - 1) / 2));
}

static void ranks_by_plain_loops(void **state) {
    (void)state;
    enum { N = 40, d = 12 };
    Arena *arena = arena_new();
    double y[N * d], got[OF_RANK], want[OF_RANK], padded[N * d];
    for (size_t i = 0; i < N * d; i++)
        y[i] = (0.3 + (double)(i % d)) * (0.5 + draw_normal((Draw){3, 0, 0, 0}, i));
    looked_at(arena, got, y, N, 4, 3, NULL);
    restate(arena, want, y, N, d);
    assert_near(got[PARTICIPATION], want[PARTICIPATION], 1e-12);
    assert_near(got[GAP], want[GAP], 1e-10);
    assert_near(got[COSINE], want[COSINE], 1e-13);
    assert_near(got[RANK], d, 0);
    unsigned char there[N * 3]; /* padding is as 0 */
    for (size_t i = 0; i < N * 3; i++) there[i] = i % 3 < 1 + i / 3 % 3;
    for (size_t i = 0; i < N * d; i++) padded[i] = there[i / d * 3 + i % 3] ? y[i] : 0;
    for (size_t i = 0; i < N * d; i++)
        if (!there[i / d * 3 + i % 3]) y[i] = (double)NAN;
    looked_at(arena, got, y, N, 4, 3, there);
    looked_at(arena, want, padded, N, 4, 3, NULL);
    assert_memory_equal(got, want, sizeof got);
    assert_near(got[RANK], d, 0);
    arena_free(arena);
}

/* ---- covariates --------------------------------------------------------------------- */

static void what_stands_before_moves(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Looked l =
        looked(arena, "probes=covariates probe_every=1 batch=32 rate=0.5 norm=group(2)",
               small_data(arena, 10, 10));
    const Net *net = trainer_net(l.trainer);
    const size_t n = net->weights;
    probes_step(l.probes); /* at first some layers have no gradient */
    double *g = TAKE(arena, double, n), *after = TAKE(arena, double, n),
           *w = TAKE(arena, double, n);
    trainer_gradient(l.trainer, NULL, g);
    const double *at = trainer_weights(l.trainer), rate = learning_rate(&l.config, 1, 3);
    double *want = TAKE(arena, double, 3 * net->params);
    size_t layers = 0;
    for (size_t i = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        if (!probe_is_layer(p)) continue;
        for (size_t k = 0; k < n; k++) w[k] = at[k] - (k < p->offset ? rate * g[k] : 0.0);
        trainer_gradient(l.trainer, w, after);
        long double gg = 0, aa = 0, ga = 0, dd = 0;
        for (size_t k = p->offset; k < p->offset + p->count; k++)
            gg += g[k] * g[k], aa += after[k] * after[k], ga += g[k] * after[k],
                dd += powl((long double)g[k] - after[k], 2);
        want[3 * layers] = (double)(ga / sqrtl(gg * aa));
        want[3 * layers + 1] = (double)sqrtl(dd);
        want[3 * layers++ + 2] = (double)sqrtl(dd / gg);
    }
    probes_step(l.probes);
    const ProbeRows rows = probes_rows(l.probes, 0);
    assert_int_equal(layers, rows.layers);
    const double *cosine = row_of(&rows, arena, "cosine", 1),
                 *distance = row_of(&rows, arena, "distance", 1),
                 *relative = row_of(&rows, arena, "relative", 1);
    assert_near(cosine[0], 1.0, 1e-15);
    assert_near(distance[0], 0.0, 0.0); /* nothing stands before the first */
    double most = 0;
    for (size_t i = 0; i < layers; i++) {
        assert_near(cosine[i], want[3 * i], 1e-13);
        assert_near(distance[i], want[3 * i + 1], 1e-13);
        assert_near(relative[i], want[3 * i + 2], 1e-13);
        most = fmax(most, relative[i]);
    }
    assert_true(most > 1e-2);
    trainer_free(l.trainer);
    arena_free(arena);
}

/* ---- lines --------------------------------------------------------------------------- */

/* Along a line so short that the loss is a parabola on it: its slope is -|g|^2, and the gradient moves
 * by the Hessian's product with the way. */
static void short_lines_are_parabolas(void **state) {
    (void)state;
    static const double STEPS[] = {0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4};
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Dataset *data = dataset_resized(arena, small_data(arena, 20, 20), 4, 4, &error);
    Looked l =
        looked(arena,
               "probes=lines network=mlp(depth=2,width=6,activation=tanh) batch=96 "
               "reference=96 rate=1e-3 norm=batch epochs=1",
               data);
    const Net *net = trainer_net(l.trainer);
    const size_t n = net->weights;
    double *g = TAKE(arena, double, n), *hg = TAKE(arena, double, n);
    const double loss = trainer_gradient(l.trainer, NULL, g);
    Hessian *h = hessian_new(arena, l.trainer,
                             &(HessianWish){.samples = 96, .mode = NORM_TRAIN}, &error);
    if (h == NULL) fail_msg("%s", error.message);
    h->operator.apply(hg, g, h);
    const double gg = sum_product(g, g, n), ghg = sum_product(g, hg, n),
                 beta = sqrt(sum_product(hg, hg, n) / gg);
    probes_step(l.probes);
    const ProbeRows rows = probes_rows(l.probes, 0);
    const double *at = row_of(&rows, arena, "loss", 0),
                 *distance = probe_values(&rows, arena, "distance", NULL),
                 *smooth = probe_values(&rows, arena, "smoothness", NULL),
                 *start = row_of(&rows, arena, "start", 0);
    assert_near(start[0], loss, 0.0);
    for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
        const double t = STEPS[i] * 1e-3;
        assert_near(at[i] - loss, -t * gg + 0.5 * t * t * ghg, 1e-2 * t * t * fabs(ghg));
        assert_near(smooth[i], beta, 0.02 * beta);
        assert_near(distance[i], smooth[i] * t * sqrt(gg), 1e-12 * distance[i]);
    }
    hessian_free(h);
    trainer_free(l.trainer);
    arena_free(arena);
}

/* ---- numbers -------------------------------------------------------------------------- */

static void numbers_of(const char *kind, size_t layers, size_t rows, size_t width,
                       const double *values, double *number) {
    Arena *arena = arena_new();
    NetParam param[4] = {
        {.shape = {.rank = 2}}, {.shape = {.rank = 2}}, {.shape = {.rank = 1}}};
    const Net net = {.params = 3, .param = param, .norms = 2};
    const ProbeRows all = {.kind = kind_of(kind),
                           .net = &net,
                           .rows = rows,
                           .places = 2,
                           .layers = layers,
                           .width = width,
                           .values = values};
    for (size_t i = 0; i < 3; i++) number[i] = (double)NAN;
    all.kind->sum_up(&all, arena, number);
    arena_free(arena);
}

static void what_rows_come_to(void **state) {
    (void)state;
    double number[3];
    /* participation, rank, soft, gap, cosine of two places */
    static const double RANKS[] = {1, 2, 3, 4, 5, 6, 7, 8, 0.1, 0.2,
                                   2, 9, 3, 5, 5, 6, 7, 8, 0.1, 0.7};
    numbers_of("rank", 2, 2, 10, RANKS, number);
    assert_near(number[0], log(9), 1e-15);
    assert_near(number[1], 5, 0), assert_near(number[2], 0.7, 0);
    /* cosine, distance, relative of two layers; the first has nothing before it */
    static const double SHIFTS[] = {1, 0.5, 0, 2, 0, 4, 1, 0.25, 0, 8, 0, NAN};
    numbers_of("covariates", 2, 2, 6, SHIFTS, number);
    assert_near(number[0], 0.375, 0);
    assert_near(number[1], log(4), 1e-15);
    assert_near(number[2], log(4), 1e-15);
    double lines[2 * 25];
    for (size_t i = 0; i < 50; i++) lines[i] = 1;
    lines[3] = 5, lines[9] = 8, lines[18] = 2; /* of loss, distance, smoothness */
    lines[25] = -8, lines[25 + 15] = 0.5, lines[25 + 16] = 18;
    numbers_of("lines", 2, 2, 25, lines, number);
    assert_near(number[0], (log(4) + log(9)) / 2, 1e-15);
    assert_near(number[1], log(8) / 2, 1e-15);
    assert_near(number[2], log(36) / 2, 1e-15);
    lines[30] =
        (double)INFINITY; /* a row that is no number makes no mean of the others */
    numbers_of("lines", 2, 2, 25, lines, number);
    assert_true(isnan(number[0]) && isfinite(number[1]));
}

static const Case cases[] = {
    CASE(theorem, known_directions),    CASE(theorem, short_lines_are_parabolas),
    CASE(oracle, ranks_by_plain_loops), CASE(oracle, what_stands_before_moves),
    CASE(example, what_rows_come_to),
};
HARNESS_MAIN("inside", cases)
