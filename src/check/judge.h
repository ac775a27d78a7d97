/* judge: the verdict on one derivative, and the worst of many. */
#ifndef NORMLAB_JUDGE_H
#define NORMLAB_JUDGE_H

#include "derive.h"
#include "along.h"

/* One derivative, judged. All is in units of the probe; `unit` of them make one of the
 * caller's. */
typedef struct Case {
    size_t input, element, output; /* as in CheckReport */
    double got, expected, allowed;
    double estimate; /* the oracle's own */
    double limit;    /* a fault of this size must show */
    double unit;
    const char *trouble; /* why the oracle cannot tell; NULL: it can */
    bool exact;          /* `error` is known better than by subtraction of doubles */
    double error;
} Case;

typedef struct Judge {
    Arena *arena;
    const CheckFunction *function;
    CheckReport report;
} Judge;

Judge judge_new(Arena *arena, const CheckFunction *function, uint64_t seed);
/* error / allowed; infinite where either is no number. */
double judge_ratio(double error, double allowed);

/* A failure outweighs what is inconclusive, that what passes; among equals the larger
 * error / allowed. */
bool judge_outweighs(CheckVerdict verdict, double ratio, const CheckReport *than);

CheckVerdict judge_verdict(const Case *c);
void judge_enter(Judge *judge, const Case *c);

/* "2, 0, 5": a flat position in a shape. */
const char *judge_index(Arena *arena, Shape shape, size_t element);

/* What must not hide, given the norms of an input's gradient and of the whole one, and the
 * size of the function. */
double judge_limit(double own, double whole, double size);

/* What a bound allows of the derivative by one element (i == inputs: of the upstream);
 * `norm`: of the whole gradient, in units of scale. */
double judge_allowed(const CheckBound *bound, size_t i, size_t k, double norm);
double judge_norm(const Derive *derive); /* over all inputs */

#endif
