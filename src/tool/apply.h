/* apply: what the files of `normlab apply` share, and nobody else sees. */
#ifndef NORMLAB_APPLY_H
#define NORMLAB_APPLY_H

#include "tool.h"

enum { MOST_OPERANDS = 4 + 2 * NORM_MAX_PARAMS + NORM_MAX_STATES };

/* ---- apply_names.c: what things are called in IN and OUT -------------------------- */

/* The names of one framework: of the affine and of the running moments. */
typedef struct Names {
    const char *option; /* of --names; "": our own */
    const char *gamma, *beta, *mean, *variance;
    const char *cell_mean, *cell_rstd; /* in OUT, where those do not take their names */
} Names;

/* --names; ours where it is not given. */
const Names *apply_names(const Call *call);


/* ---- apply.c ---------------------------------------------------------------------- */

/* Something that this call would read. */
typedef struct Operand {
    const char *path;
    bool found;
} Operand;

typedef struct Job {
    Arena *arena;
    const Store *in;
    const char *path; /* of the input, for messages */
    const Names *names;
    bool channels_last;
    const Norm *norm;
    NormMode mode;
    size_t epoch;
    Shape given, shape; /* of x in IN, and [N, C, ...] */
    Lattice lattice;
    const char *unused; /* names in IN, "": none */
    size_t operands;
    Operand operand[MOST_OPERANDS];
    const double *x, *dy; /* dy: NULL where not given */
    const double *param[NORM_MAX_PARAMS], *state[NORM_MAX_STATES];
    bool second;                                /* any of the following is given */
    const double *v, *v_param[NORM_MAX_PARAMS]; /* NULL: 0 */
    bool counts;                                /* as torch does: the steps so far */
    double batches;
} Job;

/* ---- apply_names.c: paths ----------------------------------------------------------- */

/* Of parameter i, or of what belongs to it: "/gamma", "/dgamma", "/ds_dparam/gate". */
const char *apply_param_path(const Job *job, const char *prefix, size_t i);

/* Of a state: "/part1.moving_mean". */
const char *apply_state_path(const Job *job, size_t i);

/* ---- apply_names.c: what IN holds ------------------------------------------------- */

/* Refuses what is but misspelt or misplaced, and lists all else that is not used. */
const char *apply_check_names(const Job *job);

/* ---- apply_read.c ----------------------------------------------------------------- */

/* x, its shape and lattice. */
void apply_read_x(Job *job);

/* All that this call could read, found or not: for apply_check_names. */
void apply_list_operands(Job *job);

/* The rest, of a job whose norm is bound. */
void apply_read(Job *job);

/* A tensor as IN and OUT have it, of one that the normalizer sees, and back. */
const double *apply_layout(const Job *job, const double *seen);

/* ---- apply_run.c ------------------------------------------------------------------ */

/* What was computed, in the normalizer's layout; NULL: it was not. */
typedef struct Results {
    double *y, *dx, *dparam[NORM_MAX_PARAMS];
    double *state[NORM_MAX_STATES]; /* after the step */
    Shape cells;
    double *mean, *rstd; /* [cells] */
    double *ds_dx, *ds_ddy, *ds_dparam[NORM_MAX_PARAMS];
    Tape *tape; /* of the first order; NULL: nothing was computed */
} Results;

Results *apply_run(const Job *job);

/* Writes the definition's y of leaves x and param. */
Node *apply_define(const Job *job, Tape *tape, Node *x, Node *const *param);

/* ---- apply_memory.c --------------------------------------------------------------- */

/* Says what the second order needs where that is much, and ends the program (71) where it
 * cannot be had; else it is reserved. */
void apply_reserve(const Job *job);

/* The tape's part of apply_run's second order, for who measures it. */
void apply_second_order(const Job *job, Tape *tape, Results *results);

/* A job of a few thousand of its elements, as the normalizer can see; false, and the same
 * job, where there is none smaller. */
bool apply_shrink(Job *small, const Job *job, Arena *arena);

/* ---- apply_remark.c ---------------------------------------------------------------- */

void apply_remark_shape(const Job *job); /* before anything is computed */
void apply_remark_numbers(const Job *job, const Results *results); /* after */

#endif
