/* Pictures from PNG files, by libpng: whatever a file has, as colours and an opacity. */
#include "source.h"

#include <png.h>
#include <string.h>

enum { LARGEST = 4096, COLOURS = 3, BYTES = 4, SEEN = 128 };

/* A file on its way through libpng, which leaves by longjmp where it fails. */
typedef struct Decoder {
    const char *path;
    const uint8_t *data;
    size_t length, at;
    BaseError *error;
    png_structp png;
    png_infop info;
    size_t width, height;
    uint8_t *value; /* [height, width, BYTES] */
    Arena *arena;
} Decoder;

static bool fail_at(const Decoder *d, const char *what) {
    return base_fail(d->error, EX_DATAERR, d->at, "%s: offset %zu: %s", d->path, d->at,
                     what);
}

static void on_error(png_structp png, png_const_charp what) {
    fail_at(png_get_error_ptr(png), what);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp what) {
    (void)png, (void)what; /* of what does not change a pixel */
}

static void read_bytes(png_structp png, png_bytep to, size_t count) {
    Decoder *d = png_get_io_ptr(png);
    if (count > d->length - d->at) {
        d->at = d->length;
        png_error(png, "the file ends, expected it to go on");
    }
    memcpy(to, d->data + d->at, count);
    d->at += count;
}

/* Everything as eight bits of red, green, blue and opacity. */
static void want_bytes(Decoder *d) {
    png_set_scale_16(d->png);
    png_set_expand(d->png);
    png_set_gray_to_rgb(d->png);
    png_set_add_alpha(d->png, 0xFF, PNG_FILLER_AFTER);
    png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
}

static void read_rows(Decoder *d) {
    png_bytep *row = TAKE(d->arena, png_bytep, d->height);
    d->value = TAKE(d->arena, uint8_t, d->height * d->width * BYTES);
    for (size_t h = 0; h < d->height; h++) row[h] = d->value + h * d->width * BYTES;
    png_read_image(d->png, row);
    png_read_end(d->png, NULL);
    if (d->at != d->length) png_error(d->png, "more bytes, expected the end");
}

/* What libpng has to be asked inside of one function: where it fails it comes back here. */
static bool decode(Decoder *d) {
    d->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, d, on_error, on_warning);
    d->info = d->png ? png_create_info_struct(d->png) : NULL;
    bool good = d->info != NULL;
    if (!good) base_fail(d->error, EX_OSERR, 0, "%s: libpng cannot start", d->path);
    if (good && setjmp(png_jmpbuf(d->png)) == 0) {
        png_set_user_limits(d->png, LARGEST, LARGEST);
        png_set_read_fn(d->png, d, read_bytes);
        png_read_info(d->png, d->info);
        d->width = png_get_image_width(d->png, d->info);
        d->height = png_get_image_height(d->png, d->info);
        want_bytes(d);
        read_rows(d);
    }
    png_destroy_read_struct(&d->png, &d->info, NULL);
    return !d->error->set;
}

/* Rows and columns, from and past the last, that have a pixel more seen than not. */
typedef struct Box {
    size_t top, bottom, left, right;
} Box;

static Box seen_in(const Decoder *d) {
    Box box = {d->height, 0, d->width, 0};
    for (size_t h = 0; h < d->height; h++)
        for (size_t w = 0; w < d->width; w++) {
            if (d->value[(h * d->width + w) * BYTES + COLOURS] < SEEN) continue;
            if (h < box.top) box.top = h;
            if (w < box.left) box.left = w;
            if (w >= box.right) box.right = w + 1;
            box.bottom = h + 1;
        }
    return box;
}

static void put_planes(Picture *picture, const Decoder *d, Box box) {
    const size_t L = picture->height * picture->width;
    for (size_t h = box.top, i = 0; h < box.bottom; h++)
        for (size_t w = box.left; w < box.right; w++, i++) {
            const uint8_t *v = d->value + (h * d->width + w) * BYTES;
            const double seen = v[COLOURS] / 255.0;
            for (size_t c = 0; c < COLOURS; c++)
                picture->value[c * L + i] = v[c] / 255.0 * seen;
            picture->value[COLOURS * L + i] = seen;
        }
}

bool png_picture(Reading *to, Picture *picture, const char *path, BaseError *error) {
    BaseError own = {.set = false};
    const ArenaMark mark = arena_mark(to->scratch);
    Decoder d = {.path = path, .error = &own, .arena = to->scratch};
    d.data =
        (const uint8_t *)place_read(to->scratch, path, SOURCE_LIMIT, &d.length, &own);
    if (d.data && decode(&d)) {
        const Box box = seen_in(&d);
        *picture = (Picture){box.bottom - box.top, box.right - box.left, NULL};
        if (box.bottom == 0) {
            base_fail(&own, EX_DATAERR, 0, "%s: nothing in it can be seen", path);
        } else {
            picture->value = TAKE(to->arena, double,
                                  PICTURE_PLANES * picture->height * picture->width);
            put_planes(picture, &d, box);
        }
    }
    arena_rewind(to->scratch, mark);
    return !own.set || base_fail(error, own.code, own.at, "%s", own.message);
}
