/* arith: the arithmetics in which a program can run: double, complex double, and where the
 * compiler has them 113-bit reals (Quad) and complexes. The one place that names their
 * types; where there are none, or no libquadmath (NORMLAB_WITHOUT_QUAD), NORMLAB_HAS_QUAD is
 * 0 and the 113-bit forms are long double, so that programs build and can say what they
 * lack. Nothing here has errors.
 */
#ifndef NORMLAB_ARITH_H
#define NORMLAB_ARITH_H

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

#if defined(__SIZEOF_FLOAT128__) && !defined(NORMLAB_WITHOUT_QUAD)
#define NORMLAB_HAS_QUAD 1
#define NORMLAB_REALS    "" /* of a plugin's interface, beside NORMLAB_ABI */

__extension__ typedef __float128 Quad;
typedef float _Complex __attribute__((mode(TC))) QuadComplex;

#else
#define NORMLAB_HAS_QUAD 0
#define NORMLAB_REALS    " with long double for 113 bits"

typedef long double Quad;
typedef long double _Complex QuadComplex;

#endif

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
