/* A run: its memory, the step, and the end of an epoch. */
#include "internal.h"
#include "optimize.h"

#include <math.h>
#include <string.h>

static size_t most(size_t a, size_t b) {
    return a > b ? a : b;
}

static double *no_numbers(Arena *arena, size_t count) {
    double *data = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) data[i] = (double)NAN;
    return data;
}

/* What of the configuration must fit the rest of it, and the data. */
static bool check_config(Trainer *t, Error *error) {
    const Config *c = &t->config;
    const Augment augment = {.flip = c->flip, .shift = c->shift};
    if (c->score > c->epochs)
        return fail(
            error, EX_USAGE, 0,
            "score=%s: the run has %zu epoch%s; score=last, or a median of as many",
            config_text(c, t->arena, "score"), c->epochs, c->epochs == 1 ? "" : "s");
    t->dataset = dataset_limit(t->arena, t->dataset, c->images, error);
    if (t->dataset == NULL || !dataset_moves(t->dataset, &augment, error)) return false;
    const size_t samples = c->workers * c->batch; /* the ragged last step is dropped */
    t->steps = t->dataset->train.count / samples;
    if (t->steps > 0) return true;
    return fail(error, EX_USAGE, 0,
                "workers x batch = %zu x %zu = %zu samples a step, but there are %zu "
                "training samples",
                c->workers, c->batch, samples, t->dataset->train.count);
}

static void take_memory(Trainer *t) {
    size_t W = t->net->weights, S = t->net->states;
    t->weights = TAKE(t->arena, double, W);
    t->velocity = ZERO(t->arena, double, W);
    t->gradient = TAKE(t->arena, double, W);
    t->state = TAKE(t->arena, double, S);
    t->told = state_owners(t->arena, t->net);
    t->judged = is_precise(t) ? TAKE(t->arena, double, S) : t->state;
    t->shares = TAKE(t->arena, double, t->config.workers *W);
    t->observed = TAKE(t->arena, double, t->config.workers *S);
    const Dataset *d = t->dataset;
    size_t chunks =
        evaluate_chunks(most(most(d->test.count, d->val.count), d->train.count));
    t->tally = TAKE(t->arena, Tally, most(t->config.workers, chunks));
    for (size_t i = 0; i < COUNT_OF(t->curve); i++)
        t->curve[i] = no_numbers(t->arena, t->config.epochs);
    t->trace = trace_new(t->arena, t->net, t->config.epochs);
    t->counters = ZERO(t->arena, Counters, 1);
    t->counters->test_loss = t->counters->test_error = (double)NAN;
    t->counters->train_loss = t->counters->train_error = (double)NAN;
    t->order = TAKE(t->arena, size_t, t->dataset->train.count);
    t->order_epoch = SIZE_MAX;
    t->own = TAKE(t->arena, Arena *, t->threads);
    for (size_t i = 0; i < t->threads; i++) t->own[i] = arena_new();
}

/* The run without its memory: enough to know whether it can be. */
static Trainer *plan_run(Arena *arena, const Config *config, const Dataset *dataset,
                         Error *error) {
    Trainer *t = ZERO(arena, Trainer, 1);
    t->arena = arena;
    t->config = *config;
    t->dataset = dataset;
    if (!check_config(t, error)) return NULL;
    const DataField *seen = &dataset->field[0], *label = dataset_field(dataset, "label");
    if (label == NULL) {
        fail(error, EX_DATAERR, 0, "%s has no label to learn", dataset->name);
        return NULL;
    }
    const NetFace face = {
        .inputs = 1, .input = {{seen->name, seen->shape}}, .outputs = label->classes};
    NetNorms norms;
    if (!net_norms_read(arena, config->norm, &norms, error)) return NULL;
    t->net = net_new(arena, config->network, norms, face, config->batch, error);
    return t->net ? t : NULL;
}

bool trainer_fits(const Config *config, const Dataset *dataset, Error *error) {
    Arena *arena = arena_new();
    bool fits = plan_run(arena, config, dataset, error) != NULL;
    arena_free(arena);
    return fits;
}

Trainer *trainer_new(Arena *arena, const Config *config, const Dataset *dataset,
                     size_t threads, Error *error) {
    Trainer *t = plan_run(arena, config, dataset, error);
    if (t == NULL) return NULL;
    t->threads = threads ? threads : 1;
    matmul_single_threaded();
    take_memory(t);
    net_initialize(t->net, t->weights, t->state, t->config.seed);
    if (is_precise(t)) memcpy(t->judged, t->state, t->net->states * sizeof *t->state);
    trace_take(&t->trace, t->weights, t->state, 0);
    return t;
}

void trainer_free(Trainer *t) {
    for (size_t i = 0; t && i < t->threads; i++) arena_free(t->own[i]);
}

void trainer_define(Trainer *t) {
    t->definitions = true;
}

/* ---- the end of an epoch ---------------------------------------------------------- */

static double share_of(size_t wrong, size_t images) {
    return (double)wrong / (double)images;
}

static void order_epoch(Trainer *t, size_t epoch) {
    if (t->order_epoch == epoch) return;
    Draw draw = {.seed = t->config.seed, .purpose = DRAW_SHUFFLE, .epoch = epoch};
    draw_permutation(draw, t->order, t->dataset->train.count);
    t->order_epoch = epoch;
}

static void finish_epoch(Trainer *t, size_t epoch, double rate) {
    Counters *c = t->counters;
    double samples = (double)(t->steps * t->config.workers * t->config.batch);
    if (is_precise(t) && t->net->states > 0) state_precise(t, epoch);
    const Samples *train = &t->dataset->train, *unseen = &t->dataset->test;
    Tally val = evaluate(t, epoch, &t->dataset->val), seen = {0}, test = {0};
    const bool last = epoch + 1 == t->config.epochs && isfinite(val.loss),
               tests = last && unseen->count > 0;
    if (last) seen = evaluate(t, epoch, train); /* once, as the next */
    if (tests) test = evaluate(t, epoch, unseen);
    if (!isfinite(val.loss) || !isfinite(c->loss_sum) || !isfinite(seen.loss) ||
        !isfinite(test.loss)) { /* what the epoch's last step did shows here first */
        c->diverged = 1;
        c->diverged_step = c->step - 1;
        return;
    }
    const double row[] = {rate, c->loss_sum / (double)t->steps, c->wrong_sum / samples,
                          val.loss, share_of(val.wrong, t->dataset->val.count)};
    for (size_t i = 0; i < COUNT_OF(row); i++) t->curve[i][epoch] = row[i];
    c->loss_sum = c->wrong_sum = 0.0;
    c->epochs = (double)(epoch + 1);
    trace_take(&t->trace, t->weights, t->state, epoch + 1);
    if (!last) return;
    c->train_loss = seen.loss;
    c->train_error = share_of(seen.wrong, train->count);
    if (!tests) return;
    c->test_loss = test.loss;
    c->test_error = share_of(test.wrong, unseen->count);
}

/* ---- the step -------------------------------------------------------------------- */

static bool is_done(const Trainer *t) {
    return t->counters->diverged > 0 || t->counters->epochs >= (double)t->config.epochs;
}

TrainStatus trainer_step(Trainer *t) {
    if (is_done(t)) return TRAIN_DONE;
    Counters *c = t->counters;
    size_t done = (size_t)c->step, epoch = done / t->steps, step = done % t->steps;
    order_epoch(t, epoch);
    if (step == 0) state_adapt(t, epoch);
    workers_run(t, epoch, step, true);
    double loss = 0.0;
    for (size_t k = 0; k < t->config.workers; k++) {
        loss += t->tally[k].loss;
        c->wrong_sum += (double)t->tally[k].wrong;
    }
    loss /= (double)t->config.workers;
    if (!isfinite(loss)) {
        c->diverged = 1;
        c->diverged_step = (double)done;
        return TRAIN_DONE;
    }
    c->loss_sum += loss;
    workers_sum(t);
    state_update(t);
    double rate = learning_rate(&t->config, done, t->steps);
    descend(t->weights, t->velocity, t->gradient, t->net, &t->config, rate);
    c->step = (double)(done + 1);
    if (step + 1 < t->steps) return TRAIN_STEPPED;
    finish_epoch(t, epoch, rate);
    return is_done(t) ? TRAIN_DONE : TRAIN_EPOCH;
}
