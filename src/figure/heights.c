/* The axis of a chart's values: where few of them lie far from all others it is broken, so that
 * these are not flattened. Both its parts are linear, and what is drawn are heights. */
#include "chart.h"

#include <math.h>
#include <stdlib.h>

static int by_low(const void *a, const void *b) {
    const Reach *left = a, *right = b;
    return left->low < right->low ? -1 : left->low > right->low;
}

static double within(const Chart *c, double value) {
    return fmin(fmax(value, c->least), c->most);
}

static size_t reaches(const Chart *c, Reach *to) {
    size_t count = 0;
    for (size_t i = 0; i < c->curves * c->points; i++) {
        const double mean = c->mean[i], half = isfinite(c->half[i]) ? c->half[i] : 0.0;
        if (isfinite(mean))
            to[count++] = (Reach){fmin(mean, within(c, mean - half)),
                                  fmax(mean, within(c, mean + half))};
    }
    if (c->from_zero && count > 0) to[count++] = (Reach){0.0, 0.0};
    qsort(to, count, sizeof *to, by_low);
    return count;
}

/* Parts of the axis that the many and the few have, and nobody. */
#define OF_MANY   0.74
#define OF_NOBODY 0.06

/* At most a quarter of the values stand beyond a gap of more than half of it all. */
static bool part_ways(const Reach *r, size_t count, Reach part[2], bool *few_above) {
    double end = count ? r[0].high : 0.0, widest = 0.0, most = end;
    size_t below = 0;
    for (size_t i = 1; i < count; i++) {
        if (r[i].low - end > widest) {
            widest = r[i].low - end;
            below = i;
            part[0] = (Reach){r[0].low, end};
        }
        end = fmax(end, r[i].high);
        most = end;
    }
    if (below == 0 || !(widest > 0.5 * (most - r[0].low)) || !isfinite(most))
        return false;
    part[1] = (Reach){r[below].low, most};
    *few_above = count - below < below;
    return 4 * (*few_above ? count - below : below) <= count;
}

double chart_height(const Heights *h, double value) {
    if (!h->broken) return value;
    const size_t k = value > h->part[0].high; /* a line between both is hidden */
    const double share = (value - h->part[k].low) / (h->part[k].high - h->part[k].low);
    return h->from[k] + fmax(share, 0.0) * (h->to[k] - h->from[k]);
}

/* The few have little room: ticks among them, and none beyond, if there is any. */
static void close_up(FigureTicks *t, Reach part) {
    const double room = 0.3 * (part.high - part.low), low = part.low - room,
                 high = part.high + room;
    size_t kept = 0;
    for (size_t i = 0; i < t->count; i++) kept += t->at[i] >= low && t->at[i] <= high;
    if (kept == 0 || !(room > 0.0)) return;
    kept = 0;
    for (size_t i = 0; i < t->count; i++) {
        if (t->at[i] < low || t->at[i] > high) continue;
        t->at[kept] = t->at[i];
        t->text[kept++] = t->text[i];
    }
    t->count = kept;
    t->low = low, t->high = high;
}

/* Ticks of both parts, at their heights. */
static void join(Arena *arena, Heights *h, const Reach *part, const size_t most[2]) {
    FigureTicks t[2];
    for (size_t k = 0; k < 2; k++) {
        t[k] = figure_ticks_between(arena, part[k].low, part[k].high, most[k]);
        if (most[k] == 1) close_up(&t[k], part[k]);
        h->part[k].low = t[k].low, h->part[k].high = t[k].high;
    }
    FigureTicks *all = &h->ticks;
    *all = (FigureTicks){.low = 0.0, .high = 1.0};
    all->at = TAKE(arena, double, t[0].count + t[1].count);
    all->text = TAKE(arena, const char *, t[0].count + t[1].count);
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < t[k].count; i++) {
            all->at[all->count] = chart_height(h, t[k].at[i]);
            all->text[all->count++] = t[k].text[i];
        }
}

Heights chart_heights(const Figure *f, const Chart *c, bool *any) {
    Reach *all = TAKE(f->arena, Reach, c->curves * c->points + 2), part[2];
    const size_t count = reaches(c, all), most = c->from_zero ? 3 : 6;
    double low, high;
    bool few_above;
    Heights h = {.broken = false};
    *any = chart_range(c, &low, &high);
    if (figure_is(f, "dumb") || !part_ways(all, count, part, &few_above)) {
        h.ticks = figure_ticks_between(f->arena, low, high, most);
        return h;
    }
    const double below = few_above ? OF_MANY : 1.0 - OF_MANY - OF_NOBODY;
    h.broken = true;
    h.from[0] = 0.0, h.to[0] = below;
    h.from[1] = below + OF_NOBODY, h.to[1] = 1.0;
    join(f->arena, &h, part,
         few_above ? (const size_t[]){most - 1, 1} : (const size_t[]){1, most - 1});
    return h;
}

/* Both parts end where others begin: the many keep their labels, the few from the far end on. */
void chart_part_labels(const Figure *f, Heights *h, double tall) {
    const double line = 1.15 * FIGURE_SMALL / 72.0;
    FigureTicks *t = &h->ticks;
    bool *kept = ZERO(f->arena, bool, t->count + 1);
    const bool above = h->to[0] >= 0.5; /* the few are */
    for (size_t turn = 0; h->broken && turn < 2 * t->count; turn++) {
        const size_t i = above ? turn % t->count : t->count - 1 - turn % t->count,
                     far = above ? t->count - 1 - turn % t->count : turn % t->count;
        const size_t at = turn < t->count ? i : far;
        const bool few = above ? t->at[at] >= h->from[1] : t->at[at] <= h->to[0];
        bool room = true;
        if (few == (turn < t->count)) continue;
        for (size_t k = 0; k < t->count; k++)
            room &= !kept[k] || fabs(t->at[k] - t->at[at]) * tall >= line;
        kept[at] = room;
    }
    for (size_t k = 0; h->broken && k < t->count; k++)
        if (!kept[k]) t->text[k] = "";
}
