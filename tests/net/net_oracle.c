/* What a network computes, and its derivatives, each said a second time without the code
 * that is judged. */
#include "harness.h"

#include "check.h"
#include "net.h"
#include "op.h"
#include "replay.h"
#include "text.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define EPS DBL_EPSILON

typedef struct Image {
    size_t channels, height, width, classes;
} Image;

static const Image TINY = {1, 6, 6, 3};
static const char *const NORMS[] = {
    "none",     "batch",    "layer",    "instance",
    "group(2)", "position", "ghost(2)", "batch(gamma=no, beta=no)"};

static const Net *build(Arena *arena, const char *spec, const char *norm, Image image,
                        size_t batch) {
    const NetFace face =
        net_of_images(image.channels, image.height, image.width, image.classes);
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

static double normal(uint64_t seed, uint64_t sample, uint64_t index) {
    return draw_normal((Draw){.seed = seed, .purpose = DRAW_TEST, .sample = sample},
                       index);
}

/* ---- a network with random everything -------------------------------------------- */

typedef struct Setting {
    const Net *net;
    Image image;
    size_t N;
    double *weights, *state, *x;
    uint8_t label[8];
    NormMode mode;
    bool definitions;
} Setting;

static double spread_of(const NetParam *p) {
    return p->std > 0 ? p->std : 0.3;
}

static Setting random_setting(Arena *arena, const char *spec, const char *norm,
                              Image image, size_t N, uint64_t seed) {
    Setting s = {.net = build(arena, spec, norm, image, N), .image = image, .N = N};
    const Net *net = s.net;
    s.weights = TAKE(arena, double, net->weights);
    s.state = TAKE(arena, double, net->states);
    for (size_t i = 0; i < net->params; i++)
        for (size_t k = 0; k < net->param[i].count; k++) {
            double z = spread_of(&net->param[i]) * normal(seed, i, k);
            s.weights[net->param[i].offset + k] =
                z + (ends(net->param[i].name, "gamma") ? 1.0 : 0.0);
        }
    for (size_t i = 0; i < net->norms; i++)
        for (size_t k = 0, C = net->norm[i].sees.C; net->states && k < 2 * C; k++) {
            double z = normal(seed, 1000 + i, k);
            s.state[net->norm[i].state + k] = k < C ? 0.3 * z : 0.5 + z * z;
        }
    size_t pixels = image.channels * image.height * image.width;
    s.x = TAKE(arena, double, N *pixels);
    for (size_t i = 0; i < N * pixels; i++) s.x[i] = normal(seed, 5000, i);
    for (size_t n = 0; n < N; n++) s.label[n] = (uint8_t)((n + seed) % image.classes);
    return s;
}

static Shape image_shape(const Setting *s) {
    return SHAPE_OF(s->N, s->image.channels, s->image.height, s->image.width);
}

static NetPass pass_of(const Setting *s, Tape *tape) {
    return (NetPass){.tape = tape,
                     .mode = s->mode,
                     .weights = s->weights,
                     .state = s->state,
                     .definitions = s->definitions};
}

/* ---- its value with plain loops -------------------------------------------------- */

typedef struct Map {
    size_t N, C, H, W;
    double *v;
} Map;

static Map map_new(Arena *arena, size_t N, size_t C, size_t H, size_t W) {
    return (Map){N, C, H, W, ZERO(arena, double, N *C *H *W)};
}

static double *at(Map x, size_t n, size_t c, size_t h, size_t w) {
    return &x.v[((n * x.C + c) * x.H + h) * x.W + w];
}

typedef struct Plain {
    Arena *arena;
    const Setting *s;
    double *observed; /* [states] */
} Plain;

static const double *named(const Plain *p, const char *part, const char *what) {
    const NetParam *found = find(p->s->net, text_print(p->arena, "%s.%s", part, what));
    assert_non_null(found);
    return p->s->weights + found->offset;
}

static Map plain_conv(const Plain *p, const char *name, Map x, size_t K, size_t R,
                      size_t stride) {
    const double *w = named(p, name, "weight");
    const long pad = (long)R / 2;
    Map y = map_new(p->arena, x.N, K, (x.H + stride - 1) / stride,
                    (x.W + stride - 1) / stride);
    for (size_t i = 0; i < y.N * y.C * y.H * y.W; i++) {
        size_t n = i / (y.C * y.H * y.W), k = i / (y.H * y.W) % K, h = i / y.W % y.H,
               l = i % y.W;
        for (size_t f = 0; f < x.C * R * R; f++) {
            long row = (long)(h * stride + f / R % R) - pad,
                 column = (long)(l * stride + f % R) - pad;
            if (row >= 0 && column >= 0 && row < (long)x.H && column < (long)x.W)
                y.v[i] += w[k * x.C * R * R + f] *
                          *at(x, n, f / R / R, (size_t)row, (size_t)column);
        }
    }
    return y;
}

/* Mean of (x - about)^power over the elements that are in. */
static double plain_mean(Map x, const bool *in, double about, int power) {
    double sum = 0, count = 0;
    for (size_t i = 0; i < x.N * x.C * x.H * x.W; i++)
        if (in[i]) sum += pow(x.v[i] - about, power), count += 1;
    return sum / count;
}

static const NetNorm *part_named(const Plain *p, const char *name) {
    size_t i = 0;
    while (strcmp(p->s->net->norm[i].name, name) != 0) i++;
    return &p->s->net->norm[i];
}

/* batch, or group(1): cells are channels, or samples. */
static Map plain_norm(const Plain *p, const char *name, Map x) {
    const NetNorm *part = part_named(p, name);
    const bool batch = strcmp(part->norm->spec, "batch") == 0;
    const double *gamma = named(p, name, "gamma"), *beta = named(p, name, "beta");
    const size_t total = x.N * x.C * x.H * x.W, L = x.H * x.W;
    Map y = map_new(p->arena, x.N, x.C, x.H, x.W);
    bool *in = TAKE(p->arena, bool, total);
    for (size_t cell = 0; cell < (batch ? x.C : x.N); cell++) {
        double count = 0;
        for (size_t i = 0; i < total; i++) {
            in[i] = (batch ? i / L % x.C : i / L / x.C) == cell;
            count += in[i];
        }
        double mean = plain_mean(x, in, 0.0, 1), variance = plain_mean(x, in, mean, 2);
        if (batch) {
            p->observed[part->state + cell] = mean;
            p->observed[part->state + x.C + cell] = variance * count / (count - 1);
        }
        if (batch && p->s->mode == NORM_EVAL) {
            mean = p->s->state[part->state + cell];
            variance = p->s->state[part->state + x.C + cell];
        }
        for (size_t i = 0; i < total; i++)
            if (in[i])
                y.v[i] = gamma[i / L % x.C] * (x.v[i] - mean) / sqrt(variance + 1e-5) +
                         beta[i / L % x.C];
    }
    return y;
}

static Map plain_relu(Map x) {
    for (size_t i = 0; i < x.N * x.C * x.H * x.W; i++) x.v[i] = x.v[i] > 0 ? x.v[i] : 0;
    return x;
}

static Map plain_block(const Plain *p, size_t stage, size_t block, Map x, size_t width,
                       size_t stride) {
    const char *name[6],
        *end[] = {"conv1", "norm1", "conv2", "norm2", "shortcut", "shortcut_norm"};
    for (size_t i = 0; i < 6; i++)
        name[i] = text_print(p->arena, "stage%zu.block%zu.%s", stage, block, end[i]);
    Map y =
        plain_relu(plain_norm(p, name[1], plain_conv(p, name[0], x, width, 3, stride)));
    y = plain_norm(p, name[3], plain_conv(p, name[2], y, width, 3, 1));
    if (stride != 1 || x.C != width)
        x = plain_norm(p, name[5], plain_conv(p, name[4], x, width, 1, stride));
    for (size_t i = 0; i < y.N * y.C * y.H * y.W; i++) y.v[i] += x.v[i];
    return plain_relu(y);
}

/* place=pre: normalizers before convolutions, and nothing behind the sum. */
static Map pre_block(const Plain *p, size_t stage, size_t block, Map x, size_t width,
                     size_t stride) {
    const char *name[5], *end[] = {"norm1", "conv1", "norm2", "conv2", "shortcut"};
    for (size_t i = 0; i < 5; i++)
        name[i] = text_print(p->arena, "stage%zu.block%zu.%s", stage, block, end[i]);
    const Map in = plain_relu(plain_norm(p, name[0], x));
    Map y =
        plain_relu(plain_norm(p, name[2], plain_conv(p, name[1], in, width, 3, stride)));
    y = plain_conv(p, name[3], y, width, 3, 1);
    if (stride != 1 || x.C != width) x = plain_conv(p, name[4], in, width, 1, stride);
    for (size_t i = 0; i < y.N * y.C * y.H * y.W; i++) y.v[i] += x.v[i];
    return y;
}

static double *plain_logits(const Plain *p, size_t blocks, size_t width,
                            size_t stem_stride, bool pre) {
    const Setting *s = p->s;
    const Image image = s->image;
    Map x = {s->N, image.channels, image.height, image.width, s->x};
    x = plain_conv(p, "stem", x, width, 3, stem_stride);
    if (!pre) x = plain_relu(plain_norm(p, "stem_norm", x));
    for (size_t i = 0; i < 3 * blocks; i++)
        x = (pre ? pre_block : plain_block)(p, i / blocks + 1, i % blocks + 1, x,
                                            width << i / blocks,
                                            i >= blocks && i % blocks == 0 ? 2 : 1);
    if (pre) x = plain_relu(plain_norm(p, "last_norm", x));
    const double *w = named(p, "linear", "weight"), *bias = named(p, "linear", "bias");
    double *z = TAKE(p->arena, double, s->N *image.classes);
    for (size_t i = 0; i < s->N * image.classes; i++) {
        size_t n = i / image.classes, k = i % image.classes;
        z[i] = bias[k];
        for (size_t c = 0; c < x.C; c++) {
            double pooled = 0;
            for (size_t l = 0; l < x.H * x.W; l++)
                pooled += x.v[(n * x.C + c) * x.H * x.W + l];
            z[i] += w[k * x.C + c] * pooled / (double)(x.H * x.W);
        }
    }
    return z;
}

typedef struct Restated {
    size_t depth, width, stem_stride;
    Image image;
    bool pre;
} Restated;

static void restate(const Restated *r, const char *norm, NormMode mode) {
    Arena *arena = arena_new();
    const char *spec =
        text_print(arena, "resnet(depth=%zu, width=%zu, stem_stride=%zu%s)", r->depth,
                   r->width, r->stem_stride, r->pre ? ", place=pre" : "");
    Setting s = random_setting(arena, spec, norm, r->image, 2, 11);
    s.mode = mode;
    double *got = ZERO(arena, double, s.net->states),
           *want = ZERO(arena, double, s.net->states);
    NetPass pass = pass_of(&s, tape_new(arena));
    pass.observed = got, pass.observes = true;
    TapeNode *z = net_run_one(s.net, &pass, tape_leaf(pass.tape, image_shape(&s), s.x));
    Plain plain = {arena, &s, want};
    const double *expected =
        plain_logits(&plain, (r->depth - 2) / 6, r->width, r->stem_stride, r->pre);
    assert_true(shape_equal(z->shape, SHAPE_OF(2, r->image.classes)));
    for (size_t i = 0; i < 2 * r->image.classes; i++)
        assert_near(z->value[i], expected[i], 1e-12);
    for (size_t i = 0; i < s.net->states; i++)
        assert_near(got[i], want[i], 1e-12 * (1 + fabs(want[i])));
    arena_free(arena);
}

static void value_in_plain_loops(void **state) {
    (void)state;
    static const Restated CASES[] = {{8, 2, 1, {1, 6, 6, 3}, false},
                                     {8, 2, 2, {2, 13, 11, 4}, false},
                                     {14, 3, 1, {1, 9, 7, 2}, false},
                                     {14, 2, 1, {2, 9, 7, 3}, true}};
    static const char *const norms[] = {"batch", "group(1)"};
    for (size_t i = 0; i < 4 * COUNT_OF(CASES); i++)
        restate(&CASES[i / 4], norms[i / 2 % 2], i % 2 ? NORM_EVAL : NORM_TRAIN);
}

/* ---- normalizers that activate --------------------------------------------------- */

static void set_tau(Setting *s, const char *end, double tau) {
    for (size_t i = 0; i < s->net->params; i++)
        for (size_t k = 0; ends(s->net->param[i].name, end); k++) {
            if (k == s->net->param[i].count) break;
            s->weights[s->net->param[i].offset + k] = tau;
        }
}

/* The rest of the parameters, by their names. */
static void take_params(Setting *to, const Setting *from) {
    for (size_t i = 0; i < from->net->params; i++) {
        const NetParam *p = &from->net->param[i], *same = find(to->net, p->name);
        assert_non_null(same);
        memcpy(to->weights + same->offset, from->weights + p->offset,
               p->count * sizeof *to->weights);
    }
}

static TapeNode *logits_of(Setting *s, Tape *tape) {
    NetPass pass = pass_of(s, tape);
    return net_run_one(s->net, &pass, tape_leaf(tape, image_shape(s), s->x));
}

/* Those of fused operations, too. */
static size_t relus_of(Tape *tape, TapeNode *y) {
    const Program *program = program_new(tape, &y, 1);
    size_t count = 0;
    for (size_t i = 0; i < program_steps(program); i++) {
        const size_t *operand;
        const Op *op = program_step(program, i, &operand)->op;
        count += op && strcmp(op->name, "relu") == 0;
    }
    return count;
}

/* max(y, 0) in the place of each relu behind a normalizer and no threshold before the sum:
 * the network without thresholds. */
static void a_threshold_takes_the_place_of_relu(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *net = "resnet(depth=14, width=2)";
    Setting own = random_setting(arena, net, "frn", TINY, 2, 5),
            plain = random_setting(arena, net, "frn(tlu=no)", TINY, 2, 5);
    take_params(&own, &plain);
    set_tau(&own, ".tau", 0.0);
    set_tau(&own, "norm2.tau", -1e300);
    set_tau(&own, "shortcut_norm.tau", -1e300);
    Tape *one = tape_new(arena), *two = tape_new(arena);
    TapeNode *got = logits_of(&own, one), *want = logits_of(&plain, two);
    for (size_t i = 0; i < 2 * TINY.classes; i++)
        assert_near(got->value[i], want->value[i], 0.0);
    assert_int_equal(relus_of(one, got), 6);
    assert_int_equal(relus_of(two, want), 1 + 2 * 6);
    arena_free(arena);
}

/* ---- its derivatives ------------------------------------------------------------- */

/* The image is the first of the inputs, the network's parameters follow. */
static TapeNode *write_loss(Tape *tape, TapeNode *const *x, void *context) {
    const Setting *s = context;
    NetPass pass = pass_of(s, tape);
    pass.param = x + 1;
    return tape_cross_entropy(tape, net_run_one(s->net, &pass, x[0]), s->label);
}

static CheckFunction function_of(Arena *arena, Setting *s) {
    CheckInput *input = TAKE(arena, CheckInput, s->net->params + 1);
    input[0] = (CheckInput){"x", image_shape(s), s->x, 1.0};
    for (size_t i = 0; i < s->net->params; i++) {
        const NetParam *p = &s->net->param[i];
        input[i + 1] =
            (CheckInput){p->name, p->shape, s->weights + p->offset, spread_of(p)};
    }
    return (CheckFunction){
        "cross-entropy", s->net->params + 1, input, write_loss, s, NULL};
}

static void prove(const char *norm, NormMode mode, uint64_t seed) {
    static const CheckDriver drivers[] = {CHECK_BACKWARD, CHECK_GRADIENT, CHECK_SECOND};
    static const char *const names[] = {"backward", "gradient", "second"};
    Arena *arena = arena_new();
    Setting s = random_setting(arena, "resnet(depth=8, width=2)", norm, TINY, 4, seed);
    s.mode = mode;
    CheckFunction f = function_of(arena, &s);
    for (size_t d = 0; d < COUNT_OF(drivers); d++) {
        CheckReport r = check_differences(arena, &f, drivers[d], seed, 8);
        if (r.verdict != CHECK_PASS)
            fail_msg("%s, %s, seed %zu: %s: got %.17g, expected %.17g (%s)", norm,
                     names[d], (size_t)seed, check_verdict_text(r.verdict), r.got,
                     r.expected, r.reason);
        assert_int_equal(r.compared, drivers[d] == CHECK_SECOND ? 16 : 8);
    }
    arena_free(arena);
}

static void gradients_by_differences(void **state) {
    (void)state;
    static const char *const norms[] = {"batch",    "group(2)", "layer", "instance",
                                        "position", "ghost(2)", "none"};
    for (size_t i = 0; i < COUNT_OF(norms); i++) prove(norms[i], NORM_TRAIN, 3);
    prove("batch", NORM_EVAL, 3);
}

static double largest(const double *a, size_t n) {
    double most = 0;
    for (size_t i = 0; i < n; i++) most = fmax(most, fabs(a[i]));
    return most;
}

/* The vector that training reads is that of the judged gradient, bit for bit. */
static void gradient_vector_is_the_judged_one(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t n = 0; n < COUNT_OF(NORMS) - 1; n++) {
        Setting s =
            random_setting(arena, "resnet(depth=8, width=2)", NORMS[n], TINY, 4, 3);
        double *got = TAKE(arena, double, s.net->weights),
               *want = TAKE(arena, double, s.net->weights);
        NetPass pass = pass_of(&s, tape_new(arena));
        pass.gradient = got;
        for (size_t i = 0; i < s.net->weights; i++) got[i] = want[i] = (double)NAN;
        TapeNode *z =
            net_run_one(s.net, &pass, tape_leaf(pass.tape, image_shape(&s), s.x));
        tape_backward(pass.tape, tape_cross_entropy(pass.tape, z, s.label), NULL);
        Tape *tape = tape_new(arena);
        TapeNode **x = TAKE(arena, TapeNode *, s.net->params + 1);
        x[0] = tape_leaf(tape, image_shape(&s), s.x);
        for (size_t i = 0; i < s.net->params; i++) {
            const NetParam *p = &s.net->param[i];
            x[i + 1] =
                tape_parameter(tape, p->shape, s.weights + p->offset, want + p->offset);
        }
        tape_backward(tape, write_loss(tape, x, &s), NULL);
        assert_true(largest(got, s.net->weights) > 1e-3);
        assert_memory_equal(got, want, s.net->weights * sizeof(double));
    }
    arena_free(arena);
}

/* Value, gradient and observation: 1e4 eps of the largest, for what four normalizers in a
 * row lose. */
static void definitions_agree_with_kernels(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t n = 0; n < 2 * COUNT_OF(NORMS); n++) {
        Setting s =
            random_setting(arena, "resnet(depth=8, width=4)", NORMS[n / 2], TINY, 4, 3);
        s.mode = n % 2 ? NORM_EVAL : NORM_TRAIN;
        double *gradient[2], *observed[2], *logits[2];
        size_t nodes[2] = {0};
        for (size_t way = 0; way < 2; way++) {
            s.definitions = way == 1;
            NetPass pass = pass_of(&s, tape_new(arena));
            pass.gradient = gradient[way] = ZERO(arena, double, s.net->weights);
            pass.observed = observed[way] = ZERO(arena, double, s.net->states);
            TapeNode *z =
                net_run_one(s.net, &pass, tape_leaf(pass.tape, image_shape(&s), s.x));
            tape_backward(pass.tape, tape_cross_entropy(pass.tape, z, s.label), NULL);
            logits[way] = z->value;
            for (const TapeNode *node = z; node; node = node->previous) nodes[way]++;
        }
        assert_true(nodes[1] > nodes[0]); /* so they are another text */
        const double bound = 1e4 * EPS * largest(gradient[0], s.net->weights);
        for (size_t i = 0; i < s.net->weights; i++)
            assert_near(gradient[1][i], gradient[0][i], bound);
        for (size_t i = 0; i < s.net->states; i++)
            assert_near(observed[1][i], observed[0][i],
                        1e4 * EPS * (1 + fabs(observed[0][i])));
        for (size_t i = 0; i < 12; i++)
            assert_near(logits[1][i], logits[0][i], 1e4 * EPS * 10);
    }
    arena_free(arena);
}

/* Nobody asked: no parameter on the tape. */
static void evaluation_wants_nothing(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Setting s = random_setting(arena, "resnet(depth=8, width=2)", "batch", TINY, 2, 3);
    NetPass pass = pass_of(&s, tape_new(arena));
    TapeNode *z = net_run_one(s.net, &pass, tape_leaf(pass.tape, image_shape(&s), s.x));
    for (const TapeNode *node = z; node; node = node->previous)
        assert_false(node->wanted);
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(oracle, value_in_plain_loops),
    CASE(theorem, a_threshold_takes_the_place_of_relu),
    CASE(oracle, gradients_by_differences),
    CASE(theorem, gradient_vector_is_the_judged_one),
    CASE(theorem, definitions_agree_with_kernels),
    CASE(theorem, evaluation_wants_nothing),
};

HARNESS_MAIN("net_oracle", CASES)
