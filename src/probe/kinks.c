/* On which side of its kink each element of a program is that has one: relus, steps, selects and
 * maxima, and fused operations that may end in a relu. */
#include "kinks.h"
#include "house.h"
#include "op.h"

#include <string.h>

static bool chooses(const TapeNode *y) {
    static const char *const names[] = {"relu", "step", "select", "max"};
    if (y->op == NULL) return false;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(y->op->name, names[i]) == 0) return true;
    return y->op->define != NULL;
}

/* Of fused operations, which may end in a relu: whether it let the element through. What has no relu
 * is hardly ever 0. */
static bool side_of(const TapeNode *y, size_t i) {
    if (y->op->define) return y->value[i] != 0.0;
    if (strcmp(y->op->name, "max") == 0) return y->in[1]->value[i] > y->in[0]->value[i];
    return y->in[0]->value[i] > 0.0;
}

Sides sides_of(Arena *arena, Tape *tape) {
    Sides s = {0, NULL};
    for (const TapeNode *y = tape_last(tape); y; y = y->previous)
        if (chooses(y)) s.count += shape_count(y->shape);
    s.side = TAKE(arena, bool, s.count);
    size_t at = 0;
    for (const TapeNode *y = tape_last(tape); y; y = y->previous)
        for (size_t i = 0, n = chooses(y) ? shape_count(y->shape) : 0; i < n; i++)
            s.side[at++] = side_of(y, i);
    return s;
}

size_t sides_crossed(const Sides *one, const Sides *two) {
    size_t count = 0;
    REQUIRE(one->count == two->count, "programs of %zu and %zu kinks", one->count,
            two->count);
    for (size_t i = 0; i < one->count; i++) count += one->side[i] != two->side[i];
    return count;
}

bool tape_holds(Tape *tape) {
    bool held = false;
    for (const TapeNode *y = tape_last(tape); y; y = y->previous)
        held = held || (y->op && y->wanted && strcmp(y->op->name, "detach") == 0);
    return held;
}
