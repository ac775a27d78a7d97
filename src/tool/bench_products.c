/* Convolutions beside dgemm: the forms of a ResNet's layers and of some others. */
#include "bench.h"
#include "bilinear.h"

#include <string.h>

enum { SAMPLES = 8, CALLS_FLOPS = 100000000 }; /* of a call; of a turn, at least */

typedef struct Layer {
    size_t C, size, K, filter, stride;
} Layer;

static const Layer LAYERS[] = {
    {16, 28, 16, 3, 1}, {32, 14, 32, 3, 1},   {64, 7, 64, 3, 1},
    {16, 28, 32, 3, 2}, {256, 14, 256, 3, 1}, {64, 28, 128, 1, 1},
};

/* A form of a layer, on every thread its own arrays. */
typedef struct Product {
    Conv conv;
    ConvForm form;
    double *x[SPEED_THREADS], *w[SPEED_THREADS], *y[SPEED_THREADS],
        *scratch[SPEED_THREADS];
    size_t calls; /* of a turn */
} Product;

static void work_product(const SpeedSubject *subject, size_t t) {
    const Product *p = subject->context;
    for (size_t k = 0; k < p->calls; k++)
        if (p->form == CONV_FORWARD)
            conv_forward(p->y[t], p->x[t], p->w[t], &p->conv, p->scratch[t], 0.0);
        else if (p->form == CONV_INPUT)
            conv_input(p->x[t], p->y[t], p->w[t], &p->conv, p->scratch[t], 0.0);
        else
            conv_filter(p->w[t], p->x[t], p->y[t], &p->conv, p->scratch[t], 0.0);
}

static double *numbers(Arena *arena, size_t count) {
    double *value = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) value[i] = (double)(i * 7919 % 1009) / 1009.0;
    return value;
}

/* By the formula, however it is computed. */
static double flops(const Conv *v) {
    return 2.0 * (double)(v->N * v->K * v->P * v->Q) * (double)(v->C * v->R * v->S);
}

static Product *product_new(const Bench *bench, const Layer *l, ConvForm form) {
    Product *p = TAKE(bench->arena, Product, 1);
    const Shape x = SHAPE_OF(SAMPLES, l->C, l->size, l->size),
                w = SHAPE_OF(l->K, l->C, l->filter, l->filter);
    p->conv = conv_geometry(x, w, l->stride, l->filter / 2);
    p->form = form;
    p->calls = 1 + (size_t)(CALLS_FLOPS / flops(&p->conv));
    for (size_t t = 0; t < bench->speed.threads; t++) {
        p->x[t] = numbers(bench->arena, shape_count(x));
        p->w[t] = numbers(bench->arena, shape_count(w));
        p->y[t] = numbers(bench->arena, SAMPLES * l->K * p->conv.P * p->conv.Q);
        p->scratch[t] = TAKE(bench->arena, double, conv_scratch(&p->conv));
    }
    return p;
}

static void print_layer(const Bench *bench, const Layer *l, const SpeedSubject *form,
                        const SpeedSubject *gemm, bool first) {
    static const char *const name[CONV_FORMS] = {"forward", "input", "filter"};
    Text text = text_new(bench->arena);
    for (size_t i = 0; i < CONV_FORMS; i++) {
        const Product *p = form[i].context;
        const double rate = flops(&p->conv) * (double)(p->calls * bench->speed.threads) /
                            speed_median(&bench->speed, form[i].seconds);
        if (bench->json)
            text_add(&text, ", \"%s_flops\": %.4g", name[i], rate);
        else
            text_add(&text, "%s%s %.2f", i ? ", " : "", name[i],
                     rate / speed_gemm_flops(&bench->speed, gemm->seconds));
    }
    if (bench->json)
        printf("%s\n  {\"channels\": %zu, \"size\": %zu, \"filters\": %zu, "
               "\"filter\": %zu, \"stride\": %zu%s, \"dgemm_flops\": %.4g}",
               first ? "" : ",", l->C, l->size, l->K, l->filter, l->stride, text.data,
               speed_gemm_flops(&bench->speed, gemm->seconds));
    else
        printf("%3zu x %zu x %zu to %zu, %zu x %zu, stride %zu: %s of dgemm\n", l->C,
               l->size, l->size, l->K, l->filter, l->filter, l->stride, text.data);
}

void bench_products(const Bench *bench) {
    const ArenaMark mark = arena_mark(bench->arena);
    SpeedSubject subject[1 + COUNT_OF(LAYERS) * CONV_FORMS] = {speed_gemm(&bench->speed)};
    for (size_t i = 0; i < COUNT_OF(LAYERS) * CONV_FORMS; i++)
        subject[1 + i] =
            (SpeedSubject){.work = work_product,
                           .context = product_new(bench, &LAYERS[i / CONV_FORMS],
                                                  (ConvForm)(i % CONV_FORMS))};
    speed_turns(&bench->speed, subject, COUNT_OF(subject));
    if (bench->json)
        printf(",\n \"products\": [");
    else
        printf("dgemm %.1f Gflop/s\n",
               1e-9 * speed_gemm_flops(&bench->speed, subject->seconds));
    for (size_t i = 0; i < COUNT_OF(LAYERS); i++)
        print_layer(bench, &LAYERS[i], &subject[1 + i * CONV_FORMS], subject, i == 0);
    if (bench->json) printf("]");
    arena_rewind(bench->arena, mark);
}
