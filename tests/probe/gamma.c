/* The gamma probe: of gains that are set, by plain loops over what the network calls them, and what
 * the rows come to. */
#include "probe_run.h"

enum { NEAR, SMALL, SIZE, BETA, FIELDS };

static const double GAMMA[] = {0, 0.5, -0.009, 0.01, -0.09, 0.1, -2},
                    BETA_OF[] = {0.25, -0.5, 0.001, 3};

/* Gains and shifts of all places, one after the other from the lists above. */
static void set_weights(Trainer *t) {
    const Net *net = trainer_net(t);
    double *w = part_of(t, "weights")->data;
    for (size_t i = 0, g = 0, b = 0; i < net->params; i++) {
        const char *name = strrchr(net->param[i].name, '.');
        for (size_t k = 0; k < net->param[i].count; k++)
            if (strcmp(name, ".gamma") == 0)
                w[net->param[i].offset + k] = GAMMA[g++ % COUNT_OF(GAMMA)];
            else if (strcmp(name, ".beta") == 0)
                w[net->param[i].offset + k] = BETA_OF[b++ % COUNT_OF(BETA_OF)];
    }
}

typedef struct Counts {
    double gains, near, small, sizes, shifts, squares;
} Counts;

/* Of the parameters whose names begin as the place's does. */
static Counts counted(const Net *net, const double *w, const char *place) {
    Counts c = {0};
    for (size_t i = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        const size_t length = strlen(place);
        if (strncmp(p->name, place, length) != 0 || p->name[length] != '.') continue;
        for (size_t k = p->offset; k < p->offset + p->count; k++)
            if (strcmp(strrchr(p->name, '.'), ".gamma") == 0)
                c.gains++,
                    c.near +=
                    w[k] > -0.01 && w[k]<0.01, c.small += w[k]> - 0.1 && w[k] < 0.1,
                    c.sizes += fabs(w[k]);
            else if (strcmp(strrchr(p->name, '.'), ".beta") == 0)
                c.shifts++, c.squares += w[k] * w[k];
    }
    return c;
}

static void gains_are(const char *norm, bool gains, bool shifts) {
    Arena *arena = arena_new();
    Looked l = looked(
        arena, text_print(arena, PROBE_RUN "probes=gamma probe_every=1 norm=%s", norm),
        small_data(arena, 10, 10));
    const Net *net = trainer_net(l.trainer);
    probes_step(l.probes);
    set_weights(l.trainer);
    double *w = TAKE(arena, double, net->weights);
    memcpy(w, trainer_weights(l.trainer), net->weights * sizeof *w);
    probes_step(l.probes);
    const ProbeRows rows = probes_rows(l.probes, 0);
    const double *row = rows.values + rows.width;
    double near = 0, all = 0;
    assert_int_equal(rows.width, FIELDS * net->norms + 1);
    for (size_t i = 0; i < net->norms; i++) {
        const Counts c = counted(net, w, net->norm[i].name);
        const double want[FIELDS] = {c.near / c.gains, c.small / c.gains,
                                     c.sizes / c.gains, sqrt(c.squares / c.shifts)};
        assert_true((c.gains > 0) == gains && (c.shifts > 0) == shifts);
        for (size_t f = 0; f < FIELDS; f++)
            if (f == BETA ? shifts : gains)
                assert_near(row[f * net->norms + i], want[f], 1e-15);
            else
                assert_true(isnan(row[f * net->norms + i]));
        near += c.near, all += c.gains;
    }
    if (gains)
        assert_near(row[FIELDS * net->norms], near / all, 1e-15);
    else
        assert_true(isnan(row[FIELDS * net->norms]));
    trainer_free(l.trainer);
    arena_free(arena);
}

static void gains_in_plain_loops(void **state) {
    (void)state;
    gains_are("batch", true, true);
    gains_are("group(2)", true, true);
    gains_are("blend(batch(affine=yes),group(2))", true, true);
    gains_are("batch(gamma=no)", false, true);
    gains_are("group(2,beta=no)", true, false);
    gains_are("none(affine=no)", false, false);
}

/* Weights that have run away are none that are near 0. */
static void what_is_no_number(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Looked l =
        looked(arena, PROBE_RUN "probes=gamma norm=batch", small_data(arena, 10, 10));
    const Net *net = trainer_net(l.trainer);
    double *w = part_of(l.trainer, "weights")->data;
    for (size_t i = 0; i < net->weights; i++) w[i] = (double)NAN;
    probes_step(l.probes);
    const ProbeRows rows = probes_rows(l.probes, 0);
    for (size_t i = 0; i < rows.width; i++) assert_true(isnan(rows.values[i]));
    trainer_free(l.trainer);
    arena_free(arena);
}

static void the_number_is_of_the_last_row(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Net net = {.norms = 1};
    static const double values[] = {9, 9, 9, 9, 0.5, 9, 9, 9, 9, 0.25};
    const ProbeRows rows = {.kind = kind_of("gamma"),
                            .net = &net,
                            .rows = 2,
                            .places = 1,
                            .width = 5,
                            .values = values};
    double number = (double)NAN;
    rows.kind->sum_up(&rows, arena, &number);
    assert_near(number, 0.25, 0);
    arena_free(arena);
}

static const Case cases[] = {
    CASE(oracle, gains_in_plain_loops),
    CASE(example, what_is_no_number),
    CASE(example, the_number_is_of_the_last_row),
};
HARNESS_MAIN("gamma", cases)
