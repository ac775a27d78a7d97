/* Softmax regression of each pixel by itself: on the 3 x 3 pixels around it in every channel (what
 * lies outside is the mean), its row and column, and the products of these two and of each
 * with the pixel. */
#include "gate.h"
#include "house.h"

#include <string.h>

enum {
    AROUND = 9,
    PLACE = 5,
    OWN = 3
}; /* of each channel, of the pixel, of each channel */

/* Pixels that are learned from, every k-th; few beside their number, and many beside that of the
 * weights, of which the decay is as good as none. */
enum { MOST_PIXELS = 20000, MOST_STEPS = 2000 };
static const double DECAY = 1e-5, FLAT = 1e-5;

static bool fits(const Task *task, const Dataset *data) {
    const DataField *image = &data->field[0];
    return strcmp(task->kind->name, "segment") == 0 && image->type != DATA_LABELS &&
           image->shape.rank == 3;
}

static size_t width_of(const Dataset *data) {
    return dataset_channels(&data->field[0]) * (AROUND + OWN) + PLACE;
}

/* x [C, H, W] around (r, c): to[width]. */
static void see(double *to, const double *x, size_t C, size_t H, size_t W, size_t r,
                size_t c) {
    const double row = H > 1 ? 2.0 * (double)r / (double)(H - 1) - 1 : 0,
                 column = W > 1 ? 2.0 * (double)c / (double)(W - 1) - 1 : 0;
    const double place[PLACE] = {row, column, row * row, row * column, column * column};
    for (size_t k = 0; k < C; k++) {
        const double own = x[(k * H + r) * W + c];
        for (size_t i = 0; i < AROUND; i++) {
            const size_t y = r + i / 3, z = c + i % 3; /* from 1 */
            const bool in = y >= 1 && y <= H && z >= 1 && z <= W;
            *to++ = in ? x[(k * H + y - 1) * W + z - 1] : 0;
        }
        *to++ = own * own, *to++ = own * row, *to++ = own * column;
    }
    memcpy(to, place, sizeof place);
}

/* So that few enough are seen, and of all columns. */
static size_t step_of(size_t pixels, size_t W) {
    size_t step = (pixels + MOST_PIXELS - 1) / MOST_PIXELS;
    for (size_t a = 0; a != 1; step += a != 1) {
        a = step;
        for (size_t b = W, rest; b > 0; a = b, b = rest) rest = a % b;
    }
    return step;
}

/* Every step-th pixel of the source's samples in a row, of those that train and have a class. */
static GateRows rows_of(Arena *arena, const Gate *gate) {
    const Dataset *data = gate->data;
    const Shape *image = &data->field[0].shape;
    const size_t C = image->size[0], H = image->size[1], W = image->size[2], L = H * W,
                 width = width_of(data), pixels = data->train.count * L,
                 step = step_of(pixels, W);
    const size_t most = data->train.count * (L / step + 1);
    uint8_t *label = TAKE(arena, uint8_t, most);
    GateRows rows = {0, width, TAKE(arena, double, most *width), label};
    for (size_t i = 0; i < data->train.count; i++) {
        const ArenaMark mark = arena_mark(arena);
        const Batch one = dataset_batch(arena, data, &data->train, &i, 1, NULL, 0, 0);
        const size_t first = (size_t)data->train.id[i] * L % step;
        for (size_t p = first ? step - first : 0; p < L; p += step) {
            const uint8_t is = one.label[gate->task->field][p];
            if (is == DATA_IGNORED) continue;
            see(rows.x + rows.count * width, one.real[0], C, H, W, p / W, p % W);
            label[rows.count++] = is;
        }
        arena_rewind(arena, mark);
    }
    return rows;
}

static void fit(Gate *gate, Arena *arena) {
    Arena *scratch = arena_new();
    const size_t K = gate->task->outputs;
    const GateRows rows = rows_of(scratch, gate);
    GateRegression own = gate_regression(scratch, &rows, K);
    own.weights = ZERO(arena, double, K *(rows.width + 1));
    gate->model = own.weights;
    gate->decay = own.decay = DECAY;
    if (rows.count > 0) gate->slope = gate_regress(&own, FLAT, MOST_STEPS);
    arena_free(scratch);
}

static void tell(const Gate *gate, Tape *tape, const GateAsked *asked, TapeNode **out) {
    Arena *arena = tape_arena(tape);
    const Shape *image = &gate->data->field[0].shape;
    const size_t C = image->size[0], H = image->size[1], W = image->size[2], L = H * W,
                 K = gate->task->outputs, width = width_of(gate->data);
    double *z = TAKE(arena, double, asked->count *K *L),
           *x = TAKE(arena, double, L *width);
    for (size_t n = 0; n < asked->count; n++) {
        for (size_t p = 0; p < L; p++)
            see(x + p * width, asked->batch->real[0] + n * C * L, C, H, W, p / W, p % W);
        gate_logits(z + n * K * L, gate->model, x, K, L, width);
    }
    out[0] = tape_leaf(tape, SHAPE_OF(asked->count, K, H, W), z);
}

const GateKind gate_pixels = {
    .name = "pixels",
    .title = "softmax regression of pixels on their neighbours and place",
    .fits = fits,
    .fit = fit,
    .tell = tell};
