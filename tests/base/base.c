/* Memory, errors and text: what every other layer takes for granted. */
#include "harness.h"

#include "base.h"
#include "text.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Memory that cannot be had is NULL under the sanitizer too, as malloc says it. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void) {
    return "allocator_may_return_null=1";
}

static Draw test_draw(uint64_t sample) {
    return (Draw){.seed = 20260, .purpose = DRAW_TEST, .sample = sample};
}

/* ---- arena ----------------------------------------------------------------------- */

/* Odd sizes, some larger than a first block, one beyond a huge page. */
static size_t odd_size(size_t round, size_t i) {
    if (round == 0 && i == 30) return 5 << 20;
    size_t size = draw_below(test_draw(round), i, 2000);
    return i % 50 == 7 ? 100 * size : size;
}

static void objects_are_aligned_and_apart(void **state) {
    (void)state;
    enum { COUNT = 200 };
    Arena *arena = arena_new();
    unsigned char *object[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        object[i] = arena_take(arena, odd_size(0, i), 1);
        assert_int_equal((uintptr_t)object[i] % 64, 0);
        memset(object[i], (int)i, odd_size(0, i));
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < odd_size(0, i); j++) assert_int_equal(object[i][j], i);
    assert_true(TAKE(arena, char, 0) != TAKE(arena, char, 0));
    arena_free(arena);
    arena_free(NULL);
}

/* A step that repeats itself finds its memory where it left it, whatever lay in between. */
static void rewound_work_allocates_once(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t marked = 0; marked < 60; marked += 20) {
        for (size_t i = 0; i < marked; i++) arena_take(arena, odd_size(1, i), 1);
        const ArenaMark mark = arena_mark(arena);
        void *first[100];
        for (size_t i = 0; i < 100; i++) first[i] = arena_take(arena, odd_size(2, i), 1);
        const size_t blocks = arena_blocks(arena);
        for (size_t round = 0; round < 50; round++) {
            arena_rewind(arena, mark);
            for (size_t i = 0; i < 100; i++)
                assert_ptr_equal(arena_take(arena, odd_size(2, i), 1), first[i]);
        }
        assert_int_equal(arena_blocks(arena), blocks);
    }
    arena_free(arena);
}

static void any_work_settles(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const ArenaMark empty = arena_mark(arena);
    size_t blocks = 0;
    for (size_t round = 0; round < 300; round++) {
        arena_rewind(arena, empty);
        for (size_t i = 0; i < 100; i++) arena_take(arena, odd_size(round % 10, i), 1);
        if (round == 10) blocks = arena_blocks(arena);
    }
    assert_int_equal(arena_blocks(arena), blocks);
    arena_free(arena);
}

static void rewind_to_the_empty_mark(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const ArenaMark empty = arena_mark(arena);
    arena_rewind(arena, empty);
    assert_int_equal(arena_blocks(arena), 0);
    char *first = TAKE(arena, char, 10);
    TAKE(arena, char, 10 << 20);
    arena_rewind(arena, empty);
    assert_ptr_equal(TAKE(arena, char, 1 << 16), first);
    arena_rewind(arena, empty);
    arena_rewind(arena, empty);
    assert_ptr_equal(TAKE(arena, char, 1), first);
    assert_int_equal(arena_blocks(arena), 2);
    arena_free(arena);
}

static void zeroed_is_zero_and_taken_is_poison(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const ArenaMark mark = arena_mark(arena);
    double *x = TAKE(arena, double, 1000);
    for (size_t i = 0; i < 1000; i++) x[i] = 1.0;
    arena_rewind(arena, mark);
#ifdef NORMLAB_VERIFY
    for (size_t i = 0; i < 1000; i++) assert_true(isnan(x[i]));
    x[3] = 1.0;
    x = TAKE(arena, double, 1000);
    for (size_t i = 0; i < 1000; i++) assert_true(isnan(x[i]));
    arena_rewind(arena, mark);
#endif
    x = ZERO(arena, double, 1000);
    for (size_t i = 0; i < 1000; i++) assert_true(x[i] == 0.0);
    arena_free(arena);
}

/* ---- errors ---------------------------------------------------------------------- */

static void take_overflowing(void *arena) {
    arena_take(arena, SIZE_MAX / 4 + 2, 4); /* 4 bytes, modulo 2^64 */
}
static void take_nearly_all(void *arena) {
    arena_take(arena, SIZE_MAX - 8, 1);
}
static void take_too_much(void *arena) {
    arena_take(arena, (size_t)1 << 55, 1);
}
static void die_of_control_characters(void *context) {
    (void)context;
    die(EX_DATAERR, "%s", "a\nb\x1b[31mc\x7f\r\xc3\xa9");
}
static void die_at_length(void *context) {
    (void)context;
    die(EX_CONFIG, "%5000d", 1);
}
static void require_two(void *context) {
    REQUIRE(*(const int *)context == 2, "there are %d", *(const int *)context);
}
static void verify_two(void *context) {
    (void)context;
    VERIFY(*(const int *)context == 2, "there are %d", *(const int *)context);
}

static void one_line_and_a_code(void **state) {
    (void)state;
    char text[4096];
    assert_int_equal(harness_child(die_of_control_characters, NULL, text, sizeof text),
                     EX_DATAERR);
    assert_string_equal(text, "normlab: a?b?[31mc??\xc3\xa9\n");
    assert_int_equal(harness_child(die_at_length, NULL, text, sizeof text), EX_CONFIG);
    assert_in_range(strlen(text), 500, 2000);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    void (*const takes[])(void *) = {take_overflowing, take_nearly_all, take_too_much};
    for (size_t i = 0; i < COUNT_OF(takes); i++) {
        Arena *arena = arena_new();
        assert_int_equal(harness_child(takes[i], arena, text, sizeof text), EX_OSERR);
        assert_non_null(strstr(text, "normlab: out of memory"));
        arena_free(arena);
    }
}

static void say_three(void *end) {
    dup2(*(int *)end, STDERR_FILENO);
    setenv("NORMLAB_CALLED", "./normlab", 1);
    say("one");
    say("`normlab run` and `normlab plot` are %s", "commands");
    die(EX_DATAERR, "three");
}

/* Two processes that say something at once do not mix their lines: a datagram is a write. */
static void a_line_is_one_write(void **state) {
    (void)state;
    static const char *const lines[] = {
        "normlab: one\n", "normlab: `./normlab run` and `./normlab plot` are commands\n",
        "normlab: three\n"};
    int ends[2];
    char text[256];
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
    assert_int_equal(harness_child(say_three, &ends[1], text, sizeof text), EX_DATAERR);
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        const ssize_t got = recv(ends[0], text, sizeof text - 1, MSG_DONTWAIT);
        text[got > 0 ? got : 0] = '\0';
        assert_string_equal(text, lines[i]);
    }
    close(ends[0]);
    close(ends[1]);
}

static void mistakes_abort_with_their_place(void **state) {
    (void)state;
    char text[1024];
    int two = 2, three = 3;
    assert_int_equal(harness_child(require_two, &two, text, sizeof text), 0);
    assert_int_equal(harness_child(require_two, &three, text, sizeof text),
                     128 + SIGABRT);
    assert_non_null(strstr(text, "base.c:"));
    assert_non_null(strstr(text, "REQUIRE(*(const int *)context == 2): there are 3\n"));
    const int status = harness_child(verify_two, &three, text, sizeof text);
#ifdef NORMLAB_VERIFY
    assert_int_equal(status, 128 + SIGABRT);
#else
    assert_int_equal(status, 0);
#endif
}

static void first_error_stays(void **state) {
    (void)state;
    BaseError error = {0};
    assert_false(base_fail(&error, EX_USAGE, 7, "first %d", 1));
    assert_false(base_fail(&error, EX_IOERR, 9, "second"));
    assert_true(error.set);
    assert_int_equal(error.code, EX_USAGE);
    assert_int_equal(error.at, 7);
    assert_string_equal(error.message, "first 1");
}

/* ---- text ------------------------------------------------------------------------ */

static void numbers_as_text(void **state) {
    (void)state;
    static const struct {
        double value;
        const char *text;
    } row[] = {{0.1, "0.1"},
               {0.1 + 0.2, "0.30000000000000004"},
               {1e-300, "1e-300"},
               {5e-324, "5e-324"},
               {-0.0, "-0"},
               {0, "0"},
               {1e-5, "1e-05"},
               {HUGE_VAL, "inf"},
               {-HUGE_VAL, "-inf"},
               {NAN, "nan"},
               {1.0 / 3, "0.3333333333333333"},
               {1.7976931348623157e308, "1.7976931348623157e+308"},
               {10, "10"},
               {3000, "3000"},
               {60000, "60000"},
               {-128, "-128"},
               {1e22, "1e+22"},
               {9007199254740993.0, "9007199254740992"},
               {0.0001, "0.0001"},
               {1e6, "1e+06"}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(row); i++)
        assert_string_equal(text_number(arena, row[i].value), row[i].text);
    arena_free(arena);
}

static bool reads_back(const char *text, double value) {
    double again = 0;
    return text_to_double(text, &again) && memcmp(&again, &value, sizeof value) == 0;
}

/* Any bits: reads back bit for bit, and no shorter decimal does. */
static void numbers_round_trip(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t bits = draw_bits(test_draw(1), i);
        if (i % 4 == 1) bits &= UINT64_C(0x800fffffffffffff); /* denormal */
        double value;
        memcpy(&value, &bits, sizeof value);
        if (i % 4 == 2) value = (double)(bits % 100000) / 1000;
        if (!isfinite(value)) continue;
        const ArenaMark mark = arena_mark(arena);
        const char *text = text_number(arena, value);
        assert_true(reads_back(text, value));
        for (int digits = 0; digits < 17; digits++) {
            const char *other = text_print(arena, "%.*e", digits, value);
            if (strlen(other) < strlen(text)) assert_false(reads_back(other, value));
        }
        arena_rewind(arena, mark);
    }
    arena_free(arena);
}

static void texts_as_numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},           {"-0", -0.0},     {"1e-5", 1e-5},  {"+2.5", 2.5},
                {".5", 0.5},        {"1.", 1},        {"1E3", 1000},   {"007", 7},
                {"5e-324", 5e-324}, {"1e308", 1e308}, {"-.25e1", -2.5}};
    static const char *const bad[] = {
        "",     " 1",       "1 ",     "\t1",    "1\n",    "1,5", "1.5.2",
        "--1",  "1e",       "e5",     ".",      "+",      "1e+", "1_000",
        "0x10", "0x1p-3",   "1e309",  "-1e400", "1e-400", "inf", "-inf",
        "nan",  "infinity", "nan(1)", "one",    "1f",     "1;",  "٣"};
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(reads_back(good[i].text, good[i].value));
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        double value = 4;
        if (text_to_double(bad[i], &value))
            fail_msg("'%s' was read as %g", bad[i], value);
        assert_true(value == 4);
    }
}

static void texts_as_counts(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1.0",
                                      "1e3",
                                      "0x10",
                                      "1,000",
                                      "18446744073709551616",
                                      "99999999999999999999",
                                      "٣"};
    size_t value = 4;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(text_to_count(bad[i], &value));
    assert_int_equal(value, 4);
    assert_true(text_to_count("18446744073709551615", &value) && value == SIZE_MAX);
    assert_true(text_to_count("0", &value) && value == 0);
    assert_true(text_to_count("0064", &value) && value == 64);
}

static void nearest_word(void **state) {
    (void)state;
    static const char *const words[] = {"batchwise", "batch",  "layer",    "instance",
                                        "group",     "groups", "position", "ghost",
                                        "ln",        "none"};
    static const struct {
        const char *word, *nearest;
    } row[] = {{"bathc", "batch"},
               {"gruop", "group"},
               {"grou", "group"},
               {"inst", "instance"},
               {"batch", "batch"},
               {"bacth", "batch"},
               {"Layer", "layer"},
               {"layr", "layer"},
               {"nl", "ln"},
               {"ghots", "ghost"},
               {"posiiton", "position"},
               {"groups", "groups"},
               {"xyzzy", NULL},
               {"", NULL},
               {"q", NULL},
               {"b", NULL},
               {"convolution", NULL},
               {"GROUP", "group"}, /* letters of either size */
               {"Lyaer", "layer"},
               {"tion", "position"}, /* a part of it */
               {"ion", NULL}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(row); i++) {
        const char *got = text_nearest(row[i].word, words, COUNT_OF(words));
        assert_string_equal(got ? got : "(none)",
                            row[i].nearest ? row[i].nearest : "(none)");
    }
    char *giant = ZERO(arena, char, 3001);
    memset(giant, 'a', 3000);
    assert_null(text_nearest(giant, words, COUNT_OF(words)));
    assert_null(text_nearest("batch", words, 0));
    const char *const giants[] = {giant, "batch"};
    assert_string_equal(text_nearest("bathc", giants, 2), "batch");
    assert_string_equal(text_hint(arena, "bathc", words, COUNT_OF(words)),
                        ", did you mean 'batch'?");
    assert_string_equal(text_hint(arena, "xyzzy", words, COUNT_OF(words)), "");
    arena_free(arena);
}

/* For people: a rounding error is not shown, unless it is what tells two numbers apart. */
static void numbers_for_people(void **state) {
    (void)state;
    static const struct {
        double value[4];
        int digits;
        const char *text[4];
    } row[] = {
        {{0.1 + 0.2, 0.7, 1e-5, 4}, 12, {"0.3", "0.7", "1e-05", "4"}},
        {{1.0 / 3, 123456789, 0.00123456, 1e300 / 3},
         4,
         {"0.3333", "123456789", "0.001235", "3.333e+299"}},
        {{1, 1.00001, 1.00002, 1.00001}, 4, {"1", "1.00001", "1.00002", "1.00001"}},
        {{0.3, 0.1 + 0.2, 2, 3}, 12, {"0.3", "0.30000000000000004", "2", "3"}},
        {{(double)NAN, (double)NAN, (double)INFINITY, -0.1},
         4,
         {"nan", "nan", "inf", "-0.1"}}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(row); i++) {
        const char **text = text_numbers(arena, row[i].value, 4, row[i].digits);
        for (size_t k = 0; k < 4; k++) assert_string_equal(text[k], row[i].text[k]);
    }
    arena_free(arena);
}

static void columns_of_a_terminal(void **state) {
    (void)state;
    assert_int_equal(text_columns(""), 0);
    assert_int_equal(text_columns("group(8) ± γ"), 12);
    assert_int_equal(text_columns("日本語"), 6);
    assert_int_equal(text_columns("e\xcc\x81"), 1); /* an accent of its own */
    assert_int_equal(text_columns("\xf0\x9f\x98\x80!"), 3);
    assert_int_equal(text_columns("\xff\x80"), 1); /* no text, no harm */
}

static void names_of_others(void **state) {
    (void)state;
    static const OtherName others[] = {
        {"bn", "batch"}, {"renorm", "missing"}, {"bn", "never"}, {NULL, NULL}};
    const char *const words[] = {"batch", "group", "bin"}, *const yes_no[] = {"yes",
                                                                              "no"};
    Arena *arena = arena_new();
    assert_string_equal(text_hint_for(arena, "BN", others, words, 3),
                        ", did you mean 'batch'?");
    assert_string_equal(text_hint_for(arena, "renorm", others, words, 3), "");
    assert_string_equal(text_hint_for(arena, "gruop", others, words, 3),
                        ", did you mean 'group'?");
    assert_string_equal(text_nearest("True", yes_no, 2), "yes");
    assert_string_equal(text_nearest("off", yes_no, 2), "no");
    assert_null(text_nearest("true", words, 3));
    arena_free(arena);
}

/* Of entries that begin with their word, and of pointers to such. */
static void words_of_a_list(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int weight;
    } table[] = {{"batch", 1}, {"layer", 2}, {"group", 3}};
    const void *const pointers[] = {&table[2], &table[0]};
    const Choice all = CHOICE(table);
    Choice two = CHOICE(pointers);
    two.pointers = true;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    size_t place = 7;
    assert_int_equal(choice_find(&all, "group"), 2);
    assert_int_equal(choice_find(&all, "grou"), 3);
    assert_int_equal(choice_find(&two, "batch"), 1);
    assert_string_equal(choice_words(arena, &all, " or "), "batch, layer or group");
    assert_string_equal(choice_hint(arena, &two, "gruop"), ", did you mean 'group'?");
    assert_true(choice_read(arena, &all, "norm=", "layer", &place, &error));
    assert_int_equal(place, 1);
    assert_false(choice_read(arena, &all, "norm=", "layr", &place, &error));
    assert_int_equal(place, 1);
    assert_string_equal(error.message, "norm=layr: batch, layer or group is expected"
                                       ", did you mean 'layer'?");
    arena_free(arena);
}

static void words_for_a_shell(void **state) {
    (void)state;
    static const char *const row[][2] = {{"rate=0.1,0.2", "rate=0.1,0.2"},
                                         {"norm=batch,group(4)", "'norm=batch,group(4)'"},
                                         {"a b", "'a b'"},
                                         {"it's", "'it'\\''s'"},
                                         {"", "''"},
                                         {"$x", "'$x'"},
                                         {"a|b", "'a|b'"},
                                         {"~/x", "'~/x'"}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(row); i++)
        assert_string_equal(text_quoted(arena, row[i][0]), row[i][1]);
    arena_free(arena);
}

static void text_grows(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t step = 1; step < 140;
         step++) { /* every way to meet the end of the room */
        char want[2048] = "";
        Text text = text_new(arena);
        assert_string_equal(text.data, "");
        for (size_t i = 0; strlen(want) + step < 1500; i++) {
            const int piece = (int)((i * 7 + step) % (step + 1));
            text_add(&text, "%0*d%s", piece + 1, 5, i % 3 ? "" : ";");
            snprintf(want + strlen(want), 300, "%0*d%s", piece + 1, 5, i % 3 ? "" : ";");
            assert_int_equal(text.length, strlen(want));
        }
        assert_string_equal(text.data, want);
    }
    assert_string_equal(text_copy(arena, "abcdef", 3), "abc");
    arena_free(arena);
}

static const Case cases[] = {
    CASE(theorem, rewound_work_allocates_once),
    CASE(theorem, any_work_settles),
    CASE(theorem, numbers_round_trip),
    CASE(oracle, text_grows),
    CASE(example, objects_are_aligned_and_apart),
    CASE(example, rewind_to_the_empty_mark),
    CASE(example, zeroed_is_zero_and_taken_is_poison),
    CASE(example, first_error_stays),
    CASE(example, numbers_as_text),
    CASE(example, numbers_for_people),
    CASE(example, columns_of_a_terminal),
    CASE(example, texts_as_numbers),
    CASE(example, texts_as_counts),
    CASE(example, nearest_word),
    CASE(example, names_of_others),
    CASE(example, words_of_a_list),
    CASE(example, words_for_a_shell),
    CASE(fault, one_line_and_a_code),
    CASE(fault, a_line_is_one_write),
    CASE(fault, mistakes_abort_with_their_place),
};

HARNESS_MAIN("base", cases)
