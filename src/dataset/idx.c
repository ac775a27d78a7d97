/* IDX, the format of MNIST and its relatives: two zero bytes, the type (8: unsigned
 * bytes), the number of dimensions, each dimension as a big-endian 32-bit integer, then
 * the bytes in row-major order. As a reader for data of known sizes, where the header must
 * say the same, and for any folder of such files.
 */
#include "source.h"

enum { MOST_RANK = 3, UNSIGNED_BYTES = 8 };

const char *const idx_names[IDX_FILES + 1] = {
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte", NULL};

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

/* A dimension where one is wanted, or any but 0. */
static bool dimension(const Stream *stream, size_t d, size_t length, size_t *want) {
    const size_t at = 4 + 4 * d;
    if (*want == 0 && length == 0)
        return stream_fail(stream, at, "dimension %zu is 0, expected 1 or more", d);
    if (*want != 0 && length != *want)
        return stream_fail(stream, at, "dimension %zu is %zu, expected %zu", d, length,
                           *want);
    *want = length;
    return true;
}

/* The header, up to the first byte of data. size[rank] are wanted where they are not 0, and
 * are what it says afterwards; *all is their product. */
static bool header(Stream *stream, size_t *size, size_t rank, size_t *all) {
    uint8_t bytes[4 + 4 * MOST_RANK];
    if (!stream_take(stream, bytes, 4) || !magic(stream, bytes, rank)) return false;
    if (!stream_take(stream, bytes + 4, 4 * rank)) return false;
    *all = 1;
    for (size_t d = 0; d < rank; d++) {
        size_t at = 4 + 4 * d, length = big_endian(bytes + at);
        if (__builtin_mul_overflow(*all, length, all) || *all > SOURCE_LIMIT)
            return stream_fail(stream, at,
                               "dimension %zu is %zu, the whole more than %zu bytes", d,
                               length, SOURCE_LIMIT);
    }
    for (size_t d = 0; d < rank; d++)
        if (!dimension(stream, d, big_endian(bytes + 4 + 4 * d), &size[d])) return false;
    return true;
}

uint8_t *idx_file(Reading *to, const char *path, size_t *size, size_t rank,
                  size_t classes, BaseError *error) {
    Stream stream;
    size_t all = 0;
    uint8_t *out = NULL;
    ArenaMark mark = arena_mark(to->scratch);
    bool good = stream_open(&stream, to->scratch, path, error) &&
                header(&stream, size, rank, &all);
    const size_t start = stream.at;
    if (good) out = TAKE(to->arena, uint8_t, all);
    good = good && stream_take(&stream, out, all);
    for (size_t i = 0; good && classes > 0 && i < all; i++)
        good = stream_label(&stream, start + i, out[i], classes);
    good = good && stream_end(&stream);
    stream_close(&stream);
    arena_rewind(to->scratch, mark);
    return good ? out : NULL;
}

/* Images and labels of one part; the same count is wanted of both. */
static bool read_pile(Reading *to, Pile *pile, const char *const *path,
                      BaseError *error) {
    Shape *image = &to->field[0].shape;
    size_t size[MOST_RANK] = {pile->count, image->size[1], image->size[2]};
    const size_t classes = to->field[1].classes;
    pile->value[0] = idx_file(to, path[0], size, 3, 0, error);
    if (pile->value[0] == NULL) return false;
    *image = SHAPE_OF(1, size[1], size[2]);
    pile->count = size[0];
    pile->value[1] =
        idx_file(to, path[1], size, 1, classes ? classes : DATA_MOST_CLASSES, error);
    return pile->value[1] != NULL;
}

bool idx_read(Reading *to, const char *const path[IDX_FILES], BaseError *error) {
    return read_pile(to, &to->train, path, error) &&
           read_pile(to, &to->test, path + 2, error);
}

/* ---- any folder -------------------------------------------------------------------- */

static bool fill(Reading *to, BaseError *error) {
    const char *path[IDX_FILES];
    for (size_t f = 0; f < IDX_FILES; f++) {
        path[f] = files_in(to, to->from, idx_names[f]);
        if (path[f] == NULL)
            return base_fail(error, EX_NOINPUT, 0, "%s: no %s, expected %s", to->from,
                             idx_names[f], dataset_idx.need);
    }
    reading_classes(to, (Shape){.rank = 3}, 0, NULL);
    if (!idx_read(to, path, error)) return false;
    reading_count_classes(to);
    return true;
}

const DatasetKind dataset_idx = {
    .name = "idx",
    .path = "FOLDER",
    .usage = "idx:FOLDER",
    .title = "grey images and labels, of one's own, in four files of MNIST's names",
    .need = "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, "
            "t10k-labels-idx1-ubyte (.gz or not)",
    .fill = fill,
};
