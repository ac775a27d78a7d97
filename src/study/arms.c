/* Arms of a study: what claims add up, seed by seed, and what they must beat. */
#include "verdicts.h"

#include <math.h>
#include <string.h>

/* ---- results of arms ----------------------------------------------------------------- */

/* Row and column of an arm; false: the study has no such. */
static bool find_arm(const Grid *g, const Term *term, size_t *series, size_t *point) {
    *series = *point = 0;
    while (*series < g->series && strcmp(g->name[*series], term->series) != 0) ++*series;
    while (*point < g->points && strcmp(g->along_text[*point], term->along) != 0)
        ++*point;
    return *series < g->series && *point < g->points;
}

bool has_arms(const Grid *g, const Combination *c) {
    size_t series, point;
    for (size_t i = 0; i < c->terms; i++)
        if (!find_arm(g, &c->term[i], &series, &point)) return false;
    return true;
}

size_t cell_of(const Grid *g, const Term *term, size_t seed) {
    size_t series, point;
    find_arm(g, term, &series, &point);
    return (series * g->points + point) * g->seeds + seed;
}

Sample sample_of(const View *v, const Combination *c) {
    const Grid *g = v->grid;
    const size_t blocks = g->blocks;
    const double scale = grid_scale(g);
    double *value = ZERO(v->arena, double, v->seeds + 1),
           *block = ZERO(v->arena, double, v->seeds *blocks + 1);
    for (size_t i = 0; i < v->seeds; i++)
        for (size_t k = 0; k < c->terms; k++) {
            const size_t cell = cell_of(g, &c->term[k], v->seed[i]);
            const double factor = scale * c->term[k].factor;
            value[i] += factor * g->test[cell];
            for (size_t b = 0; b < blocks; b++)
                block[i * blocks + b] += factor * g->test_block[cell * blocks + b];
        }
    return (Sample){v->seeds, blocks, value, block};
}

/* ---- the gate -------------------------------------------------------------------------- */

/* What the study's recipe says of the samples; false: not one thing for all runs. */
static bool samples_of(Arena *arena, const Grid *g, Config *config) {
    static const char *const key[] = {"dataset", "images", "split", "task"};
    BaseError quiet = {.set = false};
    *config = config_default(arena);
    for (size_t i = 0; i < COUNT_OF(key); i++) {
        const char *value = grid_single(arena, g, key[i]);
        if (grid_setting(arena, g, key[i]) &&
            !(value && config_set(config, arena, key[i], value, &quiet)))
            return false;
    }
    return grid_setting(arena, g, key[0]) != NULL;
}

/* The column of an arm, whose terms are of one; the first where they are not. */
static size_t column_of(const Grid *g, const Combination *arm) {
    for (size_t j = 0; j < g->points; j++)
        if (strcmp(g->along_text[j], arm->term[0].along) == 0) return j;
    return 0;
}

/* The file's, or computed now; NULL: there are none. */
static const Gates *gates_for(Arena *arena, const Grid *g, const Combination *arm) {
    BaseError quiet = {.set = false};
    Config config;
    if (g->gate_of) return g->gate_of[column_of(g, arm)];
    if (g->gate || !samples_of(arena, g, &config)) return g->gate;
    const Dataset *dataset = dataset_open(arena, config.dataset, &quiet);
    const size_t seeds = config.split == SPLIT_SEED ? g->seeds : 1;
    const Gates **one = TAKE(arena, const Gates *, seeds);
    for (size_t k = 0; k < seeds; k++) {
        if (config.split == SPLIT_SEED) config.seed = (size_t)g->seed[k];
        one[k] = dataset ? gates_of(arena, dataset, &config, &quiet) : NULL;
        if (one[k] == NULL || strcmp(one[k]->metric->name, g->metric.name) != 0)
            return NULL;
    }
    return gates_join(arena, one, seeds);
}

/* How much worse the arm is than a gate that saw the same samples, over seeds and blocks. */
static Sample against(const View *v, const Combination *arm, const Gates *gates,
                      size_t kind) {
    Sample s = sample_of(v, arm);
    const double scale = grid_scale(v->grid), sign = gates->metric->rises ? -1 : 1;
    double *value = TAKE(v->arena, double, s.seeds + 1),
           *block = TAKE(v->arena, double, s.seeds *s.blocks + 1);
    for (size_t i = 0; i < s.seeds; i++)
        if (gates_at(gates, v->seed[i])[kind].blocks != s.blocks) s.blocks = 0;
    for (size_t i = 0; i < s.seeds; i++) {
        const GateScore *b = &gates_at(gates, v->seed[i])[kind];
        value[i] = sign * (s.value[i] - scale * b->value);
        for (size_t c = 0; c < s.blocks; c++)
            block[i * s.blocks + c] =
                sign * (s.block[i * s.blocks + c] - scale * b->block[c]);
    }
    return (Sample){s.seeds, s.blocks, value, block};
}

/* "below the gate: batch@1 does not beat softmax regression, whose error is 17.7 %..." */
static const char *says_below(const View *v, const Combination *arm, const Gates *gates,
                              size_t kind, double mean, double end) {
    const double sign = gates->metric->rises ? -1 : 1;
    const char *unit = grid_unit(v->grid);
    return text_print(v->arena,
                      "below the gate: %s does not beat %s, whose %s is %.1f%s%s "
                      "(difference %+.1f, up to %+.1f)",
                      arm->text, gates->score[kind].title, gates->metric->name,
                      grid_scale(v->grid) * gates_mean(gates, kind), *unit ? " " : "",
                      unit, sign * mean, sign * end);
}

static bool is_among(const char *const *named, const char *gate) {
    while (named && *named && strcmp(*named, gate) != 0) named++;
    return named == NULL || *named != NULL;
}

/* A named gate that nobody asked; "": none is. */
static const char *lacking(Arena *arena, const Gates *gates, const char *const *named) {
    for (; named && *named; named++) {
        size_t i = 0;
        while (i < gates->kinds && strcmp(gates->score[i].name, *named) != 0) i++;
        if (i == gates->kinds)
            return text_print(arena, "the study has no gate '%s'", *named);
    }
    return "";
}

bool study_beats_gate(const View *v, const Combination *arm, const char *const *named,
                      const char **why) {
    const Grid *grid =
        v->grid->whole ? v->grid->whole : v->grid; /* by the task's metric */
    const View view = {v->arena, grid, v->seeds, v->seed};
    *why = "nobody knows what is known of its samples without a network";
    if (v->seeds < 2 || !has_arms(v->grid, arm)) return false;
    const Gates *gates = gates_for(v->arena, grid, arm);
    if (gates == NULL) return false;
    *why = lacking(v->arena, gates, named);
    if (**why) return false;
    for (size_t i = 0; i < gates->kinds; i++) {
        if (!is_among(named, gates->score[i].name)) continue;
        const Sample s = against(&view, arm, gates, i);
        const Spread d = claim_spread(&s);
        const double end = d.error > 0 ? claim_range(&d, CLAIM_ERROR).high : d.mean;
        if (end < 0) continue;
        *why = says_below(&view, arm, gates, i, d.mean, end);
        return false;
    }
    return true;
}

/* ---- an arm against itself --------------------------------------------------------------- */

/* The first half of the seeds against the second. */
static bool halves_differ(const double *value, size_t seeds, double scale, Arena *arena) {
    const size_t pairs = seeds / 2;
    double *difference = TAKE(arena, double, pairs);
    for (size_t i = 0; i < pairs; i++)
        difference[i] = scale * (value[i] - value[i + pairs]);
    const Sample sample = {pairs, 0, difference, NULL};
    const Evidence evidence = {{CLAIM_SIGN, 1, 0, 0}, 1, &sample};
    const Verdict verdict = claim_judge(&evidence, CLAIM_ERROR).verdict;
    return verdict == CLAIM_SUPPORTED || verdict == CLAIM_CONTRADICTED;
}

void study_same_arm(Arena *arena, SameArm *to, const Grid *g) {
    for (size_t i = 0; i < g->series && g->seeds >= 4; i++)
        for (size_t j = 0; j < (g->same[i] > 0 ? 1 : g->points); j++) {
            const double *value = g->test + (i * g->points + j) * g->seeds;
            bool finite = true;
            for (size_t k = 0; k < g->seeds; k++) finite &= isfinite(value[k]);
            if (!finite) continue;
            to->pairs++;
            to->differ += halves_differ(value, g->seeds, grid_scale(g), arena);
        }
}
