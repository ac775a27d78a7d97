/* HDF5 files are read by another process (src/store). For libFuzzer, which sees what runs in its own,
 * they are read here; the linker gives these functions in the place of that process (--wrap).
 * NORMLAB_APART leaves it as it is: what crashes libhdf5 itself must be refused by the program. */
#include "fuzz.h"
#include "internal.h"

#include <stdlib.h>
#include <string.h>

void fuzz_seal(char *bytes, size_t size) {
    if (store_seal_is_there(bytes, size)) store_seal(bytes, size - SEAL_LENGTH);
}

#ifndef NORMLAB_FUZZ

void fuzz_close_stores(void) {
}

#else

enum { MOST_OPEN = 8 };

static Store *opened[MOST_OPEN];

static bool apart(void) {
    return getenv("NORMLAB_APART") != NULL;
}

/* clang-format off */
bool __real_reader_open(Store *store, BaseError *error);
void __real_reader_close(Store *store);
void __real_reader_ask(const Store *store, Arena *arena, const Question *question, Answer *answer);
void __real_budget_lift(void);
void __real_budget_begin(Budget *budget);
void __real_budget_rest(Budget *budget);
void __real_budget_allow(Budget *budget, size_t bytes);
bool __wrap_reader_open(Store *store, BaseError *error);
void __wrap_reader_close(Store *store);
void __wrap_reader_ask(const Store *store, Arena *arena, const Question *question, Answer *answer);
void __wrap_budget_lift(void);
void __wrap_budget_begin(Budget *budget);
void __wrap_budget_rest(Budget *budget);
void __wrap_budget_allow(Budget *budget, size_t bytes);
/* clang-format on */

void __wrap_budget_lift(void) {
    if (apart()) __real_budget_lift();
}

void __wrap_budget_begin(Budget *budget) {
    if (apart()) __real_budget_begin(budget);
}

void __wrap_budget_rest(Budget *budget) {
    if (apart()) __real_budget_rest(budget);
}

void __wrap_budget_allow(Budget *budget, size_t bytes) {
    if (apart()) __real_budget_allow(budget, bytes);
}

static void forget(Store *inner) {
    for (size_t i = 0; i < MOST_OPEN; i++)
        if (opened[i] == inner) opened[i] = NULL;
    store_close(inner);
}

bool __wrap_reader_open(Store *store, BaseError *error) {
    static Budget none;
    size_t i = 0;
    if (apart()) return __real_reader_open(store, error);
    while (i < MOST_OPEN && opened[i]) i++;
    REQUIRE(i < MOST_OPEN, "%zu files are open", i);
    Arena *arena = arena_new();
    Store *inner = opened[i] = ZERO(arena, Store, 1);
    *inner = (Store){
        .arena = arena, .path = store->path, .file = H5I_INVALID_HID, .budget = &none};
    store_tame();
    const bool good = store_load(inner, error);
    store->sealed = inner->sealed, store->length = inner->length;
    store->reader = (Reader *)inner;
    return good;
}

void __wrap_reader_close(Store *store) {
    if (apart())
        __real_reader_close(store);
    else
        forget((Store *)store->reader);
}

void __wrap_reader_ask(const Store *store, Arena *arena, const Question *question,
                       Answer *answer) {
    if (apart())
        __real_reader_ask(store, arena, question, answer);
    else
        store_answer((const Store *)store->reader, arena, question, answer);
}

void fuzz_close_stores(void) {
    for (size_t i = 0; i < MOST_OPEN; i++)
        if (opened[i]) forget(opened[i]);
}

#endif
