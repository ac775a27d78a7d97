/* How a network begins: each number a function of the seed and of its parameter. */
#include "internal.h"

#include <math.h>

/* ---- orthogonal matrices --------------------------------------------------------- */

/* Of `count` vectors of `length` elements: v[i][k] = value[i * next + k * step]. */
typedef struct Vectors {
    double *value;
    size_t count, length, next, step;
} Vectors;

static double product(const Vectors *v, size_t i, size_t j) {
    const double *a = v->value + i * v->next, *b = v->value + j * v->next;
    double sum = 0.0;
    for (size_t k = 0; k < v->length; k++) sum += a[k * v->step] * b[k * v->step];
    return sum;
}

/* v[i] = scale v[i] + along v[j] */
static void combine(const Vectors *v, size_t i, double scale, size_t j, double along) {
    double *a = v->value + i * v->next;
    const double *b = v->value + j * v->next;
    for (size_t k = 0; k < v->length; k++)
        a[k * v->step] = scale * a[k * v->step] + along * b[k * v->step];
}

/* Gram and Schmidt, each vector twice: then rounding alone is left of what lies along the
 * others. Of normal draws every orthogonal frame is equally likely. */
static void orthonormalize(const Vectors *v) {
    for (size_t i = 0; i < v->count; i++) {
        for (size_t j = 0; j < 2 * i; j++)
            combine(v, i, 1.0, j % i, -product(v, i, j % i));
        combine(v, i, 1.0 / sqrt(product(v, i, i)), i, 0.0);
    }
}

/* Rows, or columns where those are fewer, of a weight [K, ...] that was drawn. */
static void make_orthogonal(double *value, Shape shape, double std) {
    const size_t count = shape_count(shape), K = shape.size[0], C = count / K;
    const Vectors rows = {value, K, C, C, 1}, columns = {value, C, K, 1, C},
                  *fewer = K <= C ? &rows : &columns;
    orthonormalize(fewer);
    for (size_t i = 0; i < count; i++) value[i] *= std * sqrt((double)fewer->length);
}

/* ---- parameters and state -------------------------------------------------------- */

static void begin_param(const Net *net, size_t number, double *weights, uint64_t seed) {
    const NetParam *p = &net->param[number];
    const Draw draw = {.seed = seed, .purpose = DRAW_INIT, .sample = number};
    double *value = weights + p->offset;
    for (size_t k = 0; k < p->count; k++)
        value[k] = p->orthogonal ? draw_normal(draw, k)
                   : p->std > 0  ? p->initial + p->std * draw_normal(draw, k)
                   : p->start    ? p->start[k]
                                 : p->initial;
    if (p->orthogonal) make_orthogonal(value, p->shape, p->std);
    if (p->gain_of == 0) return;
    const NetParam *weight = &net->param[p->gain_of - 1];
    weights_lengths(value, weights + weight->offset, weight->shape);
}

static void begin_state(const Norm *norm, double *state) {
    for (size_t s = 0; s < norm->states; state += norm->state[s++].count)
        norm_begin_state(state, &norm->state[s]);
}

void net_initialize(const Net *net, double *weights, double *state, uint64_t seed) {
    for (size_t i = 0; i < net->params; i++) begin_param(net, i, weights, seed);
    for (size_t i = 0; i < net->norms; i++)
        begin_state(net->norm[i].norm, state + net->norm[i].state);
}
