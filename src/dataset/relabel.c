/* The classes of training samples, drawn: what can be learned of them is what they are called, one by
 * one (Zhang et al. 2017). notes/40-workers.md */
#include "source.h"
#include "text.h"

struct Relabelled {
    uint64_t seed, round; /* of those that are drawn now */
    size_t count, classes;
    const uint32_t *id;          /* [count] */
    const uint8_t *const *given; /* [count] */
    uint8_t *drawn;              /* [count] */
};

static void draw_all(Relabelled *labels, uint64_t round) {
    labels->round = round;
    for (size_t i = 0; i < labels->count; i++) {
        const Draw draw = {labels->seed, DRAW_LABELS, round, labels->id[i]};
        labels->drawn[i] = *labels->given[i] == DATA_IGNORED
                               ? DATA_IGNORED
                               : (uint8_t)draw_below(draw, 0, labels->classes);
    }
}

void relabel_draw(Relabelled *labels, uint64_t round) {
    if (labels->round != round) draw_all(labels, round);
}

static Relabelled *relabelled_new(Arena *arena, const Dataset *dataset, size_t field,
                                  uint64_t seed) {
    const Samples *train = &dataset->train;
    const uint8_t **given = TAKE(arena, const uint8_t *, train->count + 1);
    for (size_t i = 0; i < train->count; i++) given[i] = train->value[field][i];
    Relabelled *labels = TAKE(arena, Relabelled, 1);
    *labels = (Relabelled){.seed = seed,
                           .count = train->count,
                           .classes = dataset->field[field].classes,
                           .id = train->id,
                           .given = given,
                           .drawn = TAKE(arena, uint8_t, train->count + 1)};
    return labels;
}

const Dataset *dataset_relabelled(Arena *arena, const Dataset *dataset, size_t field,
                                  uint64_t seed, Relabelled **labels, BaseError *error) {
    const DataField *asked = &dataset->field[field];
    if (asked->type != DATA_LABELS || asked->shape.rank != 0) {
        base_fail(
            error, EX_USAGE, 0,
            "labels=random draws a class for each sample; what is asked of those of "
            "%s, '%s', is none",
            dataset->name, asked->name);
        return NULL;
    }
    Dataset *own = TAKE(arena, Dataset, 1);
    *own = *dataset;
    *labels = relabelled_new(arena, dataset, field, seed);
    own->train.value[field] = TAKE(arena, const void *, dataset->train.count + 1);
    for (size_t i = 0; i < dataset->train.count; i++)
        own->train.value[field][i] = &(*labels)->drawn[i];
    draw_all(*labels, 0);
    return own;
}
