/* fuzz: one function for each reader of bytes that others wrote. Whatever the bytes, it must come back:
 * with what it read, or with an error of one line.
 *
 * Built by clang (preset fuzz) each is driven by libFuzzer (tests/fuzz.py); in every build the kept
 * inputs, corpus/TARGET, are put to it again. */
#ifndef NORMLAB_FUZZ_H
#define NORMLAB_FUZZ_H

#include "house.h"

typedef struct Fuzz {
    const char *target;
    Arena *arena; /* empty again for the next input */
    const uint8_t *data;
    size_t size;
} Fuzz;

#define TARGET(name, ...) void fuzz_##name(Fuzz *fuzz);
#include "targets.def"
#undef TARGET

/* The bytes before the first NUL, in memory of just that length; NULL: too many. */
const char *fuzz_text(const Fuzz *fuzz, size_t most);

/* A file of that name that holds them, in a folder of this process. */
const char *fuzz_file(const Fuzz *fuzz, const char *name);
const char *fuzz_path(const Fuzz *fuzz, const char *name); /* only its path */

/* An answer, or an error of one line that stands within so many bytes. */
void fuzz_answered(const Fuzz *fuzz, bool answered, const BaseError *error,
                   size_t length);

/* Ends the process, so that the bytes are kept. */
_Noreturn void fuzz_failed(const Fuzz *fuzz, const char *condition, const char *format,
                           ...) PRINTF_LIKE(3, 4);

#define HOLDS(fuzz, condition, ...)                                                      \
    do {                                                                                 \
        if (!(condition)) fuzz_failed(fuzz, #condition, __VA_ARGS__);                    \
    } while (0)

/* ---- inside.c: HDF5 in this process --------------------------------------------------- */

/* Closes what a file that ended its reader left open. */
void fuzz_close_stores(void);

/* HDF5 files: where the bytes end in a seal it becomes the right one, so that what is behind it
 * is read. */
void fuzz_seal(char *bytes, size_t size);

#endif
