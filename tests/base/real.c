/* Functions of doubles against 113 bits, at the ends of the doubles, and the tables they stand
 * on. */
#include "harness.h"
#include "real_core.h"

#include "arith_calls.h"
#include "house.h"
#include "real.h"

#include <float.h>

enum { DRAWS = 40000 };

static uint64_t draw(uint64_t sample, uint64_t index) {
    return draw_bits((Draw){.seed = 41, .purpose = DRAW_TEST, .sample = sample}, index);
}

static double uniform(uint64_t sample, uint64_t index, double from, double to) {
    const Draw at = {.seed = 42, .purpose = DRAW_TEST, .sample = sample};
    return from + (to - from) * draw_uniform(at, index);
}

/* |got - want| in units of the last place of a double near `want`. */
static double places(double got, Quad want) {
    const double near = (double)want;
    if (!isfinite(near) || !isfinite(got)) return got == near ? 0.0 : (double)INFINITY;
    const int last = near == 0.0 ? -1074 : ilogb(near) < -1022 ? -1074 : ilogb(near) - 52;
    return (double)ldexp((double)(quad_abs(got - want) * ldexp(1.0, -last / 2)),
                         -last - -last / 2);
}

typedef struct Worst {
    double error, at;
} Worst;

static void worse(Worst *worst, double error, double at) {
    if (error > worst->error) *worst = (Worst){error, at};
}

static void assert_worst(const char *name, Worst worst, double bound) {
    if (!(worst.error <= bound) || getenv("NORMLAB_TELL"))
        print_error("%s loses %.4f of a last place at %a\n", name, worst.error, worst.at);
    assert_true(worst.error <= bound);
}

static Quad quad_exp(Quad x) {
    return QUAD_CALL(exp)(x);
}

static Quad quad_log(Quad x) {
    return QUAD_CALL(log)(x);
}

static Quad quad_tanh(Quad x) {
    return QUAD_CALL(tanh)(x);
}

static Quad quad_erf(Quad x) {
    return QUAD_CALL(erf)(x);
}

/* Over [from, to], where results are subnormal too, about the ends of steps and near zero. */
static Worst worst_of(double (*f)(double), Quad (*wide)(Quad), double from, double to) {
    Worst worst = {0};
    for (uint64_t i = 0; i < DRAWS; i++) {
        double x = uniform(1, i, from, to);
        if (i % 3 == 1) x = ldexp(x, -(int)(draw(2, i) % 1000));
        if (i % 3 == 2) x = uniform(3, i, fmax(from, -1.5), fmin(to, 1.5));
        worse(&worst, places(f(x), wide(x)), x);
    }
    return worst;
}

static void exponentials(void **state) {
    (void)state;
    assert_worst("exp", worst_of(real_exp, quad_exp, -746, 710), 0.501);
    Worst worst = {0}; /* halves of steps, where r is largest; sums and subnormals */
    for (uint64_t i = 0; i < DRAWS; i++) {
        const double half =
            ((double)(draw(4, i) % 45000) - 23500.5) * 0x1.62e42fefa39efp-6;
        const double x = half * (1.0 + uniform(5, i, -1e-12, 1e-12));
        worse(&worst, places(real_exp(x), quad_exp(x)), x);
        const double low = uniform(6, i, -745.2, -708.3);
        worse(&worst, places(real_exp(low), quad_exp(low)), low);
    }
    assert_worst("exp", worst, 0.501);
}

static void logarithms(void **state) {
    (void)state;
    Worst worst = worst_of(real_log, quad_log, 0.0, 2.0);
    for (uint64_t i = 0; i < DRAWS; i++) {
        const double any = real_of_bits(draw(7, i) >> 1);
        if (isfinite(any)) worse(&worst, places(real_log(any), quad_log(any)), any);
        const double small = real_of_bits(draw(8, i) % (UINT64_C(1) << 52) >> i % 52);
        worse(&worst, places(real_log(small), quad_log(small)), small);
        const double edge = real_of_bits(UINT64_C(0x3fe6000000000000) +
                                         (draw(9, i) % 64 << 46) + draw(10, i) % 5 - 2);
        worse(&worst, places(real_log(edge), quad_log(edge)), edge);
        const double one = 1.0 + uniform(11, i, -0.02, 0.02);
        worse(&worst, places(real_log(one), quad_log(one)), one);
    }
    assert_worst("log", worst, 0.502);
}

static void hyperbolic_tangents(void **state) {
    (void)state;
    assert_worst("tanh", worst_of(real_tanh, quad_tanh, -23, 23), 0.51);
    assert_worst("tanh", worst_of(real_tanh, quad_tanh, -1, 1), 0.51);
}

static void error_functions(void **state) {
    (void)state;
    assert_worst("erf", worst_of(real_erf, quad_erf, -7, 7), 0.502);
    assert_worst("erf", worst_of(real_erf, quad_erf, -0.1, 0.1), 0.502);
    Worst worst = {0};
    for (int j = 0; j < 2 * REAL_ERF_PARTS; j++) { /* the ends of steps */
        const double edge = (j - 0.5) / REAL_ERF_STEPS;
        worse(&worst, places(real_erf(edge), quad_erf(edge)), edge);
        const double below = nextafter(edge, 0.0);
        worse(&worst, places(real_erf(below), quad_erf(below)), below);
    }
    assert_worst("erf", worst, 0.502);
}

static void powers(void **state) {
    (void)state;
    Worst worst = {0}, far = {0};
    for (uint64_t i = 0; i < DRAWS; i++) {
        const double x = real_exp(uniform(12, i, -3.0, 3.0));
        const double exponent = uniform(13, i, -6.0, 6.0),
                     any = uniform(14, i, -1e3, 1e3);
        const Quad want = QUAD_CALL(pow)(x, exponent), beyond = QUAD_CALL(pow)(x, any);
        worse(&worst, places(real_power(x, exponent), want), x);
        const double size = fabs(any * real_log(x)), share = 0.502 + 0.002 * size;
        worse(&far, places(real_power(x, any), beyond) / share, x);
    }
    assert_worst("power", worst, 0.51);
    assert_worst("power, of its bound,", far, 1.0);
}

/* Angles are turns: exact at quarters, and of 2^-54 of a circle beside them. */
static void circles(void **state) {
    (void)state;
    const Quad pi2 = 8 * QUAD_CALL(atan)(1);
    Worst sine = {0}, cosine = {0};
    for (uint64_t i = 0; i < DRAWS; i++) {
        double turns = uniform(15, i, -1.25, 1.25);
        if (i % 2) turns = (double)(draw(16, i) % 8) / 8 + ldexp(turns, -(int)(i % 60));
        const Quad whole = floor(turns), angle = pi2 * (turns - whole);
        const Quad s = QUAD_CALL(sin)(angle), c = QUAD_CALL(cos)(angle);
        if (quad_abs(s) >= 0.5) worse(&sine, places(real_sine(turns), s), turns);
        if (quad_abs(c) >= 0.5) worse(&cosine, places(real_cosine(turns), c), turns);
        assert_near(real_sine(turns), (double)s, DBL_EPSILON / 2);
        assert_near(real_cosine(turns), (double)c, DBL_EPSILON / 2);
    }
    assert_worst("sin", sine, 0.8);
    assert_worst("cos", cosine, 0.8);
    for (int i = -8; i < 8; i++) {
        const double wave[] = {0, 1, 0, -1};
        assert_true(real_sine(0.25 * i) == wave[(i + 8) % 4]);
        assert_true(real_cosine(0.25 * i) == wave[(i + 9) % 4]);
    }
}

static void assert_same(double got, double want) {
    if (isnan(want) ? isnan(got) : real_bits(got) == real_bits(want)) return;
    fail_msg("%a, expected %a", got, want);
}

/* As C's Annex F has them, which the C library is asked for. */
static void ends_of_the_doubles(void **state) {
    (void)state;
    static const double ENDS[] = {0.0,
                                  DBL_TRUE_MIN,
                                  DBL_MIN,
                                  0.5,
                                  1.0,
                                  2.0,
                                  3.0,
                                  DBL_MAX,
                                  0x1.fffffffffffffp52,
                                  0x1p53,
                                  0x1p1000,
                                  1.5,
                                  (double)INFINITY,
                                  (double)NAN};
    for (size_t i = 0; i < 2 * COUNT_OF(ENDS); i++) {
        const double x = i % 2 ? -ENDS[i / 2] : ENDS[i / 2];
        const bool any =
            isnan(x) || isinf(x) || x == 0.0 || fabs(x) > 1e3 || fabs(x) < 1e-3;
        if (any) assert_same(real_exp(x), exp(x));
        if (any) assert_same(real_tanh(x), tanh(x));
        if (any && !(fabs(x) < 1e-3 && x != 0.0)) assert_same(real_erf(x), erf(x));
        if (!(x > 0.0) || isinf(x) || x == 1.0) assert_same(real_log(x), log(x));
        for (size_t k = 0; k < 2 * COUNT_OF(ENDS); k++) {
            const double exponent = k % 2 ? -ENDS[k / 2] : ENDS[k / 2];
            const double want = pow(x, exponent);
            assert_near(isfinite(want)
                            ? real_power(x, exponent) / (want != 0.0 ? want : 1.0)
                            : 0.0,
                        isfinite(want) && want != 0.0 ? 1.0 : 0.0, 0x1p-50);
            if (!isfinite(want) || want == 0.0)
                assert_same(real_power(x, exponent), want);
        }
    }
    assert_same(real_exp(-745.2), 0.0);
    assert_same(real_exp(-745.1), DBL_TRUE_MIN);
    assert_same(real_exp(709.79), (double)INFINITY);
    assert_true(isfinite(real_exp(709.78)));
}

/* The slope of erf by the number 2/sqrt(pi). */
static void erf_table(void **state) {
    (void)state;
    const Quad top = 2 / QUAD_CALL(sqrt)(4 * QUAD_CALL(atan)(1));
    for (int j = 0; j < REAL_ERF_PARTS; j++) {
        const Quad c = j / (Quad)REAL_ERF_STEPS,
                   want[] = {quad_erf(c), top * quad_exp(-c * c)};
        const RealSum have[] = {REAL_ERF[j].erf, REAL_ERF[j].slope};
        for (int i = 0; i < 2; i++) {
            assert_same(have[i].high, (double)want[i]);
            const double left = (double)(want[i] - have[i].high);
            if (NORMLAB_HAS_QUAD) assert_near(have[i].low, left, 0x1p-108);
        }
    }
}

/* Parts are the nearest doubles to what they are of, and to what is left. */
static void tables(void **state) {
    (void)state;
    for (int j = 0; j < REAL_EXP_PARTS; j++) {
        const Quad want = QUAD_CALL(pow)(2, j / (Quad)REAL_EXP_PARTS);
        assert_same(REAL_EXP[j].high, (double)want);
        if (NORMLAB_HAS_QUAD)
            assert_same(REAL_EXP[j].low, (double)(want - REAL_EXP[j].high));
    }
    for (uint64_t i = 0; i < REAL_LOG_PARTS; i++) {
        const RealLog *near = &REAL_LOG[i];
        const double from = real_of_bits(UINT64_C(0x3fe6000000000000) + (i << 46));
        const double to = real_of_bits(UINT64_C(0x3fe6000000000000) + ((i + 1) << 46));
        assert_true(near->factor * 256 == floor(near->factor * 256));
        assert_true(fabs(from * near->factor - 1) <= 0x1p-6);
        assert_true(fabs(to * near->factor - 1) <= 0x1p-6);
        assert_true(near->log.high * 0x1p42 == floor(near->log.high * 0x1p42));
        assert_true(fabs(near->log.low) <= 0x1p-43);
        const Quad want = -quad_log(near->factor);
        const double left = (double)(want - near->log.high);
        assert_near(near->log.low, left, NORMLAB_HAS_QUAD ? 0.0 : 0x1p-64);
    }
}

static const Case cases[] = {
    CASE(theorem, ends_of_the_doubles),
    CASE(oracle, exponentials),
    CASE(oracle, logarithms),
    CASE(oracle, hyperbolic_tangents),
    CASE(oracle, error_functions),
    CASE(oracle, powers),
    CASE(oracle, circles),
    CASE(oracle, tables),
    CASE(oracle, erf_table),
};

HARNESS_MAIN("real", cases)
