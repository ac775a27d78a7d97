/* Excerpts: code in the book is what stands between two marks of a source. */
#include "internal.h"

#include <ctype.h>
#include <string.h>

/* ---- marks ------------------------------------------------------------------------------ */

/* The name behind a mark `//> ` or `#> ` (`way` is '>' or '<'), at the beginning of the line but
 * for blanks; NULL: the line is no such mark. */
static const char *mark_name(const char *line, char way, size_t *length) {
    line += strspn(line, " \t");
    const char *at = line[0] == '/' && line[1] == '/' ? line + 2
                     : line[0] == '#'                 ? line + 1
                                                      : NULL;
    if (at == NULL || at[0] != way || at[1] != ' ') return NULL;
    *length = strcspn(at + 2, "\n");
    return at + 2;
}

static bool is_mark(const char *line, char way, const char *anchor) {
    size_t length = 0;
    const char *name = mark_name(line, way, &length);
    return name && length == strlen(anchor) && memcmp(name, anchor, length) == 0;
}

static const char *next_line(const char *line) {
    line += strcspn(line, "\n");
    return *line ? line + 1 : NULL;
}

/* The one line with the mark; NULL: none, or several (*count). */
static const char *find_mark(const char *text, char way, const char *anchor,
                             size_t *count, size_t *number) {
    const char *found = NULL;
    size_t line = 1;
    *count = 0;
    for (const char *at = text; at; at = next_line(at), line++)
        if (is_mark(at, way, anchor)) {
            if (found == NULL) *number = line;
            found = at;
            ++*count;
        }
    return *count == 1 ? found : NULL;
}

/* ---- lines ------------------------------------------------------------------------------ */

/* Between two lines, without marks of other anchors and without the blanks before the first mark. */
static const char *lines_between(Weave *weave, const char *from, const char *to) {
    Text text = text_new(weave->arena);
    const size_t indent = strspn(from, " ");
    size_t length;
    for (const char *line = next_line(from); line && line < to; line = next_line(line)) {
        if (mark_name(line, '>', &length) || mark_name(line, '<', &length)) continue;
        const size_t blank = strspn(line, " "), skip = blank < indent ? blank : indent;
        text_add(&text, "%.*s\n", (int)(strcspn(line, "\n") - skip), line + skip);
    }
    return text.data;
}

/* An anchor that a page names. */
struct Named {
    const char *path, *anchor;
    const Named *next;
};

static bool is_named(const Weave *weave, const char *path, const char *anchor) {
    for (const Named *n = weave->named; n; n = n->next)
        if (strcmp(n->path, path) == 0 && strcmp(n->anchor, anchor) == 0) return true;
    return false;
}

void weave_unnamed(Weave *weave) {
    static const char *const folders[] = {"src", "experiments", "tests"};
    for (size_t k = 0; k < COUNT_OF(folders); k++) {
        size_t count, length;
        const char **file = home_files(weave->arena, folders[k], source_endings, &count);
        for (size_t i = 0; i < count; i++) {
            size_t line = 1;
            for (const char *at = home_text(weave, file[i]); at;
                 at = next_line(at), line++) {
                const char *name = mark_name(at, '>', &length);
                if (name == NULL) continue;
                const char *anchor = text_copy(weave->arena, name, length);
                if (!is_named(weave, file[i], anchor))
                    weave_fault(weave, file[i], line, "no page quotes the lines of `%s`",
                                anchor);
            }
        }
    }
}

const char *anchor_lines(Weave *weave, const Page *page, size_t line, const char *path,
                         const char *anchor, size_t *first) {
    Named *new = TAKE(weave->arena, Named, 1);
    *new = (Named){path, anchor, weave->named};
    weave->named = new;
    const char *text = home_text(weave, path);
    if (text == NULL) {
        weave_fault(weave, page->name, line, "%s", home_lack(weave, path));
        return NULL;
    }
    size_t opened, closed, end = 0;
    const char *from = find_mark(text, '>', anchor, &opened, first),
               *to = find_mark(text, '<', anchor, &closed, &end);
    if (opened != 1 || closed != 1) {
        weave_fault(
            weave, page->name, line,
            "%s has %zu lines `> %s` and %zu lines `< %s`, one of each is expected", path,
            opened, anchor, closed, anchor);
        return NULL;
    }
    if (end < *first) {
        weave_fault(weave, page->name, line, "%s: `< %s` stands before `> %s`", path,
                    anchor, anchor);
        return NULL;
    }
    ++*first;
    return lines_between(weave, from, to);
}

/* ---- fences ----------------------------------------------------------------------------- */

/* Whether a link to an anchor of a source: not of a page, not a number's. */
static bool is_source(const Link *link) {
    const char *dot = strrchr(link->path, '.');
    return *link->fragment && *link->title == '\0' && !link->image && dot &&
           strcmp(dot, ".md") != 0 && strcmp(dot, ".h5") != 0 &&
           strchr(link->path, ':') == NULL;
}

/* Whether it is a paragraph of its own: its line begins and ends with it, but for blanks. */
static bool is_alone(const Page *page, const Link *link) {
    const char *text = page->text;
    size_t begin = link->begin;
    while (begin > 0 && text[begin - 1] == ' ') begin--;
    const size_t end = link->end + strspn(text + link->end, " \t");
    return (begin == 0 || text[begin - 1] == '\n') &&
           (text[end] == '\n' || text[end] == '\0');
}

/* The fence that follows behind blank lines; 0: something else does. */
static size_t fence_behind(const Page *page, size_t at) {
    size_t next = at + strspn(page->text + at, " \t\n");
    while (next > at && page->text[next - 1] != '\n') next--;
    return next > at && fence_marks(page->text, next) ? next : 0;
}

static void compare(Weave *weave, const Page *page, size_t body, const Link *link,
                    const char *own, const char *source, size_t first) {
    if (strcmp(own, source) == 0) return;
    const size_t line = weave_differs_at(own, source);
    weave_fault(weave, page->name, page_line(page, body) + line,
                "not as in %s:%zu (%s): '%s' here, '%s' there", link->path, first + line,
                link->fragment, weave_line(weave->arena, own, line),
                weave_line(weave->arena, source, line));
}

/* The excerpt of a link that has a fence; where the fence begins. */
static size_t weave_excerpt(Weave *weave, const Page *page, const Link *link,
                            size_t fence, Pieces *pieces) {
    const char *path = page_path(weave->arena, page, link->path);
    const size_t body = fence + strcspn(page->text + fence, "\n") + 1;
    const size_t end = fence_close(page->text, fence);
    size_t first = 0;
    const char *lines = path ? anchor_lines(weave, page, page_line(page, link->begin),
                                            path, link->fragment, &first)
                             : NULL;
    if (lines == NULL || end == page->length) return fence;
    compare(weave, page, body, link,
            text_copy(weave->arena, page->text + body, end - body), lines, first);
    piece_add(weave, pieces, body, end, lines);
    return fence;
}

/* "```c", "~~~ c", "```{.c .numberLines}" */
static bool is_c(const char *text, size_t fence) {
    const char *at = text + fence + strspn(text + fence, " `~{.");
    return (*at == 'c' || *at == 'C') && strchr(" \t\n}", at[1]);
}

/* Fences of C that no link names. */
static void want_named(Weave *weave, const Page *page, const bool *named) {
    const char *text = page->text;
    for (size_t at = 0; at < page->length; at += strcspn(text + at, "\n") + 1) {
        if (page->kind[at] != FENCE) continue;
        if (is_c(text, at) && !named[at])
            weave_fault(weave, page->name, page_line(page, at),
                        "code of which no link FILE#ANCHOR says where it stands");
        at = fence_close(text, at);
    }
}

void weave_excerpts(Weave *weave, const Page *page, Pieces *pieces) {
    bool *named = ZERO(weave->arena, bool, page->length + 1);
    Link link;
    for (size_t at = 0; page_link(weave->arena, page, &at, &link);) {
        if (!is_source(&link)) continue;
        const size_t fence = is_alone(page, &link) ? fence_behind(page, link.end) : 0;
        if (fence) named[weave_excerpt(weave, page, &link, fence, pieces)] = true;
    }
    want_named(weave, page, named);
}
