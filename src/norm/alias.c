/* Published names for what the algebra already spells (alias.def). An alias is a spelling:
 * it is read as the spec that it stands for, with its arguments put in, and everything
 * that it gains stands where the user wrote the name. */
#include "internal.h"
#include "arguments.h"

#include <string.h>

#define ALIAS(usage, spec, title, source, differs) {usage, spec, title, source, differs},
static const NormAlias ALIASES[] = {
#include "alias.def"
};
#undef ALIAS

const NormAlias *norm_aliases(size_t *count) {
    *count = COUNT_OF(ALIASES);
    return ALIASES;
}

const char *alias_name(Arena *arena, const NormAlias *alias) {
    return text_copy(arena, alias->usage, strcspn(alias->usage, "("));
}

static const NormAlias *find_alias(const char *word) {
    for (size_t i = 0; i < COUNT_OF(ALIASES); i++) {
        size_t length = strcspn(ALIASES[i].usage, "(");
        if (strlen(word) == length && memcmp(word, ALIASES[i].usage, length) == 0)
            return &ALIASES[i];
    }
    return NULL;
}

static bool is_place(const SpecArg *argument) {
    return argument->key == NULL && strcmp(argument->value->word, "G") == 0;
}

/* The alias's text with `given` in G's place, all of it where `said` stands; room for
 * `more` arguments. */
static Spec *put_in(Arena *arena, const Spec *written, const Spec *said,
                    const SpecArg *given, size_t more) {
    Spec *spec = TAKE(arena, Spec, 1);
    *spec = (Spec){.word = written->word, .at = said->at, .count = written->count};
    spec->args = TAKE(arena, SpecArg, written->count + more);
    for (size_t i = 0; i < written->count; i++) {
        const SpecArg *own = &written->args[i];
        spec->args[i] = is_place(own)
                            ? *given
                            : (SpecArg){own->key, said->at,
                                        put_in(arena, own->value, said, given, 0)};
    }
    return spec;
}

/* Named arguments that are left go to the outermost word. */
static bool append_rest(Spec *spec, const SpecArguments *arguments, BaseError *error) {
    const Spec *said = arguments->spec;
    for (size_t i = 0; i < said->count; i++) {
        if (arguments->used[i]) continue;
        if (said->args[i].key == NULL)
            return base_fail(error, EX_USAGE, said->args[i].at,
                             "'%s' does not take '%s' here", said->word,
                             said->args[i].value->word);
        spec->args[spec->count++] = said->args[i];
    }
    return true;
}

const Spec *alias_expand(Arena *arena, const Spec *said, BaseError *error) {
    const NormAlias *alias = find_alias(said->word);
    if (alias == NULL) return said;
    const Spec *written = spec_parse(arena, alias->spec, error);
    REQUIRE(written, "alias %s: %s", alias->usage, error->message);
    said = spec_placed(arena, said, alias->usage);
    SpecArguments arguments = arguments_of(arena, said);
    const SpecArg *given = NULL;
    if (strchr(alias->usage, '(')) {
        given = spec_positional(&arguments);
        if (given == NULL) given = spec_named(&arguments, "size");
        if (given == NULL) {
            const char *key = said->count ? said->args[0].key : NULL; /* all have one */
            base_fail(error, EX_USAGE, said->at,
                      "%s needs a number of groups, %s(8), or a size, %s(size=4)%s",
                      said->word, said->word, said->word,
                      key ? text_print(arena, "; %s= is neither", key) : "");
            return NULL;
        }
    }
    Spec *spec = put_in(arena, written, said, given, said->count);
    return append_rest(spec, &arguments, error) ? spec : NULL;
}

void alias_explain(const Spec *said, BaseError *error) {
    const NormAlias *alias = find_alias(said->word);
    size_t length = strlen(error->message);
    if (alias)
        snprintf(error->message + length, sizeof error->message - length, "; %s is %s",
                 alias->usage, alias->spec);
}
