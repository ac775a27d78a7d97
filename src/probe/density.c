/* What averages over random vectors tell of a symmetric operator: the density of its eigenvalues,
 * and their sum. notes/42-curvature.md */
#include "curvature.h"
#include "real.h"
#include "sum.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* Beyond the outermost nodes, in units of sigma; of a normal density 1e-9 lies farther out. */
enum { MARGIN = 6 };

static double normal_density(double x, double sigma) {
    const double z = x / sigma, root = 2.5066282746310002; /* sqrt(2 pi) */
    return real_exp(-0.5 * z * z) / (root * sigma);
}

/* The outermost nodes of all probes. */
static void find_range(const Density *d, double *least, double *most) {
    *least = INFINITY, *most = -INFINITY;
    for (size_t i = 0; i < d->probes * d->steps; i++)
        if (!isnan(d->node[i])) {
            *least = fmin(*least, d->node[i]);
            *most = fmax(*most, d->node[i]);
        }
}

/* Where all nodes are one, in units of it; where that is 0, of 1. */
static double default_sigma(double least, double most) {
    const double wide = most - least, size = fmax(fabs(least), fabs(most));
    return DENSITY_SIGMA * (wide > 0 ? wide : size > 0 ? size : 1.0);
}

static void fill(Density *d, double sigma) {
    double least, most;
    find_range(d, &least, &most);
    d->sigma = sigma > 0 ? sigma : default_sigma(least, most);
    const double from = least - MARGIN * d->sigma, to = most + MARGIN * d->sigma;
    for (size_t k = 0; k < d->points; k++) {
        double sum = 0.0;
        d->at[k] = from + (to - from) * (double)k / (double)(d->points - 1);
        for (size_t i = 0; i < d->probes * d->steps; i++)
            if (!isnan(d->node[i]))
                sum += d->weight[i] * normal_density(d->at[k] - d->node[i], d->sigma);
        d->value[k] = sum / (double)d->probes;
    }
}

Density density_estimate(Arena *arena, const Operator *a, const DensityWish *wish) {
    const size_t steps = wish->steps < a->size ? wish->steps : a->size,
                 nodes = wish->probes * steps;
    REQUIRE(wish->probes > 0 && wish->points > 1, "a density of %zu probes at %zu points",
            wish->probes, wish->points);
    Density d = {.size = a->size,
                 .probes = wish->probes,
                 .steps = steps,
                 .points = wish->points,
                 .at = TAKE(arena, double, wish->points),
                 .value = TAKE(arena, double, wish->points),
                 .node = TAKE(arena, double, nodes),
                 .weight = TAKE(arena, double, nodes),
                 .finite = true};
    for (size_t p = 0; d.finite && p < d.probes; p++) {
        const ArenaMark mark = arena_mark(arena);
        const Draw draw = {wish->seed, DRAW_CURVATURE, p, 0};
        const Lanczos l = lanczos_run(arena, a, steps, draw, false);
        d.finite = l.finite;
        for (size_t i = 0; i < steps; i++) {
            d.node[p * steps + i] = i < l.steps ? l.value[i] : (double)NAN;
            d.weight[p * steps + i] = i < l.steps ? l.weight[i] : (double)NAN;
        }
        arena_rewind(arena, mark);
    }
    if (d.finite) fill(&d, wish->sigma);
    return d;
}

/* ---- the trace -------------------------------------------------------------------- */

TraceEstimate trace_estimate(Arena *arena, const Operator *a, size_t probes,
                             uint64_t seed) {
    const double LEVEL = 0.975; /* two-sided 95 % */
    const ArenaMark mark = arena_mark(arena);
    double *z = TAKE(arena, double, a->size), *az = TAKE(arena, double, a->size),
           *value = TAKE(arena, double, probes);
    REQUIRE(probes > 0, "a trace of no probes");
    for (size_t p = 0; p < probes; p++) {
        const Draw draw = {seed, DRAW_CURVATURE, p, UINT64_MAX};
        for (size_t i = 0; i < a->size; i++) z[i] = draw_bits(draw, i) >> 63 ? 1.0 : -1.0;
        a->apply(az, z, a->context);
        value[p] = sum_product(z, az, a->size);
    }
    const double count = (double)probes;
    TraceEstimate t = {.probes = probes, .mean = sum_run(value, probes) / count};
    for (size_t p = 0; p < probes; p++) value[p] -= t.mean;
    t.error = probes > 1 ? vector_length(value, probes) / sqrt(count * (count - 1))
                         : (double)NAN;
    const double half =
        probes > 1 ? gsl_cdf_tdist_Pinv(LEVEL, count - 1) * t.error : (double)NAN;
    t.low = t.mean - half, t.high = t.mean + half;
    arena_rewind(arena, mark);
    return t;
}
