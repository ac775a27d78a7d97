/* The figures of what was measured, from its file. */
#include "checking.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *fact_of(const Table *t, const char *name) {
    return text_plain(t->arena, table_fact(t, name, "?"));
}

/* What /steps has. */
typedef struct Steps {
    size_t means, rules, oracles, steps;
    const char *const *rule, *const *oracle; /* names */
    const double *mean, *step;
    const double *rule_error;                 /* [means, rules, steps] */
    const double *oracle_error, *oracle_step; /* [means, oracles] */
} Steps;

static Steps steps_of(const Table *t) {
    BaseError error = {.set = false};
    Steps s = {.means = 0};
    s.rule = table_names(t, "rule", &s.rules, &error);
    s.oracle = table_names(t, "oracle", &s.oracles, &error);
    s.mean = table_list(t, "mean", &s.means, &error);
    s.step = table_list(t, "step", &s.steps, &error);
    s.rule_error = table_array(t, "rule_error", s.means * s.rules * s.steps, &error);
    s.oracle_error = table_array(t, "oracle_error", s.means * s.oracles, &error);
    s.oracle_step = table_array(t, "oracle_step", s.means * s.oracles, &error);
    die_if(&error);
    return s;
}

/* Blocks mean by mean: the rules, then the oracles; one that has a step is a point,
 * others are lines from end to end. */
static void steps_columns(Figure *f, const Steps *s) {
    for (size_t m = 0; m < s->means; m++) {
        for (size_t k = 0; k < s->rules; k++) {
            const double *error = s->rule_error + (m * s->rules + k) * s->steps;
            for (size_t i = 0; i < s->steps; i++)
                figure_row(f, (const double[]){s->step[i], error[i]}, 2);
            figure_block_end(f);
        }
        for (size_t k = 0; k < s->oracles; k++) {
            const double at = s->oracle_step[m * s->oracles + k],
                         error = s->oracle_error[m * s->oracles + k];
            if (isfinite(at)) figure_row(f, (const double[]){at, error}, 2);
            for (size_t i = 0; i < s->steps && !isfinite(at); i++)
                figure_row(f, (const double[]){s->step[i], error}, 2);
            figure_block_end(f);
        }
    }
}

/* "0", "1e3", "1e-5": as the axes write them. */
static const char *power_text(Arena *arena, double value) {
    char *text = text_print(arena, "%.3g", value), *e = strchr(text, 'e');
    if (e == NULL) return text;
    return text_print(arena, "%.*se%d", (int)(e - text), text,
                      (int)strtol(e + 1, NULL, 10));
}

/* Kinds of the registry whose colours the curves have: blue and red the differences of a
 * given step, purple a step proportional to |x|; then GSL, the complex step in doubles and
 * in 113 bits, the kernel. */
static const size_t STEPS_COLOURS[] = {1, 4, 2, 6, 5, 3, 0},
                    VARIANCE_COLOURS[] = {4, 2, 5, 7, 3, 1};

static void put_styles(Figure *f, const char *const *name, size_t count,
                       const size_t *colours, size_t known) {
    size_t *colour = TAKE(f->arena, size_t, count + 1);
    for (size_t i = 0; i < count; i++) colour[i] = i < known ? colours[i] : i;
    figure_styles(f, colour, count);
    f->name = name, f->names = count;
}

static void put_edges(Figure *f, double left, double right, double top, double bottom) {
    figure_number(f, "left", left);
    figure_number(f, "right", right);
    figure_number(f, "top", top);
    figure_number(f, "bottom", bottom);
    figure_axis_names(f, left, right, top, bottom, 0.27);
    if (figure_is(f, "dumb")) figure_number(f, "height", 27);
}

/* Powers of ten from 1e`low` to 1e`high`; every `each`-th is a tick, or fewer if their labels
 * find no room on an axis so wide. */
static FigureTicks powers(const Figure *f, int low, int high, int each, double wide) {
    const size_t most = (size_t)(high - low) + 1;
    FigureTicks t = {.at = TAKE(f->arena, double, most),
                     .text = TAKE(f->arena, const char *, most),
                     .low = pow(10.0, low),
                     .high = pow(10.0, high),
                     .is_log = true};
    const double label = figure_extent(f, "1e-10", FIGURE_SMALL) + 0.05;
    const double decade = wide / (high - low);
    int step = each;
    while (step * decade < label && step < high - low) step += each;
    for (int e = low; e <= high; e++) {
        if (e % step != 0) continue;
        t.at[t.count] = pow(10.0, e);
        t.text[t.count++] = text_print(f->arena, "1e%d", e);
    }
    return t;
}

/* The mean of each panel above it, from `under` down. Returns where panels begin. */
static double put_means(Figure *f, const double *mean, size_t means, double left,
                        double step, double wide, double under) {
    enum { MOST = 3 };
    const double high = 0.16;
    size_t deepest = 1;
    for (size_t m = 0; m < means; m++) {
        const char *line[MOST], *title = text_print(f->arena, "mean / std = %s",
                                                    power_text(f->arena, mean[m]));
        const size_t lines = figure_lines(f, title, FIGURE_TEXT, wide, MOST, line);
        for (size_t k = 0; k < lines; k++)
            figure_words(f, left + step * (double)m + wide / 2,
                         under + 0.18 + high * (double)k, "center", FIGURE_TEXT, line[k]);
        deepest = lines > deepest ? lines : deepest;
        if (m + 1 == means) figure_panel_alone(f, means, means, title);
    }
    return under + 0.14 + high * (double)deepest;
}

bool checking_steps(Figure *f, const Grid *grid, const char *about) {
    Arena *arena = f->arena;
    const Table t = grid_table(grid, arena, "/steps");
    const Steps s = steps_of(&t);
    const size_t curves = s.rules + s.oracles;
    const char **name = TAKE(arena, const char *, curves);
    for (size_t i = 0; i < curves; i++)
        name[i] = i < s.rules ? s.rule[i] : s.oracle[i - s.rules];
    f->title = about;
    steps_columns(f, &s);
    put_styles(f, name, curves, STEPS_COLOURS, COUNT_OF(STEPS_COLOURS));
    const double left = 0.85, right = f->width - 0.15, gap = 0.12,
                 step = (right - left + gap) / (double)s.means;
    const double legend = figure_legend(f, name, curves, left);
    const double top = put_means(f, s.mean, s.means, left, step, step - gap, legend),
                 bottom = top + 2.7;
    f->x_label = "step / std", f->y_label = "largest error / largest derivative";
    put_edges(f, left, right, top, bottom);
    const FigureTicks x = powers(f, -12, 1, 5, step - gap), y = powers(f, -17, 1, 2, 8.0);
    figure_ticks(f, "x", &x);
    figure_ticks(f, "y", &y);
    figure_y_ticks(f, &y, bottom, top, left);
    for (size_t m = 0; m < s.means; m++) {
        const double at = left + step * (double)m;
        figure_x_ticks(f, &x, at, at + step - gap, bottom);
    }
    figure_foot(f,
                text_print(arena,
                           "check steps %s: one cell of %s, %s elements; truth in %s",
                           fact_of(&t, "identity"), fact_of(&t, "spec"),
                           fact_of(&t, "elements"), fact_of(&t, "truth")),
                bottom + 0.53);
    figure_texts(f, "name", name, curves);
    figure_number(f, "panels", (double)s.means);
    figure_number(f, "panel_wide", step - gap);
    figure_number(f, "panel_step", step);
    figure_number(f, "rules", (double)s.rules);
    return true;
}

/* One block an algorithm: ratio, and the worst over the seeds. */
static void variance_columns(Figure *f, const double *ratio, const double *error,
                             size_t algorithms, size_t ratios, size_t seeds) {
    for (size_t a = 0; a < algorithms; a++) {
        for (size_t i = 0; i < ratios; i++) {
            double worst = 0.0;
            for (size_t s = 0; s < seeds; s++) worst = fmax(worst, *error++);
            figure_row(f, (const double[]){ratio[i], worst}, 2);
        }
        figure_block_end(f);
    }
}

bool checking_variance(Figure *f, const Grid *grid, const char *about) {
    Arena *arena = f->arena;
    BaseError bad = {.set = false};
    const Table t = grid_table(grid, arena, "/variance");
    size_t algorithms, ratios, seeds;
    const char *const *name = table_names(&t, "algorithm", &algorithms, &bad);
    const double *ratio = table_list(&t, "ratio", &ratios, &bad);
    table_list(&t, "seed", &seeds, &bad);
    const double *error = table_array(&t, "error", algorithms * ratios * seeds, &bad);
    die_if(&bad);
    f->title = about;
    variance_columns(f, ratio, error, algorithms, ratios, seeds);
    put_styles(f, name, algorithms, VARIANCE_COLOURS, COUNT_OF(VARIANCE_COLOURS));
    const double left = 0.85, right = f->width - 0.25;
    const double top = 0.12 + figure_legend(f, name, algorithms, left),
                 bottom = top + 3.2;
    f->x_label = "|mean| / std", f->y_label = "relative error of the variance";
    put_edges(f, left, right, top, bottom);
    const FigureTicks x = powers(f, 0, 10, 2, right - left),
                      y = powers(f, -17, 6, 2, 16.0);
    figure_ticks(f, "x", &x);
    figure_ticks(f, "y", &y);
    figure_x_ticks(f, &x, left, right, bottom);
    figure_y_ticks(f, &y, bottom, top, left);
    figure_foot(f,
                text_print(arena, "check variance %s: worst of %zu samples of %s normals",
                           fact_of(&t, "identity"), seeds, fact_of(&t, "elements")),
                bottom + 0.53);
    figure_texts(f, "name", name, algorithms);
    figure_text(f, "nothing_right", "no digit right");
    return true;
}
