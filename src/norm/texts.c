/* Kinds that are equations in text: those of the house, whose texts are in the program, and those
 * that a user brings. */
#include "written.h"
#include "place.h"
#include "text.h"

#include <math.h>
#include <string.h>

/* ---- a kind of an equation --------------------------------------------------------------- */

/* "power_group(G, start=P)" */
static const char *usage_of(Arena *arena, const Equation *equation) {
    Text out = text_new(arena);
    const char *before = "(";
    text_add(&out, "%s", equation->name);
    for (size_t i = 0; i < equation->options; i++, before = ", ") {
        const EquationOption *option = &equation->option[i];
        text_add(&out, "%s%s", before, option->name);
        for (size_t k = 0; k < option->words; k++)
            text_add(&out, "%s%s", k == 0 ? "=" : "|", option->word[k]);
        if (!option->words && !option->required)
            text_add(&out, "=%s", text_number(arena, option->usual));
    }
    if (equation->options) text_add(&out, ")");
    return out.data;
}

/* A spec for who wants one of each: with every number that has to be said. */
static const char *example_of(Arena *arena, const Equation *equation) {
    Text out = text_new(arena);
    const char *before = "(";
    const EquationSettings usual = equation_usual(equation);
    if (equation->example) return equation->example;
    text_add(&out, "%s", equation->name);
    for (size_t i = 0; i < equation->options; i++)
        if (equation->option[i].required) {
            text_add(&out, "%s%s", before, text_number(arena, usual.number[i]));
            before = ", ";
        }
    text_add(&out, strcmp(before, "(") == 0 ? "" : ")");
    return out.data;
}

static const char *const *options_of(Arena *arena, const Equation *equation) {
    const char **option = ZERO(arena, const char *, EQUATION_MOST_OPTIONS + 1);
    size_t count = 0;
    for (size_t i = 0; i < equation->options; i++)
        if (!equation->option[i].required) option[count++] = equation->option[i].name;
    return option;
}

static bool calls(const Term *term, const char *const *words) {
    if (term->kind == TERM_CALL)
        for (const char *const *word = words; *word; word++)
            if (strcmp(*word, term->word) == 0) return true;
    for (size_t i = 0; i < term->arity; i++)
        if (calls(term->in[i], words)) return true;
    return false;
}

static bool says(const Equation *equation, const char *const *words) {
    for (size_t i = 0; i < equation->lines; i++)
        if (equation->line[i].value && calls(equation->line[i].value, words)) return true;
    return false;
}

/* Each identity of no parameters is a twin to the bit only by luck: those are asked as
 * identities (trial). */
static NormKind *kind_of(Arena *arena, const Equation *equation) {
    static const char *const holds[] = {"detach", NULL};
    static const char *const saturates[] = {"tanh", "sigmoid", "erf", "exp", "gelu",
                                            "step", "relu",    "min", "max", "clip",
                                            "abs",  "select",  NULL};
    NormKind *kind = ZERO(arena, NormKind, 1);
    *kind = (NormKind){.name = equation->name,
                       .usage = usage_of(arena, equation),
                       .title = equation->title ? equation->title : "an equation in text",
                       .source = equation->source,
                       .differs = equation->differs,
                       .example = example_of(arena, equation),
                       .options = options_of(arena, equation),
                       .eps = equation->has_eps ? equation->usual_eps : 0.0,
                       .saturates = says(equation, saturates),
                       .configure = written_configure,
                       .declare = written_declare,
                       .text = written_text,
                       .equation = equation};
    if (says(equation, holds)) kind->holds = "what its equation detaches";
    return kind;
}

/* An option stands in specs by its name, where a normalizer's would be hidden by it. */
static bool want_own_options(const Equation *equation, BaseError *error) {
    for (size_t i = 0; i < equation->options; i++) {
        const EquationOption *option = &equation->option[i];
        if (!registry_has(option->name)) continue;
        return base_fail(
            error, EX_DATAERR, option->at,
            "there is a normalizer '%s' already: an option needs another name",
            option->name);
    }
    return true;
}

static bool want_twins(Arena *arena, const Equation *equation,
                       const EquationSettings *usual, BaseError *error) {
    for (size_t i = 0; i < equation->identities; i++) {
        const EquationIdentity *twin = &equation->identity[i];
        BaseError why = {.set = false};
        if (twin->kind != IDENTITY_TWIN) continue;
        const char *spec = equation_spec(arena, equation, usual, twin->spec);
        if (norm_new(arena, spec, 0, &why)) continue;
        return base_fail(error, EX_DATAERR, twin->at, "twin '%s': %s",
                         text_clip(arena, twin->spec), why.message);
    }
    return true;
}

/* Of the house's kind that it takes the place of, by others. */
static bool has_part(const Norm *norm, const char *name) {
    for (size_t i = 0; i < norm->parts; i++)
        if (strcmp(norm->part[i]->kind->name, name) == 0 || has_part(norm->part[i], name))
            return true;
    return false;
}

/* Whether it can be configured, of any number of channels. */
static bool is_sound(Arena *arena, const NormKind *kind, BaseError *error) {
    Norm *norm = ZERO(arena, Norm, 1);
    const Equation *equation = kind->equation;
    const EquationSettings usual = equation_usual(equation);
    norm->kind = kind;
    norm->weight_new = 0.1;
    return want_own_options(equation, error) &&
           written_bind(arena, norm, equation, &usual, error) &&
           (!has_part(norm, kind->name) ||
            base_fail(error, EX_DATAERR, equation->at, "'%s' is made of itself",
                      kind->name)) &&
           want_twins(arena, equation, &usual, error);
}

/* Whether its example is a spec of it. */
static bool has_example(Arena *arena, const NormKind *kind, BaseError *error) {
    BaseError why = {.set = false};
    const Norm *norm = norm_new(arena, kind->example, 0, &why);
    if (norm && norm->kind == kind) return true;
    return base_fail(error, EX_DATAERR, kind->equation->at, "its example '%s': %s",
                     text_clip(arena, text_plain(arena, kind->example)),
                     norm ? "this is another normalizer" : why.message);
}

/* All kinds of texts, which live as long as the program; before there are threads: registry.c. */
static Arena *lasting(void) {
    static Arena *arena;
    if (arena == NULL) arena = arena_new();
    return arena;
}

/* ---- texts of a user's ------------------------------------------------------------------- */

static const char *digest_of(Arena *arena, const Equation *equation) {
    char hex[DIGEST_LENGTH + 1];
    const char *text = equation_print(arena, equation);
    digest_bytes(hex, text, strlen(text));
    return text_copy(arena, hex, DIGEST_LENGTH);
}

static bool explain(Arena *arena, const char *name, const char *text,
                    const BaseError *own, BaseError *error) {
    return base_fail(error, own->code, own->at, "%s",
                     equation_error(arena, name, text, own));
}

/* A text that is there already is there; an equation of the house gives way to a user's, for the
 * identity of runs has its SHA-256. */
static bool add(Arena *arena, const Equation *equation, BaseError *error) {
    const Registry now = registry_now();
    const size_t at = registry_find(equation->name);
    const Equation *there = at < now.count ? now.kind[at]->equation : NULL;
    const char *text = equation_print(arena, equation);
    if (there && strcmp(equation_print(arena, there), text) == 0) return true;
    const NormKind *kind = kind_of(arena, equation);
    BaseError taken = {.set = false};
    const bool gives_way = there && now.sha256[at] == NULL;
    if (!gives_way && !norm_name_is_free(equation->name, &taken))
        return base_fail(error, EX_DATAERR, equation->at, "%s", taken.message);
    if (!is_sound(arena, kind, error) ||
        !registry_put(at, kind, digest_of(arena, equation), error) ||
        !has_example(arena, kind, error))
        return false;
    if (gives_way) say("'%s' is not that of the house now", equation->name);
    return true;
}

bool text_register(Arena *arena, const char *name, const char *text, BaseError *error) {
    const Registry before = registry_now();
    BaseError own = {.set = false};
    size_t count;
    const char *kept = text_copy(arena, text, strlen(text));
    const Equation *const *all = equation_read(arena, kept, &count, &own);
    for (size_t i = 0; all && i < count; i++)
        if (!add(arena, all[i], &own)) all = NULL;
    if (all) return true;
    registry_again(&before);
    return explain(arena, name, kept, &own, error);
}

bool norm_register_text(const char *name, const char *text, BaseError *error) {
    Arena *arena = lasting();
    const ArenaMark before = arena_mark(arena);
    const bool registered = text_register(arena, name, text, error);
    if (!registered) arena_rewind(arena, before);
    return registered;
}

const char *norm_equation(Arena *arena, const NormKind *kind) {
    return kind->equation ? equation_print(arena, kind->equation) : NULL;
}

const char *norm_tex(Arena *arena, const NormKind *kind) {
    return kind->equation ? equation_tex(arena, kind->equation) : NULL;
}

extern const char norm_text_variant[]; /* template/variant.norm */

const char *norm_template(void) {
    return norm_text_variant;
}

/* ---- texts of the house -------------------------------------------------------------------- */

const NormKind *text_kind(const char *name, const char *text) {
    Arena *arena = lasting();
    BaseError error = {.set = false};
    size_t count;
    const Equation *const *all = equation_read(arena, text, &count, &error);
    REQUIRE(all && count == 1, "%s.norm: %s", name,
            all ? "one normalizer is expected"
                : equation_error(arena, name, text, &error));
    const NormKind *kind = kind_of(arena, all[0]);
    REQUIRE(strcmp(kind->name, name) == 0 && is_sound(arena, kind, &error), "%s.norm: %s",
            name, error.message);
    return kind;
}
