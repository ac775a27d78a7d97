/* A call of a normalizer: by its definition, or by the best that it has. */
#include "internal.h"

/* What a caller forgot, by its name: a field that is left out is NULL. */
static void require_context(const NormContext *context, const Node *x) {
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
    const bool reads =
        norm_recalls(norm) || (context->mode == NORM_EVAL && norm_keeps_state(norm));
    REQUIRE(!reads || context->state, "%s: .state is missing: it is read in %s",
            norm->spec, context->mode == NORM_EVAL ? "evaluation" : "training, too");
}

Node *norm_define(const NormContext *context, Node *x) {
    require_context(context, x);
    NormView v = view_elements(context, x);
    v.context.definitions = true;
    return view_text(&v).value;
}

Node *norm_apply(const NormContext *context, Node *x) {
    require_context(context, x);
    const Norm *norm = context->norm;
    if (norm->kind->apply) return norm->kind->apply(context, x);
    if (partitioned_has_kernel(norm, context->mode)) return partitioned_run(context, x);
    if (norm_has_rows(norm)) return rows_apply(context, x);
    const NormView v = view_elements(context, x);
    return view_text(&v).value;
}
