/* A call of a normalizer: by its definition, or by the best that it has. */
#include "internal.h"

#include <string.h>

/* What a caller forgot, by its name: a field that is left out is NULL. */
static void require_context(const NormContext *context, const TapeNode *x) {
    REQUIRE(context->norm && context->tape && x, "a context needs .norm, .tape and x");
    const Norm *norm = context->norm;
    REQUIRE(norm->channels > 0, "%s is not bound to a number of channels", norm->spec);
    REQUIRE(x->shape.rank >= 2 && x->shape.size[1] == norm->channels,
            "%s is bound to %zu channels: x is [N, %zu, ...]", norm->spec, norm->channels,
            norm->channels);
    for (size_t i = 0; i < norm->params; i++)
        REQUIRE(context->param && context->param[i],
                "%s: .param[%zu] is missing: '%s' [%zu]", norm->spec, i,
                norm->param[i].name, norm->param[i].count);
    REQUIRE(context->mask == NULL || norm_unmasked(norm) == NULL, "%s takes no mask: %s",
            norm->spec, norm_unmasked(norm));
    REQUIRE(context->given.variance == NULL ||
                (context->mode == NORM_TRAIN && norm_takes_moments(norm)),
            "%s: .given is of one partition's cells in training", norm->spec);
    const bool reads =
        norm_recalls(norm) || (context->mode == NORM_EVAL && norm_keeps_state(norm));
    REQUIRE(!reads || context->state, "%s: .state is missing: it is read in %s",
            norm->spec, context->mode == NORM_EVAL ? "evaluation" : "training, too");
}

/* a where elements belong, 0 elsewhere: chosen, not multiplied, so that no NaN or infinity
 * that stands in padding reaches anybody, in no derivative either. */
TapeNode *norm_members(const NormContext *context, TapeNode *a) {
    const unsigned char *mask = context->mask;
    if (mask == NULL) return a;
    const ShapeLattice at = shape_lattice(a->shape);
    double *belongs = tape_room(context->tape, shape_count(a->shape));
    for (size_t row = 0; row < at.N * at.C; row++)
        for (size_t l = 0; l < at.L; l++)
            belongs[row * at.L + l] = mask[row / at.C * at.L + l];
    TapeNode *zero = tape_fill(context->tape, a->shape, 0.0);
    return tape_select(context->tape, tape_leaf(context->tape, a->shape, belongs), a,
                       zero);
}

double norm_samples(const NormContext *context, ShapeLattice at) {
    size_t samples = 0;
    if (context->mask == NULL) return (double)at.N;
    for (size_t n = 0; n < at.N; n++)
        samples += memchr(context->mask + n * at.L, 1, at.L) != NULL;
    return (double)samples;
}

/* And then relu, of a text that knows of none. */
typedef TapeNode *Text(const NormContext *context, TapeNode *x);

static TapeNode *relu_of(const NormContext *context, TapeNode *x, Text *text) {
    NormContext plain = *context;
    plain.relu = false;
    return tape_relu(context->tape, text(&plain, x));
}

TapeNode *norm_define(const NormContext *context, TapeNode *x) {
    require_context(context, x);
    if (context->relu) return relu_of(context, x, norm_define);
    NormView v = view_elements(context, norm_members(context, x));
    v.context.definitions = true;
    return norm_members(context, view_text(&v).value);
}

TapeNode *norm_apply(const NormContext *context, TapeNode *x) {
    require_context(context, x);
    const Norm *norm = context->norm;
    const bool kernel =
        partitioned_has_kernel(norm, context->mode) && !norm_meets(context);
    if (context->mask || (context->given.variance && !kernel))
        return norm_define(context, x);
    if (kernel && !norm->kind->apply) return partitioned_run(context, x);
    if (norm_has_rows(norm)) return rows_apply(context, x);
    if (context->relu) return relu_of(context, x, norm_apply);
    if (norm->kind->apply) return norm->kind->apply(context, x);
    const NormView v = view_elements(context, x);
    return view_text(&v).value;
}
