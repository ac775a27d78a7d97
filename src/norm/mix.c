/* The statistics of several partitions, weighed by learned softmax weights, one set for the
 * mean and one for the variance: mix(instance, layer, batch) is switchable normalization
 * (Luo et al. 2019).
 *     mean = sum w_k mean_k, variance = sum u_k variance_k
 * pooled=yes adds sum u_k (mean_k - mean)^2, so that the variance is that of the mixture, as
 * TaskNorm (Bronskill et al. 2020) and Kalman normalization have it.
 * from, to: epochs between which the weights become a hard choice; weights=sparsest: by
 * SparsestMax, which is sparse switchable normalization (Shao et al. 2019). */
#include "kind.h"

bool mix_configure(Arena *arena, Norm *norm, Arguments *arguments, Text *canonical,
                   Error *error) {
    Mix *mix = ZERO(arena, Mix, 1);
    norm->detail = mix;
    for (size_t k = 0; k < norm->parts; k++) mix->part[k] = norm->part[k]->spec;
    const SpecArg *argument = arguments_named(arguments, "pooled");
    if (argument && !argument_switch(argument, "pooled", &mix->pooled, error))
        return false;
    if (mix->pooled) text_add(canonical, "%spooled=yes", canonical->length ? ", " : "");
    return weighing_read(&mix->weighing, arguments, canonical, error);
}

static bool configure(Arena *arena, Norm *norm, Arguments *arguments, Text *canonical,
                      Error *error) {
    if (!norm_add_parts(arena, norm, arguments, canonical, error)) return false;
    const SpecArg *said = arguments->spec->args; /* the positional ones are the parts */
    for (size_t k = 0; k < norm->parts; k++, said++) {
        while (said->key) said++;
        const Norm *part = norm->part[k];
        if (part->kind->define || part->kind->fixed)
            return fail(error, EX_USAGE, said->at,
                        "mix weighs statistics, and '%s' is not of one partition; blend "
                        "weighs outputs",
                        part->spec);
        if (part->params > 0 || part->eps != 1e-5)
            return fail(error, EX_USAGE, said->at,
                        "'%s': eps= and affine= belong to the mix", part->spec);
    }
    return mix_configure(arena, norm, arguments, canonical, error);
}

/* Logits, all alike at first. */
void mix_declare(Norm *norm) {
    static const char *const names[] = {"mean_logit", "variance_logit"};
    const Mix *mix = norm->detail;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        NormParam *logit = norm_add_param(norm, names[i], norm->parts, 1.0);
        logit->reading = mix->weighing.to > 0.0 ? NORM_NUMBER : NORM_SOFTMAX;
        logit->choices = norm->parts;
        logit->choice = mix->part;
    }
}

/* weights[k] for every element. */
static Node *weight(Tape *t, Node *weights, size_t k, Shape shape) {
    return norm_repeat(t, tape_slice(t, weights, 0, k, 1), shape);
}

static Node *add(Tape *t, Node *sum, Node *term) {
    return sum ? tape_add(t, sum, term) : term;
}

/* x - mean is the weighed sum of x - mean_k: the weights sum to 1, and no digit of a large
 * mean is lost to their rounding. */
Node *mix_define(const NormContext *context, Node *x) {
    Tape *t = context->tape;
    const Norm *norm = context->norm;
    const Mix *mix = norm->detail;
    Node *w =
        weighing_apply(context, &mix->weighing, norm_operand(context, "mean_logit"));
    Node *u =
        weighing_apply(context, &mix->weighing, norm_operand(context, "variance_logit"));
    Node *part[NORM_MAX_PARTS], *variance = NULL, *centred = NULL;
    for (size_t k = 0; k < norm->parts; k++) {
        NormContext own = norm_part_context(context, k);
        MomentNodes m = norm_moments(&own, x);
        Node *spread = tape_spread(t, m.variance, m.partition, x->shape);
        part[k] = m.centred;
        centred = add(t, centred, tape_mul(t, weight(t, w, k, x->shape), m.centred));
        variance = add(t, variance, tape_mul(t, weight(t, u, k, x->shape), spread));
    }
    for (size_t k = 0; mix->pooled && k < norm->parts; k++) {
        Node *apart = tape_sub(t, part[k], centred); /* mean - mean_k */
        Node *square = tape_mul(t, apart, apart);
        variance = tape_add(t, variance, tape_mul(t, weight(t, u, k, x->shape), square));
    }
    return norm_affine(context, tape_div(t, centred, norm_root(t, norm, variance)));
}

static Node *row_weight(const NormContext *context, const Rows *x, Node *weights,
                        size_t k) {
    return rows_repeat(context, x, tape_slice(context->tape, weights, 0, k, 1));
}

/* The same over rows: x - mean is x - mean of the row, and the weighed sum of what the row
 * is apart from its cells. */
RowMap mix_rows(const NormContext *context, const Rows *x) {
    Tape *t = context->tape;
    const Norm *norm = context->norm;
    const Mix *mix = norm->detail;
    Node *w =
        weighing_apply(context, &mix->weighing, norm_operand(context, "mean_logit"));
    Node *u =
        weighing_apply(context, &mix->weighing, norm_operand(context, "variance_logit"));
    RowMoments part[NORM_MAX_PARTS];
    Node *apart = NULL, *variance = NULL;
    for (size_t k = 0; k < norm->parts; k++) {
        NormContext own = norm_part_context(context, k);
        part[k] = rows_moments(&own, x);
        apart = add(t, apart, tape_mul(t, row_weight(context, x, w, k), part[k].apart));
        variance =
            add(t, variance, tape_mul(t, row_weight(context, x, u, k), part[k].variance));
    }
    for (size_t k = 0; mix->pooled && k < norm->parts; k++) {
        Node *between = tape_sub(t, part[k].apart, apart); /* mean - mean_k */
        Node *square = tape_mul(t, between, between);
        variance =
            tape_add(t, variance, tape_mul(t, row_weight(context, x, u, k), square));
    }
    Node *one = tape_fill(t, variance->shape, 1.0);
    Node *scale = tape_div(t, one, norm_root(t, norm, variance));
    return (RowMap){scale, tape_mul(t, apart, scale)};
}

const NormKind norm_mix = {
    .name = "mix",
    .example = "mix(instance, layer, batch)",
    .usage = "mix(a, b, ..., pooled=yes|no, weights=softmax|sparsest, from=E, to=E)",
    .title = "statistics, weighed by softmax",
    .source = "Luo et al. 2019",
    .differs = "the authors' variance of instance is unbiased, and those of layer and "
               "batch follow from it; their running variance begins at 0. Sparse "
               "switchable (weights=sparsest): they divide by the distance to the middle "
               "plus 1e-6, their training loop sets the circle's radius, and weights "
               "once one-hot stay; here it grows linearly between from and to",
    .options = (const char *const[]){"pooled", "weights", "from", "to", NULL},
    .configure = configure,
    .declare = mix_declare,
    .define = mix_define,
    .rows = mix_rows,
};
