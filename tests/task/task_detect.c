/* Detection: who tells what is there is right; the loss against its definition in plain loops, alone and in
 * company; which places have an object; boxes of labels; what is refused. */
#include "boxes.h"
#include "harness.h"
#include "places.h"
#include "precision.h"

#include <math.h>
#include <string.h>

enum { SIDE = 32, PLANE = SIDE * SIDE, CLASSES = 3, N = 4, LEVELS = 2, MOST = 4 };
enum { NUMBERS = CLASSES + BOX_SIDES };

static const size_t ROWS[LEVELS] = {8, 4};

static Dataset data_of(void) {
    return (Dataset){
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
                   .classes = MOST + 1}}};
}

static const TaskKind *detect(void) {
    size_t count, i = 0;
    const TaskKind *const *kind = task_kinds(&count);
    while (strcmp(kind[i]->name, "detect") != 0) i++;
    return kind[i];
}

/* Samples with rectangles in them that do not touch, and levels of numbers. */
typedef struct Bench {
    Arena *arena;
    Task task;
    Batch batch;
    uint8_t *mask, *object;
    Thing there[N][MOST];
    size_t count[N];
    double *out[LEVELS]; /* [N, NUMBERS, ROWS, ROWS] */
} Bench;

static void draw_things(Bench *b, size_t n, Draw draw) {
    static const size_t left[MOST] = {1, 17, 1, 17}, top[MOST] = {1, 1, 17, 17};
    const size_t things = n == 1 ? 0 : 1 + draw_below(draw, 0, MOST);
    for (size_t i = 0; i < things; i++) {
        const size_t wide = i == 0 && n == 2   ? 30
                            : i == 0 && n == 3 ? 22
                                               : 4 + draw_below(draw, 4 * i + 1, 10),
                     tall = 3 + draw_below(draw, 4 * i + 2, 11),
                     class = draw_below(draw, 4 * i + 3, CLASSES);
        if (i == 1 && n >= 2) continue; /* a wide one lies there */
        for (size_t p = 0; p < wide * tall; p++) {
            const size_t at = n * PLANE + (top[i] + p / wide) * SIDE + left[i] + p % wide;
            b->mask[at] = (uint8_t)(class + 1), b->object[at] = (uint8_t)(i + 1);
        }
        b->there[n][b->count[n]++] =
            (Thing){{(double)left[i], (double)top[i], (double)(left[i] + wide),
                     (double)(top[i] + tall)},
                    class,
                    1.0};
    }
}

static Bench *bench_new(uint64_t seed) {
    Arena *arena = arena_new();
    Bench *b = ZERO(arena, Bench, 1);
    BaseError error = {.set = false};
    const Dataset data = data_of();
    b->arena = arena;
    if (!task_bind(&b->task, detect(), &data, &error)) fail_msg("%s", error.message);
    b->task.ends = LEVELS;
    b->mask = ZERO(arena, uint8_t, N * PLANE),
    b->object = ZERO(arena, uint8_t, N * PLANE);
    for (size_t n = 0; n < N; n++)
        draw_things(b, n, (Draw){.seed = seed, .purpose = DRAW_TEST, .sample = n});
    b->batch = (Batch){.count = N,
                       .shape = {SHAPE_OF(N, 1, SIDE, SIDE), SHAPE_OF(N, SIDE, SIDE),
                                 SHAPE_OF(N, SIDE, SIDE)},
                       .label = {NULL, b->mask, b->object}};
    for (size_t k = 0; k < LEVELS; k++) {
        const size_t count = N * NUMBERS * ROWS[k] * ROWS[k];
        const Draw draw = {.seed = seed, .purpose = DRAW_TEST, .sample = 100 + k};
        b->out[k] = TAKE(arena, double, count);
        for (size_t i = 0; i < count; i++) b->out[k][i] = draw_normal(draw, i);
    }
    return b;
}

/* Leaves of samples from `first` on. */
static void leaves(const Bench *b, Tape *tape, TapeNode **out, size_t first,
                   size_t count) {
    for (size_t k = 0; k < LEVELS; k++)
        out[k] = tape_leaf(tape, SHAPE_OF(count, NUMBERS, ROWS[k], ROWS[k]),
                           b->out[k] + first * NUMBERS * ROWS[k] * ROWS[k]);
}

static double loss_of(const Bench *b, size_t first, size_t count) {
    Tape *tape = tape_new(b->arena);
    TapeNode *out[LEVELS];
    Batch some = b->batch;
    leaves(b, tape, out, first, count);
    some.count = count;
    for (size_t k = 0; k < 3; k++) some.shape[k].size[0] = count;
    for (size_t k = 1; k < 3; k++) some.label[k] += first * PLANE;
    return detect()->write(&b->task, tape, out, &some)->value[0];
}

/* ---- the metrics ----------------------------------------------------------------------- */

/* The numbers of a place by which sample n's thing i is told with logit z. */
static void tell(Bench *b, size_t n, size_t i, size_t k, size_t place, double z) {
    const size_t L = ROWS[k] * ROWS[k], step = SIDE / ROWS[k];
    const Thing *thing = &b->there[n][i];
    const double x = ((double)(place % ROWS[k]) + 0.5) * (double)step,
                 y = ((double)(place / ROWS[k]) + 0.5) * (double)step;
    const double far[] = {x - thing->box.left, y - thing->box.top, thing->box.right - x,
                          thing->box.bottom - y};
    double *to = b->out[k] + n * NUMBERS * L + place;
    to[thing->class * L] = z;
    for (size_t s = 0; s < BOX_SIDES; s++)
        to[(CLASSES + s) * L] = log(far[s] / (2.0 * (double)step));
}

/* A place of level 0 inside the thing. */
static size_t place_in(const Thing *thing) {
    const double x = (thing->box.left + thing->box.right) / 2,
                 y = (thing->box.top + thing->box.bottom) / 2;
    return (size_t)(y / 4) * ROWS[0] + (size_t)(x / 4);
}

static void say_nothing(Bench *b) {
    for (size_t k = 0; k < LEVELS; k++)
        for (size_t i = 0; i < N * NUMBERS * ROWS[k] * ROWS[k]; i++)
            b->out[k][i] = i / (ROWS[k] * ROWS[k]) % NUMBERS < CLASSES ? -9.0 : 0.0;
}

static void judge(const Bench *b, double metric[TASK_MOST_METRICS]) {
    Tape *tape = tape_new(b->arena);
    TapeNode *out[LEVELS];
    double *sum = TAKE(b->arena, double, b->task.tallies);
    leaves(b, tape, out, 0, N);
    detect()->tally(&b->task, sum, out, &b->batch);
    assert_true(detect()->holds(&b->task, sum, N));
    detect()->judge(&b->task, metric, sum);
}

/* Who tells all that is there is right at every overlap; who tells it of another class, whatever the
 * class alone; who tells nothing is never right. A second box of the same is told once. */
static void what_is_there_is_right(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        Bench *b = bench_new(seed);
        double metric[TASK_MOST_METRICS];
        say_nothing(b);
        judge(b, metric);
        for (size_t m = 0; m < 4; m++) assert_near(metric[m], 0.0, 0.0);
        for (size_t n = 0; n < N; n++)
            for (size_t i = 0; i < b->count[n]; i++)
                tell(b, n, i, 0, place_in(&b->there[n][i]), 5.0 + 0.1 * (double)i);
        judge(b, metric);
        for (size_t m = 0; m < 4; m++) assert_near(metric[m], 1.0, 1e-14);
        for (size_t n = 0; n < N; n++) /* again, on the other level, less sure */
            for (size_t i = 0; i < b->count[n]; i++) {
                const Thing *thing = &b->there[n][i];
                const size_t place = place_in(thing),
                             coarse = place / 16 * 4 + place % 8 / 2;
                const double x = 8.0 * (double)(coarse % 4) + 4,
                             y = 8.0 * (double)(coarse / 4) + 4;
                if (x > thing->box.left && x < thing->box.right && y > thing->box.top &&
                    y < thing->box.bottom)
                    tell(b, n, i, 1, coarse, 4.0);
            }
        judge(b, metric);
        for (size_t m = 0; m < 4; m++) assert_near(metric[m], 1.0, 1e-14);
        say_nothing(b);
        for (size_t n = 0; n < N; n++)
            for (size_t i = 0; i < b->count[n]; i++) {
                b->there[n][i].class = (b->there[n][i].class + 1) % CLASSES;
                tell(b, n, i, 0, place_in(&b->there[n][i]), 5.0);
            }
        judge(b, metric);
        assert_near(metric[3], 1.0, 1e-14);
        assert_true(metric[1] < 0.7);
        arena_free(b->arena);
    }
}

static void sums_that_cannot_be_are_refused(void **state) {
    (void)state;
    Bench *b = bench_new(1);
    double *sum = ZERO(b->arena, double, b->task.tallies),
           *one = sum + b->task.tallies - 1;
    assert_true(detect()->holds(&b->task, sum, 0));
    *one = 1; /* right, and never told */
    assert_false(detect()->holds(&b->task, sum, N));
    *one = 0, sum[0] = 0.5;
    assert_false(detect()->holds(&b->task, sum, N));
    sum[0] = 2;
    assert_true(detect()->holds(&b->task, sum, N));
    assert_false(detect()->holds(&b->task, sum, 0));
    arena_free(b->arena);
}

/* ---- the loss --------------------------------------------------------------------------- */

static double probability(double z) {
    return 1.0 / (1.0 + exp(-z - log(0.01 / 0.99)));
}

/* 1 - GIoU of two boxes by areas. */
static double far_apart(Box a, Box b) {
    const double wide = fmin(a.right, b.right) - fmax(a.left, b.left),
                 tall = fmin(a.bottom, b.bottom) - fmax(a.top, b.top),
                 both = fmax(wide, 0) * fmax(tall, 0),
                 either = (a.right - a.left) * (a.bottom - a.top) +
                          (b.right - b.left) * (b.bottom - b.top) - both,
                 hull = (fmax(a.right, b.right) - fmin(a.left, b.left)) *
                        (fmax(a.bottom, b.bottom) - fmin(a.top, b.top));
    return 1.0 - (both / either - (hull - either) / hull);
}

/* The thing that a place should tell, by the rule in words; NULL. */
static const Thing *wanted_at(const Bench *b, size_t n, size_t k, size_t row,
                              size_t column) {
    const double step = SIDE / (double)ROWS[k], x = ((double)column + 0.5) * step,
                 y = ((double)row + 0.5) * step;
    const Thing *best = NULL;
    double smallest = INFINITY;
    for (size_t i = 0; i < b->count[n]; i++) {
        const Box box = b->there[n][i].box;
        const double wide = box.right - box.left, tall = box.bottom - box.top,
                     cx = box.left + wide / 2, cy = box.top + tall / 2;
        const bool fine = fmax(wide, tall) <= 6 * 4, own = fine == (k == 0);
        const bool inside =
                       x > box.left && x < box.right && y > box.top && y < box.bottom,
                   near = fabs(x - cx) <= 1.5 * step && fabs(y - cy) <= 1.5 * step,
                   home = fabs(x - cx) <= step / 2 && fabs(y - cy) <= step / 2;
        if (own && ((inside && near) || home) && wide * tall < smallest)
            best = &b->there[n][i], smallest = wide * tall;
    }
    return best;
}

/* Of one place: its focal losses, and its box's distance where it has an object. */
static void add_place(const Bench *b, size_t n, size_t k, size_t place, double *focal,
                      double *box, size_t *own) {
    const size_t L = ROWS[k] * ROWS[k];
    const double step = SIDE / (double)ROWS[k], *z = b->out[k] + n * NUMBERS * L + place;
    const size_t row = place / ROWS[k], column = place % ROWS[k];
    const Thing *wanted = wanted_at(b, n, k, row, column);
    for (size_t c = 0; c < CLASSES; c++) {
        const double p = probability(z[c * L]);
        *focal += wanted && wanted->class == c ? -0.25 * (1 - p) * (1 - p) * log(p)
                                               : -0.75 * p * p * log(1 - p);
    }
    if (wanted == NULL) return;
    double d[BOX_SIDES];
    for (size_t s = 0; s < BOX_SIDES; s++) d[s] = 2 * step * exp(z[(CLASSES + s) * L]);
    const double x = ((double)column + 0.5) * step, y = ((double)row + 0.5) * step;
    *box += far_apart((Box){x - d[0], y - d[1], x + d[2], y + d[3]}, wanted->box);
    *own += 1;
}

static void loss_in_plain_loops(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        Bench *b = bench_new(seed);
        double sum = 0;
        for (size_t n = 0; n < N; n++) {
            double focal = 0, box = 0;
            size_t own = 0;
            for (size_t k = 0; k < LEVELS; k++)
                for (size_t p = 0; p < ROWS[k] * ROWS[k]; p++)
                    add_place(b, n, k, p, &focal, &box, &own);
            assert_true(own > 0 || b->count[n] == 0);
            sum += (focal + box) / (double)(own > 0 ? own : 1);
        }
        assert_near(loss_of(b, 0, N), sum / N, 1e-12 * sum);
        arena_free(b->arena);
    }
}

/* Whatever stands beside a sample. */
static void loss_is_a_mean_over_samples(void **state) {
    (void)state;
    Bench *b = bench_new(3);
    double sum = 0;
    for (size_t n = 0; n < N; n++) sum += loss_of(b, n, 1);
    assert_near(loss_of(b, 0, N), sum / N, 1e-13 * sum);
    arena_free(b->arena);
}

/* ---- boxes ------------------------------------------------------------------------------ */

static void boxes_of_what_is_seen(void **state) {
    (void)state;
    /* 2 lies in two parts, 1 has no class at its first pixel, 3 has none at all. */
    static const uint8_t object[] = {0, 1, 1, 255, 2, 0, 1, 3, 2, 2, 0, 3},
                         mask[] = {0, 255, 2, 255, 3, 0, 2, 0, 3, 3, 0, 0};
    Thing thing[DATA_MOST_CLASSES];
    assert_int_equal(boxes_there(thing, object, mask, 3, 4), 2);
    assert_int_equal(thing[0].class, 1);
    assert_int_equal(thing[1].class, 2);
    const Box want[] = {{2, 0, 3, 2}, {0, 1, 2, 3}};
    for (size_t i = 0; i < 2; i++)
        assert_memory_equal(&thing[i].box, &want[i], sizeof want[i]);
}

static void overlaps(void **state) {
    (void)state;
    const Box a = {0, 0, 2, 2}, b = {1, 1, 3, 3}, none = {2, 2, 2, 5};
    assert_near(box_overlap(a, b), 1.0 / 7.0, 1e-16);
    assert_near(box_overlap(a, a), 1.0, 0);
    assert_near(box_overlap(a, none), 0.0, 0);
    assert_near(box_overlap(none, none), 0.0, 0);
    Thing thing[] = {
        {a, 0, 0.9}, {{0, 0, 2, 1.5}, 1, 0.8}, {{0, 0, 2, 1.6}, 0, 0.7}, {b, 0, 0.6}};
    assert_int_equal(boxes_apart(thing, 4, false), 3);
    assert_near(thing[1].score, 0.8, 0);
    assert_int_equal(boxes_apart(thing, 3, true), 2);
    assert_near(thing[1].score, 0.6, 0);
}

/* ---- what does not fit ------------------------------------------------------------------- */

static void data_that_do_not_fit(void **state) {
    (void)state;
    Task task;
    Dataset data = data_of();
    BaseError error = {.set = false};
    data.field[2].name = "number";
    assert_false(task_bind(&task, detect(), &data, &error));
    assert_non_null(strstr(error.message, "no field 'object', but image, mask, number"));
    data = data_of(), error = (BaseError){.set = false};
    data.field[2].shape.size[1] = SIDE - 1;
    assert_false(task_bind(&task, detect(), &data, &error));
    assert_non_null(strstr(error.message, "has objects of 32 x 31 beside other images"));
    data = data_of(), error = (BaseError){.set = false};
    data.field[1].classes = 1;
    assert_false(task_bind(&task, detect(), &data, &error));
    assert_non_null(strstr(error.message, "'mask' of one class"));
}

static void networks_that_do_not_fit(void **state) {
    (void)state;
    Bench *b = bench_new(1);
    BaseError error = {.set = false};
    Net net = {
        .spec = "some",
        .outputs = 2,
        .output = {{.shape = {3, {NUMBERS, 8, 8}}}, {.shape = {3, {NUMBERS, 4, 4}}}}};
    assert_true(task_accepts(&b->task, &net, &error));
    net.output[1].shape.size[0] = NUMBERS - 1;
    assert_false(task_accepts(&b->task, &net, &error));
    assert_non_null(
        strstr(error.message, "some gives 6 numbers on 3 axes; 7 on 3 are expected"));
    arena_free(b->arena);
}

static const Case cases[] = {
    CASE(theorem, what_is_there_is_right),
    CASE(theorem, loss_is_a_mean_over_samples),
    CASE(oracle, loss_in_plain_loops),
    CASE(example, boxes_of_what_is_seen),
    CASE(example, overlaps),
    CASE(fault, sums_that_cannot_be_are_refused),
    CASE(fault, data_that_do_not_fit),
    CASE(fault, networks_that_do_not_fit),
};

HARNESS_MAIN("task_detect", cases)
