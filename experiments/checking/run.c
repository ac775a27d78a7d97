/* What do derivatives by differences lose to their step, and variances to a large mean?
 *
 * Nothing is trained: `normlab check --save` measures both beside what it judges, a second of
 * work. notes/15-checking.md
 */
#include "checking.h"

#include "arith.h"
#include "variance.h"
#include "vcurve.h"

enum { SEEDS = 16 }; /* samples of each variance */

/* Twelve digits of the SHA-256 of all numbers drawn. */
static const char *identity(Arena *arena, const double *const *values,
                            const size_t *count, size_t arrays) {
    Text all = text_new(arena);
    char hex[DIGEST_LENGTH + 1];
    for (size_t a = 0; a < arrays; a++)
        for (size_t i = 0; i < count[a]; i++) text_add(&all, "%.17g\n", values[a][i]);
    digest_bytes(hex, all.data, all.length);
    return text_copy(arena, hex, 12);
}

static void write_with(Store *store, const Table *t, const char *id, size_t elements,
                       uint64_t seed) {
    table_write(t, store);
    store_text(store, t->group, "identity", id);
    store_text(store, t->group, "truth",
               NORMLAB_HAS_QUAD ? "113 bits" : "long double (no 113 bits here)");
    store_integer(store, t->group, "elements", (int64_t)elements);
    store_integer(store, t->group, "first_seed", (int64_t)seed);
}

static void put_steps(Arena *arena, Store *store, uint64_t seed) {
    const VCurves v = vcurve_measure(arena, seed);
    const double *values[] = {v.rule_error, v.oracle_error};
    const size_t count[] = {v.means * v.rules * v.steps, v.means * v.oracles};
    Table t = table_new(arena, "/steps",
                        "derivatives of one cell of a normalizer by x: largest error "
                        "over the largest derivative");
    table_scale(&t, "mean", "mean / std of the data", v.mean, v.means);
    table_scale_text(&t, "rule", "differences of given step", v.rule, v.rules);
    table_scale(&t, "step", "step / std of the cell", v.step, v.steps);
    table_scale_text(&t, "oracle", "without a step, or with one of its own", v.oracle,
                     v.oracles);
    table_numbers(&t, "rule_error", "relative error of the derivative", "mean rule step",
                  v.rule_error);
    table_numbers(&t, "oracle_error", "relative error of the derivative", "mean oracle",
                  v.oracle_error);
    table_numbers(&t, "oracle_step", "mean step / std; NaN: none, or not told",
                  "mean oracle", v.oracle_step);
    table_numbers(&t, "gsl_estimate", "largest of GSL's own error estimates, relative",
                  "mean", v.estimate);
    table_numbers(&t, "truth_agreement",
                  "complex step against adjoint, both in 113 bits, before rounding",
                  "mean", v.routes);
    t.plot = "rule_error";
    write_with(store, &t, identity(arena, values, count, COUNT_OF(values)), v.elements,
               seed);
    store_text(store, t.group, "spec", v.spec);
}

static void put_variance(Arena *arena, Store *store, uint64_t seed) {
    const VarianceCurves c = variance_measure(arena, seed, SEEDS);
    const size_t count = c.algorithms * c.ratios * c.seeds;
    Table t =
        table_new(arena, "/variance", "the variance of normals by several algorithms");
    table_scale_text(&t, "algorithm", "algorithm", c.name, c.algorithms);
    table_scale(&t, "ratio", "mean / std", c.ratio, c.ratios);
    table_scale(&t, "seed", "seed", c.seed, c.seeds);
    table_numbers(&t, "error", "relative error of the biased variance",
                  "algorithm ratio seed", c.error);
    table_texts(&t, "formula", "in words", "algorithm", c.title);
    table_texts(&t, "source", "where it is from", "algorithm", c.source);
    t.plot = "error";
    write_with(store, &t, identity(arena, &c.error, &count, 1), c.elements, seed);
}

static void measure(Store *store, Arena *arena, const Measure *how) {
    put_steps(arena, store, how->seed);
    put_variance(arena, store, how->seed);
}

static const ExperimentFigure FIGURES[] = {
    {"steps", "steps.gp", checking_steps,
     "What does a derivative by differences lose to its step?"},
    {"variance", "variance.gp", checking_variance,
     "What does a variance lose to a large mean?"},
    {NULL, NULL, NULL, NULL},
};

const Experiment experiment_checking = {
    .name = "checking",
    .question = "What do derivatives by differences lose to their step, and variances to "
                "a large mean?",
    .measure = measure,
    .measured_by = "check --save",
    .figures = FIGURES,
};
