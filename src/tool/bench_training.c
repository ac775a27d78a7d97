/* Training beside dgemm, and the memory it takes. */
#include "arguments.h"
#include "bench.h"

static const char USUAL[] =
    "batch,group(8),none,mix(instance, layer, batch),blend(batch, group(8))";

/* Who learns, and beside which of the others its speed is told. */
static SpeedLearner *take_learners(const Bench *bench, size_t **beside, size_t *count) {
    size_t norms, batches;
    const char **spec =
        spec_list(bench->arena, bench->norms ? bench->norms : USUAL, &norms);
    const char **batch = spec_list(bench->arena, bench->batches, &batches);
    const bool defined = bench->norms == NULL; /* one more, by its definition */
    const size_t most = batches * (norms + 1);
    SpeedLearner *learner = ZERO(bench->arena, SpeedLearner, most);
    *beside = TAKE(bench->arena, size_t, most);
    *count = 0;
    for (size_t b = 0; b < batches; b++) {
        const size_t first = *count;
        size_t samples;
        if (!text_to_count(batch[b], &samples) || samples == 0)
            die(EX_USAGE, "--batch %s: whole numbers from 1 on, not '%s'", bench->batches,
                batch[b]);
        for (size_t i = 0; i < norms + defined; i++, (*count)++) {
            const bool defines = i == norms;
            learner[*count] =
                (SpeedLearner){bench->network, bench->dataset,
                               defines ? "group(8)" : spec[i], samples, defines};
            (*beside)[*count] = first + defines;
        }
    }
    return learner;
}

void bench_want_training(const Bench *bench) {
    const ArenaMark mark = arena_mark(bench->arena);
    size_t count, *beside;
    const SpeedLearner *learner = take_learners(bench, &beside, &count);
    speed_want_training(&bench->speed, learner, count);
    arena_rewind(bench->arena, mark);
}

static void print_learner(const Bench *bench, const SpeedLearner *l,
                          const SpeedLearned *found, const SpeedLearner *other,
                          SpeedQuartiles ratio, double peak, bool first) {
    const double rate = found->samples / speed_median(&bench->speed, found->seconds),
                 flops = found->flops * rate;
    if (bench->json)
        printf("%s\n  {\"network\": %s, \"dataset\": %s, \"norm\": %s, "
               "\"definition\": %s, \"batch\": %zu, \"workers\": %zu,\n"
               "   \"samples_per_second\": %.5g, \"flops\": %.4g, \"dgemm_flops\": %.4g, "
               "\"memory_bytes\": %s, \"beside\": %s, \"of_beside\": [%.3f, %.3f, %.3f]}",
               first ? "" : ",", json_text(bench->arena, l->network),
               json_text(bench->arena, l->dataset), json_text(bench->arena, l->norm),
               l->definition ? "true" : "false", l->batch, found->workers, rate, flops,
               peak, json_number(bench->arena, found->bytes),
               json_text(bench->arena, other->norm), ratio.low, ratio.middle, ratio.high);
    else
        printf("%-27s %3zu a worker: %6.1f samples/s, %.2f of dgemm, %.1f MB; %s of %s\n",
               text_print(bench->arena, "%s%s", l->norm,
                          l->definition ? " by definition" : ""),
               l->batch, rate, flops / peak, 1e-6 * found->bytes,
               bench_ratio_text(bench, ratio), other->norm);
}

void bench_training(const Bench *bench) {
    const Speed *speed = &bench->speed;
    size_t count, *beside;
    const SpeedLearner *learner = take_learners(bench, &beside, &count);
    SpeedLearned *found = TAKE(bench->arena, SpeedLearned, count);
    const double peak =
        speed_gemm_flops(speed, speed_training(speed, found, learner, count));
    if (bench->json)
        printf(",\n \"training\": [");
    else
        printf("%s on %s, dgemm %.1f Gflop/s\n", bench->network, bench->dataset,
               1e-9 * peak);
    for (size_t i = 0; i < count; i++)
        print_learner(bench, &learner[i], &found[i], &learner[beside[i]],
                      speed_ratio(speed, found[beside[i]].seconds, found[i].seconds),
                      peak, i == 0);
    if (bench->json) printf("]");
}
