/* What an equation's form says: whether it has one over rows, which cells share moments, whether
 * it is linear, and of which size its numbers are. */
#include "written.h"
#include "text.h"

#include <math.h>
#include <string.h>

typedef struct Facts {
    Norm *norm;
    const Written *w;
    NormMode mode;
} Facts;

static WrittenFact fact_of(const Facts *k, const Term *term);

static WrittenForm larger(WrittenForm a, WrittenForm b) {
    return a > b ? a : b;
}

/* Of two that are seen together. */
static WrittenFact beside(WrittenFact a, WrittenFact b) {
    return (WrittenFact){.form = larger(a.form, b.form),
                         .by_sample = a.by_sample || b.by_sample,
                         .by_channel = a.by_channel || b.by_channel,
                         .by_position = a.by_position || b.by_position,
                         .curved = a.curved || b.curved,
                         .of_x = a.of_x || b.of_x,
                         .degree = NAN};
}

/* ---- cells ---------------------------------------------------------------------------- */

/* That x's moments over these cells are asked; own: it is centred by them. */
static void note_cells(const Facts *k, const Norm *cells, bool own) {
    const NormCells *at = cells->cell;
    NormCells *cell = k->norm->cell;
    size_t i = 0;
    while (i + 2 < NORM_MAX_CELLS &&
           (cell[i].moments[NORM_TRAIN] != NORM_NONE ||
            cell[i].moments[NORM_EVAL] != NORM_NONE) &&
           (cell[i].block != at->block || cell[i].width != at->width ||
            cell[i].apart != at->apart))
        i++;
    cell[i].block = at->block, cell[i].width = at->width, cell[i].apart = at->apart;
    NormMoments *moments = &cell[i].moments[k->mode];
    if (*moments != NORM_OWN) *moments = own ? NORM_OWN : NORM_READ;
}

static bool by_channel(const Norm *cells) {
    return cells->cell->width != 0 || cells->kind->partition;
}

static WrittenFact mean_fact(const Facts *k, const Term *term) {
    const Norm *cells = k->w->cell[term->number_of];
    WrittenFact a = fact_of(k, term->in[0]);
    if (a.form == FORM_NUMBER) return a;
    const bool apart = cells->cell->apart;
    if (a.of_x) note_cells(k, cells, false);
    a.mean_over = a.is_x ? cells : NULL;
    a.is_x = false;
    a.form = a.form == FORM_ELEMENT || (apart && a.of_x) ? FORM_ELEMENT : FORM_ROW;
    a.by_sample = a.by_sample && cells->cell->block != 0;
    a.by_channel = a.by_channel && by_channel(cells);
    a.by_position = a.by_position && apart;
    a.curved = a.curved || a.of_x;
    return a;
}

static WrittenFact count_fact(const Norm *cells) {
    const bool uneven = cells->kind->partition != NULL;
    return (WrittenFact){.form = uneven ? FORM_VECTOR : FORM_NUMBER,
                         .by_channel = uneven,
                         .positive = true};
}

/* ---- operators ------------------------------------------------------------------------ */

static bool is_eps(const Term *term) {
    return term->kind == TERM_NAME && term->meaning == NAME_EPS;
}

static WrittenFact sum_fact(const Facts *k, const Term *term) {
    const WrittenFact a = fact_of(k, term->in[0]), b = fact_of(k, term->in[1]);
    WrittenFact sum = beside(a, b);
    if (sum.form == FORM_SQUARE) sum.form = FORM_ELEMENT;
    sum.positive = term->kind == TERM_ADD && a.positive && b.positive;
    if (a.degree == b.degree || is_eps(term->in[1])) sum.degree = a.degree;
    if (term->kind == TERM_SUB && a.is_x && b.mean_over) note_cells(k, b.mean_over, true);
    if (term->kind == TERM_SUB && b.is_x && a.mean_over) note_cells(k, a.mean_over, true);
    return sum;
}

static bool is_field(WrittenFact a) {
    return a.form == FORM_FIELD;
}

static WrittenFact product_of(WrittenFact a, WrittenFact b) {
    WrittenFact product = beside(a, b);
    if (is_field(a) && is_field(b)) product.form = FORM_SQUARE;
    if (product.form == FORM_SQUARE && !(is_field(a) && is_field(b)) &&
        (a.form == b.form || is_field(a) || is_field(b)))
        product.form = FORM_ELEMENT;
    product.positive = a.positive && b.positive;
    product.curved = product.curved || (a.of_x && b.of_x);
    product.degree = a.degree + b.degree;
    return product;
}

static WrittenFact quotient_fact(const Facts *k, const Term *term) {
    const WrittenFact a = fact_of(k, term->in[0]), b = fact_of(k, term->in[1]);
    WrittenFact quotient = beside(a, b);
    if (b.form > FORM_ROW) quotient.form = FORM_ELEMENT;
    quotient.positive = a.positive && b.positive;
    quotient.curved = quotient.curved || b.of_x;
    quotient.degree = a.degree - b.degree;
    return quotient;
}

static WrittenFact power_fact(const Facts *k, const Term *term) {
    const WrittenFact a = fact_of(k, term->in[0]), b = fact_of(k, term->in[1]);
    double exponent;
    const bool fixed = equation_number(term->in[1], &k->w->settings, &exponent);
    if (fixed && exponent == 1.0) return a;
    WrittenFact power = fixed && exponent == 2.0 ? product_of(a, a) : beside(a, b);
    if (power.form > FORM_ROW && !(fixed && exponent == 2.0)) power.form = FORM_ELEMENT;
    power.curved = power.of_x;
    power.positive = a.positive || (fixed && fmod(exponent, 2.0) == 0.0);
    power.degree = fixed ? a.degree * exponent : a.degree == 0.0 ? 0.0 : (double)NAN;
    return power;
}

static bool is_one_of(const char *word, const char *const *words) {
    while (*words && strcmp(*words, word) != 0) words++;
    return *words != NULL;
}

static WrittenFact call_fact(const Facts *k, const Term *term) {
    static const char *const keeps_degree[] = {"abs", "relu",   "min",
                                               "max", "detach", NULL};
    static const char *const positive[] = {"sqrt", "exp",  "abs", "sigmoid",
                                           "relu", "step", NULL};
    WrittenFact a = fact_of(k, term->in[0]), call = a;
    bool all = a.positive, any = a.positive;
    for (size_t i = 1; i < term->arity; i++) {
        const WrittenFact b = fact_of(k, term->in[i]);
        all = all && b.positive, any = any || b.positive;
        const bool same = call.degree == b.degree;
        const double degree = call.degree;
        call = beside(call, b);
        call.degree = same ? degree : (double)NAN;
    }
    call.is_x = false, call.mean_over = NULL;
    if (call.form > FORM_ROW) call.form = FORM_ELEMENT;
    call.curved = call.of_x;
    call.positive =
        is_one_of(term->word, positive) || all || (strcmp(term->word, "max") == 0 && any);
    if (strcmp(term->word, "sqrt") == 0) {
        call.degree = a.degree / 2.0;
    } else if (!is_one_of(term->word, keeps_degree)) {
        call.degree = a.degree == 0.0 ? 0.0 : (double)NAN;
    }
    return call;
}

static WrittenFact apply_fact(const Facts *k, const Term *term) {
    const Norm *part = k->norm->part[k->w->part[term->number_of]];
    WrittenFact a = fact_of(k, term->in[0]);
    a.form = is_field(a) && norm_has_rows(part) ? FORM_FIELD : FORM_ELEMENT;
    a.by_sample = a.by_channel = a.by_position = true;
    a.curved = a.curved || (a.of_x && !norm_is_linear(part, k->mode));
    a.positive = a.is_x = false;
    a.mean_over = NULL;
    a.degree = NAN;
    return a;
}

/* ---- names ---------------------------------------------------------------------------- */

static WrittenFact name_fact(const Facts *k, const Term *term) {
    const WrittenFact number = {.form = FORM_NUMBER, .positive = true};
    switch (term->meaning) {
    case NAME_LINE:
        return k->w->fact[k->mode][term->place];
    case NAME_OPTION:
        return (WrittenFact){.form = FORM_NUMBER,
                             .positive = k->w->settings.number[term->place] >= 0.0};
    case NAME_X:
        return (WrittenFact){.form = FORM_FIELD,
                             .by_sample = true,
                             .by_channel = true,
                             .by_position = true,
                             .is_x = true,
                             .of_x = true,
                             .degree = 1.0};
    case NAME_GAMMA:
    case NAME_BETA:
        return (WrittenFact){.form = FORM_VECTOR, .by_channel = true};
    default:
        return number;
    }
}

static WrittenFact fact_of(const Facts *k, const Term *term) {
    WrittenFact a;
    switch (term->kind) {
    case TERM_NUMBER:
        return (WrittenFact){.form = FORM_NUMBER, .positive = term->number >= 0.0};
    case TERM_NAME:
        return name_fact(k, term);
    case TERM_NEG:
        a = fact_of(k, term->in[0]);
        a.positive = a.is_x = false;
        a.mean_over = NULL;
        return a;
    case TERM_ADD:
    case TERM_SUB:
        return sum_fact(k, term);
    case TERM_MUL:
        return product_of(fact_of(k, term->in[0]), fact_of(k, term->in[1]));
    case TERM_DIV:
        return quotient_fact(k, term);
    case TERM_POWER:
        return power_fact(k, term);
    case TERM_CALL:
        return call_fact(k, term);
    case TERM_MEAN:
        return mean_fact(k, term);
    case TERM_SUM:
        a = mean_fact(k, term);
        return product_of(a, count_fact(k->w->cell[term->number_of]));
    case TERM_COUNT:
        return count_fact(k->w->cell[term->number_of]);
    case TERM_APPLY:
        return apply_fact(k, term);
    default:
        return fact_of(k, equation_chosen(k->w->equation, &k->w->settings, term,
                                          k->mode == NORM_TRAIN));
    }
}

/* ---- lines ---------------------------------------------------------------------------- */

static WrittenFact line_fact(const Facts *k, size_t i) {
    const EquationLine *line = &k->w->equation->line[i];
    if (line->kind == LINE_PARAMETER)
        return (WrittenFact){.form = line->per ? FORM_VECTOR : FORM_NUMBER,
                             .by_channel = line->per != NULL,
                             .positive = k->w->least[i] >= 0.0};
    if (line->kind == LINE_VALUE) return fact_of(k, line->value);
    if (k->mode == NORM_EVAL) return k->w->fact[NORM_TRAIN][i];
    const WrittenFact seen = fact_of(k, line->value);
    return (WrittenFact){.form = seen.by_channel ? FORM_VECTOR : FORM_NUMBER,
                         .by_channel = seen.by_channel,
                         .by_position = seen.by_position,
                         .positive = seen.positive,
                         .degree = seen.degree};
}

/* An element by itself: no cells are read, and yet it is not linear. */
static void read_alone(Norm *norm, NormMode mode) {
    size_t i = 0;
    while (i + 1 < NORM_MAX_CELLS && (norm->cell[i].moments[NORM_TRAIN] != NORM_NONE ||
                                      norm->cell[i].moments[NORM_EVAL] != NORM_NONE))
        i++;
    if (norm->cell[i].moments[NORM_TRAIN] == NORM_NONE)
        norm->cell[i] = (NormCells){.block = 1, .width = 1, .apart = true};
    norm->cell[i].moments[mode] = NORM_READ;
}

/* A mode in which nothing is x's own has its moments given; one that is curved though no cells
 * are says so. */
static void settle_mode(Norm *norm, const Written *w, NormMode mode) {
    const WrittenRuns runs = written_runs(w, mode);
    const bool curved = w->fact[mode][w->equation->y].curved;
    bool own = false;
    for (size_t i = 0; i < NORM_MAX_CELLS; i++)
        own = own || norm->cell[i].moments[mode] != NORM_NONE;
    if (!own && !curved) norm->cell[0].moments[mode] = NORM_GIVEN;
    if (!own && curved && norm->parts > 0) read_alone(norm, mode);
    for (size_t i = 0; i < w->equation->lines && mode == NORM_TRAIN; i++)
        if (runs.line[i] && w->equation->line[i].kind == LINE_STATE)
            norm->cell[NORM_MAX_CELLS - 1].moments[NORM_TRAIN] = NORM_RUNNING;
}

void written_facts(Norm *norm, Written *w) {
    const Equation *equation = w->equation;
    memset(norm->cell, 0, sizeof norm->cell);
    w->rows = true;
    for (NormMode mode = NORM_TRAIN; mode <= NORM_EVAL; mode++) {
        const Facts k = {norm, w, mode};
        WrittenRuns runs = written_runs(w, mode);
        runs.line[equation->y] = true;
        for (size_t j = 0; j < equation->lines; j++) {
            const size_t i = (size_t)equation->order[j];
            const bool seen = mode == NORM_TRAIN && w->reached[i];
            if (runs.line[i] || seen) w->fact[mode][i] = line_fact(&k, i);
            if (seen && equation->line[i].kind == LINE_STATE &&
                fact_of(&k, equation->line[i].value).form == FORM_ELEMENT)
                w->rows = false;
        }
        w->rows = w->rows && w->fact[mode][equation->y].form <= FORM_FIELD;
        settle_mode(norm, w, mode);
    }
}

WrittenFact written_fact(const Norm *norm, const Written *w, NormMode mode,
                         const Term *term) {
    Norm scratch = *norm; /* which cells it asks is noted there */
    const Facts k = {&scratch, w, mode};
    return fact_of(&k, term);
}

/* ---- what a parameter does -------------------------------------------------------------- */

typedef struct Role {
    const Norm *norm;
    const Written *w;
    bool of_it[EQUATION_MOST_LINES]; /* lines that the parameter is in */
    NormParamRole role;
} Role;

static bool is_in(const Role *r, const Term *term) {
    if (term->kind == TERM_NAME)
        return term->meaning == NAME_LINE && r->of_it[term->place];
    for (size_t i = 0; i < term->arity; i++)
        if (is_in(r, term->in[i])) return true;
    return false;
}

static void look(Role *r, const Term *term) {
    static const char *const saturates[] = {"tanh", "sigmoid", "exp",
                                            "erf",  "gelu",    NULL};
    static const char *const chooses[] = {"max", "min", "clip", "select", NULL};
    if (term->kind == TERM_POWER && is_in(r, term->in[1])) r->role = NORM_PARAM_POWER;
    if (term->kind == TERM_CALL && is_in(r, term)) {
        const WrittenFact a = written_fact(r->norm, r->w, NORM_TRAIN, term->in[0]);
        if (is_one_of(term->word, saturates))
            r->role = a.degree > 0.0 ? NORM_PARAM_GATE : NORM_PARAM_LOGIT;
        else if (is_one_of(term->word, chooses) && r->role == NORM_PARAM_FACTOR)
            r->role = NORM_PARAM_THRESHOLD;
    }
    if (term->kind == TERM_WHEN && term->place != WHEN_TRAINING) {
        look(r, equation_chosen(r->w->equation, &r->w->settings, term, true));
        return;
    }
    for (size_t i = 0; i < term->arity; i++) look(r, term->in[i]);
}

NormParamRole written_role(const Norm *norm, const Written *w, size_t parameter) {
    const Equation *equation = w->equation;
    Role r = {.norm = norm, .w = w, .role = NORM_PARAM_FACTOR};
    if (w->least[parameter] == 0.0 && w->most[parameter] == 1.0)
        r.role = NORM_PARAM_WEIGHT;
    r.of_it[parameter] = true;
    for (size_t j = 0; j < equation->lines; j++) {
        const size_t i = (size_t)equation->order[j];
        const EquationLine *line = &equation->line[i];
        if (line->kind != LINE_VALUE || !w->reached[i]) continue;
        r.of_it[i] = is_in(&r, line->value);
        look(&r, line->value);
    }
    return r.role;
}
