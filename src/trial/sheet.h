/* sheet: what is asked of whom, as a table. Rows are checks, columns normalizers, alone or
 * each in one network, shapes of a convolution, or tasks; a case is one place of it on one shape. Cases are judged by many
 * threads at once: nothing here changes by that. */
#ifndef NORMLAB_SHEET_H
#define NORMLAB_SHEET_H

#include "trial.h"

enum { SHEET_MOST = 64 }; /* columns */

/* What is asked of every column. */
typedef struct SheetRow {
    const char *name, *says;
    double bar; /* what is allowed, in `unit` */
    /* "eps": of its scale; "norm": part of the whole gradient's; "bound": the oracle's */
    const char *unit;
} SheetRow;

typedef struct Sheet Sheet;

typedef struct SheetCase {
    const Sheet *sheet;
    size_t row, column;
    Shape shape; /* of x */
    Finding finding;
} SheetCase;

/* Columns that are no normalizers. */
typedef struct SheetOther {
    const char *key;    /* "conv": of programs */
    const char *called; /* "convolution": before a column's name */
    const char *word;   /* that asks for the table again; NULL: the column's name does */
    const char *title;  /* above the table; NULL: none */
} SheetOther;

struct Sheet {
    const char *net;         /* canonical; NULL: the normalizers alone, or */
    const SheetOther *other; /* something else; NULL: not that */
    size_t rows, columns, shapes;
    const SheetRow *row;
    const char **column; /* [SHEET_MOST] specs of normalizers, canonical; layers */
    const Shape *shape;
    Shape *
        own_shape; /* [columns] of shapes 1, where each has another; NULL: all are tried */
    bool (*applies)(const SheetCase *job);
    const char *(*name)(Arena *arena,
                        const SheetCase *job); /* "group-2.4x8x5.gradient" */
    Finding (*judge)(const SheetCase *job, uint64_t seed);
};

const SheetRow *sheet_row(const SheetCase *job);
const char *sheet_column(const SheetCase *job);

/* The worst error in the row's unit; itself where the same bits are asked for. */
double sheet_worst(const SheetRow *row, const Finding *finding);

/* ---- sheet.c: every check of trial.def ---------------------------------------------- */

/* Without columns yet. */
Sheet sheet_of_norms(Arena *arena);

/* One more. False and *error: it is no normalizer, or cannot be judged. */
bool sheet_add_norm(Sheet *sheet, Arena *arena, const char *spec, BaseError *error);

/* The error with the part of the text that it points into. */
bool sheet_wrong(BaseError *error, Arena *arena, const char *text,
                 const BaseError *wrong);

/* ---- nets.c: networks before the oracles of check.h, which know none ------------------- */

/* The network with each normalizer of a list (NULL: those of the registry that fit). */
bool sheet_of_net(Sheet *sheet, Arena *arena, const char *net, const char *norms,
                  BaseError *error);

/* Its logits as a function of the images and of every parameter by name, all random; both specs
 * are known to be right. */
CheckFunction net_function(Arena *arena, const char *net, const char *norm, NormMode mode,
                           uint64_t seed);

/* One check of such a function: `row` of the sheet. */
CheckReport net_judge(Arena *arena, size_t row, const CheckFunction *function,
                      uint64_t seed);

/* What is asked of a network, and of any other function by the gradient's norm; behind `count` of
 * them, what networks are asked that read texts. */
const SheetRow *net_rows(Arena *arena, size_t *count);

/* ---- tasks.c: losses of tasks before the same oracles ------------------------------------ */

/* Empty. */
Sheet sheet_of_tasks(Arena *arena);
bool sheet_add_task(Sheet *sheet, const char *task, BaseError *error);

/* The loss of a task's example as a function of what a network gives, all random. */
struct TaskKind;
CheckFunction task_function(Arena *arena, const struct TaskKind *kind, uint64_t seed);

/* ---- convs.c: ways of a convolution beside its formula ---------------------------------- */

/* Whether a word asks for them: "conv", all ways, or "conv=direct"; and their table. */
bool sheet_is_of_convs(const char *word);
bool sheet_of_convs(Sheet *sheet, Arena *arena, const char *word, BaseError *error);

/* ---- cases.c: cases of several sheets ------------------------------------------------- */

typedef struct Cases {
    Arena *arena;
    size_t sheets, jobs;
    Sheet sheet[SHEET_MOST + 3];
    SheetCase *job;
    uint64_t seed;
    bool stop; /* at the first that fails */
} Cases;

/* All cases of the sheets, or those whose names one of several patterns matches, commas
 * between. False and *error: there is none, or a normalizer has none. */
bool cases_list(Cases *cases, const char *only, BaseError *error);
void cases_judge(Cases *cases, size_t threads);

bool cases_of(const Cases *cases, const Sheet *sheet, size_t column); /* any */
/* All shapes of one row and column, and whether this is the one whose report is the sum's. */
Finding cases_sum(const Cases *cases, const Sheet *sheet, size_t row, size_t column);
bool cases_is_worst(const Cases *cases, const SheetCase *job);

#endif
