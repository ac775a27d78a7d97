/* Files in memory: building, saving, opening.
 *
 * HDF5's core driver without backing store never touches the disk, so that its own
 * failures there (H5Fclose returning 0 on a full disk, half-written files after a kill)
 * cannot happen.
 */
#include "internal.h"
#include "text.h"

#include <inttypes.h>
#include <string.h>

enum { SCHEMA_VERSION = 1, GROWTH = 1 << 16 };
static const size_t LARGEST_FILE = (size_t)1 << 34; /* 16 GiB */

void store_tame(void) {
    H5open();
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5PLset_loading_state(0);
    H5Lunregister(H5L_TYPE_EXTERNAL); /* fails from the second time on: no matter */
}

hid_t store_must(hid_t id, const char *what) {
    if (id < 0) die(EX_OSERR, "HDF5 failed to %s", what);
    return id;
}

void store_drop(hid_t id) {
    if (id >= 0) H5Idec_ref(id);
}

/* ---- building -------------------------------------------------------------------- */

static hid_t memory_access(void) {
    const hid_t access = store_must(H5Pcreate(H5P_FILE_ACCESS), "make a property list");
    store_must(H5Pset_fapl_core(access, GROWTH, 0), "choose the core driver");
    store_must(H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V110),
               "choose the file format");
    return access;
}

static Store *store_alloc(const char *path) {
    store_tame();
    Arena *arena = arena_new();
    Store *store = ZERO(arena, Store, 1);
    store->arena = arena;
    store->path = text_print(arena, "%s", path);
    store->file = H5I_INVALID_HID;
    return store;
}

/* Two files of one name would be one file to the core driver, which also looks whether the
 * disk has one of that name: here it cannot. */
static const char *memory_name(const Store *store) {
    return text_print(store->arena, "/dev/null/%p", (const void *)store);
}

Store *store_new(const char *title) {
    Store *store = store_alloc("(new file)");
    store->writing = true;
    const hid_t access = memory_access();
    const hid_t create = store_must(H5Pcreate(H5P_FILE_CREATE), "make a property list");
    const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    store_must(H5Pset_link_creation_order(create, order), "keep the order of links");
    store_must(H5Pset_attr_creation_order(create, order), "keep the order of attributes");
    store_must(H5Pset_attr_phase_change(create, 128, 64), "keep attributes together");
    store_must(H5Pset_obj_track_times(create, 0), "leave out times");
    store->file = store_must(H5Fcreate(memory_name(store), H5F_ACC_TRUNC, create, access),
                             "make a file in memory");
    store_drop(create);
    store_drop(access);
    store_text(store, "/", "title", title);
    store_integer(store, "/", "schema_version", SCHEMA_VERSION);
    store_text(store, "/", "dim_order", "C");
    store_text(store, "/", "normlab_version", store_version());
    return store;
}

/* ---- saving ---------------------------------------------------------------------- */

void *store_image(Store *store, Arena *arena, size_t *length) {
    store_must(H5Fflush(store->file, H5F_SCOPE_LOCAL), "bring a file up to date");
    const ssize_t size = H5Fget_file_image(store->file, NULL, 0);
    store_must(size, "measure a file");
    char *image = TAKE(arena, char, (size_t)size + SEAL_LENGTH);
    store_must(H5Fget_file_image(store->file, image, (size_t)size), "copy a file");
    store_seal(image, (size_t)size);
    *length = (size_t)size + SEAL_LENGTH;
    return image;
}

bool store_save(Store *store, const char *path, BaseError *error) {
    REQUIRE(store->writing, "'%s' was opened for reading", store->path);
    arithmetic_want(); /* else what is in it would be of another */
    const ArenaMark mark = arena_mark(store->arena);
    size_t length;
    const void *image = store_image(store, store->arena, &length);
    const bool saved = place_write(path, image, length, error);
    arena_rewind(store->arena, mark);
    return saved;
}

/* ---- opening, in the child ------------------------------------------------------- */

/* HDF5 would copy the bytes three times. It only reads them. */
static void *lend(size_t length, H5FD_file_image_op_t why, void *bytes) {
    (void)length;
    (void)why;
    return bytes;
}
static void *copy_nothing(void *to, const void *from, size_t length,
                          H5FD_file_image_op_t why, void *bytes) {
    (void)from;
    (void)length;
    (void)why;
    (void)bytes;
    return to;
}
static void *never_grow(void *old, size_t length, H5FD_file_image_op_t why, void *bytes) {
    (void)old;
    (void)length;
    (void)why;
    (void)bytes;
    return NULL;
}
static herr_t keep(void *old, H5FD_file_image_op_t why, void *bytes) {
    (void)old;
    (void)why;
    (void)bytes;
    return 0;
}
static void *same_bytes(void *bytes) {
    return bytes;
}
static herr_t keep_bytes(void *bytes) {
    (void)bytes;
    return 0;
}

static hid_t attach(const char *name, char *bytes, size_t length) {
    H5FD_file_image_callbacks_t calls = {lend,       copy_nothing, never_grow, keep,
                                         same_bytes, keep_bytes,   bytes};
    const hid_t access = memory_access();
    store_must(H5Pset_file_image_callbacks(access, &calls), "lend it a file");
    store_must(H5Pset_file_image(access, bytes, length), "lend it a file");
    const hid_t file = H5Fopen(name, H5F_ACC_RDONLY, access);
    store_drop(access);
    return file;
}

/* HDF5 looks for its signature at 0, 512, 1024, 2048... */
static bool has_signature(const char *bytes, size_t length) {
    static const char signature[8] = "\211HDF\r\n\032\n";
    for (size_t at = 0; at + sizeof signature <= length; at = at == 0 ? 512 : 2 * at)
        if (memcmp(bytes + at, signature, sizeof signature) == 0) return true;
    return false;
}

static bool check_bytes(Store *store, const char *bytes, BaseError *error) {
    if (!has_signature(bytes, store->length))
        return base_fail(error, EX_DATAERR, 0, "%s: not an HDF5 file", store->path);
    const Seal seal = store_seal_read(bytes, store->length);
    store->sealed = seal == SEAL_WHOLE;
    return seal != SEAL_BROKEN ||
           base_fail(error, EX_DATAERR, 0,
                     "%s: damaged: its bytes do not match the SHA-256 at its end",
                     store->path);
}

static bool check_schema(const Store *store, BaseError *error) {
    int64_t schema = SCHEMA_VERSION;
    if (!store_has_attribute(store, "/", "normlab_version")) return true;
    if (!store_get_integer(store, "/", "schema_version", &schema, error)) return false;
    if (schema >= 1 && schema <= SCHEMA_VERSION) return true;
    return base_fail(error, EX_DATAERR, 0,
                     "%s: has schema version %" PRId64 ", this normlab reads 1 to %d",
                     store->path, schema, SCHEMA_VERSION);
}

static void forget_map(Store *store) {
    place_unmap(store->map, store->length);
    store->map = NULL;
}

/* A sealed file is read whole, for its seal; of others only what HDF5 looks at. */
static char *read_bytes(Store *store, BaseError *error) {
    store->map = place_map(store->path, LARGEST_FILE, &store->length, error);
    if (store->map == NULL || !store_seal_is_there(store->map, store->length))
        return store->map;
    char *copy = TAKE(store->arena, char, store->length);
    memcpy(copy, store->map, store->length);
    forget_map(store);
    return copy;
}

bool store_load(Store *store, BaseError *error) {
    budget_lift();
    char *bytes = read_bytes(store, error);
    if (bytes == NULL || !check_bytes(store, bytes, error)) return false;
    budget_set(store->budget, store->length);
    budget_begin(store->budget);
    store->file = attach(memory_name(store), bytes, store->length);
    const bool good = store->file >= 0
                          ? check_schema(store, error)
                          : base_fail(error, EX_DATAERR, 0,
                                      "%s: damaged: HDF5 cannot open it", store->path);
    budget_rest(store->budget);
    return good;
}

/* ---- opening ---------------------------------------------------------------------- */

Store *store_open(const char *path, BaseError *error) {
    Store *store = store_alloc(path);
    if (reader_open(store, error)) return store;
    store_close(store);
    return NULL;
}

const char *store_path(const Store *store) {
    return store->path;
}

bool store_is_sealed(const Store *store) {
    return store->sealed;
}

void store_close(Store *store) {
    if (store == NULL) return;
    VERIFY(store->file < 0 || H5Fget_obj_count(store->file, H5F_OBJ_ALL) == 1,
           "an object of '%s' is still open", store->path);
    if (store->file >= 0) H5Fclose(store->file);
    forget_map(store);
    if (store->reader != NULL) reader_close(store);
    arena_free(store->arena);
}
