/* arith: the arithmetics in which a program can run: double, complex double, and where the
 * compiler has them 113-bit reals (Quad) and complexes. The one place that names their
 * types; where there are none, or no libquadmath (NORMLAB_WITHOUT_QUAD), NORMLAB_HAS_QUAD is
 * 0 and the 113-bit forms are long double, so that programs build and can say what they
 * lack. Who calls a function of 113 bits links quadmath.
 */
#ifndef NORMLAB_ARITH_H
#define NORMLAB_ARITH_H

#include <complex.h>
#include <math.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

#if defined(__SIZEOF_FLOAT128__) && !defined(NORMLAB_WITHOUT_QUAD)
#define NORMLAB_HAS_QUAD 1
#define NORMLAB_REALS    "" /* of a plugin's interface, beside NORMLAB_ABI */

__extension__ typedef __float128 Quad;
typedef float _Complex __attribute__((mode(TC))) QuadComplex;

/* clang has the types and not gcc's header. */
#if __has_include(<quadmath.h>)
#include <quadmath.h>
#else
Quad expq(Quad a), logq(Quad a), sqrtq(Quad a), tanhq(Quad a), powq(Quad a, Quad b);
Quad crealq(QuadComplex a), cimagq(QuadComplex a), cabsq(QuadComplex a);
QuadComplex cexpq(QuadComplex a), clogq(QuadComplex a), csqrtq(QuadComplex a),
    ctanhq(QuadComplex a), cpowq(QuadComplex a, QuadComplex b);
#endif

#define QUAD_CALL(name) name##q

#else
#define NORMLAB_HAS_QUAD 0
#define NORMLAB_REALS    " with long double for 113 bits"

typedef long double Quad;
typedef long double _Complex QuadComplex;

#define QUAD_CALL(name) name##l

#endif

static inline Quad quad_sqrt(Quad a) {
    return QUAD_CALL(sqrt)(a);
}

static inline Quad quad_abs(Quad a) {
    return a < 0 ? -a : a;
}

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
