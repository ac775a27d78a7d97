/* What follows epochs: anneal, phase, frozen, mixtures that become a choice; and weights by
 * SparsestMax. */
#include "norm_given.h"

#include "internal.h"
#include "kind.h"
#include "text.h"

/* By definition everything is one and the same sum; by kernel the affine of the whole stands
 * behind the part's. */
static void is_part(Arena *arena, const Trial *whole, const Trial *part, NormMode mode) {
    same_function_in(arena, whole, part, mode);
}

/* ---- anneal ---------------------------------------------------------------------- */

static const char *const ANNEAL[][3] = {
    {"anneal(batch, group(2), from=2, to=8)", "batch", "group(2)"},
    {"anneal(ghost(2), batch, from=2, to=8)", "ghost(2)", "batch"},
    {"anneal(layer, batch(center=no), from=2, to=8)", "layer", "batch(center=no)"}};

static void share_states(const Trial *whole, Trial *part, size_t i) {
    for (size_t k = 0; k < part->norm->states; k++)
        part->state[k] = whole->state[whole->norm->part_state[i] + k];
}

/* Until `from` the first, from `to` on the second. */
static void anneal_has_two_ends(void **state) {
    (void)state;
    static const size_t EPOCHS[] = {0, 1, 2, 8, 9, 1000};
    for (size_t s = 0; s < COUNT_OF(ANNEAL); s++)
        for (size_t e = 0; e < COUNT_OF(EPOCHS); e++) {
            Arena *arena = arena_new();
            const size_t end = EPOCHS[e] >= 8;
            Trial whole = given(arena, ANNEAL[s][0]),
                  part = given(arena, ANNEAL[s][1 + end]);
            whole.epoch = EPOCHS[e];
            share_states(&whole, &part, end);
            is_part(arena, &whole, &part, NORM_TRAIN);
            is_part(arena, &whole, &part, NORM_EVAL);
            arena_free(arena);
        }
}

/* In between: the same operations as a gate of that share, where 1 less the share is exact. */
static void anneal_is_a_blend_between(void **state) {
    (void)state;
    for (size_t epoch = 3; epoch < 10; epoch++) {
        Arena *arena = arena_new();
        Trial whole = given(arena, "anneal(batch, group(2), from=2, to=10)"),
              blend = given(arena, "blend(batch, group(2), gate=free, per=layer)");
        whole.epoch = epoch;
        set(&blend, "gate", 1.0 - (double)(epoch - 2) / 8.0);
        same_bits(arena, &whole, &blend);
        arena_free(arena);
    }
}

/* Each part observes as alone, whatever its share. */
static void both_ends_observe(void **state) {
    (void)state;
    for (size_t s = 0; s < COUNT_OF(ANNEAL); s++)
        for (size_t epoch = 0; epoch < 20; epoch++) {
            Arena *arena = arena_new();
            const int definition = epoch % 2;
            Trial whole = given(arena, ANNEAL[s][0]);
            whole.epoch = epoch / 2;
            Outcome got = run_given(arena, &whole, NORM_TRAIN, definition);
            for (size_t i = 0; i < 2; i++) {
                Trial part = given(arena, ANNEAL[s][1 + i]);
                Outcome want = run_given(arena, &part, NORM_TRAIN, definition);
                same_observed(&got, whole.norm->part_state[i], &want, part.norm,
                              definition ? 0.0 : KERNEL_EPS);
            }
            arena_free(arena);
        }
}

/* ---- phase ----------------------------------------------------------------------- */

typedef struct Phase {
    const char *whole, *part[2];
} Phase;

static const Phase PHASES[] = {
    {"phase(group(2), batch)", {"group(2)", "batch"}},
    {"phase(batch, group(2))", {"batch", "group(2)"}},
    {"phase(ghost(2), batch)", {"ghost(2)", "batch"}},
    {"phase(batch, layer | batch)", {"batch", "layer | batch"}}};

/* Nothing but one part runs: bits where the whole adds no affine. */
static const Phase BARE[] = {
    {"phase(group(2), batch, affine=no)", {"group(2, affine=no)", "batch(affine=no)"}},
    {"phase(batch, group(2), affine=no)", {"batch(affine=no)", "group(2, affine=no)"}}};

static void phases_are_their_parts(void **state) {
    (void)state;
    for (size_t s = 0; s < 2 * COUNT_OF(PHASES); s++) {
        Arena *arena = arena_new();
        const size_t i = s % 2;
        Trial whole = given(arena, PHASES[s / 2].whole),
              part = given(arena, PHASES[s / 2].part[i]);
        share_states(&whole, &part, i);
        is_part(arena, &whole, &part, i ? NORM_EVAL : NORM_TRAIN);
        arena_free(arena);
    }
    for (size_t s = 0; s < 4 * COUNT_OF(BARE); s++) {
        Arena *arena = arena_new();
        const size_t i = s % 2;
        Trial whole = given(arena, BARE[s / 4].whole),
              part = given(arena, BARE[s / 4].part[i]);
        share_states(&whole, &part, i);
        same_in(arena, &whole, &part, i ? NORM_EVAL : NORM_TRAIN, s / 2 % 2, 0.0, 0.0);
        arena_free(arena);
    }
}

/* The second observes while the first trains, as it would alone. */
static void a_phase_observes_what_evaluates(void **state) {
    (void)state;
    for (size_t s = 0; s < 2 * COUNT_OF(PHASES); s++) {
        Arena *arena = arena_new();
        Trial whole = given(arena, PHASES[s / 2].whole);
        Outcome got = run_given(arena, &whole, NORM_TRAIN, s % 2);
        for (size_t i = 0; i < 2; i++) {
            Trial part = given(arena, PHASES[s / 2].part[i]);
            Outcome want = run_given(arena, &part, NORM_TRAIN, s % 2);
            same_observed(&got, whole.norm->part_state[i], &want, part.norm, 0.0);
        }
        arena_free(arena);
    }
}

/* ---- frozen ---------------------------------------------------------------------- */

static void frozen_is_its_part_then_its_evaluation(void **state) {
    (void)state;
    static const char *const PARTS[] = {"batch", "ghost(2)", "batch(center=no)"};
    for (size_t s = 0; s < COUNT_OF(PARTS); s++)
        for (size_t epoch = 0; epoch < 6; epoch++) {
            Arena *arena = arena_new();
            Trial whole = given(arena, text_print(arena, "frozen(%s, from=3)", PARTS[s]));
            Trial part = given(arena, PARTS[s]);
            whole.epoch = epoch;
            share_states(&whole, &part, 0);
            is_part(arena, &whole, &part, NORM_EVAL);
            for (int definition = 0; definition < 2; definition++) {
                Outcome got = run_given(arena, &whole, NORM_TRAIN, definition),
                        want = run_given(arena, &part, epoch < 3 ? NORM_TRAIN : NORM_EVAL,
                                         definition);
                same_results(&whole, &got, part.norm, &want,
                             definition ? 0.0 : KERNEL_EPS, GRADIENT_EPS);
                for (size_t k = 0; k < part.norm->states && epoch >= 3; k++)
                    for (size_t c = 0; c < C; c++) assert_true(isnan(got.observed[k][c]));
                if (epoch < 3) same_observed(&got, 0, &want, part.norm, 0.0);
            }
            arena_free(arena);
        }
}

/* ---- mixtures that become a choice ----------------------------------------------- */

static const char *const MIXED[][2] = {
    {"mix(instance, layer, batch, from=2, to=6)", "mix(instance, layer, batch)"},
    {"mix(instance, layer, batch, pooled=yes, from=2, to=6)",
     "mix(instance, layer, batch, pooled=yes)"},
    {"nested(from=2, to=6)", "nested"}};

static void before_its_epochs_a_mixture_is_plain(void **state) {
    (void)state;
    for (size_t s = 0; s < COUNT_OF(MIXED); s++)
        for (size_t epoch = 0; epoch <= 2; epoch++) {
            Arena *arena = arena_new();
            Trial g = given(arena, MIXED[s][0]), plain = given(arena, MIXED[s][1]);
            g.epoch = epoch;
            same_bits(arena, &g, &plain);
            arena_free(arena);
        }
}

/* The temperature falls from 1 to 1/100 between them, by an equal factor each epoch. */
static void between_them_it_is_sharper(void **state) {
    (void)state;
    for (size_t s = 0; s < COUNT_OF(MIXED); s++) {
        Arena *arena = arena_new();
        Trial g = given(arena, MIXED[s][0]), plain = given(arena, MIXED[s][1]);
        g.epoch = 4;
        for (size_t k = 0; k < g.norm->parts; k++) {
            param(&plain, "mean_logit")[k] = 10.0 * param(&g, "mean_logit")[k];
            param(&plain, "variance_logit")[k] = 10.0 * param(&g, "variance_logit")[k];
        }
        for (int way = 0; way < 4; way++)
            same_in(arena, &g, &plain, way % 2 ? NORM_EVAL : NORM_TRAIN, way / 2,
                    KERNEL_EPS, GRADIENT_EPS);
        arena_free(arena);
    }
}

/* The largest logit of both; no logit moves any more. */
static void then_it_is_one_part(void **state) {
    (void)state;
    static const char *const EXTRA[] = {"", ", weights=sparsest", ", pooled=yes"};
    static const char *const PARTS[] = {"instance", "layer", "batch"};
    for (size_t s = 0; s < 3 * COUNT_OF(EXTRA); s++) {
        Arena *arena = arena_new();
        Trial g = given(arena, text_print(arena,
                                          "mix(instance, layer, batch, from=2, "
                                          "to=6%s)",
                                          EXTRA[s / 3])),
              part = given(arena, PARTS[s % 3]);
        g.epoch = 6;
        param(&g, "mean_logit")[s % 3] = param(&g, "variance_logit")[s % 3] = 4.0;
        is_part(arena, &g, &part, NORM_TRAIN);
        is_part(arena, &g, &part, NORM_EVAL);
        Outcome got = run_given(arena, &g, NORM_TRAIN, true);
        for (size_t k = 0; k < 3; k++)
            assert_near(got.dparam[param_place(g.norm, "mean_logit")][k], 0.0, 0.0);
        arena_free(arena);
    }
}

/* All that is mixed observes, before and after. */
static void a_choice_still_observes(void **state) {
    (void)state;
    for (size_t epoch = 0; epoch < 9; epoch++) {
        Arena *arena = arena_new();
        Trial g = given(arena, MIXED[0][0]), batch = given(arena, "batch");
        g.epoch = epoch;
        Outcome got = run_given(arena, &g, NORM_TRAIN, true),
                want = run_given(arena, &batch, NORM_TRAIN, true);
        same_observed(&got, 0, &want, batch.norm, 0.0);
        arena_free(arena);
    }
}

/* ---- SparsestMax ------------------------------------------------------------------ */

enum { MOST = 6, STEPS = 1000 };

static void weights_of(double *out, const double *logit, size_t K, size_t epoch,
                       bool sparsest) {
    Arena *arena = arena_new();
    Tape *tape = tape_new(arena);
    const Weighing weighing = {sparsest, 0.0, STEPS};
    const NormContext context = {.tape = tape, .epoch = epoch};
    TapeNode *w =
        weighing_apply(&context, &weighing, tape_leaf(tape, SHAPE_OF(K), logit));
    memcpy(out, w->value, K * sizeof *out);
    arena_free(arena);
}

/* The weights at a circle of epoch / STEPS of the full radius. */
static void weights_at(double *out, const double *logit, size_t K, size_t epoch) {
    weights_of(out, logit, K, epoch, true);
}

static double radius_at(size_t K, size_t epoch) {
    return (double)epoch / STEPS * sqrt(1.0 - 1.0 / (double)K);
}

static int falling(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Martins and Astudillo 2016, Algorithm 1. */
static void sparsemax_restated(double *p, const double *z, size_t K) {
    double sorted[MOST], sum = 0.0, tau = 0.0;
    memcpy(sorted, z, K * sizeof *z);
    qsort(sorted, K, sizeof *sorted, falling);
    for (size_t k = 0; k < K; k++) {
        sum += sorted[k];
        if (1.0 + (double)(k + 1) * sorted[k] > sum) tau = (sum - 1.0) / (double)(k + 1);
    }
    for (size_t k = 0; k < K; k++) p[k] = fmax(z[k] - tau, 0.0);
}

static double length(const double *a, const double *b, size_t K) {
    double square = 0.0;
    for (size_t k = 0; k < K; k++) square += (a[k] - b[k]) * (a[k] - b[k]);
    return sqrt(square);
}

/* Shao et al. 2019, Algorithm 1: u is the middle, and a point inside the circle goes out to
 * it; where that leaves the simplex, the same in the face of the nearest point, of which the
 * middle is u' and the circle's radius r' = sqrt(r^2 - |u - u'|^2). */
static void sparsestmax_restated(double *p, const double *z, const double *u, double r,
                                 size_t K) {
    double p0[MOST], face[MOST], count = 0.0, least = 0.0;
    sparsemax_restated(p0, z, K);
    const double far = length(p0, u, K);
    for (size_t k = 0; k < K; k++) {
        p[k] = far >= r ? p0[k] : r * (p0[k] - u[k]) / far + u[k];
        least = fmin(least, p[k]);
    }
    if (least >= 0.0) return;
    sparsemax_restated(p0, p, K);
    for (size_t k = 0; k < K; k++) count += p0[k] > 0.0;
    for (size_t k = 0; k < K; k++) face[k] = p0[k] > 0.0 ? 1.0 / count : 0.0;
    const double between = length(u, face, K);
    sparsestmax_restated(p, p0, face, sqrt(fmax(0.0, r * r - between * between)), K);
}

static void random_logits(double *logit, size_t K, size_t trial) {
    const Draw draw = {.seed = 9, .purpose = DRAW_TEST, .sample = trial};
    for (size_t k = 0; k < K; k++)
        logit[k] = (trial % 3 ? 0.2 : 1.0) * draw_normal(draw, k);
}

static void sparsest_weights_restated(void **state) {
    (void)state;
    for (size_t K = 2; K <= MOST; K++)
        for (size_t trial = 0; trial < 400; trial++) {
            double logit[MOST], got[MOST], want[MOST], u[MOST];
            const size_t epoch = trial * 7 % STEPS;
            for (size_t k = 0; k < K; k++) u[k] = 1.0 / (double)K;
            random_logits(logit, K, trial);
            weights_at(got, logit, K, epoch);
            sparsestmax_restated(want, logit, u, radius_at(K, epoch), K);
            for (size_t k = 0; k < K; k++) assert_near(got[k], want[k], 1e-12);
        }
}

static void no_circle_is_sparsemax(void **state) {
    (void)state;
    for (size_t K = 1; K <= MOST; K++)
        for (size_t trial = 0; trial < 200; trial++) {
            double logit[MOST], got[MOST], want[MOST];
            random_logits(logit, K, trial);
            weights_at(got, logit, K, 0);
            sparsemax_restated(want, logit, K);
            for (size_t k = 0; k < K; k++) assert_near(got[k], want[k], 8 * DBL_EPSILON);
        }
}

/* On the simplex, not inside the circle, in the order of the logits; of logits that are
 * nearly alike, too. */
static void sparsest_weights_are_weights(void **state) {
    (void)state;
    for (size_t K = 1; K <= MOST; K++)
        for (size_t trial = 0; trial < 400; trial++) {
            double logit[MOST], got[MOST], sum = 0.0, square = 0.0;
            const size_t epoch = trial * 13 % (STEPS + 1);
            random_logits(logit, K, trial);
            for (size_t k = 0; k < K && trial % 4 == 0; k++)
                logit[k] = 1.0 + 1e-9 * logit[k];
            weights_at(got, logit, K, epoch);
            for (size_t k = 0; k < K; k++) {
                assert_true(got[k] >= 0.0);
                for (size_t j = 0; j < K; j++)
                    assert_true(logit[k] <= logit[j] || got[k] >= got[j]);
                sum += got[k];
                square += (got[k] - 1.0 / (double)K) * (got[k] - 1.0 / (double)K);
            }
            assert_near(sum, 1.0, 16 * DBL_EPSILON);
            assert_true(sqrt(square) >= radius_at(K, epoch) - 1e-12);
        }
}

/* Whatever numbers logits are, there is an answer, at every epoch: weights of the order of
 * the logits, and of what is no number none. */
static void extreme_logits_have_weights(void **state) {
    (void)state;
    static const double EXTREME[] = {1e17,  -1e17, 0.0,     1e308,   -1e308,   5e-324,
                                     1e-17, 1e-9,  DBL_MAX, 4503e12, -DBL_MAX, 1.0};
    for (size_t sparsest = 0; sparsest < 2; sparsest++)
        for (size_t K = 1; K <= 4; K++)
            for (size_t trial = 0; trial < 800; trial++) {
                double logit[MOST], got[MOST], sum = 0.0;
                const Draw draw = {.seed = 4, .purpose = DRAW_TEST, .sample = trial};
                for (size_t k = 0; k < K; k++)
                    logit[k] = EXTREME[draw_below(draw, k, COUNT_OF(EXTREME))];
                weights_of(got, logit, K, trial * 7 % (STEPS + 1), sparsest == 1);
                for (size_t k = 0; k < K; k++) {
                    assert_true(got[k] >= 0.0);
                    for (size_t j = 0; j < K; j++)
                        assert_true(logit[k] <= logit[j] || got[k] >= got[j]);
                    sum += got[k];
                }
                assert_near(sum, 1.0, 16 * DBL_EPSILON);
                logit[trial % K] = (double)NAN;
                weights_of(got, logit, K, trial * 7 % (STEPS + 1), sparsest == 1);
                sum = 0.0;
                for (size_t k = 0; k < K; k++) sum += got[k];
                assert_true(isnan(sum));
            }
}

/* Of all points of the simplex outside the circle the nearest to the logits, for K = 2 and
 * 3, where all such points can be tried. */
static void sparsest_weights_are_nearest(void **state) {
    (void)state;
    enum { GRID = 400 };
    for (size_t K = 2; K <= 3; K++)
        for (size_t trial = 0; trial < 40; trial++) {
            double logit[MOST], got[MOST],
                u[3] = {1.0 / (double)K, 1.0 / (double)K, 1.0 / (double)K};
            const size_t epoch = trial * 29 % STEPS;
            random_logits(logit, K, trial);
            weights_at(got, logit, K, epoch);
            const double far = length(got, logit, K);
            for (size_t i = 0; i <= GRID; i++)
                for (size_t j = 0; j <= (K == 2 ? 0 : GRID - i); j++) {
                    double p[3] = {(double)i / GRID, (double)j / GRID, 0.0};
                    p[K - 1] = (double)(GRID - i - j) / GRID;
                    if (length(p, u, K) < radius_at(K, epoch)) continue;
                    assert_true(length(p, logit, K) >= far - 1e-12);
                }
        }
}

/* Just before the full circle nearly, and from `to` on entirely, the largest. */
static void a_full_circle_is_a_choice(void **state) {
    (void)state;
    for (size_t K = 1; K <= MOST; K++)
        for (size_t trial = 0; trial < 100; trial++) {
            double logit[MOST], got[MOST], before[MOST];
            size_t best = 0;
            random_logits(logit, K, trial);
            for (size_t k = 0; k < K; k++)
                if (logit[k] > logit[best]) best = k;
            weights_at(got, logit, K, STEPS);
            weights_at(before, logit, K, STEPS - 1);
            assert_true(before[best] > 0.99);
            for (size_t k = 0; k < K; k++)
                assert_near(got[k], k == best ? 1.0 : 0.0, 0.0);
        }
}

/* ---- specs ----------------------------------------------------------------------- */

static void wrong_specs(void **state) {
    (void)state;
    static const Wrong WRONG[] = {
        {"anneal(batch, from=1, to=2)", 0, "combines two normalizers or more"},
        {"anneal(batch, layer)", 0, "anneal needs two epochs"},
        {"anneal(batch, layer, from=2)", 0, "anneal needs two epochs"},
        {"anneal(batch, layer, to=2)", 0, "anneal needs two epochs"},
        {"anneal(batch, layer, from=2, to=2)", 0, "and a later to=8"},
        {"anneal(batch, layer, from=3, to=2)", 0, "and a later to=8"},
        {"anneal(batch, layer, from=-1, to=2)", 26, "from should be a number"},
        {"anneal(batch, layer, group(2), from=1, to=2)", 0, "not through 3"},
        {"layer | anneal(batch, group(3), from=1, to=2)", 28, "do not divide"},
        {"anneal(batch, layer, form=1, to=2)", 21, "did you mean 'from'"},
        {"anneal(batch, layer, from=1, to=2, eps=1)", 35, "no option 'eps'"},
        {"phase(batch)", 0, "combines two normalizers or more"},
        {"phase(batch, layer, none)", 0, "of training and of evaluation, not 3"},
        {"phase(batch, lyer)", 13, "did you mean 'layer'"},
        {"phase(batch, layer, from=1)", 20, "no option 'from'"},
        {"frozen", 0, "frozen needs a normalizer and an epoch"},
        {"frozen(batch)", 0, "frozen needs an epoch, from=4"},
        {"frozen(from=2)", 0, "frozen needs a normalizer and an epoch"},
        {"frozen(layer, from=2)", 7, "'layer' keeps no running moments"},
        {"frozen(batch, batch, from=2)", 14, "does not take 'batch'"},
        {"frozen(batch, from=x)", 19, "from should be a number"},
        {"mix(batch, layer, from=2)", 0, "mix: weights become a choice between"},
        {"mix(batch, layer, from=3, to=2)", 0, "from=3 and a later one, to=2"},
        {"mix(batch, layer, from=2, to=2)", 0, "a later one, to=2"},
        {"mix(batch, layer, weights=sparsest)", 0, "a later one, to=0"},
        {"mix(batch, layer, weights=spars)", 26, "softmax or sparsest, not 'spars'"},
        {"batch | mix(batch, layer, to=-2)", 29, "to should be a number"}};
    judge_wrong(WRONG, COUNT_OF(WRONG), C);
}

static const Case CASES[] = {
    CASE(theorem, anneal_has_two_ends),
    CASE(theorem, anneal_is_a_blend_between),
    CASE(theorem, both_ends_observe),
    CASE(theorem, phases_are_their_parts),
    CASE(theorem, a_phase_observes_what_evaluates),
    CASE(theorem, frozen_is_its_part_then_its_evaluation),
    CASE(theorem, before_its_epochs_a_mixture_is_plain),
    CASE(theorem, between_them_it_is_sharper),
    CASE(theorem, then_it_is_one_part),
    CASE(theorem, a_choice_still_observes),
    CASE(theorem, no_circle_is_sparsemax),
    CASE(theorem, sparsest_weights_are_weights),
    CASE(theorem, extreme_logits_have_weights),
    CASE(oracle, sparsest_weights_restated),
    CASE(oracle, sparsest_weights_are_nearest),
    CASE(theorem, a_full_circle_is_a_choice),
    CASE(example, wrong_specs),
};

HARNESS_MAIN("norm_schedule", CASES)
