/* A finished run's weights under other moments, at other sizes and on other parts of its data: what
 * `normlab evaluate` says. notes/40-workers.md */
#include "arguments.h"
#include "evaluation.h"
#include "sweep.h"

#include <math.h>
#include <string.h>

/* ---- words ------------------------------------------------------------------------- */

enum { OF_BATCH = RUNNING_POOLED + 1 };

static const char *const MODES[] = {[RUNNING_AVERAGE] = "average",
                                    [RUNNING_PRECISE] = "precise",
                                    [RUNNING_POOLED] = "pooled",
                                    [OF_BATCH] = "batch"};
static const char *const PARTS[] = {"train", "val", "test"};

bool evaluation_mode(Arena *arena, const char *text, Mode *mode, BaseError *error) {
    static const OtherName others[] = {
        {"ema", "average"}, {"running", "average"}, {"own", "batch"}, {NULL, NULL}};
    const Choice modes = {MODES, COUNT_OF(MODES), sizeof *MODES, false, others};
    size_t place;
    const Spec *spec = spec_parse(arena, text, error);
    if (spec == NULL || !choice_read(arena, &modes, "", spec->word, &place, error))
        return false;
    SpecArguments arguments = arguments_of(arena, spec);
    *mode = (Mode){.text = MODES[place]};
    if (place == OF_BATCH) {
        const SpecArg *batch = spec_positional(&arguments);
        if (batch == NULL)
            return base_fail(error, EX_USAGE, 0, "batch of how many samples? batch(32)");
        if (!spec_count(batch, "the samples of a batch", &mode->batch, error))
            return false;
        mode->text = text_print(arena, "batch(%zu)", mode->batch);
    } else {
        mode->running = (Running)place;
    }
    return arguments_done(&arguments, (const char *const[]){NULL}, error);
}

/* The values of a key, each once. */
static void read_modes(Evaluation *e, const char *list) {
    size_t count;
    const char **word = spec_list(e->arena, list, &count);
    for (size_t i = 0, k = 0; i < count; i++) {
        Mode mode;
        BaseError error = {.set = false};
        if (!evaluation_mode(e->arena, word[i], &mode, &error))
            die(EX_USAGE, "mode=%s: %s", text_plain(e->arena, word[i]), error.message);
        for (k = 0; k < e->modes && strcmp(e->mode[k].text, mode.text) != 0;) k++;
        if (k == EVALUATION_MOST) die(EX_USAGE, "mode=: more than %d values", (int)k);
        e->mode[k] = mode;
        if (k == e->modes) e->modes++;
    }
}

bool evaluation_input(Arena *arena, const char *text, Input *input, BaseError *error) {
    if (!size_read(arena, text, &input->size, error)) return false;
    input->text = size_print(arena, input->size);
    return true;
}

static void read_inputs(Evaluation *e, const char *list) {
    size_t count;
    const char **word = spec_list(e->arena, list, &count);
    for (size_t i = 0, k = 0; i < count; i++) {
        Input input;
        BaseError error = {.set = false};
        if (!evaluation_input(e->arena, word[i], &input, &error))
            die(EX_USAGE, "input=%s: %s", text_plain(e->arena, word[i]), error.message);
        for (k = 0; k < e->inputs && strcmp(e->input[k].text, input.text) != 0;) k++;
        if (k == EVALUATION_MOST) die(EX_USAGE, "input=: more than %d values", (int)k);
        e->input[k] = input;
        if (k == e->inputs) e->inputs++;
    }
}

/* The size that the data have; of what is no image, its numbers. */
static void keep_input(Evaluation *e, const Dataset *data) {
    const Shape s = data->field[0].shape;
    e->inputs = 1;
    e->input[0].text = s.rank < 2 ? text_print(e->arena, "%zu", shape_count(s))
                                  : text_print(e->arena, "%zux%zu", s.size[s.rank - 2],
                                               s.size[s.rank - 1]);
}

static void read_parts(Evaluation *e, const char *list) {
    static const Choice parts = CHOICE(PARTS);
    size_t count, place;
    const char **word = spec_list(e->arena, list, &count);
    for (size_t i = 0, k = 0; i < count; i++) {
        BaseError error = {.set = false};
        choice_read(e->arena, &parts, "on=", word[i], &place, &error);
        die_if(&error);
        for (k = 0; k < e->parts && strcmp(e->part[k], PARTS[place]) != 0;) k++;
        e->part[k] = PARTS[place];
        if (k == e->parts) e->parts++;
    }
}

/* ---- judging ----------------------------------------------------------------------- */

static const Samples *samples_of(const Dataset *data, const char *part) {
    return strcmp(part, "train") == 0 ? &data->train
           : strcmp(part, "val") == 0 ? &data->val
                                      : &data->test;
}

/* Whether there is a batch of that size, and the network could be trained by it. */
static void want_batches(const Evaluation *e, const Run *run, const Trainer *t,
                         const Mode *mode) {
    BaseError error = {.set = false};
    NetNorms norms;
    const NetFace face = trainer_net(t)->face;
    for (size_t p = 0; p < e->parts; p++) {
        const size_t count = samples_of(trainer_data(t), e->part[p])->count;
        if (count < mode->batch)
            die(EX_USAGE, "mode=%s: %s has %zu samples", mode->text, e->part[p], count);
    }
    net_norms_read(e->arena, run->config.norm, &norms, &error);
    net_new(e->arena, run->config.network, norms, face, mode->batch, &error);
    if (error.set) die(EX_USAGE, "mode=%s: %s", mode->text, error.message);
}

static void want_samples(const Evaluation *e, const Dataset *data) {
    for (size_t p = 0; p < e->parts; p++)
        if (samples_of(data, e->part[p])->count == 0)
            die(EX_USAGE, "on=%s: %s has no such samples", e->part[p], data->name);
}

/* All of one size. */
static void judge_size(Evaluation *e, Trainer *t, size_t input) {
    for (size_t m = 0; m < e->modes; m++) {
        const Mode *mode = &e->mode[m];
        if (mode->batch == 0) trainer_moments(t, mode->running);
        for (size_t p = 0; p < e->parts; p++) {
            const size_t at = (m * e->inputs + input) * e->parts + p;
            const Samples *samples = samples_of(trainer_data(t), e->part[p]);
            e->judged[at] = trainer_judge(t, e->arena, samples, mode->batch);
            if (e->apart && mode->batch == 0)
                e->apart[at] = trainer_discrepancy(t, e->arena, samples, &e->places);
        }
    }
}

/* The run's data in a size that its network can see: whose weights depend on it is refused. */
static const Dataset *data_of(const Evaluation *e, const Run *run, const Input *input) {
    BaseError error = {.set = false};
    if (input->size.height == 0) return run->dataset;
    const Dataset *data = dataset_resized(e->arena, run->dataset, input->size.height,
                                          input->size.width, &error);
    const Net *net = data ? trainer_plan(e->arena, &run->config, data, &error) : NULL,
              *own =
                  net ? trainer_plan(e->arena, &run->config, run->dataset, &error) : NULL;
    if (own == NULL || !net_alike(e->arena, own, net, &error))
        die(EX_USAGE, "input=%s: %s", input->text, error.message);
    return data;
}

/* What does not fit is said before the first is judged. */
static void judge_all(Evaluation *e, const Run *run, const Record *record, bool apart) {
    const Dataset *data[EVALUATION_MOST];
    want_samples(e, run->dataset);
    for (size_t i = 0; i < e->inputs; i++) data[i] = data_of(e, run, &e->input[i]);
    e->judged = TAKE(e->arena, TrainJudged, e->modes * e->inputs * e->parts);
    if (apart)
        e->apart = ZERO(e->arena, TrainDiscrepancy *, e->modes * e->inputs * e->parts);
    for (size_t i = 0; i < e->inputs; i++) {
        BaseError error = {.set = false};
        Trainer *t = run_trained(e->arena, run, record, data[i], processors(), &error);
        die_if(&error);
        for (size_t m = 0; m < e->modes; m++)
            if (e->mode[m].batch) want_batches(e, run, t, &e->mode[m]);
        e->task = trainer_task(t);
        judge_size(e, t, i);
        trainer_free(t);
    }
}

const char *evaluation_digest(Arena *arena, const char *path) {
    size_t length;
    char digest[DIGEST_LENGTH + 1];
    BaseError error = {.set = false};
    Arena *own = arena_new();
    const char *data = place_read(own, path, (size_t)1 << 40, &length, &error);
    die_if(&error);
    digest_bytes(digest, data, length);
    arena_free(own);
    return text_copy(arena, digest, DIGEST_LENGTH);
}

const Evaluation *evaluation_make(Arena *arena, const char *word, const char *modes,
                                  const char *inputs, const char *parts, bool apart) {
    BaseError error = {.set = false};
    Evaluation *e = ZERO(arena, Evaluation, 1);
    const Record *record;
    e->arena = arena;
    if (modes) read_modes(e, modes);
    if (inputs) read_inputs(e, inputs);
    read_parts(e, parts ? parts : "val,test");
    const Run *run = e->of = run_open(arena, word, &record, &error);
    die_if(&error);
    if (modes == NULL) read_modes(e, MODES[run->config.running]);
    e->sha256 = evaluation_digest(arena, run->path);
    e->file = run->path;
    e->run = run->id;
    e->says = text_print(arena, "%s with %s on %s", run->config.network, run->config.norm,
                         run->dataset->name);
    if (inputs == NULL) keep_input(e, run->dataset);
    judge_all(e, run, record, apart);
    return e;
}

/* ---- a file of its own --------------------------------------------------------------- */

static void put_numbers(Table *t, const Evaluation *e) {
    const size_t cells = e->modes * e->inputs * e->parts;
    double *all = TAKE(e->arena, double, cells *(TASK_MOST_METRICS + 2));
    double *samples = all, *loss = all + cells;
    for (size_t i = 0; i < cells; i++) {
        samples[i] = (double)e->judged[i].samples;
        loss[i] = e->judged[i].loss;
    }
    table_numbers(t, "samples", "that were judged", "mode input on", samples);
    table_numbers(t, "loss", e->task->kind->loss, "mode input on", loss);
    for (size_t m = 0; m < e->task->metrics; m++) {
        double *values = loss + (m + 1) * cells;
        for (size_t i = 0; i < cells; i++) values[i] = e->judged[i].metric[m];
        table_numbers(t, e->task->metric[m].name, e->task->metric[m].title,
                      "mode input on", values)
            ->units = e->task->metric[m].unit;
    }
}

/* Where every way of judging has them: the errors in blocks of test samples. */
static void put_blocks(Table *t, const Evaluation *e) {
    const size_t ways = e->modes * e->inputs;
    size_t p = 0;
    while (p < e->parts && strcmp(e->part[p], "test") != 0) p++;
    if (p == e->parts) return;
    const size_t blocks = e->judged[p].blocks;
    double *all = TAKE(t->arena, double, ways *blocks + 1);
    for (size_t i = 0; i < ways; i++) {
        const TrainJudged *j = &e->judged[i * e->parts + p];
        if (j->blocks != blocks || blocks == 0) return;
        memcpy(all + i * blocks, j->block, blocks * sizeof *all);
    }
    table_index(t, "block", "blocks of test samples, in their order", blocks);
    table_numbers(t, "test_block", e->task->metric[0].title, "mode input block", all)
        ->units = e->task->metric[0].unit;
}

/* By layer; NaN where a batch had its own moments. */
static void put_apart(Table *t, const Evaluation *e) {
    const size_t ways = e->modes * e->inputs * e->parts, all = ways * e->places;
    const char **layer = TAKE(t->arena, const char *, e->places + 1);
    double *mean = TAKE(t->arena, double, 2 * all), *deviation = mean + all;
    for (size_t i = 0; i < all; i++) {
        const TrainDiscrepancy *one = e->apart[i / e->places];
        if (one) layer[i % e->places] = one[i % e->places].layer;
        mean[i] = one ? one[i % e->places].mean : (double)NAN;
        deviation[i] = one ? one[i % e->places].deviation : (double)NAN;
    }
    table_scale_text(t, "layer", "that keeps means and variances", layer, e->places);
    table_numbers(t, "mean_discrepancy",
                  "mean of |mean that is read - batch's| / batch's deviation",
                  "mode input on layer", mean)
        ->units = "1";
    table_numbers(t, "deviation_discrepancy",
                  "mean of |deviation that is read / batch's - 1|", "mode input on layer",
                  deviation)
        ->units = "1";
}

Table evaluation_table(const Evaluation *e) {
    const char **mode = TAKE(e->arena, const char *, e->modes);
    const char **input = TAKE(e->arena, const char *, e->inputs);
    for (size_t i = 0; i < e->modes; i++) mode[i] = e->mode[i].text;
    for (size_t i = 0; i < e->inputs; i++) input[i] = e->input[i].text;
    Table t = table_new(e->arena, "/evaluation", "the run's weights judged another way");
    table_scale_text(&t, "mode", "by which moments", mode, e->modes);
    table_scale_text(&t, "input", "height x width of the images", input, e->inputs);
    table_scale_text(&t, "on", "which samples", e->part, e->parts);
    put_numbers(&t, e);
    put_blocks(&t, e);
    if (e->places > 0) put_apart(&t, e);
    t.plot = e->task->metric[0].name;
    return t;
}

bool evaluation_save(const Evaluation *e, const char *path, BaseError *error) {
    const Table t = evaluation_table(e);
    Store *store = store_new(text_print(e->arena, "%s, evaluated", e->says));
    store_text(store, "/", "run", e->run);
    store_text(store, "/", "run_sha256", e->sha256);
    table_write(&t, store);
    record_config(store, e->of, e->arena);
    study_provenance(store, e->arena);
    const bool good = store_save(store, path, error);
    store_close(store);
    return good;
}
