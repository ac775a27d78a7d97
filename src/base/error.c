/* One line per trouble, one exit for each kind. */
#include "base.h"
#include "house.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* Set by the wrapper, and by main() in its own process. */
static const char BY_WRAPPER[] = "NORMLAB_CALLED", BY_ITSELF[] = "NORMLAB_ARGV0";

bool program_is_wrapped(void) {
    const char *called = getenv(BY_WRAPPER);
    return called && *called;
}

void program_begin(const char *word) {
    setenv(BY_ITSELF, word, true); /* for children, too; the environment keeps a copy */
}

const char *program_called(void) {
    const char *called = getenv(program_is_wrapped() ? BY_WRAPPER : BY_ITSELF);
    return called && *called ? called : "normlab";
}

void print_commands(FILE *out, const char *text) {
    static const char begin[] = "`normlab ";
    for (const char *at; (at = strstr(text, begin)) != NULL; text = at + strlen(begin))
        fprintf(out, "%.*s`%s ", (int)(at - text), text, program_called());
    fputs(text, out);
}

/* In one write: another process may say something at the same moment. */
static void print_line(const char *format, va_list args) {
    char line[1024];
    vsnprintf(line, sizeof line, format, args);
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?'; /* a name may hold anything; a line is one line */
    char whole[4096] = "normlab: ";
    const size_t begin = strlen(whole), room = sizeof whole - begin - 1;
    FILE *out = fmemopen(whole + begin, room, "w");
    if (out) {
        print_commands(out, line);
        fclose(out);
    } else { /* no memory, which may be what is to be said */
        snprintf(whole + begin, room, "%s", line);
    }
    const size_t end = strlen(whole); /* a byte of room is left for it */
    whole[end] = '\n', whole[end + 1] = '\0';
    fputs(whole, stderr);
}

/* ---- work that does not end the program ------------------------------------------- */

typedef struct Guard Guard;
struct Guard {
    jmp_buf back;
    BaseError *error;
    Guard *around;
};

/* The innermost of this thread, by base_guard alone; NULL: the program may end. */
static _Thread_local Guard *guard;

bool base_guard(void (*work)(void *), void *context, BaseError *error) {
    Guard own = {.error = error, .around = guard};
    if (setjmp(own.back) == 0) {
        guard = &own;
        work(context);
    }
    guard = own.around;
    return !error->set;
}

/* Back to the guard, if there is one, with what `format` says. */
static void go_back(int code, const char *format, va_list args) {
    if (guard == NULL) return;
    BaseError *error = guard->error;
    *error = (BaseError){.set = true, .code = code};
    vsnprintf(error->message, sizeof error->message, format, args);
    longjmp(guard->back, 1);
}

/* ---- ends and talk ------------------------------------------------------------------ */

void die(int code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    go_back(code, format, args);
    fflush(stdout);
    print_line(format, args);
    va_end(args);
    exit(code);
}

void say(const char *format, ...) {
    va_list args;
    va_start(args, format);
    print_line(format, args);
    va_end(args);
}

void base_require_failed(const char *file, int line, const char *condition,
                         const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (guard) die(EX_SOFTWARE, "%s:%d: REQUIRE(%s): %s", file, line, condition, text);
    fprintf(stderr, "normlab: %s:%d: REQUIRE(%s): %s\n", file, line, condition, text);
    abort();
}

bool base_fail(BaseError *error, int code, size_t at, const char *format, ...) {
    if (error->set) return false;
    error->set = true;
    error->code = code;
    error->at = at;
    va_list args;
    va_start(args, format);
    vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    return false;
}

void die_if(const BaseError *error) {
    if (error->set) die(error->code, "%s", error->message);
}
