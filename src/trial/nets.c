/* Networks before the oracles of check.h, which know none: what is judged is a function
 * of the images and of every parameter under its own name. At initialization the last
 * gamma of each block is 0 and hides all that stands before it, so parameters and running
 * state are drawn at random. */
#include "arguments.h"
#include "nets.h"
#include "trial_kind.h"

#include <string.h>

/* ---- which networks -------------------------------------------------------------- */

/* By which columns are found; other sights may take fewer of them. */
static NetSight first_sight(const char *net) {
    return nets_read_texts(net) ? NET_TEXTS : NET_IMAGES;
}

static const Net *build(Arena *arena, const char *net, const char *norm,
                        BaseError *error) {
    return nets_build(arena, net, norm, first_sight(net), 0, error);
}

static const char *sight_text(Arena *arena, const char *net) {
    const NetSight sight = first_sight(net);
    return text_print(arena, "%s %s", sight == NET_IMAGES ? "images" : "texts",
                      shape_text(arena, nets_shape(sight)));
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
    return base_fail(none, EX_USAGE, 0, "no normalizer of the registry fits %s on %s",
                     sheet->net, sight_text(arena, sheet->net));
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
            return base_fail(error, wrong.code, 0, "%s on %s: %s", sheet->net,
                             sight_text(arena, sheet->net), wrong.message);
        sheet->column[sheet->columns++] = spec;
    }
    return true;
}

CheckFunction net_function(Arena *arena, const char *net, const char *norm, NormMode mode,
                           uint64_t seed) {
    return nets_function(arena, net, norm, first_sight(net), mode, seed);
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
    /* of texts alone */
    {{"causal", "no output moves with symbols that follow, in evaluation", 0, "eps"},
     NULL},
    {{"padding", "longer padding moves outputs and gradients by rounding alone", 4,
      "eps"},
     NULL},
};

enum { OF_TEXTS = 2, CAUSAL = COUNT_OF(CHECKS) - OF_TEXTS, PADDING };

/* Derivatives: told symbol by symbol, by kernels; of several lengths, by definitions. Who cannot be
 * there is judged on whole texts. */
static const NetSight ON_IMAGES[] = {NET_IMAGES, NET_SIGHTS},
                      ON_TEXTS[] = {NET_TEXTS_CAUSAL, NET_TEXTS_PADDED, NET_TEXTS,
                                    NET_SIGHTS},
                      ON_CAUSAL[] = {NET_TEXTS_CAUSAL, NET_SIGHTS},
                      ON_PADDED[] = {NET_TEXTS_PADDED, NET_TEXTS_BOTH, NET_SIGHTS};

static const NetSight *sights_of(const char *net, size_t row) {
    return !nets_read_texts(net) ? ON_IMAGES
           : row == CAUSAL       ? ON_CAUSAL
           : row == PADDING      ? ON_PADDED
                                 : ON_TEXTS;
}

/* How many of the sights that fit are enough; convolutions of 113 bits are slow. */
static size_t enough_of(size_t row) {
    return CHECKS[row].judge == judge_second_order ? 1 : 2;
}

/* Kernels beside definitions, whatever the backward is. */
static bool is_of_texts(size_t row) {
    return CHECKS[row].judge == judge_gradient;
}

const SheetRow *net_rows(Arena *arena, size_t *count) {
    SheetRow *row = TAKE(arena, SheetRow, COUNT_OF(CHECKS));
    *count = CAUSAL;
    for (size_t i = 0; i < COUNT_OF(CHECKS); i++) row[i] = CHECKS[i].row;
    return row;
}

CheckReport net_judge(Arena *arena, size_t row, const CheckFunction *function,
                      uint64_t seed) {
    CheckBound bound = {.of_norm = CHECKS[row].row.bar};
    REQUIRE(CHECKS[row].judge, "%s is no derivative", CHECKS[row].row.name);
    return CHECKS[row].judge(arena, function, &bound, seed);
}

/* ---- the table ------------------------------------------------------------------- */

/* Whether a network can be judged so: it fits, and where some texts are shorter all of its normalizers
 * take a mask. */
static const Net *seen_so(Arena *arena, const char *net, const char *norm,
                          NetSight sight) {
    BaseError error = {.set = false};
    const Net *found = nets_build(arena, net, norm, sight, 0, &error);
    const bool padded = sight == NET_TEXTS_PADDED || sight == NET_TEXTS_BOTH;
    for (size_t i = 0; found && padded && i < found->norms; i++)
        if (norm_unmasked(found->norm[i].norm)) return NULL;
    return found;
}

/* What does not fit is no column. Differences cannot judge who detaches something. */
static bool applies(const SheetCase *job) {
    Arena *arena = arena_new();
    const char *net = job->sheet->net, *norm = sheet_column(job);
    bool some = false;
    for (const NetSight *on = sights_of(net, job->row); *on != NET_SIGHTS; on++)
        some = some || seen_so(arena, net, norm, *on);
    if (some && CHECKS[job->row].judge == judge_differences) {
        CheckFunction f = net_function(arena, net, norm, NORM_TRAIN, 1);
        some = !check_holds(arena, &f);
    }
    arena_free(arena);
    return some;
}

static const char *case_name(Arena *arena, const SheetCase *job) {
    return text_print(arena, "%s.%s.%s", spec_slug(arena, job->sheet->net),
                      spec_slug(arena, sheet_column(job)), sheet_row(job)->name);
}

/* Whether the row has something to ask in that mode. */
static bool is_asked(const Net *net, size_t row, NormMode mode) {
    if (row == CAUSAL) return mode == NORM_EVAL;
    if (row == PADDING) return true;
    return mode == NORM_EVAL ? net->states > 0 : derives(net) || is_of_texts(row);
}

static CheckReport judge_one(Arena *arena, const SheetCase *job, NetSight sight,
                             NormMode mode, uint64_t seed) {
    const char *net = job->sheet->net, *norm = sheet_column(job);
    if (job->row == CAUSAL) return nets_judge_causal(arena, net, norm, seed);
    if (job->row == PADDING)
        return nets_judge_padding(arena, net, norm, sight, mode, seed);
    CheckFunction f = nets_function(arena, net, norm, sight, mode, seed);
    return net_judge(arena, job->row, &f, seed);
}

static Finding judge(const SheetCase *job, uint64_t seed) {
    const char *spec = job->sheet->net, *norm = sheet_column(job);
    Finding finding = {.cases = 0};
    size_t seen = 0;
    const NetSight *on = sights_of(spec, job->row);
    for (; *on != NET_SIGHTS && seen < enough_of(job->row); on++) {
        Arena *arena = arena_new();
        const Net *net = seen_so(arena, spec, norm, *on);
        seen += net != NULL;
        for (int mode = NORM_TRAIN; net && mode <= NORM_EVAL; mode++) {
            if (!is_asked(net, job->row, (NormMode)mode)) continue;
            CheckReport report = judge_one(arena, job, *on, (NormMode)mode, seed);
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
    Shape *shape = TAKE(arena, Shape, 1);
    *shape = nets_shape(first_sight(net));
    *sheet = (Sheet){.net = net_canonical(arena, net, &wrong),
                     .column = TAKE(arena, const char *, SHEET_MOST),
                     .shapes = 1,
                     .shape = shape,
                     .applies = applies,
                     .name = case_name,
                     .judge = judge};
    sheet->row = net_rows(arena, &sheet->rows);
    sheet->rows += nets_read_texts(net) ? OF_TEXTS : 0;
    if (sheet->net == NULL) return sheet_wrong(error, arena, net, &wrong);
    return norms ? add_named(sheet, arena, norms, error)
                 : add_fitting(sheet, arena, error);
}
