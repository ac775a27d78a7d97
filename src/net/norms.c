/* Which normalizer stands where: one for all places, and others where a pattern names some. */
#include "internal.h"
#include "text.h"

#include <string.h>

/* ---- patterns -------------------------------------------------------------------- */

static size_t part_length(const char *part) {
    return strcspn(part, ".");
}

/* What follows it; NULL: it was the last. */
static const char *next_part(const char *part) {
    part += part_length(part);
    return *part ? part + 1 : NULL;
}

static size_t parts_of(const char *pattern) {
    size_t count = 0;
    for (const char *part = pattern; part; part = next_part(part)) count++;
    return count;
}

/* One part: * stands for any letters, or none. */
static bool part_matches(const char *pattern, size_t n, const char *part, size_t m) {
    for (; n > 0 && *pattern != '*'; pattern++, part++, n--, m--)
        if (m == 0 || *pattern != *part) return false;
    for (size_t k = 0; n > 0 && k <= m; k++)
        if (part_matches(pattern + 1, n - 1, part + k, m - k)) return true;
    return n == 0 && m == 0;
}

/* The parts of a pattern stand among those of the name in their order; others may lie between:
 * stage3.norm2 is stage3.block1.norm2 and its like. */
static bool matches(const char *pattern, const char *name) {
    for (; name && pattern; name = next_part(name))
        if (part_matches(pattern, part_length(pattern), name, part_length(name)))
            pattern = next_part(pattern);
    return pattern == NULL;
}

/* ---- the list -------------------------------------------------------------------- */

static bool want_pattern(Arena *arena, const char *text, BaseError *error) {
    static const char *const letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_*.";
    bool good = text[strspn(text, letters)] == '\0';
    for (const char *part = text; part; part = next_part(part))
        good = good && part_length(part) > 0;
    return good ||
           base_fail(error, EX_USAGE, 0,
                     "'%s' should be parts of a layer's name joined by dots, with * "
                     "for any letters",
                     text_clip(arena, text));
}

static const char *canonical(Arena *arena, const char *spec, BaseError *error) {
    const Norm *norm = norm_new(arena, spec, 0, error);
    return norm ? norm->spec : NULL;
}

bool net_norms_set(Arena *arena, NetNorms *norms, const char *pattern, const char *spec,
                   BaseError *error) {
    if (!want_pattern(arena, pattern, error)) return false;
    if ((spec = canonical(arena, spec, error)) == NULL) return false;
    size_t i = 0;
    while (i < norms->rules && strcmp(norms->rule[i].pattern, pattern) < 0) i++;
    if (i == norms->rules || strcmp(norms->rule[i].pattern, pattern) != 0) {
        if (norms->rules == NET_MOST_RULES)
            return base_fail(error, EX_USAGE, 0, "at most %d patterns", NET_MOST_RULES);
        memmove(&norms->rule[i + 1], &norms->rule[i],
                (norms->rules++ - i) * sizeof *norms->rule);
    }
    norms->rule[i] = (NetRule){text_copy(arena, pattern, strlen(pattern)), spec};
    return true;
}

/* Without the blanks around it; *at is where it stands in the whole. */
static const char *trimmed(Arena *arena, const char *text, size_t length, size_t *at) {
    while (length > 0 && *text == ' ') text++, length--, ++*at;
    while (length > 0 && text[length - 1] == ' ') length--;
    return text_copy(arena, text, length);
}

static bool read_rule(Arena *arena, NetNorms *norms, const char *text, BaseError *error) {
    size_t at = 0;
    const size_t equals = strcspn(text, "=");
    if (text[equals] == '\0')
        return base_fail(error, EX_USAGE, 0, "'%s' should be PATTERN=NORM",
                         text_clip(arena, text));
    const char *pattern = trimmed(arena, text, equals, &at);
    if (!want_pattern(arena, pattern, error)) return false;
    at = equals + 1;
    const char *spec = trimmed(arena, text + equals + 1, strlen(text) - equals - 1, &at);
    BaseError own = {.set = false};
    if (net_norms_set(arena, norms, pattern, spec, &own)) return true;
    return base_fail(error, own.code, at + own.at, "%s", own.message);
}

bool net_norms_read(Arena *arena, const char *text, NetNorms *norms, BaseError *error) {
    *norms = (NetNorms){.rules = 0};
    for (const char *from = text;; from++) {
        size_t at = (size_t)(from - text);
        const size_t length = strcspn(from, ";");
        BaseError own = {.set = false};
        const char *piece = trimmed(arena, from, length, &at);
        if (from == text)
            norms->all = canonical(arena, piece, &own);
        else
            read_rule(arena, norms, piece, &own);
        if (own.set) return base_fail(error, own.code, at + own.at, "%s", own.message);
        from += length;
        if (*from == '\0') return true;
    }
}

const char *net_norms_print(Arena *arena, const NetNorms *norms) {
    Text text = text_new(arena);
    text_add(&text, "%s", norms->all);
    for (size_t i = 0; i < norms->rules; i++)
        text_add(&text, "; %s=%s", norms->rule[i].pattern, norms->rule[i].spec);
    return text.data;
}

/* ---- at a place ------------------------------------------------------------------ */

const char *norms_at(const NetNorms *norms, const char *place, bool *matched,
                     BaseError *error) {
    const NetRule *best = NULL, *as_good = NULL;
    for (size_t i = 0; i < norms->rules; i++) {
        const NetRule *rule = &norms->rule[i];
        if (!matches(rule->pattern, place)) continue;
        matched[i] = true;
        const size_t parts = parts_of(rule->pattern),
                     most = best ? parts_of(best->pattern) : 0;
        if (parts == most) as_good = rule;
        if (parts > most) best = rule, as_good = NULL;
    }
    if (as_good) {
        base_fail(error, EX_USAGE, 0,
                  "norm.%s and norm.%s name it both, with as many parts; one with more "
                  "decides, as norm.%s",
                  best->pattern, as_good->pattern, place);
        return NULL;
    }
    return best ? best->spec : norms->all;
}

/* The part of a place that the pattern's last part may have meant. */
static const char *meant(Arena *arena, const Net *net, const char *pattern) {
    const char **word = TAKE(arena, const char *, LAYERS_DEEPEST * net->norms + 1);
    size_t count = 0;
    for (size_t i = 0; i < net->norms; i++)
        for (const char *part = net->norm[i].name; part; part = next_part(part))
            word[count++] = text_copy(arena, part, part_length(part));
    for (const char *part = pattern; part; part = next_part(part)) {
        const char *own = text_copy(arena, part, part_length(part));
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known |= part_matches(own, strlen(own), word[i], strlen(word[i]));
        if (!known) return text_hint(arena, own, word, count);
    }
    return "";
}

bool norms_want_matched(Arena *arena, const Net *net, const NetNorms *norms,
                        const bool *matched, BaseError *error) {
    size_t i = 0;
    while (i < norms->rules && matched[i]) i++;
    return i == norms->rules ||
           base_fail(
               error, EX_USAGE, 0,
               "norm.%s names no normalizer of %s%s; `normlab list networks %s` lists "
               "them",
               norms->rule[i].pattern, net->spec,
               meant(arena, net, norms->rule[i].pattern), text_quoted(arena, net->spec));
}

/* ---- resolved -------------------------------------------------------------------- */

const char *net_norms_resolve(Arena *arena, const char *network, const NetNorms *norms,
                              BaseError *error) {
    const Net *net = net_places(arena, network, error);
    Text text = text_new(arena);
    bool matched[NET_MOST_RULES] = {false}, alike = true;
    const char *first = NULL;
    for (size_t i = 0; net && i < net->norms; i++) {
        const char *name = net->norm[i].name,
                   *spec = norms_at(norms, name, matched, error);
        if (spec == NULL) return NULL;
        first = first ? first : spec;
        alike = alike && strcmp(spec, first) == 0;
        text_add(&text, "norm.%s=%s\n", name, spec);
    }
    if (net == NULL || !norms_want_matched(arena, net, norms, matched, error))
        return NULL;
    return !alike || !first ? text.data : text_print(arena, "norm=%s\n", first);
}
