/* The program for any size of x: what the programs of several sizes have in common, where every
 * size and number is an expression of N and L. */
#include "forming.h"

#include <math.h>
#include <string.h>

bool forming_cannot(const Forming *f, const char *why) {
    return base_fail(f->error, EX_UNAVAILABLE, 0, "%s: no module says it: %s",
                     f->norm->spec, why);
}

/* ---- sizes ----------------------------------------------------------------------------- */

enum { MOST_UNIT = 1024 };

/* Multiples of which it sees, whatever the others. */
static bool sees(const Forming *f, ShapeLattice unit, NormMode mode) {
    static const size_t TIMES[] = {1, 2, 3, 5};
    for (size_t i = 0; i < COUNT_OF(TIMES); i++)
        for (size_t k = 0; k < COUNT_OF(TIMES); k++) {
            BaseError ignored = {.set = false};
            const ShapeLattice at = {unit.N * TIMES[i], unit.C, unit.L * TIMES[k]};
            if (!norm_fits(f->arena, f->norm, at, mode, &ignored)) return false;
        }
    return true;
}

static bool find_unit(const Forming *f, ShapeLattice *unit, NormMode mode) {
    const size_t C = f->norm->channels;
    for (size_t sum = 2; sum <= MOST_UNIT; sum++)
        for (size_t N = 1; N < sum; N++) {
            *unit = (ShapeLattice){N, C, sum - N};
            if (N > 1 && sum - N > 1 && sum > 64) continue;
            if (sees(f, *unit, mode)) return true;
        }
    return forming_cannot(
        f, "no sizes of x were found that it sees with all their multiples");
}

static void choose_sizes(Forming *f, ShapeLattice unit) {
    static const size_t BY[SIZES][2] = {{2, 3}, {3, 5}, {5, 2}, {4, 7}, {7, 4}};
    for (size_t i = 0; i < SIZES; i++)
        f->at[i] = (ShapeLattice){unit.N * BY[i][0], unit.C, unit.L * BY[i][1]};
}

/* ---- what is compared -------------------------------------------------------------------- */

const TapeNode *forming_node(const Forming *f, size_t size, size_t step) {
    const size_t *operands;
    return program_step(f->program[size], step, &operands);
}

bool forming_fit(const Forming *f, Measure *m, const size_t value[SIZES]) {
    double number[SIZES];
    for (size_t i = 0; i < SIZES; i++) number[i] = (double)value[i];
    return measure_fit(m, number, f->at);
}

static bool form_shape(const Forming *f, FormStep *step, size_t s) {
    step->rank = forming_node(f, 0, s)->shape.rank;
    for (size_t axis = 0; axis < step->rank; axis++) {
        size_t size[SIZES];
        for (size_t i = 0; i < SIZES; i++) {
            if (forming_node(f, i, s)->shape.rank != step->rank) return false;
            size[i] = forming_node(f, i, s)->shape.size[axis];
        }
        if (!forming_fit(f, &step->size[axis], size)) return false;
    }
    return true;
}

/* ---- a step ------------------------------------------------------------------------------ */

static bool is_constant(const Forming *f, size_t s) {
    const double first = forming_node(f, 0, s)->value[0];
    for (size_t i = 0; i < SIZES; i++) {
        const TapeNode *node = forming_node(f, i, s);
        for (size_t k = 0; k < shape_count(node->shape); k++)
            if (!(node->value[k] == first && isfinite(first))) return false;
    }
    return true;
}

static bool form_step(const Forming *f, FormStep *step, size_t s) {
    static const char OTHERWISE[] = "its program is another at another size of x";
    const size_t *operands;
    const TapeNode *node = program_step(f->program[0], s, &operands);
    *step = (FormStep){.op = node->op ? node->op->name : NULL, .arity = node->arity};
    memcpy(step->in, operands, node->arity * sizeof *operands);
    for (size_t i = 1; i < SIZES; i++) {
        const TapeNode *other = program_step(f->program[i], s, &operands);
        if (other->op != node->op || other->arity != node->arity ||
            memcmp(step->in, operands, node->arity * sizeof *operands) != 0)
            return forming_cannot(f, OTHERWISE);
    }
    step->constant = is_constant(f, s);
    if (form_shape(f, step, s) &&
        (node->op ? forming_detail(f, step, s) : forming_leaf(f, step, s)))
        return true;
    return forming_cannot(
        f, "a size or a number in its program follows no rule of N and L that "
           "is known here"); /* or what was said before */
}

/* ---- values do not choose --------------------------------------------------------------- */

static bool close_to(const TapeNode *a, const TapeNode *b) {
    double most = 0.0;
    const size_t count = shape_count(a->shape);
    for (size_t i = 0; i < count; i++)
        if (isfinite(b->value[i])) most = fmax(most, fabs(b->value[i]));
    for (size_t i = 0; i < count; i++) {
        const double got = a->value[i], want = b->value[i];
        if (isnan(got) && isnan(want)) continue;
        if (!(fabs(got - want) <= 1e-9 * (most + 1e-300))) return false;
    }
    return true;
}

/* The program of values that are all alike, run with others, is that of the others. */
static bool chooses_nothing(Forming *f, NormMode mode, size_t epoch) {
    static const Values OTHERS[] = {VALUES_DRAWN, VALUES_TURNED};
    Recording *r = &f->recording[0];
    for (size_t i = 0; i < COUNT_OF(OTHERS); i++) {
        const Recording other =
            record_new(f->arena, f->norm, mode, epoch, f->at[0], OTHERS[i]);
        record_again(r, &other);
        bool same = close_to(r->y, other.y);
        for (size_t k = 0; same && k < f->norm->states; k++)
            same = (r->seen[k] == NULL) == (other.seen[k] == NULL) &&
                   (r->seen[k] == NULL || close_to(r->seen[k], other.seen[k]));
        if (!same)
            return forming_cannot(
                f, "its program is another where its numbers are others: they "
                   "choose (--epoch says another one to schedules)");
    }
    return true;
}

static bool all_seen(const Forming *f, NormMode mode) {
    for (size_t i = 0; mode == NORM_TRAIN && i < f->norm->states; i++)
        if (record_keeps(&f->norm->state[i]) && f->recording[0].seen[i] == NULL)
            return forming_cannot(f, text_print(f->arena,
                                                "what a step observes of %s is not on "
                                                "its tape",
                                                f->norm->state[i].name));
    return true;
}

/* ---- all of it ---------------------------------------------------------------------------- */

static void name_outputs(const Forming *f, Form *form) {
    const Program *program = f->program[0];
    form->outputs = program_outputs(program);
    for (size_t i = 0; i < form->outputs; i++)
        form->output[i] = program_output(program, i);
    size_t at = 1;
    for (size_t i = 0; at < form->outputs; i++)
        if (f->recording[0].seen[i] && record_keeps(&f->norm->state[i]))
            form->state[at++] = i;
}

const Form *form_new(Arena *arena, const Norm *norm, NormMode mode, size_t epoch,
                     BaseError *error) {
    Forming *f = ZERO(arena, Forming, 1);
    f->arena = arena, f->norm = norm, f->error = error;
    Form *form = ZERO(arena, Form, 1);
    if (!find_unit(f, &form->unit, mode)) return NULL;
    choose_sizes(f, form->unit);
    for (size_t i = 0; i < SIZES; i++) {
        f->recording[i] = record_new(arena, norm, mode, epoch, f->at[i], VALUES_FLAT);
        f->program[i] = record_program(&f->recording[i], arena);
        if (program_steps(f->program[i]) != program_steps(f->program[0]) ||
            program_outputs(f->program[i]) != program_outputs(f->program[0])) {
            forming_cannot(f, "its program is another at another size of x");
            return NULL;
        }
    }
    if (!all_seen(f, mode)) return NULL;
    form->steps = program_steps(f->program[0]);
    form->step = TAKE(arena, FormStep, form->steps);
    for (size_t i = 0; i < form->steps; i++)
        if (!form_step(f, &form->step[i], i)) return NULL;
    name_outputs(f, form);
    return chooses_nothing(f, mode, epoch) ? form : NULL;
}
