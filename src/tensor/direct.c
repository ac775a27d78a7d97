/* Convolution by its formula: each result is one sum over (c, r, s), in that order, of
 * channels in blocks of 8; patches are read where the image stands. */
#include "conv.h"

#include <string.h>

/* An image with a border of zeros, so that no patch ends at an edge. */
typedef struct Frame {
    size_t planes, H, W;  /* of the image */
    size_t top, left;     /* zeros before it */
    size_t height, width; /* with all zeros */
} Frame;

static size_t frame_count(const Frame *f) {
    return f->planes * f->height * f->width;
}

static bool is_bare(const Frame *f) {
    return f->height == f->H && f->width == f->W;
}

/* The image in its frame, whose border holds zeros already; itself where there is none. */
static const double *framed(double *room, const double *image, const Frame *f) {
    if (is_bare(f)) return image;
    for (size_t c = 0; c < f->planes; c++)
        for (size_t h = 0; h < f->H; h++)
            memcpy(room + (c * f->height + f->top + h) * f->width + f->left,
                   image + (c * f->H + h) * f->W, f->W * sizeof *room);
    return room;
}

/* Offsets of (a, i, j) at a * plane + i * row + j * step. */
static size_t *offsets(size_t *offset, size_t A, size_t I, size_t J, size_t plane,
                       size_t row, size_t step) {
    for (size_t a = 0, e = 0; a < A; a++)
        for (size_t i = 0; i < I; i++)
            for (size_t j = 0; j < J; j++) offset[e++] = a * plane + i * row + j * step;
    return offset;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* x as the forward form and the filter form read it. */
static Frame frame_of_x(const Conv *v) {
    return (Frame){.planes = v->C,
                   .H = v->H,
                   .W = v->W,
                   .top = v->pad,
                   .left = v->pad,
                   .height = v->H + 2 * v->pad,
                   .width = v->W + 2 * v->pad};
}

/* ---- panels of several blocks ---------------------------------------------------- */

enum { PAIR = 2 }; /* blocks computed at once */

static size_t at_most(size_t n, size_t most) {
    return n < most ? n : most;
}

/* [blocks][cols][8] of `channels` rows that are so far apart. */
static void pack_blocks(const Kernels *kernels, double *panels, const double *x,
                        size_t apart, size_t channels, size_t cols) {
    for (size_t b = 0; b < block_count(channels); b++)
        kernels->pack(panels + b * cols * BLOCK, x + b * BLOCK * apart, apart,
                      at_most(channels - b * BLOCK, BLOCK), cols);
}

static void unpack_blocks(const Kernels *kernels, double *x, const double *panels,
                          size_t channels, size_t cols, double beta) {
    for (size_t b = 0; b < block_count(channels); b++)
        kernels->unpack(x + b * BLOCK * cols, panels + b * cols * BLOCK, cols,
                        at_most(channels - b * BLOCK, BLOCK), cols, beta);
}

static size_t *carve_offsets(double **scratch, size_t count) {
    return (size_t *)(void *)carve(scratch, count);
}

static double *carve_frame(double **scratch, const Frame *f) {
    if (is_bare(f)) return NULL;
    double *room = carve(scratch, frame_count(f));
    vector_zero(room, frame_count(f));
    return room;
}

/* ---- y of (x, w) ----------------------------------------------------------------- */

/* y[k, i, j] of one sample: patches (i, j) by taps (c, r, s), a pair of blocks at a time. */
static void results(const Conv *v, const Kernels *kernels, double *y,
                    const Gather *patches, const double *panels, double *part,
                    double beta) {
    const size_t PQ = v->P * v->Q, apart = patches->cols * BLOCK;
    for (size_t k = 0; k < v->K; k += PAIR * BLOCK) {
        const size_t channels = at_most(v->K - k, PAIR * BLOCK);
        kernels->product(part, PQ * BLOCK, patches, panels + k / BLOCK * apart, apart,
                         block_count(channels), false);
        unpack_blocks(kernels, y + k * PQ, part, channels, PQ, beta);
    }
}

static void forward(const Conv *v, const Kernels *kernels, ConvCall call) {
    const size_t PQ = v->P * v->Q, CRS = v->C * v->R * v->S;
    const Frame f = frame_of_x(v);
    double *room = carve_frame(&call.scratch, &f);
    double *panels = carve(&call.scratch, block_count(v->K) * CRS * BLOCK);
    double *part = carve(&call.scratch, PAIR * PQ * BLOCK);
    Gather patches = {.rows = PQ, .cols = CRS};
    patches.row = offsets(carve_offsets(&call.scratch, PQ), 1, v->P, v->Q, 0,
                          v->stride * f.width, v->stride);
    patches.col = offsets(carve_offsets(&call.scratch, CRS), v->C, v->R, v->S,
                          f.height * f.width, f.width, 1);
    pack_blocks(kernels, panels, call.b, CRS, v->K, CRS);
    for (size_t n = 0; n < v->N; n++) {
        patches.x = framed(room, call.a + n * v->C * v->H * v->W, &f);
        results(v, kernels, call.out + n * v->K * PQ, &patches, panels, part, call.beta);
    }
}

/* ---- w of (x, y) ----------------------------------------------------------------- */

/* Each sample's sum by itself, then samples in their order. */
static void filter(const Conv *v, const Kernels *kernels, ConvCall call) {
    const size_t PQ = v->P * v->Q, CRS = v->C * v->R * v->S, blocks = block_count(v->K);
    const Frame f = frame_of_x(v);
    double *room = carve_frame(&call.scratch, &f);
    double *sum = carve(&call.scratch, blocks * CRS * BLOCK);
    double *panels = carve(&call.scratch, blocks * PQ * BLOCK);
    Gather taps = {.rows = CRS, .cols = PQ};
    taps.col = offsets(carve_offsets(&call.scratch, PQ), 1, v->P, v->Q, 0,
                       v->stride * f.width, v->stride);
    taps.row = offsets(carve_offsets(&call.scratch, CRS), v->C, v->R, v->S,
                       f.height * f.width, f.width, 1);
    for (size_t n = 0; n < v->N; n++) {
        taps.x = framed(room, call.a + n * v->C * v->H * v->W, &f);
        pack_blocks(kernels, panels, call.b + n * v->K * PQ, PQ, v->K, PQ);
        kernels->product(sum, CRS * BLOCK, &taps, panels, PQ * BLOCK, blocks, n > 0);
    }
    unpack_blocks(kernels, call.out, sum, v->K, CRS, call.beta);
}

/* ---- x of (y, w) ----------------------------------------------------------------- */

/* Places h with h + pad = a modulo the stride meet the taps r = a modulo the stride, and no
 * others: h + pad = p stride + r. So x falls into stride x stride phases, each of which is a
 * convolution of y without stride. */
typedef struct Phase {   /* along one axis */
    size_t first, count; /* places */
    size_t from;         /* p of the first place at its first tap */
    size_t tap, taps;    /* the first, and how many */
} Phase;

static Phase phase_of(size_t a, size_t size, size_t filter_size, const Conv *v) {
    const size_t s = v->stride, first = (a + s - v->pad % s) % s;
    return (Phase){.first = first,
                   .count = first < size ? (size - first - 1) / s + 1 : 0,
                   .from = (first + v->pad) / s,
                   .tap = a,
                   .taps = filter_size > a ? (filter_size - a - 1) / s + 1 : 0};
}

/* y as the input form reads it: p from -(R-1)/stride to the last place's. */
static Frame frame_of_y(const Conv *v) {
    const size_t top = (v->R - 1) / v->stride, left = (v->S - 1) / v->stride;
    return (Frame){.planes = v->K,
                   .H = v->P,
                   .W = v->Q,
                   .top = top,
                   .left = left,
                   .height = top + larger(v->P, (v->H - 1 + v->pad) / v->stride + 1),
                   .width = left + larger(v->Q, (v->W - 1 + v->pad) / v->stride + 1)};
}

/* One phase: its places by its taps (k, r, s), and its filters. */
typedef struct PhasePlan {
    Phase h, w;
    Gather g;
    const double *panels; /* [blocks][taps][8] */
} PhasePlan;

/* Phases with taps: where the stride is larger than the filter, others are zeros. */
typedef struct Plan {
    size_t phases;
    PhasePlan *phase;
    double *x, *part; /* a pair of blocks of x, and of one phase of it */
} Plan;

/* The taps of a phase out of panels that hold all of them. */
static double *taps_of(double *to, const double *panels, const Conv *v,
                       const PhasePlan *p) {
    double *begin = to;
    for (size_t b = 0; b < block_count(v->C); b++)
        for (size_t k = 0; k < v->K; k++)
            for (size_t i = 0; i < p->h.taps; i++)
                for (size_t j = 0; j < p->w.taps; j++, to += BLOCK) {
                    const size_t r = p->h.tap + i * v->stride,
                                 s = p->w.tap + j * v->stride;
                    const size_t at = ((b * v->K + k) * v->R + r) * v->S + s;
                    memcpy(to, panels + at * BLOCK, BLOCK * sizeof *to);
                }
    return begin;
}

static PhasePlan plan_phase(double **scratch, const Conv *v, const Frame *f,
                            const double *panels, size_t a, size_t b) {
    PhasePlan p = {.h = phase_of(a, v->H, v->R, v), .w = phase_of(b, v->W, v->S, v)};
    p.g.rows = p.h.count * p.w.count;
    p.g.cols = v->K * p.h.taps * p.w.taps;
    size_t *row = carve_offsets(scratch, p.g.rows),
           *col = carve_offsets(scratch, p.g.cols);
    p.g.row = offsets(row, 1, p.h.count, p.w.count, 0, f->width, 1);
    for (size_t i = 0; i < p.g.rows; i++) row[i] += p.h.from * f->width + p.w.from;
    for (size_t k = 0, e = 0; k < v->K; k++)
        for (size_t i = 0; i < p.h.taps; i++)
            for (size_t j = 0; j < p.w.taps; j++)
                col[e++] = (k * f->height + f->top - i) * f->width + f->left - j;
    p.g.col = col;
    p.panels = panels;
    if (v->stride > 1)
        p.panels =
            taps_of(carve(scratch, block_count(v->C) * p.g.cols * BLOCK), panels, v, &p);
    return p;
}

/* The phase's places of x [blocks][H*W][8] from part [blocks][rows][8]. */
static void place_phase(double *x, const double *part, const Conv *v, const PhasePlan *p,
                        size_t blocks) {
    for (size_t b = 0; b < blocks; b++)
        for (size_t i = 0; i < p->h.count; i++)
            for (size_t j = 0; j < p->w.count; j++, part += BLOCK) {
                const size_t h = p->h.first + i * v->stride,
                             w = p->w.first + j * v->stride;
                memcpy(x + ((b * v->H + h) * v->W + w) * BLOCK, part, BLOCK * sizeof *x);
            }
}

/* dx of one sample, a pair of blocks at a time. */
static void places(const Conv *v, const Kernels *kernels, double *dx, const Plan *plan,
                   double beta) {
    const size_t HW = v->H * v->W;
    for (size_t c = 0; c < v->C; c += PAIR * BLOCK) {
        const size_t channels = at_most(v->C - c, PAIR * BLOCK);
        const size_t blocks = block_count(channels);
        for (size_t i = 0; i < plan->phases; i++) {
            const PhasePlan *p = &plan->phase[i];
            double *out = v->stride == 1 ? plan->x : plan->part;
            const size_t apart = p->g.cols * BLOCK;
            kernels->product(out, p->g.rows * BLOCK, &p->g, p->panels + c / BLOCK * apart,
                             apart, blocks, false);
            if (v->stride > 1) place_phase(plan->x, out, v, p, blocks);
        }
        unpack_blocks(kernels, dx + c * HW, plan->x, channels, HW, beta);
    }
}

/* [blocks of C][k, r, s][8] */
static double *pack_turned(double *panels, const Conv *v, const Kernels *kernels,
                           const double *w) {
    const size_t RS = v->R * v->S;
    for (size_t b = 0; b < block_count(v->C); b++)
        for (size_t k = 0; k < v->K; k++)
            kernels->pack(panels + (b * v->K + k) * RS * BLOCK,
                          w + (k * v->C + b * BLOCK) * RS, RS,
                          at_most(v->C - b * BLOCK, BLOCK), RS);
    return panels;
}

static size_t phase_doubles(const Conv *v) {
    return v->R * v->S * (sizeof(PhasePlan) / sizeof(double) + 1);
}

static Plan plan_input(double **scratch, const Conv *v, const Kernels *kernels,
                       const Frame *f, const double *w) {
    const size_t HW = v->H * v->W, s = v->stride;
    Plan plan = {.x = carve(scratch, PAIR * HW * BLOCK)};
    plan.part = carve(scratch, PAIR * HW * BLOCK);
    plan.phase = (PhasePlan *)(void *)carve(scratch, phase_doubles(v));
    double *panels = carve(scratch, block_count(v->C) * v->K * v->R * v->S * BLOCK);
    pack_turned(panels, v, kernels, w);
    if (s > 1) vector_zero(plan.x, PAIR * HW * BLOCK);
    for (size_t a = 0; a < at_most(s, v->R); a++)
        for (size_t b = 0; b < at_most(s, v->S); b++)
            plan.phase[plan.phases++] = plan_phase(scratch, v, f, panels, a, b);
    return plan;
}

static void input(const Conv *v, const Kernels *kernels, ConvCall call) {
    const Frame f = frame_of_y(v);
    double *room = carve_frame(&call.scratch, &f);
    const Plan plan = plan_input(&call.scratch, v, kernels, &f, call.b);
    for (size_t n = 0; n < v->N; n++) {
        const double *y = framed(room, call.a + n * v->K * v->P * v->Q, &f);
        for (size_t i = 0; i < plan.phases; i++) plan.phase[i].g.x = y;
        places(v, kernels, call.out + n * v->C * v->H * v->W, &plan, call.beta);
    }
}

/* ---------------------------------------------------------------------------------- */

static bool takes(const Conv *conv) {
    (void)conv;
    return true;
}

static size_t scratch(const Conv *v, ConvForm form) {
    const size_t PQ = v->P * v->Q, HW = v->H * v->W, RS = v->R * v->S;
    const size_t pieces = BLOCK * (8 + 3 * at_most(RS, v->stride * v->stride));
    const Frame x = frame_of_x(v), y = frame_of_y(v);
    const size_t blocks = block_count(v->K);
    if (form == CONV_INPUT)
        return frame_count(&y) + HW + v->K * RS + phase_doubles(v) + pieces +
               BLOCK * 2 * (PAIR * HW + block_count(v->C) * v->K * RS);
    return frame_count(&x) + PQ + v->C * RS + pieces +
           BLOCK * (larger(blocks, PAIR) * PQ + blocks * v->C * RS);
}

const ConvWay conv_direct = {.name = "direct",
                             .takes = takes,
                             .scratch = scratch,
                             .run = {forward, input, filter}};
