/* real: functions of doubles in arithmetic of our own: +, -, *, / and fma, each rounded once
 * as IEEE 754 says, so that results are the same bits with every C library and on every
 * processor. Errors are measured against 113 bits (tests/base/real.c), in units of the
 * result's last place; 0.5 is the least there can be. Infinities, NaN, signed zeros and
 * subnormal numbers are as C's Annex F has them. */
#ifndef NORMLAB_REAL_H
#define NORMLAB_REAL_H

#define REAL_FUNCTION __attribute__((const))

REAL_FUNCTION double real_exp(double x);  /* 0.501 */
REAL_FUNCTION double real_log(double x);  /* 0.502 */
REAL_FUNCTION double real_tanh(double x); /* 0.51 */
REAL_FUNCTION double real_erf(double x);  /* 0.502 */

/* x^exponent: 0.502 + 0.002 |exponent log x|. */
REAL_FUNCTION double real_power(double x, double exponent);

/* cos(2 pi turns) and sin(2 pi turns), |turns| < 2^50: 0.8 of results above a half, and
 * absolute beyond. */
REAL_FUNCTION double real_cosine(double turns);
REAL_FUNCTION double real_sine(double turns);

#endif
