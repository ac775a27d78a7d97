/* A learned number of groups: mix over nested partitions of the channels, group(1), group(2),
 * ..., group(C), each a refinement of the one before by the smallest prime that still divides.
 * At a vertex of the weights it is group(G) exactly. from, to: the mixture becomes a hard
 * choice between these epochs. */
#include "internal.h"
#include "text.h"

/* The next number of groups: times the smallest divisor of what a group still holds. */
static size_t refined(size_t groups, size_t channels) {
    const size_t width = channels / groups;
    for (size_t prime = 2; prime * prime <= width; prime++)
        if (width % prime == 0) return groups * prime;
    return channels;
}

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    for (size_t groups = 1;; groups = refined(groups, norm->channels)) {
        const Spec *spec =
            spec_parse(arena, text_print(arena, "group(%zu)", groups), error);
        if (!norm_add_part(arena, norm, spec, norm->channels, error)) return false;
        if (groups == norm->channels || norm->channels == 0) break;
    }
    return mix_configure(arena, norm, arguments, error);
}

const NormKind norm_nested = {
    .name = "nested",
    .usage = "nested(pooled=yes|no, weights=softmax|sparsest, from=E, to=E)",
    .title = "group statistics of all sizes, mixed",
    .cells = "one sample x blocks of 1, ..., C channels x all positions",
    .options = (const char *const[]){"pooled", "weights", "from", "to", NULL},
    .configure = configure,
    .declare = mix_declare,
    .text = mix_text,
    .eps = 1e-5,
};
