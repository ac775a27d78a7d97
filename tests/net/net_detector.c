/* The detector's pyramid and head in plain loops, on the stages of the residual network that it has; what
 * its levels share, and what they do not. */
#include "harness.h"
#include "resnet.h"
#include "text.h"

#include <math.h>
#include <string.h>

enum { N = 2, WIDTH = 2, WIDE = 2 * WIDTH, OUTPUTS = 3, DEPTH = 8, SEED = 5 };

static const NetNorms NONE = {.all = "none"}, BATCH = {.all = "batch"};

static const Net *good(Arena *arena, const NetKind *kind, const char *text,
                       NetNorms norms, NetFace face) {
    BaseError error = {.set = false};
    const Net *net = net_of_kind(arena, kind, text, norms, face, N, &error);
    if (net == NULL) fail_msg("%s: %s", text, error.message);
    return net;
}

static double *normals(Arena *arena, uint64_t sample, size_t count) {
    double *v = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++)
        v[i] = draw_normal((Draw){SEED, DRAW_TEST, 0, sample}, i);
    return v;
}

static const NetParam *param(const Net *net, const char *name) {
    for (size_t i = 0; i < net->params; i++)
        if (strcmp(net->param[i].name, name) == 0) return &net->param[i];
    return NULL;
}

/* ---- plain loops ------------------------------------------------------------------------ */

typedef struct Map {
    size_t C, H, W;
    double *value; /* [N, C, H, W] */
} Map;

static Map map_of(Arena *arena, size_t C, size_t H, size_t W) {
    return (Map){C, H, W, ZERO(arena, double, N *C *H *W)};
}

static double *at(const Map *m, size_t n, size_t c, size_t h, size_t w) {
    return &m->value[((n * m->C + c) * m->H + h) * m->W + w];
}

/* By odd filters [K, C, R, R], as large as before. */
static Map conv(Arena *arena, Map x, const double *w, size_t K, size_t R) {
    Map y = map_of(arena, K, x.H, x.W);
    for (size_t i = 0; i < N * K * x.H * x.W; i++) {
        const size_t column = i % x.W, row = i / x.W % x.H, k = i / x.W / x.H % K,
                     n = i / x.W / x.H / K;
        for (size_t c = 0; c < x.C; c++)
            for (size_t r = 0; r < R; r++)
                for (size_t s = 0; s < R; s++) {
                    const size_t h = row + r - R / 2, v = column + s - R / 2;
                    if (h < x.H && v < x.W) /* less than 0 is large */
                        y.value[i] +=
                            w[((k * x.C + c) * R + r) * R + s] * *at(&x, n, c, h, v);
                }
    }
    return y;
}

static void add_coarser(Map y, Map coarser) {
    for (size_t i = 0; i < N * y.C * y.H * y.W; i++)
        y.value[i] += *at(&coarser, i / y.W / y.H / y.C, i / y.W / y.H % y.C,
                          i / y.W % y.H / 2, i % y.W / 2);
}

static void relu(Map y) {
    for (size_t i = 0; i < N * y.C * y.H * y.W; i++) y.value[i] = fmax(y.value[i], 0.0);
}

typedef struct Own {
    Arena *arena;
    const Net *net;
    const double *weights;
} Own;

static const double *weight(const Own *own, const char *name) {
    const NetParam *p = param(own->net, name);
    if (p == NULL) fail_msg("no parameter '%s'", name);
    return own->weights + p->offset;
}

/* What a level says. */
static Map through_head(const Own *own, Map x, size_t convs) {
    for (size_t i = 0; i < convs; i++) {
        const char *name = text_print(own->arena, "head.conv%zu.weight", i + 1);
        x = conv(own->arena, x, weight(own, name), WIDE, 3);
        relu(x);
    }
    Map y = conv(own->arena, x, weight(own, "head.linear.weight"), OUTPUTS, 1);
    const double *bias = weight(own, "head.linear.bias");
    for (size_t i = 0; i < N * OUTPUTS * y.H * y.W; i++)
        y.value[i] += bias[i / y.W / y.H % OUTPUTS];
    return y;
}

/* Any; a normalizer that does nothing has gamma 1 and beta 0. */
static double *plain_weights(Arena *arena, const Net *net) {
    double *weights = normals(arena, 2, net->weights);
    for (size_t i = 0; i < net->params; i++)
        for (size_t k = 0; net->param[i].normalizer && k < net->param[i].count; k++)
            weights[net->param[i].offset + k] = net->param[i].role == NORM_PARAM_SCALE;
    return weights;
}

/* ---- on the network's own stages ---------------------------------------------------------- */

static void give_stages(Layers *l, const size_t *option) {
    TapeNode *stage[RESNET_STAGES];
    (void)option;
    resnet_stages(l, DEPTH, WIDTH, 1, stage);
    for (size_t s = 0; s < RESNET_STAGES; s++)
        layers_output(l, ((const char *[]){"one", "two", "three"})[s], stage[s]);
}

static const NetKind STAGES = {.name = "stages", .run = give_stages};

static TapeNode *input_of(Tape *tape, NetFace face, const double *x) {
    const size_t *size = face.input[0].shape.size;
    return tape_leaf(tape, SHAPE_OF(N, size[0], size[1], size[2]), x);
}

/* The stages of a network with these weights, by the same names. */
static void run_stages(const Own *own, Tape *tape, const double *x, TapeNode **stage) {
    const Net *net = good(own->arena, &STAGES, "stages", NONE, own->net->face);
    double *weights = TAKE(own->arena, double, net->weights);
    for (size_t i = 0; i < net->params; i++)
        memcpy(weights + net->param[i].offset, weight(own, net->param[i].name),
               net->param[i].count * sizeof *weights);
    const NetPass pass = {.tape = tape, .weights = weights};
    TapeNode *in = input_of(tape, net->face, x);
    net_run(net, &pass, &in, stage);
}

static Map as_map(const TapeNode *x) {
    return (Map){x->shape.size[1], x->shape.size[2], x->shape.size[3], x->value};
}

static void restate(size_t H, size_t W, size_t levels, size_t convs) {
    Arena *arena = arena_new();
    Tape *tape = tape_new(arena);
    const NetFace face = net_of_images(2, H, W, OUTPUTS);
    const Net *net =
        good(arena, NULL,
             text_print(arena, "detector(depth=8, width=2, levels=%zu, head=%zu)", levels,
                        convs),
             NONE, face);
    const double *x = normals(arena, 1, N * 2 * H * W);
    const Own own = {arena, net, plain_weights(arena, net)};
    const NetPass pass = {.tape = tape, .weights = own.weights};
    TapeNode *in = input_of(tape, face, x), *out[NET_MOST_ENDS], *stage[RESNET_STAGES];
    net_run(net, &pass, &in, out);
    run_stages(&own, tape, x, stage);
    assert_int_equal(net->outputs, levels);
    Map coarser = {0};
    for (size_t k = levels; k-- > 0;) {
        const char *name = text_print(arena, "pyramid.level%zu", k + 1);
        Map y = conv(arena, as_map(stage[RESNET_STAGES - levels + k]),
                     weight(&own, text_print(arena, "%s.lateral.weight", name)), WIDE, 1);
        if (coarser.value) add_coarser(y, coarser);
        coarser = y;
        y = conv(arena, y, weight(&own, text_print(arena, "%s.conv.weight", name)), WIDE,
                 3);
        y = through_head(&own, y, convs);
        assert_true(shape_equal(out[k]->shape, SHAPE_OF(N, OUTPUTS, y.H, y.W)));
        double largest = 0;
        for (size_t i = 0; i < N * OUTPUTS * y.H * y.W; i++)
            largest = fmax(largest, fabs(y.value[i]));
        for (size_t i = 0; i < N * OUTPUTS * y.H * y.W; i++)
            assert_near(out[k]->value[i], y.value[i], 1e-13 * largest);
    }
    arena_free(arena);
}

/* Odd sides, too, where what comes from the coarser level is larger. */
static void pyramid_and_head_in_plain_loops(void **state) {
    (void)state;
    restate(8, 8, 2, 2);
    restate(7, 10, 3, 1);
    restate(9, 5, 1, 3);
}

/* ---- what is shared ------------------------------------------------------------------------ */

static size_t with_words(const Net *net, const char *begin, const char *end) {
    size_t count = 0;
    for (size_t i = 0; i < net->params; i++) {
        const char *name = net->param[i].name, *last = strrchr(name, '.') + 1;
        count += strncmp(name, begin, strlen(begin)) == 0 && strcmp(last, end) == 0;
    }
    return count;
}

/* Filters once for all levels; a normalizer for each, which observes its own level. */
static void levels_share_filters_and_no_moments(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Tape *tape = tape_new(arena);
    const NetFace face = net_of_images(2, 16, 16, OUTPUTS);
    const Net *net =
        good(arena, NULL, "detector(depth=8, width=2, levels=3)", BATCH, face);
    assert_int_equal(with_words(net, "head.", "weight"), 3);
    assert_int_equal(with_words(net, "head.", "gamma"), 6);
    double *observed = ZERO(arena, double, net->states),
           *weights = TAKE(arena, double, net->weights);
    net_initialize(net, weights, TAKE(arena, double, net->states), SEED);
    const NetPass pass = {.tape = tape, .weights = weights, .observed = observed};
    TapeNode *in = input_of(tape, face, normals(arena, 1, N * 2 * 256)),
             *out[NET_MOST_ENDS];
    net_run(net, &pass, &in, out);
    const double *of[4];
    size_t heads = 0;
    for (size_t i = 0; i < net->norms; i++)
        if (strncmp(net->norm[i].name, "head.", 5) == 0 &&
            strstr(net->norm[i].name, "norm1"))
            of[heads++] = observed + net->norm[i].state;
    assert_int_equal(heads, 3);
    for (size_t a = 0; a < 3; a++)
        for (size_t b = a + 1; b < 3; b++)
            for (size_t c = 0; c < WIDE; c++) assert_true(of[a][c] != of[b][c]);
    arena_free(arena);
}

/* The names of a residual network's parts, shapes too: a detector begins with a classifier's. */
static void stages_are_those_of_resnet(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const NetFace face = net_of_images(3, 16, 16, OUTPUTS);
    const Net *net = good(arena, NULL, "detector(depth=14, width=4, stem_stride=2)",
                          BATCH, face),
              *of = good(arena, NULL, "resnet(depth=14, width=4, stem_stride=2)", BATCH,
                         face);
    size_t other = 0;
    for (size_t i = 0; i < of->params; i++) {
        const NetParam *same = param(net, of->param[i].name);
        other += same == NULL;
        if (same) assert_true(shape_equal(same->shape, of->param[i].shape));
    }
    assert_int_equal(other, 2); /* linear.weight, linear.bias */
    arena_free(arena);
}

/* Moments that are held may be those that batch normalization kept under the same place. */
static void frozen_begins_with_the_moments_of_batch(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    NetTaken taken;
    const NetFace face = net_of_images(3, 16, 16, OUTPUTS);
    const NetNorms frozen = {.all = "frozen(batch, from=0)"};
    const Net *net = good(arena, NULL, "detector(depth=8, width=2)", frozen, face);
    const double *mean = normals(arena, 1, WIDTH), *other = normals(arena, 2, WIDTH);
    const NetTensor plain[] = {
        {"stem_norm.running_mean", true, SHAPE_OF(WIDTH), mean},
        {"stem_norm.part1.running_mean", true, SHAPE_OF(WIDTH), other}};
    double *kept = ZERO(arena, double, net->states);
    for (size_t count = 1; count <= 2; count++) { /* its own name comes first */
        assert_true(net_take(arena, net, NULL, kept, plain, count, &taken, &error));
        assert_int_equal(taken.count, 1);
        assert_string_equal(net->norm[0].name, "stem_norm");
        assert_memory_equal(kept + net->norm[0].state, count == 1 ? mean : other,
                            WIDTH * sizeof *mean);
        assert_null(strstr(taken.lacking, "stem_norm.part1.running_mean"));
    }
    arena_free(arena);
}

static const Case cases[] = {
    CASE(theorem, levels_share_filters_and_no_moments),
    CASE(theorem, stages_are_those_of_resnet),
    CASE(theorem, frozen_begins_with_the_moments_of_batch),
    CASE(oracle, pyramid_and_head_in_plain_loops),
};

HARNESS_MAIN("net_detector", cases)
