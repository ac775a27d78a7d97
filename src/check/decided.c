/* Whether doubles choose as 113 bits do: where they do not, a value has no right answer. */
#include "derive.h"
#include "house.h"
#include "op.h"
#include "replay.h"

#include <string.h>

/* What an operation looks at to choose: a number, or the larger of two. */
static size_t looked_at(const TapeNode *y, TapeNode **number) {
    const char *name = y->op ? y->op->name : "";
    const bool larger = strcmp(name, "max") == 0;
    if (!larger && strcmp(name, "step") && strcmp(name, "select") && strcmp(name, "relu"))
        return 0;
    number[0] = y->in[0];
    number[1] = larger ? y->in[1] : y->in[0];
    return 2;
}

/* Of the i-th choice of two nodes (one, twice: against 0). A double of which no digit is
 * right is the rounding of a tie, even where its sign is that of 113 bits. */
static CheckChoices choice(TapeNode *const *node, Quad *const *exact, size_t i) {
    const bool alone = node[0] == node[1];
    const double near = node[0]->value[i] - (alone ? 0.0 : node[1]->value[i]);
    const Quad true_one = exact[0][i] - (alone ? 0 : exact[1][i]);
    const Quad off = near > true_one ? near - true_one : true_one - near,
               size = true_one < 0 ? -true_one : true_one;
    return off > size / 2 ? CHOICES_ROUNDED : size == 0 ? CHOICES_TIED : CHOICES_DECIDED;
}

CheckChoices check_choices(Arena *arena, const CheckFunction *function) {
    ArenaMark mark = arena_mark(arena);
    Tape *tape = tape_new(arena);
    TapeNode **x = derive_inputs(arena, tape, function), *number[2];
    function->write(tape, x, function->context);
    size_t count = 0;
    for (TapeNode *y = tape_last(tape); y; y = y->previous) count += looked_at(y, number);
    TapeNode **node = TAKE(arena, TapeNode *, count + 1);
    Quad **exact = TAKE(arena, Quad *, count + 1);
    count = 0;
    for (TapeNode *y = tape_last(tape); y; y = y->previous)
        count += looked_at(y, node + count);
    CheckChoices worst = CHOICES_DECIDED;
    if (count > 0)
        program_run_quad(program_new(tape, node, count), arena, NULL, NULL, 0, exact);
    for (size_t k = 0; k < count; k += 2)
        for (size_t i = 0; i < shape_count(node[k]->shape); i++) {
            const CheckChoices one = choice(node + k, exact + k, i);
            worst = one > worst ? one : worst;
        }
    arena_rewind(arena, mark);
    return worst;
}

bool check_decided(Arena *arena, const CheckFunction *function) {
    return check_choices(arena, function) < CHOICES_ROUNDED;
}
