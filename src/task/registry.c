/* Which tasks there are, and what each asks of data and networks. */
#include "house.h"
#include "task.h"

#include <string.h>

#define TASK(name) extern const TaskKind task_##name;
#include "task.def"
#undef TASK

static const TaskKind *const KINDS[] = {
#define TASK(name) &task_##name,
#include "task.def"
#undef TASK
};

const TaskKind *const *task_kinds(size_t *count) {
    *count = COUNT_OF(KINDS);
    return KINDS;
}

static bool fits(Task *task, const TaskKind *kind, const Dataset *data,
                 BaseError *error) {
    REQUIRE(kind->metrics > 0 && kind->metrics <= TASK_MOST_METRICS, "%s: %zu metrics",
            kind->name, kind->metrics);
    *task = (Task){.kind = kind,
                   .samples = data->samples ? data->samples : "samples",
                   .metrics = kind->metrics,
                   .scale = 1.0,
                   .ends = 1};
    memcpy(task->metric, kind->metric, kind->metrics * sizeof *kind->metric);
    return kind->bind(task, data, error);
}

bool task_bind(Task *task, const TaskKind *kind, const Dataset *data, BaseError *error) {
    BaseError own = {.set = false};
    char fitting[256] = "";
    if (fits(task, kind, data, &own)) return true;
    for (size_t i = 0; i < COUNT_OF(KINDS); i++) {
        Task other;
        BaseError quiet = {.set = false};
        const size_t at = strlen(fitting);
        if (fits(&other, KINDS[i], data, &quiet))
            snprintf(fitting + at, sizeof fitting - at, "%stask=%s",
                     at ? " or " : "; that fits: ", KINDS[i]->name);
    }
    return base_fail(error, own.code, 0, "task=%s: %s %s%s", kind->name, data->name,
                     own.message, fitting);
}

bool task_accepts(const Task *task, const Net *net, BaseError *error) {
    BaseError own = {.set = false};
    return task->kind->accepts(task, net, &own) ||
           base_fail(error, own.code, 0, "task=%s: %s %s", task->kind->name, net->spec,
                     own.message);
}

size_t task_block(size_t samples) {
    const size_t eighth = samples < 8 ? 1 : samples / 8;
    return samples < TASK_BLOCK ? eighth : TASK_BLOCK;
}

size_t task_metric(const Task *task, const char *name) {
    size_t i = 0;
    while (i < task->metrics && strcmp(task->metric[i].name, name) != 0) i++;
    return i;
}

/* ---- for kinds -------------------------------------------------------------------- */

static const char *const SORTS[] = {
    [DATA_BYTES] = "bytes", [DATA_REALS] = "reals", [DATA_LABELS] = "labels"};

const DataField *task_want(Task *task, const Dataset *data, const char *name,
                           DataType type, size_t rank, BaseError *error) {
    const DataField *field = dataset_field(data, name);
    char there[256] = "";
    for (size_t i = 0; i < data->fields; i++) {
        const size_t at = strlen(there);
        snprintf(there + at, sizeof there - at, "%s%s", i ? ", " : "",
                 data->field[i].name);
    }
    if (field == NULL) {
        base_fail(error, EX_USAGE, 0, "has no field '%s', but %s", name, there);
        return NULL;
    }
    if (field->type != type || field->shape.rank != rank) {
        base_fail(error, EX_USAGE, 0,
                  "has a field '%s' of %s on %zu axes; %s on %zu are expected", name,
                  SORTS[field->type], field->shape.rank, SORTS[type], rank);
        return NULL;
    }
    task->field = task->beside = (size_t)(field - data->field);
    return field;
}

bool task_on_input(const Dataset *data, const DataField *field, BaseError *error) {
    const Shape *image = &data->field[0].shape;
    const size_t *want = field->shape.size + field->shape.rank - 2,
                 *have = image->size + image->rank - 2;
    return (image->rank >= 2 && have[0] == want[0] && have[1] == want[1]) ||
           base_fail(error, EX_USAGE, 0, "has %ss of %zu x %zu beside other images",
                     field->name, want[0], want[1]);
}

bool task_one_output(const Task *task, const Net *net, size_t rank, BaseError *error) {
    const Shape *shape = &net->output[0].shape;
    if (net->outputs != 1)
        return base_fail(error, EX_USAGE, 0, "has %zu outputs; one is expected",
                         net->outputs);
    return (shape->rank == rank && shape->size[0] == task->outputs) ||
           base_fail(error, EX_USAGE, 0,
                     "gives %zu numbers on %zu axes; %zu on %zu are expected",
                     shape->size[0], shape->rank, task->outputs, rank);
}
