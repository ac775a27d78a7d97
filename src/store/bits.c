/* What this build computes here, to the last bit: a digest of results on fixed arguments.
 * Processor, compiler and libraries should have no part in it; names of them would not tell. */
#include "internal.h"
#include "text.h"

#include "bilinear.h"
#include "place.h"
#include "real.h"
#include "text.h"

enum { ARGUMENTS = 1024, SHOWN = 12 };

/* In (0, 1), of 32 bits: the same everywhere. */
static double argument(size_t i) {
    return ((double)((uint32_t)i * 2654435769u) + 0.5) / 4294967296.0;
}

static double *arguments(Arena *arena, size_t count, size_t first) {
    double *x = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) x[i] = argument(first + i) - 0.5;
    return x;
}

static double *functions(double *to) {
    for (size_t i = 0; i < ARGUMENTS; i++) {
        const double u = argument(i);
        *to++ = real_exp(60.0 * u - 30.0);
        *to++ = real_log(1000.0 * u);
        *to++ = real_tanh(6.0 * u - 3.0);
        *to++ = real_sine(u);
        *to++ = real_cosine(u);
        *to++ = real_power(10.0 * u, 3.0 * argument(i + ARGUMENTS));
    }
    return to;
}

/* Within a block of the kernel's, beyond it, and along more than one block of the sum. */
static const size_t PRODUCTS[][3] = {{5, 7, 3}, {48, 40, 96}, {13, 17, 900}};

static double *products(Arena *arena, double *to) {
    const double *a = arguments(arena, 13 * 900, 1), *b = arguments(arena, 17 * 900, 2);
    for (size_t i = 0; i < COUNT_OF(PRODUCTS); i++) {
        const size_t *size = PRODUCTS[i];
        matmul(to, a, b, size[0], size[1], size[2], i == 1, i == 2, 0.0);
        to += size[0] * size[1];
    }
    return to;
}

/* By tiles, and by the formula: forward, input, filter. */
static double *convolutions(Arena *arena, double *to) {
    const double *x = arguments(arena, 2 * 8 * 81, 3),
                 *w = arguments(arena, 8 * 8 * 9, 4);
    for (size_t stride = 1; stride <= 2; stride++) {
        const Conv v =
            conv_geometry(SHAPE_OF(2, 8, 9, 9), SHAPE_OF(8, 8, 3, 3), stride, 1);
        double *scratch = TAKE(arena, double, conv_scratch(&v)), *y = to;
        conv_forward(y, x, w, &v, scratch, 0.0);
        to += v.N * v.K * v.P * v.Q;
        conv_input(to, y, w, &v, scratch, 0.0);
        to += v.N * v.C * v.H * v.W;
        conv_filter(to, x, y, &v, scratch, 0.0);
        to += v.K * v.C * v.R * v.S;
    }
    return to;
}

const char *store_bits(Arena *arena) {
    enum { MOST = 6 * ARGUMENTS + 2200 + 8 * 8 * 200 };
    const ArenaMark mark = arena_mark(arena);
    double *values = TAKE(arena, double, MOST);
    const double *end = convolutions(arena, products(arena, functions(values)));
    const size_t count = (size_t)(end - values);
    REQUIRE(count <= MOST, "%zu numbers for a digest", count);
    char hex[DIGEST_LENGTH + 1];
    digest_bytes(hex, values, count * sizeof *values);
    arena_rewind(arena, mark);
    return text_copy(arena, hex, SHOWN);
}
