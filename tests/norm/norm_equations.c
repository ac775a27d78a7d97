/* Kinds that are written in C, written as equations in text: the same y, gradients and running
 * moments, to 8 eps of their scales, in training and evaluation, by kernel and by definition.
 * Half of them take six lines or fewer. */
#include "norm_given.h"

/* A kind and its equation, whose parameters and states have the kind's names; where the kind
 * has one of several numbers, those are NAME1, NAME2... */
typedef struct Twin {
    const char *spec, *own, *text;
} Twin;

#define MOMENTS(name, cells)                                                             \
    "  mu" name " = mean(x over " cells ")\n"                                            \
    "  v" name " = mean((x - mu" name ")^2 over " cells ")\n"

/* Of the block b of samples whose variances are averaged. */
#define RUNNING(b)                                                                       \
    "  m = count(" b ")\n"                                                               \
    "  running_mean = running(mu)\n"                                                     \
    "  running_var = running(v * m / (m - 1), start=1)\n"

#define STANDARD "  y = gamma * (x - mu) / sqrt(v + eps) + beta\n"

#define EITHER                                                                           \
    "  y = gamma * (train((x - mu) / sqrt(v + eps)) else\n"                              \
    "      (x - running_mean) / sqrt(running_var + eps)) + beta\n"

static const Twin TWINS[] = {
    {"group(2)", "own_group(2)", "own_group(G):\n" MOMENTS("", "group(G)") STANDARD},
    {"layer", "own_layer", "own_layer:\n" MOMENTS("", "layer") STANDARD},
    {"layer", "own_halves", /* products of two fields that are not the same */
     "own_halves:\n"
     "  mu = mean(x over layer)\n"
     "  c = x - mu\n"
     "  v = mean((2 * c) * c over layer) / 4 + mean(c * (3 * c) over layer) / "
     "6\n" STANDARD},
    {"instance", "own_instance", "own_instance:\n" MOMENTS("", "instance") STANDARD},
    {"position", "own_position", "own_position:\n" MOMENTS("", "position") STANDARD},
    {"rms", "own_rms",
     "own_rms:\n"
     "  y = gamma * x / sqrt(mean(x^2 over position) + eps)\n"},
    {"group(2, variance=unbiased, eps_outside=yes)", "own_unbiased",
     "own_unbiased:\n" MOMENTS("", "group(2)") //
     "  m = count(group(2))\n"
     "  y = gamma * (x - mu) / (sqrt(v * m / (m - 1)) + eps) + beta\n"},
    {"batch", "own_batch", "own_batch:\n" MOMENTS("", "batch") RUNNING("batch") EITHER},
    {"ghost(2)", "own_ghost(2)",
     "own_ghost(B):\n" MOMENTS("", "ghost(B)") RUNNING("ghost(B)") EITHER},
    {"batch(center=no)", "own_square",
     "own_square:\n"
     "  s = mean(x^2 over batch)\n"
     "  running_square = running(s, start=1)\n"
     "  y = gamma * x / sqrt((train(s) else running_square) + eps) + beta\n"},
    {"blend(batch, group(2))", "own_blend",
     "own_blend:\n"
     "  gate[channel] = parameter(0)\n"
     "  r = sigmoid(gate)\n"
     "  y = gamma * (r * batch(x) + (1 - r) * group(2)(x)) + beta\n"},
    {"batch | group(2)", "own_chain",
     "own_chain:\n"
     "  y = gamma * group(2)(batch(x)) + beta\n"},
    {"mix(instance, layer)", "own_mix",
     "own_mix:\n"
     "  mean_logit1 = parameter(0); mean_logit2 = parameter(0)\n"
     "  variance_logit1 = parameter(0); variance_logit2 = parameter(0)\n"
     "  w = sigmoid(mean_logit1 - mean_logit2)\n"
     "  u = sigmoid(variance_logit1 - variance_logit2)\n" //
     MOMENTS("1", "instance") MOMENTS(
         "2", "layer") "  z = w * (x - mu1) + (1 - w) * (x - mu2)\n"
                       "  y = gamma * z / sqrt(u * v1 + (1 - u) * v2 + eps) + beta\n"},
    {"task", "own_task",
     "own_task:\n"
     "  slope = parameter(0); offset = parameter(0)\n"
     "  batch_size = running(samples, weight_new=1, start=1)\n"
     "  a = sigmoid(slope * (train(samples) else batch_size) + offset)\n" //
     MOMENTS("", "batch") RUNNING("batch")
         MOMENTS("2", "instance") "  mu1 = train(mu) else running_mean\n"
                                  "  v1 = train(v) else running_var\n"
                                  "  between = a * (1 - a) * (mu1 - mu2)^2\n"
                                  "  z = a * (train(x - mu) else x - running_mean) + (1 "
                                  "- a) * (x - mu2)\n"
                                  "  y = gamma * z / sqrt(a * v1 + (1 - a) * v2 + "
                                  "between + eps) + beta\n"},
    {"renorm", "own_renorm",
     "own_renorm(rmax=3, dmax=5):\n" MOMENTS("", "batch")
         RUNNING("batch") "  s = sqrt(running_var + eps)\n"
                          "  r = detach(clip(sqrt(v + eps) / s, 1 / rmax, rmax))\n"
                          "  d = detach(clip((mu - running_mean) / s, -dmax, dmax))\n"
                          "  z = train((x - mu) / sqrt(v + eps) * r + d) else (x - "
                          "running_mean) / s\n"
                          "  y = gamma * z + beta\n"},
    {"frn", "own_frn",
     "own_frn(eps=1e-6):\n"
     "  tau[channel] = parameter(0)\n"
     "  y = max(gamma * x / sqrt(mean(x^2 over instance) + eps) + beta, tau)\n"
     "  is: activation\n"},
    {"evonorm(S0, groups=2)", "own_evonorm_s0",
     "own_evonorm_s0:\n"
     "  v1[channel] = parameter(1)\n" //
     MOMENTS("", "group(2)") "  y = gamma * x * sigmoid(v1 * x) / sqrt(v + eps) + beta\n"
                             "  is: activation\n"},
    {"evonorm(B0)", "own_evonorm_b0",
     "own_evonorm_b0:\n"
     "  v1[channel] = parameter(1)\n" //
     MOMENTS("", "batch") MOMENTS(
         "2", "instance") "  m = count(batch)\n"
                          "  running_var = running(v * m / (m - 1), start=1)\n"
                          "  s = sqrt((train(v) else running_var) + eps)\n"
                          "  y = gamma * x / max(s, v1 * x + sqrt(v2 + eps)) + beta\n"
                          "  is: activation\n"},
};

/* ---- of the kind's numbers ----------------------------------------------------------- */

/* Which of the kind's parameters that of the equation is, and from which of its numbers on. */
static size_t in_kind(const Norm *kind, const char *name, size_t *from) {
    const size_t whole = param_place(kind, name), length = strlen(name) - 1;
    char stem[64];
    *from = 0;
    if (whole < NORM_MAX_PARAMS) return whole;
    memcpy(stem, name, length);
    stem[length] = '\0';
    *from = (size_t)(name[length] - '1');
    return param_place(kind, stem);
}

static size_t state_in(const Norm *norm, const char *name) {
    size_t k = 0;
    while (k < norm->states && strcmp(norm->state[k].name, name) != 0) k++;
    if (k == norm->states) fail_msg("%s has no state %s", norm->spec, name);
    return k;
}

static void know(const Twin *twin) {
    BaseError error = {.set = false}, unknown = {.set = false};
    Arena *arena = arena_new();
    if (norm_new(arena, twin->own, 8, &unknown) == NULL &&
        !norm_register_text(twin->own, twin->text, &error))
        fail_msg("%s", error.message);
    arena_free(arena);
}

static Trial written_like(Arena *arena, const Trial *t, const Twin *twin) {
    BaseError error = {.set = false};
    Trial own = *t;
    own.spec = twin->own;
    own.norm = norm_new(arena, twin->own, t->at.C, &error);
    if (own.norm == NULL) fail_msg("%s: %s", twin->own, error.message);
    assert_int_equal(own.norm->states, t->norm->states);
    size_t numbers = 0, expected = 0;
    for (size_t k = 0; k < t->norm->params; k++) expected += t->norm->param[k].count;
    for (size_t k = 0; k < own.norm->params; k++) {
        size_t from, place = in_kind(t->norm, own.norm->param[k].name, &from);
        if (place == NORM_MAX_PARAMS)
            fail_msg("%s has no %s", twin->spec, own.norm->param[k].name);
        own.param[k] = t->param[place] + from;
        numbers += own.norm->param[k].count;
    }
    assert_int_equal(numbers, expected);
    for (size_t k = 0; k < own.norm->states; k++) {
        const size_t at = state_in(t->norm, own.norm->state[k].name);
        assert_int_equal(own.norm->state[k].count, t->norm->state[at].count);
        own.state[k] = t->state[at];
    }
    return own;
}

/* ---- beside each other --------------------------------------------------------------- */

static const TrialCheck BESIDE = {.name = "twins", .digits = 8, .data = ON_MODERATE};

static void near_to(const Twin *twin, const Trial *t, const char *what, const double *got,
                    const double *want, const double *scale, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!(fabs(got[i] - want[i]) <= BESIDE.digits * DBL_EPSILON * scale[i]))
            fail_msg("%s, %s: %s[%zu] is %.17g, %s has %.17g: %.3g eps of %.3g",
                     twin->own, t->mode == NORM_TRAIN ? "training" : "evaluation", what,
                     i, got[i], twin->spec, want[i],
                     fabs(got[i] - want[i]) / (DBL_EPSILON * scale[i]), scale[i]);
}

static void same_observations(const Twin *twin, const Trial *t, const Trial *own,
                              const Outcome *got, const Outcome *want) {
    for (size_t k = 0; k < own->norm->states && t->mode == NORM_TRAIN; k++) {
        const size_t at = state_in(t->norm, own->norm->state[k].name),
                     count = t->norm->state[at].count;
        double scale[64], most = 0.0;
        for (size_t i = 0; i < count; i++) most = fmax(most, fabs(want->observed[at][i]));
        for (size_t i = 0; i < count; i++) scale[i] = most;
        near_to(twin, t, own->norm->state[k].name, got->observed[k], want->observed[at],
                scale, count);
    }
}

static void beside(Arena *arena, const Twin *twin, const Trial *t, bool definition) {
    const Trial own = written_like(arena, t, twin);
    const Outcome want = definition ? trial_run_definition(arena, t)
                                    : trial_run(arena, t, 0),
                  got = definition ? trial_run_definition(arena, &own)
                                   : trial_run(arena, &own, 0);
    const CheckBound y = trial_value_bound(arena, t, BESIDE.digits, definition),
                     d = trial_bound(arena, t, BESIDE.digits, definition);
    near_to(twin, t, "y", got.y, want.y, y.scale[0], t->n);
    near_to(twin, t, "dx", got.dx, want.dx, d.scale[0], t->n);
    for (size_t k = 0; k < own.norm->params; k++) {
        size_t from;
        const size_t place = in_kind(t->norm, own.norm->param[k].name, &from);
        near_to(twin, t, own.norm->param[k].name, got.dparam[k],
                want.dparam[place] + from, d.scale[1 + place] + from,
                own.norm->param[k].count);
    }
    same_observations(twin, t, &own, &got, &want);
}

static void kinds_in_c_are_their_equations(void **state) {
    (void)state;
    static const Shape SHAPES[] = {{3, {4, 8, 6}}, {4, {4, 4, 3, 3}}, {2, {16, 8}}};
    for (size_t i = 0; i < COUNT_OF(TWINS); i++) {
        size_t tried[] = {0, 0};
        know(&TWINS[i]);
        for (size_t k = 0; k < COUNT_OF(SHAPES); k++)
            for (NormMode mode = NORM_TRAIN; mode <= NORM_EVAL; mode++)
                for (TrialData data = DATA_PLAIN; data <= DATA_OFFSET; data++) {
                    Arena *arena = arena_new();
                    Trial t;
                    if (trial_prepare(arena, &t, TWINS[i].spec, SHAPES[k], mode, data, 1,
                                      &BESIDE)) {
                        beside(arena, &TWINS[i], &t, false);
                        beside(arena, &TWINS[i], &t, true);
                        tried[mode]++;
                    }
                    arena_free(arena);
                }
        assert_true(tried[NORM_TRAIN] >= 2);
        if (strstr(TWINS[i].text, "running(")) assert_true(tried[NORM_EVAL] >= 2);
    }
}

/* ---- how long they are ----------------------------------------------------------------- */

static size_t lines_of(const char *text) {
    size_t lines = 0;
    for (const char *c = text; *c; c++) {
        if (*c == ';') lines++;
        if (*c == '\n') lines += strncmp(c + 1, "      ", 6) != 0; /* goes on */
    }
    return lines - 1; /* without that of the name */
}

static void half_take_six_lines(void **state) {
    (void)state;
    size_t few = 0;
    for (size_t i = 0; i < COUNT_OF(TWINS); i++) {
        print_message("%2zu lines: %s\n", lines_of(TWINS[i].text), TWINS[i].spec);
        few += lines_of(TWINS[i].text) <= 6;
    }
    assert_true(2 * few > COUNT_OF(TWINS));
}

static const Case CASES[] = {
    CASE(theorem, kinds_in_c_are_their_equations),
    CASE(example, half_take_six_lines),
};

HARNESS_MAIN("norm_equations", CASES)
