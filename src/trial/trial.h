/* trial: a normalizer before its judges. A case is one spec, one shape and one check of
 * trial.def, put on every kind of data and in every mode to which it applies; the command
 * and CTest list the same cases. notes/15-checking.md
 *
 * A new check is one TrialCheck and one line in trial.def.
 */
#ifndef NORMLAB_TRIAL_H
#define NORMLAB_TRIAL_H

#include "check.h"
#include "norm.h"

typedef enum TrialData {
    DATA_PLAIN,    /* normal, mean 0, std 1 */
    DATA_OFFSET,   /* |mean| / std = 1e2 */
    DATA_FAR,      /* |mean| / std = 1e8 */
    DATA_TINY,     /* std 2^-498, about 1e-150, eps with its square */
    DATA_HUGE,     /* std 2^498 */
    DATA_REPEATED, /* three values, each many times */
    TRIAL_DATA
} TrialData;

typedef struct TrialCheck TrialCheck;

/* All that happened to one case, and the worst report. */
typedef struct Finding {
    size_t cases;        /* modes x data; 0: the check does not apply */
    size_t failed;       /* and those that cannot tell, and cannot prove that */
    size_t inconclusive; /* proved */
    CheckReport report;
    NormMode mode;
    TrialData data;
    size_t compared;
} Finding;

/* The table (trial.def), in order. */
const TrialCheck *const *trial_checks(size_t *count);
const char *trial_name(const TrialCheck *check); /* "sum-of-dx" */
const char *trial_says(const TrialCheck *check); /* what holds, one line */
double trial_digits(const TrialCheck *check);    /* eps allowed; 0: the same bits */

const char *trial_unit(const TrialCheck *check); /* of them: "eps", "bound" its own */

/* Shapes on which normalizers are tried: ranks 2 to 5, one channel, one position... */
const Shape *trial_shapes(size_t *count);

/* "group-2.4x8x5.sum-of-dx" */
const char *trial_case_name(Arena *arena, const char *spec, Shape shape,
                            const TrialCheck *check);

/* Whether any mode and data of the case apply; `spec` has been read before. */
bool trial_applies(const char *spec, Shape shape, const TrialCheck *check);

/* Judges the case. `spec` has been read before. */
Finding trial_judge(const char *spec, Shape shape, const TrialCheck *check,
                    uint64_t seed);

/* What the normalizer holds constant in its derivative, in training or evaluation (held.count
 * 0: nothing), and why, by the words of its kind (NULL: it does not say that it does). */
typedef struct TrialHeld {
    CheckHeld held;
    NormMode mode;
    const char *by_design;
} TrialHeld;

TrialHeld trial_held(Arena *arena, const char *spec, uint64_t seed);

/* check_lacks of its definition. */
const char *trial_lacks(Arena *arena, const char *spec);

/* One report. */
Finding finding_of(const CheckReport *report, NormMode mode, TrialData data);

/* Adds one finding to another: counts, and the worse report (of failures the first, for the
 * plainest data come first). True if it is the worse. */
bool finding_add(Finding *sum, const Finding *one);
CheckVerdict finding_verdict(const Finding *finding);

const char *trial_data_text(TrialData data); /* "mean 1e8 std" */

#endif
