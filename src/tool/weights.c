/* What normalizers learned, as figures: their parameters read as weights of choices, their
 * maps as the group of each channel. */
#include "tool.h"

#include <math.h>
#include <string.h>

enum { MOST_WEIGHTS = 64, MOST_LAYERS = 4, MOST_GROUPS = 256 };

/* ---- numbers as weights ---------------------------------------------------------- */

/* One choice of one parameter of one series; or, of a choice made for every channel, how
 * decided it is. */
typedef struct Weight {
    const Learned *of, *slope; /* the second of a line alone */
    size_t choice;
    bool largest;
} Weight;

/* The elements of one layer after one epoch; *count without what longer layers have. */
static const double *elements(const Grid *g, const Learned *l, size_t point, size_t seed,
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

static size_t largest_of(const double *logit, size_t K) {
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
        return softmax_at(v, K, w->largest ? largest_of(v, K) : w->choice);
    return w->choice == 0 ? first : 1.0 - first;
}

/* Mean over the layer's elements (gates of channels); NaN: the layer has no such. */
static double weight_at(const Grid *g, const Weight *w, size_t point, size_t seed,
                        size_t layer, size_t row) {
    const Learned *l = w->of;
    const size_t at = l->points > 1 ? point : 0;
    size_t count, used = 0, slopes = 0;
    const double *v = elements(g, l, at, seed, layer, row, &count);
    const double *slope =
        w->slope ? elements(g, w->slope, at, seed, layer, row, &slopes) : NULL;
    const double more = slopes ? *slope * g->along[point] : 0.0;
    const size_t K = l->reading == NORM_SOFTMAX ? (size_t)l->choices_of[layer] : 1;
    double sum = 0.0;
    if (l->reading == NORM_SOFTMAX && w->choice >= K) return (double)NAN;
    for (size_t i = 0; K > 0 && i + K <= count; i += K, used++)
        sum += read_weight(w, v + i, more, K);
    return used ? sum / (double)used : (double)NAN;
}

/* Each channel has a choice of its own. */
static bool is_assignment(const Learned *l) {
    return l->reading == NORM_SOFTMAX && l->count > l->choices;
}

static bool begins(const char *name, const char *about) {
    return about == NULL || strncmp(name, about, strlen(about)) == 0;
}

/* "offset" has "slope" beside it, and "part1.offset" "part1.slope". */
static const Learned *slope_of(const Grid *g, const Learned *l) {
    const char *dot = strrchr(l->name, '.');
    const size_t before = dot ? (size_t)(dot + 1 - l->name) : 0;
    for (size_t i = 0; l->reading == NORM_LINE && i < g->learned_count; i++)
        if (g->learned[i].series == l->series &&
            strncmp(g->learned[i].name, l->name, before) == 0 &&
            strcmp(g->learned[i].name + before, "slope") == 0)
            return &g->learned[i];
    return NULL;
}

static size_t weights_of(Weight weight[MOST_WEIGHTS], const Grid *g, const char *about) {
    size_t count = 0;
    for (size_t i = 0; i < g->learned_count; i++) {
        const Learned *l = &g->learned[i];
        const bool one = is_assignment(l) || (l->choices == 2 && about == NULL);
        const size_t choices = one ? 1 : l->choices;
        for (size_t k = 0; k < choices && count < MOST_WEIGHTS; k++)
            if (l->reading != NORM_NUMBER && begins(l->choice[k], about))
                weight[count++] = (Weight){l, slope_of(g, l), k, is_assignment(l)};
    }
    return count;
}

/* "weight of batch (mean_logit)" */
static const char *weight_title(Arena *arena, const Weight *w) {
    const Learned *l = w->of;
    if (w->largest) return text_print(arena, "largest weight (%s)", l->name);
    return text_print(arena, "weight of %s (%s)", l->choice[w->choice], l->name);
}

/* ---- texts for gnuplot ----------------------------------------------------------- */

/* One more of the words that gnuplot's word() takes apart. */
static void add_word(Text *words, const char *text, bool tex) {
    text_add(words, "%s\"%s\"", words->length ? " " : "",
             *text ? figure_label(words->arena, text, tex) : " ");
}

static const char *number_or_nan(Arena *arena, double value) {
    return isfinite(value) ? text_print(arena, "%.9g", value) : "NaN";
}

static void add_block(Text *out, const char *header) {
    text_add(out, "%s\"%s\"\n", out->length ? "\n\n" : "", header);
}

/* A column of panels for each point, or one where every run serves all points. */
static size_t panel_columns(const Grid *g, const Weight *weight, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (weight[i].of->points > 1) return g->points;
    return 1;
}

static const char *column_words(Arena *arena, const Grid *g, size_t columns, bool tex) {
    Text words = text_new(arena);
    for (size_t j = 0; j < columns; j++)
        add_word(&words,
                 columns == 1 ? ""
                 : j == 0     ? text_print(arena, "%s %s", g->along_label,
                                           text_number(arena, g->along[j]))
                              : text_number(arena, g->along[j]),
                 tex);
    return words.data;
}

/* ---- weights over epochs --------------------------------------------------------- */

static void add_curve(Text *out, const Grid *g, const Weight *w, size_t point,
                      size_t layer) {
    double *over = TAKE(out->arena, double, g->seeds);
    add_block(out, "");
    for (size_t r = 0; r < w->of->rows; r++) {
        for (size_t k = 0; k < g->seeds; k++)
            over[k] = weight_at(g, w, point, k, layer, r);
        text_add(out, "%.17g %s\n", w->of->epoch[r],
                 number_or_nan(out->arena, interval_of(over, g->seeds).mean));
    }
}

/* layers.gp: series and titles of the rows, titles of the columns, names of the layers,
 * foot. */
bool figure_layers(Arena *arena, Figure *figure, const Grid *g, const char *about,
                   bool tex) {
    Weight weight[MOST_WEIGHTS];
    const size_t count = weights_of(weight, g, about);
    if (count == 0) return false;
    const size_t columns = panel_columns(g, weight, count), layers = weight[0].of->layers;
    Text out = text_new(arena), series = text_new(arena), rows = text_new(arena),
         names = text_new(arena);
    for (size_t i = 0; i < count; i++) {
        add_word(&series, g->name[weight[i].of->series], tex);
        add_word(&rows, weight_title(arena, &weight[i]), tex);
        for (size_t j = 0; j < columns; j++)
            for (size_t l = 0; l < layers; l++)
                add_curve(&out, g, &weight[i], j, l < weight[i].of->layers ? l : 0);
    }
    for (size_t l = 0; l < layers; l++) add_word(&names, weight[0].of->layer[l], tex);
    const char *what = text_print(arena, "mean over channels and %zu seeds", g->seeds);
    figure->columns = out.data;
    figure->word[0] = series.data;
    figure->word[1] = rows.data;
    figure->word[2] = column_words(arena, g, columns, tex);
    figure->word[3] = names.data;
    figure->word[4] = plot_foot(arena, g, what, tex);
    figure->description = plot_description(arena, g, what);
    return true;
}

/* ---- weights over points --------------------------------------------------------- */

/* Mean over layers after the last epoch, of one seed. */
static double last_weight(const Grid *g, const Weight *w, size_t point, size_t seed) {
    double sum = 0.0;
    size_t used = 0;
    for (size_t l = 0; l < w->of->layers; l++) {
        double value = weight_at(g, w, point, seed, l, w->of->rows - 1);
        if (isnan(value)) continue;
        sum += value;
        used++;
    }
    return used ? sum / (double)used : (double)NAN;
}

static void add_points(Text *out, const Grid *g, const Weight *w) {
    double *over = TAKE(out->arena, double, g->seeds);
    for (size_t j = 0; j < g->points; j++) {
        for (size_t k = 0; k < g->seeds; k++) over[k] = last_weight(g, w, j, k);
        const Interval i = interval_of(over, g->seeds);
        const double half = isnan(i.half) ? 0.0 : i.half;
        text_add(out, "%.17g %s %s %s\n", g->along[j], number_or_nan(out->arena, i.mean),
                 number_or_nan(out->arena, i.mean - half),
                 number_or_nan(out->arena, i.mean + half));
    }
}

/* plot.gp, with the weights where the error was. */
bool figure_weights(Arena *arena, Figure *figure, const Grid *g, const char *about,
                    bool tex) {
    Weight weight[MOST_WEIGHTS];
    size_t series[MOST_WEIGHTS];
    const size_t count = weights_of(weight, g, about);
    if (count == 0) return false;
    Text out = text_new(arena), same = text_new(arena);
    for (size_t i = 0; i < count; i++) {
        series[i] = weight[i].of->series;
        const char *title = text_print(arena, "%s: %s", g->name[series[i]],
                                       weight_title(arena, &weight[i]));
        add_block(&out, figure_label(arena, title, tex));
        add_points(&out, g, &weight[i]);
        text_add(&same, "%s%d", i ? " " : "", g->same[series[i]] > 0);
    }
    const char *what =
        text_print(arena, "after the last epoch, mean over layers%s, %zu seeds",
                   g->seeds > 2 ? " and 95 % interval" : "", g->seeds);
    figure->columns = out.data;
    figure->word[0] = "learned weight";
    figure->word[1] = plot_styles(arena, g, series, count);
    figure->word[2] = same.data;
    figure->word[3] = figure_label(arena, g->along_label, tex);
    figure->word[4] = plot_foot(arena, g, what, tex);
    figure->description = plot_description(arena, g, what);
    return true;
}

/* ---- maps ------------------------------------------------------------------------ */

/* The group of channel c, from 1; 0: there is no such channel or run. */
static size_t group_at(const Grid *g, const Learned *l, size_t layer, size_t row,
                       size_t c) {
    size_t count;
    const double *v = elements(g, l, 0, 0, layer, row, &count);
    const size_t K = is_assignment(l) ? (size_t)l->choices_of[layer] : 1;
    if (K == 0 || (c + 1) * K > count) return 0;
    return 1 + (is_assignment(l) ? largest_of(v + c * K, K)
                                 : (size_t)fmin(fabs(v[c]), MOST_GROUPS));
}

/* A row stands for the time around its epoch: halfway to its neighbours. */
static double begin_of(const Learned *l, size_t row) {
    if (row == 0) return l->epoch[0] - 0.5;
    if (row == l->rows) return l->epoch[row - 1] + 0.5;
    return (l->epoch[row - 1] + l->epoch[row]) / 2.0;
}

/* Groups of one layer as a figure has them. */
typedef struct Map {
    size_t rows, channels, most; /* most: the largest number of a group */
    size_t *group; /* [rows, channels] from 1; 0: the run did not get there */
} Map;

/* Names of groups mean nothing, so those of a row are renamed to those of the next one with
 * which they share most, largest first: what is left of changes are channels that moved. */
static void rename_groups(Arena *scratch, const Map *map, size_t row) {
    const size_t M = map->most + 1, C = map->channels;
    size_t *shared = ZERO(scratch, size_t, M * M), *name = ZERO(scratch, size_t, M);
    bool *taken = ZERO(scratch, bool, M);
    size_t *here = map->group + row * C, *next = here + C;
    for (size_t c = 0; c < C; c++) shared[here[c] * M + next[c]]++;
    for (size_t done = 1; done < M; done++) {
        size_t from = 0, to = 0;
        for (size_t a = 1; a < M; a++)
            for (size_t b = 1; b < M; b++)
                if (name[a] == 0 && !taken[b] &&
                    (from == 0 || shared[a * M + b] > shared[from * M + to]))
                    from = a, to = b;
        name[from] = to;
        taken[to] = true;
    }
    for (size_t c = 0; c < C; c++) here[c] = name[here[c]];
}

static Map map_of(Arena *arena, const Grid *g, const Learned *l, size_t layer) {
    Map map = {.rows = l->rows};
    while (group_at(g, l, layer, 0, map.channels)) map.channels++;
    map.group = TAKE(arena, size_t, map.rows * map.channels);
    for (size_t r = 0; r < map.rows; r++)
        for (size_t c = 0; c < map.channels; c++) {
            const size_t group = group_at(g, l, layer, r, c);
            map.group[r * map.channels + c] = group;
            if (group > map.most) map.most = group;
        }
    for (size_t r = map.rows - 1; l->map && r-- > 0;) rename_groups(arena, &map, r);
    return map;
}

/* Channels that end in one group stand together. */
static const size_t *by_last_group(Arena *arena, const Map *map) {
    const size_t *last = map->group + (map->rows - 1) * map->channels;
    size_t *order = TAKE(arena, size_t, map->channels);
    for (size_t c = 0; c < map->channels; c++) {
        size_t at = c;
        for (; at > 0 && last[order[at - 1]] > last[c]; at--) order[at] = order[at - 1];
        order[at] = c;
    }
    return order;
}

/* from to place group: one rectangle as long as the group stays. */
static void add_map(Text *out, const Grid *g, const Learned *l, size_t layer) {
    const Map map = map_of(out->arena, g, l, layer);
    const size_t *order = by_last_group(out->arena, &map);
    bool any = false;
    add_block(out, "");
    for (size_t i = 0; i < map.channels; i++)
        for (size_t r = 0, from = 0; r < map.rows; r++) {
            const size_t *group = map.group + r * map.channels + order[i];
            if (r + 1 < map.rows && group[map.channels] == *group) continue;
            if (*group > 0) {
                text_add(out, "%.17g %.17g %zu %zu\n", begin_of(l, from),
                         begin_of(l, r + 1), i, *group);
                any = true;
            }
            from = r + 1;
        }
    if (!any) text_add(out, "0 0 0 NaN\n");
}

static size_t spread_layer(const Learned *l, size_t shown, size_t i) {
    return shown > 1 ? i * (l->layers - 1) / (shown - 1) : 0;
}

/* maps.gp: titles of the rows, of the columns, label of the abscissa, of the ordinate,
 * foot. */
bool figure_maps(Arena *arena, Figure *figure, const Grid *g, const char *about,
                 bool tex) {
    Text out = text_new(arena), rows = text_new(arena), names = text_new(arena);
    const Learned *first = NULL;
    (void)about;
    for (size_t i = 0; i < g->learned_count; i++) {
        const Learned *l = &g->learned[i];
        if (!l->map && !is_assignment(l)) continue;
        if (first == NULL) first = l;
        if (l->layers != first->layers) continue;
        const size_t shown = l->layers < MOST_LAYERS ? l->layers : MOST_LAYERS;
        add_word(&rows, text_print(arena, "%s (%s)", g->name[l->series], l->name), tex);
        for (size_t k = 0; k < shown; k++) {
            const size_t layer = spread_layer(l, shown, k);
            add_map(&out, g, l, layer);
            if (l == first) add_word(&names, l->layer[layer], tex);
        }
    }
    if (first == NULL) return false;
    const char *what =
        text_print(arena, "groups, seed %s, %s %s", text_number(arena, g->seed[0]),
                   g->along_label, text_number(arena, g->along[0]));
    figure->columns = out.data;
    figure->word[0] = rows.data;
    figure->word[1] = names.data;
    figure->word[2] = "epoch";
    figure->word[3] = "channels by last group";
    figure->word[4] = plot_foot(arena, g, what, tex);
    figure->description = plot_description(arena, g, what);
    return true;
}
