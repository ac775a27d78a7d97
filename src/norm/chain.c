/* One normalizer after the other, a | b: batch-channel normalization (Qiao et al. 2019) is
 * batch | group(G), continual normalization (Pham et al. 2022) group(G) | batch. The affine
 * comes last. */
#include "kind.h"

static bool configure(Arena *arena, Norm *norm, Arguments *arguments, Text *canonical,
                      Error *error) {
    return norm_add_parts(arena, norm, arguments, canonical, error);
}

static Node *define(const NormContext *context, Node *x) {
    for (size_t i = 0; i < context->norm->parts; i++) x = norm_run_part(context, i, x);
    return norm_affine(context, x);
}

/* y = ((x - mean) s1 + b1 - b1) s2 + b2: the second sees rows of mean b1. */
static RowMap rows(const NormContext *context, const Rows *x) {
    Tape *t = context->tape;
    Rows seen = *x;
    RowMap all = {tape_fill(t, x->mean->shape, 1.0), NULL};
    for (size_t i = 0; i < context->norm->parts; i++) {
        NormContext part = norm_part_context(context, i);
        RowMap map = norm_rows(&part, &seen);
        all = (RowMap){tape_mul(t, all.scale, map.scale), map.bias};
        seen = rows_after(context, &seen, map);
    }
    return all;
}

const NormKind norm_chain = {
    .name = "chain",
    .example = "batch | group(2)",
    .usage = "chain(a, b, ...) or a | b",
    .title = "one normalizer after the other",
    .source = "Qiao et al. 2019",
    .combines = true,
    .sensible = 3, /* a sign of a sign: derivatives are the square of nothing */
    .configure = configure,
    .define = define,
    .rows = rows,
};
