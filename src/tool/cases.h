/* cases: what `check` says of cases that were judged. */
#ifndef NORMLAB_CASES_H
#define NORMLAB_CASES_H

#include "sheet.h"
#include "tool.h"

/* ---- check_print.c ------------------------------------------------------------------ */

void cases_print_names(const Cases *cases);
void cases_print_tables(const Cases *cases);

/* Counts, the worst of each place that does not pass, and what normalizers hold constant.
 * Returns how many failed. */
size_t cases_print_rest(const Cases *cases);
size_t cases_print_json(const Cases *cases); /* all of it */

/* ---- check_save.c ------------------------------------------------------------------- */

/* Cases, what the experiment `checking` measures and provenance into out/checking.h5
 * (published: data/), and its figures beside it (figures/). */
void cases_save(const Cases *cases, bool published);

#endif
