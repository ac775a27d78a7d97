/* The catalogue for the book: the skeleton of an entry, as Markdown that stands in notes/. What can
 * be asked of the code is in it, and nothing else. */
#include "catalogue.h"

#include <string.h>

bool list_markdown(const Call *call) {
    static const char *const names[] = {"text", "markdown"};
    static const OtherName others[] = {{"md", "markdown"}, {NULL, NULL}};
    const Choice forms = {names, COUNT_OF(names), sizeof *names, false, others};
    return call_choice(call, "--form", &forms) == 1;
}

/* A | ends a cell, in code, too. */
static void print_cell(const char *text) {
    for (; *text; text++) {
        if (*text == '|') putchar('\\');
        putchar(*text);
    }
}

void print_markdown_heading(const char *usage) {
    printf("### `%s`\n\n", usage);
}

void print_markdown_row(const char *of, const char *text) {
    printf("| %s | ", of);
    print_cell(text);
    puts(" |");
}

/* "group normalization (Wu and He 2018), [group.c](../src/norm/group.c)" */
static void print_first(Arena *arena, const Entry *e) {
    const char *file = norm_file(arena, e->kind);
    printf("`%s`: %s", e->name, e->title);
    if (*e->source) printf(" (%s)", e->source);
    if (file) printf(", [%s](../%s)", strrchr(file, '/') + 1, file);
    puts(".\n");
}

static const char *names_in(Arena *arena, const char *const *name, const char *ending) {
    Text text = text_new(arena);
    for (size_t i = 0; name && name[i]; i++)
        text_add(&text, "%s`%s%s`", i ? ", " : "", name[i], ending);
    return text.data;
}

static void print_work_row(Arena *arena, const Norm *norm) {
    const Work fast = work_of(arena, norm, false), slow = work_of(arena, norm, true);
    const char *definition = times_text(arena, slow.operations);
    print_markdown_row(
        "work", fast.fused ? text_print(arena, "fused %s, definition %s sizes of x",
                                        times_text(arena, fast.operations), definition)
                           : text_print(arena, "definition %s sizes of x", definition));
}

static void print_proved_rows(Arena *arena, const Entry *e) {
    size_t count, applied = 0;
    const TrialCheck *const *check = trial_checks(&count);
    Text identities = text_new(arena), twins = text_new(arena);
    for (size_t i = 0; i < count; i++) {
        if (!applies_somewhere(e->spec, check[i])) continue;
        applied++;
        if (is_identity(trial_name(check[i])))
            text_add(&identities, "%s`%s`", identities.length ? ", " : "",
                     trial_name(check[i]));
    }
    for (const NormTwin *twin = norm_twins(e->norm); twin && twin->spec; twin++)
        text_add(&twins, "%s`%s`%s", twins.length ? ", " : "", twin->spec,
                 twin->mode == NORM_EVAL ? " in evaluation" : "");
    if (twins.length) print_markdown_row("same bits as", twins.data);
    if (identities.length) print_markdown_row("identities", identities.data);
    print_markdown_row("checks", text_print(arena, "%zu of %zu: `normlab check '%s'`",
                                            applied, count, e->spec));
}

bool print_markdown_equation(Arena *arena, const Entry *e) {
    if (norm_tex(arena, e->kind) == NULL) return false;
    puts("$$");
    print_aligned(arena, e);
    puts("$$");
    return true;
}

void print_markdown_entry(Arena *arena, const Entry *e) {
    const char *usage = short_usage(arena, e->usage);
    print_markdown_heading(usage);
    print_first(arena, e);
    if (print_markdown_equation(arena, e)) puts("");
    puts("| | |\n|---|---|");
    if (strcmp(usage, e->usage) != 0)
        print_markdown_row("written", text_print(arena, "`%s`", e->usage));
    print_markdown_row("moments of", norm_cells(arena, e->norm));
    print_markdown_row("learned", entry_learned(arena, e, CATALOGUE_MARKDOWN));
    print_markdown_row("evaluation", entry_remembered(arena, e, CATALOGUE_MARKDOWN));
    if (norm_tex(arena, e->kind) == NULL)
        print_markdown_row("dx from the dy of", reach_text(arena, e->norm, "x"));
    if (norm_activates(e->norm))
        print_markdown_row("activates", "yes: a network puts no activation after it");
    if (norm_by_design(e->norm))
        print_markdown_row("no derivative", norm_by_design(e->norm));
    if (norm_holds(e->norm)) print_markdown_row("holds", norm_holds(e->norm));
    if (norm_unmasked(e->norm))
        print_markdown_row("mask", text_print(arena, "none: %s", norm_unmasked(e->norm)));
    if (*e->differs) print_markdown_row("published code", e->differs);
    print_markdown_row("options", names_in(arena, norm_options(arena, e->kind), "="));
    print_work_row(arena, e->norm);
    print_proved_rows(arena, e);
}
