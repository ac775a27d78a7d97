/* The normalizers of other papers, each restated from its published equation in plain loops of long
 * doubles; its gradients by differences of that restatement, where what is detached is held. */
#include "norm_given.h"

enum { MOST = 64 }; /* numbers of a parameter */

/* ---- the equations, restated ------------------------------------------------------ */

typedef long double Real;

typedef struct Problem {
    const Trial *g;
    NormMode mode;
    Real x[ALL], held[ALL]; /* what is detached is taken of `held` */
    Real param[NORM_MAX_PARAMS][MOST];
} Problem;

typedef void Restated(Real *y, const Problem *p);

static const Real *of(const Problem *p, const char *name) {
    return p->param[param_place(p->g->norm, name)];
}

static size_t sample(size_t i) {
    return i / L / C;
}

static size_t channel(size_t i) {
    return i / L % C;
}

typedef bool Same(const Problem *p, size_t i, size_t j);

static bool same_channel(const Problem *p, size_t i, size_t j) {
    (void)p;
    return channel(i) == channel(j);
}

static bool same_row(const Problem *p, size_t i, size_t j) {
    (void)p;
    return i / L == j / L;
}

static bool same_sample(const Problem *p, size_t i, size_t j) {
    (void)p;
    return sample(i) == sample(j);
}

static bool same_pair(const Problem *p, size_t i, size_t j) { /* two groups of channels */
    (void)p;
    return sample(i) == sample(j) && channel(i) / (C / 2) == channel(j) / (C / 2);
}

static bool same_chunk(const Problem *p, size_t i, size_t j) {
    const size_t G = p->g->norm->state[0].count, D = C * L;
    return i % D / (D / G) == j % D / (D / G);
}

/* Mean and biased variance of i's cell. */
static void moments(Real m[2], const Problem *p, const Real *x, Same *same, size_t i) {
    Real count = 0;
    m[0] = m[1] = 0;
    for (size_t j = 0; j < ALL; j++)
        if (same(p, i, j)) m[0] += x[j], count++;
    m[0] /= count;
    for (size_t j = 0; j < ALL; j++)
        if (same(p, i, j)) m[1] += (x[j] - m[0]) * (x[j] - m[0]) / count;
}

static void running(Real m[2], const Problem *p, size_t at) {
    m[0] = p->g->state[0][at], m[1] = p->g->state[1][at];
}

static Real affine(const Problem *p, size_t i, Real xhat) {
    return of(p, "gamma")[channel(i)] * xhat + of(p, "beta")[channel(i)];
}

static void pooled_moments(Real *y, const Problem *p, Same *other) {
    const Real n = p->mode == NORM_EVAL ? (Real)p->g->state[2][0] : N;
    const Real a = 1 / (1 + expl(-(of(p, "slope")[0] * n + of(p, "offset")[0])));
    for (size_t i = 0; i < ALL; i++) {
        Real b[2], o[2];
        moments(b, p, p->x, same_channel, i), moments(o, p, p->x, other, i);
        if (p->mode == NORM_EVAL) running(b, p, channel(i));
        const Real mean = a * b[0] + (1 - a) * o[0];
        const Real v = a * (b[1] + (b[0] - mean) * (b[0] - mean)) +
                       (1 - a) * (o[1] + (o[0] - mean) * (o[0] - mean));
        y[i] = affine(p, i, (p->x[i] - mean) / sqrtl(v + p->g->norm->eps));
    }
}

static void task(Real *y, const Problem *p) {
    pooled_moments(y, p, same_row);
}

static void task_with_layer(Real *y, const Problem *p) {
    pooled_moments(y, p, same_sample);
}

static Real clip(Real a, Real least, Real most) {
    return a < least ? least : a > most ? most : a;
}

static void renormed(Real *y, const Problem *p, Real rmax, Real dmax) {
    const Real eps = p->g->norm->eps;
    for (size_t i = 0; i < ALL; i++) {
        Real m[2], held[2], run[2], r = 1, d = 0;
        moments(m, p, p->x, same_channel, i);
        moments(held, p, p->held, same_channel, i);
        running(run, p, channel(i));
        if (p->mode == NORM_EVAL) {
            m[0] = run[0], m[1] = run[1];
        } else {
            const Real sigma = sqrtl(run[1] + eps);
            r = clip(sqrtl(held[1] + eps) / sigma, 1 / rmax, rmax);
            d = clip((held[0] - run[0]) / sigma, -dmax, dmax);
        }
        y[i] = affine(p, i, (p->x[i] - m[0]) / sqrtl(m[1] + eps) * r + d);
    }
}

static void renorm(Real *y, const Problem *p) {
    renormed(y, p, 3, 5);
}

static void renorm_clipped(Real *y, const Problem *p) {
    renormed(y, p, 1.25L, 0.5L);
}

static void response_alone(Real *y, const Problem *p) {
    for (size_t i = 0; i < ALL; i++) {
        Real square = 0;
        for (size_t j = 0; j < ALL; j++)
            if (same_row(p, i, j)) square += p->x[j] * p->x[j] / L;
        y[i] = affine(p, i, p->x[i] / sqrtl(square + 1e-6));
    }
}

static void frn(Real *y, const Problem *p) {
    response_alone(y, p);
    for (size_t i = 0; i < ALL; i++) y[i] = fmaxl(y[i], of(p, "tau")[channel(i)]);
}

/* Gates of sample n. */
static void gates(Real *gate, const Problem *p, size_t n, size_t modes) {
    Real sum = 0;
    for (size_t k = 0; k < modes; k++) {
        Real z = of(p, "gate_bias")[k];
        for (size_t j = n * C * L; j < (n + 1) * C * L; j++)
            z += of(p, "gate_weight")[k * C + channel(j)] * p->x[j] / L;
        sum += gate[k] = expl(z);
    }
    for (size_t k = 0; k < modes; k++) gate[k] /= sum;
}

/* Of mode k and channel c; m[2] is what its weights see of the variance. */
static void mode_moments(Real m[3], const Problem *p, Real gate[N][MOST], size_t k,
                         size_t c) {
    Real all = 0, seen = 0;
    m[0] = m[1] = 0;
    for (size_t n = 0; n < N; n++) all += gate[n][k];
    for (size_t i = 0; i < ALL; i++)
        if (channel(i) == c) m[0] += gate[sample(i)][k] * p->x[i] / L / all;
    for (size_t i = 0; i < ALL; i++)
        if (channel(i) == c)
            m[1] += gate[sample(i)][k] * (p->x[i] - m[0]) * (p->x[i] - m[0]) / L / all;
    for (size_t n = 0; n < N; n++) seen += gate[n][k] * gate[n][k] / (all * all) / L;
    m[2] = 1 - seen;
}

static void mode(Real *y, const Problem *p) {
    const size_t modes = p->g->norm->state[0].count / C;
    Real gate[N][MOST], xhat[ALL] = {0};
    for (size_t n = 0; n < N; n++) gates(gate[n], p, n, modes);
    for (size_t k = 0; k < modes; k++)
        for (size_t c = 0; c < C; c++) {
            Real m[3];
            mode_moments(m, p, gate, k, c);
            if (p->mode == NORM_EVAL) running(m, p, k * C + c);
            const Real std = sqrtl(m[1] + p->g->norm->eps);
            for (size_t i = 0; i < ALL; i++)
                if (channel(i) == c)
                    xhat[i] += gate[sample(i)][k] * (p->x[i] - m[0]) / std;
        }
    for (size_t i = 0; i < ALL; i++) y[i] = affine(p, i, xhat[i]);
}

static void evonorm_S0(Real *y, const Problem *p) {
    for (size_t i = 0; i < ALL; i++) {
        Real m[2];
        moments(m, p, p->x, same_pair, i);
        const Real gated = p->x[i] / (1 + expl(-of(p, "v1")[channel(i)] * p->x[i]));
        y[i] = affine(p, i, gated / sqrtl(m[1] + p->g->norm->eps));
    }
}

static void evonorm_B0(Real *y, const Problem *p) {
    const Real eps = p->g->norm->eps;
    for (size_t i = 0; i < ALL; i++) {
        Real batch[2], own[2];
        moments(batch, p, p->x, same_channel, i);
        moments(own, p, p->x, same_row, i);
        if (p->mode == NORM_EVAL) batch[1] = p->g->state[0][channel(i)];
        const Real other = of(p, "v1")[channel(i)] * p->x[i] + sqrtl(own[1] + eps);
        y[i] = affine(p, i, p->x[i] / fmaxl(sqrtl(batch[1] + eps), other));
    }
}

static void chunks(Real *y, const Problem *p) {
    for (size_t i = 0; i < ALL; i++) {
        Real m[2];
        moments(m, p, p->x, same_chunk, i);
        const size_t G = p->g->norm->state[0].count;
        if (p->mode == NORM_EVAL) running(m, p, i % (C * L) / (C * L / G));
        y[i] = affine(p, i, (p->x[i] - m[0]) / sqrtl(m[1] + p->g->norm->eps));
    }
}

static void responded(Real *y, const Problem *p, Real k, Real alpha, size_t reach) {
    for (size_t i = 0; i < ALL; i++) {
        Real base = k;
        for (size_t j = 0; j < ALL; j++) {
            const size_t a = channel(i), b = channel(j);
            const bool near = a < b ? b - a <= reach : a - b <= reach;
            if (near && sample(i) == sample(j) && i % L == j % L)
                base += alpha * p->x[j] * p->x[j];
        }
        y[i] = affine(p, i, p->x[i] / powl(base, 0.75L));
    }
}

static void response(Real *y, const Problem *p) {
    responded(y, p, 2, 1e-4L, 2);
}

static void response_divided(Real *y, const Problem *p) {
    responded(y, p, 1, 0.5L / 3, 1);
}

/* P[c, g], and what a group has of all channels. */
static Real weight_in(const Problem *p, size_t groups, Real tau, size_t c, size_t g) {
    Real sum = 0;
    for (size_t k = 0; k < groups; k++)
        sum += expl(of(p, "assignment")[c * groups + k] / tau);
    return expl(of(p, "assignment")[c * groups + g] / tau) / sum;
}

static void softly(Real *y, const Problem *p, size_t groups, Real tau) {
    Real xhat[ALL] = {0};
    for (size_t n = 0; n < N; n++)
        for (size_t g = 0; g < groups; g++) {
            Real all = 0, mean = 0, variance = 0;
            for (size_t c = 0; c < C; c++) all += weight_in(p, groups, tau, c, g);
            for (size_t i = n * C * L; i < (n + 1) * C * L; i++)
                mean += weight_in(p, groups, tau, channel(i), g) * p->x[i] / L / all;
            for (size_t i = n * C * L; i < (n + 1) * C * L; i++)
                variance += weight_in(p, groups, tau, channel(i), g) * (p->x[i] - mean) *
                            (p->x[i] - mean) / L / all;
            for (size_t i = n * C * L; i < (n + 1) * C * L; i++)
                xhat[i] += weight_in(p, groups, tau, channel(i), g) * (p->x[i] - mean) /
                           sqrtl(variance + p->g->norm->eps);
        }
    for (size_t i = 0; i < ALL; i++) y[i] = affine(p, i, xhat[i]);
}

static void soft_2(Real *y, const Problem *p) {
    softly(y, p, 2, 1);
}

static void soft_3(Real *y, const Problem *p) {
    softly(y, p, 3, 0.5L);
}

/* xhat of batch, of two groups of channels, with the eps that is usual. */
static void batch_of(Real *xhat, const Problem *p, const Real *x) {
    for (size_t i = 0; i < ALL; i++) {
        Real m[2];
        moments(m, p, x, same_channel, i);
        if (p->mode == NORM_EVAL) running(m, p, channel(i));
        xhat[i] = (x[i] - m[0]) / sqrtl(m[1] + 1e-5);
    }
}

static void pair_of(Real *xhat, const Problem *p, const Real *x) {
    for (size_t i = 0; i < ALL; i++) {
        Real m[2];
        moments(m, p, x, same_pair, i);
        xhat[i] = (x[i] - m[0]) / sqrtl(m[1] + 1e-5);
    }
}

static void blend(Real *y, const Problem *p) {
    Real a[ALL], b[ALL];
    batch_of(a, p, p->x), pair_of(b, p, p->x);
    for (size_t i = 0; i < ALL; i++) {
        const Real r = 1 / (1 + expl(-of(p, "gate")[channel(i)]));
        y[i] = affine(p, i, r * a[i] + (1 - r) * b[i]);
    }
}

static void blend_with_nothing(Real *y, const Problem *p) {
    Real b[ALL];
    pair_of(b, p, p->x);
    for (size_t i = 0; i < ALL; i++) {
        const Real r = of(p, "gate")[0];
        y[i] = affine(p, i, r * p->x[i] + (1 - r) * b[i]);
    }
}

static void chain(Real *y, const Problem *p) {
    Real a[ALL];
    batch_of(a, p, p->x), pair_of(y, p, a);
    for (size_t i = 0; i < ALL; i++) y[i] = affine(p, i, y[i]);
}

static void chain_back(Real *y, const Problem *p) {
    Real a[ALL];
    pair_of(a, p, p->x), batch_of(y, p, a);
    for (size_t i = 0; i < ALL; i++) y[i] = affine(p, i, y[i]);
}

static const struct {
    const char *spec;
    Restated *equation;
} EQUATIONS[] = {{"soft(2)", soft_2},
                 {"soft(3, tau=0.5)", soft_3},
                 {"blend(batch, group(2))", blend},
                 {"blend(none, group(2), gate=free, per=layer)", blend_with_nothing},
                 {"batch | group(2)", chain},
                 {"group(2) | batch", chain_back},
                 {"task", task},
                 {"task(with=layer)", task_with_layer},
                 {"renorm", renorm},
                 {"renorm(rmax=1.25, dmax=0.5)", renorm_clipped},
                 {"frn", frn},
                 {"frn(tlu=no)", response_alone},
                 {"mode(1)", mode},
                 {"mode(3)", mode},
                 {"evonorm(S0, groups=2)", evonorm_S0},
                 {"evonorm(B0)", evonorm_B0},
                 {"chunks(3)", chunks},
                 {"chunks(16)", chunks},
                 {"response(5)", response},
                 {"response(3, k=1, alpha=0.5, divide=yes)", response_divided}};

static Problem plain_of(const Trial *g, NormMode mode_of) {
    Problem p = {.g = g, .mode = mode_of};
    for (size_t i = 0; i < ALL; i++) p.x[i] = p.held[i] = g->x[i];
    for (size_t k = 0; k < g->norm->params; k++) {
        assert_true(g->norm->param[k].count <= MOST);
        for (size_t c = 0; c < g->norm->param[k].count; c++)
            p.param[k][c] = g->param[k][c];
    }
    return p;
}

static Real along(const Problem *p, Restated *equation) { /* <dy, y> */
    Real y[ALL], sum = 0;
    equation(y, p);
    for (size_t i = 0; i < ALL; i++) sum += p->g->dy[i] * y[i];
    return sum;
}

/* By one number of the restatement: two points, 1e-7 apart, of 64 bits. */
static double slope(const Problem *p, Restated *equation, Real *at) {
    const Real here = *at, h = 1e-7L;
    *at = here + h;
    const Real above = along(p, equation);
    *at = here - h;
    const Real below = along(p, equation);
    *at = here;
    return (double)((above - below) / (2 * h));
}

static void equations_restated(void **state) {
    (void)state;
    for (size_t e = 0; e < COUNT_OF(EQUATIONS); e++)
        for (int m = NORM_TRAIN; m <= NORM_EVAL; m++) {
            Arena *arena = arena_new();
            Trial g = given(arena, EQUATIONS[e].spec);
            Problem p = plain_of(&g, (NormMode)m);
            Real y[ALL];
            EQUATIONS[e].equation(y, &p);
            for (int definition = 0; definition < 2; definition++) {
                Outcome got = run_given(arena, &g, (NormMode)m, definition);
                for (size_t i = 0; i < ALL; i++)
                    if (!(fabs(got.y[i] - (double)y[i]) <= 64 * DBL_EPSILON))
                        fail_msg("%s, mode %d: y[%zu] = %.17g, not %.17g",
                                 EQUATIONS[e].spec, m, i, got.y[i], (double)y[i]);
            }
            arena_free(arena);
        }
}

static void gradients_restated(void **state) {
    (void)state;
    for (size_t e = 0; e < COUNT_OF(EQUATIONS); e++)
        for (int m = NORM_TRAIN; m <= NORM_EVAL; m++) {
            Arena *arena = arena_new();
            Trial g = given(arena, EQUATIONS[e].spec);
            Problem p = plain_of(&g, (NormMode)m);
            Outcome got = run_given(arena, &g, (NormMode)m, false);
            for (size_t i = 0; i < ALL; i += 3)
                assert_near(got.dx[i], slope(&p, EQUATIONS[e].equation, &p.x[i]), 1e-9);
            for (size_t k = 0; k < g.norm->params; k++)
                for (size_t c = 0; c < g.norm->param[k].count; c++)
                    assert_near(got.dparam[k][c],
                                slope(&p, EQUATIONS[e].equation, &p.param[k][c]), 1e-8);
            arena_free(arena);
        }
}

/* ---- what is observed ------------------------------------------------------------- */

static void observations_restated(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trial g = given(arena, "mode(3)"), chunk = given(arena, "chunks(16)"),
          evonorm = given(arena, "evonorm(B0)");
    Problem p = plain_of(&g, NORM_TRAIN), q = plain_of(&chunk, NORM_TRAIN);
    Real gate[N][MOST], m[3];
    for (size_t n = 0; n < N; n++) gates(gate[n], &p, n, 3);
    for (int definition = 0; definition < 2; definition++) {
        Outcome modes = run_given(arena, &g, NORM_TRAIN, definition),
                cut = run_given(arena, &chunk, NORM_TRAIN, definition),
                evo = run_given(arena, &evonorm, NORM_TRAIN, definition);
        for (size_t k = 0; k < 3 * C; k++) {
            mode_moments(m, &p, gate, k / C, k % C);
            assert_near(modes.observed[0][k], (double)m[0], 1e-14);
            assert_near(modes.observed[1][k], (double)(m[1] / m[2]), 1e-13);
        }
        for (size_t k = 0; k < 16; k++) { /* a chunk of 3 positions */
            moments(m, &q, q.x, same_chunk, k * 3);
            assert_near(cut.observed[0][k], (double)m[0], 1e-14);
            assert_near(cut.observed[1][k], (double)(m[1] * 12 / 11), 1e-13);
        }
        for (size_t c = 0; c < C; c++) {
            moments(m, &p, p.x, same_channel, c * L);
            assert_near(evo.observed[0][c], (double)(m[1] * 24 / 23), 1e-13);
        }
    }
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(oracle, equations_restated),
    CASE(oracle, gradients_restated),
    CASE(oracle, observations_restated),
};

HARNESS_MAIN("norm_equations", CASES)
