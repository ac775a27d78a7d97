/* What residual branches add: of made numbers whose variances are known, of a network's by plain loops,
 * of branches that are a known number of times as large, and which sums follow which. */
#include "probe_run.h"

enum { SKIP, BRANCH, SHARE, OF_ONE };

/* ---- made numbers ------------------------------------------------------------------------ */

/* Signs that are orthogonal to each other and to ones. */
static const double ONE[] = {1, 1, -1, -1, 1, 1, -1, -1},
                    TWO[] = {1, -1, 1, -1, 1, -1, 1, -1};

/* The last position of each sample is padding. */
static void branches_of_made_numbers(void **state) {
    (void)state;
    Arena *arena = arena_new();
    double skip[12], branch[12], of[OF_ONE][2], *to[] = {of[SKIP], of[BRANCH], of[SHARE]};
    double one[8], two[8];
    unsigned char there[12];
    memcpy(one, ONE, sizeof one), memcpy(two, TWO, sizeof two);
    for (size_t i = 0, k = 0; i < 12; i++) {
        there[i] = i % 3 != 2;
        skip[i] = branch[i] = (double)NAN;
        if (!there[i]) continue;
        skip[i] = 7 + 3 * ONE[k];
        branch[i] = 2 * TWO[k] - ONE[k] - 5, k++;
    }
    const TrainBranch made[] = {
        {.shape = SHAPE_OF(4, 1, 3), .skip = skip, .branch = branch, .there = there},
        {.shape = SHAPE_OF(2, 2, 2), .skip = one, .branch = two}};
    kind_of("branches")
        ->see(&(ProbeSeen){.branches = 2, .branch = made}, NULL, arena, to);
    assert_near(of[SKIP][0], 9, 1e-14);
    assert_near(of[BRANCH][0], 5, 1e-14);
    assert_near(of[SHARE][0], 5.0 / 8.0, 1e-15); /* 2 ONE + 2 TWO + 2 */
    assert_near(of[SKIP][1], 1, 0);
    assert_near(of[BRANCH][1], 1, 0);
    assert_near(of[SHARE][1], 0.5, 1e-15);
    arena_free(arena);
}

/* Shares of one over the terms have slope -1; those of branches that add nothing are left out. */
static void numbers_of_made_shares(void **state) {
    (void)state;
    enum { BRANCHES = 6 };
    Arena *arena = arena_new();
    NetBranch branch[BRANCHES] = {{.terms = 2}, {.terms = 3}, {.terms = 4},
                                  {.terms = 2}, {.terms = 3}, {.terms = 5}};
    const Net net = {.branches = BRANCHES, .branch = branch};
    double values[2 * OF_ONE * BRANCHES] = {0}, number[2] = {(double)NAN, (double)NAN};
    for (size_t i = 0; i < BRANCHES; i++)
        values[SHARE * BRANCHES + i] = i == 1 ? 0.0 : 1.0 / (double)branch[i].terms;
    const ProbeRows rows = {.kind = kind_of("branches"),
                            .net = &net,
                            .rows = 2,
                            .branches = BRANCHES,
                            .width = OF_ONE * BRANCHES,
                            .values = values};
    rows.kind->sum_up(&rows, arena, number);
    assert_near(number[0], -1, 1e-14);
    assert_near(number[1], log(0.2), 1e-15);
    arena_free(arena);
}

/* ---- a network's --------------------------------------------------------------------------- */

static long double variance_of(const TrainBranch *b, double skip, double branch) {
    const ShapeLattice l = shape_lattice(b->shape);
    long double count = 0, sum = 0, squares = 0;
    for (size_t i = 0; i < l.N * l.C * l.L; i++) {
        if (b->there && !b->there[i / (l.C * l.L) * l.L + i % l.L]) continue;
        const long double x =
            (long double)skip * b->skip[i] + (long double)branch * b->branch[i];
        count++, sum += x, squares += x * x;
    }
    return squares / count - sum / count * (sum / count);
}

/* Steps 0 and 1 of networks with padding and without; two workers. */
static void branches_in_plain_loops(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Dataset *data[] = {small_data(arena, 10, 10),
                             dataset_open(arena, "languages", &error)};
    static const char *const RUN[] = {
        PROBE_RUN "norm=batch probes=branches probe_every=1",
        PROBE_TEXTS "epochs=2 norm=position probes=branches probe_every=1"};
    for (size_t r = 0; r < COUNT_OF(RUN); r++) {
        Looked l = looked(arena, RUN[r], data[r]);
        for (size_t step = 0; step < 2; step++) {
            const TrainSeen seen = trainer_places(l.trainer, arena);
            probes_step(l.probes);
            const ProbeRows rows = probes_rows(l.probes, 0);
            const size_t B = seen.branches;
            const double *row = rows.values + step * rows.width;
            assert_int_equal(rows.width, OF_ONE * B);
            assert_int_equal(B, r == 0 ? 3 : 2);
            for (size_t i = 0; i < B; i++) {
                const TrainBranch *b = &seen.branch[i];
                const double sum = (double)variance_of(b, 1, 1),
                             branch = (double)variance_of(b, 0, 1);
                assert_near(row[SKIP * B + i], (double)variance_of(b, 1, 0), 1e-12 * sum);
                assert_near(row[BRANCH * B + i], branch, 1e-12 * sum);
                assert_near(row[SHARE * B + i], branch / sum, 1e-12);
                assert_true(step == 0 || branch > 0);
            }
        }
        trainer_free(l.trainer);
    }
    arena_free(arena);
}

/* Of the first block, whose skip no branch has reached: skipinit's number times as large. */
static void scaled_branches(void **state) {
    (void)state;
    static const double TIMES[] = {1, 3, 0};
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    TrainBranch once = {.shape = SHAPE_OF(1)};
    for (size_t k = 0; k < COUNT_OF(TIMES); k++) {
        Looked l = looked(arena,
                          text_print(arena,
                                     PROBE_RUN "norm=none norm.norm2=skipinit(start=%g) "
                                               "probes=branches",
                                     TIMES[k]),
                          data);
        if (k == 0) once = trainer_places(l.trainer, arena).branch[0];
        probes_step(l.probes);
        const ProbeRows rows = probes_rows(l.probes, 0);
        const double all = (double)variance_of(&once, 1, TIMES[k]),
                     added = (double)variance_of(&once, 0, TIMES[k]);
        assert_near(rows.values[SHARE * rows.branches], added / all, 1e-12);
        trainer_free(l.trainer);
    }
    arena_free(arena);
}

/* ---- which sums follow which --------------------------------------------------------------- */

static void terms_of_sums(void **state) {
    (void)state;
    static const struct {
        const char *net, *norm, *first;
        size_t branches, terms[9];
    } OF[] = {
        {"resnet(depth=20,width=4)",
         "batch",
         "stage1.block1.sum",
         9,
         {2, 3, 4, 2, 3, 4, 2, 3, 4}},
        {"resnet(depth=20,width=4,place=pre)",
         "batch",
         "stage1.block1.sum",
         9,
         {2, 3, 4, 2, 3, 4, 2, 3, 4}},
        {"plain(depth=5,width=4)", "batch", NULL, 0, {0}},
        {"transformer(depth=2,width=8,heads=2)",
         "position",
         "block1.sum1",
         4,
         {2, 3, 4, 5}},
        {"transformer(depth=2,width=8,heads=2,place=peri)",
         "position",
         "block1.sum1",
         4,
         {2, 3, 4, 5}},
        {"transformer(depth=2,width=8,heads=2,place=post)",
         "position",
         "block1.sum1",
         4,
         {2, 2, 2, 2}},
        {"text-conv(depth=4,width=4,kernel=3)", "batch", "block1.sum", 2, {2, 3}},
    };
    Arena *arena = arena_new();
    for (size_t k = 0; k < COUNT_OF(OF); k++) {
        BaseError error = {.set = false};
        const bool text = OF[k].net[0] == 't';
        const NetFace face =
            text ? net_of_text(5, 6, 5, false) : net_of_images(1, 12, 12, 10);
        const Net *net =
            net_new(arena, OF[k].net, (NetNorms){.all = OF[k].norm}, face, 4, &error);
        if (net == NULL) fail_msg("%s: %s", OF[k].net, error.message);
        assert_int_equal(net->branches, OF[k].branches);
        if (OF[k].first) assert_string_equal(net->branch[0].name, OF[k].first);
        for (size_t i = 0; i < net->branches; i++)
            assert_int_equal(net->branch[i].terms, OF[k].terms[i]);
    }
    arena_free(arena);
}

static const Case cases[] = {
    CASE(theorem, scaled_branches),
    CASE(oracle, branches_in_plain_loops),
    CASE(example, branches_of_made_numbers),
    CASE(example, numbers_of_made_shares),
    CASE(example, terms_of_sums),
};
HARNESS_MAIN("branches", cases)
