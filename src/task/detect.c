/* Boxes and classes of the objects in an image, from maps of one or several levels that say at every
 * place how likely an object of each class has its centre there, and how far its sides are; places.h
 * says which places have which object.
 *
 * The loss of a sample is the sum of focal losses of all classes at all places (alpha 0.25, gamma 2:
 * Lin et al. 2017), over the number of places that have an object, and the mean over those of
 * 1 - GIoU (Rezatofighi et al. 2019). So it does not depend on the batch around it.
 *
 * FCOS's third branch, centre-ness, is left out: with centre sampling few places are far from it. */
#include "boxes.h"
#include "house.h"
#include "places.h"
#include "precision.h"

#include <math.h>

static const double ALPHA = 0.25;

static bool find(Task *task, const Dataset *data, BaseError *error) {
    const DataField *object = task_want(task, data, "object", DATA_LABELS, 2, error);
    if (object == NULL || !task_on_input(data, object, error)) return false;
    const size_t beside = task->field;
    const DataField *mask = task_want(task, data, "mask", DATA_LABELS, 2, error);
    if (mask == NULL || !task_on_input(data, mask, error)) return false;
    task->beside = beside;
    if (mask->classes < 2)
        return base_fail(error, EX_USAGE, 0,
                         "has a field 'mask' of one class, which is none");
    task->outputs = mask->classes - 1 + BOX_SIDES;
    task->tallies = precision_tallies(mask->classes - 1);
    return true;
}

static bool accepts(const Task *task, const Net *net, BaseError *error) {
    for (size_t k = 0; k < net->outputs; k++) {
        const Shape *shape = &net->output[k].shape;
        if (shape->rank != 3 || shape->size[0] != task->outputs)
            return base_fail(error, EX_USAGE, 0,
                             "gives %zu numbers on %zu axes; %zu on 3 are expected",
                             shape->size[0], shape->rank, task->outputs);
    }
    return true;
}

/* ---- the loss ---------------------------------------------------------------------------- */

/* Places that have an object, of all samples on one level, and what they should tell. */
typedef struct Positives {
    size_t count;
    size_t *at[BOX_SIDES]; /* [count] places of the four numbers in the level's output */
    double *unit[BOX_SIDES]; /* [count] of a distance's 1, in pixels */
    double *
        wanted[BOX_SIDES]; /* [count] distances, negative where the centre lies outside */
    double *among;         /* [count] samples x places with an object of its sample */
} Positives;

/* One level in a loss. */
typedef struct Part {
    BoxLevel level;
    size_t places;
    double *
        sign; /* [N, classes, places] 1 where the class is there, -1 where not; 0: not asked */
    double *share; /* [N, classes, places] of the focal loss; 0 where nothing is asked */
    Positives positive;
} Part;

static Part part_new(Arena *arena, BoxLevel level, size_t N) {
    const size_t L = level.rows * level.columns, all = N * level.classes * L;
    Part part = {.level = level,
                 .places = L,
                 .sign = TAKE(arena, double, all),
                 .share = TAKE(arena, double, all)};
    for (size_t s = 0; s < BOX_SIDES; s++) {
        part.positive.at[s] = TAKE(arena, size_t, N * L);
        part.positive.unit[s] = TAKE(arena, double, N *L);
        part.positive.wanted[s] = TAKE(arena, double, N *L);
    }
    part.positive.among = TAKE(arena, double, N *L);
    return part;
}

static void add_positive(Part *part, size_t n, size_t place, Box box, double among) {
    const BoxLevel *level = &part->level;
    Positives *to = &part->positive;
    const size_t i = to->count++,
                 first = n * (level->classes + BOX_SIDES) + level->classes;
    const double x = box_centre_x(level, place), y = box_centre_y(level, place);
    const double wanted[BOX_SIDES] = {x - box.left, y - box.top, box.right - x,
                                      box.bottom - y};
    for (size_t s = 0; s < BOX_SIDES; s++) {
        to->at[s][i] = (first + s) * part->places + place;
        to->unit[s][i] = 2.0 * (s % 2 ? level->tall : level->wide);
        to->wanted[s][i] = wanted[s];
    }
    to->among[i] = among;
}

/* Sample n on one level; `own` of its places have an object, N samples. */
static void fill_part(Part *part, const Seen *seen, const int *has, size_t n, size_t N,
                      size_t own) {
    const size_t K = part->level.classes, L = part->places;
    const double among = (double)N * (double)(own > 0 ? own : 1);
    for (size_t p = 0; p < L; p++) {
        for (size_t k = 0; k < K; k++) {
            const bool there = has[p] >= 0 && seen->thing[has[p]].class == k;
            const size_t at = (n * K + k) * L + p;
            part->sign[at] = has[p] == PLACE_UNASKED ? 0.0 : there ? 1.0 : -1.0;
            part->share[at] = has[p] == PLACE_UNASKED ? 0.0
                              : there                 ? ALPHA / among
                                                      : (1.0 - ALPHA) / among;
        }
        if (has[p] >= 0) add_positive(part, n, p, seen->thing[has[p]].box, among);
    }
}

static void fill_parts(Arena *arena, Part *part, const Task *task, const Batch *batch) {
    const size_t N = batch->count;
    Seen *seen = TAKE(arena, Seen, 1);
    BoxLevel level[NET_MOST_ENDS];
    int *has[NET_MOST_ENDS];
    for (size_t k = 0; k < task->ends; k++) {
        level[k] = part[k].level;
        has[k] = TAKE(arena, int, part[k].places);
    }
    for (size_t n = 0; n < N; n++) {
        size_t own = 0;
        places_see(seen, task, batch, n);
        for (size_t k = 0; k < task->ends; k++) {
            places_mark(has[k], seen, level, task->ends, k);
            for (size_t p = 0; p < part[k].places; p++) own += has[k][p] >= 0;
        }
        for (size_t k = 0; k < task->ends; k++)
            fill_part(&part[k], seen, has[k], n, N, own);
    }
}

/* -alpha (1 - p)^2 log p of what is there, p = sigmoid(z); of what is not the same of -z. The logarithm is
 * -relu(-u) - log(1 + exp(-|u|)), which no u leaves without digits. */
static TapeNode *focal(Tape *t, const Part *part, TapeNode *z) {
    const Shape shape = z->shape;
    TapeNode *u = tape_add(t, z, tape_fill(t, shape, BOX_PRIOR));
    u = tape_mul(t, u, tape_leaf(t, shape, part->sign));
    TapeNode *v = tape_neg(t, u), *far = tape_exp(t, tape_neg(t, tape_max(t, u, v)));
    far = tape_log(t, tape_add(t, far, tape_fill(t, shape, 1.0)));
    TapeNode *surprise = tape_add(t, tape_relu(t, v), far), *wrong = tape_sigmoid(t, v);
    wrong = tape_mul(t, wrong, wrong);
    TapeNode *each = tape_mul(t, wrong, surprise);
    return tape_sum_all(t, tape_mul(t, each, tape_leaf(t, shape, part->share)));
}

static TapeNode *smaller(Tape *t, TapeNode *a, TapeNode *b) {
    a = tape_neg(t, a);
    b = tape_neg(t, b);
    return tape_neg(t, tape_max(t, a, b));
}

/* 1 - GIoU = 2 - shared / either - either / hull, of boxes around one place given by the distances to
 * their sides: what they share, what is in either, and the smallest box around both. */
static TapeNode *apart(Tape *t, TapeNode *const *d, TapeNode *const *wanted) {
    TapeNode *side[2], *shared[2], *hull[2], *area[2];
    for (size_t axis = 0; axis < 2; axis++) {
        TapeNode *const *a = d + axis, *const *b = wanted + axis;
        side[0] = smaller(t, a[0], b[0]), side[1] = smaller(t, a[2], b[2]);
        shared[axis] = tape_relu(t, tape_add(t, side[0], side[1]));
        side[0] = tape_max(t, a[0], b[0]), side[1] = tape_max(t, a[2], b[2]);
        hull[axis] = tape_add(t, side[0], side[1]);
    }
    for (size_t k = 0; k < 2; k++) {
        TapeNode *const *of = k == 0 ? d : wanted;
        side[0] = tape_add(t, of[0], of[2]), side[1] = tape_add(t, of[1], of[3]);
        area[k] = tape_mul(t, side[0], side[1]);
    }
    TapeNode *both = tape_mul(t, shared[0], shared[1]),
             *either = tape_sub(t, tape_add(t, area[0], area[1]), both),
             *around = tape_mul(t, hull[0], hull[1]);
    both = tape_div(t, both, either);
    TapeNode *like = tape_add(t, both, tape_div(t, either, around));
    return tape_sub(t, tape_fill(t, like->shape, 2.0), like);
}

static TapeNode *boxes(Tape *t, const Positives *of, TapeNode *out) {
    const Shape shape = SHAPE_OF(of->count);
    TapeNode *d[BOX_SIDES], *wanted[BOX_SIDES];
    for (size_t s = 0; s < BOX_SIDES; s++) {
        d[s] = tape_exp(t, tape_gather(t, out, of->at[s], shape));
        d[s] = tape_mul(t, d[s], tape_leaf(t, shape, of->unit[s]));
        wanted[s] = tape_leaf(t, shape, of->wanted[s]);
    }
    TapeNode *each = apart(t, d, wanted);
    return tape_sum_all(t, tape_div(t, each, tape_leaf(t, shape, of->among)));
}

static TapeNode *loss(const Task *task, Tape *tape, TapeNode *const *out,
                      const Batch *batch) {
    Arena *arena = tape_arena(tape);
    const size_t N = batch->count;
    TapeNode *sum = NULL;
    Part part[NET_MOST_ENDS];
    for (size_t k = 0; k < task->ends; k++)
        part[k] = part_new(arena, box_level(task, out[k]->shape, batch->shape[0]), N);
    fill_parts(arena, part, task, batch);
    for (size_t k = 0; k < task->ends; k++) {
        TapeNode *own =
            focal(tape, &part[k], tape_slice(tape, out[k], 1, 0, part[k].level.classes));
        if (part[k].positive.count > 0)
            own = tape_add(tape, own, boxes(tape, &part[k].positive, out[k]));
        sum = sum ? tape_add(tape, sum, own) : own;
    }
    return sum;
}

/* ---- the metrics ------------------------------------------------------------------------- */

static void tally(const Task *task, double *sum, TapeNode *const *out,
                  const Batch *batch) {
    Arena *scratch = arena_new();
    Seen *seen = TAKE(scratch, Seen, 1);
    Thing *told = TAKE(scratch, Thing, BOX_MOST_TOLD);
    for (size_t i = 0; i < task->tallies; i++) sum[i] = 0.0;
    for (size_t n = 0; n < batch->count; n++) {
        const size_t count = boxes_told(scratch, told, task, out, task->ends, batch, n);
        places_see(seen, task, batch, n);
        precision_add(scratch, sum, task->outputs - BOX_SIDES, told, count, seen->thing,
                      seen->count);
    }
    arena_free(scratch);
}

static bool holds(const Task *task, const double *sum, double samples) {
    return precision_holds(sum, task->outputs - BOX_SIDES, samples);
}

enum { AP, AP50, AP75, AP50_ANY, METRICS };

static void judge(const Task *task, double *metric, const double *sum) {
    const size_t K = task->outputs - BOX_SIDES;
    metric[AP] = 0.0;
    for (size_t o = 0; o < PRECISION_OVERLAPS; o++)
        metric[AP] += precision_average(sum, K, o, false) / PRECISION_OVERLAPS;
    metric[AP50] = precision_average(sum, K, 0, false);
    metric[AP75] = precision_average(sum, K, PRECISION_OVERLAPS / 2, false);
    metric[AP50_ANY] = precision_average(sum, K, 0, true);
}

/* ---- to be seen -------------------------------------------------------------------------- */

/* The pixels along a box's sides, by its class. */
static void outline(double *map, size_t height, size_t width, const Thing *thing) {
    const size_t left = (size_t)thing->box.left, top = (size_t)thing->box.top,
                 right = (size_t)fmin(ceil(thing->box.right), (double)width),
                 bottom = (size_t)fmin(ceil(thing->box.bottom), (double)height);
    for (size_t h = top; h < bottom; h++)
        for (size_t w = left; w < right; w++)
            if (h == top || h + 1 == bottom || w == left || w + 1 == right)
                map[h * width + w] = (double)(thing->class + 1);
}

/* Those of which one is rather sure, the surest on top. */
static void map(const Task *task, double *told, double *truth, TapeNode *const *out,
                const Batch *batch, size_t n) {
    static const double SURE = 0.3;
    Arena *scratch = arena_new();
    Seen *seen = TAKE(scratch, Seen, 1);
    Thing *thing = TAKE(scratch, Thing, BOX_MOST_TOLD);
    places_see(seen, task, batch, n);
    const size_t count = boxes_told(scratch, thing, task, out, task->ends, batch, n);
    for (size_t p = 0; p < seen->height * seen->width; p++)
        told[p] = truth[p] = (double)NAN;
    for (size_t i = count; i-- > 0;)
        if (thing[i].score >= SURE) outline(told, seen->height, seen->width, &thing[i]);
    for (size_t i = 0; i < seen->count; i++)
        outline(truth, seen->height, seen->width, &seen->thing[i]);
    arena_free(scratch);
}

static const TaskMetric metrics[METRICS] = {
    [AP] = {.name = "ap",
            .title = "average precision of boxes, mean over overlaps 0.50 to 0.95",
            .unit = "1",
            .rises = true,
            .share = true},
    [AP50] = {.name = "ap50",
              .title = "average precision of boxes that overlap by half",
              .unit = "1",
              .rises = true,
              .share = true},
    [AP75] = {.name = "ap75",
              .title = "average precision of boxes that overlap by three quarters",
              .unit = "1",
              .rises = true,
              .share = true},
    [AP50_ANY] = {.name = "ap50_any",
                  .title = "average precision of boxes that overlap by half, whatever "
                           "the class",
                  .unit = "1",
                  .rises = true,
                  .share = true}};

const TaskKind task_detect = {.name = "detect",
                              .title = "a box and a class for each object",
                              .loss = "focal loss of classes and 1 - GIoU of boxes",
                              .metrics = METRICS,
                              .metric = metrics,
                              .bind = find,
                              .accepts = accepts,
                              .example = &detect_example,
                              .write = loss,
                              .tally = tally,
                              .holds = holds,
                              .judge = judge,
                              .map = map};
