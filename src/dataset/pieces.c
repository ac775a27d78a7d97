/* Pictures that scenes are made of: a folder for each category, and one of photographs. What trains
 * is in no scene that validates or tests. */
#include "source.h"
#include "text.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_CATEGORIES = 250, LEAST = 3, MOST_HELD_OUT = 8, MOST_PHOTOS = 4 };

/* Photographs are dealt to the parts as cut-outs are; those of GROUNDS, if there are any, train. */
static const char PHOTOS[] = "photos", GROUNDS[] = "grounds";

typedef struct Names {
    size_t count, room;
    const char **name;
} Names;

static int by_bytes(const void *a, const void *b) {
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

static bool is_folder(Arena *scratch, const char *folder, const char *name) {
    struct stat about;
    return stat(text_print(scratch, "%s/%s", folder, name), &about) == 0 &&
           S_ISDIR(about.st_mode);
}

static bool is_png(const char *name) {
    const size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".png") == 0;
}

/* Folders in a folder, or PNG files; in order of their bytes, whatever the file system's is. */
static bool list(Reading *to, Names *names, const char *folder, bool folders,
                 BaseError *error) {
    *names = (Names){0, 0, NULL};
    DIR *directory = opendir(folder);
    if (directory == NULL)
        return base_fail(error, EX_NOINPUT, 0, "%s: no such folder, expected %s", folder,
                         to->kind->need);
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        const char *name = entry->d_name;
        if (name[0] == '.' || is_folder(to->scratch, folder, name) != folders ||
            (!folders && !is_png(name)))
            continue;
        if (names->count == names->room) {
            const char **grown = TAKE(to->scratch, const char *, 2 * names->room + 64);
            if (names->count > 0)
                memcpy(grown, names->name, names->count * sizeof *grown);
            names->name = grown, names->room = 2 * names->room + 64;
        }
        names->name[names->count++] = text_copy(to->arena, name, strlen(name));
    }
    closedir(directory);
    if (names->count > 0)
        qsort(names->name, names->count, sizeof *names->name, by_bytes);
    return true;
}

/* Of `count` pictures a third tests, at most so many; half as many validate; the others train. Which
 * is drawn for each folder by a seed that is no run's. */
static void split(size_t share[SCENE_PARTS], size_t count, size_t most) {
    const size_t third = count / 3;
    share[SCENE_TEST] = third < most ? third : most;
    share[SCENE_VAL] = (share[SCENE_TEST] + 1) / 2;
    share[SCENE_TRAIN] = count - share[SCENE_TEST] - share[SCENE_VAL];
}

/* Who deals pictures to the parts. That of scenes is the second: what trains was settled with the
 * first one's test scenes in view, so none of the second was looked at before claims were judged. */
enum { DEAL_OF_GLYPHS, DEAL_OF_SCENES };

/* A folder's pictures, dealt to the parts, at most so many held out; folder number `number` of all. */
static bool read_folder(Reading *to, Pictures *const part[SCENE_PARTS],
                        const char *folder, size_t deal, size_t number, size_t most,
                        BaseError *error) {
    Names file;
    size_t share[SCENE_PARTS], at = 0;
    if (!list(to, &file, folder, false, error)) return false;
    if (file.count < LEAST)
        return base_fail(error, EX_DATAERR, 0,
                         "%s: %zu PNG; %d or more are expected, so that some can train, "
                         "some validate, some test",
                         folder, file.count, LEAST);
    size_t *order = TAKE(to->scratch, size_t, file.count);
    draw_permutation((Draw){.purpose = DRAW_SPLIT, .epoch = deal, .sample = number},
                     order, file.count);
    split(share, file.count, most);
    for (size_t p = 0; p < SCENE_PARTS; p++) {
        *part[p] = (Pictures){share[p], TAKE(to->arena, Picture, share[p])};
        for (size_t i = 0; i < share[p]; i++, at++) {
            const char *path =
                text_print(to->scratch, "%s/%s", folder, file.name[order[at]]);
            if (!png_picture(to, &part[p]->at[i], path, error)) return false;
        }
    }
    return true;
}

bool photos_read(Reading *to, Pictures photo[SCENE_PARTS], BaseError *error) {
    const char *folder =
        place_home(to->scratch, text_print(to->scratch, "data/input/scenes/%s", PHOTOS));
    Pictures *part[SCENE_PARTS];
    for (size_t p = 0; p < SCENE_PARTS; p++) part[p] = &photo[p];
    return read_folder(to, part, folder, DEAL_OF_GLYPHS, 0, MOST_HELD_OUT, error);
}

/* A scene is cut out of a photograph. */
static bool are_large(const Pictures *photo, const char *folder, BaseError *error) {
    for (size_t i = 0; i < photo->count; i++)
        if (photo->at[i].height < SCENE_SIDE || photo->at[i].width < SCENE_SIDE)
            return base_fail(
                error, EX_DATAERR, 0,
                "%s: a photograph of %zu x %zu pixels; %d x %d or more are expected",
                folder, photo->at[i].height, photo->at[i].width, SCENE_SIDE, SCENE_SIDE);
    return true;
}

/* All of a folder's beside those that train already. */
static bool add_grounds(Reading *to, Pictures *train, const char *folder,
                        BaseError *error) {
    Names file;
    if (!list(to, &file, folder, false, error)) return false;
    Picture *all = TAKE(to->arena, Picture, train->count + file.count);
    memcpy(all, train->at, train->count * sizeof *all);
    for (size_t i = 0; i < file.count; i++)
        if (!png_picture(to, &all[train->count + i],
                         text_print(to->scratch, "%s/%s", folder, file.name[i]), error))
            return false;
    *train = (Pictures){train->count + file.count, all};
    return true;
}

/* Whatever is no folder of photographs is a category. */
static bool read_categories(Reading *to, Pieces *pieces, const char *home,
                            const Names *folder, BaseError *error) {
    pieces->name = TAKE(to->arena, const char *, folder->count);
    for (size_t p = 0; p < SCENE_PARTS; p++)
        pieces->object[p] = TAKE(to->arena, Pictures, folder->count);
    for (size_t f = 0; f < folder->count; f++) {
        const char *name = folder->name[f],
                   *path = text_print(to->scratch, "%s/%s", home, name);
        Pictures *part[SCENE_PARTS];
        const bool photos = strcmp(name, PHOTOS) == 0;
        if (strcmp(name, GROUNDS) == 0) continue;
        for (size_t p = 0; p < SCENE_PARTS; p++)
            part[p] = photos ? &pieces->photo[p] : &pieces->object[p][pieces->categories];
        if (!photos) pieces->name[pieces->categories++] = name;
        if (!read_folder(to, part, path, DEAL_OF_SCENES, f,
                         photos ? MOST_PHOTOS : MOST_HELD_OUT, error))
            return false;
    }
    const char *grounds = text_print(to->scratch, "%s/%s", home, GROUNDS);
    return !is_folder(to->scratch, home, GROUNDS) ||
           add_grounds(to, &pieces->photo[SCENE_TRAIN], grounds, error);
}

bool pieces_read(Reading *to, Pieces *pieces, BaseError *error) {
    const char *home = to->from ? to->from : place_home(to->scratch, "data/input/scenes");
    Names folder;
    *pieces = (Pieces){.categories = 0};
    to->first = home;
    if (!list(to, &folder, home, true, error)) return false;
    const size_t others = 1 + is_folder(to->scratch, home, GROUNDS);
    if (folder.count <= others || folder.count > MOST_CATEGORIES ||
        !is_folder(to->scratch, home, PHOTOS))
        return base_fail(error, EX_DATAERR, 0,
                         "%s: %zu folders; '%s' and 1 to %zu of cut-outs are expected",
                         home, folder.count, PHOTOS, MOST_CATEGORIES - others);
    if (!read_categories(to, pieces, home, &folder, error)) return false;
    for (size_t p = 0; p < SCENE_PARTS; p++)
        if (!are_large(&pieces->photo[p], home, error)) return false;
    return true;
}
