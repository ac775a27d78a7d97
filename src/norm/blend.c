/* The outputs of two normalizers, weighed by a learned gate r: y = r a(x) + (1 - r) b(x).
 * blend(batch, instance, gate=clamp) is batch-instance normalization (Nam and Kim 2018): r
 * begins at 1 and is kept in [0, 1] after each step. gate=free: r is any number, beginning
 * at 1 (Khaled et al. 2023, with layer). gate=sigmoid: r = sigmoid(gate), beginning at 1/2.
 * per: one gate for each channel, or one for the layer. */
#include "internal.h"

enum { SIGMOID, CLAMP, FREE };
enum { CHANNEL, LAYER };

typedef struct Blend {
    size_t gate; /* SIGMOID, CLAMP or FREE */
    size_t per;  /* CHANNEL, or LAYER: one gate for all channels */
    const char *part[2];
} Blend;

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    static const char *const gates[] = {"sigmoid", "clamp", "free", NULL};
    static const char *const per[] = {"channel", "layer", NULL};
    if (!norm_add_parts(arena, norm, arguments, error)) return false;
    if (norm->parts != 2)
        return base_fail(error, EX_USAGE, arguments->spec->at,
                         "blend weighs two normalizers, not %zu", norm->parts);
    Blend *blend = ZERO(arena, Blend, 1);
    norm->detail = blend;
    for (size_t k = 0; k < 2; k++) blend->part[k] = norm->part[k]->spec;
    return norm_read_choice(arguments, "gate", gates, &blend->gate, error) &&
           norm_read_choice(arguments, "per", per, &blend->per, error);
}

static void declare(Norm *norm) {
    const Blend *blend = norm->detail;
    const size_t count = blend->per == LAYER ? 1 : norm->channels;
    const bool sigmoid = blend->gate == SIGMOID;
    NormParam *gate =
        norm_add_param(norm, "gate", sigmoid ? NORM_PARAM_LOGIT : NORM_PARAM_WEIGHT,
                       count, sigmoid ? 0.0 : 1.0);
    if (blend->gate == CLAMP) gate->least = 0.0, gate->most = 1.0;
    gate->reading = sigmoid ? NORM_SIGMOID : NORM_WEIGHT;
    gate->choices = 2;
    gate->choice = blend->part;
}

static TapeNode *gate_of(const NormContext *context) {
    TapeNode *gate = norm_operand(context, "gate");
    const Blend *blend = context->norm->detail;
    return blend->gate == SIGMOID ? tape_sigmoid(context->tape, gate) : gate;
}

/* Exact at both ends: 1 a + 0 b is a. */
NormField blend_text(const NormView *v, TapeNode *r, TapeNode *rest) {
    const NormField second = field_times(v, view_run(v, 1), rest);
    return field_plus(v, field_times(v, view_run(v, 0), r), second);
}

static NormField text(const NormView *v) {
    TapeNode *r = view_repeat(v, gate_of(&v->context));
    return blend_text(v, r, tape_sub(v->tape, tape_fill(v->tape, v->shape, 1.0), r));
}

const NormKind norm_blend = {
    .name = "blend",
    .example = "blend(batch, group(2))",
    .usage = "blend(a, b, gate=sigmoid|clamp|free, per=channel|layer)",
    .title = "two outputs, weighed by a gate",
    .source = "Nam and Kim 2018",
    .options = (const char *const[]){"gate", "per", NULL},
    .configure = configure,
    .declare = declare,
    .text = text,
};
