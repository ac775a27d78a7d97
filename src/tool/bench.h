/* bench: the parts of what is measured, each beside its limit in the same run. */
#ifndef NORMLAB_BENCH_H
#define NORMLAB_BENCH_H

#include "tool.h"

enum { BENCH_THREADS = 64 }; /* at most */

typedef void BenchPart(Arena *arena, size_t threads, bool json, const char *norms);

/* Kernels beside memcpy; --norm LIST is looked at before anything is measured. */
BenchPart bench_kernels;
void bench_want_norms(Arena *arena, const char *norms);

double bench_gemm_peak(Arena *arena, size_t threads); /* flops a second */

BenchPart bench_training; /* beside dgemm */
BenchPart bench_check;    /* of a whole Jacobian, beside the calls it is made of */

#endif
