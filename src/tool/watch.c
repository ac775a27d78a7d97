/* watch: a sweep that goes on, or went, in one screen that is drawn again and again. */
#include "tool.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* ---- the screen ------------------------------------------------------------------- */

typedef struct Size {
    size_t columns, lines; /* 0: as many as there are */
} Size;

/* What the environment says, else the terminal. */
static size_t extent_of(const char *name, size_t otherwise) {
    const char *text = getenv(name);
    size_t value;
    return text && text_to_count(text, &value) && value > 0 && value < 10000 ? value
                                                                             : otherwise;
}

static Size size_now(void) {
    struct winsize w = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0) w = (struct winsize){0};
    return (Size){extent_of("COLUMNS", w.ws_col), extent_of("LINES", w.ws_row)};
}

static volatile sig_atomic_t stop_signal;
static bool screen_is_ours;
static const char GIVE_BACK[] = "\033[?25h\033[?1049l";

static void ask_to_stop(int number) {
    stop_signal = number;
}

/* Also where the program ends with a message: it is called at exit. */
static void give_back(void) {
    if (screen_is_ours) fputs(GIVE_BACK, stdout);
    screen_is_ours = false;
    fflush(stdout);
}

/* The same where nothing may be flushed. */
static void give_back_at_once(size_t bytes) {
    (void)bytes;
    if (screen_is_ours && write(STDOUT_FILENO, GIVE_BACK, strlen(GIVE_BACK)) < 0) return;
    screen_is_ours = false;
}

/* A screen of its own without a cursor; who is suspended could not give it back. */
static void take_screen(void) {
    const int stops[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction stop = {.sa_handler = ask_to_stop}, never = {.sa_handler = SIG_IGN};
    for (size_t i = 0; i < COUNT_OF(stops); i++) sigaction(stops[i], &stop, NULL);
    sigaction(SIGTSTP, &never, NULL);
    atexit(give_back);
    memory_before_end(give_back_at_once);
    screen_is_ours = true;
    fputs("\033[?1049h\033[?25l", stdout);
}

/* ---- lines of a narrow terminal ---------------------------------------------------- */

/* Bytes of the text's beginning that take no more than so many columns. */
static size_t fitting(Arena *arena, const char *text, size_t length, size_t columns) {
    size_t fits = 0;
    for (size_t end = 1; end <= length; end++) {
        if (end < length && ((unsigned char)text[end] & 0xc0) == 0x80) continue;
        if (text_columns(text_copy(arena, text, end)) > columns) break;
        fits = end;
    }
    return fits;
}

/* Rows of a table, which have gaps of two blanks, are cut; sentences go on in the next line. */
static void put_line(Text *out, Arena *arena, const char *line, size_t length,
                     size_t columns) {
    while (columns > 0 && text_columns(text_copy(arena, line, length)) > columns) {
        const bool row = strstr(text_copy(arena, line, length), "  ") != NULL;
        size_t end = fitting(arena, line, length, row ? columns - 1 : columns),
               blank = end;
        if (row) {
            text_add(out, "%.*s>\n", (int)end, line);
            return;
        }
        while (blank > 0 && line[blank] != ' ') blank--;
        if (blank > 0) end = blank;
        if (end == 0) return;
        text_add(out, "%.*s\n", (int)end, line);
        line += end, length -= end;
        while (length > 0 && *line == ' ') line++, length--;
    }
    text_add(out, "%.*s\n", (int)length, line);
}

static const char *laid_out(Arena *arena, const char *text, size_t columns) {
    Text out = text_new(arena);
    while (*text) {
        const size_t length = strcspn(text, "\n");
        put_line(&out, arena, text, length, columns);
        text += length + (text[length] == '\n');
    }
    return out.data;
}

/* ---- what is seen ------------------------------------------------------------------ */

/* The table so far as text; "": there is none yet. */
static const char *table_now(Arena *arena, const Watched *watched) {
    const Grid *grid = watch_grid(arena, watched);
    FILE *file = grid ? tmpfile() : NULL;
    if (file == NULL) return "";
    Text text = text_new(arena);
    char part[4096];
    print_grid(arena, file, grid, TABLE_TEXT);
    rewind(file);
    for (size_t got; (got = fread(part, 1, sizeof part - 1, file)) > 0;) {
        part[got] = '\0';
        text_add(&text, "%s", part);
    }
    fclose(file);
    return text.data;
}

/* Draws it once; how many runs are not finished. */
static size_t look(Watched *watched, bool screen) {
    Arena *arena = arena_new();
    const Size size = size_now();
    size_t left;
    const char *now = watch_look(arena, watched, &left),
               *text = laid_out(
                   arena, text_print(arena, "%s\n%s", now, table_now(arena, watched)),
                   size.columns);
    if (screen) fputs("\033[H", stdout);
    for (size_t line = 1; *text; line++) {
        const size_t length = strcspn(text, "\n");
        if (screen && size.lines > 1 && line == size.lines) break;
        printf("%.*s%s\n", (int)length, text, screen ? "\033[K" : "");
        text += length + 1;
    }
    if (screen) fputs("\033[J", stdout);
    fflush(stdout);
    arena_free(arena);
    return left;
}

static int run_watch(const Call *call) {
    Wish wish = {.experiment = experiment_find(call->arena, call->word[0]),
                 .quick = call_option(call, "--quick") != NULL,
                 .settings = call->settings,
                 .setting = call->setting,
                 .as = call_option(call, "--as")};
    wish_claim(call, &wish);
    const Sweep *sweep = study_plan(call->arena, &wish);
    Watched *watched = watch_new(call->arena, sweep);
    const char *terminal = getenv("TERM");
    const bool screen =
        isatty(STDOUT_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
    if (screen) {
        take_screen();
        while (!stop_signal && look(watched, true) > 0 && !stop_signal)
            poll(NULL, 0, 1000);
        give_back();
    }
    look(watched, false);
    return stop_signal ? 128 + (int)stop_signal : EX_OK;
}

const Command command_watch = {
    .name = "watch",
    .usage = "EXPERIMENT [key=value ...] [--quick] [--as NAME] [--claim ID]",
    .summary = "Shows how far a study is: what is done, running and left, and the table "
               "so far",
    .options =
        (const Option[]){
            {"--quick", NULL, "of the quick recipe instead of the full one"},
            {"--as", "NAME", "of the study, EXPERIMENT@NAME, as it was given to `run`"},
            CLAIM_OPTIONS,
            {NULL, NULL, NULL}},
    .least = 1,
    .most = 1,
    .settings = true,
    .of_runs = true,
    .run = run_watch,
    .more =
        "The words are those of `normlab run`. On a terminal it is drawn every second "
        "until all runs are done, or Ctrl-C;\n"
        "elsewhere once. It reads the files of runs, checkpoints and locks and writes "
        "none, so it may be asked in another\n"
        "terminal, or after whatever ended the study.",
};
