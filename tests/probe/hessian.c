/* Products with the Hessian: two ways that share no adjoint of second order, a third in loops, and
 * what any Hessian obeys. */
#include "../train/train_run.h"

#include "hessian.h"
#include "sum.h"

#include <gsl/gsl_eigen.h>

/* A trainer in the middle of a run, on images of 4 x 4, so that networks are small; its weights are
 * moved by noise, for at initialization a block's last gamma is 0. */
static Trainer *trained(Arena *arena, const char *pairs) {
    BaseError error = {.set = false};
    const Dataset *data = dataset_resized(arena, small_data(arena, 20, 20), 4, 4, &error);
    if (data == NULL) fail_msg("%s", error.message);
    Trainer *t = trainer_of(arena, pairs, data, 1);
    for (size_t i = 0; i < 6; i++) trainer_step(t);
    const TrainPart *weights = part_of(t, "weights");
    for (size_t i = 0; i < weights->count; i++)
        weights->data[i] += 0.1 * draw_normal((Draw){3, DRAW_TEST, 0, 0}, i);
    return t;
}

static Hessian *hessian_of(Arena *arena, const Trainer *t, HessianWish wish) {
    BaseError error = {.set = false};
    Hessian *h = hessian_new(arena, t, &wish, &error);
    if (h == NULL) fail_msg("%s", error.message);
    return h;
}

static double *normals(Arena *arena, size_t count, uint64_t what) {
    double *x = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++)
        x[i] = draw_normal((Draw){5, DRAW_TEST, what, 0}, i);
    return x;
}

static double length(const double *x, size_t count) {
    return sqrt(sum_product(x, x, count));
}

static double *times(Arena *arena, const Hessian *h, const double *x) {
    double *y = TAKE(arena, double, h->operator.size);
    h->operator.apply(y, x, h->operator.context);
    return y;
}

/* |a - b| / |a| */
static double distance(const double *a, const double *b, size_t count) {
    double squares = 0;
    for (size_t i = 0; i < count; i++) squares += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(squares) / length(a, count);
}

#define TANH   "network=mlp(depth=3,width=6,activation=tanh) "
#define PLAIN  "network=plain(depth=5,width=2) "
#define RESNET "network=resnet(depth=8,width=2) "

static const char *const RUNS[] = {
    TANH "batch=16 norm=none",
    TANH "batch=16 norm=batch",
    TANH "batch=16 norm=group(2)",
    TANH "batch=16 norm=layer|batch",
    TANH "batch=16 norm=blend(batch,group(2))",
    PLAIN "batch=16 norm=batch",
    PLAIN "batch=16 norm=group(2)",
    RESNET "batch=16 norm=batch",
    RESNET "batch=8 norm=ghost(4)",
    RESNET "batch=16 norm=layer",
    "network=resnet(depth=8,width=2,weights=standardized) batch=16 norm=group(2)",
};

/* Where no kink was crossed; every run is of that kind somewhere. */
static void both_ways_agree(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(RUNS); i++)
        for (int mode = NORM_TRAIN; mode <= NORM_EVAL; mode++) {
            Arena *arena = arena_new();
            Trainer *t = trained(arena, RUNS[i]);
            HessianWish wish = {
                .samples = 48, .mode = (NormMode)mode, .by = HESSIAN_PROGRAM};
            Hessian *exact = hessian_of(arena, t, wish);
            wish.by = HESSIAN_DIFFERENCES;
            Hessian *apart = hessian_of(arena, t, wish);
            const size_t n = exact->operator.size;
            assert_near(exact->loss, apart->loss, 0.0);
            assert_near(exact->gradient, apart->gradient, 0.0);
            const double *v = normals(arena, n, i);
            const double *hv = times(arena, exact, v), *dv = times(arena, apart, v);
            const double far = distance(hv, dv, n);
            const double skew = hessian_asymmetry(exact, arena, 1);
            printf(
                "%-60s %s: %.1e apart, %.1e asymmetric, |Hv| = %.2g, %zu of %zu halved, "
                "%zu across\n",
                RUNS[i], mode == NORM_TRAIN ? "train" : "eval ", far, skew, length(hv, n),
                apart->halved, apart->batches, apart->across);
            assert_false(exact->held);
            if (apart->across == 0) assert_near(far, 0.0, 1e-7);
            assert_near(skew, 0.0, 1e-10);
            assert_true(skew == 0.0 || length(hv, n) > 0);
            hessian_free(exact), hessian_free(apart);
            trainer_free(t);
            arena_free(arena);
        }
}

/* Columns by products, decomposed by GSL. */
static void lanczos_finds_the_whole_spectrum(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trainer *t = trained(
        arena, "network=mlp(depth=3,width=9,activation=tanh) batch=16 norm=batch");
    Hessian *h = hessian_of(
        arena, t,
        (HessianWish){.samples = 96, .mode = NORM_TRAIN, .by = HESSIAN_PROGRAM});
    const size_t n = h->operator.size;
    double *column = TAKE(arena, double, n *n), *unit = ZERO(arena, double, n), skew = 0;
    for (size_t i = 0; i < n; i++) {
        unit[i] = 1;
        h->operator.apply(column + i * n, unit, h);
        unit[i] = 0;
    }
    gsl_matrix_view a = gsl_matrix_view_array(column, n, n);
    const double norm = length(column, n * n);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            skew = fmax(skew, fabs(column[i * n + j] - column[j * n + i]));
    gsl_vector *value = gsl_vector_alloc(n);
    gsl_matrix *vectors = gsl_matrix_alloc(n, n);
    gsl_eigen_symmv_workspace *work = gsl_eigen_symmv_alloc(n);
    gsl_eigen_symmv(&a.matrix, value, vectors, work);
    gsl_eigen_symmv_sort(value, vectors, GSL_EIGEN_SORT_VAL_ASC);
    const Lanczos l =
        lanczos_run(arena, &h->operator, n, (Draw){1, DRAW_CURVATURE, 0, 0}, true);
    double worst = 0;
    assert_int_equal(l.steps, n);
    for (size_t i = 0; i < n; i++)
        worst = fmax(worst, fabs(l.value[i] - gsl_vector_get(value, i)));
    printf("%zu weights, eigenvalues %.4g to %.4g: Lanczos %.1e from the whole "
           "decomposition, "
           "columns %.1e from symmetric\n",
           n, l.value[0], l.value[n - 1], worst, skew);
    assert_near(worst, 0.0, 1e-10);
    assert_near(skew, 0.0, 1e-12 * norm);
    const Lanczos few =
        lanczos_run(arena, &h->operator, 60, (Draw){2, DRAW_CURVATURE, 0, 0}, true);
    for (size_t k = 0; k < 5; k++)
        assert_near(few.value[59 - k], gsl_vector_get(value, n - 1 - k),
                    few.residual[59 - k] + 1e-12);
    gsl_eigen_symmv_free(work), gsl_matrix_free(vectors), gsl_vector_free(value);
    hessian_free(h);
    trainer_free(t);
    arena_free(arena);
}

/* Of linear logits the Hessian is known: H v of W is the mean of (diag p - p p') (V x + c) x'. */
static void softmax_regression_in_loops(void **state) {
    (void)state;
    enum { SAMPLES = 44, MOST = 16 };
    Arena *arena = arena_new();
    Trainer *t = trained(arena, "network=linear batch=8 norm=none");
    const Net *net = trainer_net(t);
    const size_t n = net->weights, C = 16, K = n / (C + 1);
    const double *w = trainer_weights(t), *v = normals(arena, n, 1);
    double *want = ZERO(arena, double, n), loss = 0;
    size_t index[SAMPLES];
    for (size_t i = 0; i < SAMPLES; i++) index[i] = i;
    const Dataset *data = trainer_data(t);
    const Batch batch =
        dataset_batch(arena, data, &data->train, index, SAMPLES, NULL, 0, 0);
    for (size_t s = 0; s < SAMPLES; s++) {
        const double *x = batch.real[0] + s * C;
        double p[MOST] = {0}, z[MOST] = {0}, all = 0, mean = 0;
        for (size_t k = 0; k < K; k++) {
            p[k] = exp(w[K * C + k] + sum_product(w + k * C, x, C));
            z[k] = v[K * C + k] + sum_product(v + k * C, x, C);
            all += p[k];
        }
        loss -= log(p[batch.label[1][s]] / all) / SAMPLES;
        for (size_t k = 0; k < K; k++) mean += (p[k] /= all) * z[k];
        for (size_t k = 0; k < K; k++) {
            const double part = p[k] * (z[k] - mean) / SAMPLES;
            for (size_t c = 0; c < C; c++) want[k * C + c] += part * x[c];
            want[K * C + k] += part;
        }
    }
    for (int by = HESSIAN_PROGRAM; by <= HESSIAN_DIFFERENCES; by++) {
        Hessian *h = hessian_of(
            arena, t,
            (HessianWish){.samples = SAMPLES, .mode = NORM_EVAL, .by = (HessianBy)by});
        assert_near(h->loss, loss, 1e-14);
        assert_near(distance(want, times(arena, h, v), n), 0.0,
                    by == HESSIAN_PROGRAM ? 1e-14 : 1e-8);
        hessian_free(h);
    }
    trainer_free(t);
    arena_free(arena);
}

/* Threads, memory and what was asked before move no bit; nor is the trainer moved. */
static void bits_are_of_the_question_alone(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trainer *t = trained(arena, RESNET "batch=8 norm=batch");
    const size_t n = trainer_net(t)->weights, S = trainer_net(t)->states;
    double *before = TAKE(arena, double, n + S);
    memcpy(before, trainer_weights(t), n * sizeof *before);
    memcpy(before + n, trainer_averages(t), S * sizeof *before);
    const double *v = normals(arena, n, 1), *u = normals(arena, n, 2);
    for (int by = HESSIAN_PROGRAM; by <= HESSIAN_DIFFERENCES; by++) {
        const HessianWish wish = {.mode = NORM_TRAIN, .by = (HessianBy)by};
        HessianWish tight = wish;
        tight.threads = 2;
        Hessian *a = hessian_of(arena, t, wish);
        tight.bytes = 4 * a->bytes / (double)a->batches;
        Hessian *b = hessian_of(arena, t, tight);
        assert_int_equal(a->batches, 12);
        assert_true(by == HESSIAN_DIFFERENCES || (a->kept && !b->kept));
        times(arena, b, u);
        assert_memory_equal(times(arena, a, v), times(arena, b, v), n * sizeof *v);
        hessian_free(a), hessian_free(b);
    }
    assert_memory_equal(before, trainer_weights(t), n * sizeof *before);
    assert_memory_equal(before + n, trainer_averages(t), S * sizeof *before);
    trainer_free(t);
    arena_free(arena);
}

/* The same samples, judged by evaluate.c. */
static void losses_are_the_runs_own(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trainer *t = trained(arena, RESNET "batch=8 norm=batch");
    for (int mode = NORM_TRAIN; mode <= NORM_EVAL; mode++) {
        Hessian *h = hessian_of(
            arena, t, (HessianWish){.mode = (NormMode)mode, .by = HESSIAN_FITTING});
        const TrainJudged j =
            trainer_judge(t, arena, &trainer_data(t)->train, mode == NORM_TRAIN ? 8 : 0);
        assert_int_equal(h->samples, j.samples);
        assert_int_equal(h->by, HESSIAN_PROGRAM);
        assert_near(h->loss, j.loss, 1e-13);
        hessian_free(h);
    }
    trainer_free(t);
    arena_free(arena);
}

/* A unit of a relu that is near its kink for a sample: the step is halved until both ends are on its
 * side; much nearer, the difference is to one end. */
static void kinks_halve_the_step(void **state) {
    (void)state;
    static const struct {
        double near, bar;
        size_t halvings;
    } CASES[] = {{1e-7, 1e-7, 1}, {1e-13, 1e-6, 6}, {-1e-13, 1e-6, 6}};
    Arena *arena = arena_new();
    Trainer *t = trained(arena, "network=mlp(depth=2,width=6) batch=16 norm=none");
    const Dataset *data = trainer_data(t);
    const size_t first = 0, n = trainer_net(t)->weights, C = 16;
    const double *v = normals(arena, n, 1);
    const Batch batch = dataset_batch(arena, data, &data->train, &first, 1, NULL, 0, 0);
    double *w = part_of(t, "weights")->data, *bias = w + 6 * C, *gamma = bias + 6,
           *beta = gamma + 6;
    gamma[2] = 1, beta[2] = 0;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        bias[2] = CASES[i].near - sum_product(w + 2 * C, batch.real[0], C);
        HessianWish wish = {.samples = 48, .by = HESSIAN_PROGRAM};
        Hessian *exact = hessian_of(arena, t, wish);
        wish.by = HESSIAN_DIFFERENCES;
        Hessian *apart = hessian_of(arena, t, wish);
        const double far = distance(times(arena, exact, v), times(arena, apart, v), n);
        printf(
            "%.0e beside a kink: %.1e apart, %zu of %zu halved %zu times, %zu across\n",
            CASES[i].near, far, apart->halved, apart->batches, apart->halvings,
            apart->across);
        assert_int_equal(apart->halved, 1);
        assert_int_equal(apart->halvings, CASES[i].halvings);
        assert_int_equal(apart->across, 0);
        assert_near(far, 0.0, CASES[i].bar);
        hessian_free(exact), hessian_free(apart);
    }
    trainer_free(t);
    arena_free(arena);
}

/* What holds something constant has the Hessian of what it holds, and differences of gradients have none. */
static void what_is_held_is_seen(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    Trainer *t = trained(arena, TANH "batch=16 norm=layer_detach");
    Hessian *h = hessian_of(arena, t, (HessianWish){.mode = NORM_TRAIN});
    assert_true(h->held);
    assert_near(hessian_asymmetry(h, arena, 1), 0.0, 1e-10);
    hessian_free(h);
    assert_null(hessian_new(arena, t, &(HessianWish){.by = HESSIAN_DIFFERENCES}, &error));
    assert_int_equal(strncmp(error.message, "by=differences: ", 16), 0);
    trainer_free(t);
    arena_free(arena);
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trainer *t = trained(arena, TANH "batch=16 norm=batch");
    BaseError error = {.set = false};
    assert_null(hessian_new(arena, t, &(HessianWish){.samples = 97}, &error));
    assert_string_equal(error.message, "samples=97: 96 train");
    error.set = false;
    assert_null(hessian_new(arena, t, &(HessianWish){.samples = 15}, &error));
    assert_string_equal(error.message,
                        "samples=15: batch statistics are those of batches of 16");
    error.set = false;
    assert_null(
        hessian_new(arena, t, &(HessianWish){.by = HESSIAN_PROGRAM, .bytes = 1}, &error));
    assert_int_equal(strncmp(error.message, "by=program: ", 12), 0);
    Hessian *h = hessian_of(arena, t, (HessianWish){.by = HESSIAN_FITTING, .bytes = 1});
    assert_int_equal(h->by, HESSIAN_DIFFERENCES);
    hessian_free(h);
    h = hessian_of(arena, t, (HessianWish){.samples = 40});
    assert_int_equal(h->samples, 32);
    hessian_free(h);
    trainer_free(t);
    arena_free(arena);
}

static const Case cases[] = {
    CASE(oracle, both_ways_agree),
    CASE(oracle, kinks_halve_the_step),
    CASE(oracle, lanczos_finds_the_whole_spectrum),
    CASE(oracle, softmax_regression_in_loops),
    CASE(theorem, bits_are_of_the_question_alone),
    CASE(theorem, losses_are_the_runs_own),
    CASE(theorem, what_is_held_is_seen),
    CASE(fault, what_does_not_fit_is_refused),
};
HARNESS_MAIN("hessian", cases)
