/* Batch normalization: cells are channels, over all samples of a worker and all
 * positions. Evaluation uses running moments. */
#include "kind.h"

/* sync=yes: over all samples of all workers of a step (synced.c). */
static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    static const char *const WHOSE[] = {"no", "yes", NULL};
    size_t whose = 0;
    (void)arena;
    if (!norm_read_choice(arguments, "sync", WHOSE, &whose, error)) return false;
    norm->synced = whose == 1;
    return true;
}

const NormKind norm_batch = {
    .name = "batch",
    .usage = "batch",
    .title = "batch normalization",
    .source = "Ioffe and Szegedy 2015",
    .differs =
        "ONNX, Keras and Flax move the running variance by the biased one (here and in "
        "PyTorch: unbiased); Keras has eps 1e-3 and weighs the newest batch by 0.01",
    .also = (const char *const[]){"batch(center=no)", "batch(sync=yes)", NULL},
    .options = (const char *const[]){"sync", NULL},
    .twins = (const NormTwin[]){{"ghost(N)", NORM_TRAIN},
                                {"ghost(1)", NORM_EVAL},
                                {NULL, NORM_TRAIN}},
    .configure = configure,
    .cell = {{.width = 1, .moments = {NORM_OWN, NORM_RUNNING}}},
};
