/* Rows of probes: when there is one, where it is kept, and what goes into a checkpoint. Which steps
 * have rows follows from the configuration and the step, so none of it is kept. */
#include "rows.h"
#include "optimize.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { MOST_BYTES = 64 << 20 };

/* One kind in a run. */
typedef struct Kept {
    const ProbeKind *kind;
    size_t width, keeps;
    double *row;  /* [most, width] */
    double *kept; /* [keeps] */
} Kept;

struct Probes {
    Arena *arena;
    Trainer *trainer;
    Config config;
    size_t kinds, most, rows; /* rows: so far */
    bool places, moves;       /* some kind wants them; is told of steps */
    Kept *kind;
    size_t layers;
    const NetParam **weight; /* [layers] */
    const char **weight_name, **place_name, **branch_name;
    double *before;  /* [net->weights] before a step, where somebody is told */
    double *step;    /* [most] of the rows */
    double *seconds; /* [1] */
};

/* ---- what there is a number of ------------------------------------------------------ */

bool probe_is_layer(const NetParam *p) {
    return !p->normalizer && p->shape.rank >= 2;
}

static size_t count_layers(const Net *net) {
    size_t layers = 0;
    for (size_t i = 0; i < net->params; i++) layers += probe_is_layer(&net->param[i]);
    return layers;
}

static size_t elements_of(const Net *net, size_t layers, const ProbeField *f) {
    const size_t of[] = {[PROBE_WHOLE] = 1,
                         [PROBE_PLACES] = net->norms,
                         [PROBE_BRANCHES] = net->branches,
                         [PROBE_WEIGHTS] = layers};
    return of[f->over];
}

static size_t wide_of(const ProbeField *f) {
    return f->axis ? f->wide : 1;
}

static size_t width_of(const Net *net, const ProbeKind *kind) {
    const size_t layers = count_layers(net), fields = probe_fields(kind);
    size_t width = 0;
    for (size_t i = 0; i < fields; i++)
        width += elements_of(net, layers, &kind->fields[i]) * wide_of(&kind->fields[i]);
    return width;
}

/* ---- when there is a row --------------------------------------------------------------- */

/* Rows before step `done` is done: of steps 0, every, 2 every... below it. */
static size_t rows_before(const Config *config, size_t done) {
    const size_t every = config->probe_every;
    return every == 0 ? done > 0 : (done + every - 1) / every;
}

static bool is_due(const Config *config, size_t step) {
    return config->probe_every == 0 ? step == 0 : step % config->probe_every == 0;
}

double *probes_due(Arena *arena, const Config *config, size_t done, size_t *count) {
    const size_t every = config->probe_every;
    double *step = TAKE(arena, double, rows_before(config, done) + 1);
    *count = rows_before(config, done);
    for (size_t i = 0; i < *count; i++) step[i] = (double)(i * every);
    step[(*count)++] = (double)done; /* the last */
    return step;
}

/* ---- whether it can be ------------------------------------------------------------------- */

/* The least probe_every of which the rows fit; 0: the first and the last alone. */
static size_t every_that_fits(size_t steps, double bytes) {
    const double rows = floor(MOST_BYTES / bytes) - 1.0;
    return rows < 2.0 ? 0 : (size_t)ceil((double)steps / rows);
}

bool probes_have_room(const Config *config, const Net *net, const ProbeKind *const *kind,
                      size_t kinds, size_t steps, BaseError *error) {
    const size_t all = steps * config->epochs, rows = rows_before(config, all) + 1;
    double bytes = 0.0;
    for (size_t i = 0; i < kinds; i++) {
        bytes += sizeof(double) * (double)width_of(net, kind[i]);
        BaseError own = {.set = false};
        if (kind[i]->places && !config_has_places(config, &own))
            return base_fail(error, EX_USAGE, 0, "probes=%s: %s", config->probes,
                             own.message);
    }
    if (bytes * (double)rows <= MOST_BYTES) return true;
    return base_fail(
        error, EX_USAGE, 0,
        "probes=%s probe_every=%zu: %zu rows of %.0f numbers are more than %d "
        "MiB; probe_every=%zu would do",
        config->probes, config->probe_every, rows, bytes / sizeof(double),
        MOST_BYTES >> 20, every_that_fits(all, bytes));
}

/* ---- the probes of a run ------------------------------------------------------------------- */

static void take_names(Probes *p, const Net *net) {
    p->weight = TAKE(p->arena, const NetParam *, net->params + 1);
    p->weight_name = TAKE(p->arena, const char *, net->params + 1);
    p->place_name = TAKE(p->arena, const char *, net->norms + 1);
    p->branch_name = TAKE(p->arena, const char *, net->branches + 1);
    for (size_t i = 0; i < net->params; i++) {
        if (!probe_is_layer(&net->param[i])) continue;
        p->weight[p->layers] = &net->param[i];
        p->weight_name[p->layers++] = net->param[i].name;
    }
    for (size_t i = 0; i < net->norms; i++) p->place_name[i] = net->norm[i].name;
    for (size_t i = 0; i < net->branches; i++) p->branch_name[i] = net->branch[i].name;
}

static Kept kept_new(const Probes *p, const Net *net, const ProbeKind *kind) {
    Kept k = {.kind = kind, .width = width_of(net, kind)};
    if (kind->keeps) k.keeps = kind->keeps(net);
    k.kept = ZERO(p->arena, double, k.keeps + 1);
    k.row = TAKE(p->arena, double, p->most *k.width + 1);
    for (size_t i = 0; i < p->most * k.width; i++) k.row[i] = (double)NAN;
    return k;
}

Probes *probes_new(Arena *arena, Trainer *trainer, const Config *config,
                   BaseError *error) {
    const ProbeKind *kind[PROBE_MOST_KINDS];
    const Net *net = trainer_net(trainer);
    Probes *p = ZERO(arena, Probes, 1);
    p->arena = arena, p->trainer = trainer, p->config = *trainer_config(trainer);
    if (!probe_read(arena, config, kind, &p->kinds, error)) return NULL;
    const size_t steps = trainer_steps(trainer);
    if (!probes_have_room(config, net, kind, p->kinds, steps, error)) return NULL;
    p->most = rows_before(config, steps * config->epochs) + 1;
    take_names(p, net);
    p->step = TAKE(arena, double, p->most);
    p->seconds = ZERO(arena, double, 1);
    p->kind = TAKE(arena, Kept, p->kinds + 1);
    for (size_t i = 0; i < p->kinds; i++) {
        p->kind[i] = kept_new(p, net, kind[i]);
        p->places |= kind[i]->places;
        p->moves |= kind[i]->moved != NULL;
    }
    if (p->moves) p->before = TAKE(arena, double, net->weights + 1);
    return p;
}

/* ---- a row ------------------------------------------------------------------------------------ */

static void see_kind(const Probes *p, const Kept *k, const ProbeSeen *seen, Arena *own) {
    double *to[PROBE_MOST_FIELDS], *at = k->row + p->rows * k->width;
    const size_t fields = probe_fields(k->kind);
    for (size_t i = 0; i < fields; i++) {
        const ProbeField *f = &k->kind->fields[i];
        to[i] = at;
        at += elements_of(seen->net, p->layers, f) * wide_of(f);
    }
    k->kind->see(seen, k->keeps ? k->kept : NULL, own, to);
}

static void look(Probes *p) {
    Trainer *t = p->trainer;
    const Net *net = trainer_net(t);
    Arena *own = arena_new();
    TrainSeen there = {.places = net->norms};
    if (p->places)
        there = trainer_places(t, own);
    else {
        there.gradient = TAKE(own, double, net->weights + 1);
        there.loss = trainer_gradient(t, NULL, there.gradient);
    }
    const ProbeSeen seen = {.trainer = t,
                            .config = &p->config,
                            .net = net,
                            .step = trainer_done(t),
                            .weights = trainer_weights(t),
                            .loss = there.loss,
                            .gradient = there.gradient,
                            .observed = there.observed,
                            .places = net->norms,
                            .place = there.place,
                            .branches = net->branches,
                            .branch = there.branch,
                            .layers = p->layers,
                            .weight = p->weight};
    REQUIRE(p->rows < p->most, "row %zu of %zu", p->rows, p->most);
    for (size_t i = 0; i < p->kinds; i++) see_kind(p, &p->kind[i], &seen, own);
    p->step[p->rows++] = (double)trainer_done(t);
    arena_free(own);
}

double probe_rate(const ProbeSeen *seen) {
    const size_t steps = trainer_steps(seen->trainer), all = steps * seen->config->epochs;
    if (all == 0) return (double)NAN;
    return learning_rate(seen->config, seen->step < all ? seen->step : all - 1, steps);
}

size_t probe_samples(const ProbeSeen *seen, size_t most) {
    const size_t batch = trainer_batch(seen->trainer),
                 there = trainer_samples(seen->trainer) / batch * batch,
                 want = (most + batch - 1) / batch * batch;
    return want < there ? want : there;
}

static void tell_moved(const Probes *p) {
    for (size_t i = 0; i < p->kinds; i++)
        if (p->kind[i].kind->moved)
            p->kind[i].kind->moved(trainer_net(p->trainer), p->kind[i].kept, p->before,
                                   trainer_weights(p->trainer));
}

/* Whether the row of the step that comes is there: of a run that ends where one was due. */
static bool is_there(const Probes *p, size_t step) {
    return p->rows > 0 && p->step[p->rows - 1] == (double)step;
}

TrainStatus probes_step(Probes *p) {
    Trainer *t = p->trainer;
    if (p->kinds == 0) return trainer_step(t);
    const size_t step = trainer_done(t), weights = trainer_net(t)->weights;
    double begin = omp_get_wtime();
    if (is_due(&p->config, step) && !is_there(p, step)) look(p);
    if (p->moves) memcpy(p->before, trainer_weights(t), weights * sizeof *p->before);
    *p->seconds += omp_get_wtime() - begin;
    const TrainStatus status = trainer_step(t);
    begin = omp_get_wtime();
    if (p->moves && trainer_done(t) > step) tell_moved(p);
    if (status == TRAIN_DONE && !is_there(p, trainer_done(t))) look(p);
    *p->seconds += omp_get_wtime() - begin;
    return status;
}

/* ---- a run between two steps -------------------------------------------------------------------- */

const TrainPart *probes_parts(Probes *p, Arena *arena, size_t *count) {
    TrainPart *part = TAKE(arena, TrainPart, 2 * p->kinds + 1);
    *count = 0;
    for (size_t i = 0; i < p->kinds; i++) {
        const Kept *k = &p->kind[i];
        const char *name = k->kind->name;
        part[(*count)++] = (TrainPart){text_print(arena, "probe_%s", name),
                                       "rows of a probe", k->row, p->most * k->width};
        part[(*count)++] = (TrainPart){
            text_print(arena, "probe_%s_kept", name),
            "what it remembers of the steps since its last row", k->kept, k->keeps};
    }
    if (p->kinds > 0)
        part[(*count)++] =
            (TrainPart){"probe_seconds", "that probes took", p->seconds, 1};
    return part;
}

void probes_resume(Probes *p) {
    size_t count;
    const size_t done = trainer_done(p->trainer);
    const ArenaMark mark = arena_mark(p->arena);
    const double *due = probes_due(p->arena, &p->config, done, &count);
    p->rows = rows_before(&p->config, done);
    memcpy(p->step, due, p->rows * sizeof *due);
    arena_rewind(p->arena, mark);
}

/* ---- what there is --------------------------------------------------------------------------------- */

size_t probes_count(const Probes *p) {
    return p->kinds;
}

double probes_seconds(const Probes *p) {
    return *p->seconds;
}

ProbeRows probes_rows(const Probes *p, size_t i) {
    const Net *net = trainer_net(p->trainer);
    return (ProbeRows){.kind = p->kind[i].kind,
                       .net = net,
                       .rows = p->rows,
                       .places = net->norms,
                       .branches = net->branches,
                       .layers = p->layers,
                       .width = p->kind[i].width,
                       .step = p->step,
                       .place = p->place_name,
                       .branch = p->branch_name,
                       .weight = p->weight_name,
                       .values = p->kind[i].row};
}

size_t probe_elements(const ProbeRows *rows, const ProbeField *field) {
    return elements_of(rows->net, rows->layers, field);
}

const double *probe_values(const ProbeRows *rows, Arena *arena, const char *field,
                           size_t *elements) {
    size_t at = 0;
    for (const ProbeField *f = rows->kind->fields; f->name; f++) {
        const size_t count = probe_elements(rows, f) * wide_of(f);
        if (strcmp(f->name, field) == 0) {
            double *values = TAKE(arena, double, rows->rows *count + 1);
            for (size_t r = 0; r < rows->rows; r++)
                memcpy(values + r * count, rows->values + r * rows->width + at,
                       count * sizeof *values);
            if (elements) *elements = probe_elements(rows, f);
            return values;
        }
        at += count;
    }
    return NULL;
}

double *probes_numbers(const Probes *p, Arena *arena, size_t i) {
    const ProbeRows rows = probes_rows(p, i);
    const size_t count = probe_numbers(rows.kind);
    double *number = TAKE(arena, double, count + 1);
    for (size_t k = 0; k < count; k++) number[k] = (double)NAN;
    if (count > 0) rows.kind->sum_up(&rows, arena, number);
    return number;
}
