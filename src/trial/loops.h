/* loops: every kind of normalizer restated from its published equation, in plain loops over
 * samples, channels and positions, in complex numbers of 113 bits. What restates shares
 * nothing with norm's texts, views, kernels and partitions, nor with the tape: of a Norm it
 * reads the spec's text, eps, and the names, sizes and places of parameters and state.
 *
 * Derivatives are complex steps of these loops, so no adjoint is written anywhere: what is
 * compared is compared by its real part, and what an equation holds constant in its
 * derivative is cut to it (loops_held).
 *
 * A new kind: its equation in a loops_*.c, and one line in the table of loops.c. One that is an
 * equation in text is computed by its tree, term by term (loops_equation.c).
 */
#ifndef NORMLAB_LOOPS_H
#define NORMLAB_LOOPS_H

#include "arith.h"
#include "arith_calls.h"
#include "trial_kind.h"

typedef QuadComplex Number;

/* One call. Element i of [N, C, L] is of sample i / L / C, channel i / L % C, position
 * i % L. */
typedef struct Loops {
    Arena *arena;
    const Norm *norm;
    const Spec *spec; /* its text, read anew */
    bool evaluates;
    size_t epoch, N, C, L, n; /* n = N C L */
    const Number *const *param;
    const double *const *state;
    const unsigned char *mask; /* [N, L] 0: an element of no cell; NULL: there is none */
} Loops;

/* Whether the kind and those of its parts are restated. */
bool loops_know(const Norm *norm);

/* Whether it evaluates by running moments that were pooled in doubles: of a mean far from 0 the
 * digits are gone that a definition loses in x - mean. */
bool loops_pool(const Norm *norm);

/* y [n] of the trial's call, with these numbers for x [n] and its parameters; 0 of what is in
 * no cell. */
Number *loops_answer(Arena *arena, const Trial *trial, const Number *x,
                     const Number *const *param);

/* What an equation's own state k observes in training, [count]; NULL: a state of a part's. */
Number *loops_observed(Arena *arena, const Trial *trial, size_t k);
Number *loops_equation_observed(const Loops *call, const Number *x, const char *name,
                                size_t count);

/* All of a call whose backward is by design no derivative, and beside each number the scale in
 * which its error is measured. */
typedef struct LoopsDesign {
    Quad *y, *dx;                                           /* [n] */
    Quad *dgamma, *dbeta;                                   /* [C] */
    Quad *observed[2];                                      /* [C] of its states */
    double *y_scale, *dx_scale;                             /* [n] */
    double *dgamma_scale, *dbeta_scale, *observed_scale[2]; /* [C] */
} LoopsDesign;

/* Whether such a backward of the kind is restated; and it. */
bool loops_know_design(const Norm *norm);
LoopsDesign loops_design(Arena *arena, const Trial *trial);

/* ---- for those who restate: y [n] of x [n], the affine in it --------------------------- */

typedef void LoopsEquation(const Loops *call, Number *y, const Number *x);

/* The number of the cell, below n, that an element shares its moments in. */
typedef size_t LoopsCell(const Loops *call, size_t sample, size_t channel,
                         size_t position);

typedef void LoopsBackward(const Loops *call, const Trial *trial, LoopsDesign *all);

LoopsEquation loops_none, loops_partition, loops_chunks;     /* loops_cells.c */
LoopsEquation loops_mix, loops_nested;                       /* loops_mix.c */
LoopsEquation loops_blend, loops_anneal, loops_split;        /* loops_parts.c */
LoopsEquation loops_chain, loops_phase, loops_frozen;        /* ... */
LoopsEquation loops_task, loops_renorm, loops_lattice;       /* loops_batch.c */
LoopsEquation loops_mabn;                                    /* ... */
LoopsBackward loops_mabn_backward;                           /* ... */
LoopsEquation loops_soft, loops_mode;                        /* loops_gates.c */
LoopsEquation loops_frn, loops_evonorm, loops_response;      /* loops_active.c */
LoopsEquation loops_equation;                                /* loops_equation.c */
LoopsCell cell_batch, cell_layer, cell_instance, cell_group; /* loops_cells.c */
LoopsCell cell_position, cell_ghost, cell_lattice;           /* ... */
LoopsCell cell_channels, cell_regroup, cell_chunks;          /* ... */

/* ---- loops.c: the call ------------------------------------------------------------------ */

size_t loops_sample(const Loops *call, size_t i);
size_t loops_channel(const Loops *call, size_t i);

/* Whether the element is in a cell; samples that have such. */
bool loops_belongs(const Loops *call, size_t i);
size_t loops_samples(const Loops *call);

/* A parameter of its own, and a state, of that name; NULL: it has none. */
const Number *loops_param(const Loops *call, const char *name);
const double *loops_state(const Loops *call, const char *name);

/* What the spec says: `key=` as a number, whether it is that word; the first positional
 * argument as a number. */
double loops_number(const Loops *call, const char *key, double usual);
bool loops_says(const Loops *call, const char *key, const char *word);
const char *loops_word(const Loops *call, size_t i); /* positional; NULL */
size_t loops_count(const Loops *call, size_t i, size_t usual);

/* Part i, of so many channels; its equation, and the cells that it shares moments in (NULL: it
 * has none). The same call as another spec, of the same sizes, says it. */
Loops loops_of_part(const Loops *call, size_t i, size_t channels);
Loops loops_spelled(const Loops *call, const char *spec);
void loops_run(const Loops *call, Number *y, const Number *x);
LoopsCell *loops_cell(const Loops *call);

Number *loops_room(const Loops *call, size_t count);

/* gamma y + beta, per channel, of whichever of the two there are, in place. */
void loops_affine(const Loops *call, Number *y);

/* ---- numbers ------------------------------------------------------------------------- */

static inline Quad loops_real(Number a) {
    return QUAD_CALL(creal)(a);
}

/* A constant of the derivative. */
static inline Number loops_held(Number a) {
    return loops_real(a);
}

static inline Number loops_exp(Number a) {
    return QUAD_CALL(cexp)(a);
}

static inline Number loops_sigmoid(Number a) {
    return 1 / (1 + loops_exp(-a));
}

/* a^exponent, a > 0. */
Number loops_power(Number a, double exponent);

/* sqrt(variance + eps); as the spec says, sqrt(variance) + eps. */
Number loops_root(const Loops *call, Number variance);

/* softmax of values [count]. */
void loops_softmax(Number *weight, const Number *value, size_t count);

/* 0 until epoch `from`, 1 from `to` on, a line between, both as the spec says. */
double loops_ramp(const Loops *call);

/* ---- loops_cells.c: moments ----------------------------------------------------------- */

/* Of each element's cell, [n]. */
typedef struct LoopsMoments {
    Number *mean, *variance; /* uncentred: 0, the mean square */
} LoopsMoments;

LoopsMoments loops_moments(const Loops *call, const Number *x, LoopsCell *cell);
/* Those of the running state, by the cell's number. */
LoopsMoments loops_running(const Loops *call, LoopsCell *cell);
/* A partition's own: of x, or in evaluation the running ones where it keeps any. */
LoopsMoments loops_own(const Loops *call, const Number *x, LoopsCell *cell);

/* (x - mean) / sqrt(variance + eps). */
void loops_standardize(const Loops *call, Number *y, const Number *x, LoopsMoments m);

/* ---- loops_gates.c: modes --------------------------------------------------------------- */

typedef struct LoopsModes {
    Number *gate;            /* [N, K] */
    Number *mean, *variance; /* [K, C], the running ones in evaluation */
} LoopsModes;

LoopsModes loops_modes(const Loops *call, const Number *x);

#endif
