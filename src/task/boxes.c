/* Rectangles: made of labels, made of maps, and which of them are the same thing twice. */
#include "boxes.h"
#include "house.h"
#include "real.h"

#include <math.h>
#include <stdlib.h>

/* FCOS's: scores below are not told; boxes of which more is shared are of one thing. */
static const double LEAST_LOGIT = -2.94443897916644 /* log(0.05 / 0.95) */, SHARED = 0.6;
enum { MOST_SORTED = 1000 };

static double area(Box b) {
    return fmax(0.0, b.right - b.left) * fmax(0.0, b.bottom - b.top);
}

double box_overlap(Box a, Box b) {
    const Box both = {fmax(a.left, b.left), fmax(a.top, b.top), fmin(a.right, b.right),
                      fmin(a.bottom, b.bottom)};
    const double shared = area(both), either = area(a) + area(b) - shared;
    return either > 0 ? shared / either : 0.0;
}

/* ---- what there is ------------------------------------------------------------------- */

static bool is_none(uint8_t label) {
    return label == 0 || label == DATA_IGNORED;
}

size_t boxes_there(Thing *thing, const uint8_t *object, const uint8_t *mask,
                   size_t height, size_t width) {
    Thing of[DATA_IGNORED + 1];
    bool there[DATA_IGNORED + 1] = {false};
    size_t count = 0;
    for (size_t i = 0; i < height * width; i++) {
        const uint8_t number = object[i];
        const double x = (double)(i % width), y = (double)(i / width);
        if (is_none(number) || is_none(mask[i])) continue;
        if (!there[number])
            of[number] = (Thing){{x, y, x + 1, y + 1}, mask[i] - (size_t)1, 1.0};
        there[number] = true;
        Box *box = &of[number].box;
        *box = (Box){fmin(box->left, x), fmin(box->top, y), fmax(box->right, x + 1),
                     fmax(box->bottom, y + 1)};
    }
    for (size_t number = 1; number < DATA_IGNORED; number++)
        if (there[number]) thing[count++] = of[number];
    return count;
}

/* ---- what is told --------------------------------------------------------------------- */

BoxLevel box_level(const Task *task, Shape out, Shape image) {
    const size_t rows = out.size[2], columns = out.size[3];
    return (BoxLevel){task->outputs - BOX_SIDES, rows, columns,
                      (double)image.size[image.rank - 2] / (double)rows,
                      (double)image.size[image.rank - 1] / (double)columns};
}

double box_centre_x(const BoxLevel *level, size_t place) {
    return ((double)(place % level->columns) + 0.5) * level->wide;
}

double box_centre_y(const BoxLevel *level, size_t place) {
    return ((double)(place / level->columns) + 0.5) * level->tall;
}

static double sigmoid(double z) {
    return z >= 0 ? 1.0 / (1.0 + real_exp(-z)) : real_exp(z) / (1.0 + real_exp(z));
}

/* Inside the image. z: [classes + sides, places] of one sample. */
static Box box_at(const BoxLevel *level, const double *z, size_t place) {
    const size_t L = level->rows * level->columns;
    const double x = box_centre_x(level, place), y = box_centre_y(level, place);
    const double *side = z + level->classes * L + place;
    const double right = level->wide * (double)level->columns,
                 bottom = level->tall * (double)level->rows;
    return (Box){fmax(0.0, x - 2.0 * level->wide * real_exp(side[0])),
                 fmax(0.0, y - 2.0 * level->tall * real_exp(side[L])),
                 fmin(right, x + 2.0 * level->wide * real_exp(side[2 * L])),
                 fmin(bottom, y + 2.0 * level->tall * real_exp(side[3 * L]))};
}

/* A score that is high enough, and where it stands: the level, and the place among its scores. */
typedef struct Claim {
    double score;
    size_t level, at;
} Claim;

static int highest_first(const void *a, const void *b) {
    const Claim *left = a, *right = b;
    if (left->score != right->score) return left->score > right->score ? -1 : 1;
    if (left->level != right->level) return left->level < right->level ? -1 : 1;
    return left->at < right->at ? -1 : left->at > right->at;
}

static const double *sample_of(const TapeNode *out, size_t n) {
    return out->value + n * shape_count(out->shape) / out->shape.size[0];
}

size_t boxes_apart(Thing *thing, size_t count, bool any) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < kept && !((any || thing[k].class == thing[i].class) &&
                             box_overlap(thing[k].box, thing[i].box) > SHARED))
            k++;
        if (k == kept) thing[kept++] = thing[i];
    }
    return kept;
}

size_t boxes_told(Arena *scratch, Thing *thing, const Task *task, TapeNode *const *out,
                  size_t outputs, const Batch *batch, size_t n) {
    const ArenaMark mark = arena_mark(scratch);
    BoxLevel level[NET_MOST_ENDS];
    size_t count = 0, room = 0;
    for (size_t k = 0; k < outputs; k++) {
        level[k] = box_level(task, out[k]->shape, batch->shape[0]);
        room += level[k].classes * level[k].rows * level[k].columns;
    }
    Claim *claim = TAKE(scratch, Claim, room);
    for (size_t k = 0; k < outputs; k++) {
        const double *z = sample_of(out[k], n);
        const size_t scores = level[k].classes * level[k].rows * level[k].columns;
        for (size_t i = 0; i < scores; i++)
            if (z[i] + BOX_PRIOR > LEAST_LOGIT)
                claim[count++] = (Claim){sigmoid(z[i] + BOX_PRIOR), k, i};
    }
    qsort(claim, count, sizeof *claim, highest_first);
    if (count > MOST_SORTED) count = MOST_SORTED;
    Thing *all = TAKE(scratch, Thing, count + 1);
    for (size_t i = 0; i < count; i++) {
        const BoxLevel *of = &level[claim[i].level];
        const size_t L = of->rows * of->columns;
        all[i] = (Thing){box_at(of, sample_of(out[claim[i].level], n), claim[i].at % L),
                         claim[i].at / L, claim[i].score};
    }
    count = boxes_apart(all, count, false);
    if (count > BOX_MOST_TOLD) count = BOX_MOST_TOLD;
    for (size_t i = 0; i < count; i++) thing[i] = all[i];
    arena_rewind(scratch, mark);
    return count;
}
