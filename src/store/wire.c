/* Questions and answers through a socket, between two processes of one program: structs
 * travel as they lie in memory, and behind them what they point to. */
#include "internal.h"
#include "house.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Without SIGPIPE: the other end may be dead. */
static bool send_all(int socket, const void *data, size_t length) {
    const char *at = data;
    while (length > 0) {
        const ssize_t n = send(socket, at, length, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        length -= (size_t)n;
    }
    return true;
}

static bool receive_all(int socket, void *data, size_t length) {
    char *at = data;
    while (length > 0) {
        const ssize_t n = read(socket, at, length);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        length -= (size_t)n;
    }
    return true;
}

/* ---- texts, one behind the other ----------------------------------------------------- */

static size_t bytes_of(const char *const *texts, size_t count) {
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) bytes += strlen(texts[i]) + 1;
    return bytes;
}

/* All in one, one behind the other. */
static bool send_texts(int socket, const char *const *texts, size_t count) {
    const size_t bytes = bytes_of(texts, count);
    Arena *arena = arena_new();
    char *all = TAKE(arena, char, bytes), *at = all;
    for (size_t i = 0; i < count; i++) at = stpcpy(at, texts[i]) + 1;
    const bool sent =
        send_all(socket, &bytes, sizeof bytes) && send_all(socket, all, bytes);
    arena_free(arena);
    return sent;
}

static const char **receive_texts(int socket, Arena *arena, size_t count) {
    size_t bytes;
    const char **texts = TAKE(arena, const char *, count);
    if (!receive_all(socket, &bytes, sizeof bytes)) return NULL;
    char *at = TAKE(arena, char, bytes + 1), *end = at + bytes;
    if (!receive_all(socket, at, bytes)) return NULL;
    *end = '\0';
    for (size_t i = 0; i < count; i++) {
        if (at >= end) return NULL;
        texts[i] = at;
        at += strlen(at) + 1;
    }
    return texts;
}

/* ---- questions and answers --------------------------------------------------------- */

/* A question is one write: each would wake the other end. */
typedef struct Asked {
    Question question;
    size_t path,
        name; /* bytes of the texts behind it, with their NUL; 0: there is none */
} Asked;

bool wire_send_question(int socket, const Question *question) {
    const char *path = question->path, *name = question->name;
    const Asked asked = {*question, path ? strlen(path) + 1 : 0,
                         name ? strlen(name) + 1 : 0};
    Arena *arena = arena_new();
    const size_t length = sizeof asked + asked.path + asked.name;
    char *all = TAKE(arena, char, length);
    memcpy(all, &asked, sizeof asked);
    if (path) memcpy(all + sizeof asked, path, asked.path);
    if (name) memcpy(all + sizeof asked + asked.path, name, asked.name);
    const bool sent = send_all(socket, all, length);
    arena_free(arena);
    return sent;
}

bool wire_receive_question(int socket, Arena *arena, Question *question) {
    Asked asked;
    if (!receive_all(socket, &asked, sizeof asked)) return false;
    char *texts = TAKE(arena, char, asked.path + asked.name);
    if (!receive_all(socket, texts, asked.path + asked.name)) return false;
    *question = asked.question;
    question->path = asked.path ? texts : NULL;
    question->name = asked.name ? texts + asked.path : NULL;
    return true;
}

bool wire_send_answer(int socket, const Answer *answer) {
    if (!send_all(socket, answer, sizeof *answer)) return false;
    if (answer->texts != NULL) return send_texts(socket, answer->texts, answer->count);
    return answer->numbers == NULL ||
           send_all(socket, answer->numbers, answer->count * sizeof *answer->numbers);
}

bool wire_receive_answer(int socket, Arena *arena, Answer *answer) {
    if (!receive_all(socket, answer, sizeof *answer)) return false;
    if (answer->texts != NULL) {
        answer->texts = receive_texts(socket, arena, answer->count);
        return answer->texts != NULL;
    }
    if (answer->numbers == NULL) return true;
    answer->numbers = TAKE(arena, double, answer->count);
    return receive_all(socket, answer->numbers, answer->count * sizeof(double));
}
