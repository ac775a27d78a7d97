/* Blocks: what stands between two comments is what a command of this program prints. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_WORDS = 32 };

/* Words of a command line; '...' keeps blanks. NULL at the end. */
static char **words_of(Arena *arena, const char *text) {
    char **word = ZERO(arena, char *, MOST_WORDS + 2);
    size_t count = 1;
    word[0] = text_print(arena, "normlab");
    while (count <= MOST_WORDS) {
        text += strspn(text, " ");
        if (*text == '\0') break;
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
    setenv("NORMLAB_OUT", nothing, 1);
    setenv("NORMLAB_CALLED", "./normlab", 1);
    setenv("NO_COLOR", "1", 1);
    execv("/proc/self/exe", word);
    _exit(EX_OSERR);
}

/* What the command prints; NULL and *error where it does not end with 0. */
static const char *printed(Arena *arena, const char *command, BaseError *error) {
    int ends[2], status = 0;
    if (pipe(ends) != 0) {
        base_fail(error, EX_OSERR, 0, "no pipe: %s", strerror(errno));
        return NULL;
    }
    char **word = words_of(arena, command);
    const char *home = place_absolute(arena, place_home(arena, "."));
    const char *nothing = text_print(arena, "%s/out/nothing", home); /* nobody makes it */
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) become(word, ends[1], home, nothing);
    close(ends[1]);
    Text text = text_new(arena);
    char room[4096];
    for (ssize_t got; (got = read(ends[0], room, sizeof room)) != 0;) {
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) break;
        text_add(&text, "%.*s", (int)got, room);
    }
    close(ends[0]);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (child < 0 || status != 0) {
        base_fail(error, EX_SOFTWARE, 0, "`normlab %s` ends with code %d, 0 is expected",
                  command,
                  child < 0           ? EX_OSERR
                  : WIFEXITED(status) ? WEXITSTATUS(status)
                                      : 128 + WTERMSIG(status));
        return NULL;
    }
    return text.data;
}

/* The first line in which two texts differ, from 0. */
static size_t differs_at(const char *a, const char *b) {
    size_t line = 0;
    while (*a && *a == *b) line += *a == '\n', a++, b++;
    return line;
}

static const char *line_of(Arena *arena, const char *text, size_t line) {
    for (; line > 0 && *text; line--) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return text_clip(arena, text_copy(arena, text, strcspn(text, "\n")));
}

/* The block whose head begins at `at`; behind it. */
static size_t weave_block(Weave *weave, const Page *page, size_t at, Pieces *pieces) {
    static const char head[] = "<!-- normlab ", tail[] = "<!-- end -->";
    Arena *arena = weave->arena;
    const char *text = page->text, *close = strstr(text + at, " -->"),
               *end = strstr(text + at, tail);
    const size_t line = page_line(page, at);
    if (close == NULL || end == NULL) {
        weave_fault(weave, page->name, line, "a block without its end, `%s`", tail);
        return page->length;
    }
    const char *from = text + at + strlen(head);
    const char *command = text_copy(arena, from, (size_t)(close - from));
    const size_t body = (size_t)(close - text) + strlen(" -->") + 1,
                 last = (size_t)(end - text);
    BaseError error = {.set = false};
    const char *should = printed(arena, command, &error);
    if (should == NULL) {
        weave_fault(weave, page->name, line, "%s", error.message);
        return last;
    }
    const char *own = text_copy(arena, text + body, last > body ? last - body : 0);
    if (strcmp(own, should) != 0) {
        const size_t where = differs_at(own, should);
        weave_fault(weave, page->name, line + 1 + where,
                    "not what `normlab %s` prints: '%s' here, '%s' there", command,
                    line_of(arena, own, where), line_of(arena, should, where));
        piece_add(weave, pieces, body, last, should);
    }
    return last;
}

void weave_blocks(Weave *weave, const Page *page, Pieces *pieces) {
    for (size_t at = 0; at < page->length;) {
        const char *next = strstr(page->text + at, "<!-- normlab ");
        if (next == NULL) return;
        at = (size_t)(next - page->text);
        at = page->kind[at] == COMMENT ? weave_block(weave, page, at, pieces) : at + 1;
    }
}
