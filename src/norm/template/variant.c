/* A normalizer of your own. As it stands, it is layer normalization that may keep some of a
 * sample's scale,
 *     y = gamma (x - mu) (v + eps)^(-p/2) + beta,
 * with the moments mu and v of a sample and an exponent p for each channel, learned within
 * [0, 1]: layer normalization where p is 1, no more than centring where p is 0.
 *
 * Change the equation, then ask `normlab check variant`. Whatever is not needed can go:
 * name, usage, title and the cells or a text are enough. */
#include "kind.h"

/* ---- an option of the spec: variant(start=0.5) ----------------------------------- */

typedef struct Settings {
    double start; /* p before training */
} Settings;

/* Reads each argument once, with its range, and says what is not usual: that text names
 * the normalizer in every file. */
static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    Settings *own = arena_zero(arena, 1, sizeof *own);
    own->start = 1.0;
    norm->detail = own;
    return norm_read_number(arguments, "start", 0.0, 1.0, &own->start, error);
}

/* ---- a parameter beside gamma and beta ------------------------------------------- */

static void declare(Norm *norm) {
    const Settings *own = norm->detail;
    NormParam *power =
        norm_add_param(norm, "power", NORM_PARAM_POWER, norm->channels, own->start);
    power->least = 0.0, power->most = 1.0; /* held after each step */
}

/* ---- the equation ---------------------------------------------------------------- */

/* (v + eps)^(-p/2) = exp(-(p/2) log(v + eps)), all of one shape. */
static TapeNode *scale_of(const NormView *v, TapeNode *variance, TapeNode *power) {
    Tape *t = v->tape;
    TapeNode *eps = tape_fill(t, v->shape, v->context.norm->eps);
    TapeNode *half = tape_mul(t, power, tape_fill(t, v->shape, -0.5));
    return tape_exp(t, tape_mul(t, half, tape_log(t, tape_add(t, variance, eps))));
}

/* Over elements, which proves, and over the moments of rows, which trains (kind.h); gamma
 * and beta come after it. */
//> text
static NormField text(const NormView *v) {
    const ViewMoments m = view_moments(v); /* of the cells below */
    TapeNode *power = view_repeat(v, norm_operand(&v->context, "power"));
    return field_times(v, m.centred, scale_of(v, m.variance, power));
}
//< text

const NormKind norm_variant = {
    .name = "variant",
    .usage = "variant(start=P)",
    .title = "a layer that may keep some scale",
    .source = NULL, /* "Wu and He 2018" */
    .also = (const char *const[]){"variant(start=0.25)", NULL},
    .options = (const char *const[]){"start", NULL},
    /* Specs of the same function, to the bit: where training begins is no part of it. */
    .twins = (const NormTwin[]){{"variant(start=0)", NORM_TRAIN},
                                {"variant(start=0)", NORM_EVAL},
                                {NULL, NORM_TRAIN}},
    /* One sample a cell, all its channels (.width: so many); x's own moments in both modes. */
    .cell = {{.block = 1, .moments = {NORM_OWN, NORM_OWN}}},
    .configure = configure,
    .declare = declare,
    .text = text,
};

NORMLAB_PLUGIN(norm_variant);
