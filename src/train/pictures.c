/* What a network tells of some samples where that can be seen: evaluation that keeps it. */
#include "internal.h"

#include <string.h>

enum { SHOWN = 3 };

/* Sample i of the pictures. */
static void take_picture(const Trainer *t, Arena *arena, const TrainPictures *to,
                         size_t i) {
    const size_t index = (size_t)to->sample[i], plane = to->height * to->width;
    const Batch batch =
        dataset_batch(arena, t->dataset, &t->dataset->test, &index, 1, NULL, 0, 0);
    const NetPass pass = {.tape = tape_new(arena),
                          .mode = NORM_EVAL,
                          .epoch = last_epoch(t),
                          .step = last_step(t),
                          .weights = t->weights,
                          .state = t->judged};
    TapeNode *in = shard_input(pass.tape, &batch), *out[NET_MOST_ENDS];
    net_run(t->net, &pass, &in, out);
    memcpy(to->image + i * plane, batch.real[0], plane * sizeof *to->image);
    t->task.kind->map(&t->task, to->told + i * plane, to->truth + i * plane, out, &batch,
                      0);
}

TrainPictures trainer_pictures(const Trainer *t, Arena *arena) {
    const Samples *test = &t->dataset->test;
    const Shape *seen = &t->dataset->field[0].shape;
    const DataField *asked = &t->dataset->field[t->task.field];
    if (t->task.kind->map == NULL || seen->rank < 2 || test->count == 0)
        return (TrainPictures){.count = 0};
    TrainPictures to = {.count = test->count < SHOWN ? test->count : SHOWN,
                        .height = seen->size[seen->rank - 2],
                        .width = seen->size[seen->rank - 1],
                        .classes = asked->classes,
                        .class_name = asked->class_name};
    const size_t values = to.count * to.height * to.width;
    to.sample = TAKE(arena, double, to.count);
    to.image = TAKE(arena, double, values);
    to.told = TAKE(arena, double, values);
    to.truth = TAKE(arena, double, values);
    for (size_t i = 0; i < to.count; i++) {
        const ArenaMark mark = arena_mark(arena);
        to.sample[i] = (double)((2 * i + 1) * test->count / (2 * to.count));
        take_picture(t, arena, &to, i);
        arena_rewind(arena, mark);
    }
    return to;
}
