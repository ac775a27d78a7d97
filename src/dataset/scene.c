/* Scenes: cut-outs over a photograph. All of a scene is a function of its part and its index. */
#include "source.h"

#include <math.h>
#include <string.h>

enum { SIDE = SCENE_SIDE, PLANE = SIDE * SIDE, COLOURS = 3 };

/* Sides of what is placed, in pixels; how often a place is looked for. */
enum { SMALLEST = 16, LARGEST = 40, TRIES = 12 };

/* Of an object's pixels at least so many must be seen when all are placed. */
static const double VISIBLE = 2.0 / 3.0;

/* The same, mirrored left-right. */
static void mirror(double *value, size_t planes, size_t height, size_t width) {
    for (size_t r = 0; r < planes * height; r++, value += width)
        for (size_t w = 0; w < width / 2; w++) {
            const double held = value[w];
            value[w] = value[width - 1 - w];
            value[width - 1 - w] = held;
        }
}

/* ---- what stands behind ------------------------------------------------------------ */

void photo_square(Arena *scratch, double *image, size_t to, const Picture *photo,
                  Draws *draws) {
    const size_t shorter = photo->height < photo->width ? photo->height : photo->width;
    const size_t side = to + draws_below(draws, shorter - to + 1),
                 top = draws_below(draws, photo->height - side + 1),
                 left = draws_below(draws, photo->width - side + 1);
    double *square = TAKE(scratch, double, COLOURS *side *side);
    for (size_t c = 0; c < COLOURS; c++)
        for (size_t h = 0; h < side; h++)
            memcpy(square + (c * side + h) * side,
                   photo->value + (c * photo->height + top + h) * photo->width + left,
                   side * sizeof *square);
    resize_planes(scratch, image, square, COLOURS, (const size_t[]){side, side},
                  (const size_t[]){to, to});
    if (draws_below(draws, 2)) mirror(image, COLOURS, to, to);
}

/* y = x, its colours in another order, lying on another side, or seen from behind: which of 6 orders and of
 * 8 ways. */
static void exchange(double *y, const double *x, size_t order, size_t way) {
    static const size_t from[6][COLOURS] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                            {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (size_t c = 0; c < COLOURS; c++)
        for (size_t i = 0; i < PLANE; i++) {
            size_t h = i / SIDE, w = i % SIDE;
            if (way & 1) h = SIDE - 1 - h;
            if (way & 2) w = SIDE - 1 - w;
            y[c * PLANE + i] =
                x[from[order][c] * PLANE + (way & 4 ? w * SIDE + h : h * SIDE + w)];
        }
}

/* So few photographs are to be many grounds. */
static void put_ground(Arena *scratch, double *image, const Picture *photo,
                       Draws *draws) {
    double *square = TAKE(scratch, double, COLOURS *PLANE);
    photo_square(scratch, square, SIDE, photo, draws);
    const size_t order = draws_below(draws, 6);
    exchange(image, square, order, draws_below(draws, 8));
}

/* ---- objects ------------------------------------------------------------------------ */

/* Its longer side has `longer` pixels, or what it has if that is less. */
static Picture scaled(Arena *scratch, const Picture *of, size_t longer) {
    const size_t most = of->height > of->width ? of->height : of->width;
    const size_t to = longer < most ? longer : most;
    Picture y = {(of->height * to + most / 2) / most, (of->width * to + most / 2) / most,
                 NULL};
    if (y.height == 0) y.height = 1;
    if (y.width == 0) y.width = 1;
    y.value = TAKE(scratch, double, PICTURE_PLANES *y.height *y.width);
    resize_planes(scratch, y.value, of->value, PICTURE_PLANES,
                  (const size_t[]){of->height, of->width},
                  (const size_t[]){y.height, y.width});
    return y;
}

static bool is_seen(const Picture *picture, size_t i) {
    return picture->value[COLOURS * picture->height * picture->width + i] >= 0.5;
}

/* How many pixels each object has, and how many of them are seen. */
typedef struct Counted {
    size_t whole[SCENE_MOST_OBJECTS + 1], seen[SCENE_MOST_OBJECTS + 1];
} Counted;

/* With the picture laid over what is there at (top, left) as number `number`. */
static Counted with_it(const Counted *before, const uint8_t *object,
                       const Picture *picture, size_t top, size_t left, size_t number) {
    Counted after = *before;
    after.whole[number] = after.seen[number] = 0;
    for (size_t i = 0; i < picture->height * picture->width; i++) {
        if (!is_seen(picture, i)) continue;
        const size_t at = (top + i / picture->width) * SIDE + left + i % picture->width;
        after.whole[number]++;
        after.seen[number]++;
        after.seen[object[at]]--;
    }
    return after;
}

static bool leaves_enough(const Counted *counted, size_t objects) {
    for (size_t k = 1; k <= objects; k++)
        if ((double)counted->seen[k] < VISIBLE * (double)counted->whole[k] ||
            counted->seen[k] == 0)
            return false;
    return true;
}

static void lay(double *image, const Scene *scene, const Picture *picture, size_t top,
                size_t left, size_t number, size_t category) {
    const size_t L = picture->height * picture->width;
    for (size_t i = 0; i < L; i++) {
        const size_t at = (top + i / picture->width) * SIDE + left + i % picture->width;
        const double behind = 1.0 - picture->value[COLOURS * L + i];
        for (size_t c = 0; c < COLOURS; c++)
            image[c * PLANE + at] =
                picture->value[c * L + i] + behind * image[c * PLANE + at];
        if (!is_seen(picture, i)) continue;
        scene->object[at] = (uint8_t)number;
        scene->mask[at] = (uint8_t)(category + 1);
    }
}

/* One more, where after some tries there is room for it. */
static bool place(Arena *scratch, double *image, const Scene *scene, const Pieces *pieces,
                  ScenePart part, Draws *draws, Counted *counted, size_t number) {
    const size_t category = draws_below(draws, pieces->categories);
    const Pictures *some = &pieces->object[part][category];
    /* each in a statement of its own: compilers order arguments as they like */
    const size_t longer = SMALLEST + draws_below(draws, LARGEST - SMALLEST + 1);
    const Picture picture =
        scaled(scratch, &some->at[draws_below(draws, some->count)], longer);
    if (draws_below(draws, 2))
        mirror(picture.value, PICTURE_PLANES, picture.height, picture.width);
    for (size_t i = 0; i < TRIES; i++) {
        const size_t top = draws_below(draws, SIDE - picture.height + 1),
                     left = draws_below(draws, SIDE - picture.width + 1);
        const Counted after =
            with_it(counted, scene->object, &picture, top, left, number);
        if (!leaves_enough(&after, number)) continue;
        *counted = after;
        lay(image, scene, &picture, top, left, number, category);
        return true;
    }
    return false;
}

static void put_bytes(uint8_t *to, const double *image) {
    for (size_t i = 0; i < COLOURS * PLANE; i++)
        to[i] = (uint8_t)fmin(255.0, floor(255.0 * image[i] + 0.5));
}

size_t scene_draw(Arena *scratch, const Scene *scene, const Pieces *pieces,
                  ScenePart part, size_t index, size_t most) {
    const ArenaMark mark = arena_mark(scratch);
    Draws draws = {.draw = {.purpose = DRAW_DATA, .epoch = part, .sample = index}};
    Counted counted = {.whole = {0}};
    double *image = TAKE(scratch, double, COLOURS *PLANE);
    const Pictures *photo = &pieces->photo[part];
    memset(scene->mask, 0, PLANE);
    memset(scene->object, 0, PLANE);
    put_ground(scratch, image, &photo->at[draws_below(&draws, photo->count)], &draws);
    size_t wanted = 1 + draws_below(&draws, most), objects = 0;
    for (; wanted > 0; wanted--)
        objects +=
            place(scratch, image, scene, pieces, part, &draws, &counted, objects + 1);
    put_bytes(scene->image, image);
    arena_rewind(scratch, mark);
    return objects;
}

bool scenes_are_empty(const Reading *to, BaseError *error) {
    return base_fail(error, EX_DATAERR, 0,
                     "%s: a cut-out of which nothing is seen at %d to %d pixels a side; "
                     "lines are expected to be wider",
                     to->first, SMALLEST, LARGEST);
}
