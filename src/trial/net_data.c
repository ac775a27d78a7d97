/* What networks are judged on, and the functions that they are then. */
#include "nets.h"
#include "house.h"
#include "trial_kind.h"

#include <math.h>
#include <string.h>

/* One side is odd, so that strides leave a rest; in the last stage every normalizer of
 * the registry still has cells of four elements or more. */
enum { BATCH = 8, CHANNELS = 2, HEIGHT = 6, WIDTH = 5, CLASSES = 3 };

Shape nets_shape(NetSight sight) {
    return sight == NET_IMAGES ? SHAPE_OF(BATCH, CHANNELS, HEIGHT, WIDTH)
                               : SHAPE_OF(TEXTS, TEXT_LENGTH);
}

static bool is_causal(NetSight sight) {
    return sight == NET_TEXTS_CAUSAL || sight == NET_TEXTS_BOTH;
}

bool nets_read_texts(const char *net) {
    static const char WORD[] = "abcdefghijklmnopqrstuvwxyz_-0123456789";
    size_t count;
    const NetKind *const *kind = net_kinds(&count);
    for (size_t i = 0; i < count; i++) {
        const char *name = net_name(kind[i]);
        if (strspn(net, WORD) == strlen(name) && strncmp(net, name, strlen(name)) == 0)
            return net_reads(kind[i]) == NET_SYMBOLS;
    }
    return false;
}

const Net *nets_build(Arena *arena, const char *net, const char *norm, NetSight sight,
                      size_t more, BaseError *error) {
    const bool causal = is_causal(sight);
    const NetFace face = sight == NET_IMAGES
                             ? net_of_images(CHANNELS, HEIGHT, WIDTH, CLASSES)
                             : net_of_text(SYMBOLS, TEXT_LENGTH + more,
                                           causal ? SYMBOLS : CLASSES, causal);
    NetNorms norms;
    return net_norms_read(arena, norm, &norms, error)
               ? net_new(arena, net, norms, face, nets_shape(sight).size[0], error)
               : NULL;
}

/* ---- numbers ----------------------------------------------------------------------- */

/* Apart from the oracles' own draws: an upstream equal to the data would hide faults. */
enum { OWN_DRAWS = (1 << 30) + 1, DRAW_IMAGES = 1 << 20, DRAW_STATES, DRAW_TEXTS };

static double *normals(Arena *arena, uint64_t seed, uint64_t sample, size_t count) {
    Draw draw = {
        .seed = seed, .purpose = DRAW_CHECK, .epoch = OWN_DRAWS, .sample = sample};
    double *value = TAKE(arena, double, count);
    for (size_t k = 0; k < count; k++) value[k] = draw_normal(draw, k);
    return value;
}

double *nets_text(Arena *arena, NetSight sight, size_t length, uint64_t seed) {
    const bool padded = sight == NET_TEXTS_PADDED || sight == NET_TEXTS_BOTH;
    const Draw draw = {
        .seed = seed, .purpose = DRAW_CHECK, .epoch = OWN_DRAWS, .sample = DRAW_TEXTS};
    double *text = TAKE(arena, double, TEXTS *length);
    for (size_t i = 0; i < TEXTS * length; i++) {
        const size_t n = i / length, t = i % length,
                     own = padded ? TEXT_LENGTH - n : TEXT_LENGTH,
                     among = t < TEXT_SEEN ? LATE : SYMBOLS;
        const uint64_t drawn = draw_below(draw, n * TEXT_LENGTH + t % TEXT_LENGTH, among);
        text[i] = t < own ? (double)drawn : NET_NO_SYMBOL;
    }
    return text;
}

/* Scales about 1; gates far from where they begin, for there they are nearly alike. */
CheckInput nets_param(Arena *arena, const NetParam *p, uint64_t seed, size_t i) {
    const double scale = p->std > 0 && !p->normalizer ? p->std : 0.3,
                 mean = p->role == NORM_PARAM_SCALE ? 1.0 : p->initial;
    double *value = normals(arena, seed, i, p->count);
    for (size_t k = 0; k < p->count; k++)
        value[k] = fmin(fmax(mean + scale * value[k], p->least), p->most);
    return (CheckInput){p->name, p->shape, value, scale};
}

double *nets_state(Arena *arena, const Net *net, uint64_t seed) {
    double *state = normals(arena, seed, DRAW_STATES, net->states);
    for (size_t i = 0; i < net->norms; i++) {
        const Norm *norm = net->norm[i].norm;
        double *value = state + net->norm[i].state;
        for (size_t s = 0; s < norm->states; s++)
            for (size_t k = 0; k < norm->state[s].count; k++, value++)
                *value = norm->state[s].adapted ? norm->state[s].start[k]
                         : norm->state[s].role == NORM_STATE_MEAN
                             ? 0.3 * *value
                             : state_drawn(norm->state[s].role, *value, 1.0, 0.0);
    }
    return state;
}

/* ---- the function ------------------------------------------------------------------ */

typedef struct Judged {
    const Net *net;
    NormMode mode;
    double *state;
    const double *text; /* NULL: the first input is images */
} Judged;

/* All that a network gives, one after the other; what is alone as it is. */
static TapeNode *in_one(Tape *tape, TapeNode *const *out, size_t count) {
    size_t all = 0, from = 0;
    TapeNode *sum = NULL;
    if (count == 1) return out[0];
    for (size_t k = 0; k < count; k++) all += shape_count(out[k]->shape);
    for (size_t k = 0; k < count; k++) {
        const size_t own = shape_count(out[k]->shape);
        TapeNode *part = tape_reshape(tape, out[k], SHAPE_OF(own));
        part = tape_pad(tape, part, 0, from, all);
        sum = sum ? tape_add(tape, sum, part) : part;
        from += own;
    }
    return sum;
}

static TapeNode *write_outputs(Tape *tape, TapeNode *const *x, void *context) {
    const Judged *judged = context;
    const bool images = judged->text == NULL;
    NetPass pass = {.tape = tape,
                    .mode = judged->mode,
                    .param = images ? x + 1 : x,
                    .state = judged->state};
    TapeNode *in = images ? x[0] : tape_leaf(tape, nets_shape(NET_TEXTS), judged->text);
    TapeNode *out[NET_MOST_ENDS];
    net_run(judged->net, &pass, &in, out);
    return in_one(tape, out, judged->net->outputs);
}

CheckFunction nets_function(Arena *arena, const char *net, const char *norm,
                            NetSight sight, NormMode mode, uint64_t seed) {
    BaseError error = {.set = false};
    Judged *judged = TAKE(arena, Judged, 1);
    *judged =
        (Judged){.net = nets_build(arena, net, norm, sight, 0, &error), .mode = mode};
    REQUIRE(judged->net, "%s", error.message);
    judged->state = nets_state(arena, judged->net, seed);
    const size_t params = judged->net->params, before = sight == NET_IMAGES;
    CheckInput *input = TAKE(arena, CheckInput, params + 1);
    const Shape shape = nets_shape(sight);
    if (sight == NET_IMAGES)
        input[0] = (CheckInput){
            "x", shape, normals(arena, seed, DRAW_IMAGES, shape_count(shape)), 1.0};
    else
        judged->text = nets_text(arena, sight, TEXT_LENGTH, seed);
    for (size_t i = 0; i < params; i++)
        input[i + before] = nets_param(arena, &judged->net->param[i], seed, i);
    return (CheckFunction){judged->net->spec, params + before, input,
                           write_outputs,     judged,          NULL};
}
