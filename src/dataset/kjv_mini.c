/* A tenth of the King James Bible, embedded. data/input/README.md */
#include "source.h"

static bool fill(Reading *to, BaseError *error) {
    static const Place places[] = {{ROOT_CHECKOUT, "data/input"}, {ROOT_NONE, NULL}};
    static const char *const files[] = {"kjv-mini.txt", NULL};
    const char *path[1];
    Letters letters;
    return files_locate(to, path, places, files, error) &&
           letters_file(to, &letters, path[0], error) &&
           letters_windows(to, &letters, path[0], error);
}

const DatasetKind dataset_kjv_mini = {
    .name = "kjv-mini",
    .title = "a tenth of the King James Bible, chapters drawn, in windows of 64 symbols",
    .source = "King James Version (1611; Debian's bible-kjv-text), drawn by "
              "data/input/make-kjv.py",
    .samples = "texts",
    .sha256 = "f09dd4d97e4bb76035a2440818ce964ceea8368852a32c23283cf088e32de744",
    .fill = fill,
};
