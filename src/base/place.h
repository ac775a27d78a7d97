/* place: files, their names and their digests. */
#ifndef NORMLAB_PLACE_H
#define NORMLAB_PLACE_H

#include "base.h"

#include <sys/types.h>

/* ---- place.c: files and their names ---------------------------------------------- */

/* A file of the project: NORMLAB_HOME, or what was installed with the program (experiments,
 * data), or the checkout that was built / relative. */
const char *place_home(Arena *arena, const char *relative);

/* Whether that is a checkout, with sources. */
bool place_is_checkout(void);

/* Where a user's results go: NORMLAB_OUT, or the checkout's out, or of an installed program
 * out where the user stands / relative. */
const char *place_out(Arena *arena, const char *relative);

/* The path from the root on; links are followed, where it is there. */
const char *place_absolute(Arena *arena, const char *path);

/* SHA-256 (libmd) in lower-case hex. */
enum { DIGEST_LENGTH = 64 };
void digest_bytes(char hex[DIGEST_LENGTH + 1], const void *data, size_t length);

/* A whole file in memory, terminated by a NUL beyond *length; NULL and *error
 * (EX_NOINPUT, EX_IOERR, EX_OSERR, or EX_DATAERR beyond `limit` bytes) if it cannot be
 * read. */
char *place_read(Arena *arena, const char *path, size_t limit, size_t *length,
                 BaseError *error);

/* The same where only some of the bytes are going to be looked at: they are read when they
 * are, so what is changed in place meanwhile may be seen, and a file that is cut ends the
 * process (SIGBUS). */
void *place_map(const char *path, size_t limit, size_t *length, BaseError *error);
void place_unmap(void *data, size_t length); /* NULL is fine */

/* Closes what is open beside the first three handles and `but` (-1: all of it): a child holds nothing
 * of its parent's. */
void place_close_others(int but);

/* Makes a folder and its parents, durably. */
bool place_folder(const char *path, BaseError *error);

/* ---- output.c: files that are written -------------------------------------------- */

/* Writes a file so that a kill or a full disk leaves the old one or the new one, whole:
 * temporary file beside it, fsync, rename, fsync of the folder. The temporary is removed on
 * failure. What is there keeps its kind, mode, owner and extended attributes: a link is followed and
 * stays, pipes and character devices are written as they are, and what cannot be kept so is refused (a
 * folder, a disk, a socket, a file that has hard links or is read-only: EX_CANTCREAT). */
bool place_write(const char *path, const void *data, size_t length, BaseError *error);

/* Whether place_write would try, for who computes for long before. */
bool place_may_write(const char *path, BaseError *error);

/* Whether it would make or replace a file, so that others may be put beside it. */
bool place_is_replaced(const char *path);

/* Makes durable that the name of `path` is in its folder; false and errno. */
bool place_sync(const char *path);

/* Removes a file or a link, if it is there, and nothing of another kind. */
bool place_remove(const char *path, BaseError *error);

/* ---- writer.c: who writes ----------------------------------------------------------- */

/* This process in a word that no other has, on whatever machine and in whatever container:
 * "SPACE.PID.START.HOST". */
const char *writer_name(Arena *arena);

/* What became of the process of that name. WRITER_ELSEWHERE: of another machine, container or boot,
 * or no such name, so that nobody here can say. */
typedef enum WriterState { WRITER_ALIVE, WRITER_DEAD, WRITER_ELSEWHERE } WriterState;
WriterState writer_state(const char *name);

/* "process 123", with what tells it from one of ours where it is none. */
const char *writer_words(Arena *arena, const char *name);

/* A new file beside `path`, for what will be renamed to it; its name is no other writer's. -1 and
 * errno. */
int place_temporary(Arena *arena, const char *path, mode_t mode, const char **name);

/* Removes what dead writers of `path` left beside it, and nothing of the living: of a writer that
 * cannot be asked for, what nobody touched for a day. place_write does it too. */
void place_sweep(const char *path);

#endif
