/* Which places of a level have which object, and what is seen there. */
#include "places.h"
#include "house.h"

#include <math.h>

static const double RADIUS = 1.5, LONGEST = 6.0;

void places_see(Seen *seen, const Task *task, const Batch *batch, size_t n) {
    const Shape shape = batch->shape[task->field];
    const size_t L = shape.size[1] * shape.size[2];
    seen->height = shape.size[1], seen->width = shape.size[2];
    seen->object = batch->label[task->beside] + n * L;
    seen->mask = batch->label[task->field] + n * L;
    seen->count =
        boxes_there(seen->thing, seen->object, seen->mask, seen->height, seen->width);
}

/* The level whose places are fine enough for it, and no finer than need be. */
static size_t level_for(const BoxLevel *level, size_t levels, Box box) {
    const double longer = fmax(box.right - box.left, box.bottom - box.top);
    size_t best = 0, coarsest = 0;
    bool fits = false;
    for (size_t k = 0; k < levels; k++) {
        const double place = fmax(level[k].tall, level[k].wide);
        if (place > fmax(level[coarsest].tall, level[coarsest].wide)) coarsest = k;
        if (longer <= LONGEST * place &&
            (!fits || place < fmax(level[best].tall, level[best].wide)))
            best = k, fits = true;
    }
    return fits ? best : coarsest;
}

//> positive
static bool is_positive(const BoxLevel *level, size_t place, Box box) {
    const double x = box_centre_x(level, place), y = box_centre_y(level, place),
                 right = fabs(x - (box.left + box.right) / 2.0) / level->wide,
                 down = fabs(y - (box.top + box.bottom) / 2.0) / level->tall;
    const bool inside = x > box.left && x < box.right && y > box.top && y < box.bottom;
    return (right <= 0.5 && down <= 0.5) || (inside && right <= RADIUS && down <= RADIUS);
}
//< positive

static double area_of(Box box) {
    return (box.right - box.left) * (box.bottom - box.top);
}

/* The pixel under a place has no class. */
static bool is_unasked(const Seen *seen, const BoxLevel *level, size_t place) {
    const size_t at = (size_t)box_centre_y(level, place) * seen->width +
                      (size_t)box_centre_x(level, place);
    return seen->mask[at] == DATA_IGNORED || seen->object[at] == DATA_IGNORED;
}

void places_mark(int *has, const Seen *seen, const BoxLevel *level, size_t levels,
                 size_t k) {
    const size_t L = level[k].rows * level[k].columns;
    for (size_t p = 0; p < L; p++)
        has[p] = is_unasked(seen, &level[k], p) ? PLACE_UNASKED : PLACE_EMPTY;
    for (size_t i = 0; i < seen->count; i++) {
        const Box box = seen->thing[i].box;
        if (level_for(level, levels, box) != k) continue;
        for (size_t p = 0; p < L; p++)
            if (has[p] != PLACE_UNASKED && is_positive(&level[k], p, box) &&
                (has[p] < 0 || area_of(box) < area_of(seen->thing[has[p]].box)))
                has[p] = (int)i;
    }
}
