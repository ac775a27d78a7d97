/* Average precision, as COCO's evaluation has it (pycocotools, cocoeval.py): what is told is matched,
 * the highest score first, each with what is left that overlaps most; precision is made to fall
 * with recall, and read off at 101 recalls. */
#include "precision.h"
#include "house.h"

#include <math.h>
#include <string.h>

/* Of one class, or of all: how many are there, and by bins how many are told, and right. */
enum { OVERLAPS = PRECISION_OVERLAPS, BINS = PRECISION_BINS };
enum { THERE, TOLD, RIGHT = TOLD + BINS, OF_CLASS = RIGHT + OVERLAPS * BINS };

size_t precision_tallies(size_t classes) {
    return (classes + 1) * OF_CLASS;
}

static size_t bin_of(double score) {
    const double bin = floor(BINS * sqrt(score));
    return bin < BINS - 1 ? (size_t)fmax(bin, 0.0) : BINS - 1;
}

/* ---- an image ------------------------------------------------------------------------- */

/* Of those that are asked: all of one class, or of any. */
static size_t of_class(const Thing **some, const Thing *all, size_t count, size_t class,
                       bool any) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (any || all[i].class == class) some[kept++] = &all[i];
    return kept;
}

//> match
/* Each with what overlaps it most of what no higher score has taken, if that is enough; of equals the
 * last. */
static void match(double *right, const Thing *const *told, size_t told_count,
                  const Thing *const *there, size_t there_count, double enough) {
    bool taken[DATA_MOST_CLASSES + 1] = {false};
    for (size_t i = 0; i < told_count; i++) {
        size_t best = there_count;
        double most = fmin(enough, 1.0 - 1e-10);
        for (size_t k = 0; k < there_count; k++) {
            const double overlap =
                taken[k] ? -1.0 : box_overlap(told[i]->box, there[k]->box);
            if (overlap >= most) most = overlap, best = k;
        }
        if (best == there_count) continue;
        taken[best] = true;
        right[bin_of(told[i]->score)] += 1.0;
    }
}
//< match

/* 0.50, 0.55 ... 0.95 */
static double enough_of(size_t overlap) {
    return 0.5 + 0.05 * (double)overlap;
}

static void add_class(double *tally, const Thing *const *told, size_t told_count,
                      const Thing *const *there, size_t there_count) {
    tally[THERE] += (double)there_count;
    for (size_t i = 0; i < told_count; i++) tally[TOLD + bin_of(told[i]->score)] += 1.0;
    for (size_t o = 0; o < OVERLAPS; o++)
        match(tally + RIGHT + o * BINS, told, told_count, there, there_count,
              enough_of(o));
}

void precision_add(Arena *scratch, double *tally, size_t classes, const Thing *told,
                   size_t told_count, const Thing *there, size_t there_count) {
    const ArenaMark mark = arena_mark(scratch);
    const Thing **some_told = TAKE(scratch, const Thing *, told_count + 1),
                **some_there = TAKE(scratch, const Thing *, there_count + 1);
    Thing *apart = TAKE(scratch, Thing, told_count + 1);
    for (size_t i = 0; i < told_count; i++) apart[i] = told[i];
    const size_t apart_count = boxes_apart(apart, told_count, true);
    for (size_t c = 0; c <= classes; c++) {
        const bool any = c == classes;
        const size_t n = of_class(some_told, any ? apart : told,
                                  any ? apart_count : told_count, c, any),
                     m = of_class(some_there, there, there_count, c, any);
        add_class(tally + c * OF_CLASS, some_told, n, some_there, m);
    }
    arena_rewind(scratch, mark);
}

bool precision_holds(const double *tally, size_t classes, double images) {
    for (size_t i = 0; i < precision_tallies(classes); i++)
        if (!(tally[i] >= 0 && tally[i] == floor(tally[i]) &&
              (images > 0 || tally[i] == 0)))
            return false;
    for (size_t c = 0; c <= classes; c++)
        for (size_t i = 0; i < OVERLAPS * BINS; i++)
            if (tally[c * OF_CLASS + RIGHT + i] > tally[c * OF_CLASS + TOLD + i % BINS])
                return false;
    return true;
}

/* ---- from the sums -------------------------------------------------------------------- */

/* Of one class: the mean over recalls r of the best precision at a recall of r or more. */
static double average_of(const double *tally, size_t overlap) {
    const double *told = tally + TOLD, *right = tally + RIGHT + overlap * BINS;
    double recall[BINS], precision[BINS], n = 0.0, good = 0.0, sum = 0.0, best = 0.0;
    for (size_t b = BINS; b-- > 0;) { /* the highest scores first */
        n += told[b], good += right[b];
        recall[b] = good / tally[THERE];
        precision[b] = n > 0 ? good / n : 0.0;
    }
    for (size_t b = 0, r = PRECISION_RECALLS; r-- > 0;) { /* from recall 1 down */
        for (; b < BINS && recall[b] >= 0.01 * (double)r; b++)
            best = fmax(best, precision[b]);
        sum += best;
    }
    return sum / PRECISION_RECALLS;
}

double precision_average(const double *tally, size_t classes, size_t overlap, bool any) {
    double sum = 0.0, count = 0.0;
    for (size_t c = any ? classes : 0; c < (any ? classes + 1 : classes); c++) {
        const double *of = tally + c * OF_CLASS;
        if (of[THERE] > 0) sum += average_of(of, overlap), count += 1.0;
    }
    return sum / count;
}
