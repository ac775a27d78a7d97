/* Pictures of a study: samples, what is true of them, and what every run tells. */
#include "sweep.h"

#include <math.h>
#include <string.h>

static const char GROUP[] = "/pictures",
                  SAYS[] = "some test samples, and what is told of them",
                  MAP[] = "sample row column";

static const char IMAGE[] = "the input, its first channel, standardized",
                  TRUTH[] = "what is true, NaN where nothing is asked or there",
                  TOLD[] = "what the network tells after the last epoch";

/* ---- of a run --------------------------------------------------------------------- */

void pictures_write(Store *store, Arena *arena, const Trainer *trainer) {
    const TrainPictures p = trainer_pictures(trainer, arena);
    Table t = table_new(arena, GROUP, SAYS);
    if (p.count == 0) return;
    table_scale(&t, "sample", "place among the test samples", p.sample, p.count);
    table_index(&t, "row", "row", p.height);
    table_index(&t, "column", "column", p.width);
    if (p.classes)
        table_scale_text(&t, "class", "classes in their order", p.class_name, p.classes);
    table_numbers(&t, "image", IMAGE, MAP, p.image);
    table_numbers(&t, "truth", TRUTH, MAP, p.truth);
    table_numbers(&t, "told", TOLD, MAP, p.told);
    table_write(&t, store);
}

/* ---- of the runs of a study, their first seed -------------------------------------- */

static const Field *told_of(const Record *record, const Field *like) {
    const Field *told = record ? table_find(&record->pictures, "told") : NULL;
    const bool same = told && told->number && told->rank == like->rank &&
                      field_count(told) == field_count(like);
    return same ? told : NULL;
}

/* [series, along, sample, row, column] */
static const double *all_told(Arena *arena, const Sweep *sweep,
                              const Record *const *record, const Field *like) {
    const size_t cells = sweep->series * sweep->points, each = field_count(like);
    double *all = TAKE(arena, double, cells *each);
    for (size_t i = 0; i < cells; i++) {
        const Field *told = told_of(record[sweep->run_of[i * sweep->seeds]], like);
        for (size_t k = 0; k < each; k++)
            all[i * each + k] = told ? told->number[k] : (double)NAN;
    }
    return all;
}

static bool is_shaped(const Field *f, size_t rank) {
    return f && f->number && f->rank == rank;
}

/* A scale as the run has it. */
static void copy_scale(Table *to, const Table *from, const char *name) {
    const Field *f = table_find(from, name);
    if (f && f->rank == 1 && f->number)
        table_scale(to, name, f->says, f->number, f->size[0]);
    else if (f && f->rank == 1 && f->text)
        table_scale_text(to, name, f->says, f->text, f->size[0]);
}

void pictures_collect(Store *store, Arena *arena, const Sweep *sweep,
                      const Record *const *record, const Record *like) {
    static const char *const scale[] = {"sample", "row", "column", "class"};
    const Table *from = &like->pictures;
    const Field *image = table_find(from, "image"), *truth = table_find(from, "truth");
    if (!is_shaped(image, 3) || !is_shaped(truth, 3)) return;
    Table t = table_new(arena, GROUP, SAYS);
    table_index(&t, "series", "normalizer, as in /results", sweep->series);
    table_index(&t, "along", "point, as in /results", sweep->points);
    for (size_t i = 0; i < COUNT_OF(scale); i++) copy_scale(&t, from, scale[i]);
    table_numbers(&t, "image", IMAGE, MAP, image->number);
    table_numbers(&t, "truth", TRUTH, MAP, truth->number);
    table_numbers(&t, "told", TOLD, "series along sample row column",
                  all_told(arena, sweep, record, image));
    table_write(&t, store);
}

/* ---- as a figure ------------------------------------------------------------------- */

enum { MOST_ACROSS = 12, MOST_CLASSES = 16 };

/* Of classes: none in particular first. Dark enough for their names on white. */
static const unsigned COLOURS[MOST_CLASSES] = {
    0x777777, 0x4477AA, 0xAA3377, 0xA68A00, 0xE0566B, 0x2E9FD0, 0x228833, 0x332288,
    0x2A9D8F, 0x882255, 0x7A7A1F, 0xB5651D, 0xCC6677, 0x6C8EBF, 0x117733, 0xAA4499};

typedef struct Pictures {
    const Field *image, *truth, *told, *class;
    size_t samples, height, width;
} Pictures;

static bool read_pictures(Pictures *p, Arena *arena, const Grid *g) {
    BaseError error = {.set = false};
    Store *store = store_open(g->path, &error);
    if (store == NULL) return false;
    const Table t = table_read(store, arena, GROUP, &error);
    store_close(store);
    *p = (Pictures){table_find(&t, "image"),
                    table_find(&t, "truth"),
                    table_find(&t, "told"),
                    table_find(&t, "class"),
                    0,
                    0,
                    0};
    if (error.set || !is_shaped(p->image, 3) || !is_shaped(p->truth, 3) ||
        !is_shaped(p->told, 5))
        return false;
    p->samples = p->image->size[0], p->height = p->image->size[1];
    p->width = p->image->size[2];
    const size_t each = field_count(p->image);
    return each > 0 && field_count(p->truth) == each &&
           field_count(p->told) == g->series * g->points * each;
}

static void put_pixel(Figure *f, size_t row, size_t column, double red, double green,
                      double blue) {
    figure_row(f, (const double[]){(double)column, -(double)row, red, green, blue}, 5);
}

static void block_end(Figure *f) { /* an image has no other rows */
    text_add(&f->columns, "\n\n");
}

/* From black to white: what a picture's numbers are. */
typedef struct Greys {
    const double *v;
    double least, most;
} Greys;

static Greys greys_of(const Pictures *p, const double *v) {
    Greys g = {v, INFINITY, -INFINITY};
    for (size_t i = 0; i < p->height * p->width; i++)
        g.least = fmin(g.least, v[i]), g.most = fmax(g.most, v[i]);
    return g;
}

static void put_grey(Figure *f, const Pictures *p, const Greys *g, size_t i) {
    const double grey =
        g->most > g->least ? 255.0 * (g->v[i] - g->least) / (g->most - g->least) : 0.0;
    put_pixel(f, i / p->width, i % p->width, grey, grey, grey);
}

static void put_greys(Figure *f, const Pictures *p, const Greys *g) {
    for (size_t i = 0; i < p->height * p->width; i++) put_grey(f, p, g, i);
    block_end(f);
}

/* Of whole numbers; the image where nothing is asked, or told. */
static void put_classes(Figure *f, const Pictures *p, const double *v,
                        const Greys *image) {
    for (size_t i = 0; i < p->height * p->width; i++) {
        if (!(v[i] >= 0 && v[i] < 1e6)) {
            put_grey(f, p, image, i);
            continue;
        }
        const unsigned rgb = v[i] < 0.5 ? 0xE8E8E8 : COLOURS[(size_t)v[i] % MOST_CLASSES];
        put_pixel(f, i / p->width, i % p->width, rgb >> 16, rgb >> 8 & 255, rgb & 255);
    }
    block_end(f);
}

/* Series and points that are shown: each computation once. */
static size_t shown_cells(const Grid *g, size_t cell[MOST_ACROSS]) {
    size_t count = 0;
    for (size_t i = 0; i < g->series * g->points && count < MOST_ACROSS - 2; i++)
        if (i % g->points == 0 || !(g->same[i / g->points] > 0)) cell[count++] = i;
    return count;
}

static const char *title_of(Arena *arena, const Grid *g, size_t cell) {
    const size_t i = cell / g->points;
    return g->same[i] > 0
               ? g->name[i]
               : text_print(arena, "%s, %s", g->name[i], g->along_text[cell % g->points]);
}

static void put_titles(Figure *f, const Panels *at, const Grid *g, const size_t *cell) {
    const double room = at->step_x - 0.04;
    figure_panel_title(f, at, 0, 0, room, "left", "sample");
    figure_panel_title(f, at, 1, 0, room, "left", "truth");
    for (size_t k = 2; k < at->across; k++)
        figure_panel_title(f, at, k, 0, room, "left", title_of(f->arena, g, cell[k - 2]));
}

/* The classes' names in their colours. Returns where they end. */
static double put_names(Figure *f, const Field *class, double left, double y) {
    double x = left;
    for (size_t c = 0; class && class->text && c < class->size[0]; c++) {
        const char *name = figure_label(f->arena, class->text[c]);
        const double wide = figure_extent(f, name, FIGURE_SMALL) + 0.15;
        if (x > left && x + wide > f->width) x = left, y += 0.15;
        figure_words(
            f, x, y,
            text_print(f->arena, "left textcolor rgb '#%06X'", COLOURS[c % MOST_CLASSES]),
            FIGURE_SMALL, name);
        x += wide;
    }
    return y + 0.15;
}

/* pictures.gp: a row for each sample, then what is true, then what each run tells. */
bool study_pictures(Figure *f, const Grid *g, const char *about) {
    Pictures p;
    size_t cell[MOST_ACROSS];
    (void)about;
    if (figure_is(f, "dumb") || !read_pictures(&p, f->arena, g)) return false;
    const size_t across = 2 + shown_cells(g, cell), L = p.height * p.width;
    Panels at = {.across = across,
                 .count = across * p.samples,
                 .left = 0.1,
                 .top = 0.1 + 3 * FIGURE_PANEL_TITLE,
                 .step_x = (f->width - 0.1) / (double)across};
    at.wide = at.step_x - 0.08;
    at.tall = at.wide * (double)p.height / (double)p.width;
    at.step_y = at.tall + 0.08;
    for (size_t n = 0; n < p.samples; n++) {
        const double *truth = p.truth->number + n * L;
        const Greys image = greys_of(&p, p.image->number + n * L);
        put_greys(f, &p, &image);
        put_classes(f, &p, truth, &image);
        for (size_t k = 2; k < across; k++)
            put_classes(f, &p, p.told->number + (cell[k - 2] * p.samples + n) * L,
                        &image);
    }
    put_titles(f, &at, g, cell);
    f->x_label = f->y_label = "";
    figure_panels(f, &at, "");
    figure_number(f, "rows", (double)p.height);
    figure_number(f, "columns_of_a_picture", (double)p.width);
    const double below = at.top + at.step_y * (double)p.samples + 0.05;
    figure_foot(f,
                study_foot(f->arena, g,
                           text_print(f->arena, "test samples, seed %s; a column is %s",
                                      text_number(f->arena, g->seed[0]),
                                      "a normalizer and its batch")),
                put_names(f, p.class, at.left, below));
    return true;
}
