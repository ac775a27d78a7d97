/* Kernels of normalizers beside memory's own speed. */
#include "arguments.h"
#include "bench.h"

static const char *const *kernel_specs(const Bench *bench, size_t *count) {
    return spec_list(
        bench->arena,
        bench->norms ? bench->norms : "batch,layer,instance,group(8),position", count);
}

/* What is wrong is said before anything else is. */
void bench_want_kernels(const Bench *bench) {
    size_t count;
    const char *const *spec = kernel_specs(bench, &count);
    for (size_t i = 0; i < count; i++)
        speed_want_kernel(&bench->speed, bench->shape, spec[i]);
}

static void print_limits(const Bench *bench, const SpeedKernels *k) {
    const double bytes = 2.0 * sizeof(double) * (double)shape_count(bench->shape) *
                         (double)bench->speed.threads,
                 memcpy_rate = bytes / speed_median(&bench->speed, k->memcpy),
                 copy_rate = bytes / speed_median(&bench->speed, k->copy),
                 add_rate = 1.5 * bytes / speed_median(&bench->speed, k->add);
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

static void print_kernel(const Bench *bench, const SpeedKernels *k, size_t i,
                         const char *spec) {
    const Speed *speed = &bench->speed;
    const double *copy = speed_faster(speed, k->memcpy, k->copy);
    const SpeedQuartiles ahead = speed_ratio(speed, copy, k->forward[i]),
                         back = speed_ratio(speed, k->add, k->backward[i]);
    if (bench->json)
        printf("%s\n  {\"norm\": %s, \"shape\": %s, \"forward_seconds\": %.5g, "
               "\"backward_seconds\": %.5g, \"copy_seconds\": %.5g, "
               "\"stream_seconds\": %.5g,\n   \"forward_of_copy\": [%.3f, %.3f, %.3f], "
               "\"backward_of_stream\": [%.3f, %.3f, %.3f]}",
               i ? "," : "", json_text(bench->arena, spec),
               shape_text(bench->arena, bench->shape), speed_median(speed, k->forward[i]),
               speed_median(speed, k->backward[i]), speed_median(speed, copy),
               speed_median(speed, k->add), ahead.low, ahead.middle, ahead.high, back.low,
               back.middle, back.high);
    else
        printf("%-10s forward %s of the copy, backward %s of the sum\n", spec,
               bench_ratio_text(bench, ahead), bench_ratio_text(bench, back));
}

void bench_kernels(const Bench *bench) {
    size_t count;
    const ArenaMark mark = arena_mark(bench->arena);
    const char *const *spec = kernel_specs(bench, &count);
    const SpeedKernels found = speed_kernels(&bench->speed, bench->shape, spec, count);
    print_limits(bench, &found);
    for (size_t i = 0; i < count; i++) print_kernel(bench, &found, i, spec[i]);
    if (bench->json) printf("]");
    arena_rewind(bench->arena, mark);
}
