/* manual: a text of headings, paragraphs and lists, as Markdown for the book or as a man page. `x` is
 * code in either; what begins "`normlab " is called as the program was. */
#ifndef NORMLAB_MANUAL_H
#define NORMLAB_MANUAL_H

#include <stdbool.h>

typedef struct Manual {
    void (*section)(const char *title); /* "KEYS" of a man page, "## Keys" of the book */
    void (*part)(const char *title);    /* in a section; of the book a section, too */
    void (*text)(const char *text);     /* a paragraph: lines are filled */
    void (*lines)(const char *text);    /* as they stand */
    /* A list: its begin with what stands left and right, entries, its end. `value` and `initial`
     * may be NULL. */
    void (*list)(const char *left, const char *right);
    void (*entry)(const char *name, const char *value, const char *says,
                  const char *initial);
    void (*end)(void);
} Manual;

extern const Manual manual_roff, manual_markdown;

/* What a man page begins with: its name and section, and one line. */
void manual_roff_title(const char *name, int section, const char *book, const char *does);

#endif
