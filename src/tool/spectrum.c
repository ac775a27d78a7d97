/* The curvature of a finished run's loss at its weights. */
#include "spectrum.h"
#include "tool.h"

#include <math.h>
#include <string.h>

enum { DIGITS = 6, WIDTH = 13 };

static void print_way(const Spectrum *s) {
    const Hessian *h = &s->hessian;
    printf("%s: %s\n\nHessian of the loss over %zu training samples in %zu batch%s of "
           "%zu, %s\n",
           s->run, s->says, h->samples, h->batches, h->batches == 1 ? "" : "es", h->batch,
           h->mode == NORM_TRAIN ? "by the moments of each (mode=train)"
                                 : "as evaluation has it (mode=eval)");
    if (h->by == HESSIAN_PROGRAM)
        printf("by the recorded gradient (by=program), %.3g MiB of it%s\n",
               h->bytes / (1024.0 * 1024), h->kept ? "" : " at a time");
    else
        printf("by differences (by=differences): the step of %zu was halved for a kink, "
               "%zu have one all the same\n",
               h->halved, h->across);
    if (h->held)
        puts("a normalizer holds values constant: it is the Hessian of the loss where "
             "they are held");
    printf("%zu weights, loss %.*g, norm of the gradient %.*g, asymmetry %.1e, %zu "
           "products\n\n",
           s->weights, DIGITS, h->loss, DIGITS, h->gradient, s->asymmetry, h->products);
}

static void print_ends(const Spectrum *s) {
    const Lanczos *l = &s->lanczos;
    printf("%*s %*s   %*s %*s\n", WIDTH, "largest", WIDTH, "residual", WIDTH, "smallest",
           WIDTH, "residual");
    for (size_t i = 0; i < s->top; i++) {
        const size_t a = spectrum_largest(s, i), b = spectrum_smallest(s, i);
        printf("%*.*g %*.1e   %*.*g %*.1e\n", WIDTH, DIGITS, l->value[a], WIDTH,
               l->residual[a], WIDTH, DIGITS, l->value[b], WIDTH, l->residual[b]);
    }
    printf("(%zu steps of Lanczos; an eigenvalue is as near as the residual)\n\n",
           l->steps);
}

static void print_text(const Spectrum *s) {
    const TraceEstimate *t = &s->trace;
    const double limit = spectrum_limit(s);
    print_way(s);
    print_ends(s);
    printf("trace      %.*g", DIGITS, t->mean);
    if (t->probes > 1)
        printf(", 95 %%: %.*g to %.*g (%zu probes)\n", DIGITS, t->low, DIGITS, t->high,
               t->probes);
    else
        puts(" (one probe has no interval)");
    printf("density    %zu probes of %zu steps, sigma %.3g\n", s->density.probes,
           s->density.steps, s->density.sigma);
    printf("sharpness  %.*g; 2 / rate is %.*g at the last step's rate of %.3g, %.*g at "
           "the highest of %.3g\n",
           DIGITS, s->sharpness, DIGITS, 2 / s->rate, s->rate, DIGITS,
           2 / s->highest_rate, s->highest_rate);
    printf("x rate     %.*g at the last step, %.*g at the highest rate", DIGITS,
           s->sharpness * s->rate, DIGITS, s->sharpness * s->highest_rate);
    if (isfinite(limit))
        printf(
            "; on a quadratic gradient descent with this momentum diverges beyond %.3g",
            limit);
    putchar('\n');
}

static void print_list(const Spectrum *s, const char *name, const double *of,
                       size_t (*place)(const Spectrum *, size_t)) {
    printf(",\n \"%s\": [", name);
    for (size_t i = 0; i < s->top; i++)
        printf("%s%s", i ? ", " : "", json_number(s->arena, of[place(s, i)]));
    putchar(']');
}

static void print_json(const Spectrum *s) {
    Arena *a = s->arena;
    const Hessian *h = &s->hessian;
    printf("{\"schema\": 1, \"run\": %s, \"file\": %s, \"sha256\": %s,\n \"says\": %s, "
           "\"mode\": %s, \"by\": %s,\n",
           json_text(a, s->run), json_text(a, s->file), json_text(a, s->sha256),
           json_text(a, s->says), json_text(a, s->mode), json_text(a, s->by));
    printf(" \"samples\": %zu, \"batch\": %zu, \"batches\": %zu, \"weights\": %zu, "
           "\"products\": %zu,\n \"held\": %s, \"halved\": %zu, \"across\": %zu",
           h->samples, h->batch, h->batches, s->weights, h->products,
           h->held ? "true" : "false", h->halved, h->across);
    const struct {
        const char *name;
        double value;
    } NUMBERS[] = {{"loss", h->loss},
                   {"gradient", h->gradient},
                   {"asymmetry", s->asymmetry},
                   {"sharpness", s->sharpness},
                   {"rate", s->rate},
                   {"highest_rate", s->highest_rate},
                   {"sharpness_rate", s->sharpness * s->rate},
                   {"limit", spectrum_limit(s)},
                   {"trace", s->trace.mean},
                   {"trace_low", s->trace.low},
                   {"trace_high", s->trace.high},
                   {"sigma", s->density.sigma}};
    for (size_t i = 0; i < COUNT_OF(NUMBERS); i++)
        printf(",\n \"%s\": %s", NUMBERS[i].name, json_number(a, NUMBERS[i].value));
    printf(",\n \"probes\": %zu, \"steps\": %zu", s->density.probes, s->lanczos.steps);
    print_list(s, "largest", s->lanczos.value, spectrum_largest);
    print_list(s, "largest_residual", s->lanczos.residual, spectrum_largest);
    print_list(s, "smallest", s->lanczos.value, spectrum_smallest);
    print_list(s, "smallest_residual", s->lanczos.residual, spectrum_smallest);
    puts("}");
}

/* Of a file's name: what it ends in. */
static FigureForm form_of(const Call *call, const char *path) {
    const char *dot = strrchr(path, '.');
    if (dot && figure_is_form(dot + 1) && strcmp(dot + 1, "dumb") != 0)
        return figure_form(call->arena, dot + 1, NULL);
    die(EX_USAGE, "--figure %s: FILE.svg, .pdf, .png or .tex is expected", path);
}

static int run_spectrum(const Call *call) {
    BaseError error = {.set = false};
    const char *to = call_option(call, "--out"), *figure = call_option(call, "--figure");
    FigureForm form = {NULL, 0};
    if (figure) form = form_of(call, figure);
    if (to) place_may_write(to, &error);
    if (figure) place_may_write(figure, &error);
    die_if(&error);
    const SpectrumWords words = {.samples = call_key(call, "samples"),
                                 .mode = call_key(call, "mode"),
                                 .by = call_key(call, "by"),
                                 .top = call_key(call, "top"),
                                 .probes = call_key(call, "probes"),
                                 .steps = call_key(call, "steps")};
    const Spectrum *s = spectrum_make(call->arena, call->word[0], &words);
    if (s->hessian.across)
        say("by=differences: %zu differences have a kink however short the step, of "
            "which "
            "eigenvalues may be; by=program has none",
            s->hessian.across);
    if (to) spectrum_save(s, to, &error);
    if (figure) spectrum_draw(s, form, figure, &error);
    die_if(&error);
    if (call_option(call, "--json"))
        print_json(s);
    else
        print_text(s);
    return EX_OK;
}

const Command command_spectrum = {
    .name = "spectrum",
    .usage = "RUN [samples=N] [mode=train|eval] [by=WAY] [KEY=VALUE ...] "
             "[OPTIONS]",
    .summary = "Eigenvalues of the Hessian of a finished run's loss at its weights",
    .keys =
        (const Option[]){
            {"samples", "N", "the first N that train (default: 512, or all)"},
            {"mode", "train|eval",
             "by the moments of each batch (default), or by those that evaluation reads"},
            {"by", "program|differences",
             "exact, or differences (default: program where it fits)"},
            {"top", "K", "largest and smallest eigenvalues that are told (default: 10)"},
            {"probes", "P", "random vectors of trace and density (default: 5)"},
            {"steps", "M", "of Lanczos for each (default: 60)"},
            {NULL, NULL, NULL}},
    .options =
        (const Option[]){
            {"--json", NULL, "for programs, with all digits"},
            {"--out", "FILE.h5",
             "eigenvalues and their density as a file, with where it comes from"},
            {"--figure", "FILE.svg", "the density, drawn: svg, pdf, png or tex"},
            {NULL, NULL, NULL}},
    .least = 1,
    .most = 1,
    .run = run_spectrum,
    .more =
        "RUN is the file of a finished run that keeps its weights (`normlab run ... "
        "weights=yes`), or its name of\n"
        "sixteen digits. The loss is that of the task, without weight decay, over the "
        "first samples that train, not\n"
        "augmented, in batches of a worker's size (in mode train a ragged last one is "
        "dropped). Products with its\n"
        "Hessian are exact by the gradient that is recorded as a program, of up to 4 "
        "GiB, "
        "or central differences of\n"
        "the gradient that trains, whose step is halved while it crosses a kink. "
        "Eigenvalues are by Lanczos; the\n"
        "density of all is by stochastic Lanczos quadrature (Ghorbani et al. 2019), the "
        "trace by Hutchinson.",
};
