/* Who would see what is to be told: in evaluation, a normalizer whose y at one position moves
 * with x at a later one. It is asked of its definition, with all its parts, by paths and not
 * by numbers (tape/bound.h): so of any equation and plugin alike. */
#include "internal.h"

#include "bound.h"
#include "op.h"
#include "text.h"

/* A part of x's positions is enough, where it takes so few. */
static ShapeLattice few_positions(Arena *arena, const Norm *norm, ShapeLattice x) {
    enum { FEW = 4 };
    const ShapeLattice few = {1, x.C, x.L < FEW ? x.L : FEW};
    BaseError error = {.set = false};
    return norm_fits(arena, norm, few, NORM_EVAL, &error) ? few
                                                          : (ShapeLattice){1, x.C, x.L};
}

/* Parameters and state as they begin, at that epoch; whatever numbers parameters have, they lead
 * on. */
static NormContext begun(Tape *tape, const Norm *norm, size_t epoch) {
    Arena *arena = tape_arena(tape);
    TapeNode **param = TAKE(arena, TapeNode *, NORM_MAX_PARAMS);
    const double **state = TAKE(arena, const double *, NORM_MAX_STATES);
    for (size_t i = 0; i < norm->params; i++) {
        double *value = TAKE(arena, double, norm->param[i].count);
        norm_begin_param(value, &norm->param[i], (Draw){.purpose = DRAW_INIT});
        param[i] = tape_parameter(tape, SHAPE_OF(norm->param[i].count), value, NULL);
    }
    for (size_t i = 0; i < norm->states; i++) {
        double *value = TAKE(arena, double, norm->state[i].count);
        norm_begin_state(value, &norm->state[i]);
        state[i] = value;
    }
    return (NormContext){.tape = tape,
                         .norm = norm,
                         .mode = NORM_EVAL,
                         .epoch = epoch,
                         .step = epoch,
                         .param = param,
                         .state = state};
}

/* Any x, whose last position is moved by one number. */
static TapeNode *moved_at_the_end(Tape *tape, ShapeLattice at, TapeNode *number) {
    const Shape shape = SHAPE_OF(at.N, at.C, at.L);
    double *value = tape_room(tape, at.C * at.L);
    const Draw draw = {.seed = 1, .purpose = DRAW_TEST};
    for (size_t i = 0; i < at.C * at.L; i++) value[i] = draw_normal(draw, i);
    TapeNode *any = tape_leaf(tape, shape, value);
    TapeNode *end = tape_broadcast(tape, number, SHAPE_OF(at.N, at.C, 1));
    return tape_add(tape, any, tape_pad(tape, end, 2, at.L - 1, at.L));
}

static bool looks_ahead_at(const Norm *norm, ShapeLattice x, size_t epoch) {
    Arena *arena = arena_new();
    const ShapeLattice at = few_positions(arena, norm, x);
    Tape *tape = tape_new(arena);
    TapeNode *number = tape_parameter(tape, SHAPE_SCALAR, (const double[]){0.5}, NULL);
    const NormContext context = begun(tape, norm, epoch);
    TapeNode *y = norm_define(&context, moved_at_the_end(tape, at, number));
    bool *moved, ahead = false;
    program_reach(program_new(tape, &y, 1), arena, PATH_OF_VALUES, number, 0, &moved);
    for (size_t i = 0; i < at.C * at.L; i++)
        ahead = ahead || (moved[i] && i % at.L + 1 < at.L);
    arena_free(arena);
    return ahead;
}

/* The numbers that a spec says are epochs among others: a schedule changes at one or behind it. */
static bool looks_ahead_about(const Norm *norm, ShapeLattice x, const Spec *spec) {
    double number;
    for (size_t i = 0; i < spec->count; i++)
        if (looks_ahead_about(norm, x, spec->args[i].value)) return true;
    if (!text_to_double(spec->word, &number) || !(number >= 0.0 && number <= 1e9))
        return false;
    return looks_ahead_at(norm, x, (size_t)number) ||
           looks_ahead_at(norm, x, (size_t)number + 1);
}

/* Schedules lead from one normalizer to another: both ends are asked, and what is between. */
bool norm_looks_ahead(const Norm *norm, ShapeLattice x) {
    enum { LATE = 1 << 20 };
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Spec *spec = spec_parse(arena, norm->spec, &error);
    const bool ahead = looks_ahead_at(norm, x, 0) || looks_ahead_at(norm, x, LATE) ||
                       (spec && looks_ahead_about(norm, x, spec));
    arena_free(arena);
    return ahead;
}
