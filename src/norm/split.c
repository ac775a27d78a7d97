/* The first channels by one normalizer, the others by another: instance and batch are
 * IBN-Net's layer (Pan et al. 2018). ratio: the share of the first, rounded to channels. */
#include "kind.h"
#include "text.h"

#include <math.h>

/* How many channels are the first part's; 0 where none or all would be. */
static size_t first_channels(double share, size_t channels) {
    size_t first = (size_t)lround(share * (double)channels);
    return first < channels ? first : 0;
}

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    const SpecArg *part[2] = {spec_positional(arguments), spec_positional(arguments)};
    const SpecArg *ratio = spec_named(arguments, "ratio");
    double share = 0.5;
    if (part[0] == NULL || part[1] == NULL)
        return base_fail(error, EX_USAGE, arguments->spec->at,
                         "split needs two normalizers, split(instance, batch)");
    if (ratio && !spec_number(ratio, "ratio", 0.0, 1.0, &share, error)) return false;
    size_t first = first_channels(share, norm->channels);
    if (norm->channels && first == 0)
        return base_fail(error, EX_USAGE, arguments->spec->at,
                         "%g of %zu channels leaves one of the two without any", share,
                         norm->channels);
    if (!norm_add_part(arena, norm, part[0]->value, first, error) ||
        !norm_add_part(arena, norm, part[1]->value, norm->channels - first, error))
        return false;
    spec_say(arguments, "%s, %s", norm->part[0]->spec, norm->part[1]->spec);
    if (share != 0.5) spec_say(arguments, "ratio=%s", text_number(arena, share));
    return true;
}

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    const size_t C = context->norm->channels, first = context->norm->part[0]->channels;
    TapeNode *a = norm_run_part(context, 0, tape_slice(t, x, 1, 0, first));
    TapeNode *b = norm_run_part(context, 1, tape_slice(t, x, 1, first, C - first));
    b = tape_pad(t, b, 1, first, C);
    return norm_affine(context, tape_add(t, tape_pad(t, a, 1, 0, C), b));
}

const NormKind norm_split = {
    .name = "split",
    .example = "split(instance, batch)",
    .usage = "split(a, b, ratio=R)",
    .title = "some channels each",
    .source = "Pan et al. 2018",
    .differs =
        "IBN-Net rounds the share of the first part down, of 5 channels to 2, here to "
        "the nearest number, 3; its parts have gamma and beta of their own",
    .options = (const char *const[]){"ratio", NULL},
    .configure = configure,
    .define = define,
    .masks = true,
};
