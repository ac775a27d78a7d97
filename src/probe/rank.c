/* How many directions the samples of a step take behind each normalizer. With H [N, d] the samples, each
 * all its channels and positions, M = H^T H / N is d x d and has the same eigenvalues but zeros as
 * H H^T / N: of the smaller of the two they are taken. Depth alone can leave one direction; batch
 * normalization keeps at least of the order of sqrt(d) (Daneshmand et al. 2020). */
#include "eigen.h"
#include "probe.h"
#include "real.h"
#include "sum.h"

#include <math.h>

enum { PARTICIPATION, RANK, SOFT, GAP, COSINE };

static const ProbeField FIELDS[] = {
    [PARTICIPATION] = {.name = "participation",
                       .says = "tr(M)^2 / |M|^2: 1 of one direction, d of d alike",
                       .over = PROBE_PLACES},
    [RANK] = {.name = "rank",
              .says = "eigenvalues of M above 1e-12 of the largest",
              .over = PROBE_PLACES},
    [SOFT] = {.name = "soft",
              .says = "eigenvalues of M above a hundredth of tr(M) / d",
              .over = PROBE_PLACES},
    [GAP] = {.name = "isometry_gap",
             .says =
                 "log of the mean of the eigenvalues less the mean of their logarithms, "
                 "none below 1e-12 of the largest: 0 where all are alike",
             .over = PROBE_PLACES},
    [COSINE] = {.name = "cosine",
                .says = "mean over pairs of samples of the cosine between them",
                .over = PROBE_PLACES},
    {.name = NULL}};

/* Samples that are looked at: of more the first. Eigenvalues of so many take a second. */
enum { MOST_SAMPLES = 512 };
#define NUMERICAL 1e-12
#define SOFTLY    1e-2

/* What is there of the first samples, 0 where it is padding: [samples, d], or the other way. */
static double *samples_of(Arena *arena, const TrainPlace *p, size_t samples,
                          bool turned) {
    const ShapeLattice l = shape_lattice(p->shape);
    const size_t d = l.C * l.L;
    double *h = TAKE(arena, double, samples *d);
    for (size_t n = 0; n < samples; n++)
        for (size_t i = 0; i < d; i++) {
            const bool there = p->there == NULL || p->there[n * l.L + i % l.L];
            h[turned ? i * samples + n : n * d + i] = there ? p->y[n * d + i] : 0.0;
        }
    return h;
}

/* Products of the rows of h [count, each] with each other. */
static double *gram(Arena *arena, const double *h, size_t count, size_t each) {
    double *g = TAKE(arena, double, count *count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k <= i; k++)
            g[i * count + k] = g[k * count + i] =
                sum_product(h + i * each, h + k * each, each);
    return g;
}

static bool is_finite(const double *x, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(x[i])) return false;
    return true;
}

/* [count] of g, which is lost. */
static double *eigenvalues(Arena *arena, double *g, size_t count) {
    double *value = TAKE(arena, double, count);
    eigen_values(value, g, arena, count);
    return value;
}

/* By the sum of the samples' directions: |sum|^2 has each pair twice and each sample once. */
static double mean_cosine(Arena *arena, const double *h, size_t samples, size_t d) {
    double *sum = ZERO(arena, double, d);
    for (size_t n = 0; n < samples; n++) {
        const double length = vector_length(h + n * d, d);
        for (size_t i = 0; i < d; i++) sum[i] += h[n * d + i] / length;
    }
    const double all = (double)samples;
    return (sum_product(sum, sum, d) - all) / (all * (all - 1.0));
}

/* `count` eigenvalues that may be other than 0, of a matrix with `d` of them. */
static void count_directions(const double *value, size_t count, double d, size_t i,
                             double *const *to) {
    double sum = 0.0, squares = 0.0, most = 0.0, logarithms = 0.0;
    for (size_t k = 0; k < count; k++) {
        sum += value[k], squares += value[k] * value[k];
        most = fmax(most, value[k]);
    }
    to[PARTICIPATION][i] = sum * sum / squares;
    to[RANK][i] = to[SOFT][i] = 0.0;
    for (size_t k = 0; k < count; k++) {
        to[RANK][i] += value[k] > NUMERICAL * most;
        to[SOFT][i] += value[k] > SOFTLY * sum / d;
        logarithms += real_log(fmax(value[k], NUMERICAL * most));
    }
    to[GAP][i] = real_log(sum / (double)count) - logarithms / (double)count;
}

static void see_place(const TrainPlace *p, Arena *arena, size_t i, double *const *to) {
    const ShapeLattice l = shape_lattice(p->shape);
    const size_t d = l.C * l.L, samples = l.N < MOST_SAMPLES ? l.N : MOST_SAMPLES,
                 count = samples < d ? samples : d;
    const double *h = samples_of(arena, p, samples, false);
    if (!is_finite(h, samples * d)) return;
    to[COSINE][i] = mean_cosine(arena, h, samples, d);
    if (d < samples) h = samples_of(arena, p, samples, true);
    double *g = gram(arena, h, count, d < samples ? samples : d);
    if (!is_finite(g, count * count)) return;
    count_directions(eigenvalues(arena, g, count), count, (double)d, i, to);
}

static void see(const ProbeSeen *seen, double *kept, Arena *arena, double *const *to) {
    (void)kept;
    for (size_t i = 0; i < seen->places; i++) {
        const ArenaMark mark = arena_mark(arena);
        see_place(&seen->place[i], arena, i, to);
        arena_rewind(arena, mark);
    }
}

/* ---- what the rows come to ---------------------------------------------------------- */

enum { LOG_PARTICIPATION, LAST_RANK, LAST_COSINE };

static const ProbeNumber NUMBERS[] = {
    [LOG_PARTICIPATION] =
        {.name = "log_participation",
         .says = "log(tr(M)^2 / |M|^2) behind the last normalizer, last row"},
    [LAST_RANK] = {.name = "last", .says = "numerical rank there"},
    [LAST_COSINE] = {.name = "cosine", .says = "mean cosine of two samples there"},
    {.name = NULL}};

static void sum_up(const ProbeRows *rows, Arena *arena, double *number) {
    size_t places;
    const double *participation = probe_values(rows, arena, "participation", &places),
                 *rank = probe_values(rows, arena, "rank", NULL),
                 *cosine = probe_values(rows, arena, "cosine", NULL);
    if (rows->rows == 0 || places == 0) return;
    const size_t last = rows->rows * places - 1;
    number[LOG_PARTICIPATION] = real_log(participation[last]);
    number[LAST_RANK] = rank[last];
    number[LAST_COSINE] = cosine[last];
}

const ProbeKind probe_rank = {
    .name = "rank",
    .title = "how many directions the samples of a step take behind each normalizer",
    .source = "Daneshmand et al. 2020; Joudaki et al. 2023",
    .fields = FIELDS,
    .numbers = NUMBERS,
    .places = true,
    .see = see,
    .sum_up = sum_up,
};
