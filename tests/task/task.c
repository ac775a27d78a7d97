/* Tasks against plain loops: the loss, its gradient, what is added up and what follows from it;
 * and what they refuse. */
#include "harness.h"

#include "task.h"

#include <math.h>
#include <string.h>

enum { N = 6, K = 3 };

static const char *const NAMES[] = {"a", "b", "c"};

/* An image of two pixels, a class, a mask of two pixels, and a number that is standardized. */
static Dataset data_of(void) {
    static const double mean[] = {4.0}, std[] = {2.5};
    return (Dataset){
        .name = "small",
        .samples = "images",
        .fields = 4,
        .field = {
            {.name = "image", .type = DATA_REALS, .shape = {3, {1, 1, 2}}},
            {.name = "label", .type = DATA_LABELS, .classes = K, .class_name = NAMES},
            {.name = "mask",
             .type = DATA_LABELS,
             .shape = {2, {1, 2}},
             .classes = K,
             .class_name = NAMES},
            {.name = "number",
             .unit = "mm",
             .type = DATA_REALS,
             .standardized = true,
             .mean = mean,
             .std = std}}};
}

static const TaskKind *kind_of(const char *name) {
    size_t count;
    const TaskKind *const *kind = task_kinds(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(kind[i]->name, name) == 0) return kind[i];
    fail_msg("no task '%s'", name);
    return NULL;
}

static Task bound(const char *name, const Dataset *data) {
    Task task;
    BaseError error = {.set = false};
    if (!task_bind(&task, kind_of(name), data, &error)) fail_msg("%s", error.message);
    return task;
}

/* A task before its numbers: outputs [N, outputs], and the fields of N samples. */
typedef struct Bench {
    Arena *arena;
    Task task;
    const double *out;
    Batch batch;
} Bench;

static double bench_loss(const Bench *b, double *gradient, double *tally) {
    Tape *tape = tape_new(b->arena);
    const Shape shape = SHAPE_OF(b->batch.count, b->task.outputs);
    TapeNode *out = tape_parameter(tape, shape, b->out, gradient),
             *loss = b->task.kind->write(&b->task, tape, &out, &b->batch);
    assert_int_equal(loss->shape.rank, 0);
    b->task.kind->tally(&b->task, tally, &out, &b->batch);
    tape_backward(tape, loss, NULL);
    return loss->value[0];
}

static Bench bench_of(Arena *arena, const Dataset *data, const char *name,
                      const double *out) {
    static const uint8_t label[N] = {2, 0, 1, 1, 2, 0};
    static const double number[N] = {0.5, -1.25, 2.0, 0.0, -0.75, 1.5};
    Bench b = {
        .arena = arena, .task = bound(name, data), .out = out, .batch = {.count = N}};
    b.batch.label[1] = label;
    b.batch.real[3] = number;
    return b;
}

static void classify_is_its_loops(void **state) {
    (void)state;
    static const double z[N * K] = {0.5, -1, 2,  3, 1,    1, -0.25, 0.75, 0.5,
                                    1,   2,  -1, 0, 0.25, 0, 1,     1,    1};
    Arena *arena = arena_new();
    const Dataset data = data_of();
    const Bench b = bench_of(arena, &data, "classify", z);
    double gradient[N * K], tally[2], metric[1], loss = 0.0;
    const double got = bench_loss(&b, gradient, tally);
    for (size_t n = 0; n < N; n++) {
        double sum = 0.0;
        const uint8_t label = b.batch.label[1][n];
        for (size_t k = 0; k < K; k++) sum += exp(z[n * K + k]);
        loss += log(sum) - z[n * K + label];
        for (size_t k = 0; k < K; k++)
            assert_near(gradient[n * K + k],
                        (exp(z[n * K + k]) / sum - (k == label ? 1 : 0)) / N, 1e-15);
    }
    assert_near(got, loss / N, 1e-14);
    b.task.kind->judge(&b.task, metric, tally);
    assert_near(metric[0], 1.0 / N,
                0.0); /* the fifth; of equal logits the first counts */
    arena_free(arena);
}

static void regress_is_its_loops(void **state) {
    (void)state;
    static const double y[N] = {1, -1, 1.5, 0.25, -0.5, 0};
    Arena *arena = arena_new();
    const Dataset data = data_of();
    const Bench b = bench_of(arena, &data, "regress", y);
    double gradient[N], tally[2], metric[1], squares = 0.0;
    const double got = bench_loss(&b, gradient, tally);
    for (size_t n = 0; n < N; n++) {
        const double apart = y[n] - b.batch.real[3][n];
        squares += apart * apart;
        assert_near(gradient[n], 2 * apart / N, 1e-15);
    }
    assert_near(got, squares / N, 1e-14);
    b.task.kind->judge(&b.task, metric, tally);
    assert_near(metric[0], 2.5 * sqrt(squares / N), 1e-14); /* in millimetres again */
    assert_string_equal(b.task.metric[0].unit, "mm");
    arena_free(arena);
}

/* Two pixels a sample, of which one or both may be ignored; logits by class, then pixel. */
enum { PIXELS = 2 };

static const uint8_t MASK[N * PIXELS] = {2, 0, 1, 255, 255, 255, 0, 0, 1, 2, 255, 1};

static double segment_loss(Arena *arena, const Task *task, const double *z, size_t first,
                           size_t count, double *gradient, double *confusion) {
    Tape *tape = tape_new(arena);
    Batch batch = {.count = count};
    batch.label[task->field] = MASK + first * PIXELS;
    TapeNode *out = tape_parameter(tape, SHAPE_OF(count, K, 1, PIXELS),
                                   z + first * K * PIXELS, gradient),
             *loss = task->kind->write(task, tape, &out, &batch);
    task->kind->tally(task, confusion, &out, &batch);
    tape_backward(tape, loss, NULL);
    return loss->value[0];
}

static void segment_is_its_loops(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset data = data_of();
    const Task task = bound("segment", &data);
    double z[N * K * PIXELS], gradient[N * K * PIXELS], confusion[K * K], loss = 0.0;
    double want[K * K] = {0}, metric[2], iou = 0.0, right = 0.0;
    for (size_t i = 0; i < N * K * PIXELS; i++)
        z[i] = draw_normal((Draw){.seed = 5, .purpose = DRAW_TEST}, i);
    const double got = segment_loss(arena, &task, z, 0, N, gradient, confusion);
    for (size_t i = 0; i < N * PIXELS; i++) {
        const uint8_t label = MASK[i], other = MASK[i ^ 1];
        const double *own = z + i / PIXELS * K * PIXELS + i % PIXELS;
        const double share =
            other == 255 ? 1.0 / N : 0.5 / N; /* of the sample's pixels */
        double sum = 0.0;
        size_t best = 0;
        for (size_t k = 0; k < K; k++) {
            sum += exp(own[k * PIXELS]);
            if (own[k * PIXELS] > own[best * PIXELS]) best = k;
        }
        for (size_t k = 0; k < K; k++) {
            const double expected =
                label == 255
                    ? 0.0
                    : share * (exp(own[k * PIXELS]) / sum - (k == label ? 1 : 0));
            assert_near(gradient[own - z + (ptrdiff_t)(k * PIXELS)], expected, 1e-15);
        }
        if (label == 255) continue;
        loss += share * (log(sum) - own[label * PIXELS]);
        want[label * K + best] += 1;
    }
    assert_near(got, loss, 1e-14);
    for (size_t k = 0; k < K; k++) {
        double either = -want[k * K + k];
        for (size_t j = 0; j < K; j++) either += want[k * K + j] + want[j * K + k];
        iou += want[k * K + k] / either / K;
        right += want[k * K + k];
    }
    for (size_t i = 0; i < K * K; i++) assert_near(confusion[i], want[i], 0.0);
    task.kind->judge(&task, metric, confusion);
    assert_near(metric[0], iou, 1e-15);
    assert_near(metric[1], right / 8, 1e-15);
    arena_free(arena);
}

/* What is told agrees with what is tallied. */
static void maps_are_what_is_tallied(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset data = data_of();
    const Task task = bound("segment", &data);
    double z[N * K * PIXELS], confusion[K * K], seen[K * K] = {0};
    double told[PIXELS], truth[PIXELS];
    for (size_t i = 0; i < N * K * PIXELS; i++)
        z[i] = draw_normal((Draw){.seed = 7, .purpose = DRAW_TEST}, i);
    Batch batch = {.count = N};
    batch.label[task.field] = MASK;
    TapeNode *out = tape_leaf(tape_new(arena), SHAPE_OF(N, K, 1, PIXELS), z);
    task.kind->tally(&task, confusion, &out, &batch);
    for (size_t n = 0; n < N; n++) {
        task.kind->map(&task, told, truth, &out, &batch, n);
        for (size_t p = 0; p < PIXELS; p++) {
            const uint8_t label = MASK[n * PIXELS + p];
            assert_int_equal(isnan(truth[p]), label == DATA_IGNORED);
            if (label == DATA_IGNORED) continue;
            assert_near(truth[p], label, 0.0);
            seen[label * K + (size_t)told[p]] += 1.0;
        }
    }
    for (size_t i = 0; i < K * K; i++) assert_near(seen[i], confusion[i], 0.0);
    arena_free(arena);
}

/* Loss and tally of a whole are those of its samples; a class that is nowhere is not of the
 * mean, and a sample without a pixel costs nothing. */
static void segments_add_up(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset data = data_of();
    const Task task = bound("segment", &data);
    double z[N * K * PIXELS], gradient[N * K * PIXELS], all[K * K], sum[K * K] = {0};
    double one[K * K], loss = 0.0, metric[2];
    for (size_t i = 0; i < N * K * PIXELS; i++)
        z[i] = draw_normal((Draw){.seed = 6, .purpose = DRAW_TEST}, i);
    const double whole = segment_loss(arena, &task, z, 0, N, gradient, all);
    for (size_t n = 0; n < N; n++) {
        const double own = segment_loss(arena, &task, z, n, 1, gradient, one);
        if (n == 2) assert_near(own, 0.0, 0.0);
        loss += own;
        for (size_t i = 0; i < K * K; i++) sum[i] += one[i];
    }
    assert_near(loss / N, whole, 1e-14);
    for (size_t i = 0; i < K * K; i++) assert_near(sum[i], all[i], 0.0);
    assert_true(task.kind->holds(&task, all, N));
    assert_false(task.kind->holds(&task, all, 0));
    all[1] = -1;
    assert_false(task.kind->holds(&task, all, N));
    const double some[K * K] = {3, 1, 0, 0, 2, 0, 0, 0, 0};
    task.kind->judge(&task, metric, some);
    assert_near(metric[0], (3.0 / 4 + 2.0 / 3) / 2, 1e-15);
    assert_near(metric[1], 5.0 / 6, 1e-15);
    arena_free(arena);
}

/* What is added up over the parts of a batch is what the whole has. */
static void tallies_add_up(void **state) {
    (void)state;
    static const double out[N * K] = {0.5, -1, 2,  3, 1,    1, -0.25, 0.75, 0.5,
                                      1,   2,  -1, 0, 0.25, 0, 1,     1,    1};
    size_t count;
    const TaskKind *const *kind = task_kinds(&count);
    Arena *arena = arena_new();
    const Dataset data = data_of();
    for (size_t i = 0; i < count; i++) {
        Task task;
        BaseError quiet = {.set = false};
        if (!task_bind(&task, kind[i], &data, &quiet) ||
            data.field[task.field].shape.rank)
            continue;
        const Bench whole = bench_of(arena, &data, kind[i]->name, out);
        double *all = TAKE(arena, double, task.tallies), loss = 0.0,
               *sum = ZERO(arena, double, task.tallies),
               *one = TAKE(arena, double, task.tallies), gradient[N * K];
        const double of_all = bench_loss(&whole, gradient, all);
        for (size_t n = 0; n < N; n++) {
            Bench part = whole;
            part.out += n * task.outputs;
            part.batch.count = 1;
            part.batch.label[1] += n;
            part.batch.real[3] += n;
            loss += bench_loss(&part, gradient, one);
            for (size_t k = 0; k < task.tallies; k++) sum[k] += one[k];
        }
        assert_near(loss / N, of_all, 1e-14);
        for (size_t k = 0; k < task.tallies; k++) assert_near(sum[k], all[k], 1e-13);
        assert_true(task.kind->holds(&task, all, N));
        assert_false(task.kind->holds(&task, all, N + 1));
        memset(sum, 0, task.tallies * sizeof *sum);
        assert_true(task.kind->holds(&task, sum, 0));
        all[0] = -1;
        assert_false(task.kind->holds(&task, all, N));
    }
    arena_free(arena);
}

/* ---- the next symbol ------------------------------------------------------------------ */

enum { T = 2 };

/* Symbols at two positions, and the next of each, of which one or both may be missing: MASK's. */
static Dataset text_of(void) {
    const DataField next = {.name = "next",
                            .type = DATA_LABELS,
                            .shape = {1, {T}},
                            .classes = K,
                            .class_name = NAMES};
    Dataset data = {
        .name = "verse", .samples = "texts", .fields = 2, .field = {next, next}};
    data.field[0].name = "text";
    return data;
}

static double predict_loss(Arena *arena, const Task *task, const double *z, size_t first,
                           size_t count, double *gradient, double *sums) {
    Tape *tape = tape_new(arena);
    Batch batch = {.count = count};
    batch.label[task->field] = MASK + first * T;
    TapeNode *out =
                 tape_parameter(tape, SHAPE_OF(count, K, T), z + first * K * T, gradient),
             *loss = task->kind->write(task, tape, &out, &batch);
    task->kind->tally(task, sums, &out, &batch);
    tape_backward(tape, loss, NULL);
    return loss->value[0];
}

static void predict_is_its_loops(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset data = text_of();
    const Task task = bound("predict", &data);
    double z[N * K * T], gradient[N * K * T], sums[3], metric[2];
    double loss = 0.0, bits = 0.0, wrong = 0.0;
    for (size_t i = 0; i < N * K * T; i++)
        z[i] = draw_normal((Draw){.seed = 8, .purpose = DRAW_TEST}, i);
    const double got = predict_loss(arena, &task, z, 0, N, gradient, sums);
    for (size_t n = 0; n < N; n++)
        for (size_t t = 0; t < T; t++) {
            const uint8_t next = MASK[n * T + t];
            const double share = MASK[n * T + (1 - t)] == 255 ? 1.0 / N : 0.5 / N;
            const double *own = z + n * K * T + t;
            double sum = 0.0;
            size_t best = 0;
            for (size_t k = 0; k < K; k++) {
                sum += exp(own[k * T]);
                if (own[k * T] > own[best * T]) best = k;
            }
            for (size_t k = 0; k < K; k++)
                assert_near(gradient[n * K * T + k * T + t],
                            next == 255
                                ? 0.0
                                : share * (exp(own[k * T]) / sum - (k == next ? 1 : 0)),
                            1e-15);
            if (next == 255) continue;
            loss += share * (log(sum) - own[next * T]);
            bits -= log2(exp(own[next * T]) / sum) / 8;
            wrong += best != next ? 1.0 / 8 : 0.0;
        }
    assert_near(got, loss, 1e-14);
    task.kind->judge(&task, metric, sums);
    assert_near(metric[0], bits, 1e-14);
    assert_near(metric[1], wrong, 1e-15);
    assert_true(task.causal);
    assert_string_equal(task.metric[0].name, "bits");
    arena_free(arena);
}

/* Loss and sums of a whole are those of its samples; a sample without a next symbol costs nothing,
 * and of logits that no exponential can hold the bits are finite. */
static void predictions_add_up(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset data = text_of();
    const Task task = bound("predict", &data);
    double z[N * K * T], gradient[N * K * T], all[3], sum[3] = {0}, one[3], loss = 0.0;
    for (size_t i = 0; i < N * K * T; i++)
        z[i] = 2000 * draw_normal((Draw){.seed = 9, .purpose = DRAW_TEST}, i);
    const double whole = predict_loss(arena, &task, z, 0, N, gradient, all);
    for (size_t n = 0; n < N; n++) {
        const double own = predict_loss(arena, &task, z, n, 1, gradient, one);
        if (n == 2) assert_near(own, 0.0, 0.0);
        loss += own;
        for (size_t i = 0; i < 3; i++) sum[i] += one[i];
    }
    assert_near(loss / N, whole, 1e-14 * whole);
    assert_near(sum[0], all[0], 1e-14 * all[0]);
    assert_near(sum[1], all[1], 0.0);
    assert_near(sum[2], 8, 0.0);
    assert_true(isfinite(all[0]) && all[0] > 1000);
    assert_true(task.kind->holds(&task, all, N));
    assert_false(task.kind->holds(&task, all, 0));
    const double wrong[][3] = {{-1, 1, 8},  {1, -1, 8}, {1, 9, 8},       {1, 0.5, 8},
                               {NAN, 1, 8}, {1, 0, 0},  {INFINITY, 1, 8}};
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_false(task.kind->holds(&task, wrong[i], N));
    arena_free(arena);
}

static void next_symbols_are_of_the_text(void **state) {
    (void)state;
    Dataset data = text_of();
    const Task task = bound("predict", &data);
    Net net = {.spec = "odd",
               .face = {.inputs = 1, .input = {{"text", {1, {T}}, K}}},
               .outputs = 1,
               .output = {{"logits", {2, {K, T}}}}};
    BaseError error = {.set = false};
    Task other;
    assert_true(task_accepts(&task, &net, &error));
    net.output[0].shape.size[1] = 1;
    assert_false(task_accepts(&task, &net, &error));
    assert_string_equal(error.message,
                        "task=predict: odd gives numbers at 1 positions; 2 are expected");
    error.set = false;
    data.field[0].classes = K + 1;
    assert_false(task_bind(&other, kind_of("predict"), &data, &error));
    assert_string_equal(
        error.message,
        "task=predict: verse has a next symbol, of 3 at 2 positions, for another text");
    error.set = false;
    data.fields = 1;
    assert_false(task_bind(&other, kind_of("predict"), &data, &error));
    assert_string_equal(error.message,
                        "task=predict: verse has no field 'next', but text");
}

/* ---- what is refused ---- */

static void what_data_lack_is_said(void **state) {
    (void)state;
    Dataset data = data_of();
    Task task;
    BaseError error = {.set = false};
    data.fields = 2;
    assert_false(task_bind(&task, kind_of("regress"), &data, &error));
    assert_int_equal(error.code, EX_USAGE);
    assert_string_equal(error.message, "task=regress: small has no field 'number', but "
                                       "image, label; that fits: task=classify");
    error.set = false;
    data.field[1].shape = (Shape){2, {1, 2}};
    assert_false(task_bind(&task, kind_of("classify"), &data, &error));
    assert_string_equal(error.message,
                        "task=classify: small has a field 'label' of labels "
                        "on 2 axes; labels on 0 are expected");
}

static void what_a_network_lacks_is_said(void **state) {
    (void)state;
    const Dataset data = data_of();
    const Task task = bound("classify", &data);
    Net net = {.spec = "odd", .outputs = 1, .output = {{"logits", {1, {K}}}}};
    BaseError error = {.set = false};
    assert_true(task_accepts(&task, &net, &error));
    net.output[0].shape = SHAPE_OF(K + 1);
    assert_false(task_accepts(&task, &net, &error));
    assert_string_equal(
        error.message,
        "task=classify: odd gives 4 numbers on 1 axes; 3 on 1 are expected");
    error.set = false;
    net.outputs = 2;
    assert_false(task_accepts(&task, &net, &error));
    assert_string_equal(error.message,
                        "task=classify: odd has 2 outputs; one is expected");
}

static void masks_lie_on_images(void **state) {
    (void)state;
    Dataset data = data_of();
    const Task task = bound("segment", &data);
    Net net = {.spec = "odd",
               .face = {.inputs = 1, .input = {{"image", {3, {1, 1, 2}}}}},
               .outputs = 1,
               .output = {{"logits", {3, {K, 1, 2}}}}};
    BaseError error = {.set = false};
    Task other;
    assert_true(task_accepts(&task, &net, &error));
    net.output[0].shape.size[2] = 3;
    assert_false(task_accepts(&task, &net, &error));
    assert_string_equal(error.message,
                        "task=segment: odd gives maps of 1 x 3; 1 x 2 are expected");
    error.set = false;
    data.field[0].shape.size[2] = 4;
    assert_false(task_bind(&other, kind_of("segment"), &data, &error));
    assert_string_equal(
        error.message, "task=segment: small has masks of 1 x 2 beside other images; that "
                       "fits: task=classify or task=regress");
}

static void kinds_are_whole(void **state) {
    (void)state;
    size_t count;
    const TaskKind *const *kind = task_kinds(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(*kind[i]->title && *kind[i]->loss);
        for (size_t m = 0; m < kind[i]->metrics; m++) {
            const TaskMetric *metric = &kind[i]->metric[m];
            assert_true(*metric->name && *metric->title && *metric->unit);
            assert_int_equal(
                strspn(metric->name, "abcdefghijklmnopqrstuvwxyz_0123456789"),
                strlen(metric->name));
            assert_string_not_equal(metric->name, "loss");
        }
    }
}

static const Case CASES[] = {
    CASE(oracle, classify_is_its_loops),
    CASE(oracle, regress_is_its_loops),
    CASE(oracle, segment_is_its_loops),
    CASE(theorem, tallies_add_up),
    CASE(theorem, segments_add_up),
    CASE(theorem, maps_are_what_is_tallied),
    CASE(fault, what_data_lack_is_said),
    CASE(fault, what_a_network_lacks_is_said),
    CASE(fault, masks_lie_on_images),
    CASE(theorem, kinds_are_whole),
    CASE(oracle, predict_is_its_loops),
    CASE(theorem, predictions_add_up),
    CASE(fault, next_symbols_are_of_the_text),
};

HARNESS_MAIN("task", CASES)
