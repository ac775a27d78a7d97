/* Kernels of normalizers beside memory's own speed. */
#include "bench.h"
#include "passes.h"

#include <string.h>

/* A thread's arrays, and the call whose turn it is. */
typedef struct Place {
    double *x, *dy, *dx; /* [n] */
    Arena *arena;
    ArenaMark mark;
    Tape *tape;
    TapeNode *y;
} Place;

typedef struct Rig {
    Shape shape;
    size_t n;
    Place *place; /* [threads] */
} Rig;

/* What a subject is: a normalizer, or none. */
typedef struct Load {
    const Rig *rig;
    const Norm *norm;
} Load;

static Place *place_of(const BenchSubject *subject, size_t t) {
    const Load *load = subject->context;
    return &load->rig->place[t];
}

static const Rig *rig_new(const Bench *bench) {
    Rig *rig = TAKE(bench->arena, Rig, 1);
    *rig = (Rig){bench->shape, shape_count(bench->shape),
                 ZERO(bench->arena, Place, bench->threads)};
    for (size_t t = 0; t < bench->threads; t++) {
        Place *p = &rig->place[t];
        p->arena = arena_new();
        p->x = TAKE(p->arena, double, rig->n);
        p->dy = TAKE(p->arena, double, rig->n);
        p->dx = ZERO(p->arena, double, rig->n);
        for (size_t i = 0; i < rig->n; i++) {
            p->x[i] = 1.0 + (double)(i * 7919 % 1009) / 1009.0;
            p->dy[i] = 1.0 + (double)((i * 7919 + 1) % 1013) / 1013.0;
        }
        p->mark = arena_mark(p->arena);
    }
    return rig;
}

/* ---- memory alone: into where kernels write -------------------------------------- */

static void work_memcpy(const BenchSubject *subject, size_t t) {
    const Load *load = subject->context;
    Place *p = place_of(subject, t);
    memcpy(TAKE(p->arena, double, load->rig->n), p->x, load->rig->n * sizeof *p->x);
    arena_rewind(p->arena, p->mark);
}

static void work_copy(const BenchSubject *subject, size_t t) {
    const Load *load = subject->context;
    Place *p = place_of(subject, t);
    passes_best()->copy(TAKE(p->arena, double, load->rig->n), p->x, load->rig->n);
    passes_end();
    arena_rewind(p->arena, p->mark);
}

static void work_add(const BenchSubject *subject, size_t t) {
    const Load *load = subject->context;
    const Place *p = place_of(subject, t);
    passes_best()->add(p->dx, p->x, p->dy, load->rig->n);
    passes_end();
}

/* ---- a normalizer ------------------------------------------------------------------ */

/* Parameters and state as they begin. */
static TapeNode *begun(Tape *tape, Arena *arena, const NormParam *p) {
    double *value = TAKE(arena, double, p->count),
           *gradient = TAKE(arena, double, p->count);
    norm_begin_param(value, p, (Draw){.purpose = DRAW_INIT});
    return tape_parameter(tape, SHAPE_OF(p->count), value, gradient);
}

static double *recalled(Arena *arena, const NormState *s) {
    double *value = TAKE(arena, double, s->count);
    norm_begin_state(value, s);
    return value;
}

static void work_forward(const BenchSubject *subject, size_t t) {
    const Load *load = subject->context;
    const Norm *norm = load->norm;
    Place *p = place_of(subject, t);
    p->tape = tape_new(p->arena);
    TapeNode *param[NORM_MAX_PARAMS];
    const double *state[NORM_MAX_STATES];
    for (size_t k = 0; k < norm->params; k++)
        param[k] = begun(p->tape, p->arena, &norm->param[k]);
    for (size_t k = 0; k < norm->states; k++)
        state[k] = recalled(p->arena, &norm->state[k]);
    TapeNode *x = tape_parameter(p->tape, load->rig->shape, p->x, p->dx);
    NormContext context = {.tape = p->tape,
                           .norm = norm,
                           .mode = NORM_TRAIN,
                           .param = param,
                           .state = state};
    p->y = norm_apply(&context, x);
}

static void work_backward(const BenchSubject *subject, size_t t) {
    const Place *p = place_of(subject, t);
    tape_backward(p->tape, p->y, p->dy);
}

static void forget(const BenchSubject *subject, size_t t) {
    Place *p = place_of(subject, t);
    arena_rewind(p->arena, p->mark);
}

/* ---- all of them ------------------------------------------------------------------- */

/* The normalizer for tensors of the shape. */
static const Norm *kernel_norm(const Bench *bench, const char *spec) {
    BaseError error = {.set = false};
    const Norm *norm = norm_new(bench->arena, spec, bench->shape.size[1], &error);
    if (norm == NULL) die(error.code, "%s", spec_error(bench->arena, spec, &error));
    norm_fits(bench->arena, norm, shape_lattice(bench->shape), NORM_TRAIN, &error);
    die_if(&error);
    return norm;
}

static const char **kernel_specs(const Bench *bench, size_t *count) {
    return spec_list(
        bench->arena,
        bench->norms ? bench->norms : "batch,layer,instance,group(8),position", count);
}

/* What is wrong is said before anything else is. */
void bench_want_kernels(const Bench *bench) {
    size_t count;
    const char **specs = kernel_specs(bench, &count);
    for (size_t i = 0; i < count; i++) kernel_norm(bench, specs[i]);
}

enum { MEMCPY, COPY, ADD, LIMITS };

/* The limits, then forward and backward of each. */
static BenchSubject *take_subjects(const Bench *bench, const Rig *rig, const char **specs,
                                   size_t count) {
    BenchSubject *subject = ZERO(bench->arena, BenchSubject, LIMITS + 2 * count);
    Load *load = TAKE(bench->arena, Load, count + 1);
    load[count] = (Load){rig, NULL};
    subject[MEMCPY] = (BenchSubject){.work = work_memcpy, .context = &load[count]};
    subject[COPY] = (BenchSubject){.work = work_copy, .context = &load[count]};
    subject[ADD] = (BenchSubject){.work = work_add, .context = &load[count]};
    for (size_t i = 0; i < count; i++) {
        load[i] = (Load){rig, kernel_norm(bench, specs[i])};
        subject[LIMITS + 2 * i] =
            (BenchSubject){.prepare = forget, .work = work_forward, .context = &load[i]};
        subject[LIMITS + 2 * i + 1] =
            (BenchSubject){.work = work_backward, .finish = forget, .context = &load[i]};
    }
    return subject;
}

static void print_limits(const Bench *bench, const BenchSubject *subject, double bytes) {
    const double memcpy_rate = bytes / bench_median(bench, subject[MEMCPY].seconds),
                 copy_rate = bytes / bench_median(bench, subject[COPY].seconds),
                 add_rate = 1.5 * bytes / bench_median(bench, subject[ADD].seconds);
    if (bench->json)
        printf(",\n \"memcpy_bytes_per_second\": %.4g, \"copy_bytes_per_second\": %.4g, "
               "\"stream_bytes_per_second\": %.4g,\n \"kernels\": [",
               memcpy_rate, copy_rate, add_rate);
    else
        printf("%s: memcpy %.1f GB/s, streaming copy %.1f GB/s, sum of two into a third "
               "%.1f GB/s\n",
               shape_text(bench->arena, bench->shape), 1e-9 * memcpy_rate,
               1e-9 * copy_rate, 1e-9 * add_rate);
}

static void print_kernel(const Bench *bench, const BenchSubject *limit, const char *spec,
                         const BenchSubject *forward, const BenchSubject *backward,
                         bool first) {
    const double *copy = bench_faster(bench, limit[MEMCPY].seconds, limit[COPY].seconds);
    const BenchRatio ahead = bench_ratio(bench, copy, forward->seconds),
                     back = bench_ratio(bench, limit[ADD].seconds, backward->seconds);
    if (bench->json)
        printf("%s\n  {\"norm\": %s, \"shape\": %s, \"forward_seconds\": %.5g, "
               "\"backward_seconds\": %.5g, \"copy_seconds\": %.5g, "
               "\"stream_seconds\": %.5g,\n   \"forward_of_copy\": [%.3f, %.3f, %.3f], "
               "\"backward_of_stream\": [%.3f, %.3f, %.3f]}",
               first ? "" : ",", json_text(bench->arena, spec),
               shape_text(bench->arena, bench->shape),
               bench_median(bench, forward->seconds),
               bench_median(bench, backward->seconds), bench_median(bench, copy),
               bench_median(bench, limit[ADD].seconds), ahead.low, ahead.middle,
               ahead.high, back.low, back.middle, back.high);
    else
        printf("%-10s forward %s of the copy, backward %s of the sum\n", spec,
               bench_ratio_text(bench, ahead), bench_ratio_text(bench, back));
}

void bench_kernels(const Bench *bench) {
    size_t count;
    const ArenaMark mark = arena_mark(bench->arena);
    const char **specs = kernel_specs(bench, &count);
    const Rig *rig = rig_new(bench);
    BenchSubject *subject = take_subjects(bench, rig, specs, count);
    bench_turns(bench, subject, LIMITS + 2 * count);
    print_limits(bench, subject,
                 2.0 * sizeof(double) * (double)rig->n * (double)bench->threads);
    for (size_t i = 0; i < count; i++)
        print_kernel(bench, subject, specs[i], &subject[LIMITS + 2 * i],
                     &subject[LIMITS + 2 * i + 1], i == 0);
    if (bench->json) printf("]");
    for (size_t t = 0; t < bench->threads; t++) arena_free(rig->place[t].arena);
    arena_rewind(bench->arena, mark);
}
