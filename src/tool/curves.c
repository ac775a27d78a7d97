/* What the chapter on checking shows (notes/30-checking.md): measured, stored, drawn
 * from the store. */
#include "tool.h"

#include "variance.h"
#include "vcurve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 16 }; /* samples of each variance */

/* ---- measuring and storing ------------------------------------------------------- */

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

void curves_save(Arena *arena, Store *store, uint64_t seed) {
    put_steps(arena, store, seed);
    put_variance(arena, store, seed);
}

/* ---- drawing --------------------------------------------------------------------- */

typedef struct Reader {
    const Store *store;
    Arena *arena;
    const char *group;
    Error error;
} Reader;

static const double *numbers_of(Reader *r, const char *name, size_t *count) {
    size_t rank, size[3];
    const double *data =
        store_get_array(r->store, r->arena, text_print(r->arena, "%s/%s", r->group, name),
                        3, &rank, size, &r->error);
    die_if(&r->error);
    *count = 1;
    for (size_t i = 0; i < rank; i++) *count *= size[i];
    return data;
}

/* Of exactly `count`. */
static const double *array_of(Reader *r, const char *name, size_t count) {
    size_t found;
    const double *data = numbers_of(r, name, &found);
    if (found != count)
        die(EX_DATAERR, "%s/%s has %zu numbers, %zu are expected", r->group, name, found,
            count);
    return data;
}

static const char **names_of(Reader *r, const char *name, size_t *count) {
    size_t rank;
    const char **names = store_get_array_text(
        r->store, r->arena, text_print(r->arena, "%s/%s", r->group, name), 1, &rank,
        count, &r->error);
    die_if(&r->error);
    return names;
}

static const char *text_of(Reader *r, const char *name) {
    const char *text = store_get_text(r->store, r->arena, r->group, name, &r->error);
    die_if(&r->error);
    return text_plain(r->arena, text);
}

static int elements_of(Reader *r) {
    int64_t elements = 0;
    store_get_integer(r->store, r->group, "elements", &elements, &r->error);
    die_if(&r->error);
    return (int)elements;
}

/* One block of columns: a header, then points. */
static void add_block(Text *out, const char *name, bool tex) {
    text_add(out, "%s\"%s\"\n", out->length ? "\n\n" : "",
             figure_label(out->arena, text_plain(out->arena, name), tex));
}

/* Blocks mean by mean: the rules, then the oracles; one that has a step is a point,
 * others are lines from end to end. */
static const char *steps_columns(Reader *r, bool tex, size_t count[3]) {
    size_t means, rules, oracles, steps;
    const double *step = numbers_of(r, "step", &steps);
    const char **rule = names_of(r, "rule", &rules),
               **oracle = names_of(r, "oracle", &oracles);
    numbers_of(r, "mean", &means);
    const double *by_rule = array_of(r, "rule_error", means * rules * steps),
                 *by_oracle = array_of(r, "oracle_error", means * oracles),
                 *own = array_of(r, "oracle_step", means * oracles);
    Text out = text_new(r->arena);
    for (size_t m = 0; m < means; m++) {
        for (size_t k = 0; k < rules; k++) {
            add_block(&out, rule[k], tex);
            for (size_t i = 0; i < steps; i++)
                text_add(&out, "%.17g %.17g\n", step[i],
                         by_rule[(m * rules + k) * steps + i]);
        }
        for (size_t k = 0; k < oracles; k++) {
            const double at = own[m * oracles + k], error = by_oracle[m * oracles + k];
            add_block(&out, oracle[k], tex);
            if (isfinite(at)) text_add(&out, "%.17g %.17g\n", at, error);
            for (size_t i = 0; i < steps && !isfinite(at); i++)
                text_add(&out, "%.17g %.17g\n", step[i], error);
        }
    }
    count[0] = means, count[1] = rules, count[2] = oracles;
    return out.data;
}

/* "0", "1e3", "1e-5": as the axes write them. */
static const char *power_text(Arena *arena, double value) {
    char *text = text_print(arena, "%.3g", value), *e = strchr(text, 'e');
    if (e == NULL) return text;
    return text_print(arena, "%.*se%d", (int)(e - text), text, atoi(e + 1));
}

/* steps.gp gets: means, number of rules, of oracles, foot. */
static void draw_steps(Arena *arena, const Store *store, const char *terminal,
                       const char *path) {
    Reader r = {.store = store, .arena = arena, .group = "/steps"};
    const bool tex = strcmp(terminal, "tex") == 0;
    size_t count[3];
    const char *columns = steps_columns(&r, tex, count);
    const double *mean = array_of(&r, "mean", count[0]);
    Text means = text_new(arena);
    for (size_t m = 0; m < count[0]; m++)
        text_add(&means, "%s%s", m ? " " : "", power_text(arena, mean[m]));
    const char *foot =
        text_print(arena, "check steps %s: one cell of %s, %d elements; truth in %s",
                   text_of(&r, "identity"), text_of(&r, "spec"), elements_of(&r),
                   text_of(&r, "truth"));
    const Figure figure = {
        .script = "experiments/checking/steps.gp",
        .columns = columns,
        .word = {means.data, text_print(arena, "%zu", count[1]),
                 text_print(arena, "%zu", count[2]), figure_label(arena, foot, tex)},
        .title = "What does a derivative by differences lose to its step?",
        .description = foot};
    figure_draw(arena, &figure, terminal, path);
}

/* One block an algorithm: ratio, and the worst over the seeds. */
static const char *variance_columns(Reader *r, bool tex, size_t *algorithms,
                                    size_t *seeds) {
    size_t ratios;
    const char **name = names_of(r, "algorithm", algorithms);
    const double *ratio = numbers_of(r, "ratio", &ratios);
    numbers_of(r, "seed", seeds);
    const double *error = array_of(r, "error", *algorithms * ratios * *seeds);
    Text out = text_new(r->arena);
    for (size_t a = 0; a < *algorithms; a++) {
        add_block(&out, name[a], tex);
        for (size_t i = 0; i < ratios; i++) {
            double worst = 0.0;
            for (size_t s = 0; s < *seeds; s++)
                worst = fmax(worst, error[(a * ratios + i) * *seeds + s]);
            text_add(&out, "%.17g %.17g\n", ratio[i], worst);
        }
    }
    return out.data;
}

/* variance.gp gets: number of algorithms, foot. */
static void draw_variance(Arena *arena, const Store *store, const char *terminal,
                          const char *path) {
    Reader r = {.store = store, .arena = arena, .group = "/variance"};
    const bool tex = strcmp(terminal, "tex") == 0;
    size_t algorithms, seeds;
    const char *columns = variance_columns(&r, tex, &algorithms, &seeds);
    const char *foot =
        text_print(arena, "check variance %s: worst of %zu samples of %d normals",
                   text_of(&r, "identity"), seeds, elements_of(&r));
    const Figure figure = {
        .script = "experiments/checking/variance.gp",
        .columns = columns,
        .word = {text_print(arena, "%zu", algorithms), figure_label(arena, foot, tex)},
        .title = "What does a variance lose to a large mean?",
        .description = foot};
    figure_draw(arena, &figure, terminal, path);
}

void curves_draw(Arena *arena, const Store *store, const char *terminal,
                 const char *stem) {
    static const struct {
        const char *name;
        void (*draw)(Arena *, const Store *, const char *, const char *);
    } figures[] = {{"steps", draw_steps}, {"variance", draw_variance}};
    for (size_t i = 0; i < COUNT_OF(figures); i++)
        figures[i].draw(
            arena, store, terminal,
            stem ? text_print(arena, "%s-%s.%s", stem, figures[i].name, terminal) : NULL);
}
