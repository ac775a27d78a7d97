/* The runs of a collected study, planned anew from what its file says of them, and a cell of it
 * beside a run. */
#include "compare.h"

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

size_t compare_cell(Differences *to, const Grid *grid, size_t cell, const Record *record,
                    bool probes) {
    const bool judged =
        grid_setting(to->arena, grid, "mode") || grid_setting(to->arena, grid, "input");
    const size_t curves = compare_group(to, grid, "/metrics", cell, record, probes);
    return judged ? curves
                  : curves + compare_group(to, grid, "/results", cell, record, probes);
}
