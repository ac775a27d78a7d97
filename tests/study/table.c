/* Tables of results: what is stacked stands where its cell does, what is written is read. */
#include "harness.h"

#include "table.h"
#include "place.h"
#include "text.h"

#include <math.h>
#include <string.h>

#define NONE ((double)NAN)

static Table saved(Arena *arena, const Table *made, const char *path) {
    BaseError error = {.set = false};
    Store *store = store_new("a table");
    table_write(made, store);
    store_text(store, made->group, "spec", "group(2)");
    store_integer(store, made->group, "series", 7);
    store_number(store, made->group, "seconds", 0.1);
    assert_true(store_save(store, path, &error));
    store_close(store);
    store = store_open(path, &error);
    assert_non_null(store);
    const Table t = table_read(store, arena, made->group, &error);
    store_close(store);
    assert_false(error.set);
    return t;
}

static const char *path_of(Arena *arena) {
    const char *folder = text_print(arena, "/tmp/normlab-table-XXXXXX");
    char *copy = text_copy(arena, folder, strlen(folder));
    assert_non_null(mkdtemp(copy));
    return text_print(arena, "%s/a.h5", copy);
}

static void remove_all(const char *path) {
    BaseError error = {.set = false};
    char folder[64];
    snprintf(folder, sizeof folder, "%.*s", (int)(strlen(path) - strlen("/a.h5")), path);
    assert_true(place_remove(path, &error));
    assert_int_equal(remove(folder), 0);
}

static void same_numbers(const double *got, const double *want, size_t count) {
    for (size_t i = 0; i < count; i++)
        assert_true(isnan(want[i]) ? isnan(got[i]) : got[i] == want[i]);
}

/* Scales, numbers, texts, facts, and how numbers are read: all of it after a file as before. */
static void what_is_written_is_read(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *path = path_of(arena);
    const char *const names[] = {"a", "b,\n\"c\""};
    const double epoch[] = {0, 1, 2}, value[] = {1, NONE, -0.0, 0.1, 1e-310, INFINITY};
    Table made = table_new(arena, "/t", "a table");
    table_scale_text(&made, "layer", "layers", names, 2);
    table_scale(&made, "epoch", "epochs", epoch, 3);
    Field *field = table_numbers(&made, "gate", "gate, learned", "layer epoch", value);
    field->reading = "sigmoid", field->choices = "batch\ngroup(2)";
    table_texts(&made, "run", "run", "layer", names);
    const Table t = saved(arena, &made, path);
    BaseError error = {.set = false};
    size_t count;
    same_numbers(table_list(&t, "epoch", &count, &error), epoch, 3);
    assert_int_equal(count, 3);
    assert_string_equal(table_names(&t, "run", &count, &error)[1], names[1]);
    same_numbers(table_array(&t, "gate", 6, &error), value, 6);
    const Field *gate = table_find(&t, "gate");
    assert_true(gate->rank == 2 && gate->size[0] == 2 && gate->size[1] == 3);
    assert_string_equal(gate->axis[0], "layer");
    assert_string_equal(gate->says, "gate, learned");
    assert_string_equal(gate->reading, "sigmoid");
    assert_string_equal(gate->choices, "batch\ngroup(2)");
    assert_string_equal(table_fact(&t, "spec", ""), "group(2)");
    assert_string_equal(table_fact(&t, "series", ""), "7");
    assert_string_equal(table_fact(&t, "seconds", ""), "0.1");
    assert_string_equal(table_fact(&t, "nothing", "else"), "else");
    assert_false(error.set);
    remove_all(path);
    arena_free(arena);
}

/* Rows of 3 x 2, 2 x 1 and no numbers in three cells; single numbers in the same. */
static void cells_stand_where_they_are(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const double seed[] = {1, 2, 3}, epoch[] = {0, 1, 2}, big[] = {1, 2, 3, 4, 5, 6},
                 small[] = {7, 8}, one = 9;
    const double rows[] = {1,    2,    3,    4,    5,    6,    7,    NONE, 8,
                           NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE};
    const Field wide = {.name = "w", .rank = 2, .size = {3, 2}, .number = big},
                narrow = {.name = "w", .rank = 2, .size = {2, 1}, .number = small},
                single = {.name = "n", .number = &one};
    Table t = table_new(arena, "/t", "a table");
    table_scale(&t, "seed", "seed", seed, 3);
    table_scale(&t, "epoch", "epochs", epoch, 3);
    const Field *f = table_stack(&t, (const Field *const[]){&wide, &narrow, NULL}, "seed",
                                 "epoch w_index");
    assert_true(f->rank == 3 && field_count(f) == 18);
    same_numbers(f->number, rows, 18);
    assert_int_equal(table_find(&t, "w_index")->size[0], 2);
    f = table_stack(&t, (const Field *const[]){NULL, &single, NULL}, "seed", "");
    assert_true(f->rank == 1 && field_count(f) == 3);
    same_numbers(f->number, (const double[]){NONE, 9, NONE}, 3);
    arena_free(arena);
}

/* Each with the file, the group and the name. */
static void what_is_not_there_is_named(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *path = path_of(arena);
    const double value[] = {1, 2};
    Table made = table_new(arena, "/t", "a table");
    table_scale(&made, "seed", "seed", value, 2);
    table_numbers(&made, "score", "score", "seed", value);
    const Table t = saved(arena, &made, path);
    size_t count;
    BaseError error[4] = {{.set = false}};
    assert_null(table_array(&t, "score", 3, &error[0]));
    assert_null(table_array(&t, "scores", 2, &error[1]));
    assert_null(table_names(&t, "score", &count, &error[2]));
    assert_true(isnan(table_scalar(&t, "score", &error[3])));
    for (size_t i = 0; i < 4; i++) {
        assert_true(error[i].set && error[i].code == EX_DATAERR);
        assert_non_null(strstr(error[i].message, path));
        assert_non_null(strstr(error[i].message, i == 1 ? "/t/scores" : "/t/score "));
    }
    assert_int_equal(count, 0);
    remove_all(path);
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, what_is_written_is_read),
    CASE(theorem, cells_stand_where_they_are),
    CASE(fault, what_is_not_there_is_named),
};

HARNESS_MAIN("table", CASES)
