/* A class for each of many places: pixels of an image, positions of a sequence. Places without a
 * class count neither in the loss nor in a metric. */
#include "house.h"
#include "task.h"

/* Places that have a class, and by what the mean over samples of the mean over each sample's
 * places divides them. */
typedef struct Counted {
    size_t count;
    size_t *at;    /* [count] places of the wanted class's logit in [N, places, K] */
    double *among; /* [count] samples x such places of its sample */
} Counted;

static Counted count_places(Arena *arena, const uint8_t *label, size_t N, size_t L,
                            size_t K) {
    Counted all = {0, TAKE(arena, size_t, N * L), TAKE(arena, double, N *L)};
    for (size_t n = 0; n < N; n++) {
        const size_t first = all.count;
        for (size_t i = n * L; i < (n + 1) * L; i++)
            if (label[i] != DATA_IGNORED) all.at[all.count++] = i * K + label[i];
        for (size_t i = first; i < all.count; i++)
            all.among[i] = (double)(N * (all.count - first));
    }
    return all;
}

TapeNode *task_places_loss(const Task *task, Tape *tape, TapeNode *out,
                           const Batch *batch) {
    const size_t N = batch->count, K = task->outputs, rank = out->shape.rank,
                 L = shape_count(out->shape) / (N * K);
    size_t axes[SHAPE_MAX_RANK] = {0};
    const Counted place =
        count_places(tape_arena(tape), batch->label[task->field], N, L, K);
    if (place.count == 0) return tape_constant(tape, 0.0);
    for (size_t a = 1; a < rank; a++) axes[a] = a + 1 < rank ? a + 1 : 1;
    TapeNode *z = tape_permute(tape, out, axes);
    z = tape_log_softmax(tape, tape_reshape(tape, z, SHAPE_OF(N * L, K)));
    TapeNode *wanted = tape_gather(tape, z, place.at, SHAPE_OF(place.count)),
             *among = tape_leaf(tape, wanted->shape, place.among);
    return tape_neg(tape, tape_sum_all(tape, tape_div(tape, wanted, among)));
}

size_t task_told(const double *z, size_t i, size_t L, size_t K) {
    const double *logit = z + i / L * K * L + i % L;
    size_t best = 0;
    for (size_t k = 1; k < K; k++) best = logit[k * L] > logit[best * L] ? k : best;
    return best;
}
