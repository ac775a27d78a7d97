/* What is in a file of ours, for the eye and for programs. */
#include "show.h"

#include <math.h>
#include <string.h>

/* Tables of a run have no more numbers than are read. */
enum { SHOWN_NUMBERS = 8, SHOWN_BYTES = 400, READ_NUMBERS = 1 << 18, GROUP_LEVELS = 3 };

/* What should be there, and cannot be read. */
static void show_unread(Show *show, const BaseError *error) {
    if (!error->set) return;
    say("%s", error->message);
    show->unread++;
}

const char *show_attribute(Show *show, const char *path, const char *name) {
    BaseError error = {.set = false};
    double number;
    const char *text = NULL;
    StoreKind kind = store_attribute_kind(show->store, path, name);
    if (kind == STORE_TEXT)
        text = store_get_text(show->store, show->arena, path, name, &error);
    else if ((kind == STORE_NUMBER || kind == STORE_INTEGER) &&
             store_get_number(show->store, path, name, &number, &error))
        text = text_number(show->arena, number);
    show_unread(show, &error);
    return text;
}

const char *show_plain(const Show *show, const char *text) {
    const char *plain = text_plain(show->arena, text);
    const size_t length = strlen(plain);
    size_t end = SHOWN_BYTES;
    if (length <= end) return plain;
    while (((unsigned char)plain[end] & 0xc0) == 0x80) end--; /* no half of a character */
    return text_print(show->arena, "%.*s... (%zu bytes)", (int)end, plain, length);
}

static void show_attributes(Show *show, const char *path) {
    size_t count;
    const char **names = store_attributes(show->store, show->arena, path, &count);
    for (size_t i = 0; i < count; i++) {
        const char *text = show_attribute(show, path, names[i]);
        if (text == NULL) continue;
        const char *end = strchr(text, '\n');
        printf("  %-18s %s\n", show_plain(show, names[i]),
               end && end[1] ? "(several lines)" : show_plain(show, text));
    }
}

/* A data set's values: numbers or texts, and its sizes. A study's have more axes than a tensor. */
typedef struct Values {
    size_t rank, size[STORE_MAX_RANK], count;
    const double *number;
    const char **text;
} Values;

/* "[2, 3]" */
static const char *sizes_text(Arena *arena, const Values *v) {
    Text text = text_new(arena);
    for (size_t i = 0; i < v->rank; i++)
        text_add(&text, "%s%zu", i ? ", " : "[", v->size[i]);
    text_add(&text, v->rank ? "]" : "[]");
    return text.data;
}

/* False: it is of neither. */
static bool values_of(Show *show, const char *path, Values *v) {
    BaseError error = {.set = false};
    StoreKind kind = store_kind(show->store, path);
    *v = (Values){.count = 1};
    if (kind == STORE_TEXT)
        v->text = store_get_array_text(show->store, show->arena, path, STORE_MAX_RANK,
                                       &v->rank, v->size, &error);
    if (kind == STORE_NUMBER || kind == STORE_INTEGER || kind == STORE_LOST)
        v->number = store_get_array_start(show->store, show->arena, path, STORE_MAX_RANK,
                                          show->json ? 0 : READ_NUMBERS, &v->rank,
                                          v->size, &error);
    for (size_t i = 0; i < v->rank; i++) v->count *= v->size[i];
    show_unread(show, &error);
    return v->text || v->number;
}

/* Of rows along a run the last, which is what came of it. */
static bool is_by_epoch(Show *show, const char *path, const Values *v) {
    size_t rank;
    const char **axis = store_axes(show->store, show->arena, path, &rank);
    return v->number && rank >= 2 &&
           (strcmp(axis[0], "epoch") == 0 || strcmp(axis[0], "step") == 0) &&
           v->size[0] > 0 && v->count <= READ_NUMBERS;
}

/* Numbers of the elements of another array, of no interest by themselves. */
static bool is_index(const char *name) {
    const size_t length = strlen(name), end = strlen("_index");
    return length > end && strcmp(name + length - end, "_index") == 0;
}

static void show_array(Show *show, const char *path, const char *name) {
    Values v;
    if (is_index(name) || !values_of(show, path, &v)) return;
    size_t count = v.count;
    printf("  %-18s", show_plain(show, name));
    if (v.rank > 0) printf(" %s", sizes_text(show->arena, &v));
    if (is_by_epoch(show, path, &v)) {
        const size_t row = count / v.size[0];
        v.number += count - row;
        count = row;
        printf(" last:");
    }
    for (size_t i = 0; i < count && i < SHOWN_NUMBERS; i++)
        if (v.text)
            printf(" %s", show_plain(show, v.text[i]));
        else
            printf(" %.6g", v.number[i]);
    puts(count > SHOWN_NUMBERS ? " ..." : "");
}

static void show_group(Show *show, const char *path) {
    size_t count;
    printf("%s\n", show_plain(show, path));
    show_attributes(show, path);
    const char **members = store_members(show->store, show->arena, path, &count);
    for (size_t i = 0; i < count; i++) {
        const char *inner =
            text_print(show->arena, "%s/%s", strcmp(path, "/") ? path : "", members[i]);
        show_array(show, inner, members[i]);
    }
}

/* ---- JSON: groups as objects, arrays as flat lists with their shape -------------- */

static void json_array(Show *show, const char *path, const char *name, size_t *written) {
    Values v;
    const ArenaMark mark = arena_mark(show->arena);
    if (!values_of(show, path, &v)) return;
    printf("%s\n    %s: {\"shape\": %s, \"data\": [", (*written)++ ? "," : "",
           json_text(show->arena, name), sizes_text(show->arena, &v));
    for (size_t i = 0; i < v.count; i++) {
        const ArenaMark here = arena_mark(show->arena); /* a word at a time */
        printf("%s%s", i ? ", " : "",
               v.text ? json_text(show->arena, v.text[i])
                      : json_number(show->arena, v.number[i]));
        arena_rewind(show->arena, here);
    }
    printf("]}");
    arena_rewind(show->arena, mark);
}

static void json_group(Show *show, const char *path, bool first) {
    size_t count, written = 0;
    printf("%s\n  %s: {", first ? "" : ",", json_text(show->arena, path));
    const char **names = store_attributes(show->store, show->arena, path, &count);
    for (size_t i = 0; i < count; i++) {
        const char *text = show_attribute(show, path, names[i]);
        if (text == NULL) continue;
        bool is_text = store_attribute_kind(show->store, path, names[i]) == STORE_TEXT;
        bool finite = strcmp(text, "nan") && strcmp(text, "inf") && strcmp(text, "-inf");
        printf("%s\n    %s: %s", written++ ? "," : "", json_text(show->arena, names[i]),
               is_text  ? json_text(show->arena, text)
               : finite ? text
                        : "null");
    }
    const char **members = store_members(show->store, show->arena, path, &count);
    for (size_t i = 0; i < count; i++) {
        const char *inner =
            text_print(show->arena, "%s/%s", strcmp(path, "/") ? path : "", members[i]);
        json_array(show, inner, members[i], &written);
    }
    printf("}");
}

/* The group and those in it, so many levels of them. */
static void show_groups(Show *show, const char *path, size_t levels) {
    size_t count;
    const bool root = strcmp(path, "/") == 0;
    if (show->json)
        json_group(show, path, root);
    else
        show_group(show, path);
    const char **members = store_members(show->store, show->arena, path, &count);
    for (size_t i = 0; levels > 0 && i < count; i++) {
        const char *inner =
            text_print(show->arena, "%s/%s", root ? "" : path, members[i]);
        if (store_kind(show->store, inner) == STORE_GROUP)
            show_groups(show, inner, levels - 1);
    }
}

/* A file's seal, and what it is worth. */
static void show_seal(const Show *show) {
    const bool sealed = store_is_sealed(show->store);
    if (show->json)
        printf("{\"schema\": 1, \"sealed\": %s, \"groups\": {",
               sealed ? "true" : "false");
    else if (sealed)
        puts("sealed: its bytes are as normlab wrote them. That shows accidents, not "
             "intent: "
             "anyone can seal a file, only computing a run again proves it");
    else
        puts("not sealed: written, or changed, by another program");
}

static int run_show(const Call *call) {
    BaseError error = {.set = false};
    Store *store = store_open(call->word[0], &error);
    die_if(&error);
    Show show = {call->arena, store, .json = call_option(call, "--json") != NULL};
    const char *group = call_option(call, "--schema");
    if (group) {
        show_schema(&show, group);
    } else {
        show_seal(&show);
        show_groups(&show, "/", GROUP_LEVELS);
        if (show.json) puts("}}");
    }
    store_close(store);
    return show.unread > 0 ? EX_DATAERR : EX_OK;
}

const Command command_show = {
    .name = "show",
    .usage = "FILE.h5 [--schema GROUP] [--json]",
    .summary = "Prints what a run, a collected study or any HDF5 file of ours holds",
    .options = (const Option[]){{"--schema", "GROUP",
                                 "what is in it and what it means, not the values; / is "
                                 "all"},
                                {"--json", NULL, "for programs"},
                                {NULL, NULL, NULL}},
    .least = 1,
    .most = 1,
    .run = run_show,
};
