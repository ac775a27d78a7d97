/* Fashion-MNIST (Xiao, Rasul, Vollgraf 2017): from the user's folder, or Debian's package. */
#include "source.h"

const char *const fashion_class[FASHION_CLASSES] = {
    "T-shirt/top", "trouser", "pullover", "dress", "coat",
    "sandal",      "shirt",   "sneaker",  "bag",   "ankle boot"};

static bool fill(Reading *to, BaseError *error) {
    static const Place places[] = {{ROOT_USER, "fashion-mnist"},
                                   {ROOT_USER, ""},
                                   {ROOT_SYSTEM, "usr/share/datasets/fashion-mnist"},
                                   {ROOT_NONE, NULL}};
    const char *path[IDX_FILES];
    reading_classes(to, SHAPE_OF(1, 28, 28), FASHION_CLASSES, fashion_class);
    to->train.count = 60000;
    to->test.count = 10000;
    return files_locate(to, path, places, idx_names, error) && idx_read(to, path, error);
}

const DatasetKind dataset_fashion_mnist = {
    .name = "fashion-mnist",
    .title = "70,000 images of clothing, 10 classes, 28 x 28, grey",
    .source = "Fashion-MNIST (Zalando SE, MIT), Debian's dataset-fashion-mnist",
    .need = "apt-get install dataset-fashion-mnist, or set NORMLAB_DATA to the "
            "folder of its four files",
    .sha256 = "bb998d43ad9b1e0cb14a062d33acec83692c095832eebc9f2934ca840f1e0a2a",
    .fill = fill,
};
