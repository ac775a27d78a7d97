/* Networks before the oracles of check.h, which know none: what is judged is a function
 * of the images and of every parameter under its own name. At initialization the last
 * gamma of each block is 0 and hides all that stands before it, so parameters and running
 * state are drawn at random. */
#include "arguments.h"
#include "sheet.h"
#include "trial_kind.h"

#include "net.h"

#include <math.h>
#include <string.h>

/* One side is odd, so that strides leave a rest; in the last stage every normalizer of
 * the registry still has cells of four elements or more. */
enum { BATCH = 8, CHANNELS = 2, HEIGHT = 6, WIDTH = 5, CLASSES = 3 };

static const Shape IMAGES = {4, {BATCH, CHANNELS, HEIGHT, WIDTH}};

/* ---- which networks -------------------------------------------------------------- */

static const Net *build(Arena *arena, const char *net, const char *norm,
                        BaseError *error) {
    const NetFace face = net_of_images(CHANNELS, HEIGHT, WIDTH, CLASSES);
    NetNorms norms;
    return net_norms_read(arena, norm, &norms, error)
               ? net_new(arena, net, norms, face, BATCH, error)
               : NULL;
}

/* Whether normalizers have places in it. */
static bool normalizes(Arena *arena, const char *net) {
    BaseError error = {.set = false};
    const Net *bare = build(arena, net, "none", &error);
    return bare == NULL || bare->norms > 0;
}

/* Of the registry, those that fit. */
static bool add_fitting(Sheet *sheet, Arena *arena, BaseError *none) {
    size_t count;
    if (!normalizes(arena, sheet->net)) {
        sheet->column[sheet->columns++] = "none";
        return true;
    }
    const NormKind *const *kind = norm_kinds(&count);
    for (size_t i = 0; i < count; i++) {
        BaseError error = {.set = false};
        const Norm *norm = norm_new(arena, norm_example(kind[i]), 0, &error);
        if (norm && build(arena, sheet->net, norm->spec, &error))
            sheet->column[sheet->columns++] = norm->spec;
    }
    if (sheet->columns) return true;
    return base_fail(none, EX_USAGE, 0,
                     "no normalizer of the registry fits %s on images %s", sheet->net,
                     shape_text(arena, IMAGES));
}

static bool add_named(Sheet *sheet, Arena *arena, const char *norms, BaseError *error) {
    size_t count;
    const char **text = spec_list(arena, norms, &count);
    if (count > SHEET_MOST)
        return base_fail(error, EX_USAGE, 0, "--norm names %zu normalizers, at most %d",
                         count, SHEET_MOST);
    for (size_t i = 0; i < count; i++) {
        BaseError wrong = {.set = false};
        NetNorms read;
        if (!net_norms_read(arena, text[i], &read, &wrong))
            return sheet_wrong(error, arena, text[i], &wrong);
        const char *spec = net_norms_print(arena, &read);
        if (!build(arena, sheet->net, spec, &wrong))
            return base_fail(error, wrong.code, 0, "%s on images %s: %s", sheet->net,
                             shape_text(arena, IMAGES), wrong.message);
        sheet->column[sheet->columns++] = spec;
    }
    return true;
}

/* ---- the function ---------------------------------------------------------------- */

typedef struct Judged {
    const Net *net;
    NormMode mode;
    double *state;
} Judged;

static TapeNode *write_logits(Tape *tape, TapeNode *const *x, void *context) {
    const Judged *judged = context;
    NetPass pass = {
        .tape = tape, .mode = judged->mode, .param = x + 1, .state = judged->state};
    return net_run_one(judged->net, &pass, x[0]);
}

/* Apart from the oracles' own draws: an upstream equal to the data would hide faults. */
enum { OWN_DRAWS = (1 << 30) + 1, DRAW_IMAGES = 1 << 20, DRAW_STATES };

static double *normals(Arena *arena, uint64_t seed, uint64_t sample, size_t count) {
    Draw draw = {
        .seed = seed, .purpose = DRAW_CHECK, .epoch = OWN_DRAWS, .sample = sample};
    double *value = TAKE(arena, double, count);
    for (size_t k = 0; k < count; k++) value[k] = draw_normal(draw, k);
    return value;
}

/* Scales about 1; gates far from where they begin, for there they are nearly alike. */
static CheckInput random_param(Arena *arena, const NetParam *p, uint64_t seed, size_t i) {
    const double scale = p->std > 0 && !p->normalizer ? p->std : 0.3,
                 mean = p->role == NORM_PARAM_SCALE ? 1.0 : p->initial;
    double *value = normals(arena, seed, i, p->count);
    for (size_t k = 0; k < p->count; k++)
        value[k] = fmin(fmax(mean + scale * value[k], p->least), p->most);
    return (CheckInput){p->name, p->shape, value, scale};
}

/* Any running means, and variances above a half. */
static double *random_state(Arena *arena, const Net *net, uint64_t seed) {
    double *state = normals(arena, seed, DRAW_STATES, net->states);
    for (size_t i = 0; i < net->norms; i++) {
        const Norm *norm = net->norm[i].norm;
        double *value = state + net->norm[i].state;
        for (size_t s = 0; s < norm->states; s++)
            for (size_t k = 0; k < norm->state[s].count; k++, value++)
                *value = norm->state[s].adapted ? norm->state[s].start[k]
                         : norm->state[s].role == NORM_STATE_MEAN
                             ? 0.3 * *value
                             : state_drawn(norm->state[s].role, *value, 1.0, 0.0);
    }
    return state;
}

CheckFunction net_function(Arena *arena, const char *net, const char *norm, NormMode mode,
                           uint64_t seed) {
    BaseError error = {.set = false};
    Judged *judged = TAKE(arena, Judged, 1);
    *judged = (Judged){.net = build(arena, net, norm, &error), .mode = mode};
    REQUIRE(judged->net, "%s", error.message);
    judged->state = random_state(arena, judged->net, seed);
    size_t params = judged->net->params;
    CheckInput *input = TAKE(arena, CheckInput, params + 1);
    input[0] = (CheckInput){"x", IMAGES,
                            normals(arena, seed, DRAW_IMAGES, shape_count(IMAGES)), 1.0};
    for (size_t i = 0; i < params; i++)
        input[i + 1] = random_param(arena, &judged->net->param[i], seed, i);
    return (CheckFunction){judged->net->spec, params + 1, input,
                           write_logits,      judged,     NULL};
}

/* ---- the checks ------------------------------------------------------------------ */

/* Any direction looks at every parameter; convolutions of 113 bits are slow. */
enum { DIRECTIONS = 8, FEW = 2 };

typedef CheckReport NetJudge(Arena *arena, const CheckFunction *f,
                             const CheckBound *bound, uint64_t seed);

/* In training, too: else nothing but the definitions can judge its backward. */
static bool derives(const Net *net) {
    size_t i = 0;
    while (i < net->norms && norm_by_design(net->norm[i].norm) == NULL) i++;
    return i == net->norms;
}

static CheckReport judge_gradient(Arena *arena, const CheckFunction *f,
                                  const CheckBound *bound, uint64_t seed) {
    return check_gradient(arena, f, CHECK_BACKWARD, bound, seed);
}

static CheckReport judge_differences(Arena *arena, const CheckFunction *f,
                                     const CheckBound *bound, uint64_t seed) {
    (void)bound;
    return check_differences(arena, f, CHECK_BACKWARD, seed, DIRECTIONS);
}

static CheckReport judge_step(Arena *arena, const CheckFunction *f,
                              const CheckBound *bound, uint64_t seed) {
    return check_complex_step(arena, f, CHECK_BACKWARD, bound, false, seed, DIRECTIONS);
}

static CheckReport judge_step_113(Arena *arena, const CheckFunction *f,
                                  const CheckBound *bound, uint64_t seed) {
    return check_complex_step(arena, f, CHECK_BACKWARD, bound, true, seed, FEW);
}

static CheckReport judge_adjoint(Arena *arena, const CheckFunction *f,
                                 const CheckBound *bound, uint64_t seed) {
    return check_adjoint(arena, f, CHECK_BACKWARD, bound, seed, FEW);
}

static CheckReport judge_second_order(Arena *arena, const CheckFunction *f,
                                      const CheckBound *bound, uint64_t seed) {
    return check_complex_step(arena, f, CHECK_SECOND, bound, true, seed, FEW);
}

static const struct {
    SheetRow row;
    NetJudge *judge;
} CHECKS[] = {
    {{"gradient", "every element of the gradient is the definitions' in 113 bits", 1e-10,
      "norm"},
     judge_gradient},
    {{"differences", "gradient along directions by GSL's differences (of its own bound)",
      1, "bound"},
     judge_differences},
    {{"complex-step", "gradient along directions by the complex step in doubles", 1e-10,
      "norm"},
     judge_step},
    {{"complex-step-113", "gradient along directions by the complex step in 113 bits",
      1e-10, "norm"},
     judge_step_113},
    {{"adjoint", "<v, J'w> = <J v, w>, J v by the complex step", 1e-10, "norm"},
     judge_adjoint},
    {{"second-order", "Hessian-vector products by the complex step in 113 bits", 1e-11,
      "norm"},
     judge_second_order},
};

/* Kernels beside definitions, whatever the backward is. */
static bool is_of_texts(size_t row) {
    return CHECKS[row].judge == judge_gradient;
}

const SheetRow *net_rows(size_t *count) {
    static SheetRow row[COUNT_OF(CHECKS)];
    *count = COUNT_OF(CHECKS);
    for (size_t i = 0; i < *count; i++) row[i] = CHECKS[i].row;
    return row;
}

CheckReport net_judge(Arena *arena, size_t row, const CheckFunction *function,
                      uint64_t seed) {
    CheckBound bound = {.of_norm = CHECKS[row].row.bar};
    return CHECKS[row].judge(arena, function, &bound, seed);
}

/* ---- the table ------------------------------------------------------------------- */

/* What does not fit is no column. Differences cannot judge who detaches something. */
static bool applies(const SheetCase *job) {
    if (CHECKS[job->row].judge != judge_differences) return true;
    Arena *arena = arena_new();
    CheckFunction f =
        net_function(arena, job->sheet->net, sheet_column(job), NORM_TRAIN, 1);
    const bool held = check_holds(arena, &f);
    arena_free(arena);
    return !held;
}

static const char *case_name(Arena *arena, const SheetCase *job) {
    return text_print(arena, "%s.%s.%s", spec_slug(arena, job->sheet->net),
                      spec_slug(arena, sheet_column(job)), sheet_row(job)->name);
}

static Finding judge(const SheetCase *job, uint64_t seed) {
    const char *spec = job->sheet->net, *norm = sheet_column(job);
    Finding finding = {.cases = 0};
    for (int mode = NORM_TRAIN; mode <= NORM_EVAL; mode++) {
        Arena *arena = arena_new();
        BaseError error = {.set = false};
        const Net *net = build(arena, spec, norm, &error);
        const bool asked =
            mode == NORM_EVAL ? net->states > 0 : derives(net) || is_of_texts(job->row);
        if (asked) {
            CheckFunction f = net_function(arena, spec, norm, (NormMode)mode, seed);
            CheckReport report = net_judge(arena, job->row, &f, seed);
            Finding one = finding_of(&report, (NormMode)mode, DATA_PLAIN);
            finding_add(&finding, &one);
        }
        arena_free(arena);
    }
    return finding;
}

bool sheet_of_net(Sheet *sheet, Arena *arena, const char *net, const char *norms,
                  BaseError *error) {
    BaseError wrong = {.set = false};
    *sheet = (Sheet){.net = net_canonical(arena, net, &wrong),
                     .column = TAKE(arena, const char *, SHEET_MOST),
                     .shapes = 1,
                     .shape = &IMAGES,
                     .applies = applies,
                     .name = case_name,
                     .judge = judge};
    sheet->row = net_rows(&sheet->rows);
    if (sheet->net == NULL) return sheet_wrong(error, arena, net, &wrong);
    return norms ? add_named(sheet, arena, norms, error)
                 : add_fitting(sheet, arena, error);
}
