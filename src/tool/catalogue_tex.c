/* The catalogue for TeX: what a normalizer computes, what it learns, and which upstream reaches the
 * gradient of an element: that is asked of the backward itself, by upstreams of one element. */
#include "catalogue.h"

#include <string.h>

enum { SAMPLES = 4, POSITIONS = 4, DRAWS = 12 };

/* ---- whose dy reach a dx ----------------------------------------------------------- */

typedef struct Reach {
    const Norm *norm;
    ShapeLattice at;
    size_t n, here; /* elements; the one whose dx is looked at */
    size_t epoch;
    double *x, *param[NORM_MAX_PARAMS], *state[NORM_MAX_STATES];
} Reach;

/* By ranges that do not reach 0: a gate of 0 would hide what stands behind it. */
static void draw_all(Arena *arena, Reach *r, size_t draw) {
    const Norm *norm = r->norm;
    Draw by = {.seed = 1 + draw, .purpose = DRAW_CHECK};
    r->epoch = draw ? (size_t)1 << (draw - 1) : 0; /* schedules: of all of a run */
    r->x = TAKE(arena, double, r->n);
    for (size_t i = 0; i < r->n; i++) r->x[i] = draw_normal(by, i);
    for (size_t k = 0; k < norm->params; k++) {
        by.sample = 1 + k;
        r->param[k] = TAKE(arena, double, norm->param[k].count);
        for (size_t i = 0; i < norm->param[k].count; i++)
            r->param[k][i] = 0.5 + 0.4 * draw_uniform(by, i);
    }
    for (size_t k = 0; k < norm->states; k++) {
        r->state[k] = TAKE(arena, double, norm->state[k].count);
        norm_begin_state(r->state[k], &norm->state[k]);
    }
}

/* Whether upstream at element j alone gives r->here a gradient. */
static bool reaches(Arena *arena, const Reach *r, size_t j) {
    ArenaMark mark = arena_mark(arena);
    const Shape shape = SHAPE_OF(r->at.N, r->at.C, r->at.L);
    double *dx = ZERO(arena, double, r->n), *dy = ZERO(arena, double, r->n);
    TapeNode *param[NORM_MAX_PARAMS];
    Tape *tape = tape_new(arena);
    TapeNode *x = tape_parameter(tape, shape, r->x, dx);
    for (size_t k = 0; k < r->norm->params; k++)
        param[k] = tape_leaf(tape, SHAPE_OF(r->norm->param[k].count), r->param[k]);
    const NormContext call = {.tape = tape,
                              .norm = r->norm,
                              .param = param,
                              .state = (const double *const *)r->state,
                              .epoch = r->epoch};
    dy[j] = 1.0;
    tape_backward(tape, norm_apply(&call, x), dy);
    const bool reached = dx[r->here] != 0.0;
    arena_rewind(arena, mark);
    return reached;
}

/* How many samples, channels or positions are among the elements that are reached. */
static size_t width_of(Arena *arena, const bool *reached, size_t n, size_t block,
                       size_t count) {
    bool *seen = ZERO(arena, bool, count);
    size_t width = 0;
    for (size_t i = 0; i < n; i++)
        if (reached[i]) seen[i / block % count] = true;
    for (size_t k = 0; k < count; k++) width += seen[k];
    return width;
}

/* "one sample", "4 of 8 channels", "all positions" */
static const char *width_text(Arena *arena, size_t width, size_t count, const char *one) {
    if (width == 1) return text_print(arena, "one %s", one);
    if (width == count) return text_print(arena, "all %ss", one);
    return text_print(arena, "%zu of %zu %ss", width, count, one);
}

/* Of an element in the middle; over some draws, as a maximum may hide what it has not chosen. */
const char *reach_text(Arena *arena, const Norm *norm, const char *times) {
    Reach r = {.norm = norm, .at = {SAMPLES, norm->channels, POSITIONS}};
    r.at = work_fits(arena, norm, r.at);
    r.n = r.at.N * r.at.C * r.at.L;
    r.here = r.n / 2;
    bool *reached = ZERO(arena, bool, r.n);
    size_t elements = 0;
    for (size_t draw = 0; draw < DRAWS; draw++) {
        draw_all(arena, &r, draw);
        for (size_t j = 0; j < r.n; j++) reached[j] = reached[j] || reaches(arena, &r, j);
    }
    for (size_t j = 0; j < r.n; j++) elements += reached[j];
    const size_t L = r.at.L, C = r.at.C,
                 samples = width_of(arena, reached, r.n, L * C, r.at.N),
                 channels = width_of(arena, reached, r.n, L, C),
                 positions = width_of(arena, reached, r.n, 1, L);
    if (elements == 1) return "its own element alone";
    return text_print(
        arena, "%s %s %s %s %s%s", width_text(arena, samples, r.at.N, "sample"), times,
        width_text(arena, channels, C, "channel"), times,
        width_text(arena, positions, L, "position"),
        elements < samples * channels * positions ? ", not all of these" : "");
}

/* ---- an entry --------------------------------------------------------------------------- */

bool print_aligned(Arena *arena, const Entry *e) {
    const char *lines = norm_tex(arena, e->kind);
    if (lines == NULL) return false;
    printf("\\begin{aligned}\n%s \\\\\n\\mathrm{d}x &\\text{ in training from the "
           "}\\mathrm{d}y\\text{ of %s}\n\\end{aligned}\n",
           lines, reach_text(arena, e->norm, "}\\times\\text{"));
    return true;
}

void print_tex_entry(Arena *arena, const Entry *e) {
    printf("%% %s: %s%s%s\n", e->usage, e->title, *e->source ? ", " : "", e->source);
    if (print_aligned(arena, e)) return;
    printf("%% a kind in C: its equations stand in %s.c\n"
           "%% in training dx is from the dy of %s\n",
           norm_name(e->kind), reach_text(arena, e->norm, "x"));
}
