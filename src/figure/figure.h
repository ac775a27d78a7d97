/* figure: what gnuplot is given, from a collected file to a drawing: where every word stands is
 * decided here, in inches. */
#ifndef NORMLAB_FIGURE_H
#define NORMLAB_FIGURE_H

#include "base.h"
#include "text.h"

/* ---- figure.c: what a script is given, and the forms of figures -------------------- */

/* svg, pdf, png, tex or dumb, and how wide: in inches; dumb (the terminal) in characters. */
typedef struct FigureForm {
    const char *name;
    double width;
} FigureForm;

/* What is wrong ends the program. `width`: as --width has it; NULL: the usual one. */
FigureForm figure_form(Arena *arena, const char *name, const char *width);
bool figure_is_form(const char *name);

/* Points of text: of the axes' names, of all else, of the foot line. */
#define FIGURE_TEXT  9.0
#define FIGURE_SMALL 8.0
#define FIGURE_TINY  7.0

/* A script loads `given`, settings in gnuplot's language, then experiments/style.gp, which
 * loads `labels`, and plots the data file `columns`. Texts are any texts: they are made safe
 * for gnuplot, for the terminal and for LaTeX here. */
typedef struct Figure {
    Arena *arena;
    const char *form;
    double width;
    const char *script;              /* in the checkout: "experiments/plot.gp" */
    const char *title, *description; /* what an SVG says of itself */
    const char *x_label, *y_label;
    size_t names; /* of series that have marks */
    const char *const *name;
    Text columns, given, labels;
    bool unshown;    /* characters are written by their numbers (glyphs.c) */
    BaseError error; /* why there is no figure */
} Figure;

Figure figure_new(Arena *arena, FigureForm form, const char *script, const char *title);
bool figure_is(const Figure *figure, const char *form);

void figure_number(Figure *figure, const char *name, double value);
void figure_text(Figure *figure, const char *name, const char *text);
void figure_path(Figure *figure, const char *name, const char *path);
/* gnuplot's arrays count from 1. */
void figure_numbers(Figure *figure, const char *name, const double *value, size_t count);
void figure_texts(Figure *figure, const char *name, const char *const *text,
                  size_t count);

/* A text of this size as the form writes it, in gnuplot's quotes. */
const char *figure_quoted(Figure *figure, double points, const char *text);

/* A text without what cannot be shown. */
const char *figure_label(Arena *arena, const char *text);
const char **figure_labels(Arena *arena, const char *const *text, size_t count);

/* A line of the data file; the end of a block. */
void figure_row(Figure *figure, const double *value, size_t count);
void figure_block_end(Figure *figure);

/* Draws to `path`, whole or not at all; NULL: to stdout. */
bool figure_draw(const Figure *figure, const char *path, BaseError *error);

/* "out/a.svg" and "layers" make "out/a-layers.svg", NULL stays. */
const char *figure_beside(Arena *arena, const char *path, const char *name);

/* ---- glyphs.c: letters that a form has ------------------------------------------------ */

/* The character at *text, which is UTF-8, and past it. */
unsigned figure_character(const char **text);
bool figure_shows(const Figure *figure, unsigned code);
const char *figure_number_of(Arena *arena, unsigned code); /* "[U+65E5]" */
/* The label with numbers for characters that the form does not show. */
const char *figure_shown(Figure *figure, const char *label);

/* ---- layout.c: lengths are inches, in the terminal characters ------------------------ */

double figure_extent(const Figure *figure, const char *label, double points);

/* Lines of a label, at words where it can; more than `most` end in "...". */
size_t figure_lines(const Figure *figure, const char *label, double points, double room,
                    size_t most, const char *line[]);

/* Labels no longer than `room`: cut at their ends or where they agree, so that those that
 * differ still do. */
const char **figure_short(const Figure *figure, const char *const *label, size_t count,
                          double points, double room);

/* Text at a place, from the left and from the top; `how`: "left", "center rotate by 90". */
void figure_words(Figure *figure, double x, double y, const char *how, double points,
                  const char *text);

/* Names above the plot, beside samples of line types 1, 2...; returns where they end. */
double figure_legend(Figure *figure, const char *const *names, size_t count, double left);

/* x_label and y_label of a plot with these edges and labels of ticks `below` it. */
void figure_axis_names(Figure *figure, double left, double right, double top,
                       double bottom, double below);

/* Where the numbers come from, from `y` on: the end of the figure, and its description. */
void figure_foot(Figure *figure, const char *text, double y);

typedef struct FigureTicks {
    size_t count;
    double low, high; /* of the axis */
    bool is_log;
    unsigned turned; /* degrees, of labels that find no room side by side */
    double *at;
    const char **text;
} FigureTicks;

/* Round numbers that cover the range, about `most`; of no range 0 to 1. */
FigureTicks figure_ticks_between(Arena *arena, double low, double high, size_t most);
/* The same of a logarithmic axis from `low`, above 0, to `high`: powers of ten and, of few decades,
 * round parts of them. */
FigureTicks figure_ticks_log(Arena *arena, double low, double high);
double figure_ticks_wide(const Figure *figure, const FigureTicks *ticks);
/* The range and ticks of axis "x" or "y"; then their labels, below or left of a plot from
 * one edge to the other. */
void figure_ticks(Figure *figure, const char *axis, const FigureTicks *ticks);
void figure_x_ticks(Figure *figure, const FigureTicks *ticks, double from, double to,
                    double bottom);
void figure_y_ticks(Figure *figure, const FigureTicks *ticks, double from, double to,
                    double left);

/* ---- panels.c: small plots of one size ------------------------------------------------ */

/* Panels of one size, in rows; the last row may be short. */
typedef struct Panels {
    size_t across, count;
    double left, top, wide, tall, step_x, step_y;
} Panels;

#define FIGURE_PANEL_TITLE 0.145 /* a line of a title */
#define FIGURE_GREY        "left textcolor rgb '#555555'"

double figure_panel_x(const Panels *panels, size_t i);
double figure_panel_y(const Panels *panels, size_t i);

/* Words above a panel in at most three lines, over `above` other lines. Returns how many; does
 * nothing else without panels. */
size_t figure_panel_title(Figure *figure, const Panels *panels, size_t i, size_t above,
                          double room, const char *how, const char *text);

/* The terminal has room for one panel: what it is, and which. */
void figure_panel_alone(Figure *figure, size_t i, size_t count, const char *text);

/* The axis of the epochs, labelled below the last panel of each column. */
void figure_panel_epochs(Figure *figure, const Panels *panels, double first, double last);

/* Places, names of the axes, foot line. */
void figure_panels(Figure *figure, const Panels *panels, const char *foot);

/* As many of `most` panels as stand side by side, each so wide with what is beside it. */
size_t figure_fitting(const Figure *figure, size_t most, double wide);

/* Some of many, the first and the last among them. */
size_t figure_spread(size_t all, size_t shown, size_t i);

/* ---- latex.c ------------------------------------------------------------------------ */

const char *figure_latex(Arena *arena, const char *text); /* for the body of a document */
bool figure_latex_has(unsigned code); /* others are written by their numbers */

/* ---- styles.c ---------------------------------------------------------------------- */

enum { FIGURE_STYLES = 75 }; /* that can be told apart without colours */

/* A colour, a mark and a dash for each of `count`: colour is the place of a kind in the
 * registry, so it is the same in every figure, and so are mark and dash of the first of a
 * kind as long as nobody before has them. Marks and dashes alone tell all apart. */
void figure_styles(Figure *figure, const size_t *colour, size_t count);

/* ---- chart.c: means and intervals over points ---------------------------------------- */

enum { FIGURE_MOST_CURVES = 150 };

typedef struct Chart {
    const char *label, *foot; /* of the values */
    size_t points;
    const char *along_label;
    const char *const *along_text; /* [points] */
    const double *along;           /* [points]; NULL: words, side by side */
    size_t curves;
    const char *const *name;   /* [curves] */
    const size_t *colour;      /* [curves] as figure_styles has them */
    const bool *once;          /* [curves] one and the same at every point */
    const double *mean, *half; /* [curves, points] and of an interval; NaN: none */
    double scale;              /* of the values: 100 makes percent */
    double least, most;        /* intervals end here, in the scaled unit */
    bool guide;                /* the first curve is what others are compared with */
    bool rows;                 /* rows.gp, however few they are */
    bool from_zero;            /* 0 is on the axis */
    const struct Chart *below; /* of as many curves and points, in a panel below; NULL */
} Chart;

/* plot.gp, or rows.gp where there are many; no more than FIGURE_MOST_CURVES. */
void figure_chart(Figure *figure, const Chart *chart);

/* ---- curves.c: lines over epochs, in panels ---------------------------------------------- */

typedef struct Curves {
    const char *label, *foot; /* of the values */
    const char *along;        /* of the abscissa; NULL: "epoch" */
    size_t panels, lines;
    const char *const *title; /* [panels] */
    const char *const *name;  /* [lines] */
    const size_t *colour;     /* [lines] as figure_styles has them; NULL: dark to light */
    size_t epochs;
    const double *epoch; /* [epochs] */
    const double *mean, *low,
        *high;  /* [panels, lines, epochs] and of a band; NaN: none */
    bool falls; /* what is small at the end may have a logarithmic axis */
} Curves;

/* curves.gp */
void figure_curves(Figure *figure, const Curves *curves);
/* Around so many lines, or there would be nothing to see. */
bool figure_has_bands(size_t lines);

/* ---- forest.c: intervals of contrasts, row by row ---------------------------------------- */

typedef struct ForestRow {
    const char *id,
        *name;          /* of the claim (rows of one stand together), of the contrast */
    const char *number; /* "+0.5 [0.1, 0.9]" */
    const char *word;   /* "supported" */
    double estimate, low, high, published; /* in units of its margin; NaN: none */
    unsigned mark;                         /* gnuplot's point type */
} ForestRow;

typedef struct Forest {
    size_t rows;
    const ForestRow *row;
    const char *label, *foot;
} Forest;

/* forest.gp; no form for the terminal. */
void figure_forest(Figure *figure, const Forest *forest);

#endif
