/* The gnuplot driver. It is started without a shell, without the user's start-up file, in the C
 * locale, works in a folder that goes away, and has limits: of time, of memory, of what it writes. */
#include "gnuplot.h"
#include "place.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

extern char **environ;

/* More than any figure takes; who draws more says how long it may. */
enum { MOST_SECONDS = 300, MOST_BYTES = 1 << 28 };
static const rlim_t MOST_MEMORY = (rlim_t)4 << 30;

/* How it ended. */
typedef struct Ended {
    int trouble;    /* it could not be started: errno */
    int status;     /* exit code, or 128 + signal */
    size_t seconds; /* it was ended after so many; 0: not by us */
} Ended;

static size_t patience(void) {
    const char *text = getenv("NORMLAB_GNUPLOT_SECONDS");
    size_t seconds;
    return text && text_to_count(text, &seconds) && seconds > 0 ? seconds : MOST_SECONDS;
}

/* ---- its process ----------------------------------------------------------------- */

static void limit(int what, rlim_t most) {
    struct rlimit now;
    if (getrlimit(what, &now) != 0 || now.rlim_cur <= most) return;
    now.rlim_cur = most;
    setrlimit(what, &now);
}

/* It ends with us; a terminal's Ctrl-C is for us alone. SIGUSR1 stays ignored, SIGXFSZ does not. */
static _Noreturn void become_gnuplot(char *const *words, char **environment, int log,
                                     int told) {
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    setpgid(0, 0);
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    signal(SIGXFSZ, SIG_DFL);
    limit(RLIMIT_FSIZE, MOST_BYTES);
    limit(RLIMIT_AS, MOST_MEMORY);
    limit(RLIMIT_CORE, 0);
    dup2(nothing, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    environ = environment;
    execvp(words[0], words);
    const int trouble = errno;
    if (write(told, &trouble, sizeof trouble) < 0) _exit(1);
    _exit(1);
}

/* Until it ends, or is ended: by our patience, or by a signal that asks us to stop. */
static Ended wait_for(pid_t child) {
    const struct timespec moment = {0, 5 * 1000 * 1000};
    const size_t most = patience();
    const time_t begin = time(NULL);
    Ended ended = {.trouble = 0};
    int status = 0;
    for (;;) {
        const pid_t got = waitpid(child, &status, WNOHANG);
        if (got == child || (got < 0 && errno != EINTR)) break;
        if (time(NULL) - begin >= (time_t)most) ended.seconds = most;
        if (ended.seconds > 0 || signals_stop()) kill(-child, SIGKILL);
        nanosleep(&moment, NULL);
    }
    kill(-child, SIGKILL); /* what it started */
    ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ended;
}

/* What it says goes to `log`. */
static Ended run_gnuplot(Arena *arena, char *const *words, int log) {
    const char *path = getenv("PATH");
    char locale[] = "LC_ALL=C.UTF-8";
    char *environment[] = {
        locale, text_print(arena, "PATH=%s", path ? path : "/usr/bin:/bin"), NULL};
    int told[2];
    if (pipe(told) != 0) return (Ended){.trouble = errno};
    fcntl(told[0], F_SETFD, FD_CLOEXEC);
    fcntl(told[1], F_SETFD, FD_CLOEXEC); /* closed by exec: nothing is told */
    fflush(NULL);
    Ended ended = {.trouble = 0};
    const pid_t child = fork();
    if (child == 0) become_gnuplot(words, environment, log, told[1]);
    if (child < 0) ended.trouble = errno;
    close(told[1]);
    if (child > 0) {
        int trouble = 0;
        ssize_t got;
        setpgid(child, child); /* before we signal it, whoever comes first */
        while ((got = read(told[0], &trouble, sizeof trouble)) < 0 && errno == EINTR)
            continue;
        ended = wait_for(child);
        if (got == (ssize_t)sizeof trouble) ended.trouble = trouble;
    }
    close(told[0]);
    return ended;
}

/* ---- what came of it ------------------------------------------------------------- */

/* gnuplot does not notice a full disk; a figure is whole when it ends as its form does. */
static bool is_whole(const char *form, const char *bytes, size_t length) {
    static const struct {
        const char *form, *end;
    } ends[] = {{"svg", "</svg>"},
                {"pdf", "%%EOF"},
                {"png", "IEND"},
                {"tex", "\\endgroup"},
                {"dumb", "\n"}};
    char tail[32] = {0};
    size_t shown = length < sizeof tail - 1 ? length : sizeof tail - 1;
    for (size_t i = 0, k = 0; i < shown; i++) {
        char c = bytes[length - shown + i];
        if (c != '\0') tail[k++] = c;
    }
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (strcmp(ends[i].form, form) == 0) return strstr(tail, ends[i].end) != NULL;
    return false;
}

/* Of what gnuplot said the last line, which names the mistake: '"plot.gp" line 3: ...'. */
static const char *last_words(Arena *arena, const char *log) {
    size_t length = 0;
    BaseError quiet = {.set = false};
    const char *said = place_read(arena, log, 1 << 16, &length, &quiet), *line = "";
    for (const char *at = said; at && *at;) {
        const char *end = strchr(at, '\n');
        const size_t bytes = end ? (size_t)(end - at) : strlen(at);
        if (strspn(at, " \t^") < bytes) line = text_copy(arena, at, bytes);
        at = end ? end + 1 : NULL;
    }
    return text_plain(arena, strlen(line) > 200 ? text_copy(arena, line, 200) : line);
}

/* Why nothing more can be written to a file; 0: it can. */
static int lacks_room(const char *path) {
    static const char more[1 << 16];
    const int handle = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (handle < 0) return errno;
    ssize_t wrote = write(handle, more, sizeof more);
    if (wrote >= 0 && wrote < (ssize_t)sizeof more)
        wrote = write(handle, more, sizeof more);
    const int trouble = wrote < 0 ? errno : 0;
    close(handle);
    return trouble;
}

static bool is_too_large(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && status.st_size >= MOST_BYTES;
}

static bool failed(const Figure *f, const Ended *ended, const char *folder,
                   const char *figure, BaseError *error) {
    const char *log = text_print(f->arena, "%s/log", folder),
               *why = last_words(f->arena, log), *colon = *why ? ": " : "";
    if (ended->seconds > 0)
        return base_fail(error, EX_UNAVAILABLE, 0,
                         "gnuplot was not done with %s after %zu s and was ended",
                         f->script, ended->seconds);
    if (is_too_large(figure) || is_too_large(log))
        return base_fail(error, EX_UNAVAILABLE, 0,
                         "gnuplot wrote more than %d MiB for %s, which is no figure",
                         MOST_BYTES >> 20, f->script);
    const int trouble = lacks_room(figure);
    if (trouble)
        return base_fail(error, EX_IOERR, 0, "gnuplot could not write %s: %s", figure,
                         strerror(trouble));
    if (ended->status == 0)
        return base_fail(error, EX_IOERR, 0, "no whole figure came from gnuplot%s%s",
                         colon, why);
    return base_fail(error, EX_UNAVAILABLE, 0, "gnuplot failed on %s (exit code %d)%s%s",
                     f->script, ended->status, colon, why);
}

/* ---- its folder ------------------------------------------------------------------ */

static const char *temporary_folder(Arena *arena, BaseError *error) {
    const char *base = getenv("TMPDIR");
    char *folder = text_print(arena, "%s/normlab.XXXXXX", base && *base ? base : "/tmp");
    if (mkdtemp(folder)) return folder;
    base_fail(error, EX_CANTCREAT, 0, "%s: %s", folder, strerror(errno));
    return NULL;
}

static void remove_folder(Arena *arena, const char *folder) {
    static const char *const names[] = {"given",      "labels",     "columns",
                                        "log",        "figure.svg", "figure.pdf",
                                        "figure.png", "figure.tex", "figure.dumb"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unlink(text_print(arena, "%s/%s", folder, names[i]));
    rmdir(folder);
}

/* What the script is given, and where things are. */
static bool write_input(const Figure *f, const char *folder, const char *figure,
                        BaseError *error) {
    Arena *arena = f->arena;
    Figure all = {.arena = arena, .form = f->form, .given = text_new(arena)};
    const char *columns = text_print(arena, "%s/columns", folder),
               *labels = text_print(arena, "%s/labels", folder);
    figure_path(&all, "columns", columns);
    figure_path(&all, "labels", labels);
    figure_path(&all, "output", figure);
    figure_path(&all, "style", place_home(arena, "experiments/style.gp"));
    figure_path(&all, "form", f->form);
    figure_number(&all, "width", f->width);
    text_add(&all.given, "%s", f->given.data);
    return place_write(columns, f->columns.data, f->columns.length, error) &&
           place_write(labels, f->labels.data, f->labels.length, error) &&
           place_write(text_print(arena, "%s/given", folder), all.given.data,
                       all.given.length, error);
}

/* False: it is not there, or not whole. */
static bool read_drawing(const Figure *f, const char *folder, const char *figure,
                         Drawing *d, int status) {
    BaseError quiet = {.set = false};
    d->bytes =
        status == 0 ? place_read(f->arena, figure, MOST_BYTES, &d->length, &quiet) : NULL;
    bool whole = d->bytes && is_whole(f->form, d->bytes, d->length);
    if (whole && figure_is(f, "tex")) { /* labels; the drawing that they lie over */
        const char *under = text_print(f->arena, "%s/figure.pdf", folder);
        d->under = place_read(f->arena, under, MOST_BYTES, &d->under_length, &quiet);
        whole = d->under && is_whole("pdf", d->under, d->under_length);
    }
    return whole;
}

static bool draw(const Figure *f, const char *folder, Drawing *d, BaseError *error) {
    Arena *arena = f->arena;
    const char *script = place_home(arena, f->script),
               *figure = text_print(arena, "%s/figure.%s", folder, f->form),
               *given = text_print(arena, "%s/given", folder);
    if (!write_input(f, folder, figure, error)) return false;
    const char *const words[] = {"gnuplot", "-d", "-c", script, given, NULL};
    char *copy[COUNT_OF(words)] = {NULL};
    for (size_t i = 0; words[i]; i++)
        copy[i] = text_copy(arena, words[i], strlen(words[i]));
    const char *log = text_print(arena, "%s/log", folder);
    const int handle = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (handle < 0)
        return base_fail(error, EX_CANTCREAT, 0, "%s: %s", log, strerror(errno));
    const Ended ended = run_gnuplot(arena, copy, handle);
    close(handle);
    if (signals_stop())
        return base_fail(error, 128 + signals_stop(), 0, "stopped by a signal");
    if (ended.trouble)
        return base_fail(
            error, EX_UNAVAILABLE, 0,
            "gnuplot cannot be started (%s); `./normlab --no-install` lists what "
            "is missing",
            strerror(ended.trouble));
    return read_drawing(f, folder, figure, d, ended.status) ||
           failed(f, &ended, folder, figure, error);
}

bool gnuplot_draw(const Figure *f, Drawing *d, BaseError *error) {
    const char *folder = temporary_folder(f->arena, error);
    if (folder == NULL) return false;
    const bool drawn = draw(f, folder, d, error);
    d->stem = text_print(f->arena, "%s/figure", folder);
    remove_folder(f->arena, folder);
    return drawn;
}
