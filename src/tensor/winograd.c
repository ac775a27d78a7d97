/* Winograd's convolution with filters of 3 x 3 (Lavin and Gray 2016): 4 x 4 results from 36
 * products in place of 144.
 *
 * The trilinear form <y, x * w> of a tile is the sum over 36 places of (B'xB)(GwG')(AyA'), so
 * that all three of its forms need the same three transforms, and their transposes. */
#include "conv.h"

enum { PLACES = 36, RESULTS = 4, TAPS = 9, HALO = 2 };

/* Doubles of both operands' spectra of as many samples as are transformed at once: with those
 * of the filters they stay in a cache of a megabyte or two. */
enum { CHUNK_DOUBLES = 1 << 16 };

/* One of an image's sizes: x that is convolved, y that comes of it. */
typedef struct Plane {
    size_t channels, H, W;
} Plane;

typedef struct Plan {
    Plane in, out;
    size_t pad;
    size_t rows, cols; /* tiles of a sample */
    size_t samples;    /* transformed at once */
    size_t tiles;      /* of them */
} Plan;

static size_t at_most(size_t n, size_t most) {
    return n < most ? n : most;
}

static Plan plan_of(const Conv *v, ConvForm form) {
    const Plane x = {v->C, v->H, v->W}, y = {v->K, v->P, v->Q};
    Plan p = {.in = x, .out = y, .pad = v->pad};
    if (form == CONV_INPUT) p.in = y, p.out = x, p.pad = 2 - v->pad;
    p.rows = (p.out.H + RESULTS - 1) / RESULTS;
    p.cols = (p.out.W + RESULTS - 1) / RESULTS;
    const size_t blocks = block_count(v->C) + block_count(v->K);
    const size_t fit = CHUNK_DOUBLES / (PLACES * p.rows * p.cols * blocks * BLOCK);
    p.samples = at_most(fit > 0 ? fit : 1, v->N);
    p.tiles = p.samples * p.rows * p.cols;
    return p;
}

/* ---- spectra --------------------------------------------------------------------- */

/* Of [channels] x count places: a line more than needed, or powers of two would meet in few
 * sets of a cache. */
static size_t apart(size_t channels, size_t count) {
    return (block_count(channels) * count + 1) * BLOCK;
}

static Spectrum carve_spectrum(double **scratch, size_t channels, size_t count) {
    const size_t each = apart(channels, count);
    return (Spectrum){carve(scratch, PLACES * each), each};
}

static Spectrum at(Spectrum s, size_t place) {
    return (Spectrum){s.at + place * BLOCK, s.apart};
}

/* Rows of a block that are turned at once: whole lines of memory of each channel, whatever the
 * width, and no more than the first cache holds. */
enum { STRIP = 8 };

typedef struct Room { /* where one block of an image is laid out */
    double *flat;     /* [STRIP*W][8] */
    double *framed;   /* [height][width][8], zeros around */
    size_t height, width;
} Room;

/* Rows and columns that the tiles read. */
static Room carve_room(double **scratch, Plane image, size_t height, size_t width) {
    Room r = {.height = height, .width = width};
    r.flat = carve(scratch, STRIP * image.W * BLOCK);
    r.framed = carve(scratch, height * width * BLOCK);
    vector_zero(r.framed, height * width * BLOCK);
    return r;
}

/* A block of channels of one sample in its frame, `pad` from its edges; what reaches beyond
 * is not read by any tile. */
static void lay_out(const Room *r, const Kernels *kernels, const double *x, Plane image,
                    size_t block, size_t pad) {
    const size_t HW = image.H * image.W, width = at_most(image.W, r->width - pad);
    const size_t height = at_most(image.H, r->height - pad);
    const double *from = x + block * BLOCK * HW;
    for (size_t top = 0; top < height; top += STRIP) {
        const size_t rows = at_most(height - top, STRIP);
        kernels->pack(r->flat, from + top * image.W, HW,
                      at_most(image.channels - block * BLOCK, BLOCK), rows * image.W);
        for (size_t h = 0; h < rows; h++)
            vector_add(r->framed + ((top + h + pad) * r->width + pad) * BLOCK,
                       r->flat + h * image.W * BLOCK, width * BLOCK, 0.0);
    }
}

typedef void Transform(Spectrum v, const double *image, const Tiling *tiles);

/* The spectra of samples n.. of an image. */
static void transform(const Plan *p, const Kernels *kernels, Transform *of, Spectrum v,
                      const Room *room, const double *x, Plane image, size_t pad,
                      size_t samples) {
    const Tiling tiles = {.rows = p->rows, .cols = p->cols, .width = room->width};
    for (size_t n = 0; n < samples; n++)
        for (size_t b = 0; b < block_count(image.channels); b++) {
            lay_out(room, kernels, x + n * image.channels * image.H * image.W, image, b,
                    pad);
            of(at(v, b * p->tiles + n * p->rows * p->cols), room->framed, &tiles);
        }
}

/* ---- y of (x, w), and x of (y, w turned) ----------------------------------------- */

/* Filters of in.channels by out.channels: w is [out][in] going forward, else [in][out]. */
static void transform_filters(const Plan *p, const Kernels *kernels, Spectrum u,
                              double *panel, const double *w, bool turned) {
    const size_t in = p->in.channels, out = p->out.channels;
    for (size_t b = 0; b < block_count(out); b++) {
        const size_t rows = at_most(out - b * BLOCK, BLOCK);
        if (turned)
            for (size_t c = 0; c < in; c++)
                kernels->pack(panel + c * TAPS * BLOCK, w + (c * out + b * BLOCK) * TAPS,
                              TAPS, rows, TAPS);
        else
            kernels->pack(panel, w + b * BLOCK * in * TAPS, in * TAPS, rows, in * TAPS);
        kernels->of_filter(at(u, b * in), panel, in, turned);
    }
}

/* Offsets of channel c in panels of `count` places, and of place t. */
static void fill_offsets(size_t *channel, size_t channels, size_t *place, size_t count) {
    for (size_t c = 0; c < channels; c++)
        channel[c] = (c / BLOCK * count) * BLOCK + c % BLOCK;
    for (size_t t = 0; t < count; t++) place[t] = t * BLOCK;
}

static void bring_back(const Plan *p, const Kernels *kernels, double *out, Spectrum m,
                       double *flat, size_t samples, double beta) {
    Tiling tiles = {.rows = STRIP / RESULTS, .cols = p->cols, .width = p->out.W};
    const size_t size = p->out.H * p->out.W, channels = p->out.channels;
    for (size_t n = 0; n < samples; n++)
        for (size_t b = 0; b < block_count(channels); b++)
            for (size_t top = 0; top < p->out.H; top += STRIP) {
                const size_t row = n * p->rows + top / RESULTS;
                tiles.height = at_most(p->out.H - top, STRIP);
                tiles.rows = (tiles.height + RESULTS - 1) / RESULTS;
                kernels->to_image(flat, at(m, b * p->tiles + row * p->cols), &tiles);
                kernels->unpack(out + (n * channels + b * BLOCK) * size + top * p->out.W,
                                flat, size, at_most(channels - b * BLOCK, BLOCK),
                                tiles.height * p->out.W, beta);
            }
}

static void convolve(const Plan *p, const Kernels *kernels, size_t N, ConvCall call,
                     bool turned) {
    const size_t in = p->in.channels, out = p->out.channels;
    const Spectrum u = carve_spectrum(&call.scratch, out, in);
    const Spectrum v = carve_spectrum(&call.scratch, in, p->tiles);
    const Spectrum m = carve_spectrum(&call.scratch, out, p->tiles);
    size_t *channel = (size_t *)(void *)carve(&call.scratch, in);
    size_t *place = (size_t *)(void *)carve(&call.scratch, p->tiles);
    double *panel = carve(&call.scratch, in * TAPS * BLOCK);
    double *flat = carve(&call.scratch, STRIP * p->out.W * BLOCK);
    const Room room = carve_room(&call.scratch, p->in, RESULTS * p->rows + HALO,
                                 RESULTS * p->cols + HALO);
    fill_offsets(channel, in, place, p->tiles);
    transform_filters(p, kernels, u, panel, call.b, turned);
    for (size_t n = 0; n < N; n += p->samples) {
        const size_t samples = at_most(N - n, p->samples);
        Gather g = {.row = place,
                    .col = channel,
                    .rows = samples * p->rows * p->cols,
                    .cols = in};
        transform(p, kernels, kernels->of_image, v, &room,
                  call.a + n * in * p->in.H * p->in.W, p->in, p->pad, samples);
        for (size_t k = 0; k < PLACES; k++) {
            g.x = v.at + k * v.apart;
            kernels->product(m.at + k * m.apart, p->tiles * BLOCK, &g, u.at + k * u.apart,
                             in * BLOCK, block_count(out), false);
        }
        bring_back(p, kernels, call.out + n * out * p->out.H * p->out.W, m, flat, samples,
                   call.beta);
    }
}

static void forward(const Conv *v, const Kernels *kernels, ConvCall call) {
    const Plan p = plan_of(v, CONV_FORWARD);
    convolve(&p, kernels, v->N, call, false);
}

static void input(const Conv *v, const Kernels *kernels, ConvCall call) {
    const Plan p = plan_of(v, CONV_INPUT);
    convolve(&p, kernels, v->N, call, true);
}

/* ---- w of (x, y) ----------------------------------------------------------------- */

static void filter(const Conv *v, const Kernels *kernels, ConvCall call) {
    const Plan p = plan_of(v, CONV_FILTER);
    const size_t C = v->C, K = v->K, blocks = block_count(K);
    const Spectrum u = carve_spectrum(&call.scratch, K, C);
    const Spectrum of_x = carve_spectrum(&call.scratch, C, p.tiles);
    const Spectrum of_y = carve_spectrum(&call.scratch, K, p.tiles);
    size_t *channel = (size_t *)(void *)carve(&call.scratch, C);
    size_t *place = (size_t *)(void *)carve(&call.scratch, p.tiles);
    double *panel = carve(&call.scratch, C * TAPS * BLOCK);
    const Room room_x =
        carve_room(&call.scratch, p.in, RESULTS * p.rows + HALO, RESULTS * p.cols + HALO);
    const Room room_y =
        carve_room(&call.scratch, p.out, RESULTS * p.rows, RESULTS * p.cols);
    fill_offsets(channel, C, place, p.tiles);
    for (size_t n = 0; n < v->N; n += p.samples) {
        const size_t samples = at_most(v->N - n, p.samples);
        Gather g = {
            .row = channel, .col = place, .rows = C, .cols = samples * p.rows * p.cols};
        transform(&p, kernels, kernels->of_image, of_x, &room_x,
                  call.a + n * C * v->H * v->W, p.in, p.pad, samples);
        transform(&p, kernels, kernels->of_results, of_y, &room_y,
                  call.b + n * K * v->P * v->Q, p.out, 0, samples);
        for (size_t k = 0; k < PLACES; k++) {
            g.x = of_x.at + k * of_x.apart;
            kernels->product(u.at + k * u.apart, C * BLOCK, &g, of_y.at + k * of_y.apart,
                             p.tiles * BLOCK, blocks, n > 0);
        }
    }
    for (size_t b = 0; b < blocks; b++) {
        kernels->to_filter(panel, at(u, b * C), C);
        kernels->unpack(call.out + b * BLOCK * C * TAPS, panel, C * TAPS,
                        at_most(K - b * BLOCK, BLOCK), C * TAPS, call.beta);
    }
}

/* ---------------------------------------------------------------------------------- */

static bool takes(const Conv *v) {
    return v->R == 3 && v->S == 3 && v->stride == 1 && v->pad <= 2;
}

static size_t scratch(const Conv *v, ConvForm form) {
    const Plan p = plan_of(v, form);
    const size_t height = RESULTS * p.rows + HALO, width = RESULTS * p.cols + HALO;
    const size_t in = p.in.channels, out = p.out.channels, pieces = 10 * BLOCK;
    return PLACES * (apart(out, in) + apart(in, p.tiles) + apart(out, p.tiles)) + in +
           p.tiles + pieces +
           BLOCK * (TAPS * in + STRIP * (p.in.W + p.out.W) + 2 * height * width);
}

const ConvWay conv_winograd = {.name = "winograd",
                               .takes = takes,
                               .scratch = scratch,
                               .run = {forward, input, filter}};
