/* What normalizers learned and adapted, from the runs of a sweep into its collected file,
 * and back. One group /norms/seriesN for each row of the table that has any. */
#include "sweep.h"

#include <string.h>

/* Doubles of all such tables in one collected file: 1 MiB. */
enum { MOST_KEPT = 1 << 17 };

bool learned_is_axis(const char *name) {
    const size_t length = strlen(name), end = strlen("_index");
    return strcmp(name, "epoch") == 0 ||
           (length > end && strcmp(name + length - end, "_index") == 0);
}

static size_t lines_of(const char *text) {
    size_t lines = text != NULL;
    for (; text && *text; text++) lines += *text == '\n';
    return lines;
}

/* ---- the runs of a row of the table ---------------------------------------------- */

/* A row's runs, and what is kept of their epochs. */
typedef struct Row {
    Arena *arena;
    size_t runs; /* points (1: one run serves all) x seeds */
    size_t seeds;
    const Record **record; /* [runs] NULL: not finished */
    const Record *longest; /* of most epochs: one that diverged has fewer; NULL: none */
    const double *epoch;   /* of it */
    size_t epochs, every;  /* every so many is kept, and the last */
} Row;

static Row row_of(Arena *arena, const Sweep *sweep, const Record *const *record,
                  size_t series) {
    const size_t points = sweep->same[series] ? 1 : sweep->points;
    Row row = {.arena = arena, .runs = points * sweep->seeds, .seeds = sweep->seeds};
    row.record = TAKE(arena, const Record *, row.runs);
    for (size_t i = 0; i < row.runs; i++) {
        const Record *r =
            record[sweep->run_of[series * sweep->points * sweep->seeds + i]];
        const Field *epoch = r && r->layers ? table_find(r->layer, "epoch") : NULL;
        row.record[i] = r;
        if (epoch == NULL || epoch->size[0] <= row.epochs) continue;
        row.longest = r;
        row.epoch = epoch->number, row.epochs = epoch->size[0];
    }
    return row;
}

static size_t epochs_kept(const Row *row) {
    return row->epochs ? (row->epochs + row->every - 2) / row->every + 1 : 0;
}

static size_t epoch_kept(const Row *row, size_t i) {
    return i * row->every < row->epochs ? i * row->every : row->epochs - 1;
}

/* Doubles of the table's epochs, about. */
static size_t doubles_kept(const Row *row) {
    size_t each = 0;
    for (size_t l = 0; row->longest && l < row->longest->layers; l++)
        for (size_t k = 0; k < row->longest->layer[l].fields; k++) {
            const Field *f = &row->longest->layer[l].field[k];
            if (!learned_is_axis(f->name)) each += field_count(f) / row->epochs + 1;
        }
    return row->runs * epochs_kept(row) * each;
}

static size_t wide_of(const Field *f) {
    return f->rank > 1 ? f->size[1] : 1;
}

/* A field's epochs that are kept; of counts since the epoch before, the sum over those that
 * were left out. */
static const Field *thinned(const Row *row, const Field *f) {
    const size_t rows = f->size[0], wide = wide_of(f);
    double *to = TAKE(row->arena, double, epochs_kept(row) * wide + 1);
    Field *thin = TAKE(row->arena, Field, 1);
    *thin = *f;
    thin->number = to;
    thin->size[0] = 0;
    for (size_t i = 0; i < epochs_kept(row) && epoch_kept(row, i) < rows;
         i++, to += wide) {
        const size_t at = epoch_kept(row, i);
        memcpy(to, f->number + at * wide, wide * sizeof *to);
        for (size_t r = i ? epoch_kept(row, i - 1) + 1 : 0; f->rank == 1 && r < at; r++)
            *to += f->number[r];
        thin->size[0]++;
    }
    return thin;
}

static const Table *find_layer(const Record *r, const char *layer) {
    for (size_t i = 0; r && i < r->layers; i++)
        if (strcmp(r->name[i], layer) == 0) return &r->layer[i];
    return NULL;
}

/* The widest of a name, in whichever layer. */
static size_t widest(const Record *r, const char *name) {
    size_t wide = 0;
    for (size_t l = 0; l < r->layers; l++) {
        const Field *f = table_find(&r->layer[l], name);
        if (f && wide_of(f) > wide) wide = wide_of(f);
    }
    return wide;
}

static const Field *field_in(const Record *r, const char *layer, const char *name) {
    const Table *found = find_layer(r, layer);
    return found ? table_find(found, name) : NULL;
}

/* Runs that differ in their seed alone learn as many numbers. */
static void require_width(const Row *row, size_t i, const char *layer, const Field *f,
                          size_t most) {
    const Table *own = find_layer(row->record[i], layer);
    if (wide_of(f) > most)
        die(EX_DATAERR, "%s: %zu numbers of %s/%s, %zu in another run", own->file,
            wide_of(f), own->group, f->name, most);
    for (size_t k = i - i % row->seeds; k < i; k++) {
        const Field *beside = field_in(row->record[k], layer, f->name);
        if (beside && wide_of(beside) != wide_of(f))
            die(EX_DATAERR, "%s: %zu numbers of %s/%s, %zu in %s", own->file, wide_of(f),
                own->group, f->name, wide_of(beside),
                find_layer(row->record[k], layer)->file);
    }
}

/* One field of all layers and runs. */
static void add_learned(Table *t, const Row *row, const char *axes, const Field *like) {
    const Record *all = row->longest;
    const size_t most = widest(all, like->name);
    const Field **from = TAKE(t->arena, const Field *, row->runs * all->layers);
    double *choices = ZERO(t->arena, double, all->layers);
    for (size_t i = 0; i < row->runs; i++)
        for (size_t l = 0; l < all->layers; l++) {
            const Field *f = field_in(row->record[i], all->name[l], like->name);
            if (f) require_width(row, i, all->name[l], f, most);
            from[i * all->layers + l] = f ? thinned(row, f) : NULL;
            if (f && row->record[i] == all) choices[l] = (double)lines_of(f->choices);
        }
    const Field *field = table_stack(
        t, from, axes,
        like->rank > 1 ? text_print(t->arena, "epoch %s_index", like->name) : "epoch");
    if (field->choices)
        table_numbers(t, text_print(t->arena, "%s_choices", like->name),
                      text_print(t->arena, "how many choices %s weighs", like->name),
                      "layer", choices);
}

static void write_row(Store *store, const Sweep *sweep, const Row *row, size_t series) {
    Arena *arena = row->arena;
    const bool along = !sweep->same[series] && sweep->points > 1;
    const Record *all = row->longest;
    double *epoch = TAKE(arena, double, epochs_kept(row));
    for (size_t i = 0; i < epochs_kept(row); i++)
        epoch[i] = row->epoch[epoch_kept(row, i)];
    Table t = table_new(arena, text_print(arena, "/norms/series%zu", series + 1),
                        sweep->series_name[series]);
    if (along)
        table_scale(&t, "along", sweep->experiment->along_label, sweep->along,
                    sweep->points);
    table_scale(&t, "seed", "seed", sweep->seed, sweep->seeds);
    table_scale_text(&t, "layer", "normalizer of the network", all->name, all->layers);
    table_scale(&t, "epoch", "epochs finished; 0: the start", epoch, epochs_kept(row));
    for (size_t l = 0; l < all->layers; l++)
        for (size_t k = 0; k < all->layer[l].fields; k++) {
            const Field *f = &all->layer[l].field[k];
            if (!learned_is_axis(f->name) && table_find(&t, f->name) == NULL)
                add_learned(&t, row, along ? "along seed layer" : "seed layer", f);
        }
    table_write(&t, store);
    store_integer(store, t.group, "series", (int64_t)series);
}

void learned_write(Store *store, Arena *arena, const Sweep *sweep,
                   const Record *const *record) {
    Row *row = TAKE(arena, Row, sweep->series);
    size_t every = 1, longest = 0, total;
    for (size_t i = 0; i < sweep->series; i++) {
        row[i] = row_of(arena, sweep, record, i);
        longest = row[i].epochs > longest ? row[i].epochs : longest;
    }
    if (longest == 0) return;
    do {
        total = 0;
        for (size_t i = 0; i < sweep->series; i++) {
            row[i].every = every;
            total += doubles_kept(&row[i]);
        }
    } while (total > MOST_KEPT && ++every < longest);
    store_group(store, "/norms",
                "what normalizers learned beside gamma and beta, and what they adapted");
    for (size_t i = 0; i < sweep->series; i++)
        if (row[i].longest) write_row(store, sweep, &row[i], i);
}

/* ---- back ------------------------------------------------------------------------ */

static _Noreturn void refuse(const Table *t, const char *name, const char *why) {
    die(EX_DATAERR, "%s: %s/%s %s", t->file, t->group, name, why);
}

static NormReading reading_of(const Table *t, const Field *f) {
    if (f->reading == NULL || strcmp(f->reading, "map") == 0) return NORM_NUMBER;
    for (size_t i = 0; i <= NORM_LINE; i++)
        if (strcmp(f->reading, study_readings[i]) == 0) return (NormReading)i;
    refuse(t, f->name, "has an unknown reading");
}

static const char **split_lines(Arena *arena, const char *text, size_t *count) {
    const char **line = TAKE(arena, const char *, lines_of(text) + 1);
    for (*count = 0; text; (*count)++) {
        const char *end = strchr(text, '\n');
        line[*count] = text_copy(arena, text, end ? (size_t)(end - text) : strlen(text));
        text = end ? end + 1 : NULL;
    }
    return line;
}

/* Of rows of epochs over seeds and layers; false: a scale, or how many choices there are. */
static bool is_learned(const Field *f) {
    return f->number && f->rank >= 3 &&
           (strcmp(f->axis[0], "along") == 0 || strcmp(f->axis[0], "seed") == 0);
}

/* The rest of a table that knows its layers and epochs. */
static void read_learned(const Table *t, const Grid *g, const Field *f, Learned *l) {
    const bool along = strcmp(f->axis[0], "along") == 0;
    const size_t *n = f->size + along;
    BaseError error = {.set = false};
    l->name = f->name;
    l->values = f->number;
    l->points = along ? f->size[0] : 1;
    l->count = f->rank == 4 + (size_t)along ? n[3] : 0;
    if (f->rank < 3 + (size_t)along || n[0] != g->seeds || n[1] != l->layers ||
        n[2] != l->rows || (along && l->points != g->points))
        refuse(t, f->name, "does not have the sizes of its table");
    l->map = f->reading && strcmp(f->reading, "map") == 0;
    l->reading = reading_of(t, f);
    l->choice = split_lines(t->arena, f->choices, &l->choices);
    if (l->reading == NORM_NUMBER) return;
    l->choices_of =
        table_array(t, text_print(t->arena, "%s_choices", f->name), l->layers, &error);
    die_if(&error);
    for (size_t i = 0; i < l->layers; i++)
        if (!(l->choices_of[i] >= 0.0 && l->choices_of[i] <= (double)l->choices))
            refuse(t, f->name, "has more choices than names of them");
}

static size_t read_row(const Grid *g, const Table *t, Learned *to) {
    BaseError error = {.set = false};
    size_t found = 0;
    Learned like = {.series = SIZE_MAX};
    like.layer = table_names(t, "layer", &like.layers, &error);
    like.epoch = table_list(t, "epoch", &like.rows, &error);
    die_if(&error);
    text_to_count(table_fact(t, "series", ""), &like.series);
    if (like.series >= g->series || like.rows == 0)
        refuse(t, "epoch", "is not of this table");
    for (size_t i = 0; i < t->fields; i++) {
        if (!is_learned(&t->field[i])) continue;
        if (found == LEARNED_MOST) refuse(t, t->field[i].name, "is one table too many");
        to[found] = like;
        read_learned(t, g, &t->field[i], &to[found++]);
    }
    return found;
}

const Learned *grid_learned(const Store *store, Arena *arena, const Grid *grid,
                            size_t *count) {
    size_t groups;
    const char **group = store_members(store, arena, "/norms", &groups);
    Learned *all = TAKE(arena, Learned, groups * LEARNED_MOST + 1);
    *count = 0;
    for (size_t i = 0; i < groups; i++) {
        BaseError error = {.set = false};
        const Table t =
            table_read(store, arena, text_print(arena, "/norms/%s", group[i]), &error);
        die_if(&error);
        *count += read_row(grid, &t, all + *count);
    }
    return all;
}
