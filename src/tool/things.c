/* Experiments, data sets, networks, tasks, probes, options on weights, checks: a thing each. */
#include "things.h"
#include "probe.h"

#include <string.h>

static void add_fact(Thing *thing, const char *of, const char *text) {
    REQUIRE(thing->facts < MOST_FACTS, "more than %d facts", MOST_FACTS);
    if (text == NULL || *text == '\0') return;
    thing->fact[thing->facts].of = of;
    thing->fact[thing->facts++].text = text;
}

/* ---- experiments ------------------------------------------------------------------ */

static size_t count_experiments(void) {
    size_t count;
    experiments(&count);
    return count;
}

/* Words of a recipe, side by side, for a shell. */
static const char *recipe_text(Arena *arena, const char *const *recipe) {
    Text text = text_new(arena);
    for (; recipe && *recipe; recipe++)
        text_add(&text, "%s%s", text.length ? " " : "", text_quoted(arena, *recipe));
    return text.data;
}

static void name_experiment(Arena *arena, size_t i, Thing *thing) {
    (void)arena;
    size_t count;
    const Experiment *e = experiments(&count)[i];
    *thing = (Thing){.name = e->name, .usage = e->name, .title = e->question};
}

static void describe_experiment(Arena *arena, size_t i, Thing *thing) {
    size_t count;
    const Experiment *e = experiments(&count)[i];
    Text keys = text_new(arena), figures = text_new(arena);
    for (const ExperimentKey *key = e->keys; key && key->name; key++)
        text_add(&keys, "%s%s [%s]: %s", keys.length ? "; " : "", key->name, key->initial,
                 key->help);
    const ExperimentFigure *f;
    if (e->draw) text_add(&figures, "%s.svg", e->name);
    for (size_t k = 0; (f = study_figure(e, k)) != NULL; k++)
        text_add(&figures, "%s%s%s%s.svg", figures.length ? ", " : "", e->name,
                 *f->name ? "-" : "", f->name);
    add_fact(thing, "rows", e->series ? text_print(arena, "%s, a key", e->series) : NULL);
    add_fact(thing, "columns",
             e->along ? text_print(arena, "%s, a key: %s", e->along, e->along_label)
                      : NULL);
    add_fact(thing, "quick", recipe_text(arena, e->quick));
    add_fact(thing, "full", recipe_text(arena, e->full));
    add_fact(thing, "own keys", keys.data);
    add_fact(thing, "figures", figures.data);
    add_fact(thing, "beside it", e->published ? e->published->source : NULL);
    add_fact(thing, "run",
             text_print(arena, "`normlab %s`", experiment_command(arena, e)));
}

/* ---- data sets -------------------------------------------------------------------- */

static size_t count_datasets(void) {
    size_t count;
    dataset_kinds(&count);
    return count;
}

static void name_dataset(Arena *arena, size_t i, Thing *thing) {
    (void)arena;
    size_t count;
    const DatasetKind *kind = dataset_kinds(&count)[i];
    *thing =
        (Thing){.name = kind->name, .usage = dataset_usage(kind), .title = kind->title};
}

static const char *sizes_text(Arena *arena, Shape shape) {
    Text sizes = text_new(arena);
    for (size_t a = 0; a < shape.rank; a++)
        text_add(&sizes, "%s%zu", a ? " x " : "", shape.size[a]);
    return shape.rank == 3 ? text_print(arena, "%s (channels, height, width)", sizes.data)
                           : sizes.data;
}

static void add_field(Arena *arena, Thing *thing, const DataField *field) {
    const bool numbers = field->type != DATA_LABELS;
    Text classes = text_new(arena), what = text_new(arena);
    for (size_t k = 0; k < field->classes; k++)
        text_add(&classes, "%s%s", k ? ", " : "",
                 text_plain(arena, field->class_name[k]));
    text_add(&what, "%s",
             field->shape.rank == 0 && numbers ? "a number"
                                               : sizes_text(arena, field->shape));
    if (field->type == DATA_REALS && field->shape.rank > 0) text_add(&what, ", reals");
    if (*field->unit) text_add(&what, ", %s", text_plain(arena, field->unit));
    add_fact(thing, field->name, what.data);
    add_fact(thing, "classes", classes.data);
}

static void describe_dataset(Arena *arena, size_t i, Thing *thing) {
    size_t count;
    BaseError error = {.set = false};
    const DatasetKind *kind = dataset_kinds(&count)[i];
    const char *said = thing->said ? thing->said : kind->name, *path;
    dataset_find(said, &path);
    add_fact(thing, "source", kind->source);
    add_fact(thing, "needs",
             kind->need ? kind->need : "nothing, it comes with the program");
    const bool lacks = kind->path && !kind->alone && !path;
    const char *text = text_print(arena, "dataset=%s", lacks ? thing->usage : said);
    add_fact(thing, "used by",
             text_print(arena, "`normlab run EXPERIMENT %s`", text_quoted(arena, text)));
    if (lacks) return;
    const Dataset *data = dataset_open(arena, said, &error);
    if (path) thing->usage = text_plain(arena, said);
    if (data) thing->title = data->title;
    if (data == NULL) {
        add_fact(thing, "here", text_print(arena, "no: %s", error.message));
        return;
    }
    add_fact(thing, "here",
             text_print(arena, "%zu %s to train, %zu to validate, %zu to test",
                        data->train.count, data->samples, data->val.count,
                        data->test.count));
    for (size_t k = 0; k < data->fields; k++) add_field(arena, thing, &data->field[k]);
    add_fact(thing, "sha256", data->sha256);
}

/* ---- networks --------------------------------------------------------------------- */

static size_t count_networks(void) {
    size_t count;
    net_kinds(&count);
    return count;
}

static void name_network(Arena *arena, size_t i, Thing *thing) {
    (void)arena;
    size_t count;
    const NetKind *kind = net_kinds(&count)[i];
    *thing = (Thing){
        .name = net_name(kind), .usage = net_usage(kind), .title = net_title(kind)};
}

/* What is asked of it is asked on such images, or such texts. */
enum {
    IMAGE_SIDE = 28,
    IMAGE_CLASSES = 10,
    TEXT_LENGTH = 64,
    TEXT_SYMBOLS = 64,
    BATCH = 32
};

static NetFace face_of(NetReads reads) {
    return reads == NET_SYMBOLS
               ? net_of_text(TEXT_SYMBOLS, TEXT_LENGTH, TEXT_SYMBOLS, true)
               : net_of_images(1, IMAGE_SIDE, IMAGE_SIDE, IMAGE_CLASSES);
}

static const char *face_text(Arena *arena, NetReads reads) {
    return reads == NET_SYMBOLS
               ? text_print(arena,
                            "texts [%d] of %d symbols, the next told at each, with "
                            "norm=batch",
                            TEXT_LENGTH, TEXT_SYMBOLS)
               : text_print(arena, "images [1, %d, %d] of %d classes, with norm=batch",
                            IMAGE_SIDE, IMAGE_SIDE, IMAGE_CLASSES);
}

/* "of 16 x 784: stem_norm, stage1.block1.norm1; of 32 x 196: ..." */
static const char *places_text(Arena *arena, const Net *net) {
    Text text = text_new(arena);
    for (size_t i = 0; i < net->norms; i++) {
        const NetNorm *place = &net->norm[i], *before = i ? place - 1 : NULL;
        const ShapeLattice sees = place->sees;
        if (before && before->sees.C == sees.C && before->sees.L == sees.L)
            text_add(&text, ", %s", place->name);
        else
            text_add(&text, "%s%zu x %zu: %s", before ? "; " : "", sees.C, sees.L,
                     place->name);
    }
    return text.data;
}

static void add_declared(Arena *arena, Thing *thing, const Net *net) {
    Text outputs = text_new(arena);
    size_t of_norms = 0;
    for (size_t i = 0; i < net->outputs; i++)
        text_add(&outputs, "%s%s %s", i ? ", " : "", net->output[i].name,
                 shape_text(arena, net->output[i].shape));
    for (size_t i = 0; i < net->params; i++)
        of_norms += net->param[i].normalizer ? net->param[i].count : 0;
    add_fact(thing, "outputs", outputs.data);
    add_fact(thing, "learned",
             text_print(arena, "%zu numbers in %zu parameters, %zu of normalizers",
                        net->weights, net->params, of_norms));
    add_fact(thing, "flops",
             text_print(arena, "%.4g million a sample forward, 2 a multiply-add",
                        net->flops / 1e6));
    add_fact(thing, "normalizers",
             net->norms ? text_print(arena, "%zu places, channels x positions: %s",
                                     net->norms, places_text(arena, net))
                        : "none");
    thing->fact[thing->facts - 1].wraps = true;
}

static void describe_network(Arena *arena, size_t i, Thing *thing) {
    size_t count;
    BaseError error = {.set = false};
    const NetKind *kind = net_kinds(&count)[i];
    const char *said = thing->said ? thing->said : net_name(kind);
    add_fact(thing, "in full", net_canonical(arena, said, &error));
    const Net *net = net_new(arena, said, (NetNorms){.all = "batch"},
                             face_of(net_reads(kind)), BATCH, &error);
    add_fact(thing, "on", face_text(arena, net_reads(kind)));
    if (net)
        add_declared(arena, thing, net);
    else
        add_fact(thing, "refused", text_print(arena, "there: %s", error.message));
    add_fact(thing, "checked by",
             text_print(arena, "`normlab check %s`", text_quoted(arena, said)));
    add_fact(thing, "used by",
             text_print(arena, "`normlab run EXPERIMENT %s`",
                        text_quoted(arena, text_print(arena, "network=%s", said))));
}

/* ---- tasks ------------------------------------------------------------------------ */

static size_t count_tasks(void) {
    size_t count;
    task_kinds(&count);
    return count;
}

static void name_task(Arena *arena, size_t i, Thing *thing) {
    (void)arena;
    size_t count;
    const TaskKind *kind = task_kinds(&count)[i];
    *thing = (Thing){.name = kind->name, .usage = kind->name, .title = kind->title};
}

static void describe_task(Arena *arena, size_t i, Thing *thing) {
    size_t count;
    const TaskKind *kind = task_kinds(&count)[i];
    add_fact(thing, "minimizes", kind->loss);
    for (size_t m = 0; m < kind->metrics; m++)
        add_fact(thing, kind->metric[m].name,
                 text_print(arena, "%s%s", kind->metric[m].title,
                            kind->metric[m].rises ? ", the more the better" : ""));
    add_fact(thing, "used by",
             text_print(arena, "`normlab run EXPERIMENT task=%s`", kind->name));
}

/* ---- probes -------------------------------------------------------------------------- */

static size_t count_probes(void) {
    size_t count;
    probe_kinds(&count);
    return count;
}

static void name_probe(Arena *arena, size_t i, Thing *thing) {
    (void)arena;
    size_t count;
    const ProbeKind *kind = probe_kinds(&count)[i];
    *thing = (Thing){.name = kind->name, .usage = kind->name, .title = kind->title};
}

static void describe_probe(Arena *arena, size_t i, Thing *thing) {
    static const char *const OVER[] = {[PROBE_WHOLE] = "of the network",
                                       [PROBE_PLACES] = "at each normalizer",
                                       [PROBE_BRANCHES] = "at each residual branch",
                                       [PROBE_WEIGHTS] = "of each layer"};
    size_t count;
    const ProbeKind *kind = probe_kinds(&count)[i];
    add_fact(thing, "source", kind->source);
    for (const ProbeField *f = kind->fields; f->name; f++)
        add_fact(thing, f->name, text_print(arena, "%s; %s", f->says, OVER[f->over]));
    for (const ProbeNumber *n = kind->numbers; n && n->name; n++)
        add_fact(thing, "in summary",
                 text_print(arena, "%s_%s: %s", kind->name, n->name, n->says));
    add_fact(thing, "used by",
             text_print(arena, "`normlab run EXPERIMENT probes=%s probe_every=STEPS`",
                        kind->name));
}

/* ---- on weights: lines of `list norms` that are options of networks ------------------- */

static const char WEIGHTS[] = THINGS_WEIGHTS;

static size_t count_weights(void) {
    size_t count;
    net_weights(&count);
    return count;
}

static void name_weights(Arena *arena, size_t i, Thing *thing) {
    size_t count;
    const NetWeights *w = &net_weights(&count)[i];
    const char *name = text_print(arena, "%s%s", WEIGHTS, w->name);
    *thing = (Thing){.name = name, .usage = name, .title = w->title};
}

static void describe_weights(Arena *arena, size_t i, Thing *thing) {
    size_t count;
    const NetWeights *w = &net_weights(&count)[i];
    const char *network = text_print(arena, "'resnet(%s)'", thing->name);
    add_fact(thing, "source", w->source);
    add_fact(thing, "of",
             w->linear  ? "convolutions and linear layers"
             : w->apply ? "convolutions"
                        : "every layer");
    add_fact(thing, "learned", w->gain ? "a gain for each output unit" : NULL);
    add_fact(thing, "checked by", text_print(arena, "`normlab check %s`", network));
}

/* ---- checks: what `normlab check` asks of normalizers, with the eps that it allows ---- */

static size_t count_checks(void) {
    size_t count;
    trial_checks(&count);
    return count;
}

static void name_check(Arena *arena, size_t i, Thing *thing) {
    (void)arena;
    size_t count;
    const TrialCheck *check = trial_checks(&count)[i];
    *thing = (Thing){.name = trial_name(check), .title = trial_says(check)};
}

const char *things_allowed(Arena *arena, const TrialCheck *check) {
    return trial_digits(check) == 0
               ? "same bits"
               : text_print(arena, "%g %s", trial_digits(check), trial_unit(check));
}

static void describe_check(Arena *arena, size_t i, Thing *thing) {
    size_t count, kinds;
    const TrialCheck *check = trial_checks(&count)[i];
    const NormKind *const *kind = norm_kinds(&kinds);
    Text to = text_new(arena);
    for (size_t k = 0; k < kinds; k++)
        if (applies_somewhere(norm_example(kind[k]), check))
            text_add(&to, "%s%s", to.length ? ", " : "", norm_example(kind[k]));
    add_fact(thing, "allowed", things_allowed(arena, check));
    add_fact(thing, "applies to", to.length ? to.data : "none of the registry");
    add_fact(thing, "alone",
             text_print(arena, "`normlab check --case '*.%s'`", trial_name(check)));
}

/* ---- the lists -------------------------------------------------------------------- */

static const List LISTS[] = {
    {"norms", "normalizer", NULL, NULL, NULL},
    {"experiments", "experiment", count_experiments, name_experiment,
     describe_experiment},
    {"datasets", "data set", count_datasets, name_dataset, describe_dataset},
    {"networks", "network", count_networks, name_network, describe_network},
    {"tasks", "task", count_tasks, name_task, describe_task},
    {"probes", "probe", count_probes, name_probe, describe_probe},
    {"checks", "check", count_checks, name_check, describe_check}};

const List things_on_weights = {"norms", "option on weights", count_weights, name_weights,
                                describe_weights};

const List *things_lists(size_t *count) {
    *count = COUNT_OF(LISTS);
    return LISTS;
}
