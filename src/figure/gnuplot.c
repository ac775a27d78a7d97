/* The gnuplot driver. It is started without a shell, without the user's start-up file, in the C
 * locale, and works in a folder that goes away. */
#include "gnuplot.h"
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs it to its end; what it said is in `log`. -1 and errno: it could not be started. */
static int run_gnuplot(char *const *words, const char *log) {
    char locale[] = "LC_ALL=C.UTF-8",
         path[] = "PATH=/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin";
    char *environment[] = {locale, path, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log,
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    posix_spawnattr_t attributes;
    sigset_t usual; /* we ignore this signal, gnuplot should not */
    sigemptyset(&usual);
    sigaddset(&usual, SIGXFSZ);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    pid_t child;
    int status = 0;
    int failed =
        posix_spawnp(&child, "gnuplot", &actions, &attributes, words, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        errno = failed;
        return -1;
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

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

static bool failed(const Figure *f, int status, const char *folder, BaseError *error) {
    const char *why = last_words(f->arena, text_print(f->arena, "%s/log", folder)),
               *colon = *why ? ": " : "";
    if (status == 0 || status == 128 + SIGXFSZ)
        return base_fail(error, EX_IOERR, 0,
                         "no whole figure came from gnuplot; is there room in %s?%s%s",
                         folder, colon, why);
    return base_fail(error, EX_UNAVAILABLE, 0, "gnuplot failed on %s (exit code %d)%s%s",
                     f->script, status, colon, why);
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
    const int status = run_gnuplot(copy, text_print(arena, "%s/log", folder));
    if (status < 0)
        return base_fail(
            error, EX_UNAVAILABLE, 0,
            "gnuplot cannot be started (%s); `./normlab --no-install` lists what "
            "is missing",
            strerror(errno));
    BaseError quiet = {.set = false};
    const size_t most = (size_t)1 << 28;
    d->bytes = status == 0 ? place_read(arena, figure, most, &d->length, &quiet) : NULL;
    bool whole = d->bytes && is_whole(f->form, d->bytes, d->length);
    if (whole && figure_is(f, "tex")) { /* labels; the drawing that they lie over */
        const char *under = text_print(arena, "%s/figure.pdf", folder);
        d->under = place_read(arena, under, most, &d->under_length, &quiet);
        whole = d->under && is_whole("pdf", d->under, d->under_length);
    }
    return whole || failed(f, status, folder, error);
}

bool gnuplot_draw(const Figure *f, Drawing *d, BaseError *error) {
    const char *folder = temporary_folder(f->arena, error);
    if (folder == NULL) return false;
    const bool drawn = draw(f, folder, d, error);
    d->stem = text_print(f->arena, "%s/figure", folder);
    remove_folder(f->arena, folder);
    return drawn;
}
