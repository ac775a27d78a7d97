/* apply: what the files of `normlab apply` share, and nobody else sees. */
#ifndef NORMLAB_APPLY_H
#define NORMLAB_APPLY_H

#include "step.h"
#include "tool.h"

enum { MOST_OPERANDS = 7 + 2 * NORM_MAX_PARAMS + NORM_MAX_STATES };

/* ---- apply_names.c: what things are called in IN and OUT -------------------------- */

/* The names of one framework: of the affine and of the running moments. */
typedef struct Names {
    const char *option; /* of --names; "": our own */
    const char *gamma, *beta, *mean, *variance;
    const char *cell_mean, *cell_rstd; /* in OUT, where those do not take their names */
    const char *cell_variance;         /* in IN */
} Names;

/* --names; ours where it is not given. */
const Names *apply_names(const Call *call);

/* ---- apply_axes.c: words ------------------------------------------------------------ */

typedef enum AxisRole { AXIS_SAMPLES, AXIS_CHANNELS, AXIS_POSITIONS } AxisRole;

/* What one option says; negative: from the end. */
typedef struct AxisList {
    const char *option, *text; /* text NULL: it does not, and this is what is usual */
    size_t count;
    ptrdiff_t axis[SHAPE_MAX_RANK];
} AxisList;

/* Of a tensor in IN and OUT: samples, channels, and the rest are positions. */
typedef struct Axes {
    bool last;                    /* --layout channels-last */
    AxisList list[2];             /* samples, channels */
    size_t order[SHAPE_MAX_RANK]; /* of that x: samples, channels, positions */
} Axes;

/* --samples, --channels, --layout. */
Axes apply_axes(const Call *call);

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
    Axes axes;
    const Norm *norm;
    const Norm *unbound; /* to a number of channels */
    NormMode mode;
    size_t epoch;
    Shape given, shape; /* of x in IN, and [N, C, positions...] */
    ShapeLattice lattice;
    const char *unused; /* names in IN, "": none */
    size_t operands;
    Operand operand[MOST_OPERANDS];
    const double *x, *dy;      /* dy: NULL where not given */
    const unsigned char *mask; /* [N, L]; NULL: not given */
    bool moments;              /* --moments given: these */
    NormGiven given_moments;
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

/* The shape that so many numbers have in IN and OUT, `bound` of them where there is a number
 * of channels and `unbound` where there is not yet: the channels' axes, or a list. */
Shape apply_vector(const Job *job, size_t bound, size_t unbound);

/* ---- apply_axes.c ------------------------------------------------------------------ */

/* order and job->shape, of job->given. */
void apply_place_axes(Job *job);

/* Sizes of those axes, in the order in which they are said. */
Shape apply_shape_of(const Job *job, AxisRole role);

/* A tensor as the normalizer sees it, of one in IN; and one of OUT, of what it sees. */
const double *apply_seen(const Job *job, const double *given);
const double *apply_layout(const Job *job, const double *seen);

/* ---- apply_run.c ------------------------------------------------------------------ */

/* In the normalizer's layout. */
StepResults *apply_run(const Job *job);

/* The shape that the cells' moments have in OUT, and in IN. */
Shape apply_cells(const Job *job);

/* Writes the definition's y of leaves x and param. */
TapeNode *apply_define(const Job *job, Tape *tape, TapeNode *x, TapeNode *const *param);

/* apply_run's second order, for who measures it. */
void apply_second_order(const Job *job, StepResults *results);

/* ---- apply_memory.c --------------------------------------------------------------- */

/* Says what the second order needs where that is much, and ends the program (71) where it
 * cannot be had; else it is reserved. */
void apply_reserve(const Job *job);

/* A job of a few thousand of its elements, as the normalizer can see; false, and the same
 * job, where there is none smaller. */
bool apply_shrink(Job *small, const Job *job, Arena *arena);

/* ---- apply_write.c ---------------------------------------------------------------- */

void apply_write(const Job *job, Store *out, const StepResults *results);

/* ---- apply_remark.c ---------------------------------------------------------------- */

void apply_remark_shape(const Job *job); /* before anything is computed */
void apply_remark_numbers(const Job *job, const StepResults *results); /* after */

#endif
