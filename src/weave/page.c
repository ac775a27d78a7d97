/* A page as bytes that have a kind each: what is prose and what is not, and the links in it. */
#include "internal.h"

#include <ctype.h>
#include <string.h>

enum { LONGEST_LINK = 2048 }; /* of its words, of its target: "[[[[[" takes no minutes */

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

size_t fence_marks(const char *text, size_t at) {
    at += strspn(text + at, " ");
    const size_t ticks = strspn(text + at, "`"), waves = strspn(text + at, "~");
    const size_t named = ticks + strcspn(text + at + ticks, "`\n");
    if (ticks >= 3 && text[at + named] == '`') return 0; /* code inside a line */
    return ticks >= 3 ? ticks : waves >= 3 ? waves : 0;
}

size_t fence_close(const char *text, size_t at) {
    const size_t marks = fence_marks(text, at);
    const char mark[] = {text[at + strspn(text + at, " ")], '\0'};
    for (size_t end = line_end(text, at); text[end]; end = line_end(text, end + 1)) {
        const size_t blank = end + 1 + strspn(text + end + 1, " ");
        const size_t own = strspn(text + blank, mark);
        const size_t behind = blank + own + strspn(text + blank + own, " \t");
        if (own >= marks && (text[behind] == '\n' || text[behind] == '\0'))
            return end + 1;
    }
    return strlen(text);
}

/* The first of what has no end is remembered. */
static void lose(Page *page, size_t at, const char *what) {
    if (page->unclosed == NULL) page->unclosed = what, page->lost = at;
}

static size_t paint_fence(Page *page, size_t at) {
    const size_t close = fence_close(page->text, at), end = line_end(page->text, close);
    if (close == page->length) lose(page, at, "a fence");
    paint(page, at, end, FENCE);
    return end;
}

bool block_head(const char *text, size_t at) {
    if (!begins(text + at, "<!--")) return false;
    at += 4 + strspn(text + at + 4, " \n");
    return begins(text + at, "normlab") && strchr(" \n-", text[at + 7]);
}

size_t block_end(const char *text, size_t behind, bool *ended) {
    for (const char *at = text + behind; (at = strstr(at, "<!--")); at++) {
        *ended = begins(at, "<!-- end -->");
        if (*ended || block_head(at, 0)) return (size_t)(at - text);
    }
    *ended = false;
    return strlen(text);
}

static size_t paint_comment(Page *page, size_t at) {
    const char *end = strstr(page->text + at, "-->");
    const size_t behind = end ? (size_t)(end - page->text) + 3 : page->length;
    bool ended;
    if (end == NULL) lose(page, at, "a comment");
    paint(page, at, behind, COMMENT);
    if (!block_head(page->text, at)) return behind;
    const size_t last = block_end(page->text, behind, &ended);
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

/* As pandoc has it: no blank behind the first $ nor before the last, and no digit behind that, or
 * it is money. */
static size_t math_end(const char *text, size_t at) {
    const size_t marks = text[at + 1] == '$' ? 2 : 1;
    const bool money = marks == 1 && isspace((unsigned char)text[at + 1]);
    for (size_t i = at + marks; !money && text[i] && !begins(text + i, "\n\n"); i++) {
        if (text[i] != '$' || text[i - 1] == '\\') continue;
        if (marks == 2 || (!isspace((unsigned char)text[i - 1]) &&
                           !isdigit((unsigned char)text[i + 1])))
            return i + marks;
    }
    return at + marks;
}

/* Behind the ')' of a target that begins here with '('; 0: there is none in this paragraph. */
static size_t target_end(const char *text, size_t at) {
    size_t deep = 0;
    bool quoted = false;
    for (size_t i = at; i < at + LONGEST_LINK && text[i] && !begins(text + i, "\n\n");
         i++) {
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
    Page page = {name, text, length, ZERO(arena, unsigned char, length + 1), NULL, 0};
    for (size_t at = 0; at < length;) {
        const bool starts = at == 0 || text[at - 1] == '\n';
        if (starts && fence_marks(text, at)) {
            at = paint_fence(&page, at);
            continue;
        }
        if (begins(text + at, "<!--")) {
            at = paint_comment(&page, at);
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

bool page_written(const Page *page, size_t at) {
    return page->kind[at] == PROSE || page->kind[at] == HEADING;
}

/* The ']' that closes the '[' at `from`; 0: none in this paragraph. */
static size_t closing(const Page *page, size_t from) {
    const size_t end =
        from + LONGEST_LINK < page->length ? from + LONGEST_LINK : page->length;
    size_t deep = 0;
    for (size_t i = from; i < end && !begins(page->text + i, "\n\n"); i++) {
        if (!page_written(page, i)) continue;
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
        if (text[i] != '[' || !page_written(page, i)) continue;
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

/* ---- texts side by side ------------------------------------------------------------------- */

bool weave_ends(const char *text, const char *with) {
    const size_t a = strlen(text), b = strlen(with);
    return a >= b && strcmp(text + a - b, with) == 0;
}

size_t weave_differs_at(const char *a, const char *b) {
    size_t line = 0;
    while (*a && *a == *b) line += *a == '\n', a++, b++;
    return line;
}

const char *weave_line(Arena *arena, const char *text, size_t line) {
    for (; line > 0 && *text; line--) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    text += strspn(text, " ");
    return text_clip(arena, text_copy(arena, text, strcspn(text, "\n")));
}
