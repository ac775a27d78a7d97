/* What the pages are and what the sources are: lists that nobody keeps by hand. */
#include "internal.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *const source_endings[] = {".c",    ".h",  ".inc", ".def",
                                      ".norm", ".gp", ".py",  NULL};
const char *const page_endings[] = {".md", NULL};

/* ---- files ------------------------------------------------------------------------------- */

typedef struct Names {
    Arena *arena;
    size_t count, room;
    const char **name;
} Names;

static void name_add(Names *names, const char *name) {
    if (names->count == names->room) {
        const size_t room = names->room ? 2 * names->room : 64;
        const char **more = TAKE(names->arena, const char *, room);
        if (names->count) memcpy(more, names->name, names->count * sizeof *more);
        names->name = more, names->room = room;
    }
    names->name[names->count++] = name;
}

static bool has_ending(const char *name, const char *const *ending) {
    for (; *ending; ending++) {
        const size_t a = strlen(name), b = strlen(*ending);
        if (a > b && strcmp(name + a - b, *ending) == 0) return true;
    }
    return false;
}

static void find_files(Names *names, const char *folder, const char *const *ending) {
    DIR *open_folder = opendir(place_home(names->arena, folder));
    if (open_folder == NULL) return;
    for (struct dirent *entry; (entry = readdir(open_folder));) {
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, "__pycache__") == 0)
            continue;
        const char *path = text_print(names->arena, "%s/%s", folder, entry->d_name);
        struct stat status;
        if (stat(place_home(names->arena, path), &status) != 0) continue;
        if (S_ISDIR(status.st_mode))
            find_files(names, path, ending);
        else if (has_ending(entry->d_name, ending))
            name_add(names, path);
    }
    closedir(open_folder);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **home_files(Arena *arena, const char *folder, const char *const *ending,
                        size_t *count) {
    Names names = {.arena = arena};
    find_files(&names, folder, ending);
    if (names.count) qsort(names.name, names.count, sizeof *names.name, by_name);
    *count = names.count;
    return names.name;
}

static const char *read_home(Arena *arena, const char *path) {
    enum { LONGEST_SOURCE = 1 << 22 };
    BaseError error = {.set = false};
    size_t length;
    const char *text =
        place_read(arena, place_home(arena, path), LONGEST_SOURCE, &length, &error);
    die_if(&error);
    return text;
}

/* ---- contents ---------------------------------------------------------------------------- */

/* The words from `text` to the end of the paragraph, one blank between two. */
static const char *paragraph(Arena *arena, const char *text) {
    Text to = text_new(arena);
    while (*text && !(text[0] == '\n' && text[1] == '\n')) {
        const size_t length = strcspn(text, " \n");
        if (length) text_add(&to, "%s%.*s", to.length ? " " : "", (int)length, text);
        text += length;
        if (*text == ' ' || (*text == '\n' && text[1] != '\n')) text++;
    }
    return to.data;
}

void weave_print_contents(Arena *arena, FILE *out, unsigned from, unsigned to) {
    size_t count;
    const char **file = home_files(arena, "notes", page_endings, &count);
    for (size_t i = 0; i < count; i++) {
        const char *name = file[i] + strlen("notes/");
        const size_t digits = strspn(name, "0123456789");
        size_t number = 0;
        if (digits != 2 || name[2] != '-' ||
            !text_to_count(text_copy(arena, name, 2), &number) || number < from ||
            number > to)
            continue;
        const char *text = read_home(arena, file[i]), *title = text + strspn(text, "# ");
        const char *behind = title + strcspn(title, "\n");
        behind += strspn(behind, "\n");
        fprintf(out, "- [%.*s](%s). %s\n", (int)strcspn(title, "\n"), title, name,
                paragraph(arena, behind));
    }
}

/* ---- map --------------------------------------------------------------------------------- */

/* Where the sentence ends in a line: a full stop before a blank, outside of parentheses (*deep) and
 * not that of "et al."; `before` bytes of it stand in lines above. The line's end: it goes on. */
static size_t sentence_end(const char *line, size_t length, size_t before, int *deep) {
    enum { SHORTEST = 20 }; /* what ends earlier is a title */
    for (size_t i = 0; i < length; i++) {
        *deep += (line[i] == '(') - (line[i] == ')');
        const bool last = i + 1 == length || line[i + 1] == ' ';
        const bool of_others = i >= 2 && memcmp(line + i - 2, "al", 2) == 0 &&
                               (i == 2 || line[i - 3] == ' ');
        const bool short_word = of_others || (i > 0 && line[i - 1] == '.');
        if (line[i] == '.' && last && *deep <= 0 && !short_word && before + i > SHORTEST)
            return i;
    }
    return length;
}

/* Whether a comment's line goes on with the sentence of the line above: no empty line, nothing that
 * is set apart by blanks, no end of the comment, and not the "source: " of an equation. */
static bool goes_on(const char *line, size_t marks, bool python) {
    enum { SET_APART = 5 };
    return line[marks] != '\n' && line[marks] != '\0' && marks < SET_APART &&
           (marks > 0 || python) && strncmp(line + marks, "source: ", 8) != 0;
}

/* Without its file's name in front, "norm: the normalizers", and without marks behind it. */
static const char *trimmed(Arena *arena, const char *text, const char *name) {
    const size_t stem = strcspn(name, ".");
    const bool named = strncmp(text, name, stem) == 0 && text[stem] == ':';
    if (named) text += stem + 1 + strspn(text + stem + 1, " ");
    size_t length = strlen(text);
    while (length && strchr(" \n.:,", text[length - 1])) length--;
    char *copy = text_copy(arena, text, length);
    if (named) copy[0] = (char)toupper((unsigned char)copy[0]);
    return copy;
}

/* The first sentence of the comment with which a source begins. */
static const char *first_sentence(Arena *arena, const char *text, const char *name) {
    if (text[0] == '#' && text[1] == '!') text += strcspn(text, "\n") + 1;
    text += strspn(text, "/*#\" \n");
    Text to = text_new(arena);
    int deep = 0;
    for (const char *line = text; *line;) {
        const size_t length = strcspn(line, "\n");
        const char *end = strstr(line, "*/"), *quotes = strstr(line, "\"\"\"");
        size_t own = length;
        if (end && (size_t)(end - line) < own) own = (size_t)(end - line);
        if (quotes && (size_t)(quotes - line) < own) own = (size_t)(quotes - line);
        own = sentence_end(line, own, to.length, &deep);
        text_add(&to, "%s%.*s", to.length ? " " : "", (int)own, line);
        if (own < length || line[length] == '\0') break;
        line += length + 1;
        const size_t marks = strspn(line, " *#/");
        if (!goes_on(line, marks, strstr(name, ".py") != NULL)) break;
        line += marks;
    }
    return trimmed(arena, to.data, name);
}

/* A cell of a table: no bars in it. */
static const char *cell(Arena *arena, const char *text) {
    Text to = text_new(arena);
    for (; *text; text++)
        text_add(&to, *text == '|' ? "\\|" : *text == '<' ? "&lt;" : "%c", *text);
    return to.data;
}

static const char *folder_of(Arena *arena, const char *path) {
    return text_copy(arena, path, (size_t)(strrchr(path, '/') - path));
}

/* By folder, and in it by name: what stands in a folder is not torn apart by a folder in it. */
static int by_folder(const void *a, const void *b) {
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    const char *end_x = strrchr(x, '/'), *end_y = strrchr(y, '/');
    const size_t to_x = (size_t)(end_x - x), to_y = (size_t)(end_y - y);
    const int order = memcmp(x, y, to_x < to_y ? to_x : to_y);
    if (order) return order;
    return to_x != to_y ? (to_x > to_y) - (to_x < to_y) : strcmp(end_x, end_y);
}

void weave_print_map(Arena *arena, FILE *out) {
    static const char *const folders[] = {"src", "experiments"};
    const char *above = "";
    for (size_t k = 0; k < COUNT_OF(folders); k++) {
        size_t count;
        const char **file = home_files(arena, folders[k], source_endings, &count);
        if (count) qsort(file, count, sizeof *file, by_folder);
        for (size_t i = 0; i < count; i++) {
            const char *name = strrchr(file[i], '/') + 1;
            const char *folder = folder_of(arena, file[i]);
            if (strcmp(folder, above) != 0)
                fprintf(out, "%s## %s\n\n| file | what it is |\n|---|---|\n",
                        *above ? "\n" : "", folder);
            above = folder;
            const char *says = first_sentence(arena, read_home(arena, file[i]), name);
            fprintf(out, "| [%s](../../%s) | %s |\n", name, file[i], cell(arena, says));
        }
    }
}
