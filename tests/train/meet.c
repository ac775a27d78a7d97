/* Workers that share moments, batch(sync=yes): together they are one worker with all samples. */
#include "arith_calls.h"
#include "norm.h"
#include "replay.h"
#include "train_run.h"

#include <omp.h>

/* ---- a normalizer on several tapes, whose workers have any number of elements ---------- */

enum { C = 3, MOST = 3 };

typedef struct Shard {
    size_t N, L;
    double *x, *dy, *v; /* [N, C, L], v a direction */
    double *y, *dx, *dgamma, *dbeta, *observed[2];
    Quad along; /* <dy, the derivative of y along all workers' v> */
} Shard;

typedef struct Workers {
    Arena *arena;
    const Norm *norm;
    size_t count;
    Shard shard[MOST];
    double gamma[C], beta[C];
    const void *given[MOST];
} Workers;

static const void *const *meet(void *context, size_t worker, const void *own,
                               size_t bytes) {
    Workers *w = context;
    (void)bytes;
    w->given[worker] = own;
#pragma omp barrier
    return w->given;
}

static void leave(void *context) {
    (void)context;
#pragma omp barrier
}

static Workers workers_new(Arena *arena, const char *spec, size_t count,
                           const size_t (*size)[2], double far) {
    BaseError error = {.set = false};
    Workers w = {
        .arena = arena, .norm = norm_new(arena, spec, C, &error), .count = count};
    if (w.norm == NULL) fail_msg("%s", error.message);
    for (size_t c = 0; c < C; c++) {
        w.gamma[c] = 0.5 + draw_uniform((Draw){.seed = 5}, c);
        w.beta[c] = draw_normal((Draw){.seed = 6}, c);
    }
    for (size_t k = 0; k < count; k++) {
        Shard *s = &w.shard[k];
        *s = (Shard){.N = size[k][0], .L = size[k][1]};
        const size_t n = s->N * C * s->L;
        double **room[] = {&s->x, &s->dy, &s->v, &s->y, &s->dx};
        for (size_t i = 0; i < COUNT_OF(room); i++) *room[i] = TAKE(arena, double, n);
        double **few[] = {&s->dgamma, &s->dbeta, &s->observed[0], &s->observed[1]};
        for (size_t i = 0; i < COUNT_OF(few); i++) *few[i] = TAKE(arena, double, C);
        for (size_t i = 0; i < n; i++) {
            const size_t c = i / s->L % C;
            const double mean = c == 0 ? 0.0 : c == 1 ? far : -far / 3 + (double)k;
            s->x[i] = mean + draw_normal((Draw){.seed = 1, .sample = k}, i);
            s->dy[i] = draw_normal((Draw){.seed = 2, .sample = k}, i);
            s->v[i] = draw_normal((Draw){.seed = 3, .sample = k}, i);
        }
    }
    return w;
}

/* Of all workers at once, through their threads, in 113 bits. */
static void differentiate(Shard *s, Tape *tape, TapeNode *x, TapeNode *y) {
    const Quad step = (Quad)1e-200 * (Quad)1e-200;
    Arena *arena = tape_arena(tape);
    const size_t n = shape_count(x->shape);
    QuadComplex *moved = TAKE(arena, QuadComplex, n), *out;
    for (size_t i = 0; i < n; i++) {
        moved[i] = s->x[i];
        moved[i] += step * (Quad)s->v[i] * (QuadComplex)I;
    }
    const QuadComplex *value = moved;
    program_run_quad_complex(program_new(tape, &y, 1), arena, &x, &value, 1, &out);
    s->along = 0;
    for (size_t i = 0; i < n; i++)
        s->along += (Quad)s->dy[i] * (QUAD_CALL(cimag)(out[i]) / step);
}

static void run_worker(Workers *w, size_t worker, bool definition) {
    Arena *own = arena_new();
    Shard *s = &w->shard[worker];
    const TapeMeeting meeting = {w->count, worker, meet, leave, w};
    Tape *tape = tape_new(own);
    tape_join(tape, &meeting);
    TapeNode *x = tape_parameter(tape, SHAPE_OF(s->N, C, s->L), s->x, s->dx);
    TapeNode *param[] = {tape_parameter(tape, SHAPE_OF(C), w->gamma, s->dgamma),
                         tape_parameter(tape, SHAPE_OF(C), w->beta, s->dbeta)};
    const NormContext context = {
        .tape = tape, .norm = w->norm, .param = param, .observed = s->observed};
    TapeNode *y = definition ? norm_define(&context, x) : norm_apply(&context, x);
    memcpy(s->y, y->value, shape_count(y->shape) * sizeof *s->y);
    tape_backward(tape, y, s->dy);
    differentiate(s, tape, x, y);
    arena_free(own);
}

static void run_all(Workers *w, bool definition) {
#pragma omp parallel num_threads((int)w->count)
    run_worker(w, (size_t)omp_get_thread_num(), definition);
}

/* ---- restated in plain loops of 113 bits ------------------------------------------------ */

typedef struct Channel {
    Quad count, mean, variance, root, dy, dy_xhat; /* sums of dy, dy xhat */
    double xhat, h, ratio;                         /* largest; |mean| / std */
} Channel;

/* Calls `each` for every element of channel c, of all workers. */
#define ALL(w, c, s, i)                                                                  \
    for (const Shard *s = (w)->shard; s < (w)->shard + (w)->count; s++)                  \
        for (size_t i = 0; i < s->N * C * s->L; i++)                                     \
            if (i / s->L % C == (c))

static Channel channel_of(const Workers *w, size_t c) {
    Channel m = {.count = 0};
    ALL(w, c, s, i) m.count += 1, m.mean += s->x[i];
    m.mean = w->norm->uncentred ? 0 : m.mean / m.count;
    ALL(w, c, s, i) m.variance += (s->x[i] - m.mean) * (s->x[i] - m.mean);
    m.variance /= w->norm->unbiased ? m.count - 1 : m.count;
    m.root = quad_sqrt(m.variance + w->norm->eps);
    ALL(w, c, s, i) {
        const Quad xhat = (s->x[i] - m.mean) / m.root;
        m.dy += s->dy[i];
        m.dy_xhat += s->dy[i] * xhat;
        m.xhat = fmax(m.xhat, fabs((double)xhat));
        m.h = fmax(m.h, fabs(w->gamma[c] * s->dy[i]));
    }
    m.ratio = fabs((double)(m.mean / m.root));
    return m;
}

/* By what each worker's gamma is multiplied, the sum of the workers' gradients is meant. */
static void judge_sums(const Workers *w, size_t c, const Channel *m, double grown) {
    double dgamma = 0, dbeta = 0, size = 0;
    for (size_t k = 0; k < w->count; k++)
        dgamma += w->shard[k].dgamma[c], dbeta += w->shard[k].dbeta[c];
    ALL(w, c, s, i) size += fabs(s->dy[i]);
    assert_near(dgamma, (double)m->dy_xhat, 32 * DBL_EPSILON * size * m->xhat * grown);
    assert_near(dbeta, (double)m->dy, 32 * DBL_EPSILON * size);
}

static void judge_observed(const Workers *w, size_t c, const Channel *m, double grown) {
    const Quad n = m->count, spread = w->norm->unbiased ? n - 1 : n;
    const double unbiased = (double)(m->variance * spread / (n - 1)),
                 mean = (double)m->mean;
    for (size_t k = 0; k < w->count; k++) {
        double *const *seen = w->shard[k].observed;
        assert_true(seen[0][c] == w->shard[0].observed[0][c]);
        if (w->norm->uncentred) {
            assert_near(seen[0][c], (double)m->variance,
                        8 * DBL_EPSILON * (double)m->variance);
            continue;
        }
        assert_near(seen[0][c], mean, 4 * DBL_EPSILON * (fabs(mean) + (double)m->root));
        assert_true(seen[1][c] == w->shard[0].observed[1][c]);
        assert_near(seen[1][c], unbiased, 16 * DBL_EPSILON * unbiased * grown);
    }
}

/* The bars of DESIGN: 4 eps of y, 32 eps of dx; definitions may lose |mean| / std. */
static double judge(const Workers *w, bool definition) {
    double worst = 0, allowed = 0;
    Quad along = 0, by_dx = 0;
    for (size_t c = 0; c < C; c++) {
        const Channel m = channel_of(w, c);
        const double grown = definition ? 1 + m.ratio : 1, g = w->gamma[c],
                     of_y = DBL_EPSILON * (g * m.xhat + fabs(w->beta[c])) * grown,
                     of_dx =
                         32 * DBL_EPSILON * m.h * (1 + m.xhat) * grown / (double)m.root;
        const Quad pull = w->norm->unbiased ? m.count / (m.count - 1) : 1,
                   centre = w->norm->uncentred ? 0 : m.dy / m.count;
        ALL(w, c, s, i) {
            const Quad xhat = (s->x[i] - m.mean) / m.root,
                       dx = g / m.root *
                            (s->dy[i] - centre - pull * xhat * m.dy_xhat / m.count);
            const double off = fabs((double)(s->y[i] - (g * xhat + w->beta[c])));
            worst = fmax(worst, off / of_y);
            assert_near(s->dx[i], (double)dx, of_dx);
            by_dx += (Quad)s->dx[i] * s->v[i];
            allowed += of_dx * fabs(s->v[i]);
        }
        judge_sums(w, c, &m, grown);
        judge_observed(w, c, &m, grown);
    }
    for (size_t k = 0; k < w->count; k++) along += w->shard[k].along;
    assert_near((double)by_dx, (double)along, allowed);
    return worst;
}

static const char *const SPECS[] = {"batch(sync=yes)", "batch(sync=yes, center=no)",
                                    "batch(sync=yes, variance=unbiased)"};

/* Unequal numbers of elements, one worker of a single one. */
static void moments_are_of_all_workers(void **state) {
    static const size_t SIZES[][MOST][2] = {
        {{3, 5}, {2, 9}, {4, 1}}, {{1, 1}, {5, 4}, {2, 2}}, {{4, 6}, {4, 6}, {4, 6}}};
    static const double FAR[] = {0.0, 1e3, 1e8};
    (void)state;
    double worst = 0, of_definition = 0;
    for (size_t k = 0; k < COUNT_OF(SPECS) * COUNT_OF(SIZES) * COUNT_OF(FAR); k++) {
        Arena *arena = arena_new();
        Workers w =
            workers_new(arena, SPECS[k % 3], MOST - k % 2, SIZES[k / 3 % 3], FAR[k / 9]);
        run_all(&w, false);
        worst = fmax(worst, judge(&w, false));
        run_all(&w, true);
        of_definition = fmax(of_definition, judge(&w, true));
        arena_free(arena);
    }
    print_message("y: %.2f eps of 4, by definitions %.2f of 8\n", worst, of_definition);
    assert_near(worst, 0.0, 4.0);
    assert_near(of_definition, 0.0, 8.0);
}

/* Of no squares in doubles: who has such numbers meets as often as the others, and all see it. */
static void all_meet_whatever_their_numbers(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(SPECS); i++) {
        Workers w =
            workers_new(arena, SPECS[i], 2, (const size_t[][2]){{2, 3}, {2, 3}}, 0.0);
        w.shard[1].x[0] = 1e200;
        run_all(&w, false);
        for (size_t k = 0; k < 2; k++) {
            assert_true(isnan(w.shard[k].y[0]));
            assert_true(isfinite(w.shard[k].y[w.shard[k].L]));
        }
    }
    arena_free(arena);
}

/* ---- steps ------------------------------------------------------------------------------ */

static double *gradient_of(Arena *arena, Trainer *t, double *loss) {
    double *gradient = TAKE(arena, double, trainer_net(t)->weights);
    *loss = trainer_gradient(t, NULL, gradient);
    return gradient;
}

/* Loss, gradient and running moments of a step; what pooled moments are of. */
static void steps_are(const char *many, const char *one, bool definitions) {
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    Trainer *a = trainer_of(arena, many, data, 2), *b = trainer_of(arena, one, data, 2);
    const Net *net = trainer_net(a);
    double loss, as_one;
    if (definitions) trainer_define(a);
    const double *got = gradient_of(arena, a, &loss),
                 *want = gradient_of(arena, b, &as_one);
    const double eps = 512 * DBL_EPSILON;
    assert_near(loss, as_one, eps * as_one);
    assert_near(apart(got, want, net->weights), 0.0, eps);
    trainer_step(a), trainer_step(b);
    assert_near(apart(trainer_averages(a), trainer_averages(b), net->states), 0.0, eps);
    trainer_moments(a, RUNNING_POOLED), trainer_moments(b, RUNNING_POOLED);
    assert_near(apart(trainer_state(a), trainer_state(b), net->states), 0.0, 64 * eps);
    trainer_free(a);
    trainer_free(b);
    arena_free(arena);
}

static void workers_are_one(void **state) {
    (void)state;
    steps_are("workers=2 batch=12 norm=batch(sync=yes)", "workers=1 batch=24 norm=batch",
              false);
    steps_are("workers=3 batch=4 norm=batch(sync=yes) flip=yes shift=2",
              "workers=1 batch=12 norm=batch flip=yes shift=2", true);
    steps_are("workers=3 batch=2 norm=blend(batch(sync=yes),group(2))",
              "workers=1 batch=6 norm=blend(batch,group(2))", false);
    steps_are("workers=2 batch=3 norm=batch(sync=yes,center=no)|layer",
              "workers=1 batch=6 norm=batch(center=no)|layer", false);
}

/* Whoever runs them, and however often they are stopped. */
static void threads_and_stops_do_not_show(void **state) {
    static const char *const RUNS[] = {
        "workers=3 batch=8 norm=batch(sync=yes) running=pooled",
        "workers=3 batch=8 norm=batch(sync=yes)|group(2) sizes=mix(14x14,20x20) local=2"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(RUNS); i++) {
        Arena *arena = arena_new();
        const Dataset *data = small_data(arena, 10, 10);
        Trainer *whole = finished(arena, RUNS[i], data, 1),
                *half = trainer_of(arena, RUNS[i], data, 5),
                *rest = trainer_of(arena, RUNS[i], data, 2);
        for (size_t k = 0; k < 3; k++) trainer_step(half);
        fill_from(rest, half);
        while (trainer_step(rest) != TRAIN_DONE) continue;
        same_parts(rest, whole);
        Trainer *all[] = {whole, half, rest};
        for (size_t k = 0; k < COUNT_OF(all); k++) trainer_free(all[k]);
        arena_free(arena);
    }
}

/* Three equal numbers, added up and divided by 3, may be another. */
static void state_moves_by_what_all_tell(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trainer *t = trainer_of(arena, "workers=5 batch=4 norm=batch(sync=yes,weight_new=1)",
                            small_data(arena, 10, 10), 2);
    const size_t S = trainer_net(t)->states;
    const TrainSeen seen = trainer_places(t, arena);
    for (size_t k = 1; k < 5; k++)
        assert_memory_equal(seen.observed + k * S, seen.observed, S * sizeof(double));
    double *was = TAKE(arena, double, S);
    memcpy(was, trainer_averages(t), S * sizeof *was);
    trainer_step(t);
    for (size_t i = 0; i < S; i++)
        assert_true(trainer_averages(t)[i] == was[i] + (seen.observed[i] - was[i]));
    trainer_free(t);
    arena_free(arena);
}

static void one_worker_is_batch(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    Trainer *a = finished(arena, "workers=1 batch=24 norm=batch(sync=yes)", data, 2),
            *b = finished(arena, "workers=1 batch=24 norm=batch", data, 2);
    same_parts(a, b);
    trainer_free(a);
    trainer_free(b);
    arena_free(arena);
}

static void no_worker_is_bounded_by_itself(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Config config =
        config_of(arena, "workers=2 batch=8 norm=layer|batch(sync=yes) worker_clip=0.5");
    assert_false(trainer_fits(&config, small_data(arena, 10, 10), &error));
    assert_int_equal(error.code, EX_USAGE);
    assert_non_null(strstr(error.message, "worker_clip=0.5"));
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, moments_are_of_all_workers),
    CASE(fault, all_meet_whatever_their_numbers),
    CASE(theorem, workers_are_one),
    CASE(theorem, threads_and_stops_do_not_show),
    CASE(theorem, state_moves_by_what_all_tell),
    CASE(theorem, one_worker_is_batch),
    CASE(fault, no_worker_is_bounded_by_itself),
};

HARNESS_MAIN("meet", CASES)
