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

typedef struct List {
    const char *name;
    void (*print)(Arena *arena, bool json); /* NULL: catalogue.c does */
} List;

static const List LISTS[] = {{"norms", NULL},
                             {"experiments", list_experiments},
                             {"datasets", list_datasets},
                             {"networks", list_networks},
                             {"checks", list_checks}};

static const List *find_list(const Call *call) {
    const char *names[COUNT_OF(LISTS)];
    Text known = text_new(call->arena);
    for (size_t i = 0; i < COUNT_OF(LISTS); i++) {
        if (strcmp(call->word[0], LISTS[i].name) == 0) return &LISTS[i];
        names[i] = LISTS[i].name;
        text_add(&known, "%s%s", i ? ", " : "", names[i]);
    }
    die(EX_USAGE, "no list of '%s'%s; there are %s", call->word[0],
        text_hint(call->arena, call->word[0], names, COUNT_OF(names)), known.data);
}

static int run_list(const Call *call) {
    const List *list = find_list(call);
    bool json = call_option(call, "--json") != NULL;
    if (list->print == NULL) {
        list_norms(call, json);
        return EX_OK;
    }
    if (call->words > 1)
        die(EX_USAGE, "'%s' is one word too many: list %s takes no names", call->word[1],
            list->name);
    if (call_option(call, "--long"))
        die(EX_USAGE, "--long is for list norms, not for list %s", list->name);
    if (json) printf("{\"schema\": 1, \"%s\": [", list->name);
    list->print(call->arena, json);
    if (json) puts("]}");
    return EX_OK;
}

const Command command_list = {
    .name = "list",
    .usage = "norms|experiments|datasets|networks|checks [NAME ...] [--long] [--json]",
    .summary = "Lists what there is to work with",
    .options = (const Option[]){{"--long", NULL, "norms: the whole entry of each"},
                                {"--json", NULL, "for programs; of norms everything"},
                                {NULL, NULL, NULL}},
    .least = 1,
    .most = 64,
    .run = run_list,
    .more = "`list norms NAME ...` shows whole entries, of a name or of any spec: what "
            "shares moments, what is learned,\n"
            "what evaluation uses, and what `normlab check` proves of it. `work`: how "
            "often the operations of a call read or\n"
            "write as many numbers as x has, in the definition and, where there is one, "
            "in the fused form.",
};
