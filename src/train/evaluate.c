/* Evaluation: a part of the data, in chunks of one size; of a run on its way, or of finished
 * weights by whatever moments. */
#include "internal.h"
#include "sum.h"

#include <math.h>
#include <omp.h>

/* Samples evaluated together: whole chunks, so that the sums have one order. */
enum { EVAL_CHUNK = TASK_BLOCK };

size_t evaluate_blocks(size_t samples) {
    return samples / task_block(samples);
}

size_t evaluate_chunks(size_t samples) {
    return (samples + EVAL_CHUNK - 1) / EVAL_CHUNK;
}

/* Samples of one part on their way through the network, `size` at a time. */
typedef struct Judging {
    const Samples *samples;
    size_t count, size; /* of samples that are judged; of a chunk */
    NetPass pass;
    double *found; /* [chunks, 1 + tallies] */
} Judging;

static size_t chunks_of(const Judging *j) {
    return (j->count + j->size - 1) / j->size;
}

static void run_chunk(const Trainer *t, const Judging *j, size_t chunk, Arena *arena) {
    const ArenaMark mark = arena_mark(arena);
    const size_t from = chunk * j->size, left = j->count - from,
                 count = left < j->size ? left : j->size;
    size_t *index = TAKE(arena, size_t, count);
    double *found = j->found + chunk * found_width(t);
    for (size_t i = 0; i < count; i++) index[i] = from + i;
    shard_run(t, found, arena, j->pass,
              &(Shard){.in = {t->dataset, t->net},
                       .samples = j->samples,
                       .index = index,
                       .count = count});
    found[0] *= (double)count;
    arena_rewind(arena, mark);
}

/* sum[1 + tallies] over all chunks, which ranks share. */
static void run_chunks(const Trainer *t, const Judging *j, double *sum) {
    const size_t width = found_width(t), chunks = chunks_of(j);
    const RanksShare mine = ranks_mine(t->ranks, chunks);
    const size_t end = mine.from + mine.count;
    const int threads = (int)t->threads;
    trainer_relabel(t, j->pass.epoch);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t chunk = mine.from; chunk < end; chunk++)
        run_chunk(t, j, chunk, t->own[omp_get_thread_num()]);
    ranks_gather(t->ranks, j->found, chunks, width);
    for (size_t i = 0; i < width; i++) {
        TreeSum total;
        tree_clear(&total);
        for (size_t chunk = 0; chunk < chunks; chunk++)
            tree_push(&total, j->found[chunk * width + i]);
        sum[i] = tree_total(&total);
    }
}

/* As the network was trained last: schedules stand at the epoch's last step. */
static NetPass pass_of(const Trainer *t, NormMode mode, size_t epoch) {
    return (NetPass){.mode = mode, .epoch = epoch, .step = last_step(t)};
}

/* What the run is judged by, block by block. Blocks are the chunks that were judged, unless there
 * are fewer samples than one holds: then they are judged once more, in smaller ones. */
static void judge_blocks(const Trainer *t, Arena *arena, const Judging *j,
                         const Numbers *to) {
    double metric[TASK_MOST_METRICS], *unused = TAKE(arena, double, found_width(t));
    Judging own = *j;
    own.size = task_block(j->count);
    if (to->blocks > 0 && own.size != j->size) {
        own.found = TAKE(arena, double, chunks_of(&own) * found_width(t));
        run_chunks(t, &own, unused);
    }
    for (size_t block = 0; block < to->blocks; block++) {
        t->task.kind->judge(&t->task, metric, own.found + block * found_width(t) + 1);
        to->block[block] = metric[0];
    }
}

bool evaluate(Trainer *t, size_t epoch, const Samples *samples, const Numbers *to,
              size_t at) {
    const ArenaMark mark = arena_mark(t->arena);
    double metric[TASK_MOST_METRICS], *sum = TAKE(t->arena, double, found_width(t));
    const Judging j = {.samples = samples,
                       .count = samples->count,
                       .size = EVAL_CHUNK,
                       .pass = pass_of(t, NORM_EVAL, epoch),
                       .found = t->found};
    run_chunks(t, &j, sum);
    t->task.kind->judge(&t->task, metric, sum + 1);
    to->loss[at] = sum[0] / (double)samples->count;
    for (size_t m = 0; m < t->task.metrics; m++) to->metric[m][at] = metric[m];
    judge_blocks(t, t->arena, &j, to);
    arena_rewind(t->arena, mark);
    return isfinite(to->loss[at]);
}

/* ---- finished weights ------------------------------------------------------------ */

void trainer_moments(Trainer *t, Running running) {
    if (t->judged == t->state) t->judged = TAKE(t->arena, double, t->net->states);
    state_judge(t, last_epoch(t), running);
}

TrainJudged trainer_judge(const Trainer *t, Arena *arena, const Samples *samples,
                          size_t batch) {
    Arena *own = arena_new();
    const size_t size = batch ? batch : EVAL_CHUNK;
    Judging j = {.samples = samples,
                 .count = batch ? samples->count / batch * batch : samples->count,
                 .size = size,
                 .pass = pass_of(t, batch ? NORM_TRAIN : NORM_EVAL, last_epoch(t))};
    TrainJudged judged = {.samples = j.count, .loss = (double)NAN};
    for (size_t m = 0; m < t->task.metrics; m++) judged.metric[m] = (double)NAN;
    if (j.count > 0) {
        Numbers blocks = {.blocks = batch ? 0 : evaluate_blocks(j.count)};
        blocks.block = TAKE(arena, double, blocks.blocks + 1);
        j.found = TAKE(own, double, chunks_of(&j) * found_width(t));
        double *sum = TAKE(own, double, found_width(t));
        run_chunks(t, &j, sum);
        judged.loss = sum[0] / (double)j.count;
        t->task.kind->judge(&t->task, judged.metric, sum + 1);
        judge_blocks(t, own, &j, &blocks);
        judged.blocks = blocks.blocks, judged.block = blocks.block;
    }
    arena_free(own);
    return judged;
}
