/* Evaluation: a part of the data, in chunks of one size. */
#include "internal.h"

#include <omp.h>

/* Images evaluated together: whole chunks, so that the sums have one order. */
enum { EVAL_CHUNK = 50 };

size_t evaluate_chunks(size_t images) {
    return (images + EVAL_CHUNK - 1) / EVAL_CHUNK;
}

/* As the network was trained last: schedules stand at the epoch's last step. */
Tally evaluate(Trainer *t, size_t epoch, const Samples *images) {
    const NetPass pass = {.mode = NORM_EVAL, .epoch = epoch, .step = t->steps - 1};
    const size_t chunks = evaluate_chunks(images->count);
    const int threads = (int)t->threads;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t chunk = 0; chunk < chunks; chunk++) {
        size_t index[EVAL_CHUNK], from = chunk * EVAL_CHUNK, count = 0;
        while (count < EVAL_CHUNK && from + count < images->count) {
            index[count] = from + count;
            count++;
        }
        t->tally[chunk] =
            shard_run(t, t->own[omp_get_thread_num()], pass, images, index, count, NULL);
        t->tally[chunk].loss *= (double)count;
    }
    TreeSum loss;
    tree_clear(&loss);
    size_t wrong = 0;
    for (size_t chunk = 0; chunk < chunks; chunk++) {
        tree_push(&loss, t->tally[chunk].loss);
        wrong += t->tally[chunk].wrong;
    }
    return (Tally){tree_total(&loss) / (double)images->count, wrong};
}
