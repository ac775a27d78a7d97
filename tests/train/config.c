/* A run's configuration: what is read, how it is printed, what is refused, and the name
 * that follows. */
#include "harness.h"

#include "train.h"

#include <string.h>

static void set(Config *config, Arena *arena, const char *key, const char *value) {
    BaseError error = {.set = false};
    if (!config_set(config, arena, key, value, &error)) fail_msg("%s", error.message);
}

static const char *read_back(Arena *arena, const char *key, const char *value) {
    Config config = config_default(arena);
    set(&config, arena, key, value);
    return config_text(&config, arena, key);
}

/* A value of each key that is not its default. */
static const char *const OTHER[][2] = {
    {"dataset", "cifar10"}, {"images", "64"},       {"split", "seed"},
    {"task", "regress"},    {"labels", "random"},   {"relabel", "2"},
    {"network", "resnet"},  {"norm", "group(8)"},   {"workers", "2"},
    {"batch", "33"},        {"clients", "2"},       {"local", "4"},
    {"sorted", "yes"},      {"epochs", "9"},        {"rate", "0.2"},
    {"reference", "256"},   {"schedule", "step"},   {"warmup", "1.5"},
    {"optimizer", "adamw"}, {"momentum", "0"},      {"decay", "0"},
    {"horizon", "1"},       {"clip", "1"},          {"worker_clip", "1"},
    {"worker_noise", "1"},  {"decay_norms", "no"},  {"learn", "affine"},
    {"project", "yes"},     {"flip", "yes"},        {"shift", "2"},
    {"sizes", "20x20"},     {"running", "precise"}, {"score", "median(5)"},
    {"validate", "5"},      {"seed", "2"},          {"init", "/runs/a.h5"},
    {"weights", "yes"},     {"probes", "moments"},  {"probe_every", "10"},
};

/* ---- keys ---- */

static void defaults_are_canonical(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const ConfigKey *keys = config_keys();
    const Config config = config_default(arena);
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        assert_string_equal(config_text(&config, arena, keys[i].name), keys[i].initial);
        assert_string_equal(read_back(arena, keys[i].name, keys[i].initial),
                            keys[i].initial);
        assert_true(keys[i].help[0] && keys[i].unit);
    }
    assert_string_equal(config_canonical(&config, arena), "");
    arena_free(arena);
}

static void values_are_read(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Config config = config_default(arena);
    assert_int_equal(config.batch, 32);
    assert_true(config.rate == 0.1);
    assert_true(config.decay_norms);
    assert_false(config.flip);
    for (size_t i = 0; i < COUNT_OF(OTHER); i++)
        set(&config, arena, OTHER[i][0], OTHER[i][1]);
    assert_int_equal(config.images, 64);
    assert_true(config.warmup == 1.5);
    assert_false(config.decay_norms);
    assert_true(config.flip);
    arena_free(arena);
}

/* Text is printed from values, whoever wrote them. */
static void texts_follow_from_values(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Config initial = config_default(arena);
    Config config = initial;
    assert_true(config_same(&config, &initial, arena));
    config.rate = 0.25;
    config.flip = true;
    config.running = RUNNING_PRECISE;
    config.score = 3;
    config.schedule = (Schedule){SCHEDULE_STEP, 1, {0.5}, 0.125};
    assert_string_equal(config_canonical(&config, arena),
                        "flip=yes\nrate=0.25\nrunning=precise\nschedule=step(0.5, "
                        "factor=0.125)\nscore=median(3)\n");
    assert_false(config_same(&config, &initial, arena));
    arena_free(arena);
}

typedef struct Spelling {
    const char *key, *value, *canonical;
} Spelling;

static void one_spelling(void **state) {
    (void)state;
    static const Spelling SPELLINGS[] = {
        {"norm", "group:8", "group(8)"},
        {"norm", "group( size = 4 )", "group(size=4)"},
        {"norm", "batch(eps=1e-5)", "batch"},
        {"norm", "batch:eps=1e-3", "batch(eps=0.001)"},
        {"norm", "group(3)", "group(3)"}, /* whether it fits is the network's to say */
        {"network", "resnet:depth=8:width=8:stem_stride=2",
         "resnet(depth=8, width=8, stem_stride=2)"},
        {"network", "resnet(width=16)", "resnet(depth=20, width=16)"},
        {"batch", "032", "32"},
        {"rate", "1e-1", "0.1"},
        {"rate", ".50", "0.5"},
        {"rate", "-0", "0"},
        {"warmup", "0.0", "0"},
        {"schedule", "step", "step(0.3, 0.6, 0.9, factor=0.1)"},
        {"schedule", "step:0.5:factor=.2", "step(0.5, factor=0.2)"},
        {"schedule", "step(factor=0.5)", "step(0.3, 0.6, 0.9, factor=0.5)"},
        {"schedule", "step( 0.50,0.75 )", "step(0.5, 0.75, factor=0.1)"},
        {"schedule", "constant", "constant"},
        {"optimizer", "sgd", "sgd"},
        {"optimizer", "adamw", "adamw(beta1=0.9, beta2=0.999, eps=1e-08)"},
        {"optimizer", "adamw:beta1=.5", "adamw(beta1=0.5, beta2=0.999, eps=1e-08)"},
        {"score", "median:5", "median(5)"},
        {"score", "median(1)", "last"},
        {"seed", "1000000000000000", "1000000000000000"},
        {"sizes", "020x24", "20x24"},
        {"sizes", "mix(28x28,9x9)", "mix(9x9, 28x28)"},
        {"sizes", "alternate:9x9:9x9", "alternate(9x9, 9x9)"},
    };
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(SPELLINGS); i++) {
        const Spelling *s = &SPELLINGS[i];
        const char *once = read_back(arena, s->key, s->value);
        assert_string_equal(once, s->canonical);
        assert_string_equal(read_back(arena, s->key, once), once);
    }
    arena_free(arena);
}

/* ---- what is refused ---- */

typedef struct Refused {
    const char *key, *value, *says, *hint;
} Refused;

static const Refused REFUSED[] = {
    {"bach", "32", "no key 'bach'", "did you mean 'batch'?"},
    {"threads", "2", "no key 'threads'", ""},
    {"", "2", "no key ''", ""},
    {"dataset", "fashon-mini", "idx:FOLDER, cifar:FOLDER or FILE.h5 is expected",
     "did you mean 'fashion-mini'?"},
    {"task", "clasify", "is expected", "did you mean 'classify'?"},
    {"images", "-1", "a whole number from 0 to 1000000000 is expected", ""},
    {"network", "resnet(depth=9)",
     "in 'resnet(depth=9)' at byte 13: depth should be 6n+2", "not 9"},
    {"network", "rsnet", "no network 'rsnet'", "did you mean 'resnet'?"},
    {"norm", "grop(8)", "in 'grop(8)' at byte 0: no normalizer 'grop'",
     "did you mean 'group'?"},
    {"norm", "group(8", "in 'group(8' at byte 7", ""},
    {"norm", "", "in ''", ""},
    {"workers", "0", "a whole number from 1 to 4096 is expected", ""},
    {"workers", "4097", "a whole number from 1 to 4096 is expected", ""},
    {"batch", "0", "a whole number from 1 to 65536 is expected", ""},
    {"batch", "2.5", "a whole number from 1 to 65536 is expected", ""},
    {"batch", " 2", "a whole number", ""},
    {"batch", "99999999999999999999999", "a whole number", ""},
    {"epochs", "-1", "a whole number from 0 to 100000 is expected", ""},
    {"rate", "fast", "a number from 0 to 1e+06 is expected", ""},
    {"rate", "-0.1", "a number from 0 to 1e+06 is expected", ""},
    {"rate", "nan", "a number from 0 to 1e+06 is expected", ""},
    {"rate", "inf", "a number from 0 to 1e+06 is expected", ""},
    {"rate", "0.1x", "a number from 0 to 1e+06 is expected", ""},
    {"reference", "0", "a whole number from 1 to 1000000000 is expected", ""},
    {"warmup", "100001", "a number from 0 to 100000 is expected", ""},
    {"momentum", "1.1", "a number from 0 to 1 is expected", ""},
    {"decay", "1001", "a number from 0 to 1000 is expected", ""},
    {"worker_clip", "-1", "a number from 0 to 1e+09 is expected", ""},
    {"worker_noise", "x", "a number from 0 to 1e+06 is expected", ""},
    {"local", "-1", "a whole number from 0 to 1000000000 is expected", ""},
    {"decay_norms", "yea", "yes or no is expected", "did you mean 'yes'?"},
    {"flip", "true", "yes or no is expected", ""},
    {"shift", "17", "a whole number from 0 to 16 is expected", ""},
    {"project", "on", "yes or no is expected", ""},
    {"learn", "afine", "all, affine or random is expected", "did you mean 'affine'?"},
    {"learn", "norms", "all, affine or random is expected", "did you mean 'affine'?"},
    {"running", "precize", "average, precise or pooled is expected",
     "did you mean 'precise'?"},
    {"seed", "1000000000000001", "a whole number from 0 to 1000000000000000 is expected",
     ""},
    {"score", "lst", "at byte 0: no rule 'lst'", "did you mean 'last'?"},
    {"score", "best", "there are 'last' and 'median(EPOCHS)'", ""},
    {"score", "last(5)", "at byte 5: last takes no arguments", ""},
    {"score", "median", "at byte 0: median of how many epochs? median(5)", ""},
    {"score", "median(0)", "the number of epochs should be", "'0'"},
    {"score", "median(5, 6)", "at byte 10", ""},
    {"sizes", "mix(28x28, 9x9, at=3)", "no option 'at'", "it has none"},
    {"optimizer", "adam", "no optimizer 'adam'", "did you mean 'adamw'?"},
    {"optimizer", "adamw(beta1=1)", "at byte 6: beta1 should be below 1", ""},
    {"optimizer", "adamw(beta3=0.1)", "no option 'beta3'", "did you mean 'beta"},
    {"optimizer", "sgd(momentum=0.9)", "sgd takes no arguments", "momentum="},
    {"clip", "-1", "a number from 0 to", ""},
    {"schedule", "cosin", "no schedule 'cosin'", "did you mean 'cosine'?"},
    {"schedule", "cosine(1)", "at byte 7: cosine takes no arguments", ""},
    {"schedule", "constant(0.5)", "constant takes no arguments", ""},
    {"schedule", "step(1.5)",
     "at byte 5: where the rate drops should be a number from 0 to 1", "'1.5'"},
    {"schedule", "step(0.5, 0.25)", "at byte 10: the drops should ascend", ""},
    {"schedule", "step(0.5, 0.5)", "the drops should ascend", ""},
    {"schedule", "step(0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9)",
     "at byte 37: more than 8 drops", ""},
    {"schedule", "step(0.5, factor=2)",
     "at byte 17: factor should be a number from 0 to 1", "'2'"},
    {"schedule", "step(0.5, facto=0.2)", "no option 'facto'", "did you mean 'factor'?"},
};

static void each_mistake_is_named(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(REFUSED); i++) {
        const Refused *r = &REFUSED[i];
        BaseError error = {.set = false};
        Config config = config_default(arena);
        if (config_set(&config, arena, r->key, r->value, &error))
            fail_msg("%s=%s is not refused", r->key, r->value);
        assert_true(error.set);
        assert_int_equal(error.code, EX_USAGE);
        const char *prefix = text_print(arena, "%s=%s: ", r->key, r->value);
        bool known = strncmp(r->says, "no key", 6) != 0;
        if (strstr(error.message, r->says) == NULL ||
            strstr(error.message, r->hint) == NULL ||
            (known && strncmp(error.message, prefix, strlen(prefix)) != 0))
            fail_msg("%s=%s: '%s'", r->key, r->value, error.message);
        assert_string_equal(config_canonical(&config, arena), ""); /* left alone */
    }
    arena_free(arena);
}

/* ---- schedules ---- */

static Schedule schedule_of(Arena *arena, const char *text) {
    Config config = config_default(arena);
    set(&config, arena, "schedule", text);
    return config.schedule;
}

static void schedules_are_read(void **state) {
    (void)state;
    Arena *arena = arena_new();
    assert_int_equal(schedule_of(arena, "constant").kind, SCHEDULE_CONSTANT);
    assert_int_equal(schedule_of(arena, "cosine").kind, SCHEDULE_COSINE);
    Schedule paper = schedule_of(arena, "step");
    assert_int_equal(paper.kind, SCHEDULE_STEP);
    assert_int_equal(paper.drops, 3);
    assert_true(paper.at[0] == 0.3 && paper.at[1] == 0.6 && paper.at[2] == 0.9 &&
                paper.factor == 0.1);
    Schedule own = schedule_of(arena, "step(0.25, 0.5, factor=0.5)");
    assert_int_equal(own.drops, 2);
    assert_true(own.at[0] == 0.25 && own.at[1] == 0.5 && own.factor == 0.5);
    Schedule most = schedule_of(arena, "step(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)");
    assert_int_equal(most.drops, SCHEDULE_MAX_DROPS);
    assert_true(most.at[7] == 0.8);
    arena_free(arena);
}

/* ---- identity ---- */

static void canonical_text_is_sorted(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Config config = config_default(arena);
    set(&config, arena, "norm", "group:8");
    set(&config, arena, "seed", "7");
    set(&config, arena, "batch", "32"); /* the default */
    set(&config, arena, "decay", "0");
    assert_string_equal(config_canonical(&config, arena),
                        "decay=0\nnorm=group(8)\nseed=7\n");
    set(&config, arena, "seed", "1"); /* back */
    assert_string_equal(config_canonical(&config, arena), "decay=0\nnorm=group(8)\n");
    for (size_t i = 0; i < COUNT_OF(OTHER); i++)
        set(&config, arena, OTHER[i][0], OTHER[i][1]);
    const char *line = config_canonical(&config, arena), *before = "";
    size_t lines = 0;
    for (; *line; line = strchr(line, '\n') + 1, lines++) {
        assert_true(strcmp(before, line) < 0);
        before = line;
    }
    assert_int_equal(lines, CONFIG_KEYS - 3); /* all but what is kept or looked at */
    arena_free(arena);
}

/* sha256("norm=group(8)\nseed=7\ndata D\nnumerics N\n"), its first 16 digits. */
static void identity_is_a_hash_of_the_text(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Config config = config_default(arena);
    char hex[DIGEST_LENGTH + 1];
    set(&config, arena, "seed", "7");
    set(&config, arena, "norm", "group:8");
    const char *text = text_print(arena, "norm=group(8)\nseed=7\ndata 5f\nnumerics %d\n",
                                  TRAIN_NUMERICS);
    digest_bytes(hex, text, strlen(text));
    hex[16] = '\0';
    assert_string_equal(config_identity(&config, arena, "5f"), hex);
    arena_free(arena);
}

static void identity_is_stable_under_spelling(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Config one = config_default(arena), two = config_default(arena);
    static const char *const PAIRS[][3] = {
        {"norm", "group:8", "group(8)"},
        {"rate", "0.20", "2e-1"},
        {"schedule", "step", "step:.3:.6:.9"},
        {"network", "resnet", "resnet(width=16, depth=20, stem_stride=1)"},
        {"batch", "8", "08"}};
    for (size_t i = 0; i < COUNT_OF(PAIRS); i++) {
        set(&one, arena, PAIRS[i][0], PAIRS[i][1]);
        set(&two, arena, PAIRS[COUNT_OF(PAIRS) - 1 - i][0],
            PAIRS[COUNT_OF(PAIRS) - 1 - i][2]);
    }
    assert_string_equal(config_identity(&one, arena, "a"),
                        config_identity(&two, arena, "a"));
    arena_free(arena);
}

/* A run's normalizers are those of its places, however patterns say it; where all are one, it is
 * the run that one word names. */
static void identity_is_of_places(void **state) {
    (void)state;
    static const char *const SAME[][2] = {
        {"norm=batch", "norm.stage3=batch"},
        {"norm=layer", "norm.*=layer"},
        {"norm=group(2)", "norm.stem*=gn(2) norm.stage*=group(G=2)"},
        {"norm.stage3=layer", "norm.stage3.*=layer"},
        {"norm.stage3=layer", "norm=layer norm.stem_norm=batch norm.stage1=batch "
                              "norm.stage2=batch"},
        {"norm=none norm.norm2=layer", "norm.norm2=layer norm=none"},
        {"norm.norm2=layer norm=none", "norm=none;norm2=layer"},
        {"norm.norm2=none norm.norm2=layer", "norm.norm2=layer"}};
    Arena *arena = arena_new();
    const char *last = "";
    for (size_t i = 0; i < COUNT_OF(SAME); i++) {
        const char *id[2];
        for (size_t k = 0; k < 2; k++) {
            Config config = config_default(arena);
            for (const char *at = SAME[i][k]; *at; at += strspn(at, " ")) {
                const size_t length = strcspn(at, " "), key = strcspn(at, "=");
                set(&config, arena, text_copy(arena, at, key),
                    text_copy(arena, at + key + 1, length - key - 1));
                at += length;
            }
            id[k] = config_identity(&config, arena, "a");
            Config again = config_default(arena); /* as a file is read */
            set(&again, arena, "norm", config_text(&config, arena, "norm"));
            assert_string_equal(config_identity(&again, arena, "a"), id[k]);
        }
        if (strcmp(id[0], id[1]) != 0) fail_msg("%s, %s", SAME[i][0], SAME[i][1]);
        if (i < 4) assert_string_not_equal(id[0], last);
        last = id[0];
    }
    Config config = config_default(arena);
    set(&config, arena, "norm.stage3.norm1", "layer");
    assert_string_equal(config_text(&config, arena, "norm.stage3.norm1"), "layer");
    assert_string_equal(config_text(&config, arena, "norm.stage2"), "");
    assert_string_equal(config_text(&config, arena, "norm"), "batch; stage3.norm1=layer");
    assert_string_equal(config_canonical(&config, arena),
                        "norm.stem_norm=batch\n"
                        "norm.stage1.block1.norm1=batch\nnorm.stage1.block1.norm2=batch\n"
                        "norm.stage2.block1.norm1=batch\nnorm.stage2.block1.norm2=batch\n"
                        "norm.stage2.block1.shortcut_norm=batch\n"
                        "norm.stage3.block1.norm1=layer\nnorm.stage3.block1.norm2=batch\n"
                        "norm.stage3.block1.shortcut_norm=batch\n");
    config = config_default(arena);
    set(&config, arena, "network", "linear");
    set(&config, arena, "norm", "layer"); /* stands nowhere */
    assert_string_equal(config_canonical(&config, arena), "network=linear\n");
    arena_free(arena);
}

static void identity_changes_with_each_key_and_the_data(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *name[CONFIG_KEYS + 2];
    const Config initial = config_default(arena);
    assert_int_equal(COUNT_OF(OTHER), CONFIG_KEYS);
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        Config config = initial;
        assert_string_equal(OTHER[i][0], config_keys()[i].name);
        set(&config, arena, OTHER[i][0], OTHER[i][1]);
        name[i] = config_identity(&config, arena, "a");
    }
    static const size_t NOTHING[] = {CONFIG_AT_weights, CONFIG_AT_probes,
                                     CONFIG_AT_probe_every}; /* decide no number */
    for (size_t i = 0; i < COUNT_OF(NOTHING); i++) {
        assert_string_equal(name[NOTHING[i]], config_identity(&initial, arena, "a"));
        name[NOTHING[i]] = text_print(arena, "0123456789abcde%zu", i);
    }
    name[CONFIG_KEYS] = config_identity(&initial, arena, "a");
    name[CONFIG_KEYS + 1] = config_identity(&initial, arena, "b");
    for (size_t i = 0; i < COUNT_OF(name); i++) {
        assert_int_equal(strlen(name[i]), 16);
        assert_int_equal(strspn(name[i], "0123456789abcdef"), 16);
        for (size_t k = 0; k < i; k++) assert_string_not_equal(name[i], name[k]);
    }
    arena_free(arena);
}

/* Samples are what they are wherever they lie; their SHA-256 is beside. */
static void identity_has_no_paths(void **state) {
    (void)state;
    static const char *const names[] = {"idx:/here", "idx:/there", "cifar:/here",
                                        "fashion-mini"};
    Arena *arena = arena_new();
    const char *id[COUNT_OF(names)];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        Config config = config_default(arena);
        set(&config, arena, "dataset", names[i]);
        assert_string_equal(config.dataset, names[i]);
        id[i] = config_identity(&config, arena, "abc");
    }
    assert_string_equal(id[0], id[1]);
    assert_string_not_equal(id[0], id[2]);
    assert_string_not_equal(id[0], id[3]);
    arena_free(arena);
}

/* Neither threads nor ranks, paths or jobs are keys. */
static void only_what_decides_the_numbers_is_a_key(void **state) {
    (void)state;
    static const char *const NOT[] = {"threads", "ranks", "jobs", "out", "path", "quick"};
    for (size_t i = 0; i < COUNT_OF(NOT); i++)
        for (size_t k = 0; k < CONFIG_KEYS; k++)
            assert_string_not_equal(config_keys()[k].name, NOT[i]);
}

static const Case CASES[] = {
    CASE(theorem, defaults_are_canonical),
    CASE(example, values_are_read),
    CASE(theorem, texts_follow_from_values),
    CASE(theorem, one_spelling),
    CASE(fault, each_mistake_is_named),
    CASE(example, schedules_are_read),
    CASE(example, canonical_text_is_sorted),
    CASE(oracle, identity_is_a_hash_of_the_text),
    CASE(theorem, identity_is_stable_under_spelling),
    CASE(theorem, identity_is_of_places),
    CASE(theorem, identity_changes_with_each_key_and_the_data),
    CASE(theorem, identity_has_no_paths),
    CASE(theorem, only_what_decides_the_numbers_is_a_key),
};

HARNESS_MAIN("config", CASES)
