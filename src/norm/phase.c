/* One normalizer in training, another in evaluation: phase(batch, group(8)) uses batch
 * statistics at training alone, phase(group(8), batch) batch's running moments at inference
 * alone: the second observes them while the first trains. */
#include "kind.h"

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    norm->phased = true;
    if (!norm_add_parts(arena, norm, arguments, error)) return false;
    return norm->parts == 2 ||
           base_fail(error, EX_USAGE, arguments->spec->at,
                     "phase needs two normalizers, of training and of "
                     "evaluation, not %zu",
                     norm->parts);
}

static size_t part_of(NormMode mode) {
    return mode == NORM_TRAIN ? 0 : 1;
}

static TapeNode *define(const NormContext *context, TapeNode *x) {
    const bool learns =
        (context->mode == NORM_TRAIN && context->observed) || norm_sees(context);
    if (learns && context->norm->part[1]->states > 0)
        norm_run_part(context, 1, tape_detach(context->tape, x));
    return norm_affine(context, norm_run_part(context, part_of(context->mode), x));
}

const NormKind norm_phase = {
    .name = "phase",
    .example = "phase(group(2), batch)",
    .usage = "phase(a, b)",
    .title = "one in training, another in evaluation",
    .configure = configure,
    .define = define,
    .masks = true,
};
