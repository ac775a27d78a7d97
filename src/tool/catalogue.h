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

/* How names are marked, and whether it is said where learned numbers begin. */
typedef struct CatalogueWords {
    const char *quote;
    bool starts;
} CatalogueWords;

extern const CatalogueWords CATALOGUE_PLAIN, CATALOGUE_MARKDOWN;

/* "gamma[C], beta[C]"; "by running_mean[C], running_var[C]" */
const char *entry_learned(Arena *arena, const Entry *e, CatalogueWords words);
const char *entry_remembered(Arena *arena, const Entry *e, CatalogueWords words);

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
const char *times_text(Arena *arena, double times); /* "2.2" */

/* Of the table of checks, those that say under which changes the output stays. */
bool is_invariance(const char *check);

/* And those that hold of its function, whoever computes it; these are among them. */
bool is_identity(const char *check);

/* ---- catalogue.c --------------------------------------------------------------------- */

/* A text under its heading, in lines. */
void print_wrapped(const char *heading, const char *text);

/* "group(G), ...": a usage in few letters. */
const char *short_usage(Arena *arena, const char *usage);

/* ---- catalogue_tex.c ----------------------------------------------------------------- */

void print_tex_entry(Arena *arena, const Entry *entry);

/* Its equation between \begin{aligned} and \end{aligned}; false: it has none in text. */
bool print_aligned(Arena *arena, const Entry *entry);

/* Whose dy reach the dx of one element in training: "one sample x all channels x ..." */
const char *reach_text(Arena *arena, const Norm *norm, const char *times);

/* ---- catalogue_markdown.c -------------------------------------------------------------- */

/* Its equation between two lines $$; false: it has none in text. */
bool print_markdown_equation(Arena *arena, const Entry *entry);

/* The skeleton of its entry in the book; links lead from notes/. */
void print_markdown_entry(Arena *arena, const Entry *entry);

/* A heading, a line, and rows of a table: print_markdown_row each. */
void print_markdown_heading(const char *usage);
void print_markdown_row(const char *of, const char *text);

/* --form markdown */
bool list_markdown(const Call *call);

/* ---- catalogue_json.c ---------------------------------------------------------------- */

void print_json_entry(Arena *arena, const Entry *entry);
void print_json_aliases(Arena *arena);
void print_json_weights(Arena *arena);

#endif
