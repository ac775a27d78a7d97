/* Exponential, logarithm, powers, hyperbolic tangent, error function, sine and cosine: an argument is brought
 * near a point of a table, or near zero, exactly; from there Taylor's series, whose first terms
 * are kept to more than 53 bits, so that the error is the last rounding's and little more. */
#include "real.h"
#include "real_core.h"

#include <float.h>
#include <stdbool.h>

/* term[0] + term[1] x + ... */
static double series_of(const double *term, size_t terms, double x) {
    double sum = term[terms - 1];
    for (size_t i = terms - 1; i-- > 0;) sum = fma(sum, x, term[i]);
    return sum;
}

#define SERIES(term, x) series_of(term, sizeof(term) / sizeof *(term), x)

/* ---- exp ------------------------------------------------------------------------- */

/* 2^k of a sum near 1, rounded once although the result may be subnormal: what the first
 * rounding left decides whether the last place is another. */
static double scaled(RealSum sum, int k) {
    const RealSum a = real_after(sum.high, sum.low);
    const double y = ldexp(a.high, k);
    if (k > -1022) return y;
    const double rest = (a.high - ldexp(y, -k)) + a.low;
    const double half = ldexp(0.5, DBL_MIN_EXP - DBL_MANT_DIG - k);
    const double last = DBL_MIN * DBL_EPSILON;
    return rest > half ? y + last : rest < -half ? y - last : y;
}

/* e^(x + rest), wherever it lies. */
static double exp_of(double x, double rest) {
    if (x > 710.0) return (double)INFINITY;
    if (x < -746.0) return 0.0;
    const RealExp e = real_exp_parts(x, rest);
    const int64_t steps = (int64_t)(e.steps - real_bits(REAL_SHIFT));
    return scaled(real_exp_sum(&e), (int)(steps / REAL_EXP_PARTS));
}

double real_exp(double x) {
    if (fabs(x) <= REAL_EXP_WITHIN) return real_exp_within(x);
    return isnan(x) ? x : exp_of(x, 0.0);
}

/* ---- log ------------------------------------------------------------------------- */

/* log x = k log 2 - log c + log(1 + r), 1 + r = c m, x = 2^k m with m from 0.6875 to 1.375;
 * c is 1 beside 1, so that r alone is left there. |r| < 2^-6: the first term that is left out
 * is r^12/12 < 2^-75. Of normal x. */
static RealSum log_of(double x, int k) {
    static const double TERMS[] = {1.0 / 3,  -1.0 / 4, 1.0 / 5,   -1.0 / 6, 1.0 / 7,
                                   -1.0 / 8, 1.0 / 9,  -1.0 / 10, 1.0 / 11};
    const double log2_high = 0x1.62e42fefa38p-1, log2_low = 0x1.ef35793c7673p-45;
    const uint64_t above = real_bits(x) - UINT64_C(0x3fe6000000000000);
    const RealLog *near = &REAL_LOG[above >> 46 & (REAL_LOG_PARTS - 1)];
    const uint64_t twos = above & UINT64_C(0xfff0000000000000);
    const double m = real_of_bits(real_bits(x) - twos);
    const double n = (double)((int)((int64_t)twos / ((int64_t)1 << 52)) + k);
    const RealSum product = real_times(near->factor, m);
    const double r = product.high - 1.0; /* exact */
    const RealSum square = real_times(r, r);
    const RealSum first = real_add(n * log2_high + near->log.high, r); /* exact, both */
    const RealSum second = real_add(first.high, -0.5 * square.high);
    const double small = n * log2_low + near->log.low + (product.low - product.low * r);
    const double others = fma(r * square.high, SERIES(TERMS, r), -0.5 * square.low);
    return real_after(second.high, second.low + (first.low + (small + others)));
}

static RealSum log_of_any(double x) {
    const int up = 54;
    return x < DBL_MIN ? log_of(ldexp(x, up), -up) : log_of(x, 0);
}

double real_log(double x) {
    if (x == 0.0) return -(double)INFINITY;
    if (x < 0.0) return (double)NAN;
    return isfinite(x) ? log_of_any(x).high : x;
}

/* ---- powers ---------------------------------------------------------------------- */

/* Of x > 0. */
static double power_of(double x, double exponent) {
    const RealSum log = log_of_any(x);
    const RealSum product = real_times(exponent, log.high);
    if (!(fabs(product.high) < 800.0)) return product.high > 0.0 ? (double)INFINITY : 0.0;
    return exp_of(product.high, fma(exponent, log.low, product.low));
}

static bool is_whole(double x) {
    return floor(x) == x;
}

double real_power(double x, double exponent) {
    if (exponent == 0.0 || x == 1.0) return 1.0;
    if (isnan(x) || isnan(exponent)) return x + exponent;
    const double size = fabs(x);
    const bool whole = is_whole(exponent), odd = whole && !is_whole(exponent / 2.0);
    if (x < 0.0 && isfinite(x) && !whole) return (double)NAN;
    double y;
    if (isinf(exponent))
        y = size == 1.0 ? 1.0 : (size > 1.0) == (exponent > 0.0) ? (double)INFINITY : 0.0;
    else if (size == 0.0 || isinf(size))
        y = (size == 0.0) == (exponent > 0.0) ? 0.0 : (double)INFINITY;
    else
        y = power_of(size, exponent);
    return odd ? copysign(y, x) : y;
}

/* ---- tanh ------------------------------------------------------------------------ */

double real_tanh(double x) {
    if (real_tanh_is_within(x)) return real_tanh_within(x);
    return fabs(x) > 22.0 ? copysign(1.0, x) : x; /* zeros and NaN, too */
}

/* ---- erf -------------------------------------------------------------------------- */

double real_erf(double x) {
    const double size = fabs(x);
    if (real_erf_is_within(x)) return real_erf_within(x);
    if (isnan(x)) return x;
    if (size >= 6.0) return copysign(1.0, x);
    return fma(x, REAL_ERF[0].slope.high, x * REAL_ERF[0].slope.low);
}

/* ---- sine and cosine ------------------------------------------------------------- */

/* turns = quarter/4 + a/(2 pi), |a| <= pi/4: the first terms that are left out are
 * a^19/19! < 2^-63 and a^20/20! < 2^-68. */
static RealSum angle_of(double turns, unsigned *quarter) {
    const double pi2_high = 0x1.921fb54442d18p+2, pi2_low = 0x1.1a62633145c07p-52;
    const double shifted = turns * 4.0 + REAL_SHIFT, n = shifted - REAL_SHIFT;
    *quarter = (unsigned)(real_bits(shifted) % 4);
    const double left = turns - n / 4.0; /* exact */
    const RealSum a = real_times(left, pi2_high);
    return (RealSum){a.high, fma(left, pi2_low, a.low)};
}

static double sine_of(RealSum a) {
    static const double TERMS[] = {
        -1.0 / 6,        1.0 / 120,          -1.0 / 5040,         1.0 / 362880,
        -1.0 / 39916800, 1.0 / 6227020800.0, -1.0 / 1307674368e3, 1.0 / 355687428096e3};
    const double square = a.high * a.high;
    const double cube = a.high * square;
    return a.high + fma(cube, SERIES(TERMS, square), a.low - 0.5 * square * a.low);
}

static double cosine_of(RealSum a) {
    static const double TERMS[] = {1.0 / 24,
                                   -1.0 / 720,
                                   1.0 / 40320,
                                   -1.0 / 3628800,
                                   1.0 / 479001600,
                                   -1.0 / 87178291200.0,
                                   1.0 / 20922789888e3,
                                   -1.0 / 6402373705728e3};
    const RealSum square = real_times(a.high, a.high);
    const RealSum sum = real_after(1.0, -0.5 * square.high);
    const double fourth = square.high * square.high;
    return sum.high +
           (fma(fourth, SERIES(TERMS, square.high), -0.5 * square.low - a.high * a.low) +
            sum.low);
}

/* cos(a + quarter pi/2) */
static double turned(double turns, unsigned more) {
    if (!(fabs(turns) < 0x1p50)) return (double)NAN;
    unsigned quarter;
    const RealSum a = angle_of(turns, &quarter);
    quarter = (quarter + more) % 4;
    const double y = quarter % 2 ? sine_of(a) : cosine_of(a);
    return quarter == 1 || quarter == 2 ? -y : y;
}

double real_cosine(double turns) {
    return turned(turns, 0);
}

/* sin(a) = cos(a - pi/2) */
double real_sine(double turns) {
    return turned(turns, 3);
}
