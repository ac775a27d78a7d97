/* Letters of fonts over photographs: ten classes in colour, whose test letters are of families that
 * nobody saw. Another version of FreeType may cover a pixel by another 255th: a run knows its data by
 * their SHA-256. data/input/README.md */
#include "source.h"
#include "text.h"

#include <string.h>

enum { PLANE = GLYPH_SIDE * GLYPH_SIDE, COLOURS = 3 };

static const size_t COUNT[SCENE_PARTS] = {12000, 2000, 4000};

static void draw_part(Reading *to, Pile *pile, const Fonts *fonts, const Pictures *photo,
                      ScenePart part) {
    uint8_t coverage[PLANE];
    pile->count = COUNT[part];
    pile_take(to, pile);
    uint8_t *image = pile->value[0], *label = pile->value[1];
    for (size_t i = 0; i < pile->count; i++) {
        label[i] = (uint8_t)fonts_draw(fonts, coverage, part, i);
        glyph_paint(to->scratch, image + i * COLOURS * PLANE, coverage, &photo[part],
                    part, i);
    }
}

/* Folders of Debian's packages, where all of them are; a file of each says so. */
static bool find_folders(Reading *to, const char **folder, BaseError *error) {
    static const Place places[] = {{ROOT_USER, "fonts"},
                                   {ROOT_USER, ""},
                                   {ROOT_SYSTEM, "usr/share/fonts"},
                                   {ROOT_NONE, NULL}};
    static const char *const files[] = {
        "opentype/urw-base35/C059-Roman.otf",
        "truetype/aenigma/aftermat.ttf",
        "truetype/dustin/Domestic_Manners.ttf",
        "truetype/lato/Lato-Regular.ttf",
        "truetype/roboto/unhinted/RobotoCondensed-Regular.ttf",
        NULL};
    if (!files_locate(to, folder, places, files, error)) return false;
    size_t i = 0;
    for (; files[i]; i++)
        folder[i] = text_copy(to->scratch, folder[i],
                              (size_t)(strrchr(folder[i], '/') - folder[i]));
    folder[i] = NULL;
    return true;
}

static bool fill(Reading *to, BaseError *error) {
    enum { MOST = 8 };
    const char *folder[MOST] = {to->from, NULL};
    Pictures photo[SCENE_PARTS];
    if (to->from == NULL && !find_folders(to, folder, error)) return false;
    Fonts *fonts = photos_read(to, photo, error) ? fonts_read(to, folder, error) : NULL;
    if (fonts == NULL) return false;
    reading_classes(to, SHAPE_OF(COLOURS, GLYPH_SIDE, GLYPH_SIDE), GLYPH_LETTERS,
                    glyph_class);
    draw_part(to, &to->train, fonts, photo, SCENE_TRAIN);
    draw_part(to, &to->val, fonts, photo, SCENE_VAL);
    draw_part(to, &to->test, fonts, photo, SCENE_TEST);
    fonts_close(fonts);
    return true;
}

const DatasetKind dataset_glyphs = {
    .name = "glyphs",
    .path = "FOLDER",
    .alone = true,
    .usage = "glyphs[:FOLDER]",
    .title =
        "18,000 drawn letters A to J of some 300 families, 10 classes, 32 x 32, colour",
    .source = "fonts of five of Debian's packages over photographs, split by family",
    .need = "apt-get install fonts-aenigma fonts-dustin fonts-lato fonts-roboto-unhinted "
            "fonts-urw-base35, or glyphs-mini, or a folder of fonts, glyphs:FOLDER",
    .fill = fill,
};
