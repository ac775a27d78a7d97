/* The tape itself and its two readers. */
#include "house.h"
#include "op.h"
#include "sum.h"

#include <math.h>
#include <string.h>

enum { SPARE_SLOTS = 64 };

typedef struct Spare {
    double *data;
    size_t count;
} Spare;

struct Tape {
    Arena *arena;
    TapeNode *last;
    bool shapes;     /* nodes have no values */
    bool inert;      /* nothing written now wants a gradient: adjoints being executed */
    bool released;   /* detach hands its adjoint on */
    size_t defining; /* definitions of fused operations that are being written */
    Spare spare[SPARE_SLOTS]; /* adjoint slots to use again */
    size_t spares;
    const double *lent;         /* the seed, read where it stands */
    const TapeMeeting *meeting; /* of whose worker it is; NULL: it is alone */
};

Tape *tape_new(Arena *arena) {
    Tape *tape = ZERO(arena, Tape, 1);
    tape->arena = arena;
    return tape;
}

Tape *tape_of_shapes(Arena *arena) {
    Tape *tape = tape_new(arena);
    tape->shapes = true;
    return tape;
}

bool tape_has_values(const Tape *tape) {
    return !tape->shapes;
}

Arena *tape_arena(Tape *tape) {
    return tape->arena;
}

void tape_join(Tape *tape, const TapeMeeting *meeting) {
    tape->meeting = meeting;
}

const TapeMeeting *tape_meeting(const Tape *tape) {
    return tape->meeting;
}

TapeNode *tape_last(Tape *tape) {
    return tape->last;
}

double *tape_room(Tape *tape, size_t doubles) {
    return TAKE(tape->arena, double, doubles);
}

static TapeNode *write_node(Tape *tape, TapeNode node) {
    TapeNode *written = TAKE(tape->arena, TapeNode, 1);
    node.previous = tape->last;
    node.of_kernel = tape->defining > 0;
    *written = node;
    return tape->last = written;
}

static void compute(Tape *tape, TapeNode *y) {
    if (y->op->forward) {
        y->op->forward(tape, y);
        return;
    }
    const double *in[OP_MOST_OPERANDS];
    REQUIRE(y->op->replay.run_real, "operation %s has no forward and no replay",
            y->op->name);
    REQUIRE(y->arity <= OP_MOST_OPERANDS, "%s of %zu operands", y->op->name, y->arity);
    for (size_t i = 0; i < y->arity; i++) in[i] = y->in[i]->value;
    y->op->replay.run_real(y->value, in, y);
}

TapeNode *tape_write(Tape *tape, const Op *op, Shape shape, TapeNode *const *in,
                     size_t arity, const void *detail, void *saved) {
    TapeNode node = {
        .op = op, .arity = arity, .shape = shape, .detail = detail, .saved = saved};
    REQUIRE(op->turn == NULL || (arity > 0 && arity <= 2),
            "%s: %zu operands have one adjoint", op->name, arity);
    node.in = TAKE(tape->arena, TapeNode *, arity);
    memcpy(node.in, in, arity * sizeof *in);
    for (size_t i = 0; i < arity; i++)
        node.wanted |= in[i] && in[i]->wanted && !tape->inert;
    if (tape->shapes) return write_node(tape, node);
    node.value = tape_room(tape, shape_count(shape));
    TapeNode *y = write_node(tape, node);
    compute(tape, y);
    return y;
}

/* ---- leaves ---------------------------------------------------------------------- */

static double *borrowed(const double *value) {
    union {
        const double *from;
        double *to;
    } leaf = {value}; /* a leaf's value is only ever read */
    return leaf.to;
}

TapeNode *tape_leaf(Tape *tape, Shape shape, const double *value) {
    return write_node(tape, (TapeNode){.shape = shape, .value = borrowed(value)});
}

TapeNode *tape_parameter(Tape *tape, Shape shape, const double *value, double *gradient) {
    return write_node(tape, (TapeNode){.shape = shape,
                                       .value = borrowed(value),
                                       .gradient = gradient,
                                       .wanted = true});
}

TapeNode *tape_constant(Tape *tape, double value) {
    double *room = tape_room(tape, 1);
    *room = value;
    return tape_leaf(tape, SHAPE_SCALAR, room);
}

TapeNode *tape_fill(Tape *tape, Shape shape, double value) {
    return tape_broadcast(tape, tape_constant(tape, value), shape);
}

/* ---- slots of adjoints ------------------------------------------------------------ */

/* The one that was given back last is nearest. */
static double *take_slot(Tape *tape, size_t count) {
    for (size_t i = tape->spares; i-- > 0;)
        if (tape->spare[i].count == count) {
            double *data = tape->spare[i].data;
            tape->spare[i] = tape->spare[--tape->spares];
            return data;
        }
    return tape_room(tape, count);
}

static void give_slot(Tape *tape, double *data, size_t count) {
    if (tape->spares < SPARE_SLOTS) tape->spare[tape->spares++] = (Spare){data, count};
}

static void part(TapeNode *y) {
    if (y->beside) y->beside->beside = NULL;
    y->beside = NULL;
}

/* y's adjoint where it may be written on: nobody else reads it there. */
static double *own_slot(Tape *tape, TapeNode *y) {
    if (y->beside == NULL && y->slot != tape->lent) return y->slot;
    const size_t count = shape_count(y->shape);
    double *own = take_slot(tape, count);
    vector_add(own, y->slot, count, 0.0);
    part(y);
    return y->slot = own;
}

static void leave_slot(Tape *tape, TapeNode *y) {
    if (y->slot && y->beside == NULL && y->slot != tape->lent)
        give_slot(tape, y->slot, shape_count(y->shape));
    part(y);
    y->slot = NULL;
}

/* ---- who wants adjoints of inner nodes ------------------------------------------- */

typedef struct TapeWatch {
    double *gradient;
    struct TapeWatch *next;
} TapeWatch;

void tape_watch(Tape *tape, TapeNode *node, double *gradient) {
    REQUIRE(!tape->shapes, "a gradient is asked of a tape of shapes");
    TapeWatch *watch = TAKE(tape->arena, TapeWatch, 1);
    *watch = (TapeWatch){gradient, node->watch};
    node->watch = watch;
}

static void fill_watches(const TapeNode *node, double value) {
    const size_t count = shape_count(node->shape);
    for (const TapeWatch *w = node->watch; w; w = w->next)
        for (size_t i = 0; i < count; i++) w->gradient[i] = value;
}

/* All that was written later has added to y's adjoint: nothing follows. Its slot is turned next. */
static void tell_watches(const TapeNode *y) {
    for (const TapeWatch *w = y->watch; w; w = w->next)
        vector_add(w->gradient, y->slot, shape_count(y->shape), 0.0);
}

/* ---- tape_backward: adjoints executed into slots --------------------------------- */

/* Adds g to what an operand has; what has nothing yet, and may keep it, is left. */
static bool is_left(Tape *tape, TapeNode *x, const double *g) {
    if (x->slot == NULL && x->gradient == NULL) return true;
    const double beta = x->slot ? 1.0 : 0.0;
    double *dx = x->slot ? own_slot(tape, x) : x->gradient;
    vector_add(dx, g, shape_count(x->shape), beta);
    x->slot = dx;
    return false;
}

/* y's adjoint becomes its operands', two at most, where it stands: it is copied for neither. */
static void turn_node(Tape *tape, TapeNode *y) {
    double *g = own_slot(tape, y);
    TapeNode *keeper[2] = {NULL, NULL};
    y->op->turn(y, g);
    for (size_t i = 0; i < y->arity; i++)
        if (y->in[i]->wanted && is_left(tape, y->in[i], g)) keeper[i] = y->in[i];
    const size_t count = shape_count(y->shape);
    for (size_t i = 0; keeper[0] && keeper[0] == keeper[1] && i < count; i++)
        g[i] += g[i]; /* a + a */
    for (size_t i = 0; i < 2; i++) {
        if (keeper[i] == NULL) continue;
        if (keeper[0] != keeper[1]) keeper[i]->beside = keeper[1 - i];
        keeper[i]->slot = g;
        y->slot = NULL;
    }
}

/* The adjoint rule run as a program: its nodes live until the mark and want nothing
 * themselves. */
static void execute_adjoint(Tape *tape, TapeNode *y, double *const *dx,
                            const double *beta) {
    TapeNode *g = tape_leaf(tape, y->shape, y->slot);
    TapeNode **nodes = ZERO(tape->arena, TapeNode *, y->arity);
    y->op->adjoint(tape, y, g, nodes);
    for (size_t i = 0; i < y->arity; i++)
        if (dx[i]) {
            size_t count = shape_count(y->in[i]->shape);
            if (nodes[i])
                vector_add(dx[i], nodes[i]->value, count, beta[i]);
            else if (beta[i] == 0.0)
                vector_zero(dx[i], count);
        }
}

/* A fused operation without kernel trains on its definition: slower, never wrong. */
static void execute_definition(Tape *tape, TapeNode *y);

static void backward_node(Tape *tape, TapeNode *y) {
    if (!y->op->turn && !y->op->backward && !y->op->adjoint) {
        execute_definition(tape, y);
        return;
    }
    if (y->op->turn) {
        turn_node(tape, y);
        return;
    }
    double **dx = ZERO(tape->arena, double *, y->arity),
           *beta = ZERO(tape->arena, double, y->arity);
    for (size_t i = 0; i < y->arity; i++) {
        TapeNode *x = y->in[i];
        if (x == NULL || !x->wanted) continue;
        beta[i] = x->slot ? 1.0 : 0.0;
        if (x->slot == NULL)
            x->slot = x->gradient ? x->gradient : take_slot(tape, shape_count(x->shape));
        dx[i] = own_slot(tape, x);
    }
    ArenaMark mark = arena_mark(tape->arena);
    TapeNode *last = tape->last;
    tape->inert = true;
    if (y->op->backward)
        y->op->backward(tape, y, y->slot, dx, beta);
    else
        execute_adjoint(tape, y, dx, beta);
    tape->inert = false;
    tape->last = last;
    arena_rewind(tape->arena, mark);
}

static void backward_range(Tape *tape, TapeNode *from, const TapeNode *until) {
    for (TapeNode *y = from; y != until; y = y->previous) {
        if (y->slot == NULL) continue;
        tell_watches(y);
        if (y->op == NULL || !y->wanted) continue;
        backward_node(tape, y);
        leave_slot(tape, y);
    }
}

static void execute_definition(Tape *tape, TapeNode *y) {
    TapeNode *until = tape->last;
    TapeNode *defined = tape_define(tape, y);
    REQUIRE(defined != y, "%s is defined by itself", y->op->name);
    size_t count = shape_count(y->shape);
    if (defined->wanted) { /* it may be an operand, with a slot already */
        double beta = defined->slot ? 1.0 : 0.0;
        if (defined->slot == NULL)
            defined->slot =
                defined->gradient ? defined->gradient : take_slot(tape, count);
        vector_add(own_slot(tape, defined), y->slot, count, beta);
        backward_range(tape, tape->last, until);
    }
    tape->last = until;
}

void tape_backward(Tape *tape, TapeNode *y, const double *seed) {
    size_t count = shape_count(y->shape);
    REQUIRE(!tape->shapes, "a gradient is asked of a tape of shapes");
    tape->spares = 0;
    for (TapeNode *node = tape->last; node; node = node->previous)
        fill_watches(node, node->wanted ? 0.0 : (double)NAN);
    if (y->wanted) {
        tape->lent = y->op ? seed : NULL;
        y->slot = tape->lent    ? borrowed(seed)
                  : y->gradient ? y->gradient
                                : take_slot(tape, count);
        for (size_t i = 0; y->slot != tape->lent && i < count; i++)
            y->slot[i] = seed ? seed[i] : 1.0;
        backward_range(tape, y, NULL);
    }
    for (TapeNode *leaf = tape->last; leaf; leaf = leaf->previous) {
        if (leaf->gradient && leaf->slot == NULL)
            vector_zero(leaf->gradient, shape_count(leaf->shape));
        leaf->slot = NULL;
        leaf->beside = NULL;
    }
    arithmetic_want(); /* an operation may be a plugin's */
}

/* ---- tape_gradient: adjoints recorded as operations ------------------------------ */

static void gather_adjoint(Tape *tape, TapeNode *x, TapeNode *g) {
    x->adjoint = x->adjoint ? tape_add(tape, x->adjoint, g) : g;
}

//> recorded
static void gradient_range(Tape *tape, TapeNode *from, const TapeNode *until) {
    for (TapeNode *y = from; y != until; y = y->previous) {
        if (y->adjoint == NULL || y->op == NULL || !y->wanted) continue;
        if (y->op->define) {
            TapeNode *before = tape->last;
            TapeNode *defined = tape_define(tape, y);
            TapeNode *end =
                tape->last; /* == before where the definition is an operand itself */
            gather_adjoint(tape, defined, y->adjoint);
            gradient_range(tape, end, before);
            continue;
        }
        TapeNode **dx = ZERO(tape->arena, TapeNode *, y->arity);
        y->op->adjoint(tape, y, y->adjoint, dx);
        for (size_t i = 0; i < y->arity; i++)
            if (dx[i] && y->in[i]->wanted) gather_adjoint(tape, y->in[i], dx[i]);
    }
}
//< recorded

void tape_gradient(Tape *tape, TapeNode *y, TapeNode *seed, TapeNode *const *x,
                   size_t count, TapeNode **dx) {
    REQUIRE(!tape->shapes, "a gradient is asked of a tape of shapes");
    if (seed == NULL) seed = tape_fill(tape, y->shape, 1.0);
    REQUIRE(shape_equal(seed->shape, y->shape), "the seed has not y's shape");
    y->adjoint = seed;
    gradient_range(tape, y, NULL);
    for (size_t i = 0; i < count; i++) {
        REQUIRE(x[i]->wanted, "a gradient is asked of node %zu, which wants none", i);
        dx[i] = x[i]->adjoint ? x[i]->adjoint : tape_fill(tape, x[i]->shape, 0.0);
    }
    for (TapeNode *node = tape->last; node; node = node->previous) node->adjoint = NULL;
}

void tape_release(Tape *tape) {
    tape->released = true;
}

bool tape_is_released(const Tape *tape) {
    return tape->released;
}

TapeNode *tape_define(Tape *tape, TapeNode *y) {
    if (y->op == NULL || y->op->define == NULL) return y;
    tape->defining++;
    TapeNode *defined = y->op->define(tape, y);
    tape->defining--;
    return defined;
}
