/* Normalizers before their equations in plain loops (loops.h): whatever a text, its views or a
 * kernel makes of the equation, and whatever the tape makes of the text, is not asked here. */
#include "loops.h"
#include "text.h"

#include <float.h>
#include <string.h>

static bool is_restated(const Trial *t) {
    return loops_know(t->norm);
}

static bool is_derivative(const Trial *t) {
    return is_restated(t) && (t->mode == NORM_EVAL || norm_by_design(t->norm) == NULL);
}

/* A definition forms x - mean in doubles, as large and as far as they reach. */
static bool is_moderate(const Trial *t) {
    return ON_MODERATE >> t->data & 1u;
}

/* Of what 113 bits lose in sums that are exactly zero. */
static const double FINEST = 0x1p-90;

enum { DEFINED_VALUE = 8, DEFINED_GRADIENT = 64 }; /* digits of definitions */

/* Of running moments that were pooled in doubles: what the worst element of each input is
 * allowed, as often as their means are large. */
static CheckBound as_pooled(Arena *arena, const Trial *t, CheckBound bound,
                            const size_t *size, size_t inputs) {
    double far = 0;
    if (t->mode == NORM_TRAIN || !loops_pool(t->norm)) return bound;
    for (size_t s = 0; s < t->norm->states; s++)
        for (size_t k = 0; k < t->norm->state[s].count; k++)
            far = fmax(far, fabs(t->state[s][k]) / t->unit);
    const double **scale = TAKE(arena, const double *, inputs);
    for (size_t i = 0; i < inputs; i++) {
        double most = 0;
        for (size_t k = 0; k < size[i]; k++) most = fmax(most, bound.scale[i][k]);
        scale[i] = filled(arena, size[i], most * (1 + far));
    }
    return (CheckBound){.digits = bound.digits, .scale = scale};
}

/* ---- x and the parameters, moved ------------------------------------------------------ */

/* Of the imaginary parts: its square is below the smallest part of anything. */
static Quad step(void) {
    return (Quad)1e-300 * (Quad)1e-300;
}

typedef struct Inputs {
    size_t count;                             /* 1 + params */
    size_t size[1 + NORM_MAX_PARAMS];         /* of each */
    const double *value[1 + NORM_MAX_PARAMS]; /* [size] */
    double unit[1 + NORM_MAX_PARAMS];
    double *along[1 + NORM_MAX_PARAMS]; /* [size] direction of the probe at work */
} Inputs;

static Inputs inputs_of(Arena *arena, const Trial *t) {
    Inputs in = {.count = 1 + t->norm->params};
    in.size[0] = t->n, in.value[0] = t->x, in.unit[0] = t->unit;
    for (size_t k = 0; k < t->norm->params; k++) {
        in.size[1 + k] = t->norm->param[k].count;
        in.value[1 + k] = t->param[k];
        in.unit[1 + k] = trial_param_unit(t, k);
    }
    for (size_t i = 0; i < in.count; i++) in.along[i] = ZERO(arena, double, in.size[i]);
    return in;
}

/* y of x + i h along. */
static const Number *answer(Arena *arena, const Trial *t, const Inputs *in) {
    const Number *moved[1 + NORM_MAX_PARAMS];
    for (size_t i = 0; i < in->count; i++) {
        Number *value = TAKE(arena, Number, in->size[i]);
        for (size_t k = 0; k < in->size[i]; k++) {
            value[k] = in->value[i][k];
            value[k] += step() * in->along[i][k] * (Number)I;
        }
        moved[i] = value;
    }
    return loops_answer(arena, t, moved[0], moved + 1);
}

/* ---- values ---------------------------------------------------------------------- */

static CheckBound value_bound(Arena *arena, const Trial *t, double digits,
                              bool definition) {
    const CheckBound bound = trial_value_bound(arena, t, digits, definition);
    return as_pooled(arena, t, bound, &t->n, 1);
}

static void compare(Tally *sum, const char *what, const double *got,
                    const Number *expected, const CheckBound *bound, size_t count) {
    double most = 0;
    for (size_t i = 0; i < count; i++)
        most = fmax(most, fabs((double)loops_real(expected[i])));
    for (size_t i = 0; i < count; i++)
        tally_quad(sum, what, i, got[i], loops_real(expected[i]),
                   bound->digits * DBL_EPSILON * bound->scale[0][i] + FINEST * most);
}

static CheckReport judge_value(Arena *arena, const Trial *t, const TrialCheck *check) {
    const Inputs in = inputs_of(arena, t);
    const Number *right = answer(arena, t, &in);
    CheckBound bound = value_bound(arena, t, check->digits, false);
    Tally sum = tally_new(t);
    compare(&sum, "y", trial_run(arena, t, 0).y, right, &bound, t->n);
    if (!is_moderate(t)) return sum.report;
    bound = value_bound(arena, t, DEFINED_VALUE, true);
    compare(&sum, "definition's y", trial_run_definition(arena, t).y, right, &bound,
            t->n);
    return sum.report;
}
const TrialCheck trial_loops_value = {
    .name = "loops-value",
    .says = "y is the equation's, restated in plain loops of 113 bits",
    .digits = 4,
    .data = ON_ALL,
    .applies = is_restated,
    .judge = judge_value};

/* ---- gradients ------------------------------------------------------------------- */

/* A gradient, the kernel's or the definition's, and what is allowed of it. */
typedef struct Judged {
    const char *text;
    Outcome got;
    CheckBound bound;
} Judged;

enum { KERNEL, DEFINITION, TEXTS };

typedef struct Slopes {
    const Trial *t;
    Inputs in;
    size_t texts;
    Judged judged[TEXTS];
    Tally sum;
    double finest; /* what 113 bits may lose of <dy, y> */
} Slopes;

static const double *gradient_of(const Outcome *got, size_t input) {
    return input == 0 ? got->dx : got->dparam[input - 1];
}

/* Constants that a text holds in doubles (limits, weights of a schedule) are exact here. In
 * combinations of combinations derivatives may cancel far below what that moves; there it is
 * asked whether anything is forgotten, and digits are judged by the other oracles. */
static const double FORGOTTEN = 1e-6;

static bool is_deep(const Norm *norm) {
    bool deep = false;
    for (size_t i = 0; i < norm->parts; i++) deep = deep || norm->part[i]->parts > 0;
    return deep;
}

/* The derivative of <dy, y> along in.along, and what each text has for it. */
static void ask(Arena *arena, Slopes *s, const char *what, size_t element) {
    ArenaMark mark = arena_mark(arena);
    const Number *y = answer(arena, s->t, &s->in);
    Quad right = 0;
    for (size_t i = 0; i < s->t->n; i++)
        right += s->t->dy[i] * (QUAD_CALL(cimag)(y[i]) / step());
    const double least = is_deep(s->t->norm) ? FORGOTTEN * fabs((double)right) : 0;
    for (size_t j = 0; j < s->texts; j++) {
        const Judged *judged = &s->judged[j];
        Quad got = 0;
        double allowed = least + DBL_EPSILON * fabs((double)right); /* of one double */
        const double eps = judged->bound.digits * DBL_EPSILON;
        for (size_t i = 0; i < s->in.count; i++)
            for (size_t k = 0; k < s->in.size[i]; k++) {
                const double along = s->in.along[i][k];
                if (along == 0) continue;
                got += along * (Quad)gradient_of(&judged->got, i)[k];
                allowed += fabs(along) *
                           (judged->bound.scale[i][k] * eps + s->finest / s->in.unit[i]);
            }
        tally_quad(&s->sum, text_print(arena, "%s%s", judged->text, what), element,
                   (double)got, right, allowed);
    }
    arena_rewind(arena, mark);
}

static void ask_element(Arena *arena, Slopes *s, size_t input, size_t k) {
    const char *name = input == 0 ? "x" : s->t->norm->param[input - 1].name;
    s->in.along[input][k] = 1;
    ask(arena, s, text_print(arena, "d%s", name), k);
    s->in.along[input][k] = 0;
}

/* Along a random direction in these inputs. */
static void ask_direction(Arena *arena, Slopes *s, size_t first, size_t last,
                          uint64_t number) {
    for (size_t i = first; i <= last; i++) {
        const double *normal = trial_normals(arena, s->t, 100 + number, s->in.size[i]);
        for (size_t k = 0; k < s->in.size[i]; k++)
            s->in.along[i][k] = normal[k] * s->in.unit[i];
        number++;
    }
    ask(arena, s, "a direction", first);
    for (size_t i = first; i <= last; i++)
        for (size_t k = 0; k < s->in.size[i]; k++) s->in.along[i][k] = 0;
}

static CheckBound slope_bound(Arena *arena, const Slopes *s, double digits,
                              bool definition) {
    const CheckBound bound = trial_bound(arena, s->t, digits, definition);
    return as_pooled(arena, s->t, bound, s->in.size, s->in.count);
}

static Slopes slopes_of(Arena *arena, const Trial *t, double digits) {
    Slopes s = {.t = t, .in = inputs_of(arena, t), .texts = 1, .sum = tally_new(t)};
    s.judged[KERNEL] =
        (Judged){"", trial_run(arena, t, 0), slope_bound(arena, &s, digits, false)};
    for (size_t i = 0; i < t->n; i++)
        s.finest += FINEST * fabs(t->dy[i] * s.judged[KERNEL].got.y[i]);
    if (!is_moderate(t)) return s;
    s.texts = TEXTS;
    s.judged[DEFINITION] = (Judged){"definition's ", trial_run_definition(arena, t),
                                    slope_bound(arena, &s, DEFINED_GRADIENT, true)};
    return s;
}

enum { FEW = 40, MANY = 400, SOME = 5 }; /* numbers in all inputs; elements of x */

/* Every element of few; of more a direction in all of them, one in each input, and some
 * elements of x; of many a direction, one in each parameter, which among so many numbers would be lost, and one
 * element. */
static CheckReport judge_gradient(Arena *arena, const Trial *t, const TrialCheck *check) {
    Slopes s = slopes_of(arena, t, check->digits);
    const size_t last = s.in.count - 1;
    size_t numbers = 0;
    for (size_t i = 0; i <= last; i++) numbers += s.in.size[i];
    if (numbers > FEW) {
        ask_direction(arena, &s, 0, last, 0);
        const size_t stride = numbers > MANY ? t->n : t->n / SOME;
        for (size_t k = t->seed % stride; k < t->n; k += stride)
            ask_element(arena, &s, 0, k);
        for (size_t i = numbers > MANY; i <= last; i++)
            ask_direction(arena, &s, i, i, 50 + i);
    }
    for (size_t i = 0; i <= last && numbers <= FEW; i++)
        for (size_t k = 0; k < s.in.size[i]; k++) ask_element(arena, &s, i, k);
    if (s.sum.report.verdict == CHECK_FAIL)
        trial_diagnose(arena, t, s.judged[KERNEL].got.dx, &s.sum.report);
    return s.sum.report;
}
const TrialCheck trial_loops_gradient = {
    .name = "loops-gradient",
    .says = "the gradient is that of the equation in plain loops of 113 bits",
    .digits = 32,
    .data = ON_ALL,
    .applies = is_derivative,
    .judge = judge_gradient};
