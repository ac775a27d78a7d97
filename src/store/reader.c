/* The child that reads files, from outside: started, asked, and started again.
 *
 * HDF5 never sees, in this process, a byte that another one wrote. One child reads one file
 * at a time; it is kept for the next, for starting one costs more than reading a small
 * file. A file that kills a child which has read others before is put to a new one: only
 * what kills that is damaged.
 */
#include "internal.h"
#include "house.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct Reader {
    pid_t child; /* 0: none */
    int socket;
    pid_t parent;   /* who started it, and alone may ask it */
    bool used;      /* it has read other files */
    BaseError lost; /* what killed it */
};

/* The one that has nothing to do. */
static Reader idle;

/* ---- starting and ending ----------------------------------------------------------- */

/* Where the machine has no room for a child, nothing is said of the file, which may be whole:
 * the program ends. */
static void start(Reader *reader, const char *path) {
    int ends[2];
    fflush(NULL); /* or a child that dies prints it again */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        die(EX_OSERR, "%s: cannot be read: %s", path, strerror(errno));
    const pid_t parent = getpid(), child = fork();
    if (child == 0) reader_serve(ends[1]);
    if (child < 0)
        die(EX_OSERR, "%s: cannot start a process to read it: %s", path, strerror(errno));
    close(ends[1]);
    *reader = (Reader){.child = child, .socket = ends[0], .parent = parent};
}

/* Its exit status. */
static int end(Reader *reader) {
    int status = 0;
    if (reader->child == 0) return status;
    if (reader->parent == getpid()) {
        shutdown(reader->socket, SHUT_RDWR); /* others may hold this end, too */
        while (waitpid(reader->child, &status, 0) < 0 && errno == EINTR) continue;
    }
    close(reader->socket);
    reader->child = 0;
    return status;
}

static void end_idle(void) {
    end(&idle);
}

/* ---- asking ------------------------------------------------------------------------- */

/* Nanoseconds that the child has computed. */
static int64_t computed(const Reader *reader) {
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(reader->child, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return 0;
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Until an answer comes, or the end of who should give it. A child that computes has its budget; one
 * that does not, second after second, is stuck in what never ends (a disk that is gone; or somebody
 * stopped it), and nothing is said of the file. While we are stopped no second passes. */
static void wait_for_answer(const Reader *reader, const char *path) {
    enum { SECOND = 1000, STUCK = 30 };
    struct pollfd from = {.fd = reader->socket, .events = POLLIN};
    int64_t before = -1;
    for (int still = 0; still < STUCK;) {
        const int ready = poll(&from, 1, SECOND);
        if (ready > 0 || (ready < 0 && errno != EINTR)) return;
        if (ready < 0) continue;
        const int64_t now = computed(reader);
        still = now == before ? still + 1 : 0;
        before = now;
    }
    kill(reader->child, SIGKILL);
    die(EX_OSERR,
        "%s: cannot be read: for %d s the process that does so has done nothing", path,
        STUCK);
}

static bool exchange(const Reader *reader, Arena *arena, const char *path,
                     const Question *question, Answer *answer) {
    if (reader->child == 0 || !wire_send_question(reader->socket, question)) return false;
    wait_for_answer(reader, path);
    if (!wire_receive_answer(reader->socket, arena, answer)) return false;
    if (answer->error.code == EX_OSERR) die_if(&answer->error); /* not of the file */
    return true;
}

/* A new child, with the same file open. */
static bool start_again(Reader *reader, const Store *store, const Question *question) {
    Answer answer;
    const Question open = {ASK_OPEN, .path = store->path};
    start(reader, store->path);
    return question->verb == ASK_OPEN ||
           (exchange(reader, store->arena, store->path, &open, &answer) &&
            !answer.error.set);
}

static void tell_of_death(Reader *reader, const Store *store, const Question *question,
                          int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == ENDS_POOR)
        die(EX_OSERR, "%s: cannot be read: out of memory", store->path);
    Arena *arena = arena_new();
    const bool whole = question->verb == ASK_OPEN;
    base_fail(&reader->lost, EX_DATAERR, 0, "%s: damaged: reading %s %s", store->path,
              whole ? "it" : question->path, budget_verdict(arena, status));
    arena_free(arena);
}

void reader_ask(const Store *store, Arena *arena, const Question *question,
                Answer *answer) {
    Reader *reader = store->reader;
    if (exchange(reader, arena, store->path, question, answer)) return;
    if (!reader->lost.set) {
        int status = end(reader);
        if (reader->used) {
            reader->used = false;
            if (start_again(reader, store, question) &&
                exchange(reader, arena, store->path, question, answer))
                return;
            status = end(reader);
        }
        tell_of_death(reader, store, question, status);
    }
    *answer = (Answer){.error = reader->lost};
}

/* ---- opening and closing ------------------------------------------------------------ */

bool reader_open(Store *store, BaseError *error) {
    Answer answer;
    const Question open = {ASK_OPEN, .path = store->path};
    store->reader = ZERO(store->arena, Reader, 1);
    if (idle.child != 0 && idle.parent != getpid()) end(&idle);
    if (idle.child != 0) {
        *store->reader = idle;
        idle.child = 0;
    } else {
        start(store->reader, store->path);
    }
    reader_ask(store, store->arena, &open, &answer);
    store->sealed = answer.sealed;
    store->length = answer.length;
    return !answer.error.set ||
           base_fail(error, answer.error.code, 0, "%s", answer.error.message);
}

/* A child is kept if its file was ours: less is to be feared from it. */
void reader_close(Store *store) {
    static bool ends_with_us = false;
    Answer answer;
    Reader *reader = store->reader;
    const Question close = {ASK_CLOSE, .path = store->path};
    const bool keep = store->sealed && idle.child == 0 && reader->parent == getpid() &&
                      exchange(reader, store->arena, store->path, &close, &answer);
    if (!keep) {
        end(reader);
        return;
    }
    if (!ends_with_us) ends_with_us = atexit(end_idle) == 0;
    idle = *reader;
    idle.used = true;
}
