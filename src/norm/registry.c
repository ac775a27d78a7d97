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

enum { OWN = COUNT_OF(HOUSE), MOST_ADDED = 64, LONGEST_NAME = 32 };

/* Written at start-up and by norm_register alone, before there are threads. */
static const NormKind *own[OWN], *registered[OWN + MOST_ADDED];
static const char *digests[MOST_ADDED]; /* of the added ones, in their order */
static size_t registered_count, own_count;

/* Those that are read, in the house's order. */
static void list_own(void) {
    registered_count = 0;
    for (size_t i = 0; i < OWN; i++)
        if (own[i]) registered[registered_count++] = own[i];
    own_count = registered_count;
}

/* An equation may name kinds in C, and equations above it. */
__attribute__((constructor)) static void read_house(void) {
    if (registered_count > 0) return;
    for (size_t i = 0; i < OWN; i++) own[i] = HOUSE[i].kind;
    list_own();
    for (size_t i = 0; i < OWN; i++) {
        if (own[i]) continue;
        own[i] = text_kind(HOUSE[i].name, HOUSE[i].text);
        list_own();
    }
}

const NormKind *const *norm_kinds(size_t *count) {
    *count = registered_count;
    return registered;
}

static size_t rank_of(const NormKind *kind) {
    size_t rank = 0;
    while (registered[rank] != kind) rank++;
    return rank;
}

size_t norm_rank(const Norm *norm) {
    return rank_of(norm->kind);
}

/* ---- names ----------------------------------------------------------------------- */

static bool is_taken(const char *name) {
    for (size_t i = 0; i < registered_count; i++)
        if (strcmp(registered[i]->name, name) == 0) return true;
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
    return !is_taken(name) ||
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

const char *const *norm_also(const NormKind *kind) {
    return kind->also;
}

/* ---- plugins --------------------------------------------------------------------- */

bool norm_register(const NormKind *kind, const char *sha256, BaseError *error) {
    if (kind == NULL || !kind->name || !kind->usage || !kind->title)
        return base_fail(error, EX_DATAERR, 0,
                         "its kind lacks a name, a usage or a title");
    if (!norm_name_is_free(kind->name, error)) return false;
    if (registered_count == own_count + MOST_ADDED)
        return base_fail(error, EX_USAGE, 0, "more than %d kinds from plugins and texts",
                         MOST_ADDED);
    digests[registered_count - own_count] = sha256;
    registered[registered_count++] = kind;
    return true;
}

size_t registry_mark(void) {
    return registered_count;
}

void registry_rewind(size_t mark) {
    registered_count = mark;
}

static bool has_kind(const Norm *norm, const NormKind *kind) {
    for (size_t i = 0; i < norm->parts; i++)
        if (has_kind(norm->part[i], kind)) return true;
    return norm->kind == kind;
}

const char *norm_plugins(Arena *arena, const Norm *norm) {
    Text text = text_new(arena);
    for (size_t i = own_count; i < registered_count; i++)
        if (norm == NULL || has_kind(norm, registered[i]))
            text_add(&text, "%s %s %s\n", registered[i]->equation ? "equation" : "plugin",
                     registered[i]->name, digests[i - own_count]);
    return text.data;
}
