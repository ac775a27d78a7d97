/* reader: a text as tokens, for the files that read normalizers. */
#ifndef NORMLAB_READER_H
#define NORMLAB_READER_H

#include "equation.h"
#include "house.h"
#include "text.h"

typedef enum TokenKind {
    TOKEN_END,
    TOKEN_LINE, /* an end of a line or ';' */
    TOKEN_NUMBER,
    TOKEN_NAME,
    TOKEN_STRING, /* in double quotes, which are not in the word */
    TOKEN_SYMBOL
} TokenKind;

typedef struct Token {
    TokenKind kind;
    size_t at, length;
    char symbol;
    const char *word; /* of names and strings */
    double number;
} Token;

typedef struct Reader {
    Arena *arena;
    const char *text;
    size_t at; /* behind the token */
    Token token;
    size_t behind;      /* the last one that is no end of a line */
    size_t parentheses; /* open: there the ends of lines are blanks */
    size_t depth;       /* of calls */
    Equation *equation; /* that is being read */
    const char *title, *source, *differs, *example; /* by comments since the last line */
    BaseError *error;
} Reader;

/* ---- token.c ----------------------------------------------------------------------- */

Reader reader_new(Arena *arena, const char *text, BaseError *error);

/* With '?' for what is no letter: a text may go to a terminal. */
const char *reader_plain(Arena *arena, const char *text);

/* The next token stands in reader->token. False and *error where there is none. */
bool reader_next(Reader *r);

/* From the token to the one of `ends` that closes what it stands in (which is then the token),
 * as written but for comments, with one blank where there are more. NULL and *error. */
const char *reader_raw(Reader *r, const char *ends, const char *expected);

/* As written since that byte, to the end of the last token; likewise. */
const char *reader_since(const Reader *r, size_t begin);

/* Whether the token is this word or symbol. */
bool reader_is(const Reader *r, char symbol);
bool reader_says(const Reader *r, const char *word);

/* Goes on behind this symbol; an error where it does not stand. */
bool reader_want(Reader *r, char symbol, const char *where);

/* EX_DATAERR at the token: "'TOKEN' where EXPECTED should be". */
bool reader_unexpected(Reader *r, const char *expected);

/* What stands behind the token, and behind the parenthesis that closes the one that it is. */
char reader_peek(const Reader *r);
char reader_peek_closed(const Reader *r);

/* ---- option.c ----------------------------------------------------------------------- */

/* A name stands; a number with its sign does. Goes on behind it. */
bool reader_name(Reader *r, Token *name, const char *expected);
bool reader_signed(Reader *r, double *number);

/* Whether that name may be given to `what`, "an option". */
bool reader_free(Reader *r, const Token *name, const char *what);

/* Of a normalizer, whose '(' stands. */
bool read_options(Reader *r);

/* ---- value.c ------------------------------------------------------------------------ */

Term *read_value(Reader *r);

/* A number, or what options make of numbers. */
Term *read_sum(Reader *r);

/* sqrt, mean and the like. */
bool equation_is_function(const char *word);

/* ---- know.c ------------------------------------------------------------------------- */

/* What its names mean, in which order its lines are, what can be left out; false and *error. */
bool equation_know(Arena *arena, Equation *equation, BaseError *error);

/* ---- affine.c ----------------------------------------------------------------------- */

/* Its body, without gamma and beta where they can be left out. */
void equation_factor(Arena *arena, Equation *equation);

#endif
