/* The weights probe: angles against plain loops; equilibrium against its closed form, under gradients
 * that are drawn; what the rows come to. */
#include "optimize.h"
#include "probe_run.h"

#include <stdlib.h>

enum { LENGTH, ANGLE, EXPECTED, RATE, FIELDS };

/* Filters of a layer that share a cell. */
static size_t filters_together(const char *norm, size_t channels) {
    return strcmp(norm, "layer") == 0      ? channels
           : strcmp(norm, "group(2)") == 0 ? channels / 2
                                           : 1;
}

/* ---- angles ------------------------------------------------------------------------- */

/* Root mean square over blocks of `count` weights of the angle between what they were and are. */
static double restated(const double *a, const double *b, size_t count, size_t block) {
    long double squares = 0;
    for (size_t i = 0; i < count; i += block) {
        long double aa = 0, bb = 0, ab = 0, cross = 0;
        for (size_t k = i; k < i + block; k++)
            aa += (long double)a[k] * a[k], bb += (long double)b[k] * b[k],
                ab += (long double)a[k] * b[k];
        for (size_t k = i; k < i + block; k++) { /* what of b is across a */
            const long double across = b[k] - a[k] * (ab / aa);
            cross += across * across;
        }
        const long double angle = atan2l(sqrtl(cross), ab / sqrtl(aa));
        squares += angle * angle;
    }
    return (double)sqrtl(squares * block / count);
}

static void angles_are(Arena *arena, const char *norm, const Dataset *data) {
    const char *pairs = text_print(
        arena, "probes=weights probe_every=1 batch=32 rate=0.3 decay=0.01 norm=%s", norm);
    Looked l = looked(arena, pairs, data);
    const Net *net = trainer_net(l.trainer);
    double *before = TAKE(arena, double, net->weights),
           *after = TAKE(arena, double, net->weights);
    memcpy(before, trainer_weights(l.trainer), net->weights * sizeof *before);
    probes_step(l.probes);
    memcpy(after, trainer_weights(l.trainer), net->weights * sizeof *after);
    probes_step(l.probes);
    const ProbeRows rows = probes_rows(l.probes, 0);
    const double *row = rows.values + rows.width; /* of step 1 */
    assert_int_equal(rows.width, FIELDS * rows.layers);
    for (size_t i = 0, k = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        if (!probe_is_layer(p)) continue;
        const size_t channels = p->shape.size[0];
        const bool head = p->before_norm == 0, alone = strcmp(norm, "none") == 0;
        const size_t together =
            head || alone ? channels : filters_together(norm, channels);
        const double angle = restated(before + p->offset, after + p->offset, p->count,
                                      p->count / channels * together);
        const double length = row[LENGTH * rows.layers + k];
        assert_true(isnan(rows.values[ANGLE * rows.layers + k]));
        assert_near(row[ANGLE * rows.layers + k], angle, 1e-12 * angle + 1e-15);
        assert_true(isnan(row[EXPECTED * rows.layers + k]) == (head || alone));
        assert_near(row[RATE * rows.layers + k],
                    learning_rate(&l.config, 1, 3) / (length * length), 1e-12);
        k++;
    }
    trainer_free(l.trainer);
}

static void angles_by_plain_loops(void **state) {
    (void)state;
    static const char *const NORMS[] = {"batch", "group(2)", "layer", "none"};
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    for (size_t i = 0; i < COUNT_OF(NORMS); i++) angles_are(arena, NORMS[i], data);
    arena_free(arena);
}

/* ---- equilibrium -------------------------------------------------------------------- */

/* A gradient that is drawn, as that of a loss in which only the direction of each block counts:
 * across it, and longer the shorter it is. */
static void draw_gradient(double *g, const double *w, size_t count, size_t block,
                          uint64_t step, uint64_t offset) {
    for (size_t i = 0; i < count; i += block) {
        double along = 0, square = 0;
        for (size_t k = i; k < i + block; k++) {
            g[k] = draw_normal((Draw){7, 0, step, offset}, k);
            along += g[k] * w[k], square += w[k] * w[k];
        }
        for (size_t k = i; k < i + block; k++)
            g[k] = 0.01 * (g[k] - along / square * w[k]) / sqrt(square);
    }
}

/* As probes_step does it, by hooks of the kind. */
static double ratio_of(Arena *arena, const char *norm, const char *optimizer,
                       double *least, double *most) {
    enum { STEPS = 2200 };
    const ProbeKind *kind = kind_of("weights");
    Trainer *t =
        trainer_of(arena,
                   text_print(arena, "batch=32 reference=32 schedule=constant norm=%s %s",
                              norm, optimizer),
                   small_data(arena, 10, 10), 1);
    const Net *net = trainer_net(t);
    const Config *config = trainer_config(t);
    const size_t n = net->weights;
    const Learns learns = learns_all(arena, net);
    double *w = TAKE(arena, double, n), *before = TAKE(arena, double, n),
           *g = ZERO(arena, double, n), *kept = ZERO(arena, double, kind->keeps(net)),
           *moment[] = {ZERO(arena, double, n), ZERO(arena, double, n)};
    const NetParam *weight[64];
    size_t layers = 0;
    for (size_t i = 0; i < net->params; i++)
        if (probe_is_layer(&net->param[i])) weight[layers++] = &net->param[i];
    double *values = ZERO(arena, double, 3 * FIELDS * layers),
           step[] = {0, STEPS - 1000, STEPS};
    memcpy(w, trainer_weights(t), n * sizeof *w);
    for (size_t s = 0, row = 0; s <= STEPS; s++) {
        if ((double)s == step[row]) {
            double *to[FIELDS], *at = values + row++ * FIELDS * layers;
            for (size_t f = 0; f < FIELDS; f++) to[f] = at + f * layers;
            for (size_t k = 0; k < FIELDS * layers; k++) at[k] = (double)NAN;
            const ProbeSeen seen = {.trainer = t,
                                    .config = config,
                                    .net = net,
                                    .weights = w,
                                    .layers = layers,
                                    .weight = weight};
            kind->see(&seen, kept, arena, to);
        }
        memcpy(before, w, n * sizeof *w);
        for (size_t i = 0; i < layers; i++) {
            const NetParam *p = weight[i];
            const size_t channels = p->shape.size[0];
            if (p->before_norm)
                draw_gradient(g + p->offset, w + p->offset, p->count,
                              p->count / channels * filters_together(norm, channels), s,
                              p->offset);
        }
        descend(w, moment, g, &learns, config, config->rate, s);
        kind->moved(net, kept, before, w);
    }
    const ProbeRows rows = {.kind = kind,
                            .net = net,
                            .rows = 3,
                            .layers = layers,
                            .width = FIELDS * layers,
                            .step = step,
                            .values = values};
    double number[] = {(double)NAN, (double)NAN, (double)NAN};
    kind->sum_up(&rows, arena, number);
    trainer_free(t);
    *least = number[1], *most = number[2];
    return number[0];
}

static void equilibrium_of_drawn_gradients(void **state) {
    (void)state;
    static const char *const CASES[][2] = {
        {"batch", "rate=0.1 decay=0.005"},
        {"group(2)", "rate=0.1 decay=0.005"},
        {"layer", "rate=0.1 decay=0.005"},
        {"group(2)", "rate=0.2 decay=0.01 momentum=0"},
        {"batch", "rate=0.02 decay=0.01 momentum=0.95"}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Arena *arena = arena_new();
        double least, most;
        const double ratio = ratio_of(arena, CASES[i][0], CASES[i][1], &least, &most);
        assert_near(ratio, 1.0, 0.03);
        assert_near(least, 1.0, 0.03);
        assert_near(most, 1.0, 0.03);
        arena_free(arena);
    }
}

/* Of the last rows as many as have 1,000 steps: a weight that is as it should be in these and not
 * before, one that is twice that in half of them, and one without an equilibrium. */
static void numbers_are_of_the_last_steps(void **state) {
    (void)state;
    enum { LAYERS = 3, ROWS = 5, WIDTH = FIELDS * LAYERS };
    static const double step[ROWS] = {0, 300, 800, 1300, 1800};
    Arena *arena = arena_new();
    NetParam param[LAYERS] = {
        {.shape = {.rank = 2}}, {.shape = {.rank = 2}}, {.shape = {.rank = 2}}};
    const Net net = {.params = LAYERS, .param = param};
    double values[ROWS][WIDTH] = {{0}};
    for (size_t r = 0; r < ROWS; r++) {
        double *angle = values[r] + ANGLE * LAYERS,
               *level = values[r] + EXPECTED * LAYERS;
        for (size_t i = 0; i < LAYERS; i++) level[i] = i == 2 ? (double)NAN : 0.01;
        angle[0] = r < 3 ? 7 : 0.01;
        angle[1] = r < 3 ? 7 : r == 3 ? 0.02 : 0.01;
        angle[2] = 1;
        if (r == 0) angle[0] = angle[1] = angle[2] = (double)NAN;
    }
    const ProbeRows rows = {.kind = kind_of("weights"),
                            .net = &net,
                            .rows = ROWS,
                            .layers = LAYERS,
                            .width = WIDTH,
                            .step = step,
                            .values = values[0]};
    double number[] = {(double)NAN, (double)NAN, (double)NAN};
    rows.kind->sum_up(&rows, arena, number);
    assert_near(number[0], sqrt((1 + 2.5) / 2), 1e-14);
    assert_near(number[1], 1.0, 1e-14);
    assert_near(number[2], sqrt(2.5), 1e-14);
    arena_free(arena);
}

static const Case cases[] = {
    CASE(oracle, angles_by_plain_loops),
    CASE(theorem, equilibrium_of_drawn_gradients),
    CASE(example, numbers_are_of_the_last_steps),
};
HARNESS_MAIN("turning", cases)
