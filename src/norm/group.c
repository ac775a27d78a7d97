/* Group normalization: cells are (sample, block of consecutive channels). group(G) gives
 * the number of groups, group(size=K) the channels of a group; they are two protocols of
 * the paper's Table 3 and stay apart, for in a network of several widths they differ.
 *
 * group(auto): the most groups up to 32 that divide the channels and leave at least 8 of them
 * in each; or at least 4, 2, 1 where that leaves more groups than one. So 256 channels have
 * 32 groups, 64 have 8, 16 have 2, 8 have 2. (After a proposal for mmcv, issue 688: 32 groups,
 * then 8, of at least 8 channels, then of at least 4; Table 3 is its reason.) */
#include "arguments.h"
#include "kind.h"

#include <string.h>

enum { AUTO_GROUPS = 32, AUTO_CHANNELS = 8 };

static size_t auto_groups(size_t channels) {
    for (size_t least = AUTO_CHANNELS; least > 0; least /= 2)
        for (size_t groups = AUTO_GROUPS; groups > 1; groups--)
            if (channels % groups == 0 && channels / groups >= least) return groups;
    return 1;
}

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    const SpecArg *groups = spec_positional(arguments);
    const SpecArg *size = spec_named(arguments, "size");
    const SpecArg *given = size ? size : groups;
    size_t number = 0, C = norm->channels;
    if (groups && !size && groups->value->count == 0 &&
        strcmp(groups->value->word, "auto") == 0) {
        spec_say(arguments, "auto");
        norm->cell->width = C ? C / auto_groups(C) : 1;
        return true;
    }
    if (given == NULL || (size && groups))
        return base_fail(
            error, EX_USAGE, arguments->spec->at,
            size ? "group takes G or size=K, not both"
                 : "group needs a number of groups, group(8), or a size, group(size=4)");
    if (!spec_count(given, size ? "the group size" : "the number of groups", &number,
                    error))
        return false;
    spec_say(arguments, "%s%zu", size ? "size=" : "", number);
    norm->cell->width = C == 0 ? 1 : size ? number : C / number;
    if (C == 0 || (number <= C && C % number == 0)) return true;
    return base_fail(error, EX_USAGE, given->value->at,
                     "%zu %s %zu channels; %s that do: %s", number,
                     size ? "channels in a group do not divide" : "groups do not divide",
                     C, size ? "sizes" : "numbers", divisors_text(arena, C));
}

const NormKind norm_group = {
    .name = "group",
    .example = "group(2)",
    .also = (const char *const[]){"group(2, variance=unbiased, eps_outside=yes)", NULL},
    .usage = "group(G), group(size=K) or group(auto)",
    .title = "group normalization",
    .source = "Wu and He 2018",
    .differs = "Keras has eps 1e-3; GroupNormalization of ONNX had gamma and beta for "
               "each group in version 18, for each channel since 21",
    .options = (const char *const[]){"size", NULL},
    .configure = configure,
    .cell = {{.block = 1, .moments = {NORM_OWN, NORM_OWN}}},
};
