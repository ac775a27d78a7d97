/* CIFAR-10's binary version: no header, 10,000 records a file, each one label byte and
 * three planes of 32 x 32 (red, green, blue).
 */
#include "source.h"

/* Records first .. first + count - 1 of the pile are the whole of one file. */
static bool read_batch(Pile *pile, size_t first, size_t count, const char *path,
                       const Recipe *recipe, Arena *scratch, Error *error) {
    size_t size = recipe->channels * recipe->height * recipe->width;
    uint8_t *pixel = pile->value[0], *label = pile->value[1];
    Stream stream;
    ArenaMark mark = arena_mark(scratch);
    bool good = stream_open(&stream, scratch, path, error);
    for (size_t i = first; good && i < first + count; i++)
        good = stream_take(&stream, &label[i], 1) &&
               stream_label(&stream, stream.at - 1, label[i], recipe->classes) &&
               stream_take(&stream, &pixel[i * size], size);
    good = good && stream_end(&stream);
    stream_close(&stream);
    arena_rewind(scratch, mark);
    return good;
}

bool cifar_read(Pile *train, Pile *test, const char *const *path, const Recipe *recipe,
                Arena *scratch, Error *error) {
    size_t each = recipe->test, batches = train->count / each;
    for (size_t b = 0; b < batches; b++)
        if (!read_batch(train, b * each, each, path[b], recipe, scratch, error))
            return false;
    return read_batch(test, 0, each, path[batches], recipe, scratch, error);
}
