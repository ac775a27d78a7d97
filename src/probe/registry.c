/* Which probes there are, and whether a run can have those that its configuration names. */
#include "probe.h"
#include "rows.h"

#include <string.h>

#define PROBE(name) extern const ProbeKind probe_##name;
#include "probe.def"
#undef PROBE

static const ProbeKind *const KINDS[] = {
#define PROBE(name) &probe_##name,
#include "probe.def"
#undef PROBE
};

_Static_assert(COUNT_OF(KINDS) <= PROBE_MOST_KINDS, "more probes than there is room for");

const ProbeKind *const *probe_kinds(size_t *count) {
    *count = COUNT_OF(KINDS);
    return KINDS;
}

size_t probe_fields(const ProbeKind *kind) {
    size_t count = 0;
    while (kind->fields[count].name) count++;
    REQUIRE(count <= PROBE_MOST_FIELDS, "%s: %zu fields", kind->name, count);
    return count;
}

size_t probe_numbers(const ProbeKind *kind) {
    size_t count = 0;
    while (kind->numbers && kind->numbers[count].name) count++;
    return count;
}

bool probe_read(Arena *arena, const Config *config, const ProbeKind **kind, size_t *count,
                BaseError *error) {
    static const Choice known = {KINDS, COUNT_OF(KINDS), sizeof *KINDS, .pointers = true};
    bool wanted[COUNT_OF(KINDS)] = {false};
    *count = 0;
    if (strcmp(config->probes, CONFIG_NO_PROBES) == 0) return true;
    for (const char *word = config->probes; *word; word += strspn(word, "+")) {
        const size_t length = strcspn(word, "+");
        const char *name = text_copy(arena, word, length);
        const size_t i = choice_find(&known, name);
        if (i == COUNT_OF(KINDS))
            return base_fail(error, EX_USAGE, 0,
                             "probes=%s: no probe '%s'%s; there are %s", config->probes,
                             text_clip(arena, name), choice_hint(arena, &known, name),
                             choice_words(arena, &known, ", "));
        wanted[i] = true;
        word += length;
    }
    for (size_t i = 0; i < COUNT_OF(KINDS); i++)
        if (wanted[i]) kind[(*count)++] = KINDS[i];
    return true;
}

bool probes_fit(const Config *config, const Dataset *dataset, BaseError *error) {
    Arena *arena = arena_new();
    const ProbeKind *kind[PROBE_MOST_KINDS];
    size_t kinds;
    bool good = probe_read(arena, config, kind, &kinds, error);
    if (good && kinds > 0) {
        const Dataset *data = config_data(arena, config, dataset, error);
        const Net *net = data ? trainer_plan(arena, config, dataset, error) : NULL;
        const size_t steps =
            data ? data->train.count / (config->workers * config->batch) : 0;
        good = net && probes_have_room(config, net, kind, kinds, steps, error);
    }
    arena_free(arena);
    return good;
}
