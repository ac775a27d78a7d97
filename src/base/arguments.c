/* Reading the arguments of a spec: each used once, none forgotten, every mistake at its
 * place. */
#include "arguments.h"
#include "spec.h"

#include <string.h>

SpecArguments arguments_of(Arena *arena, const Spec *spec) {
    return (SpecArguments){arena, spec, ZERO(arena, bool, spec->count + 1), ""};
}

void spec_say(SpecArguments *a, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *said = text_print_args(a->arena, format, args);
    va_end(args);
    a->canonical =
        text_print(a->arena, "%s%s%s", a->canonical, *a->canonical ? ", " : "", said);
}

const SpecArg *spec_named(SpecArguments *a, const char *key) {
    for (size_t i = 0; i < a->spec->count; i++) {
        const SpecArg *argument = &a->spec->args[i];
        if (a->used[i] || argument->key == NULL || strcmp(argument->key, key) != 0)
            continue;
        a->used[i] = true;
        return argument;
    }
    return NULL;
}

const SpecArg *spec_positional(SpecArguments *a) {
    for (size_t i = 0; i < a->spec->count; i++) {
        if (a->used[i] || a->spec->args[i].key) continue;
        a->used[i] = true;
        return &a->spec->args[i];
    }
    return NULL;
}

/* Length of the placeholder that a usage has, at *name; 0 where it has none, or several. */
static size_t placeholder(const char *usage, const char **name) {
    const char *open = strchr(usage, '(');
    if (open == NULL) return 0;
    *name = open + 1;
    const size_t length = strcspn(*name, "=,)|0123456789"); /* S0 is itself a value */
    const char *after = *name + length;
    if (*after == ')') return length; /* it is alone */
    if (*after != ',') return 0;      /* it is an option, or a choice of words */
    after++;
    return after[strcspn(after, "=,)")] == '=' ? length : 0; /* options follow */
}

const Spec *spec_placed(Arena *arena, const Spec *spec, const char *usage) {
    const char *name;
    const size_t length = placeholder(usage, &name);
    for (size_t i = 0; length > 0 && i < spec->count; i++) {
        const char *key = spec->args[i].key;
        if (key == NULL || strlen(key) != length || strncmp(key, name, length) != 0)
            continue;
        Spec *placed = TAKE(arena, Spec, 1);
        *placed = *spec;
        placed->args = TAKE(arena, SpecArg, spec->count);
        memcpy(placed->args, spec->args, spec->count * sizeof *placed->args);
        placed->args[i].key = NULL;
        return placed;
    }
    return spec;
}

/* A value is a word without arguments of its own. */
static const char *plain(const SpecArg *argument, const char *what, BaseError *error) {
    if (argument->value->count == 0) return argument->value->word;
    base_fail(error, EX_USAGE, argument->value->at,
              "%s should be a plain value, not '%s(...)'", what, argument->value->word);
    return NULL;
}

bool spec_count(const SpecArg *argument, const char *what, size_t *value,
                BaseError *error) {
    const char *word = plain(argument, what, error);
    if (word == NULL) return false;
    if (text_to_count(word, value) && *value > 0) return true;
    return base_fail(error, EX_USAGE, argument->value->at,
                     "%s should be a whole number from 1 on, not '%s'", what, word);
}

bool spec_number(const SpecArg *argument, const char *what, double least, double most,
                 double *value, BaseError *error) {
    const char *word = plain(argument, what, error);
    if (word == NULL) return false;
    if (text_to_double(word, value) && *value >= least && *value <= most) return true;
    return base_fail(error, EX_USAGE, argument->value->at,
                     "%s should be a number from %g to %g, not '%s'", what, least, most,
                     word);
}

bool argument_choice(Arena *arena, const SpecArg *argument, const char *what,
                     const Choice *words, size_t *place, BaseError *error) {
    const char *said = argument->value->word;
    const bool plain = argument->value->count == 0;
    const size_t i = plain ? choice_find(words, said) : words->count;
    if (i == words->count)
        return base_fail(error, EX_USAGE, argument->value->at,
                         "%s should be %s, not '%s%s'%s", what,
                         choice_words(arena, words, " or "), said, plain ? "" : "(...)",
                         choice_hint(arena, words, said));
    *place = i;
    return true;
}

bool spec_switch(Arena *arena, const SpecArg *argument, const char *what, bool *value,
                 BaseError *error) {
    static const char *const YES_NO[] = {"yes", "no"};
    static const Choice words = CHOICE(YES_NO);
    size_t place = 0;
    if (!argument_choice(arena, argument, what, &words, &place, error)) return false;
    *value = place == 0;
    return true;
}

enum { MOST_OPTIONS = 24 };

static bool is_among(const char *word, const char *const *list, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, list[i]) == 0) return true;
    return false;
}

bool arguments_known(const SpecArguments *a, const char *usage,
                     const char *const *options, const OtherName *others,
                     BaseError *error) {
    const char *own, *known[MOST_OPTIONS + 1];
    size_t count = 0;
    const size_t length = usage ? placeholder(usage, &own) : 0;
    if (length) known[count++] = text_copy(a->arena, own, length);
    for (; *options && count <= MOST_OPTIONS; options++) known[count++] = *options;
    for (size_t i = 0; i < a->spec->count; i++) {
        const SpecArg *argument = &a->spec->args[i];
        Text list = text_new(a->arena);
        if (a->used[i] || argument->key == NULL || is_among(argument->key, known, count))
            continue;
        for (size_t k = 0; k < count; k++)
            text_add(&list, "%s%s=", k ? ", " : "", known[k]);
        return base_fail(error, EX_USAGE, argument->at,
                         "'%s' has no option '%s'%s; it has %s", a->spec->word,
                         argument->key,
                         text_hint_for(a->arena, argument->key, others, known, count),
                         list.length ? list.data : "none");
    }
    return true;
}

bool arguments_done(const SpecArguments *a, const char *const *options,
                    BaseError *error) {
    static const OtherName none[] = {{NULL, NULL}};
    Text known = text_new(a->arena);
    if (!arguments_known(a, NULL, options, none, error)) return false;
    for (size_t i = 0; options[i]; i++)
        text_add(&known, "%s%s=", i ? ", " : "", options[i]);
    for (size_t i = 0; i < a->spec->count; i++) {
        const SpecArg *argument = &a->spec->args[i];
        if (a->used[i]) continue;
        if (argument->key)
            return base_fail(error, EX_USAGE, argument->at,
                             "%s= of '%s' is given twice or does not go"
                             " with the other arguments",
                             argument->key, a->spec->word);
        return base_fail(error, EX_USAGE, argument->at,
                         "'%s' does not take '%s' here; it has %s", a->spec->word,
                         argument->value->word, known.length ? known.data : "none");
    }
    return true;
}

const char *divisors_text(Arena *arena, size_t number) {
    Text text = text_new(arena);
    for (size_t d = 1; d <= number; d++)
        if (number % d == 0) text_add(&text, "%s%zu", d > 1 ? ", " : "", d);
    return text.data;
}
