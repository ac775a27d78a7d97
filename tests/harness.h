/* What every test program shares: named cases, each its own CTest case. */
#ifndef NORMLAB_HARNESS_H
#define NORMLAB_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "house.h"

/* `label` says what kind of proof the case is: theorem, oracle, example, golden, fault. */
typedef struct Case {
    const char *label;
    struct CMUnitTest test;
} Case;

#define CASE(label, name)                                                                \
    {                                                                                    \
#label, {                                                                        \
#name, name, NULL, NULL, NULL                                                \
        }                                                                                \
    }

/* `--list` prints "name label" lines; an argument runs the case of that name; none runs all. */
int harness_main(int argc, char **argv, const char *suite, const Case *cases,
                 size_t count);

#define HARNESS_MAIN(suite, cases)                                                       \
    int main(int argc, char **argv) {                                                    \
        return harness_main(argc, argv, suite, cases,                                    \
                            sizeof(cases) / sizeof((cases)[0]));                         \
    }

/* Fails with both values and the bound when |got - want| > bound (or either is NaN). */
#define assert_near(got, want, bound)                                                    \
    harness_near((got), (want), (bound), __FILE__, __LINE__)
void harness_near(double got, double want, double bound, const char *file, int line);

/* Runs `body` in a child process; returns its exit status (128 + signal if killed) and what it
 * wrote to stderr. */
int harness_child(void (*body)(void *), void *context, char *text, size_t room);

#endif
