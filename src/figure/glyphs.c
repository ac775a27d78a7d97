/* Characters that a form can show. A PNG and a PDF are drawn here, with the fonts that this
 * machine has: what a sans-serif font may lack would be a box larger than its line. LaTeX knows
 * few (latex.c). Those are written by their number; an SVG keeps them for its reader's fonts. */
#include "figure.h"

#include <string.h>

unsigned figure_character(const char **text) {
    const unsigned char *c = (const unsigned char *)*text;
    const size_t more = *c < 0xc0 ? 0 : *c < 0xe0 ? 1 : *c < 0xf0 ? 2 : 3;
    unsigned code = more ? *c & (0x3fu >> more) : *c;
    size_t k = 1;
    for (; k <= more && (c[k] & 0xc0) == 0x80; k++) code = code << 6 | (c[k] & 0x3fu);
    *text += k;
    return code;
}

/* Latin, Greek, Cyrillic and their accents; punctuation, signs, arrows, operators, boxes. */
static bool fonts_have(unsigned code) {
    return code < 0x530 || (code >= 0x1e00 && code < 0x2000) ||
           (code >= 0x2010 && code < 0x2028) || (code >= 0x2030 && code < 0x205f) ||
           (code >= 0x2070 && code < 0x20c0) || (code >= 0x2100 && code < 0x2300) ||
           (code >= 0x2500 && code < 0x2600) || code == 0xfffd;
}

bool figure_shows(const Figure *f, unsigned code) {
    if (figure_is(f, "tex")) return figure_latex_has(code);
    if (figure_is(f, "png") || figure_is(f, "pdf")) return fonts_have(code);
    return true;
}

const char *figure_number_of(Arena *arena, unsigned code) {
    return text_print(arena, "[U+%04X]", code);
}

const char *figure_shown(Figure *f, const char *label) {
    Text out = text_new(f->arena);
    while (*label) {
        const char *from = label;
        const unsigned code = figure_character(&label);
        const bool shown = figure_shows(f, code);
        f->unshown |= !shown;
        if (shown)
            text_add(&out, "%.*s", (int)(label - from), from);
        else
            text_add(&out, "%s", figure_number_of(f->arena, code));
    }
    return out.data;
}
