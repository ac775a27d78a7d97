/* Weights before normalizers go back to the norm that they began with, after each step: Lyle et al.
 * 2024 (normalize and project). notes/40-workers.md */
#include "internal.h"
#include "sum.h"

#include <math.h>

bool project_can_be(const Net *net, const Config *config, BaseError *error) {
    size_t before = 0;
    for (size_t i = 0; i < net->params; i++) before += net->param[i].before_norm > 0;
    if (!config->project) return true;
    if (config->learn == LEARN_RANDOM)
        return base_fail(
            error, EX_USAGE, 0,
            "project=yes scales whole weights, and learn=random leaves parts "
            "of them as they are: one of the two");
    return before > 0 ||
           base_fail(error, EX_USAGE, 0,
                     "project=yes: no weight of %s stands before a normalizer",
                     net->spec);
}

void project_begin(const Trainer *t) {
    for (size_t i = 0; t->radius && i < t->net->params; i++) {
        const NetParam *p = &t->net->param[i];
        t->radius[i] =
            p->before_norm ? vector_length(t->weights + p->offset, p->count) : 0.0;
    }
}

//> project
/* w <- (radius / |w|) w (W-6). What has no length, or none that is finite, stays as it is. */
void project(const Trainer *t, double *weights) {
    for (size_t i = 0; t->radius && i < t->net->params; i++) {
        const NetParam *p = &t->net->param[i];
        double *w = weights + p->offset;
        const double norm = t->radius[i] > 0.0 ? vector_length(w, p->count) : 0.0,
                     scale = t->radius[i] / norm;
        if (!(norm > 0.0) || !isfinite(norm)) continue;
        for (size_t k = 0; k < p->count; k++) w[k] *= scale;
    }
}
//< project
