/* probe: what is measured inside a network while it trains. Sees the trainer and what is below;
 * stores nothing, prints nothing, and moves no number of the run.
 *
 * A probe is one file NAME.c with a ProbeKind probe_NAME in it and one line PROBE(NAME) in
 * probe.def. It declares fields, and fills a row of them at some steps; who owns the loop calls
 * probes_step in place of trainer_step. Rows, and sums over the steps between them, are part of a
 * checkpoint; a run's file has them in /probes/NAME, a study's in the group of the same name.
 *
 * A whole one, the largest |x| in front of each normalizer:
 *
 *     #include "probe.h"
 *     #include <math.h>
 *
 *     enum { X_MOST };
 *     static const ProbeField FIELDS[] = {
 *         [X_MOST] = {.name = "x_most", .says = "largest |x|", .over = PROBE_PLACES},
 *         {.name = NULL}};
 *
 *     static void see(const ProbeSeen *seen, double *kept, Arena *arena, double *const *to) {
 *         (void)kept, (void)arena;
 *         for (size_t i = 0; i < seen->places; i++) {
 *             const TrainPlace *p = &seen->place[i];
 *             const size_t count = shape_count(p->shape);
 *             to[X_MOST][i] = 0.0;
 *             for (size_t k = 0; k < count; k++)
 *                 to[X_MOST][i] = fmax(to[X_MOST][i], fabs(p->x[k]));
 *         }
 *     }
 *
 *     const ProbeKind probe_extremes = {.name = "extremes",
 *                                       .title = "how far what is normalized reaches",
 *                                       .fields = FIELDS,
 *                                       .places = true,
 *                                       .see = see};
 *
 * notes/43-probes.md
 */
#ifndef NORMLAB_PROBE_H
#define NORMLAB_PROBE_H

#include "train.h"

typedef struct ProbeKind ProbeKind;

/* Raised whenever bits of a probe's numbers move: the file of a run that has some says which it has.
 * Of 1, where nothing is said, logarithms were the C library's and eigenvalues GSL's. */
enum { PROBE_NUMERICS = 2 };

/* What a field has a number of. */
typedef enum ProbeOver {
    PROBE_WHOLE,    /* the network: one */
    PROBE_PLACES,   /* each normalizer's place, in the network's order */
    PROBE_BRANCHES, /* each place where a residual branch is added, likewise */
    PROBE_WEIGHTS /* each weight of a layer: parameters of rank 2 and more, of no normalizer */
} ProbeOver;

enum { PROBE_MOST_FIELDS = 24, PROBE_MOST_KINDS = 32 };

/* `wide` numbers each, at these values of an axis ("percent": 1, 50, 99). Fields with the same
 * axis have the same values. */
typedef struct ProbeField {
    const char *name, *says, *unit; /* unit NULL: "1" */
    ProbeOver over;
    const char *axis; /* NULL: one number each */
    const double *at; /* [wide] */
    size_t wide;
} ProbeField;

/* What a kind is shown: the step that comes, at the run's weights. Numbers may be NaN or infinite:
 * the run may have diverged. */
typedef struct ProbeSeen {
    Trainer *trainer; /* for other gradients (trainer_gradient), state, rates */
    const Config *config;
    const Net *net;
    size_t step; /* done since the start of the run */
    const double *weights;
    double loss;
    const double *gradient, *observed; /* as a TrainSeen has them */
    size_t places, branches, layers;
    const TrainPlace *place;       /* [places]; NULL: no kind of the run wants them */
    const TrainBranch *branch;     /* [branches]; NULL with them */
    const NetParam *const *weight; /* [layers] of PROBE_WEIGHTS */
} ProbeSeen;

/* All rows of a kind, or those so far. */
typedef struct ProbeRows {
    const ProbeKind *kind;
    const Net *net;
    size_t rows, places, branches, layers, width; /* width: numbers of a row */
    const double *step;                           /* [rows] */
    const char *const *place, *const *branch, *const *weight; /* names */
    const double *values; /* [rows, width], fields in their order */
} ProbeRows;

/* What the rows of a run come to: stands in its /summary as KIND_NAME, so that studies collect it
 * and claims name it. */
typedef struct ProbeNumber {
    const char *name, *says, *unit; /* unit NULL: "1" */
} ProbeNumber;

struct ProbeKind {
    const char *name;           /* "moments" */
    const char *title;          /* in words */
    const char *source;         /* paper and equation; NULL: ours */
    const ProbeField *fields;   /* ends with a NULL name */
    const ProbeNumber *numbers; /* likewise; NULL: none */
    bool places;                /* see() wants seen->place or seen->branch */

    /* A row: to[field] [elements x wide], NaN before. `kept` is the kind's own (NULL: it keeps
     * nothing); what it remembers of this row for the next it writes there. */
    void (*see)(const ProbeSeen *seen, double *kept, Arena *arena, double *const *to);

    /* Of what is added up over all steps: so many doubles, 0 at the start of the run, that live in
     * checkpoints; NULL: none. `moved`, if there is one, is told of each step, of the weights
     * [net->weights] before and after it. */
    size_t (*keeps)(const Net *net);
    void (*moved)(const Net *net, double *kept, const double *before,
                  const double *after);

    /* number[numbers] of all rows, at the end; NaN before. */
    void (*sum_up)(const ProbeRows *rows, Arena *arena, double *number);
};

/* ---- registry.c ------------------------------------------------------------------ */

/* probe.def, in order. */
const ProbeKind *const *probe_kinds(size_t *count);
size_t probe_fields(const ProbeKind *kind);
size_t probe_numbers(const ProbeKind *kind);

/* The kinds of a configuration's `probes`, in the order of the registry. False and *error
 * (EX_USAGE) for a word that is none of them. */
bool probe_read(Arena *arena, const Config *config, const ProbeKind **kind, size_t *count,
                BaseError *error);

/* Whether such a run can be: its words are kinds, they can see what they want, and their rows are
 * below 64 MiB. What cannot is said before any run starts. */
bool probes_fit(const Config *config, const Dataset *dataset, BaseError *error);

/* ---- rows.c ---------------------------------------------------------------------- */

typedef struct Probes Probes;

/* The probes of a run that is about to begin, or to be resumed; it may have none. Lives in `arena`
 * with the trainer. */
Probes *probes_new(Arena *arena, Trainer *trainer, const Config *config,
                   BaseError *error);

/* trainer_step, and a row before it where one is due: at step 0, at each probe_every-th, and after
 * the run's last. */
TrainStatus probes_step(Probes *probes);

/* As trainer_parts: what there is to keep between two steps. After they are filled from a
 * checkpoint the rows go on (probes_resume). */
const TrainPart *probes_parts(Probes *probes, Arena *arena, size_t *count);
void probes_resume(Probes *probes);

size_t probes_count(const Probes *probes); /* kinds */
ProbeRows probes_rows(const Probes *probes, size_t i);
/* [probe_numbers] of the i-th kind. */
double *probes_numbers(const Probes *probes, Arena *arena, size_t i);
double probes_seconds(const Probes *probes); /* that they took */

/* The steps that have rows in a run of so many that ended after `done`: [*count]. */
double *probes_due(Arena *arena, const Config *config, size_t done, size_t *count);

/* A field's numbers [rows, *elements, wide] out of all; NULL: no such field. */
const double *probe_values(const ProbeRows *rows, Arena *arena, const char *field,
                           size_t *elements);
/* Of PROBE_WEIGHTS. */
bool probe_is_layer(const NetParam *param);
/* Learning rate of the step that comes; after the last the last's. NaN: there is none. */
double probe_rate(const ProbeSeen *seen);
/* The first `most` samples that train, or as many as there are, in whole batches of a worker. */
size_t probe_samples(const ProbeSeen *seen, size_t most);
/* Of one element and place of the axis in a row. */
size_t probe_elements(const ProbeRows *rows, const ProbeField *field);

#endif
