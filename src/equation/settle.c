/* The numbers and words of a spec's options, put where an equation has their names. */
#include "reader.h"
#include "real.h"

#include <math.h>
#include <string.h>

EquationSettings equation_usual(const Equation *equation) {
    EquationSettings settings = {.number = {0}};
    for (size_t i = 0; i < equation->options; i++)
        settings.number[i] =
            equation->option[i].required
                ? fmin(fmax(2.0, equation->option[i].least), equation->option[i].most)
                : equation->option[i].usual;
    return settings;
}

bool equation_number(const Term *term, const EquationSettings *settings, double *number) {
    double a = 0.0, b = 0.0;
    for (size_t i = 0; i < term->arity; i++)
        if (!equation_number(term->in[i], settings, i == 0 ? &a : &b)) return false;
    switch (term->kind) {
    case TERM_NUMBER:
        *number = term->number;
        return true;
    case TERM_NAME:
        if (term->meaning != NAME_OPTION) return false;
        *number = settings->number[term->place];
        return true;
    case TERM_NEG:
        *number = -a;
        return true;
    case TERM_ADD:
        *number = a + b;
        return true;
    case TERM_SUB:
        *number = a - b;
        return true;
    case TERM_MUL:
        *number = a * b;
        return true;
    case TERM_DIV:
        *number = a / b;
        return true;
    case TERM_POWER:
        *number = real_power(a, b);
        return true;
    case TERM_CALL:
        if (strcmp(term->word, "sqrt") != 0) return false;
        *number = sqrt(a);
        return true;
    case TERM_COUNT:
        if (strcmp(term->spec, "position") != 0) return false;
        *number = settings->channels ? (double)settings->channels : 1.0;
        return true;
    default:
        return false;
    }
}

const Term *equation_chosen(const Equation *equation, const EquationSettings *settings,
                            const Term *when, bool trains) {
    if (when->place == WHEN_TRAINING) return when->in[trains ? 0 : 1];
    const EquationOption *option = &equation->option[when->place];
    const bool yes = strcmp(option->word[settings->choice[when->place]], "yes") == 0;
    return when->in[yes ? 0 : 1];
}

static const char *option_text(Arena *arena, const EquationOption *option,
                               const EquationSettings *settings, size_t i) {
    if (option->words) return option->word[settings->choice[i]];
    return text_number(arena, settings->number[i]);
}

const char *equation_spec(Arena *arena, const Equation *equation,
                          const EquationSettings *settings, const char *spec) {
    static const char *const letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    Text out = text_new(arena);
    while (*spec) {
        const size_t length = strspn(spec, letters);
        const char *put = NULL;
        const bool key = length && spec[length + strspn(spec + length, " \t")] == '=';
        for (size_t i = 0; i < equation->options && length && !key; i++)
            if (strlen(equation->option[i].name) == length &&
                memcmp(equation->option[i].name, spec, length) == 0)
                put = option_text(arena, &equation->option[i], settings, i);
        const size_t taken = length ? length : 1;
        if (put)
            text_add(&out, "%s", put);
        else
            text_add(&out, "%.*s", (int)taken, spec);
        spec += taken;
    }
    return strcmp(out.data, "all") == 0 ? "lattice(batch=all, size=all)" : out.data;
}
