/* Samples to standardized doubles, mirrored and moved if asked. What happens to a sample
 * depends on (seed, epoch, sample) and never on the batch around it: any number of workers
 * draws alike.
 */
#include "source.h"

#include <string.h>

enum { LEVELS = 256 }; /* values of a byte */

static const size_t OUTSIDE = SIZE_MAX;

/* What happens to one image: y[h][w] = x[h - down][w - right], x mirrored first. */
typedef struct Move {
    bool mirror;
    ptrdiff_t down, right; /* pixels */
} Move;

static ptrdiff_t draw_shift(Draw draw, uint64_t index, size_t most) {
    return (ptrdiff_t)draw_below(draw, index, 2 * most + 1) - (ptrdiff_t)most;
}

static Move draw_move(const Augment *augment, uint64_t seed, uint64_t epoch,
                      uint32_t id) {
    Draw flip = {seed, DRAW_FLIP, epoch, id}, shift = {seed, DRAW_SHIFT, epoch, id};
    return (Move){.mirror = augment->flip && draw_below(flip, 0, 2) == 1,
                  .down = draw_shift(shift, 0, augment->shift),
                  .right = draw_shift(shift, 1, augment->shift)};
}

/* The input's rows and columns, and which place of a sample comes to each; OUTSIDE: none.
 * Where nothing moves there are none. */
typedef struct Grid {
    size_t height, width;
    size_t *from; /* [height, width] */
} Grid;

bool dataset_moves(const Dataset *dataset, const Augment *augment, BaseError *error) {
    const Shape input = dataset_kept(&dataset->field[0]);
    if (!augment->flip && augment->shift == 0) return true;
    if (input.rank != 3)
        return base_fail(error, EX_USAGE, 0,
                         "flip and shift move images; the %s of %s is none",
                         dataset->field[0].name, dataset->name);
    return (augment->shift < input.size[1] && augment->shift < input.size[2]) ||
           base_fail(error, EX_USAGE, 0,
                     "shift=%zu leaves nothing of images of %zu x %zu", augment->shift,
                     input.size[1], input.size[2]);
}

static Grid grid_new(Arena *arena, Shape input, const Augment *augment) {
    if (augment == NULL || (!augment->flip && augment->shift == 0)) return (Grid){0};
    REQUIRE(input.rank == 3, "no rows and columns to move in %s",
            shape_text(arena, input));
    size_t height = input.size[1], width = input.size[2];
    REQUIRE(augment->shift < height && augment->shift < width,
            "a shift by %zu leaves nothing of %zu x %zu", augment->shift, height, width);
    return (Grid){height, width, TAKE(arena, size_t, height * width)};
}

static void grid_move(Grid grid, Move move) {
    ptrdiff_t H = (ptrdiff_t)grid.height, W = (ptrdiff_t)grid.width;
    for (ptrdiff_t h = 0; h < H; h++)
        for (ptrdiff_t w = 0; w < W; w++) {
            ptrdiff_t row = h - move.down, column = w - move.right;
            bool inside = row >= 0 && row < H && column >= 0 && column < W;
            if (move.mirror) column = W - 1 - column;
            grid.from[h * W + w] = inside ? (size_t)(row * W + column) : OUTSIDE;
        }
}

/* Fields [..., H, W] lie on the input's rows and columns. */
static bool lies_on(Grid grid, Shape shape) {
    const size_t *end = shape.size + shape.rank;
    return shape.rank >= 2 && end[-2] == grid.height && end[-1] == grid.width;
}

/* ---- one field of one sample ------------------------------------------------------ */

/* y = x moved, of so many planes. */
static void move_bytes(uint8_t *restrict y, const uint8_t *restrict x, size_t planes,
                       Grid grid, uint8_t outside) {
    const size_t plane = grid.height * grid.width;
    for (size_t k = 0; k < planes; k++, x += plane, y += plane)
        for (size_t p = 0; p < plane; p++)
            y[p] = grid.from[p] == OUTSIDE ? outside : x[grid.from[p]];
}

static void move_reals(double *restrict y, const double *restrict x, size_t planes,
                       Grid grid) {
    const size_t plane = grid.height * grid.width;
    for (size_t k = 0; k < planes; k++, x += plane, y += plane)
        for (size_t p = 0; p < plane; p++)
            y[p] = grid.from[p] == OUTSIDE ? 0.0 : x[grid.from[p]];
}

size_t dataset_channels(const DataField *field) {
    const Shape kept = dataset_kept(field);
    return kept.rank > 0 ? kept.size[0] : 1;
}

static double standard(const DataField *field, size_t channel, double v) {
    return field->standardized ? (v - field->mean[channel]) / field->std[channel] : v;
}

static void put_reals(double *restrict y, const double *restrict x,
                      const DataField *field) {
    const size_t C = dataset_channels(field), L = shape_count(dataset_kept(field)) / C;
    for (size_t c = 0; c < C; c++, x += L, y += L)
        for (size_t l = 0; l < L; l++) y[l] = standard(field, c, x[l]);
}

/* What every byte becomes in each channel, [channels, LEVELS]. */
static double *levels_new(Arena *arena, const DataField *field) {
    const size_t C = dataset_channels(field);
    double *level = TAKE(arena, double, C *LEVELS);
    for (size_t c = 0; c < C; c++)
        for (int v = 0; v < LEVELS; v++)
            level[c * LEVELS + (size_t)v] = standard(field, c, v / 255.0);
    return level;
}

static void put_bytes(double *restrict y, const uint8_t *restrict x,
                      const DataField *field, const double *level) {
    const size_t C = dataset_channels(field), L = shape_count(dataset_kept(field)) / C;
    for (size_t c = 0; c < C; c++, x += L, y += L, level += LEVELS)
        for (size_t l = 0; l < L; l++) y[l] = level[x[l]];
}

/* ---- all fields of all samples ---------------------------------------------------- */

/* A field on its way into a batch. */
typedef struct Way {
    const DataField *field;
    size_t kept;    /* values of one sample */
    size_t count;   /* of them when they are handed out */
    double *real;   /* [samples, count] for bytes and reals... */
    double *level;  /* ...of bytes: what each becomes */
    uint8_t *label; /* [samples, count] for labels */
    void *moved;    /* [kept] one sample's values, moved; NULL where they stay */
    double *before; /* [kept] in the size that they are kept in, where that is another */
    double *room;   /* for resize_reals */
} Way;

static Way way_new(Arena *arena, const DataField *field, size_t samples, Grid grid) {
    Way way = {.field = field,
               .kept = shape_count(dataset_kept(field)),
               .count = shape_count(field->shape)};
    if (field->type == DATA_LABELS)
        way.label = TAKE(arena, uint8_t, samples * way.count);
    else
        way.real = TAKE(arena, double, samples *way.count);
    if (field->type == DATA_BYTES) way.level = levels_new(arena, field);
    if (grid.from && lies_on(grid, dataset_kept(field)))
        way.moved = TAKE(arena, double, way.kept);
    if (field->resize && field->type != DATA_LABELS) {
        way.before = TAKE(arena, double, way.kept);
        way.room = TAKE(arena, double, resize_room(field));
    }
    return way;
}

/* The sample's values where they go. */
static const void *move_values(const Way *way, const void *value, Grid grid) {
    if (way->moved == NULL) return value;
    const size_t planes = way->kept / (grid.height * grid.width);
    if (way->field->type == DATA_REALS)
        move_reals(way->moved, value, planes, grid);
    else
        move_bytes(way->moved, value, planes, grid,
                   way->field->type == DATA_LABELS ? DATA_IGNORED : 0);
    return way->moved;
}

static void put_sample(const Way *way, size_t i, const void *value, Grid grid) {
    const DataField *field = way->field;
    const size_t at = i * way->count;
    double *real = way->before ? way->before : way->real + at;
    value = move_values(way, value, grid);
    switch (field->type) {
    case DATA_BYTES:
        put_bytes(real, value, field, way->level);
        break;
    case DATA_REALS:
        put_reals(real, value, field);
        break;
    case DATA_LABELS:
        if (field->resize)
            resize_labels(way->label + at, value, field);
        else
            memcpy(way->label + at, value, way->count);
    }
    if (way->before) resize_reals(way->real + at, way->before, field, way->room);
}

static Shape with_count(size_t count, Shape shape) {
    Shape all = {.rank = shape.rank + 1, .size = {count}};
    REQUIRE(all.rank <= SHAPE_MAX_RANK, "a sample of %zu axes", shape.rank);
    for (size_t a = 0; a < shape.rank; a++) all.size[a + 1] = shape.size[a];
    return all;
}

Batch dataset_batch(Arena *arena, const Dataset *dataset, const Samples *samples,
                    const size_t *index, size_t count, const Augment *augment,
                    uint64_t seed, uint64_t epoch) {
    Batch batch = {.count = count};
    Way way[DATA_MOST_FIELDS];
    const Grid grid = grid_new(arena, dataset_kept(&dataset->field[0]), augment);
    for (size_t k = 0; k < dataset->fields; k++) {
        way[k] = way_new(arena, &dataset->field[k], count, grid);
        batch.shape[k] = with_count(count, dataset->field[k].shape);
        batch.real[k] = way[k].real;
        batch.label[k] = way[k].label;
    }
    for (size_t i = 0; i < count; i++) {
        const size_t s = index[i];
        REQUIRE(s < samples->count, "sample %zu of %zu", s, samples->count);
        if (grid.from) grid_move(grid, draw_move(augment, seed, epoch, samples->id[s]));
        for (size_t k = 0; k < dataset->fields; k++)
            put_sample(&way[k], i, samples->value[k][s], grid);
    }
    return batch;
}
