/* The residual networks for small images of He et al. 2016, section 4.2: a 3x3 stem,
 * three stages of n blocks of two 3x3 convolutions with widths W, 2W, 4W, the later
 * stages starting with stride 2, global average pooling, one linear layer: depth 6n + 2.
 * Shortcuts are projections where the shape changes (option B). The last normalizer of
 * each block starts with gamma = 0, as Wu and He 2018 (section 4.1) do.
 *
 * A normalizer that is an activation too (frn) takes the place of the relu behind it. The
 * relu after the sum of a block stays: no normalizer sees the sum, and without it blocks
 * would follow each other with nothing between. */
#include "build.h"

typedef struct Block {
    size_t stride;
    size_t conv1, norm1, conv2, norm2;
    bool projects;
    size_t shortcut, shortcut_norm;
} Block;

typedef struct Resnet {
    size_t stem_stride, stem, stem_norm;
    size_t blocks;
    Block *block;
    size_t linear;
} Resnet;

enum { STAGES = 3, DEEPEST = 1202, WIDEST = 1024 };

typedef struct Flow { /* what flows between blocks */
    size_t C, H, W;
} Flow;

static size_t declare_conv(Build *build, const char *name, size_t K, Flow in, size_t R,
                           Flow out) {
    build_flops(build, K * in.C * R * R * out.H * out.W);
    return build_conv(build, name, K, in.C, R);
}

static Block declare_block(Build *build, const char *name, Flow *flow, size_t width,
                           size_t stride) {
    Arena *a = build->arena;
    Flow in = *flow, out = {width, (in.H - 1) / stride + 1, (in.W - 1) / stride + 1};
    Block b = {.stride = stride, .projects = stride != 1 || in.C != width};
    b.conv1 = declare_conv(build, text_print(a, "%s.conv1", name), width, in, 3, out);
    b.norm1 =
        build_norm(build, text_print(a, "%s.norm1", name), out.C, out.H, out.W, 1.0);
    b.conv2 = declare_conv(build, text_print(a, "%s.conv2", name), width, out, 3, out);
    b.norm2 =
        build_norm(build, text_print(a, "%s.norm2", name), out.C, out.H, out.W, 0.0);
    if (b.projects) {
        b.shortcut =
            declare_conv(build, text_print(a, "%s.shortcut", name), width, in, 1, out);
        b.shortcut_norm = build_norm(build, text_print(a, "%s.shortcut_norm", name),
                                     out.C, out.H, out.W, 1.0);
    }
    *flow = out;
    return b;
}

typedef struct Sizes {
    size_t depth, width, stem_stride;
} Sizes;

/* The sizes, then what is no size. */
static const char *const OPTIONS[] = {"depth", "width", "stem_stride", "weights", NULL};

static bool read_sizes(Build *build, Arguments *arguments, Sizes *sizes) {
    size_t *value[] = {&sizes->depth, &sizes->width, &sizes->stem_stride};
    static const size_t most[] = {DEEPEST, WIDEST, 4};
    *sizes = (Sizes){20, 16, 1};
    for (size_t i = 0; i < COUNT_OF(value); i++) {
        const SpecArg *argument = arguments_named(arguments, OPTIONS[i]);
        if (argument == NULL) continue;
        if (!argument_count(argument, OPTIONS[i], value[i], build->error)) return false;
        if (*value[i] > most[i])
            return fail(build->error, EX_USAGE, argument->value->at,
                        "%s should be at most %zu, not %zu", OPTIONS[i], most[i],
                        *value[i]);
        if (i == 0 && (sizes->depth < 8 || (sizes->depth - 2) % 6 != 0))
            return fail(build->error, EX_USAGE, argument->value->at,
                        "depth should be 6n+2 (8, 14, 20, 32, 44, 56, 110...), not %zu",
                        sizes->depth);
    }
    return true;
}

bool resnet_build(Build *build, Arguments *arguments, Text *canonical) {
    Sizes sizes;
    if (!read_sizes(build, arguments, &sizes)) return false;
    text_add(canonical, "depth=%zu, width=%zu", sizes.depth, sizes.width);
    if (sizes.stem_stride != 1)
        text_add(canonical, ", stem_stride=%zu", sizes.stem_stride);
    if (!weights_read(build, arguments, canonical) ||
        !arguments_done(arguments, OPTIONS, build->error))
        return false;

    Arena *arena = build->arena;
    NetImage image = build->net->image;
    Resnet *plan = TAKE(arena, Resnet, 1);
    size_t n = (sizes.depth - 2) / 6, S = sizes.stem_stride;
    *plan = (Resnet){
        .stem_stride = S, .blocks = STAGES * n, .block = TAKE(arena, Block, STAGES * n)};
    Flow in = {image.channels, image.height, image.width};
    Flow flow = {sizes.width, (in.H - 1) / S + 1, (in.W - 1) / S + 1};
    plan->stem = declare_conv(build, "stem", sizes.width, in, 3, flow);
    plan->stem_norm = build_norm(build, "stem_norm", flow.C, flow.H, flow.W, 1.0);
    for (size_t i = 0; i < plan->blocks; i++) {
        size_t stage = i / n;
        const char *name = text_print(arena, "stage%zu.block%zu", stage + 1, i % n + 1);
        size_t stride = stage > 0 && i % n == 0 ? 2 : 1;
        plan->block[i] = declare_block(build, name, &flow, sizes.width << stage, stride);
    }
    plan->linear = build_linear(build, "linear", image.classes, flow.C);
    build_gains(build);
    build->net->plan = plan;
    return true;
}

//> block
/* x + F(x): two convolutions, each normalized, and relu after the sum. */
static Node *run_block(const Net *net, const NetPass *pass, const Block *b, Node *x) {
    Tape *t = pass->tape;
    Node *y = run_conv(net, pass, b->conv1, x, b->stride, 1);
    y = run_norm_relu(net, pass, b->norm1, y);
    y = run_norm(net, pass, b->norm2, run_conv(net, pass, b->conv2, y, 1, 1));
    if (b->projects)
        x = run_norm(net, pass, b->shortcut_norm,
                     run_conv(net, pass, b->shortcut, x, b->stride, 0));
    return tape_relu(t, tape_add(t, x, y));
}
//< block

Node *resnet_logits(const Net *net, const NetPass *pass, Node *x) {
    const Resnet *plan = net->plan;
    x = run_conv(net, pass, plan->stem, x, plan->stem_stride, 1);
    x = run_norm_relu(net, pass, plan->stem_norm, x);
    for (size_t i = 0; i < plan->blocks; i++)
        x = run_block(net, pass, &plan->block[i], x);
    return run_linear(net, pass, plan->linear, run_pool(pass, x));
}
