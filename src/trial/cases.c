/* Cases of several sheets: which, judged, and the worst of each place. */
#include "sheet.h"
#include "text.h"

#include <fnmatch.h>
#include <string.h>

/* Whether one of several patterns, commas between, is the case's name. */
static bool named(Arena *arena, const char *patterns, const SheetCase *job) {
    const char *name = job->sheet->name(arena, job);
    for (const char *p = patterns; *p; p += strcspn(p, ","), p += *p == ',') {
        const char *one = text_print(arena, "%.*s", (int)strcspn(p, ","), p);
        if (fnmatch(one, name, 0) == 0) return true;
    }
    return false;
}

static void list_sheet(Cases *cases, const Sheet *sheet, const char *only) {
    for (size_t i = 0; i < sheet->columns * sheet->shapes * sheet->rows; i++) {
        SheetCase job = {.sheet = sheet,
                         .column = i / sheet->rows / sheet->shapes,
                         .row = i % sheet->rows};
        job.shape = sheet->own_shape ? sheet->own_shape[job.column]
                                     : sheet->shape[i / sheet->rows % sheet->shapes];
        if (only && !named(cases->arena, only, &job)) continue;
        if (sheet->applies(&job)) cases->job[cases->jobs++] = job;
    }
}

bool cases_of(const Cases *cases, const Sheet *sheet, size_t column) {
    for (size_t i = 0; i < cases->jobs; i++)
        if (cases->job[i].sheet == sheet && cases->job[i].column == column) return true;
    return false;
}

static bool all_have_cases(const Cases *cases, BaseError *error) {
    for (size_t i = 0; i < cases->sheets; i++)
        for (size_t k = 0; k < cases->sheet[i].columns; k++)
            if (!cases_of(cases, &cases->sheet[i], k))
                return base_fail(error, EX_DATAERR, 0,
                                 "%s fits none of the shapes that it would be checked on",
                                 cases->sheet[i].column[k]);
    return true;
}

/* Where one case is asked for, its table and column alone are of interest. */
static void keep_its_column(Cases *cases) {
    SheetCase *job = &cases->job[0];
    cases->sheet[0] = *job->sheet;
    cases->sheet[0].column += job->column;
    cases->sheet[0].columns = cases->sheets = 1;
    job->sheet = cases->sheet;
    job->column = 0;
}

bool cases_list(Cases *cases, const char *only, BaseError *error) {
    size_t most = 0;
    for (size_t i = 0; i < cases->sheets; i++)
        most += cases->sheet[i].columns * cases->sheet[i].shapes * cases->sheet[i].rows;
    cases->job = TAKE(cases->arena, SheetCase, most);
    for (size_t i = 0; i < cases->sheets; i++) list_sheet(cases, &cases->sheet[i], only);
    if (only && cases->jobs == 1) keep_its_column(cases);
    if (cases->jobs == 0 && only)
        return base_fail(error, EX_USAGE, 0,
                         "no case '%s'; the same words with --list name them all", only);
    return only || all_have_cases(cases, error);
}

void cases_judge(Cases *cases, size_t threads) {
    bool stopped = false;
#pragma omp parallel for schedule(dynamic) num_threads((int)threads)
    for (size_t i = 0; i < cases->jobs; i++) {
        bool skip;
#pragma omp atomic read
        skip = stopped;
        if (skip) continue;
        SheetCase *job = &cases->job[i];
        job->finding = job->sheet->judge(job, cases->seed);
        if (cases->stop && finding_verdict(&job->finding) == CHECK_FAIL) {
#pragma omp atomic write
            stopped = true;
        }
    }
}

Finding cases_sum(const Cases *cases, const Sheet *sheet, size_t row, size_t column) {
    Finding sum = {.cases = 0};
    for (size_t i = 0; i < cases->jobs; i++) {
        const SheetCase *job = &cases->job[i];
        if (job->sheet == sheet && job->row == row && job->column == column)
            finding_add(&sum, &job->finding);
    }
    return sum;
}

bool cases_is_worst(const Cases *cases, const SheetCase *job) {
    Finding sum = {.cases = 0};
    const SheetCase *shown = NULL;
    for (size_t i = 0; i < cases->jobs; i++) {
        const SheetCase *other = &cases->job[i];
        if (other->sheet == job->sheet && other->row == job->row &&
            other->column == job->column && finding_add(&sum, &other->finding))
            shown = other;
    }
    return shown == job;
}
