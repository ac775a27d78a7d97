/* The catalogue of normalizers. What code can be asked, it is asked: parameters and state
 * of an example, the operations of one call on a tape, the checks that apply. */
#include "op.h"
#include "tool.h"

#include <string.h>

/* What is bound to these is asked; counts that grow with the channels are theirs. */
enum { CHANNELS = 8, MORE_CHANNELS = 2 * CHANNELS, SIDE = 16, MOST_SIZE = 256 };

typedef struct Entry {
    const char *name, *usage, *title, *source, *differs;
    const char *spec; /* the example, canonical */
    const NormKind *kind;
    const Norm *norm;  /* of CHANNELS */
    const Norm *wider; /* of MORE_CHANNELS, or `norm` where those do not fit */
} Entry;

static const Norm *bound(Arena *arena, const char *spec, size_t channels) {
    Error error = {.set = false};
    const Norm *norm = norm_new(arena, spec, channels, &error);
    if (norm == NULL) die(error.code, "%s", spec_error(arena, spec, &error));
    return norm;
}

/* A map of channels is of so many and no more. */
static const Norm *wider_of(Arena *arena, const Norm *norm) {
    Error error = {.set = false};
    const Norm *wider = norm_new(arena, norm->spec, MORE_CHANNELS, &error);
    return wider ? wider : norm;
}

static Entry entry_of_spec(Arena *arena, const char *spec) {
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

static const char *alias_word(Arena *arena, const NormAlias *alias) {
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

/* Every name, or spec, that someone may ask for. */
static Entry entry_named(Arena *arena, const char *text) {
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

/* ---- what one call does ---------------------------------------------------------- */

/* Operations of a call in sizes of x: one on half of the channels is 1/2, one on moments
 * next to nothing. And whether one of them is fused. */
typedef struct Work {
    double operations;
    bool fused;
} Work;

/* The largest tensor that it reads or writes. */
static double size_of(const Node *y) {
    size_t largest = shape_count(y->shape);
    for (size_t i = 0; i < y->arity; i++)
        if (y->in[i] && shape_count(y->in[i]->shape) > largest)
            largest = shape_count(y->in[i]->shape);
    return (double)largest;
}

/* What it can be called with: CHANNELS samples of SIDE x SIDE positions, or the first numbers
 * of both that its blocks divide. */
static Lattice fitting(Arena *arena, const Norm *norm) {
    Lattice usual = {CHANNELS, norm->channels, SIDE * SIDE};
    Error error = {.set = false}, other;
    if (norm_fits(arena, norm, usual, NORM_TRAIN, &error)) return usual;
    for (size_t N = 1; N <= MOST_SIZE; N++)
        for (size_t L = 1; L <= MOST_SIZE; L++) {
            const Lattice at = {N, norm->channels, L};
            ArenaMark mark = arena_mark(arena);
            other = (Error){.set = false};
            const bool fits = norm_fits(arena, norm, at, NORM_TRAIN, &other);
            arena_rewind(arena, mark);
            if (fits) return at;
        }
    die(error.code, "%s", error.message);
}

static Work work_of(Arena *arena, const Norm *norm, bool definition) {
    const Lattice at = fitting(arena, norm);
    const Shape shape = SHAPE(at.N, at.C, at.L);
    const size_t n = shape_count(shape);
    Node *param[NORM_MAX_PARAMS];
    const double *state[NORM_MAX_STATES];
    Tape *tape = tape_new(arena);
    double *x = TAKE(arena, double, n);
    for (size_t i = 0; i < n; i++)
        x[i] = draw_normal((Draw){.seed = 1, .purpose = DRAW_CHECK}, i);
    for (size_t k = 0; k < norm->params; k++)
        param[k] = tape_fill(tape, SHAPE(norm->param[k].count), 1.0);
    for (size_t k = 0; k < norm->states; k++) {
        const NormState *s = &norm->state[k];
        double *value = TAKE(arena, double, s->count);
        for (size_t i = 0; i < s->count; i++)
            value[i] = s->start ? s->start[i] : s->initial;
        state[k] = value;
    }
    const Node *before = tape_last(tape);
    NormContext call = {.tape = tape, .norm = norm, .param = param, .state = state};
    Node *in = tape_leaf(tape, shape, x);
    definition ? norm_define(&call, in) : norm_apply(&call, in);
    Work work = {.operations = 0};
    for (const Node *y = tape_last(tape); y != before; y = y->previous) {
        if (y->op == NULL) continue;
        work.operations += size_of(y) / (double)n;
        work.fused = work.fused || (y->op->define && y->op->backward);
    }
    return work;
}

/* ---- what is proved -------------------------------------------------------------- */

/* Of the table of checks, those that say under which changes the output stays. */
static bool is_invariance(const char *check) {
    static const char *const names[] = {"exact-shift", "powers-of-two", "permutation",
                                        "evaluation"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(check, names[i]) == 0) return true;
    return false;
}

bool applies_somewhere(const char *spec, const TrialCheck *check) {
    size_t shapes;
    const Shape *shape = trial_shapes(&shapes);
    for (size_t i = 0; i < shapes; i++)
        if (trial_applies(spec, shape[i], check)) return true;
    return false;
}

/* ---- whole entries --------------------------------------------------------------- */

static void print_heading(const char *heading) {
    printf("  %-12s ", heading);
}

/* "gamma[C], mean_logit[3]" */
static void print_count(const char *name, size_t count, size_t wider) {
    if (count == wider)
        printf("%s[%zu]", name, count);
    else if (count == CHANNELS)
        printf("%s[C]", name);
    else if (wider == 2 * count && count % CHANNELS == 0)
        printf("%s[%zu C]", name, count / CHANNELS);
    else if (wider == 2 * count && CHANNELS % count == 0)
        printf("%s[C/%zu]", name, CHANNELS / count);
    else
        printf("%s[%zu of %d channels]", name, count, CHANNELS);
}

static void print_learned(const Entry *e) {
    print_heading("learned");
    for (size_t k = 0; k < e->norm->params; k++) {
        const NormParam *param = &e->norm->param[k];
        if (k > 0) fputs(", ", stdout);
        print_count(param->name, param->count, e->wider->param[k].count);
    }
    puts(e->norm->params ? "" : "nothing");
}

bool evaluation_reads(const NormState *state) {
    return !state->of_backward && !state->adapts;
}

static void print_remembered(const Entry *e) {
    print_heading("evaluation");
    if (e->norm->states == 0) {
        puts("as in training: nothing is remembered");
        return;
    }
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t k = 0, said = 0; k < e->norm->states; k++) {
            const NormState *state = &e->norm->state[k];
            if (evaluation_reads(state) != (pass == 0)) continue;
            fputs(said++ > 0 ? ", " : pass == 0 ? "by " : "; not by ", stdout);
            print_count(state->name, state->count, e->wider->state[k].count);
            if (state->of_backward) fputs(" (of training)", stdout);
            if (state->adapts) fputs(" (of adapting)", stdout);
            if (state->adapted) fputs(" (adapted between epochs)", stdout);
        }
    puts("");
}

static const char *times_text(Arena *arena, double times) {
    return text_print(arena, times < 10 ? "%.2g" : "%.0f", times);
}

static void print_work(Arena *arena, const Entry *e) {
    Work fast = work_of(arena, e->norm, false), slow = work_of(arena, e->norm, true);
    print_heading("runs");
    if (fast.fused)
        printf("fused: operations of %s times x's size, the definition's of %s\n",
               times_text(arena, fast.operations), times_text(arena, slow.operations));
    else
        printf("by its definition: operations of %s times x's size\n",
               times_text(arena, slow.operations));
}

static void print_options(Arena *arena, const Entry *e) {
    const char *const *option = norm_options(arena, e->kind);
    print_heading("options");
    for (size_t i = 0; option[i]; i++) printf("%s%s=", i ? ", " : "", option[i]);
    puts("");
}

static void print_proved(const Entry *e) {
    size_t count, applied = 0;
    const TrialCheck *const *check = trial_checks(&count);
    for (size_t i = 0; i < count; i++) {
        if (!applies_somewhere(e->spec, check[i])) continue;
        applied++;
        if (!is_invariance(trial_name(check[i]))) continue;
        print_heading("invariant");
        printf("%s: %s\n", trial_name(check[i]), trial_says(check[i]));
    }
    for (const NormTwin *twin = norm_twins(e->norm); twin && twin->spec; twin++) {
        print_heading("twin");
        printf("%s%s\n", twin->spec, twin->mode == NORM_EVAL ? ", in evaluation" : "");
    }
    print_heading("checks");
    printf("%zu of %zu apply: %s check '%s'\n", applied, count, program_called(),
           e->spec);
}

/* A text under its heading, in lines. */
static void print_wrapped(const char *heading, const char *text) {
    enum { INDENT = 15, WIDTH = 100 };
    size_t column = INDENT;
    print_heading(heading);
    while (*text) {
        const size_t word = strcspn(text, " ");
        if (column > INDENT && column + word > WIDTH) {
            printf("\n%*s", INDENT, "");
            column = INDENT;
        }
        printf("%.*s", (int)word, text);
        column += word + 1;
        text += word;
        text += strspn(text, " ");
        if (*text && column + strcspn(text, " ") <= WIDTH) putchar(' ');
    }
    puts("");
}

static void print_entry(Arena *arena, const Entry *e) {
    puts(e->usage);
    print_heading("is");
    printf("%s%s%s\n", e->title, *e->source ? ", " : "", e->source);
    if (*e->differs) print_wrapped("differs", e->differs);
    print_heading("moments of");
    puts(norm_cells(arena, e->norm));
    print_learned(e);
    print_remembered(e);
    if (norm_activates(e->norm)) {
        print_heading("activates");
        puts("yes: a network puts no activation after it");
    }
    if (norm_by_design(e->norm)) {
        print_heading("by design");
        printf("in training no derivative: %s\n", norm_by_design(e->norm));
    }
    if (norm_holds(e->norm)) {
        print_heading("holds");
        printf("%s\n", norm_holds(e->norm));
    }
    print_options(arena, e);
    print_work(arena, e);
    print_proved(e);
    print_heading("example");
    fputs(e->spec, stdout);
    const char *const *also = norm_also(e->kind);
    if (strcmp(e->spec, norm_example(e->kind)) != 0) also = NULL; /* of another spec */
    while (also && *also) printf(", %s", *also++);
    puts("");
}

/* ---- for programs ---------------------------------------------------------------- */

static void print_json_params(Arena *arena, const Norm *norm) {
    fputs("\"params\": [", stdout);
    for (size_t k = 0; k < norm->params; k++) {
        const NormParam *p = &norm->param[k];
        printf("%s{\"name\": %s, \"count\": %zu, \"initial\": %s, \"decayed\": %s, "
               "\"least\": %s, \"most\": %s}",
               k ? ", " : "", json_text(arena, p->name), p->count,
               json_number(arena, p->initial), p->decayed ? "true" : "false",
               json_number(arena, p->least), json_number(arena, p->most));
    }
    fputs("], \"state\": [", stdout);
    for (size_t k = 0; k < norm->states; k++) {
        const NormState *s = &norm->state[k];
        printf("%s{\"name\": %s, \"count\": %zu, \"initial\": %s, \"adapted\": %s}",
               k ? ", " : "", json_text(arena, s->name), s->count,
               json_number(arena, s->initial), s->adapted ? "true" : "false");
    }
    fputs("]", stdout);
}

static void print_json_proved(Arena *arena, const Entry *e) {
    size_t count, found = 0;
    const TrialCheck *const *check = trial_checks(&count);
    fputs("\"checks\": [", stdout);
    for (size_t i = 0; i < count; i++)
        if (applies_somewhere(e->spec, check[i]))
            printf("%s%s", found++ ? ", " : "", json_text(arena, trial_name(check[i])));
    fputs("], \"invariances\": [", stdout);
    found = 0;
    for (size_t i = 0; i < count; i++)
        if (is_invariance(trial_name(check[i])) && applies_somewhere(e->spec, check[i]))
            printf("%s%s", found++ ? ", " : "", json_text(arena, trial_name(check[i])));
    fputs("], \"twins\": [", stdout);
    found = 0;
    for (const NormTwin *twin = norm_twins(e->norm); twin && twin->spec; twin++)
        printf("%s{\"spec\": %s, \"mode\": \"%s\"}", found++ ? ", " : "",
               json_text(arena, twin->spec), twin->mode == NORM_EVAL ? "eval" : "train");
    fputs("]", stdout);
}

static void print_json_entry(Arena *arena, const Entry *e) {
    Work fast = work_of(arena, e->norm, false), slow = work_of(arena, e->norm, true);
    const char *const *option = norm_options(arena, e->kind);
    printf("{\"name\": %s, \"usage\": %s, \"title\": %s, \"source\": %s, "
           "\"differs\": %s, \"example\": %s,\n   \"cells\": %s, ",
           json_text(arena, e->name), json_text(arena, e->usage),
           json_text(arena, e->title), json_text(arena, e->source),
           json_text(arena, e->differs), json_text(arena, e->spec),
           json_text(arena, norm_cells(arena, e->norm)));
    printf("\"channels\": %d, ", CHANNELS);
    print_json_params(arena, e->norm);
    fputs(", \"options\": [", stdout);
    for (size_t i = 0; option[i]; i++)
        printf("%s%s", i ? ", " : "", json_text(arena, option[i]));
    fputs("], \"also\": [", stdout);
    const char *const *also = norm_also(e->kind);
    for (size_t i = 0; also && also[i]; i++)
        printf("%s%s", i ? ", " : "", json_text(arena, also[i]));
    printf("],\n   \"activates\": %s, \"fused\": %s, \"operations\": %.3g, "
           "\"definition_operations\": %.3g, ",
           norm_activates(e->norm) ? "true" : "false", fast.fused ? "true" : "false",
           fast.operations, slow.operations);
    const char *why = norm_by_design(e->norm);
    const char *holds = norm_holds(e->norm);
    printf("\"by_design\": %s, \"holds\": %s, ", why ? json_text(arena, why) : "null",
           holds ? json_text(arena, holds) : "null");
    print_json_proved(arena, e);
    putchar('}');
}

static void print_json_aliases(Arena *arena) {
    size_t count;
    const NormAlias *alias = norm_aliases(&count);
    for (size_t i = 0; i < count; i++)
        printf("%s\n  {\"name\": %s, \"usage\": %s, \"spec\": %s, \"title\": %s, "
               "\"source\": %s, \"differs\": %s}",
               i ? "," : "", json_text(arena, alias_word(arena, &alias[i])),
               json_text(arena, alias[i].usage), json_text(arena, alias[i].spec),
               json_text(arena, alias[i].title), json_text(arena, alias[i].source),
               json_text(arena, alias[i].differs));
}

static void print_json_weights(Arena *arena) {
    size_t count;
    const NetWeights *weights = net_weights(&count);
    for (size_t i = 0; i < count; i++)
        printf("%s\n  {\"name\": %s, \"title\": %s, \"source\": %s, \"gain\": %s, "
               "\"linear\": %s}",
               i ? "," : "", json_text(arena, weights[i].name),
               json_text(arena, weights[i].title), json_text(arena, weights[i].source),
               weights[i].gain ? "true" : "false", weights[i].linear ? "true" : "false");
}

/* ---- a line each ----------------------------------------------------------------- */

enum { ACROSS = 100, USAGE = 25, TITLE = 30, LINE_STATE = 7, WORK = 10 };

/* Without what has no room: "group(G), ...", "blend(a, b, ...)", "renorm(...)". */
static const char *short_usage(Arena *arena, const char *usage) {
    if (strlen(usage) <= USAGE) return usage;
    const size_t close = strcspn(usage, ")");
    size_t length = strcspn(usage, "=");
    if (length > close && close + strlen("), ...") <= USAGE)
        return text_print(arena, "%.*s), ...", (int)close, usage);
    while (length > 0 && usage[length] != ',' && usage[length] != '(') length--;
    if (usage[length] == '(') return text_print(arena, "%.*s(...)", (int)length, usage);
    if (length >= 5 && strncmp(usage + length - 5, ", ...", 5) == 0) length -= 5;
    return text_print(arena, "%.*s, ...)", (int)length, usage);
}

static const char *short_text(Arena *arena, const char *text, size_t room) {
    if (strlen(text) <= room) return text;
    return text_print(arena, "%.*s...", (int)(room - 3), text);
}

static void print_line(Arena *arena, const char *usage, const char *title,
                       const char *state, const char *work, const char *source) {
    enum { REST = ACROSS - USAGE - TITLE - LINE_STATE - WORK - 4 };
    printf("%-*s %-*s %-*s %-*s %s\n", USAGE, short_usage(arena, usage), TITLE,
           short_text(arena, title, TITLE), LINE_STATE, state, WORK, work,
           *source ? short_text(arena, source, REST) : "-");
}

static void print_kind(Arena *arena, const Entry *e) {
    Work fast = work_of(arena, e->norm, false), slow = work_of(arena, e->norm, true);
    const char *state = "-", *work = times_text(arena, slow.operations);
    if (e->norm->states) state = "running";
    for (size_t k = 0; k < e->norm->states; k++)
        if (e->norm->state[k].adapted) state = "adapted";
    if (fast.fused)
        work = text_print(arena, "%s -> %s", work, times_text(arena, fast.operations));
    print_line(arena, e->usage, e->title, state, work, e->source);
}

static void print_lines(Arena *arena) {
    size_t count;
    const NormKind *const *kind = norm_kinds(&count);
    print_line(arena, "spec", "what it is", "state", "work", "source");
    for (size_t i = 0; i < count; i++) {
        Entry entry = entry_of_spec(arena, norm_example(kind[i]));
        print_kind(arena, &entry);
    }
    const NormAlias *alias = norm_aliases(&count);
    puts("\nother names");
    for (size_t i = 0; i < count; i++)
        printf("%-*s %-*s %s\n", USAGE, alias[i].usage, TITLE + LINE_STATE + WORK + 2,
               alias[i].spec, alias[i].source);
    const NetWeights *weights = net_weights(&count);
    puts("\non weights, an option of networks");
    for (size_t i = 0; i < count; i++)
        if (weights[i].apply)
            printf("%-*s %-*s %s\n", USAGE,
                   text_print(arena, "weights=%s", weights[i].name),
                   TITLE + LINE_STATE + WORK + 2, weights[i].title, weights[i].source);
}

/* ---- which ----------------------------------------------------------------------- */

void list_norms(const Call *call, bool json) {
    Arena *arena = call->arena;
    size_t count, asked = call->words - 1;
    const NormKind *const *kind = norm_kinds(&count);
    if (!json && asked == 0 && call_option(call, "--long") == NULL) {
        print_lines(arena);
        return;
    }
    if (asked) count = asked;
    Entry *entry = TAKE(arena, Entry, count); /* all, before a word is printed */
    for (size_t i = 0; i < count; i++)
        entry[i] = asked ? entry_named(arena, call->word[i + 1])
                         : entry_of_spec(arena, norm_example(kind[i]));
    if (json) fputs("{\"schema\": 2, \"norms\": [", stdout);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) fputs(json ? "," : "\n", stdout);
        if (json) fputs("\n  ", stdout);
        json ? print_json_entry(arena, &entry[i]) : print_entry(arena, &entry[i]);
    }
    if (!json) return;
    fputs("], \"aliases\": [", stdout);
    print_json_aliases(arena);
    fputs("], \"weights\": [", stdout);
    print_json_weights(arena);
    puts("]}");
}
