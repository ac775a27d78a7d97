/* Where the words of a figure stand: how wide they are, in which lines they fit, the legend above
 * the plot, the foot line below it, ticks. Lengths are inches; in the terminal, where `form` is
 * dumb, characters. */
#include "figure.h"

#include <math.h>
#include <string.h>

/* ---- the size of texts ----------------------------------------------------------- */

/* The next character's bytes; text is UTF-8 (figure_label sees to it). */
static size_t bytes_of(const char *c) {
    const unsigned char first = (unsigned char)*c;
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Advance of a sans-serif letter (DejaVu's, wider than most) over the size of its font. */
static double advance(const char *c) {
    if ((unsigned char)*c >= 0xe1) return 1.0; /* from U+1000 on: some are square */
    if ((unsigned char)*c >= 0x80) return 0.72;
    if (strchr("ijlI.,:;'|! ", *c)) return 0.34;
    if (strchr("frt-()[]/\\`", *c)) return 0.41;
    if (strchr("mwMW@%#<>=+~^", *c)) return 0.93;
    return *c >= 'A' && *c <= 'Z' ? 0.72 : 0.62;
}

#define UNSHOWN 5.0 /* "[U+65E5]" */

double figure_extent(const Figure *f, const char *text, double points) {
    double sum = 0.0;
    while (*text) {
        const char *c = text;
        if (figure_is(f, "dumb"))
            sum += 1.0, text += bytes_of(text);
        else if (figure_shows(f, figure_character(&text)))
            sum += advance(c) * points / 72.0;
        else
            sum += UNSHOWN * points / 72.0;
    }
    return sum;
}

/* Bytes of the first line of `text`: whole words if one fits, parts
 * of one, else as many characters. */
static size_t first_line(const Figure *f, const char *text, double points, double room) {
    size_t fits = 0, half = 0, end = 0;
    double width = 0.0;
    while (text[end]) {
        const size_t bytes = bytes_of(text + end);
        char one[5] = {0};
        memcpy(one, text + end, bytes);
        width += figure_extent(f, one, points);
        if (width > room && end > 0) return fits ? fits : half ? half : end;
        end += bytes;
        if (text[end] == ' ') fits = end;
        if (strchr(".,:_/(", text[end - 1])) half = end;
    }
    return end;
}

size_t figure_lines(const Figure *f, const char *text, double points, double room,
                    size_t most, const char *line[]) {
    const char *cut = " ...";
    size_t count = 0;
    while (true) {
        size_t bytes = first_line(f, text, points, room);
        const bool last = count + 1 == most && text[bytes] != '\0';
        if (last)
            bytes = first_line(f, text, points, room - figure_extent(f, cut, points));
        line[count++] = text_print(f->arena, "%.*s%s", (int)bytes, text, last ? cut : "");
        for (text += bytes; *text == ' ';) text++;
        if (*text == '\0' || last) return count;
    }
}

/* ---- labels that are too long ------------------------------------------------------ */

static const char *cut_end(const Figure *f, const char *text, double points,
                           double room) {
    const char *line[1];
    figure_lines(f, text, points, room, 1, line);
    return line[0];
}

/* The first bytes and the last, as many as fit. */
static const char *cut_middle(const Figure *f, const char *text, double points,
                              double room) {
    const char *dots = " ... ", *tail = text + strlen(text);
    const double half = (room - figure_extent(f, dots, points)) / 2;
    if (figure_extent(f, text, points) <= room) return text;
    const size_t head = first_line(f, text, points, half);
    while (tail > text + head) {
        const char *next = tail - 1;
        while (next > text + head && ((unsigned char)*next & 0xc0) == 0x80) next--;
        if (figure_extent(f, next, points) > half) break;
        tail = next;
    }
    return text_print(f->arena, "%.*s%s%s", (int)head, text, dots, tail);
}

/* Bytes with which all begin, whole words. */
static size_t common_begin(const char *const *text, size_t count) {
    size_t same = 0, words = 0;
    for (;; same++) {
        const char c = text[0][same];
        for (size_t i = 0; i < count; i++)
            if (c == '\0' || text[i][same] != c) return words;
        if (strchr(" (,|", c)) words = same + 1;
    }
}

static bool still_differ(const char *const *label, const char *const *cut, size_t count) {
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(cut[i], cut[k]) == 0 && strcmp(label[i], label[k]) != 0)
                return false;
    return true;
}

const char **figure_short(const Figure *f, const char *const *label, size_t count,
                          double points, double room) {
    enum { ENDS, BEGINNINGS, MIDDLES, WAYS };
    const char **cut = TAKE(f->arena, const char *, count + 1);
    const size_t begin = count > 1 ? common_begin(label, count) : 0;
    for (size_t longer = 0; longer < 3; longer++)
        for (size_t way = ENDS; way < WAYS; way++) {
            const double own = room * (1.0 + 0.4 * (double)longer);
            for (size_t i = 0; i < count; i++)
                cut[i] =
                    way == ENDS ? cut_end(f, label[i], points, own)
                    : way == MIDDLES || begin < 5
                        ? cut_middle(f, label[i], points, own)
                        : cut_end(f, text_print(f->arena, "... %s", label[i] + begin),
                                  points, own);
            if (still_differ(label, cut, count)) return cut;
        }
    for (size_t i = 0; i < count; i++)
        cut[i] =
            cut_end(f, text_print(f->arena, "(%zu) %s", i + 1, label[i]), points, room);
    return cut;
}

/* ---- the legend, above the plot -------------------------------------------------- */

enum { MOST_LINES = 3 }; /* of one name */

static const double ENTRY = 0.17, SAMPLE = 0.42, BETWEEN = 0.2, EDGE = 0.1;

/* Widths of the columns if `count` names stand in rows of `columns`, one under the other. */
static double columns_wide(const Figure *f, const char *const *name, size_t count,
                           size_t columns, double *wide) {
    const size_t rows = (count + columns - 1) / columns;
    double sum = 0.0;
    for (size_t c = 0; c < columns; c++) {
        wide[c] = 0.0;
        for (size_t i = c * rows; i < count && i < (c + 1) * rows; i++)
            wide[c] = fmax(wide[c], figure_extent(f, name[i], FIGURE_SMALL));
        wide[c] += figure_is(f, "dumb") ? 8.0 : SAMPLE + BETWEEN;
        sum += wide[c];
    }
    return sum;
}

static size_t most_columns(const Figure *f, const char *const *name, size_t count,
                           double room, double *wide) {
    for (size_t columns = count < 6 ? count : 6; columns > 1; columns--)
        if (columns_wide(f, name, count, columns, wide) <= room) return columns;
    columns_wide(f, name, count, 1, wide);
    return 1;
}

/* One name, in several lines if it must, beside a sample of its style. Returns how many. */
static size_t add_entry(Figure *f, const char *name, size_t style, double x, double y) {
    const char *line[MOST_LINES];
    const double room = f->width - x - SAMPLE - EDGE;
    const size_t lines = figure_lines(f, name, FIGURE_SMALL, room, MOST_LINES, line);
    text_add(&f->labels,
             "set arrow from screen sx(%.4f),sy(%.4f) rto screen %.4f/width,0 nohead lt "
             "%zu\n",
             x, y, SAMPLE - 0.08, style);
    if (f->names > 0)
        text_add(&f->labels,
                 "set label '' at screen sx(%.4f),sy(%.4f) point lt %zu ps 0.8\n",
                 x + (SAMPLE - 0.08) / 2, y, style);
    for (size_t k = 0; k < lines; k++)
        figure_words(f, x + SAMPLE, y + ENTRY * (double)k, "left", FIGURE_SMALL, line[k]);
    return lines;
}

double figure_legend(Figure *f, const char *const *names, size_t count, double left) {
    const char **name = figure_labels(f->arena, names, count);
    double wide[6], x = left, deepest = 0.0;
    double room = f->width - left - EDGE;
    size_t columns = most_columns(f, name, count, room, wide);
    if (columns == 1 && wide[0] > room) {
        x = EDGE;
        columns = most_columns(f, name, count, f->width - 2 * EDGE, wide);
    }
    const size_t rows = (count + columns - 1) / columns;
    figure_number(f, "legend_columns", (double)columns);
    if (figure_is(f, "dumb")) return (double)rows;
    for (size_t c = 0; c < columns; c++) {
        double y = EDGE + ENTRY / 2;
        for (size_t i = c * rows; i < count && i < (c + 1) * rows; i++)
            y += ENTRY * (double)add_entry(f, name[i], i + 1, x, y);
        deepest = fmax(deepest, y);
        x += wide[c];
    }
    return deepest;
}

/* ---- words below and beside the plot --------------------------------------------- */

void figure_words(Figure *f, double x, double y, const char *how, double points,
                  const char *text) {
    text_add(&f->labels, "set label %s at screen sx(%.4f),sy(%.4f) %s font size%g\n",
             figure_quoted(f, points, text), x, y, how, points);
}

void figure_foot(Figure *f, const char *text, double y) {
    enum { MOST = 6 };
    const char *line[MOST], *label = figure_label(f->arena, text);
    const double room = f->width - 2 * EDGE, high = 0.13;
    const size_t lines = figure_lines(f, label, FIGURE_TINY, room, MOST, line);
    for (size_t i = 0; i < lines; i++)
        figure_words(f, f->width - EDGE, y + high * ((double)i + 0.5),
                     "right textcolor rgb '#666666'", FIGURE_TINY, line[i]);
    if (figure_is(f, "dumb")) {
        figure_number(f, "foot_lines", (double)lines);
        figure_texts(f, "foot", line, lines);
    }
    f->description = label;
    if (!figure_is(f, "dumb"))
        figure_number(f, "height", y + high * (double)lines + 0.06);
}

void figure_axis_names(Figure *f, double left, double right, double top, double bottom,
                       double below) {
    const double middle = (left + right) / 2;
    const double room = 2 * fmin(middle, f->width - middle) - 2 * EDGE;
    const char *x[1], *y[1];
    figure_lines(f, figure_label(f->arena, f->x_label), FIGURE_TEXT, room, 1, x);
    figure_lines(f, figure_label(f->arena, f->y_label), FIGURE_TEXT,
                 figure_is(f, "dumb") ? f->width - 2 * EDGE : bottom - EDGE, 1, y);
    figure_text(f, "x_label", x[0]);
    figure_text(f, "y_label", y[0]);
    figure_words(f, middle, bottom + below + 0.12, "center", FIGURE_TEXT, x[0]);
    figure_words(
        f, 0.12,
        fmax((top + bottom) / 2, figure_extent(f, y[0], FIGURE_TEXT) / 2 + EDGE / 2),
        "center rotate by 90", FIGURE_TEXT, y[0]);
}

/* ---- ticks ----------------------------------------------------------------------- */

/* 1, 2 or 5 times a power of ten, so that about `most` of them cover `range`. */
static double nice_step(double range, size_t most) {
    const double rough = range / (double)most, ten = pow(10.0, floor(log10(rough)));
    const double steps[] = {1.0, 2.0, 5.0, 10.0};
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        if (steps[i] * ten >= rough * (1.0 - 1e-9)) return steps[i] * ten;
    return 10.0 * ten;
}

/* 1e-3 of 7 is no 7.1e-3: digits beyond the step are its rounding. */
static const char *tick_text(Arena *arena, double value, double step) {
    const double whole = round(value / step) * step;
    const int digits = (int)fmax(0.0, -floor(log10(step) + 1e-9));
    if (digits > 6 || fabs(value) >= 1e6) return text_print(arena, "%.3g", whole);
    return text_print(arena, "%.*f", digits, whole == 0.0 ? 0.0 : whole);
}

FigureTicks figure_ticks_between(Arena *arena, double low, double high, size_t most) {
    if (!(low <= high)) low = 0.0, high = 1.0; /* there is nothing to show */
    const double size = fmax(fabs(low), fabs(high));
    if (high - low <= 1e-9 * size || high - low < 1e-300) {
        const double room = size > 1e-290 ? 0.05 * size : 0.5;
        low -= room, high += room;
    }
    const double step = nice_step(high / (double)most - low / (double)most, 1);
    const double first = floor(low / step + 1e-9), last = ceil(high / step - 1e-9);
    FigureTicks t = {.low = first * step, .high = last * step};
    t.count = (size_t)(last - first) + 1;
    t.at = TAKE(arena, double, t.count);
    t.text = TAKE(arena, const char *, t.count);
    for (size_t i = 0; i < t.count; i++) {
        t.at[i] = (first + (double)i) * step;
        t.text[i] = tick_text(arena, t.at[i], step);
    }
    return t;
}

/* These times powers of ten, of every so many decades. */
static FigureTicks ticks_by(Arena *arena, double low, double high, const double *steps,
                            size_t each, size_t every) {
    const int first = (int)floor(log10(low)), last = (int)floor(log10(high));
    const size_t decades = (size_t)(last - first) + 1;
    FigureTicks t = {.low = low, .high = high, .is_log = true};
    t.at = TAKE(arena, double, decades *each);
    t.text = TAKE(arena, const char *, decades *each);
    for (size_t d = 0; d < decades; d += every)
        for (size_t k = 0; k < each; k++) {
            const double at = steps[k] * pow(10.0, first + (int)d);
            if (at < low || at > high) continue;
            t.at[t.count] = at;
            t.text[t.count++] = text_print(arena, "%g", at);
        }
    return t;
}

FigureTicks figure_ticks_log(Arena *arena, double low, double high) {
    static const double many[] = {1.0, 1.5, 2.0, 3.0, 5.0, 7.0}, few[] = {1.0, 2.0, 5.0};
    const double decades = log10(high / low);
    if (decades < 1.0) return ticks_by(arena, low, high, many, COUNT_OF(many), 1);
    return decades < 2.0
               ? ticks_by(arena, low, high, few, COUNT_OF(few), 1)
               : ticks_by(arena, low, high, few, 1, 1 + (size_t)(decades / 6.0));
}

double figure_ticks_wide(const Figure *f, const FigureTicks *t) {
    double wide = 0.0;
    for (size_t i = 0; i < t->count; i++)
        wide = fmax(wide, figure_extent(f, t->text[i], FIGURE_SMALL));
    return wide;
}

/* gnuplot reads labels of ticks as formats. */
static const char *tick_label(Figure *f, const char *text) {
    Text out = text_new(f->arena);
    for (text = figure_quoted(f, FIGURE_SMALL, text); *text; text++)
        text_add(&out, *text == '%' ? "%%%%" : "%c", *text);
    return out.data;
}

void figure_ticks(Figure *f, const char *axis, const FigureTicks *t) {
    text_add(&f->given, "set %stics (", axis);
    for (size_t i = 0; i < t->count; i++)
        text_add(&f->given, "%s%s %.17g", i ? ", " : "",
                 figure_is(f, "dumb") ? tick_label(f, t->text[i]) : "''", t->at[i]);
    text_add(&f->given, ")\nset %srange [%.17g:%.17g]\n", axis, t->low, t->high);
    if (t->is_log) text_add(&f->given, "set logscale %s\n", axis);
}

static double tick_place(const FigureTicks *t, double at, double from, double to) {
    const double part = t->is_log ? log(at / t->low) / log(t->high / t->low)
                                  : (at - t->low) / (t->high - t->low);
    return from + part * (to - from);
}

void figure_x_ticks(Figure *f, const FigureTicks *t, double from, double to, double y) {
    for (size_t i = 0; i < t->count; i++)
        figure_words(f, tick_place(t, t->at[i], from, to), y + 0.16,
                     t->turned ? text_print(f->arena, "right rotate by %u", t->turned)
                               : "center",
                     FIGURE_SMALL, t->text[i]);
}

void figure_y_ticks(Figure *f, const FigureTicks *t, double from, double to, double x) {
    for (size_t i = 0; i < t->count; i++)
        figure_words(f, x - 0.1, tick_place(t, t->at[i], from, to), "right", FIGURE_SMALL,
                     t->text[i]);
}
