/* The configuration of a run: a table of keys, each with its kind, default and help. */
#include "train.h"

#include <stdlib.h>
#include <string.h>

typedef enum Kind {
    COUNT,
    NUMBER,
    SWITCH,
    DATASET,
    NETWORK,
    NORM,
    SCHEDULE,
    RUNNING,
    SCORE
} Kind;

typedef struct Range {
    Kind kind;
    double least, most;
} Range;

static const ConfigKey KEYS[] = {
#define KEY(name, kind, initial, least, most, unit, help) {#name, initial, unit, help},
#include "config.def"
#undef KEY
};

static const Range RANGES[] = {
#define KEY(name, kind, initial, least, most, unit, help) {kind, least, most},
#include "config.def"
#undef KEY
};

_Static_assert(COUNT_OF(KEYS) == CONFIG_KEYS,
               "CONFIG_KEYS is the number of lines in config.def");

const ConfigKey *config_keys(void) {
    return KEYS;
}

static size_t find_key(const char *key) {
    size_t i = 0;
    while (i < CONFIG_KEYS && strcmp(KEYS[i].name, key) != 0) i++;
    return i;
}

bool config_counts(const char *key) {
    const size_t i = find_key(key);
    return i < CONFIG_KEYS && RANGES[i].kind == COUNT;
}

const OtherName *config_other_names(void) {
    static const OtherName names[] = {{"lr", "rate"},
                                      {"learning_rate", "rate"},
                                      {"eta", "rate"},
                                      {"bs", "batch"},
                                      {"batch_size", "batch"},
                                      {"b", "batch"},
                                      {"wd", "decay"},
                                      {"weight_decay", "decay"},
                                      {"l2", "decay"},
                                      {"mu", "momentum"},
                                      {"beta1", "momentum"},
                                      {"data", "dataset"},
                                      {"model", "network"},
                                      {"net", "network"},
                                      {"arch", "network"},
                                      {"normalizer", "norm"},
                                      {"normalization", "norm"},
                                      {"norm_layer", "norm"},
                                      {"scheduler", "schedule"},
                                      {"lr_schedule", "schedule"},
                                      {"n", "images"},
                                      {"subset", "images"},
                                      {"num_epochs", "epochs"},
                                      {"gpus", "workers"},
                                      {"world_size", "workers"},
                                      {"random_seed", "seed"},
                                      {"metric", "score"},
                                      {NULL, NULL}};
    return names;
}

Config config_default(void) {
    Config config;
    for (size_t i = 0; i < CONFIG_KEYS; i++) config.text[i] = KEYS[i].initial;
    return config;
}

/* ---- values, checked and made canonical: NULL and *error where they are wrong ---- */

static const char *canonical_count(Arena *arena, const char *text, const Range *range,
                                   Error *error) {
    size_t value;
    if (text_to_count(text, &value) && (double)value >= range->least &&
        (double)value <= range->most)
        return text_print(arena, "%zu", value);
    fail(error, EX_USAGE, 0, "a whole number from %.0f to %.0f is expected", range->least,
         range->most);
    return NULL;
}

static const char *canonical_number(Arena *arena, const char *text, const Range *range,
                                    Error *error) {
    double value;
    if (text_to_double(text, &value) && value >= range->least && value <= range->most)
        return text_number(arena, value + 0.0); /* -0 is 0 */
    fail(error, EX_USAGE, 0, "a number from %g to %g is expected", range->least,
         range->most);
    return NULL;
}

static const char *canonical_word(Arena *arena, const char *text,
                                  const char *const *words, size_t count, Error *error) {
    Text known = text_new(arena);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0) return words[i];
        text_add(&known, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " or ", words[i]);
    }
    fail(error, EX_USAGE, 0, "%s is expected%s", known.data,
         text_hint(arena, text, words, count));
    return NULL;
}

/* Errors of specs point into the text. */
static const char *pointing(Arena *arena, const char *text, const char *canonical,
                            Error *own, Error *error) {
    if (own->set) fail(error, own->code, own->at, "%s", spec_error(arena, text, own));
    return canonical;
}

static bool read_drops(const Spec *spec, Arena *arena, Schedule *schedule, Error *error) {
    static const char *const options[] = {"factor", NULL};
    Arguments arguments = arguments_of(arena, spec);
    const SpecArg *argument;
    while ((argument = arguments_positional(&arguments)) &&
           schedule->drops < SCHEDULE_MAX_DROPS) {
        double *at = &schedule->at[schedule->drops];
        if (!argument_number(argument, "where the rate drops", 0, 1, at, error))
            return false;
        if (schedule->drops > 0 && *at <= at[-1])
            return fail(error, EX_USAGE, argument->at, "the drops should ascend");
        schedule->drops++;
    }
    if (argument)
        return fail(error, EX_USAGE, argument->at, "more than %d drops",
                    SCHEDULE_MAX_DROPS);
    if (schedule->drops == 0) { /* Wu and He 2018: at 30, 60 and 90 of 100 epochs */
        schedule->drops = 3;
        for (size_t i = 0; i < 3; i++) schedule->at[i] = (double)(3 * (i + 1)) / 10.0;
    }
    argument = arguments_named(&arguments, "factor");
    if (argument && !argument_number(argument, "factor", 0, 1, &schedule->factor, error))
        return false;
    return arguments_done(&arguments, options, error);
}

static bool read_schedule(Arena *arena, const char *text, Schedule *schedule,
                          Error *error) {
    static const char *const words[] = {"constant", "cosine", "step"};
    const Spec *spec = spec_parse(arena, text, error);
    if (spec == NULL) return false;
    *schedule = (Schedule){.factor = 0.1};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcmp(spec->word, words[i]) != 0) continue;
        schedule->kind = (ScheduleKind)i;
        if (schedule->kind == SCHEDULE_STEP)
            return read_drops(spec, arena, schedule, error);
        if (spec->count == 0) return true;
        return fail(error, EX_USAGE, spec->args[0].at, "%s takes no arguments", words[i]);
    }
    return fail(error, EX_USAGE, spec->at,
                "no schedule '%s'%s; there are constant, cosine, step(AT, ..., factor=F)",
                spec->word, text_hint(arena, spec->word, words, COUNT_OF(words)));
}

static const char *canonical_schedule(Arena *arena, const char *text, Error *error) {
    Schedule schedule;
    if (!read_schedule(arena, text, &schedule, error)) return NULL;
    if (schedule.kind == SCHEDULE_CONSTANT) return "constant";
    if (schedule.kind == SCHEDULE_COSINE) return "cosine";
    Text out = text_new(arena);
    for (size_t i = 0; i < schedule.drops; i++)
        text_add(&out, "%s, ", text_number(arena, schedule.at[i]));
    return text_print(arena, "step(%sfactor=%s)", out.data,
                      text_number(arena, schedule.factor));
}

static const char *canonical_score(Arena *arena, const char *text, Error *error) {
    size_t epochs;
    if (!score_read(arena, text, &epochs, error)) return NULL;
    return epochs == 1 ? "last" : text_print(arena, "median(%zu)", epochs);
}

static const char *canonical_value(Arena *arena, const Range *range, const char *text,
                                   Error *error) {
    static const char *const yes_no[] = {"yes", "no"}, *const running[] = {"average",
                                                                           "precise"};
    Error own = {.set = false};
    switch (range->kind) {
    case COUNT:
        return canonical_count(arena, text, range, error);
    case NUMBER:
        return canonical_number(arena, text, range, error);
    case SWITCH:
        return canonical_word(arena, text, yes_no, 2, error);
    case RUNNING:
        return canonical_word(arena, text, running, 2, error);
    case DATASET:
        return dataset_canonical(arena, text, error);
    case SCHEDULE:
        return pointing(arena, text, canonical_schedule(arena, text, &own), &own, error);
    case SCORE:
        return pointing(arena, text, canonical_score(arena, text, &own), &own, error);
    case NETWORK:
        return pointing(arena, text, net_canonical(arena, text, &own), &own, error);
    case NORM:
        break;
    }
    const Norm *norm = norm_new(arena, text, 0, &own);
    return pointing(arena, text, norm ? norm->spec : NULL, &own, error);
}

bool config_set(Config *config, Arena *arena, const char *key, const char *value,
                Error *error) {
    size_t i = find_key(key);
    if (i == CONFIG_KEYS) {
        const char *names[CONFIG_KEYS];
        for (size_t k = 0; k < CONFIG_KEYS; k++) names[k] = KEYS[k].name;
        return fail(error, EX_USAGE, 0, "no key '%s'%s", text_clip(arena, key),
                    text_hint_for(arena, key, config_other_names(), names, CONFIG_KEYS));
    }
    Error own = {.set = false};
    const char *canonical = canonical_value(arena, &RANGES[i], value, &own);
    if (canonical == NULL)
        return fail(error, own.code, own.at, "%s=%s: %s", key,
                    text_plain(arena, text_clip(arena, value)), own.message);
    config->text[i] = canonical;
    return true;
}

const char *config_get(const Config *config, const char *key) {
    size_t i = find_key(key);
    REQUIRE(i < CONFIG_KEYS, "no key '%s'", key);
    return config->text[i];
}

double config_number(const Config *config, const char *key) {
    return strtod(config_get(config, key), NULL);
}

size_t config_count(const Config *config, const char *key) {
    size_t value = 0;
    REQUIRE(text_to_count(config_get(config, key), &value), "%s is not a count", key);
    return value;
}

bool config_switch(const Config *config, const char *key) {
    return strcmp(config_get(config, key), "yes") == 0;
}

Schedule config_schedule(const Config *config) {
    Schedule schedule;
    Error error = {.set = false};
    Arena *arena = arena_new();
    REQUIRE(read_schedule(arena, config_get(config, "schedule"), &schedule, &error), "%s",
            error.message);
    arena_free(arena);
    return schedule;
}

size_t config_score(const Config *config) {
    size_t epochs = 0;
    Error error = {.set = false};
    Arena *arena = arena_new();
    REQUIRE(score_read(arena, config_get(config, "score"), &epochs, &error), "%s",
            error.message);
    arena_free(arena);
    return epochs;
}

/* ---- identity -------------------------------------------------------------------- */

static int by_name(const void *a, const void *b) {
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

/* A normalizer that the program does not contain is its code, not its name alone. */
static const char *plugins_of(const Config *config, Arena *arena) {
    Error error = {.set = false};
    const char *spec = config_get(config, "norm");
    const Norm *norm = norm_new(arena, spec, 0, &error);
    REQUIRE(norm, "%s: %s", spec, error.message);
    return norm_plugins(arena, norm);
}

/* A data set that is read from a path is its samples, wherever they lie: their SHA-256. */
static const char *hashed_text(const Config *config, size_t i) {
    const char *path;
    return RANGES[i].kind == DATASET ? dataset_find(config->text[i], &path)->name
                                     : config->text[i];
}

const char *config_canonical(const Config *config, Arena *arena) {
    const char *line[CONFIG_KEYS];
    size_t count = 0;
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        Error error = {.set = false};
        const char *initial = canonical_value(arena, &RANGES[i], KEYS[i].initial, &error);
        REQUIRE(initial, "the default of %s: %s", KEYS[i].name, error.message);
        if (strcmp(config->text[i], initial) != 0)
            line[count++] =
                text_print(arena, "%s=%s\n", KEYS[i].name, hashed_text(config, i));
    }
    qsort(line, count, sizeof *line, by_name);
    Text text = text_new(arena);
    for (size_t i = 0; i < count; i++) text_add(&text, "%s", line[i]);
    text_add(&text, "%s", plugins_of(config, arena));
    return text.data;
}

const char *config_identity(const Config *config, Arena *arena, const char *data_sha256) {
    char hex[DIGEST_LENGTH + 1];
    const char *text =
        text_print(arena, "%sdata %s\nnumerics %d\n", config_canonical(config, arena),
                   data_sha256, TRAIN_NUMERICS);
    digest_bytes(hex, text, strlen(text));
    return text_copy(arena, hex, 16);
}
