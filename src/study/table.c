/* Results: made, stacked, written and read in one form. */
#include "table.h"
#include "text.h"

#include <math.h>
#include <string.h>

size_t field_count(const Field *f) {
    size_t count = 1;
    for (size_t k = 0; k < f->rank; k++) count *= f->size[k];
    return count;
}

bool field_is_scale(const Field *f) {
    return f->rank == 1 && strcmp(f->axis[0], f->name) == 0;
}

const Field *table_find(const Table *t, const char *name) {
    for (size_t i = 0; i < t->fields; i++)
        if (strcmp(t->field[i].name, name) == 0) return &t->field[i];
    return NULL;
}

/* ---- making ------------------------------------------------------------------------ */

Table table_new(Arena *arena, const char *group, const char *says) {
    return (Table){.arena = arena, .group = group, .says = says};
}

static Field *add_field(Table *t, Field field) {
    if (t->fields == t->room) {
        Field *more = TAKE(t->arena, Field, 2 * t->room + 4);
        if (t->fields) memcpy(more, t->field, t->fields * sizeof *more);
        t->field = more, t->room = 2 * t->room + 4;
    }
    t->field[t->fields] = field;
    return &t->field[t->fields++];
}

void table_scale(Table *t, const char *name, const char *says, const double *values,
                 size_t count) {
    add_field(t, (Field){name, says, "1", 1, {count}, {name}, values, NULL, NULL, NULL});
}

void table_scale_text(Table *t, const char *name, const char *says,
                      const char *const *values, size_t count) {
    add_field(t, (Field){name, says, NULL, 1, {count}, {name}, NULL, values, NULL, NULL});
}

void table_index(Table *t, const char *name, const char *says, size_t count) {
    double *number = TAKE(t->arena, double, count + 1);
    for (size_t i = 0; i < count; i++) number[i] = (double)i;
    table_scale(t, name, says, number, count);
}

/* The axes' names into the field, and their sizes. */
static void set_axes(const Table *t, Field *f, const char *axes) {
    for (; *axes; axes += strspn(axes, " ")) {
        const size_t length = strcspn(axes, " ");
        const char *name = text_copy(t->arena, axes, length);
        const Field *scale = table_find(t, name);
        REQUIRE(f->rank < TABLE_RANK && scale && field_is_scale(scale),
                "%s/%s: no scale '%s'", t->group, f->name, name);
        f->axis[f->rank] = scale->name;
        f->size[f->rank++] = scale->size[0];
        axes += length;
    }
}

Field *table_numbers(Table *t, const char *name, const char *says, const char *axes,
                     const double *values) {
    Field field = {.name = name, .says = says, .units = "1", .number = values};
    set_axes(t, &field, axes);
    return add_field(t, field);
}

Field *table_texts(Table *t, const char *name, const char *says, const char *axes,
                   const char *const *values) {
    Field field = {.name = name, .says = says, .text = values};
    set_axes(t, &field, axes);
    return add_field(t, field);
}

/* What a cell has of so many rows of so many, the rest as it is. */
static void copy_cell(double *to, const Field *from, size_t rows, size_t wide) {
    const size_t has = from->rank ? from->size[0] : 1,
                 each = has ? field_count(from) / has : 0;
    for (size_t r = 0; r < has && r < rows; r++)
        memcpy(to + r * wide, from->number + r * each,
               (each < wide ? each : wide) * sizeof *to);
}

Field *table_stack(Table *t, const Field *const *from, const char *axes,
                   const char *own) {
    Field field = {.units = "1"};
    set_axes(t, &field, axes);
    const size_t cells = field_count(&field);
    size_t rows = 0, wide = 0;
    for (size_t i = 0; i < cells; i++) {
        const Field *f = from[i];
        if (f == NULL) continue;
        const size_t has = f->rank ? f->size[0] : 1,
                     each = has ? field_count(f) / has : 0;
        if (field.name == NULL || each > wide)
            field.name = f->name, field.says = f->says, field.reading = f->reading,
            field.choices = f->choices;
        rows = has > rows ? has : rows, wide = each > wide ? each : wide;
    }
    const char *index = strrchr(own, ' ') ? strrchr(own, ' ') + 1 : own;
    if (*own && table_find(t, index) == NULL)
        table_index(t, index, text_print(t->arena, "element of %s", field.name), wide);
    const size_t before = field.rank;
    set_axes(t, &field, own);
    if (field.rank > before) { /* the scales say how much there is room for */
        rows = field.size[before];
        wide = field.rank > before + 1 ? field.size[before + 1] : 1;
    }
    double *values = TAKE(t->arena, double, cells *rows *wide);
    for (size_t i = 0; i < cells * rows * wide; i++) values[i] = (double)NAN;
    for (size_t i = 0; i < cells; i++)
        if (from[i]) copy_cell(values + i * rows * wide, from[i], rows, wide);
    field.number = values;
    return add_field(t, field);
}

/* ---- writing ------------------------------------------------------------------------ */

static void write_scale(const Field *f, Store *store, const char *group) {
    if (f->text)
        store_scale_text(store, group, f->name, f->text, f->size[0], f->says);
    else
        store_scale(store, group, f->name, f->number, f->size[0], f->units, f->says);
}

void table_write(const Table *t, Store *store) {
    store_group(store, t->group, t->says);
    for (size_t i = 0; i < t->fields; i++) {
        const Field *f = &t->field[i];
        const char *path = text_print(t->arena, "%s/%s", t->group, f->name);
        if (field_is_scale(f))
            write_scale(f, store, t->group);
        else if (f->text)
            store_array_text(store, t->group, f->name, f->text, f->rank, f->axis,
                             f->says);
        else
            store_array(store, t->group, f->name, f->number, f->rank, f->axis, f->units,
                        f->says);
        if (f->reading) store_text(store, path, "reading", f->reading);
        if (f->choices) store_text(store, path, "choices", f->choices);
    }
    if (t->plot) store_plot(store, t->group, t->plot);
}

/* ---- reading ------------------------------------------------------------------------ */

/* Of those that it has; NULL: it has no such. */
static const char *attribute(const Table *t, const Store *store, const char *path,
                             const char *const *has, size_t count, const char *name,
                             BaseError *error) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(has[i], name) == 0)
            return store_get_text(store, t->arena, path, name, error);
    return NULL;
}

static void read_field(Table *t, const Store *store, const char *name, BaseError *error) {
    const char *path = text_print(t->arena, "%s/%s", t->group, name);
    const StoreKind kind = store_kind(store, path);
    size_t axes, rank = 0;
    Field f = {.name = name};
    if (kind != STORE_TEXT && kind != STORE_NUMBER && kind != STORE_INTEGER &&
        kind != STORE_LOST)
        return;
    if (kind == STORE_TEXT)
        f.text =
            store_get_array_text(store, t->arena, path, TABLE_RANK, &rank, f.size, error);
    else
        f.number =
            store_get_array(store, t->arena, path, TABLE_RANK, &rank, f.size, error);
    if (error->set) return;
    f.rank = rank;
    const char **axis = store_axes(store, t->arena, path, &axes);
    for (size_t k = 0; k < rank && k < axes; k++) f.axis[k] = axis[k];
    size_t count;
    const char **has = store_attributes(store, t->arena, path, &count);
    f.says = attribute(t, store, path, has, count, "long_name", error);
    f.reading = attribute(t, store, path, has, count, "reading", error);
    f.choices = attribute(t, store, path, has, count, "choices", error);
    add_field(t, f);
}

/* A number as its shortest text. */
static void read_fact(Table *t, const Store *store, const char *name, BaseError *error) {
    const StoreKind kind = store_attribute_kind(store, t->group, name);
    const char *text = NULL;
    double number;
    if (kind == STORE_TEXT)
        text = store_get_text(store, t->arena, t->group, name, error);
    else if ((kind == STORE_INTEGER || kind == STORE_NUMBER) &&
             store_get_number(store, t->group, name, &number, error))
        text = text_number(t->arena, number);
    if (text) t->fact[t->facts++] = (Fact){name, text};
}

Table table_read(const Store *store, Arena *arena, const char *group, BaseError *error) {
    Table t = table_new(arena, group, NULL);
    t.file = text_print(arena, "%s", store_path(store)); /* which outlives the store */
    size_t members, facts;
    const char **member = store_members(store, arena, group, &members),
               **fact = store_attributes(store, arena, group, &facts);
    t.fact = TAKE(arena, Fact, facts + 1);
    for (size_t i = 0; i < facts && !error->set; i++)
        read_fact(&t, store, fact[i], error);
    for (size_t i = 0; i < members && !error->set; i++)
        read_field(&t, store, member[i], error);
    return t;
}

const char *table_fact(const Table *t, const char *name, const char *otherwise) {
    for (size_t i = 0; i < t->facts; i++)
        if (strcmp(t->fact[i].name, name) == 0) return t->fact[i].value;
    return otherwise;
}

/* Numbers or texts; NULL and *error if it is not what is expected. */
static const Field *want(const Table *t, const char *name, bool text, BaseError *error) {
    const Field *f = table_find(t, name);
    if (f && (text ? f->text != NULL : f->number != NULL)) return f;
    base_fail(error, EX_DATAERR, 0, "%s: %s/%s is missing, or holds no %s", t->file,
              t->group, name, text ? "texts" : "numbers");
    return NULL;
}

static const Field *want_list(const Table *t, const char *name, bool text, size_t *count,
                              BaseError *error) {
    const Field *f = want(t, name, text, error);
    *count = 0;
    if (f && f->rank != 1)
        base_fail(error, EX_DATAERR, 0, "%s: %s/%s is no list", t->file, t->group, name);
    if (f == NULL || f->rank != 1) return NULL;
    *count = f->size[0];
    return f;
}

const double *table_list(const Table *t, const char *name, size_t *count,
                         BaseError *error) {
    const Field *f = want_list(t, name, false, count, error);
    return f ? f->number : NULL;
}

const char *const *table_names(const Table *t, const char *name, size_t *count,
                               BaseError *error) {
    const Field *f = want_list(t, name, true, count, error);
    return f ? f->text : NULL;
}

const double *table_array(const Table *t, const char *name, size_t count,
                          BaseError *error) {
    const Field *f = want(t, name, false, error);
    if (f == NULL || field_count(f) == count) return f ? f->number : NULL;
    base_fail(error, EX_DATAERR, 0, "%s: %s/%s has %zu numbers, %zu are expected",
              t->file, t->group, name, field_count(f), count);
    return NULL;
}

double table_scalar(const Table *t, const char *name, BaseError *error) {
    const double *number = table_array(t, name, 1, error);
    return number ? *number : (double)NAN;
}
