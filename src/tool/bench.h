/* bench: the parts of what is measured, each beside its limit in the same run. */
#ifndef NORMLAB_BENCH_H
#define NORMLAB_BENCH_H

#include "tool.h"

enum { BENCH_THREADS = 64 }; /* at most */

typedef struct Bench {
    Arena *arena;
    size_t threads, turns;
    bool json;
    const char *norms;                       /* of --norm; NULL: the usual ones */
    Shape shape;                             /* of the kernels' tensor, [N, C, H, W] */
    const char *network, *dataset, *batches; /* of training */
} Bench;

typedef void BenchPart(const Bench *bench);

BenchPart bench_kernels;  /* normalizers beside copies and sums of the same arrays */
BenchPart bench_products; /* convolutions beside dgemm */
BenchPart bench_training; /* beside dgemm */
BenchPart
    bench_check; /* a whole Jacobian beside the calls it is made of, on one thread */

/* End the program where a part could not run. */
BenchPart bench_want_kernels, bench_want_training;

/* ---- bench_turns.c: what is compared takes turns, so that all see the same machine -- */

/* A subject of one turn, on every thread at once. */
typedef struct BenchSubject BenchSubject;
struct BenchSubject {
    void (*prepare)(const BenchSubject *subject, size_t thread); /* not timed; or NULL */
    void (*work)(const BenchSubject *subject, size_t thread);
    void (*finish)(const BenchSubject *subject, size_t thread); /* not timed; or NULL */
    void *context;
    size_t threads;  /* 0: those of the Bench */
    double *seconds; /* [turns], from bench_turns */
};

/* Every subject once to warm up, then in every turn each once. */
void bench_turns(const Bench *bench, BenchSubject *subject, size_t count);

double bench_median(const Bench *bench, const double *seconds);

/* Quartiles of above / below turn by turn, and which of two has the smaller median. */
typedef struct BenchRatio {
    double low, middle, high;
} BenchRatio;

BenchRatio bench_ratio(const Bench *bench, const double *above, const double *below);
const double *bench_faster(const Bench *bench, const double *a, const double *b);
const char *bench_ratio_text(const Bench *bench,
                             BenchRatio ratio); /* "0.95 (0.9 to 1)" */

/* ---- bench_limits.c ------------------------------------------------------------------ */

/* A product of square matrices, on every thread its own. */
BenchSubject bench_gemm(const Bench *bench);
double bench_gemm_flops(const Bench *bench, const BenchSubject *gemm); /* a second */

/* Bytes of this process that are, and that were most since bench_forget_peak. NaN where the
 * system does not say. */
double bench_resident(void);
double bench_peak(void);
void bench_forget_peak(void);

#endif
