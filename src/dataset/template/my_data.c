/* A data set of your own. As it stands, its samples are drawn: stripes that lie or stand, under
 * noise, to be told apart. Change what a sample is and where it comes from; what a file may
 * be made of is in source.h, src/dataset/fashion_mnist.c reads some. Then
 *     ./normlab list datasets my-data
 *     ./normlab run EXPERIMENT dataset=my-data
 * Data that lie in one HDF5 file need no source: dataset=FILE.h5. */
#include "source.h"

/* ---- one sample -------------------------------------------------------------------- */

enum { SIDE = 16, PLANE = SIDE * SIDE };

static const char *const class_name[] = {"lying", "standing"};

/* A draw is a pure function of these numbers: who asks again has the same (base.h). Each part
 * has its own, so that no test sample is one to train on. */
static void draw_sample(uint8_t *image, uint8_t *label, uint64_t part, size_t i) {
    const Draw draw = {.seed = 1, .purpose = DRAW_DATA, .epoch = part, .sample = i};
    const size_t phase = draw_below(draw, PLANE, SIDE);
    *label = (uint8_t)draw_below(draw, PLANE + 1, COUNT_OF(class_name));
    for (size_t p = 0; p < PLANE; p++) {
        const size_t along = *label == 0 ? p / SIDE : p % SIDE;
        const size_t bright = (along + phase) / 2 % 2;
        image[p] = (uint8_t)(100 * bright + draw_below(draw, p, 150));
    }
}

/* ---- a part: all its samples, field after field ------------------------------------ */

static void draw_part(const Reading *to, Pile *pile, uint64_t part, size_t count) {
    pile->count = count;
    pile_take(to, pile);
    uint8_t *image = pile->value[0], *label = pile->value[1];
    for (size_t i = 0; i < count; i++) draw_sample(image + i * PLANE, label + i, part, i);
}

/* What there is: first the fields, the first of them is what a network sees; then the parts.
 * What is not as it should be is said in one line, `return base_fail(error, EX_DATAERR, 0, ...)`,
 * with the file's name and what was expected. */
static bool fill(Reading *to, BaseError *error) {
    (void)error; /* nothing can go wrong here */
    to->fields = 2;
    to->field[0] =
        (DataField){.name = "image",
                    .unit = "", /* of numbers: "mm" */
                    .type = DATA_BYTES,
                    .shape = SHAPE_OF(1, SIDE, SIDE), /* channels, rows, columns */
                    .standardized = true};            /* by the training samples */
    to->field[1] = (DataField){.name = "label", /* others: "mask" [H, W], "number" */
                               .unit = "",
                               .type = DATA_LABELS,
                               .shape = SHAPE_SCALAR,
                               .classes = COUNT_OF(class_name),
                               .class_name = class_name};
    draw_part(to, &to->train, 0, 2200);
    draw_part(to, &to->test, 1, 500);
    to->drawn = 200; /* of train's, to validate; or fill to->val */
    return true;
}

const DatasetKind dataset_my_data = {
    .name = "my-data",
    .title = "2,700 drawn images, 2 classes, 16 x 16, grey",
    .source = "drawn by counter",
    .need = NULL,   /* what to install or to set, where files must be there */
    .sha256 = NULL, /* of the only data it may be; `list datasets my-data` tells it */
    .fill = fill,
};
