/* What normalizers learned, as figures: their parameters read as weights of choices, their
 * maps as the group of each channel. */
#include "figure.h"

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

/* ---- panels ------------------------------------------------------------------------ */

/* A column of panels for each point, or one where every run serves all points. */
static size_t panel_columns(const Grid *g, const Weight *weight, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (weight[i].of->points > 1) return g->points;
    return 1;
}

enum { MOST_COLUMNS = 6 };

/* As many of `most` panels as stand side by side, each so wide with what is beside it. */
static size_t fitting(const Figure *f, size_t most, double wide) {
    size_t count = most;
    while (count > 1 && (f->width - 0.6) / (double)count < wide) count--;
    return count;
}

/* Some of many, the first and the last among them. */
static size_t spread(size_t all, size_t shown, size_t i) {
    return shown > 1 ? i * (all - 1) / (shown - 1) : 0;
}

/* ---- weights over epochs --------------------------------------------------------- */

static void add_curve(Figure *f, const Grid *g, const Weight *w, size_t point,
                      size_t layer) {
    double *over = TAKE(f->arena, double, g->seeds);
    for (size_t r = 0; r < w->of->rows; r++) {
        for (size_t k = 0; k < g->seeds; k++)
            over[k] = weight_at(g, w, point, k, layer, r);
        figure_row(f, (const double[]){w->of->epoch[r], interval_of(over, g->seeds).mean},
                   2);
    }
    figure_block_end(f);
}

static double last_epoch(const Weight *weight, size_t count) {
    double last = 0.0;
    for (size_t i = 0; i < count; i++)
        last = fmax(last, weight[i].of->epoch[weight[i].of->rows - 1]);
    return last;
}

/* What stands above the panels of weights, and how many lines that takes. */
typedef struct Titles {
    const char **weight, **column;
    size_t weights, columns, lines, column_lines;
} Titles;

static Titles titles_of(const Figure *f, const Grid *g, const Weight *weight,
                        size_t count, size_t columns) {
    Titles t = {TAKE(f->arena, const char *, count),
                TAKE(f->arena, const char *, columns),
                count,
                columns,
                0,
                0};
    for (size_t i = 0; i < count; i++)
        t.weight[i] = text_print(f->arena, "%s: %s", g->name[weight[i].of->series],
                                 weight_title(f->arena, &weight[i]));
    for (size_t c = 0; c < columns && columns > 1; c++) {
        const char *at = g->along_text[spread(g->points, columns, c)];
        t.column[c] = c ? at : text_print(f->arena, "%s %s", g->along_label, at);
    }
    return t;
}

static const char GREY[] = "left textcolor rgb '#555555'";

/* Over one panel in a grid, or over all panels of a row. */
static double title_room(const Figure *f, const Panels *p, const Titles *t) {
    return t->columns > 1 ? f->width - p->left - 0.1 : p->wide;
}

/* A panel for each weight and point; where all points are one run, panels in a grid. */
static Panels layer_panels(Figure *f, Titles *t, double top) {
    Panels p = {.across = t->columns,
                .count = t->weights * t->columns,
                .left = 0.66,
                .tall = 0.78};
    if (t->columns == 1) p.across = fitting(f, t->weights < 3 ? t->weights : 3, 1.3);
    p.step_x = (f->width - p.left) / (double)p.across;
    p.wide = p.step_x - 0.2;
    for (size_t i = 0; i < t->weights; i++) {
        const size_t lines =
            panel_title(f, NULL, i, 0, title_room(f, &p, t), "", t->weight[i]);
        t->lines = lines > t->lines ? lines : t->lines;
    }
    for (size_t c = 0; c < t->columns && t->columns > 1; c++) {
        const size_t lines = panel_title(f, NULL, c, 0, p.wide, "", t->column[c]);
        t->column_lines = lines > t->column_lines ? lines : t->column_lines;
    }
    p.step_y = 0.96 + PANEL_TITLE * (double)t->lines;
    p.top = top + 0.18 + PANEL_TITLE * (double)(t->lines + t->column_lines);
    return p;
}

static void put_titles(Figure *f, const Panels *p, const Titles *t) {
    const double room = title_room(f, p, t);
    for (size_t i = 0; i < t->weights; i++)
        panel_title(f, p, i * t->columns, 0, room, "left", t->weight[i]);
    for (size_t c = 0; c < t->columns && t->columns > 1; c++)
        panel_title(f, p, c, t->lines, p->wide, GREY, t->column[c]);
}

static void put_weight_axis(Figure *f, const Panels *p) {
    FigureTicks y = ticks_between(f->arena, 0.0, 1.0, 2);
    figure_ticks(f, "y", &y);
    for (size_t i = 0; i < p->count; i += p->across)
        figure_y_ticks(f, &y, panel_y(p, i) + p->tall, panel_y(p, i), panel_x(p, i));
}

/* layers.gp: blocks panel by panel, in each the layers. */
bool figure_layers(Figure *f, const Grid *g, const char *about) {
    Weight weight[MOST_WEIGHTS];
    const size_t count = weights_of(weight, g, about);
    if (count == 0) return false;
    const size_t points = panel_columns(g, weight, count),
                 columns = fitting(f, points < MOST_COLUMNS ? points : MOST_COLUMNS, 0.7),
                 layers = weight[0].of->layers;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < columns; j++)
            for (size_t l = 0; l < layers; l++)
                add_curve(f, g, &weight[i], spread(points, columns, j),
                          l < weight[i].of->layers ? l : 0);
    const double top = figure_legend(f, weight[0].of->layer, layers, 0.1);
    Titles titles = titles_of(f, g, weight, count, columns);
    const Panels p = layer_panels(f, &titles, top);
    put_titles(f, &p, &titles);
    put_epochs(f, &p, 0.0, last_epoch(weight, count));
    put_weight_axis(f, &p);
    f->x_label = "epoch", f->y_label = "weight";
    const char *some = columns < points
                           ? text_print(f->arena, ", %zu of %zu points", columns, points)
                           : "";
    put_panels(f, &p,
               plot_foot(f->arena, g,
                         text_print(f->arena, "mean over channels and %zu seed%s%s",
                                    g->seeds, g->seeds == 1 ? "" : "s", some)));
    figure_number(f, "layers", (double)layers);
    figure_text(f, "title",
                text_print(f->arena, "%s: %s", g->name[weight[0].of->series],
                           weight_title(f->arena, &weight[0])));
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

/* A chart of weights where the error was. */
bool figure_weights(Figure *f, const Grid *g, const char *about) {
    Arena *arena = f->arena;
    Weight weight[MOST_WEIGHTS];
    size_t series[MOST_WEIGHTS];
    const char *name[MOST_WEIGHTS];
    const size_t count = weights_of(weight, g, about);
    if (count == 0) return false;
    Interval *value = TAKE(arena, Interval, count * g->points);
    double *over = TAKE(arena, double, g->seeds);
    for (size_t i = 0; i < count; i++) {
        series[i] = weight[i].of->series;
        name[i] = text_print(arena, "%s: %s", g->name[series[i]],
                             weight_title(arena, &weight[i]));
        for (size_t j = 0; j < g->points; j++) {
            for (size_t k = 0; k < g->seeds; k++)
                over[k] = last_weight(g, &weight[i], j, k);
            value[i * g->points + j] = interval_of(over, g->seeds);
        }
    }
    const char *what = text_print(
        arena, "after the last epoch, mean over layers%s, %zu seed%s",
        g->seeds > 2 ? " and 95 % interval" : "", g->seeds, g->seeds == 1 ? "" : "s");
    const Chart chart = {.label = "learned weight",
                         .foot = plot_foot(arena, g, what),
                         .curves = count,
                         .name = name,
                         .scale = 1.0,
                         .most = 1.0};
    return plot_chart(f, g, chart, series, value);
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

/* from to place group: one rectangle as long as the group stays. Returns the channels. */
static size_t add_map(Figure *f, const Grid *g, const Learned *l, size_t layer) {
    const Map map = map_of(f->arena, g, l, layer);
    const size_t *order = by_last_group(f->arena, &map);
    for (size_t i = 0; i < map.channels; i++)
        for (size_t r = 0, from = 0; r < map.rows; r++) {
            const size_t *group = map.group + r * map.channels + order[i];
            if (r + 1 < map.rows && group[map.channels] == *group) continue;
            if (*group > 0)
                figure_row(f,
                           (const double[]){begin_of(l, from), begin_of(l, r + 1),
                                            (double)i, (double)*group},
                           4);
            from = r + 1;
        }
    figure_block_end(f);
    return map.channels;
}

/* Rows of the figure: of the first such table's number of layers. */
static size_t maps_of(const Grid *g, const Learned **map) {
    size_t count = 0;
    for (size_t i = 0; i < g->learned_count && count < MOST_WEIGHTS; i++) {
        const Learned *l = &g->learned[i];
        if ((l->map || is_assignment(l)) && (count == 0 || l->layers == map[0]->layers))
            map[count++] = l;
    }
    return count;
}

/* Numbers of channels beside a panel. Returns their step. */
static double put_channels(Figure *f, const Panels *p, size_t i, size_t channels) {
    FigureTicks y = ticks_between(f->arena, 0.0, (double)(channels ? channels : 1), 4);
    while (y.count > 1 && y.at[y.count - 1] >= (double)channels) y.count--;
    y.low = -0.5, y.high = (double)(channels ? channels : 1) - 0.5;
    figure_y_ticks(f, &y, panel_y(p, i) + p->tall, panel_y(p, i), panel_x(p, i));
    return y.count > 1 ? y.at[1] - y.at[0] : 1.0;
}

/* maps.gp: blocks panel by panel. */
bool figure_maps(Figure *f, const Grid *g, const char *about) {
    const Learned *map[MOST_WEIGHTS];
    const size_t count = maps_of(g, map);
    double last = 0.0;
    (void)about;
    if (count == 0) return false;
    const size_t layers = map[0]->layers,
                 shown = fitting(f, layers < MOST_LAYERS ? layers : MOST_LAYERS, 1.1);
    Panels p = {.across = shown,
                .count = count * shown,
                .left = 0.66,
                .tall = 1.1,
                .step_x = (f->width - 0.5) / (double)shown,
                .step_y = 1.42};
    p.wide = p.step_x - 0.36;
    size_t lines = 1;
    for (size_t k = 0; k < shown; k++) {
        const char *layer = map[0]->layer[spread(layers, shown, k)];
        const size_t own = panel_title(f, NULL, k, 0, p.step_x - 0.1, "", layer);
        lines = own > lines ? own : lines;
    }
    p.top = 0.3 + PANEL_TITLE * (double)lines;
    double *channels = TAKE(f->arena, double, p.count),
           *steps = TAKE(f->arena, double, p.count);
    for (size_t i = 0; i < count; i++) {
        const Learned *l = map[i];
        last = fmax(last, l->epoch[l->rows - 1]);
        panel_title(f, &p, i * shown, 0, f->width - p.left - 0.1, "left",
                    text_print(f->arena, "%s (%s)", g->name[l->series], l->name));
        for (size_t k = 0; k < shown; k++) {
            const size_t at = i * shown + k,
                         c = add_map(f, g, l, spread(layers, shown, k));
            channels[at] = (double)(c ? c : 1);
            steps[at] = put_channels(f, &p, at, c);
        }
    }
    for (size_t k = 0; k < shown; k++)
        panel_title(f, &p, k, 1, p.step_x - 0.1, GREY,
                    map[0]->layer[spread(layers, shown, k)]);
    put_epochs(f, &p, -0.5, last + 0.5);
    f->x_label = "epoch", f->y_label = "channels by last group";
    put_panels(f, &p,
               plot_foot(f->arena, g,
                         text_print(f->arena, "groups, seed %s, %s %s",
                                    text_number(f->arena, g->seed[0]), g->along_label,
                                    g->along_text[0])));
    figure_numbers(f, "channels", channels, p.count);
    figure_numbers(f, "steps", steps, p.count);
    figure_text(f, "title",
                text_print(f->arena, "%s (%s)", g->name[map[0]->series], map[0]->name));
    return true;
}
