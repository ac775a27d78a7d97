/* Convolutions before their formula: every way's three forms beside the sum in 113 bits. The unit is
 * eps of the sum of the products' magnitudes, |x| |w|, |dy| |w| or |x| |dy|, the largest of a plane:
 * tiles share their errors, and both ways are measured alike. (notes/96-convolution.md) */
#include "arith.h"
#include "conv.h"
#include "sheet.h"
#include "text.h"
#include "trial_kind.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- shapes ---------------------------------------------------------------------- */

enum { SAMPLES = 2 };

/* Blocks of channels whole and ragged; sides that are no multiples of 4 or 8, of a tile or less;
 * strides that leave a rest; one axis. */
static const struct {
    size_t C, H, W, K, R, S, stride, pad;
} LAYERS[] = {
    {8, 7, 7, 8, 3, 3, 1, 1},    {16, 9, 11, 16, 3, 3, 1, 1}, {9, 10, 13, 17, 3, 3, 1, 1},
    {12, 9, 8, 20, 3, 3, 1, 0},  {32, 4, 4, 32, 3, 3, 1, 1},  {1, 14, 15, 8, 3, 3, 1, 1},
    {16, 9, 10, 24, 3, 3, 2, 1}, {8, 9, 9, 9, 5, 5, 1, 2},    {5, 11, 10, 8, 5, 5, 2, 2},
    {16, 7, 9, 32, 1, 1, 1, 0},  {16, 8, 7, 24, 1, 1, 2, 0},  {8, 1, 33, 12, 1, 3, 1, 0},
    {12, 1, 27, 16, 3, 3, 1, 1}, {6, 1, 40, 10, 1, 5, 2, 0},
};

static Conv layer_at(size_t i) {
    return conv_geometry(SHAPE_OF(SAMPLES, LAYERS[i].C, LAYERS[i].H, LAYERS[i].W),
                         SHAPE_OF(LAYERS[i].K, LAYERS[i].C, LAYERS[i].R, LAYERS[i].S),
                         LAYERS[i].stride, LAYERS[i].pad);
}

/* "16x9x10-24x3x3-s2-p1": x without samples, w without its channels. */
static const char *layer_name(Arena *arena, size_t i) {
    Text name = text_new(arena);
    text_add(&name, "%zux%zux%zu-%zux%zux%zu", LAYERS[i].C, LAYERS[i].H, LAYERS[i].W,
             LAYERS[i].K, LAYERS[i].R, LAYERS[i].S);
    if (LAYERS[i].stride > 1) text_add(&name, "-s%zu", LAYERS[i].stride);
    if (LAYERS[i].pad > 0) text_add(&name, "-p%zu", LAYERS[i].pad);
    return name.data;
}

static Conv layer_named(const char *name) {
    Arena *arena = arena_new();
    size_t i = 0;
    while (i < COUNT_OF(LAYERS) && strcmp(layer_name(arena, i), name) != 0) i++;
    REQUIRE(i < COUNT_OF(LAYERS), "no layer %s", name);
    arena_free(arena);
    return layer_at(i);
}

/* ---- the formula ----------------------------------------------------------------- */

/* Of a form: its factors, its result and how many it has. */
typedef struct Form {
    const char *what;
    const double *a, *b;
    Shape shape;
    Quad *sum;
    double *size; /* the sum of the magnitudes; then the largest of its plane */
} Form;

static void add_product(const Form *form, size_t at, double a, double b) {
    form->sum[at] += (Quad)a * (Quad)b;
    form->size[at] += fabs(a * b);
}

/* Every term of the formula of bilinear.h for one y, whichever factor the sum is for. */
static void add_terms(const Form form[CONV_FORMS], ConvForm wanted, const Conv *v,
                      size_t n, size_t k, size_t p, size_t q) {
    const size_t y = ((n * v->K + k) * v->P + p) * v->Q + q;
    const double *of_x = form[CONV_FORWARD].a, *of_w = form[CONV_FORWARD].b,
                 *of_y = form[CONV_INPUT].a;
    for (size_t crs = 0; crs < v->C * v->R * v->S; crs++) {
        const size_t c = crs / (v->R * v->S), r = crs / v->S % v->R, s = crs % v->S;
        const size_t i = p * v->stride + r, j = q * v->stride + s; /* in the frame */
        if (i < v->pad || j < v->pad || i >= v->H + v->pad || j >= v->W + v->pad)
            continue;
        const size_t x = ((n * v->C + c) * v->H + i - v->pad) * v->W + j - v->pad;
        const size_t w = k * v->C * v->R * v->S + crs;
        if (wanted == CONV_FORWARD) add_product(&form[wanted], y, of_x[x], of_w[w]);
        if (wanted == CONV_INPUT) add_product(&form[wanted], x, of_y[y], of_w[w]);
        if (wanted == CONV_FILTER) add_product(&form[wanted], w, of_x[x], of_y[y]);
    }
}

static void take_largest(double *size, Shape shape) {
    const size_t plane = shape.size[2] * shape.size[3];
    for (size_t at = 0; at < shape_count(shape); at += plane) {
        double most = 0;
        for (size_t i = 0; i < plane; i++) most = fmax(most, size[at + i]);
        for (size_t i = 0; i < plane; i++) size[at + i] = most;
    }
}

static void sum_by_formula(const Form form[CONV_FORMS], ConvForm wanted, const Conv *v) {
    for (size_t n = 0; n < v->N; n++)
        for (size_t k = 0; k < v->K; k++)
            for (size_t p = 0; p < v->P; p++)
                for (size_t q = 0; q < v->Q; q++) add_terms(form, wanted, v, n, k, p, q);
    take_largest(form[wanted].size, form[wanted].shape);
}

/* ---- the checks ------------------------------------------------------------------ */

static const struct {
    const ConvWay *way;
    ConvForm form;
    SheetRow row;
} CHECKS[] = {
    {&conv_direct,
     CONV_FORWARD,
     {"direct-y", "y, sums in the formula's order", 8, "eps"}},
    {&conv_direct,
     CONV_INPUT,
     {"direct-dx", "dx, sums in the formula's order", 8, "eps"}},
    {&conv_direct,
     CONV_FILTER,
     {"direct-dw", "dw, sums in the formula's order", 8, "eps"}},
    {&conv_winograd, CONV_FORWARD, {"winograd-y", "y, by tiles", 128, "eps"}},
    {&conv_winograd, CONV_INPUT, {"winograd-dx", "dx, by tiles", 128, "eps"}},
    {&conv_winograd, CONV_FILTER, {"winograd-dw", "dw, by tiles", 128, "eps"}},
};

/* Rows of a sheet may be some of these. */
static size_t check_at(const SheetCase *job) {
    size_t i = 0;
    while (strcmp(CHECKS[i].row.name, sheet_row(job)->name) != 0) i++;
    return i;
}

static bool applies(const SheetCase *job) {
    const Conv conv = layer_named(sheet_column(job));
    return CHECKS[check_at(job)].way->takes(&conv);
}

static const char *case_name(Arena *arena, const SheetCase *job) {
    return text_print(arena, "conv.%s.%s", sheet_column(job), sheet_row(job)->name);
}

enum { OWN_DRAWS = (1 << 30) + 2 }; /* apart from what normalizers and networks draw */

static double *normals(Arena *arena, uint64_t seed, uint64_t sample, Shape shape) {
    const Draw draw = {
        .seed = seed, .purpose = DRAW_CHECK, .epoch = OWN_DRAWS, .sample = sample};
    double *value = TAKE(arena, double, shape_count(shape));
    for (size_t i = 0; i < shape_count(shape); i++) value[i] = draw_normal(draw, i);
    return value;
}

static CheckReport compare(const Form *form, const double *got, double bar,
                           uint64_t seed) {
    Tally sum = {.shape = form->shape,
                 .report = {.seed = seed, .element = SIZE_MAX, .output = SIZE_MAX}};
    for (size_t i = 0; i < shape_count(form->shape); i++)
        tally_quad(&sum, form->what, i, got[i], form->sum[i],
                   bar * DBL_EPSILON * form->size[i]);
    return sum.report;
}

static Finding judge(const SheetCase *job, uint64_t seed) {
    Arena *arena = arena_new();
    const size_t at = check_at(job);
    const ConvWay *way = CHECKS[at].way;
    const ConvForm wanted = CHECKS[at].form;
    const Conv v = layer_named(sheet_column(job));
    const Shape x = SHAPE_OF(v.N, v.C, v.H, v.W), w = SHAPE_OF(v.K, v.C, v.R, v.S),
                y = SHAPE_OF(v.N, v.K, v.P, v.Q);
    const double *of_x = normals(arena, seed, 0, x), *of_w = normals(arena, seed, 1, w),
                 *of_y = normals(arena, seed, 2, y);
    Form form[CONV_FORMS] = {
        {"y", of_x, of_w, y, NULL, NULL},
        {"dx", of_y, of_w, x, NULL, NULL},
        {"dw", of_x, of_y, w, NULL, NULL},
    };
    const size_t count = shape_count(form[wanted].shape);
    form[wanted].sum = ZERO(arena, Quad, count);
    form[wanted].size = ZERO(arena, double, count);
    sum_by_formula(form, wanted, &v);
    double *got = TAKE(arena, double, count);
    way->run[wanted](&v, kernels_best(),
                     (ConvCall){got, form[wanted].a, form[wanted].b,
                                TAKE(arena, double, way->scratch(&v, wanted)), 0.0});
    const CheckReport report = compare(&form[wanted], got, CHECKS[at].row.bar, seed);
    arena_free(arena);
    return finding_of(&report, NORM_TRAIN, DATA_PLAIN);
}

/* ---- the table ------------------------------------------------------------------- */

/* Rows of the ways that are asked for, shapes that any of them takes. */
static void fill(Sheet *sheet, Arena *arena, const ConvWay *only) {
    SheetRow *row = TAKE(arena, SheetRow, COUNT_OF(CHECKS));
    for (size_t i = 0; i < COUNT_OF(CHECKS); i++)
        if (only == NULL || CHECKS[i].way == only) row[sheet->rows++] = CHECKS[i].row;
    sheet->row = row;
    for (size_t i = 0; i < COUNT_OF(LAYERS); i++) {
        const Conv v = layer_at(i);
        if (only && !only->takes(&v)) continue;
        sheet->own_shape[sheet->columns] = SHAPE_OF(v.N, v.C, v.H, v.W);
        sheet->column[sheet->columns++] = layer_name(arena, i);
    }
}

bool sheet_is_of_convs(const char *word) {
    return strncmp(word, "conv", 4) == 0 && (word[4] == '\0' || word[4] == '=');
}

bool sheet_of_convs(Sheet *sheet, Arena *arena, const char *word, BaseError *error) {
    static const ConvWay *const WAYS[] = {&conv_direct, &conv_winograd};
    static const Choice ways = {
        .table = WAYS, .count = COUNT_OF(WAYS), .stride = sizeof *WAYS, .pointers = true};
    size_t way = 0;
    const bool one = word[4] == '=';
    if (one && !choice_read(arena, &ways, "conv=", word + 5, &way, error)) return false;
    SheetOther *other = TAKE(arena, SheetOther, 1);
    *other = (SheetOther){
        "conv", "convolution", text_print(arena, "%s", word),
        "convolutions beside their sums in 113 bits, in eps of the sum of |x| |w|"};
    *sheet = (Sheet){.other = other,
                     .column = TAKE(arena, const char *, SHEET_MOST),
                     .shapes = 1,
                     .own_shape = TAKE(arena, Shape, COUNT_OF(LAYERS)),
                     .applies = applies,
                     .name = case_name,
                     .judge = judge};
    fill(sheet, arena, one ? WAYS[way] : NULL);
    return true;
}
