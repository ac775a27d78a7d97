/* Labels of equations: each is the tag of one, in order in its page, and whoever cites one cites
 * one that there is: pages, sources, tests. */
#include "internal.h"

#include <ctype.h>
#include <string.h>

/* "P-1", "DE-12" at the beginning of the text: its length; 0: it is none. */
static size_t label_length(const char *text) {
    size_t letters = 0, digits = 0;
    while (isupper((unsigned char)text[letters])) letters++;
    if (letters < 1 || letters > 2 || text[letters] != '-') return 0;
    while (isdigit((unsigned char)text[letters + 1 + digits])) digits++;
    return digits >= 1 && digits <= 2 ? letters + 1 + digits : 0;
}

typedef struct Tag {
    const char *name, *page;
    size_t line;
} Tag;

typedef struct Tags {
    size_t count;
    Tag *tag;
} Tags;

static const Tag *tag_find(const Tags *tags, const char *name) {
    for (size_t i = 0; i < tags->count; i++)
        if (strcmp(tags->tag[i].name, name) == 0) return &tags->tag[i];
    return NULL;
}

static size_t number_of(const char *label) {
    size_t number = 0;
    text_to_count(strchr(label, '-') + 1, &number);
    return number;
}

static bool same_letters(const char *a, const char *b) {
    const size_t length = strcspn(a, "-");
    return strncmp(a, b, length + 1) == 0;
}

/* A tag of a page, after those that it has already. */
static void tag_add(Weave *weave, Tags *tags, const Page *page, const char *name,
                    size_t line) {
    const Tag *other = tag_find(tags, name);
    if (other)
        weave_fault(weave, page->name, line, "(%s) is an equation of %s:%zu, too", name,
                    other->page, other->line);
    for (size_t i = tags->count; i-- > 0;) {
        const Tag *last = &tags->tag[i];
        if (strcmp(last->page, page->name) != 0) break;
        if (!same_letters(last->name, name)) continue;
        if (number_of(last->name) >= number_of(name))
            weave_fault(weave, page->name, line, "(%s) stands behind (%s)", name,
                        last->name);
        break;
    }
    tags->tag[tags->count++] = (Tag){name, page->name, line};
}

static void read_tags(Weave *weave, Tags *tags, const Page *page) {
    for (const char *at = page->text; (at = strstr(at, "\\tag{")); at++) {
        const size_t length = label_length(at + 5), from = (size_t)(at - page->text);
        const char *tag = text_copy(weave->arena, at, strcspn(at, "}\n"));
        if (page_written(page, from))
            weave_fault(weave, page->name, page_line(page, from),
                        "%s} stands in no equation", tag);
        else if (page->kind[from] == MATH && (length == 0 || at[5 + length] != '}'))
            weave_fault(weave, page->name, page_line(page, from),
                        "%s} is no label, \\tag{P-1} is expected", tag);
        else if (page->kind[from] == MATH)
            tag_add(weave, tags, page, text_copy(weave->arena, at + 5, length),
                    page_line(page, from));
    }
}

/* (P-1), (P-2, P-3), and (P-3) to (P-6): whatever stands between parentheses as a label does. */
static void want_cited(Weave *weave, const Tags *tags, const char *name,
                       const char *text) {
    size_t line = 1;
    for (const char *at = text; *at; at++) {
        line += *at == '\n';
        if (*at != '(' || (at > text && strchr("+-*/", at[-1]))) continue; /* a product */
        for (const char *next = at + 1;; next += strspn(next, ", ")) {
            const size_t length = label_length(next);
            if (length == 0 || next[length] == '\0' || !strchr("),", next[length])) break;
            const char *label = text_copy(weave->arena, next, length);
            if (tag_find(tags, label) == NULL)
                weave_fault(weave, name, line, "(%s) is no equation of the book", label);
            next += length;
        }
    }
}

/* The same of a source. */
static void want_cited_there(Weave *weave, const Tags *tags, const char *path) {
    const char *text = home_text(weave, path);
    if (text)
        want_cited(weave, tags, path, text);
    else
        weave_fault(weave, path, 0, "%s", home_lack(weave, path));
}

void weave_labels(Weave *weave, const Page *page, size_t pages) {
    size_t room = 0;
    for (size_t i = 0; i < pages; i++)
        for (const char *at = page[i].text; (at = strstr(at, "\\tag{")); at++) room++;
    Tags tags = {0, TAKE(weave->arena, Tag, room + 1)};
    for (size_t i = 0; i < pages; i++) read_tags(weave, &tags, &page[i]);
    for (size_t i = 0; i < pages; i++)
        want_cited(weave, &tags, page[i].name, page[i].text);
    static const char *const folders[] = {"src", "experiments", "tests"};
    for (size_t k = 0; k < COUNT_OF(folders); k++) {
        size_t count;
        const char **file = home_files(weave->arena, folders[k], source_endings, &count);
        for (size_t i = 0; i < count; i++) want_cited_there(weave, &tags, file[i]);
    }
}
