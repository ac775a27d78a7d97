/* What the files of this layer share, and nobody else sees. */
#ifndef NORMLAB_STORE_INTERNAL_H
#define NORMLAB_STORE_INTERNAL_H

#include "store.h"

#include <hdf5.h>
#include <hdf5_hl.h>

struct Store {
    Arena *arena;     /* holds this struct and what it needs for a moment */
    hid_t file;       /* the file in memory */
    const char *path; /* for messages: the path that was opened */
    bool writing;     /* made by store_new */
    size_t length;    /* bytes of the file that was opened */
    bool sealed;      /* and normlab wrote them all */
};

/* ---- file.c ---------------------------------------------------------------------- */

/* HDF5 says nothing on stderr, loads no plugins and follows no links out of the file. */
void store_tame(void);

/* The HDF5 file whose bytes these are, or a negative id. `name` is unique among open
 * files. */
hid_t store_attach(const char *name, char *bytes, size_t length);

/* `id` if it is one; where it is negative HDF5 itself failed at `what`, and the program
 * ends. */
hid_t store_must(hid_t id, const char *what);

/* Gives back any id; negative ones are ignored. */
void store_drop(hid_t id);

/* ---- put.c ----------------------------------------------------------------------- */

/* How values lie in the file and in memory. Given away to the call that writes them. */
typedef struct Kind {
    hid_t file, memory;
} Kind;

Kind store_doubles(void);
Kind store_texts(void);
void store_drop_kind(Kind kind);

/* A new object's path must be absolute, its group there, its name a word, and not
 * taken. */
void store_require_new(const Store *store, const char *path);

/* Attributes that dimension scales need and no user sees. */
bool store_is_bookkeeping(const char *name);

/* Attributes in the order of their making, no times. */
void store_keep_order(hid_t create);

/* ---- seal.c ---------------------------------------------------------------------- */

/* The last bytes of a file, beyond what HDF5 reads: the SHA-256 of all before them. */
enum { SEAL_LENGTH = 16 + DIGEST_LENGTH + 1 };
typedef enum Seal { SEAL_ABSENT, SEAL_WHOLE, SEAL_BROKEN } Seal;

void store_seal(char *image,
                size_t length); /* writes SEAL_LENGTH bytes at image + length */
Seal store_seal_read(const char *bytes, size_t length);

/* ---- probe.c --------------------------------------------------------------------- */

/* Reads all of a file in a child process; false and *error if that kills the child. */
bool store_probe(const char *path, char *bytes, size_t length, Error *error);

/* ---- utf8.c ---------------------------------------------------------------------- */

/* A copy whose bytes are UTF-8: each that is not becomes U+FFFD. */
const char *store_utf8(Arena *arena, const char *text);

/* ---- provenance.c ---------------------------------------------------------------- */

const char *store_version(void); /* of normlab */

#endif
