/* Equations as kinds: how a spec's arguments become their numbers, what they declare. */
#include "written.h"
#include "arguments.h"
#include "text.h"

#include <math.h>
#include <string.h>

/* ---- specs inside the text ------------------------------------------------------------- */

typedef struct Binder {
    Arena *arena;
    Norm *norm;
    Written *w;
    BaseError *error;
    size_t *part_at; /* [NORM_MAX_PARTS] bytes of the text */
} Binder;

/* In a spec as said at that byte of the text, of which this was made with the options put in. */
static bool fail_at(const Binder *b, size_t at, const char *said, const char *spec,
                    const BaseError *why) {
    const bool same = strcmp(said, spec) == 0;
    return base_fail(b->error, EX_DATAERR, at + (same ? why->at : 0), "'%s'%s%s%s: %s",
                     text_clip(b->arena, text_plain(b->arena, said)), same ? "" : " is '",
                     same ? "" : text_clip(b->arena, spec), same ? "" : "'",
                     why->message);
}

/* Of a word that nobody knows, or a normalizer of no one partition; `sets`: of a parameter. */
static void fail_cells(const Binder *b, size_t at, const char *said, bool sets) {
    static const char *const known[] = {"channel",  "batch",    "layer", "instance",
                                        "group",    "position", "ghost", "lattice",
                                        "channels", "all"};
    const size_t from = sets ? 0 : 1;
    const char *word = text_copy(b->arena, said, strcspn(said, " (|:"));
    base_fail(
        b->error, EX_DATAERR, at,
        "'%s' are no cells%s; %sbatch, layer, instance, group(G), position, ghost(B), "
        "lattice(batch=B, size=K), channels(...) and all are",
        text_clip(b->arena, text_plain(b->arena, said)),
        text_hint(b->arena, word, known + from, COUNT_OF(known) - from),
        sets ? "channel, " : "");
}

/* Whether an error is that there is no normalizer of this word. */
static bool is_unknown(const Binder *b, const BaseError *why, const char *word) {
    const char *itself = text_print(b->arena, "no normalizer '%s'", word);
    return strncmp(why->message, itself, strlen(itself)) == 0;
}

/* A normalizer of one partition, of which the cells are meant. */
static const Norm *cells_of(const Binder *b, size_t at, const char *said, bool sets) {
    BaseError why = {.set = false};
    const char *spec = equation_spec(b->arena, b->w->equation, &b->w->settings, said);
    const Norm *cells = norm_new(b->arena, spec, b->norm->channels, &why);
    const char *word = text_copy(b->arena, said, strcspn(said, " (|:"));
    if (cells == NULL && (strcmp(said, spec) != 0 || !is_unknown(b, &why, word))) {
        fail_at(b, at, said, spec, &why);
        return NULL;
    }
    bool fixed = cells && norm_is_partitioned(cells, NORM_TRAIN) &&
                 cells->cell->moments[NORM_TRAIN] == NORM_OWN;
    for (size_t i = 0; fixed && i < cells->states; i++) fixed = !cells->state[i].adapted;
    if (fixed) return cells;
    fail_cells(b, at, said, sets);
    return NULL;
}

/* Functions of other languages, in this one's. */
static const OtherName OTHERS[] = {{"silu", "a * sigmoid(a)"},
                                   {"swish", "a * sigmoid(a)"},
                                   {"softplus", "max(a, 0) + log(1 + exp(-abs(a)))"},
                                   {"sign", "step(a) - step(-a)"},
                                   {"rsqrt", "1 / sqrt(a)"},
                                   {"square", "a^2"},
                                   {"pow", "a^b"},
                                   {"log2", "log(a) / log(2)"},
                                   {"cosh", "(exp(a) + exp(-a)) / 2"},
                                   {"sinh", "(exp(a) - exp(-a)) / 2"}};

/* A function that nobody knows is read as a normalizer: it may be meant to be either. */
static bool fail_unknown(const Binder *b, const Term *term) {
    static const char *const own[] = {"mean", "sum", "count", "parameter", "running"};
    size_t functions, kinds, count = 0;
    for (size_t i = 0; i < COUNT_OF(OTHERS); i++)
        if (strcmp(OTHERS[i].other, term->word) == 0)
            return base_fail(b->error, EX_DATAERR, term->at,
                             "no function or normalizer '%s': it is %s", term->word,
                             OTHERS[i].ours);
    const EquationFunction *function = equation_functions(&functions);
    const NormKind *const *kind = norm_kinds(&kinds);
    const char **name = TAKE(b->arena, const char *, functions + kinds + COUNT_OF(own));
    for (size_t i = 0; i < functions; i++) name[count++] = function[i].name;
    for (size_t i = 0; i < kinds; i++) name[count++] = kind[i]->name;
    for (size_t i = 0; i < COUNT_OF(own); i++) name[count++] = own[i];
    return base_fail(b->error, EX_DATAERR, term->at, "no function or normalizer '%s'%s",
                     text_clip(b->arena, term->word),
                     text_hint(b->arena, term->word, name, count));
}

static bool names(const Spec *spec, const char *word) {
    for (size_t i = 0; i < spec->count; i++)
        if (names(spec->args[i].value, word)) return true;
    return strcmp(spec->word, word) == 0;
}

static bool add_part(const Binder *b, const Term *term) {
    BaseError why = {.set = false};
    const Written *w = b->w;
    const char *spec = equation_spec(b->arena, w->equation, &w->settings, term->spec);
    const Spec *parsed = spec_parse(b->arena, spec, &why);
    w->part[term->number_of] = b->norm->parts;
    if (strcmp(term->word, "ln") == 0)
        return base_fail(b->error, EX_DATAERR, term->at,
                         "'ln' may be log(...) or layer(...): which is meant?");
    if (b->norm->parts < NORM_MAX_PARTS) b->part_at[b->norm->parts] = term->spec_at;
    if (parsed && names(parsed, w->equation->name))
        return base_fail(b->error, EX_DATAERR, term->spec_at, "'%s' is made of itself",
                         w->equation->name);
    if (parsed && norm_add_part(b->arena, b->norm, parsed, b->norm->channels, &why))
        return true;
    return is_unknown(b, &why, term->word)
               ? fail_unknown(b, term)
               : fail_at(b, term->spec_at, term->spec, spec, &why);
}

static bool reach_line(const Binder *b, size_t line);

/* Both sides of `train`: what a normalizer declares is of both modes. */
static bool reach(const Binder *b, const Term *term) {
    const Written *w = b->w;
    if (term->kind == TERM_NAME)
        return term->meaning != NAME_LINE || reach_line(b, (size_t)term->place);
    if (term->kind == TERM_WHEN && term->place == WHEN_TRAINING) b->w->by_mode = true;
    if (term->kind == TERM_WHEN && term->place != WHEN_TRAINING)
        return reach(b, equation_chosen(w->equation, &w->settings, term, true));
    for (size_t i = 0; i < term->arity; i++)
        if (!reach(b, term->in[i])) return false;
    if (term->kind == TERM_APPLY) return add_part(b, term);
    if (term->kind != TERM_MEAN && term->kind != TERM_SUM && term->kind != TERM_COUNT)
        return true;
    w->cell[term->number_of] = cells_of(b, term->spec_at, term->spec, false);
    return w->cell[term->number_of] != NULL;
}

static bool reach_line(const Binder *b, size_t i) {
    if (b->w->reached[i]) return true;
    b->w->reached[i] = true;
    const EquationLine *line = &b->w->equation->line[i];
    return line->value == NULL || reach(b, line->value);
}

/* ---- parameters and state ---------------------------------------------------------------- */

static bool settle(const Binder *b, const EquationLine *line, const Term *term,
                   double *number) {
    if (term == NULL) return true;
    return (equation_number(term, &b->w->settings, number) && isfinite(*number)) ||
           base_fail(b->error, EX_DATAERR, term->at,
                     "'%s': this comes to %g, and a finite number is expected",
                     line->name, *number);
}

/* Sets of channels of the cells that it is by. */
static bool count_sets(const Binder *b, size_t i) {
    Written *w = b->w;
    const EquationLine *line = &w->equation->line[i];
    const size_t C = b->norm->channels;
    w->count[i] = 1;
    if (line->per == NULL) return true;
    w->count[i] = C;
    if (strcmp(line->per, "channel") == 0) return true;
    w->per[i] = cells_of(b, line->per_at, line->per, true);
    if (w->per[i] == NULL) return false;
    if (w->per[i]->cell->apart)
        return base_fail(b->error, EX_DATAERR, line->per_at,
                         "'%s': a parameter is of channels or groups, not of positions",
                         line->name);
    if (C == 0) return true;
    const ShapeLattice one = {w->per[i]->cell->block ? w->per[i]->cell->block : 1, C, 1};
    const Partition *p = norm_partition(b->arena, w->per[i], one, NORM_TRAIN, NULL);
    w->count[i] = p->channel_cells;
    w->set_of[i] = TAKE(b->arena, size_t, C);
    memcpy(w->set_of[i], p->cell_of, C * sizeof *p->cell_of);
    return true;
}

static bool bind_line(const Binder *b, size_t i) {
    Written *w = b->w;
    const EquationLine *line = &w->equation->line[i];
    w->least[i] = -INFINITY, w->most[i] = INFINITY;
    w->weight_new[i] = b->norm->weight_new;
    if (line->kind == LINE_VALUE) return true;
    if (!settle(b, line, line->start, &w->start[i]) ||
        !settle(b, line, line->std, &w->std[i]) ||
        !settle(b, line, line->least, &w->least[i]) ||
        !settle(b, line, line->most, &w->most[i]) ||
        !settle(b, line, line->weight_new, &w->weight_new[i]))
        return false;
    if (line->kind == LINE_STATE)
        return (w->weight_new[i] >= 0.0 && w->weight_new[i] <= 1.0) ||
               base_fail(b->error, EX_DATAERR, line->weight_new->at,
                         "weight_new is from 0 to 1, not %g", w->weight_new[i]);
    if (w->std[i] < 0.0)
        return base_fail(b->error, EX_DATAERR, line->std->at, "std is 0 or more, not %g",
                         w->std[i]);
    if (w->least[i] > w->most[i])
        return base_fail(b->error, EX_DATAERR, line->least->at,
                         "a range goes from the lesser number to the larger, not from %g "
                         "to %g",
                         w->least[i], w->most[i]);
    if (!(w->least[i] <= w->start[i] && w->start[i] <= w->most[i]))
        return base_fail(b->error, EX_DATAERR, line->start->at,
                         "'%s' begins at %g, outside of its range from %g to %g",
                         line->name, w->start[i], w->least[i], w->most[i]);
    return count_sets(b, i);
}

/* A state is of channels or one number: what it observes has no positions. */
static bool bind_state(const Binder *b, size_t i) {
    Written *w = b->w;
    const EquationLine *line = &w->equation->line[i];
    const WrittenFact *fact = &w->fact[NORM_TRAIN][i];
    if (line->kind != LINE_STATE || !w->reached[i]) return true;
    w->count[i] = fact->by_channel ? b->norm->channels : 1;
    return !fact->by_position ||
           base_fail(b->error, EX_DATAERR, line->at,
                     "'%s': a state is a number, or one a channel, and this has one a "
                     "position; mean(... over batch) would do",
                     line->name);
}

/* What keeps state has to see x in training. */
static bool want_seen(const Binder *b) {
    const Written *w = b->w;
    const WrittenRuns runs = written_runs(w, NORM_TRAIN);
    for (size_t i = 0; i < b->norm->parts; i++)
        if (!runs.part[i] && b->norm->part[i]->states > 0)
            return base_fail(b->error, EX_DATAERR, b->part_at[i],
                             "'%s' keeps running state, and in evaluation alone it would "
                             "never see x; use(\"phase(a, b)\")(x) has b learn while a "
                             "trains",
                             text_clip(b->arena, b->norm->part[i]->spec));
    return true;
}

bool written_bind(Arena *arena, Norm *norm, const Equation *equation,
                  const EquationSettings *settings, BaseError *error) {
    Written *w = ZERO(arena, Written, 1);
    size_t part_at[NORM_MAX_PARTS];
    const Binder b = {arena, norm, w, error, part_at};
    *w = (Written){.equation = equation,
                   .settings = *settings,
                   .cell = ZERO(arena, const Norm *, equation->terms),
                   .part = ZERO(arena, size_t, equation->terms)};
    w->settings.channels = norm->channels;
    w->body = equation->body ? equation->body : equation->line[equation->y].value;
    norm->detail = w;
    norm->affine_inside = equation->body == NULL;
    if (!reach_line(&b, (size_t)equation->y)) return false;
    for (size_t i = 0; i < equation->lines; i++)
        if (w->reached[i] && !bind_line(&b, i)) return false;
    written_facts(norm, w);
    for (size_t i = 0; i < equation->lines; i++)
        if (!bind_state(&b, i)) return false;
    if (!want_seen(&b)) return false;
    size_t params = equation->has_gamma + equation->has_beta, states = 0;
    for (size_t i = 0; i < equation->lines; i++) {
        params += w->reached[i] && equation->line[i].kind == LINE_PARAMETER;
        states += w->reached[i] && equation->line[i].kind == LINE_STATE;
    }
    return (params <= NORM_MAX_PARAMS && states <= NORM_MAX_STATES) ||
           base_fail(error, EX_DATAERR, equation->at,
                     "more than %d parameters or %d states in one normalizer",
                     NORM_MAX_PARAMS, NORM_MAX_STATES);
}

/* ---- a spec's arguments ------------------------------------------------------------------ */

static bool read_required(SpecArguments *arguments, const EquationOption *option,
                          double *number, BaseError *error) {
    const SpecArg *given = spec_positional(arguments);
    if (given == NULL) given = spec_named(arguments, option->name);
    if (given == NULL)
        return base_fail(error, EX_USAGE, arguments->spec->at, "%s needs a number, %s",
                         arguments->spec->word, option->name);
    if (!spec_number(given, option->name, option->least, option->most, number, error))
        return false;
    spec_say(arguments, "%s", text_number(arguments->arena, *number));
    return true;
}

static bool read_word(SpecArguments *arguments, const EquationOption *option,
                      size_t *choice, BaseError *error) {
    const char *words[EQUATION_MOST_WORDS + 1] = {NULL};
    memcpy(words, option->word, option->words * sizeof *words);
    return norm_read_choice(arguments, option->name, words, choice, error);
}

static bool read_settings(const Equation *equation, EquationSettings *settings,
                          SpecArguments *arguments, BaseError *error) {
    *settings = equation_usual(equation);
    for (size_t i = 0; i < equation->options; i++) {
        const EquationOption *option = &equation->option[i];
        double *number = &settings->number[i];
        const bool good =
            option->required ? read_required(arguments, option, number, error)
            : option->words  ? read_word(arguments, option, &settings->choice[i], error)
                             : norm_read_number(arguments, option->name, option->least,
                                                option->most, number, error);
        if (!good) return false;
    }
    return true;
}

bool written_configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                       BaseError *error) {
    const Equation *equation = norm->kind->equation;
    EquationSettings settings;
    BaseError own = {.set = false};
    if (!read_settings(equation, &settings, arguments, error)) return false;
    norm->activates = equation->activates;
    return written_bind(arena, norm, equation, &settings, &own) ||
           base_fail(error, EX_USAGE, arguments->spec->at, "%s: %s",
                     arguments->spec->word, own.message);
}

/* ---- what it declares ---------------------------------------------------------------------- */

static NormStateRole state_role(const WrittenFact *fact) {
    if (fact->degree == 2.0) return NORM_STATE_VARIANCE;
    if (fact->degree == 1.0) return fact->positive ? NORM_STATE_SIZE : NORM_STATE_MEAN;
    if (fact->degree == 0.0 && fact->positive) return NORM_STATE_COUNT;
    return NORM_STATE_LOG_VARIANCE;
}

void written_declare(Norm *norm) {
    const Written *w = norm->detail;
    for (size_t i = 0; i < w->equation->lines; i++) {
        const EquationLine *line = &w->equation->line[i];
        if (!w->reached[i] || line->kind == LINE_VALUE) continue;
        if (line->kind == LINE_PARAMETER) {
            NormParam *p = norm_add_param(norm, line->name, written_role(norm, w, i),
                                          w->count[i], w->start[i]);
            p->std = w->std[i], p->decayed = line->decayed;
            p->least = w->least[i], p->most = w->most[i];
        } else {
            norm_add_state(norm, line->name, state_role(&w->fact[NORM_TRAIN][i]),
                           w->count[i], w->start[i])
                ->weight_new = w->weight_new[i];
        }
    }
}

const char *written_cells(Arena *arena, const Norm *norm) {
    const Written *w = norm->detail;
    Text out = text_new(arena);
    for (size_t i = 0; i < w->equation->terms; i++) {
        bool said = w->cell[i] == NULL;
        for (size_t k = 0; k < i && !said; k++)
            said = w->cell[k] && strcmp(w->cell[k]->spec, w->cell[i]->spec) == 0;
        if (!said)
            text_add(&out, "%s%s", out.length ? ", " : "those of ", w->cell[i]->spec);
    }
    return out.length ? out.data : norm->parts ? "those of its parts" : "none";
}
