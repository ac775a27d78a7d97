/* Normalizers whose backward is by design no derivative of their forward: no derivative
 * oracle can judge them, so their equations are restated here, forward, backward and what
 * both observe for the running state. Plain loops of 113 bits, nothing of norm's. */
#include "trial_kind.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Values, and beside each the scale in which its error is measured. */
typedef struct Moving {
    Quad *y, *dx;                                      /* [N, C, L] */
    Quad *dgamma, *dbeta, *square, *product;           /* [C] */
    double *y_scale, *dx_scale;                        /* [N, C, L] */
    double *along_scale, *dbeta_scale, *product_scale; /* [C], along: of dgamma */
} Moving;

static Moving moving_new(Arena *arena, const Trial *t) {
    const size_t n = t->n, C = t->at.C;
    return (Moving){
        ZERO(arena, Quad, n),   ZERO(arena, Quad, n),   ZERO(arena, Quad, C),
        ZERO(arena, Quad, C),   ZERO(arena, Quad, C),   ZERO(arena, Quad, C),
        ZERO(arena, double, n), ZERO(arena, double, n), ZERO(arena, double, C),
        ZERO(arena, double, C), ZERO(arena, double, C)};
}

/* Weight of the batch in both averages, by the text of the spec. */
static Quad weight_said(const Trial *t) {
    const char *warm = strstr(t->spec, "warm="), *newest = strstr(t->spec, "weight_new=");
    double number;
    if (warm && sscanf(warm, "warm=%lf", &number) == 1 && number > (double)t->epoch)
        return 1;
    if (newest && sscanf(newest, "weight_new=%lf", &number) == 1) return number;
    return (Quad)0.1;
}

/* The paper's equations for channel c: two sums, two averages, y and dx (mabn.c). */
static void restate_channel(const Moving *m, const Trial *t, size_t c) {
    const size_t C = t->at.C, L = t->at.L;
    const Quad w = weight_said(t), count = (Quad)(double)(t->at.N * L);
    for (size_t i = 0; i < t->n; i++)
        if (i / L % C == c) m->square[c] += (Quad)t->x[i] * t->x[i] / count;
    const Quad square = (1 - w) * t->state[0][c] + w * m->square[c];
    const Quad rstd = 1 / quad_sqrt(square + t->norm->eps);
    for (size_t i = 0; i < t->n; i++) {
        if (i / L % C != c) continue;
        const Quad xhat = t->x[i] * rstd, h = trial_gamma(t, i) * (Quad)t->dy[i];
        m->y[i] = trial_gamma(t, i) * xhat + trial_beta(t, i);
        m->y_scale[i] = fabs(trial_gamma(t, i) * (double)xhat) + fabs(trial_beta(t, i));
        m->product[c] += h * xhat / count;
        m->product_scale[c] += (double)quad_abs(h * xhat / count);
        m->dgamma[c] += t->dy[i] * xhat;
        m->along_scale[c] += (double)quad_abs(t->dy[i] * xhat);
        m->dbeta[c] += t->dy[i];
        m->dbeta_scale[c] += fabs(t->dy[i]);
    }
    const Quad product = (1 - w) * t->state[1][c] + w * m->product[c];
    const double terms = fabs(t->state[1][c]) + m->product_scale[c];
    for (size_t i = 0; i < t->n; i++) {
        if (i / L % C != c) continue;
        const Quad xhat = t->x[i] * rstd, h = trial_gamma(t, i) * (Quad)t->dy[i];
        m->dx[i] = (h - xhat * product) * rstd;
        m->dx_scale[i] = (double)((quad_abs(h) + quad_abs(xhat) * terms) * rstd);
    }
}

static void compare(Tally *sum, const char *what, const double *got, const Quad *expected,
                    const double *scale, double digits, size_t count) {
    for (size_t i = 0; i < count; i++)
        tally_quad(sum, what, i, got[i], expected[i], digits * DBL_EPSILON * scale[i]);
}

static void compare_text(Arena *arena, Tally *sum, const Trial *t, const char *text,
                         const Outcome *got, const Moving *m, double digits) {
    const size_t gamma = norm_place(t->norm, NORM_PARAM_SCALE),
                 beta = norm_place(t->norm, NORM_PARAM_SHIFT), C = t->at.C;
    double *square = TAKE(arena, double, C);
    for (size_t c = 0; c < C; c++) square[c] = (double)m->square[c];
    compare(sum, text_print(arena, "%s's y", text), got->y, m->y, m->y_scale, digits,
            t->n);
    compare(sum, text_print(arena, "%s's dx", text), got->dx, m->dx, m->dx_scale, digits,
            t->n);
    if (gamma != SIZE_MAX)
        compare(sum, text_print(arena, "%s's dgamma", text), got->dparam[gamma],
                m->dgamma, m->along_scale, digits, C);
    if (beta != SIZE_MAX)
        compare(sum, text_print(arena, "%s's dbeta", text), got->dparam[beta], m->dbeta,
                m->dbeta_scale, digits, C);
    compare(sum, text_print(arena, "%s's observed square", text), got->observed[0],
            m->square, square, digits, C);
    compare(sum, text_print(arena, "%s's observed product", text), got->observed[1],
            m->product, m->product_scale, digits, C);
}

static CheckReport judge_by_design(Arena *arena, const Trial *t,
                                   const TrialCheck *check) {
    const Moving m = moving_new(arena, t);
    for (size_t c = 0; c < t->at.C; c++) restate_channel(&m, t, c);
    const Outcome kernel = trial_run(arena, t, 0),
                  definition = trial_run_definition(arena, t);
    Tally sum = tally_new(t);
    compare_text(arena, &sum, t, "kernel", &kernel, &m, check->digits);
    compare_text(arena, &sum, t, "definition", &definition, &m, check->digits);
    return sum.report;
}

/* A kind that says so and is not restated here is judged by nobody: tests/norm/norm_mabn.c. */
static bool is_restated(const Trial *t) {
    return !t->derives && strcspn(t->spec, "(") == 4 && strncmp(t->spec, "mabn", 4) == 0;
}
const TrialCheck trial_by_design = {
    .name = "by-design",
    .says = "a backward that is no derivative by design: all restated in plain loops",
    .digits = 8,
    .data = ON_ALL,
    .applies = is_restated,
    .judge = judge_by_design};
