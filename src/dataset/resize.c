/* Samples in another size than they are kept in, made when they are handed out.
 *
 * Each axis by itself, pixels being squares of one size with their centres half a pixel in:
 * larger by linear interpolation between centres (at the border the last one), smaller by exact
 * area averaging, every pixel by the part of it that lies in the new one, so that no pixel is
 * passed over. That is OpenCV's INTER_LINEAR and INTER_AREA; PyTorch's interpolate has the first
 * as mode=bilinear, align_corners=False. Labels are those of the pixel in which the new centre
 * lies. */
#include "source.h"

#include <string.h>

enum { LARGEST_SIDE = 1024 };

/* y[i] = sum of weight[i * most + k] x[first[i] + k] over k < count[i]. */
typedef struct Axis {
    size_t from, to, most;
    size_t *first, *count; /* [to] */
    double *weight;        /* [to, most] */
    size_t *nearest;       /* [to] */
} Axis;

struct DataResize {
    Shape kept;
    Axis rows, columns;
};

/* ---- one axis ---------------------------------------------------------------------- */

/* The centre of i lies at (2 i + 1) from / (2 to) - 1/2, in whole numbers of 1 / (2 to). */
static void interpolate(Axis *axis, size_t i) {
    const size_t unit = 2 * axis->to, centre = (2 * i + 1) * axis->from;
    const size_t at = centre > axis->to ? centre - axis->to : 0, last = axis->from - 1;
    const double part = (double)(at % unit) / (double)unit;
    const bool inside = at / unit < last && part > 0.0;
    axis->first[i] = at / unit < last ? at / unit : last;
    axis->count[i] = inside ? 2 : 1;
    axis->weight[i * axis->most] = inside ? 1.0 - part : 1.0;
    if (inside) axis->weight[i * axis->most + 1] = part;
}

/* From i `from` to (i + 1) `from`, where pixel j goes from j `to` to (j + 1) `to`. */
static void average(Axis *axis, size_t i) {
    const size_t begin = i * axis->from, end = begin + axis->from;
    const size_t first = begin / axis->to;
    size_t j = first;
    for (; j * axis->to < end; j++) {
        const size_t left = j * axis->to, right = left + axis->to;
        const size_t inside = (right < end ? right : end) - (left > begin ? left : begin);
        axis->weight[i * axis->most + j - first] = (double)inside / (double)axis->from;
    }
    axis->first[i] = first;
    axis->count[i] = j - first;
}

static Axis axis_new(Arena *arena, size_t from, size_t to) {
    Axis axis = {.from = from,
                 .to = to,
                 .most = from / to + 2,
                 .first = TAKE(arena, size_t, to),
                 .count = TAKE(arena, size_t, to),
                 .nearest = TAKE(arena, size_t, to)};
    axis.weight = TAKE(arena, double, to *axis.most);
    for (size_t i = 0; i < to; i++) {
        axis.nearest[i] = (2 * i + 1) * from / (2 * to);
        if (to < from)
            average(&axis, i);
        else
            interpolate(&axis, i);
    }
    return axis;
}

/* y[to, wide] = x[from, wide] along the first of both. */
static void along_rows(double *restrict y, const double *restrict x, const Axis *axis,
                       size_t wide) {
    for (size_t i = 0; i < axis->to; i++, y += wide) {
        const double *weight = axis->weight + i * axis->most;
        memset(y, 0, wide * sizeof *y);
        for (size_t k = 0; k < axis->count[i]; k++) {
            const double *row = x + (axis->first[i] + k) * wide;
            for (size_t w = 0; w < wide; w++) y[w] += weight[k] * row[w];
        }
    }
}

/* y[high, to] = x[high, from] along the second. */
static void along_columns(double *restrict y, const double *restrict x, const Axis *axis,
                          size_t high) {
    for (size_t h = 0; h < high; h++, x += axis->from)
        for (size_t i = 0; i < axis->to; i++) {
            const double *weight = axis->weight + i * axis->most;
            double sum = 0.0;
            for (size_t k = 0; k < axis->count[i]; k++)
                sum += weight[k] * x[axis->first[i] + k];
            *y++ = sum;
        }
}

/* y[planes, rows->to, columns->to] of x[planes, rows->from, columns->from]; room for one plane
 * of which the columns are done. */
static void along_both(double *y, const double *x, size_t planes, const Axis *rows,
                       const Axis *columns, double *room) {
    const size_t from = rows->from * columns->from, to = rows->to * columns->to;
    for (size_t k = 0; k < planes; k++, x += from, y += to) {
        along_columns(room, x, columns, rows->from);
        along_rows(y, room, rows, columns->to);
    }
}

void resize_planes(Arena *scratch, double *y, const double *x, size_t planes,
                   const size_t from[2], const size_t to[2]) {
    const ArenaMark mark = arena_mark(scratch);
    const Axis rows = axis_new(scratch, from[0], to[0]),
               columns = axis_new(scratch, from[1], to[1]);
    along_both(y, x, planes, &rows, &columns, TAKE(scratch, double, from[0] * to[1]));
    arena_rewind(scratch, mark);
}

/* ---- samples ------------------------------------------------------------------------ */

Shape dataset_kept(const DataField *field) {
    return field->resize ? field->resize->kept : field->shape;
}

size_t resize_room(const DataField *field) {
    return field->resize->rows.from * field->resize->columns.to;
}

void resize_reals(double *y, const double *x, const DataField *field, double *room) {
    const Axis *rows = &field->resize->rows, *columns = &field->resize->columns;
    const size_t planes = shape_count(field->shape) / (rows->to * columns->to);
    along_both(y, x, planes, rows, columns, room);
}

void resize_labels(uint8_t *y, const uint8_t *x, const DataField *field) {
    const Axis *rows = &field->resize->rows, *columns = &field->resize->columns;
    const size_t to = rows->to * columns->to;
    const size_t planes = shape_count(field->shape) / to;
    for (size_t k = 0; k < planes; k++, x += rows->from * columns->from)
        for (size_t h = 0; h < rows->to; h++)
            for (size_t w = 0; w < columns->to; w++)
                *y++ = x[rows->nearest[h] * columns->from + columns->nearest[w]];
}

/* Its last two axes are the input's rows and columns. */
static bool lies_on(Shape shape, Shape input) {
    return shape.rank >= 2 && shape.size[shape.rank - 2] == input.size[1] &&
           shape.size[shape.rank - 1] == input.size[2];
}

const Dataset *dataset_resized(Arena *arena, const Dataset *dataset, size_t height,
                               size_t width, BaseError *error) {
    const Shape input = dataset_kept(&dataset->field[0]);
    Dataset *resized = TAKE(arena, Dataset, 1);
    *resized = *dataset;
    if (input.rank != 3) {
        base_fail(error, EX_USAGE, 0, "the %s of %s is no image", dataset->field[0].name,
                  dataset->name);
        return NULL;
    }
    if (height < 1 || width < 1 || height > LARGEST_SIDE || width > LARGEST_SIDE) {
        base_fail(error, EX_USAGE, 0, "sides of 1 to %d pixels are expected",
                  LARGEST_SIDE);
        return NULL;
    }
    for (size_t k = 0; k < dataset->fields; k++) {
        DataField *field = &resized->field[k];
        const Shape kept = dataset_kept(field);
        if (!lies_on(kept, input)) continue;
        DataResize *resize = TAKE(arena, DataResize, 1);
        *resize = (DataResize){kept, axis_new(arena, input.size[1], height),
                               axis_new(arena, input.size[2], width)};
        field->resize = resize;
        field->shape.size[field->shape.rank - 2] = height;
        field->shape.size[field->shape.rank - 1] = width;
    }
    return resized;
}
