/* Glyphs: what a letter covers is what its outline says, no family is on two sides, letters can be
 * seen; and fonts that are broken are refused by their file. The fonts are made here: rectangles. */
#include "harness.h"
#include "source.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIDE = GLYPH_SIDE, PLANE = SIDE * SIDE, FAMILIES = 8 };

/* ---- a font -------------------------------------------------------------------------- */

typedef struct Bytes {
    size_t length;
    uint8_t data[4096];
} Bytes;

static void put(Bytes *to, size_t bytes, int64_t value) {
    for (size_t i = bytes; i-- > 0;) to->data[to->length++] = (uint8_t)(value >> (8 * i));
}

static void put_all(Bytes *to, size_t bytes, const int *value, size_t count) {
    for (size_t i = 0; i < count; i++) put(to, bytes, value[i]);
}

enum { TABLES = 8, HEAD = 12 + 16 * TABLES, TALL = 1024, GLYPH = 36 };

/* A rectangle of width x TALL units. */
static void put_glyph(Bytes *to, int width) {
    const int outline[] = {1, 0, 0, width, TALL, 3, 0}, x[] = {0, 0, width, 0},
              y[] = {0, TALL, 0, -TALL};
    put_all(to, 2, outline, COUNT_OF(outline));
    for (size_t i = 0; i < 4; i++) put(to, 1, 1); /* a point on the line, in words */
    put_all(to, 2, x, 4);
    put_all(to, 2, y, 4);
    while (to->length % 4) put(to, 1, 0);
}

/* TrueType: the letters A to `last`, all TALL units high and so many wide. */
static Bytes font_of(const char *family, int width, char last) {
    const int letters = last - 'A' + 1, glyphs = letters + 1;
    const int name = (int)strlen(family);
    Bytes f = {0}, t[TABLES] = {{0}};
    static const char *const tag[TABLES] = {"cmap", "glyf", "head", "hhea",
                                            "hmtx", "loca", "maxp", "name"};
    put_all(&t[0], 2, (const int[]){0, 1, 3, 1, 0, 12, 4, 32, 0, 4, 4, 1, 0}, 13);
    put_all(&t[0], 2, (const int[]){last, 0xFFFF, 0, 'A', 0xFFFF, 1 - 'A', 1, 0, 0}, 9);
    for (int k = 0; k < letters; k++) put_glyph(&t[1], width);
    put_all(&t[2], 4, (const int[]){0x10000, 0x10000, 0, 0x5F0F3CF5, TALL, 0, 0, 0, 0},
            9);
    put_all(&t[2], 2, (const int[]){0, 0, width, TALL, 0, 8, 2, 1, 0}, 9);
    put_all(&t[3], 2, (const int[]){1, 0, TALL, 0, 0, width}, 6);
    for (size_t i = 0; i < 11; i++) put(&t[3], 2, 0);
    put(&t[3], 2, 1);
    put_all(&t[4], 2, (const int[]){width, 0}, 2);
    for (int k = 1; k < glyphs; k++) put(&t[4], 2, 0);
    put(&t[5], 4, 0);
    for (int k = 0; k <= letters; k++) put(&t[5], 4, k * GLYPH);
    put_all(&t[6], 2, (const int[]){1, 0, glyphs, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0},
            16);
    put_all(&t[7], 2, (const int[]){0, 1, 18, 1, 0, 0, 1, name, 0}, 9);
    for (int i = 0; i < name; i++) put(&t[7], 1, family[i]);
    put(&f, 4, 0x10000);
    put_all(&f, 2, (const int[]){TABLES, 128, 3, 0}, 4);
    for (size_t i = 0, at = HEAD; i < TABLES; at += (t[i++].length + 3) / 4 * 4) {
        for (size_t k = 0; k < 4; k++) put(&f, 1, tag[i][k]);
        put_all(&f, 4, (const int[]){0, (int)at, (int)t[i].length}, 3);
    }
    for (size_t i = 0; i < TABLES; i++) {
        memcpy(f.data + f.length, t[i].data, t[i].length);
        f.length += (t[i].length + 3) / 4 * 4;
    }
    return f;
}

static void write_file(const char *path, Bytes bytes) {
    FILE *file = fopen(path, "wbe");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.length, file), bytes.length);
    assert_int_equal(fclose(file), 0);
}

/* How wide a letter of family f is: 1, 1/2, 2, 1/4, 4... of its height, so that what it covers says
 * whose it is. */
static int width_of(int f) {
    return f % 2 ? TALL >> (f + 1) / 2 : TALL << f / 2;
}

/* One more family has not all letters, and one is of signs. */
static const char *fonts_new(Arena *arena) {
    const char *base = getenv("TMPDIR");
    char *home =
        text_print(arena, "%s/normlab-glyphs-XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(home));
    for (int f = 0; f < FAMILIES; f++)
        write_file(text_print(arena, "%s/%d.ttf", home, f),
                   font_of(text_print(arena, "Own%d Bold", f), width_of(f), 'J'));
    write_file(text_print(arena, "%s/few.otf", home), font_of("Few", 512, 'I'));
    write_file(text_print(arena, "%s/signs.ttf", home), font_of("Standard X", 512, 'J'));
    return home;
}

static void fonts_free(Arena *arena, const char *home) {
    assert_int_equal(system(text_print(arena, "rm -r '%s'", home)), 0);
}

/* ---- letters ------------------------------------------------------------------------- */

/* The longer side squared, in pixels, is between 400 and 784, and the other side the same or less by
 * powers of 2; higher than wide, or not. */
static size_t family_by(const uint8_t *coverage, double area) {
    size_t level = 0, first[2] = {SIDE, SIDE}, last[2] = {0, 0};
    for (double most = 790; area < most / 2; most /= 2) level++;
    for (size_t p = 0; p < PLANE; p++)
        for (size_t a = 0; a < 2 && coverage[p]; a++) {
            const size_t at = a ? p % SIDE : p / SIDE;
            first[a] = at < first[a] ? at : first[a];
            last[a] = at > last[a] ? at : last[a];
        }
    const bool tall = last[0] - first[0] > last[1] - first[1];
    return level == 0 ? 0 : tall ? 2 * level - 1 : 2 * level;
}

/* Of a rectangle that is turned and moved, its area, inside. */
static void what_a_letter_covers(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *folder[] = {fonts_new(arena), NULL};
    Reading to = {.kind = &dataset_glyphs, .arena = arena, .scratch = arena_new()};
    BaseError error = {.set = false};
    Fonts *fonts = fonts_read(&to, folder, &error);
    if (fonts == NULL) fail_msg("%s", error.message);
    size_t seen_in[FAMILIES] = {0}, classes = 0, families = 0;
    for (ScenePart part = 0; part < SCENE_PARTS; part++) {
        families += fonts_families(fonts, part);
        for (size_t i = 0; i < 200; i++) {
            uint8_t coverage[PLANE], again[PLANE];
            double area = 0;
            classes |= (size_t)1 << fonts_draw(fonts, coverage, part, i);
            for (size_t p = 0; p < PLANE; p++) area += coverage[p] / 255.0;
            const size_t f = family_by(coverage, area);
            assert_true(f < FAMILIES);
            /* Its corners lie at whole 64ths of a pixel. */
            const double thin = (double)((size_t)1 << (f + 1) / 2),
                         longer = sqrt(area * thin), rounding = thin / 128 + 0.02;
            assert_near(longer, round(longer), rounding);
            assert_true(longer > 20 - rounding && longer < 28 + rounding);
            seen_in[f] |= (size_t)1 << part;
            fonts_draw(fonts, again, part, i); /* whatever was drawn between */
            assert_memory_equal(again, coverage, PLANE);
        }
    }
    assert_int_equal(families, FAMILIES);
    assert_int_equal(fonts_families(fonts, SCENE_TEST), 2);
    assert_int_equal(fonts_families(fonts, SCENE_VAL), 1);
    assert_int_equal(classes, (1 << GLYPH_LETTERS) - 1);
    for (size_t f = 0; f < FAMILIES; f++) /* in one part, and in one alone */
        assert_true(seen_in[f] == 1 || seen_in[f] == 2 || seen_in[f] == 4);
    fonts_close(fonts);
    fonts_free(arena, folder[0]);
    arena_free(to.scratch);
    arena_free(arena);
}

/* Where nothing is covered stands the photograph, where all is, one colour; it is lighter or darker
 * than what it covers. */
static void a_letter_can_be_seen(void **state) {
    (void)state;
    static const double LIGHT[] = {0.299, 0.587, 0.114};
    Arena *arena = arena_new();
    Reading to = {.kind = &dataset_glyphs_mini, .arena = arena, .scratch = arena_new()};
    Pictures photo[SCENE_PARTS];
    BaseError error = {.set = false};
    assert_true(photos_read(&to, photo, &error));
    for (size_t i = 0; i < 60; i++) {
        const ScenePart part = (ScenePart)(i % SCENE_PARTS);
        uint8_t behind[3 * PLANE], image[3 * PLANE], none[PLANE] = {0}, half[PLANE];
        for (size_t p = 0; p < PLANE; p++) half[p] = p % SIDE < SIDE / 2 ? 255 : 0;
        glyph_paint(arena, behind, none, &photo[part], part, i);
        glyph_paint(arena, image, half, &photo[part], part, i);
        double light = 0, was = 0;
        for (size_t c = 0; c < 3; c++)
            for (size_t p = 0; p < PLANE; p++) {
                const size_t at = c * PLANE + p;
                assert_int_equal(image[at], half[p] ? image[c * PLANE] : behind[at]);
                if (half[p]) light += LIGHT[c] * image[at], was += LIGHT[c] * behind[at];
            }
        assert_true(fabs(light - was) / (255.0 * PLANE / 2) > 0.39);
    }
    arena_free(to.scratch);
    arena_free(arena);
}

static void mini_is_what_it_was(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Dataset *d = dataset_open(arena, "glyphs-mini", &error);
    if (d == NULL) fail_msg("%s", error.message);
    assert_int_equal(d->train.count, 4000);
    assert_int_equal(d->val.count, 500);
    assert_int_equal(d->test.count, 1000);
    assert_true(shape_equal(d->field[0].shape, SHAPE_OF(3, SIDE, SIDE)));
    assert_string_equal(d->field[1].class_name[9], "J");
    arena_free(arena);
}

static void a_folder_of_ones_own(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *home = fonts_new(arena);
    BaseError error = {.set = false};
    const Dataset *d = dataset_open(arena, text_print(arena, "glyphs:%s", home), &error);
    if (d == NULL) fail_msg("%s", error.message);
    assert_int_equal(d->train.count, 12000);
    assert_int_equal(d->test.count, 4000);
    fonts_free(arena, home);
    arena_free(arena);
}

/* ---- what is refused ------------------------------------------------------------------- */

static void refused(const char *file, Bytes bytes, const char *says) {
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const char *home = fonts_new(arena), *path = text_print(arena, "%s/%s", home, file);
    if (bytes.length)
        write_file(path, bytes);
    else
        assert_int_equal(unlink(path), 0);
    assert_null(dataset_open(arena, text_print(arena, "glyphs:%s", home), &error));
    if (error.code != EX_DATAERR || strstr(error.message, says) == NULL ||
        strstr(error.message, bytes.length ? path : home) == NULL)
        fail_msg("code %d: '%s', expected '%s'", error.code, error.message, says);
    fonts_free(arena, home);
    arena_free(arena);
}

static void broken_fonts_are_refused(void **state) {
    (void)state;
    Bytes torn = font_of("Own1", 500, 'J'), text = {.length = 9, .data = "not fonts"},
          wild = torn;
    torn.length = 500;
    for (size_t i = 300; i < 700; i++) wild.data[i] = 0xFF;
    refused("1.ttf", torn, "FreeType cannot read this font");
    refused("1.ttf", text, "FreeType cannot read this font");
    refused("9.otf", wild, "FreeType cannot read this font");
    refused("0.ttf", (Bytes){0}, "of 7 families; 8 or more are expected");
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    assert_null(dataset_open(arena, "glyphs:/nowhere/at/all", &error));
    assert_int_equal(error.code, EX_NOINPUT);
    arena_free(arena);
}

static const Case cases[] = {
    CASE(oracle, what_a_letter_covers),    CASE(theorem, a_letter_can_be_seen),
    CASE(example, mini_is_what_it_was),    CASE(example, a_folder_of_ones_own),
    CASE(fault, broken_fonts_are_refused),
};

HARNESS_MAIN("glyphs", cases)
