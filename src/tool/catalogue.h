/* catalogue: what can be asked of the code about a normalizer, it is asked. */
#ifndef NORMLAB_CATALOGUE_H
#define NORMLAB_CATALOGUE_H

#include "tool.h"

/* What is bound to these is asked; counts that grow with the channels are theirs. */
enum { CHANNELS = 8 };

/* ---- catalogue_entry.c --------------------------------------------------------------- */

typedef struct Entry {
    const char *name, *usage, *title, *source, *differs;
    const char *spec; /* the example, canonical */
    const NormKind *kind;
    const Norm *norm;  /* of CHANNELS */
    const Norm *wider; /* of twice as many, or `norm` where those do not fit */
} Entry;

Entry entry_of_spec(Arena *arena, const char *spec);
Entry entry_named(Arena *arena, const char *text); /* any name, or spec */

const char *alias_word(Arena *arena, const NormAlias *alias);

/* Operations of a call in sizes of x: one on half of the channels is 1/2, one on moments
 * next to nothing. And whether one of them is fused. */
typedef struct Work {
    double operations;
    bool fused;
} Work;

/* What it can be called with: what is usual, or the first numbers of samples and positions that
 * its blocks divide. */
ShapeLattice work_fits(Arena *arena, const Norm *norm, ShapeLattice usual);
Work work_of(Arena *arena, const Norm *norm, bool definition);

/* Of the table of checks, those that say under which changes the output stays. */
bool is_invariance(const char *check);

/* ---- catalogue.c --------------------------------------------------------------------- */

/* A text under its heading, in lines. */
void print_wrapped(const char *heading, const char *text);

/* ---- catalogue_tex.c ----------------------------------------------------------------- */

void print_tex_entry(Arena *arena, const Entry *entry);

/* ---- catalogue_json.c ---------------------------------------------------------------- */

void print_json_entry(Arena *arena, const Entry *entry);
void print_json_aliases(Arena *arena);
void print_json_weights(Arena *arena);

#endif
