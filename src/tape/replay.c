/* A recorded tape as a list of steps, and the list run in each arithmetic. */
#include "replay.h"

#include "house.h"
#include "op.h"

#include <string.h>

typedef struct Step {
    const TapeNode *node;
    size_t in[OP_MOST_OPERANDS]; /* the operands' steps */
} Step;

struct Program {
    size_t steps, outputs;
    Step *step;
    size_t *output; /* [outputs] step of each */
};

size_t program_steps(const Program *program) {
    return program->steps;
}

size_t program_outputs(const Program *program) {
    return program->outputs;
}

const TapeNode *program_step(const Program *program, size_t i, const size_t **operands) {
    *operands = program->step[i].in;
    return program->step[i].node;
}

size_t program_output(const Program *program, size_t i) {
    return program->output[i];
}

/* ---- listing --------------------------------------------------------------------- */

/* A fused operation is the node that defines it. */
static TapeNode *meaning(Tape *tape, TapeNode *node) {
    while (node->op && node->op->define) {
        if (node->defined == NULL) node->defined = tape_define(tape, node);
        node = node->defined;
    }
    return node;
}

/* Nodes still to be placed, deepest operands on top: long programs need no deep recursion. */
typedef struct Pending {
    TapeNode **node;
    size_t count, room;
} Pending;

static void push(Arena *arena, Pending *pending, TapeNode *node) {
    if (pending->count == pending->room) {
        TapeNode **grown = TAKE(arena, TapeNode *, 2 * pending->room + 64);
        for (size_t i = 0; i < pending->count; i++) grown[i] = pending->node[i];
        pending->node = grown;
        pending->room = 2 * pending->room + 64;
    }
    pending->node[pending->count++] = node;
}

/* Appends the node to the list once all its operands are there. */
static void place(Tape *tape, Program *program, size_t *room, TapeNode *node) {
    Arena *arena = tape_arena(tape);
    if (program->steps == *room) {
        Step *grown = TAKE(arena, Step, 2 * *room + 64);
        for (size_t i = 0; i < program->steps; i++) grown[i] = program->step[i];
        program->step = grown;
        *room = 2 * *room + 64;
    }
    Step step = {.node = node};
    for (size_t k = 0; k < node->arity; k++)
        step.in[k] = meaning(tape, node->in[k])->place - 1;
    program->step[program->steps] = step;
    node->place = ++program->steps;
}

const Program *program_new(Tape *tape, TapeNode *const *outputs, size_t count) {
    Arena *arena = tape_arena(tape);
    Program *program = ZERO(arena, Program, 1);
    program->outputs = count;
    program->output = TAKE(arena, size_t, count);
    for (TapeNode *node = tape_last(tape); node; node = node->previous) node->place = 0;
    Pending pending = {.count = 0};
    size_t room = 0;
    for (size_t i = 0; i < count; i++) push(arena, &pending, meaning(tape, outputs[i]));
    while (pending.count > 0) {
        TapeNode *node = pending.node[pending.count - 1];
        size_t before = pending.count;
        for (size_t k = 0; k < node->arity && node->place == 0; k++) {
            TapeNode *operand = meaning(tape, node->in[k]);
            if (operand->place == 0) push(arena, &pending, operand);
        }
        if (pending.count > before) continue;
        if (node->place == 0) place(tape, program, &room, node);
        pending.count--;
    }
    for (size_t i = 0; i < count; i++)
        program->output[i] = meaning(tape, outputs[i])->place - 1;
    return program;
}

/* ---- running --------------------------------------------------------------------- */

struct Prepared {
    const Program *program;
    size_t count, *given; /* [count] step of each given node; SIZE_MAX: not asked */
    bool *moves;          /* [steps] it is given, or depends on what is */
    void **room;          /* [steps] where it is computed; NULL: given */
    const void **at;      /* [steps] its value */
};

/* Who moves, and room of `size` bytes an element for all that is not given. */
static Prepared *prepare(const Program *program, Arena *arena, TapeNode *const *x,
                         size_t count, size_t size) {
    Prepared *p = TAKE(arena, Prepared, 1);
    *p = (Prepared){.program = program, .count = count};
    p->given = TAKE(arena, size_t, count);
    p->moves = ZERO(arena, bool, program->steps);
    p->room = ZERO(arena, void *, program->steps);
    p->at = TAKE(arena, const void *, program->steps);
    for (size_t k = 0; k < count; k++) p->given[k] = SIZE_MAX;
    for (size_t i = 0; i < program->steps; i++) {
        const Step *step = &program->step[i];
        bool given = false;
        for (size_t k = 0; k < count; k++)
            if (x[k] == step->node) p->given[k] = i, given = true;
        for (size_t k = 0; k < step->node->arity; k++)
            p->moves[i] = p->moves[i] || p->moves[step->in[k]];
        if (given)
            p->moves[i] = true;
        else
            p->room[i] = arena_take(arena, shape_count(step->node->shape), size);
        p->at[i] = p->room[i];
    }
    return p;
}

#define ARITH_TEMPLATE "replay.inc"
#include "arith_each.h"
