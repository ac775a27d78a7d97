/* A run: workers, their sum, the step, and the evaluation of an epoch.
 * notes/40-workers.md */
#include "internal.h"
#include "optimize.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* Images evaluated together: whole chunks, so that the sums have one order. */
enum { EVAL_CHUNK = 50 };

static size_t most(size_t a, size_t b) {
    return a > b ? a : b;
}

static double *no_numbers(Arena *arena, size_t count) {
    double *data = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) data[i] = (double)NAN;
    return data;
}

static size_t chunks_of(size_t images) {
    return (images + EVAL_CHUNK - 1) / EVAL_CHUNK;
}

static bool read_config(Trainer *t, Error *error) {
    const Config *c = &t->config;
    t->workers = config_count(c, "workers");
    t->batch = config_count(c, "batch");
    t->epochs = config_count(c, "epochs");
    t->window = config_score(c);
    t->seed = config_count(c, "seed");
    t->schedule = config_schedule(c);
    t->precise = strcmp(config_get(c, "running"), "precise") == 0;
    t->augment =
        (Augment){.flip = config_switch(c, "flip"), .shift = config_count(c, "shift")};
    if (t->window > t->epochs)
        return fail(
            error, EX_USAGE, 0,
            "score=%s: the run has %zu epoch%s; score=last, or a median of as many",
            config_get(c, "score"), t->epochs, t->epochs == 1 ? "" : "s");
    t->dataset = dataset_limit(t->arena, t->dataset, config_count(c, "images"), error);
    if (t->dataset == NULL) return false;
    size_t samples = t->workers * t->batch; /* the ragged last step is dropped */
    t->steps = t->dataset->train.count / samples;
    if (t->steps > 0) return true;
    return fail(error, EX_USAGE, 0,
                "workers x batch = %zu x %zu = %zu samples a step, but there are %zu "
                "training images",
                t->workers, t->batch, samples, t->dataset->train.count);
}

static const NormState **tell_states(Arena *arena, const Net *net) {
    const NormState **told = TAKE(arena, const NormState *, net->states);
    size_t at = 0;
    for (size_t n = 0; n < net->norms; n++)
        for (size_t s = 0; s < net->norm[n].norm->states; s++)
            for (size_t k = 0; k < net->norm[n].norm->state[s].count; k++)
                told[at++] = &net->norm[n].norm->state[s];
    return told;
}

static void take_memory(Trainer *t) {
    size_t W = t->net->weights, S = t->net->states;
    t->weights = TAKE(t->arena, double, W);
    t->velocity = ZERO(t->arena, double, W);
    t->gradient = TAKE(t->arena, double, W);
    t->state = TAKE(t->arena, double, S);
    t->told = tell_states(t->arena, t->net);
    t->judged = t->precise ? TAKE(t->arena, double, S) : t->state;
    t->shares = TAKE(t->arena, double, t->workers *W);
    t->observed = TAKE(t->arena, double, t->workers *S);
    const Dataset *d = t->dataset;
    size_t chunks = chunks_of(most(most(d->test.count, d->val.count), d->train.count));
    t->tally = TAKE(t->arena, Tally, most(t->workers, chunks));
    for (size_t i = 0; i < COUNT_OF(t->curve); i++)
        t->curve[i] = no_numbers(t->arena, t->epochs);
    t->trace = trace_new(t->arena, t->net, t->epochs);
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
    if (!read_config(t, error)) return NULL;
    const DataField *seen = &dataset->field[0];
    const NetFace face = {.inputs = 1,
                          .input = {{seen->name, seen->shape}},
                          .outputs = dataset_field(dataset, "label")->classes};
    const NetNorms norms = {.all = config_get(config, "norm")};
    t->net = net_new(arena, config_get(config, "network"), norms, face, t->batch, error);
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
    net_initialize(t->net, t->weights, t->state, t->seed);
    if (t->precise) memcpy(t->judged, t->state, t->net->states * sizeof *t->state);
    trace_take(&t->trace, t->weights, t->state, 0);
    return t;
}

void trainer_free(Trainer *t) {
    for (size_t i = 0; t && i < t->threads; i++) arena_free(t->own[i]);
}

void trainer_define(Trainer *t) {
    t->definitions = true;
}

/* ---- one worker ------------------------------------------------------------------ */

static size_t count_wrong(const Node *logits, const uint8_t *label) {
    size_t K = logits->shape.size[1], wrong = 0;
    for (size_t n = 0; n < logits->shape.size[0]; n++) {
        const double *z = logits->value + n * K;
        size_t best = 0;
        for (size_t k = 1; k < K; k++) best = z[k] > z[best] ? k : best;
        wrong += best != label[n];
    }
    return wrong;
}

/* Loss and mistakes on `count` images; the tape and all it used are gone afterwards. With
 * a gradient, backward too. */
static Tally run_shard(const Trainer *t, Arena *arena, NetPass pass,
                       const Samples *images, const size_t *index, size_t count,
                       const Augment *augment) {
    ArenaMark mark = arena_mark(arena);
    const Dataset *d = t->dataset;
    const Batch batch =
        dataset_batch(arena, d, images, index, count, augment, t->seed, pass.epoch);
    const uint8_t *label = batch.label[dataset_field(d, "label") - d->field];
    pass.tape = tape_new(arena);
    pass.weights = t->weights;
    pass.state = pass.mode == NORM_EVAL ? t->judged : t->state;
    Node *logits =
        net_run_one(t->net, &pass, tape_leaf(pass.tape, batch.shape[0], batch.real[0]));
    Node *loss = tape_cross_entropy(pass.tape, logits, label);
    Tally tally = {loss->value[0], count_wrong(logits, label)};
    if (pass.gradient) tape_backward(pass.tape, loss, NULL);
    arithmetic_want();
    arena_rewind(arena, mark);
    return tally;
}

static void run_worker(Trainer *t, size_t worker, size_t epoch, size_t step, bool learn) {
    const size_t *mine = t->order + (step * t->workers + worker) * t->batch;
    NetPass pass = {.mode = NORM_TRAIN,
                    .epoch = epoch,
                    .step = step,
                    .definitions = t->definitions,
                    .gradient = learn ? t->shares + worker * t->net->weights : NULL,
                    .observed = t->observed + worker * t->net->states};
    t->tally[worker] = run_shard(t, t->own[omp_get_thread_num()], pass,
                                 &t->dataset->train, mine, t->batch, &t->augment);
}

//> workers
/* All workers of a step, on as many threads as there are. What each writes is its own, so
 * which thread ran it does not matter. */
static void run_workers(Trainer *t, size_t epoch, size_t step, bool learn) {
    const int threads = (int)t->threads;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t worker = 0; worker < t->workers; worker++)
        run_worker(t, worker, epoch, step, learn);
}

/* gradient = mean over the workers of their shares, worker after worker. */
static void sum_shares(Trainer *t) {
    const size_t n = t->net->weights;
    const double count = (double)t->workers;
    const int threads = (int)t->threads;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t block = 0; block < (n + 1023) / 1024; block++) {
        size_t from = block * 1024, to = from + 1024 < n ? from + 1024 : n;
        double *sum = t->gradient;
        for (size_t i = from; i < to; i++) sum[i] = t->shares[i];
        for (size_t k = 1; k < t->workers; k++)
            for (size_t i = from; i < to; i++) sum[i] += t->shares[k * n + i];
        for (size_t i = from; i < to; i++) sum[i] /= count;
    }
}
//< workers

/* Mean over workers of what they observed; NaN (a cell of one element) leaves the state
 * alone. */
static double mean_observed(const Trainer *t, size_t i) {
    double sum = 0.0;
    for (size_t k = 0; k < t->workers; k++) sum += t->observed[k * t->net->states + i];
    return sum / (double)t->workers;
}

//> running
/* state += weight_new (mean over workers of their observation - state), once a step
 * (W-2) */
static void update_state(Trainer *t) {
    for (size_t i = 0; i < t->net->states; i++) {
        if (t->told[i]->adapted) continue;
        t->state[i] = norm_moved(t->told[i], t->state[i], mean_observed(t, i));
    }
}
//< running

/* Before the first step of an epoch, so once in the life of a run: between two steps
 * there is no more to know than which step is next. */
static void adapt_norms(Trainer *t, size_t epoch) {
    for (size_t n = 0; n < t->net->norms; n++) {
        const NetNorm *part = &t->net->norm[n];
        double *state[NORM_MAX_STATES], *at = t->state + part->state;
        for (size_t s = 0; s < part->norm->states; at += part->norm->state[s++].count)
            state[s] = at;
        if (norm_adapt(part->norm, (Draw){t->seed, DRAW_ADAPT, epoch, n}, state))
            trace_changed(&t->trace, n, epoch);
    }
}

/* ---- evaluation ------------------------------------------------------------------ */

/* As the network was trained last: schedules stand at the epoch's last step. */
static Tally evaluate(Trainer *t, size_t epoch, const Samples *images) {
    const NetPass pass = {.mode = NORM_EVAL, .epoch = epoch, .step = t->steps - 1};
    const size_t chunks = chunks_of(images->count);
    const int threads = (int)t->threads;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t chunk = 0; chunk < chunks; chunk++) {
        size_t index[EVAL_CHUNK], from = chunk * EVAL_CHUNK, count = 0;
        while (count < EVAL_CHUNK && from + count < images->count) {
            index[count] = from + count;
            count++;
        }
        t->tally[chunk] =
            run_shard(t, t->own[omp_get_thread_num()], pass, images, index, count, NULL);
        t->tally[chunk].loss *= (double)count;
    }
    TreeSum loss;
    tree_clear(&loss);
    size_t wrong = 0;
    for (size_t chunk = 0; chunk < chunks; chunk++) {
        tree_push(&loss, t->tally[chunk].loss);
        wrong += t->tally[chunk].wrong;
    }
    return (Tally){tree_total(&loss) / (double)images->count, wrong};
}

static double share_of(size_t wrong, size_t images) {
    return (double)wrong / (double)images;
}

static void order_epoch(Trainer *t, size_t epoch) {
    if (t->order_epoch == epoch) return;
    Draw draw = {.seed = t->seed, .purpose = DRAW_SHUFFLE, .epoch = epoch};
    draw_permutation(draw, t->order, t->dataset->train.count);
    t->order_epoch = epoch;
}

/* The control for running averages: the mean over a whole epoch of what its steps
 * observe. It judges and nothing else: averages go on as without it, maps stay. */
static void precise_state(Trainer *t, size_t epoch) {
    const size_t S = t->net->states;
    for (size_t i = 0; i < S; i++) t->judged[i] = t->told[i]->adapted ? t->state[i] : 0.0;
    for (size_t step = 0; step < t->steps; step++) {
        run_workers(t, epoch, step, false);
        for (size_t i = 0; i < S; i++)
            if (!t->told[i]->adapted) t->judged[i] += mean_observed(t, i);
    }
    for (size_t i = 0; i < S; i++) {
        if (t->told[i]->adapted) continue;
        bool seen = !isnan(t->judged[i]);
        t->judged[i] = seen ? t->judged[i] / (double)t->steps : t->state[i];
    }
}

static void finish_epoch(Trainer *t, size_t epoch, double rate) {
    Counters *c = t->counters;
    double samples = (double)(t->steps * t->workers * t->batch);
    if (t->precise && t->net->states > 0) precise_state(t, epoch);
    const Samples *train = &t->dataset->train, *unseen = &t->dataset->test;
    Tally val = evaluate(t, epoch, &t->dataset->val), seen = {0}, test = {0};
    const bool last = epoch + 1 == t->epochs && isfinite(val.loss);
    if (last)
        seen = evaluate(t, epoch, train), test = evaluate(t, epoch, unseen); /* once */
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
    c->test_loss = test.loss;
    c->test_error = share_of(test.wrong, unseen->count);
}

/* ---- the step -------------------------------------------------------------------- */

static bool is_done(const Trainer *t) {
    return t->counters->diverged > 0 || t->counters->epochs >= (double)t->epochs;
}

TrainStatus trainer_step(Trainer *t) {
    if (is_done(t)) return TRAIN_DONE;
    Counters *c = t->counters;
    size_t done = (size_t)c->step, epoch = done / t->steps, step = done % t->steps;
    order_epoch(t, epoch);
    if (step == 0) adapt_norms(t, epoch);
    run_workers(t, epoch, step, true);
    double loss = 0.0;
    for (size_t k = 0; k < t->workers; k++) {
        loss += t->tally[k].loss;
        c->wrong_sum += (double)t->tally[k].wrong;
    }
    loss /= (double)t->workers;
    if (!isfinite(loss)) {
        c->diverged = 1;
        c->diverged_step = (double)done;
        return TRAIN_DONE;
    }
    c->loss_sum += loss;
    sum_shares(t);
    update_state(t);
    double rate = learning_rate(&t->config, &t->schedule, done, t->steps);
    descend(t->weights, t->velocity, t->gradient, t->net, &t->config, rate);
    c->step = (double)(done + 1);
    if (step + 1 < t->steps) return TRAIN_STEPPED;
    finish_epoch(t, epoch, rate);
    return is_done(t) ? TRAIN_DONE : TRAIN_EPOCH;
}

/* ---- what there is to tell ------------------------------------------------------- */

TrainRecord trainer_record(const Trainer *t) {
    const Counters *c = t->counters;
    bool diverged = c->diverged > 0;
    bool finished = c->epochs >= (double)t->epochs;
    return (TrainRecord){
        .epochs = (size_t)c->epochs,
        .rate = t->curve[CURVE_RATE],
        .train_loss = t->curve[CURVE_TRAIN_LOSS],
        .train_error = t->curve[CURVE_TRAIN_ERROR],
        .val_loss = t->curve[CURVE_VAL_LOSS],
        .val_error = t->curve[CURVE_VAL_ERROR],
        .test_loss = c->test_loss,
        .test_error = c->test_error,
        .train_loss_evaluated = c->train_loss,
        .train_error_evaluated = c->train_error,
        .score = finished ? score_of(t->curve[CURVE_VAL_ERROR], t->epochs, t->window)
                          : (double)NAN,
        .diverged = diverged,
        .diverged_step = (size_t)c->diverged_step};
}

const TrainTrace *trainer_traces(const Trainer *t, size_t *count) {
    *count = t->trace.count;
    return t->trace.list;
}

const double *trainer_trace_epochs(const Trainer *t, size_t *rows) {
    *rows = trace_rows(&t->trace, (size_t)t->counters->epochs);
    return t->trace.epoch;
}

double *trainer_trace_values(const Trainer *t, Arena *arena, size_t i) {
    const Trace *trace = &t->trace;
    size_t rows, count = trace->list[i].count;
    trainer_trace_epochs(t, &rows);
    double *values = TAKE(arena, double, rows *count);
    for (size_t r = 0; r < rows; r++)
        memcpy(values + r * count, trace->row + r * trace->columns + trace->column[i],
               count * sizeof *values);
    return values;
}

const Net *trainer_net(const Trainer *t) {
    return t->net;
}

const double *trainer_weights(const Trainer *t) {
    return t->weights;
}

const double *trainer_state(const Trainer *t) {
    return t->judged;
}

size_t trainer_images(const Trainer *t) {
    return t->dataset->train.count;
}

size_t trainer_steps(const Trainer *t) {
    return t->steps;
}

size_t trainer_done(const Trainer *t) {
    return (size_t)t->counters->step;
}

size_t trainer_blocks(const Trainer *t) {
    size_t blocks = 0;
    for (size_t i = 0; i < t->threads; i++) blocks += arena_blocks(t->own[i]);
    return blocks;
}
