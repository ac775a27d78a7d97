/* The user's own data in one HDF5 file: /train/x with /train/label, /train/mask or
 * /train/number (or several of them), the same in /val and /test where there are such. What
 * is not as it should be is named, with its place and what was expected.
 *
 *     import h5py
 *     with h5py.File("mine.h5", "w") as file:
 *         file["train/x"] = images      # [N, C, H, W], levels 0..255 or reals
 *         file["train/label"] = labels  # [N], from 0
 */
#include "source.h"
#include "store.h"
#include "text.h"

#include <math.h>
#include <string.h>

/* What a file is being read for. */
typedef struct Given {
    Reading *to;
    const Store *in;
    const char *name[DATA_MOST_FIELDS]; /* [fields] "x", "label"... */
    BaseError *error;
} Given;

/* One array of a part: samples along its first axis. */
typedef struct Array {
    const char *path; /* "/train/x" */
    double *value;    /* [count, each...] */
    size_t count;
    Shape each;    /* of one sample */
    bool integers; /* and not packed reals */
} Array;

static PRINTF_LIKE(3, 4) bool refuse(const Given *g, const char *path, const char *format,
                                     ...) {
    char what[256];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return base_fail(g->error, EX_DATAERR, 0, "%s: %s %s", store_path(g->in), path, what);
}

/* ---- arrays ------------------------------------------------------------------------ */

static bool read_array(const Given *g, const char *path, Array *a) {
    size_t rank, size[STORE_MAX_RANK];
    *a = (Array){.path = path};
    if (!store_has(g->in, path))
        return refuse(g, path, "is missing; %s", dataset_h5.need);
    a->integers = store_kind(g->in, path) == STORE_INTEGER &&
                  !store_has_attribute(g->in, path, "scale_factor") &&
                  !store_has_attribute(g->in, path, "add_offset");
    a->value = store_get_unpacked(g->in, g->to->scratch, path, SHAPE_MAX_RANK, &rank,
                                  size, g->error);
    if (a->value == NULL) return false;
    if (rank == 0) return refuse(g, path, "is a single number; [N, ...] is expected");
    a->count = size[0];
    a->each.rank = rank - 1;
    memcpy(a->each.size, size + 1, (rank - 1) * sizeof *size);
    for (size_t i = 0; i < rank; i++)
        if (size[i] == 0 || size[i] > UINT32_MAX)
            return refuse(g, path, "has %zu along axis %zu; 1 or more are expected",
                          size[i], i);
    return true;
}

/* "/train/x[12, 0, 3, 4]" */
static const char *place_of(const Given *g, const Array *a, size_t i) {
    Text text = text_new(g->to->scratch);
    size_t inner = shape_count(a->each);
    text_add(&text, "%s[%zu", a->path, i / inner);
    for (size_t d = 0; d < a->each.rank; d++) {
        i %= inner;
        inner /= a->each.size[d];
        text_add(&text, ", %zu", i / inner);
    }
    text_add(&text, "]");
    return text.data;
}

static size_t values_of(const Array *a) {
    return a->count * shape_count(a->each);
}

/* Whole numbers of a byte, from 0 to `most`. */
static void *as_bytes(const Given *g, const Array *a, double most, const char *expected) {
    uint8_t *byte = TAKE(g->to->arena, uint8_t, values_of(a));
    for (size_t i = 0; i < values_of(a); i++) {
        if (!(a->value[i] >= 0 && a->value[i] <= most)) {
            refuse(g, place_of(g, a, i), "is %.17g; %s expected", a->value[i], expected);
            return NULL;
        }
        byte[i] = (uint8_t)a->value[i];
    }
    return byte;
}

static void *as_reals(const Given *g, const Array *a) {
    double *real = TAKE(g->to->arena, double, values_of(a));
    for (size_t i = 0; i < values_of(a); i++) {
        if (!isfinite(a->value[i])) {
            refuse(g, place_of(g, a, i), "is %g; finite numbers are expected",
                   a->value[i]);
            return NULL;
        }
        real[i] = a->value[i];
    }
    return real;
}

static void *as_labels(const Given *g, const Array *a) {
    if (a->integers)
        return a->each.rank > 0
                   ? as_bytes(g, a, DATA_IGNORED, "a class from 0 to 254, or 255, is")
                   : as_bytes(g, a, DATA_MOST_CLASSES - 1, "a class from 0 to 254 is");
    refuse(g, a->path, "is not integers; classes from 0 are expected");
    return NULL;
}

static void *values_as(const Given *g, const Array *a, DataType type) {
    if (type == DATA_LABELS) return as_labels(g, a);
    return type == DATA_BYTES ? as_bytes(g, a, 255, "a level from 0 to 255 (or reals) is")
                              : as_reals(g, a);
}

/* ---- fields, as /train has them ------------------------------------------------------ */

/* An input of whole numbers is levels of a byte, any other is what it is. */
static bool declare_input(Given *g, const Array *a) {
    if (a->each.rank == 0 || a->each.rank > 3)
        return refuse(g, a->path,
                      "has %zu axes; [N, C, H, W], [N, C, L] or [N, C] is expected",
                      a->each.rank + 1);
    g->to->field[0] = (DataField){.name = a->each.rank == 3 ? "image" : "x",
                                  .unit = "",
                                  .type = a->integers ? DATA_BYTES : DATA_REALS,
                                  .shape = a->each,
                                  .standardized = true};
    return true;
}

static const char *unit_of(const Given *g, const char *path) {
    if (store_attribute_kind(g->in, path, "units") != STORE_TEXT) return "";
    return store_get_text(g->in, g->to->arena, path, "units", g->error);
}

static bool declare_target(Given *g, const Array *a, DataField *field, const char *name) {
    const Shape x = g->to->field[0].shape;
    const bool mask = strcmp(name, "mask") == 0;
    const Shape want =
        mask && x.rank == 3 ? SHAPE_OF(x.size[1], x.size[2]) : SHAPE_SCALAR;
    if (mask && x.rank != 3)
        return refuse(g, a->path, "is for images; /train/x is none of [N, C, H, W]");
    if (!shape_equal(a->each, want))
        return mask ? refuse(g, a->path,
                             "is %s a sample; rows and columns of /train/x, %s, "
                             "are expected",
                             shape_text(g->to->scratch, a->each),
                             shape_text(g->to->scratch, want))
                    : refuse(g, a->path, "is %s a sample; [N] is expected, one of each",
                             shape_text(g->to->scratch, a->each));
    *field = (DataField){.name = name,
                         .unit = unit_of(g, a->path),
                         .type = strcmp(name, "number") == 0 ? DATA_REALS : DATA_LABELS,
                         .shape = want,
                         .standardized = strcmp(name, "number") == 0};
    return field->unit != NULL;
}

/* Which of them /train has. */
static bool find_fields(Given *g) {
    static const char *const targets[] = {"label", "mask", "number"};
    Text others = text_new(g->to->scratch);
    size_t count, *fields = &g->to->fields;
    g->name[(*fields)++] = "x";
    for (size_t t = 0; t < COUNT_OF(targets); t++)
        if (store_has(g->in, text_print(g->to->scratch, "/train/%s", targets[t])))
            g->name[(*fields)++] = targets[t];
    if (*fields > 1) return true;
    const char **members = store_members(g->in, g->to->scratch, "/train", &count);
    for (size_t i = 0; i < count; i++)
        text_add(&others, "%s%s", i ? ", " : "", text_plain(g->to->scratch, members[i]));
    return refuse(g, "/train", "has %s; label, mask or number is expected beside x",
                  text_clip(g->to->scratch, others.data));
}

/* ---- parts --------------------------------------------------------------------------- */

static bool fits(const Given *g, const Array *a, size_t k, size_t count) {
    const DataField *field = &g->to->field[k];
    if (a->count != count)
        return refuse(g, a->path, "has %zu samples; %zu are expected, as x has", a->count,
                      count);
    if (!shape_equal(a->each, field->shape))
        return refuse(g, a->path, "is %s a sample; %s is expected, as /train/%s is",
                      shape_text(g->to->scratch, a->each),
                      shape_text(g->to->scratch, field->shape), g->name[k]);
    return k > 0 || a->integers == (field->type == DATA_BYTES) ||
           refuse(g, a->path, "is %s; %s are expected, as /train/x is",
                  a->integers ? "integers" : "reals", a->integers ? "reals" : "integers");
}

static bool read_part(Given *g, const char *part, Pile *pile) {
    Reading *to = g->to;
    for (size_t k = 0; k < to->fields; k++) {
        Array a;
        ArenaMark mark = arena_mark(to->scratch);
        if (!read_array(g, text_print(to->scratch, "/%s/%s", part, g->name[k]), &a))
            return false;
        if (pile == &to->train &&
            !(k == 0 ? declare_input(g, &a)
                     : declare_target(g, &a, &to->field[k], g->name[k])))
            return false;
        if (k == 0) pile->count = a.count;
        if (!fits(g, &a, k, pile->count)) return false;
        pile->value[k] = values_as(g, &a, to->field[k].type);
        if (pile->value[k] == NULL) return false;
        arena_rewind(to->scratch, mark);
    }
    return true;
}

/* A part of another name would be left out without a word. */
static bool know_parts(const Given *g) {
    static const char *const parts[] = {"train", "val", "test"};
    Arena *scratch = g->to->scratch;
    size_t count;
    const char **members = store_members(g->in, scratch, "/", &count);
    for (size_t i = 0; i < count; i++) {
        const char *path = text_print(scratch, "/%s", members[i]);
        bool known = store_kind(g->in, path) != STORE_GROUP ||
                     !store_has(g->in, text_print(scratch, "%s/x", path));
        for (size_t p = 0; p < COUNT_OF(parts); p++)
            known = known || strcmp(members[i], parts[p]) == 0;
        if (!known)
            return refuse(g, text_plain(scratch, path),
                          "is none of /train, /val and /test");
    }
    return true;
}

/* ---- classes ------------------------------------------------------------------------- */

/* Names from /classes, which may be more than occur. */
static bool name_classes(Given *g) {
    static const char path[] = "/classes";
    size_t rank, size[1];
    if (!store_has(g->in, path)) return true;
    const char **names =
        store_get_array_text(g->in, g->to->arena, path, 1, &rank, size, g->error);
    if (names == NULL) return false;
    if (rank == 0 || size[0] < 2 || size[0] > DATA_MOST_CLASSES)
        return refuse(g, path, "is %zu names; 2 to %d are expected", rank ? size[0] : 1,
                      DATA_MOST_CLASSES);
    for (size_t k = 0; k < g->to->fields; k++) {
        DataField *field = &g->to->field[k];
        if (field->type != DATA_LABELS) continue;
        if (field->classes > size[0])
            return refuse(g, path, "is %zu names; the %s counts up to class %zu", size[0],
                          g->name[k], field->classes - 1);
        field->classes = size[0];
        field->class_name = names;
    }
    return true;
}

static bool tell_classes(Given *g) {
    reading_count_classes(g->to);
    if (!name_classes(g)) return false;
    for (size_t k = 0; k < g->to->fields; k++)
        if (g->to->field[k].type == DATA_LABELS && g->to->field[k].classes < 2)
            return refuse(g, text_print(g->to->scratch, "/train/%s", g->name[k]),
                          "has one class alone; 2 or more are expected");
    return true;
}

/* Beside the values: how they are taken decides the numbers of a run. */
static const char *how_taken(const Given *g) {
    static const char *const types[] = {
        [DATA_BYTES] = "bytes", [DATA_REALS] = "reals", [DATA_LABELS] = "labels"};
    Text text = text_new(g->to->scratch);
    for (size_t k = 0; k < g->to->fields; k++)
        text_add(&text, "%s %s %zu\n", g->name[k], types[g->to->field[k].type],
                 g->to->field[k].classes);
    return text.data;
}

static bool read_parts(Given *g) {
    Reading *to = g->to;
    if (!store_survey(g->in, g->error) || !know_parts(g)) return false;
    if (!store_has(g->in, "/train/x"))
        return refuse(g, "/train/x", "is missing; %s", dataset_h5.need);
    if (!find_fields(g) || !read_part(g, "train", &to->train)) return false;
    if (store_has(g->in, "/val") && !read_part(g, "val", &to->val)) return false;
    if (store_has(g->in, "/test") && !read_part(g, "test", &to->test)) return false;
    if (!tell_classes(g)) return false;
    to->also = how_taken(g);
    return true;
}

static bool fill(Reading *to, BaseError *error) {
    Store *in = store_open(to->from, error);
    if (in == NULL) return false;
    Given given = {.to = to, .in = in, .error = error};
    const bool good = read_parts(&given);
    store_close(in);
    return good;
}

static const char *const suffix[] = {".h5", ".hdf5", NULL};

const DatasetKind dataset_h5 = {
    .name = "h5",
    .path = "FILE",
    .usage = "FILE.h5",
    .title = "samples of one's own: /train/x with /train/label, /train/mask or "
             "/train/number",
    .need =
        "/train/x [N, C, H, W] (integers 0 to 255, or reals) is expected, with "
        "/train/label [N] (from 0), /train/mask [N, H, W] or /train/number [N]; /val and "
        "/test like it, or left out; /classes, names",
    .suffix = suffix,
    .fill = fill,
};
