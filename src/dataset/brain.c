/* Half slices of one head with a class for each pixel, embedded: data/input/README.md says how
 * they were cut out, and what one head can tell. */
#include "source.h"

enum { ROWS = 94, COLUMNS = 45, FILES = 9, OF_A_PART = 3 };

static const char *const class_name[] = {"none",        "frontal lobe",   "insula",
                                         "limbic",      "occipital lobe", "parietal lobe",
                                         "deep nuclei", "temporal lobe",  "cerebellum"};

/* A sample's fields: a half slice, classes of its pixels, and how high it lies. */
static void set_fields(Reading *to) {
    to->fields = OF_A_PART;
    to->field[0] = (DataField){.name = "image",
                               .unit = "",
                               .type = DATA_BYTES,
                               .shape = SHAPE_OF(1, ROWS, COLUMNS),
                               .standardized = true};
    to->field[1] = (DataField){.name = "mask",
                               .unit = "",
                               .type = DATA_LABELS,
                               .shape = SHAPE_OF(ROWS, COLUMNS),
                               .classes = COUNT_OF(class_name),
                               .class_name = class_name};
    to->field[2] = (DataField){
        .name = "height", .unit = "mm", .type = DATA_REALS, .shape = SHAPE_SCALAR};
}

static double *as_reals(Arena *arena, const uint8_t *byte, size_t count) {
    double *real = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) real[i] = byte[i];
    return real;
}

/* Images, masks and heights of as many slices. */
static bool read_part(Reading *to, Pile *pile, const char *const path[OF_A_PART],
                      size_t count, BaseError *error) {
    size_t size[] = {count, ROWS, COLUMNS};
    pile->count = count;
    pile->value[0] = idx_file(to, path[0], size, 3, 0, error);
    pile->value[1] = pile->value[0] ? idx_file(to, path[1], size, 3, 0, error) : NULL;
    const uint8_t *height =
        pile->value[1] ? idx_file(to, path[2], size, 1, 0, error) : NULL;
    if (height) pile->value[2] = as_reals(to->arena, height, count);
    return height != NULL;
}

static bool fill(Reading *to, BaseError *error) {
    static const Place places[] = {{ROOT_CHECKOUT, "data/input"}, {ROOT_NONE, NULL}};
    static const char *const files[FILES + 1] = {
        "brain-train-images-idx3-ubyte",  "brain-train-masks-idx3-ubyte",
        "brain-train-heights-idx1-ubyte", "brain-val-images-idx3-ubyte",
        "brain-val-masks-idx3-ubyte",     "brain-val-heights-idx1-ubyte",
        "brain-test-images-idx3-ubyte",   "brain-test-masks-idx3-ubyte",
        "brain-test-heights-idx1-ubyte",  NULL};
    const char *path[FILES];
    set_fields(to);
    return files_locate(to, path, places, files, error) &&
           read_part(to, &to->train, path, 144, error) &&
           read_part(to, &to->val, path + OF_A_PART, 24, error) &&
           read_part(to, &to->test, path + 2 * OF_A_PART, 24, error);
}

const DatasetKind dataset_brain = {
    .name = "brain",
    .title = "192 half slices of one head, 9 classes for pixels, 94 x 45, grey",
    .source = "MRIcron's ch2 and aal (Chris Rorden, BSD-3-clause), cut out by "
              "data/input/make-brain.py",
    .sha256 = "e740cd1dc5395bccc5aab5e9e86f89d9b7863fac64ebf36cf5a104cb1d06795e",
    .fill = fill,
};
