/* spec: the small language in which normalizers and networks are named.
 *
 *   spec := term ('|' term)*
 *   term := word [ '(' args ')' ] | word (':' [key '='] word)+
 *   args := arg (',' arg)*
 *   arg  := [key '='] spec
 *   word := [A-Za-z0-9_.+-]+
 *
 * a | b is chain(a, b); group:8 is group(8), because shells eat parentheses.
 *
 * This file knows the syntax only; who owns the words (norm, net) gives them meaning. What is wrong
 * in a text is a BaseError (EX_USAGE), whose `at` is the place in it; misuse is REQUIREd.
 */
#ifndef NORMLAB_SPEC_H
#define NORMLAB_SPEC_H

#include "base.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct Spec Spec;

typedef struct SpecArg {
    const char *key;   /* NULL where positional */
    size_t at;         /* offset of the argument in the text */
    const Spec *value; /* a number is a word without arguments */
} SpecArg;

struct Spec {
    const char *word;
    size_t at; /* offset of the word in the text */
    size_t count;
    SpecArg *args;
};

enum { SPEC_MAX_DEPTH = 16, SPEC_MAX_LENGTH = 4096 };

/* NULL and *error (with `at`) where the text is not a spec. */
const Spec *spec_parse(Arena *arena, const char *text, BaseError *error);

/* As given, in canonical spelling: one space after commas, no other; chains as "a |
 * b". */
const char *spec_print(Arena *arena, const Spec *spec);

/* One line that points into the text: "in 'group(3, x)' at byte 9: MESSAGE" (a window of
 * a long text, '?' for its control characters), of an error. */
const char *spec_error(Arena *arena, const char *text, const BaseError *error);

/* ---- arguments.c: reading a spec's arguments, each once, none forgotten ---------- */

typedef struct SpecArguments {
    Arena *arena;
    const Spec *spec;
    bool *used;            /* [spec->count] */
    const char *canonical; /* what was said of them; "" */
} SpecArguments;

/* Adds to their canonical text, after a comma where there is some: "start=0.5". */
void spec_say(SpecArguments *arguments, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The argument `key=`, or NULL; the next positional one, or NULL. Each is given once. */
const SpecArg *spec_named(SpecArguments *arguments, const char *key);
const SpecArg *spec_positional(SpecArguments *arguments);

/* Values; false and *error at the argument's place. */
bool spec_count(const SpecArg *argument, const char *what, size_t *value,
                BaseError *error);
bool spec_number(const SpecArg *argument, const char *what, double least, double most,
                 double *value, BaseError *error);
bool spec_switch(Arena *arena, const SpecArg *argument, const char *what, bool *value,
                 BaseError *error);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
