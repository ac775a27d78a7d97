/* Convolutions: each way and instruction set against the formula in 113 bits, against each other
 * as forms of one trilinear sum, and to the bit where the bits should not move. */
#include "conv.h"

#include "arith.h"
#include "arith_calls.h"
#include "harness.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const ConvWay *const WAYS[] = {&conv_direct, &conv_winograd};

/* Normal numbers, at `spread` 0; at 3 they differ by factors of thousands, and a few stand alone. */
static double *numbers(Arena *arena, size_t count, uint64_t sample, double spread) {
    double *x = TAKE(arena, double, count);
    const Draw draw = {.seed = 31, .purpose = DRAW_TEST, .sample = sample};
    for (size_t i = 0; i < count; i++) {
        x[i] = draw_normal(draw, i);
        x[i] *= exp(spread * x[i]);
    }
    return x;
}

static double *normals(Arena *arena, size_t count, uint64_t sample) {
    return numbers(arena, count, sample, 0);
}

static double *filled(Arena *arena, size_t count, double value) {
    double *x = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) x[i] = value;
    return x;
}

/* Factors of the sum <y, x * w>, and how many elements each has. */
typedef struct Factors {
    Conv conv;
    size_t x, w, y;
    const double *of_x, *of_w, *of_y;
} Factors;

static Factors factors_of(Arena *arena, Conv v, double spread) {
    Factors f = {.conv = v,
                 .x = v.N * v.C * v.H * v.W,
                 .w = v.K * v.C * v.R * v.S,
                 .y = v.N * v.K * v.P * v.Q};
    f.of_x = numbers(arena, f.x, 9, spread);
    f.of_w = numbers(arena, f.w, 10, spread);
    f.of_y = numbers(arena, f.y, 11, spread);
    return f;
}

static size_t results_of(const Factors *f, ConvForm form) {
    const size_t count[] = {f->y, f->x, f->w};
    return count[form];
}

/* One form in one way, added to `before`; NaN behind the end of what may be written. */
static double *form_of(Arena *arena, const Factors *f, const ConvWay *way,
                       const Kernels *kernels, ConvForm form, double beta,
                       double before) {
    const double *a[] = {f->of_x, f->of_y, f->of_x}, *b[] = {f->of_w, f->of_w, f->of_y};
    const size_t count = results_of(f, form), room = way->scratch(&f->conv, form);
    double *out = filled(arena, count + 1, before),
           *scratch = filled(arena, room + 1, NAN);
    out[count] = NAN;
    way->run[form](&f->conv, kernels, (ConvCall){out, a[form], b[form], scratch, beta});
    assert_true(isnan(out[count]) && isnan(scratch[room]));
    return out;
}

/* By the best instruction set, over what was there. */
static double *result_of(Arena *arena, const Factors *f, const ConvWay *way,
                         ConvForm form) {
    return form_of(arena, f, way, kernels_best(), form, 0, NAN);
}

/* ---- the formula ----------------------------------------------------------------- */

typedef void Term(void *context, size_t x, size_t w, size_t y);

/* Every term of the formula in the header, as indices of x, w and y. */
static void each_term(const Conv *v, Term *term, void *context) {
    const size_t NK = v->N * v->K, PQ = v->P * v->Q, CRS = v->C * v->R * v->S;
    for (size_t nk = 0; nk < NK; nk++)
        for (size_t ij = 0; ij < PQ; ij++)
            for (size_t crs = 0; crs < CRS; crs++) {
                const size_t n = nk / v->K, k = nk % v->K, i = ij / v->Q, j = ij % v->Q;
                const size_t c = crs / (v->R * v->S), r = crs / v->S % v->R,
                             s = crs % v->S;
                const long h = (long)(i * v->stride + r) - (long)v->pad;
                const long u = (long)(j * v->stride + s) - (long)v->pad;
                if (h < 0 || u < 0 || h >= (long)v->H || u >= (long)v->W) continue;
                term(context, ((n * v->C + c) * v->H + (size_t)h) * v->W + (size_t)u,
                     k * CRS + crs, nk * PQ + ij);
            }
}

/* Sums in 113 bits, and the sums of their magnitudes. */
typedef struct Sums {
    const Factors *f;
    Quad *sum[CONV_FORMS];
    double *size[CONV_FORMS];
} Sums;

static void add_term(void *context, size_t x, size_t w, size_t y) {
    const Sums *s = context;
    const double X = s->f->of_x[x], W = s->f->of_w[w], Y = s->f->of_y[y];
    const double a[] = {X, Y, X}, b[] = {W, W, Y};
    const size_t at[] = {y, x, w};
    for (ConvForm form = 0; form < CONV_FORMS; form++) {
        s->sum[form][at[form]] += (Quad)a[form] * (Quad)b[form];
        s->size[form][at[form]] += fabs(a[form] * b[form]);
    }
}

static Sums sums_by_formula(Arena *arena, const Factors *f) {
    Sums s = {.f = f};
    for (ConvForm form = 0; form < CONV_FORMS; form++) {
        s.sum[form] = ZERO(arena, Quad, results_of(f, form));
        s.size[form] = ZERO(arena, double, results_of(f, form));
    }
    each_term(&f->conv, add_term, &s);
    return s;
}

/* Of m planes of n: the largest magnitude of each, and the sum of its magnitudes. */
static void plane_sizes(double *most, double *sum, const double *x, size_t m, size_t n) {
    for (size_t i = 0; i < m; i++) {
        most[i] = sum[i] = 0;
        for (size_t j = 0; j < n; j++) {
            most[i] = fmax(most[i], fabs(x[i * n + j]));
            sum[i] += fabs(x[i * n + j]);
        }
    }
}

/* Sizes of what Winograd's tiles add up for each plane of results: a plane's largest number
 * times the sum of the other factor's. Its results share their errors. */
static void tile_sizes(Arena *arena, const Factors *f, double *size[CONV_FORMS]) {
    const Conv *v = &f->conv;
    const size_t NC = v->N * v->C, NK = v->N * v->K, KC = v->K * v->C;
    double *x = TAKE(arena, double, NC), *y = TAKE(arena, double, NK),
           *w = TAKE(arena, double, KC), *sum_x = TAKE(arena, double, NC),
           *sum_y = TAKE(arena, double, NK), *sum_w = TAKE(arena, double, KC);
    plane_sizes(x, sum_x, f->of_x, NC, v->H * v->W);
    plane_sizes(y, sum_y, f->of_y, NK, v->P * v->Q);
    plane_sizes(w, sum_w, f->of_w, KC, v->R * v->S);
    for (ConvForm form = 0; form < CONV_FORMS; form++)
        memset(size[form], 0, results_of(f, form) * sizeof(double));
    for (size_t i = 0; i < v->N * KC; i++) {
        const size_t n = i / KC, k = i / v->C % v->K, c = i % v->C;
        const size_t nc = n * v->C + c, nk = n * v->K + k, kc = k * v->C + c;
        const size_t count[] = {v->P * v->Q, v->H * v->W, v->R * v->S};
        const size_t plane[] = {nk, nc, kc};
        const double add[] = {x[nc] * sum_w[kc], y[nk] * sum_w[kc], x[nc] * sum_y[nk]};
        for (ConvForm form = 0; form < CONV_FORMS; form++)
            for (size_t j = 0; j < count[form]; j++)
                size[form][plane[form] * count[form] + j] += add[form];
    }
}

/* Errors of a way, in units of eps times the sizes: sums in their order lose one unit a term
 * and one for the product. Tiles lose less than half of these, on random numbers and, more, on
 * those that stand alone. */
static double bound_of(const Factors *f, const ConvWay *way, ConvForm form,
                       double spread) {
    const Conv *v = &f->conv;
    const size_t terms[] = {v->C * v->R * v->S, v->K * v->R * v->S, v->N * v->P * v->Q};
    if (way == &conv_winograd) return spread > 0 ? 128 : 32;
    return 2 * ((double)terms[form] + 1);
}

static void check_conv(Arena *arena, Conv conv, double spread) {
    const Factors f = factors_of(arena, conv, spread);
    const Sums s = sums_by_formula(arena, &f);
    double *tiles[CONV_FORMS];
    for (ConvForm form = 0; form < CONV_FORMS; form++)
        tiles[form] = TAKE(arena, double, results_of(&f, form));
    tile_sizes(arena, &f, tiles);
    for (size_t i = 0; i < COUNT_OF(WAYS) * CONV_FORMS * 2; i++) {
        const ConvWay *way = WAYS[i / CONV_FORMS / 2];
        const ConvForm form = (ConvForm)(i / 2 % CONV_FORMS);
        const double before = i % 2 ? 0.5 : 0, beta = i % 2 ? 1 : 0;
        if (!way->takes(&conv)) continue;
        const double *got = form_of(arena, &f, way, kernels_best(), form, beta,
                                    i % 2 ? before : (double)NAN);
        const double *size = way == &conv_winograd ? tiles[form] : s.size[form];
        for (size_t j = 0; j < results_of(&f, form); j++)
            if (!(quad_abs(got[j] - (before + s.sum[form][j])) <=
                  DBL_EPSILON * (bound_of(&f, way, form, spread) * size[j] + before)))
                fail_msg("%s, form %d, element %zu: %.17g, not %.17g", way->name,
                         (int)form, j, got[j], (double)(before + s.sum[form][j]));
    }
}

static void ways_are_the_formula(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const ArenaMark mark = arena_mark(arena);
    static const size_t filter[][2] = {{1, 1}, {3, 3}, {2, 3}, {5, 1}, {4, 4}};
    static const size_t image[][2] = {{5, 7}, {6, 4}, {1, 1}, {1, 9}};
    size_t checked = 0;
    for (size_t form = 0; form < 5 * 4 * 3 * 5; form++, arena_rewind(arena, mark)) {
        const size_t *rs = filter[form % 5], *hw = image[form / 5 % 4];
        const size_t stride = 1 + form / 20 % 3, pad = form / 60;
        if (hw[0] + 2 * pad < rs[0] || hw[1] + 2 * pad < rs[1]) continue;
        check_conv(arena,
                   conv_geometry(SHAPE_OF(1, 2, hw[0], hw[1]),
                                 SHAPE_OF(3, 2, rs[0], rs[1]), stride, pad),
                   0);
        checked++;
    }
    assert_in_range(checked, 200, 300);
    arena_free(arena);
}

/* Blocks of channels whole and ragged, alone and in pairs; planes of 7, 14 and 28, and shorter
 * than a tile; signals of one axis; strides beyond the filter; images in more than one chunk. */
static const size_t SHAPES[][9] = {
    /* N, C, H, W, K, R, S, stride, pad */
    {2, 8, 7, 7, 8, 3, 3, 1, 1},     {3, 9, 4, 5, 17, 3, 3, 1, 1},
    {1, 16, 14, 14, 24, 3, 3, 1, 1}, {2, 1, 28, 28, 16, 3, 3, 2, 1},
    {2, 12, 9, 8, 20, 3, 3, 1, 0},   {2, 5, 6, 6, 33, 3, 3, 1, 2},
    {2, 16, 7, 7, 32, 1, 1, 2, 0},   {1, 24, 5, 5, 9, 5, 5, 1, 2},
    {2, 8, 1, 33, 12, 1, 3, 1, 1},   {2, 7, 1, 20, 8, 3, 3, 1, 1},
    {1, 8, 11, 9, 8, 2, 2, 5, 0},    {2, 3, 13, 10, 8, 5, 4, 2, 3},
    {9, 8, 2, 3, 40, 3, 3, 1, 1},    {2, 70, 4, 4, 64, 3, 3, 1, 1},
    {7, 16, 20, 12, 16, 3, 3, 1, 1}, {1, 1, 40, 44, 8, 3, 3, 1, 1},
};

static Conv shape_at(size_t i) {
    const size_t *v = SHAPES[i];
    return conv_geometry(SHAPE_OF(v[0], v[1], v[2], v[3]),
                         SHAPE_OF(v[4], v[1], v[5], v[6]), v[7], v[8]);
}

static void ways_are_the_formula_in_blocks(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const ArenaMark mark = arena_mark(arena);
    for (size_t i = 0; i < 2 * COUNT_OF(SHAPES); i++, arena_rewind(arena, mark))
        check_conv(arena, shape_at(i % COUNT_OF(SHAPES)), i < COUNT_OF(SHAPES) ? 0 : 3);
    arena_free(arena);
}

/* Every shape in every way that takes it. */
static void each_way(void (*judge)(Arena *arena, const Factors *f, const ConvWay *way)) {
    Arena *arena = arena_new();
    const ArenaMark mark = arena_mark(arena);
    for (size_t i = 0; i < COUNT_OF(SHAPES) * COUNT_OF(WAYS);
         i++, arena_rewind(arena, mark)) {
        const Factors f = factors_of(arena, shape_at(i / COUNT_OF(WAYS)), 0);
        const ConvWay *way = WAYS[i % COUNT_OF(WAYS)];
        if (way->takes(&f.conv)) judge(arena, &f, way);
    }
    arena_free(arena);
}

/* ---- theorems -------------------------------------------------------------------- */

/* <y, x * w> is one number, whichever factor it is a form of. */
static void judge_adjoint(Arena *arena, const Factors *f, const ConvWay *way) {
    const double *factor[] = {f->of_y, f->of_x, f->of_w};
    double sum[CONV_FORMS], size = 0;
    for (ConvForm form = 0; form < CONV_FORMS; form++) {
        const double *out = result_of(arena, f, way, form);
        sum[form] = sum_product(factor[form], out, results_of(f, form));
        for (size_t j = 0; j < results_of(f, form); j++)
            size += fabs(factor[form][j] * out[j]) / CONV_FORMS;
    }
    assert_near(sum[CONV_INPUT], sum[CONV_FORWARD], 16 * DBL_EPSILON * size);
    assert_near(sum[CONV_FILTER], sum[CONV_FORWARD], 16 * DBL_EPSILON * size);
}

static void forms_are_adjoint(void **state) {
    (void)state;
    each_way(judge_adjoint);
}

/* Powers of two pass through every rounding: 8 times a factor gives 8 times the bits. */
static void judge_homogeneous(Arena *arena, const Factors *f, const ConvWay *way) {
    double *x = TAKE(arena, double, f->x), *w = TAKE(arena, double, f->w);
    for (size_t j = 0; j < f->x; j++) x[j] = 8 * f->of_x[j];
    for (size_t j = 0; j < f->w; j++) w[j] = -0.5 * f->of_w[j];
    const double scale[] = {-4, -0.5, 8};
    for (ConvForm form = 0; form < CONV_FORMS; form++) {
        const double *want = result_of(arena, f, way, form);
        Factors scaled = *f;
        scaled.of_x = x, scaled.of_w = w;
        const double *got = result_of(arena, &scaled, way, form);
        for (size_t j = 0; j < results_of(f, form); j++)
            assert_true(got[j] == scale[form] * want[j]);
    }
}

static void forms_are_homogeneous_to_the_bit(void **state) {
    (void)state;
    each_way(judge_homogeneous);
}

/* A sample's results do not know which others it came with; filters are sums in the order of
 * samples, of which each counts for itself. */
static void judge_samples(Arena *arena, const Factors *f, const ConvWay *way) {
    const size_t N = f->conv.N;
    const double *y = result_of(arena, f, way, CONV_FORWARD);
    const double *x = result_of(arena, f, way, CONV_INPUT);
    const double *w = result_of(arena, f, way, CONV_FILTER);
    double *sum = ZERO(arena, double, f->w);
    for (size_t n = 0; n < N; n++) {
        Factors one = *f;
        one.conv.N = 1, one.x /= N, one.y /= N;
        one.of_x += n * one.x, one.of_y += n * one.y;
        const double *y1 = result_of(arena, &one, way, CONV_FORWARD);
        const double *x1 = result_of(arena, &one, way, CONV_INPUT);
        const double *w1 = result_of(arena, &one, way, CONV_FILTER);
        assert_memory_equal(y + n * one.y, y1, one.y * sizeof *y);
        assert_memory_equal(x + n * one.x, x1, one.x * sizeof *x);
        vector_add(sum, w1, f->w, 1);
    }
    if (way == &conv_direct) assert_memory_equal(w, sum, f->w * sizeof *w);
}

static void samples_do_not_know_their_batch(void **state) {
    (void)state;
    each_way(judge_samples);
}

/* Instruction sets differ in how many results they hold at once, and in nothing else. */
static void judge_instruction_sets(Arena *arena, const Factors *f, const ConvWay *way) {
    for (size_t j = 0; j < 2 * CONV_FORMS; j++) {
        const ConvForm form = (ConvForm)(j / 2);
        const double beta = j % 2 ? 1 : 0;
        const double *want = form_of(arena, f, way, kernels_at(0), form, beta, 0.25);
        for (size_t k = 1; kernels_at(k); k++)
            assert_memory_equal(form_of(arena, f, way, kernels_at(k), form, beta, 0.25),
                                want, results_of(f, form) * sizeof *want);
    }
}

static void instruction_sets_agree_to_the_bit(void **state) {
    (void)state;
    each_way(judge_instruction_sets);
}

/* Panels of fewer than eight channels hold zeros beside them, and come back as they went, added or
 * not. */
static void panels_are_whole(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const ArenaMark mark = arena_mark(arena);
    for (size_t i = 0; kernels_at(i); i++)
        for (size_t form = 0; form < BLOCK * 27; form++, arena_rewind(arena, mark)) {
            const Kernels *kernels = kernels_at(i);
            const size_t rows = 1 + form / 27, cols = 1 + form % 27, stride = cols + 3;
            const double *x = normals(arena, rows * stride, 12);
            double *panel = filled(arena, cols * BLOCK + 1, NAN);
            double *back = filled(arena, rows * stride, 0.5);
            kernels->pack(panel, x, stride, rows, cols);
            assert_true(isnan(panel[cols * BLOCK]));
            for (size_t j = 0; j < cols * BLOCK; j++)
                assert_true(panel[j] ==
                            (j % BLOCK < rows ? x[j % BLOCK * stride + j / BLOCK] : 0));
            kernels->unpack(back, panel, stride, rows, cols, form % 2 ? 1 : 0);
            for (size_t j = 0; j < rows * stride; j++)
                assert_true(back[j] == (j % stride >= cols ? 0.5
                                        : form % 2         ? 0.5 + x[j]
                                                           : x[j]));
        }
    arena_free(arena);
}

/* ---- the table ------------------------------------------------------------------- */

/* Layers of networks, and how each is computed, whatever the number of samples. */
static void layers_have_their_way(void **state) {
    (void)state;
    static const struct {
        size_t C, H, W, K, R, S, stride, pad;
        const ConvWay *way, *of_input;
    } layer[] = {
        {1, 28, 28, 16, 3, 3, 1, 1, &conv_direct, &conv_direct},
        {16, 28, 28, 16, 3, 3, 1, 1, &conv_winograd, &conv_winograd},
        {16, 28, 28, 32, 3, 3, 2, 1, &conv_direct, &conv_direct},
        {64, 7, 7, 64, 3, 3, 1, 1, &conv_winograd, &conv_winograd},
        {16, 28, 28, 32, 1, 1, 2, 0, &conv_direct, &conv_direct},
        {32, 4, 4, 32, 3, 3, 1, 1, &conv_winograd, &conv_winograd},
        {64, 4, 4, 64, 3, 3, 1, 1, &conv_direct, &conv_direct},
        {4, 28, 28, 16, 3, 3, 1, 1, &conv_direct, &conv_direct},
        {16, 28, 28, 4, 3, 3, 1, 1, &conv_direct, &conv_direct},
        {16, 2, 2, 16, 3, 3, 1, 1, &conv_direct, &conv_direct},
        {16, 1, 28, 16, 3, 3, 1, 1, &conv_direct, &conv_direct},
        {16, 1, 28, 16, 1, 3, 1, 1, &conv_direct, &conv_direct},
        {16, 11, 11, 16, 3, 3, 1, 0, &conv_direct,
         &conv_winograd}, /* 9 x 9, and 11 x 11 */
        {64, 56, 56, 64, 3, 3, 1, 1, &conv_winograd, &conv_winograd},
        {512, 7, 7, 512, 3, 3, 1, 1, &conv_direct, &conv_direct},
        {16, 28, 28, 16, 5, 5, 1, 2, &conv_direct, &conv_direct},
        {3, 224, 224, 64, 7, 7, 2, 3, &conv_direct, &conv_direct},
        {64, 56, 56, 256, 1, 1, 1, 0, &conv_direct, &conv_direct},
        {64, 56, 56, 64, 1, 1, 1, 0, &conv_direct, &conv_direct},
    };
    for (size_t i = 0; i < COUNT_OF(layer); i++)
        for (size_t n = 1; n <= 64; n *= 8)
            for (ConvForm form = 0; form < CONV_FORMS; form++) {
                const Conv v = conv_geometry(
                    SHAPE_OF(n, layer[i].C, layer[i].H, layer[i].W),
                    SHAPE_OF(layer[i].K, layer[i].C, layer[i].R, layer[i].S),
                    layer[i].stride, layer[i].pad);
                assert_ptr_equal(conv_way(&v, form),
                                 form == CONV_INPUT ? layer[i].of_input : layer[i].way);
            }
}

/* What layers call is the table's way, within the scratch that they are told of. */
static void calls_take_the_table(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const ArenaMark mark = arena_mark(arena);
    for (size_t i = 0; i < COUNT_OF(SHAPES); i++, arena_rewind(arena, mark)) {
        const Factors f = factors_of(arena, shape_at(i), 0);
        const Conv *v = &f.conv;
        const size_t room = conv_scratch(v);
        double *scratch = filled(arena, room + 1, NAN), *y = filled(arena, f.y, NAN),
               *x = filled(arena, f.x, NAN), *w = filled(arena, f.w, NAN);
        conv_forward(y, f.of_x, f.of_w, v, scratch, 0);
        conv_input(x, f.of_y, f.of_w, v, scratch, 0);
        conv_filter(w, f.of_x, f.of_y, v, scratch, 0);
        assert_true(isnan(scratch[room]));
        const double *got[] = {y, x, w};
        for (ConvForm form = 0; form < CONV_FORMS; form++)
            assert_memory_equal(got[form], result_of(arena, &f, conv_way(v, form), form),
                                results_of(&f, form) * sizeof(double));
    }
    arena_free(arena);
}

static const Case cases[] = {
    CASE(theorem, forms_are_adjoint),
    CASE(theorem, forms_are_homogeneous_to_the_bit),
    CASE(theorem, samples_do_not_know_their_batch),
    CASE(theorem, instruction_sets_agree_to_the_bit),
    CASE(oracle, ways_are_the_formula),
    CASE(oracle, ways_are_the_formula_in_blocks),
    CASE(example, panels_are_whole),
    CASE(example, layers_have_their_way),
    CASE(example, calls_take_the_table),
};

HARNESS_MAIN("conv", cases)
