/* Clusters of channels: every group has members, steps are optimal, controls are what they
 * say. */
#include "cluster.h"

#include "harness.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { MOST = 12 };

static Draw draw_of(uint64_t sample) {
    return (Draw){.seed = 5, .purpose = DRAW_TEST, .sample = sample};
}

static const Draw OTHER = {.seed = 3, .purpose = DRAW_ADAPT, .epoch = 2};

/* Points of many sorts: random, all equal, of two values, on a line, far out, tiny, too far
 * out for a distance, no points. */
enum { SORTS = 8 };

static void points(double *point, size_t count, size_t sort, uint64_t sample) {
    for (size_t i = 0; i < 2 * count; i++) {
        const double x = draw_normal(draw_of(sample), i);
        point[i] = sort == 0   ? x
                   : sort == 1 ? 0.25
                   : sort == 2 ? (draw_below(draw_of(sample), i / 2, 2) ? 1.0 : -1.0)
                   : sort == 3 ? (double)(i / 2)
                   : sort == 4 ? 1e150 * x
                   : sort == 5 ? 1e-170 * x
                   : sort == 6 ? 1e300 * x
                   : i % 5     ? x
                               : (double)NAN;
    }
}

static void sizes_of(size_t *size, const size_t *set, size_t count, size_t sets) {
    for (size_t g = 0; g < sets; g++) size[g] = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(set[i] < sets);
        size[set[i]]++;
    }
}

static void every_group_has_members(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t count = 1; count <= MOST; count++)
        for (size_t sets = 1; sets <= count; sets++)
            for (size_t k = 0; k < SORTS * 20; k++) {
                double point[2 * MOST];
                size_t set[MOST], size[MOST];
                points(point, count, k % SORTS, k);
                cluster_means(arena, set, point, count, sets, false, draw_of(k));
                sizes_of(size, set, count, sets);
                for (size_t g = 0; g < sets; g++) assert_true(size[g] >= 1);
                if (count % sets) continue;
                cluster_means(arena, set, point, count, sets, true, draw_of(k));
                sizes_of(size, set, count, sets);
                for (size_t g = 0; g < sets; g++) assert_int_equal(size[g], count / sets);
            }
    arena_free(arena);
}

/* ---- at its end ------------------------------------------------------------------ */

static double square(const double *a, const double *b) {
    return (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]);
}

static void centres_of(double *centre, const double *point, const size_t *set,
                       size_t count, size_t sets) {
    for (size_t g = 0; g < sets; g++) {
        double members = 0.0, sum[2] = {0.0, 0.0};
        for (size_t i = 0; i < count; i++)
            if (set[i] == g)
                members++, sum[0] += point[2 * i], sum[1] += point[2 * i + 1];
        centre[2 * g] = sum[0] / members, centre[2 * g + 1] = sum[1] / members;
    }
}

/* The least total over all assignments of points from i on, with room[g] left in g. */
static double least_total(const double *point, const double *centre, size_t i,
                          size_t count, size_t sets, size_t *room) {
    if (i == count) return 0.0;
    double least = INFINITY;
    for (size_t g = 0; g < sets; g++) {
        if (room[g] == 0) continue;
        room[g]--;
        least = fmin(least, square(point + 2 * i, centre + 2 * g) +
                                least_total(point, centre, i + 1, count, sets, room));
        room[g]++;
    }
    return least;
}

/* Its last step was the best of all assignments to the centres that it has. */
static void equal_steps_are_optimal(void **state) {
    (void)state;
    static const size_t SIZES[][2] = {{4, 2}, {6, 2}, {6, 3}, {6, 6}, {8, 4}, {9, 3}};
    Arena *arena = arena_new();
    for (size_t s = 0; s < COUNT_OF(SIZES); s++)
        for (size_t k = 0; k < 12; k++) {
            const size_t count = SIZES[s][0], sets = SIZES[s][1];
            double point[2 * MOST], centre[2 * MOST], total = 0.0;
            size_t set[MOST], room[MOST];
            points(point, count, k % 4, 100 + k);
            cluster_means(arena, set, point, count, sets, true, draw_of(k));
            centres_of(centre, point, set, count, sets);
            for (size_t i = 0; i < count; i++)
                total += square(point + 2 * i, centre + 2 * set[i]);
            for (size_t g = 0; g < sets; g++) room[g] = count / sets;
            const double least = least_total(point, centre, 0, count, sets, room);
            assert_near(total, least, 16 * DBL_EPSILON * (double)(count * count));
        }
    arena_free(arena);
}

/* Of many points: no exchange of two members lowers the total. */
static void no_exchange_is_better(void **state) {
    (void)state;
    enum { COUNT = 64, SETS = 8 };
    Arena *arena = arena_new();
    double point[2 * COUNT], centre[2 * SETS];
    size_t set[COUNT], size[SETS];
    for (size_t k = 0; k < 6; k++) {
        points(point, COUNT, 0, 200 + k);
        cluster_means(arena, set, point, COUNT, SETS, true, draw_of(k));
        sizes_of(size, set, COUNT, SETS);
        for (size_t g = 0; g < SETS; g++) assert_int_equal(size[g], COUNT / SETS);
        centres_of(centre, point, set, COUNT, SETS);
        for (size_t i = 0; i < COUNT; i++)
            for (size_t j = 0; j < i; j++) {
                const double *a = point + 2 * i, *b = point + 2 * j;
                const double *own = centre + 2 * set[i], *other = centre + 2 * set[j];
                assert_true(square(a, own) + square(b, other) <=
                            square(a, other) + square(b, own) + 1e-13);
            }
    }
    arena_free(arena);
}

/* Groups of any size: each point is with the nearest centre, unless it is alone. */
static void points_are_with_their_nearest(void **state) {
    (void)state;
    enum { COUNT = 64 };
    Arena *arena = arena_new();
    double point[2 * COUNT], centre[2 * COUNT];
    size_t set[COUNT];
    for (size_t sets = 1; sets <= 16; sets++) {
        points(point, COUNT, 0, 300 + sets);
        cluster_means(arena, set, point, COUNT, sets, false, draw_of(sets));
        centres_of(centre, point, set, COUNT, sets);
        for (size_t i = 0; i < COUNT; i++)
            for (size_t g = 0; g < sets; g++)
                assert_true(square(point + 2 * i, centre + 2 * set[i]) <=
                            square(point + 2 * i, centre + 2 * g) + 1e-13);
    }
    arena_free(arena);
}

/* Corners of a square, ten sides apart from what is in them; k-means++ finds a seed in each
 * nearly always. */
static void well_separated_clusters_are_found(void **state) {
    (void)state;
    enum { COUNT = 12, SETS = 4 };
    Arena *arena = arena_new();
    size_t found[2] = {0, 0};
    for (size_t k = 0; k < 50; k++)
        for (int equal = 0; equal < 2; equal++) {
            double point[2 * COUNT];
            size_t set[COUNT];
            points(point, COUNT, 0, 400 + k);
            for (size_t i = 0; i < COUNT; i++) {
                point[2 * i] += i % 2 ? 1000.0 : 0.0;
                point[2 * i + 1] += i / 2 % 2 ? 1000.0 : 0.0;
            }
            cluster_means(arena, set, point, COUNT, SETS, equal, draw_of(k));
            bool right = true;
            for (size_t i = 0; i < COUNT; i++)
                for (size_t j = 0; j < i; j++)
                    right = right && (set[i] == set[j]) == (i % 4 == j % 4);
            found[equal] += right;
        }
    assert_int_equal(found[0], 50);
    assert_int_equal(found[1], 50);
    arena_free(arena);
}

/* ---- draws ----------------------------------------------------------------------- */

static void same_draw_same_map(void **state) {
    (void)state;
    enum { COUNT = 12, SETS = 4 };
    Arena *arena = arena_new();
    double point[2 * COUNT];
    points(point, COUNT, 0, 500);
    for (int kind = 0; kind < 3; kind++) {
        size_t first[COUNT], again[COUNT], differ = 0;
        for (size_t k = 0; k < 20; k++) {
            size_t *const out[] = {first, again};
            for (size_t pass = 0; pass < 2; pass++) {
                if (kind == 2)
                    cluster_random(arena, out[pass], COUNT, SETS, draw_of(k));
                else
                    cluster_means(arena, out[pass], point, COUNT, SETS, kind, draw_of(k));
            }
            assert_memory_equal(first, again, sizeof first);
            if (kind == 2)
                cluster_random(arena, again, COUNT, SETS, OTHER);
            else
                cluster_means(arena, again, point, COUNT, SETS, kind, OTHER);
            differ += memcmp(first, again, sizeof first) != 0;
        }
        assert_true(differ >= 10);
    }
    arena_free(arena);
}

/* ---- controls -------------------------------------------------------------------- */

/* Group of a channel: how many keys are less, or equal and before it, in blocks. */
static void sorted_groups_are_ranks(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t count = 1; count <= MOST; count++)
        for (size_t sets = 1; sets <= count; sets++)
            for (size_t k = 0; k < 8; k++) {
                double key[MOST];
                size_t set[MOST];
                for (size_t i = 0; i < count; i++) /* with many that are equal */
                    key[i] = k < 4 ? draw_normal(draw_of(k), i)
                                   : (double)draw_below(draw_of(k), i, 3);
                if (count % sets) continue;
                cluster_sorted(arena, set, key, count, sets);
                for (size_t i = 0; i < count; i++) {
                    size_t rank = 0;
                    for (size_t j = 0; j < count; j++)
                        rank += key[j] < key[i] || (key[j] == key[i] && j < i);
                    assert_int_equal(set[i], rank / (count / sets));
                }
            }
    arena_free(arena);
}

/* Groups of one size, and each channel in each group about equally often: of 600 draws
 * 150 +- 4 standard deviations. */
static void random_groups_are_even(void **state) {
    (void)state;
    enum { COUNT = 8, SETS = 4, DRAWS = 600 };
    Arena *arena = arena_new();
    size_t times[COUNT][SETS] = {{0}};
    for (uint64_t k = 0; k < DRAWS; k++) {
        size_t set[COUNT], size[SETS];
        cluster_random(arena, set, COUNT, SETS, draw_of(k));
        sizes_of(size, set, COUNT, SETS);
        for (size_t g = 0; g < SETS; g++) assert_int_equal(size[g], COUNT / SETS);
        for (size_t i = 0; i < COUNT; i++) times[i][set[i]]++;
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t g = 0; g < SETS; g++)
            assert_near((double)times[i][g], 150.0, 4.0 * sqrt(600.0 * 0.25 * 0.75));
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, every_group_has_members),
    CASE(oracle, equal_steps_are_optimal),
    CASE(theorem, no_exchange_is_better),
    CASE(theorem, points_are_with_their_nearest),
    CASE(theorem, well_separated_clusters_are_found),
    CASE(theorem, same_draw_same_map),
    CASE(oracle, sorted_groups_are_ranks),
    CASE(theorem, random_groups_are_even),
};

HARNESS_MAIN("norm_cluster", CASES)
