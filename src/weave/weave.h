/* weave: pages of Markdown that stay equal to what they are about.
 *
 * A page is read as any Markdown is. Five things in it have a source, and are renewed from it:
 *
 *   excerpt   a paragraph that is only a link to FILE#ANCHOR, and the fence behind it: the lines
 *             between `//> ANCHOR` and `//< ANCHOR` in that file (`#>` and `#<` in scripts)
 *   number    [23.4](data/x.h5#PLACE "%.1f"): a scalar, or a cell of a study's table; what a claim of
 *             claims.txt came to; a line of a list NAME VALUE. The title is the format
 *   verdict   [supported](claims.txt#L04/1.verdict), without one
 *   block     <!-- normlab ARGUMENTS --> ... <!-- end -->: what that command prints
 *   label     \tag{P-1}, once in the book; (P-1) wherever it is cited, in code too
 *
 * And some must not stand there: a decimal in prose that no link has the source of, a verdict beside
 * the name of a claim, a link that leads nowhere, code that is no excerpt, a source that no page mentions,
 * an anchor that none quotes.
 */
#ifndef NORMLAB_WEAVE_H
#define NORMLAB_WEAVE_H

#include "base.h"
#include "house.h"
#include "place.h"
#include "text.h"

typedef struct Fault {
    const char *page; /* from the home of the project: "notes/10-why.md" */
    size_t line;      /* 0: none */
    const char *says; /* one line: what is wrong, with both values */
} Fault;

/* What a page came to. */
typedef struct Woven {
    const char *page;
    const char *before, *after; /* the text as it is, and as it should be */
} Woven;

typedef struct Kept Kept;       /* files that were read */
typedef struct Study Study;     /* and tables of studies */
typedef struct Named Named;     /* anchors that pages name */
typedef struct Printed Printed; /* commands of blocks, and what they print */

typedef struct Weave {
    Arena *arena;
    const Kept *kept;
    const Study *study;
    const Named *named;
    Printed *printed;
    const struct Ruling *ruling; /* [rulings] of all claims; NULL: nobody asked */
    size_t rulings;
    size_t pages, faults, room;
    Woven *woven; /* [pages] */
    Fault *fault; /* [faults] in the order of pages */
} Weave;

/* Reads the pages (NULL: all of the project, README.md, CONTRIBUTING.md, notes/ *.md) and their
 * sources. `page` are paths from the home of the project. What cannot be read ends the program. */
Weave *weave_pages(Arena *arena, const char *const *page, size_t pages);

/* ---- map.c: what the pages are, and what the sources are ------------------------------- */

/* Chapters whose two digits are from `from` to `to`: a line each, its title and its first
 * paragraph. */
void weave_print_contents(Arena *arena, FILE *out, unsigned from, unsigned to);
/* Every source of a folder of src, or of experiments, and the first sentence in it. */
void weave_print_map(Arena *arena, FILE *out);
/* headers.c: the headers that are installed, with what each declares. */
void weave_print_headers(Arena *arena, FILE *out);

#endif
