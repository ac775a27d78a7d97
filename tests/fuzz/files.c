/* HDF5 files, as commands read them. */
#include "fuzz.h"
#include "place.h"
#include "sweep.h"
#include "text.h"
#include "tool.h"

#include <string.h>

static const char *sealed_file(const Fuzz *fuzz, const char *name) {
    char *bytes = TAKE(fuzz->arena, char, fuzz->size + 1);
    memcpy(bytes, fuzz->data, fuzz->size);
    fuzz_seal(bytes, fuzz->size);
    const Fuzz other = {fuzz->target, fuzz->arena, (const uint8_t *)bytes, fuzz->size};
    return fuzz_file(&other, name);
}

static const Command *command(const Fuzz *fuzz, const char *name) {
    size_t count;
    const Command *const *all = commands(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i]->name, name) == 0) return all[i];
    HOLDS(fuzz, false, "no command %s", name);
}

static void call(const Fuzz *fuzz, const char *name, const char **word, size_t words) {
    const Call call = {.arena = fuzz->arena,
                       .command = command(fuzz, name),
                       .words = words,
                       .word = word,
                       .option = ZERO(fuzz->arena, const char *, 32)};
    call.command->run(&call);
}

/* Of several normalizers; which one follows from the bytes. */
void fuzz_apply(Fuzz *fuzz) {
    static const char *const spec[] = {"group(2)", "batch", "blend(batch, layer)",
                                       "layer", "mix(instance, layer, batch)"};
    size_t sum = 0;
    for (size_t i = 0; i < fuzz->size; i++) sum += fuzz->data[i];
    const char *word[] = {spec[sum % COUNT_OF(spec)], sealed_file(fuzz, "in.h5"),
                          "/dev/null"};
    call(fuzz, "apply", word, COUNT_OF(word));
}

static void show(void *context) {
    const Fuzz *fuzz = context;
    const char *word[] = {fuzz_path(fuzz, "run.h5")};
    call(fuzz, "show", word, COUNT_OF(word));
}

static void read_study(void *context) {
    const Fuzz *fuzz = context;
    const Grid *grid = grid_read(fuzz->arena, fuzz_path(fuzz, "run.h5"));
    if (grid->series > 0) grid_error(grid, 0, 0);
    grid_notes(fuzz->arena, grid);
}

static void guarded(Fuzz *fuzz, void (*work)(void *)) {
    BaseError error = {.set = false};
    const bool good = base_guard(work, fuzz, &error);
    fuzz_answered(fuzz, good, &error, SIZE_MAX);
    fuzz_close_stores();
}

void fuzz_run(Fuzz *fuzz) {
    BaseError error = {.set = false};
    Config config;
    const char *path = sealed_file(fuzz, "run.h5");
    const Record *record = record_read(fuzz->arena, path, &error);
    fuzz_answered(fuzz, record != NULL, &error, SIZE_MAX);
    if (record) {
        const bool good = run_config(fuzz->arena, &record->config, &config, &error);
        fuzz_answered(fuzz, good, &error, SIZE_MAX);
    }
    fuzz_close_stores();
    guarded(fuzz, show);
    guarded(fuzz, read_study);
}
