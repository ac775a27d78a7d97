/* The catalogue of normalizers for people: a line each, or whole entries. */
#include "catalogue.h"

#include <string.h>

/* ---- whole entries --------------------------------------------------------------- */

static void print_heading(const char *heading) {
    printf("  %-12s ", heading);
}

static void print_learned(Arena *arena, const Entry *e) {
    print_heading("learned");
    puts(entry_learned(arena, e, CATALOGUE_PLAIN));
}

static void print_remembered(Arena *arena, const Entry *e) {
    print_heading("evaluation");
    puts(entry_remembered(arena, e, CATALOGUE_PLAIN));
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

void print_wrapped(const char *heading, const char *text) {
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
    print_learned(arena, e);
    print_remembered(arena, e);
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
    print_heading("mask");
    printf("%s%s\n", norm_unmasked(e->norm) ? "takes none: " : "leaves elements out",
           norm_unmasked(e->norm) ? norm_unmasked(e->norm) : "");
    if (norm_takes_moments(e->norm)) {
        print_heading("given");
        puts("the moments of its cells may be, in training");
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

/* ---- a line each ----------------------------------------------------------------- */

enum { ACROSS = 100, USAGE = 25, TITLE = 30, LINE_STATE = 7, WORK = 10 };

/* Without what has no room: "group(G), ...", "blend(a, b, ...)", "renorm(...)". */
const char *short_usage(Arena *arena, const char *usage) {
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

/* Ends the program where a kind is no equation in text. */
static void want_equations(Arena *arena, const Entry *entry, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (norm_tex(arena, entry[i].kind) == NULL)
            die(EX_USAGE,
                "--tex --form markdown: '%s' is a kind in C, its equation is in no text; "
                "--form markdown alone has its entry",
                norm_name(entry[i].kind));
}

/* Of an equation in Markdown nothing but that. */
static void print_one(const Call *call, bool json, const Entry *e) {
    const bool tex = call_option(call, "--tex") != NULL, markdown = list_markdown(call);
    if (tex && markdown && print_markdown_equation(call->arena, e)) return;
    (json       ? print_json_entry
     : tex      ? print_tex_entry
     : markdown ? print_markdown_entry
                : print_entry)(call->arena, e);
}

void list_norms(const Call *call, bool json) {
    Arena *arena = call->arena;
    size_t count, asked = call->words - 1;
    const NormKind *const *kind = norm_kinds(&count);
    const bool tex = call_option(call, "--tex") != NULL, markdown = list_markdown(call);
    if (json && (tex || markdown))
        die(EX_USAGE, "--json and %s: one of both is expected",
            tex ? "--tex" : "--form markdown");
    if (!json && !tex && !markdown && asked == 0 && call_option(call, "--long") == NULL) {
        print_lines(arena);
        return;
    }
    if (asked) count = asked;
    Entry *entry = TAKE(arena, Entry, count); /* all, before a word is printed */
    for (size_t i = 0; i < count; i++)
        entry[i] = asked ? entry_named(arena, call->word[i + 1])
                         : entry_of_spec(arena, norm_example(kind[i]));
    if (tex && markdown) want_equations(arena, entry, count);
    if (json) fputs("{\"schema\": 2, \"norms\": [", stdout);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) fputs(json ? "," : "\n", stdout);
        if (json) fputs("\n  ", stdout);
        print_one(call, json, &entry[i]);
    }
    if (!json) return;
    fputs("], \"aliases\": [", stdout);
    print_json_aliases(arena);
    fputs("], \"weights\": [", stdout);
    print_json_weights(arena);
    puts("]}");
}
