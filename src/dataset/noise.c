/* Standard normal numbers as images of any size, with labels that tell nothing of them: what a network
 * does at its start, without any data's structure. Numbers and label of a sample are draws by part and
 * index alone. The larger an image, the fewer there are. */
#include "source.h"
#include "text.h"

#include <string.h>

enum {
    AXES = 3,
    CLASSES = 10,
    LARGEST = 1 << 16, /* numbers of an image */
    KEPT = 1 << 24,    /* at most, of all images that train */
    MOST = 1 << 12,    /* images that train */
    SHARE = 8,         /* one to validate and one to test for so many that train */
    SEED = 1,
    NUMBERS = 24, /* of draws, by part: 0 to 18 are those of other data sets */
    LABELS = NUMBERS + 3
};

static const char *const class_name[CLASSES] = {"0", "1", "2", "3", "4",
                                                "5", "6", "7", "8", "9"};

/* Sizes of "3x32x32"; false: they are none that can be. */
static bool read_sizes(Arena *arena, const char *text, size_t size[AXES]) {
    size_t count = 1;
    for (size_t a = 0; a < AXES; a++) {
        const size_t length = strcspn(text, "x");
        const bool last = text[length] == '\0';
        if (!text_to_count(text_copy(arena, text, length), &size[a]) || size[a] == 0 ||
            size[a] > LARGEST || (count *= size[a]) > LARGEST || last != (a + 1 == AXES))
            return false;
        text += length + 1;
    }
    return true;
}

static const char *behind(Arena *arena, const char *text, BaseError *error) {
    size_t size[AXES];
    if (read_sizes(arena, text, size))
        return text_print(arena, "%zux%zux%zu", size[0], size[1], size[2]);
    base_fail(error, EX_USAGE, 0, "%s, are expected", dataset_noise.need);
    return NULL;
}

static void draw_part(const Reading *to, Pile *pile, uint64_t part, size_t count) {
    const size_t each = shape_count(to->field[0].shape);
    pile->count = count;
    pile_take(to, pile);
    double *image = pile->value[0];
    uint8_t *label = pile->value[1];
    for (size_t i = 0; i < count; i++, image += each) {
        const Draw numbers = {SEED, DRAW_DATA, NUMBERS + part, i},
                   of_label = {SEED, DRAW_DATA, LABELS + part, i};
        for (size_t k = 0; k < each; k++) image[k] = draw_normal(numbers, k);
        label[i] = (uint8_t)draw_below(of_label, 0, CLASSES);
    }
}

static bool fill(Reading *to, BaseError *error) {
    (void)error;
    size_t size[AXES], count = MOST;
    REQUIRE(read_sizes(to->scratch, to->from, size), "noise of %s", to->from);
    reading_classes(to, SHAPE_OF(size[0], size[1], size[2]), CLASSES, class_name);
    to->field[0].type = DATA_REALS;
    to->field[0].standardized = false; /* they are so by their law */
    while (count * shape_count(to->field[0].shape) > KEPT) count /= 2;
    draw_part(to, &to->train, 0, count);
    draw_part(to, &to->val, 1, count / SHARE);
    draw_part(to, &to->test, 2, count / SHARE);
    return true;
}

const DatasetKind dataset_noise = {
    .name = "noise",
    .path = "CxHxW",
    .behind = behind,
    .usage = "noise:CxHxW",
    .title =
        "standard normal numbers as images of any size, and drawn labels, 10 classes",
    .source = "drawn by counter",
    .need =
        "channels x height x width, at most 65,536 numbers an image, as in noise:3x32x32",
    .fill = fill,
};
