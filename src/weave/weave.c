/* The pages of the book beside their sources. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- faults and pieces ------------------------------------------------------------------- */

void weave_fault(Weave *weave, const char *page, size_t line, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *says =
        text_plain(weave->arena, text_print_args(weave->arena, format, args));
    va_end(args);
    if (weave->faults == weave->room) {
        const size_t room = weave->room ? 2 * weave->room : 16;
        Fault *more = TAKE(weave->arena, Fault, room);
        if (weave->faults) memcpy(more, weave->fault, weave->faults * sizeof *more);
        weave->fault = more, weave->room = room;
    }
    weave->fault[weave->faults++] = (Fault){page, line, says};
}

void piece_add(Weave *weave, Pieces *pieces, size_t begin, size_t end, const char *with) {
    if (pieces->count == pieces->room) {
        const size_t room = pieces->room ? 2 * pieces->room : 16;
        Piece *more = TAKE(weave->arena, Piece, room);
        if (pieces->count) memcpy(more, pieces->piece, pieces->count * sizeof *more);
        pieces->piece = more, pieces->room = room;
    }
    pieces->piece[pieces->count++] = (Piece){begin, end, with};
}

static int by_begin(const void *a, const void *b) {
    const Piece *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

const char *pieces_put(Arena *arena, const char *text, const Pieces *pieces) {
    if (pieces->count == 0) return text;
    Piece *piece = TAKE(arena, Piece, pieces->count);
    memcpy(piece, pieces->piece, pieces->count * sizeof *piece);
    qsort(piece, pieces->count, sizeof *piece, by_begin);
    Text to = text_new(arena);
    size_t at = 0;
    for (size_t i = 0; i < pieces->count; i++) {
        text_add(&to, "%.*s%s", (int)(piece[i].begin - at), text + at, piece[i].with);
        at = piece[i].end;
    }
    text_add(&to, "%s", text + at);
    return to.data;
}

/* ---- sources ----------------------------------------------------------------------------- */

bool home_has(Arena *arena, const char *path) {
    return access(place_home(arena, path), F_OK) == 0;
}

/* What was read once, for the next page. */
struct Kept {
    const char *path, *text; /* NULL: */
    const char *lack;        /* what is wrong */
    const Kept *next;
};

enum { LONGEST_TEXT = 1 << 22 };

static const Kept *home_keep(Weave *weave, const char *path) {
    Arena *arena = weave->arena;
    for (const Kept *k = weave->kept; k; k = k->next)
        if (strcmp(k->path, path) == 0) return k;
    BaseError error = {.set = false};
    size_t length;
    Kept *new = TAKE(arena, Kept, 1);
    *new = (Kept){text_copy(arena, path, strlen(path)), NULL, NULL, weave->kept};
    if (!home_has(arena, path))
        new->lack = text_print(arena, "there is no file %s", path);
    else
        new->text =
            place_read(arena, place_home(arena, path), LONGEST_TEXT, &length, &error);
    if (error.set) new->lack = text_copy(arena, error.message, strlen(error.message));
    if (new->text && strlen(new->text) != length) {
        new->lack = text_print(arena, "%s holds a NUL byte", path);
        new->text = NULL;
    }
    weave->kept = new;
    return new;
}

const char *home_text(Weave *weave, const char *path) {
    return home_keep(weave, path)->text;
}

const char *home_lack(Weave *weave, const char *path) {
    return home_keep(weave, path)->lack;
}

/* ---- pages ------------------------------------------------------------------------------- */

/* README.md, CONTRIBUTING.md and the notes. */
static const char **all_pages(Arena *arena, size_t *count) {
    size_t notes;
    const char **note = home_files(arena, "notes", page_endings, &notes);
    const char **page = TAKE(arena, const char *, notes + 2);
    page[0] = "README.md", page[1] = "CONTRIBUTING.md";
    if (notes) memcpy(page + 2, note, notes * sizeof *page);
    *count = notes + 2;
    return page;
}

static Page read_page(Weave *weave, const char *name) {
    const char *text = home_text(weave, name);
    if (text == NULL && home_has(weave->arena, name))
        die(EX_DATAERR, "%s", home_lack(weave, name));
    if (text == NULL)
        die(EX_NOINPUT, "%s: there is no such page%s", name,
            text_hint(weave->arena, name,
                      (const char *const[]){"README.md", "CONTRIBUTING.md"}, 2));
    return page_of(weave->arena, name, text);
}

/* The page's text as it should be. */
static const char *weave_page(Weave *weave, const Page *page) {
    Pieces pieces = {.count = 0};
    const char *end = strchr(page->text, '\r');
    if (end) {
        weave_fault(weave, page->name, page_line(page, (size_t)(end - page->text)),
                    "a carriage return; lines of a page end with \\n alone");
        return page->text;
    }
    if (page->unclosed)
        weave_fault(weave, page->name, page_line(page, page->lost),
                    "%s that nothing ends", page->unclosed);
    weave_excerpts(weave, page, &pieces);
    weave_numbers(weave, page, &pieces);
    weave_blocks(weave, page, &pieces);
    weave_links(weave, page);
    weave_decimals(weave, page);
    weave_verdicts(weave, page);
    return pieces_put(weave->arena, page->text, &pieces);
}

static int by_place(const void *a, const void *b) {
    const Fault *x = a, *y = b;
    const int name = strcmp(x->page, y->page);
    return name ? name : (x->line > y->line) - (x->line < y->line);
}

Weave *weave_pages(Arena *arena, const char *const *page, size_t pages) {
    Weave *weave = ZERO(arena, Weave, 1);
    weave->arena = arena;
    size_t all;
    const char **name = all_pages(arena, &all);
    const bool whole = page == NULL;
    if (whole) page = name, pages = all;
    Page *read = TAKE(arena, Page, pages);
    weave->woven = TAKE(arena, Woven, pages), weave->pages = pages;
    for (size_t i = 0; i < pages; i++) read[i] = read_page(weave, page[i]);
    weave_print_blocks(weave, read, pages);
    for (size_t i = 0; i < pages; i++)
        weave->woven[i] = (Woven){page[i], read[i].text, weave_page(weave, &read[i])};
    if (whole) {
        weave_labels(weave, read, pages);
        weave_mentions(weave, read, pages);
        weave_unnamed(weave);
    }
    if (weave->faults) qsort(weave->fault, weave->faults, sizeof *weave->fault, by_place);
    return weave;
}
