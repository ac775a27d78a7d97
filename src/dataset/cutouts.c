/* One object over a photograph, and which it is: the pieces of `scenes`, split as there, so that who
 * learned these has seen no object that scenes test. */
#include "source.h"

enum { SIDE = SCENE_SIDE, PLANE = SIDE * SIDE };

static const size_t COUNT[SCENE_PARTS] = {4000, 500, 500};

static bool draw_part(Reading *to, Pile *pile, const Pieces *pieces, ScenePart part,
                      BaseError *error) {
    uint8_t *mask = TAKE(to->scratch, uint8_t, PLANE),
            *object = TAKE(to->scratch, uint8_t, PLANE);
    pile->count = COUNT[part];
    pile_take(to, pile);
    uint8_t *image = pile->value[0], *label = pile->value[1];
    for (size_t i = 0; i < pile->count; i++) {
        const Scene scene = {image + 3 * i * PLANE, mask, object};
        if (scene_draw(to->scratch, &scene, pieces, part, i, 1) == 0)
            return scenes_are_empty(to, error);
        size_t p = 0;
        while (object[p] == 0) p++;
        label[i] = (uint8_t)(mask[p] - 1);
    }
    return true;
}

static bool fill(Reading *to, BaseError *error) {
    Pieces pieces;
    if (!pieces_read(to, &pieces, error)) return false;
    reading_classes(to, SHAPE_OF(3, SIDE, SIDE), pieces.categories, pieces.name);
    return draw_part(to, &to->train, &pieces, SCENE_TRAIN, error) &&
           draw_part(to, &to->val, &pieces, SCENE_VAL, error) &&
           draw_part(to, &to->test, &pieces, SCENE_TEST, error);
}

const DatasetKind dataset_cutouts = {
    .name = "cutouts",
    .path = "FOLDER",
    .alone = true,
    .usage = "cutouts[:FOLDER]",
    .title = "5,000 drawn images of one object, 6 classes, 64 x 64, colour",
    .source = "the pieces of `scenes`, one at a time",
    .sha256 = "58806b708298cd5fc39241b1ba4296b69730b558f71b3edd00b3bbe350ced672",
    .need = "folders of three PNG or more each, one a category, 'photos', and if there "
            "are more of those to train with, 'grounds'",
    .fill = fill,
};
