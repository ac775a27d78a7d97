/* export: a normalizer as a module of another language. */
#include "tool.h"

#include "export.h"

#include <string.h>
#include <unistd.h>

enum { USUAL_CHANNELS = 8, MOST_CHANNELS = 4096, LAST_EPOCH = 1000000000 };

static const Norm *read_norm(const Call *call, size_t channels, bool said) {
    BaseError error = {.set = false};
    const char *text = call->word[0];
    const Norm *norm = norm_new(call->arena, text, channels, &error);
    if (norm) return norm;
    const char *hint = said ? ""
                            : text_print(call->arena, "; --channels says others than %d",
                                         USUAL_CHANNELS);
    BaseError unbound = {.set = false};
    if (!norm_new(call->arena, text, 0, &unbound)) hint = "";
    die(error.code, "%s%s", spec_error(call->arena, text, &error), hint);
}

/* As it can be pasted. */
static const char *command_of(const Call *call, const Norm *norm, size_t channels) {
    Text text = text_new(call->arena);
    text_add(&text, "normlab export %s --channels %zu",
             text_quoted(call->arena, norm->spec), channels);
    static const char *const SAID[] = {"--to", "--epoch"};
    for (size_t i = 0; i < COUNT_OF(SAID); i++)
        if (call_option(call, SAID[i]))
            text_add(&text, " %s %s", SAID[i], call_option(call, SAID[i]));
    return text.data;
}

static const ExportFact *facts_of(Arena *arena, size_t *count) {
    const Fact *fact = store_provenance(arena, count);
    ExportFact *out = TAKE(arena, ExportFact, *count);
    for (size_t i = 0; i < *count; i++)
        out[i] = (ExportFact){fact[i].name, fact[i].value};
    return out;
}

static void put(const char *text, const char *path) {
    BaseError error = {.set = false};
    if (path == NULL) {
        fputs(text, stdout);
        return;
    }
    place_write(path, text, strlen(text), &error);
    die_if(&error);
}

static size_t epoch_of(const char *said) {
    size_t epoch = LAST_EPOCH;
    if (said && (!text_to_count(said, &epoch) || epoch > LAST_EPOCH))
        die(EX_USAGE, "--epoch %s: a whole number from 0 to %d is expected", said,
            LAST_EPOCH);
    return epoch;
}

static int run_export(const Call *call) {
    static const Choice LANGUAGES = {
        .table = EXPORT_NAMES, .count = 3, .stride = sizeof *EXPORT_NAMES};
    const char *channels_said = call_option(call, "--channels"),
               *path = call_option(call, "--out");
    const size_t channels = call_count(call, "--channels", USUAL_CHANNELS, MOST_CHANNELS);
    ExportWish wish = {.to = (ExportTo)call_choice(call, "--to", &LANGUAGES),
                       .epoch = epoch_of(call_option(call, "--epoch")),
                       .after_all = call_option(call, "--epoch") == NULL};
    const Norm *norm = read_norm(call, channels, channels_said != NULL);
    BaseError error = {.set = false};
    if (path) place_may_write(path, &error);
    die_if(&error);
    wish.command = command_of(call, norm, channels);
    wish.fact = facts_of(call->arena, &wish.facts);
    const char *text = export_module(call->arena, norm, &wish, &error);
    die_if(&error);
    put(text, path);
    if (channels_said == NULL) say("of %zu channels; --channels says others", channels);
    if (wish.to == EXPORT_JAX)
        say("jax was not run here: the module tests itself where it is");
    return EX_OK;
}

const Command command_export = {
    .name = "export",
    .usage = "SPEC [--to torch|numpy|jax] [--channels C] [--epoch E] [--out FILE]",
    .summary = "A normalizer as a module of PyTorch, numpy or jax, which tests itself",
    .options =
        (const Option[]){
            {"--to", "torch|numpy|jax",
             "torch if not given: an nn.Module; else functions"},
            {"--channels", "C", "of x [N, C, ...] (default 8); N and positions are free"},
            {"--epoch", "E",
             "for schedules, from 0 (default: after the end of all of them)"},
            {"--out", "FILE", "instead of standard output"},
            {NULL, NULL, NULL}},
    .least = 1,
    .most = 1,
    .run = run_export,
    .more =
        "The module has the definition, with its parameters and running state as they "
        "begin, for training and\n"
        "evaluation, the step of the state, and what it comes from. `python3 FILE` tests "
        "it: y, its derivatives and\n"
        "the state after a step are compared with numbers of 113 bits that stand in it. "
        "What cannot be said there is\n"
        "refused (69): a backward that is no derivative, a program that its values "
        "choose. "
        "notes/92-taken-home.md",
};
