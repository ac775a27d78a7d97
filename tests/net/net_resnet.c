/* Residual branches that are scaled by a learned number (SkipInit): at the start blocks are the
 * identity whatever their branches are, and a number of 1 leaves the network that it was. */
#include "harness.h"

#include "net.h"
#include "text.h"

#include <math.h>
#include <string.h>

enum { N = 4, K = 3 };

typedef struct Setting {
    const Net *net;
    double *weights, *gradient;
} Setting;

static double normal(uint64_t sample, uint64_t index) {
    return draw_normal((Draw){.seed = 31, .purpose = DRAW_TEST, .sample = sample}, index);
}

static Setting at_start(Arena *arena, const char *spec, const char *norm) {
    BaseError error = {.set = false};
    const NetFace face = net_of_images(2, 9, 6, K);
    Setting s = {.net = net_new(arena, spec, (NetNorms){.all = norm}, face, N, &error)};
    if (s.net == NULL) fail_msg("%s, %s: %s", spec, norm, error.message);
    s.weights = TAKE(arena, double, s.net->weights);
    s.gradient = TAKE(arena, double, s.net->weights);
    net_initialize(s.net, s.weights, TAKE(arena, double, s.net->states + 1), 3);
    return s;
}

/* [N, K], and the gradient of their cross-entropy. */
static const double *logits(Arena *arena, const Setting *s) {
    static const uint8_t label[N] = {0, 2, 1, 2};
    const Shape shape = SHAPE_OF(N, 2, 9, 6);
    double *x = TAKE(arena, double, shape_count(shape));
    for (size_t i = 0; i < shape_count(shape); i++) x[i] = normal(900, i);
    NetPass pass = {.tape = tape_new(arena),
                    .mode = NORM_TRAIN,
                    .weights = s->weights,
                    .gradient = s->gradient};
    TapeNode *z = net_run_one(s->net, &pass, tape_leaf(pass.tape, shape, x));
    tape_backward(pass.tape, tape_cross_entropy(pass.tape, z, label), NULL);
    return z->value;
}

static const NetParam *find(const Net *net, const char *name) {
    for (size_t i = 0; i < net->params; i++)
        if (strcmp(net->param[i].name, name) == 0) return &net->param[i];
    return NULL;
}

/* Every weight of `to` becomes that of the same name. */
static void take(const Setting *to, const Setting *from) {
    for (size_t i = 0; i < to->net->params; i++) {
        const NetParam *p = &to->net->param[i], *own = find(from->net, p->name);
        if (own == NULL) continue;
        assert_int_equal(own->count, p->count);
        memcpy(to->weights + p->offset, from->weights + own->offset,
               p->count * sizeof *to->weights);
    }
}

static bool is_of_branch(const char *name) {
    return strstr(name, ".conv") || strstr(name, ".norm");
}

static bool is_scale(const char *name) {
    return strstr(name, ".branch.scale") != NULL;
}

static const char *const NORMS[] = {"none", "batch", "group(2)"};

/* Of any depth it is the network of the least depth, to the bit, whatever stands on its branches;
 * of which nothing moves in the first step but the scales. */
static void blocks_begin_as_the_identity(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(NORMS); i++) {
        Arena *arena = arena_new();
        const Setting deep = at_start(arena, "resnet(depth=20, width=2, branch=skipinit)",
                                      NORMS[i]),
                      least = at_start(arena, "resnet(depth=8, width=2, branch=skipinit)",
                                       NORMS[i]);
        take(&least, &deep);
        for (size_t k = 0; k < deep.net->params; k++) {
            const NetParam *p = &deep.net->param[k];
            for (size_t j = 0; j < p->count && is_of_branch(p->name); j++)
                deep.weights[p->offset + j] = normal(k, j);
        }
        assert_memory_equal(logits(arena, &deep), logits(arena, &least),
                            N * K * sizeof(double));
        for (size_t k = 0; k < deep.net->params; k++) {
            const NetParam *p = &deep.net->param[k];
            for (size_t j = 0; j < p->count && is_of_branch(p->name); j++)
                assert_true(deep.gradient[p->offset + j] == 0.0);
            if (is_scale(p->name)) assert_true(deep.gradient[p->offset] != 0.0);
        }
        arena_free(arena);
    }
}

/* Where all numbers are 1 it has the bits of the network without them. */
static void scales_of_1_change_nothing(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(NORMS); i++) {
        Arena *arena = arena_new();
        const Setting one = at_start(arena, "resnet(depth=14, width=2, branch=skipinit)",
                                     NORMS[i]),
                      none = at_start(arena, "resnet(depth=14, width=2)", NORMS[i]);
        take(&none, &one);
        size_t scales = 0;
        for (size_t k = 0; k < one.net->params; k++) {
            const NetParam *p = &one.net->param[k];
            if (!is_scale(p->name)) continue;
            assert_int_equal(p->count, 1);
            assert_true(one.weights[p->offset] == 0.0 && !p->decayed && !p->normalizer);
            one.weights[p->offset] = 1.0;
            scales++;
        }
        assert_int_equal(scales, 6);
        assert_int_equal(one.net->weights, none.net->weights + scales);
        assert_memory_equal(logits(arena, &one), logits(arena, &none),
                            N * K * sizeof(double));
        for (size_t k = 0; k < none.net->params; k++) {
            const NetParam *p = &none.net->param[k], *own = find(one.net, p->name);
            assert_memory_equal(none.gradient + p->offset, one.gradient + own->offset,
                                p->count * sizeof(double));
        }
        arena_free(arena);
    }
}

/* One factor of a branch is 0 at first, not two: else nothing would ever move. */
static void one_factor_begins_at_0(void **state) {
    (void)state;
    Arena *arena = arena_new();
    static const char last[] = "stage2.block1.norm2.gamma";
    const Setting plain = at_start(arena, "resnet(depth=8, width=2)", "batch"),
                  skip = at_start(arena, "resnet(depth=8, width=2, branch=skipinit)",
                                  "batch");
    assert_near(find(plain.net, last)->initial, 0.0, 0.0);
    assert_near(find(skip.net, last)->initial, 1.0, 0.0);
    arena_free(arena);
}

static void spelling(void **state) {
    (void)state;
    static const char *const FORMS[][2] = {
        {"resnet(branch=plain)", "resnet(depth=20, width=16)"},
        {"resnet(branch=skipinit, depth=8)",
         "resnet(depth=8, width=16, branch=skipinit)"},
        {"resnet(branch=skipinit, weights=standardized, stem_stride=2)",
         "resnet(depth=20, width=16, stem_stride=2, branch=skipinit, "
         "weights=standardized)"}};
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    for (size_t i = 0; i < COUNT_OF(FORMS); i++)
        assert_string_equal(net_canonical(arena, FORMS[i][0], &error), FORMS[i][1]);
    assert_null(net_canonical(arena, "resnet(branch=skip)", &error));
    assert_string_equal(error.message, "branch should be plain or skipinit, not 'skip', "
                                       "did you mean 'skipinit'?");
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, blocks_begin_as_the_identity),
    CASE(theorem, scales_of_1_change_nothing),
    CASE(theorem, one_factor_begins_at_0),
    CASE(example, spelling),
};

HARNESS_MAIN("net_resnet", CASES)
