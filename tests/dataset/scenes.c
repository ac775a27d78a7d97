/* Scenes: what their labels say is in the image, no piece trains and tests, the same index gives the
 * same bytes; and folders of pieces in which something is broken are refused by its name. */
#include "harness.h"
#include "source.h"
#include "text.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIDE = SCENE_SIDE, PLANE = SIDE * SIDE };

static const Dataset *open_good(Arena *arena, const char *name) {
    BaseError error = {0};
    const Dataset *dataset = dataset_open(arena, name, &error);
    if (dataset == NULL) fail_msg("%s: %s", name, error.message);
    return dataset;
}

static const Pieces *read_good(Arena *arena, Reading *to) {
    Pieces *pieces = TAKE(arena, Pieces, 1);
    BaseError error = {0};
    *to = (Reading){.kind = &dataset_scenes, .arena = arena, .scratch = arena_new()};
    if (!pieces_read(to, pieces, &error)) fail_msg("%s", error.message);
    return pieces;
}

/* ---- the pieces -------------------------------------------------------------------- */

static bool are_same(const Picture *a, const Picture *b) {
    const size_t count = PICTURE_PLANES * a->height * a->width;
    return a->height == b->height && a->width == b->width &&
           memcmp(a->value, b->value, count * sizeof *a->value) == 0;
}

static void check_apart(const Pictures *a, const Pictures *b) {
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++)
            assert_false(are_same(&a->at[i], &b->at[j]));
}

static void no_piece_is_in_two_parts(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Reading to;
    const Pieces *pieces = read_good(arena, &to);
    assert_int_equal(pieces->categories, 6);
    for (size_t k = 0; k <= pieces->categories; k++) {
        const bool photos = k == pieces->categories;
        const Pictures *part[SCENE_PARTS];
        for (size_t p = 0; p < SCENE_PARTS; p++)
            part[p] = photos ? &pieces->photo[p] : &pieces->object[p][k];
        assert_int_equal(part[SCENE_TEST]->count, photos ? 4 : 8);
        assert_true(part[SCENE_TRAIN]->count > part[SCENE_TEST]->count);
        for (size_t p = 0; p < SCENE_PARTS; p++)
            for (size_t q = p + 1; q < SCENE_PARTS; q++) check_apart(part[p], part[q]);
    }
    arena_free(to.scratch);
    arena_free(arena);
}

/* ---- the scenes -------------------------------------------------------------------- */

/* Numbers count from 1, each of one class; a pixel has both or none. */
static size_t check_labels(const uint8_t *mask, const uint8_t *object,
                           size_t categories) {
    size_t count[SCENE_MOST_OBJECTS + 1] = {0}, objects = 0;
    uint8_t class[SCENE_MOST_OBJECTS + 1] = {0};
    bool good = true;
    for (size_t i = 0; i < PLANE; i++) {
        good = good && object[i] <= SCENE_MOST_OBJECTS && mask[i] <= categories &&
               (object[i] > 0) == (mask[i] > 0);
        if (!good) break;
        if (count[object[i]]++ == 0) class[object[i]] = mask[i];
        good = mask[i] == class[object[i]];
    }
    assert_true(good);
    while (objects < SCENE_MOST_OBJECTS && count[objects + 1] > 0) objects++;
    for (size_t k = objects + 1; k <= SCENE_MOST_OBJECTS; k++)
        assert_int_equal(count[k], 0);
    return objects;
}

static void labels_name_what_is_there(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *d = open_good(arena, "scenes");
    const Samples *part[] = {&d->train, &d->val, &d->test};
    size_t with[SCENE_MOST_OBJECTS + 1] = {0};
    for (size_t p = 0; p < COUNT_OF(part); p++)
        for (size_t i = 0; i < part[p]->count; i++)
            with[check_labels(part[p]->value[1][i], part[p]->value[2][i], 6)]++;
    assert_int_equal(with[0], 0);
    for (size_t k = 1; k <= SCENE_MOST_OBJECTS; k++) assert_true(with[k] > 400);
    assert_false(d->drawn);
    arena_free(arena);
}

/* One piece over one photograph of a single grey: what is seen is the piece in its size where the
 * labels say so, the grey where nothing of it is, and between them what the opacity says. */
static void what_is_laid_over_is_blended(void **state) {
    (void)state;
    enum { WIDE = 20, HIGH = 16 };
    Arena *arena = arena_new();
    Picture grey = {SIDE, SIDE, TAKE(arena, double, PICTURE_PLANES *PLANE)},
            piece = {HIGH, WIDE, TAKE(arena, double, PICTURE_PLANES *HIGH *WIDE)};
    for (size_t i = 0; i < PICTURE_PLANES * PLANE; i++)
        grey.value[i] = i < 3 * PLANE ? 0.2 : 1.0;
    for (size_t i = 0; i < PICTURE_PLANES * HIGH * WIDE; i++) /* white */
        piece.value[i] = i % WIDE < WIDE / 2 ? 0.75 : 0.25;
    Pieces pieces = {.categories = 1};
    Pictures object = {1, &piece};
    for (size_t p = 0; p < SCENE_PARTS; p++) {
        pieces.object[p] = &object;
        pieces.photo[p] = (Pictures){1, &grey};
    }
    uint8_t image[3 * PLANE], mask[PLANE], number[PLANE];
    const Scene scene = {image, mask, number};
    size_t pixels = 0;
    for (size_t index = 0; index < 20; index++) {
        assert_int_equal(scene_draw(arena, &scene, &pieces, SCENE_TRAIN, index, 1), 1);
        for (size_t i = 0; i < PLANE; i++) {
            pixels += number[i] == 1;
            /* 0.2 + 0.8 opacity, which is 0, or 0.25 to 0.75, and seen from 0.5 on */
            assert_in_range(image[i], number[i] ? 153 : 51, number[i] ? 204 : 153);
        }
    }
    assert_in_range(pixels, 20 * 60, 20 * HIGH * WIDE / 2 + 20 * HIGH);
    arena_free(arena);
}

static void cutouts_are_single_objects(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *d = open_good(arena, "cutouts");
    size_t of[6] = {0};
    for (size_t i = 0; i < d->train.count; i++)
        of[*(const uint8_t *)d->train.value[1][i]]++;
    for (size_t k = 0; k < 6; k++)
        assert_in_range(of[k], d->train.count / 8, d->train.count / 5);
    assert_string_equal(d->field[1].class_name[4], "mammal");
    arena_free(arena);
}

/* ---- a folder of one's own ---------------------------------------------------------- */

typedef struct Bytes {
    uint8_t *data;
    size_t length;
} Bytes;

/* A PNG of side x side, grey, one pixel in four transparent where `cut`. */
static Bytes png_of(Arena *arena, size_t side, bool cut, bool seen) {
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)side,
                       .height = (png_uint_32)side,
                       .format = PNG_FORMAT_RGBA};
    uint8_t *pixel = TAKE(arena, uint8_t, 4 * side * side);
    Bytes png = {TAKE(arena, uint8_t, 8 * side * side + 4096), 8 * side * side + 4096};
    for (size_t i = 0; i < 4 * side * side; i++)
        pixel[i] = i % 4 < 3                          ? (uint8_t)(i * 7)
                   : !seen || (cut && i / 4 % 4 == 0) ? 0
                                                      : 255;
    assert_int_not_equal(
        png_image_write_to_memory(&image, png.data, &png.length, 0, pixel, 0, NULL), 0);
    return png;
}

static void write_file(const char *path, Bytes bytes) {
    FILE *file = fopen(path, "wbe");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.length, file), bytes.length);
    assert_int_equal(fclose(file), 0);
}

static const char *folder_new(Arena *arena) {
    const char *base = getenv("TMPDIR");
    char *folder =
        text_print(arena, "%s/normlab-scenes-XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(folder));
    return folder;
}

/* Three photographs and three cut-outs of a category. */
static const char *own_new(Arena *arena) {
    const char *home = folder_new(arena);
    const char *const folder[] = {"photos", "thing"};
    for (size_t f = 0; f < COUNT_OF(folder); f++) {
        const char *path = text_print(arena, "%s/%s", home, folder[f]);
        assert_int_equal(mkdir(path, 0777), 0);
        for (size_t i = 0; i < 3; i++)
            write_file(text_print(arena, "%s/%zu.png", path, i),
                       png_of(arena, f == 0 ? 64 + i : 20 + i, f == 1, true));
    }
    return home;
}

static void own_free(Arena *arena, const char *home) {
    assert_int_equal(system(text_print(arena, "rm -r '%s'", home)), 0);
}

static void folder_of_ones_own_opens(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *home = own_new(arena);
    const Dataset *d = open_good(arena, text_print(arena, "scenes:%s", home));
    assert_int_equal(d->field[1].classes, 2);
    assert_string_equal(d->field[1].class_name[1], "thing");
    assert_non_null(strstr(d->title, home));
    check_labels(d->test.value[1][0], d->test.value[2][0], 1);
    assert_int_equal(
        open_good(arena, text_print(arena, "cutouts:%s", home))->field[1].classes, 1);
    own_free(arena, home);
    arena_free(arena);
}

/* With these bytes in place of a file (none: without it) the folder is refused, and why. */
static void refused(Arena *arena, const char *file, Bytes bytes, const char *says) {
    BaseError error = {0};
    const char *home = own_new(arena), *path = text_print(arena, "%s/%s", home, file);
    assert_int_equal(unlink(path), 0);
    if (bytes.data) write_file(path, bytes);
    assert_null(dataset_open(arena, text_print(arena, "scenes:%s", home), &error));
    own_free(arena, home);
    if (error.code != EX_DATAERR || strstr(error.message, says) == NULL ||
        strstr(error.message, home) == NULL || strchr(error.message, '\n'))
        fail_msg("code %d: '%s', expected code 65: '%s'", error.code, error.message,
                 says);
}

static void broken_pieces_are_refused(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Bytes whole = png_of(arena, 20, true, true), none = {NULL, 0};
    const char *file = "thing/1.png";
    for (size_t length = 0; length < whole.length; length += 1 + length / 3)
        refused(arena, file, (Bytes){whole.data, length},
                length ? "thing/1.png: offset " : "thing/1.png: ");
    Bytes torn = png_of(arena, 20, true, true);
    torn.data[whole.length / 2] ^= 4;
    refused(arena, file, torn, "thing/1.png: offset ");
    Bytes more = png_of(arena, 20, true, true);
    more.data[more.length++] = 0;
    refused(arena, file, more, text_print(arena, "offset %zu: more bytes", whole.length));
    Bytes other = png_of(arena, 20, true, true);
    other.data[0] = 'P';
    refused(arena, file, other, "Not a PNG file");
    Bytes large = png_of(arena, 20, true, true);
    large.data[16] = 1; /* of the width, 4 bytes from the largest */
    refused(arena, file, large, "thing/1.png: offset ");
    refused(arena, file, png_of(arena, 20, false, false), "nothing in it can be seen");
    refused(arena, file, none, "thing: 2 PNG; 3 or more are expected");
    refused(arena, "photos/0.png", png_of(arena, 63, false, true),
            "a photograph of 63 x 63 pixels; 64 x 64 or more");
    arena_free(arena);
}

/* A line one pixel wide is there, and gone where it is drawn smaller. */
static void what_nobody_would_see_is_refused(void **state) {
    (void)state;
    enum { LONG = 200 };
    Arena *arena = arena_new();
    static const char *const kind[] = {"scenes", "cutouts"};
    const char *home = own_new(arena);
    uint8_t *pixel = ZERO(arena, uint8_t, 4 * LONG * LONG);
    for (size_t i = 0; i < LONG; i++) memset(pixel + 4 * (i * LONG + i), 255, 4);
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = LONG,
                       .height = LONG,
                       .format = PNG_FORMAT_RGBA};
    for (size_t i = 0; i < 3; i++)
        assert_int_not_equal(png_image_write_to_file(
                                 &image, text_print(arena, "%s/thing/%zu.png", home, i),
                                 0, pixel, 0, NULL),
                             0);
    for (size_t k = 0; k < COUNT_OF(kind); k++) {
        BaseError error = {0};
        assert_null(
            dataset_open(arena, text_print(arena, "%s:%s", kind[k], home), &error));
        assert_int_equal(error.code, EX_DATAERR);
        assert_non_null(strstr(error.message, home));
        assert_non_null(strstr(error.message, "nothing is seen at 16 to 40 pixels"));
    }
    own_free(arena, home);
    arena_free(arena);
}

static void folder_without_photographs_is_refused(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {0};
    const char *home = own_new(arena);
    assert_int_equal(
        rename(text_print(arena, "%s/photos", home), text_print(arena, "%s/fotos", home)),
        0);
    assert_null(dataset_open(arena, text_print(arena, "scenes:%s", home), &error));
    assert_non_null(strstr(error.message, "'photos'"));
    error = (BaseError){0}; /* photographs of both kinds, and no cut-out */
    assert_int_equal(
        rename(text_print(arena, "%s/fotos", home), text_print(arena, "%s/photos", home)),
        0);
    assert_int_equal(rename(text_print(arena, "%s/thing", home),
                            text_print(arena, "%s/grounds", home)),
                     0);
    assert_null(dataset_open(arena, text_print(arena, "scenes:%s", home), &error));
    assert_non_null(strstr(error.message, "2 folders; 'photos' and 1 to 248 of"));
    assert_null(dataset_open(arena, text_print(arena, "scenes:%s/none", home),
                             &(BaseError){.set = false}));
    error = (BaseError){0}; /* no folder in it at all */
    assert_null(
        dataset_open(arena, text_print(arena, "scenes:%s/photos", home), &error));
    assert_non_null(strstr(error.message, "0 folders; 'photos' and 1 to 249 of"));
    own_free(arena, home);
    arena_free(arena);
}

static const Case cases[] = {
    CASE(theorem, no_piece_is_in_two_parts),
    CASE(theorem, labels_name_what_is_there),
    CASE(theorem, what_is_laid_over_is_blended),
    CASE(example, cutouts_are_single_objects),
    CASE(example, folder_of_ones_own_opens),
    CASE(fault, broken_pieces_are_refused),
    CASE(fault, what_nobody_would_see_is_refused),
    CASE(fault, folder_without_photographs_is_refused),
};

HARNESS_MAIN("scenes", cases)
