/* A page as bytes that have a kind each: what is prose and what is not, and the links in it. */
#include "internal.h"

#include <ctype.h>
#include <string.h>

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

static void paint(Page *page, size_t from, size_t to, Kind kind) {
    for (size_t i = from; i < to && i < page->length; i++)
        page->kind[i] = (unsigned char)kind;
}

static size_t line_end(const char *text, size_t at) {
    return at + strcspn(text + at, "\n");
}

/* ---- what a line or more is: fences, comments, blocks ----------------------------------- */

/* Behind the fence that begins here. */
static size_t fence_end(const char *text, size_t at) {
    const size_t marks = strspn(text + at, "`");
    for (size_t line = line_end(text, at); text[line]; line = line_end(text, line + 1))
        if (strspn(text + line + 1, "`") >= marks) return line_end(text, line + 1);
    return strlen(text);
}

/* Behind the comment that begins here. */
static size_t comment_end(const char *text, size_t at) {
    const char *end = strstr(text + at, "-->");
    return end ? (size_t)(end - text) + 3 : strlen(text);
}

/* Whether a comment is the head of a block: it holds words, and is not its end. */
static bool is_head(const char *text, size_t at) {
    return begins(text + at, "<!-- normlab ");
}

static size_t paint_block(Page *page, size_t at) {
    const size_t behind = comment_end(page->text, at);
    paint(page, at, behind, COMMENT);
    if (!is_head(page->text, at)) return behind;
    const char *end = strstr(page->text + behind, "<!-- end -->");
    const size_t last = end ? (size_t)(end - page->text) : page->length;
    paint(page, behind, last, BLOCK);
    return last;
}

/* ---- what stands inside a line ------------------------------------------------------------ */

static size_t span_end(const char *text, size_t at) {
    const size_t marks = strspn(text + at, "`");
    for (size_t i = at + marks; text[i] && !begins(text + i, "\n\n");) {
        const size_t here = strspn(text + i, "`");
        if (here == marks) return i + here;
        i += here ? here : 1;
    }
    return at + marks;
}

static size_t math_end(const char *text, size_t at) {
    const size_t marks = text[at + 1] == '$' ? 2 : 1;
    for (size_t i = at + marks; text[i] && !begins(text + i, "\n\n"); i++)
        if (text[i] == '$' && text[i - 1] != '\\') return i + marks;
    return at + marks;
}

/* Behind the ')' of a target that begins here with '('; 0: there is none in this paragraph. */
static size_t target_end(const char *text, size_t at) {
    size_t deep = 0;
    bool quoted = false;
    for (size_t i = at; text[i] && !begins(text + i, "\n\n"); i++) {
        if (text[i] == '"') quoted = !quoted;
        if (quoted) continue;
        deep += text[i] == '(';
        if (text[i] == ')' && --deep == 0) return i + 1;
    }
    return 0;
}

/* One step from `at`: what begins here is painted; behind it. */
static size_t paint_inside(Page *page, size_t at) {
    const char *text = page->text;
    size_t end = at + 1;
    Kind kind = (Kind)page->kind[at];
    if (text[at] == '\\' && text[at + 1] && text[at + 1] != '\n')
        end = at + 2;
    else if (text[at] == '`')
        end = span_end(text, at), kind = SPAN;
    else if (text[at] == '$')
        end = math_end(text, at), kind = MATH;
    else if (text[at] == ']' && text[at + 1] == '(' && target_end(text, at + 1)) {
        end = target_end(text, at + 1);
        paint(page, at + 1, end, TARGET);
        return end;
    }
    paint(page, at, end, kind);
    return end;
}

Page page_of(Arena *arena, const char *name, const char *text) {
    const size_t length = strlen(text);
    Page page = {name, text, length, ZERO(arena, unsigned char, length + 1)};
    for (size_t at = 0; at < length;) {
        const bool starts = at == 0 || text[at - 1] == '\n';
        if (starts && begins(text + at, "```")) {
            const size_t end = fence_end(text, at);
            paint(&page, at, end, FENCE);
            at = end;
            continue;
        }
        if (begins(text + at, "<!--")) {
            at = paint_block(&page, at);
            continue;
        }
        if (starts && text[at] == '#') paint(&page, at, line_end(text, at), HEADING);
        at = paint_inside(&page, at);
    }
    return page;
}

size_t page_line(const Page *page, size_t at) {
    size_t line = 1;
    for (size_t i = 0; i < at && i < page->length; i++) line += page->text[i] == '\n';
    return line;
}

/* ---- links -------------------------------------------------------------------------------- */

static bool is_written(const Page *page, size_t at) {
    return page->kind[at] == PROSE || page->kind[at] == HEADING;
}

/* The ']' that closes the '[' at `from`; 0: none in this paragraph. */
static size_t closing(const Page *page, size_t from) {
    size_t deep = 0;
    for (size_t i = from; i < page->length && !begins(page->text + i, "\n\n"); i++) {
        if (!is_written(page, i)) continue;
        deep += page->text[i] == '[';
        if (page->text[i] == ']' && --deep == 0) return i;
    }
    return 0;
}

/* "(path#fragment "title")", between its parentheses. */
static void read_target(Arena *arena, const char *text, size_t length, Link *link) {
    char *all = text_copy(arena, text, length);
    char *title = strchr(all, '"');
    link->title = "";
    if (title) {
        char *last = strrchr(title + 1, '"');
        if (last) *last = '\0';
        link->title = title + 1;
        *title = '\0';
    }
    size_t end = strlen(all);
    while (end > 0 && isspace((unsigned char)all[end - 1])) all[--end] = '\0';
    char *mark = strchr(all, '#');
    link->fragment = mark ? mark + 1 : "";
    if (mark) *mark = '\0';
    link->path = all;
}

bool page_link(Arena *arena, const Page *page, size_t *at, Link *link) {
    const char *text = page->text;
    for (size_t i = *at; i < page->length; i++) {
        if (text[i] != '[' || !is_written(page, i)) continue;
        const size_t close = closing(page, i);
        if (close == 0 || page->kind[close + 1] != TARGET) continue;
        const size_t end = target_end(text, close + 1);
        *link = (Link){.begin = i, .end = end, .text = i + 1, .text_end = close};
        link->image = i > 0 && text[i - 1] == '!';
        if (link->image) link->begin--;
        read_target(arena, text + close + 2, end - close - 3, link);
        *at = i + 1;
        return true;
    }
    return false;
}

/* ---- paths -------------------------------------------------------------------------------- */

const char *page_path(Arena *arena, const Page *page, const char *path) {
    const char *slash = strrchr(page->name, '/');
    const int folder = slash ? (int)(slash - page->name) + 1 : 0;
    char *all = text_print(arena, "%.*s%s", folder, page->name, path);
    /* word by word; ".." takes one away */
    size_t used = 0;
    for (const char *word = all; *word;) {
        const size_t length = strcspn(word, "/");
        const char *next = word + length + (word[length] == '/');
        if (length == 2 && begins(word, "..")) {
            if (used == 0) return NULL;
            while (used > 0 && all[used - 1] == '/') used--;
            while (used > 0 && all[used - 1] != '/') used--;
        } else if (!(length == 1 && *word == '.')) {
            memmove(all + used, word, (size_t)(next - word));
            used += (size_t)(next - word);
        }
        word = next;
    }
    all[used] = '\0';
    return all;
}
