/* The public headers for the book: what each declares, with its comments, without what only a compiler
 * asks for. Which are public, cmake/public.cmake says. */
#include "internal.h"

#include <string.h>

static bool begins(const char *line, const char *with) {
    return strncmp(line, with, strlen(with)) == 0;
}

/* Guards, pragmas, includes, and C++'s braces. */
static bool of_compiler(const char *line) {
    static const char *const with[] = {
        "#ifndef NORMLAB_", "#define NORMLAB_",      "#include",
        "#pragma",          "extern \"C\"",          "#ifdef __cplus",
        "#endif",           "#if defined(__GNUC__)", "}\n#endif"};
    for (size_t i = 0; i < COUNT_OF(with); i++)
        if (begins(line, with[i])) return true;
    return false;
}

/* The words of a line that parts a header, "---- call.c: title ----"; NULL: it is none. */
static const char *title_of(Arena *arena, const char *line) {
    if (!begins(line, "/* ---- ")) return NULL;
    const char *from = line + strlen("/* ---- "), *end = from + strcspn(from, "\n");
    while (end > from && strchr(" -*/", end[-1])) end--;
    return text_copy(arena, from, (size_t)(end - from));
}

typedef struct Fenced {
    FILE *out;
    bool open, blank; /* blank: an empty line is to come, if anything does */
} Fenced;

static void text_close(Fenced *fence) {
    if (fence->open) fputs("```\n\n", fence->out);
    fence->open = fence->blank = false;
}

static void text_line(Fenced *fence, const char *line, size_t length) {
    if (length == 0) {
        fence->blank = fence->open;
        return;
    }
    if (!fence->open) fputs("```text\n", fence->out);
    if (fence->blank) fputc('\n', fence->out);
    fprintf(fence->out, "%.*s\n", (int)length, line);
    fence->open = true, fence->blank = false;
}

static void print_header(Weave *weave, FILE *out, const char *path) {
    const char *text = home_text(weave, path);
    if (text == NULL) die(EX_NOINPUT, "%s: there is no such header", path);
    fprintf(out, "## [%s](../../%s)\n\n", strrchr(path, '/') + 1, path);
    Fenced fence = {.out = out};
    for (const char *line = text; *line; line += *line == '\n') {
        const size_t length = strcspn(line, "\n");
        const char *title = title_of(weave->arena, line);
        if (title) {
            text_close(&fence);
            fprintf(out, "### %s\n\n", title);
        } else if (!of_compiler(line)) {
            text_line(&fence, line, length);
        }
        line += length;
    }
    text_close(&fence);
}

void weave_print_headers(Arena *arena, FILE *out) {
    Weave weave = {.arena = arena};
    print_header(&weave, out, "src/api/normlab.h");
    const char *list = home_text(&weave, "cmake/public.cmake"),
               *begin = "foreach(header ";
    list = list ? strstr(list, begin) : NULL;
    if (list == NULL) die(EX_NOINPUT, "cmake/public.cmake names no public headers");
    for (list += strlen(begin); *list && *list != ')'; list += strspn(list, " \n")) {
        const size_t length = strcspn(list, " \n)");
        print_header(&weave, out, text_print(arena, "src/%.*s.h", (int)length, list));
        list += length;
    }
}
