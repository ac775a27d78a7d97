/* IDX, the format of MNIST and its relatives: two zero bytes, the type (8: unsigned
 * bytes), the number of dimensions, each dimension as a big-endian 32-bit integer, then
 * the bytes in row-major order. The sizes are known beforehand; the header must say the
 * same.
 */
#include "source.h"

enum { MOST_RANK = 3, UNSIGNED_BYTES = 8 };

static size_t big_endian(const uint8_t b[4]) {
    return (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
}

static bool magic(const Stream *stream, const uint8_t m[4], size_t rank) {
    if (m[0] != 0 || m[1] != 0)
        return stream_fail(stream, 0, "magic 0x%08zx, expected 0x%08zx", big_endian(m),
                           (size_t)UNSIGNED_BYTES << 8 | rank);
    if (m[2] != UNSIGNED_BYTES)
        return stream_fail(stream, 2, "type 0x%02x, expected 0x08 (unsigned bytes)",
                           (unsigned)m[2]);
    if (m[3] != rank)
        return stream_fail(stream, 3, "%u dimensions, expected %zu", (unsigned)m[3],
                           rank);
    return true;
}

/* The header, up to the first byte of data; *size is the product of the dimensions. */
static bool header(Stream *stream, const size_t *want, size_t rank, size_t *size) {
    uint8_t bytes[4 + 4 * MOST_RANK];
    if (!stream_take(stream, bytes, 4) || !magic(stream, bytes, rank)) return false;
    if (!stream_take(stream, bytes + 4, 4 * rank)) return false;
    *size = 1;
    for (size_t d = 0; d < rank; d++) {
        size_t at = 4 + 4 * d, length = big_endian(bytes + at);
        if (__builtin_mul_overflow(*size, length, size) || *size > SOURCE_LIMIT)
            return stream_fail(stream, at,
                               "dimension %zu is %zu, the whole more than %zu bytes", d,
                               length, SOURCE_LIMIT);
    }
    for (size_t d = 0; d < rank; d++) {
        size_t at = 4 + 4 * d, length = big_endian(bytes + at);
        if (length != want[d])
            return stream_fail(stream, at, "dimension %zu is %zu, expected %zu", d,
                               length, want[d]);
    }
    return true;
}

/* One file of shape want[rank] into out; labels are checked if `classes` is not 0. */
static bool read_file(uint8_t *out, const char *path, const size_t *want, size_t rank,
                      size_t classes, Arena *scratch, Error *error) {
    Stream stream;
    size_t size = 0;
    ArenaMark mark = arena_mark(scratch);
    bool good = stream_open(&stream, scratch, path, error) &&
                header(&stream, want, rank, &size) && stream_take(&stream, out, size);
    size_t start = stream.at - (good ? size : 0);
    for (size_t i = 0; good && classes > 0 && i < size; i++)
        good = stream_label(&stream, start + i, out[i], classes);
    good = good && stream_end(&stream);
    stream_close(&stream);
    arena_rewind(scratch, mark);
    return good;
}

/* Images and labels of one part; the same count is wanted of both. */
static bool read_pile(Pile *pile, const char *const *path, const Recipe *recipe,
                      Arena *scratch, Error *error) {
    size_t want[MOST_RANK] = {pile->count, recipe->height, recipe->width};
    return read_file(pile->value[0], path[0], want, 3, 0, scratch, error) &&
           read_file(pile->value[1], path[1], want, 1, recipe->classes, scratch, error);
}

bool idx_read(Pile *train, Pile *test, const char *const *path, const Recipe *recipe,
              Arena *scratch, Error *error) {
    REQUIRE(recipe->channels == 1, "IDX images have one channel, not %zu",
            recipe->channels);
    return read_pile(train, path, recipe, scratch, error) &&
           read_pile(test, path + 2, recipe, scratch, error);
}
