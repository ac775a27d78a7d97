/* The whole Jacobian twice, and every entry compared.
 *
 * A row (one output by all inputs) is one backward of one recorded tape, a column (all
 * outputs by one element) one run of its program at x + i h. Rows come first and are
 * written down as columns, so that each column is compared as it is computed. All is
 * arranged so that a check costs little more than those calls: an entry is looked at by
 * itself only in columns that hold a new worst. A zero must be exact where no path of the
 * program leads from the element to the output; another is as near to 0 as rounding lets it.
 */
#include "arith_calls.h"
#include "bound.h"
#include "house.h"
#include "judge.h"
#include "replay.h"
#include "step.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* h^2 is below the smallest part of anything; a power of two, so that scaling is exact. */
static const double STEP = 0x1p-100;

enum { TOGETHER = 8 }; /* rows: as many doubles as a cache line holds */

typedef struct Jacobian {
    Arena *arena;
    const CheckFunction *function;
    CheckBound bound;
    Tape *tape;
    TapeNode **x, *y;
    size_t rows, columns; /* elements of y; of all inputs, one after the other */
    double *row;          /* [columns] where tape_backward leaves gradients */
    double *got;          /* [columns][stride >= rows], by the kernels */
    size_t stride;
    Judge judge;
} Jacobian;

/* Of all rows at once: the terms of each are among those of the upstream of ones. */
static const double *const *scale_of_ones(const Jacobian *jacobian) {
    CheckFunction function = *jacobian->function;
    double *one = TAKE(jacobian->arena, double, jacobian->rows);
    for (size_t j = 0; j < jacobian->rows; j++) one[j] = 1.0;
    function.upstream = one;
    return check_scale(jacobian->arena, &function, CHECK_GRADIENT, 0);
}

static Jacobian record(Arena *arena, const CheckFunction *function,
                       const CheckBound *bound) {
    Jacobian jacobian = {.arena = arena,
                         .function = function,
                         .bound = *bound,
                         .judge = judge_new(arena, function, 0)};
    for (size_t i = 0; i < function->inputs; i++)
        jacobian.columns += shape_count(function->input[i].shape);
    jacobian.row = TAKE(arena, double, jacobian.columns);
    jacobian.tape = tape_new(arena);
    jacobian.x = TAKE(arena, TapeNode *, function->inputs);
    double *slot = jacobian.row;
    for (size_t i = 0; i < function->inputs; i++) {
        const CheckInput *input = &function->input[i];
        jacobian.x[i] = tape_parameter(jacobian.tape, input->shape, input->value, slot);
        slot += shape_count(input->shape);
    }
    jacobian.y = function->write(jacobian.tape, jacobian.x, function->context);
    jacobian.rows = shape_count(jacobian.y->shape);
    if (bound->scale == NULL) jacobian.bound.scale = scale_of_ones(&jacobian);
    return jacobian;
}

/* ---- rows ------------------------------------------------------------------------ */

/* Gradient of y[j]. The slots begin as NaN: what is not written shows. */
static void row_of(const Jacobian *jacobian, double *row, double *seed, size_t j) {
    ArenaMark mark = arena_mark(jacobian->arena);
    for (size_t k = 0; k < jacobian->columns; k++) jacobian->row[k] = NAN;
    seed[j] = 1.0;
    tape_backward(jacobian->tape, jacobian->y, seed);
    seed[j] = 0.0;
    memcpy(row, jacobian->row, jacobian->columns * sizeof *row);
    arena_rewind(jacobian->arena, mark);
}

/* A few rows at a time, so that columns are written by whole cache lines. */
static void rows_by_kernels(Jacobian *jacobian) {
    const size_t rows = jacobian->rows, columns = jacobian->columns;
    jacobian->stride = (rows + TOGETHER - 1) / TOGETHER * TOGETHER;
    jacobian->got = TAKE(jacobian->arena, double, columns * jacobian->stride);
    double *few = ZERO(jacobian->arena, double, TOGETHER *columns);
    double *seed = ZERO(jacobian->arena, double, rows);
    for (size_t j = 0; j < rows; j += TOGETHER) {
        for (size_t r = 0; r < TOGETHER && j + r < rows; r++)
            row_of(jacobian, few + r * columns, seed, j + r);
        for (size_t k = 0; k < columns; k++)
            for (size_t r = 0; r < TOGETHER; r++)
                jacobian->got[k * jacobian->stride + j + r] = few[r * columns + k];
    }
}

/* ---- columns --------------------------------------------------------------------- */

typedef struct Column {
    size_t input, element;
    const double *got;            /* [rows] */
    const double _Complex *moved; /* [rows] y at x + i h */
    double allowed;
    const bool *reached; /* [rows]; NULL: not asked */
} Column;

static double expected(const Column *column, size_t j) {
    return cimag(column->moved[j]) / STEP;
}

/* Entries that may be worse than the worst so far. */
static size_t suspects(const Jacobian *jacobian, const Column *column) {
    const CheckReport *worst = &jacobian->judge.report;
    if (worst->compared == 0) return 1;
    const double limit =
        column->allowed > 0.0 ? check_ratio(worst) * column->allowed : 0.0;
    size_t found = 0;
    for (size_t j = 0; j < jacobian->rows; j++) {
        const double want = expected(column, j), error = fabs(column->got[j] - want);
        found += error <= (want == 0.0 ? 0.0 : limit) ? 0 : 1;
    }
    return found;
}

/* Asked where a number meets a zero. */
static bool must_be_zero(const Jacobian *jacobian, const Program *program, Column *column,
                         size_t j) {
    if (expected(column, j) != 0.0 || column->got[j] == 0.0) return false;
    if (column->reached == NULL) {
        bool *reached;
        program_reach(program, jacobian->arena, PATH_OF_DERIVATIVES,
                      jacobian->x[column->input], column->element, &reached);
        column->reached = reached;
    }
    return !column->reached[j];
}

static void enter(Jacobian *jacobian, const Program *program, Column *column, size_t j) {
    const bool zero = must_be_zero(jacobian, program, column, j);
    const double want = expected(column, j);
    judge_enter(&jacobian->judge, &(Case){.input = column->input,
                                          .element = column->element,
                                          .output = j,
                                          .got = column->got[j],
                                          .expected = want,
                                          .allowed = zero ? 0.0 : column->allowed,
                                          .limit = INFINITY,
                                          .unit = 1.0});
}

/* All columns of one input: what depends on the others alone is computed once. */
static void columns_by_step(Jacobian *jacobian, const Program *program, size_t i,
                            const double *got) {
    const double *x = jacobian->x[i]->value;
    const size_t count = shape_count(jacobian->x[i]->shape);
    ArenaMark mark = arena_mark(jacobian->arena);
    Prepared *run = program_prepare_complex(program, jacobian->arena, &jacobian->x[i], 1);
    double _Complex *value = TAKE(jacobian->arena, double _Complex, count);
    for (size_t k = 0; k < count; k++) value[k] = x[k];
    for (size_t k = 0; k < count; k++) {
        Column column = {.input = i, .element = k, .got = got + k * jacobian->stride};
        column.allowed =
            jacobian->bound.digits * DBL_EPSILON * jacobian->bound.scale[i][k];
        if (column.allowed > 0.0) column.allowed += STEP_LOST;
        value[k] = x[k] + (double _Complex)I * STEP;
        program_again_complex(run, (const double _Complex *const[]){value},
                              &column.moved);
        if (suspects(jacobian, &column) > 0)
            for (size_t j = 0; j < jacobian->rows; j++)
                enter(jacobian, program, &column, j);
        value[k] = x[k]; /* not before: y may be x itself */
    }
    arena_rewind(jacobian->arena, mark);
}

CheckReport check_jacobian(Arena *arena, const CheckFunction *function,
                           const CheckBound *bound) {
    REQUIRE(function->inputs > 0, "nothing to compare");
    ArenaMark mark = arena_mark(arena);
    Jacobian jacobian = record(arena, function, bound);
    rows_by_kernels(&jacobian);
    const Program *program = program_new(jacobian.tape, &jacobian.y, 1);
    const double *got = jacobian.got;
    for (size_t i = 0; i < function->inputs; i++) {
        columns_by_step(&jacobian, program, i, got);
        got += shape_count(function->input[i].shape) * jacobian.stride;
    }
    CheckReport report = jacobian.judge.report;
    report.compared = jacobian.rows * jacobian.columns;
    arena_rewind(arena, mark);
    return report;
}
