/* Specs that are opened, and errors as values. */
#include "opened.h"
#include "text.h"

#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

/* ---- errors ------------------------------------------------------------------------ */

typedef struct Guarded {
    ApiWork *work;
    void *context;
    BaseError *error;
} Guarded;

static void run_guarded(void *guarded) {
    const Guarded *g = guarded;
    const char *fault = arithmetic_fault();
    if (fault)
        base_fail(g->error, EX_UNAVAILABLE, 0,
                  "this thread's arithmetic is not normlab's: %s", fault);
    else
        g->work(g->context, g->error);
}

typedef struct Saying {
    const BaseError *error;
    const char *text;
    NormlabError *said;
} Saying;

/* "in 'group(3)' at byte 6: ...", as the program says it. */
static void point_into(void *saying) {
    const Saying *s = saying;
    Arena *arena = arena_new();
    snprintf(s->said->message, sizeof s->said->message, "%s",
             spec_error(arena, s->text, s->error));
    arena_free(arena);
}

static void say_error(NormlabError *said, const BaseError *error, const char *text) {
    if (said == NULL) return;
    *said = (NormlabError){.code = error->code, .at = error->at};
    snprintf(said->message, sizeof said->message, "%s", error->message);
    BaseError none = {.set = false}; /* without memory that is all */
    Saying saying = {error, text, said};
    if (error->set && text) base_guard(point_into, &saying, &none);
}

int api_guard(ApiWork *work, void *context, const char *text, NormlabError *error) {
    BaseError own = {.set = false};
    Guarded guarded = {work, context, &own};
    const locale_t before = text_in_c();
    base_guard(run_guarded, &guarded, &own);
    say_error(error, &own, text);
    text_as_before(before);
    return own.code;
}

/* ---- memory ------------------------------------------------------------------------ */

struct Spare {
    _Atomic(Arena *) arena; /* NULL: somebody has it */
};

Arena *spare_take(const NormlabNorm *norm) {
    Arena *arena = atomic_exchange(&norm->spare->arena, NULL);
    return arena ? arena : arena_new();
}

void spare_give(const NormlabNorm *norm, Arena *arena) {
    arena_free(atomic_exchange(&norm->spare->arena, arena));
}

/* ---- the registry ------------------------------------------------------------------ */

/* One thread at a time reads specs by the registry, or adds to it; calls need none of it. */
static atomic_flag busy = ATOMIC_FLAG_INIT;

static void begin_alone(void) {
    while (atomic_flag_test_and_set(&busy)) sched_yield();
}

static void end_alone(void) {
    atomic_flag_clear(&busy);
}

const char *normlab_example(size_t i) {
    size_t count;
    begin_alone();
    const NormKind *const *kind = norm_kinds(&count);
    const char *example = i < count ? norm_example(kind[i]) : NULL;
    end_alone();
    return example;
}

static void add_text(void *text, BaseError *error) {
    const char *const *given = text;
    if (*given == NULL)
        base_fail(error, EX_USAGE, 0, "the text is NULL");
    else
        norm_register_text("text", *given, error);
}

int normlab_let(const char *text, NormlabError *error) {
    begin_alone();
    const int code = api_guard(add_text, &text, NULL, error);
    end_alone();
    return code;
}

/* ---- open and close ---------------------------------------------------------------- */

typedef struct Opening {
    const char *spec;
    size_t channels;
    Arena *arena;
    NormlabNorm *opened;
} Opening;

static void list_arrays(NormlabNorm *opened) {
    const Norm *norm = opened->norm;
    opened->param = TAKE(opened->arena, NormlabArray, norm->params);
    opened->state = TAKE(opened->arena, NormlabArray, norm->states);
    for (size_t i = 0; i < norm->params; i++) {
        const NormParam *p = &norm->param[i];
        opened->param[i] = (NormlabArray){p->name, p->count, step_param(opened->arena, p),
                                          p->least, p->most};
    }
    for (size_t i = 0; i < norm->states; i++) {
        const NormState *s = &norm->state[i];
        opened->state[i] = (NormlabArray){s->name, s->count, step_state(opened->arena, s),
                                          step_least(s), (double)INFINITY};
    }
}

static void open_spec(void *context, BaseError *error) {
    Opening *o = context;
    if (o->spec == NULL) {
        base_fail(error, EX_USAGE, 0, "the spec is NULL");
        return;
    }
    o->arena = arena_new();
    NormlabNorm *opened = ZERO(o->arena, NormlabNorm, 1);
    opened->arena = o->arena;
    opened->spare = ZERO(o->arena, Spare, 1);
    atomic_init(&opened->spare->arena, NULL);
    opened->norm = norm_new(o->arena, o->spec, o->channels, error);
    if (opened->norm == NULL) return;
    list_arrays(opened);
    o->opened = opened;
}

NormlabNorm *normlab_open(const char *spec, size_t channels, NormlabError *error) {
    Opening opening = {.spec = spec, .channels = channels};
    begin_alone();
    api_guard(open_spec, &opening, spec, error);
    end_alone();
    if (opening.opened == NULL) arena_free(opening.arena);
    return opening.opened;
}

void normlab_close(NormlabNorm *norm) {
    if (norm == NULL) return;
    arena_free(atomic_load(&norm->spare->arena));
    arena_free(norm->arena);
}

/* ---- what it is -------------------------------------------------------------------- */

const char *normlab_spec(const NormlabNorm *norm) {
    return norm->norm->spec;
}

size_t normlab_channels(const NormlabNorm *norm) {
    return norm->norm->channels;
}

const char *normlab_by_design(const NormlabNorm *norm) {
    return norm_by_design(norm->norm);
}

size_t normlab_params(const NormlabNorm *norm) {
    return norm->norm->params;
}

const NormlabArray *normlab_param(const NormlabNorm *norm, size_t i) {
    return i < norm->norm->params ? &norm->param[i] : NULL;
}

size_t normlab_states(const NormlabNorm *norm) {
    return norm->norm->states;
}

const NormlabArray *normlab_state(const NormlabNorm *norm, size_t i) {
    return i < norm->norm->states ? &norm->state[i] : NULL;
}

const char *normlab_version(void) {
    return NORMLAB_VERSION;
}
