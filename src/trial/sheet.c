/* The table of normalizers alone. */
#include "sheet.h"
#include "house.h"

const SheetRow *sheet_row(const SheetCase *job) {
    return &job->sheet->row[job->row];
}

const char *sheet_column(const SheetCase *job) {
    return job->sheet->column[job->column];
}

double sheet_worst(const SheetRow *row, const Finding *f) {
    return check_ratio(&f->report) * (row->bar > 0 ? row->bar : 1.0);
}

static const TrialCheck *check_of(const SheetCase *job) {
    size_t count;
    return trial_checks(&count)[job->row];
}

static bool applies(const SheetCase *job) {
    return trial_applies(sheet_column(job), job->shape, check_of(job));
}

static const char *case_name(Arena *arena, const SheetCase *job) {
    return trial_case_name(arena, sheet_column(job), job->shape, check_of(job));
}

static Finding judge(const SheetCase *job, uint64_t seed) {
    return trial_judge(sheet_column(job), job->shape, check_of(job), seed);
}

Sheet sheet_of_norms(Arena *arena) {
    Sheet sheet = {.column = TAKE(arena, const char *, SHEET_MOST),
                   .applies = applies,
                   .name = case_name,
                   .judge = judge};
    const TrialCheck *const *check = trial_checks(&sheet.rows);
    SheetRow *row = TAKE(arena, SheetRow, sheet.rows);
    for (size_t i = 0; i < sheet.rows; i++)
        row[i] = (SheetRow){trial_name(check[i]), trial_says(check[i]),
                            trial_digits(check[i]), trial_unit(check[i])};
    sheet.row = row;
    sheet.shape = trial_shapes(&sheet.shapes);
    return sheet;
}

bool sheet_wrong(BaseError *error, Arena *arena, const char *text,
                 const BaseError *wrong) {
    return base_fail(error, wrong->code, 0, "%s", spec_error(arena, text, wrong));
}

bool sheet_add_norm(Sheet *sheet, Arena *arena, const char *spec, BaseError *error) {
    BaseError wrong = {.set = false};
    const Norm *norm = norm_new(arena, spec, 0, &wrong);
    if (norm == NULL) return sheet_wrong(error, arena, spec, &wrong);
    REQUIRE(sheet->columns < SHEET_MOST, "more than %d normalizers", SHEET_MOST);
    const char *lack = trial_lacks(arena, norm->spec);
    if (lack)
        return base_fail(error, EX_DATAERR, 0, "%s cannot be judged: %s", norm->spec,
                         lack);
    sheet->column[sheet->columns++] = norm->spec;
    return true;
}
