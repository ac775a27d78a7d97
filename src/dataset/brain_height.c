/* How high a half slice of a head lies, in millimetres, from its image alone: the embedded
 * slices of brain.c under another question. data/input/README.md */
#include "source.h"

enum { ROWS = 94, COLUMNS = 45, PARTS = 3, OF_A_PART = 2 };

static void set_fields(Reading *to) {
    to->fields = OF_A_PART;
    to->field[0] = (DataField){.name = "image",
                               .unit = "",
                               .type = DATA_BYTES,
                               .shape = SHAPE_OF(1, ROWS, COLUMNS),
                               .standardized = true};
    to->field[1] = (DataField){.name = "number",
                               .unit = "mm",
                               .type = DATA_REALS,
                               .shape = SHAPE_SCALAR,
                               .standardized = true};
}

/* Images of as many slices, and a byte each: the height. */
static bool read_part(Reading *to, Pile *pile, const char *const path[OF_A_PART],
                      size_t count, BaseError *error) {
    size_t size[] = {count, ROWS, COLUMNS};
    const uint8_t *height;
    pile->count = count;
    if (!(pile->value[0] = idx_file(to, path[0], size, 3, 0, error)) ||
        !(height = idx_file(to, path[1], size, 1, 0, error)))
        return false;
    double *number = TAKE(to->arena, double, count);
    for (size_t i = 0; i < count; i++) number[i] = height[i];
    pile->value[1] = number;
    return true;
}

static bool fill(Reading *to, BaseError *error) {
    static const Place places[] = {{ROOT_CHECKOUT, "data/input"}, {ROOT_NONE, NULL}};
    static const char *const files[PARTS * OF_A_PART + 1] = {
        "brain-train-images-idx3-ubyte",
        "brain-train-heights-idx1-ubyte",
        "brain-val-images-idx3-ubyte",
        "brain-val-heights-idx1-ubyte",
        "brain-test-images-idx3-ubyte",
        "brain-test-heights-idx1-ubyte",
        NULL};
    const char *path[PARTS * OF_A_PART];
    set_fields(to);
    return files_locate(to, path, places, files, error) &&
           read_part(to, &to->train, path, 144, error) &&
           read_part(to, &to->val, path + OF_A_PART, 24, error) &&
           read_part(to, &to->test, path + 2 * OF_A_PART, 24, error);
}

const DatasetKind dataset_brain_height = {
    .name = "brain-height",
    .title = "192 half slices of one head and how high they lie, 94 x 45, grey",
    .source = "MRIcron's ch2 (Chris Rorden, BSD-3-clause), cut out by "
              "data/input/make-brain.py",
    .sha256 = "c9527ee81d6a2ec18ee48869e0cbe9b6671d3905cb2de932d91a20fd455173f2",
    .fill = fill,
};
