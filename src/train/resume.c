/* A run between two steps: what there is to keep of it, and whether what was kept is one. */
#include "internal.h"

#include <float.h>
#include <math.h>

enum { MAX_PARTS = 11 + OF_PARTS * (1 + TASK_MOST_METRICS) };

static const char *const part_names[OF_PARTS] = {[OF_TRAIN] = "train",
                                                 [OF_VAL] = "val",
                                                 [OF_TEST] = "test",
                                                 [OF_TRAIN_EVALUATED] =
                                                     "train_evaluated"};

static const char *curve_name(const Trainer *t, size_t part, const char *of) {
    return text_print(t->arena, "%s_%s", part_names[part], of);
}

static size_t add_curves(const Trainer *t, TrainPart *part, size_t i) {
    const size_t count = i < OF_EPOCH ? t->config.epochs : 1;
    const char *says = i < OF_EPOCH ? "of each finished epoch" : "at the end";
    size_t n = 0;
    part[n++] = (TrainPart){curve_name(t, i, "loss"), says, t->of[i].loss, count};
    for (size_t m = 0; m < t->task.metrics; m++)
        part[n++] = (TrainPart){curve_name(t, i, t->task.metric[m].name), says,
                                t->of[i].metric[m], count};
    return n;
}

const TrainPart *trainer_parts(Trainer *t, size_t *count) {
    TrainPart *part = TAKE(t->arena, TrainPart, MAX_PARTS);
    local_gather(t);
    const size_t weights = t->net->weights, states = t->net->states;
    size_t n = 0;
    part[n++] = (TrainPart){"weights", "all weights, in the network's order", t->weights,
                            weights};
    const OptimizerMoment *moment;
    const size_t moments = optimizer_moments(&t->config.optimizer, &moment);
    for (size_t i = 0; i < moments; i++)
        part[n++] = (TrainPart){moment[i].name, moment[i].title, t->moment[i],
                                (t->theirs ? t->config.workers : 1) * weights};
    if (t->theirs)
        part[n++] = (TrainPart){"worker_weights", "of each worker, one after the other",
                                t->theirs, t->config.workers * weights};
    if (t->radius)
        part[n++] = (TrainPart){"radius", "norms that weights go back to", t->radius,
                                t->net->params};
    part[n++] = (TrainPart){"state", "running moments, group maps", t->state, states};
    if (is_recomputed(t))
        part[n++] =
            (TrainPart){"judged", "moments that evaluation reads", t->judged, states};
    part[n++] = (TrainPart){"counters", "step, epochs, loss_sum, diverged, diverged_step",
                            (double *)t->counters, sizeof(Counters) / sizeof(double)};
    part[n++] = (TrainPart){"tally", "what the task adds up over the epoch's steps",
                            t->tally, t->task.tallies};
    part[n++] = (TrainPart){"rate", "of each finished epoch", t->rate, t->config.epochs};
    for (size_t i = 0; i < OF_PARTS; i++) n += add_curves(t, part + n, i);
    part[n++] = (TrainPart){"test_blocks", "of the test samples, at the end",
                            t->of[OF_TEST].block, t->of[OF_TEST].blocks};
    part[n++] = (TrainPart){"trace", "rows of what normalizers learned and adapted",
                            t->trace.row, t->trace.rows * t->trace.columns};
    *count = n;
    return part;
}

/* ---- what comes from a file ------------------------------------------------------ */

static bool is_count(double value, size_t most) {
    return value >= 0 && value <= (double)most && value == floor(value);
}

/* Places in the run are indices from here on. Who is over keeps no checkpoint. */
static bool check_counters(const Trainer *t, BaseError *error) {
    const Counters *c = t->counters;
    const size_t steps = t->steps * t->config.epochs, most = steps > 0 ? steps - 1 : 0;
    if (steps == 0)
        return base_fail(error, EX_DATAERR, 0, "counters: of a run that has no steps");
    if (!is_count(c->step, most))
        return base_fail(error, EX_DATAERR, 0, "counters: step %g, 0 to %zu are expected",
                         c->step, most);
    const size_t done = (size_t)c->step, epochs = done / t->steps, here = done % t->steps;
    if (c->epochs != (double)epochs)
        return base_fail(error, EX_DATAERR, 0,
                         "counters: %g epochs are finished, %zu are after step %zu",
                         c->epochs, epochs, done);
    if (!isfinite(c->loss_sum) || c->loss_sum < 0 || (here == 0 && c->loss_sum > 0))
        return base_fail(error, EX_DATAERR, 0, "counters: a loss of %g in %zu steps",
                         c->loss_sum, here);
    return (c->diverged == 0 && c->diverged_step == 0) ||
           base_fail(error, EX_DATAERR, 0, "counters: of a run that is over");
}

static bool check_tally(const Trainer *t, BaseError *error) {
    const size_t here = (size_t)t->counters->step % t->steps;
    const double samples = (double)(here * t->config.workers * t->config.batch);
    return t->task.kind->holds(&t->task, t->tally, samples) ||
           base_fail(error, EX_DATAERR, 0, "tally: not that of %g %s", samples,
                     t->task.samples);
}

/* Numbers up to the epoch, of each `every`-th; nothing yet at the end. */
static bool check_curve(const double *value, size_t epochs, size_t count, size_t every,
                        double most, const char *name, BaseError *error) {
    for (size_t e = 0; e < count; e++)
        if (e < epochs && (e + 1) % every == 0 ? !(value[e] >= 0 && value[e] <= most)
                                               : !isnan(value[e]))
            return base_fail(error, EX_DATAERR, 0, "%s: %g after epoch %zu", name,
                             value[e], e + 1);
    return true;
}

static bool check_curves(const Trainer *t, BaseError *error) {
    const size_t epochs = (size_t)t->counters->epochs, all = t->config.epochs;
    bool good = check_curve(t->rate, epochs, all, 1, DBL_MAX, "rate", error);
    for (size_t i = 0; i < OF_PARTS && good; i++) {
        const size_t done = i < OF_EPOCH ? epochs : 0, count = i < OF_EPOCH ? all : 1,
                     every = i == OF_VAL ? t->config.validate : 1;
        good = check_curve(t->of[i].loss, done, count, every, DBL_MAX,
                           curve_name(t, i, "loss"), error);
        for (size_t m = 0; m < t->task.metrics && good; m++)
            good = check_curve(t->of[i].metric[m], done, count, every,
                               t->task.metric[m].share ? 1.0 : DBL_MAX,
                               curve_name(t, i, t->task.metric[m].name), error);
    }
    return good;
}

/* Maps are indices; averages may be anything, and what comes of them shows in the loss. */
static bool check_state(const Trainer *t, BaseError *error) {
    for (size_t n = 0; n < t->net->norms; n++) {
        const NetNorm *part = &t->net->norm[n];
        const double *state[NORM_MAX_STATES], *at = t->state + part->state;
        BaseError own = {.set = false};
        for (size_t s = 0; s < part->norm->states; at += part->norm->state[s++].count)
            state[s] = at;
        if (!norm_accepts(part->norm, state, &own))
            return base_fail(error, EX_DATAERR, 0, "state: %s: %s", part->name,
                             own.message);
    }
    return true;
}

static bool check_radius(const Trainer *t, BaseError *error) {
    for (size_t i = 0; t->radius && i < t->net->params; i++)
        if (!(t->radius[i] >= 0.0) || !isfinite(t->radius[i]))
            return base_fail(error, EX_DATAERR, 0, "radius: %g of %s", t->radius[i],
                             t->net->param[i].name);
    return true;
}

bool trainer_may_resume(const Trainer *t, BaseError *error) {
    return check_counters(t, error) && check_tally(t, error) && check_curves(t, error) &&
           check_state(t, error) && check_radius(t, error);
}
