/* Whatever piece of memory cannot be had, it is an error, nothing is lost, and the next call is
 * well. The linker leads what asks for memory through here. */
#include "api_given.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *data);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *data);

static size_t left = SIZE_MAX; /* pieces that can be had */
static size_t pieces;          /* that are had */

static void *count(void *data) {
    pieces += data != NULL;
    return data;
}

static bool denied(void) {
    if (left == 0) return true;
    left -= left < SIZE_MAX;
    return false;
}

void *__wrap_malloc(size_t size) {
    return denied() ? NULL : count(__real_malloc(size));
}

void *__wrap_calloc(size_t number, size_t size) {
    return denied() ? NULL : count(__real_calloc(number, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    return denied() ? NULL : count(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *data) {
    pieces -= data != NULL;
    __real_free(data);
}

/* How many pieces it takes until that is well; until then it says that there is no memory. */
static size_t needed(const Given *g, ApiCall *call) {
    NormlabError error;
    for (size_t had = 0;; had++) {
        const size_t before = pieces;
        NormlabNorm *norm = normlab_open(g->trial.norm->spec, C, &error);
        const size_t opened = pieces;
        left = had;
        const int code = call(norm, &g->call, &error);
        left = SIZE_MAX;
        if (code == NORMLAB_OK) {
            normlab_close(norm);
            assert_int_equal(pieces, before);
            return had;
        }
        assert_int_equal(code, NORMLAB_MEMORY);
        assert_non_null(strstr(error.message, "out of memory"));
        assert_int_equal(pieces, opened);
        assert_true(isnan(g->call.y[0]) && isnan(g->call.dx[0]));
        Given again = *g;
        double y[ALL], dx[ALL];
        again.norm = norm, again.call.y = y, again.call.dx = dx;
        well(&again, normlab_backward);
        normlab_close(norm);
        assert_int_equal(pieces, before);
    }
}

static void calls_without_memory(void **state) {
    (void)state;
    static const char *const SPECS[] = {"batch", "mix(instance, layer, batch)",
                                        "mode(2)"};
    static ApiCall *const CALLS[] = {normlab_forward, normlab_backward, normlab_second};
    for (size_t i = 0; i < COUNT_OF(SPECS) * COUNT_OF(CALLS); i++) {
        Arena *arena = arena_new();
        Given *g = given(arena, SPECS[i % COUNT_OF(SPECS)], NORM_TRAIN);
        normlab_close(g->norm);
        assert_true(needed(g, CALLS[i / COUNT_OF(SPECS)]) > 2); /* an arena's blocks */
        arena_free(arena);
    }
}

static void specs_without_memory(void **state) {
    (void)state;
    NormlabError error;
    normlab_close(normlab_open("batch", C, &error));
    const size_t before = pieces;
    size_t had = 0;
    for (NormlabNorm *norm = NULL; norm == NULL; had++) {
        left = had;
        norm = normlab_open("blend(batch, group(8))", C, &error);
        left = SIZE_MAX;
        assert_int_equal(error.code, norm ? NORMLAB_OK : NORMLAB_MEMORY);
        normlab_close(norm);
        assert_int_equal(pieces, before);
    }
    assert_true(had > 2);
    left = 0; /* an error of another sort is itself, though its place cannot be shown */
    assert_null(normlab_open(NULL, C, &error));
    left = SIZE_MAX;
    assert_int_equal(error.code, NORMLAB_USAGE);
}

static const Case cases[] = {
    CASE(fault, calls_without_memory),
    CASE(fault, specs_without_memory),
};

HARNESS_MAIN("api_memory", cases)
