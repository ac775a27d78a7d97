/* Who writes, on whatever machine and in whatever container, and its files on their way.
 *
 * A number of a process says little: numbers are given again, each container counts from 1, and a
 * folder may be seen by several machines. So a writer's name has beside it when the process began,
 * and a digest of the boot of the kernel and of the space that the number belongs to. What is of
 * another space can be asked of nobody here: neither that its process lives nor that it is dead. */
#include "base.h"
#include "place.h"
#include "text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Between a path and the name of what writes it: no name that a user gives. */
#define TEMPORARY ".normlab.tmp."

/* A digest, and a random number, in hex; a machine's name of any length. */
enum { SPACE = 12, RANDOM = 16, HOST = 32, PID = 10, START = 16, DOTS = 4 };
enum { LONGEST_NAME = RANDOM + SPACE + PID + START + HOST + DOTS };

/* A file that nobody can be asked about is left behind, if it was not written for a day. */
enum { LEFT_SECONDS = 24 * 60 * 60 };

/* ---- what the kernel says --------------------------------------------------------- */

/* A line of /proc without its end; "": it cannot be read. */
static const char *line_of(Arena *arena, const char *path) {
    enum { LINE = 1024 };
    char *line = ZERO(arena, char, LINE);
    FILE *file = fopen(path, "re");
    if (file == NULL || fgets(line, LINE, file) == NULL) *line = '\0';
    if (file != NULL) fclose(file);
    line[strcspn(line, "\n")] = '\0';
    return line;
}

/* "pid:[4026531836]"; "": it cannot be read. */
static const char *link_of(Arena *arena, const char *path) {
    char *to = ZERO(arena, char, 256);
    return readlink(path, to, 255) > 0 ? to : "";
}

/* One boot of one kernel and one space of numbers of processes; "0": nobody can say. */
static const char *space_of(Arena *arena) {
    const char *boot = line_of(arena, "/proc/sys/kernel/random/boot_id"),
               *pids = link_of(arena, "/proc/self/ns/pid"), /* of times: when one began */
                   *all = text_print(arena, "%s %s %s", boot, pids,
                                     link_of(arena, "/proc/self/ns/time"));
    char hex[DIGEST_LENGTH + 1];
    if (*boot == '\0' || *pids == '\0') return "0";
    digest_bytes(hex, all, strlen(all));
    return text_copy(arena, hex, SPACE);
}

/* The state of a process and when it began, in ticks since the boot: the third word and the
 * twenty-second, behind a name in brackets that may have any. false: it cannot be read. */
static bool read_process(Arena *arena, const char *path, char *state, uint64_t *start) {
    const char *at = strrchr(line_of(arena, path), ')');
    if (at == NULL || at[1] != ' ' || at[2] == '\0') return false;
    *state = at[2];
    at += 2;
    for (int word = 3; word < 22; word++) {
        at = strchr(at, ' ');
        if (at == NULL) return false;
        at++;
    }
    char *end;
    *start = strtoull(at, &end, 10);
    return end > at;
}

/* /proc may be that of the machine around the container, where other processes have our numbers. */
static bool proc_is_ours(Arena *arena) {
    const char *self = link_of(arena, "/proc/self");
    return strcmp(self, text_print(arena, "%ld", (long)getpid())) == 0;
}

static const char *host_of(Arena *arena) {
    char *host = ZERO(arena, char, HOST_NAME_MAX + 1);
    if (gethostname(host, HOST_NAME_MAX) != 0 || *host == '\0') return "unknown";
    for (char *c = host; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && *c != '-' && *c != '.') *c = '_';
    return text_copy(arena, host, strnlen(host, HOST));
}

/* ---- names of writers ------------------------------------------------------------- */

const char *writer_name(Arena *arena) {
    char state;
    uint64_t start = 0;
    const bool read = read_process(arena, "/proc/self/stat", &state, &start);
    return text_print(arena, "%s.%ld.%" PRIx64 ".%s", read ? space_of(arena) : "0",
                      (long)getpid(), start, host_of(arena));
}

typedef struct Writer {
    const char *space, *host;
    size_t pid;
    uint64_t start;
} Writer;

static bool take_apart(Arena *arena, const char *name, Writer *writer) {
    const char *part[3];
    for (size_t i = 0; i < 3; i++) {
        const size_t length = strcspn(name, ".");
        if (length == 0 || name[length] == '\0') return false;
        part[i] = text_copy(arena, name, length);
        name += length + 1;
    }
    char *end;
    *writer = (Writer){part[0], name, 0, strtoull(part[2], &end, 16)};
    return *end == '\0' && text_to_count(part[1], &writer->pid) && writer->pid > 0 &&
           writer->pid <= INT_MAX;
}

static WriterState state_of(Arena *arena, const char *name) {
    Writer writer;
    char state;
    uint64_t start;
    if (!take_apart(arena, name, &writer) || strcmp(writer.space, "0") == 0 ||
        strcmp(writer.space, space_of(arena)) != 0)
        return WRITER_ELSEWHERE;
    if (kill((pid_t)writer.pid, 0) != 0 && errno == ESRCH) return WRITER_DEAD;
    if (!proc_is_ours(arena) ||
        !read_process(arena, text_print(arena, "/proc/%zu/stat", writer.pid), &state,
                      &start))
        return WRITER_ALIVE;
    /* Killed and not yet waited for, or another process by now. */
    return state == 'Z' || state == 'X' || start != writer.start ? WRITER_DEAD
                                                                 : WRITER_ALIVE;
}

WriterState writer_state(const char *name) {
    Arena *arena = arena_new();
    const WriterState state = state_of(arena, name);
    arena_free(arena);
    return state;
}

const char *writer_words(Arena *arena, const char *name) {
    Writer writer;
    if (!take_apart(arena, name, &writer)) return "another process";
    const char *host = text_plain(arena, writer.host);
    if (strcmp(host, host_of(arena)) != 0)
        return text_print(arena, "process %zu on %s", writer.pid, host);
    if (strcmp(writer.space, space_of(arena)) != 0)
        return text_print(arena, "process %zu of another container on %s", writer.pid,
                          host);
    return text_print(arena, "process %zu", writer.pid);
}

/* ---- files on the way -------------------------------------------------------------- */

/* What a path's temporary files begin with, the name of what writes it following: of a name that
 * leaves no room for it, its beginning and a digest. */
static const char *temporaries_of(Arena *arena, const char *path) {
    enum { SHORT = 16 };
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const size_t most = NAME_MAX - strlen(TEMPORARY) - LONGEST_NAME;
    if (strlen(name) <= most) return text_print(arena, "%s" TEMPORARY, path);
    char hex[DIGEST_LENGTH + 1];
    digest_bytes(hex, name, strlen(name));
    const char *end = name + most - SHORT;
    while (((unsigned char)*end & 0xc0) == 0x80) end--; /* no half of a character */
    return text_print(arena, "%.*s%.*s" TEMPORARY, (int)(end - path), path, SHORT, hex);
}

static bool is_old(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 && time(NULL) - status.st_mtime > LEFT_SECONDS;
}

/* Behind the prefix stand a random number and the writer's name. */
static bool is_left(const char *path, const char *behind) {
    const char *dot = strchr(behind, '.');
    const WriterState state = dot ? writer_state(dot + 1) : WRITER_ELSEWHERE;
    return state == WRITER_DEAD || (state == WRITER_ELSEWHERE && is_old(path));
}

void place_sweep(const char *path) {
    Arena *arena = arena_new();
    const char *begin = temporaries_of(arena, path), *slash = strrchr(begin, '/');
    const char *folder =
        slash ? text_copy(arena, begin, (size_t)(slash - begin) + 1) : "./";
    const char *prefix = slash ? slash + 1 : begin;
    DIR *entries = opendir(folder);
    for (struct dirent *e; entries && (e = readdir(entries)) != NULL;) {
        if (strncmp(e->d_name, prefix, strlen(prefix)) != 0) continue;
        const char *found = text_print(arena, "%s%s", folder, e->d_name);
        if (is_left(found, e->d_name + strlen(prefix))) unlink(found);
    }
    if (entries) closedir(entries);
    arena_free(arena);
}

static uint64_t random_number(void) {
    uint64_t number;
    if (getrandom(&number, sizeof number, 0) == (ssize_t)sizeof number) return number;
    struct timespec
        now; /* no such call: names differ all the same, and none is opened twice */
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec << 30 ^ (uint64_t)now.tv_nsec ^
           (uint64_t)(uintptr_t)&number;
}

int place_temporary(Arena *arena, const char *path, mode_t mode, const char **name) {
    enum { TRIES = 8 };
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    const char *begin = temporaries_of(arena, path), *writer = writer_name(arena);
    int handle = -1;
    for (int i = 0; i < TRIES && handle < 0; i++) {
        *name = text_print(arena, "%s%016" PRIx64 ".%s", begin, random_number(), writer);
        handle = open(*name, flags, mode);
        if (handle < 0 && errno != EEXIST) break;
    }
    return handle;
}
