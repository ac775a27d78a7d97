/* The registry: the kinds of norm.def, then those that plugins and texts bring. */
#include "internal.h"
#include "text.h"

#include <string.h>

/* One of the house: a kind in C, or its equation's text (NAME.norm, which is in the program). */
typedef struct Entry {
    const char *name;
    const NormKind *kind; /* NULL: of its text, which is read at start-up */
    const char *text;
} Entry;

#define NORM(name)     extern const NormKind norm_##name;
#define EQUATION(name) extern const char norm_text_##name[];
#include "norm.def"
#undef NORM
#undef EQUATION

#define NORM(name)     {#name, &norm_##name, NULL},
#define EQUATION(name) {#name, NULL, norm_text_##name},
static const Entry HOUSE[] = {
#include "norm.def"
};
#undef NORM
#undef EQUATION

enum { OWN = COUNT_OF(HOUSE), LONGEST_NAME = 32 };

/* Written at start-up and by who registers, before there are threads. */
static const NormKind *own[OWN];
static Registry all;

/* Those that are read, in the house's order. */
static void list_own(void) {
    all.count = 0;
    for (size_t i = 0; i < OWN; i++)
        if (own[i]) all.kind[all.count++] = own[i];
}

/* An equation may name kinds in C, and equations above it. */
__attribute__((constructor)) static void read_house(void) {
    if (all.count > 0) return;
    for (size_t i = 0; i < OWN; i++) own[i] = HOUSE[i].kind;
    list_own();
    for (size_t i = 0; i < OWN; i++) {
        if (own[i]) continue;
        own[i] = text_kind(HOUSE[i].name, HOUSE[i].text);
        list_own();
    }
}

const NormKind *const *norm_kinds(size_t *count) {
    *count = all.count;
    return all.kind;
}

static size_t rank_of(const NormKind *kind) {
    size_t rank = 0;
    while (rank < all.count && all.kind[rank] != kind) rank++;
    return rank;
}

size_t norm_rank(const Norm *norm) {
    return rank_of(norm->kind);
}

/* ---- names ----------------------------------------------------------------------- */

size_t registry_find(const char *name) {
    size_t i = 0;
    while (i < all.count && strcmp(all.kind[i]->name, name) != 0) i++;
    return i;
}

bool registry_has(const char *name) {
    if (registry_find(name) < all.count) return true;
    Arena *arena = arena_new();
    size_t aliases;
    const NormAlias *alias = norm_aliases(&aliases);
    bool taken = false;
    for (size_t i = 0; i < aliases; i++)
        taken |= strcmp(alias_name(arena, &alias[i]), name) == 0;
    arena_free(arena);
    return taken;
}

/* A C identifier without capitals, for the file and the variable have it in their names. */
static bool is_word(const char *name) {
    static const char *const letters = "abcdefghijklmnopqrstuvwxyz0123456789_";
    return *name >= 'a' && *name <= 'z' && strspn(name, letters) == strlen(name);
}

/* my_gate for My-Gate. */
static void as_word(char word[LONGEST_NAME + 1], const char *name) {
    size_t i = 0;
    for (; name[i] && i < LONGEST_NAME; i++) {
        const bool capital = name[i] >= 'A' && name[i] <= 'Z';
        word[i] = (char)(capital ? name[i] - 'A' + 'a' : name[i]);
        if (word[i] == '-') word[i] = '_';
    }
    word[i] = '\0';
}

bool norm_name_is_free(const char *name, BaseError *error) {
    char word[LONGEST_NAME + 1];
    if (strlen(name) > LONGEST_NAME)
        return base_fail(error, EX_USAGE, 0, "'%.*s...': a name has at most %d letters",
                         LONGEST_NAME, name, LONGEST_NAME);
    as_word(word, name);
    if (!is_word(name))
        return base_fail(error, EX_USAGE, 0,
                         "'%s': a normalizer's name is of small letters, digits and _, a "
                         "letter first%s%s%s",
                         name, is_word(word) ? ", such as '" : "",
                         is_word(word) ? word : "", is_word(word) ? "'" : "");
    return !registry_has(name) ||
           base_fail(error, EX_USAGE, 0, "there is a normalizer '%s' already", name);
}

/* ---- what a kind says of itself -------------------------------------------------- */

const char *norm_name(const NormKind *kind) {
    return kind->name;
}

const char *norm_usage(const NormKind *kind) {
    return kind->usage;
}

const char *norm_title(const NormKind *kind) {
    return kind->title;
}

const char *norm_source(const NormKind *kind) {
    return kind->source ? kind->source : "";
}

const char *norm_differs(const NormKind *kind) {
    return kind->differs ? kind->differs : "";
}

const char *norm_example(const NormKind *kind) {
    return kind->example ? kind->example : kind->name;
}

const char *norm_file(Arena *arena, const NormKind *kind) {
    for (size_t i = 0; i < OWN; i++)
        if (own[i] == kind)
            return text_print(arena, "src/norm/%s.%s", kind->name,
                              HOUSE[i].kind ? "c" : "norm");
    return NULL;
}

const char *const *norm_also(const NormKind *kind) {
    return kind->also;
}

/* ---- plugins --------------------------------------------------------------------- */

bool norm_register(const NormKind *kind, const char *sha256, BaseError *error) {
    if (kind == NULL || !kind->name || !kind->usage || !kind->title)
        return base_fail(error, EX_DATAERR, 0,
                         "its kind lacks a name, a usage or a title");
    if (!norm_name_is_free(kind->name, error)) return false;
    return registry_put(all.count, kind, sha256, error);
}

bool registry_put(size_t at, const NormKind *kind, const char *sha256, BaseError *error) {
    if (at == REGISTRY_MOST)
        return base_fail(error, EX_USAGE, 0, "more than %d kinds", REGISTRY_MOST);
    if (at == all.count) all.count++;
    all.kind[at] = kind;
    all.sha256[at] = sha256;
    return true;
}

Registry registry_now(void) {
    return all;
}

void registry_again(const Registry *before) {
    all = *before;
}

static bool has_kind(const Norm *norm, const NormKind *kind) {
    for (size_t i = 0; i < norm->parts; i++)
        if (has_kind(norm->part[i], kind)) return true;
    return norm->kind == kind;
}

const char *norm_plugins(Arena *arena, const Norm *norm) {
    Text text = text_new(arena);
    for (size_t i = 0; i < all.count; i++)
        if (all.sha256[i] && (norm == NULL || has_kind(norm, all.kind[i])))
            text_add(&text, "%s %s %s\n", all.kind[i]->equation ? "equation" : "plugin",
                     all.kind[i]->name, all.sha256[i]);
    return text.data;
}
