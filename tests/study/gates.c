/* What is known without a network, in files and beside a study. */
#include "gates.h"
#include "harness.h"

#include <string.h>
#include <unistd.h>

#include "verdicts.h"

/* Of one seed, and of several: what is written is read. */
static void files_keep_them(void **state) {
    (void)state;
    enum { SEEDS = 3, BLOCKS = 2, GATES = 2 };
    static const double SEED[SEEDS] = {4, 5, 9};
    Arena *arena = arena_new();
    char folder[] = "/tmp/normlab-gate-XXXXXX";
    assert_non_null(mkdtemp(folder));
    const char *path = text_print(arena, "%s/gate.h5", folder);
    static const TaskMetric METRIC = {.name = "iou", .title = "overlap", .unit = "1"},
                            OTHER = {.name = "error", .title = "errors", .unit = "1"};
    static const char *const NAME[] = {"nearest", "a gate that is no more"};
    static const char *const TITLE[] = {"neighbours", "by hand"};
    GateScore b[SEEDS * GATES];
    for (size_t i = 0; i < SEEDS * GATES; i++) {
        double *block = TAKE(arena, double, BLOCKS);
        for (size_t k = 0; k < BLOCKS; k++) block[k] = (double)(10 * i + k);
        b[i] = (GateScore){.name = NAME[i % GATES],
                           .title = TITLE[i % GATES],
                           .value = 0.1 * (double)i,
                           .blocks = BLOCKS,
                           .block = block,
                           .decay = 0.5};
    }
    for (size_t seeds = 1; seeds <= SEEDS; seeds += 2) {
        BaseError error = {.set = false};
        Store *store = store_new("gate");
        gates_write(store, arena, "/gate", &(Gates){&METRIC, seeds, GATES, b}, SEED);
        assert_true(store_save(store, path, &error));
        store_close(store);
        store = store_open(path, &error);
        const Gates *back = gates_read(store, arena, "/gate", &METRIC, &error);
        assert_null(gates_read(store, arena, "/gate", &OTHER, &error));
        store_close(store);
        assert_false(error.set);
        assert_int_equal(back->seeds, seeds);
        assert_int_equal(back->kinds, GATES);
        for (size_t i = 0; i < seeds * GATES; i++) {
            const GateScore *own = &gates_at(back, i / GATES)[i % GATES];
            assert_string_equal(own->name, NAME[i % GATES]);
            assert_string_equal(own->title, TITLE[i % GATES]);
            assert_near(own->value, b[i].value, 0);
            assert_near(own->decay, 0.5, 0);
            assert_int_equal(own->blocks, BLOCKS);
            assert_memory_equal(own->block, b[i].block, BLOCKS * sizeof(double));
        }
    }
    unlink(path);
    rmdir(folder);
    arena_free(arena);
}

/* The first study that was made here, of 4,000 images and ten epochs: no arm of it beats what a
 * linear classifier knows, asked on its own images. */
static void first_study_is_refused(void **state) {
    (void)state;
    static const char *const ARM[] = {"group(8)", "batch"},
                             *const ONE[] = {"nearest", NULL},
                             *const UNKNOWN[] = {"softmax", "trigram", NULL};
    Arena *arena = arena_new();
    const Grid *grid = grid_read(arena, place_home(arena, "data/first/batch-size.h5"));
    size_t seed[16];
    for (size_t k = 0; k < grid->seeds; k++) seed[k] = k;
    for (size_t i = 0; i < COUNT_OF(ARM); i++) {
        const Term term = {1, ARM[i], "32"};
        const Combination arm = {text_print(arena, "%s@32", ARM[i]), 1, &term};
        const char *why;
        const View view = {arena, grid, grid->seeds, seed};
        assert_false(study_beats_gate(&view, &arm, NULL, &why));
        if (strncmp(why, "below the gate", 14) != 0) fail_msg("%s: %s", arm.text, why);
        assert_false(study_beats_gate(&view, &arm, UNKNOWN, &why));
        assert_string_equal(why, "the study has no gate 'trigram'");
        assert_false(study_beats_gate(&view, &arm, ONE, &why));
        assert_non_null(strstr(why, "does not beat 5 nearest neighbours"));
    }
    arena_free(arena);
}

/* A claim may be of another number; the gate is asked of what the task is judged by all the same. */
static void measures_are_numbers_of_runs(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Grid *grid = grid_read(arena, place_home(arena, "data/first/batch-size.h5")),
               *train = grid_of_measure(arena, grid, "train"),
               *diverged = grid_of_measure(arena, grid, "diverged");
    const size_t cells = grid->series * grid->points * grid->seeds, seed[] = {0, 1};
    assert_ptr_equal(grid_of_measure(arena, grid, "test"), grid);
    assert_null(grid_of_measure(arena, grid, "nothing"));
    assert_null(grid_of_measure(arena, grid, "seed")); /* an axis */
    assert_ptr_equal(train->test, grid->train);
    assert_true(train->metric.share && train->blocks == 0 && train->whole == grid);
    assert_memory_equal(diverged->test, grid->diverged, cells * sizeof(double));
    assert_string_equal(diverged->metric.name, "diverged");
    assert_false(diverged->metric.share);
    const Term term = {1, "group(8)", "32"};
    const Combination arm = {"group(8)@32", 1, &term};
    const View own = {arena, grid, 2, seed}, other = {arena, diverged, 2, seed};
    const char *why, *same;
    assert_false(study_beats_gate(&own, &arm, NULL, &why));
    assert_false(study_beats_gate(&other, &arm, NULL, &same));
    assert_string_equal(why, same);
    assert_true(sample_of(&other, &arm).value[0] == 0);
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(example, measures_are_numbers_of_runs),
    CASE(example, files_keep_them),
    CASE(example, first_study_is_refused),
};

HARNESS_MAIN("gates", CASES)
