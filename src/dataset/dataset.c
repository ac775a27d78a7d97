/* A data set from its name: located, read, identified, split, measured. */
#include "source.h"

#include <string.h>

static Pile pile_new(Arena *arena, const Dataset *dataset, size_t count) {
    Pile pile = {.count = count};
    for (size_t k = 0; k < dataset->fields; k++)
        pile.value[k] = arena_take(arena, count, field_bytes(&dataset->field[k]));
    return pile;
}

static void describe(Text *text, const char *part, const Dataset *dataset,
                     const Pile *pile) {
    text_add(text, "%s %zu", part, pile->count);
    for (size_t k = 0; k < dataset->fields; k++)
        for (size_t a = 0; a < dataset->field[k].shape.rank; a++)
            text_add(text, " %zu", dataset->field[k].shape.size[a]);
    for (size_t k = 0; k < dataset->fields; k++) {
        char digest[DIGEST_LENGTH + 1];
        digest_bytes(digest, pile->value[k],
                     pile->count * field_bytes(&dataset->field[k]));
        text_add(text, " %s", digest);
    }
    text_add(text, "\n");
}

/* Sets dataset->sha256; false if the data are known and these are others, however well
 * formed (MNIST's own files have the names and sizes of Fashion-MNIST's). */
static bool identify(Dataset *dataset, const Recipe *recipe, const Pile *train,
                     const Pile *test, const char *path, Arena *scratch, Error *error) {
    Text text = text_new(scratch);
    describe(&text, "train", dataset, train);
    describe(&text, "test", dataset, test);
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
    *dataset = (Dataset){
        .name = recipe->kind->name,
        .title = recipe->kind->title,
        .source = recipe->kind->source,
        .fields = 2,
        .field = {{.name = "image",
                   .unit = "",
                   .type = DATA_BYTES,
                   .shape = SHAPE(recipe->channels, recipe->height, recipe->width),
                   .standardized = true},
                  {.name = "label",
                   .unit = "",
                   .type = DATA_LABELS,
                   .shape = SCALAR,
                   .classes = recipe->classes,
                   .class_name = recipe->class_name}}};
    Pile train = pile_new(arena, dataset, recipe->train);
    Pile test = pile_new(arena, dataset, recipe->test);
    if (!recipe->read(&train, &test, path, recipe, scratch, error)) return NULL;
    if (!identify(dataset, recipe, &train, &test, path[0], scratch, error)) return NULL;
    split_samples(arena, scratch, dataset, &train, &test, recipe->val);
    split_statistics(arena, dataset);
    return dataset;
}

const DataField *dataset_field(const Dataset *dataset, const char *name) {
    for (size_t k = 0; k < dataset->fields; k++)
        if (strcmp(dataset->field[k].name, name) == 0) return &dataset->field[k];
    return NULL;
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
