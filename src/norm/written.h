/* written: normalizers that are equations in text (../equation/equation.h), as kinds like any
 * other. What the program finds out of an equation's form, its author need not say: whether
 * it runs over the moments of rows, which cells share moments, what its numbers are. */
#ifndef NORMLAB_WRITTEN_H
#define NORMLAB_WRITTEN_H

#include "equation.h"
#include "internal.h"

/* What a term varies with, and what it is of x. In one mode. */
typedef enum WrittenForm {
    FORM_NUMBER, /* one for all */
    FORM_VECTOR, /* one a channel [C], of no x */
    FORM_ROW,    /* one a row, or over elements of x's shape */
    FORM_FIELD,  /* value + scale (x - mean of the row), (A-5) */
    FORM_SQUARE, /* the product of two fields: its mean has a row form */
    FORM_ELEMENT /* anything else: none over rows */
} WrittenForm;

typedef struct WrittenFact {
    WrittenForm form;
    bool by_sample, by_channel, by_position;
    bool curved;   /* not a x + b with a and b that are not of x */
    bool positive; /* never below 0 */
    bool of_x, is_x;
    const Norm *mean_over; /* it is the mean of x over these cells */
    double
        degree; /* of x, where multiplying x multiplies it by a power; NAN: it does not */
} WrittenFact;

/* A normalizer's equation with the numbers of its spec: norm->detail. */
typedef struct Written {
    const Equation *equation;
    EquationSettings settings;
    const Norm **cell;                    /* [terms] of TERM_MEAN, SUM, COUNT; NULL */
    size_t *part;                         /* [terms] of TERM_APPLY */
    bool reached[EQUATION_MOST_LINES];    /* in some mode, with these options */
    const Norm *per[EQUATION_MOST_LINES]; /* cells whose sets a parameter counts */
    size_t *set_of[EQUATION_MOST_LINES];  /* [C] of each channel; NULL: not by sets */
    size_t count[EQUATION_MOST_LINES];    /* of a parameter or state */
    double start[EQUATION_MOST_LINES], std[EQUATION_MOST_LINES],
        least[EQUATION_MOST_LINES], most[EQUATION_MOST_LINES],
        weight_new[EQUATION_MOST_LINES];
    WrittenFact fact[2][EQUATION_MOST_LINES]; /* by mode */
    const Term *body; /* that is computed: without gamma and beta, where they are last */
    bool rows;        /* it has the form in both modes */
    bool by_mode;     /* it asks whether it trains */
} Written;

/* ---- facts.c ------------------------------------------------------------------------- */

/* Of every line that is reached, and what follows for the normalizer: rows, cells. */
void written_facts(Norm *norm, Written *w);
WrittenFact written_fact(const Norm *norm, const Written *w, NormMode mode,
                         const Term *term);
/* A parameter's role, by where it stands. */
NormParamRole written_role(const Norm *norm, const Written *w, size_t line);

/* ---- written.c: hooks of a kind ------------------------------------------------------- */

bool written_configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                       BaseError *error);
void written_declare(Norm *norm);
/* Which elements share moments, in words. */
const char *written_cells(Arena *arena, const Norm *norm);

/* What an equation makes of these settings, for so many channels (0: not bound yet); the
 * error's `at` is a byte of the equation's text. */
bool written_bind(Arena *arena, Norm *norm, const Equation *equation,
                  const EquationSettings *settings, BaseError *error);

/* ---- runs.c --------------------------------------------------------------------------- */

typedef struct WrittenRuns {
    bool line[EQUATION_MOST_LINES], part[NORM_MAX_PARTS], term[EQUATION_MOST_TERMS];
} WrittenRuns;

/* What a mode computes: y, and in training what states observe. */
WrittenRuns written_runs(const Written *w, NormMode mode);

/* Whether x has the cells that a mode asks; who trains evaluates, too. */
bool written_fits(Arena *arena, const Norm *norm, ShapeLattice x, NormMode mode,
                  BaseError *error);

/* ---- compute.c ------------------------------------------------------------------------ */

NormField written_text(const NormView *v);

/* ---- centre.c -------------------------------------------------------------------------- */

/* x less the mean of its cell with the digits that a kernel keeps: fused. */
TapeNode *centre_apply(const NormContext *context, TapeNode *x,
                       const Partition *partition);

/* ---- view.c ------------------------------------------------------------------------------ */

/* A partition's cells over the view, without what is masked; numbers of cells in the view's
 * shape, `outside` of what is in none; the mean of what is one number of the view's shape, back
 * in its shape (outside 1, by which may be divided); x less its mean. */
const Partition *view_cells(const NormView *v, const Norm *cells);
TapeNode *view_cell_spread(const NormView *v, TapeNode *each, const Partition *cells,
                           double outside);
TapeNode *view_cell_mean(const NormView *v, TapeNode *value, const Partition *cells);
NormField view_centred(const NormView *v, const Partition *cells);
/* At the means of rows: a field; the mean over each row of the product of two. */
TapeNode *field_at_means(const NormView *v, NormField a);
TapeNode *field_product_mean(const NormView *v, NormField a, NormField b);

#endif
