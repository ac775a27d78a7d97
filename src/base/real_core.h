/* real_core: exponential, hyperbolic tangent and error function without branches, for real.c and
 * for loops over vectors, which so have the same bits.
 *
 * A number of more than 53 bits is the sum of two doubles, the second below the last place of
 * the first. */
#ifndef NORMLAB_REAL_CORE_H
#define NORMLAB_REAL_CORE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct RealSum {
    double high, low;
} RealSum;

/* 2^(j/32); c, and -log c whose high part is a multiple of 2^-42 (real_table.c). */
enum { REAL_EXP_PARTS = 32, REAL_LOG_PARTS = 64 };
extern const RealSum REAL_EXP[REAL_EXP_PARTS];
typedef struct RealLog {
    double factor;
    RealSum log;
} RealLog;
extern const RealLog REAL_LOG[REAL_LOG_PARTS];

/* erf(j/16) and its slope there, 2/sqrt(pi) e^-(j/16)^2 (real_table.c). */
enum { REAL_ERF_PARTS = 97, REAL_ERF_STEPS = 16 };
typedef struct RealErf {
    RealSum erf, slope;
} RealErf;
extern const RealErf REAL_ERF[REAL_ERF_PARTS];

static inline uint64_t real_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double real_of_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* a + b, exactly (Knuth); real_after where |a| >= |b| or a is 0 (Dekker). */
static inline RealSum real_add(double a, double b) {
    const double sum = a + b, of_b = sum - a;
    return (RealSum){sum, (a - (sum - of_b)) + (b - of_b)};
}

static inline RealSum real_after(double a, double b) {
    const double sum = a + b;
    return (RealSum){sum, b - (sum - a)};
}

/* a b, exactly. */
static inline RealSum real_times(double a, double b) {
    const double product = a * b;
    return (RealSum){product, fma(a, b, -product)};
}

/* 2^52 + 2^51: what is added to it is rounded to a whole number, in the lowest bits. */
#define REAL_SHIFT 0x1.8p52

/* x = (32 k + j) log(2)/32 + r: of e^r - 1 the first term and all others, of 2^(j/32) both
 * parts, and REAL_SHIFT's bits + 32 k. */
typedef struct RealExp {
    double first, others;
    RealSum power;
    uint64_t steps;
} RealExp;

/* Of x + rest, |x| < 2^11, rest below its last places. |r| <= log(2)/64: the series' first
 * term that is left out is r^9/9! < 2^-76. */
static inline RealExp real_exp_parts(double x, double rest) {
    const double log2_high = 0x1.62e42fefap-6, log2_low = 0x1.cf79abc9e3b3ap-45;
    const double shifted = x * 0x1.71547652b82fep+5 + REAL_SHIFT;
    const double n = shifted - REAL_SHIFT;
    const uint64_t bits = real_bits(shifted), j = bits % REAL_EXP_PARTS;
    /* the fma is exact, and high has 17 zeros at its end for n */
    const RealSum r = real_add(fma(-n, log2_high, x), rest - n * log2_low);
    double series = 1.0 / 40320.0;
    series = fma(series, r.high, 1.0 / 5040.0);
    series = fma(series, r.high, 1.0 / 720.0);
    series = fma(series, r.high, 1.0 / 120.0);
    series = fma(series, r.high, 1.0 / 24.0);
    series = fma(series, r.high, 1.0 / 6.0);
    series = fma(series, r.high, 1.0 / 2.0);
    return (RealExp){r.high, fma(r.high * r.high, series, r.low), REAL_EXP[j], bits - j};
}

/* 2^(j/32) e^r, before it is rounded. */
static inline RealSum real_exp_sum(const RealExp *e) {
    const RealSum product = real_times(e->power.high, e->first);
    const RealSum sum = real_after(e->power.high, product.high);
    const double low = fma(e->power.low, e->first, e->power.low);
    return (RealSum){sum.high,
                     sum.low + (product.low + fma(e->power.high, e->others, low))};
}

/* Where this is so, real_exp is real_exp_within. */
#define REAL_EXP_WITHIN 708.0

static inline double real_exp_within(double x) {
    const RealExp e = real_exp_parts(x, 0.0);
    const RealSum sum = real_exp_sum(&e);
    const uint64_t one = UINT64_C(0x3ff0000000000000); /* and 2^k is k 2^52 more */
    return (sum.high + sum.low) * real_of_bits((e.steps << 47) + one);
}

/* e^x - 1 of 0 <= x < 64. */
static inline RealSum real_less_one(double x) {
    const RealExp e = real_exp_parts(x, 0.0);
    const uint64_t one = UINT64_C(0x3ff0000000000000);
    const double power = real_of_bits((e.steps << 47) + one);
    const double high = e.power.high * power, low = e.power.low * power;
    const RealSum constant = real_add(high, -1.0), linear = real_times(high, e.first);
    const RealSum sum = real_add(constant.high, linear.high);
    const double others = fma(high, e.others, fma(low, e.first, low));
    return real_after(sum.high, sum.low + (constant.low + (linear.low + others)));
}

/* Where this is so, real_tanh is real_tanh_within: (e^2x - 1) / (e^2x - 1 + 2). */
static inline bool real_tanh_is_within(double x) {
    return fabs(x) >= 0x1p-28 && fabs(x) <= 22.0;
}

static inline double real_tanh_within(double x) {
    const RealSum above = real_less_one(2.0 * fabs(x)), below = real_add(above.high, 2.0);
    const double y = above.high / below.high;
    const double rest =
        fma(-y, below.high, above.high) + (above.low - y * (below.low + above.low));
    return copysign(y + rest / below.high, x);
}

/* The integral from 0 to h of e^(-2 c t - t^2) - 1, c = j/16, |h| <= 1/32: the coefficients of
 * the series are b(n+1) = -2 (c b(n) + b(n-1)) / (n+1). What is left out is below 2^-62 of erf
 * beside it. */
static inline double real_bell_beyond(double c, double h) {
    enum { TERMS = 12 };
    double before = 1.0, b = -2.0 * c, power = h * h, term[TERMS];
    for (int n = 1; n <= TERMS; n++) {
        const double next = -2.0 * (c * b + before) / (n + 1);
        term[n - 1] = b * power / (n + 1);
        power *= h, before = b, b = next;
    }
    double sum = 0.0;
    for (int n = TERMS; n-- > 0;) sum += term[n];
    return sum;
}

/* Where this is so, real_erf is real_erf_within. */
static inline bool real_erf_is_within(double x) {
    return fabs(x) < 6.0 && fabs(x) >= 0x1p-30;
}

static inline double real_erf_within(double x) {
    const double size = fabs(x);
    const double shifted = size * REAL_ERF_STEPS + REAL_SHIFT, j = shifted - REAL_SHIFT;
    const RealErf *near = &REAL_ERF[real_bits(shifted) % (1 << 16)];
    const double c = j / REAL_ERF_STEPS, h = size - c; /* exact */
    const RealSum first = real_times(near->slope.high, h);
    const RealSum sum = real_add(near->erf.high, first.high);
    const double others =
        fma(near->slope.high, real_bell_beyond(c, h), fma(near->slope.low, h, first.low));
    return copysign(sum.high + (sum.low + (near->erf.low + others)), x);
}

#endif
