/* What steps of a program have in common. */
#include "internal.h"

#include <string.h>

bool form_is_even(const FormStep *step) {
    for (size_t c = 0; c < step->C; c++)
        if (step->C % step->sets != 0 || step->set_of[c] != c / (step->C / step->sets))
            return false;
    return true;
}

static bool same(const Measure *a, const Measure *b) {
    if (a->form != b->form) return false;
    return a->form == MEASURE_CONSTANT
               ? a->constant == b->constant
               : a->n == b->n && a->l == b->l && a->num == b->num && a->den == b->den;
}

bool form_shape_is(const FormStep *a, const FormStep *b) {
    bool alike = a->rank == b->rank;
    for (size_t i = 0; alike && i < a->rank; i++) alike = same(&a->size[i], &b->size[i]);
    return alike;
}

static bool same_partition(const FormStep *a, const FormStep *b) {
    return a->C == b->C && a->sets == b->sets && a->apart == b->apart &&
           (a->C == 0 || memcmp(a->set_of, b->set_of, a->C * sizeof *a->set_of) == 0);
}

static bool same_choice(const FormStep *a, const FormStep *b) {
    return a->chosen == b->chosen && a->row == b->row &&
           (a->chosen == 0 ||
            memcmp(a->choice, b->choice, a->chosen * sizeof *a->choice) == 0);
}

bool form_does(const FormStep *a, const FormStep *b) {
    return a->op && b->op && strcmp(a->op, b->op) == 0 && a->arity == b->arity &&
           form_shape_is(a, b) && memcmp(a->axes, b->axes, sizeof a->axes) == 0 &&
           same(&a->axis, &b->axis) && same(&a->from, &b->from) &&
           same(&a->width, &b->width) && a->transposed[0] == b->transposed[0] &&
           a->transposed[1] == b->transposed[1] && a->exponent == b->exponent &&
           same(&a->block, &b->block) && same_partition(a, b) && same_choice(a, b);
}
