/* Images of any size: `unet` is what it would be of images that are padded to a multiple of
 * 2^depth, whatever stands in the padding, where every normalizer is told to leave that out. */
#include "harness.h"

#include "forms.h"
#include "net.h"
#include "text.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define EPS DBL_EPSILON

enum { N = 3, C = 2, K = 3, WIDTH = 2, MOST_DEEP = 3 };

/* What one way of computing it gives. */
typedef struct Found {
    double *z;        /* [N, K, H, W] */
    double *dx;       /* [N, C, H, W] */
    double *gradient; /* [net->weights] */
    double *observed; /* [net->states] */
} Found;

typedef struct Setting {
    const Net *net;
    NormMode mode;
    size_t depth, H, W;
    double *weights, *state, *x, *upstream;
} Setting;

static double *normals(Arena *arena, uint64_t sample, size_t count) {
    const Draw draw = {.seed = 29, .purpose = DRAW_TEST, .sample = sample};
    double *value = TAKE(arena, double, count + 1);
    for (size_t i = 0; i < count; i++) value[i] = draw_normal(draw, i);
    return value;
}

static Setting setting_new(Arena *arena, const char *norm, NormMode mode, size_t depth,
                           size_t H, size_t W) {
    BaseError error = {.set = false};
    const char *spec = text_print(arena, "unet(depth=%zu, width=%d)", depth, WIDTH);
    const Net *net = net_new(arena, spec, (NetNorms){.all = norm},
                             net_of_images(C, H, W, K), N, &error);
    if (net == NULL) fail_msg("%s, %s: %s", spec, norm, error.message);
    Setting s = {net,
                 mode,
                 depth,
                 H,
                 W,
                 normals(arena, 1, net->weights),
                 TAKE(arena, double, net->states + 1),
                 normals(arena, 2, N * C * H * W),
                 normals(arena, 3, N * K * H * W)};
    net_initialize(net, TAKE(arena, double, net->weights), s.state, 1);
    for (size_t i = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        for (size_t k = p->offset; k < p->offset + p->count; k++)
            s.weights[k] = p->initial + (p->std > 0 ? p->std : 0.3) * s.weights[k];
    }
    for (size_t i = 0; i < net->states; i++) s.state[i] += 0.01 * (double)(i % 7);
    return s;
}

static Found found_new(Arena *arena, const Setting *s) {
    return (Found){NULL, NULL, TAKE(arena, double, s->net->weights),
                   ZERO(arena, double, s->net->states + 1)};
}

/* ---- as it is ---------------------------------------------------------------------- */

static Found run(Arena *arena, const Setting *s) {
    Found f = found_new(arena, s);
    Tape *tape = tape_new(arena);
    f.dx = TAKE(arena, double, N *C * s->H * s->W);
    const NetPass pass = {.tape = tape,
                          .mode = s->mode,
                          .weights = s->weights,
                          .gradient = f.gradient,
                          .state = s->state,
                          .observed = f.observed};
    TapeNode *x = tape_parameter(tape, SHAPE_OF(N, C, s->H, s->W), s->x, f.dx),
             *z = net_run_one(s->net, &pass, x);
    tape_backward(tape, z, s->upstream);
    f.z = z->value;
    return f;
}

/* ---- padded ------------------------------------------------------------------------ */

typedef struct Level {
    size_t H, W, P, Q;   /* pixels that are there, and all of them */
    unsigned char *mask; /* [N, P, Q] */
} Level;

typedef struct Padded {
    Arena *arena;
    const Setting *s;
    Tape *tape;
    Found *found;
    size_t param, norm; /* the next */
    Level level[MOST_DEEP + 1];
} Padded;

/* One that is there is above one that is there. */
static void set_levels(Padded *p) {
    const size_t depth = p->s->depth, whole = (size_t)1 << depth;
    Level up = {p->s->H, p->s->W, (p->s->H + whole - 1) / whole * whole,
                (p->s->W + whole - 1) / whole * whole, NULL};
    for (size_t i = 0; i <= depth; i++) {
        Level *l = &p->level[i];
        *l = up;
        l->mask = TAKE(p->arena, unsigned char, N * l->P * l->Q);
        for (size_t k = 0; k < N * l->P * l->Q; k++)
            l->mask[k] = k / l->Q % l->P < l->H && k % l->Q < l->W;
        up = (Level){(l->H + 1) / 2, (l->W + 1) / 2, l->P / 2, l->Q / 2, NULL};
    }
}

/* x [N, ., P, Q] where pixels are there, and `other` elsewhere. */
static TapeNode *inside(Padded *p, TapeNode *x, const Level *l, double other) {
    const size_t L = l->P * l->Q, count = shape_count(x->shape), most = count / N / L;
    double *there = TAKE(p->arena, double, count);
    for (size_t i = 0; i < count; i++) there[i] = l->mask[i / L / most * L + i % L];
    return tape_select(p->tape, tape_leaf(p->tape, x->shape, there), x,
                       tape_fill(p->tape, x->shape, other));
}

static TapeNode *next(Padded *p) {
    const NetParam *at = &p->s->net->param[p->param++];
    return tape_parameter(p->tape, at->shape, p->s->weights + at->offset,
                          p->found->gradient + at->offset);
}

static TapeNode *normalized(Padded *p, TapeNode *x, const Level *l) {
    const NetNorm *part = &p->s->net->norm[p->norm++];
    const Norm *norm = part->norm;
    TapeNode *param[NORM_MAX_PARAMS];
    const double *state[NORM_MAX_STATES];
    double *observed[NORM_MAX_STATES];
    for (size_t i = 0; i < norm->params; i++) param[i] = next(p);
    for (size_t i = 0, at = part->state; i < norm->states; at += norm->state[i++].count)
        state[i] = p->s->state + at, observed[i] = p->found->observed + at;
    const NormContext context = {.tape = p->tape,
                                 .norm = norm,
                                 .mode = p->s->mode,
                                 .param = param,
                                 .state = state,
                                 .observed = observed,
                                 .mask = l->mask};
    TapeNode *y = norm_apply(&context, x);
    return norm_activates(norm) ? y : tape_relu(p->tape, y);
}

static TapeNode *two_convs(Padded *p, TapeNode *x, const Level *l) {
    for (int i = 0; i < 2; i++)
        x = normalized(p, tape_conv2d(p->tape, x, next(p), 1, 1), l);
    return x;
}

/* The largest of 2 x 2 of [N, ., P, Q]; nothing is larger than what is there. */
static TapeNode *pooled(Padded *p, TapeNode *x, const Level *l) {
    const size_t rows = N * x->shape.size[1] * l->P / 2;
    TapeNode *y = tape_reshape(p->tape, inside(p, x, l, -1e300), SHAPE_OF(rows, 2, l->Q));
    y = tape_max(p->tape, tape_slice(p->tape, y, 1, 0, 1),
                 tape_slice(p->tape, y, 1, 1, 1));
    y = tape_reshape(p->tape, y, SHAPE_OF(rows * l->Q / 2, 2, 1));
    y = tape_max(p->tape, tape_slice(p->tape, y, 1, 0, 1),
                 tape_slice(p->tape, y, 1, 1, 1));
    y = tape_reshape(p->tape, y, SHAPE_OF(N, x->shape.size[1], l->P / 2, l->Q / 2));
    return inside(p, y, l + 1, 0.0);
}

static TapeNode *beside_up(Padded *p, TapeNode *beside, TapeNode *x, const Level *l) {
    const size_t D = x->shape.size[1], A = beside->shape.size[1];
    const Conv conv =
        conv_geometry(SHAPE_OF(N, A, l->P, l->Q), SHAPE_OF(D, A, 2, 2), 2, 0);
    TapeNode *w = tape_permute(p->tape, next(p), (const size_t[]){1, 0, 2, 3}),
             *up = inside(p, tape_conv2d_input(p->tape, x, w, &conv), l, 0.0);
    return tape_add(p->tape, tape_pad(p->tape, beside, 1, 0, 2 * A),
                    tape_pad(p->tape, up, 1, A, 2 * A));
}

/* [N, K, H, W] of x [N, ., P, Q]: logits of the pixels that are there. */
static TapeNode *logits(Padded *p, TapeNode *x) {
    TapeNode *w = tape_reshape(p->tape, next(p), SHAPE_OF(K, WIDTH, 1, 1)),
             *z = tape_conv2d(p->tape, x, w, 1, 0),
             *bias = tape_reshape(p->tape, next(p), SHAPE_OF(1, K, 1, 1));
    z = tape_add(p->tape, z, tape_broadcast(p->tape, bias, z->shape));
    return tape_slice(p->tape, tape_slice(p->tape, z, 2, 0, p->s->H), 3, 0, p->s->W);
}

/* Image i's pixel of a padded one; SIZE_MAX: there is none. */
static size_t pixel_of(const Padded *p, size_t i) {
    const Level *l = &p->level[0];
    const size_t h = i / l->Q % l->P, w = i % l->Q;
    return h < l->H && w < l->W ? (i / l->Q / l->P * l->H + h) * l->W + w : SIZE_MAX;
}

static Found run_padded(Arena *arena, const Setting *s, const double *garbage) {
    Found f = found_new(arena, s);
    Padded p = {.arena = arena, .s = s, .tape = tape_new(arena), .found = &f};
    set_levels(&p);
    const size_t count = N * C * p.level->P * p.level->Q;
    double *wide = TAKE(arena, double, count), *dx = TAKE(arena, double, count);
    for (size_t i = 0, k = 0; i < count; i++)
        wide[i] = pixel_of(&p, i) == SIZE_MAX ? garbage[k++ % 3] : s->x[pixel_of(&p, i)];
    TapeNode *beside[MOST_DEEP],
        *x = tape_parameter(p.tape, SHAPE_OF(N, C, p.level->P, p.level->Q), wide, dx);
    x = inside(&p, x, p.level, 0.0);
    for (size_t i = 0; i < s->depth; i++) {
        beside[i] = two_convs(&p, x, &p.level[i]);
        x = pooled(&p, beside[i], &p.level[i]);
    }
    x = two_convs(&p, x, &p.level[s->depth]);
    for (size_t i = s->depth; i-- > 0;)
        x = two_convs(&p, beside_up(&p, beside[i], x, &p.level[i]), &p.level[i]);
    TapeNode *z = logits(&p, x);
    assert_int_equal(p.param, s->net->params);
    tape_backward(p.tape, z, s->upstream);
    f.z = z->value;
    f.dx = TAKE(arena, double, N *C * s->H * s->W);
    for (size_t i = 0; i < count; i++)
        if (pixel_of(&p, i) == SIZE_MAX)
            assert_near(dx[i], 0.0, 0.0);
        else
            f.dx[pixel_of(&p, i)] = dx[i];
    return f;
}

/* ---- they are one ------------------------------------------------------------------ */

/* 1e5 eps of the largest: kernels here, definitions there, and two of each level in a row. */
static void assert_alike(const double *got, const double *want, size_t count,
                         const char *what, const char *norm) {
    double most = 0;
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs(want[i]));
    for (size_t i = 0; i < count; i++)
        if (!(fabs(got[i] - want[i]) <= 1e5 * EPS * most))
            fail_msg("%s of %s, %zu: got %.17g, padded %.17g", what, norm, i, got[i],
                     want[i]);
}

static void compare(const char *norm, NormMode mode, size_t depth, size_t H, size_t W) {
    static const double garbage[][3] = {{0, 0, 0}, {(double)NAN, -1e300, 7}};
    Arena *arena = arena_new();
    const Setting s = setting_new(arena, norm, mode, depth, H, W);
    const size_t weights = s.net->weights,
                 states = mode == NORM_TRAIN ? s.net->states : 0;
    const Found got = run(arena, &s), want = run_padded(arena, &s, garbage[0]),
                same = run_padded(arena, &s, garbage[1]);
    assert_memory_equal(same.z, want.z, N * K * H * W * sizeof(double));
    assert_memory_equal(same.dx, want.dx, N * C * H * W * sizeof(double));
    assert_memory_equal(same.gradient, want.gradient, weights * sizeof(double));
    assert_memory_equal(same.observed, want.observed, states * sizeof(double));
    assert_alike(got.z, want.z, N * K * H * W, "logits", norm);
    assert_alike(got.dx, want.dx, N * C * H * W, "dx", norm);
    assert_alike(got.gradient, want.gradient, weights, "gradient", norm);
    assert_alike(got.observed, want.observed, states, "state", norm);
    arena_free(arena);
}

/* Of the sizes of `brain`, and of one that halves to a single row; an activation that is below
 * 0 somewhere shows what pooling looks at. */
static void padding_is_in_no_cell(void **state) {
    (void)state;
    static const char *const NORMS[] = {"batch",
                                        "group(2)",
                                        "layer",
                                        "ghost(1)",
                                        "mix(instance, layer, batch)",
                                        "evonorm(S0, groups=2)"};
    for (size_t i = 0; i < COUNT_OF(NORMS); i++)
        for (int mode = NORM_TRAIN; mode <= NORM_EVAL; mode++) {
            compare(NORMS[i], (NormMode)mode, 2, 5, 7);
            compare(NORMS[i], (NormMode)mode, 3, 9, 14);
        }
    compare("batch", NORM_TRAIN, 3, 94, 45);
    compare("group(2)", NORM_TRAIN, 3, 94, 45);
}

static const Case CASES[] = {
    CASE(theorem, padding_is_in_no_cell),
};

HARNESS_MAIN("net_padding", CASES)
