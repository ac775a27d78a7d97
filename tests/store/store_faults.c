/* The world's failures: killed writers, full disks, damaged files, a second writer. */
#include "place.h"
#include "store_sample.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* ---- helpers --------------------------------------------------------------------- */

static char *read_file(Arena *arena, const char *path, size_t *length) {
    BaseError error = {0};
    char *bytes = place_read(arena, path, 1 << 30, length, &error);
    assert_non_null(bytes);
    return bytes;
}

static void write_file(const char *path, const void *bytes, size_t length) {
    FILE *file = fopen(path, "wbe");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void save(Store *store, const char *path) {
    BaseError error = {0};
    assert_true(store_save(store, path, &error));
}

/* Calls without a BaseError end the program where the file kills its reader. */
static void look_around(void *path) {
    BaseError error = {0};
    Store *store = store_open(path, &error);
    Arena *arena = arena_new();
    size_t count;
    if (store == NULL) die(error.code, "%s", error.message);
    store_axes(store, arena, "/metrics/loss", &count);
    store_members(store, arena, "/param", &count);
    store_attributes(store, arena, "/metrics/loss", &count);
    arena_free(arena);
    store_close(store);
}

static bool reads_values(Store *store, BaseError *error) {
    Arena *arena = arena_new();
    size_t rank, size[STORE_MAX_RANK];
    const bool all =
        store_get_array(store, arena, "/metrics/loss", 2, &rank, size, error) &&
        store_get_array_text(store, arena, "/metrics/norm", 2, &rank, size, error) &&
        store_get_array(store, arena, "/param/conv1.weight", 2, &rank, size, error);
    arena_free(arena);
    return all;
}

/* A damaged file is refused with one line, or reads as something; it never crashes. */
static bool is_refused(const char *path) {
    char text[1024], copy[1024];
    BaseError error = {0};
    Store *store = store_open(path, &error);
    const bool good = store != NULL && reads_values(store, &error);
    store_close(store);
    if (good) {
        snprintf(copy, sizeof copy, "%s", path);
        const int status = harness_child(look_around, copy, text, sizeof text);
        assert_true(status == 0 || status == EX_DATAERR);
        return status != 0;
    }
    assert_int_equal(error.code, EX_DATAERR);
    assert_non_null(strstr(error.message, path));
    assert_null(strchr(error.message, '\n'));
    return true;
}

/* ---- writers that do not finish -------------------------------------------------- */

/* Saves in a child process that is killed as it enters or leaves its system call number `stop`; false
 * if it finished before. */
static bool killed_at(size_t stop, Store *store, const char *path) {
    int status = 0;
    fflush(NULL);
    const pid_t process = fork();
    if (process == 0) {
        BaseError error = {0};
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(2);
        raise(SIGSTOP);
        _exit(store_save(store, path, &error) ? 0 : 1);
    }
    assert_int_equal(waitpid(process, &status, 0), process);
    assert_true(WIFSTOPPED(status));
    for (size_t i = 0; i < stop && WIFSTOPPED(status); i++) {
        assert_int_equal(ptrace(PTRACE_SYSCALL, process, NULL, NULL), 0);
        assert_int_equal(waitpid(process, &status, 0), process);
    }
    const bool alive = WIFSTOPPED(status);
    if (alive) {
        kill(process, SIGKILL);
        waitpid(process, &status, 0);
    } else {
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    return alive;
}

static void killed_at_every_system_call(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *folder = folder_new(arena);
    const char *path = text_print(arena, "%s/run.h5", folder);
    size_t old_length, new_length, length, stop = 0, seen[2] = {0};
    Store *old = sample("old"), *new = sample("new");
    const void *old_bytes = store_image(old, arena, &old_length);
    const void *new_bytes = store_image(new, arena, &new_length);
    bool alive = true;
    while (alive) {
        const ArenaMark mark = arena_mark(arena);
        save(old, path);
        alive = killed_at(++stop, new, path);
        const char *bytes = read_file(arena, path, &length);
        const bool is_new = length == new_length && memcmp(bytes, new_bytes, length) == 0;
        const bool is_old = length == old_length && memcmp(bytes, old_bytes, length) == 0;
        assert_true(is_new || is_old);
        assert_true(is_new || alive);
        seen[is_new]++;
        arena_rewind(arena, mark);
    }
    assert_true(seen[0] >= 8 && seen[1] >= 4);
    store_close(old);
    store_close(new);
    folder_remove(arena, folder);
}

typedef struct Attempt {
    Store *store;
    const char *path;
} Attempt;

static void save_on_a_full_disk(void *context) {
    const Attempt *attempt = context;
    BaseError error = {0};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, 4096});
    const bool saved = store_save(attempt->store, attempt->path, &error);
    if (!saved) die(error.code, "%s", error.message);
}

static void a_full_disk_leaves_the_old_file(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *folder = folder_new(arena);
    const char *path = text_print(arena, "%s/run.h5", folder);
    char text[1024];
    size_t before, after;
    Store *old = sample("old"), *new = sample("new");
    save(old, path);
    const char *bytes = read_file(arena, path, &before);
    Attempt attempt = {.store = new, .path = path};
    assert_int_equal(harness_child(save_on_a_full_disk, &attempt, text, sizeof text),
                     EX_IOERR);
    assert_non_null(strstr(text, path));
    assert_memory_equal(read_file(arena, path, &after), bytes, before);
    assert_int_equal(after, before);
    assert_int_equal(folder_count(folder), 1);
    store_close(old);
    store_close(new);
    folder_remove(arena, folder);
}

static void a_missing_folder_is_named(void **state) {
    (void)state;
    BaseError error = {0};
    Store *store = sample("nowhere");
    assert_false(store_save(store, "/nonexistent/run.h5", &error));
    assert_int_equal(error.code, EX_CANTCREAT);
    assert_non_null(strstr(error.message, "/nonexistent/run.h5"));
    store_close(store);
}

/* ---- files that are not what they should be -------------------------------------- */

static void what_is_no_file_of_ours_is_refused(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *folder = folder_new(arena);
    const char *path = text_print(arena, "%s/bad.h5", folder);
    BaseError error = {0};
    assert_null(store_open(path, &error));
    assert_int_equal(error.code, EX_NOINPUT);
    write_file(path, "", 0);
    assert_true(is_refused(path));
    write_file(path, "seed,loss\n1,2\n", 14);
    assert_true(is_refused(path));
    write_file(path, "\211HDF\r\n\032\n", 8);
    assert_true(is_refused(path));
    folder_remove(arena, folder);
}

/* h5py turns schema_version of a saved file up, which takes the seal off. */
static void newer_schemas_are_refused(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *folder = folder_new(arena);
    const char *path = text_print(arena, "%s/newer.h5", folder);
    Store *store = sample("newer");
    save(store, path);
    store_close(store);
    assert_false(is_refused(path));
    fflush(NULL);
    const pid_t process = fork();
    if (process == 0) {
        execl("/usr/bin/python3", "/usr/bin/python3", "tests/store_readers.py", "--newer",
              path, NULL);
        _exit(127);
    }
    int status = -1;
    assert_int_equal(waitpid(process, &status, 0), process);
    assert_int_equal(status, 0);
    BaseError error = {0};
    assert_null(store_open(path, &error));
    assert_int_equal(error.code, EX_DATAERR);
    assert_non_null(strstr(error.message, "schema version 9"));
    folder_remove(arena, folder);
}

/* Every bit counts: the seal sees any byte that is not what it was. */
static void any_flipped_byte_of_a_sealed_file_is_seen(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *folder = folder_new(arena);
    const char *path = text_print(arena, "%s/run.h5", folder);
    size_t length;
    Store *store = sample("sealed");
    char *image = store_image(store, arena, &length);
    store_close(store);
    /* A digest of all bytes knows no place from another: some hundred of them, in every part. */
    for (size_t at = 0; at + 81 < length; at += 1 + at % 797) {
        image[at] = (char)(image[at] ^ (1 << at % 8));
        write_file(path, image, length);
        assert_true(is_refused(path));
        image[at] = (char)(image[at] ^ (1 << at % 8));
    }
    image[length - 2] = (char)(image[length - 2] ^ 1); /* in the seal itself */
    write_file(path, image, length);
    assert_true(is_refused(path));
    folder_remove(arena, folder);
}

/* Without its seal a file is read all the same, by a process that may die of it. */
static void damage_in_a_foreign_file_never_crashes(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *folder = folder_new(arena);
    const char *path = text_print(arena, "%s/foreign.h5", folder);
    size_t length, refused = 0, tried = 0;
    Store *store = sample("foreign");
    char *image = store_image(store, arena, &length);
    store_close(store);
    length -= 81;
    write_file(path, image, length);
    assert_false(is_refused(path));
    for (size_t at = 0; at < length; at += at < 8192 ? 37 : 997) {
        static const char values[] = {0, -1, 127, 1};
        const char held = image[at];
        image[at] = held == values[tried % 4] ? (char)(held ^ 0x10) : values[tried % 4];
        write_file(path, image, length);
        refused += is_refused(path);
        image[at] = held;
        tried++;
    }
    assert_true(tried > 200 && refused > 20);
    for (size_t cut = 0; cut < length; cut += length / 40) {
        write_file(path, image, cut);
        assert_true(is_refused(path));
    }
    folder_remove(arena, folder);
}

static void reject(void *path) {
    BaseError error = {0};
    if (!store_reject(path, "is not what was computed", &error))
        die(error.code, "%s", error.message);
}

/* Every file that was ever rejected is still there. */
static void what_is_rejected_is_kept(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *folder = folder_new(arena);
    char text[1024], *path = text_print(arena, "%s/run.h5", folder);
    static const char *const ends[] = {".rejected", ".rejected.2", ".rejected.3"};
    size_t length;
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        const char *kept = text_print(arena, "%s%s", path, ends[i]);
        write_file(path, ends[i], strlen(ends[i]));
        assert_int_equal(harness_child(reject, path, text, sizeof text), 0);
        assert_non_null(strstr(
            text, text_print(arena, "%s: is not what was computed; it is kept as %s\n",
                             path, kept)));
        assert_string_equal(read_file(arena, kept, &length), ends[i]);
        assert_int_equal(access(path, F_OK), -1);
    }
    assert_int_equal(harness_child(reject, path, text, sizeof text), EX_CANTCREAT);
    assert_int_equal(folder_count(folder), COUNT_OF(ends));
    folder_remove(arena, folder);
}

/* The seal is gone as soon as another program has edited the file. */
static void an_edited_file_is_not_sealed(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *folder = folder_new(arena);
    const char *path = text_print(arena, "%s/run.h5", folder);
    size_t length;
    BaseError error = {0};
    Store *store = sample("sealed");
    char *image = store_image(store, arena, &length);
    save(store, path);
    store_close(store);
    for (int cut = 0; cut < 2; cut++) {
        store = store_open(path, &error);
        assert_non_null(store);
        assert_int_equal(store_is_sealed(store), !cut);
        store_close(store);
        write_file(path, image, length - 81);
    }
    folder_remove(arena, folder);
}

/* ---- misuse ---------------------------------------------------------------------- */

static void write_twice(void *store) {
    store_integer(store, "/", "seed", 1);
}
static void write_below_nothing(void *store) {
    store_group(store, "/no/group", NULL);
}
static void write_a_bad_name(void *store) {
    store_group(store, "/group(8)", NULL);
}
static void write_over_no_axis(void *store) {
    store_array(store, "/metrics", "y", EPOCH, 1, (const char *const[]){"loss"}, "1",
                "y");
}

static void misuse_is_a_programmers_mistake(void **state) {
    (void)state;
    static void (*const misuse[])(void *) = {write_twice, write_below_nothing,
                                             write_a_bad_name, write_over_no_axis};
    static const char *const says[] = {"'seed' already", "no group", "no path",
                                       "no scale"};
    char text[2048];
    Store *store = sample("misused");
    for (size_t i = 0; i < COUNT_OF(misuse); i++) {
        assert_int_equal(harness_child(misuse[i], store, text, sizeof text),
                         128 + SIGABRT);
        assert_non_null(strstr(text, says[i]));
    }
    store_close(store);
}

/* ---- one writer at a time -------------------------------------------------------- */

static void lock_or_die(void *path) {
    BaseError error = {0};
    if (store_lock(path, &error) < 0) die(error.code, "%s", error.message);
}

static void a_second_writer_is_told_of_the_first(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *folder = folder_new(arena);
    char text[1024], *path = text_print(arena, "%s/run.h5", folder);
    BaseError error = {0};
    const int handle = store_lock(path, &error);
    assert_true(handle >= 0);
    assert_true(fcntl(handle, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(harness_child(lock_or_die, path, text, sizeof text), EX_TEMPFAIL);
    assert_string_equal(text, text_print(arena,
                                         "normlab: %s: is being written by process %ld\n",
                                         path, (long)getpid()));
    store_unlock(path, handle);
    assert_int_equal(folder_count(folder), 0);
    assert_int_equal(harness_child(lock_or_die, path, text, sizeof text), 0);
    assert_int_equal(store_lock("/nonexistent/run.h5", &error), -1);
    assert_int_equal(error.code, EX_CANTCREAT);
    folder_remove(arena, folder);
}

static void a_killed_writer_holds_no_lock(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *folder = folder_new(arena),
               *path = text_print(arena, "%s/run.h5", folder);
    BaseError error = {0};
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    const pid_t process = fork();
    if (process == 0) {
        const bool locked = store_lock(path, &error) >= 0;
        alarm(20); /* should the test fail */
        if (write(ends[1], locked ? "y" : "n", 1) == 1) pause();
        _exit(1);
    }
    char locked = 'n';
    assert_int_equal(read(ends[0], &locked, 1), 1);
    assert_int_equal(locked, 'y');
    assert_int_equal(store_lock(path, &error), -1);
    assert_int_equal(error.code, EX_TEMPFAIL);
    kill(process, SIGKILL);
    assert_int_equal(waitpid(process, &status, 0), process);
    BaseError again = {0};
    const int handle = store_lock(path, &again);
    assert_true(handle >= 0);
    store_unlock(path, handle);
    close(ends[0]);
    close(ends[1]);
    folder_remove(arena, folder);
}

static const Case cases[] = {
    CASE(fault, killed_at_every_system_call),
    CASE(fault, a_full_disk_leaves_the_old_file),
    CASE(fault, a_missing_folder_is_named),
    CASE(fault, what_is_no_file_of_ours_is_refused),
    CASE(fault, newer_schemas_are_refused),
    CASE(fault, any_flipped_byte_of_a_sealed_file_is_seen),
    CASE(fault, damage_in_a_foreign_file_never_crashes),
    CASE(fault, what_is_rejected_is_kept),
    CASE(fault, an_edited_file_is_not_sealed),
    CASE(fault, misuse_is_a_programmers_mistake),
    CASE(fault, a_second_writer_is_told_of_the_first),
    CASE(fault, a_killed_writer_holds_no_lock),
};

HARNESS_MAIN("store_faults", cases)
