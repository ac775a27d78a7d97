/* What there is: normalizers, experiments, data sets, networks, tasks, probes, checks. */
#include "things.h"

#include <string.h>

static void print_row(const Thing *thing) {
    printf("%-26s %s\n", thing->usage, thing->title);
}

static void print_entry(const Thing *thing) {
    printf("%s\n  %-12s %s\n", thing->usage, "is", thing->title);
    for (size_t i = 0; i < thing->facts; i++) {
        if (thing->fact[i].wraps) {
            print_wrapped(thing->fact[i].of, thing->fact[i].text);
            continue;
        }
        printf("  %-12s ", thing->fact[i].of); /* what may be pasted stays in one line */
        print_commands(stdout, thing->fact[i].text);
        putchar('\n');
    }
    putchar('\n');
}

static void print_skeleton(const Thing *thing) {
    print_markdown_heading(thing->usage);
    printf("`%s`: %s.\n\n| | |\n|---|---|\n", thing->usage, thing->title);
    for (size_t i = 0; i < thing->facts; i++)
        print_markdown_row(thing->fact[i].of, thing->fact[i].text);
}

static void print_object(Arena *arena, const Thing *thing, bool first, bool whole) {
    printf("%s\n  {\"name\": %s, \"usage\": %s, \"title\": %s", first ? "" : ",",
           json_text(arena, thing->name), json_text(arena, thing->usage),
           json_text(arena, thing->title));
    for (size_t i = 0; whole && i < thing->facts; i++)
        printf(", %s: %s", json_text(arena, thing->fact[i].of),
               json_text(arena, thing->fact[i].text));
    putchar('}');
}

/* ---- the lists -------------------------------------------------------------------- */

static bool is_list(const List *list, const char *name) {
    return strcmp(list->name, name) == 0;
}

const char *list_name(size_t i) {
    size_t count;
    const List *lists = things_lists(&count);
    return i < count ? lists[i].name : NULL;
}

static void add_words(Arena *arena, Text *text, const List *list) {
    Thing thing;
    for (size_t i = 0; i < list->count(); i++) {
        list->name_of(arena, i, &thing);
        text_add(text, "%s%s", text->length ? " " : "", thing.name);
    }
}

/* catalogue.c prints normalizers; their names are simple. */
static void add_norms(Arena *arena, Text *text) {
    size_t count;
    const NormKind *const *kind = norm_kinds(&count);
    for (size_t i = 0; i < count; i++)
        text_add(text, "%s%s", i ? " " : "", norm_name(kind[i]));
    const NormAlias *alias = norm_aliases(&count);
    for (size_t i = 0; i < count; i++)
        text_add(text, " %.*s", (int)strcspn(alias[i].usage, "("), alias[i].usage);
    add_words(arena, text, &things_on_weights);
}

const char *list_words(Arena *arena, size_t i) {
    Text text = text_new(arena);
    size_t count;
    const List *list = &things_lists(&count)[i];
    if (list->count)
        add_words(arena, &text, list);
    else
        add_norms(arena, &text);
    return text.data;
}

static const List *find_list(const Call *call) {
    size_t count;
    const List *list = things_lists(&count);
    const Choice lists = {list, count, sizeof *list, false, NULL};
    const size_t i = choice_find(&lists, call->word[0]);
    if (i < count) return &list[i];
    die(EX_USAGE, "no list of '%s'%s; there are %s", call->word[0],
        choice_hint(call->arena, &lists, call->word[0]),
        choice_words(call->arena, &lists, ", "));
}

static Thing thing_of(Arena *arena, const List *list, size_t i) {
    size_t count;
    Thing thing;
    list->name_of(arena, i, &thing);
    if (thing.usage == NULL)
        thing.usage = text_print(arena, "%s, %s", thing.name,
                                 things_allowed(arena, trial_checks(&count)[i]));
    return thing;
}

/* A network is named with its arguments, too, and a data set with its path. */
static const char *name_in(Arena *arena, const List *list, const char *word) {
    const char *path;
    const DatasetKind *kind =
        is_list(list, "datasets") ? dataset_find(word, &path) : NULL;
    if (kind) return kind->name;
    return is_list(list, "networks") ? text_copy(arena, word, strcspn(word, "(:|"))
                                     : word;
}

static void want_network(Arena *arena, const char *spec) {
    BaseError error = {.set = false};
    if (net_canonical(arena, spec, &error) == NULL)
        die(error.code, "%s", spec_error(arena, spec, &error));
}

/* Those that are named, before anything is printed. */
static size_t *find_named(const Call *call, const List *list) {
    Arena *arena = call->arena;
    const size_t count = list->count();
    const char **names = TAKE(arena, const char *, count);
    const Choice things = {names, count, sizeof *names, false, NULL};
    size_t *found = TAKE(arena, size_t, call->words);
    for (size_t i = 0; i < count; i++) names[i] = thing_of(arena, list, i).name;
    for (size_t k = 1; k < call->words; k++) {
        const char *word = call->word[k], *name = name_in(arena, list, word);
        const size_t i = choice_find(&things, name);
        if (i == count)
            die(EX_USAGE, "no %s '%s'%s; `normlab list %s` lists them", list->one, name,
                choice_hint(arena, &things, name), list->name);
        if (is_list(list, "networks") && strcmp(name, word) != 0)
            want_network(arena, word);
        found[k - 1] = i;
    }
    return found;
}

static void print_list(const Call *call, const List *list, bool json) {
    Arena *arena = call->arena;
    const bool whole = call->words > 1;
    const size_t *named = find_named(call, list),
                 count = whole ? call->words - 1 : list->count();
    const bool markdown = list_markdown(call);
    if (json) printf("{\"schema\": 1, \"%s\": [", list->name);
    for (size_t k = 0; k < count; k++) {
        const size_t i = whole ? named[k] : k;
        Thing thing = thing_of(arena, list, i);
        if (whole) thing.said = call->word[k + 1], list->describe(arena, i, &thing);
        if (markdown && k > 0) putchar('\n');
        if (json)
            print_object(arena, &thing, k == 0, whole);
        else if (whole)
            (markdown ? print_skeleton : print_entry)(&thing);
        else
            print_row(&thing);
    }
    if (json) puts("]}");
}

static int run_list(const Call *call) {
    const List *list = find_list(call);
    const bool json = call_option(call, "--json") != NULL;
    if (list->count == NULL && call->words > 1 &&
        strncmp(call->word[1], THINGS_WEIGHTS, strlen(THINGS_WEIGHTS)) == 0)
        list = &things_on_weights;
    if (list->count == NULL) {
        list_norms(call, json);
        return EX_OK;
    }
    if (call_option(call, "--tex"))
        die(EX_USAGE, "--tex is for list norms, not for list %s", list->name);
    if (call_option(call, "--form") && list != &things_on_weights)
        die(EX_USAGE, "--form is for list norms, not for list %s", list->name);
    if (call_option(call, "--long") && list != &things_on_weights)
        die(EX_USAGE,
            "--long is for list norms, not for list %s; `normlab list %s NAME` is "
            "the whole entry of one",
            list->name, list->name);
    print_list(call, list, json);
    return EX_OK;
}

const Command command_list = {
    .name = "list",
    .usage = "norms|experiments|datasets|networks|tasks|probes|checks [NAME ...] "
             "[--long] [--tex] "
             "[--form FORM] [--json]",
    .summary = "Lists what there is to work with",
    .options = (const Option[]){{"--long", NULL, "norms: the whole entry of each"},
                                {"--tex", NULL, "norms: the equations, for TeX"},
                                {"--form", "text|markdown", "norms: text if not given"},
                                {"--json", NULL, "for programs; of norms everything"},
                                {NULL, NULL, NULL}},
    .least = 1,
    .most = 64,
    .run = run_list,
    .more =
        "With a NAME, the whole entry of one: an experiment's recipes, a data set's "
        "images and whether they are here,\n"
        "the normalizers that a check applies to. `normlab list norms NAME` takes a name "
        "or any spec: what shares\n"
        "moments, what is learned, what evaluation uses, and what `normlab check` proves "
        "of it. `work`: how often the\n"
        "operations of a call read or write as many numbers as x has, in the definition "
        "and, where there is one, in the\n"
        "fused form. --tex: the lines of an equation in text, what it learns, and, asked "
        "of the backward, which upstream\n"
        "reaches the gradient of an element. --form markdown: an entry as it stands in "
        "the book, with links from notes/.",
};
