/* Limited-memory BFGS: Nocedal and Wright 2006, algorithms 7.4 (two loops) and 7.5. */
#include "gate.h"
#include "house.h"
#include "sum.h"

#include <math.h>
#include <string.h>

#include "tensor.h"

enum { PAIRS = 30 };

typedef struct History {
    size_t n, count, next; /* pairs so far, at most PAIRS; where the next goes */
    double *step[PAIRS], *turn[PAIRS]; /* s = x' - x, y = g' - g */
    double rho[PAIRS];                 /* 1 / <y, s> */
} History;

static double dot(const double *a, const double *b, size_t n) {
    return sum_product(a, b, n);
}

static void add(double *y, double factor, const double *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] += factor * x[i];
}

static double largest(const double *x, size_t n) {
    double most = 0;
    for (size_t i = 0; i < n; i++) most = fmax(most, fabs(x[i]));
    return most;
}

/* d = -H g. */
static void direction(double *d, const double *g, const History *h) {
    double alpha[PAIRS];
    for (size_t i = 0; i < h->n; i++) d[i] = -g[i];
    for (size_t k = 0; k < h->count; k++) {
        const size_t at = (h->next + PAIRS - 1 - k) % PAIRS;
        alpha[at] = h->rho[at] * dot(h->step[at], d, h->n);
        add(d, -alpha[at], h->turn[at], h->n);
    }
    if (h->count > 0) {
        const size_t last = (h->next + PAIRS - 1) % PAIRS;
        const double scale = 1 / (h->rho[last] * dot(h->turn[last], h->turn[last], h->n));
        for (size_t i = 0; i < h->n; i++) d[i] *= scale;
    }
    for (size_t k = h->count; k-- > 0;) {
        const size_t at = (h->next + PAIRS - 1 - k) % PAIRS;
        add(d, alpha[at] - h->rho[at] * dot(h->turn[at], d, h->n), h->step[at], h->n);
    }
}

/* Keeps what a step has shown of the curvature, where it is positive beyond rounding. */
static void remember(History *h, const double *x, const double *g, const double *x_new,
                     const double *g_new) {
    double *s = h->step[h->next], *y = h->turn[h->next];
    for (size_t i = 0; i < h->n; i++) s[i] = x_new[i] - x[i], y[i] = g_new[i] - g[i];
    const double curvature = dot(y, s, h->n);
    if (!(curvature > 1e-14 * dot(y, y, h->n))) return;
    h->rho[h->next] = 1 / curvature;
    h->next = (h->next + 1) % PAIRS;
    if (h->count < PAIRS) h->count++;
}

/* Halves the step until the value falls as it should (Armijo), or, where its digits no longer tell,
 * until the slope does (Hager and Zhang 2005, 4.1). False: neither does. */
static bool search(double *x_new, double *g_new, double *value, const double *x,
                   const double *g, const double *d, size_t n, Smooth *f, void *context,
                   double step) {
    const double slope = dot(g, d, n), before = *value;
    for (int tries = 0; tries < 40; tries++, step /= 2) {
        memcpy(x_new, x, n * sizeof *x);
        add(x_new, step, d, n);
        *value = f(g_new, x_new, context);
        if (*value <= before + 1e-4 * step * slope) return true;
        if (*value <= before + 1e-12 * fabs(before) && fabs(dot(g_new, d, n)) <= -slope)
            return true;
    }
    return false;
}

double lbfgs(Arena *arena, double *x, size_t n, Smooth *f, void *context, double enough,
             size_t most) {
    History h = {.n = n};
    for (size_t k = 0; k < PAIRS; k++)
        h.step[k] = TAKE(arena, double, n), h.turn[k] = TAKE(arena, double, n);
    double *g = TAKE(arena, double, n), *d = TAKE(arena, double, n),
           *x_new = TAKE(arena, double, n), *g_new = TAKE(arena, double, n);
    double value = f(g, x, context);
    for (size_t i = 0; i < most && largest(g, n) >= enough; i++) {
        direction(d, g, &h);
        const double first = h.count ? 1 : 1 / fmax(1, sqrt(dot(g, g, n)));
        if (!search(x_new, g_new, &value, x, g, d, n, f, context, first)) break;
        remember(&h, x, g, x_new, g_new);
        memcpy(x, x_new, n * sizeof *x);
        memcpy(g, g_new, n * sizeof *g);
    }
    return largest(g, n);
}
