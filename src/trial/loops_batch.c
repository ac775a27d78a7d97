/* Batch statistics corrected, or pooled with others. */
#include "loops.h"

/* mean = sum w mean_k, variance = sum w (variance_k + (mean_k - mean)^2) of two, whose weights
 * are a and 1 - a; then standardized. */
static void pooled(const Loops *k, Number *y, const Number *x, Number a,
                   LoopsMoments first, LoopsMoments second) {
    LoopsMoments m = {loops_room(k, k->n), loops_room(k, k->n)};
    for (size_t i = 0; i < k->n; i++) {
        m.mean[i] = a * first.mean[i] + (1 - a) * second.mean[i];
        const Number d = first.mean[i] - m.mean[i], e = second.mean[i] - m.mean[i];
        m.variance[i] =
            a * (first.variance[i] + d * d) + (1 - a) * (second.variance[i] + e * e);
    }
    loops_standardize(k, y, x, m);
}

/* TaskNorm (Bronskill et al. 2020). */
void loops_task(const Loops *k, Number *y, const Number *x) {
    const Quad samples =
        k->evaluates ? loops_state(k, "batch_size")[0] : (double)loops_samples(k);
    const bool even = loops_says(k, "even", "yes");
    const Quad length = even ? 1 / quad_sqrt(1 + samples * samples) : 1;
    const Number alpha = loops_sigmoid(
        (loops_param(k, "slope")[0] * samples + loops_param(k, "offset")[0]) * length);
    LoopsCell *other = loops_says(k, "with", "layer") ? cell_layer : cell_instance;
    pooled(k, y, x, alpha, loops_own(k, x, cell_batch), loops_moments(k, x, other));
    loops_affine(k, y);
}

static Quad clip(Quad a, double least, double most) {
    return a < least ? (Quad)least : a > most ? (Quad)most : a;
}

/* Batch renormalization (Ioffe 2017): r and d are constants of the derivative. */
void loops_renorm(const Loops *k, Number *y, const Number *x) {
    const bool warm = (double)k->epoch < loops_number(k, "warm", 0);
    const double rmax = warm ? 1 : loops_number(k, "rmax", 3),
                 dmax = warm ? 0 : loops_number(k, "dmax", 5);
    const LoopsMoments own = loops_own(k, x, cell_batch),
                       running = loops_running(k, cell_batch);
    loops_standardize(k, y, x, own);
    for (size_t i = 0; i < k->n && !k->evaluates; i++) {
        const Number sigma = loops_root(k, running.variance[i]);
        const Number ratio = loops_root(k, own.variance[i]) / sigma;
        const Number between = (own.mean[i] - running.mean[i]) / sigma;
        y[i] = y[i] * clip(loops_real(ratio), 1 / rmax, rmax) +
               clip(loops_real(between), -dmax, dmax);
    }
    loops_affine(k, y);
}

/* The running moments of the groups of channels, pooled with equal weights. */
static LoopsMoments running_of_groups(const Loops *k) {
    const LoopsMoments each = loops_running(k, cell_batch);
    LoopsMoments m = loops_moments(k, each.mean, cell_lattice);
    const LoopsMoments inner = loops_moments(k, each.variance, cell_lattice);
    for (size_t i = 0; i < k->n; i++) m.variance[i] += inner.mean[i];
    return m;
}

/* Summers and Dinneen 2020; in evaluation the example's own moments weigh `own`. */
void loops_lattice(const Loops *k, Number *y, const Number *x) {
    if (k->evaluates)
        pooled(k, y, x, loops_number(k, "own", 0), loops_moments(k, x, cell_group),
               running_of_groups(k));
    else
        loops_standardize(k, y, x, loops_moments(k, x, cell_lattice));
    loops_affine(k, y);
}

/* ---- moving averages (Yan et al. 2020) ------------------------------------------------ */

/* Of the batch in both averages. */
static Quad weight_new(const Loops *k) {
    const bool warm = (double)k->epoch < loops_number(k, "warm", 0);
    return warm ? 1 : loops_number(k, "weight_new", 0.1);
}

/* The mean square is averaged with the running one, and a constant. */
void loops_mabn(const Loops *k, Number *y, const Number *x) {
    const Loops uncentred = loops_spelled(k, "batch(center=no)");
    const Quad w = weight_new(k);
    LoopsMoments m = loops_running(k, cell_batch);
    const LoopsMoments own = loops_moments(&uncentred, x, cell_batch);
    for (size_t i = 0; i < k->n && !k->evaluates; i++)
        m.variance[i] = loops_held((1 - w) * m.variance[i] + w * own.variance[i]);
    loops_standardize(k, y, x, m);
    loops_affine(k, y);
}

enum { SQUARE, PRODUCT };

/* Channel c: two sums, y, and the averages that stand for means in dx. */
static void design_channel(const Loops *k, const Trial *t, LoopsDesign *m, size_t c) {
    const Quad w = weight_new(k), count = (Quad)(double)(k->N * k->L);
    Quad *square = &m->observed[SQUARE][c], *product = &m->observed[PRODUCT][c];
    for (size_t i = 0; i < k->n; i++)
        if (loops_channel(k, i) == c) *square += (Quad)t->x[i] * t->x[i] / count;
    const Quad mean = (1 - w) * t->state[SQUARE][c] + w * *square;
    const Quad rstd = 1 / quad_sqrt(mean + k->norm->eps);
    for (size_t i = 0; i < k->n; i++) {
        if (loops_channel(k, i) != c) continue;
        const Quad xhat = t->x[i] * rstd, h = trial_gamma(t, i) * (Quad)t->dy[i];
        m->y[i] = trial_gamma(t, i) * xhat + trial_beta(t, i);
        m->y_scale[i] = fabs(trial_gamma(t, i) * (double)xhat) + fabs(trial_beta(t, i));
        *product += h * xhat / count;
        m->observed_scale[PRODUCT][c] += (double)quad_abs(h * xhat / count);
        m->dgamma[c] += t->dy[i] * xhat;
        m->dgamma_scale[c] += (double)quad_abs(t->dy[i] * xhat);
        m->dbeta[c] += t->dy[i];
        m->dbeta_scale[c] += fabs(t->dy[i]);
    }
    m->observed_scale[SQUARE][c] = (double)*square;
    const Quad slope = (1 - w) * t->state[PRODUCT][c] + w * *product;
    const double terms = fabs(t->state[PRODUCT][c]) + m->observed_scale[PRODUCT][c];
    for (size_t i = 0; i < k->n; i++) {
        if (loops_channel(k, i) != c) continue;
        const Quad xhat = t->x[i] * rstd, h = trial_gamma(t, i) * (Quad)t->dy[i];
        m->dx[i] = (h - xhat * slope) * rstd;
        m->dx_scale[i] = (double)((quad_abs(h) + quad_abs(xhat) * terms) * rstd);
    }
}

void loops_mabn_backward(const Loops *k, const Trial *t, LoopsDesign *all) {
    for (size_t c = 0; c < k->C; c++) design_channel(k, t, all, c);
}
