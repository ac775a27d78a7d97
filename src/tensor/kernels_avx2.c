/* The kernels for AVX2, which src/CMakeLists.txt compiles this file for. */
#include "kernels.h"

#ifdef __x86_64__
#define WIDTH        4
#define KERNELS      kernels_avx2
#define KERNELS_NAME "avx2"
#include "kernels.inc"
#endif
