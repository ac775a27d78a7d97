/* What `check` found: tables for readers, JSON for programs. */
#include "cases.h"

#include <string.h>

static const char *cell_text(Arena *arena, const SheetRow *row, const Finding *f) {
    if (f->cases == 0) return ".";
    CheckVerdict verdict = finding_verdict(f);
    if (verdict == CHECK_FAIL) return "FAIL";
    if (verdict == CHECK_INCONCLUSIVE) return "inconcl.";
    double worst = sheet_worst(row, f);
    if (worst == 0.0) return "0";
    return text_print(arena, worst < 10 ? "%.2g" : "%.0f", worst);
}

enum { TABLE_WIDTH = 110 };

static int column_width(const Sheet *sheet, size_t column) {
    size_t length = strlen(sheet->column[column]);
    return length > 9 ? (int)length : 9;
}

/* Columns from..to of the table. */
static void print_block(const Cases *cases, const Sheet *sheet, size_t from, size_t to) {
    Arena *arena = cases->arena;
    printf("%-19s %5s", "check", sheet->row[0].unit);
    for (size_t i = from; i < to; i++)
        printf(" %*s", column_width(sheet, i), sheet->column[i]);
    putchar('\n');
    for (size_t k = 0; k < sheet->rows; k++) {
        const SheetRow *row = &sheet->row[k];
        printf("%-19s %5s", row->name, text_number(arena, row->bar));
        for (size_t i = from; i < to; i++) {
            Finding f = cases_sum(cases, sheet, k, i);
            printf(" %*s", column_width(sheet, i), cell_text(arena, row, &f));
        }
        putchar('\n');
    }
}

/* As many columns beside each other as a page bears. */
static void print_table(const Cases *cases, const Sheet *sheet) {
    for (size_t from = 0, to; from < sheet->columns; from = to) {
        int width = 25;
        for (to = from; to < sheet->columns; to++) {
            width += 1 + column_width(sheet, to);
            if (width > TABLE_WIDTH && to > from) break;
        }
        if (from) putchar('\n');
        print_block(cases, sheet, from, to);
    }
}

/* One normalizer: what each check says. */
static void print_long(const Cases *cases, const Sheet *sheet) {
    puts(sheet->column[0]);
    for (size_t k = 0; k < sheet->rows; k++) {
        const SheetRow *row = &sheet->row[k];
        Finding f = cases_sum(cases, sheet, k, 0);
        if (f.cases == 0) continue;
        printf("%-19s %-12s %9s of %5s %-5s %3zu cases  %s\n", row->name,
               check_verdict_text(finding_verdict(&f)), cell_text(cases->arena, row, &f),
               text_number(cases->arena, row->bar), row->unit, f.cases, row->says);
    }
}

static void print_sheet(const Cases *cases, const Sheet *sheet) {
    if (sheet != cases->sheet) putchar('\n');
    if (sheet->other && sheet->other->title) puts(sheet->other->title);
    if (sheet->net)
        printf("%s on %s %s\n", sheet->net,
               sheet->shape[0].rank == 2 ? "texts" : "images",
               shape_text(cases->arena, sheet->shape[0]));
    sheet->columns == 1 ? print_long(cases, sheet) : print_table(cases, sheet);
}

/* "group(2)", "resnet(depth=8, width=4) with group(2)" */
static const char *subject_text(Arena *arena, const SheetCase *job) {
    const SheetOther *other = job->sheet->other;
    if (other) return text_print(arena, "%s %s", other->called, sheet_column(job));
    if (job->sheet->net == NULL) return sheet_column(job);
    return text_print(arena, "%s with %s", job->sheet->net, sheet_column(job));
}

static void print_failure(const Cases *cases, const SheetCase *job) {
    Arena *arena = cases->arena;
    const Finding *f = &job->finding;
    const CheckReport *r = &f->report;
    const Sheet *sheet = job->sheet;
    const char *norm = sheet_column(job);
    const char *word = sheet->net                           ? sheet->net
                       : sheet->other && sheet->other->word ? sheet->other->word
                                                            : norm;
    printf("%s: %s, %s, %s, %s, %s:\n  %s\n", check_verdict_text(finding_verdict(f)),
           subject_text(arena, job), sheet_row(job)->name, shape_text(arena, job->shape),
           f->mode == NORM_EVAL ? "evaluation" : "training", trial_data_text(f->data),
           r->reason);
    printf("  got %.17g, expected %.17g: error %.3g, allowed %.3g\n", r->got, r->expected,
           r->error, r->allowed);
    printf("  holds: %s\n  again: %s check '%s'%s --case %s --seed %llu\n",
           sheet_row(job)->says, program_called(), word,
           sheet->net ? text_print(arena, " --norm '%s'", norm) : "",
           sheet->name(arena, job), (unsigned long long)cases->seed);
}

/* ---- what a normalizer holds constant, beside its checks ---------------------------- */

/* "by design: ..." */
static const char *design_text(Arena *arena, const TrialHeld *found) {
    if (found->by_design == NULL) return "its kind does not say that this is by design";
    return text_print(arena, "by design: %s", found->by_design);
}

static const char *mode_text(const TrialHeld *found) {
    return found->mode == NORM_EVAL ? "evaluation" : "training";
}

static void print_held(Arena *arena, const char *spec, uint64_t seed) {
    const TrialHeld found = trial_held(arena, spec, seed);
    if (found.held.count == 0) return;
    printf("remark: in %s %s holds constant in its derivative: %s\n  were it not held, "
           "d%s would differ by %.2g of its norm; %s\n",
           mode_text(&found), spec, found.held.where, found.held.input,
           found.held.matters, design_text(arena, &found));
}

static bool print_json_held(Arena *arena, const char *spec, uint64_t seed,
                            const char *before) {
    const TrialHeld found = trial_held(arena, spec, seed);
    if (found.held.count == 0) return false;
    printf("%s\n  {\"spec\": %s, \"mode\": \"%s\", \"where\": %s, \"input\": %s, "
           "\"matters\": %s, \"by_design\": %s}",
           before, json_text(arena, spec), found.mode == NORM_EVAL ? "eval" : "train",
           json_text(arena, found.held.where), json_text(arena, found.held.input),
           json_number(arena, found.held.matters),
           found.by_design ? json_text(arena, found.by_design) : "null");
    return true;
}

/* ---- all of it --------------------------------------------------------------------- */

static bool is_of_norms(const Sheet *sheet) {
    return sheet->net == NULL && sheet->other == NULL;
}

/* The normalizers that were asked for, alone or in a table. */
static const char *const *judged_norms(const Cases *cases, size_t *count) {
    const char **spec = TAKE(cases->arena, const char *, SHEET_MOST);
    *count = 0;
    for (size_t i = 0; i < cases->sheets; i++)
        for (size_t k = 0; k < cases->sheet[i].columns; k++)
            if (is_of_norms(&cases->sheet[i]) && cases_of(cases, &cases->sheet[i], k))
                spec[(*count)++] = cases->sheet[i].column[k];
    return spec;
}

size_t cases_print_rest(const Cases *cases) {
    Finding all = {.cases = 0};
    for (size_t i = 0; i < cases->jobs; i++) {
        const SheetCase *job = &cases->job[i];
        const Finding *f = &job->finding;
        finding_add(&all, f);
        if (f->cases && finding_verdict(f) != CHECK_PASS && cases_is_worst(cases, job))
            print_failure(cases, job);
    }
    size_t norms;
    const char *const *norm = judged_norms(cases, &norms);
    for (size_t i = 0; i < norms; i++) print_held(cases->arena, norm[i], cases->seed);
    printf("%zu cases, %zu numbers compared: %zu failed, %zu inconclusive (seed %llu)\n",
           all.cases, all.compared, all.failed, all.inconclusive,
           (unsigned long long)cases->seed);
    return all.failed;
}

static void print_json_job(Arena *arena, const SheetCase *job) {
    const Finding *f = &job->finding;
    const CheckReport *r = &f->report;
    const SheetRow *row = sheet_row(job);
    const Sheet *sheet = job->sheet;
    printf("\n  {\"case\": %s, \"net\": %s, \"%s\": %s, \"check\": %s, \"verdict\": "
           "\"%s\", \"cases\": %zu, \"compared\": %zu, \"unit\": \"%s\", \"worst\": %s, "
           "\"bar\": %s, \"mode\": \"%s\", \"data\": \"%s\", \"got\": %s, \"expected\": "
           "%s, \"error\": %s, \"allowed\": %s, \"reason\": %s}",
           json_text(arena, sheet->name(arena, job)),
           sheet->net ? json_text(arena, sheet->net) : "null",
           sheet->other ? sheet->other->key : "spec", json_text(arena, sheet_column(job)),
           json_text(arena, row->name), check_verdict_text(finding_verdict(f)), f->cases,
           f->compared, row->unit, json_number(arena, sheet_worst(row, f)),
           json_number(arena, row->bar), f->mode == NORM_EVAL ? "eval" : "train",
           trial_data_text(f->data), json_number(arena, r->got),
           json_number(arena, r->expected), json_number(arena, r->error),
           json_number(arena, r->allowed), json_text(arena, r->reason));
}

size_t cases_print_json(const Cases *cases) {
    size_t bad = 0, printed = 0;
    printf("{\"schema\": 4, \"seed\": %llu, \"cases\": [",
           (unsigned long long)cases->seed);
    for (size_t i = 0; i < cases->jobs; i++) {
        const Finding *f = &cases->job[i].finding;
        if (f->cases == 0) continue;
        bad += f->failed;
        if (printed++) putchar(',');
        print_json_job(cases->arena, &cases->job[i]);
    }
    size_t norms, held = 0;
    const char *const *norm = judged_norms(cases, &norms);
    printf("],\n \"held\": [");
    for (size_t i = 0; i < norms; i++)
        held += print_json_held(cases->arena, norm[i], cases->seed, held ? "," : "");
    printf("],\n \"bad\": %zu}\n", bad);
    return bad;
}

void cases_print_names(const Cases *cases) {
    for (size_t i = 0; i < cases->jobs; i++)
        printf("%s check\n", cases->job[i].sheet->name(cases->arena, &cases->job[i]));
}

void cases_print_tables(const Cases *cases) {
    for (size_t i = 0; i < cases->sheets; i++) print_sheet(cases, &cases->sheet[i]);
}
