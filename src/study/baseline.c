/* Softmax regression and nearest neighbours on the very images that networks are trained on. */
#include "baseline.h"
#include "bilinear.h"
#include "house.h"
#include "sum.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "real.h"
#include "tensor.h"

/* Decays that are tried, the larger first, until two in a row are no better: each begins where the
 * one before it ended. */
static const double DECAYS[] = {0.3, 0.1, 0.03, 0.01, 0.003, 0.001};
/* Largest element of a gradient: where decays are compared, and at the end. */
static const double ROUGH = 1e-4, FLAT = 1e-6;

enum { MOST_STEPS = 20000 };

const char *const baseline_names[BASELINES] = {"softmax", "nearest"};
const char *const baseline_titles[BASELINES] = {"softmax regression",
                                                "5 nearest neighbours"};
_Static_assert(BASELINE_NEIGHBOURS == 5, "as the title says");

/* ---- samples as rows ---------------------------------------------------------------- */

/* What a learner sees, [count, width], and what is true. */
typedef struct NormRows {
    size_t count, width;
    double *x;            /* [count, width] */
    const uint8_t *label; /* [count] */
} NormRows;

static const uint8_t *labels_of(Arena *arena, const Samples *samples, size_t field) {
    uint8_t *label = TAKE(arena, uint8_t, samples->count + 1);
    for (size_t i = 0; i < samples->count; i++)
        label[i] = *(const uint8_t *)samples->value[field][i];
    return label;
}

/* Standardized as networks see them. */
static NormRows standardized(Arena *arena, const Dataset *dataset, const Samples *samples,
                             size_t field) {
    const size_t count = samples->count, width = shape_count(dataset->field[0].shape);
    NormRows rows = {count, width, TAKE(arena, double, count *width + 1),
                     labels_of(arena, samples, field)};
    for (size_t i = 0; i < count; i++) {
        const ArenaMark mark = arena_mark(arena);
        const Batch one = dataset_batch(arena, dataset, samples, &i, 1, NULL, 0, 0);
        memcpy(rows.x + i * width, one.real[0], width * sizeof *rows.x);
        arena_rewind(arena, mark);
    }
    return rows;
}

/* As they are: levels of bytes are whole numbers, and so are their squared distances, exactly. */
static NormRows plain(Arena *arena, const Dataset *dataset, const Samples *samples,
                      size_t field) {
    const size_t count = samples->count, width = shape_count(dataset->field[0].shape);
    const bool bytes = dataset->field[0].type == DATA_BYTES;
    NormRows rows = {count, width, TAKE(arena, double, count *width + 1),
                     labels_of(arena, samples, field)};
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < width; k++)
            rows.x[i * width + k] = bytes ? ((const uint8_t *)samples->value[0][i])[k]
                                          : ((const double *)samples->value[0][i])[k];
    return rows;
}

/* ---- softmax regression --------------------------------------------------------------- */

/* Mean cross-entropy of W x + b, plus decay / 2 |W|^2. */
typedef struct Regression {
    const NormRows *rows;
    size_t classes;
    double decay;
    double *z; /* [classes, count] */
} Regression;

/* z = W x + b of all rows; the weights are [classes, width], then [classes]. */
static void logits(const Regression *r, const double *weights) {
    const size_t K = r->classes, n = r->rows->count, d = r->rows->width;
    for (size_t k = 0; k < K; k++)
        for (size_t i = 0; i < n; i++) r->z[k * n + i] = weights[K * d + k];
    matmul(r->z, weights, r->rows->x, K, n, d, false, true, 1);
}

/* z = (probability - true) / n, the derivative; returns the mean loss. */
static double to_derivative(const Regression *r) {
    const size_t K = r->classes, n = r->rows->count;
    TreeSum loss;
    tree_clear(&loss);
    for (size_t i = 0; i < n; i++) {
        double most = -INFINITY, sum = 0, *z = r->z + i;
        for (size_t k = 0; k < K; k++) most = fmax(most, z[k * n]);
        for (size_t k = 0; k < K; k++) sum += real_exp(z[k * n] - most);
        tree_push(&loss, real_log(sum) + most - z[r->rows->label[i] * n]);
        for (size_t k = 0; k < K; k++)
            z[k * n] =
                (real_exp(z[k * n] - most) / sum - (k == r->rows->label[i])) / (double)n;
    }
    return tree_total(&loss) / (double)n;
}

static double regression(double *gradient, const double *weights, void *context) {
    const Regression *r = context;
    const size_t K = r->classes, n = r->rows->count, d = r->rows->width;
    logits(r, weights);
    double value = to_derivative(r);
    matmul(gradient, r->z, r->rows->x, K, d, n, false, false, 0);
    for (size_t k = 0; k < K; k++) gradient[K * d + k] = sum_run(r->z + k * n, n);
    for (size_t i = 0; i < K * d; i++) gradient[i] += r->decay * weights[i];
    return value + r->decay / 2 * sum_product(weights, weights, K * d);
}

static Regression regression_new(Arena *arena, const NormRows *rows, size_t classes) {
    return (Regression){rows, classes, 0, TAKE(arena, double, classes * rows->count + 1)};
}

/* ---- what is told of each sample -------------------------------------------------------- */

static void judge(Arena *arena, Baseline *to, const uint8_t *told, const NormRows *rows) {
    size_t wrong = 0;
    to->blocks = rows->count / BASELINE_BLOCK;
    to->block = ZERO(arena, double, to->blocks + 1);
    for (size_t i = 0; i < rows->count; i++) {
        const bool missed = told[i] != rows->label[i];
        wrong += missed;
        if (i / BASELINE_BLOCK < to->blocks)
            to->block[i / BASELINE_BLOCK] += (double)missed / BASELINE_BLOCK;
    }
    to->error = (double)wrong / (double)rows->count;
}

static void tell_by_weights(uint8_t *told, const Regression *r, const double *weights) {
    const size_t K = r->classes, n = r->rows->count;
    logits(r, weights);
    for (size_t i = 0; i < n; i++) {
        size_t best = 0;
        for (size_t k = 1; k < K; k++)
            if (r->z[k * n + i] > r->z[best * n + i]) best = k;
        told[i] = (uint8_t)best;
    }
}

/* The decay whose weights err least on val, roughly fitted; *weights are then those. */
static double choose_decay(Arena *arena, double *weights, Regression *fit,
                           const Regression *val) {
    const size_t count = fit->classes * (fit->rows->width + 1);
    uint8_t *told = TAKE(arena, uint8_t, val->rows->count + 1);
    double *best = TAKE(arena, double, count), least = INFINITY, decay = 0;
    for (size_t i = 0, worse = 0; i < COUNT_OF(DECAYS) && worse < 2; i++) {
        const ArenaMark mark = arena_mark(arena);
        Baseline seen;
        fit->decay = DECAYS[i];
        lbfgs(arena, weights, count, regression, fit, ROUGH, MOST_STEPS);
        tell_by_weights(told, val, weights);
        judge(arena, &seen, told, val->rows);
        worse = seen.error < least ? 0 : worse + 1;
        arena_rewind(arena, mark);
        if (worse > 0) continue;
        least = seen.error, decay = fit->decay;
        memcpy(best, weights, count * sizeof *best);
    }
    memcpy(weights, best, count * sizeof *best);
    return decay;
}

static void softmax_baseline(Arena *arena, Baseline *to, const Dataset *dataset,
                             size_t label) {
    Arena *scratch = arena_new();
    const size_t K = dataset->field[label].classes;
    const NormRows train = standardized(scratch, dataset, &dataset->train, label),
                   val = standardized(scratch, dataset, &dataset->val, label),
                   test = standardized(scratch, dataset, &dataset->test, label);
    Regression fit = regression_new(scratch, &train, K);
    const Regression on_val = regression_new(scratch, &val, K),
                     on_test = regression_new(scratch, &test, K);
    const size_t count = K * (train.width + 1);
    double *weights = ZERO(scratch, double, count);
    uint8_t *told = TAKE(scratch, uint8_t, test.count + 1);
    to->decay = fit.decay = choose_decay(scratch, weights, &fit, &on_val);
    to->slope = lbfgs(scratch, weights, count, regression, &fit, FLAT, MOST_STEPS);
    tell_by_weights(told, &on_test, weights);
    judge(arena, to, told, &test);
    arena_free(scratch);
}

/* ---- nearest neighbours ------------------------------------------------------------------ */

/* Votes of the nearest; of equally many the class of the nearest of all that have them. */
static uint8_t vote(const size_t *nearest, size_t count, const uint8_t *label) {
    size_t votes[DATA_MOST_CLASSES + 1] = {0}, most = 0;
    for (size_t i = 0; i < count; i++)
        if (++votes[label[nearest[i]]] > most) most = votes[label[nearest[i]]];
    size_t i = 0;
    while (votes[label[nearest[i]]] < most) i++;
    return label[nearest[i]];
}

/* The nearest of n by distance, then by their order; *found of them, the nearest first. */
static void find_nearest(size_t nearest[BASELINE_NEIGHBOURS], size_t *found,
                         const double *distance, size_t n) {
    *found = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = *found;
        while (at > 0 && distance[i] < distance[nearest[at - 1]]) at--;
        if (at == BASELINE_NEIGHBOURS) continue;
        if (*found < BASELINE_NEIGHBOURS) ++*found;
        for (size_t k = *found - 1; k > at; k--) nearest[k] = nearest[k - 1];
        nearest[at] = i;
    }
}

/* |x - t|^2 - |x|^2 of a block of samples from all training samples. */
static void tell_block(uint8_t *told, Arena *arena, const NormRows *seen,
                       const NormRows *train, const double *square, size_t from,
                       size_t count) {
    const ArenaMark mark = arena_mark(arena);
    const size_t n = train->count, d = train->width;
    double *distance = TAKE(arena, double, count *n);
    matmul(distance, seen->x + from * d, train->x, count, n, d, false, true, 0);
    for (size_t i = 0; i < count; i++) {
        size_t nearest[BASELINE_NEIGHBOURS], found;
        double *own = distance + i * n;
        for (size_t k = 0; k < n; k++) own[k] = square[k] - 2 * own[k];
        find_nearest(nearest, &found, own, n);
        told[from + i] = vote(nearest, found, train->label);
    }
    arena_rewind(arena, mark);
}

static void nearest_baseline(Arena *arena, Baseline *to, const Dataset *dataset,
                             size_t label) {
    enum { AT_ONCE = 128 };
    Arena *scratch = arena_new();
    const NormRows train = plain(scratch, dataset, &dataset->train, label),
                   test = plain(scratch, dataset, &dataset->test, label);
    double *square = TAKE(scratch, double, train.count);
    uint8_t *told = TAKE(scratch, uint8_t, test.count + 1);
    for (size_t k = 0; k < train.count; k++)
        square[k] = sum_product(train.x + k * train.width, train.x + k * train.width,
                                train.width);
#pragma omp parallel
    {
        Arena *own = arena_new();
#pragma omp for schedule(dynamic, 1)
        for (size_t from = 0; from < test.count; from += AT_ONCE)
            tell_block(told, own, &test, &train, square, from,
                       test.count - from < AT_ONCE ? test.count - from : AT_ONCE);
        arena_free(own);
    }
    judge(arena, to, told, &test);
    arena_free(scratch);
}

void baselines(Arena *arena, Baseline to[BASELINES], const Dataset *dataset,
               size_t label) {
    to[0] = to[1] = (Baseline){.error = (double)NAN};
    softmax_baseline(arena, &to[0], dataset, label);
    nearest_baseline(arena, &to[1], dataset, label);
}
