/* What a text holds constant where doubles are not enough for it (wide.c): of two means that are
 * large and nearly alike, say, the difference. */
#include "internal.h"
#include "replay.h"

#include <string.h>

static bool is_held(const TapeNode *node) {
    return node->op && strcmp(node->op->name, "detach") == 0;
}

bool hold_any(Tape *tape, const TapeNode *until) {
    for (TapeNode *n = tape_last(tape); n != until; n = n->previous)
        if (is_held(n)) return true;
    return false;
}

/* The nodes behind `until`, as they were written. */
static TapeNode **nodes_behind(Tape *tape, const TapeNode *until, size_t *count) {
    size_t at = 0;
    for (TapeNode *n = tape_last(tape); n != until; n = n->previous) at++;
    TapeNode **node = TAKE(tape_arena(tape), TapeNode *, at + 1);
    *count = at;
    for (TapeNode *n = tape_last(tape); n != until; n = n->previous) node[--at] = n;
    return node;
}

void hold_settle(Tape *tape, Arena *arena, TapeNode *const *given,
                 const Quad *const *value, size_t inputs) {
    size_t count;
    TapeNode **node = nodes_behind(tape, NULL, &count);
    for (size_t i = 0; i < count; i++) {
        if (!is_held(node[i])) continue;
        Quad *got;
        program_run_quad(program_new(tape, node[i]->in, 1), arena, given, value, inputs,
                         &got);
        for (size_t k = 0; k < shape_count(node[i]->shape); k++)
            node[i]->value[k] = (double)got[k];
    }
}

void hold_as(Tape *tape, const TapeNode *until, Tape *rows) {
    size_t count, others, at = 0;
    TapeNode **node = nodes_behind(tape, until, &count),
             **other = nodes_behind(rows, NULL, &others);
    bool holds = false;
    for (size_t i = 0; i < count; i++) {
        TapeNode *n = node[i];
        if (!is_held(n)) {
            if (holds && n->op && n->op->forward) n->op->forward(tape, n);
            continue;
        }
        while (at < others && !is_held(other[at])) at++;
        REQUIRE(at < others, "a text holds more over elements than over rows");
        const TapeNode *row = other[at++];
        const size_t each = shape_count(n->shape) / shape_count(row->shape);
        for (size_t k = 0; k < shape_count(n->shape); k++)
            n->value[k] = row->value[k / each];
        holds = true;
    }
}
