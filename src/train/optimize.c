/* Stochastic gradient descent with momentum, weight decay, warm-up and schedules. */
#include "optimize.h"

#include <math.h>

static double schedule_factor(const Schedule *schedule, double done) {
    static const double PI = 3.14159265358979323846;
    double factor = 1.0;
    switch (schedule->kind) {
    case SCHEDULE_CONSTANT:
        break;
    case SCHEDULE_COSINE:
        factor = 0.5 * (1.0 + cos(PI * done));
        break;
    case SCHEDULE_STEP:
        for (size_t i = 0; i < schedule->drops; i++)
            if (done >= schedule->at[i]) factor *= schedule->factor;
    }
    return factor;
}

double learning_rate(const Config *config, const Schedule *schedule, size_t step,
                     size_t steps_of_epoch) {
    double samples = config_number(config, "workers") * config_number(config, "batch");
    double base =
        config_number(config, "rate") * samples / config_number(config, "reference");
    double total = config_number(config, "epochs") * (double)steps_of_epoch;
    double warm = config_number(config, "warmup") * (double)steps_of_epoch;
    double rise = (double)step < warm ? ((double)step + 1.0) / (warm + 1.0) : 1.0;
    return base * rise * schedule_factor(schedule, (double)step / total);
}

void descend(double *weights, double *velocity, const double *gradient, const Net *net,
             const Config *config, double rate) {
    const double momentum = config_number(config, "momentum");
    const double strength = config_number(config, "decay");
    const bool norms_too = config_switch(config, "decay_norms");
    for (size_t i = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        double decay = p->decayed && (!p->normalizer || norms_too) ? strength : 0.0;
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
