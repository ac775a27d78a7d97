/* Several runs at a time, each in a process of its own: a crash or a full disk ends one
 * run, and the bits cannot depend on what runs beside. The parent starts, listens, and
 * tells. */
#include "ranks.h"
#include "signals.h"
#include "sweep.h"

#include <errno.h>
#include <math.h>
#include <omp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

enum { MOST_TOLD = 8 }; /* runs that are elsewhere */

/* What a run tells its parent, a few times a second: small enough for one atomic write to
 * a pipe. */
typedef struct Report {
    size_t run, done, total;
} Report;

typedef struct Pool {
    Arena *arena;
    const Sweep *sweep;
    size_t jobs, threads, next;
    pid_t *child;        /* [runs] 0: not running */
    double *share;       /* [runs] done so far, 0..1 */
    double *begin_share; /* [runs] where it began: resumed runs are ahead */
    bool *elsewhere;     /* [runs] another process is at it */
    bool again;          /* what was elsewhere is asked for once more */
    bool waits, speaks;  /* others were started with this process, which is the first */
    double done_share;   /* of all */
    int pipe[2];
    bool restart, terminal, shown;
    double told; /* when progress was shown last */
    double begin;
    int status;  /* of the first run that failed */
    int stopped; /* signal that asked to stop */
    SweepProgress *progress;
    void *context; /* of it */
} Pool;

/* ---- the child's side ------------------------------------------------------------ */

typedef struct Teller {
    int handle;
    size_t run;
    double last;
} Teller;

static void tell(void *context, size_t done, size_t total) {
    Teller *teller = context;
    double now = seconds_now();
    if (now - teller->last < 0.2 && done < total) return;
    teller->last = now;
    Report report = {teller->run, done, total};
    if (write(teller->handle, &report, sizeof report) < 0)
        return; /* nobody listens: go on */
}

static _Noreturn void run_child(Pool *pool, size_t run, pid_t parent) {
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* a killed parent stops its runs cleanly */
#endif
    if (getppid() != parent) _exit(EX_TEMPFAIL);
    close(pool->pipe[0]);
    Teller teller = {pool->pipe[1], run, 0.0};
    signal(SIGPIPE, SIG_IGN);
    exit(run_execute(&pool->sweep->run[run], pool->threads, pool->restart && !pool->again,
                     NULL, tell, &teller));
}

/* ---- the parent's side ----------------------------------------------------------- */

/* What there is to start, and no other process finished meanwhile. */
static bool find_next(Pool *pool) {
    const Sweep *sweep = pool->sweep;
    size_t found = 0;
    for (; pool->next < sweep->runs; pool->next++) {
        const Run *run = &sweep->run[pool->next];
        if (pool->again && !pool->elsewhere[pool->next]) continue;
        if (pool->again && pool->waits && store_holder(pool->arena, run->path)) continue;
        if (!run_is_finished(run)) break;
        pool->share[pool->next] = pool->begin_share[pool->next] = 1.0;
        pool->elsewhere[pool->next] = false;
        run_tidy(pool->arena, run);
        found++;
    }
    if (found > 0 && pool->next < sweep->runs) pool->progress(pool->context);
    return pool->next < sweep->runs;
}

static void start_next(Pool *pool) {
    if (!find_next(pool)) return;
    fflush(NULL);
    store_binary(); /* of all children: each would read the program anew */
    const sigset_t usual = signals_hold(); /* none may fall between the parent's and the
                                              child's watch */
    pid_t parent = getpid(), child = fork();
    if (child == 0) signals_watch();
    signals_release(&usual);
    if (child < 0) die(EX_OSERR, "cannot start another process: %s", strerror(errno));
    if (child == 0) run_child(pool, pool->next, parent);
    pool->child[pool->next++] = child;
}

static size_t running(const Pool *pool) {
    size_t count = 0;
    for (size_t i = 0; i < pool->next; i++) count += pool->child[i] != 0;
    return count;
}

/* Before, or here. */
static size_t finished(const Pool *pool) {
    size_t count = 0;
    for (size_t i = 0; i < pool->sweep->runs; i++)
        count += pool->share[i] >= 1.0 && pool->child[i] == 0 && !pool->elsewhere[i];
    return count;
}

static void clear_line(Pool *pool) {
    if (pool->shown) fputs("\r\033[K", stderr);
    pool->shown = false;
}

/* ", about 1 min 20 s left"; "": nobody knows yet. */
static const char *time_left(Pool *pool) {
    double done = 0.0, begun = 0.0;
    for (size_t i = 0; i < pool->sweep->runs; i++) {
        done += pool->share[i];
        begun += pool->begin_share[i];
    }
    const double spent = seconds_now() - pool->begin, rate = (done - begun) / spent,
                 left = ((double)pool->sweep->runs - done) / rate;
    pool->done_share = done / (double)pool->sweep->runs;
    if (!(rate > 0) || spent <= 1 || left <= 0) return "";
    return text_print(pool->arena, ", about %s left", cost_words(pool->arena, left));
}

/* "17 of 36 runs done, 2 running, 17 left, 46 %, about 1 min 20 s left": on a terminal alone. */
static void show_progress(Pool *pool) {
    if (!pool->terminal || !pool->speaks || seconds_now() - pool->told < 0.25) return;
    const ArenaMark mark = arena_mark(pool->arena);
    const size_t done = finished(pool), now = running(pool);
    const char *left = time_left(pool);
    pool->told = seconds_now();
    fprintf(stderr, "\r%zu of %zu runs done, %zu running, %zu left, %.0f %%%s\033[K",
            done, pool->sweep->runs, now, pool->sweep->runs - done - now,
            100.0 * pool->done_share, left);
    pool->shown = true;
    arena_rewind(pool->arena, mark);
}

static void listen_to(Pool *pool) {
    struct pollfd ready = {.fd = pool->pipe[0], .events = POLLIN};
    if (poll(&ready, 1, 100) <= 0) return;
    Report report;
    if (read(pool->pipe[0], &report, sizeof report) != (ssize_t)sizeof report) return;
    double share = report.total ? (double)report.done / (double)report.total : 1.0;
    if (pool->share[report.run] == 0.0 && share > 0.5 / (double)report.total)
        pool->begin_share[report.run] = report.done > 1 ? share : 0.0;
    pool->share[report.run] = share;
}

static void bury(Pool *pool, size_t run, int status) {
    const char *label = pool->sweep->run[run].label;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE;
    pool->child[run] = 0;
    pool->share[run] = 1.0;
    pool->elsewhere[run] = code == EX_TEMPFAIL;
    if (pool->elsewhere[run]) {
        pool->begin_share[run] = 1.0; /* nothing of it is ours */
        return;
    }
    clear_line(pool);
    if (WIFSIGNALED(status)) say("%s: ended by signal %d", label, WTERMSIG(status));
    if (code != EX_OK && pool->status == EX_OK) pool->status = code;
    if (code == EX_OK && !pool->terminal && pool->speaks)
        fprintf(stderr, "normlab: %zu/%zu %s: done after %.0f s in all%s\n",
                finished(pool), pool->sweep->runs, label, seconds_now() - pool->begin,
                time_left(pool));
    if (code == EX_OK) pool->progress(pool->context);
}

static void reap(Pool *pool) {
    for (size_t i = 0; i < pool->next; i++) {
        int status;
        if (pool->child[i] != 0 &&
            waitpid(pool->child[i], &status, WNOHANG) == pool->child[i])
            bury(pool, i, status);
    }
}

static void tell_children(Pool *pool, int number) {
    clear_line(pool);
    for (size_t i = 0; i < pool->next; i++)
        if (pool->child[i]) kill(pool->child[i], number);
}

static void pass_on_signals(Pool *pool) {
    if (signals_save()) tell_children(pool, SIGUSR1);
    if (signals_stop() == 0 || pool->stopped) return;
    pool->stopped = signals_stop();
    tell_children(pool, SIGTERM);
    say("stopping after the current steps; the same command goes on from there");
}

/* Slurm's job has some of its machine's, and only where it is told to do so does it keep the job to
 * them; a launcher may have bound this process to some, and if not, all that it started here share. */
size_t processors(void) {
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const size_t all = cores > 0 ? (size_t)cores : 1, own = (size_t)omp_get_num_procs();
    const char *job = getenv("SLURM_CPUS_ON_NODE");
    size_t ours;
    if (!job || !text_to_count(job, &ours) || ours == 0 || ours > all) ours = all;
    const size_t share = ours / ranks_started().here, least = own < share ? own : share;
    return least > 0 ? least : 1;
}

size_t sweep_jobs(const Sweep *sweep, size_t jobs, size_t *threads) {
    if (jobs == 0) jobs = processors();
    if (jobs > sweep->runs) jobs = sweep->runs;
    *threads = processors() > jobs ? processors() / jobs : 1;
    return jobs;
}

/* What was finished before is said before; how many they are. */
static size_t tell_finished(Pool *pool) {
    const Sweep *sweep = pool->sweep;
    size_t count = 0;
    for (size_t i = 0; i < sweep->runs; i++) {
        if (!run_is_finished(&sweep->run[i])) continue;
        pool->share[i] = pool->begin_share[i] = 1.0;
        count++;
    }
    if (count > 0 && pool->speaks)
        say("%zu of %zu runs were finished before", count, sweep->runs);
    return count;
}

static size_t count_elsewhere(const Pool *pool) {
    size_t count = 0;
    for (size_t i = 0; i < pool->sweep->runs; i++) count += pool->elsewhere[i];
    return count;
}

/* Whether there is more to start. All that is ours is done when what was elsewhere is asked for
 * again: it may be finished by now, or left unfinished. Who was started with others asks until all
 * is finished: they may be killed. */
static bool goes_on(Pool *pool) {
    if (pool->status != EX_OK || pool->stopped) return false;
    if (pool->next < pool->sweep->runs) return true;
    if (running(pool) > 0 || count_elsewhere(pool) == 0) return false;
    if (pool->again && !pool->waits) return false;
    if (pool->again) sleep(1); /* ends at a signal */
    pool->again = true;
    pool->next = 0;
    return true;
}

static void tell_elsewhere(Pool *pool) {
    const size_t all = count_elsewhere(pool);
    size_t told = 0;
    for (size_t i = 0; i < pool->sweep->runs && told < MOST_TOLD; i++) {
        const Run *run = &pool->sweep->run[i];
        if (!pool->elsewhere[i]) continue;
        const char *holder = store_holder(pool->arena, run->path);
        say("%s: %s is at %s", text_plain(pool->arena, run->label),
            holder ? holder : "another process", run->id);
        told++;
    }
    if (all > told) say("and %zu more runs are elsewhere", all - told);
    if (all > 0 && pool->status == EX_OK) pool->status = EX_TEMPFAIL;
}

/* The runs, beginning where no other of so many begins. */
static const Sweep *turned(Arena *arena, const Sweep *sweep, size_t rank, size_t of) {
    Sweep *own = TAKE(arena, Sweep, 1);
    *own = *sweep;
    own->run = TAKE(arena, Run, sweep->runs + 1);
    for (size_t i = 0; i < sweep->runs; i++)
        own->run[i] = sweep->run[(rank * sweep->runs / of + i) % sweep->runs];
    return own;
}

int sweep_run(Arena *arena, const Sweep *sweep, const StudyWork *work,
              SweepProgress *progress, void *context) {
    BaseError error = {.set = false};
    place_folder(runs_folder(arena), &error);
    die_if(&error);
    size_t threads;
    const size_t jobs = sweep_jobs(sweep, work->jobs, &threads);
    if (work->of > 1) sweep = turned(arena, sweep, work->rank, work->of);
    Pool pool = {.arena = arena,
                 .sweep = sweep,
                 .jobs = jobs,
                 .threads = threads,
                 .restart = work->restart,
                 .waits = work->of > 1,
                 .speaks = work->rank == 0,
                 .progress = progress,
                 .context = context,
                 .child = ZERO(arena, pid_t, sweep->runs),
                 .share = ZERO(arena, double, sweep->runs),
                 .begin_share = ZERO(arena, double, sweep->runs),
                 .elsewhere = ZERO(arena, bool, sweep->runs),
                 .begin = seconds_now(),
                 .terminal = isatty(STDERR_FILENO) && getenv("TERM") &&
                             strcmp(getenv("TERM"), "dumb") != 0};
    if (tell_finished(&pool) < sweep->runs) store_try(runs_folder(arena), &error);
    die_if(&error);
    if (pipe(pool.pipe) != 0) die(EX_OSERR, "no pipe: %s", strerror(errno));
    const SignalsBefore before = signals_watch();
    do {
        while (running(&pool) < jobs && goes_on(&pool)) start_next(&pool);
        listen_to(&pool);
        reap(&pool);
        pass_on_signals(&pool);
        show_progress(&pool);
    } while (running(&pool) > 0 || goes_on(&pool));
    clear_line(&pool);
    if (!pool.stopped && pool.status == EX_OK) tell_elsewhere(&pool);
    close(pool.pipe[0]);
    close(pool.pipe[1]);
    signals_restore(&before);
    if (!pool.stopped) pool.stopped = signals_stop(); /* the last moment's */
    return pool.stopped ? 128 + pool.stopped : pool.status;
}
