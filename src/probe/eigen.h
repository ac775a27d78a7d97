/* eigen: eigenvalues and eigenvectors of symmetric matrices, of IEEE's operations in a fixed
 * order: a probe's numbers are the same bits wherever it looks. */
#ifndef NORMLAB_EIGEN_H
#define NORMLAB_EIGEN_H

#include "house.h"

/* Rising values of the symmetric a [n, n], which is lost. All of it is finite. */
void eigen_values(double *value, double *a, Arena *scratch, size_t n);

/* Those of the tridiagonal matrix with value [n] along its diagonal, which becomes them, and
 * beside [n - 1] next to it, which is lost; their unit vectors as rows of vector [n, n]. NULL:
 * none. */
void eigen_tridiagonal(double *value, double *beside, double *vector, size_t n);

#endif
