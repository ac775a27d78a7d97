/* signals: what asks a program to stop, or to save what it has. */
#ifndef NORMLAB_SIGNALS_H
#define NORMLAB_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* What was done with them before. */
typedef struct SignalsBefore {
    struct sigaction stop[2], save;
} SignalsBefore;

/* At the program's begin: SIGUSR1, which asks to save, never ends a process of ours. */
void signals_begin(void);

/* From now on the first SIGINT or SIGTERM can be asked for; another one some seconds later ends the
 * process as usual. SIGUSR1 can be asked for, too. What came before is forgotten. */
SignalsBefore signals_watch(void);
void signals_restore(const SignalsBefore *before);

int signals_stop(void);  /* the first that asked to stop; 0: none */
bool signals_save(void); /* whether one asked to save since the last call */

/* Between them none of the three is delivered to this thread; it is afterwards. */
sigset_t signals_hold(void);
void signals_release(const sigset_t *before);

#endif
