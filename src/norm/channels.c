/* Groups given channel by channel: channels(0, 0, 1, 0) puts channels 0, 1 and 3 into one
 * group and channel 2 into another. Sizes may differ, members need not be neighbours; gamma
 * and beta belong to channels, not to places in a group. The map is part of the name, so of
 * every result. Equal blocks are group(G), one group is layer, one each is instance. */
#include "kind.h"
#include "text.h"

typedef struct Map {
    size_t sets;
    size_t *set; /* [C] */
} Map;

/* Channels of the smallest set, and which that is. */
static size_t smallest_set(const Map *map, size_t count, size_t *smallest) {
    size_t least = count + 1;
    for (size_t set = 0; set < map->sets; set++) {
        size_t members = 0;
        for (size_t c = 0; c < count; c++) members += map->set[c] == set;
        if (members < least) least = members, *smallest = set;
    }
    return least;
}

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    Map *map = ZERO(arena, Map, 1);
    norm->detail = map;
    map->set = TAKE(arena, size_t, arguments->spec->count + 1);
    const SpecArg *argument;
    size_t count = 0, missing = 0;
    while ((argument = spec_positional(arguments))) {
        const char *word = argument->value->word;
        if (argument->value->count || !text_to_count(word, &map->set[count]) ||
            map->set[count] >= arguments->spec->count)
            return base_fail(
                error, EX_USAGE, argument->value->at,
                "a channel's group should be a number from 0 on, below the number "
                "of channels, not '%s'",
                word);
        if (map->set[count] + 1 > map->sets) map->sets = map->set[count] + 1;
        spec_say(arguments, "%zu", map->set[count]);
        count++;
    }
    if (count == 0)
        return base_fail(
            error, EX_USAGE, arguments->spec->at,
            "channels needs a group for every channel, channels(0, 0, 1, 1)");
    norm->cell->width = smallest_set(map, count, &missing);
    if (norm->cell->width == 0)
        return base_fail(error, EX_USAGE, arguments->spec->at,
                         "no channel is in group %zu of the groups 0 to %zu", missing,
                         map->sets - 1);
    if (norm->channels == 0 || norm->channels == count) return true;
    return base_fail(error, EX_USAGE, arguments->spec->at,
                     "channels has groups for %zu channels, and there are %zu", count,
                     norm->channels);
}

static const Partition *partition(Arena *arena, const Norm *norm, ShapeLattice x,
                                  const double *const *state) {
    const Map *map = norm->detail;
    (void)state;
    return partition_map(arena, x, 1, map->set, map->sets, false);
}

const NormKind norm_channels = {
    .name = "channels",
    .example = "channels(0, 1, 0, 2, 2, 1, 1, 1)",
    .usage = "channels(g0, g1, ...)",
    .title = "groups given channel by channel",
    .cells = "one sample x the channels of a group x all positions",
    .configure = configure,
    .partition = partition,
    .cell = {{.block = 1, .moments = {NORM_OWN, NORM_OWN}}},
};
