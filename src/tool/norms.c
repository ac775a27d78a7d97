/* Normalizers that are equations: of the files that NORMLAB_NORMS names, of --norms FILE and of
 * --let TEXT (src/equation/equation.h has the grammar). What is computed with one names the
 * SHA-256 of its equation. */
#include "tool.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const size_t LARGEST_TEXT = (size_t)1 << 20;
static const char ENDING[] = ".norm";

/* A network's name is no normalizer's. */
static void want_no_network(size_t before) {
    size_t nets, count;
    const NetKind *const *net = net_kinds(&nets);
    const NormKind *const *kind = norm_kinds(&count);
    for (size_t i = before; i < count; i++)
        for (size_t k = 0; k < nets; k++)
            if (strcmp(net_name(net[k]), norm_name(kind[i])) == 0)
                die(EX_DATAERR, "there is a network '%s' already", net_name(net[k]));
}

static void load_text(const char *name, const char *text) {
    BaseError error = {.set = false};
    size_t before;
    norm_kinds(&before);
    if (!norm_register_text(name, text, &error)) die(error.code, "%s", error.message);
    want_no_network(before);
}

static void load_file(Arena *arena, const char *path) {
    BaseError error = {.set = false};
    size_t length;
    const char *text = place_read(arena, path, LARGEST_TEXT, &length, &error);
    die_if(&error);
    if (strlen(text) != length)
        die(EX_DATAERR, "%s: a byte 0 at %zu: this is no text", path, strlen(text));
    load_text(path, text);
}

static int by_name(const void *a, const void *b) {
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

enum { MOST_FILES = 256 };

static bool ends_well(const char *name) {
    const size_t length = strlen(name), ending = strlen(ENDING);
    return length > ending && strcmp(name + length - ending, ENDING) == 0;
}

static void load_folder(Arena *arena, const char *path) {
    const char *file[MOST_FILES];
    size_t count = 0;
    DIR *folder = opendir(path);
    if (folder == NULL) die(EX_NOINPUT, "%s: %s", path, strerror(errno));
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (!ends_well(entry->d_name) || entry->d_name[0] == '.') continue;
        if (count == MOST_FILES)
            die(EX_DATAERR, "%s: more than %d files", path, MOST_FILES);
        file[count++] = text_print(arena, "%s/%s", path, entry->d_name);
    }
    closedir(folder);
    qsort(file, count, sizeof *file, by_name);
    for (size_t i = 0; i < count; i++) load_file(arena, file[i]);
}

void norms_load(Arena *arena, const char *path) {
    struct stat at;
    if (stat(path, &at) == 0 && S_ISDIR(at.st_mode))
        load_folder(arena, path);
    else
        load_file(arena, path);
}

void norms_let(const char *text) {
    load_text("--let", text);
}

void norms_environment(Arena *arena) {
    const char *all = getenv("NORMLAB_NORMS");
    while (all && *all) {
        const size_t length = strcspn(all, ":");
        if (length) norms_load(arena, text_copy(arena, all, length));
        all += length + (all[length] == ':');
    }
}
