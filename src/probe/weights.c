/* How long weights are and how far they turn. What a normalizer sees of a layer it divides by its
 * deviation, so that of a weight in front of it the direction alone counts. Decay shortens such a
 * weight, steps across it lengthen it, and where both are level it turns at each step by
 *     sqrt(2 rate decay / (1 + momentum)),
 * whatever the loss (Wan et al. 2021; Kosson et al. 2024). The filters of a cell turn together: one
 * each for batch normalization, a group's for group normalization, all for layer normalization. */
#include "probe.h"
#include "sum.h"

#include <math.h>

enum { LENGTH, ANGLE, EXPECTED, RATE };

static const ProbeField FIELDS[] = {
    [LENGTH] = {.name = "length",
                .says = "norm of a layer's weight",
                .over = PROBE_WEIGHTS},
    [ANGLE] = {.name = "angle",
               .says =
                   "by which it turns in a step: root mean square over the steps since "
                   "the row before, and over the filters that share a cell of the "
                   "normalizer behind; of the whole weight where there is none",
               .unit = "rad",
               .over = PROBE_WEIGHTS},
    [EXPECTED] = {.name = "expected",
                  .says =
                      "the same at equilibrium, at the rate of the step that comes; NaN "
                      "where no normalizer takes the weight's length away, and of other "
                      "optimizers than sgd",
                  .unit = "rad",
                  .over = PROBE_WEIGHTS},
    [RATE] = {.name = "effective_rate",
              .says = "the rate of the step that comes / length^2",
              .over = PROBE_WEIGHTS},
    {.name = NULL}};

/* ---- filters of one cell ------------------------------------------------------------ */

/* Whose sets of channels are the weight's filters that only their direction counts of; NULL: its
 * length counts, or which filters are together changes. */
static const Partition *cells_behind(Arena *arena, const Net *net,
                                     const NetParam *weight) {
    if (weight->before_norm == 0 || weight->weighed) return NULL;
    const NetNorm *behind = &net->norm[weight->before_norm - 1];
    for (size_t i = 0; i < behind->norm->states; i++)
        if (behind->norm->state[i].adapted) return NULL;
    if (!norm_takes_moments(behind->norm) || behind->sees.C != weight->shape.size[0])
        return NULL;
    return norm_partition(arena, behind->norm, shape_lattice(behind->shape), NORM_TRAIN,
                          NULL);
}

/* The whole of a weight [channels, each]. */
static Partition undivided(Arena *arena, size_t channels) {
    size_t *member = TAKE(arena, size_t, channels), *start = TAKE(arena, size_t, 2);
    for (size_t c = 0; c < channels; c++) member[c] = c;
    start[0] = 0, start[1] = channels;
    return (Partition){
        .C = channels, .channel_cells = 1, .member = member, .start = start};
}

static double length_of(const double *w, size_t each, const size_t *member,
                        size_t members) {
    double squares = 0.0;
    for (size_t i = 0; i < members; i++)
        squares += sum_product(w + member[i] * each, w + member[i] * each, each);
    return sqrt(squares);
}

/* Of 0 <= s <= 1, to 8 of its last places: angles are halved, sin(a/2) = sin a / sqrt(2 (1 +
 * cos a)), until Taylor's series has few terms; the first that is left out is below 2^-70. */
static double arcsine(double s) {
    static const double TERMS[] = {1.0 / 6,     3.0 / 40,      5.0 / 112,    35.0 / 1152,
                                   63.0 / 2816, 231.0 / 13312, 143.0 / 10240};
    double times = 1.0;
    for (; s > 1.0 / 16; times *= 2.0)
        s /= sqrt(2.0 * (1.0 + sqrt((1.0 - s) * (1.0 + s))));
    double sum = 0.0;
    for (size_t i = COUNT_OF(TERMS); i-- > 0;) sum = (sum + TERMS[i]) * s * s;
    return times * (s + s * sum);
}

/* Between two directions: their chord has all the digits of a small angle. */
static double angle_between(const double *a, const double *b, size_t each,
                            const size_t *member, size_t members) {
    const double of_a = length_of(a, each, member, members),
                 of_b = length_of(b, each, member, members);
    double squares = 0.0;
    for (size_t i = 0; i < members; i++) {
        const double *from = a + member[i] * each, *to = b + member[i] * each;
        TreeSum tree;
        tree_clear(&tree);
        TREE_SUM(&tree, each, k,
                 (to[k] / of_b - from[k] / of_a) * (to[k] / of_b - from[k] / of_a));
        squares += tree_total(&tree);
    }
    return 2.0 * arcsine(fmin(sqrt(squares) / 2.0, 1.0));
}

/* Mean over the cells of the square of that angle. */
static double turned(const Net *net, const NetParam *weight, const double *before,
                     const double *after) {
    Arena *own = arena_new();
    const size_t channels = weight->shape.size[0], each = weight->count / channels;
    const Partition whole = undivided(own, channels),
                    *behind = cells_behind(own, net, weight),
                    *cells = behind ? behind : &whole;
    double squares = 0.0;
    for (size_t s = 0; s < cells->channel_cells; s++) {
        const double angle = angle_between(
            before + weight->offset, after + weight->offset, each,
            cells->member + cells->start[s], cells->start[s + 1] - cells->start[s]);
        squares += angle * angle;
    }
    squares /= (double)cells->channel_cells;
    arena_free(own);
    return squares;
}

/* ---- over the steps ----------------------------------------------------------------- */

/* Sums of squares of each parameter's angles (of layers' weights), and how many steps. */
static size_t keeps(const Net *net) {
    return net->params + 1;
}

static void moved(const Net *net, double *kept, const double *before,
                  const double *after) {
    for (size_t i = 0; i < net->params; i++)
        if (probe_is_layer(&net->param[i]))
            kept[i] += turned(net, &net->param[i], before, after);
    kept[net->params] += 1.0;
}

//> equilibrium
/* sqrt(2 rate decay / (1 + momentum)). (PR-2) */
static double expected(const Config *c, double rate) {
    if (c->optimizer.kind != OPTIMIZER_SGD) return (double)NAN;
    return sqrt(2.0 * rate * c->decay / (1.0 + c->momentum));
}
//< equilibrium

static void see(const ProbeSeen *seen, double *kept, Arena *arena, double *const *to) {
    const Net *net = seen->net;
    const double rate = probe_rate(seen), steps = kept[net->params];
    for (size_t i = 0; i < seen->layers; i++) {
        const NetParam *weight = seen->weight[i];
        const double *w = seen->weights + weight->offset;
        to[LENGTH][i] = vector_length(w, weight->count);
        to[RATE][i] = rate / sum_product(w, w, weight->count);
        if (steps > 0.0) to[ANGLE][i] = sqrt(kept[weight - net->param] / steps);
        if (weight->decayed && cells_behind(arena, net, weight))
            to[EXPECTED][i] = expected(seen->config, rate);
    }
    vector_zero(kept, net->params + 1);
}

/* ---- what the rows come to ---------------------------------------------------------- */

enum { RATIO, RATIO_LEAST, RATIO_MOST };

static const ProbeNumber NUMBERS[] = {
    [RATIO] = {.name = "ratio",
               .says = "angle / expected, both root mean squares over the last rows that "
                       "have 1,000 steps (or all), of the weights that have both"},
    [RATIO_LEAST] = {.name = "ratio_least", .says = "the least of a weight"},
    [RATIO_MOST] = {.name = "ratio_most", .says = "the most"},
    {.name = NULL}};

enum { LAST_STEPS = 1000 };

/* The first of the last rows whose steps are that many, or 1: row 0 has none behind it. */
static size_t first_row(const ProbeRows *rows) {
    size_t from = rows->rows - 1;
    while (from > 1 &&
           rows->step[rows->rows - 1] - rows->step[from - 1] < (double)LAST_STEPS)
        from--;
    return from;
}

static void sum_up(const ProbeRows *rows, Arena *arena, double *number) {
    size_t layers, there = 0;
    const double *angle = probe_values(rows, arena, "angle", &layers),
                 *level = probe_values(rows, arena, "expected", NULL);
    double squares = 0.0;
    if (rows->rows < 2) return;
    for (size_t i = 0; i < layers; i++) {
        double is = 0.0, should = 0.0;
        for (size_t r = first_row(rows); r < rows->rows; r++) {
            const double steps = rows->step[r] - rows->step[r - 1],
                         a = angle[r * layers + i], e = level[r * layers + i];
            is += steps * a * a, should += steps * e * e;
        }
        const double square = is / should;
        if (!isfinite(square)) continue;
        squares += square, there++;
        number[RATIO_LEAST] = fmin(number[RATIO_LEAST], sqrt(square));
        number[RATIO_MOST] = fmax(number[RATIO_MOST], sqrt(square));
    }
    if (there > 0) number[RATIO] = sqrt(squares / (double)there);
}

const ProbeKind probe_weights = {
    .name = "weights",
    .title = "length of weights and their angle per step, beside that of equilibrium",
    .source = "Wan et al. 2021; Kosson et al. 2024",
    .fields = FIELDS,
    .numbers = NUMBERS,
    .see = see,
    .keeps = keeps,
    .moved = moved,
    .sum_up = sum_up};
