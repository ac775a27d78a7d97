/* Letters of fonts over photographs, of which the letters are embedded as how much of each pixel they
 * cover: what runs without fonts. data/input/README.md */
#include "source.h"
#include "text.h"

enum { PLANE = GLYPH_SIDE * GLYPH_SIDE, COLOURS = 3 };

static const size_t COUNT[SCENE_PARTS] = {4000, 500, 1000};

static const char *const FILES[] = {"glyphs-mini-train-coverage-idx3-ubyte",
                                    "glyphs-mini-train-labels-idx1-ubyte",
                                    "glyphs-mini-val-coverage-idx3-ubyte",
                                    "glyphs-mini-val-labels-idx1-ubyte",
                                    "glyphs-mini-test-coverage-idx3-ubyte",
                                    "glyphs-mini-test-labels-idx1-ubyte",
                                    NULL};

/* Coverage and labels of one part. */
static bool read_part(Reading *to, Pile *pile, const char *const path[2],
                      const Pictures *photo, ScenePart part, BaseError *error) {
    size_t size[] = {COUNT[part], GLYPH_SIDE, GLYPH_SIDE}, count = COUNT[part];
    const uint8_t *coverage = idx_file(to, path[0], size, 3, 0, error);
    uint8_t *label =
        coverage ? idx_file(to, path[1], &count, 1, GLYPH_LETTERS, error) : NULL;
    if (label == NULL) return false;
    pile->count = count;
    pile_take(to, pile);
    pile->value[1] = label;
    uint8_t *image = pile->value[0];
    for (size_t i = 0; i < count; i++)
        glyph_paint(to->scratch, image + i * COLOURS * PLANE, coverage + i * PLANE, photo,
                    part, i);
    return true;
}

static bool fill(Reading *to, BaseError *error) {
    static const Place places[] = {{ROOT_CHECKOUT, "data/input"}, {ROOT_NONE, NULL}};
    const char *path[COUNT_OF(FILES)];
    Pictures photo[SCENE_PARTS];
    reading_classes(to, SHAPE_OF(COLOURS, GLYPH_SIDE, GLYPH_SIDE), GLYPH_LETTERS,
                    glyph_class);
    return files_locate(to, path, places, FILES, error) &&
           photos_read(to, photo, error) &&
           read_part(to, &to->train, path, &photo[SCENE_TRAIN], SCENE_TRAIN, error) &&
           read_part(to, &to->val, path + 2, &photo[SCENE_VAL], SCENE_VAL, error) &&
           read_part(to, &to->test, path + 4, &photo[SCENE_TEST], SCENE_TEST, error);
}

const DatasetKind dataset_glyphs_mini = {
    .name = "glyphs-mini",
    .title = "5,500 letters A to J of 300 families, 10 classes, 32 x 32, colour",
    .source = "fonts of five of Debian's packages, by data/input/make-glyphs.py, over "
              "photographs",
    .sha256 = "6f9035fb3e13c7a708b60a0cad23093ce1982f4bd3569266d3adcf31d5e25794",
    .fill = fill,
};
