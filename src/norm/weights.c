/* Logits read as weights that sum to 1: softmax; softmax sharpened, epoch by epoch, to a
 * hard choice; SparsestMax (Shao et al. 2019), which sets weights to exactly 0 as its circle
 * grows. */
#include "internal.h"
#include "kind.h"
#include "real.h"

#include <float.h>
#include <math.h>

static const double SHARPEST = 0.01; /* temperature before the choice */

bool weighing_read(Weighing *weighing, SpecArguments *arguments, BaseError *error) {
    static const char *const words[] = {"softmax", "sparsest", NULL};
    size_t choice = 0;
    if (!norm_read_choice(arguments, "weights", words, &choice, error) ||
        !norm_read_number(arguments, "from", 0.0, 1e9, &weighing->from, error) ||
        !norm_read_number(arguments, "to", 0.0, 1e9, &weighing->to, error))
        return false;
    weighing->sparsest = choice == 1;
    if (weighing->to > weighing->from) return true;
    if (weighing->to == 0.0 && weighing->from == 0.0 && !weighing->sparsest) return true;
    return base_fail(
        error, EX_USAGE, arguments->spec->at,
        "%s: weights become a choice between epoch from=%g and a later one, to=%g",
        arguments->spec->word, weighing->from, weighing->to);
}

double norm_ramp(size_t epoch, double from, double to) {
    const double at = ((double)epoch - from) / (to - from);
    return at <= 0.0 ? 0.0 : at >= 1.0 ? 1.0 : at;
}

/* The largest logit, NaN if any is; `at` where it stands first. */
static double largest(const TapeNode *logits, size_t *at) {
    *at = 0;
    for (size_t k = 0, K = shape_count(logits->shape); k < K; k++) {
        if (isnan(logits->value[k])) return (double)NAN;
        if (logits->value[k] > logits->value[*at]) *at = k;
    }
    return logits->value[*at];
}

/* All of it on the largest, of equal ones the first; no number is no weight. */
static TapeNode *choice(Tape *t, const TapeNode *logits) {
    const size_t K = shape_count(logits->shape);
    double *weight = tape_room(t, K);
    size_t best;
    const double most = largest(logits, &best);
    for (size_t k = 0; k < K; k++) weight[k] = isnan(most) ? most : k == best ? 1.0 : 0.0;
    return tape_leaf(t, logits->shape, weight);
}

/* Logits less the largest: weights are the same, and nothing overflows where they are
 * sharpened, nor is the 1 of a sum of weights lost beside them. How far they lie below is
 * a number. */
static TapeNode *from_largest(Tape *t, TapeNode *logits) {
    size_t at;
    TapeNode *most = tape_fill(t, logits->shape, largest(logits, &at));
    TapeNode *floor = tape_fill(t, logits->shape, -DBL_MAX);
    return tape_max(t, tape_sub(t, logits, most), floor);
}

/* ---- SparsestMax ------------------------------------------------------------------ */

/* 1 where value > 0, as a constant: which weights are 0 does not move with the logits. */
static TapeNode *support_of(Tape *t, const double *value, size_t K, double *count) {
    double *mask = tape_room(t, K);
    *count = 0.0;
    for (size_t k = 0; k < K; k++) *count += mask[k] = value[k] > 0.0 ? 1.0 : 0.0;
    return tape_leaf(t, SHAPE_OF(K), mask);
}

static TapeNode *all_of(Tape *t, TapeNode *scalar, size_t K) {
    return tape_broadcast(t, scalar, SHAPE_OF(K));
}

/* The threshold of sparsemax (Martins and Astudillo 2016): sum max(z - tau, 0) = 1. */
static double threshold(const double *z, size_t K) {
    double tau = -INFINITY;
    for (size_t k = 0; k < K; k++) { /* z[k] as the least of the support */
        double sum = 0.0, count = 0.0;
        for (size_t j = 0; j < K; j++)
            if (z[j] >= z[k]) sum += z[j], count++;
        const double candidate = (sum - 1.0) / count;
        if (z[k] > candidate && candidate > tau) tau = candidate;
    }
    return tau;
}

/* The nearest point of the simplex: z - tau on its support, 0 elsewhere. */
static TapeNode *sparsemax(Tape *t, TapeNode *z) {
    const size_t K = shape_count(z->shape);
    const double tau = threshold(z->value, K);
    double *above = tape_room(t, K), count;
    for (size_t k = 0; k < K; k++) above[k] = z->value[k] - tau;
    TapeNode *mask = support_of(t, above, K, &count);
    TapeNode *sum = tape_sum_all(t, tape_mul(t, mask, z));
    TapeNode *excess = tape_sub(t, sum, tape_constant(t, 1.0));
    TapeNode *face = tape_fill(t, z->shape, count);
    TapeNode *level = tape_div(t, all_of(t, excess, K), face);
    return tape_mul(t, mask, tape_sub(t, z, level));
}

/* p pushed out of the circle of that radius about the middle of its face, `mask`. */
static TapeNode *pushed(Tape *t, TapeNode *p, TapeNode *mask, double count,
                        double radius) {
    const size_t K = shape_count(p->shape);
    TapeNode *middle = tape_div(t, mask, tape_fill(t, p->shape, count));
    TapeNode *away = tape_sub(t, p, middle);
    /* no part of it along the sum: rounding, which `longer` would multiply */
    TapeNode *along = tape_constant(t, count);
    along = tape_div(t, tape_sum_all(t, away), along);
    away = tape_sub(t, away, tape_mul(t, mask, all_of(t, along, K)));
    TapeNode *square = tape_sum_all(t, tape_mul(t, away, away));
    const double norm = sqrt(square->value[0]);
    if (norm >= radius || norm == 0.0) return p;
    TapeNode *longer = tape_sqrt(t, square);
    longer = tape_div(t, tape_constant(t, radius), longer);
    return tape_add(t, middle, tape_mul(t, all_of(t, longer, K), away));
}

/* Outside a circle about equal weights, on the simplex: first pushed out inside the whole,
 * then, where that leaves it, inside the face it left through. Each turn leaves a face of
 * fewer corners behind; where rounding, or what is no number, lets none go, that is the
 * answer. At an exact tie of all there is no direction to push in: weights stay equal. */
static TapeNode *sparsestmax(Tape *t, TapeNode *z, double radius) {
    const size_t K = shape_count(z->shape);
    TapeNode *p = sparsemax(t, z);
    double *ones = tape_room(t, K), count = (double)K;
    for (size_t k = 0; k < K; k++) ones[k] = 1.0;
    TapeNode *mask = tape_leaf(t, SHAPE_OF(K), ones);
    while (count > 1.0) {
        p = pushed(t, p, mask, count, radius);
        double least = 0.0, before = count;
        for (size_t k = 0; k < K; k++) least = fmin(least, p->value[k]);
        if (least >= 0.0) return p;
        p = sparsemax(t, p);
        mask = support_of(t, p->value, K, &count);
        /* the circle's part in the face: its middle is farther from the whole's */
        radius = sqrt(fmax(0.0, radius * radius - (1.0 / count - 1.0 / before)));
        if (count >= before) return p;
    }
    return p;
}

size_t weight_largest(const TapeNode *weights) {
    size_t largest = 0;
    for (size_t k = 1; k < shape_count(weights->shape); k++)
        if (weights->value[k] > weights->value[largest]) largest = k;
    return largest;
}

TapeNode *weighing_apply(const NormContext *context, const Weighing *weighing,
                         TapeNode *logits) {
    Tape *t = context->tape;
    const double K = (double)shape_count(logits->shape);
    if (weighing->to == 0.0) return tape_softmax(t, logits);
    const double at = norm_ramp(context->epoch, weighing->from, weighing->to);
    if (at == 1.0) return choice(t, logits);
    logits = from_largest(t, logits);
    if (weighing->sparsest) return sparsestmax(t, logits, at * sqrt((K - 1.0) / K));
    TapeNode *sharper = tape_fill(t, logits->shape, real_power(SHARPEST, -at));
    return tape_softmax(t, tape_mul(t, logits, sharper));
}
