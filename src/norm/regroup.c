/* Groups of channels that are alike, found again during training. Before epochs from,
 * from + every, ... up to until, channels are clustered by what has been observed of them,
 * the running mean and the running logarithm of the variance (of the logarithm, so that the
 * scale of a few channels does not decide; both standardized over the channels). The idea is
 * that of Adaptive Group Normalization (an unreviewed draft, Y. Smadar, github.com/YairSmadar/
 * Adaptive_Group_Normalization: features of the first mini-batch, every 20 epochs to 50).
 *     by=kmeans  groups of any size       by=equal   k-means with groups of one size
 *     by=sorted  blocks of ranks of the variance
 *     by=random  the control: any change of members is itself a perturbation
 * The map is state: it goes with checkpoints, and evaluation uses the one that was trained. It
 * begins as the blocks of group(G), and has no gradient. */
#include "arguments.h"
#include "cluster.h"
#include "kind.h"
#include "real.h"

#include <float.h>
#include <math.h>

enum { BY_KMEANS, BY_EQUAL, BY_SORTED, BY_RANDOM };
enum { STATE_MAP, STATE_MEAN, STATE_LOG };

typedef struct Regroup {
    size_t groups, by;
    size_t from, every, until; /* epochs */
    double *start;             /* [C] */
} Regroup;

static bool read_epoch(SpecArguments *arguments, const char *key, size_t *epoch,
                       BaseError *error) {
    const SpecArg *argument = spec_named(arguments, key);
    if (argument == NULL) return true;
    const size_t usual = *epoch;
    if (!spec_count(argument, key, epoch, error)) return false;
    if (*epoch != usual) spec_say(arguments, "%s=%zu", key, *epoch);
    return true;
}

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    static const char *const words[] = {"kmeans", "equal", "sorted", "random", NULL};
    Regroup *r = TAKE(arena, Regroup, 1);
    *r = (Regroup){.from = 1, .every = 2, .until = SIZE_MAX};
    norm->detail = r;
    const SpecArg *groups = spec_positional(arguments);
    const size_t C = norm->channels;
    if (groups == NULL)
        return base_fail(error, EX_USAGE, arguments->spec->at,
                         "regroup needs a number of groups, regroup(8)");
    if (!spec_count(groups, "the number of groups", &r->groups, error)) return false;
    spec_say(arguments, "%zu", r->groups);
    if (!norm_read_choice(arguments, "by", words, &r->by, error) ||
        !read_epoch(arguments, "from", &r->from, error) ||
        !read_epoch(arguments, "every", &r->every, error) ||
        !read_epoch(arguments, "until", &r->until, error))
        return false;
    if (C && (r->groups > C || (r->by != BY_KMEANS && C % r->groups)))
        return base_fail(error, EX_USAGE, groups->value->at,
                         "%zu groups do not divide %zu channels; numbers that do: %s",
                         r->groups, C, divisors_text(arena, C));
    if (C) norm->cell->width = r->by == BY_KMEANS ? 1 : C / r->groups;
    r->start = TAKE(arena, double, C);
    for (size_t c = 0; c < C; c++) r->start[c] = (double)(c * r->groups / C);
    return true;
}

static void declare(Norm *norm) {
    const Regroup *r = norm->detail;
    NormState *map = norm_add_state(norm, "map", NORM_STATE_MAP, norm->channels, 0.0);
    map->adapted = true;
    map->start = r->start;
    norm_add_state(norm, "channel_mean", NORM_STATE_MEAN, norm->channels, 0.0)->adapts =
        true;
    norm_add_state(norm, "channel_log_var", NORM_STATE_LOG_VARIANCE, norm->channels, 0.0)
        ->adapts = true;
}

static const Partition *partition(Arena *arena, const Norm *norm, ShapeLattice x,
                                  const double *const *state) {
    const Regroup *r = norm->detail;
    const double *map = state ? state[STATE_MAP] : r->start;
    size_t *set = TAKE(arena, size_t, x.C);
    for (size_t c = 0; c < x.C; c++) set[c] = (size_t)map[c];
    return partition_map(arena, x, 1, set, r->groups, false);
}

static bool accepts(const Norm *norm, const double *const *state, BaseError *error) {
    const Regroup *r = norm->detail;
    const double *map = state[STATE_MAP];
    for (size_t c = 0; c < norm->channels; c++)
        if (!(map[c] >= 0.0 && map[c] < (double)r->groups && map[c] == floor(map[c])))
            return base_fail(error, EX_DATAERR, 0,
                             "channel %zu is in group %g: 0 to %zu are expected", c,
                             map[c], r->groups - 1);
    for (size_t g = 0; g < r->groups; g++) {
        size_t c = 0;
        while (c < norm->channels && map[c] != (double)g) c++;
        if (c == norm->channels)
            return base_fail(error, EX_DATAERR, 0, "no channel is in group %zu of %zu", g,
                             r->groups);
    }
    return true;
}

static bool is_time(const Regroup *r, size_t epoch) {
    return epoch >= r->from && epoch <= r->until && (epoch - r->from) % r->every == 0;
}

/* Each channel over the batch; NaN, "leave it alone", unless the next epoch asks. */
static void observe(const NormContext *context, ShapeLattice x, const double *mean,
                    const double *variance) {
    double *const *seen = context->observed;
    const bool asked = is_time(context->norm->detail, context->epoch + 1);
    for (size_t c = 0; c < x.C; c++) {
        double first = mean[c], shift = 0.0, spread = 0.0;
        for (size_t n = 0; n < x.N; n++)
            shift += (mean[n * x.C + c] - first) / (double)x.N;
        for (size_t n = 0; n < x.N; n++) {
            const double apart = (mean[n * x.C + c] - first) - shift;
            spread += (variance[n * x.C + c] + apart * apart) / (double)x.N;
        }
        seen[STATE_MAP][c] = (double)NAN;
        seen[STATE_MEAN][c] = asked ? first + shift : (double)NAN;
        seen[STATE_LOG][c] = asked ? real_log(fmax(spread, DBL_MIN)) : (double)NAN;
    }
}

/* To mean 0 and variance 1 over the channels; equal numbers to 0. */
static void standardized(double *out, const double *in, size_t count) {
    double mean = 0.0, square = 0.0;
    for (size_t c = 0; c < count; c++) mean += in[c] / (double)count;
    for (size_t c = 0; c < count; c++)
        square += (in[c] - mean) * (in[c] - mean) / (double)count;
    for (size_t c = 0; c < count; c++)
        out[2 * c] = square > 0.0 ? (in[c] - mean) / sqrt(square) : 0.0;
}

static void find_groups(Arena *scratch, const Norm *norm, size_t *set, Draw draw,
                        double *const *state) {
    const Regroup *r = norm->detail;
    const size_t C = norm->channels;
    double *point = TAKE(scratch, double, 2 * C);
    standardized(point, state[STATE_MEAN], C);
    standardized(point + 1, state[STATE_LOG], C);
    if (r->by == BY_SORTED)
        cluster_sorted(scratch, set, state[STATE_LOG], C, r->groups);
    else if (r->by == BY_RANDOM)
        cluster_random(scratch, set, C, r->groups, draw);
    else
        cluster_means(scratch, set, point, C, r->groups, r->by == BY_EQUAL, draw);
}

/* Of what is not, no groups can be made: the map stays. */
static bool all_finite(const Norm *norm, double *const *state) {
    for (size_t c = 0; c < norm->channels; c++)
        if (!isfinite(state[STATE_MEAN][c]) || !isfinite(state[STATE_LOG][c]))
            return false;
    return true;
}

static bool adapt(const Norm *norm, Draw draw, double *const *state) {
    if (!is_time(norm->detail, (size_t)draw.epoch) || !all_finite(norm, state))
        return false;
    Arena *scratch = arena_new();
    size_t *set = TAKE(scratch, size_t, norm->channels);
    find_groups(scratch, norm, set, draw, state);
    bool changed = false;
    for (size_t c = 0; c < norm->channels; c++) {
        changed = changed || state[STATE_MAP][c] != (double)set[c];
        state[STATE_MAP][c] = (double)set[c];
    }
    arena_free(scratch);
    return changed;
}

const NormKind norm_regroup = {
    .name = "regroup",
    .example = "regroup(2)",
    .usage = "regroup(G, by=kmeans|equal|sorted|random, from=E, every=E, until=E)",
    .title = "groups of channels that are alike",
    .source = "after Smadar, a draft",
    .differs = "the author's code has the unbiased variance in unequal groups",
    .cells = "one sample x the channels of a group x all positions",
    .options = (const char *const[]){"by", "from", "every", "until", NULL},
    .configure = configure,
    .declare = declare,
    .partition = partition,
    .observe = observe,
    .accepts = accepts,
    .adapt = adapt,
    .cell = {{.block = 1, .moments = {NORM_OWN, NORM_OWN}}},
};
