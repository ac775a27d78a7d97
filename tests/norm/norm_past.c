/* Tensors past the caches, which are read and written in another order: the bits of their pieces,
 * which are not. */
#include "harness.h"

#include "kind.h"
#include "sum.h"

#include <math.h>
#include <string.h>

enum { N = 4, C = 8, MANY = 1 << 21 };

/* A call, its operands and what comes of them. */
typedef struct Call {
    size_t N, C, L;
    const double *x, *dy, *gamma, *beta;
    double *y, *dx, *dgamma, *dbeta;
} Call;

static double *room(Arena *arena, size_t count) {
    return ZERO(arena, double, count);
}

static void run_call(Call *c, Arena *arena, const char *spec) {
    BaseError error = {.set = false};
    const Norm *norm = norm_new(arena, spec, c->C, &error);
    if (norm == NULL) fail_msg("%s: %s", spec, error.message);
    Tape *tape = tape_new(arena);
    c->dx = room(arena, c->N * c->C * c->L);
    c->dgamma = room(arena, c->C);
    c->dbeta = room(arena, c->C);
    TapeNode *param[] = {tape_parameter(tape, SHAPE_OF(c->C), c->gamma, c->dgamma),
                         tape_parameter(tape, SHAPE_OF(c->C), c->beta, c->dbeta)};
    const double *state[] = {room(arena, c->C), room(arena, c->C)};
    NormContext context = {
        .tape = tape, .norm = norm, .mode = NORM_TRAIN, .param = param, .state = state};
    TapeNode *y = norm_apply(
        &context, tape_parameter(tape, SHAPE_OF(c->N, c->C, c->L), c->x, c->dx));
    tape_backward(tape, y, c->dy);
    c->y = y->value;
}

/* Sample 1 drifts, so that the first shift is a bad one; channel 3 of sample 2 has no squares in
 * doubles. */
static double *draw(Arena *arena, uint64_t sample, size_t L, bool wild) {
    double *x = TAKE(arena, double, N *C *L);
    const Draw draw = {.seed = 44, .purpose = DRAW_TEST, .sample = sample};
    for (size_t i = 0; i < N * C * L; i++) {
        x[i] = draw_uniform(draw, i) - 0.25;
        if (wild && i / L / C == 1) x[i] += (double)(i % L) / 1000.0;
        if (wild && i / L == 2 * C + 3) x[i] *= 0x1p600;
    }
    return x;
}

static void same_bits(const char *spec, const char *what, const double *got,
                      const double *want, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (memcmp(&got[i], &want[i], sizeof *got) != 0)
            fail_msg("%s: %s[%zu] is %a, not %a", spec, what, i, got[i], want[i]);
}

static Call whole_call(Arena *arena, const char *spec, size_t L, bool wild) {
    Call all = {.N = N, .C = C, .L = L};
    assert_true(N * C * L >= MANY);
    all.x = draw(arena, 1, L, wild);
    all.dy = draw(arena, 2, L, false);
    all.gamma = draw(arena, 3, 1, false);
    all.beta = draw(arena, 4, 1, false);
    run_call(&all, arena, spec);
    return all;
}

/* Cells of one sample: sample by sample. */
static void has_bits_of_samples(const char *spec, size_t L, bool wild) {
    Arena *arena = arena_new();
    const Call all = whole_call(arena, spec, L, wild);
    double dgamma[N * C], dbeta[N * C];
    for (size_t n = 0; n < N; n++) {
        const size_t at = n * C * L;
        Call one = all;
        one.N = 1, one.x += at, one.dy += at;
        run_call(&one, arena, spec);
        same_bits(spec, "y", all.y + at, one.y, C * L);
        same_bits(spec, "dx", all.dx + at, one.dx, C * L);
        memcpy(dgamma + n * C, one.dgamma, C * sizeof *dgamma);
        memcpy(dbeta + n * C, one.dbeta, C * sizeof *dbeta);
    }
    for (size_t c = 0; c < C; c++) {
        const double sums[] = {sum_strided(dgamma + c, N, C),
                               sum_strided(dbeta + c, N, C)};
        same_bits(spec, "dgamma", &all.dgamma[c], &sums[0], 1);
        same_bits(spec, "dbeta", &all.dbeta[c], &sums[1], 1);
    }
    arena_free(arena);
}

enum { PAIR = 2 }; /* of one channel alone all rows would be one */

static double *pair_of(Arena *arena, const double *x, size_t c, size_t L) {
    double *two = TAKE(arena, double, N *PAIR *L);
    for (size_t n = 0; n < N; n++)
        memcpy(two + n * PAIR * L, x + (n * C + c) * L, PAIR * L * sizeof *two);
    return two;
}

/* Cells of one channel: two by two. */
static void has_bits_of_channels(const char *spec, size_t L, bool wild) {
    Arena *arena = arena_new();
    const Call all = whole_call(arena, spec, L, wild);
    for (size_t c = 0; c < C; c += PAIR) {
        Call two = {.N = N, .C = PAIR, .L = L};
        two.x = pair_of(arena, all.x, c, L);
        two.dy = pair_of(arena, all.dy, c, L);
        two.gamma = all.gamma + c, two.beta = all.beta + c;
        run_call(&two, arena, spec);
        same_bits(spec, "y", pair_of(arena, all.y, c, L), two.y, N * PAIR * L);
        same_bits(spec, "dx", pair_of(arena, all.dx, c, L), two.dx, N * PAIR * L);
        same_bits(spec, "dgamma", &all.dgamma[c], two.dgamma, PAIR);
        same_bits(spec, "dbeta", &all.dbeta[c], two.dbeta, PAIR);
    }
    arena_free(arena);
}

/* Rows of whole lines of memory, those that end with half a leaf, too, and rows that begin
 * anywhere. Where any cell is wild none is written beside the sums of another's gradient. */
static const struct {
    size_t L;
    bool wild;
} ROWS[] = {{MANY / N / C, false},
            {MANY / N / C + 16, false},
            {MANY / N / C + 16, true},
            {MANY / N / C + 37, true}};

static void samples(void **state) {
    (void)state;
    static const char *const specs[] = {"instance",
                                        "group(2)",
                                        "layer",
                                        "group(2, center=no)",
                                        "channels(0, 1, 0, 1, 2, 2, 2, 2)",
                                        "none",
                                        "position",
                                        "position(center=no)"};
    for (size_t i = 0; i < COUNT_OF(specs); i++)
        for (size_t k = 0; k < COUNT_OF(ROWS); k++)
            has_bits_of_samples(specs[i], ROWS[k].L, ROWS[k].wild);
}

static void channels(void **state) {
    (void)state;
    static const char *const specs[] = {"batch", "ghost(2)", "batch(center=no)"};
    for (size_t i = 0; i < COUNT_OF(specs); i++)
        for (size_t k = 0; k < COUNT_OF(ROWS); k++)
            has_bits_of_channels(specs[i], ROWS[k].L, ROWS[k].wild);
}

static const Case cases[] = {
    CASE(theorem, samples),
    CASE(theorem, channels),
};

HARNESS_MAIN("norm_past", cases)
