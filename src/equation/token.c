/* Tokens of a text. Every error knows the byte where it stands. */
#include "reader.h"

#include <string.h>

Reader reader_new(Arena *arena, const char *text, BaseError *error) {
    return (Reader){.arena = arena, .text = text, .error = error};
}

/* ---- letters ----------------------------------------------------------------------- */

/* Bytes of a letter of UTF-8 (RFC 3629) that a terminal may see; 0: it is none. */
static size_t letter_length(const char *text) {
    const unsigned char *c = (const unsigned char *)text;
    if (*c < 0x80) return *c >= ' ' && *c != 0x7f;
    const size_t length = *c >= 0xc2 && *c < 0xe0   ? 2
                          : *c >= 0xe0 && *c < 0xf0 ? 3
                          : *c >= 0xf0 && *c < 0xf5 ? 4
                                                    : 0;
    for (size_t i = 1; i < length; i++)
        if ((c[i] & 0xc0) != 0x80) return 0;
    const bool odd = (*c == 0xc2 && c[1] < 0xa0) || /* a control */
                     (*c == 0xe0 && c[1] < 0xa0) ||
                     (*c == 0xf0 && c[1] < 0x90) || /* long */
                     (*c == 0xed && c[1] >= 0xa0) || (*c == 0xf4 && c[1] >= 0x90);
    return odd ? 0 : length;
}

const char *reader_plain(Arena *arena, const char *text) {
    char *plain = text_copy(arena, text, strlen(text));
    for (char *c = plain; *c;) {
        const size_t length = letter_length(c);
        if (length == 0) *c = '?';
        c += length ? length : 1;
    }
    return plain;
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
    const char *said,
        *comment =
            reader_plain(r->arena, text_copy(r->arena, r->text + begin, end - begin));
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

/* Of no locale. */
static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_name(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
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

/* Also where char has no sign: bytes from 0x7f on are not. */
static bool is_printed(char c) {
    return c >= ' ' && c <= '~';
}

/* The letter of several bytes that it begins; else the byte. */
static const char *shown_byte(const Reader *r, size_t at) {
    const size_t length = letter_length(r->text + at);
    return length > 1 ? text_print(r->arena, "'%.*s'", (int)length, r->text + at)
                      : text_print(r->arena, "byte 0x%02x", (unsigned char)r->text[at]);
}

static bool fail_byte(Reader *r, size_t at) {
    return base_fail(
        r->error, EX_DATAERR, at,
        "%s: outside of comments a text is of English letters, digits, _ and "
        "+-*/^()[],=:;|\"",
        shown_byte(r, at));
}

static bool read_string(Reader *r) {
    const char *text = r->text + r->at + 1;
    const size_t length = strcspn(text, "\"\r\n");
    if (text[length] != '"')
        return base_fail(r->error, EX_DATAERR, r->at, "a quote that is not closed");
    for (size_t i = 0; i < length; i++)
        if (!is_printed(text[i])) return fail_byte(r, r->at + 1 + i);
    r->token.kind = TOKEN_STRING;
    r->token.word = text_copy(r->arena, text, length);
    r->token.length = length + 2;
    return true;
}

static bool read_symbol(Reader *r) {
    const char c = r->text[r->at];
    if (!is_printed(c)) return fail_byte(r, r->at);
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
    if (is_digit(c) || (c == '.' && is_digit(r->text[r->at + 1]))) return read_number(r);
    if (!is_name(c)) return read_symbol(r);
    r->token.kind = TOKEN_NAME;
    while (is_name(r->text[r->at + r->token.length])) r->token.length++;
    r->token.word = text_copy(r->arena, r->text + r->at, r->token.length);
    return r->token.length <= EQUATION_MOST_LETTERS ||
           base_fail(r->error, EX_DATAERR, r->at, "'%s': a name has at most %d letters",
                     text_clip(r->arena, r->token.word), EQUATION_MOST_LETTERS);
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
        r->token = (Token){.kind = TOKEN_LINE, .at = r->behind, .length = 0};
        return true;
    }
    if (!read_token(r)) return false;
    if (r->token.kind == TOKEN_END)
        r->token.at = r->behind;
    else
        r->behind = r->at += r->token.length;
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

/* Where the next token begins; on this line, unless that goes on between parentheses. */
static size_t next_at(const Reader *r, size_t at) {
    for (;; at++) {
        if (r->text[at] == '#' && r->parentheses > 0) at += strcspn(r->text + at, "\n");
        if (r->text[at] == '\0' ||
            !strchr(r->parentheses > 0 ? " \t\r\n;" : " \t", r->text[at]))
            return at;
    }
}

char reader_peek(const Reader *r) {
    return r->text[next_at(r, r->at)];
}

char reader_peek_closed(const Reader *r) {
    size_t deep = 1, at = r->at;
    while (r->text[at] && deep > 0) {
        if (r->text[at] == '#') at += strcspn(r->text + at, "\n");
        if (r->text[at] == '"') at += 1 + strcspn(r->text + at + 1, "\"\n");
        deep = deep + (r->text[at] == '(') - (r->text[at] == ')');
        at += r->text[at] != '\0';
    }
    return r->text[next_at(r, at)];
}

/* ---- as written ----------------------------------------------------------------------- */

const char *reader_since(const Reader *r, size_t begin) {
    char *said = text_copy(r->arena, r->text + begin, r->behind - begin), *end = said;
    for (const char *c = said; *c;) {
        const char *from = c;
        while (*c && strchr(" \t\r\n;#", *c)) c += *c == '#' ? strcspn(c, "\n") : 1;
        if (c > from && *c) *end++ = ' ';
        if (*c) *end++ = *c++;
    }
    *end = '\0';
    return said;
}

const char *reader_raw(Reader *r, const char *ends, const char *expected) {
    const size_t begin = r->token.at;
    size_t deep = 0, end = begin;
    while (
        r->token.kind != TOKEN_END && r->token.kind != TOKEN_STRING &&
        !reader_is(r, ']') &&
        (deep > 0 || r->token.kind != TOKEN_SYMBOL || !strchr(ends, r->token.symbol))) {
        deep += reader_is(r, '(');
        deep -= deep > 0 && reader_is(r, ')');
        end = r->behind;
        if (!reader_next(r)) return NULL;
    }
    const bool closed = reader_is(r, ends[0]);
    if (!closed || end == begin) {
        const char close[] = {'\'', ends[0], '\'', '\0'};
        reader_unexpected(r, end == begin ? expected : close);
        return NULL;
    }
    Reader before = *r;
    before.behind = end;
    return reader_since(&before, begin);
}
