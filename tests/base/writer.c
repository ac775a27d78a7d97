/* Who writes: processes that live, that are dead, that have another's number; and their files. */
#include "harness.h"

#include "base.h"
#include "place.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- a folder ---------------------------------------------------------------------- */

typedef struct Place {
    Arena *arena;
    const char *folder; /* gone after the case */
    const char *file;   /* in it; does not exist */
} Place;

static Place place_new(void) {
    Arena *arena = arena_new();
    char *folder = text_print(arena, "/tmp/normlab-writer-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return (Place){arena, folder, text_print(arena, "%s/file", folder)};
}

/* How many files are in it; without them afterwards, if asked. */
static size_t files_in(Place place, bool remove_them) {
    size_t count = 0;
    DIR *listing = opendir(place.folder);
    assert_non_null(listing);
    for (struct dirent *e; (e = readdir(listing)) != NULL;) {
        if (e->d_name[0] == '.') continue;
        const char *path = text_print(place.arena, "%s/%s", place.folder, e->d_name);
        if (remove_them) assert_int_equal(unlink(path), 0);
        count++;
    }
    closedir(listing);
    return count;
}

static void place_end(Place place) {
    files_in(place, true);
    assert_int_equal(rmdir(place.folder), 0);
    arena_free(place.arena);
}

/* ---- a process that says its name and waits ------------------------------------------ */

typedef struct Process {
    pid_t pid;
    const char *name;
} Process;

static Process process_new(Arena *arena) {
    int ends[2];
    char name[256] = "";
    assert_int_equal(pipe(ends), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        const char *own = writer_name(arena);
        alarm(60);
        if (write(ends[1], own, strlen(own) + 1) > 0) pause();
        _exit(1);
    }
    close(ends[1]);
    assert_true(read(ends[0], name, sizeof name) > 0);
    close(ends[0]);
    return (Process){pid, text_print(arena, "%s", name)};
}

/* Dead, and with its number until it is waited for. */
static void process_kill(Process process) {
    siginfo_t info;
    assert_int_equal(kill(process.pid, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)process.pid, &info, WEXITED | WNOWAIT), 0);
}

/* A name with its part number `part` in other words. */
static const char *other(Arena *arena, const char *name, int part, const char *word) {
    const char *begin = name;
    for (int i = 0; i < part; i++) begin = strchr(begin, '.') + 1;
    const char *end = begin + strcspn(begin, ".");
    return text_print(arena, "%.*s%s%s", (int)(begin - name), name, word, end);
}

static void a_process_is_alive_until_it_is_dead(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *own = writer_name(arena);
    assert_int_equal(writer_state(own), WRITER_ALIVE);
    assert_string_equal(writer_words(arena, own),
                        text_print(arena, "process %ld", (long)getpid()));
    const Process process = process_new(arena);
    assert_int_equal(writer_state(process.name), WRITER_ALIVE);
    process_kill(process);
    assert_int_equal(writer_state(process.name), WRITER_DEAD);
    assert_int_equal(waitpid(process.pid, NULL, 0), process.pid);
    assert_int_equal(writer_state(process.name), WRITER_DEAD);
    arena_free(arena);
}

static void a_number_that_was_given_again_is_of_a_dead_process(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *own = writer_name(arena);
    assert_int_equal(writer_state(other(arena, own, 2, "1")), WRITER_DEAD);
    arena_free(arena);
}

static void of_elsewhere_nobody_can_say(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *own = writer_name(arena), *away = other(arena, own, 0, "0123456789ab"),
               *none[] = {"", "123", ".", "...", "a.b.c.d", "0.1.2.host", "a.0.1.host"};
    assert_int_equal(writer_state(away), WRITER_ELSEWHERE);
    assert_non_null(strstr(writer_words(arena, away), "of another container"));
    assert_non_null(strstr(writer_words(arena, other(arena, away, 3, "x")), " on x"));
    for (size_t i = 0; i < COUNT_OF(none); i++)
        assert_int_equal(writer_state(none[i]), WRITER_ELSEWHERE);
    assert_string_equal(writer_words(arena, "123"), "another process");
    arena_free(arena);
}

/* ---- what is left ------------------------------------------------------------------- */

/* A temporary of the writer of that name; `hours` ago. */
static const char *temporary_of(Place place, const char *writer, time_t hours) {
    const char *path = text_print(place.arena, "%s.normlab.tmp.%s", place.file, writer);
    const struct timespec then[2] = {{time(NULL) - hours * 3600, 0},
                                     {time(NULL) - hours * 3600, 0}};
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
    return path;
}

static void nothing_of_the_living_is_swept(void **state) {
    (void)state;
    Place place = place_new();
    Arena *arena = place.arena;
    const Process alive = process_new(arena), dead = process_new(arena);
    process_kill(dead);
    const char *away = other(arena, alive.name, 0, "0123456789ab"),
               *kept[] = {temporary_of(place, text_print(arena, "1.%s", alive.name), 99),
                          temporary_of(place, text_print(arena, "2.%s", away), 23),
                          temporary_of(place, "999999", 23)},
               *swept[] = {temporary_of(place, text_print(arena, "3.%s", dead.name), 0),
                           temporary_of(place, text_print(arena, "4.%s", away), 25),
                           temporary_of(place, "999998", 25)};
    BaseError error = {0};
    assert_true(place_write(place.file, "new", 3, &error));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(access(kept[i], F_OK), 0);
        assert_int_not_equal(access(swept[i], F_OK), 0);
    }
    assert_int_equal(files_in(place, false), 4);
    process_kill(alive);
    place_sweep(place.file);
    assert_int_equal(files_in(place, false), 3);
    waitpid(alive.pid, NULL, 0);
    waitpid(dead.pid, NULL, 0);
    place_end(place);
}

/* ---- two of one number -------------------------------------------------------------- */

/* A writer that waits where it begins to write or where all is written. */
static int wait_at, told = -1, asked = -1;
enum { NOWHERE, AT_WRITE, AT_FSYNC };

ssize_t __real_write(int handle, const void *data, size_t length);
int __real_fsync(int handle);
ssize_t __wrap_write(int handle, const void *data, size_t length);
int __wrap_fsync(int handle);

static void wait_here(int where) {
    char go;
    if (wait_at != where) return;
    wait_at = NOWHERE;
    if (__real_write(told, "", 1) != 1 || read(asked, &go, 1) != 1) _exit(2);
}

ssize_t __wrap_write(int handle, const void *data, size_t length) {
    wait_here(AT_WRITE);
    return __real_write(handle, data, length);
}

int __wrap_fsync(int handle) {
    wait_here(AT_FSYNC);
    return __real_fsync(handle);
}

typedef struct Contained {
    pid_t pid;
    int go;
} Contained;

/* A process that is number 1 of a container of its own, and writes. Returns when it waits. */
static Contained contained_writer(const char *path, int where, const char *text) {
    int ready[2], go[2];
    char byte;
    assert_true(pipe(ready) == 0 && pipe(go) == 0);
    const pid_t pid = fork();
    if (pid == 0) {
        BaseError error = {0};
        close(ready[0]);
        close(go[1]); /* or it waits for itself where the test fails */
        if (syscall(SYS_unshare, CLONE_NEWPID) != 0 &&
            syscall(SYS_unshare, CLONE_NEWUSER | CLONE_NEWPID) != 0)
            _exit(77);
        const pid_t first = fork();
        int status = 1 << 8;
        if (first != 0) _exit(waitpid(first, &status, 0) == first ? status >> 8 : 3);
        alarm(60);
        wait_at = where, told = ready[1], asked = go[0];
        _exit(getpid() == 1 && place_write(path, text, strlen(text), &error) ? 0 : 1);
    }
    close(ready[1]);
    close(go[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return (Contained){pid, go[1]};
}

static int contained_end(Contained writer) {
    int status;
    assert_int_equal(__real_write(writer.go, "", 1), 1);
    assert_int_equal(waitpid(writer.pid, &status, 0), writer.pid);
    close(writer.go);
    return WEXITSTATUS(status);
}

static void assert_holds(Place place, const char *text) {
    BaseError error = {0};
    size_t length;
    const char *data = place_read(place.arena, place.file, 100, &length, &error);
    assert_non_null(data);
    assert_string_equal(data, text);
}

/* The first has all on disk when the second begins: one file is renamed and then the other. */
static void two_containers_do_not_tear_a_file(void **state) {
    (void)state;
    Place place = place_new();
    const Contained first = contained_writer(place.file, AT_FSYNC, "the first, whole"),
                    second = contained_writer(place.file, AT_WRITE, "the second, whole");
    assert_int_equal(contained_end(first), 0);
    assert_holds(place, "the first, whole");
    assert_int_equal(contained_end(second), 0);
    assert_holds(place, "the second, whole");
    assert_int_equal(files_in(place, false), 1);
    place_end(place);
}

static const Case cases[] = {
    CASE(theorem, a_process_is_alive_until_it_is_dead),
    CASE(theorem, a_number_that_was_given_again_is_of_a_dead_process),
    CASE(theorem, of_elsewhere_nobody_can_say),
    CASE(fault, nothing_of_the_living_is_swept),
    CASE(fault, two_containers_do_not_tear_a_file),
};
HARNESS_MAIN("writer", cases)
