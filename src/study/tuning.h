/* tuning: equal budgets of trials for each arm of a study, and the choice by validation. */
#ifndef NORMLAB_TUNING_H
#define NORMLAB_TUNING_H

#include "study.h"

enum { TUNING_FIRST = 900, TUNING_LAST = 999 }; /* seeds that no claim is decided by */

/* Rows whose normalizers differ in their numbers alone are trials of one arm. */
typedef struct Tuning {
    size_t arms, trials; /* trials of each */
    const char **arm;    /* [arms] "batch", "group(#)" */
    size_t *arm_of;      /* [series] */
} Tuning;

/* Of a sweep over all trials as many of each arm (0: as many as the arm with the fewest has), drawn
 * where an arm has more. What is wrong ends the program. */
const Sweep *tuning_select(Arena *arena, const Sweep *all, size_t trials);

/* The row of an arm with the best mean score at a point, the first of equals; grid->series: none
 * came to its end on all seeds. */
size_t tuning_choice(const Grid *grid, const Tuning *tuning, size_t arm, size_t point);

#endif
