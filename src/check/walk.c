/* The two ways to look at a gradient. */
#include "walk.h"
#include "house.h"
#include "sum.h"

typedef struct Line {
    Probe probe;
    double noise, size;
} Line;

static Line line_of(const Walk *walk, const double *u, double *const *v,
                    double *const *along) {
    const Derive *d = &walk->derive;
    Line line = {.probe = {d->arena, d->function, u, along, v, &walk->kinks}};
    line.noise = walk->noise ? walk->noise(&line.probe) : 0.0;
    line.size = probe_sample(&line.probe, 0.0).size;
    return line;
}

/* False, and nothing entered, where it cannot tell and `last` is not set. */
static bool judge_or_leave(Walk *walk, const Line *line, Case c, bool last) {
    ArenaMark mark = arena_mark(walk->derive.arena);
    c.output = SIZE_MAX;
    walk->ask(walk, &line->probe, line->noise, &c);
    const bool enters = last || judge_verdict(&c) != CHECK_INCONCLUSIVE;
    if (enters) judge_enter(&walk->judge, &c);
    arena_rewind(walk->derive.arena, mark);
    return enters;
}

static void judge(Walk *walk, const Line *line, Case c) {
    judge_or_leave(walk, line, c, true);
}

/* The last v, along which the highest order is taken; NULL at first order. */
static double **last_against(const Derive *d) {
    return d->order > 1 ? d->v[d->order - 2] : NULL;
}

static double limit_of(const Walk *walk, size_t i, double size) {
    return judge_limit(derive_norm(&walk->derive, i), judge_norm(&walk->derive), size);
}

/* Element by element. */
static void judge_input(Walk *walk, size_t i, Line line) {
    const Derive *d = &walk->derive;
    double scale = derive_scale(d, i), limit = limit_of(walk, i, line.size);
    line.probe.along = walk->along;
    for (size_t k = 0; k < derive_count(d, i); k++) {
        walk->along[i][k] = scale;
        judge(walk, &line,
              (Case){.input = i,
                     .element = k,
                     .got = d->got[i][k] * scale,
                     .limit = limit,
                     .unit = scale});
        walk->along[i][k] = 0.0;
    }
}

/* The derivative by u[j]: f is linear in u, so it is the derivative, one order lower and
 * with the unit upstream, along the last v. At second order: (J v)[j]. */
static void judge_upstream(Walk *walk, Line line) {
    const Derive *d = &walk->derive;
    size_t inputs = d->function->inputs, count = derive_count(d, inputs);
    double limit = limit_of(walk, inputs, line.size);
    double *unit = ZERO(d->arena, double, count);
    line.probe.upstream = unit;
    for (size_t j = 0; j < count; j++) {
        unit[j] = 1.0;
        judge(walk, &line,
              (Case){.input = inputs,
                     .element = j,
                     .got = d->got[inputs][j],
                     .limit = limit,
                     .unit = 1.0});
        unit[j] = 0.0;
    }
}

static bool judge_direction(Walk *walk, uint64_t role, Line line, bool last) {
    const Derive *d = &walk->derive;
    double got = 0.0, norm = judge_norm(d), **along = derive_draw(d, role);
    for (size_t i = 0; i < d->function->inputs; i++)
        got += sum_product(d->got[i], along[i], derive_count(d, i));
    line.probe.along = along;
    line.size = probe_sample(&line.probe, 0.0).size;
    return judge_or_leave(walk, &line,
                          (Case){.element = SIZE_MAX,
                                 .got = got,
                                 .limit = judge_limit(norm, norm, line.size),
                                 .unit = 1.0},
                          last);
}

/* Along a direction that a kink is near to another one is drawn, a few times. */
static void judge_directions(Walk *walk, uint64_t role, Line line) {
    enum { DRAWS = 16, APART = 1000 };
    for (uint64_t k = 0; k < DRAWS; k++)
        if (judge_direction(walk, role + k * APART, line, k + 1 == DRAWS)) return;
}

/* In one input alone, so that no other's share hides its own. */
static void judge_direction_in(Walk *walk, size_t i, Line line) {
    const Derive *d = &walk->derive;
    double **drawn = derive_draw(d, ROLE_DIRECTION), *still = walk->along[i];
    walk->along[i] = drawn[i];
    line.probe.along = walk->along;
    judge(walk, &line,
          (Case){.input = i,
                 .element = SIZE_MAX,
                 .got = sum_product(d->got[i], drawn[i], derive_count(d, i)),
                 .limit = limit_of(walk, i, line.size),
                 .unit = 1.0});
    walk->along[i] = still;
}

static void judge_upstream_direction(Walk *walk, uint64_t role, Line line) {
    const Derive *d = &walk->derive;
    size_t inputs = d->function->inputs, count = derive_count(d, inputs);
    double *w = derive_vector(d->arena, d->seed, role, inputs, count, 1.0);
    line.probe.upstream = w;
    line.size = probe_sample(&line.probe, 0.0).size;
    judge(walk, &line,
          (Case){.input = inputs,
                 .element = SIZE_MAX,
                 .got = sum_product(d->got[inputs], w, count),
                 .limit = limit_of(walk, inputs, line.size),
                 .unit = 1.0});
}

CheckReport walk_all(Walk *walk, size_t full) {
    const Derive *d = &walk->derive;
    size_t inputs = d->function->inputs, elements = 0;
    REQUIRE(full > 0, "nothing to compare");
    walk->judge = judge_new(d->arena, d->function, d->seed);
    walk->kinks = probe_kinks(d->arena, d->function);
    walk->along = TAKE(d->arena, double *, inputs);
    for (size_t i = 0; i < inputs; i++) {
        walk->along[i] = ZERO(d->arena, double, derive_count(d, i));
        elements += derive_count(d, i);
    }
    double **against = last_against(d),
           **below = d->order > 2 ? d->v[d->order - 3] : NULL;
    Line by_x = line_of(walk, d->u, against, derive_draw(d, ROLE_NOISE)), by_u = {0};
    if (against) by_u = line_of(walk, d->u, below, against);
    if (elements <= full) {
        for (size_t i = 0; i < inputs; i++) judge_input(walk, i, by_x);
        if (against) judge_upstream(walk, by_u);
        return walk->judge.report;
    }
    for (size_t r = 0; r < full; r++) {
        ArenaMark mark = arena_mark(d->arena);
        judge_directions(walk, ROLE_DIRECTION + r, by_x);
        if (against) judge_upstream_direction(walk, ROLE_DIRECTION + r, by_u);
        arena_rewind(d->arena, mark);
    }
    for (size_t i = 0; walk->each && i < inputs; i++) judge_direction_in(walk, i, by_x);
    return walk->judge.report;
}
