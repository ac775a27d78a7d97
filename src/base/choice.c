/* A word of a list: found, or what was meant by it. */
#include "base.h"
#include "text.h"

#include <string.h>

static const char *word_of(const Choice *choice, size_t i) {
    const char *entry = (const char *)choice->table + i * choice->stride;
    if (choice->pointers) entry = *(const char *const *)(const void *)entry;
    return *(const char *const *)(const void *)entry;
}

size_t choice_find(const Choice *choice, const char *word) {
    size_t i = 0;
    while (i < choice->count && strcmp(word, word_of(choice, i)) != 0) i++;
    return i;
}

const char *choice_hint(Arena *arena, const Choice *choice, const char *word) {
    static const OtherName none[] = {{NULL, NULL}};
    const char **words = TAKE(arena, const char *, choice->count);
    for (size_t i = 0; i < choice->count; i++) words[i] = word_of(choice, i);
    return text_hint_for(arena, word, choice->others ? choice->others : none, words,
                         choice->count);
}

const char *choice_words(Arena *arena, const Choice *choice, const char *last) {
    Text text = text_new(arena);
    for (size_t i = 0; i < choice->count; i++)
        text_add(&text, "%s%s",
                 i == 0                  ? ""
                 : i + 1 < choice->count ? ", "
                                         : last,
                 word_of(choice, i));
    return text.data;
}

bool choice_read(Arena *arena, const Choice *choice, const char *said, const char *word,
                 size_t *place, BaseError *error) {
    const size_t i = choice_find(choice, word);
    if (i == choice->count)
        return base_fail(error, EX_USAGE, 0, "%s%s: %s is expected%s", said, word,
                         choice_words(arena, choice, " or "),
                         choice_hint(arena, choice, word));
    *place = i;
    return true;
}
