/* base: what every other layer stands on: errors, memory, text, draws without state.
 *
 * Three kinds of trouble, never mixed:
 *   a programmer's mistake   REQUIRE (always on, O(1)), VERIFY (dev builds, O(n)): abort
 *   the world's failure      die(): one line on stderr and an exit code of sysexits.h
 *   a numerical outcome      a value, stored with the result, never a message
 * A user's text that may be wrong (a spec, a key) is reported through a BaseError, so that
 * the caller can say where it stood; only the tool turns it into die().
 */
#ifndef NORMLAB_BASE_H
#define NORMLAB_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sysexits.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#define NORETURN [[noreturn]]
#else
#define NORETURN _Noreturn
#endif

#define COUNT_OF(array)               (sizeof(array) / sizeof((array)[0]))
#define PRINTF_LIKE(format_at, first) __attribute__((format(printf, format_at, first)))

/* ---- error.c --------------------------------------------------------------------- */

/* Ends the program: "normlab: MESSAGE" on stderr, exit status `code` (EX_USAGE,
 * EX_DATAERR...). */
NORETURN void die(int code, const char *format, ...) PRINTF_LIKE(2, 3);

/* One line of talk on stderr: "normlab: MESSAGE". Not for data, which goes to stdout. */
void say(const char *format, ...) PRINTF_LIKE(1, 2);

/* How this program was called, for commands that somebody may paste: "./normlab" by the
 * wrapper, which sets NORMLAB_CALLED; else the word that program_begin was given, argv[0] as a
 * shell reads it. */
const char *program_called(void);
bool program_is_wrapped(void);
void program_begin(const char *word);

/* A text in which commands stand as `normlab COMMAND`, as this program is called. die() and
 * say() print theirs so. */
void print_commands(FILE *out, const char *text);

NORETURN void base_require_failed(const char *file, int line, const char *condition,
                                  const char *format, ...) PRINTF_LIKE(4, 5);

#define REQUIRE(condition, ...)                                                          \
    do {                                                                                 \
        if (!(condition))                                                                \
            base_require_failed(__FILE__, __LINE__, #condition, __VA_ARGS__);            \
    } while (0)

#ifdef NORMLAB_VERIFY
#define VERIFY(condition, ...) REQUIRE(condition, __VA_ARGS__)
#else
#define VERIFY(condition, ...) ((void)0)
#endif

/* A user's mistake, as a value. `at` is the byte offset into the text that was read. */
typedef struct BaseError {
    bool set;
    int code;  /* exit status that fits: EX_USAGE, EX_DATAERR... */
    size_t at; /* offset of the culprit, if there is a text to point into */
    char message
        [512]; /* one line, names the culprit, what was expected, the nearest word */
} BaseError;

/* Fills *error (once: the first mistake stays) and returns false, so that a reader can
 * `return base_fail(...)`. */
bool base_fail(BaseError *error, int code, size_t at, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* Ends the program with the error's line, if it is set. */
void die_if(const BaseError *error);

/* ---- arithmetic.c ---------------------------------------------------------------- */

/* What is wrong with this thread's arithmetic, in words: rounding, subnormal numbers,
 * precision, traps. NULL: nothing. */
const char *arithmetic_fault(void);
void arithmetic_want(void); /* ends the program (EX_UNAVAILABLE) if something is */

/* ---- arena.c: the one door to memory --------------------------------------------- */

/* A stack of 64-byte aligned memory. Rewinding keeps the blocks, so that the same work
 * done twice allocates once. Out of memory is die(EX_OSERR). Not shared between
 * threads. */
typedef struct Arena Arena;

typedef struct ArenaMark {
    void *block; /* block in use when the mark was set */
    size_t used; /* bytes taken from it */
} ArenaMark;

Arena *arena_new(void);
void arena_free(Arena *arena); /* NULL is fine */

/* `count` objects of `size` bytes, uninitialised (signalling NaNs in VERIFY builds). */
void *arena_take(Arena *arena, size_t count, size_t size);
void *arena_zero(Arena *arena, size_t count, size_t size); /* the same, all bytes zero */

#define TAKE(arena, type, count) ((type *)arena_take((arena), (count), sizeof(type)))
#define ZERO(arena, type, count) ((type *)arena_zero((arena), (count), sizeof(type)))

ArenaMark arena_mark(const Arena *arena);
void arena_rewind(Arena *arena, ArenaMark mark); /* all taken since the mark is gone */
/* Bytes between its beginning and what was taken last. */
size_t arena_bytes(const Arena *arena);
/* Calls of malloc so far: constant in the steady state. */
size_t arena_blocks(const Arena *arena);

/* ---- text.c ---------------------------------------------------------------------- */

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

/* ---- draw.c: random numbers without state ---------------------------------------- */

/* What a draw is for. Numbers are part of every stored result: never renumber. */
typedef enum DrawPurpose {
    DRAW_INIT = 1,    /* initial weights: sample = parameter's number */
    DRAW_SHUFFLE = 2, /* order of an epoch */
    DRAW_FLIP = 3,    /* augmentation */
    DRAW_SHIFT = 4,
    DRAW_SPLIT = 5, /* validation split and subsets */
    DRAW_CHECK = 6, /* probes and upstreams of the checkers */
    DRAW_TEST = 7,  /* inputs of tests */
    DRAW_ADAPT = 8, /* clusters and maps: sample = normalizer's number */
    DRAW_DATA = 9   /* samples of data sets that are drawn: epoch = part */
} DrawPurpose;

/* Every draw is a pure function of these and an index (Philox4x64-10 of Random123: Salmon
 * et al., SC'11), so nothing needs saving and order does not matter. */
typedef struct Draw {
    uint64_t seed;
    DrawPurpose purpose;
    uint64_t epoch, sample;
} Draw;

uint64_t draw_bits(Draw draw, uint64_t index);
double draw_uniform(Draw draw, uint64_t index); /* in (0, 1), 52 bits, never 0 or 1 */
double draw_normal(Draw draw, uint64_t index);  /* standard normal, Box-Muller */
size_t draw_below(Draw draw, uint64_t index,
                  size_t bound); /* 0..bound-1; bias below bound/2^64 */

/* A random order of 0..count-1 (Fisher-Yates). */
void draw_permutation(Draw draw, size_t *order, size_t count);

/* ---- place.c: files and their names ---------------------------------------------- */

/* A file of the project: NORMLAB_HOME, or what was installed with the program (experiments,
 * data), or the checkout that was built / relative. */
const char *place_home(Arena *arena, const char *relative);

/* Whether that is a checkout, with sources. */
bool place_is_checkout(void);

/* Where a user's results go: NORMLAB_OUT, or the checkout's out, or of an installed program
 * out where the user stands / relative. */
const char *place_out(Arena *arena, const char *relative);

/* The path from the root on; links are followed, where it is there. */
const char *place_absolute(Arena *arena, const char *path);

/* SHA-256 (libmd) in lower-case hex. */
enum { DIGEST_LENGTH = 64 };
void digest_bytes(char hex[DIGEST_LENGTH + 1], const void *data, size_t length);

/* A whole file in memory, terminated by a NUL beyond *length; NULL and *error
 * (EX_NOINPUT, EX_IOERR, or EX_DATAERR beyond `limit` bytes) if it cannot be read. */
char *place_read(Arena *arena, const char *path, size_t limit, size_t *length,
                 BaseError *error);

/* The same where only some of the bytes are going to be looked at: they are read when they
 * are, so what is changed in place meanwhile may be seen, and a file that is cut ends the
 * process (SIGBUS). */
void *place_map(const char *path, size_t limit, size_t *length, BaseError *error);
void place_unmap(void *data, size_t length); /* NULL is fine */

/* Makes a folder and its parents. */
bool place_folder(const char *path, BaseError *error);

/* ---- output.c: files that are written -------------------------------------------- */

/* Writes a file so that a kill or a full disk leaves the old one or the new one, whole:
 * temporary file beside it, fsync, rename, fsync of the folder. The temporary is removed on
 * failure. What is there keeps its kind, mode, owner and extended attributes: a link is followed and
 * stays, pipes and character devices are written as they are, and what cannot be kept so is refused (a
 * folder, a disk, a socket, a file that has hard links or is read-only: EX_CANTCREAT). */
bool place_write(const char *path, const void *data, size_t length, BaseError *error);

/* Whether place_write would try, for who computes for long before. */
bool place_may_write(const char *path, BaseError *error);

/* Whether it would make or replace a file, so that others may be put beside it. */
bool place_is_replaced(const char *path);

/* Removes a file or a link, if it is there, and nothing of another kind. */
bool place_remove(const char *path, BaseError *error);

/* Removes what killed writers of `path` left beside it; place_write does it too. `alone`:
 * whoever holds a lock on the path knows that nobody else writes, and need not look whether
 * the writer lives (a killed process has its number until it is waited for). */
void place_sweep(const char *path, bool alone);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
