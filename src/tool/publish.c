/* publish: full runs into what notes and README cite. */
#include "tool.h"

static int run_publish(const Call *call) {
    want_checkout(call, "it writes data/ and figures/");
    Wish wish = {experiment_find(call->arena, call->word[0]), .quick = false};
    wish_claim(call, &wish);
    if (wish.experiment->measure) return check_publish(call);
    const Grid *found;
    return run_study(call, study_plan(call->arena, &wish), true, &found);
}

const Command command_publish = {
    .name = "publish",
    .usage = "EXPERIMENT [--claim ID] [--jobs N] [--restart]",
    .summary = "Full runs into data/ and figures/, which notes and README cite",
    .options = (const Option[]){CLAIM_OPTIONS, STUDY_OPTIONS},
    .least = 1,
    .most = 1,
    .run = run_publish,
    .more = "The full recipe without any other setting, or a claim's; what is finished "
            "is not run again.\n"
            "`normlab publish checking` does the same for `normlab check` and the "
            "figures of its chapter.",
};
