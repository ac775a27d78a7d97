/* The rules of a verdict: one table of words, one function.
 *
 * Every type says in which region the true value lies: above 0, within a margin of 0 or of a
 * number, below a margin in every part. An interval inside the region decides for the claim, one
 * outside against it. */
#include "claim.h"
#include "house.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

const char *const claim_verdict_words[CLAIM_VERDICTS] = {
    [CLAIM_SUPPORTED] = "supported",   [CLAIM_CONTRADICTED] = "contradicted",
    [CLAIM_EQUIVALENT] = "equivalent", [CLAIM_UNDECIDED] = "undecided",
    [CLAIM_NOT_TESTED] = "not tested", [CLAIM_REFUSED] = "refused"};

const ClaimRule claim_rules[CLAIM_TYPES] = {
    [CLAIM_SIGN] = {"sign", CLAIM_SUPPORTED, false,
                    "the 95 % interval lies beyond 0 on the expected side"},
    [CLAIM_EQUIVALENCE] = {"equivalence", CLAIM_EQUIVALENT, true,
                           "the 90 % interval lies between the margins"},
    [CLAIM_NONINFERIOR] = {"non-inferiority", CLAIM_SUPPORTED, true,
                           "the 90 % interval of every part ends below the margin"},
    [CLAIM_VALUE] = {"value", CLAIM_SUPPORTED, true,
                     "the 90 % interval lies within the margin of the number"},
    [CLAIM_RATIO] =
        {"ratio", CLAIM_SUPPORTED, false,
         "Fieller's 95 % interval lies beyond 0 on the expected side, or "
         "within the margin of the number, and its denominator above 0; not tested "
         "where that is below 0"},
};

/* Where the claim says that the true value is. */
static Range region_of(const Hypothesis *h) {
    const Range within = {h->value - h->margin, h->value + h->margin};
    switch (h->type) {
    case CLAIM_SIGN:
        break;
    case CLAIM_EQUIVALENCE:
        return (Range){-h->margin, h->margin};
    case CLAIM_NONINFERIOR:
        return (Range){-INFINITY, h->margin};
    case CLAIM_VALUE:
        return within;
    case CLAIM_RATIO:
        if (h->sign == 0) return within;
        break;
    case CLAIM_TYPES:
        REQUIRE(false, "no type");
    }
    return h->sign > 0 ? (Range){0, INFINITY} : (Range){-INFINITY, 0};
}

/* ---- one end ----------------------------------------------------------------------- */

/* Student's p that the true value is not above `end` (1: infinitely far below it). */
static double not_above(const Spread *s, double end) {
    if (isinf(end)) return end < 0 ? 0 : 1;
    return gsl_cdf_tdist_Q((s->mean - end) / s->error, s->freedom);
}

static double not_below(const Spread *s, double end) {
    if (isinf(end)) return end > 0 ? 0 : 1;
    return gsl_cdf_tdist_P((s->mean - end) / s->error, s->freedom);
}

/* The least errors at which an interval lies inside a region, and outside. */
typedef struct Errors {
    double inside, outside;
} Errors;

static Errors errors_of(const Spread *s, Range region, bool one_sided) {
    const double inside = fmax(not_above(s, region.low), not_below(s, region.high)),
                 outside = fmin(not_below(s, region.low), not_above(s, region.high));
    return (Errors){one_sided ? inside : 2 * inside, 2 * outside};
}

/* ---- ratios ------------------------------------------------------------------------ */

/* above - end x below, whose sign is that of (ratio - end) where the denominator is above 0. */
static Spread minus_times(const Pair *p, double end) {
    const double a = p->above.error, b = p->below.error,
                 variance = a * a + end * end * b * b - 2 * end * p->covariance;
    return (Spread){p->above.mean - end * p->below.mean, sqrt(fmax(variance, 0)),
                    fmin(p->above.freedom, p->below.freedom)};
}

static Spread denominator_of(const Pair *p) {
    return (Spread){p->below.mean, p->below.error,
                    fmin(p->above.freedom, p->below.freedom)};
}

/* Fieller's interval ends where the test of above - end x below turns. A ratio is a share of its
 * denominator, so nothing is decided unless that is above 0. */
static Errors ratio_errors(const Pair *p, Range region) {
    const Spread below = denominator_of(p);
    const double denominator = 2 * not_above(&below, 0);
    Errors all = {denominator, 1};
    for (int side = 0; side < 2; side++) {
        const double end = side ? region.high : region.low;
        if (isinf(end)) continue;
        const Spread s = minus_times(p, end);
        const double in = side ? not_below(&s, 0) : not_above(&s, 0),
                     out = side ? not_above(&s, 0) : not_below(&s, 0);
        all.inside = fmax(all.inside, 2 * in);
        all.outside = fmin(all.outside, fmax(2 * out, denominator));
    }
    return all;
}

/* Whether there is nothing to have a share of: the denominator is below 0. */
static bool is_share_of_nothing(const Evidence *e, double error) {
    if (e->of.type != CLAIM_RATIO) return false;
    const Pair pair = claim_pair(&e->sample[0], &e->sample[1]);
    const Spread below = denominator_of(&pair);
    return 2 * not_below(&below, 0) < error;
}

/* ---- one contrast ------------------------------------------------------------------ */

static bool has_variance(const Sample *s) {
    if (s->seeds < 2) return false;
    for (size_t i = 1; i < s->seeds; i++)
        if (s->value[i] != s->value[0]) return true;
    return false;
}

/* What a contrast's samples say against its region. */
static Errors weigh(Judgement *j, const Evidence *e) {
    const Range region = region_of(&e->of);
    const bool one_sided = claim_rules[e->of.type].one_sided;
    if (e->of.type == CLAIM_RATIO) {
        const Pair pair = claim_pair(&e->sample[0], &e->sample[1]);
        j->estimate = pair.above.mean / pair.below.mean;
        return ratio_errors(&pair, region);
    }
    Errors all = {0, 1};
    for (size_t i = 0; i < e->samples; i++) { /* every part must hold, any may fail */
        const Spread s = claim_spread(&e->sample[i]);
        const Errors own = errors_of(&s, region, one_sided);
        if (i == 0 || own.inside > all.inside) j->estimate = s.mean;
        all.inside = fmax(all.inside, own.inside);
        all.outside = fmin(all.outside, (double)e->samples * own.outside);
    }
    return all;
}

/* Of the part that is nearest to failing: that whose estimate is told. */
static Range range_of(const Evidence *e, double estimate, double error) {
    if (e->of.type == CLAIM_RATIO) {
        const Pair pair = claim_pair(&e->sample[0], &e->sample[1]);
        return claim_ratio_range(&pair, error);
    }
    for (size_t i = 0; i < e->samples; i++) {
        const Spread s = claim_spread(&e->sample[i]);
        if (s.mean == estimate) return claim_range(&s, error);
    }
    return (Range){(double)NAN, (double)NAN};
}

//> judge
Judgement claim_judge(const Evidence *e, double error) {
    const ClaimRule *rule = &claim_rules[e->of.type];
    Judgement j = {.verdict = CLAIM_UNDECIDED, .error = error, .flip = (double)NAN};
    for (size_t i = 0; i < e->samples; i++)
        if (!has_variance(&e->sample[i])) j.verdict = CLAIM_REFUSED;
    if (j.verdict == CLAIM_REFUSED) {
        j.estimate = j.range.low = j.range.high = (double)NAN;
        j.holds = j.fails = 1;
        return j;
    }
    const Errors found = weigh(&j, e);
    j.holds = found.inside, j.fails = found.outside;
    if (j.holds < error) j.verdict = rule->holds;
    if (j.fails < error) j.verdict = CLAIM_CONTRADICTED;
    if (is_share_of_nothing(e, error)) j.verdict = CLAIM_NOT_TESTED;
    if (rule->one_sided && j.verdict != CLAIM_CONTRADICTED) j.error = 2 * error;
    j.range = range_of(e, j.estimate, j.error);
    if (e->of.type == CLAIM_SIGN)
        j.flip = claim_sign_flip(e->sample->value, e->sample->seeds);
    if (e->of.type == CLAIM_SIGN && j.verdict == CLAIM_SUPPORTED)
        j.below_margin = (e->of.sign > 0 ? j.range.high : -j.range.low) < e->of.margin;
    return j;
}
//< judge

/* ---- a family ---------------------------------------------------------------------- */

static double least_error(const Judgement *j) {
    return fmin(j->holds, j->fails);
}

static bool is_decided(const Judgement *j) {
    return j->verdict <= CLAIM_EQUIVALENT;
}

/* Those that are refused take no part: they were never tests. */
void claim_judge_family(Judgement *judgement, const Evidence *evidence, size_t count,
                        double error) {
    enum { MOST = 16 };
    bool done[MOST] = {false};
    size_t left = 0;
    REQUIRE(count <= MOST, "a family of %zu contrasts", count);
    for (size_t i = 0; i < count; i++) {
        judgement[i] = claim_judge(&evidence[i], error);
        done[i] = judgement[i].verdict == CLAIM_REFUSED;
        left += !done[i];
    }
    double level = left ? error / (double)left : error;
    for (; left > 0; left--) {
        size_t next = count;
        for (size_t i = 0; i < count; i++)
            if (!done[i] && (next == count ||
                             least_error(&judgement[i]) < least_error(&judgement[next])))
                next = i;
        judgement[next] = claim_judge(&evidence[next], level);
        done[next] = true;
        if (is_decided(&judgement[next]) && left > 1) level = error / (double)(left - 1);
    }
}
