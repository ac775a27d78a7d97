/* text: strings in arenas, and words of lists. */
#ifndef NORMLAB_TEXT_H
#define NORMLAB_TEXT_H

#include "house.h"

#include <locale.h>

/* A formatted string in the arena. */
char *text_print(Arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
char *text_print_args(Arena *arena, const char *format, va_list args);
char *text_copy(Arena *arena, const char *text, size_t length);

/* The text, or its beginning and "..." where it is longer than a message can bear. */
const char *text_clip(Arena *arena, const char *text);

/* The text with '?' for control characters: what comes from a file may go to a terminal. */
const char *text_plain(Arena *arena, const char *text);

/* The word as a shell reads it back: group(8) and "a b" in single quotes, 0.1 as it is. */
const char *text_quoted(Arena *arena, const char *word);

/* A string that grows by appending (in the arena; earlier copies are left behind). */
typedef struct Text {
    Arena *arena;
    char *data; /* always terminated; "" before the first append */
    size_t length, room;
} Text;

Text text_new(Arena *arena);
void text_add(Text *text, const char *format, ...) PRINTF_LIKE(2, 3);

/* This thread writes and reads numbers as C does, whatever the language of the program around
 * it, which may have 0,5; until text_as_before has what this gave. */
locale_t text_in_c(void);
void text_as_before(locale_t before);

/* Shortest decimal that reads back as the same double ("0.1", "1e-05", "nan"). */
const char *text_number(Arena *arena, double value);

/* The same of several numbers for people: rounded to `digits` or, where those do not tell them
 * apart, to as many as do; whole ones below 1e9 and short ones are as they are. */
const char **text_numbers(Arena *arena, const double *value, size_t count, int digits);

/* Columns of a terminal that well-formed UTF-8 takes: wide letters two, combining marks none. */
size_t text_columns(const char *text);

/* Whole-string decimals in the C locale; false, and *value as it was, if `text` is not
 * entirely one or lies beyond the finite doubles, at either end. No hexadecimal, "inf" or
 * "nan". */
bool text_to_double(const char *text, double *value);
bool text_to_count(const char *text, size_t *value); /* decimal digits only */

/* Levenshtein distance with transposition of neighbours as one step (optimal string
 * alignment). */
size_t text_distance(const char *a, const char *b);

/* The candidate with the smallest edit distance, small and large letters being alike; else
 * one that the word is a part of; NULL if none is near (more than half differs). Of yes and
 * no also by true, on, 1 and false, off, 0. */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

/* ", did you mean 'batch'?" or "", for the end of a message. */
const char *text_hint(Arena *arena, const char *word, const char *const *candidates,
                      size_t count);

/* What others call a thing, in any letters, and what it is called here. */
typedef struct OtherName {
    const char *other, *ours;
} OtherName;

/* The same, where `others` (ends with a NULL) knows the word and the candidates have what it
 * stands for: that, whatever is near. */
const char *text_hint_for(Arena *arena, const char *word, const OtherName *others,
                          const char *const *candidates, size_t count);

/* ---- choice.c: a word of a list --------------------------------------------------- */

/* The words are those with which the entries of a table begin, or what its pointers point to. */
typedef struct Choice {
    const void *table;
    size_t count, stride; /* entries, bytes from one to the next */
    bool pointers;
    const OtherName *others; /* NULL: none are known */
} Choice;

#define CHOICE(array)                                                                    \
    { .table = (array), .count = COUNT_OF(array), .stride = sizeof *(array) }

/* Its place; `count`: it is none of them. */
size_t choice_find(const Choice *choice, const char *word);

/* text_hint_for its words, and these as "a, b" and, before the last, " or ". */
const char *choice_hint(Arena *arena, const Choice *choice, const char *word);
const char *choice_words(Arena *arena, const Choice *choice, const char *last);

/* False and *error "SAIDword: a, b or c is expected": `said` is "--mode " or "protocol=". */
bool choice_read(Arena *arena, const Choice *choice, const char *said, const char *word,
                 size_t *place, BaseError *error);

#endif
