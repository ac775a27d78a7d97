/* norm: the normalizers. A normalizer is a partition and what is done with its moments
 * (notes/11-partitions.md); it is named by a spec and declares its parameters and its
 * state.
 *
 * Each is one text (kind.h): over the elements of x, in a few operations of the tape, it is
 * its definition; over the moments of rows, or by a kernel with a hand-derived backward, it
 * trains. `normlab check` holds them against each other.
 *
 * A new normalizer is one file, NAME.norm with its equation in text or NAME.c with a NormKind in
 * it, and one line in norm.def, EQUATION(NAME) or NORM(NAME).
 *
 * Where a user's words or sizes can be wrong there is a BaseError; misuse is REQUIREd.
 */
#ifndef NORMLAB_NORM_H
#define NORMLAB_NORM_H

#include "partition.h"
#include "spec.h"
#include "tape.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct Norm Norm;
typedef struct NormKind NormKind;

typedef enum NormMode { NORM_TRAIN, NORM_EVAL } NormMode;

/* What a parameter does, for who must know what numbers make sense of it. */
typedef enum NormParamRole {
    NORM_PARAM_FACTOR,    /* a number of no unit; none of those below */
    NORM_PARAM_SCALE,     /* gamma: multiplies what is standardized */
    NORM_PARAM_SHIFT,     /* beta: is added to it */
    NORM_PARAM_GATE,      /* multiplies x in an argument: its unit is one over x's */
    NORM_PARAM_LOGIT,     /* stands in the argument of a sigmoid or softmax */
    NORM_PARAM_WEIGHT,    /* is the share of one of two */
    NORM_PARAM_THRESHOLD, /* is compared with y */
    NORM_PARAM_POWER      /* is an exponent */
} NormParamRole;

/* What a state is of, likewise. */
typedef enum NormStateRole {
    NORM_STATE_MEAN,         /* of x, in its unit */
    NORM_STATE_VARIANCE,     /* of x, in its square */
    NORM_STATE_SQUARE,       /* the mean of x^2 */
    NORM_STATE_SIZE,         /* above 0, in x's unit: a deviation, a mean |x| */
    NORM_STATE_PRODUCT,      /* the mean of h xhat, in h's unit */
    NORM_STATE_LOG_VARIANCE, /* may be any number */
    NORM_STATE_MAP,          /* the group of each channel, from 0 */
    NORM_STATE_COUNT         /* of samples */
} NormStateRole;

/* How a parameter's numbers are read as weights of some choices. */
typedef enum NormReading {
    NORM_NUMBER,  /* not at all */
    NORM_WEIGHT,  /* each is the weight of the first of two */
    NORM_SIGMOID, /* its sigmoid is */
    NORM_SOFTMAX, /* the softmax of every `choices` of them in a row */
    NORM_LINE /* sigmoid(slope N + it), N the samples of a worker; parameter "slope" */
} NormReading;

/* What training learns: gamma and beta are two such. */
typedef struct NormParam {
    const char *name;
    NormParamRole role;
    size_t count;
    double initial;
    double
        std; /* of normal draws that are added to it, by the run's seed and the layer */
    bool decayed; /* weight decay applies (where it applies to normalizers at all) */
    double least, most;  /* kept inside after each step; -inf and inf: free */
    const double *start; /* [count] initial values that differ; NULL: all `initial` */
    NormReading reading;
    size_t choices;
    const char *const *choice; /* [choices] their names; NULL: their numbers, from 1 */
} NormParam;

/* What training remembers. Running moments: the workers' observations are averaged, then
 * state += weight_new * (observed - state). What is adapted (a group map) changes between
 * epochs, by norm_adapt alone. */
typedef struct NormState {
    const char *name;
    NormStateRole role;
    size_t count;
    double initial;
    double weight_new; /* of the newest observation */
    bool adapted;
    bool adapts;      /* read by norm_adapt alone */
    bool alike;       /* all workers of a step tell the same */
    bool of_backward; /* which observes it (NaN: none ran); evaluation does not read it */
    const double *start; /* as a parameter's */
} NormState;

enum { NORM_MAX_PARAMS = 16, NORM_MAX_STATES = 12, NORM_MAX_PARTS = 12 };

/* Whose moments a normalizer standardizes by. */
typedef enum NormMoments {
    NORM_NONE,    /* nobody's */
    NORM_OWN,     /* x's, in this call */
    NORM_READ,    /* x's, but read by gates alone: nothing is divided by them */
    NORM_RUNNING, /* those of its state: running_mean and running_var, or running_square */
    NORM_GIVEN    /* others that do not depend on x */
} NormMoments;

/* Elements that share moments: blocks of samples and of channels, at all positions or each by
 * itself; and whose moments, in NORM_TRAIN and in NORM_EVAL. What a normalizer standardizes,
 * keeps, recalls, refuses and observes follows from its cells. */
typedef struct NormCells {
    size_t block, width; /* samples and channels; 0: all of them */
    bool apart;          /* every position is a cell of its own */
    size_t cut;          /* all channels and positions cut into so many; 0: not cut */
    NormMoments moments[2];
} NormCells;

enum { NORM_MAX_CELLS = 8 };

/* A configured normalizer: a spec bound to a number of channels. Never changes. */
struct Norm {
    const NormKind *kind;
    const char *spec;  /* canonical: "group(8)", "batch(eps=0.001)" */
    size_t channels;   /* 0: not bound yet (only parsed) */
    double eps;        /* added to the variance, inside the root; 0: see norm_root */
    bool eps_outside;  /* to the root: sqrt(variance) + eps */
    bool unbiased;     /* own variances are M2 / (m - 1), of one element 0 */
    bool synced;       /* own moments are those of all workers of a step (tape_meet) */
    double weight_new; /* of the newest observation in the running state */
    NormCells cell[NORM_MAX_CELLS]; /* its own; parts have theirs */
    bool uncentred; /* moments about 0: x / sqrt(mean(x^2) + eps), the RMS forms */
    size_t params, states;
    NormParam param[NORM_MAX_PARAMS];
    NormState state[NORM_MAX_STATES];

    /* A combination: its parts, each with the places of its own parameters and state among
     * these. A part has no affine unless its spec says affine=yes. */
    size_t parts;
    const Norm *part[NORM_MAX_PARTS];
    size_t part_param[NORM_MAX_PARTS], part_state[NORM_MAX_PARTS];
    const void *detail; /* the kind's own settings; NULL: none */
    bool activates;     /* an activation too */
    bool affine_inside; /* something follows gamma and beta */
    bool phased;        /* its first part trains, its second evaluates */
};

/* Moments of its cells in training, as somebody else has them: constants, by which it
 * standardizes in place of x's own. */
typedef struct NormGiven {
    const double *mean; /* [cells]; not read where nothing is centred */
    const double
        *variance; /* [cells], eps not in it; uncentred: the mean square; NULL: none */
} NormGiven;

/* All that a normalizer is told when it runs. */
typedef struct NormContext {
    Tape *tape;
    const Norm *norm;
    NormMode mode;
    size_t epoch, step;         /* for schedules; epochs from 0 */
    TapeNode *const *param;     /* [norm->params] */
    const double *const *state; /* [norm->states]; read in NORM_EVAL, or if it recalls */
    double *const *observed; /* [norm->states], written in NORM_TRAIN; NULL: not wanted */
    TapeNode **seen;  /* [norm->states] the same to rounding as nodes, which norm_define
                        writes where there is no mask, and all that is read of the state
                        stands in leaves; NULL: not wanted */
    bool definitions; /* parts by their definitions, too */
    bool whole;       /* what is observed is of all samples, not the mean over blocks */
    const unsigned char
        *mask; /* [N, L] 1: belongs, 0: is in no cell (padding); NULL: all do */
    NormGiven
        given; /* in NORM_TRAIN, where norm_takes_moments; nothing is observed then */
    bool relu; /* and then relu: y is the maximum of what it would be and 0 */
} NormContext;

/* Another spec of the same function in one mode; C and N in it stand for the sizes of x. */
typedef struct NormTwin {
    const char *spec; /* "group(C)" */
    NormMode mode;
} NormTwin;

/* A published name of what the algebra spells: "continual(G)" is "group(G) | batch". */
typedef struct NormAlias {
    const char *usage, *spec, *title, *source;
    const char *differs; /* where published code deviates; "": not known */
} NormAlias;

/* ---- alias.c --------------------------------------------------------------------- */

/* alias.def, in order. norm_new reads them as what they stand for. */
const NormAlias *norm_aliases(size_t *count);

/* ---- call.c ---------------------------------------------------------------------- */

/* y of x's shape (P-5): by the kernel, or by the definition. Writes context->observed. What the
 * context lacks (a parameter, state that is read) is REQUIREd by name. With a mask both are
 * the definition: what is in no cell is not read, its y is 0 and so is its derivative. */
TapeNode *norm_apply(const NormContext *context, TapeNode *x);
TapeNode *norm_define(const NormContext *context, TapeNode *x);

/* ---- registry.c ------------------------------------------------------------------ */

/* The registry (norm.def, then what plugins brought), in order. */
const NormKind *const *norm_kinds(size_t *count);
/* Place of its kind in the registry: colours and marks follow it. */
size_t norm_rank(const Norm *norm);

/* Whether a new normalizer may be called so: a C identifier without capitals, the name of
 * no other. False and *error (EX_USAGE) where not. */
bool norm_name_is_free(const char *name, BaseError *error);

/* Adds a plugin's kind, at start-up before there are threads. `sha256` names the code that
 * it is made of; both must live as long as the program. False and *error (EX_USAGE: the
 * name). */
bool norm_register(const NormKind *kind, const char *sha256, BaseError *error);

/* The normalizers of a text (../equation/equation.h has its grammar), likewise; `name` is that
 * of the text, for messages. False and *error, whose message has the place in the text: nothing
 * of it is registered then. */
bool norm_register_text(const char *name, const char *text, BaseError *error);

/* A first text, of a normalizer called variant, that passes all checks as it stands. */
const char *norm_template(void);

/* A kind's equation in its one spelling; TeX of its lines, for `aligned`. NULL: it is none. */
const char *norm_equation(Arena *arena, const NormKind *kind);
const char *norm_tex(Arena *arena, const NormKind *kind);

/* Which of its kinds, parts included, came by plugins or texts: a line "plugin NAME SHA256" or
 * "equation NAME SHA256" (of its one spelling) each; "" where none did. NULL: all that came. */
const char *norm_plugins(Arena *arena, const Norm *norm);

/* ---- norm.c, declare.c, parts.c, geometry.c ---------------------------------------- */

/* What a kind says of itself. */
const char *norm_name(const NormKind *kind);
const char *norm_usage(const NormKind *kind);   /* "group(G) or group(size=K)" */
const char *norm_title(const NormKind *kind);   /* what it is, in a few words */
const char *norm_source(const NormKind *kind);  /* "Wu and He 2018", or "" */
const char *norm_differs(const NormKind *kind); /* where published code does; or "" */
const char *norm_example(const NormKind *kind); /* a spec of that kind: "group(2)" */
/* Where its text stands: "src/norm/group.c"; NULL: it is none of the house. */
const char *norm_file(Arena *arena, const NormKind *kind);
/* Its named options, NULL-terminated. */
const char *const *norm_options(Arena *arena, const NormKind *kind);
/* Which elements share moments: "one sample x a block of channels x all positions". */
const char *norm_cells(Arena *arena, const Norm *norm);
const char *const *norm_also(const NormKind *kind); /* more, NULL at the end; or NULL */
bool norm_keeps_state(const Norm *norm);
bool norm_has_eps(const Norm *norm); /* none and combinations have none of their own */
/* What else names this normalizer, ends with a NULL spec; NULL: nothing that is known. */
const NormTwin *norm_twins(const Norm *norm);

/* NULL and *error (at: offset into `text`) where the spec is wrong, or does not fit
 * `channels` (0: do not ask). */
const Norm *norm_new(Arena *arena, const char *text, size_t channels, BaseError *error);

/* Whether the normalizer can see x at all, e.g. a ghost block divides N. False and *error, which
 * names the numbers and the divisors that work. */
bool norm_fits(Arena *arena, const Norm *norm, ShapeLattice x, NormMode mode,
               BaseError *error);

/* Elements of the smallest cell; 1: the output is beta and dx is zero (of a partition; where
 * nothing is centred, a sign). SIZE_MAX where no cell has moments of x. */
size_t norm_smallest_cell(const Norm *norm, ShapeLattice x, NormMode mode);

/* Whether y = a x + b with a and b that do not depend on x: no moment or gate of x is in it. */
bool norm_is_linear(const Norm *norm, NormMode mode);

/* The same as an error, for who refuses it (networks do). */
bool norm_standardizes(Arena *arena, const Norm *norm, ShapeLattice x, NormMode mode,
                       BaseError *error);

/* Before epoch draw.epoch: state that follows a schedule, such as a group map, from what
 * has been observed so far; `draw` is of DRAW_ADAPT, its sample the normalizer's number.
 * Whether anything changed. */
bool norm_adapt(const Norm *norm, Draw draw, double *const *state);

/* How they begin, [count]. `draw`: the run's seed, DRAW_INIT and the parameter's number; outside
 * of a run its numbers are 0. */
void norm_begin_param(double *value, const NormParam *param, Draw draw);
void norm_begin_state(double *value, const NormState *state);

/* The place of its own parameter of that role, none of its parts'; SIZE_MAX: there is none. */
size_t norm_place(const Norm *norm, NormParamRole role);

/* A number of the state after a step that observed `seen` (NaN: nothing, it stays). */
double norm_moved(const NormState *state, double was, double seen);

/* Whether such adapted state can be, for who reads it from elsewhere: a group map names
 * every group. False and *error (EX_DATAERR) where not. */
bool norm_accepts(const Norm *norm, const double *const *state, BaseError *error);

/* Why it takes no mask, in a few words; of a combination, its first such part. NULL: it does. */
const char *norm_unmasked(const Norm *norm);

/* Whether it is an activation too, so that a network puts none after it. */
bool norm_activates(const Norm *norm);

/* Whether y = gamma y(1, 0) + beta. */
bool norm_affine_is_last(const Norm *norm);

/* Whether it reads its running state in training, too (batch renormalization). */
bool norm_recalls(const Norm *norm);

/* Whether it, or a part of it, has moments of all workers of a step: they run at once then. */
bool norm_is_synced(const Norm *norm);

/* Why, by design, its backward in training is not the derivative of its forward, in a few
 * words; of a combination, that of its first such part. NULL: it is the derivative. */
const char *norm_by_design(const Norm *norm);

/* What its kind and its parts say of themselves (kind.h): what the derivative takes for
 * constant by design, or NULL; whether evaluation is another function without any state;
 * whether it saturates; the elements of its smallest sensible cell, or 0. */
const char *norm_holds(const Norm *norm);
bool norm_differs_by_mode(const Norm *norm);
bool norm_saturates(const Norm *norm);
size_t norm_sensible_cell(const Norm *norm);

/* Whether it standardizes over one partition, or by nothing: not a combination, and no
 * definition of its own in that mode. */
bool norm_is_partitioned(const Norm *norm, NormMode mode);

/* What part i of a combination sees of x. */
ShapeLattice norm_part_lattice(const Norm *norm, size_t i, ShapeLattice x);

/* The partition that a partition normalizer standardizes over (its running moments in
 * NORM_EVAL: batch's). `state` as in NormContext; NULL: as it begins. */
const Partition *norm_partition(Arena *arena, const Norm *norm, ShapeLattice x,
                                NormMode mode, const double *const *state);

/* Whether it standardizes by the moments of one partition in training, which may be given. */
bool norm_takes_moments(const Norm *norm);

/* How many cells lie along samples, channels and positions; SIZE_MAX: a cell has all of that
 * axis. Of a partition normalizer; x may be empty. */
ShapeLattice norm_cell_lattice(Arena *arena, const Norm *norm, ShapeLattice x,
                               NormMode mode, const double *const *state);

/* How many cells a partition normalizer's y of x was standardized by, and their means (0 where
 * nothing is centred) and 1 / sqrt(variance + eps). */
size_t norm_standardized(const NormContext *context, TapeNode *x, const TapeNode *y,
                         double *mean, double *rstd);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
