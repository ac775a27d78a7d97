/* The derivatives of normalizers, judged: every spec by every check, on several shapes and
 * kinds of data. notes/30-checking.md */
#include "tool.h"

#include "trial.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_SPECS = 64, MOST_THREADS = 64 };

/* ---- what is asked --------------------------------------------------------------- */

/* One case, and what was found. */
typedef struct Job {
    size_t spec, check; /* its place in the table */
    Shape shape;
    Finding finding;
} Job;

typedef struct Asked {
    Arena *arena;
    size_t specs, checks, jobs;
    const char *spec[MOST_SPECS]; /* canonical */
    const TrialCheck *const *check;
    Job *job;
    uint64_t seed;
    bool stop; /* at the first that does not pass */
} Asked;

/* The specs asked for, canonical; or one of each kind. */
static void read_specs(Asked *asked, const Call *call) {
    size_t count;
    const NormKind *const *kinds = norm_kinds(&count);
    asked->specs = call->words ? call->words : count;
    for (size_t i = 0; i < asked->specs; i++) {
        const char *text = call->words ? call->word[i] : norm_example(kinds[i]);
        Error error = {.set = false};
        const Norm *norm = norm_new(call->arena, text, 0, &error);
        if (norm == NULL) die(error.code, "%s", spec_error(call->arena, text, &error));
        asked->spec[i] = norm->spec;
    }
}

/* All cases of the table, or the one that is named. */
static void list_jobs(Asked *asked, const char *only) {
    size_t shapes;
    const Shape *shape = trial_shapes(&shapes);
    asked->check = trial_checks(&asked->checks);
    asked->job = TAKE(asked->arena, Job, asked->specs * asked->checks * shapes);
    for (size_t i = 0; i < asked->specs; i++)
        for (size_t s = 0; s < shapes; s++)
            for (size_t k = 0; k < asked->checks; k++) {
                const char *spec = asked->spec[i];
                if (only && strcmp(only, trial_case_name(asked->arena, spec, shape[s],
                                                         asked->check[k])) != 0)
                    continue;
                if (trial_applies(spec, shape[s], asked->check[k]))
                    asked->job[asked->jobs++] = (Job){i, k, shape[s], {.cases = 0}};
            }
    if (only && asked->jobs == 1) { /* its spec alone is of interest */
        asked->spec[0] = asked->spec[asked->job[0].spec];
        asked->job[0].spec = 0;
        asked->specs = 1;
    }
    if (asked->jobs == 0 && only)
        die(EX_USAGE, "no case '%s'; `normlab check --list` lists them", only);
}

static void judge_all(Asked *asked, size_t threads) {
    bool stopped = false;
#pragma omp parallel for schedule(dynamic) num_threads((int)threads)
    for (size_t i = 0; i < asked->jobs; i++) {
        bool skip;
#pragma omp atomic read
        skip = stopped;
        if (skip) continue;
        Job *job = &asked->job[i];
        job->finding = trial_judge(asked->spec[job->spec], job->shape,
                                   asked->check[job->check], asked->seed);
        if (asked->stop && finding_verdict(&job->finding) != CHECK_PASS) {
#pragma omp atomic write
            stopped = true;
        }
    }
}

/* ---- the table ------------------------------------------------------------------- */

/* All shapes of one spec and check. */
static Finding sum_of(const Asked *asked, size_t spec, size_t check) {
    Finding sum = {.cases = 0};
    for (size_t i = 0; i < asked->jobs; i++)
        if (asked->job[i].spec == spec && asked->job[i].check == check)
            finding_add(&sum, &asked->job[i].finding);
    return sum;
}

/* The worst error in eps of its scale: 0 where the same bits are asked for. */
static double worst_eps(const TrialCheck *check, const Finding *f) {
    return f->worst * (trial_digits(check) > 0 ? trial_digits(check) : 1.0);
}

static const char *cell_text(Arena *arena, const TrialCheck *check, const Finding *f) {
    if (f->cases == 0) return ".";
    CheckVerdict verdict = finding_verdict(f);
    if (verdict == CHECK_FAIL) return "FAIL";
    if (verdict == CHECK_INCONCLUSIVE) return "inconcl.";
    double worst = worst_eps(check, f);
    const char *mark = f->expected ? "*" : "";
    if (worst == 0.0) return text_print(arena, "%s0", mark);
    return text_print(arena, worst < 10 ? "%s%.2g" : "%s%.0f", mark, worst);
}

static void print_table(const Asked *asked) {
    printf("%-19s %4s", "check", "eps");
    for (size_t i = 0; i < asked->specs; i++) printf(" %9s", asked->spec[i]);
    putchar('\n');
    for (size_t k = 0; k < asked->checks; k++) {
        printf("%-19s %4.0f", trial_name(asked->check[k]), trial_digits(asked->check[k]));
        for (size_t i = 0; i < asked->specs; i++) {
            Finding f = sum_of(asked, i, k);
            int width = (int)strlen(asked->spec[i]);
            printf(" %*s", width > 9 ? width : 9,
                   cell_text(asked->arena, asked->check[k], &f));
        }
        putchar('\n');
    }
}

/* One normalizer: what each check says. */
static void print_long(const Asked *asked) {
    printf("%s\n", asked->spec[0]);
    for (size_t k = 0; k < asked->checks; k++) {
        Finding f = sum_of(asked, 0, k);
        if (f.cases == 0) continue;
        const TrialCheck *check = asked->check[k];
        printf("%-19s %-12s %9s of %2.0f eps %4zu cases  %s\n", trial_name(check),
               check_verdict_text(finding_verdict(&f)),
               cell_text(asked->arena, check, &f), trial_digits(check), f.cases,
               trial_says(check));
    }
}

static void print_failure(const Asked *asked, const Job *job) {
    Arena *arena = asked->arena;
    const Finding *f = &job->finding;
    const CheckReport *r = &f->report;
    const char *spec = asked->spec[job->spec];
    const TrialCheck *check = asked->check[job->check];
    printf("%s: %s, %s, %s, %s, %s:\n  %s\n", check_verdict_text(finding_verdict(f)),
           spec, trial_name(check), shape_text(arena, job->shape),
           f->mode == NORM_EVAL ? "evaluation" : "training", trial_data_text(f->data),
           r->reason);
    printf("  got %.17g, expected %.17g: error %.3g, allowed %.3g\n", r->got, r->expected,
           r->error, r->allowed);
    printf("  holds: %s\n  again: normlab check '%s' --case %s --seed %llu\n",
           trial_says(check), spec, trial_case_name(arena, spec, job->shape, check),
           (unsigned long long)asked->seed);
}

/* Whether this is the worst case of its spec and check. */
static bool is_worst(const Asked *asked, const Job *job) {
    Finding sum = {.cases = 0};
    const Job *worst = NULL;
    for (size_t i = 0; i < asked->jobs; i++) {
        const Job *other = &asked->job[i];
        if (other->spec == job->spec && other->check == job->check &&
            finding_add(&sum, &other->finding))
            worst = other;
    }
    return worst == job;
}

/* Counts, and of what did not pass the worst of each spec and check. Returns how many. */
static size_t print_rest(const Asked *asked) {
    Finding all = {.cases = 0};
    for (size_t i = 0; i < asked->jobs; i++) {
        const Job *job = &asked->job[i];
        const Finding *f = &job->finding;
        finding_add(&all, f);
        if (f->cases && finding_verdict(f) != CHECK_PASS && is_worst(asked, job))
            print_failure(asked, job);
    }
    printf("%zu cases, %zu numbers compared: %zu failed, %zu inconclusive, %zu expected "
           "to be (seed %llu)\n",
           all.cases, all.compared, all.failed, all.inconclusive, all.expected,
           (unsigned long long)asked->seed);
    return all.failed + all.inconclusive;
}

/* Why some cases may be inconclusive: the marked ones. */
static void print_expected(const Asked *asked) {
    const char *last = "";
    for (size_t i = 0; i < asked->jobs; i++) {
        const char *reason = asked->job[i].finding.listed;
        if (reason == NULL || strcmp(reason, last) == 0) continue;
        printf("* inconclusive as listed on some shapes: %s\n", reason);
        last = reason;
    }
}

static size_t print_json(const Asked *asked) {
    Arena *arena = asked->arena;
    size_t bad = 0;
    printf("{\"schema\": 2, \"seed\": %llu, \"cases\": [",
           (unsigned long long)asked->seed);
    for (size_t i = 0; i < asked->jobs; i++) {
        const Job *job = &asked->job[i];
        const Finding *f = &job->finding;
        const TrialCheck *check = asked->check[job->check];
        const char *spec = asked->spec[job->spec];
        if (f->cases == 0) continue;
        bad += f->failed + f->inconclusive;
        printf("%s\n  {\"case\": %s, \"spec\": %s, \"check\": %s, \"verdict\": \"%s\", "
               "\"cases\": %zu, \"compared\": %zu, \"worst_eps\": %s, \"allowed_eps\": "
               "%g, \"mode\": \"%s\", \"data\": \"%s\", \"got\": %s, \"expected\": %s, "
               "\"error\": %s, \"allowed\": %s, \"reason\": %s}",
               i ? "," : "",
               json_text(arena, trial_case_name(arena, spec, job->shape, check)),
               json_text(arena, spec), json_text(arena, trial_name(check)),
               check_verdict_text(finding_verdict(f)), f->cases, f->compared,
               json_number(arena, worst_eps(check, f)), trial_digits(check),
               f->mode == NORM_EVAL ? "eval" : "train", trial_data_text(f->data),
               json_number(arena, f->report.got), json_number(arena, f->report.expected),
               json_number(arena, f->report.error), json_number(arena, f->report.allowed),
               json_text(arena, f->report.reason));
    }
    printf("],\n \"bad\": %zu}\n", bad);
    return bad;
}

static void print_list(const Asked *asked) {
    for (size_t i = 0; i < asked->jobs; i++) {
        const Job *job = &asked->job[i];
        printf("%s check\n", trial_case_name(asked->arena, asked->spec[job->spec],
                                             job->shape, asked->check[job->check]));
    }
}

static int run_check(const Call *call) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    Asked asked = {.arena = call->arena,
                   .seed = call_count(call, "--seed", 1, SIZE_MAX / 2),
                   .stop = call_option(call, "--stop") != NULL};
    read_specs(&asked, call);
    list_jobs(&asked, call_option(call, "--case"));
    if (call_option(call, "--list")) {
        print_list(&asked);
        return EX_OK;
    }
    judge_all(&asked,
              call_count(call, "--threads", cores > 0 ? (size_t)cores : 1, MOST_THREADS));
    if (call_option(call, "--json")) return print_json(&asked) ? 1 : EX_OK;
    asked.specs == 1 ? print_long(&asked) : print_table(&asked);
    print_expected(&asked);
    return print_rest(&asked) ? 1 : EX_OK;
}

const Command command_check = {
    .name = "check",
    .usage = "[SPEC ...] [--case NAME] [--seed N] [--stop] [--list] [--threads N] "
             "[--json]",
    .summary = "Proves the derivatives and digits of one or all normalizers",
    .options =
        (const Option[]){{"--case", "NAME", "one case alone, as --list names them"},
                         {"--seed", "N", "of data, upstream and directions (default 1)"},
                         {"--stop", NULL, "ends at the first case that does not pass"},
                         {"--list", NULL, "names the cases and judges none"},
                         {"--threads", "N", "default: all processors"},
                         {"--json", NULL, "for programs"},
                         {NULL, NULL, NULL}},
    .least = 0,
    .most = MOST_SPECS,
    .run = run_check,
    .more = "A line for each check: how many eps of its scale are allowed (0: the same "
            "bits), "
            "and how many the worst error of\n"
            "each normalizer is; `.`: does not apply. For one SPEC: what each check "
            "says. Exit "
            "status 1 if anything fails or\n"
            "is inconclusive.",
};
