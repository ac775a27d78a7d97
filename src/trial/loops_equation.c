/* Equations in text, in plain loops: every term is an array of numbers, one for each element of
 * x; means are taken over all elements whose cells have one number. Of norm's reading it shares
 * the tree alone. */
#include "loops.h"
#include "equation.h"
#include "house.h"
#include "written.h"

#include <math.h>
#include <string.h>

typedef struct Evaluation {
    const Loops *call;
    const Equation *equation;
    EquationSettings settings;
    const Number *x;
    Number *line[EQUATION_MOST_LINES]; /* NULL: not yet */
} Evaluation;

static Number *term_of(Evaluation *e, const Term *term);

/* ---- what the spec says ----------------------------------------------------------------- */

static EquationSettings settings_of(const Loops *k, const Equation *equation) {
    EquationSettings settings = equation_usual(equation);
    settings.channels = k->C;
    size_t positional = 0;
    for (size_t i = 0; i < equation->options; i++) {
        const EquationOption *option = &equation->option[i];
        double *number = &settings.number[i];
        if (option->required && loops_word(k, positional))
            *number = (double)loops_count(k, positional++, 0);
        else
            *number = loops_number(k, option->name, *number);
        for (size_t word = 0; word < option->words; word++)
            if (loops_says(k, option->name, option->word[word]))
                settings.choice[i] = word;
    }
    return settings;
}

/* ---- numbers ------------------------------------------------------------------------------- */

static Number *all_of(const Evaluation *e, Number value) {
    Number *y = loops_room(e->call, e->call->n);
    for (size_t i = 0; i < e->call->n; i++) y[i] = value;
    return y;
}

/* Of a real part and a step beside it: by its slope, 2 / sqrt(pi) exp(-a^2). */
static Number error_function(Number a) {
    const Quad real = loops_real(a), pi = 4 * QUAD_CALL(atan)(1);
    const Quad slope = 2 / quad_sqrt(pi) * loops_real(loops_exp(-real * real));
    return QUAD_CALL(erf)(real) + (a - real) * slope;
}

static Number function_of(const char *word, Number a, Number b, Number c) {
    const Quad real = loops_real(a);
    if (strcmp(word, "sqrt") == 0) return QUAD_CALL(csqrt)(a);
    if (strcmp(word, "exp") == 0) return loops_exp(a);
    if (strcmp(word, "log") == 0) return QUAD_CALL(clog)(a);
    if (strcmp(word, "tanh") == 0) return QUAD_CALL(ctanh)(a);
    if (strcmp(word, "erf") == 0) return error_function(a);
    if (strcmp(word, "sigmoid") == 0) return loops_sigmoid(a);
    if (strcmp(word, "gelu") == 0) return a / 2 * (1 + error_function(a / quad_sqrt(2)));
    if (strcmp(word, "relu") == 0) return real > 0 ? a : 0;
    if (strcmp(word, "abs") == 0) return real < 0 ? -a : a;
    if (strcmp(word, "step") == 0) return real > 0 ? 1 : 0;
    if (strcmp(word, "detach") == 0) return loops_held(a);
    if (strcmp(word, "min") == 0) return loops_real(b) < real ? b : a;
    if (strcmp(word, "max") == 0) return loops_real(b) > real ? b : a;
    if (strcmp(word, "select") == 0) return real > 0 ? b : c;
    REQUIRE(strcmp(word, "clip") == 0, "'%s' is not restated", word);
    const Number above = loops_real(b) > real ? b : a;
    return loops_real(c) < loops_real(above) ? c : above;
}

/* Whole powers of numbers below 0, too: by products. */
static Number to_the(Number a, double exponent) {
    if (exponent != nearbyint(exponent) || fabs(exponent) > 64)
        return loops_power(a, exponent);
    Number product = 1;
    for (int k = 0; k < (int)fabs(exponent); k++) product *= a;
    return exponent < 0 ? 1 / product : product;
}

static Number *calculate(Evaluation *e, const Term *term) {
    const Number *in[TERM_MOST_OPERANDS] = {NULL};
    Number *y = loops_room(e->call, e->call->n);
    double exponent = 0.0;
    const bool fixed =
        term->kind == TERM_POWER && equation_number(term->in[1], &e->settings, &exponent);
    for (size_t j = 0; j < term->arity; j++) in[j] = term_of(e, term->in[j]);
    for (size_t i = 0; i < e->call->n; i++) {
        const Number a = in[0][i], b = in[1] ? in[1][i] : 0, c = in[2] ? in[2][i] : 0;
        switch (term->kind) {
        case TERM_NEG:
            y[i] = -a;
            break;
        case TERM_ADD:
            y[i] = a + b;
            break;
        case TERM_SUB:
            y[i] = a - b;
            break;
        case TERM_MUL:
            y[i] = a * b;
            break;
        case TERM_DIV:
            y[i] = a / b;
            break;
        case TERM_POWER:
            y[i] = fixed ? to_the(a, exponent) : loops_exp(b * QUAD_CALL(clog)(a));
            break;
        default:
            y[i] = function_of(term->word, a, b, c);
        }
    }
    return y;
}

/* ---- cells ---------------------------------------------------------------------------------- */

/* Mean (or sum, or number) of what is in the cell of each element; 0 of none. */
static Number *over_cells(Evaluation *e, const Term *term) {
    const Loops *k = e->call;
    const Written *w = k->norm->detail;
    const Loops cells = loops_spelled(k, w->cell[term->number_of]->spec);
    LoopsCell *cell = loops_cell(&cells);
    const Number *a = term->arity ? term_of(e, term->in[0]) : NULL;
    Number *sum = loops_room(k, k->n), *y = loops_room(k, k->n);
    size_t *count = ZERO(k->arena, size_t, k->n), *of = TAKE(k->arena, size_t, k->n);
    for (size_t i = 0; i < k->n; i++) {
        of[i] = cell(&cells, loops_sample(k, i), loops_channel(k, i), i % k->L);
        if (!loops_belongs(k, i)) continue;
        count[of[i]]++;
        if (a) sum[of[i]] += a[i];
    }
    for (size_t i = 0; i < k->n; i++) {
        const Quad all = (Quad)count[of[i]];
        y[i] = term->kind == TERM_COUNT ? all
               : term->kind == TERM_SUM ? sum[of[i]]
               : count[of[i]] > 0       ? sum[of[i]] / all
                                        : 0;
    }
    return y;
}

static Number *applied(Evaluation *e, const Term *term) {
    const Written *w = e->call->norm->detail;
    const Loops part = loops_of_part(e->call, w->part[term->number_of], e->call->C);
    Number *y = loops_room(e->call, e->call->n);
    loops_run(&part, y, term_of(e, term->in[0]));
    return y;
}

/* ---- names ---------------------------------------------------------------------------------- */

/* One number a channel, a group of channels or for all, of a parameter or state. */
static Number *spread(const Evaluation *e, const EquationLine *line) {
    const Loops *k = e->call;
    const Number *param = loops_param(k, line->name);
    const double *state = loops_state(k, line->name);
    size_t count = 0;
    for (size_t i = 0; i < k->norm->params; i++)
        if (strcmp(k->norm->param[i].name, line->name) == 0)
            count = k->norm->param[i].count;
    for (size_t i = 0; i < k->norm->states; i++)
        if (strcmp(k->norm->state[i].name, line->name) == 0)
            count = k->norm->state[i].count;
    const bool sets = line->per && strcmp(line->per, "channel") != 0;
    const Written *w = k->norm->detail;
    const Loops cells =
        loops_spelled(k, sets ? w->per[line - e->equation->line]->spec : "layer");
    Number *y = loops_room(k, k->n);
    for (size_t i = 0; i < k->n; i++) {
        const size_t c = loops_channel(k, i),
                     at = sets         ? loops_cell(&cells)(&cells, 0, c, 0)
                          : count == 1 ? 0
                                       : c;
        y[i] = param ? param[at] : state[at];
    }
    return y;
}

static Number *affine(const Evaluation *e, const char *name, Number otherwise) {
    const Number *param = loops_param(e->call, name);
    Number *y = all_of(e, otherwise);
    for (size_t i = 0; param && i < e->call->n; i++)
        y[i] = param[loops_channel(e->call, i)];
    return y;
}

static Number *line_of(Evaluation *e, size_t i) {
    const EquationLine *line = &e->equation->line[i];
    if (e->line[i] == NULL)
        e->line[i] = line->kind == LINE_VALUE ? term_of(e, line->value) : spread(e, line);
    return e->line[i];
}

static Number *name_of(Evaluation *e, const Term *term) {
    switch (term->meaning) {
    case NAME_LINE:
        return line_of(e, (size_t)term->place);
    case NAME_OPTION:
        return all_of(e, e->settings.number[term->place]);
    case NAME_GAMMA:
        return affine(e, "gamma", 1);
    case NAME_BETA:
        return affine(e, "beta", 0);
    case NAME_EPS:
        return all_of(e, e->call->norm->eps);
    case NAME_EPOCH:
        return all_of(e, (Quad)e->call->epoch);
    case NAME_SAMPLES:
        return all_of(e, (Quad)loops_samples(e->call));
    default:
        break;
    }
    Number *y = loops_room(e->call, e->call->n);
    memcpy(y, e->x, e->call->n * sizeof *y);
    return y;
}

static Number *term_of(Evaluation *e, const Term *term) {
    switch (term->kind) {
    case TERM_NUMBER:
        return all_of(e, term->number);
    case TERM_NAME:
        return name_of(e, term);
    case TERM_MEAN:
    case TERM_SUM:
    case TERM_COUNT:
        return over_cells(e, term);
    case TERM_APPLY:
        return applied(e, term);
    case TERM_WHEN:
        return term_of(
            e, equation_chosen(e->equation, &e->settings, term, !e->call->evaluates));
    default:
        return calculate(e, term);
    }
}

void loops_equation(const Loops *call, Number *y, const Number *x) {
    const Equation *equation = call->norm->kind->equation;
    Evaluation e = {.call = call, .equation = equation, .x = x};
    e.settings = settings_of(call, equation);
    memcpy(y, line_of(&e, (size_t)equation->y), call->n * sizeof *y);
}

/* The mean over what is in cells, of a channel or of all. */
Number *loops_equation_observed(const Loops *call, const Number *x, const char *name,
                                size_t count) {
    const Equation *equation = call->norm->kind->equation;
    Evaluation e = {.call = call, .equation = equation, .x = x};
    e.settings = settings_of(call, equation);
    Number *sum = loops_room(call, count);
    size_t *all = ZERO(call->arena, size_t, count);
    for (size_t i = 0; i < equation->lines; i++) {
        if (strcmp(equation->line[i].name, name) != 0) continue;
        const Number *value = term_of(&e, equation->line[i].value);
        for (size_t k = 0; k < call->n; k++) {
            if (!loops_belongs(call, k)) continue;
            const size_t at = count == 1 ? 0 : loops_channel(call, k);
            sum[at] += value[k];
            all[at]++;
        }
    }
    for (size_t k = 0; k < count; k++) sum[k] /= (Quad)all[k];
    return sum;
}
