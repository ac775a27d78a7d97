/* Whether the runs of a study are as a claim's protocol says. */
#include "verdicts.h"

#include <string.h>

#include "arguments.h"
#include "study.h"

static bool is_among(const char *word, const char **list, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], word) == 0) return true;
    return false;
}

/* Whether a later setting of the claim is of the same key: it is the one that counts. */
static bool is_set_again(const Claim *claim, size_t i) {
    const size_t key = strcspn(claim->setting[i], "=") + 1;
    for (size_t k = i + 1; k < claim->settings; k++)
        if (strncmp(claim->setting[i], claim->setting[k], key) == 0) return true;
    return false;
}

/* A value as recipes have it: optimizer=adamw says its numbers there. */
static const char *canonical(Arena *arena, const char *key, const char *value) {
    Config config = config_default(arena);
    BaseError quiet = {.set = false};
    return config_set(&config, arena, key, value, &quiet)
               ? config_text(&config, arena, key)
               : value;
}

/* Whether it has all values of a claim's setting. */
static bool has_setting(Arena *arena, const Grid *g, const char *setting) {
    size_t wanted, there;
    const char *key = text_copy(arena, setting, strcspn(setting, "=")),
               *value = grid_setting(arena, g, key);
    if (value == NULL) return false;
    const char **has = spec_list(arena, value, &there),
               **wants = spec_list(arena, setting + strlen(key) + 1, &wanted);
    for (size_t k = 0; k < wanted; k++)
        if (!is_among(canonical(arena, key, wants[k]), has, there)) return false;
    return true;
}

bool study_is_under(Arena *arena, const Grid *g, const Claim *claim, const char *only) {
    for (size_t i = 0; i < claim->settings; i++) {
        const char *setting = claim->setting[i];
        const size_t key = strcspn(setting, "=");
        const bool asked_for =
            only == NULL || (strlen(only) == key && strncmp(setting, only, key) == 0);
        if (asked_for && !is_set_again(claim, i) && !has_setting(arena, g, setting))
            return false;
    }
    return true;
}
