/* Functions of real.h before MPFR's, to 200 bits: the worst error of each over arguments of every size, about
 * the ends of the tables' steps and near where results are subnormal, infinite or 0; in units of the result's last place.
 * Prints "NAME WORST BOUND ARGUMENT"; exit code 1: a bound does not hold. */
#include "real.h"

#include <float.h>
#include <math.h>
#include <mpfr.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 42;

/* splitmix64 */
static uint64_t bits(void) {
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static double within(double from, double to) {
    return from + (to - from) * ((double)(bits() >> 11) * 0x1p-53);
}

/* An argument of that many kinds: even, of every exponent, beside a 32nd, of few bits. */
static double argument(uint64_t i, double from, double to) {
    const double x = within(from, to);
    if (i % 4 == 1) return ldexp(x, -(int)(bits() % 1000));
    if (i % 4 == 2) return (floor(x * 64) + 0.5) / 64 * (1 + within(-1e-13, 1e-13));
    if (i % 4 == 3) return ldexp(rint(ldexp(x, 20)), -20);
    return x;
}

typedef struct Function {
    const char *name;
    double (*ours)(double x, double y);
    int (*theirs)(mpfr_t to, const mpfr_t x, const mpfr_t y);
    double from, to, bound;
    double least; /* results below it are measured in its last places */
} Function;

static double ours_exp(double x, double y) {
    return (void)y, real_exp(x);
}
static double ours_log(double x, double y) {
    return (void)y, real_log(fabs(x));
}
static double ours_tanh(double x, double y) {
    return (void)y, real_tanh(x);
}
static double ours_erf(double x, double y) {
    return (void)y, real_erf(x);
}
static double ours_sine(double x, double y) {
    return (void)y, real_sine(x);
}
static double ours_cosine(double x, double y) {
    return (void)y, real_cosine(x);
}
static double ours_power(double x, double y) {
    return real_power(fabs(x), y);
}

static int theirs_exp(mpfr_t to, const mpfr_t x, const mpfr_t y) {
    return (void)y, mpfr_exp(to, x, MPFR_RNDN);
}
static int theirs_log(mpfr_t to, const mpfr_t x, const mpfr_t y) {
    (void)y;
    mpfr_abs(to, x, MPFR_RNDN);
    return mpfr_log(to, to, MPFR_RNDN);
}
static int theirs_tanh(mpfr_t to, const mpfr_t x, const mpfr_t y) {
    return (void)y, mpfr_tanh(to, x, MPFR_RNDN);
}
static int theirs_erf(mpfr_t to, const mpfr_t x, const mpfr_t y) {
    return (void)y, mpfr_erf(to, x, MPFR_RNDN);
}
/* Of turns. */
static void angle(mpfr_t to, const mpfr_t x) {
    mpfr_const_pi(to, MPFR_RNDN);
    mpfr_mul_2ui(to, to, 1, MPFR_RNDN);
    mpfr_mul(to, to, x, MPFR_RNDN);
}
static int theirs_sine(mpfr_t to, const mpfr_t x, const mpfr_t y) {
    return (void)y, angle(to, x), mpfr_sin(to, to, MPFR_RNDN);
}
static int theirs_cosine(mpfr_t to, const mpfr_t x, const mpfr_t y) {
    return (void)y, angle(to, x), mpfr_cos(to, to, MPFR_RNDN);
}
static int theirs_power(mpfr_t to, const mpfr_t x, const mpfr_t y) {
    mpfr_abs(to, x, MPFR_RNDN);
    return mpfr_pow(to, to, y, MPFR_RNDN);
}

/* The bounds that real.h states; |y log x| of powers is below 8, so that theirs is 0.502 + 0.016. */
static const Function FUNCTIONS[] = {
    {"exp", ours_exp, theirs_exp, -746, 710, 0.501, 0},
    {"log", ours_log, theirs_log, -4, 4, 0.502, 0},
    {"tanh", ours_tanh, theirs_tanh, -23, 23, 0.51, 0},
    {"erf", ours_erf, theirs_erf, -6.5, 6.5, 0.502, 0},
    {"sine", ours_sine, theirs_sine, -2, 2, 0.8, 0.5},
    {"cosine", ours_cosine, theirs_cosine, -2, 2, 0.8, 0.5},
    {"power", ours_power, theirs_power, 0.02, 40, 0.518, 0},
};

/* |got - want| in last places of a double near `want`, or near `least` where that is larger. */
static double places(double got, const mpfr_t want, mpfr_t rest, double least) {
    const double near = mpfr_get_d(want, MPFR_RNDN);
    const double size = fmax(fabs(near), least);
    if (!isfinite(near) || !isfinite(got)) return got == near ? 0 : (double)INFINITY;
    mpfr_sub_d(rest, want, got, MPFR_RNDN);
    mpfr_mul_2si(rest, rest, size < DBL_MIN ? 1074 : 52 - ilogb(size), MPFR_RNDN);
    return fabs(mpfr_get_d(rest, MPFR_RNDN));
}

int main(int count, char **word) {
    const uint64_t draws = count > 1 ? strtoull(word[1], NULL, 10) : 200000;
    int status = 0;
    mpfr_t x, y, want, rest;
    mpfr_inits2(200, x, y, want, rest, (mpfr_ptr)0);
    for (size_t f = 0; f < sizeof FUNCTIONS / sizeof *FUNCTIONS; f++) {
        const Function *of = &FUNCTIONS[f];
        double worst = 0, at = 0;
        for (uint64_t i = 0; i < draws; i++) {
            const double a = argument(i, of->from, of->to);
            double b = within(-2, 2);
            if (strcmp(of->name, "power") == 0)
                b *= fmin(1, 4 / (1 + fabs(log(fabs(a)))));
            mpfr_set_d(x, a, MPFR_RNDN);
            mpfr_set_d(y, b, MPFR_RNDN);
            of->theirs(want, x, y);
            const double error = places(of->ours(a, b), want, rest, of->least);
            if (!(error <= worst)) worst = error, at = a;
        }
        printf("%s %.4f %.4f %a\n", of->name, worst, of->bound, at);
        if (!(worst <= of->bound)) status = 1;
    }
    mpfr_clears(x, y, want, rest, (mpfr_ptr)0);
    mpfr_free_cache();
    return status;
}
