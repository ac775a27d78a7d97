/* Blocks: what stands between two comments is what a command of this program prints.
 *
 * Commands are processes of their own, called as a reader of the book calls them. As many as there
 * are processors run side by side, before any page is compared; one that does not end is ended. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "sweep.h"

enum { MOST_WORDS = 32, MOST_SECONDS = 60, MOST_SIDE_BY_SIDE = 8 };

/* A command of one block or more. */
struct Printed {
    const char *command; /* its words, as they stand in the page */
    pid_t child;         /* while it runs */
    int pipe;
    double begin;
    Text text;
    bool whole;      /* its text could be read, and has no NUL */
    BaseError error; /* set: nobody can put the text between two comments */
    Printed *next;
};

static size_t patience(void) {
    const char *text = getenv("NORMLAB_WEAVE_SECONDS");
    size_t seconds;
    return text && text_to_count(text, &seconds) && seconds > 0 ? seconds : MOST_SECONDS;
}

/* ---- its process ------------------------------------------------------------------------ */

/* Words of a command line; '...' keeps blanks. NULL at the end, and alone: too many. */
static char **words_of(Arena *arena, const char *text) {
    char **word = ZERO(arena, char *, MOST_WORDS + 2);
    size_t count = 1;
    word[0] = text_print(arena, "normlab");
    for (;;) {
        text += strspn(text, " ");
        if (*text == '\0') break;
        if (count > MOST_WORDS) return ZERO(arena, char *, 1);
        const bool quoted = *text == '\'';
        text += quoted;
        const size_t length = strcspn(text, quoted ? "'" : " ");
        word[count++] = text_copy(arena, text, length);
        text += length + (quoted && text[length] == '\'');
    }
    return word;
}

/* Prints into the pipe, sees published results alone, and is called as in a checkout. It ends with
 * us, and has nothing of ours that another process may wait for. */
_Noreturn static void become(char *const *word, int pipe_end, pid_t parent,
                             const char *home, const char *nothing) {
    setpgid(0, 0);
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    if (getppid() != parent) _exit(EX_TEMPFAIL);
    if (chdir(home) != 0) _exit(EX_NOINPUT); /* where its paths begin */
    dup2(pipe_end, STDOUT_FILENO);
    place_close_others(-1);
    dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
    setenv("NORMLAB_HOME", home, 1);
    setenv("NORMLAB_OUT", nothing, 1);
    setenv("NORMLAB_CALLED", "./normlab", 1);
    setenv("NO_COLOR", "1", 1);
    execv("/proc/self/exe", word);
    _exit(EX_OSERR);
}

/* Whether the command reads this page and its blocks again, and so on. */
static bool weaves(char *const *word) {
    if (word[0] == NULL || word[1] == NULL || strcmp(word[1], "weave") != 0) return false;
    for (word += 2; *word; word++)
        if (strncmp(*word, "--contents", 10) == 0 || strcmp(*word, "--map") == 0 ||
            strcmp(*word, "--headers") == 0)
            return false;
    return true;
}

static void begin(Weave *weave, Printed *p) {
    Arena *arena = weave->arena;
    char **word = words_of(arena, p->command);
    int ends[2];
    if (word[0] == NULL || weaves(word)) {
        base_fail(&p->error, EX_USAGE, 0, "`normlab %s` %s", p->command,
                  word[0] ? "weaves this page itself" : "has too many words");
        return;
    }
    if (pipe(ends) != 0) die(EX_OSERR, "no pipe: %s", strerror(errno));
    const char *home = place_absolute(arena, place_home(arena, "."));
    const char *nothing = text_print(arena, "%s/out/nothing", home); /* nobody makes it */
    fflush(NULL);
    const pid_t parent = getpid();
    p->child = fork();
    if (p->child == 0) become(word, ends[1], parent, home, nothing);
    if (p->child < 0) die(EX_OSERR, "cannot start a process: %s", strerror(errno));
    setpgid(p->child, p->child); /* before we signal it, whoever comes first */
    close(ends[1]);
    p->pipe = ends[0], p->begin = seconds_now(), p->whole = true;
    fcntl(p->pipe, F_SETFL, O_NONBLOCK);
}

/* What is in the pipe now; false: nothing comes any more. */
static bool read_some(Printed *p) {
    char room[4096];
    for (;;) {
        const ssize_t got = read(p->pipe, room, sizeof room);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno == EAGAIN;
        if (got == 0) return false;
        if (memchr(room, '\0', (size_t)got)) p->whole = false;
        text_add(&p->text, "%.*s", (int)got, room);
    }
}

/* What came of it, by its status or by our patience. */
static void judge(Printed *p, int status, bool late) {
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (late)
        base_fail(&p->error, EX_SOFTWARE, 0,
                  "`normlab %s` was not over after %zu s and was ended", p->command,
                  patience());
    else if (code == EX_OSERR)
        exit(EX_OSERR); /* it said why */
    else if (code != EX_OK)
        base_fail(&p->error, EX_SOFTWARE, 0,
                  "`normlab %s` ends with code %d, 0 is expected", p->command, code);
    else if (!p->whole || strstr(p->text.data, "<!-- "))
        base_fail(&p->error, EX_SOFTWARE, 0, "`normlab %s` prints a %s", p->command,
                  p->whole ? "comment" : "NUL byte");
}

/* One look at a command that runs: its processes are ended where it is late, and what they left
 * where it is over. */
static void look_at(Printed *p) {
    const bool late = seconds_now() - p->begin >= (double)patience();
    int status = 0;
    read_some(p);
    if (late) kill(-p->child, SIGKILL);
    const pid_t got = waitpid(p->child, &status, late ? 0 : WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR)) return;
    kill(-p->child, SIGKILL);
    read_some(p);
    close(p->pipe);
    p->child = 0;
    judge(p, status, late);
}

/* ---- all of them ------------------------------------------------------------------------ */

/* Until one that runs prints or ends, or for a moment. */
static void wait_a_moment(Printed *const *now, size_t count) {
    enum { MOMENT = 5 }; /* milliseconds: who ends closes its pipe a bit earlier */
    struct pollfd from[MOST_SIDE_BY_SIDE];
    for (size_t i = 0; i < count; i++)
        from[i] = (struct pollfd){.fd = now[i]->pipe, .events = POLLIN};
    poll(from, count, 1000);
    bool over = false;
    for (size_t i = 0; i < count; i++) over |= (from[i].revents & POLLHUP) != 0;
    if (over) poll(NULL, 0, MOMENT);
}

static void run_all(Weave *weave, Printed *next) {
    Printed *now[MOST_SIDE_BY_SIDE];
    size_t most = processors(), count = 0;
    if (most > MOST_SIDE_BY_SIDE) most = MOST_SIDE_BY_SIDE;
    while (next || count) {
        for (; next && count < most; next = next->next) {
            begin(weave, next);
            if (next->child) now[count++] = next;
        }
        wait_a_moment(now, count);
        size_t left = 0;
        for (size_t i = 0; i < count; i++) {
            look_at(now[i]);
            if (now[i]->child) now[left++] = now[i];
        }
        count = left;
    }
}

static const char head[] = "<!-- normlab ", tail[] = "<!-- end -->";

/* The command of a head that is a line of its own; NULL: it is not. */
static const char *command_of(Arena *arena, const char *text) {
    static const char close[] = " -->\n";
    const char *end = strstr(text, "-->");
    if (strncmp(text, head, strlen(head)) != 0 || end == NULL ||
        strncmp(end - 1, close, strlen(close)) != 0 ||
        memchr(text, '\n', (size_t)(end - text)))
        return NULL;
    text += strlen(head);
    return text_copy(arena, text, end > text ? (size_t)(end - text) - 1 : 0);
}

static Printed *printed(Weave *weave, const char *command) {
    Printed *p = weave->printed;
    while (p && strcmp(p->command, command) != 0) p = p->next;
    return p;
}

void weave_print_blocks(Weave *weave, const Page *page, size_t pages) {
    Printed **last = &weave->printed;
    for (size_t i = 0; i < pages; i++)
        for (const char *at = page[i].text; (at = strstr(at, head)); at++) {
            const char *command = command_of(weave->arena, at);
            if (page[i].kind[at - page[i].text] != COMMENT || command == NULL ||
                printed(weave, command))
                continue;
            *last = ZERO(weave->arena, Printed, 1);
            (*last)->command = command, (*last)->text = text_new(weave->arena);
            last = &(*last)->next;
        }
    run_all(weave, weave->printed);
}

/* The block whose head begins at `at`; where it ends, behind the mark if there is one. */
static size_t weave_block(Weave *weave, const Page *page, size_t at, Pieces *pieces) {
    Arena *arena = weave->arena;
    const char *text = page->text, *close = strstr(text + at, "-->");
    const size_t line = page_line(page, at);
    if (close == NULL) return page->length; /* said of the comment */
    bool ended;
    const size_t last = block_end(text, (size_t)(close - text), &ended),
                 behind = ended ? last + strlen(tail) : last;
    const char *command = command_of(arena, text + at);
    if (!ended || command == NULL) {
        weave_fault(weave, page->name, line,
                    ended ? "a line `%sARGUMENTS -->` is expected here"
                          : "a block without its end, `%.0s<!-- end -->`",
                    head);
        return behind;
    }
    const size_t body = at + strcspn(text + at, "\n") + 1;
    const Printed *is = printed(weave, command);
    if (is->error.set) {
        weave_fault(weave, page->name, line, "%s", is->error.message);
        return behind;
    }
    const char *own = text_copy(arena, text + body, last - body), *should = is->text.data;
    if (strcmp(own, should) != 0) {
        const size_t where = weave_differs_at(own, should);
        weave_fault(weave, page->name, line + 1 + where,
                    "not what `normlab %s` prints: '%s' here, '%s' there", command,
                    weave_line(arena, own, where), weave_line(arena, should, where));
        piece_add(weave, pieces, body, last, should);
    }
    return behind;
}

void weave_blocks(Weave *weave, const Page *page, Pieces *pieces) {
    bool opened = false; /* by a comment that is another's */
    for (size_t at = 0; at < page->length;) {
        const char *next = strstr(page->text + at, "<!--");
        if (next == NULL) return;
        at = (size_t)(next - page->text);
        if (page->kind[at] == COMMENT && block_head(page->text, at)) {
            at = weave_block(weave, page, at, pieces);
            continue;
        }
        const bool ends = strncmp(next, tail, strlen(tail)) == 0;
        if (page->kind[at] == COMMENT && ends && !opened)
            weave_fault(weave, page->name, page_line(page, at),
                        "`%s` without a block in front of it", tail);
        opened = page->kind[at] == COMMENT ? !ends : opened;
        at++;
    }
}
