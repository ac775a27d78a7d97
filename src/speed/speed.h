/* speed: kernels and training beside the machine's own limits, measured in one run: ratios
 * travel, seconds do not. */
#ifndef NORMLAB_SPEED_H
#define NORMLAB_SPEED_H

#include "train.h"

enum { SPEED_THREADS = 64 }; /* at most */

typedef struct Speed {
    Arena *arena;
    size_t threads, turns;
} Speed;

/* ---- turns.c: what is compared takes turns, so that all see the same machine ------- */

/* A subject of one turn, on every thread at once. */
typedef struct SpeedSubject SpeedSubject;
struct SpeedSubject {
    void (*prepare)(const SpeedSubject *subject, size_t thread); /* not timed; or NULL */
    void (*work)(const SpeedSubject *subject, size_t thread);
    void (*finish)(const SpeedSubject *subject, size_t thread); /* not timed; or NULL */
    void *context;
    size_t threads;  /* 0: those of the Speed */
    double *seconds; /* [turns], from speed_turns */
};

/* Every subject once to warm up, then in every turn each once. */
void speed_turns(const Speed *speed, SpeedSubject *subject, size_t count);

typedef struct SpeedQuartiles {
    double low, middle, high;
} SpeedQuartiles;

double speed_median(const Speed *speed, const double *seconds);
SpeedQuartiles speed_quartiles(const Speed *speed, const double *seconds);
/* Of above / below turn by turn; and which of two has the smaller median. */
SpeedQuartiles speed_ratio(const Speed *speed, const double *above, const double *below);
const double *speed_faster(const Speed *speed, const double *a, const double *b);

/* ---- limits.c ------------------------------------------------------------------------ */

/* A product of square matrices, on every thread its own. */
SpeedSubject speed_gemm(const Speed *speed);
const char *speed_blas(Arena *arena); /* "openblas 0.3.21 Zen" */
double speed_gemm_flops(const Speed *speed, const double *seconds); /* a second */

/* Bytes of this process that are, and that were most since speed_forget_peak. NaN where the
 * system does not say. */
double speed_resident(void);
double speed_peak(void);
void speed_forget_peak(void);

/* ---- kernels.c: normalizers beside copies and sums of the same arrays ---------------- */

/* Seconds of a pass over one tensor a thread, each thread its own: [turns]. */
typedef struct SpeedKernels {
    const double *memcpy, *copy, *add;  /* memory alone; a sum of two into a third */
    const double **forward, **backward; /* [norms] of backward that alone */
} SpeedKernels;

/* Ends the program where the normalizer is none for tensors of the shape, [N, C, H, W]. */
void speed_want_kernel(const Speed *speed, Shape shape, const char *spec);
SpeedKernels speed_kernels(const Speed *speed, Shape shape, const char *const *spec,
                           size_t norms);

/* ---- training.c: steps of training beside dgemm ---------------------------------------- */

typedef struct SpeedLearner {
    const char *network, *dataset, *norm; /* specs */
    size_t batch;                         /* samples of a worker, of 2 a thread */
    bool definition;                      /* by its definition in place of its kernel */
} SpeedLearner;

typedef struct SpeedLearned {
    size_t workers;
    double samples, flops; /* of a turn; of a sample, forward and backward */
    double bytes;          /* that its first step took */
    const double *seconds; /* [turns] */
} SpeedLearned;

/* Ends the program where one could not train. */
void speed_want_training(const Speed *speed, const SpeedLearner *learner, size_t count);
/* What each learned, and the seconds of dgemm in the same turns. */
const double *speed_training(const Speed *speed, SpeedLearned *learned,
                             const SpeedLearner *learner, size_t count);

#endif
