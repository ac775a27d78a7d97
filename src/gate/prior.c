/* A box in the place of every object: of each class as large as its objects are on average, wherever they
 * are, told the surer the more of the training objects have their centre there. */
#include "boxes.h"
#include "gate.h"
#include "house.h"
#include "real.h"

#include <math.h>
#include <string.h>

/* Places along a side. */
enum { PLACES = 8, ALL = PLACES * PLACES };

static bool fits(const Task *task, const Dataset *data) {
    (void)data;
    return strcmp(task->kind->name, "detect") == 0;
}

/* Sums of one class. */
typedef struct OfClass {
    double count, wide, tall, centre[ALL];
} OfClass;

static size_t place_along(double at, size_t size) {
    const size_t place = (size_t)(at * PLACES / (double)size);
    return place < PLACES ? place : PLACES - 1;
}

static void add_thing(OfClass *of, const Thing *thing, size_t height, size_t width) {
    const Box b = thing->box;
    const size_t row = place_along((b.top + b.bottom) / 2, height),
                 column = place_along((b.left + b.right) / 2, width);
    of->count += 1;
    of->wide += b.right - b.left, of->tall += b.bottom - b.top;
    of->centre[row * PLACES + column] += 1;
}

static void fit(Gate *gate, Arena *arena) {
    const Samples *train = &gate->data->train;
    const Shape *shape = &gate->data->field[gate->task->field].shape;
    const size_t classes = gate->task->outputs - BOX_SIDES, H = shape->size[0],
                 W = shape->size[1];
    OfClass *of = ZERO(arena, OfClass, classes);
    Thing thing[DATA_MOST_CLASSES];
    for (size_t i = 0; i < train->count; i++) {
        const size_t count = boxes_there(thing, train->value[gate->task->beside][i],
                                         train->value[gate->task->field][i], H, W);
        for (size_t k = 0; k < count; k++)
            add_thing(&of[thing[k].class], &thing[k], H, W);
    }
    gate->model = of;
}

static double most_of(const OfClass *of, size_t classes) {
    double most = 1;
    for (size_t k = 0; k < classes; k++)
        for (size_t p = 0; p < ALL; p++) most = fmax(most, of[k].centre[p]);
    return most;
}

/* By the class that most objects at a place have: a place has one box. */
static void tell_place(double *z, const OfClass *of, size_t classes, size_t place,
                       double tall, double wide, double most) {
    size_t best = 0;
    for (size_t k = 0; k < classes; k++) {
        const double score = 0.05 + 0.9 * of[k].centre[place] / most;
        z[k * ALL + place] = real_log(score / (1 - score)) - BOX_PRIOR;
        if (of[k].centre[place] > of[best].centre[place]) best = k;
    }
    const double count = fmax(of[best].count, 1),
                 half[2] = {of[best].wide / count / 2, of[best].tall / count / 2};
    for (size_t s = 0; s < BOX_SIDES; s++)
        z[(classes + s) * ALL + place] =
            real_log(fmax(half[s % 2], 1e-3) / (2 * (s % 2 ? tall : wide)));
}

static void tell(const Gate *gate, Tape *tape, const GateAsked *asked, TapeNode **out) {
    const OfClass *of = gate->model;
    const size_t K = gate->task->outputs, classes = K - BOX_SIDES;
    const Shape *shape = &gate->data->field[gate->task->field].shape;
    const double most = most_of(of, classes);
    double *z = TAKE(tape_arena(tape), double, asked->count *K *ALL);
    for (size_t p = 0; p < ALL; p++)
        tell_place(z, of, classes, p, (double)shape->size[0] / PLACES,
                   (double)shape->size[1] / PLACES, most);
    for (size_t n = 1; n < asked->count; n++)
        memcpy(z + n * K * ALL, z, K * ALL * sizeof *z);
    out[0] = tape_leaf(tape, SHAPE_OF(asked->count, K, PLACES, PLACES), z);
}

const GateKind gate_prior = {.name = "prior",
                             .title = "boxes where objects mostly are",
                             .fits = fits,
                             .fit = fit,
                             .tell = tell};
