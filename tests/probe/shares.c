/* The shares of mean squares: of made numbers whose shares are known, of a network's by plain loops,
 * and what normalizers leave of them. */
#include "probe_run.h"

enum { POWER, CHANNEL, INSTANCE, POSITION, CONTRAST, OF_ONE };

/* ---- made numbers ------------------------------------------------------------------------ */

/* Signs of samples and positions that are orthogonal to each other and to ones. */
static const double SAMPLE[] = {1, 1, -1, -1}, OTHER[] = {1, -1, 1, -1},
                    THERE[] = {1, -1, -1, 1};

/* x = constant (of a channel 1, 2, -3 times) + b sample + (c + d other) position, and padding: two
 * positions of each sample, and a sample that is nothing else. */
static void make(double *x, double constant, double b, double c, double d) {
    static const double TIMES[] = {1, 2, -3};
    for (size_t i = 0; i < 5 * 3 * 6; i++) {
        const size_t n = i / 18, channel = i / 6 % 3, l = i % 6;
        x[i] = n == 4 || l % 3 == 2 ? (double)NAN
                                    : constant * TIMES[channel] + b * SAMPLE[n] +
                                          (c + d * OTHER[n]) * THERE[l - l / 3];
    }
}

static void shares_of_made_numbers(void **state) {
    (void)state;
    Arena *arena = arena_new();
    double x[90], y[90];
    unsigned char there[30];
    make(x, 0.5, 2.0, 1.5, 0.25);
    make(y, 3.0, 0.125, 5.0, 4.0);
    for (size_t i = 0; i < 30; i++) there[i] = i < 24 && i % 3 != 2;
    const double want[2][OF_ONE] = {[0] = {0, 0.25 * 14 / 3, 4.0, 2.25, 0.0625},
                                    [1] = {0, 9.0 * 14 / 3, 1.0 / 64, 25, 16}};
    const TrainPlace place[2] = {
        {.shape = SHAPE_OF(5, 3, 2, 3), .x = y, .y = y, .there = there},
        {.shape = SHAPE_OF(5, 3, 6), .x = x, .y = y, .there = there}};
    const double *row = row_at(arena, "shares", place, 2);
    for (size_t of = 0; of < 2; of++) {
        double power = 0, sum = 0;
        for (size_t i = CHANNEL; i < OF_ONE; i++) power += want[of][i];
        assert_near(row[(of * OF_ONE + POWER) * 2 + 1], power, 1e-13);
        for (size_t i = CHANNEL; i < OF_ONE; i++) {
            const double got = row[(of * OF_ONE + i) * 2 + 1];
            assert_near(got, want[of][i] / power, 1e-14);
            assert_near(row[i * 2], want[1][i] / row[POWER * 2], 1e-14);
            sum += got;
        }
        assert_near(sum, 1, 1e-14);
    }
    arena_free(arena);
}

/* ---- a network's, restated ---------------------------------------------------------------- */

/* The parts of a channel; each sample weighs what positions it has. */
static void restated(long double *to, const TrainPlace *p, const double *x, size_t c) {
    const ShapeLattice l = shape_lattice(p->shape);
    long double all = 0, mean = 0, root = 0, means = 0, roots = 0, square = 0;
    for (size_t n = 0; n < l.N; n++) {
        const double *own = x + (n * l.C + c) * l.L;
        const unsigned char *there = p->there ? p->there + n * l.L : NULL;
        long double m = 0, v = 0, count = 0;
        for (size_t k = 0; k < l.L; k++)
            if (there == NULL || there[k]) m += own[k], count++;
        m /= count;
        for (size_t k = 0; k < l.L; k++)
            if (there == NULL || there[k])
                v += (own[k] - m) * (own[k] - m), square += (long double)own[k] * own[k];
        v /= count;
        all += count, mean += count * m, means += count * m * m;
        root += count * sqrtl(v), roots += count * v;
    }
    mean /= all, root /= all;
    to[POWER] += square / all;
    to[CHANNEL] += mean * mean;
    to[INSTANCE] += means / all - mean * mean;
    to[POSITION] += root * root;
    to[CONTRAST] += roots / all - root * root;
}

static void assert_shares(const double *row, size_t places, size_t place, size_t from,
                          const TrainPlace *p, const double *x) {
    long double want[OF_ONE] = {0};
    const size_t channels = shape_lattice(p->shape).C;
    for (size_t c = 0; c < channels; c++) restated(want, p, x, c);
    const double power = (double)(want[POWER] / channels);
    double sum = 0;
    assert_near(row[(from + POWER) * places + place], power, 1e-13 * power);
    for (size_t i = CHANNEL; i < OF_ONE; i++) {
        const double got = row[(from + i) * places + place];
        if (power == 0)
            assert_true(isnan(got));
        else
            assert_near(got, (double)(want[i] / want[POWER]), 1e-13);
        sum += got;
    }
    if (power > 0) assert_near(sum, 1, 1e-13);
}

/* Before the first step, where the last gamma of a block is 0, and before the third. */
static void shares_in_plain_loops(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Dataset *data[] = {small_data(arena, 10, 10),
                             dataset_open(arena, "languages", &error)};
    static const char *const RUN[] = {
        PROBE_RUN "norm=group(2) probes=shares probe_every=1",
        PROBE_TEXTS "epochs=3 norm=position probes=shares probe_every=1"};
    for (size_t r = 0; r < COUNT_OF(RUN); r++) {
        Looked l = looked(arena, RUN[r], data[r]);
        for (size_t step = 0; step < 3; step++) {
            const TrainSeen seen = trainer_places(l.trainer, arena);
            probes_step(l.probes);
            const ProbeRows rows = probes_rows(l.probes, 0);
            const double *row = rows.values + step * rows.width;
            assert_int_equal(rows.width, 2 * OF_ONE * seen.places);
            for (size_t i = 0; i < seen.places; i++) {
                const TrainPlace *p = &seen.place[i];
                assert_shares(row, seen.places, i, 0, p, p->x);
                assert_shares(row, seen.places, i, OF_ONE, p, p->y);
            }
        }
        trainer_free(l.trainer);
    }
    arena_free(arena);
}

/* ---- what normalizers leave ---------------------------------------------------------------- */

/* At the start, gamma 1 and beta 0: the mean square is 1 but for eps, and a part is gone. */
static void what_normalizers_leave(void **state) {
    (void)state;
    static const struct {
        const char *norm;
        bool gone[OF_ONE];
    } LEFT[] = {{"batch", {[CHANNEL] = true}},
                {"instance", {[CHANNEL] = true, [INSTANCE] = true, [CONTRAST] = true}},
                {"layer", {false}},
                {"group(2)", {false}}};
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    for (size_t k = 0; k < COUNT_OF(LEFT); k++) {
        Looked l = looked(arena,
                          text_print(arena,
                                     PROBE_RUN "network=plain(depth=8,width=4) norm=%s "
                                               "probes=shares",
                                     LEFT[k].norm),
                          data);
        probes_step(l.probes);
        const ProbeRows rows = probes_rows(l.probes, 0);
        for (size_t i = 0; i < rows.places; i++)
            for (size_t s = 0; s < OF_ONE; s++) {
                const double share = rows.values[(OF_ONE + s) * rows.places + i];
                if (s == POWER)
                    assert_near(share, 1, 1e-3);
                else if (LEFT[k].gone[s])
                    assert_near(share, 0, 1e-6);
                else
                    assert_true(share > 1e-3);
            }
        trainer_free(l.trainer);
    }
    arena_free(arena);
}

/* Behind the last place, at the last row. */
static void numbers_are_of_the_last(void **state) {
    (void)state;
    enum { PLACES = 2, WIDTH = 2 * OF_ONE * PLACES };
    Arena *arena = arena_new();
    const Net net = {.norms = PLACES};
    double values[3 * WIDTH], number[2] = {(double)NAN, (double)NAN};
    for (size_t i = 0; i < 3 * WIDTH; i++) values[i] = (double)i;
    const ProbeRows rows = {.kind = kind_of("shares"),
                            .net = &net,
                            .rows = 3,
                            .places = PLACES,
                            .width = WIDTH,
                            .values = values};
    rows.kind->sum_up(&rows, arena, number);
    assert_near(number[0], 2 * WIDTH + (OF_ONE + CHANNEL) * PLACES + 1, 0);
    assert_near(number[1], 2 * WIDTH + (OF_ONE + INSTANCE) * PLACES + 1, 0);
    arena_free(arena);
}

static const Case cases[] = {
    CASE(theorem, what_normalizers_leave),
    CASE(oracle, shares_in_plain_loops),
    CASE(example, shares_of_made_numbers),
    CASE(example, numbers_are_of_the_last),
};
HARNESS_MAIN("shares", cases)
