/* Combinations of normalizers: what they are at their corners, what they are called, and
 * what is wrong with a spec. That their derivatives are right is said by the checks of the
 * registry. */
#include "norm_given.h"
#include "text.h"

/* ---- corners --------------------------------------------------------------------- */

static void a_gate_has_two_ends(void **state) {
    (void)state;
    static const char *const SPECS[] = {"blend(batch, group(2), gate=clamp)",
                                        "blend(batch, group(2), gate=clamp, per=layer)",
                                        "blend(batch, group(2), gate=free)",
                                        "blend(batch, group(2))",
                                        "blend(batch, group(2), per=layer)"};
    for (size_t k = 0; k < COUNT_OF(SPECS); k++)
        for (int end = 0; end < 2; end++) {
            Arena *arena = arena_new();
            Trial both = given(arena, SPECS[k]),
                  one = given(arena, end ? "batch" : "group(2)");
            set(&both, "gate", k < 3 ? (double)end : end ? 1e4 : -1e4);
            for (size_t c = 0; c < C; c++) {
                param(&one, "gamma")[c] = param(&both, "gamma")[c];
                param(&one, "beta")[c] = param(&both, "beta")[c];
            }
            same_function(arena, &both, &one);
            arena_free(arena);
        }
}

static void chains_begin_and_end_in_nothing(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trial batch = given(arena, "batch"), before = given(arena, "none | batch"),
          after = given(arena, "batch | none");
    same_function(arena, &batch, &before);
    same_function(arena, &batch, &after);
    arena_free(arena);
}

/* The second sees what the first gives; each has its own parameters and state. */
static void a_chain_is_one_after_the_other(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trial both = given(arena, "batch(affine=yes) | ghost(2, affine=yes)"),
          first = given(arena, "batch"), second = given(arena, "ghost(2)");
    set(&both, "gamma", 1.0), set(&both, "beta", 0.0);
    first.param[0] = param(&both, "part1.gamma");
    first.param[1] = param(&both, "part1.beta");
    second.param[0] = param(&both, "part2.gamma");
    second.param[1] = param(&both, "part2.beta");
    for (size_t k = 0; k < 2; k++)
        for (size_t c = 0; c < C; c++) both.state[2 + k][c] += 0.25;
    for (size_t k = 0; k < 2; k++)
        first.state[k] = both.state[k], second.state[k] = both.state[2 + k];
    for (int mode = NORM_TRAIN; mode <= NORM_EVAL; mode++) {
        Outcome middle = run_given(arena, &first, (NormMode)mode, false);
        second.x = middle.y;
        Outcome want = run_given(arena, &second, (NormMode)mode, false),
                got = run_given(arena, &both, (NormMode)mode, false);
        near_all(got.y, want.y, ALL, GRADIENT_EPS);
        for (size_t k = 0; mode == NORM_TRAIN && k < 2; k++)
            for (size_t c = 0; c < C; c++) { /* observed by each as alone */
                assert_near(got.observed[k][c], middle.observed[k][c], 16 * DBL_EPSILON);
                assert_near(got.observed[2 + k][c], want.observed[k][c],
                            16 * DBL_EPSILON);
            }
    }
    arena_free(arena);
}

static void a_split_leaves_each_its_channels(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trial both = given(arena, "split(instance, batch, ratio=0.25, gamma=no, beta=no)");
    Trial one = given(arena, "instance(affine=no)"),
          two = given(arena, "batch(affine=no)");
    assert_int_equal(both.norm->part[0]->channels, 2);
    assert_int_equal(both.norm->part[1]->channels, C - 2);
    Outcome got = run_given(arena, &both, NORM_TRAIN, false),
            a = run_given(arena, &one, NORM_TRAIN, false),
            b = run_given(arena, &two, NORM_TRAIN, false);
    for (size_t i = 0; i < ALL; i++) {
        bool first = i / L % C < 2;
        assert_near(got.y[i], first ? a.y[i] : b.y[i], 0.0);
        assert_near(got.dx[i], first ? a.dx[i] : b.dx[i], 0.0);
    }
    arena_free(arena);
}

/* One-hot weights are the one part, to the bit where both run by definition. */
static void one_hot_weights_are_a_part(void **state) {
    (void)state;
    static const char *const PARTS[] = {"instance", "layer", "batch"};
    for (size_t k = 0; k < COUNT_OF(PARTS); k++)
        for (int pooled = 0; pooled < 2; pooled++) {
            Arena *arena = arena_new();
            Trial mixed = given(arena, pooled ? "mix(instance, layer, batch, pooled=yes)"
                                              : "mix(instance, layer, batch)"),
                  one = given(arena, PARTS[k]);
            for (size_t i = 0; i < COUNT_OF(PARTS); i++) {
                param(&mixed, "mean_logit")[i] = i == k ? 800.0 : -800.0;
                param(&mixed, "variance_logit")[i] = i == k ? 800.0 : -800.0;
            }
            one.param[0] = param(&mixed, "gamma"), one.param[1] = param(&mixed, "beta");
            for (int mode = NORM_TRAIN; mode <= NORM_EVAL; mode++) {
                Outcome got = run_given(arena, &mixed, (NormMode)mode, true),
                        want = run_given(arena, &one, (NormMode)mode, true);
                for (size_t i = 0; i < ALL; i++) assert_near(got.y[i], want.y[i], 0.0);
                near_all(got.dx, want.dx, ALL, GRADIENT_EPS);
            }
            arena_free(arena);
        }
}

/* in plain loops. */
static void mixed_statistics_restated(void **state) {
    (void)state;
    for (int pooled = 0; pooled < 2; pooled++) {
        Arena *arena = arena_new();
        Trial g = given(arena, pooled ? "mix(instance, layer, batch, pooled=yes)"
                                      : "mix(instance, layer, batch)");
        Outcome got = run_given(arena, &g, NORM_TRAIN, false);
        long double w[3], u[3], sw = 0, su = 0;
        for (size_t k = 0; k < 3; k++) {
            sw += w[k] = expl((long double)param(&g, "mean_logit")[k]);
            su += u[k] = expl((long double)param(&g, "variance_logit")[k]);
        }
        const size_t *cell[] = {plain_blocks(arena, USUAL, 1, 1),
                                plain_blocks(arena, USUAL, 1, C),
                                plain_blocks(arena, USUAL, N, 1)};
        for (size_t i = 0; i < ALL; i++) {
            long double mean = 0, variance = g.norm->eps;
            Plain m[3];
            for (int k = 0; k < 3; k++) m[k] = plain_moments(g.x, cell[k], ALL, i);
            for (int k = 0; k < 3; k++) mean += w[k] / sw * m[k].mean;
            for (int k = 0; k < 3; k++) {
                long double apart = m[k].mean - mean;
                variance += u[k] / su * (m[k].variance + (pooled ? apart * apart : 0));
            }
            size_t c = i / L % C;
            long double y = param(&g, "gamma")[c] * (g.x[i] - mean) / sqrtl(variance) +
                            param(&g, "beta")[c];
            assert_near(got.y[i], (double)y, 64 * DBL_EPSILON);
        }
        arena_free(arena);
    }
}

/* ---- names ----------------------------------------------------------------------- */

/* 2 in the place of every G. */
static const char *with_two(Arena *arena, const char *text) {
    char *two = text_copy(arena, text, strlen(text));
    for (char *c = two; *c; c++)
        if (*c == 'G') *c = '2';
    return two;
}

static void an_alias_is_what_it_stands_for(void **state) {
    (void)state;
    size_t count;
    const NormAlias *alias = norm_aliases(&count);
    for (size_t i = 0; i < 2 * count; i++) {
        Arena *arena = arena_new();
        Trial name = given(arena, with_two(arena, alias[i / 2].usage)),
              text = given(arena, with_two(arena, alias[i / 2].spec));
        assert_string_equal(name.norm->spec, text.norm->spec);
        NormMode mode = i % 2 ? NORM_EVAL : NORM_TRAIN;
        Outcome got = run_given(arena, &name, mode, false),
                want = run_given(arena, &text, mode, false);
        assert_memory_equal(got.y, want.y, ALL * sizeof *got.y);
        assert_memory_equal(got.dx, want.dx, ALL * sizeof *got.dx);
        for (size_t k = 0; k < name.norm->states; k++)
            assert_memory_equal(got.observed[k], want.observed[k],
                                name.norm->state[k].count * sizeof(double));
        arena_free(arena);
    }
}

static void canonical_forms(void **state) {
    (void)state;
    static const char *const FORMS[][2] = {
        {"batch|group:2", "batch | group(2)"},
        {"chain(batch, group(2))", "batch | group(2)"},
        {"chain(batch, group(2), gamma=no)", "chain(batch, group(2), gamma=no)"},
        {"batch | chain(layer, group(2))", "batch | chain(layer, group(2))"},
        {"chain(batch | layer, none)", "chain(batch, layer) | none"},
        {"none | chain(none, chain(none, bn))", "none | chain(none, none | batch)"},
        {"batch(affine=yes) | layer", "batch(affine=yes) | layer"},
        {"batch(gamma=no) | layer", "batch | layer"},
        {"batch(gamma=yes) | layer", "batch(gamma=yes) | layer"},
        {"split( instance ,batch )", "split(instance, batch)"},
        {"split(instance, batch, ratio=0.25)", "split(instance, batch, ratio=0.25)"},
        {"blend(batch, group:size=4)", "blend(batch, group(size=4))"},
        {"blend(batch, layer, gate=sigmoid, per=layer)",
         "blend(batch, layer, per=layer)"},
        {"blend(batch, layer | group(2), gate=clamp)",
         "blend(batch, layer | group(2), gate=clamp)"},
        {"mix( instance,layer ,batch)", "mix(instance, layer, batch)"},
        {"mix(batch, layer, pooled=no, eps=1e-3)", "mix(batch, layer, eps=0.001)"},
        {"mix(batch, layer, pooled=yes)", "mix(batch, layer, pooled=yes)"},
        {"batch(affine=no)", "batch(gamma=no, beta=no)"},
        {"blend(batch, layer, gate=free)", "blend(batch, layer, gate=free)"},
        {" gn : 8 ", "group(8)"},
        {"gn(size=2, eps=1e-3)", "group(size=2, eps=0.001)"},
        {"switchable(pooled=yes)", "mix(instance, layer, batch, pooled=yes)"},
        {"batch-channel(size=4)", "batch(affine=yes) | group(size=4)"},
        {"continual(beta=no, 8)", "chain(group(8), batch, beta=no)"},
        {"layer | ibn(affine=yes)", "layer | split(instance, batch, affine=yes)"},
        {"blend(bn, ibn)", "blend(batch, split(instance, batch))"},
        {"rms(eps=1e-8)", "position(center=no, eps=1e-08, beta=no)"},
        {"bcn(per=layer)", "blend(batch, layer, gate=free, per=layer)"}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(FORMS); i++) {
        BaseError error = {.set = false};
        const Norm *norm = norm_new(arena, FORMS[i][0], 16, &error);
        if (norm == NULL) fail_msg("%s: %s", FORMS[i][0], error.message);
        assert_string_equal(norm->spec, FORMS[i][1]);
        assert_string_equal(norm_new(arena, norm->spec, 16, &error)->spec, FORMS[i][1]);
    }
    arena_free(arena);
}

/* group:2 is read where group(2) is nested too deeply. */
static void what_is_accepted_can_be_read_again(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t deep = SPEC_MAX_DEPTH - 2; deep < SPEC_MAX_DEPTH; deep++) {
        Text text = text_new(arena);
        for (size_t i = 0; i < deep; i++) text_add(&text, "split(none, ");
        text_add(&text, "group:2");
        for (size_t i = 0; i < deep; i++) text_add(&text, ")");
        BaseError error = {.set = false};
        const Norm *norm = norm_new(arena, text.data, 0, &error);
        assert_true((norm != NULL) == (deep == SPEC_MAX_DEPTH - 2));
        if (norm == NULL)
            assert_string_equal(error.message,
                                "written in full it is nested deeper than 16");
    }
    arena_free(arena);
}

static void parts_have_names(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Norm *norm =
        norm_new(arena, "blend(batch(affine=yes), group(2) | batch)", C, &error);
    static const char *const PARAMS[] = {"gamma", "beta", "gate", "part1.gamma",
                                         "part1.beta"};
    static const char *const STATES[] = {"part1.running_mean", "part1.running_var",
                                         "part2.part2.running_mean",
                                         "part2.part2.running_var"};
    assert_int_equal(norm->params, COUNT_OF(PARAMS));
    assert_int_equal(norm->states, COUNT_OF(STATES));
    for (size_t k = 0; k < COUNT_OF(PARAMS); k++)
        assert_string_equal(norm->param[k].name, PARAMS[k]);
    for (size_t k = 0; k < COUNT_OF(STATES); k++)
        assert_string_equal(norm->state[k].name, STATES[k]);
    arena_free(arena);
}

static void gates_begin(void **state) {
    (void)state;
    static const struct {
        const char *gate;
        double initial, least, most;
    } GATES[] = {{"sigmoid", 0.0, -INFINITY, INFINITY},
                 {"clamp", 1.0, 0.0, 1.0},
                 {"free", 1.0, -INFINITY, INFINITY}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(GATES); i++) {
        Trial g = given(arena,
                        text_print(arena, "blend(batch, layer, gate=%s)", GATES[i].gate));
        const NormParam *gate = &g.norm->param[2];
        assert_string_equal(gate->name, "gate");
        assert_true(gate->initial == GATES[i].initial && gate->least == GATES[i].least &&
                    gate->most == GATES[i].most && !gate->decayed);
    }
    arena_free(arena);
}

static void wrong_specs(void **state) {
    (void)state;
    static const Wrong WRONG[] = {
        {"chain(batch)", 0, "combines two normalizers or more"},
        {"batch | grup(2)", 8, "did you mean 'group'"},
        {"batch | group(3)", 14, "do not divide"},
        {"split(batch)", 0, "split needs two normalizers"},
        {"split(batch, layer, ratio=2)", 26, "ratio should be a number"},
        {"split(batch, layer, ratio=0.01)", 0, "without any"},
        {"split(batch, group(3))", 19, "do not divide"},
        {"blend(batch, layer, instance)", 0, "weighs two normalizers"},
        {"blend(batch, layer, gate=clmp)", 25, "did you mean 'clamp'"},
        {"blend(batch, layer, per=group(2))", 24, "per should be channel or layer"},
        {"blend(batch, layer, eps=1e-3)", 20, "has no option 'eps'"},
        {"mix(batch, none)", 11, "'none' is not of one partition"},
        {"mix(batch, layer | batch)", 11, "blend weighs outputs"},
        {"mix(pooled=yes, batch, layer(eps=1))", 23, "belong to the mix"},
        {"chain(batch, layer, affine=maybe)", 27, "yes or no"},
        {"blend(batch, layer, gate=fre)", 25, "sigmoid, clamp or free, not 'fre'"},
        {"swichable", 0, "did you mean 'switchable'"},
        {"batch | batch-chanel(2)", 8, "did you mean 'batch-channel'"},
        {"ibn | batch-channel", 6, "needs a number of groups, batch-channel(8)"},
        {"batch-channel( 3)", 15, "do not divide 8 channels"},
        {"batch-channel(size=3)", 19, "batch-channel(G) is batch(affine=yes) | group(G)"},
        {"continual(2, 4)", 13, "'continual' does not take '4' here"},
        {"continual(2, size=4)", 13, "no option 'size'"},
        {"ibn:2", 4, "'ibn' does not take '2' here; ibn is split(instance, batch)"},
        {"layer | ibn(ratio=0.01)", 8, "without any; ibn is split(instance, batch)"},
        {"batch-instance(gate=free)", 15, "given twice"},
        {"blend(batch, ibn(esp=1))", 17, "no option 'esp'"}};
    judge_wrong(WRONG, COUNT_OF(WRONG), 8);
}

/* An element far away costs its row no digit in a part that has no moment of it. */
static void what_has_no_cell_keeps_its_digits(void **state) {
    (void)state;
    static const struct {
        const char *spec;
        NormMode mode;
    } SPECS[] = {{"anneal(none, batch, from=0, to=4)", NORM_TRAIN},
                 {"anneal(none, layer, from=0, to=4)", NORM_TRAIN},
                 {"blend(none, instance)", NORM_TRAIN},
                 {"blend(none, batch)", NORM_TRAIN},
                 {"blend(instance, none, gate=free)", NORM_TRAIN},
                 {"none | blend(none, layer)", NORM_TRAIN},
                 {"blend(none, instance) | none", NORM_TRAIN},
                 {"blend(batch, instance)", NORM_EVAL},
                 {"blend(instance, batch, gate=free)", NORM_EVAL},
                 {"anneal(batch, layer, from=0, to=4)", NORM_EVAL}};
    static const double FAR[] = {1e8, 1e16, 1e160, -1e300};
    for (size_t k = 0; k < COUNT_OF(SPECS); k++)
        for (size_t f = 0; f < COUNT_OF(FAR); f++) {
            Arena *arena = arena_new();
            Trial g = given(arena, SPECS[k].spec);
            g.x[0] = FAR[f];
            Outcome got = run_given(arena, &g, SPECS[k].mode, false);
            g.x[0] = copysign(fmin(fabs(g.x[0]), 1e140),
                              g.x[0]); /* a definition has squares there */
            Outcome want = run_given(arena, &g, SPECS[k].mode, true);
            const bool same = fabs(FAR[f]) <= 1e140;
            for (size_t l = 1; l < L; l++) {
                const double size = fabs(want.y[l]) + fabs(g.x[l]) + 1.0;
                if (fabs(got.y[l] - want.y[l]) > (same ? 16 * DBL_EPSILON : 1e-8) * size)
                    fail_msg("%s with %g: y[%zu] = %.17g, want %.17g", SPECS[k].spec,
                             FAR[f], l, got.y[l], want.y[l]);
            }
            arena_free(arena);
        }
}

static const Case CASES[] = {
    CASE(theorem, a_gate_has_two_ends),
    CASE(theorem, chains_begin_and_end_in_nothing),
    CASE(theorem, a_chain_is_one_after_the_other),
    CASE(theorem, a_split_leaves_each_its_channels),
    CASE(theorem, one_hot_weights_are_a_part),
    CASE(oracle, mixed_statistics_restated),
    CASE(oracle, what_has_no_cell_keeps_its_digits),
    CASE(theorem, an_alias_is_what_it_stands_for),
    CASE(example, canonical_forms),
    CASE(fault, what_is_accepted_can_be_read_again),
    CASE(example, parts_have_names),
    CASE(example, gates_begin),
    CASE(example, wrong_specs),
};

HARNESS_MAIN("norm_combine", CASES)
