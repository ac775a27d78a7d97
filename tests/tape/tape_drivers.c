/* The two drivers: exact zeros, the same bits and the same memory on repetition, fused operations. */
#include "harness.h"

#include "op.h"

#include <math.h>
#include <string.h>

static const double GARBAGE = -7.25e77;

static const double *normals(Arena *arena, uint64_t input, size_t count) {
    double *value = TAKE(arena, double, count);
    for (size_t k = 0; k < count; k++)
        value[k] = 2.385 + draw_normal((Draw){11, DRAW_TEST, 2, input}, k);
    return value;
}

static double *garbage(Arena *arena, size_t count) {
    double *value = TAKE(arena, double, count);
    for (size_t k = 0; k < count; k++) value[k] = GARBAGE;
    return value;
}

static void assert_all(const double *value, size_t count, double want) {
    for (size_t k = 0; k < count; k++)
        if (!(value[k] == want)) assert_near(value[k], want, 0.0);
}

static void assert_same_bits(const double *a, const double *b, size_t count) {
    assert_memory_equal(a, b, count * sizeof *a);
}

/* ---- exact zeros ----------------------------------------------------------------- */

/* A program that uses every operand, and one parameter that it does not use. */
typedef struct Program {
    double *slot[4];
    TapeNode *x[4], *y;
} Program;

enum { CELLS = 24 };

static Program write_program(Tape *t, const double *const *value) {
    Program p;
    Arena *arena = tape_arena(t);
    for (size_t i = 0; i < 4; i++) {
        p.slot[i] = garbage(arena, CELLS);
        p.x[i] = tape_parameter(t, SHAPE_OF(2, 3, 4), value[i], p.slot[i]);
    }
    const Partition *groups =
        partition_blocks(arena, (ShapeLattice){2, 3, 4}, 1, 3, false);
    TapeNode *m = tape_spread(t, tape_mean(t, p.x[0], groups), groups, p.x[0]->shape);
    TapeNode *h = tape_relu(t, tape_sub(t, tape_div(t, p.x[0], tape_exp(t, p.x[1])), m));
    TapeNode *flat = tape_reshape(t, tape_max(t, h, p.x[2]), SHAPE_OF(2, 12));
    p.y = tape_softmax(t, tape_matmul(t, flat, flat, false, true));
    return p;
}

static void draw_values(Arena *arena, const double **value) {
    for (size_t i = 0; i < 4; i++) value[i] = normals(arena, i, CELLS);
}

static void zero_upstream(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    const double *value[4], zeros[4] = {0};
    draw_values(arena, value);
    Program p = write_program(t, value);
    tape_backward(t, p.y, zeros);
    for (size_t i = 0; i < 4; i++) assert_all(p.slot[i], CELLS, 0.0);
    TapeNode *dx[4];
    tape_gradient(t, p.y, tape_leaf(t, p.y->shape, zeros), p.x, 4, dx);
    for (size_t i = 0; i < 4; i++) assert_all(dx[i]->value, CELLS, 0.0);
    arena_free(arena);
}

static void unused_parameters(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    const double *value[4];
    draw_values(arena, value);
    Program p = write_program(t, value);
    tape_backward(t, p.y, NULL);
    assert_all(p.slot[3], CELLS, 0.0);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < CELLS; k++) assert_true(p.slot[i][k] != GARBAGE);
    double *late = garbage(arena, 1), one = 1.0;
    tape_parameter(t, SHAPE_SCALAR, &one, late); /* written after y */
    tape_backward(t, tape_constant(t, 2.385), NULL);
    for (size_t i = 0; i < 4; i++) assert_all(p.slot[i], CELLS, 0.0);
    assert_all(late, 1, 0.0);
    arena_free(arena);
}

static void parameter_as_result(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    const double value[] = {1, 2}, seed[] = {2.385, -4};
    double slot[] = {GARBAGE, GARBAGE};
    TapeNode *x = tape_parameter(t, SHAPE_OF(2), value, slot), *dx;
    tape_backward(t, x, seed);
    assert_same_bits(slot, seed, 2);
    tape_backward(t, x, NULL);
    assert_all(slot, 2, 1.0);
    tape_gradient(t, x, tape_leaf(t, SHAPE_OF(2), seed), &x, 1, &dx);
    assert_same_bits(dx->value, seed, 2);
    arena_free(arena);
}

static void detached(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    const double value[] = {2.385, -3};
    double slot[] = {GARBAGE, GARBAGE};
    TapeNode *x = tape_parameter(t, SHAPE_OF(2), value, slot), *dx;
    tape_backward(t, tape_mul(t, x, tape_detach(t, x)), NULL); /* x alone, not 2 x */
    assert_same_bits(slot, value, 2);
    tape_gradient(t, tape_detach(t, x), NULL, &x, 1, &dx);
    assert_all(dx->value, 2, 0.0);
    tape_backward(t, tape_step(t, x), NULL);
    assert_all(slot, 2, 0.0);
    assert_all(tape_step(t, tape_fill(t, SHAPE_SCALAR, 0.0))->value, 1, 0.0);
    tape_release(t); /* as if nothing were held: 4 x of 2 x x */
    TapeNode *two = tape_fill(t, x->shape, 2.0);
    tape_gradient(t, tape_mul(t, two, tape_mul(t, x, tape_detach(t, x))), NULL, &x, 1,
                  &dx);
    assert_true(dx->value[0] == 4 * value[0] && dx->value[1] == 4 * value[1]);
    arena_free(arena);
}

/* What is not let through stays exactly zero, whatever stands beside it or comes from above. */
static void zero_beside_infinity(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    const double value[] = {-1, -1, 3, 0}, other[] = {INFINITY, NAN, 1, -INFINITY};
    const double seed[] = {INFINITY, NAN, 2, -INFINITY}, through[] = {0, 0, 2, 0};
    double slot[4], beside[4];
    TapeNode *x = tape_parameter(t, SHAPE_OF(4), value, slot),
             *b = tape_parameter(t, SHAPE_OF(4), other, beside);
    TapeNode *u = tape_leaf(t, SHAPE_OF(4), seed), *dx;
    tape_backward(t, tape_relu(t, x), seed);
    assert_same_bits(slot, through, 4);
    tape_gradient(t, tape_relu(t, x), u, &x, 1, &dx);
    assert_same_bits(dx->value, through, 4);
    tape_backward(t, tape_select(t, x, x, b), NULL); /* x only at [2] */
    assert_same_bits(slot, (double[]){0, 0, 1, 0}, 4);
    assert_same_bits(beside, (double[]){1, 1, 0, 1}, 4);
    tape_backward(t, tape_select(t, x, b, x), seed);
    assert_same_bits(beside, through, 4);
    tape_backward(t, tape_max(t, x, tape_fill(t, SHAPE_OF(4), 1.0)), seed);
    assert_same_bits(slot, through, 4);
    arena_free(arena);
}

/* ---- memory and bits ------------------------------------------------------------- */

static void inputs_are_only_read(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const double *value[4];
    double copy[4][CELLS];
    draw_values(arena, value);
    for (size_t i = 0; i < 4; i++) memcpy(copy[i], value[i], sizeof copy[i]);
    Tape *t = tape_new(arena);
    Program p = write_program(t, value);
    TapeNode *frozen = tape_leaf(t, SHAPE_OF(2, 3, 4), value[3]), *dx[4];
    TapeNode *y = tape_sum_all(
        t, tape_mul(t, frozen,
                    tape_reshape(t, tape_broadcast(t, tape_sum_all(t, p.y), SHAPE_OF(24)),
                                 SHAPE_OF(2, 3, 4))));
    tape_backward(t, y, NULL);
    tape_gradient(t, y, NULL, p.x, 4, dx);
    assert_null(frozen->slot);
    assert_null(frozen->adjoint);
    assert_false(frozen->wanted);
    for (size_t i = 0; i < 4; i++) assert_same_bits(copy[i], value[i], CELLS);
    arena_free(arena);
}

static void steady_state(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const double *value[4];
    double first[3][CELLS];
    draw_values(arena, value);
    size_t blocks = 0;
    for (int turn = 0; turn < 20; turn++) {
        ArenaMark mark = arena_mark(arena);
        Tape *t = tape_new(arena);
        Program p = write_program(t, value);
        TapeNode *dx[4], *ddx[4];
        tape_backward(t, p.y, NULL);
        for (size_t i = 0; i < 3; i++) {
            if (turn == 0) memcpy(first[i], p.slot[i], sizeof first[i]);
            assert_same_bits(p.slot[i], first[i], CELLS);
        }
        tape_backward(t, p.y, NULL); /* overwrites, does not add */
        for (size_t i = 0; i < 3; i++) assert_same_bits(p.slot[i], first[i], CELLS);
        tape_gradient(t, p.y, NULL, p.x, 4, dx);
        for (size_t i = 0; i < 3; i++) assert_same_bits(dx[i]->value, first[i], CELLS);
        tape_gradient(t, dx[0], NULL, p.x, 4, ddx);
        arena_rewind(arena, mark);
        if (turn == 1) blocks = arena_blocks(arena);
        if (turn > 1) assert_int_equal(arena_blocks(arena), blocks);
    }
    arena_free(arena);
}

/* Backward gives back the room of its adjoints: along a chain two slots and one executed adjoint are enough. */
static void backward_reuses_slots(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    enum { LARGE = 1 << 14, LENGTH = 40 };
    double *slot = TAKE(arena, double, LARGE);
    TapeNode *x = tape_parameter(t, SHAPE_OF(LARGE), normals(arena, 0, LARGE), slot),
             *y = x;
    for (int i = 0; i < LENGTH; i++) y = tape_neg(t, y);
    size_t told = 0;
    for (int turn = 0; turn < 4; turn++) { /* a block may end during one of them */
        ArenaMark before = arena_mark(arena);
        tape_backward(t, y, NULL);
        ArenaMark after = arena_mark(arena);
        if (before.block != after.block) continue;
        assert_true(after.used - before.used < 4 * LARGE * sizeof(double));
        told++;
    }
    assert_true(told > 0);
    assert_all(slot, LARGE, 1.0);
    arena_free(arena);
}

/* It is read where it stands: no room for it, and none that is used again. */
static void seed_is_only_read(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    enum { LENGTH = 8 };
    double slot[CELLS], copy[CELLS];
    const double *seed = normals(arena, 1, CELLS);
    memcpy(copy, seed, sizeof copy);
    TapeNode *x = tape_parameter(t, SHAPE_OF(CELLS), normals(arena, 0, CELLS), slot),
             *y = x;
    for (int i = 0; i < LENGTH; i++) y = tape_add(t, y, y);
    tape_backward(t, y, seed);
    assert_same_bits(seed, copy, CELLS);
    for (size_t k = 0; k < CELLS; k++) assert_near(slot[k], ldexp(copy[k], LENGTH), 0.0);
    arena_free(arena);
}

/* Of a chain that turns adjoints in place, one slot is all. */
static void turned_in_place(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    enum { LARGE = 1 << 14, LENGTH = 12 };
    double *slot = TAKE(arena, double, LARGE);
    TapeNode *x = tape_parameter(t, SHAPE_OF(LARGE), normals(arena, 0, LARGE), slot),
             *zero = tape_fill(t, x->shape, 0.0), *y = x;
    for (int i = 0; i < LENGTH; i++)
        y = tape_add_relu(t, tape_relu(t, tape_add(t, zero, y)), zero);
    size_t told = 0;
    for (int turn = 0; turn < 4; turn++) {
        ArenaMark before = arena_mark(arena);
        tape_backward(t, y, NULL);
        ArenaMark after = arena_mark(arena);
        if (before.block != after.block) continue;
        assert_true(after.used - before.used < 2 * LARGE * sizeof(double));
        told++;
    }
    assert_true(told > 0);
    for (size_t k = 0; k < LARGE; k++)
        assert_near(slot[k], x->value[k] > 0 ? 1.0 : 0.0, 0.0);
    arena_free(arena);
}

/* a + b, of which both adjoints are one array, in company that adds to one of them, masks one,
 * or hands it on: whole numbers, so that both drivers give the same. */
typedef TapeNode *Company(Tape *t, TapeNode *const *x);

static TapeNode *added_to_first(Tape *t, TapeNode *const *x) {
    TapeNode *a = tape_neg(t, x[0]), *b = tape_neg(t, x[1]), *z = tape_mul(t, a, x[2]);
    return tape_add(t, tape_mul(t, tape_add(t, a, b), x[3]), z);
}

static TapeNode *added_to_second(Tape *t, TapeNode *const *x) {
    TapeNode *a = tape_neg(t, x[0]), *b = tape_neg(t, x[1]), *z = tape_mul(t, b, x[2]);
    return tape_mul(t, tape_add(t, tape_add(t, a, b), z), x[3]);
}

static TapeNode *masked_beside(Tape *t, TapeNode *const *x) {
    TapeNode *a = tape_neg(t, x[0]), *b = tape_relu(t, x[1]);
    return tape_add_relu(t, tape_add(t, b, a), tape_relu(t, tape_mul(t, x[2], x[3])));
}

static TapeNode *handed_on(Tape *t, TapeNode *const *x) {
    TapeNode *a = tape_add(t, x[0], x[1]), *b = tape_add(t, x[2], x[3]);
    TapeNode *both = tape_add(t, a, b), *again = tape_add_relu(t, both, a);
    return tape_mul(t, tape_add(t, again, again), tape_add(t, b, again));
}

static TapeNode *with_itself(Tape *t, TapeNode *const *x) {
    TapeNode *a = tape_mul(t, x[0], x[1]), *twice = tape_add(t, a, a);
    return tape_add(t, tape_add_relu(t, twice, twice), tape_mul(t, a, x[2]));
}

static void shared_slots(void **state) {
    (void)state;
    static Company *const ALL[] = {added_to_first, added_to_second, masked_beside,
                                   handed_on, with_itself};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(ALL); i++) {
        Tape *t = tape_new(arena);
        double slot[4][CELLS], seed[CELLS], value[4][CELLS];
        TapeNode *x[4], *dx[4];
        for (size_t k = 0; k < 4 * CELLS; k++)
            value[k / CELLS][k % CELLS] = (double)(k * 7 % 11) - 5;
        for (size_t k = 0; k < CELLS; k++) seed[k] = (double)(k % 5) - 1;
        for (size_t k = 0; k < 4; k++)
            x[k] = tape_parameter(t, SHAPE_OF(CELLS), value[k], slot[k]);
        TapeNode *y = ALL[i](t, x);
        TapeNode *u = tape_leaf(t, y->shape, seed);
        for (int turn = 0; turn < 2; turn++) tape_backward(t, y, seed);
        tape_gradient(t, y, u, x, 4, dx);
        for (size_t k = 0; k < 4 * CELLS; k++)
            assert_near(slot[k / CELLS][k % CELLS], dx[k / CELLS]->value[k % CELLS], 0.0);
    }
    arena_free(arena);
}

/* ---- fused operations ------------------------------------------------------------ */

static void copy_forward(Tape *t, TapeNode *y) {
    (void)t;
    memcpy(y->value, y->in[0]->value, shape_count(y->shape) * sizeof(double));
}

static TapeNode *define_as_operand(Tape *t, TapeNode *y) {
    (void)t;
    return y->in[0];
}

static TapeNode *define_as_twice_half(Tape *t, TapeNode *y) {
    TapeNode *half = tape_mul(t, y->in[0], tape_fill(t, y->shape, 0.5));
    return tape_add(t, half, half);
}

static const Op op_operand = {
    .name = "operand", .forward = copy_forward, .define = define_as_operand};
static const Op op_halves = {
    .name = "halves", .forward = copy_forward, .define = define_as_twice_half};

/* x^2 + x, or x alone, where y is x through the operation. */
static void train_on_definition(Arena *arena, const Op *op, bool inner, bool alone) {
    const double value[] = {2, -3}, seed[] = {5, 7};
    double slot[] = {GARBAGE, GARBAGE};
    Tape *t = tape_new(arena);
    TapeNode *x = tape_parameter(t, SHAPE_OF(2), value, slot), *dx;
    TapeNode *h = inner ? tape_neg(t, tape_neg(t, x)) : x;
    TapeNode *y = tape_write(t, op, h->shape, &h, 1, NULL, NULL);
    TapeNode *z = alone ? y : tape_add(t, tape_mul(t, y, h), h);
    tape_backward(t, z, seed);
    tape_gradient(t, z, tape_leaf(t, SHAPE_OF(2), seed), &x, 1, &dx);
    for (size_t k = 0; k < 2; k++) {
        assert_near(slot[k], alone ? seed[k] : (2 * value[k] + 1) * seed[k], 0.0);
        assert_near(dx->value[k], slot[k], 0.0);
    }
}

/* Without a kernel an operation trains on its definition, be it an operand itself, used elsewhere too. */
static void trains_on_definition(void **state) {
    (void)state;
    static const Op *const ops[] = {&op_halves, &op_operand};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(ops); i++)
        for (int kind = 0; kind < 4; kind++)
            train_on_definition(arena, ops[i], kind & 1, kind & 2);
    arena_free(arena);
}

/* ---- shapes without values -------------------------------------------------------- */

/* The same program on both tapes: the same operations and shapes, but nothing computed. */
static void shapes_are_those_of_values(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const double *value[4], *none[4] = {NULL};
    draw_values(arena, value);
    Tape *tape = tape_new(arena), *shapes = tape_of_shapes(arena);
    assert_true(tape_has_values(tape) && !tape_has_values(shapes));
    const TapeNode *a = write_program(tape, value).y, *b = write_program(shapes, none).y;
    size_t nodes = 0;
    for (; a && b; a = a->previous, b = b->previous, nodes++) {
        assert_ptr_equal(a->op, b->op);
        assert_true(shape_equal(a->shape, b->shape));
        assert_non_null(a->value);
        assert_null(b->value);
    }
    assert_true(a == b && nodes == 14);
    arena_free(arena);
}

/* ---- watched nodes ---------------------------------------------------------------- */

/* Every node of the program, whose slots are turned in place, shared and used again; by two. */
static void watched(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    const double *value[4];
    TapeNode *node[20], *dx[20];
    double *seen[20][2];
    size_t nodes = 0;
    draw_values(arena, value);
    Program p = write_program(t, value);
    for (TapeNode *y = p.y; y; y = y->previous, nodes++) {
        node[nodes] = y;
        for (size_t i = 0; i < 2; i++) {
            seen[nodes][i] = garbage(arena, shape_count(y->shape));
            tape_watch(t, y, seen[nodes][i]);
        }
    }
    TapeNode *later = tape_exp(t, p.x[3]), *apart = tape_exp(t, tape_constant(t, 1.0));
    double *of_later = garbage(arena, CELLS), *of_apart = garbage(arena, 1);
    tape_watch(t, later, of_later);
    tape_watch(t, apart, of_apart);
    const double *seed = normals(arena, 4, shape_count(p.y->shape));
    for (size_t again = 0; again < 2; again++) tape_backward(t, p.y, seed);
    tape_gradient(t, p.y, tape_leaf(t, p.y->shape, seed), node, nodes, dx);
    for (size_t k = 0; k < nodes; k++)
        for (size_t i = 0; i < 2; i++)
            for (size_t j = 0; j < shape_count(node[k]->shape); j++)
                assert_near(seen[k][i][j], dx[k]->value[j],
                            1e-14 * fmax(1.0, fabs(dx[k]->value[j])));
    assert_all(of_later, CELLS, 0.0);
    assert_true(isnan(*of_apart));
    arena_free(arena);
}

static const Case cases[] = {
    CASE(theorem, zero_upstream),
    CASE(theorem, unused_parameters),
    CASE(theorem, parameter_as_result),
    CASE(theorem, detached),
    CASE(theorem, zero_beside_infinity),
    CASE(theorem, inputs_are_only_read),
    CASE(theorem, steady_state),
    CASE(theorem, backward_reuses_slots),
    CASE(theorem, seed_is_only_read),
    CASE(theorem, turned_in_place),
    CASE(theorem, shared_slots),
    CASE(theorem, trains_on_definition),
    CASE(theorem, shapes_are_those_of_values),
    CASE(theorem, watched),
};

HARNESS_MAIN("tape_drivers", cases)
