/* A text of one's own: any file of UTF-8, plain or gzip. */
#include "source.h"

static bool fill(Reading *to, BaseError *error) {
    Letters letters;
    return letters_file(to, &letters, to->from, error) &&
           letters_windows(to, &letters, to->from, error);
}

const DatasetKind dataset_text = {
    .name = "text",
    .path = "FILE",
    .usage = "text:FILE",
    .title = "a text of one's own, UTF-8, plain or gzip: windows of 64 symbols and the "
             "next of each",
    .samples = "texts",
    .need = "a file of at least 12,291 characters, of at most 254 different ones",
    .fill = fill,
};
