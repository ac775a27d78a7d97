/* Batch group normalization (Zhou et al. 2020): a sample is one row of D = C L numbers,
 * cut into G consecutive chunks; a chunk over the whole batch has one mean and variance. chunks(C) is batch; with fewer than C whole channels stand together, with
 * more a channel is cut. Evaluation uses running moments, one for each chunk. gamma and beta
 * are of channels, as everywhere.
 *
 * It is batch without affine on x seen as [N, G, D / G]: a chunk is a channel there. */
#include "internal.h"
#include "arguments.h"
#include "kind.h"

extern const NormKind norm_batch;

static size_t chunks_of(const Norm *norm) {
    const size_t *chunks = norm->detail;
    return *chunks;
}

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    const SpecArg *given = spec_positional(arguments);
    size_t *chunks = ZERO(arena, size_t, 1);
    norm->detail = chunks;
    if (given == NULL)
        return base_fail(error, EX_USAGE, arguments->spec->at,
                         "chunks needs a number of chunks, chunks(8)");
    if (!spec_count(given, "the number of chunks", chunks, error)) return false;
    norm->cell->cut = *chunks;
    spec_say(arguments, "%zu", *chunks);
    return true;
}

static void declare(Norm *norm) {
    norm->state[0].count = norm->state[1].count = chunks_of(norm);
}

static bool fits(Arena *arena, const Norm *norm, ShapeLattice x, BaseError *error) {
    const size_t G = chunks_of(norm), D = x.C * x.L;
    if (D % G == 0) return true;
    return base_fail(
        error, EX_USAGE, 0,
        "%s: %zu chunks do not divide %zu channels of %zu positions; numbers that "
        "do: %s",
        norm->spec, G, x.C, x.L, divisors_text(arena, D));
}

/* As batch sees the chunks for channels. */
static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    const Norm *norm = context->norm;
    const ShapeLattice at = shape_lattice(x->shape);
    const size_t G = chunks_of(norm);
    Norm *batch = ZERO(tape_arena(t), Norm, 1);
    *batch = (Norm){.kind = &norm_batch,
                    .spec = norm->spec,
                    .channels = G,
                    .eps = norm->eps,
                    .cell = {norm_batch.cell[0]},
                    .states = 2};
    NormContext inside = *context;
    inside.norm = batch;
    TapeNode *seen = tape_reshape(t, x, SHAPE_OF(at.N, G, at.C * at.L / G));
    return norm_affine(context,
                       tape_reshape(t, partitioned_run(&inside, seen), x->shape));
}

const NormKind norm_chunks = {
    .name = "chunks",
    .example = "chunks(2)",
    .usage = "chunks(G)",
    .title = "batch group normalization: chunks of channels and positions",
    .source = "Zhou et al. 2020",
    .cells = "all samples x a chunk of channels and positions",
    .configure = configure,
    .declare = declare,
    .define = define,
    .unmasked = "a chunk ends at another position of every channel",
    .fits = fits,
    .cell = {{.moments = {NORM_OWN, NORM_RUNNING}}},
};
