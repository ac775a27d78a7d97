/* gelu(x) = x Phi(x), Phi(x) = (1 + erf(x / sqrt(2))) / 2 the share of normal numbers below x
 * (Hendrycks and Gimpel 2016), in one pass that keeps the slope, Phi(x) + x phi(x), phi(x) =
 * exp(-x^2 / 2) / sqrt(2 pi).
 *
 * Beyond s = |x| the share is exp(-s^2 / 2) r(s), and (1 + 2 s) r(s) a polynomial in
 * (s - 5) / (s + 5), after Shepherd and Laframboise 1981. Its coefficients are Chebyshev's of
 * that function (by mpmath, 40 digits), and what they leave out is below 1e-17. Phi is right to
 * 3 eps, one exponential serves both, and nothing in the loops keeps a compiler from vectors. */
#include "house.h"
#include "op.h"
#include "real_core.h"

enum { RUN = 64 };

static const double TAIL[] = {
    0x1.b135a378924a6p-1,   -0x1.44c9cd8f5799ap-5,  -0x1.ba6f247fb88bbp-5,
    0x1.9d3d58860dc50p-4,   -0x1.9c4af953d6854p-4,  0x1.28e8fee374755p-4,
    -0x1.42359ad049bccp-5,  0x1.f96034ee00e59p-7,   -0x1.d42635f66473dp-9,
    -0x1.f1d655763e84cp-14, 0x1.bdbec0cea27bdp-12,  -0x1.c5b99b5feb728p-14,
    -0x1.bb86f78fd7074p-16, 0x1.454e6a75a747ep-16,  0x1.1e76f39804f71p-21,
    -0x1.7fa518622621ep-19, 0x1.8261fca9f50fcp-23,  0x1.cfd7b03542b3dp-22,
    -0x1.705a311af5f78p-25, -0x1.23aba599a4938p-24, 0x1.ac7acd5e4b2e8p-28,
    0x1.495f47ba32a20p-27,  -0x1.433fba6a410f4p-31, -0x1.c5d227716dbf3p-31,
    0x1.b5bae842f8d58p-36};

/* bell[i] = exp(-x^2 / 2), as real_exp has it; 0 where that is below 1e-307. */
static void bells(double *restrict bell, const double *restrict x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const double half = 0.5 * x[i] * x[i];
        const double e = real_exp_within(half < REAL_EXP_WITHIN ? -half : 0.0);
        bell[i] = half < REAL_EXP_WITHIN ? e : 0.0;
    }
}

/* r[i] of s = |x|, the polynomial; nothing is left of what stands beyond 40. */
static void tails(double *restrict r, const double *restrict x, size_t n) {
    double at[RUN];
    for (size_t i = 0; i < n; i++) {
        const double s = fabs(x[i]);
        at[i] = s < 40.0 ? (s - 5.0) / (s + 5.0) : 0.0;
        r[i] = TAIL[COUNT_OF(TAIL) - 1];
    }
    for (size_t k = COUNT_OF(TAIL) - 1; k-- > 0;)
        for (size_t i = 0; i < n; i++) r[i] = fma(r[i], at[i], TAIL[k]);
}

/* y = x Phi, and the slope. */
static void run(double *restrict y, double *restrict slope, const double *restrict x,
                size_t n) {
    double bell[RUN], r[RUN];
    bells(bell, x, n);
    tails(r, x, n);
    for (size_t i = 0; i < n; i++) {
        const double beyond = bell[i] * r[i] / (1.0 + 2.0 * fabs(x[i]));
        const double share = x[i] > 0 ? 1.0 - beyond : beyond;
        const double weight = 0x1.9884533d43651p-2 * bell[i];
        y[i] = x[i] * share;
        slope[i] = share + (weight == 0.0 ? 0.0 : x[i] * weight);
    }
}

static void gelu_forward(Tape *tape, TapeNode *y) {
    const double *x = y->in[0]->value;
    const size_t count = shape_count(y->shape);
    double *slope = y->wanted ? tape_room(tape, count) : NULL, unwanted[RUN];
    y->saved = slope;
    for (size_t i = 0; i < count; i += RUN)
        run(y->value + i, slope ? slope + i : unwanted, x + i,
            count - i < RUN ? count - i : RUN);
}

static void gelu_turn(const TapeNode *y, double *g) {
    const double *slope = y->saved;
    for (size_t i = 0, n = shape_count(y->shape); i < n; i++) g[i] *= slope[i];
}

static TapeNode *gelu_define(Tape *t, TapeNode *y) {
    TapeNode *a = y->in[0], *root = tape_sqrt(t, tape_fill(t, a->shape, 2.0)),
             *share = tape_erf(t, tape_div(t, a, root));
    share = tape_add(t, tape_fill(t, a->shape, 1.0), share);
    return tape_mul(t, a, tape_mul(t, tape_fill(t, a->shape, 0.5), share));
}

static const Op op_gelu = {
    .name = "gelu", .forward = gelu_forward, .turn = gelu_turn, .define = gelu_define};

TapeNode *tape_gelu(Tape *tape, TapeNode *a) {
    return tape_write(tape, &op_gelu, a->shape, &a, 1, NULL, NULL);
}
