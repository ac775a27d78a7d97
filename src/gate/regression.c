/* Softmax regression of rows of numbers. */
#include "bilinear.h"
#include "gate.h"
#include "house.h"
#include "sum.h"

#include <math.h>

#include "real.h"

void gate_logits(double *z, const double *weights, const double *x, size_t classes,
                 size_t count, size_t width) {
    for (size_t k = 0; k < classes; k++)
        for (size_t i = 0; i < count; i++)
            z[k * count + i] = weights[classes * width + k];
    matmul(z, weights, x, classes, count, width, false, true, 1);
}

/* z = (probability - true) / n, the derivative; returns the mean loss. */
static double to_derivative(const GateRegression *r) {
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

static double value_of(double *gradient, const double *weights, void *context) {
    const GateRegression *r = context;
    const size_t K = r->classes, n = r->rows->count, d = r->rows->width;
    gate_logits(r->z, weights, r->rows->x, K, n, d);
    double value = to_derivative(r);
    matmul(gradient, r->z, r->rows->x, K, d, n, false, false, 0);
    for (size_t k = 0; k < K; k++) gradient[K * d + k] = sum_run(r->z + k * n, n);
    for (size_t i = 0; i < K * d; i++) gradient[i] += r->decay * weights[i];
    return value + r->decay / 2 * sum_product(weights, weights, K * d);
}

GateRegression gate_regression(Arena *arena, const GateRows *rows, size_t classes) {
    return (GateRegression){rows, classes, 0,
                            ZERO(arena, double, classes *(rows->width + 1)),
                            TAKE(arena, double, classes * rows->count + 1)};
}

double gate_regress(GateRegression *r, double enough, size_t most) {
    Arena *arena = arena_new();
    const double slope = lbfgs(arena, r->weights, r->classes * (r->rows->width + 1),
                               value_of, r, enough, most);
    arena_free(arena);
    return slope;
}
