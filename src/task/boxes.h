/* boxes: what there is in an image, and what is told of it, as rectangles: which boxes labels of pixels
 * make, and which a detector's maps. */
#ifndef NORMLAB_BOXES_H
#define NORMLAB_BOXES_H

#include "task.h"

/* From left to right and top to bottom, edges of pixels: pixel (0, 0) goes from 0 to 1. */
typedef struct Box {
    double left, top, right, bottom;
} Box;

/* The part of both together that is in both; 0 of what has no area. */
double box_overlap(Box a, Box b);

enum { BOX_SIDES = 4, BOX_MOST_TOLD = 100 };

typedef struct Thing {
    Box box;
    size_t class;
    double score; /* of what is told, 0 to 1 */
} Thing;

/* Objects in an image: the box of all pixels with one number, its class that of its first pixel which
 * has one. object, mask: [height, width], no number and no class where 0 or DATA_IGNORED. In the order
 * of their numbers; `thing` has room for DATA_MOST_CLASSES. */
size_t boxes_there(Thing *thing, const uint8_t *object, const uint8_t *mask,
                   size_t height, size_t width);

/* One level of a detector: [N, classes + BOX_SIDES, rows, columns] over images, of which a place has
 * `tall` x `wide` pixels around its centre. */
typedef struct BoxLevel {
    size_t classes, rows, columns;
    double tall, wide;
} BoxLevel;

BoxLevel box_level(const Task *task, Shape out, Shape image);
double box_centre_x(const BoxLevel *level, size_t place); /* of places in their order */
double box_centre_y(const BoxLevel *level, size_t place);

/* The score of a class is sigmoid(z + BOX_PRIOR): 0.01 where z is 0, so that a network that says
 * nothing yet says "nothing there" (Lin et al. 2017, section 4.1: there as initial bias). The
 * distances from a centre to the box's left, top, right and bottom are 2 exp(z) places. */
#define BOX_PRIOR (-4.59511985013459)

/* What is told of sample n, the highest score first (of equals the first place): scores above 0.05;
 * of those of one class that overlap by more than 0.6 the first; at most BOX_MOST_TOLD
 * (FCOS, Tian et al. 2019, section 4). thing[BOX_MOST_TOLD]. */
size_t boxes_told(Arena *scratch, Thing *thing, const Task *task, TapeNode *const *out,
                  size_t outputs, const Batch *batch, size_t n);

/* Of things in order of their scores those that overlap by more than 0.6 with none before; of
 * one class, or of any. In place. */
size_t boxes_apart(Thing *thing, size_t count, bool any);

#endif
