/* tensor: dense row-major doubles. Kernels know no gradient: sum.h, bilinear.h, partition.h.
 * They take plain pointers, outputs first, then inputs, then sizes. `beta` is as in
 * BLAS: 0 overwrites, 1 adds to what is there (0 never reads, so the output may be
 * uninitialised). No function has errors: misuse is REQUIREd.
 */
#ifndef NORMLAB_TENSOR_H
#define NORMLAB_TENSOR_H

#include "base.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

enum { SHAPE_MAX_RANK = 5 };

typedef struct Shape {
    size_t rank;                 /* 0 (a scalar) to 5 */
    size_t size[SHAPE_MAX_RANK]; /* each >= 1; beyond rank: 0 */
} Shape;

#define SHAPE_OF(...)                                                                    \
    ((Shape){sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t), {__VA_ARGS__}})
#define SHAPE_SCALAR ((Shape){0, {0}})

/* Elements; the same sizes; "[2, 16]" as text. */
size_t shape_count(Shape shape);
bool shape_equal(Shape a, Shape b);
const char *shape_text(Arena *arena, Shape shape); /* "[2, 16, 4, 4]" */

/* Sizes of the N, C, L = positions in which normalizers see x of shape [N, C, ...] (rank
 * >= 2). */
typedef struct ShapeLattice {
    size_t N, C, L;
} ShapeLattice;
/* REQUIREs rank >= 2. */
ShapeLattice shape_lattice(Shape shape);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
