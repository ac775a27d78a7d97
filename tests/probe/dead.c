/* The dead probe: of made numbers whose counts are known, of a network in which channels are killed,
 * and what the rows come to. */
#include "probe_run.h"

enum { UNITS, BELOW, BEYOND, FIELDS };

/* ---- made numbers ------------------------------------------------------------------------ */

/* Three samples, two channels, four positions, the last of which is padding: but for it the first
 * channel is dead. */
static double made[3][2][4] = {{{0, -1, -4, 9}, {-1, 0.5, 3, 9}},
                               {{-2, -3, 0, 9}, {-4, -3.5, 3.5, -9}},
                               {{-1, -1, -1, 9}, {-1, -1, -1, 1e-300}}};

static void counts_of_made_numbers(void **state) {
    (void)state;
    static unsigned char there[] = {1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0};
    Arena *arena = arena_new();
    double x[24];
    for (size_t i = 0; i < 24; i++) x[i] = 7;
    const TrainPlace place[] = {
        {.shape = SHAPE_OF(3, 2, 4), .x = x, .y = made[0][0], .there = there},
        {.shape = SHAPE_OF(3, 2, 2, 2), .x = x, .y = made[0][0]}};
    const double *row = row_at(arena, "dead", place, 2);
    assert_near(row[UNITS * 2], 0.5, 0);
    assert_near(row[BELOW * 2], 15.0 / 18, 0);
    assert_near(row[BEYOND * 2], 4.0 / 18, 0);
    assert_near(row[UNITS * 2 + 1], 0, 0);
    assert_near(row[BELOW * 2 + 1], 16.0 / 24, 0);
    assert_near(row[BEYOND * 2 + 1], 9.0 / 24, 0);
    made[0][1][0] = (double)NAN;
    row = row_at(arena, "dead", place, 2);
    for (size_t f = 0; f < FIELDS; f++) assert_true(isnan(row[f * 2]));
    arena_free(arena);
}

/* ---- a network's, restated ------------------------------------------------------------------ */

/* The first channel of each normalizer: gamma 0, beta below 0. */
static void kill_channels(Trainer *t) {
    const Net *net = trainer_net(t);
    for (size_t i = 0; i < net->params; i++) {
        double *first = &part_of(t, "weights")->data[net->param[i].offset];
        if (!net->param[i].normalizer) continue;
        if (net->param[i].role == NORM_PARAM_SCALE) *first = 0;
        if (net->param[i].role == NORM_PARAM_SHIFT) *first = -0.1;
    }
}

static void restated(double *to, const TrainPlace *p) {
    const ShapeLattice l = shape_lattice(p->shape);
    double dead = 0, below = 0, beyond = 0, all = 0;
    for (size_t c = 0; c < l.C; c++) {
        bool alive = false;
        for (size_t i = 0; i < l.N * l.L; i++) {
            const double y = p->y[(i / l.L * l.C + c) * l.L + i % l.L];
            if (p->there && !p->there[i]) continue;
            all++, below += !(y > 0), beyond += y > 3 || y < -3;
            alive = alive || y > 0;
        }
        dead += !alive;
    }
    to[UNITS] = dead / (double)l.C;
    to[BELOW] = below / all;
    to[BEYOND] = beyond / all;
}

static void counts_are(Arena *arena, const char *pairs, const Dataset *data) {
    Looked l = looked(arena, pairs, data);
    probes_step(l.probes);
    kill_channels(l.trainer);
    const TrainSeen seen = trainer_places(l.trainer, arena);
    probes_step(l.probes);
    const ProbeRows rows = probes_rows(l.probes, 0);
    const double *row = rows.values + rows.width;
    assert_int_equal(rows.width, FIELDS * seen.places);
    for (size_t i = 0; i < seen.places; i++) {
        double want[FIELDS];
        restated(want, &seen.place[i]);
        assert_true(want[UNITS] > 0);
        for (size_t f = 0; f < FIELDS; f++)
            assert_near(row[f * seen.places + i], want[f], 1e-15);
    }
    trainer_free(l.trainer);
}

static void counts_in_plain_loops(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    counts_are(arena, PROBE_RUN "norm=batch probes=dead probe_every=1",
               small_data(arena, 10, 10));
    counts_are(arena, PROBE_TEXTS "norm=position probes=dead probe_every=1",
               dataset_open(arena, "languages", &error));
    arena_free(arena);
}

/* ---- what the rows come to ------------------------------------------------------------------ */

static void the_number_is_of_the_last_row(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Net net = {.norms = 2};
    static const double values[] = {9, 9, 9, 9, 9, 9, 0.25, 0.5, 8, 8, 8, 8};
    const ProbeRows rows = {.kind = kind_of("dead"),
                            .net = &net,
                            .rows = 2,
                            .places = 2,
                            .width = 6,
                            .values = values};
    double number = (double)NAN;
    rows.kind->sum_up(&rows, arena, &number);
    assert_near(number, 0.375, 0);
    arena_free(arena);
}

static const Case cases[] = {
    CASE(oracle, counts_in_plain_loops),
    CASE(example, counts_of_made_numbers),
    CASE(example, the_number_is_of_the_last_row),
};
HARNESS_MAIN("dead", cases)
