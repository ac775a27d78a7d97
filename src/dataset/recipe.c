/* The data sets that can be asked for, and where their files are found. */
#include "source.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const fashion_class[] = {
    "T-shirt/top", "trouser", "pullover", "dress", "coat",
    "sandal",      "shirt",   "sneaker",  "bag",   "ankle boot"};
static const char *const cifar_class[] = {"airplane", "automobile", "bird", "cat",
                                          "deer",     "dog",        "frog", "horse",
                                          "ship",     "truck"};

static const DatasetKind kinds[] = {
    {.name = "fashion-mini",
     .title = "4,000 images of Fashion-MNIST, 10 classes, 28 x 28, grey",
     .source = "Fashion-MNIST (Zalando SE, MIT), drawn by data/input/make-subset.py"},
    {.name = "fashion-mnist",
     .title = "70,000 images of clothing, 10 classes, 28 x 28, grey",
     .source = "Fashion-MNIST (Zalando SE, MIT), Debian's dataset-fashion-mnist",
     .need = "apt-get install dataset-fashion-mnist, or set NORMLAB_DATA to the "
             "folder of its four files"},
    {.name = "cifar10",
     .title = "60,000 photographs, 10 classes, 32 x 32, colour",
     .source = "CIFAR-10 (A. Krizhevsky, 2009), binary version",
     .need = "set NORMLAB_DATA to the folder of CIFAR-10's binary version "
             "(data_batch_1.bin to data_batch_5.bin, test_batch.bin)"},
};

//> recipes
static const Recipe recipes[] = {
    {.kind = &kinds[0],
     .place = {{ROOT_CHECKOUT, "data/input"}},
     .file = {"fashion-mini-train-images-idx3-ubyte",
              "fashion-mini-train-labels-idx1-ubyte",
              "fashion-mini-test-images-idx3-ubyte",
              "fashion-mini-test-labels-idx1-ubyte"},
     .read = idx_read,
     .train = 3000,
     .test = 1000,
     .val = 500,
     .channels = 1,
     .height = 28,
     .width = 28,
     .classes = COUNT_OF(fashion_class),
     .class_name = fashion_class,
     .sha256 = "cc88048aa91f19eeaadf07c3d36cab0db8d61f4840f2752adcd39db728a7a3a3"},

    {.kind = &kinds[1],
     .place = {{ROOT_USER, "fashion-mnist"},
               {ROOT_USER, ""},
               {ROOT_SYSTEM, "usr/share/datasets/fashion-mnist"}},
     .file = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
              "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"},
     .read = idx_read,
     .train = 60000,
     .test = 10000,
     .val = 5000,
     .channels = 1,
     .height = 28,
     .width = 28,
     .classes = COUNT_OF(fashion_class),
     .class_name = fashion_class,
     .sha256 = "bb998d43ad9b1e0cb14a062d33acec83692c095832eebc9f2934ca840f1e0a2a"},

    {.kind = &kinds[2],
     .place = {{ROOT_USER, "cifar-10-batches-bin"}, {ROOT_USER, ""}},
     .file = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
              "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"},
     .read = cifar_read,
     .train = 50000,
     .test = 10000,
     .val = 5000,
     .channels = 3,
     .height = 32,
     .width = 32,
     .classes = COUNT_OF(cifar_class),
     .class_name = cifar_class},
};
//< recipes

_Static_assert(COUNT_OF(kinds) == COUNT_OF(recipes), "every kind needs its recipe");

const DatasetKind *dataset_kinds(size_t *count) {
    *count = COUNT_OF(kinds);
    return kinds;
}

const Recipe *recipe_find(Arena *scratch, const char *name, Error *error) {
    const char *names[COUNT_OF(recipes)];
    Text list = text_new(scratch);
    for (size_t i = 0; i < COUNT_OF(recipes); i++) {
        names[i] = recipes[i].kind->name;
        if (strcmp(name, names[i]) == 0) return &recipes[i];
        text_add(&list, "%s%s", i ? ", " : "", names[i]);
    }
    fail(error, EX_USAGE, 0, "no data set '%s' (there are %s)%s", name, list.data,
         text_hint(scratch, name, names, COUNT_OF(names)));
    return NULL;
}

/* The folder that a place stands for; NULL where its root is not set. */
static const char *folder_of(Arena *scratch, Place place) {
    const char *user = getenv("NORMLAB_DATA");
    switch (place.root) {
    case ROOT_CHECKOUT:
        return place_home(scratch, place.folder);
    case ROOT_SYSTEM:
        return text_print(scratch, "/%s", place.folder);
    case ROOT_USER:
        if (user == NULL || *user == '\0') return NULL;
        return text_print(scratch, "%s%s%s", user, *place.folder ? "/" : "",
                          place.folder);
    case ROOT_NONE:
        break;
    }
    return NULL;
}

static const char *file_in(Arena *scratch, const char *folder, const char *name) {
    const char *path = text_print(scratch, "%s/%s.gz", folder, name);
    if (access(path, F_OK) == 0) return path;
    path = text_print(scratch, "%s/%s", folder, name);
    return access(path, F_OK) == 0 ? path : NULL;
}

static const char *need(const Recipe *recipe) {
    return recipe->kind->need ? recipe->kind->need
                              : "set NORMLAB_HOME to a whole checkout";
}

/* A folder that holds some of the files is the one that is meant: a missing one is
 * then an error, and no reason to read another folder's. */
bool recipe_locate(const Recipe *recipe, const char *path[RECIPE_FILES], Arena *scratch,
                   Error *error) {
    Text tried = text_new(scratch);
    for (size_t p = 0; p < RECIPE_PLACES; p++) {
        const char *folder = folder_of(scratch, recipe->place[p]), *missing = NULL;
        if (folder == NULL) continue;
        text_add(&tried, "%s%s", tried.length ? ", " : " in ", folder);
        size_t held = 0;
        for (size_t f = 0; recipe->file[f]; f++) {
            path[f] = file_in(scratch, folder, recipe->file[f]);
            if (path[f])
                held++;
            else if (missing == NULL)
                missing = recipe->file[f];
        }
        if (held == 0) continue;
        if (missing == NULL) return true;
        return fail(error, EX_UNAVAILABLE, 0,
                    "%s: no %s beside the other files of %s: %s", folder, missing,
                    recipe->kind->name, need(recipe));
    }
    return fail(error, EX_UNAVAILABLE, 0, "%s: its files were not found%s: %s",
                recipe->kind->name, tried.data, need(recipe));
}
