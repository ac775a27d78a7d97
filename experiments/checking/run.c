/* What do derivatives by differences lose to their step, and variances to a large mean?
 *
 * Nothing is trained: `normlab check --save` measures both beside what it judges, a second of
 * work. notes/30-checking.md
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

static void put_head(Store *store, const char *group, const char *description,
                     const char *id, size_t elements, uint64_t seed) {
    store_group(store, group, description);
    store_text(store, group, "identity", id);
    store_text(store, group, "truth",
               NORMLAB_HAS_QUAD ? "113 bits" : "long double (no 113 bits here)");
    store_integer(store, group, "elements", (int64_t)elements);
    store_integer(store, group, "first_seed", (int64_t)seed);
}

static void put_steps(Arena *arena, Store *store, uint64_t seed) {
    static const char *const by_rule[] = {"mean", "rule", "step"};
    static const char *const by_oracle[] = {"mean", "oracle"};
    const char *group = "/steps";
    const VCurves v = vcurve_measure(arena, seed);
    const double *values[] = {v.rule_error, v.oracle_error};
    const size_t count[] = {v.means * v.rules * v.steps, v.means * v.oracles};
    put_head(store, group,
             "derivatives of one cell of a normalizer by x: largest error over the "
             "largest derivative",
             identity(arena, values, count, COUNT_OF(values)), v.elements, seed);
    store_text(store, group, "spec", v.spec);
    store_scale(store, group, "mean", v.mean, v.means, "1", "mean / std of the data");
    store_scale_text(store, group, "rule", v.rule, v.rules, "differences of given step");
    store_scale(store, group, "step", v.step, v.steps, "1", "step / std of the cell");
    store_scale_text(store, group, "oracle", v.oracle, v.oracles,
                     "without a step, or with one of its own");
    store_array(store, group, "rule_error", v.rule_error, 3, by_rule, "1",
                "relative error of the derivative");
    store_array(store, group, "oracle_error", v.oracle_error, 2, by_oracle, "1",
                "relative error of the derivative");
    store_array(store, group, "oracle_step", v.oracle_step, 2, by_oracle, "1",
                "mean step / std; NaN: none, or not told");
    store_array(store, group, "gsl_estimate", v.estimate, 1, by_oracle, "1",
                "largest of GSL's own error estimates, relative");
    store_array(store, group, "truth_agreement", v.routes, 1, by_oracle, "1",
                "complex step against adjoint, both in 113 bits, before rounding");
}

static void put_variance(Arena *arena, Store *store, uint64_t seed) {
    static const char *const axes[] = {"algorithm", "ratio", "seed"};
    const char *group = "/variance";
    const VarianceCurves c = variance_measure(arena, seed, SEEDS);
    const size_t count = c.algorithms * c.ratios * c.seeds;
    put_head(store, group, "the variance of normals by several algorithms",
             identity(arena, &c.error, &count, 1), c.elements, seed);
    store_scale_text(store, group, "algorithm", c.name, c.algorithms, "algorithm");
    store_scale(store, group, "ratio", c.ratio, c.ratios, "1", "mean / std");
    store_scale(store, group, "seed", c.seed, c.seeds, "1", "seed");
    store_array(store, group, "error", c.error, 3, axes, "1",
                "relative error of the biased variance");
    store_array_text(store, group, "formula", c.title, 1, axes, "in words");
    store_array_text(store, group, "source", c.source, 1, axes, "where it is from");
}

static void measure(Store *store, Arena *arena, uint64_t seed) {
    put_steps(arena, store, seed);
    put_variance(arena, store, seed);
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
