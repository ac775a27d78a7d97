/* What is known without a network: the solver on functions whose minimum is known, those who
 * classify against plain loops on real images. */
#include "harness.h"

#include "gate.h"

#include <math.h>
#include <string.h>

/* ---- the solver ---------------------------------------------------------------------- */

enum { N = 40 };

/* Sum of k (x_k - k)^2 / 2, whose curvatures differ by `spread`. */
static double quadratic(double *gradient, const double *x, void *context) {
    const double spread = *(const double *)context;
    double value = 0;
    for (size_t k = 0; k < N; k++) {
        const double weight = pow(spread, (double)k / (N - 1)), away = x[k] - (double)k;
        gradient[k] = weight * away;
        value += weight * away * away / 2;
    }
    return value;
}

/* Sum of log cosh(x_k - 1) + (x_k - x_(k-1))^2: convex, and no quadratic. Least at 1. */
static double chain(double *gradient, const double *x, void *context) {
    size_t *calls = context;
    double value = 0;
    for (size_t k = 0; k < N; k++) {
        gradient[k] = tanh(x[k] - 1);
        value += log(cosh(x[k] - 1));
    }
    for (size_t k = 1; k < N; k++) {
        const double d = x[k] - x[k - 1];
        value += d * d, gradient[k] += 2 * d, gradient[k - 1] -= 2 * d;
    }
    ++*calls;
    return value;
}

static void minima_are_found(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (double spread = 1; spread < 1e5; spread *= 10) {
        double x[N] = {0};
        assert_true(lbfgs(arena, x, N, quadratic, &spread, 1e-6, 5000) < 1e-6);
        for (size_t k = 0; k < N; k++) assert_near(x[k], (double)k, 2e-6);
    }
    double x[N];
    size_t calls = 0;
    for (size_t k = 0; k < N; k++) x[k] = k % 2 ? 4 : -4;
    assert_true(lbfgs(arena, x, N, chain, &calls, 1e-9, 5000) < 1e-9);
    for (size_t k = 0; k < N; k++) assert_near(x[k], 1, 1e-7);
    assert_true(calls < 200); /* steepest descent takes thousands */
    arena_free(arena);
}

/* ---- images ---------------------------------------------------------------------------- */

static const Dataset *some_images(Arena *arena, size_t count) {
    BaseError error = {.set = false};
    const Dataset *all = dataset_open(arena, "fashion-mini", &error),
                  *some = dataset_limit(arena, all, count, &error);
    assert_false(error.set);
    return some;
}

enum { PIXELS = 784, CLASSES = 10, NEIGHBOURS = 5 };

static uint8_t label_of(const Samples *s, size_t i) {
    return *(const uint8_t *)s->value[1][i];
}

/* The gate of that name, and what it makes of the test images. */
static Gate asked(Arena *arena, const char *name, const Dataset *d, double *error,
                  double block[40]) {
    BaseError wrong = {.set = false};
    size_t tasks;
    Task *task = TAKE(arena, Task, 1);
    assert_true(task_bind(task, task_kinds(&tasks)[0], d, &wrong));
    const Gate gate = gate_fit(arena, gate_find(name), task, d);
    double metric[TASK_MOST_METRICS];
    assert_true(d->test.count / TASK_BLOCK <= 40);
    gate_judge(&gate, &d->test, metric, block);
    *error = metric[0];
    return gate;
}

/* By all distances as whole numbers, the k-th nearest by counting who is nearer. */
static uint8_t told_by_neighbours(const Samples *train, const uint8_t *image) {
    static uint64_t distance[400];
    size_t votes[CLASSES] = {0}, first[CLASSES], most = 0;
    for (size_t t = 0; t < train->count; t++) {
        const uint8_t *other = train->value[0][t];
        distance[t] = 0;
        for (size_t p = 0; p < PIXELS; p++) {
            const int d = (int)image[p] - (int)other[p];
            distance[t] += (uint64_t)(d * d);
        }
    }
    for (size_t k = 0; k < CLASSES; k++) first[k] = SIZE_MAX;
    for (size_t t = 0; t < train->count; t++) {
        size_t nearer = 0;
        for (size_t u = 0; u < train->count; u++)
            nearer += distance[u] < distance[t] || (distance[u] == distance[t] && u < t);
        const uint8_t label = label_of(train, t);
        if (nearer >= NEIGHBOURS) continue;
        if (++votes[label] > most) most = votes[label];
        if (nearer < first[label]) first[label] = nearer;
    }
    uint8_t best = 0;
    size_t rank = SIZE_MAX;
    for (uint8_t k = 0; k < CLASSES; k++)
        if (votes[k] == most && first[k] < rank) best = k, rank = first[k];
    return best;
}

static void neighbours_are_exact(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *d = some_images(arena, 400);
    double error, block[40];
    asked(arena, "nearest", d, &error, block);
    size_t wrong = 0, in_block = 0;
    for (size_t i = 0; i < d->test.count; i++) {
        const bool missed =
            told_by_neighbours(&d->train, d->test.value[0][i]) != label_of(&d->test, i);
        wrong += missed, in_block += missed;
        if (i % TASK_BLOCK + 1 < TASK_BLOCK) continue;
        assert_near(block[i / TASK_BLOCK], (double)in_block / TASK_BLOCK, 1e-12);
        in_block = 0;
    }
    assert_near(error, (double)wrong / (double)d->test.count, 0);
    arena_free(arena);
}

/* Logits of one sample. */
static void tell(double z[CLASSES], const double *w, const double *x) {
    for (size_t k = 0; k < CLASSES; k++) {
        z[k] = w[CLASSES * PIXELS + k];
        for (size_t p = 0; p < PIXELS; p++) z[k] += w[k * PIXELS + p] * x[p];
    }
}

static const double *rows_of(Arena *arena, const Dataset *d, const Samples *s) {
    size_t *index = TAKE(arena, size_t, s->count);
    for (size_t i = 0; i < s->count; i++) index[i] = i;
    return dataset_batch(arena, d, s, index, s->count, NULL, 0, 0).real[0];
}

/* One step of accelerated gradient descent (Nesterov), in plain loops. */
static void descend(double *w, double *speed, double *g, const double *x,
                    const Samples *s, double decay, double rate) {
    enum { WEIGHTS = CLASSES * (PIXELS + 1) };
    for (size_t i = 0; i < WEIGHTS; i++) {
        w[i] += 0.95 * speed[i];
        g[i] = i < CLASSES * PIXELS ? decay * w[i] : 0;
    }
    for (size_t n = 0; n < s->count; n++) {
        double z[CLASSES], sum = 0;
        tell(z, w, x + n * PIXELS);
        for (size_t k = 0; k < CLASSES; k++) sum += z[k] = exp(z[k]);
        for (size_t k = 0; k < CLASSES; k++) {
            const double by = (z[k] / sum - (k == label_of(s, n))) / (double)s->count;
            g[CLASSES * PIXELS + k] += by;
            for (size_t p = 0; p < PIXELS; p++)
                g[k * PIXELS + p] += by * x[n * PIXELS + p];
        }
    }
    for (size_t i = 0; i < WEIGHTS; i++) {
        w[i] -= rate * g[i];
        speed[i] = 0.95 * speed[i] - rate * g[i];
    }
}

static double error_of(const double *w, const double *x, const Samples *s) {
    size_t wrong = 0;
    for (size_t n = 0; n < s->count; n++) {
        double z[CLASSES];
        size_t best = 0;
        tell(z, w, x + n * PIXELS);
        for (size_t k = 1; k < CLASSES; k++) best = z[k] > z[best] ? k : best;
        wrong += best != label_of(s, n);
    }
    return (double)wrong / (double)s->count;
}

/* The minimum is one: another way to it tells the same of all test images but those on the edge
 * of two classes. */
static void regression_is_at_its_minimum(void **state) {
    (void)state;
    enum { WEIGHTS = CLASSES * (PIXELS + 1), STEPS = 2000 };
    Arena *arena = arena_new();
    const Dataset *d = some_images(arena, 100);
    double told, block[40];
    const Gate gate = asked(arena, "softmax", d, &told, block);
    assert_true(gate.slope < 1e-6 && gate.decay >= 0.001 && gate.decay <= 0.3);
    double *w = ZERO(arena, double, WEIGHTS), *speed = ZERO(arena, double, WEIGHTS),
           *g = ZERO(arena, double, WEIGHTS);
    const double *x = rows_of(arena, d, &d->train);
    for (size_t i = 0; i < STEPS; i++)
        descend(w, speed, g, x, &d->train, gate.decay, 0.002);
    double most = 0;
    for (size_t i = 0; i < WEIGHTS; i++) most = fmax(most, fabs(g[i]));
    assert_true(most < 2e-3);
    const double error = error_of(w, rows_of(arena, d, &d->test), &d->test);
    assert_near(told, error, 0.005);
    assert_true(error > 0.1 && error < 0.4);
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, minima_are_found),
    CASE(oracle, neighbours_are_exact),
    CASE(oracle, regression_is_at_its_minimum),
};

HARNESS_MAIN("gate", CASES)
