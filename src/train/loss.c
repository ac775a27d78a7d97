/* A run's loss as a program on somebody else's tape. */
#include "internal.h"

TapeNode *trainer_loss(const Trainer *t, Tape *tape, TapeNode *const *param, size_t from,
                       size_t count, NormMode mode, bool definitions) {
    Arena *arena = tape_arena(tape);
    const Samples *samples = &t->dataset->train;
    const size_t epochs = t->config.epochs;
    REQUIRE(from + count <= samples->count, "samples %zu to %zu of %zu", from,
            from + count, samples->count);
    size_t *index = TAKE(arena, size_t, count);
    for (size_t i = 0; i < count; i++) index[i] = from + i;
    const NetPass pass = {.tape = tape,
                          .mode = mode,
                          .epoch = epochs > 0 ? epochs - 1 : 0,
                          .step = t->steps - 1,
                          .weights = t->weights,
                          .param = param,
                          .state = mode == NORM_EVAL ? t->judged : t->state,
                          .definitions = definitions};
    trainer_relabel(t, pass.epoch);
    Batch *batch = TAKE(arena, Batch, 1); /* labels are read when the tape is, too */
    *batch = dataset_batch(arena, t->dataset, samples, index, count, NULL, t->config.seed,
                           pass.epoch);
    TapeNode *in = shard_input(tape, batch), *out[NET_MOST_ENDS];
    net_run(t->net, &pass, &in, out);
    return t->task.kind->write(&t->task, tape, out, batch);
}
