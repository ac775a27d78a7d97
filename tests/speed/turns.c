/* Turns in rotation, and what is said of their seconds. */
#include "harness.h"

#include "speed.h"

#include <math.h>
#include <omp.h>
#include <time.h>

/* ---- rotation ------------------------------------------------------------------------ */

enum { TURNS = 3, SUBJECTS = 2, MOST = 64 };

typedef struct Diary {
    char word[MOST]; /* who did what, of thread 0 */
    size_t words, threads[SUBJECTS];
} Diary;

typedef struct Who {
    Diary *diary;
    size_t number;
} Who;

static void note(const SpeedSubject *subject, size_t thread, char what) {
    Who *who = subject->context;
    if (thread == 0)
        who->diary->word[who->diary->words++] = (char)(what + (int)who->number);
}

static void pause_for(long microseconds) {
    nanosleep(&(struct timespec){0, 1000 * microseconds}, NULL);
}

static void prepare(const SpeedSubject *subject, size_t thread) {
    note(subject, thread, 'a');
    pause_for(100000);
}

static void work(const SpeedSubject *subject, size_t thread) {
    Who *who = subject->context;
    if (thread == 0) who->diary->threads[who->number] = (size_t)omp_get_num_threads();
    note(subject, thread, 'A');
    pause_for(2000);
}

static void finish(const SpeedSubject *subject, size_t thread) {
    note(subject, thread, '0');
    pause_for(100000);
}

/* Once to warm up, then turn by turn, on the threads that were asked for; only the work between
 * prepare and finish is timed. */
static void subjects_take_turns(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Speed speed = {arena, 2, TURNS};
    Diary diary = {.words = 0};
    Who who[SUBJECTS] = {{&diary, 0}, {&diary, 1}};
    SpeedSubject subject[SUBJECTS] = {{prepare, work, finish, &who[0], 0, NULL},
                                      {NULL, work, NULL, &who[1], 1, NULL}};
    speed_turns(&speed, subject, SUBJECTS);
    assert_string_equal(diary.word, "aA0BaA0BaA0BaA0B");
    assert_int_equal(diary.threads[0], 2);
    assert_int_equal(diary.threads[1], 1);
    double least = 1.0;
    for (size_t k = 0; k < TURNS; k++) {
        assert_true(subject[0].seconds[k] >= 0.002 && subject[1].seconds[k] >= 0.002);
        least = fmin(least, subject[0].seconds[k]);
    }
    assert_true(least < 0.1); /* of the three at least one was not held up */
    arena_free(arena);
}

/* ---- quartiles ------------------------------------------------------------------------ */

static void ratios_are_of_turns(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Speed speed = {arena, 1, 5};
    const double a[] = {4, 1, 5, 3, 2}, b[] = {2, 1, 1, 1, 4};
    const SpeedQuartiles of = speed_quartiles(&speed, a),
                         ratio = speed_ratio(&speed, a, b); /* 2 1 5 3 0.5 */
    assert_near(of.low, 2, 0);
    assert_near(of.middle, 3, 0);
    assert_near(of.high, 4, 0);
    assert_near(speed_median(&speed, a), 3, 0);
    assert_near(ratio.low, 1, 0);
    assert_near(ratio.middle, 2, 0); /* of the medians: 3 */
    assert_near(ratio.high, 3, 0);
    assert_ptr_equal(speed_faster(&speed, a, b), b);
    assert_ptr_equal(speed_faster(&speed, b, a), b);
    arena_free(arena);
}

static const Case cases[] = {
    CASE(theorem, ratios_are_of_turns),
    CASE(example, subjects_take_turns),
};

HARNESS_MAIN("turns", cases)
