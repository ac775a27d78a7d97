/* Derivatives judged: every normalizer by every check on several shapes and kinds of
 * data, and networks of them. notes/15-checking.md */
#include "cases.h"

#include "arith.h"
#include "net.h"
#include "task.h"

#include <string.h>
#include <unistd.h>

enum { MOST_THREADS = 64 };

/* By its first word, or nearly. */
static bool net_is_meant(Arena *arena, const char *text) {
    size_t norms, nets;
    const NormKind *const *norm = norm_kinds(&norms);
    const NetKind *const *net = net_kinds(&nets);
    BaseError error = {.set = false};
    const Spec *spec = spec_parse(arena, text, &error);
    if (spec == NULL) return false;
    const char **name = TAKE(arena, const char *, nets + norms);
    for (size_t i = 0; i < norms; i++) name[i] = norm_name(norm[i]);
    for (size_t i = 0; i < nets; i++) name[norms + i] = net_name(net[i]);
    const char *nearest = text_nearest(spec->word, name, norms + nets);
    for (size_t i = 0; i < nets; i++)
        if (nearest == name[norms + i]) return true;
    return false;
}

static void add_norm(Sheet *alone, Arena *arena, const char *spec) {
    BaseError error = {.set = false};
    sheet_add_norm(alone, arena, spec, &error);
    die_if(&error);
}

static void add_net(Cases *cases, const char *net, const char *norms) {
    BaseError error = {.set = false};
    sheet_of_net(&cases->sheet[cases->sheets++], cases->arena, net, norms, &error);
    die_if(&error);
}

/* By its name alone: whoever misspells it means a normalizer as well. */
static bool task_is_meant(const char *text) {
    size_t tasks, i = 0;
    const TaskKind *const *task = task_kinds(&tasks);
    while (i < tasks && strcmp(task[i]->name, text) != 0) i++;
    return i < tasks;
}

static void add_task(Sheet *losses, const char *task) {
    BaseError error = {.set = false};
    sheet_add_task(losses, task, &error);
    die_if(&error);
}

static void add_convs(Cases *cases, const char *word) {
    BaseError error = {.set = false};
    sheet_of_convs(&cases->sheet[cases->sheets++], cases->arena, word, &error);
    die_if(&error);
}

static void list_cases(Cases *cases, const char *only) {
    BaseError error = {.set = false};
    cases_list(cases, only, &error);
    die_if(&error);
}

/* The specs asked for, tasks in one table, networks and convolutions each in a table of its own; or
 * one normalizer and one network of each kind, every task, and every way of a convolution. */
static void read_specs(Cases *cases, const char **word, size_t words, const char *norms) {
    Arena *arena = cases->arena;
    Sheet alone = sheet_of_norms(arena), losses = sheet_of_tasks(arena);
    bool *is_net = ZERO(arena, bool, words + 1), any = false;
    size_t count;
    for (size_t i = 0; i < words; i++) {
        if (sheet_is_of_convs(word[i])) continue;
        is_net[i] = !task_is_meant(word[i]) && net_is_meant(arena, word[i]);
        any = any || is_net[i];
        if (task_is_meant(word[i]))
            add_task(&losses, word[i]);
        else if (!is_net[i])
            add_norm(&alone, arena, word[i]);
    }
    if (norms && !any)
        die(EX_USAGE,
            "--norm %s: says what stands in a network, and none is named, "
            "e.g. '%s'",
            text_clip(arena, norms), net_example(net_kinds(&count)[0]));
    const NormKind *const *kinds = norm_kinds(&count);
    for (size_t i = 0; i < count && words == 0; i++) {
        add_norm(&alone, arena, norm_example(kinds[i]));
        for (const char *const *also = norm_also(kinds[i]); also && *also; also++)
            add_norm(&alone, arena, *also);
    }
    const TaskKind *const *tasks = task_kinds(&count);
    for (size_t i = 0; i < count && words == 0; i++) add_task(&losses, tasks[i]->name);
    if (alone.columns) cases->sheet[cases->sheets++] = alone;
    if (losses.columns) cases->sheet[cases->sheets++] = losses;
    if (words == 0) add_convs(cases, "conv");
    for (size_t i = 0; i < words; i++)
        if (is_net[i])
            add_net(cases, word[i], norms);
        else if (sheet_is_of_convs(word[i]))
            add_convs(cases, word[i]);
    const NetKind *const *nets = net_kinds(&count);
    for (size_t i = 0; i < count && words == 0; i++)
        add_net(cases, net_example(nets[i]), NULL);
}

static size_t processors(void) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (size_t)cores : 1;
}

static int run_check(const Call *call) {
    static const char *const JUDGED[] = {"--save", "--stop", "--json"};
    Cases asked = {.arena = call->arena,
                   .seed = call_count(call, "--seed", 1, SIZE_MAX / 2),
                   .stop = call_option(call, "--stop") != NULL};
    read_specs(&asked, call->word, call->words, call_option(call, "--norm"));
    list_cases(&asked, call_option(call, "--case"));
    const size_t threads = call_count(call, "--threads", processors(), MOST_THREADS);
    if (call_option(call, "--list")) {
        for (size_t i = 0; i < COUNT_OF(JUDGED); i++)
            if (call_option(call, JUDGED[i]))
                die(EX_USAGE,
                    "--list judges nothing, and %s is of what is judged: one of "
                    "both is expected",
                    JUDGED[i]);
        cases_print_names(&asked);
        return EX_OK;
    }
    if (!NORMLAB_HAS_QUAD)
        say("this program was compiled without 113-bit reals: where 113 bits are said, "
            "long double judges, and nobody where |mean| is 1e8 std");
    cases_judge(&asked, threads);
    bool json = call_option(call, "--json") != NULL;
    if (!json) cases_print_tables(&asked);
    size_t bad = json ? cases_print_json(&asked) : cases_print_rest(&asked);
    if (call_option(call, "--save")) cases_save(&asked, false);
    return bad ? 1 : EX_OK;
}

int check_publish(const Call *call) {
    Cases asked = {.arena = call->arena, .seed = 1};
    read_specs(&asked, NULL, 0, NULL);
    list_cases(&asked, NULL);
    cases_judge(&asked, processors());
    cases_print_tables(&asked);
    if (cases_print_rest(&asked)) return 1;
    cases_save(&asked, true);
    return EX_OK;
}

const Command command_check = {
    .name = "check",
    .usage = "[SPEC|TASK|conv[=WAY]...] [--norm SPECS] [--case NAMES] [--seed N] "
             "[--save] "
             "[--stop] [--list] [--json]",
    .summary = "Proves the derivatives and digits of normalizers, losses, convolutions "
               "and networks",
    .options =
        (const Option[]){
            {"--norm", "SPECS", "what stands in the networks (default: all)"},
            {"--case", "NAMES",
             "these cases alone, as --list names them; '*.gradient,*.slots'"},
            {"--seed", "N", "of data, upstream and directions (default 1)"},
            {"--save", NULL,
             "all of it, with the curves of two figures: out/checking.h5 and .svg"},
            {"--stop", NULL, "ends at the first case that fails"},
            {"--list", NULL, "names the cases and judges none"},
            {"--threads", "N", "default: all processors"},
            {"--json", NULL, "for programs"},
            {NULL, NULL, NULL}},
    .least = 0,
    .most = SHEET_MOST,
    .run = run_check,
    .more =
        "A table of normalizers (`group(2)`) says for each check how many eps of its "
        "scale are allowed (0: the same bits)\n"
        "and how many the worst error of each is (of differences: parts of their own "
        "bound); `.`: does not apply;\n"
        "`inconcl.`: rounding alone may be larger than the smallest fault that must "
        "show, "
        "both are printed. A network\n"
        "(`resnet(depth=8)`) has a table of its own, with each normalizer in it and all "
        "parameters random: there errors are\n"
        "parts of the whole gradient's norm. One that reads text (`text-conv(depth=2)`) "
        "is "
        "asked as well whether it looks ahead,\n"
        "and whether it sees what is only padding. A task (`segment`) is its loss as a "
        "function of what a network\n"
        "gives. `conv` is every way of a convolution beside its sum in 113 bits, in eps "
        "of the sum of "
        "|x| |w|; `conv=direct` and\n"
        "`conv=winograd` are one way. One column alone says what each check is. Without "
        "SPEC: one normalizer of each\n"
        "kind, the tasks, the convolutions, and a network of each kind. Exit status 1 if "
        "anything "
        "fails.",
};
