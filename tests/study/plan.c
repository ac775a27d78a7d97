/* Plans of studies: what a run.c says is a user's word, and a slip in it gets one line. */
#include "harness.h"

#include "study.h"

#include <string.h>

static const char *const RECIPE[] = {"epochs=1", "rate=0.1,0.2", NULL};

static Experiment sound(void) {
    return (Experiment){.name = "mine",
                        .question = "What?",
                        .series = "norm",
                        .along = "rate",
                        .along_label = "learning rate",
                        .quick = RECIPE,
                        .full = RECIPE};
}

static void plan(void *context) {
    Arena *arena = arena_new();
    study_plan(arena, &(Wish){.experiment = context});
    arena_free(arena);
}

static void expect_line(Experiment e, int code, const char *says) {
    char text[1024];
    const int got = harness_child(plan, &e, text, sizeof text);
    if (got != code || strstr(text, says) == NULL)
        fail_msg("exit code %d, expected %d; no '%s' in '%s'", got, code, says, text);
    const char *end = strchr(text, '\n');
    assert_true(code == 0 ? *text == '\0' : end && end[1] == '\0');
}

static void slips_get_one_line(void **state) {
    (void)state;
    Experiment e = sound();
    expect_line(e, 0, "");
    e.along = "rates";
    expect_line(e, EX_USAGE,
                "experiments/mine/run.c: .along = \"rates\" is no key of a run, did you "
                "mean 'rate'?");
    e = sound(), e.along = "lr";
    expect_line(e, EX_USAGE, "did you mean 'rate'?");
    e = sound(), e.series = "norms";
    expect_line(e, EX_USAGE,
                ".series = \"norms\" is no key of a run, did you mean 'norm'?");
    e = sound(), e.series = NULL;
    expect_line(e, EX_USAGE, "has no .series");
    e = sound(), e.series = "rate";
    expect_line(e, EX_USAGE, "two keys");
    e = sound(), e.full = NULL;
    expect_line(e, EX_USAGE, "has no .full");
    e = sound(), e.along_label = NULL;
    expect_line(e, EX_USAGE, "has no .along_label");
    static const char *const wrong[] = {"epoch=1", NULL};
    e = sound(), e.full = wrong;
    expect_line(e, EX_USAGE, "did you mean 'epochs'?");
}

static const Case CASES[] = {CASE(fault, slips_get_one_line)};

HARNESS_MAIN("plan", CASES)
