/* Linear combinations of results, as they are written: "group(4)@2 - 0.5 * batch@2". */
#include "ledger.h"
#include "text.h"

#include <string.h>

/* Length up to the next " + " or " - " outside of parentheses, or to the end. */
static size_t term_length(const char *text) {
    int depth = 0;
    size_t i = 0;
    for (; text[i]; i++) {
        depth += (text[i] == '(') - (text[i] == ')');
        const bool sign = text[i] == '+' || text[i] == '-';
        if (depth == 0 && i > 0 && sign && text[i - 1] == ' ' && text[i + 1] == ' ')
            break;
    }
    return i;
}

static const char *trimmed(Arena *arena, const char *text, size_t length) {
    while (length > 0 && *text == ' ') text++, length--;
    while (length > 0 && text[length - 1] == ' ') length--;
    return text_copy(arena, text, length);
}

/* "0.5 * batch@2", "batch, rate=0.1@32". */
static bool read_term(Term *to, Arena *arena, const char *text, BaseError *error) {
    const char *times = strstr(text, " * "), *at;
    to->factor = 1;
    if (times) {
        const char *factor = trimmed(arena, text, (size_t)(times - text));
        if (!text_to_double(factor, &to->factor))
            return base_fail(error, EX_DATAERR, 0, "'%s': a number before * is expected",
                             text_clip(arena, factor));
        text = times + strlen(" * ");
    }
    at = strrchr(text, '@');
    if (at == NULL || at == text || at[1] == '\0')
        return base_fail(error, EX_DATAERR, 0,
                         "'%s': ARM@POINT is expected, as in batch@32",
                         text_clip(arena, trimmed(arena, text, strlen(text))));
    to->series = trimmed(arena, text, (size_t)(at - text));
    to->along = trimmed(arena, at + 1, strlen(at + 1));
    return true;
}

bool combination_read(Combination *to, Arena *arena, const char *text, BaseError *error) {
    Term *term = TAKE(arena, Term, LEDGER_MOST_TERMS);
    *to = (Combination){text, 0, term};
    double sign = 1;
    for (const char *rest = text; *rest;) {
        const size_t length = term_length(rest);
        if (to->terms == LEDGER_MOST_TERMS)
            return base_fail(error, EX_DATAERR, 0, "more than %d terms",
                             LEDGER_MOST_TERMS);
        Term *next = &term[to->terms++];
        if (!read_term(next, arena, trimmed(arena, rest, length), error)) return false;
        next->factor *= sign;
        rest += length;
        if (*rest) sign = *rest == '-' ? -1 : 1, rest += 2;
    }
    return to->terms > 0 || base_fail(error, EX_DATAERR, 0, "a contrast is expected");
}
