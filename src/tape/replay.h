/* replay: a recorded tape is a program; run it again, in another arithmetic.
 *
 * Fused operations run as their definitions, constants are exact, comparisons look at the
 * real part, `detach` keeps its recorded value. In complex numbers x + i h d the imaginary
 * part of the result over h is the derivative along d, without any adjoint and without
 * cancellation (Squire and Trapp 1998); in 113 bits it has thirty digits. The program that
 * tape_gradient recorded replays as well. notes/14-tape.md, (T-3)
 */
#ifndef NORMLAB_REPLAY_H
#define NORMLAB_REPLAY_H

#include "arith.h"
#include "tape.h"

typedef struct Program Program;
typedef struct Prepared Prepared;

/* All that the outputs depend on, in an order in which it can be computed. Lives in the
 * tape's arena; writes definitions of fused operations on the tape. */
const Program *program_new(Tape *tape, TapeNode *const *outputs, size_t count);
size_t program_steps(const Program *program);
size_t program_outputs(const Program *program);

/* The node of step i and the steps of its operands; the step of output i. */
const TapeNode *program_step(const Program *program, size_t i, const size_t **operands);
size_t program_output(const Program *program, size_t i);

/* program_run: values out[i] (in the arena) of the outputs where the nodes x[k] take
 * value[k], both of the node's shape. All other leaves keep their recorded values; x may
 * be any nodes: what stands below one that is given is not asked.
 *
 * program_prepare, program_again: the same for many runs that give the same nodes. What
 * depends on none of them is computed once, when it is prepared; runs take no memory, and
 * out[i] is good until the next. */
#define PROGRAM_RUN(word, Number)                                                        \
    void program_run_##word(const Program *program, Arena *arena, TapeNode *const *x,    \
                            const Number *const *value, size_t count, Number **out);     \
    Prepared *program_prepare_##word(const Program *program, Arena *arena,               \
                                     TapeNode *const *x, size_t count);                  \
    void program_again_##word(Prepared *prepared, const Number *const *value,            \
                              const Number **out);
PROGRAM_RUN(real, double)
PROGRAM_RUN(complex, double _Complex)
PROGRAM_RUN(quad, Quad)
PROGRAM_RUN(quad_complex, QuadComplex)
#undef PROGRAM_RUN

#endif
