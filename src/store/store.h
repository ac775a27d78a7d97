/* store: the only code that knows HDF5.
 *
 * A file is built in memory (core driver) and written by place_write: a kill or a full
 * disk leaves the old file or the new one. Everything in it opens in h5dump, h5py, xarray
 * and netCDF tools: strings are variable-length UTF-8, every axis has a dimension scale
 * in its own group, attributes and links keep their order, object times are off, so that
 * equal content gives equal bytes. Behind the HDF5 data stands a seal, the SHA-256 of all
 * of it, so that a flipped bit is found before anything is believed.
 *
 * Files are read by a child process, within limits of processor time and memory that follow
 * from their length and from what is asked of them: libhdf5 can be crashed, or kept busy for
 * ever, by bytes, and anyone can write a seal. Nothing is read that is not asked for. One
 * thread uses HDF5 at a time.
 */
#ifndef NORMLAB_STORE_H
#define NORMLAB_STORE_H

#include "base.h"

/* ---- file.c: building, saving, opening ------------------------------------------- */

typedef struct Store Store;

enum { STORE_MAX_RANK = 8 };

/* A new file in memory. Its root gets the attributes title, schema_version, dim_order
 * ("C") and normlab_version. (No Conventions: CF wants coordinates to be numbers, ours
 * may be names.) */
Store *store_new(const char *title);

/* Saves atomically. The Store stays open. False and *error (EX_CANTCREAT, EX_IOERR) on
 * failure. */
bool store_save(Store *store, const char *path, BaseError *error);

/* The bytes that store_save would write (in the arena): for digests and tests. */
void *store_image(Store *store, Arena *arena, size_t *length);

/* Opens for reading; what replaces the file later does not matter. NULL and *error (EX_NOINPUT,
 * EX_DATAERR naming the file) if it is not there, not HDF5, damaged, or of a newer schema.
 * A file may turn out to be damaged when more of it is read: calls with a BaseError then say so,
 * those without end the program (EX_DATAERR). */
Store *store_open(const char *path, BaseError *error);

void store_close(Store *store);             /* NULL is fine */
const char *store_path(const Store *store); /* as it was opened */

/* Whether its bytes are those that normlab wrote: what another program edits loses the
 * seal. It guards against accident alone, for anyone can compute a digest; against intent
 * there is but to compute the numbers again. */
bool store_is_sealed(const Store *store);

/* Moves what stands at `path` and cannot be believed out of the way, and keeps it beside:
 * PATH.rejected, or PATH.rejected.2... where that is taken. Says on stderr why, and where it
 * is now. False and *error (EX_CANTCREAT) if it cannot be moved. */
bool store_reject(const char *path, const char *why, BaseError *error);

/* ---- put.c: writing -------------------------------------------------------------- */

/* Misuse is the programmer's mistake (REQUIRE). Paths are absolute within the file,
 * "/metrics", their words of [A-Za-z0-9_.-]. Nothing is written twice. A NULL for
 * description, units or long_name leaves that attribute out. Texts should be UTF-8; bytes
 * that are not become U+FFFD. */

/* The group above must be there. */
void store_group(Store *store, const char *path, const char *description);

/* Attributes of a group or data set ("/" is the root). */
void store_text(Store *store, const char *path, const char *name, const char *value);
void store_number(Store *store, const char *path, const char *name, double value);
void store_integer(Store *store, const char *path, const char *name, int64_t value);

/* ---- array.c: from 64 KiB on in compressed chunks with checksums ----------------- */

/* A 1-D dimension scale GROUP/NAME; later arrays of that group name it as axis. */
void store_scale(Store *store, const char *group, const char *name, const double *values,
                 size_t count, const char *units, const char *long_name);
void store_scale_text(Store *store, const char *group, const char *name,
                      const char *const *values, size_t count, const char *long_name);

/* A scalar (rank 0) or an array over scales of the same group: axes[rank] name them (those of
 * others by their path), sizes follow from them. NaN is "not there". units "1" for pure numbers. */
void store_array(Store *store, const char *group, const char *name, const double *values,
                 size_t rank, const char *const *axes, const char *units,
                 const char *long_name);

/* What viewers show first of a group, by NeXus' attributes (NXdata): its array `signal` over its scales
 * of numbers. The first such group is what they show of the file. */
void store_plot(Store *store, const char *group, const char *signal);

/* Text over scales of the group (identities of runs). */
void store_array_text(Store *store, const char *group, const char *name,
                      const char *const *values, size_t rank, const char *const *axes,
                      const char *long_name);

/* Plain tensors without named axes (checkpoints, results of `apply`): no scales are made,
 * so they need a group of their own. */
void store_tensor(Store *store, const char *path, const double *values, size_t rank,
                  const size_t *size, const char *units, const char *long_name);

/* ---- names.c: what a file holds -------------------------------------------------- */

typedef enum StoreKind {
    STORE_ABSENT,
    STORE_LOST, /* a link that leads to nothing in this file: calls that read say so */
    STORE_GROUP,
    STORE_INTEGER, /* integers of up to 64 bits */
    STORE_NUMBER,  /* floating point */
    STORE_TEXT,
    STORE_OTHER /* compounds, references, enumerations...: nothing here reads them */
} StoreKind;

/* Looks at all objects and attributes of a file, and at no values, so that the calls below,
 * which have no BaseError, do not end the program. False and *error (EX_DATAERR) if that kills
 * the reader, or a name in it could not be written. */
bool store_survey(const Store *store, BaseError *error);

StoreKind store_kind(const Store *store, const char *path);
bool store_has(const Store *store, const char *path);

/* Of one value; attributes that are arrays are STORE_OTHER. */
StoreKind store_attribute_kind(const Store *store, const char *path, const char *name);
bool store_has_attribute(const Store *store, const char *path, const char *name);

/* Names of a group's members, or of an object's attributes (without those that dimension
 * scales need for themselves), in the order they were made; none where there is no such
 * object. */
const char **store_members(const Store *store, Arena *arena, const char *group,
                           size_t *count);
const char **store_attributes(const Store *store, Arena *arena, const char *path,
                              size_t *count);

/* The names of an array's axes, "" where one has no scale; *rank = 0 if `path` is no data
 * set. */
const char **store_axes(const Store *store, Arena *arena, const char *path, size_t *rank);

/* ---- get.c: reading -------------------------------------------------------------- */

/* Each returns NULL / false and *error (EX_DATAERR naming file and object) where the object
 * is missing, of another type or shape, or cannot be read. */

const char *store_get_text(const Store *store, Arena *arena, const char *path,
                           const char *name, BaseError *error);
bool store_get_number(const Store *store, const char *path, const char *name,
                      double *value, BaseError *error);
bool store_get_integer(const Store *store, const char *path, const char *name,
                       int64_t *value, BaseError *error);

/* The values as doubles (integers up to 64 bits and floats are converted); size[]
 * receives up to max_rank sizes. Refuses strings, compounds, ranks above max_rank, values
 * kept in other files, and more elements than the file's bytes could hold. */
double *store_get_array(const Store *store, Arena *arena, const char *path,
                        size_t max_rank, size_t *rank, size_t *size, BaseError *error);
/* The same, but of more than `most` values only the first are read, at least so many. */
double *store_get_array_start(const Store *store, Arena *arena, const char *path,
                              size_t max_rank, size_t most, size_t *rank, size_t *size,
                              BaseError *error);

const char **store_get_array_text(const Store *store, Arena *arena, const char *path,
                                  size_t max_rank, size_t *rank, size_t *size,
                                  BaseError *error);

/* ---- packed.c: numbers of other programs ------------------------------------------ */

/* store_get_array, and what attributes say of the values as the CF conventions have it:
 * value * scale_factor + add_offset. Refuses missing values (_FillValue, missing_value,
 * outside of valid_min, valid_max, valid_range; NaN is a value), and integers that no double
 * is. */
double *store_get_unpacked(const Store *store, Arena *arena, const char *path,
                           size_t max_rank, size_t *rank, size_t *size, BaseError *error);

/* ---- provenance.c ---------------------------------------------------------------- */

/* Where a number comes from: git tree of src and experiments and whether it was dirty,
 * compiler and flags, program, processor, library versions, and what is computed. Texts live
 * as long as the arena. */
typedef struct Fact {
    const char *name, *value;
} Fact;

const Fact *store_provenance(Arena *arena, size_t *count);

const char *store_binary(void); /* SHA-256 of the running program's file; "unknown" */

/* ---- bits.c ---------------------------------------------------------------------- */

/* 12 hex digits of what functions, products and convolutions give here: runs of one
 * configuration are equal bit by bit where these are. */
const char *store_bits(Arena *arena);

/* ---- lock.c ---------------------------------------------------------------------- */

/* One writer for PATH (an advisory lock on PATH.lock, gone with the process): a handle >=
 * 0, or -1 and *error (EX_TEMPFAIL, "is being written by process PID"; EX_CANTCREAT where the file
 * system has no locks). */
int store_lock(const char *path, BaseError *error);
void store_unlock(const char *path, int handle); /* also removes PATH.lock */
/* Who has the lock: "process 123", "process 123 on HOST"; NULL: nobody. */
const char *store_holder(Arena *arena, const char *path);

/* ---- promise.c ------------------------------------------------------------------- */

/* Asks the file system of a folder whether a lock excludes others and a rename replaces a file, and says
 * what does not hold. false and *error: there are no locks at all. */
bool store_try(const char *folder, BaseError *error);

#endif
