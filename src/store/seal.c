/* The seal: one line behind the end of the HDF5 data, with the digest of everything
 * before it.
 *
 * HDF5 and all its readers ignore bytes beyond the end that the superblock names, and a
 * program that edits the file cuts them off. So a sealed file is exactly what normlab
 * wrote, any flipped bit in it is found before libhdf5 sees it, and a file without seal
 * is somebody else's.
 */
#include "internal.h"

#include <string.h>

static const char HEAD[] = "\nnormlab sha256 ";

enum { HEAD_LENGTH = sizeof HEAD - 1 };
_Static_assert(HEAD_LENGTH + DIGEST_LENGTH + 1 == SEAL_LENGTH, "the seal is one line");

void store_seal(char *image, size_t length) {
    char digest[DIGEST_LENGTH + 1];
    digest_bytes(digest, image, length);
    char *seal = image + length;
    memcpy(seal, HEAD, HEAD_LENGTH);
    memcpy(seal + HEAD_LENGTH, digest, DIGEST_LENGTH);
    seal[SEAL_LENGTH - 1] = '\n';
}

bool store_seal_is_there(const char *bytes, size_t length) {
    return length >= SEAL_LENGTH &&
           memcmp(bytes + length - SEAL_LENGTH, HEAD, HEAD_LENGTH) == 0;
}

Seal store_seal_read(const char *bytes, size_t length) {
    if (!store_seal_is_there(bytes, length)) return SEAL_ABSENT;
    const char *stated = bytes + length - SEAL_LENGTH + HEAD_LENGTH;
    char digest[DIGEST_LENGTH + 1];
    digest_bytes(digest, bytes, length - SEAL_LENGTH);
    return memcmp(stated, digest, DIGEST_LENGTH) == 0 ? SEAL_WHOLE : SEAL_BROKEN;
}
