/* The child that reads files, from inside.
 *
 * libhdf5 trusts the lengths and addresses inside a file, so a damaged or hostile one can
 * crash it, or keep it busy for ever. It does so here, where only the answer is lost.
 */
#include "internal.h"
#include "house.h"
#include "place.h"
#include "text.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* Whatever the program does about its own crashes, the child just dies of them; what asks
 * the program to stop is the parent's business. */
static void settle_signals(void) {
    static const int deadly[] = {SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,
                                 SIGABRT, SIGXCPU, SIGPIPE, SIGALRM};
    static const int ours[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < COUNT_OF(deadly); i++) signal(deadly[i], SIG_DFL);
    for (size_t i = 0; i < COUNT_OF(ours); i++) signal(ours[i], SIG_IGN);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}

/* Locks, pipes and files of the parent are closed when it closes them. */
static void close_others(int socket) {
    place_close_others(socket);
    const int nowhere = open("/dev/null", O_RDWR);
    for (int handle = 0; nowhere >= 0 && handle <= STDERR_FILENO; handle++)
        dup2(nowhere, handle);
    if (nowhere > STDERR_FILENO) close(nowhere);
}

/* Of this process. */
static Budget budget = {.sizes = -1};

/* A file's Store, or NULL and answer->error. */
static Store *load(const char *path, Answer *answer) {
    Arena *arena = arena_new();
    Store *store = ZERO(arena, Store, 1);
    *store = (Store){.arena = arena,
                     .path = text_print(arena, "%s", path),
                     .file = H5I_INVALID_HID,
                     .budget = &budget};
    *answer = (Answer){.rank = 0};
    store_tame();
    const bool good = store_load(store, &answer->error);
    answer->sealed = store->sealed;
    answer->length = store->length;
    if (good) return store;
    store_close(store);
    return NULL;
}

static void answer_within(Store *store, Arena *arena, const Question *question,
                          Answer *answer) {
    budget_begin(store->budget);
    store_answer(store, arena, question, answer);
    budget_rest(store->budget);
}

static Store *serve(Store *store, Arena *arena, const Question *question,
                    Answer *answer) {
    if (question->verb == ASK_OPEN) return load(question->path, answer);
    if (question->verb == ASK_CLOSE) {
        *answer = (Answer){.rank = 0};
        store_close(store);
        return NULL;
    }
    answer_within(store, arena, question, answer);
    return store;
}

static void end_of_memory(size_t bytes) {
    _exit(budget_refused(&budget, bytes));
}

_Noreturn void reader_serve(int socket) {
    memory_before_end(end_of_memory);
    settle_signals();
    close_others(socket);
    Store *store = NULL;
    budget.sizes = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    for (;;) {
        Answer answer;
        Question question;
        Arena *arena = arena_new();
        if (!wire_receive_question(socket, arena, &question)) _exit(EX_OK);
        store = serve(store, arena, &question, &answer);
        if (!wire_send_answer(socket, &answer)) _exit(EX_OK);
        arena_free(arena);
    }
}
