/* Statistics of several partitions, weighed by logits: switchable normalization (Luo et al.
 * 2019), pooled as those of a mixture, sparse (Shao et al. 2019), nested groups. */
#include "loops.h"
#include "real.h"
#include "text.h"

/* ---- weights --------------------------------------------------------------------- */

static void all_on_the_largest(Number *weight, const Number *logit, size_t count) {
    size_t best = 0;
    for (size_t k = 1; k < count; k++)
        if (loops_real(logit[k]) > loops_real(logit[best])) best = k;
    for (size_t k = 0; k < count; k++) weight[k] = k == best;
}

/* The simplex's nearest point to z (Martins and Astudillo 2016), by leaving out, as long as
 * there are any, those who would have no weight (Michelot 1986). */
static void sparsemax(Number *p, const Number *z, bool *in, size_t count) {
    Number level = 0;
    for (size_t k = 0; k < count; k++) in[k] = true;
    for (bool out = true; out;) {
        Number sum = -1;
        size_t left = 0;
        for (size_t k = 0; k < count; k++)
            if (in[k]) sum += z[k], left++;
        level = sum / (Quad)left;
        out = false;
        for (size_t k = 0; k < count; k++)
            if (in[k] && loops_real(z[k]) <= loops_real(level)) in[k] = false, out = true;
    }
    for (size_t k = 0; k < count; k++) p[k] = in[k] ? z[k] - level : 0;
}

static size_t how_many(const bool *in, size_t count) {
    size_t left = 0;
    for (size_t k = 0; k < count; k++) left += in[k];
    return left;
}

/* Out of the circle about the middle of the face, along the ray through p. */
static void push_out(Number *p, const bool *face, size_t count, double radius) {
    const Quad middle = 1 / (Quad)how_many(face, count);
    Number square = 0;
    for (size_t k = 0; k < count; k++)
        if (face[k]) square += (p[k] - middle) * (p[k] - middle);
    const Number distance = QUAD_CALL(csqrt)(square);
    if (loops_real(distance) >= radius || loops_real(distance) == 0) return;
    for (size_t k = 0; k < count; k++)
        if (face[k]) p[k] = middle + radius / distance * (p[k] - middle);
}

static bool all_positive(const Number *p, size_t count) {
    for (size_t k = 0; k < count; k++)
        if (loops_real(p[k]) < 0) return false;
    return true;
}

/* SparsestMax: outside of the circle, and on the simplex; where the ray leaves that, the same
 * once more inside the face through which it left. */
static void sparsestmax(const Loops *k, Number *p, const Number *z, size_t count,
                        double radius) {
    bool *face = TAKE(k->arena, bool, count), *next = TAKE(k->arena, bool, count);
    for (size_t j = 0; j < count; j++) face[j] = true;
    sparsemax(p, z, next, count);
    while (how_many(face, count) > 1) {
        push_out(p, face, count, radius);
        if (all_positive(p, count)) return;
        const double before = (double)how_many(face, count);
        Number *out = loops_room(k, count);
        for (size_t j = 0; j < count; j++) out[j] = p[j];
        sparsemax(p, out, face, count);
        radius = sqrt(
            fmax(0, radius * radius - (1 / (double)how_many(face, count) - 1 / before)));
    }
}

static Number *weights_of(const Loops *k, const char *name, size_t count) {
    const Number *logit = loops_param(k, name);
    Number *weight = loops_room(k, count), *sharp = loops_room(k, count);
    const bool moves = loops_number(k, "to", 0) > 0;
    const double at = moves ? loops_ramp(k) : 0, K = (double)count;
    for (size_t j = 0; j < count; j++) sharp[j] = logit[j] * (Quad)real_power(0.01, -at);
    if (at == 1)
        all_on_the_largest(weight, logit, count);
    else if (moves && loops_says(k, "weights", "sparsest"))
        sparsestmax(k, weight, logit, count, at * sqrt((K - 1) / K));
    else
        loops_softmax(weight, sharp, count);
    return weight;
}

/* ---- the equation ---------------------------------------------------------------- */

static void mixed(const Loops *k, Number *y, const Number *x, const LoopsMoments *part,
                  size_t parts) {
    const Number *w = weights_of(k, "mean_logit", parts),
                 *u = weights_of(k, "variance_logit", parts);
    const bool pooled = loops_says(k, "pooled", "yes");
    LoopsMoments m = {loops_room(k, k->n), loops_room(k, k->n)};
    for (size_t i = 0; i < k->n; i++) {
        for (size_t j = 0; j < parts; j++) m.mean[i] += w[j] * part[j].mean[i];
        for (size_t j = 0; j < parts; j++) {
            const Number between = part[j].mean[i] - m.mean[i];
            m.variance[i] += u[j] * part[j].variance[i];
            if (pooled) m.variance[i] += u[j] * between * between;
        }
    }
    loops_standardize(k, y, x, m);
    loops_affine(k, y);
}

void loops_mix(const Loops *k, Number *y, const Number *x) {
    LoopsMoments moments[NORM_MAX_PARTS];
    for (size_t j = 0; j < k->norm->parts; j++) {
        const Loops part = loops_of_part(k, j, k->C);
        moments[j] = loops_own(&part, x, loops_cell(&part));
    }
    mixed(k, y, x, moments, k->norm->parts);
}

static size_t smallest_prime_of(size_t number) {
    size_t prime = 2;
    while (number % prime != 0) prime++;
    return prime;
}

/* group(1), ..., group(C), each divided by the smallest prime that still does. */
void loops_nested(const Loops *k, Number *y, const Number *x) {
    LoopsMoments moments[NORM_MAX_PARTS];
    size_t parts = 0;
    for (size_t groups = 1;; groups *= smallest_prime_of(k->C / groups)) {
        const Loops part = loops_spelled(k, text_print(k->arena, "group(%zu)", groups));
        moments[parts++] = loops_moments(&part, x, cell_group);
        if (groups == k->C) break;
    }
    mixed(k, y, x, moments, parts);
}
