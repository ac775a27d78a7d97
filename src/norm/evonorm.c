/* EvoNorm (Liu et al. 2020): normalizations with their activations, found by search. x itself is
 * not centred, its variances are.
 *     S0   y = x sigmoid(v1 x) / sqrt(variance of the group + eps)
 *     B0   y = x / max(sqrt(variance of the batch + eps), v1 x + sqrt(variance of the instance + eps))
 * each with gamma and beta after it, v1 for each channel, 1 at first. B0 keeps a running
 * variance, the unbiased one, and evaluates with it in place of the batch's; instances are x's
 * own always. groups=G of S0 divides the channels; without it the largest number up to 32
 * (theirs) that does. timm has eps 1e-3 for B0; copies in use take unbiased variances of groups
 * and instances (torch's default), and one forgets the square of the deviation. The maximum
 * of B0 has no derivative where its sides are equal; there it is the first's. */
#include "arguments.h"
#include "kind.h"

#include <math.h>

typedef struct Form {
    bool batch; /* B0 */
} Form;

static size_t usual_groups(size_t channels) {
    size_t groups = channels < 32 ? channels : 32;
    while (groups > 1 && channels % groups != 0) groups--;
    return groups > 0 ? groups : 1;
}

static bool read_groups(Norm *norm, SpecArguments *arguments, BaseError *error) {
    const SpecArg *given = spec_named(arguments, "groups");
    const size_t C = norm->channels;
    size_t groups = usual_groups(C);
    if (given) {
        if (!spec_count(given, "the number of groups", &groups, error)) return false;
        spec_say(arguments, "groups=%zu", groups);
    }
    if (C && (groups > C || C % groups != 0))
        return base_fail(error, EX_USAGE, given->value->at,
                         "%zu groups do not divide %zu channels; numbers that do: %s",
                         groups, C, divisors_text(arguments->arena, C));
    norm->cell->width = C ? C / groups : 1;
    return true;
}

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    static const char *const NAMES[] = {"S0", "B0"};
    static const Choice forms = CHOICE(NAMES);
    size_t found;
    const SpecArg *given = spec_positional(arguments);
    Form *form = ZERO(arena, Form, 1);
    norm->detail = form;
    norm->activates = true;
    if (given == NULL)
        return base_fail(error, EX_USAGE, arguments->spec->at,
                         "evonorm is evonorm(S0) or evonorm(B0)");
    if (!argument_choice(arena, given, "its form", &forms, &found, error)) return false;
    form->batch = found == 1;
    spec_say(arguments, "%s", NAMES[found]);
    if (!form->batch) return read_groups(norm, arguments, error);
    norm->cell[0] = (NormCells){0, 1, .moments = {NORM_OWN, NORM_GIVEN}};
    norm->cell[1] = (NormCells){1, 1, .moments = {NORM_READ, NORM_READ}};
    return norm_read_number(arguments, "weight_new", 0.0, 1.0, &norm->weight_new, error);
}

static void declare(Norm *norm) {
    const Form *form = norm->detail;
    norm_add_param(norm, "v1", form->batch ? NORM_PARAM_FACTOR : NORM_PARAM_GATE,
                   norm->channels, 1.0);
    if (form->batch)
        norm_add_state(norm, "running_var", NORM_STATE_VARIANCE, norm->channels, 1.0);
}

/* sqrt(variance + eps) of each element's cell; of what is in none sqrt(eps), which divides. */
static TapeNode *deviation(const NormContext *context, TapeNode *variance,
                           const Partition *p, Shape shape) {
    Tape *t = context->tape;
    const Norm *norm = context->norm;
    return p->mask ? norm_root(t, norm, tape_spread(t, variance, p, shape))
                   : tape_spread(t, norm_root(t, norm, variance), p, shape);
}

static void observe(const NormContext *context, const TapeNode *variance,
                    const Partition *p) {
    const double count = (double)partition_count(p, 0);
    for (size_t c = 0; context->observed && c < p->C; c++)
        context->observed[0][c] =
            count > 1.0 ? variance->value[c] * (count / (count - 1.0)) : (double)NAN;
}

static TapeNode *batch_deviation(const NormContext *context, TapeNode *x) {
    const ShapeLattice at = shape_lattice(x->shape);
    const Partition *channels = norm_blocks(context, at, at.N, 1, false);
    TapeNode *variance;
    if (context->mode == NORM_EVAL) {
        variance = tape_leaf(context->tape, SHAPE_OF(at.C), context->state[0]);
    } else {
        variance = norm_moments_over(context, x, channels).variance;
        observe(context, variance, channels);
        if (norm_sees(context))
            norm_see(context, 0, norm_unbiased(context->tape, variance, channels));
    }
    return deviation(context, variance, channels, x->shape);
}

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    const Form *form = context->norm->detail;
    const ShapeLattice at = shape_lattice(x->shape);
    TapeNode *v1x = tape_mul(t, norm_repeat(t, norm_operand(context, "v1"), x->shape), x);
    NormMomentNodes own = norm_moments_over(
        context, x,
        norm_blocks(context, at, 1, form->batch ? 1 : context->norm->cell->width, false));
    TapeNode *std = deviation(context, own.variance, own.partition, x->shape);
    TapeNode *above = form->batch ? x : tape_mul(t, x, tape_sigmoid(t, v1x));
    if (form->batch) {
        std = tape_add(t, v1x, std);
        std = tape_max(t, batch_deviation(context, x), std);
    }
    return norm_affine(context, tape_div(t, above, std));
}

const NormKind norm_evonorm = {
    .name = "evonorm",
    .example = "evonorm(S0, groups=2)",
    .also = (const char *const[]){"evonorm(B0)", NULL},
    .usage = "evonorm(S0, groups=G) or evonorm(B0)",
    .title = "evolved normalization-activations",
    .source = "Liu et al. 2020",
    .differs = "timm has eps 1e-3 for B0; copies in use have unbiased variances of "
               "groups and instances",
    .cells = "S0: one sample x a group of channels, B0: batch and instance",
    .options = (const char *const[]){"groups", "weight_new", NULL},
    .configure = configure,
    .declare = declare,
    .define = define,
    .masks = true,
    .cell = {{.block = 1, .moments = {NORM_OWN, NORM_OWN}}},
};
