/* Where a number comes from. What the build decided is in provenance_build.h, renewed by
 * cmake/provenance.cmake at every build; the rest is asked of the machine. */
#include "internal.h"
#include "provenance_build.h"
#include "text.h"

#include <gnu/libc-version.h>
#include <gsl/gsl_version.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

static const size_t LARGEST_PROGRAM = (size_t)1 << 30;

const char *store_version(void) {
    return BUILD_VERSION;
}

/* ---- the machine ----------------------------------------------------------------- */

static const char *processor(Arena *arena) {
    char line[512];
    const char *name = "unknown";
    FILE *file = fopen("/proc/cpuinfo", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || value == NULL) continue;
        value += 1 + strspn(value + 1, " \t");
        name = text_copy(arena, value, strcspn(value, "\n"));
        break;
    }
    if (file != NULL) fclose(file);
    return name;
}

static const char *kernel(Arena *arena) {
    struct utsname name;
    if (uname(&name) != 0) return "unknown";
    return text_print(arena, "%s %s %s", name.sysname, name.release, name.machine);
}

static const char *cores(Arena *arena) {
    return text_print(arena, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
}

/* ---- the libraries --------------------------------------------------------------- */

static const char *hdf5(Arena *arena) {
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    return text_print(arena, "%u.%u.%u", major, minor, release);
}

/* A running program is one file to its end: it is read for the first that asks, and a study asks
 * for each of its files. */
const char *store_binary(void) {
    static char digest[DIGEST_LENGTH + 1];
    if (digest[0] != '\0') return digest;
    BaseError error = {0};
    size_t length;
    Arena *scratch = arena_new();
    const char *program =
        place_read(scratch, "/proc/self/exe", LARGEST_PROGRAM, &length, &error);
    if (program != NULL) digest_bytes(digest, program, length);
    arena_free(scratch);
    return program != NULL ? digest : "unknown";
}

static const char *libc(Arena *arena) {
    return text_print(arena, "glibc %s", gnu_get_libc_version());
}

const Fact *store_provenance(Arena *arena, size_t *count) {
    const Fact facts[] = {
        {"normlab", BUILD_VERSION},
        {"tree_src", BUILD_TREE_SRC}, /* git's hash of the folder as committed... */
        {"tree_experiments", BUILD_TREE_EXPERIMENTS},
        {"dirty", BUILD_DIRTY}, /* ...and whether what was built differs from it */
        {"compiler", BUILD_COMPILER},
        {"flags", BUILD_FLAGS},
        {"build_type", BUILD_TYPE},
        {"binary", store_binary()},
        {"processor", processor(arena)},
        {"cores", cores(arena)},
        {"kernel", kernel(arena)},
        {"gsl", GSL_VERSION},
        {"hdf5", hdf5(arena)},
        {"zlib", zlibVersion()},
        {"libc", libc(arena)},
        {"bits", store_bits(arena)}, /* what all this computes */
    };
    Fact *copy = TAKE(arena, Fact, COUNT_OF(facts));
    memcpy(copy, facts, sizeof facts);
    *count = COUNT_OF(facts);
    return copy;
}
