/* What a run has to say, as its file has it. */
#include "sweep.h"

#include <math.h>
#include <string.h>

/* "validation error, evaluation mode (share of images misclassified)" */
static void add_curves(Table *t, const TrainRecord *r, const char *part,
                       const char *words, const TrainCurves *c, const char *says) {
    const char *loss = text_print(t->arena, "%s_loss", part);
    table_numbers(
        t, loss,
        text_print(t->arena, "%s loss, %s (%s)", words, says, r->task->kind->loss),
        "epoch", c->loss);
    for (size_t m = 0; m < r->task->metrics; m++) {
        const TaskMetric *metric = &r->task->metric[m];
        table_numbers(t, text_print(t->arena, "%s_%s", part, metric->name),
                      text_print(t->arena, "%s %s, %s (%s)", words, metric->name, says,
                                 metric->title),
                      "epoch", c->metric[m])
            ->units = metric->unit;
    }
}

static void write_metrics(Store *store, Arena *arena, const TrainRecord *r) {
    Table t = table_new(arena, "/metrics", "one value for each finished epoch");
    double *epoch = TAKE(arena, double, r->epochs + 1);
    for (size_t i = 0; i < r->epochs; i++) epoch[i] = (double)(i + 1);
    if (r->epochs > 0) {
        table_scale(&t, "epoch", "epoch", epoch, r->epochs);
        table_numbers(&t, "learning_rate", "learning rate of the last step", "epoch",
                      r->rate);
        add_curves(&t, r, "train", "training", &r->train, "over the epoch's own steps");
        add_curves(&t, r, "val", "validation", &r->val, "evaluation mode");
        t.plot = text_print(arena, "val_%s", r->task->metric[0].name);
    }
    table_write(&t, store);
}

const char *const study_readings[] = {"number", "weight", "sigmoid", "softmax", "line"};

/* What a trace is, for who reads the file. */
static const char *trace_says(Arena *arena, const TrainTrace *trace) {
    switch (trace->kind) {
    case TRACE_LEARNED:
        return text_print(arena, "%s, learned", trace->name);
    case TRACE_ADAPTED:
        return text_print(arena, "%s, adapted before the epoch", trace->name);
    case TRACE_CHANGES:
        break;
    }
    return "epochs since the row before that began with a change of what is adapted";
}

/* How the numbers of a parameter are read as weights, and of what. */
static void set_reading(Field *field, Arena *arena, const TrainTrace *trace) {
    const NormParam *param = trace->param;
    if (trace->kind == TRACE_ADAPTED) field->reading = "map";
    Text choices = text_new(arena);
    if (param == NULL || param->reading == NORM_NUMBER) return;
    for (size_t k = 0; k < param->choices; k++)
        text_add(&choices, "%s%s", k ? "\n" : "",
                 param->choice ? param->choice[k] : text_print(arena, "%zu", k + 1));
    field->reading = study_readings[param->reading];
    field->choices = choices.data;
}

/* The table of the layer of trace i, and how many traces it has. */
static size_t write_layer(Store *store, Arena *arena, const Trainer *trainer, size_t i) {
    size_t count, rows, k = i;
    const TrainTrace *trace = trainer_traces(trainer, &count);
    const double *epoch = trainer_trace_epochs(trainer, &rows);
    Table t =
        table_new(arena, text_print(arena, "/norms/%s", trace[i].layer), trace[i].spec);
    table_scale(&t, "epoch", "epochs finished; 0: the start", epoch, rows);
    for (; k < count && strcmp(trace[k].layer, trace[i].layer) == 0; k++) {
        const char *name = trace[k].name, *index = text_print(arena, "%s_index", name);
        const bool changes = trace[k].kind == TRACE_CHANGES;
        if (!changes)
            table_index(&t, index, text_print(arena, "element of %s", name),
                        trace[k].count);
        Field *field =
            table_numbers(&t, name, trace_says(arena, &trace[k]),
                          changes ? "epoch" : text_print(arena, "epoch %s", index),
                          trainer_trace_values(trainer, arena, k));
        set_reading(field, arena, &trace[k]);
    }
    table_write(&t, store);
    return k - i;
}

static void write_norms(Store *store, Arena *arena, const Trainer *trainer) {
    size_t count;
    trainer_traces(trainer, &count);
    if (count == 0) return;
    store_group(store, "/norms",
                "what normalizers learned beside gamma and beta, and what they adapted");
    for (size_t i = 0; i < count;) i += write_layer(store, arena, trainer, i);
}

static Field *add_scalar(Table *t, const char *name, double value, const char *says) {
    double *number = TAKE(t->arena, double, 1);
    *number = value;
    return table_numbers(t, name, says, "", number);
}

/* "score" of the metric that a run is judged by, "score_NAME" of the others. */
static void add_metric(Table *t, const TrainRecord *r, size_t m, const char *rule) {
    const TaskMetric *metric = &r->task->metric[m];
    const double last = r->epochs ? r->train.metric[m][r->epochs - 1] : (double)NAN;
    const struct {
        const char *name;
        double value;
        const char *of, *says;
    } number[] = {{m == 0 ? "score" : text_print(t->arena, "score_%s", metric->name),
                   r->score[m], "validation", score_words(t->arena, rule)},
                  {text_print(t->arena, "test_%s", metric->name), r->test.metric[m][0],
                   "test", "once, after the last epoch"},
                  {text_print(t->arena, "train_%s", metric->name), last, "training",
                   "over the last epoch's own steps"},
                  {text_print(t->arena, "train_%s_evaluated", metric->name),
                   r->train_evaluated.metric[m][0], "training",
                   "evaluation mode, after the last epoch"}};
    for (size_t i = 0; i < COUNT_OF(number); i++)
        add_scalar(t, number[i].name, number[i].value,
                   text_print(t->arena, "%s %s, %s (%s)", number[i].of, metric->name,
                              number[i].says, metric->title))
            ->units = metric->unit;
}

/* What verdicts ask of test samples: how the error varies over them. */
static void write_blocks(Store *store, Arena *arena, const TrainRecord *r) {
    const TaskMetric *metric = &r->task->metric[0];
    if (r->test.blocks == 0) return;
    Table t = table_new(arena, "/blocks", "the test samples in blocks, in their order");
    table_index(
        &t, "block",
        text_print(arena, "%zu test %s each", r->test.block_samples, r->task->samples),
        r->test.blocks);
    table_numbers(&t, "test", text_print(arena, "test %s of each", metric->name), "block",
                  r->test.block)
        ->units = metric->unit;
    t.plot = "test";
    table_write(&t, store);
}

/* Bits of a NaN are the processor's own: one stands for all. */
void record_digest(char digest[DIGEST_LENGTH + 1], const double *values, size_t count) {
    Arena *own = arena_new();
    double *copy = TAKE(own, double, count + 1);
    for (size_t i = 0; i < count; i++)
        copy[i] = isnan(values[i]) ? (double)NAN : values[i];
    digest_bytes(digest, copy, count * sizeof *copy);
    arena_free(own);
}

static void write_digest(Store *store, Arena *arena, const char *name,
                         const double *values, size_t count) {
    char digest[DIGEST_LENGTH + 1];
    record_digest(digest, values, count);
    store_text(store, "/summary", name, text_copy(arena, digest, DIGEST_LENGTH));
}

/* "gradients_growth" */
static void add_probes(Table *t, const Probes *probes) {
    const size_t kinds = probes_count(probes);
    for (size_t i = 0; i < kinds; i++) {
        const ProbeKind *kind = probes_rows(probes, i).kind;
        const double *number = probes_numbers(probes, t->arena, i);
        const size_t numbers = probe_numbers(kind);
        for (size_t k = 0; k < numbers; k++)
            add_scalar(t,
                       text_print(t->arena, "%s_%s", kind->name, kind->numbers[k].name),
                       number[k], kind->numbers[k].says)
                ->units = kind->numbers[k].unit ? kind->numbers[k].unit : "1";
    }
}

/* A study collects whatever number stands here. */
static void write_summary(Store *store, Arena *arena, const Trainer *trainer,
                          const Probes *probes, const TrainRecord *r, const char *rule) {
    const Net *net = trainer_net(trainer);
    Table t = table_new(arena, "/summary", "what the run has to say, in single numbers");
    const char *loss = r->task->kind->loss;
    for (size_t m = 0; m < r->task->metrics; m++) add_metric(&t, r, m, rule);
    add_scalar(&t, "test_loss", r->test.loss[0],
               text_print(arena, "test loss, once, after the last epoch (%s)", loss));
    add_scalar(
        &t, "train_loss_evaluated", r->train_evaluated.loss[0],
        text_print(arena, "training loss, evaluation mode, at the end (%s)", loss));
    add_scalar(&t, "diverged", r->diverged, "1: the loss was not finite");
    add_scalar(&t, "diverged_step", r->diverged ? (double)r->diverged_step : (double)NAN,
               "in this step, counted from 0");
    add_scalar(&t, "images", (double)trainer_samples(trainer),
               text_print(arena,
                          "training %s, of which an epoch leaves out a ragged last step",
                          r->task->samples));
    add_scalar(&t, "steps", (double)trainer_steps(trainer), "steps of an epoch");
    add_scalar(&t, "horizon", trainer_horizon(trainer),
               "decay x the sum of the rates of all steps");
    add_scalar(&t, "weights", (double)net->weights, "number of weights");
    add_scalar(&t, "learning", (double)trainer_learning(trainer), "of them that learn");
    add_scalar(&t, "flops", net->flops,
               "floating-point operations of one sample forward");
    add_probes(&t, probes);
    table_write(&t, store);
    write_digest(store, arena, "weights_sha256", trainer_weights(trainer), net->weights);
    write_digest(store, arena, "state_sha256", trainer_state(trainer), net->states);
}

/* A number as a number, so that readers can filter by it. */
static void write_value(Store *store, const char *name, const char *text) {
    size_t count;
    double number;
    if (text_to_count(text, &count))
        store_integer(store, "/config", name, (int64_t)count);
    else if (text_to_double(text, &number))
        store_number(store, "/config", name, number);
    else
        store_text(store, "/config", name, text);
}

void record_config(Store *store, const Run *run, Arena *arena) {
    store_group(store, "/config", "what decides the run's numbers");
    store_text(store, "/config", "canonical", config_canonical(&run->config, arena));
    for (size_t i = 0; i < CONFIG_KEYS; i++)
        write_value(store, config_keys()[i].name,
                    config_text(&run->config, arena, config_keys()[i].name));
    store_integer(store, "/config", "numerics", TRAIN_NUMERICS);
    store_text(store, "/config", "data_sha256", run->dataset->sha256);
    if (run->config.init.sha256 == NULL) return;
    store_text(store, "/config", "init_sha256", run->config.init.sha256);
    if (run->begun) store_text(store, "/config", "init_lacks", run->begun->taken.lacking);
}

void study_provenance(Store *store, Arena *arena) {
    size_t count;
    const Fact *fact = store_provenance(arena, &count);
    store_group(store, "/provenance", "what computed it");
    for (size_t i = 0; i < count; i++)
        store_text(store, "/provenance", fact[i].name, fact[i].value);
    const char *plugins = norm_plugins(arena, NULL);
    if (*plugins) store_text(store, "/provenance", "plugins", plugins);
}

void record_write(Store *store, Arena *arena, const Run *run, const Trainer *trainer,
                  const Probes *probes) {
    const TrainRecord r = trainer_record(trainer);
    record_config(store, run, arena);
    write_metrics(store, arena, &r);
    write_norms(store, arena, trainer);
    pictures_write(store, arena, trainer);
    if (run->config.weights) kept_write(store, arena, trainer);
    probed_write(store, arena, probes);
    write_summary(store, arena, trainer, probes, &r,
                  config_text(&run->config, arena, "score"));
    write_blocks(store, arena, &r);
    study_provenance(store, arena);
    if (probes_count(probes) > 0)
        store_text(store, "/provenance", "probe_numerics",
                   text_print(arena, "%d", PROBE_NUMERICS));
    if (*run->claims) store_text(store, "/provenance", "claims", run->claims);
}
