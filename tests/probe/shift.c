/* The shift probe: against running moments that are set so far from what is there, place after place,
 * and what the rows come to. */
#include "probe_run.h"

/* ---- what is there ------------------------------------------------------------------------- */

/* Mean and deviation of each channel of x at a place in evaluation, over the first samples. */
typedef struct There {
    double mean[64], deviation[64];
} There;

/* The first samples in one pass, and what is watched there. */
static void evaluate(Arena *arena, const Trainer *t, const Dataset *data, size_t count,
                     NetWatch *watch) {
    const Net *net = trainer_net(t);
    size_t *index = TAKE(arena, size_t, count);
    for (size_t i = 0; i < count; i++) index[i] = i;
    const Batch batch =
        dataset_batch(arena, data, &data->train, index, count, NULL, 0, 0);
    const size_t numbers = shape_count(batch.shape[0]);
    double *in = TAKE(arena, double, numbers);
    for (size_t i = 0; i < numbers; i++)
        in[i] = batch.real[0]                       ? batch.real[0][i]
                : batch.label[0][i] == DATA_IGNORED ? NET_NO_SYMBOL
                                                    : batch.label[0][i];
    NetPass pass = {.tape = tape_new(arena),
                    .mode = NORM_EVAL,
                    .weights = trainer_weights(t),
                    .state = trainer_state(t),
                    .watch = watch};
    net_run_one(net, &pass, tape_leaf(pass.tape, batch.shape[0], in));
}

static There what_is_there(const Trainer *t, const Dataset *data, size_t count,
                           size_t place) {
    Arena *own = arena_new();
    NetWatch *watch = ZERO(own, NetWatch, trainer_net(t)->norms);
    There there;
    evaluate(own, t, data, count, watch);
    const ShapeLattice l = shape_lattice(watch[place].in->shape);
    const double *x = watch[place].in->value;
    const unsigned char *mask = watch[place].mask;
    for (size_t c = 0; c < l.C; c++) {
        long double sum = 0, square = 0, n = 0;
        for (size_t i = 0; i < l.N * l.L; i++)
            if (mask == NULL || mask[i])
                sum += x[(i / l.L * l.C + c) * l.L + i % l.L], n++;
        for (size_t i = 0; i < l.N * l.L; i++)
            if (mask == NULL || mask[i])
                square += powl(x[(i / l.L * l.C + c) * l.L + i % l.L] - sum / n, 2);
        there.mean[c] = (double)(sum / n);
        there.deviation[c] = (double)sqrtl(square / (n - 1));
    }
    arena_free(own);
    return there;
}

/* ---- a state that is set -------------------------------------------------------------------- */

/* How far off the moments of a channel are set: of no place as of another. */
static double mean_off(size_t place, size_t channel) {
    return 0.1 * (double)(place + 1) * (channel % 2 ? -2 : 1);
}

static double deviation_off(size_t place, size_t channel) {
    return 0.05 * (double)(place + 1) + (channel % 3 == 0 ? 0.5 : -0.25);
}

/* Place after place, for what is there depends on those before. A channel of equal numbers has no
 * deviation, and may be set to anything. */
static void set_state(Trainer *t, const Dataset *data, size_t count, bool off) {
    const Net *net = trainer_net(t);
    double *state = part_of(t, "state")->data;
    for (size_t n = 0; n < net->norms; n++) {
        const Norm *norm = net->norm[n].norm;
        if (norm->states < 2) continue;
        const There there = what_is_there(t, data, count, n);
        double *mean = state + net->norm[n].state, *variance = mean + norm->channels;
        assert_int_equal(norm->state[0].role, NORM_STATE_MEAN);
        for (size_t c = 0; c < norm->channels; c++) {
            const double d = there.deviation[c];
            if (d == 0) mean[c] = 3, variance[c] = 5;
            if (d == 0) continue;
            mean[c] = there.mean[c] + (off ? mean_off(n, c) * d : 0);
            variance[c] = pow(d * (1 + (off ? deviation_off(n, c) : 0)), 2);
        }
    }
}

/* Over channels from the first that varies. */
static double root_mean_square(double off(size_t place, size_t channel), size_t place,
                               size_t first, size_t channels) {
    double squares = 0;
    for (size_t c = first; c < channels; c++) squares += pow(off(place, c), 2);
    return sqrt(squares / (double)(channels - first));
}

/* The first filter in front of the first place is 0. */
static void kill_a_channel(Trainer *t) {
    const Net *net = trainer_net(t);
    double *weights = part_of(t, "weights")->data;
    for (size_t i = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        if (p->normalizer || p->shape.rank < 2) continue;
        for (size_t k = 0; k < p->count / p->shape.size[0]; k++)
            weights[p->offset + k] = 0;
        return;
    }
}

/* The row of a run after a step, with its state set by the first `count` samples. */
static void shift_is(const char *pairs, const Dataset *all, size_t count, bool dead) {
    Arena *arena = arena_new();
    Looked l = looked(arena, pairs, all);
    Trainer *t = l.trainer;
    const Net *net = trainer_net(t);
    const size_t places = net->norms;
    trainer_step(t);
    if (dead) kill_a_channel(t);
    for (size_t off = 0; off < 2; off++) {
        double row[3][32], *const to[] = {row[0], row[1], row[2]};
        set_state(t, trainer_data(t), count, off);
        kind_of("shift")->see(
            &(ProbeSeen){.trainer = t, .config = &l.config, .net = net, .places = places},
            NULL, arena, to);
        for (size_t n = 0; n < places; n++) {
            const size_t channels = net->norm[n].norm->channels, first = dead && n == 0;
            const double mean = off ? root_mean_square(mean_off, n, first, channels) : 0,
                         deviation =
                             off ? root_mean_square(deviation_off, n, first, channels)
                                 : 0;
            if (net->norm[n].norm->states == 0) {
                for (size_t f = 0; f < 3; f++) assert_true(isnan(row[f][n]));
                continue;
            }
            assert_near(row[0][n], mean, 1e-11);
            assert_near(row[1][n], deviation, 1e-11);
            assert_near(row[2][n], sqrt(mean * mean + deviation * deviation), 1e-11);
        }
    }
    trainer_free(t);
    arena_free(arena);
}

static void shift_of_a_state_that_is_set(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Dataset *data = small_data(arena, 10, 10);
    shift_is("images=100 workers=2 batch=12 norm=batch", data, 96, false);
    shift_is("images=100 workers=2 batch=12 norm=batch", data, 96, true);
    shift_is("images=600 workers=1 batch=24 sizes=8x8 norm=batch", data, 600, false);
    shift_is("images=48 workers=2 batch=12 norm=batch norm.norm1=group(2)", data, 48,
             false);
    shift_is("images=48 workers=2 batch=12 norm=ghost(4)", data, 48, false);
    shift_is(PROBE_TEXTS "norm=batch", dataset_open(arena, "languages", &error), 12,
             false);
    arena_free(arena);
}

/* ---- what the rows come to ------------------------------------------------------------------ */

/* Magnitudes that grow by e^0.3 from place to place in the last row, where there is one. */
static void numbers_are_of_the_places_that_have_one(void **state) {
    (void)state;
    enum { PLACES = 6, WIDTH = 3 * PLACES };
    Arena *arena = arena_new();
    const Net net = {.norms = PLACES};
    double values[2][WIDTH];
    for (size_t i = 0; i < WIDTH; i++) values[0][i] = 7, values[1][i] = 9;
    for (size_t i = 0; i < PLACES; i++)
        values[1][2 * PLACES + i] =
            i == 1 || i == 5 ? (double)NAN : 0.01 * exp(0.3 * (double)i);
    const ProbeRows rows = {.kind = kind_of("shift"),
                            .net = &net,
                            .rows = 2,
                            .places = PLACES,
                            .width = WIDTH,
                            .values = values[0]};
    double number[2] = {(double)NAN, (double)NAN};
    rows.kind->sum_up(&rows, arena, number);
    assert_near(number[0], 0.3, 1e-14);
    assert_near(number[1], 0.01 * exp(1.2), 1e-15);
    for (size_t i = 0; i < 4; i++) values[1][2 * PLACES + i] = (double)NAN;
    number[0] = (double)NAN;
    rows.kind->sum_up(&rows, arena, number);
    assert_true(isnan(number[0])); /* one place has no slope */
    assert_near(number[1], 0.01 * exp(1.2), 1e-15);
    arena_free(arena);
}

static const Case cases[] = {
    CASE(oracle, shift_of_a_state_that_is_set),
    CASE(example, numbers_are_of_the_places_that_have_one),
};
HARNESS_MAIN("shift", cases)
