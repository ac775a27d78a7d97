/* When the learning rate falls, as text and as a factor; and the rate of a step. */
#include "arguments.h"
#include "optimize.h"
#include "real.h"
#include "spec.h"
#include "sum.h"
#include "value.h"

#include <math.h>

/* ---- text ------------------------------------------------------------------------ */

static bool read_drops(const Spec *spec, Arena *arena, Schedule *schedule,
                       BaseError *error) {
    static const char *const options[] = {"factor", NULL};
    SpecArguments arguments = arguments_of(arena, spec);
    const SpecArg *argument;
    while ((argument = spec_positional(&arguments)) &&
           schedule->drops < SCHEDULE_MAX_DROPS) {
        double *at = &schedule->at[schedule->drops];
        if (!spec_number(argument, "where the rate drops", 0, 1, at, error)) return false;
        if (schedule->drops > 0 && *at <= at[-1])
            return base_fail(error, EX_USAGE, argument->at, "the drops should ascend");
        schedule->drops++;
    }
    if (argument)
        return base_fail(error, EX_USAGE, argument->at, "more than %d drops",
                         SCHEDULE_MAX_DROPS);
    if (schedule->drops == 0) { /* Wu and He 2018: at 30, 60 and 90 of 100 epochs */
        schedule->drops = 3;
        for (size_t i = 0; i < 3; i++) schedule->at[i] = (double)(3 * (i + 1)) / 10.0;
    }
    argument = spec_named(&arguments, "factor");
    if (argument && !spec_number(argument, "factor", 0, 1, &schedule->factor, error))
        return false;
    return arguments_done(&arguments, options, error);
}

bool schedule_read(Schedule *schedule, Arena *arena, const char *text, BaseError *error) {
    static const char *const words[] = {"constant", "cosine", "step"};
    static const Choice kinds = CHOICE(words);
    const Spec *spec = spec_parse(arena, text, error);
    if (spec == NULL) return false;
    *schedule = (Schedule){.factor = 0.1};
    const size_t i = choice_find(&kinds, spec->word);
    if (i == kinds.count)
        return base_fail(error, EX_USAGE, spec->at,
                         "no schedule '%s'%s; there are constant, cosine, step(AT, ..., "
                         "factor=F)",
                         spec->word, choice_hint(arena, &kinds, spec->word));
    schedule->kind = (ScheduleKind)i;
    if (schedule->kind == SCHEDULE_STEP) return read_drops(spec, arena, schedule, error);
    return spec->count == 0 || base_fail(error, EX_USAGE, spec->args[0].at,
                                         "%s takes no arguments", words[i]);
}

const char *schedule_print(const Schedule *schedule, Arena *arena) {
    if (schedule->kind == SCHEDULE_CONSTANT) return "constant";
    if (schedule->kind == SCHEDULE_COSINE) return "cosine";
    Text out = text_new(arena);
    for (size_t i = 0; i < schedule->drops; i++)
        text_add(&out, "%s, ", text_number(arena, schedule->at[i]));
    return text_print(arena, "step(%sfactor=%s)", out.data,
                      text_number(arena, schedule->factor));
}

/* ---- values ---------------------------------------------------------------------- */

static double factor_at(const Schedule *schedule, double done) {
    double factor = 1.0;
    switch (schedule->kind) {
    case SCHEDULE_CONSTANT:
        break;
    case SCHEDULE_COSINE:
        factor = 0.5 * (1.0 + real_cosine(0.5 * done));
        break;
    case SCHEDULE_STEP:
        for (size_t i = 0; i < schedule->drops; i++)
            if (done >= schedule->at[i]) factor *= schedule->factor;
    }
    return factor;
}

double learning_rate(const Config *c, size_t step, size_t steps_of_epoch) {
    const double samples = (double)c->workers * (double)c->batch;
    const double base = c->rate * samples / (double)c->reference;
    const double total = (double)c->epochs * (double)steps_of_epoch;
    const double warm = c->warmup * (double)steps_of_epoch;
    const double rise = (double)step < warm ? ((double)step + 1.0) / (warm + 1.0) : 1.0;
    return base * rise * factor_at(&c->schedule, (double)step / total);
}

double learning_rates(const Config *c, size_t steps_of_epoch) {
    TreeSum sum;
    tree_clear(&sum);
    for (size_t step = 0; step < c->epochs * steps_of_epoch; step++)
        tree_push(&sum, learning_rate(c, step, steps_of_epoch));
    return tree_total(&sum);
}
