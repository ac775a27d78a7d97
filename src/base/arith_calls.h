/* arith_calls: functions of arith.h's numbers. Who calls one of 113 bits links quadmath. */
#ifndef NORMLAB_ARITH_CALLS_H
#define NORMLAB_ARITH_CALLS_H

#include "arith.h"

#include <complex.h>
#include <math.h>

#if NORMLAB_HAS_QUAD
/* clang has the types and not gcc's header. */
#if __has_include(<quadmath.h>)
#include <quadmath.h>
#else
Quad expq(Quad a), logq(Quad a), sqrtq(Quad a), tanhq(Quad a), powq(Quad a, Quad b);
Quad sinq(Quad a), cosq(Quad a), atanq(Quad a), erfq(Quad a);
Quad crealq(QuadComplex a), cimagq(QuadComplex a), cabsq(QuadComplex a);
QuadComplex cexpq(QuadComplex a), clogq(QuadComplex a), csqrtq(QuadComplex a),
    ctanhq(QuadComplex a), cpowq(QuadComplex a, QuadComplex b);
#endif

#define QUAD_CALL(name) name##q
#else
#define QUAD_CALL(name) name##l
#endif

static inline Quad quad_sqrt(Quad a) {
    return QUAD_CALL(sqrt)(a);
}

static inline Quad quad_abs(Quad a) {
    return a < 0 ? -a : a;
}

#endif
