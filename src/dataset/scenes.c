/* Objects over photographs with a class and a number for each pixel: what there is to be found in an
 * image is known to the pixel. data/input/README.md says where the pieces are from. */
#include "source.h"

enum { SIDE = SCENE_SIDE, PLANE = SIDE * SIDE };

static const size_t COUNT[SCENE_PARTS] = {4000, 400, 500};

static const char *const number_name[] = {"none", "1", "2", "3", "4", "5"};

static DataField labels(const char *name, size_t classes, const char *const *class_name) {
    return (DataField){.name = name,
                       .unit = "",
                       .type = DATA_LABELS,
                       .shape = SHAPE_OF(SIDE, SIDE),
                       .classes = classes,
                       .class_name = class_name};
}

static void set_fields(Reading *to, const Pieces *pieces) {
    const char **name = TAKE(to->arena, const char *, pieces->categories + 1);
    name[0] = "none";
    for (size_t k = 0; k < pieces->categories; k++) name[k + 1] = pieces->name[k];
    to->fields = 3;
    to->field[0] = (DataField){.name = "image",
                               .unit = "",
                               .type = DATA_BYTES,
                               .shape = SHAPE_OF(3, SIDE, SIDE),
                               .standardized = true};
    to->field[1] = labels("mask", pieces->categories + 1, name);
    to->field[2] = labels("object", COUNT_OF(number_name), number_name);
}

static bool draw_part(Reading *to, Pile *pile, const Pieces *pieces, ScenePart part,
                      BaseError *error) {
    size_t objects = 0;
    pile->count = COUNT[part];
    pile_take(to, pile);
    uint8_t *image = pile->value[0], *mask = pile->value[1], *object = pile->value[2];
    for (size_t i = 0; i < pile->count; i++) {
        const Scene scene = {image + 3 * i * PLANE, mask + i * PLANE, object + i * PLANE};
        objects += scene_draw(to->scratch, &scene, pieces, part, i, SCENE_MOST_OBJECTS);
    }
    return objects > 0 || scenes_are_empty(to, error);
}

static bool fill(Reading *to, BaseError *error) {
    Pieces pieces;
    if (!pieces_read(to, &pieces, error)) return false;
    set_fields(to, &pieces);
    return draw_part(to, &to->train, &pieces, SCENE_TRAIN, error) &&
           draw_part(to, &to->val, &pieces, SCENE_VAL, error) &&
           draw_part(to, &to->test, &pieces, SCENE_TEST, error);
}

const DatasetKind dataset_scenes = {
    .name = "scenes",
    .path = "FOLDER",
    .alone = true,
    .usage = "scenes[:FOLDER]",
    .title = "4,900 drawn scenes of one to five objects, 6 classes for pixels, 64 x 64, "
             "colour",
    .source = "Tux Paint's stamps (Bill Kendrick and others, GPL-2 or later) over "
              "photographs, by data/input/make-scenes.py",
    .sha256 = "66075c6065a450a5beda10d835a0a21a24531bea3672d02259fe4b858def634b",
    .need = "folders of three PNG or more each, one a category, 'photos', and if there "
            "are more of those to train with, 'grounds'",
    .fill = fill,
};
