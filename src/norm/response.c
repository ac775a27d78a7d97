/* Local response normalization (Krizhevsky et al. 2012): a channel is divided by a power of the
 * squares of its neighbours, at the same sample and position,
 *     y_c = x_c / (k + alpha sum of x_c'^2 over |c' - c| <= n / 2)^exponent
 * with n = 5, k = 2, alpha = 1e-4, exponent = 0.75 as in the paper, where c' ends at the first
 * and the last channel. divide=yes divides alpha by n, as PyTorch does (with k = 1). A
 * window of an even n is one longer on the side that is named: PyTorch's on the left. The paper has no
 * parameters; gamma and beta come after it as in all kinds, and affine=no is the paper's. No
 * variance, so no eps: k does its work. */
#include "house.h"
#include "kind.h"

typedef struct Response {
    size_t n;
    double k, alpha, exponent;
    size_t divided;
    size_t side; /* that has one more, of an even n */
} Response;

enum { LEFT = 1, RIGHT };
enum { MOST = 1024 }; /* slices of one tensor */

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    static const char *const DIVIDE[] = {"no", "yes", NULL}, *const SIDE[] = {
                                                                 "both", "left", "right",
                                                                 NULL};
    const SpecArg *given = spec_positional(arguments);
    Response *r = TAKE(arena, Response, 1);
    *r = (Response){.n = 5, .k = 2.0, .alpha = 1e-4, .exponent = 0.75};
    norm->detail = r;
    if (given && !spec_count(given, "the number of channels", &r->n, error)) return false;
    if (r->n > MOST)
        return base_fail(error, EX_USAGE, given->value->at,
                         "at most %d channels are summed, not %zu", MOST, r->n);
    if (given) spec_say(arguments, "%zu", r->n);
    if (!norm_read_choice(arguments, "side", SIDE, &r->side, error)) return false;
    if ((r->n % 2 == 0) != (r->side != 0))
        return base_fail(
            error, EX_USAGE, given ? given->value->at : arguments->spec->at,
            r->side ? "of %zu channels one is in the middle: side= is of even "
                      "numbers"
                    : "%zu channels have no one in the middle: side=left (one more "
                      "before it, as PyTorch has) or side=right is expected",
            r->n);
    return norm_read_number(arguments, "k", 1e-300, 1e300, &r->k, error) &&
           norm_read_number(arguments, "alpha", 0.0, 1e300, &r->alpha, error) &&
           norm_read_number(arguments, "exponent", 0.0, 64.0, &r->exponent, error) &&
           norm_read_choice(arguments, "divide", DIVIDE, &r->divided, error);
}

/* The sum over the window, [N, C, L]: slices of what has zeros on either side. */
static TapeNode *windows(Tape *t, TapeNode *a, const Response *r) {
    const size_t C = a->shape.size[1], before = (r->n - (r->side == RIGHT)) / 2;
    TapeNode *wide = tape_pad(t, a, 1, before, C + r->n - 1), *sum = NULL;
    for (size_t k = 0; k < r->n; k++) {
        TapeNode *one = tape_slice(t, wide, 1, k, C);
        sum = sum ? tape_add(t, sum, one) : one;
    }
    return sum;
}

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    const Response *r = context->norm->detail;
    TapeNode *alpha = tape_fill(t, x->shape, r->alpha);
    if (r->divided) alpha = tape_div(t, alpha, tape_fill(t, x->shape, (double)r->n));
    TapeNode *squares = windows(t, tape_mul(t, x, x), r);
    squares = tape_mul(t, alpha, squares);
    TapeNode *base = tape_add(t, tape_fill(t, x->shape, r->k), squares);
    return norm_affine(context, tape_div(t, x, tape_power(t, base, r->exponent)));
}

const NormKind norm_response = {
    .name = "response",
    .example = "response(5)",
    .also = (const char *const[]){"response(4, side=left)", NULL},
    .usage = "response(n, side=left|right, k=K, alpha=A, exponent=B, divide=yes|no)",
    .title = "local response normalization",
    .source = "Krizhevsky et al. 2012",
    .differs = "PyTorch divides alpha by n (divide=yes) and has k = 1",
    .cells = "one sample x neighbouring channels x one position",
    .options = (const char *const[]){"side", "k", "alpha", "exponent", "divide", NULL},
    .configure = configure,
    .define = define,
    .masks = true,
};
