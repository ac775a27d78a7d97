/* judged: rows of a study that are finished weights judged another way: what `normlab evaluate`
 * says of each run, as keys `mode` and `input` of the study ask for it. The runs are the same. */
#ifndef NORMLAB_JUDGED_H
#define NORMLAB_JUDGED_H

#include "sweep.h"

/* ---- words -------------------------------------------------------------------------- */

extern const ExperimentKey judged_keys[]; /* mode, input */
bool judged_is_key(const char *key);

/* A value of one of these in its one form; NULL and *error. */
const char *judged_canonical(Arena *arena, const char *key, const char *value,
                             BaseError *error);

bool judging_is_own(const Judging *judging); /* as the run's own end is */
bool judging_same(const Judging *a, const Judging *b);

/* ---- runs ---------------------------------------------------------------------------- */

/* Whether a row asks for it. */
bool judged_wanted(const Sweep *sweep);

/* Judges all finished runs as the rows ask, those that are not judged yet. What is wrong ends the
 * program. */
void judged_make(const Sweep *sweep);

/* The run's record with the row's numbers in place of its own; NULL: it is not judged. Whose training
 * diverged is not, and stays as it is. */
const Record *judged_record(Arena *arena, const Sweep *sweep, const Run *run,
                            const Record *record, const Judging *judging);

#endif
