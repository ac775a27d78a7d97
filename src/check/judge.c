/* What is judged, by which oracle, and the verdict: element by element, or along random
 * directions. */
#include "judge.h"
#include "step.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double VISIBLE = 1e-6;  /* part of the gradient's norm that must not hide */
static const double DIGITS = 64.0;   /* eps that the complex step allows */
static const double ROUNDING = 64.0; /* a gradient below 64 eps (size of f) is zero */
/* Of differences, in units of the direction; the next where the last could not tell. */
static const double STEPS[] = {1e-3, 1e-4, 1e-5, 1e-6};

/* ---- the check as a whole -------------------------------------------------------- */

typedef struct Check {
    Arena *arena;
    const CheckFunction *function;
    CheckDriver driver;
    uint64_t seed;
    Kinks kinks;
    Shape y;
    double *u;      /* upstream */
    double **v;     /* second order: one vector an input */
    double **along; /* direction of the probe at work, zeros between */
    double **got;   /* [inputs + 1] gradients, the last one by u */
    CheckReport report;
    double worst; /* its error / allowed */

    /* The complex step instead of differences: one program for f and, at second order, one
     * for its gradient; NULL: differences. */
    Stepper *first, *second;
    const double *digit; /* [inputs] */
    bool quad;
} Check;

enum {
    ROLE_UPSTREAM,
    ROLE_AGAINST,
    ROLE_NOISE,
    ROLE_DIRECTION
}; /* the latter and beyond */

static double *draw_vector(Arena *arena, uint64_t seed, uint64_t role, uint64_t sample,
                           size_t count, double scale) {
    double *vector = TAKE(arena, double, count);
    Draw draw = {seed, DRAW_CHECK, role, sample};
    for (size_t k = 0; k < count; k++) vector[k] = scale * draw_normal(draw, k);
    return vector;
}

static size_t input_count(const Check *check, size_t i) {
    bool upstream = i == check->function->inputs;
    return shape_count(upstream ? check->y : check->function->input[i].shape);
}

static double input_scale(const Check *check, size_t i) {
    return i == check->function->inputs ? 1.0 : check->function->input[i].scale;
}

static double **draw_inputs(const Check *check, uint64_t role) {
    size_t inputs = check->function->inputs;
    double **vector = TAKE(check->arena, double *, inputs);
    for (size_t i = 0; i < inputs; i++)
        vector[i] = draw_vector(check->arena, check->seed, role, i, input_count(check, i),
                                input_scale(check, i));
    return vector;
}

static Shape result_shape(Arena *arena, const CheckFunction *function) {
    ArenaMark mark = arena_mark(arena);
    Tape *tape = tape_new(arena);
    Node **x = TAKE(arena, Node *, function->inputs);
    for (size_t i = 0; i < function->inputs; i++)
        x[i] = tape_leaf(tape, function->input[i].shape, function->input[i].value);
    Shape shape = function->write(tape, x, function->context)->shape;
    arena_rewind(arena, mark);
    return shape;
}

/* <v, gradient of <u, y>> as a node. */
static Node *write_second(const Check *check, Tape *tape, Node *y, Node *u,
                          Node *const *x) {
    size_t inputs = check->function->inputs;
    Node **dx = TAKE(check->arena, Node *, inputs), *s = tape_constant(tape, 0.0);
    tape_gradient(tape, y, u, x, inputs, dx);
    for (size_t i = 0; i < inputs; i++) {
        Node *v = tape_leaf(tape, x[i]->shape, check->v[i]);
        s = tape_add(tape, s, tape_sum_all(tape, tape_mul(tape, v, dx[i])));
    }
    return s;
}

/* What is judged, into check->got. The slots begin as NaN: what is not written shows. */
static void differentiate_tape(Check *check) {
    ArenaMark mark = arena_mark(check->arena);
    size_t inputs = check->function->inputs;
    Tape *tape = tape_new(check->arena);
    Node **x = TAKE(check->arena, Node *, inputs + 1),
         **dx = TAKE(check->arena, Node *, inputs + 1);
    for (size_t i = 0; i <= inputs; i++)
        for (size_t k = 0; k < input_count(check, i); k++) check->got[i][k] = NAN;
    for (size_t i = 0; i < inputs; i++)
        x[i] = tape_parameter(tape, check->function->input[i].shape,
                              check->function->input[i].value, check->got[i]);
    x[inputs] = tape_parameter(tape, check->y, check->u, NULL);
    Node *y = check->function->write(tape, x, check->function->context);
    if (check->driver == CHECK_BACKWARD)
        tape_backward(tape, y, check->u);
    else {
        bool second = check->driver == CHECK_SECOND;
        Node *u = second ? x[inputs] : tape_leaf(tape, check->y, check->u);
        if (second) y = write_second(check, tape, y, u, x), u = NULL;
        size_t count = second ? inputs + 1 : inputs;
        tape_gradient(tape, y, u, x, count, dx);
        for (size_t i = 0; i < count; i++)
            memcpy(check->got[i], dx[i]->value, input_count(check, i) * sizeof(double));
    }
    arena_rewind(check->arena, mark);
}

/* ---- verdicts -------------------------------------------------------------------- */

/* One derivative to be judged. All is in units of the probe; `unit` of them make one of
 * the caller's. */
typedef struct Case {
    size_t input, element;
    double got, limit, noise, unit;
} Case;

static const char *case_name(const Check *check, const Case *c) {
    size_t inputs = check->function->inputs;
    const char *name =
        c->input == inputs ? "upstream" : check->function->input[c->input].name;
    if (c->element != SIZE_MAX)
        return text_print(check->arena, "%s[%zu]", name, c->element);
    return c->input == inputs ? "a direction of the upstream" : "a direction";
}

static const char *trouble(const Check *check, const Case *c, const Estimate *e) {
    if (e->changed) return "the function writes another program at the probed points";
    if (e->crossed && strcmp(e->crossed->op, "detach") == 0)
        return "the probe moves a detached value";
    if (e->crossed)
        return text_print(
            check->arena, "the probe crosses a kink: element %zu of %s is %.2g from it",
            e->crossed->element, e->crossed->op, fabs(e->crossed->distance));
    if (!e->finite) return "values are not finite";
    return text_print(check->arena, "error up to %.2g allowed, a fault of %.2g must show",
                      e->allowed / c->unit, c->limit / c->unit);
}

static const char *fault(const Check *check, const Case *c, const Estimate *e) {
    if (!isfinite(c->got)) return "got what is not finite";
    if (fabs(c->got + e->value) <= VISIBLE * fabs(c->got)) return "wrong sign";
    return text_print(check->arena, "%.2g times beyond what is allowed",
                      fabs(c->got - e->value) / e->allowed);
}

static CheckVerdict verdict_of(const Case *c, const Estimate *e) {
    if (e->changed || e->crossed || !e->finite) return CHECK_INCONCLUSIVE;
    if (!(fabs(c->got - e->value) <= e->allowed)) return CHECK_FAIL;
    return e->allowed <= c->limit ? CHECK_PASS : CHECK_INCONCLUSIVE;
}

/* A failure outweighs what is inconclusive, that what passes; among equals the larger
 * error / allowed. */
static int weight(CheckVerdict verdict) {
    return verdict == CHECK_FAIL ? 2 : verdict == CHECK_INCONCLUSIVE ? 1 : 0;
}

static void enter(Check *check, const Case *c, const Estimate *e) {
    CheckReport *r = &check->report;
    CheckVerdict verdict = verdict_of(c, e);
    double error = fabs(c->got - e->value),
           ratio = error == 0.0 ? 0.0 : error / e->allowed;
    if (isnan(ratio)) ratio = INFINITY;
    bool first = r->compared++ == 0;
    if (!first && weight(verdict) < weight(r->verdict)) return;
    if (!first && verdict == r->verdict && ratio <= check->worst) return;
    check->worst = ratio;
    *r = (CheckReport){.verdict = verdict,
                       .compared = r->compared,
                       .input = c->input,
                       .element = c->element,
                       .got = c->got / c->unit,
                       .expected = e->value / c->unit,
                       .error = error / c->unit,
                       .allowed = e->allowed / c->unit,
                       .estimate = e->estimate / c->unit,
                       .seed = check->seed};
    if (verdict == CHECK_PASS) return;
    snprintf(r->reason, sizeof r->reason, "%s: %s", case_name(check, c),
             verdict == CHECK_FAIL ? fault(check, c, e) : trouble(check, c, e));
}

/* An estimate without trouble before one with it, then the sharper one. */
static bool is_better(const Estimate *a, const Estimate *b) {
    bool sound_a = a->finite && !a->crossed && !a->changed;
    bool sound_b = b->finite && !b->crossed && !b->changed;
    return sound_a != sound_b ? sound_a : a->allowed < b->allowed;
}

/* 64 eps, each of what the caller says it is worth along this direction. */
static Estimate step_along(const Check *check, const Probe *probe) {
    const Stepper *stepper = probe->against ? check->second : check->first;
    Estimate e = {.finite = true};
    e.value =
        stepper_slope(stepper, check->arena, probe->upstream, probe->along, check->quad);
    for (size_t i = 0; i < check->function->inputs; i++)
        for (size_t k = 0; k < input_count(check, i); k++)
            e.allowed += DIGITS * fabs(probe->along[i][k]) * check->digit[i];
    e.finite = isfinite(e.value);
    return e;
}

static void judge(Check *check, const Probe *probe, const Case *c) {
    Estimate best = {0};
    if (check->first) {
        best = step_along(check, probe);
        enter(check, c, &best);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
        Estimate e = differences_estimate(probe, STEPS[i], c->noise);
        if (i == 0 || is_better(&e, &best)) best = e;
        if (verdict_of(c, &e) == CHECK_PASS) break;
    }
    ArenaMark mark = arena_mark(check->arena);
    enter(check, c, &best);
    arena_rewind(check->arena, mark);
}

/* What must not hide, given the norm of a gradient and the size of the function. */
static double limit_for(double norm, double size) {
    return VISIBLE * (norm > ROUNDING * DBL_EPSILON * size ? norm : size);
}

static double gradient_norm(const Check *check, size_t i) {
    double squares = 0.0;
    for (size_t k = 0; k < input_count(check, i); k++) {
        double g = check->got[i][k] * input_scale(check, i);
        squares += g * g;
    }
    return sqrt(squares);
}

/* ---- the two ways to look at a gradient ------------------------------------------ */

typedef struct Line {
    Probe probe;
    double noise, size;
} Line;

static Line line_of(const Check *check, const double *u, double *const *v,
                    double *const *along) {
    Line line = {.probe = {check->arena, check->function, u, along, v, &check->kinks}};
    line.noise = check->first ? 0.0 : differences_noise(&line.probe);
    line.size = probe_sample(&line.probe, 0.0).size;
    return line;
}

/* Element by element. */
static void judge_input(Check *check, size_t i, Line line) {
    double scale = input_scale(check, i);
    double limit = limit_for(gradient_norm(check, i), line.size);
    line.probe.along = check->along;
    for (size_t k = 0; k < input_count(check, i); k++) {
        check->along[i][k] = scale;
        Case c = {i, k, check->got[i][k] * scale, limit, line.noise, scale};
        judge(check, &line.probe, &c);
        check->along[i][k] = 0.0;
    }
}

/* ds/du[j] = (J v)[j]: the derivative of y[j] along v. */
static void judge_upstream(Check *check, Line line) {
    size_t inputs = check->function->inputs, count = input_count(check, inputs);
    double limit = limit_for(gradient_norm(check, inputs), line.size);
    double *unit = ZERO(check->arena, double, count);
    line.probe.upstream = unit;
    for (size_t j = 0; j < count; j++) {
        unit[j] = 1.0;
        Case c = {inputs, j, check->got[inputs][j], limit, line.noise, 1.0};
        judge(check, &line.probe, &c);
        unit[j] = 0.0;
    }
}

static void judge_direction(Check *check, uint64_t role, double noise) {
    double got = 0.0, squares = 0.0, **along = draw_inputs(check, role);
    for (size_t i = 0; i < check->function->inputs; i++) {
        double norm = gradient_norm(check, i);
        got += sum_product(check->got[i], along[i], input_count(check, i));
        squares += norm * norm;
    }
    Probe probe = {check->arena, check->function, check->u,
                   along,        check->v,        &check->kinks};
    double limit = limit_for(sqrt(squares), probe_sample(&probe, 0.0).size);
    Case c = {0, SIZE_MAX, got, limit, noise, 1.0};
    judge(check, &probe, &c);
}

static void judge_upstream_direction(Check *check, uint64_t role, double noise) {
    size_t inputs = check->function->inputs, count = input_count(check, inputs);
    double *w = draw_vector(check->arena, check->seed, role, inputs, count, 1.0);
    Probe probe = {check->arena, check->function, w, check->v, NULL, &check->kinks};
    double limit =
        limit_for(gradient_norm(check, inputs), probe_sample(&probe, 0.0).size);
    double got = sum_product(check->got[inputs], w, count);
    Case c = {inputs, SIZE_MAX, got, limit, noise, 1.0};
    judge(check, &probe, &c);
}

static void judge_all(Check *check, size_t full) {
    size_t inputs = check->function->inputs, elements = 0;
    bool second = check->driver == CHECK_SECOND;
    for (size_t i = 0; i < inputs; i++) elements += input_count(check, i);
    Line by_x = line_of(check, check->u, check->v, draw_inputs(check, ROLE_NOISE)),
         by_u = {0};
    if (second) by_u = line_of(check, check->u, NULL, check->v);
    if (elements <= full) {
        for (size_t i = 0; i < inputs; i++) judge_input(check, i, by_x);
        if (second) judge_upstream(check, by_u);
        return;
    }
    for (size_t r = 0; r < full; r++) {
        ArenaMark mark = arena_mark(check->arena);
        judge_direction(check, ROLE_DIRECTION + r, by_x.noise);
        if (second) judge_upstream_direction(check, ROLE_DIRECTION + r, by_u.noise);
        arena_rewind(check->arena, mark);
    }
}

/* Draws upstream, v and room; the tape's derivatives; then every judgement. */
static CheckReport run_check(Check *check, size_t full) {
    const CheckFunction *function = check->function;
    Arena *arena = check->arena;
    size_t inputs = function->inputs;
    check->kinks = probe_kinks(arena, function);
    check->u =
        draw_vector(arena, check->seed, ROLE_UPSTREAM, 0, shape_count(check->y), 1.0);
    check->v = check->driver == CHECK_SECOND ? draw_inputs(check, ROLE_AGAINST) : NULL;
    check->along = TAKE(arena, double *, inputs);
    check->got = TAKE(arena, double *, inputs + 1);
    for (size_t i = 0; i <= inputs; i++) {
        check->got[i] = TAKE(arena, double, input_count(check, i));
        if (i < inputs) check->along[i] = ZERO(arena, double, input_count(check, i));
    }
    if (check->digit) {
        check->first = stepper_new(arena, function, check->y, NULL);
        if (check->v) check->second = stepper_new(arena, function, check->y, check->v);
    }
    differentiate_tape(check);
    judge_all(check, full);
    return check->report;
}

static Check begin(Arena *arena, const CheckFunction *function, CheckDriver driver,
                   uint64_t seed, size_t full) {
    REQUIRE(function->inputs > 0 && full > 0, "nothing to compare");
    for (size_t i = 0; i < function->inputs; i++)
        REQUIRE(function->input[i].scale > 0 && isfinite(function->input[i].scale),
                "%s: scale of %s is %g", function->name, function->input[i].name,
                function->input[i].scale);
    return (Check){.arena = arena,
                   .function = function,
                   .driver = driver,
                   .seed = seed,
                   .y = result_shape(arena, function)};
}

CheckReport check_differences(Arena *arena, const CheckFunction *function,
                              CheckDriver driver, uint64_t seed, size_t full) {
    ArenaMark mark = arena_mark(arena);
    Check check = begin(arena, function, driver, seed, full);
    CheckReport report = run_check(&check, full);
    arena_rewind(arena, mark);
    return report;
}

CheckReport check_complex_step(Arena *arena, const CheckFunction *function,
                               CheckDriver driver, const double *digit, bool quad,
                               uint64_t seed, size_t full) {
    ArenaMark mark = arena_mark(arena);
    Check check = begin(arena, function, driver, seed, full);
    check.digit = digit;
    check.quad = quad;
    CheckReport report = run_check(&check, full);
    arena_rewind(arena, mark);
    return report;
}

const char *check_verdict_text(CheckVerdict verdict) {
    static const char *const text[] = {"pass", "FAIL", "inconclusive"};
    return text[verdict];
}
