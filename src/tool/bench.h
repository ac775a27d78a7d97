/* bench: the parts of what is measured, each beside its limit in the same run. */
#ifndef NORMLAB_BENCH_H
#define NORMLAB_BENCH_H

#include "speed.h"
#include "tool.h"

enum { BENCH_TURNS = 15, BENCH_MOST_TURNS = 10000 };

typedef struct Bench {
    Arena *arena;
    Speed speed;
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

/* ---- bench_save.c -------------------------------------------------------------------- */

size_t bench_processors(void);
/* `bench --save`. Exit status. */
int bench_save(const Call *call);

/* ---- bench_tables.c ------------------------------------------------------------------ */

/* A table of what was saved, as Markdown: measured, bars, kernels, peer or training. */
void bench_table(const Call *call, const char *name);

const char *bench_ratio_text(const Bench *bench,
                             SpeedQuartiles ratio); /* "0.95 (0.9 to 1)" */

#endif
