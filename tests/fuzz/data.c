/* Data in files of others. */
#include "fuzz.h"
#include "place.h"
#include "source.h"
#include "text.h"

#include <string.h>
#include <unistd.h>

static Reading reading(const Fuzz *fuzz) {
    static Arena *scratch;
    if (scratch == NULL) scratch = arena_new();
    arena_rewind(scratch, (ArenaMark){NULL, 0});
    return (Reading){.kind = &dataset_text, .arena = fuzz->arena, .scratch = scratch};
}

void fuzz_letters(Fuzz *fuzz) {
    BaseError error = {.set = false};
    Reading to = reading(fuzz);
    Letters letters;
    Symbols symbols;
    bool good = letters_decode(&to, &letters, "a.txt", fuzz->data, fuzz->size, &error);
    HOLDS(fuzz, !good || letters.count <= fuzz->size, "%zu letters", letters.count);
    good = good && symbols_find(&to, &symbols, &letters, "a.txt", &error);
    fuzz_answered(fuzz, good, &error, fuzz->size);
    for (size_t i = 0; good && i < letters.count; i++)
        HOLDS(fuzz,
              symbols.code[symbols_code(&symbols, letters.code[i])] == letters.code[i],
              "letter %zu", i);
}

/* Portions of a file, as large as its first bytes say, and its end. */
void fuzz_gzip(Fuzz *fuzz) {
    BaseError error = {.set = false};
    Stream stream;
    if (fuzz->size < 2) return;
    Fuzz rest = *fuzz;
    rest.data++, rest.size--;
    const char *path = fuzz_file(&rest, "a.gz");
    const size_t portion = (size_t)1 << fuzz->data[0] % 20;
    uint8_t *out = TAKE(fuzz->arena, uint8_t, portion);
    bool good = stream_open(&stream, fuzz->arena, path, &error);
    if (good) stream_size(&stream);
    for (size_t i = 0; good && i < 4; i++) good = stream_take(&stream, out, portion);
    good = good && stream_end(&stream);
    stream_close(&stream);
    fuzz_answered(fuzz, good, &error, SIZE_MAX);
}

void fuzz_idx(Fuzz *fuzz) {
    const char *path = fuzz_file(fuzz, "a-idx");
    for (size_t rank = 1; rank <= 3; rank++) {
        BaseError error = {.set = false};
        Reading to = reading(fuzz);
        size_t size[3] = {0, 0, 0};
        const uint8_t *data = idx_file(&to, path, size, rank, rank == 1 ? 10 : 0, &error);
        fuzz_answered(fuzz, data != NULL, &error, SIZE_MAX);
        size_t sum = 0, all = 1;
        for (size_t d = 0; d < rank; d++) all *= size[d];
        for (size_t i = 0; data && i < all; i++) sum += data[i];
        HOLDS(fuzz, sum <= 255 * all, "%zu", sum);
    }
}

/* Whole data sets: what has been read is split and standardized, too. */
static void open_dataset(const Fuzz *fuzz, const char *text) {
    BaseError error = {.set = false};
    const Dataset *dataset = dataset_open(fuzz->arena, text, &error);
    fuzz_answered(fuzz, dataset != NULL, &error, SIZE_MAX);
    if (dataset == NULL) return;
    const size_t first = 0;
    const Batch batch =
        dataset_batch(fuzz->arena, dataset, &dataset->train, &first, 1, NULL, 1, 0);
    HOLDS(fuzz, batch.count == 1, "%zu samples", batch.count);
}

void fuzz_cifar(Fuzz *fuzz) {
    const char *path = fuzz_file(fuzz, "data_batch_1.bin"),
               *test = fuzz_path(fuzz, "test_batch.bin");
    if (access(test, F_OK) != 0) HOLDS(fuzz, symlink(path, test) == 0, "%s", test);
    open_dataset(fuzz, text_print(fuzz->arena, "cifar:%.*s",
                                  (int)(strrchr(path, '/') - path), path));
}

void fuzz_png(Fuzz *fuzz) {
    BaseError error = {.set = false};
    Reading to = reading(fuzz);
    Picture picture;
    const bool good = png_picture(&to, &picture, fuzz_file(fuzz, "a.png"), &error);
    fuzz_answered(fuzz, good, &error, SIZE_MAX);
    double sum = 0;
    for (size_t i = 0; good && i < PICTURE_PLANES * picture.height * picture.width; i++)
        sum += picture.value[i];
    HOLDS(fuzz, sum >= 0, "%g", sum);
}

void fuzz_data(Fuzz *fuzz) {
    open_dataset(fuzz, fuzz_file(fuzz, "a.h5"));
}
