/* What a figure's script is given, and what becomes of the bytes that gnuplot makes. Texts reach
 * gnuplot in single quotes, in which it reads nothing but quotes; numbers as our own digits. */
#include "gnuplot.h"
#include "place.h"
#include "signals.h"

#include <math.h>
#include <string.h>
#include <zlib.h>

/* ---- forms and widths ------------------------------------------------------------ */

#define PNG_PIXELS 150.0 /* as in experiments/style.gp */
#define CENTIMETRE (1.0 / 2.54)

/* Pixels to the inch, and the unit of a bare number in inches; in the terminal there are
 * characters alone. */
static const struct {
    const char *name;
    double pixels, bare;
} FORMS[] = {{"svg", 96.0, 1.0 / 96.0},
             {"pdf", 96.0, CENTIMETRE},
             {"png", PNG_PIXELS, 1.0 / PNG_PIXELS},
             {"tex", 96.0, CENTIMETRE},
             {"dumb", 0.0, 1.0}};

static const double WIDE = 17.0 / 2.54, DUMB_WIDE = 78.0; /* if nothing is said */

/* "640px", "8.6cm", "86mm", "3.4in", or a number in the form's own unit. NaN: none of them. */
static double read_width(const char *text, double pixels, double bare) {
    const struct {
        const char *name;
        double inches;
    } units[] = {{"", bare},
                 {"px", 1.0 / pixels},
                 {"cm", CENTIMETRE},
                 {"mm", CENTIMETRE / 10},
                 {"in", 1.0}};
    char number[32] = {0};
    const size_t length = strcspn(text, "pcmin"),
                 known = pixels > 0.0 ? COUNT_OF(units) : 1;
    double value;
    memcpy(number, text, length < sizeof number ? length : sizeof number - 1);
    for (size_t i = 0; i < known; i++)
        if (strcmp(text + length, units[i].name) == 0 && text_to_double(number, &value))
            return value * units[i].inches;
    return (double)NAN;
}

FigureForm figure_form(Arena *arena, const char *name, const char *width) {
    static const Choice forms = CHOICE(FORMS);
    const size_t i = choice_find(&forms, name);
    if (i == forms.count)
        die(EX_USAGE, "no form of figure '%s'%s; there are %s", name,
            choice_hint(arena, &forms, name), choice_words(arena, &forms, ", "));
    const bool dumb = strcmp(name, "dumb") == 0;
    FigureForm form = {FORMS[i].name, dumb ? DUMB_WIDE : WIDE};
    if (width == NULL) return form;
    form.width = read_width(width, FORMS[i].pixels, FORMS[i].bare);
    const double least = dumb ? 40.0 : 2.5, most = dumb ? 400.0 : 20.0;
    if (form.width >= least && form.width <= most) return form;
    if (dumb) die(EX_USAGE, "--width %s: 40 to 400 characters are expected", width);
    die(EX_USAGE, "--width %s: 6.4cm to 50cm, or %.0fpx to %.0fpx, is expected", width,
        least * FORMS[i].pixels, most * FORMS[i].pixels);
}

bool figure_is_form(const char *name) {
    for (size_t i = 0; i < COUNT_OF(FORMS); i++)
        if (strcmp(name, FORMS[i].name) == 0) return true;
    return false;
}

bool figure_is(const Figure *f, const char *form) {
    return strcmp(f->form, form) == 0;
}

Figure figure_new(Arena *arena, FigureForm form, const char *script, const char *title) {
    return (Figure){.arena = arena,
                    .form = form.name,
                    .width = form.width,
                    .script = script,
                    .title = title,
                    .description = "",
                    .x_label = "",
                    .y_label = "",
                    .columns = text_new(arena),
                    .labels = text_new(arena),
                    .given = text_new(arena)};
}

/* ---- what the script is given ---------------------------------------------------- */

/* Bytes of a well-formed character of UTF-8 that may be shown; 0: there is none here. */
static size_t character(const unsigned char *c) {
    static const unsigned char lead[] = {0, 0xc2, 0xe0, 0xf0},
                               high[] = {0, 0xdf, 0xef, 0xf4};
    if (*c < 0x80) return *c >= ' ' && *c != 0x7f;
    for (size_t more = 1; more <= 3; more++) {
        if (*c < lead[more] || *c > high[more]) continue;
        for (size_t k = 1; k <= more; k++)
            if ((c[k] & 0xc0) != 0x80) return 0;
        const unsigned code = (unsigned)(c[0] & 0xf) << 6 | (c[1] & 0x3fu);
        const bool control = more == 1 && c[0] == 0xc2 && c[1] < 0xa0,
                   surrogate = more == 2 && code >= 0x360 && code < 0x380,
                   other = (more == 2 && code < 0x20) || (more == 3 && code < 0x10) ||
                           (more == 3 && code >= 0x110) ||
                           (more == 2 && code == 0x3ff && c[2] >= 0xbe);
        return control || surrogate || other ? 0 : more + 1;
    }
    return 0;
}

const char *figure_label(Arena *arena, const char *text) {
    Text out = text_new(arena);
    while (*text) {
        const size_t bytes = character((const unsigned char *)text);
        if (bytes)
            text_add(&out, "%.*s", (int)bytes, text);
        else
            text_add(&out, "%s", (unsigned char)*text < ' ' ? " " : "?");
        text += bytes ? bytes : 1;
    }
    return out.data;
}

const char **figure_labels(Arena *arena, const char *const *text, size_t count) {
    const char **label = TAKE(arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++) label[i] = figure_label(arena, text[i]);
    return label;
}

/* In single quotes nothing has a meaning but they themselves, and two of them only where a
 * text does not begin with them: they stand in double quotes, alone. */
static const char *quoted(Arena *arena, const char *text) {
    Text out = text_new(arena);
    text_add(&out, "'");
    for (; *text; text++) text_add(&out, *text == '\'' ? "'.\"'\".'" : "%c", *text);
    text_add(&out, "'");
    return out.data;
}

const char *figure_quoted(Figure *f, double points, const char *text) {
    const char *label = figure_shown(f, figure_label(f->arena, text));
    if (!figure_is(f, "tex")) return quoted(f->arena, label);
    return quoted(f->arena,
                  text_print(f->arena, "\\fontsize{%g}{%g}\\selectfont %s", points,
                             1.2 * points, figure_latex(f->arena, label)));
}

static const char *number_text(Arena *arena, double value) {
    return isfinite(value) ? text_print(arena, "%.17g", value) : "NaN";
}

void figure_number(Figure *f, const char *name, double value) {
    text_add(&f->given, "%s = %s\n", name, number_text(f->arena, value));
}

void figure_path(Figure *f, const char *name, const char *path) {
    text_add(&f->given, "%s = %s\n", name, quoted(f->arena, path));
}

void figure_text(Figure *f, const char *name, const char *text) {
    text_add(&f->given, "%s = %s\n", name, figure_quoted(f, FIGURE_SMALL, text));
}

void figure_numbers(Figure *f, const char *name, const double *value, size_t count) {
    text_add(&f->given, "array %s[%zu]\n", name, count ? count : 1);
    for (size_t i = 0; i < count; i++)
        text_add(&f->given, "%s[%zu] = %s\n", name, i + 1,
                 number_text(f->arena, value[i]));
}

void figure_texts(Figure *f, const char *name, const char *const *text, size_t count) {
    text_add(&f->given, "array %s[%zu]\n", name, count ? count : 1);
    for (size_t i = 0; i < count; i++)
        text_add(&f->given, "%s[%zu] = %s\n", name, i + 1,
                 figure_quoted(f, FIGURE_SMALL, text[i]));
}

void figure_row(Figure *f, const double *value, size_t count) {
    for (size_t i = 0; i < count; i++)
        text_add(&f->columns, "%s%s", i ? " " : "", number_text(f->arena, value[i]));
    text_add(&f->columns, "\n");
}

/* gnuplot tells blocks apart by two empty lines, so none may be empty. */
void figure_block_end(Figure *f) {
    text_add(&f->columns, "NaN NaN NaN NaN NaN NaN NaN\n\n\n");
}

/* ---- what becomes of the bytes --------------------------------------------------- */

static const char *xml_text(Arena *arena, const char *text) {
    Text out = text_new(arena);
    for (; *text; text++) {
        if (*text == '<')
            text_add(&out, "&lt;");
        else if (*text == '>')
            text_add(&out, "&gt;");
        else if (*text == '&')
            text_add(&out, "&amp;");
        else
            text_add(&out, "%c", *text);
    }
    return out.data;
}

/* The text between `open` and `close` in `from`; NULL: there is none. */
static char *between(char *from, const char *open, const char *close, char **end) {
    char *at = from ? strstr(from, open) : NULL;
    *end = at ? strstr(at, close) : NULL;
    return *end ? at + strlen(open) : NULL;
}

/* A script that draws all series, again and again in their order, has their names beside
 * what it drew. */
static size_t plots_of(char *svg) {
    size_t count = 0;
    char *end;
    while ((svg = between(svg, "<title>gnuplot_plot_", "</title>", &end))) count++;
    return count;
}

/* An SVG says what it shows and where it comes from, for readers of the page and the file. */
static void describe(const Figure *f, Drawing *d) {
    char *end, *at = between(d->bytes, "<title>", "</title>", &end);
    if (at == NULL) return;
    Text out = text_new(f->arena);
    text_add(&out, "%.*s%s</title>\n<desc>%s</desc>", (int)(at - d->bytes), d->bytes,
             xml_text(f->arena, figure_label(f->arena, f->title)),
             xml_text(f->arena, figure_label(f->arena, f->description)));
    char *rest = end + strlen("</title>");
    const size_t plots = plots_of(rest);
    const bool named = f->names > 0 && plots % f->names == 0;
    for (size_t i = 0; named && i < plots; i++, rest = end) {
        at = between(rest, "<title>gnuplot_plot_", "</title>", &end);
        text_add(&out, "%.*s<title>%s", (int)(at - strlen("<title>gnuplot_plot_") - rest),
                 rest, xml_text(f->arena, figure_label(f->arena, f->name[i % f->names])));
    }
    text_add(&out, "%s", rest);
    d->bytes = out.data;
    d->length = out.length;
}

/* gnuplot leaves "]]>" in texts as it is, which XML has at the end of CDATA alone. */
static void close_texts(const Figure *f, Drawing *d) {
    static const char END[] = "]]>";
    Text out = text_new(f->arena);
    char *rest = d->bytes, *at;
    for (; (at = strstr(rest, END)) != NULL; rest = at + strlen(END)) {
        const char *data = strstr(rest, "<![CDATA[");
        const bool is_end = data && data < at;
        text_add(&out, "%.*s%s", (int)(at - rest), rest, is_end ? END : "]]&gt;");
    }
    text_add(&out, "%s", rest);
    d->bytes = out.data;
    d->length = out.length;
}

static void add_integer(unsigned char *to, size_t value) {
    for (size_t i = 0; i < 4; i++) to[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* Programs that place a PNG in a page take its size from a chunk that gnuplot leaves out;
 * it stands after the 33 bytes of the file's mark and header. */
static void tell_size(Arena *arena, Drawing *d) {
    enum { HEAD = 33, CHUNK = 21 };
    const size_t a_metre = (size_t)(PNG_PIXELS / 0.0254 + 0.5);
    unsigned char chunk[CHUNK] = {0, 0, 0, 9, 'p', 'H', 'Y', 's'};
    if (d->length < HEAD) return;
    add_integer(chunk + 8, a_metre);
    add_integer(chunk + 12, a_metre);
    chunk[16] = 1; /* the unit is the metre */
    add_integer(chunk + 17, crc32(0, chunk + 4, 13));
    char *whole = TAKE(arena, char, d->length + CHUNK);
    memcpy(whole, d->bytes, HEAD);
    memcpy(whole + HEAD, chunk, CHUNK);
    memcpy(whole + HEAD + CHUNK, d->bytes + HEAD, d->length - HEAD);
    d->bytes = whole;
    d->length += CHUNK;
}

/* The tex form is two files: NAME.tex, the labels, over NAME-drawing.pdf, which pdflatex,
 * xelatex and lualatex read as it is. */
static bool write_drawing(const Figure *f, Drawing *d, const char *path,
                          BaseError *error) {
    size_t stem = strlen(path);
    if (stem > 4 && strcmp(path + stem - 4, ".tex") == 0) stem -= 4;
    const char *under = text_print(f->arena, "%.*s-drawing.pdf", (int)stem, path);
    const char *name = strrchr(under, '/') ? strrchr(under, '/') + 1 : under;
    char *tex = d->bytes, *at;
    Text out = text_new(f->arena);
    text_add(&out,
             "%% %s\n%% \\input it under pdflatex, xelatex or lualatex with "
             "\\usepackage{graphicx,xcolor}; it needs %s.\n",
             figure_label(f->arena, f->description), name);
    for (; (at = strstr(tex, d->stem)) != NULL; tex = at + strlen(d->stem))
        text_add(&out, "%.*s%s", (int)(at - tex), tex, name);
    text_add(&out, "%s", tex);
    d->bytes = out.data;
    d->length = out.length;
    return place_write(under, d->under, d->under_length, error);
}

static bool draw(const Figure *figure, const char *path, BaseError *error) {
    Drawing d = {.bytes = NULL};
    if (!gnuplot_draw(figure, &d, error)) return false;
    if (figure->unshown)
        say("letters that %s may lack are written by their numbers ([U+65E5]); the form "
            "svg has them",
            figure_is(figure, "tex") ? "LaTeX" : "fonts");
    if (figure_is(figure, "svg")) {
        close_texts(figure, &d);
        describe(figure, &d);
    }
    if (figure_is(figure, "png")) tell_size(figure->arena, &d);
    if (path == NULL) { /* whether stdout took it is asked at the end */
        fwrite(d.bytes, 1, d.length, stdout);
        return true;
    }
    if (figure_is(figure, "tex") && !write_drawing(figure, &d, path, error)) return false;
    return place_write(path, d.bytes, d.length, error);
}

/* A signal that asks to stop waits until nothing half-drawn or half-written is left. */
bool figure_draw(const Figure *figure, const char *path, BaseError *error) {
    const SignalsBefore before = signals_watch();
    const bool good = draw(figure, path, error);
    const int stop = signals_stop();
    signals_restore(&before);
    return good && (stop == 0 || base_fail(error, 128 + stop, 0, "stopped by a signal"));
}
