/* Products and quotients of complexes of 113 bits that carry a step: what is left out of them
 * cannot be seen. */
#include "harness.h"

#include "arith_steps.h"
#include "base.h"

#include <math.h>
#include <string.h>

enum { DRAWS = 20000 };

/* 2^exponent times a number of 106 bits or so, in either sign. */
static Quad drawn(uint64_t sample, uint64_t i, int exponent) {
    const Draw draw = {.seed = 7, .purpose = DRAW_TEST, .sample = sample};
    Quad value = draw_normal(draw, 2 * i) + (Quad)0x1p-54 * draw_normal(draw, 2 * i + 1);
    const Quad unit = exponent < 0 ? (Quad)0x1p-500 : (Quad)0x1p500;
    for (int left = abs(exponent); left >= 500; left -= 500) value *= unit;
    return value * ldexp(1.0, exponent % 500);
}

static QuadComplex number(Quad real, Quad imaginary) {
    return (QuadParts){.part = {real, imaginary}}.number;
}

/* Real parts about 1; imaginary ones 0, smaller by 2^-2000, or by a power of two from 2^-200 to
 * 2^10, which are no steps. */
static QuadComplex element(uint64_t sample, uint64_t i) {
    if (i % 4 == 0) return number(drawn(sample, i, 0), 0);
    const int far = i % 3 == 0 ? -2000 : -(int)(i * 7 % 211) + 10,
              at = (int)(i % 41) - 20;
    return number(drawn(sample, i, at), drawn(sample + 1, i, at + far));
}

static void assert_same(QuadComplex got, QuadComplex want) {
    const QuadParts a = {.number = got}, b = {.number = want};
    for (int k = 0; k < 2; k++) assert_true(a.part[k] == b.part[k]);
}

static void products_have_the_bits_of_the_formula(void **state) {
    (void)state;
    size_t steps = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        const QuadComplex a = element(0, i), b = element(2, i + i / 5);
        steps +=
            quad_steps((QuadParts){.number = a}) && quad_steps((QuadParts){.number = b});
        assert_same(quad_times(a, b), a * b);
    }
#if NORMLAB_HAS_QUAD && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    assert_in_range(steps, DRAWS / 4, DRAWS - DRAWS / 4); /* both ways are gone */
#endif
}

/* q b = a, to a few roundings of the terms. */
static void quotients_undo_products(void **state) {
    (void)state;
    const Quad eps = (Quad)0x1p-60 * (Quad)0x1p-52;
    for (uint64_t i = 0; i < DRAWS; i++) {
        const QuadParts a = {.number = element(0, i)},
                        b = {.number = element(2, i + i / 5)};
        const QuadParts q = {.number = quad_over(a.number, b.number)};
        const Quad real = q.part[0] * b.part[0] - q.part[1] * b.part[1];
        const Quad imaginary = q.part[0] * b.part[1] + q.part[1] * b.part[0];
        const Quad terms =
                       quad_abs(q.part[0] * b.part[0]) + quad_abs(q.part[1] * b.part[1]),
                   others =
                       quad_abs(q.part[0] * b.part[1]) + quad_abs(q.part[1] * b.part[0]);
        assert_true(quad_abs(real - a.part[0]) <= 16 * eps * (terms + others));
        assert_true(quad_abs(imaginary - a.part[1]) <= 16 * eps * (others + terms));
        if (i % 3 == 0 &&
            (i + i / 5) % 3 == 0) /* of steps, each part to its own digits */
            assert_true(quad_abs(imaginary - a.part[1]) <= 16 * eps * others);
    }
}

/* Zeros, the ends of the range, what is not finite: by the formula. */
static void the_ends_are_the_formulas(void **state) {
    (void)state;
    const Quad least = drawn(9, 1, -16300), most = drawn(9, 2, 16300),
               h = drawn(9, 3, -2000);
    const Quad part[] = {0, 1, -2, h, least, most, (Quad)INFINITY};
    for (size_t i = 0; i < COUNT_OF(part) * COUNT_OF(part); i++)
        for (size_t k = 0; k < COUNT_OF(part) * COUNT_OF(part); k++) {
            const QuadComplex a = number(part[i % COUNT_OF(part)],
                                         part[i / COUNT_OF(part)]),
                              b = number(part[k % COUNT_OF(part)],
                                         part[k / COUNT_OF(part)]);
            const QuadParts got = {.number = quad_times(a, b)}, want = {.number = a * b};
            for (int of = 0; of < 2; of++)
                assert_true(
                    got.part[of] == want.part[of] ||
                    (got.part[of] != got.part[of] && want.part[of] != want.part[of]));
        }
}

static const Case CASES[] = {
    CASE(theorem, products_have_the_bits_of_the_formula),
    CASE(theorem, quotients_undo_products),
    CASE(example, the_ends_are_the_formulas),
};

HARNESS_MAIN("steps", CASES)
