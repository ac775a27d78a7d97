/* What goes into a file comes out of it, for us and for the readers that others use. */
#include "place.h"
#include "store_sample.h"

#include <fcntl.h>
#include <hdf5.h>
#include <sys/wait.h>
#include <time.h>

/* ---- helpers --------------------------------------------------------------------- */

/* Exit status of a program that is run with one more environment variable. */
static int run(const char *const *words, const char *variable) {
    fflush(NULL);
    const pid_t process = fork();
    if (process == 0) {
        char *argument[8] = {0};
        for (size_t i = 0; words[i] != NULL; i++) argument[i] = strdup(words[i]);
        if (variable != NULL) putenv(strdup(variable));
        execv(argument[0], argument);
        _exit(127);
    }
    int status = 0;
    assert_int_equal(waitpid(process, &status, 0), process);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static Store *saved_and_opened(Arena *arena, const char *folder) {
    BaseError error = {0};
    const char *path = text_print(arena, "%s/sample.h5", folder);
    Store *store = sample("A sample");
    assert_true(store_save(store, path, &error));
    store_close(store);
    store = store_open(path, &error);
    assert_non_null(store);
    return store;
}

static void assert_words(const char **got, size_t count, const char *want) {
    Arena *arena = arena_new();
    Text text = text_new(arena);
    for (size_t i = 0; i < count; i++) text_add(&text, "%s%s", i > 0 ? " " : "", got[i]);
    assert_string_equal(text.data, want);
    arena_free(arena);
}

/* ---- theorems -------------------------------------------------------------------- */

static void same_content_same_bytes(void **state) {
    (void)state;
    Arena *arena = arena_new();
    size_t length[2];
    Store *store = sample("same");
    const void *first = store_image(store, arena, &length[0]);
    store_close(store);
    nanosleep(&(struct timespec){1, 200000000}, NULL);
    store_close(sample("another, to leave other bytes in the memory that comes next"));
    store = sample("same");
    const void *second = store_image(store, arena, &length[1]);
    assert_int_equal(length[0], length[1]);
    assert_memory_equal(first, second, length[0]);
    assert_memory_equal(second, store_image(store, arena, &length[1]), length[0]);
    store_close(store);
    arena_free(arena);
}

/* Fresh memory is filled with different bytes in each process. */
static void same_bytes_in_two_processes(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {0};
    const char *folder = folder_new(arena), *bytes[2];
    size_t length[2];
    for (int i = 0; i < 2; i++) {
        const char *path = text_print(arena, "%s/%d.h5", folder, i);
        const char *words[] = {"/proc/self/exe", "--write", path, NULL};
        assert_int_equal(
            run(words, i == 0 ? "MALLOC_PERTURB_=85" : "MALLOC_PERTURB_=170"), 0);
        bytes[i] = place_read(arena, path, 1 << 30, &length[i], &error);
        assert_non_null(bytes[i]);
    }
    assert_int_equal(length[0], length[1]);
    assert_memory_equal(bytes[0], bytes[1], length[0]);
    folder_remove(arena, folder);
}

static void numbers_come_back_bit_by_bit(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {0};
    const char *folder = folder_new(arena);
    Store *store = saved_and_opened(arena, folder);
    size_t rank = 9, size[STORE_MAX_RANK];
    const double *loss =
        store_get_array(store, arena, "/metrics/loss", 2, &rank, size, &error);
    assert_int_equal(rank, 2);
    assert_int_equal(size[0], NORMS);
    assert_int_equal(size[1], EPOCHS);
    assert_memory_equal(loss, LOSS, sizeof LOSS);
    const double *best =
        store_get_array(store, arena, "/metrics/best", 0, &rank, size, &error);
    assert_int_equal(rank, 0);
    assert_memory_equal(best, &LOSS[2], sizeof *best);
    const double *large =
        store_get_array(store, arena, "/param/conv1.weight", 2, &rank, size, &error);
    assert_int_equal(size[0] * size[1], LARGE_ROWS * LARGE_COLUMNS);
    for (size_t i = 0; i < size[0] * size[1]; i++)
        assert_true(large[i] == large_value(i));
    BaseError deep = {0};
    assert_null(store_get_array(store, arena, "/metrics/loss", 1, &rank, size, &deep));
    assert_non_null(strstr(deep.message, "/metrics/loss has rank 2, at most 1"));
    assert_non_null(
        store_get_array(store, arena, "/param/empty", 2, &rank, size, &error));
    assert_int_equal(size[0], 0);
    assert_int_equal(size[1], 3);
    int64_t seed = 0;
    double rate = 0, whole = 0;
    assert_true(store_get_integer(store, "/", "seed", &seed, &error));
    assert_true(store_get_number(store, "/", "rate", &rate, &error));
    assert_true(store_get_number(store, "/", "seed", &whole, &error));
    assert_true(seed == -42 && rate == 0.1 && whole == -42);
    store_close(store);
    folder_remove(arena, folder);
}

/* The first values in order, whatever the shape, from chunks or not; at least so many. */
static void first_numbers_are_the_first(void **state) {
    (void)state;
    static const size_t size[][3] = {
        {7, 5, 3}, {2, 3000, 5}, {1, 1, 20000}, {9000, 1, 2}};
    Arena *arena = arena_new();
    BaseError error = {0};
    const char *folder = folder_new(arena);
    const char *path = text_print(arena, "%s/first.h5", folder);
    for (size_t i = 0; i < COUNT_OF(size); i++) {
        const size_t count = size[i][0] * size[i][1] * size[i][2];
        double *x = TAKE(arena, double, count);
        for (size_t k = 0; k < count; k++) x[k] = large_value(k);
        Store *store = store_new("first");
        store_tensor(store, "/x", x, 3, size[i], "1", "x");
        assert_true(store_save(store, path, &error));
        store_close(store);
        store = store_open(path, &error);
        for (size_t most = 1; most < 3 * count; most = 3 * most + 1) {
            size_t rank, shape[STORE_MAX_RANK];
            const double *got =
                store_get_array_start(store, arena, "/x", 3, most, &rank, shape, &error);
            assert_non_null(got);
            assert_true(rank == 3 && memcmp(shape, size[i], sizeof size[i]) == 0);
            assert_memory_equal(got, x, (most < count ? most : count) * sizeof *x);
        }
        store_close(store);
    }
    folder_remove(arena, folder);
}

/* As many as `check --save` has of cases: their references alone are a large array. */
static void thousands_of_texts_come_back(void **state) {
    (void)state;
    enum { TEXTS = 12000 };
    Arena *arena = arena_new();
    BaseError error = {0};
    const char *folder = folder_new(arena), *path = text_print(arena, "%s/t.h5", folder);
    const char **name = TAKE(arena, const char *, TEXTS);
    for (size_t i = 0; i < TEXTS; i++)
        name[i] = text_print(arena, "case %zu%s", i, i % 3 ? "" : ", which says more");
    Store *store = store_new("texts");
    store_group(store, "/cases", "many");
    store_scale_text(store, "/cases", "case", name, TEXTS, "case");
    store_array_text(store, "/cases", "again", name, 1, (const char *const[]){"case"},
                     "again");
    assert_true(store_save(store, path, &error));
    store_close(store);
    store = store_open(path, &error);
    assert_non_null(store);
    for (size_t k = 0; k < 2; k++) {
        size_t rank, size[STORE_MAX_RANK];
        const char **got = store_get_array_text(
            store, arena, k ? "/cases/again" : "/cases/case", 1, &rank, size, &error);
        assert_non_null(got);
        assert_int_equal(size[0], TEXTS);
        for (size_t i = 0; i < TEXTS; i++) assert_string_equal(got[i], name[i]);
    }
    store_close(store);
    folder_remove(arena, folder);
}

static void texts_come_back(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {0};
    Store *store =
        sample("caf\xC3\xA9 \xFF \xED\xA0\x80 \xF4\x90\x80\x80 \xC0\xAF \xE2\x82");
    const char *title = store_get_text(store, arena, "/", "title", &error);
#define BAD "\xEF\xBF\xBD"
    assert_string_equal(title, "caf\xC3\xA9 " BAD " " BAD BAD BAD " " BAD BAD BAD BAD
                               " " BAD BAD " " BAD BAD);
    assert_string_equal(store_get_text(store, arena, "/metrics/loss", "apple", &error),
                        "");
    size_t rank, size[1];
    const char **remark =
        store_get_array_text(store, arena, "/metrics/remark", 1, &rank, size, &error);
    assert_int_equal(size[0], NORMS);
    for (size_t i = 0; i < NORMS; i++) assert_string_equal(remark[i], REMARK[i]);
    store_close(store);
    arena_free(arena);
}

static void order_is_kept(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *folder = folder_new(arena);
    Store *store = saved_and_opened(arena, folder);
    size_t count;
    const char **names = store_members(store, arena, "/metrics", &count);
    assert_words(names, count, "norm epoch loss remark best");
    names = store_attributes(store, arena, "/metrics/loss", &count);
    assert_words(names, count, "units long_name zebra apple");
    names = store_attributes(store, arena, "/", &count);
    assert_words(names, count,
                 "title schema_version dim_order normlab_version seed rate");
    names = store_axes(store, arena, "/metrics/loss", &count);
    assert_words(names, count, "norm epoch");
    assert_null(store_members(store, arena, "/metrics/loss", &count));
    assert_int_equal(count, 0);
    store_close(store);
    folder_remove(arena, folder);
}

/* One of each kind that HDF5 does not count for a file; ids are given out in order. */
static void next_ids(hid_t id[3]) {
    id[0] = H5Screate(H5S_SCALAR);
    id[1] = H5Tcopy(H5T_NATIVE_DOUBLE);
    id[2] = H5Pcreate(H5P_FILE_ACCESS);
}

static void call_every_getter(const Store *store, Arena *arena, const char *path) {
    BaseError error = {0};
    size_t rank, size[STORE_MAX_RANK];
    double number;
    int64_t integer;
    store_get_array(store, arena, path, 1, &rank, size, &error);
    store_get_array_text(store, arena, path, 0, &rank, size, &error);
    store_get_text(store, arena, path, "seed", &error);
    store_get_text(store, arena, path, "title", &error);
    store_get_number(store, path, "title", &number, &error);
    store_get_integer(store, path, "rate", &integer, &error);
    store_axes(store, arena, path, &rank);
    store_attributes(store, arena, path, &rank);
    store_members(store, arena, path, &rank);
}

/* Nothing of HDF5 stays open, whether calls succeed or fail: of a file that is built, for those
 * that are read are open in another process. */
static void every_id_is_closed(void **state) {
    (void)state;
    static const char *const paths[] = {"/",   "/metrics/loss", "/metrics/norm",
                                        "/no", "/no/x",         "/param/conv1.weight"};
    Arena *arena = arena_new();
    const char *folder = folder_new(arena);
    hid_t before[3], after[3];
    size_t length;
    store_close(
        saved_and_opened(arena, folder)); /* what HDF5 keeps for itself is made now */
    Store *store = sample("of ids");
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        call_every_getter(store, arena, paths[i]);
    next_ids(before);
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        call_every_getter(store, arena, paths[i]);
    store_image(store, arena, &length);
    next_ids(after);
    store_close(store);
    BaseError error = {0};
    assert_null(store_open("/dev/null", &error));
    for (int i = 0; i < 3; i++) {
        for (hid_t id = before[i] + 1; id < after[i]; id++)
            assert_false(H5Iis_valid(id) > 0);
        H5Idec_ref(before[i]);
        H5Idec_ref(after[i]);
    }
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    folder_remove(arena, folder);
}

/* ---- oracles --------------------------------------------------------------------- */

static void python_reads_it(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *folder = folder_new(arena);
    store_close(saved_and_opened(arena, folder));
    const char *path = text_print(arena, "%s/sample.h5", folder);
    const char *words[] = {"/usr/bin/python3", "tests/store_readers.py", path, NULL};
    assert_int_equal(run(words, NULL), 0);
    folder_remove(arena, folder);
}

/* A file by h5py, with what normlab reads and what it must refuse. */
static void python_wrote_it(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {0};
    const char *folder = folder_new(arena);
    const char *path = text_print(arena, "%s/foreign.h5", folder);
    const char *words[] = {"/usr/bin/python3", "tests/store_readers.py", "--write", path,
                           NULL};
    assert_int_equal(run(words, NULL), 0);
    Store *store = store_open(path, &error);
    assert_non_null(store);
    size_t rank, size[STORE_MAX_RANK], count;
    static const char *const readable[] = {"/f2", "/f4",         "/f8",  "/i1",
                                           "/u8", "/big_endian", "/soft"};
    for (size_t i = 0; i < COUNT_OF(readable); i++) {
        const double *x =
            store_get_array(store, arena, readable[i], 5, &rank, size, &error);
        assert_non_null(x);
        assert_true(rank == 1 && size[0] == 3 && x[0] == 0 && x[1] == 1 && x[2] == 2);
    }
    const char **text =
        store_get_array_text(store, arena, "/fixed", 1, &rank, size, &error);
    assert_words(text, size[0], "one three");
    assert_string_equal(store_get_text(store, arena, "/", "bytes", &error), "abc");
    static const char *const refused[][2] = {{"/bool", "is not numbers"},
                                             {"/compound", "is not numbers"},
                                             {"/huge", "claims more values"},
                                             {"/external", "in another file"},
                                             {"/virtual", "in another file"},
                                             {"/link", "is a link out of this file"},
                                             {"/dangling", "is a link to /nowhere"},
                                             {"/null", "has no shape"},
                                             {"/f8/below", "is missing"},
                                             {"/fixed", "is not numbers"}};
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        BaseError each = {0};
        assert_null(store_get_array(store, arena, refused[i][0], 5, &rank, size, &each));
        assert_int_equal(each.code, EX_DATAERR);
        assert_non_null(strstr(each.message, refused[i][1]));
        assert_non_null(strstr(each.message, path));
    }
    int64_t integer;
    assert_true(store_get_integer(store, "/", "small", &integer, &error) && integer == 7);
    assert_false(store_get_integer(store, "/", "too_big", &integer, &error));
    assert_int_equal(store_attribute_kind(store, "/", "list"), STORE_OTHER);
    assert_int_equal(store_kind(store, "/dangling"), STORE_LOST);
    assert_int_equal(store_kind(store, "/link/below"), STORE_LOST);
    assert_int_equal(store_kind(store, "/below"), STORE_ABSENT);
    const char **names = store_members(store, arena, "/group", &count);
    assert_words(names, count, "a b");
    store_close(store);
    folder_remove(arena, folder);
}

static void binary_is_sha256_of_the_program(void **state) {
    (void)state;
    Arena *arena = arena_new();
    char want[DIGEST_LENGTH + 1] = "", command[64];
    snprintf(command, sizeof command, "sha256sum /proc/%ld/exe", (long)getpid());
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_int_equal(fread(want, 1, DIGEST_LENGTH, pipe), DIGEST_LENGTH);
    pclose(pipe);
    assert_string_equal(store_binary(), want);
    arena_free(arena);
}

/* ---- examples -------------------------------------------------------------------- */

static void provenance_says_something(void **state) {
    (void)state;
    Arena *arena = arena_new();
    size_t count;
    const Fact *fact = store_provenance(arena, &count);
    assert_true(count > 12);
    for (size_t i = 0; i < count; i++) {
        assert_true(strlen(fact[i].value) > 0);
        if (strcmp(fact[i].name, "flags") == 0) {
            assert_non_null(strstr(fact[i].value, "-ffp-contract=off"));
            assert_null(strchr(fact[i].value, '/'));
        }
        if (strcmp(fact[i].name, "hdf5") == 0)
            assert_memory_equal(fact[i].value, "1.", 2);
    }
    assert_int_equal(strlen(store_bits(arena)), 12);
    arena_free(arena);
}

static int write_sample(const char *path) {
    BaseError error = {0};
    Store *store = sample("two processes");
    const bool saved = store_save(store, path, &error);
    store_close(store);
    return saved ? 0 : error.code;
}

static const Case cases[] = {CASE(theorem, same_content_same_bytes),
                             CASE(theorem, same_bytes_in_two_processes),
                             CASE(theorem, numbers_come_back_bit_by_bit),
                             CASE(theorem, first_numbers_are_the_first),
                             CASE(theorem, thousands_of_texts_come_back),
                             CASE(theorem, texts_come_back),
                             CASE(theorem, order_is_kept),
                             CASE(theorem, every_id_is_closed),
                             CASE(oracle, python_reads_it),
                             CASE(oracle, python_wrote_it),
                             CASE(oracle, binary_is_sha256_of_the_program),
                             CASE(example, provenance_says_something)};

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "--write") == 0) return write_sample(argv[2]);
    return harness_main(argc, argv, "store", cases, COUNT_OF(cases));
}
