/* What a normalizer holds constant in its derivative, said beside its checks. */
#include "tool.h"

/* "by design: ..." */
static const char *design_text(Arena *arena, const TrialHeld *found) {
    if (found->by_design == NULL) return "its kind does not say that this is by design";
    return text_print(arena, "by design: %s", found->by_design);
}

static const char *mode_text(const TrialHeld *found) {
    return found->mode == NORM_EVAL ? "evaluation" : "training";
}

void held_print(Arena *arena, const char *spec, uint64_t seed) {
    const TrialHeld found = trial_held(arena, spec, seed);
    if (found.held.count == 0) return;
    printf("remark: in %s %s holds constant in its derivative: %s\n  were it not held, "
           "d%s would differ by %.2g of its norm; %s\n",
           mode_text(&found), spec, found.held.where, found.held.input,
           found.held.matters, design_text(arena, &found));
}

bool held_print_json(Arena *arena, const char *spec, uint64_t seed, const char *before) {
    const TrialHeld found = trial_held(arena, spec, seed);
    if (found.held.count == 0) return false;
    printf("%s\n  {\"spec\": %s, \"mode\": \"%s\", \"where\": %s, \"input\": %s, "
           "\"matters\": %s, \"by_design\": %s}",
           before, json_text(arena, spec), found.mode == NORM_EVAL ? "eval" : "train",
           json_text(arena, found.held.where), json_text(arena, found.held.input),
           json_number(arena, found.held.matters),
           found.by_design ? json_text(arena, found.by_design) : "null");
    return true;
}
