/* Positional normalization: cells are (sample, position), over the channels, or over each of G
 * blocks of them, position(G); with gamma and beta. On a text [N, C, T] it is what transformers
 * call layer normalization (Ba et al. 2016, over the last axis of [N, T, C]), and position(center=no) is
 * RMSNorm (Zhang and Sennrich 2019); layer is over all positions, too. */
#include "arguments.h"
#include "kind.h"

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    const SpecArg *given = spec_positional(arguments);
    const size_t C = norm->channels;
    size_t groups = 1;
    if (given && !spec_count(given, "the number of groups", &groups, error)) return false;
    if (groups > 1) spec_say(arguments, "%zu", groups);
    if (groups > 1) norm->cell->width = C == 0 ? 1 : C / groups;
    if (C == 0 || (groups <= C && C % groups == 0)) return true;
    return base_fail(error, EX_USAGE, given->value->at,
                     "%zu groups do not divide %zu channels; numbers that do: %s", groups,
                     C, divisors_text(arena, C));
}

const NormKind norm_position = {
    .name = "position",
    .usage = "position or position(G)",
    .title = "positional normalization: the layer norm of transformers",
    .source = "Li et al. 2019",
    .differs =
        "the authors' code (PONO) has variance=unbiased and affine=no; the authors of "
        "RMSNorm (center=no) have eps_outside=yes and eps=1e-8",
    .also = (const char *const[]){"position(center=no)", "position(2)",
                                  "position(variance=unbiased, eps_outside=yes)", NULL},
    .configure = configure,
    .cell = {{.block = 1, .apart = true, .moments = {NORM_OWN, NORM_OWN}}},
};
