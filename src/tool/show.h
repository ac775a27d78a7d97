/* show: a file of anybody's that is looked at, as the files of `normlab show` share it. */
#ifndef NORMLAB_SHOW_H
#define NORMLAB_SHOW_H

#include "tool.h"

typedef struct Show {
    Arena *arena;
    const Store *store;
    bool json;
    size_t unread; /* attributes and data sets that should have values, and gave none */
} Show;

/* An attribute as text, or NULL for what is neither text nor a number. */
const char *show_attribute(Show *show, const char *path, const char *name);
/* A text or a name of anybody's, on one line of a sensible length. */
const char *show_plain(const Show *show, const char *text);

/* ---- show_schema.c: every group, data set and attribute below `group`, a row each ---------- */

void show_schema(Show *show, const char *group);

#endif
