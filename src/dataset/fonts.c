/* Letters of fonts, by FreeType: their outlines as they are designed, turned, scaled and moved, and how
 * much of each pixel they cover. No hints: what is left to a version of FreeType is the rasterizer. */
#include "source.h"
#include "text.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H
#include FT_TRIGONOMETRY_H

enum { SIDE = GLYPH_SIDE, PIXEL = 64, DEEPEST = 8 };

/* The longer side of a letter in pixels, and how far it is turned, in degrees either way: what is
 * turned is still inside. */
enum { SMALLEST = 20, LARGEST = 28, TURNED = 8 };

typedef struct Face {
    const char *family; /* the first word of its name, in small letters */
    size_t number;      /* in the order of paths */
    FT_Outline letter[GLYPH_LETTERS];
} Face;

/* Faces first[k] to first[k + 1] are those of family k. */
struct Fonts {
    FT_Library library;
    Arena *arena;
    size_t faces, room, families;
    Face *face;
    size_t *first;                 /* [families + 1] */
    size_t *dealt;                 /* [families] in the order in which they are dealt */
    size_t begin[SCENE_PARTS + 1]; /* of each part in `dealt` */
};

/* ---- a file ------------------------------------------------------------------------- */

static FT_Outline copy_of(Arena *arena, const FT_Outline *from) {
    FT_Outline to = *from;
    const size_t points = (size_t)from->n_points, contours = (size_t)from->n_contours;
    to.points = TAKE(arena, FT_Vector, points + 1);
    to.tags = TAKE(arena, char, points + 1);
    to.contours = TAKE(arena, short, contours + 1);
    memcpy(to.points, from->points, points * sizeof *to.points);
    memcpy(to.tags, from->tags, points);
    memcpy(to.contours, from->contours, contours * sizeof *to.contours);
    return to;
}

/* "Nimbus Sans Narrow" is of "nimbus": designs that are drawn from each other have the same first
 * word, and are never on both sides of a split. */
static char *family_of(Arena *arena, const char *name) {
    char *word = text_copy(arena, name, strcspn(name, " "));
    for (char *c = word; *c; c++) *c = (char)tolower((unsigned char)*c);
    return word;
}

/* Signs where letters are expected, or letters that nobody reads: looked at one by one in Debian's
 * packages. */
static bool are_signs(const char *family) {
    static const char *const signs[] = {"binary", "d050000l", "faux",
                                        "loopy",  "standard", "symmetry"};
    for (size_t i = 0; i < COUNT_OF(signs); i++)
        if (strcmp(signs[i], family) == 0) return true;
    return false;
}

/* False without an error: it has not all letters (symbols, another script). */
static bool take_letters(const Fonts *fonts, Face *to, FT_Face face, FT_Error *trouble) {
    if (face->family_name == NULL || FT_Select_Charmap(face, FT_ENCODING_UNICODE) != 0)
        return false;
    to->family = family_of(fonts->arena, face->family_name);
    if (are_signs(to->family)) return false;
    for (size_t k = 0; k < GLYPH_LETTERS; k++) {
        const FT_UInt at = FT_Get_Char_Index(face, 'A' + k);
        if (at == 0) return false;
        *trouble = FT_Load_Glyph(face, at, FT_LOAD_NO_SCALE | FT_LOAD_NO_BITMAP);
        if (*trouble) return false;
        if (face->glyph->format != FT_GLYPH_FORMAT_OUTLINE ||
            face->glyph->outline.n_points < 3)
            return false;
        to->letter[k] = copy_of(fonts->arena, &face->glyph->outline);
    }
    to->number = fonts->faces;
    return true;
}

static Face *room_for_one(Fonts *fonts) {
    if (fonts->faces == fonts->room) {
        const size_t room = 2 * fonts->room + 64;
        Face *grown = TAKE(fonts->arena, Face, room);
        if (fonts->faces > 0) memcpy(grown, fonts->face, fonts->faces * sizeof *grown);
        fonts->face = grown, fonts->room = room;
    }
    return &fonts->face[fonts->faces];
}

static bool read_file(Reading *to, Fonts *fonts, const char *path, BaseError *error) {
    Stream stream;
    FT_Face face;
    const ArenaMark mark = arena_mark(to->scratch);
    if (!stream_open(&stream, to->scratch, path, error)) return false;
    FT_Error trouble =
        FT_New_Memory_Face(fonts->library, stream.data, (FT_Long)stream.length, 0, &face);
    if (trouble == 0) {
        fonts->faces += take_letters(fonts, room_for_one(fonts), face, &trouble);
        FT_Done_Face(face);
    }
    stream_close(&stream);
    arena_rewind(to->scratch, mark);
    return trouble == 0 ||
           base_fail(error, EX_DATAERR, 0,
                     "%s: FreeType cannot read this font (its error 0x%02x)", path,
                     (unsigned)trouble);
}

/* ---- a folder ------------------------------------------------------------------------ */

static int by_bytes(const void *a, const void *b) {
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

static bool is_font(const char *name) {
    static const char *const ends[] = {".ttf", ".otf", ".TTF", ".OTF"};
    const size_t length = strlen(name);
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (length > 4 && strcmp(name + length - 4, ends[i]) == 0) return true;
    return false;
}

/* The fonts in a folder and in those that it holds, in order of their paths. */
static bool read_folder(Reading *to, Fonts *fonts, const char *folder, size_t depth,
                        BaseError *error) {
    enum { MOST = 10000 };
    DIR *directory = opendir(folder);
    if (directory == NULL)
        return base_fail(error, EX_NOINPUT, 0, "%s: no such folder, expected %s", folder,
                         to->kind->need);
    const char **path = TAKE(fonts->arena, const char *, MOST);
    size_t count = 0;
    for (const struct dirent *e; count < MOST && (e = readdir(directory)) != NULL;)
        if (e->d_name[0] != '.')
            path[count++] = text_print(fonts->arena, "%s/%s", folder, e->d_name);
    closedir(directory);
    qsort(path, count, sizeof *path, by_bytes);
    for (size_t i = 0; i < count; i++) {
        struct stat about;
        if (stat(path[i], &about) != 0) continue;
        if (S_ISDIR(about.st_mode)
                ? depth < DEEPEST && !read_folder(to, fonts, path[i], depth + 1, error)
                : is_font(path[i]) && !read_file(to, fonts, path[i], error))
            return false;
    }
    return true;
}

/* ---- families, and who has them -------------------------------------------------------- */

/* Faces of a family stay in the order of their paths. */
static int by_family(const void *a, const void *b) {
    const Face *left = a, *right = b;
    const int order = strcmp(left->family, right->family);
    return order ? order
                 : (left->number > right->number) - (left->number < right->number);
}

/* A quarter of the families tests, an eighth validates, the others train; which, is drawn by a seed
 * that is no run's. */
static void deal(Fonts *fonts) {
    const size_t test = fonts->families / 4, val = (fonts->families + 4) / 8;
    draw_permutation((Draw){.purpose = DRAW_SPLIT, .sample = GLYPH_SIDE}, fonts->dealt,
                     fonts->families);
    fonts->begin[SCENE_VAL] = fonts->families - test - val;
    fonts->begin[SCENE_TEST] = fonts->families - test;
    fonts->begin[SCENE_PARTS] = fonts->families;
}

static bool find_families(Fonts *fonts, const char *where, BaseError *error) {
    enum { LEAST = 8 };
    if (fonts->faces > 0)
        qsort(fonts->face, fonts->faces, sizeof *fonts->face, by_family);
    fonts->first = TAKE(fonts->arena, size_t, fonts->faces + 1);
    for (size_t i = 0; i < fonts->faces; i++)
        if (i == 0 || strcmp(fonts->face[i].family, fonts->face[i - 1].family) != 0)
            fonts->first[fonts->families++] = i;
    fonts->first[fonts->families] = fonts->faces;
    if (fonts->families < LEAST)
        return base_fail(error, EX_DATAERR, 0,
                         "%s: fonts with the letters A to J of %zu families; %d or more "
                         "are expected, so that some can train, some validate, some test",
                         where, fonts->families, LEAST);
    fonts->dealt = TAKE(fonts->arena, size_t, fonts->families);
    deal(fonts);
    return true;
}

Fonts *fonts_read(Reading *to, const char *const *folder, BaseError *error) {
    Fonts *fonts = ZERO(to->scratch, Fonts, 1);
    fonts->arena = arena_new();
    if (FT_Init_FreeType(&fonts->library) != 0) {
        base_fail(error, EX_OSERR, 0, "FreeType cannot start");
        fonts->library = NULL;
    }
    bool good = fonts->library != NULL;
    for (size_t i = 0; good && folder[i]; i++)
        good = read_folder(to, fonts, folder[i], 0, error);
    if (good && find_families(fonts, folder[0], error)) return fonts;
    fonts_close(fonts);
    return NULL;
}

void fonts_close(Fonts *fonts) {
    if (fonts->library) FT_Done_FreeType(fonts->library);
    arena_free(fonts->arena);
}

size_t fonts_families(const Fonts *fonts, ScenePart part) {
    return fonts->begin[part + 1] - fonts->begin[part];
}

/* ---- a letter ----------------------------------------------------------------------------- */

/* Turned by so many degrees, its longer side of so many pixels. */
static void shape_letter(FT_Outline *letter, size_t longer, int degrees) {
    FT_BBox box;
    FT_Outline_Get_CBox(letter, &box);
    const FT_Pos width = box.xMax - box.xMin, height = box.yMax - box.yMin,
                 most = width > height ? width : height;
    const FT_Angle angle = degrees * (FT_ANGLE_PI / 180);
    const FT_Fixed scale = FT_DivFix((FT_Long)longer * PIXEL, most > 0 ? most : 1),
                   along = FT_MulFix(scale, FT_Cos(angle)),
                   across = FT_MulFix(scale, FT_Sin(angle));
    const FT_Matrix matrix = {along, -across, across, along};
    FT_Outline_Transform(letter, &matrix);
}

/* Somewhere inside: in 64ths of a pixel. */
static void move_letter(FT_Outline *letter, Draws *draws) {
    FT_BBox box;
    FT_Outline_Get_CBox(letter, &box);
    const FT_Pos free_x = SIDE * PIXEL - (box.xMax - box.xMin),
                 free_y = SIDE * PIXEL - (box.yMax - box.yMin);
    const size_t x = draws_below(draws, free_x > 0 ? (size_t)free_x + 1 : 1),
                 y = draws_below(draws, free_y > 0 ? (size_t)free_y + 1 : 1);
    FT_Outline_Translate(letter, (FT_Pos)x - box.xMin, (FT_Pos)y - box.yMin);
}

size_t fonts_draw(const Fonts *fonts, uint8_t *coverage, ScenePart part, size_t index) {
    const ArenaMark mark = arena_mark(fonts->arena);
    Draws draws = {.draw = {.purpose = DRAW_DATA, .epoch = 8 + part, .sample = index}};
    const size_t family = fonts->dealt[fonts->begin[part] +
                                       draws_below(&draws, fonts_families(fonts, part))],
                 first = fonts->first[family],
                 face = first + draws_below(&draws, fonts->first[family + 1] - first),
                 k = draws_below(&draws, GLYPH_LETTERS),
                 longer = SMALLEST + draws_below(&draws, LARGEST - SMALLEST + 1);
    const int degrees = (int)draws_below(&draws, 2 * TURNED + 1) - TURNED;
    FT_Outline letter = copy_of(fonts->arena, &fonts->face[face].letter[k]);
    shape_letter(&letter, longer, degrees);
    move_letter(&letter, &draws);
    const FT_Bitmap to = {.rows = SIDE,
                          .width = SIDE,
                          .pitch = SIDE,
                          .buffer = coverage,
                          .num_grays = 256,
                          .pixel_mode = FT_PIXEL_MODE_GRAY};
    memset(coverage, 0, SIDE * SIDE);
    REQUIRE(FT_Outline_Get_Bitmap(fonts->library, &letter, &to) == 0,
            "no bitmap of a letter of '%s'", fonts->face[face].family);
    arena_rewind(fonts->arena, mark);
    return k;
}
