/* What normalizers adapted as maps: the group of each channel over epochs. */
#include "choices.h"

#include <math.h>

enum { MOST_LAYERS = 4, MOST_GROUPS = 256 };

/* The group of channel c, from 1; 0: there is no such channel or run. */
static size_t group_at(const Grid *g, const Learned *l, size_t layer, size_t row,
                       size_t c) {
    size_t count;
    const double *v = choice_elements(g, l, 0, 0, layer, row, &count);
    const size_t K = choice_is_channels(l) ? (size_t)l->choices_of[layer] : 1;
    if (K == 0 || (c + 1) * K > count) return 0;
    return 1 + (choice_is_channels(l) ? choice_largest(v + c * K, K)
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
    for (size_t i = 0; i < g->learned_count && count < CHOICES_MOST; i++) {
        const Learned *l = &g->learned[i];
        if ((l->map || choice_is_channels(l)) &&
            (count == 0 || l->layers == map[0]->layers))
            map[count++] = l;
    }
    return count;
}

/* Numbers of channels beside a panel. Returns their step. */
static double put_channels(Figure *f, const Panels *p, size_t i, size_t channels) {
    FigureTicks y =
        figure_ticks_between(f->arena, 0.0, (double)(channels ? channels : 1), 4);
    while (y.count > 1 && y.at[y.count - 1] >= (double)channels) y.count--;
    y.low = -0.5, y.high = (double)(channels ? channels : 1) - 0.5;
    figure_y_ticks(f, &y, figure_panel_y(p, i) + p->tall, figure_panel_y(p, i),
                   figure_panel_x(p, i));
    return y.count > 1 ? y.at[1] - y.at[0] : 1.0;
}

/* maps.gp: blocks panel by panel. */
bool study_maps(Figure *f, const Grid *g, const char *about) {
    const Learned *map[CHOICES_MOST];
    const size_t count = maps_of(g, map);
    double last = 0.0;
    (void)about;
    if (count == 0) return false;
    const size_t layers = map[0]->layers,
                 shown =
                     figure_fitting(f, layers < MOST_LAYERS ? layers : MOST_LAYERS, 1.1);
    Panels p = {.across = shown,
                .count = count * shown,
                .left = 0.66,
                .tall = 1.1,
                .step_x = (f->width - 0.5) / (double)shown,
                .step_y = 1.42};
    p.wide = p.step_x - 0.36;
    size_t lines = 1;
    for (size_t k = 0; k < shown; k++) {
        const char *layer = map[0]->layer[figure_spread(layers, shown, k)];
        const size_t own = figure_panel_title(f, NULL, k, 0, p.step_x - 0.1, "", layer);
        lines = own > lines ? own : lines;
    }
    p.top = 0.3 + FIGURE_PANEL_TITLE * (double)lines;
    double *channels = TAKE(f->arena, double, p.count),
           *steps = TAKE(f->arena, double, p.count);
    for (size_t i = 0; i < count; i++) {
        const Learned *l = map[i];
        last = fmax(last, l->epoch[l->rows - 1]);
        figure_panel_title(f, &p, i * shown, 0, f->width - p.left - 0.1, "left",
                           text_print(f->arena, "%s (%s)", g->name[l->series], l->name));
        for (size_t k = 0; k < shown; k++) {
            const size_t at = i * shown + k,
                         c = add_map(f, g, l, figure_spread(layers, shown, k));
            channels[at] = (double)(c ? c : 1);
            steps[at] = put_channels(f, &p, at, c);
        }
    }
    for (size_t k = 0; k < shown; k++)
        figure_panel_title(f, &p, k, 1, p.step_x - 0.1, FIGURE_GREY,
                           map[0]->layer[figure_spread(layers, shown, k)]);
    figure_panel_epochs(f, &p, -0.5, last + 0.5);
    f->x_label = "epoch", f->y_label = "channels by last group";
    figure_panels(f, &p,
                  study_foot(f->arena, g,
                             text_print(f->arena, "groups, seed %s, %s %s",
                                        text_number(f->arena, g->seed[0]), g->along_label,
                                        g->along_text[0])));
    figure_numbers(f, "channels", channels, p.count);
    figure_numbers(f, "steps", steps, p.count);
    figure_panel_alone(f, 1, p.count,
                       text_print(f->arena, "%s (%s), %s; a number is a group",
                                  g->name[map[0]->series], map[0]->name,
                                  map[0]->layer[0]));
    return true;
}
