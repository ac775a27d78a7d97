/* Finite differences as oracle of derivatives.
 *
 * What is differenced is a scalar f(t) along a line (along.h) whose unit is the inputs'
 * scale, the standard deviation of their cells: a step proportional to |x| leaves the
 * function's own scale far behind when a mean is large. The error allowed is
 *
 *     FEW * (GSL's estimate) + 2 NOISY * noise / h
 *
 * The second term is needed because GSL believes that f is right to eps |f|. The
 * five-point rule multiplies independent errors of f by less than 2/h, and `noise` is the
 * larger of two standard deviations:
 *   stated     eps * sum of |terms| of the scalar product that f is: each y[j] rounded
 *              once, however they cancel
 *   measured   from fourth differences of f over so short a distance that nothing else is
 *              left in them (Hamming; More and Wild 2011): the rounding of x + t d and all
 *              that the program adds to it
 *
 * Where no step passes by GSL's estimate, the losses of the rule at each step are computed
 * instead, and those of Romberg's next rule, which bears larger steps: truncation is what the
 * same rule gives of values in 113 bits, less their slope there, and rounding is bound.h's. What
 * loses least decides; if even that loses more than a fault may hide in, the verdict is proved to
 * be inconclusive.
 */
#include "differences.h"
#include "arith_calls.h"
#include "step.h"
#include "text.h"
#include "walk.h"

#include <float.h>
#include <gsl/gsl_deriv.h>
#include <math.h>
#include <string.h>

static const double FEW = 3.0, NOISY = 4.0;
static const double NOISE_STEP = 1e-7; /* 4th differences: 1e-28 of f'''' */

enum { POINTS = 4, NOISE_POINTS = 33 };

/* ---- one derivative -------------------------------------------------------------- */

typedef struct Curve {
    const Probe *probe;
    Sample sample[2 * POINTS]; /* in GSL's order: its first step, its optimal one */
    double t[2 * POINTS];
    size_t count;
} Curve;

static double curve_at(double t, void *context) {
    Curve *curve = context;
    Sample sample = probe_sample(curve->probe, t);
    if (curve->count < 2 * POINTS) {
        curve->sample[curve->count] = sample;
        curve->t[curve->count++] = t;
    }
    return sample.value;
}

/* Romberg's second column, which is GSL's rule, and his third: the sum of weight[k] (f(h/2^k) -
 * f(-h/2^k)) / (over h), and how much of what each f has lost that carries, over h. */
enum { MOST_PAIRS = 3 };

typedef struct Rule {
    size_t pairs;
    double weight[MOST_PAIRS], over, carried;
} Rule;

static const Rule RULES[] = {{2, {-1, 8}, 6, 3}, {3, {1, -40, 256}, 90, 6.6}};

/* On f(-h), f(h), f(-h/2), f(h/2)..., as GSL asks for them, too. */
static double ruled(const Rule *rule, const Sample *f, double h) {
    double sum = 0.0;
    for (size_t k = 0; k < rule->pairs; k++)
        sum += rule->weight[k] * (f[2 * k + 1].value - f[2 * k].value);
    return sum / (rule->over * h);
}

/* Which of its two steps GSL answered with. */
static size_t points_used(const Curve *curve, double value) {
    if (curve->count <= POINTS) return 0;
    double first = ruled(&RULES[0], curve->sample, curve->t[1]);
    double second = ruled(&RULES[0], curve->sample + POINTS, curve->t[POINTS + 1]);
    return fabs(second - value) < fabs(first - value) ? POINTS : 0;
}

Difference differences_estimate(const Probe *probe, double step, double noise) {
    Curve curve = {.probe = probe};
    Difference e = {.finite = true};
    gsl_deriv_central(&(gsl_function){curve_at, &curve}, 0.0, step, &e.value,
                      &e.estimate);
    size_t used = points_used(&curve, e.value);
    double h = fabs(curve.t[used + 1]);
    e.allowed = FEW * e.estimate + 2.0 * NOISY * noise / h;
    for (size_t i = used; i < used + POINTS; i++) {
        const Sample *s = &curve.sample[i];
        e.finite = e.finite && isfinite(s->value);
        e.changed = e.changed || s->changed;
        if (s->crossed) e.crossed = s->crossed;
    }
    return e;
}

/* Standard deviation of f's errors: fourth differences of independent errors have 70
 * times their variance. */
double differences_noise(const Probe *probe) {
    double f[NOISE_POINTS], stated = 0.0, squares = 0.0;
    bool smooth = true;
    for (int i = 0; i < NOISE_POINTS; i++) {
        Sample s = probe_sample(probe, NOISE_STEP * (i - NOISE_POINTS / 2));
        stated = fmax(stated, DBL_EPSILON * s.size);
        smooth = smooth && isfinite(s.value) && !s.crossed && !s.changed;
        f[i] = s.value;
    }
    for (int i = 2; i < NOISE_POINTS - 2; i++) {
        double d = f[i - 2] - 4.0 * f[i - 1] + 6.0 * f[i] - 4.0 * f[i + 1] + f[i + 2];
        squares += d * d;
    }
    return smooth ? fmax(stated, sqrt(squares / (NOISE_POINTS - 4) / 70.0)) : stated;
}

/* ---- the oracle ------------------------------------------------------------------ */

/* In units of the direction; the next where the last could not tell. */
static const double STEPS[] = {1e-3, 1e-4, 1e-5, 1e-6};

static bool is_sound(const Difference *e) {
    return e->finite && !e->crossed && !e->changed;
}

/* One without trouble before one with it, then the sharper one. */
static bool is_better(const Difference *a, const Difference *b) {
    return is_sound(a) != is_sound(b) ? is_sound(a) : a->allowed < b->allowed;
}

static const char *trouble(Arena *arena, const Difference *e) {
    if (e->changed) return "the function writes another program at the probed points";
    if (e->crossed && strcmp(e->crossed->op, "detach") == 0)
        return "the probe moves a detached value";
    if (e->crossed)
        return text_print(
            arena, "the probe crosses a kink: element %zu of %s is %.2g from it",
            e->crossed->element, e->crossed->op, fabs(e->crossed->distance));
    return e->finite ? NULL : "values are not finite";
}

static void ask_gsl(const Probe *probe, double noise, Case *c, Difference *best) {
    for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
        Difference e = differences_estimate(probe, STEPS[i], noise);
        if (i == 0 || is_better(&e, best)) *best = e;
        c->expected = best->value;
        c->allowed = best->allowed;
        c->estimate = best->estimate;
        c->trouble = is_sound(best) ? NULL : "";
        if (judge_verdict(c) == CHECK_PASS) break;
    }
}

/* ---- what the rule loses, computed ------------------------------------------------- */

/* From where truncation rules to where a kink must be very near to be crossed. */
static const double PROVED[] = {3e-1, 1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4,
                                1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 1e-7, 1e-8};

/* A kernel may lose a little more than the definition would. */
static const double KERNELS = 4.0;

/* f(t) in 113 bits, its slope, and what rounding does to f in doubles, x + t d included (the worst
 * case, or as it was measured where that is less), and to the derivative that is judged. */
typedef struct Exact {
    const Probe *probe;
    const Stepper *stepper;
    Quad slope;
    double rounding, judged;
} Exact;

/* Of a function whose operations can be bounded: false of others. */
static bool exact_of(Exact *e, const Walk *walk, const Probe *probe, double noise,
                     const Case *c) {
    const Derive *d = &walk->derive;
    const bool upstream = c->input == d->function->inputs;
    const size_t order = d->order - upstream;
    *e = (Exact){.probe = probe, .stepper = stepper_new(d, order)};
    if (!stepper_is_bounded(e->stepper)) return false;
    if (!upstream) e->judged = derive_sharp_scale(d, probe->along, NULL) * DBL_EPSILON;
    e->slope = stepper_exact_slope(e->stepper, d->arena, probe->upstream, probe->along);
    e->rounding = derive_value_scale(d, probe->upstream, order) * DBL_EPSILON;
    for (size_t i = 0; i < d->function->inputs; i++)
        for (size_t k = 0; k < derive_count(d, i); k++)
            if (probe->along[i][k] != 0.0)
                e->rounding +=
                    fabs(d->got[i][k] * d->function->input[i].value[k]) * DBL_EPSILON;
    e->rounding = fmin(KERNELS * e->rounding, NOISY * noise);
    return true;
}

static double truncation(const Exact *e, const Rule *rule, double h) {
    Quad sum = 0;
    for (size_t k = 0; k < rule->pairs; k++) {
        const double t = ldexp(h, -(int)k);
        const Quad above = stepper_exact_value(e->stepper, e->probe->arena,
                                               e->probe->upstream, e->probe->along, t),
                   below = stepper_exact_value(e->stepper, e->probe->arena,
                                               e->probe->upstream, e->probe->along, -t);
        sum += rule->weight[k] * (above - below);
    }
    return (double)quad_abs(sum / ((Quad)rule->over * h) - e->slope);
}

/* A rule at one step, with what it loses there. */
static Difference proved_at(const Exact *e, const Rule *rule, double h) {
    Sample f[2 * MOST_PAIRS];
    Difference d = {.finite = true, .estimate = truncation(e, rule, h)};
    for (size_t i = 0; i < 2 * rule->pairs; i++) {
        f[i] = probe_sample(e->probe, ldexp(i % 2 ? h : -h, -(int)(i / 2)));
        d.finite = d.finite && isfinite(f[i].value);
        d.changed = d.changed || f[i].changed;
        if (f[i].crossed) d.crossed = f[i].crossed;
    }
    d.value = ruled(rule, f, h);
    d.allowed = d.estimate + rule->carried * e->rounding / h + KERNELS * e->judged;
    return d;
}

static void prove(Difference *best, const Exact *exact) {
    for (size_t i = 0; i < COUNT_OF(PROVED); i++)
        for (size_t r = 0; r < COUNT_OF(RULES); r++) {
            const Difference e = proved_at(exact, &RULES[r], PROVED[i]);
            if (i + r == 0 || is_better(&e, best)) *best = e;
        }
}

static void ask_differences(const Walk *walk, const Probe *probe, double noise, Case *c) {
    Difference best = {0};
    ask_gsl(probe, noise, c, &best);
    Exact exact;
    if (judge_verdict(c) != CHECK_PASS && exact_of(&exact, walk, probe, noise, c)) {
        prove(&best, &exact);
        c->expected = best.value;
        c->allowed = best.allowed;
        c->estimate = best.estimate;
    }
    c->trouble = trouble(walk->derive.arena, &best);
}

CheckReport check_differences(Arena *arena, const CheckFunction *function,
                              CheckDriver driver, uint64_t seed, size_t full) {
    ArenaMark mark = arena_mark(arena);
    REQUIRE(driver != CHECK_THIRD, "differences know no third order");
    Walk walk = {.derive = derive_begin(arena, function, driver, seed),
                 .ask = ask_differences,
                 .noise = differences_noise};
    CheckReport report = walk_all(&walk, full);
    arena_rewind(arena, mark);
    return report;
}
