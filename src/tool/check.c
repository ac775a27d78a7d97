/* The derivatives of normalizers, judged: every spec by every oracle, on several shapes and
 * data. notes/30-checking.md */
#include "tool.h"

#include "check.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SPECS = 64, FULL = 400 };

/* ---- what is put before the oracles ------------------------------------------------ */

static const Shape SHAPES[] = {
    {2, {16, 8}}, {3, {4, 8, 5}}, {4, {4, 4, 3, 3}}, {5, {4, 4, 2, 3, 2}}};
static const double MEANS[] = {0.0, 1e2}; /* in standard deviations */

/* One call of a normalizer, with all that a judge must know of its numbers. */
typedef struct Question {
    const Norm *norm;
    NormMode mode;
    Shape shape;
    double *x, *param[NORM_MAX_PARAMS], *state[NORM_MAX_STATES];
    double h, xhat, rstd, ratio; /* largest: |gamma|, |xhat|, rstd, |mean| / std */
} Question;

/* The oracles number their own draws from 0 on: an upstream equal to the data would hide
 * what the gradient is made of. */
enum { DATA = 1 << 30 };

static double *normals(Arena *arena, uint64_t seed, uint64_t sample, size_t count,
                       double mean) {
    Draw draw = {.seed = seed, .purpose = DRAW_CHECK, .epoch = DATA, .sample = sample};
    double *values = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) values[i] = mean + draw_normal(draw, i);
    return values;
}

/* The largest |xhat|, rstd and |mean| / std over the cells, as the equation (P-5) has them. */
static void measure(Arena *arena, Question *q) {
    const Norm *norm = q->norm;
    const Lattice l = shape_lattice(q->shape);
    const bool fixed = norm_smallest_cell(arena, norm, l, q->mode) == SIZE_MAX;
    const Partition *p = norm_partition(arena, norm, l, q->mode);
    Moments *m = TAKE(arena, Moments, partition_cells(p));
    partition_moments(m, q->x, p);
    q->rstd = fixed ? 1.0 : 0.0;
    for (size_t i = 0; i < l.N * l.C * l.L; i++) {
        size_t c = i / l.L % l.C;
        Moments cell = m[partition_cell(p, i / l.L / l.C, c, i % l.L)];
        double mean = moments_mean(cell), variance = moments_variance(cell);
        if (fixed) { /* the affine alone, or the running state */
            mean = norm->states ? q->state[0][c] : 0.0;
            variance = norm->states ? q->state[1][c] : 1.0;
        }
        double std = sqrt(variance + norm->eps);
        q->rstd = fmax(q->rstd, 1.0 / std);
        q->xhat = fmax(q->xhat, fabs(q->x[i] - mean) / std);
        q->ratio = fmax(q->ratio, fabs(mean) / std);
    }
    for (size_t i = 0; i < norm->params; i++)
        for (size_t k = 0; k < norm->param[i].count; k++)
            q->h = fmax(q->h, fabs(q->param[i][k]));
}

static Question make_question(Arena *arena, const Norm *norm, NormMode mode, Shape shape,
                              double mean, uint64_t seed) {
    Question q = {.norm = norm, .mode = mode, .shape = shape};
    q.x = normals(arena, seed, 0, shape_count(shape), mean);
    for (size_t i = 0; i < norm->params; i++)
        q.param[i] = normals(arena, seed, 1 + i, norm->param[i].count, 0.0);
    for (size_t i = 0; i < norm->states; i++) { /* any mean, a positive variance */
        q.state[i] =
            normals(arena, seed, 20 + i, norm->state[i].count, i == 0 ? mean : 0.0);
        for (size_t k = 0; i > 0 && k < norm->state[i].count; k++)
            q.state[i][k] = 0.5 + q.state[i][k] * q.state[i][k];
    }
    measure(arena, &q);
    return q;
}

static Node *write_norm(Tape *tape, Node *const *x, void *context) {
    const Question *q = context;
    NormContext call = {.tape = tape,
                        .norm = q->norm,
                        .mode = q->mode,
                        .param = x + 1,
                        .state = (const double *const *)q->state};
    return norm_apply(&call, x[0]);
}

/* ---- oracles -------------------------------------------------------------------------- */

typedef struct Oracle {
    const char *name;
    CheckDriver driver;
    bool differences;
} Oracle;

static const Oracle ORACLES[] = {
    {"kernel, differences", CHECK_BACKWARD, true},
    {"kernel, 113 bits", CHECK_BACKWARD, false},
    {"definition, 113 bits", CHECK_GRADIENT, false},
    {"second order, 113 bits", CHECK_SECOND, false},
};

/* What an eps is worth in a derivative by x and by a parameter: the size of the terms that
 * cancel in it, |h| rstd (1 + |xhat|) and sums of |xhat|. The kernel may use 32 of them, so
 * here it counts half. A definition forms x - mean in doubles and loses |mean| / std; a second
 * derivative has the factor rstd (1 + |xhat|) once more. */
static void digits_of(double digit[1 + NORM_MAX_PARAMS], const Question *q,
                      CheckDriver driver) {
    const Lattice l = shape_lattice(q->shape);
    const double grows = q->rstd * (1.0 + q->xhat);
    double unit = DBL_EPSILON * (driver == CHECK_BACKWARD ? 0.5 : 1.0 + q->ratio);
    if (driver == CHECK_SECOND) unit *= 1.0 + grows;
    digit[0] = unit * q->h * grows;
    for (size_t i = 0; i < q->norm->params; i++)
        digit[1 + i] = unit * (1.0 + q->xhat) * (double)(l.N * l.L);
}

/* Error over what is allowed; the step of differences is in units of the cells' std. */
static CheckReport ask(Arena *arena, const Oracle *oracle, Question *q, uint64_t seed) {
    CheckInput input[1 + NORM_MAX_PARAMS] = {{"x", q->shape, q->x, 1.0}};
    double digit[1 + NORM_MAX_PARAMS];
    for (size_t i = 0; i < q->norm->params; i++) {
        const NormParam *p = &q->norm->param[i];
        input[1 + i] = (CheckInput){p->name, SHAPE(p->count), q->param[i], 1.0};
    }
    const CheckFunction function = {q->norm->spec, 1 + q->norm->params, input, write_norm,
                                    q};
    if (oracle->differences)
        return check_differences(arena, &function, oracle->driver, seed, FULL);
    digits_of(digit, q, oracle->driver);
    return check_complex_step(arena, &function, oracle->driver, digit, true, seed, FULL);
}

/* ---- the table -------------------------------------------------------------------------- */

typedef struct Finding {
    size_t cases, failed, inconclusive;
    double worst; /* error / allowed */
    CheckReport report;
    Shape shape;
    double mean;
    NormMode mode;
} Finding;

static void note(Finding *f, const CheckReport *r, const Question *q, double mean) {
    double ratio = r->error == 0.0 ? 0.0 : r->error / r->allowed;
    f->cases++;
    f->failed += r->verdict == CHECK_FAIL;
    f->inconclusive += r->verdict == CHECK_INCONCLUSIVE;
    bool worse =
        (int)(r->verdict == CHECK_FAIL) > (int)(f->report.verdict == CHECK_FAIL) ||
        (r->verdict == f->report.verdict && !(ratio <= f->worst)) ||
        (r->verdict != CHECK_PASS && f->report.verdict == CHECK_PASS);
    if (f->cases > 1 && !worse) return;
    f->worst = ratio;
    f->report = *r;
    f->shape = q->shape;
    f->mean = mean;
    f->mode = q->mode;
}

/* A shape that the spec does not fit, or on which its cells are single elements, is no case
 * of it. */
static Finding judge_spec(const char *spec, const Oracle *oracle, uint64_t seed) {
    Finding finding = {.worst = 0.0};
    for (size_t s = 0; s < COUNT_OF(SHAPES); s++)
        for (size_t m = 0; m < COUNT_OF(MEANS); m++)
            for (int mode = NORM_TRAIN; mode <= NORM_EVAL; mode++) {
                Arena *arena = arena_new();
                Error error = {.set = false};
                Lattice x = shape_lattice(SHAPES[s]);
                const Norm *norm = norm_new(arena, spec, x.C, &error);
                bool fits = norm && norm_fits(arena, norm, x, (NormMode)mode, &error) &&
                            norm_standardizes(arena, norm, x, (NormMode)mode, &error);
                if (fits && (mode == NORM_TRAIN || norm_keeps_state(norm))) {
                    Question q = make_question(arena, norm, (NormMode)mode, SHAPES[s],
                                               MEANS[m], seed);
                    CheckReport r = ask(arena, oracle, &q, seed);
                    note(&finding, &r, &q, MEANS[m]);
                }
                arena_free(arena);
            }
    return finding;
}

static const char *verdict(const Finding *f) {
    return f->cases == 0 ? "no shape fits" : check_verdict_text(f->report.verdict);
}

static void print_finding(Arena *arena, bool json, bool first, const char *spec,
                          const Oracle *oracle, const Finding *f) {
    if (json) {
        printf("%s\n  {\"spec\": %s, \"oracle\": %s, \"cases\": %zu, \"failed\": %zu, "
               "\"inconclusive\": %zu,"
               " \"worst_of_allowed\": %s, \"seed\": %llu}",
               first ? "" : ",", json_text(arena, spec), json_text(arena, oracle->name),
               f->cases, f->failed, f->inconclusive, json_number(arena, f->worst),
               (unsigned long long)f->report.seed);
        return;
    }
    printf("%-14s %-24s %6zu  %-13s %9.3g\n", spec, oracle->name, f->cases, verdict(f),
           f->worst);
    if (f->cases > 0 && f->report.verdict != CHECK_PASS)
        printf("  %s, shape %s, mean %g: %s; got %.17g, expected %.17g, allowed %.3g\n",
               f->mode == NORM_EVAL ? "eval" : "train", shape_text(arena, f->shape),
               f->mean, f->report.reason, f->report.got, f->report.expected,
               f->report.allowed);
}

/* The specs asked for, canonical; or one of each kind. */
static size_t specs_of(const Call *call, const char **spec) {
    size_t count;
    const NormKind *const *kinds = norm_kinds(&count);
    for (size_t i = 0; i < count && call->words == 0; i++)
        spec[i] = norm_example(kinds[i]);
    for (size_t i = 0; i < call->words; i++) {
        Error error = {.set = false};
        const Norm *norm = norm_new(call->arena, call->word[i], 0, &error);
        if (norm == NULL)
            die(error.code, "%s", spec_error(call->arena, call->word[i], &error));
        spec[i] = norm->spec;
    }
    return call->words ? call->words : count;
}

static int run_check(const Call *call) {
    const char *spec[MOST_SPECS];
    size_t specs = specs_of(call, spec), bad = 0, cases = 0;
    uint64_t seed = call_count(call, "--seed", 1, SIZE_MAX / 2);
    bool json = call_option(call, "--json") != NULL;
    if (json)
        printf("{\"schema\": 1, \"findings\": [");
    else
        printf("%-14s %-24s %6s  %-13s %9s\n", "normalizer", "oracle", "cases", "verdict",
               "of allowed");
    for (size_t i = 0; i < specs; i++)
        for (size_t k = 0; k < COUNT_OF(ORACLES); k++) {
            Finding f = judge_spec(spec[i], &ORACLES[k], seed);
            bad += f.failed + f.inconclusive + (f.cases == 0);
            cases += f.cases;
            print_finding(call->arena, json, i + k == 0, spec[i], &ORACLES[k], &f);
        }
    if (json)
        printf("],\n \"cases\": %zu, \"bad\": %zu}\n", cases, bad);
    else
        printf("%zu cases, %zu not passed (seed %llu)\n", cases, bad,
               (unsigned long long)seed);
    return bad ? 1 : EX_OK;
}

const Command command_check = {
    .name = "check",
    .usage = "[SPEC ...] [--seed N] [--json]",
    .summary = "Judges the derivatives of one or all normalizers by several oracles",
    .options =
        (const Option[]){{"--seed", "N", "of data, upstream and directions (default 1)"},
                         {"--json", NULL, "for programs"},
                         {NULL, NULL, NULL}},
    .least = 0,
    .most = MOST_SPECS,
    .run = run_check,
    .more = "Every element of every gradient on small shapes of ranks 2 to 5, in "
            "training and evaluation. Exit status 1 if\n"
            "anything fails or is inconclusive. `of allowed`: the worst error over what "
            "is allowed.",
};
