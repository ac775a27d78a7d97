/* What the code says of a normalizer: parameters and state of an example, the operations of
 * one call on a tape, the checks that apply. */
#include "catalogue.h"
#include "op.h"
#include "step.h"

#include <string.h>

enum { MORE_CHANNELS = 2 * CHANNELS, SIDE = 16, MOST_SIZE = 256 };

static const Norm *bound(Arena *arena, const char *spec, size_t channels) {
    BaseError error = {.set = false};
    const Norm *norm = norm_new(arena, spec, channels, &error);
    if (norm == NULL) die(error.code, "%s", spec_error(arena, spec, &error));
    return norm;
}

/* A map of channels is of so many and no more. */
static const Norm *wider_of(Arena *arena, const Norm *norm) {
    BaseError error = {.set = false};
    const Norm *wider = norm_new(arena, norm->spec, MORE_CHANNELS, &error);
    return wider ? wider : norm;
}

Entry entry_of_spec(Arena *arena, const char *spec) {
    const Norm *norm = bound(arena, spec, CHANNELS);
    const NormKind *kind = norm->kind;
    return (Entry){.name = norm_name(kind),
                   .usage = norm_usage(kind),
                   .title = norm_title(kind),
                   .source = norm_source(kind),
                   .differs = norm_differs(kind),
                   .spec = norm->spec,
                   .kind = kind,
                   .norm = norm,
                   .wider = wider_of(arena, norm)};
}

/* ---- aliases --------------------------------------------------------------------- */

const char *alias_word(Arena *arena, const NormAlias *alias) {
    return text_copy(arena, alias->usage, strcspn(alias->usage, "("));
}

/* "ibn", "continual(2)" */
static const char *alias_example(Arena *arena, const NormAlias *alias) {
    const char *word = alias_word(arena, alias);
    return strcmp(word, alias->usage) == 0 ? word : text_print(arena, "%s(2)", word);
}

static const NormAlias *find_alias(Arena *arena, const char *name) {
    size_t count;
    const NormAlias *alias = norm_aliases(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(alias_word(arena, &alias[i]), name) == 0) return &alias[i];
    return NULL;
}

Entry entry_named(Arena *arena, const char *text) {
    size_t count;
    const NormKind *const *kind = norm_kinds(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(norm_name(kind[i]), text) == 0)
            return entry_of_spec(arena, norm_example(kind[i]));
    const NormAlias *alias = find_alias(arena, text);
    if (alias == NULL) return entry_of_spec(arena, text);
    Entry entry = entry_of_spec(arena, alias_example(arena, alias));
    entry.name = text, entry.usage = alias->usage;
    entry.title = text_print(arena, "%s: %s", alias->title, alias->spec);
    entry.source = alias->source;
    entry.differs = alias->differs;
    return entry;
}

/* ---- what is learned and remembered ------------------------------------------------- */

const CatalogueWords CATALOGUE_PLAIN = {"", false}, CATALOGUE_MARKDOWN = {"`", true};

/* "gamma[C]", "mean_logit[3]" */
static void add_count(Text *text, const CatalogueWords *words, const char *name,
                      size_t count, size_t wider) {
    text_add(text, "%s%s", words->quote, name);
    if (count == wider)
        text_add(text, "[%zu]", count);
    else if (count == CHANNELS)
        text_add(text, "[C]");
    else if (wider == 2 * count && count % CHANNELS == 0)
        text_add(text, "[%zu C]", count / CHANNELS);
    else if (wider == 2 * count && CHANNELS % count == 0)
        text_add(text, "[C/%zu]", CHANNELS / count);
    else
        text_add(text, "[%zu of %d channels]", count, CHANNELS);
    text_add(text, "%s", words->quote);
}

const char *entry_learned(Arena *arena, const Entry *e, CatalogueWords words) {
    Text text = text_new(arena);
    for (size_t k = 0; k < e->norm->params; k++) {
        const NormParam *param = &e->norm->param[k];
        if (k > 0) text_add(&text, ", ");
        add_count(&text, &words, param->name, param->count, e->wider->param[k].count);
        if (!words.starts) continue;
        if (param->start || param->std > 0)
            text_add(&text, " from a draw");
        else
            text_add(&text, " from %g", param->initial);
    }
    return e->norm->params ? text.data : "nothing";
}

const char *entry_remembered(Arena *arena, const Entry *e, CatalogueWords words) {
    if (e->norm->states == 0) return "as in training: nothing is remembered";
    Text text = text_new(arena);
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t k = 0, said = 0; k < e->norm->states; k++) {
            const NormState *state = &e->norm->state[k];
            if (step_evaluates(state) != (pass == 0)) continue;
            text_add(&text, said++ > 0 ? ", " : pass == 0 ? "by " : "; not by ");
            add_count(&text, &words, state->name, state->count, e->wider->state[k].count);
            if (state->of_backward) text_add(&text, " (of training)");
            if (state->adapts) text_add(&text, " (of adapting)");
            if (state->adapted) text_add(&text, " (adapted between epochs)");
        }
    return text.data;
}

/* ---- what one call does ---------------------------------------------------------- */

/* The largest tensor that it reads or writes. */
static double size_of(const TapeNode *y) {
    size_t largest = shape_count(y->shape);
    for (size_t i = 0; i < y->arity; i++)
        if (y->in[i] && shape_count(y->in[i]->shape) > largest)
            largest = shape_count(y->in[i]->shape);
    return (double)largest;
}

ShapeLattice work_fits(Arena *arena, const Norm *norm, ShapeLattice usual) {
    BaseError error = {.set = false}, other;
    if (norm_fits(arena, norm, usual, NORM_TRAIN, &error)) return usual;
    for (size_t N = 1; N <= MOST_SIZE; N++)
        for (size_t L = 1; L <= MOST_SIZE; L++) {
            const ShapeLattice at = {N, norm->channels, L};
            ArenaMark mark = arena_mark(arena);
            other = (BaseError){.set = false};
            const bool fits = norm_fits(arena, norm, at, NORM_TRAIN, &other);
            arena_rewind(arena, mark);
            if (fits) return at;
        }
    die(error.code, "%s", error.message);
}

Work work_of(Arena *arena, const Norm *norm, bool definition) {
    const ShapeLattice usual = {CHANNELS, norm->channels, SIDE * SIDE},
                       at = work_fits(arena, norm, usual);
    const Shape shape = SHAPE_OF(at.N, at.C, at.L);
    const size_t n = shape_count(shape);
    TapeNode *param[NORM_MAX_PARAMS];
    const double *state[NORM_MAX_STATES];
    Tape *tape = tape_new(arena);
    double *x = TAKE(arena, double, n);
    for (size_t i = 0; i < n; i++)
        x[i] = draw_normal((Draw){.seed = 1, .purpose = DRAW_CHECK}, i);
    for (size_t k = 0; k < norm->params; k++)
        param[k] = tape_fill(tape, SHAPE_OF(norm->param[k].count), 1.0);
    for (size_t k = 0; k < norm->states; k++) {
        const NormState *s = &norm->state[k];
        double *value = TAKE(arena, double, s->count);
        norm_begin_state(value, s);
        state[k] = value;
    }
    const TapeNode *before = tape_last(tape);
    NormContext call = {.tape = tape, .norm = norm, .param = param, .state = state};
    TapeNode *in = tape_leaf(tape, shape, x);
    definition ? norm_define(&call, in) : norm_apply(&call, in);
    Work work = {.operations = 0};
    for (const TapeNode *y = tape_last(tape); y != before; y = y->previous) {
        if (y->op == NULL) continue;
        work.operations += size_of(y) / (double)n;
        work.fused = work.fused || (y->op->define && y->op->backward);
    }
    return work;
}

const char *times_text(Arena *arena, double times) {
    return text_print(arena, times < 10 ? "%.2g" : "%.0f", times);
}

/* ---- what is proved -------------------------------------------------------------- */

bool is_invariance(const char *check) {
    static const char *const names[] = {"exact-shift", "powers-of-two", "permutation",
                                        "evaluation"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(check, names[i]) == 0) return true;
    return false;
}

bool is_identity(const char *check) {
    static const char *const names[] = {"affine",     "sum-of-dx",      "dx-along-xhat",
                                        "dw-along-w", "given",          "constant-cells",
                                        "declared",   "single-elements"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(check, names[i]) == 0) return true;
    return is_invariance(check);
}

bool applies_somewhere(const char *spec, const TrialCheck *check) {
    size_t shapes;
    const Shape *shape = trial_shapes(&shapes);
    for (size_t i = 0; i < shapes; i++)
        if (trial_applies(spec, shape[i], check)) return true;
    return false;
}
