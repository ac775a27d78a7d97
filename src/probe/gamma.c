/* How many gains are near 0: a channel whose gamma is there is as good as disabled. Frankle, Schwab
 * and Morcos 2021 find around a third of them so where gamma and beta alone learn. Of all gains and
 * shifts of a place, those of its parts among them. */
#include "probe.h"
#include "sum.h"

#include <math.h>
#include <string.h>

enum { NEAR, SMALL, SIZE, BETA, ALL_NEAR };

static const ProbeField FIELDS[] = {
    [NEAR] = {.name = "near",
              .says = "share of |gamma| below 0.01",
              .over = PROBE_PLACES},
    [SMALL] = {.name = "small",
               .says = "share of |gamma| below 0.1",
               .over = PROBE_PLACES},
    [SIZE] = {.name = "size", .says = "mean |gamma|", .over = PROBE_PLACES},
    [BETA] = {.name = "beta", .says = "root mean square of beta", .over = PROBE_PLACES},
    [ALL_NEAR] = {.name = "all_near",
                  .says = "share of |gamma| below 0.01 over all places"},
    {.name = NULL}};

/* All that a place learns of a role. */
typedef struct Learned {
    size_t count;
    double *value; /* [count] */
} Learned;

static Learned learned(Arena *arena, const ProbeSeen *seen, size_t place,
                       NormParamRole role) {
    const NetNorm *at = &seen->net->norm[place];
    const NetParam *param = seen->net->param + at->param;
    Learned all = {0};
    for (size_t i = 0; i < at->norm->params; i++)
        if (param[i].role == role) all.count += param[i].count;
    all.value = TAKE(arena, double, all.count + 1);
    for (size_t i = 0, to = 0; i < at->norm->params; i++) {
        if (param[i].role != role) continue;
        memcpy(all.value + to, seen->weights + param[i].offset,
               param[i].count * sizeof *all.value);
        to += param[i].count;
    }
    return all;
}

/* How many are nearer to 0 than that; NaN: one is NaN. */
static double count_below(Learned of, double bound) {
    double count = 0.0;
    for (size_t i = 0; i < of.count; i++)
        count += isnan(of.value[i]) ? of.value[i] : fabs(of.value[i]) < bound;
    return count;
}

static double mean_size(Learned of) {
    TreeSum sum;
    tree_clear(&sum);
    TREE_SUM(&sum, of.count, i, fabs(of.value[i]));
    return tree_total(&sum) / (double)of.count;
}

static void see(const ProbeSeen *seen, double *kept, Arena *arena, double *const *to) {
    (void)kept;
    double near = 0.0, all = 0.0;
    for (size_t i = 0; i < seen->places; i++) {
        const ArenaMark mark = arena_mark(arena);
        const Learned gamma = learned(arena, seen, i, NORM_PARAM_SCALE),
                      beta = learned(arena, seen, i, NORM_PARAM_SHIFT);
        const double count = (double)gamma.count;
        to[NEAR][i] = count_below(gamma, 0.01) / count;
        to[SMALL][i] = count_below(gamma, 0.1) / count;
        to[SIZE][i] = mean_size(gamma);
        to[BETA][i] =
            sqrt(sum_product(beta.value, beta.value, beta.count) / (double)beta.count);
        near += count_below(gamma, 0.01), all += count;
        arena_rewind(arena, mark);
    }
    to[ALL_NEAR][0] = near / all;
}

/* ---- what the rows come to ---------------------------------------------------------- */

static const ProbeNumber NUMBERS[] = {
    {.name = "near_zero",
     .says = "share of |gamma| below 0.01 over all places, after the last step"},
    {.name = NULL}};

static void sum_up(const ProbeRows *rows, Arena *arena, double *number) {
    const double *near = probe_values(rows, arena, "all_near", NULL);
    if (rows->rows > 0) number[0] = near[rows->rows - 1];
}

const ProbeKind probe_gamma = {
    .name = "gamma",
    .title = "shares of gains near 0, and how large gamma and beta are",
    .source = "Frankle, Schwab and Morcos 2021",
    .fields = FIELDS,
    .numbers = NUMBERS,
    .see = see,
    .sum_up = sum_up,
};
