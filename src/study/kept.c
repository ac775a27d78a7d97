/* Trained weights in a run's file: each parameter and state under its own name, so that others
 * can use them; and back, out of any finished run's file. */
#include "sweep.h"

#include <string.h>
#include <unistd.h>

/* ---- into the file ---------------------------------------------------------------- */

static void write_state(Store *store, Arena *arena, const Net *net, const char *group,
                        const char *says, const double *state) {
    if (net->states == 0) return;
    store_group(store, group, says);
    for (size_t n = 0; n < net->norms; n++) {
        const double *at = state + net->norm[n].state;
        const Norm *norm = net->norm[n].norm;
        for (size_t s = 0; s < norm->states; at += norm->state[s++].count)
            store_tensor(store,
                         text_print(arena, "%s/%s.%s", group, net->norm[n].name,
                                    norm->state[s].name),
                         at, 1, &norm->state[s].count, "1", "running state");
    }
}

void kept_write(Store *store, Arena *arena, const Trainer *trainer) {
    const Net *net = trainer_net(trainer);
    store_group(store, "/weights", "parameters after the last step");
    for (size_t i = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        store_tensor(store, text_print(arena, "/weights/%s", p->name),
                     trainer_weights(trainer) + p->offset, p->shape.rank, p->shape.size,
                     "1", "parameter of the network");
    }
    write_state(store, arena, net, "/state", "what evaluation reads beside them",
                trainer_state(trainer));
    if (trainer_averages(trainer) != trainer_state(trainer))
        write_state(store, arena, net, "/averages", "averages over the steps",
                    trainer_averages(trainer));
}

/* ---- the run of a file ------------------------------------------------------------ */

enum { ID_LENGTH = 16 };

/* A path, or the name of a run among the user's. */
const char *run_path(Arena *arena, const char *word) {
    const bool named =
        strlen(word) == ID_LENGTH && strspn(word, "0123456789abcdef") == ID_LENGTH;
    return named && access(word, F_OK) != 0
               ? text_print(arena, "%s/%s.h5", runs_folder(arena), word)
               : word;
}

/* Its configuration and data, from which its name must follow. */
static bool describe_run(Arena *arena, const Store *store, Run *run, BaseError *error) {
    const Table head = table_read(store, arena, "/", error),
                config = table_read(store, arena, "/config", error);
    if (error->set) return false;
    const char *data = table_fact(&config, "data_sha256", NULL);
    const char *name = table_fact(&head, "run", NULL);
    if (data == NULL || name == NULL)
        return base_fail(error, EX_DATAERR, 0, "it is not the file of a run");
    run->id = run->label = text_plain(arena, text_clip(arena, name));
    if (!run_config(arena, &config, &run->config, error)) return false;
    run->dataset = dataset_open(arena, run->config.dataset, error);
    if (run->dataset == NULL) return false;
    return strcmp(data, run->dataset->sha256) == 0 ||
           base_fail(
               error, EX_DATAERR, 0,
               "it was trained on other data: SHA-256 %.12s..., %s has %.12s... (%s)",
               text_plain(arena, data), run->dataset->name, run->dataset->sha256,
               run->dataset->first ? run->dataset->first : "drawn");
}

static bool read_run(Arena *arena, Run *run, const Record **record, BaseError *error) {
    Store *store = store_open(run->path, error);
    const bool good =
        store && store_survey(store, error) && describe_run(arena, store, run, error);
    store_close(store);
    *record = good ? run_read(arena, run, error) : NULL;
    return *record != NULL;
}

/* Whether its weights are there to go on from. */
static bool keeps_weights(const Record *record, BaseError *error) {
    if (strcmp(table_fact(&record->head, "status", ""), "finished") != 0)
        return base_fail(error, EX_DATAERR, 0,
                         "its training diverged: there is nothing to go on from");
    return record->weights > 0 ||
           base_fail(error, EX_NOINPUT, 0,
                     "it keeps no weights: the same run with weights=yes is made again, "
                     "and does");
}

static const Run *open_run(Arena *arena, const char *word, const Record **record,
                           bool weights, BaseError *error) {
    Run *run = ZERO(arena, Run, 1);
    BaseError own = {.set = false};
    run->path = run_path(arena, word);
    if (read_run(arena, run, record, &own) && (!weights || keeps_weights(*record, &own)))
        return run;
    const size_t length = strlen(run->path);
    const bool named = strncmp(own.message, run->path, length) == 0;
    base_fail(error, own.code, 0, "%s%s%s", named ? "" : run->path, named ? "" : ": ",
              own.message);
    return NULL;
}

const Run *run_open(Arena *arena, const char *word, const Record **record,
                    BaseError *error) {
    return open_run(arena, word, record, true, error);
}

const Run *run_find(Arena *arena, const char *word, const Record **record,
                    BaseError *error) {
    return open_run(arena, word, record, false, error);
}

/* ---- its numbers ------------------------------------------------------------------- */

static bool read_group(Arena *arena, const Store *store, const char *group, bool state,
                       NetTensor *to, BaseError *error) {
    size_t members;
    const char **name = store_members(store, arena, group, &members);
    for (size_t i = 0; i < members; i++) {
        const char *path = text_print(arena, "%s/%s", group, name[i]);
        Shape shape;
        to[i] = (NetTensor){.name = name[i], .state = state};
        to[i].value = store_get_array(store, arena, path, SHAPE_MAX_RANK, &shape.rank,
                                      shape.size, error);
        to[i].shape = shape;
        if (to[i].value == NULL) return false;
    }
    return true;
}

const NetTensor *kept_tensors(Arena *arena, const Run *run, size_t *count,
                              BaseError *error) {
    size_t weights, states;
    Store *store = store_open(run->path, error);
    if (store == NULL) return NULL;
    const char *kept = store_has(store, "/averages") ? "/averages" : "/state";
    store_members(store, arena, "/weights", &weights);
    store_members(store, arena, kept, &states);
    NetTensor *all = TAKE(arena, NetTensor, weights + states);
    const bool good = read_group(arena, store, "/weights", false, all, error) &&
                      read_group(arena, store, kept, true, all + weights, error);
    store_close(store);
    *count = weights + states;
    return good ? all : NULL;
}

const Begun *run_begun(Arena *arena, const Config *config, const Net *net,
                       const Begun *like, BaseError *error) {
    const char *path = config->init.path;
    const Record *record;
    BaseError own = {.set = false};
    Begun *begun = ZERO(arena, Begun, 1);
    if (like) {
        *begun = *like;
    } else {
        const Run *run = run_open(arena, path, &record, error);
        if (run) begun->tensor = kept_tensors(arena, run, &begun->count, error);
        if (begun->tensor == NULL) return NULL;
    }
    if (net_take(arena, net, NULL, NULL, begun->tensor, begun->count, &begun->taken,
                 &own) &&
        begun->taken.count == 0)
        base_fail(&own, EX_DATAERR, 0, "nothing in it has a name of %s's", net->spec);
    if (!own.set) return begun;
    base_fail(error, own.code, 0, "%s: %s", path, own.message);
    return NULL;
}

/* Whether they are those of the run's summary. */
static bool check_digest(const Record *record, const char *name, const double *values,
                         size_t count, BaseError *error) {
    char digest[DIGEST_LENGTH + 1];
    record_digest(digest, values, count);
    return strcmp(digest, table_fact(&record->summary, name, "")) == 0 ||
           base_fail(error, EX_DATAERR, 0, "not what /summary/%s is the digest of", name);
}

/* The run's own weights, all of them. */
static bool put_weights(const Run *run, const Record *record, Trainer *t,
                        BaseError *error) {
    size_t count;
    NetTaken taken;
    Arena *arena = arena_new();
    const NetTensor *tensor = kept_tensors(arena, run, &count, error);
    bool good = tensor && trainer_take(t, tensor, count, &taken, error);
    if (good && (taken.lacks > 0 || taken.count < count))
        good =
            base_fail(error, EX_DATAERR, 0,
                      "weights of another network: %zu of %zu are its own%s%s",
                      taken.count, count, taken.lacks ? ", none is " : "", taken.lacking);
    const Net *net = trainer_net(t);
    good = good && check_digest(record, "weights_sha256", trainer_weights(t),
                                net->weights, error);
    if (good && run->config.running == RUNNING_AVERAGE)
        good =
            check_digest(record, "state_sha256", trainer_averages(t), net->states, error);
    arena_free(arena);
    return good;
}

Trainer *run_trained(Arena *arena, const Run *run, const Record *record,
                     const Dataset *dataset, size_t threads, BaseError *error) {
    BaseError own = {.set = false};
    Trainer *t = trainer_new(arena, &run->config, dataset, threads, error);
    if (t == NULL || put_weights(run, record, t, &own)) return t;
    trainer_free(t);
    base_fail(error, own.code, 0, "%s: %s", run->path, own.message);
    return NULL;
}
