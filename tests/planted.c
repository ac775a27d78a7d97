/* The normalizers with a small error in one derivative: call.c again, and around the
 * outermost normalizer's call an identity with a wrong adjoint. tests/specs.py links it in
 * call.c's place.
 *
 * NORMLAB_PLANT: "WHO SIZE OPERAND", who executes the adjoint that is 1 + SIZE times the
 * right one (kernel, definition or both), and of what (x, gamma, part1.gate...).
 * NORMLAB_OPERANDS: a file that gets the names of all operands. */
#define norm_apply norm_apply_right
#include "../src/norm/call.c"
#undef norm_apply
#include "house.h"
#include "op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Plant {
    char who[16], operand[64];
    double factor;
} Plant;

#define IDENTITY(word, Number)                                                           \
    static void same_##word(Number *y, const Number *const *in, const TapeNode *node) {  \
        for (size_t i = 0; i < shape_count(node->shape); i++) y[i] = in[0][i];           \
    }
IDENTITY(real, double)
IDENTITY(complex, double _Complex)
IDENTITY(quad, Quad)
IDENTITY(quad_complex, QuadComplex)

static void backward(TapeNode *y, const double *g, double *const *dx, const double *beta,
                     double factor) {
    for (size_t i = 0; dx[0] && i < shape_count(y->shape); i++)
        dx[0][i] = beta[0] == 0.0 ? factor * g[i] : dx[0][i] + factor * g[i];
}

static double factor_of(const TapeNode *y) {
    const Plant *plant = y->detail;
    return plant->factor;
}

static void right_backward(Tape *t, TapeNode *y, const double *g, double *const *dx,
                           const double *beta) {
    (void)t;
    backward(y, g, dx, beta, 1.0);
}

static void wrong_backward(Tape *t, TapeNode *y, const double *g, double *const *dx,
                           const double *beta) {
    (void)t;
    backward(y, g, dx, beta, factor_of(y));
}

static void right_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    (void)t, (void)y;
    dx[0] = g;
}

static void wrong_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    dx[0] = tape_mul(t, g, tape_fill(t, y->shape, factor_of(y)));
}

/* tape_backward executes `backward`, tape_gradient records `adjoint`. */
#define SAME(words, of_backward, of_adjoint)                                             \
    {                                                                                    \
        .name = words, .rounding = OP_ROUNDING_MOVES, .replay = OP_REPLAYS(same),        \
        .backward = of_backward, .adjoint = of_adjoint                                   \
    }
static const struct {
    const char *who;
    Op op;
} WHO[] = {{"kernel", SAME("planted", wrong_backward, right_adjoint)},
           {"definition", SAME("planted", right_backward, wrong_adjoint)},
           {"both", SAME("planted", wrong_backward, wrong_adjoint)}};

static const Plant *read_plant(Arena *arena) {
    const char *text = getenv("NORMLAB_PLANT");
    Plant *plant = ZERO(arena, Plant, 1);
    double size;
    if (text && sscanf(text, "%15s %lf %63s", plant->who, &size, plant->operand) == 3)
        plant->factor = 1.0 + size;
    return plant;
}

static TapeNode *planted(Tape *t, const char *name, TapeNode *in) {
    const Plant *plant = read_plant(tape_arena(t));
    for (size_t i = 0; in && i < COUNT_OF(WHO); i++)
        if (strcmp(plant->who, WHO[i].who) == 0 && strcmp(plant->operand, name) == 0)
            return tape_write(t, &WHO[i].op, in->shape, &in, 1, plant, NULL);
    return in;
}

static void tell_operands(const Norm *norm) {
    const char *path = getenv("NORMLAB_OPERANDS");
    FILE *file = path ? fopen(path, "we") : NULL;
    if (file == NULL) return;
    fputs("x\n", file);
    for (size_t k = 0; k < norm->params; k++) fprintf(file, "%s\n", norm->param[k].name);
    fclose(file);
}

TapeNode *norm_apply(const NormContext *context, TapeNode *x) {
    static _Thread_local size_t inside; /* parts are called as they are */
    NormContext wrong = *context;
    TapeNode *param[NORM_MAX_PARAMS] = {NULL};
    if (inside) return norm_apply_right(context, x);
    tell_operands(context->norm);
    for (size_t k = 0; k < context->norm->params; k++)
        param[k] =
            planted(context->tape, context->norm->param[k].name, context->param[k]);
    wrong.param = param;
    inside++;
    TapeNode *y = norm_apply_right(&wrong, planted(context->tape, "x", x));
    inside--;
    return y;
}
