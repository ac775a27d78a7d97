/* Numbers that normalizers learned, read as weights of what they choose from. */
#include "choices.h"

#include <math.h>
#include <string.h>

const double *choice_elements(const Grid *g, const Learned *l, size_t point, size_t seed,
                              size_t layer, size_t row, size_t *count) {
    const size_t width = l->count ? l->count : 1;
    const double *v =
        l->values +
        (((point * g->seeds + seed) * l->layers + layer) * l->rows + row) * width;
    for (*count = 0; *count < width && !isnan(v[*count]);) ++*count;
    return v;
}

/* Softmax weight of one of K logits. */
static double softmax_at(const double *logit, size_t K, size_t choice) {
    double most = logit[0], sum = 0.0;
    for (size_t k = 1; k < K; k++) most = fmax(most, logit[k]);
    for (size_t k = 0; k < K; k++) sum += exp(logit[k] - most);
    return exp(logit[choice] - most) / sum;
}

size_t choice_largest(const double *logit, size_t K) {
    size_t best = 0;
    for (size_t k = 1; k < K; k++) best = logit[k] > logit[best] ? k : best;
    return best;
}

static double sigmoid(double x) {
    return 1.0 / (1.0 + exp(-x));
}

/* `more`: what is added to the number before its sigmoid. */
static double read_weight(const Weight *w, const double *v, double more, size_t K) {
    const double first = w->of->reading == NORM_WEIGHT ? *v : sigmoid(*v + more);
    if (w->of->reading == NORM_SOFTMAX)
        return softmax_at(v, K, w->largest ? choice_largest(v, K) : w->choice);
    return w->choice == 0 ? first : 1.0 - first;
}

double choice_weight(const Grid *g, const Weight *w, size_t point, size_t seed,
                     size_t layer, size_t row) {
    const Learned *l = w->of;
    const size_t at = l->points > 1 ? point : 0;
    size_t count, used = 0, slopes = 0;
    const double *v = choice_elements(g, l, at, seed, layer, row, &count);
    const double *slope =
        w->slope ? choice_elements(g, w->slope, at, seed, layer, row, &slopes) : NULL;
    const double more = slopes ? *slope * g->along[point] : 0.0;
    const size_t K = l->reading == NORM_SOFTMAX ? (size_t)l->choices_of[layer] : 1;
    double sum = 0.0;
    if (l->reading == NORM_SOFTMAX && w->choice >= K) return (double)NAN;
    for (size_t i = 0; K > 0 && i + K <= count; i += K, used++)
        sum += read_weight(w, v + i, more, K);
    return used ? sum / (double)used : (double)NAN;
}

bool choice_is_channels(const Learned *l) {
    return l->reading == NORM_SOFTMAX && l->count > l->choices;
}

static bool begins(const char *name, const char *about) {
    return about == NULL || strncmp(name, about, strlen(about)) == 0;
}

/* Of the same runs, layers and epochs. */
static bool same_sizes(const Learned *a, const Learned *b) {
    return a->series == b->series && a->points == b->points && a->layers == b->layers &&
           a->rows == b->rows;
}

/* "offset" has "slope" beside it, and "part1.offset" "part1.slope". */
static const Learned *slope_of(const Grid *g, const Learned *l) {
    const char *dot = strrchr(l->name, '.');
    const size_t before = dot ? (size_t)(dot + 1 - l->name) : 0;
    for (size_t i = 0; l->reading == NORM_LINE && i < g->learned_count; i++)
        if (same_sizes(&g->learned[i], l) &&
            strncmp(g->learned[i].name, l->name, before) == 0 &&
            strcmp(g->learned[i].name + before, "slope") == 0)
            return &g->learned[i];
    return NULL;
}

size_t choice_weights(Weight weight[CHOICES_MOST], const Grid *g, const char *about) {
    size_t count = 0;
    for (size_t i = 0; i < g->learned_count; i++) {
        const Learned *l = &g->learned[i];
        const bool one = choice_is_channels(l) || (l->choices == 2 && about == NULL);
        const size_t choices = one ? 1 : l->choices;
        for (size_t k = 0; k < choices && count < CHOICES_MOST; k++)
            if (l->reading != NORM_NUMBER && begins(l->choice[k], about))
                weight[count++] = (Weight){l, slope_of(g, l), k, choice_is_channels(l)};
    }
    return count;
}

const char *choice_title(Arena *arena, const Weight *w) {
    const Learned *l = w->of;
    if (w->largest) return text_print(arena, "largest weight (%s)", l->name);
    return text_print(arena, "weight of %s (%s)", l->choice[w->choice], l->name);
}
