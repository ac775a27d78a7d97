/* What `normlab check` proves the loss of detection on. */
#include "boxes.h"
#include "places.h"

/* One object in front of another; nothing, and pixels without class; a thin one, and one cut off by such
 * pixels. On one level a place is a pixel, on the other it is 3 x 4 of them. */
// clang-format off
enum { EXAMPLES = 3, HIGH = 9, WIDE = 8 };
static const uint8_t example_object[EXAMPLES * HIGH * WIDE] = {
    0,1,1,1,1,1,1,0,
    0,1,1,1,1,1,1,0,
    0,1,1,1,1,1,1,0,
    0,1,2,2,2,2,1,0,
    0,1,2,2,2,2,1,0,
    0,1,2,2,2,2,1,0,
    0,1,1,1,1,1,1,0,
    0,1,1,1,1,1,1,0,
    0,0,0,0,0,0,0,0,
    255,255,0,0,0,0,0,0,
    255,255,0,0,0,0,0,0,
    255,255,0,0,0,0,0,0,
    255,255,0,0,0,0,0,0,
    255,255,0,0,0,0,0,0,
    255,255,0,0,0,0,0,0,
    255,255,0,0,0,0,0,0,
    255,255,0,0,0,0,0,0,
    255,255,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,
    0,0,0,0,0,3,3,0,
    0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,
    5,5,5,0,0,0,0,0,
    5,5,5,0,0,0,0,0,
    255,255,255,255,255,255,255,255,
    255,255,255,255,255,255,255,255};
static const uint8_t example_mask[EXAMPLES * HIGH * WIDE] = {
    0,2,2,2,2,2,2,0,
    0,2,2,2,2,2,2,0,
    0,2,2,2,2,2,2,0,
    0,2,1,1,1,1,2,0,
    0,2,1,1,1,1,2,0,
    0,2,1,1,1,1,2,0,
    0,2,2,2,2,2,2,0,
    0,2,2,2,2,2,2,0,
    0,0,0,0,0,0,0,0,
    255,255,0,0,0,0,0,0,
    255,255,0,0,0,0,0,0,
    255,255,0,0,0,0,0,0,
    255,255,0,0,0,0,0,0,
    255,255,0,0,0,0,0,0,
    255,255,0,0,0,0,0,0,
    255,255,0,0,0,0,0,0,
    255,255,0,0,0,0,0,0,
    255,255,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,
    0,0,0,0,0,1,1,0,
    0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,
    2,2,2,0,0,0,0,0,
    2,2,2,0,0,0,0,0,
    255,255,255,255,255,255,255,255,
    255,255,255,255,255,255,255,255};
// clang-format on

const TaskExample detect_example = {
    .samples = EXAMPLES,
    .fields = 3,
    .field =
        {{.name = "image", .type = DATA_REALS, .shape = {3, {1, HIGH, WIDE}}},
         {.name = "mask", .type = DATA_LABELS, .shape = {2, {HIGH, WIDE}}, .classes = 3},
         {.name = "object",
          .type = DATA_LABELS,
          .shape = {2, {HIGH, WIDE}},
          .classes = 6}},
    .value = {NULL, example_mask, example_object},
    .outputs = 2,
    .output = {{.name = "fine", .shape = {3, {2 + BOX_SIDES, HIGH, WIDE}}},
               {.name = "coarse", .shape = {3, {2 + BOX_SIDES, 3, 2}}}}};
