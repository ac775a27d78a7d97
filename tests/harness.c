#include "harness.h"

#include "base.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int harness_main(int argc, char **argv, const char *suite, const Case *cases,
                 size_t count) {
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (size_t i = 0; i < count; i++)
            printf("%s %s\n", cases[i].test.name, cases[i].label);
        return 0;
    }
    struct CMUnitTest *tests = calloc(count, sizeof *tests);
    size_t chosen = 0;
    for (size_t i = 0; i < count; i++)
        if (argc < 2 || strcmp(argv[1], cases[i].test.name) == 0)
            tests[chosen++] = cases[i].test;
    if (chosen == 0) {
        fprintf(stderr, "%s: no case named '%s'\n", suite, argv[1]);
        free(tests);
        return EX_USAGE;
    }
    int failed = _cmocka_run_group_tests(suite, tests, chosen, NULL, NULL);
    free(tests);
    return failed != 0;
}

void harness_near(double got, double want, double bound, const char *file, int line) {
    if (fabs(got - want) <= bound) return;
    print_error("got %.17g, want %.17g, differs by %.3g, allowed %.3g\n", got, want,
                fabs(got - want), bound);
    _fail(file, line);
}

int harness_child(void (*body)(void *), void *context, char *text, size_t room) {
    int ends[2];
    if (pipe(ends) != 0) return -1;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        const int handled[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE,
                               SIGILL}; /* cmocka's would go on with the test */
        for (size_t i = 0; i < sizeof handled / sizeof *handled; i++)
            signal(handled[i], SIG_DFL);
        body(context);
        _exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t got;
    char rest[256];
    while ((got = read(ends[0], length + 1 < room ? text + length : rest,
                       length + 1 < room ? room - 1 - length : sizeof rest)) > 0)
        if (length + 1 < room) length += (size_t)got;
    if (room > 0) text[length] = '\0';
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
