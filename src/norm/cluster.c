/* k-means on points of two numbers, begun at their ranks; and the same with sets of one size. */
#include "cluster.h"
#include "house.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_STEPS = 100 };

typedef struct Cloud {
    const double *point; /* [count, 2] */
    size_t count, sets;
    double *centre; /* [sets, 2] */
} Cloud;

/* What is no distance is a long one: every comparison has an answer, every path an end. */
static double distance(const double *a, const double *b) {
    static const double LONG = 1e290; /* sums of them are numbers */
    const double d = (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]);
    return d < LONG ? d : LONG;
}

/* ---- k-means++ ------------------------------------------------------------------- */

/* The point at a share of the total of `weight`; at random where that is 0. */
static size_t drawn(const double *weight, size_t count, double share) {
    double total = 0.0, sum = 0.0;
    for (size_t i = 0; i < count; i++) total += weight[i];
    if (!(total > 0.0)) return (size_t)(share * (double)count);
    for (size_t i = 0; i < count; i++)
        if ((sum += weight[i]) > share * total) return i;
    return count - 1;
}

static void seed(Arena *scratch, Cloud *cloud, Draw draw) {
    double *nearest = TAKE(scratch, double, cloud->count);
    for (size_t i = 0; i < cloud->count; i++) nearest[i] = 1.0;
    for (size_t g = 0; g < cloud->sets; g++) {
        const double *chosen =
            cloud->point + 2 * drawn(nearest, cloud->count, draw_uniform(draw, g));
        for (size_t k = 0; k < 2; k++) cloud->centre[2 * g + k] = chosen[k];
        for (size_t i = 0; i < cloud->count; i++) {
            const double d = distance(cloud->point + 2 * i, chosen);
            if (g == 0 || d < nearest[i]) nearest[i] = d;
        }
    }
}

/* ---- steps ----------------------------------------------------------------------- */

static void move_centres(Cloud *cloud, const size_t *set) {
    for (size_t g = 0; g < cloud->sets; g++) {
        double sum[2] = {0.0, 0.0}, members = 0.0;
        for (size_t i = 0; i < cloud->count; i++)
            if (set[i] == g) {
                members++;
                for (size_t k = 0; k < 2; k++) sum[k] += cloud->point[2 * i + k];
            }
        for (size_t k = 0; k < 2; k++) cloud->centre[2 * g + k] = sum[k] / members;
    }
}

static size_t members(const Cloud *cloud, const size_t *set, size_t g) {
    size_t count = 0;
    for (size_t i = 0; i < cloud->count; i++) count += set[i] == g;
    return count;
}

/* An empty group takes the point that lies farthest from the centre of its own, of those
 * that have company. */
static void fill_empty(const Cloud *cloud, size_t *set) {
    for (size_t g = 0; g < cloud->sets; g++) {
        if (members(cloud, set, g) > 0) continue;
        size_t farthest = cloud->count;
        double most = -1.0;
        for (size_t i = 0; i < cloud->count; i++) {
            const double d = distance(cloud->point + 2 * i, cloud->centre + 2 * set[i]);
            if (d > most && members(cloud, set, set[i]) > 1) most = d, farthest = i;
        }
        set[farthest] = g;
    }
}

static void assign_nearest(const Cloud *cloud, size_t *set) {
    for (size_t i = 0; i < cloud->count; i++) {
        set[i] = 0;
        for (size_t g = 1; g < cloud->sets; g++)
            if (distance(cloud->point + 2 * i, cloud->centre + 2 * g) <
                distance(cloud->point + 2 * i, cloud->centre + 2 * set[i]))
                set[i] = g;
    }
    fill_empty(cloud, set);
}

/* The Hungarian method by shortest augmenting paths (Kuhn 1955; Jonker and Volgenant 1987):
 * points are rows, places in groups are columns, each group has count / sets of them. Rows
 * and columns from 1 on; column 0 is where a path begins. */
typedef struct Matching {
    double *row, *column, *slack; /* potentials, and the least slack of each column */
    size_t *row_of, *before; /* row matched to a column; the column a path came from */
    bool *seen;
} Matching;

static double cost_of(const Cloud *cloud, size_t row, size_t column) {
    const size_t each = cloud->count / cloud->sets;
    return distance(cloud->point + 2 * (row - 1),
                    cloud->centre + 2 * ((column - 1) / each));
}

/* One more column of least slack; potentials follow. */
static size_t step_path(const Cloud *cloud, Matching *m, size_t at) {
    const size_t n = cloud->count, row = m->row_of[at];
    double least = INFINITY;
    size_t next = 0;
    m->seen[at] = true;
    for (size_t j = 1; j <= n; j++) {
        if (m->seen[j]) continue;
        const double slack = cost_of(cloud, row, j) - m->row[row] - m->column[j];
        if (slack < m->slack[j]) m->slack[j] = slack, m->before[j] = at;
        if (m->slack[j] < least) least = m->slack[j], next = j;
    }
    for (size_t j = 0; j <= n; j++) {
        if (m->seen[j])
            m->row[m->row_of[j]] += least, m->column[j] -= least;
        else
            m->slack[j] -= least;
    }
    return next;
}

static void assign_equal(Arena *scratch, const Cloud *cloud, size_t *set) {
    const size_t n = cloud->count;
    Matching m = {ZERO(scratch, double, n + 1), ZERO(scratch, double, n + 1),
                  TAKE(scratch, double, n + 1), ZERO(scratch, size_t, n + 1),
                  ZERO(scratch, size_t, n + 1), TAKE(scratch, bool, n + 1)};
    for (size_t i = 1; i <= n; i++) {
        size_t at = 0;
        m.row_of[0] = i;
        for (size_t j = 0; j <= n; j++) m.slack[j] = INFINITY, m.seen[j] = false;
        while (m.row_of[at] != 0) at = step_path(cloud, &m, at);
        for (; at != 0; at = m.before[at]) m.row_of[at] = m.row_of[m.before[at]];
    }
    for (size_t j = 1; j <= n; j++) set[m.row_of[j] - 1] = (j - 1) / (n / cloud->sets);
}

void cluster_means(Arena *scratch, size_t *set, const double *point, size_t count,
                   size_t sets, bool equal, Draw draw) {
    ArenaMark mark = arena_mark(scratch);
    Cloud cloud = {point, count, sets, TAKE(scratch, double, 2 * sets)};
    size_t *before = TAKE(scratch, size_t, count);
    seed(scratch, &cloud, draw);
    for (size_t i = 0; i < count; i++) before[i] = SIZE_MAX;
    for (size_t step = 0; step < MOST_STEPS; step++) {
        ArenaMark turn = arena_mark(scratch);
        bool changed = false;
        equal ? assign_equal(scratch, &cloud, set) : assign_nearest(&cloud, set);
        arena_rewind(scratch, turn);
        for (size_t i = 0; i < count; i++) {
            changed = changed || set[i] != before[i];
            before[i] = set[i];
        }
        if (!changed) break;
        move_centres(&cloud, set);
    }
    arena_rewind(scratch, mark);
}

/* ---- controls -------------------------------------------------------------------- */

void cluster_sorted(Arena *scratch, size_t *set, const double *key, size_t count,
                    size_t sets) {
    ArenaMark mark = arena_mark(scratch);
    size_t *order = TAKE(scratch, size_t, count);
    for (size_t i = 0; i < count; i++) { /* equal keys stay in their order */
        size_t at = i;
        for (; at > 0 && key[order[at - 1]] > key[i]; at--) order[at] = order[at - 1];
        order[at] = i;
    }
    for (size_t i = 0; i < count; i++) set[order[i]] = i * sets / count;
    arena_rewind(scratch, mark);
}

void cluster_random(Arena *scratch, size_t *set, size_t count, size_t sets, Draw draw) {
    ArenaMark mark = arena_mark(scratch);
    size_t *order = TAKE(scratch, size_t, count);
    draw_permutation(draw, order, count);
    for (size_t i = 0; i < count; i++) set[order[i]] = i * sets / count;
    arena_rewind(scratch, mark);
}
