/* arith: the arithmetics' types. The one place that names a type of 113 bits; where the
 * compiler has none, NORMLAB_HAS_QUAD is 0 and Quad is long double, so that programs
 * build and can say what they lack.
 * Who calls a function of it links quadmath.
 */
#ifndef NORMLAB_ARITH_H
#define NORMLAB_ARITH_H

#if defined(__SIZEOF_FLOAT128__) && defined(__has_include)
#if __has_include(<quadmath.h>)
#define NORMLAB_HAS_QUAD 1
#endif
#endif

#ifdef NORMLAB_HAS_QUAD

#include <quadmath.h>

__extension__ typedef __float128 Quad;

static inline Quad quad_sqrt(Quad a) {
    return sqrtq(a);
}

#else
#define NORMLAB_HAS_QUAD 0

#include <math.h>

typedef long double Quad;

static inline Quad quad_sqrt(Quad a) {
    return sqrtl(a);
}

#endif

static inline Quad quad_abs(Quad a) {
    return a < 0 ? -a : a;
}

#endif
