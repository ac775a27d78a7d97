/* value: how the values of a configuration are read and printed, kind by kind. */
#ifndef NORMLAB_VALUE_H
#define NORMLAB_VALUE_H

#include "config.h"

/* Range of a number. */
typedef struct Range {
    double least, most;
} Range;

/* `read` fills a field from a user's text: false and *error, which says what is expected.
 * `print` is canonical: what reads back as the same value. */
typedef struct ValueKind {
    bool (*read)(void *field, Arena *arena, const char *text, Range range,
                 BaseError *error);
    const char *(*print)(const void *field, Arena *arena);
} ValueKind;

extern const ValueKind value_count, value_number, value_flag, value_dataset, value_task,
    value_network, value_norm, value_schedule, value_optimizer, value_running,
    value_score, value_init, value_split, value_labels, value_sizes, value_learn,
    value_probes;

/* ---- schedule.c ------------------------------------------------------------------ */

bool schedule_read(Schedule *schedule, Arena *arena, const char *text, BaseError *error);
const char *schedule_print(const Schedule *schedule, Arena *arena);

/* ---- sizes.c ----------------------------------------------------------------------- */

bool sizes_read(Sizes *sizes, Arena *arena, const char *text, BaseError *error);
const char *sizes_print(const Sizes *sizes, Arena *arena);

/* ---- optimize.c ------------------------------------------------------------------ */

bool optimizer_read(Optimizer *optimizer, Arena *arena, const char *text,
                    BaseError *error);
const char *optimizer_print(const Optimizer *optimizer, Arena *arena);

#endif
