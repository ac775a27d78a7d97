/* What normalizers learned and adapted, from the runs of a sweep into its collected file,
 * and back. One group /norms/seriesN for each row of the table that has any. */
#include "sweep.h"

#include <math.h>
#include <string.h>

/* Doubles of all such tables in one collected file: 1 MiB. */
enum { MOST_KEPT = 1 << 17, MOST_TABLES = LEARNED_MOST };

/* ---- one run's file -------------------------------------------------------------- */

/* One array of a layer, as the run has it. */
typedef struct Entry {
    const char *layer, *name;
    const char *reading, *choices, *long_name; /* NULL: it has none */
    size_t rows, count;                        /* count 0: one number a row */
    const double *epoch, *values;              /* [rows], [rows, count] */
} Entry;

typedef struct Entries {
    size_t count;
    Entry *entry;
} Entries;

static const char *attribute(const Store *store, Arena *arena, const char *path,
                             const char *name) {
    Error error = {.set = false};
    if (!store_has_attribute(store, path, name)) return NULL;
    const char *text = store_get_text(store, arena, path, name, &error);
    die_if(&error);
    return text;
}

static const double *numbers(const Store *store, Arena *arena, const char *path,
                             size_t *rank, size_t size[2]) {
    Error error = {.set = false};
    const double *data = store_get_array(store, arena, path, 2, rank, size, &error);
    die_if(&error);
    return data;
}

/* An axis, which is no result. */
static bool is_axis(const char *name) {
    const size_t length = strlen(name), end = strlen("_index");
    return strcmp(name, "epoch") == 0 ||
           (length > end && strcmp(name + length - end, "_index") == 0);
}

static void read_layer(Entries *all, const Store *store, Arena *arena,
                       const char *layer) {
    const char *group = text_print(arena, "/norms/%s", layer);
    size_t members, rank, size[2];
    const char **member = store_members(store, arena, group, &members);
    const char *axis = text_print(arena, "%s/epoch", group);
    const double *epoch = numbers(store, arena, axis, &rank, size);
    Entry *more = TAKE(arena, Entry, all->count + members + 1);
    if (all->count) memcpy(more, all->entry, all->count * sizeof *more);
    all->entry = more;
    for (size_t i = 0; i < members; i++) {
        if (is_axis(member[i])) continue;
        const char *path = text_print(arena, "%s/%s", group, member[i]);
        Entry entry = {.layer = layer, .name = member[i], .epoch = epoch};
        entry.values = numbers(store, arena, path, &rank, size);
        entry.rows = size[0];
        entry.count = rank == 2 ? size[1] : 0;
        entry.reading = attribute(store, arena, path, "reading");
        entry.choices = attribute(store, arena, path, "choices");
        entry.long_name = attribute(store, arena, path, "long_name");
        all->entry[all->count++] = entry;
    }
}

static Entries read_entries(Arena *arena, const Run *run) {
    Error error = {.set = false};
    Entries all = {0};
    size_t layers;
    Store *store = run_open(arena, run, &error);
    die_if(&error);
    const char **layer = store_members(store, arena, "/norms", &layers);
    for (size_t i = 0; i < layers; i++) read_layer(&all, store, arena, layer[i]);
    store_close(store);
    return all;
}

/* ---- the runs of a row of the table ---------------------------------------------- */

/* One array of a series over its runs, layers and epochs. */
typedef struct Table {
    const Entry *like; /* the longest of its layers: name, reading, choices */
    size_t *count;     /* [layers] elements */
    size_t *choices;   /* [layers] */
} Table;

typedef struct Series {
    size_t series, points, seeds, rows;
    const double *epoch; /* [rows] */
    Entries *runs;       /* [points, seeds] */
    size_t layers, most_layers;
    const char **layer;
    size_t tables;
    Table table[MOST_TABLES];
} Series;

static size_t lines_of(const char *text) {
    size_t lines = text != NULL;
    for (; text && *text; text++) lines += *text == '\n';
    return lines;
}

static void add_entry(Arena *arena, Series *s, const Entry *entry) {
    size_t i = 0, l = s->layers - 1;
    while (i < s->tables && strcmp(s->table[i].like->name, entry->name) != 0) i++;
    if (i == MOST_TABLES)
        die(EX_DATAERR, "/norms: more than %d arrays of one normalizer", MOST_TABLES);
    Table *table = &s->table[i];
    if (i == s->tables) {
        s->tables++;
        *table = (Table){entry, ZERO(arena, size_t, s->most_layers),
                         ZERO(arena, size_t, s->most_layers)};
    }
    table->count[l] = entry->count;
    table->choices[l] = lines_of(entry->choices);
    if (entry->count > table->like->count) table->like = entry;
}

static size_t run_of(const Sweep *sweep, size_t series, size_t i) {
    return sweep->run_of[series * sweep->points * sweep->seeds + i];
}

/* A row must have room in those of its table, which are as long as the longest of one run. */
static void want_alike(const Series *s, const Run *run, const Entries *entries) {
    for (size_t k = 0; k < entries->count; k++) {
        const Entry *e = &entries->entry[k];
        for (size_t i = 0; i < s->tables; i++) {
            const Entry *like = s->table[i].like;
            if (strcmp(like->name, e->name) == 0 && e->count > like->count)
                die(EX_DATAERR, "%s: %zu numbers of /norms/%s/%s, %zu in another run",
                    run->path, e->count, e->layer, e->name, like->count);
        }
    }
}

/* Of the run with the most rows: one that diverged has fewer, of the same epochs. */
static Series read_series(Arena *arena, const Sweep *sweep, size_t series,
                          const bool *there) {
    Series s = {.series = series,
                .points = sweep->same[series] ? 1 : sweep->points,
                .seeds = sweep->seeds};
    s.runs = TAKE(arena, Entries, s.points * s.seeds);
    const Entries *best = NULL;
    for (size_t i = 0; i < s.points * s.seeds; i++) {
        const size_t run = run_of(sweep, series, i);
        s.runs[i] = there[run] ? read_entries(arena, &sweep->run[run]) : (Entries){0};
        if (s.runs[i].count == 0) continue;
        if (best == NULL || s.runs[i].entry[0].rows > s.rows) best = &s.runs[i];
        s.rows = best->entry[0].rows;
    }
    if (best == NULL) return s;
    s.epoch = best->entry[0].epoch;
    s.most_layers = best->count;
    s.layer = TAKE(arena, const char *, best->count);
    for (size_t k = 0; k < best->count; k++) {
        const char *layer = best->entry[k].layer;
        if (k == 0 || strcmp(layer, s.layer[s.layers - 1]) != 0)
            s.layer[s.layers++] = layer;
        add_entry(arena, &s, &best->entry[k]);
    }
    for (size_t i = 0; i < s.points * s.seeds; i++)
        want_alike(&s, &sweep->run[run_of(sweep, series, i)], &s.runs[i]);
    return s;
}

/* Every k-th row and the last. */
static size_t rows_kept(size_t rows, size_t every) {
    return rows ? (rows - 1 + every - 1) / every + 1 : 0;
}

static size_t row_kept(size_t rows, size_t every, size_t i) {
    return i * every < rows ? i * every : rows - 1;
}

static size_t doubles_kept(const Series *series, size_t count, size_t every) {
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        const Series *s = &series[i];
        for (size_t t = 0; t < s->tables; t++)
            for (size_t l = 0; l < s->layers; l++)
                total += s->points * s->seeds * rows_kept(s->rows, every) *
                         (s->table[t].count[l] + 1);
    }
    return total;
}

static const Entry *find_entry(const Entries *run, const char *layer, const char *name) {
    for (size_t i = 0; i < run->count; i++)
        if (strcmp(run->entry[i].layer, layer) == 0 &&
            strcmp(run->entry[i].name, name) == 0)
            return &run->entry[i];
    return NULL;
}

/* A row; of counts since the row before, the sum over the rows that were left out. */
static void copy_row(double *to, const Entry *e, size_t after, size_t row) {
    const size_t count = e->count ? e->count : 1;
    if (row >= e->rows) return;
    memcpy(to, e->values + row * count, count * sizeof *to);
    for (size_t r = after + 1; e->count == 0 && r < row; r++) *to += e->values[r];
}

/* [points, seeds, layers, rows kept, elements], NaN where there is nothing. */
static double *table_values(Arena *arena, const Series *s, const Table *table,
                            size_t every) {
    const size_t kept = rows_kept(s->rows, every);
    const size_t width = table->like->count ? table->like->count : 1;
    const size_t total = s->points * s->seeds * s->layers * kept * width;
    double *values = TAKE(arena, double, total), *to = values;
    for (size_t i = 0; i < total; i++) values[i] = (double)NAN;
    for (size_t i = 0; i < s->points * s->seeds; i++)
        for (size_t l = 0; l < s->layers; l++) {
            const Entry *e = find_entry(&s->runs[i], s->layer[l], table->like->name);
            for (size_t r = 0; r < kept; r++, to += width)
                if (e)
                    copy_row(to, e, r ? row_kept(s->rows, every, r - 1) : 0,
                             row_kept(s->rows, every, r));
        }
    return values;
}

static double *as_doubles(Arena *arena, const size_t *values, size_t count) {
    double *numbers_of = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) numbers_of[i] = (double)values[i];
    return numbers_of;
}

static void put_table(Store *store, Arena *arena, const Series *s, const Table *table,
                      const char *group, size_t every) {
    const Entry *like = table->like;
    const char *index = text_print(arena, "%s_index", like->name);
    const char *axes[5], *path = text_print(arena, "%s/%s", group, like->name);
    size_t rank = 0;
    if (s->points > 1) axes[rank++] = "along";
    axes[rank++] = "seed";
    axes[rank++] = "layer";
    axes[rank++] = "epoch";
    if (like->count) axes[rank++] = index;
    if (like->count) {
        double *element = TAKE(arena, double, like->count);
        for (size_t i = 0; i < like->count; i++) element[i] = (double)i;
        store_scale(store, group, index, element, like->count, "1",
                    text_print(arena, "element of %s", like->name));
    }
    store_array(store, group, like->name, table_values(arena, s, table, every), rank,
                axes, "1", like->long_name ? like->long_name : like->name);
    if (like->reading == NULL) return;
    store_text(store, path, "reading", like->reading);
    if (like->choices == NULL) return;
    store_text(store, path, "choices", like->choices);
    store_array(store, group, text_print(arena, "%s_choices", like->name),
                as_doubles(arena, table->choices, s->layers), 1,
                (const char *const[]){"layer"}, "1",
                text_print(arena, "how many choices %s weighs", like->name));
}

static void put_series(Store *store, Arena *arena, const Sweep *sweep, const Series *s,
                       size_t every) {
    const char *group = text_print(arena, "/norms/series%zu", s->series + 1);
    const size_t kept = rows_kept(s->rows, every);
    double *epoch = TAKE(arena, double, kept);
    for (size_t r = 0; r < kept; r++) epoch[r] = s->epoch[row_kept(s->rows, every, r)];
    store_group(store, group, sweep->series_name[s->series]);
    store_integer(store, group, "series", (int64_t)s->series);
    if (s->points > 1)
        store_scale(store, group, "along", sweep->along, sweep->points, "1",
                    sweep->experiment->along_label);
    store_scale(store, group, "seed", sweep->seed, sweep->seeds, "1", "seed");
    store_scale_text(store, group, "layer", s->layer, s->layers,
                     "normalizer of the network");
    store_scale(store, group, "epoch", epoch, kept, "1", "epochs finished; 0: the start");
    for (size_t t = 0; t < s->tables; t++)
        put_table(store, arena, s, &s->table[t], group, every);
}

void put_learned(Store *store, Arena *arena, const Sweep *sweep, const bool *there) {
    Series *series = TAKE(arena, Series, sweep->series);
    size_t every = 1, longest = 0;
    for (size_t i = 0; i < sweep->series; i++) {
        series[i] = read_series(arena, sweep, i, there);
        if (series[i].rows > longest) longest = series[i].rows;
    }
    if (longest == 0) return;
    while (every + 1 < longest && doubles_kept(series, sweep->series, every) > MOST_KEPT)
        every++;
    store_group(store, "/norms",
                "what normalizers learned beside gamma and beta, and what they adapted");
    for (size_t i = 0; i < sweep->series; i++)
        if (series[i].tables) put_series(store, arena, sweep, &series[i], every);
}

/* ---- back ------------------------------------------------------------------------ */

typedef struct Reader {
    const Store *store;
    Arena *arena;
    const char *path, *group;
    size_t seeds, points; /* as the file's table has them */
} Reader;

static _Noreturn void refuse(const Reader *r, const char *name, const char *why) {
    die(EX_DATAERR, "%s: %s/%s %s", r->path, r->group, name, why);
}

static NormReading reading_of(const Reader *r, const char *name, const char *text) {
    if (text && strcmp(text, "map") == 0) return NORM_NUMBER;
    static const char *const names[] = {"number", "weight", "sigmoid", "softmax", "line"};
    for (size_t i = 0; text && i < COUNT_OF(names); i++)
        if (strcmp(text, names[i]) == 0) return (NormReading)i;
    if (text) refuse(r, name, "has an unknown reading");
    return NORM_NUMBER;
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

static const double *array_of(const Reader *r, const char *name, size_t *rank,
                              size_t size[5]) {
    Error error = {.set = false};
    const char *path = text_print(r->arena, "%s/%s", r->group, name);
    const double *data = store_get_array(r->store, r->arena, path, 5, rank, size, &error);
    die_if(&error);
    return data;
}

/* False: a scale, or how many choices there are. */
static bool is_table(const Reader *r, const char *name) {
    size_t rank;
    const char *path = text_print(r->arena, "%s/%s", r->group, name);
    const char **axis = store_axes(r->store, r->arena, path, &rank);
    return rank >= 3 && (strcmp(axis[0], "along") == 0 || strcmp(axis[0], "seed") == 0);
}

static void read_table(const Reader *r, const char *name, Learned *l) {
    size_t rank, size[5], ranks, choice_layers[5];
    const char *path = text_print(r->arena, "%s/%s", r->group, name);
    const char *said = attribute(r->store, r->arena, path, "reading");
    l->name = name;
    l->values = array_of(r, name, &rank, size);
    const char **axis = store_axes(r->store, r->arena, path, &rank);
    const bool along = strcmp(axis[0], "along") == 0;
    const size_t *n = size + along;
    l->points = along ? size[0] : 1;
    l->count = rank == 4 + (size_t)along ? n[3] : 0;
    if (rank < 3 + (size_t)along || n[0] != r->seeds || n[1] != l->layers ||
        n[2] != l->rows || (along && l->points != r->points))
        refuse(r, name, "does not have the sizes of its table");
    l->map = said && strcmp(said, "map") == 0;
    l->reading = reading_of(r, name, said);
    l->choice = split_lines(r->arena, attribute(r->store, r->arena, path, "choices"),
                            &l->choices);
    if (l->reading == NORM_NUMBER) return;
    l->choices_of =
        array_of(r, text_print(r->arena, "%s_choices", name), &ranks, choice_layers);
    if (ranks != 1 || choice_layers[0] != l->layers)
        refuse(r, name, "does not say how many choices each layer has");
    for (size_t i = 0; i < l->layers; i++)
        if (!(l->choices_of[i] >= 0.0 && l->choices_of[i] <= (double)l->choices))
            refuse(r, name, "has more choices than names of them");
}

static size_t read_group(const Reader *r, Learned *to, size_t series) {
    Error error = {.set = false};
    size_t members, rank, layers = 0, rows[5], found = 0;
    int64_t number = 0;
    const char **member = store_members(r->store, r->arena, r->group, &members);
    store_get_integer(r->store, r->group, "series", &number, &error);
    const char **layer = store_get_array_text(r->store, r->arena,
                                              text_print(r->arena, "%s/layer", r->group),
                                              1, &rank, &layers, &error);
    die_if(&error);
    if (rank != 1) refuse(r, "layer", "is no list");
    const double *epoch = array_of(r, "epoch", &rank, rows);
    if (number < 0 || (size_t)number >= series || rank != 1 || rows[0] == 0)
        refuse(r, "epoch", "is not of this table");
    for (size_t i = 0; i < members; i++) {
        if (!is_table(r, member[i])) continue;
        if (found == MOST_TABLES) refuse(r, member[i], "is one table too many");
        to[found] = (Learned){.series = (size_t)number,
                              .layers = layers,
                              .layer = layer,
                              .rows = rows[0],
                              .epoch = epoch};
        read_table(r, member[i], &to[found++]);
    }
    return found;
}

const Learned *grid_learned(const Store *store, Arena *arena, const Grid *grid,
                            size_t *count) {
    size_t groups;
    const char **group = store_members(store, arena, "/norms", &groups);
    Learned *all = TAKE(arena, Learned, groups * MOST_TABLES + 1);
    *count = 0;
    for (size_t i = 0; i < groups; i++) {
        const Reader r = {store,       arena,
                          grid->path,  text_print(arena, "/norms/%s", group[i]),
                          grid->seeds, grid->points};
        *count += read_group(&r, all + *count, grid->series);
    }
    return all;
}
