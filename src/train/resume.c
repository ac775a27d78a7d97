/* A run between two steps: what there is to keep of it, and whether what was kept is one. */
#include "internal.h"

#include <float.h>
#include <math.h>

enum { MAX_PARTS = 16 };

static const char *const curve_names[CURVES] = {"rate", "train_loss", "train_error",
                                                "val_loss", "val_error"};

const TrainPart *trainer_parts(Trainer *t, size_t *count) {
    TrainPart *part = TAKE(t->arena, TrainPart, MAX_PARTS);
    size_t n = 0;
    part[n++] = (TrainPart){"weights", "all weights, in the network's order", t->weights,
                            t->net->weights};
    part[n++] =
        (TrainPart){"velocity", "momentum of the weights", t->velocity, t->net->weights};
    part[n++] =
        (TrainPart){"state", "running moments, group maps", t->state, t->net->states};
    if (is_precise(t))
        part[n++] = (TrainPart){"precise", "moments that evaluation reads", t->judged,
                                t->net->states};
    part[n++] = (TrainPart){"counters",
                            "step, epochs, loss_sum, wrong_sum, diverged, diverged_step,"
                            " test_loss, test_error, train_loss, train_error",
                            (double *)t->counters, sizeof(Counters) / sizeof(double)};
    for (size_t i = 0; i < CURVES; i++)
        part[n++] = (TrainPart){curve_names[i], "of each finished epoch", t->curve[i],
                                t->config.epochs};
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
static bool check_counters(const Trainer *t, Error *error) {
    const Counters *c = t->counters;
    const size_t most = t->steps * t->config.epochs - 1;
    if (!is_count(c->step, most))
        return fail(error, EX_DATAERR, 0, "counters: step %g, 0 to %zu are expected",
                    c->step, most);
    const size_t done = (size_t)c->step, epochs = done / t->steps, here = done % t->steps;
    if (c->epochs != (double)epochs)
        return fail(error, EX_DATAERR, 0,
                    "counters: %g epochs are finished, %zu are after step %zu", c->epochs,
                    epochs, done);
    if (!is_count(c->wrong_sum, here * t->config.workers * t->config.batch) ||
        !isfinite(c->loss_sum) || c->loss_sum < 0 || (here == 0 && c->loss_sum > 0))
        return fail(error, EX_DATAERR, 0,
                    "counters: %g mistakes and a loss of %g in %zu steps", c->wrong_sum,
                    c->loss_sum, here);
    return (c->diverged == 0 && c->diverged_step == 0 && isnan(c->test_loss) &&
            isnan(c->test_error) && isnan(c->train_loss) && isnan(c->train_error)) ||
           fail(error, EX_DATAERR, 0, "counters: of a run that is over");
}

static bool check_curves(const Trainer *t, Error *error) {
    const size_t epochs = (size_t)t->counters->epochs;
    for (size_t i = 0; i < CURVES; i++)
        for (size_t e = 0; e < epochs; e++) {
            const double value = t->curve[i][e];
            const bool is_share = i == CURVE_TRAIN_ERROR || i == CURVE_VAL_ERROR;
            if (!(value >= 0 && value <= (is_share ? 1.0 : DBL_MAX)))
                return fail(error, EX_DATAERR, 0, "%s: %g after epoch %zu",
                            curve_names[i], value, e + 1);
        }
    return true;
}

/* Maps are indices; averages may be anything, and what comes of them shows in the loss. */
static bool check_state(const Trainer *t, Error *error) {
    for (size_t n = 0; n < t->net->norms; n++) {
        const NetNorm *part = &t->net->norm[n];
        const double *state[NORM_MAX_STATES], *at = t->state + part->state;
        Error own = {.set = false};
        for (size_t s = 0; s < part->norm->states; at += part->norm->state[s++].count)
            state[s] = at;
        if (!norm_accepts(part->norm, state, &own))
            return fail(error, EX_DATAERR, 0, "state: %s: %s", part->name, own.message);
    }
    return true;
}

bool trainer_may_resume(const Trainer *t, Error *error) {
    return check_counters(t, error) && check_curves(t, error) && check_state(t, error);
}
