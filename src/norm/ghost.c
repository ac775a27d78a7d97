/* Ghost batch normalization: batch normalization inside blocks of B consecutive samples.
 * Evaluation as batch. */
#include "kind.h"

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    (void)arena;
    const SpecArg *block = spec_positional(arguments);
    if (block == NULL)
        return base_fail(error, EX_USAGE, arguments->spec->at,
                         "ghost needs the number of samples in a block, ghost(8)");
    if (!spec_count(block, "the block of samples", &norm->cell->block, error))
        return false;
    spec_say(arguments, "%zu", norm->cell->block);
    return true;
}

const NormKind norm_ghost = {
    .name = "ghost",
    .example = "ghost(4)",
    .usage = "ghost(B)",
    .title = "ghost batch normalization",
    .source = "Hoffer et al. 2017",
    .differs = "cifar10-fast interleaves: sample n is of block n modulo the number of "
               "blocks, here blocks are consecutive; the authors' code moves the running "
               "moments once a block",
    .twins = (const NormTwin[]){{"batch", NORM_EVAL}, {NULL, NORM_TRAIN}},
    .configure = configure,
    .cell = {{.width = 1, .moments = {NORM_OWN, NORM_RUNNING}}},
};
