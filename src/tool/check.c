/* Derivatives judged: every normalizer by every check on several shapes and kinds of
 * data, and networks of them. notes/30-checking.md */
#include "tool.h"

#include "arith.h"

#include <fnmatch.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_SPECS = 64, MOST_THREADS = 64 };

static const char DEFAULT_NET[] = "resnet(depth=8, width=4)";

/* ---- what is asked --------------------------------------------------------------- */

typedef struct Asked {
    Arena *arena;
    size_t sheets, jobs;
    Sheet sheet[MOST_SPECS + 1];
    SheetCase *job;
    uint64_t seed;
    bool stop; /* at the first that does not pass */
} Asked;

static const TrialCheck *trial_check(const SheetCase *job) {
    size_t count;
    return trial_checks(&count)[job->row];
}

static const char *column_of(const SheetCase *job) {
    return job->sheet->column[job->column];
}

static bool norm_applies(const SheetCase *job) {
    return trial_applies(column_of(job), job->shape, trial_check(job));
}

static const char *norm_case_name(Arena *arena, const SheetCase *job) {
    return trial_case_name(arena, column_of(job), job->shape, trial_check(job));
}

static Finding judge_norm(const SheetCase *job, uint64_t seed) {
    return trial_judge(column_of(job), job->shape, trial_check(job), seed);
}

/* The normalizers alone; without columns yet. */
static Sheet norm_sheet(Arena *arena) {
    Sheet sheet = {.column = TAKE(arena, const char *, MOST_SPECS),
                   .applies = norm_applies,
                   .name = norm_case_name,
                   .judge = judge_norm};
    const TrialCheck *const *check = trial_checks(&sheet.rows);
    SheetRow *row = TAKE(arena, SheetRow, sheet.rows);
    for (size_t i = 0; i < sheet.rows; i++)
        row[i] = (SheetRow){trial_name(check[i]), trial_says(check[i]),
                            trial_digits(check[i]), trial_unit(check[i])};
    sheet.row = row;
    sheet.shape = trial_shapes(&sheet.shapes);
    return sheet;
}

static void add_norm(Arena *arena, Sheet *sheet, const char *text) {
    Error error = {.set = false};
    const Norm *norm = norm_new(arena, text, 0, &error);
    if (norm == NULL) die(error.code, "%s", spec_error(arena, text, &error));
    REQUIRE(sheet->columns < MOST_SPECS, "more than %d normalizers", MOST_SPECS);
    const char *lack = trial_lacks(arena, norm->spec);
    if (lack) die(EX_DATAERR, "%s cannot be judged: %s", norm->spec, lack);
    sheet->column[sheet->columns++] = norm->spec;
}

/* The specs asked for, networks each in a table of its own; or one normalizer of each
 * kind, and one network. */
static void read_specs(Asked *asked, const char **word, size_t words, const char *norms) {
    Arena *arena = asked->arena;
    Sheet alone = norm_sheet(arena);
    bool *is_net = TAKE(arena, bool, words + 1), any = false;
    for (size_t i = 0; i < words; i++) {
        is_net[i] = net_is_meant(arena, word[i]);
        any = any || is_net[i];
        if (!is_net[i]) add_norm(arena, &alone, word[i]);
    }
    if (norms && !any)
        die(EX_USAGE,
            "--norm %s: says what stands in a network, and none is named, "
            "e.g. '%s'",
            text_clip(arena, norms), DEFAULT_NET);
    size_t count;
    const NormKind *const *kinds = norm_kinds(&count);
    for (size_t i = 0; i < count && words == 0; i++) {
        add_norm(arena, &alone, norm_example(kinds[i]));
        for (const char *const *also = norm_also(kinds[i]); also && *also; also++)
            add_norm(arena, &alone, *also);
    }
    if (alone.columns) asked->sheet[asked->sheets++] = alone;
    for (size_t i = 0; i < words; i++)
        if (is_net[i]) asked->sheet[asked->sheets++] = net_sheet(arena, word[i], norms);
    if (words == 0) asked->sheet[asked->sheets++] = net_sheet(arena, DEFAULT_NET, NULL);
}

/* Whether one of several patterns, commas between, is the case's name. */
static bool named(Arena *arena, const char *patterns, const SheetCase *job) {
    const char *name = job->sheet->name(arena, job);
    for (const char *p = patterns; *p; p += strcspn(p, ","), p += *p == ',') {
        const char *one = text_print(arena, "%.*s", (int)strcspn(p, ","), p);
        if (fnmatch(one, name, 0) == 0) return true;
    }
    return false;
}

static void list_sheet(Asked *asked, const Sheet *sheet, const char *only) {
    for (size_t i = 0; i < sheet->columns * sheet->shapes * sheet->rows; i++) {
        SheetCase job = {.sheet = sheet,
                         .column = i / sheet->rows / sheet->shapes,
                         .shape = sheet->shape[i / sheet->rows % sheet->shapes],
                         .row = i % sheet->rows};
        if (only && !named(asked->arena, only, &job)) continue;
        if (sheet->applies(&job)) asked->job[asked->jobs++] = job;
    }
}

static bool has_job(const Asked *asked, const Sheet *sheet, size_t column) {
    for (size_t i = 0; i < asked->jobs; i++)
        if (asked->job[i].sheet == sheet && asked->job[i].column == column) return true;
    return false;
}

/* All cases of the tables, or those that are named. */
static void list_jobs(Asked *asked, const char *only) {
    size_t most = 0;
    for (size_t i = 0; i < asked->sheets; i++)
        most += asked->sheet[i].columns * asked->sheet[i].shapes * asked->sheet[i].rows;
    asked->job = TAKE(asked->arena, SheetCase, most);
    for (size_t i = 0; i < asked->sheets; i++) list_sheet(asked, &asked->sheet[i], only);
    if (only && asked->jobs == 1) { /* its table and column alone are of interest */
        asked->sheet[0] = *asked->job[0].sheet;
        asked->sheet[0].column += asked->job[0].column;
        asked->sheet[0].columns = asked->sheets = 1;
        asked->job[0].sheet = asked->sheet;
        asked->job[0].column = 0;
    }
    for (size_t i = 0; i < asked->sheets && !only; i++)
        for (size_t k = 0; k < asked->sheet[i].columns; k++)
            if (!has_job(asked, &asked->sheet[i], k))
                die(EX_DATAERR, "%s fits none of the shapes that it would be checked on",
                    asked->sheet[i].column[k]);
    if (asked->jobs == 0 && only)
        die(EX_USAGE, "no case '%s'; the same words with --list name them all", only);
}

static void judge_all(Asked *asked, size_t threads) {
    bool stopped = false;
#pragma omp parallel for schedule(dynamic) num_threads((int)threads)
    for (size_t i = 0; i < asked->jobs; i++) {
        bool skip;
#pragma omp atomic read
        skip = stopped;
        if (skip) continue;
        SheetCase *job = &asked->job[i];
        job->finding = job->sheet->judge(job, asked->seed);
        if (asked->stop && finding_verdict(&job->finding) == CHECK_FAIL) {
#pragma omp atomic write
            stopped = true;
        }
    }
}

/* ---- the tables ------------------------------------------------------------------ */

static const SheetRow *row_of(const SheetCase *job) {
    return &job->sheet->row[job->row];
}

/* All shapes of one row and column. */
static Finding sum_of(const Asked *asked, const Sheet *sheet, size_t row, size_t column) {
    Finding sum = {.cases = 0};
    for (size_t i = 0; i < asked->jobs; i++) {
        const SheetCase *job = &asked->job[i];
        if (job->sheet == sheet && job->row == row && job->column == column)
            finding_add(&sum, &job->finding);
    }
    return sum;
}

/* The worst error in the row's unit; itself where the same bits are asked for. */
static double worst_of(const SheetRow *row, const Finding *f) {
    return check_ratio(&f->report) * (row->bar > 0 ? row->bar : 1.0);
}

static const char *cell_text(Arena *arena, const SheetRow *row, const Finding *f) {
    if (f->cases == 0) return ".";
    CheckVerdict verdict = finding_verdict(f);
    if (verdict == CHECK_FAIL) return "FAIL";
    if (verdict == CHECK_INCONCLUSIVE) return "inconcl.";
    double worst = worst_of(row, f);
    if (worst == 0.0) return "0";
    return text_print(arena, worst < 10 ? "%.2g" : "%.0f", worst);
}

enum { TABLE_WIDTH = 110 };

static int column_width(const Sheet *sheet, size_t column) {
    size_t length = strlen(sheet->column[column]);
    return length > 9 ? (int)length : 9;
}

/* Columns from..to of the table. */
static void print_block(const Asked *asked, const Sheet *sheet, size_t from, size_t to) {
    Arena *arena = asked->arena;
    printf("%-19s %5s", "check", sheet->row[0].unit);
    for (size_t i = from; i < to; i++)
        printf(" %*s", column_width(sheet, i), sheet->column[i]);
    putchar('\n');
    for (size_t k = 0; k < sheet->rows; k++) {
        const SheetRow *row = &sheet->row[k];
        printf("%-19s %5s", row->name, text_number(arena, row->bar));
        for (size_t i = from; i < to; i++) {
            Finding f = sum_of(asked, sheet, k, i);
            printf(" %*s", column_width(sheet, i), cell_text(arena, row, &f));
        }
        putchar('\n');
    }
}

/* As many columns beside each other as a page bears. */
static void print_table(const Asked *asked, const Sheet *sheet) {
    for (size_t from = 0, to; from < sheet->columns; from = to) {
        int width = 25;
        for (to = from; to < sheet->columns; to++) {
            width += 1 + column_width(sheet, to);
            if (width > TABLE_WIDTH && to > from) break;
        }
        if (from) putchar('\n');
        print_block(asked, sheet, from, to);
    }
}

/* One normalizer: what each check says. */
static void print_long(const Asked *asked, const Sheet *sheet) {
    puts(sheet->column[0]);
    for (size_t k = 0; k < sheet->rows; k++) {
        const SheetRow *row = &sheet->row[k];
        Finding f = sum_of(asked, sheet, k, 0);
        if (f.cases == 0) continue;
        printf("%-19s %-12s %9s of %5s %-5s %3zu cases  %s\n", row->name,
               check_verdict_text(finding_verdict(&f)), cell_text(asked->arena, row, &f),
               text_number(asked->arena, row->bar), row->unit, f.cases, row->says);
    }
}

static void print_sheet(const Asked *asked, const Sheet *sheet) {
    if (sheet != asked->sheet) putchar('\n');
    if (sheet->net)
        printf("%s on images %s\n", sheet->net,
               shape_text(asked->arena, sheet->shape[0]));
    sheet->columns == 1 ? print_long(asked, sheet) : print_table(asked, sheet);
}

/* "group(2)", "resnet(depth=8, width=4) with group(2)" */
static const char *subject_text(Arena *arena, const SheetCase *job) {
    if (job->sheet->net == NULL) return column_of(job);
    return text_print(arena, "%s with %s", job->sheet->net, column_of(job));
}

static void print_failure(const Asked *asked, const SheetCase *job) {
    Arena *arena = asked->arena;
    const Finding *f = &job->finding;
    const CheckReport *r = &f->report;
    const char *net = job->sheet->net, *norm = column_of(job);
    printf("%s: %s, %s, %s, %s, %s:\n  %s\n", check_verdict_text(finding_verdict(f)),
           subject_text(arena, job), row_of(job)->name, shape_text(arena, job->shape),
           f->mode == NORM_EVAL ? "evaluation" : "training", trial_data_text(f->data),
           r->reason);
    printf("  got %.17g, expected %.17g: error %.3g, allowed %.3g\n", r->got, r->expected,
           r->error, r->allowed);
    printf("  holds: %s\n  again: %s check '%s'%s --case %s --seed %llu\n",
           row_of(job)->says, program_called(), net ? net : norm,
           net ? text_print(arena, " --norm '%s'", norm) : "",
           job->sheet->name(arena, job), (unsigned long long)asked->seed);
}

/* Whether this is the case that its cell of the table speaks of. */
static bool is_shown(const Asked *asked, const SheetCase *job) {
    Finding sum = {.cases = 0};
    const SheetCase *shown = NULL;
    for (size_t i = 0; i < asked->jobs; i++) {
        const SheetCase *other = &asked->job[i];
        if (other->sheet == job->sheet && other->row == job->row &&
            other->column == job->column && finding_add(&sum, &other->finding))
            shown = other;
    }
    return shown == job;
}

/* The normalizers that were asked for, alone or in a table. */
static const char *const *judged_norms(const Asked *asked, size_t *count) {
    const char **spec = TAKE(asked->arena, const char *, MOST_SPECS);
    *count = 0;
    for (size_t i = 0; i < asked->sheets; i++)
        for (size_t k = 0; k < asked->sheet[i].columns && !asked->sheet[i].net; k++)
            if (has_job(asked, &asked->sheet[i], k))
                spec[(*count)++] = asked->sheet[i].column[k];
    return spec;
}

/* Counts, and the worst of each cell that does not pass. Returns how many failed. */
static size_t print_rest(const Asked *asked) {
    Finding all = {.cases = 0};
    for (size_t i = 0; i < asked->jobs; i++) {
        const SheetCase *job = &asked->job[i];
        const Finding *f = &job->finding;
        finding_add(&all, f);
        if (f->cases && finding_verdict(f) != CHECK_PASS && is_shown(asked, job))
            print_failure(asked, job);
    }
    size_t norms;
    const char *const *norm = judged_norms(asked, &norms);
    for (size_t i = 0; i < norms; i++) held_print(asked->arena, norm[i], asked->seed);
    printf("%zu cases, %zu numbers compared: %zu failed, %zu inconclusive (seed %llu)\n",
           all.cases, all.compared, all.failed, all.inconclusive,
           (unsigned long long)asked->seed);
    return all.failed;
}

static void print_json_job(Arena *arena, const SheetCase *job) {
    const Finding *f = &job->finding;
    const CheckReport *r = &f->report;
    const SheetRow *row = row_of(job);
    const char *net = job->sheet->net;
    printf("\n  {\"case\": %s, \"net\": %s, \"spec\": %s, \"check\": %s, \"verdict\": "
           "\"%s\", \"cases\": %zu, \"compared\": %zu, \"unit\": \"%s\", \"worst\": %s, "
           "\"bar\": %s, \"mode\": \"%s\", \"data\": \"%s\", \"got\": %s, \"expected\": "
           "%s, \"error\": %s, \"allowed\": %s, \"reason\": %s}",
           json_text(arena, job->sheet->name(arena, job)),
           net ? json_text(arena, net) : "null", json_text(arena, column_of(job)),
           json_text(arena, row->name), check_verdict_text(finding_verdict(f)), f->cases,
           f->compared, row->unit, json_number(arena, worst_of(row, f)),
           json_number(arena, row->bar), f->mode == NORM_EVAL ? "eval" : "train",
           trial_data_text(f->data), json_number(arena, r->got),
           json_number(arena, r->expected), json_number(arena, r->error),
           json_number(arena, r->allowed), json_text(arena, r->reason));
}

static size_t print_json(const Asked *asked) {
    size_t bad = 0, cases = 0;
    printf("{\"schema\": 3, \"seed\": %llu, \"cases\": [",
           (unsigned long long)asked->seed);
    for (size_t i = 0; i < asked->jobs; i++) {
        const Finding *f = &asked->job[i].finding;
        if (f->cases == 0) continue;
        bad += f->failed;
        if (cases++) putchar(',');
        print_json_job(asked->arena, &asked->job[i]);
    }
    size_t norms, held = 0;
    const char *const *norm = judged_norms(asked, &norms);
    printf("],\n \"held\": [");
    for (size_t i = 0; i < norms; i++)
        held += held_print_json(asked->arena, norm[i], asked->seed, held ? "," : "");
    printf("],\n \"bad\": %zu}\n", bad);
    return bad;
}

static void print_list(const Asked *asked) {
    for (size_t i = 0; i < asked->jobs; i++)
        printf("%s check\n", asked->job[i].sheet->name(asked->arena, &asked->job[i]));
}

static void save(const Asked *asked, bool published) {
    Arena *arena = asked->arena;
    const size_t count = asked->jobs;
    CheckRows rows = {.count = count,
                      .name = TAKE(arena, const char *, count),
                      .verdict = TAKE(arena, const char *, count),
                      .reason = TAKE(arena, const char *, count),
                      .worst = TAKE(arena, double, count),
                      .allowed = TAKE(arena, double, count),
                      .compared = TAKE(arena, double, count)};
    for (size_t i = 0; i < count; i++) {
        const SheetCase *job = &asked->job[i];
        rows.name[i] = job->sheet->name(arena, job);
        rows.verdict[i] = check_verdict_text(finding_verdict(&job->finding));
        rows.reason[i] = job->finding.report.reason;
        rows.worst[i] = worst_of(row_of(job), &job->finding);
        rows.allowed[i] = row_of(job)->bar;
        rows.compared[i] = (double)job->finding.compared;
    }
    check_save(arena, &rows, asked->seed, published);
}

static void print_all(const Asked *asked) {
    for (size_t i = 0; i < asked->sheets; i++) print_sheet(asked, &asked->sheet[i]);
}

static size_t processors(void) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (size_t)cores : 1;
}

static int run_check(const Call *call) {
    Asked asked = {.arena = call->arena,
                   .seed = call_count(call, "--seed", 1, SIZE_MAX / 2),
                   .stop = call_option(call, "--stop") != NULL};
    read_specs(&asked, call->word, call->words, call_option(call, "--norm"));
    list_jobs(&asked, call_option(call, "--case"));
    if (call_option(call, "--list")) {
        print_list(&asked);
        return EX_OK;
    }
    if (!NORMLAB_HAS_QUAD)
        say("this program was compiled without 113-bit reals: where 113 bits are said, "
            "long double judges, and nobody where |mean| is 1e8 std");
    judge_all(&asked, call_count(call, "--threads", processors(), MOST_THREADS));
    bool json = call_option(call, "--json") != NULL;
    if (!json) print_all(&asked);
    size_t bad = json ? print_json(&asked) : print_rest(&asked);
    if (call_option(call, "--save")) save(&asked, false);
    return bad ? 1 : EX_OK;
}

int check_publish(const Call *call) {
    if (call_option(call, "--jobs") || call_option(call, "--restart"))
        die(EX_USAGE, "publish checking has no runs: --jobs and --restart are for those");
    Asked asked = {.arena = call->arena, .seed = 1};
    read_specs(&asked, NULL, 0, NULL);
    list_jobs(&asked, NULL);
    judge_all(&asked, processors());
    print_all(&asked);
    if (print_rest(&asked)) return 1;
    save(&asked, true);
    return EX_OK;
}

const Command command_check = {
    .name = "check",
    .usage = "[SPEC ...] [--norm SPEC[,SPEC...]] [--case NAMES] [--seed N] [--save] "
             "[--stop] [--list] [--json]",
    .summary = "Proves the derivatives and digits of normalizers and networks",
    .options =
        (const Option[]){
            {"--norm", "SPECS", "what stands in the networks (default: all)"},
            {"--case", "NAMES",
             "these cases alone, as --list names them; '*.gradient,*.slots'"},
            {"--seed", "N", "of data, upstream and directions (default 1)"},
            {"--save", NULL,
             "all of it, with the curves of two figures: out/checking.h5 and .svg"},
            {"--stop", NULL, "ends at the first case that fails"},
            {"--list", NULL, "names the cases and judges none"},
            {"--threads", "N", "default: all processors"},
            {"--json", NULL, "for programs"},
            {NULL, NULL, NULL}},
    .least = 0,
    .most = MOST_SPECS,
    .run = run_check,
    .more =
        "A table of normalizers (`group(2)`) says for each check how many eps of its "
        "scale are allowed (0: the same bits)\n"
        "and how many the worst error of each is (of differences: parts of their own "
        "bound); `.`: does not apply;\n"
        "`inconcl.`: rounding alone may be larger than the smallest fault that must "
        "show, "
        "both are printed. A network\n"
        "(`resnet(depth=8)`) has a table of its own, with\n"
        "each normalizer in it and all parameters random: there errors are parts of the "
        "whole gradient's norm. One column\n"
        "alone says what each check is. Without SPEC: one normalizer of each kind, and a "
        "network of each. Exit status 1 if\n"
        "anything fails.",
};
