/* Compiles ARITH_TEMPLATE once for each arithmetic. In it, NUMBER is the type of a number,
 * NAME(word) a name of its own, REAL(a) the real part for comparisons, and EXP, LOG, SQRT,
 * TANH, POW, ERF_REAL (of real parts) the functions, TIMES and OVER product and quotient; COMPLEX is 1 where numbers have
 * an imaginary part, WIDE where they have 113 bits. Included once by each file that has a
 * template; not a header in the usual sense.
 */
#include "arith_steps.h"
#include "real.h"

#define NUMBER     double
#define NAME(word) word##_real
#define COMPLEX    0
#define WIDE       0
#define REAL(a)    (a)
#define EXP(a)     real_exp(a)
#define LOG(a)     real_log(a)
#define SQRT(a)    sqrt(a)
#define TANH(a)    real_tanh(a)
#define ERF_REAL(a) real_erf(a)
#define POW(a, b)  real_power(a, b)
#define TIMES(a, b) ((a) * (b))
#define OVER(a, b)  ((a) / (b))
#include ARITH_TEMPLATE
#include "arith_none.h"

#define NUMBER     double _Complex
#define NAME(word) word##_complex
#define COMPLEX    1
#define WIDE       0
#define REAL(a)    creal(a)
#define EXP(a)     cexp(a)
#define LOG(a)     clog(a)
#define SQRT(a)    csqrt(a)
#define TANH(a)    ctanh(a)
#define ERF_REAL(a) real_erf(a)
#define POW(a, b)  cpow(a, b)
#define TIMES(a, b) ((a) * (b))
#define OVER(a, b)  ((a) / (b))
#include ARITH_TEMPLATE
#include "arith_none.h"

#define NUMBER     Quad
#define NAME(word) word##_quad
#define COMPLEX    0
#define WIDE       1
#define REAL(a)    (a)
#define EXP(a)     QUAD_CALL(exp)(a)
#define LOG(a)     QUAD_CALL(log)(a)
#define SQRT(a)    QUAD_CALL(sqrt)(a)
#define TANH(a)    QUAD_CALL(tanh)(a)
#define ERF_REAL(a) QUAD_CALL(erf)(a)
#define POW(a, b)  QUAD_CALL(pow)(a, b)
#define TIMES(a, b) ((a) * (b))
#define OVER(a, b)  ((a) / (b))
#include ARITH_TEMPLATE
#include "arith_none.h"

#define NUMBER     QuadComplex
#define NAME(word) word##_quad_complex
#define COMPLEX    1
#define WIDE       1
#define REAL(a)    QUAD_CALL(creal)(a)
#define EXP(a)     QUAD_CALL(cexp)(a)
#define LOG(a)     QUAD_CALL(clog)(a)
#define SQRT(a)    QUAD_CALL(csqrt)(a)
#define TANH(a)    QUAD_CALL(ctanh)(a)
#define ERF_REAL(a) QUAD_CALL(erf)(a)
#define POW(a, b)  QUAD_CALL(cpow)(a, b)
#define TIMES(a, b) quad_times(a, b)
#define OVER(a, b)  quad_over(a, b)
#include ARITH_TEMPLATE
#include "arith_none.h"
#undef ARITH_TEMPLATE
