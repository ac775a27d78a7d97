/* Lanczos with full re-orthogonalization. The basis is kept, so that each new vector is made
 * orthogonal to all before it; what the three-term recurrence says in exact arithmetic then holds
 * to rounding, and no eigenvalue is found more often than it is there. notes/42-curvature.md */
#include "curvature.h"
#include "eigen.h"
#include "sum.h"

#include <float.h>
#include <math.h>

/* What a run is made of on its way. */
typedef struct Way {
    const Operator *a;
    Draw draw;
    double *basis; /* [most, size] */
    double *alpha,
        *beta;     /* [most] of the tridiagonal matrix; beta[j] between j and j + 1 */
    double *along; /* [most] scratch */
    double scale;  /* largest of alpha and beta so far: no more than |A| */
    size_t spaces;
} Way;

/* Who waits for work spins, and takes a processor from whoever has some: threads are woken for more
 * products than that alone. */
enum { WORTH = 1 << 17 };

/* No residual is known better than to so many eps of |A|. */
enum { ROUNDED = 16 };

/* x -= sum_j along[j] basis[j], block by block of x, so that threads share none. */
static void take_off(double *x, const Way *w, size_t count) {
    enum { BLOCK = 1024 };
    const size_t size = w->a->size;
#pragma omp parallel for schedule(static) if (size * count > WORTH)
    for (size_t block = 0; block < (size + BLOCK - 1) / BLOCK; block++) {
        const size_t from = block * BLOCK, to = from + BLOCK < size ? from + BLOCK : size;
        for (size_t j = 0; j < count; j++) {
            const double *v = w->basis + j * size, part = w->along[j];
            for (size_t i = from; i < to; i++) x[i] -= part * v[i];
        }
    }
}

//> orthogonal
/* x made orthogonal to the first `count` vectors of the basis; what stays when rounding took part of
 * it is as far from orthogonal as that part, so it is done twice. */
static void make_orthogonal(double *x, const Way *w, size_t count) {
    const size_t size = w->a->size;
    for (size_t twice = 0; twice < 2; twice++) {
#pragma omp parallel for schedule(dynamic, 1) if (size * count > WORTH)
        for (size_t j = 0; j < count; j++)
            w->along[j] = sum_product(w->basis + j * size, x, size);
        take_off(x, w, count);
    }
}
//< orthogonal

/* Fills the vector j of the basis by a draw, orthogonal to those before it. */
static void draw_vector(Way *w, size_t j) {
    const size_t size = w->a->size;
    double *x = w->basis + j * size;
    w->draw.sample = w->spaces;
    for (size_t i = 0; i < size; i++) x[i] = draw_normal(w->draw, i);
    make_orthogonal(x, w, j);
    const double length = vector_length(x, size);
    for (size_t i = 0; i < size; i++) x[i] /= length;
}

/* Rounding of a product and of what is taken off it. */
static double rounding_of(const Way *w) {
    return 8 * DBL_EPSILON * sqrt((double)w->a->size) * w->scale;
}

//> step
/* next = A v_j less its parts along v_0 ... v_j, not yet of unit length (CU-1). */
static void step(Way *w, double *next, size_t j) {
    const size_t size = w->a->size;
    const double *v = w->basis + j * size;
    w->a->apply(next, v, w->a->context);
    w->alpha[j] = sum_product(v, next, size);
    make_orthogonal(next, w, j + 1);
    w->beta[j] = vector_length(next, size);
    w->scale = fmax(w->scale, fmax(fabs(w->alpha[j]), w->beta[j]));
}
//< step

/* Steps done; 0: the operator gave what is not finite. */
static size_t walk(Way *w, double *next, size_t most, bool goes_on) {
    const size_t size = w->a->size;
    draw_vector(w, 0);
    for (size_t j = 0; j < most; j++) {
        step(w, next, j);
        if (!isfinite(w->alpha[j]) || !isfinite(w->beta[j])) return 0;
        const bool exhausted = w->beta[j] <= rounding_of(w);
        w->spaces += exhausted;
        if (j + 1 == most || (exhausted && !goes_on)) return j + 1;
        if (exhausted) {
            w->beta[j] = 0.0;
            draw_vector(w, j + 1);
            continue;
        }
        double *to = w->basis + (j + 1) * size;
        for (size_t i = 0; i < size; i++) to[i] = next[i] / w->beta[j];
    }
    return most;
}

/* Values and vectors of the tridiagonal matrix; residuals (CU-2). */
static void solve(Lanczos *l, Arena *arena, const Way *w) {
    const size_t m = l->steps;
    double *vector = TAKE(arena, double, m *m), *beside = TAKE(arena, double, m);
    for (size_t j = 0; j < m; j++) l->value[j] = w->alpha[j], beside[j] = w->beta[j];
    eigen_tridiagonal(l->value, beside, vector, m);
    for (size_t i = 0; i < m; i++) {
        const double first = vector[i * m], last = vector[i * m + m - 1];
        for (size_t j = 0; j < m; j++) l->turn[j * m + i] = vector[i * m + j];
        l->weight[i] = first * first;
        l->residual[i] =
            fmax(fabs(w->beta[m - 1] * last), ROUNDED * DBL_EPSILON * w->scale);
    }
}

Lanczos lanczos_run(Arena *arena, const Operator *a, size_t steps, Draw draw,
                    bool goes_on) {
    const size_t size = a->size, most = steps < size ? steps : size;
    REQUIRE(most > 0, "%zu steps of an operator of size %zu", steps, size);
    double *next = TAKE(arena, double, size);
    Way w = {.a = a,
             .draw = draw,
             .basis = TAKE(arena, double, most *size),
             .alpha = TAKE(arena, double, most),
             .beta = TAKE(arena, double, most),
             .along = TAKE(arena, double, most)};
    Lanczos l = {.size = size, .basis = w.basis};
    l.steps = walk(&w, next, most, goes_on);
    l.finite = l.steps > 0;
    l.spaces = w.spaces;
    if (!l.finite) return l;
    l.value = TAKE(arena, double, l.steps);
    l.residual = TAKE(arena, double, l.steps);
    l.weight = TAKE(arena, double, l.steps);
    l.turn = TAKE(arena, double, l.steps *l.steps);
    solve(&l, arena, &w);
    return l;
}

void lanczos_vector(double *y, const Lanczos *l, size_t i) {
    for (size_t k = 0; k < l->size; k++) y[k] = 0.0;
    for (size_t j = 0; j < l->steps; j++) {
        const double part = l->turn[j * l->steps + i];
        for (size_t k = 0; k < l->size; k++) y[k] += part * l->basis[j * l->size + k];
    }
}

size_t lanczos_doubles(size_t size, size_t steps) {
    const size_t most = steps < size ? steps : size;
    return (most + 1) * size + 2 * most * most + 7 * most;
}
