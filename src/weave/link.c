/* Links lead somewhere, decimals come from somewhere, and sources are told of. */
#include "internal.h"

#include "claim.h"

#include <ctype.h>
#include <string.h>

/* ---- links ------------------------------------------------------------------------------- */

/* A heading as forges and pandoc name it: small letters, blanks as '-', nothing else but letters,
 * digits, '-' and '_'. */
static const char *slug_of(Arena *arena, const char *heading, size_t length) {
    char *slug = TAKE(arena, char, length + 1);
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)heading[i];
        if (c == ' ')
            slug[used++] = '-';
        else if (isalnum(c) || c == '-' || c == '_' || c >= 0x80)
            slug[used++] = (char)tolower(c);
    }
    slug[used] = '\0';
    return slug;
}

static bool has_heading(Weave *weave, const char *path, const char *fragment) {
    const char *text = home_text(weave, path);
    if (text == NULL) return false;
    const Page page = page_of(weave->arena, path, text);
    for (const char *line = text; *line;) {
        const size_t marks = strspn(line, "#"), blank = strspn(line + marks, " ");
        const size_t length = strcspn(line, "\n");
        if (page.kind[line - text] == HEADING && blank && length > marks + blank &&
            strcmp(slug_of(weave->arena, line + marks + blank, length - marks - blank),
                   fragment) == 0)
            return true;
        line += length;
        line += *line == '\n';
    }
    return false;
}

/* A function or a case of that name is defined there: `def five(` of Python. */
static bool has_function(Weave *weave, const char *path, const char *name) {
    const char *text = home_text(weave, path);
    return text && strstr(text, text_print(weave->arena, "\ndef %s(", name)) != NULL;
}

static void want_fragment(Weave *weave, const Page *page, const Link *link,
                          const char *path) {
    const size_t line = page_line(page, link->begin);
    size_t first;
    if (weave_ends(path, ".md")) {
        if (!has_heading(weave, path, link->fragment))
            weave_fault(weave, page->name, line, "%s has no heading #%s", path,
                        link->fragment);
    } else if (weave_ends(path, ".py") && has_function(weave, path, link->fragment)) {
        return;
    } else if (!weave_ends(path, ".h5") && !weave_ends(path, ".txt")) {
        anchor_lines(weave, page, line, path, link->fragment, &first);
    }
}

/* "[name]: path" at the beginning of a line, footnotes aside. */
static bool defines_link(const char *text, size_t at) {
    at += strspn(text + at, " ");
    if (text[at] != '[' || text[at + 1] == '^') return false;
    const size_t close = at + strcspn(text + at, "]\n");
    return text[close] == ']' && text[close + 1] == ':';
}

/* What looks like a link and is none that is looked at. */
static void want_whole_links(Weave *weave, const Page *page) {
    const char *text = page->text;
    for (size_t at = 0; at < page->length; at++) {
        if (!page_written(page, at)) continue;
        if (text[at] == ']' && text[at + 1] == '(' && page->kind[at + 1] != TARGET)
            weave_fault(weave, page->name, page_line(page, at),
                        "a link that nothing ends, after %s",
                        text_clip(weave->arena, text_copy(weave->arena, text + at,
                                                          strcspn(text + at, "\n"))));
        if ((at == 0 || text[at - 1] == '\n') && defines_link(text, at))
            weave_fault(weave, page->name, page_line(page, at),
                        "links by reference are not followed, [words](PATH) is expected");
    }
}

void weave_links(Weave *weave, const Page *page) {
    want_whole_links(weave, page);
    Link link;
    for (size_t at = 0; page_link(weave->arena, page, &at, &link);) {
        if (strchr(link.path, ':')) continue; /* of the world */
        const size_t line = page_line(page, link.begin);
        const char *path =
            *link.path ? page_path(weave->arena, page, link.path) : page->name;
        if (path == NULL || !home_has(weave->arena, path))
            weave_fault(weave, page->name, line, "there is nothing at %s", link.path);
        else if (*link.fragment)
            want_fragment(weave, page, &link, path);
        if (link.image && link.text == link.text_end)
            weave_fault(weave, page->name, line,
                        "the figure %s has no words for who cannot see it", link.path);
    }
}

/* ---- decimals ---------------------------------------------------------------------------- */

/* Words behind which a decimal is the number of a part, not of a result. */
static bool is_of_part(const char *text, size_t at) {
    static const char *const words[] = {"section ",  "sections ", "Section ", "chapter ",
                                        "appendix ", "Appendix ", "version ", "Debian "};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        const size_t length = strlen(words[i]);
        if (at >= length && memcmp(text + at - length, words[i], length) == 0)
            return true;
    }
    return false;
}

static size_t digits_end(const char *text, size_t at) {
    while (isdigit((unsigned char)text[at])) at++;
    return at;
}

/* The end of the decimal that begins here: 1.5, .5, 1e-3; 0: none does. */
static size_t decimal_end(const char *text, size_t at) {
    size_t end = digits_end(text, at);
    const bool small = end > at && tolower((unsigned char)text[end]) == 'e' &&
                       text[end + 1] == '-' && isdigit((unsigned char)text[end + 2]);
    if (small) return digits_end(text, end + 2);
    if (text[end] != '.' || !isdigit((unsigned char)text[end + 1])) return 0;
    return digits_end(text, end + 1);
}

/* Whether a number may begin here, and not the rest of a name; _1.5_ is in italics. */
static bool starts_number(const char *text, size_t at) {
    if (at > 0 && text[at - 1] == '_') at--;
    return at == 0 ||
           !(isalnum((unsigned char)text[at - 1]) || strchr("._%", text[at - 1]));
}

/* Not the words of a link that says where the number is from. */
static void unpaint_numbers(Weave *weave, const Page *page, bool *sourced) {
    Link link;
    for (size_t at = 0; page_link(weave->arena, page, &at, &link);)
        if (*link.fragment && !link.image &&
            (weave_ends(link.path, ".h5") || weave_ends(link.path, ".txt")))
            for (size_t i = link.text; i < link.text_end; i++) sourced[i] = true;
}

void weave_decimals(Weave *weave, const Page *page) {
    const char *text = page->text;
    bool *sourced = ZERO(weave->arena, bool, page->length + 1);
    unpaint_numbers(weave, page, sourced);
    for (size_t at = 0; at < page->length; at++) {
        if (!page_written(page, at) || !strchr(".0123456789", text[at])) continue;
        const size_t end = decimal_end(text, at);
        if (end == 0 || !starts_number(text, at)) {
            while (isalnum((unsigned char)text[at + 1])) at++;
            continue;
        }
        if (!sourced[at] && !is_of_part(text, at))
            weave_fault(weave, page->name, page_line(page, at),
                        "%.*s is typed: a link to where it is from, [%.*s](FILE#PLACE "
                        "\"%%.1f\"), is expected",
                        (int)(end - at), text + at, (int)(end - at), text + at);
        at = end - 1;
    }
}

/* ---- verdicts ---------------------------------------------------------------------------- */

/* What a verdict is typed in: lines between empty ones, an item of a list, a row of a table. */
static bool begins_part(const char *text, size_t at) {
    return at == 0 ||
           (text[at - 1] == '\n' && (text[at] == '\n' || text[at] == '|' ||
                                     (text[at + strspn(text + at, " ")] == '-')));
}

/* "L04" */
static bool is_claim(const char *text, size_t at) {
    return text[at] == 'L' && (at == 0 || !isalnum((unsigned char)text[at - 1])) &&
           isdigit((unsigned char)text[at + 1]) && isdigit((unsigned char)text[at + 2]) &&
           !isalnum((unsigned char)text[at + 3]);
}

/* The length of the verdict that begins here, which lines may tear apart; 0: none does. */
static size_t verdict_length(const char *text, size_t at) {
    if (at > 0 && isalpha((unsigned char)text[at - 1])) return 0;
    for (size_t i = 0; i < CLAIM_VERDICTS; i++) {
        const char *word = claim_verdict_words[i];
        size_t length = 0;
        while (word[length] && (text[at + length] == word[length] ||
                                (word[length] == ' ' && text[at + length] == '\n')))
            length++;
        if (word[length] == '\0' && !isalpha((unsigned char)text[at + length]))
            return length;
    }
    return 0;
}

void weave_verdicts(Weave *weave, const Page *page) {
    const char *text = page->text;
    bool *sourced = ZERO(weave->arena, bool, page->length + 1);
    unpaint_numbers(weave, page, sourced);
    for (size_t from = 0, to; from < page->length; from = to) {
        bool claim = false;
        for (to = from; to < page->length && (to == from || !begins_part(text, to)); to++)
            claim |= page_written(page, to) && is_claim(text, to);
        for (size_t at = from; claim && at < to; at++) {
            const size_t length =
                page_written(page, at) && !sourced[at] ? verdict_length(text, at) : 0;
            if (length)
                weave_fault(
                    weave, page->name, page_line(page, at),
                    "'%.*s' is typed: a link to the claim, [%.*s](CLAIMS#ID/1.verdict), "
                    "is expected",
                    (int)length, text + at, (int)length, text + at);
        }
    }
}

/* ---- mentions ---------------------------------------------------------------------------- */

/* Whether a page leads to the file: by a link, or in a block, as the map does. */
static bool mentions(const Page *page, const char *path) {
    const size_t length = strlen(path);
    for (const char *at = page->text; (at = strstr(at, path)); at++)
        if ((at[length] == ')' || at[length] == '#') &&
            (page->kind[at - page->text] == TARGET ||
             page->kind[at - page->text] == BLOCK))
            return true;
    return false;
}

void weave_mentions(Weave *weave, const Page *page, size_t pages) {
    static const char *const folders[] = {"src", "experiments"};
    for (size_t k = 0; k < COUNT_OF(folders); k++) {
        size_t count;
        const char **file = home_files(weave->arena, folders[k], source_endings, &count);
        for (size_t i = 0; i < count; i++) {
            bool found = false;
            for (size_t p = 0; p < pages && !found; p++)
                found = mentions(&page[p], file[i]);
            if (!found) weave_fault(weave, file[i], 0, "no page of the book mentions it");
        }
    }
}
