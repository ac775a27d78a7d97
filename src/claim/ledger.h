/* ledger: claims as they are registered before their seeds run, in one text that people read
 * (experiments/claims.txt, whose head says what each line means).
 *
 *     claim L04
 *       statement  At 32 samples a worker batch normalization errs least.
 *       protocol   P1
 *       contrast   group(4)@32 - batch@32
 *         type     sign
 *         expect   +
 *
 * Where a line begins says what it is: a section at the left, its keys further in.
 */
#ifndef NORMLAB_LEDGER_H
#define NORMLAB_LEDGER_H

#include "claim.h"
#include "place.h"

enum {
    LEDGER_MOST_CONTRASTS = 3, /* primary contrasts of a claim: its family */
    LEDGER_MOST_PARTS = 16,
    LEDGER_MOST_SETTINGS = 32,
    LEDGER_MOST_TERMS = 16,
    LEDGER_MOST_SEEDS = 48,
    LEDGER_TUNING = 900 /* the first seed on which choices are made */
};

/* factor x the result of an arm: a row of a study's table, at a point of it. */
typedef struct Term {
    double factor;
    const char *series, *along; /* "group(4)", "32" */
} Term;

/* What is added up: one value for each seed. */
typedef struct Combination {
    const char *text;
    size_t terms;
    const Term *term;
} Combination;

typedef struct Contrast {
    Hypothesis of;
    size_t parts; /* 1; of non-inferiority any number; of a ratio 2 */
    Combination part[LEDGER_MOST_PARTS];
    double published; /* of the same contrast; NaN: nobody has */
    bool recorded;    /* a verdict was written beside it after its runs */
    Verdict verdict;
} Contrast;

typedef struct Claim {
    const char *id, *statement, *source; /* "L04" */
    const char *experiment;              /* whose runs decide it */
    const char *protocol, *under;        /* "P1", and what that is, in a sentence */
    size_t settings;
    const char *setting[LEDGER_MOST_SETTINGS]; /* key=value of its runs */
    const char *
        measure; /* "test" samples, "train"ing samples, or a number of the runs' summaries */
    const Combination
        *works; /* the arm that should beat the gate; NULL: there is no gate */
    const char *const
        *gates; /* those that it must beat, ends with a NULL; others are only
                                 shown. NULL: all */
    const Combination *control; /* exactly 0 in every seed; NULL: none */
    const char *needs;          /* what no experiment can do yet; NULL: nothing */
    size_t seeds, seed[LEDGER_MOST_SEEDS];
    const char *tuning;    /* the seeds on which choices were made */
    double sd;             /* of a paired difference in those; NaN: looks are said */
    size_t looks, look[2]; /* after how many seeds it is judged, each at error / looks */
    bool refused;          /* more seeds would be needed than can be run */
    size_t contrasts;
    Contrast contrast[LEDGER_MOST_CONTRASTS];
    char digest[DIGEST_LENGTH +
                1]; /* of all its lines and its protocol's, without verdicts */
} Claim;

typedef struct Ledger {
    size_t claims;
    const Claim *claim;
} Ledger;

/* NULL and *error (EX_DATAERR), which begins "FILE:LINE: ". */
const Ledger *ledger_parse(Arena *arena, const char *text, const char *file,
                           BaseError *error);

/* The ledger of this place; one without claims where there is no such file. What is wrong ends
 * the program. */
const Ledger *ledger_read(Arena *arena);

/* NULL: there is none. */
const Claim *ledger_find(const Ledger *ledger, const char *id);

/* "L01=SHA-256 L04=..." of the claims that this seed decides, as they are now: what a run's file
 * keeps, whichever experiment makes it, for experiments share runs. "": none. */
const char *ledger_digests(Arena *arena, const Ledger *ledger, size_t seed);

/* Those of them that are of claims of an experiment. */
const char *ledger_digests_for(Arena *arena, const Ledger *ledger, const char *digests,
                               const char *experiment);

/* The digest of a claim in such a text; NULL: it has none. */
const char *ledger_digest_in(Arena *arena, const char *digests, const char *id);

/* ---- terms.c ------------------------------------------------------------------------- */

/* "group(4)@2 - 0.5 * batch@2"; false and *error, whose message does not name the place. */
bool combination_read(Combination *to, Arena *arena, const char *text, BaseError *error);

#endif
