/* Strings in arenas, numbers as text, and the nearest word. */
#include "base.h"
#include "text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

char *text_print_args(Arena *arena, const char *format, va_list args) {
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
    char *text = text_print_args(arena, format, args);
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

const char *text_quoted(Arena *arena, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_./+-=,:@%";
    if (*word && word[strspn(word, plain)] == '\0') return word;
    Text text = text_new(arena);
    text_add(&text, "'");
    for (; *word; word++) text_add(&text, *word == '\'' ? "'\\''" : "%c", *word);
    text_add(&text, "'");
    return text.data;
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

locale_t text_in_c(void) {
    return uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0));
}

void text_as_before(locale_t before) {
    const locale_t c = uselocale(before);
    if (c != before && c != LC_GLOBAL_LOCALE) freelocale(c);
}

const char *text_number(Arena *arena, double value) {
    char best[40] = "", text[40];
    if (isnan(value)) return "nan";
    const locale_t before = text_in_c();
    for (int digits = 1; digits <= 17;
         digits++) { /* more digits may be shorter: 1e+01, 10 */
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) != value)
            continue; /* equality meant: it has to read back */
        if (*best == '\0' || strlen(text) <= strlen(best))
            memcpy(best, text, sizeof best);
    }
    text_as_before(before);
    return text_copy(arena, best, strlen(best));
}

/* Whole numbers are as they are, and so is what is hardly longer. */
static const char *rounded(Arena *arena, double value, int digits) {
    const char *exact = text_number(arena, value);
    const bool whole = fabs(value) < 1e9 && rint(value) == value;
    if (whole || !isfinite(value) || strlen(exact) <= (size_t)digits + 2) return exact;
    const char *near = text_print(arena, "%.*g", digits, value);
    near = text_number(arena, strtod(near, NULL));
    return strlen(near) < strlen(exact) ? near : exact;
}

static bool all_apart(const char *const *text, const double *value, size_t count) {
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (value[i] < value[k] || value[i] > value[k])
                if (strcmp(text[i], text[k]) == 0) return false;
    return true;
}

const char **text_numbers(Arena *arena, const double *value, size_t count, int digits) {
    const char **text = TAKE(arena, const char *, count);
    do
        for (size_t i = 0; i < count; i++) text[i] = rounded(arena, value[i], digits);
    while (!all_apart(text, value, count) && ++digits <= 17);
    return text;
}

/* ---- as wide as a terminal shows it ----------------------------------------------- */

/* From, to, columns; all else takes one. Unicode's East Asian wide and full width, and its
 * marks over other letters, in ranges. */
static const struct {
    unsigned from, to, columns;
} WIDTHS[] = {{0x300, 0x36f, 0},     {0x483, 0x489, 0},     {0x591, 0x5bd, 0},
              {0x610, 0x61a, 0},     {0x64b, 0x65f, 0},     {0x1100, 0x115f, 2},
              {0x1ab0, 0x1aff, 0},   {0x1dc0, 0x1dff, 0},   {0x200b, 0x200f, 0},
              {0x202a, 0x202e, 0},   {0x2060, 0x2064, 0},   {0x20d0, 0x20f0, 0},
              {0x231a, 0x231b, 2},   {0x2e80, 0x303e, 2},   {0x3041, 0xa4cf, 2},
              {0xa960, 0xa97c, 2},   {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},
              {0xfe00, 0xfe0f, 0},   {0xfe20, 0xfe2f, 0},   {0xfe30, 0xfe6f, 2},
              {0xfeff, 0xfeff, 0},   {0xff01, 0xff60, 2},   {0xffe0, 0xffe6, 2},
              {0x1f300, 0x1f64f, 2}, {0x1f680, 0x1f6ff, 2}, {0x1f900, 0x1faff, 2},
              {0x20000, 0x3fffd, 2}, {0xe0100, 0xe01ef, 0}};

static size_t columns_of(unsigned code) {
    for (size_t i = 0; i < COUNT_OF(WIDTHS); i++)
        if (code >= WIDTHS[i].from && code <= WIDTHS[i].to) return WIDTHS[i].columns;
    return 1;
}

size_t text_columns(const char *text) {
    size_t sum = 0;
    while (*text) {
        const unsigned char first = (unsigned char)*text++;
        unsigned code = first < 0xc0   ? first
                        : first < 0xe0 ? first & 0x1fu
                        : first < 0xf0 ? first & 0xfu
                                       : first & 0x7u;
        for (; first >= 0xc0 && (*text & 0xc0) == 0x80; text++)
            code = code << 6 | ((unsigned char)*text & 0x3fu);
        sum += columns_of(code);
    }
    return sum;
}

/* ---- numbers read ------------------------------------------------------------------ */

bool text_to_double(const char *text, double *value) {
    char *end;
    if (*text == '\0' || text[strspn(text, "0123456789.eE+-")] != '\0') return false;
    const locale_t before = text_in_c();
    errno = 0;
    double read = strtod(text, &end);
    text_as_before(before);
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

static size_t distance(const char *a, const char *b, int (*letter)(int)) {
    size_t n = strlen(a), m = strlen(b), d[3][LONGEST_WORD + 1];
    if (n > LONGEST_WORD || m > LONGEST_WORD) return n > m ? n : m;
    for (size_t j = 0; j <= m; j++) d[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = d[i % 3], *up = d[(i + 2) % 3], *upper = d[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            const size_t differ = letter(a[i - 1]) != letter(b[j - 1]);
            size_t best = up[j - 1] + differ;
            if (up[j] + 1 < best) best = up[j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            if (i > 1 && j > 1 && letter(a[i - 1]) == letter(b[j - 2]) &&
                letter(a[i - 2]) == letter(b[j - 1]) && upper[j - 2] + 1 < best)
                best = upper[j - 2] + 1;
            now[j] = best;
        }
    }
    return d[n % 3][m];
}

static int as_it_is(int c) {
    return c;
}

/* Of ASCII, in every locale. */
static int small(int c) {
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

size_t text_distance(const char *a, const char *b) {
    return distance(a, b, as_it_is);
}

/* The shortest that has the word in it: "mnist" is of "fashion-mnist". */
static const char *nearest_around(const char *word, const char *const *candidates,
                                  size_t count) {
    enum { LEAST = 4 }; /* letters that say anything */
    const char *best = NULL;
    for (size_t i = 0; i < count && strlen(word) >= LEAST; i++)
        if (strstr(candidates[i], word) &&
            (best == NULL || strlen(candidates[i]) < strlen(best)))
            best = candidates[i];
    return best;
}

/* How others say yes and no. */
static const OtherName YES_NO[] = {{"true", "yes"}, {"on", "yes"},   {"1", "yes"},
                                   {"y", "yes"},    {"false", "no"}, {"off", "no"},
                                   {"0", "no"},     {"n", "no"},     {NULL, NULL}};

static bool is_alike(const char *a, const char *b) {
    while (*a && small(*a) == small(*b)) a++, b++;
    return *a == *b;
}

/* What the word stands for, if it is among the candidates. */
static const char *ours(const char *word, const OtherName *others,
                        const char *const *candidates, size_t count) {
    for (; others->other; others++)
        for (size_t i = 0; i < count && is_alike(others->other, word); i++)
            if (strcmp(others->ours, candidates[i]) == 0) return candidates[i];
    return NULL;
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count) {
    const char *best = ours(word, YES_NO, candidates, count);
    size_t least = SIZE_MAX, length = strlen(word);
    if (best) return best;
    for (size_t i = 0; i < count; i++) {
        size_t d = distance(word, candidates[i], small);
        bool prefix = length >= 2 && strncmp(word, candidates[i], length) == 0;
        if (prefix && d > 1) d = 1; /* an abbreviation is near whatever its length */
        if (d < least) {
            least = d;
            best = candidates[i];
        }
    }
    if (best == NULL) return NULL;
    size_t longer = strlen(best) > length ? strlen(best) : length;
    return 2 * least <= longer ? best : nearest_around(word, candidates, count);
}

const char *text_hint(Arena *arena, const char *word, const char *const *candidates,
                      size_t count) {
    const char *near = text_nearest(word, candidates, count);
    return near ? text_print(arena, ", did you mean '%s'?", near) : "";
}

const char *text_hint_for(Arena *arena, const char *word, const OtherName *others,
                          const char *const *candidates, size_t count) {
    const char *known = ours(word, others, candidates, count);
    return text_hint(arena, known ? known : word, candidates, count);
}
