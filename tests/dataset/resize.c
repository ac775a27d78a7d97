/* Samples in another size: each pixel of the new image by its definition, for all fields that lie
 * on the image. */
#include "harness.h"
#include "source.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { COUNT = 6, C = 2, H = 5, W = 7, CLASSES = 9 };

/* Bytes [C, H, W], a mask and a map [H, W], a class and a number. */
static Dataset *drawn(Arena *arena) {
    static const char *const names[CLASSES] = {"a", "b", "c", "d", "e",
                                               "f", "g", "h", "i"};
    Dataset *d = ZERO(arena, Dataset, 1);
    *d = (Dataset){.name = "drawn", .title = "", .source = "", .fields = 5};
    d->field[0] = (DataField){.name = "image", .unit = "", .type = DATA_BYTES};
    d->field[0].shape = SHAPE_OF(C, H, W), d->field[0].standardized = true;
    d->field[1] = (DataField){.name = "mask", .unit = "", .type = DATA_LABELS};
    d->field[1].shape = SHAPE_OF(H, W);
    d->field[1].classes = CLASSES, d->field[1].class_name = names;
    d->field[2] = (DataField){.name = "map", .unit = "mm", .type = DATA_REALS};
    d->field[2].shape = SHAPE_OF(H, W);
    d->field[3] = (DataField){.name = "label", .unit = "", .type = DATA_LABELS};
    d->field[3].shape = SHAPE_SCALAR;
    d->field[3].classes = CLASSES, d->field[3].class_name = names;
    d->field[4] = (DataField){.name = "number", .unit = "mm", .type = DATA_REALS};
    d->field[4].shape = SHAPE_OF(H + 1, W);
    uint32_t *id = TAKE(arena, uint32_t, COUNT);
    const Draw draw = {1, DRAW_TEST, 0, 0};
    d->train = (Samples){.count = COUNT, .id = id};
    size_t next = 0;
    for (size_t i = 0; i < COUNT; i++) id[i] = (uint32_t)i;
    for (size_t k = 0; k < d->fields; k++) {
        const DataField *f = &d->field[k];
        const size_t each = shape_count(f->shape);
        d->train.value[k] = TAKE(arena, const void *, COUNT);
        for (size_t i = 0; i < COUNT; i++) {
            double *real = TAKE(arena, double, each);
            uint8_t *byte = TAKE(arena, uint8_t, each);
            for (size_t v = 0; v < each; v++) {
                real[v] = draw_normal(draw, next);
                byte[v] = (uint8_t)draw_below(draw, next++,
                                              f->type == DATA_BYTES ? 256 : CLASSES);
            }
            d->train.value[k][i] =
                f->type == DATA_REALS ? (const void *)real : (const void *)byte;
        }
    }
    split_statistics(arena, d);
    return d;
}

static const Dataset *resized(Arena *arena, const Dataset *d, size_t h, size_t w) {
    BaseError error = {.set = false};
    const Dataset *r = dataset_resized(arena, d, h, w, &error);
    if (r == NULL) fail_msg("%s", error.message);
    return r;
}

static Batch batch_of(Arena *arena, const Dataset *d, const Augment *augment) {
    static const size_t all[COUNT] = {3, 1, 4, 0, 5, 2};
    return dataset_batch(arena, d, &d->train, all, COUNT, augment, 7, 2);
}

/* ---- the definitions ---- */

/* Pixel i of `to` out of line[from]: smaller, the mean of from x to equal pieces' pixels; larger, the
 * line between the two centres around its own. */
static double of_line(const double *line, size_t from, size_t to, size_t i) {
    double sum = 0;
    if (to < from) {
        for (size_t piece = i * from; piece < (i + 1) * from; piece++)
            sum += line[piece / to];
        return sum / (double)from;
    }
    const double at = ((double)i + 0.5) * (double)from / (double)to - 0.5,
                 within = fmin(fmax(at, 0), (double)(from - 1));
    const size_t left = (size_t)within, right = left + 1 < from ? left + 1 : left;
    return line[left] + (within - (double)left) * (line[right] - line[left]);
}

static double of_plane(const double *x, size_t h, size_t w, size_t i, size_t j) {
    double column[H];
    for (size_t row = 0; row < H; row++) column[row] = of_line(x + row * W, W, w, j);
    return of_line(column, H, h, i);
}

static void expect_planes(const double *got, const double *kept, size_t planes, size_t h,
                          size_t w) {
    for (size_t k = 0; k < planes; k++)
        for (size_t i = 0; i < h; i++)
            for (size_t j = 0; j < w; j++)
                assert_near(got[(k * h + i) * w + j],
                            of_plane(kept + k * H * W, h, w, i, j), 64 * DBL_EPSILON);
}

static void each_pixel_by_its_definition(void **state) {
    (void)state;
    static const size_t SIZES[][2] = {{10, 14}, {8, 9},  {3, 4},  {1, 1}, {8, 4},
                                      {2, 13},  {5, 21}, {15, 7}, {5, 3}, {31, 50}};
    const Augment moves = {.flip = true, .shift = 2};
    Arena *arena = arena_new();
    const Dataset *d = drawn(arena);
    for (size_t s = 0; s < COUNT_OF(SIZES); s++) {
        const size_t h = SIZES[s][0], w = SIZES[s][1];
        const Dataset *r = resized(arena, d, h, w);
        for (size_t moved = 0; moved < 2; moved++) {
            const Augment *augment = moved ? &moves : NULL;
            const Batch was = batch_of(arena, d, augment),
                        is = batch_of(arena, r, augment);
            assert_true(shape_equal(is.shape[0], SHAPE_OF(COUNT, C, h, w)));
            assert_true(shape_equal(is.shape[1], SHAPE_OF(COUNT, h, w)));
            expect_planes(is.real[0], was.real[0], COUNT * C, h, w);
            expect_planes(is.real[2], was.real[2], COUNT, h, w);
            for (size_t n = 0; n < COUNT; n++)
                for (size_t i = 0; i < h; i++)
                    for (size_t j = 0; j < w; j++)
                        assert_int_equal(
                            is.label[1][(n * h + i) * w + j],
                            was.label[1][(n * H + (2 * i + 1) * H / (2 * h)) * W +
                                         (2 * j + 1) * W / (2 * w)]);
            assert_memory_equal(is.label[3], was.label[3], COUNT);
            assert_memory_equal(is.real[4], was.real[4],
                                COUNT * (H + 1) * W * sizeof(double));
        }
    }
    arena_free(arena);
}

/* The size itself changes no bit; what is constant stays so; a mean is kept by areas. */
static void what_is_kept(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Dataset *d = drawn(arena);
    const Batch was = batch_of(arena, d, NULL),
                same = batch_of(arena, resized(arena, d, H, W), NULL),
                one = batch_of(arena, resized(arena, d, 1, 1), NULL);
    assert_memory_equal(same.real[0], was.real[0], COUNT * C * H * W * sizeof(double));
    assert_memory_equal(same.label[1], was.label[1], COUNT * H * W);
    for (size_t k = 0; k < COUNT * C; k++) {
        double sum = 0;
        for (size_t i = 0; i < H * W; i++) sum += was.real[0][k * H * W + i];
        assert_near(one.real[0][k], sum / (H * W), 16 * DBL_EPSILON);
    }
    for (size_t i = 0; i < COUNT; i++) {
        uint8_t *level = TAKE(arena, uint8_t, C * H * W);
        memset(level, 200 - (int)i, C * H * W);
        d->train.value[0][i] = level;
    }
    static const size_t SIZES[][2] = {{9, 9}, {4, 3}, {2, 20}};
    for (size_t s = 0; s < COUNT_OF(SIZES); s++) {
        const size_t h = SIZES[s][0], w = SIZES[s][1];
        const Batch flat = batch_of(arena, resized(arena, d, h, w), NULL),
                    kept = batch_of(arena, d, NULL);
        for (size_t i = 0; i < COUNT * C * h * w; i++)
            assert_near(flat.real[0][i], kept.real[0][i / (h * w) * H * W],
                        8 * DBL_EPSILON * fabs(flat.real[0][i]));
    }
    arena_free(arena);
}

/* Whatever size they were asked in before. */
static void a_size_is_made_of_what_is_kept(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *d = drawn(arena);
    const Augment moves = {.flip = true, .shift = 2};
    const Batch once = batch_of(arena, resized(arena, d, 8, 9), &moves),
                twice = batch_of(arena, resized(arena, resized(arena, d, 3, 20), 8, 9),
                                 &moves);
    assert_true(shape_equal(once.shape[2], twice.shape[2]));
    assert_memory_equal(once.real[0], twice.real[0], COUNT * C * 8 * 9 * sizeof(double));
    assert_memory_equal(once.real[2], twice.real[2], COUNT * 8 * 9 * sizeof(double));
    assert_memory_equal(once.label[1], twice.label[1], COUNT * 8 * 9);
    arena_free(arena);
}

/* Mean and std are of the samples as they are kept, of a part of them, too. */
static void statistics_are_those_of_what_is_kept(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Dataset *d = drawn(arena), *r = resized(arena, d, 11, 3),
                  *few = dataset_limit(arena, d, 4, &error),
                  *also = dataset_limit(arena, r, 4, &error);
    assert_int_equal(dataset_channels(&r->field[2]), H);
    assert_true(shape_equal(dataset_kept(&r->field[0]), SHAPE_OF(C, H, W)));
    assert_true(shape_equal(dataset_kept(&r->field[3]), SHAPE_SCALAR));
    for (size_t c = 0; c < C; c++) {
        assert_near(also->field[0].mean[c], few->field[0].mean[c], 0.0);
        assert_near(also->field[0].std[c], few->field[0].std[c], 0.0);
        assert_true(few->field[0].mean[c] != d->field[0].mean[c]);
    }
    arena_free(arena);
}

static void what_has_no_size_is_refused(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Dataset *d = drawn(arena);
    static const struct {
        size_t height, width;
        const char *says;
    } WRONG[] = {{0, 4, "1 to 1024"}, {4, 0, "1 to 1024"}, {4, 1025, "1 to 1024"}};
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        BaseError error = {.set = false};
        assert_null(dataset_resized(arena, d, WRONG[i].height, WRONG[i].width, &error));
        assert_int_equal(error.code, EX_USAGE);
        assert_non_null(strstr(error.message, WRONG[i].says));
    }
    BaseError error = {.set = false};
    d->field[0].shape = SHAPE_OF(C * H * W);
    assert_null(dataset_resized(arena, d, 4, 4, &error));
    assert_non_null(strstr(error.message, "the image of drawn is no image"));
    arena_free(arena);
}

static const Case cases[] = {
    CASE(oracle, each_pixel_by_its_definition),
    CASE(theorem, what_is_kept),
    CASE(theorem, a_size_is_made_of_what_is_kept),
    CASE(theorem, statistics_are_those_of_what_is_kept),
    CASE(fault, what_has_no_size_is_refused),
};

HARNESS_MAIN("resize", cases)
