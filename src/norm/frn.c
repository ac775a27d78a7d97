/* Filter response normalization with its thresholded linear unit (Singh and Krishnan 2019):
 * rows are divided by their root mean square, nothing is centred,
 *     nu2 = mean of x^2 over the positions of a row
 *     y = gamma x / sqrt(nu2 + eps) + beta,   z = max(y, tau)
 * with tau learned for each channel, 0 at first. tlu=no is y alone. The paper's eps is 1e-6,
 * timm's 1e-5. Where a row is one position, y is the sign of x; there the paper learns eps, and
 * networks here are refused. The derivative jumps where y = tau; at tau itself it is y's.
 *
 * y is the kernel of uncentred partitions: zeros of x are zeros of y, so at tau = 0 no
 * rounding decides which of the two is the larger. The maximum is a step of its own. */
#include "internal.h"
#include "kind.h"

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    static const char *const TLU[] = {"yes", "no", NULL};
    size_t alone = 0;
    (void)arena;
    if (!norm_read_choice(arguments, "tlu", TLU, &alone, error)) return false;
    norm->activates = norm->affine_inside = !alone;
    norm->uncentred = true;
    return true;
}

static void declare(Norm *norm) {
    if (norm->activates)
        norm_add_param(norm, "tau", NORM_PARAM_THRESHOLD, norm->channels, 0.0);
}

static TapeNode *threshold(const NormContext *context, TapeNode *y) {
    TapeNode *tau = norm_operand(context, "tau");
    return tau ? tape_max(context->tape, y, norm_repeat(context->tape, tau, y->shape))
               : y;
}

static TapeNode *define(const NormContext *context, TapeNode *x) {
    return threshold(context, partitioned_run(context, x));
}

const NormKind norm_frn = {
    .name = "frn",
    .usage = "frn(tlu=yes|no)",
    .title = "filter response normalization with TLU",
    .source = "Singh and Krishnan 2019",
    .differs = "timm has eps 1e-5; the paper learns eps where a row is one position",
    .cells = "one sample x one channel x all positions",
    .options = (const char *const[]){"tlu", NULL},
    .eps = 1e-6,
    .configure = configure,
    .declare = declare,
    .define = define,
    .masks = true,
    .cell = {{.block = 1, .width = 1, .moments = {NORM_OWN, NORM_OWN}}},
};
