/* A one-stage detector: on a residual network a feature pyramid (Lin et al. 2017), on every level of
 * which one and the same head says as many numbers of each place as are wanted, as in RetinaNet (Lin
 * et al. 2017) and FCOS (Tian et al. 2019): there two towers of four convolutions, here one of `head`.
 *
 * The pyramid stands on the last `levels` stages: each is brought to twice the first stage's
 * channels by a 1x1 convolution, gets what comes from the coarser level, every pixel as 2x2,
 * added, and passes a 3x3 convolution. Its output of the finest level comes first.
 *
 * The head's filters are one for all levels. Its normalizers are each level's own, parameters and
 * state too (as in EfficientDet, Tan et al. 2020): levels see objects of other sizes, so
 * their moments differ, and one running average would be right for none of them. */
#include "resnet.h"

enum { DEPTH, WIDTH, STEM_STRIDE, LEVELS, HEAD, MOST_HEAD = 8 };

static const NetOption OPTIONS[] = {
    RESNET_OPTIONS,
    {.name = "levels", .initial = 2, .most = RESNET_STAGES},
    {.name = "head", .initial = 2, .most = MOST_HEAD},
    {.name = NULL}};

/* level[0 ... levels - 1] of the last stages, the finest first. */
static void pyramid(Layers *l, TapeNode **level, TapeNode *const *stage, size_t levels,
                    size_t channels) {
    TapeNode *coarser = NULL;
    for (size_t k = levels; k-- > 0;) {
        layers_enter(l, "pyramid.level%zu", k + 1);
        TapeNode *x = stage[RESNET_STAGES - levels + k];
        x = layer_conv(l, "lateral", x, channels, 1, 1, 0);
        x = layer_norm(l, "lateral_norm", x);
        if (coarser) coarser = layer_up_nearest(l, coarser, x);
        if (coarser) x = tape_add(layers_tape(l), x, coarser);
        coarser = x;
        level[k] = layer_norm(l, "norm", layer_conv(l, "conv", x, channels, 3, 1, 1));
        layers_leave(l);
    }
}

/* The filters once, every level through them. */
static void head(Layers *l, TapeNode *const *level, size_t levels, size_t convs,
                 size_t channels) {
    TapeNode *filters[MOST_HEAD];
    char name[sizeof "conv" + 20];
    layers_enter(l, "head");
    for (size_t i = 0; i < convs; i++) {
        snprintf(name, sizeof name, "conv%zu", i + 1);
        filters[i] = layer_filters(l, name, channels, channels, 3);
    }
    const LayerLinear last = layer_linear_parts(l, "linear", channels, layers_outputs(l),
                                                (LayerStart){.square = 1.0});
    for (size_t k = 0; k < levels; k++) {
        TapeNode *x = level[k];
        layers_enter(l, "level%zu", k + 1);
        for (size_t i = 0; i < convs; i++) {
            snprintf(name, sizeof name, "norm%zu", i + 1);
            x = layer_norm_relu(l, name, layer_conv_by(l, name, x, filters[i], 1, 1));
        }
        layers_output(l, "told", layer_linear_by(l, x, last));
        layers_leave(l);
    }
    layers_leave(l);
}

static void detector(Layers *l, const size_t *option) {
    const size_t levels = option[LEVELS], channels = 2 * option[WIDTH];
    TapeNode *stage[RESNET_STAGES], *level[RESNET_STAGES];
    resnet_stages(l, option[DEPTH], option[WIDTH], option[STEM_STRIDE], stage);
    pyramid(l, level, stage, levels, channels);
    head(l, level, levels, option[HEAD], channels);
}

const NetKind net_detector = {
    .name = "detector",
    .usage = "detector(depth=D, width=W, stem_stride=S, levels=L, head=H, "
             "weights=plain|standardized|normalized)",
    .title = "resnet, a feature pyramid, and one head for its levels: RetinaNet, FCOS",
    .example = "detector(depth=8, width=2)",
    .options = OPTIONS,
    .run = detector};
