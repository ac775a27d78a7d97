/* Speed beside the machine's own limits, measured in one run: ratios travel, seconds do
 * not. */
#include "check.h"
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

/* Parameters and state as they begin. */
static Node *begun(Tape *tape, Arena *arena, const NormParam *p) {
    double *value = TAKE(arena, double, p->count),
           *gradient = TAKE(arena, double, p->count);
    for (size_t i = 0; i < p->count; i++) value[i] = p->start ? p->start[i] : p->initial;
    return tape_parameter(tape, SHAPE(p->count), value, gradient);
}

static double *recalled(Arena *arena, const NormState *s) {
    double *value = TAKE(arena, double, s->count);
    for (size_t i = 0; i < s->count; i++) value[i] = s->start ? s->start[i] : s->initial;
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
static void want_norms(Arena *arena, const char *norms) {
    size_t count;
    const char **specs = spec_list(arena, norms, &count);
    for (size_t i = 0; i < count; i++) kernel_norm(arena, specs[i]);
}

static void bench_kernels(Arena *arena, size_t threads, bool json, const char *norms) {
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

/* ---- training -------------------------------------------------------------------- */

enum { TRAIN_ROUNDS = 5, TRAIN_STEPS = 3, TRAIN_BATCH = 8, LEARNERS = 6 };

/* Beside which of the others its speed is told. */
typedef struct Learner {
    const char *spec;
    bool definition; /* by its definition in place of its kernel */
    size_t beside;
    const char *name;
    Trainer *trainer;
    double seconds; /* of the fastest round */
} Learner;

static Trainer *learner_trainer(Arena *arena, const Dataset *dataset, const Learner *l,
                                size_t threads) {
    Error error = {.set = false};
    Config config = config_default();
    config_set(&config, arena, "network", "resnet(depth=20, width=16)", &error);
    config_set(&config, arena, "norm", l->spec, &error);
    config_set(&config, arena, "workers", text_print(arena, "%zu", 2 * threads), &error);
    config_set(&config, arena, "batch", text_print(arena, "%d", TRAIN_BATCH), &error);
    die_if(&error);
    Trainer *trainer = trainer_new(arena, &config, dataset, threads, &error);
    die_if(&error);
    if (l->definition) trainer_define(trainer);
    trainer_step(trainer); /* warm: memory and caches */
    return trainer;
}

/* Round after round each in turn, so that all see the same machine. */
static double time_learners(Arena *arena, Learner *learner, size_t threads) {
    double peak = 0.0;
    for (int round = 0; round < TRAIN_ROUNDS; round++) {
        peak = fmax(peak, gemm_peak(arena, threads));
        for (size_t i = 0; i < LEARNERS; i++) {
            const double begin = omp_get_wtime();
            for (int step = 0; step < TRAIN_STEPS; step++)
                trainer_step(learner[i].trainer);
            learner[i].seconds = fmin(learner[i].seconds, omp_get_wtime() - begin);
        }
    }
    return peak;
}

static void print_learner(Arena *arena, const Learner *learner, size_t i, size_t threads,
                          double peak, bool json) {
    const Learner *l = &learner[i], *other = &learner[l->beside];
    const double samples = (double)(2 * threads * TRAIN_BATCH * TRAIN_STEPS),
                 rate = samples / l->seconds, ratio = other->seconds / l->seconds;
    /* forward, and two products backward */
    const double flops = 3.0 * trainer_net(l->trainer)->flops * rate;
    if (json)
        printf("%s\n  {\"network\": \"resnet(depth=20, width=16)\", \"spec\": %s, "
               "\"definition\": %s, \"samples_per_second\": %.4g,"
               " \"of_dgemm\": %.3f, \"dgemm_flops\": %.4g, \"beside\": %s, "
               "\"of_beside\": %.3f}",
               i ? "," : "", json_text(arena, l->spec), l->definition ? "true" : "false",
               rate, flops / peak, peak, json_text(arena, other->name), ratio);
    else
        printf("ResNet-20 %-27s %6.1f samples/s, %.2f of dgemm; %.2f of %s\n", l->name,
               rate, flops / peak, ratio, other->name);
}

static void bench_training(Arena *arena, size_t threads, bool json, const char *norms) {
    (void)norms;
    Learner learner[LEARNERS] = {
        {"batch", false, 0, "batch", NULL, INFINITY},
        {"group(8)", false, 0, "group(8)", NULL, INFINITY},
        {"none", false, 0, "none", NULL, INFINITY},
        {"mix(instance, layer, batch)", false, 0, "mix(instance, layer, batch)", NULL,
         INFINITY},
        {"blend(batch, group(8))", false, 0, "blend(batch, group(8))", NULL, INFINITY},
        {"group(8)", true, 1, "group(8) by definition", NULL, INFINITY}};
    Error error = {.set = false};
    const Dataset *dataset = dataset_open(arena, "fashion-mini", &error);
    die_if(&error);
    for (size_t i = 0; i < LEARNERS; i++)
        learner[i].trainer = learner_trainer(arena, dataset, &learner[i], threads);
    const double peak = time_learners(arena, learner, threads);
    if (json)
        printf(",\n \"training\": [");
    else
        printf("dgemm %.1f Gflop/s\n", 1e-9 * peak);
    for (size_t i = 0; i < LEARNERS; i++) {
        print_learner(arena, learner, i, threads, peak, json);
        trainer_free(learner[i].trainer);
    }
    if (json) printf("]");
}

/* ---- a full check of a Jacobian beside the calls it is made of --------------------- */

enum { CHECK_ROUNDS = 20, CHECK_C = 16, CHECK_ALL = 4 * CHECK_C * 4 * 4, INPUTS = 3 };

typedef struct Subject {
    const Norm *norm;
    CheckFunction function;
    CheckInput input[INPUTS];    /* x, gamma, beta */
    double *gradient[INPUTS];    /* of each */
    const double *scale[INPUTS]; /* what an eps is worth: the size of what cancels */
    double *upstream;            /* zeros between calls */
} Subject;

static Node *write_subject(Tape *tape, Node *const *x, void *context) {
    const Subject *subject = context;
    NormContext call = {
        .tape = tape, .norm = subject->norm, .mode = NORM_TRAIN, .param = x + 1};
    return norm_apply(&call, x[0]);
}

static Subject *subject_new(Arena *arena, const char *spec) {
    static const char *const names[INPUTS] = {"x", "gamma", "beta"};
    static const double worth[INPUTS] = {16.0, 8.0, 1.0}; /* of normal x, gamma, beta */
    const Shape shape[INPUTS] = {SHAPE(4, CHECK_C, 4, 4), SHAPE(CHECK_C), SHAPE(CHECK_C)};
    Error error = {.set = false};
    Subject *s = ZERO(arena, Subject, 1);
    s->norm = norm_new(arena, spec, CHECK_C, &error);
    die_if(&error);
    for (size_t i = 0; i < INPUTS; i++) {
        const size_t count = shape_count(shape[i]);
        double *value = TAKE(arena, double, count), *scale = TAKE(arena, double, count);
        for (size_t k = 0; k < count; k++) {
            value[k] = draw_normal((Draw){1, DRAW_CHECK, 0, i}, k);
            scale[k] = worth[i];
        }
        s->input[i] = (CheckInput){names[i], shape[i], value, 1.0};
        s->gradient[i] = TAKE(arena, double, count);
        s->scale[i] = scale;
    }
    s->upstream = ZERO(arena, double, CHECK_ALL);
    s->function = (CheckFunction){.name = spec,
                                  .inputs = INPUTS,
                                  .input = s->input,
                                  .write = write_subject,
                                  .context = s};
    return s;
}

static Node *forward_call(const Subject *s, Tape *tape) {
    Node *x[INPUTS];
    for (size_t i = 0; i < INPUTS; i++)
        x[i] = tape_parameter(tape, s->input[i].shape, s->input[i].value, s->gradient[i]);
    return s->function.write(tape, x, s->function.context);
}

/* As many forwards as the Jacobian has columns, as many backwards as it has rows. */
static void kernel_calls(const Subject *s, Arena *arena) {
    ArenaMark mark = arena_mark(arena);
    for (size_t k = 0; k < CHECK_ALL + 2 * CHECK_C; k++) {
        arena_rewind(arena, mark);
        forward_call(s, tape_new(arena));
    }
    arena_rewind(arena, mark);
    Tape *tape = tape_new(arena);
    Node *y = forward_call(s, tape);
    ArenaMark recorded = arena_mark(arena);
    for (size_t j = 0; j < CHECK_ALL; j++) {
        s->upstream[j] = 1.0;
        tape_backward(tape, y, s->upstream);
        s->upstream[j] = 0.0;
        arena_rewind(arena, recorded);
    }
    arena_rewind(arena, mark);
}

static void bench_check(Arena *arena, size_t threads, bool json, const char *norms) {
    (void)norms;
    (void)threads; /* one */
    ArenaMark mark = arena_mark(arena);
    Subject *s = subject_new(arena, "group(4)");
    Arena *scratch = arena_new();
    double calls = INFINITY, check = INFINITY;
    CheckReport report = {.verdict = CHECK_PASS};
    for (int round = 0; round < CHECK_ROUNDS; round++) {
        double begin = omp_get_wtime();
        kernel_calls(s, scratch);
        double middle = omp_get_wtime();
        report = check_jacobian(scratch, &s->function, &(CheckBound){32, s->scale, 0.0});
        double end = omp_get_wtime();
        calls = fmin(calls, middle - begin);
        check = fmin(check, end - middle);
    }
    const char *shape = shape_text(arena, s->input[0].shape);
    const char *verdict = check_verdict_text(report.verdict);
    if (json)
        printf(",\n \"full_check\": {\"spec\": \"group(4)\", \"shape\": %s, "
               "\"entries\": %zu, \"verdict\": \"%s\",\n  \"check_ms\": %.4g, "
               "\"kernel_calls_ms\": %.4g, \"of_kernel_calls\": %.3f}",
               shape, report.compared, verdict, 1e3 * check, 1e3 * calls, check / calls);
    else
        printf("full check of group(4)'s Jacobian on %s, %zu entries: %s, %.1f ms = %.1f "
               "of its kernel calls\n",
               shape, report.compared, verdict, 1e3 * check, check / calls);
    arena_free(scratch);
    arena_rewind(arena, mark);
}

/* ---- the parts ------------------------------------------------------------------- */

typedef struct Part {
    const char *name;
    void (*bench)(Arena *arena, size_t threads, bool json, const char *norms);
} Part;

static const Part PARTS[] = {
    {"kernels", bench_kernels}, {"training", bench_training}, {"check", bench_check}};

/* Those that are asked for; all, where none is. */
static void find_parts(const Call *call, bool wanted[COUNT_OF(PARTS)]) {
    const char *names[COUNT_OF(PARTS)];
    for (size_t i = 0; i < COUNT_OF(PARTS); i++) {
        names[i] = PARTS[i].name;
        wanted[i] = call->words == 0;
    }
    for (size_t k = 0; k < call->words; k++) {
        size_t i = 0;
        while (i < COUNT_OF(PARTS) && strcmp(call->word[k], names[i]) != 0) i++;
        if (i == COUNT_OF(PARTS))
            die(EX_USAGE, "bench has no part '%s'%s; there are kernels, training, check",
                call->word[k],
                text_hint(call->arena, call->word[k], names, COUNT_OF(names)));
        wanted[i] = true;
    }
}

static int run_bench(const Call *call) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t threads =
        call_count(call, "--threads", cores > 0 ? (size_t)cores : 1, MOST_THREADS);
    bool json = call_option(call, "--json") != NULL, wanted[COUNT_OF(PARTS)];
    const char *norms = call_option(call, "--norm");
    find_parts(call, wanted);
    if (norms) want_norms(call->arena, norms);
    matmul_single_threaded();
    if (json)
        printf("{\"schema\": 1, \"threads\": %zu, \"blas\": %s", threads,
               json_text(call->arena, store_blas_core(call->arena)));
    else
        printf("%s, %zu thread%s\n", store_blas_core(call->arena), threads,
               threads > 1 ? "s" : "");
    for (size_t i = 0; i < COUNT_OF(PARTS); i++)
        if (wanted[i]) PARTS[i].bench(call->arena, threads, json, norms);
    if (json) puts("}");
    return EX_OK;
}

const Command command_bench = {
    .name = "bench",
    .usage = "[kernels] [training] [check] [--norm LIST] [--threads N] [--json]",
    .summary =
        "Measures kernels, training and a full check, each beside its limit, in one run",
    .options = (const Option[]){{"--norm", "LIST", "kernels of these normalizers"},
                                {"--threads", "N", "default: all processors"},
                                {"--json", NULL, "for programs"},
                                {NULL, NULL, NULL}},
    .least = 0,
    .most = COUNT_OF(PARTS),
    .run = run_bench,
    .more = "Kernels beside memcpy, training beside dgemm, the full check of a Jacobian "
            "(on one thread) beside the calls\n"
            "of the kernel that it is made of. Without a word, all of them.",
};
