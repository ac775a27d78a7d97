/* cubes: which elements of x share their statistics with one of them, for any spec (Wu and He
 * 2018, figure 2), asked of the partitions that normalizers standardize by. */
#ifndef NORMLAB_CUBES_H
#define NORMLAB_CUBES_H

#include "norm.h"

/* A usual cube, and what a larger one can have that is still seen. */
enum { CUBE_N = 4, CUBE_C = 6, CUBE_L = 4, CUBE_MOST = 16 };

typedef enum CubeShade {
    CUBE_APART, /* shares nothing */
    CUBE_MAY,   /* of groups that are learned or found: less, or later */
    CUBE_SHARES,
    CUBE_SHADES
} CubeShade;

/* One partition of x. The chosen element is the first that the normalizer sees: of sample 0,
 * position 0 and channel `first`. */
typedef struct Cube {
    const Norm *norm;   /* whose statistics these are, and in which mode */
    const char *remark; /* of what it is a part, what is unusual; "": nothing */
    NormMode mode;
    ShapeLattice at;
    size_t first;
    const unsigned char *shade; /* [N, C, L] CubeShade */
} Cube;

/* Those of a spec, one for each of its partitions: at the usual sizes, or the first at which it
 * fits and its blocks are neither of one nor of all. NULL and *error: it is no spec, fits no such
 * cube, or nothing shares statistics. */
const Cube *cubes_of(Arena *arena, const char *spec, size_t *count, BaseError *error);

#endif
