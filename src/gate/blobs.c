/* Boxes around what has another colour than most of the image: pixels whose colour is farther from the
 * image's median than a threshold, chosen by the task's first metric where samples validate; what is
 * connected is one object, of the class whose objects have the nearest mean colour, and the surer
 * the larger it is. */
#include "boxes.h"
#include "gate.h"
#include "house.h"
#include "real.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { THRESHOLDS = 6, FEWEST = 12 };

/* In units of the channels' standard deviations. */
static const double THRESHOLD[THRESHOLDS] = {0.5, 0.75, 1.0, 1.5, 2.0, 2.5};

typedef struct Blobs {
    double threshold;
    size_t channels;
    double *colour; /* [classes, channels] mean of the training objects' pixels */
} Blobs;

static bool fits(const Task *task, const Dataset *data) {
    return strcmp(task->kind->name, "detect") == 0 && data->field[0].shape.rank == 3 &&
           data->field[0].type != DATA_LABELS;
}

/* ---- what is seen ----------------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
    const double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static double median_of(double *scratch, const double *x, size_t count) {
    memcpy(scratch, x, count * sizeof *x);
    qsort(scratch, count, sizeof *scratch, by_value);
    return scratch[count / 2];
}

/* Whether each pixel of an image [C, L] differs enough. */
static void mark(bool *other, double *scratch, const double *x, const Blobs *blobs,
                 size_t L) {
    double *square = scratch, *sorted = scratch + L;
    memset(square, 0, L * sizeof *square);
    for (size_t c = 0; c < blobs->channels; c++) {
        const double median = median_of(sorted, x + c * L, L);
        for (size_t i = 0; i < L; i++) {
            const double apart = x[c * L + i] - median;
            square[i] += apart * apart;
        }
    }
    for (size_t i = 0; i < L; i++)
        other[i] = square[i] > blobs->threshold * blobs->threshold;
}

/* One connected part. */
typedef struct Blob {
    Box box;
    size_t count;
    double colour[DATA_MOST_FIELDS]; /* sums of the first channels */
} Blob;

enum { MOST_CHANNELS = DATA_MOST_FIELDS };

static void take_pixel(Blob *blob, const double *x, size_t channels, size_t L, size_t at,
                       size_t W) {
    const double column = (double)(at % W), row = (double)(at / W);
    Box *b = &blob->box;
    *b = (Box){fmin(b->left, column), fmin(b->top, row), fmax(b->right, column + 1),
               fmax(b->bottom, row + 1)};
    blob->count++;
    for (size_t c = 0; c < channels; c++) blob->colour[c] += x[c * L + at];
}

/* From one pixel over its four neighbours; what is taken differs no more. */
static Blob flood(bool *other, size_t *stack, const double *x, const Blobs *blobs,
                  size_t at, size_t H, size_t W) {
    Blob blob = {.box = {(double)W, (double)H, 0, 0}};
    size_t count = 0;
    stack[count++] = at;
    other[at] = false;
    while (count > 0) {
        const size_t p = stack[--count], row = p / W, column = p % W;
        const size_t beside[] = {p - W, p + W, p - 1, p + 1};
        const bool inside[] = {row > 0, row + 1 < H, column > 0, column + 1 < W};
        take_pixel(&blob, x, blobs->channels, H * W, p, W);
        for (size_t s = 0; s < COUNT_OF(beside); s++)
            if (inside[s] && other[beside[s]]) {
                other[beside[s]] = false;
                stack[count++] = beside[s];
            }
    }
    return blob;
}

static size_t class_of(const Blob *blob, const Blobs *blobs, size_t classes) {
    size_t best = 0;
    double least = INFINITY;
    for (size_t k = 0; k < classes; k++) {
        double apart = 0;
        for (size_t c = 0; c < blobs->channels; c++) {
            const double d = blob->colour[c] / (double)blob->count -
                             blobs->colour[k * blobs->channels + c];
            apart += d * d;
        }
        if (apart < least) least = apart, best = k;
    }
    return best;
}

/* ---- what is told: a level of one place for each pixel ---------------------------------- */

static void tell_blob(double *z, const Blob *blob, size_t class, size_t classes, size_t H,
                      size_t W) {
    const Box b = blob->box;
    const size_t row = (size_t)((b.top + b.bottom) / 2),
                 column = (size_t)((b.left + b.right) / 2), L = H * W,
                 at = row * W + column;
    const double x = (double)column + 0.5, y = (double)row + 0.5;
    const double far[] = {x - b.left, y - b.top, b.right - x, b.bottom - y};
    const double score = 0.06 + 0.9 * (double)blob->count / (double)L;
    z[class * L + at] = real_log(score / (1 - score)) - BOX_PRIOR;
    for (size_t s = 0; s < BOX_SIDES; s++)
        z[(classes + s) * L + at] = real_log(far[s] / 2);
}

static void tell(const Gate *gate, Tape *tape, const GateAsked *asked, TapeNode **out) {
    const Blobs *blobs = gate->model;
    Arena *arena = tape_arena(tape);
    const Shape *shape = &gate->data->field[gate->task->field].shape;
    const size_t K = gate->task->outputs, classes = K - BOX_SIDES, H = shape->size[0],
                 W = shape->size[1], L = H * W;
    double *z = ZERO(arena, double, asked->count *K *L),
           *scratch = TAKE(arena, double, 2 * L);
    bool *other = TAKE(arena, bool, L);
    size_t *stack = TAKE(arena, size_t, L);
    for (size_t n = 0; n < asked->count; n++) {
        const double *x = asked->batch->real[0] + n * blobs->channels * L;
        mark(other, scratch, x, blobs, L);
        for (size_t p = 0; p < L; p++) {
            if (!other[p]) continue;
            const Blob blob = flood(other, stack, x, blobs, p, H, W);
            if (blob.count >= FEWEST)
                tell_blob(z + n * K * L, &blob, class_of(&blob, blobs, classes), classes,
                          H, W);
        }
    }
    out[0] = tape_leaf(tape, SHAPE_OF(asked->count, K, H, W), z);
}

/* ---- what is learned ---------------------------------------------------------------------- */

/* Mean colours of classes, of all training pixels that have one. */
static void fit_colours(const Gate *gate, Blobs *blobs, Arena *arena) {
    const Dataset *data = gate->data;
    const size_t field = gate->task->field, C = blobs->channels,
                 L = shape_count(data->field[field].shape),
                 classes = gate->task->outputs - BOX_SIDES;
    double *count = ZERO(arena, double, classes);
    blobs->colour = ZERO(arena, double, classes *C);
    for (size_t i = 0; i < data->train.count; i++) {
        const ArenaMark before = arena_mark(arena);
        const Batch batch = dataset_batch(arena, data, &data->train, &i, 1, NULL, 0, 0);
        for (size_t p = 0; p < L; p++) {
            const uint8_t label = batch.label[field][p];
            if (label == 0 || label == DATA_IGNORED) continue;
            count[label - 1] += 1;
            for (size_t c = 0; c < C; c++)
                blobs->colour[(label - (size_t)1) * C + c] += batch.real[0][c * L + p];
        }
        arena_rewind(arena, before);
    }
    for (size_t k = 0; k < classes * C; k++) blobs->colour[k] /= fmax(count[k / C], 1);
}

static void fit(Gate *gate, Arena *arena) {
    Blobs *blobs = TAKE(arena, Blobs, 1), *tried = TAKE(arena, Blobs, 1);
    const size_t channels = gate->data->field[0].shape.size[0];
    double metric[TASK_MOST_METRICS], best = -1;
    *tried = (Blobs){.channels = channels < MOST_CHANNELS ? channels : MOST_CHANNELS};
    fit_colours(gate, tried, arena);
    *blobs = *tried;
    for (size_t i = 0; i < THRESHOLDS; i++) {
        Gate one = *gate;
        one.model = tried;
        tried->threshold = THRESHOLD[i];
        gate_judge(&one, &gate->data->val, metric, NULL);
        if (metric[0] > best) best = metric[0], *blobs = *tried;
    }
    gate->model = blobs;
}

const GateKind gate_blobs = {.name = "blobs",
                             .title = "boxes around other colours than most",
                             .fits = fits,
                             .fit = fit,
                             .tell = tell};
