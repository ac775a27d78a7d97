/* Running text: bytes to characters, characters to symbols, and windows of them in three parts
 * that do not touch. */
#include "source.h"
#include "text.h"

#include <string.h>

/* ---- UTF-8 --------------------------------------------------------------------------- */

/* Bytes of the sequence at `byte`, of which so many are left; 0: it is none. The second byte's
 * range keeps out overlong forms, surrogates and what lies beyond U+10FFFF. */
static size_t sequence(const uint8_t *byte, size_t left) {
    const uint8_t first = byte[0];
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4) return 0;
    const size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    const uint8_t low = first == 0xE0   ? 0xA0
                        : first == 0xF0 ? 0x90
                                        : 0x80,
                  high = first == 0xED   ? 0x9F
                         : first == 0xF4 ? 0x8F
                                         : 0xBF;
    if (left < length || byte[1] < low || byte[1] > high) return 0;
    for (size_t i = 2; i < length; i++)
        if ((byte[i] & 0xC0) != 0x80) return 0;
    return length;
}

static uint32_t character(const uint8_t *byte, size_t length) {
    static const uint8_t head[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = byte[0] & head[length];
    for (size_t i = 1; i < length; i++) code = code << 6 | (byte[i] & 0x3Fu);
    return code;
}

bool letters_decode(Reading *to, Letters *letters, const char *path, const uint8_t *byte,
                    size_t count, BaseError *error) {
    *letters = (Letters){0, TAKE(to->scratch, uint32_t, count + 1)};
    for (size_t at = 0; at < count;) {
        const size_t length = sequence(byte + at, count - at);
        if (length == 0)
            return base_fail(error, EX_DATAERR, at,
                             "%s: offset %zu: byte 0x%02x begins no character, UTF-8 is "
                             "expected",
                             path, at, (unsigned)byte[at]);
        letters->code[letters->count++] = character(byte + at, length);
        at += length;
    }
    return true;
}

bool letters_file(Reading *to, Letters *letters, const char *path, BaseError *error) {
    Stream stream;
    bool good = stream_open(&stream, to->scratch, path, error);
    const size_t count = good ? stream_size(&stream) : 0;
    if (good && count > SOURCE_LIMIT)
        good = stream_fail(&stream, 0,
                           "%zu bytes are said to be in it, at most %zu are read", count,
                           SOURCE_LIMIT);
    uint8_t *byte = good ? TAKE(to->scratch, uint8_t, count + 1) : NULL;
    good = good && stream_take(&stream, byte, count) && stream_end(&stream);
    if (good && stream.packed) path = text_print(to->scratch, "%s (decompressed)", path);
    stream_close(&stream);
    return good && letters_decode(to, letters, path, byte, count, error);
}

/* ---- symbols ------------------------------------------------------------------------- */

/* Where it stands among them, or would. */
static size_t place_of(const Symbols *s, uint32_t code) {
    size_t low = 0, high = s->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (s->code[middle] < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint8_t symbols_code(const Symbols *symbols, uint32_t code) {
    return (uint8_t)place_of(symbols, code);
}

/* The character itself; blanks and what no terminal should be sent have a name. */
static const char *name_of(Arena *arena, uint32_t code) {
    const unsigned low = (code & 0x3F) | 0x80, middle = (code >> 6 & 0x3F) | 0x80,
                   high = (code >> 12 & 0x3F) | 0x80;
    if (code == ' ') return "space";
    if (code == '\n') return "newline";
    if (code < 0x20 || (code >= 0x7F && code <= 0xA0))
        return text_print(arena, "U+%04X", (unsigned)code);
    if (code < 0x80) return text_print(arena, "%c", (int)code);
    if (code < 0x800) return text_print(arena, "%c%c", (int)(code >> 6 | 0xC0), (int)low);
    if (code < 0x10000)
        return text_print(arena, "%c%c%c", (int)(code >> 12 | 0xE0), (int)middle,
                          (int)low);
    return text_print(arena, "%c%c%c%c", (int)(code >> 18 | 0xF0), (int)high, (int)middle,
                      (int)low);
}

bool symbols_find(Reading *to, Symbols *symbols, const Letters *letters, const char *path,
                  BaseError *error) {
    symbols->count = 0;
    for (size_t i = 0; i < letters->count; i++) {
        const uint32_t code = letters->code[i];
        const size_t at = place_of(symbols, code);
        if (at < symbols->count && symbols->code[at] == code) continue;
        if (symbols->count == LETTERS_SYMBOLS)
            return base_fail(
                error, EX_DATAERR, i,
                "%s: character %zu, U+%04X, is one more than %d different ones; "
                "so many are expected at most",
                path, i, (unsigned)code, LETTERS_SYMBOLS);
        memmove(symbols->code + at + 1, symbols->code + at,
                (symbols->count++ - at) * sizeof *symbols->code);
        symbols->code[at] = code;
    }
    const char **name = TAKE(to->arena, const char *, symbols->count + 1);
    for (size_t k = 0; k < symbols->count; k++)
        name[k] = name_of(to->arena, symbols->code[k]);
    symbols->name = name;
    return true;
}

const char *symbols_text(Arena *arena, const Symbols *symbols) {
    Text text = text_new(arena);
    text_add(&text, "symbols");
    for (size_t k = 0; k < symbols->count; k++)
        text_add(&text, " %X", (unsigned)symbols->code[k]);
    text_add(&text, "\n");
    return text.data;
}

/* ---- windows ------------------------------------------------------------------------- */

/* A block's windows: the last symbol that one has to tell is the first that the next one sees,
 * and none of it is another block's. */
enum { WINDOW = LETTERS_WINDOW, BLOCK = LETTERS_WINDOWS * WINDOW + 1, TENTH = 10 };

static void declare_windows(Reading *to, const Symbols *symbols) {
    const char *const name[] = {"text", "next"};
    to->fields = COUNT_OF(name);
    for (size_t k = 0; k < COUNT_OF(name); k++)
        to->field[k] = (DataField){.name = name[k],
                                   .unit = "",
                                   .type = DATA_LABELS,
                                   .shape = SHAPE_OF(WINDOW),
                                   .classes = symbols->count,
                                   .class_name = symbols->name};
    to->also = symbols_text(to->arena, symbols);
}

static void put_block(Pile *pile, const uint8_t *symbol) {
    uint8_t *text = pile->value[0], *next = pile->value[1];
    for (size_t w = 0; w < LETTERS_WINDOWS; w++, pile->count++, symbol += WINDOW) {
        memcpy(text + pile->count * WINDOW, symbol, WINDOW);
        memcpy(next + pile->count * WINDOW, symbol + 1, WINDOW);
    }
}

static void take_blocks(const Reading *to, Pile *pile, size_t blocks) {
    pile->count = blocks * LETTERS_WINDOWS;
    pile_take(to, pile);
    pile->count = 0;
}

/* The first tenth of the drawn order tests, the next validates; parts are in the text's order. */
static void deal_blocks(Reading *to, const uint8_t *symbol, size_t blocks) {
    const size_t tenth = (blocks + TENTH - 1) / TENTH;
    size_t *order = TAKE(to->scratch, size_t, blocks);
    Pile **part = TAKE(to->scratch, Pile *, blocks);
    draw_permutation((Draw){SPLIT_SEED, DRAW_SPLIT, 0, 0}, order, blocks);
    for (size_t i = 0; i < blocks; i++)
        part[order[i]] = i < tenth ? &to->test : i < 2 * tenth ? &to->val : &to->train;
    take_blocks(to, &to->test, tenth);
    take_blocks(to, &to->val, tenth);
    take_blocks(to, &to->train, blocks - 2 * tenth);
    for (size_t b = 0; b < blocks; b++) put_block(part[b], symbol + b * BLOCK);
}

bool letters_windows(Reading *to, const Letters *letters, const char *path,
                     BaseError *error) {
    enum { LEAST = 3 * BLOCK };
    Symbols symbols;
    if (letters->count < LEAST)
        return base_fail(error, EX_DATAERR, letters->count,
                         "%s: a text of %zu characters, %d or more are expected: three "
                         "blocks, to train, to validate and to test",
                         path, letters->count, LEAST);
    if (!symbols_find(to, &symbols, letters, path, error)) return false;
    if (symbols.count < 2)
        return base_fail(
            error, EX_DATAERR, 0,
            "%s: one character over and over, two different ones or more are "
            "expected",
            path);
    uint8_t *symbol = TAKE(to->scratch, uint8_t, letters->count);
    for (size_t i = 0; i < letters->count; i++)
        symbol[i] = symbols_code(&symbols, letters->code[i]);
    declare_windows(to, &symbols);
    deal_blocks(to, symbol, letters->count / BLOCK);
    return true;
}
