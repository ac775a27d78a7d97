/* Checkpoints, behind what says of which program and run they are: their parts are put into a trainer, which goes on. */
#include "../../src/study/checkpoint.c" // what is static in it
#include "fuzz.h"
#include "place.h"

#include <stdlib.h>

static Run small;
static Work at_work;

/* One run of a small network, whatever the input. */
static void begin_run(const Fuzz *fuzz) {
    static const char *const setting[][2] = {{"network", "mlp(depth=2, width=2)"},
                                             {"norm", "blend(batch, layer)"},
                                             {"images", "2048"},
                                             {"batch", "1024"},
                                             {"epochs", "3"},
                                             {"probes", "moments"},
                                             {"running", "precise"}};
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    small = (Run){.config = config_default(arena), .id = "small", .label = "small"};
    for (size_t i = 0; i < COUNT_OF(setting); i++)
        HOLDS(fuzz,
              config_set(&small.config, arena, setting[i][0], setting[i][1], &error),
              "%s", error.message);
    const Dataset *all = dataset_open(arena, small.config.dataset, &error);
    small.dataset = all ? config_data(arena, &small.config, all, &error) : NULL;
    at_work.trainer = small.dataset
                          ? trainer_new(arena, &small.config, small.dataset, 1, &error)
                          : NULL;
    at_work.probes = at_work.trainer
                         ? probes_new(arena, at_work.trainer, &small.config, &error)
                         : NULL;
    HOLDS(fuzz, at_work.probes, "%s", error.message);
}

/* A checkpoint in the place of an input of no bytes, which NORMLAB_KEEP is given: to begin with (seeds.py). */
static void write_first(const Fuzz *fuzz) {
    BaseError error = {.set = false};
    Clock clock = {.started = "2020-01-01T00:00:00Z", .begin = seconds_now()};
    const char *keep = getenv("NORMLAB_KEEP"), *made = path_of(fuzz->arena, &small, 0);
    size_t length;
    probes_step(at_work.probes);
    bool good = checkpoint_save(fuzz->arena, at_work, &small, &clock, &error);
    const char *bytes =
        good ? place_read(fuzz->arena, made, SIZE_MAX, &length, &error) : NULL;
    good = bytes && (keep == NULL || place_write(keep, bytes, length, &error));
    HOLDS(fuzz, good, "%s", error.message);
}

void fuzz_checkpoint(Fuzz *fuzz) {
    BaseError error = {.set = false};
    Clock clock = {.begin = 0};
    const char *path = fuzz_path(fuzz, "small.checkpoint.h5");
    if (at_work.trainer == NULL) begin_run(fuzz);
    small.path = fuzz_path(fuzz, "small.h5");
    if (fuzz->size == 0) {
        write_first(fuzz);
    } else {
        char *bytes = TAKE(fuzz->arena, char, fuzz->size);
        memcpy(bytes, fuzz->data, fuzz->size);
        fuzz_seal(bytes, fuzz->size);
        const Fuzz other = {fuzz->target, fuzz->arena, (const uint8_t *)bytes,
                            fuzz->size};
        fuzz_file(&other, "small.checkpoint.h5");
    }
    Store *store = store_open(path, &error);
    size_t parts;
    const TrainPart *part = parts_of(fuzz->arena, at_work, &parts);
    const bool good = store &&
                      load_parts(store, fuzz->arena, at_work, part, parts, &error) &&
                      load_clock(store, fuzz->arena, &clock, &error);
    store_close(store);
    fuzz_answered(fuzz, good, &error, SIZE_MAX);
    HOLDS(fuzz, good || fuzz->size > 0, "%s", error.message);
    if (good) probes_step(at_work.probes);
}
