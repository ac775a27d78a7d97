/* The embedded data: what runs without anything installed. data/input/README.md */
#include "source.h"

static bool fill(Reading *to, BaseError *error) {
    static const Place places[] = {{ROOT_CHECKOUT, "data/input"}, {ROOT_NONE, NULL}};
    static const char *const files[] = {"fashion-mini-train-images-idx3-ubyte",
                                        "fashion-mini-train-labels-idx1-ubyte",
                                        "fashion-mini-test-images-idx3-ubyte",
                                        "fashion-mini-test-labels-idx1-ubyte", NULL};
    const char *path[IDX_FILES];
    reading_classes(to, SHAPE_OF(1, 28, 28), FASHION_CLASSES, fashion_class);
    to->train.count = 3000;
    to->test.count = 1000;
    to->drawn = 500;
    return files_locate(to, path, places, files, error) && idx_read(to, path, error);
}

const DatasetKind dataset_fashion_mini = {
    .name = "fashion-mini",
    .title = "4,000 images of Fashion-MNIST, 10 classes, 28 x 28, grey",
    .source = "Fashion-MNIST (Zalando SE, MIT), drawn by data/input/make-subset.py",
    .sha256 = "cc88048aa91f19eeaadf07c3d36cab0db8d61f4840f2752adcd39db728a7a3a3",
    .fill = fill,
};
