/* Sizes in which images train: a worker's samples of a step have one, whoever else has another. */
#include "train_run.h"

#include "../../src/train/internal.h"

static const char RUN[] = "workers=4 batch=8 flip=yes shift=1 norm=batch sizes=%s";
static const char MIXED[] = "mix(12x12,16x20,28x28)",
                  ALIKE[] = "alternate(12x12,16x20,28x28)";

static Trainer *sized_run(Arena *arena, const Dataset *data, const char *sizes) {
    return trainer_of(arena, text_print(arena, RUN, sizes), data, 1);
}

static const char *size_of(Arena *arena, const Trainer *t, size_t step, size_t worker) {
    const Shape s = sized_of(t, 0, step, worker).dataset->field[0].shape;
    return size_print(arena, (ImageSize){s.size[1], s.size[2]});
}

/* What worker k finds in a step in which others have other sizes is, bit by bit, what it finds where
 * all have its own: gradient, batch statistics, loss and what evaluation adds up. */
static void a_worker_is_a_shard(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    Trainer *mixed = sized_run(arena, data, MIXED);
    const size_t W = mixed->net->weights, S = mixed->net->states;
    size_t differ = 0;
    for (size_t step = 0; step < mixed->steps; step++) {
        workers_run(mixed, 0, step, true);
        for (size_t k = 0; k < 4; k++) {
            const char *size = size_of(arena, mixed, step, k);
            Trainer *t = sized_run(arena, data, size);
            workers_run(t, 0, step, true);
            assert_memory_equal(t->shares + k * W, mixed->shares + k * W, W * 8);
            assert_memory_equal(t->observed + k * S, mixed->observed + k * S, S * 8);
            assert_memory_equal(t->found + k * found_width(t),
                                mixed->found + k * found_width(t), found_width(t) * 8);
            differ += strcmp(size, size_of(arena, mixed, step, 0)) != 0;
            trainer_free(t);
        }
    }
    assert_true(differ > 0);
    trainer_free(mixed);
    arena_free(arena);
}

/* One worker has what all alike have; one size is that of data that are kept in it; and the size
 * that the data have is none. */
static void what_is_the_same(void **state) {
    (void)state;
    static const struct {
        const char *one, *other;
        size_t resized; /* what the other's data are made; 0: as they are */
    } SAME[] = {{"workers=1 batch=24 sizes=mix(12x12,28x28)",
                 "workers=1 batch=24 sizes=alternate(12x12,28x28)", 0},
                {"workers=3 batch=8 sizes=28x28", "workers=3 batch=8", 0},
                {"workers=2 batch=16 flip=yes shift=2 sizes=14x20",
                 "workers=2 batch=16 flip=yes shift=2", 14}};
    for (size_t i = 0; i < COUNT_OF(SAME); i++) {
        Arena *arena = arena_new();
        BaseError error = {.set = false};
        const Dataset *data = small_data(arena, 10, 10), *other = data;
        if (SAME[i].resized) other = dataset_resized(arena, data, 14, 20, &error);
        Trainer *a = finished(arena, SAME[i].one, data, 1),
                *b = finished(arena, SAME[i].other, other, 1);
        assert_memory_equal(a->weights, b->weights, a->net->weights * 8);
        assert_memory_equal(a->state, b->state, a->net->states * 8);
        const bool judged = a->of[OF_VAL].loss[1] == b->of[OF_VAL].loss[1];
        assert_int_equal(judged,
                         SAME[i].resized == 0); /* in the size that the data have */
        trainer_free(a);
        trainer_free(b);
        arena_free(arena);
    }
}

/* Moments that are taken anew are of the size that is judged: with a run's weights as they are, the
 * same as of a run that never saw another. */
static void moments_are_of_what_is_judged(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    Trainer *mixed = sized_run(arena, data, MIXED), *own = sized_run(arena, data, "own");
    for (Running r = RUNNING_PRECISE; r <= RUNNING_POOLED; r++) {
        trainer_moments(mixed, r);
        trainer_moments(own, r);
        assert_memory_equal(mixed->judged, own->judged, own->net->states * 8);
        assert_memory_not_equal(own->judged, own->state, own->net->states * 8);
    }
    trainer_free(mixed);
    trainer_free(own);
    arena_free(arena);
}

/* Each as often as the others to five standard deviations, steps and workers alike; twice as often
 * what is said twice. */
static void sizes_are_drawn(void **state) {
    (void)state;
    enum { STEPS = 1200, WORKERS = 4, DRAWN = STEPS * WORKERS };
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    Trainer *mixed = sized_run(arena, data, "mix(12x12,28x28,28x28)"),
            *alike = sized_run(arena, data, ALIKE);
    size_t small = 0, both = 0, same = 0;
    const ArenaMark mark = arena_mark(arena);
    for (size_t step = 0; step < STEPS; step++, arena_rewind(arena, mark)) {
        bool first = false;
        for (size_t k = 0; k < WORKERS; k++) {
            const bool is = strcmp(size_of(arena, mixed, step, k), "12x12") == 0;
            small += is;
            if (k == 0) first = is;
            both += k == 1 && is && first;
            assert_string_equal(size_of(arena, alike, step, k),
                                size_of(arena, alike, step, 0));
        }
        same += strcmp(size_of(arena, alike, step, 0), "16x20") == 0;
    }
    assert_near((double)small / DRAWN, 1.0 / 3, 5 * sqrt(2.0 / 9 / DRAWN));
    assert_near((double)both / STEPS, 1.0 / 9, 5 * sqrt(8.0 / 81 / STEPS));
    assert_near((double)same / STEPS, 1.0 / 3, 5 * sqrt(2.0 / 9 / STEPS));
    trainer_free(mixed);
    trainer_free(alike);
    arena_free(arena);
}

static void what_no_size_can_be(void **state) {
    (void)state;
    static const char *const WRONG[][2] = {
        {"sizes=2000x20", "sizes=2000x20: sides of 1 to 1024"},
        {"sizes=mix(14x14,28x28) network=mlp(depth=2,width=4)",
         "sizes=14x14: mlp(depth=2, width=4) takes images of one size: "
         "'hidden1.linear.weight' "
         "is [4, 784], and would be [4, 196]"},
        {"sizes=1x1 batch=1 norm=batch", "sizes=1x1: layer"}};
    static const char *const WORDS[][2] = {
        {"20", "HEIGHTxWIDTH"},          {"mix(20x20)", "2 to 16 sizes"},
        {"mix", "2 to 16 sizes"},        {"mix(20x20,0x3)", "at byte 10"},
        {"mixed(20x20)", "'mix'"},       {"own(2x2)", "own, HEIGHTxWIDTH"},
        {"mix(20x20, by=3)", "2 to 16"}, {"mix(2x2, 3x3, by=4x4)", "by"}};
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        BaseError error = {.set = false};
        const Config config = config_of(arena, WRONG[i][0]);
        assert_false(trainer_fits(&config, data, &error));
        assert_int_equal(error.code, EX_USAGE);
        if (strstr(error.message, WRONG[i][1]) == NULL) fail_msg("%s", error.message);
    }
    for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
        BaseError error = {.set = false};
        Config config = config_default(arena);
        assert_false(config_set(&config, arena, "sizes", WORDS[i][0], &error));
        if (strstr(error.message, WORDS[i][1]) == NULL) fail_msg("%s", error.message);
    }
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, a_worker_is_a_shard),
    CASE(theorem, what_is_the_same),
    CASE(theorem, moments_are_of_what_is_judged),
    CASE(theorem, sizes_are_drawn),
    CASE(fault, what_no_size_can_be),
};

HARNESS_MAIN("sizes", CASES)
