/* A normalizer of which the running moments are held, and used, from an epoch on: what
 * detection papers call BN*, frozen batch normalization (He et al. 2017; Wu and He 2018,
 * section 4.2). Its evaluation function is then trained, gamma and beta included. */
#include "house.h"
#include "kind.h"

#include <math.h>

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    double *from = TAKE(arena, double, 1);
    *from = NAN; /* there is no usual epoch */
    norm->detail = from;
    const SpecArg *part = spec_positional(arguments);
    if (part == NULL)
        return base_fail(error, EX_USAGE, arguments->spec->at,
                         "frozen needs a normalizer and an epoch, frozen(batch, from=4)");
    if (!norm_add_part(arena, norm, part->value, norm->channels, error)) return false;
    if (norm->part[0]->states == 0)
        return base_fail(error, EX_USAGE, part->value->at,
                         "'%s' keeps no running moments that could be frozen",
                         norm->part[0]->spec);
    spec_say(arguments, "%s", norm->part[0]->spec);
    if (!norm_read_number(arguments, "from", 0.0, 1e9, from, error)) return false;
    return !isnan(*from) || base_fail(error, EX_USAGE, arguments->spec->at,
                                      "frozen needs an epoch, from=4");
}

static bool is_held(const NormContext *context) {
    const double *from = context->norm->detail;
    return (double)context->epoch >= *from;
}

static TapeNode *define(const NormContext *context, TapeNode *x) {
    NormContext held = *context;
    if (context->mode == NORM_TRAIN && is_held(context)) {
        norm_observe_nothing(context);
        held.mode = NORM_EVAL;
        held.observed = NULL;
    }
    return norm_affine(context, norm_run_part(&held, 0, x));
}

const NormKind norm_frozen = {
    .name = "frozen",
    .example = "frozen(batch, from=1)",
    .usage = "frozen(a, from=E)",
    .title = "running moments held from an epoch on",
    .source = "He et al. 2017",
    .options = (const char *const[]){"from", NULL},
    .configure = configure,
    .define = define,
    .masks = true,
    .cell = {{.moments = {NORM_RUNNING}}},
};
