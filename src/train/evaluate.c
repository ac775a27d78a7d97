/* Evaluation: a part of the data, in chunks of one size. */
#include "internal.h"

#include <math.h>
#include <omp.h>

/* Samples evaluated together: whole chunks, so that the sums have one order. */
enum { EVAL_CHUNK = 50 };

size_t evaluate_chunks(size_t samples) {
    return (samples + EVAL_CHUNK - 1) / EVAL_CHUNK;
}

/* As the network was trained last: schedules stand at the epoch's last step. */
static void run_chunks(Trainer *t, size_t epoch, const Samples *samples) {
    const NetPass pass = {.mode = NORM_EVAL, .epoch = epoch, .step = t->steps - 1};
    const size_t chunks = evaluate_chunks(samples->count);
    const int threads = (int)t->threads;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t chunk = 0; chunk < chunks; chunk++) {
        size_t index[EVAL_CHUNK], from = chunk * EVAL_CHUNK, count = 0;
        double *found = t->found + chunk * found_width(t);
        while (count < EVAL_CHUNK && from + count < samples->count) {
            index[count] = from + count;
            count++;
        }
        shard_run(t, found, t->own[omp_get_thread_num()], pass, samples, index, count,
                  NULL);
        found[0] *= (double)count;
    }
}

bool evaluate(Trainer *t, size_t epoch, const Samples *samples, const Numbers *to,
              size_t at) {
    const size_t width = found_width(t), chunks = evaluate_chunks(samples->count);
    double metric[TASK_MOST_METRICS];
    run_chunks(t, epoch, samples);
    for (size_t i = 0; i < width; i++) {
        TreeSum sum;
        tree_clear(&sum);
        for (size_t chunk = 0; chunk < chunks; chunk++)
            tree_push(&sum, t->found[chunk * width + i]);
        t->found[i] =
            tree_total(&sum); /* in the place of the first chunk's, which was read */
    }
    t->task.kind->judge(&t->task, metric, t->found + 1);
    to->loss[at] = t->found[0] / (double)samples->count;
    for (size_t m = 0; m < t->task.metrics; m++) to->metric[m][at] = metric[m];
    return isfinite(to->loss[at]);
}
