/* Normalizers of normalizers: outputs weighed, one after the other, some channels each, one by
 * mode or epoch. */
#include "loops.h"

static Number *part_of(const Loops *k, size_t i, const Number *x) {
    const Loops part = loops_of_part(k, i, k->C);
    Number *y = loops_room(k, k->n);
    loops_run(&part, y, x);
    return y;
}

/* Nam and Kim 2018: r a + (1 - r) b. */
void loops_blend(const Loops *k, Number *y, const Number *x) {
    const Number *a = part_of(k, 0, x), *b = part_of(k, 1, x),
                 *gate = loops_param(k, "gate");
    const bool one = loops_says(k, "per", "layer"),
               plain = loops_says(k, "gate", "clamp") || loops_says(k, "gate", "free");
    for (size_t i = 0; i < k->n; i++) {
        const Number own = gate[one ? 0 : loops_channel(k, i)];
        const Number r = plain ? own : loops_sigmoid(own);
        y[i] = r * a[i] + (1 - r) * b[i];
    }
    loops_affine(k, y);
}

void loops_anneal(const Loops *k, Number *y, const Number *x) {
    const Number *a = part_of(k, 0, x), *b = part_of(k, 1, x);
    const Quad r = loops_ramp(k);
    for (size_t i = 0; i < k->n; i++) y[i] = (1 - r) * a[i] + r * b[i];
    loops_affine(k, y);
}

/* Channels `from` and so many more by part i; the others are left as they are. */
static void channels_by(const Loops *k, size_t i, Number *y, const Number *x, size_t from,
                        size_t channels) {
    const Loops part = loops_of_part(k, i, channels);
    Number *in = loops_room(k, part.n), *out = loops_room(k, part.n);
    for (size_t j = 0; j < part.n; j++)
        in[j] =
            x[(loops_sample(&part, j) * k->C + from + loops_channel(&part, j)) * k->L +
              j % k->L];
    loops_run(&part, out, in);
    for (size_t j = 0; j < part.n; j++)
        y[(loops_sample(&part, j) * k->C + from + loops_channel(&part, j)) * k->L +
          j % k->L] = out[j];
}

/* Pan et al. 2018. */
void loops_split(const Loops *k, Number *y, const Number *x) {
    const double share = loops_number(k, "ratio", 0.5) * (double)k->C;
    const size_t first = (size_t)(share + 0.5);
    channels_by(k, 0, y, x, 0, first);
    channels_by(k, 1, y, x, first, k->C - first);
    loops_affine(k, y);
}

/* Qiao et al. 2019. */
void loops_chain(const Loops *k, Number *y, const Number *x) {
    for (size_t i = 0; i < k->norm->parts; i++) x = part_of(k, i, x);
    for (size_t i = 0; i < k->n; i++) y[i] = x[i];
    loops_affine(k, y);
}

void loops_phase(const Loops *k, Number *y, const Number *x) {
    const Number *own = part_of(k, k->evaluates ? 1 : 0, x);
    for (size_t i = 0; i < k->n; i++) y[i] = own[i];
    loops_affine(k, y);
}

/* He et al. 2017: evaluation's function, from an epoch on. */
void loops_frozen(const Loops *k, Number *y, const Number *x) {
    Loops now = *k;
    now.evaluates = k->evaluates || (double)k->epoch >= loops_number(k, "from", 0);
    const Number *own = part_of(&now, 0, x);
    for (size_t i = 0; i < k->n; i++) y[i] = own[i];
    loops_affine(k, y);
}
