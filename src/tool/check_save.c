/* What a check found, and what the experiment `checking` measures, in one file with its
 * figures. */
#include "cases.h"

static void put_cases(Store *store, const Cases *cases) {
    Arena *arena = cases->arena;
    const size_t count = cases->jobs;
    const char **name = TAKE(arena, const char *, count),
               **verdict = TAKE(arena, const char *, count),
               **reason = TAKE(arena, const char *, count);
    double *worst = TAKE(arena, double, count), *allowed = TAKE(arena, double, count),
           *compared = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) {
        const SheetCase *job = &cases->job[i];
        name[i] = job->sheet->name(arena, job);
        verdict[i] = check_verdict_text(finding_verdict(&job->finding));
        reason[i] = job->finding.report.reason;
        worst[i] = sheet_worst(sheet_row(job), &job->finding);
        allowed[i] = sheet_row(job)->bar;
        compared[i] = (double)job->finding.compared;
    }
    Table t = table_new(arena, "/cases",
                        "normalizers, convolutions and networks before every check");
    table_scale_text(&t, "case", "what was judged, on what, by which check", name, count);
    table_texts(&t, "verdict", "pass, FAIL or inconclusive", "case", verdict);
    table_numbers(
        &t, "worst",
        "worst error, in the check's unit (eps of a scale, or a part of a norm)", "case",
        worst);
    table_numbers(&t, "allowed", "allowed, in the same unit", "case", allowed);
    table_numbers(&t, "compared", "numbers compared", "case", compared);
    table_texts(&t, "reason", "where and why, if it did not pass", "case", reason);
    t.plot = "worst";
    table_write(&t, store);
    store_integer(store, t.group, "seed", (int64_t)cases->seed);
}

void cases_save(const Cases *cases, bool published) {
    Store *store = store_new("how the derivatives of normalizers are proved");
    put_cases(store, cases);
    measured_save(cases->arena, store, experiment_find(cases->arena, "checking"),
                  &(Measure){.seed = cases->seed}, published);
}
