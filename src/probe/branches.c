/* What residual branches add to what passes them by. With skips that change nothing and branches of one
 * variance, the k-th sum has k + 1 terms, and its branch the share 1 / (k + 1) of its variance: with
 * normalizers before a branch depth makes blocks the identity (De and Smith 2020). Without, a branch is
 * as large as what it sees, and its share the same everywhere. Variances are those of all numbers of
 * the step's samples, whatever their channel. */
#include "there.h"

#include "probe.h"

#include <gsl/gsl_fit.h>
#include <math.h>

enum { SKIP, BRANCH, SHARE };

static const ProbeField FIELDS[] = {
    [SKIP] = {.name = "skip_variance",
              .says = "variance of what passes by",
              .over = PROBE_BRANCHES},
    [BRANCH] = {.name = "branch_variance",
                .says = "variance of what is added",
                .over = PROBE_BRANCHES},
    [SHARE] = {.name = "share",
               .says = "variance of what is added over that of the sum, before a relu",
               .over = PROBE_BRANCHES},
    {.name = NULL}};

/* Of what is there of x and, where there is one, x + more. */
static double variance_of(Arena *arena, const TrainBranch *b, const double *x,
                          const double *more) {
    const TrainPlace p = {.shape = b->shape, .there = b->there};
    const ShapeLattice l = shape_lattice(b->shape);
    double *all = TAKE(arena, double, l.N *l.C *l.L), *own = TAKE(arena, double, l.L),
           mean, deviation;
    size_t count = 0;
    for (size_t n = 0; n < l.N; n++)
        for (size_t c = 0; c < l.C; c++) {
            const size_t there = there_row(all + count, &p, x, n, c);
            if (more) there_row(own, &p, more, n, c);
            for (size_t k = 0; more && k < there; k++) all[count + k] += own[k];
            count += there;
        }
    there_moments(&mean, &deviation, all, count);
    return deviation * deviation;
}

static void see(const ProbeSeen *seen, double *kept, Arena *arena, double *const *to) {
    (void)kept;
    for (size_t i = 0; i < seen->branches; i++) {
        const TrainBranch *b = &seen->branch[i];
        const ArenaMark mark = arena_mark(arena);
        to[SKIP][i] = variance_of(arena, b, b->skip, NULL);
        to[BRANCH][i] = variance_of(arena, b, b->branch, NULL);
        to[SHARE][i] = to[BRANCH][i] / variance_of(arena, b, b->skip, b->branch);
        arena_rewind(arena, mark);
    }
}

/* ---- what the rows come to ---------------------------------------------------------- */

enum { SLOPE, LOG_LAST };

static const ProbeNumber NUMBERS[] = {
    [SLOPE] = {.name = "slope",
               .says = "least squares' slope of log share over log of the sum's terms, "
                       "over the branches that add anything, first row"},
    [LOG_LAST] = {.name = "log_last", .says = "log share of the last branch, first row"},
    {.name = NULL}};

static void sum_up(const ProbeRows *rows, Arena *arena, double *number) {
    size_t branches, there = 0;
    const double *share = probe_values(rows, arena, "share", &branches);
    if (rows->rows == 0 || branches == 0) return;
    double *terms = TAKE(arena, double, branches),
           *log_of = TAKE(arena, double, branches), constant, slope, error[4];
    for (size_t i = 0; i < branches; i++) {
        if (!isfinite(share[i]) || share[i] == 0.0) continue;
        terms[there] = log((double)rows->net->branch[i].terms);
        log_of[there++] = log(share[i]);
    }
    gsl_fit_linear(terms, 1, log_of, 1, there, &constant, &slope, &error[0], &error[1],
                   &error[2], &error[3]);
    number[SLOPE] = slope; /* NaN where all sums have as many terms */
    number[LOG_LAST] = log(share[branches - 1]);
}

const ProbeKind probe_branches = {
    .name = "branches",
    .title = "what each residual branch adds to what passes it by",
    .source = "De and Smith 2020",
    .fields = FIELDS,
    .numbers = NUMBERS,
    .places = true,
    .see = see,
    .sum_up = sum_up,
};
