/* Normalizers with an activation in them, and the one that divides by its neighbours. */
#include "loops.h"
#include "text.h"

#include <string.h>

static Number larger(Number a, Number b) {
    return loops_real(a) > loops_real(b) ? a : b;
}

/* Singh and Krishnan 2019: max(gamma x / sqrt(mean of the row's x^2 + eps) + beta, tau). */
void loops_frn(const Loops *k, Number *y, const Number *x) {
    const Loops uncentred = loops_spelled(k, "instance(center=no)");
    const Number *tau = loops_param(k, "tau");
    loops_standardize(k, y, x, loops_moments(&uncentred, x, cell_instance));
    loops_affine(k, y);
    for (size_t i = 0; i < k->n && tau; i++)
        y[i] = larger(y[i], tau[loops_channel(k, i)]);
}

/* Liu et al. 2020. */
static void evonorm_S0(const Loops *k, Number *y, const Number *x) {
    size_t groups = (size_t)loops_number(k, "groups", 0);
    for (size_t most = 32; groups == 0; most--)
        if (most <= k->C && k->C % most == 0) groups = most;
    const Loops group = loops_spelled(k, text_print(k->arena, "group(%zu)", groups));
    const Number *v1 = loops_param(k, "v1");
    LoopsMoments m = loops_moments(&group, x, cell_group);
    for (size_t i = 0; i < k->n; i++) {
        y[i] = x[i] * loops_sigmoid(v1[loops_channel(k, i)] * x[i]);
        m.mean[i] = 0;
    }
    loops_standardize(k, y, y, m);
}

static void evonorm_B0(const Loops *k, Number *y, const Number *x) {
    const Number *v1 = loops_param(k, "v1");
    const LoopsMoments batch = loops_own(k, x, cell_batch),
                       instance = loops_moments(k, x, cell_instance);
    Number of_batch = 0, of_instance = 0;
    for (size_t i = 0; i < k->n; i++) {
        if (i % k->L == 0) of_batch = loops_root(k, batch.variance[i]);
        if (i % k->L == 0) of_instance = loops_root(k, instance.variance[i]);
        y[i] = x[i] / larger(of_batch, v1[loops_channel(k, i)] * x[i] + of_instance);
    }
}

void loops_evonorm(const Loops *k, Number *y, const Number *x) {
    strcmp(loops_word(k, 0), "B0") == 0 ? evonorm_B0(k, y, x) : evonorm_S0(k, y, x);
    loops_affine(k, y);
}

/* Krizhevsky et al. 2012: x / (k + alpha sum over |c' - c| <= n / 2 of x_c'^2)^exponent; of
 * an even n one channel less on the side that is not named. */
void loops_response(const Loops *k, Number *y, const Number *x) {
    const size_t window = loops_count(k, 0, 5),
                 before = window / 2 - (loops_says(k, "side", "right") ? 1 : 0),
                 after = window / 2 - (loops_says(k, "side", "left") ? 1 : 0);
    const double exponent = loops_number(k, "exponent", 0.75);
    Quad alpha = loops_number(k, "alpha", 1e-4);
    if (loops_says(k, "divide", "yes")) alpha /= (Quad)window;
    for (size_t i = 0; i < k->n; i++) {
        const size_t c = loops_channel(k, i);
        Number base = loops_number(k, "k", 2);
        for (size_t other = c < before ? 0 : c - before; other <= c + after; other++)
            if (other < k->C) {
                const Number near = x[i + other * k->L - c * k->L];
                base += alpha * near * near;
            }
        y[i] = x[i] / loops_power(base, exponent);
    }
    loops_affine(k, y);
}
