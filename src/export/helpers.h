/* helpers: functions that a module has where its program calls them. */
#ifndef NORMLAB_EXPORT_HELPERS_H
#define NORMLAB_EXPORT_HELPERS_H

#include <stddef.h>

/* For each language as ExportTo counts them; NULL: as numpy's, with its own module for `$`. One
 * that is called by another stands before it. */
typedef struct Helper {
    const char *name, *text[3];
} Helper;

enum { HELPERS = 23 };
extern const Helper helpers[HELPERS];

#endif
