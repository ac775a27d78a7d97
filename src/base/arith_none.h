/* Ends an arithmetic of arith_each.h. */
#undef NUMBER
#undef NAME
#undef COMPLEX
#undef WIDE
#undef REAL
#undef EXP
#undef LOG
#undef SQRT
#undef TANH
#undef ERF_REAL
#undef POW
#undef TIMES
#undef OVER
