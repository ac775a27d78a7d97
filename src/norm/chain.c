/* One normalizer after the other, a | b: batch-channel normalization (Qiao et al. 2019) is
 * batch | group(G), continual normalization (Pham et al. 2022) group(G) | batch. The affine
 * comes last. */
#include "kind.h"

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    return norm_add_parts(arena, norm, arguments, error);
}

//> chain
static NormField text(const NormView *v) {
    NormField y = view_run(v, 0);
    for (size_t i = 1; i < v->context.norm->parts; i++) {
        const NormView seen = view_after(v, y);
        y = field_after(v, y, view_run(&seen, i));
    }
    return y;
}
//< chain

const NormKind norm_chain = {
    .name = "chain",
    .example = "batch | group(2)",
    .usage = "chain(a, b, ...) or a | b",
    .title = "one normalizer after the other",
    .source = "Qiao et al. 2019",
    .sensible = 3, /* a sign of a sign: derivatives are the square of nothing */
    .configure = configure,
    .text = text,
};
