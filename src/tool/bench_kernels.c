/* The machine's limits, and kernels beside them. */
#include "bench.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* What is timed, `threads` threads at once on data of their own. */
typedef struct Load {
    void (*work)(struct Load *load, size_t thread);
    size_t threads;
    double *a[BENCH_THREADS], *b[BENCH_THREADS], *c[BENCH_THREADS];
    size_t n;
    const Norm *norm;
    Arena *arena[BENCH_THREADS];
} Load;

enum { ROUNDS = 5, GEMM = 768 };

/* Seconds of the fastest round: the machine's noise only ever adds. */
static double fastest(Load *load) {
    double best = INFINITY;
    for (int round = 0; round < ROUNDS; round++) {
        double begin = omp_get_wtime();
#pragma omp parallel num_threads((int)load->threads)
        load->work(load, (size_t)omp_get_thread_num());
        double spent = omp_get_wtime() - begin;
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

double bench_gemm_peak(Arena *arena, size_t threads) {
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

/* Parameters and state as they begin. */
static Node *begun(Tape *tape, Arena *arena, const NormParam *p) {
    double *value = TAKE(arena, double, p->count),
           *gradient = TAKE(arena, double, p->count);
    norm_begin_param(value, p, (Draw){.purpose = DRAW_INIT});
    return tape_parameter(tape, SHAPE(p->count), value, gradient);
}

static double *recalled(Arena *arena, const NormState *s) {
    double *value = TAKE(arena, double, s->count);
    norm_begin_state(value, s);
    return value;
}

static void work_norm(Load *load, size_t t, bool backward) {
    Arena *arena = load->arena[t];
    ArenaMark mark = arena_mark(arena);
    Tape *tape = tape_new(arena);
    const Norm *norm = load->norm;
    Node *param[NORM_MAX_PARAMS];
    const double *state[NORM_MAX_STATES];
    for (size_t k = 0; k < norm->params; k++)
        param[k] = begun(tape, arena, &norm->param[k]);
    for (size_t k = 0; k < norm->states; k++) state[k] = recalled(arena, &norm->state[k]);
    Node *x =
        tape_parameter(tape, SHAPE(KERNEL_N, KERNEL_C, KERNEL_L), load->a[t], load->c[t]);
    NormContext context = {
        .tape = tape, .norm = norm, .mode = NORM_TRAIN, .param = param, .state = state};
    Node *y = norm_apply(&context, x);
    if (backward) tape_backward(tape, y, load->b[t]);
    arena_rewind(arena, mark);
}

static void work_forward(Load *load, size_t t) {
    work_norm(load, t, false);
}

static void work_both(Load *load, size_t t) {
    work_norm(load, t, true);
}

/* The normalizer for tensors of the kernels' size. */
static const Norm *kernel_norm(Arena *arena, const char *spec) {
    const Lattice x = {KERNEL_N, KERNEL_C, KERNEL_L};
    Error error = {.set = false};
    const Norm *norm = norm_new(arena, spec, KERNEL_C, &error);
    if (norm == NULL) die(error.code, "%s", spec_error(arena, spec, &error));
    norm_fits(arena, norm, x, NORM_TRAIN, &error);
    die_if(&error);
    return norm;
}

/* What is wrong is said before anything else is. */
void bench_want_norms(Arena *arena, const char *norms) {
    size_t count;
    const char **specs = spec_list(arena, norms, &count);
    for (size_t i = 0; i < count; i++) kernel_norm(arena, specs[i]);
}

void bench_kernels(Arena *arena, size_t threads, bool json, const char *norms) {
    size_t count;
    ArenaMark mark = arena_mark(arena);
    const char **specs = spec_list(
        arena, norms ? norms : "batch,layer,instance,group(8),position", &count);
    Load load = {.work = work_copy, .threads = threads};
    fill_load(&load, arena, (size_t)KERNEL_N * KERNEL_C * KERNEL_L);
    double bytes = 2.0 * sizeof(double) * (double)load.n * (double)threads,
           copy = fastest(&load);
    if (json)
        printf(",\n \"copy_bytes_per_second\": %.4g, \"kernels\": [", bytes / copy);
    else
        printf("memcpy                 %6.1f GB/s, %zu thread%s\n", 1e-9 * bytes / copy,
               threads, threads > 1 ? "s" : "");
    for (size_t i = 0; i < count; i++) {
        load.norm = kernel_norm(arena, specs[i]);
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
    if (json) printf("]");
    free_load(&load);
    arena_rewind(arena, mark);
}
