/* A recorded tape as a list of steps, and the list run in each arithmetic. */
#include "replay.h"

#include "op.h"

typedef struct Step {
    const Node *node;
    size_t in[OP_MOST_OPERANDS]; /* the operands' steps */
} Step;

struct Program {
    size_t steps, outputs;
    Step *step;
    size_t *output; /* [outputs] step of each */
};

#define ARITH_TEMPLATE "replay.inc"
#include "arith_each.h"

size_t program_steps(const Program *program) {
    return program->steps;
}

/* A fused operation is the node that defines it. */
static Node *meaning(Tape *tape, Node *node) {
    while (node->op && node->op->define) {
        if (node->defined == NULL) node->defined = node->op->define(tape, node);
        node = node->defined;
    }
    return node;
}

/* Nodes still to be placed, deepest operands on top: long programs need no deep recursion. */
typedef struct Pending {
    Node **node;
    size_t count, room;
} Pending;

static void push(Arena *arena, Pending *pending, Node *node) {
    if (pending->count == pending->room) {
        Node **grown = TAKE(arena, Node *, 2 * pending->room + 64);
        for (size_t i = 0; i < pending->count; i++) grown[i] = pending->node[i];
        pending->node = grown;
        pending->room = 2 * pending->room + 64;
    }
    pending->node[pending->count++] = node;
}

/* Appends the node to the list once all its operands are there. */
static void place(Tape *tape, Program *program, size_t *room, Node *node) {
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

const Program *program_new(Tape *tape, Node *const *outputs, size_t count) {
    Arena *arena = tape_arena(tape);
    Program *program = ZERO(arena, Program, 1);
    program->outputs = count;
    program->output = TAKE(arena, size_t, count);
    for (Node *node = tape_last(tape); node; node = node->previous) node->place = 0;
    Pending pending = {.count = 0};
    size_t room = 0;
    for (size_t i = 0; i < count; i++) push(arena, &pending, meaning(tape, outputs[i]));
    while (pending.count > 0) {
        Node *node = pending.node[pending.count - 1];
        size_t before = pending.count;
        for (size_t k = 0; k < node->arity && node->place == 0; k++) {
            Node *operand = meaning(tape, node->in[k]);
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
