/* Strings in arenas, numbers as text, and the nearest word. */
#include "base.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static char *print_into(Arena *arena, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    REQUIRE(length >= 0, "bad format '%s'", format);
    char *text = TAKE(arena, char, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, args);
    return text;
}

char *text_print(Arena *arena, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = print_into(arena, format, args);
    va_end(args);
    return text;
}

char *text_copy(Arena *arena, const char *text, size_t length) {
    char *copy = TAKE(arena, char, length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

const char *text_clip(Arena *arena, const char *text) {
    enum { SHOWN = 60 };
    return strlen(text) <= SHOWN ? text : text_print(arena, "%.*s...", SHOWN, text);
}

const char *text_plain(Arena *arena, const char *text) {
    char *plain = text_copy(arena, text, strlen(text));
    for (char *c = plain; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f) *c = '?';
    return plain;
}

Text text_new(Arena *arena) {
    Text text = {.arena = arena, .data = TAKE(arena, char, 64), .room = 64};
    text.data[0] = '\0';
    return text;
}

void text_add(Text *text, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int more =
        vsnprintf(text->data + text->length, text->room - text->length, format, args);
    REQUIRE(more >= 0, "bad format '%s'", format);
    if (text->length + (size_t)more >= text->room) {
        text->room = 2 * (text->length + (size_t)more + 1);
        char *grown = TAKE(text->arena, char, text->room);
        memcpy(grown, text->data, text->length);
        text->data = grown;
        vsnprintf(text->data + text->length, text->room - text->length, format, again);
    }
    text->length += (size_t)more;
    va_end(again);
    va_end(args);
}

const char *text_number(Arena *arena, double value) {
    char best[40] = "", text[40];
    if (isnan(value)) return "nan";
    for (int digits = 1; digits <= 17;
         digits++) { /* more digits may be shorter: 1e+01, 10 */
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) != value)
            continue; /* equality meant: it has to read back */
        if (*best == '\0' || strlen(text) <= strlen(best))
            memcpy(best, text, sizeof best);
    }
    return text_copy(arena, best, strlen(best));
}

bool text_to_double(const char *text, double *value) {
    char *end;
    if (*text == '\0' || text[strspn(text, "0123456789.eE+-")] != '\0') return false;
    errno = 0;
    double read = strtod(text, &end);
    if (*end != '\0' || isinf(read) || (errno == ERANGE && read == 0.0)) return false;
    *value = read;
    return true;
}

bool text_to_count(const char *text, size_t *value) {
    size_t sum = 0;
    if (*text == '\0') return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        if (__builtin_mul_overflow(sum, 10, &sum)) return false;
        if (__builtin_add_overflow(sum, (size_t)(*text - '0'), &sum)) return false;
    }
    *value = sum;
    return true;
}

enum { LONGEST_WORD = 64 };

size_t text_distance(const char *a, const char *b) {
    size_t n = strlen(a), m = strlen(b), d[3][LONGEST_WORD + 1];
    if (n > LONGEST_WORD || m > LONGEST_WORD) return n > m ? n : m;
    for (size_t j = 0; j <= m; j++) d[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = d[i % 3], *up = d[(i + 2) % 3], *upper = d[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = up[j - 1] + (a[i - 1] != b[j - 1]);
            if (up[j] + 1 < best) best = up[j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                upper[j - 2] + 1 < best)
                best = upper[j - 2] + 1;
            now[j] = best;
        }
    }
    return d[n % 3][m];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count) {
    const char *best = NULL;
    size_t least = SIZE_MAX, length = strlen(word);
    for (size_t i = 0; i < count; i++) {
        size_t d = text_distance(word, candidates[i]);
        bool prefix = length >= 2 && strncmp(word, candidates[i], length) == 0;
        if (prefix && d > 1) d = 1; /* an abbreviation is near whatever its length */
        if (d < least) {
            least = d;
            best = candidates[i];
        }
    }
    if (best == NULL) return NULL;
    size_t longer = strlen(best) > length ? strlen(best) : length;
    return 2 * least <= longer ? best : NULL;
}

const char *text_hint(Arena *arena, const char *word, const char *const *candidates,
                      size_t count) {
    const char *near = text_nearest(word, candidates, count);
    return near ? text_print(arena, ", did you mean '%s'?", near) : "";
}
