/* The figures of what was measured, from its file. */
#include "parts.h"

#include <math.h>
#include <string.h>

const char *speed_foot(Arena *arena, const Grid *grid, const Table *t) {
    const Table from = grid_table(grid, arena, "/provenance");
    double load = (double)NAN;
    text_to_double(table_fact(t, "load_average", ""), &load);
    return text_print(arena,
                      "bench --save %s: medians and quartiles of %s turns; load average "
                      "%.1f; %s",
                      text_plain(arena, table_fact(t, "identity", "?")),
                      text_plain(arena, table_fact(t, "turns", "?")), load,
                      text_plain(arena, table_fact(&from, "processor", "?")));
}

static size_t rank_of(Arena *arena, const char *word) {
    BaseError error = {.set = false};
    const char *spec = strcmp(word, "group") == 0 ? "group(8)" : word;
    const Norm *norm = norm_new(arena, spec, 0, &error);
    return norm ? norm_rank(norm) : 0;
}

const size_t *speed_colours(Arena *arena, const char *const *norm, size_t norms) {
    size_t *colour = ZERO(arena, size_t, 1 + norms);
    for (size_t k = 0; k < norms; k++) colour[1 + k] = rank_of(arena, norm[k]);
    return colour;
}

/* The limit's name, then those of others. */
static const char **with_limit(Arena *arena, const char *limit, const char *const *name,
                               size_t count) {
    const char **all = TAKE(arena, const char *, 1 + count);
    all[0] = limit;
    for (size_t i = 0; i < count; i++) all[1 + i] = name[i];
    return all;
}

/* ---- kernels: bytes a second ----------------------------------------------------------- */

/* What /kernels has, of its last number of threads. */
typedef struct Kernels {
    size_t shapes, norms;
    const char *const *shape, *const *norm;
    double threads;
    const double *elements; /* [shapes] */
    const double *seconds,
        *limit; /* [shapes, norms, PASSES, QUARTILES]; [shapes, 3, ...] */
} Kernels;

enum { MEMCPY, COPY, SUM, LIMITS };

static Kernels kernels_of(const Table *t) {
    BaseError error = {.set = false};
    Kernels k = {.shapes = 0};
    size_t counts = 0, elements;
    const double *threads = table_list(t, "threads", &counts, &error);
    k.shape = table_names(t, "shape", &k.shapes, &error);
    k.norm = table_names(t, "norm", &k.norms, &error);
    k.elements = table_list(t, "elements", &elements, &error);
    const size_t own = k.shapes * k.norms * PASSES * QUARTILES,
                 of_limits = k.shapes * LIMITS * QUARTILES;
    k.seconds = table_array(t, "seconds", counts * own, &error);
    k.limit = table_array(t, "limit_seconds", counts * of_limits, &error);
    die_if(&error);
    k.threads = threads[counts - 1];
    k.seconds += (counts - 1) * own, k.limit += (counts - 1) * of_limits;
    return k;
}

/* Of seconds, bytes a second. */
static void put_rate(double *to, double bytes, const double *seconds) {
    for (size_t q = 0; q < QUARTILES; q++) to[q] = bytes / seconds[QUARTILES - 1 - q];
}

/* [PASSES, shapes, 1 + norms, QUARTILES]: one tensor read and one written, forward; two and
 * one, backward. */
static const double *rates_of(Arena *arena, const Kernels *k) {
    const size_t series = 1 + k->norms;
    double *rate = TAKE(arena, double, PASSES * k->shapes * series * QUARTILES),
           *to = rate;
    for (size_t p = 0; p < PASSES; p++)
        for (size_t i = 0; i < k->shapes; i++) {
            const double bytes =
                (p == FORWARD ? 2.0 : 3.0) * sizeof(double) * k->elements[i] * k->threads;
            const double *of = k->limit + i * LIMITS * QUARTILES,
                         *copy = of[1] <= of[QUARTILES + 1] ? of : of + QUARTILES;
            put_rate(to, bytes, p == FORWARD ? copy : of + SUM * QUARTILES);
            to += QUARTILES;
            for (size_t n = 0; n < k->norms; n++, to += QUARTILES)
                put_rate(to, bytes,
                         k->seconds + ((i * k->norms + n) * PASSES + p) * QUARTILES);
        }
    return rate;
}

bool speed_roofline(Figure *f, const Grid *grid, const char *about) {
    const char *const title[PASSES] = {"forward, beside a copy",
                                       "backward, beside a sum"};
    const Table t = grid_table(grid, f->arena, "/kernels");
    const Kernels k = kernels_of(&t);
    const Dots dots = {.panels = PASSES,
                       .rows = k.shapes,
                       .series = 1 + k.norms,
                       .title = title,
                       .row = k.shape,
                       .name = with_limit(f->arena, "memory alone", k.norm, k.norms),
                       .colour = speed_colours(f->arena, k.norm, k.norms),
                       .value = rates_of(f->arena, &k),
                       .scale = 1e-9};
    f->title = about;
    f->x_label = text_print(f->arena, "GB/s, %g threads", k.threads);
    speed_dots(f, &dots, speed_foot(f->arena, grid, &t));
    return true;
}

/* ---- training: parts of dgemm ------------------------------------------------------------ */

typedef struct Training {
    size_t counts, cases, norms;
    const char *const *name, *const *norm;
    const double *threads, *of_dgemm; /* [counts, cases, norms, QUARTILES] */
    size_t kinds;                     /* of PyTorch's arithmetic; 0: nobody asked */
    const char *const *kind;
    const double *of_torch; /* [kinds, cases, norms, QUARTILES] times as fast as it */
} Training;

static Training training_of(const Table *t, const Table *peer) {
    BaseError error = {.set = false};
    Training r = {.kinds = 0};
    r.threads = table_list(t, "threads", &r.counts, &error);
    r.name = table_names(t, "case", &r.cases, &error);
    r.norm = table_names(t, "norm", &r.norms, &error);
    r.of_dgemm =
        table_array(t, "of_dgemm", r.counts * r.cases * r.norms * QUARTILES, &error);
    if (table_find(peer, "of_torch")) {
        r.kind = table_names(peer, "arithmetic", &r.kinds, &error);
        r.of_torch = table_array(peer, "of_torch",
                                 r.kinds * r.cases * r.norms * QUARTILES, &error);
    }
    die_if(&error);
    return r;
}

/* PyTorch beside the last number of threads: our part of dgemm, over how many times as fast
 * as it we were, turn by turn. */
static void put_torch(double *to, const Training *r, size_t kind, size_t i) {
    const size_t group = r->norms - 1;
    const double *own = r->of_dgemm +
                        (((r->counts - 1) * r->cases + i) * r->norms + group) * QUARTILES,
                 *ratio =
                     r->of_torch + ((kind * r->cases + i) * r->norms + group) * QUARTILES;
    for (size_t q = 0; q < QUARTILES; q++) to[q] = own[1] / ratio[QUARTILES - 1 - q];
}

static const double *parts_of(Arena *arena, const Training *r, size_t series) {
    double *part = TAKE(arena, double, r->counts * r->cases * series * QUARTILES),
           *to = part;
    const double *own = r->of_dgemm;
    for (size_t c = 0; c < r->counts; c++)
        for (size_t i = 0; i < r->cases; i++) {
            for (size_t q = 0; q < QUARTILES; q++) *to++ = 1.0;
            for (size_t q = 0; q < r->norms * QUARTILES; q++) *to++ = *own++;
            for (size_t k = 0; k < r->kinds; k++, to += QUARTILES) {
                if (c + 1 == r->counts) {
                    put_torch(to, r, k, i);
                    continue;
                }
                for (size_t q = 0; q < QUARTILES; q++) to[q] = (double)NAN;
            }
        }
    return part;
}

bool speed_learning(Figure *f, const Grid *grid, const char *about) {
    Arena *arena = f->arena;
    const Table t = grid_table(grid, arena, "/training"),
                peer = grid_table(grid, arena, "/peer/training");
    const Training r = training_of(&t, &peer);
    const size_t others = r.norms + r.kinds;
    const char **other = TAKE(arena, const char *, others),
               **title = TAKE(arena, const char *, r.counts);
    for (size_t i = 0; i < others; i++)
        other[i] = i < r.norms
                       ? r.norm[i]
                       : text_print(arena, "PyTorch %s, group(8)", r.kind[i - r.norms]);
    for (size_t c = 0; c < r.counts; c++)
        title[c] =
            text_print(arena, "%g thread%s", r.threads[c], r.threads[c] > 1 ? "s" : "");
    size_t *colour = TAKE(arena, size_t, 1 + others);
    const size_t *known = speed_colours(arena, r.norm, r.norms);
    for (size_t i = 0; i <= others; i++) colour[i] = i <= r.norms ? known[i] : i + 4;
    const Dots dots = {.panels = r.counts,
                       .rows = r.cases,
                       .series = 1 + others,
                       .title = title,
                       .row = r.name,
                       .name = with_limit(arena, "dgemm", other, others),
                       .colour = colour,
                       .value = parts_of(arena, &r, 1 + others),
                       .scale = 1.0};
    f->title = about;
    f->x_label = "speed, of dgemm's";
    speed_dots(f, &dots, speed_foot(f->arena, grid, &t));
    return true;
}
