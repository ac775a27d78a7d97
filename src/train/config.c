/* The configuration of a run: a table of keys, each with its field, kind, default and help. */
#include "config.h"

#include "dataset.h"
#include "norm.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

static const ConfigKey KEYS[] = {
#define KEY(name, type, kind, initial, least, most, unit, help)                          \
    {#name, initial, unit, help},
#include "config.def"
#undef KEY
};

/* Where in Config a key's value stands, and how it is read. */
typedef struct Place {
    size_t at;
    const ValueKind *kind;
    Range range;
} Place;

static const Place PLACES[] = {
#define KEY(name, type, kind, initial, least, most, unit, help)                          \
    {offsetof(Config, name), &value_##kind, {least, most}},
#include "config.def"
#undef KEY
};

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
    return i < CONFIG_KEYS && PLACES[i].kind == &value_count;
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

/* ---- values ---------------------------------------------------------------------- */

static bool read(Config *config, Arena *arena, size_t i, const char *text, Error *error) {
    const Place *p = &PLACES[i];
    return p->kind->read((char *)config + p->at, arena, text, p->range, error);
}

static const char *print(const Config *config, Arena *arena, size_t i) {
    return PLACES[i].kind->print((const char *)config + PLACES[i].at, arena);
}

Config config_default(Arena *arena) {
    Config config = {0};
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        Error error = {.set = false};
        REQUIRE(read(&config, arena, i, KEYS[i].initial, &error), "the default of %s: %s",
                KEYS[i].name, error.message);
    }
    return config;
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
    Config changed = *config;
    if (!read(&changed, arena, i, value, &own))
        return fail(error, own.code, own.at, "%s=%s: %s", key,
                    text_plain(arena, text_clip(arena, value)), own.message);
    *config = changed;
    return true;
}

const char *config_text(const Config *config, Arena *arena, const char *key) {
    const size_t i = find_key(key);
    REQUIRE(i < CONFIG_KEYS, "no key '%s'", key);
    return print(config, arena, i);
}

bool config_same(const Config *a, const Config *b, Arena *arena) {
    bool same = true;
    const ArenaMark mark = arena_mark(arena);
    for (size_t i = 0; i < CONFIG_KEYS && same; i++)
        same = strcmp(print(a, arena, i), print(b, arena, i)) == 0;
    arena_rewind(arena, mark);
    return same;
}

/* ---- identity -------------------------------------------------------------------- */

static int by_name(const void *a, const void *b) {
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

/* A normalizer that the program does not contain is its code, not its name alone. */
static const char *plugins_of(const Config *config, Arena *arena) {
    Error error = {.set = false};
    const char *spec = config->norm;
    const Norm *norm = norm_new(arena, spec, 0, &error);
    REQUIRE(norm, "%s: %s", spec, error.message);
    return norm_plugins(arena, norm);
}

/* A data set that is read from a path is its samples, wherever they lie: their SHA-256. */
static const char *hashed(const Config *config, Arena *arena, size_t i) {
    const char *path;
    return PLACES[i].kind == &value_dataset ? dataset_find(config->dataset, &path)->name
                                            : print(config, arena, i);
}

const char *config_canonical(const Config *config, Arena *arena) {
    const Config initial = config_default(arena);
    const char *line[CONFIG_KEYS];
    size_t count = 0;
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        const char *text = print(config, arena, i);
        if (strcmp(text, print(&initial, arena, i)) != 0)
            line[count++] =
                text_print(arena, "%s=%s\n", KEYS[i].name, hashed(config, arena, i));
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
