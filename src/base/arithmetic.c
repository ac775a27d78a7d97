/* Whether the processor computes as this thread's process was given it: rounding to nearest,
 * subnormal numbers kept, long double whole, no traps. A shared object that was built with
 * -ffast-math sets these registers when it is loaded; a library may set them at any time. */
#include "base.h"
#include "house.h"

#include <fenv.h>
#include <float.h>
#ifdef __SSE2__
#include <xmmintrin.h>
#endif

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "normlab does not compute what it says with -ffast-math or parts of it"
#endif

/* The operands are volatile, so that the compiler does not compute in our stead. */
static bool keeps_subnormals(void) {
    volatile double least = DBL_MIN, subnormal = DBL_MIN * DBL_EPSILON, up = 0x1p60,
                    half = least * 0.5, larger = subnormal * up;
    return half * up > 0.0 && larger > 0.0;
}

static bool rounds_to_nearest(void) {
    volatile double one = 1.0, little = 0.25 * DBL_EPSILON, much = 0.75 * DBL_EPSILON;
    return (one + little) - one == 0.0 && (one + much) - one == DBL_EPSILON;
}

static bool long_double_is_whole(void) {
    volatile long double one = 1.0L, little = 0.25L * LDBL_EPSILON,
                         much = 0.75L * LDBL_EPSILON;
    return (one + little) - one == 0.0L && (one + much) - one == LDBL_EPSILON;
}

/* Infinities and NaN are values here; a trap would end the process at the first. */
static bool traps(void) {
#ifdef __SSE2__
    if ((_mm_getcsr() & _MM_MASK_MASK) != _MM_MASK_MASK) return true;
#endif
#if defined(__x86_64__) && defined(__GLIBC__)
    fenv_t x87;
    return fegetenv(&x87) == 0 && (x87.__control_word & FE_ALL_EXCEPT) != FE_ALL_EXCEPT;
#else
    return false;
#endif
}

const char *arithmetic_fault(void) {
    if (!rounds_to_nearest()) return "results are not rounded to the nearest number";
    if (!keeps_subnormals()) return "numbers below 2.2e-308 are taken for zero";
    if (!long_double_is_whole()) return "long double is short of precision";
    if (traps()) return "infinities and NaN would end the program";
    return NULL;
}

void arithmetic_want(void) {
    const char *fault = arithmetic_fault();
    if (fault)
        die(EX_UNAVAILABLE,
            "something changed the arithmetic of this thread while it computed: %s",
            fault);
}
