/* What detectors tell, as lines that a program reads: of boxes that are drawn, or of a detector that was
 * trained for a moment; then what our sums make of them. tests/detect.py judges it.
 *     told random SEED [fine]       told trained EPOCHS IMAGES
 * there IMAGE CLASS LEFT TOP RIGHT BOTTOM; told IMAGE CLASS SCORE LEFT TOP RIGHT BOTTOM, the highest
 * first in each image; classes COUNT; NAME VALUE for each metric. */
#include "boxes.h"
#include "house.h"
#include "places.h"
#include "precision.h"
#include "train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_box(Box b) {
    printf(" %.17g %.17g %.17g %.17g\n", b.left, b.top, b.right, b.bottom);
}

static void print_image(size_t image, const Thing *told, size_t n, const Thing *there,
                        size_t m) {
    for (size_t i = 0; i < m; i++) {
        printf("there %zu %zu", image, there[i].class);
        print_box(there[i].box);
    }
    for (size_t i = 0; i < n; i++) {
        printf("told %zu %zu %.17g", image, told[i].class, told[i].score);
        print_box(told[i].box);
    }
}

/* ---- drawn ---------------------------------------------------------------------------- */

enum { CLASSES = 3, IMAGES = 40, MOST = 6 };

static Box draw_box(Draw draw, uint64_t at) {
    const double x = 40 * draw_uniform(draw, at), y = 40 * draw_uniform(draw, at + 1);
    return (Box){x, y, x + 4 + 20 * draw_uniform(draw, at + 2),
                 y + 4 + 20 * draw_uniform(draw, at + 3)};
}

/* The same, moved a little. */
static Box moved(Draw draw, uint64_t at, Box b) {
    double by[BOX_SIDES];
    for (uint64_t s = 0; s < BOX_SIDES; s++)
        by[s] = 2.5 * (draw_uniform(draw, at + s) - 0.5);
    return (Box){b.left + by[0], b.top + by[1], b.right + by[2], b.bottom + by[3]};
}

static int highest_first(const void *a, const void *b) {
    const double left = ((const Thing *)a)->score, right = ((const Thing *)b)->score;
    return left > right ? -1 : left < right;
}

/* In the middle of one step of the sums. */
static double score_in(size_t step) {
    const double root = ((double)step + 0.5) / PRECISION_BINS;
    return root * root;
}

/* `order`: scores that no step of the sums has twice; NULL: any. */
static void draw_image(Arena *arena, double *sum, uint64_t seed, size_t image,
                       const size_t *order) {
    const Draw draw = {.seed = seed, .purpose = DRAW_TEST, .sample = image};
    Thing there[MOST], told[MOST + 3];
    const size_t m = draw_below(draw, 0, MOST + 1);
    for (size_t i = 0; i < m; i++)
        there[i] =
            (Thing){draw_box(draw, 100 * i + 8), draw_below(draw, 100 * i + 1, 3), 1};
    const size_t n = m + draw_below(draw, 1, 4);
    for (size_t i = 0; i < n; i++) {
        const uint64_t at = 1000 + 100 * i;
        const bool is_there = i < m && draw_below(draw, at, 6) > 0;
        told[i].class = is_there && draw_below(draw, at + 1, 5) > 0
                            ? there[i].class
                            : draw_below(draw, at + 2, CLASSES);
        told[i].box =
            is_there ? moved(draw, at + 8, there[i].box) : draw_box(draw, at + 8);
        told[i].score =
            order ? score_in(order[image * (MOST + 3) + i]) : draw_uniform(draw, at + 3);
    }
    qsort(told, n, sizeof *told, highest_first);
    print_image(image, told, n, there, m);
    precision_add(arena, sum, CLASSES, told, n, there, m);
}

static void print_averages(const double *sum, size_t classes) {
    double ap = 0;
    for (size_t o = 0; o < PRECISION_OVERLAPS; o++)
        ap += precision_average(sum, classes, o, false) / PRECISION_OVERLAPS;
    printf("classes %zu\nap %.17g\nap50 %.17g\nap75 %.17g\nap50_any %.17g\n", classes, ap,
           precision_average(sum, classes, 0, false),
           precision_average(sum, classes, 5, false),
           precision_average(sum, classes, 0, true));
}

static void draw_all(uint64_t seed, bool fine) {
    Arena *arena = arena_new();
    double *sum = ZERO(arena, double, precision_tallies(CLASSES));
    size_t order[PRECISION_BINS];
    REQUIRE(IMAGES * (MOST + 3) <= PRECISION_BINS, "scores would tie");
    draw_permutation((Draw){.seed = seed, .purpose = DRAW_TEST, .epoch = 1}, order,
                     PRECISION_BINS);
    for (size_t i = 0; i < IMAGES; i++)
        draw_image(arena, sum, seed, i, fine ? order : NULL);
    print_averages(sum, CLASSES);
    arena_free(arena);
}

/* ---- trained --------------------------------------------------------------------------- */

static void print_sample(const Trainer *t, size_t image) {
    Arena *arena = arena_new();
    const Dataset *data = trainer_data(t);
    const Task *task = trainer_task(t);
    const Net *net = trainer_net(t);
    const Batch batch = dataset_batch(arena, data, &data->val, &image, 1, NULL, 0, 0);
    const NetPass pass = {.tape = tape_new(arena),
                          .mode = NORM_EVAL,
                          .weights = trainer_weights(t),
                          .state = trainer_state(t)};
    TapeNode *in = tape_leaf(pass.tape, batch.shape[0], batch.real[0]),
             *out[NET_MOST_ENDS];
    net_run(net, &pass, &in, out);
    Thing *told = TAKE(arena, Thing, BOX_MOST_TOLD);
    Seen *seen = TAKE(arena, Seen, 1);
    places_see(seen, task, &batch, 0);
    const size_t n = boxes_told(arena, told, task, out, net->outputs, &batch, 0);
    print_image(image, told, n, seen->thing, seen->count);
    arena_free(arena);
}

static void train(const char *epochs, const char *images) {
    static const char *const set[][2] = {
        {"dataset", "scenes"},
        {"task", "detect"},
        {"network", "detector(depth=8, width=8, stem_stride=2)"},
        {"norm", "group(4)"},
        {"batch", "8"},
        {"optimizer", "adamw"},
        {"rate", "0.005"},
        {"reference", "8"},
        {"seed", "1"},
        {"validate", "1000"}};
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    Config config = config_default(arena);
    for (size_t i = 0; i < COUNT_OF(set); i++)
        config_set(&config, arena, set[i][0], set[i][1], &error);
    config_set(&config, arena, "epochs", epochs, &error);
    config_set(&config, arena, "images", images, &error);
    die_if(&error);
    const Dataset *data = dataset_open(arena, config.dataset, &error);
    die_if(&error);
    Trainer *t = trainer_new(arena, &config, data, 1, &error);
    die_if(&error);
    while (trainer_step(t) != TRAIN_DONE) {
    }
    const TrainRecord record = trainer_record(t);
    for (size_t i = 0; i < trainer_data(t)->val.count; i++) print_sample(t, i);
    printf("classes %zu\n", trainer_task(t)->outputs - BOX_SIDES);
    for (size_t m = 0; m < record.task->metrics; m++)
        printf("%s %.17g\n", record.task->metric[m].name,
               record.val.metric[m][record.epochs - 1]);
    trainer_free(t);
    arena_free(arena);
}

int main(int argc, char **argv) {
    if (argc >= 3 && strcmp(argv[1], "random") == 0)
        draw_all(strtoull(argv[2], NULL, 10), argc > 3);
    else if (argc == 4 && strcmp(argv[1], "trained") == 0)
        train(argv[2], argv[3]);
    else
        die(EX_USAGE, "told random SEED [fine] | trained EPOCHS IMAGES");
    return 0;
}
