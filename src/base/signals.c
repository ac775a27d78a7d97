/* Signals only leave a mark; who works looks at it between two steps.
 *
 * Whoever stops a job tells all of its processes (a terminal's Ctrl-C, a scheduler), and a parent
 * tells its children as well. So one wish reaches a process several times within moments, and only
 * a signal that comes later is a second wish. */
#include "signals.h"
#include "house.h"

#include <errno.h>
#include <time.h>

enum { SAME_WISH = 2 }; /* seconds */

static const int STOPS[] = {SIGINT, SIGTERM};

static volatile sig_atomic_t stop_signal, stop_second, save_asked;

static int second_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int)t.tv_sec;
}

static void ask_to_stop(int number) {
    const int held = errno, now = second_now();
    if (stop_signal == 0) {
        stop_second = now;
        stop_signal = number;
    } else if (now - stop_second >= SAME_WISH) {
        signal(number, SIG_DFL);
        raise(number);
    }
    errno = held;
}

static void ask_to_save(int number) {
    (void)number;
    save_asked = 1;
}

void signals_begin(void) {
    signal(SIGUSR1, SIG_IGN);
}

SignalsBefore signals_watch(void) {
    SignalsBefore before;
    struct sigaction stop = {.sa_handler = ask_to_stop},
                     save = {.sa_handler = ask_to_save, .sa_flags = SA_RESTART};
    stop_signal = save_asked = 0;
    sigemptyset(&stop.sa_mask);
    sigemptyset(&save.sa_mask);
    for (size_t i = 0; i < COUNT_OF(STOPS); i++)
        sigaction(STOPS[i], &stop, &before.stop[i]);
    sigaction(SIGUSR1, &save, &before.save);
    return before;
}

void signals_restore(const SignalsBefore *before) {
    for (size_t i = 0; i < COUNT_OF(STOPS); i++)
        sigaction(STOPS[i], &before->stop[i], NULL);
    sigaction(SIGUSR1, &before->save, NULL);
}

int signals_stop(void) {
    return (int)stop_signal;
}

bool signals_save(void) {
    const bool asked = save_asked != 0;
    if (asked) save_asked = 0;
    return asked;
}

sigset_t signals_hold(void) {
    sigset_t ours, before;
    sigemptyset(&ours);
    for (size_t i = 0; i < COUNT_OF(STOPS); i++) sigaddset(&ours, STOPS[i]);
    sigaddset(&ours, SIGUSR1);
    sigprocmask(SIG_BLOCK, &ours, &before);
    return before;
}

void signals_release(const sigset_t *before) {
    sigprocmask(SIG_SETMASK, before, NULL);
}
