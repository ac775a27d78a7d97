/* Where gamma and beta stand: whether an equation is gamma E + beta, once. */
#include "reader.h"

static size_t mentions(const Term *term, TermMeaning name) {
    if (term->kind == TERM_NAME) return term->meaning == name;
    size_t count = 0;
    for (size_t i = 0; i < term->arity; i++) count += mentions(term->in[i], name);
    return count;
}

static size_t all_mentions(const Equation *equation, TermMeaning name) {
    size_t count = 0;
    for (size_t i = 0; i < equation->lines; i++)
        if (equation->line[i].value) count += mentions(equation->line[i].value, name);
    return count;
}

static bool is_name(const Term *term, TermMeaning name) {
    return term->kind == TERM_NAME && term->meaning == name;
}

static Term *copy(Arena *arena, const Term *term) {
    Term *own = TAKE(arena, Term, 1);
    *own = *term;
    return own;
}

/* The term without its factor gamma; NULL: it has none. */
static Term *without_gamma(Arena *arena, Term *term) {
    if (term->kind != TERM_MUL && term->kind != TERM_DIV && term->kind != TERM_NEG)
        return NULL;
    for (size_t i = 0; i < term->arity; i++) {
        if (i == 1 && term->kind == TERM_DIV) return NULL;
        if (term->kind == TERM_MUL && is_name(term->in[i], NAME_GAMMA))
            return term->in[1 - i];
        Term *left = without_gamma(arena, term->in[i]);
        if (left == NULL) continue;
        Term *own = copy(arena, term);
        own->in[i] = left;
        return own;
    }
    return NULL;
}

/* E of gamma E + beta as far as the equation has them; NULL: it is not of this form. */
static Term *factored(Arena *arena, const Equation *equation, Term *term) {
    if (equation->has_beta) {
        if (term->kind != TERM_ADD) return NULL;
        const bool left = is_name(term->in[0], NAME_BETA);
        if (!left && !is_name(term->in[1], NAME_BETA)) return NULL;
        term = term->in[left ? 1 : 0];
    }
    return equation->has_gamma ? without_gamma(arena, term) : term;
}

/* Whether some term of the tree is of that form. */
static bool has_factored(Arena *arena, const Equation *equation, Term *term) {
    if (factored(arena, equation, term)) return true;
    for (size_t i = 0; i < term->arity; i++)
        if (has_factored(arena, equation, term->in[i])) return true;
    return false;
}

void equation_factor(Arena *arena, Equation *equation) {
    const size_t gammas = all_mentions(equation, NAME_GAMMA),
                 betas = all_mentions(equation, NAME_BETA);
    if (gammas > 1 || betas > 1) return;
    equation->body = factored(arena, equation, equation->line[equation->y].value);
    for (size_t i = 0; equation->body == NULL && i < equation->lines; i++)
        equation->affine_inside |= equation->line[i].value &&
                                   has_factored(arena, equation, equation->line[i].value);
}
