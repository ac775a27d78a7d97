/* What an operation must say before oracles can judge a program that it is in. */
#include "derive.h"
#include "op.h"
#include "text.h"

static const char *lack_of(const Op *op) {
    if (!op->replay.run_real && !op->forward)
        return "has no value (Op.replay and Op.forward are NULL)";
    if (op->define) return NULL; /* fused: asked as its definition */
    if (!op->replay.run_real || !op->replay.run_complex ||
        (NORMLAB_HAS_QUAD && (!op->replay.run_quad || !op->replay.run_quad_complex)))
        return "cannot be replayed in every arithmetic (Op.replay)";
    if (op->rounding == OP_ROUNDING_UNSAID)
        return "does not say what rounding does to it (Op.rounding)";
    return op->adjoint ? NULL : "has no adjoint (Op.adjoint)";
}

static const char *first_lack(Arena *arena, Tape *tape) {
    const char *found = NULL;
    for (const TapeNode *y = tape_last(tape); y; y = y->previous) {
        const char *lack = y->op ? lack_of(y->op) : NULL;
        if (lack) found = text_print(arena, "its operation '%s' %s", y->op->name, lack);
    }
    return found;
}

const char *check_lacks(Arena *arena, const CheckFunction *function) {
    Tape *tape = tape_new(arena);
    TapeNode **x = derive_inputs(arena, tape, function);
    TapeNode *y = function->write(tape, x, function->context);
    const char *found = first_lack(arena, tape);
    if (found) return found;
    TapeNode **dx = TAKE(arena, TapeNode *, function->inputs);
    TapeNode *seed = tape_fill(tape, y->shape, 1.0);
    tape_gradient(tape, y, seed, x, function->inputs, dx);
    return first_lack(arena, tape);
}
