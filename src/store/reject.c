/* What cannot be believed is kept beside its place, never overwritten: it may be somebody's
 * work. */
#include "internal.h"
#include "place.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_REJECTED = 1000 };

/* The first of PATH.rejected, PATH.rejected.2... that is not taken. */
static const char *free_name(Arena *arena, const char *path) {
    struct stat status;
    const char *name = text_print(arena, "%s.rejected", path);
    for (int i = 2; lstat(name, &status) == 0 && i <= MOST_REJECTED; i++)
        name = text_print(arena, "%s.rejected.%d", path, i);
    return name;
}

bool store_reject(const char *path, const char *why, BaseError *error) {
    Arena *arena = arena_new();
    const char *kept = free_name(arena, path);
    const bool moved = rename(path, kept) == 0 && place_sync(path);
    if (moved)
        say("%s: %s; it is kept as %s", path, why, kept);
    else
        base_fail(error, EX_CANTCREAT, 0, "%s: %s, and cannot be moved to %s: %s", path,
                  why, kept, strerror(errno));
    arena_free(arena);
    return moved;
}
