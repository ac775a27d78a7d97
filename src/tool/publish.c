/* publish: full runs into what notes and README cite. */
#include "tool.h"

#include <string.h>

static int publish_specs(Arena *arena, const Experiment *e) {
    BaseError error = {.set = false};
    const char *to = place_home(arena, text_print(arena, "figures/%s.svg", e->name));
    study_draw_specs(arena, e, NULL, 0, figure_form(arena, "svg", NULL), to, &error);
    die_if(&error);
    say("saved %s", to);
    return EX_OK;
}

static int run_publish(const Call *call) {
    want_checkout(call, "it writes data/ and figures/");
    if (strcmp(call->word[0], "claims") == 0)
        return claims_draw(call, true, figure_form(call->arena, "svg", NULL),
                           place_home(call->arena, "figures/claims.svg"));
    Wish wish = {experiment_find(call->arena, call->word[0]), .quick = false};
    wish_claim(call, &wish);
    if (!experiment_has_runs(wish.experiment) &&
        (call_option(call, "--jobs") || call_option(call, "--restart")))
        die(EX_USAGE, "publish %s has no runs: --jobs and --restart are for those",
            call->word[0]);
    if (wish.experiment->draw) return publish_specs(call->arena, wish.experiment);
    if (wish.experiment->measure)
        return strcmp(wish.experiment->name, "checking") == 0 ? check_publish(call)
                                                              : bench_publish(call);
    const Grid *found;
    return run_study(call, study_plan(call->arena, &wish), true, &found);
}

const Command command_publish = {
    .name = "publish",
    .usage = "EXPERIMENT|claims [--claim ID] [--jobs N] [--restart]",
    .summary = "Full runs into data/ and figures/, which notes and README cite",
    .options = (const Option[]){CLAIM_OPTIONS, STUDY_OPTIONS},
    .least = 1,
    .most = 1,
    .run = run_publish,
    .more =
        "The full recipe without any other setting, or a claim's; what is finished "
        "is not run again.\n"
        "`normlab publish checking` and `publish speed` do the same for `normlab check "
        "--save` and `bench --save`;\n"
        "`normlab publish claims` draws figures/claims.svg from data/, `normlab publish "
        "partitions` figures/partitions.svg.",
};
