/* Group normalization: cells are (sample, block of consecutive channels). group(G) gives
 * the number of groups, group(size=K) the channels of a group; they are two protocols of
 * the paper's Table 3 and stay apart, for in a network of several widths they differ. */
#include "kind.h"

static bool configure(Arena *arena, Norm *norm, Arguments *arguments, Text *canonical,
                      Error *error) {
    const SpecArg *groups = arguments_positional(arguments);
    const SpecArg *size = arguments_named(arguments, "size");
    const SpecArg *given = size ? size : groups;
    size_t number = 0, C = norm->channels;
    if (given == NULL || (size && groups))
        return fail(
            error, EX_USAGE, arguments->spec->at,
            size ? "group takes G or size=K, not both"
                 : "group needs a number of groups, group(8), or a size, group(size=4)");
    if (!argument_count(given, size ? "the group size" : "the number of groups", &number,
                        error))
        return false;
    text_add(canonical, "%s%zu", size ? "size=" : "", number);
    norm->width = C == 0 ? 1 : size ? number : C / number;
    if (C == 0 || (number <= C && C % number == 0)) return true;
    return fail(error, EX_USAGE, given->value->at, "%zu %s %zu channels; %s that do: %s",
                number,
                size ? "channels in a group do not divide" : "groups do not divide", C,
                size ? "sizes" : "numbers", divisors_text(arena, C));
}

const NormKind norm_group = {
    .name = "group",
    .example = "group(2)",
    .usage = "group(G) or group(size=K)",
    .title = "group normalization",
    .source = "Wu and He 2018",
    .options = (const char *const[]){"size", NULL},
    .block = 1,
    .configure = configure,
};
