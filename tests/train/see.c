/* The step that comes, looked at: it is the step that is done, and looking does nothing. */
#include "train_run.h"

/* Plain descent: the velocity of a step is its gradient. */
#define PLAIN "momentum=0 decay=0 schedule=constant "

/* A run of one word of every normalizer, where it fits; NULL. */
static Trainer *trainer_with(Arena *arena, const char *spec, const Dataset *data) {
    Config config = config_of(
        arena,
        PLAIN "batch=8 workers=2 images=32 sizes=10x10 network=plain(depth=5,width=8)");
    BaseError error = {.set = false};
    config.norm = spec;
    return trainer_new(arena, &config, data, 1, &error);
}

static void sees_the_next(Arena *arena, Trainer *t, bool places) {
    const ArenaMark mark = arena_mark(arena);
    const size_t n = trainer_net(t)->weights;
    double *gradient = TAKE(arena, double, n), *again = TAKE(arena, double, n);
    const double loss = trainer_gradient(t, NULL, gradient);
    assert_near(trainer_gradient(t, trainer_weights(t), again), loss, 0.0);
    assert_memory_equal(again, gradient, n * sizeof(double));
    assert_near(trainer_gradient(t, NULL, NULL), loss, 0.0);
    if (places) {
        const TrainSeen seen = trainer_places(t, arena);
        assert_near(seen.loss, loss, 0.0);
        assert_near(apart(seen.gradient, gradient, n), 0.0, 0.0);
    }
    const TrainPart *counters = part_of(t, "counters");
    const double before = counters->data[2];
    const bool fresh = (size_t)counters->data[0] % trainer_steps(t) == 0;
    trainer_step(t);
    for (size_t i = 0; i < n; i++)
        assert_near(part_of(t, "velocity")->data[i], gradient[i], 0.0);
    if (counters->data[2] > 0)
        assert_near(counters->data[2], (fresh ? 0 : before) + loss, 0.0);
    arena_rewind(arena, mark);
}

/* Of every normalizer, through an epoch's end: watched or not, the same bits. */
static void it_is_the_step_that_comes(void **state) {
    (void)state;
    size_t kinds, seen = 0;
    const NormKind *const *kind = norm_kinds(&kinds);
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    for (size_t k = 0; k < kinds; k++) {
        Trainer *t = trainer_with(arena, norm_example(kind[k]), data);
        if (t == NULL) continue;
        for (size_t step = 0; step < 3; step++) sees_the_next(arena, t, true);
        trainer_free(t);
        seen++;
    }
    if (seen < kinds - 4) fail_msg("%zu of %zu kinds fit", seen, kinds);
    arena_free(arena);
}

static void whatever_a_step_is_made_of(void **state) {
    (void)state;
    static const char *const RUNS[] = {
        "workers=3 batch=8 norm=regroup(2) flip=yes shift=2",
        "workers=2 batch=8 norm=batch sizes=alternate(12x12,20x20)",
        "workers=3 batch=8 norm=batch sizes=mix(12x12,20x14,28x28)",
        "workers=2 batch=8 norm=mabn running=precise clients=5",
        "workers=1 batch=24 norm=group(2) sorted=yes clip=1000"};
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    for (size_t i = 0; i < COUNT_OF(RUNS); i++) {
        Trainer *t =
            trainer_of(arena, text_print(arena, PLAIN "images=48 %s", RUNS[i]), data, 1);
        for (size_t step = 0; step < 3; step++)
            sees_the_next(arena, t, strstr(RUNS[i], "mix") == NULL);
        trainer_free(t);
    }
    const Config mixed = config_of(arena, "workers=2 sizes=mix(12x12,20x20)"),
                 alone = config_of(arena, "workers=1 sizes=mix(12x12,20x20)");
    BaseError error = {.set = false};
    assert_true(config_has_places(&alone, &error));
    assert_false(config_has_places(&mixed, &error));
    assert_non_null(strstr(error.message, "alternate"));
    arena_free(arena);
}

/* ---- looking moves nothing ---------------------------------------------------------- */

static void look(Arena *arena, Trainer *t) {
    const size_t n = trainer_net(t)->weights;
    double *weights = TAKE(arena, double, n), *gradient = TAKE(arena, double, n);
    for (size_t i = 0; i < n; i++) weights[i] = 1.5 * trainer_weights(t)[i];
    trainer_gradient(t, weights, gradient);
    trainer_gradient(t, NULL, NULL);
    trainer_places(t, arena);
}

static void looking_moves_no_bit(void **state) {
    (void)state;
    static const char *const RUNS[] = {
        "workers=2 batch=12 norm=batch flip=yes", "workers=2 batch=12 norm=regroup(2)",
        "workers=2 batch=12 norm=mabn running=precise",
        "workers=3 batch=8 norm=ghost(4) optimizer=adamw running=pooled clip=0.1",
        "workers=2 batch=12 norm=blend(batch,group(2)) sizes=alternate(12x12,28x28)"};
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 30, 60);
    for (size_t i = 0; i < COUNT_OF(RUNS); i++) {
        const char *pairs = text_print(arena, "images=48 %s", RUNS[i]);
        Trainer *a = trainer_of(arena, pairs, data, 2),
                *b = trainer_of(arena, pairs, data, 2);
        for (TrainStatus status = TRAIN_STEPPED; status != TRAIN_DONE;) {
            look(arena, a);
            same_parts(a, b);
            status = trainer_step(a);
            assert_int_equal(trainer_step(b), status);
        }
        look(arena, a); /* the last step again */
        same_parts(a, b);
        trainer_free(a);
        trainer_free(b);
    }
    arena_free(arena);
}

/* ---- against differences ------------------------------------------------------------- */

/* d(loss) / d(at[i]) by differences of four points, whose error is of the order of h^4. */
typedef double Loss(void *of, const double *at);

static double slope(Loss *loss, void *of, double *at, size_t i) {
    const double was = at[i], h = 1e-3;
    double far = 0, near = 0;
    at[i] = was + h, near += loss(of, at);
    at[i] = was - h, near -= loss(of, at);
    at[i] = was + 2 * h, far += loss(of, at);
    at[i] = was - 2 * h, far -= loss(of, at);
    at[i] = was;
    return (8 * near - far) / (12 * h);
}

static double loss_at(void *trainer, const double *weights) {
    return trainer_gradient(trainer, weights, NULL);
}

#define SMALL PLAIN "workers=2 batch=6 network=mlp(depth=3,width=5,activation=tanh) "

static void slopes_of_the_loss(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    Trainer *t = trainer_of(arena, SMALL "norm=batch", data, 1);
    const size_t n = trainer_net(t)->weights;
    double *w = TAKE(arena, double, n), *gradient = TAKE(arena, double, n);
    trainer_step(t);
    memcpy(w, trainer_weights(t), n * sizeof *w);
    trainer_gradient(t, w, gradient);
    for (size_t i = 0; i < n; i += i < n - 120 ? 37 : 1)
        assert_near(slope(loss_at, t, w, i), gradient[i], 1e-8);
    trainer_free(t);
    arena_free(arena);
}

/* ---- at the places --------------------------------------------------------------------- */

/* What follows in SMALL behind a place, in the tape's words. */
typedef struct Rest {
    const Trainer *trainer;
    size_t worker, first; /* place */
    bool behind;          /* of its normalizer */
} Rest;

static TapeNode *param_of(Tape *tape, const Trainer *t, const char *format, size_t i) {
    const Net *net = trainer_net(t);
    const char *name = text_print(tape_arena(tape), format, i);
    for (size_t k = 0; k < net->params; k++)
        if (strcmp(net->param[k].name, name) == 0)
            return tape_leaf(tape, net->param[k].shape,
                             trainer_weights(t) + net->param[k].offset);
    fail_msg("no %s", name);
    return NULL;
}

static TapeNode *linear(Tape *tape, TapeNode *x, TapeNode *weight, TapeNode *bias) {
    const size_t N = x->shape.size[0], K = bias->shape.size[0];
    TapeNode *row = tape_reshape(tape, bias, SHAPE_OF(1, K));
    return tape_add(tape, tape_matmul(tape, x, weight, false, true),
                    tape_broadcast(tape, row, SHAPE_OF(N, K)));
}

/* The samples of the first epoch's second step, which the test looks at. */
static const uint8_t *labels_of(Arena *arena, const Trainer *t, size_t worker) {
    enum { B = 6, W = 2 };
    const Dataset *d = trainer_data(t);
    size_t *order = TAKE(arena, size_t, d->train.count);
    uint8_t *label = TAKE(arena, uint8_t, B);
    draw_permutation((Draw){.seed = 1, .purpose = DRAW_SHUFFLE}, order, d->train.count);
    for (size_t n = 0; n < B; n++)
        label[n] = *(const uint8_t *)d->train.value[1][order[(W + worker) * B + n]];
    return label;
}

static TapeNode *hidden(Tape *tape, const Rest *rest, size_t i, TapeNode *x) {
    const Net *net = trainer_net(rest->trainer);
    if (i > rest->first)
        x = linear(tape, x,
                   param_of(tape, rest->trainer, "hidden%zu.linear.weight", i + 1),
                   param_of(tape, rest->trainer, "hidden%zu.linear.bias", i + 1));
    if (i > rest->first || !rest->behind) {
        TapeNode *own[2] = {param_of(tape, rest->trainer, "hidden%zu.norm.gamma", i + 1),
                            param_of(tape, rest->trainer, "hidden%zu.norm.beta", i + 1)};
        const NormContext context = {
            .tape = tape, .norm = net->norm[i].norm, .mode = NORM_TRAIN, .param = own};
        x = norm_apply(&context, x);
    }
    return tape_tanh(tape, x);
}

static double loss_behind(void *of, const double *at) {
    const Rest *rest = of;
    Arena *own = arena_new();
    Tape *tape = tape_new(own);
    TapeNode *x = tape_leaf(tape, SHAPE_OF(6, 5), at);
    for (size_t i = rest->first; i < 2; i++) x = hidden(tape, rest, i, x);
    x = linear(tape, x, param_of(tape, rest->trainer, "linear.weight", 0),
               param_of(tape, rest->trainer, "linear.bias", 0));
    const double loss =
        tape_cross_entropy(tape, x, labels_of(own, rest->trainer, rest->worker))
            ->value[0];
    arena_free(own);
    return loss / 2; /* the mean over two workers */
}

static void slopes_at_the_places(void **state) {
    (void)state;
    static const char *const NORMS[] = {"batch", "layer", "none"};
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    for (size_t k = 0; k < COUNT_OF(NORMS); k++) {
        Trainer *t =
            trainer_of(arena, text_print(arena, SMALL "norm=%s", NORMS[k]), data, 1);
        trainer_step(t);
        const TrainSeen seen = trainer_places(t, arena);
        assert_int_equal(seen.places, 2);
        for (size_t i = 0; i < 2 * 2 * 2; i++) { /* place, worker, x or y */
            const TrainPlace *p = &seen.place[i / 4];
            Rest rest = {t, i / 2 % 2, i / 4, i % 2};
            double *at = (rest.behind ? p->y : p->x) + rest.worker * 30,
                   *slopes = (rest.behind ? p->dy : p->dx) + rest.worker * 30;
            assert_true(shape_equal(p->shape, SHAPE_OF(12, 5)));
            assert_null(p->there);
            for (size_t j = 0; j < 30; j++)
                assert_near(slopes[j], slope(loss_behind, &rest, at, j), 1e-9);
        }
        trainer_free(t);
    }
    arena_free(arena);
}

/* Sums of dy are beta's gradient, those of dy y without an affine gamma's; where nothing
 * normalizes, x is y. */
static void sums_of_what_is_seen(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    Trainer *t = trainer_of(arena, "workers=2 batch=12 norm=group(2)", data, 2);
    for (size_t step = 0; step < 3; step++) trainer_step(t);
    const TrainSeen seen = trainer_places(t, arena);
    for (size_t i = 0; i < seen.places; i++) {
        const TrainPlace *p = &seen.place[i];
        const ShapeLattice l = shape_lattice(p->shape);
        const NetParam *gamma = &trainer_net(t)->param[p->place->param];
        for (size_t c = 0; c < l.C; c++) {
            double of_beta = 0, of_gamma = 0;
            const double g = trainer_weights(t)[gamma[0].offset + c],
                         b = trainer_weights(t)[gamma[1].offset + c];
            for (size_t n = 0; n < l.N; n++)
                for (size_t k = 0, at = (n * l.C + c) * l.L; k < l.L; k++, at++)
                    of_beta += p->dy[at], of_gamma += p->dy[at] * (p->y[at] - b);
            assert_near(of_beta, seen.gradient[gamma[1].offset + c], 1e-14);
            assert_near(of_gamma, g * seen.gradient[gamma[0].offset + c], 1e-14);
        }
    }
    trainer_free(t);
    arena_free(arena);
}

/* Without a normalizer behind it x is y where gamma and beta leave it alone, as at first. */
static void nothing_normalized(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    Trainer *t = trainer_of(arena, "workers=2 batch=12 norm=none(affine=no)", data, 2);
    const TrainSeen plain = trainer_places(t, arena);
    for (size_t i = 0; i < plain.places; i++) {
        const size_t bytes = shape_count(plain.place[i].shape) * sizeof(double);
        assert_memory_equal(plain.place[i].x, plain.place[i].y, bytes);
        assert_memory_equal(plain.place[i].dx, plain.place[i].dy, bytes);
    }
    trainer_free(t);
    arena_free(arena);
}

/* Of texts, where symbols are missing: languages' sentences are padded. */
static void padding_is_told(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Dataset *data = dataset_open(arena, "languages", &error);
    Config config = config_of(arena, "workers=2 batch=6 norm=position images=12");
    config.dataset = "languages",
    config.network = "transformer(depth=1,width=8,heads=2,qk=norm)";
    Trainer *t = trainer_new(arena, &config, data, 2, &error);
    if (t == NULL) fail_msg("%s", error.message);
    const TrainSeen seen = trainer_places(t, arena);
    for (size_t i = 0; i < seen.places; i++) {
        const ShapeLattice l = shape_lattice(seen.place[i].shape);
        size_t there = 0;
        assert_non_null(seen.place[i].there);
        for (size_t k = 0; k < l.N * l.L; k++) there += seen.place[i].there[k];
        assert_true(there > 0 && there < l.N * l.L);
    }
    trainer_free(t);
    arena_free(arena);
}

static const Case cases[] = {
    CASE(theorem, it_is_the_step_that_comes), CASE(theorem, whatever_a_step_is_made_of),
    CASE(theorem, looking_moves_no_bit),      CASE(oracle, slopes_of_the_loss),
    CASE(oracle, slopes_at_the_places),       CASE(theorem, sums_of_what_is_seen),
    CASE(theorem, nothing_normalized),        CASE(example, padding_is_told),
};

HARNESS_MAIN("see", cases)
