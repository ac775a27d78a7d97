/* The runs of a collected study, planned anew from what its file says of them, and a cell of it
 * beside a run. */
#include "compare.h"
#include "judged.h"

#include <math.h>
#include <string.h>

/* ---- its runs ----------------------------------------------------------------------- */

static size_t lines_of(Arena *arena, const char *text, const char **line, size_t most) {
    size_t count = 0;
    while (*text && count < most) {
        const size_t length = strcspn(text, "\n");
        line[count++] = text_copy(arena, text, length);
        text += length + (text[length] == '\n');
    }
    return count;
}

const Sweep *study_again(Arena *arena, const Grid *grid) {
    enum { MOST = 256 };
    const char **line = TAKE(arena, const char *, MOST);
    const Wish wish = {.experiment = experiment_find(arena, grid->experiment),
                       .quick = grid->quick,
                       .settings = lines_of(arena, grid->recipe, line, MOST),
                       .setting = line};
    return study_plan(arena, &wish);
}

size_t study_cell(const Grid *grid, const char *id) {
    const size_t cells = grid->series * grid->points * grid->seeds;
    size_t i = 0;
    while (i < cells && strcmp(grid->run[i], id) != 0) i++;
    return i;
}

/* ---- a run again ---------------------------------------------------------------------------- */

/* Under a name that no run has, gone when it was read. */
bool run_again(Arena *arena, const Run *run, const Sweep *sweep, Again *to,
               BaseError *error) {
    Run again = *run;
    again.path = text_print(arena, "%s/%s.again.h5", runs_folder(arena), run->id);
    again.claims = "";
    if (run->config.init.path) {
        const Net *net = trainer_plan(arena, &again.config, run->dataset, error);
        again.begun = net ? run_begun(arena, &again.config, net, NULL, error) : NULL;
        if (again.begun == NULL) return false;
    }
    if (!place_folder(runs_folder(arena), error) || !place_remove(again.path, error))
        return false;
    const int status = run_execute(&again, processors(), true, NULL, NULL, NULL);
    if (status != EX_OK) {
        base_fail(error, status, 0, "%s was not computed to its end%s", run->id,
                  status == EX_TEMPFAIL ? ": another process is at it" : "");
        return false;
    }
    *to = (Again){.record = run_read(arena, &again, error)};
    if (to->record && sweep)
        to->judged = judged_now(arena, sweep, run, to->record, again.path);
    BaseError quiet = {.set = false};
    place_remove(again.path, &quiet);
    return to->record != NULL;
}

/* ---- a cell and a run --------------------------------------------------------------- */

/* What a field over series, along and seed has of one cell, its own axes alone; false: it is no
 * such field, or not of numbers. */
static bool field_of_cell(Field *to, const Field *from, const Grid *grid, size_t cell) {
    const size_t axes[] = {grid->series, grid->points, grid->seeds};
    size_t each = 1;
    if (from->number == NULL || from->rank < 3) return false;
    for (size_t i = 0; i < 3; i++)
        if (from->size[i] != axes[i]) return false;
    for (size_t i = 3; i < from->rank; i++) each *= from->size[i];
    *to = *from;
    to->rank = from->rank - 3;
    memmove(to->size, from->size + 3, to->rank * sizeof *to->size);
    to->number = from->number + cell * each;
    return true;
}

/* In a study what is shorter ends in NaN: as long as the run's is, if no number is cut off. */
static void shorten(Field *to, const Field *like) {
    if (to->rank != 1 || like == NULL || like->rank != 1) return;
    size_t count = to->size[0];
    while (count > like->size[0] && isnan(to->number[count - 1])) count--;
    to->size[0] = count;
}

static bool has_numbers(const Field *f) {
    size_t i = 0;
    while (i < field_count(f) && isnan(f->number[i])) i++;
    return i < field_count(f);
}

/* All that a group of the study says of the cell; how many numbers. */
static size_t compare_group(Differences *to, const Grid *grid, const char *group,
                            size_t cell, const Record *record, bool probes) {
    const Table t = grid_table(grid, to->arena, group);
    size_t numbers = 0;
    for (size_t i = 0; i < t.fields; i++) {
        const char *name = t.field[i].name;
        const bool block = strcmp(name, "test_block") == 0;
        const Table *run = block                            ? &record->blocks
                           : strcmp(group, "/metrics") == 0 ? &record->metrics
                                                            : &record->summary;
        const Field *like = table_find(run, block ? "test" : name);
        if (like && like->number == NULL) like = NULL; /* not judged so */
        Field one;
        if (!field_of_cell(&one, &t.field[i], grid, cell)) continue;
        if (!probes && compare_is_probed(record, name)) continue;
        shorten(&one, like);
        numbers += field_count(&one);
        if (like || has_numbers(&one))
            compare_field(to, text_print(to->arena, "%s/%s", group, name), &one, like);
    }
    return numbers;
}

/* What a cell's row, point or recipe says of one of these keys; NULL: nothing. */
static const char *asked_of(Arena *arena, const Grid *grid, size_t cell,
                            const char *key) {
    const size_t at = cell / grid->seeds;
    const char *single = grid_single(arena, grid, key),
               *word = text_print(arena, ", %s=", key),
               *row = strstr(grid->name[at / grid->points], word);
    if (single || grid_setting(arena, grid, key) == NULL) return single;
    if (row == NULL) return grid->along_text[at % grid->points];
    row += strlen(word);
    return text_copy(arena, row, strcspn(row, ","));
}

size_t compare_cells_again(Differences *to, const Grid *grid, const Run *run,
                           const Again *again, bool probes) {
    const size_t cells = grid->series * grid->points * grid->seeds;
    size_t numbers = 0;
    for (size_t i = 0; i < cells; i++) {
        if (strcmp(grid->run[i], run->id) != 0) continue;
        const Judging judging = {.mode = asked_of(to->arena, grid, i, "mode"),
                                 .input = asked_of(to->arena, grid, i, "input")};
        if (again->judged && !judged_has(again->judged, &judging)) continue;
        const Record *r =
            judged_as(to->arena, run, again->record, &judging, again->judged);
        numbers += compare_group(to, grid, "/metrics", i, r, probes) +
                   compare_group(to, grid, "/results", i, r, probes);
    }
    return numbers;
}
