/* Which file counts as a finished run: what it must show before any of its numbers is used.
 *
 * It is sealed, so no other program changed it; the configuration that it carries gives its
 * name again; and all that a run has to say is there and agrees. What fails is set aside, and
 * the run is made again. This finds accidents and edits; who means to deceive can write a
 * whole file, and is found by running it again. */
#include "sweep.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* ---- its configuration ----------------------------------------------------------- */

/* A setting as text, whatever it is stored as; NULL: it is not there, or neither. */
static const char *setting_of(Arena *arena, const Store *store, const char *name) {
    Error error = {.set = false};
    double number;
    const StoreKind kind = store_attribute_kind(store, "/config", name);
    if (kind == STORE_TEXT) return store_get_text(store, arena, "/config", name, &error);
    if (kind != STORE_INTEGER && kind != STORE_NUMBER) return NULL;
    return store_get_number(store, "/config", name, &number, &error)
               ? text_number(arena, number)
               : NULL;
}

/* The name that follows from what the file says of its configuration. A key that it does not
 * know is one that came later, whose default means what was done before. */
static bool check_identity(Arena *arena, const Store *store, const Run *run,
                           Error *error) {
    Config config = config_default();
    int64_t numerics = 0;
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        const char *key = config_keys()[i].name, *text = setting_of(arena, store, key);
        if (!store_has_attribute(store, "/config", key)) continue;
        if (text == NULL)
            return fail(error, EX_DATAERR, 0, "/config: %s is no setting", key);
        if (!config_set(&config, arena, key, text, error)) return false;
    }
    const char *data = store_get_text(store, arena, "/config", "data_sha256", error);
    const char *own = store_get_text(store, arena, "/", "run", error);
    store_get_integer(store, "/config", "numerics", &numerics, error);
    if (error->set) return false;
    if (numerics != TRAIN_NUMERICS)
        return fail(error, EX_DATAERR, 0, "of numerics %" PRId64 ", this normlab has %d",
                    numerics, TRAIN_NUMERICS);
    const char *found = config_identity(&config, arena, data);
    if (strcmp(own, run->id) == 0 && strcmp(found, run->id) == 0) return true;
    return fail(error, EX_DATAERR, 0, "its configuration is that of run %s, not %s",
                found, run->id);
}

/* ---- what it has to say ---------------------------------------------------------- */

/* A scalar of /summary; NaN, and *error, where there is none. */
static double scalar_of(Arena *arena, const Store *store, const char *name,
                        Error *error) {
    size_t rank, size;
    const char *path = text_print(arena, "/summary/%s", name);
    const double *value = store_get_array(store, arena, path, 0, &rank, &size, error);
    return value ? *value : (double)NAN;
}

static bool is_digest(const char *text) {
    return text && strlen(text) == DIGEST_LENGTH &&
           strspn(text, "0123456789abcdef") == DIGEST_LENGTH;
}

/* Numbers that there are, and what they may be. */
typedef struct Range {
    const char *name;
    double least, most;
    bool whole;
} Range;

static bool is_within(const Range *range, double value) {
    return value >= range->least && value <= range->most &&
           (!range->whole || value == floor(value));
}

/* Scalars of /summary; `absent`: NaN, too, is right. */
static bool check_scalars(Arena *arena, const Store *store, const Range *range,
                          size_t count, bool absent, Error *error) {
    for (size_t i = 0; i < count; i++) {
        const double value = scalar_of(arena, store, range[i].name, error);
        if (error->set) return false;
        if (!is_within(&range[i], value) && !(absent && isnan(value)))
            return fail(error, EX_DATAERR, 0, "/summary/%s is %g", range[i].name, value);
    }
    return true;
}

/* Curves of so many epochs; the error on validation images. */
static const double *check_curves(Arena *arena, const Store *store, size_t epochs,
                                  Error *error) {
    static const Range curves[] = {{"learning_rate", 0, DBL_MAX, false},
                                   {"train_loss", 0, DBL_MAX, false},
                                   {"train_error", 0, 1, false},
                                   {"val_loss", 0, DBL_MAX, false},
                                   {"val_error", 0, 1, false}};
    const double *curve = NULL;
    for (size_t i = 0; i < COUNT_OF(curves); i++) {
        size_t rank, size = 0;
        const char *path = text_print(arena, "/metrics/%s", curves[i].name);
        curve = store_get_array(store, arena, path, 1, &rank, &size, error);
        if (curve == NULL) return NULL;
        if (rank != 1 || size != epochs) {
            fail(error, EX_DATAERR, 0, "%s is not a number for each of %zu epochs", path,
                 epochs);
            return NULL;
        }
        for (size_t k = 0; k < size; k++)
            if (!is_within(&curves[i], curve[k])) {
                fail(error, EX_DATAERR, 0, "%s is %g after epoch %zu", path, curve[k],
                     k + 1);
                return NULL;
            }
    }
    return curve;
}

/* What a run says of itself whether or not it came to its end. */
static bool check_sizes(Arena *arena, const Store *store, const Config *config,
                        Error *error) {
    static const Range sizes[] = {{"images", 1, DBL_MAX, true},
                                  {"steps", 1, DBL_MAX, true},
                                  {"weights", 1, DBL_MAX, true},
                                  {"flops", 1, DBL_MAX, false}};
    double seconds;
    if (!check_scalars(arena, store, sizes, COUNT_OF(sizes), false, error) ||
        !store_get_number(store, "/times", "seconds", &seconds, error))
        return false;
    const double samples =
        (double)(config_count(config, "workers") * config_count(config, "batch"));
    const double images = scalar_of(arena, store, "images", error),
                 steps = scalar_of(arena, store, "steps", error);
    if (steps != floor(images / samples))
        return fail(error, EX_DATAERR, 0, "%g steps of %g of %g images", steps, samples,
                    images);
    return (seconds >= 0 && seconds <= DBL_MAX) ||
           fail(error, EX_DATAERR, 0, "it took %g seconds", seconds);
}

/* Of what it measured once, at its end. */
static bool check_end(Arena *arena, const Store *store, bool absent, Error *error) {
    static const Range ends[] = {{"test_error", 0, 1, false},
                                 {"test_loss", 0, DBL_MAX, false},
                                 {"train_error", 0, 1, false},
                                 {"train_error_evaluated", 0, 1, false},
                                 {"train_loss_evaluated", 0, DBL_MAX, false}};
    return check_scalars(arena, store, ends, COUNT_OF(ends), absent, error);
}

static bool check_diverged(Arena *arena, const Store *store, const Config *config,
                           Error *error) {
    const double score = scalar_of(arena, store, "score", error),
                 steps = scalar_of(arena, store, "steps", error);
    if (error->set) return false;
    if (!isnan(score))
        return fail(error, EX_DATAERR, 0, "it diverged, and has a score all the same");
    const double last = steps * (double)config_count(config, "epochs") - 1;
    const Range step = {"diverged_step", 0, last, true};
    return check_scalars(arena, store, &step, 1, false, error) &&
           check_end(arena, store, true, error);
}

static bool check_finished(Arena *arena, const Store *store, const Config *config,
                           Error *error) {
    const size_t epochs = config_count(config, "epochs");
    const double *curve = check_curves(arena, store, epochs, error);
    const double score = scalar_of(arena, store, "score", error),
                 step = scalar_of(arena, store, "diverged_step", error);
    if (error->set) return false;
    if (score != score_of(curve, epochs, config_score(config)))
        return fail(error, EX_DATAERR, 0, "its score is not the %s of its curve",
                    score_words(arena, config_get(config, "score")));
    if (!isnan(step))
        return fail(error, EX_DATAERR, 0, "it diverged in step %g, and is finished",
                    step);
    return check_end(arena, store, false, error);
}

static bool check_complete(Arena *arena, const Store *store, const Config *config,
                           Error *error) {
    static const char *const facts[] = {"binary", "blas_core", "libc", "blas_bits",
                                        "libm_bits"};
    static const char *const digests[] = {"weights_sha256", "state_sha256"};
    const char *status = store_get_text(store, arena, "/", "status", error);
    const double diverged = scalar_of(arena, store, "diverged", error);
    for (size_t i = 0; i < COUNT_OF(facts); i++)
        store_get_text(store, arena, "/provenance", facts[i], error);
    for (size_t i = 0; i < COUNT_OF(digests); i++) {
        const char *text = store_get_text(store, arena, "/summary", digests[i], error);
        if (!error->set && !is_digest(text))
            return fail(error, EX_DATAERR, 0, "/summary: %s is no digest", digests[i]);
    }
    if (error->set) return false;
    if (!check_sizes(arena, store, config, error)) return false;
    if (strcmp(status, "diverged") == 0 && diverged == 1)
        return check_diverged(arena, store, config, error);
    if (strcmp(status, "finished") == 0 && diverged == 0)
        return check_finished(arena, store, config, error);
    return fail(error, EX_DATAERR, 0, "its status is '%s'", text_clip(arena, status));
}

/* ---- what its normalizers learned ------------------------------------------------- */

/* As many rows as epochs, of numbers or of rows of them; names of axes end in _index. */
static bool check_table(Arena *arena, const Store *store, const char *group,
                        const char *name, size_t rows, Error *error) {
    static const char *const texts[] = {"reading", "choices", "long_name"};
    size_t rank, size[2] = {0};
    const char *path = text_print(arena, "%s/%s", group, name),
               *end = strstr(name, "_index");
    if (end && end[strlen("_index")] == '\0') return true;
    if (!store_get_array(store, arena, path, 2, &rank, size, error)) return false;
    if (rank < 1 || size[0] != rows)
        return fail(error, EX_DATAERR, 0, "%s has not %zu rows, one for each epoch kept",
                    path, rows);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (store_has_attribute(store, path, texts[i]))
            store_get_text(store, arena, path, texts[i], error);
    return !error->set;
}

static bool check_learned(Arena *arena, const Store *store, Error *error) {
    size_t layers, members;
    const char **layer = store_members(store, arena, "/norms", &layers);
    for (size_t l = 0; l < layers; l++) {
        const char *group = text_print(arena, "/norms/%s", layer[l]);
        const char **member = store_members(store, arena, group, &members);
        size_t rank, rows = 0;
        if (!store_get_array(store, arena, text_print(arena, "%s/epoch", group), 1, &rank,
                             &rows, error))
            return false;
        if (rank != 1 || members > LEARNED_MOST)
            return fail(error, EX_DATAERR, 0, "%s holds no tables of a normalizer",
                        group);
        for (size_t i = 0; i < members; i++)
            if (!check_table(arena, store, group, member[i], rows, error)) return false;
    }
    return true;
}

/* ---- the rule -------------------------------------------------------------------- */

Store *run_open(Arena *arena, const Run *run, Error *error) {
    Error own = {.set = false};
    Store *store = store_open(run->path, &own);
    if (store && !store_is_sealed(store))
        fail(&own, EX_DATAERR, 0, "was changed by another program");
    if (!own.set && store_survey(store, &own) &&
        check_identity(arena, store, run, &own) &&
        check_complete(arena, store, &run->config, &own) &&
        check_learned(arena, store, &own))
        return store;
    store_close(store);
    const size_t path = strlen(run->path); /* who tells it names the file */
    const bool named = strncmp(own.message, run->path, path) == 0 &&
                       strncmp(own.message + path, ": ", 2) == 0;
    fail(error, own.code == EX_USAGE ? EX_DATAERR : own.code, 0, "%s",
         text_copy(arena, own.message, strlen(own.message)) + (named ? path + 2 : 0));
    return NULL;
}

bool run_is_finished(const Run *run) {
    if (access(run->path, F_OK) != 0) return false;
    Arena *arena = arena_new();
    Error quiet = {.set = false};
    store_close(run_open(arena, run, &quiet));
    arena_free(arena);
    return !quiet.set;
}

bool run_set_aside(Arena *arena, const Run *run, Error *error) {
    Error why = {.set = false};
    if (access(run->path, F_OK) == 0) store_close(run_open(arena, run, &why));
    if (!why.set) return true;
    if (why.code == EX_IOERR || access(run->path, R_OK) != 0)
        return fail(error, why.code, 0, "%s: %s", run->path, why.message);
    return store_reject(run->path,
                        text_print(arena, "%s, and is made again", why.message), error);
}
