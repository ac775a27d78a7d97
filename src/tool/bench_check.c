/* A full check of a Jacobian beside the calls it is made of. */
#include "bench.h"
#include "check.h"

enum { CHECK_C = 16, CHECK_ALL = 4 * CHECK_C * 4 * 4, INPUTS = 3 };

typedef struct Subject {
    const Norm *norm;
    CheckFunction function;
    CheckInput input[INPUTS];    /* x, gamma, beta */
    double *gradient[INPUTS];    /* of each */
    const double *scale[INPUTS]; /* what an eps is worth: the size of what cancels */
    double *upstream;            /* zeros between calls */
} Subject;

static TapeNode *write_subject(Tape *tape, TapeNode *const *x, void *context) {
    const Subject *subject = context;
    NormContext call = {
        .tape = tape, .norm = subject->norm, .mode = NORM_TRAIN, .param = x + 1};
    return norm_apply(&call, x[0]);
}

static Subject *subject_new(Arena *arena, const char *spec) {
    static const char *const names[INPUTS] = {"x", "gamma", "beta"};
    static const double worth[INPUTS] = {16.0, 8.0, 1.0}; /* of normal x, gamma, beta */
    const Shape shape[INPUTS] = {SHAPE_OF(4, CHECK_C, 4, 4), SHAPE_OF(CHECK_C),
                                 SHAPE_OF(CHECK_C)};
    BaseError error = {.set = false};
    Subject *s = ZERO(arena, Subject, 1);
    s->norm = norm_new(arena, spec, CHECK_C, &error);
    die_if(&error);
    for (size_t i = 0; i < INPUTS; i++) {
        const size_t count = shape_count(shape[i]);
        double *value = TAKE(arena, double, count), *scale = TAKE(arena, double, count);
        for (size_t k = 0; k < count; k++) {
            value[k] = draw_normal((Draw){1, DRAW_CHECK, 0, i}, k);
            scale[k] = worth[i];
        }
        s->input[i] = (CheckInput){names[i], shape[i], value, 1.0};
        s->gradient[i] = TAKE(arena, double, count);
        s->scale[i] = scale;
    }
    s->upstream = ZERO(arena, double, CHECK_ALL);
    s->function = (CheckFunction){.name = spec,
                                  .inputs = INPUTS,
                                  .input = s->input,
                                  .write = write_subject,
                                  .context = s};
    return s;
}

static TapeNode *forward_call(const Subject *s, Tape *tape) {
    TapeNode *x[INPUTS];
    for (size_t i = 0; i < INPUTS; i++)
        x[i] = tape_parameter(tape, s->input[i].shape, s->input[i].value, s->gradient[i]);
    return s->function.write(tape, x, s->function.context);
}

/* As many forwards as the Jacobian has columns, as many backwards as it has rows. */
static void kernel_calls(const Subject *s, Arena *arena) {
    ArenaMark mark = arena_mark(arena);
    for (size_t k = 0; k < CHECK_ALL + 2 * CHECK_C; k++) {
        arena_rewind(arena, mark);
        forward_call(s, tape_new(arena));
    }
    arena_rewind(arena, mark);
    Tape *tape = tape_new(arena);
    TapeNode *y = forward_call(s, tape);
    ArenaMark recorded = arena_mark(arena);
    for (size_t j = 0; j < CHECK_ALL; j++) {
        s->upstream[j] = 1.0;
        tape_backward(tape, y, s->upstream);
        s->upstream[j] = 0.0;
        arena_rewind(arena, recorded);
    }
    arena_rewind(arena, mark);
}

/* The subject, and a thread's scratch. */
typedef struct Judge {
    const Subject *subject;
    Arena *scratch;
    CheckReport report;
} Judge;

static void work_calls(const SpeedSubject *turn, size_t thread) {
    const Judge *judge = turn->context;
    (void)thread;
    kernel_calls(judge->subject, judge->scratch);
}

static void work_check(const SpeedSubject *turn, size_t thread) {
    Judge *judge = turn->context;
    const Subject *s = judge->subject;
    (void)thread;
    judge->report =
        check_jacobian(judge->scratch, &s->function, &(CheckBound){32, s->scale, 0.0});
}

void bench_check(const Bench *bench) {
    const ArenaMark mark = arena_mark(bench->arena);
    Judge judge = {.subject = subject_new(bench->arena, "group(4)"),
                   .scratch = arena_new()};
    SpeedSubject turn[] = {{.work = work_calls, .context = &judge, .threads = 1},
                           {.work = work_check, .context = &judge, .threads = 1}};
    speed_turns(&bench->speed, turn, COUNT_OF(turn));
    const SpeedQuartiles ratio =
        speed_ratio(&bench->speed, turn[1].seconds, turn[0].seconds);
    const double calls = speed_median(&bench->speed, turn[0].seconds),
                 check = speed_median(&bench->speed, turn[1].seconds);
    const char *shape = shape_text(bench->arena, judge.subject->input[0].shape);
    const char *verdict = check_verdict_text(judge.report.verdict);
    if (bench->json)
        printf(",\n \"full_check\": {\"spec\": \"group(4)\", \"shape\": %s, "
               "\"entries\": %zu, \"verdict\": \"%s\",\n  \"check_ms\": %.4g, "
               "\"kernel_calls_ms\": %.4g, \"of_kernel_calls\": %.3f}",
               shape, judge.report.compared, verdict, 1e3 * check, 1e3 * calls,
               ratio.middle);
    else
        printf(
            "full check of group(4)'s Jacobian on %s, %zu entries: %s, %.1f ms = %s of "
            "its kernel calls\n",
            shape, judge.report.compared, verdict, 1e3 * check,
            bench_ratio_text(bench, ratio));
    arena_free(judge.scratch);
    arena_rewind(bench->arena, mark);
}
