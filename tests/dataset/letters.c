/* Running text: characters against a table of broken and whole sequences, windows and parts against
 * the rule restated. */
#include "harness.h"
#include "source.h"
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WINDOW = 64, WINDOWS = 64, BLOCK = WINDOW * WINDOWS + 1 };

static void every_length_is_read(void **state) {
    (void)state;
    static const char text[] =
        "a\0\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80"
        "\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF";
    static const uint32_t want[] = {'a',    0,      0x7F,   0x80,    0x7FF,   0x800,
                                    0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF};
    Arena *arena = arena_new();
    Reading to = {.arena = arena, .scratch = arena};
    Letters letters;
    BaseError error = {.set = false};
    assert_true(letters_decode(&to, &letters, "it", (const uint8_t *)text,
                               sizeof text - 1, &error));
    assert_int_equal(letters.count, COUNT_OF(want));
    assert_memory_equal(letters.code, want, sizeof want);
    arena_free(arena);
}

/* Every sort of what is no UTF-8 (RFC 3629, sections 3 and 4), behind two good characters. */
static void broken_sequences_are_named(void **state) {
    (void)state;
    static const char *const broken[] = {
        "\x80",             /* goes on with nothing */
        "\xC0\x80",         /* 0 in two bytes */
        "\xC1\xBF",         /* overlong */
        "\xC3",             /* ends too early */
        "\xC3z",            /* no second byte */
        "\xE0\x9F\xBF",     /* overlong */
        "\xE2\x82",         /* ends too early */
        "\xE2\x82z",        /* no third byte */
        "\xED\xA0\x80",     /* a surrogate */
        "\xF0\x8F\xBF\xBF", /* overlong */
        "\xF0\x90\x80",     /* ends too early */
        "\xF4\x90\x80\x80", /* beyond the last character */
        "\xF5\x80\x80\x80",
        "\xFF",
    };
    Arena *arena = arena_new();
    Reading to = {.arena = arena, .scratch = arena};
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        const char *text = text_print(arena, "\xC3\xA9x%s", broken[i]);
        Letters letters;
        BaseError error = {.set = false};
        assert_false(letters_decode(&to, &letters, "it", (const uint8_t *)text,
                                    strlen(text), &error));
        assert_int_equal(error.code, EX_DATAERR);
        assert_string_equal(
            error.message,
            text_print(arena,
                       "it: offset 3: byte 0x%02x begins no character, UTF-8 "
                       "is expected",
                       (unsigned)(uint8_t)broken[i][0]));
    }
    arena_free(arena);
}

/* ---- a file --------------------------------------------------------------------------- */

static char path[] = "/tmp/normlab-letters-XXXXXX";

/* A file of this; its name as a data set's. */
static const char *written(Arena *arena, const void *text, size_t length) {
    FILE *file = fopen(path, "wbe");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    return text_print(arena, "text:%s", path);
}

static int begin(void **state) {
    (void)state;
    const int file = mkstemp(path);
    return file < 0 || close(file) != 0;
}

static int end(void **state) {
    (void)state;
    return unlink(path);
}

/* The published rule, restated: any other parts would change every stored result. */
static void parts_are_the_drawn_blocks(void **state) {
    (void)state;
    enum { BLOCKS = 23, TENTH = 3, LEFT = 4000, LENGTH = BLOCKS * BLOCK + LEFT };
    static char text[LENGTH];
    size_t order[BLOCKS], part_of[BLOCKS], at[3] = {0, 0, 0};
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    begin(NULL);
    for (size_t i = 0; i < LENGTH; i++)
        text[i] =
            (char)('a' + draw_below((Draw){.seed = 3, .purpose = DRAW_TEST}, i, 26));
    const Dataset *data = dataset_open(arena, written(arena, text, LENGTH), &error);
    if (data == NULL) fail_msg("%s", error.message);
    draw_permutation((Draw){0x6e6f726d6c6162, DRAW_SPLIT, 0, 0}, order, BLOCKS);
    for (size_t i = 0; i < BLOCKS; i++) part_of[order[i]] = i < TENTH ? 2 : i < 2 * TENTH;
    assert_string_equal(data->samples, "texts");
    assert_int_equal(data->fields, 2);
    assert_int_equal(data->field[0].classes, 26);
    assert_string_equal(data->field[1].class_name[25], "z");
    assert_int_equal(data->train.count, (BLOCKS - 2 * TENTH) * WINDOWS);
    assert_int_equal(data->val.count, TENTH * WINDOWS);
    assert_int_equal(data->test.count, TENTH * WINDOWS);
    const Samples *part[] = {&data->train, &data->val, &data->test};
    size_t where[BLOCKS * WINDOWS]; /* of sample `id` in train, whose order is drawn */
    for (size_t i = 0; i < data->train.count; i++) where[data->train.id[i]] = i;
    for (size_t b = 0; b < BLOCKS; b++)
        for (size_t w = 0; w < WINDOWS; w++) {
            const Samples *own = part[part_of[b]];
            const size_t id = at[part_of[b]]++, i = part_of[b] == 0 ? where[id] : id;
            const uint8_t *seen = own->value[0][i], *next = own->value[1][i];
            assert_int_equal(own->id[i], id);
            for (size_t t = 0; t < WINDOW; t++) {
                const char *here = text + b * BLOCK + w * WINDOW + t;
                assert_int_equal(seen[t], here[0] - 'a');
                assert_int_equal(next[t], here[1] - 'a');
            }
        }
    end(NULL);
    arena_free(arena);
}

/* Which characters they are is what the data are, too. */
static void symbols_are_sorted_and_named(void **state) {
    (void)state;
    static const char *const want[] = {"U+0009",   "newline",      "space",           "z",
                                       "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    Text text = text_new(arena), other = text_new(arena);
    begin(NULL);
    for (size_t i = 0; i < 3 * BLOCK; i += 7) {
        text_add(&text, "\xF0\x9F\x98\x80 z\xC3\xA4\t\xE2\x82\xAC\n");
        text_add(&other, "\xF0\x9F\x98\x80 y\xC3\xA4\t\xE2\x82\xAC\n");
    }
    const Dataset *data =
        dataset_open(arena, written(arena, text.data, text.length), &error);
    if (data == NULL) fail_msg("%s", error.message);
    assert_int_equal(data->field[0].classes, COUNT_OF(want));
    for (size_t k = 0; k < COUNT_OF(want); k++)
        assert_string_equal(data->field[0].class_name[k], want[k]);
    const Dataset *alike =
        dataset_open(arena, written(arena, other.data, other.length), &error);
    assert_non_null(alike);
    for (size_t i = 0; i < data->test.count; i++)
        assert_memory_equal(data->test.value[0][i], alike->test.value[0][i], WINDOW);
    assert_string_not_equal(data->sha256, alike->sha256);
    end(NULL);
    arena_free(arena);
}

static void refused(Arena *arena, const char *text, size_t length, const char *says) {
    BaseError error = {.set = false};
    assert_null(dataset_open(arena, written(arena, text, length), &error));
    assert_int_equal(error.code, EX_DATAERR);
    if (strstr(error.message, says) == NULL || strstr(error.message, path) == NULL)
        fail_msg("'%s' does not say '%s'", error.message, says);
}

static void texts_that_are_none(void **state) {
    (void)state;
    enum { ROOM = 3 * BLOCK };
    Arena *arena = arena_new();
    Text many = text_new(arena);
    char *plain = TAKE(arena, char, ROOM);
    begin(NULL);
    for (size_t i = 0; i < ROOM; i++) plain[i] = (char)('a' + i % 2);
    refused(arena, plain, ROOM - 1,
            "a text of 12290 characters, 12291 or more are expected");
    refused(arena, "", 0, "a text of 0 characters");
    plain[5000] = '\xFF';
    refused(arena, plain, ROOM, "offset 5000: byte 0xff begins no character");
    memset(plain, 'a', ROOM);
    refused(arena, plain, ROOM, "one character over and over");
    for (size_t i = 0; i < ROOM; i++) {
        const unsigned code = 0x400 + (unsigned)(i % 255);
        text_add(&many, "%c%c", (int)(code >> 6 | 0xC0), (int)((code & 0x3F) | 0x80));
    }
    refused(arena, many.data, many.length,
            "character 254, U+04FE, is one more than 254 different ones");
    end(NULL);
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(oracle, every_length_is_read),
    CASE(fault, broken_sequences_are_named),
    CASE(theorem, parts_are_the_drawn_blocks),
    CASE(example, symbols_are_sorted_and_named),
    CASE(fault, texts_that_are_none),
};

HARNESS_MAIN("letters", CASES)
