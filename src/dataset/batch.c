/* Bytes to standardized doubles, mirrored and moved if asked. What happens to an image
 * depends on (seed, epoch, image) and never on the batch around it: any number of workers
 * draws alike.
 */
#include "dataset.h"

enum { LEVELS = 256 }; /* values of a byte */

/* What happens to one image: y[h][w] = x[h - down][w - right], x mirrored first. */
typedef struct Move {
    bool mirror;
    ptrdiff_t down, right; /* pixels */
} Move;

static ptrdiff_t draw_shift(Draw draw, uint64_t index, size_t most) {
    return (ptrdiff_t)draw_below(draw, index, 2 * most + 1) - (ptrdiff_t)most;
}

//> augment
static Move draw_move(const Augment *augment, uint64_t seed, uint64_t epoch,
                      uint32_t id) {
    Draw flip = {seed, DRAW_FLIP, epoch, id}, shift = {seed, DRAW_SHIFT, epoch, id};
    return (Move){.mirror = augment->flip && draw_below(flip, 0, 2) == 1,
                  .down = draw_shift(shift, 0, augment->shift),
                  .right = draw_shift(shift, 1, augment->shift)};
}
//< augment

/* What a byte becomes: (v / 255 - mean) / std. */
static void level_table(double level[LEVELS], double mean, double std) {
    for (int v = 0; v < LEVELS; v++) level[v] = (v / 255.0 - mean) / std;
}

static void plain_plane(double *restrict y, const uint8_t *restrict x, size_t count,
                        const double level[LEVELS]) {
    for (size_t p = 0; p < count; p++) y[p] = level[x[p]];
}

static void moved_plane(double *restrict y, const uint8_t *restrict x, size_t height,
                        size_t width, Move move, const double level[LEVELS]) {
    ptrdiff_t H = (ptrdiff_t)height, W = (ptrdiff_t)width;
    for (ptrdiff_t h = 0; h < H; h++) {
        ptrdiff_t from = h - move.down;
        for (ptrdiff_t w = 0; w < W; w++) {
            ptrdiff_t column = w - move.right;
            bool inside = from >= 0 && from < H && column >= 0 && column < W;
            if (move.mirror) column = W - 1 - column;
            y[h * W + w] =
                level[inside ? x[from * W + column] : 0]; /* outside is black */
        }
    }
}

void dataset_batch(double *x, uint8_t *label, const Dataset *dataset,
                   const Images *images, const size_t *index, size_t count,
                   const Augment *augment, uint64_t seed, uint64_t epoch) {
    size_t height = dataset->height, width = dataset->width, plane = height * width;
    bool moves = augment != NULL && (augment->flip || augment->shift > 0);
    double level[DATASET_MAX_CHANNELS][LEVELS];
    REQUIRE(!moves || (augment->shift < height && augment->shift < width),
            "a shift by %zu leaves nothing of %zu x %zu", augment->shift, height, width);
    for (size_t c = 0; c < dataset->channels; c++)
        level_table(level[c], dataset->mean[c], dataset->std[c]);
    for (size_t i = 0; i < count; i++) {
        REQUIRE(index[i] < images->count, "image %zu of %zu", index[i], images->count);
        const uint8_t *pixel = images->pixel[index[i]];
        Move move = {0};
        if (moves) move = draw_move(augment, seed, epoch, images->id[index[i]]);
        label[i] = images->label[index[i]];
        for (size_t c = 0; c < dataset->channels; c++, x += plane, pixel += plane) {
            if (moves)
                moved_plane(x, pixel, height, width, move, level[c]);
            else
                plain_plane(x, pixel, plane, level[c]);
        }
    }
}
