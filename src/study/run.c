/* One run, one file: trained, checkpointed, resumed to the same bits, written once when
 * it is over. */
#include "sweep.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHECKPOINT_SECONDS = 60 };

static volatile sig_atomic_t stop_signal;

static void ask_to_stop(int signal_number) {
    stop_signal = signal_number;
}

/* The first signal ends the run after its step; the second ends the process as usual. */
void run_watch_signals(void) {
    struct sigaction action = {.sa_handler = ask_to_stop, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static const char *date_now(Arena *arena) {
    char text[32];
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text_copy(arena, text, strlen(text));
}

/* A run's time, over all the sessions that it took. */
typedef struct Clock {
    const char *started; /* of the first */
    double spent, begin; /* seconds before this one; when this one began */
} Clock;

static const char *checkpoint_path(Arena *arena, const char *path) {
    return text_print(arena, "%.*s.checkpoint.h5", (int)(strlen(path) - strlen(".h5")),
                      path);
}

static void drop_checkpoint(Arena *arena, const char *path) {
    Error error = {.set = false};
    if (!place_remove(checkpoint_path(arena, path), &error)) say("%s", error.message);
}

/* ---- checkpoint ------------------------------------------------------------------ */

static bool save_checkpoint(Arena *arena, Trainer *trainer, const Run *run,
                            const Clock *clock, Error *error) {
    ArenaMark mark = arena_mark(arena);
    size_t parts;
    const TrainPart *part = trainer_parts(trainer, &parts);
    Store *store = store_new("normlab checkpoint");
    store_text(store, "/", "run", run->id);
    store_text(store, "/", "binary", store_binary(arena));
    store_text(store, "/", "blas", store_blas_core(arena));
    store_text(store, "/", "libc", store_libc(arena));
    store_text(store, "/", "blas_bits", store_blas_bits(arena));
    store_text(store, "/", "libm_bits", store_libm_bits(arena));
    store_text(store, "/", "started", clock->started);
    store_number(store, "/", "seconds", clock->spent + seconds_now() - clock->begin);
    store_group(store, "/parts", "everything that the run is between two steps");
    for (size_t i = 0; i < parts; i++) {
        if (part[i].count == 0) continue; /* no running state: nothing to keep */
        const char *name = text_print(arena, "/parts/%s", part[i].name);
        store_tensor(store, name, part[i].data, 1, &part[i].count, "1",
                     part[i].long_name);
    }
    bool good = store_save(store, checkpoint_path(arena, run->path), error);
    store_close(store);
    arena_rewind(arena, mark);
    return good;
}

static bool same_library(const Store *store, Arena *arena, const char *path,
                         const char *fact, const char *here, Error *error) {
    const char *there = store_get_text(store, arena, "/", fact, error);
    if (there == NULL) return false;
    return strcmp(there, here) == 0 ||
           fail(error, EX_DATAERR, 0, "%s was computed with %s %s, this is %s", path,
                fact, text_clip(arena, there), here);
}

/* A checkpoint continues only where it would give the same bits. */
static bool check_origin(const Store *store, Arena *arena, const Run *run, Error *error) {
    const char *id = store_get_text(store, arena, "/", "run", error);
    const char *binary = store_get_text(store, arena, "/", "binary", error);
    const char *path = checkpoint_path(arena, run->path);
    if (!store_is_sealed(store))
        return fail(error, EX_DATAERR, 0, "%s was changed by another program", path);
    if (error->set) return false;
    if (strcmp(id, run->id) != 0)
        return fail(error, EX_DATAERR, 0, "%s belongs to run %s, not %s", path,
                    text_clip(arena, id), run->id);
    if (strcmp(binary, store_binary(arena)) != 0)
        return fail(error, EX_DATAERR, 0, "%s was written by another build of normlab",
                    path);
    return same_library(store, arena, path, "blas", store_blas_core(arena), error) &&
           same_library(store, arena, path, "libc", store_libc(arena), error) &&
           same_library(store, arena, path, "blas_bits", store_blas_bits(arena), error) &&
           same_library(store, arena, path, "libm_bits", store_libm_bits(arena), error);
}

static bool load_parts(const Store *store, Arena *arena, Trainer *trainer, const Run *run,
                       Error *error) {
    size_t parts;
    const TrainPart *part = trainer_parts(trainer, &parts);
    for (size_t i = 0; i < parts; i++) {
        size_t rank, size;
        const char *name = text_print(arena, "/parts/%s", part[i].name);
        if (part[i].count == 0) continue;
        const double *data = store_get_array(store, arena, name, 1, &rank, &size, error);
        if (data == NULL) return false;
        if (rank != 1 || size != part[i].count)
            return fail(error, EX_DATAERR, 0, "%s: %s has %zu numbers, %zu are expected",
                        checkpoint_path(arena, run->path), name, size, part[i].count);
        memcpy(part[i].data, data, size * sizeof *data);
    }
    Error own = {.set = false};
    return trainer_may_resume(trainer, &own) ||
           fail(error, EX_DATAERR, 0, "%s: no run stands there: /parts/%s",
                checkpoint_path(arena, run->path), own.message);
}

/* Of the sessions before. */
static bool load_clock(const Store *store, Arena *arena, const char *path, Clock *clock,
                       Error *error) {
    if (!store_get_number(store, "/", "seconds", &clock->spent, error)) return false;
    clock->started = store_get_text(store, arena, "/", "started", error);
    if (clock->started == NULL) return false;
    return (clock->spent >= 0 && isfinite(clock->spent)) ||
           fail(error, EX_DATAERR, 0, "%s: it took %g seconds", path, clock->spent);
}

/* True without a checkpoint too: the run then begins. */
static bool load_checkpoint(Arena *arena, Trainer *trainer, const Run *run, Clock *clock,
                            Error *error) {
    const char *path = checkpoint_path(arena, run->path);
    if (access(path, F_OK) != 0) return true;
    Error own = {.set = false};
    Store *store = store_open(path, &own);
    bool good = store && check_origin(store, arena, run, &own) &&
                load_parts(store, arena, trainer, run, &own) &&
                load_clock(store, arena, path, clock, &own);
    store_close(store);
    return good || fail(error, own.code, 0, "%s; start over with --restart", own.message);
}

/* ---- the run's file -------------------------------------------------------------- */

/* first, first + 1, ... */
static double *counted(Arena *arena, size_t count, size_t first) {
    double *number = TAKE(arena, double, count + 1);
    for (size_t i = 0; i < count; i++) number[i] = (double)(first + i);
    return number;
}

static void put_metrics(Store *store, Arena *arena, const TrainRecord *r) {
    static const char *const axes[] = {"epoch"};
    const double *epoch = counted(arena, r->epochs, 1);
    store_group(store, "/metrics", "one value for each finished epoch");
    if (r->epochs == 0) return;
    store_scale(store, "/metrics", "epoch", epoch, r->epochs, "1", "epoch");
    store_array(store, "/metrics", "learning_rate", r->rate, 1, axes, "1",
                "learning rate of the last step");
    store_array(store, "/metrics", "train_loss", r->train_loss, 1, axes, "1",
                "mean cross-entropy of the epoch's own steps, training mode");
    store_array(store, "/metrics", "train_error", r->train_error, 1, axes, "1",
                "share of training images misclassified in the epoch's own steps");
    store_array(store, "/metrics", "val_loss", r->val_loss, 1, axes, "1",
                "mean cross-entropy on the validation images, evaluation mode");
    store_array(store, "/metrics", "val_error", r->val_error, 1, axes, "1",
                "share of validation images misclassified");
}

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
static void put_reading(Store *store, Arena *arena, const char *path,
                        const TrainTrace *trace) {
    const NormParam *param = trace->param;
    if (trace->kind == TRACE_ADAPTED) store_text(store, path, "reading", "map");
    static const char *const names[] = {"number", "weight", "sigmoid", "softmax", "line"};
    Text choices = text_new(arena);
    if (param == NULL || param->reading == NORM_NUMBER) return;
    for (size_t k = 0; k < param->choices; k++)
        text_add(&choices, "%s%s", k ? "\n" : "",
                 param->choice ? param->choice[k] : text_print(arena, "%zu", k + 1));
    store_text(store, path, "reading", names[param->reading]);
    store_text(store, path, "choices", choices.data);
}

/* A group for each layer, with its own axes, so that readers find one table there. */
static void put_norms(Store *store, Arena *arena, const Trainer *trainer) {
    size_t count, rows;
    const TrainTrace *trace = trainer_traces(trainer, &count);
    const double *epoch = trainer_trace_epochs(trainer, &rows);
    if (count == 0) return;
    store_group(store, "/norms",
                "what normalizers learned beside gamma and beta, and what they adapted");
    for (size_t i = 0; i < count; i++) {
        const char *group = text_print(arena, "/norms/%s", trace[i].layer);
        const char *index = text_print(arena, "%s_index", trace[i].name);
        const double *values = trainer_trace_values(trainer, arena, i);
        const char *axes[] = {"epoch", index};
        if (i == 0 || strcmp(trace[i].layer, trace[i - 1].layer) != 0) {
            store_group(store, group, trace[i].spec);
            store_scale(store, group, "epoch", epoch, rows, "1",
                        "epochs finished; 0: the start");
        }
        if (trace[i].kind != TRACE_CHANGES)
            store_scale(store, group, index, counted(arena, trace[i].count, 0),
                        trace[i].count, "1",
                        text_print(arena, "element of %s", trace[i].name));
        store_array(store, group, trace[i].name, values,
                    trace[i].kind == TRACE_CHANGES ? 1 : 2, axes, "1",
                    trace_says(arena, &trace[i]));
        put_reading(store, arena, text_print(arena, "%s/%s", group, trace[i].name),
                    &trace[i]);
    }
}

static void put_scalar(Store *store, const char *name, double value,
                       const char *long_name) {
    store_array(store, "/summary", name, &value, 0, NULL, "1", long_name);
}

static void put_summary(Store *store, Arena *arena, const Trainer *trainer,
                        const TrainRecord *r, const char *rule) {
    const Net *net = trainer_net(trainer);
    char digest[DIGEST_LENGTH + 1];
    double last = r->epochs ? r->train_error[r->epochs - 1] : (double)NAN;
    store_group(store, "/summary", "what the run has to say, in single numbers");
    put_scalar(store, "score", r->score,
               text_print(arena, "validation error, %s", score_words(arena, rule)));
    put_scalar(store, "test_error", r->test_error,
               "share of test images misclassified, once, after the last epoch");
    put_scalar(store, "test_loss", r->test_loss, "mean cross-entropy on the test images");
    put_scalar(store, "train_error", last,
               "share of training images misclassified in the last epoch's own steps");
    put_scalar(store, "train_error_evaluated", r->train_error_evaluated,
               "share of training images misclassified, evaluation mode, after the last "
               "epoch");
    put_scalar(store, "train_loss_evaluated", r->train_loss_evaluated,
               "mean cross-entropy on the training images, evaluation mode");
    put_scalar(store, "diverged", r->diverged ? 1.0 : 0.0, "1: the loss was not finite");
    put_scalar(store, "diverged_step",
               r->diverged ? (double)r->diverged_step : (double)NAN,
               "in this step, counted from 0");
    put_scalar(store, "images", (double)trainer_images(trainer),
               "training images, of which an epoch leaves out a ragged last step");
    put_scalar(store, "steps", (double)trainer_steps(trainer), "steps of an epoch");
    put_scalar(store, "weights", (double)net->weights, "number of weights");
    put_scalar(store, "flops", net->flops,
               "floating-point operations of one image forward");
    digest_bytes(digest, trainer_weights(trainer), net->weights * sizeof(double));
    store_text(store, "/summary", "weights_sha256",
               text_copy(arena, digest, DIGEST_LENGTH));
    digest_bytes(digest, trainer_state(trainer), net->states * sizeof(double));
    store_text(store, "/summary", "state_sha256",
               text_copy(arena, digest, DIGEST_LENGTH));
}

/* A number as a number, so that readers can filter by it. */
static void put_value(Store *store, const char *name, const char *text) {
    size_t count;
    double number;
    if (text_to_count(text, &count))
        store_integer(store, "/config", name, (int64_t)count);
    else if (text_to_double(text, &number))
        store_number(store, "/config", name, number);
    else
        store_text(store, "/config", name, text);
}

static void put_config(Store *store, const Run *run, Arena *arena) {
    store_group(store, "/config", "what decides the run's numbers");
    store_text(store, "/config", "canonical", config_canonical(&run->config, arena));
    for (size_t i = 0; i < CONFIG_KEYS; i++)
        put_value(store, config_keys()[i].name, run->config.text[i]);
    store_integer(store, "/config", "numerics", TRAIN_NUMERICS);
    store_text(store, "/config", "data_sha256", run->dataset->sha256);
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

static bool write_run(Arena *arena, const Trainer *trainer, const Run *run,
                      const Clock *clock, Error *error) {
    TrainRecord r = trainer_record(trainer);
    Store *store = store_new(
        text_print(arena, "%s with %s on %s", config_get(&run->config, "network"),
                   config_get(&run->config, "norm"), run->dataset->name));
    store_text(store, "/", "run", run->id);
    store_text(store, "/", "status", r.diverged ? "diverged" : "finished");
    put_config(store, run, arena);
    put_metrics(store, arena, &r);
    put_norms(store, arena, trainer);
    put_summary(store, arena, trainer, &r, config_get(&run->config, "score"));
    study_provenance(store, arena);
    store_group(store, "/times", "when, and how long; of no influence on the rest");
    store_text(store, "/times", "started", clock->started);
    store_text(store, "/times", "finished", date_now(arena));
    store_number(store, "/times", "seconds", clock->spent + seconds_now() - clock->begin);
    bool good = store_save(store, run->path, error);
    store_close(store);
    if (good) drop_checkpoint(arena, run->path);
    return good;
}

/* ---- the loop -------------------------------------------------------------------- */

typedef struct Watch { /* who is told how far a run is */
    RunProgress *progress;
    void *context;
} Watch;

/* Steps until the run is over or a signal asks to stop; *over says which. */
static bool train(Arena *arena, Trainer *trainer, const Run *run, Watch watch,
                  const Clock *clock, bool *over, Error *error) {
    const size_t total = trainer_steps(trainer) * config_count(&run->config, "epochs");
    double saved = seconds_now();
    for (;;) {
        TrainStatus status = trainer_step(trainer);
        if (watch.progress) watch.progress(watch.context, trainer_done(trainer), total);
        *over = status == TRAIN_DONE;
        if (*over) return true;
        bool stop = stop_signal != 0;
        if (stop || status == TRAIN_EPOCH || seconds_now() - saved > CHECKPOINT_SECONDS) {
            if (!save_checkpoint(arena, trainer, run, clock, error)) return false;
            saved = seconds_now();
        }
        if (stop) return true;
    }
}

/* Exit status, with *error where it tells of one. */
static int execute(Arena *arena, const Run *run, size_t threads, Watch watch,
                   Error *error) {
    Clock clock = {.started = date_now(arena), .begin = seconds_now()};
    bool over = false;
    Trainer *trainer = trainer_new(arena, &run->config, run->dataset, threads, error);
    bool good = trainer && load_checkpoint(arena, trainer, run, &clock, error) &&
                train(arena, trainer, run, watch, &clock, &over, error);
    if (good && over) good = write_run(arena, trainer, run, &clock, error);
    trainer_free(trainer);
    return !good ? error->code : over ? EX_OK : 128 + (int)stop_signal;
}

void run_tidy(Arena *arena, const Run *run) {
    Error quiet = {.set = false};
    int lock = store_lock(run->path, &quiet);
    if (lock < 0) return; /* somebody is at work there */
    place_sweep(run->path, true);
    place_sweep(checkpoint_path(arena, run->path), true);
    drop_checkpoint(arena, run->path);
    store_unlock(run->path, lock);
}

int run_execute(const Run *run, size_t threads, bool restart, RunProgress *progress,
                void *context) {
    Error error = {.set = false};
    Arena *arena = arena_new();
    int status = EX_OK, lock = store_lock(run->path, &error);
    if (lock < 0)
        status = error.code;
    else {
        place_sweep(run->path, true);
        place_sweep(checkpoint_path(arena, run->path), true);
        if (restart) drop_checkpoint(arena, run->path);
        if (!run_set_aside(arena, run, &error))
            status = error.code;
        else if (access(run->path, F_OK) != 0)
            status = execute(arena, run, threads, (Watch){progress, context}, &error);
        store_unlock(run->path, lock);
    }
    if (error.set) say("%s", error.message);
    arena_free(arena);
    return status;
}
