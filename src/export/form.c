/* The program for any size of x: what the programs of several sizes have in common, where every
 * size and number is an expression of N and L. */
#include "internal.h"

#include "detail.h"

#include <math.h>
#include <string.h>

typedef struct Forming {
    Arena *arena;
    const Norm *norm;
    ShapeLattice at[SIZES];
    Recording recording[SIZES];
    const Program *program[SIZES];
    BaseError *error;
} Forming;

static bool cannot(const Forming *f, const char *why) {
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
    return cannot(f, "no sizes of x were found that it sees with all their multiples");
}

static void choose_sizes(Forming *f, ShapeLattice unit) {
    static const size_t BY[SIZES][2] = {{2, 3}, {3, 5}, {5, 2}, {4, 7}, {7, 4}};
    for (size_t i = 0; i < SIZES; i++)
        f->at[i] = (ShapeLattice){unit.N * BY[i][0], unit.C, unit.L * BY[i][1]};
}

/* ---- what is compared -------------------------------------------------------------------- */

static const TapeNode *node_at(const Forming *f, size_t size, size_t step) {
    const size_t *operands;
    return program_step(f->program[size], step, &operands);
}

static bool fit(const Forming *f, Measure *m, const size_t value[SIZES]) {
    double number[SIZES];
    for (size_t i = 0; i < SIZES; i++) number[i] = (double)value[i];
    return measure_fit(m, number, f->at);
}

static bool form_shape(const Forming *f, FormStep *step, size_t s) {
    step->rank = node_at(f, 0, s)->shape.rank;
    for (size_t axis = 0; axis < step->rank; axis++) {
        size_t size[SIZES];
        for (size_t i = 0; i < SIZES; i++) {
            if (node_at(f, i, s)->shape.rank != step->rank) return false;
            size[i] = node_at(f, i, s)->shape.size[axis];
        }
        if (!fit(f, &step->size[axis], size)) return false;
    }
    return true;
}

/* Which of count numbers `at` points to; false: to none. */
static bool points_into(const double *at, const double *numbers, size_t count,
                        size_t *from) {
    for (*from = 0; *from < count; (*from)++)
        if (numbers + *from == at) return true;
    return false;
}

static bool is_given(const Recording *r, const TapeNode *node, Leaf *leaf) {
    leaf->count = shape_count(node->shape);
    leaf->from = 0;
    leaf->kind = LEAF_X, leaf->place = 0;
    if (node == r->x) return true;
    for (leaf->place = 0; leaf->place < r->norm->params; leaf->place++) {
        leaf->kind = LEAF_PARAM;
        if (node == r->param[leaf->place]) return true;
    }
    for (leaf->place = 0; leaf->place < r->norm->states; leaf->place++) {
        leaf->kind = LEAF_STATE;
        if (points_into(node->value, r->state_value[leaf->place],
                        r->norm->state[leaf->place].count, &leaf->from))
            return true;
    }
    return false;
}

static bool repeats(const TapeNode *node, size_t period) {
    const size_t count = shape_count(node->shape);
    if (count % period != 0) return false;
    for (size_t i = period; i < count; i++) {
        const double a = node->value[i], b = node->value[i - period];
        if (a != b && !(isnan(a) && isnan(b))) return false;
    }
    return true;
}

static bool form_numbers(const Forming *f, Leaf *leaf, size_t s) {
    leaf->kind = LEAF_NUMBERS;
    const size_t most = shape_count(node_at(f, 0, s)->shape);
    for (leaf->period = 1; leaf->period <= most; leaf->period++) {
        size_t i = 0;
        while (i < SIZES && repeats(node_at(f, i, s), leaf->period)) i++;
        if (i == SIZES) break;
    }
    if (leaf->period > most) return false;
    leaf->number = TAKE(f->arena, Measure, leaf->period);
    for (size_t k = 0; k < leaf->period; k++) {
        double value[SIZES];
        for (size_t i = 0; i < SIZES; i++) value[i] = node_at(f, i, s)->value[k];
        if (!measure_fit(&leaf->number[k], value, f->at)) return false;
    }
    return true;
}

static bool form_leaf(const Forming *f, Leaf *leaf, size_t s) {
    const bool given = is_given(&f->recording[0], node_at(f, 0, s), leaf);
    for (size_t i = 1; i < SIZES; i++) {
        Leaf other;
        if (is_given(&f->recording[i], node_at(f, i, s), &other) != given) return false;
        if (given && (other.kind != leaf->kind || other.place != leaf->place ||
                      other.from != leaf->from))
            return false;
    }
    return given || form_numbers(f, leaf, s);
}

/* ---- what operations keep beside their operands ------------------------------------------ */

static bool is(const TapeNode *node, const char *op) {
    return strcmp(node->op->name, op) == 0;
}

static bool form_window(const Forming *f, FormStep *step, size_t s) {
    size_t axis[SIZES], from[SIZES], size[SIZES];
    for (size_t i = 0; i < SIZES; i++) {
        const Window *w = node_at(f, i, s)->detail;
        axis[i] = w->axis, from[i] = w->from;
        size[i] = is(node_at(f, i, s), "pad") ? w->whole : w->size;
    }
    return fit(f, &step->axis, axis) && step->axis.form == MEASURE_CONSTANT &&
           fit(f, &step->from, from) && fit(f, &step->width, size);
}

static bool form_partition(const Forming *f, FormStep *step, size_t s) {
    const Partition *first = node_at(f, 0, s)->detail;
    size_t block[SIZES];
    for (size_t i = 0; i < SIZES; i++) {
        const Partition *p = node_at(f, i, s)->detail;
        block[i] = p->block;
        if (p->mask || p->C != first->C || p->channel_cells != first->channel_cells ||
            p->apart != first->apart ||
            memcmp(p->cell_of, first->cell_of, p->C * sizeof *p->cell_of) != 0)
            return false;
    }
    step->C = first->C, step->sets = first->channel_cells;
    step->set_of = first->cell_of, step->apart = first->apart;
    return fit(f, &step->block, block);
}

static bool form_same(const Forming *f, FormStep *step, size_t s) {
    const TapeNode *node = node_at(f, 0, s);
    const size_t bytes = is(node, "permute")  ? node->shape.rank * sizeof(size_t)
                         : is(node, "matmul") ? sizeof(Sides)
                                              : sizeof(double);
    for (size_t i = 1; i < SIZES; i++)
        if (memcmp(node_at(f, i, s)->detail, node->detail, bytes) != 0) return false;
    if (is(node, "permute")) memcpy(step->axes, node->detail, bytes);
    if (is(node, "power")) step->exponent = *(const double *)node->detail;
    if (!is(node, "matmul")) return true;
    const Sides *sides = node->detail;
    step->transposed[0] = sides->a, step->transposed[1] = sides->b;
    return true;
}

static bool form_detail(const Forming *f, FormStep *step, size_t s) {
    const TapeNode *node = node_at(f, 0, s);
    if (node->detail == NULL) return true;
    if (is(node, "mean") || is(node, "spread")) return form_partition(f, step, s);
    if (is(node, "slice") || is(node, "pad")) return form_window(f, step, s);
    if (is(node, "permute") || is(node, "matmul") || is(node, "power"))
        return form_same(f, step, s);
    return cannot(f, text_print(f->arena, "its operation '%s' has no spelling there",
                                node->op->name));
}

/* ---- a step ------------------------------------------------------------------------------ */

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
            return cannot(f, OTHERWISE);
    }
    if (form_shape(f, step, s) &&
        (node->op ? form_detail(f, step, s) : form_leaf(f, &step->leaf, s)))
        return true;
    return cannot(f, "a size or a number in its program follows no rule of N and L that "
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
            return cannot(f, "its program is another where its numbers are others, a "
                             "choice among weights (--epoch says an earlier one)");
    }
    return true;
}

static bool all_seen(const Forming *f, NormMode mode) {
    for (size_t i = 0; mode == NORM_TRAIN && i < f->norm->states; i++)
        if (record_keeps(&f->norm->state[i]) && f->recording[0].seen[i] == NULL)
            return cannot(f, text_print(f->arena,
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
            cannot(f, "its program is another at another size of x");
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
