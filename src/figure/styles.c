/* Colours, marks and dashes that tell curves apart. */
#include "figure.h"

enum { MARKS = 15, DASHES = 5 };

/* A mark and a dash; all differ, and 15 in a row have different marks. */
static size_t mark_of(size_t style) {
    return style % MARKS;
}

static size_t dash_of(size_t style) {
    return (style + style / MARKS) % DASHES;
}

static bool is_free(const size_t *style, size_t count, size_t wanted, bool mark_alone) {
    for (size_t i = 0; i < count; i++)
        if (style[i] == wanted || (mark_alone && style[i] < FIGURE_STYLES &&
                                   mark_of(style[i]) == mark_of(wanted)))
            return false;
    return true;
}

/* The nearest from `home` on that nobody has: with a mark of its own as long as there are
 * such. */
static size_t free_style(const size_t *style, size_t count, size_t home) {
    for (size_t fussy = 2; fussy-- > 0;)
        for (size_t t = 0; t < FIGURE_STYLES; t++) {
            const size_t wanted = (home + t) % FIGURE_STYLES;
            if (is_free(style, count, wanted, fussy > 0)) return wanted;
        }
    return home % FIGURE_STYLES;
}

void figure_styles(Figure *f, const size_t *colour, size_t count) {
    size_t *style = TAKE(f->arena, size_t, count + 1);
    for (size_t i = 0; i < count; i++) style[i] = FIGURE_STYLES; /* nobody's */
    for (size_t later = 0; later < 2; later++) /* the first of a kind before the others */
        for (size_t i = 0; i < count; i++) {
            bool first = true;
            for (size_t k = 0; k < i; k++) first &= colour[k] != colour[i];
            if (first == (later == 0)) style[i] = free_style(style, count, colour[i]);
        }
    double *column[3];
    for (size_t k = 0; k < COUNT_OF(column); k++)
        column[k] = TAKE(f->arena, double, count + 1);
    for (size_t i = 0; i < count; i++) {
        column[0][i] = (double)(colour[i] + 1);
        column[1][i] = (double)(mark_of(style[i]) + 1);
        column[2][i] = (double)(dash_of(style[i]) + 1);
    }
    figure_number(f, "styles", (double)count);
    figure_numbers(f, "colour", column[0], count);
    figure_numbers(f, "mark", column[1], count);
    figure_numbers(f, "dash", column[2], count);
}
