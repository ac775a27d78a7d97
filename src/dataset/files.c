/* Where a data set's files are found. */
#include "source.h"
#include "text.h"

#include <stdlib.h>
#include <unistd.h>

/* The folder that a place stands for; NULL where its root is not set. */
static const char *folder_of(Arena *scratch, Place place) {
    const char *user = getenv("NORMLAB_DATA");
    switch (place.root) {
    case ROOT_CHECKOUT:
        return place_home(scratch, place.folder);
    case ROOT_SYSTEM:
        return text_print(scratch, "/%s", place.folder);
    case ROOT_USER:
        if (user == NULL || *user == '\0') return NULL;
        return text_print(scratch, "%s%s%s", user, *place.folder ? "/" : "",
                          place.folder);
    case ROOT_NONE:
        break;
    }
    return NULL;
}

const char *files_in(Reading *to, const char *folder, const char *name) {
    const char *path = text_print(to->scratch, "%s/%s.gz", folder, name);
    if (access(path, F_OK) == 0) return path;
    path = text_print(to->scratch, "%s/%s", folder, name);
    return access(path, F_OK) == 0 ? path : NULL;
}

static const char *need(const Reading *to) {
    return to->kind->need ? to->kind->need : "set NORMLAB_HOME to a whole checkout";
}

/* A folder that holds some of the files is the one that is meant: a missing one is
 * then an error, and no reason to read another folder's. */
bool files_locate(Reading *to, const char **path, const Place *places,
                  const char *const *names, BaseError *error) {
    Text tried = text_new(to->scratch);
    for (const Place *place = places; place->root != ROOT_NONE; place++) {
        const char *folder = folder_of(to->scratch, *place), *missing = NULL;
        if (folder == NULL) continue;
        text_add(&tried, "%s%s", tried.length ? ", " : " in ", folder);
        size_t held = 0;
        for (size_t f = 0; names[f]; f++) {
            path[f] = files_in(to, folder, names[f]);
            if (path[f])
                held++;
            else if (missing == NULL)
                missing = names[f];
        }
        if (held == 0) continue;
        to->first = path[0];
        if (missing == NULL) return true;
        return base_fail(error, EX_UNAVAILABLE, 0,
                         "%s: no %s beside the other files of %s: %s", folder, missing,
                         to->kind->name, need(to));
    }
    return base_fail(error, EX_UNAVAILABLE, 0, "%s: its files were not found%s: %s",
                     to->kind->name, tried.data, need(to));
}
