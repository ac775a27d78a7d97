/* Boxes without a network, where they must be right: always the same object, and objects of their own
 * colours on one ground. */
#include "gate.h"
#include "harness.h"

#include <math.h>
#include <string.h>

enum { SIDE = 32, PLANE = SIDE * SIDE, COUNT = 24, CLASSES = 2 };

/* Samples with fields image [1, SIDE, SIDE], mask, object. */
typedef struct Drawn {
    double image[COUNT][PLANE];
    uint8_t mask[COUNT][PLANE], object[COUNT][PLANE];
    const void *value[3][COUNT];
    uint32_t id[COUNT];
    Dataset data;
} Drawn;

static Drawn *drawn_new(Arena *arena) {
    Drawn *d = ZERO(arena, Drawn, 1);
    d->data = (Dataset){
        .name = "drawn",
        .fields = 3,
        .field = {{.name = "image", .type = DATA_REALS, .shape = {3, {1, SIDE, SIDE}}},
                  {.name = "mask",
                   .type = DATA_LABELS,
                   .shape = {2, {SIDE, SIDE}},
                   .classes = CLASSES + 1},
                  {.name = "object",
                   .type = DATA_LABELS,
                   .shape = {2, {SIDE, SIDE}},
                   .classes = 3}}};
    for (size_t i = 0; i < COUNT; i++) {
        d->value[0][i] = d->image[i];
        d->value[1][i] = d->mask[i];
        d->value[2][i] = d->object[i];
        d->id[i] = (uint32_t)i;
    }
    const Samples all = {COUNT, {d->value[0], d->value[1], d->value[2]}, d->id};
    d->data.train = d->data.val = d->data.test = all;
    return d;
}

static void put(Drawn *d, size_t i, size_t number, size_t class, size_t left, size_t top,
                size_t wide, size_t tall, double colour) {
    for (size_t p = 0; p < wide * tall; p++) {
        const size_t at = (top + p / wide) * SIDE + left + p % wide;
        d->image[i][at] = colour;
        d->mask[i][at] = (uint8_t)(class + 1), d->object[i][at] = (uint8_t)number;
    }
}

static void judged(const Drawn *d, Arena *arena, const char *name,
                   double metric[TASK_MOST_METRICS]) {
    size_t count, k = 0;
    const TaskKind *const *kind = task_kinds(&count);
    while (strcmp(kind[k]->name, "detect") != 0) k++;
    Task task;
    BaseError error = {.set = false};
    if (!task_bind(&task, kind[k], &d->data, &error)) fail_msg("%s", error.message);
    assert_true(gate_find(name)->fits(&task, &d->data));
    const Gate gate = gate_fit(arena, gate_find(name), &task, &d->data);
    gate_judge(&gate, &d->data.test, metric, NULL);
}

/* Where the middle of a place is the middle of all objects the prior knows them; where they lie
 * elsewhere in half of the images, it is surest of what is more frequent. */
static void prior_knows_what_is_always_there(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Drawn *d = drawn_new(arena);
    double metric[TASK_MOST_METRICS];
    for (size_t i = 0; i < COUNT; i++) put(d, i, 1, 1, 10, 6, 8, 8, 1.0);
    judged(d, arena, "prior", metric);
    for (size_t m = 0; m < 4; m++) assert_near(metric[m], 1.0, 1e-14);
    Drawn *two = drawn_new(arena);
    for (size_t i = 0; i < COUNT; i++)
        put(two, i, 1, 1, i < 16 ? 10 : 18, i < 16 ? 6 : 18, 8, 8, 1.0);
    judged(two, arena, "prior", metric);
    /* Two boxes an image: 16 of 24 are right, then all 24 of 48: precision 2/3 to recall 2/3. */
    assert_near(metric[1], (67 * 2.0 / 3.0 + 34 * 0.5) / 101, 1e-12);
    arena_free(arena);
}

/* Each class its colour, darker and brighter than the ground. */
static void blobs_are_found_by_their_colour(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Drawn *d = drawn_new(arena);
    double metric[TASK_MOST_METRICS];
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t p = 0; p < PLANE; p++) d->image[i][p] = 0.1 * (double)(p % 3);
        put(d, i, 1, 0, 1 + i % 7, 2, 9, 5 + i % 3, 3.0);
        put(d, i, 2, 1, 14, 16 + i % 5, 6, 8, -2.8);
    }
    judged(d, arena, "blobs", metric);
    for (size_t m = 0; m < 4; m++) assert_near(metric[m], 1.0, 1e-14);
    arena_free(arena);
}

static const Case cases[] = {
    CASE(example, prior_knows_what_is_always_there),
    CASE(example, blobs_are_found_by_their_colour),
};

HARNESS_MAIN("gate_detect", cases)
