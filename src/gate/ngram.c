/* The next symbol from the n - 1 before it, by counts of the training text: n-grams of all lengths
 * up to n, interpolated as Witten and Bell 1991 (method C) and Chen and Goodman 1999 (2.4) have it.
 * A window is all that is seen, as a network sees it: at its begin contexts are shorter. */
#include "ngram.h"
#include "house.h"
#include "real.h"

#include <stdlib.h>
#include <string.h>

/* What was seen behind contexts of one length: keys, sorted, are the context and the symbol, a byte
 * each. */
typedef struct Grams {
    size_t count;
    uint64_t *key;   /* [count] */
    uint32_t *times; /* [count] */
} Grams;

typedef struct Model {
    size_t order;
    Grams of[NGRAM_MOST]; /* [order] by length of the context */
} Model;

bool ngram_fits(const Task *task, const Dataset *data) {
    return strcmp(task->kind->name, "predict") == 0 && data->train.count > 0;
}

/* ---- counts ---------------------------------------------------------------------------- */

/* The `length` symbols that end at text[t]. */
static uint64_t context_at(const uint8_t *text, size_t t, size_t length) {
    uint64_t key = 0;
    for (size_t i = 0; i < length; i++) key = key << 8 | text[t + 1 - length + i];
    return key;
}

static int by_key(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Keys that stand together become one, with how many they were. */
static void count_keys(Arena *arena, Grams *grams) {
    size_t kept = 0;
    qsort(grams->key, grams->count, sizeof *grams->key, by_key);
    grams->times = ZERO(arena, uint32_t, grams->count + 1);
    for (size_t i = 0; i < grams->count; i++) {
        if (kept == 0 || grams->key[kept - 1] != grams->key[i])
            grams->key[kept++] = grams->key[i];
        grams->times[kept - 1]++;
    }
    grams->count = kept;
}

static size_t is_there(uint8_t symbol) {
    return symbol != DATA_IGNORED;
}

void ngram_fit(Gate *gate, Arena *arena, size_t order) {
    const Samples *train = &gate->data->train;
    const size_t T = gate->data->field[0].shape.size[0];
    Model *model = ZERO(arena, Model, 1);
    model->order = order;
    for (size_t m = 0; m < order; m++) {
        Grams *grams = &model->of[m];
        grams->key = TAKE(arena, uint64_t, train->count * T + 1);
        for (size_t i = 0; i < train->count; i++) {
            const uint8_t *text = train->value[0][i],
                          *next = train->value[gate->task->field][i];
            for (size_t t = m > 0 ? m - 1 : 0; t < T; t++)
                if (is_there(next[t]))
                    grams->key[grams->count++] = context_at(text, t, m) << 8 | next[t];
        }
        count_keys(arena, grams);
    }
    gate->model = model;
}

/* ---- probabilities --------------------------------------------------------------------- */

/* Where keys of a context begin, or would. */
static size_t first_of(const Grams *grams, uint64_t key) {
    size_t low = 0, high = grams->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (grams->key[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

//> Witten-Bell
/* p[K], of the shorter context, becomes that of this one:
 * (times(context, symbol) + kinds(context) p) / (times(context) + kinds(context)). */
static void interpolate(double *p, size_t K, const Grams *grams, uint64_t context) {
    const size_t from = first_of(grams, context << 8);
    size_t to = from, times = 0;
    for (; to < grams->count && grams->key[to] >> 8 == context; to++)
        times += grams->times[to];
    if (times == 0) return; /* never seen: the shorter one has to do */
    const double kinds = (double)(to - from), all = (double)times + kinds;
    for (size_t k = 0; k < K; k++) p[k] *= kinds / all;
    for (size_t i = from; i < to; i++) p[grams->key[i] & 0xFF] += grams->times[i] / all;
}
//< Witten-Bell

void ngram_tell(const Gate *gate, Tape *tape, const GateAsked *asked, TapeNode **out) {
    const Model *model = gate->model;
    const size_t K = gate->task->outputs, T = gate->data->field[0].shape.size[0];
    double p[DATA_MOST_CLASSES], *z = TAKE(tape_arena(tape), double, asked->count *K *T);
    for (size_t n = 0; n < asked->count; n++) {
        const uint8_t *text = asked->samples->value[0][asked->from + n];
        for (size_t t = 0; t < T; t++) {
            for (size_t k = 0; k < K; k++) p[k] = 1.0 / (double)K;
            for (size_t m = 0; m < model->order && m <= t + 1; m++)
                interpolate(p, K, &model->of[m], context_at(text, t, m));
            for (size_t k = 0; k < K; k++) z[(n * K + k) * T + t] = real_log(p[k]);
        }
    }
    out[0] = tape_leaf(tape, SHAPE_OF(asked->count, K, T), z);
}
