/* Learned parameters as figures: weights and maps by hand, from tables small enough for it. */
#include "harness.h"

#include "plan.h"

#include <math.h>
#include <string.h>

/* What a figure was made of, and the maker's answer. */
static Figure figure_of(Arena *arena, FigureMaker *make, const Grid *grid,
                        const char *about, bool drawn) {
    Figure f = figure_new(arena, figure_form(arena, "svg", NULL), "", "");
    assert_int_equal(make(&f, grid, about), drawn);
    assert_false(f.error.set);
    return f;
}

static void expect_text(const char *all, const char *part) {
    if (strstr(all, part) == NULL) fail_msg("no '%s' in\n%s", part, all);
}

/* ---- a grid of two points and three seeds ---- */

#define NONE ((double)NAN)

static const char *const LAYERS[] = {"first", "second"};
static const double EPOCHS[] = {0, 2};
static const double ALONG[] = {8, 2}, SEEDS[] = {1, 2, 3}, SAME[] = {0, 0, 1},
                    RANK[] = {0, 1, 2};
static const char *NAMES[] = {"one", "two", "three"};

static Grid grid_of(const Learned *learned, size_t count) {
    static const char *text[] = {"8", "2"};
    return (Grid){.experiment = "here",
                  .protocol = "",
                  .changes = "",
                  .mixed = "",
                  .identity = "0",
                  .along_label = "batch",
                  .along_is_number = true,
                  .along_text = text,
                  .rank = RANK,
                  .series = 3,
                  .points = 2,
                  .seeds = 3,
                  .name = NAMES,
                  .along = ALONG,
                  .seed = SEEDS,
                  .same = SAME,
                  .learned = learned,
                  .learned_count = count};
}

static Learned table_of(size_t series, const char *name, size_t points, size_t count,
                        const double *values) {
    static const char *layers[2];
    memcpy(layers, LAYERS, sizeof layers);
    return (Learned){.series = series,
                     .name = name,
                     .points = points,
                     .layers = 2,
                     .rows = 2,
                     .count = count,
                     .layer = layers,
                     .epoch = EPOCHS,
                     .values = values};
}

/* Numbers of block `index`, line `line`; false: there is none. */
static bool line_of(const char *columns, size_t index, size_t line, double *value,
                    size_t count) {
    for (; index > 0; index--) {
        columns = strstr(columns, "\n\n\n");
        if (columns == NULL) return false;
        columns += 3;
    }
    for (; line > 0; line--) columns = strchr(columns, '\n') + 1;
    if (*columns == '\0') return false;
    if (strncmp(columns, "NaN NaN NaN NaN NaN NaN NaN\n\n", 29) == 0) return false;
    for (size_t i = 0; i < count; i++) {
        char *end;
        value[i] = strtod(columns, &end);
        if (end == columns) fail_msg("no number %zu in '%.40s'", i, columns);
        columns = end;
    }
    return true;
}

static void expect_line(const char *columns, size_t index, size_t line,
                        const double *expected, size_t count) {
    double value[8];
    if (!line_of(columns, index, line, value, count))
        fail_msg("block %zu has no line %zu:\n%s", index, line, columns);
    for (size_t i = 0; i < count; i++)
        if (isnan(expected[i]))
            assert_true(isnan(value[i]));
        else
            assert_near(value[i], expected[i], 1e-8 * fmax(1.0, fabs(expected[i])));
}

static double sigmoid(double x) {
    return 1 / (1 + exp(-x));
}

/* ---- weights ---- */

static const char *PAIR[] = {"batch", "layer"},
                  *THREE[] = {"layer", "batch(eps=1)", "none"};

/* [2 points, 3 seeds, 2 layers, 2 rows, 2]: the second layer has one gate; seed 3 diverged
 * at the last point. */
static void fill_gates(double gate[48]) {
    for (size_t i = 0; i < 48; i++) {
        const size_t k = i % 2, row = i / 2 % 2, layer = i / 4 % 2, seed = i / 8 % 3,
                     point = i / 24;
        gate[i] = layer == 1 && k == 1                  ? NONE
                  : point == 1 && seed == 2 && row == 1 ? NONE
                  : row == 0                            ? 0.0
                                                        : 0.1 * (double)i - 2;
    }
}

static double mean_gate(const double *gate, size_t point, size_t seed, size_t layer) {
    const double *g = gate + ((point * 3 + seed) * 2 + layer) * 4 + 2;
    return layer == 1 ? sigmoid(g[0]) : (sigmoid(g[0]) + sigmoid(g[1])) / 2;
}

static void gates_are_weights(void **state) {
    (void)state;
    Arena *arena = arena_new();
    double gate[48];
    fill_gates(gate);
    Learned l = table_of(1, "gate", 2, 2, gate);
    l.reading = NORM_SIGMOID, l.choices = 2, l.choice = PAIR;
    l.choices_of = (const double[]){2, 2};
    const Grid grid = grid_of(&l, 1);
    Figure f = figure_of(arena, study_layers, &grid, "batch", true);
    for (const char *const *part =
             (const char *const[]){"'two: weight of batch (gate)'", "'batch 8'", "'2'",
                                   "'first'", "'second'", NULL};
         *part; part++)
        expect_text(f.labels.data, *part);
    for (size_t p = 0; p < 2; p++)
        for (size_t layer = 0; layer < 2; layer++) {
            double mean = 0, seeds = p == 0 ? 3 : 2;
            for (size_t s = 0; s < (size_t)seeds; s++)
                mean += mean_gate(gate, p, s, layer) / seeds;
            const double start[] = {0, 0.5}, end[] = {2, mean};
            expect_line(f.columns.data, 2 * p + layer, 0, start, 2);
            expect_line(f.columns.data, 2 * p + layer, 1, end, 2);
        }
    f = figure_of(arena, study_weights, &grid, "batch", true);
    expect_text(f.given.data, "once[1] = 0\n");
    assert_string_equal(f.name[0], "two: weight of batch (gate)");
    double last[3], mean = 0, square = 0;
    for (size_t s = 0; s < 3; s++)
        last[s] = (mean_gate(gate, 0, s, 0) + mean_gate(gate, 0, s, 1)) / 2;
    for (size_t s = 0; s < 3; s++) mean += last[s] / 3;
    for (size_t s = 0; s < 3; s++) square += (last[s] - mean) * (last[s] - mean) / 2;
    const double half = 4.302652729749464 * sqrt(square / 3);   /* t of 2, 97.5 % */
    const double eight[] = {0, mean, mean - half, mean + half}; /* at the left */
    expect_line(f.columns.data, 0, 0, eight, 4);
    f = figure_of(arena, study_layers, &grid, "group", false);
    f = figure_of(arena, study_weights, &grid, "group", false);
    arena_free(arena);
}

/* A clamped gate is its own weight, and the second choice has the rest. */
static void clamped_gates_are_weights(void **state) {
    (void)state;
    Arena *arena = arena_new();
    double gate[12] = {1, 0.25, 1, 0.5, 1, 0.25, 1, 0.5, 1, 0.25, 1, 0.5};
    Learned l = table_of(2, "part1.gate", 1, 1, gate);
    l.reading = NORM_WEIGHT, l.choices = 2, l.choice = PAIR;
    l.choices_of = (const double[]){2, 2};
    const Grid grid = grid_of(&l, 1);
    Figure f = figure_of(arena, study_layers, &grid, "layer", true);
    expect_text(f.labels.data, "'three: weight of layer");
    assert_null(strstr(f.labels.data, "batch 8")); /* one run for all points */
    expect_line(f.columns.data, 0, 1, (const double[]){2, 0.75}, 2);
    expect_line(f.columns.data, 1, 1, (const double[]){2, 0.5}, 2);
    f = figure_of(arena, study_weights, &grid, NULL, true);
    expect_text(f.given.data, "once[1] = 1\n");
    expect_line(f.columns.data, 0, 1, (const double[]){1, 0.375, 0.375, 0.375}, 4);
    double more[4];
    assert_false(line_of(f.columns.data, 1, 0, more, 4)); /* of two, one is enough */
    arena_free(arena);
}

/* The second layer has two choices where the first has three. */
static void logits_are_weights(void **state) {
    (void)state;
    Arena *arena = arena_new();
    double logit[36];
    const double once[] = {1, 1, 1, 0, 800, 799, 1, 1, NONE, 3, 1, NONE};
    for (size_t i = 0; i < 36; i++) logit[i] = once[i % 12];
    Learned l = table_of(0, "mean_logit", 1, 3, logit);
    l.reading = NORM_SOFTMAX, l.choices = 3, l.choice = THREE;
    l.choices_of = (const double[]){3, 2};
    const Grid grid = grid_of(&l, 1);
    const double sum = 1 + exp(-1), rest = 1 / (1 + exp(2));
    Figure f = figure_of(arena, study_layers, &grid, "batch", true);
    expect_text(f.labels.data, "'one: weight of batch(eps=1)");
    expect_line(f.columns.data, 0, 0, (const double[]){0, 1.0 / 3}, 2);
    expect_line(f.columns.data, 0, 1, (const double[]){2, 1 / sum}, 2);
    expect_line(f.columns.data, 1, 1, (const double[]){2, rest}, 2);
    f = figure_of(arena, study_layers, &grid, NULL, true);
    expect_line(f.columns.data, 0, 1, (const double[]){2, 0}, 2);
    expect_line(f.columns.data, 4, 1, (const double[]){2, exp(-1) / sum}, 2);
    expect_line(f.columns.data, 5, 1, (const double[]){2, NONE}, 2);
    arena_free(arena);
}

/* sigmoid(slope N + offset) with N of the point. */
static void a_line_has_its_slope(void **state) {
    (void)state;
    Arena *arena = arena_new();
    double offset[24], slope[24], other[24];
    for (size_t i = 0; i < 24; i++) offset[i] = -0.5, slope[i] = 0.25, other[i] = 9;
    Learned l[] = {table_of(0, "part2.slope", 2, 1, other),
                   table_of(1, "part2.offset", 2, 1, offset),
                   table_of(1, "part1.slope", 2, 1, other),
                   table_of(1, "part2.slope", 2, 1, slope)};
    l[1].reading = NORM_LINE, l[1].choices = 2, l[1].choice = PAIR;
    l[1].choices_of = (const double[]){2, 2};
    const Grid grid = grid_of(l, 4);
    Figure f = figure_of(arena, study_weights, &grid, "batch", true);
    expect_line(f.columns.data, 0, 0, (const double[]){0, sigmoid(1.5)}, 2);
    expect_line(f.columns.data, 0, 1, (const double[]){1, sigmoid(0.0)}, 2);
    f = figure_of(arena, study_layers, &grid, "batch", true);
    expect_line(f.columns.data, 2, 1, (const double[]){2, sigmoid(0.0)}, 2);
    arena_free(arena);
}

/* ---- maps ---- */

static void maps_are_rectangles(void **state) {
    (void)state;
    Arena *arena = arena_new();
    double map[48], soft[48];
    /* groups change their names alone; the second layer has one channel */
    const double once[] = {0, 1, 2, 1, 4, NONE, 4, NONE};
    /* two groups, logits of one channel: undecided, then the second with 3/4 */
    const double logits[] = {0, 0, 0, log(3), 0, 0, 1, 0};
    for (size_t i = 0; i < 48; i++) map[i] = once[i % 8], soft[i] = logits[i % 8];
    Learned l[] = {table_of(0, "map", 2, 2, map), table_of(1, "logit", 2, 2, soft)};
    l[0].map = true;
    const Grid grid = grid_of(l, 2);
    Figure f = figure_of(arena, study_maps, &grid, NULL, true);
    for (const char *const *part =
             (const char *const[]){"'one (map)'", "'first'", "'second'", NULL};
         *part; part++)
        expect_text(f.labels.data, *part);
    expect_line(f.columns.data, 0, 0, (const double[]){-0.5, 2.5, 0, 2}, 4);
    expect_line(f.columns.data, 0, 1, (const double[]){-0.5, 2.5, 1, 3}, 4);
    expect_line(f.columns.data, 1, 0, (const double[]){-0.5, 2.5, 0, 5}, 4);
    l[0].map = false;
    f = figure_of(arena, study_maps, &grid, NULL, false);
    arena_free(arena);
}

/* Channels 0, 1 and 2, 3; then 0, 1, 3 by the name of the second and 2 by that of the first:
 * channel 3 moved. */
static void who_moved_is_seen(void **state) {
    (void)state;
    Arena *arena = arena_new();
    double map[96];
    const double once[] = {0, 0, 1, 1, 1, 1, 0, 1};
    for (size_t i = 0; i < 96; i++) map[i] = once[i % 8];
    Learned l = table_of(0, "map", 2, 4, map);
    l.map = true;
    const Grid grid = grid_of(&l, 1);
    double more[4];
    Figure f = figure_of(arena, study_maps, &grid, NULL, true);
    expect_line(f.columns.data, 1, 0, (const double[]){-0.5, 2.5, 0, 1},
                4); /* channel 2 */
    expect_line(f.columns.data, 1, 1, (const double[]){-0.5, 2.5, 1, 2}, 4);
    expect_line(f.columns.data, 1, 2, (const double[]){-0.5, 2.5, 2, 2}, 4);
    expect_line(f.columns.data, 1, 3, (const double[]){-0.5, 1, 3, 1}, 4);
    expect_line(f.columns.data, 1, 4, (const double[]){1, 2.5, 3, 2}, 4);
    assert_false(line_of(f.columns.data, 1, 5, more, 4));
    arena_free(arena);
}

/* A softmax for each channel is an assignment: its map, and how decided it is. */
static void assignments_are_maps(void **state) {
    (void)state;
    Arena *arena = arena_new();
    static const char *groups[] = {"1", "2"};
    double logit[96];
    const double once[] = {
        0, 0, 2,    0,    0, log(3), 1,    1, /* two channels of two logits */
        5, 0, NONE, NONE, 0, 5,      NONE, NONE};
    for (size_t i = 0; i < 96; i++) logit[i] = once[i % 16];
    Learned l = table_of(0, "logit", 2, 4, logit);
    l.reading = NORM_SOFTMAX, l.choices = 2, l.choice = groups;
    l.choices_of = (const double[]){2, 2};
    const Grid grid = grid_of(&l, 1);
    Figure f = figure_of(arena, study_maps, &grid, NULL, true);
    expect_line(f.columns.data, 0, 0, (const double[]){-0.5, 2.5, 0, 1}, 4);
    expect_line(f.columns.data, 0, 1, (const double[]){-0.5, 1, 1, 1}, 4);
    expect_line(f.columns.data, 0, 2, (const double[]){1, 2.5, 1, 2}, 4);
    expect_line(f.columns.data, 1, 1, (const double[]){1, 2.5, 0, 2}, 4);
    f = figure_of(arena, study_layers, &grid, NULL, true);
    expect_text(f.labels.data, "largest weight");
    expect_line(f.columns.data, 0, 0, (const double[]){0, (0.5 + sigmoid(2)) / 2}, 2);
    expect_line(f.columns.data, 0, 1, (const double[]){2, (0.75 + 0.5) / 2}, 2);
    expect_line(f.columns.data, 1, 1, (const double[]){2, sigmoid(5)}, 2);
    arena_free(arena);
}

/* ---- rows ---- */

/* A normalizer says by itself what it is; of other keys a row has the name, too. */
static void rows_name_their_keys(void **state) {
    (void)state;
    static const char *const rates[] = {"rate=0,0.1", "norm=batch", "batch=4", "seed=1",
                                        NULL},
                             *const norms[] = {"norm=batch,group(4)", "rate=0.1,0.2",
                                               "batch=4", "seed=1", NULL};
    static const struct {
        const char *series;
        const char *const *recipe;
        const char *name[4];
    } row[] = {{"rate", rates, {"rate=0", "rate=0.1"}},
               {"norm",
                norms,
                {"batch, rate=0.1", "group(4), rate=0.1", "batch, rate=0.2",
                 "group(4), rate=0.2"}}};
    for (size_t i = 0; i < COUNT_OF(row); i++) {
        Arena *arena = arena_new();
        const Experiment e = {.name = "here",
                              .question = "Which?",
                              .along_label = "batch",
                              .series = row[i].series,
                              .along = "batch",
                              .quick = row[i].recipe,
                              .full = row[i].recipe};
        const Wish wish = {&e, .quick = true};
        Points points;
        BaseError error = {.set = false};
        assert_true(plan_points(plan_read(arena, &wish, NULL), &points, &error));
        for (size_t k = 0; k < points.series; k++)
            assert_string_equal(points.name[k], row[i].name[k]);
        assert_int_equal(points.series, i == 0 ? 2 : 4);
        arena_free(arena);
    }
}

static const Case CASES[] = {
    CASE(oracle, gates_are_weights),    CASE(oracle, clamped_gates_are_weights),
    CASE(oracle, logits_are_weights),   CASE(oracle, a_line_has_its_slope),
    CASE(oracle, maps_are_rectangles),  CASE(oracle, who_moved_is_seen),
    CASE(oracle, assignments_are_maps), CASE(example, rows_name_their_keys),
};

HARNESS_MAIN("weights", CASES)
