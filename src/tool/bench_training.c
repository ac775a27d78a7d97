/* Training beside dgemm, and the memory it takes. */
#include "bench.h"

#include <string.h>

enum { TRAIN_STEPS = 3 };

/* Beside which of the others its speed is told. */
typedef struct Learner {
    const char *spec;
    size_t batch;    /* samples of a worker */
    bool definition; /* by its definition in place of its kernel */
    size_t beside;
    Trainer *trainer;
    double bytes; /* that it took */
} Learner;

static void set(const Bench *bench, Config *config, const char *key, const char *value) {
    BaseError error = {.set = false};
    if (!config_set(config, bench->arena, key, value, &error))
        die(error.code, "%s", error.message);
}

static Config learner_config(const Bench *bench, const Learner *l) {
    Config config = config_default(bench->arena);
    set(bench, &config, "network", bench->network);
    set(bench, &config, "dataset", bench->dataset);
    set(bench, &config, "norm", l->spec);
    set(bench, &config, "workers", text_print(bench->arena, "%zu", 2 * bench->threads));
    set(bench, &config, "batch", text_print(bench->arena, "%zu", l->batch));
    return config;
}

static const Dataset *learners_dataset(const Bench *bench) {
    BaseError error = {.set = false};
    const Dataset *dataset = dataset_open(bench->arena, bench->dataset, &error);
    die_if(&error);
    return dataset;
}

/* ---- who learns -------------------------------------------------------------------- */

static const char USUAL[] =
    "batch,group(8),none,mix(instance, layer, batch),blend(batch, group(8))";

static Learner *take_learners(const Bench *bench, size_t *count) {
    size_t norms, batches;
    const char **spec =
        spec_list(bench->arena, bench->norms ? bench->norms : USUAL, &norms);
    const char **batch = spec_list(bench->arena, bench->batches, &batches);
    const bool defined = bench->norms == NULL; /* one more, by its definition */
    Learner *learner = ZERO(bench->arena, Learner, batches * (norms + 1));
    *count = 0;
    for (size_t b = 0; b < batches; b++) {
        const size_t first = *count;
        size_t samples;
        if (!text_to_count(batch[b], &samples) || samples == 0)
            die(EX_USAGE, "--batch %s: whole numbers from 1 on, not '%s'", bench->batches,
                batch[b]);
        for (size_t i = 0; i < norms; i++)
            learner[(*count)++] =
                (Learner){.spec = spec[i], .batch = samples, .beside = first};
        if (defined)
            learner[(*count)++] =
                (Learner){"group(8)", samples, true, first + 1, NULL, 0};
    }
    return learner;
}

void bench_want_training(const Bench *bench) {
    const ArenaMark mark = arena_mark(bench->arena);
    size_t count;
    const Learner *learner = take_learners(bench, &count);
    const Dataset *dataset = learners_dataset(bench);
    for (size_t i = 0; i < count; i++) {
        BaseError error = {.set = false};
        const Config config = learner_config(bench, &learner[i]);
        if (!trainer_fits(&config, dataset, &error)) die(error.code, "%s", error.message);
    }
    arena_rewind(bench->arena, mark);
}

static void train(const BenchSubject *subject, size_t thread) {
    const Learner *l = subject->context;
    (void)thread; /* the trainer has its own */
    for (int step = 0; step < TRAIN_STEPS; step++) trainer_step(l->trainer);
}

/* Its memory is that of its first step, by the process's high-water mark. */
static BenchSubject begin(const Bench *bench, const Dataset *dataset, Learner *l) {
    BaseError error = {.set = false};
    const Config config = learner_config(bench, l);
    const double before = bench_resident();
    bench_forget_peak();
    l->trainer = trainer_new(bench->arena, &config, dataset, bench->threads, &error);
    die_if(&error);
    if (l->definition) trainer_define(l->trainer);
    trainer_step(l->trainer);
    l->bytes = bench_peak() - before;
    return (BenchSubject){.work = train, .context = l, .threads = 1};
}

/* ---- what is said of them ---------------------------------------------------------- */

static void print_learner(const Bench *bench, const Learner *learner,
                          const BenchSubject *turn, size_t i, const BenchSubject *gemm) {
    const Learner *l = &learner[i], *other = &learner[l->beside];
    const double samples = (double)(2 * bench->threads * l->batch * TRAIN_STEPS),
                 rate = samples / bench_median(bench, turn[i].seconds),
                 peak = bench_gemm_flops(bench, gemm);
    const double flops =
        3.0 * trainer_net(l->trainer)->flops * rate; /* forward, two products backward */
    const BenchRatio ratio = bench_ratio(bench, turn[l->beside].seconds, turn[i].seconds);
    if (bench->json)
        printf("%s\n  {\"network\": %s, \"dataset\": %s, \"norm\": %s, "
               "\"definition\": %s, \"batch\": %zu, \"workers\": %zu,\n"
               "   \"samples_per_second\": %.5g, \"flops\": %.4g, \"dgemm_flops\": %.4g, "
               "\"memory_bytes\": %s, \"beside\": %s, \"of_beside\": [%.3f, %.3f, %.3f]}",
               i ? "," : "", json_text(bench->arena, bench->network),
               json_text(bench->arena, bench->dataset), json_text(bench->arena, l->spec),
               l->definition ? "true" : "false", l->batch, 2 * bench->threads, rate,
               flops, peak, json_number(bench->arena, l->bytes),
               json_text(bench->arena, other->spec), ratio.low, ratio.middle, ratio.high);
    else
        printf("%-27s %3zu a worker: %6.1f samples/s, %.2f of dgemm, %.1f MB; %s of %s\n",
               text_print(bench->arena, "%s%s", l->spec,
                          l->definition ? " by definition" : ""),
               l->batch, rate, flops / peak, 1e-6 * l->bytes,
               bench_ratio_text(bench, ratio), other->spec);
}

void bench_training(const Bench *bench) {
    size_t count;
    Learner *learner = take_learners(bench, &count);
    const Dataset *dataset = learners_dataset(bench);
    BenchSubject *subject = TAKE(bench->arena, BenchSubject, count + 1);
    for (size_t i = 0; i < count; i++) subject[i] = begin(bench, dataset, &learner[i]);
    subject[count] = bench_gemm(bench);
    bench_turns(bench, subject, count + 1);
    const BenchSubject *gemm = &subject[count];
    if (bench->json)
        printf(",\n \"training\": [");
    else
        printf("%s on %s, dgemm %.1f Gflop/s\n", bench->network, bench->dataset,
               1e-9 * bench_gemm_flops(bench, gemm));
    for (size_t i = 0; i < count; i++) {
        print_learner(bench, learner, subject, i, gemm);
        trainer_free(learner[i].trainer);
    }
    if (bench->json) printf("]");
}
