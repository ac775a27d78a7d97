/* Reading. Files come from anywhere: every type, rank and size is looked at before it is
 * believed. */
#include "internal.h"

#include <string.h>

/* deflate, the best of the common filters, shrinks to 1/1032 at most */
enum { BEST_COMPRESSION = 2048 };

static bool refuse(const Store *store, Error *error, const char *path, const char *what) {
    return fail(error, EX_DATAERR, 0, "%s: %s %s", store->path, path, what);
}

/* A small file that claims huge values is refused before memory is taken for them. */
static bool is_believable(const Store *store, size_t bytes) {
    return store->writing || bytes / BEST_COMPRESSION <= store->length;
}

/* ---- text, of an attribute or a data set ----------------------------------------- */

static bool read_any(hid_t from, hid_t type, void *values) {
    if (H5Iget_type(from) == H5I_ATTR) return H5Aread(from, type, values) >= 0;
    return H5Dread(from, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
}

/* HDF5 allocates each string. */
static bool read_long_texts(const char **texts, Arena *arena, hid_t from, hid_t type,
                            hid_t space, size_t count) {
    char **raw = ZERO(arena, char *, count);
    const bool good = read_any(from, type, raw);
    for (size_t i = 0; i < count && good; i++)
        texts[i] = store_utf8(arena, raw[i] == NULL ? "" : raw[i]);
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, raw);
    return good;
}

/* Strings of one length, ended by a NUL, filled with NULs or with spaces. */
static bool read_short_texts(const char **texts, Arena *arena, hid_t from, hid_t type,
                             size_t count) {
    const size_t length = H5Tget_size(type);
    const bool spaces = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
    char *raw = arena_zero(arena, count, length);
    if (!read_any(from, type, raw)) return false;
    for (size_t i = 0; i < count; i++) {
        size_t used = strnlen(raw + i * length, length);
        while (spaces && used > 0 && raw[i * length + used - 1] == ' ') used--;
        texts[i] = store_utf8(arena, text_copy(arena, raw + i * length, used));
    }
    return true;
}

static const char **read_texts(const Store *store, Arena *arena, hid_t from, hid_t type,
                               hid_t space, size_t count) {
    size_t bytes;
    const char **texts = TAKE(arena, const char *, count);
    if (H5Tis_variable_str(type) > 0)
        return read_long_texts(texts, arena, from, type, space, count) ? texts : NULL;
    if (__builtin_mul_overflow(count, H5Tget_size(type), &bytes) ||
        !is_believable(store, bytes))
        return NULL;
    return read_short_texts(texts, arena, from, type, count) ? texts : NULL;
}

/* ---- attributes ------------------------------------------------------------------ */

static hid_t open_attribute(const Store *store, const char *path, const char *name,
                            const char *wanted, StoreKind least, StoreKind most,
                            Error *error) {
    const StoreKind kind = store_attribute_kind(store, path, name);
    if (kind >= least && kind <= most)
        return H5Aopen_by_name(store->file, path, name, H5P_DEFAULT, H5P_DEFAULT);
    fail(error, EX_DATAERR, 0, "%s: attribute '%s' of %s is %s%s", store->path, name,
         path, kind == STORE_ABSENT ? "missing" : "not ",
         kind == STORE_ABSENT ? "" : wanted);
    return H5I_INVALID_HID;
}

static bool unreadable(const Store *store, const char *path, const char *name,
                       Error *error) {
    return fail(error, EX_DATAERR, 0, "%s: attribute '%s' of %s cannot be read",
                store->path, name, path);
}

const char *store_get_text(const Store *store, Arena *arena, const char *path,
                           const char *name, Error *error) {
    const hid_t attribute =
        open_attribute(store, path, name, "a text", STORE_TEXT, STORE_TEXT, error);
    if (attribute < 0) return NULL;
    const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    const char **text = read_texts(store, arena, attribute, type, space, 1);
    store_drop(space);
    store_drop(type);
    store_drop(attribute);
    if (text == NULL) unreadable(store, path, name, error);
    return text == NULL ? NULL : text[0];
}

bool store_get_number(const Store *store, const char *path, const char *name,
                      double *value, Error *error) {
    const hid_t attribute =
        open_attribute(store, path, name, "a number", STORE_INTEGER, STORE_NUMBER, error);
    if (attribute < 0) return false;
    const bool good = H5Aread(attribute, H5T_NATIVE_DOUBLE, value) >= 0;
    store_drop(attribute);
    return good || unreadable(store, path, name, error);
}

/* Unsigned values are read as such: HDF5 would clip them without a word. */
bool store_get_integer(const Store *store, const char *path, const char *name,
                       int64_t *value, Error *error) {
    const hid_t attribute = open_attribute(store, path, name, "an integer", STORE_INTEGER,
                                           STORE_INTEGER, error);
    if (attribute < 0) return false;
    uint64_t natural = 0;
    const hid_t type = H5Aget_type(attribute);
    const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
    const bool good = is_signed ? H5Aread(attribute, H5T_NATIVE_INT64, value) >= 0
                                : H5Aread(attribute, H5T_NATIVE_UINT64, &natural) >= 0;
    store_drop(type);
    store_drop(attribute);
    if (!good || natural > INT64_MAX) return unreadable(store, path, name, error);
    if (!is_signed) *value = (int64_t)natural;
    return true;
}

/* ---- data sets ------------------------------------------------------------------- */

/* A shape read from a file. */
typedef struct Extent {
    size_t rank, *size, count;
} Extent;

/* Bytes that are not in this very file stay there. */
static bool is_inside(hid_t data) {
    const hid_t create = H5Dget_create_plist(data);
    const bool inside =
        H5Pget_external_count(create) == 0 && H5Pget_layout(create) != H5D_VIRTUAL;
    store_drop(create);
    return inside;
}

static hid_t open_data(const Store *store, const char *path, StoreKind least,
                       StoreKind most, const char *wanted, Error *error) {
    const StoreKind kind = store_kind(store, path);
    hid_t data = H5I_INVALID_HID;
    if (kind == STORE_ABSENT) {
        refuse(store, error, path, "is missing");
    } else if (kind < least || kind > most) {
        refuse(store, error, path, wanted);
    } else {
        data = H5Dopen2(store->file, path, H5P_DEFAULT);
        if (data < 0) refuse(store, error, path, "cannot be opened");
    }
    if (data < 0 || is_inside(data)) return data;
    refuse(store, error, path, "has its values in another file");
    store_drop(data);
    return H5I_INVALID_HID;
}

static bool read_extent(const Store *store, const char *path, hid_t space, size_t element,
                        size_t max_rank, Extent *extent, Error *error) {
    hsize_t size[H5S_MAX_RANK];
    const int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 0 || H5Sget_simple_extent_type(space) == H5S_NULL)
        return refuse(store, error, path, "has no shape");
    if ((size_t)rank > max_rank)
        return fail(error, EX_DATAERR, 0, "%s: %s has rank %d, at most %zu is expected",
                    store->path, path, rank, max_rank);
    size_t bytes = element;
    H5Sget_simple_extent_dims(space, size, NULL);
    extent->rank = (size_t)rank;
    extent->count = 1;
    for (int i = 0; i < rank; i++) {
        extent->size[i] = size[i];
        if (__builtin_mul_overflow(bytes, size[i], &bytes))
            return refuse(store, error, path, "has too many elements");
        extent->count *= size[i];
    }
    if (is_believable(store, bytes)) return true;
    return refuse(store, error, path, "claims more values than its file can hold");
}

double *store_get_array(const Store *store, Arena *arena, const char *path,
                        size_t max_rank, size_t *rank, size_t *size, Error *error) {
    Extent extent = {.size = size};
    double *values = NULL;
    const hid_t data =
        open_data(store, path, STORE_INTEGER, STORE_NUMBER, "is not numbers", error);
    if (data < 0) return NULL;
    const hid_t space = H5Dget_space(data);
    if (read_extent(store, path, space, sizeof *values, max_rank, &extent, error)) {
        values = TAKE(arena, double, extent.count);
        if (!read_any(data, H5T_NATIVE_DOUBLE, values)) {
            refuse(store, error, path,
                   "cannot be read: damaged, or stored with an unknown filter");
            values = NULL;
        }
        *rank = extent.rank;
    }
    store_drop(space);
    store_drop(data);
    return values;
}

const char **store_get_array_text(const Store *store, Arena *arena, const char *path,
                                  size_t max_rank, size_t *rank, size_t *size,
                                  Error *error) {
    Extent extent = {.size = size};
    const char **texts = NULL;
    const hid_t data =
        open_data(store, path, STORE_TEXT, STORE_TEXT, "is not text", error);
    if (data < 0) return NULL;
    const hid_t space = H5Dget_space(data), type = H5Dget_type(data);
    if (read_extent(store, path, space, sizeof *texts, max_rank, &extent, error)) {
        texts = read_texts(store, arena, data, type, space, extent.count);
        if (texts == NULL)
            refuse(store, error, path,
                   "cannot be read: damaged, or stored with an unknown filter");
        *rank = extent.rank;
    }
    store_drop(type);
    store_drop(space);
    store_drop(data);
    return texts;
}
