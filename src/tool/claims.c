/* claims: what the registered claims come to, over collected studies. */
#include "verdicts.h"

#include <math.h>
#include <string.h>

#include "tool.h"

/* How every verdict is come by: stands under each table of them. */
static const char RULE[] =
    "Verdicts follow from the last epoch, evaluated once: what the task is judged by on "
    "test samples, or on "
    "training samples where it is said.\nIntervals are Student's over paired seeds, with "
    "the variance of test samples in them, at the level of Holm's step.\n";

/* ---- text ----------------------------------------------------------------------------- */

static const char *points(Arena *arena, const Contrast *c, double value) {
    return isfinite(value) ? text_print(arena, "%+.*f", ruling_decimals(c), value) : "-";
}

static const char *expected_text(Arena *arena, const Hypothesis *h) {
    switch (h->type) {
    case CLAIM_EQUIVALENCE:
        return text_print(arena, "0 within %g", h->margin);
    case CLAIM_NONINFERIOR:
        return text_print(arena, "below %g", h->margin);
    case CLAIM_SIGN:
    case CLAIM_VALUE:
    case CLAIM_RATIO:
    case CLAIM_TYPES:
        break;
    }
    return h->sign
               ? text_print(arena, "%c, margin %g", h->sign > 0 ? '+' : '-', h->margin)
               : text_print(arena, "%g within %g", h->value, h->margin);
}

static void print_ruling(Arena *arena, const Ruling *f) {
    const Judgement *j = &f->judgement;
    const Contrast *c = f->contrast;
    printf("  %s\n    %s: expected %s", ruling_contrast(arena, c),
           claim_rules[c->of.type].name, expected_text(arena, &c->of));
    if (isfinite(c->published)) printf(", published %s", points(arena, c, c->published));
    if (isfinite(j->estimate))
        printf("\n    %s [%s, %s] (%g %%), %zu seeds", points(arena, c, j->estimate),
               points(arena, c, j->range.low), points(arena, c, j->range.high),
               100 * (1 - j->error), f->seeds);
    if (isfinite(j->flip)) printf(", sign-flip p %.3g", j->flip);
    printf("\n    %s%s%s%s%s\n", claim_verdict_words[j->verdict],
           j->below_margin ? ", below the margin" : "", *f->why ? ": " : "", f->why,
           f->changed ? " (THE RECORD WAS CHANGED AFTER RUNS WERE MADE FOR IT)" : "");
    if (*f->failing)
        printf("    no better than what is known without a network: %s\n", f->failing);
    if (f->lost)
        printf("    RECORDED AS %s, WHICH NO LONGER FOLLOWS\n",
               claim_verdict_words[c->verdict]);
}

static const char *measure_text(Arena *arena, const char *measure) {
    return strcmp(measure, "test") == 0    ? ""
           : strcmp(measure, "train") == 0 ? "; on training samples"
                                           : text_print(arena, "; by %s", measure);
}

static void print_claim(Arena *arena, const Ruling *f) {
    const Claim *c = f->claim;
    printf("%s  %s\n  %s\n  holds under %s: %s%s\n", c->id, c->statement, c->source,
           c->protocol, c->under ? c->under : "", measure_text(arena, c->measure));
    if (f->grid == NULL) return;
    const TaskMetric *m = &f->grid->metric;
    const char *unit = grid_unit(f->grid);
    printf("  in %s%s%s%s\n", text_plain(arena, m->name), *unit ? ", " : "",
           m->share ? "points of percent" : text_plain(arena, unit),
           m->rises ? ": more is better" : "");
    printf("  from %s\n", text_plain(arena, f->grid->path));
}

static bool is_tested(const Ruling *f) {
    return f->judgement.verdict <= CLAIM_UNDECIDED;
}

static const Grid *whole_of(const Grid *grid) {
    return grid->whole ? grid->whole : grid;
}

/* Studies that findings are from, each once: how often an arm differs from itself there. */
static SameArm same_arms(Arena *arena, const Ruling *f, size_t count) {
    SameArm same = {0, 0};
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < i && !(f[k].grid && f[i].grid &&
                          strcmp(f[k].grid->identity, f[i].grid->identity) == 0))
            k++;
        if (k == i && f[i].grid) study_same_arm(arena, &same, whole_of(f[i].grid));
    }
    return same;
}

static void print_errors(Arena *arena, const Ruling *f, size_t count) {
    size_t families = 0;
    for (size_t i = 0; i < count; i++)
        families += is_tested(&f[i]) && (i == 0 || f[i].claim != f[i - 1].claim);
    printf("%zu claim%s tested: %.2g false verdicts are to be expected\n", families,
           families == 1 ? "" : "s", CLAIM_ERROR * (double)families);
    const SameArm same = same_arms(arena, f, count);
    if (same.pairs == 0) return;
    const Range r = claim_share_range(same.differ, same.pairs, CLAIM_ERROR);
    printf("An arm against itself over other seeds: %zu of %zu differ (95 %% interval of "
           "the share: %.3f to %.3f; 0.05 is expected)\n",
           same.differ, same.pairs, r.low, r.high);
}

/* What decides for a claim, of the types that there are. */
static void print_rules(const Ruling *f, size_t count) {
    for (int type = 0; type < CLAIM_TYPES; type++)
        for (size_t i = 0; i < count; i++)
            if (f[i].contrast->of.type == (ClaimType)type) {
                const ClaimRule *r = &claim_rules[type];
                printf("%s: %s where %s\n", r->name, claim_verdict_words[r->holds],
                       r->says);
                break;
            }
}

static void print_all(Arena *arena, const Ruling *f, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || f[i].claim != f[i - 1].claim) {
            printf("%s", i ? "\n" : "");
            print_claim(arena, &f[i]);
        }
        print_ruling(arena, &f[i]);
    }
    printf("\n%s", RULE);
    print_rules(f, count);
    print_errors(arena, f, count);
}

/* ---- Markdown: a row a contrast that something was run for ------------------------------- */

/* A bar would end the cell. */
static const char *in_cell(Arena *arena, const char *text) {
    Text to = text_new(arena);
    for (; *text; text++) text_add(&to, *text == '|' ? "\\|" : "%c", *text);
    return to.data;
}

static void markdown_ruling(Arena *arena, const Ruling *f) {
    const Contrast *c = f->contrast;
    const Judgement *j = &f->judgement;
    const int digits = ruling_decimals(c);
    const char *metric = f->grid->metric.name;
    printf("| %s | `%s`%s | %s | %s | %s [%.*f, %.*f] at %g %% | %zu | %s%s%s%s |\n",
           f->claim->id, in_cell(arena, ruling_contrast(arena, c)),
           strcmp(metric, "error") == 0 ? "" : text_print(arena, " (%s)", metric),
           expected_text(arena, &c->of),
           isfinite(c->published) ? points(arena, c, c->published) : "",
           points(arena, c, j->estimate), digits, j->range.low, digits, j->range.high,
           100 * (1 - j->error), f->seeds, claim_verdict_words[j->verdict],
           j->below_margin ? ", below the margin" : "", *f->why ? ": " : "", f->why);
}

static void markdown_all(Arena *arena, const Ruling *f, size_t count) {
    puts("| claim | contrast, points of percent | expected | published | found | seeds | "
         "verdict |\n|---|---|---|---|---|---|---|");
    for (size_t i = 0; i < count; i++)
        if (f[i].grid && isfinite(f[i].judgement.estimate)) markdown_ruling(arena, &f[i]);
}

/* ---- JSON ------------------------------------------------------------------------------- */

static void json_pair(Arena *arena, const char *name, const char *text) {
    printf(", \"%s\": %s", name, json_text(arena, text));
}

static void json_value(Arena *arena, const char *name, double value) {
    printf(", \"%s\": %s", name, json_number(arena, value));
}

static void json_flag(const char *name, bool value) {
    printf(", \"%s\": %s", name, value ? "true" : "false");
}

static void json_judgement(Arena *arena, const Ruling *f) {
    const Judgement *j = &f->judgement;
    json_value(arena, "estimate", j->estimate);
    json_value(arena, "low", j->range.low);
    json_value(arena, "high", j->range.high);
    json_value(arena, "confidence", 1 - j->error);
    json_value(arena, "margin", f->contrast->of.margin);
    json_value(arena, "published", f->contrast->published);
    json_value(arena, "seeds", (double)f->seeds);
    json_value(arena, "sign_flip", j->flip);
    json_pair(arena, "verdict", claim_verdict_words[j->verdict]);
    json_flag("below_margin", j->below_margin);
    json_flag("exploratory", f->exploratory);
    json_flag("changed", f->changed);
    json_flag("lost", f->lost);
    json_pair(arena, "why", f->why);
    json_pair(arena, "below_gate", f->failing);
}

static void json_ruling(Arena *arena, const Ruling *f) {
    const Claim *c = f->claim;
    const Hypothesis *h = &f->contrast->of;
    printf("{\"id\": %s", json_text(arena, c->id));
    json_pair(arena, "statement", c->statement);
    json_pair(arena, "source", c->source);
    json_pair(arena, "experiment", c->experiment);
    json_pair(arena, "protocol", c->protocol);
    json_pair(arena, "under", c->under ? c->under : "");
    json_pair(arena, "measure", c->measure);
    json_pair(arena, "metric", f->grid ? f->grid->metric.name : "");
    json_value(arena, "looks", (double)c->looks);
    json_value(arena, "last_seed", (double)c->seed[c->seeds - 1]);
    json_pair(arena, "digest", c->digest);
    json_pair(arena, "contrast", ruling_contrast(arena, f->contrast));
    json_pair(arena, "type", claim_rules[h->type].name);
    json_pair(arena, "expected", expected_text(arena, h));
    json_judgement(arena, f);
    json_pair(arena, "study", f->grid ? f->grid->path : "");
    printf(", \"runs\": [");
    for (size_t i = 0; i < f->runs; i++)
        printf("%s%s", i ? ", " : "", json_text(arena, f->run[i]));
    printf("]}");
}

static void json_all(Arena *arena, const Ruling *f, size_t count) {
    printf("[");
    for (size_t i = 0; i < count; i++) {
        printf("%s", i ? ",\n " : "");
        json_ruling(arena, &f[i]);
    }
    printf("]\n");
}

/* ---- the command ------------------------------------------------------------------------- */

/* Ends the program unless the word is a claim's id or an experiment's name. */
static void want_known(const Call *call, const Ledger *ledger, const char *word) {
    size_t count;
    const Experiment *const *e = experiments(&count);
    const char **known = TAKE(call->arena, const char *, ledger->claims + count + 1);
    for (size_t i = 0; i < ledger->claims; i++) known[i] = ledger->claim[i].id;
    for (size_t i = 0; i < count; i++) known[ledger->claims + i] = e[i]->name;
    for (size_t i = 0; i < ledger->claims + count; i++)
        if (strcmp(known[i], word) == 0) return;
    die(EX_USAGE, "no claim or experiment '%s'%s", text_clip(call->arena, word),
        text_hint(call->arena, word, known, ledger->claims + count));
}

int claims_draw(const Call *call, bool published, FigureForm form, const char *path) {
    Arena *arena = call->arena;
    BaseError error = {.set = false};
    size_t count;
    const Ruling *f = study_verdicts(arena, ledger_read(arena), NULL, published, &count);
    if (!study_draw_claims(arena, f, count, form, path, &error)) die_if(&error);
    if (path && place_is_replaced(path)) puts(path);
    return EX_OK;
}

static int run_claims(const Call *call) {
    Arena *arena = call->arena;
    const Ledger *ledger = ledger_read(arena);
    const char *of = call->words ? call->word[0] : NULL;
    size_t count;
    bool bad = false;
    if (of) want_known(call, ledger, of);
    const Ruling *f = study_verdicts(arena, ledger, of, false, &count);
    static const char *const names[] = {"text", "json", "markdown"};
    static void (*const print[])(Arena *, const Ruling *, size_t) = {print_all, json_all,
                                                                     markdown_all};
    const Choice forms = CHOICE(names);
    const char *form = call_option(call, "--form");
    if (call_option(call, "--json")) form = "json";
    print[word_choice(call, "--form", form, &forms)](arena, f, count);
    for (size_t i = 0; i < count; i++) bad |= f[i].changed || f[i].lost;
    return bad ? 1 : EX_OK;
}

const Command command_claims = {
    .name = "claims",
    .usage = "[ID|EXPERIMENT] [--form FORM]",
    .summary =
        "What registered claims come to: contrast, interval, published value, verdict",
    .options = (const Option[]){{"--form", "text|json|markdown", "text if not given"},
                                {"--json", NULL, "a list of objects, one a contrast"},
                                {NULL, NULL, NULL}},
    .most = 1,
    .run = run_claims,
    .more = "Claims are registered in experiments/claims.txt before their seeds run, and "
            "judged over data/ and the user's studies.\n"
            "`normlab run EXPERIMENT --claim ID` makes the runs of one, `normlab plot "
            "claims` draws them all. Exit code 1:\n"
            "a record was changed after runs were made for it, or a verdict that is "
            "recorded does not follow from the data.",
};
