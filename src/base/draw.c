/* Philox4x64-10 (Salmon, Moraes, Dror, Shaw, SC'11; Random123): counter (index/4, sample,
 * epoch, 0), key (seed, purpose). A draw is a function; there is no state to save. */
#include "base.h"
#include "real.h"

#include <math.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include <Random123/philox.h>
#pragma GCC diagnostic pop

uint64_t draw_bits(Draw draw, uint64_t index) {
    philox4x64_ctr_t counter = {{index / 4, draw.sample, draw.epoch, 0}};
    philox4x64_key_t key = {{draw.seed, (uint64_t)draw.purpose}};
    return philox4x64(counter, key).v[index % 4];
}

double draw_uniform(Draw draw, uint64_t index) {
    return ((double)(draw_bits(draw, index) >> 12) + 0.5) * 0x1p-52;
}

/* Two words for each normal, of the same Philox block: index 2k and 2k+1 give cosine and
 * sine. */
double draw_normal(Draw draw, uint64_t index) {
    const double radius = sqrt(-2.0 * real_log(draw_uniform(draw, index & ~UINT64_C(1))));
    const double turns = draw_uniform(draw, index | 1);
    return radius * (index & 1 ? real_sine(turns) : real_cosine(turns));
}

size_t draw_below(Draw draw, uint64_t index, size_t bound) {
    __extension__ typedef unsigned __int128 Wide;
    return (size_t)(((Wide)draw_bits(draw, index) * bound) >> 64);
}

void draw_permutation(Draw draw, size_t *order, size_t count) {
    for (size_t i = 0; i < count; i++) order[i] = i;
    for (size_t i = count; i > 1; i--) {
        size_t j = draw_below(draw, i, i);
        size_t held = order[i - 1];
        order[i - 1] = order[j];
        order[j] = held;
    }
}
