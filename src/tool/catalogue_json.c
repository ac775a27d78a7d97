/* The catalogue for programs. */
#include "catalogue.h"

static const char *const PARAM_ROLE[] = {
    [NORM_PARAM_FACTOR] = "factor",       [NORM_PARAM_SCALE] = "scale",
    [NORM_PARAM_SHIFT] = "shift",         [NORM_PARAM_GATE] = "gate",
    [NORM_PARAM_LOGIT] = "logit",         [NORM_PARAM_WEIGHT] = "weight",
    [NORM_PARAM_THRESHOLD] = "threshold", [NORM_PARAM_POWER] = "power"};

static const char *const STATE_ROLE[] = {
    [NORM_STATE_MEAN] = "mean",       [NORM_STATE_VARIANCE] = "variance",
    [NORM_STATE_SQUARE] = "square",   [NORM_STATE_SIZE] = "size",
    [NORM_STATE_PRODUCT] = "product", [NORM_STATE_LOG_VARIANCE] = "log variance",
    [NORM_STATE_MAP] = "map",         [NORM_STATE_COUNT] = "count"};

static void print_json_params(Arena *arena, const Norm *norm) {
    fputs("\"params\": [", stdout);
    for (size_t k = 0; k < norm->params; k++) {
        const NormParam *p = &norm->param[k];
        printf("%s{\"name\": %s, \"role\": \"%s\", \"count\": %zu, \"initial\": %s, "
               "\"std\": %s, \"decayed\": %s, \"least\": %s, \"most\": %s}",
               k ? ", " : "", json_text(arena, p->name), PARAM_ROLE[p->role], p->count,
               json_number(arena, p->initial), json_number(arena, p->std),
               p->decayed ? "true" : "false", json_number(arena, p->least),
               json_number(arena, p->most));
    }
    fputs("], \"state\": [", stdout);
    for (size_t k = 0; k < norm->states; k++) {
        const NormState *s = &norm->state[k];
        printf("%s{\"name\": %s, \"role\": \"%s\", \"count\": %zu, \"initial\": %s, "
               "\"adapted\": %s}",
               k ? ", " : "", json_text(arena, s->name), STATE_ROLE[s->role], s->count,
               json_number(arena, s->initial), s->adapted ? "true" : "false");
    }
    fputs("]", stdout);
}

static void print_json_proved(Arena *arena, const Entry *e) {
    size_t count, found = 0;
    const TrialCheck *const *check = trial_checks(&count);
    fputs("\"checks\": [", stdout);
    for (size_t i = 0; i < count; i++)
        if (applies_somewhere(e->spec, check[i]))
            printf("%s%s", found++ ? ", " : "", json_text(arena, trial_name(check[i])));
    fputs("], \"invariances\": [", stdout);
    found = 0;
    for (size_t i = 0; i < count; i++)
        if (is_invariance(trial_name(check[i])) && applies_somewhere(e->spec, check[i]))
            printf("%s%s", found++ ? ", " : "", json_text(arena, trial_name(check[i])));
    fputs("], \"twins\": [", stdout);
    found = 0;
    for (const NormTwin *twin = norm_twins(e->norm); twin && twin->spec; twin++)
        printf("%s{\"spec\": %s, \"mode\": \"%s\"}", found++ ? ", " : "",
               json_text(arena, twin->spec), twin->mode == NORM_EVAL ? "eval" : "train");
    fputs("]", stdout);
}

void print_json_entry(Arena *arena, const Entry *e) {
    Work fast = work_of(arena, e->norm, false), slow = work_of(arena, e->norm, true);
    const char *const *option = norm_options(arena, e->kind);
    printf("{\"name\": %s, \"usage\": %s, \"title\": %s, \"source\": %s, "
           "\"differs\": %s, \"example\": %s,\n   \"cells\": %s, ",
           json_text(arena, e->name), json_text(arena, e->usage),
           json_text(arena, e->title), json_text(arena, e->source),
           json_text(arena, e->differs), json_text(arena, e->spec),
           json_text(arena, norm_cells(arena, e->norm)));
    printf("\"channels\": %d, ", CHANNELS);
    print_json_params(arena, e->norm);
    fputs(", \"options\": [", stdout);
    for (size_t i = 0; option[i]; i++)
        printf("%s%s", i ? ", " : "", json_text(arena, option[i]));
    fputs("], \"also\": [", stdout);
    const char *const *also = norm_also(e->kind);
    for (size_t i = 0; also && also[i]; i++)
        printf("%s%s", i ? ", " : "", json_text(arena, also[i]));
    printf("],\n   \"activates\": %s, \"fused\": %s, \"operations\": %.3g, "
           "\"definition_operations\": %.3g, ",
           norm_activates(e->norm) ? "true" : "false", fast.fused ? "true" : "false",
           fast.operations, slow.operations);
    const char *why = norm_by_design(e->norm);
    const char *holds = norm_holds(e->norm);
    const char *unmasked = norm_unmasked(e->norm);
    printf("\"takes_moments\": %s, ", norm_takes_moments(e->norm) ? "true" : "false");
    printf("\"by_design\": %s, \"holds\": %s, \"unmasked\": %s, ",
           why ? json_text(arena, why) : "null", holds ? json_text(arena, holds) : "null",
           unmasked ? json_text(arena, unmasked) : "null");
    print_json_proved(arena, e);
    putchar('}');
}

void print_json_aliases(Arena *arena) {
    size_t count;
    const NormAlias *alias = norm_aliases(&count);
    for (size_t i = 0; i < count; i++)
        printf("%s\n  {\"name\": %s, \"usage\": %s, \"spec\": %s, \"title\": %s, "
               "\"source\": %s, \"differs\": %s}",
               i ? "," : "", json_text(arena, alias_word(arena, &alias[i])),
               json_text(arena, alias[i].usage), json_text(arena, alias[i].spec),
               json_text(arena, alias[i].title), json_text(arena, alias[i].source),
               json_text(arena, alias[i].differs));
}

void print_json_weights(Arena *arena) {
    size_t count;
    const NetWeights *weights = net_weights(&count);
    for (size_t i = 0; i < count; i++)
        printf("%s\n  {\"name\": %s, \"title\": %s, \"source\": %s, \"gain\": %s, "
               "\"linear\": %s}",
               i ? "," : "", json_text(arena, weights[i].name),
               json_text(arena, weights[i].title), json_text(arena, weights[i].source),
               weights[i].gain ? "true" : "false", weights[i].linear ? "true" : "false");
}
