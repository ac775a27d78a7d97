/* What a study costs before it begins: steps and evaluations measured, one run of each sort. */
#include "judged.h"
#include "sweep.h"

#include <math.h>
#include <string.h>

/* Seconds of a step, and of one sample's evaluation. */
typedef struct Pace {
    double step, sample;
} Pace;

static const double ENOUGH = 0.02; /* seconds that are measured, at the least */

static double seconds_of_steps(Trainer *t) {
    trainer_step(t); /* memory is taken, caches fill */
    const double begin = seconds_now();
    size_t steps = 0;
    double spent = 0;
    while (spent < ENOUGH && trainer_step(t) == TRAIN_STEPPED)
        steps++, spent = seconds_now() - begin;
    return steps ? spent / (double)steps : (double)NAN; /* an epoch of one step or two */
}

static double seconds_of_sample(Trainer *t) {
    enum { FEW = 200 };
    Arena *arena = arena_new();
    Samples few = trainer_data(t)->val;
    few.count = few.count < FEW ? few.count : FEW;
    const double begin = seconds_now();
    if (few.count > 0) trainer_judge(t, arena, &few, 0);
    const double spent = seconds_now() - begin;
    arena_free(arena);
    return few.count > 0 ? spent / (double)few.count : 0;
}

/* Steps, validations, the end, and where moments are found anew their epochs forward. */
static double seconds_of_run(const Run *run, const Trainer *t, Pace pace) {
    const Dataset *data = trainer_data(t);
    const size_t epochs = run->config.epochs;
    double validations = 0, samples;
    for (size_t e = 1; e <= epochs; e++) validations += config_validates(&run->config, e);
    samples = validations * (double)data->val.count + (double)data->test.count +
              (double)data->train.count;
    if (run->config.running != RUNNING_AVERAGE)
        samples += validations * (double)data->train.count;
    return (double)(trainer_steps(t) * epochs) * pace.step + samples * pace.sample;
}

/* NaN: it cannot be told. */
static double cost_of(const Run *run, size_t threads) {
    if (run->config.epochs == 0) return 0;
    Arena *arena = arena_new();
    BaseError quiet = {.set = false};
    double seconds = (double)NAN;
    Trainer *t = trainer_new(arena, &run->config, run->dataset, threads, &quiet);
    if (t) {
        const Pace pace = {seconds_of_steps(t), seconds_of_sample(t)};
        seconds = seconds_of_run(run, t, pace);
        trainer_free(t);
    }
    arena_free(arena);
    return seconds;
}

bool run_is_like(const Run *a, const Run *b, Arena *arena) {
    Config other = b->config;
    other.seed = a->config.seed;
    return config_same(&a->config, &other, arena);
}

/* Of the runs that are to do, each by the first that is like it. */
static double cost_of_all(Arena *arena, const Sweep *sweep, const bool *done,
                          size_t threads) {
    double *cost = TAKE(arena, double, sweep->runs + 1), sum = 0;
    for (size_t i = 0; i < sweep->runs; i++) {
        size_t k = 0;
        if (done[i]) continue;
        while (k < i && (done[k] || !run_is_like(&sweep->run[k], &sweep->run[i], arena)))
            k++;
        cost[i] = k < i ? cost[k] : cost_of(&sweep->run[i], threads);
        sum += cost[i];
    }
    return sum;
}

const char *cost_words(Arena *arena, double seconds) {
    if (seconds < 60) return text_print(arena, "%.0f s", ceil(seconds));
    if (seconds < 3600)
        return text_print(arena, "%.0f min %02.0f s", floor(seconds / 60),
                          floor(fmod(seconds, 60)));
    return text_print(arena, "%.0f h %02.0f min", floor(seconds / 3600),
                      floor(fmod(seconds, 3600) / 60));
}

void study_print_plan(Arena *arena, const Sweep *sweep, size_t jobs) {
    size_t finished = 0, threads;
    bool *done = TAKE(arena, bool, sweep->runs + 1);
    for (size_t i = 0; i < sweep->runs; i++) {
        done[i] = run_is_finished(&sweep->run[i]);
        finished += done[i];
        printf("%s  %-8s  %s\n", sweep->run[i].id, done[i] ? "finished" : "to do",
               sweep->run[i].label);
    }
    printf("%zu runs, %zu finished, %zu to do\n", sweep->runs, finished,
           sweep->runs - finished);
    fflush(stdout);
    if (finished == sweep->runs) return;
    jobs = sweep_jobs(sweep, jobs, &threads);
    const double seconds = cost_of_all(arena, sweep, done, threads);
    if (!isfinite(seconds)) return;
    say("about %s, %zu run%s at a time, by steps measured now%s",
        cost_words(arena, seconds / (double)jobs), jobs, jobs == 1 ? "" : "s",
        judged_wanted(sweep) ? "; finished weights are then judged as the rows ask" : "");
}
