/* A page of Markdown: every byte has a kind, links lie in order, and what is read ends. */
#include "fuzz.h"
#include "internal.h"

#include <string.h>

static void follow_links(const Fuzz *fuzz, const Page *page) {
    Link link;
    for (size_t at = 0, before = 0; page_link(fuzz->arena, page, &at, &link);
         before = at) {
        HOLDS(fuzz, at > before, "no way on from %zu", before);
        HOLDS(fuzz,
              link.begin < link.text && link.text <= link.text_end &&
                  link.text_end < link.end && link.end <= page->length,
              "a link at %zu", link.begin);
        const char *path = page_path(fuzz->arena, page, link.path);
        HOLDS(fuzz, path == NULL || strncmp(path, "../", 3) != 0, "%s leads out", path);
    }
}

static void follow_blocks(const Fuzz *fuzz, const Page *page) {
    bool ended;
    for (size_t at = 0; at < page->length; at++) {
        const bool begins = at == 0 || page->text[at - 1] == '\n';
        if (begins && fence_marks(page->text, at) > 0)
            HOLDS(fuzz, fence_close(page->text, at) <= page->length, "a fence at %zu",
                  at);
        if (page->text[at] == '<' && block_head(page->text, at))
            HOLDS(fuzz, block_end(page->text, at, &ended) <= page->length,
                  "a block at %zu", at);
        HOLDS(fuzz, page->kind[at] <= TARGET, "kind %d", page->kind[at]);
    }
}

void fuzz_page(Fuzz *fuzz) {
    const char *text = fuzz_text(fuzz, 1 << 14);
    if (text == NULL) return;
    Weave weave = {.arena = fuzz->arena};
    const Page page = page_of(fuzz->arena, "notes/a.md", text);
    HOLDS(fuzz, page.length == strlen(text) && page.lost <= page.length, "length");
    HOLDS(fuzz, page_line(&page, page.length) >= 1, "line");
    follow_links(fuzz, &page);
    follow_blocks(fuzz, &page);
    weave_decimals(&weave, &page);
    for (size_t i = 0; i < weave.faults; i++)
        HOLDS(fuzz, weave.fault[i].line <= page_line(&page, page.length), "%s",
              weave.fault[i].says);
}
