/* Partitions and the moments of their cells, against the definition element by element. */
#include "harness.h"

#include "partition.h"
#include "moments.h"
#include "stretch.h"

#include <float.h>
#include <math.h>
#include <string.h>

static size_t below(uint64_t *index, size_t bound) {
    return draw_below((Draw){.seed = 41, .purpose = DRAW_TEST}, (*index)++, bound);
}

static double *normals(Arena *arena, size_t count, uint64_t sample) {
    double *x = TAKE(arena, double, count);
    const Draw draw = {.seed = 42, .purpose = DRAW_TEST, .sample = sample};
    for (size_t i = 0; i < count; i++) x[i] = draw_normal(draw, i);
    return x;
}

/* One of all kinds: equal blocks of channels or any map onto sets of any sizes; apart or not. */
static const Partition *whole_partition(Arena *arena, uint64_t *index) {
    static const size_t length[] = {1, 2, 3, 16, 63, 64, 65, 130, 257};
    const size_t block = 1 + below(index, 4), width = 1 + below(index, 4);
    const ShapeLattice x = {block * (1 + below(index, 3)), width * (1 + below(index, 4)),
                            length[below(index, COUNT_OF(length))]};
    const bool apart = below(index, 2);
    if (below(index, 3) == 0) return partition_blocks(arena, x, block, width, apart);
    const size_t sets = 1 + below(index, x.C);
    size_t *map = TAKE(arena, size_t, x.C), *order = TAKE(arena, size_t, x.C);
    draw_permutation((Draw){.seed = *index, .purpose = DRAW_TEST}, order, x.C);
    for (size_t c = 0; c < x.C; c++) map[order[c]] = c < sets ? c : below(index, sets);
    return partition_map(arena, x, block, map, sets, apart);
}

static size_t elements(const Partition *p) {
    return p->N * p->C * p->L;
}

/* In one of three a mask leaves out some positions, few or most. */
static const Partition *some_partition(Arena *arena, uint64_t *index) {
    const Partition *p = whole_partition(arena, index);
    if (below(index, 3) != 0) return p;
    unsigned char *mask = TAKE(arena, unsigned char, p->N * p->L);
    const size_t of = 2 + below(index, 4), in = 1 + below(index, of - 1);
    for (size_t i = 0; i < p->N * p->L; i++) mask[i] = below(index, of) < in;
    return partition_masked(arena, p, mask);
}

static size_t slab_at(const Partition *p, size_t element) {
    const size_t c = element / p->L % p->C, n = element / p->L / p->C;
    return n / p->block * p->channel_cells + p->cell_of[c];
}

/* The cell of an element, from the definition alone; SIZE_MAX: it is in none. */
static size_t cell_at(const Partition *p, size_t element) {
    const size_t l = element % p->L, n = element / p->L / p->C;
    if (p->mask && p->mask[n * p->L + l] == 0) return SIZE_MAX;
    return p->apart ? slab_at(p, element) * p->L + l : slab_at(p, element);
}

typedef void Check(Arena *arena, const Partition *partition, uint64_t *index);

static void for_some_partitions(size_t rounds, Check *check) {
    Arena *arena = arena_new();
    const ArenaMark mark = arena_mark(arena);
    uint64_t index = 0;
    for (size_t round = 0; round < rounds; round++, arena_rewind(arena, mark))
        check(arena, some_partition(arena, &index), &index);
    arena_free(arena);
}

/* ---- which element lies where ---------------------------------------------------- */

static void check_cells(Arena *arena, const Partition *p, uint64_t *index) {
    (void)index;
    const size_t cells = p->N / p->block * p->channel_cells * (p->apart ? p->L : 1);
    size_t *count = ZERO(arena, size_t, cells), smallest = SIZE_MAX;
    assert_int_equal(partition_cells(p), cells);
    for (size_t i = 0; i < elements(p); i++) {
        const size_t cell = cell_at(p, i);
        assert_int_equal(partition_cell(p, i / p->L / p->C, i / p->L % p->C, i % p->L),
                         cell);
        assert_true(cell < cells || p->mask);
        if (cell < cells) count[cell]++;
    }
    for (size_t i = 0; i < cells; i++) {
        assert_int_equal(partition_count(p, i), count[i]);
        if (count[i] < smallest) smallest = count[i];
    }
    assert_int_equal(partition_smallest(p), smallest);
    for (size_t set = 0; set < p->channel_cells; set++)
        for (size_t i = p->start[set]; i < p->start[set + 1]; i++) {
            assert_int_equal(p->cell_of[p->member[i]], set);
            assert_true(i == p->start[set] || p->member[i - 1] < p->member[i]);
        }
    assert_int_equal(p->start[0], 0);
    assert_int_equal(p->start[p->channel_cells], p->C);
}

static void cells_are_counted(void **state) {
    (void)state;
    for_some_partitions(400, check_cells);
}

static void mark_stretch(size_t *seen, const Partition *p, size_t slab, size_t first,
                         size_t length) {
    assert_true(first + length <= elements(p));
    for (size_t i = first; i < first + length; i++) {
        seen[i]++;
        assert_int_equal(slab_at(p, i), slab);
    }
}

static bool is_consecutive(const Partition *p, size_t set) {
    for (size_t i = p->start[set] + 1; i < p->start[set + 1]; i++)
        if (p->member[i] != p->member[i - 1] + 1) return false;
    return true;
}

static void check_slabs(Arena *arena, const Partition *p, uint64_t *index) {
    (void)index;
    size_t *by_row = ZERO(arena, size_t, elements(p)),
           *by_run = ZERO(arena, size_t, elements(p));
    for (size_t slab = 0; slab < partition_slabs(p); slab++) {
        const Stretch whole = slab_runs(p, slab);
        assert_int_equal(whole.left * whole.rows, slab_rows(p, slab).left);
        assert_int_equal(whole.length, whole.rows * p->L);
        size_t behind = 0; /* the end of the run before */
        for (Stretch row = slab_rows(p, slab); row.left > 0; stretch_next(&row, p)) {
            mark_stretch(by_row, p, slab, row.offset, row.length);
            assert_int_equal(row.number, row.offset / p->L);
            assert_int_equal(row.channel, row.number % p->C);
        }
        for (Stretch run = whole; run.left > 0; stretch_next(&run, p)) {
            mark_stretch(by_run, p, slab, run.offset, run.length);
            if (run.left < whole.left && is_consecutive(p, slab % p->channel_cells))
                assert_true(behind < run.offset); /* else they were one */
            behind = run.offset + run.length;
        }
    }
    for (size_t i = 0; i < elements(p); i++)
        assert_true(by_row[i] == 1 && by_run[i] == 1);
}

static void slabs_cover_everything_once(void **state) {
    (void)state;
    for_some_partitions(400, check_slabs);
}

static void named_partitions(void **state) {
    (void)state;
    static const struct {
        size_t block, width, cells, count;
        bool apart;
    } row[] = {{4, 1, 6, 20, false},  /* batch */
               {1, 6, 4, 30, false},  /* layer */
               {1, 1, 24, 5, false},  /* instance */
               {1, 3, 8, 15, false},  /* group(2) */
               {1, 6, 20, 6, true},   /* position */
               {2, 1, 12, 10, false}, /* ghost(2) */
               {2, 2, 6, 20, false},  /* the lattice */
               {4, 6, 1, 120, false}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(row); i++) {
        const Partition *p = partition_blocks(arena, (ShapeLattice){4, 6, 5},
                                              row[i].block, row[i].width, row[i].apart);
        assert_int_equal(partition_cells(p), row[i].cells);
        assert_int_equal(partition_smallest(p), row[i].count);
    }
    arena_free(arena);
}

static void map_with_size(const size_t *map, size_t block, size_t sets) {
    partition_map(arena_new(), (ShapeLattice){4, 3, 1}, block, map, sets, false);
}
static void empty_set(void *context) {
    (void)context;
    map_with_size((size_t[]){0, 2, 0}, 1, 3);
}
static void set_beyond(void *context) {
    (void)context;
    map_with_size((size_t[]){0, 1, 2}, 1, 2);
}
static void ragged_samples(void *context) {
    (void)context;
    map_with_size((size_t[]){0, 1, 2}, 3, 3);
}
static void ragged_channels(void *context) {
    (void)context;
    partition_blocks(arena_new(), (ShapeLattice){4, 3, 1}, 1, 2, false);
}

static void impossible_partitions_abort(void **state) {
    (void)state;
    static const struct {
        void (*body)(void *);
        const char *message;
    } row[] = {{empty_set, "set 1 has no channels"},
               {set_beyond, "channel 2 in set 2 of 2"},
               {ragged_samples, "blocks of 3 samples in 4"},
               {ragged_channels, "sets of 2 channels in 3"}};
    char text[1024];
    for (size_t i = 0; i < COUNT_OF(row); i++) {
        assert_true(harness_child(row[i].body, NULL, text, sizeof text) >= 128);
        assert_non_null(strstr(text, row[i].message));
    }
}

/* ---- moments --------------------------------------------------------------------- */

/* The moments of one cell by two passes in long double; about its first element, so exact enough. */
typedef struct Truth {
    double count, first;
    long double offset, m2; /* mean - first, sum of squares about the mean */
    double apart;           /* mean of |x - first| */
} Truth;

static Truth *truths(Arena *arena, const double *x, const Partition *p) {
    Truth *truth = ZERO(arena, Truth, partition_cells(p));
    for (size_t i = 0; i < elements(p); i++) {
        if (cell_at(p, i) == SIZE_MAX) continue;
        Truth *t = &truth[cell_at(p, i)];
        if (t->count == 0) t->first = x[i];
        t->count++;
        t->offset += (long double)x[i] - t->first;
        t->apart += fabs(x[i] - t->first);
    }
    for (size_t i = 0; i < partition_cells(p); i++) {
        if (truth[i].count == 0) continue;
        truth[i].offset /= truth[i].count;
        truth[i].apart /= truth[i].count;
    }
    for (size_t i = 0; i < elements(p); i++) {
        if (cell_at(p, i) == SIZE_MAX) continue;
        Truth *t = &truth[cell_at(p, i)];
        const long double d = (long double)x[i] - t->first - t->offset;
        t->m2 += d * d;
    }
    return truth;
}

/* Roundings on the longest path of a tree sum over a cell, and those of its terms. A run need not
 * be a multiple of a leaf, so there may be as many leaves as elements. */
static double roundings(double count) {
    if (count == 0) return 0;
    return (8 + 3 + ceil(log2(count)) + 1 + 4) * (DBL_EPSILON / 2);
}

static void check_mean(Arena *arena, const Partition *p, uint64_t *index) {
    const double centre = below(index, 2) ? pow(10, (double)below(index, 9)) : 0;
    double *x = normals(arena, elements(p), *index),
           *mean = TAKE(arena, double, elements(p));
    for (size_t i = 0; i < elements(p); i++) x[i] += centre;
    const Truth *t = truths(arena, x, p);
    partition_mean(mean, x, p);
    for (size_t i = 0; i < partition_cells(p); i++) {
        const long double want = t[i].first + t[i].offset;
        assert_near(mean[i], (double)want,
                    roundings(t[i].count) * t[i].apart +
                        DBL_EPSILON * fabs((double)want));
    }
}

static void means_are_means(void **state) {
    (void)state;
    for_some_partitions(400, check_mean);
}

/* |got - want| of mean - shift, in standard deviations; relative, of the variance. */
static void assert_moments(Moments m, const Truth *t) {
    const long double want = ((long double)t->first - m.shift) + t->offset;
    const double spread = sqrt((double)t->m2 / t->count), bound = roundings(t->count);
    assert_true(m.count == t->count);
    if (m.count == 0) {
        assert_true(moments_mean(m) == 0 && m.m2 == 0);
        return;
    }
    assert_near(m.offset, (double)want, 4 * bound * spread);
    assert_near(m.m2, (double)t->m2, 4 * bound * (double)t->m2);
    assert_near(moments_variance(m), m.m2 / t->count, 0);
    assert_near(moments_mean(m), m.shift + m.offset, 0);
    if (t->count > 1) assert_near(moments_unbiased(m), m.m2 / (t->count - 1), 0);
}

/* |mean| / std up to 1e8; half of the cells drift, so that their beginning tells little of them. */
static void check_moments(Arena *arena, const Partition *p, uint64_t *index) {
    const double centre = below(index, 8) ? pow(10, (double)below(index, 9)) : 0;
    const double drift = below(index, 2) ? pow(10, (double)below(index, 5)) : 0;
    double *x = normals(arena, elements(p), *index);
    for (size_t i = 0; i < elements(p); i++)
        x[i] += centre + drift * (double)i / (double)elements(p);
    const Truth *t = truths(arena, x, p);
    Moments *m = TAKE(arena, Moments, partition_cells(p));
    partition_moments(m, x, p);
    for (size_t i = 0; i < partition_cells(p); i++) assert_moments(m[i], &t[i]);
}

static void moments_are_moments(void **state) {
    (void)state;
    for_some_partitions(600, check_moments);
}

/* Large cells whose beginning lies far from the rest of them. */
static void check_large(Arena *arena, const Partition *p, double centre) {
    double *x = normals(arena, elements(p), 1);
    size_t *seen = ZERO(arena, size_t, partition_cells(p));
    for (size_t i = 0; i < elements(p); i++)
        x[i] += centre + (seen[cell_at(p, i)]++ < (p->apart ? 1 : 64) ? 1e6 : 0);
    const Truth *t = truths(arena, x, p);
    Moments *m = TAKE(arena, Moments, partition_cells(p));
    partition_moments(m, x, p);
    for (size_t i = 0; i < partition_cells(p); i++) assert_moments(m[i], &t[i]);
}

static void large_cells_keep_their_digits(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const ArenaMark mark = arena_mark(arena);
    for (int power = 0; power <= 16; power++, arena_rewind(arena, mark)) {
        const double centre = power % 2 ? pow(10, power) : -pow(10, power);
        const ShapeLattice few = {16, 8, 1024}, many = {64, 16, 70};
        check_large(arena, partition_blocks(arena, few, 16, 4, false), centre);
        check_large(arena, partition_blocks(arena, many, 64, 16, true), centre);
    }
    arena_free(arena);
}

/* The first element of every cell lies far out: about it alone, each of the others would
 * lose digits (P-2). The bound knows the mean of |x - mean| only. */
static void check_outlying(Arena *arena, const Partition *p, double far) {
    const size_t cells = partition_cells(p);
    double *x = normals(arena, elements(p), 1), *mean = TAKE(arena, double, cells);
    double *apart = ZERO(arena, double, cells), *count = ZERO(arena, double, cells);
    long double *want = ZERO(arena, long double, cells);
    for (size_t i = 0; i < elements(p); i++) {
        x[i] += count[cell_at(p, i)]++ == 0 ? far : 0;
        want[cell_at(p, i)] += x[i];
    }
    for (size_t i = 0; i < cells; i++) want[i] /= count[i];
    for (size_t i = 0; i < elements(p); i++)
        apart[cell_at(p, i)] += fabs((double)(x[i] - want[cell_at(p, i)]));
    partition_mean(mean, x, p);
    for (size_t i = 0; i < cells; i++)
        assert_near(mean[i], (double)want[i],
                    roundings(count[i]) * apart[i] / count[i] +
                        DBL_EPSILON * fabs((double)want[i]));
}

static void outlying_first_elements_cost_nothing(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const ArenaMark mark = arena_mark(arena);
    for (int power = 4; power <= 12; power++, arena_rewind(arena, mark)) {
        const ShapeLattice few = {16, 8, 1024}, many = {256, 16, 70};
        check_outlying(arena, partition_blocks(arena, few, 16, 4, false), pow(10, power));
        check_outlying(arena, partition_blocks(arena, many, 256, 16, true),
                       pow(10, power));
    }
    arena_free(arena);
}

/* ---- theorems -------------------------------------------------------------------- */

static void check_constants(Arena *arena, const Partition *p, uint64_t *index) {
    static const double value[] = {0.1, -1e8 / 3, 1e300, 5e-324, 0, 1.0 / 3};
    const size_t cells = partition_cells(p), some = below(index, 6);
    double *x = TAKE(arena, double, elements(p)), *mean = TAKE(arena, double, cells);
    Moments *m = TAKE(arena, Moments, cells);
    for (size_t i = 0; i < elements(p); i++)
        x[i] =
            cell_at(p, i) == SIZE_MAX ? (double)NAN : value[(some + cell_at(p, i)) % 6];
    partition_mean(mean, x, p);
    partition_moments(m, x, p);
    for (size_t i = 0; i < cells; i++) {
        if (m[i].count == 0) continue;
        assert_true(mean[i] == value[(some + i) % 6]);
        assert_true(moments_mean(m[i]) == value[(some + i) % 6] && m[i].m2 == 0);
        assert_true(moments_variance(m[i]) == 0);
        if (m[i].count == 1) assert_true(isnan(moments_unbiased(m[i])));
    }
}

static void constants_are_exact(void **state) {
    (void)state;
    for_some_partitions(400, check_constants);
}

static void check_scaling(Arena *arena, const Partition *p, uint64_t *index) {
    const size_t cells = partition_cells(p);
    double *x = normals(arena, elements(p), *index),
           *mean = TAKE(arena, double, 2 * cells);
    Moments *m = TAKE(arena, Moments, 2 * cells);
    for (int k = 0; k < 2; k++) {
        partition_mean(mean + (size_t)k * cells, x, p);
        partition_moments(m + (size_t)k * cells, x, p);
        for (size_t i = 0; i < elements(p); i++) x[i] *= -1024;
    }
    for (size_t i = 0; i < cells; i++) {
        const Moments a = m[i], b = m[cells + i];
        assert_true(mean[cells + i] == -1024 * mean[i]);
        assert_true(b.shift == -1024 * a.shift && b.offset == -1024 * a.offset);
        assert_true(b.m2 == 1048576 * a.m2);
    }
}

static void powers_of_two_scale_exactly(void **state) {
    (void)state;
    for_some_partitions(200, check_scaling);
}

/* What is not finite spoils its own cell and no other. */
static void check_trouble(Arena *arena, const Partition *p, uint64_t *index) {
    const size_t cells = partition_cells(p), where = below(index, elements(p));
    double *x = normals(arena, elements(p), *index), *mean = TAKE(arena, double, cells);
    Moments *m = TAKE(arena, Moments, cells);
    x[where] = below(index, 2) ? nan("") : HUGE_VAL;
    partition_mean(mean, x, p);
    partition_moments(m, x, p);
    for (size_t i = 0; i < cells; i++) {
        const bool hit = i == cell_at(p, where);
        assert_true(isfinite(mean[i]) == !hit);
        assert_true(isnan(m[i].m2) == hit && isfinite(m[i].offset) == !hit);
    }
}

static void trouble_stays_in_its_cell(void **state) {
    (void)state;
    for_some_partitions(200, check_trouble);
}

static void check_spread(Arena *arena, const Partition *p, uint64_t *index) {
    double *cell = normals(arena, partition_cells(p), *index);
    double *x = TAKE(arena, double, elements(p));
    for (size_t i = 0; i < elements(p); i++) x[i] = NAN;
    for (double times = 1; times <= 3; times++) {
        partition_spread(x, cell, p, times == 1 ? 0 : 1);
        for (size_t i = 0; i < elements(p); i++)
            assert_near(x[i], cell_at(p, i) == SIZE_MAX ? 0 : times * cell[cell_at(p, i)],
                        4 * DBL_EPSILON * fabs(x[i]));
    }
}

static void spreading_overwrites_or_adds(void **state) {
    (void)state;
    for_some_partitions(200, check_spread);
}

static Moments merged(const Moments *m, size_t count) {
    if (count == 1) return *m;
    return moments_merge(merged(m, count / 2), merged(m + count / 2, count - count / 2));
}

/* Cells of one sample each, merged: the cells of all samples. */
static void merging_is_uniting(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t L = 1; L < 200; L = 3 * L + 1)
        for (int power = 0; power <= 8; power++) {
            const ShapeLattice lattice = {12, 1, L};
            const Partition *each = partition_blocks(arena, lattice, 1, 1, false);
            const Partition *all = partition_blocks(arena, lattice, 12, 1, false);
            double *x = normals(arena, 12 * L, L);
            for (size_t i = 0; i < 12 * L; i++)
                x[i] += pow(10, power) + (power % 2 ? (double)(i / L) : 0);
            Moments m[12], one[12 * 121];
            partition_moments(m, x, each);
            for (size_t i = 0; i < 12 * L; i++) one[i] = (Moments){1, x[i], 0, 0, 0};
            const Truth *t = truths(arena, x, all);
            assert_moments(merged(m, 12), t);
            assert_moments(moments_merge(merged(m, 5), merged(m + 5, 7)), t);
            assert_moments(merged(one, 12 * L), t);
        }
    arena_free(arena);
}

static const Case cases[] = {
    CASE(theorem, constants_are_exact),
    CASE(theorem, powers_of_two_scale_exactly),
    CASE(theorem, merging_is_uniting),
    CASE(theorem, slabs_cover_everything_once),
    CASE(theorem, trouble_stays_in_its_cell),
    CASE(oracle, cells_are_counted),
    CASE(oracle, means_are_means),
    CASE(oracle, moments_are_moments),
    CASE(oracle, large_cells_keep_their_digits),
    CASE(oracle, outlying_first_elements_cost_nothing),
    CASE(oracle, spreading_overwrites_or_adds),
    CASE(example, named_partitions),
    CASE(fault, impossible_partitions_abort),
};

HARNESS_MAIN("partition", cases)
