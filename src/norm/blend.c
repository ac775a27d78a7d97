/* The outputs of two normalizers, weighed by a learned gate r: y = r a(x) + (1 - r) b(x).
 * blend(batch, instance, gate=clamp) is batch-instance normalization (Nam and Kim 2018): r
 * begins at 1 and is kept in [0, 1] after each step. gate=free: r is any number, beginning
 * at 1 (Khaled et al. 2023, with layer). gate=sigmoid: r = sigmoid(gate), beginning at 1/2.
 * per: one gate for each channel, or one for the layer. */
#include "kind.h"

enum { SIGMOID, CLAMP, FREE };
enum { CHANNEL, LAYER };

typedef struct Blend {
    size_t gate; /* SIGMOID, CLAMP or FREE */
    size_t per;  /* CHANNEL, or LAYER: one gate for all channels */
    const char *part[2];
} Blend;

static bool configure(Arena *arena, Norm *norm, Arguments *arguments, Text *canonical,
                      Error *error) {
    static const char *const gates[] = {"sigmoid", "clamp", "free", NULL};
    static const char *const per[] = {"channel", "layer", NULL};
    if (!norm_add_parts(arena, norm, arguments, canonical, error)) return false;
    if (norm->parts != 2)
        return fail(error, EX_USAGE, arguments->spec->at,
                    "blend weighs two normalizers, not %zu", norm->parts);
    Blend *blend = ZERO(arena, Blend, 1);
    norm->detail = blend;
    for (size_t k = 0; k < 2; k++) blend->part[k] = norm->part[k]->spec;
    return norm_read_choice(arguments, "gate", gates, &blend->gate, canonical, error) &&
           norm_read_choice(arguments, "per", per, &blend->per, canonical, error);
}

static void declare(Norm *norm) {
    const Blend *blend = norm->detail;
    const size_t count = blend->per == LAYER ? 1 : norm->channels;
    NormParam *gate =
        norm_add_param(norm, "gate", count, blend->gate == SIGMOID ? 0.0 : 1.0);
    if (blend->gate == CLAMP) gate->least = 0.0, gate->most = 1.0;
    gate->reading = blend->gate == SIGMOID ? NORM_SIGMOID : NORM_WEIGHT;
    gate->choices = 2;
    gate->choice = blend->part;
}

static Node *gate_of(const NormContext *context) {
    Node *gate = norm_operand(context, "gate");
    const Blend *blend = context->norm->detail;
    return blend->gate == SIGMOID ? tape_sigmoid(context->tape, gate) : gate;
}

/* Exact at both ends: 1 a + 0 b is a. */
Node *blend_outputs(const NormContext *context, Node *x, Node *r) {
    Tape *t = context->tape;
    r = norm_repeat(t, r, x->shape);
    Node *rest = tape_sub(t, tape_fill(t, x->shape, 1.0), r);
    Node *a = tape_mul(t, r, norm_run_part(context, 0, x));
    Node *b = tape_mul(t, rest, norm_run_part(context, 1, x));
    return norm_affine(context, tape_add(t, a, b));
}

RowMap blend_maps(const NormContext *context, const Rows *x, Node *r) {
    Tape *t = context->tape;
    r = rows_repeat(context, x, r);
    Node *rest = tape_sub(t, tape_fill(t, r->shape, 1.0), r);
    NormContext one = norm_part_context(context, 0), two = norm_part_context(context, 1);
    RowMap a = norm_rows(&one, x), b = norm_rows(&two, x);
    return (RowMap){tape_add(t, tape_mul(t, r, a.scale), tape_mul(t, rest, b.scale)),
                    tape_add(t, tape_mul(t, r, a.bias), tape_mul(t, rest, b.bias))};
}

static Node *define(const NormContext *context, Node *x) {
    return blend_outputs(context, x, gate_of(context));
}

static RowMap rows(const NormContext *context, const Rows *x) {
    return blend_maps(context, x, gate_of(context));
}

const NormKind norm_blend = {
    .name = "blend",
    .example = "blend(batch, group(2))",
    .usage = "blend(a, b, gate=sigmoid|clamp|free, per=channel|layer)",
    .title = "two outputs, weighed by a gate",
    .source = "Nam and Kim 2018",
    .options = (const char *const[]){"gate", "per", NULL},
    .combines = true,
    .configure = configure,
    .declare = declare,
    .define = define,
    .rows = rows,
};
