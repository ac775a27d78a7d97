/* writing: a program while it is printed. */
#ifndef NORMLAB_EXPORT_WRITING_H
#define NORMLAB_EXPORT_WRITING_H

#include "internal.h"

/* What a step is called by who uses it. */
typedef struct Said {
    const char *text;
    Binding binding;
} Said;

typedef struct Writing {
    Arena *arena;
    const Norm *norm;
    const Form *form;
    ExportTo to;
    Text *out;
    const char *indent;
    Said *said;
    size_t *root;     /* [steps] whom a step is only another name of; itself */
    size_t *source;   /* [steps] the first operand, or what stands for it */
    size_t *uses;     /* [steps] of roots */
    bool *number;     /* [steps] one number for all elements */
    size_t named[32]; /* how many of each stem */
} Writing;

/* ---- spell.c ------------------------------------------------------------------------- */

extern const char *const WRITING_BINARY[], *const WRITING_MOVES[],
                                               *const WRITING_OF_MATH[];
bool writing_is_of(const char *op, const char *const *list);

const char *writing_shape(const Writing *w, const FormStep *step); /* "(N, 8, L)" */
Said writing_leaf(const Writing *w, const FormStep *step);
Said writing_spelt(const Writing *w, const FormStep *step);
Said writing_of_numbers(const Writing *w, const FormStep *step); /* Python's own */

#endif
