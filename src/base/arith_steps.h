/* arith_steps: products and quotients of 113-bit complexes whose imaginary part is a step.
 *
 * Beside a complex step of 1e-600 the product of two imaginary parts is below what a real part
 * of 113 bits can show, and is left out where the exponents say so: without hardware sums and
 * products are dear, exponents are not.
 */
#ifndef NORMLAB_ARITH_STEPS_H
#define NORMLAB_ARITH_STEPS_H

#include "arith_calls.h"

#include <stdbool.h>
#include <stdint.h>

typedef union QuadParts {
    QuadComplex number;
    Quad part[2];
    uint64_t word[2 * sizeof(Quad) / sizeof(uint64_t)];
} QuadParts;

enum { QUAD_ONE = 16383, QUAD_INFINITE = 0x7fff };

/* e of a part that lies in 2^(e - QUAD_ONE) [1, 2); 0 of zero and what is near, QUAD_INFINITE of
 * what is not finite, and of everything where numbers are not made so. */
static inline int quad_exponent(QuadParts a, int part) {
#if NORMLAB_HAS_QUAD && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (int)(a.word[2 * part + 1] >> 48 & QUAD_INFINITE);
#else
    return (void)a, (void)part, QUAD_INFINITE;
#endif
}

/* Whether two such imaginary parts multiply to less than 2^-120 of the real parts' product. */
static inline bool quad_steps(QuadParts a) {
    const int real = quad_exponent(a, 0);
    return real < QUAD_INFINITE && real - quad_exponent(a, 1) > 62;
}

static inline bool quad_is_normal(int exponent) {
    return exponent > 0 && exponent < QUAD_INFINITE - 1;
}

static inline bool quad_is_real(QuadParts a) {
#if NORMLAB_HAS_QUAD && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (a.word[2] | a.word[3] << 1) == 0;
#else
    return (void)a, false;
#endif
}

static inline bool quad_is_finite(QuadParts a) {
    return quad_exponent(a, 0) < QUAD_INFINITE && quad_exponent(a, 1) < QUAD_INFINITE;
}

static inline QuadComplex quad_scaled(QuadParts a, Quad by) {
    const QuadParts product = {
        .part = {a.part[0] * by, quad_is_real(a) ? 0 : a.part[1] * by}};
    return product.number;
}

/* The same bits as a b. */
static inline QuadComplex quad_times(QuadComplex a, QuadComplex b) {
    const QuadParts x = {.number = a}, y = {.number = b};
    if (quad_is_real(y) && quad_is_finite(x) && quad_is_finite(y))
        return quad_scaled(x, y.part[0]);
    if (quad_is_real(x) && quad_is_finite(x) && quad_is_finite(y))
        return quad_scaled(y, x.part[0]);
    const int exponent = quad_exponent(x, 0) + quad_exponent(y, 0) - QUAD_ONE;
    if (!quad_steps(x) || !quad_steps(y) || !quad_is_normal(exponent)) return a * b;
    const QuadParts product = {
        .part = {x.part[0] * y.part[0], x.part[0] * y.part[1] + x.part[1] * y.part[0]}};
    return product.number;
}

/* a / b: (a_r + i a_i) / (b_r + i b_i) = q + i (a_i - q b_i) / b_r with q = a_r / b_r, but for
 * squares of imaginary parts. */
static inline QuadComplex quad_over(QuadComplex a, QuadComplex b) {
    const QuadParts x = {.number = a}, y = {.number = b};
    const int exponent = quad_exponent(x, 0) - quad_exponent(y, 0) + QUAD_ONE;
    if (!quad_steps(x) || !quad_steps(y) || !quad_is_normal(exponent)) return a / b;
    const Quad real = x.part[0] / y.part[0];
    const QuadParts quotient = {
        .part = {real, (x.part[1] - real * y.part[1]) / y.part[0]}};
    return quotient.number;
}

#endif
