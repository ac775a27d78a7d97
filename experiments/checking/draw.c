/* The figures of what was measured, from its file. */
#include "checking.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ----------------------------------------------------------------------- */

typedef struct Reader {
    Store *store;
    Arena *arena;
    const char *group;
    Error error;
} Reader;

static const double *numbers_of(Reader *r, const char *name, size_t *count) {
    size_t rank, size[3];
    const double *data =
        store_get_array(r->store, r->arena, text_print(r->arena, "%s/%s", r->group, name),
                        3, &rank, size, &r->error);
    die_if(&r->error);
    *count = 1;
    for (size_t i = 0; i < rank; i++) *count *= size[i];
    return data;
}

/* Of exactly `count`. */
static const double *array_of(Reader *r, const char *name, size_t count) {
    size_t found;
    const double *data = numbers_of(r, name, &found);
    if (found != count)
        die(EX_DATAERR, "%s/%s has %zu numbers, %zu are expected", r->group, name, found,
            count);
    return data;
}

static const char **names_of(Reader *r, const char *name, size_t *count) {
    size_t rank;
    const char **names = store_get_array_text(
        r->store, r->arena, text_print(r->arena, "%s/%s", r->group, name), 1, &rank,
        count, &r->error);
    die_if(&r->error);
    return names;
}

static const char *text_of(Reader *r, const char *name) {
    const char *text = store_get_text(r->store, r->arena, r->group, name, &r->error);
    die_if(&r->error);
    return text_plain(r->arena, text);
}

static int elements_of(Reader *r) {
    int64_t elements = 0;
    store_get_integer(r->store, r->group, "elements", &elements, &r->error);
    die_if(&r->error);
    return (int)elements;
}

static Reader reader_new(const Grid *grid, Arena *arena, const char *group) {
    Reader r = {.arena = arena, .group = group};
    r.store = store_open(grid->path, &r.error);
    die_if(&r.error);
    return r;
}

/* ---- drawing --------------------------------------------------------------------- */

/* Blocks mean by mean: the rules, then the oracles; one that has a step is a point,
 * others are lines from end to end. */
static void steps_columns(Figure *f, Reader *r, const size_t count[3]) {
    size_t steps;
    const size_t means = count[0], rules = count[1], oracles = count[2];
    const double *step = numbers_of(r, "step", &steps);
    const double *by_rule = array_of(r, "rule_error", means * rules * steps),
                 *by_oracle = array_of(r, "oracle_error", means * oracles),
                 *own = array_of(r, "oracle_step", means * oracles);
    for (size_t m = 0; m < means; m++) {
        for (size_t k = 0; k < rules; k++) {
            for (size_t i = 0; i < steps; i++)
                figure_row(
                    f, (const double[]){step[i], by_rule[(m * rules + k) * steps + i]},
                    2);
            figure_block_end(f);
        }
        for (size_t k = 0; k < oracles; k++) {
            const double at = own[m * oracles + k], error = by_oracle[m * oracles + k];
            if (isfinite(at)) figure_row(f, (const double[]){at, error}, 2);
            for (size_t i = 0; i < steps && !isfinite(at); i++)
                figure_row(f, (const double[]){step[i], error}, 2);
            figure_block_end(f);
        }
    }
}

/* "0", "1e3", "1e-5": as the axes write them. */
static const char *power_text(Arena *arena, double value) {
    char *text = text_print(arena, "%.3g", value), *e = strchr(text, 'e');
    if (e == NULL) return text;
    return text_print(arena, "%.*se%d", (int)(e - text), text, atoi(e + 1));
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
    }
    return under + 0.14 + high * (double)deepest;
}

bool checking_steps(Figure *f, const Grid *grid, const char *about) {
    Arena *arena = f->arena;
    Reader r = reader_new(grid, arena, "/steps");
    f->title = about;
    size_t count[3];
    const char **rule = names_of(&r, "rule", &count[1]),
               **oracle = names_of(&r, "oracle", &count[2]);
    const double *mean = numbers_of(&r, "mean", &count[0]);
    const size_t curves = count[1] + count[2];
    const char **name = TAKE(arena, const char *, curves);
    for (size_t i = 0; i < curves; i++)
        name[i] = i < count[1] ? rule[i] : oracle[i - count[1]];
    steps_columns(f, &r, count);
    put_styles(f, name, curves, STEPS_COLOURS, COUNT_OF(STEPS_COLOURS));
    const double left = 0.85, right = f->width - 0.15, gap = 0.12,
                 step = (right - left + gap) / (double)count[0];
    const double legend = figure_legend(f, name, curves, left);
    const double top = put_means(f, mean, count[0], left, step, step - gap, legend),
                 bottom = top + 2.7;
    f->x_label = "step / std", f->y_label = "largest error / largest derivative";
    put_edges(f, left, right, top, bottom);
    const FigureTicks x = powers(f, -12, 1, 5, step - gap), y = powers(f, -17, 1, 2, 8.0);
    figure_ticks(f, "x", &x);
    figure_ticks(f, "y", &y);
    figure_y_ticks(f, &y, bottom, top, left);
    for (size_t m = 0; m < count[0]; m++) {
        const double at = left + step * (double)m;
        figure_x_ticks(f, &x, at, at + step - gap, bottom);
    }
    figure_foot(f,
                text_print(arena,
                           "check steps %s: one cell of %s, %d elements; truth in %s",
                           text_of(&r, "identity"), text_of(&r, "spec"), elements_of(&r),
                           text_of(&r, "truth")),
                bottom + 0.53);
    figure_texts(f, "name", name, curves);
    figure_number(f, "panels", (double)count[0]);
    figure_number(f, "panel_wide", step - gap);
    figure_number(f, "panel_step", step);
    figure_number(f, "rules", (double)count[1]);
    store_close(r.store);
    return true;
}

/* One block an algorithm: ratio, and the worst over the seeds. */
static void variance_columns(Figure *f, Reader *r, size_t algorithms, size_t *seeds) {
    size_t ratios;
    const double *ratio = numbers_of(r, "ratio", &ratios);
    numbers_of(r, "seed", seeds);
    const double *error = array_of(r, "error", algorithms * ratios * *seeds);
    for (size_t a = 0; a < algorithms; a++) {
        for (size_t i = 0; i < ratios; i++) {
            double worst = 0.0;
            for (size_t s = 0; s < *seeds; s++)
                worst = fmax(worst, error[(a * ratios + i) * *seeds + s]);
            figure_row(f, (const double[]){ratio[i], worst}, 2);
        }
        figure_block_end(f);
    }
}

bool checking_variance(Figure *f, const Grid *grid, const char *about) {
    Arena *arena = f->arena;
    Reader r = reader_new(grid, arena, "/variance");
    f->title = about;
    size_t algorithms, seeds;
    const char **name = names_of(&r, "algorithm", &algorithms);
    variance_columns(f, &r, algorithms, &seeds);
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
                text_print(arena, "check variance %s: worst of %zu samples of %d normals",
                           text_of(&r, "identity"), seeds, elements_of(&r)),
                bottom + 0.53);
    figure_texts(f, "name", name, algorithms);
    figure_text(f, "nothing_right", "no digit right");
    store_close(r.store);
    return true;
}
