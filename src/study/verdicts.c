/* From claims and collected studies to verdicts. */
#include "verdicts.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "study.h"

/* ---- seeds ----------------------------------------------------------------------------- */

/* What the runs of a claim's arms know of it at one seed. */
typedef struct Made {
    bool all, other; /* all runs were made for it as it is; some as it was */
} Made;

static void add_made(Arena *arena, Made *made, const Grid *g, const Claim *claim,
                     const Combination *c, size_t seed) {
    for (size_t i = 0; i < c->terms; i++) {
        const char *digest =
            ledger_digest_in(arena, g->claims[cell_of(g, &c->term[i], seed)], claim->id);
        made->all &= digest && strcmp(digest, claim->digest) == 0;
        made->other |= digest && strcmp(digest, claim->digest) != 0;
    }
}

typedef void EachCombination(void *context, const Combination *c);

static void each_combination(const Claim *claim, EachCombination *visit, void *context) {
    for (size_t i = 0; i < claim->contrasts; i++)
        for (size_t k = 0; k < claim->contrast[i].parts; k++)
            visit(context, &claim->contrast[i].part[k]);
    if (claim->control) visit(context, claim->control);
    if (claim->works) visit(context, claim->works);
}

typedef struct Asked {
    Arena *arena;
    const Grid *grid;
    const Claim *claim;
    size_t seed;
    Made made;
    bool arms, finite;
} Asked;

static void ask(void *context, const Combination *c) {
    Asked *a = context;
    const Grid *g = a->grid;
    a->arms = a->arms && has_arms(g, c);
    if (!a->arms) return;
    add_made(a->arena, &a->made, g, a->claim, c, a->seed);
    for (size_t i = 0; i < c->terms; i++)
        a->finite &= isfinite(g->test[cell_of(g, &c->term[i], a->seed)]);
}

static Asked asked(Arena *arena, const Grid *grid, const Claim *claim, size_t seed) {
    Asked a = {arena, grid, claim, seed, {true, false}, true, true};
    each_combination(claim, ask, &a);
    return a;
}

/* The place of a seed in the study; grid->seeds: it is not there. */
static size_t place_of(const Grid *g, size_t seed) {
    size_t i = 0;
    while (i < g->seeds && g->seed[i] != (double)seed) i++;
    return i;
}

/* The claim's seeds, in their order, up to the first that is missing: what comes later is not
 * looked at. */
static size_t *confirmatory(Arena *arena, const Grid *g, const Claim *claim,
                            size_t *count) {
    size_t *seed = TAKE(arena, size_t, claim->seeds + 1);
    for (*count = 0; *count < claim->seeds; ++*count) {
        const size_t place = place_of(g, claim->seed[*count]);
        if (place == g->seeds) break;
        const Asked a = asked(arena, g, claim, place);
        if (!a.made.all || !a.finite) break;
        seed[*count] = place;
    }
    return seed;
}

static size_t *all_seeds(Arena *arena, const Grid *g, const Claim *claim, size_t *count) {
    size_t *seed = TAKE(arena, size_t, g->seeds + 1);
    *count = 0;
    for (size_t i = 0; i < g->seeds; i++)
        if (asked(arena, g, claim, i).finite) seed[(*count)++] = i;
    return seed;
}

/* ---- judging --------------------------------------------------------------------------- */

static void judge_all(const View *v, const Claim *claim, Judgement j[], double error) {
    Evidence evidence[LEDGER_MOST_CONTRASTS];
    for (size_t i = 0; i < claim->contrasts; i++) {
        const Contrast *c = &claim->contrast[i];
        Sample *sample = TAKE(v->arena, Sample, c->parts);
        for (size_t k = 0; k < c->parts; k++) sample[k] = sample_of(v, &c->part[k]);
        evidence[i] = (Evidence){c->of, c->parts, sample};
    }
    claim_judge_family(j, evidence, claim->contrasts, error);
}

static bool is_decided(const Judgement *j) {
    return j->verdict <= CLAIM_EQUIVALENT;
}

/* As often as the seeds are there for it; what was decided at the first look stays. */
static size_t look(const View *all, const Claim *claim, Judgement j[], size_t used[]) {
    size_t looks = 0;
    for (; looks < claim->looks && claim->look[looks] <= all->seeds; looks++) {
        Judgement now[LEDGER_MOST_CONTRASTS];
        View v = *all;
        v.seeds = claim->look[looks];
        judge_all(&v, claim, now, CLAIM_ERROR / (double)claim->looks);
        for (size_t i = 0; i < claim->contrasts; i++)
            if (looks == 0 || !is_decided(&j[i])) j[i] = now[i], used[i] = v.seeds;
    }
    return looks;
}

static bool is_zero(const View *v, const Combination *c) {
    const Sample s = sample_of(v, c);
    for (size_t i = 0; i < s.seeds; i++)
        if (s.value[i] != 0) return false;
    return true;
}

/* ---- one claim over one study ------------------------------------------------------------- */

static void say_all(Ruling *to, const Claim *claim, Verdict verdict, const char *why) {
    for (size_t i = 0; i < claim->contrasts; i++)
        to[i].judgement.verdict = verdict, to[i].why = why;
}

/* Numbers that are told although nothing is concluded from them. */
static void explore(Arena *arena, Ruling *to, const Claim *claim, const Grid *grid,
                    bool under) {
    Judgement j[LEDGER_MOST_CONTRASTS];
    View v = {.arena = arena, .grid = grid};
    v.seed = all_seeds(arena, grid, claim, &v.seeds);
    judge_all(&v, claim, j, CLAIM_ERROR);
    for (size_t i = 0; i < claim->contrasts; i++) {
        to[i].judgement = j[i];
        to[i].seeds = v.seeds, to[i].exploratory = true;
    }
    const char *why = "";
    if (claim->works == NULL || study_beats_gate(&v, claim->works, claim->gates, &why))
        why = under ? "exploratory: the runs were not made for it as it is registered"
                    : "exploratory: the runs are not under its protocol";
    say_all(to, claim, CLAIM_NOT_TESTED, why);
}

/* Arms of a contrast that know less than a linear classifier: they may, and are marked. */
static const char *failing(const View *v, const Claim *claim, const Contrast *c) {
    Text text = text_new(v->arena), seen = text_new(v->arena);
    text_add(&seen, "\n");
    for (size_t p = 0; p < c->parts; p++)
        for (size_t i = 0; i < c->part[p].terms; i++) {
            const Term term = {1, c->part[p].term[i].series, c->part[p].term[i].along};
            const char *name = text_print(v->arena, "%s@%s", term.series, term.along),
                       *line = text_print(v->arena, "\n%s\n", name), *why;
            const Combination arm = {name, 1, &term};
            if (strstr(seen.data, line)) continue;
            text_add(&seen, "%s\n", name);
            if (!study_beats_gate(v, &arm, claim->gates, &why))
                text_add(&text, "%s%s", text.length ? "; " : "", name);
        }
    return text.data;
}

static void confirm(Ruling *to, const Claim *claim, const View *v) {
    Judgement j[LEDGER_MOST_CONTRASTS];
    size_t used[LEDGER_MOST_CONTRASTS] = {0};
    const char *why = "";
    const size_t looks = look(v, claim, j, used);
    View seen = *v; /* what is beyond the last look is not looked at */
    seen.seeds = claim->look[looks - 1];
    for (size_t i = 0; i < claim->contrasts; i++) {
        to[i].judgement = j[i], to[i].seeds = used[i], to[i].looks = looks;
        if (j[i].verdict == CLAIM_REFUSED)
            to[i].why = "its differences are all the same: nothing varies";
        else if (j[i].verdict == CLAIM_NOT_TESTED)
            to[i].why = text_print(v->arena, "there is nothing to share: %s is below 0",
                                   to[i].contrast->part[1].text);
        else if (j[i].verdict == CLAIM_UNDECIDED && looks < claim->looks)
            to[i].why = "after the first of two looks";
        if (claim->works) to[i].failing = failing(&seen, claim, to[i].contrast);
    }
    if (claim->control && !is_zero(&seen, claim->control))
        say_all(to, claim, CLAIM_REFUSED,
                text_print(v->arena, "the control %s is not 0", claim->control->text));
    else if (v->grid->whole == NULL && v->grid->blocks == 0)
        say_all(to, claim, CLAIM_REFUSED,
                "the runs do not say how their error varies over test samples");
    if (claim->works && !study_beats_gate(&seen, claim->works, claim->gates, &why))
        say_all(to, claim, CLAIM_NOT_TESTED, why);
}

/* The runs of a contrast's arms, each once. */
static void list_runs(Arena *arena, Ruling *f) {
    const Grid *g = f->grid;
    const char **run =
        TAKE(arena, const char *, LEDGER_MOST_PARTS *LEDGER_MOST_TERMS *(g->seeds + 1));
    for (size_t p = 0; p < f->contrast->parts; p++)
        for (size_t t = 0; t < f->contrast->part[p].terms; t++)
            for (size_t k = 0; k < g->seeds; k++) {
                const char *id = g->run[cell_of(g, &f->contrast->part[p].term[t], k)];
                size_t at = 0;
                while (at < f->runs && strcmp(run[at], id) != 0) at++;
                if (at == f->runs && *id) run[f->runs++] = id;
            }
    f->run = run;
}

static Ruling empty_ruling(const Claim *claim, size_t i, const Grid *grid) {
    const double none = (double)NAN;
    return (Ruling){.claim = claim,
                    .contrast = &claim->contrast[i],
                    .grid = grid,
                    .judgement = {.verdict = CLAIM_NOT_TESTED,
                                  .estimate = none,
                                  .range = {none, none},
                                  .error = CLAIM_ERROR,
                                  .holds = 1,
                                  .fails = 1,
                                  .flip = none},
                    .why = "",
                    .failing = ""};
}

void claim_over(Arena *arena, Ruling *to, const Claim *claim, const Grid *grid) {
    View v = {.arena = arena, .grid = grid};
    const bool under = study_is_under(arena, grid, claim, NULL);
    bool other = false;
    for (size_t i = 0; i < claim->contrasts; i++) to[i] = empty_ruling(claim, i, grid);
    v.seed = confirmatory(arena, grid, claim, &v.seeds);
    for (size_t k = 0; k < grid->seeds && under; k++)
        other |= asked(arena, grid, claim, k).made.other;
    if (claim->refused)
        say_all(to, claim, CLAIM_REFUSED, "more than 16 seeds would be needed");
    else if (!under)
        explore(arena, to, claim, grid, false);
    else if (v.seeds >= claim->look[0])
        confirm(to, claim, &v);
    else if (v.seeds > 0)
        say_all(to, claim, CLAIM_NOT_TESTED,
                text_print(arena, "%zu of %zu seeds have run: not looked at yet", v.seeds,
                           claim->look[0]));
    else
        explore(arena, to, claim, grid, true);
    for (size_t i = 0; i < claim->contrasts; i++) {
        to[i].changed = other;
        list_runs(arena, &to[i]);
    }
}

/* ---- which study ------------------------------------------------------------------------------ */

/* From 3 on: made for it, the more of its seeds the better; 2: under its protocol, 1: has its arms
 * on its data, 0: no use. */
static size_t use_of(Arena *arena, const Grid *g, const Claim *claim) {
    bool arms = g->seeds > 0, made = false;
    for (size_t k = 0; k < g->seeds; k++) {
        const Asked a = asked(arena, g, claim, k);
        arms = arms && a.arms;
        made |= a.arms && (a.made.all || a.made.other);
    }
    if (!arms || !study_is_under(arena, g, claim, "dataset")) return 0;
    size_t seeds;
    confirmatory(arena, g, claim, &seeds);
    return !study_is_under(arena, g, claim, NULL) ? 1 : made ? 3 + seeds : 2;
}

/* Collected files of an experiment: published, then the user's, the newest first. */
static const char **files_of(Arena *arena, const Claim *claim, bool only_published,
                             size_t *count) {
    const char *experiment = claim->experiment;
    size_t own;
    const Study *study = study_files(arena, experiment, &own);
    const char **file = TAKE(arena, const char *, own + 2),
               *published =
                   place_home(arena, text_print(arena, "data/%s.h5", experiment));
    const char *for_it = place_home(
        arena, text_print(arena, "data/%s.h5", study_stem(arena, experiment, claim->id)));
    *count = 0;
    if (access(for_it, F_OK) == 0) file[(*count)++] = for_it;
    if (access(published, F_OK) == 0) file[(*count)++] = published;
    for (size_t i = 0; i < own && !only_published; i++) file[(*count)++] = study[i].path;
    return file;
}

/* A study that was read, for the next claim that looks at it. */
typedef struct Known Known;
struct Known {
    const char *file;
    const Grid *grid;
    const Known *next;
};

static const Grid *read_once(Arena *arena, const Known **known, const char *file) {
    for (const Known *k = *known; k; k = k->next)
        if (strcmp(k->file, file) == 0) return k->grid;
    Known *new = TAKE(arena, Known, 1);
    *new = (Known){file, grid_read(arena, file), *known};
    *known = new;
    return new->grid;
}

static const Grid *best_grid(Arena *arena, const Claim *claim, bool only_published,
                             const Known **known) {
    size_t count;
    const char **file = files_of(arena, claim, only_published, &count);
    const Grid *best = NULL;
    size_t use = 0;
    for (size_t i = 0; i < count; i++) {
        const Grid *grid =
            grid_of_measure(arena, read_once(arena, known, file[i]), claim->measure);
        const size_t own = grid ? use_of(arena, grid, claim) : 0;
        if (own > use) best = grid, use = own;
    }
    return best;
}

static void find_out(Arena *arena, Ruling *to, const Claim *claim, bool only_published,
                     const Known **known) {
    const Experiment *e = claim->needs ? NULL : experiment_find(arena, claim->experiment);
    const Grid *grid = e && experiment_has_runs(e)
                           ? best_grid(arena, claim, only_published, known)
                           : NULL;
    for (size_t i = 0; i < claim->contrasts; i++) to[i] = empty_ruling(claim, i, NULL);
    if (grid)
        claim_over(arena, to, claim, grid);
    else
        say_all(to, claim, CLAIM_NOT_TESTED,
                claim->needs
                    ? text_print(arena, "cannot be run yet: it needs %s", claim->needs)
                    : "nothing was run for it");
    for (size_t i = 0; i < claim->contrasts; i++)
        to[i].lost = to[i].contrast->recorded &&
                     to[i].judgement.verdict != to[i].contrast->verdict;
}

Ruling *study_verdicts(Arena *arena, const Ledger *ledger, const char *of, bool published,
                       size_t *count) {
    Ruling *all = TAKE(arena, Ruling, ledger->claims * LEDGER_MOST_CONTRASTS + 1);
    const Known *known = NULL;
    *count = 0;
    for (size_t i = 0; i < ledger->claims; i++) {
        const Claim *c = &ledger->claim[i];
        if (of && strcmp(of, c->id) != 0 && strcmp(of, c->experiment) != 0) continue;
        find_out(arena, all + *count, c, published, &known);
        *count += c->contrasts;
    }
    return all;
}

/* ---- in words ---------------------------------------------------------------------------- */

const char *ruling_contrast(Arena *arena, const Contrast *c) {
    Text text = text_new(arena);
    const char *between = c->of.type == CLAIM_RATIO ? " over " : "; ";
    for (size_t i = 0; i < c->parts; i++)
        text_add(&text, "%s%s", i ? between : "", c->part[i].text);
    return text.data;
}
