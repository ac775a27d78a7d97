/* From one normalizer to another during training: y = (1 - r) a(x) + r b(x), r rising from 0
 * in epoch `from` to 1 in epoch `to`, and the same in evaluation. anneal(batch, group(8),
 * from=2, to=8) begins with batch statistics and ends without. Both keep their running
 * moments all the while. */
#include "internal.h"

#include <math.h>

typedef struct Anneal {
    double from, to;
} Anneal;

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    Anneal *anneal = TAKE(arena, Anneal, 1);
    *anneal = (Anneal){NAN, NAN}; /* there is no usual epoch */
    norm->detail = anneal;
    if (!norm_add_parts(arena, norm, arguments, error)) return false;
    if (norm->parts != 2)
        return base_fail(error, EX_USAGE, arguments->spec->at,
                         "anneal goes from one normalizer to another, not through %zu",
                         norm->parts);
    if (!norm_read_number(arguments, "from", 0.0, 1e9, &anneal->from, error) ||
        !norm_read_number(arguments, "to", 0.0, 1e9, &anneal->to, error))
        return false;
    if (anneal->to > anneal->from) return true;
    return base_fail(error, EX_USAGE, arguments->spec->at,
                     "anneal needs two epochs, from=2 and a later to=8");
}

/* r b + (1 - r) a: a small r is not what is left of 1. */
static NormField text(const NormView *v) {
    const Anneal *anneal = v->context.norm->detail;
    const double r = norm_ramp(v->context.epoch, anneal->from, anneal->to);
    TapeNode *rest = tape_fill(v->tape, v->shape, r);
    return blend_text(v, tape_fill(v->tape, v->shape, 1.0 - r), rest);
}

const NormKind norm_anneal = {
    .name = "anneal",
    .example = "anneal(batch, group(2), from=0, to=2)",
    .usage = "anneal(a, b, from=E, to=E)",
    .title = "from one to another, by epochs",
    .options = (const char *const[]){"from", "to", NULL},
    .configure = configure,
    .text = text,
};
