/* table: the one form of results, in memory and as a group of a file: scales, and fields of
 * numbers or texts over them. */
#ifndef NORMLAB_TABLE_H
#define NORMLAB_TABLE_H

#include "store.h"

enum { TABLE_RANK = 6 };

typedef struct Field {
    const char *name, *says, *units; /* "gate", "gate, learned", "1" */
    size_t rank, size[TABLE_RANK];
    const char
        *axis[TABLE_RANK];   /* names of scales; a scale's own; "" where there is none */
    const double *number;    /* NaN: not there */
    const char *const *text; /* where it is not numbers */
    const char *reading,
        *choices; /* how numbers are weights, and of what; NULL: they are none */
} Field;

typedef struct Table {
    Arena *arena;
    const char *file;         /* that it was read from, for messages; NULL: made here */
    const char *group, *says; /* "/metrics", and what it is */
    size_t facts;
    Fact *fact; /* [facts] the group's attributes, as texts; what was read has them */
    size_t fields, room;
    Field *field;
    const char *plot; /* the field that viewers show first (store_plot); NULL: none */
} Table;

/* ---- making ------------------------------------------------------------------------ */

Table table_new(Arena *arena, const char *group, const char *says);
void table_scale(Table *table, const char *name, const char *says, const double *values,
                 size_t count);
void table_scale_text(Table *table, const char *name, const char *says,
                      const char *const *values, size_t count);
/* 0, 1, ... */
void table_index(Table *table, const char *name, const char *says, size_t count);

/* Over scales that are there: "series along seed"; "": one number. What comes back is good until
 * the next. */
Field *table_numbers(Table *table, const char *name, const char *says, const char *axes,
                     const double *values);
Field *table_texts(Table *table, const char *name, const char *says, const char *axes,
                   const char *const *values);

/* Fields of one name, one for each cell of the axes (NULL: none), as one field over these axes
 * and their own, `own`: what is shorter ends in NaN. Scales that are not there count from 0. */
Field *table_stack(Table *table, const Field *const *from, const char *axes,
                   const char *own);

void table_write(const Table *table, Store *store);

/* ---- reading ------------------------------------------------------------------------ */

/* Whatever a group has of facts, numbers and texts; nothing, where there is no such group. */
Table table_read(const Store *store, Arena *arena, const char *group, BaseError *error);

const Field *table_find(const Table *table, const char *name); /* NULL: it has none */

const char *table_fact(const Table *table, const char *name, const char *otherwise);

/* Each is NULL, or NaN, and *error, which names file and group, where it is not so: the numbers
 * or names of a field of one axis; the numbers of one of so many elements; its only one. */
const double *table_list(const Table *table, const char *name, size_t *count,
                         BaseError *error);
const char *const *table_names(const Table *table, const char *name, size_t *count,
                               BaseError *error);
const double *table_array(const Table *table, const char *name, size_t count,
                          BaseError *error);
double table_scalar(const Table *table, const char *name, BaseError *error);

size_t field_count(const Field *field); /* elements */
bool field_is_scale(const Field *field);

#endif
