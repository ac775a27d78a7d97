/* The kernels of any processor, and which of the others this one has. */
#include "kernels.h"

#define WIDTH        2
#define KERNELS      kernels_plain
#define KERNELS_NAME "plain"
#include "kernels.inc"

/* Instruction sets that are looked at; fewer for who asks what others give. */
#ifndef NORMLAB_SETS
#define NORMLAB_SETS 3
#endif

#ifdef __x86_64__
extern const Kernels kernels_avx2, kernels_avx512; /* in files of their own */

const Kernels *kernels_at(size_t k) {
    if (k == 0) return &kernels_plain;
    if (k >= NORMLAB_SETS) return NULL;
    if (k == 1 && __builtin_cpu_supports("avx2")) return &kernels_avx2;
    if (k == 2 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        return &kernels_avx512;
    return NULL;
}
#else
const Kernels *kernels_at(size_t k) {
    return k == 0 ? &kernels_plain : NULL;
}
#endif

const Kernels *kernels_best(void) {
    const Kernels *best = kernels_at(0);
    for (size_t k = 1; kernels_at(k); k++) best = kernels_at(k);
    return best;
}

const Passes *passes_best(void) {
    return &kernels_best()->passes;
}

void passes_end(void) {
#ifdef __x86_64__
    _mm_sfence();
#endif
}
