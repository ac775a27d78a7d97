/* arith: the arithmetics in which a program can run: double, complex double, and where the
 * compiler has them 113-bit reals (Quad) and complexes. The one place that names their
 * types; where there are none, NORMLAB_HAS_QUAD is 0 and the 113-bit forms are long double,
 * so that programs build and can say what they lack. Who calls a function of 113 bits links
 * quadmath.
 */
#ifndef NORMLAB_ARITH_H
#define NORMLAB_ARITH_H

#pragma GCC visibility push(default)

#include <complex.h>
#include <math.h>

#if defined(__SIZEOF_FLOAT128__) && defined(__has_include)
#if __has_include(<quadmath.h>)
#define NORMLAB_HAS_QUAD 1
#endif
#endif

typedef double complex Complex;

#ifdef NORMLAB_HAS_QUAD

#include <quadmath.h>

__extension__ typedef __float128 Quad;
__extension__ typedef __complex128 QuadComplex;

#define QUAD_CALL(name) name##q

#else
#define NORMLAB_HAS_QUAD 0

typedef long double Quad;
typedef long double complex QuadComplex;

#define QUAD_CALL(name) name##l

#endif

static inline Quad quad_sqrt(Quad a) {
    return QUAD_CALL(sqrt)(a);
}

static inline Quad quad_abs(Quad a) {
    return a < 0 ? -a : a;
}

#pragma GCC visibility pop

#endif
