/* Functions of every order on a tape, and what the tape's drivers say of their gradients. */
#include "derive.h"

#include "bound.h"
#include "house.h"
#include "replay.h"

#include <math.h>
#include <string.h>

double *derive_vector(Arena *arena, uint64_t seed, uint64_t role, uint64_t sample,
                      size_t count, double scale) {
    double *vector = TAKE(arena, double, count);
    Draw draw = {seed, DRAW_CHECK, role, sample};
    for (size_t k = 0; k < count; k++) vector[k] = scale * draw_normal(draw, k);
    return vector;
}

size_t derive_count(const Derive *derive, size_t i) {
    bool upstream = i == derive->function->inputs;
    return shape_count(upstream ? derive->y : derive->function->input[i].shape);
}

double derive_scale(const Derive *derive, size_t i) {
    return i == derive->function->inputs ? 1.0 : derive->function->input[i].scale;
}

double **derive_draw(const Derive *derive, uint64_t role) {
    size_t inputs = derive->function->inputs;
    double **vector = TAKE(derive->arena, double *, inputs);
    for (size_t i = 0; i < inputs; i++)
        vector[i] = derive_vector(derive->arena, derive->seed, role, i,
                                  derive_count(derive, i), derive_scale(derive, i));
    return vector;
}

double derive_length(const double *value, size_t count) {
    double most = 0.0, squares = 0.0;
    int exponent = 0;
    for (size_t k = 0; k < count; k++) most = fmax(most, fabs(value[k]));
    frexp(most, &exponent);
    for (size_t k = 0; k < count; k++) {
        const double v = ldexp(value[k], -exponent);
        squares += v * v;
    }
    return ldexp(sqrt(squares), exponent);
}

double derive_norm(const Derive *derive, size_t i) {
    return derive_length(derive->got[i], derive_count(derive, i)) *
           derive_scale(derive, i);
}

TapeNode **derive_inputs(Arena *arena, Tape *tape, const CheckFunction *function) {
    TapeNode **x = TAKE(arena, TapeNode *, function->inputs + 1);
    for (size_t i = 0; i < function->inputs; i++) {
        const CheckInput *input = &function->input[i];
        x[i] = tape_parameter(tape, input->shape, input->value, NULL);
    }
    return x;
}

static Shape result_shape(Arena *arena, const CheckFunction *function) {
    ArenaMark mark = arena_mark(arena);
    Tape *tape = tape_new(arena);
    TapeNode **x = derive_inputs(arena, tape, function);
    Shape shape = function->write(tape, x, function->context)->shape;
    arena_rewind(arena, mark);
    return shape;
}

TapeNode *derive_write(const Derive *derive, Tape *tape, TapeNode *const *x, TapeNode *u,
                       size_t order) {
    size_t inputs = derive->function->inputs;
    TapeNode *y = derive->function->write(tape, x, derive->function->context);
    if (order == 1) return tape_sum_all(tape, tape_mul(tape, u, y));
    TapeNode **dx = TAKE(derive->arena, TapeNode *, inputs), *f = y;
    for (size_t k = 0; k + 1 < order; k++) {
        tape_gradient(tape, f, k == 0 ? u : NULL, x, inputs, dx);
        f = tape_constant(tape, 0.0);
        for (size_t i = 0; i < inputs; i++) {
            TapeNode *v = tape_leaf(tape, x[i]->shape, derive->v[k][i]);
            f = tape_add(tape, f, tape_sum_all(tape, tape_mul(tape, v, dx[i])));
        }
    }
    return f;
}

/* tape_backward into slots that begin as NaN: what is not written shows. */
static void by_backward(Derive *d, Tape *tape) {
    size_t inputs = d->function->inputs;
    TapeNode **x = TAKE(d->arena, TapeNode *, inputs);
    for (size_t i = 0; i < inputs; i++) {
        const CheckInput *input = &d->function->input[i];
        for (size_t k = 0; k < derive_count(d, i); k++) d->got[i][k] = NAN;
        x[i] = tape_parameter(tape, input->shape, input->value, d->got[i]);
    }
    tape_backward(tape, d->function->write(tape, x, d->function->context), d->u);
}

/* The gradient as nodes, by the inputs, and beyond the first order by the upstream too:
 * *count of them. */
static TapeNode **record_gradient(const Derive *d, Tape *tape, size_t *count) {
    size_t inputs = d->function->inputs;
    TapeNode **x = derive_inputs(d->arena, tape, d->function), *f, *seed = NULL;
    *count = inputs + (d->order > 1);
    TapeNode **dx = TAKE(d->arena, TapeNode *, *count);
    if (d->order == 1) {
        f = d->function->write(tape, x, d->function->context);
        seed = tape_leaf(tape, d->y, d->u);
    } else {
        x[inputs] = tape_parameter(tape, d->y, d->u, NULL);
        f = derive_write(d, tape, x, x[inputs], d->order);
    }
    tape_gradient(tape, f, seed, x, *count, dx);
    return dx;
}

static void by_gradient(Derive *d, Tape *tape) {
    size_t count;
    TapeNode **dx = record_gradient(d, tape, &count);
    for (size_t i = 0; i < count; i++)
        memcpy(d->got[i], dx[i]->value, derive_count(d, i) * sizeof(double));
}

Quad **derive_exact(const Derive *d) {
    size_t count;
    Tape *tape = tape_new(d->arena);
    TapeNode **dx = record_gradient(d, tape, &count);
    Quad **value = TAKE(d->arena, Quad *, count);
    program_run_quad(program_new(tape, dx, count), d->arena, NULL, NULL, 0, value);
    return value;
}

/* ---- what rounding does ---------------------------------------------------------- */

static const double *const *scale_of(Arena *arena, Tape *tape, TapeNode *const *y,
                                     size_t count, bool kernel) {
    double **scale = TAKE(arena, double *, count);
    program_bound(program_new(tape, y, count), arena,
                  kernel ? BOUND_OF_KERNELS : BOUND_OF_PROGRAM, scale);
    return (const double *const *)scale;
}

const double *const *check_value_scale(Arena *arena, const CheckFunction *function,
                                       bool kernel) {
    Tape *tape = tape_new(arena);
    TapeNode **x = derive_inputs(arena, tape, function);
    TapeNode *y = function->write(tape, x, function->context);
    return scale_of(arena, tape, &y, 1, kernel);
}

static const double *const *gradient_scale(const Derive *d, bool kernel) {
    size_t count;
    Tape *tape = tape_new(d->arena);
    TapeNode **dx = record_gradient(d, tape, &count);
    return scale_of(d->arena, tape, dx, count, kernel);
}

double derive_value_scale(const Derive *d, const double *u, size_t order) {
    ArenaMark mark = arena_mark(d->arena);
    Tape *tape = tape_new(d->arena);
    TapeNode **x = derive_inputs(d->arena, tape, d->function);
    TapeNode *f = derive_write(d, tape, x, tape_leaf(tape, d->y, u), order);
    const double scale =
        program_sharp_bound(tape, program_new(tape, &f, 1), BOUND_OF_KERNELS);
    arena_rewind(d->arena, mark);
    return scale;
}

static bool any(const double *a, size_t count) {
    bool found = false;
    for (size_t k = 0; a && k < count; k++) found = found || a[k] != 0.0;
    return found;
}

double derive_sharp_scale(const Derive *d, double *const *along, const double *along_u) {
    const size_t inputs = d->function->inputs;
    ArenaMark mark = arena_mark(d->arena);
    size_t count;
    Tape *tape = tape_new(d->arena);
    TapeNode **dx = record_gradient(d, tape, &count), *f = tape_constant(tape, 0.0);
    for (size_t i = 0; i < count; i++) {
        const double *v = i == inputs ? along_u : along ? along[i] : NULL;
        if (!any(v, derive_count(d, i))) continue;
        TapeNode *leaf = tape_leaf(tape, dx[i]->shape, v);
        f = tape_add(tape, f, tape_sum_all(tape, tape_mul(tape, leaf, dx[i])));
    }
    const BoundOf what =
        d->driver == CHECK_BACKWARD ? BOUND_OF_KERNELS : BOUND_OF_PROGRAM;
    const Program *program = program_new(tape, &f, 1);
    const double scale = program_is_bounded(program)
                             ? program_sharp_bound(tape, program, what)
                             : (double)INFINITY;
    arena_rewind(d->arena, mark);
    return scale;
}

CheckBound derive_bound(const Derive *d, const CheckBound *bound) {
    CheckBound whole = *bound;
    if (!bound->scale && !(bound->of_norm > 0)) whole.scale = gradient_scale(d, false);
    return whole;
}

/* ---- beginning ------------------------------------------------------------------- */

/* With u and v, not yet differentiated. */
static Derive drawn(Arena *arena, const CheckFunction *function, CheckDriver driver,
                    uint64_t seed) {
    static const size_t orders[] = {1, 1, 2, 3};
    static const Role against[] = {ROLE_AGAINST, ROLE_AGAINST_TWICE};
    Derive d = {.arena = arena,
                .function = function,
                .driver = driver,
                .order = orders[driver],
                .seed = seed,
                .y = result_shape(arena, function),
                .u = function->upstream};
    if (d.u == NULL)
        d.u = derive_vector(arena, seed, ROLE_UPSTREAM, 0, shape_count(d.y), 1.0);
    for (size_t k = 0; k + 1 < d.order; k++) d.v[k] = derive_draw(&d, against[k]);
    return d;
}

const double *const *check_scale(Arena *arena, const CheckFunction *function,
                                 CheckDriver driver, uint64_t seed) {
    const Derive d = drawn(arena, function, driver, seed);
    return gradient_scale(&d, driver == CHECK_BACKWARD);
}

Derive derive_begin(Arena *arena, const CheckFunction *function, CheckDriver driver,
                    uint64_t seed) {
    REQUIRE(function->inputs > 0, "%s has nothing to differentiate by", function->name);
    for (size_t i = 0; i < function->inputs; i++)
        REQUIRE(function->input[i].scale > 0 && isfinite(function->input[i].scale),
                "%s: scale of %s is %g", function->name, function->input[i].name,
                function->input[i].scale);
    Derive d = drawn(arena, function, driver, seed);
    d.got = TAKE(arena, double *, function->inputs + 1);
    for (size_t i = 0; i <= function->inputs; i++)
        d.got[i] = TAKE(arena, double, derive_count(&d, i));
    ArenaMark mark = arena_mark(arena);
    Tape *tape = tape_new(arena);
    if (driver == CHECK_BACKWARD)
        by_backward(&d, tape);
    else
        by_gradient(&d, tape);
    arena_rewind(arena, mark);
    return d;
}
