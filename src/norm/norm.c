/* Specs turned into configured normalizers. */
#include "written.h"
#include "arguments.h"

#include <string.h>

/* Whether it divides by moments of x; a combination that weighs its parts' says an eps. */
static bool has_eps(const NormKind *kind) {
    bool has = kind->eps > 0.0;
    for (size_t i = 0; i < NORM_MAX_CELLS; i++)
        has = has || kind->cell[i].moments[NORM_TRAIN] == NORM_OWN;
    return has;
}

static bool keeps_moments(const NormKind *kind) {
    return kind->cell->moments[NORM_EVAL] == NORM_RUNNING;
}

bool norm_has_eps(const Norm *norm) {
    return has_eps(norm->kind);
}

/* ---- configuration --------------------------------------------------------------- */

/* All that may be meant: kinds, then aliases. */
static const char **known_names(Arena *arena, size_t *count) {
    size_t kinds, aliases;
    const NormKind *const *kind = norm_kinds(&kinds);
    const NormAlias *alias = norm_aliases(&aliases);
    const char **name = TAKE(arena, const char *, kinds + aliases);
    *count = 0;
    for (size_t i = 0; i < kinds; i++) name[(*count)++] = kind[i]->name;
    for (size_t i = 0; i < aliases; i++) name[(*count)++] = alias_name(arena, &alias[i]);
    return name;
}

/* LayerNorm, batch_norm2d: the word before "norm", in small letters. */
static const char *without_norm(Arena *arena, const char *word) {
    char *name = text_copy(arena, word, strlen(word));
    for (char *c = name; *c; c++) *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    char *end = strstr(name, "norm");
    if (end && end > name && strchr("_-", end[-1])) end--;
    if (end && end > name) *end = '\0';
    return name;
}

static const NormKind *find_kind(Arena *arena, const Spec *spec, BaseError *error) {
    size_t kinds, count;
    const NormKind *const *kind = norm_kinds(&kinds);
    const Choice all = {kind, kinds, sizeof *kind, true, NULL};
    const size_t i = choice_find(&all, spec->word);
    if (i < kinds) return kind[i];
    const char **names = known_names(arena, &count);
    const OtherName others[] = {{spec->word, without_norm(arena, spec->word)},
                                {NULL, NULL}};
    base_fail(error, EX_USAGE, spec->at, "no normalizer '%s'%s; there are %s", spec->word,
              text_hint_for(arena, spec->word, others, names, count),
              choice_words(arena, &all, " and "));
    return NULL;
}

typedef struct Affine {
    bool gamma, beta;
} Affine;

bool norm_read_number(SpecArguments *arguments, const char *key, double least,
                      double most, double *value, BaseError *error) {
    Arena *arena = arguments->arena;
    const SpecArg *argument = spec_named(arguments, key);
    const double usual = *value;
    if (argument == NULL) return true;
    if (!spec_number(argument, key, least, most, value, error)) return false;
    if (*value != usual) spec_say(arguments, "%s=%s", key, text_number(arena, *value));
    return true;
}

bool norm_read_choice(SpecArguments *arguments, const char *key, const char *const *word,
                      size_t *choice, BaseError *error) {
    const SpecArg *argument = spec_named(arguments, key);
    if (argument == NULL) return true;
    Choice words = {.table = word, .stride = sizeof *word};
    while (word[words.count]) words.count++;
    if (!argument_choice(arguments->arena, argument, key, &words, choice, error))
        return false;
    if (*choice > 0) spec_say(arguments, "%s=%s", key, word[*choice]);
    return true;
}

/* Which of the two there can be: an equation has those that it names. */
static Affine offered(const NormKind *kind) {
    if (kind->equation == NULL) return (Affine){true, true};
    return (Affine){kind->equation->has_gamma, kind->equation->has_beta};
}

/* What is not around all else, once, cannot be left out. */
static bool want_inside(const NormKind *kind, const Affine *affine,
                        const SpecArguments *arguments, BaseError *error) {
    const Equation *e = kind->equation;
    const bool out =
        e && ((e->has_gamma && !affine->gamma) || (e->has_beta && !affine->beta));
    return !out || e->body || e->affine_inside ||
           base_fail(
               error, EX_USAGE, arguments->spec->at,
               "%s has gamma or beta in its equation, which cannot be left out; as a "
               "part it says affine=yes",
               kind->name);
}

/* affine= for both of gamma= and beta=; a part has neither unless it says so. */
static bool read_affine(Affine *affine, const NormKind *kind, bool part,
                        SpecArguments *arguments, BaseError *error) {
    const SpecArg *argument;
    const Affine can = offered(kind);
    *affine = (Affine){!part && can.gamma, !part && can.beta};
    if (!can.gamma && !can.beta) return true;
    if ((argument = spec_named(arguments, "affine"))) {
        if (!spec_switch(arguments->arena, argument, "affine", &affine->gamma, error))
            return false;
        affine->beta = affine->gamma && can.beta;
        affine->gamma = affine->gamma && can.gamma;
    }
    if ((argument = spec_named(arguments, "gamma")) &&
        !spec_switch(arguments->arena, argument, "gamma", &affine->gamma, error))
        return false;
    if ((argument = spec_named(arguments, "beta")) &&
        !spec_switch(arguments->arena, argument, "beta", &affine->beta, error))
        return false;
    if (part && affine->gamma == can.gamma && affine->beta == can.beta) {
        spec_say(arguments, "affine=yes");
        return true;
    }
    if (can.gamma && affine->gamma == part)
        spec_say(arguments, part ? "gamma=yes" : "gamma=no");
    if (can.beta && affine->beta == part)
        spec_say(arguments, part ? "beta=yes" : "beta=no");
    return want_inside(kind, affine, arguments, error);
}

/* Standardizes over one partition: moments and root are to be chosen. */
static bool is_plain(const NormKind *kind) {
    return !kind->define && !kind->text && !kind->evaluate && has_eps(kind);
}

static bool read_center(Norm *norm, SpecArguments *arguments, BaseError *error) {
    const SpecArg *argument = spec_named(arguments, "center");
    bool centred = true;
    if (argument && !spec_switch(arguments->arena, argument, "center", &centred, error))
        return false;
    norm->uncentred = !centred;
    if (!centred) spec_say(arguments, "center=no");
    return true;
}

static bool read_variance(Norm *norm, SpecArguments *arguments, BaseError *error) {
    static const char *const WHICH[] = {"biased", "unbiased", NULL};
    size_t which = 0;
    if (!norm_read_choice(arguments, "variance", WHICH, &which, error)) return false;
    norm->unbiased = which == 1;
    if (!norm->unbiased || !norm->uncentred) return true;
    return base_fail(
        error, EX_USAGE, arguments->spec->at,
        "a mean square has no degree of freedom to lose: variance=unbiased is of "
        "center=yes");
}

static bool read_outside(Norm *norm, SpecArguments *arguments, BaseError *error) {
    static const char *const WHICH[] = {"no", "yes", NULL};
    size_t which = 0;
    if (!norm_read_choice(arguments, "eps_outside", WHICH, &which, error)) return false;
    norm->eps_outside = which == 1;
    return true;
}

/* center=, variance=, eps=, eps_outside=, weight_new=: understood by every normalizer that has
 * the thing. */
static bool read_common(Norm *norm, SpecArguments *arguments, BaseError *error) {
    const bool plain = is_plain(norm->kind);
    if (plain &&
        (!read_center(norm, arguments, error) || !read_variance(norm, arguments, error)))
        return false;
    if (has_eps(norm->kind) &&
        !norm_read_number(arguments, "eps", 1e-300, 1e300, &norm->eps, error))
        return false;
    if (plain && !read_outside(norm, arguments, error)) return false;
    return !keeps_moments(norm->kind) ||
           norm_read_number(arguments, "weight_new", 0.0, 1.0, &norm->weight_new, error);
}

const char *const *norm_options(Arena *arena, const NormKind *kind) {
    const char **all = ZERO(arena, const char *, 16);
    size_t count = 0;
    for (const char *const *own = kind->options; own && *own; own++) all[count++] = *own;
    const bool plain = is_plain(kind);
    if (plain) all[count++] = "center", all[count++] = "variance";
    if (has_eps(kind)) all[count++] = "eps";
    if (plain) all[count++] = "eps_outside";
    if (keeps_moments(kind)) all[count++] = "weight_new";
    const Affine can = offered(kind);
    if (can.gamma) all[count++] = "gamma";
    if (can.beta) all[count++] = "beta";
    if (can.gamma || can.beta) all[count++] = "affine";
    return all;
}

/* What other libraries and papers call them. */
static const OtherName OTHERS[] = {{"momentum", "weight_new"},
                                   {"epsilon", "eps"},
                                   {"elementwise_affine", "affine"},
                                   {"weight", "gamma"},
                                   {"scale", "gamma"},
                                   {"bias", "beta"},
                                   {"groups", "G"},
                                   {"num_groups", "G"},
                                   {"K", "size"},
                                   {"channels", "size"},
                                   {"group_size", "size"},
                                   {"samples", "B"},
                                   {"N", "B"},
                                   {"size", "B"},
                                   {"batch_size", "B"},
                                   {"B", "batch"},
                                   {"batch_size", "batch"},
                                   {"samples", "batch"},
                                   {NULL, NULL}};

/* a | b where it can be written so. */
static const char *canonical_spec(Arena *arena, const Norm *norm, const char *arguments) {
    const char *name = norm->kind->name;
    const char *text = *arguments ? text_print(arena, "%s(%s)", name, arguments) : name;
    BaseError error = {.set = false};
    const Spec *spec = norm->parts ? spec_parse(arena, text, &error) : NULL;
    return spec ? spec_print(arena, spec) : text;
}

static const Norm *read_kind(Arena *arena, const Spec *spec, size_t channels, bool part,
                             BaseError *error) {
    const NormKind *kind = find_kind(arena, spec, error);
    if (kind == NULL) return NULL;
    Norm *norm = ZERO(arena, Norm, 1);
    norm->kind = kind;
    norm->channels = channels;
    norm->eps = kind->eps > 0 ? kind->eps : 1e-5;
    norm->weight_new = 0.1;
    memcpy(norm->cell, kind->cell, sizeof norm->cell);
    SpecArguments arguments = arguments_of(arena, spec_placed(arena, spec, kind->usage));
    Affine affine;
    const char *const *options = norm_options(arena, kind);
    if (!arguments_known(&arguments, kind->usage, options, OTHERS, error)) return NULL;
    if (kind->configure && !kind->configure(arena, norm, &arguments, error)) return NULL;
    if (!read_common(norm, &arguments, error) ||
        !read_affine(&affine, kind, part, &arguments, error) ||
        !arguments_done(&arguments, options, error))
        return NULL;
    norm->spec = canonical_spec(arena, norm, arguments.canonical);
    norm_declare_own(norm, affine.gamma, affine.beta);
    for (size_t i = 0; i < norm->parts; i++)
        if (!norm_declare_part(arena, norm, i, spec->at, error)) return NULL;
    return norm;
}

static const Norm *read_norm(Arena *arena, const Spec *said, size_t channels, bool part,
                             BaseError *error) {
    const Spec *spec = alias_expand(arena, said, error);
    const Norm *norm = spec ? read_kind(arena, spec, channels, part, error) : NULL;
    if (norm == NULL) alias_explain(said, error);
    return norm;
}

/* What is accepted can be read again. */
static bool is_readable(Arena *arena, const Norm *norm, BaseError *error) {
    BaseError own = {.set = false};
    if (spec_parse(arena, norm->spec, &own)) return true;
    return base_fail(error, own.code, 0, "written in full it is %s", own.message);
}

const Norm *norm_new(Arena *arena, const char *text, size_t channels, BaseError *error) {
    const Spec *spec = spec_parse(arena, text, error);
    const Norm *norm = spec ? read_norm(arena, spec, channels, false, error) : NULL;
    return norm && is_readable(arena, norm, error) ? norm : NULL;
}

/* ---- combinations ---------------------------------------------------------------- */

bool norm_add_part(Arena *arena, Norm *norm, const Spec *spec, size_t channels,
                   BaseError *error) {
    if (norm->parts == NORM_MAX_PARTS)
        return base_fail(error, EX_USAGE, spec->at, "%s has at most %d parts",
                         norm->kind->name, NORM_MAX_PARTS);
    const Norm *part = read_norm(arena, spec, channels, true, error);
    if (part) norm->part[norm->parts++] = part;
    return part != NULL;
}

bool norm_add_parts(Arena *arena, Norm *norm, SpecArguments *arguments,
                    BaseError *error) {
    const SpecArg *argument;
    while ((argument = spec_positional(arguments))) {
        if (!norm_add_part(arena, norm, argument->value, norm->channels, error))
            return false;
        spec_say(arguments, "%s", norm->part[norm->parts - 1]->spec);
    }
    if (norm->parts >= 2) return true;
    return base_fail(error, EX_USAGE, arguments->spec->at,
                     "%s combines two normalizers or more, as in %s", norm->kind->name,
                     norm_example(norm->kind));
}
