/* What there is: normalizers, experiments, data sets, networks, checks. */
#include "tool.h"

#include <string.h>

static void print_row(Arena *arena, bool json, bool first, const char *name,
                      const char *usage, const char *title) {
    if (json)
        printf("%s\n  {\"name\": %s, \"usage\": %s, \"title\": %s}", first ? "" : ",",
               json_text(arena, name), json_text(arena, usage), json_text(arena, title));
    else
        printf("%-26s %s\n", usage, title);
}

static void list_norms(Arena *arena, bool json) {
    size_t count;
    const NormKind *const *kinds = norm_kinds(&count);
    for (size_t i = 0; i < count; i++)
        print_row(arena, json, i == 0, norm_name(kinds[i]), norm_usage(kinds[i]),
                  norm_title(kinds[i]));
}

static void list_experiments(Arena *arena, bool json) {
    size_t count;
    const Experiment *const *found = experiments(&count);
    for (size_t i = 0; i < count; i++)
        print_row(arena, json, i == 0, found[i]->name, found[i]->name,
                  found[i]->question);
}

static void list_datasets(Arena *arena, bool json) {
    size_t count;
    const DatasetKind *kinds = dataset_kinds(&count);
    for (size_t i = 0; i < count; i++)
        print_row(arena, json, i == 0, kinds[i].name, kinds[i].name, kinds[i].title);
}

static void list_networks(Arena *arena, bool json) {
    size_t count;
    const NetKind *kinds = net_kinds(&count);
    for (size_t i = 0; i < count; i++)
        print_row(arena, json, i == 0, kinds[i].name, kinds[i].usage, kinds[i].title);
}

/* What `normlab check` asks of normalizers, with the eps that it allows. */
static void list_checks(Arena *arena, bool json) {
    size_t count;
    const TrialCheck *const *check = trial_checks(&count);
    for (size_t i = 0; i < count; i++) {
        const char *name = trial_name(check[i]), *unit = trial_unit(check[i]);
        const char *allowed =
            text_print(arena, "%s, %g %s", name, trial_digits(check[i]), unit);
        bool bits = trial_digits(check[i]) == 0;
        print_row(arena, json, i == 0, name,
                  bits ? text_print(arena, "%s, same bits", name) : allowed,
                  trial_says(check[i]));
    }
}

static int run_list(const Call *call) {
    static const char *const names[] = {"norms", "experiments", "datasets", "networks",
                                        "checks"};
    static void (*const lists[])(Arena *, bool) = {
        list_norms, list_experiments, list_datasets, list_networks, list_checks};
    bool json = call_option(call, "--json") != NULL;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(call->word[0], names[i]) != 0) continue;
        if (json) printf("{\"schema\": 1, \"%s\": [", names[i]);
        lists[i](call->arena, json);
        if (json) puts("]}");
        return EX_OK;
    }
    die(EX_USAGE,
        "no list of '%s'%s; there are norms, experiments, datasets, networks, checks",
        call->word[0], text_hint(call->arena, call->word[0], names, COUNT_OF(names)));
}

const Command command_list = {
    .name = "list",
    .usage = "norms|experiments|datasets|networks|checks [--json]",
    .summary = "Lists what there is to work with",
    .options = (const Option[]){{"--json", NULL, "for programs"}, {NULL, NULL, NULL}},
    .least = 1,
    .most = 1,
    .run = run_list,
};
