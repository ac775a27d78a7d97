/* trial_kind: what a check of normalizers provides, and what it may use. */
#ifndef NORMLAB_TRIAL_KIND_H
#define NORMLAB_TRIAL_KIND_H

#include "arith.h"
#include "trial.h"

/* What the elements of a cell have in common, in 113 bits of the doubles as they are. */
typedef struct TrialCell {
    Quad mean, variance;       /* the cell's own, or those that are given */
    double count, rstd, ratio; /* 1 / sqrt(variance + eps), |mean| / std */
    double xhat, h, dy;        /* largest |xhat|, |gamma dy|, |dy| */
    Quad pull; /* dx = rstd (h - mean(h) - pull xhat mean(h xhat)): 1, of usual moments */
} TrialCell;

/* One call of a normalizer, with all that a judge must know of its numbers. */
typedef struct Trial {
    const Norm *norm; /* eps scaled with the data */
    const char *spec; /* without that */
    NormMode mode;
    size_t epoch;
    Shape shape;
    ShapeLattice at;
    TrialData data;
    uint64_t seed;
    double unit;  /* std of the data */
    bool own;     /* of one partition, with moments of x; else given, or none */
    bool fused;   /* there is a kernel in it */
    bool held;    /* it detaches something: not the derivative of its own values */
    bool derives; /* its backward is the derivative, not otherwise by design, and says
                   * something of cells so small */
    bool curved;  /* some moments are x's own: not linear in x */
    size_t n;     /* elements */
    double *x, *dy, *param[NORM_MAX_PARAMS], *state[NORM_MAX_STATES];
    size_t cells;        /* of one partition; 0: a combination has none */
    TrialCell *cell;     /* [cells] */
    const size_t *where; /* [n] cell of each element */
    const unsigned char
        *mask; /* [N, L] as in NormContext; the cells are measured without */
    NormGiven given;
} Trial;

struct TrialCheck {
    const char *name;
    const char *says;
    double digits;
    bool by_estimate; /* `digits` are of the oracle's own error estimate, not eps */
    unsigned data;    /* on which: bits 1 << TrialData */
    bool single;      /* for cells of one element, and not for others */
    bool (*applies)(const Trial *trial); /* NULL: always */
    CheckReport (*judge)(Arena *arena, const Trial *trial, const TrialCheck *check);
};

enum {
    ON_PLAIN = 1u << DATA_PLAIN,
    ON_MODERATE = 1u << DATA_PLAIN | 1u << DATA_OFFSET,
    ON_ALL = (1u << TRIAL_DATA) - 1
};

/* ---- data.c ---------------------------------------------------------------------- */

/* Whether the normalizer can see such an x and the check applies; then the trial without
 * data. `spec` has been read before. */
bool trial_fits(Arena *arena, Trial *trial, const char *spec, Shape shape, NormMode mode,
                TrialData data, uint64_t seed, const TrialCheck *check);

/* The same with data. */
bool trial_prepare(Arena *arena, Trial *trial, const char *spec, Shape shape,
                   NormMode mode, TrialData data, uint64_t seed, const TrialCheck *check);

/* The newest operation with a definition and a kernel, from `node` on; NULL: none. */
TapeNode *trial_fused_from(TapeNode *node);

/* Standard normals by the trial's seed; `sample` from 40 on is free. */
double *trial_normals(Arena *arena, const Trial *trial, uint64_t sample, size_t count);

/* ---- call.c: whatever the numbers ------------------------------------------------------ */

double *filled(Arena *arena, size_t count, double value);
double *copy_of(Arena *arena, const double *values, size_t count);

/* A state's number from a standard normal, such as can be: of data of that std, their mean in
 * units of it. As that power of the unit it goes with x. */
double state_drawn(NormStateRole role, double normal, double unit, double ratio);
int state_power(NormStateRole role);

/* A call without numbers yet: x, dy, param and state are missing. */
Trial trial_of(const Norm *norm, Shape shape, NormMode mode);

/* What the normalizer is told, with these parameters. */
NormContext trial_context(const Trial *trial, Tape *tape, TapeNode *const *param);

/* y of x[0], with the parameters behind it, and the trial's own state: by the kernel, or by
 * the definition. */
TapeNode *trial_write(Tape *tape, TapeNode *const *x, void *trial);
TapeNode *trial_write_definition(Tape *tape, TapeNode *const *x, void *trial);

/* The same with upstream dy, for the oracles of check.h. */
CheckFunction trial_function(Arena *arena, const Trial *trial, bool definition);

/* One call with all its gradients. */
typedef struct Outcome {
    double *y, *dx; /* [n]; gradients NULL where frozen */
    double *dparam[NORM_MAX_PARAMS];
    double *observed[NORM_MAX_STATES];
} Outcome;

/* By the kernel. `frozen`: bit 0 x, bit 1 + k parameter k wants no gradient. */
Outcome trial_run(Arena *arena, const Trial *trial, unsigned frozen);
Outcome trial_run_definition(Arena *arena, const Trial *trial);

/* The same with gamma 1 and beta 0. */
Trial trial_without_affine(Arena *arena, const Trial *trial);

/* ---- scale.c --------------------------------------------------------------------- */

/* What parameter k is drawn in units of: one over the size of x where it multiplies x in an
 * argument, so that x w is a number; 1 elsewhere. */
double trial_param_unit(const Trial *trial, size_t k);

/* gamma of the channel of element i (1 where there is none), beta (0). */
double trial_gamma(const Trial *trial, size_t i);
double trial_beta(const Trial *trial, size_t i);
Quad trial_xhat(const Trial *trial, size_t i);
/* What x - mean is divided by; eps' share in <dx, xhat> = share rstd <h, xhat>. */
Quad trial_root(const Trial *trial, Quad variance);
Quad trial_eps_share(const Trial *trial, Quad variance);

bool trial_own(const Trial *trial);     /* moments are x's own, over one partition */
bool trial_centred(const Trial *trial); /* ... and of mean and variance */
bool trial_fused(const Trial *trial);   /* it writes an operation with a kernel */
bool trial_curved(const Trial *trial);
bool trial_derives(const Trial *trial);     /* backward is the derivative of forward */
bool trial_partitioned(const Trial *trial); /* no combination */

/* Measures the cells; again, where x or parameters have been changed. */
void trial_measure(Arena *arena, Trial *trial);

/* Scales of the values and of the first derivatives (the table of notes/15-checking.md): of
 * a partition by its cells, of a combination what rounding does to its program.
 * `definition`: of a program that forms x - mean in doubles. */
CheckBound trial_bound(Arena *arena, const Trial *trial, double digits, bool definition);
CheckBound trial_value_bound(Arena *arena, const Trial *trial, double digits,
                             bool definition);

/* ---- tally.c: comparisons that are no derivatives of one function ------------------ */

typedef struct Tally {
    Shape shape; /* of x: what has as many elements is named by its position in it */
    CheckReport report;
} Tally;

Tally tally_new(const Trial *trial);
/* |got - expected| <= allowed; `what` and `element` are named when it is not. 0 allowed: the
 * same value, NaN equal to NaN. */
void tally(Tally *t, const char *what, size_t element, double got, double expected,
           double allowed);
/* The same against 113 bits: the error is taken there. */
void tally_quad(Tally *t, const char *what, size_t element, double got, Quad expected,
                double allowed);
void tally_same(Tally *t, const char *what, const double *got, const double *expected,
                size_t count);
/* As tally_same, and the signs of zeros too. */
void tally_bits(Tally *t, const char *what, const double *got, const double *expected,
                size_t count);
/* The bits of y, of all gradients and of what was observed; what is NULL on either side is
 * not asked. `when` says which run it was. */
void tally_outcome(Tally *sum, const Trial *t, const char *when, const Outcome *got,
                   const Outcome *expected);
/* Values and gradients to so many eps of their scales, of the trial's own definition or
 * kernel. */
void tally_close(Tally *sum, const Trial *t, const Outcome *got, const Outcome *expected,
                 double digits, bool definition);
/* Of the two beside each other: a kernel promises digits of the largest in a cell, a definition
 * of each element, so that values may differ by both. */
void tally_texts(Tally *sum, const Trial *t, const Outcome *kernel, const Outcome *text,
                 double digits);
/* More about the worst. */
void report_remark(CheckReport *report, const char *text);

/* ---- diagnosis.c ------------------------------------------------------------------- */

/* Adds to a failed report which term of dx is likely missing or wrong. */
void trial_diagnose(Arena *arena, const Trial *trial, const double *dx,
                    CheckReport *report);

#endif
