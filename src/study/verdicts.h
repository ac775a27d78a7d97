/* verdicts: what the registered claims come to, over the studies that there are. */
#ifndef NORMLAB_VERDICTS_H
#define NORMLAB_VERDICTS_H

#include "figure.h"
#include "gates.h"
#include "grid.h"
#include "ledger.h"

/* One primary contrast of a claim. Values in the unit that people read, points of percent. */
typedef struct Ruling {
    const Claim *claim;
    const Contrast *contrast;
    const Grid *grid; /* by the claim's measure; NULL: no study has its arms */
    Judgement judgement;
    size_t seeds;        /* that it was judged by */
    size_t looks;        /* how often it was looked at */
    bool exploratory;    /* by runs that were not made for it as it is registered */
    bool changed;        /* runs were made for it, and then its record was changed */
    bool lost;           /* another verdict is recorded than follows from the data */
    const char *why;     /* in words, where it is neither decided nor undecided; "" */
    const char *failing; /* its arms that do not beat the gate, "batch@1; batch@2"; "" */
    size_t runs;
    const char *const *run; /* [runs] identities */
} Ruling;

/* ---- verdicts.c ----------------------------------------------------------------------- */

/* All contrasts of the claims in the ledger, or of those of one id or experiment (NULL: all), in
 * their order: over the studies that are published, and the user's unless only the former are
 * wanted. What cannot be read ends the program. */
Ruling *study_verdicts(Arena *arena, const Ledger *ledger, const char *of, bool published,
                       size_t *count);

/* "batch@2 - batch@32", "A over B", "A; B; C". */
const char *ruling_contrast(Arena *arena, const Contrast *contrast);

/* Decimals in which its margin shows: 2, or 4 where that is below 0.05. */
static inline int ruling_decimals(const Contrast *contrast) {
    return contrast->of.margin < 0.05 ? 4 : 2;
}

/* The claim over one study; its contrasts are written to `to`. */
void claim_over(Arena *arena, Ruling *to, const Claim *claim, const Grid *grid);

/* ---- under.c ----------------------------------------------------------------------------- */

/* Whether a study's runs are under all settings of the claim's protocol, or those of one key (NULL:
 * all): they may be of more arms and points. */
bool study_is_under(Arena *arena, const Grid *grid, const Claim *claim, const char *only);

/* ---- draw_claims.c ---------------------------------------------------------------------- */

/* A forest plot to `path` (NULL: stdout); in units of each claim's margin. False and *error (65:
 * nothing was run for any). */
bool study_draw_claims(Arena *arena, const Ruling *ruling, size_t count, FigureForm form,
                       const char *path, BaseError *error);

/* ---- arms.c ----------------------------------------------------------------------------- */

/* Which seeds of a study are looked at. */
typedef struct View {
    Arena *arena;
    const Grid *grid; /* by the claim's measure */
    size_t seeds;
    const size_t *seed; /* [seeds] places in grid->seed */
} View;

bool has_arms(const Grid *grid, const Combination *c);
/* Of [series, points, seeds]: that of an arm that the study has. */
size_t cell_of(const Grid *grid, const Term *term, size_t seed);
/* The combination seed by seed, and block by block where the runs say it. */
Sample sample_of(const View *view, const Combination *c);

/* Whether the arm beats these gates (NULL: all), whichever way the metric rises, by the upper end
 * of the paired interval of the difference, over the seeds that are looked at. *why: which it does
 * not beat, or that nobody was asked. */
bool study_beats_gate(const View *view, const Combination *arm, const char *const *gates,
                      const char **why);

/* How often the same arm, paired with itself over other seeds, differs: k of n, over studies. */
typedef struct SameArm {
    size_t differ, pairs;
} SameArm;

void study_same_arm(Arena *arena, SameArm *to, const Grid *grid);

#endif
