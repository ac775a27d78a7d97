/* Data sets: what is handed out has the promised statistics, draws and bytes; what is
 * broken is named, at its offset. Faults are planted in a copy of the embedded set: a
 * folder of links to the true files, in which one is replaced. */
#include "harness.h"
#include "source.h"
#include "text.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACKAGE      "/usr/share/datasets/fashion-mnist"
#define TRAIN_IMAGES "fashion-mini-train-images-idx3-ubyte"
#define TRAIN_LABELS "fashion-mini-train-labels-idx1-ubyte"
#define TEST_IMAGES  "fashion-mini-test-images-idx3-ubyte"
#define TEST_LABELS  "fashion-mini-test-labels-idx1-ubyte"

enum { PIXELS = 28 * 28, MINI = 3000, MINI_VAL = 500, MINI_TRAIN = MINI - MINI_VAL };

static const char *const mini_files[] = {TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES,
                                         TEST_LABELS};

static const Dataset *open_good(Arena *arena, const char *name) {
    BaseError error = {0};
    const Dataset *dataset = dataset_open(arena, name, &error);
    if (dataset == NULL) fail_msg("%s: %s", name, error.message);
    return dataset;
}

/* A sample's image, and its label. */
static const uint8_t *pixels(const Samples *samples, size_t i) {
    return samples->value[0][i];
}

static size_t label_of(const Samples *samples, size_t i) {
    return *(const uint8_t *)samples->value[1][i];
}

/* ---- standardization, split, statistics ------------------------------------------ */

/* Images first .. first + count - 1 of train, plain unless `augment`. */
static const double *batch_of(Arena *arena, const Dataset *dataset, size_t first,
                              size_t count, const Augment *augment, uint64_t seed,
                              uint64_t epoch) {
    size_t *index = TAKE(arena, size_t, count);
    for (size_t i = 0; i < count; i++) index[i] = first + i;
    Batch batch = dataset_batch(arena, dataset, &dataset->train, index, count, augment,
                                seed, epoch);
    assert_int_equal(batch.count, count);
    assert_true(shape_equal(batch.shape[0], SHAPE_OF(count, 1, 28, 28)));
    assert_true(shape_equal(batch.shape[1], SHAPE_OF(count)));
    assert_null(batch.real[1]);
    assert_null(batch.label[0]);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(batch.label[1][i], label_of(&dataset->train, first + i));
    return batch.real[0];
}

static void standardized(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *dataset = open_good(arena, "fashion-mini");
    const double *x = batch_of(arena, dataset, 0, MINI_TRAIN, NULL, 0, 0);
    double sum = 0.0, squares = 0.0, count = MINI_TRAIN * PIXELS;
    for (size_t i = 0; i < MINI_TRAIN; i++) {
        double s = 0.0, q = 0.0; /* by image: short chains, small rounding */
        for (size_t p = 0; p < PIXELS; p++) {
            s += x[i * PIXELS + p];
            q += x[i * PIXELS + p] * x[i * PIXELS + p];
        }
        sum += s;
        squares += q;
    }
    assert_near(sum / count, 0.0, 1e-12);
    assert_near(sqrt(squares / count), 1.0, 1e-12);
    arena_free(arena);
}

static void split_covers_once(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *dataset = open_good(arena, "fashion-mini");
    unsigned seen[MINI] = {0};
    assert_int_equal(dataset->train.count, MINI_TRAIN);
    assert_int_equal(dataset->val.count, MINI_VAL);
    for (size_t i = 0; i < MINI_TRAIN; i++) seen[dataset->train.id[i]]++;
    for (size_t i = 0; i < MINI_VAL; i++) seen[dataset->val.id[i]]++;
    for (size_t i = 0; i < MINI; i++) assert_int_equal(seen[i], 1);
    assert_int_equal(dataset->test.count, 1000);
    for (size_t i = 0; i < 1000; i++) assert_int_equal(dataset->test.id[i], i);
    arena_free(arena);
}

/* The published rule, restated: any other order would change every stored result. */
static void split_is_the_drawn_order(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *a = open_good(arena, "fashion-mini"),
                  *b = open_good(arena, "fashion-mini");
    size_t order[MINI];
    draw_permutation((Draw){0x6e6f726d6c6162, DRAW_SPLIT, 0, 0}, order, MINI);
    for (size_t i = 0; i < MINI_VAL; i++) assert_int_equal(a->val.id[i], order[i]);
    for (size_t i = 0; i < MINI_TRAIN; i++)
        assert_int_equal(a->train.id[i], order[MINI_VAL + i]);
    assert_memory_equal(a->train.id, b->train.id, MINI_TRAIN * sizeof a->train.id[0]);
    for (size_t i = 0; i < MINI_TRAIN; i++) {
        assert_memory_equal(pixels(&a->train, i), pixels(&b->train, i), PIXELS);
        assert_int_equal(label_of(&a->train, i), label_of(&b->train, i));
    }
    arena_free(arena);
}

/* Two passes in extended precision over the doubles themselves. */
static void check_statistics(const Dataset *dataset) {
    const DataField *image = &dataset->field[0];
    for (size_t c = 0; c < image->shape.size[0]; c++) {
        long double sum = 0.0L, squares = 0.0L;
        size_t plane = image->shape.size[1] * image->shape.size[2],
               n = dataset->train.count * plane;
        for (size_t i = 0; i < dataset->train.count; i++)
            for (size_t p = 0; p < plane; p++)
                sum += pixels(&dataset->train, i)[c * plane + p] / 255.0L;
        long double mean = sum / (long double)n;
        for (size_t i = 0; i < dataset->train.count; i++)
            for (size_t p = 0; p < plane; p++) {
                long double d = pixels(&dataset->train, i)[c * plane + p] / 255.0L - mean;
                squares += d * d;
            }
        assert_near(image->mean[c], (double)mean, 1e-15);
        assert_near(image->std[c], (double)sqrtl(squares / (long double)n), 1e-15);
    }
}

static void statistics_exact(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {0};
    const Dataset *dataset = open_good(arena, "fashion-mini");
    check_statistics(dataset);
    const size_t counts[] = {1, 7, 100, 2499};
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        check_statistics(dataset_limit(arena, dataset, counts[i], &error));
    assert_false(error.set);
    arena_free(arena);
}

/* A channel without spread becomes zero, not NaN. */
static void statistics_of_one_grey(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {0};
    uint8_t grey[PIXELS], label[2] = {3, 4};
    memset(grey, 77, sizeof grey);
    const void *pixel[] = {grey, grey}, *labels[] = {&label[0], &label[1]};
    const uint32_t id[] = {0, 1};
    Dataset all = {.fields = 2,
                   .field = {{.type = DATA_BYTES,
                              .shape = SHAPE_OF(1, 28, 28),
                              .standardized = true},
                             {.type = DATA_LABELS, .classes = 10}},
                   .train = {2, {pixel, labels}, id}};
    const Dataset *one = dataset_limit(arena, &all, 1, &error);
    const double *x = batch_of(arena, one, 0, 1, NULL, 0, 0);
    for (size_t p = 0; p < PIXELS; p++) assert_near(x[p], 0.0, 0.0);
    arena_free(arena);
}

static void limit_is_a_prefix(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {0};
    const Dataset *dataset = open_good(arena, "fashion-mini");
    const Dataset *limited = dataset_limit(arena, dataset, 640, &error);
    assert_int_equal(limited->train.count, 640);
    assert_memory_equal(limited->train.id, dataset->train.id, 640 * sizeof(uint32_t));
    assert_int_equal(limited->val.count, MINI_VAL);
    assert_ptr_equal(dataset_limit(arena, dataset, 0, &error), dataset);
    assert_ptr_equal(dataset_limit(arena, dataset, MINI_TRAIN, &error), dataset);
    assert_false(error.set);
    assert_null(dataset_limit(arena, dataset, MINI_TRAIN + 1, &error));
    assert_int_equal(error.code, EX_USAGE);
    assert_non_null(strstr(error.message, "2501"));
    assert_non_null(strstr(error.message, "2500"));
    arena_free(arena);
}

/* A sixth validates, the rest trains, none does both; the published rule, restated. */
static void split_by_seed(void **state) {
    (void)state;
    enum { SIXTH = 500 };
    Arena *arena = arena_new();
    BaseError error = {0};
    const Dataset *all = open_good(arena, "fashion-mini"),
                  *few = dataset_limit(arena, all, 64, &error);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        size_t order[MINI];
        const Dataset *d = dataset_drawn(arena, all, seed, 0, &error),
                      *some = dataset_drawn(arena, all, seed, 640, &error);
        draw_permutation((Draw){seed, DRAW_SPLIT, 0, 0}, order, MINI);
        assert_int_equal(d->val.count, SIXTH);
        assert_int_equal(d->train.count, MINI - SIXTH);
        for (size_t i = 0; i < SIXTH; i++) assert_int_equal(d->val.id[i], order[i]);
        for (size_t i = 0; i < d->train.count; i++)
            assert_int_equal(d->train.id[i], order[SIXTH + i]);
        for (size_t i = 0; i < MINI_TRAIN; i++) /* each id keeps its pixels and label */
            for (size_t k = 0; k < 64; k++)
                if (k < few->train.count && d->train.id[i] == few->train.id[k]) {
                    assert_memory_equal(pixels(&d->train, i), pixels(&few->train, k),
                                        PIXELS);
                    assert_int_equal(label_of(&d->train, i), label_of(&few->train, k));
                }
        assert_int_equal(some->train.count, 640);
        assert_memory_equal(some->train.id, d->train.id, 640 * sizeof(uint32_t));
        assert_memory_equal(some->val.id, d->val.id, SIXTH * sizeof(uint32_t));
        assert_ptr_equal(d->test.id, all->test.id);
        check_statistics(some);
    }
    assert_false(error.set);
    assert_null(dataset_drawn(arena, all, 1, MINI - SIXTH + 1, &error));
    assert_int_equal(error.code, EX_USAGE);
    arena_free(arena);
}

/* Where the source has a part to validate on, only what trains is drawn. */
static void split_keeps_a_part_of_its_own(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {0};
    const Dataset *brain = open_good(arena, "brain"),
                  *d = dataset_drawn(arena, brain, 7, 0, &error);
    bool moved = false, seen[1000] = {false};
    assert_false(brain->drawn);
    assert_ptr_equal(d->val.id, brain->val.id);
    assert_int_equal(d->train.count, brain->train.count);
    for (size_t i = 0; i < d->train.count; i++) {
        assert_false(seen[d->train.id[i]]);
        seen[d->train.id[i]] = true;
        moved |= d->train.id[i] != brain->train.id[i];
    }
    assert_true(moved);
    arena_free(arena);
}

/* ---- augmentation ---------------------------------------------------------------- */

/* y[h][w] = x[h - down][w - right] after mirroring, `black` outside: the definition,
 * slowly. */
static void move_image(double *y, const double *x, bool mirror, int down, int right,
                       double black) {
    for (int h = 0; h < 28; h++)
        for (int w = 0; w < 28; w++) {
            int from = h - down, column = w - right;
            bool inside = from >= 0 && from < 28 && column >= 0 && column < 28;
            if (mirror) column = 27 - column;
            y[h * 28 + w] = inside ? x[from * 28 + column] : black;
        }
}

static double black_of(const Dataset *dataset) {
    return (0.0 - dataset->field[0].mean[0]) / dataset->field[0].std[0];
}

static bool same(const double *a, const double *b) {
    return memcmp(a, b, PIXELS * sizeof *a) == 0;
}

static void augment_none_is_identity(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *dataset = open_good(arena, "fashion-mini");
    const Augment none = {false, 0};
    const double *plain = batch_of(arena, dataset, 0, 64, NULL, 1, 2);
    const double *x = batch_of(arena, dataset, 0, 64, &none, 1, 2);
    assert_memory_equal(x, plain, 64 * PIXELS * sizeof *x);
    arena_free(arena);
}

/* An image's draw is its own: alone, in another order, twice, or out of a limited set. */
static void augment_ignores_the_batch(void **state) {
    (void)state;
    enum { COUNT = 32 };
    Arena *arena = arena_new();
    BaseError error = {0};
    const Dataset *dataset = open_good(arena, "fashion-mini");
    const Dataset *limited = dataset_limit(arena, dataset, 100, &error);
    const Augment both = {true, 3};
    const double *together = batch_of(arena, dataset, 0, COUNT, &both, 9, 4);
    Dataset scaled = *limited; /* the same images under the whole set's statistics */
    scaled.field[0] = dataset->field[0];
    for (size_t i = 0; i < COUNT; i++) {
        size_t pair[] = {COUNT - 1 - i, i};
        const Dataset *from = i % 2 ? dataset : &scaled;
        Batch batch = dataset_batch(arena, from, &from->train, pair, 2, &both, 9, 4);
        const double *x = batch.real[0];
        assert_true(same(x, together + pair[0] * PIXELS));
        assert_true(same(x + PIXELS, together + pair[1] * PIXELS));
        assert_int_equal(batch.label[1][1], label_of(&dataset->train, i));
    }
    arena_free(arena);
}

/* Every image comes as it is or mirrored, half of them each; mirroring twice gives it
 * back. */
static void augment_flip(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *dataset = open_good(arena, "fashion-mini");
    const Augment flip = {true, 0};
    const double *plain = batch_of(arena, dataset, 0, MINI_TRAIN, NULL, 0, 0);
    const double *x = batch_of(arena, dataset, 0, MINI_TRAIN, &flip, 5, 1);
    const double *later = batch_of(arena, dataset, 0, MINI_TRAIN, &flip, 5, 2);
    const double *other = batch_of(arena, dataset, 0, MINI_TRAIN, &flip, 6, 1);
    size_t mirrored = 0, by_epoch = 0, by_seed = 0;
    for (size_t i = 0; i < MINI_TRAIN; i++, plain += PIXELS, x += PIXELS) {
        double back[PIXELS];
        move_image(back, x, true, 0, 0, 0.0);
        bool as_it_is = same(x, plain);
        assert_true(as_it_is || same(back, plain));
        mirrored += !as_it_is;
        by_epoch += !same(x, later + i * PIXELS);
        by_seed += !same(x, other + i * PIXELS);
    }
    assert_in_range(mirrored, 1250 - 150, 1250 + 150); /* six standard deviations of 25 */
    assert_in_range(by_epoch, 1250 - 150, 1250 + 150);
    assert_in_range(by_seed, 1250 - 150, 1250 + 150);
    arena_free(arena);
}

/* Some whole-pixel move with black at the edges explains every image; all 25 occur
 * alike. */
static void augment_shift(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *dataset = open_good(arena, "fashion-mini");
    const Augment shift = {false, 2};
    const double *plain = batch_of(arena, dataset, 0, MINI_TRAIN, NULL, 0, 0);
    const double *x = batch_of(arena, dataset, 0, MINI_TRAIN, &shift, 5, 1);
    const double *later = batch_of(arena, dataset, 0, MINI_TRAIN, &shift, 5, 2);
    const double *other = batch_of(arena, dataset, 0, MINI_TRAIN, &shift, 6, 1);
    size_t seen[25] = {0}, by_epoch = 0, by_seed = 0;
    for (size_t i = 0; i < MINI_TRAIN; i++) {
        size_t found = 25;
        double moved[PIXELS];
        for (int m = 0; m < 25 && found == 25; m++) {
            move_image(moved, plain + i * PIXELS, false, m / 5 - 2, m % 5 - 2,
                       black_of(dataset));
            if (same(moved, x + i * PIXELS)) found = (size_t)m;
        }
        assert_true(found < 25);
        seen[found]++;
        by_epoch += same(x + i * PIXELS, later + i * PIXELS);
        by_seed += same(x + i * PIXELS, other + i * PIXELS);
    }
    assert_in_range(by_epoch, 1, 160); /* one in 25 draws alike: 100, deviation 10 */
    assert_in_range(by_seed, 1, 160);
    for (size_t m = 0; m < 25; m++) assert_in_range(seen[m], 100 - 60, 100 + 60);
    arena_free(arena);
}

/* Both together: mirrored first, then moved, by the same draws as each alone. */
static void augment_flip_then_shift(void **state) {
    (void)state;
    enum { COUNT = 200, SHIFT = 4, SIDE = 2 * SHIFT + 1 };
    Arena *arena = arena_new();
    const Dataset *dataset = open_good(arena, "fashion-mini");
    const Augment flip = {true, 0}, shift = {false, SHIFT}, both = {true, SHIFT};
    const double *plain = batch_of(arena, dataset, 0, COUNT, NULL, 0, 0);
    const double *flipped = batch_of(arena, dataset, 0, COUNT, &flip, 5, 1);
    const double *shifted = batch_of(arena, dataset, 0, COUNT, &shift, 5, 1);
    const double *x = batch_of(arena, dataset, 0, COUNT, &both, 5, 1);
    for (size_t i = 0; i < COUNT * PIXELS; i += PIXELS) {
        double moved[PIXELS];
        bool found = false;
        for (int m = 0; m < SIDE * SIDE && !found; m++) {
            int down = m / SIDE - SHIFT, right = m % SIDE - SHIFT;
            move_image(moved, plain + i, false, down, right, black_of(dataset));
            if (!same(moved, shifted + i)) continue;
            move_image(moved, flipped + i, false, down, right, black_of(dataset));
            found = same(moved, x + i);
        }
        assert_true(found);
    }
    arena_free(arena);
}

/* Each place of every field names itself, so that what is handed out says where it came
 * from: whatever lies on the input's rows and columns moves as it does, the rest stays. */
static const Dataset *places(Arena *arena, size_t count) {
    enum { H = 5, W = 7, PLACES = H * W };
    Dataset *d = ZERO(arena, Dataset, 1);
    uint32_t *id = TAKE(arena, uint32_t, count);
    for (size_t k = 0; k < 6; k++) d->train.value[k] = TAKE(arena, const void *, count);
    for (size_t i = 0; i < count; i++) {
        uint8_t *image = TAKE(arena, uint8_t, 2 * PLACES);
        double *depth = TAKE(arena, double, PLACES), *number = TAKE(arena, double, 3);
        for (size_t p = 0; p < PLACES; p++) {
            image[p] = (uint8_t)(1 + p);
            image[PLACES + p] = (uint8_t)(101 + p);
            depth[p] = 1.0 + (double)p;
        }
        for (size_t c = 0; c < 3; c++) number[c] = (double)(10 * c + i);
        const void *value[] = {image, image, depth, number, number + 2, image + PLACES};
        for (size_t k = 0; k < 6; k++) d->train.value[k][i] = value[k];
        id[i] = (uint32_t)i;
    }
    d->fields = 6;
    d->field[0] =
        (DataField){"image", "", DATA_BYTES, SHAPE_OF(2, H, W), .standardized = true};
    d->field[1] = (DataField){"mask", "", DATA_LABELS, SHAPE_OF(H, W), .classes = 50};
    d->field[2] =
        (DataField){"depth", "m", DATA_REALS, SHAPE_OF(1, H, W), .standardized = false};
    d->field[3] = (DataField){"row", "", DATA_REALS, SHAPE_OF(3), .standardized = true};
    d->field[4] =
        (DataField){"number", "s", DATA_REALS, SHAPE_SCALAR, .standardized = false};
    d->field[5] = (DataField){"label", "", DATA_LABELS, SHAPE_SCALAR, .classes = 200};
    d->train.count = count, d->train.id = id;
    return d;
}

/* Sample i of `moved` comes from where its mask says; returns how many places are from
 * outside. */
static size_t check_moved(const Dataset *d, const Batch *plain, const Batch *moved,
                          size_t i) {
    const DataField *image = &d->field[0];
    const size_t plane = moved->shape[1].size[1] * moved->shape[1].size[2];
    size_t outside = 0;
    for (size_t p = 0; p < plane; p++) {
        const size_t y = i * plane + p, from = i * plane + moved->label[1][y] - 1;
        const bool none = moved->label[1][y] == DATA_IGNORED;
        outside += none;
        assert_near(moved->real[2][y], none ? 0.0 : plain->real[2][from], 0.0);
        for (size_t c = 0; c < 2; c++) {
            const double zero = (0.0 - image->mean[c]) / image->std[c];
            const size_t at = (i + c) * plane; /* of channel c, beside what y counts */
            assert_near(moved->real[0][at + y], none ? zero : plain->real[0][at + from],
                        0.0);
        }
    }
    return outside;
}

static void fields_move_alike(void **state) {
    (void)state;
    enum { COUNT = 40 };
    Arena *arena = arena_new();
    BaseError error = {0};
    const Dataset *d = dataset_limit(arena, places(arena, COUNT + 1), COUNT, &error);
    const Augment both = {true, 2};
    size_t index[COUNT], outside = 0;
    for (size_t i = 0; i < COUNT; i++) index[i] = i;
    const Batch plain = dataset_batch(arena, d, &d->train, index, COUNT, NULL, 3, 1);
    const Batch moved = dataset_batch(arena, d, &d->train, index, COUNT, &both, 3, 1);
    assert_true(shape_equal(moved.shape[0], SHAPE_OF(COUNT, 2, 5, 7)));
    assert_true(shape_equal(moved.shape[1], SHAPE_OF(COUNT, 5, 7)));
    assert_true(shape_equal(moved.shape[3], SHAPE_OF(COUNT, 3)));
    assert_true(shape_equal(moved.shape[4], SHAPE_OF(COUNT)));
    for (size_t i = 0; i < COUNT; i++) outside += check_moved(d, &plain, &moved, i);
    assert_in_range(outside, 1, COUNT * 35 - 1);
    const double spread = sqrt((COUNT * COUNT - 1) / 12.0), middle = (COUNT - 1) / 2.0;
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t c = 0; c < 3; c++)
            assert_near(moved.real[3][3 * i + c], ((double)i - middle) / spread, 1e-14);
        assert_near(moved.real[4][i], (double)(20 + i), 0.0);
        assert_int_equal(moved.label[5][i], 101);
    }
    assert_ptr_equal(dataset_field(d, "depth"), &d->field[2]);
    assert_null(dataset_field(d, "dept"));
    arena_free(arena);
}

/* Numbers far from 0 lose no digits of their spread. */
static void statistics_of_reals(void **state) {
    (void)state;
    enum { COUNT = 1000 };
    Arena *arena = arena_new();
    BaseError error = {0};
    const double far[] = {0.0, 1e15, -1e15};
    for (size_t f = 0; f < COUNT_OF(far); f++) {
        double *value = TAKE(arena, double, COUNT + 1);
        const void **at = TAKE(arena, const void *, COUNT + 1);
        for (size_t i = 0; i <= COUNT; i++) {
            value[i] = far[f] + (double)(i % 10); /* exact */
            at[i] = &value[i];
        }
        const Dataset all = {
            .fields = 1,
            .field = {{.type = DATA_REALS, .shape = SHAPE_SCALAR, .standardized = true}},
            .train = {COUNT + 1, {at}, ZERO(arena, uint32_t, COUNT + 1)}};
        const Dataset *some = dataset_limit(arena, &all, COUNT, &error);
        assert_near(some->field[0].mean[0], far[f] + 4.5, 0.0);
        assert_near(some->field[0].std[0], sqrt(8.25), 4e-16);
        for (size_t i = 0; i <= COUNT; i++) value[i] = far[f] + 0.1;
        for (size_t count = 1; count < 50; count++) { /* no spread at all */
            some = dataset_limit(arena, &all, count, &error);
            assert_near(some->field[0].mean[0], far[f] + 0.1, 0.0);
            assert_near(some->field[0].std[0], 1.0, 0.0);
        }
    }
    arena_free(arena);
}

/* ---- the embedded data and its source -------------------------------------------- */

static uint8_t *inflate_file(Arena *arena, const char *path, size_t limit,
                             size_t *length) {
    gzFile file = gzopen(path, "rb");
    if (file == NULL)
        fail_msg("%s is needed: apt-get install dataset-fashion-mnist", path);
    uint8_t *data = TAKE(arena, uint8_t, limit);
    int got = gzread(file, data, (unsigned)limit);
    gzclose(file);
    assert_true(got > 0 && (size_t)got < limit);
    *length = (size_t)got;
    return data;
}

typedef struct Key {
    char hex[DIGEST_LENGTH + 1];
    size_t image;
} Key;

static int by_hex(const void *a, const void *b) {
    return strcmp(((const Key *)a)->hex, ((const Key *)b)->hex);
}

static int by_image(const void *a, const void *b) {
    size_t i = ((const Key *)a)->image, j = ((const Key *)b)->image;
    return (i > j) - (i < j);
}

/* The rule of data/input/README.md in a second language; returns the images drawn,
 * ascending. */
static Key *draw_subset(Arena *arena, const char *part, const uint8_t *label,
                        size_t count, size_t each) {
    Key *drawn = TAKE(arena, Key, 10 * each), *key = TAKE(arena, Key, count);
    for (size_t c = 0; c < 10; c++) {
        size_t members = 0;
        for (size_t i = 0; i < count; i++) {
            if (label[i] != c) continue;
            const char *text = text_print(arena, "fashion-mini %s %zu", part, i);
            key[members].image = i;
            digest_bytes(key[members++].hex, text, strlen(text));
        }
        qsort(key, members, sizeof *key, by_hex);
        memcpy(drawn + c * each, key, each * sizeof *key);
    }
    qsort(drawn, 10 * each, sizeof *drawn, by_image);
    return drawn;
}

static void check_subset(Arena *arena, const Samples *images, const char *part,
                         const char *stem, size_t count, size_t each) {
    size_t length;
    const char *path = text_print(arena, PACKAGE "/%s-labels-idx1-ubyte.gz", stem);
    const uint8_t *label = inflate_file(arena, path, count + 9, &length) + 8;
    path = text_print(arena, PACKAGE "/%s-images-idx3-ubyte.gz", stem);
    const uint8_t *pixel = inflate_file(arena, path, count * PIXELS + 17, &length) + 16;
    const Key *drawn = draw_subset(arena, part, label, count, each);
    for (size_t i = 0; i < images->count; i++) {
        size_t source = drawn[images->id[i]].image;
        assert_int_equal(label_of(images, i), label[source]);
        assert_memory_equal(pixels(images, i), pixel + source * PIXELS, PIXELS);
    }
}

/* Needs Debian's dataset-fashion-mnist, which ./normlab test installs: absent, this
 * fails. */
static void embedded_is_drawn_from_the_package(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *dataset = open_good(arena, "fashion-mini");
    check_subset(arena, &dataset->train, "train", "train", 60000, 300);
    check_subset(arena, &dataset->val, "train", "train", 60000, 300);
    check_subset(arena, &dataset->test, "test", "t10k", 10000, 100);
    arena_free(arena);
}

/* SHA-256 of the two lines that dataset.h describes, put together from the three
 * parts. */
static void identity_is_what_the_header_says(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *dataset = open_good(arena, "fashion-mini");
    const Samples *part[] = {&dataset->train, &dataset->val, &dataset->test};
    uint8_t *pixel = TAKE(arena, uint8_t, (MINI + 1000) * PIXELS), label[MINI + 1000];
    char hex[4][DIGEST_LENGTH + 1], whole[DIGEST_LENGTH + 1];
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < part[k]->count; i++) {
            size_t at = (k == 2 ? MINI : 0) + part[k]->id[i];
            memcpy(pixel + at * PIXELS, pixels(part[k], i), PIXELS);
            label[at] = (uint8_t)label_of(part[k], i);
        }
    digest_bytes(hex[0], pixel, MINI * PIXELS);
    digest_bytes(hex[1], label, MINI);
    digest_bytes(hex[2], pixel + MINI * PIXELS, 1000 * PIXELS);
    digest_bytes(hex[3], label + MINI, 1000);
    const char *text =
        text_print(arena, "train 3000 1 28 28 %s %s\ntest 1000 1 28 28 %s %s\n", hex[0],
                   hex[1], hex[2], hex[3]);
    digest_bytes(whole, text, strlen(text));
    assert_string_equal(dataset->sha256, whole);
    arena_free(arena);
}

/* ---- folders with planted files -------------------------------------------------- */

static char *folder_new(Arena *arena) {
    const char *base = getenv("TMPDIR");
    char *folder =
        text_print(arena, "%s/normlab-dataset-XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static void folder_remove(Arena *arena, const char *folder) {
    DIR *handle = opendir(folder);
    assert_non_null(handle);
    for (struct dirent *entry; (entry = readdir(handle)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        const char *path = text_print(arena, "%s/%s", folder, entry->d_name);
        if (unlink(path) != 0) folder_remove(arena, path);
    }
    closedir(handle);
    rmdir(folder);
}

static void write_file(const char *path, const void *data, size_t length) {
    FILE *file = fopen(path, "wbe");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static uint8_t *pack(Arena *arena, const void *data, size_t length, size_t *packed) {
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    size_t room = deflateBound(&z, length);
    uint8_t *out = TAKE(arena, uint8_t, room), *in = TAKE(arena, uint8_t, length + 1);
    memcpy(in, data, length);
    z.next_in = in;
    z.avail_in = (uInt)length;
    z.next_out = out;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    *packed = z.total_out;
    deflateEnd(&z);
    return out;
}

/* A home whose data/input links to the true files; returns that folder. */
static char *home_new(Arena *arena, char **home) {
    BaseError error = {0};
    *home = folder_new(arena);
    char *input = text_print(arena, "%s/data/input", *home);
    assert_true(place_folder(input, &error));
    for (size_t f = 0; f < COUNT_OF(mini_files); f++) {
        const char *relative = text_print(arena, "data/input/%s.gz", mini_files[f]);
        const char *link = text_print(arena, "%s/%s.gz", input, mini_files[f]);
        char *true_file = realpath(place_home(arena, relative), NULL);
        assert_non_null(true_file);
        assert_int_equal(symlink(true_file, link), 0);
        free(true_file);
    }
    return input;
}

/* Opens the embedded set under `home`; gives the place back its true home. */
static const Dataset *open_at(Arena *arena, const char *home, BaseError *error) {
    const char *held = getenv("NORMLAB_HOME");
    held = held ? text_copy(arena, held, strlen(held)) : NULL;
    setenv("NORMLAB_HOME", home, 1);
    const Dataset *dataset = dataset_open(arena, "fashion-mini", error);
    if (held)
        setenv("NORMLAB_HOME", held, 1);
    else
        unsetenv("NORMLAB_HOME");
    return dataset;
}

/* The embedded set with `data` for one file must be refused at offset `at`, in one
 * line that names the file and says `says`. */
static void refused(Arena *arena, const char *name, bool packed, const void *data,
                    size_t length, size_t at, const char *says) {
    BaseError error = {0};
    char *home, *input = home_new(arena, &home);
    assert_int_equal(unlink(text_print(arena, "%s/%s.gz", input, name)), 0);
    const char *path = text_print(arena, "%s/%s%s", input, name, packed ? ".gz" : "");
    write_file(path, data, length);
    assert_null(open_at(arena, home, &error));
    folder_remove(arena, home);
    if (!error.set || error.code != EX_DATAERR || error.at != at ||
        !strstr(error.message, says))
        fail_msg("code %d at %zu: '%s', expected code 65 at %zu: '%s'", error.code,
                 error.at, error.message, at, says);
    assert_int_equal(strncmp(error.message, path, strlen(path)), 0);
    assert_non_null(strstr(error.message, text_print(arena, "offset %zu: ", at)));
    assert_null(strchr(error.message, '\n'));
}

static uint8_t *true_bytes(Arena *arena, const char *name, size_t *length) {
    const char *relative = text_print(arena, "data/input/%s.gz", name);
    return inflate_file(arena, place_home(arena, relative), MINI * PIXELS + 17, length);
}

typedef struct Fault {
    size_t at;    /* of the byte that is set */
    uint8_t byte; /* to this */
    size_t blame; /* the offset that must be named */
    const char *says;
} Fault;

/* Each fault twice: in a plain file and inside gzip. */
static void refuse_bytes(const char *name, const Fault *fault, size_t count) {
    for (size_t i = 0; i < count; i++) {
        Arena *arena = arena_new();
        size_t length, packed;
        uint8_t *data = true_bytes(arena, name, &length);
        assert_int_not_equal(data[fault[i].at], fault[i].byte);
        data[fault[i].at] = fault[i].byte;
        refused(arena, name, false, data, length, fault[i].blame, fault[i].says);
        uint8_t *gzip = pack(arena, data, length, &packed);
        refused(arena, name, true, gzip, packed, fault[i].blame, fault[i].says);
        arena_free(arena);
    }
}

static void wrong_magic(void **state) {
    (void)state;
    const Fault images[] = {{0, 1, 0, "magic 0x01000803, expected 0x00000803"},
                            {1, 9, 0, "magic 0x00090803, expected 0x00000803"},
                            {2, 0x0d, 2, "type 0x0d, expected 0x08"},
                            {3, 1, 3, "1 dimensions, expected 3"},
                            {3, 255, 3, "255 dimensions, expected 3"}};
    const Fault labels[] = {{3, 3, 3, "3 dimensions, expected 1"}};
    refuse_bytes(TRAIN_IMAGES, images, COUNT_OF(images));
    refuse_bytes(TEST_LABELS, labels, COUNT_OF(labels));
}

static void wrong_dimension(void **state) {
    (void)state;
    const Fault images[] = {
        {11, 0, 8, "dimension 1 is 0, expected 28"},
        {15, 0, 12, "dimension 2 is 0, expected 28"},
        {15, 29, 12, "dimension 2 is 29, expected 28"},
        {4, 0xff, 4, "dimension 0 is 4278193080, the whole more than"},
        {8, 0xff, 8, "dimension 1 is 4278190108, the whole more than"},
        {13, 0xff, 12, "dimension 2 is 16711708, the whole more than"}};
    refuse_bytes(TRAIN_IMAGES, images, COUNT_OF(images));
}

/* 3,000 images with 2,999 labels, each file whole in itself. */
static void count_mismatch(void **state) {
    (void)state;
    Arena *arena = arena_new();
    size_t length;
    uint8_t *data = true_bytes(arena, TRAIN_LABELS, &length);
    data[7]--;
    refused(arena, TRAIN_LABELS, false, data, length - 1, 4,
            "dimension 0 is 2999, expected 3000");
    arena_free(arena);
}

static void label_that_is_no_class(void **state) {
    (void)state;
    const Fault labels[] = {{8, 10, 8, "label 10, expected 0 to 9"},
                            {8 + 999, 255, 8 + 999, "label 255, expected 0 to 9"}};
    refuse_bytes(TEST_LABELS, labels, COUNT_OF(labels));
}

static void short_file(void **state) {
    (void)state;
    Arena *arena = arena_new();
    size_t length, packed;
    uint8_t *data = true_bytes(arena, TEST_IMAGES, &length);
    const size_t left[] = {0, 3, 4, 15, 16, 17, 784016 - 1};
    const char *const says[] = {
        "expected 4 bytes more",      "expected 1 bytes more",
        "expected 12 bytes more",     "expected 1 bytes more",
        "expected 784000 bytes more", "expected 783999 bytes more",
        "expected 1 bytes more"};
    for (size_t i = 0; i < COUNT_OF(left); i++) {
        refused(arena, TEST_IMAGES, false, data, left[i], left[i], says[i]);
        uint8_t *gzip = pack(arena, data, left[i], &packed);
        refused(arena, TEST_IMAGES, true, gzip, packed, left[i], says[i]);
    }
    arena_free(arena);
}

static void slack_after_the_data(void **state) {
    (void)state;
    Arena *arena = arena_new();
    size_t length, packed;
    uint8_t *data = true_bytes(arena, TEST_LABELS, &length);
    data[length] = 0;
    refused(arena, TEST_LABELS, false, data, length + 1, length, "1 bytes too many");
    uint8_t *gzip = pack(arena, data, length + 1, &packed);
    refused(arena, TEST_LABELS, true, gzip, packed, length,
            "more data, expected the end");
    arena_free(arena);
}

/* 64 MiB of zeros behind a good header: refused at the first byte too many. */
static void bomb(void **state) {
    (void)state;
    Arena *arena = arena_new();
    size_t length, packed, bulk = (size_t)1 << 26;
    uint8_t *data = true_bytes(arena, TEST_LABELS, &length);
    uint8_t *large = ZERO(arena, uint8_t, bulk);
    memcpy(large, data, length);
    uint8_t *gzip = pack(arena, large, bulk, &packed);
    assert_true(packed < 100000);
    refused(arena, TEST_LABELS, true, gzip, packed, length,
            "more data, expected the end");
    arena_free(arena);
}

static void damaged_gzip(void **state) {
    (void)state;
    Arena *arena = arena_new();
    size_t length, packed;
    uint8_t *data = true_bytes(arena, TRAIN_LABELS, &length);
    uint8_t *gzip = pack(arena, data, length, &packed);
    gzip[packed - 8] ^= 1; /* the CRC: zlib has read it before it complains */
    refused(arena, TRAIN_LABELS, true, gzip, packed, packed - 4, "incorrect data check");
    gzip[packed - 8] ^= 1;
    gzip[packed - 4] ^= 1;
    refused(arena, TRAIN_LABELS, true, gzip, packed, packed, "incorrect length check");
    gzip[packed - 4] ^= 1;
    gzip[2] = 9;
    refused(arena, TRAIN_LABELS, true, gzip, packed, 4, "unknown compression method");
    arena_free(arena);
}

static void truncated_gzip(void **state) {
    (void)state;
    Arena *arena = arena_new();
    size_t length, packed;
    uint8_t *data = true_bytes(arena, TRAIN_LABELS, &length);
    uint8_t *gzip = pack(arena, data, length, &packed);
    const size_t left[] = {2,          9,          10,         packed / 2,
                           packed - 9, packed - 8, packed - 4, packed - 1};
    for (size_t i = 0; i < COUNT_OF(left); i++)
        refused(arena, TRAIN_LABELS, true, gzip, left[i], left[i],
                "gzip data is truncated");
    arena_free(arena);
}

static void garbage_after_gzip(void **state) {
    (void)state;
    Arena *arena = arena_new();
    size_t length, packed;
    uint8_t *data = true_bytes(arena, TRAIN_LABELS, &length);
    uint8_t *gzip = pack(arena, data, length, &packed);
    uint8_t *twice = TAKE(arena, uint8_t, 2 * packed);
    memcpy(twice, gzip, packed);
    memcpy(twice + packed, gzip, packed);
    refused(arena, TRAIN_LABELS, true, twice, packed + 1, packed,
            "1 bytes after the gzip data");
    refused(arena, TRAIN_LABELS, true, twice, 2 * packed, packed,
            "bytes after the gzip data");
    arena_free(arena);
}

/* Well formed, but one pixel or label is another. */
static void other_data(void **state) {
    (void)state;
    const char *const names[] = {TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS};
    for (size_t f = 0; f < COUNT_OF(names); f++) {
        Arena *arena = arena_new();
        BaseError error = {0};
        size_t length;
        uint8_t *data = true_bytes(arena, names[f], &length);
        char *home, *input = home_new(arena, &home);
        data[length - 1] = (uint8_t)(data[length - 1] ^ 1);
        assert_int_equal(unlink(text_print(arena, "%s/%s.gz", input, names[f])), 0);
        write_file(text_print(arena, "%s/%s", input, names[f]), data, length);
        assert_null(open_at(arena, home, &error));
        folder_remove(arena, home);
        assert_int_equal(error.code, EX_DATAERR);
        assert_non_null(strstr(error.message, "not fashion-mini: SHA-256"));
        arena_free(arena);
    }
}

/* ---- what is missing, what is not known ------------------------------------------ */

static void unknown_name(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *const wrong[] = {"fashion-minst", "cifar-10", "imagenet", "",
                                 "Fashion-mini"};
    const char *const near[] = {"'fashion-mnist'?", "'cifar10'?", NULL, NULL,
                                "'fashion-mini'?"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        BaseError error = {0};
        assert_null(dataset_open(arena, wrong[i], &error));
        assert_int_equal(error.code, EX_USAGE);
        assert_non_null(
            strstr(error.message, text_print(arena, "no data set '%s'", wrong[i])));
        assert_non_null(strstr(error.message, "fashion-mini, fashion-mnist, cifar10, "));
        assert_non_null(strstr(error.message, ", idx:FOLDER"));
        const char *hint = strstr(error.message, "did you mean ");
        if (near[i])
            assert_string_equal(hint + strlen("did you mean "), near[i]);
        else
            assert_null(hint);
    }
    arena_free(arena);
}

/* `name` with NORMLAB_DATA=folder must be unavailable, and the message say `says`. */
static void unavailable(Arena *arena, const char *name, const char *folder,
                        const char *says) {
    BaseError error = {0};
    if (folder)
        setenv("NORMLAB_DATA", folder, 1);
    else
        unsetenv("NORMLAB_DATA");
    const Dataset *dataset = dataset_open(arena, name, &error);
    unsetenv("NORMLAB_DATA");
    assert_null(dataset);
    assert_int_equal(error.code, EX_UNAVAILABLE);
    if (!strstr(error.message, says)) fail_msg("'%s' lacks '%s'", error.message, says);
    assert_null(strchr(error.message, '\n'));
}

static void missing_files(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {0};
    char *folder = folder_new(arena);
    unavailable(arena, "cifar10", NULL, "set NORMLAB_DATA");
    unavailable(arena, "cifar10", "", "set NORMLAB_DATA");
    unavailable(arena, "cifar10", folder, folder);
    unavailable(arena, "cifar10", "/nowhere/at/all",
                "/nowhere/at/all/cifar-10-batches-bin");
    write_file(text_print(arena, "%s/train-labels-idx1-ubyte", folder), "", 0);
    unavailable(arena, "fashion-mnist", folder, "no train-images-idx3-ubyte");
    unavailable(arena, "fashion-mnist", folder, "apt-get install dataset-fashion-mnist");
    assert_null(open_at(arena, folder, &error));
    assert_int_equal(error.code, EX_UNAVAILABLE);
    assert_non_null(strstr(error.message, "NORMLAB_HOME"));
    folder_remove(arena, folder);
    arena_free(arena);
}

typedef struct Misuse {
    const Dataset *dataset;
    Augment augment;
    size_t index;
} Misuse;

static void misuse(void *context) {
    const Misuse *m = context;
    dataset_batch(arena_new(), m->dataset, &m->dataset->train, &m->index, 1, &m->augment,
                  0, 0);
}

static void misuse_aborts(void **state) {
    (void)state;
    Arena *arena = arena_new();
    char text[600];
    const Dataset *dataset = open_good(arena, "fashion-mini");
    Misuse beyond = {dataset, {false, 0}, MINI_TRAIN}, far = {dataset, {false, 28}, 0};
    Misuse fine = {dataset, {true, 27}, MINI_TRAIN - 1};
    assert_int_equal(harness_child(misuse, &fine, text, sizeof text), 0);
    assert_int_equal(harness_child(misuse, &beyond, text, sizeof text), 128 + SIGABRT);
    assert_non_null(strstr(text, "sample 2500 of 2500"));
    assert_int_equal(harness_child(misuse, &far, text, sizeof text), 128 + SIGABRT);
    assert_non_null(strstr(text, "a shift by 28"));
    arena_free(arena);
}

/* ---- the other data sets --------------------------------------------------------- */

static bool is_named(const DatasetKind *const *kind, size_t count, const char *usage) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(dataset_usage(kind[i]), usage) == 0) return true;
    return false;
}

/* What needs nothing is there. */
static void kinds_are_described(void **state) {
    (void)state;
    static const char *const usage[] = {"fashion-mini", "fashion-mnist", "cifar10",
                                        "idx:FOLDER",   "cifar:FOLDER",  "FILE.h5"};
    Arena *arena = arena_new();
    size_t count;
    const DatasetKind *const *kind = dataset_kinds(&count);
    for (size_t i = 0; i < COUNT_OF(usage); i++)
        assert_true(is_named(kind, count, usage[i]));
    for (size_t i = 0; i < count; i++) {
        assert_non_null(kind[i]->title);
        assert_true(kind[i]->path || kind[i]->source);
        if (kind[i]->need == NULL) open_good(arena, kind[i]->name);
    }
    arena_free(arena);
}

static void embedded_is_balanced(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *dataset = open_good(arena, "fashion-mini");
    size_t training[10] = {0}, test[10] = {0};
    for (size_t i = 0; i < MINI_TRAIN; i++) training[label_of(&dataset->train, i)]++;
    for (size_t i = 0; i < MINI_VAL; i++) training[label_of(&dataset->val, i)]++;
    for (size_t i = 0; i < 1000; i++) test[label_of(&dataset->test, i)]++;
    for (size_t c = 0; c < 10; c++) {
        assert_int_equal(training[c], 300);
        assert_int_equal(test[c], 100);
        assert_true(strlen(dataset_field(dataset, "label")->class_name[c]) > 0);
    }
    arena_free(arena);
}

/* ---- half slices of a head ---------------------------------------------------------- */

enum { BRAIN_ROWS = 94, BRAIN_COLUMNS = 45, BRAIN_PLANE = BRAIN_ROWS * BRAIN_COLUMNS };

/* All of them have a class: nothing is padding. */
static void check_slices(const Dataset *dataset, const Samples *samples) {
    for (size_t i = 0; i < samples->count; i++) {
        const uint8_t *mask = samples->value[1][i];
        for (size_t p = 0; p < BRAIN_PLANE; p++)
            assert_true(mask[p] < dataset->field[1].classes);
    }
}

static double height_of(const Samples *samples, size_t i) {
    return *(const double *)samples->value[2][i];
}

static double share_alike(const uint8_t *a, const uint8_t *b) {
    double alike = 0;
    for (size_t p = 0; p < BRAIN_PLANE; p++) alike += a[p] == b[p];
    return alike / BRAIN_PLANE;
}

/* Most of a slice is alike on the other side at the same height, and nowhere the same. */
static void check_other_side(const Dataset *dataset, const Samples *samples) {
    const Samples *train = &dataset->train;
    for (size_t i = 0; i < samples->count; i++) {
        size_t k = 0;
        while (k < train->count && height_of(train, k) != height_of(samples, i)) k++;
        assert_true(k < train->count);
        const double alike = share_alike(samples->value[1][i], train->value[1][k]);
        assert_true(alike > 0.8 && alike < 1.0);
    }
}

/* Every 6 mm one to test, every 6 mm one to validate, 3 mm from it. */
static void brain_is_one_head(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *dataset = open_good(arena, "brain");
    assert_true(
        shape_equal(dataset->field[0].shape, SHAPE_OF(1, BRAIN_ROWS, BRAIN_COLUMNS)));
    assert_true(
        shape_equal(dataset->field[1].shape, SHAPE_OF(BRAIN_ROWS, BRAIN_COLUMNS)));
    assert_int_equal(dataset->train.count, 144);
    assert_int_equal(dataset->val.count, 24);
    assert_int_equal(dataset->test.count, 24);
    for (size_t i = 0; i < 24; i++) {
        assert_near(height_of(&dataset->test, i), 12.0 + 6.0 * (double)i, 0.0);
        assert_near(height_of(&dataset->val, i), 15.0 + 6.0 * (double)i, 0.0);
    }
    check_slices(dataset, &dataset->train);
    check_slices(dataset, &dataset->val);
    check_slices(dataset, &dataset->test);
    check_other_side(dataset, &dataset->val);
    check_other_side(dataset, &dataset->test);
    arena_free(arena);
}

/* From the package; then, one file unpacked and three linked, from a folder of the
 * user's. */
static void fashion_mnist_opens(void **state) {
    (void)state;
    static const char *const file[] = {"train-images-idx3-ubyte.gz",
                                       "t10k-images-idx3-ubyte.gz",
                                       "t10k-labels-idx1-ubyte.gz"};
    Arena *arena = arena_new();
    size_t length;
    unsetenv("NORMLAB_DATA");
    const Dataset *dataset = open_good(arena, "fashion-mnist");
    assert_int_equal(dataset->train.count, 55000);
    assert_int_equal(dataset->val.count, 5000);
    assert_int_equal(dataset->test.count, 10000);
    assert_near(dataset->field[0].mean[0], 0.2860,
                1e-3); /* of all 60,000, as widely quoted */
    assert_near(dataset->field[0].std[0], 0.3530, 1e-3);
    char *folder = folder_new(arena),
         *below = text_print(arena, "%s/fashion-mnist", folder);
    assert_int_equal(mkdir(below, 0777), 0);
    for (size_t f = 0; f < COUNT_OF(file); f++) {
        const char *link = text_print(arena, "%s/%s", below, file[f]);
        assert_int_equal(symlink(text_print(arena, PACKAGE "/%s", file[f]), link), 0);
    }
    const char *labels = PACKAGE "/train-labels-idx1-ubyte.gz";
    const uint8_t *data = inflate_file(arena, labels, 60009, &length);
    write_file(text_print(arena, "%s/train-labels-idx1-ubyte", below), data, length);
    setenv("NORMLAB_DATA", folder, 1);
    const Dataset *mine = open_good(arena, "fashion-mnist");
    unsetenv("NORMLAB_DATA");
    assert_string_equal(mine->sha256, dataset->sha256);
    folder_remove(arena, folder);
    arena_free(arena);
}

enum { RECORD = 1 + 3 * 32 * 32, RECORDS = 10000 };

/* Record r of file f: label (r + f) % 10, red 10 f, green r % 256, blue r / 256. */
static void write_cifar(Arena *arena, const char *folder) {
    uint8_t *data = TAKE(arena, uint8_t, RECORDS * RECORD);
    for (size_t f = 0; f < 6; f++) {
        for (size_t r = 0; r < RECORDS; r++) {
            uint8_t *record = data + r * RECORD;
            record[0] = (uint8_t)((r + f) % 10);
            memset(record + 1, (int)(10 * f), 1024);
            memset(record + 1 + 1024, (int)(r % 256), 1024);
            memset(record + 1 + 2048, (int)(r / 256), 1024);
        }
        const char *name =
            f < 5 ? text_print(arena, "data_batch_%zu", f + 1) : "test_batch";
        write_file(text_print(arena, "%s/%s.bin", folder, name), data, RECORDS * RECORD);
    }
}

static void check_cifar(const Samples *images, bool test) {
    for (size_t i = 0; i < images->count; i++) {
        size_t f = test ? 5 : images->id[i] / RECORDS, r = images->id[i] % RECORDS;
        assert_int_equal(label_of(images, i), (r + f) % 10);
        const size_t want[] = {10 * f, r % 256, r / 256};
        for (size_t c = 0; c < 3; c++) {
            assert_int_equal(pixels(images, i)[c * 1024], want[c]);
            assert_int_equal(pixels(images, i)[c * 1024 + 1023], want[c]);
        }
    }
}

/* A whole synthetic CIFAR-10 is not reported as that; by its path it is what it is. */
static void cifar_opens(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {0};
    char *folder = folder_new(arena);
    const char *name = text_print(arena, "cifar:%s", folder);
    write_cifar(arena, folder);
    setenv("NORMLAB_DATA", folder, 1);
    assert_null(dataset_open(arena, "cifar10", &error));
    assert_int_equal(error.code, EX_DATAERR);
    assert_non_null(strstr(error.message, "well formed, but not CIFAR-10"));
    assert_non_null(strstr(error.message, "dataset=cifar:FOLDER"));
    unsetenv("NORMLAB_DATA");
    ArenaMark mark = arena_mark(arena);
    const Dataset *dataset = open_good(arena, name);
    assert_string_equal(dataset->name, name);
    assert_non_null(strstr(dataset->title, folder));
    assert_non_null(strstr(dataset->title, text_copy(arena, dataset->sha256, 12)));
    assert_null(strstr(dataset->title, "CIFAR-10"));
    assert_null(dataset->source);
    assert_int_equal(dataset_field(dataset, "label")->classes, 10);
    assert_string_equal(dataset_field(dataset, "label")->class_name[9], "9");
    assert_true(shape_equal(dataset->field[0].shape, SHAPE_OF(3, 32, 32)));
    assert_int_equal(dataset->train.count, 45000);
    assert_int_equal(dataset->val.count, 5000);
    check_cifar(&dataset->train, false);
    check_cifar(&dataset->val, false);
    check_cifar(&dataset->test, true);
    const size_t last = 44999;
    const DataField *image = &dataset->field[0];
    const double *x =
        dataset_batch(arena, dataset, &dataset->train, &last, 1, NULL, 0, 0).real[0];
    for (size_t c = 0; c < 3; c++)
        assert_near(x[c * 1024 + 5],
                    (pixels(&dataset->train, last)[c * 1024] / 255.0 - image->mean[c]) /
                        image->std[c],
                    1e-15);
    arena_rewind(arena, mark);

    const char *third = text_print(arena, "%s/data_batch_3.bin", folder);
    assert_int_equal(truncate(third, 77 * RECORD - 1), 0);
    assert_int_equal(unlink(text_print(arena, "%s/data_batch_4.bin", folder)), 0);
    error = (BaseError){0};
    assert_null(dataset_open(arena, name, &error));
    assert_non_null(
        strstr(error.message, "236620 bytes, expected records of 3073, whole"));
    assert_int_equal(truncate(third, 77 * RECORD), 0); /* three files, one of 77 */
    assert_int_equal(open_good(arena, name)->train.count, 20077 - 2008);

    setenv("NORMLAB_DATA", folder, 1);
    unavailable(arena, "cifar10", folder, "no data_batch_4.bin beside the other files");
    write_cifar(arena, folder);
    FILE *file = fopen(third, "r+be");
    assert_non_null(file);
    assert_int_equal(fseek(file, 77 * RECORD, SEEK_SET), 0);
    assert_int_equal(fputc(10, file), 10);
    assert_int_equal(fclose(file), 0);
    setenv("NORMLAB_DATA", folder, 1);
    error = (BaseError){0};
    assert_null(dataset_open(arena, "cifar10", &error));
    assert_int_equal(error.code, EX_DATAERR);
    assert_int_equal(error.at, 77 * RECORD);
    assert_non_null(
        strstr(error.message, "data_batch_3.bin: offset 236621: label 10, expected 0"));

    assert_int_equal(truncate(third, 77 * RECORD - 1), 0);
    error = (BaseError){0};
    assert_null(dataset_open(arena, "cifar10", &error));
    assert_int_equal(error.at, 77 * RECORD - 1);
    assert_non_null(strstr(error.message, "expected 1 bytes more"));

    write_cifar(arena, folder);
    assert_int_equal(truncate(third, RECORDS * RECORD + 1), 0);
    error = (BaseError){0};
    assert_null(dataset_open(arena, "cifar10", &error));
    assert_int_equal(error.at, RECORDS * RECORD);
    assert_non_null(strstr(error.message, "1 bytes too many"));
    unsetenv("NORMLAB_DATA");
    folder_remove(arena, folder);
    error = (BaseError){0};
    assert_null(dataset_open(arena, name, &error));
    assert_int_equal(error.code, EX_NOINPUT);
    assert_non_null(strstr(error.message, "no test_batch.bin"));
    arena_free(arena);
}

/* How many records gzip holds is what its end says, and that must be so. */
static void cifar_in_gzip(void **state) {
    (void)state;
    enum { TRAIN = 5, TEST = 3 };
    Arena *arena = arena_new();
    size_t packed;
    char *folder = folder_new(arena);
    const char *name = text_print(arena, "cifar:%s", folder),
               *batch = text_print(arena, "%s/data_batch_1.bin.gz", folder);
    uint8_t *data = TAKE(arena, uint8_t, TRAIN * RECORD);
    for (size_t i = 0; i < TRAIN * RECORD; i++)
        data[i] = (uint8_t)(i % RECORD == 0 ? i / RECORD : i % 256);
    uint8_t *gzip = pack(arena, data, TRAIN * RECORD, &packed);
    write_file(text_print(arena, "%s/test_batch.bin", folder), data, TEST * RECORD);
    write_file(batch, gzip, packed);
    const Dataset *d = open_good(arena, name);
    assert_int_equal(d->train.count + d->val.count, TRAIN);
    assert_int_equal(d->test.count, TEST);
    assert_int_equal(dataset_field(d, "label")->classes, TRAIN);
    for (size_t i = 0; i < d->train.count; i++)
        assert_memory_equal(pixels(&d->train, i), data + d->train.id[i] * RECORD + 1,
                            RECORD - 1);
    for (size_t records = TRAIN - 1; records <= TRAIN + 1; records += 2) {
        BaseError error = {0};
        const uint32_t length = (uint32_t)(records * RECORD);
        for (size_t b = 0; b < 4; b++) gzip[packed - 4 + b] = (uint8_t)(length >> 8 * b);
        write_file(batch, gzip, packed);
        assert_null(dataset_open(arena, name, &error));
        assert_int_equal(error.code, EX_DATAERR);
        assert_non_null(strstr(error.message, "data_batch_1.bin.gz"));
        assert_non_null(strstr(error.message, ": offset "));
    }
    folder_remove(arena, folder);
    arena_free(arena);
}

/* ---- the template of `new dataset` -------------------------------------------------- */

extern const DatasetKind dataset_my_data;

static const uint8_t *image_of(const Pile *pile, size_t i, size_t plane) {
    return (const uint8_t *)pile->value[0] + i * plane;
}

/* Both classes in both parts, and no test sample among those to train on. */
static void template_fills(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {0};
    Reading r = {.kind = &dataset_my_data, .arena = arena, .scratch = arena};
    assert_true(dataset_my_data.fill(&r, &error));
    const size_t plane = shape_count(r.field[0].shape);
    const Pile *part[] = {&r.train, &r.test};
    for (size_t k = 0; k < COUNT_OF(part); k++) {
        size_t of[2] = {0};
        for (size_t i = 0; i < part[k]->count; i++)
            of[((const uint8_t *)part[k]->value[1])[i]]++;
        assert_true(of[0] > part[k]->count / 3 && of[1] > part[k]->count / 3);
    }
    for (size_t i = 0; i < r.test.count; i++)
        for (size_t k = 0; k < r.train.count; k++)
            assert_int_not_equal(
                memcmp(image_of(&r.test, i, plane), image_of(&r.train, k, plane), plane),
                0);
    assert_true(r.drawn > 0 && r.drawn < r.train.count);
    arena_free(arena);
}

/* ---- folders of one's own ---------------------------------------------------------- */

typedef struct IdxFile {
    const char *name;
    uint8_t rank;
    uint8_t size[3];
} IdxFile;

enum { IDX_TRAIN = 40, IDX_TEST = 9, IDX_H = 5, IDX_W = 6 };

static const IdxFile idx_files[] = {
    {"train-images-idx3-ubyte", 3, {IDX_TRAIN, IDX_H, IDX_W}},
    {"train-labels-idx1-ubyte", 1, {IDX_TRAIN}},
    {"t10k-images-idx3-ubyte", 3, {IDX_TEST, IDX_H, IDX_W}},
    {"t10k-labels-idx1-ubyte", 1, {IDX_TEST}}};

/* Byte i of a file is i % 200, of labels i % 4, and the last test label 6. */
static void write_idx(Arena *arena, const char *folder, const IdxFile *file) {
    uint8_t data[4 + 4 * 3 + IDX_TRAIN * 10 * 10] = {0, 0, 8, file->rank};
    size_t at = 4, count = 1;
    for (size_t d = 0; d < file->rank; d++, at += 4) {
        data[at + 3] = file->size[d];
        count *= file->size[d];
    }
    for (size_t i = 0; i < count; i++)
        data[at++] = (uint8_t)(i % (file->rank == 1 ? 4 : 200));
    if (file->rank == 1 && count == IDX_TEST) data[at - 1] = 6;
    write_file(text_print(arena, "%s/%s", folder, file->name), data, at);
}

static void idx_of_a_folder(void **state) {
    (void)state;
    Arena *arena = arena_new();
    char *folder = folder_new(arena);
    for (size_t f = 0; f < 4; f++) write_idx(arena, folder, &idx_files[f]);
    const Dataset *d = open_good(arena, text_print(arena, "idx:%s", folder));
    assert_true(shape_equal(d->field[0].shape, SHAPE_OF(1, IDX_H, IDX_W)));
    assert_int_equal(d->train.count, IDX_TRAIN - 4); /* a tenth is drawn to validate */
    assert_int_equal(d->val.count, 4);
    assert_int_equal(d->test.count, IDX_TEST);
    assert_int_equal(d->field[1].classes, 7);
    for (size_t i = 0; i < d->train.count; i++) {
        const size_t id = d->train.id[i];
        assert_int_equal(pixels(&d->train, i)[3], (id * IDX_H * IDX_W + 3) % 200);
        assert_int_equal(label_of(&d->train, i), id % 4);
    }
    folder_remove(arena, folder);
    arena_free(arena);
}

static void idx_faults(void **state) {
    (void)state;
    static const struct {
        IdxFile file;
        const char *says;
    } faults[] = {
        {{"t10k-images-idx3-ubyte", 3, {IDX_TEST, IDX_W, IDX_H}},
         "t10k-images-idx3-ubyte: offset 8: dimension 1 is 6, expected 5"},
        {{"t10k-labels-idx1-ubyte", 1, {IDX_TEST + 1}},
         "t10k-labels-idx1-ubyte: offset 4: dimension 0 is 10, expected 9"},
        {{"train-images-idx3-ubyte", 3, {0, IDX_H, IDX_W}},
         "dimension 0 is 0, expected 1 or more"},
        {{"train-images-idx3-ubyte", 3, {IDX_TRAIN, IDX_H, 0}},
         "dimension 2 is 0, expected 1 or more"},
        {{"train-images-idx3-ubyte", 1, {IDX_TRAIN}}, "1 dimensions, expected 3"}};
    Arena *arena = arena_new();
    char *folder = folder_new(arena);
    const char *name = text_print(arena, "idx:%s", folder);
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        BaseError error = {0};
        for (size_t f = 0; f < 4; f++) write_idx(arena, folder, &idx_files[f]);
        write_idx(arena, folder, &faults[i].file);
        assert_null(dataset_open(arena, name, &error));
        assert_int_equal(error.code, EX_DATAERR);
        if (!strstr(error.message, faults[i].says))
            fail_msg("'%s' lacks '%s'", error.message, faults[i].says);
        assert_null(strchr(error.message, '\n'));
    }
    write_idx(arena, folder, &idx_files[0]);
    const uint8_t ignored[] = {0, 0, 8, 1, 0, 0, 0, IDX_TEST, 0,
                               0, 0, 0, 0, 0, 0, 0, 255};
    write_file(text_print(arena, "%s/t10k-labels-idx1-ubyte", folder), ignored,
               sizeof ignored);
    BaseError error = {0};
    assert_null(dataset_open(arena, name, &error));
    assert_non_null(strstr(error.message, "label 255, expected 0 to 254"));
    assert_int_equal(unlink(text_print(arena, "%s/t10k-labels-idx1-ubyte", folder)), 0);
    error = (BaseError){0};
    assert_null(dataset_open(arena, name, &error));
    assert_int_equal(error.code, EX_NOINPUT);
    assert_non_null(
        strstr(error.message, "no t10k-labels-idx1-ubyte, expected train-im"));
    folder_remove(arena, folder);
    arena_free(arena);
}

/* Known data are known wherever they lie. */
static void known_data_are_recognized(void **state) {
    (void)state;
    Arena *arena = arena_new();
    char *folder = folder_new(arena);
    for (size_t f = 0; f < 4; f++) {
        char *true_file = realpath(
            place_home(arena, text_print(arena, "data/input/%s.gz", mini_files[f])),
            NULL);
        const char *link = text_print(arena, "%s/%s.gz", folder, idx_files[f].name);
        assert_int_equal(symlink(true_file, link), 0);
        free(true_file);
    }
    const Dataset *mine = open_good(arena, text_print(arena, "idx:%s", folder)),
                  *mini = open_good(arena, "fashion-mini");
    assert_string_equal(mine->sha256, mini->sha256);
    assert_string_equal(mine->source, mini->source);
    assert_non_null(strstr(mine->title, "4,000 images of Fashion-MNIST"));
    folder_remove(arena, folder);
    arena_free(arena);
}

/* One form of every text, whatever is there. */
static void names_are_canonical(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {0};
    const char *path;
    char *folder = folder_new(arena), *here = getcwd(NULL, 0);
    const char *whole = text_print(arena, "idx:%s", folder);
    assert_string_equal(dataset_canonical(arena, "fashion-mnist", &error),
                        "fashion-mnist");
    assert_string_equal(dataset_canonical(arena, whole, &error), whole);
    assert_string_equal(
        dataset_canonical(
            arena, text_print(arena, "%s/../%s/.", whole, strrchr(folder, '/')), &error),
        whole);
    assert_string_equal(dataset_canonical(arena, "cifar:not/there", &error),
                        text_print(arena, "cifar:%s/not/there", here));
    assert_string_equal(dataset_find("idx:a/b:c", &path)->name, "idx");
    assert_string_equal(path, "a/b:c");
    assert_false(error.set);
    const char *const wrong[] = {
        "idx", "idx:", "cifar10:here", "fashion-mini:", "", ":", "a\nb", "idx:a\nb"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        error = (BaseError){0};
        assert_null(dataset_canonical(arena, wrong[i], &error));
        assert_int_equal(error.code, EX_USAGE);
        assert_non_null(strstr(error.message, " is expected"));
    }
    free(here);
    folder_remove(arena, folder);
    arena_free(arena);
}

static const Case cases[] = {
    CASE(theorem, standardized),
    CASE(theorem, split_covers_once),
    CASE(theorem, split_is_the_drawn_order),
    CASE(theorem, limit_is_a_prefix),
    CASE(theorem, split_by_seed),
    CASE(theorem, split_keeps_a_part_of_its_own),
    CASE(theorem, augment_none_is_identity),
    CASE(theorem, augment_ignores_the_batch),
    CASE(theorem, augment_flip),
    CASE(theorem, augment_shift),
    CASE(theorem, augment_flip_then_shift),
    CASE(theorem, fields_move_alike),
    CASE(oracle, statistics_exact),
    CASE(oracle, statistics_of_reals),
    CASE(oracle, embedded_is_drawn_from_the_package),
    CASE(oracle, identity_is_what_the_header_says),
    CASE(example, statistics_of_one_grey),
    CASE(example, kinds_are_described),
    CASE(example, embedded_is_balanced),
    CASE(example, brain_is_one_head),
    CASE(example, fashion_mnist_opens),
    CASE(example, cifar_opens),
    CASE(example, cifar_in_gzip),
    CASE(example, template_fills),
    CASE(example, idx_of_a_folder),
    CASE(example, known_data_are_recognized),
    CASE(example, names_are_canonical),
    CASE(fault, idx_faults),
    CASE(fault, wrong_magic),
    CASE(fault, wrong_dimension),
    CASE(fault, count_mismatch),
    CASE(fault, label_that_is_no_class),
    CASE(fault, short_file),
    CASE(fault, slack_after_the_data),
    CASE(fault, bomb),
    CASE(fault, damaged_gzip),
    CASE(fault, truncated_gzip),
    CASE(fault, garbage_after_gzip),
    CASE(fault, other_data),
    CASE(fault, unknown_name),
    CASE(fault, missing_files),
    CASE(fault, misuse_aborts),
};

HARNESS_MAIN("dataset", cases)
