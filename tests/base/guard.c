/* Work that does not end the program of whoever asks for it. */
#include "harness.h"

#include <string.h>

static void dies(void *context) {
    (void)context;
    die(EX_DATAERR, "%d are too many", 3);
}

static void requires(void *context) {
    const int *number = context;
    REQUIRE(*number == 4, "it is %d", *number);
}

static void fails(void *context) {
    base_fail(context, EX_USAGE, 7, "said");
}

static void is_well(void *context) {
    *(int *)context += 1;
}

/* What is inside another ends alone. */
static void goes_on(void *context) {
    BaseError inner = {.set = false};
    assert_false(base_guard(dies, NULL, &inner));
    is_well(context);
    die(EX_IOERR, "the outer");
}

static void ends_are_errors(void **state) {
    (void)state;
    BaseError error = {.set = false};
    int number = 3;
    assert_false(base_guard(dies, NULL, &error));
    assert_int_equal(error.code, EX_DATAERR);
    assert_string_equal(error.message, "3 are too many");
    error = (BaseError){.set = false};
    assert_false(base_guard(requires, &number, &error));
    assert_int_equal(error.code, EX_SOFTWARE);
    assert_non_null(strstr(error.message, "REQUIRE(*number == 4): it is 3"));
    error = (BaseError){.set = false};
    assert_false(base_guard(fails, &error, &error));
    assert_int_equal(error.at, 7);
    error = (BaseError){.set = false};
    assert_true(base_guard(is_well, &number, &error));
    assert_int_equal(number, 4);
    assert_false(base_guard(goes_on, &number, &error));
    assert_int_equal(number, 5);
    assert_string_equal(error.message, "the outer");
}

static void guard_and_die(void *context) {
    BaseError error = {.set = false};
    base_guard(dies, context, &error);
    die(EX_NOINPUT, "after it");
}

static void afterwards_the_program_ends(void **state) {
    (void)state;
    char text[256];
    assert_int_equal(harness_child(guard_and_die, NULL, text, sizeof text), EX_NOINPUT);
    assert_string_equal(text, "normlab: after it\n");
}

static const Case cases[] = {
    CASE(fault, ends_are_errors),
    CASE(fault, afterwards_the_program_ends),
};

HARNESS_MAIN("guard", cases)
