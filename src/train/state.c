/* The normalizers' state: averages over the steps, maps, and what evaluation reads. */
#include "internal.h"

#include <math.h>

const NormState **state_owners(Arena *arena, const Net *net) {
    const NormState **told = TAKE(arena, const NormState *, net->states);
    size_t at = 0;
    for (size_t n = 0; n < net->norms; n++)
        for (size_t s = 0; s < net->norm[n].norm->states; s++)
            for (size_t k = 0; k < net->norm[n].norm->state[s].count; k++)
                told[at++] = &net->norm[n].norm->state[s];
    return told;
}

/* Mean over workers of what they observed; NaN (a cell of one element) leaves the state
 * alone. */
static double mean_observed(const Trainer *t, size_t i) {
    double sum = 0.0;
    for (size_t k = 0; k < t->config.workers; k++)
        sum += t->observed[k * t->net->states + i];
    return sum / (double)t->config.workers;
}

//> running
/* state += weight_new (mean over workers of their observation - state), once a step
 * (W-2) */
void state_update(Trainer *t) {
    for (size_t i = 0; i < t->net->states; i++) {
        if (t->told[i]->adapted) continue;
        t->state[i] = norm_moved(t->told[i], t->state[i], mean_observed(t, i));
    }
}
//< running

/* Before the first step of an epoch, so once in the life of a run: between two steps
 * there is no more to know than which step is next. */
void state_adapt(Trainer *t, size_t epoch) {
    for (size_t n = 0; n < t->net->norms; n++) {
        const NetNorm *part = &t->net->norm[n];
        double *state[NORM_MAX_STATES], *at = t->state + part->state;
        for (size_t s = 0; s < part->norm->states; at += part->norm->state[s++].count)
            state[s] = at;
        if (norm_adapt(part->norm, (Draw){t->config.seed, DRAW_ADAPT, epoch, n}, state))
            trace_changed(&t->trace, n, epoch);
    }
}

/* The control for running averages: the mean over a whole epoch of what its steps
 * observe. It judges and nothing else: averages go on as without it, maps stay. */
void state_precise(Trainer *t, size_t epoch) {
    const size_t S = t->net->states;
    for (size_t i = 0; i < S; i++) t->judged[i] = t->told[i]->adapted ? t->state[i] : 0.0;
    for (size_t step = 0; step < t->steps; step++) {
        workers_run(t, epoch, step, false);
        for (size_t i = 0; i < S; i++)
            if (!t->told[i]->adapted) t->judged[i] += mean_observed(t, i);
    }
    for (size_t i = 0; i < S; i++) {
        if (t->told[i]->adapted) continue;
        bool seen = !isnan(t->judged[i]);
        t->judged[i] = seen ? t->judged[i] / (double)t->steps : t->state[i];
    }
}
