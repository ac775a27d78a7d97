/* Leaves of a program for any size: what is given, or numbers that follow a rule. */
#include "forming.h"

#include <math.h>

/* Which of count numbers `at` points to; false: to none. */
static bool points_into(const double *at, const double *numbers, size_t count,
                        size_t *from) {
    for (*from = 0; *from < count; (*from)++)
        if (numbers + *from == at) return true;
    return false;
}

static bool is_given(const Recording *r, const TapeNode *node, Leaf *leaf) {
    leaf->count = shape_count(node->shape);
    leaf->from = 0;
    leaf->kind = LEAF_X, leaf->place = 0;
    if (node == r->x) return true;
    for (leaf->place = 0; leaf->place < r->norm->params; leaf->place++) {
        leaf->kind = LEAF_PARAM;
        if (node == r->param[leaf->place]) return true;
    }
    for (leaf->place = 0; leaf->place < r->norm->states; leaf->place++) {
        leaf->kind = LEAF_STATE;
        if (points_into(node->value, r->state_value[leaf->place],
                        r->norm->state[leaf->place].count, &leaf->from))
            return true;
    }
    return false;
}

static bool repeats(const TapeNode *node, size_t period) {
    const size_t count = shape_count(node->shape);
    if (count % period != 0) return false;
    for (size_t i = period; i < count; i++) {
        const double a = node->value[i], b = node->value[i - period];
        if (a != b && !(isnan(a) && isnan(b))) return false;
    }
    return true;
}

static bool fit_numbers(const Forming *f, Leaf *leaf, size_t s,
                        const size_t *index[SIZES]) {
    leaf->number = TAKE(f->arena, Measure, leaf->period);
    for (size_t k = 0; k < leaf->period; k++) {
        double value[SIZES];
        for (size_t i = 0; i < SIZES; i++)
            value[i] = forming_node(f, i, s)->value[index[i] ? index[i][k] : k];
        if (!measure_fit(&leaf->number[k], value, f->at)) return false;
    }
    return true;
}

static bool form_repeated(const Forming *f, Leaf *leaf, size_t s) {
    const size_t *in_order[SIZES] = {NULL};
    const size_t most = shape_count(forming_node(f, 0, s)->shape);
    for (leaf->period = 1; leaf->period <= most; leaf->period++) {
        size_t i = 0;
        while (i < SIZES && repeats(forming_node(f, i, s), leaf->period)) i++;
        if (i == SIZES) return fit_numbers(f, leaf, s, in_order);
    }
    return false;
}

/* ---- numbers along some axes, alike along those that have no one size -------------------- */

/* Where element k of those along the axes stands first. */
static size_t first_place(Shape shape, const bool *along, size_t k) {
    size_t place = 0, step = 1;
    for (size_t axis = shape.rank; axis-- > 0; step *= shape.size[axis]) {
        if (!along[axis]) continue;
        place += k % shape.size[axis] * step;
        k /= shape.size[axis];
    }
    return place;
}

/* Which of them element i is. */
static size_t number_of(Shape shape, const bool *along, size_t i) {
    size_t number = 0, step = 1;
    for (size_t axis = shape.rank; axis-- > 0; i /= shape.size[axis]) {
        if (!along[axis]) continue;
        number += i % shape.size[axis] * step;
        step *= shape.size[axis];
    }
    return number;
}

static const size_t *places(const Forming *f, const Leaf *leaf, const TapeNode *node) {
    size_t *place = TAKE(f->arena, size_t, leaf->period);
    for (size_t k = 0; k < leaf->period; k++)
        place[k] = first_place(node->shape, leaf->along, k);
    for (size_t i = 0; i < shape_count(node->shape); i++)
        if (node->value[i] != node->value[place[number_of(node->shape, leaf->along, i)]])
            return NULL;
    return place;
}

static bool form_along(const Forming *f, FormStep *step, size_t s) {
    Leaf *leaf = &step->leaf;
    const size_t *place[SIZES];
    leaf->by_axes = true;
    leaf->period = 1;
    for (size_t axis = 0; axis < step->rank; axis++) {
        leaf->along[axis] = step->size[axis].form == MEASURE_CONSTANT;
        if (leaf->along[axis]) leaf->period *= (size_t)step->size[axis].constant;
    }
    for (size_t i = 0; i < SIZES; i++) {
        place[i] = places(f, leaf, forming_node(f, i, s));
        if (place[i] == NULL) return false;
    }
    return fit_numbers(f, leaf, s, place);
}

bool forming_leaf(const Forming *f, FormStep *step, size_t s) {
    Leaf *leaf = &step->leaf;
    const bool given = is_given(&f->recording[0], forming_node(f, 0, s), leaf);
    for (size_t i = 1; i < SIZES; i++) {
        Leaf other;
        if (is_given(&f->recording[i], forming_node(f, i, s), &other) != given)
            return false;
        if (given && (other.kind != leaf->kind || other.place != leaf->place ||
                      other.from != leaf->from))
            return false;
    }
    if (given) return true;
    leaf->kind = LEAF_NUMBERS;
    return form_repeated(f, leaf, s) || form_along(f, step, s);
}
