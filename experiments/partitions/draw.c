/* Cubes side by side, as polygons: the three faces of each that are seen from the chosen element's
 * corner. Lengths are inches, from the left and from the top. */
#include "partitions.h"

#include "cubes.h"

#include <math.h>

enum { ACROSS = 4, MOST_CUBES = 48, MOST_LINES = 4 };

static const double EDGE = 0.1, LINE = 0.135, GREATEST = 0.15, NARROW = 0.72;
static const double AXIS = 0.17; /* beside a cube: "H, W" */

/* A cube on the page: the corner that is nearest, and the edge of an element. */
typedef struct Place {
    const Cube *cube;
    double x, y, edge;
} Place;

/* Samples go right, channels left, positions down. */
static void corner(Figure *f, const Place *p, size_t n, size_t c, size_t l) {
    const double wide = sqrt(0.75) * p->edge, tall = p->edge / 2;
    figure_row(f,
               (const double[]){p->x + wide * ((double)n - (double)c),
                                p->y - tall * (double)(n + c) + p->edge * (double)l},
               2);
}

/* ---- faces --------------------------------------------------------------------------- */

typedef enum Face { FACE_TOP, FACE_LEFT, FACE_RIGHT, FACES } Face;

/* The numbers of elements along a face. */
static void face_sizes(const Cube *cube, Face face, size_t size[2]) {
    const ShapeLattice x = cube->at;
    size[0] = face == FACE_LEFT ? x.C : x.N;
    size[1] = face == FACE_TOP ? x.C : x.L;
}

static void face_corner(Figure *f, const Place *p, Face face, size_t i, size_t k) {
    if (face == FACE_TOP) corner(f, p, i, k, 0);
    if (face == FACE_LEFT) corner(f, p, 0, i, k);
    if (face == FACE_RIGHT) corner(f, p, i, 0, k);
}

static CubeShade face_shade(const Cube *cube, Face face, size_t i, size_t k) {
    const size_t n = face == FACE_LEFT ? 0 : i,
                 c = face == FACE_TOP    ? k
                     : face == FACE_LEFT ? i
                                         : 0,
                 l = face == FACE_TOP ? 0 : k;
    return (CubeShade)cube->shade[(n * cube->at.C + c) * cube->at.L + l];
}

/* From (i, k) to (i2, k2); blocks of columns hold several, an empty line between. */
static void put_rectangle(Figure *f, const Place *p, Face face, size_t i, size_t k,
                          size_t i2, size_t k2) {
    face_corner(f, p, face, i, k);
    face_corner(f, p, face, i2, k);
    face_corner(f, p, face, i2, k2);
    face_corner(f, p, face, i, k2);
    text_add(&f->columns, "\n");
}

static void put_face(Figure *f, const Place *p, Face face, CubeShade shade) {
    size_t size[2];
    face_sizes(p->cube, face, size);
    if (shade == CUBE_APART) put_rectangle(f, p, face, 0, 0, size[0], size[1]);
    for (size_t i = 0; i < size[0] && shade != CUBE_APART; i++)
        for (size_t k = 0; k < size[1]; k++)
            if (face_shade(p->cube, face, i, k) == shade)
                put_rectangle(f, p, face, i, k, i + 1, k + 1);
}

static void put_grid(Figure *f, const Place *p, Face face) {
    size_t size[2];
    face_sizes(p->cube, face, size);
    for (size_t i = 0; i <= size[0]; i++) {
        face_corner(f, p, face, i, 0);
        face_corner(f, p, face, i, size[1]);
        text_add(&f->columns, "\n");
    }
    for (size_t k = 0; k <= size[1]; k++) {
        face_corner(f, p, face, 0, k);
        face_corner(f, p, face, size[0], k);
        text_add(&f->columns, "\n");
    }
}

/* On top of the chosen element, in the middle of its face. */
static void put_dot(Figure *f, const Place *p) {
    const double wide = sqrt(0.75) * p->edge, first = (double)p->cube->first;
    figure_row(f, (const double[]){p->x - wide * first, p->y - p->edge / 2 * (first + 1)},
               2);
}

/* cubes.gp: a block for each shade of each face, then the lines, then the dots. */
static void put_cubes(Figure *f, const Place *place, size_t count) {
    for (CubeShade shade = CUBE_APART; shade < CUBE_SHADES; shade++)
        for (Face face = FACE_TOP; face < FACES; face++) {
            for (size_t i = 0; i < count; i++) put_face(f, &place[i], face, shade);
            figure_block_end(f);
        }
    for (size_t i = 0; i < count; i++)
        for (Face face = FACE_TOP; face < FACES; face++) put_grid(f, &place[i], face);
    figure_block_end(f);
    for (size_t i = 0; i < count; i++) put_dot(f, &place[i]);
    figure_block_end(f);
}

/* ---- places -------------------------------------------------------------------------- */

static double wide_of(const Place *p) {
    return sqrt(0.75) * p->edge * (double)(p->cube->at.N + p->cube->at.C);
}

static double tall_of(const Place *p) {
    const ShapeLattice x = p->cube->at;
    return p->edge * ((double)(x.N + x.C) / 2 + (double)x.L);
}

/* In the middle of its column, on the ground. */
static void set_down(Place *p, double middle, double ground) {
    const ShapeLattice x = p->cube->at;
    const double lean = sqrt(0.75) * p->edge * ((double)x.C - (double)x.N) / 2;
    p->x = middle + AXIS / 2 + lean;
    p->y = ground - p->edge * (double)x.L;
}

/* The names of the axes, as in the paper. */
static void put_axes(Figure *f, const Place *p) {
    const ShapeLattice x = p->cube->at;
    const double wide = sqrt(0.75) * p->edge, ground = p->y + p->edge * (double)x.L;
    figure_words(f, p->x - wide * (double)x.C / 2 - 0.05,
                 ground - p->edge * (double)x.C / 4 + 0.08, "center", FIGURE_TINY, "C");
    figure_words(f, p->x + wide * (double)x.N / 2 + 0.05,
                 ground - p->edge * (double)x.N / 4 + 0.08, "center", FIGURE_TINY, "N");
    figure_words(f, p->x - wide * (double)x.C - 0.08,
                 p->y - p->edge * ((double)x.C - (double)x.L) / 2, "center rotate by 90",
                 FIGURE_TINY, "H, W");
}

/* Name and remark below the ground; returns where they end. */
static double put_names(Figure *f, const Cube *cube, double middle, double ground,
                        double room) {
    const char *line[MOST_LINES];
    double y = ground + 0.15;
    size_t lines =
        figure_lines(f, cube->norm->spec, FIGURE_SMALL, room, MOST_LINES, line);
    for (size_t i = 0; i < lines; i++, y += LINE)
        figure_words(f, middle, y, "center", FIGURE_SMALL, line[i]);
    lines = figure_lines(f, cube->remark, FIGURE_TINY, room, MOST_LINES, line);
    for (size_t i = 0; i < lines && *line[i]; i++, y += LINE)
        figure_words(f, middle, y, "center textcolor rgb '#555555'", FIGURE_TINY,
                     line[i]);
    return y - LINE + 0.1;
}

/* Rows of about as many cubes, no more than stand side by side. */
static size_t columns_of(const Figure *f, size_t count) {
    size_t most = ACROSS;
    while (most > 1 && (f->width - 2 * EDGE) / (double)most < NARROW) most /= 2;
    const size_t rows = (count + most - 1) / most;
    return (count + rows - 1) / rows;
}

/* Returns where the last row ends. */
static double put_rows(Figure *f, Place *place, size_t count) {
    const size_t across = columns_of(f, count);
    const double step = (f->width - 2 * EDGE) / (double)across;
    double top = EDGE;
    for (size_t first = 0; first < count; first += across) {
        const size_t end = first + across < count ? first + across : count;
        double tall = 0, bottom = 0;
        for (size_t i = first; i < end; i++) {
            place[i].edge = 1.0;
            place[i].edge = fmin(GREATEST, (step - AXIS - 0.08) / wide_of(&place[i]));
            tall = fmax(tall, tall_of(&place[i]));
        }
        for (size_t i = first; i < end; i++) {
            const double middle = EDGE + step * ((double)(i - first) + 0.5);
            set_down(&place[i], middle, top + tall);
            put_axes(f, &place[i]);
            bottom = fmax(bottom,
                          put_names(f, place[i].cube, middle, top + tall, step - 0.06));
        }
        top = bottom + 0.08;
    }
    return top;
}

/* ---- the figure ------------------------------------------------------------------------ */

static const char *foot_of(Arena *arena, const Place *place, size_t count) {
    bool may = false, others = false;
    for (size_t i = 0; i < count; i++) {
        const Cube *cube = place[i].cube;
        const ShapeLattice x = cube->at;
        others = others || x.N != CUBE_N || x.C != CUBE_C || x.L != CUBE_L;
        for (size_t k = 0; k < x.N * x.C * x.L; k++)
            may = may || cube->shade[k] == CUBE_MAY;
    }
    return text_print(arena,
                      "dark: shares statistics with the element that has a dot%s; %d "
                      "samples (N), %d channels (C), %d positions (H, W)%s",
                      may ? "; light: shares less, or may come to share" : "", CUBE_N,
                      CUBE_C, CUBE_L, others ? " where no other number stands" : "");
}

bool partitions_draw(Figure *f, const char *const *spec, size_t count) {
    Place *place = ZERO(f->arena, Place, MOST_CUBES);
    size_t cubes = 0;
    if (figure_is(f, "dumb"))
        return base_fail(&f->error, EX_USAGE, 0,
                         "a terminal has no cubes; `normlab list norms SPEC` says in "
                         "words which elements share statistics");
    for (size_t i = 0; i < count; i++) {
        size_t own;
        const Cube *cube = cubes_of(f->arena, spec[i], &own, &f->error);
        if (cube == NULL) return false;
        if (cubes + own > MOST_CUBES)
            return base_fail(&f->error, EX_USAGE, 0,
                             "more than %d cubes do not fit one figure", MOST_CUBES);
        for (size_t k = 0; k < own; k++) place[cubes++].cube = &cube[k];
    }
    const double bottom = put_rows(f, place, cubes);
    put_cubes(f, place, cubes);
    figure_foot(f, foot_of(f->arena, place, cubes), bottom);
    return true;
}
