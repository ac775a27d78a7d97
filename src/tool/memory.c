/* Memory of the whole process: malloc and its kin stand here before the C library's, so that
 * every library calls these. No call returns without memory. What libraries do where one does
 * is beyond us: HDF5 leaves out names and says that all went well, GSL aborts, fopen looks as
 * if there were no file. The stack of a thread is memory, too: libgomp ends the program in its
 * own words.
 *
 * This is no second door to memory: of ours the arena alone (base.h) asks for any. It stands below
 * the libraries, whose calls nobody can lead elsewhere.
 *
 * The sanitizers stand before the C library themselves. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "tool.h"

#include <dlfcn.h>

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WATCHED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WATCHED 1
#endif

#if defined(__GLIBC__) && !defined(WATCHED)

/* The library's own, under the names that it has for who replaces it. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void *__libc_valloc(size_t bytes);
void *__libc_pvalloc(size_t bytes);
void __libc_free(void *data);

#pragma GCC visibility push(default)

/* ---- memory ------------------------------------------------------------------------ */

void *malloc(size_t bytes) {
    void *data = __libc_malloc(bytes);
    if (data == NULL) memory_over(bytes);
    return data;
}

void *calloc(size_t count, size_t size) {
    size_t bytes;
    void *data = __libc_calloc(count, size);
    if (data == NULL)
        memory_over(__builtin_mul_overflow(count, size, &bytes) ? SIZE_MAX : bytes);
    return data;
}

void *realloc(void *old, size_t bytes) {
    void *data = __libc_realloc(old, bytes);
    if (data == NULL && (bytes > 0 || old == NULL)) memory_over(bytes);
    return data;
}

/* Of an alignment that is none. */
static bool is_mistaken(size_t alignment) {
    return alignment == 0 || (alignment & (alignment - 1)) != 0;
}

void *memalign(size_t alignment, size_t bytes) {
    void *data = __libc_memalign(alignment, bytes);
    if (data == NULL && errno != EINVAL) memory_over(bytes);
    return data;
}

void *aligned_alloc(size_t alignment, size_t bytes) {
    if (!is_mistaken(alignment)) return memalign(alignment, bytes);
    errno = EINVAL;
    return NULL;
}

int posix_memalign(void **data, size_t alignment, size_t bytes) {
    if (is_mistaken(alignment) || alignment % sizeof(void *) != 0) return EINVAL;
    *data = memalign(alignment, bytes);
    return 0;
}

void *valloc(size_t bytes) {
    void *data = __libc_valloc(bytes);
    if (data == NULL) memory_over(bytes);
    return data;
}

void *pvalloc(size_t bytes) {
    void *data = __libc_pvalloc(bytes);
    if (data == NULL) memory_over(bytes);
    return data;
}

/* Where another library's is loaded before the C library's, it must not get what is from here. */
void free(void *data) {
    __libc_free(data);
}

/* ---- threads ------------------------------------------------------------------------ */

typedef int Create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*begin)(void *), void *context) {
    static const char line[] =
        "normlab: no thread can be started: there are too many, or "
        "there is no memory for its stack\n";
    Create *create;
    *(void **)&create = dlsym(RTLD_NEXT, "pthread_create");
    const int fault = create(thread, attributes, begin, context);
    if (fault == 0) return fault;
    const ssize_t written = write(STDERR_FILENO, line, strlen(line));
    _exit(written >= 0 ? EX_OSERR : EX_IOERR);
}

#pragma GCC visibility pop

#endif
