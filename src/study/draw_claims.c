/* The registered claims in one figure. */
#include "verdicts.h"

#include <math.h>

#include "study.h"

/* gnuplot's point types: full where it is decided, open where it is not. */
static const unsigned MARKS[CLAIM_VERDICTS] = {
    [CLAIM_SUPPORTED] = 7, [CLAIM_CONTRADICTED] = 5, [CLAIM_EQUIVALENT] = 13,
    [CLAIM_UNDECIDED] = 6, [CLAIM_NOT_TESTED] = 2,   [CLAIM_REFUSED] = 2};

static const char *number_of(Arena *arena, const Ruling *f) {
    const Judgement *j = &f->judgement;
    const int d = ruling_decimals(f->contrast);
    return isfinite(j->estimate) ? text_print(arena, "%+.*f [%.*f, %.*f]", d, j->estimate,
                                              d, j->range.low, d, j->range.high)
                                 : "";
}

/* Parts that must all hold are long lists; the number is that of the one nearest to failing. */
static const char *name_of(Arena *arena, const Contrast *c) {
    return c->of.type == CLAIM_NONINFERIOR && c->parts > 1
               ? text_print(arena, "%s, and %zu parts more", c->part[0].text,
                            c->parts - 1)
               : ruling_contrast(arena, c);
}

/* A claimed number is the 0 of its row. */
static ForestRow row_of(Arena *arena, const Ruling *f) {
    const Hypothesis *h = &f->contrast->of;
    const Judgement *j = &f->judgement;
    const double from = h->sign || !isfinite(h->value) ? 0 : h->value,
                 unit = h->margin > 0 ? h->margin : 1;
    const bool seen = isfinite(j->estimate);
    return (ForestRow){.id = f->claim->id,
                       .name = name_of(arena, f->contrast),
                       .number = number_of(arena, f),
                       .word = f->exploratory ? "exploratory"
                                              : claim_verdict_words[j->verdict],
                       .estimate = (j->estimate - from) / unit,
                       .low = seen ? (j->range.low - from) / unit : (double)NAN,
                       .high = seen ? (j->range.high - from) / unit : (double)NAN,
                       .published = (f->contrast->published - from) / unit,
                       .mark = MARKS[j->verdict]};
}

/* Those that something was run for; of the others the foot says how many. */
bool study_draw_claims(Arena *arena, const Ruling *f, size_t count, FigureForm form,
                       const char *path, BaseError *error) {
    ForestRow *row = TAKE(arena, ForestRow, count + 1);
    Forest forest = {.row = row, .label = "difference, in units of the claim's margin"};
    for (size_t i = 0; i < count; i++)
        if (isfinite(f[i].judgement.estimate)) row[forest.rows++] = row_of(arena, &f[i]);
    if (forest.rows == 0)
        return base_fail(error, EX_DATAERR, 0, "nothing was run for any of these claims");
    forest.foot = text_print(
        arena,
        "intervals over seeds and test images, on which the verdict rests (numbers: "
        "points of percent, or the metric's unit); triangles: published by "
        "others; dashed: the margin; %zu of %zu contrasts have runs",
        forest.rows, count);
    Figure figure =
        figure_new(arena, form, "experiments/forest.gp",
                   "What the registered claims come to: contrast, interval, verdict");
    if (figure_is(&figure, "dumb"))
        return base_fail(error, EX_USAGE, 0,
                         "`normlab claims` is the form of this figure for a terminal");
    figure_forest(&figure, &forest);
    return figure_draw(&figure, path, error);
}
