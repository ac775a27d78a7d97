/* help: the words that all forms of the program's own description share. */
#ifndef NORMLAB_HELP_H
#define NORMLAB_HELP_H

#include "manual.h"
#include "tool.h"

/* What concerns every command: a name, and what it does. */
typedef struct Word {
    const char *name, *does;
} Word;

typedef enum Words { WORDS_EVERYWHERE, WORDS_ENVIRONMENT, WORDS_WRAPPER } Words;

const Word *help_words(Words which, size_t *count);

extern const char help_title[],
    help_shells[]; /* without the name; how shells read specs */

/* Forms of `normlab help`, "--man"; NULL beyond the last. */
const char *help_form(size_t i);

/* ---- help_manual.c, help_language.c: Markdown and man pages -------------------------------- */

void help_manual(const Manual *to, Arena *arena); /* every command, option and key */
void help_man(Arena *arena);                      /* the same as normlab(1) */
void help_language(const Manual *to, Arena *arena); /* of specs and equations */
void help_man_language(Arena *arena);               /* the same as normlab-spec(7) */

/* ---- complete.c: what shells complete ------------------------------------------------------- */

void complete_bash(Arena *arena);
void complete_zsh(Arena *arena);

#endif
