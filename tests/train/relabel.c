/* Labels that are drawn: what is drawn and what is not, that a run of them is the run of such data, one
 * task after the other, and what cannot be. */
#include "train_run.h"

enum { LABEL = 1, CLASSES = 10 };

static uint8_t label_at(const Dataset *d, size_t i) {
    return *(const uint8_t *)d->train.value[LABEL][i];
}

static const Dataset *drawn(Arena *arena, const Dataset *from, uint64_t seed,
                            uint64_t round) {
    BaseError error = {.set = false};
    Relabelled *labels;
    const Dataset *d = dataset_relabelled(arena, from, LABEL, seed, &labels, &error);
    if (d == NULL) fail_msg("%s", error.message);
    relabel_draw(labels, round);
    return d;
}

/* Of all classes alike, knowing nothing of what was given, nor of another seed or round. */
static void all_classes_alike(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *given = small_data(arena, 500, 500), *a = drawn(arena, given, 5, 0),
                  *others[] = {given, drawn(arena, given, 6, 0),
                               drawn(arena, given, 5, 1)};
    const double n = (double)given->train.count, std = sqrt(n * 0.09);
    double count[CLASSES] = {0};
    for (size_t i = 0; i < given->train.count; i++) count[label_at(a, i)] += 1.0;
    for (size_t k = 0; k < CLASSES; k++) assert_near(count[k], n / CLASSES, 5 * std);
    for (size_t o = 0; o < COUNT_OF(others); o++) {
        double equal = 0;
        for (size_t i = 0; i < given->train.count; i++)
            equal += label_at(a, i) == label_at(others[o], i);
        assert_near(equal, n / CLASSES, 5 * std);
    }
    assert_memory_equal(a->val.value[LABEL], given->val.value[LABEL],
                        given->val.count * sizeof(void *));
    assert_memory_equal(a->test.value[LABEL], given->test.value[LABEL],
                        given->test.count * sizeof(void *));
    arena_free(arena);
}

/* A sample's own: by its number in the source, whatever others train with it. */
static void a_label_is_its_samples_own(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Dataset *given = small_data(arena, 500, 500),
                  *some = dataset_drawn(arena, given, 11, 300, &error),
                  *all = drawn(arena, given, 5, 2), *few = drawn(arena, some, 5, 2);
    size_t met = 0;
    for (size_t i = 0; i < few->train.count; i++)
        for (size_t k = 0; k < all->train.count; k++) {
            if (few->train.id[i] != all->train.id[k]) continue;
            assert_int_equal(label_at(few, i), label_at(all, k));
            met++;
        }
    assert_true(met > 200);
    arena_free(arena);
}

/* Who has no class gets none. */
static void no_class_stays_none(void **state) {
    (void)state;
    Arena *arena = arena_new();
    static const uint8_t none = DATA_IGNORED;
    Dataset *given = TAKE(arena, Dataset, 1);
    *given = *small_data(arena, 500, 500);
    const void **value = TAKE(arena, const void *, given->train.count);
    memcpy(value, given->train.value[LABEL], given->train.count * sizeof *value);
    value[3] = &none;
    given->train.value[LABEL] = value;
    const Dataset *d = drawn(arena, given, 5, 1);
    assert_int_equal(label_at(d, 3), DATA_IGNORED);
    assert_true(label_at(d, 4) < CLASSES);
    arena_free(arena);
}

/* The same bits as of data whose labels these are. */
static void a_run_of_such_data(void **state) {
    (void)state;
    static const char *const HOW[] = {"workers=2 batch=12 seed=5 flip=yes",
                                      "batch=16 seed=5 sorted=yes",
                                      "batch=16 seed=5 running=precise"};
    for (size_t i = 0; i < COUNT_OF(HOW); i++) {
        Arena *arena = arena_new();
        const Dataset *given = small_data(arena, 60, 60);
        const char *how = text_print(arena, "%s labels=random", HOW[i]);
        Trainer *one = finished(arena, how, given, 2),
                *other = finished(arena, HOW[i], drawn(arena, given, 5, 0), 1);
        same_parts(one, other);
        trainer_free(one), trainer_free(other);
        arena_free(arena);
    }
}

/* Each task is of as many epochs: the first is that of one task alone; at the end all is judged by the
 * last one's labels. */
static void one_task_after_the_other(void **state) {
    (void)state;
    static const char HOW[] = "batch=16 seed=5 rate=0.2 schedule=constant labels=random";
    Arena *arena = arena_new();
    const Dataset *given = small_data(arena, 60, 60);
    const char *several = text_print(arena, "%s epochs=4 relabel=2", HOW),
               *alone = text_print(arena, "%s epochs=4", HOW),
               *still = text_print(arena, "%s epochs=4 relabel=2 rate=0 decay=0", HOW);
    Trainer *const run[] = {
        finished(arena, several, given, 1), finished(arena, alone, given, 1),
        finished(arena, still, given, 1),
        finished(arena, "batch=16 seed=5 epochs=4 rate=0 decay=0 schedule=constant",
                 drawn(arena, given, 5, 1), 1)};
    const TrainRecord a = trainer_record(run[0]), b = trainer_record(run[1]),
                      c = trainer_record(run[2]), d = trainer_record(run[3]);
    for (size_t e = 0; e < 2; e++) assert_true(a.train.loss[e] == b.train.loss[e]);
    for (size_t e = 2; e < 4; e++) assert_true(a.train.loss[e] != b.train.loss[e]);
    assert_true(c.train_evaluated.loss[0] == d.train_evaluated.loss[0]);
    for (size_t e = 2; e < 4; e++) assert_true(c.train.loss[e] == d.train.loss[e]);
    for (size_t i = 0; i < COUNT_OF(run); i++) trainer_free(run[i]);
    arena_free(arena);
}

/* Finished weights are judged by the labels that they learned last, whoever asks. */
static void judged_by_the_last_labels(void **state) {
    (void)state;
    static const char HOW[] = "batch=16 seed=5 labels=random relabel=2";
    Arena *arena = arena_new();
    const Dataset *given = small_data(arena, 60, 60);
    Trainer *done = finished(arena, HOW, given, 1),
            *fresh = trainer_of(arena, HOW, given, 1);
    fill_from(fresh, done);
    const TrainJudged judged =
        trainer_judge(fresh, arena, &trainer_data(fresh)->train, 0);
    assert_true(judged.loss == trainer_record(done).train_evaluated.loss[0]);
    trainer_free(done), trainer_free(fresh);
    arena_free(arena);
}

/* Whatever step it stopped at. */
static void resumed_in_any_task(void **state) {
    (void)state;
    static const char HOW[] = "batch=24 seed=5 labels=random relabel=2 running=precise";
    Arena *arena = arena_new();
    const Dataset *given = small_data(arena, 60, 60);
    Trainer *whole = finished(arena, HOW, given, 1);
    for (size_t stop = 1; stop < 8; stop++) {
        Trainer *before = trainer_of(arena, HOW, given, 1),
                *after = trainer_of(arena, HOW, given, 1);
        for (size_t i = 0; i < stop; i++) trainer_step(before);
        fill_from(after, before);
        while (trainer_step(after) != TRAIN_DONE) continue;
        same_parts(after, whole);
        trainer_free(before), trainer_free(after);
    }
    trainer_free(whole);
    arena_free(arena);
}

/* What the step that comes would be is of its own task's labels. */
static void looked_at_by_the_labels_that_come(void **state) {
    (void)state;
    static const char HOW[] = "batch=96 seed=5 labels=random relabel=2 rate=0 decay=0";
    Arena *arena = arena_new();
    const Dataset *given = small_data(arena, 60, 60);
    Trainer *t = trainer_of(arena, HOW, given, 1);
    double found[2];
    for (size_t e = 0; e < 2; e++) {
        found[e] = trainer_gradient(t, NULL, NULL);
        trainer_step(t);
        assert_true(trainer_record(t).train.loss[e] == found[e]);
    }
    assert_true(found[0] != found[1]);
    trainer_free(t);
    arena_free(arena);
}

static void refused_in_one_line(void **state) {
    (void)state;
    static const struct {
        const char *data, *pairs, *says;
    } WRONG[] = {
        {"fashion-mini", "relabel=2",
         "relabel=2: so many tasks of drawn labels: labels=random"},
        {"fashion-mini", "labels=random relabel=3 epochs=4", "epochs=4 is no multiple"},
        {"fashion-mini", "labels=random relabel=2 sorted=yes", "clients and sorted deal"},
        {"fashion-mini", "labels=random relabel=2 clients=10", "clients and sorted deal"},
        {"brain", "labels=random task=segment network=unet(depth=1,width=2)",
         "what is asked of those of brain, 'mask', is none"},
        {"brain-height", "labels=random task=regress",
         "what is asked of those of brain-height, 'number', is none"},
        {"kjv-mini", "labels=random task=predict network=text-conv",
         "what is asked of those of kjv-mini, 'next', is none"}};
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        Arena *arena = arena_new();
        BaseError error = {.set = false};
        const Dataset *data = dataset_open(arena, WRONG[i].data, &error);
        const Config config = config_of(arena, WRONG[i].pairs);
        assert_false(trainer_fits(&config, data, &error));
        assert_int_equal(error.code, EX_USAGE);
        if (strstr(error.message, WRONG[i].says) == NULL)
            fail_msg("%s: %s", WRONG[i].pairs, error.message);
        arena_free(arena);
    }
}

static const Case CASES[] = {
    CASE(theorem, all_classes_alike),
    CASE(theorem, a_label_is_its_samples_own),
    CASE(fault, no_class_stays_none),
    CASE(theorem, a_run_of_such_data),
    CASE(theorem, one_task_after_the_other),
    CASE(theorem, judged_by_the_last_labels),
    CASE(theorem, resumed_in_any_task),
    CASE(theorem, looked_at_by_the_labels_that_come),
    CASE(fault, refused_in_one_line),
};

HARNESS_MAIN("relabel", CASES)
