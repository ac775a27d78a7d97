/* A reader of specs by recursive descent. Every error knows the byte where it stands. */
#include "spec.h"
#include "arguments.h"

#include <ctype.h>
#include <string.h>

typedef struct Reader {
    Arena *arena;
    const char *text;
    size_t at;
    size_t depth;
    BaseError *error;
} Reader;

static const Spec *read_chain(Reader *r);

static void skip_blanks(Reader *r) {
    while (r->text[r->at] == ' ' || r->text[r->at] == '\t') r->at++;
}

static char peek(Reader *r) {
    skip_blanks(r);
    return r->text[r->at];
}

static bool is_word(char c) {
    return isalnum((unsigned char)c) || (c != '\0' && strchr("_.+-", c));
}

static const char *read_word(Reader *r) {
    size_t start = r->at;
    while (is_word(r->text[r->at])) r->at++;
    return r->at > start ? text_copy(r->arena, r->text + start, r->at - start) : NULL;
}

static bool unexpected(Reader *r, const char *wanted) {
    char c = peek(r);
    if (c == '\0')
        return base_fail(r->error, EX_USAGE, r->at, "ends where %s should follow",
                         wanted);
    if (!isprint((unsigned char)c))
        return base_fail(r->error, EX_USAGE, r->at, "byte 0x%02x where %s should be",
                         (unsigned char)c, wanted);
    if (strchr("'\"`", c))
        return base_fail(r->error, EX_USAGE, r->at,
                         "a quote (%c) where %s should be; quote the whole", c, wanted);
    return base_fail(r->error, EX_USAGE, r->at, "'%c' where %s should be", c, wanted);
}

static void append_arg(Reader *r, Spec *spec, SpecArg arg) {
    if ((spec->count & (spec->count + 1)) ==
        0) { /* room for 1, 3, 7, ... : grow when full */
        SpecArg *grown = TAKE(r->arena, SpecArg, 2 * spec->count + 1);
        if (spec->count > 0) memcpy(grown, spec->args, spec->count * sizeof *grown);
        spec->args = grown;
    }
    spec->args[spec->count++] = arg;
}

/* [key '='] spec; after ':' a term without chain, so that a:1|b reads as (a:1)|b. */
static bool read_arg(Reader *r, Spec *spec, const Spec *(*read_value)(Reader *)) {
    skip_blanks(r);
    SpecArg arg = {.at = r->at};
    size_t start = r->at;
    const char *word = read_word(r);
    if (word && peek(r) == '=') {
        arg.key = word;
        r->at++;
    } else {
        r->at = start;
    }
    arg.value = read_value(r);
    if (arg.value == NULL) return false;
    append_arg(r, spec, arg);
    return true;
}

static const Spec *read_colon_value(Reader *r) {
    skip_blanks(r);
    Spec *spec = ZERO(r->arena, Spec, 1);
    spec->at = r->at;
    spec->word = read_word(r);
    if (spec->word == NULL) unexpected(r, "a value");
    return spec->word ? spec : NULL;
}

static bool read_args(Reader *r, Spec *spec) {
    r->at++; /* ( */
    if (peek(r) == ')')
        return base_fail(r->error, EX_USAGE, r->at, "empty parentheses after '%s'",
                         spec->word);
    for (;;) {
        if (!read_arg(r, spec, read_chain)) return false;
        char c = peek(r);
        if (c != ',' && c != ')') return unexpected(r, "',' or ')'");
        r->at++;
        if (c == ')') return true;
    }
}

static const Spec *read_term(Reader *r) {
    skip_blanks(r);
    Spec *spec = ZERO(r->arena, Spec, 1);
    spec->at = r->at;
    spec->word = read_word(r);
    if (spec->word == NULL) {
        unexpected(r, "a name");
        return NULL;
    }
    if (peek(r) == '(') return read_args(r, spec) ? spec : NULL;
    while (peek(r) == ':') {
        r->at++;
        if (!read_arg(r, spec, read_colon_value)) return NULL;
    }
    return spec;
}

static const Spec *read_chain(Reader *r) {
    if (r->depth >= SPEC_MAX_DEPTH) {
        base_fail(r->error, EX_USAGE, r->at, "nested deeper than %d", SPEC_MAX_DEPTH);
        return NULL;
    }
    r->depth++;
    const Spec *first = read_term(r);
    if (first && peek(r) == '|') {
        Spec *chain = ZERO(r->arena, Spec, 1);
        chain->word = "chain";
        chain->at = first->at;
        append_arg(r, chain, (SpecArg){.at = first->at, .value = first});
        while (first && peek(r) == '|') {
            r->at++;
            first = read_term(r);
            if (first) append_arg(r, chain, (SpecArg){.at = first->at, .value = first});
        }
        first = first ? chain : NULL;
    }
    r->depth--;
    return first;
}

const Spec *spec_parse(Arena *arena, const char *text, BaseError *error) {
    Reader r = {.arena = arena, .text = text, .error = error};
    if (strlen(text) > SPEC_MAX_LENGTH) {
        base_fail(error, EX_USAGE, SPEC_MAX_LENGTH, "longer than %d bytes",
                  SPEC_MAX_LENGTH);
        return NULL;
    }
    const Spec *spec = read_chain(&r);
    if (spec && peek(&r) != '\0') {
        unexpected(&r, "the end");
        return NULL;
    }
    return spec;
}

static void print_spec(Text *out, const Spec *spec) {
    bool chain = strcmp(spec->word, "chain") == 0 && spec->count > 1;
    for (size_t i = 0; chain && i < spec->count; i++)
        if (spec->args[i].key) chain = false; /* options need the long form */
    if (!chain) text_add(out, "%s%s", spec->word, spec->count ? "(" : "");
    for (size_t i = 0; i < spec->count; i++) {
        if (i > 0) text_add(out, chain ? " | " : ", ");
        if (spec->args[i].key) text_add(out, "%s=", spec->args[i].key);
        bool inner = chain && strcmp(spec->args[i].value->word, "chain") == 0 &&
                     spec->args[i].value->count > 0;
        if (inner) text_add(out, "chain(");
        for (size_t j = 0; inner && j < spec->args[i].value->count; j++) {
            if (j > 0) text_add(out, ", ");
            if (spec->args[i].value->args[j].key)
                text_add(out, "%s=", spec->args[i].value->args[j].key);
            print_spec(out, spec->args[i].value->args[j].value);
        }
        if (inner)
            text_add(out, ")");
        else
            print_spec(out, spec->args[i].value);
    }
    if (!chain && spec->count) text_add(out, ")");
}

const char *spec_print(Arena *arena, const Spec *spec) {
    Text out = text_new(arena);
    print_spec(&out, spec);
    return out.data;
}

const char *spec_slug(Arena *arena, const char *text) {
    char *slug = TAKE(arena, char, strlen(text) + 1);
    size_t n = 0;
    for (; *text; text++) {
        bool keep = isalnum((unsigned char)*text) || *text == '.' || *text == '_';
        if (keep)
            slug[n++] = *text;
        else if (n > 0 && slug[n - 1] != '-')
            slug[n++] = '-';
    }
    while (n > 0 && slug[n - 1] == '-') n--;
    slug[n] = '\0';
    return slug;
}

const char **spec_list(Arena *arena, const char *text, size_t *count) {
    size_t most = 1;
    for (const char *c = text; *c; c++) most += *c == ',';
    const char **items = TAKE(arena, const char *, most);
    *count = 0;
    for (const char *start = text;; text++) {
        static const char open[] = "([", close[] = ")]";
        long depth = 0;
        for (; *text && !(*text == ',' && depth <= 0); text++) {
            if (strchr(open, *text)) depth++;
            if (strchr(close, *text)) depth--;
        }
        const char *from = start, *to = text;
        while (from < to && (*from == ' ' || *from == '\t')) from++;
        while (to > from && (to[-1] == ' ' || to[-1] == '\t')) to--;
        items[(*count)++] = text_copy(arena, from, (size_t)(to - from));
        if (*text == '\0') return items;
        start = text + 1;
    }
}

const char *spec_error(Arena *arena, const char *text, const BaseError *error) {
    enum { SHOWN = 60 };
    const size_t length = strlen(text);
    const size_t from =
        error->at > SHOWN / 2 && length > SHOWN ? error->at - SHOWN / 2 : 0;
    const bool whole = length - from <= SHOWN;
    const char *window = text_copy(arena, text + from, whole ? length - from : SHOWN);
    return text_print(arena, "in '%s%s%s' at byte %zu: %s", from ? "..." : "",
                      text_plain(arena, window), whole ? "" : "...", error->at,
                      error->message);
}
