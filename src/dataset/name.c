/* What a text names: a kind, and a path where it takes one. */
#include "source.h"
#include "text.h"

#include <ctype.h>
#include <string.h>

static bool ends_with(const char *text, const char *end) {
    const size_t length = strlen(text), tail = strlen(end);
    return length > tail && strcmp(text + length - tail, end) == 0;
}

/* The path behind a kind's word, or the text itself where its end says what it is; NULL. */
static const char *path_behind(const DatasetKind *kind, const char *text) {
    const size_t length = strlen(kind->name);
    if (strncmp(text, kind->name, length) == 0 && text[length] == ':' && text[length + 1])
        return text + length + 1;
    for (const char *const *end = kind->suffix; end && *end; end++)
        if (ends_with(text, *end)) return text;
    return NULL;
}

static bool wants_path(const DatasetKind *kind) {
    return kind->path && !kind->alone;
}

const DatasetKind *dataset_find(const char *text, const char **path) {
    size_t count;
    const DatasetKind *const *kind = dataset_kinds(&count);
    for (size_t i = 0; i < count; i++) {
        *path = kind[i]->path ? path_behind(kind[i], text) : NULL;
        if (*path || (!wants_path(kind[i]) && strcmp(text, kind[i]->name) == 0))
            return kind[i];
    }
    return NULL;
}

static bool is_expected(Arena *arena, const char *text, BaseError *error) {
    size_t count;
    const DatasetKind *const *kind = dataset_kinds(&count);
    const char **usage = TAKE(arena, const char *, count);
    for (size_t i = 0; i < count; i++) usage[i] = dataset_usage(kind[i]);
    const Choice names = {kind, count, sizeof *kind, true, NULL},
                 usages = {usage, count, sizeof *usage, false, NULL};
    return base_fail(error, EX_USAGE, 0, "%s is expected%s",
                     choice_words(arena, &usages, " or "),
                     choice_hint(arena, &names, text));
}

const char *dataset_canonical(Arena *arena, const char *text, BaseError *error) {
    const char *path;
    const DatasetKind *kind = dataset_find(text, &path);
    if (kind == NULL) return is_expected(arena, text, error) ? text : NULL;
    if (path == NULL) return kind->name;
    if (kind->behind) {
        const char *said = kind->behind(arena, path, error);
        return said ? text_print(arena, "%s:%s", kind->name, said) : NULL;
    }
    for (const char *c = path; *c; c++)
        if (iscntrl((unsigned char)*c)) {
            base_fail(error, EX_USAGE, 0,
                      "a path without control characters is expected");
            return NULL;
        }
    return text_print(arena, "%.*s%s", (int)(path - text), text,
                      place_absolute(arena, path));
}
