/* What asks to stop or to save leaves a mark; a second wish ends the process. */
#include "harness.h"
#include "signals.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void nap(double seconds) {
    struct timespec t = {(time_t)seconds,
                         (long)(1e9 * (seconds - (double)(time_t)seconds))};
    while (nanosleep(&t, &t) != 0) continue;
}

/* The status of a process that does this, under a watch. */
static int status_of(int (*work)(void)) {
    int status = 0;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signals_watch();
        _exit(work());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* As from a scheduler, a shell and a parent. */
static int told_thrice(void) {
    raise(SIGTERM);
    raise(SIGTERM);
    raise(SIGINT);
    return signals_stop();
}

static int told_again(void) {
    raise(SIGINT);
    nap(3.1);
    raise(SIGTERM);
    return 0;
}

static void a_second_wish_ends(void **state) {
    (void)state;
    int status = status_of(told_thrice);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), SIGTERM);
    status = status_of(told_again);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
}

static void saving_is_asked_for_once(void **state) {
    (void)state;
    const SignalsBefore before = signals_watch();
    raise(SIGUSR1);
    raise(SIGUSR1);
    assert_true(signals_save());
    assert_false(signals_save());
    assert_int_equal(signals_stop(), 0);
    signals_restore(&before);
    signals_begin();
    raise(SIGUSR1); /* nobody looks, nothing ends */
    assert_false(signals_save());
}

static void what_is_held_comes_later(void **state) {
    (void)state;
    const SignalsBefore before = signals_watch();
    const sigset_t usual = signals_hold();
    raise(SIGTERM);
    raise(SIGUSR1);
    assert_int_equal(signals_stop(), 0);
    assert_false(signals_save());
    signals_release(&usual);
    assert_int_equal(signals_stop(), SIGTERM);
    assert_true(signals_save());
    signals_watch();
    assert_int_equal(signals_stop(), 0);
    signals_restore(&before);
}

static const Case cases[] = {
    CASE(theorem, a_second_wish_ends),
    CASE(theorem, saving_is_asked_for_once),
    CASE(theorem, what_is_held_comes_later),
};

HARNESS_MAIN("signals", cases)
