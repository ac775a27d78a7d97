/* things: what there is to list, beside normalizers: what it is called and what is said of it. */
#ifndef NORMLAB_THINGS_H
#define NORMLAB_THINGS_H

#include "catalogue.h"

enum { MOST_FACTS = 24 };

typedef struct Thing {
    const char *name, *usage, *title;
    const char *said; /* the word that asks for it: a network's may have arguments */
    size_t facts;
    struct {
        const char *of, *text;
        bool wraps;
    } fact[MOST_FACTS]; /* asked for by name alone */
} Thing;

typedef struct List {
    const char *name, *one;
    size_t (*count)(void); /* NULL: catalogue.c prints it */
    void (*name_of)(Arena *arena, size_t i, Thing *thing);
    void (*describe)(Arena *arena, size_t i, Thing *thing);
} List;

/* All lists, in their order; normalizers, first, are catalogue.c's. */
const List *things_lists(size_t *count);

/* Not a list of its own: part of that of normalizers. */
#define THINGS_WEIGHTS "weights=" /* their names begin so */
extern const List things_on_weights;

/* What a check allows, in words. */
const char *things_allowed(Arena *arena, const TrialCheck *check);

#endif
