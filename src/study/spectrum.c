/* The curvature of a finished run's loss: what `normlab spectrum` says. notes/42-curvature.md */
#include "spectrum.h"
#include "evaluation.h"
#include "optimize.h"
#include "sweep.h"

#include <math.h>
#include <string.h>

/* ---- words ------------------------------------------------------------------------- */

static const char *const MODES[] = {[NORM_TRAIN] = "train", [NORM_EVAL] = "eval"};
static const char *const WAYS[] = {
    [HESSIAN_PROGRAM] = "program", [HESSIAN_DIFFERENCES] = "differences"};

static size_t word_of(Arena *arena, const Choice *choice, const char *key,
                      const char *word, size_t otherwise) {
    BaseError error = {.set = false};
    size_t place = otherwise;
    if (word) choice_read(arena, choice, key, word, &place, &error);
    die_if(&error);
    return place;
}

static size_t count_of(const char *key, const char *word, size_t otherwise, size_t most) {
    size_t value = otherwise;
    if (word && (!text_to_count(word, &value) || value == 0 || value > most))
        die(EX_USAGE, "%s=%s: a whole number from 1 to %zu is expected", key, word, most);
    return value;
}

/* ---- making ------------------------------------------------------------------------ */

static void find_rates(Spectrum *s, const Trainer *t) {
    const Config *c = &s->of->config;
    const size_t steps = trainer_steps(t), all = c->epochs * steps;
    s->rate = s->highest_rate = 0.0;
    for (size_t step = 0; step < all; step++) {
        s->rate = learning_rate(c, step, steps);
        s->highest_rate = fmax(s->highest_rate, s->rate);
    }
}

/* Doubles of what Lanczos keeps are said before they are taken. */
static void want_memory(const Spectrum *s, size_t steps) {
    const double bytes = 8.0 * (double)lanczos_doubles(s->weights, steps);
    if (bytes <= HESSIAN_BYTES) return;
    die(EX_USAGE,
        "steps=%zu: their %zu vectors of %zu weights would take %.2g GiB; "
        "steps=%zu would do",
        steps, steps, s->weights, bytes / (1024.0 * 1024 * 1024),
        (size_t)(HESSIAN_BYTES / 8.0 / (double)s->weights) - 2);
}

static void ask(Spectrum *s, Hessian *h, size_t steps, size_t probes) {
    const Draw draw = {s->seed, DRAW_CURVATURE, UINT64_MAX, 0};
    s->asymmetry = hessian_asymmetry(h, s->arena, s->seed);
    s->lanczos = lanczos_run(s->arena, &h->operator, steps, draw, true);
    if (!s->lanczos.finite || !isfinite(h->loss))
        die(EX_DATAERR, "%s: its loss or curvature is not finite", s->file);
    s->sharpness = s->lanczos.value[s->lanczos.steps - 1];
    s->trace = trace_estimate(s->arena, &h->operator, probes, s->seed);
    s->density =
        density_estimate(s->arena, &h->operator, &(DensityWish){.probes = probes,
                                                                .steps = steps,
                                                                .points = SPECTRUM_POINTS,
                                                                .seed = s->seed});
    s->hessian = *h;
}

static void look(Spectrum *s, Trainer *t, const HessianWish *wish, size_t steps,
                 size_t probes) {
    BaseError error = {.set = false};
    s->weights = trainer_net(t)->weights;
    want_memory(s, steps);
    if (wish->mode == NORM_EVAL) trainer_moments(t, s->of->config.running);
    Hessian *h = hessian_new(s->arena, t, wish, &error);
    die_if(&error);
    ask(s, h, steps, probes);
    s->by = WAYS[h->by];
    find_rates(s, t);
    hessian_free(h);
}

const Spectrum *spectrum_make(Arena *arena, const char *word,
                              const SpectrumWords *words) {
    static const Choice modes = CHOICE(MODES), ways = CHOICE(WAYS);
    enum { MOST = 1000000, MOST_STEPS = 2000 };
    BaseError error = {.set = false};
    const Record *record;
    Spectrum *s = ZERO(arena, Spectrum, 1);
    HessianWish wish = {.threads = processors()};
    wish.samples = count_of("samples", words->samples, 0, MOST);
    wish.mode = (NormMode)word_of(arena, &modes, "mode=", words->mode, NORM_TRAIN);
    wish.by = (HessianBy)word_of(arena, &ways, "by=", words->by, HESSIAN_FITTING);
    const size_t steps = count_of("steps", words->steps, SPECTRUM_STEPS, MOST_STEPS),
                 probes = count_of("probes", words->probes, SPECTRUM_PROBES, MOST);
    s->top = count_of("top", words->top, SPECTRUM_TOP, MOST_STEPS);
    if (words->top && s->top > steps)
        die(EX_USAGE, "top=%zu: %zu steps have as many eigenvalues", s->top, steps);
    s->arena = arena;
    s->mode = MODES[wish.mode];
    const Run *run = s->of = run_open(arena, word, &record, &error);
    die_if(&error);
    s->file = run->path, s->run = run->id, s->seed = run->config.seed;
    s->sha256 = evaluation_digest(arena, run->path);
    s->says = text_print(arena, "%s with %s on %s", run->config.network, run->config.norm,
                         run->dataset->name);
    Trainer *t = run_trained(arena, run, record, run->dataset, wish.threads, &error);
    die_if(&error);
    const size_t there = trainer_samples(t);
    if (wish.samples == 0)
        wish.samples = there < SPECTRUM_SAMPLES ? there : SPECTRUM_SAMPLES;
    look(s, t, &wish, steps, probes);
    if (s->top > s->lanczos.steps) s->top = s->lanczos.steps;
    trainer_free(t);
    return s;
}

size_t spectrum_largest(const Spectrum *s, size_t i) {
    return s->lanczos.steps - 1 - i;
}

size_t spectrum_smallest(const Spectrum *s, size_t i) {
    (void)s;
    return i;
}

double spectrum_limit(const Spectrum *s) {
    const Config *c = &s->of->config;
    return c->optimizer.kind == OPTIMIZER_SGD ? 2 * (1 + c->momentum) : (double)NAN;
}

/* ---- a file of its own --------------------------------------------------------------- */

static void put_ends(Table *t, const Spectrum *s) {
    double *all = TAKE(s->arena, double, 4 * s->top), *residual = all + s->top,
           *small = residual + s->top, *of_small = small + s->top;
    for (size_t i = 0; i < s->top; i++) {
        const size_t a = spectrum_largest(s, i), b = spectrum_smallest(s, i);
        all[i] = s->lanczos.value[a], residual[i] = s->lanczos.residual[a];
        small[i] = s->lanczos.value[b], of_small[i] = s->lanczos.residual[b];
    }
    table_index(t, "rank", "from the outermost inwards", s->top);
    table_numbers(t, "largest", "largest eigenvalues of the Hessian", "rank", all)
        ->units = "1";
    table_numbers(t, "largest_residual", "an eigenvalue is as near as this", "rank",
                  residual)
        ->units = "1";
    table_numbers(t, "smallest", "smallest eigenvalues of the Hessian", "rank", small)
        ->units = "1";
    table_numbers(t, "smallest_residual", "an eigenvalue is as near as this", "rank",
                  of_small)
        ->units = "1";
}

static void put_density(Table *t, const Density *d) {
    table_scale(t, "eigenvalue", "where the density is told", d->at, d->points);
    table_numbers(t, "density",
                  "of eigenvalues, by stochastic Lanczos quadrature, blurred by sigma",
                  "eigenvalue", d->value)
        ->units = "1";
    table_index(t, "probe", "random vectors", d->probes);
    table_index(t, "node", "of a probe's quadrature, rising", d->steps);
    table_numbers(t, "quadrature", "nodes: Ritz values of a probe", "probe node", d->node)
        ->units = "1";
    table_numbers(t, "weight", "of a node", "probe node", d->weight)->units = "1";
}

static void put_numbers(Table *t, const Spectrum *s) {
    const Hessian *h = &s->hessian;
    const struct {
        const char *name, *says;
        double value;
    } NUMBERS[] = {
        {"samples", "that train, the first of them", (double)h->samples},
        {"batch", "samples of a batch", (double)h->batch},
        {"weights", "rows of the Hessian", (double)s->weights},
        {"loss", "mean over the samples", h->loss},
        {"gradient", "norm of its gradient", h->gradient},
        {"asymmetry", "|u'Hv - v'Hu| over |u| |Hv|, u and v random", s->asymmetry},
        {"sharpness", "the largest eigenvalue", s->sharpness},
        {"rate", "learning rate of the run's last step", s->rate},
        {"highest_rate", "highest learning rate of the run", s->highest_rate},
        {"sharpness_rate", "sharpness x the last step's rate", s->sharpness * s->rate},
        {"trace", "of the Hessian, by Hutchinson", s->trace.mean},
        {"trace_low", "end of its interval of 95 %, Student's over probes", s->trace.low},
        {"trace_high", "end of its interval of 95 %, Student's over probes",
         s->trace.high},
        {"sigma", "deviation of the kernel of the density", s->density.sigma},
        {"products", "with the Hessian, of all questions", (double)h->products},
        {"halved", "differences whose step was halved for a kink", (double)h->halved},
        {"across", "differences that have a kink all the same", (double)h->across},
    };
    for (size_t i = 0; i < COUNT_OF(NUMBERS); i++) {
        double *value = TAKE(s->arena, double, 1);
        *value = NUMBERS[i].value;
        table_numbers(t, NUMBERS[i].name, NUMBERS[i].says, "", value)->units = "1";
    }
}

bool spectrum_save(const Spectrum *s, const char *path, BaseError *error) {
    Store *store = store_new(text_print(s->arena, "%s, its curvature", s->says));
    store_text(store, "/", "run", s->run);
    store_text(store, "/", "run_sha256", s->sha256);
    Table t = table_new(s->arena, "/spectrum",
                        "eigenvalues of the Hessian of the loss at the run's weights");
    put_numbers(&t, s);
    put_ends(&t, s);
    put_density(&t, &s->density);
    t.plot = "density";
    table_write(&t, store);
    store_text(store, "/spectrum", "mode", s->mode);
    store_text(store, "/spectrum", "by", s->by);
    record_config(store, s->of, s->arena);
    study_provenance(store, s->arena);
    const bool good = store_save(store, path, error);
    store_close(store);
    return good;
}
