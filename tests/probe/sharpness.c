/* The sharpness probe: the largest eigenvalue of the whole Hessian of the same samples, and what its
 * rows come to. */
#include "probe_run.h"

#include "hessian.h"
#include "optimize.h"

#include <gsl/gsl_eigen.h>

/* All eigenvalues, rising, of the Hessian over these samples in training mode, by its columns. */
static double *spectrum_of(Arena *arena, const Trainer *t, size_t samples) {
    BaseError error = {.set = false};
    Hessian *h = hessian_new(
        arena, t, &(HessianWish){.samples = samples, .mode = NORM_TRAIN}, &error);
    if (h == NULL) fail_msg("%s", error.message);
    const size_t n = h->operator.size;
    double *column = TAKE(arena, double, n *n), *unit = ZERO(arena, double, n),
           *value = TAKE(arena, double, n);
    for (size_t i = 0; i < n; i++) {
        unit[i] = 1;
        h->operator.apply(column + i * n, unit, h);
        unit[i] = 0;
    }
    gsl_matrix_view a = gsl_matrix_view_array(column, n, n);
    gsl_vector_view v = gsl_vector_view_array(value, n);
    gsl_matrix *vectors = gsl_matrix_alloc(n, n);
    gsl_eigen_symmv_workspace *work = gsl_eigen_symmv_alloc(n);
    gsl_eigen_symmv(&a.matrix, &v.vector, vectors, work);
    gsl_eigen_symmv_sort(&v.vector, vectors, GSL_EIGEN_SORT_VAL_ASC);
    gsl_eigen_symmv_free(work);
    gsl_matrix_free(vectors);
    hessian_free(h);
    return value;
}

static void rows_are_the_largest_eigenvalue(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Dataset *data = dataset_resized(arena, small_data(arena, 20, 20), 4, 4, &error);
    const char *pairs =
        "network=mlp(depth=2,width=4,activation=tanh) batch=16 norm=batch";
    const Config config = config_of(arena, pairs);
    Trainer *t = trainer_of(arena, pairs, data, 1);
    const ProbeKind *kind = kind_of("sharpness");
    for (size_t step = 0; step < 3; step++, trainer_step(t)) {
        double got[4];
        double *const to[] = {got, got + 1, got + 2, got + 3};
        const ProbeSeen seen = {.trainer = t,
                                .config = &config,
                                .net = trainer_net(t),
                                .step = step,
                                .weights = trainer_weights(t)};
        kind->see(&seen, NULL, arena, to);
        const size_t n = trainer_net(t)->weights;
        const double *value = spectrum_of(arena, t, 96);
        assert_near(got[0], value[n - 1], got[1] + 1e-12);
        assert_near(got[0], value[n - 1], 1e-6 * value[n - 1]);
        assert_true(got[2] >= value[0] - 1e-12 && got[2] < got[0]);
        assert_near(got[3], got[0] * learning_rate(&config, step, 6), 1e-15);
    }
    trainer_free(t);
    arena_free(arena);
}

static void numbers_are_of_the_rows(void **state) {
    (void)state;
    static const double values[] = {5, 0, -1, 0.5, 9, 0, -1, 1.75, 7, 0, -1, 0.25};
    const ProbeKind *kind = kind_of("sharpness");
    const ProbeRows rows = {.kind = kind, .rows = 3, .width = 4, .values = values};
    double number[2] = {(double)NAN, (double)NAN};
    kind->sum_up(&rows, NULL, number);
    assert_near(number[0], 0.25, 0.0);
    assert_near(number[1], 1.75, 0.0);
}

static const Case cases[] = {
    CASE(oracle, rows_are_the_largest_eigenvalue),
    CASE(example, numbers_are_of_the_rows),
};
HARNESS_MAIN("sharpness", cases)
