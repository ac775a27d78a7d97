/* A data set from its name: located, read, identified, split, measured. */
#include "source.h"

#include <string.h>

static Pile pile_new(Arena *arena, size_t count, size_t size) {
    return (Pile){count, TAKE(arena, uint8_t, count * size), TAKE(arena, uint8_t, count)};
}

static void describe(Text *text, const char *part, const Recipe *recipe,
                     const Pile *pile) {
    char pixels[DIGEST_LENGTH + 1], labels[DIGEST_LENGTH + 1];
    size_t size = recipe->channels * recipe->height * recipe->width;
    digest_bytes(pixels, pile->pixel, pile->count * size);
    digest_bytes(labels, pile->label, pile->count);
    text_add(text, "%s %zu %zu %zu %zu %s %s\n", part, pile->count, recipe->channels,
             recipe->height, recipe->width, pixels, labels);
}

/* Sets dataset->sha256; false if the data are known and these are others, however well
 * formed (MNIST's own files have the names and sizes of Fashion-MNIST's). */
static bool identify(Dataset *dataset, const Recipe *recipe, const Pile *train,
                     const Pile *test, const char *path, Arena *scratch, Error *error) {
    Text text = text_new(scratch);
    describe(&text, "train", recipe, train);
    describe(&text, "test", recipe, test);
    digest_bytes(dataset->sha256, text.data, text.length);
    if (recipe->sha256 == NULL || strcmp(dataset->sha256, recipe->sha256) == 0)
        return true;
    return fail(
        error, EX_DATAERR, 0,
        "%s and the files beside it: well formed, but not %s: SHA-256 %s, expected %s",
        path, dataset->name, dataset->sha256, recipe->sha256);
}

static Dataset *load(Arena *arena, Arena *scratch, const Recipe *recipe, Error *error) {
    const char *path[RECIPE_FILES];
    if (!recipe_locate(recipe, path, scratch, error)) return NULL;
    Dataset *dataset = ZERO(arena, Dataset, 1);
    *dataset = (Dataset){.name = recipe->kind->name,
                         .title = recipe->kind->title,
                         .source = recipe->kind->source,
                         .channels = recipe->channels,
                         .height = recipe->height,
                         .width = recipe->width,
                         .classes = recipe->classes,
                         .class_name = recipe->class_name};
    size_t size = recipe->channels * recipe->height * recipe->width;
    Pile train = pile_new(arena, recipe->train, size);
    Pile test = pile_new(arena, recipe->test, size);
    if (!recipe->read(&train, &test, path, recipe, scratch, error)) return NULL;
    if (!identify(dataset, recipe, &train, &test, path[0], scratch, error)) return NULL;
    split_images(arena, scratch, dataset, &train, &test, recipe->val);
    split_statistics(dataset);
    return dataset;
}

const Dataset *dataset_open(Arena *arena, const char *name, Error *error) {
    ArenaMark mark = arena_mark(arena);
    Arena *scratch = arena_new(); /* the files' bytes, gone when they are decoded */
    const Recipe *recipe = recipe_find(scratch, name, error);
    const Dataset *dataset = recipe ? load(arena, scratch, recipe, error) : NULL;
    arena_free(scratch);
    if (dataset == NULL) arena_rewind(arena, mark);
    return dataset;
}
