/* Workers that run at once, each on a tape of its own, and the one operation in which they meet:
 * the sum of what each of them gives. notes/40-workers.md */
#include "house.h"
#include "op.h"

#include <string.h>

#define ARITH_TEMPLATE "meet.inc"
#include "arith_each.h"

/* Of the sum of all workers' y: each gave its a to every one of them. */
static void meet_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    (void)y;
    dx[0] = tape_meet(t, g);
}

static const Op op_meet = {.name = "meet",
                           .rounding = OP_ROUNDING_SUMS,
                           .replay = OP_REPLAYS(meet),
                           .adjoint = meet_adjoint};

TapeNode *tape_meet(Tape *tape, TapeNode *a) {
    const TapeMeeting *meeting = tape_meeting(tape);
    return meeting ? tape_write(tape, &op_meet, a->shape, &a, 1, meeting, NULL) : a;
}
