/* What the libraries compute, to the last bit: digests of results on fixed arguments. Names
 * and versions do not tell it: OpenBLAS and glibc choose their code by the processor and by
 * the environment. */
#include "internal.h"
#include "text.h"

#include <cblas.h>
#include <math.h>

enum { ARGUMENTS = 4096, SHOWN = 12 };

/* In (0, 1), of 32 bits: the same everywhere. */
static double argument(size_t i) {
    return ((double)((uint32_t)i * 2654435769u) + 0.5) / 4294967296.0;
}

/* Those that training calls; sqrt is right everywhere. */
const char *store_libm_bits(Arena *arena) {
    const ArenaMark mark = arena_mark(arena);
    double *values = TAKE(arena, double, (size_t)ARGUMENTS * 6), *to = values;
    for (size_t i = 0; i < ARGUMENTS; i++) {
        const double u = argument(i);
        *to++ = exp(60.0 * u - 30.0);
        *to++ = log(1000.0 * u);
        *to++ = tanh(6.0 * u - 3.0);
        *to++ = sin(20.0 * u - 10.0);
        *to++ = cos(20.0 * u - 10.0);
        *to++ = pow(10.0 * u, 3.0 * argument(i + ARGUMENTS));
    }
    char hex[DIGEST_LENGTH + 1];
    digest_bytes(hex, values, (size_t)(to - values) * sizeof *values);
    arena_rewind(arena, mark);
    return text_copy(arena, hex, SHOWN);
}

/* Products within a block of the kernel's, beyond it, and along more than one block of the
 * sum; small enough for one thread. */
const char *store_blas_bits(Arena *arena) {
    static const int sizes[][3] = {{5, 7, 3}, {48, 40, 96}, {13, 17, 900}};
    enum { MOST = 17 * 900 + 48 * 96, RESULTS = 48 * 40 };
    const ArenaMark mark = arena_mark(arena);
    double *a = TAKE(arena, double, MOST), *b = TAKE(arena, double, MOST);
    double *c = ZERO(arena, double, (size_t)RESULTS * 9);
    for (size_t i = 0; i < MOST; i++) {
        a[i] = argument(i) - 0.5;
        b[i] = argument(i + MOST) - 0.5;
    }
    for (size_t i = 0; i < 9; i++) { /* A B, A' B, A B' */
        const int m = sizes[i % 3][0], n = sizes[i % 3][1], k = sizes[i % 3][2];
        const bool left = i / 3 == 1, right = i / 3 == 2;
        cblas_dgemm(CblasRowMajor, left ? CblasTrans : CblasNoTrans,
                    right ? CblasTrans : CblasNoTrans, m, n, k, 1.0, a, left ? m : k, b,
                    right ? k : n, 0.0, c + i * RESULTS, n);
    }
    char hex[DIGEST_LENGTH + 1];
    digest_bytes(hex, c, (size_t)RESULTS * 9 * sizeof *c);
    arena_rewind(arena, mark);
    return text_copy(arena, hex, SHOWN);
}
