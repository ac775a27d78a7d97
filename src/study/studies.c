/* Names of studies: one experiment, under its recipe or under other settings, and the files
 * that hold them. */
#include "study.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { MOST_LETTERS = 64 };

const char *study_stem(Arena *arena, const char *experiment, const char *name) {
    return text_print(arena, "%s%s%s", experiment, *name ? "-" : "", name);
}

/* ---- names that users give ------------------------------------------------------- */

/* Whether `word` is `part`, or begins with "part-". */
static bool begins(const char *word, const char *part) {
    const size_t length = strlen(part);
    return strncmp(word, part, length) == 0 &&
           (word[length] == '\0' || word[length] == '-');
}

/* Whether `word` is `part`, or ends with "-part". */
static bool ends(const char *word, const char *part) {
    const size_t whole = strlen(word), length = strlen(part);
    return length <= whole && strcmp(word + whole - length, part) == 0 &&
           (length == whole || word[whole - length - 1] == '-');
}

/* Another experiment whose files would be called so. */
static const Experiment *owner_of(const char *stem, const Experiment *but) {
    size_t count;
    const Experiment *const *found = experiments(&count), *owner = NULL;
    for (size_t i = 0; i < count; i++)
        if (found[i] != but && begins(stem, found[i]->name) &&
            strlen(found[i]->name) > strlen(but->name))
            owner = found[i];
    return owner;
}

bool study_is_own(const char *name) {
    return *name == '\0' || strcmp(name, STUDY_QUICK) == 0;
}

bool study_is_name(const char *name) {
    size_t length = 0;
    while (isalnum((unsigned char)name[length]) ||
           (length > 0 && name[length] && strchr("_-", name[length])))
        length++;
    return name[length] == '\0' && length <= MOST_LETTERS;
}

const char *study_name_checked(Arena *arena, const Experiment *e, const char *name) {
    static const char *const taken[] = {STUDY_QUICK, "full", "published"};
    if (*name == '\0' || !study_is_name(name))
        die(EX_USAGE, "--as %s: a name of letters, digits, '_' and '-' is expected",
            text_quoted(arena, text_plain(arena, text_clip(arena, name))));
    for (size_t i = 0; i < COUNT_OF(taken); i++)
        if (begins(name, taken[i]))
            die(EX_USAGE,
                "--as %s: '%s' is a study of the recipe's own; another name is "
                "expected",
                name, taken[i]);
    const ExperimentFigure *f;
    for (size_t i = 0; (f = study_figure(e, i)) != NULL; i++)
        if (*f->name && ends(name, f->name))
            die(EX_USAGE, "--as %s: '%s' is a figure of %s; another name is expected",
                name, f->name, e->name);
    const Experiment *owner = owner_of(study_stem(arena, e->name, name), e);
    if (owner)
        die(EX_USAGE, "--as %s: %s is another experiment; another name is expected", name,
            owner->name);
    return name;
}

const Experiment *study_experiment(Arena *arena, const char *word, const char **name) {
    const char *at = strchr(word, '@');
    *name = at ? at + 1 : NULL;
    if (at == NULL) return experiment_find(arena, word);
    if (at[1] == '\0')
        die(EX_USAGE, "'%s': the name of a study is expected after '@'", word);
    return experiment_find(arena, text_copy(arena, word, (size_t)(at - word)));
}

/* ---- what is there --------------------------------------------------------------- */

static int newest_first(const void *a, const void *b) {
    const Study *left = a, *right = b;
    if (left->age != right->age) return left->age < right->age ? -1 : 1;
    return strcmp(left->path, right->path);
}

/* The name of a study by its file's; NULL: it is none of this experiment. */
static const char *name_of(Arena *arena, const Experiment *e, const char *file) {
    const char *dot = strchr(file, '.');
    if (dot == NULL || (strcmp(dot, ".h5") != 0 && strcmp(dot, STUDY_PARTIAL ".h5") != 0))
        return NULL;
    const char *stem = text_copy(arena, file, (size_t)(dot - file));
    if (!begins(stem, e->name) || owner_of(stem, e)) return NULL;
    const char *name = stem + strlen(e->name);
    return *name ? name + 1 : name;
}

Study *study_files(Arena *arena, const char *experiment, size_t *count) {
    enum { MOST = 1000 };
    const Experiment *e = experiment_find(arena, experiment);
    Study *found = TAKE(arena, Study, MOST);
    struct timespec now;
    *count = 0;
    clock_gettime(CLOCK_REALTIME, &now);
    DIR *folder = opendir(place_out(arena, "."));
    for (struct dirent *entry; folder && *count < MOST && (entry = readdir(folder));) {
        struct stat status;
        const char *name = name_of(arena, e, entry->d_name);
        const char *path = place_out(arena, entry->d_name);
        if (name == NULL || stat(path, &status) != 0 || !S_ISREG(status.st_mode))
            continue;
        found[(*count)++] =
            (Study){name, path,
                    (double)(now.tv_sec - status.st_mtim.tv_sec) +
                        1e-9 * (double)(now.tv_nsec - status.st_mtim.tv_nsec)};
    }
    if (folder) closedir(folder);
    qsort(found, *count, sizeof *found, newest_first);
    return found;
}
