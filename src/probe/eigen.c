/* Reflections make a symmetric matrix tridiagonal, rotations make that diagonal: implicit QL with
 * shifts (Golub and Van Loan 2013, 8.3). Each keeps lengths, so that values err by a few eps of
 * the largest, however near or small they are. */
#include "eigen.h"
#include "sum.h"

#include <float.h>
#include <math.h>

static double hypotenuse(double a, double b) {
    const double large = fmax(fabs(a), fabs(b)), small = fmin(fabs(a), fabs(b));
    const double ratio = large > 0.0 ? small / large : 0.0;
    return large * sqrt(1.0 + ratio * ratio);
}

/* ---- tridiagonal to diagonal ------------------------------------------------------- */

/* Rows i and i + 1 of z [n, n], turned. */
static void turn(double *z, size_t i, size_t n, double c, double s) {
    double *one = z + i * n, *two = one + n;
    for (size_t k = 0; k < n; k++) {
        const double f = two[k];
        two[k] = s * one[k] + c * f;
        one[k] = c * one[k] - s * f;
    }
}

/* Where the block that begins at l ends: what stands behind is below rounding. */
static size_t block_end(const double *d, const double *e, size_t l, size_t n) {
    size_t m = l;
    while (m + 1 < n && fabs(e[m]) > DBL_EPSILON * (fabs(d[m]) + fabs(d[m + 1]))) m++;
    return m;
}

/* One sweep from m up to l: the shift in, and what it leaves beside the diagonal pushed out. */
static void sweep(double *d, double *e, double *z, size_t l, size_t m, size_t n) {
    const double half = (d[l + 1] - d[l]) / (2.0 * e[l]);
    double g = d[m] - d[l] + e[l] / (half + copysign(hypotenuse(half, 1.0), half));
    double s = 1.0, c = 1.0, moved = 0.0;
    for (size_t i = m; i-- > l;) {
        const double f = s * e[i], b = c * e[i], r = hypotenuse(f, g);
        e[i + 1] = r;
        if (r == 0.0) { /* it falls apart here */
            d[i + 1] -= moved;
            e[m] = 0.0;
            return;
        }
        s = f / r, c = g / r;
        g = d[i + 1] - moved;
        const double t = (d[i] - g) * s + 2.0 * c * b;
        moved = s * t;
        d[i + 1] = g + moved;
        g = c * t - b;
        if (z) turn(z, i, n, c, s);
    }
    d[l] -= moved, e[l] = g, e[m] = 0.0;
}

static void swap_rows(double *z, size_t i, size_t k, size_t n) {
    for (size_t j = 0; j < n; j++) {
        const double kept = z[i * n + j];
        z[i * n + j] = z[k * n + j];
        z[k * n + j] = kept;
    }
}

static void put_in_order(double *d, double *z, size_t n) {
    for (size_t i = 0; i + 1 < n; i++) {
        size_t least = i;
        for (size_t k = i + 1; k < n; k++)
            if (d[k] < d[least]) least = k;
        if (least == i) continue;
        const double kept = d[i];
        d[i] = d[least], d[least] = kept;
        if (z) swap_rows(z, i, least, n);
    }
}

/* e has n places: a sweep writes behind what stands beside the diagonal. */
static void diagonalize(double *d, double *e, double *z, size_t n) {
    enum { MOST_SWEEPS = 100 }; /* of a value; 2 are usual */
    for (size_t l = 0; l < n; l++) {
        size_t m, sweeps = 0;
        while ((m = block_end(d, e, l, n)) > l && sweeps++ < MOST_SWEEPS)
            sweep(d, e, z, l, m, n);
        REQUIRE(m == l, "an eigenvalue of %zu was not found in %d sweeps", n,
                MOST_SWEEPS);
    }
    put_in_order(d, z, n);
}

void eigen_tridiagonal(double *value, double *beside, double *vector, size_t n) {
    for (size_t i = 0; vector && i < n * n; i++) vector[i] = i % (n + 1) == 0;
    beside[n - 1] = 0.0;
    diagonalize(value, beside, vector, n);
}

/* ---- symmetric to tridiagonal ------------------------------------------------------ */

/* a -= v w' + w v', the trailing `size` of its rows and columns. */
static void reflect(double *a, const double *v, const double *w, size_t n, size_t size) {
    for (size_t i = 0; i < size; i++)
        for (size_t k = 0; k < size; k++) a[i * n + k] -= v[i] * w[k] + w[i] * v[k];
}

/* Beside a largest number of about 1; its square is a number still. */
#define NOTHING 0x1p-400

/* The row behind the diagonal becomes one number, which is given back. `rest` is what follows
 * below it; v, w [size] scratch. */
static double reduce_row(double *row, double *rest, double *w, size_t n, size_t size) {
    double *v = row;
    const double length = vector_length(v, size), end = -copysign(length, v[0]);
    if (length < NOTHING) return 0.0;
    v[0] -= end;
    const double factor = -1.0 / (end * v[0]); /* 2 / |v|^2 */
    for (size_t i = 0; i < size; i++) w[i] = factor * sum_product(rest + i * n, v, size);
    const double half = 0.5 * factor * sum_product(v, w, size);
    for (size_t i = 0; i < size; i++) w[i] -= half * v[i];
    reflect(rest, v, w, n, size);
    return end;
}

/* Squares of what is far from 1 would leave the doubles' range. */
static int power_of(const double *a, size_t count) {
    double most = 0.0;
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs(a[i]));
    return most > 0.0 ? ilogb(most) : 0;
}

void eigen_values(double *value, double *a, Arena *scratch, size_t n) {
    const ArenaMark mark = arena_mark(scratch);
    double *beside = ZERO(scratch, double, n), *w = TAKE(scratch, double, n);
    const int power = power_of(a, n * n);
    for (size_t i = 0; i < n * n; i++) a[i] = ldexp(a[i], -power);
    for (size_t k = 0; k < n; k++) {
        double *row = a + k * n + k;
        value[k] = row[0];
        if (k + 1 < n) beside[k] = reduce_row(row + 1, row + n + 1, w, n, n - k - 1);
    }
    diagonalize(value, beside, NULL, n);
    for (size_t k = 0; k < n; k++) value[k] = ldexp(value[k], power);
    arena_rewind(scratch, mark);
}
