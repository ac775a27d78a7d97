/* Writing: names, types, groups and attributes.
 *
 * One group is one xarray Dataset: its scales live in it, and an array has a scale on
 * every axis (a reader of the netCDF family refuses the whole file otherwise) or is a
 * plain tensor.
 */
#include "internal.h"
#include "text.h"

#include <string.h>

/* ---- names ----------------------------------------------------------------------- */

static bool is_word(const char *name, size_t length) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_.-";
    return length > 0 && strspn(name, letters) >= length && strspn(name, ".") < length;
}

bool store_is_name(const char *name) {
    return is_word(name, strlen(name)) && !store_is_bookkeeping(name);
}

bool store_is_bookkeeping(const char *name) {
    static const char *const taken[] = {"CLASS", "NAME", "DIMENSION_LIST",
                                        "REFERENCE_LIST"};
    for (size_t i = 0; i < COUNT_OF(taken); i++)
        if (strcmp(name, taken[i]) == 0) return true;
    return false;
}

void store_require_new(const Store *store, const char *path) {
    REQUIRE(store->writing, "'%s' was opened for reading", store->path);
    const char *name = strrchr(path, '/');
    REQUIRE(path[0] == '/' && is_word(name + 1, strlen(name + 1)), "'%s' is no path",
            path);
    const size_t length = (size_t)(name - path);
    const char *parent = length == 0 ? "/" : text_copy(store->arena, path, length);
    REQUIRE(store_kind(store, parent) == STORE_GROUP, "'%s' has no group", path);
    REQUIRE(store_kind(store, path) == STORE_ABSENT, "'%s' is there already", path);
}

/* ---- types ----------------------------------------------------------------------- */

Kind store_doubles(void) {
    return (Kind){H5Tcopy(H5T_IEEE_F64LE), H5Tcopy(H5T_NATIVE_DOUBLE)};
}

static Kind integers(void) {
    return (Kind){H5Tcopy(H5T_STD_I64LE), H5Tcopy(H5T_NATIVE_INT64)};
}

Kind store_texts(void) {
    const hid_t type = store_must(H5Tcopy(H5T_C_S1), "copy a type");
    store_must(H5Tset_size(type, H5T_VARIABLE), "make a string type");
    store_must(H5Tset_cset(type, H5T_CSET_UTF8), "make a string type");
    return (Kind){type, H5Tcopy(type)};
}

void store_drop_kind(Kind kind) {
    store_drop(kind.file);
    store_drop(kind.memory);
}

/* ---- attributes ------------------------------------------------------------------ */

/* One value, or a list of `count`. Ends the life of `kind`. */
static void put_attribute(Store *store, const char *path, const char *name, Kind kind,
                          const void *value, size_t count) {
    REQUIRE(store->writing, "'%s' was opened for reading", store->path);
    REQUIRE(is_word(name, strlen(name)), "'%s' cannot name an attribute", name);
    REQUIRE(!store_is_bookkeeping(name), "'%s' belongs to dimension scales", name);
    REQUIRE(store_has(store, path), "'%s' is not there", path);
    REQUIRE(!store_has_attribute(store, path, name), "'%s' has '%s' already", path, name);
    const hsize_t length = count;
    const hid_t space =
        count > 0 ? H5Screate_simple(1, &length, NULL) : H5Screate(H5S_SCALAR);
    store_must(space, "make a shape");
    const hid_t attribute =
        store_must(H5Acreate_by_name(store->file, path, name, kind.file, space,
                                     H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                   "make an attribute");
    store_must(H5Awrite(attribute, kind.memory, value), "write an attribute");
    store_drop(attribute);
    store_drop(space);
    store_drop_kind(kind);
}

void store_text(Store *store, const char *path, const char *name, const char *value) {
    const ArenaMark mark = arena_mark(store->arena);
    const char *clean = store_utf8(store->arena, value);
    put_attribute(store, path, name, store_texts(), &clean, 0);
    arena_rewind(store->arena, mark);
}

void store_number(Store *store, const char *path, const char *name, double value) {
    put_attribute(store, path, name, store_doubles(), &value, 0);
}

void store_integer(Store *store, const char *path, const char *name, int64_t value) {
    put_attribute(store, path, name, integers(), &value, 0);
}

/* An axis that counts nothing, as names do not, is ".". */
void store_plot(Store *store, const char *group, const char *signal) {
    const ArenaMark mark = arena_mark(store->arena);
    const char *at = strcmp(group, "/") == 0 ? "" : group;
    size_t rank;
    const char **axes = store_axes(store, store->arena,
                                   text_print(store->arena, "%s/%s", at, signal), &rank);
    REQUIRE(rank > 0, "%s/%s has no axes to be shown over", at, signal);
    for (size_t i = 0; i < rank; i++) {
        const StoreKind kind =
            store_kind(store, text_print(store->arena, "%s/%s", at, axes[i]));
        if (kind != STORE_NUMBER) axes[i] = ".";
    }
    store_text(store, group, "NX_class", "NXdata");
    store_text(store, group, "signal", signal);
    put_attribute(store, group, "axes", store_texts(), axes, rank);
    if (!store_has_attribute(store, "/", "NX_class")) {
        store_text(store, "/", "NX_class", "NXroot");
        store_text(store, "/", "default", group + 1);
    }
    arena_rewind(store->arena, mark);
}

/* ---- groups ---------------------------------------------------------------------- */

void store_keep_order(hid_t create) {
    const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    store_must(H5Pset_attr_creation_order(create, order), "keep the order of attributes");
    store_must(H5Pset_attr_phase_change(create, 128, 64), "keep attributes together");
    store_must(H5Pset_obj_track_times(create, 0), "leave out times");
}

void store_group(Store *store, const char *path, const char *description) {
    const ArenaMark mark = arena_mark(store->arena);
    store_require_new(store, path);
    const hid_t create = store_must(H5Pcreate(H5P_GROUP_CREATE), "make a property list");
    const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    store_must(H5Pset_link_creation_order(create, order), "keep the order of links");
    store_keep_order(create);
    const hid_t group = H5Gcreate2(store->file, path, H5P_DEFAULT, create, H5P_DEFAULT);
    store_drop(store_must(group, "make a group"));
    store_drop(create);
    arena_rewind(store->arena, mark);
    if (description != NULL) store_text(store, path, "description", description);
}
