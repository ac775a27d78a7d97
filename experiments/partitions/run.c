/* Which elements share statistics?
 *
 * Nothing is run: `normlab plot partitions norm=SPEC,...` asks the normalizers for their
 * partitions. The figure is that of Wu and He 2018 (figure 2), for any spec.
 * notes/11-partitions.md
 */
#include "partitions.h"

/* The paper's four, and others that cut samples, positions or channels. */
static const char *const SPECS[] = {"batch",    "layer",
                                    "instance", "group(2)",
                                    "ghost(2)", "lattice(batch=2, size=2)",
                                    "position", "channels(0, 1, 0, 2, 2, 1)",
                                    NULL};

const Experiment experiment_partitions = {
    .name = "partitions",
    .question = "Which elements share statistics?",
    .specs = SPECS,
    .script = "cubes.gp",
    .draw = partitions_draw,
};
