/* spectrum: the curvature of a finished run's loss at its weights: outermost eigenvalues of the
 * Hessian, their density, the trace, and what they come to beside the learning rate. */
#ifndef NORMLAB_SPECTRUM_H
#define NORMLAB_SPECTRUM_H

#include "hessian.h"
#include "study.h"

/* Words of a user; NULL: SPECTRUM_SAMPLES (or all), train, whichever fits, and the numbers below. */
typedef struct SpectrumWords {
    const char *samples, *mode, *by, *top, *probes, *steps;
} SpectrumWords;

enum {
    SPECTRUM_SAMPLES = 512,
    SPECTRUM_TOP = 10,
    SPECTRUM_PROBES = 5,
    SPECTRUM_STEPS = 60, /* Ghorbani et al. 2019: 80, and 10 probes */
    SPECTRUM_POINTS = 2001
};

typedef struct Spectrum {
    Arena *arena;
    const char *file, *sha256; /* of the run's file */
    const Run *of;
    const char *run, *says; /* as an evaluation's */
    const char *mode, *by;  /* "train", "program" */
    size_t weights, top; /* `top` largest and as many smallest, where there are so many */
    uint64_t seed;       /* of all draws: the run's */
    Hessian hessian;     /* what it was and came to; no more products of it */
    double asymmetry;
    Lanczos lanczos; /* values [lanczos.steps] and their residuals */
    TraceEstimate trace;
    Density density;
    double rate,
        highest_rate; /* learning rates of the run's last step, and of all steps */
    double sharpness; /* the largest eigenvalue */
} Spectrum;

/* What is wrong ends the program: as in evaluation_make; 64: wrong words, samples, or memory; 65: what
 * is not finite. */
const Spectrum *spectrum_make(Arena *arena, const char *run, const SpectrumWords *words);

/* The i-th largest, or smallest, eigenvalue as its place in spectrum->lanczos. */
size_t spectrum_largest(const Spectrum *spectrum, size_t i);
size_t spectrum_smallest(const Spectrum *spectrum, size_t i);

/* Rate x sharpness from which on gradient descent of the run's momentum on a quadratic diverges: 2 (1 +
 * momentum) of sgd (Cohen et al. 2021, appendix B); NaN of other optimizers. */
double spectrum_limit(const Spectrum *spectrum);

/* Into a file of its own, with where it comes from. */
bool spectrum_save(const Spectrum *spectrum, const char *path, BaseError *error);

/* ---- draw_spectrum.c --------------------------------------------------------------- */

bool spectrum_draw(const Spectrum *spectrum, FigureForm form, const char *path,
                   BaseError *error);

#endif
