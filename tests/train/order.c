/* Which samples are where in an epoch: workers that have their own, and steps sorted by class. */
#include "train_run.h"

#include "order.h"

enum { CLASSES = 10, LABEL = 1 };

static uint8_t class_at(const Dataset *d, size_t sample) {
    return *(const uint8_t *)d->train.value[LABEL][sample];
}

typedef struct Dealt {
    Arena *arena;
    Config config;
    const Dataset *data;
    Order *order;
    size_t steps;
} Dealt;

static Dealt dealt(const char *pairs) {
    Dealt d = {.arena = arena_new()};
    BaseError error = {.set = false};
    const Dataset *all = dataset_open(d.arena, "fashion-mini", &error);
    d.config = config_of(d.arena, pairs);
    d.data = config_data(d.arena, &d.config, all, &error);
    Config *kept = TAKE(d.arena, Config, 1); /* lives as long as the order */
    *kept = d.config;
    d.order = order_new(d.arena, kept, d.data, &error);
    if (d.order == NULL) fail_msg("%s", error.message);
    d.steps = d.data->train.count / (d.config.workers * d.config.batch);
    return d;
}

/* Whose sample it is, by all epochs: each worker has its classes and nobody else's samples, and
 * in an epoch none of them twice more often than another. */
static void clients_have_their_own(const char *pairs, size_t holders) {
    Dealt d = dealt(pairs);
    const size_t W = d.config.workers, b = d.config.batch, n = d.data->train.count;
    size_t *owner = TAKE(d.arena, size_t, n), *used = TAKE(d.arena, size_t, n);
    bool *has = ZERO(d.arena, bool, W *CLASSES);
    for (size_t i = 0; i < n; i++) owner[i] = SIZE_MAX;
    for (size_t epoch = 0; epoch < 4; epoch++) {
        const size_t *at = order_epoch(d.order, epoch);
        memset(used, 0, n * sizeof *used);
        for (size_t i = 0; i < d.steps * W * b; i++) {
            const size_t w = i / b % W, s = at[i];
            assert_true(s < n && (owner[s] == SIZE_MAX || owner[s] == w));
            owner[s] = w, used[s]++;
            has[w * CLASSES + class_at(d.data, s)] = true;
        }
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < n; k += 7)
                if (owner[i] == owner[k] && owner[i] != SIZE_MAX)
                    assert_true(used[i] <= used[k] + 1);
    }
    for (size_t w = 0; w < W; w++) {
        size_t classes = 0;
        for (size_t k = 0; k < CLASSES; k++) classes += has[w * CLASSES + k];
        assert_int_equal(classes, d.config.clients);
    }
    for (size_t k = 0; k < CLASSES; k++) {
        size_t workers = 0;
        for (size_t w = 0; w < W; w++) workers += has[w * CLASSES + k];
        assert_int_equal(workers, holders);
    }
    arena_free(d.arena);
}

static void workers_have_their_classes(void **state) {
    (void)state;
    clients_have_their_own("images=600 workers=5 batch=8 clients=2", 1);
    clients_have_their_own("images=600 workers=5 batch=8 clients=10 seed=3", 5);
    clients_have_their_own("images=600 workers=5 batch=8 clients=4 split=seed", 2);
    clients_have_their_own("images=600 workers=10 batch=2 clients=1", 1);
    clients_have_their_own("images=600 workers=4 batch=5 clients=5 seed=9", 2);
}

/* Not always the same neighbours, and other ones for another seed, the same for the same. */
static void seeds_deal(void **state) {
    (void)state;
    Arena *texts = arena_new();
    bool other_classes = false, other_order = false;
    for (size_t seed = 1; seed <= 4; seed++) {
        Dealt a = dealt(text_print(texts,
                                   "images=600 workers=5 batch=8 clients=2 "
                                   "seed=%zu",
                                   seed)),
              b = dealt("images=600 workers=5 batch=8 clients=2");
        const size_t n = a.steps * 40;
        size_t *first = TAKE(a.arena, size_t, n);
        memcpy(first, order_epoch(a.order, 0), n * sizeof *first);
        const bool same = memcmp(first, order_epoch(b.order, 0), n * sizeof *first) == 0;
        assert_int_equal(same, seed == 1);
        other_classes |=
            class_at(a.data, first[0]) != class_at(b.data, order_epoch(b.order, 0)[0]);
        other_order |= memcmp(first, order_epoch(a.order, 1), n * sizeof *first) != 0;
        assert_memory_equal(first, order_epoch(a.order, 0), n * sizeof *first);
        arena_free(a.arena);
        arena_free(b.arena);
    }
    assert_true(other_classes && other_order);
    arena_free(texts);
}

/* The samples of each step are those of the plain run; classes stand side by side, in an order
 * that is another one for another step. */
static void steps_are_sorted(void **state) {
    (void)state;
    Dealt a = dealt("images=600 workers=5 batch=8 sorted=yes"),
          b = dealt("images=600 workers=5 batch=8");
    bool differ = false;
    uint8_t first = CLASSES;
    for (size_t epoch = 0; epoch < 2; epoch++) {
        const size_t *at = order_epoch(a.order, epoch),
                     *plain = order_epoch(b.order, epoch);
        for (size_t step = 0; step < a.steps; step++, at += 40, plain += 40) {
            size_t runs = 1, classes = 0;
            bool there[CLASSES] = {false};
            for (size_t i = 0; i < 40; i++) {
                size_t k = 0;
                while (k < 40 && plain[k] != at[i]) k++;
                assert_true(k < 40);
                there[class_at(a.data, at[i])] = true;
                runs += i > 0 && class_at(a.data, at[i]) != class_at(a.data, at[i - 1]);
                for (size_t j = 0; j < i; j++) assert_true(at[j] != at[i]);
            }
            for (size_t k = 0; k < CLASSES; k++) classes += there[k];
            assert_int_equal(runs, classes);
            differ |= first < CLASSES && class_at(a.data, at[0]) != first;
            first = class_at(a.data, at[0]);
        }
    }
    assert_true(differ);
    arena_free(a.arena);
    arena_free(b.arena);
}

/* Who has which samples of a step is nothing to a normalizer that looks at one sample. */
static void sorting_is_nothing_to_groups(void **state) {
    (void)state;
    static const double ORDERS = 64 * DBL_EPSILON;
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 30, 60);
    const char *run = "workers=4 batch=8 norm=%s sorted=%s";
    for (size_t batch = 0; batch < 2; batch++) {
        const char *norm = batch ? "batch" : "group(2)";
        Trainer *a = finished(arena, text_print(arena, run, norm, "yes"), data, 2),
                *b = finished(arena, text_print(arena, run, norm, "no"), data, 1);
        const double off =
            apart(trainer_weights(a), trainer_weights(b), trainer_net(a)->weights);
        if (batch)
            assert_true(off > 1e-3);
        else
            assert_near(off, 0, ORDERS);
        trainer_free(a);
        trainer_free(b);
    }
    arena_free(arena);
}

static void what_cannot_be_dealt(void **state) {
    (void)state;
    static const char *const wrong[][2] = {
        {"workers=5 batch=8 clients=3", "a multiple of the 10 classes"},
        {"workers=5 batch=8 clients=11", "there are 10 classes"},
        {"workers=5 batch=8 clients=2 sorted=yes", "one way alone"},
        {"workers=10 batch=9 clients=1", "batch=9"}};
    Arena *arena = arena_new();
    BaseError none = {.set = false};
    const Dataset *data = small_data(arena, 10, 10),
                  *brain = dataset_open(arena, "brain", &none);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        const Config config = config_of(arena, wrong[i][0]);
        BaseError error = {.set = false};
        assert_false(trainer_fits(&config, data, &error));
        assert_int_equal(error.code, EX_USAGE);
        if (strstr(error.message, wrong[i][1]) == NULL) fail_msg("%s", error.message);
    }
    const Config config = config_of(arena, "images=0 workers=2 batch=4 sorted=yes");
    BaseError error = {.set = false};
    assert_null(order_new(arena, &config, brain, &error));
    assert_non_null(strstr(error.message, "by their class"));
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, workers_have_their_classes),
    CASE(theorem, seeds_deal),
    CASE(theorem, steps_are_sorted),
    CASE(theorem, sorting_is_nothing_to_groups),
    CASE(fault, what_cannot_be_dealt),
};

HARNESS_MAIN("order", CASES)
