/* A run: its memory, the step, and the end of an epoch. */
#include "internal.h"
#include "bilinear.h"
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

static Numbers numbers_new(const Trainer *t, size_t count) {
    Numbers numbers = {.loss = no_numbers(t->arena, count)};
    for (size_t m = 0; m < t->task.metrics; m++)
        numbers.metric[m] = no_numbers(t->arena, count);
    return numbers;
}

const Dataset *config_data(Arena *arena, const Config *config, const Dataset *dataset,
                           BaseError *error) {
    return config->split == SPLIT_SEED
               ? dataset_drawn(arena, dataset, config->seed, config->images, error)
               : dataset_limit(arena, dataset, config->images, error);
}

/* Where what is asked of samples is drawn, it is drawn for as many tasks, one after the other. */
static bool draw_labels(Trainer *t, BaseError *error) {
    const Config *c = &t->config;
    if (c->labels == LABELS_GIVEN)
        return c->relabel == 1 ||
               base_fail(error, EX_USAGE, 0,
                         "relabel=%zu: so many tasks of drawn labels: labels=random is "
                         "expected",
                         c->relabel);
    if (c->epochs % c->relabel != 0)
        return base_fail(error, EX_USAGE, 0,
                         "relabel=%zu: a task has as many epochs as another: epochs=%zu "
                         "is no multiple",
                         c->relabel, c->epochs);
    if (c->relabel > 1 && (c->clients > 0 || c->sorted))
        return base_fail(error, EX_USAGE, 0,
                         "relabel=%zu: clients and sorted deal samples by their class, "
                         "which stays for the run",
                         c->relabel);
    t->dataset = dataset_relabelled(t->arena, t->dataset, t->task.field, c->seed,
                                    &t->labels, error);
    return t->dataset != NULL;
}

void trainer_relabel(const Trainer *t, size_t epoch) {
    const size_t each = t->config.epochs / t->config.relabel; /* 0: there are none */
    if (t->labels) relabel_draw(t->labels, each > 0 ? epoch / each : 0);
}

/* What of the configuration must fit the rest of it, and the data. */
static bool check_config(Trainer *t, BaseError *error) {
    const Config *c = &t->config;
    const Augment augment = {.flip = c->flip, .shift = c->shift};
    if (c->score > 1 && c->score > c->epochs)
        return base_fail(
            error, EX_USAGE, 0,
            "score=%s: the run has %zu epoch%s; score=last, or a median of as many",
            config_text(c, t->arena, "score"), c->epochs, c->epochs == 1 ? "" : "s");
    if (c->score > 1 && c->validate > 1)
        return base_fail(error, EX_USAGE, 0,
                         "score=%s: validation after every epoch is expected, validate=1",
                         config_text(c, t->arena, "score"));
    t->dataset = config_data(t->arena, c, t->dataset, error);
    if (t->dataset == NULL || !dataset_moves(t->dataset, &augment, error) ||
        !task_bind(&t->task, c->task, t->dataset, error) || !draw_labels(t, error))
        return false;
    const size_t samples = c->workers * c->batch; /* the ragged last step is dropped */
    t->steps = t->dataset->train.count / samples;
    if (t->steps > 0 && c->horizon > 0) {
        const double rates = learning_rates(c, t->steps);
        if (!(rates > 0))
            return base_fail(error, EX_USAGE, 0, "horizon=%s: the rates add up to 0",
                             config_text(c, t->arena, "horizon"));
        t->config.decay = c->horizon / rates;
    }
    if (t->steps > 0)
        return (t->order = order_new(t->arena, &t->config, t->dataset, error)) != NULL;
    return base_fail(
        error, EX_USAGE, 0,
        "workers x batch = %zu x %zu = %zu samples a step, but there are %zu "
        "training %s",
        c->workers, c->batch, samples, t->dataset->train.count, t->task.samples);
}

static void take_memory(Trainer *t) {
    size_t W = t->net->weights, S = t->net->states;
    t->weights = TAKE(t->arena, double, W);
    const OptimizerMoment *moment;
    const size_t moments = optimizer_moments(&t->config.optimizer, &moment);
    const size_t copies = t->config.local ? t->config.workers : 1;
    for (size_t i = 0; i < moments; i++) t->moment[i] = ZERO(t->arena, double, copies *W);
    if (t->config.local) t->theirs = TAKE(t->arena, double, copies *W);
    t->gradient = TAKE(t->arena, double, W);
    if (t->config.project) t->radius = TAKE(t->arena, double, t->net->params);
    t->state = TAKE(t->arena, double, S);
    t->told = state_owners(t->arena, t->net);
    t->judged = is_recomputed(t) ? TAKE(t->arena, double, S) : t->state;
    t->shares = TAKE(t->arena, double, t->config.workers *W);
    t->observed = TAKE(t->arena, double, t->config.workers *S);
    t->observed_mean = TAKE(t->arena, double, S);
    const Dataset *d = t->dataset;
    const size_t chunks =
        evaluate_chunks(most(most(d->test.count, d->val.count), d->train.count));
    t->found = TAKE(t->arena, double, most(t->config.workers, chunks) * found_width(t));
    t->tally = ZERO(t->arena, double, t->task.tallies);
    t->rate = no_numbers(t->arena, t->config.epochs);
    for (size_t i = 0; i < OF_PARTS; i++)
        t->of[i] = numbers_new(t, i < OF_EPOCH ? t->config.epochs : 1);
    t->of[OF_TEST].blocks = evaluate_blocks(d->test.count);
    t->of[OF_TEST].block = no_numbers(t->arena, t->of[OF_TEST].blocks);
    t->trace = trace_new(t->arena, t->net, t->config.epochs);
    t->counters = ZERO(t->arena, Counters, 1);
    t->rooms = t->meets ? most(t->threads, t->config.workers) : t->threads;
    t->own = TAKE(t->arena, Arena *, t->rooms);
    for (size_t i = 0; i < t->rooms; i++) t->own[i] = arena_new();
}

const Net *net_for(const Trainer *t, const Dataset *dataset, BaseError *error) {
    const DataField *seen = &dataset->field[0];
    const size_t symbols = seen->type == DATA_LABELS ? seen->classes : 0;
    const NetFace face = {.inputs = 1,
                          .input = {{seen->name, seen->shape, symbols}},
                          .outputs = t->task.outputs,
                          .causal = t->task.causal};
    const Config *c = &t->config;
    NetNorms norms;
    if (!net_norms_read(t->arena, c->norm, &norms, error)) return NULL;
    const Net *net = net_new(t->arena, c->network, norms, face, c->batch, error);
    return net && task_accepts(&t->task, net, error) ? net : NULL;
}

/* The run without its memory: enough to know whether it can be. */
static Trainer *plan_run(Arena *arena, const Config *config, const Dataset *dataset,
                         BaseError *error) {
    Trainer *t = ZERO(arena, Trainer, 1);
    t->arena = arena;
    t->config = *config;
    t->dataset = dataset;
    if (!check_config(t, error)) return NULL;
    t->net = net_for(t, t->dataset, error);
    if (t->net) t->task.ends = t->net->outputs;
    return t->net && learns_new(arena, &t->learns, t->net, config, error) &&
                   project_can_be(t->net, config, error) && local_can_be(config, error) &&
                   bound_can_be(config, arena, error) && meet_can_be(t, error) &&
                   (t->sized = sized_new(t, error))
               ? t
               : NULL;
}

bool trainer_fits(const Config *config, const Dataset *dataset, BaseError *error) {
    Arena *arena = arena_new();
    bool fits = plan_run(arena, config, dataset, error) != NULL;
    arena_free(arena);
    return fits;
}

const Net *trainer_plan(Arena *arena, const Config *config, const Dataset *dataset,
                        BaseError *error) {
    const Trainer *t = plan_run(arena, config, dataset, error);
    return t ? t->net : NULL;
}

Trainer *trainer_new(Arena *arena, const Config *config, const Dataset *dataset,
                     size_t threads, BaseError *error) {
    Trainer *t = plan_run(arena, config, dataset, error);
    if (t == NULL) return NULL;
    t->threads = threads ? threads : 1;
    trainer_share(t, NULL);
    take_memory(t);
    net_initialize(t->net, t->weights, t->state, t->config.seed);
    project_begin(t);
    local_begin(t);
    if (is_recomputed(t)) memcpy(t->judged, t->state, t->net->states * sizeof *t->state);
    trace_take(&t->trace, t->weights, t->state, 0);
    return t;
}

bool trainer_take(Trainer *t, const NetTensor *from, size_t count, NetTaken *taken,
                  BaseError *error) {
    const size_t S = t->net->states;
    if (!net_take(t->arena, t->net, t->weights, t->state, from, count, taken, error))
        return false;
    project_begin(t);
    local_begin(t);
    if (S && t->judged != t->state) memcpy(t->judged, t->state, S * sizeof *t->state);
    trace_take(&t->trace, t->weights, t->state, 0);
    return true;
}

void trainer_free(Trainer *t) {
    for (size_t i = 0; t && i < t->rooms; i++) arena_free(t->own[i]);
}

void trainer_share(Trainer *t, const Ranks *ranks) {
    t->ranks = ranks;
    t->mine = ranks_mine(t->ranks, t->config.workers);
}

void trainer_define(Trainer *t) {
    t->definitions = true;
}

/* ---- the end of an epoch ---------------------------------------------------------- */

/* The epoch's own steps, as the row of an epoch. */
static bool sum_epoch(Trainer *t, size_t epoch) {
    double metric[TASK_MOST_METRICS];
    const Numbers *to = &t->of[OF_TRAIN];
    t->task.kind->judge(&t->task, metric, t->tally);
    to->loss[epoch] = t->counters->loss_sum / (double)t->steps;
    for (size_t m = 0; m < t->task.metrics; m++) to->metric[m][epoch] = metric[m];
    return isfinite(to->loss[epoch]);
}

static void no_row(const Trainer *t, size_t part, size_t at) {
    t->of[part].loss[at] = (double)NAN;
    for (size_t m = 0; m < t->task.metrics; m++) t->of[part].metric[m][at] = (double)NAN;
}

/* What the epoch's last step did shows here first: false, and no row of it stays. */
static bool judge_epoch(Trainer *t, size_t epoch) {
    const Dataset *d = t->dataset;
    bool finite = sum_epoch(t, epoch);
    if (config_validates(&t->config, epoch + 1))
        finite &= evaluate(t, epoch, &d->val, &t->of[OF_VAL], epoch);
    if (finite && epoch + 1 == t->config.epochs) { /* once */
        finite &= evaluate(t, epoch, &d->train, &t->of[OF_TRAIN_EVALUATED], 0);
        if (d->test.count > 0) finite &= evaluate(t, epoch, &d->test, &t->of[OF_TEST], 0);
    }
    for (size_t i = 0; i < OF_PARTS && !finite; i++)
        no_row(t, i, i < OF_EPOCH ? epoch : 0);
    return finite;
}

static void finish_epoch(Trainer *t, size_t epoch, double rate) {
    Counters *c = t->counters;
    if (config_validates(&t->config, epoch + 1)) state_judge(t, epoch, t->config.running);
    if (!judge_epoch(t, epoch)) {
        c->diverged = 1;
        c->diverged_step = c->step - 1;
        return;
    }
    t->rate[epoch] = rate;
    c->loss_sum = 0.0;
    memset(t->tally, 0, t->task.tallies * sizeof *t->tally);
    c->epochs = (double)(epoch + 1);
    trace_take(&t->trace, t->weights, t->state, epoch + 1);
}

/* ---- the step -------------------------------------------------------------------- */

static bool is_done(const Trainer *t) {
    return t->counters->diverged > 0 || t->counters->epochs >= (double)t->config.epochs;
}

/* Adds what the workers found to the epoch's tallies. */
static void add_found(Trainer *t) {
    for (size_t k = 0; k < t->config.workers; k++) {
        const double *found = t->found + k * found_width(t);
        for (size_t i = 0; i < t->task.tallies; i++) t->tally[i] += found[1 + i];
    }
}

/* All workers as one: a step of the mean of their gradients. */
static void step_together(Trainer *t, double rate, size_t done) {
    workers_bound(t);
    workers_sum(t);
    gradient_noise(t, done);
    learns_alone(&t->learns, t->net->weights, t->gradient);
    clip_gradient(t->gradient, t->net->weights, t->config.clip);
    descend(t->weights, t->moment, t->gradient, &t->learns, &t->config, rate, done);
    project(t, t->weights);
}

TrainStatus trainer_step(Trainer *t) {
    if (is_done(t)) return TRAIN_DONE;
    Counters *c = t->counters;
    size_t done = (size_t)c->step, epoch = done / t->steps, step = done % t->steps;
    if (step == 0) state_adapt(t, epoch);
    workers_run(t, epoch, step, true);
    add_found(t);
    const double loss = workers_loss(t);
    if (!isfinite(loss)) {
        c->diverged = 1;
        c->diverged_step = (double)done;
        return TRAIN_DONE;
    }
    c->loss_sum += loss;
    state_update(t);
    const double rate = learning_rate(&t->config, done, t->steps);
    (t->theirs ? step_apart : step_together)(t, rate, done);
    c->step = (double)(done + 1);
    if (step + 1 < t->steps) return TRAIN_STEPPED;
    finish_epoch(t, epoch, rate);
    return is_done(t) ? TRAIN_DONE : TRAIN_EPOCH;
}
