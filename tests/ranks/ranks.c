/* Ranks of a build without MPI: there is one, and it does all. Who started it, the environment
 * says. With MPI: tests/ranks.py. */
#include "harness.h"

#include "ranks.h"

#include <string.h>

static void one_rank_has_everything(void **state) {
    (void)state;
    const RanksShare mine = ranks_mine(NULL, 7);
    assert_int_equal(ranks_count(NULL), 1);
    assert_int_equal(ranks_me(NULL), 0);
    assert_int_equal(mine.from, 0);
    assert_int_equal(mine.count, 7);
    assert_int_equal(ranks_agree(NULL, 5), 5);
    assert_true(ranks_traffic(NULL).bytes == 0.0);
}

/* Row after row of a column, with what the caller gave. */
static void add_rows(double *to, const double *of, size_t stride, size_t count,
                     const void *context) {
    const size_t things = *(const size_t *)context;
    for (size_t i = 0; i < count; i++) to[i] = 0.0;
    for (size_t k = 0; k < things; k++)
        for (size_t i = 0; i < count; i++) to[i] += of[k * stride + i];
}

static void one_rank_sums_its_rows(void **state) {
    (void)state;
    const double of[3][2] = {{1e16, 1.0}, {1.0, 2.0}, {-1e16, 4.0}};
    const size_t things = 3;
    double rows[3][2], to[2];
    memcpy(rows, of, sizeof of);
    ranks_gather(NULL, &rows[0][0], 3, 2);
    ranks_tell(NULL, &rows[0][0], 6);
    assert_memory_equal(rows, of, sizeof of);
    ranks_sum(NULL, to, &rows[0][0], things, 2, add_rows, &things);
    assert_true(to[0] == 0.0); /* in this order alone */
    assert_true(to[1] == 7.0);
}

static void a_build_without_mpi_says_so(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    if (!ranks_built()) {
        assert_null(ranks_begin(arena, 2, &error));
        assert_int_equal(error.code, EX_UNAVAILABLE);
        assert_non_null(strstr(error.message, "without MPI"));
    }
    arena_free(arena);
}

static void forget_launchers(void) {
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK",
                                        "OMPI_COMM_WORLD_SIZE",
                                        "OMPI_COMM_WORLD_LOCAL_SIZE",
                                        "PMI_RANK",
                                        "PMI_SIZE",
                                        "MPI_LOCALNRANKS",
                                        "SLURM_PROCID",
                                        "SLURM_STEP_NUM_TASKS",
                                        "SLURM_STEP_TASKS_PER_NODE"};
    for (size_t i = 0; i < COUNT_OF(names); i++) unsetenv(names[i]);
}

static void is_started(size_t rank, size_t count, size_t here) {
    const RanksStarted s = ranks_started();
    assert_int_equal(s.rank, rank);
    assert_int_equal(s.count, count);
    assert_int_equal(s.here, here);
}

static void launchers_say_who_was_started(void **state) {
    (void)state;
    forget_launchers();
    is_started(0, 1, 1);
    setenv("SLURM_PROCID", "5", 1); /* of a batch script, which has no steps */
    is_started(0, 1, 1);
    setenv("SLURM_STEP_NUM_TASKS", "7", 1);
    setenv("SLURM_STEP_TASKS_PER_NODE", "3(x2),1", 1);
    is_started(5, 7, 3);
    setenv("OMPI_COMM_WORLD_RANK", "1", 1);
    setenv("OMPI_COMM_WORLD_SIZE", "2", 1);
    is_started(1, 2, 1);
    setenv("OMPI_COMM_WORLD_SIZE", "x", 1);
    is_started(5, 7, 3);
    setenv("OMPI_COMM_WORLD_SIZE", "1", 1); /* no rank 1 of 1 */
    is_started(5, 7, 3);
    forget_launchers();
}

static const Case cases[] = {CASE(theorem, one_rank_has_everything),
                             CASE(example, one_rank_sums_its_rows),
                             CASE(fault, a_build_without_mpi_says_so),
                             CASE(example, launchers_say_who_was_started)};

HARNESS_MAIN("ranks", cases)
