/* house: what our own sources use everywhere and no header that is installed may say: checks,
 * ends, talk, memory by type.
 *
 * Three kinds of trouble, never mixed:
 *   a programmer's mistake   REQUIRE (always on, O(1)), VERIFY (dev builds, O(n)): abort
 *   the world's failure      die(): one line on stderr and an exit code of sysexits.h
 *   a numerical outcome      a value, stored with the result, never a message */
#ifndef NORMLAB_HOUSE_H
#define NORMLAB_HOUSE_H

#include "base.h"

#include <stdarg.h>
#include <stdio.h>

#define COUNT_OF(array)               (sizeof(array) / sizeof((array)[0]))
#define PRINTF_LIKE(format_at, first) __attribute__((format(printf, format_at, first)))

/* ---- error.c --------------------------------------------------------------------- */

/* Ends the program: "normlab: MESSAGE" on stderr, exit status `code` (EX_USAGE,
 * EX_DATAERR...). */
_Noreturn void die(int code, const char *format, ...) PRINTF_LIKE(2, 3);

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

_Noreturn void base_require_failed(const char *file, int line, const char *condition,
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

/* Ends the program with the error's line, if it is set. */
void die_if(const BaseError *error);

/* Work inside somebody else's program, which is not ours to end: a die() or a failed REQUIRE
 * (EX_SOFTWARE) of this thread ends the work alone and is *error. False where that is set.
 * What the work took beside arenas that the caller knows is lost then. */
bool base_guard(void (*work)(void *), void *context, BaseError *error);

/* ---- memory.c -------------------------------------------------------------------- */

/* Ends the program (EX_OSERR) with one line, of `bytes` that nobody has, and takes none for
 * that; neither does what runs then. */
_Noreturn void memory_over(size_t bytes);

/* What this process does before: to end otherwise, or to leave things in order. */
typedef void MemoryEnd(size_t bytes);
void memory_before_end(MemoryEnd *end);

/* ---- arithmetic.c ---------------------------------------------------------------- */

/* What is wrong with this thread's arithmetic, in words: rounding, subnormal numbers,
 * precision, traps. NULL: nothing. */
const char *arithmetic_fault(void);
void arithmetic_want(void); /* ends the program (EX_UNAVAILABLE) if something is */

/* ---- arena.c --------------------------------------------------------------------- */

#define TAKE(arena, type, count) ((type *)arena_take((arena), (count), sizeof(type)))
#define ZERO(arena, type, count) ((type *)arena_zero((arena), (count), sizeof(type)))

/* Bytes between its beginning and what was taken last. */
size_t arena_bytes(const Arena *arena);
/* Calls of malloc so far: constant in the steady state. */
size_t arena_blocks(const Arena *arena);

#endif
