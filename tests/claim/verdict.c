/* Verdicts: a word follows from its interval, and the rules err as seldom as they say: by
 * simulation, 20,000 repetitions of a fixed seed. */
#include "harness.h"

#include "claim.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

enum { TIMES = 20000, MOST = 16, BLOCKS = 20 };

/* The verdicts of TIMES claims that are false may be wrong in 5 %, plus two standard errors. */
static const double AT_MOST = 0.05 + 2 * 0.00154;

static gsl_rng *generator(unsigned long seed) {
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, seed);
    return rng;
}

static void draw(gsl_rng *rng, double value[MOST], size_t n, double mean, double sd) {
    for (size_t i = 0; i < n; i++) value[i] = mean + gsl_ran_gaussian(rng, sd);
}

static bool inside(Range inner, Range outer) {
    return inner.low > outer.low && inner.high < outer.high;
}

static bool apart(Range a, Range b) {
    return a.high < b.low || a.low > b.high;
}

/* ---- a word follows from its interval ------------------------------------------------ */

static void words_follow_intervals(void **state) {
    (void)state;
    gsl_rng *rng = generator(1);
    const struct {
        Hypothesis of;
        Range region;
    } type[] = {{{CLAIM_SIGN, 1, 0, 0.3}, {0, INFINITY}},
                {{CLAIM_SIGN, -1, 0, 0.3}, {-INFINITY, 0}},
                {{CLAIM_EQUIVALENCE, 0, 0, 0.8}, {-0.8, 0.8}},
                {{CLAIM_VALUE, 0, 1.0, 0.8}, {0.2, 1.8}},
                {{CLAIM_NONINFERIOR, 0, 0, 0.8}, {-INFINITY, 0.8}}};
    size_t seen[CLAIM_VERDICTS] = {0};
    for (size_t trial = 0; trial < 2000; trial++)
        for (size_t k = 0; k < COUNT_OF(type); k++) {
            double value[MOST];
            draw(rng, value, 6, gsl_ran_gaussian(rng, 1.2), 0.8);
            const Sample sample = {6, 0, value, NULL};
            const Judgement j = claim_judge(&(Evidence){type[k].of, 1, &sample}, 0.05);
            const ClaimRule *rule = &claim_rules[type[k].of.type];
            const Spread s = claim_spread(&sample);
            const bool holds = inside(claim_range(&s, rule->one_sided ? 0.1 : 0.05),
                                      type[k].region),
                       fails = apart(claim_range(&s, 0.05), type[k].region);
            assert_int_equal(j.verdict, fails   ? CLAIM_CONTRADICTED
                                        : holds ? rule->holds
                                                : CLAIM_UNDECIDED);
            assert_near(j.estimate, s.mean, 0);
            if (j.verdict != CLAIM_UNDECIDED)
                assert_true(holds ? inside(j.range, type[k].region)
                                  : apart(j.range, type[k].region));
            if (j.below_margin) assert_true(j.range.high < 0.3 || j.range.low > -0.3);
            seen[j.verdict]++;
        }
    for (size_t v = 0; v < CLAIM_NOT_TESTED; v++)
        if (seen[v] < 200) fail_msg("%s: %zu times", claim_verdict_words[v], seen[v]);
    gsl_rng_free(rng);
}

/* Every part must hold; one that fails is enough, at an error shared by all. */
static void parts_must_all_hold(void **state) {
    (void)state;
    const double good[] = {-1, -1.1, -0.9, -1, -1.2, -0.8},
                 unsure[] = {-1, 2, 0, 1, -2, 1}, bad[] = {2, 2.1, 1.9, 2, 2.2, 1.8};
    const Hypothesis h = {CLAIM_NONINFERIOR, 0, 0, 0.5};
    const Sample all[] = {
        {6, 0, good, NULL}, {6, 0, good, NULL}, {6, 0, unsure, NULL}, {6, 0, bad, NULL}};
    assert_int_equal(claim_judge(&(Evidence){h, 2, all}, 0.05).verdict, CLAIM_SUPPORTED);
    assert_int_equal(claim_judge(&(Evidence){h, 3, all}, 0.05).verdict, CLAIM_UNDECIDED);
    const Judgement j = claim_judge(&(Evidence){h, 4, all}, 0.05);
    assert_int_equal(j.verdict, CLAIM_CONTRADICTED);
    assert_near(j.estimate, 2, 1e-12); /* of the part that failed */
}

/* A ratio's word is that of Fieller's interval, where its denominator is above 0. */
static void ratios_follow_fieller(void **state) {
    (void)state;
    gsl_rng *rng = generator(2);
    size_t seen[CLAIM_VERDICTS] = {0};
    for (size_t trial = 0; trial < 4000; trial++) {
        double above[MOST], below[MOST];
        const int sign = trial % 3 == 0 ? 0 : trial % 3 == 1 ? 1 : -1;
        draw(rng, above, 6, gsl_ran_gaussian(rng, 2), 0.5);
        draw(rng, below, 6, gsl_ran_gaussian(rng, 2), 0.5);
        const Sample both[] = {{6, 0, above, NULL}, {6, 0, below, NULL}};
        const Hypothesis h = {CLAIM_RATIO, sign, 1, 1.2};
        const Range region = sign == 0  ? (Range){-0.2, 2.2}
                             : sign > 0 ? (Range){0, INFINITY}
                                        : (Range){-INFINITY, 0};
        const Judgement j = claim_judge(&(Evidence){h, 2, both}, 0.05);
        const Pair pair = claim_pair(&both[0], &both[1]);
        const Range r = claim_ratio_range(&pair, 0.05);
        const Range share = claim_range(&pair.below, 0.05);
        assert_int_equal(j.verdict, share.high < 0      ? CLAIM_NOT_TESTED
                                    : share.low <= 0    ? CLAIM_UNDECIDED
                                    : apart(r, region)  ? CLAIM_CONTRADICTED
                                    : inside(r, region) ? CLAIM_SUPPORTED
                                                        : CLAIM_UNDECIDED);
        seen[j.verdict]++;
    }
    assert_true(seen[CLAIM_SUPPORTED] > 250 && seen[CLAIM_CONTRADICTED] > 250 &&
                seen[CLAIM_NOT_TESTED] > 500);
    gsl_rng_free(rng);
}

/* What has no variance by construction is refused, and is no number. */
static void no_variance_is_refused(void **state) {
    (void)state;
    const double zero[] = {0, 0, 0, 0, 0, 0}, alike[] = {0.3, 0.3, 0.3, 0.3, 0.3, 0.3},
                 sound[] = {1, 1.1, 0.9, 1, 1.2, 0.8};
    const Sample all[] = {{6, 0, zero, NULL},
                          {6, 0, alike, NULL},
                          {1, 0, sound, NULL},
                          {0, 0, sound, NULL},
                          {6, 0, sound, NULL}};
    for (int type = 0; type < CLAIM_TYPES; type++)
        for (size_t k = 0; k < 4; k++) {
            const Sample pair[] = {all[4], all[k]};
            const Evidence e = {{(ClaimType)type, 1, 0, 0.5},
                                type == CLAIM_RATIO ? 2 : 1,
                                type == CLAIM_RATIO ? pair : &all[k]};
            const Judgement j = claim_judge(&e, 0.05);
            assert_int_equal(j.verdict, CLAIM_REFUSED);
            assert_true(isnan(j.estimate) && isnan(j.range.low) && isnan(j.flip));
        }
}

/* Holm's order, by hand: 0.05/3, 0.05/2, then stop; a refused contrast is no test. */
static void families_are_holms(void **state) {
    (void)state;
    enum { K = 4 };
    const double wanted[K] = {0.02, 0.001, 0.04, 0}; /* p of three contrasts */
    double value[K][4];
    Sample sample[K];
    Evidence evidence[K];
    Judgement j[K];
    for (size_t k = 0; k < K; k++) { /* four values whose t has that p */
        const double form[] = {-1, 1, -0.5, 0.5};
        double low = 0, high = 100;
        sample[k] = (Sample){4, 0, value[k], NULL};
        evidence[k] = (Evidence){{CLAIM_SIGN, 1, 0, 0}, 1, &sample[k]};
        for (int step = 0; step < 200; step++) {
            const double shift = (low + high) / 2;
            for (size_t i = 0; i < 4; i++)
                value[k][i] = wanted[k] > 0 ? shift + form[i] : 1;
            if (claim_judge(&evidence[k], 0.05).holds > wanted[k])
                low = shift;
            else
                high = shift;
        }
    }
    claim_judge_family(j, evidence, K, 0.05);
    assert_near(j[1].error, 0.05 / 3, 1e-12);
    assert_near(j[0].error, 0.05 / 2, 1e-12);
    assert_near(j[2].error, 0.05, 1e-12);
    for (size_t k = 0; k < 3; k++) assert_int_equal(j[k].verdict, CLAIM_SUPPORTED);
    assert_int_equal(j[3].verdict, CLAIM_REFUSED);
    claim_judge_family(j, evidence, 2, 0.03); /* 0.001 at 0.015, then 0.02 at 0.03 */
    assert_int_equal(j[0].verdict, CLAIM_SUPPORTED);
    claim_judge_family(j, evidence, 2, 0.019);
    assert_int_equal(j[0].verdict, CLAIM_UNDECIDED);
    assert_int_equal(j[1].verdict, CLAIM_SUPPORTED);
}

/* ---- simulations --------------------------------------------------------------------- */

static void expect_between(double share, double low, double high, const char *what) {
    if (!(share >= low && share <= high))
        fail_msg("%s: %.4f, %g to %g is expected", what, share, low, high);
}

/* How often Student's interval of n seeds has the truth in it. */
static void student_covers(void **state) {
    (void)state;
    gsl_rng *rng = generator(3);
    for (size_t n = 3; n <= 12; n += 3) {
        size_t covered = 0;
        for (size_t trial = 0; trial < TIMES; trial++) {
            double value[MOST];
            draw(rng, value, n, 2, 0.7);
            const Spread s = claim_spread(&(Sample){n, 0, value, NULL});
            covered += inside((Range){2, 2}, claim_range(&s, 0.05));
        }
        expect_between((double)covered / TIMES, 0.93, 0.97, "coverage");
    }
    gsl_rng_free(rng);
}

/* One value for each seed and block: of the seed, of the block, of both. */
static void cross(gsl_rng *rng, double *value, double *block, size_t n, double of_seed,
                  double of_block) {
    double own[BLOCKS];
    for (size_t c = 0; c < BLOCKS; c++) own[c] = gsl_ran_gaussian(rng, of_block);
    for (size_t i = 0; i < n; i++) {
        const double seed = gsl_ran_gaussian(rng, of_seed);
        value[i] = 0;
        for (size_t c = 0; c < BLOCKS; c++) {
            block[i * BLOCKS + c] = seed + own[c] + gsl_ran_gaussian(rng, 1);
            value[i] += block[i * BLOCKS + c] / BLOCKS;
        }
    }
}

/* The same with test samples in it, whichever of the two varies more; seeds alone do not. */
static void two_ways_cover(void **state) {
    (void)state;
    gsl_rng *rng = generator(4);
    static const double spreads[][2] = {{0.3, 0.3}, {1, 1}, {0.2, 1}, {1, 0.5}, {0, 2}};
    for (size_t k = 0; k < COUNT_OF(spreads); k++) {
        size_t covered = 0, alone = 0;
        for (size_t trial = 0; trial < TIMES; trial++) {
            double value[6], block[6 * BLOCKS];
            cross(rng, value, block, 6, spreads[k][0], spreads[k][1]);
            const Spread s = claim_spread(&(Sample){6, BLOCKS, value, block}),
                         seeds = claim_spread(&(Sample){6, 0, value, NULL});
            covered += inside((Range){0, 0}, claim_range(&s, 0.05));
            alone += inside((Range){0, 0}, claim_range(&seeds, 0.05));
        }
        expect_between((double)covered / TIMES, 0.93, 0.97, "coverage");
        if (k == 4) expect_between((double)alone / TIMES, 0, 0.6, "of seeds alone");
    }
    gsl_rng_free(rng);
}

static void fieller_covers(void **state) {
    (void)state;
    gsl_rng *rng = generator(5);
    for (double mean = 1; mean < 5; mean *= 2) {
        size_t covered = 0;
        for (size_t trial = 0; trial < TIMES; trial++) {
            double above[MOST], below[MOST];
            for (size_t i = 0; i < 6; i++) {
                double x, y;
                gsl_ran_bivariate_gaussian(rng, 1, 1, 0.5, &x, &y);
                above[i] = 0.5 * mean + x, below[i] = mean + y;
            }
            const Sample both[] = {{6, 0, above, NULL}, {6, 0, below, NULL}};
            const Pair pair = claim_pair(&both[0], &both[1]);
            /* unbounded sets are reported as all numbers: they cover, and decide nothing */
            covered += inside((Range){0.5, 0.5}, claim_ratio_range(&pair, 0.05));
        }
        expect_between((double)covered / TIMES, 0.93, mean < 3 ? 1 : 0.97, "coverage");
    }
    gsl_rng_free(rng);
}

/* Three sign contrasts without any effect, which share an arm: how often any is decided. */
static void families_err_seldom(void **state) {
    (void)state;
    gsl_rng *rng = generator(6);
    size_t wrong = 0;
    for (size_t trial = 0; trial < TIMES; trial++) {
        double arm[4][MOST], value[3][MOST];
        Sample sample[3];
        Evidence evidence[3];
        Judgement j[3];
        for (size_t k = 0; k < 4; k++) draw(rng, arm[k], 6, 1, 0.5);
        for (size_t k = 0; k < 3; k++) {
            for (size_t i = 0; i < 6; i++) value[k][i] = arm[k + 1][i] - arm[0][i];
            sample[k] = (Sample){6, 0, value[k], NULL};
            evidence[k] = (Evidence){{CLAIM_SIGN, 1, 0, 0.5}, 1, &sample[k]};
        }
        claim_judge_family(j, evidence, 3, CLAIM_ERROR);
        wrong += j[0].verdict != CLAIM_UNDECIDED || j[1].verdict != CLAIM_UNDECIDED ||
                 j[2].verdict != CLAIM_UNDECIDED;
    }
    expect_between((double)wrong / TIMES, 0.03, AT_MOST, "false verdicts of a family");
    gsl_rng_free(rng);
}

/* Looked at after six seeds and, where that does not decide, after twelve: half the error each. */
static void two_looks_err_seldom(void **state) {
    (void)state;
    gsl_rng *rng = generator(7);
    size_t wrong = 0;
    for (size_t trial = 0; trial < TIMES; trial++) {
        double value[MOST];
        draw(rng, value, 12, 0, 1);
        const Sample first = {6, 0, value, NULL}, both = {12, 0, value, NULL};
        const Hypothesis h = {CLAIM_SIGN, 1, 0, 0.5};
        const double half = CLAIM_ERROR / 2;
        const bool one =
            claim_judge(&(Evidence){h, 1, &first}, half).verdict != CLAIM_UNDECIDED;
        wrong +=
            one || claim_judge(&(Evidence){h, 1, &both}, half).verdict != CLAIM_UNDECIDED;
    }
    expect_between((double)wrong / TIMES, 0.03, AT_MOST, "false verdicts of two looks");
    gsl_rng_free(rng);
}

/* A difference as large as the margin is called equal in 5 %; non-inferiority of two parts of
 * which one is as bad as the margin, too. */
static void margins_err_seldom(void **state) {
    (void)state;
    gsl_rng *rng = generator(8);
    size_t equal = 0, not_worse = 0, far = 0, worse = 0;
    for (size_t trial = 0; trial < TIMES; trial++) {
        double at[MOST], under[MOST], within[MOST], all[4][MOST];
        Sample each[4];
        for (size_t k = 0; k < 4; k++) {
            draw(rng, all[k], 8, 0.499, 0.3);
            each[k] = (Sample){8, 0, all[k], NULL};
        }
        draw(rng, at, 8, 0.5, 0.3);
        draw(rng, under, 8, -1, 0.3);
        draw(rng, within, 8, 0.49, 0.3);
        const Sample two[] = {{8, 0, at, NULL}, {8, 0, under, NULL}},
                     near = {8, 0, within, NULL};
        const Evidence same = {{CLAIM_EQUIVALENCE, 0, 0, 0.5}, 1, two},
                       parts = {{CLAIM_NONINFERIOR, 0, 0, 0.5}, 2, two},
                       true_one = {{CLAIM_EQUIVALENCE, 0, 0, 0.5}, 1, &near},
                       true_all = {{CLAIM_NONINFERIOR, 0, 0, 0.5}, 4, each};
        equal += claim_judge(&same, CLAIM_ERROR).verdict == CLAIM_EQUIVALENT;
        not_worse += claim_judge(&parts, CLAIM_ERROR).verdict == CLAIM_SUPPORTED;
        worse += claim_judge(&true_all, CLAIM_ERROR).verdict == CLAIM_CONTRADICTED;
        far += claim_judge(&true_one, CLAIM_ERROR).verdict == CLAIM_CONTRADICTED;
    }
    expect_between((double)equal / TIMES, 0.03, AT_MOST, "false 'equivalent'");
    expect_between((double)not_worse / TIMES, 0.03, AT_MOST, "false 'supported'");
    expect_between((double)worse / TIMES, 0, AT_MOST, "false 'contradicted' of parts");
    expect_between((double)far / TIMES, 0, AT_MOST, "false 'contradicted'");
    gsl_rng_free(rng);
}

/* A true difference as large as the margin is found in 80 % with the seeds that are declared, and
 * not with one fewer. */
static void power_is_as_declared(void **state) {
    (void)state;
    gsl_rng *rng = generator(9);
    for (double sd = 0.4; sd < 0.65; sd += 0.1) {
        const size_t n = claim_seeds(sd, 0.5, CLAIM_ERROR);
        size_t found = 0, fewer = 0;
        for (size_t trial = 0; trial < TIMES; trial++) {
            double value[MOST];
            draw(rng, value, n, 0.5, sd);
            const Sample all = {n, 0, value, NULL}, less = {n - 1, 0, value, NULL};
            const Hypothesis h = {CLAIM_SIGN, 1, 0, 0.5};
            found += claim_judge(&(Evidence){h, 1, &all}, CLAIM_ERROR).verdict ==
                     CLAIM_SUPPORTED;
            fewer += claim_judge(&(Evidence){h, 1, &less}, CLAIM_ERROR).verdict ==
                     CLAIM_SUPPORTED;
        }
        expect_between((double)found / TIMES, 0.795, 0.9, "power");
        expect_between((double)fewer / TIMES, 0, 0.805, "power of one seed fewer");
    }
    gsl_rng_free(rng);
}

static const Case CASES[] = {
    CASE(theorem, words_follow_intervals), CASE(theorem, parts_must_all_hold),
    CASE(theorem, ratios_follow_fieller),  CASE(theorem, no_variance_is_refused),
    CASE(theorem, families_are_holms),     CASE(oracle, student_covers),
    CASE(oracle, two_ways_cover),          CASE(oracle, fieller_covers),
    CASE(oracle, families_err_seldom),     CASE(oracle, two_looks_err_seldom),
    CASE(oracle, margins_err_seldom),      CASE(oracle, power_is_as_declared),
};

HARNESS_MAIN("verdict", CASES)
