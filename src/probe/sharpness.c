/* The sharpness of the loss along a run: the largest eigenvalue of its Hessian, and what it comes to
 * beside the learning rate. Gradient descent raises it until rate x sharpness is about 2 (Cohen et
 * al. 2021). notes/42-curvature.md */
#include "hessian.h"
#include "probe.h"

#include <math.h>

enum { LARGEST, RESIDUAL, SMALLEST, TIMES_RATE };
static const ProbeField FIELDS[] = {
    [LARGEST] = {.name = "largest", .says = "largest eigenvalue of the Hessian"},
    [RESIDUAL] = {.name = "residual", .says = "an eigenvalue is as near to it as this"},
    [SMALLEST] = {.name = "smallest", .says = "smallest eigenvalue of the Hessian"},
    [TIMES_RATE] = {.name = "times_rate",
                    .says = "the largest x the learning rate of the step that comes"},
    {.name = NULL}};

enum { LAST, HIGHEST };
static const ProbeNumber NUMBERS[] = {
    [LAST] = {.name = "last", .says = "largest eigenvalue x rate, of the last row"},
    [HIGHEST] = {.name = "highest", .says = "largest eigenvalue x rate, of all rows"},
    {.name = NULL}};

/* Samples, in whole batches; steps of Lanczos; memory of recorded gradients. */
enum { SAMPLES = 128, STEPS = 20 };
#define BYTES (1024.0 * 1024 * 1024)

static void see(const ProbeSeen *seen, double *kept, Arena *arena, double *const *to) {
    (void)kept;
    BaseError error = {.set = false};
    const HessianWish wish = {.samples = probe_samples(seen, SAMPLES),
                              .mode = NORM_TRAIN,
                              .by = HESSIAN_FITTING,
                              .bytes = BYTES};
    Hessian *h = hessian_new(arena, seen->trainer, &wish, &error);
    if (h == NULL) return; /* no product of it is defined: the numbers stay NaN */
    const Draw draw = {seen->config->seed, DRAW_CURVATURE, UINT64_MAX, 0};
    const Lanczos l = lanczos_run(arena, &h->operator, STEPS, draw, true);
    if (l.finite) {
        to[LARGEST][0] = l.value[l.steps - 1];
        to[RESIDUAL][0] = l.residual[l.steps - 1];
        to[SMALLEST][0] = l.value[0];
        to[TIMES_RATE][0] = to[LARGEST][0] * probe_rate(seen);
    }
    hessian_free(h);
}

static void sum_up(const ProbeRows *rows, Arena *arena, double *number) {
    (void)arena;
    if (rows->rows == 0) return;
    number[LAST] = rows->values[(rows->rows - 1) * rows->width + TIMES_RATE];
    for (size_t i = 0; i < rows->rows; i++)
        number[HIGHEST] =
            fmax(number[HIGHEST], rows->values[i * rows->width + TIMES_RATE]);
}

const ProbeKind probe_sharpness = {
    .name = "sharpness",
    .title = "largest eigenvalue of the loss's Hessian over the first 128 samples",
    .source = "Cohen et al. 2021",
    .fields = FIELDS,
    .numbers = NUMBERS,
    .see = see,
    .sum_up = sum_up};
