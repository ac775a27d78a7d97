/* Training beside dgemm: the network of the bars, and those of the studies. */
#include "parts.h"

#include <math.h>

typedef struct Recipe {
    const char *label, *network;
    double bar; /* parts of dgemm that are asked for; NaN: none */
    size_t batch[3];
} Recipe;

static const Recipe RECIPES[] = {
    {"ResNet-8 x 8", "resnet(depth=8, width=8, stem_stride=2)", NAN, {1, 2, 32}},
    {"ResNet-8 x 16", "resnet(depth=8, width=16, stem_stride=2)", NAN, {1, 2, 32}},
    {"ResNet-20 x 16", "resnet(depth=20, width=16)", 1.5, {2, 8, 32}}};

static const char *const NORM[] = {"batch", "group(8)"};

enum { NORMS = COUNT_OF(NORM), BATCHES = COUNT_OF(RECIPES[0].batch) };

/* Numbers of [threads, case, norm], and their quartiles. */
typedef struct Trained {
    double *rate, *of_dgemm, *dgemm, *flops;
} Trained;

static void scaled(double *to, SpeedQuartiles q, double factor) {
    speed_put(to, (SpeedQuartiles){factor * q.low, factor * q.middle, factor * q.high});
}

/* Samples a second. */
static void put_rate(double *to, const Speed *speed, const SpeedLearned *l) {
    const SpeedQuartiles s = speed_quartiles(speed, l->seconds);
    speed_put(to, (SpeedQuartiles){l->samples / s.high, l->samples / s.middle,
                                   l->samples / s.low});
}

/* Case `i` of a Trained, of `cases`. */
static void train_case(const Speed *speed, const Recipe *recipe, size_t batch,
                       const Trained *to, size_t at, size_t i) {
    const ArenaMark mark = arena_mark(speed->arena);
    SpeedLearner learner[NORMS];
    SpeedLearned found[NORMS];
    say("%s, b = %zu: training, %zu thread%s", recipe->label, batch, speed->threads,
        speed->threads > 1 ? "s" : "");
    for (size_t k = 0; k < NORMS; k++)
        learner[k] =
            (SpeedLearner){recipe->network, "fashion-mini", NORM[k], batch, false};
    const double *gemm = speed_training(speed, found, learner, NORMS);
    const double work = speed_gemm_flops(speed, gemm) * speed_median(speed, gemm);
    to->dgemm[at] = speed_gemm_flops(speed, gemm);
    for (size_t k = 0; k < NORMS; k++) {
        const double samples = found[k].samples;
        put_rate(to->rate + (at * NORMS + k) * QUARTILES, speed, &found[k]);
        scaled(to->of_dgemm + (at * NORMS + k) * QUARTILES,
               speed_ratio(speed, gemm, found[k].seconds),
               found[k].flops * samples / work);
        to->flops[i] = found[k].flops;
    }
    arena_rewind(speed->arena, mark);
}

static void put_recipes(Table *t, const Recipe *recipe, size_t recipes, size_t batches) {
    const size_t cases = recipes * batches;
    const char **label = TAKE(t->arena, const char *, cases),
               **network = TAKE(t->arena, const char *, cases);
    double *batch = TAKE(t->arena, double, cases), *bar = TAKE(t->arena, double, cases);
    for (size_t i = 0; i < cases; i++) {
        const Recipe *of = &recipe[i / batches];
        batch[i] = (double)of->batch[i % batches];
        label[i] = text_print(t->arena, "%s, b = %g", of->label, batch[i]);
        network[i] = of->network, bar[i] = of->bar;
    }
    table_scale_text(t, "case", "a network and its batch", label, cases);
    table_scale_text(t, "norm", "normalizer", NORM, NORMS);
    table_texts(t, "network", "its spec", "case", network);
    table_numbers(t, "batch", "samples of a worker, of 2 a thread", "case", batch);
    table_numbers(t, "bar", "the least part of dgemm that is asked for; NaN: none",
                  "case", bar);
}

void speed_put_training(Store *store, Arena *arena, const Measure *how) {
    size_t counts;
    const double *threads = speed_threads(arena, how, &counts);
    const size_t recipes = how->quick ? 1 : COUNT_OF(RECIPES),
                 batches = how->quick ? 2 : BATCHES, cases = recipes * batches,
                 all = counts * cases;
    const Trained to = {TAKE(arena, double, all *NORMS *QUARTILES),
                        TAKE(arena, double, all *NORMS *QUARTILES),
                        TAKE(arena, double, all), TAKE(arena, double, cases)};
    for (size_t c = 0; c < counts; c++)
        for (size_t i = 0; i < cases; i++) {
            const Recipe *recipe = &RECIPES[i / batches];
            train_case(&(Speed){arena, (size_t)threads[c], how->turns}, recipe,
                       recipe->batch[i % batches], &to, c * cases + i, i);
        }
    Table t = table_new(arena, "/training", "steps of training beside dgemm");
    speed_scales(&t, threads, counts);
    put_recipes(&t, RECIPES, recipes, batches);
    table_numbers(&t, "samples_per_second", "trained", "threads case norm quartile",
                  to.rate);
    table_numbers(&t, "of_dgemm",
                  "operations a second, counted as the direct algorithm's, over dgemm's, "
                  "turn by turn",
                  "threads case norm quartile", to.of_dgemm);
    table_numbers(&t, "flops", "operations of a sample, forward and backward", "case",
                  to.flops);
    table_numbers(&t, "dgemm_flops", "operations a second of dgemm", "threads case",
                  to.dgemm);
    t.plot = "of_dgemm";
    speed_write(store, &t, how, to.of_dgemm, all * NORMS * QUARTILES);
    store_text(store, t.group, "dataset", "fashion-mini");
}

/* ---- combinations beside batch ---------------------------------------------------------- */

static const char *const COMBINED[] = {"batch", "mix(instance, layer, batch)",
                                       "blend(batch, group(8))"};
static const double OF_BATCH = 0.9, AT_BATCH[] = {2, 32};

enum { COMBINATIONS = COUNT_OF(COMBINED) };

/* [COMBINATIONS, QUARTILES] each. */
static void combine(const Speed *speed, const Recipe *recipe, size_t batch, double *rate,
                    double *of_batch) {
    const ArenaMark mark = arena_mark(speed->arena);
    SpeedLearner learner[COMBINATIONS];
    SpeedLearned found[COMBINATIONS];
    say("%s, b = %zu: combinations, %zu threads", recipe->label, batch, speed->threads);
    for (size_t k = 0; k < COMBINATIONS; k++)
        learner[k] =
            (SpeedLearner){recipe->network, "fashion-mini", COMBINED[k], batch, false};
    speed_training(speed, found, learner, COMBINATIONS);
    for (size_t k = 0; k < COMBINATIONS; k++) {
        put_rate(rate + k * QUARTILES, speed, &found[k]);
        speed_put(of_batch + k * QUARTILES,
                  speed_ratio(speed, found[0].seconds, found[k].seconds));
    }
    arena_rewind(speed->arena, mark);
}

void speed_put_combinations(Store *store, Arena *arena, const Measure *how) {
    const Recipe *recipe = &RECIPES[1];
    const size_t batches = how->quick ? 1 : COUNT_OF(AT_BATCH),
                 each = COMBINATIONS * QUARTILES;
    double *rate = TAKE(arena, double, batches *each),
           *of_batch = TAKE(arena, double, batches *each);
    for (size_t i = 0; i < batches; i++)
        combine(&(Speed){arena, how->threads, how->turns}, recipe, (size_t)AT_BATCH[i],
                rate + i * each, of_batch + i * each);
    Table t = table_new(arena, "/combinations", "training beside batch normalization's");
    speed_scales(&t, &(double){(double)how->threads}, 1);
    table_scale(&t, "batch", "samples of a worker, of 2 a thread", AT_BATCH, batches);
    table_scale_text(&t, "norm", "normalizer", COMBINED, COMBINATIONS);
    table_numbers(&t, "samples_per_second", "trained", "batch norm quartile", rate);
    table_numbers(&t, "of_batch", "of batch's samples a second, turn by turn",
                  "batch norm quartile", of_batch);
    table_numbers(&t, "bar", "the least that is asked for", "", &OF_BATCH);
    speed_write(store, &t, how, of_batch, batches * each);
    store_text(store, t.group, "network", recipe->network);
}
