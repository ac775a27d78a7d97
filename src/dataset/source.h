/* What a kind of data set is made of: a line in dataset.def names it, and its file has the
 * rest. Here is what it fills in, and what helps it. */
#ifndef NORMLAB_SOURCE_H
#define NORMLAB_SOURCE_H

#include "dataset.h"
#include "house.h"

#define ZLIB_CONST
#include <zlib.h>

/* Larger files, and headers that promise more, are refused before anything is
 * allocated. */
#define SOURCE_LIMIT ((size_t)1 << 30)

#define DATASET(name) extern const DatasetKind dataset_##name;
#include "dataset.def"
#undef DATASET

/* One part of a source as it stands in its files. */
typedef struct Pile {
    size_t count;
    void *value[DATA_MOST_FIELDS]; /* [fields][count, the field's sizes...] */
} Pile;

/* ---- reading.c: what DatasetKind.fill fills in ------------------------------------ */

/* The fields, the piles, and their values in `arena`. */
struct Reading {
    const DatasetKind *kind;
    Arena *arena;     /* of what stays */
    Arena *scratch;   /* of the files' bytes, gone when they are decoded */
    const char *from; /* the path that was named; NULL: the kind takes none */
    size_t fields;
    DataField field[DATA_MOST_FIELDS]; /* [fields]; mean and std are found out later */
    Pile train;
    Pile val;  /* of no samples: drawn from train's */
    Pile test; /* of no samples: there are none */
    size_t
        drawn; /* of train's samples, how many are drawn to validate; 0: a tenth of them, at
                     most 5,000 */
    const char *also;         /* what decides numbers beside the values; NULL: nothing */
    const char *first;        /* path of the first file, where files_locate found them */
    const DatasetKind *known; /* whose data these turn out to be; NULL */
};

/* Two fields: an image of bytes, [C, H, W], and a label. */
void reading_classes(Reading *to, Shape image, size_t classes,
                     const char *const *class_name);

/* As many classes as labels occur in all piles, called by their numbers. */
void reading_count_classes(Reading *to);

size_t field_bytes(const DataField *field);    /* of one sample */
void pile_take(const Reading *to, Pile *pile); /* values of pile->count samples */

/* ---- stream.c: a file, plain or gzip, read exactly ------------------------------- */

typedef struct Stream {
    const char *path;
    const uint8_t *data; /* the file's own bytes */
    size_t length;
    bool packed;   /* begins like gzip */
    bool finished; /* gzip: the trailer was reached and its CRC and length hold */
    size_t at;     /* bytes handed out, of the decompressed data */
    z_stream z;
    BaseError *error; /* where trouble goes */
} Stream;

bool stream_open(Stream *stream, Arena *scratch, const char *path, BaseError *error);
bool stream_take(Stream *stream, void *out,
                 size_t count);    /* exactly count bytes, or trouble */
bool stream_end(Stream *stream);   /* nothing is left, the CRC holds */
void stream_close(Stream *stream); /* also after a failed open */

/* Bytes of the decompressed data, as far as can be told before it is read: stream_end knows. */
size_t stream_size(const Stream *stream);

/* Trouble at offset `at` of the (decompressed) data: one line that names the file.
 * Returns false. */
bool stream_fail(const Stream *stream, size_t at, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Labels count from 0: one that is no class fails at its offset. */
bool stream_label(const Stream *stream, size_t at, uint8_t label, size_t classes);

/* ---- files.c: where they are ------------------------------------------------------ */

typedef enum Root { ROOT_NONE, ROOT_CHECKOUT, ROOT_USER, ROOT_SYSTEM } Root;

/* A folder where the files may be; the first that holds one of them is taken. */
typedef struct Place {
    Root root;          /* the checkout, NORMLAB_DATA, or the file system's own root */
    const char *folder; /* below it; "" for the root itself */
} Place;

/* The paths of names[] (ends with a NULL) in the first of the places (ends with ROOT_NONE)
 * that has any, or EX_UNAVAILABLE and what to install or to set. */
bool files_locate(Reading *to, const char **path, const Place *places,
                  const char *const *names, BaseError *error);

/* The path of a file or of its .gz; NULL: there is none. */
const char *files_in(Reading *to, const char *folder, const char *name);

/* ---- idx.c, cifar.c: formats of several data sets ---------------------------------- */

/* One file into the arena; NULL: *error. size[rank] (at most 3) are wanted where they are not 0,
 * and afterwards what it has; labels are checked where `classes` is not 0. */
uint8_t *idx_file(Reading *to, const char *path, size_t *size, size_t rank,
                  size_t classes, BaseError *error);

enum { IDX_FILES = 4 };
extern const char *const idx_names[IDX_FILES + 1]; /* MNIST's, and a NULL */

/* Images and labels of both piles. Sizes, counts and classes that are set are wanted, those
 * that are 0 are found out. */
bool idx_read(Reading *to, const char *const path[IDX_FILES], BaseError *error);

enum { MD5_LENGTH = 32 };

typedef struct CifarFile {
    const char *path;
    size_t records;           /* that it must have */
    char md5[MD5_LENGTH + 1]; /* what was read, in hex */
} CifarFile;

/* train from all files but the last, which is test's. */
bool cifar_read(Reading *to, CifarFile *file, size_t files, BaseError *error);

/* ---- png.c, pieces.c, scene.c: what scenes are made of ------------------------------ */

/* A picture as planes [height, width] of red, green, blue and opacity, 0 to 1; the colours are
 * weighted by the opacity. */
enum { PICTURE_PLANES = 4 };
typedef struct Picture {
    size_t height, width;
    double *value; /* [PICTURE_PLANES, height, width] */
} Picture;

/* Any PNG of at most 4096 x 4096 pixels, cropped to where it is seen; false and *error with the
 * offset at which it goes wrong. */
bool png_picture(Reading *to, Picture *picture, const char *path, BaseError *error);

typedef enum ScenePart { SCENE_TRAIN, SCENE_VAL, SCENE_TEST, SCENE_PARTS } ScenePart;

typedef struct Pictures {
    size_t count;
    Picture *at; /* [count] */
} Pictures;

/* Cut-outs by category, and photographs; each in one of the parts. */
typedef struct Pieces {
    size_t categories;
    const char **name;             /* [categories] in order of their bytes */
    Pictures *object[SCENE_PARTS]; /* [categories] */
    Pictures photo[SCENE_PARTS];
} Pieces;

/* From the folder that was named, or the embedded one. */
bool pieces_read(Reading *to, Pieces *pieces, BaseError *error);

/* Photographs alone, which are embedded, in each one of the parts. */
bool photos_read(Reading *to, Pictures photo[SCENE_PARTS], BaseError *error);

/* Draws in the order in which they are asked for. */
typedef struct Draws {
    Draw draw;
    uint64_t next;
} Draws;

static inline size_t draws_below(Draws *draws, size_t bound) {
    return draw_below(draws->draw, draws->next++, bound);
}

/* image[3, to, to]: a square of the photograph, of any side from `to` on, in that size, mirrored or
 * not. */
void photo_square(Arena *scratch, double *image, size_t to, const Picture *photo,
                  Draws *draws);

/* One of some that were drawn. */
enum { SCENE_SIDE = 64, SCENE_MOST_OBJECTS = 5 };
typedef struct Scene {
    uint8_t *image; /* [3, SCENE_SIDE, SCENE_SIDE] */
    uint8_t
        *mask; /* [SCENE_SIDE, SCENE_SIDE] 1 + category of the object that is seen; 0 */
    uint8_t
        *object; /* [SCENE_SIDE, SCENE_SIDE] its number from 1 on; 0: the photograph */
} Scene;

/* Of at most so many objects; their number. What is drawn is a function of the part and the index.
 * The category of the first is one more than the mask's at any of its pixels. */
size_t scene_draw(Arena *scratch, const Scene *scene, const Pieces *pieces,
                  ScenePart part, size_t index, size_t most);

/* Where it has none, though one is wanted: false, and *error. */
bool scenes_are_empty(const Reading *to, BaseError *error);

/* ---- fonts.c, glyph.c: what glyphs are made of ---------------------------------------- */

enum { GLYPH_SIDE = 32, GLYPH_LETTERS = 10 };
extern const char *const glyph_class[GLYPH_LETTERS];

/* Letters A to J of fonts, family by family in one of the parts. */
typedef struct Fonts Fonts;

/* Of all fonts (.ttf, .otf) in the folders (ends with a NULL) and below; those without the letters are
 * left out. NULL and *error: one is broken, or there are too few families. */
Fonts *fonts_read(Reading *to, const char *const *folder, BaseError *error);
void fonts_close(Fonts *fonts);
size_t fonts_families(const Fonts *fonts, ScenePart part);

/* coverage[GLYPH_SIDE, GLYPH_SIDE] of each pixel in 255ths, by a letter of a family of the part, which
 * is returned: a function of part and index. */
size_t fonts_draw(const Fonts *fonts, uint8_t *coverage, ScenePart part, size_t index);

/* image[3, GLYPH_SIDE, GLYPH_SIDE]: a letter in a colour over a photograph, both drawn by part and
 * index, so that it can be seen. */
void glyph_paint(Arena *scratch, uint8_t *image, const uint8_t *coverage,
                 const Pictures *photo, ScenePart part, size_t index);

/* ---- letters.c: running text as symbols --------------------------------------------- */

/* The characters of a text. */
typedef struct Letters {
    size_t count;
    uint32_t *code; /* [count] Unicode's numbers, in the scratch arena */
} Letters;

/* Bytes of `path` as UTF-8, strictly (RFC 3629, section 4): a broken sequence fails at its offset. */
bool letters_decode(Reading *to, Letters *letters, const char *path, const uint8_t *byte,
                    size_t count, BaseError *error);
/* The same of a whole file, plain or gzip. */
bool letters_file(Reading *to, Letters *letters, const char *path, BaseError *error);

/* The characters that occur, in the order of their numbers; a field's classes. */
typedef struct Symbols {
    size_t count; /* at most LETTERS_SYMBOLS */
    uint32_t code[DATA_MOST_CLASSES];
    const char *const *name; /* [count] themselves, or what a blank is called */
} Symbols;

enum { LETTERS_SYMBOLS = 254, LETTERS_WINDOW = 64, LETTERS_WINDOWS = 64 };

bool symbols_find(Reading *to, Symbols *symbols, const Letters *letters, const char *path,
                  BaseError *error);
uint8_t symbols_code(const Symbols *symbols, uint32_t code); /* of one that occurs */
/* Which they are decides numbers, too: for Reading.also. */
const char *symbols_text(Arena *arena, const Symbols *symbols);

/* Two fields, "text" and "next" [LETTERS_WINDOW], and the three parts: blocks of LETTERS_WINDOWS
 * windows, of which a tenth each, drawn, is to validate and to test. What is left over at the end
 * is in none. */
bool letters_windows(Reading *to, const Letters *letters, const char *path,
                     BaseError *error);

/* ---- what several kinds say -------------------------------------------------------- */

enum { FASHION_CLASSES = 10, CIFAR10_CLASSES = 10, CIFAR10_FILES = 6 };
extern const char *const fashion_class[FASHION_CLASSES];
extern const char *const cifar10_class[CIFAR10_CLASSES];
bool cifar10_is(const CifarFile *file); /* [CIFAR10_FILES] */

/* ---- split.c --------------------------------------------------------------------- */

#define SPLIT_SEED UINT64_C(0x6e6f726d6c6162) /* "normlab": no run's seed */

/* train, val and test of `dataset`, whose fields are set; `drawn` of train's validate where
 * val has none. */
void split_samples(Dataset *dataset, const Reading *from, size_t drawn);
/* mean and std of what is standardized, of the samples in train. */
void split_statistics(Arena *arena, Dataset *dataset);

/* ---- resize.c: planes of any size; one sample, from the size that it is kept in to field->shape --------- */

size_t
resize_room(const DataField *field); /* doubles that resize_reals wants in `room` */
void resize_reals(double *y, const double *x, const DataField *field, double *room);
void resize_labels(uint8_t *y, const uint8_t *x, const DataField *field);
/* y[planes, to...] = x[planes, from...]; sizes are rows and columns. */
void resize_planes(Arena *scratch, double *y, const double *x, size_t planes,
                   const size_t from[2], const size_t to[2]);

#endif
