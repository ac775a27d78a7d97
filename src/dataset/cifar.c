/* CIFAR-10's binary format: no header, records of one label byte and three planes of
 * 32 x 32 (red, green, blue); as a reader for CIFAR-10 itself, and any folder of such
 * files. */
#include "source.h"
#include "text.h"

#include <md5.h>

enum { SIDE = 32, PIXELS = 3 * SIDE * SIDE, RECORD = 1 + PIXELS };

/* ---- files of known lengths -------------------------------------------------------- */

/* Records first .. first + file->records - 1 of the pile are the whole of one file. */
static bool read_file(Reading *to, const Pile *pile, size_t first, CifarFile *file,
                      BaseError *error) {
    uint8_t *pixel = (uint8_t *)pile->value[0] + first * PIXELS,
            *label = (uint8_t *)pile->value[1] + first;
    const size_t classes =
        to->field[1].classes ? to->field[1].classes : DATA_MOST_CLASSES;
    Stream stream;
    MD5_CTX sum;
    MD5Init(&sum);
    ArenaMark mark = arena_mark(to->scratch);
    bool good = stream_open(&stream, to->scratch, file->path, error);
    for (size_t i = 0; good && i < file->records; i++, label++, pixel += PIXELS) {
        good = stream_take(&stream, label, 1) &&
               stream_label(&stream, stream.at - 1, *label, classes) &&
               stream_take(&stream, pixel, PIXELS);
        if (!good) break;
        MD5Update(&sum, label, 1);
        MD5Update(&sum, pixel, PIXELS);
    }
    good = good && stream_end(&stream);
    MD5End(&sum, file->md5);
    stream_close(&stream);
    arena_rewind(to->scratch, mark);
    return good;
}

bool cifar_read(Reading *to, CifarFile *file, size_t files, BaseError *error) {
    size_t first = 0;
    to->train.count = 0;
    to->test.count = file[files - 1].records;
    for (size_t f = 0; f < files - 1; f++) to->train.count += file[f].records;
    pile_take(to, &to->train);
    pile_take(to, &to->test);
    for (size_t f = 0; f < files - 1; first += file[f++].records)
        if (!read_file(to, &to->train, first, &file[f], error)) return false;
    return read_file(to, &to->test, 0, &file[files - 1], error);
}

/* ---- any folder -------------------------------------------------------------------- */

enum { MOST_FILES = 100 };

/* How many records a file has; 0 and *error where that is no whole number of them. */
static size_t count_records(Reading *to, const char *path, BaseError *error) {
    Stream stream;
    size_t size = 0;
    ArenaMark mark = arena_mark(to->scratch);
    if (stream_open(&stream, to->scratch, path, error)) size = stream_size(&stream);
    stream_close(&stream);
    arena_rewind(to->scratch, mark);
    if (error->set || (size > 0 && size % RECORD == 0)) return size / RECORD;
    base_fail(error, EX_DATAERR, size,
              "%s: %zu bytes, expected records of %d, whole ones", path, size, RECORD);
    return 0;
}

/* data_batch_1.bin, data_batch_2.bin... as many as there are, and test_batch.bin. */
static size_t find_files(Reading *to, CifarFile file[MOST_FILES + 1], BaseError *error) {
    size_t files = 0;
    for (bool last = false; !last; files++) {
        const char *name = text_print(to->arena, "data_batch_%zu.bin", files + 1),
                   *path = files_in(to, to->from, name);
        last = path == NULL || files == MOST_FILES;
        if (last) path = files_in(to, to->from, "test_batch.bin");
        if (path == NULL || (last && files == 0)) {
            base_fail(error, EX_NOINPUT, 0, "%s: no %s, expected %s", to->from,
                      path ? name : "test_batch.bin", dataset_cifar.need);
            return 0;
        }
        file[files] =
            (CifarFile){.path = path, .records = count_records(to, path, error)};
        if (error->set) return 0;
    }
    return files;
}

static bool fill(Reading *to, BaseError *error) {
    CifarFile file[MOST_FILES + 1];
    const size_t files = find_files(to, file, error);
    reading_classes(to, SHAPE_OF(3, SIDE, SIDE), 0, NULL);
    if (files == 0 || !cifar_read(to, file, files, error)) return false;
    if (files == CIFAR10_FILES && cifar10_is(file)) {
        reading_classes(to, SHAPE_OF(3, SIDE, SIDE), CIFAR10_CLASSES, cifar10_class);
        to->known = &dataset_cifar10;
        return true;
    }
    reading_count_classes(to);
    return true;
}

const DatasetKind dataset_cifar = {
    .name = "cifar",
    .path = "FOLDER",
    .usage = "cifar:FOLDER",
    .title =
        "images of 3 x 32 x 32 and labels, of one's own, in CIFAR-10's binary format",
    .need = "data_batch_1.bin, data_batch_2.bin... and test_batch.bin (.gz or not)",
    .fill = fill,
};
