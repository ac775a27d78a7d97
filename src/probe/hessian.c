/* Products with the Hessian of a run's loss. Exactly: the gradient g is recorded once, as a program
 * of the definitions' primitives, and <g, v> is what tape_backward then differentiates, for any v. By
 * differences: (g(w + h v) - g(w - h v)) / 2h, g by tape_backward with its kernels, with a step for
 * each batch that is halved while a relu or its like has another side at one end than at the other.
 * notes/42-curvature.md */
#include "hessian.h"
#include "kinks.h"
#include "sum.h"

#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

/* Operations of a product, below which a thread costs more than it does. */
#define WORTH 1e7

enum {
    WAVE = 16,     /* batches whose products are there at a time */
    HALVINGS = 6,  /* at most: then rounding is the larger error */
    RECORDED = 16, /* of a pass by kernels: what its recorded gradient takes at most */
};

/* The recorded gradient of a batch. */
typedef struct Recorded {
    Arena *arena;
    Tape *tape;
    TapeNode *along; /* <g, v> */
    double *product; /* [weights] where its gradient goes */
} Recorded;

struct HessianWork {
    const Trainer *trainer;
    const Net *net;
    int threads;
    Arena **own;        /* [threads] */
    double *v;          /* [weights] that recorded programs read */
    double *part;       /* [WAVE, weights] */
    double *ends;       /* [threads, 3, weights] of differences */
    bool worth;         /* enough work for a product that threads are woken for it */
    Recorded *recorded; /* [batches], where they are kept */
    size_t (*tally)[2]; /* [WAVE] halvings and crossings of a batch's difference */
};

/* ---- the loss of a batch ------------------------------------------------------------ */

static size_t first_of(const Hessian *h, size_t batch) {
    return batch * h->batch;
}

static size_t count_of(const Hessian *h, size_t batch) {
    const size_t left = h->samples - first_of(h, batch);
    return left < h->batch ? left : h->batch;
}

/* Weights as parameters, gradients into `gradient` (NULL: asked as nodes). */
static TapeNode **parameters(const Net *net, Tape *tape, const double *weights,
                             double *gradient) {
    TapeNode **param = TAKE(tape_arena(tape), TapeNode *, net->params);
    for (size_t i = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        param[i] = tape_parameter(tape, p->shape, weights + p->offset,
                                  gradient ? gradient + p->offset : NULL);
    }
    return param;
}

static TapeNode *loss_of(const Hessian *h, Tape *tape, TapeNode *const *param,
                         size_t batch, bool definitions) {
    return trainer_loss(h->work->trainer, tape, param, first_of(h, batch),
                        count_of(h, batch), h->mode, definitions);
}

/* ---- exactly ------------------------------------------------------------------------ */

//> program
/* g = gradient of the loss, as nodes; then <g, v>, whose gradient is H v for whatever v holds when
 * it is asked. */
static Recorded record(const Hessian *h, Arena *arena, size_t batch, double *product) {
    const HessianWork *work = h->work;
    const Net *net = work->net;
    Tape *tape = tape_new(arena);
    TapeNode **param = parameters(net, tape, trainer_weights(work->trainer), product),
             **g = TAKE(arena, TapeNode *, net->params);
    TapeNode *loss = loss_of(h, tape, param, batch, true),
             *along = tape_constant(tape, 0.0);
    tape_gradient(tape, loss, NULL, param, net->params, g);
    for (size_t i = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        TapeNode *v = tape_leaf(tape, p->shape, work->v + p->offset);
        along = tape_add(tape, along, tape_sum_all(tape, tape_mul(tape, g[i], v)));
    }
    return (Recorded){arena, tape, along, product};
}
//< program

/* Bytes of its arena until then. */
static double differentiate(const Recorded *r) {
    const ArenaMark mark = arena_mark(r->arena);
    tape_backward(r->tape, r->along, NULL);
    const size_t bytes = arena_bytes(r->arena);
    arena_rewind(r->arena, mark);
    return (double)bytes;
}

static void multiply_exactly(const Hessian *h, double *part, size_t batch) {
    const HessianWork *work = h->work;
    const size_t bytes = work->net->weights * sizeof *part;
    if (h->kept) {
        differentiate(&work->recorded[batch]);
        memcpy(part, work->recorded[batch].product, bytes);
        return;
    }
    Arena *arena = work->own[omp_get_thread_num()];
    const ArenaMark mark = arena_mark(arena);
    const Recorded r = record(h, arena, batch, part);
    differentiate(&r);
    arena_rewind(arena, mark);
}

/* ---- by differences ----------------------------------------------------------------- */

/* Loss of a batch at weights + step v, and its gradient. */
static double gradient_at(const Hessian *h, Arena *arena, double *gradient,
                          double *weights, const double *v, double step, size_t batch,
                          Sides *sides) {
    const HessianWork *work = h->work;
    const double *w = trainer_weights(work->trainer);
    for (size_t i = 0; i < work->net->weights; i++)
        weights[i] = step != 0.0 ? w[i] + step * v[i] : w[i];
    Tape *tape = tape_new(arena);
    TapeNode **param = parameters(work->net, tape, weights, gradient);
    TapeNode *loss = loss_of(h, tape, param, batch, false);
    if (sides) *sides = sides_of(arena, tape);
    tape_backward(tape, loss, NULL);
    return loss->value[0];
}

/* Scratch of this thread: [3, weights]. */
static double *ends_of(const HessianWork *work) {
    return work->ends + (size_t)omp_get_thread_num() * 3 * work->net->weights;
}

/* part = (g(w + to v) - g(w + from v)) / (to - from); elements that are on two sides. */
static size_t difference(const Hessian *h, double *part, const double *v, double from,
                         double to, size_t batch) {
    const size_t n = h->work->net->weights;
    Arena *arena = h->work->own[omp_get_thread_num()];
    double *weights = ends_of(h->work), *above = weights + n, *below = above + n;
    const ArenaMark mark = arena_mark(arena);
    Sides one, two;
    gradient_at(h, arena, above, weights, v, to, batch, &one);
    gradient_at(h, arena, below, weights, v, from, batch, &two);
    const size_t count = sides_crossed(&one, &two);
    arena_rewind(arena, mark);
    for (size_t i = 0; i < n; i++) part[i] = (above[i] - below[i]) / (to - from);
    return count;
}

//> step
#define ROOT 0x1.965fea53d6e3dp-18 /* cbrt(eps) */

/* The step's length is an eighth of cbrt(eps) of the weights'. A third derivative as large as the
 * first in units of the weights would have cbrt(eps) lose eps^(2/3) to it and as much to rounding;
 * behind normalizers of few elements it is a thousand times as large. */
static double first_step(const HessianWork *work, const double *v) {
    const double *w = trainer_weights(work->trainer);
    const size_t n = work->net->weights;
    const double size = vector_length(w, n), length = vector_length(v, n);
    return ROOT / 8 * (size > 0 ? size : 1.0) / (length > 0 ? length : 1.0);
}
//< step

/* A jump of the gradient would be divided by the step. So where the least step has a kink between its
 * ends, the difference is from the weights themselves to the end on their side. */
static void multiply_by_differences(const Hessian *h, double *part, const double *v,
                                    double step, size_t batch) {
    size_t *tally = h->work->tally[batch % WAVE];
    tally[0] = 0;
    while ((tally[1] = difference(h, part, v, -step, step, batch)) > 0) {
        if (tally[0] == HALVINGS) break;
        step /= 2;
        tally[0]++;
    }
    if (tally[1] > 0) tally[1] = difference(h, part, v, 0.0, step, batch);
    if (tally[1] > 0) tally[1] = difference(h, part, v, -step, 0.0, batch);
}

/* ---- the operator ------------------------------------------------------------------- */

static void add_tally(Hessian *h, const size_t *tally) {
    h->halved += tally[0] > 0;
    h->halvings += tally[0];
    h->across += tally[1] > 0;
    h->crossings += tally[1];
}

/* y = the mean over samples; batch after batch, so that no number of threads shows. */
static void add_part(const Hessian *h, double *y, const double *part, size_t batch) {
    const double share = (double)count_of(h, batch) / (double)h->samples;
    for (size_t i = 0; i < h->work->net->weights; i++) y[i] += share * part[i];
}

static void apply(double *y, const double *x, void *context) {
    Hessian *h = context;
    HessianWork *work = h->work;
    const size_t n = work->net->weights;
    const bool exactly = h->by == HESSIAN_PROGRAM;
    const double step = exactly ? 0.0 : first_step(work, x);
    memcpy(work->v, x, n * sizeof *x);
    for (size_t i = 0; i < n; i++) y[i] = 0.0;
    for (size_t from = 0; from < h->batches; from += WAVE) {
        const size_t to = from + WAVE < h->batches ? from + WAVE : h->batches;
#pragma omp parallel for schedule(dynamic, 1) num_threads(work->threads) if (work->worth)
        for (size_t batch = from; batch < to; batch++) {
            double *part = work->part + (batch - from) * n;
            if (exactly)
                multiply_exactly(h, part, batch);
            else
                multiply_by_differences(h, part, work->v, step, batch);
        }
        for (size_t batch = from; batch < to; batch++) {
            add_part(h, y, work->part + (batch - from) * n, batch);
            if (!exactly) add_tally(h, work->tally[batch - from]);
        }
    }
    h->products++;
}

/* ---- beginning ---------------------------------------------------------------------- */

/* Loss and gradient of all batches; bytes that a pass of the first takes. */
static double measure(Hessian *h, Arena *arena) {
    HessianWork *work = h->work;
    const size_t n = work->net->weights;
    const ArenaMark mark = arena_mark(arena);
    double *sum = ZERO(arena, double, n), bytes = 0;
    for (size_t batch = 0; batch < h->batches; batch++) {
        const ArenaMark each = arena_mark(work->own[0]);
        const size_t before = arena_bytes(work->own[0]);
        const double share = (double)count_of(h, batch) / (double)h->samples;
        h->loss += share * gradient_at(h, work->own[0], work->part, work->ends, NULL, 0,
                                       batch, NULL);
        if (batch == 0) bytes = (double)(arena_bytes(work->own[0]) - before);
        add_part(h, sum, work->part, batch);
        arena_rewind(work->own[0], each);
    }
    h->gradient = vector_length(sum, n);
    arena_rewind(arena, mark);
    return bytes;
}

static void keep(Hessian *h, Arena *arena) {
    HessianWork *work = h->work;
    work->recorded = ZERO(arena, Recorded, h->batches);
    for (size_t batch = 0; batch < h->batches; batch++) {
        Arena *own = arena_new();
        double *product = TAKE(own, double, work->net->weights);
        work->recorded[batch] = record(h, own, batch, product);
    }
}

/* Whether the loss of a batch holds anything constant that depends on weights. */
static bool holds(const Hessian *h) {
    HessianWork *work = h->work;
    const ArenaMark mark = arena_mark(work->own[0]);
    Tape *tape = tape_new(work->own[0]);
    loss_of(h, tape, parameters(work->net, tape, trainer_weights(work->trainer), NULL), 0,
            true);
    const bool held = tape_holds(tape);
    arena_rewind(work->own[0], mark);
    return held;
}

/* Bytes of the first batch's recorded gradient. */
static double measure_program(const Hessian *h) {
    Arena *arena = h->work->own[0];
    const ArenaMark mark = arena_mark(arena);
    const size_t before = arena_bytes(arena);
    const Recorded r = record(h, arena, 0, h->work->part);
    const double bytes = differentiate(&r) - (double)before;
    arena_rewind(arena, mark);
    return bytes;
}

static bool refuse_program(double bytes, double most, BaseError *error) {
    const double gib = 1024.0 * 1024 * 1024;
    return base_fail(
        error, EX_USAGE, 0,
        "by=program: recorded gradients would take %.2g GiB, more than %.2g; "
        "by=differences needs no more than training",
        bytes / gib, most / gib);
}

/* Which way, by what the program of a batch takes, for each thread one, and those of all. */
static bool choose(Hessian *h, Arena *arena, const HessianWish *wish, double pass,
                   BaseError *error) {
    const double most = wish->bytes > 0 ? wish->bytes : HESSIAN_BYTES,
                 threads = (double)h->work->threads;
    double one = RECORDED * pass;
    if (wish->by != HESSIAN_DIFFERENCES && one * threads <= most)
        one = measure_program(h);
    const bool fits = one * threads <= most;
    if (wish->by == HESSIAN_PROGRAM && !fits)
        return refuse_program(one * threads, most, error);
    h->held = holds(h);
    h->by =
        wish->by == HESSIAN_DIFFERENCES || !fits ? HESSIAN_DIFFERENCES : HESSIAN_PROGRAM;
    if (h->by == HESSIAN_DIFFERENCES && h->held)
        return base_fail(
            error, EX_USAGE, 0,
            "by=differences: a normalizer of it holds values constant in its "
            "derivative, so that differences of gradients are of no "
            "Hessian; by=program has that of the loss where they are held");
    if (h->by == HESSIAN_DIFFERENCES) return true;
    h->kept = one * (double)h->batches <= most;
    h->bytes = one * (h->kept ? (double)h->batches : threads);
    if (h->kept) keep(h, arena);
    return true;
}

static bool take_samples(Hessian *h, const Trainer *t, const HessianWish *wish,
                         BaseError *error) {
    const Dataset *data = trainer_data(t);
    const size_t there = data->train.count;
    h->samples = wish->samples ? wish->samples : there;
    h->mode = wish->mode;
    h->batch = trainer_batch(t);
    if (h->samples > there)
        return base_fail(error, EX_USAGE, 0, "samples=%zu: %zu train", h->samples, there);
    if (h->mode == NORM_TRAIN) h->samples -= h->samples % h->batch;
    h->batches = (h->samples + h->batch - 1) / h->batch;
    if (h->batches > 0) return true;
    return base_fail(error, EX_USAGE, 0,
                     "samples=%zu: batch statistics are those of batches of %zu",
                     wish->samples, h->batch);
}

Hessian *hessian_new(Arena *arena, const Trainer *t, const HessianWish *wish,
                     BaseError *error) {
    Hessian *h = ZERO(arena, Hessian, 1);
    HessianWork *work = h->work = ZERO(arena, HessianWork, 1);
    if (!take_samples(h, t, wish, error)) return NULL;
    const size_t n = trainer_net(t)->weights, threads = wish->threads ? wish->threads : 1;
    *work = (HessianWork){.trainer = t,
                          .net = trainer_net(t),
                          .threads = (int)threads,
                          .own = TAKE(arena, Arena *, threads),
                          .v = ZERO(arena, double, n),
                          .part = TAKE(arena, double, WAVE *n),
                          .ends = TAKE(arena, double, threads * 3 * n),
                          .tally = arena_zero(arena, WAVE, sizeof *work->tally)};
    for (size_t i = 0; i < threads; i++) work->own[i] = arena_new();
    work->worth = work->net->flops * (double)h->samples > WORTH;
    h->operator=(Operator){n, apply, h};
    const double pass = measure(h, arena);
    if (choose(h, arena, wish, pass, error)) return h;
    hessian_free(h);
    return NULL;
}

void hessian_free(Hessian *h) {
    if (h == NULL) return;
    for (int i = 0; i < h->work->threads; i++) arena_free(h->work->own[i]);
    for (size_t i = 0; h->work->recorded && i < h->batches; i++)
        arena_free(h->work->recorded[i].arena);
}

double hessian_asymmetry(Hessian *h, Arena *arena, uint64_t seed) {
    const size_t n = h->operator.size;
    const ArenaMark mark = arena_mark(arena);
    double *u = TAKE(arena, double, 4 * n), *v = u + n, *hu = v + n, *hv = hu + n;
    for (size_t i = 0; i < n; i++) {
        u[i] =
            draw_bits((Draw){seed, DRAW_CURVATURE, 0, UINT64_MAX - 1}, i) >> 63 ? 1 : -1;
        v[i] =
            draw_bits((Draw){seed, DRAW_CURVATURE, 1, UINT64_MAX - 1}, i) >> 63 ? 1 : -1;
    }
    apply(hu, u, h);
    apply(hv, v, h);
    const double size =
        sqrt((double)n) * (vector_length(hu, n) + vector_length(hv, n)) / 2;
    const double apart = fabs(sum_product(u, hv, n) - sum_product(v, hu, n));
    arena_rewind(arena, mark);
    return size > 0 ? apart / size : apart;
}
