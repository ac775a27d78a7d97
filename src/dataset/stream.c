/* A file is read whole, then handed out in exact portions, inflated on the way if it is
 * gzip. The reader says how much it expects, so that a file can be neither short nor long
 * unnoticed, and a bomb costs no memory: nothing beyond what was asked for is ever
 * inflated.
 */
#include "source.h"

#include <string.h>

static PRINTF_LIKE(5, 0) bool report(const Stream *stream, const char *layer, int code,
                                     size_t at, const char *format, va_list args) {
    char what[256];
    vsnprintf(what, sizeof what, format, args);
    return base_fail(stream->error, code, at, "%s%s: offset %zu: %s", stream->path, layer,
                     at, what);
}

bool stream_fail(const Stream *stream, size_t at, const char *format, ...) {
    va_list args;
    va_start(args, format);
    report(stream, stream->packed ? " (decompressed)" : "", EX_DATAERR, at, format, args);
    va_end(args);
    return false;
}

/* Trouble in the gzip layer: the offset is one of the file itself. */
static PRINTF_LIKE(3, 4) bool packed_fail(const Stream *stream, int code,
                                          const char *format, ...) {
    va_list args;
    va_start(args, format);
    report(stream, "", code, stream->length - stream->z.avail_in, format, args);
    va_end(args);
    return false;
}

bool stream_label(const Stream *stream, size_t at, uint8_t label, size_t classes) {
    if (label < classes) return true;
    return stream_fail(stream, at, "label %u, expected 0 to %zu", (unsigned)label,
                       classes - 1);
}

bool stream_open(Stream *stream, Arena *scratch, const char *path, BaseError *error) {
    *stream = (Stream){.path = path, .error = error};
    stream->data =
        (uint8_t *)place_read(scratch, path, SOURCE_LIMIT, &stream->length, error);
    if (stream->data == NULL) return false;
    /* The content decides, not the name: unpacking tools often leave the ".gz" on. */
    stream->packed = stream->length >= 2 && memcmp(stream->data, "\x1f\x8b", 2) == 0;
    if (!stream->packed) return true;
    stream->z.next_in = stream->data;
    stream->z.avail_in = (uInt)stream->length;
    enum { GZIP_ONLY = 16 };
    if (inflateInit2(&stream->z, GZIP_ONLY + MAX_WBITS) == Z_OK) return true;
    return packed_fail(stream, EX_OSERR, "zlib cannot start");
}

size_t stream_size(const Stream *stream) {
    const uint8_t *end =
        stream->data + stream->length; /* of gzip: a length, low byte first */
    if (!stream->packed) return stream->length;
    return stream->length < 4 ? 0
                              : (size_t)end[-1] << 24 | (size_t)end[-2] << 16 |
                                    (size_t)end[-3] << 8 | end[-4];
}

/* Inflates until `count` bytes are out or the member ends; returns how many came. */
static size_t inflate_some(Stream *stream, void *out, size_t count, bool *good) {
    z_stream *z = &stream->z;
    z->next_out = out;
    z->avail_out = (uInt)count;
    int status = Z_OK;
    while (status == Z_OK && z->avail_out > 0 && !stream->finished) {
        status = inflate(z, Z_NO_FLUSH);
        stream->finished = status == Z_STREAM_END;
    }
    *good = status == Z_OK || status == Z_STREAM_END;
    if (status == Z_BUF_ERROR)
        packed_fail(stream, EX_DATAERR,
                    "the gzip data is truncated, expected it to go on");
    else if (!*good)
        packed_fail(stream, status == Z_MEM_ERROR ? EX_OSERR : EX_DATAERR,
                    "damaged gzip data (%s), expected it whole",
                    z->msg ? z->msg : zError(status));
    return count - z->avail_out;
}

bool stream_take(Stream *stream, void *out, size_t count) {
    size_t got = stream->length - stream->at;
    bool good = true;
    REQUIRE(count <= SOURCE_LIMIT, "%zu bytes asked of %s", count, stream->path);
    if (stream->packed) {
        got = inflate_some(stream, out, count, &good);
    } else {
        if (got > count) got = count;
        memcpy(out, stream->data + stream->at, got);
    }
    stream->at += got;
    if (!good) return false;
    return got == count ||
           stream_fail(stream, stream->at, "the data ends, expected %zu bytes more",
                       count - got);
}

bool stream_end(Stream *stream) {
    uint8_t more;
    bool good = true;
    if (!stream->packed) {
        if (stream->at == stream->length) return true;
        return stream_fail(stream, stream->at, "%zu bytes too many, expected the end",
                           stream->length - stream->at);
    }
    if (inflate_some(stream, &more, 1, &good) > 0)
        return stream_fail(stream, stream->at, "more data, expected the end");
    if (!good || stream->z.avail_in == 0) return good;
    return packed_fail(stream, EX_DATAERR,
                       "%u bytes after the gzip data, expected the end",
                       stream->z.avail_in);
}

void stream_close(Stream *stream) {
    inflateEnd(&stream->z); /* of a stream that never began: refused, no harm */
}
