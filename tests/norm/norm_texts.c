/* Texts of normalizers as norm reads them: cells and parts that there are not, numbers that do
 * not fit, names that are taken; every mistake at its place (equation_texts.c has those of the
 * language alone). And what a text may say that nobody would expect to be said. */
#include "norm_shared.h"

#include "equation.h"
#include "internal.h"
#include "text.h"

#include <math.h>

/* '@' stands before the byte of the error, and in no text. */
static const char *const WRONG_TEXTS[][2] = {
    /* cells */
    {"f: y = mean(x over @groop(2))", "'groop(2)' are no cells, did you mean 'group'?"},
    {"f: y = mean(x over @bacth)",
     "'bacth' are no cells, did you mean 'batch'?; batch, layer,"},
    {"f: y = mean(x over @mix(batch, layer))",
     "are no cells; batch, layer, instance, group(G)"},
    {"f: y = mean(x over @none)", "'none' are no cells"},
    {"f: y = mean(x over @regroup(2))", "'regroup(2)' are no cells"},
    {"f: y = mean(x over @batch | layer)", "'batch | layer' are no cells"},
    {"f: y = sum(x over @dyt)", "'dyt' are no cells"},
    {"f: y = x * count(@phase(batch, layer))", "'phase(batch, layer)' are no cells"},
    {"f: y = mean(x over group(@0))", "0"},
    {"f: y = mean(x over group(@2.5))", "2.5"},
    {"f: y = mean(x over group(@1e30))", "1e30"},
    {"f: y = mean(x over @group)", "group(8), or a size"},
    {"f: y = mean(x over group(2, @sice=3))", "did you mean 'size'?"},
    {"f: y = mean(x over ghost(@0))", "0"},
    {"f(G=2.5): y = mean(x over @group(G))", "'group(G)' is 'group(2.5)'"},
    {"f(G=-1): y = mean(x over @group(G))", "'group(G)' is 'group(-1)'"},
    {"f(G=2): y = mean(x over @group(G/2))", "'group(G/2)' is 'group(2/2)': '/' where"},
    {"f(w=layer|lair): p[@lair] = parameter(1); y = p * mean(x over w)",
     "'lair' are no cells, did you mean"},
    {"f(w=lair|layer): y = mean(x over @w)", "'w' is 'lair': no normalizer 'lair'"},
    {"f: p[@position] = parameter(1); y = p * x",
     "'p': a parameter is of channels or groups, not of positions"},
    {"f: p[@chanel] = parameter(1); y = p * x",
     "'chanel' are no cells, did you mean 'channel'?; channel, batch,"},

    /* parts */
    {"f: y = @ln(x)", "'ln' may be log(...) or layer(...)"},
    {"f: y = @Parameter(1)",
     "no function or normalizer 'Parameter', did you mean 'parameter'?"},
    {"f: y = @tahn(x)", "no function or normalizer 'tahn', did you mean 'tanh'?"},
    {"f: y = @sqr(x)", "no function or normalizer 'sqr', did you mean 'sqrt'?"},
    {"f: y = @bach(x)", "no function or normalizer 'bach', did you mean 'batch'?"},
    {"f: y = @silu(x)", "no function or normalizer 'silu': it is a * sigmoid(a)"},
    {"f: y = x * @sign(x)", "it is step(a) - step(-a)"},
    {"f: y = use(\"@bach\")(x)", "no normalizer 'bach', did you mean 'batch'?"},
    {"f: y = use(\"batch | @lair\")(x)", "no normalizer 'lair', did you mean 'layer'?"},
    {"f: y = use(\"batch |@\")(x)", "a name should follow"},
    {"f: y = use(\"@\")(x)", "a name should follow"},
    {"f: y = use(\"@f\")(x)", "'f' is made of itself"},
    {"f: y = @f(x)", "'f' is made of itself"},
    {"g: y = dyt(x)\n@dyt: y = g(x)", "'dyt' is made of itself"},
    {"dyt: y = use(\"@batch | dyt\")(x)", "'dyt' is made of itself"},
    {"f: y = group(@0)(x)", "0"},
    {"f: y = batch(x) + batch(2*x) + batch(3*x) + batch(4*x) + batch(5*x) + batch(6*x) + "
     "batch(7*x) + batch(8*x) + batch(9*x) + batch(x/2) + batch(x/3) + batch(x/4) + "
     "@batch(x/5)",
     "f has at most 12 parts"},
    {"f: y = train(group(2)(x)) else @batch(x)",
     "'batch' keeps running state, and in evaluation alone it would never see x; "
     "use(\"phase(a, b)\")(x) has b learn while a trains"},

    /* parameters and state */
    {"f: p = parameter(1) in [@2, 1]; y = p * x",
     "from the lesser number to the larger, not from 2 to 1"},
    {"f: p = parameter(@3) in [1, 2]; y = p * x",
     "'p' begins at 3, outside of its range from 1 to 2"},
    {"f: p = parameter(1@/0); y = p * x",
     "'p': this comes to inf, and a finite number is expected"},
    {"f: p = parameter(0@/0); y = p * x", "nan, and a finite number is expected"},
    {"f: p = parameter(1e308@*1e308); y = p * x", "this comes to inf"},
    {"f: p = parameter(2@^1024); y = p * x", "this comes to inf"},
    {"f: p = parameter(1, std=@-1); y = p * x", "std is 0 or more, not -1"},
    {"f: r = running(mean(x over batch), weight_new=@2); y = x - r",
     "weight_new is from 0 to 1, not 2"},
    {"f: r = running(mean(x over batch), start=1@/0); y = x - r", "this comes to inf"},
    {"f: @r = running(x); y = x - r",
     "'r': a state is a number, or one a channel, and this has one a position"},
    {"f: @r = running(mean(x over position)); y = x - r",
     "mean(... over batch) would do"},

    /* names */
    {"@batch: y = x", "there is a normalizer 'batch' already"},
    {"@continual: y = x", "there is a normalizer 'continual' already"},
    {"f: y = x\n@layer: y = x", "there is a normalizer 'layer' already"},
    {"f(@batch=2): y = mean(x over ghost(batch))",
     "there is a normalizer 'batch' already: an option needs another name"},
    {"@abcdefghijklmnopqrstuvwxyzabcdefg: y = x", "a name has at most 32 letters"},

    /* identities, examples */
    {"f: y = x; check: twin @laier",
     "twin 'laier': no normalizer 'laier', did you mean 'layer'?"},
    {"# t\n# example: f(3)\n@f: y = x", "its example 'f(3)': "},
    {"# t\n# example: layer\n@f: y = x",
     "its example 'layer': this is another normalizer"},
    {"# t\n# example: f(\n@f: y = x", "its example 'f(': "},
};

static void wrong_texts_say_where_and_what(void **state) {
    (void)state;
    Arena *arena = arena_new();
    size_t bad = 0, before, after;
    norm_kinds(&before);
    for (size_t i = 0; i < COUNT_OF(WRONG_TEXTS); i++) {
        BaseError error = {.set = false};
        const char *marked = WRONG_TEXTS[i][0];
        const size_t at = strcspn(marked, "@");
        const char *text = text_print(arena, "%.*s%s", (int)at, marked, marked + at + 1);
        const Registry mark = registry_now();
        const bool read = text_register(arena, "f", text, &error);
        if (read || error.at != at || !strstr(error.message, WRONG_TEXTS[i][1])) {
            bad++;
            print_error("%s\n  at %zu: %s\n", marked, error.at,
                        read ? "(read)" : error.message);
        }
        registry_again(&mark);
    }
    norm_kinds(&after);
    assert_int_equal(before, after); /* nothing of a wrong text stays */
    assert_int_equal(bad, 0);
    arena_free(arena);
}

/* ---- limits ------------------------------------------------------------------------------ */

static bool reads(Arena *arena, const char *text, const char *spec, BaseError *error) {
    const Registry mark = registry_now();
    const bool read =
        text_register(arena, "f", text, error) && norm_new(arena, spec, 4, error) != NULL;
    registry_again(&mark);
    return read;
}

static const char *many(Arena *arena, size_t params, size_t states, bool affine) {
    Text text = text_new(arena);
    text_add(&text, "f:\n");
    for (size_t i = 0; i < params; i++) text_add(&text, "  p%zu = parameter(1)\n", i);
    for (size_t i = 0; i < states; i++)
        text_add(&text, "  r%zu = running(mean(x over batch) + %zu)\n", i, i);
    text_add(&text, affine ? "  y = gamma * x + beta" : "  y = x");
    for (size_t i = 0; i < params; i++) text_add(&text, " + p%zu", i);
    for (size_t i = 0; i < states; i++) text_add(&text, " + r%zu", i);
    return text.data;
}

static void as_many_as_a_normalizer_has(void **state) {
    (void)state;
    static const struct {
        size_t params, states;
        bool affine, read;
    } SIZES[] = {{NORM_MAX_PARAMS, NORM_MAX_STATES, false, true},
                 {NORM_MAX_PARAMS + 1, 0, false, false},
                 {NORM_MAX_PARAMS - 1, 0, true, false},
                 {0, NORM_MAX_STATES + 1, false, false}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        BaseError error = {.set = false};
        const char *text = many(arena, SIZES[i].params, SIZES[i].states, SIZES[i].affine);
        if (reads(arena, text, "f", &error) != SIZES[i].read)
            fail_msg("%s: %s", text, error.message);
        if (!SIZES[i].read)
            assert_non_null(
                strstr(error.message, "more than 16 parameters or 12 states"));
    }
    arena_free(arena);
}

/* What fits no channels or no batch is refused by name, before anything is computed. */
static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Registry mark = registry_now();
    BaseError error = {.set = false};
    assert_true(text_register(arena, "f",
                              "f(G): y = x - mean(x over group(G))\n"
                              "g(B): y = x - sum(x over ghost(B)) / count(ghost(B))\n"
                              "h(B): mu = mean(x over ghost(B)); r = running(mu); "
                              "y = train(x - mu) else x - r\n",
                              &error));
    assert_null(norm_new(arena, "f(3)", 4, &error));
    assert_non_null(strstr(error.message, "f: "));
    error.set = false;
    assert_null(norm_new(arena, "f(2.5)", 4, &error));
    error.set = false;
    const Norm *norm = norm_new(arena, "g(3)", 4, &error);
    assert_non_null(norm);
    assert_true(norm_fits(arena, norm, (ShapeLattice){6, 4, 3}, NORM_TRAIN, &error));
    assert_false(norm_fits(arena, norm, (ShapeLattice){4, 4, 3}, NORM_TRAIN, &error));
    assert_non_null(
        strstr(error.message, "blocks of 3 samples do not divide a batch of 4"));
    error.set = false; /* cells that evaluation does not ask divide nothing there */
    norm = norm_new(arena, "h(3)", 4, &error);
    assert_non_null(norm);
    assert_true(norm_fits(arena, norm, (ShapeLattice){4, 4, 3}, NORM_EVAL, &error));
    assert_false(norm_fits(arena, norm, (ShapeLattice){4, 4, 3}, NORM_TRAIN, &error));
    registry_again(&mark);
    arena_free(arena);
}

/* ---- over rows as over elements ------------------------------------------------------------ */

enum { N = 4, C = 4, L = 3, ALL = N * C * L };

typedef struct Called {
    double y[ALL], observed[NORM_MAX_STATES][C];
} Called;

/* By what trains, or by the definition; state is there only where it may be read. */
static Called call(Arena *arena, const Norm *norm, NormMode mode, bool defines) {
    Called called;
    double x[ALL], dx[ALL], value[NORM_MAX_PARAMS][C], held[NORM_MAX_STATES][C];
    double *observed[NORM_MAX_STATES];
    const double *kept[NORM_MAX_STATES];
    TapeNode *param[NORM_MAX_PARAMS];
    Tape *tape = tape_new(arena);
    const Draw draw = {.seed = 5, .purpose = DRAW_TEST};
    for (size_t i = 0; i < ALL; i++) x[i] = draw_normal(draw, i);
    for (size_t i = 0; i < norm->params; i++) {
        norm_begin_param(value[i], &norm->param[i], draw);
        param[i] = tape_leaf(tape, SHAPE_OF(norm->param[i].count), value[i]);
    }
    for (size_t i = 0; i < norm->states; i++) {
        norm_begin_state(held[i], &norm->state[i]);
        kept[i] = held[i], observed[i] = called.observed[i];
        for (size_t c = 0; c < C; c++)
            observed[i][c] = c < norm->state[i].count ? -77.0 : 0.0;
    }
    const bool reads = mode == NORM_EVAL || norm_recalls(norm);
    const NormContext context = {.tape = tape,
                                 .norm = norm,
                                 .mode = mode,
                                 .param = param,
                                 .state = reads ? kept : NULL,
                                 .observed = mode == NORM_TRAIN ? observed : NULL};
    TapeNode *in = tape_parameter(tape, SHAPE_OF(N, C, L), x, dx);
    TapeNode *y = defines ? norm_define(&context, in) : norm_apply(&context, in);
    tape_backward(tape, y, x);
    memcpy(called.y, y->value, sizeof called.y);
    return called;
}

static void over_rows_as_over_elements(void **state) {
    (void)state;
    static const char *const TEXTS[] = {
        "f: y = mean(-(x - mean(x over batch))^2 over batch)",
        "f: y = x - mean(-x^2 over layer)",
        "f: y = x * count(position)",
        "f: y = x + sum(2 over position) * sum(mean(x over batch) over position)",
        "f: y = mean(2 * x * x over group(2)) + mean(x^2 / 3 over instance)",
        "f: y = mean((x - mean(x over all)) * (x - mean(x over batch)) over channels(0, "
        "1, 1, 1))",
        "f: y = x * sum(1 over channels(0, 1, 1, 1)) + count(channels(0, 1, 1, 1))",
        "f: p = parameter(1); y = x + p * sum(x over ghost(2)) / count(ghost(2))",
        "f: y = layer(mean(x over batch)) + batch(2 * x + 1) + group(2)(3)",
        "f: a = running(mean(x over batch)); b = running(2 * a, start=1); y = train(x) "
        "else x - b",
        "f: m = running(mean(x over batch)); v = running(mean((x - m)^2 over batch), "
        "start=1); "
        "y = train(x) else (x - m) / sqrt(v + eps)",
        "f: r = running(samples); y = x / r + epoch",
        "f: y = 1",
        "f: y = beta + gamma",
        "f: y = x^x^2",
        "f: y = (x^2)^(2^1) + abs(x)^(1/3)",
        "f: y = mean(mean(x over layer) over batch) - x",
        "f: y = x - detach(mean(x over layer)) + (mean(x over layer) - x) * 2",
        "f: y = regroup(2)(x) - x",
        "f(of=no|yes): p = parameter(0.5); y = of(tanh(p * mean(x over layer))) else p * "
        "x",
        "f: y = train(instance(x)) else mean(x over ghost(2)) * x",
        "f: y = 1e308 * 1e308 * x",
        "f: y = x * (1 / 0)^2 + 2^1024",
    };
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        const Registry mark = registry_now();
        BaseError error = {.set = false};
        if (!text_register(arena, "f", TEXTS[i], &error)) fail_msg("%s", error.message);
        const Norm *norm = norm_new(arena, "f", C, &error);
        assert_non_null(norm);
        for (NormMode mode = NORM_TRAIN; mode <= NORM_EVAL; mode++) {
            const Called trains = call(arena, norm, mode, false),
                         defined = call(arena, norm, mode, true);
            for (size_t k = 0; k < ALL; k++) {
                assert_int_equal(isfinite(trains.y[k]) != 0, isfinite(defined.y[k]) != 0);
                if (isfinite(defined.y[k]))
                    assert_near(trains.y[k], defined.y[k],
                                1e-13 * fmax(1.0, fabs(defined.y[k])));
            }
            for (size_t s = 0; s < norm->states && mode == NORM_TRAIN; s++)
                for (size_t c = 0; c < norm->state[s].count; c++) {
                    assert_true(trains.observed[s][c] != -77.0);
                    if (!isnan(defined.observed[s][c])) /* nothing: it stays */
                        assert_near(trains.observed[s][c], defined.observed[s][c], 1e-13);
                }
        }
        registry_again(&mark);
    }
    arena_free(arena);
}

/* A state may observe another: that is read in training, too, and so has to be there. */
static void states_of_states_are_read(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Registry mark = registry_now();
    BaseError error = {.set = false};
    assert_true(
        text_register(arena, "f",
                      "f: a = running(mean(x over batch), start=3); "
                      "b = running(2 * a, start=1); y = train(x) else x - b\n"
                      "g: a = running(mean(x over batch)); y = train(x) else x - a",
                      &error));
    const Norm *f = norm_new(arena, "f", C, &error), *g = norm_new(arena, "g", C, &error);
    assert_true(norm_recalls(f));
    assert_false(norm_recalls(g));
    const Called called = call(arena, f, NORM_TRAIN, false);
    for (size_t c = 0; c < C; c++) assert_near(called.observed[1][c], 6.0, 0.0);
    registry_again(&mark);
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(example, wrong_texts_say_where_and_what),
    CASE(fault, as_many_as_a_normalizer_has),
    CASE(fault, what_does_not_fit_is_refused),
    CASE(oracle, over_rows_as_over_elements),
    CASE(theorem, states_of_states_are_read),
};

HARNESS_MAIN("norm_texts", CASES)
