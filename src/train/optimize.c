/* Optimizers: stochastic gradient descent with momentum, and Adam with decoupled weight decay
 * (Kingma and Ba 2015; Loshchilov and Hutter 2019). notes/40-workers.md */
#include "optimize.h"
#include "real.h"

#include "arguments.h"
#include "spec.h"
#include "sum.h"
#include "value.h"

#include <math.h>
#include <string.h>

/* What a step takes: of a parameter's weights, or of all. */
typedef struct Step {
    const Optimizer *optimizer;
    double rate, momentum, decay;
    double bias1, bias2; /* 1 - beta^t */
} Step;

/* v = momentum v + (g + decay w);  w -= rate v */
static void step_sgd(double *restrict w, double *const *moment, const double *g,
                     size_t count, const Step *s) {
    double *restrict v = moment[0];
    for (size_t k = 0; k < count; k++) {
        v[k] = s->momentum * v[k] + (g[k] + s->decay * w[k]);
        w[k] -= s->rate * v[k];
    }
}

/* m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;
 * w -= rate (m / bias1 / (sqrt(v / bias2) + eps) + decay w) */
static void step_adamw(double *restrict w, double *const *moment, const double *g,
                       size_t count, const Step *s) {
    double *restrict m = moment[0], *restrict v = moment[1];
    const double beta1 = s->optimizer->beta1, beta2 = s->optimizer->beta2;
    for (size_t k = 0; k < count; k++) {
        m[k] = beta1 * m[k] + (1.0 - beta1) * g[k];
        v[k] = beta2 * v[k] + (1.0 - beta2) * (g[k] * g[k]);
        const double size = sqrt(v[k] / s->bias2) + s->optimizer->eps;
        w[k] -= s->rate * (m[k] / s->bias1 / size + s->decay * w[k]);
    }
}

typedef struct Method {
    const char *name;
    size_t moments;
    OptimizerMoment moment[OPTIMIZER_MOST_MOMENTS];
    void (*step)(double *restrict w, double *const *moment, const double *g, size_t count,
                 const Step *s);
} Method;

static const Method METHODS[] = {
    [OPTIMIZER_SGD] = {"sgd", 1, {{"velocity", "momentum of the weights"}}, step_sgd},
    [OPTIMIZER_ADAMW] = {"adamw",
                         2,
                         {{"gradient_mean", "running mean of the gradient"},
                          {"gradient_square", "running mean of its square"}},
                         step_adamw}};

size_t optimizer_moments(const Optimizer *optimizer, const OptimizerMoment **moment) {
    *moment = METHODS[optimizer->kind].moment;
    return METHODS[optimizer->kind].moments;
}

/* ---- text ------------------------------------------------------------------------ */

/* A beta of 1 would forget nothing and divide by 0. */
static bool read_beta(SpecArguments *arguments, const char *name, double *beta,
                      BaseError *error) {
    const SpecArg *argument = spec_named(arguments, name);
    if (argument == NULL) return true;
    if (!spec_number(argument, name, 0, 1, beta, error)) return false;
    return *beta < 1.0 ||
           base_fail(error, EX_USAGE, argument->at, "%s should be below 1", name);
}

static bool read_adamw(Optimizer *optimizer, Arena *arena, const Spec *spec,
                       BaseError *error) {
    static const char *const options[] = {"beta1", "beta2", "eps", NULL};
    SpecArguments arguments = arguments_of(arena, spec);
    optimizer->beta1 = 0.9, optimizer->beta2 = 0.999, optimizer->eps = 1e-8;
    if (!read_beta(&arguments, "beta1", &optimizer->beta1, error) ||
        !read_beta(&arguments, "beta2", &optimizer->beta2, error))
        return false;
    const SpecArg *eps = spec_named(&arguments, "eps");
    if (eps && !spec_number(eps, "eps", 1e-30, 1, &optimizer->eps, error)) return false;
    return arguments_done(&arguments, options, error);
}

bool optimizer_read(Optimizer *optimizer, Arena *arena, const char *text,
                    BaseError *error) {
    static const Choice methods = CHOICE(METHODS);
    const Spec *spec = spec_parse(arena, text, error);
    if (spec == NULL) return false;
    const size_t found = choice_find(&methods, spec->word);
    if (found == methods.count)
        return base_fail(
            error, EX_USAGE, spec->at,
            "no optimizer '%s'%s; there are sgd, adamw(beta1=, beta2=, eps=)", spec->word,
            choice_hint(arena, &methods, spec->word));
    *optimizer = (Optimizer){.kind = (OptimizerKind)found};
    if (found == OPTIMIZER_ADAMW) return read_adamw(optimizer, arena, spec, error);
    return spec->count == 0 ||
           base_fail(error, EX_USAGE, spec->args[0].at,
                     "sgd takes no arguments: its momentum is a key, momentum=");
}

const char *optimizer_print(const Optimizer *optimizer, Arena *arena) {
    const char *name = METHODS[optimizer->kind].name;
    if (optimizer->kind == OPTIMIZER_SGD) return name;
    return text_print(arena, "%s(beta1=%s, beta2=%s, eps=%s)", name,
                      text_number(arena, optimizer->beta1),
                      text_number(arena, optimizer->beta2),
                      text_number(arena, optimizer->eps));
}

/* ---- one step -------------------------------------------------------------------- */

void clip_gradient(double *gradient, size_t count, double most) {
    if (most == 0.0) return;
    TreeSum squares, none;
    tree_clear(&squares);
    tree_clear(&none);
    TREE_SUM2(&squares, &none, count, i, gradient[i] * gradient[i], 0.0);
    const double norm = sqrt(tree_total(&squares));
    if (!(norm > most) || !isfinite(norm)) return;
    const double scale = most / norm;
    for (size_t i = 0; i < count; i++) gradient[i] *= scale;
}

static double decay_of(const NetParam *p, const Config *config) {
    return p->decayed && (!p->normalizer || config->decay_norms) ? config->decay : 0.0;
}

void descend(double *weights, double *const *moment, const double *gradient,
             const Learns *learns, const Config *config, double rate, size_t step) {
    const Optimizer *optimizer = &config->optimizer;
    const Method *method = &METHODS[optimizer->kind];
    Step s = {.optimizer = optimizer,
              .rate = rate,
              .momentum = config->momentum,
              .bias1 = 1.0 - real_power(optimizer->beta1, (double)step + 1.0),
              .bias2 = 1.0 - real_power(optimizer->beta2, (double)step + 1.0)};
    for (size_t i = 0; i < learns->count; i++) {
        const size_t from = learns->stretch[i].from, count = learns->stretch[i].count;
        const NetParam *p = learns->stretch[i].of;
        double *w = weights + from, *own[OPTIMIZER_MOST_MOMENTS];
        for (size_t k = 0; k < method->moments; k++) own[k] = moment[k] + from;
        s.decay = decay_of(p, config);
        method->step(w, own, gradient + from, count, &s);
        for (size_t k = 0; k < count; k++) /* NaN stays NaN: that is a result */
            w[k] = w[k] < p->least ? p->least : w[k] > p->most ? p->most : w[k];
    }
}
