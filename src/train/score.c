/* What a run is judged by: the error of its last epoch, or the median of a window. */
#include "arguments.h"
#include "config.h"
#include "spec.h"

#include <stdlib.h>
#include <string.h>

bool score_read(Arena *arena, const char *text, size_t *epochs, BaseError *error) {
    static const char *const words[] = {"last", "median"};
    static const Choice rules = CHOICE(words);
    const Spec *spec = spec_parse(arena, text, error);
    if (spec == NULL) return false;
    const size_t rule = choice_find(&rules, spec->word);
    const bool median = rule == 1;
    *epochs = 1;
    if (rule == rules.count)
        return base_fail(error, EX_USAGE, spec->at,
                         "no rule '%s'%s; there are 'last' and 'median(EPOCHS)'",
                         spec->word, choice_hint(arena, &rules, spec->word));
    if (!median && spec->count > 0)
        return base_fail(error, EX_USAGE, spec->args[0].at, "last takes no arguments");
    if (!median) return true;
    SpecArguments arguments = arguments_of(arena, spec);
    const SpecArg *argument = spec_positional(&arguments);
    if (argument == NULL)
        return base_fail(error, EX_USAGE, spec->at,
                         "median of how many epochs? median(5)");
    return spec_count(argument, "the number of epochs", epochs, error) &&
           arguments_done(&arguments, (const char *const[]){NULL}, error);
}

const char *score_words(Arena *arena, const char *rule) {
    static const char *const numbers[] = {"two",   "three", "four", "five", "six",
                                          "seven", "eight", "nine", "ten"};
    size_t epochs;
    BaseError error = {.set = false};
    if (!score_read(arena, rule, &epochs, &error)) return text_plain(arena, rule);
    if (epochs == 1) return "last epoch";
    return epochs < COUNT_OF(numbers) + 2
               ? text_print(arena, "median of the last %s epochs", numbers[epochs - 2])
               : text_print(arena, "median of the last %zu epochs", epochs);
}

bool config_validates(const Config *config, size_t epochs) {
    return epochs % config->validate == 0 || epochs == config->epochs;
}

static int ascending(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* A window is for whoever wants it (Wu and He 2018: the median of five), at a rate that has
 * dropped before; in the middle of training it would compare how fast arms learn. */
double score_of(const double *error, size_t epochs, size_t window) {
    Arena *arena = arena_new();
    double *last = TAKE(arena, double, window);
    memcpy(last, error + epochs - window, window * sizeof *last);
    qsort(last, window, sizeof *last, ascending);
    double upper = last[window / 2], lower = last[(window - 1) / 2];
    arena_free(arena);
    return (lower + upper) / 2.0;
}
