/* The restatements in plain loops (src/trial/loops.h): nobody is without one, no option is
 * passed over, nothing of what they judge is in them, and what is observed is their moments. */
#include "norm_given.h"

#include "kind.h"
#include "loops.h"
#include "text.h"

static void every_kind_is_restated(void **state) {
    (void)state;
    Arena *arena = arena_new();
    size_t count;
    const NormKind *const *kind = norm_kinds(&count);
    for (size_t i = 0; i < count; i++) {
        BaseError error = {.set = false};
        const Norm *norm = norm_new(arena, norm_example(kind[i]), C, &error);
        if (!loops_know(norm))
            fail_msg("%s is not restated: its equation in plain loops, and a line in "
                     "src/trial/loops.c",
                     norm_name(kind[i]));
        if (norm_by_design(norm) && !loops_know_design(norm))
            fail_msg("%s's backward is not restated", norm_name(kind[i]));
    }
    arena_free(arena);
}

/* What the examples of the registry do not say. */
static const char *const OPTIONS[] = {
    "batch(eps=0.25, weight_new=0.5, gamma=no)",
    "batch(center=no)",
    "batch(sync=yes)",
    "layer(center=no, beta=no)",
    "instance(affine=no)",
    "group(size=2)",
    "group(auto)",
    "group(4, center=no)",
    "position(center=no)",
    "ghost(2, center=no)",
    "mix(batch(center=no), layer)",
    "mix(instance, layer, batch, pooled=yes)",
    "mix(instance, layer, batch, from=0, to=4)",
    "mix(instance, layer, batch, from=0, to=1)",
    "mix(instance, layer, batch, weights=sparsest, from=0, to=3)",
    "mix(instance, group(2), ghost(2), batch, weights=sparsest, from=0, to=2)",
    "blend(batch, instance, gate=clamp)",
    "blend(none, group(2), gate=free, per=layer)",
    "split(frn(tlu=no), evonorm(B0), ratio=0.25)",
    "split(batch, group(2), ratio=0.8)",
    "group(2) | batch",
    "batch(affine=yes) | renorm | layer",
    "task(with=layer)",
    "task(even=yes)",
    "renorm(rmax=1.25, dmax=0.5)",
    "renorm(warm=2)",
    "frn(tlu=no)",
    "anneal(soft(2), mode(2), from=0, to=4)",
    "phase(renorm, lattice(batch=2, size=2, own=0.5))",
    "phase(group(2), mabn)",
    "frozen(task, from=2)",
    "frozen(batch | layer, from=1)",
    "lattice(batch=all, size=all, own=1)",
    "lattice(batch=2, size=4, own=0.25)",
    "regroup(2, by=equal, from=1, every=3, until=5)",
    "soft(3, tau=0.5)",
    "nested(pooled=yes)",
    "nested(weights=sparsest, from=0, to=3)",
    "mode(1)",
    "mode(3)",
    "evonorm(S0)",
    "evonorm(S0, groups=4)",
    "evonorm(B0, weight_new=0.5)",
    "chunks(3)",
    "chunks(16)",
    "response(3, k=1, alpha=0.5, divide=yes)",
    "response(1, exponent=2)",
    "response(4, side=left, k=1, alpha=0.5)",
    "response(2, side=right, k=1, alpha=0.5)",
    "batch(variance=unbiased)",
    "ghost(2, eps_outside=yes, eps=0.25)",
    "layer(variance=unbiased, eps_outside=yes, eps=0.25)",
    "channels(0, 1, 0, 2, 2, 1, 1, 0, variance=unbiased)",
    "position(center=no, eps_outside=yes)",
    "mix(instance(variance=unbiased), layer, batch(variance=unbiased))",
    "mabn(warm=2)",
    "mabn(weight_new=0.5)",
    "dyt(start=2)",
    "derf(start=2)",
    "layer_detach(of_mean=no)",
    "layer_detach(of_variance=no)",
    "group_detach(2, of_mean=no)",
    "group_detach(2, of_variance=no)",
    "batch_detach(of_mean=no)",
    "batch_detach(of_variance=no)",
    "adanorm(scale=2, k=0.5)",
    "skipinit(start=1)",
    "proxy(2, proxy_eps=0.5)",
};

static const TrialCheck *check_named(const char *name) {
    size_t count;
    const TrialCheck *const *check = trial_checks(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(trial_name(check[i]), name) == 0) return check[i];
    fail_msg("no check %s", name);
    return NULL;
}

static void options_are_restated(void **state) {
    (void)state;
    static const char *const ASKED[] = {"loops-value", "loops-gradient"};
    for (size_t i = 0; i < COUNT_OF(OPTIONS); i++)
        for (size_t k = 0; k < COUNT_OF(ASKED); k++) {
            Finding f =
                trial_judge(OPTIONS[i], SHAPE_OF(N, C, L), check_named(ASKED[k]), 3);
            /* by design, training has no derivative and evaluation may keep no state */
            if (f.cases == 0) fail_msg("%s: %s does not apply", OPTIONS[i], ASKED[k]);
            if (finding_verdict(&f) != CHECK_PASS)
                fail_msg("%s: %s: %s", OPTIONS[i], ASKED[k], f.report.reason);
        }
}

/* Whether a spec of the list, or a part of one, is of the kind and says the option. */
static bool is_said(const Spec *spec, const char *kind, const char *option) {
    for (size_t i = 0; i < spec->count; i++) {
        const SpecArg *argument = &spec->args[i];
        if (argument->key && strcmp(spec->word, kind) == 0 &&
            strcmp(argument->key, option) == 0)
            return true;
        if (is_said(argument->value, kind, option)) return true;
    }
    return false;
}

static bool any_says(Arena *arena, const NormKind *kind, const char *option) {
    BaseError error = {.set = false};
    const Spec *example = spec_parse(arena, norm_example(kind), &error);
    bool said = is_said(example, norm_name(kind), option);
    for (size_t i = 0; i < COUNT_OF(OPTIONS); i++)
        said = said ||
               is_said(spec_parse(arena, OPTIONS[i], &error), norm_name(kind), option);
    return said;
}

static void every_option_is_among_them(void **state) {
    (void)state;
    Arena *arena = arena_new();
    size_t count;
    const NormKind *const *kind = norm_kinds(&count);
    for (size_t i = 0; i < count; i++)
        for (const char *const *own = kind[i]->options; own && *own; own++)
            if (!any_says(arena, kind[i], *own))
                fail_msg("no spec of the list says %s= of %s", *own, norm_name(kind[i]));
    arena_free(arena);
}

/* ---- what is observed ------------------------------------------------------------- */

static Loops call_of(Arena *arena, const Trial *g, const char *spec) {
    Loops call = {.arena = arena,
                  .norm = g->norm,
                  .N = N,
                  .C = C,
                  .L = L,
                  .n = ALL,
                  .state = (const double *const *)g->state};
    return loops_spelled(&call, spec);
}

static Number *numbers(Arena *arena, const double *value, size_t count) {
    Number *of = TAKE(arena, Number, count);
    for (size_t i = 0; i < count; i++) of[i] = value[i];
    return of;
}

static double real_part(Number a) {
    return (double)loops_real(a);
}

/* Means and unbiased variances of the cells; evonorm has no mean. */
static void observed_are_moments(Arena *arena, const char *spec, LoopsCell *cell,
                                 double count) {
    Trial g = given(arena, spec);
    Loops call = call_of(arena, &g, spec);
    LoopsMoments m = loops_moments(&call, numbers(arena, g.x, ALL), cell);
    const size_t last = g.norm->states - 1;
    for (int definition = 0; definition < 2; definition++) {
        Outcome got = run_given(arena, &g, NORM_TRAIN, definition);
        for (size_t i = 0; i < ALL; i++) {
            const size_t at = cell(&call, i / L / C, i / L % C, i % L);
            if (last > 0) assert_near(got.observed[0][at], real_part(m.mean[i]), 1e-14);
            assert_near(got.observed[last][at],
                        real_part(m.variance[i]) * count / (count - 1), 1e-13);
        }
    }
}

/* Of K modes: with weights w the share 1 - sum of w^2 / L of a variance is seen. */
static void modes_are_observed(Arena *arena, size_t K) {
    Trial g = given(arena, text_print(arena, "mode(%zu)", K));
    Loops call = call_of(arena, &g, g.norm->spec);
    const Number *param[NORM_MAX_PARAMS];
    for (size_t k = 0; k < g.norm->params; k++)
        param[k] = numbers(arena, g.param[k], g.norm->param[k].count);
    call.param = param;
    const LoopsModes modes = loops_modes(&call, numbers(arena, g.x, ALL));
    for (int definition = 0; definition < 2; definition++) {
        Outcome got = run_given(arena, &g, NORM_TRAIN, definition);
        for (size_t i = 0; i < K * C; i++) {
            Quad all = 0, seen = 0;
            for (size_t n = 0; n < N; n++) all += loops_real(modes.gate[n * K + i / C]);
            for (size_t n = 0; n < N; n++) {
                const Quad w = loops_real(modes.gate[n * K + i / C]) / all;
                seen += w * w / L;
            }
            assert_near(got.observed[0][i], real_part(modes.mean[i]), 1e-14);
            assert_near(got.observed[1][i],
                        real_part(modes.variance[i]) / (double)(1 - seen), 1e-13);
        }
    }
}

static void observations_are_restated(void **state) {
    (void)state;
    Arena *arena = arena_new();
    observed_are_moments(arena, "batch", cell_batch, N * L);
    observed_are_moments(arena, "renorm", cell_batch, N * L);
    observed_are_moments(arena, "evonorm(B0)", cell_batch, N * L);
    observed_are_moments(arena, "chunks(16)", cell_chunks, N * C * L / 16);
    observed_are_moments(arena, "phase(group(2), batch)", cell_batch, N * L);
    modes_are_observed(arena, 3);
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, every_kind_is_restated),
    CASE(theorem, every_option_is_among_them),
    CASE(oracle, options_are_restated),
    CASE(oracle, observations_are_restated),
};

HARNESS_MAIN("norm_loops", CASES)
