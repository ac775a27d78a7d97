/* Values: forms, and what operators make of them. */
#include "compute.h"

/* ---- forms ---------------------------------------------------------------------------- */

Value value_node(WrittenForm form, TapeNode *node) {
    return (Value){.form = form, .f = {.value = node}};
}

bool value_over_elements(const Compute *c) {
    return c->v->x != NULL;
}

/* A mean of x as a number of the view's shape: the digits of one double. */
static TapeNode *mean_of_x(Compute *c, const Value *a) {
    TapeNode *x = value_over_elements(c) ? c->v->x : rows_whole_means(c->t, &c->v->rows);
    TapeNode *mean = view_cell_mean(c->v, x, a->cells);
    return a->held ? tape_detach(c->t, mean) : mean;
}

/* Without an origin. */
Value value_plain(Compute *c, Value a) {
    if (a.origin == IS_MEAN) return value_node(FORM_ROW, mean_of_x(c, &a));
    if (a.origin == NO_ORIGIN) return a;
    return (Value){.form = value_over_elements(c) ? FORM_ROW : FORM_FIELD,
                   .f = view_x(c->v)};
}

/* A number in the view's shape. The gradient of one that is learned is a sum, of which the order
 * must not be that of x's axes. */
static TapeNode *repeated(Compute *c, TapeNode *number) {
    const ShapeLattice at = c->v->at;
    const bool learned = number->op != NULL;
    if (!learned || !value_over_elements(c) || c->v->shape.rank == 3)
        return tape_broadcast(c->t, number, c->v->shape);
    TapeNode *flat = tape_broadcast(c->t, number, SHAPE_OF(at.N, at.C, at.L));
    return tape_reshape(c->t, flat, c->v->shape);
}

/* As a node of this form, which is no less than its own. */
TapeNode *value_lifted(Compute *c, Value a, WrittenForm form) {
    a = value_plain(c, a);
    TapeNode *node = a.f.value;
    REQUIRE(a.form <= FORM_ROW, "%s has no such form over rows",
            c->v->context.norm->spec);
    if (a.form == FORM_NUMBER && form == FORM_VECTOR)
        node = tape_broadcast(c->t, node, SHAPE_OF(c->v->at.C));
    if (a.form == FORM_NUMBER && form >= FORM_ROW) return repeated(c, node);
    return a.form == FORM_VECTOR && form >= FORM_ROW ? view_repeat(c->v, node) : node;
}

TapeNode *value_row(Compute *c, Value a) {
    return value_lifted(c, a, FORM_ROW);
}

/* Over rows, where it is none: a field without slope. */
NormField value_field(Compute *c, Value a) {
    a = value_plain(c, a);
    if (a.form == FORM_FIELD) return a.f;
    TapeNode *value = value_row(c, a);
    if (value_over_elements(c)) return (NormField){.value = value};
    return (NormField){.value = value, .scale = tape_fill(c->t, c->v->shape, 0.0)};
}

static WrittenForm common(Value a, Value b) {
    return a.form > b.form ? a.form : b.form;
}

static bool is_field(const Value *a) {
    return a->form == FORM_FIELD;
}

/* ---- sums ------------------------------------------------------------------------------- */

Value value_negative(Compute *c, Value a) {
    a = value_plain(c, a);
    if (a.form < FORM_FIELD) return value_node(a.form, tape_neg(c->t, a.f.value));
    a.f = field_times(c->v, a.f, tape_fill(c->t, c->v->shape, -1.0));
    a.of_x = false;
    return a;
}

/* x less its mean, which may be held: then that mean's derivative is put back. */
static Value from_mean(Compute *c, const Value *mean) {
    Value y = {.form = value_over_elements(c) ? FORM_ROW : FORM_FIELD,
               .f = view_centred(c->v, mean->cells)};
    if (!mean->held) return y;
    Value free = *mean;
    free.held = false;
    TapeNode *moves = mean_of_x(c, &free);
    TapeNode *still = tape_detach(c->t, moves);
    y.f = field_shifted(c->v, y.f, tape_sub(c->t, moves, still));
    return y;
}

/* x less what has no origin. */
static Value from_x(Compute *c, Value b) {
    Value y = value_plain(c, (Value){.form = FORM_FIELD, .origin = IS_X});
    y.f.value = tape_sub(c->t, y.f.value, value_row(c, b));
    return y;
}

/* A mean of x less what has no origin, or less another mean: both from x. */
static Value mean_less(Compute *c, const Value *a, Value b) {
    const Value own = from_mean(c, a);
    const Value other = b.origin == IS_MEAN ? from_mean(c, &b) : from_x(c, b);
    return value_node(FORM_ROW, field_between(c->v, other.f, own.f));
}

Value value_difference(Compute *c, Value a, Value b) {
    if (a.origin == IS_X && b.origin == IS_MEAN) return from_mean(c, &b);
    if (a.origin == IS_MEAN && b.origin == IS_X)
        return value_negative(c, from_mean(c, &a));
    if (a.origin == IS_X && b.origin == NO_ORIGIN && b.form <= FORM_ROW)
        return from_x(c, b);
    if (b.origin == IS_X && a.origin == NO_ORIGIN && a.form <= FORM_ROW)
        return value_negative(c, from_x(c, a));
    if (a.origin == IS_MEAN && b.form <= FORM_ROW) return mean_less(c, &a, b);
    if (b.origin == IS_MEAN && a.form <= FORM_ROW)
        return value_negative(c, mean_less(c, &b, a));
    a = value_plain(c, a), b = value_plain(c, b);
    if (is_field(&a) && is_field(&b)) {
        a.f = field_plus(c->v, a.f, value_negative(c, b).f);
        return a;
    }
    if (is_field(&a)) {
        a.f.value = tape_sub(c->t, a.f.value, value_row(c, b));
        return a;
    }
    if (is_field(&b)) {
        b = value_negative(c, b);
        b.f.value = tape_add(c->t, b.f.value, value_row(c, a));
        return b;
    }
    const WrittenForm form = common(a, b);
    TapeNode *left = value_lifted(c, a, form);
    return value_node(form, tape_sub(c->t, left, value_lifted(c, b, form)));
}

Value value_sum(Compute *c, Value a, Value b) {
    if (a.nothing) return b;
    if (b.nothing) return a;
    a = value_plain(c, a), b = value_plain(c, b);
    if (is_field(&a) && is_field(&b)) {
        a.f = field_plus(c->v, a.f, b.f);
        return a;
    }
    if (is_field(&b)) return value_sum(c, b, a);
    if (is_field(&a)) {
        a.f = field_shifted(c->v, a.f, value_row(c, b));
        return a;
    }
    const WrittenForm form = common(a, b);
    TapeNode *left = value_lifted(c, a, form);
    return value_node(form, tape_add(c->t, left, value_lifted(c, b, form)));
}

/* ---- products ---------------------------------------------------------------------------- */

static Value square_of(Compute *c, const Value *a, const Value *b) {
    NormField *by = TAKE(tape_arena(c->t), NormField, 1);
    *by = b->f;
    return (Value){.form = FORM_SQUARE, .f = a->f, .by = by};
}

Value value_product(Compute *c, Value a, Value b) {
    if (a.nothing) return b;
    if (b.nothing) return a;
    if (a.origin == IS_X && b.origin == IS_X && !value_over_elements(c)) {
        a = value_plain(c, a);
        Value square = square_of(c, &a, &a);
        square.of_x = true;
        return square;
    }
    a = value_plain(c, a), b = value_plain(c, b);
    if (is_field(&a) && is_field(&b)) return square_of(c, &a, &b);
    if (a.form < FORM_FIELD && b.form >= FORM_FIELD) return value_product(c, b, a);
    if (a.form >= FORM_FIELD) {
        a.f = field_times(c->v, a.f, value_row(c, b));
        a.of_x = false;
        return a;
    }
    const WrittenForm form = common(a, b);
    TapeNode *left = value_lifted(c, a, form);
    return value_node(form, tape_mul(c->t, left, value_lifted(c, b, form)));
}

Value value_quotient(Compute *c, Value a, Value b) {
    a = value_plain(c, a), b = value_plain(c, b);
    if (a.form >= FORM_FIELD) {
        a.f = field_over(c->v, a.f, value_row(c, b));
        a.of_x = false;
        return a;
    }
    const WrittenForm form = common(a, b);
    TapeNode *left = value_lifted(c, a, form);
    return value_node(form, tape_div(c->t, left, value_lifted(c, b, form)));
}

Value value_power(Compute *c, Value a, const Value *exponent, double number) {
    if (exponent) {
        const Value b = value_plain(c, *exponent);
        a = value_plain(c, a);
        const WrittenForm form = common(a, b);
        TapeNode *log = tape_log(c->t, value_lifted(c, a, form));
        log = tape_mul(c->t, value_lifted(c, b, form), log);
        return value_node(form, tape_exp(c->t, log));
    }
    if (number == 1.0) return a;
    if (number == 2.0) {
        if (value_over_elements(c)) a = value_plain(c, a); /* x once */
        return value_product(c, a, a);
    }
    a = value_plain(c, a);
    return value_node(a.form, tape_power(c->t, value_lifted(c, a, a.form), number));
}
