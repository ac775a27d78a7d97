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

/* What the rows ask of a run whose file is at `path`, judged now and kept nowhere; NULL: they ask for
 * nothing, or its training diverged. */
const Table *judged_now(Arena *arena, const Sweep *sweep, const Run *run,
                        const Record *record, const char *path);

/* Whether a run was judged so. */
bool judged_has(const Table *judged, const Judging *judging);

/* The run's record with the numbers that a row has of it in place of its own. Whose training
 * diverged is not judged, and stays as it is; so is that of a row that asks for nothing. */
const Record *judged_as(Arena *arena, const Run *run, const Record *record,
                        const Judging *judging, const Table *judged);

/* The same of what is kept; NULL: it is not judged. */
const Record *judged_record(Arena *arena, const Sweep *sweep, const Run *run,
                            const Record *record, const Judging *judging);

#endif
