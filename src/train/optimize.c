/* Steps of the weights. */
#include "optimize.h"

#include <math.h>

/* Weight of the old in the mean square, and what keeps its root from 0. */
static const double OLD_SQUARES = 0.999, LEAST_ROOT = 1e-8;

static double decay_of(const NetParam *p, const Config *config) {
    return p->decayed && (!p->normalizer || config->decay_norms) ? config->decay : 0.0;
}

static void step_sgd(double *restrict w, double *restrict v, const double *g,
                     size_t count, double momentum, double rate, double decay) {
    for (size_t k = 0; k < count; k++) {
        v[k] = momentum * v[k] + (g[k] + decay * w[k]);
        w[k] -= rate * v[k];
    }
}

/* `began`: how much of the two means is not of their start at 0. */
static void step_adamw(const Descent *d, const NetParam *p, const Config *config,
                       double rate, const double began[2]) {
    const double b1 = config->momentum, b2 = OLD_SQUARES, decay = decay_of(p, config);
    double *restrict w = d->weights + p->offset, *restrict v = d->velocity + p->offset,
                     *restrict s = d->square + p->offset;
    const double *g = d->gradient + p->offset;
    for (size_t k = 0; k < p->count; k++) {
        v[k] = b1 * v[k] + (1.0 - b1) * g[k];
        s[k] = b2 * s[k] + (1.0 - b2) * (g[k] * g[k]);
        const double root = sqrt(s[k] / began[1]) + LEAST_ROOT;
        w[k] -= rate * (v[k] / began[0] / root + decay * w[k]);
    }
}

/* Kept NaN where it is NaN: that is a result. */
static void keep_inside(double *w, const NetParam *p) {
    for (size_t k = 0; k < p->count; k++)
        w[k] = w[k] < p->least ? p->least : w[k] > p->most ? p->most : w[k];
}

void descend(const Descent *d, const Net *net, const Config *config, double rate,
             size_t step) {
    const double steps = (double)(step + 1),
                 began[] = {1.0 - pow(config->momentum, steps),
                            1.0 - pow(OLD_SQUARES, steps)};
    for (size_t i = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        if (config->optimizer == OPTIMIZER_ADAMW)
            step_adamw(d, p, config, rate, began);
        else
            step_sgd(d->weights + p->offset, d->velocity + p->offset,
                     d->gradient + p->offset, p->count, config->momentum, rate,
                     decay_of(p, config));
        keep_inside(d->weights + p->offset, p);
    }
}
