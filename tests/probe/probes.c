/* Probes: when they look, that looking does nothing, that rows survive a stop, and what the rows of
 * `moments` and `gradients` are. */
#include "probe_run.h"

#include <stdlib.h>

static const char *all_kinds(Arena *arena) {
    size_t count;
    Text text = text_new(arena);
    const ProbeKind *const *kind = probe_kinds(&count);
    for (size_t i = 0; i < count; i++)
        text_add(&text, "%s%s", i ? "+" : "", kind[i]->name);
    return text.data;
}

/* ---- looking moves nothing ---------------------------------------------------------- */

static void probes_move_no_bit(void **state) {
    (void)state;
    static const char *const RUNS[] = {PROBE_RUN "norm=batch running=pooled flip=yes",
                                       PROBE_RUN "norm=regroup(2) learn=affine",
                                       PROBE_RUN "norm=mabn optimizer=adamw clip=0.1",
                                       PROBE_RUN "norm=group(2) epochs=0"};
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 30, 60);
    for (size_t i = 0; i < COUNT_OF(RUNS); i++) {
        const char *with =
            text_print(arena, "%s probes=%s probe_every=1", RUNS[i], all_kinds(arena));
        Looked a = to_the_end(looked(arena, with, data)),
               b = to_the_end(looked(arena, RUNS[i], data));
        same_parts(a.trainer, b.trainer);
        assert_string_equal(config_canonical(&a.config, arena),
                            config_canonical(&b.config, arena));
        assert_int_equal(probes_count(b.probes), 0);
        trainer_free(a.trainer);
        trainer_free(b.trainer);
    }
    arena_free(arena);
}

/* ---- rows ------------------------------------------------------------------------------- */

static void rows_are(const char *pairs, const Dataset *data, size_t count,
                     const double *step) {
    Arena *arena = arena_new();
    Looked l = to_the_end(looked(arena, text_print(arena, PROBE_RUN "%s", pairs), data));
    const ProbeRows rows = probes_rows(l.probes, 0);
    size_t due;
    const double *also = probes_due(arena, &l.config, trainer_done(l.trainer), &due);
    assert_int_equal(rows.rows, count);
    for (size_t i = 0; i < count; i++) assert_near(rows.step[i], step[i], 0.0);
    for (size_t i = 0; i < due && l.config.epochs > 0; i++)
        assert_near(also[i], step[i], 0.0);
    trainer_free(l.trainer);
    arena_free(arena);
}

static void steps_that_have_rows(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    rows_are("probes=gradients", data, 2, (double[]){0, 4});
    rows_are("probes=gradients probe_every=1", data, 5, (double[]){0, 1, 2, 3, 4});
    rows_are("probes=gradients probe_every=2", data, 3, (double[]){0, 2, 4});
    rows_are("probes=gradients probe_every=3", data, 3, (double[]){0, 3, 4});
    rows_are("probes=gradients probe_every=9", data, 2, (double[]){0, 4});
    rows_are("probes=gradients epochs=0", data, 1, (double[]){0});
    rows_are("probes=gradients probe_every=2 rate=1e6 norm=none", data, 2,
             (double[]){0, 2}); /* it diverges */
    arena_free(arena);
}

static void same_rows(Looked a, Looked b) {
    for (size_t i = 0; i < probes_count(a.probes); i++) {
        const ProbeRows one = probes_rows(a.probes, i), two = probes_rows(b.probes, i);
        assert_int_equal(one.rows, two.rows);
        assert_memory_equal(one.step, two.step, one.rows * sizeof(double));
        assert_memory_equal(one.values, two.values,
                            one.rows * one.width * sizeof(double));
    }
}

/* From every step of a run to its end: as a run is resumed. */
static void resumed_runs_have_the_same_rows(void **state) {
    (void)state;
    static const char *const RUNS[] = {"norm=regroup(2)", "norm=regroup(2) probe_every=2",
                                       "norm=batch running=pooled probe_every=2"};
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    for (size_t i = 0; i < COUNT_OF(RUNS); i++) {
        const char *pairs =
            text_print(arena, PROBE_RUN "%s probes=%s", RUNS[i], all_kinds(arena));
        Looked whole = to_the_end(looked(arena, pairs, data)),
               at = looked(arena, pairs, data);
        for (size_t k = 0; k < 4; k++) {
            Looked l = looked(arena, pairs, data);
            size_t count;
            const TrainPart *old = probes_parts(at.probes, arena, &count),
                            *new = probes_parts(l.probes, arena, &count);
            fill_from(l.trainer, at.trainer);
            for (size_t p = 0; p < count; p++)
                if (old[p].count)
                    memcpy(new[p].data, old[p].data, old[p].count * sizeof(double));
            probes_resume(l.probes);
            same_rows(to_the_end(l), whole);
            trainer_free(l.trainer);
            probes_step(at.probes);
        }
        trainer_free(whole.trainer);
        trainer_free(at.trainer);
    }
    arena_free(arena);
}

/* ---- moments, restated ------------------------------------------------------------------ */

static int by_size(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Of all that is no padding, or of one channel; percentiles as numpy has them. */
static void restated(double *to, const TrainPlace *p, const double *x, bool first) {
    static const double PERCENT[] = {1, 15, 20, 50, 80, 85, 99};
    const ShapeLattice l = shape_lattice(p->shape);
    double *own = malloc(l.N * l.C * l.L * sizeof *own);
    long double mean = 0, square = 0;
    size_t count = 0;
    for (size_t i = 0; i < l.N * l.C * l.L; i++)
        if ((!first || i / l.L % l.C == 0) &&
            (p->there == NULL || p->there[i / l.L / l.C * l.L + i % l.L]))
            own[count++] = x[i];
    for (size_t i = 0; i < count; i++) mean += own[i];
    mean /= count;
    for (size_t i = 0; i < count; i++) square += (own[i] - mean) * (own[i] - mean);
    to[0] = (double)mean, to[1] = (double)sqrtl(square / count);
    qsort(own, count, sizeof *own, by_size);
    for (size_t i = 0; i < COUNT_OF(PERCENT); i++) {
        const double at = PERCENT[i] / 100 * (double)(count - 1);
        const size_t below = (size_t)at, above = below + 1 < count ? below + 1 : below;
        to[2 + i] = own[below] + (at - (double)below) * (own[above] - own[below]);
    }
    free(own);
}

static void assert_moments(Arena *arena, const ProbeRows *rows, size_t i, char of,
                           const double *want, const double *of_first) {
    static const char *const FIELD[] = {"mean", "deviation", "percentile", "unit"};
    for (size_t f = 0; f < 4; f++) {
        size_t places;
        const double *all =
            probe_values(rows, arena, text_print(arena, "%c_%s", of, FIELD[f]), &places);
        const size_t wide = f < 2 ? 1 : 7;
        for (size_t k = 0; k < wide; k++) {
            const double there = f == 3 ? of_first[2 + k] : want[f + k];
            assert_near(all[i * wide + k], there, 1e-13 * fmax(1.0, fabs(there)));
        }
    }
}

static void moments_restated(Arena *arena, Looked l) {
    const TrainSeen seen = trainer_places(l.trainer, arena);
    probes_step(l.probes);
    const ProbeRows rows = probes_rows(l.probes, 0);
    assert_int_equal(rows.places, seen.places);
    for (size_t i = 0; i < seen.places; i++) {
        double want[9], first[9];
        restated(want, &seen.place[i], seen.place[i].x, false);
        restated(first, &seen.place[i], seen.place[i].x, true);
        assert_moments(arena, &rows, i, 'x', want, first);
        restated(want, &seen.place[i], seen.place[i].y, false);
        restated(first, &seen.place[i], seen.place[i].y, true);
        assert_moments(arena, &rows, i, 'y', want, first);
    }
    trainer_free(l.trainer);
}

static void moments_in_plain_loops(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Dataset *texts = dataset_open(arena, "languages", &error);
    moments_restated(arena, looked(arena, PROBE_RUN "norm=group(2) probes=moments",
                                   small_data(arena, 10, 10)));
    moments_restated(arena,
                     looked(arena, PROBE_TEXTS "norm=position probes=moments", texts));
    arena_free(arena);
}

/* Of the first channel behind the last normalizer: from 5 to 8, 5 and 1. */
static void medians_drift(void **state) {
    (void)state;
    enum {
        PLACES = 2,
        PERCENTILES = 7,
        MEDIAN = 3,
        WIDTH = PLACES * (4 + 4 * PERCENTILES)
    };
    static const double AT[] = {5, 8, 5, 1};
    Arena *arena = arena_new();
    const Net net = {.norms = PLACES};
    double values[4 * WIDTH], number[2] = {(double)NAN, (double)NAN};
    for (size_t i = 0; i < 4 * WIDTH; i++) values[i] = (double)(i * i % 97);
    for (size_t r = 0; r < 4; r++) values[(r + 1) * WIDTH - PERCENTILES + MEDIAN] = AT[r];
    ProbeRows rows = {.kind = kind_of("moments"),
                      .net = &net,
                      .rows = 4,
                      .places = PLACES,
                      .width = WIDTH,
                      .values = values};
    rows.kind->sum_up(&rows, arena, number);
    assert_near(number[1], 5 / sqrt(3), 1e-15);
    rows.rows = 1, number[1] = (double)NAN;
    rows.kind->sum_up(&rows, arena, number);
    assert_true(isnan(number[1]));
    arena_free(arena);
}

/* ---- gradients ----------------------------------------------------------------------------- */

static void lengths_of_gradients(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Looked l =
        looked(arena, PROBE_RUN "norm=batch probes=gradients", small_data(arena, 10, 10));
    const Net *net = trainer_net(l.trainer);
    const TrainSeen seen = trainer_places(l.trainer, arena);
    probes_step(l.probes);
    const ProbeRows rows = probes_rows(l.probes, 0);
    const double *dx = probe_values(&rows, arena, "dx", NULL),
                 *dy = probe_values(&rows, arena, "dy", NULL),
                 *weight = probe_values(&rows, arena, "weight_gradient", NULL),
                 *all = probe_values(&rows, arena, "gradient", NULL);
    double squares = 0;
    for (size_t i = 0; i < seen.places; i++) {
        double before = 0, behind = 0;
        for (size_t k = 0; k < shape_count(seen.place[i].shape); k++) {
            before += seen.place[i].dx[k] * seen.place[i].dx[k];
            behind += seen.place[i].dy[k] * seen.place[i].dy[k];
        }
        assert_near(dx[i], sqrt(before), 1e-12);
        assert_near(dy[i], sqrt(behind), 1e-12);
    }
    for (size_t i = 0, k = 0; i < net->params; i++) {
        double sum = 0;
        for (size_t j = 0; j < net->param[i].count; j++)
            sum += pow(seen.gradient[net->param[i].offset + j], 2);
        squares += sum;
        if (strcmp(net->param[i].name + strlen(net->param[i].name) - 7, ".weight") != 0)
            continue;
        assert_string_equal(rows.weight[k], net->param[i].name);
        assert_near(weight[k++], sqrt(sum), 1e-12);
    }
    assert_near(all[0], sqrt(squares), 1e-12);
    trainer_free(l.trainer);
    arena_free(arena);
}

/* |dx|^2 that grows by a factor from place to place toward the input, and by another outside of the
 * places that count. The first of these is off in one row and the last in the other: a slope of
 * fewer places would not have it so. */
static void growth_is_that_of_the_places(void **state) {
    (void)state;
    enum { PLACES = 12, WIDTH = 2 * PLACES + 1 };
    Arena *arena = arena_new();
    const Net net = {.norms = PLACES};
    double values[2][WIDTH];
    for (size_t r = 0; r < 2; r++)
        for (size_t i = 0; i < WIDTH; i++) {
            const double place = (double)(i % PLACES);
            values[r][i] = pow(r ? 1.2 : 1.467, -place / 2) * 3.7;
            if (i % PLACES < 4 || i % PLACES > 9) values[r][i] *= 100;
            if (i % PLACES == (r ? 9 : 4)) values[r][i] *= exp(0.1);
        }
    const double off =
        2.5 * 2 * 0.1 / 17.5; /* places from the middle, their squares' sum */
    const ProbeRows rows = {.kind = kind_of("gradients"),
                            .net = &net,
                            .rows = 2,
                            .places = PLACES,
                            .width = WIDTH,
                            .values = values[0]};
    double number[2] = {0, 0};
    rows.kind->sum_up(&rows, arena, number);
    assert_near(number[0], 1.467 * exp(off), 1e-12);
    assert_near(number[1], 1.2 * exp(-off), 1e-12);
    arena_free(arena);
}

/* ---- what cannot be ------------------------------------------------------------------------ */

static void refused(Arena *arena, const Dataset *data, const char *pairs,
                    const char *why) {
    BaseError error = {.set = false};
    const Config config = config_of(arena, pairs);
    if (probes_fit(&config, data, &error)) fail_msg("%s fits", pairs);
    assert_int_equal(error.code, EX_USAGE);
    if (strstr(error.message, why) == NULL) fail_msg("%s: %s", pairs, error.message);
}

static void what_does_not_fit(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    refused(arena, data, "probes=gradient", "did you mean 'gradients'");
    refused(arena, data, "probes=gradients workers=2 sizes=mix(12x12,20x20)",
            "alternate");
    refused(arena, data,
            "probes=moments probe_every=1 epochs=5000 images=96 workers=1 batch=4",
            "probe_every=");
    BaseError error = {.set = false};
    Config config = config_of(arena, "");
    static const char *const WRONG[] = {"", "+", "a+", "+a", "a++b", "Moments", "a,b"};
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        BaseError own = {.set = false};
        assert_false(config_set(&config, arena, "probes", WRONG[i], &own));
    }
    assert_true(config_set(&config, arena, "probes", "gradients+moments", &error));
    assert_true(probes_fit(&config, data, &error));
    assert_true(config_set(&config, arena, "probes", "none", &error));
    assert_true(probes_fit(&config, data, &error));
    arena_free(arena);
}

static const Case cases[] = {
    CASE(theorem, probes_move_no_bit),
    CASE(theorem, resumed_runs_have_the_same_rows),
    CASE(example, steps_that_have_rows),
    CASE(oracle, moments_in_plain_loops),
    CASE(example, medians_drift),
    CASE(oracle, lengths_of_gradients),
    CASE(example, growth_is_that_of_the_places),
    CASE(fault, what_does_not_fit),
};

HARNESS_MAIN("probes", cases)
