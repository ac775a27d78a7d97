/* Which file counts as a finished run: what it must show before any of its numbers is used.
 *
 * It is sealed, so no other program changed it; the configuration that it carries gives its
 * name again; and all that a run has to say is there and agrees. What fails is set aside, and
 * the run is made again. This finds accidents and edits; who means to deceive can write a
 * whole file, and is found by running it again. */
#include "sweep.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* ---- its configuration ----------------------------------------------------------- */

bool run_config(Arena *arena, const Table *said, Config *config, BaseError *error) {
    *config = config_default(arena);
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        const char *key = config_keys()[i].name, *text = table_fact(said, key, NULL);
        if (text && !config_set(config, arena, key, text, error)) return false;
    }
    if (config->init.path) config->init.sha256 = table_fact(said, "init_sha256", NULL);
    return true;
}

/* The name that follows from what the file says of its configuration. */
static bool check_identity(Arena *arena, const Record *r, const Run *run,
                           BaseError *error) {
    Config config;
    if (!run_config(arena, &r->config, &config, error)) return false;
    const char *own = table_fact(&r->head, "run", ""),
               *data = table_fact(&r->config, "data_sha256", ""),
               *numerics = table_fact(&r->config, "numerics", "none"),
               *found = config_identity(&config, arena, data);
    if (strcmp(numerics, text_print(arena, "%d", TRAIN_NUMERICS)) != 0)
        return base_fail(error, EX_DATAERR, 0, "of numerics %s, this normlab has %d",
                         text_clip(arena, numerics), TRAIN_NUMERICS);
    if (strcmp(own, run->id) == 0 && strcmp(found, run->id) == 0) return true;
    return base_fail(error, EX_DATAERR, 0, "its configuration is that of run %s, not %s",
                     found, run->id);
}

/* ---- what it has to say ---------------------------------------------------------- */

static bool is_digest(const char *text) {
    return strlen(text) == DIGEST_LENGTH &&
           strspn(text, "0123456789abcdef") == DIGEST_LENGTH;
}

/* Numbers that there are, and what they may be. */
typedef struct Range {
    const char *name;
    double least, most;
    bool whole;
} Range;

/* Fields of so many numbers; `absent`: NaN, too, is right. */
static bool check_ranges(const Table *t, size_t numbers, const Range *range, size_t count,
                         bool absent, BaseError *error) {
    for (size_t i = 0; i < count; i++, range++) {
        const double *value = table_array(t, range->name, numbers, error);
        for (size_t k = 0; value && k < numbers; k++) {
            const bool within = value[k] >= range->least && value[k] <= range->most &&
                                (!range->whole || value[k] == floor(value[k]));
            if (!within && !(absent && isnan(value[k])))
                base_fail(error, EX_DATAERR, 0, "%s/%s is %g", t->group, range->name,
                          value[k]);
        }
        if (error->set) return false;
    }
    return true;
}

/* Of the samples of a part: the loss, and what the task measures. */
static bool check_part(Arena *arena, const Table *t, size_t numbers, const TaskKind *task,
                       const char *begin, const char *end, bool absent,
                       BaseError *error) {
    const Range loss = {text_print(arena, "%s_loss%s", begin, end), 0, DBL_MAX, false};
    bool good = check_ranges(t, numbers, &loss, 1, absent, error);
    for (size_t m = 0; m < task->metrics && good; m++) {
        const TaskMetric *metric = &task->metric[m];
        const Range range = {text_print(arena, "%s_%s%s", begin, metric->name, end), 0,
                             metric->share ? 1 : DBL_MAX, false};
        good = check_ranges(t, numbers, &range, 1, absent, error);
    }
    return good;
}

/* After those epochs that the configuration names, and no other. */
static bool check_validated(Arena *arena, const Record *r, const Config *config,
                            BaseError *error) {
    const char *name = text_print(arena, "val_%s", config->task->metric[0].name);
    const double *value = table_array(&r->metrics, name, config->epochs, error);
    for (size_t e = 0; value && e < config->epochs; e++)
        if (isnan(value[e]) == config_validates(config, e + 1))
            return base_fail(error, EX_DATAERR, 0, "%s is %g after epoch %zu", name,
                             value[e], e + 1);
    return value != NULL;
}

static bool check_curves(Arena *arena, const Record *r, const Config *config,
                         BaseError *error) {
    const Range rate = {"learning_rate", 0, DBL_MAX, false};
    const size_t epochs = config->epochs;
    return check_ranges(&r->metrics, epochs, &rate, 1, false, error) &&
           check_part(arena, &r->metrics, epochs, config->task, "train", "", false,
                      error) &&
           check_part(arena, &r->metrics, epochs, config->task, "val", "",
                      config->validate > 1, error) &&
           check_validated(arena, r, config, error);
}

/* What a run says of itself whether or not it came to its end. */
static bool check_sizes(const Record *r, const Config *config, BaseError *error) {
    static const Range sizes[] = {{"images", 1, DBL_MAX, true},
                                  {"steps", 1, DBL_MAX, true},
                                  {"weights", 1, DBL_MAX, true},
                                  {"flops", 1, DBL_MAX, false}};
    const char *spent = table_fact(&r->times, "seconds", "");
    double seconds;
    if (!check_ranges(&r->summary, 1, sizes, COUNT_OF(sizes), false, error)) return false;
    const double samples = (double)(config->workers * config->batch);
    const double images = table_scalar(&r->summary, "images", error),
                 steps = table_scalar(&r->summary, "steps", error);
    if (steps != floor(images / samples))
        return base_fail(error, EX_DATAERR, 0, "%g steps of %g of %g images", steps,
                         samples, images);
    return (text_to_double(spent, &seconds) && seconds >= 0) ||
           base_fail(error, EX_DATAERR, 0, "it took '%s' seconds", spent);
}

/* Of what it measured once, at its end; there may be nothing to test on. */
static bool check_end(Arena *arena, const Record *r, const Run *run, bool absent,
                      BaseError *error) {
    const Config *config = &run->config;
    for (size_t m = 0; m < config->task->metrics; m++) {
        const TaskMetric *metric = &config->task->metric[m];
        const Range last = {text_print(arena, "train_%s", metric->name), 0,
                            metric->share ? 1 : DBL_MAX, false};
        if (!check_ranges(&r->summary, 1, &last, 1, absent, error)) return false;
    }
    return check_part(arena, &r->summary, 1, config->task, "test", "",
                      absent || run->dataset->test.count == 0, error) &&
           check_part(arena, &r->summary, 1, config->task, "train", "_evaluated", absent,
                      error);
}

static bool check_diverged(Arena *arena, const Record *r, const Run *run,
                           BaseError *error) {
    const double score = table_scalar(&r->summary, "score", error),
                 steps = table_scalar(&r->summary, "steps", error);
    if (error->set) return false;
    if (!isnan(score))
        return base_fail(error, EX_DATAERR, 0,
                         "it diverged, and has a score all the same");
    const double last = steps * (double)run->config.epochs - 1;
    const Range step = {"diverged_step", 0, last, true};
    return check_ranges(&r->summary, 1, &step, 1, false, error) &&
           check_end(arena, r, run, true, error);
}

/* Of no epochs: it has no curves, and what is measured at the end of training it has not. */
static bool check_start(Arena *arena, const Record *r, const Run *run, double score,
                        BaseError *error) {
    if (!isnan(score))
        return base_fail(error, EX_DATAERR, 0, "of no epochs, and has a score");
    return check_end(arena, r, run, true, error);
}

static bool check_finished(Arena *arena, const Record *r, const Run *run,
                           BaseError *error) {
    const Config *config = &run->config;
    const size_t epochs = config->epochs;
    const double score = table_scalar(&r->summary, "score", error),
                 step = table_scalar(&r->summary, "diverged_step", error);
    if (!error->set && !isnan(step))
        base_fail(error, EX_DATAERR, 0, "it diverged in step %g, and is finished", step);
    if (error->set) return false;
    if (epochs == 0) return check_start(arena, r, run, score, error);
    if (!check_curves(arena, r, config, error)) return false;
    const char *judged = text_print(arena, "val_%s", config->task->metric[0].name);
    const double *errors = table_array(&r->metrics, judged, epochs, error);
    if (score != score_of(errors, epochs, config->score))
        return base_fail(error, EX_DATAERR, 0, "its score is not the %s of its curve",
                         score_words(arena, config_text(config, arena, "score")));
    return check_end(arena, r, run, false, error);
}

/* As many rows as epochs, of numbers or of rows of them. */
static bool check_layer(const Table *t, BaseError *error) {
    const Field *epoch = table_find(t, "epoch");
    const size_t rows = epoch && epoch->number && epoch->rank == 1 ? epoch->size[0] : 0;
    if (rows == 0 || t->fields > LEARNED_MOST)
        return base_fail(error, EX_DATAERR, 0, "%s holds no tables of a normalizer",
                         t->group);
    for (size_t i = 0; i < t->fields; i++) {
        const Field *f = &t->field[i];
        if (!learned_is_axis(f->name) &&
            (f->number == NULL || f->rank < 1 || f->rank > 2 || f->size[0] != rows))
            return base_fail(error, EX_DATAERR, 0,
                             "%s/%s has not %zu rows, one for each epoch kept", t->group,
                             f->name, rows);
    }
    return true;
}

/* By the run's own word: all, or those before the one that diverged. */
static size_t steps_done(const Record *r, const Config *config) {
    BaseError quiet = {.set = false};
    const double steps = table_scalar(&r->summary, "steps", &quiet),
                 last = table_scalar(&r->summary, "diverged_step", &quiet);
    return (size_t)(isfinite(last) && last >= 0 ? last : steps * (double)config->epochs);
}

static bool check_complete(Arena *arena, const Record *r, const Run *run,
                           BaseError *error) {
    static const char *const facts[] = {"binary", "libc", "bits"};
    static const char *const digests[] = {"weights_sha256", "state_sha256"};
    const char *status = table_fact(&r->head, "status", "");
    const double diverged = table_scalar(&r->summary, "diverged", error);
    for (size_t i = 0; i < COUNT_OF(facts); i++)
        if (table_fact(&r->provenance, facts[i], NULL) == NULL)
            base_fail(error, EX_DATAERR, 0, "/provenance has no %s", facts[i]);
    for (size_t i = 0; i < COUNT_OF(digests); i++)
        if (!is_digest(table_fact(&r->summary, digests[i], "")))
            base_fail(error, EX_DATAERR, 0, "/summary: %s is no digest", digests[i]);
    if (run->config.weights && r->weights == 0)
        base_fail(error, EX_DATAERR, 0, "keeps no weights, which are asked for");
    if (r->weights > 0 && run->config.running != RUNNING_AVERAGE &&
        r->states > r->averages)
        base_fail(error, EX_DATAERR, 0,
                  "keeps weights, and not the averages beside them");
    for (size_t i = 0; i < r->layers && !error->set; i++)
        check_layer(&r->layer[i], error);
    if (error->set || !check_sizes(r, &run->config, error) ||
        !probed_complete(arena, r, &run->config, steps_done(r, &run->config), error))
        return false;
    if (strcmp(status, "diverged") == 0 && diverged == 1)
        return check_diverged(arena, r, run, error);
    if (strcmp(status, "finished") == 0 && diverged == 0)
        return check_finished(arena, r, run, error);
    return base_fail(error, EX_DATAERR, 0, "its status is '%s'",
                     text_clip(arena, status));
}

/* ---- the rule -------------------------------------------------------------------- */

static Record *read_store(Arena *arena, const Store *store, BaseError *error) {
    Record *r = ZERO(arena, Record, 1);
    r->head = table_read(store, arena, "/", error);
    r->config = table_read(store, arena, "/config", error);
    r->summary = table_read(store, arena, "/summary", error);
    r->metrics = table_read(store, arena, "/metrics", error);
    r->blocks = table_read(store, arena, "/blocks", error);
    r->pictures = table_read(store, arena, "/pictures", error);
    r->times = table_read(store, arena, "/times", error);
    r->provenance = table_read(store, arena, "/provenance", error);
    r->probe_name = store_members(store, arena, "/probes", &r->probes);
    r->probe = TAKE(arena, Table, r->probes + 1);
    for (size_t i = 0; i < r->probes; i++)
        r->probe[i] = table_read(
            store, arena, text_print(arena, "/probes/%s", r->probe_name[i]), error);
    store_members(store, arena, "/weights", &r->weights);
    store_members(store, arena, "/state", &r->states);
    store_members(store, arena, "/averages", &r->averages);
    r->name = store_members(store, arena, "/norms", &r->layers);
    r->layer = TAKE(arena, Table, r->layers + 1);
    for (size_t i = 0; i < r->layers; i++)
        r->layer[i] =
            table_read(store, arena, text_print(arena, "/norms/%s", r->name[i]), error);
    return r;
}

const Record *record_read(Arena *arena, const char *path, BaseError *error) {
    const Record *record = NULL;
    Store *store = store_open(path, error);
    if (store && store_survey(store, error)) record = read_store(arena, store, error);
    store_close(store);
    if (record && !error->set && table_fact(&record->head, "run", NULL) == NULL)
        base_fail(error, EX_DATAERR, 0, "%s: neither a run nor a study", path);
    return error->set ? NULL : record;
}

const Record *run_read(Arena *arena, const Run *run, BaseError *error) {
    BaseError own = {.set = false};
    const Record *record = NULL;
    Store *store = store_open(run->path, &own);
    if (store && !store_is_sealed(store))
        base_fail(&own, EX_DATAERR, 0, "was changed by another program");
    if (!own.set && store_survey(store, &own)) record = read_store(arena, store, &own);
    if (!own.set && check_identity(arena, record, run, &own))
        check_complete(arena, record, run, &own);
    store_close(store);
    if (!own.set) return record;
    const size_t path = strlen(run->path); /* who tells it names the file */
    const bool named = strncmp(own.message, run->path, path) == 0 &&
                       strncmp(own.message + path, ": ", 2) == 0;
    base_fail(error, own.code == EX_USAGE ? EX_DATAERR : own.code, 0, "%s",
              text_copy(arena, own.message, strlen(own.message)) +
                  (named ? path + 2 : 0));
    return NULL;
}

bool run_is_finished(const Run *run) {
    if (access(run->path, F_OK) != 0) return false;
    Arena *arena = arena_new();
    BaseError quiet = {.set = false};
    run_read(arena, run, &quiet);
    arena_free(arena);
    return !quiet.set;
}

bool run_set_aside(Arena *arena, const Run *run, BaseError *error) {
    BaseError why = {.set = false};
    if (access(run->path, F_OK) == 0) run_read(arena, run, &why);
    if (!why.set) return true;
    if (why.code == EX_IOERR || access(run->path, R_OK) != 0)
        return base_fail(error, why.code, 0, "%s: %s", run->path, why.message);
    return store_reject(run->path,
                        text_print(arena, "%s, and is made again", why.message), error);
}
