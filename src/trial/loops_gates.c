/* Moments that are weighed by learned membership: of channels in groups, of samples in modes. */
#include "loops.h"

/* ---- soft groups ----------------------------------------------------------------- */

/* P [C, G], the softmax over groups of logits / tau. */
static Number *membership(const Loops *k, size_t G) {
    const Number *logit = loops_param(k, "assignment");
    const Quad sharp = 1 / loops_number(k, "tau", 1);
    Number *p = loops_room(k, k->C * G), *z = loops_room(k, G);
    for (size_t c = 0; c < k->C; c++) {
        for (size_t g = 0; g < G; g++) z[g] = logit[c * G + g] * sharp;
        loops_softmax(p + c * G, z, G);
    }
    return p;
}

/* sum over channels of P, times that over the row, from element `first`, of (x - about)^order,
 * over that of P times the row's elements. */
static Number weighed(const Loops *k, const Number *p, size_t G, const Number *x,
                      size_t first, Number about, bool squared) {
    Number sum = 0, all = 0;
    for (size_t i = first; i < first + k->C * k->L; i++) {
        const Number apart = x[i] - about, weight = p[loops_channel(k, i) * G];
        if (!loops_belongs(k, i)) continue;
        sum += weight * (squared ? apart * apart : apart), all += weight;
    }
    return loops_real(all) > 0 ? sum / all : 0;
}

void loops_soft(const Loops *k, Number *y, const Number *x) {
    const size_t G = loops_count(k, 0, 1), row = k->C * k->L;
    const Number *p = membership(k, G);
    for (size_t i = 0; i < k->n; i += row)
        for (size_t g = 0; g < G; g++) {
            const Number mean = weighed(k, p + g, G, x, i, 0, false);
            const Number variance = weighed(k, p + g, G, x, i, mean, true);
            const Number rstd = 1 / loops_root(k, variance);
            for (size_t j = i; j < i + row; j++)
                y[j] += p[loops_channel(k, j) * G + g] * (x[j] - mean) * rstd;
        }
    loops_affine(k, y);
}

/* ---- modes (Deecke et al. 2019) ----------------------------------------------------- */

/* [N, K], the softmax over modes of W (mean over positions of x) + b. */
static Number *gates(const Loops *k, size_t K, const Number *x) {
    const Number *weight = loops_param(k, "gate_weight"),
                 *bias = loops_param(k, "gate_bias");
    Number *gate = loops_room(k, k->N * K), *z = loops_room(k, K);
    const size_t row = k->C * k->L;
    for (size_t n = 0; n < k->N; n++) {
        for (size_t m = 0; m < K; m++) z[m] = bias[m];
        for (size_t c = 0; c < k->C; c++) {
            Number mean = 0;
            for (size_t l = 0; l < k->L; l++) mean += x[n * row + c * k->L + l];
            mean /= (Quad)k->L;
            for (size_t m = 0; m < K; m++) z[m] += weight[m * k->C + c] * mean;
        }
        loops_softmax(gate + n * K, z, K);
    }
    return gate;
}

/* The mean of channel c over samples that are weighed by one mode's gates, of
 * (x - about)^order. */
static Number of_mode(const Loops *k, const Number *gate, size_t K, const Number *x,
                      size_t c, Number about, bool squared) {
    Number sum = 0, all = 0;
    for (size_t n = 0; n < k->N; n++) {
        Number row = 0;
        for (size_t l = 0; l < k->L; l++) {
            const Number apart = x[(n * k->C + c) * k->L + l] - about;
            row += squared ? apart * apart : apart;
        }
        sum += gate[n * K] * row, all += gate[n * K];
    }
    return sum / (all * (Quad)k->L);
}

LoopsModes loops_modes(const Loops *k, const Number *x) {
    const size_t K = loops_count(k, 0, 1), all = K * k->C;
    LoopsModes m = {gates(k, K, x), loops_room(k, all), loops_room(k, all)};
    for (size_t i = 0; i < all; i++)
        if (k->evaluates) {
            m.mean[i] = loops_state(k, "running_mean")[i];
            m.variance[i] = loops_state(k, "running_var")[i];
        } else {
            const Number *gate = m.gate + i / k->C;
            m.mean[i] = of_mode(k, gate, K, x, i % k->C, 0, false);
            m.variance[i] = of_mode(k, gate, K, x, i % k->C, m.mean[i], true);
        }
    return m;
}

void loops_mode(const Loops *k, Number *y, const Number *x) {
    const size_t K = loops_count(k, 0, 1);
    const LoopsModes modes = loops_modes(k, x);
    for (size_t m = 0; m < K * k->C; m++) {
        const size_t c = m % k->C;
        const Number rstd = 1 / loops_root(k, modes.variance[m]);
        for (size_t n = 0; n < k->N; n++)
            for (size_t l = 0; l < k->L; l++) {
                const size_t i = (n * k->C + c) * k->L + l;
                y[i] += modes.gate[n * K + m / k->C] * (x[i] - modes.mean[m]) * rstd;
            }
    }
    loops_affine(k, y);
}
