/* Kernels once each, for who counts their instructions: cost.py runs it under callgrind, which counts
 * inside of `measured` alone and writes what it has after each. Every kernel has run once before.
 *
 * First line: what the numbers are of; then the names of the kernels, in their order. */
#include "conv.h"
#include "norm.h"
#include "optimize.h"

#include <stdio.h>

enum { N = 4, C = 16, H = 12, CLASSES = 10, SAMPLES = 256, FLAT = N * C * H * H };

static const Shape SHAPE = {4, {N, C, H, H}};

/* All that kernels read and write, and the tape of what was prepared. */
typedef struct Bench {
    Arena *arena;
    double *x, *w, *dy, *out, *scratch;
    uint8_t *label;
    Tape *tape;
    TapeNode *y;
    const Norm *norm;
} Bench;

typedef struct Kernel {
    const char *name, *spec; /* of a normalizer */
    void (*prepare)(Bench *b);
    void (*run)(Bench *b);
} Kernel;

/* What callgrind looks for by this name. It returns by itself: no jump into the kernel. */
void measured(const Kernel *kernel, Bench *b);
__attribute__((noinline)) void measured(const Kernel *kernel, Bench *b) {
    kernel->run(b);
    __asm__ volatile("");
}

/* In arithmetic_want's place (--wrap): valgrind's long double is a double, and that is known. */
void __wrap_arithmetic_want(void);
void __wrap_arithmetic_want(void) {
}

static double *numbers(Arena *arena, size_t count, uint64_t sample) {
    const Draw draw = {.seed = 1, .purpose = DRAW_TEST, .sample = sample};
    double *x = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) x[i] = draw_normal(draw, i);
    return x;
}

/* ---- normalizers ----------------------------------------------------------------- */

static void normalize(Bench *b) {
    TapeNode *param[NORM_MAX_PARAMS];
    const double *state[NORM_MAX_STATES];
    for (size_t k = 0; k < b->norm->params; k++)
        param[k] = tape_parameter(b->tape, SHAPE_OF(b->norm->param[k].count), b->w,
                                  b->scratch + k * C);
    for (size_t k = 0; k < b->norm->states; k++) state[k] = b->w;
    NormContext context = {.tape = b->tape,
                           .norm = b->norm,
                           .mode = NORM_TRAIN,
                           .param = param,
                           .state = state};
    b->y = norm_apply(&context, tape_parameter(b->tape, SHAPE, b->x, b->out));
}

static void differentiate(Bench *b) {
    tape_backward(b->tape, b->y, b->dy);
}

/* ---- convolutions: C to C channels, 3 x 3 ----------------------------------------- */

static Conv layer(void) {
    return conv_geometry(SHAPE, SHAPE_OF(C, C, 3, 3), 1, 1);
}

static void convolve(const Bench *b, const ConvWay *way, ConvForm form) {
    const Conv conv = layer();
    const double *first[] = {b->x, b->dy, b->x}, *second[] = {b->w, b->w, b->dy};
    way->run[form](&conv, kernels_best(),
                   (ConvCall){b->out, first[form], second[form], b->scratch, 0.0});
}

static double *room_for_both(Arena *arena) {
    const Conv conv = layer();
    size_t most = 0;
    for (ConvForm form = 0; form < CONV_FORMS; form++) {
        const size_t direct = conv_direct.scratch(&conv, form),
                     tiles = conv_winograd.scratch(&conv, form);
        if (most < direct) most = direct;
        if (most < tiles) most = tiles;
    }
    return TAKE(arena, double, most);
}

#define CONVOLUTION(way, word, FORM)                                                     \
    static void way##_##word(Bench *b) {                                                 \
        convolve(b, &conv_##way, FORM);                                                  \
    }
CONVOLUTION(direct, forward, CONV_FORWARD)
CONVOLUTION(direct, input, CONV_INPUT)
CONVOLUTION(direct, filter, CONV_FILTER)
CONVOLUTION(winograd, forward, CONV_FORWARD)
CONVOLUTION(winograd, input, CONV_INPUT)
CONVOLUTION(winograd, filter, CONV_FILTER)

/* ---- the rest of a step ------------------------------------------------------------ */

static void judge(Bench *b) {
    TapeNode *z = tape_parameter(b->tape, SHAPE_OF(SAMPLES, CLASSES), b->x, b->out);
    b->y = tape_cross_entropy(b->tape, z, b->label);
}

static void exponentiate(Bench *b) {
    tape_exp(b->tape, tape_leaf(b->tape, SHAPE, b->x));
}

static void descend_once(Bench *b) {
    static NetParam param = {.count = FLAT, .decayed = true, .least = -1e9, .most = 1e9};
    static const Stretch stretch = {&param, 0, FLAT};
    static const Learns learns = {1, FLAT, &stretch};
    static const Config config = {.momentum = 0.9, .decay = 1e-4};
    descend(b->x, (double *const[]){b->out}, b->dy, &learns, &config, 0.1, 0);
}

/* ---- all of them ------------------------------------------------------------------- */

#define NORMALIZER(word, spec)                                                           \
    {word "-forward", spec, NULL, normalize}, {                                          \
        word "-backward", spec, normalize, differentiate                                 \
    }

static const Kernel KERNELS[] = {
    NORMALIZER("group", "group(4)"),
    NORMALIZER("batch", "batch"),
    NORMALIZER("layer", "layer"),
    NORMALIZER("instance", "instance"),
    NORMALIZER("position", "position"),
    {"direct-forward", NULL, NULL, direct_forward},
    {"direct-input", NULL, NULL, direct_input},
    {"direct-filter", NULL, NULL, direct_filter},
    {"winograd-forward", NULL, NULL, winograd_forward},
    {"winograd-input", NULL, NULL, winograd_input},
    {"winograd-filter", NULL, NULL, winograd_filter},
    {"cross-entropy-forward", NULL, NULL, judge},
    {"cross-entropy-backward", NULL, judge, differentiate},
    {"exp", NULL, NULL, exponentiate},
    {"sgd-step", NULL, NULL, descend_once},
};

static void once(const Kernel *kernel, Bench *b, bool counted) {
    const ArenaMark mark = arena_mark(b->arena);
    BaseError error = {.set = false};
    b->tape = tape_new(b->arena);
    if (kernel->spec) b->norm = norm_new(b->arena, kernel->spec, C, &error);
    die_if(&error);
    if (kernel->prepare) kernel->prepare(b);
    if (counted)
        measured(kernel, b);
    else
        kernel->run(b);
    arena_rewind(b->arena, mark);
}

#ifdef __clang__
#define COMPILER "clang-%d.%d.%d", __clang_major__, __clang_minor__, __clang_patchlevel__
#else
#define COMPILER "gcc-%d.%d.%d", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__
#endif

int main(void) {
    Arena *arena = arena_new();
    Bench b = {.arena = arena,
               .x = numbers(arena, FLAT, 1),
               .w = numbers(arena, C * C * 9, 2),
               .dy = numbers(arena, FLAT, 3),
               .out = ZERO(arena, double, FLAT),
               .label = ZERO(arena, uint8_t, SAMPLES)};
    b.scratch = room_for_both(arena);
    printf(COMPILER);
    printf(" %s\n", kernels_best()->name);
    for (size_t i = 0; i < 2 * COUNT_OF(KERNELS); i++) once(&KERNELS[i / 2], &b, i % 2);
    for (size_t i = 0; i < COUNT_OF(KERNELS); i++) puts(KERNELS[i].name);
    arena_free(arena);
    return 0;
}
