/* Losses of tasks before the oracles: functions of what a network gives, on each task's own example. */
#include "sheet.h"
#include "task.h"
#include "trial_kind.h"

#include "house.h"
#include "text.h"

#include <math.h>
#include <string.h>

/* ---- an example with its numbers ---------------------------------------------------- */

enum { OWN_DRAWS = (1 << 30) + 2, DRAW_OUTPUTS = 1 << 20, ONE_IN = 5 };

static Draw draw_of(uint64_t seed, uint64_t sample) {
    return (Draw){
        .seed = seed, .purpose = DRAW_CHECK, .epoch = OWN_DRAWS, .sample = sample};
}

static double *normals(Arena *arena, uint64_t seed, uint64_t sample, size_t count) {
    double *value = TAKE(arena, double, count + 1);
    for (size_t k = 0; k < count; k++) value[k] = draw_normal(draw_of(seed, sample), k);
    return value;
}

/* Classes; of what has many of them a fifth has none. */
static uint8_t *labels(Arena *arena, const DataField *field, uint64_t seed,
                       uint64_t sample, size_t count) {
    const Draw draw = draw_of(seed, sample);
    uint8_t *label = TAKE(arena, uint8_t, count + 1);
    for (size_t k = 0; k < count; k++) {
        const bool none = field->shape.rank > 0 && draw_below(draw, 2 * k, ONE_IN) == 0;
        label[k] =
            none ? DATA_IGNORED : (uint8_t)draw_below(draw, 2 * k + 1, field->classes);
    }
    return label;
}

static Shape of_samples(size_t samples, Shape shape) {
    Shape all = {.rank = shape.rank + 1, .size = {samples}};
    memcpy(all.size + 1, shape.size, shape.rank * sizeof *shape.size);
    return all;
}

static Batch example_batch(Arena *arena, const TaskExample *of, uint64_t seed) {
    Batch batch = {.count = of->samples};
    for (size_t k = 0; k < of->fields; k++) {
        const DataField *field = &of->field[k];
        batch.shape[k] = of_samples(of->samples, field->shape);
        const size_t count = shape_count(batch.shape[k]);
        if (field->type == DATA_LABELS)
            batch.label[k] =
                of->value[k] ? of->value[k] : labels(arena, field, seed, k, count);
        else
            batch.real[k] = of->value[k] ? of->value[k] : normals(arena, seed, k, count);
    }
    return batch;
}

/* ---- the function --------------------------------------------------------------------- */

typedef struct Loss {
    Task task;
    Batch batch;
} Loss;

static TapeNode *write_loss(Tape *tape, TapeNode *const *x, void *context) {
    const Loss *loss = context;
    return loss->task.kind->write(&loss->task, tape, x, &loss->batch);
}

CheckFunction task_function(Arena *arena, const TaskKind *kind, uint64_t seed) {
    const TaskExample *of = kind->example;
    REQUIRE(of, "%s has no example", kind->name);
    BaseError error = {.set = false};
    Dataset *data = ZERO(arena, Dataset, 1);
    data->name = "example";
    data->fields = of->fields;
    memcpy(data->field, of->field, of->fields * sizeof *of->field);
    data->train.count = of->samples;
    Loss *loss = ZERO(arena, Loss, 1);
    REQUIRE(task_bind(&loss->task, kind, data, &error), "%s", error.message);
    loss->task.ends = of->outputs;
    loss->batch = example_batch(arena, of, seed);
    CheckInput *input = TAKE(arena, CheckInput, of->outputs);
    for (size_t i = 0; i < of->outputs; i++) {
        const Shape shape = of_samples(of->samples, of->output[i].shape);
        input[i] =
            (CheckInput){of->output[i].name, shape,
                         normals(arena, seed, DRAW_OUTPUTS + i, shape_count(shape)), 1.0};
    }
    return (CheckFunction){kind->name, of->outputs, input, write_loss, loss, NULL};
}

/* ---- what has no class ------------------------------------------------------------------ */

/* Whether a place of field k has no class. */
static bool is_ignored(const Batch *batch, size_t k, size_t place) {
    return batch->label[k] && batch->label[k][place] == DATA_IGNORED;
}

/* The field to be told that lies place for place under output [N, K, places...]; fields: none. */
static size_t field_under(const TaskExample *of, size_t output) {
    const Shape out = of->output[output].shape;
    size_t k = 1; /* the first is what is seen */
    for (; k < of->fields; k++) {
        const Shape field = of->field[k].shape;
        if (of->field[k].type == DATA_LABELS && out.rank == field.rank + 1 &&
            memcmp(out.size + 1, field.size, field.rank * sizeof *field.size) == 0 &&
            field.rank > 0)
            break;
    }
    return k;
}

/* The outputs with other numbers, far away, where the field has no class; how many. */
static size_t change_ignored(Arena *arena, const TaskExample *of, const Batch *batch,
                             CheckInput *input, size_t output) {
    const size_t k = field_under(of, output);
    if (k == of->fields) return 0;
    const size_t K = of->output[output].shape.size[0],
                 L = shape_count(of->field[k].shape), all = of->samples * K * L;
    double *value = copy_of(arena, input[output].value, all);
    size_t changed = 0;
    for (size_t i = 0; i < all; i++)
        if (is_ignored(batch, k, i / (K * L) * L + i % L))
            value[i] = 1e3 - 2.0 * value[i], changed++;
    input[output].value = value;
    return changed;
}

static double loss_at(Arena *arena, const CheckFunction *f) {
    Tape *tape = tape_new(arena);
    TapeNode *x[NET_MOST_ENDS];
    for (size_t i = 0; i < f->inputs; i++)
        x[i] = tape_leaf(tape, f->input[i].shape, f->input[i].value);
    return f->write(tape, x, f->context)->value[0];
}

static const SheetRow IGNORED = {
    "ignored", "what is given where there is no class moves no bit of the loss", 0,
    "norm"};

/* Whether any output has places without class. */
static bool has_ignored(const TaskKind *kind) {
    for (size_t i = 0; i < kind->example->outputs; i++)
        if (field_under(kind->example, i) < kind->example->fields) return true;
    return false;
}

static CheckReport judge_ignored(Arena *arena, const CheckFunction *f,
                                 const TaskKind *kind, uint64_t seed) {
    const Loss *loss = f->context;
    CheckFunction other = *f;
    CheckInput *input = TAKE(arena, CheckInput, f->inputs);
    memcpy(input, f->input, f->inputs * sizeof *input);
    CheckReport report = {.seed = seed, .element = SIZE_MAX, .output = SIZE_MAX};
    for (size_t i = 0; i < f->inputs; i++)
        report.compared += change_ignored(arena, kind->example, &loss->batch, input, i);
    other.input = input;
    report.got = loss_at(arena, &other), report.expected = loss_at(arena, f);
    report.error = fabs(report.got - report.expected);
    if (report.error == 0 && report.compared > 0) return report;
    report.verdict = CHECK_FAIL;
    snprintf(report.reason, sizeof report.reason, "%s",
             report.compared ? "the loss moved" : "the example has no such places");
    return report;
}

/* ---- the table -------------------------------------------------------------------------- */

static const TaskKind *kind_of(const char *name) {
    size_t count, i = 0;
    const TaskKind *const *kind = task_kinds(&count);
    while (i < count && strcmp(kind[i]->name, name) != 0) i++;
    return i < count ? kind[i] : NULL;
}

static bool applies(const SheetCase *job) {
    return job->row + 1 < job->sheet->rows || has_ignored(kind_of(sheet_column(job)));
}

static const char *case_name(Arena *arena, const SheetCase *job) {
    return text_print(arena, "loss.%s.%s", sheet_column(job), sheet_row(job)->name);
}

static Finding judge(const SheetCase *job, uint64_t seed) {
    Arena *arena = arena_new();
    const TaskKind *kind = kind_of(sheet_column(job));
    const CheckFunction f = task_function(arena, kind, seed);
    const CheckReport report = job->row + 1 < job->sheet->rows
                                   ? net_judge(arena, job->row, &f, seed)
                                   : judge_ignored(arena, &f, kind, seed);
    const Finding finding = finding_of(&report, NORM_TRAIN, DATA_PLAIN);
    arena_free(arena);
    return finding;
}

Sheet sheet_of_tasks(Arena *arena) {
    static const SheetOther other = {
        "task", "the loss of", NULL,
        "losses of tasks as functions of what a network gives"};
    static const Shape shape = {0, {0}};
    Sheet sheet = {.other = &other,
                   .column = TAKE(arena, const char *, SHEET_MOST),
                   .shapes = 1,
                   .shape = &shape,
                   .applies = applies,
                   .name = case_name,
                   .judge = judge};
    size_t rows;
    const SheetRow *of_nets = net_rows(arena, &rows);
    SheetRow *row = TAKE(arena, SheetRow, rows + 1);
    memcpy(row, of_nets, rows * sizeof *row);
    row[rows] = IGNORED;
    sheet.row = row, sheet.rows = rows + 1;
    return sheet;
}

bool sheet_add_task(Sheet *sheet, const char *task, BaseError *error) {
    if (kind_of(task) == NULL) return base_fail(error, EX_USAGE, 0, "no task '%s'", task);
    REQUIRE(sheet->columns < SHEET_MOST, "more than %d tasks", SHEET_MOST);
    sheet->column[sheet->columns++] = kind_of(task)->name;
    return true;
}
