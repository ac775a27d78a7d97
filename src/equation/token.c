/* Tokens of a text. Every error knows the byte where it stands. */
#include "reader.h"

#include <ctype.h>
#include <string.h>

Reader reader_new(Arena *arena, const char *text, BaseError *error) {
    return (Reader){.arena = arena, .text = text, .error = error};
}

/* ---- comments ---------------------------------------------------------------------- */

static const char *after(const char *comment, const char *key) {
    const size_t length = strlen(key);
    if (strncmp(comment, key, length) != 0) return NULL;
    return comment + length + strspn(comment + length, " \t");
}

/* One that stands alone on its line says something of the next normalizer. */
static void keep_comment(Reader *r, size_t begin, size_t end) {
    for (size_t i = begin; i-- > 0 && r->text[i] != '\n';)
        if (r->text[i] != ' ' && r->text[i] != '\t') return;
    begin += 1 + strspn(r->text + begin + 1, " \t");
    while (end > begin && strchr(" \t\r", r->text[end - 1])) end--;
    if (end <= begin) return;
    const char *comment = text_copy(r->arena, r->text + begin, end - begin), *said;
    if ((said = after(comment, "source:")))
        r->source = said;
    else if ((said = after(comment, "differs:")))
        r->differs = r->differs ? text_print(r->arena, "%s %s", r->differs, said) : said;
    else if ((said = after(comment, "example:")))
        r->example = said;
    else if (r->title == NULL)
        r->title = comment;
}

/* ---- blanks ------------------------------------------------------------------------ */

/* What ends with one of these goes on over the end of the line. */
static bool goes_on(const Token *token) {
    if (token->kind == TOKEN_NAME) return strcmp(token->word, "else") == 0;
    return token->kind == TOKEN_SYMBOL && strchr("+-*/^(,=:", token->symbol);
}

/* To the next token; whether an end of a line lies between. */
static bool skip_blanks(Reader *r) {
    bool ended = false;
    for (;; r->at++) {
        const char c = r->text[r->at];
        if (c == '#') {
            const size_t begin = r->at;
            r->at += strcspn(r->text + r->at, "\n");
            keep_comment(r, begin, r->at);
        }
        if (r->text[r->at] == '\n') ended = true;
        if (r->text[r->at] == '\0' || !strchr(" \t\r\n", r->text[r->at])) return ended;
    }
}

/* ---- one token ---------------------------------------------------------------------- */

static bool is_name(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

/* 1, 0.5, 1e-5: digits, then a part behind a point, then an exponent. */
static size_t number_length(const char *text) {
    size_t at = strspn(text, "0123456789");
    if (text[at] == '.') at += 1 + strspn(text + at + 1, "0123456789");
    if (text[at] == 'e' || text[at] == 'E') {
        const size_t sign = text[at + 1] == '+' || text[at + 1] == '-';
        const size_t digits = strspn(text + at + 1 + sign, "0123456789");
        if (digits > 0) at += 1 + sign + digits;
    }
    return at;
}

static bool read_number(Reader *r) {
    const char *text = r->text + r->at;
    r->token.kind = TOKEN_NUMBER;
    r->token.length = number_length(text);
    r->token.word = text_copy(r->arena, text, r->token.length);
    if (is_name(text[r->token.length]))
        return base_fail(r->error, EX_DATAERR, r->at,
                         "'%s%c': a name does not begin with a digit, and a product is "
                         "written with *",
                         text_clip(r->arena, r->token.word), text[r->token.length]);
    return text_to_double(r->token.word, &r->token.number) ||
           base_fail(r->error, EX_DATAERR, r->at, "'%s' is no number of a double",
                     text_clip(r->arena, r->token.word));
}

static bool read_string(Reader *r) {
    const char *text = r->text + r->at + 1;
    const size_t length = strcspn(text, "\"\n");
    if (text[length] != '"')
        return base_fail(r->error, EX_DATAERR, r->at, "a quote that is not closed");
    r->token.kind = TOKEN_STRING;
    r->token.word = text_copy(r->arena, text, length);
    r->token.length = length + 2;
    return true;
}

static bool read_symbol(Reader *r) {
    const char c = r->text[r->at];
    if (!isprint((unsigned char)c))
        return base_fail(r->error, EX_DATAERR, r->at,
                         "byte 0x%02x: a text is of letters, digits and +-*/^()[],=:;|",
                         (unsigned char)c);
    if (!strchr("+-*/^()[],=:|", c))
        return base_fail(r->error, EX_DATAERR, r->at, "'%c' has no meaning here%s", c,
                         c == '{' || c == '}' ? ": parentheses are ( and )" : "");
    r->token.kind = TOKEN_SYMBOL;
    r->token.symbol = c;
    r->token.length = 1;
    return true;
}

static bool read_token(Reader *r) {
    const char c = r->text[r->at];
    r->token = (Token){.at = r->at, .length = 1};
    if (c == '\0') return true;
    if (c == '"') return read_string(r);
    if (isdigit((unsigned char)c) ||
        (c == '.' && isdigit((unsigned char)r->text[r->at + 1])))
        return read_number(r);
    if (!is_name(c)) return read_symbol(r);
    r->token.kind = TOKEN_NAME;
    while (is_name(r->text[r->at + r->token.length])) r->token.length++;
    r->token.word = text_copy(r->arena, r->text + r->at, r->token.length);
    return true;
}

bool reader_next(Reader *r) {
    const Token last = r->token;
    const bool first = r->at == 0;
    bool ended = skip_blanks(r);
    if (r->text[r->at] == ';') {
        ended = true;
        while (r->text[r->at] == ';') r->at++, skip_blanks(r);
    }
    if (ended && !first && r->parentheses == 0 && !goes_on(&last) &&
        last.kind != TOKEN_LINE) {
        r->token = (Token){.kind = TOKEN_LINE, .at = r->at, .length = 0};
        return true;
    }
    if (!read_token(r)) return false;
    if (r->token.kind != TOKEN_END) r->at += r->token.length;
    return true;
}

/* ---- what a token is ---------------------------------------------------------------- */

bool reader_is(const Reader *r, char symbol) {
    return r->token.kind == TOKEN_SYMBOL && r->token.symbol == symbol;
}

bool reader_says(const Reader *r, const char *word) {
    return r->token.kind == TOKEN_NAME && strcmp(r->token.word, word) == 0;
}

bool reader_unexpected(Reader *r, const char *expected) {
    const Token *t = &r->token;
    if (t->kind == TOKEN_END)
        return base_fail(r->error, EX_DATAERR, t->at, "ends where %s should follow",
                         expected);
    if (t->kind == TOKEN_LINE)
        return base_fail(r->error, EX_DATAERR, t->at,
                         "the line ends where %s should follow", expected);
    const char *said =
        text_clip(r->arena, text_copy(r->arena, r->text + t->at, t->length));
    return base_fail(r->error, EX_DATAERR, t->at, "'%s' where %s should be", said,
                     expected);
}

bool reader_want(Reader *r, char symbol, const char *where) {
    if (reader_is(r, symbol)) return reader_next(r);
    return reader_unexpected(r, text_print(r->arena, "'%c'%s", symbol, where));
}

char reader_peek(const Reader *r) {
    return r->text[r->at + strspn(r->text + r->at, " \t")];
}

const char *reader_raw(Reader *r) {
    const size_t begin = r->token.at;
    size_t deep = 0;
    while (r->token.kind != TOKEN_END && (deep > 0 || !reader_is(r, ')'))) {
        deep += reader_is(r, '(');
        deep -= reader_is(r, ')');
        if (!reader_next(r)) return NULL;
    }
    size_t end = r->token.at;
    while (end > begin && strchr(" \t\r\n", r->text[end - 1])) end--;
    if (!reader_is(r, ')') || end == begin) {
        reader_unexpected(r, end == begin ? "a name of cells or options" : "')'");
        return NULL;
    }
    return text_copy(r->arena, r->text + begin, end - begin);
}
