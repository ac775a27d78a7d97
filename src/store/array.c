/* Writing data sets: scales, arrays over them, plain tensors. */
#include "internal.h"
#include "text.h"

#include <string.h>

enum { LARGE = 1 << 16, CHUNK = 1 << 20, DEFLATE = 4 };

typedef struct Shape {
    size_t rank;
    hsize_t size[STORE_MAX_RANK];
} Shape;

/* "/a" and "b" make "/a/b"; and "/c" is one. */
static const char *member(const Store *store, const char *group, const char *name) {
    if (name[0] == '/') return name;
    return text_print(store->arena, "%s/%s", strcmp(group, "/") == 0 ? "" : group, name);
}

static size_t elements(const Shape *shape) {
    size_t count = 1;
    for (size_t i = 0; i < shape->rank; i++)
        REQUIRE(!__builtin_mul_overflow(count, shape->size[i], &count),
                "too many elements");
    return count;
}

/* Large data is compressed in chunks of at most 1 MiB, cut along the slowest axes. Not texts:
 * what stands in the array are places of the bytes, and HDF5 refuses filters on those. */
static void choose_layout(hid_t create, const Shape *shape, hid_t type) {
    size_t bytes = elements(shape) * H5Tget_size(type);
    if (bytes < LARGE || H5Tis_variable_str(type)) return;
    Shape chunk = *shape;
    for (size_t i = 0; i < chunk.rank && bytes > CHUNK; i++)
        while (chunk.size[i] > 1 && bytes > CHUNK) {
            bytes /= chunk.size[i];
            chunk.size[i] = (chunk.size[i] + 1) / 2;
            bytes *= chunk.size[i];
        }
    store_must(H5Pset_chunk(create, (int)chunk.rank, chunk.size), "choose chunks");
    store_must(H5Pset_shuffle(create), "choose a filter");
    store_must(H5Pset_deflate(create, DEFLATE), "choose a filter");
    store_must(H5Pset_fletcher32(create), "choose a filter");
}

/* The open data set. Ends the life of `kind`. */
static hid_t put_data(Store *store, const char *path, const Shape *shape, Kind kind,
                      const void *values) {
    store_require_new(store, path);
    const hid_t space = shape->rank == 0
                            ? H5Screate(H5S_SCALAR)
                            : H5Screate_simple((int)shape->rank, shape->size, NULL);
    store_must(space, "make a shape");
    const hid_t create =
        store_must(H5Pcreate(H5P_DATASET_CREATE), "make a property list");
    store_keep_order(create);
    choose_layout(create, shape, kind.file);
    const hid_t data = store_must(
        H5Dcreate2(store->file, path, kind.file, space, H5P_DEFAULT, create, H5P_DEFAULT),
        "make a data set");
    if (elements(shape) > 0)
        store_must(H5Dwrite(data, kind.memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values),
                   "write a data set");
    store_drop(create);
    store_drop(space);
    store_drop_kind(kind);
    return data;
}

/* Copies whose bytes are UTF-8. */
static const char **clean_texts(const Store *store, const char *const *values,
                                size_t count) {
    const char **clean = TAKE(store->arena, const char *, count);
    for (size_t i = 0; i < count; i++) clean[i] = store_utf8(store->arena, values[i]);
    return clean;
}

static void describe(Store *store, const char *path, const char *units,
                     const char *long_name) {
    if (units != NULL) store_text(store, path, "units", units);
    if (long_name != NULL) store_text(store, path, "long_name", long_name);
}

/* ---- scales, and arrays over them ------------------------------------------------ */

static void put_scale(Store *store, const char *path, const Shape *shape, Kind kind,
                      const void *values) {
    const hid_t data = put_data(store, path, shape, kind, values);
    store_must(H5DSset_scale(data, strrchr(path, '/') + 1), "make a scale");
    store_drop(data);
}

void store_scale(Store *store, const char *group, const char *name, const double *values,
                 size_t count, const char *units, const char *long_name) {
    const ArenaMark mark = arena_mark(store->arena);
    const char *path = member(store, group, name);
    put_scale(store, path, &(Shape){1, {count}}, store_doubles(), values);
    describe(store, path, units, long_name);
    arena_rewind(store->arena, mark);
}

void store_scale_text(Store *store, const char *group, const char *name,
                      const char *const *values, size_t count, const char *long_name) {
    const ArenaMark mark = arena_mark(store->arena);
    const char *path = member(store, group, name);
    const char **clean = clean_texts(store, values, count);
    put_scale(store, path, &(Shape){1, {count}}, store_texts(), clean);
    describe(store, path, NULL, long_name);
    arena_rewind(store->arena, mark);
}

static Shape shape_over(const Store *store, const char *group, size_t rank,
                        const char *const *axes) {
    REQUIRE(rank <= STORE_MAX_RANK, "rank %zu, at most %d are stored", rank,
            STORE_MAX_RANK);
    Shape shape = {.rank = rank};
    for (size_t i = 0; i < rank; i++) {
        const char *path = member(store, group, axes[i]);
        const hid_t scale = H5Dopen2(store->file, path, H5P_DEFAULT);
        REQUIRE(scale >= 0 && H5DSis_scale(scale) > 0, "'%s' is no scale", path);
        const hid_t space = store_must(H5Dget_space(scale), "see a shape");
        H5Sget_simple_extent_dims(space, &shape.size[i], NULL);
        store_drop(space);
        store_drop(scale);
    }
    return shape;
}

static void attach(const Store *store, hid_t data, const char *group, size_t rank,
                   const char *const *axes) {
    for (size_t i = 0; i < rank; i++) {
        const char *path = member(store, group, axes[i]);
        const hid_t scale =
            store_must(H5Dopen2(store->file, path, H5P_DEFAULT), "open a scale");
        store_must(H5DSattach_scale(data, scale, (unsigned)i), "attach a scale");
        store_drop(scale);
    }
    store_drop(data);
}

void store_array(Store *store, const char *group, const char *name, const double *values,
                 size_t rank, const char *const *axes, const char *units,
                 const char *long_name) {
    const ArenaMark mark = arena_mark(store->arena);
    const char *path = member(store, group, name);
    const Shape shape = shape_over(store, group, rank, axes);
    attach(store, put_data(store, path, &shape, store_doubles(), values), group, rank,
           axes);
    describe(store, path, units, long_name);
    arena_rewind(store->arena, mark);
}

void store_array_text(Store *store, const char *group, const char *name,
                      const char *const *values, size_t rank, const char *const *axes,
                      const char *long_name) {
    const ArenaMark mark = arena_mark(store->arena);
    const char *path = member(store, group, name);
    const Shape shape = shape_over(store, group, rank, axes);
    const char **clean = clean_texts(store, values, elements(&shape));
    attach(store, put_data(store, path, &shape, store_texts(), clean), group, rank, axes);
    describe(store, path, NULL, long_name);
    arena_rewind(store->arena, mark);
}

void store_tensor(Store *store, const char *path, const double *values, size_t rank,
                  const size_t *size, const char *units, const char *long_name) {
    REQUIRE(rank <= STORE_MAX_RANK, "rank %zu, at most %d are stored", rank,
            STORE_MAX_RANK);
    const ArenaMark mark = arena_mark(store->arena);
    Shape shape = {.rank = rank};
    for (size_t i = 0; i < rank; i++) shape.size[i] = size[i];
    store_drop(put_data(store, path, &shape, store_doubles(), values));
    describe(store, path, units, long_name);
    arena_rewind(store->arena, mark);
}
