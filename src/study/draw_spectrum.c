/* The density of a Hessian's eigenvalues on a logarithmic axis, as Ghorbani et al. 2019 draw it, and the
 * outermost eigenvalues below it. */
#include "spectrum.h"

#include <math.h>

/* Where the axis begins: a tenth of what one eigenvalue alone comes to. */
static double floor_of(const Spectrum *s) {
    return 0.1 / ((double)s->weights * s->density.sigma * sqrt(2 * M_PI));
}

static void put_curve(Figure *f, const Density *d, double low) {
    for (size_t i = 0; i < d->points; i++)
        figure_row(f, (const double[]){d->at[i], fmax(d->value[i], low)}, 2);
    figure_block_end(f);
}

static void put_ends(Figure *f, const Spectrum *s, double at) {
    for (size_t i = 0; i < s->top; i++) {
        const double *value = s->lanczos.value;
        figure_row(f, (const double[]){value[spectrum_largest(s, i)], at}, 2);
        figure_row(f, (const double[]){value[spectrum_smallest(s, i)], at}, 2);
    }
    figure_block_end(f);
}

static const char *foot_of(const Spectrum *s) {
    const Hessian *h = &s->hessian;
    return text_print(
        s->arena,
        "run %s: %s, mode %s, %zu samples; %zu probes of %zu steps, sigma %.3g; crosses: "
        "the %zu largest and smallest eigenvalues by Lanczos",
        s->run, s->says, s->mode, h->samples, s->density.probes, s->density.steps,
        s->density.sigma, s->top);
}

bool spectrum_draw(const Spectrum *s, FigureForm form, const char *path,
                   BaseError *error) {
    const double TALL = 2.2, TOP = 0.12;
    Figure f = figure_new(s->arena, form, "experiments/spectrum.gp", s->says);
    const Density *d = &s->density;
    double most = 0.0;
    for (size_t i = 0; i < d->points; i++) most = fmax(most, d->value[i]);
    const double low = floor_of(s);
    const FigureTicks x = figure_ticks_between(s->arena, d->at[0], d->at[d->points - 1],
                                               6),
                      y = figure_ticks_log(s->arena, low, 1.5 * fmax(most, 10 * low));
    const double left = 0.42 + figure_ticks_wide(&f, &y), right = f.width - 0.15,
                 bottom = TOP + TALL;
    f.x_label = "eigenvalue of the Hessian", f.y_label = "density";
    figure_y_ticks(&f, &y, bottom, TOP, left);
    figure_x_ticks(&f, &x, left, right, bottom);
    figure_ticks(&f, "x", &x), figure_ticks(&f, "y", &y);
    figure_axis_names(&f, left, right, TOP, bottom, 0.2);
    figure_number(&f, "left", left), figure_number(&f, "right", right);
    figure_number(&f, "top", TOP), figure_number(&f, "bottom", bottom);
    figure_number(&f, "low", low);
    figure_foot(&f, foot_of(s), bottom + 0.46);
    put_curve(&f, d, low);
    put_ends(&f, s, low * pow(1.5 * most / low, 0.03));
    return figure_draw(&f, path, error);
}
