/* compute: values of an equation's terms over a view. What is one number stays one, what is of
 * channels a vector, until it meets what is of rows. x and its means keep their origin until
 * something else than their difference is asked: so differences keep their digits. */
#ifndef NORMLAB_COMPUTE_H
#define NORMLAB_COMPUTE_H

#include "written.h"

typedef enum Origin { NO_ORIGIN, IS_X, IS_MEAN } Origin;

typedef struct Value {
    WrittenForm form;
    NormField f;         /* of what is no field, f.value; not yet of x and its means */
    const NormField *by; /* FORM_SQUARE: f times this */
    Origin origin;
    const Partition *cells; /* IS_MEAN: of x over these */
    bool held;              /* IS_MEAN: a constant of the derivative */
    bool of_x;              /* FORM_SQUARE: x^2, of whole means */
    bool nothing;           /* gamma or beta that is not there */
} Value;

typedef struct Compute {
    const NormView *v;
    Tape *t;
    const Written *w;
    bool known[EQUATION_MOST_LINES];
    Value line[EQUATION_MOST_LINES];
    const Partition **cells; /* [terms] */
} Compute;

/* ---- value.c ---------------------------------------------------------------------------- */

Value value_node(WrittenForm form, TapeNode *node);
bool value_over_elements(const Compute *c);

/* Without an origin; as a node of a form that is no less than its own; of rows; as a field. */
Value value_plain(Compute *c, Value a);
TapeNode *value_lifted(Compute *c, Value a, WrittenForm form);
TapeNode *value_row(Compute *c, Value a);
NormField value_field(Compute *c, Value a);

Value value_negative(Compute *c, Value a);
Value value_difference(Compute *c, Value a, Value b);
Value value_sum(Compute *c, Value a, Value b);
Value value_product(Compute *c, Value a, Value b);
Value value_quotient(Compute *c, Value a, Value b);
/* exponent NULL: by a number */
Value value_power(Compute *c, Value a, const Value *exponent, double number);

/* ---- function.c ---------------------------------------------------------------------------- */

/* A function of the language of nodes of one shape. */
TapeNode *function_of(Compute *c, const char *word, TapeNode *const *a);

#endif
