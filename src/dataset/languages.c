/* Which language is it? Sentences of Debian's installation guide, embedded. data/input/README.md */
#include "source.h"
#include "text.h"

#include <string.h>

/* Shorter ones are padded at the end. */
enum { LENGTH = 96 };

static const char *const language[] = {"Catalan", "Czech",      "Danish",   "German",
                                       "English", "Spanish",    "French",   "Italian",
                                       "Dutch",   "Portuguese", "Romanian", "Swedish"};
static const char *const code[COUNT_OF(language)] = {"ca", "cs", "da", "de", "en", "es",
                                                     "fr", "it", "nl", "pt", "ro", "sv"};
static const char *const part[] = {"train", "val", "test"};

/* ---- lines: PART LANGUAGE TEXT --------------------------------------------------------- */

typedef struct Line {
    size_t part, language;
    const uint32_t *text; /* [length] */
    size_t length;
} Line;

/* The word that begins at `at` and ends with a blank: its place among them, and *at behind it;
 * count: it is none of them. */
static size_t word_at(const Letters *letters, size_t *at, const char *const *word,
                      size_t count) {
    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(word[i]);
        size_t same = 0;
        while (same < length && *at + same < letters->count &&
               letters->code[*at + same] == (unsigned char)word[i][same])
            same++;
        if (same < length || *at + length >= letters->count ||
            letters->code[*at + length] != ' ')
            continue;
        *at += length + 1;
        return i;
    }
    return count;
}

static bool read_line(const Letters *letters, size_t *at, Line *line) {
    line->part = word_at(letters, at, part, COUNT_OF(part));
    line->language = word_at(letters, at, code, COUNT_OF(code));
    line->text = letters->code + *at;
    for (line->length = 0; *at < letters->count && letters->code[*at] != '\n'; ++*at)
        line->length++;
    ++*at;
    return line->part < COUNT_OF(part) && line->language < COUNT_OF(code) &&
           line->length > 0 && line->length <= LENGTH;
}

/* ---- samples --------------------------------------------------------------------------- */

static void set_fields(Reading *to, const Symbols *symbols) {
    to->fields = 2;
    to->field[0] = (DataField){.name = "text",
                               .unit = "",
                               .type = DATA_LABELS,
                               .shape = SHAPE_OF(LENGTH),
                               .classes = symbols->count,
                               .class_name = symbols->name};
    to->field[1] = (DataField){.name = "label",
                               .unit = "",
                               .type = DATA_LABELS,
                               .shape = SHAPE_SCALAR,
                               .classes = COUNT_OF(language),
                               .class_name = language};
    to->also = symbols_text(to->arena, symbols);
}

static Pile *pile_of(Reading *to, const Line *line) {
    Pile *const pile[] = {&to->train, &to->val, &to->test};
    return pile[line->part];
}

/* How many each part has; false and *error at a line that is none. */
static bool count_lines(Reading *to, const Letters *letters, const char *path,
                        BaseError *error) {
    size_t at = 0, count = 0;
    for (Line line; at < letters->count; pile_of(to, &line)->count++) {
        count++;
        if (!read_line(letters, &at, &line))
            return base_fail(error, EX_DATAERR, count,
                             "%s: line %zu: train, val or test, a language and 1 to %d "
                             "characters are expected, \"train en It is...\"",
                             path, count, LENGTH);
    }
    return true;
}

static void put_lines(Reading *to, const Letters *letters, const Symbols *symbols) {
    size_t at = 0;
    to->train.count = to->val.count = to->test.count = 0;
    for (Line line; at < letters->count;) {
        read_line(letters, &at, &line);
        Pile *pile = pile_of(to, &line);
        uint8_t *text = (uint8_t *)pile->value[0] + pile->count * LENGTH,
                *label = (uint8_t *)pile->value[1] + pile->count++;
        memset(text, DATA_IGNORED, LENGTH);
        for (size_t i = 0; i < line.length; i++)
            text[i] = symbols_code(symbols, line.text[i]);
        *label = (uint8_t)line.language;
    }
}

static bool fill(Reading *to, BaseError *error) {
    static const Place places[] = {{ROOT_CHECKOUT, "data/input"}, {ROOT_NONE, NULL}};
    static const char *const files[] = {"languages.txt", NULL};
    const char *path[1];
    Letters letters;
    Symbols symbols;
    if (!files_locate(to, path, places, files, error) ||
        !letters_file(to, &letters, path[0], error) ||
        !count_lines(to, &letters, path[0], error) ||
        !symbols_find(to, &symbols, &letters, path[0], error))
        return false;
    set_fields(to, &symbols);
    pile_take(to, &to->train);
    pile_take(to, &to->val);
    pile_take(to, &to->test);
    put_lines(to, &letters, &symbols);
    return true;
}

const DatasetKind dataset_languages = {
    .name = "languages",
    .title = "8,040 sentences in 12 languages, of 16 to 96 characters",
    .source = "Debian's installation guide (GPL-2), drawn by "
              "data/input/make-languages.py",
    .samples = "texts",
    .sha256 = "a4674dae4057ab16ecd5cf1d6a52ae3d977f35313269e87813f4dc0a52ececae",
    .fill = fill,
};
