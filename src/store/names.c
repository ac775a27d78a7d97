/* What a file holds: kinds of objects, members of groups, attributes, axes. */
#include "internal.h"
#include "text.h"

#include <string.h>

enum { AXIS_ROOM = 256 };

/* ---- what is there, and of what kind --------------------------------------------- */

static StoreKind kind_of_type(hid_t type) {
    const H5T_class_t class = H5Tget_class(type);
    const size_t size = H5Tget_size(type);
    if (class == H5T_STRING) return STORE_TEXT;
    if (class == H5T_INTEGER && size <= sizeof(int64_t)) return STORE_INTEGER;
    if (class == H5T_FLOAT && size <= sizeof(long double)) return STORE_NUMBER;
    return STORE_OTHER;
}

/* How many characters of a path there are names for; `*lost`: the last of them is a link
 * that leads to no object. (Nothing follows links out of the file.) */
static size_t known_part(const Store *store, const char *path, bool *lost) {
    char part[1024];
    const size_t length = strlen(path);
    size_t known = 0;
    *lost = false;
    if (path[0] != '/' || length >= sizeof part) return 0;
    if (length == 1) return 1;
    for (size_t i = 1; i <= length && !*lost; i++) {
        if (path[i] != '/' && path[i] != '\0') continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (H5Lexists(store->file, part, H5P_DEFAULT) <= 0) return known;
        *lost = H5Oexists_by_name(store->file, part, H5P_DEFAULT) <= 0;
        known = i;
    }
    return known;
}

static bool leads_somewhere(const Store *store, const char *path) {
    bool lost;
    return known_part(store, path, &lost) == strlen(path) && !lost;
}

const char *find_lost(const Store *store, Arena *arena, const char *path) {
    bool lost;
    H5L_info_t info;
    const char *link = text_copy(arena, path, known_part(store, path, &lost));
    if (H5Lget_info(store->file, link, &info, H5P_DEFAULT) < 0) return "is damaged";
    char to[AXIS_ROOM] = "";
    const char *what = info.type == H5L_TYPE_HARD
                           ? "damaged"
                           : "a link out of this file, and none is followed";
    if (info.type == H5L_TYPE_SOFT &&
        H5Lget_val(store->file, link, to, sizeof to, H5P_DEFAULT) >= 0)
        what = text_print(arena, "a link to %s, which is not in this file",
                          text_clip(arena, store_utf8(arena, to)));
    return strcmp(link, path) == 0
               ? text_print(arena, "is %s", what)
               : text_print(arena, "is missing: %s is %s", link, what);
}

StoreKind find_kind(const Store *store, const char *path) {
    StoreKind kind = STORE_OTHER;
    bool lost;
    const bool whole = known_part(store, path, &lost) == strlen(path);
    if (lost) return STORE_LOST;
    if (!whole) return STORE_ABSENT;
    const hid_t object = H5Oopen(store->file, path, H5P_DEFAULT);
    if (H5Iget_type(object) == H5I_GROUP) kind = STORE_GROUP;
    if (H5Iget_type(object) == H5I_DATASET) {
        const hid_t type = H5Dget_type(object);
        kind = kind_of_type(type);
        store_drop(type);
    }
    store_drop(object);
    return kind;
}

StoreKind find_attribute_kind(const Store *store, const char *path, const char *name) {
    if (!leads_somewhere(store, path) ||
        H5Aexists_by_name(store->file, path, name, H5P_DEFAULT) <= 0)
        return STORE_ABSENT;
    const hid_t attribute =
        H5Aopen_by_name(store->file, path, name, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    const bool single = H5Sget_simple_extent_npoints(space) == 1;
    const StoreKind kind = single ? kind_of_type(type) : STORE_OTHER;
    store_drop(space);
    store_drop(type);
    store_drop(attribute);
    return kind;
}

/* ---- names in the order of their making ------------------------------------------ */

typedef struct Names {
    Arena *arena;
    const char **name; /* [room], NULL while counting */
    size_t count, room;
} Names;

static void add(Names *names, const char *name) {
    if (names->count < names->room)
        names->name[names->count] = store_utf8(names->arena, name);
    names->count++;
}

static void make_room(Names *names) {
    names->room = names->count;
    names->name = TAKE(names->arena, const char *, names->room);
    names->count = 0;
}

/* Files of others may not have kept the order: then by name. */
static H5_index_t order_of(unsigned flags) {
    return flags & H5P_CRT_ORDER_TRACKED ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
}

static herr_t add_member(hid_t group, const char *name, const H5L_info_t *info,
                         void *names) {
    (void)group;
    (void)info;
    add(names, name);
    return 0;
}

static void give_names(const Names *names, Answer *a) {
    a->texts = names->name;
    a->count = names->count < names->room ? names->count : names->room;
}

void find_members(const Store *store, Arena *arena, const Question *q, Answer *a) {
    if (find_kind(store, q->path) != STORE_GROUP) return;
    unsigned flags = 0;
    Names names = {.arena = arena};
    const hid_t id = H5Gopen2(store->file, q->path, H5P_DEFAULT);
    const hid_t create = H5Gget_create_plist(id);
    H5Pget_link_creation_order(create, &flags);
    H5Literate(id, order_of(flags), H5_ITER_INC, NULL, add_member, &names);
    make_room(&names);
    H5Literate(id, order_of(flags), H5_ITER_INC, NULL, add_member, &names);
    store_drop(create);
    store_drop(id);
    give_names(&names, a);
}

static herr_t add_attribute(hid_t object, const char *name, const H5A_info_t *info,
                            void *names) {
    (void)object;
    (void)info;
    if (!store_is_bookkeeping(name)) add(names, name);
    return 0;
}

void find_attributes(const Store *store, Arena *arena, const Question *q, Answer *a) {
    if (!leads_somewhere(store, q->path)) return;
    unsigned flags = 0;
    Names names = {.arena = arena};
    const hid_t id = H5Oopen(store->file, q->path, H5P_DEFAULT);
    const H5I_type_t type = H5Iget_type(id);
    const hid_t create = type == H5I_GROUP     ? H5Gget_create_plist(id)
                         : type == H5I_DATASET ? H5Dget_create_plist(id)
                                               : H5I_INVALID_HID;
    H5Pget_attr_creation_order(create, &flags);
    H5Aiterate2(id, order_of(flags), H5_ITER_INC, NULL, add_attribute, &names);
    make_room(&names);
    H5Aiterate2(id, order_of(flags), H5_ITER_INC, NULL, add_attribute, &names);
    store_drop(create);
    store_drop(id);
    give_names(&names, a);
}

/* ---- axes of an array ------------------------------------------------------------ */

static herr_t name_scale(hid_t data, unsigned axis, hid_t scale, void *name) {
    (void)data;
    (void)axis;
    return H5DSget_scale_name(scale, name, AXIS_ROOM) >= 0 ? 1
                                                           : -1; /* the first will do */
}

/* HDF5 takes for granted that DIMENSION_LIST has one list of references for each axis. */
static bool has_axes(hid_t data, size_t rank) {
    if (rank == 0 || H5Aexists(data, "DIMENSION_LIST") <= 0) return false;
    const hid_t list = H5Aopen(data, "DIMENSION_LIST", H5P_DEFAULT);
    const hid_t space = H5Aget_space(list), type = H5Aget_type(list);
    const hid_t super =
        H5Tget_class(type) == H5T_VLEN ? H5Tget_super(type) : H5I_INVALID_HID;
    const bool good = H5Sget_simple_extent_npoints(space) == (hssize_t)rank &&
                      H5Tequal(super, H5T_STD_REF_OBJ) > 0;
    store_drop(super);
    store_drop(type);
    store_drop(space);
    store_drop(list);
    return good;
}

void find_axes(const Store *store, Arena *arena, const Question *q, Answer *a) {
    const StoreKind kind = find_kind(store, q->path);
    if (kind == STORE_ABSENT || kind == STORE_LOST || kind == STORE_GROUP) return;
    const hid_t data = H5Dopen2(store->file, q->path, H5P_DEFAULT);
    const hid_t space = is_inside(data) ? H5Dget_space(data) : H5I_INVALID_HID;
    const int rank = H5Sget_simple_extent_ndims(space);
    const bool named = rank > 0 && has_axes(data, (size_t)rank);
    a->count = rank > 0 ? (size_t)rank : 0;
    a->texts = TAKE(arena, const char *, a->count);
    for (size_t i = 0; i < a->count; i++) {
        char text[AXIS_ROOM] = "";
        if (named && H5DSiterate_scales(data, (unsigned)i, NULL, name_scale, text) < 0)
            *text = '\0';
        a->texts[i] = store_utf8(arena, text);
    }
    store_drop(space);
    store_drop(data);
}

/* ---- all of it ------------------------------------------------------------------- */

typedef struct Survey {
    const Store *store;
    Arena *arena;
    Answer *answer;
} Survey;

static bool may_be_written(Survey *survey, const char *path, const Answer *names) {
    for (size_t i = 0; i < names->count; i++) {
        bool good = store_is_name(names->texts[i]);
        for (size_t k = 0; k < i; k++)
            good = good && strcmp(names->texts[i], names->texts[k]) != 0;
        if (!good)
            return base_fail(&survey->answer->error, EX_DATAERR, 0,
                             "%s: damaged: '%s' of %s is no name, or comes twice",
                             survey->store->path,
                             text_clip(survey->arena, names->texts[i]), path);
    }
    return true;
}

static herr_t survey_object(hid_t file, const char *name, const H5O_info_t *info,
                            void *context) {
    (void)file;
    (void)info;
    Survey *survey = context;
    const ArenaMark mark = arena_mark(survey->arena);
    const char *path =
        text_print(survey->arena, "/%s", strcmp(name, ".") == 0 ? "" : name);
    const Question question = {ASK_SURVEY, .path = path};
    Answer members = {.rank = 0}, attributes = {.rank = 0}, axes = {.rank = 0};
    find_members(survey->store, survey->arena, &question, &members);
    find_attributes(survey->store, survey->arena, &question, &attributes);
    find_axes(survey->store, survey->arena, &question, &axes);
    for (size_t i = 0; i < attributes.count; i++)
        find_attribute_kind(survey->store, path, attributes.texts[i]);
    const bool good = may_be_written(survey, path, &members) &&
                      may_be_written(survey, path, &attributes);
    arena_rewind(survey->arena, mark);
    return good ? 0 : -1;
}

void find_all(const Store *store, Arena *arena, const Question *q, Answer *a) {
    (void)q;
    Survey survey = {store, arena, a};
    if (H5Ovisit(store->file, H5_INDEX_NAME, H5_ITER_INC, survey_object, &survey) < 0)
        base_fail(&a->error, EX_DATAERR, 0,
                  "%s: damaged: HDF5 cannot find all that is in it", store->path);
}
