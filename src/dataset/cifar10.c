/* CIFAR-10 (Krizhevsky 2009): its binary version, in the user's folder. Its licence lets
 * nobody pass it on, so what it is can be told by its files' MD5 alone (as
 * cifar-10-binary.tar.gz has them). */
#include "source.h"

#include <string.h>

const char *const cifar10_class[CIFAR10_CLASSES] = {
    "airplane", "automobile", "bird",  "cat",  "deer",
    "dog",      "frog",       "horse", "ship", "truck"};
static const char *const names[] = {"data_batch_1.bin",
                                    "data_batch_2.bin",
                                    "data_batch_3.bin",
                                    "data_batch_4.bin",
                                    "data_batch_5.bin",
                                    "test_batch.bin",
                                    NULL};
static const char *const cifar10_md5[CIFAR10_FILES] = {
    "5dd7e06a14cb22eb9f671a540d1b7c25", "5ea93a67294ea407fff1d09f752e9692",
    "942cd6a4bcdd0dd3c604fbe906cb4421", "ae636b3ba5c66a11e91e8cb52e771fcb",
    "53f37980c15c3d472c316c40844f3f0d", "803d5f7f4d78ea53de84dbe85f74fb6d"};

bool cifar10_is(const CifarFile *file) {
    size_t same = 0;
    while (same < CIFAR10_FILES && strcmp(file[same].md5, cifar10_md5[same]) == 0) same++;
    return same == CIFAR10_FILES;
}

static bool fill(Reading *to, BaseError *error) {
    static const Place places[] = {
        {ROOT_USER, "cifar-10-batches-bin"}, {ROOT_USER, ""}, {ROOT_NONE, NULL}};
    const char *path[CIFAR10_FILES];
    CifarFile file[CIFAR10_FILES];
    reading_classes(to, SHAPE_OF(3, 32, 32), CIFAR10_CLASSES, cifar10_class);
    if (!files_locate(to, path, places, names, error)) return false;
    for (size_t f = 0; f < CIFAR10_FILES; f++)
        file[f] = (CifarFile){.path = path[f], .records = 10000};
    if (!cifar_read(to, file, CIFAR10_FILES, error)) return false;
    return cifar10_is(file) ||
           base_fail(
               error, EX_DATAERR, 0,
               "%s and the files beside it: well formed, but not CIFAR-10 (its files' "
               "MD5 are other); dataset=cifar:FOLDER takes any such files",
               path[0]);
}

const DatasetKind dataset_cifar10 = {
    .name = "cifar10",
    .title = "60,000 photographs, 10 classes, 32 x 32, colour",
    .source = "CIFAR-10 (A. Krizhevsky, 2009), binary version",
    .need = "set NORMLAB_DATA to the folder of CIFAR-10's binary version "
            "(data_batch_1.bin to data_batch_5.bin, test_batch.bin)",
    .fill = fill,
};
