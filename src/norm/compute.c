/* An equation over a view: its tree, term by term, in operations of the tape. */
#include "compute.h"

#include <math.h>
#include <string.h>

static Value compute(Compute *c, const Term *term);

/* ---- powers and functions ------------------------------------------------------------------ */

static Value power_of(Compute *c, const Term *term) {
    double exponent = 0.0;
    const Value a = compute(c, term->in[0]);
    if (equation_number(term->in[1], &c->w->settings, &exponent))
        return value_power(c, a, NULL, exponent);
    const Value b = compute(c, term->in[1]);
    return value_power(c, a, &b, 0.0);
}

/* sqrt(a + eps): with eps = 0, which `apply` alone allows, as norm_root has it. */
static bool is_root(const Term *term) {
    const Term *sum = term->in[0];
    return strcmp(term->word, "sqrt") == 0 && sum->kind == TERM_ADD &&
           sum->in[1]->kind == TERM_NAME && sum->in[1]->meaning == NAME_EPS;
}

static Value call(Compute *c, const Term *term) {
    Value a[TERM_MOST_OPERANDS];
    if (is_root(term)) {
        const Value inside = value_plain(c, compute(c, term->in[0]->in[0]));
        TapeNode *node = value_lifted(c, inside, inside.form);
        return value_node(inside.form, norm_root(c->t, c->v->context.norm, node));
    }
    WrittenForm form = FORM_NUMBER;
    for (size_t i = 0; i < term->arity; i++) {
        a[i] = compute(c, term->in[i]);
        if (a[i].origin == IS_MEAN && strcmp(term->word, "detach") == 0) {
            a[i].held = true;
            return a[i];
        }
        a[i] = value_plain(c, a[i]);
        form = a[i].form > form ? a[i].form : form;
    }
    TapeNode *node[TERM_MOST_OPERANDS];
    for (size_t i = 0; i < term->arity; i++) node[i] = value_lifted(c, a[i], form);
    return value_node(form, function_of(c, term->word, node));
}

/* ---- cells ---------------------------------------------------------------------------------- */

static const Partition *cells_of(Compute *c, const Term *term) {
    const Partition **cells = &c->cells[term->number_of];
    if (*cells == NULL) *cells = view_cells(c->v, c->w->cell[term->number_of]);
    return *cells;
}

/* Elements of each cell: one number, where all have as many. */
static Value count_of(Compute *c, const Term *term) {
    const Partition *p = cells_of(c, term);
    const bool apart =
        c->w->cell[term->number_of]->cell->apart; /* one at every position */
    const size_t each = value_over_elements(c) || apart ? 1 : c->v->at.L,
                 cells = partition_cells(p);
    const double first = (double)(partition_count(p, 0) * each);
    bool even = p->mask == NULL;
    for (size_t i = 1; i < cells && even; i++)
        even = (double)(partition_count(p, i) * each) == first;
    if (even) return value_node(FORM_NUMBER, tape_constant(c->t, first));
    double *count = tape_room(c->t, cells);
    for (size_t i = 0; i < cells; i++) count[i] = (double)(partition_count(p, i) * each);
    TapeNode *leaf = tape_leaf(c->t, SHAPE_OF(cells), count);
    return value_node(FORM_ROW, view_cell_spread(c->v, leaf, p, 2.0));
}

static Value mean_of(Compute *c, const Term *term) {
    const Value a = compute(c, term->in[0]);
    if (a.form == FORM_NUMBER) return a;
    const Partition *p = cells_of(c, term);
    if (a.origin == IS_X) return (Value){.form = FORM_ROW, .origin = IS_MEAN, .cells = p};
    TapeNode *each;
    if (a.of_x) {
        TapeNode *mean = rows_whole_means(c->t, &c->v->rows);
        each = tape_mul(c->t, mean, mean);
        each = tape_add(c->t, c->v->rows.variance, each);
    } else if (a.form == FORM_SQUARE) {
        each = field_product_mean(c->v, a.f, *a.by);
    } else if (a.form == FORM_FIELD) {
        each = field_at_means(c->v, a.f);
    } else {
        each = value_row(c, a);
    }
    return value_node(FORM_ROW, view_cell_mean(c->v, each, p));
}

static Value sum_of(Compute *c, const Term *term) {
    const Value mean = mean_of(c, term);
    return value_product(c, mean, count_of(c, term));
}

static Value apply(Compute *c, const Term *term) {
    const size_t part = c->w->part[term->number_of];
    const Value a = compute(c, term->in[0]);
    if (value_over_elements(c)) {
        const NormView seen = view_elements(&c->v->context, value_row(c, a));
        return value_node(FORM_ROW, view_run(&seen, part).value);
    }
    if (a.origin == IS_X) return (Value){.form = FORM_FIELD, .f = view_run(c->v, part)};
    const NormField first = value_field(c, a);
    const NormView seen = view_after(c->v, first);
    return (Value){.form = FORM_FIELD,
                   .f = field_after(c->v, first, view_run(&seen, part))};
}

/* ---- names ---------------------------------------------------------------------------------- */

static Value affine(Compute *c, const char *name) {
    TapeNode *node = norm_operand(&c->v->context, name);
    Value a = value_node(FORM_VECTOR, node);
    a.nothing = node == NULL;
    return a;
}

static Value parameter(Compute *c, size_t line) {
    TapeNode *node = norm_operand(&c->v->context, c->w->equation->line[line].name);
    if (c->w->equation->line[line].per == NULL)
        return value_node(FORM_NUMBER, tape_reshape(c->t, node, SHAPE_SCALAR));
    const size_t *set = c->w->set_of[line];
    if (set) node = tape_gather(c->t, node, set, SHAPE_OF(c->v->at.C));
    return value_node(FORM_VECTOR, node);
}

static size_t state_place(const Compute *c, size_t line) {
    const Norm *norm = c->v->context.norm;
    size_t i = 0;
    while (strcmp(norm->state[i].name, c->w->equation->line[line].name) != 0) i++;
    return i;
}

static Value state(Compute *c, size_t line) {
    const double *value = c->v->context.state[state_place(c, line)];
    if (c->w->fact[NORM_TRAIN][line].by_channel)
        return value_node(FORM_VECTOR, tape_leaf(c->t, SHAPE_OF(c->v->at.C), value));
    return value_node(FORM_NUMBER, tape_leaf(c->t, SHAPE_SCALAR, value));
}

static Value line_of(Compute *c, size_t i) {
    if (c->known[i]) return c->line[i];
    const EquationLine *line = &c->w->equation->line[i];
    c->known[i] = true;
    c->line[i] = line->kind == LINE_PARAMETER ? parameter(c, i)
                 : line->kind == LINE_STATE   ? state(c, i)
                                              : compute(c, line->value);
    return c->line[i];
}

static Value name(Compute *c, const Term *term) {
    const NormContext *context = &c->v->context;
    switch (term->meaning) {
    case NAME_LINE:
        return line_of(c, (size_t)term->place);
    case NAME_X:
        return (Value){.form = FORM_FIELD, .origin = IS_X};
    case NAME_GAMMA:
        return affine(c, "gamma");
    case NAME_BETA:
        return affine(c, "beta");
    default:
        break;
    }
    const double number = term->meaning == NAME_OPTION
                              ? c->w->settings.number[term->place]
                          : term->meaning == NAME_EPS   ? context->norm->eps
                          : term->meaning == NAME_EPOCH ? (double)context->epoch
                                                        : norm_samples(context, c->v->at);
    return value_node(FORM_NUMBER, tape_constant(c->t, number));
}

static Value compute(Compute *c, const Term *term) {
    Value a;
    switch (term->kind) {
    case TERM_NUMBER:
        return value_node(FORM_NUMBER, tape_constant(c->t, term->number));
    case TERM_NAME:
        return name(c, term);
    case TERM_NEG:
        return value_negative(c, compute(c, term->in[0]));
    case TERM_ADD:
        a = compute(c, term->in[0]);
        return value_sum(c, a, compute(c, term->in[1]));
    case TERM_SUB:
        a = compute(c, term->in[0]);
        return value_difference(c, a, compute(c, term->in[1]));
    case TERM_MUL:
        a = compute(c, term->in[0]);
        return value_product(c, a, compute(c, term->in[1]));
    case TERM_DIV:
        a = compute(c, term->in[0]);
        return value_quotient(c, a, compute(c, term->in[1]));
    case TERM_POWER:
        return power_of(c, term);
    case TERM_CALL:
        return call(c, term);
    case TERM_MEAN:
        return mean_of(c, term);
    case TERM_SUM:
        return sum_of(c, term);
    case TERM_COUNT:
        return count_of(c, term);
    case TERM_APPLY:
        return apply(c, term);
    default:
        return compute(c, equation_chosen(c->w->equation, &c->w->settings, term,
                                          c->v->context.mode == NORM_TRAIN));
    }
}

/* ---- what is observed ------------------------------------------------------------------------ */

/* The mean over samples (and channels, of one number) of what is the same at all positions of
 * a row. From the first on, so that what is the same everywhere is exact. */
static void observe(const Compute *c, size_t line, const double *value, double *seen) {
    const size_t N = c->v->at.N, C = c->v->at.C;
    const size_t L = value_over_elements(c) ? c->v->at.L : 1;
    const bool each = c->w->fact[NORM_TRAIN][line].by_channel;
    const unsigned char *mask = c->v->context.mask;
    for (size_t k = 0; k < (each ? C : 1); k++) {
        double first = NAN, sum = 0.0;
        size_t count = 0;
        for (size_t i = each ? k : 0; i < N * C; i += each ? C : 1) {
            const unsigned char *kept = mask ? mask + i / C * L : NULL;
            size_t l = 0;
            while (kept && l < L && !kept[l]) l++;
            if (l == L) continue; /* nothing of this row is in a cell */
            if (count++ == 0) first = value[i * L + l];
            sum += value[i * L + l] - first;
        }
        seen[k] = first + sum / (double)count;
    }
}

/* The same as a node. */
static TapeNode *seen_node(const Compute *c, size_t line, TapeNode *value) {
    const NormView *v = c->v;
    const bool each = c->w->fact[NORM_TRAIN][line].by_channel;
    const Partition *p =
        norm_blocks(&v->context, v->at, v->at.N, each ? 1 : v->at.C, false);
    return tape_mean(c->t, value, p);
}

/* ---- the text ----------------------------------------------------------------------------------- */

NormField written_text(const NormView *v) {
    const Written *w = v->context.norm->detail;
    Compute c = {.v = v, .t = v->tape, .w = w};
    c.cells = ZERO(tape_arena(v->tape), const Partition *, w->equation->terms);
    NormField y = value_field(&c, compute(&c, w->body));
    if (v->x) y.value = norm_members(&v->context, y.value);
    double *const *observed = v->context.observed;
    TapeNode **seen = v->x ? v->context.seen : NULL;
    const bool wanted = v->context.mode == NORM_TRAIN && (observed || seen);
    for (size_t i = 0; wanted && i < w->equation->lines; i++) {
        if (!w->reached[i] || w->equation->line[i].kind != LINE_STATE) continue;
        const size_t place = state_place(&c, i);
        TapeNode *value = value_row(&c, compute(&c, w->equation->line[i].value));
        if (observed) observe(&c, i, value->value, observed[place]);
        if (seen) seen[place] = seen_node(&c, i, value);
    }
    return y;
}
