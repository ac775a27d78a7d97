/* What the files of rows share. */
#ifndef NORMLAB_PROBE_ROWS_H
#define NORMLAB_PROBE_ROWS_H

#include "probe.h"

/* Whether these can see what they want, and their rows fit, in runs of so many steps an epoch. */
bool probes_have_room(const Config *config, const Net *net, const ProbeKind *const *kind,
                      size_t kinds, size_t steps, BaseError *error);

#endif
