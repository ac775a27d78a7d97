/* Optimizers against their definitions, in 113 bits and from the first step on: sums over all
 * gradients so far, where the program keeps running means. */
#include "train_run.h"

#include "arith.h"
#include "arith_calls.h"
#include "optimize.h"

enum { COUNT = 3, STEPS = 40 };

/* Two parameters: one that is decayed, and one of a normalizer, which ends at 1. */
static const NetParam PARAMS[] = {{.name = "weight",
                                   .offset = 0,
                                   .count = 2,
                                   .decayed = true,
                                   .least = -INFINITY,
                                   .most = INFINITY},
                                  {.name = "norm.gate",
                                   .offset = 2,
                                   .count = 1,
                                   .normalizer = true,
                                   .decayed = true,
                                   .least = 0,
                                   .most = 1}};

static Net net_of_params(NetParam *param) {
    memcpy(param, PARAMS, sizeof PARAMS);
    return (Net){.params = 2, .param = param, .weights = COUNT};
}

static double gradient_at(size_t step, size_t k) {
    return draw_normal((Draw){.seed = 5, .purpose = DRAW_TEST, .epoch = step}, k);
}

/* sum over s <= step of beta^(step - s) f(g_s), times 1 - beta, over 1 - beta^(step + 1) */
static Quad mean_of(size_t step, size_t k, double beta, bool squared) {
    Quad sum = 0, power = 1;
    for (size_t s = step + 1; s-- > 0; power *= beta) {
        const Quad g = gradient_at(s, k);
        sum += power * (squared ? g * g : g);
    }
    return sum * (1 - (Quad)beta) / (1 - power);
}

static void adamw_is_its_definition(void **state) {
    (void)state;
    static const char *const CASES[] = {
        "optimizer=adamw decay=0.1", "optimizer=adamw(beta1=0.5,beta2=0.75,eps=0.01)",
        "optimizer=adamw(beta1=0,beta2=0) decay_norms=no", "optimizer=adamw decay=0"};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Arena *arena = arena_new();
        NetParam param[2];
        const Net net = net_of_params(param);
        const Learns learns = learns_all(arena, &net);
        const Config c = config_of(arena, CASES[i]);
        const Optimizer *o = &c.optimizer;
        double w[COUNT] = {0.5, -2, 0.9}, m[COUNT] = {0}, v[COUNT] = {0};
        Quad want[COUNT] = {w[0], w[1], w[2]};
        for (size_t step = 0; step < STEPS; step++) {
            double g[COUNT];
            const double rate = 0.05 / (1.0 + (double)step);
            for (size_t k = 0; k < COUNT; k++) g[k] = gradient_at(step, k);
            descend(w, (double *const[]){m, v}, g, &learns, &c, rate, step);
            for (size_t k = 0; k < COUNT; k++) {
                const Quad decay = k < 2 || c.decay_norms ? (Quad)c.decay : 0;
                want[k] -=
                    rate *
                    (mean_of(step, k, o->beta1, false) /
                         (quad_sqrt(mean_of(step, k, o->beta2, true)) + (Quad)o->eps) +
                     decay * want[k]);
            }
            want[2] = want[2] < 0 ? 0 : want[2] > 1 ? 1 : want[2];
            for (size_t k = 0; k < COUNT; k++) /* of 40 steps, each some roundings */
                assert_near(w[k], (double)want[k], 256 * DBL_EPSILON);
        }
        arena_free(arena);
    }
}

static void sgd_is_its_definition(void **state) {
    (void)state;
    Arena *arena = arena_new();
    NetParam param[2];
    const Net net = net_of_params(param);
    const Learns learns = learns_all(arena, &net);
    const Config c = config_of(arena, "momentum=0.75 decay=0.01");
    double w[COUNT] = {0.5, -2, 0.9}, v[COUNT] = {0};
    Quad want[COUNT] = {w[0], w[1], w[2]}, speed[COUNT] = {0};
    for (size_t step = 0; step < STEPS; step++) {
        double g[COUNT];
        for (size_t k = 0; k < COUNT; k++) {
            g[k] = gradient_at(step, k);
            speed[k] = (Quad)c.momentum * speed[k] + g[k] + (Quad)c.decay * want[k];
            want[k] -= (Quad)0.01 * speed[k];
        }
        want[2] = want[2] < 0 ? 0 : want[2] > 1 ? 1 : want[2];
        descend(w, (double *const[]){v}, g, &learns, &c, 0.01, step);
        for (size_t k = 0; k < COUNT; k++)
            assert_near(w[k], (double)want[k], 256 * DBL_EPSILON);
    }
    arena_free(arena);
}

/* ---- clipping ---- */

static Quad norm_of(const double *g, size_t count) {
    Quad sum = 0;
    for (size_t i = 0; i < count; i++) sum += (Quad)g[i] * g[i];
    return quad_sqrt(sum);
}

static void clipping_keeps_the_direction(void **state) {
    (void)state;
    enum { MANY = 1000 };
    Arena *arena = arena_new();
    double g[MANY], before[MANY];
    for (size_t k = 0; k < MANY; k++) before[k] = gradient_at(0, k);
    const Quad norm = norm_of(before, MANY);
    static const double CLIPS[] = {0, 0.01, 1, 30, 1e6};
    for (size_t i = 0; i < COUNT_OF(CLIPS); i++) {
        Config c = config_default(arena);
        c.clip = CLIPS[i];
        memcpy(g, before, sizeof g);
        clip_gradient(g, MANY, c.clip);
        const Quad scale = c.clip > 0 && norm > c.clip ? c.clip / norm : 1;
        for (size_t k = 0; k < MANY; k++)
            assert_near(g[k], (double)(scale * before[k]),
                        scale == 1 ? 0.0 : 8 * DBL_EPSILON * fabs(before[k]));
    }
    double lost[] = {NAN, 3, INFINITY}, zero[] = {0, 0};
    clip_gradient(lost, 3, 1); /* shows in the loss */
    clip_gradient(zero, 2, 1);
    assert_true(isnan(lost[0]) && lost[1] == 3 && isinf(lost[2]));
    assert_true(zero[0] == 0 && zero[1] == 0);
    arena_free(arena);
}

/* The first step of a run: what its first moment says that the gradient was. */
static double *first_gradient(Arena *arena, const char *pairs, double share) {
    Trainer *t = trainer_of(arena, pairs, small_data(arena, 20, 20), 2);
    const bool adamw = strstr(pairs, "adamw") != NULL;
    const size_t count = trainer_net(t)->weights;
    double *g = TAKE(arena, double, count);
    trainer_step(t);
    const double *moment = part_of(t, adamw ? "gradient_mean" : "velocity")->data;
    for (size_t i = 0; i < count; i++) g[i] = moment[i] / share;
    trainer_free(t);
    return g;
}

static void a_run_clips_the_mean_over_workers(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *plain = "workers=2 batch=12 decay=0",
               *clipped = "workers=2 batch=12 decay=0 clip=0.25",
               *adam = "workers=2 batch=12 decay=0 clip=0.25 "
                       "optimizer=adamw(beta1=0.75,beta2=0.5)";
    Trainer *t = trainer_of(arena, plain, small_data(arena, 20, 20), 1);
    const size_t count = trainer_net(t)->weights;
    const double *g = first_gradient(arena, plain, 1.0),
                 *less = first_gradient(arena, clipped, 1.0),
                 *too = first_gradient(arena, adam, 0.25);
    const Quad norm = norm_of(g, count);
    assert_true(norm > 0.5);
    assert_near((double)norm_of(less, count), 0.25, 16 * DBL_EPSILON);
    double *want = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) want[i] = (double)(g[i] * (Quad)0.25 / norm);
    assert_near(apart(less, want, count), 0.0, 8 * DBL_EPSILON);
    assert_near(apart(too, want, count), 0.0, 8 * DBL_EPSILON);
    trainer_free(t);
    arena_free(arena);
}

/* ---- a run ---- */

/* From the middle of an epoch, with all that is kept between two steps and no more. */
static void resumed_runs_have_the_same_bits(void **state) {
    (void)state;
    static const char *const RUNS[] = {
        "workers=2 batch=12 optimizer=adamw rate=0.01",
        "workers=3 batch=8 optimizer=adamw(beta2=0.9) clip=0.5 rate=0.01 norm=group(2)",
        "workers=2 batch=12 clip=0.1"};
    for (size_t i = 0; i < COUNT_OF(RUNS); i++) {
        Arena *arena = arena_new();
        const Dataset *data = small_data(arena, 30, 30);
        Trainer *whole = finished(arena, RUNS[i], data, 1),
                *half = trainer_of(arena, RUNS[i], data, 2),
                *rest = trainer_of(arena, RUNS[i], data, 1);
        BaseError error = {.set = false};
        for (size_t k = 0; k < 3; k++) trainer_step(half);
        fill_from(rest, half);
        if (!trainer_may_resume(rest, &error)) fail_msg("%s", error.message);
        while (trainer_step(rest) != TRAIN_DONE) continue;
        same_parts(rest, whole);
        trainer_free(whole), trainer_free(half), trainer_free(rest);
        arena_free(arena);
    }
}

static void both_learn(void **state) {
    (void)state;
    static const char *const RUNS[] = {"optimizer=sgd rate=0.1",
                                       "optimizer=adamw rate=0.02 decay=0.01",
                                       "optimizer=sgd rate=0.1 clip=1"};
    for (size_t i = 0; i < COUNT_OF(RUNS); i++) {
        Arena *arena = arena_new();
        const char *pairs =
            text_print(arena, "images=300 epochs=4 batch=10 reference=10 %s", RUNS[i]);
        Trainer *t = finished(arena, pairs, small_data(arena, 100, 10), 2);
        const TrainRecord r = trainer_record(t);
        if (!(r.score[0] < 0.65)) fail_msg("%s: errs on %g", RUNS[i], r.score[0]);
        trainer_free(t);
        arena_free(arena);
    }
}

static const Case CASES[] = {
    CASE(oracle, adamw_is_its_definition),
    CASE(oracle, sgd_is_its_definition),
    CASE(oracle, clipping_keeps_the_direction),
    CASE(oracle, a_run_clips_the_mean_over_workers),
    CASE(theorem, resumed_runs_have_the_same_bits),
    CASE(example, both_learn),
};

HARNESS_MAIN("optimize", CASES)
