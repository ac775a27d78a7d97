/* What probes saw: from a run into its file, from the runs of a sweep into the collected one, and
 * back. Runs differ in their steps, so that a collected row says in `step` which it is of. */
#include "sweep.h"

#include <math.h>
#include <string.h>

static const char GROUP[] = "/probes", SAYS[] = "what was measured inside the network";

static const char *group_of(Arena *arena, const char *kind) {
    return text_print(arena, "%s/%s", GROUP, kind);
}

static const char *const OVER[] = {[PROBE_WHOLE] = "",
                                   [PROBE_PLACES] = " place",
                                   [PROBE_BRANCHES] = " branch",
                                   [PROBE_WEIGHTS] = " weight"};

/* ---- of a run --------------------------------------------------------------------- */

static void add_scales(Table *t, const ProbeRows *rows) {
    static const char *const SAYS_OF[] = {[PROBE_PLACES] = "normalizer",
                                          [PROBE_BRANCHES] = "residual branch",
                                          [PROBE_WEIGHTS] = "weight"};
    const char *const *const names[] = {[PROBE_PLACES] = rows->place,
                                        [PROBE_BRANCHES] = rows->branch,
                                        [PROBE_WEIGHTS] = rows->weight};
    table_scale(t, "step", "steps done before it; the last: after the run's last",
                rows->step, rows->rows);
    for (const ProbeField *f = rows->kind->fields; f->name; f++) {
        const char *over = *OVER[f->over] ? OVER[f->over] + 1 : NULL;
        if (over && table_find(t, over) == NULL && probe_elements(rows, f) > 0)
            table_scale_text(t, over, SAYS_OF[f->over], names[f->over],
                             probe_elements(rows, f));
        if (f->axis && table_find(t, f->axis) == NULL)
            table_scale(t, f->axis, f->axis, f->at, f->wide);
    }
}

static void write_kind(Store *store, Arena *arena, const ProbeRows *rows) {
    Table t = table_new(arena, group_of(arena, rows->kind->name), rows->kind->title);
    add_scales(&t, rows);
    for (const ProbeField *f = rows->kind->fields; f->name; f++) {
        if (probe_elements(rows, f) == 0) continue; /* a network without normalizers */
        const char *axes = text_print(arena, "step%s%s%s", OVER[f->over],
                                      f->axis ? " " : "", f->axis ? f->axis : "");
        table_numbers(&t, f->name, f->says, axes,
                      probe_values(rows, arena, f->name, NULL))
            ->units = f->unit ? f->unit : "1";
    }
    table_write(&t, store);
    if (rows->kind->source) store_text(store, t.group, "source", rows->kind->source);
}

void probed_write(Store *store, Arena *arena, const Probes *probes) {
    const size_t kinds = probes_count(probes);
    if (kinds > 0) store_group(store, GROUP, SAYS);
    for (size_t i = 0; i < kinds; i++) {
        const ProbeRows rows = probes_rows(probes, i);
        write_kind(store, arena, &rows);
    }
}

/* ---- whether it has what is asked for ------------------------------------------------ */

static const Table *find_kind(const Record *r, const char *kind) {
    for (size_t i = 0; r && i < r->probes; i++)
        if (strcmp(r->probe_name[i], kind) == 0) return &r->probe[i];
    return NULL;
}

/* Of what was read: an axis of some field. */
static bool is_axis(const Table *t, const char *name) {
    for (size_t i = 0; i < t->fields; i++)
        for (size_t k = 0; k < t->field[i].rank; k++)
            if (strcmp(t->field[i].axis[k], name) == 0) return true;
    return false;
}

static bool has_step(const double *step, size_t rows, double wanted) {
    for (size_t i = 0; i < rows; i++)
        if (step[i] == wanted) return true;
    return false;
}

/* Every step that is due, or more; fields of as many rows. */
static bool has_rows(Arena *arena, const Table *t, const Config *config, size_t done,
                     BaseError *error) {
    size_t rows, count;
    const double *step = table_list(t, "step", &rows, error),
                 *due = probes_due(arena, config, done, &count);
    if (error->set) return false;
    for (size_t i = 0; i < count; i++) /* it diverged in its last step, or behind it */
        if (!has_step(step, rows, due[i]) &&
            !(i + 1 == count && has_step(step, rows, due[i] + 1.0)))
            return base_fail(error, EX_DATAERR, 0,
                             "keeps no row of %s at step %.0f, which is asked for",
                             t->group, due[i]);
    for (size_t i = 0; i < t->fields; i++) {
        const Field *f = &t->field[i];
        if (!is_axis(t, f->name) && (!f->number || f->rank < 1 || f->size[0] != rows))
            return base_fail(error, EX_DATAERR, 0, "%s/%s has not %zu rows", t->group,
                             f->name, rows);
    }
    return true;
}

bool probed_complete(Arena *arena, const Record *record, const Config *config,
                     size_t done, BaseError *error) {
    const ProbeKind *kind[PROBE_MOST_KINDS];
    size_t kinds;
    if (!probe_read(arena, config, kind, &kinds, error)) return false;
    for (size_t i = 0; i < kinds; i++) {
        const Table *t = find_kind(record, kind[i]->name);
        if (t == NULL)
            return base_fail(error, EX_DATAERR, 0,
                             "keeps no rows of the probe %s, which are asked for",
                             kind[i]->name);
        if (!has_rows(arena, t, config, done, error)) return false;
    }
    return true;
}

/* ---- of all runs ------------------------------------------------------------------------ */

/* A kind's tables, one for each cell of the sweep; NULL: it has none. */
typedef struct Cells {
    const Sweep *sweep;
    const Table **table; /* [cells] */
    size_t cells, rows;  /* rows: most of a run */
} Cells;

/* A study is a file that is passed on: of long runs it has every k-th row and the last, so that a
 * kind's stay below this. The runs' own files have all. */
enum { MOST_BYTES = 1 << 19 };

/* The steps themselves too. */
static bool has_all_rows(const Field *f, size_t rows) {
    return f->number && f->rank > 0 && f->size[0] == rows &&
           (strcmp(f->name, "step") == 0 || strcmp(f->axis[0], "step") == 0);
}

/* Doubles of a row. */
static size_t width_of(const Table *t) {
    const size_t rows = table_find(t, "step")->size[0];
    size_t width = 0;
    for (size_t i = 0; i < t->fields; i++)
        if (has_all_rows(&t->field[i], rows)) width += field_count(&t->field[i]) / rows;
    return width;
}

static const Table *thinned(Arena *arena, const Table *t, size_t every) {
    const size_t rows = table_find(t, "step")->size[0], kept = (rows - 2) / every + 2;
    Table *thin = TAKE(arena, Table, 1);
    *thin = *t;
    thin->field = TAKE(arena, Field, t->fields + 1);
    for (size_t i = 0; i < t->fields; i++) {
        Field *f = &thin->field[i];
        *f = t->field[i];
        if (!has_all_rows(f, rows)) continue;
        const size_t wide = field_count(f) / rows;
        double *number = TAKE(arena, double, kept *wide + 1);
        for (size_t r = 0; r < kept; r++) {
            const size_t from = r + 1 < kept ? r * every : rows - 1;
            memcpy(number + r * wide, f->number + from * wide, wide * sizeof *number);
        }
        f->number = number, f->size[0] = kept;
    }
    return thin;
}

static void thin_out(Arena *arena, Cells *c) {
    double bytes = 0.0;
    for (size_t i = 0; i < c->cells; i++)
        if (c->table[i])
            bytes = fmax(bytes, (double)(sizeof(double) * c->cells * c->rows *
                                         width_of(c->table[i])));
    const size_t every = (size_t)ceil(bytes / MOST_BYTES);
    if (every < 2 || c->rows < 3) return;
    c->rows = 0;
    for (size_t i = 0; i < c->cells; i++) {
        if (c->table[i] == NULL) continue;
        if (table_find(c->table[i], "step")->size[0] > 2)
            c->table[i] = thinned(arena, c->table[i], every);
        const size_t rows = table_find(c->table[i], "step")->size[0];
        if (rows > c->rows) c->rows = rows;
    }
}

static Cells cells_of(Arena *arena, const Sweep *sweep, const Record *const *record,
                      const char *kind) {
    Cells c = {.sweep = sweep, .cells = sweep->series * sweep->points * sweep->seeds};
    c.table = TAKE(arena, const Table *, c.cells + 1);
    for (size_t i = 0; i < c.cells; i++) {
        const Table *t = find_kind(record[sweep->run_of[i]], kind);
        const Field *step = t ? table_find(t, "step") : NULL;
        c.table[i] = step && step->number && step->rank == 1 ? t : NULL;
        if (c.table[i] && step->size[0] > c.rows) c.rows = step->size[0];
    }
    thin_out(arena, &c);
    return c;
}

/* Names of places, or weights, of all runs, in the order in which they come. */
static const char **names_of(Arena *arena, const Cells *c, const char *scale,
                             size_t *count) {
    const char **name = NULL;
    size_t room = 0;
    *count = 0;
    for (size_t i = 0; i < c->cells; i++) {
        const Field *f = c->table[i] ? table_find(c->table[i], scale) : NULL;
        for (size_t k = 0; f && f->text && k < f->size[0]; k++) {
            size_t at = 0;
            while (at < *count && strcmp(name[at], f->text[k]) != 0) at++;
            if (at < *count) continue;
            if (*count == room) {
                const char **more = TAKE(arena, const char *, 2 * room + 64);
                if (room > 0) memcpy(more, name, room * sizeof *more);
                name = more, room = 2 * room + 64;
            }
            name[(*count)++] = f->text[k];
        }
    }
    return name;
}

/* Where each name of a table stands among all; NULL: they are of no names. */
static const size_t *places_in(Arena *arena, const Table *all, const Table *one,
                               const char *scale) {
    const Field *to = table_find(all, scale), *from = table_find(one, scale);
    if (to == NULL || from == NULL) return NULL;
    size_t *at = TAKE(arena, size_t, from->size[0] + 1);
    for (size_t i = 0; i < from->size[0]; i++)
        for (at[i] = 0; strcmp(to->text[at[i]], from->text[i]) != 0;) at[i]++;
    return at;
}

/* A cell's numbers [rows, elements, wide] to where they belong among [c->rows, all, wide]. */
static void copy_cell(double *to, const Field *f, const size_t *place, size_t all,
                      size_t wide) {
    const size_t rows = f->size[0], elements = place ? f->size[1] : 1;
    for (size_t r = 0; r < rows; r++)
        for (size_t e = 0; e < elements; e++)
            memcpy(to + (r * all + (place ? place[e] : e)) * wide,
                   f->number + (r * elements + e) * wide, wide * sizeof *to);
}

static size_t size_of(const Table *t, const char *scale) {
    const Field *f = *scale ? table_find(t, scale) : NULL;
    return f ? f->size[0] : 1;
}

static bool is_named(const char *axis) {
    for (size_t i = PROBE_PLACES; i < COUNT_OF(OVER); i++)
        if (strcmp(OVER[i] + 1, axis) == 0) return true;
    return false;
}

/* One field of all cells, whose axes are known by one that has it. */
static void add_field(Table *t, const Cells *c, const Field *like) {
    Arena *arena = t->arena;
    const bool named = like->rank > 1 && is_named(like->axis[1]);
    const char *over = named ? like->axis[1] : "",
               *axis = like->rank > 1u + named ? like->axis[1 + named] : "";
    const size_t all = size_of(t, over), wide = size_of(t, axis),
                 each = c->rows * all * wide;
    double *values = TAKE(arena, double, c->cells *each + 1);
    for (size_t i = 0; i < c->cells * each; i++) values[i] = (double)NAN;
    for (size_t i = 0; i < c->cells; i++) {
        const Field *f = c->table[i] ? table_find(c->table[i], like->name) : NULL;
        if (f == NULL || f->number == NULL || f->rank != like->rank ||
            (*axis && f->size[f->rank - 1] != wide))
            continue;
        copy_cell(values + i * each, f,
                  named ? places_in(arena, t, c->table[i], over) : NULL, all, wide);
    }
    table_numbers(t, like->name, like->says,
                  text_print(arena, "series along seed row %s %s", over, axis), values)
        ->units = like->units ? like->units : "1";
}

static void add_steps(Table *t, const Cells *c) {
    double *values = TAKE(t->arena, double, c->cells * c->rows + 1);
    for (size_t i = 0; i < c->cells * c->rows; i++) values[i] = (double)NAN;
    for (size_t i = 0; i < c->cells; i++) {
        const Field *step = c->table[i] ? table_find(c->table[i], "step") : NULL;
        if (step)
            memcpy(values + i * c->rows, step->number, step->size[0] * sizeof *values);
    }
    table_index(t, "row", "rows of a run", c->rows);
    table_numbers(t, "step", "steps done before the row", "series along seed row",
                  values);
}

static void collect_kind(Store *store, Arena *arena, const Cells *c, const char *kind) {
    Table t = table_new(arena, group_of(arena, kind), "rows of each run, as it has them");
    sweep_scales(&t, c->sweep);
    add_steps(&t, c);
    for (size_t i = PROBE_PLACES; i < COUNT_OF(OVER); i++) {
        size_t count;
        const char *of = OVER[i] + 1, **name = names_of(arena, c, of, &count);
        if (count > 0) table_scale_text(&t, of, of, name, count);
    }
    for (size_t i = 0; i < c->cells; i++)
        for (size_t k = 0; c->table[i] && k < c->table[i]->fields; k++) {
            const Field *f = &c->table[i]->field[k];
            if (table_find(&t, f->name)) continue;
            if (is_axis(c->table[i], f->name) && f->number)
                table_scale(&t, f->name, f->says, f->number, f->size[0]);
        }
    for (size_t i = 0; i < c->cells; i++)
        for (size_t k = 0; c->table[i] && k < c->table[i]->fields; k++) {
            const Field *f = &c->table[i]->field[k];
            if (!is_axis(c->table[i], f->name) && f->number &&
                table_find(&t, f->name) == NULL)
                add_field(&t, c, f);
        }
    table_write(&t, store);
}

/* Kinds that some run is asked for. */
static size_t wanted(Arena *arena, const Sweep *sweep, const ProbeKind **kind) {
    BaseError error = {.set = false};
    bool wants[PROBE_MOST_KINDS] = {false};
    size_t all, found = 0;
    const ProbeKind *const *kinds = probe_kinds(&all);
    for (size_t i = 0; i < sweep->runs; i++) {
        const ProbeKind *own[PROBE_MOST_KINDS];
        size_t count;
        if (!probe_read(arena, &sweep->run[i].config, own, &count, &error)) continue;
        for (size_t k = 0; k < all; k++)
            for (size_t j = 0; j < count; j++) wants[k] |= own[j] == kinds[k];
    }
    for (size_t k = 0; k < all; k++)
        if (wants[k]) kind[found++] = kinds[k];
    return found;
}

void probed_collect(Store *store, Arena *arena, const Sweep *sweep,
                    const Record *const *record) {
    const ProbeKind *kind[PROBE_MOST_KINDS];
    const size_t kinds = wanted(arena, sweep, kind);
    bool some = false;
    for (size_t i = 0; i < kinds; i++) {
        const Cells c = cells_of(arena, sweep, record, kind[i]->name);
        if (c.rows == 0) continue;
        if (!some) store_group(store, GROUP, SAYS);
        some = true;
        collect_kind(store, arena, &c, kind[i]->name);
    }
}

/* ---- back ---------------------------------------------------------------------------------- */

bool grid_probe(const Grid *g, Arena *arena, const char *kind, const char *field,
                Probed *probed) {
    const Table t = grid_table(g, arena, group_of(arena, kind));
    const Field *f = table_find(&t, field), *step = table_find(&t, "step");
    const size_t cells = g->series * g->points * g->seeds;
    if (f == NULL || step == NULL) return false;
    if (f->number == NULL || f->rank < 4 || step->number == NULL || step->rank != 4 ||
        f->size[0] * f->size[1] * f->size[2] != cells || f->size[3] != step->size[3] ||
        field_count(step) != cells * step->size[3])
        die(EX_DATAERR, "%s: %s/%s does not have the sizes of its table", g->path,
            t.group, field);
    *probed = (Probed){.rows = f->size[3],
                       .elements = 1,
                       .wide = 1,
                       .step = step->number,
                       .values = f->number};
    for (size_t k = 4; k < f->rank; k++) {
        const Field *scale = table_find(&t, f->axis[k]);
        if (scale == NULL || scale->size[0] != f->size[k])
            die(EX_DATAERR, "%s: %s/%s has no scale %s", g->path, t.group, field,
                f->axis[k]);
        if (scale->text)
            probed->elements = f->size[k], probed->name = scale->text;
        else
            probed->wide = f->size[k], probed->at = scale->number;
    }
    return true;
}
