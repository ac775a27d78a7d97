/* weave: pages that stay equal to their sources, renewed in place or only looked at. */
#include "tool.h"
#include "weave.h"

#include <string.h>

/* "20-39" */
static void print_contents(const Call *call, const char *range) {
    const char *minus = strchr(range, '-');
    size_t from = 0, to = 0;
    if (minus == NULL ||
        !text_to_count(text_copy(call->arena, range, (size_t)(minus - range)), &from) ||
        !text_to_count(minus + 1, &to) || from > to || to > 99)
        die(EX_USAGE, "--contents %s: numbers of chapters are expected, as in 20-39",
            range);
    weave_print_contents(call->arena, stdout, (unsigned)from, (unsigned)to);
}

static int print_faults(const Weave *weave) {
    for (size_t i = 0; i < weave->faults; i++) {
        const Fault *f = &weave->fault[i];
        if (f->line)
            printf("%s:%zu: %s\n", f->page, f->line, f->says);
        else
            printf("%s: %s\n", f->page, f->says);
    }
    return weave->faults ? 1 : EX_OK;
}

/* Writes the pages that should read otherwise, and looks again: what is left is for a person. */
static int renew(const Call *call, const Weave *weave, const char *const *page,
                 size_t pages) {
    size_t changed = 0;
    for (size_t i = 0; i < weave->pages; i++) {
        const Woven *w = &weave->woven[i];
        if (strcmp(w->before, w->after) == 0) continue;
        BaseError error = {.set = false};
        place_write(place_home(call->arena, w->page), w->after, strlen(w->after), &error);
        die_if(&error);
        say("renewed %s", w->page);
        changed++;
    }
    return print_faults(changed ? weave_pages(call->arena, page, pages) : weave);
}

static int run_weave(const Call *call) {
    want_checkout(call, "its pages are there");
    const char *contents = call_option(call, "--contents");
    if (contents) print_contents(call, contents);
    if (call_option(call, "--map")) weave_print_map(call->arena, stdout);
    if (call_option(call, "--headers")) weave_print_headers(call->arena, stdout);
    if (contents || call_option(call, "--map") || call_option(call, "--headers"))
        return EX_OK;
    const char *const *page = call->words ? call->word : NULL;
    const Weave *weave = weave_pages(call->arena, page, call->words);
    return call_option(call, "--check") ? print_faults(weave)
                                        : renew(call, weave, page, call->words);
}

const Command command_weave = {
    .name = "weave",
    .usage = "[--check] [PAGE...]",
    .summary =
        "Renews excerpts, numbers and tables of the book from code and published data",
    .options =
        (const Option[]){
            {"--check", NULL, "change nothing; say what is wrong, exit 1"},
            {"--contents", "FROM-TO", "prints the chapters of these numbers"},
            {"--headers", NULL, "prints what the public headers declare"},
            {"--map", NULL, "prints every source and its first sentence"},
            {NULL, NULL, NULL}},
    .most = 64,
    .run = run_weave,
    .more = "Pages are README.md, CONTRIBUTING.md and notes/*.md. What cannot be renewed "
            "is said "
            "on stdout, a line each:\n"
            "FILE:LINE: what is wrong.\n"
            "An excerpt is a paragraph that is only a link to FILE#ANCHOR, and the fence "
            "behind it; "
            "in FILE it stands\n"
            "between //> ANCHOR and //< ANCHOR.\n"
            "A number is a link to data/x.h5#PLACE, "
            "experiments/claims.txt#CLAIM/1.estimate or a "
            "list NAME VALUE;\n"
            "its title is the format: \"%.1f\". Without one "
            "experiments/claims.txt#CLAIM/1.verdict is a word.\n"
            "A block stands between <!-- normlab ARGUMENTS --> and <!-- end -->: what "
            "that command "
            "prints.",
};
