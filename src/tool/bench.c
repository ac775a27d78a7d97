/* Speed beside the machine's own limits, measured in one run: ratios travel, seconds do
 * not. */
#include "tool.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What is timed, `threads` threads at once on data of their own. */
typedef struct Load {
    void (*work)(struct Load *load, size_t thread);
    size_t threads;
    double *a[64], *b[64], *c[64];
    size_t n;
    const Norm *norm;
    Arena *arena[64];
} Load;

enum { ROUNDS = 5, GEMM = 768, MOST_THREADS = 64 };

/* Seconds of the fastest round: the machine's noise only ever adds. */
static double fastest(Load *load) {
    double best = INFINITY;
    for (int round = 0; round < ROUNDS; round++) {
        double begin = seconds_now();
#pragma omp parallel num_threads((int)load->threads)
        load->work(load, (size_t)omp_get_thread_num());
        double spent = seconds_now() - begin;
        best = spent < best ? spent : best;
    }
    return best;
}

static void fill_load(Load *load, Arena *arena, size_t n) {
    load->n = n;
    for (size_t t = 0; t < load->threads; t++) {
        double **array[] = {&load->a[t], &load->b[t], &load->c[t]};
        for (size_t k = 0; k < COUNT_OF(array); k++) {
            *array[k] = TAKE(arena, double, n);
            for (size_t i = 0; i < n; i++)
                (*array[k])[i] = 1.0 + (double)((i * 7919 + k) % 1009) / 1009.0;
        }
        load->arena[t] = arena_new();
    }
}

static void free_load(Load *load) {
    for (size_t t = 0; t < load->threads; t++) arena_free(load->arena[t]);
}

/* ---- the machine's limits -------------------------------------------------------- */

static void work_gemm(Load *load, size_t t) {
    matmul(load->c[t], load->a[t], load->b[t], GEMM, GEMM, GEMM, false, false, 0.0);
}

static void work_copy(Load *load, size_t t) {
    memcpy(load->b[t], load->a[t], load->n * sizeof(double));
}

static double gemm_peak(Arena *arena, size_t threads) {
    ArenaMark mark = arena_mark(arena);
    Load load = {.work = work_gemm, .threads = threads};
    fill_load(&load, arena, (size_t)GEMM * GEMM);
    double flops = 2.0 * pow(GEMM, 3) * (double)threads / fastest(&load);
    free_load(&load);
    arena_rewind(arena, mark);
    return flops;
}

/* ---- kernels --------------------------------------------------------------------- */

enum { KERNEL_N = 32, KERNEL_C = 64, KERNEL_L = 56 * 56 };

static void work_norm(Load *load, size_t t, bool backward) {
    ArenaMark mark = arena_mark(load->arena[t]);
    Tape *tape = tape_new(load->arena[t]);
    double dgamma[KERNEL_C], dbeta[KERNEL_C], ones[KERNEL_C];
    for (size_t c = 0; c < KERNEL_C; c++) ones[c] = 1.0;
    Node *x =
        tape_parameter(tape, SHAPE(KERNEL_N, KERNEL_C, KERNEL_L), load->a[t], load->c[t]);
    Node *param[] = {tape_parameter(tape, SHAPE(KERNEL_C), ones, dgamma),
                     tape_parameter(tape, SHAPE(KERNEL_C), ones, dbeta)};
    NormContext context = {
        .tape = tape, .norm = load->norm, .mode = NORM_TRAIN, .param = param};
    Node *y = norm_apply(&context, x);
    if (backward) tape_backward(tape, y, load->b[t]);
    arena_rewind(load->arena[t], mark);
}

static void work_forward(Load *load, size_t t) {
    work_norm(load, t, false);
}

static void work_both(Load *load, size_t t) {
    work_norm(load, t, true);
}

static void bench_kernels(Arena *arena, size_t threads, bool json) {
    static const char *const specs[] = {"batch", "layer", "instance", "group(8)",
                                        "position"};
    ArenaMark mark = arena_mark(arena);
    Load load = {.work = work_copy, .threads = threads};
    fill_load(&load, arena, (size_t)KERNEL_N * KERNEL_C * KERNEL_L);
    double bytes = 2.0 * sizeof(double) * (double)load.n * (double)threads,
           copy = fastest(&load);
    if (json)
        printf(" \"copy_bytes_per_second\": %.4g, \"kernels\": [", bytes / copy);
    else
        printf("memcpy                 %6.1f GB/s, %zu thread%s\n", 1e-9 * bytes / copy,
               threads, threads > 1 ? "s" : "");
    for (size_t i = 0; i < COUNT_OF(specs); i++) {
        Error error = {.set = false};
        load.norm = norm_new(arena, specs[i], KERNEL_C, &error);
        die_if(&error);
        load.work = work_forward;
        double forward = fastest(&load);
        load.work = work_both;
        double backward = fastest(&load) - forward;
        if (json)
            printf("%s\n  {\"spec\": %s, \"forward_of_copy\": %.3f, "
                   "\"backward_of_copy\": %.3f}",
                   i ? "," : "", json_text(arena, specs[i]), copy / forward,
                   1.5 * copy / backward);
        else
            printf("%-10s forward   %6.1f GB/s, %.2f of memcpy;  backward %6.1f GB/s, "
                   "%.2f of it\n",
                   specs[i], 1e-9 * bytes / forward, copy / forward,
                   1.5e-9 * bytes / backward, 1.5 * copy / backward);
    }
    if (json) printf("],\n");
    free_load(&load);
    arena_rewind(arena, mark);
}

/* ---- training -------------------------------------------------------------------- */

enum { TRAIN_ROUNDS = 3, TRAIN_STEPS = 4 };

/* Samples a second of the fastest round of a few steps. */
static double training_rate(Arena *arena, const Dataset *dataset, const char *norm,
                            size_t threads, double *flops) {
    Error error = {.set = false};
    Config config = config_default();
    config_set(&config, arena, "network", "resnet(depth=20, width=16)", &error);
    config_set(&config, arena, "norm", norm, &error);
    config_set(&config, arena, "workers", text_print(arena, "%zu", 2 * threads), &error);
    config_set(&config, arena, "batch", "8", &error);
    die_if(&error);
    Trainer *trainer = trainer_new(arena, &config, dataset, threads, &error);
    die_if(&error);
    trainer_step(trainer); /* warm: memory and caches */
    double best = 0.0, samples = (double)(2 * threads * 8 * TRAIN_STEPS);
    for (int round = 0; round < TRAIN_ROUNDS; round++) {
        double begin = seconds_now();
        for (int step = 0; step < TRAIN_STEPS; step++) trainer_step(trainer);
        double rate = samples / (seconds_now() - begin);
        best = rate > best ? rate : best;
    }
    *flops = 3.0 * trainer_net(trainer)->flops; /* forward, and two products backward */
    trainer_free(trainer);
    return best;
}

static void bench_training(Arena *arena, size_t threads, bool json) {
    static const char *const specs[] = {"group(8)", "batch", "none"};
    Error error = {.set = false};
    const Dataset *dataset = dataset_open(arena, "fashion-mini", &error);
    die_if(&error);
    if (json) printf(" \"training\": [");
    for (size_t i = 0; i < COUNT_OF(specs); i++) {
        double flops,
            peak = gemm_peak(arena, threads); /* beside each: the machine drifts */
        double rate = training_rate(arena, dataset, specs[i], threads, &flops);
        if (json)
            printf("%s\n  {\"network\": \"resnet(depth=20, width=16)\", \"spec\": %s, "
                   "\"samples_per_second\": %.4g,"
                   " \"of_dgemm\": %.3f, \"dgemm_flops\": %.4g}",
                   i ? "," : "", json_text(arena, specs[i]), rate, rate * flops / peak,
                   peak);
        else
            printf(
                "ResNet-20 %-10s %7.1f samples/s, %5.1f Gflop/s = %.2f of dgemm's %.1f\n",
                specs[i], rate, 1e-9 * rate * flops, rate * flops / peak, 1e-9 * peak);
    }
    if (json) printf("]\n");
}

static int run_bench(const Call *call) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t threads =
        call_count(call, "--threads", cores > 0 ? (size_t)cores : 1, MOST_THREADS);
    bool json = call_option(call, "--json") != NULL;
    matmul_single_threaded();
    if (json)
        printf("{\"schema\": 1, \"threads\": %zu, \"blas\": %s,\n", threads,
               json_text(call->arena, store_blas_core(call->arena)));
    else
        printf("%s, %zu thread%s\n", store_blas_core(call->arena), threads,
               threads > 1 ? "s" : "");
    bench_kernels(call->arena, threads, json);
    bench_training(call->arena, threads, json);
    if (json) puts("}");
    return EX_OK;
}

const Command command_bench = {
    .name = "bench",
    .usage = "[--threads N] [--json]",
    .summary = "Measures kernels and training beside memcpy and dgemm, in one run",
    .options = (const Option[]){{"--threads", "N", "default: all processors"},
                                {"--json", NULL, "for programs"},
                                {NULL, NULL, NULL}},
    .run = run_bench,
};
