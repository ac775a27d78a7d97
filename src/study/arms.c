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
    const size_t blocks = v->trained ? 0 : g->blocks;
    const double *from = v->trained ? g->train : g->test, scale = grid_scale(g);
    double *value = ZERO(v->arena, double, v->seeds + 1),
           *block = ZERO(v->arena, double, v->seeds *blocks + 1);
    for (size_t i = 0; i < v->seeds; i++)
        for (size_t k = 0; k < c->terms; k++) {
            const size_t cell = cell_of(g, &c->term[k], v->seed[i]);
            const double factor = scale * c->term[k].factor;
            value[i] += factor * from[cell];
            for (size_t b = 0; b < blocks; b++)
                block[i * blocks + b] += factor * g->test_block[cell * blocks + b];
        }
    return (Sample){v->seeds, blocks, value, block};
}

/* ---- the gate -------------------------------------------------------------------------- */

/* What the study's recipe says of the images; false: not one thing for all runs. */
static bool images_of(Arena *arena, const Grid *g, Config *config) {
    static const char *const key[] = {"dataset", "images", "split"};
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

/* The grid with a gate: the file's, or computed now; NULL: there is none. */
static const Grid *with_gate(Arena *arena, const Grid *g) {
    if (g->gate) return g;
    BaseError quiet = {.set = false};
    Config config;
    if (strcmp(g->metric.name, "error") != 0 || !images_of(arena, g, &config))
        return NULL;
    const Dataset *dataset = dataset_open(arena, config.dataset, &quiet);
    Grid *with = TAKE(arena, Grid, 1);
    *with = *g;
    with->gates = config.split == SPLIT_SEED ? g->seeds : 1;
    Baseline *all = TAKE(arena, Baseline, with->gates * BASELINES);
    for (size_t k = 0; k < with->gates; k++) {
        if (config.split == SPLIT_SEED) config.seed = (size_t)g->seed[k];
        const Baseline *b = dataset ? gates_of(arena, dataset, &config, &quiet) : NULL;
        if (b == NULL) return NULL;
        memcpy(all + k * BASELINES, b, BASELINES * sizeof *b);
    }
    with->gate = all;
    return with;
}

/* The arm minus a baseline that saw the same images, over seeds and blocks. */
static Sample against(const View *v, const Combination *arm, size_t baseline) {
    Sample s = sample_of(v, arm);
    const double scale = grid_scale(v->grid);
    double *value = TAKE(v->arena, double, s.seeds + 1),
           *block = TAKE(v->arena, double, s.seeds *s.blocks + 1);
    for (size_t i = 0; i < s.seeds; i++)
        if (gates_at(v->grid, v->seed[i])[baseline].blocks != s.blocks) s.blocks = 0;
    for (size_t i = 0; i < s.seeds; i++) {
        const Baseline *b = &gates_at(v->grid, v->seed[i])[baseline];
        value[i] = s.value[i] - scale * b->error;
        for (size_t c = 0; c < s.blocks; c++)
            block[i * s.blocks + c] = s.block[i * s.blocks + c] - scale * b->block[c];
    }
    return (Sample){s.seeds, s.blocks, value, block};
}

//> gate
bool study_beats_gate(Arena *arena, const Grid *grid, const Combination *arm,
                      const size_t *seed, size_t seeds, const char **why) {
    const View view = {arena, with_gate(arena, grid), false, seeds, seed};
    *why = "nobody knows what softmax regression and neighbours make of its images";
    if (view.grid == NULL || seeds < 2 || !has_arms(grid, arm)) return false;
    *why = "";
    for (size_t i = 0; i < BASELINES; i++) {
        const Sample s = against(&view, arm, i);
        const Spread d = claim_spread(&s);
        const double end = d.error > 0 ? claim_range(&d, CLAIM_ERROR).high : d.mean;
        if (end < 0) continue;
        *why = text_print(arena,
                          "below the gate: %s does not beat %s, which errs on %.1f %% "
                          "(difference %+.1f, up to %+.1f)",
                          arm->text, baseline_titles[i],
                          grid_scale(grid) * gates_mean(view.grid, i), d.mean, end);
        return false;
    }
    return true;
}
//< gate

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
