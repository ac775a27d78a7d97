/* Kernels beside a copy (forward) and a sum of two tensors into a third (backward): the shapes
 * that the bars are about, and one shape with C, G, L and N moved one by one. */
#include "parts.h"

#include <math.h>

typedef struct Tensor {
    size_t N, C, H, G; /* [N, C, H, H] in G groups */
    bool past;         /* the last cache: bars are for these */
} Tensor;

/* From small to large. */
static const Tensor TENSORS[] = {{8, 64, 14, 8, false},    {32, 64, 28, 16, false},
                                 {2, 256, 56, 32, false},  {32, 64, 56, 32, true},
                                 {32, 512, 28, 32, false}, {32, 256, 56, 32, true}};

/* Parts of the limit that are asked for past the last cache. */
static const struct {
    const char *word;
    double bar[PASSES];
} KINDS[] = {{"group", {0.95, 0.9}},
             {"instance", {0.95, 0.9}},
             {"layer", {0.85, 0.75}},
             {"batch", {0.85, 0.75}},
             {"position", {0.8, 0.7}}};

enum { NORMS = COUNT_OF(KINDS), LIMITS = 3, OF_TENSOR = NORMS * PASSES * QUARTILES };

static const char *const PASS[PASSES] = {"forward", "backward"};
static const char *const LIMIT[LIMITS] = {"memcpy", "copy", "sum"};

static Shape shape_of(const Tensor *t) {
    return SHAPE_OF(t->N, t->C, t->H, t->H);
}

static const char *spec_of(Arena *arena, const Tensor *t, size_t kind) {
    return kind == 0 ? text_print(arena, "%s(%zu)", KINDS[0].word, t->G)
                     : KINDS[kind].word;
}

/* [NORMS, PASSES, QUARTILES] of seconds and of the limit's part, [LIMITS, QUARTILES]. */
static void time_tensor(const Speed *speed, const Tensor *t, double *seconds,
                        double *of_limit, double *limit) {
    const ArenaMark mark = arena_mark(speed->arena);
    const char *spec[NORMS];
    for (size_t k = 0; k < NORMS; k++) spec[k] = spec_of(speed->arena, t, k);
    const SpeedKernels found = speed_kernels(speed, shape_of(t), spec, NORMS);
    const double *limits[LIMITS] = {found.memcpy, found.copy, found.add},
                 *copy = speed_faster(speed, found.memcpy, found.copy);
    for (size_t i = 0; i < LIMITS; i++)
        speed_put(limit + i * QUARTILES, speed_quartiles(speed, limits[i]));
    for (size_t k = 0; k < NORMS; k++)
        for (size_t p = 0; p < PASSES; p++) {
            const size_t at = (k * PASSES + p) * QUARTILES;
            const double *own = p == FORWARD ? found.forward[k] : found.backward[k];
            speed_put(seconds + at, speed_quartiles(speed, own));
            speed_put(of_limit + at,
                      speed_ratio(speed, p == FORWARD ? copy : found.add, own));
        }
    arena_rewind(speed->arena, mark);
}

/* Fields of tensors, seconds among them, over `axes` and those of a tensor. */
typedef struct Timed {
    double *seconds, *of_limit, *limit;
} Timed;

static Timed timed_new(Arena *arena, size_t tensors) {
    return (Timed){TAKE(arena, double, tensors *OF_TENSOR),
                   TAKE(arena, double, tensors *OF_TENSOR),
                   TAKE(arena, double, tensors *LIMITS *QUARTILES)};
}

static void time_one(const Speed *speed, const Tensor *t, const Timed *timed, size_t i) {
    say("%s: kernels, %zu thread%s", shape_text(speed->arena, shape_of(t)),
        speed->threads, speed->threads > 1 ? "s" : "");
    time_tensor(speed, t, timed->seconds + i * OF_TENSOR, timed->of_limit + i * OF_TENSOR,
                timed->limit + i * LIMITS * QUARTILES);
}

static void put_timed(Table *t, const Timed *timed, const char *axes) {
    Arena *arena = t->arena;
    const char *own = text_print(arena, "%s norm pass quartile", axes);
    table_numbers(t, "seconds", "of one tensor a thread, all at once, s", own,
                  timed->seconds);
    table_numbers(t, "of_limit",
                  "the limit's seconds over these, turn by turn: forward of the faster "
                  "copy, backward of the sum",
                  own, timed->of_limit);
    table_numbers(t, "limit_seconds", "of the same arrays, s",
                  text_print(arena, "%s limit quartile", axes), timed->limit);
}

static void put_kinds(Table *t) {
    const char **word = TAKE(t->arena, const char *, NORMS);
    for (size_t k = 0; k < NORMS; k++) word[k] = KINDS[k].word;
    table_scale_text(t, "norm", "normalizer", word, NORMS);
    table_scale_text(t, "pass", "of which the backward alone", PASS, PASSES);
    table_scale_text(t, "limit", "memory alone: two copies, a sum of two into a third",
                     LIMIT, LIMITS);
}

/* ---- the shapes ---------------------------------------------------------------------- */

static void put_tensors(Table *t, const Tensor *tensor, size_t count) {
    Arena *arena = t->arena;
    const char **shape = TAKE(arena, const char *, count),
               **spec = TAKE(arena, const char *, count *NORMS);
    double *elements = TAKE(arena, double, count),
           *bar = TAKE(arena, double, count *NORMS *PASSES);
    for (size_t i = 0; i < count; i++) {
        shape[i] = shape_text(arena, shape_of(&tensor[i]));
        elements[i] = (double)shape_count(shape_of(&tensor[i]));
        for (size_t k = 0; k < NORMS; k++) {
            spec[i * NORMS + k] = spec_of(arena, &tensor[i], k);
            for (size_t p = 0; p < PASSES; p++)
                bar[(i * NORMS + k) * PASSES + p] =
                    tensor[i].past ? KINDS[k].bar[p] : (double)NAN;
        }
    }
    table_scale_text(t, "shape", "N, C, H, W", shape, count);
    table_numbers(t, "elements", "of a tensor", "shape", elements);
    table_texts(t, "spec", "the normalizer in full", "shape norm", spec);
    table_numbers(t, "bar", "the least part of the limit that is asked for; NaN: none",
                  "shape norm pass", bar);
}

void speed_put_kernels(Store *store, Arena *arena, const Measure *how) {
    size_t counts;
    const size_t tensors = how->quick ? 2 : COUNT_OF(TENSORS);
    const double *threads = speed_threads(arena, how, &counts);
    const Timed timed = timed_new(arena, counts * tensors);
    for (size_t c = 0; c < counts; c++)
        for (size_t i = 0; i < tensors; i++)
            time_one(&(Speed){arena, (size_t)threads[c], how->turns}, &TENSORS[i], &timed,
                     c * tensors + i);
    Table t = table_new(arena, "/kernels", "normalizers beside what memory allows");
    speed_scales(&t, threads, counts);
    put_kinds(&t);
    put_tensors(&t, TENSORS, tensors);
    put_timed(&t, &timed, "threads shape");
    t.plot = "of_limit";
    speed_write(store, &t, how, timed.of_limit, counts * tensors * OF_TENSOR);
}

/* ---- along C, G, L, N ------------------------------------------------------------------ */

enum { AXES = 4, POINTS = 4 };

static const Tensor MIDDLE = {8, 64, 28, 16, false};
static const char *const AXIS[AXES] = {"C", "G", "L", "N"};
static const size_t AT[AXES][POINTS] = {
    {16, 64, 256, 1024}, {1, 4, 16, 64}, {7, 14, 28, 56}, {2, 8, 32, 128}};

static Tensor moved(size_t axis, size_t point) {
    Tensor t = MIDDLE;
    size_t *const size[AXES] = {&t.C, &t.G, &t.H, &t.N};
    *size[axis] = AT[axis][point];
    return t;
}

void speed_put_cost(Store *store, Arena *arena, const Measure *how) {
    const size_t points = how->quick ? 2 : POINTS;
    const Speed speed = {arena, how->threads, how->turns};
    const Timed timed = timed_new(arena, AXES * points);
    double *at = TAKE(arena, double, AXES *points);
    const char **shape = TAKE(arena, const char *, AXES *points);
    for (size_t a = 0; a < AXES; a++)
        for (size_t p = 0; p < points; p++) {
            const Tensor tensor = moved(a, p);
            const double size = (double)AT[a][p];
            at[a * points + p] = AXIS[a][0] == 'L' ? size * size : size;
            shape[a * points + p] = text_print(
                arena, "%s, %zu groups", shape_text(arena, shape_of(&tensor)), tensor.G);
            time_one(&speed, &tensor, &timed, a * points + p);
        }
    Table t = table_new(arena, "/cost", "normalizers along each size of a tensor");
    speed_scales(&t, &(double){(double)how->threads}, 1);
    put_kinds(&t);
    table_scale_text(&t, "axis", "channels, groups, positions, samples", AXIS, AXES);
    table_index(&t, "point", "of an axis", points);
    table_numbers(&t, "at", "the size there", "axis point", at);
    table_texts(&t, "shape", "N, C, H, W", "axis point", shape);
    put_timed(&t, &timed, "axis point");
    speed_write(store, &t, how, timed.of_limit, AXES * points * OF_TENSOR);
}
