/* What is in a file of ours, for the eye and for programs. */
#include "tool.h"

#include <math.h>
#include <string.h>

/* An attribute as text, or NULL for what is neither text nor a number. */
static const char *attribute(Arena *arena, const Store *store, const char *path,
                             const char *name) {
    Error error = {.set = false};
    double number;
    StoreKind kind = store_attribute_kind(store, path, name);
    if (kind == STORE_TEXT) return store_get_text(store, arena, path, name, &error);
    if (kind != STORE_NUMBER && kind != STORE_INTEGER) return NULL;
    return store_get_number(store, path, name, &number, &error)
               ? text_number(arena, number)
               : NULL;
}

static void show_attributes(Arena *arena, const Store *store, const char *path) {
    size_t count;
    const char **names = store_attributes(store, arena, path, &count);
    for (size_t i = 0; i < count; i++) {
        const char *text = attribute(arena, store, path, names[i]);
        if (text == NULL) continue;
        const char *end = strchr(text, '\n');
        printf("  %-18s %s\n", text_plain(arena, names[i]),
               end && end[1] ? "(several lines)" : text_plain(arena, text));
    }
}

/* A data set's values: numbers or texts, and its shape. False: neither. */
typedef struct Values {
    Shape shape;
    const double *number;
    const char **text;
} Values;

static bool values_of(Arena *arena, const Store *store, const char *path, Values *v) {
    Error error = {.set = false};
    StoreKind kind = store_kind(store, path);
    *v = (Values){.shape = SCALAR};
    Shape *s = &v->shape;
    if (kind == STORE_TEXT)
        v->text = store_get_array_text(store, arena, path, SHAPE_MAX_RANK, &s->rank,
                                       s->size, &error);
    if (kind == STORE_NUMBER || kind == STORE_INTEGER)
        v->number = store_get_array(store, arena, path, SHAPE_MAX_RANK, &s->rank, s->size,
                                    &error);
    return v->text || v->number;
}

enum { SHOWN_NUMBERS = 8, GROUP_LEVELS = 3 };

/* Of rows along a run the last, which is what came of it. */
static bool is_by_epoch(Arena *arena, const Store *store, const char *path,
                        const Values *v) {
    size_t rank;
    const char **axis = store_axes(store, arena, path, &rank);
    return v->number && rank == 2 && strcmp(axis[0], "epoch") == 0 &&
           v->shape.size[0] > 0;
}

/* Numbers of the elements of another array, of no interest by themselves. */
static bool is_index(const char *name) {
    const size_t length = strlen(name), end = strlen("_index");
    return length > end && strcmp(name + length - end, "_index") == 0;
}

static void show_array(Arena *arena, const Store *store, const char *path,
                       const char *name) {
    Values v;
    if (is_index(name) || !values_of(arena, store, path, &v)) return;
    size_t count = shape_count(v.shape);
    printf("  %-18s", text_plain(arena, name));
    if (v.shape.rank > 0) printf(" %s", shape_text(arena, v.shape));
    if (is_by_epoch(arena, store, path, &v)) {
        v.number += count - v.shape.size[1];
        count = v.shape.size[1];
        printf(" last:");
    }
    for (size_t i = 0; i < count && i < SHOWN_NUMBERS; i++)
        if (v.text)
            printf(" %s", text_plain(arena, v.text[i]));
        else
            printf(" %.6g", v.number[i]);
    puts(count > SHOWN_NUMBERS ? " ..." : "");
}

static void show_group(Arena *arena, const Store *store, const char *path) {
    size_t count;
    printf("%s\n", text_plain(arena, path));
    show_attributes(arena, store, path);
    const char **members = store_members(store, arena, path, &count);
    for (size_t i = 0; i < count; i++) {
        const char *inner =
            text_print(arena, "%s/%s", strcmp(path, "/") ? path : "", members[i]);
        show_array(arena, store, inner, members[i]);
    }
}

/* ---- JSON: groups as objects, arrays as flat lists with their shape -------------- */

static void json_array(Arena *arena, const Store *store, const char *path,
                       const char *name, size_t *written) {
    Values v;
    if (!values_of(arena, store, path, &v)) return;
    printf("%s\n    %s: {\"shape\": %s, \"data\": [", (*written)++ ? "," : "",
           json_text(arena, name), shape_text(arena, v.shape));
    for (size_t i = 0; i < shape_count(v.shape); i++)
        printf("%s%s", i ? ", " : "",
               v.text ? json_text(arena, v.text[i]) : json_number(arena, v.number[i]));
    printf("]}");
}

static void json_group(Arena *arena, const Store *store, const char *path, bool first) {
    size_t count, written = 0;
    printf("%s\n  %s: {", first ? "" : ",", json_text(arena, path));
    const char **names = store_attributes(store, arena, path, &count);
    for (size_t i = 0; i < count; i++) {
        const char *text = attribute(arena, store, path, names[i]);
        if (text == NULL) continue;
        bool is_text = store_attribute_kind(store, path, names[i]) == STORE_TEXT;
        bool finite = strcmp(text, "nan") && strcmp(text, "inf") && strcmp(text, "-inf");
        printf("%s\n    %s: %s", written++ ? "," : "", json_text(arena, names[i]),
               is_text  ? json_text(arena, text)
               : finite ? text
                        : "null");
    }
    const char **members = store_members(store, arena, path, &count);
    for (size_t i = 0; i < count; i++) {
        const char *inner =
            text_print(arena, "%s/%s", strcmp(path, "/") ? path : "", members[i]);
        json_array(arena, store, inner, members[i], &written);
    }
    printf("}");
}

/* The group and those in it, so many levels of them. */
static void show_groups(Arena *arena, const Store *store, const char *path, bool json,
                        size_t levels) {
    size_t count;
    const bool root = strcmp(path, "/") == 0;
    if (json)
        json_group(arena, store, path, root);
    else
        show_group(arena, store, path);
    const char **members = store_members(store, arena, path, &count);
    for (size_t i = 0; levels > 0 && i < count; i++) {
        const char *inner = text_print(arena, "%s/%s", root ? "" : path, members[i]);
        if (store_kind(store, inner) == STORE_GROUP)
            show_groups(arena, store, inner, json, levels - 1);
    }
}

static int run_show(const Call *call) {
    Arena *arena = call->arena;
    Error error = {.set = false};
    Store *store = store_open(call->word[0], &error);
    die_if(&error);
    bool json = call_option(call, "--json") != NULL;
    if (json) printf("{\"schema\": 1, \"groups\": {");
    show_groups(arena, store, "/", json, GROUP_LEVELS);
    if (json) puts("}}");
    store_close(store);
    return EX_OK;
}

const Command command_show = {
    .name = "show",
    .usage = "FILE.h5 [--json]",
    .summary = "Prints what a run, a collected study or any HDF5 file of ours holds",
    .options = (const Option[]){{"--json", NULL, "for programs"}, {NULL, NULL, NULL}},
    .least = 1,
    .most = 1,
    .run = run_show,
};
