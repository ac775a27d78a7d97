/* Stochastic gradient descent with momentum and weight decay. */
#include "optimize.h"

static double decay_of(const NetParam *p, const Config *config) {
    return p->decayed && (!p->normalizer || config->decay_norms) ? config->decay : 0.0;
}

void descend(double *weights, double *velocity, const double *gradient, const Net *net,
             const Config *config, double rate) {
    const double momentum = config->momentum;
    for (size_t i = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        double decay = decay_of(p, config);
        double *restrict w = weights + p->offset, *restrict v = velocity + p->offset;
        const double *g = gradient + p->offset;
        for (size_t k = 0; k < p->count; k++) {
            v[k] = momentum * v[k] + (g[k] + decay * w[k]);
            w[k] -= rate * v[k];
        }
        for (size_t k = 0; k < p->count;
             k++) /* kept NaN where it is NaN: that is a result */
            w[k] = w[k] < p->least ? p->least : w[k] > p->most ? p->most : w[k];
    }
}
