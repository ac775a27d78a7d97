/* Plans of studies: what a run.c says is a user's word, and a slip in it gets one line. */
#include "harness.h"

#include "sweep.h"

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

/* ---- keys of every kind ------------------------------------------------------------- */

static const ExperimentKey PASSES[] = {{"passes", "3", "epochs", NULL},
                                       {NULL, NULL, NULL, NULL}};

static bool passes_are_epochs(Config *config, Arena *arena, const Own *own,
                              BaseError *error) {
    return config_set(config, arena, "epochs", own->text[0], error);
}

static Experiment of_passes(const char *series, const char *along,
                            const char *const *recipe) {
    Experiment e = sound();
    e.series = series, e.along = along, e.quick = e.full = recipe;
    e.keys = PASSES, e.complete = passes_are_epochs;
    return e;
}

/* Of one seed: the epochs of each cell. */
static void expect_epochs(const Experiment *e, size_t series, size_t points,
                          const char *const *name, const size_t *epochs) {
    Arena *arena = arena_new();
    const Sweep *sweep = study_plan(arena, &(Wish){.experiment = e});
    assert_int_equal(sweep->series, series);
    assert_int_equal(sweep->points, points);
    for (size_t i = 0; i < series; i++) {
        assert_string_equal(sweep->series_name[i], name[i]);
        for (size_t j = 0; j < points; j++) {
            const Run *run = &sweep->run[sweep->run_of[i * points + j]];
            assert_int_equal(run->config.epochs, epochs[i * points + j]);
        }
    }
    arena_free(arena);
}

/* The experiment's own keys are rows, columns, or beside the rows, and one number where none is
 * said. */
static void own_keys_sweep(void **state) {
    (void)state;
    static const char *const
        swept[] = {"passes=1,2", "norm=batch,layer", "rate=0.1", NULL},
        *const plain[] = {"norm=batch,layer", "rate=0.1,0.2", NULL},
        *const norms[] = {"batch", "layer"}, *const passes[] = {"passes=1", "passes=2"},
        *const both[] = {"batch, passes=1", "layer, passes=1", "batch, passes=2",
                         "layer, passes=2"};
    static const char *const one[] = {"passes=1,2", "rate=0.1,0.2", NULL};
    Experiment e = of_passes("norm", "passes", swept);
    expect_epochs(&e, 2, 2, norms, (size_t[]){1, 2, 1, 2});
    e = of_passes("passes", "rate", one);
    expect_epochs(&e, 2, 2, passes, (size_t[]){1, 1, 2, 2});
    e = of_passes("norm", "rate", swept);
    expect_epochs(&e, 4, 1, both, (size_t[]){1, 1, 2, 2});
    e = of_passes("norm", "rate", plain);
    expect_epochs(&e, 2, 2, norms, (size_t[]){3, 3, 3, 3});
    e.along = "passess";
    expect_line(e, EX_USAGE, "did you mean 'passes'?");
}

/* Sizes of finished weights are columns of the same runs; what keeps no moments has one row for
 * all modes. */
static void sizes_are_columns(void **state) {
    (void)state;
    static const char *const recipe[] = {"epochs=1", "norm=batch,layer",
                                         "mode=average,pooled", "input=20x20,28x28",
                                         NULL},
                             *const name[] = {"batch, mode=average",
                                              "layer, mode=average",
                                              "batch, mode=pooled"};
    Arena *arena = arena_new();
    Experiment e = sound();
    e.along = "input", e.quick = e.full = recipe;
    const Sweep *sweep = study_plan(arena, &(Wish){.experiment = &e});
    assert_int_equal(sweep->runs, 2);
    assert_int_equal(sweep->series, 3);
    assert_int_equal(sweep->points, 2);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(sweep->series_name[i], name[i]);
        assert_false(sweep->same[i]);
        assert_true(sweep->run[sweep->run_of[2 * i]].config.weights);
        for (size_t j = 0; j < 2; j++) {
            const Judging *judging = &sweep->judging[2 * i + j];
            assert_string_equal(judging->input, sweep->along_text[j]);
            assert_string_equal(judging->mode, i < 2 ? "average" : "pooled");
        }
    }
    assert_int_equal(sweep->run_of[0], sweep->run_of[1]);
    arena_free(arena);
    e.quick = e.full = RECIPE;
    expect_line(e, EX_USAGE, "experiments/mine/run.c: input=LIST is expected");
}

static const Case CASES[] = {CASE(fault, slips_get_one_line),
                             CASE(example, own_keys_sweep),
                             CASE(example, sizes_are_columns)};

HARNESS_MAIN("plan", CASES)
