/* Levers of a step: which weights learn; norms that they go back to; what one worker may do; workers
 * that step by themselves. */
#include "train_run.h"

#include "../../src/train/internal.h"
#include "arith.h"
#include "arith_calls.h"
#include "layers.h"

static const char AFFINE[] = "workers=2 batch=12 learn=affine",
                  RANDOM[] = "workers=2 batch=12 learn=random",
                  PROJECT[] = "workers=2 batch=12 project=yes",
                  NOISY[] = "workers=4 batch=6 worker_clip=0.5 worker_noise=0.25 clip=1",
                  LOCAL[] = "workers=3 batch=4 local=3 clip=1 project=yes",
                  LOCAL_ADAM[] = "workers=2 batch=6 local=5 optimizer=adamw";

static size_t of_normalizers(const Net *net) {
    size_t count = 0;
    for (size_t i = 0; i < net->params; i++)
        if (net->param[i].normalizer) count += net->param[i].count;
    return count;
}

/* [net->weights] whether a weight is a normalizer's. */
static bool *normalizers_of(Arena *arena, const Net *net) {
    bool *is = TAKE(arena, bool, net->weights);
    for (size_t i = 0; i < net->params; i++)
        for (size_t k = 0; k < net->param[i].count; k++)
            is[net->param[i].offset + k] = net->param[i].normalizer;
    return is;
}

static bool *moved_in(Arena *arena, const char *pairs, size_t threads) {
    const Dataset *data = small_data(arena, 20, 20);
    Trainer *t = trainer_of(arena, pairs, data, 1),
            *end = finished(arena, pairs, data, threads);
    const size_t W = trainer_net(t)->weights;
    bool *moved = TAKE(arena, bool, W);
    for (size_t i = 0; i < W; i++)
        moved[i] = trainer_weights(t)[i] != trainer_weights(end)[i];
    trainer_free(t), trainer_free(end);
    return moved;
}

static size_t count_of(const bool *marks, size_t count) {
    size_t marked = 0;
    for (size_t i = 0; i < count; i++) marked += marks[i];
    return marked;
}

/* ---- which weights learn ---- */

/* To the bit, with decay and momentum and either optimizer. */
static void normalizers_alone_move(void **state) {
    (void)state;
    static const char *const MORE[] = {"", "decay=0.1 norm=blend(batch,group(2))",
                                       "optimizer=adamw decay=0.1 norm=group(2)",
                                       "norm=batch(beta=no)",
                                       "network=plain(depth=5,width=4,stem_stride=2)"};
    for (size_t i = 0; i < COUNT_OF(MORE); i++) {
        Arena *arena = arena_new();
        const char *pairs = text_print(arena, "%s %s", AFFINE, MORE[i]);
        Trainer *t = trainer_of(arena, pairs, small_data(arena, 20, 20), 1);
        const Net *net = trainer_net(t);
        const bool *moved = moved_in(arena, pairs, 2);
        assert_memory_equal(moved, normalizers_of(arena, net), net->weights);
        assert_int_equal(trainer_learning(t), of_normalizers(net));
        trainer_free(t);
        arena_free(arena);
    }
}

static void as_many_others_move(void **state) {
    (void)state;
    static const char *const MORE[] = {"", "decay=0.1 norm=group(2)",
                                       "optimizer=adamw decay=0.1"};
    for (size_t i = 0; i < COUNT_OF(MORE); i++) {
        Arena *arena = arena_new();
        const char *pairs = text_print(arena, "%s %s", RANDOM, MORE[i]);
        Trainer *t = trainer_of(arena, pairs, small_data(arena, 20, 20), 1);
        const Net *net = trainer_net(t);
        const size_t own = of_normalizers(net), W = net->weights;
        const bool *is = normalizers_of(arena, net), *moved = moved_in(arena, pairs, 2),
                   *other = moved_in(arena, text_print(arena, "%s seed=2", pairs), 1);
        for (size_t k = 0; k < W; k++) assert_false(is[k] && (moved[k] || other[k]));
        assert_int_equal(count_of(moved, W), own);
        assert_int_equal(count_of(other, W), own);
        assert_memory_not_equal(moved, other, W);
        assert_int_equal(trainer_learning(t), own);
        trainer_free(t);
        arena_free(arena);
    }
}

/* A parameter's share of those that are drawn is its share of the weights; the count in one
 * parameter is hypergeometric. */
static void any_other_weight_is_as_likely(void **state) {
    (void)state;
    enum { SEEDS = 200 };
    Arena *arena = arena_new();
    Trainer *t = trainer_of(arena, RANDOM, small_data(arena, 20, 20), 1);
    const Net *net = trainer_net(t);
    double *drawn = ZERO(arena, double, net->params);
    const double K = (double)of_normalizers(net), all = (double)net->weights - K;
    for (size_t seed = 1; seed <= SEEDS; seed++) {
        Config config = config_of(arena, RANDOM);
        BaseError error = {.set = false};
        Learns learns;
        config.seed = seed;
        assert_true(learns_new(arena, &learns, net, &config, &error));
        for (size_t i = 0; i < learns.count; i++)
            drawn[learns.stretch[i].of - net->param] += (double)learns.stretch[i].count;
    }
    for (size_t i = 0; i < net->params; i++) {
        const double share = (double)net->param[i].count / all,
                     spread =
                         sqrt(SEEDS * K * share * (1 - share) * (all - K) / (all - 1));
        if (net->param[i].normalizer) continue;
        assert_near(drawn[i], SEEDS * K * share, 4.5 * spread);
    }
    trainer_free(t);
    arena_free(arena);
}

/* The first step's velocity: the gradient of all, 0 where nothing learns; clip= is of what
 * learns alone. */
static void the_gradient_is_that_of_all(void **state) {
    (void)state;
    static const char *const WHO[] = {"affine", "random"};
    for (size_t i = 0; i < COUNT_OF(WHO); i++) {
        Arena *arena = arena_new();
        const Dataset *data = small_data(arena, 20, 20);
        const char *plain = "workers=2 batch=12 decay=0",
                   *some = text_print(arena, "%s learn=%s", plain, WHO[i]),
                   *less = text_print(arena, "%s clip=0.001", some);
        Trainer *all = trainer_of(arena, plain, data, 1),
                *t = trainer_of(arena, some, data, 1),
                *clipped = trainer_of(arena, less, data, 1);
        trainer_step(all), trainer_step(t), trainer_step(clipped);
        const double *g = part_of(all, "velocity")->data,
                     *own = part_of(t, "velocity")->data,
                     *short_one = part_of(clipped, "velocity")->data;
        size_t there = 0;
        double squares = 0;
        for (size_t k = 0; k < trainer_net(t)->weights; k++) {
            assert_true(own[k] == g[k] || own[k] == 0);
            there += own[k] != 0;
            squares += short_one[k] * short_one[k];
        }
        assert_true(there > 0 && there <= trainer_learning(t));
        assert_near(sqrt(squares), 0.001, 1e-15);
        trainer_free(all), trainer_free(t), trainer_free(clipped);
        arena_free(arena);
    }
}

/* ---- norms that weights go back to ---- */

static double norm_of(const double *w, size_t count) {
    Quad sum = 0;
    for (size_t i = 0; i < count; i++) sum += (Quad)w[i] * w[i];
    return (double)quad_sqrt(sum);
}

static void projected_weights_keep_their_norm(void **state) {
    (void)state;
    static const char *const MORE[] = {
        "rate=1 decay=0.01", "norm=group(2) optimizer=adamw rate=0.1", "norm=none",
        "network=mlp(depth=3,width=8) norm=layer clip=1 learn=affine"};
    for (size_t i = 0; i < COUNT_OF(MORE); i++) {
        Arena *arena = arena_new();
        const char *pairs = text_print(arena, "%s %s", PROJECT, MORE[i]);
        const Dataset *data = small_data(arena, 20, 20);
        Trainer *t = trainer_of(arena, pairs, data, 1),
                *end = finished(arena, pairs, data, 2);
        const Net *net = trainer_net(t);
        for (size_t k = 0; k < net->params; k++) {
            const NetParam *p = &net->param[k];
            const double before = norm_of(t->weights + p->offset, p->count),
                         after = norm_of(end->weights + p->offset, p->count);
            if (p->before_norm)
                assert_near(after, before, 4 * DBL_EPSILON * before);
            else if (p->shape.rank >= 2 && t->config.learn == LEARN_ALL)
                assert_true(fabs(after - before) > 1e-6 * before);
        }
        trainer_free(t), trainer_free(end);
        arena_free(arena);
    }
}

static double loss_of(Trainer *t) {
    workers_run(t, 0, 0, true);
    return t->found[0];
}

/* Before a normalizer stand the weights whose length the network does not see, and no others; so
 * they may go back to any. The normalizer's eps is too small to see it either. */
static void the_function_does_not_see_the_projection(void **state) {
    (void)state;
    static const char *const NETWORKS[] = {
        "resnet(depth=8,width=4,stem_stride=2) norm=batch(eps=1e-30)",
        "resnet(depth=8,width=4,stem_stride=2,weights=normalized) norm=batch(eps=1e-30)",
        "plain(depth=5,width=4,stem_stride=2) norm=layer(eps=1e-30)",
        "mlp(depth=3,width=8) norm=batch(eps=1e-30)"};
    for (size_t i = 0; i < COUNT_OF(NETWORKS); i++) {
        Arena *arena = arena_new();
        Trainer *t =
            trainer_of(arena, text_print(arena, "%s network=%s", PROJECT, NETWORKS[i]),
                       small_data(arena, 20, 20), 1);
        const Net *net = trainer_net(t);
        while (trainer_step(t) == TRAIN_STEPPED) continue; /* no gamma is 0 */
        const double loss = loss_of(t);
        for (size_t k = 0; k < net->params; k++) {
            const NetParam *p = &net->param[k];
            double *w = t->weights + p->offset, *own = TAKE(arena, double, p->count);
            if (p->shape.rank < 2) continue;
            memcpy(own, w, p->count * sizeof *w);
            for (size_t m = 0; m < p->count; m++) w[m] *= 3.7;
            const double longer = fabs(loss_of(t) - loss) / loss;
            if (p->before_norm || p->weighed)
                assert_true(longer < 1e-12);
            else
                assert_true(longer > 1e-3);
            project(t, t->weights);
            if (p->before_norm) {
                assert_near(apart(w, own, p->count), 0.0, 4 * DBL_EPSILON);
                assert_near(loss_of(t), loss, 1e-12);
            }
            memcpy(w, own, p->count * sizeof *w);
        }
        trainer_free(t);
        arena_free(arena);
    }
}

/* Of networks with branches, the names. */
static void weights_before_normalizers_are_known(void **state) {
    (void)state;
    static const char *const CASES[][2] = {
        {"transformer(depth=1, width=4, heads=2)", ""},
        {"transformer(depth=1, width=4, heads=2, qk=norm, place=peri)",
         "block1.attention.query block1.attention.key block1.attention.out block1.down "},
        {"transformer(depth=1, width=4, heads=2, place=post, positions=rotary)", ""},
        {"text-conv(depth=2, width=4, kernel=3)", "block1.conv1 block1.conv2 "},
        {"detector(depth=8, width=2)",
         "stem stage1.block1.conv1 stage1.block1.conv2 stage2.block1.conv1 "
         "stage2.block1.conv2 stage2.block1.shortcut stage3.block1.conv1 "
         "stage3.block1.conv2 stage3.block1.shortcut pyramid.level2.lateral "
         "pyramid.level2.conv pyramid.level1.lateral pyramid.level1.conv head.conv1 "
         "head.conv2 "},
        {"unet(depth=1, width=2)", "down1.conv1 down1.conv2 bottom.conv1 bottom.conv2 "
                                   "up1.conv1 up1.conv2 "}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Arena *arena = arena_new();
        const NetFace face =
            strncmp(CASES[i][0], "te", 2) == 0 || strncmp(CASES[i][0], "tr", 2) == 0
                ? net_of_text(5, 6, 5, false)
                : net_of_images(1, 16, 16, 5);
        BaseError error = {.set = false};
        const Net *net =
            net_new(arena, CASES[i][0], (NetNorms){.all = "layer"}, face, 2, &error);
        if (net == NULL) fail_msg("%s", error.message);
        Text names = text_new(arena);
        for (size_t k = 0; k < net->params; k++)
            if (net->param[k].before_norm)
                text_add(&names, "%.*s ",
                         (int)(strlen(net->param[k].name) - strlen(".weight")),
                         net->param[k].name);
        assert_string_equal(names.data, CASES[i][1]);
        arena_free(arena);
    }
}

/* The number that a weight has of it: down1.conv2 stands before down1.norm2. */
static void which_normalizer_is_behind(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Net *net = net_new(arena, "unet(depth=1, width=2)", (NetNorms){.all = "layer"},
                             net_of_images(1, 16, 16, 5), 2, &error);
    if (net == NULL) fail_msg("%s", error.message);
    size_t seen = 0;
    for (size_t k = 0; k < net->params; k++) {
        if (net->param[k].before_norm == 0) continue;
        const char *name = net->param[k].name, *conv = strstr(name, "conv");
        assert_string_equal(
            net->norm[net->param[k].before_norm - 1].name,
            text_print(arena, "%.*snorm%c", (int)(conv - name), name, conv[4]));
        seen++;
    }
    assert_int_equal(seen, 6);
    arena_free(arena);
}

/* Neither of two weights whose results are added stands before what follows alone. */
static void sum_of_two(Layers *l, const size_t *option) {
    (void)option;
    TapeNode *x = layers_input(l, "image"), *a = layer_conv(l, "a", x, 4, 3, 1, 1),
             *b = layer_conv(l, "b", x, 4, 3, 1, 1);
    x = layer_norm(l, "norm", tape_add(layers_tape(l), a, b));
    layers_output(l, "logits", layer_linear(l, "linear", layer_pool(l, x), 2));
}

static void a_sum_is_before_nothing(void **state) {
    (void)state;
    static const NetKind KIND = {.name = "sum",
                                 .usage = "sum",
                                 .title = "a sum",
                                 .example = "sum",
                                 .run = sum_of_two};
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Net *net = net_of_kind(arena, &KIND, "sum", (NetNorms){.all = "layer"},
                                 net_of_images(1, 8, 8, 2), 2, &error);
    if (net == NULL) fail_msg("%s", error.message);
    for (size_t k = 0; k < net->params; k++) assert_false(net->param[k].before_norm);
    arena_free(arena);
}

/* A weight that has no direction keeps its numbers. */
static void no_length_is_made_up(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trainer *t = trainer_of(arena, PROJECT, small_data(arena, 20, 20), 1);
    const NetParam *p = &trainer_net(t)->param[0];
    static const double VALUES[] = {0.0, NAN, INFINITY};
    assert_true(p->before_norm);
    for (size_t i = 0; i < COUNT_OF(VALUES); i++) {
        for (size_t k = 0; k < p->count; k++)
            t->weights[p->offset + k] = k ? 0 : VALUES[i];
        project(t, t->weights);
        assert_memory_equal(&t->weights[p->offset], &VALUES[i], sizeof(double));
        assert_true(t->weights[p->offset + 1] == 0);
    }
    trainer_free(t);
    arena_free(arena);
}

static void a_radius_is_a_length(void **state) {
    (void)state;
    static const double WRONG[] = {-1, NAN, INFINITY};
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        Arena *arena = arena_new();
        BaseError error = {.set = false};
        Trainer *t = trainer_of(arena, PROJECT, small_data(arena, 20, 20), 1);
        trainer_step(t);
        assert_true(trainer_may_resume(t, &error));
        part_of(t, "radius")->data[0] = WRONG[i];
        assert_false(trainer_may_resume(t, &error));
        assert_non_null(strstr(error.message, "radius: "));
        trainer_free(t);
        arena_free(arena);
    }
}

/* ---- what one worker may do ---- */

static void a_bound_that_nothing_reaches_is_none(void **state) {
    (void)state;
    static const char *const MORE[] = {"", "norm=group(2) optimizer=adamw clip=1"};
    for (size_t i = 0; i < COUNT_OF(MORE); i++) {
        Arena *arena = arena_new();
        const Dataset *data = small_data(arena, 20, 20);
        const char *plain = text_print(arena, "workers=3 batch=8 %s", MORE[i]);
        Trainer *t = finished(arena, plain, data, 1),
                *far = finished(arena, text_print(arena, "%s worker_clip=1e9", plain),
                                data, 2);
        same_parts(t, far);
        trainer_free(t), trainer_free(far);
        arena_free(arena);
    }
}

/* In the direction that it had; whoever is shorter keeps all bits. */
static void each_gradient_is_scaled_down(void **state) {
    (void)state;
    enum { WORKERS = 4 };
    Arena *arena = arena_new();
    Trainer *t = trainer_of(arena, "workers=4 batch=6 worker_clip=1",
                            small_data(arena, 20, 20), 2);
    const size_t n = trainer_net(t)->weights;
    double *before = TAKE(arena, double, WORKERS *n), norm[WORKERS], middle = 0;
    workers_run(t, 0, 0, true);
    memcpy(before, t->shares, WORKERS * n * sizeof(double));
    for (size_t k = 0; k < WORKERS; k++) middle += norm[k] = norm_of(before + k * n, n);
    const double C = t->config.worker_clip = middle / WORKERS;
    size_t longer = 0;
    workers_bound(t);
    for (size_t k = 0; k < WORKERS; k++) {
        const Quad scale = norm[k] > C ? (Quad)C / norm[k] : 1;
        for (size_t i = 0; i < n; i++)
            assert_near(t->shares[k * n + i], (double)(scale * before[k * n + i]),
                        scale == 1 ? 0 : 8 * DBL_EPSILON * fabs(before[k * n + i]));
        longer += norm[k] > C;
    }
    assert_true(longer > 0 && longer < WORKERS);
    trainer_free(t);
    arena_free(arena);
}

/* The data with other samples at these places: what another's would be. */
static const Dataset *with_others(Arena *arena, const Dataset *data, const size_t *place,
                                  size_t count) {
    Dataset *d = TAKE(arena, Dataset, 1);
    *d = *data;
    for (size_t f = 0; f < d->fields; f++) {
        const void **value = TAKE(arena, const void *, d->train.count);
        memcpy(value, data->train.value[f], d->train.count * sizeof *value);
        for (size_t i = 0; i < count; i++)
            value[place[i]] = data->train.value[f][d->train.count - 1 - i];
        d->train.value[f] = value;
    }
    return d;
}

/* Whatever samples one worker has, the sum moves by at most 2 C, and by nearly as much it can. */
static void one_worker_moves_the_sum_by_two_bounds(void **state) {
    (void)state;
    enum { WORKERS = 4, BATCH = 6 };
    static const char RUN[] = "workers=4 batch=6 worker_clip=0.001";
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 20, 20);
    Trainer *t = trainer_of(arena, RUN, data, 1);
    const size_t n = trainer_net(t)->weights;
    double *moved = TAKE(arena, double, n), most = 0;
    workers_run(t, 0, 0, true), workers_bound(t), workers_sum(t);
    for (size_t k = 0; k < WORKERS; k++) {
        const size_t *mine = order_epoch(t->order, 0) + k * BATCH;
        Trainer *other =
            trainer_of(arena, RUN, with_others(arena, trainer_data(t), mine, BATCH), 1);
        workers_run(other, 0, 0, true), workers_bound(other), workers_sum(other);
        for (size_t i = 0; i < n; i++)
            moved[i] = WORKERS * (other->gradient[i] - t->gradient[i]);
        for (size_t j = 0; j < WORKERS; j++)
            assert_int_equal(
                memcmp(other->shares + j * n, t->shares + j * n, n * sizeof(double)) != 0,
                j == k);
        const double by = norm_of(moved, n);
        assert_true(by <= 2 * 0.001 * (1 + 64 * DBL_EPSILON));
        most = fmax(most, by);
        trainer_free(other);
    }
    assert_true(most > 0.001);
    trainer_free(t);
    arena_free(arena);
}

/* (S C / W) z, z a function of seed, step and weight; a normal one; of what learns alone. */
static void noise_is_a_function(void **state) {
    (void)state;
    static const char RUN[] =
        "workers=4 batch=6 seed=%zu worker_clip=0.5 worker_noise=%s learn=%s";
    Arena *arena = arena_new();
    for (size_t seed = 3; seed < 5; seed++) {
        const char *learn = seed == 3 ? "all" : "affine";
        const Dataset *data = small_data(arena, 20, 20);
        Trainer *t = trainer_of(arena, text_print(arena, RUN, seed, "3", learn), data, 2);
        const size_t n = trainer_net(t)->weights, learning = trainer_learning(t);
        double *zero = ZERO(arena, double, n), sum = 0, squares = 0;
        for (size_t step = 0; step < 2; step++) {
            memcpy(t->gradient, zero, n * sizeof(double));
            gradient_noise(t, step);
            const Draw draw = {.seed = seed, .purpose = DRAW_NOISE, .sample = step};
            for (size_t i = 0; i < n; i++) {
                const double z = t->gradient[i] / (3 * 0.5 / 4);
                if (z != 0)
                    assert_near(z, draw_normal(draw, i), 4 * DBL_EPSILON * fabs(z));
                sum += z, squares += z * z;
            }
        }
        const double all = 2.0 * (double)learning;
        assert_near(sum / all, 0, 4.5 / sqrt(all));
        assert_near(squares / all, 1, 4.5 * sqrt(2 / all));
        trainer_free(t);
    }
    arena_free(arena);
}

/* The first step: the mean of what is bounded, and the noise. */
static void a_step_is_bounded_then_noisy(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 20, 20);
    static const char RUN[] =
        "workers=24 batch=1 norm=group(2) decay=0 worker_clip=0.1 %s";
    Trainer *quiet = trainer_of(arena, text_print(arena, RUN, ""), data, 1),
            *noisy = trainer_of(arena, text_print(arena, RUN, "worker_noise=2"), data, 2),
            *bounded = trainer_of(arena, text_print(arena, RUN, ""), data, 2);
    trainer_step(quiet), trainer_step(noisy);
    workers_run(bounded, 0, 0, true), workers_bound(bounded), workers_sum(bounded);
    const double *v = part_of(quiet, "velocity")->data,
                 *w = part_of(noisy, "velocity")->data;
    for (size_t i = 0; i < trainer_net(quiet)->weights; i++) {
        const double noise =
            2 * 0.1 / 24 *
            draw_normal((Draw){.seed = 1, .purpose = DRAW_NOISE, .sample = 0}, i);
        assert_true(v[i] == bounded->gradient[i]);
        assert_near(w[i], v[i] + noise, 4 * DBL_EPSILON * (fabs(v[i]) + fabs(noise)));
    }
    trainer_free(quiet), trainer_free(noisy), trainer_free(bounded);
    arena_free(arena);
}

/* ---- workers that step by themselves ---- */

/* Of plain gradient descent, with momentum and decay too, the mean of steps is the step of the mean.
 * Measured, 2 eps of the largest number. */
static void who_meets_after_each_step_is_together(void **state) {
    (void)state;
    static const char *const MORE[] = {"momentum=0", "momentum=0.9 decay=0.01",
                                       "momentum=0.5 norm=group(2) learn=random"};
    for (size_t i = 0; i < COUNT_OF(MORE); i++) {
        Arena *arena = arena_new();
        const Dataset *data = small_data(arena, 40, 40);
        const char *plain = text_print(arena, "workers=3 batch=8 %s", MORE[i]);
        Trainer *t = finished(arena, plain, data, 1),
                *apart_ones =
                    finished(arena, text_print(arena, "%s local=1", plain), data, 2);
        const TrainRecord one = trainer_record(t), two = trainer_record(apart_ones);
        assert_near(apart(t->weights, apart_ones->weights, t->net->weights), 0,
                    64 * DBL_EPSILON);
        assert_near(apart(t->state, apart_ones->state, t->net->states), 0,
                    64 * DBL_EPSILON);
        assert_near(apart(one.val.loss, two.val.loss, 2), 0, 64 * DBL_EPSILON);
        trainer_free(t), trainer_free(apart_ones);
        arena_free(arena);
    }
}

/* One that is alone is the plain run, to the bit. */
static void who_is_alone_meets_nobody(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 20, 20);
    Trainer *t = finished(arena, "batch=24", data, 1),
            *alone = finished(arena, "batch=24 local=3", data, 1);
    assert_memory_equal(t->weights, alone->weights, t->net->weights * sizeof(double));
    assert_memory_equal(t->weights, alone->theirs, t->net->weights * sizeof(double));
    assert_memory_equal(t->moment[0], alone->moment[0], t->net->weights * sizeof(double));
    trainer_free(t), trainer_free(alone);
    arena_free(arena);
}

static bool all_have(const double *of, const double *one, size_t n, size_t workers) {
    bool same = true;
    for (size_t k = 0; k < workers; k++)
        same &= memcmp(of + k * n, one, n * sizeof *of) == 0;
    return same;
}

/* Every H steps of an epoch, and at its end, which evaluation sees; each epoch anew. Between, the
 * run's weights are the mean of what workers have. */
static void they_meet_every_so_many_steps(void **state) {
    (void)state;
    enum { WORKERS = 3, STEPS = 8, H = 3 };
    Arena *arena = arena_new();
    Trainer *t =
        trainer_of(arena, "workers=3 batch=4 local=3", small_data(arena, 20, 20), 2);
    const size_t n = t->net->weights;
    assert_int_equal(t->steps, STEPS);
    for (size_t step = 1; step <= 2 * STEPS; step++) {
        const TrainStatus status = trainer_step(t);
        const size_t here = (step - 1) % STEPS + 1;
        const bool met = here % H == 0 || here == STEPS;
        assert_int_equal(status == TRAIN_STEPPED, here < STEPS);
        assert_int_equal(all_have(t->theirs, t->weights, n, WORKERS), met);
        assert_int_equal(all_have(t->moment[0], t->moment[0], n, WORKERS), met);
        for (size_t i = 0; i < n; i++) {
            const double a = t->theirs[i], b = t->theirs[n + i], c = t->theirs[2 * n + i];
            assert_near(t->weights[i], (a + b + c) / 3,
                        4 * DBL_EPSILON * (fabs(a) + fabs(b) + fabs(c)));
        }
    }
    trainer_free(t);
    arena_free(arena);
}

/* What workers do between two meetings, restated: each its own steps on its own shards. */
static void a_worker_steps_on_its_own_shards(void **state) {
    (void)state;
    enum { WORKERS = 2, H = 3 };
    static const char RUN[] = "workers=2 batch=6 rate=0.3 momentum=0.5 decay=0.01 "
                              "schedule=constant reference=12 norm=batch %s";
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 20, 20);
    Trainer *t = trainer_of(arena, text_print(arena, RUN, "local=3"), data, 1),
            *by_hand = trainer_of(arena, text_print(arena, RUN, ""), data, 1);
    const size_t n = t->net->weights;
    double *start = TAKE(arena, double, n), *mean = ZERO(arena, double, n),
           *v = TAKE(arena, double, n);
    memcpy(start, by_hand->weights, n * sizeof(double));
    for (size_t k = 0; k < WORKERS; k++) {
        memcpy(by_hand->weights, start, n * sizeof(double));
        for (size_t i = 0; i < n; i++) v[i] = 0;
        for (size_t step = 0; step < H; step++) {
            workers_run(by_hand, 0, step, true);
            for (size_t i = 0; i < n; i++) {
                double *w = &by_hand->weights[i];
                v[i] = 0.5 * v[i] + by_hand->shares[k * n + i] + 0.01 * *w;
                *w -= 0.3 * v[i];
            }
        }
        for (size_t i = 0; i < n; i++) mean[i] += by_hand->weights[i] / WORKERS;
    }
    for (size_t step = 0; step < H; step++) trainer_step(t);
    assert_near(apart(t->weights, mean, n), 0, 64 * DBL_EPSILON);
    assert_true(apart(t->weights, start, n) > 1e-3);
    trainer_free(t), trainer_free(by_hand);
    arena_free(arena);
}

/* At weights that are given all workers have these. */
static void a_look_is_at_what_is_given(void **state) {
    (void)state;
    static const char RUN[] = "workers=3 batch=4 norm=batch %s";
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 20, 20);
    Trainer *t = trainer_of(arena, text_print(arena, RUN, "local=4"), data, 1),
            *plain = trainer_of(arena, text_print(arena, RUN, ""), data, 1);
    const size_t n = t->net->weights;
    double *g = TAKE(arena, double, n), *want = TAKE(arena, double, n);
    for (size_t k = 0; k < 2; k++) trainer_step(t), trainer_step(plain);
    const double loss = trainer_gradient(t, plain->weights, g);
    assert_true(loss == trainer_gradient(plain, NULL, want));
    assert_memory_equal(g, want, n * sizeof(double));
    assert_true(loss != trainer_gradient(t, NULL, g)); /* each at its own */
    assert_memory_not_equal(g, want, n * sizeof(double));
    trainer_free(t), trainer_free(plain);
    arena_free(arena);
}

/* Weights that are the same everywhere stay so to the bit. */
static void what_does_not_learn_has_one_mean(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const char *pairs = "workers=7 batch=2 local=2 learn=affine";
    Trainer *t = trainer_of(arena, pairs, small_data(arena, 20, 20), 1);
    assert_memory_equal(moved_in(arena, pairs, 2), normalizers_of(arena, t->net),
                        t->net->weights);
    trainer_free(t);
    arena_free(arena);
}

/* ---- refused ---- */

static void what_has_none_is_refused(void **state) {
    (void)state;
    static const char *const CASES[][2] = {
        {"learn=affine norm=none(affine=no)", "learn=affine: no normalizer of resnet("},
        {"learn=random network=linear", "learn=random: no normalizer of linear"},
        {"learn=affine norm=batch(affine=no)", "learn=affine: no normalizer"},
        {"project=yes network=linear", "project=yes: no weight of linear stands"},
        {"project=yes learn=random", "one of the two"},
        {"local=2 worker_clip=1", "local=2: workers step by themselves"},
        {"worker_noise=0.5", "worker_noise=0.5 is in units of the norm"}};
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        BaseError error = {.set = false};
        const Config config = config_of(arena, CASES[i][0]);
        if (trainer_fits(&config, data, &error)) fail_msg("%s", CASES[i][0]);
        assert_int_equal(error.code, EX_USAGE);
        if (strstr(error.message, CASES[i][1]) == NULL)
            fail_msg("%s: '%s'", CASES[i][0], error.message);
    }
    arena_free(arena);
}

/* ---- a run ---- */

static void threads_and_interruptions_do_not_show(void **state) {
    (void)state;
    static const char *const RUNS[] = {AFFINE, RANDOM, PROJECT, NOISY, LOCAL, LOCAL_ADAM};
    for (size_t i = 0; i < COUNT_OF(RUNS); i++) {
        Arena *arena = arena_new();
        const Dataset *data = small_data(arena, 30, 30);
        Trainer *whole = finished(arena, RUNS[i], data, 1),
                *half = trainer_of(arena, RUNS[i], data, 3);
        for (size_t k = 0; k < 7; k++) {
            Trainer *rest = trainer_of(arena, RUNS[i], data, 2);
            BaseError error = {.set = false};
            fill_from(rest, half);
            if (!trainer_may_resume(rest, &error)) fail_msg("%s", error.message);
            while (trainer_step(rest) != TRAIN_DONE) continue;
            same_parts(rest, whole);
            trainer_free(rest);
            trainer_step(half);
        }
        trainer_free(whole), trainer_free(half);
        arena_free(arena);
    }
}

static const Case CASES[] = {
    CASE(theorem, normalizers_alone_move),
    CASE(theorem, as_many_others_move),
    CASE(theorem, any_other_weight_is_as_likely),
    CASE(theorem, the_gradient_is_that_of_all),
    CASE(theorem, projected_weights_keep_their_norm),
    CASE(theorem, the_function_does_not_see_the_projection),
    CASE(example, weights_before_normalizers_are_known),
    CASE(example, which_normalizer_is_behind),
    CASE(example, a_sum_is_before_nothing),
    CASE(fault, no_length_is_made_up),
    CASE(fault, a_radius_is_a_length),
    CASE(theorem, a_bound_that_nothing_reaches_is_none),
    CASE(oracle, each_gradient_is_scaled_down),
    CASE(theorem, one_worker_moves_the_sum_by_two_bounds),
    CASE(oracle, noise_is_a_function),
    CASE(theorem, a_step_is_bounded_then_noisy),
    CASE(theorem, who_meets_after_each_step_is_together),
    CASE(theorem, who_is_alone_meets_nobody),
    CASE(theorem, they_meet_every_so_many_steps),
    CASE(oracle, a_worker_steps_on_its_own_shards),
    CASE(theorem, a_look_is_at_what_is_given),
    CASE(theorem, what_does_not_learn_has_one_mean),
    CASE(fault, what_has_none_is_refused),
    CASE(theorem, threads_and_interruptions_do_not_show),
};

HARNESS_MAIN("levers", CASES)
