/* Weights that are standardized or normalized: value and gradient restated in plain loops,
 * what they do not see, and how a network with them begins. */
#include "harness.h"

#include "net.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define EPS DBL_EPSILON

enum { N = 2, C = 3, H = 5, W = 4, K = 4, R = 3, FAN = C * R * R };

enum { CHANNELS = 2, HEIGHT = 7, WIDTH = 6, CLASSES = 3 };

static double *normals(Arena *arena, uint64_t sample, size_t count, double scale) {
    Draw draw = {.seed = 5, .purpose = DRAW_TEST, .sample = sample};
    double *value = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) value[i] = scale * draw_normal(draw, i);
    return value;
}

static const NetWeights *kind_named(const char *name) {
    size_t count, i = 0;
    const NetWeights *kind = net_weights(&count);
    while (i < count && strcmp(kind[i].name, name) != 0) i++;
    assert_true(i < count);
    return &kind[i];
}

/* ---- plain loops ----------------------------------------------------------------- */

/* y[n,k,h,w] = sum x[n,c,h+i-1,w+j-1] w[k,c,i,j]; with dy given, dw of <dy, y> instead. */
static void plain_conv(const double *x, const double *w, double *y, const double *dy,
                       double *dw) {
    for (size_t at = 0; at < N * K * H * W * FAN; at++) {
        const size_t f = at % FAN, place = at / FAN, h = place / W % H, l = place % W;
        const size_t k = place / (H * W) % K, n = place / (K * H * W), c = f / (R * R);
        const long row = (long)(h + f / R % R) - 1, column = (long)(l + f % R) - 1;
        if (row < 0 || column < 0 || row >= H || column >= W) continue;
        const double seen = x[((n * C + c) * H + (size_t)row) * W + (size_t)column];
        if (dy)
            dw[k * FAN + f] += dy[place] * seen;
        else
            y[place] += w[k * FAN + f] * seen;
    }
}

/* One row: w, and from dw: dv, dg. */
typedef struct Row {
    double w[FAN], dv[FAN], dg;
} Row;

static Row plain_standardized(const double *v, const double *dw) {
    Row r = {.dg = 0};
    double mean = 0, variance = 0, sum = 0, along = 0;
    for (size_t i = 0; i < FAN; i++) mean += v[i] / FAN;
    for (size_t i = 0; i < FAN; i++) variance += (v[i] - mean) * (v[i] - mean) / FAN;
    const double std = sqrt(variance + 1e-6);
    for (size_t i = 0; i < FAN; i++) r.w[i] = (v[i] - mean) / std;
    for (size_t i = 0; i < FAN; i++) sum += dw[i] / FAN, along += dw[i] * r.w[i] / FAN;
    for (size_t i = 0; i < FAN; i++) r.dv[i] = (dw[i] - sum - r.w[i] * along) / std;
    return r;
}

/* Salimans and Kingma 2016, (3): dg = <dw, v> / |v|, dv = g / |v| (dw - dg v / |v|). */
static Row plain_normalized(const double *v, const double *dw, double g) {
    Row r = {.dg = 0};
    double square = 0;
    for (size_t i = 0; i < FAN; i++) square += v[i] * v[i];
    const double length = sqrt(square);
    for (size_t i = 0; i < FAN; i++) r.w[i] = g * v[i] / length;
    for (size_t i = 0; i < FAN; i++) r.dg += dw[i] * v[i] / length;
    for (size_t i = 0; i < FAN; i++)
        r.dv[i] = g / length * (dw[i] - r.dg * v[i] / length);
    return r;
}

/* A convolution with such weights: y, dv and dg. */
static void restate(const char *name) {
    Arena *arena = arena_new();
    const NetWeights *kind = kind_named(name);
    const bool gain = kind->gain;
    const double *x = normals(arena, 1, N * C * H * W, 1.0),
                 *v = normals(arena, 2, K * FAN, 0.3), *g = normals(arena, 3, K, 1.0),
                 *dy = normals(arena, 4, N * K * H * W, 1.0);
    double *dv = ZERO(arena, double, K *FAN), *dg = ZERO(arena, double, K);
    Tape *tape = tape_new(arena);
    TapeNode *weight =
        kind->apply(tape, tape_parameter(tape, SHAPE_OF(K, C, R, R), v, dv),
                    gain ? tape_parameter(tape, SHAPE_OF(K), g, dg) : NULL);
    TapeNode *y =
        tape_conv2d(tape, tape_leaf(tape, SHAPE_OF(N, C, H, W), x), weight, 1, 1);
    tape_backward(tape, y, dy);

    double *want = ZERO(arena, double, N *K *H *W), *dw = ZERO(arena, double, K *FAN),
           *w = TAKE(arena, double, K *FAN);
    plain_conv(x, NULL, NULL, dy, dw);
    for (size_t k = 0; k < K; k++) {
        Row row = gain ? plain_normalized(v + k * FAN, dw + k * FAN, g[k])
                       : plain_standardized(v + k * FAN, dw + k * FAN);
        memcpy(w + k * FAN, row.w, sizeof row.w);
        for (size_t i = 0; i < FAN; i++)
            assert_near(dv[k * FAN + i], row.dv[i], 1e4 * EPS);
        assert_near(dg[k], row.dg, 1e3 * EPS);
    }
    plain_conv(x, w, want, NULL, NULL);
    for (size_t i = 0; i < N * K * H * W; i++)
        assert_near(y->value[i], want[i], 1e3 * EPS);
    arena_free(arena);
}

static void standardized_in_plain_loops(void **state) {
    (void)state;
    restate("standardized");
}

static void normalized_in_plain_loops(void **state) {
    (void)state;
    restate("normalized");
}

/* ---- what a network with them does not see --------------------------------------- */

typedef struct Setting {
    const Net *net;
    double *weights, *state, *x, *gradient;
} Setting;

static const Net *network(Arena *arena, const char *spec, const char *norm,
                          BaseError *error) {
    return net_new(arena, spec, (NetNorms){.all = norm},
                   net_of_images(CHANNELS, HEIGHT, WIDTH, CLASSES), N, error);
}

static Setting setting(Arena *arena, const char *spec) {
    BaseError error = {.set = false};
    Setting s = {.net = network(arena, spec, "group(2)", &error)};
    if (s.net == NULL) fail_msg("%s: %s", spec, error.message);
    s.weights = TAKE(arena, double, s.net->weights);
    s.state = TAKE(arena, double, s.net->states);
    s.gradient = ZERO(arena, double, s.net->weights);
    s.x = normals(arena, 7, N * CHANNELS * HEIGHT * WIDTH, 1.0);
    net_initialize(s.net, s.weights, s.state, 3);
    for (size_t i = 0; i < s.net->params; i++) /* nothing is hidden behind gamma = 0 */
        for (size_t k = 0; s.net->param[i].normalizer && k < s.net->param[i].count; k++)
            s.weights[s.net->param[i].offset + k] += 0.5;
    return s;
}

static const double *logits(Arena *arena, Setting *s) {
    static const uint8_t label[N] = {2, 0};
    Tape *tape = tape_new(arena);
    NetPass pass = {.tape = tape, .weights = s->weights, .gradient = s->gradient};
    Shape images = SHAPE_OF(N, CHANNELS, HEIGHT, WIDTH);
    TapeNode *z = net_run_one(s->net, &pass, tape_leaf(tape, images, s->x));
    tape_backward(tape, tape_cross_entropy(tape, z, label), NULL);
    return z->value;
}

static bool has_filters(const NetParam *p) {
    return p->shape.rank == 4;
}

static bool has_rows(const NetParam *p) {
    return p->shape.rank == 4 || p->shape.rank == 2;
}

/* Twice a row is the same direction: the same bits; and no gradient goes along it. */
static void lengths_of_normalized_rows_are_free(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Setting s = setting(arena, "resnet(depth=8, width=2, weights=normalized)");
    const double *before = logits(arena, &s);
    size_t rows = 0;
    for (size_t i = 0; i < s.net->params; i++) {
        const NetParam *p = &s.net->param[i];
        const size_t fan = p->count / p->shape.size[0];
        for (size_t k = 0; has_rows(p) && k < p->shape.size[0]; k++, rows++) {
            double along = 0, size = 0, *v = s.weights + p->offset + k * fan;
            const double *dv = s.gradient + p->offset + k * fan;
            for (size_t j = 0; j < fan; j++) {
                along += v[j] * dv[j], size += fabs(v[j] * dv[j]);
                v[j] *= k % 2 ? 4.0 : 0.5;
            }
            assert_near(along, 0.0, 1e4 * EPS * (size + 1e-2));
        }
    }
    assert_true(rows > 30);
    const double *after = logits(arena, &s);
    assert_memory_equal(before, after, N * CLASSES * sizeof *before);
    arena_free(arena);
}

/* A filter's mean is not seen, and its size only as eps is: a change of 2 below eps /
 * variance. The last layer is as it is. */
static void means_of_standardized_filters_are_free(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Setting s = setting(arena, "resnet(depth=8, width=2, weights=standardized)");
    const double *before = logits(arena, &s);
    for (size_t i = 0; i < s.net->params; i++) {
        const NetParam *p = &s.net->param[i];
        const size_t fan = p->count / p->shape.size[0];
        for (size_t k = 0; has_filters(p) && k < p->shape.size[0]; k++) {
            double sum = 0, size = 0, *v = s.weights + p->offset + k * fan;
            const double *dv = s.gradient + p->offset + k * fan;
            for (size_t j = 0; j < fan; j++) {
                sum += dv[j], size += fabs(dv[j]);
                v[j] += 0.25 * (double)(k + 1);
            }
            assert_near(sum, 0.0, 1e4 * EPS * (size + 1e-2));
        }
    }
    const double *moved = logits(arena, &s);
    for (size_t i = 0; i < N * CLASSES; i++) assert_near(moved[i], before[i], 1e5 * EPS);
    for (size_t i = 0; i < s.net->params; i++) {
        const NetParam *p = &s.net->param[i];
        for (size_t k = 0; has_filters(p) && k < p->count; k++)
            s.weights[p->offset + k] *= 2.0;
    }
    const double *larger = logits(arena, &s);
    for (size_t i = 0; i < N * CLASSES; i++) assert_near(larger[i], before[i], 1e-3);
    arena_free(arena);
}

/* ---- how it begins --------------------------------------------------------------- */

static const NetParam *find(const Net *net, const char *name) {
    for (size_t i = 0; i < net->params; i++)
        if (strcmp(net->param[i].name, name) == 0) return &net->param[i];
    return NULL;
}

/* Same draws, and gains that change nothing: the bits of the plain network. */
static void normalized_begins_as_plain(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Setting plain = setting(arena, "resnet(depth=8, width=2)"),
            own = setting(arena, "resnet(depth=8, width=2, weights=normalized)");
    size_t gains = 0;
    for (size_t i = plain.net->params; i < own.net->params; i++) {
        const NetParam *gain = &own.net->param[i];
        assert_non_null(strstr(gain->name, ".gain"));
        assert_true(gain->decayed && !gain->normalizer);
        gains += gain->count;
    }
    assert_int_equal(own.net->weights, plain.net->weights + gains);
    assert_int_equal(find(own.net, "stem.gain")->count, 2);
    assert_int_equal(find(own.net, "linear.gain")->count, CLASSES);
    assert_memory_equal(own.weights, plain.weights,
                        plain.net->weights * sizeof *plain.weights);
    assert_memory_equal(logits(arena, &own), logits(arena, &plain),
                        N * CLASSES * sizeof(double));
    arena_free(arena);
}

static void spelling(void **state) {
    (void)state;
    static const char *const FORMS[][2] = {
        {"resnet(weights=plain)", "resnet(depth=20, width=16)"},
        {"resnet(weights=standardized, depth=8)",
         "resnet(depth=8, width=16, weights=standardized)"},
        {"resnet:weights=normalized:stem_stride=2",
         "resnet(depth=20, width=16, stem_stride=2, weights=normalized)"}};
    static const struct {
        const char *text;
        size_t at;
        const char *says;
    } WRONG[] = {
        {"resnet(weights=standardised)", 15,
         "weights should be plain, standardized or normalized, not 'standardised', did "
         "you mean 'standardized'?"},
        {"resnet(weights=plain(2))", 15, "weights should be plain, standardized"},
        {"resnet(weigths=plain)", 7, "did you mean 'weights'"},
        {"resnet(width=1, weights=standardized)", 0,
         "layer stage2.block1.shortcut: standardized weights of 1 input would be 0"}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(FORMS); i++) {
        BaseError error = {.set = false};
        assert_string_equal(net_canonical(arena, FORMS[i][0], &error), FORMS[i][1]);
        assert_string_equal(net_canonical(arena, FORMS[i][1], &error), FORMS[i][1]);
    }
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        BaseError error = {.set = false};
        assert_null(network(arena, WRONG[i].text, "none", &error));
        if (error.at != WRONG[i].at || strstr(error.message, WRONG[i].says) == NULL)
            fail_msg("%s: at %zu, %s", WRONG[i].text, error.at, error.message);
    }
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(oracle, standardized_in_plain_loops),
    CASE(oracle, normalized_in_plain_loops),
    CASE(theorem, lengths_of_normalized_rows_are_free),
    CASE(theorem, means_of_standardized_filters_are_free),
    CASE(theorem, normalized_begins_as_plain),
    CASE(example, spelling),
};

HARNESS_MAIN("net_weights", CASES)
