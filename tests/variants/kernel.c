/* Layer normalization's mean square form with a kernel of its own, written in an afternoon:
 * plain loops forward and backward, beside the definition. */
#include "strange.h"

#include <math.h>

typedef struct Own {
    double eps;
    ShapeLattice at;
} Own;

static double rms(const double *x, size_t size, double eps) {
    double sum = 0.0;
    for (size_t i = 0; i < size; i++) sum += x[i] * x[i];
    return sqrt(sum / (double)size + eps);
}

static void forward(Tape *t, TapeNode *y) {
    (void)t;
    const Own *own = y->detail;
    const size_t size = own->at.C * own->at.L;
    for (size_t n = 0; n < own->at.N; n++) {
        const double *x = y->in[0]->value + n * size, r = rms(x, size, own->eps);
        for (size_t i = 0; i < size; i++) y->value[n * size + i] = x[i] / r;
    }
}

/* dx = (g - xhat mean(g xhat)) / rms */
static void backward(Tape *t, TapeNode *y, const double *g, double *const *dx,
                     const double *beta) {
    (void)t;
    const Own *own = y->detail;
    const size_t size = own->at.C * own->at.L;
    for (size_t n = 0; dx[0] && n < own->at.N; n++) {
        const double *xhat = y->value + n * size;
        const double r = rms(y->in[0]->value + n * size, size, own->eps);
        double mean = 0.0;
        for (size_t i = 0; i < size; i++)
            mean += g[n * size + i] * xhat[i] / (double)size;
        for (size_t i = 0; i < size; i++) {
            double *to = dx[0] + n * size + i, d = (g[n * size + i] - xhat[i] * mean) / r;
            *to = beta[0] == 0.0 ? d : *to + d;
        }
    }
}

static TapeNode *standardized(Tape *t, TapeNode *y) {
    const Own *own = y->detail;
    const Partition *p = partition_blocks(tape_arena(t), own->at, 1, own->at.C, false);
    TapeNode *x = y->in[0], *square = tape_mean(t, squared(t, x), p);
    TapeNode *root = tape_sqrt(t, tape_add(t, square, number(t, square, own->eps)));
    return tape_div(t, x, tape_spread(t, root, p, x->shape));
}

static const Op op_rms = {
    .name = "own rms", .forward = forward, .backward = backward, .define = standardized};

static TapeNode *apply(const NormContext *context, TapeNode *x) {
    Own *own = arena_take(tape_arena(context->tape), 1, sizeof *own);
    *own = (Own){context->norm->eps, shape_lattice(x->shape)};
    TapeNode *xhat = tape_write(context->tape, &op_rms, x->shape, &x, 1, own, NULL);
    return norm_affine(context, xhat);
}

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Own own = {context->norm->eps, shape_lattice(x->shape)};
    TapeNode call = {.in = &x, .arity = 1, .shape = x->shape, .detail = &own};
    return norm_affine(context, standardized(context->tape, &call));
}

STRANGE(kernel, "a root mean square with a kernel of its own",
        .cells = "one sample x all channels x all positions",
        .cell = {{.block = 1, .moments = {NORM_OWN, NORM_OWN}}}, .apply = apply,
        .define = define);
