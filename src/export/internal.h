/* What the files of export share: recordings, the program for any size, and its printing. */
#ifndef NORMLAB_EXPORT_INTERNAL_H
#define NORMLAB_EXPORT_INTERNAL_H

#include "export.h"
#include "house.h"
#include "op.h"
#include "replay.h"
#include "text.h"

/* ---- record.c: a definition at one size ------------------------------------------------ */

/* FLAT: all alike, so that no value chooses; the others drawn, one the negative of the other. */
typedef enum Values { VALUES_FLAT, VALUES_DRAWN, VALUES_TURNED } Values;

typedef struct Recording {
    const Norm *norm;
    NormMode mode;
    ShapeLattice at;
    Tape *tape;
    double *x_value, *param_value[NORM_MAX_PARAMS], *state_value[NORM_MAX_STATES];
    TapeNode *x, *param[NORM_MAX_PARAMS], *y;
    TapeNode *seen[NORM_MAX_STATES]; /* in training; NULL: nobody says */
} Recording;

/* Whether the module has that state: what only norm_adapt reads or writes stays here. */
bool record_keeps(const NormState *state);

/* Drawn numbers are short: whole multiples of 1/64. */
Recording record_new(Arena *arena, const Norm *norm, NormMode mode, size_t epoch,
                     ShapeLattice at, Values values);

/* y, then what is seen of the states that are kept, in order. */
const Program *record_program(const Recording *r, Arena *arena);

/* The same program again, in doubles, with another's values. */
void record_again(Recording *r, const Recording *other);

/* ---- measure.c: numbers as expressions of N and L ----------------------------------------- */

typedef enum MeasureForm {
    MEASURE_CONSTANT,
    MEASURE_PRODUCT, /* num N^n L^l / den */
    MEASURE_LESS,    /* that - 1 */
    MEASURE_MORE,    /* that + 1 */
    MEASURE_SHARE,   /* 1 / m of that */
    MEASURE_RATIO    /* m / (m - 1) of that, 1 of 1 */
} MeasureForm;

typedef struct Measure {
    MeasureForm form;
    double constant;
    size_t num, den;
    unsigned n, l;
} Measure;

enum {
    SIZES = 5
}; /* at which programs are recorded; the last is not fitted, but predicted */

/* False: it is none of these. */
bool measure_fit(Measure *measure, const double value[SIZES],
                 const ShapeLattice at[SIZES]);

/* How tightly a text binds. */
typedef enum Binding { BINDS_CALL, BINDS_PRODUCT, BINDS_SUM, BINDS_SIGN } Binding;

const char *measure_text(Arena *arena, const Measure *measure, bool whole,
                         Binding *binding);
const char *python_number(Arena *arena, double value); /* "1.0", "math.inf" */

/* ---- form.c: the program for any size -------------------------------------------------- */

typedef enum LeafKind { LEAF_X, LEAF_PARAM, LEAF_STATE, LEAF_NUMBERS } LeafKind;

typedef struct Leaf {
    LeafKind kind;
    size_t place, from, count; /* which parameter or state, and which of its numbers */
    size_t period;             /* numbers: so many that repeat */
    Measure *number;           /* [period] */
    bool by_axes;              /* that stand along these axes, alike along the others */
    bool along[SHAPE_MAX_RANK];
} Leaf;

typedef struct FormStep {
    const char *op; /* NULL: a leaf */
    size_t arity, in[OP_MOST_OPERANDS];
    bool constant; /* all its elements are one finite number, at all sizes */
    size_t rank;
    Measure size[SHAPE_MAX_RANK];
    Leaf leaf;
    size_t axes[SHAPE_MAX_RANK]; /* permute */
    Measure axis, from, width;   /* slice, pad; gather: the axis */
    size_t chosen;               /* gather: so many along it... */
    const size_t *choice;        /* [chosen] ...which are these */
    size_t row;                  /* of rows of so many, seen flat; 0: of an axis */
    bool transposed[2];          /* matmul */
    double exponent;             /* power */
    Measure block;               /* mean, spread: samples of a cell */
    size_t C, sets;              /* channels, and sets of them */
    const size_t *set_of;        /* [C] */
    bool apart;
} FormStep;

typedef struct Form {
    size_t steps, outputs;
    FormStep *step;
    size_t output[1 + NORM_MAX_STATES]; /* the steps of y and of what is seen */
    size_t state[1 + NORM_MAX_STATES];  /* of which state; [0]: not used */
    ShapeLattice unit;                  /* N and L are multiples of its */
} Form;

/* NULL and *error: it cannot be said. */
const Form *form_new(Arena *arena, const Norm *norm, NormMode mode, size_t epoch,
                     BaseError *error);

/* Where sets of equal size follow each other. */
bool form_is_even(const FormStep *step);

/* Whether two have one shape; whether they do the same with their operands. */
bool form_shape_is(const FormStep *a, const FormStep *b);
bool form_does(const FormStep *a, const FormStep *b);

/* ---- language.c -------------------------------------------------------------------------- */

typedef struct Language {
    const char *module;        /* "torch" */
    const char *param, *state; /* around a name */
    bool names_dotted;         /* "part1.gamma" stays so */
} Language;

const Language *language_of(ExportTo to);
const char *language_op(ExportTo to, const char *op, Binding *binding); /* NULL: none */

/* The helpers that `body` calls, in order, and those that they call. */
void language_helpers(Text *out, ExportTo to, const char *body);

/* ---- write.c: a form as lines ----------------------------------------------------------- */

/* Assignments, one a line; then *result[outputs] is what each output is called. */
void write_body(Text *out, const Norm *norm, const Form *form, ExportTo to,
                const char *indent, const char **result);
const char *write_name(Arena *arena, const char *name, ExportTo to);

/* ---- numbers.c: the module's test of itself --------------------------------------------- */

void numbers_write(Text *out, const Norm *norm, const ExportWish *wish,
                   ShapeLattice unit);

#endif
