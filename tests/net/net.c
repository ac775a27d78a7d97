/* Networks: what they are made of, how they begin, what is refused. */
#include "harness.h"

#include "net.h"
#include "op.h"
#include "text.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define SMALL net_of_images(1, 28, 28, 10)

static const Net *build(Arena *arena, const char *spec, const char *norm, NetFace face,
                        size_t batch) {
    BaseError error = {.set = false};
    const Net *net = net_new(arena, spec, (NetNorms){.all = norm}, face, batch, &error);
    if (net == NULL) fail_msg("%s, %s: %s", spec, norm, error.message);
    return net;
}

static bool ends(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static const NetParam *find(const Net *net, const char *name) {
    for (size_t i = 0; i < net->params; i++)
        if (strcmp(net->param[i].name, name) == 0) return &net->param[i];
    return NULL;
}

/* ---- how normalizers begin: by seed and layer ------------------------------------------ */

static void gates_begin_by_seed_and_layer(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Net *net = build(arena, "resnet(depth=8, width=4)", "mode(2)", SMALL, 4);
    const NetParam *one = find(net, "stem_norm.gate_weight"),
                   *two = find(net, "stage1.block1.norm1.gate_weight");
    double *weights[2];
    for (uint64_t seed = 0; seed < 2; seed++) {
        weights[seed] = TAKE(arena, double, net->weights);
        net_initialize(net, weights[seed], TAKE(arena, double, net->states), seed);
    }
    assert_int_equal(one->count, two->count);
    for (size_t i = 0; i < one->count; i++) {
        assert_true(weights[0][one->offset + i] != weights[1][one->offset + i]);
        assert_true(weights[0][one->offset + i] != weights[0][two->offset + i]);
        assert_true(fabs(weights[0][one->offset + i]) < 0.05);
    }
    arena_free(arena);
}

/* ---- what a network is made of --------------------------------------------------- */

static const char *const NORMS[] = {
    "none",     "batch",    "layer",    "instance",
    "group(2)", "position", "ghost(2)", "batch(gamma=no, beta=no)"};

static void vectors_are_covered_once(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t n = 0; n < COUNT_OF(NORMS); n++) {
        const Net *net = build(arena, "resnet(depth=14, width=4)", NORMS[n], SMALL, 4);
        size_t at = 0, kept = 0;
        for (size_t i = 0; i < net->params; at += net->param[i++].count) {
            const NetParam *p = &net->param[i];
            assert_int_equal(p->offset, at);
            assert_int_equal(p->count, shape_count(p->shape));
            assert_ptr_equal(find(net, p->name), p); /* so that no name occurs twice */
            assert_true(p->decayed && p->least < -DBL_MAX && p->most > DBL_MAX);
        }
        assert_int_equal(at, net->weights);
        for (size_t i = 0; i < net->norms; i++) {
            const NetNorm *part = &net->norm[i];
            assert_int_equal(part->state, kept);
            for (size_t s = 0; s < part->norm->states; s++)
                kept += part->norm->state[s].count;
            for (size_t k = 0; k < part->norm->params; k++) {
                const NetParam *p = &net->param[part->param + k];
                const char *own = part->norm->param[k].name;
                assert_string_equal(p->name, text_print(arena, "%s.%s", part->name, own));
                assert_true(p->normalizer && p->count == part->sees.C);
            }
        }
        assert_int_equal(kept, net->states);
        assert_int_equal(find(net, "stem.weight")->normalizer, false);
    }
    arena_free(arena);
}

static void depth_counts_layers(void **state) {
    (void)state;
    Arena *arena = arena_new();
    static const size_t DEPTH[] = {8, 14, 20, 32};
    for (size_t d = 0; d < COUNT_OF(DEPTH); d++) {
        const char *spec = text_print(arena, "resnet(depth=%zu, width=4)", DEPTH[d]);
        const Net *net = build(arena, spec, "batch", SMALL, 4);
        size_t deep = 0, shortcuts = 0, biases = 0;
        for (size_t i = 0; i < net->params; i++) {
            const char *name = net->param[i].name;
            if (ends(name, "shortcut.weight"))
                shortcuts++;
            else if (ends(name, ".weight"))
                deep++;
            biases += ends(name, ".bias");
        }
        assert_int_equal(deep, DEPTH[d]);
        assert_int_equal(shortcuts, 2);
        assert_int_equal(biases, 1);
        assert_int_equal(net->norms, DEPTH[d] - 1 + 2);
        assert_string_equal(net->spec, spec);
    }
    arena_free(arena);
}

/* place=pre: as many layers, no normalizer of the stem or the shortcuts, and a last one. */
static void pre_counts_layers(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *spec = "resnet(depth=20, width=4, place=pre)";
    const Net *net = build(arena, spec, "batch", SMALL, 4),
              *post = build(arena, "resnet(depth=20, width=4, place=post)", "batch",
                            SMALL, 4);
    assert_string_equal(net->spec, spec);
    assert_string_equal(post->spec, "resnet(depth=20, width=4)");
    assert_int_equal(net->norms, 20 - 2 + 1);
    assert_int_equal(post->norms, 20 - 1 + 2);
    assert_string_equal(net->norm[0].name, "stage1.block1.norm1");
    assert_int_equal(net->norm[6].sees.C, 4); /* before the block that widens */
    assert_string_equal(net->norm[18].name, "last_norm");
    for (size_t i = 0; i < net->params; i++)
        if (ends(net->param[i].name, "gamma"))
            assert_near(net->param[i].initial, 1.0, 0.0);
    arena_free(arena);
}

/* ResNet-20 of width 16 by hand: weights, and multiply-adds at 28x28, 14x14, 7x7. */
static void resnet20_counted_by_hand(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Net *net = build(arena, "resnet(depth=20, width=16)", "group(8)", SMALL, 32);
    const double a = 16 * 16 * 9, b = 4 * a,
                 c = 16 * a; /* 3x3, same width, of the three stages */
    const double stem = 16 * 9, shortcut2 = 16 * 32, shortcut3 = 32 * 64,
                 linear = 64 * 10;
    const double norms = 2.0 * (16 * 7 + 32 * 7 + 64 * 7);
    const double convolutions =
        stem + 6 * a + b / 2 + 5 * b + shortcut2 + c / 2 + 5 * c + shortcut3;
    assert_int_equal(net->weights, (size_t)(convolutions + norms + linear + 10));
    assert_int_equal(net->weights, 272186);
    const double adds = 784 * (stem + 6 * a) + 196 * (b / 2 + 5 * b + shortcut2) +
                        49 * (c / 2 + 5 * c + shortcut3) + linear;
    assert_near(net->flops, 2 * adds, 0.0);
    assert_near(net->flops, 62043904, 0.0);
    const Net *colour = build(arena, "resnet", "none", net_of_images(3, 32, 32, 10), 1);
    assert_int_equal(colour->weights, 272186 + 2 * 144);
    arena_free(arena);
}

static void one_key_swaps_every_normalizer(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t n = 0; n < COUNT_OF(NORMS); n++) {
        const Net *net = build(arena, "resnet(depth=8, width=4)", NORMS[n], SMALL, 4);
        for (size_t i = 0; i < net->norms; i++) {
            assert_string_equal(net->norm[i].norm->spec, NORMS[n]);
            assert_int_equal(net->norm[i].norm->channels, net->norm[i].sees.C);
            assert_int_equal(net->norm[i].sees.N, 1);
        }
        assert_int_equal(net->norms, 9);
        assert_int_equal(net->norm[0].sees.L, 784);
        assert_int_equal(net->norm[8].sees.L, 49);
        assert_int_equal(net->norm[8].sees.C, 16);
    }
    arena_free(arena);
}

/* 13 x 10, halved by the stem: 7 x 5; then 4 x 3 and 2 x 2. */
static void maps_need_not_be_square(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Net *net = build(arena, "resnet(depth=8, width=4, stem_stride=2)", "layer",
                           net_of_images(1, 13, 10, 3), 2);
    static const size_t L[] = {35, 35, 35, 12, 12, 12, 4, 4, 4};
    for (size_t i = 0; i < COUNT_OF(L); i++) assert_int_equal(net->norm[i].sees.L, L[i]);
    const double adds =
        35 * (36 + 2 * 144) + 12 * (288 + 576 + 32) + 4 * (1152 + 2304 + 128) + 48;
    assert_near(net->flops, 2 * adds, 0.0);
    arena_free(arena);
}

/* ---- one text, two readings --------------------------------------------------------- */

static double multiply_adds(const TapeNode *y) {
    const bool conv = y->op && strcmp(y->op->name, "conv2d") == 0,
               linear = y->op && strcmp(y->op->name, "matmul") == 0;
    if (!conv && !linear) return 0;
    const double weight = (double)shape_count(y->in[1]->shape);
    return conv ? weight * (double)(y->shape.size[2] * y->shape.size[3]) : weight;
}

/* What is declared is what runs: outputs' shapes, and every product that is computed. */
static void declared_is_what_runs(void **state) {
    (void)state;
    static const char *const specs[] = {"resnet(depth=8, width=3)",
                                        "resnet(depth=14, width=2, stem_stride=3)",
                                        "resnet(depth=8, width=2, weights=normalized)",
                                        "plain(depth=8, width=3)",
                                        "mlp(depth=4, width=6)",
                                        "linear"};
    enum { N = 3 };
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(specs); i++) {
        const Net *net = build(arena, specs[i], "batch", net_of_images(2, 9, 7, 5), N);
        double *w = TAKE(arena, double, net->weights),
               *s = TAKE(arena, double, net->states),
               *x = ZERO(arena, double, N * 2 * 9 * 7), adds = 0;
        net_initialize(net, w, s, 1);
        NetPass pass = {.tape = tape_new(arena), .weights = w, .state = s};
        const TapeNode *z =
            net_run_one(net, &pass, tape_leaf(pass.tape, SHAPE_OF(N, 2, 9, 7), x));
        assert_int_equal(net->outputs, 1);
        assert_string_equal(net->output[0].name, "logits");
        assert_true(shape_equal(net->output[0].shape, SHAPE_OF(5)));
        assert_true(shape_equal(z->shape, SHAPE_OF(N, 5)));
        for (const TapeNode *y = tape_last(pass.tape); y; y = y->previous)
            adds += multiply_adds(y);
        assert_near(net->flops, 2 * adds, 0.0);
    }
    arena_free(arena);
}

static void inputs_are_named(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *const spec = "resnet(depth=8, width=2)";
    const NetNorms none = {.all = "none"};
    BaseError error = {.set = false};
    NetFace face = {.inputs = 2,
                    .input = {{.name = "number", .shape = SHAPE_OF(3)},
                              {.name = "image", .shape = SHAPE_OF(1, 8, 8)}},
                    .outputs = 4};
    const Net *net = net_new(arena, spec, none, face, 1, &error);
    assert_non_null(net);
    assert_true(shape_equal(net->param[0].shape, SHAPE_OF(2, 1, 3, 3)));
    face.input[1].name = "imago";
    assert_null(net_new(arena, spec, none, face, 1, &error));
    assert_string_equal(error.message,
                        "resnet takes 'image', did you mean 'imago'?; there are "
                        "'number', 'imago'");
    error.set = false;
    face.inputs = 1; /* is taken, whatever its name, and does not fit */
    assert_null(net_new(arena, spec, none, face, 1, &error));
    assert_string_equal(
        error.message, "layer stem: a convolution takes images [N, C, H, W], not [1, 3]");
    error.set = false;
    assert_null(net_new(arena, spec, none, net_of_text(7, 8, 4, false), 1, &error));
    assert_string_equal(error.message, "resnet reads numbers; the text is of symbols");
    arena_free(arena);
}

/* ---- how it begins --------------------------------------------------------------- */

/* Within five standard errors, of n normal draws. */
static void normal_draws(const double *w, size_t n, double std) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += w[i], squares += w[i] * w[i];
    const double count = (double)n;
    assert_near(sum / count, 0.0, 5 * std / sqrt(count));
    assert_near(sqrt(squares / count), std, 5 * std / sqrt(2 * count));
}

static void initial_weights(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Net *net = build(arena, "resnet(depth=14, width=16)", "batch", SMALL, 4);
    double *w = TAKE(arena, double, net->weights), *s = TAKE(arena, double, net->states);
    net_initialize(net, w, s, 3);
    for (size_t i = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        if (p->shape.rank == 4)
            normal_draws(w + p->offset, p->count,
                         sqrt(2.0 / (double)(p->shape.size[1] * p->shape.size[2] *
                                             p->shape.size[3])));
        else if (p->shape.rank == 2)
            normal_draws(w + p->offset, p->count, sqrt(1.0 / 64.0));
        else {
            double want =
                ends(p->name, ".gamma") && !ends(p->name, ".norm2.gamma") ? 1.0 : 0.0;
            for (size_t k = 0; k < p->count; k++)
                assert_near(w[p->offset + k], want, 0.0);
        }
    }
    for (size_t i = 0; i < net->norms; i++) /* running means, then variances */
        for (size_t k = 0, C = net->norm[i].sees.C; k < 2 * C; k++)
            assert_near(s[net->norm[i].state + k], k < C ? 0.0 : 1.0, 0.0);
    arena_free(arena);
}

static void draws_follow_the_seed(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Net *net = build(arena, "resnet(depth=14, width=4)", "layer", SMALL, 4);
    double *w[3];
    for (size_t i = 0; i < 3; i++) {
        w[i] = TAKE(arena, double, net->weights);
        net_initialize(net, w[i], NULL, i == 2 ? 7 : 5);
    }
    assert_memory_equal(w[0], w[1], net->weights * sizeof(double));
    for (size_t i = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        for (size_t k = 0; p->std > 0 && k < p->count; k++)
            assert_true(w[0][p->offset + k] < w[2][p->offset + k] ||
                        w[0][p->offset + k] > w[2][p->offset + k]);
        for (size_t j = 0; p->std > 0 && j < i;
             j++) /* nor do two parameters begin alike */
            if (net->param[j].std > 0)
                assert_true(w[0][p->offset] / p->std !=
                            w[0][net->param[j].offset] / net->param[j].std);
    }
    arena_free(arena);
}

/* ---- what is refused ------------------------------------------------------------- */

typedef struct Refused {
    const char *network, *norm;
    size_t side, batch, at;
    const char *says[5];
} Refused;

static const Refused REFUSED[] = {
    {"resnet(depth=9)", "batch", 8, 4, 13, {"depth should be 6n+2", "not 9"}},
    {"resnet(depth=10)", "batch", 8, 4, 13, {"depth should be 6n+2", "not 10"}},
    {"resnet(depth=2)", "batch", 8, 4, 13, {"depth should be 6n+2", "not 2"}},
    {"resnet(depth=1)", "batch", 8, 4, 13, {"depth should be 6n+2", "not 1"}},
    {"resnet(depth=1208)", "batch", 8, 4, 13, {"depth should be at most 1202, not 1208"}},
    {"resnet(width=0)",
     "batch",
     8,
     4,
     13,
     {"width should be a whole number from 1 on, not '0'"}},
    {"resnet(width=2.5)", "batch", 8, 4, 13, {"width should be a whole number", "'2.5'"}},
    {"resnet(width=1025)", "batch", 8, 4, 13, {"width should be at most 1024, not 1025"}},
    {"resnet(stem_stride=5)",
     "batch",
     8,
     4,
     19,
     {"stem_stride should be at most 4, not 5"}},
    {"resnet(deph=8)",
     "batch",
     8,
     4,
     7,
     {"no option 'deph'", "did you mean 'depth'?", "width=, stem_stride="}},
    {"resnet(8)", "batch", 8, 4, 7, {"does not take '8' here", "depth="}},
    {"resnet(depth=8, depth=14)",
     "batch",
     8,
     4,
     16,
     {"depth= of 'resnet' is given twice"}},
    {"resnet(depth=group(2))",
     "batch",
     8,
     4,
     13,
     {"depth should be a plain value, not 'group(...)'"}},
    {"resent(depth=8)",
     "batch",
     8,
     4,
     0,
     {"no network 'resent', did you mean 'resnet'?", "there are resnet, plain, "}},
    {"resnet | resnet", "batch", 8, 4, 0, {"no network 'chain'"}},
    {"resnet(depth=8", "batch", 8, 4, 14, {")"}},
    {"", "batch", 8, 4, 0, {""}},
    {"resnet(depth=8, width=4)",
     "group(3)",
     8,
     4,
     0,
     {"layer stem_norm:", "in 'group(3)' at byte 6", "3 groups do not divide 4 channels",
      "1, 2, 4"}},
    {"resnet(depth=8, width=4)",
     "group(size=8)",
     8,
     4,
     0,
     {"layer stem_norm:", "8 channels in a group do not divide 4 channels", "1, 2, 4"}},
    {"resnet(depth=8, width=4)",
     "ghost(4)",
     8,
     6,
     0,
     {"layer stem_norm:", "blocks of 4 samples do not divide a batch of 6",
      "1, 2, 3, 6"}},
    {"resnet(depth=8, width=4)",
     "grup(2)",
     8,
     4,
     0,
     {"layer stem_norm:", "no normalizer 'grup', did you mean 'group'?"}},
    {"resnet(depth=8, width=4)",
     "batch",
     4,
     1,
     0,
     {"layer stage3.block1.norm1:", "cells of one element", "[1, 16, 1 positions]",
      "more samples in a cell would do"}},
    {"resnet(depth=8, width=4)",
     "ghost(1)",
     4,
     2,
     0,
     {"layer stage3.block1.norm1:", "cells of one element", "[2, 16, 1 positions]"}},
    {"resnet(depth=8, width=4)",
     "instance",
     4,
     4,
     0,
     {"layer stage3.block1.norm1:", "cells of one element", "[4, 16, 1 positions]",
      "2, 4, 8, 16"}},
    {"resnet(depth=8, width=4)",
     "group(size=1)",
     4,
     4,
     0,
     {"layer stage3.block1.norm1:", "cells of one element", "2, 4, 8, 16"}},
    {"resnet(depth=8, width=1)",
     "position",
     8,
     4,
     0,
     {"layer stem_norm:", "cells of one element"}},
};

static void each_mistake_is_named(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(REFUSED); i++) {
        const Refused *r = &REFUSED[i];
        BaseError error = {.set = false};
        const Net *net = net_new(arena, r->network, (NetNorms){.all = r->norm},
                                 net_of_images(1, r->side, r->side, 3), r->batch, &error);
        if (net || !error.set) fail_msg("%s, %s is not refused", r->network, r->norm);
        assert_int_equal(error.code, EX_USAGE);
        for (size_t k = 0; k < COUNT_OF(r->says) && r->says[k]; k++)
            if (strstr(error.message, r->says[k]) == NULL)
                fail_msg("%s, %s: '%s' is not in '%s'", r->network, r->norm, r->says[k],
                         error.message);
        assert_int_equal(error.at, r->at);
    }
    arena_free(arena);
}

/* What the messages recommend is taken; and a cell of two elements is enough. */
static void neighbours_are_taken(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const NetFace image = net_of_images(1, 4, 4, 3);
    build(arena, "resnet(depth=8, width=4)", "batch", image, 2);
    build(arena, "resnet(depth=8, width=4)", "ghost(2)", image, 6);
    build(arena, "resnet(depth=8, width=4)", "group(size=2)", image, 1);
    build(arena, "resnet(depth=8, width=4)", "group(2)", image, 1);
    build(arena, "resnet(depth=8, width=2)", "position", image, 1);
    build(arena, "resnet(depth=8, width=1)", "none", net_of_images(1, 1, 1, 2), 1);
    build(arena, "resnet(depth=1202, width=1)", "layer", SMALL, 1);
    build(arena, "resnet(depth=1202, width=2, weights=normalized)",
          "blend(layer(affine=yes), layer(affine=yes))", SMALL, 1);
    arena_free(arena);
}

static void canonical_spelling(void **state) {
    (void)state;
    static const char *const text[][2] = {
        {"resnet", "resnet(depth=20, width=16)"},
        {"resnet:depth=8", "resnet(depth=8, width=16)"},
        {" resnet( width=4,depth=08 )", "resnet(depth=8, width=4)"},
        {"resnet(stem_stride=1)", "resnet(depth=20, width=16)"},
        {"resnet(stem_stride=2, depth=14)", "resnet(depth=14, width=16, stem_stride=2)"}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(text); i++) {
        BaseError error = {.set = false};
        const char *once = net_canonical(arena, text[i][0], &error);
        assert_string_equal(once, text[i][1]);
        assert_string_equal(net_canonical(arena, once, &error), once);
        assert_false(error.set);
    }
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, vectors_are_covered_once),
    CASE(theorem, depth_counts_layers),
    CASE(example, gates_begin_by_seed_and_layer),
    CASE(oracle, resnet20_counted_by_hand),
    CASE(example, pre_counts_layers),
    CASE(theorem, one_key_swaps_every_normalizer),
    CASE(example, maps_need_not_be_square),
    CASE(theorem, declared_is_what_runs),
    CASE(example, inputs_are_named),
    CASE(oracle, initial_weights),
    CASE(theorem, draws_follow_the_seed),
    CASE(fault, each_mistake_is_named),
    CASE(example, neighbours_are_taken),
    CASE(example, canonical_spelling),
};

HARNESS_MAIN("net", CASES)
