/* Kernels of normalizers beside memory's own speed. */
#include "speed.h"
#include "passes.h"

#include <string.h>

/* A thread's arrays, and the call whose turn it is. */
typedef struct Place {
    double *x, *dy, *dx; /* [n] */
    Arena *arena;
    ArenaMark mark;
    Tape *tape;
    TapeNode *y;
} Place;

typedef struct Rig {
    Shape shape;
    size_t n;
    Place *place; /* [threads] */
} Rig;

/* What a subject is: a normalizer, or none. */
typedef struct Load {
    const Rig *rig;
    const Norm *norm;
} Load;

static Place *place_of(const SpeedSubject *subject, size_t t) {
    const Load *load = subject->context;
    return &load->rig->place[t];
}

static const Rig *rig_new(const Speed *speed, Shape shape) {
    Rig *rig = TAKE(speed->arena, Rig, 1);
    *rig = (Rig){shape, shape_count(shape), ZERO(speed->arena, Place, speed->threads)};
    for (size_t t = 0; t < speed->threads; t++) {
        Place *p = &rig->place[t];
        p->arena = arena_new();
        p->x = TAKE(p->arena, double, rig->n);
        p->dy = TAKE(p->arena, double, rig->n);
        p->dx = ZERO(p->arena, double, rig->n);
        for (size_t i = 0; i < rig->n; i++) {
            p->x[i] = 1.0 + (double)(i * 7919 % 1009) / 1009.0;
            p->dy[i] = 1.0 + (double)((i * 7919 + 1) % 1013) / 1013.0;
        }
        p->mark = arena_mark(p->arena);
    }
    return rig;
}

/* ---- memory alone: into where kernels write -------------------------------------- */

static void work_memcpy(const SpeedSubject *subject, size_t t) {
    const Load *load = subject->context;
    Place *p = place_of(subject, t);
    memcpy(TAKE(p->arena, double, load->rig->n), p->x, load->rig->n * sizeof *p->x);
    arena_rewind(p->arena, p->mark);
}

static void work_copy(const SpeedSubject *subject, size_t t) {
    const Load *load = subject->context;
    Place *p = place_of(subject, t);
    passes_best()->copy(TAKE(p->arena, double, load->rig->n), p->x, load->rig->n);
    passes_end();
    arena_rewind(p->arena, p->mark);
}

static void work_add(const SpeedSubject *subject, size_t t) {
    const Load *load = subject->context;
    const Place *p = place_of(subject, t);
    passes_best()->add(p->dx, p->x, p->dy, load->rig->n);
    passes_end();
}

/* ---- a normalizer ------------------------------------------------------------------ */

/* Parameters and state as they begin. */
static TapeNode *begun(Tape *tape, Arena *arena, const NormParam *p) {
    double *value = TAKE(arena, double, p->count),
           *gradient = TAKE(arena, double, p->count);
    norm_begin_param(value, p, (Draw){.purpose = DRAW_INIT});
    return tape_parameter(tape, SHAPE_OF(p->count), value, gradient);
}

static double *recalled(Arena *arena, const NormState *s) {
    double *value = TAKE(arena, double, s->count);
    norm_begin_state(value, s);
    return value;
}

static void work_forward(const SpeedSubject *subject, size_t t) {
    const Load *load = subject->context;
    const Norm *norm = load->norm;
    Place *p = place_of(subject, t);
    p->tape = tape_new(p->arena);
    TapeNode *param[NORM_MAX_PARAMS];
    const double *state[NORM_MAX_STATES];
    for (size_t k = 0; k < norm->params; k++)
        param[k] = begun(p->tape, p->arena, &norm->param[k]);
    for (size_t k = 0; k < norm->states; k++)
        state[k] = recalled(p->arena, &norm->state[k]);
    TapeNode *x = tape_parameter(p->tape, load->rig->shape, p->x, p->dx);
    NormContext context = {.tape = p->tape,
                           .norm = norm,
                           .mode = NORM_TRAIN,
                           .param = param,
                           .state = state};
    p->y = norm_apply(&context, x);
}

static void work_backward(const SpeedSubject *subject, size_t t) {
    const Place *p = place_of(subject, t);
    tape_backward(p->tape, p->y, p->dy);
}

static void forget(const SpeedSubject *subject, size_t t) {
    Place *p = place_of(subject, t);
    arena_rewind(p->arena, p->mark);
}

/* ---- all of them ------------------------------------------------------------------- */

/* The normalizer for tensors of the shape. */
static const Norm *kernel_norm(const Speed *speed, Shape shape, const char *spec) {
    BaseError error = {.set = false};
    const Norm *norm = norm_new(speed->arena, spec, shape.size[1], &error);
    if (norm == NULL) die(error.code, "%s", spec_error(speed->arena, spec, &error));
    norm_fits(speed->arena, norm, shape_lattice(shape), NORM_TRAIN, &error);
    die_if(&error);
    return norm;
}

void speed_want_kernel(const Speed *speed, Shape shape, const char *spec) {
    kernel_norm(speed, shape, spec);
}

enum { MEMCPY, COPY, ADD, LIMITS };

/* The limits, then forward and backward of each. */
static SpeedSubject *take_subjects(const Speed *speed, const Rig *rig,
                                   const char *const *spec, size_t norms) {
    SpeedSubject *subject = ZERO(speed->arena, SpeedSubject, LIMITS + 2 * norms);
    Load *load = TAKE(speed->arena, Load, norms + 1);
    load[norms] = (Load){rig, NULL};
    subject[MEMCPY] = (SpeedSubject){.work = work_memcpy, .context = &load[norms]};
    subject[COPY] = (SpeedSubject){.work = work_copy, .context = &load[norms]};
    subject[ADD] = (SpeedSubject){.work = work_add, .context = &load[norms]};
    for (size_t i = 0; i < norms; i++) {
        load[i] = (Load){rig, kernel_norm(speed, rig->shape, spec[i])};
        subject[LIMITS + 2 * i] =
            (SpeedSubject){.prepare = forget, .work = work_forward, .context = &load[i]};
        subject[LIMITS + 2 * i + 1] =
            (SpeedSubject){.work = work_backward, .finish = forget, .context = &load[i]};
    }
    return subject;
}

SpeedKernels speed_kernels(const Speed *speed, Shape shape, const char *const *spec,
                           size_t norms) {
    const Rig *rig = rig_new(speed, shape);
    SpeedSubject *subject = take_subjects(speed, rig, spec, norms);
    speed_turns(speed, subject, LIMITS + 2 * norms);
    SpeedKernels found = {.memcpy = subject[MEMCPY].seconds,
                          .copy = subject[COPY].seconds,
                          .add = subject[ADD].seconds,
                          .forward = TAKE(speed->arena, const double *, norms),
                          .backward = TAKE(speed->arena, const double *, norms)};
    for (size_t i = 0; i < norms; i++) {
        found.forward[i] = subject[LIMITS + 2 * i].seconds;
        found.backward[i] = subject[LIMITS + 2 * i + 1].seconds;
    }
    for (size_t t = 0; t < speed->threads; t++) arena_free(rig->place[t].arena);
    return found;
}
