/* Turns, medians and quartiles. The machine's noise comes and goes: what stands side by side
 * in one turn saw the same of it. */
#include "speed.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <omp.h>
#include <string.h>

typedef void Shared(const SpeedSubject *subject, size_t thread);

/* Who has threads of its own is called by none of ours: a team inside another makes its threads
 * anew each time, while those of the outer one spin beside them. */
static void on_threads(const SpeedSubject *subject, Shared *work) {
    if (work == NULL) return;
    if (subject->threads == 1) {
        work(subject, 0);
        return;
    }
#pragma omp parallel num_threads((int)subject->threads)
    work(subject, (size_t)omp_get_thread_num());
}

/* Seconds of the work alone. */
static double turn(const SpeedSubject *subject) {
    on_threads(subject, subject->prepare);
    const double begin = omp_get_wtime();
    on_threads(subject, subject->work);
    const double spent = omp_get_wtime() - begin;
    on_threads(subject, subject->finish);
    return spent;
}

void speed_turns(const Speed *speed, SpeedSubject *subject, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (subject[i].threads == 0) subject[i].threads = speed->threads;
        subject[i].seconds = TAKE(speed->arena, double, speed->turns);
        turn(&subject[i]);
    }
    for (size_t k = 0; k < speed->turns; k++)
        for (size_t i = 0; i < count; i++) subject[i].seconds[k] = turn(&subject[i]);
}

/* A sorted copy. */
static double *sorted(Arena *arena, const double *value, size_t count) {
    double *copy = TAKE(arena, double, count);
    memcpy(copy, value, count * sizeof *copy);
    gsl_sort(copy, 1, count);
    return copy;
}

double speed_median(const Speed *speed, const double *seconds) {
    return speed_quartiles(speed, seconds).middle;
}

SpeedQuartiles speed_quartiles(const Speed *speed, const double *seconds) {
    const size_t n = speed->turns;
    const double *value = sorted(speed->arena, seconds, n);
    return (SpeedQuartiles){gsl_stats_quantile_from_sorted_data(value, 1, n, 0.25),
                            gsl_stats_quantile_from_sorted_data(value, 1, n, 0.5),
                            gsl_stats_quantile_from_sorted_data(value, 1, n, 0.75)};
}

SpeedQuartiles speed_ratio(const Speed *speed, const double *above, const double *below) {
    double *ratio = TAKE(speed->arena, double, speed->turns);
    for (size_t k = 0; k < speed->turns; k++) ratio[k] = above[k] / below[k];
    return speed_quartiles(speed, ratio);
}

const double *speed_faster(const Speed *speed, const double *a, const double *b) {
    return speed_median(speed, a) <= speed_median(speed, b) ? a : b;
}
