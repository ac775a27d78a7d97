/* normlab: normalizers of arrays of doubles, for programs in C, C++ and whatever calls C: y of
 * x, the state after a step, gradients, and the gradients of gradients. A normalizer is named by
 * a spec, "group(8)" or "blend(batch, group(8))", as everywhere in normlab.
 *
 * Arrays are dense, the last axis fastest. x is [samples, channels, positions]: rows and
 * columns of an image are its positions. They have no unit but x's own. NaN and infinities are
 * numbers like others.
 *
 * No function ends the program, prints, or reads a file. What goes wrong is a NormlabError
 * (NULL where nobody asks), and then no output is written. An open normalizer never changes:
 * threads may call it at the same time, with outputs of their own. All strings and arrays
 * that it gives are its own, until normlab_close.
 */
#ifndef NORMLAB_NORMLAB_H
#define NORMLAB_NORMLAB_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* ---- Errors ---------------------------------------------------------------------- */

/* Those of sysexits.h, as the program's exit codes. */
enum {
    NORMLAB_OK = 0,
    NORMLAB_USAGE = 64,       /* a spec, a mode, a size, or what is missing in a call */
    NORMLAB_DATA = 65,        /* numbers that cannot be, state that evaluation lacks */
    NORMLAB_UNAVAILABLE = 69, /* this thread's arithmetic was changed: -ffast-math */
    NORMLAB_INTERNAL = 70,    /* a mistake in the library */
    NORMLAB_MEMORY = 71       /* out of memory */
};

/* Every function that takes one sets it, so that it need not be initialized. */
typedef struct NormlabError {
    int code;           /* NORMLAB_OK: none */
    size_t at;          /* of a spec: offset of the culprit in it, in bytes */
    char message[1024]; /* one line: the culprit, what is expected, the nearest word */
} NormlabError;

/* ---- A normalizer ---------------------------------------------------------------- */

typedef struct NormlabNorm NormlabNorm;

/* A spec for so many channels; 0: it is read alone, and calls of it are refused. NULL and
 * *error where there is none such. */
NormlabNorm *normlab_open(const char *spec, size_t channels, NormlabError *error);

/* After the last call of it has returned. NULL is fine. What a call needed is kept for the
 * next one until then. */
void normlab_close(NormlabNorm *norm);

/* The spec in its canonical spelling, and the number of channels. */
const char *normlab_spec(const NormlabNorm *norm);
size_t normlab_channels(const NormlabNorm *norm);

/* Why, by design, dx in training is not the derivative of y, in a few words; NULL: it is. */
const char *normlab_by_design(const NormlabNorm *norm);

/* A parameter, which training learns, or a state, which it remembers. */
typedef struct NormlabArray {
    const char *name;    /* "gamma", "part1.running_mean" */
    size_t count;        /* of its numbers */
    const double *start; /* [count] how it begins */
    double least, most; /* a parameter: training holds it there; a state: must be there */
} NormlabArray;

/* How many there are, and the i-th, NULL beyond the last. */
size_t normlab_params(const NormlabNorm *norm);
const NormlabArray *normlab_param(const NormlabNorm *norm, size_t i);
size_t normlab_states(const NormlabNorm *norm);
const NormlabArray *normlab_state(const NormlabNorm *norm, size_t i);

/* ---- Calls ----------------------------------------------------------------------- */

enum { NORMLAB_TRAIN = 0, NORMLAB_EVAL = 1 };

/* What a call reads and writes. Begin with zeros and the size: a field that is left out is
 * NULL or 0. Inputs stay as they are, and all are read before any output is written, so that
 * an output may be an input's array. n is samples * channels * positions. */
typedef struct NormlabCall {
    size_t size; /* sizeof(NormlabCall), by which later versions know this one */
    size_t samples, positions; /* 0: nothing is computed, and no state moves */
    int mode;                  /* NORMLAB_TRAIN or NORMLAB_EVAL */
    size_t epoch;              /* for specs with a schedule, from 0 */

    const double *x;               /* [n] */
    const double *const *params;   /* [params][count]; NULL, all or one: as they begin */
    const double *const *state;    /* [states][count] before the step; see below */
    const unsigned char *mask;     /* [samples, positions] 1, or 0: padding, in nothing */
    const double *mean, *variance; /* [cells] that stand for x's own; see normlab_cells */
    const double *dy;              /* [n] gradient of a loss by y */
    const double *v;               /* [n] see normlab_second; NULL: 0 */
    const double *const *v_params; /* [params][count]; NULL, all or one: 0 */

    double *y;                     /* [n]; any output that is NULL is not wanted */
    double *const *next;           /* [states][count] after a step of training */
    double *cell_mean, *cell_rstd; /* [cells] see normlab_cells */
    double *dx;                    /* [n] gradients of <dy, y> */
    double *const *dparams;        /* [params][count] */
    double *ds_dx, *ds_ddy;        /* [n] gradients of s */
    double *const *ds_dparams;     /* [params][count] */
} NormlabCall;

/* Writes y (P-5), next, cell_mean and cell_rstd, of x: NORMLAB_OK, or error->code. State that is
 * NULL, all or one, is as it begins; but evaluation, and training of what reads it there,
 * too (renorm), must be told. In evaluation next is the state. Padding has a y of 0, and
 * gradients of 0; a cell of one element a y of beta. */
int normlab_forward(const NormlabNorm *norm, const NormlabCall *call,
                    NormlabError *error);

/* Writes the same, dx (P-6) and dparams, of x and dy: NORMLAB_OK, or error->code. What is observed
 * of gradients moves the state here alone (mabn). */
int normlab_backward(const NormlabNorm *norm, const NormlabCall *call,
                     NormlabError *error);

/* Writes the gradients of s = <dx, v> + sum over parameters of <dparam, v_param> by x, dy
 * and the parameters, of x, dy and any of v and v_params. Takes some 70 to 140 times x's
 * memory while it runs. NORMLAB_OK, or error->code. */
int normlab_second(const NormlabNorm *norm, const NormlabCall *call, NormlabError *error);

/* What standardizes over one partition (a base normalizer, no combination) has cells: along
 * samples, channels and positions so many, their product in all, in that order; SIZE_MAX
 * where each has all of an axis: {N, G, SIZE_MAX} of group(G). NORMLAB_OK, or error->code. Of
 * the call's sizes, mode and state. cell_mean and cell_rstd are theirs, 1 / sqrt(variance +
 * eps). In training mean and variance, of 0 or more, may be given: constants, by which x is
 * standardized, and no state moves then. Where nothing is centred mean is not read, and
 * variance is the mean square. */
int normlab_cells(const NormlabNorm *norm, const NormlabCall *call, size_t along[3],
                  NormlabError *error);

/* Before an epoch: makes anew what follows a schedule (the map of regroup) of what was
 * observed, in state [states][count]; `seed` is of what is drawn for it. NORMLAB_OK, or
 * error->code. */
int normlab_adapt(const NormlabNorm *norm, size_t epoch, uint64_t seed,
                  double *const *state, NormlabError *error);

/* ---- The library ----------------------------------------------------------------- */

/* Its version, "0.1.0". */
const char *normlab_version(void);

/* A spec of the i-th kind of normalizers, "group(2)"; NULL beyond the last. */
const char *normlab_example(size_t i);

/* Adds the normalizers of a text, "squash(start=1): a = parameter(start); y = gamma * tanh(a *
 * x) + beta", which specs know from then on; all of its own or none. As --let of the program.
 * error->at is the place in the text. */
int normlab_let(const char *text, NormlabError *error);

#ifdef __cplusplus
}
#endif
#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
