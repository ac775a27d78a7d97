/* Which axes of a tensor in IN and OUT are samples, channels and positions, and the one
 * permutation between those and the lattice [N, C, L] that a normalizer sees. */
#include "apply.h"

#include <string.h>

/* ---- words ------------------------------------------------------------------------- */

/* "0,-1", or "none". */
static AxisList read_list(const Call *call, const char *option) {
    AxisList list = {.option = option, .text = call_option(call, option)};
    if (list.text == NULL || strcmp(list.text, "none") == 0) return list;
    for (const char *word = list.text, *end; word; word = *end ? end + 1 : NULL) {
        end = word + strcspn(word, ",");
        const bool back = *word == '-';
        size_t axis = 0;
        const char *digits =
            text_copy(call->arena, word + back, (size_t)(end - word) - back);
        if (!text_to_count(digits, &axis) || (back && axis == 0) || axis > 1000)
            die(EX_USAGE,
                "%s %s: axes of /x are expected, such as 0 or 1,2 (from the end: -1), or "
                "none",
                option, list.text);
        if (list.count == SHAPE_MAX_RANK)
            die(EX_USAGE, "%s %s: more than %d axes", option, list.text, SHAPE_MAX_RANK);
        list.axis[list.count++] = back ? -(ptrdiff_t)axis : (ptrdiff_t)axis;
    }
    return list;
}

static bool read_channels_last(const Call *call) {
    static const char *const names[] = {"channels-first", "channels-last"};
    static const Choice layouts = CHOICE(names);
    return call_choice(call, "--layout", &layouts) == 1;
}

Axes apply_axes(const Call *call) {
    Axes axes = {.last = read_channels_last(call),
                 .list = {read_list(call, "--samples"), read_list(call, "--channels")}};
    if (axes.last && axes.list[1].text)
        die(EX_USAGE,
            "--layout channels-last says which axis the channels are; and so "
            "does --channels %s",
            axes.list[1].text);
    for (size_t i = 0; i < COUNT_OF(axes.list); i++)
        if (axes.list[i].text == NULL)
            axes.list[i].axis[axes.list[i].count++] = i == 0 ? 0 : axes.last ? -1 : 1;
    return axes;
}

/* ---- axes of one x ------------------------------------------------------------------ */

/* "axis 1 is of --samples and, unless --channels says another, of the channels". */
static _Noreturn void refuse_twice(const Axes *axes, size_t axis, size_t first,
                                   size_t second) {
    const AxisList *a = &axes->list[first], *b = &axes->list[second];
    static const char *const whose[] = {"the samples", "the channels"};
    if (first == second)
        die(EX_USAGE, "%s %s: axis %zu is there twice", b->option, b->text, axis);
    if (a->text && b->text)
        die(EX_USAGE, "%s %s and %s %s: axis %zu is in both", a->option, a->text,
            b->option, b->text, axis);
    const size_t said = a->text ? first : second, other = first + second - said;
    die(EX_USAGE, "%s %s: axis %zu is %s unless %s says another", axes->list[said].option,
        axes->list[said].text, axis, whose[other], axes->list[other].option);
}

static size_t axis_in(const Job *job, const AxisList *list, size_t i) {
    const size_t rank = job->given.rank;
    const ptrdiff_t said = list->axis[i], axis = said < 0 ? said + (ptrdiff_t)rank : said;
    if (axis < 0 || axis >= (ptrdiff_t)rank)
        die(EX_USAGE, "%s %s: /x has axes 0 to %zu, its shape is %s", list->option,
            list->text, rank - 1, shape_text(job->arena, job->given));
    return (size_t)axis;
}

/* Sizes of `count` axes from place `first` of the order on. */
static Shape sizes_of(const Job *job, size_t first, size_t count) {
    Shape shape = {.rank = count};
    for (size_t i = 0; i < count; i++)
        shape.size[i] = job->given.size[job->axes.order[first + i]];
    return shape;
}

Shape apply_shape_of(const Job *job, AxisRole role) {
    const size_t samples = job->axes.list[0].count, channels = job->axes.list[1].count;
    if (role == AXIS_SAMPLES) return sizes_of(job, 0, samples);
    if (role == AXIS_CHANNELS) return sizes_of(job, samples, channels);
    return sizes_of(job, samples + channels, job->given.rank - samples - channels);
}

void apply_place_axes(Job *job) {
    Axes *axes = &job->axes;
    size_t places = 0, whose[SHAPE_MAX_RANK];
    bool taken[SHAPE_MAX_RANK] = {false};
    for (size_t k = 0; k < COUNT_OF(axes->list); k++)
        for (size_t i = 0; i < axes->list[k].count; i++) {
            const size_t axis = axis_in(job, &axes->list[k], i);
            if (taken[axis]) refuse_twice(axes, axis, whose[axis], k);
            taken[axis] = true, whose[axis] = k;
            axes->order[places++] = axis;
        }
    for (size_t axis = 0; axis < job->given.rank; axis++)
        if (!taken[axis]) axes->order[places++] = axis;
    const Shape at = apply_shape_of(job, AXIS_POSITIONS);
    job->shape = SHAPE_OF(shape_count(apply_shape_of(job, AXIS_SAMPLES)),
                          shape_count(apply_shape_of(job, AXIS_CHANNELS)));
    if (job->shape.rank + at.rank > SHAPE_MAX_RANK) {
        job->shape.size[job->shape.rank++] = shape_count(at);
    } else {
        for (size_t i = 0; i < at.rank; i++)
            job->shape.size[job->shape.rank++] = at.size[i];
    }
}

/* ---- the permutation ---------------------------------------------------------------- */

/* out[i0, i1, ...] = in[i0 stride0 + i1 stride1 + ...], out of that shape. */
static const double *gathered(Arena *arena, const double *in, Shape shape,
                              const size_t *stride) {
    const size_t count = shape_count(shape), inner = shape.size[shape.rank - 1];
    double *out = TAKE(arena, double, count);
    size_t at[SHAPE_MAX_RANK] = {0}, from = 0;
    for (size_t i = 0; i < count; i += inner) {
        for (size_t k = 0; k < inner; k++)
            out[i + k] = in[from + k * stride[shape.rank - 1]];
        for (size_t axis = shape.rank - 1; axis-- > 0;) {
            from += stride[axis];
            if (++at[axis] < shape.size[axis]) break;
            from -= at[axis] * stride[axis], at[axis] = 0;
        }
    }
    return out;
}

/* Of a row-major tensor of that shape, times one element. */
static void strides(size_t *stride, Shape shape) {
    for (size_t axis = shape.rank, step = 1; axis-- > 0; step *= shape.size[axis])
        stride[axis] = step;
}

static bool in_order(const Job *job) {
    for (size_t i = 0; i < job->given.rank; i++)
        if (job->axes.order[i] != i) return false;
    return true;
}

const double *apply_seen(const Job *job, const double *given) {
    size_t stride[SHAPE_MAX_RANK], own[SHAPE_MAX_RANK];
    if (in_order(job)) return given;
    strides(own, job->given);
    for (size_t i = 0; i < job->given.rank; i++) stride[i] = own[job->axes.order[i]];
    return gathered(job->arena, given, sizes_of(job, 0, job->given.rank), stride);
}

const double *apply_layout(const Job *job, const double *seen) {
    size_t stride[SHAPE_MAX_RANK], own[SHAPE_MAX_RANK];
    if (in_order(job)) return seen;
    strides(own, sizes_of(job, 0, job->given.rank));
    for (size_t i = 0; i < job->given.rank; i++) stride[job->axes.order[i]] = own[i];
    return gathered(job->arena, seen, job->given, stride);
}
