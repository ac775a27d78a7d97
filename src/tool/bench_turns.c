/* Turns, medians and quartiles. The machine's noise comes and goes: what stands side by side
 * in one turn saw the same of it. */
#include "bench.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <omp.h>
#include <string.h>

typedef void Shared(const BenchSubject *subject, size_t thread);

static void on_threads(const BenchSubject *subject, Shared *work) {
    if (work == NULL) return;
#pragma omp parallel num_threads((int)subject->threads)
    work(subject, (size_t)omp_get_thread_num());
}

/* Seconds of the work alone. */
static double turn(const BenchSubject *subject) {
    on_threads(subject, subject->prepare);
    const double begin = omp_get_wtime();
    on_threads(subject, subject->work);
    const double spent = omp_get_wtime() - begin;
    on_threads(subject, subject->finish);
    return spent;
}

void bench_turns(const Bench *bench, BenchSubject *subject, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (subject[i].threads == 0) subject[i].threads = bench->threads;
        subject[i].seconds = TAKE(bench->arena, double, bench->turns);
        turn(&subject[i]);
    }
    for (size_t k = 0; k < bench->turns; k++)
        for (size_t i = 0; i < count; i++) subject[i].seconds[k] = turn(&subject[i]);
}

/* A sorted copy. */
static double *sorted(Arena *arena, const double *value, size_t count) {
    double *copy = TAKE(arena, double, count);
    memcpy(copy, value, count * sizeof *copy);
    gsl_sort(copy, 1, count);
    return copy;
}

double bench_median(const Bench *bench, const double *seconds) {
    return gsl_stats_median_from_sorted_data(sorted(bench->arena, seconds, bench->turns),
                                             1, bench->turns);
}

BenchRatio bench_ratio(const Bench *bench, const double *above, const double *below) {
    const size_t n = bench->turns;
    double *ratio = TAKE(bench->arena, double, n);
    for (size_t k = 0; k < n; k++) ratio[k] = above[k] / below[k];
    ratio = sorted(bench->arena, ratio, n);
    return (BenchRatio){gsl_stats_quantile_from_sorted_data(ratio, 1, n, 0.25),
                        gsl_stats_quantile_from_sorted_data(ratio, 1, n, 0.5),
                        gsl_stats_quantile_from_sorted_data(ratio, 1, n, 0.75)};
}

const double *bench_faster(const Bench *bench, const double *a, const double *b) {
    return bench_median(bench, a) <= bench_median(bench, b) ? a : b;
}

const char *bench_ratio_text(const Bench *bench, BenchRatio ratio) {
    return text_print(bench->arena, "%.2f (%.2f to %.2f)", ratio.middle, ratio.low,
                      ratio.high);
}
