/* The gnuplot driver. Numbers and labels go through data files, never through commands;
 * gnuplot is started without a shell, without the user's start-up file, in the C
 * locale. */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const TERMINALS[] = {"svg", "pdf", "png", "tex", "dumb"};

/* ---- columns --------------------------------------------------------------------- */

/* A label inside a data file: quoted; what gnuplot would read as more than text is left out. */
static const char *label(Arena *arena, const char *text, bool tex) {
    char *safe = text_copy(arena, text, strlen(text));
    for (char *c = safe; *c; c++)
        if ((unsigned char)*c < ' ' || strchr("\"\\`", *c)) *c = ' ';
    return tex ? latex_text(arena, safe) : safe;
}

/* " (reference)", and how many of its runs have no number to draw. */
static const char *remark(Arena *arena, const Grid *g, size_t series) {
    size_t cells = g->points * g->seeds, lost = 0;
    for (size_t i = 0; i < cells; i++) lost += g->diverged[series * cells + i] > 0;
    const char *same = g->same[series] > 0 ? " (reference)" : "";
    return lost ? text_print(arena, "%s, %zu of %zu diverged", same, lost, cells) : same;
}

/* One block a series: a header with its name, then along, mean, low, high in percent. */
static const char *columns_text(Arena *arena, const Grid *g, bool tex) {
    Text out = text_new(arena);
    for (size_t i = 0; i < g->series; i++) {
        text_add(&out, "%s\"%s%s\"\n", i ? "\n\n" : "", label(arena, g->name[i], tex),
                 remark(arena, g, i));
        for (size_t j = 0; j < g->points; j++) {
            Interval e = interval_of(g->score + (i * g->points + j) * g->seeds, g->seeds);
            double half = isnan(e.half) ? 0.0 : e.half;
            text_add(&out, "%.17g %.17g %.17g %.17g\n", g->along[j], 100 * e.mean,
                     100 * (e.mean - half), 100 * (e.mean + half));
        }
    }
    return out.data;
}

/* Line types: the colour of a normalizer's kind is the same in every figure; several of
 * one kind take the kind's further dashes and marks. "2 5 12": kind + 10 * (how many of
 * the kind came before) + 1. */
static const char *styles_text(Arena *arena, const Grid *g) {
    Text out = text_new(arena);
    for (size_t i = 0; i < g->series; i++) {
        size_t before = 0;
        for (size_t k = 0; k < i; k++) before += g->rank[k] == g->rank[i];
        text_add(&out, "%s%.0f", i ? " " : "",
                 g->rank[i] + 1 + 10 * (double)(before % 3));
    }
    return out.data;
}

static const char *same_text(Arena *arena, const Grid *g) {
    Text out = text_new(arena);
    for (size_t i = 0; i < g->series; i++)
        text_add(&out, "%s%d", i ? " " : "", g->same[i] > 0);
    return out.data;
}

static const char *foot_text(Arena *arena, const Grid *g, bool tex) {
    const char *text = text_print(arena, "%s%s%s%s %s: mean%s over %zu seed%s",
                                  g->experiment, g->quick ? " quick, " : " ", g->protocol,
                                  *g->changes ? ", changed" : "", g->identity,
                                  g->seeds > 2 ? " and 95 % interval" : "", g->seeds,
                                  g->seeds == 1 ? "" : "s");
    return label(arena, text, tex);
}

/* ---- gnuplot --------------------------------------------------------------------- */

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
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void write_file(const char *path, const char *text) {
    Error error = {.set = false};
    place_write(path, text, strlen(text), &error);
    die_if(&error);
}

static void remove_folder(Arena *arena, const char *folder) {
    static const char *const names[] = {"columns",     "log",        "figure.svg",
                                        "figure.pdf",  "figure.png", "figure.tex",
                                        "figure.dumb", "figure.eps"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unlink(text_print(arena, "%s/%s", folder, names[i]));
    rmdir(folder);
}

static const char *temporary_folder(Arena *arena) {
    const char *base = getenv("TMPDIR");
    char *folder = text_print(arena, "%s/normlab.XXXXXX", base && *base ? base : "/tmp");
    if (mkdtemp(folder) == NULL) die(EX_CANTCREAT, "%s: %s", folder, strerror(errno));
    return folder;
}

static char *word(Arena *arena, const char *text) {
    return text_copy(arena, text, strlen(text));
}

/* gnuplot does not notice a full disk; a figure is whole when it ends as its form does. */
static bool is_whole(const char *terminal, const char *bytes, size_t length) {
    static const char *const ends[] = {"</svg>", "%%EOF", "IEND", "\\endgroup", "\n"};
    char tail[32] = {0};
    size_t shown = length < sizeof tail - 1 ? length : sizeof tail - 1;
    for (size_t i = 0, k = 0; i < shown; i++) {
        char c = bytes[length - shown + i];
        if (c != '\0') tail[k++] = c;
    }
    size_t i = 0;
    while (strcmp(TERMINALS[i], terminal) != 0) i++;
    return strstr(tail, ends[i]) != NULL;
}

/* The figure's bytes. plot.gp gets: columns, output, terminal, number of series, styles,
 * same, label of the axis, foot, style.gp. */
static char *draw(Arena *arena, const Grid *g, const char *terminal, const char *folder,
                  size_t *length) {
    const char *script =
        place_home(arena, text_print(arena, "experiments/%s/plot.gp", g->experiment));
    const char *columns = text_print(arena, "%s/columns", folder),
               *log = text_print(arena, "%s/log", folder);
    const char *figure = text_print(arena, "%s/figure.%s", folder, terminal);
    const bool tex = strcmp(terminal, "tex") == 0;
    write_file(columns, columns_text(arena, g, tex));
    char *words[] = {word(arena, "gnuplot"),
                     word(arena, "-d"),
                     word(arena, "-c"),
                     word(arena, script),
                     word(arena, columns),
                     word(arena, figure),
                     word(arena, terminal),
                     text_print(arena, "%zu", g->series),
                     word(arena, styles_text(arena, g)),
                     word(arena, same_text(arena, g)),
                     word(arena, label(arena, g->along_label, tex)),
                     word(arena, foot_text(arena, g, tex)),
                     word(arena, place_home(arena, "experiments/style.gp")),
                     NULL};
    Error error = {.set = false};
    int status = run_gnuplot(words, log);
    if (status < 0) {
        int trouble = errno;
        remove_folder(arena, folder);
        die(EX_UNAVAILABLE,
            "gnuplot cannot be started (%s); `./normlab --no-install` lists what is "
            "missing",
            strerror(trouble));
    }
    char *bytes =
        status == 0 ? place_read(arena, figure, (size_t)1 << 28, length, &error) : NULL;
    if (bytes && is_whole(terminal, bytes, *length)) return bytes;
    size_t said = 0;
    Error quiet = {.set = false};
    const char *why = place_read(arena, log, 1 << 16, &said, &quiet);
    remove_folder(arena, folder);
    die(EX_SOFTWARE, "gnuplot failed on %s: %s", script,
        why && said ? why : "no whole figure");
}

static const char *xml_text(Arena *arena, const char *text) {
    Text out = text_new(arena);
    for (; *text; text++) {
        if (*text == '<')
            text_add(&out, "&lt;");
        else if (*text == '>')
            text_add(&out, "&gt;");
        else if (*text == '&')
            text_add(&out, "&amp;");
        else
            text_add(&out, "%c", *text);
    }
    return out.data;
}

/* An SVG says what it shows and where it comes from, for readers of the page and the file. */
static char *described(Arena *arena, const Grid *g, char *svg, size_t *length) {
    char *from = strstr(svg, "<title>"), *to = from ? strstr(from, "</title>") : NULL;
    if (to == NULL) return svg;
    Text out = text_new(arena);
    text_add(&out, "%.*s<title>%s</title>\n<desc>%s</desc>", (int)(from - svg), svg,
             xml_text(arena, g->question), xml_text(arena, foot_text(arena, g, false)));
    text_add(&out, "%s", to + strlen("</title>"));
    *length = out.length;
    return out.data;
}

static void write_bytes(const char *path, const void *bytes, size_t length) {
    Error error = {.set = false};
    place_write(path, bytes, length, &error);
    die_if(&error);
}

/* The tex form is two files: the labels, and the drawing that they lie over, NAME.eps
 * beside NAME.tex. */
static char *with_drawing(Arena *arena, const char *folder, const char *path, char *tex,
                          size_t *length) {
    size_t stem = strlen(path);
    if (stem > 4 && strcmp(path + stem - 4, ".tex") == 0) stem -= 4;
    const char *drawing = text_print(arena, "%.*s.eps", (int)stem, path);
    Error error = {.set = false};
    size_t size;
    char *eps = place_read(arena, text_print(arena, "%s/figure.eps", folder),
                           (size_t)1 << 28, &size, &error);
    if (eps == NULL) return tex;
    write_bytes(drawing, eps, size);
    const char *name = strrchr(drawing, '/') ? strrchr(drawing, '/') + 1 : drawing;
    const char *old = text_print(arena, "%s/figure", folder);
    Text out = text_new(arena);
    for (char *at; (at = strstr(tex, old)) != NULL; tex = at + strlen(old))
        text_add(&out, "%.*s%.*s", (int)(at - tex), tex, (int)(strlen(name) - 4), name);
    text_add(&out, "%s", tex);
    *length = out.length;
    return out.data;
}

void plot_draw(Arena *arena, const Grid *found, const char *terminal, const char *path) {
    const Grid *grid = grid_plain(arena, found);
    const char *folder = temporary_folder(arena);
    size_t length = 0;
    char *bytes = draw(arena, grid, terminal, folder, &length);
    if (strcmp(terminal, "svg") == 0) bytes = described(arena, grid, bytes, &length);
    if (strcmp(terminal, "tex") == 0 && path)
        bytes = with_drawing(arena, folder, path, bytes, &length);
    remove_folder(arena, folder);
    if (path)
        write_bytes(path, bytes, length);
    else
        fwrite(bytes, 1, length, stdout);
}

/* ---- the command ----------------------------------------------------------------- */

static int run_plot(const Call *call) {
    Arena *arena = call->arena;
    const Experiment *experiment = find_experiment(arena, call->word[0]);
    const char *terminal = call->words > 1 ? call->word[1] : "svg",
               *path = call_option(call, "--to");
    size_t i = 0;
    while (i < COUNT_OF(TERMINALS) && strcmp(terminal, TERMINALS[i]) != 0) i++;
    if (i == COUNT_OF(TERMINALS))
        die(EX_USAGE, "no form of figure '%s'%s; there are svg, pdf, png, tex, dumb",
            terminal, text_hint(arena, terminal, TERMINALS, COUNT_OF(TERMINALS)));
    const Grid *grid = grid_find(call, experiment->name);
    if (strcmp(terminal, "dumb") != 0 && path == NULL) {
        Error error = {.set = false};
        place_folder(place_out(arena, "."), &error);
        die_if(&error);
        path = place_out(arena, text_print(arena, "%s%s.%s", grid->experiment,
                                           grid->quick ? "-quick" : "", terminal));
    }
    plot_draw(arena, grid, terminal, path);
    if (path) puts(path);
    return EX_OK;
}

const Command command_plot = {
    .name = "plot",
    .usage = "EXPERIMENT [svg|pdf|png|tex|dumb] [--to FILE] [--from FILE]",
    .summary = "Draws the figure of a study; dumb draws it in the terminal",
    .options =
        (const Option[]){{"--to", "FILE", "instead of out/EXPERIMENT.FORM"},
                         {"--from", "FILE", "a collected file instead of the newest one"},
                         {NULL, NULL, NULL}},
    .least = 1,
    .most = 2,
    .run = run_plot,
};
