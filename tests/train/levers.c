/* Levers of a step: which weights learn. */
#include "train_run.h"

#include "optimize.h"

static const char AFFINE[] = "workers=2 batch=12 learn=affine",
                  RANDOM[] = "workers=2 batch=12 learn=random";

static size_t of_normalizers(const Net *net) {
    size_t count = 0;
    for (size_t i = 0; i < net->params; i++)
        if (net->param[i].normalizer) count += net->param[i].count;
    return count;
}

/* [net->weights] whether a weight is a normalizer's. */
static bool *normalizers_of(Arena *arena, const Net *net) {
    bool *is = TAKE(arena, bool, net->weights);
    for (size_t i = 0; i < net->params; i++)
        for (size_t k = 0; k < net->param[i].count; k++)
            is[net->param[i].offset + k] = net->param[i].normalizer;
    return is;
}

static bool *moved_in(Arena *arena, const char *pairs, size_t threads) {
    const Dataset *data = small_data(arena, 20, 20);
    Trainer *t = trainer_of(arena, pairs, data, 1),
            *end = finished(arena, pairs, data, threads);
    const size_t W = trainer_net(t)->weights;
    bool *moved = TAKE(arena, bool, W);
    for (size_t i = 0; i < W; i++)
        moved[i] = trainer_weights(t)[i] != trainer_weights(end)[i];
    trainer_free(t), trainer_free(end);
    return moved;
}

static size_t count_of(const bool *marks, size_t count) {
    size_t marked = 0;
    for (size_t i = 0; i < count; i++) marked += marks[i];
    return marked;
}

/* ---- which weights learn ---- */

/* To the bit, with decay and momentum and either optimizer. */
static void normalizers_alone_move(void **state) {
    (void)state;
    static const char *const MORE[] = {"", "decay=0.1 norm=blend(batch,group(2))",
                                       "optimizer=adamw decay=0.1 norm=group(2)",
                                       "norm=batch(beta=no)",
                                       "network=plain(depth=5,width=4,stem_stride=2)"};
    for (size_t i = 0; i < COUNT_OF(MORE); i++) {
        Arena *arena = arena_new();
        const char *pairs = text_print(arena, "%s %s", AFFINE, MORE[i]);
        Trainer *t = trainer_of(arena, pairs, small_data(arena, 20, 20), 1);
        const Net *net = trainer_net(t);
        const bool *moved = moved_in(arena, pairs, 2);
        assert_memory_equal(moved, normalizers_of(arena, net), net->weights);
        assert_int_equal(trainer_learning(t), of_normalizers(net));
        trainer_free(t);
        arena_free(arena);
    }
}

static void as_many_others_move(void **state) {
    (void)state;
    static const char *const MORE[] = {"", "decay=0.1 norm=group(2)",
                                       "optimizer=adamw decay=0.1"};
    for (size_t i = 0; i < COUNT_OF(MORE); i++) {
        Arena *arena = arena_new();
        const char *pairs = text_print(arena, "%s %s", RANDOM, MORE[i]);
        Trainer *t = trainer_of(arena, pairs, small_data(arena, 20, 20), 1);
        const Net *net = trainer_net(t);
        const size_t own = of_normalizers(net), W = net->weights;
        const bool *is = normalizers_of(arena, net), *moved = moved_in(arena, pairs, 2),
                   *other = moved_in(arena, text_print(arena, "%s seed=2", pairs), 1);
        for (size_t k = 0; k < W; k++) assert_false(is[k] && (moved[k] || other[k]));
        assert_int_equal(count_of(moved, W), own);
        assert_int_equal(count_of(other, W), own);
        assert_memory_not_equal(moved, other, W);
        assert_int_equal(trainer_learning(t), own);
        trainer_free(t);
        arena_free(arena);
    }
}

/* A parameter's share of those that are drawn is its share of the weights; the count in one
 * parameter is hypergeometric. */
static void any_other_weight_is_as_likely(void **state) {
    (void)state;
    enum { SEEDS = 200 };
    Arena *arena = arena_new();
    Trainer *t = trainer_of(arena, RANDOM, small_data(arena, 20, 20), 1);
    const Net *net = trainer_net(t);
    double *drawn = ZERO(arena, double, net->params);
    const double K = (double)of_normalizers(net), all = (double)net->weights - K;
    for (size_t seed = 1; seed <= SEEDS; seed++) {
        Config config = config_of(arena, RANDOM);
        BaseError error = {.set = false};
        Learns learns;
        config.seed = seed;
        assert_true(learns_new(arena, &learns, net, &config, &error));
        for (size_t i = 0; i < learns.count; i++)
            drawn[learns.stretch[i].of - net->param] += (double)learns.stretch[i].count;
    }
    for (size_t i = 0; i < net->params; i++) {
        const double share = (double)net->param[i].count / all,
                     spread =
                         sqrt(SEEDS * K * share * (1 - share) * (all - K) / (all - 1));
        if (net->param[i].normalizer) continue;
        assert_near(drawn[i], SEEDS * K * share, 4.5 * spread);
    }
    trainer_free(t);
    arena_free(arena);
}

/* The first step's velocity: the gradient of all, 0 where nothing learns; clip= is of what
 * learns alone. */
static void the_gradient_is_that_of_all(void **state) {
    (void)state;
    static const char *const WHO[] = {"affine", "random"};
    for (size_t i = 0; i < COUNT_OF(WHO); i++) {
        Arena *arena = arena_new();
        const Dataset *data = small_data(arena, 20, 20);
        const char *plain = "workers=2 batch=12 decay=0",
                   *some = text_print(arena, "%s learn=%s", plain, WHO[i]),
                   *less = text_print(arena, "%s clip=0.001", some);
        Trainer *all = trainer_of(arena, plain, data, 1),
                *t = trainer_of(arena, some, data, 1),
                *clipped = trainer_of(arena, less, data, 1);
        trainer_step(all), trainer_step(t), trainer_step(clipped);
        const double *g = part_of(all, "velocity")->data,
                     *own = part_of(t, "velocity")->data,
                     *short_one = part_of(clipped, "velocity")->data;
        size_t there = 0;
        double squares = 0;
        for (size_t k = 0; k < trainer_net(t)->weights; k++) {
            assert_true(own[k] == g[k] || own[k] == 0);
            there += own[k] != 0;
            squares += short_one[k] * short_one[k];
        }
        assert_true(there > 0 && there <= trainer_learning(t));
        assert_near(sqrt(squares), 0.001, 1e-15);
        trainer_free(all), trainer_free(t), trainer_free(clipped);
        arena_free(arena);
    }
}

/* ---- refused ---- */

static void what_has_none_is_refused(void **state) {
    (void)state;
    static const char *const CASES[][2] = {
        {"learn=affine norm=none(affine=no)", "learn=affine: no normalizer of resnet("},
        {"learn=random network=linear", "learn=random: no normalizer of linear"},
        {"learn=affine norm=batch(affine=no)", "learn=affine: no normalizer"}};
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        BaseError error = {.set = false};
        const Config config = config_of(arena, CASES[i][0]);
        if (trainer_fits(&config, data, &error)) fail_msg("%s", CASES[i][0]);
        assert_int_equal(error.code, EX_USAGE);
        if (strstr(error.message, CASES[i][1]) == NULL)
            fail_msg("%s: '%s'", CASES[i][0], error.message);
    }
    arena_free(arena);
}

/* ---- a run ---- */

static void threads_and_interruptions_do_not_show(void **state) {
    (void)state;
    static const char *const RUNS[] = {AFFINE, RANDOM};
    for (size_t i = 0; i < COUNT_OF(RUNS); i++) {
        Arena *arena = arena_new();
        const Dataset *data = small_data(arena, 30, 30);
        Trainer *whole = finished(arena, RUNS[i], data, 1),
                *half = trainer_of(arena, RUNS[i], data, 3);
        for (size_t k = 0; k < 7; k++) {
            Trainer *rest = trainer_of(arena, RUNS[i], data, 2);
            BaseError error = {.set = false};
            fill_from(rest, half);
            if (!trainer_may_resume(rest, &error)) fail_msg("%s", error.message);
            while (trainer_step(rest) != TRAIN_DONE) continue;
            same_parts(rest, whole);
            trainer_free(rest);
            trainer_step(half);
        }
        trainer_free(whole), trainer_free(half);
        arena_free(arena);
    }
}

static const Case CASES[] = {
    CASE(theorem, normalizers_alone_move),
    CASE(theorem, as_many_others_move),
    CASE(theorem, any_other_weight_is_as_likely),
    CASE(theorem, the_gradient_is_that_of_all),
    CASE(fault, what_has_none_is_refused),
    CASE(theorem, threads_and_interruptions_do_not_show),
};

HARNESS_MAIN("levers", CASES)
