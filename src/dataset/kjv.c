/* The King James Bible as Debian has it: Chip Chapin's Bible Retrieval System (1989), text by
 * Lempel, Ziv and Welch in windows that can be read alone.
 *
 * bible.data is big-endian: from 80 on 0, bytes of a window, windows, and where each of them
 * begins, with the end behind the last; then compress's own three bytes of header. */
#include "source.h"

#include <ctype.h>
#include <string.h>

enum { HEADER = 80, OFFSETS = HEADER + 12, COMPRESS = 3 };

static size_t number_at(const uint8_t *byte) {
    return (size_t)byte[0] << 24 | (size_t)byte[1] << 16 | (size_t)byte[2] << 8 | byte[3];
}

/* ---- one window ---------------------------------------------------------------------- */

/* Codes of 9 to 16 bits, the low ones first; where they become longer, what is left of eight of
 * them is skipped, as compress(1) writes them. */
enum { LEAST_BITS = 9, MOST_BITS = 16, FREE = 257, CODES = 1 << MOST_BITS };

typedef struct Codes {
    const uint8_t *byte;
    size_t bits, at;    /* there are, and are read */
    size_t start, wide; /* where codes of so many bits begin */
    size_t free;        /* the next that will get a meaning */
} Codes;

/* False: no whole code is left. */
static bool next_code(Codes *c, size_t *code) {
    if (c->free >= (size_t)1 << c->wide && c->wide < MOST_BITS) {
        const size_t eight = 8 * c->wide;
        c->at = c->start + (c->at - c->start + eight - 1) / eight * eight;
        c->start = c->at;
        c->wide++;
    }
    if (c->at + c->wide > c->bits) return false;
    *code = 0;
    for (size_t i = 0; i < c->wide; i++, c->at++)
        *code |= (size_t)(c->byte[c->at / 8] >> c->at % 8 & 1) << i;
    return true;
}

/* What a code stands for is somewhere in what was written before: from where, how long. */
typedef struct Meaning {
    uint32_t from, length;
} Meaning;

/* Bytes written, at most `room`; where they are fewer, *at is the byte of the data behind which no
 * code follows, or one that stands for nothing yet. */
static size_t expand(uint8_t *out, size_t room, Meaning *meaning, const uint8_t *byte,
                     size_t count, size_t *at) {
    Codes codes = {.byte = byte, .bits = 8 * count, .wide = LEAST_BITS, .free = FREE};
    Meaning last = {0, 0};
    size_t written = 0, code;
    while (written < room && next_code(&codes, &code)) {
        const bool first = last.length == 0;
        if (!first && codes.free < CODES)
            meaning[codes.free++] = (Meaning){last.from, last.length + 1};
        if (code >= 256 && (code < FREE || code >= codes.free)) break;
        const Meaning it = code < 256 ? (Meaning){(uint32_t)written, 1} : meaning[code];
        if (it.length > room - written) break;
        last = (Meaning){(uint32_t)written, it.length};
        if (code < 256)
            out[written++] = (uint8_t)code;
        else /* byte by byte: the last of them may be the first that is written here */
            for (size_t i = 0; i < it.length; i++) out[written++] = out[it.from + i];
    }
    *at = codes.at / 8;
    return written;
}

/* ---- the whole ----------------------------------------------------------------------- */

typedef struct Packed {
    const Stream *stream;
    const uint8_t *byte;
    size_t count, windows, window; /* bytes of the file; of them, and bytes in each */
} Packed;

static bool read_header(Packed *p) {
    static const char magic[] = "EC02Compressed Data File";
    if (p->count < OFFSETS + 4 || memcmp(p->byte, magic, strlen(magic)) != 0)
        return stream_fail(p->stream, 0, "does not begin with \"%s\"", magic);
    p->window = number_at(p->byte + HEADER + 4);
    p->windows = number_at(p->byte + HEADER + 8);
    if (p->window == 0 || p->window > CODES)
        return stream_fail(p->stream, HEADER + 4,
                           "windows of %zu bytes, expected 1 to %d", p->window, CODES);
    if (p->windows == 0 || p->windows > (p->count - OFFSETS) / 4 - 1 ||
        p->windows > SOURCE_LIMIT / p->window)
        return stream_fail(
            p->stream, HEADER + 8,
            "%zu windows, expected as many as have an offset here, and %zu "
            "bytes in all at most",
            p->windows, SOURCE_LIMIT);
    return true;
}

/* The text in the scratch arena. */
static uint8_t *unpack(Reading *to, const Packed *p, size_t *length) {
    uint8_t *text = TAKE(to->scratch, uint8_t, p->windows * p->window);
    Meaning *meaning = TAKE(to->scratch, Meaning, CODES);
    *length = 0;
    for (size_t w = 0; w < p->windows; w++) {
        const size_t offset = OFFSETS + 4 * w, begin = number_at(p->byte + offset),
                     end = number_at(p->byte + offset + 4);
        size_t at;
        if (begin > end || end > p->count) {
            stream_fail(
                p->stream, offset,
                "window %zu from %zu to %zu, expected in the %zu bytes of the file", w,
                begin, end, p->count);
            return NULL;
        }
        const size_t got =
            expand(text + *length, p->window, meaning, p->byte + begin, end - begin, &at);
        if (got < p->window && (w + 1 < p->windows || at + 2 < end - begin)) {
            stream_fail(p->stream, begin + at, "window %zu ends after %zu bytes of %zu",
                        w, got, p->window);
            return NULL;
        }
        *length += got;
    }
    return text;
}

/* ---- verses -------------------------------------------------------------------------- */

static size_t skip(const uint8_t *text, size_t at, size_t end, int (*is)(int)) {
    while (at < end && is(text[at])) at++;
    return at;
}

/* What stands behind "1Ch2:3 " in the line from `at` to `end`; at: it begins otherwise. */
static size_t verse_at(const uint8_t *text, size_t at, size_t end) {
    const size_t book = skip(text, skip(text, at, end, isdigit), end, isalpha),
                 chapter = skip(text, book, end, isdigit);
    if (book == at || chapter == book || chapter == end || text[chapter] != ':')
        return at;
    const size_t verse = skip(text, chapter + 1, end, isdigit);
    return verse < end && text[verse] == ' ' ? verse + 1 : at;
}

/* The verses alone, in place; the first line is a title. Their new length. */
static bool keep_verses(const Stream *stream, uint8_t *text, size_t *length) {
    size_t kept = 0, at = 0;
    for (size_t line = 0; at < *length; line++) {
        const uint8_t *newline = memchr(text + at, '\n', *length - at);
        const size_t end = newline ? (size_t)(newline - text) : *length,
                     from = line > 0 ? verse_at(text, at, end) : end;
        if (from == at)
            return stream_fail(stream, 0,
                               "line %zu of the text is no verse; \"Ge1:1 In the...\" is "
                               "expected",
                               line + 1);
        if (line > 0) {
            memmove(text + kept, text + from, end - from);
            kept += end - from;
            text[kept++] = '\n';
        }
        at = end + 1;
    }
    *length = kept;
    return true;
}

static bool read_text(Reading *to, Stream *stream, Letters *letters, BaseError *error) {
    Packed p = {.stream = stream, .count = stream_size(stream)};
    if (p.count > SOURCE_LIMIT)
        return stream_fail(stream, 0, "%zu bytes are too many", p.count);
    uint8_t *byte = TAKE(to->scratch, uint8_t, p.count + 1);
    size_t length = 0;
    p.byte = byte;
    if (!stream_take(stream, byte, p.count) || !stream_end(stream) || !read_header(&p))
        return false;
    uint8_t *text = unpack(to, &p, &length);
    return text && keep_verses(stream, text, &length) &&
           letters_decode(to, letters, stream->path, text, length, error);
}

static bool fill(Reading *to, BaseError *error) {
    static const Place places[] = {{ROOT_USER, "usr/lib"},
                                   {ROOT_USER, ""},
                                   {ROOT_SYSTEM, "usr/lib"},
                                   {ROOT_NONE, NULL}};
    static const char *const files[] = {"bible.data", NULL};
    const char *path[1];
    Letters letters;
    Stream stream;
    if (!files_locate(to, path, places, files, error)) return false;
    const bool good = stream_open(&stream, to->scratch, path[0], error) &&
                      read_text(to, &stream, &letters, error);
    stream_close(&stream);
    return good && letters_windows(to, &letters, path[0], error);
}

const DatasetKind dataset_kjv = {
    .name = "kjv",
    .title = "the King James Bible, 31,102 verses of 63 symbols, in windows of 64",
    .source = "King James Version (1611), Debian's bible-kjv-text",
    .samples = "texts",
    .sha256 = "48841e2bc1eb6867c45e4ed0c3074e8a2300065d58667b9dbcc5514915e471c1",
    .need = "apt-get install bible-kjv-text, or set NORMLAB_DATA to the folder of its "
            "bible.data",
    .fill = fill,
};
