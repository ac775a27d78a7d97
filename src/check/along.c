/* Samples of a function along a line, and the kinks of its program.
 *
 * A tape is a program that can be read: every node of which the derivative jumps names
 * its operation, and its operand tells how far the jump is. Fused operations are read
 * through their definitions. */
#include "house.h"
#include "op.h"
#include "along.h"
#include "sum.h"

#include <math.h>
#include <string.h>

double probe_product(double *size, const double *x, const double *y, size_t n) {
    *size = 0.0;
    for (size_t i = 0; i < n; i++) *size += fabs(x[i] * y[i]);
    return sum_product(x, y, n);
}

/* ---- kinks ----------------------------------------------------------------------- */

static double first_operand(const TapeNode *y, size_t i) {
    return y->in[0]->value[i];
}

static double second_minus_first(const TapeNode *y, size_t i) {
    return y->in[1]->value[i] - y->in[0]->value[i];
}

typedef struct Switch {
    const char *op;
    double (*distance)(const TapeNode *y, size_t i); /* positive on one side */
    bool frozen;                                     /* no change at all is allowed */
} Switch;

static const Switch switches[] = {{"relu", first_operand, false},
                                  {"step", first_operand, false},
                                  {"select", first_operand, false},
                                  {"max", second_minus_first, false},
                                  {"detach", first_operand, true}};

static const Switch *switch_of(const TapeNode *y) {
    if (y->op == NULL) return NULL;
    for (size_t i = 0; i < COUNT_OF(switches); i++)
        if (strcmp(y->op->name, switches[i].op) == 0) return &switches[i];
    return NULL;
}

typedef struct Tour {
    Tape *tape;
    const Kinks *old; /* to compare with; NULL: none */
    Kink *record;     /* to write to; NULL: only count */
    size_t count;
    const Kink *crossed; /* the farthest of those that changed side */
    bool changed;        /* not the program that `old` is of */
} Tour;

static bool same_side(const Switch *s, double a, double b) {
    return s->frozen ? a == b || (a != a && b != b) : (a > 0) == (b > 0);
}

static void walk_kink(Tour *tour, const Switch *s, size_t element, double distance) {
    size_t at = tour->count++;
    if (tour->record) tour->record[at] = (Kink){s->op, element, distance};
    if (tour->old == NULL) return;
    if (at >= tour->old->count || tour->old->kink[at].op != s->op) {
        tour->changed = true;
        return;
    }
    const Kink *old = &tour->old->kink[at];
    if (same_side(s, old->distance, distance)) return;
    if (!tour->crossed || fabs(old->distance) > fabs(tour->crossed->distance))
        tour->crossed = old;
}

/* Every node from `from` back to `until`; a fused one's definition is written, and walked
 * too. */
static void walk_nodes(Tour *tour, TapeNode *from, const TapeNode *until) {
    for (TapeNode *y = from; y && y != until; y = y->previous) {
        const Switch *s = switch_of(y);
        if (s)
            for (size_t i = 0, n = shape_count(y->shape); i < n; i++)
                walk_kink(tour, s, i, s->distance(y, i));
        if (y->op == NULL || y->op->define == NULL) continue;
        const TapeNode *below =
            tape_constant(tour->tape, 0.0); /* marks where the definition begins */
        tape_define(tour->tape, y);
        walk_nodes(tour, tape_constant(tour->tape, 0.0), below);
    }
}

Kinks probe_kinks(Arena *arena, const CheckFunction *function) {
    Kinks kinks = {0};
    for (int pass = 0; pass < 2; pass++) { /* count, then record */
        if (pass == 1) kinks.kink = TAKE(arena, Kink, kinks.count);
        ArenaMark mark = arena_mark(arena);
        Tour tour = {.tape = tape_new(arena), .record = kinks.kink};
        TapeNode **x = TAKE(arena, TapeNode *, function->inputs);
        for (size_t i = 0; i < function->inputs; i++)
            x[i] =
                tape_leaf(tour.tape, function->input[i].shape, function->input[i].value);
        walk_nodes(&tour, function->write(tour.tape, x, function->context), NULL);
        kinks.count = tour.count;
        arena_rewind(arena, mark);
    }
    return kinks;
}

bool check_holds(Arena *arena, const CheckFunction *function) {
    ArenaMark mark = arena_mark(arena);
    const Kinks kinks = probe_kinks(arena, function);
    bool held = false;
    for (size_t k = 0; k < kinks.count; k++)
        held = held || strcmp(kinks.kink[k].op, "detach") == 0;
    arena_rewind(arena, mark);
    return held;
}

/* ---- samples --------------------------------------------------------------------- */

static double *moved(Arena *arena, const CheckInput *input, const double *along,
                     double t) {
    size_t count = shape_count(input->shape);
    double *x = TAKE(arena, double, count);
    for (size_t k = 0; k < count; k++) x[k] = input->value[k] + t * along[k];
    return x;
}

/* <v, gradient> over all inputs. */
static Sample second_order(const Probe *probe, Tape *tape, TapeNode *y,
                           double *const *gradient) {
    Sample sample = {0};
    tape_backward(tape, y, probe->upstream);
    for (size_t i = 0; i < probe->function->inputs; i++) {
        size_t count = shape_count(probe->function->input[i].shape);
        double size;
        sample.value += probe_product(&size, probe->against[i], gradient[i], count);
        sample.size += size;
    }
    return sample;
}

Sample probe_sample(const Probe *probe, double t) {
    Arena *arena = probe->arena;
    ArenaMark mark = arena_mark(arena);
    const CheckFunction *function = probe->function;
    Tour tour = {.tape = tape_new(arena), .old = probe->kinks};
    TapeNode **x = TAKE(arena, TapeNode *, function->inputs);
    double **gradient = TAKE(arena, double *, function->inputs);
    for (size_t i = 0; i < function->inputs; i++) {
        const CheckInput *input = &function->input[i];
        gradient[i] = TAKE(arena, double, shape_count(input->shape));
        const double *value = moved(arena, input, probe->along[i], t);
        x[i] = tape_parameter(tour.tape, input->shape, value, gradient[i]);
    }
    TapeNode *y = function->write(tour.tape, x, function->context);
    Sample sample = {0};
    if (probe->against)
        sample = second_order(probe, tour.tape, y, gradient);
    else
        sample.value =
            probe_product(&sample.size, probe->upstream, y->value, shape_count(y->shape));
    walk_nodes(&tour, y, NULL);
    sample.crossed = tour.crossed;
    sample.changed = tour.changed || tour.count != probe->kinks->count;
    arena_rewind(arena, mark);
    return sample;
}
