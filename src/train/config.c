/* The configuration of a run: a table of keys, each with its field, kind, default and help. */
#include "config.h"

#include "dataset.h"
#include "net.h"
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

const Choice *config_words(void) {
    static const OtherName others[] = {{"lr", "rate"},
                                       {"learning_rate", "rate"},
                                       {"eta", "rate"},
                                       {"bs", "batch"},
                                       {"batch_size", "batch"},
                                       {"b", "batch"},
                                       {"wd", "decay"},
                                       {"weight_decay", "decay"},
                                       {"l2", "decay"},
                                       {"optim", "optimizer"},
                                       {"grad_clip", "clip"},
                                       {"clip_norm", "clip"},
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
                                       {"pretrained", "init"},
                                       {"finetune", "init"},
                                       {"from", "init"},
                                       {"l2_norm_clip", "worker_clip"},
                                       {"sample_clip", "worker_clip"},
                                       {"max_grad_norm", "clip"},
                                       {"noise_multiplier", "worker_noise"},
                                       {"sigma", "worker_noise"},
                                       {"dp", "worker_noise"},
                                       {"local_steps", "local"},
                                       {"local_sgd", "local"},
                                       {"fedavg", "local"},
                                       {"sync_every", "local"},
                                       {"nap", "project"},
                                       {"projection", "project"},
                                       {"weight_projection", "project"},
                                       {"trainable", "learn"},
                                       {"train_only", "learn"},
                                       {"freeze", "learn"},
                                       {NULL, NULL}};
    static const Choice words = {KEYS, COUNT_OF(KEYS), sizeof *KEYS, .others = others};
    return &words;
}

static size_t find_key(const char *key) {
    return choice_find(config_words(), key);
}

bool config_counts(const char *key) {
    const size_t i = find_key(key);
    return i < CONFIG_KEYS && PLACES[i].kind == &value_count;
}

/* ---- values ---------------------------------------------------------------------- */

static bool read(Config *config, Arena *arena, size_t i, const char *text,
                 BaseError *error) {
    const Place *p = &PLACES[i];
    return p->kind->read((char *)config + p->at, arena, text, p->range, error);
}

static const char *print(const Config *config, Arena *arena, size_t i) {
    return PLACES[i].kind->print((const char *)config + PLACES[i].at, arena);
}

Config config_default(Arena *arena) {
    Config config = {0};
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        BaseError error = {.set = false};
        REQUIRE(read(&config, arena, i, KEYS[i].initial, &error), "the default of %s: %s",
                KEYS[i].name, error.message);
    }
    return config;
}

/* ---- norm.PATTERN: a part of the value of norm ------------------------------------- */

static const char OF_PLACES[] = "norm.";

bool config_is_place(const char *key) {
    return strncmp(key, OF_PLACES, strlen(OF_PLACES)) == 0;
}

static NetNorms norms_of(const Config *config, Arena *arena) {
    NetNorms norms;
    BaseError error = {.set = false};
    REQUIRE(net_norms_read(arena, config->norm, &norms, &error), "norm=%s: %s",
            config->norm, error.message);
    return norms;
}

static bool set_place(Config *config, Arena *arena, const char *pattern,
                      const char *value, BaseError *error) {
    NetNorms norms = norms_of(config, arena);
    BaseError own = {.set = false};
    if (norm_new(arena, value, 0, &own) == NULL)
        return base_fail(error, own.code, own.at, "%s", spec_error(arena, value, &own));
    if (!net_norms_set(arena, &norms, pattern, value, error)) return false;
    config->norm = net_norms_print(arena, &norms);
    return true;
}

static const char *place_text(const Config *config, Arena *arena, const char *pattern) {
    const NetNorms norms = norms_of(config, arena);
    for (size_t i = 0; i < norms.rules; i++)
        if (strcmp(norms.rule[i].pattern, pattern) == 0) return norms.rule[i].spec;
    return "";
}

/* norm=SPEC is what stands where no pattern names the place: those stay. */
static void keep_places(Config *changed, const Config *config, Arena *arena) {
    const NetNorms before = norms_of(config, arena);
    NetNorms norms = norms_of(changed, arena);
    if (before.rules == 0 || norms.rules > 0) return;
    norms = before;
    norms.all = changed->norm;
    changed->norm = net_norms_print(arena, &norms);
}

/* ---- by name ----------------------------------------------------------------------- */

static bool set_key(Config *config, Arena *arena, size_t i, const char *value,
                    BaseError *error) {
    Config changed = *config;
    if (!read(&changed, arena, i, value, error)) return false;
    if (i == CONFIG_AT_norm) keep_places(&changed, config, arena);
    *config = changed;
    return true;
}

bool config_set(Config *config, Arena *arena, const char *key, const char *value,
                BaseError *error) {
    size_t i = find_key(key);
    const bool of_places = config_is_place(key);
    if (i == CONFIG_KEYS && !of_places)
        return base_fail(error, EX_USAGE, 0, "no key '%s'%s", text_clip(arena, key),
                         choice_hint(arena, config_words(), key));
    BaseError own = {.set = false};
    const bool good = of_places
                          ? set_place(config, arena, key + strlen(OF_PLACES), value, &own)
                          : set_key(config, arena, i, value, &own);
    return good || base_fail(error, own.code, own.at, "%s=%s: %s", key,
                             text_plain(arena, text_clip(arena, value)), own.message);
}

const char *config_text(const Config *config, Arena *arena, const char *key) {
    const size_t i = find_key(key);
    if (config_is_place(key)) return place_text(config, arena, key + strlen(OF_PLACES));
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
static void add_plugins(Text *text, const char *spec) {
    BaseError error = {.set = false};
    const Norm *norm = norm_new(text->arena, spec, 0, &error);
    REQUIRE(norm, "%s: %s", spec, error.message);
    const char *plugins = norm_plugins(text->arena, norm);
    if (strstr(text->data, plugins) == NULL) text_add(text, "%s", plugins);
}

/* Whether norm= decides anything: linear has no place for one. A network that is refused has
 * no runs: any answer does. */
static bool has_norms(const Config *config, Arena *arena) {
    const NetNorms any = {.all = "none"};
    const ArenaMark mark = arena_mark(arena);
    BaseError error = {.set = false};
    const char *lines = net_norms_resolve(arena, config->network, &any, &error);
    const bool has = lines == NULL || *lines != '\0';
    arena_rewind(arena, mark);
    return has;
}

static const char *plugins_of(const Config *config, Arena *arena) {
    const NetNorms norms = norms_of(config, arena);
    Text text = text_new(arena);
    add_plugins(&text, norms.all);
    for (size_t i = 0; i < norms.rules; i++) add_plugins(&text, norms.rule[i].spec);
    return text.data;
}

/* What patterns come to, so that it does not matter how they are written; where they come to
 * one normalizer, it is that. A network that refuses them has no runs: any text does. */
static const char *norm_lines(const Config *config, const Config *initial, Arena *arena) {
    BaseError error = {.set = false};
    const NetNorms norms = norms_of(config, arena);
    const char *lines = text_print(arena, "norm=%s\n", config->norm);
    if (norms.rules > 0) {
        const char *resolved = net_norms_resolve(arena, config->network, &norms, &error);
        if (resolved) lines = resolved;
    }
    const bool usual = strcmp(lines, text_print(arena, "norm=%s\n", initial->norm)) == 0;
    return usual ? "" : lines;
}

/* A data set that is read from a path is its samples, wherever they lie: their SHA-256; a run that
 * is begun with is what was taken of it. */
static const char *hashed(const Config *config, Arena *arena, size_t i) {
    const char *path;
    if (i == CONFIG_AT_init) return config->init.sha256 ? config->init.sha256 : "?";
    return PLACES[i].kind == &value_dataset ? dataset_find(config->dataset, &path)->name
                                            : print(config, arena, i);
}

/* What is kept of a run, or looked at. */
static bool decides_nothing(size_t key) {
    return key == CONFIG_AT_weights || key == CONFIG_AT_probes ||
           key == CONFIG_AT_probe_every;
}

const char *config_canonical(const Config *config, Arena *arena) {
    const Config initial = config_default(arena);
    const bool normed = has_norms(config, arena);
    const char *line[CONFIG_KEYS];
    size_t count = 0;
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        const char *text = print(config, arena, i);
        if (decides_nothing(i)) continue;
        if (i == CONFIG_AT_norm)
            line[count++] = normed ? norm_lines(config, &initial, arena) : "";
        else if (strcmp(text, print(&initial, arena, i)) != 0)
            line[count++] =
                text_print(arena, "%s=%s\n", KEYS[i].name, hashed(config, arena, i));
    }
    qsort(line, count, sizeof *line, by_name);
    Text text = text_new(arena);
    for (size_t i = 0; i < count; i++) text_add(&text, "%s", line[i]);
    if (normed) text_add(&text, "%s", plugins_of(config, arena));
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
