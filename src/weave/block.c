/* Blocks: what stands between two comments is what a command of this program prints. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_WORDS = 32 };

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

/* The child: prints into the pipe, sees published results alone, and is called as in a checkout. */
_Noreturn static void become(char *const *word, int pipe_end, const char *home,
                             const char *nothing) {
    if (chdir(home) != 0) _exit(EX_NOINPUT); /* where its paths begin */
    setenv("NORMLAB_HOME", home, 1);
    dup2(pipe_end, STDOUT_FILENO);
    dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
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

/* All that comes out of a pipe; *whole: it could be read, and has no NUL. */
static const char *read_all(Arena *arena, int from, bool *whole) {
    Text text = text_new(arena);
    char room[4096];
    *whole = true;
    for (ssize_t got; (got = read(from, room, sizeof room)) != 0;) {
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 || memchr(room, '\0', (size_t)got)) *whole = false;
        if (got < 0) break;
        text_add(&text, "%.*s", (int)got, room);
    }
    return text.data;
}

/* What the command prints; NULL and *error where it does not end with 0, or nobody can put it
 * between two comments. */
static const char *printed(Arena *arena, const char *command, BaseError *error) {
    int ends[2], status = 0;
    bool whole;
    char **word = words_of(arena, command);
    if (word[0] == NULL || weaves(word)) {
        base_fail(error, EX_USAGE, 0, "`normlab %s` %s", command,
                  word[0] ? "weaves this page itself" : "has too many words");
        return NULL;
    }
    if (pipe(ends) != 0) {
        base_fail(error, EX_OSERR, 0, "no pipe: %s", strerror(errno));
        return NULL;
    }
    const char *home = place_absolute(arena, place_home(arena, "."));
    const char *nothing = text_print(arena, "%s/out/nothing", home); /* nobody makes it */
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) become(word, ends[1], home, nothing);
    close(ends[1]);
    const char *text = read_all(arena, ends[0], &whole);
    close(ends[0]);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EX_OSERR)
        exit(EX_OSERR); /* it said why */
    if (child < 0 || status != 0) {
        base_fail(error, EX_SOFTWARE, 0, "`normlab %s` ends with code %d, 0 is expected",
                  command,
                  child < 0           ? EX_OSERR
                  : WIFEXITED(status) ? WEXITSTATUS(status)
                                      : 128 + WTERMSIG(status));
        return NULL;
    }
    if (!whole || strstr(text, "<!-- ")) {
        base_fail(error, EX_SOFTWARE, 0, "`normlab %s` prints a %s", command,
                  whole ? "comment" : "NUL byte");
        return NULL;
    }
    return text;
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
    BaseError error = {.set = false};
    const char *should = printed(arena, command, &error);
    if (should == NULL) {
        weave_fault(weave, page->name, line, "%s", error.message);
        return behind;
    }
    const char *own = text_copy(arena, text + body, last - body);
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
