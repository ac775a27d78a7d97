/* The statistics of several partitions, weighed by learned softmax weights, one set for the
 * mean and one for the variance: mix(instance, layer, batch) is switchable normalization
 * (Luo et al. 2019).
 *     mean = sum w_k mean_k, variance = sum u_k variance_k
 * pooled=yes adds sum u_k (mean_k - mean)^2, so that the variance is that of the mixture, as
 * TaskNorm (Bronskill et al. 2020) and Kalman normalization have it.
 * from, to: epochs between which the weights become a hard choice; weights=sparsest: by
 * SparsestMax, which is sparse switchable normalization (Shao et al. 2019). */
#include "internal.h"

bool mix_configure(Arena *arena, Norm *norm, SpecArguments *arguments, BaseError *error) {
    Mix *mix = ZERO(arena, Mix, 1);
    norm->detail = mix;
    for (size_t k = 0; k < norm->parts; k++) mix->part[k] = norm->part[k]->spec;
    const SpecArg *argument = spec_named(arguments, "pooled");
    if (argument && !spec_switch(arena, argument, "pooled", &mix->pooled, error))
        return false;
    if (mix->pooled) spec_say(arguments, "pooled=yes");
    return weighing_read(&mix->weighing, arguments, error);
}

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    if (!norm_add_parts(arena, norm, arguments, error)) return false;
    const SpecArg *said = arguments->spec->args; /* the positional ones are the parts */
    for (size_t k = 0; k < norm->parts; k++, said++) {
        while (said->key) said++;
        const Norm *part = norm->part[k];
        if (!norm_is_partitioned(part, NORM_TRAIN) ||
            !norm_is_partitioned(part, NORM_EVAL) || !norm_has_eps(part))
            return base_fail(
                error, EX_USAGE, said->at,
                "mix weighs statistics, and '%s' is not of one partition; blend "
                "weighs outputs",
                part->spec);
        if (part->params > 0 || part->eps != 1e-5 || part->eps_outside)
            return base_fail(error, EX_USAGE, said->at,
                             "'%s': eps=, eps_outside= and affine= belong to the mix",
                             part->spec);
    }
    return mix_configure(arena, norm, arguments, error);
}

/* Logits, all alike at first. */
void mix_declare(Norm *norm) {
    static const char *const names[] = {"mean_logit", "variance_logit"};
    const Mix *mix = norm->detail;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        NormParam *logit =
            norm_add_param(norm, names[i], NORM_PARAM_LOGIT, norm->parts, 1.0);
        logit->reading = mix->weighing.to > 0.0 ? NORM_NUMBER : NORM_SOFTMAX;
        logit->choices = norm->parts;
        logit->choice = mix->part;
    }
}

/* Each weight over the view's shape. */
static void spread_weights(const NormView *v, const Mix *mix, const char *logits,
                           TapeNode **weight) {
    TapeNode *all =
        weighing_apply(&v->context, &mix->weighing, norm_operand(&v->context, logits));
    for (size_t k = 0; k < v->context.norm->parts; k++)
        weight[k] = view_repeat(v, tape_slice(v->tape, all, 0, k, 1));
}

/* sum of w_k a_k. */
static TapeNode *weighed(Tape *t, TapeNode *const *w, TapeNode *const *a, size_t count) {
    TapeNode *sum = NULL;
    for (size_t k = 0; k < count; k++) {
        TapeNode *term = tape_mul(t, w[k], a[k]);
        sum = sum ? tape_add(t, sum, term) : term;
    }
    return sum;
}

/* x - mean is the weighed sum of x - mean_k: the weights sum to 1, and no digit of a large
 * mean is lost to their rounding. */
NormField mix_text(const NormView *v) {
    Tape *t = v->tape;
    const Norm *norm = v->context.norm;
    const Mix *mix = norm->detail;
    TapeNode *w[NORM_MAX_PARTS], *u[NORM_MAX_PARTS], *variance[NORM_MAX_PARTS];
    NormField part[NORM_MAX_PARTS];
    spread_weights(v, mix, "mean_logit", w);
    spread_weights(v, mix, "variance_logit", u);
    for (size_t k = 0; k < norm->parts; k++) {
        const NormView own = view_part(v, k);
        const ViewMoments m = view_moments(&own);
        part[k] = m.centred, variance[k] = m.variance;
    }
    const NormField centred = field_weighed(v, part, w, norm->parts);
    TapeNode *whole = weighed(t, u, variance, norm->parts);
    for (size_t k = 0; mix->pooled && k < norm->parts; k++) {
        TapeNode *between = field_between(v, part[k], centred); /* mean - mean_k */
        whole = tape_add(t, whole, tape_mul(t, u[k], tape_mul(t, between, between)));
    }
    return field_over(v, centred, norm_root(t, norm, whole));
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
    .text = mix_text,
    .eps = 1e-5,
};
