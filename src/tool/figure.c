/* The gnuplot driver. Numbers and labels go through data files, never through commands;
 * gnuplot is started without a shell, without the user's start-up file, in the C
 * locale. */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const TERMINALS[] = {"svg", "pdf", "png", "tex", "dumb"};

/* A label inside a data file: quoted; what gnuplot would read as more than text is left out. */
const char *figure_label(Arena *arena, const char *text, bool tex) {
    char *safe = text_copy(arena, text, strlen(text));
    for (char *c = safe; *c; c++)
        if ((unsigned char)*c < ' ' || strchr("\"\\`", *c)) *c = ' ';
    return tex ? latex_text(arena, safe) : safe;
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

/* The figure's bytes. */
static char *draw(Arena *arena, const Figure *f, const char *terminal, const char *folder,
                  size_t *length) {
    const char *script = place_home(arena, f->script);
    const char *columns = text_print(arena, "%s/columns", folder),
               *log = text_print(arena, "%s/log", folder);
    const char *figure = text_print(arena, "%s/figure.%s", folder, terminal);
    write_file(columns, f->columns);
    const char *const first[] = {"gnuplot", "-d",   "-c",    script,
                                 columns,   figure, terminal};
    char *words[COUNT_OF(first) + FIGURE_WORDS + 2];
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(first); i++) words[count++] = word(arena, first[i]);
    for (size_t i = 0; i < FIGURE_WORDS && f->word[i]; i++)
        words[count++] = word(arena, f->word[i]);
    words[count++] = word(arena, place_home(arena, "experiments/style.gp"));
    words[count] = NULL;
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
static char *described(Arena *arena, const Figure *f, char *svg, size_t *length) {
    char *from = strstr(svg, "<title>"), *to = from ? strstr(from, "</title>") : NULL;
    if (to == NULL) return svg;
    Text out = text_new(arena);
    text_add(&out, "%.*s<title>%s</title>\n<desc>%s</desc>", (int)(from - svg), svg,
             xml_text(arena, f->title), xml_text(arena, f->description));
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

void figure_draw(Arena *arena, const Figure *figure, const char *terminal,
                 const char *path) {
    const char *folder = temporary_folder(arena);
    size_t length = 0;
    char *bytes = draw(arena, figure, terminal, folder, &length);
    if (strcmp(terminal, "svg") == 0) bytes = described(arena, figure, bytes, &length);
    if (strcmp(terminal, "tex") == 0 && path)
        bytes = with_drawing(arena, folder, path, bytes, &length);
    remove_folder(arena, folder);
    if (path)
        write_bytes(path, bytes, length);
    else
        fwrite(bytes, 1, length, stdout);
}

void figure_want(Arena *arena, const char *terminal) {
    size_t i = 0;
    while (i < COUNT_OF(TERMINALS) && strcmp(terminal, TERMINALS[i]) != 0) i++;
    if (i == COUNT_OF(TERMINALS))
        die(EX_USAGE, "no form of figure '%s'%s; there are svg, pdf, png, tex, dumb",
            terminal, text_hint(arena, terminal, TERMINALS, COUNT_OF(TERMINALS)));
}
