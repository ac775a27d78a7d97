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

const NormKind norm_chain = {
    .name = "chain",
    .example = "batch | group(2)",
    .usage = "chain(a, b, ...) or a | b",
    .title = "one normalizer after the other, Qiao et al. 2019, Pham et al. 2022",
    .combines = true,
    .configure = configure,
    .define = define,
};
