/* claim: what a verdict follows from: contrasts over seeds, their intervals, one table of
 * words. It knows no run and no file of results (study does), and reads what is registered.
 *
 * A contrast is a linear combination of results of one seed, so it has one value for each
 * seed. A claim says in which region its true value lies; it is decided where an interval lies
 * inside that region, or outside. notes/55-verdicts.md
 */
#ifndef NORMLAB_CLAIM_H
#define NORMLAB_CLAIM_H

#include "base.h"

enum { CLAIM_MOST_SEEDS = 1000, CLAIM_FEWEST_FLIPS = 6 };

/* The error of a verdict that a family of contrasts may make, and the power at the margin. */
static const double CLAIM_ERROR = 0.05, CLAIM_POWER = 0.8;

/* ---- spread.c: how well a contrast is known --------------------------------------- */

/* A contrast over seeds that share their test samples. block[i, c]: of seed i over the c-th
 * block of test samples, in the same order for all seeds. */
typedef struct Sample {
    size_t seeds,
        blocks; /* blocks 0: how test samples vary is not known, or is no matter */
    const double *value; /* [seeds] */
    const double *block; /* [seeds, blocks] */
} Sample;

/* An estimate, its standard error, and Student's degrees of freedom. */
typedef struct Spread {
    double mean, error, freedom;
} Spread;

/* Of seeds and of blocks of test samples, both drawn at random and crossed: with mean squares
 * S (of seeds), I (of blocks), R (of what is left) the variance of the mean over n seeds and m
 * blocks is (S + I - R) / nm (Searle, Casella and McCulloch 1992, 4.3), where S / nm is what
 * Student's paired interval has alone, and I - R is taken as 0 below it. Degrees of freedom:
 * Satterthwaite 1946; where a difference of large mean squares leaves fewer than n - 1 and m - 1, so
 * that nothing is known of its size, R is not taken off, which only widens. With no blocks it is Student's paired interval. At least two seeds. */
Spread claim_spread(const Sample *sample);

/* Of two contrasts of the same seeds: numerator, denominator, and what they share. */
typedef struct Pair {
    Spread above, below;
    double covariance; /* of the two means */
} Pair;

Pair claim_pair(const Sample *above, const Sample *below);

/* A set of values that are not rejected. */
typedef struct Range {
    double low, high; /* infinite: without end on that side */
} Range;

/* Two-sided: the true value lies outside with probability `error`. */
Range claim_range(const Spread *spread, double error);

/* Fieller 1954, of above / below. Where the denominator may be 0, all numbers. */
Range claim_ratio_range(const Pair *pair, double error);

/* Two-sided p of the exact test that flips the signs of the n differences: how often |mean| is
 * at least as large as it is, over all 2^n. NaN below CLAIM_FEWEST_FLIPS, where no p is below
 * 0.05, and above 20. */
double claim_sign_flip(const double *value, size_t count);

/* Clopper and Pearson 1934: of k of n, two-sided. */
Range claim_share_range(size_t k, size_t n, double error);

/* ---- power.c: how many seeds ------------------------------------------------------ */

enum { CLAIM_FEWEST_SEEDS = 6, CLAIM_MOST_PLANNED = 16 };

/* That Student's two-sided test of n differences finds a true difference of `effect` standard
 * deviations, at the level `error`. */
double claim_power(size_t n, double effect, double error);

/* The least n, from CLAIM_FEWEST_SEEDS on, whose power at the margin is CLAIM_POWER; 0: more
 * than CLAIM_MOST_PLANNED. */
size_t claim_seeds(double sd, double margin, double error);

/* ---- verdict.c: the rules ---------------------------------------------------------- */

typedef enum ClaimType {
    CLAIM_SIGN,        /* above 0, or below */
    CLAIM_EQUIVALENCE, /* nearer to 0 than the margin */
    CLAIM_NONINFERIOR, /* below the margin, in every part */
    CLAIM_VALUE,       /* nearer to a number than the margin */
    CLAIM_RATIO,       /* of two contrasts: above 0, below it, or nearer to a number */
    CLAIM_TYPES
} ClaimType;

typedef enum Verdict {
    CLAIM_SUPPORTED,
    CLAIM_CONTRADICTED,
    CLAIM_EQUIVALENT,
    CLAIM_UNDECIDED,
    CLAIM_NOT_TESTED, /* the arm that should work does not: or nothing was run */
    CLAIM_REFUSED,    /* the design cannot decide it */
    CLAIM_VERDICTS
} Verdict;

extern const char *const claim_verdict_words[CLAIM_VERDICTS];

/* A type's word, what it is called where it holds, and how it is decided. */
typedef struct ClaimRule {
    const char *name;
    Verdict holds;
    bool one_sided; /* inside: of each end by itself, so at twice the error */
    const char *says;
} ClaimRule;

extern const ClaimRule claim_rules[CLAIM_TYPES];

/* What is claimed of the true value. */
typedef struct Hypothesis {
    ClaimType type;
    int sign;      /* expected: 1 or -1; 0: `value` is expected instead */
    double value;  /* expected number */
    double margin; /* smallest effect of interest, or what still counts as equal */
} Hypothesis;

/* Samples of a contrast: one; parts of which each must hold (non-inferiority); the numerator
 * and the denominator of a ratio. */
typedef struct Evidence {
    Hypothesis of;
    size_t samples;
    const Sample *sample; /* [samples] */
} Evidence;

typedef struct Judgement {
    Verdict verdict;
    double estimate; /* of the part that is nearest to failing */
    Range range;     /* the interval that decides; confidence 1 - `error` */
    double error;
    double holds, fails; /* the least errors at which it would be decided: p-values */
    double flip;         /* the exact sign-flip's p, beside it; NaN: not asked */
    bool below_margin;   /* holds, and is smaller than the smallest effect of interest */
} Judgement;

/* The one function of all types, at one level. REFUSED where no variance is possible: fewer
 * than two seeds, or differences that are all the same. NOT_TESTED: a share of a denominator that
 * is below 0, so of a loss that is none. */
Judgement claim_judge(const Evidence *evidence, double error);

/* A family: the primary contrasts of one claim. The smallest p is judged at error / count, the
 * next at error / (count - 1)..., until one is not decided (Holm 1979), and so are the intervals. */
void claim_judge_family(Judgement *judgement, const Evidence *evidence, size_t count,
                        double error);

#endif
