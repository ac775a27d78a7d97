/* weave, inside: a page as bytes that have a kind each, and what its checks share. */
#ifndef NORMLAB_WEAVE_INTERNAL_H
#define NORMLAB_WEAVE_INTERNAL_H

#include "weave.h"

/* ---- page.c --------------------------------------------------------------------------- */

/* What a byte of a page belongs to. */
typedef enum Kind {
    PROSE,
    HEADING,
    FENCE,   /* code between ``` lines, and these */
    SPAN,    /* `code` */
    MATH,    /* $...$, $$...$$ */
    COMMENT, /* <!-- ... --> */
    BLOCK,   /* what a command printed, between two comments */
    TARGET   /* (...) behind [...] */
} Kind;

typedef struct Page {
    const char *name; /* "notes/10-why.md" */
    const char *text;
    size_t length;
    unsigned char *kind;  /* [length] a Kind */
    const char *unclosed; /* what begins at `lost` and has no end: "a fence"; NULL */
    size_t lost;
} Page;

Page page_of(Arena *arena, const char *name, const char *text);
size_t page_line(const Page *page, size_t at); /* from 1 on */
/* Whether that is read as words: prose or a heading. */
bool page_written(const Page *page, size_t at);

/* How many ` or ~ begin a fence in the line that begins here, behind blanks; 0: it is no fence. */
size_t fence_marks(const char *text, size_t at);
/* The line that ends the fence whose first line is here; the end of the text: it has none. */
size_t fence_close(const char *text, size_t at);
/* Whether a comment is the head of a block, well formed or not. */
bool block_head(const char *text, size_t at);
/* Where a block ends whose head ends here: the comment, or the next head or the end of the text
 * (*ended is false). */
size_t block_end(const char *text, size_t behind, bool *ended);

/* A link that is not inside code, mathematics or a block. Offsets into the page's text. */
typedef struct Link {
    size_t begin, end;     /* of all of it, from '[' (or '!') to behind ')' */
    size_t text, text_end; /* between [ and ] */
    const char *path, *fragment, *title; /* "" where there is none; path as it stands */
    bool image;
} Link;

/* The next one that begins at *at or behind; *at goes behind its '[' so that links within are found
 * too. */
bool page_link(Arena *arena, const Page *page, size_t *at, Link *link);

/* The path of a link from the project's home, "notes/../data/x.h5" as "data/x.h5"; NULL: it leads
 * out of it. */
const char *page_path(Arena *arena, const Page *page, const char *path);

/* A whole text below the home of the project, read once; NULL: home_lack says why. */
const char *home_text(Weave *weave, const char *path);
const char *home_lack(Weave *weave, const char *path);
bool home_has(Arena *arena, const char *path);

/* ---- page.c: texts side by side --------------------------------------------------------- */

bool weave_ends(const char *text, const char *with);
/* The first line in which two texts differ, from 0; and a line, as a message shows it. */
size_t weave_differs_at(const char *a, const char *b);
const char *weave_line(Arena *arena, const char *text, size_t line);

/* ---- faults --------------------------------------------------------------------------- */

void weave_fault(Weave *weave, const char *page, size_t line, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* ---- parts that are renewed: each gives the page's new text --------------------------- */

/* A piece of a text that is replaced. */
typedef struct Piece {
    size_t begin, end;
    const char *with;
} Piece;

typedef struct Pieces {
    size_t count, room;
    Piece *piece;
} Pieces;

void piece_add(Weave *weave, Pieces *pieces, size_t begin, size_t end, const char *with);
const char *pieces_put(Arena *arena, const char *text, const Pieces *pieces);

void weave_excerpts(Weave *weave, const Page *page, Pieces *pieces);
void weave_numbers(Weave *weave, const Page *page, Pieces *pieces);
void weave_blocks(Weave *weave, const Page *page, Pieces *pieces);
/* Runs what the blocks of all pages ask for; before any is compared. */
void weave_print_blocks(Weave *weave, const Page *page, size_t pages);

/* The lines of FILE between the marks of an anchor, without the marks of others; NULL: a fault of
 * `line` was noted. *first: the number of the first of them. */
const char *anchor_lines(Weave *weave, const Page *page, size_t line, const char *path,
                         const char *anchor, size_t *first);

/* ---- parts that are only looked at ------------------------------------------------------ */

void weave_links(Weave *weave, const Page *page);
void weave_decimals(Weave *weave, const Page *page);
void weave_verdicts(Weave *weave, const Page *page);
/* Of all pages and sources at once. */
void weave_labels(Weave *weave, const Page *page, size_t pages);
void weave_mentions(Weave *weave, const Page *page, size_t pages);
void weave_unnamed(Weave *weave); /* anchors; when all pages were looked at */

/* ---- map.c ------------------------------------------------------------------------------ */

/* Names of files below a folder of the home, with one of these endings (NULL at the end), sorted. */
const char **home_files(Arena *arena, const char *folder, const char *const *ending,
                        size_t *count);
extern const char *const source_endings[], *const page_endings[];

#endif
