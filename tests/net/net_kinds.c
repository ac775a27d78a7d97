/* Each network of the registry: what it is made of, its value in plain loops of 113 bits, how it
 * begins, and what its specs say. */
#include "harness.h"

#include "arith.h"
#include "arith_calls.h"
#include "net.h"
#include "text.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define EPS DBL_EPSILON

static const Net *build(Arena *arena, const char *spec, const char *norm, NetFace face,
                        size_t batch) {
    BaseError error = {.set = false};
    const Net *net = net_new(arena, spec, (NetNorms){.all = norm}, face, batch, &error);
    if (net == NULL) fail_msg("%s, %s: %s", spec, norm, error.message);
    return net;
}

static double normal(uint64_t sample, uint64_t index) {
    return draw_normal((Draw){.seed = 23, .purpose = DRAW_TEST, .sample = sample}, index);
}

/* ---- a network with random everything -------------------------------------------- */

typedef struct Setting {
    const Net *net;
    size_t N;
    double *weights, *state, *x;
    Shape shape; /* of x */
} Setting;

static Setting random_setting(Arena *arena, const char *spec, const char *norm,
                              NetFace face, size_t N) {
    Setting s = {.net = build(arena, spec, norm, face, N), .N = N};
    const Shape sample = face.input[0].shape;
    s.shape = (Shape){.rank = sample.rank + 1, .size = {N}};
    for (size_t i = 0; i < sample.rank; i++) s.shape.size[i + 1] = sample.size[i];
    const size_t count = shape_count(s.shape);
    s.weights = TAKE(arena, double, s.net->weights);
    s.state = ZERO(arena, double, s.net->states);
    s.x = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) s.x[i] = normal(9000, i);
    for (size_t i = 0; i < s.net->params; i++) {
        const NetParam *p = &s.net->param[i];
        for (size_t k = 0; k < p->count; k++)
            s.weights[p->offset + k] =
                p->initial + (p->std > 0 ? p->std : 0.3) * normal(i, k);
    }
    return s;
}

/* The first that it gives. */
static const double *run(Arena *arena, const Setting *s, double *gradient,
                         const uint8_t *label) {
    NetPass pass = {.tape = tape_new(arena),
                    .mode = NORM_TRAIN,
                    .weights = s->weights,
                    .state = s->state,
                    .gradient = gradient};
    TapeNode *x = tape_leaf(pass.tape, s->shape, s->x), *out[NET_MOST_ENDS];
    net_run(s->net, &pass, &x, out);
    if (gradient)
        tape_backward(pass.tape, tape_cross_entropy(pass.tape, out[0], label), NULL);
    return out[0]->value;
}

/* ---- plain loops of 113 bits ----------------------------------------------------- */

typedef struct Map {
    size_t N, C, H, W;
    Quad *v;
} Map;

typedef struct Loops {
    Arena *arena;
    const Setting *s;
    size_t param; /* the next of the network's, which are in the order of their use */
} Loops;

static Map map_new(Loops *p, size_t N, size_t C, size_t H, size_t W) {
    return (Map){N, C, H, W, ZERO(p->arena, Quad, N * C * H * W)};
}

static const double *next(Loops *p, const char *name) {
    const NetParam *found = &p->s->net->param[p->param++];
    assert_string_equal(found->name, name);
    return p->s->weights + found->offset;
}

static Map images(Loops *p) {
    const size_t *size = p->s->shape.size, count = shape_count(p->s->shape);
    Map x = p->s->shape.rank == 4 ? map_new(p, size[0], size[1], size[2], size[3])
                                  : map_new(p, size[0], count / size[0], 1, 1);
    for (size_t i = 0; i < count; i++) x.v[i] = p->s->x[i];
    return x;
}

static Map flat(Map x) {
    return (Map){x.N, x.C * x.H * x.W, 1, 1, x.v};
}

/* R x R, so many rows and columns of zeros around that all stay. */
static Map conv_of(Loops *p, const char *name, Map x, size_t K, size_t stride, size_t R) {
    const double *w = next(p, text_print(p->arena, "%s.weight", name));
    const size_t S = R * R;
    Map y = map_new(p, x.N, K, (x.H + stride - 1) / stride, (x.W + stride - 1) / stride);
    for (size_t i = 0; i < y.N * y.C * y.H * y.W; i++) {
        const size_t l = i % y.W, h = i / y.W % y.H, k = i / (y.W * y.H) % K,
                     n = i / (y.W * y.H * K);
        for (size_t f = 0; f < x.C * S; f++) {
            const long row = (long)(h * stride + f / R % R) - (long)(R / 2),
                       column = (long)(l * stride + f % R) - (long)(R / 2);
            if (row < 0 || column < 0 || row >= (long)x.H || column >= (long)x.W)
                continue;
            const size_t from = ((n * x.C + f / S) * x.H + (size_t)row) * x.W;
            y.v[i] += (Quad)w[k * x.C * S + f] * x.v[from + (size_t)column];
        }
    }
    return y;
}

static Map conv(Loops *p, const char *name, Map x, size_t K, size_t stride) {
    return conv_of(p, name, x, K, stride, 3);
}

static Map linear(Loops *p, const char *name, Map x, size_t K) {
    const double *w = next(p, text_print(p->arena, "%s.weight", name));
    const double *bias = next(p, text_print(p->arena, "%s.bias", name));
    Map y = map_new(p, x.N, K, 1, 1);
    for (size_t i = 0; i < x.N * K; i++) {
        y.v[i] = bias[i % K];
        for (size_t c = 0; c < x.C; c++)
            y.v[i] += (Quad)w[i % K * x.C + c] * x.v[i / K * x.C + c];
    }
    return y;
}

/* batch, or layer: cells are channels, or samples. */
static Map norm(Loops *p, const char *name, Map x) {
    const char *spec = p->s->net->norms ? p->s->net->norm[0].norm->spec : "none";
    const bool batch = strcmp(spec, "batch") == 0;
    const size_t L = x.H * x.W, total = x.N * x.C * L, cells = batch ? x.C : x.N;
    const double *gamma = next(p, text_print(p->arena, "%s.gamma", name)),
                 *beta = next(p, text_print(p->arena, "%s.beta", name));
    for (size_t cell = 0; cell < cells; cell++) {
        Quad sum = 0, squares = 0, count = 0;
        for (int turn = 0; turn < 3; turn++)
            for (size_t i = 0; i < total; i++) {
                const size_t c = i / L % x.C;
                if ((batch ? c : i / L / x.C) != cell) continue;
                const Quad centred = turn ? x.v[i] - sum / count : x.v[i];
                if (turn == 0) sum += centred, count += 1;
                if (turn == 1) squares += centred * centred;
                if (turn < 2) continue;
                const Quad std = quad_sqrt(squares / count + (Quad)1e-5);
                x.v[i] = gamma[c] * (centred / std) + beta[c];
            }
    }
    return x;
}

typedef Quad Activation(Quad);

static Quad relu(Quad x) {
    return x > 0 ? x : 0;
}
static Quad tangent(Quad x) {
    return QUAD_CALL(tanh)(x);
}
static Quad sigmoid(Quad x) {
    return 1 / (1 + QUAD_CALL(exp)(-x));
}
static Quad same(Quad x) {
    return x;
}

static Map each(Map x, Activation *f) {
    for (size_t i = 0; i < x.N * x.C * x.H * x.W; i++) x.v[i] = f(x.v[i]);
    return x;
}

static Map pool(Loops *p, Map x) {
    Map y = map_new(p, x.N, x.C, 1, 1);
    const size_t L = x.H * x.W;
    for (size_t i = 0; i < x.N * x.C * L; i++) y.v[i / L] += x.v[i] / (Quad)L;
    return y;
}

/* depth, width and what else a plain network may be asked. */
typedef struct Plain {
    size_t depth, width, stem_stride, kernel, stride, growth;
    Activation *f;
} Plain;

static Map plain_value(Loops *p, Plain o) {
    Map x = conv_of(p, "stem", images(p), o.width, o.stem_stride, o.kernel);
    x = each(norm(p, "stem_norm", x), o.f);
    for (size_t k = 0, n = (o.depth - 2) / 3; k < 3 * n; k++) {
        const char *name =
            text_print(p->arena, "stage%zu.layer%zu", k / n + 1, k % n + 1);
        const size_t widths[] = {1, o.growth, o.growth * o.growth},
                     stride = k == n || k == 2 * n ? o.stride : 1;
        x = conv_of(p, text_print(p->arena, "%s.conv", name), x, o.width * widths[k / n],
                    stride, o.kernel);
        x = each(norm(p, text_print(p->arena, "%s.norm", name), x), o.f);
    }
    return linear(p, "linear", pool(p, x), p->s->net->face.outputs);
}

static Map mlp_value(Loops *p, size_t depth, size_t width, Activation *f) {
    Map x = flat(images(p));
    for (size_t i = 1; i < depth; i++) {
        x = linear(p, text_print(p->arena, "hidden%zu.linear", i), x, width);
        x = each(norm(p, text_print(p->arena, "hidden%zu.norm", i), x), f);
    }
    return linear(p, "linear", x, p->s->net->face.outputs);
}

/* 1e4 eps of the largest: five normalizers in a row lose that at most. */
static void assert_value(const double *z, Map want, const char *what) {
    double most = 0;
    const size_t count = want.N * want.C;
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs((double)want.v[i]));
    for (size_t i = 0; i < count; i++)
        if (!(fabs(z[i] - (double)want.v[i]) <= 1e4 * EPS * most))
            fail_msg("%s, %zu: got %.17g, expected %.17g", what, i, z[i],
                     (double)want.v[i]);
}

/* The largest of each 2 x 2, of which less may be there. */
static Map max_pool(Loops *p, Map x) {
    Map y = map_new(p, x.N, x.C, (x.H + 1) / 2, (x.W + 1) / 2);
    for (size_t i = 0; i < y.N * y.C * y.H * y.W; i++) y.v[i] = -1e300;
    for (size_t i = 0; i < x.N * x.C * x.H * x.W; i++) {
        const size_t w = i % x.W, h = i / x.W % x.H, plane = i / (x.W * x.H);
        Quad *most = &y.v[(plane * y.H + h / 2) * y.W + w / 2];
        if (x.v[i] > *most) *most = x.v[i];
    }
    return y;
}

/* Each pixel of x is spread over 2 x 2; then what was there, and as much of that. */
static Map up_and_beside(Loops *p, const char *name, Map beside, Map x, size_t K) {
    const double *w = next(p, text_print(p->arena, "%s.weight", name));
    Map y = map_new(p, beside.N, beside.C + K, beside.H, beside.W);
    for (size_t i = 0; i < y.N * y.C * y.H * y.W; i++) {
        const size_t l = i % y.W, h = i / y.W % y.H, k = i / (y.W * y.H) % y.C,
                     n = i / (y.W * y.H * y.C);
        if (k < beside.C) {
            y.v[i] = beside.v[((n * beside.C + k) * y.H + h) * y.W + l];
            continue;
        }
        for (size_t c = 0; c < x.C; c++)
            y.v[i] += (Quad)w[((k - beside.C) * x.C + c) * 4 + h % 2 * 2 + l % 2] *
                      x.v[((n * x.C + c) * x.H + h / 2) * x.W + l / 2];
    }
    return y;
}

static Map two_convs(Loops *p, const char *within, Map x, size_t K) {
    for (int i = 1; i <= 2; i++) {
        x = conv(p, text_print(p->arena, "%s.conv%d", within, i), x, K, 1);
        x = each(norm(p, text_print(p->arena, "%s.norm%d", within, i), x), relu);
    }
    return x;
}

static Map pixels_to_samples(Loops *p, Map x) {
    Map y = map_new(p, x.N * x.H * x.W, x.C, 1, 1);
    const size_t L = x.H * x.W;
    for (size_t i = 0; i < x.N * x.C * L; i++)
        y.v[(i / (x.C * L) * L + i % L) * x.C + i / L % x.C] = x.v[i];
    return y;
}

/* [N pixels, K]: a sample's pixels in a row. */
static Map unet_value(Loops *p, size_t depth, size_t width) {
    Map beside[4], x = images(p);
    for (size_t i = 0; i < depth; i++) {
        const char *within = text_print(p->arena, "down%zu", i + 1);
        beside[i] = two_convs(p, within, x, width << i);
        x = max_pool(p, beside[i]);
    }
    x = two_convs(p, "bottom", x, width << depth);
    for (size_t i = depth; i-- > 0;) {
        const char *within = text_print(p->arena, "up%zu", i + 1);
        x = up_and_beside(p, text_print(p->arena, "%s.up", within), beside[i], x,
                          width << i);
        x = two_convs(p, within, x, width << i);
    }
    return linear(p, "linear", pixels_to_samples(p, x), p->s->net->face.outputs);
}

static const char *const NORMS[] = {"batch", "layer"};

static void plain_in_plain_loops(void **state) {
    (void)state;
    static const struct {
        Plain plain;
        const char *also;
        size_t C, H, W;
    } CASES[] = {{{5, 2, 1, 3, 2, 2, relu}, "", 1, 6, 6},
                 {{8, 3, 1, 3, 2, 2, relu}, "", 2, 9, 7},
                 {{11, 2, 3, 3, 2, 2, relu}, "", 3, 13, 10},
                 {{8, 3, 1, 1, 1, 1, same},
                  "kernel=1, stride=1, growth=1, activation=none",
                  2,
                  4,
                  3},
                 {{5, 2, 2, 1, 2, 2, tangent}, "kernel=1, activation=tanh", 3, 7, 5},
                 {{5, 3, 1, 3, 1, 2, sigmoid}, "stride=1, activation=sigmoid", 1, 5, 4},
                 {{8, 2, 1, 3, 2, 1, relu}, "growth=1, init=orthogonal", 2, 8, 6}};
    for (size_t i = 0; i < 2 * COUNT_OF(CASES); i++) {
        Arena *arena = arena_new();
        const size_t k = i / 2;
        const Plain o = CASES[k].plain;
        const char *spec =
            text_print(arena, "plain(depth=%zu, width=%zu, stem_stride=%zu%s%s)", o.depth,
                       o.width, o.stem_stride, *CASES[k].also ? ", " : "", CASES[k].also);
        const NetFace face = net_of_images(CASES[k].C, CASES[k].H, CASES[k].W, 3);
        const Setting s = random_setting(arena, spec, NORMS[i % 2], face, 3);
        Loops p = {arena, &s, 0};
        const Map want = plain_value(&p, o);
        assert_int_equal(p.param, s.net->params);
        assert_value(run(arena, &s, NULL, NULL), want, spec);
        arena_free(arena);
    }
}

static void mlp_in_plain_loops(void **state) {
    (void)state;
    static const struct {
        const char *word;
        Activation *f;
    } ACTIVATIONS[] = {
        {"relu", relu}, {"tanh", tangent}, {"sigmoid", sigmoid}, {"none", same}};
    for (size_t i = 0; i < 2 * COUNT_OF(ACTIVATIONS); i++) {
        Arena *arena = arena_new();
        const char *spec = text_print(arena, "mlp(depth=4, width=5, activation=%s)",
                                      ACTIVATIONS[i / 2].word);
        const Setting s =
            random_setting(arena, spec, NORMS[i % 2], net_of_images(2, 3, 4, 3), 6);
        Loops p = {arena, &s, 0};
        const Map want = mlp_value(&p, 4, 5, ACTIVATIONS[i / 2].f);
        assert_int_equal(p.param, s.net->params);
        assert_value(run(arena, &s, NULL, NULL), want, spec);
        arena_free(arena);
    }
}

static void unet_in_plain_loops(void **state) {
    (void)state;
    enum { N = 3, K = 4 };
    static const struct {
        size_t depth, width, C, H, W;
    } CASES[] = {{1, 2, 1, 6, 4}, {2, 3, 2, 8, 12}, {2, 2, 1, 5, 7}, {3, 2, 2, 9, 6}};
    for (size_t i = 0; i < 2 * COUNT_OF(CASES); i++) {
        Arena *arena = arena_new();
        const size_t k = i / 2, H = CASES[k].H, W = CASES[k].W, L = H * W;
        const char *spec = text_print(arena, "unet(depth=%zu, width=%zu)", CASES[k].depth,
                                      CASES[k].width);
        const NetFace face = net_of_images(CASES[k].C, H, W, K);
        const Setting s = random_setting(arena, spec, NORMS[i % 2], face, N);
        Loops p = {arena, &s, 0};
        const Map want = unet_value(&p, CASES[k].depth, CASES[k].width);
        assert_int_equal(p.param, s.net->params);
        assert_true(shape_equal(s.net->output[0].shape, SHAPE_OF(K, H, W)));
        const double *z = run(arena, &s, NULL, NULL);
        double *by_pixel = TAKE(arena, double, N *K *L);
        for (size_t n = 0; n < N * L; n++)
            for (size_t c = 0; c < K; c++)
                by_pixel[n * K + c] = z[(n / L * K + c) * L + n % L];
        assert_value(by_pixel, want, spec);
        arena_free(arena);
    }
}

/* Of 2 x 2 pixels, width 1, depth 1: weights and multiply-adds. */
static void unet_counted_by_hand(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Net *net =
        build(arena, "unet(depth=1, width=1)", "none", net_of_images(1, 2, 2, 3), 1);
    const size_t down = 9 + 9, bottom = 9 * 2 + 9 * 4, up = 4 * 2, above = 9 * 2 + 9;
    const size_t norms = 2 * (4 * 1 + 2 * 2);
    assert_int_equal(net->weights, down + bottom + up + above + 3 + 3 + norms);
    assert_near(net->flops, (double)(2 * (4 * down + bottom + up + 4 * above + 4 * 3)),
                0.0);
    assert_int_equal(net->norms, 6);
    arena_free(arena);
}

/* ---- linear: softmax regression -------------------------------------------------- */

/* z = W x + b, and of the mean cross-entropy dz = (softmax(z) - onehot) / N, dW = dz' x, db
 * its sum over samples. */
static void linear_is_softmax_regression(void **state) {
    (void)state;
    enum { N = 4, K = 3, C = 2 * 3 * 5 };
    static const uint8_t label[N] = {2, 0, 1, 1};
    Arena *arena = arena_new();
    const Setting s =
        random_setting(arena, "linear", "batch", net_of_images(2, 3, 5, K), N);
    assert_int_equal(s.net->params, 2);
    assert_int_equal(s.net->norms, 0);
    assert_int_equal(s.net->weights, K * C + K);
    assert_near(s.net->flops, 2.0 * K * C, 0.0);
    double *got = TAKE(arena, double, K *C + K);
    Loops p = {arena, &s, 0};
    const Map x = flat(images(&p)), z = linear(&p, "linear", x, K);
    assert_value(run(arena, &s, got, label), z, "linear");
    Quad want[K * C + K] = {0};
    for (size_t n = 0; n < N; n++) {
        Quad sum = 0;
        for (size_t k = 0; k < K; k++) sum += QUAD_CALL(exp)(z.v[n * K + k]);
        for (size_t k = 0; k < K; k++) {
            const Quad dz =
                (QUAD_CALL(exp)(z.v[n * K + k]) / sum - (k == label[n] ? 1 : 0)) / N;
            for (size_t c = 0; c < C; c++) want[k * C + c] += dz * x.v[n * C + c];
            want[K * C + k] += dz;
        }
    }
    for (size_t i = 0; i < K * C + K; i++) assert_near(got[i], (double)want[i], 64 * EPS);
    arena_free(arena);
}

static void mlp_of_depth_1_is_linear(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const NetFace face = net_of_images(1, 4, 3, 5);
    const Setting one = random_setting(arena, "mlp(depth=1)", "none", face, 3),
                  two = random_setting(arena, "linear", "none", face, 3);
    assert_int_equal(one.net->weights, two.net->weights);
    double *begun[2] = {TAKE(arena, double, one.net->weights),
                        TAKE(arena, double, two.net->weights)};
    net_initialize(one.net, begun[0], NULL, 3);
    net_initialize(two.net, begun[1], NULL, 3);
    assert_memory_equal(begun[0], begun[1], one.net->weights * sizeof(double));
    assert_memory_equal(run(arena, &one, NULL, NULL), run(arena, &two, NULL, NULL),
                        15 * sizeof(double));
    arena_free(arena);
}

/* ---- what they are made of ------------------------------------------------------- */

static bool is_of_shortcut(const char *name) {
    return strstr(name, "shortcut") != NULL;
}

/* Of one depth, the layers of a residual network without those of its shortcuts. */
static void plain_is_resnet_without_shortcuts(void **state) {
    (void)state;
    static const size_t DEPTH[] = {8, 14, 20};
    Arena *arena = arena_new();
    for (size_t d = 0; d < COUNT_OF(DEPTH); d++) {
        const char *sizes = text_print(arena, "(depth=%zu, width=4)", DEPTH[d]);
        const NetFace face = net_of_images(1, 28, 28, 10);
        const Net *plain =
                      build(arena, text_print(arena, "plain%s", sizes), "batch", face, 4),
                  *resnet = build(arena, text_print(arena, "resnet%s", sizes), "batch",
                                  face, 4);
        size_t k = 0, places = 0;
        for (size_t i = 0; i < resnet->params; i++)
            if (!is_of_shortcut(resnet->param[i].name))
                assert_true(shape_equal(resnet->param[i].shape, plain->param[k++].shape));
        assert_int_equal(k, plain->params);
        for (size_t i = 0; i < resnet->norms; i++)
            if (!is_of_shortcut(resnet->norm[i].name)) {
                const ShapeLattice a = resnet->norm[i].sees,
                                   b = plain->norm[places++].sees;
                assert_true(a.C == b.C && a.L == b.L);
            }
        assert_int_equal(places, plain->norms);
        assert_int_equal(places, DEPTH[d] - 1);
    }
    arena_free(arena);
}

/* Whatever the size of an image, be it one element. */
static void any_image_fits(void **state) {
    (void)state;
    static const Shape SIZES[] = {{3, {1, 1, 1}}, {3, {3, 40, 24}}, {3, {2, 5, 33}}};
    size_t count;
    const NetKind *const *kind = net_kinds(&count);
    for (size_t i = 0; i < count * COUNT_OF(SIZES); i++) {
        if (net_reads(kind[i / COUNT_OF(SIZES)]) == NET_SYMBOLS) continue;
        Arena *arena = arena_new();
        const size_t *size = SIZES[i % COUNT_OF(SIZES)].size;
        const NetFace face = net_of_images(size[0], size[1], size[2], 3);
        const Setting s = random_setting(arena, net_example(kind[i / COUNT_OF(SIZES)]),
                                         "none", face, 2);
        const double *z = run(arena, &s, NULL, NULL);
        for (size_t k = 0; k < 6; k++) assert_true(isfinite(z[k]));
        assert_int_equal(s.net->output[0].shape.size[0], 3);
        arena_free(arena);
    }
}

/* Whatever the length of a text, be it one symbol, told from the whole or symbol by symbol; and
 * where one is longer than another, or nothing at all. */
static void any_text_fits(void **state) {
    (void)state;
    enum { K = 5, N = 3 };
    static const size_t LENGTH[] = {1, 2, 9, 33};
    size_t count;
    const NetKind *const *kind = net_kinds(&count);
    for (size_t i = 0; i < count * COUNT_OF(LENGTH) * 4; i++) {
        const NetKind *one = kind[i / (COUNT_OF(LENGTH) * 4)];
        const size_t T = LENGTH[i / 4 % COUNT_OF(LENGTH)];
        const bool causal = i % 2, padded = i / 2 % 2;
        if (net_reads(one) != NET_SYMBOLS) continue;
        Arena *arena = arena_new();
        Setting s = random_setting(arena, net_example(one), "batch",
                                   net_of_text(K, T, K, causal), N);
        for (size_t k = 0; k < N * T; k++)
            s.x[k] = padded && k >= T + T / 2 ? NET_NO_SYMBOL : (double)(k * k % K);
        const double *z = run(arena, &s, NULL, NULL);
        for (size_t k = 0; k < N * K * (causal ? T : 1); k++) assert_true(isfinite(z[k]));
        assert_true(
            shape_equal(s.net->output[0].shape, causal ? SHAPE_OF(K, T) : SHAPE_OF(K)));
        arena_free(arena);
    }
}

/* Elements need not be an image's: a few numbers, or one. */
static void numbers_are_seen(void **state) {
    (void)state;
    static const Shape SEEN[] = {{1, {7}}, {0, {0}}, {2, {3, 2}}};
    for (size_t i = 0; i < 2 * COUNT_OF(SEEN); i++) {
        Arena *arena = arena_new();
        const Shape shape = SEEN[i / 2];
        const NetFace face = {
            .inputs = 1, .input = {{.name = "number", .shape = shape}}, .outputs = 1};
        const Setting s = random_setting(
            arena, i % 2 ? "mlp(depth=2, width=3)" : "linear", "none", face, 2);
        assert_int_equal(s.net->param[0].shape.size[1], shape_count(shape));
        assert_true(isfinite(run(arena, &s, NULL, NULL)[1]));
        arena_free(arena);
    }
}

/* ---- how they begin -------------------------------------------------------------- */

/* Rows, or columns where those are fewer, are orthogonal and of length sqrt(square). */
static void assert_orthogonal(const double *w, size_t K, size_t C, double square) {
    const bool rows = K <= C;
    const size_t count = rows ? K : C, length = rows ? C : K;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = 0;
            for (size_t k = 0; k < length; k++)
                sum += rows ? w[i * C + k] * w[j * C + k] : w[k * C + i] * w[k * C + j];
            assert_near(sum, i == j ? square : 0.0, 64 * EPS);
        }
}

static double square_of(const double *w, size_t count) {
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += w[k] * w[k];
    return sum / (double)count;
}

/* Hidden layers have variance square / inputs, the last 1 / inputs; biases 0. */
static void begins_as_it_says(const char *sizes) {
    static const char *const ACTIVATION[] = {"relu", "tanh", "sigmoid", "none"};
    Arena *arena = arena_new();
    for (size_t i = 0; i < 2 * COUNT_OF(ACTIVATION); i++) {
        const bool orthogonal = i % 2;
        const char *spec =
            text_print(arena, "%s, activation=%s, init=%s)", sizes, ACTIVATION[i / 2],
                       orthogonal ? "orthogonal" : "he");
        const Net *net = build(arena, spec, "none", net_of_images(1, 5, 6, 10), 2);
        double *w = TAKE(arena, double, net->weights);
        net_initialize(net, w, NULL, 7);
        for (size_t k = 0; k < net->params; k++) {
            const NetParam *p = &net->param[k];
            const double *value = w + p->offset;
            const double square = k + 2 < net->params && i / 2 == 0 ? 2.0 : 1.0;
            if (p->normalizer) continue;
            if (p->shape.rank == 1) {
                assert_near(square_of(value, p->count), 0.0, 0.0);
                continue;
            }
            const size_t K = p->shape.size[0], C = p->count / K;
            const double few = (double)(orthogonal && K > C ? K : C);
            if (orthogonal) assert_orthogonal(value, K, C, square);
            assert_near(p->std, sqrt(square / few), EPS);
            assert_near(square_of(value, p->count) / (square / few), 1.0,
                        5 * sqrt(2 / (double)p->count)); /* five standard errors */
        }
    }
    arena_free(arena);
}

static void mlp_begins_as_it_says(void **state) {
    (void)state;
    begins_as_it_says("mlp(depth=4, width=40");
}

static void plain_begins_as_it_says(void **state) {
    (void)state;
    begins_as_it_says("plain(depth=5, width=12");
    begins_as_it_says("plain(depth=5, width=40, kernel=1, growth=1");
}

/* A deep linear network of square orthogonal layers keeps the length of what it sees. */
static void orthogonal_layers_keep_lengths(void **state) {
    (void)state;
    enum { W = 24, DEPTH = 60 };
    Arena *arena = arena_new();
    const char *spec = text_print(
        arena, "mlp(depth=%d, width=%d, activation=none, init=orthogonal)", DEPTH, W);
    const NetFace face = {
        .inputs = 1, .input = {{.name = "number", .shape = SHAPE_OF(W)}}, .outputs = W};
    Setting s = random_setting(arena, spec, "none", face, 1);
    net_initialize(s.net, s.weights, s.state, 5);
    const double *z = run(arena, &s, NULL, NULL);
    assert_near(square_of(z, W) / square_of(s.x, W), 1.0, 64 * DEPTH * EPS);
    arena_free(arena);
}

/* The same of 1 x 1 convolutions: what each position is, is turned and no more, and the mean over
 * positions of one that is everywhere is it. */
static void orthogonal_filters_keep_lengths(void **state) {
    (void)state;
    enum { W = 24, DEPTH = 62, L = 6 };
    Arena *arena = arena_new();
    const char *spec =
        text_print(arena,
                   "plain(depth=%d, width=%d, kernel=1, stride=1, growth=1, "
                   "activation=none, init=orthogonal)",
                   DEPTH, W);
    Setting s = random_setting(arena, spec, "none", net_of_images(W, 2, 3, W), 1);
    for (size_t c = 0; c < W; c++)
        for (size_t l = 1; l < L; l++) s.x[c * L + l] = s.x[c * L];
    net_initialize(s.net, s.weights, s.state, 5);
    const double *z = run(arena, &s, NULL, NULL);
    assert_near(square_of(z, W) / square_of(s.x, W * L), 1.0, 64 * DEPTH * EPS);
    arena_free(arena);
}

/* Without neighbours and strides positions may stand in any order, whatever normalizes. */
static void positions_of_1x1_have_no_order(void **state) {
    (void)state;
    static const char *const NORM[] = {"batch", "layer", "instance", "group(2)", "none"};
    enum { N = 3, C = 2, L = 12 };
    for (size_t i = 0; i < COUNT_OF(NORM); i++) {
        Arena *arena = arena_new();
        Setting s = random_setting(
            arena, "plain(depth=8, width=4, kernel=1, stride=1, activation=tanh)",
            NORM[i], net_of_images(C, 3, 4, 5), N);
        const double *before = run(arena, &s, NULL, NULL);
        double *moved = TAKE(arena, double, N *C *L);
        for (size_t k = 0; k < N * C * L; k++)
            moved[k / L * L + (5 * (k % L) + 7) % L] = s.x[k];
        s.x = moved;
        const double *after = run(arena, &s, NULL, NULL);
        for (size_t k = 0; k < N * 5; k++) assert_near(after[k], before[k], 1e-12);
        arena_free(arena);
    }
}

/* Of one position it is a perceptron without biases, normalized alike. */
static void plain_of_one_position_is_mlp(void **state) {
    (void)state;
    enum { W = 5, N = 4 };
    Arena *arena = arena_new();
    const NetFace face = net_of_images(W, 1, 1, 3);
    const Setting a = random_setting(
                      arena,
                      "plain(depth=5, width=5, kernel=1, growth=1, activation=sigmoid)",
                      "batch", face, N),
                  b = random_setting(arena, "mlp(depth=5, width=5, activation=sigmoid)",
                                     "batch", face, N);
    for (size_t i = 0, k = 0; i < b.net->params; i++) {
        const NetParam *to = &b.net->param[i];
        const bool hidden = i + 2 < b.net->params;
        if (hidden && strstr(to->name, ".linear.bias")) {
            memset(b.weights + to->offset, 0, to->count * sizeof *b.weights);
            continue;
        }
        const NetParam *from = &a.net->param[k++];
        assert_int_equal(from->count, to->count);
        memcpy(b.weights + to->offset, a.weights + from->offset,
               to->count * sizeof *b.weights);
    }
    const double *z = run(arena, &a, NULL, NULL), *y = run(arena, &b, NULL, NULL);
    for (size_t k = 0; k < N * 3; k++) assert_near(z[k], y[k], 1e-13);
    arena_free(arena);
}

/* ---- what specs say -------------------------------------------------------------- */

static void spelling(void **state) {
    (void)state;
    static const char *const FORMS[][2] = {
        {"plain", "plain(depth=20, width=16)"},
        {"plain(stem_stride=2, width=4, depth=5)",
         "plain(depth=5, width=4, stem_stride=2)"},
        {"plain(weights=standardized)",
         "plain(depth=20, width=16, weights=standardized)"},
        {"plain(growth=2, kernel=3, stride=2, activation=relu, init=he)",
         "plain(depth=20, width=16)"},
        {"plain(init=orthogonal, growth=1, stride=1, kernel=1, width=192, depth=14)",
         "plain(depth=14, width=192, kernel=1, stride=1, growth=1, init=orthogonal)"},
        {"mlp", "mlp(depth=3, width=100)"},
        {"mlp(init=he, activation=relu)", "mlp(depth=3, width=100)"},
        {"mlp:init=orthogonal:activation=tanh",
         "mlp(depth=3, width=100, activation=tanh, init=orthogonal)"},
        {"linear", "linear"},
        {"linear(weights=plain)", "linear"},
        {"linear(weights=normalized)", "linear(weights=normalized)"}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(FORMS); i++) {
        BaseError error = {.set = false};
        const char *once = net_canonical(arena, FORMS[i][0], &error);
        assert_string_equal(once, FORMS[i][1]);
        assert_string_equal(net_canonical(arena, once, &error), once);
    }
    arena_free(arena);
}

static void each_mistake_is_named(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t at;
        const char *says;
    } WRONG[] = {
        {"plain(depth=6)", 12, "depth should be 3n+2 (5, 8, 11, 14, 17, 20...), not 6"},
        {"plain(depth=2)", 12, "depth should be 3n+2"},
        {"plain(depth=1205)", 12, "depth should be at most 1202, not 1205"},
        {"plain(dilation=2)", 6, "'plain' has no option 'dilation'"},
        {"plain(kernel=2)", 13, "kernel should be 1 or 3, not 2"},
        {"plain(kernel=5)", 13, "kernel should be at most 3, not 5"},
        {"plain(stride=3)", 13, "stride should be at most 2, not 3"},
        {"plain(growth=0)", 13, "growth should be a whole number from 1 on, not '0'"},
        {"mlp(depth=0)", 10, "depth should be a whole number from 1 on, not '0'"},
        {"mlp(width=1025)", 10, "width should be at most 1024, not 1025"},
        {"mlp(activation=rely)", 15,
         "activation should be relu, tanh, sigmoid or none, not 'rely', did you mean "
         "'relu'?"},
        {"mlp(init=xavier)", 9, "init should be he or orthogonal, not 'xavier'"},
        {"mlp(init=he(2))", 9, "init should be he or orthogonal"},
        {"mlp(stem_stride=2)", 4, "'mlp' has no option 'stem_stride'"},
        {"linear(depth=2)", 7, "'linear' has no option 'depth'"},
        {"linaer", 0,
         "no network 'linaer', did you mean 'linear'?; there are resnet, plain, mlp"}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        BaseError error = {.set = false};
        assert_null(net_canonical(arena, WRONG[i].text, &error));
        if (error.at != WRONG[i].at || strstr(error.message, WRONG[i].says) == NULL)
            fail_msg("%s: at %zu, %s", WRONG[i].text, error.at, error.message);
    }
    arena_free(arena);
}

static void an_option_without_effect_is_refused(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const NetFace face = net_of_images(1, 4, 4, 2);
    const NetNorms none = {.all = "none"};
    assert_null(net_new(arena, "mlp(weights=standardized)", none, face, 2, &error));
    assert_string_equal(error.message,
                        "weights=standardized are of convolutions, and mlp has none");
    build(arena, "mlp(weights=normalized)", "none", face, 2);
    build(arena, "plain(weights=standardized)", "none", face, 2);
    arena_free(arena);
}

/* An example is canonical, and what a usage begins with is its name. */
static void registry(void **state) {
    (void)state;
    size_t count;
    Arena *arena = arena_new();
    const NetKind *const *kind = net_kinds(&count);
    for (size_t i = 0; i < count; i++) {
        const char *name = net_name(kind[i]);
        BaseError error = {.set = false};
        assert_string_equal(net_canonical(arena, net_example(kind[i]), &error),
                            net_example(kind[i]));
        assert_int_equal(strncmp(net_usage(kind[i]), name, strlen(name)), 0);
        assert_true(strlen(net_title(kind[i])) > 10);
        for (size_t k = 0; k < i; k++) assert_string_not_equal(name, net_name(kind[k]));
    }
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(oracle, plain_in_plain_loops),
    CASE(oracle, mlp_in_plain_loops),
    CASE(oracle, linear_is_softmax_regression),
    CASE(oracle, unet_in_plain_loops),
    CASE(theorem, mlp_of_depth_1_is_linear),
    CASE(theorem, plain_is_resnet_without_shortcuts),
    CASE(theorem, any_image_fits),
    CASE(theorem, any_text_fits),
    CASE(theorem, numbers_are_seen),
    CASE(theorem, plain_of_one_position_is_mlp),
    CASE(theorem, positions_of_1x1_have_no_order),
    CASE(theorem, mlp_begins_as_it_says),
    CASE(theorem, plain_begins_as_it_says),
    CASE(theorem, orthogonal_layers_keep_lengths),
    CASE(theorem, orthogonal_filters_keep_lengths),
    CASE(example, unet_counted_by_hand),
    CASE(example, spelling),
    CASE(example, each_mistake_is_named),
    CASE(fault, an_option_without_effect_is_refused),
    CASE(theorem, registry),
};

HARNESS_MAIN("net_kinds", CASES)
