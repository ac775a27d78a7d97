/* Reading. Files come from anywhere: every type, rank and size is looked at before it is
 * believed. */
#include "internal.h"
#include "text.h"

#include <string.h>

/* deflate, the best of the common filters, shrinks to 1/1032 at most */
enum { BEST_COMPRESSION = 2048 };

/* bytes of an arena for the shortest of texts, twice */
enum { TEXT_COST = 128 };

/* bytes of an address in a file; a third of what HDF5 1.10 takes for a chunk that it reads */
enum { LEAST_PLACE = 8, CHUNK_COST = 1536 };

static bool refuse(const Store *store, BaseError *error, const char *path,
                   const char *what) {
    return base_fail(error, EX_DATAERR, 0, "%s: %s %s", store->path, path, what);
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

/* Each string lies in the file for itself, uncompressed: all are no longer than the file,
 * unless many elements point to one. */
typedef struct Purse {
    Arena *arena;
    size_t left; /* bytes */
} Purse;

static void *spend(size_t bytes, void *context) {
    Purse *purse = context;
    if (bytes > purse->left) return NULL;
    purse->left -= bytes;
    return arena_take(purse->arena, bytes, 1);
}

static void leave(void *block, void *context) {
    (void)block;
    (void)context;
}

static bool read_long_texts(const char **texts, const Store *store, Arena *arena,
                            hid_t from, hid_t type, size_t count) {
    Purse purse = {arena, store->writing ? SIZE_MAX : store->length + count};
    char **raw = ZERO(arena, char *, count);
    const hid_t transfer =
        store_must(H5Pcreate(H5P_DATASET_XFER), "make a property list");
    store_must(H5Pset_vlen_mem_manager(transfer, spend, &purse, leave, &purse),
               "choose memory");
    const bool good = H5Iget_type(from) == H5I_ATTR
                          ? H5Aread(from, type, raw) >= 0
                          : H5Dread(from, type, H5S_ALL, H5S_ALL, transfer, raw) >= 0;
    for (size_t i = 0; i < count && good; i++)
        texts[i] = store_utf8(arena, raw[i] == NULL ? "" : raw[i]);
    if (H5Iget_type(from) == H5I_ATTR) H5free_memory(raw[0]);
    store_drop(transfer);
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
                               size_t count) {
    const bool is_long = H5Tis_variable_str(type) > 0;
    size_t bytes = store->length;
    if (!is_long && (__builtin_mul_overflow(count, H5Tget_size(type), &bytes) ||
                     !is_believable(store, bytes)))
        return NULL;
    budget_allow(store->budget, 2 * bytes + TEXT_COST * count);
    const char **texts = TAKE(arena, const char *, count);
    const bool good = is_long ? read_long_texts(texts, store, arena, from, type, count)
                              : read_short_texts(texts, arena, from, type, count);
    return good ? texts : NULL;
}

/* ---- attributes ------------------------------------------------------------------ */

static hid_t open_attribute(const Store *store, const Question *q, const char *wanted,
                            StoreKind least, StoreKind most, BaseError *error) {
    const StoreKind kind = find_attribute_kind(store, q->path, q->name);
    if (kind >= least && kind <= most)
        return H5Aopen_by_name(store->file, q->path, q->name, H5P_DEFAULT, H5P_DEFAULT);
    base_fail(error, EX_DATAERR, 0, "%s: attribute '%s' of %s is %s%s", store->path,
              q->name, q->path, kind == STORE_ABSENT ? "missing" : "not ",
              kind == STORE_ABSENT ? "" : wanted);
    return H5I_INVALID_HID;
}

static void unreadable(const Store *store, const Question *q, BaseError *error) {
    base_fail(error, EX_DATAERR, 0, "%s: attribute '%s' of %s cannot be read",
              store->path, q->name, q->path);
}

void get_text(const Store *store, Arena *arena, const Question *q, Answer *a) {
    const hid_t attribute =
        open_attribute(store, q, "a text", STORE_TEXT, STORE_TEXT, &a->error);
    if (attribute < 0) return;
    const hid_t type = H5Aget_type(attribute);
    a->count = 1;
    a->texts = read_texts(store, arena, attribute, type, 1);
    if (a->texts == NULL) unreadable(store, q, &a->error);
    store_drop(type);
    store_drop(attribute);
}

void get_number(const Store *store, Arena *arena, const Question *q, Answer *a) {
    (void)arena;
    const hid_t attribute =
        open_attribute(store, q, "a number", STORE_INTEGER, STORE_NUMBER, &a->error);
    if (attribute < 0) return;
    if (H5Aread(attribute, H5T_NATIVE_DOUBLE, &a->number) < 0)
        unreadable(store, q, &a->error);
    store_drop(attribute);
}

/* Unsigned values are read as such: HDF5 would clip them without a word. */
void get_integer(const Store *store, Arena *arena, const Question *q, Answer *a) {
    (void)arena;
    const hid_t attribute =
        open_attribute(store, q, "an integer", STORE_INTEGER, STORE_INTEGER, &a->error);
    if (attribute < 0) return;
    uint64_t natural = 0;
    const hid_t type = H5Aget_type(attribute);
    const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
    const bool good = is_signed ? H5Aread(attribute, H5T_NATIVE_INT64, &a->integer) >= 0
                                : H5Aread(attribute, H5T_NATIVE_UINT64, &natural) >= 0;
    store_drop(type);
    store_drop(attribute);
    if (!good || natural > INT64_MAX)
        unreadable(store, q, &a->error);
    else if (!is_signed)
        a->integer = (int64_t)natural;
}

/* ---- data sets ------------------------------------------------------------------- */

bool is_inside(hid_t data) {
    const hid_t create = H5Dget_create_plist(data);
    const bool inside =
        H5Pget_external_count(create) == 0 && H5Pget_layout(create) != H5D_VIRTUAL;
    store_drop(create);
    return inside;
}

Chunks chunks_of(hid_t data, size_t element, const hsize_t *extent) {
    hsize_t size[H5S_MAX_RANK];
    Chunks chunks = {.bytes = element, .count = 1};
    const hid_t create = H5Dget_create_plist(data);
    chunks.chunked = H5Pget_layout(create) == H5D_CHUNKED;
    const int rank = chunks.chunked ? H5Pget_chunk(create, H5S_MAX_RANK, size) : 0;
    for (int i = 0; i < rank; i++) {
        const size_t along = size[i] > 0 ? (extent[i] + size[i] - 1) / size[i] : 1;
        if (__builtin_mul_overflow(chunks.bytes, size[i], &chunks.bytes))
            chunks.bytes = SIZE_MAX;
        if (__builtin_mul_overflow(chunks.count, along, &chunks.count))
            chunks.count = SIZE_MAX;
    }
    store_drop(create);
    return chunks;
}

static hid_t open_data(const Store *store, const char *path, StoreKind least,
                       StoreKind most, const char *wanted, BaseError *error) {
    const StoreKind kind = find_kind(store, path);
    hid_t data = H5I_INVALID_HID;
    if (kind == STORE_ABSENT) {
        refuse(store, error, path, "is missing");
    } else if (kind == STORE_LOST) {
        refuse(store, error, path, find_lost(store, store->arena, path));
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

/* The answer's shape; false where it cannot be believed. */
static bool read_extent(const Store *store, const Question *q, hid_t data, size_t element,
                        Answer *a) {
    hsize_t size[H5S_MAX_RANK];
    const hid_t space = H5Dget_space(data);
    const int rank = H5Sget_simple_extent_dims(space, size, NULL);
    const bool shaped = rank >= 0 && H5Sget_simple_extent_type(space) != H5S_NULL;
    store_drop(space);
    if (!shaped) return refuse(store, &a->error, q->path, "has no shape");
    if ((size_t)rank > q->max_rank)
        return base_fail(&a->error, EX_DATAERR, 0,
                         "%s: %s has rank %d, at most %zu is expected", store->path,
                         q->path, rank, q->max_rank);
    size_t bytes = element;
    a->rank = (size_t)rank;
    a->count = 1;
    for (int i = 0; i < rank; i++) {
        a->size[i] = size[i];
        if (__builtin_mul_overflow(bytes, size[i], &bytes))
            return refuse(store, &a->error, q->path, "has too many elements");
        a->count *= size[i];
    }
    const Chunks chunks = chunks_of(data, element, size);
    if (!is_believable(store, bytes) || !is_believable(store, chunks.bytes))
        return refuse(store, &a->error, q->path,
                      "claims more values than its file can hold");
    if (q->most > 0 && q->most < a->count) bytes = q->most * element;
    const size_t most = store->length / LEAST_PLACE; /* chunks that the file names */
    budget_allow(store->budget,
                 (bytes > chunks.bytes ? bytes : chunks.bytes) +
                     CHUNK_COST * (chunks.count < most ? chunks.count : most));
    return true;
}

static void unread(const Store *store, const Question *q, Answer *a) {
    a->numbers = NULL;
    refuse(store, &a->error, q->path,
           "cannot be read: damaged, or stored with an unknown filter");
}

/* Reads the first values, at least `most`: of the last axes whole rows. */
static bool read_first(hid_t data, size_t most, Arena *arena, Answer *a) {
    const hsize_t from[STORE_MAX_RANK] = {0};
    hsize_t size[STORE_MAX_RANK], count = 1;
    for (size_t i = a->rank; i-- > 0;) {
        const size_t wanted = (most + count - 1) / count;
        size[i] = a->size[i] < wanted ? a->size[i] : wanted;
        count *= size[i];
    }
    const hid_t space = H5Dget_space(data),
                memory = store_must(H5Screate_simple(1, &count, NULL), "make a shape");
    a->count = count;
    a->numbers = TAKE(arena, double, a->count);
    const bool good =
        H5Sselect_hyperslab(space, H5S_SELECT_SET, from, NULL, size, NULL) >= 0 &&
        H5Dread(data, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, a->numbers) >= 0;
    store_drop(memory);
    store_drop(space);
    return good;
}

static bool read_numbers(hid_t data, const Question *q, Arena *arena, Answer *a) {
    if (q->most > 0 && a->count > q->most) return read_first(data, q->most, arena, a);
    a->numbers = TAKE(arena, double, a->count);
    return read_any(data, H5T_NATIVE_DOUBLE, a->numbers);
}

void get_array(const Store *store, Arena *arena, const Question *q, Answer *a) {
    const hid_t data = open_data(store, q->path, STORE_INTEGER, STORE_NUMBER,
                                 "is not numbers", &a->error);
    if (data < 0) return;
    if (read_extent(store, q, data, sizeof *a->numbers, a) &&
        !read_numbers(data, q, arena, a))
        unread(store, q, a);
    store_drop(data);
}

void get_array_text(const Store *store, Arena *arena, const Question *q, Answer *a) {
    const hid_t data =
        open_data(store, q->path, STORE_TEXT, STORE_TEXT, "is not text", &a->error);
    if (data < 0) return;
    const hid_t type = H5Dget_type(data);
    if (read_extent(store, q, data, sizeof *a->texts, a)) {
        a->texts = read_texts(store, arena, data, type, a->count);
        if (a->texts == NULL) unread(store, q, a);
    }
    store_drop(type);
    store_drop(data);
}
