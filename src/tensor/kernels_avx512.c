/* The kernels for AVX-512, which src/CMakeLists.txt compiles this file for. */
#include "kernels.h"

#ifdef __x86_64__
#define WIDTH        8
#define KERNELS      kernels_avx512
#define KERNELS_NAME "avx512"
#include "kernels.inc"
#endif
