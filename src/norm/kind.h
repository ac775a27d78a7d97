/* kind: what a normalizer's file provides, and what it may use. Where a user's words can be wrong
 * there is a BaseError; misuse is REQUIREd. */
#ifndef NORMLAB_KIND_H
#define NORMLAB_KIND_H

#include "norm.h"
#include "op.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* ---- view.c: what an equation is written over ---------------------------------------
 *
 * A text is written once and runs over either view of x:
 *     elements   every number of x, primitives alone: the definition, which proves
 *     rows       the moments of x's rows, which train: a row is one channel of one sample, L
 *                elements. Batch, layer, instance, group, ghost, and all that mix, blend or
 *                chain them, are
 *                    y = (x - mean of the row) scale + bias                       
 *                with scale and bias [N, C] functions of the rows' means and variances. x is
 *                read once for the moments and once for y; what lies between works on N C
 *                numbers, and y's rows have mean `bias` and variance scale^2 variance: so
 *                one may follow another without reading anything.
 * What is one number a row (a variance, a weight) is a node of the view's `shape`, for any
 * operation of the tape; what varies inside rows is a NormField, for the words below. */
typedef struct NormRows {
    ShapeLattice at;      /* of x */
    TapeNode *mean;       /* [N, C] of each row, minus its origin */
    TapeNode *variance;   /* [N, C], biased */
    const double *origin; /* [N C] a double near each row's mean, its own; NULL: 0 */
    const double *fixed;  /* [C] numbers near given means; NULL: 0 */
    bool given;           /* no moments of x are asked: rows stand about `fixed` */
} NormRows;

typedef struct NormView {
    NormContext context;
    Tape *tape;
    ShapeLattice at; /* of x */
    Shape shape;     /* x's over elements, [N, C] over rows */
    TapeNode *x;     /* over elements; NULL: over rows */
    NormRows rows;   /* over rows */
} NormView;

/* Over elements `value`; over rows
 *     value + scale (x - mean of the row) + raw (x - fixed)
 * where `raw` is what has no moment of x in it, so that an element far away costs its row
 * no digit there. NULL is 0; but both NULL, where nobody scaled it, is a scale of 1. */
typedef struct NormField {
    TapeNode *value, *scale, *raw;
} NormField;

/* What the normalizer of one partition gives over such a view, without an affine. Writes
 * context->observed. */
NormField view_standardized(const NormView *v);

/* x itself; x less the mean of its cell, and the cell's variance: of the normalizer's own cells
 * in its mode (context->observed is written), of blocks of samples and channels, of the
 * running state. Uncentred: x, and its cell's mean square. */
typedef struct ViewMoments {
    NormField centred;
    TapeNode *variance;
} ViewMoments;

/* x, and moments of its cells (P-2, P-3): of its partition; of another; given; those that run. */
NormField view_x(const NormView *v);
ViewMoments view_moments(const NormView *v);
ViewMoments view_moments_over(const NormView *v, size_t block, size_t width);
ViewMoments view_moments_given(const NormView *v, const double *mean,
                               const double *variance);
ViewMoments view_running(const NormView *v);

/* A vector [C] or [1] over the view's shape. */
TapeNode *view_repeat(const NormView *v, TapeNode *vector);

/* a w; a / root; a + b; a and one number a row; and where nobody scaled them: sum of w_k a_k,
 * whose weights are 1 together; a less b, one number a row. */
NormField field_times(const NormView *v, NormField a, TapeNode *w);
NormField field_over(const NormView *v, NormField a, TapeNode *root);
NormField field_plus(const NormView *v, NormField a, NormField b);
NormField field_shifted(const NormView *v, NormField a, TapeNode *by);
NormField field_weighed(const NormView *v, const NormField *a, TapeNode *const *w,
                        size_t count);
TapeNode *field_between(const NormView *v, NormField a, NormField b);

/* Its scale, also where nobody wrote it. */
TapeNode *field_scale(const NormView *v, NormField a);

/* Part i over the same view; what it gives; a view of what somebody gave, and what its text
 * gives as a field of x. */
NormView view_part(const NormView *v, size_t i);
NormField view_run(const NormView *v, size_t i);
NormView view_after(const NormView *v, NormField seen);
NormField field_after(const NormView *v, NormField first, NormField second);

/* The moments of x's rows [N, C] over either view, for texts that compare rows, and
 * scale (x - mean of the row) + bias. */
NormRows view_row_moments(const NormView *v);
NormField view_map(const NormView *v, const NormRows *x, TapeNode *scale, TapeNode *bias);

/* The rows' means, as all who compare rows must ask for them: less the mean of the sample
 * (axis 0) or channel (axis 1) `at` that is first among them, so that equal means are exact
 * zeros and one far away costs the others no digit; as they are, with the digits of one
 * double; less means that are given, [C]. */
TapeNode *rows_means_from(Tape *tape, const NormRows *x, size_t axis, size_t at);
TapeNode *rows_whole_means(Tape *tape, const NormRows *x);
TapeNode *rows_apart_from(Tape *tape, const NormRows *x, const double *mean);

/* A vector [C] or [1] as [N, C]. */
TapeNode *rows_repeat(Tape *tape, const NormRows *x, TapeNode *vector);

typedef NormField NormText(const NormView *v);

struct NormKind {
    const char *name;
    const char *usage;   /* "group(G) or group(size=K)" */
    const char *title;   /* what it is, in a few words */
    const char *source;  /* "Wu and He 2018"; NULL: none */
    const char *differs; /* where published code deviates from this; NULL: not known */
    const char *cells;   /* what shares moments, where `cell` does not say it; NULL */
    const char *example; /* a spec for who wants one of each; NULL: the name */
    const char *const *also;    /* further specs that all checks are put to, or NULL */
    const char *const *options; /* named arguments of its own, NULL-terminated; or NULL */
    const NormTwin *twins;      /* identities it obeys, ends with a NULL spec; or NULL */

    /* Its cells (norm.h), which options may change. A partition normalizer says the first and
     * is done; one that keeps running moments has them there. */
    NormCells cell[NORM_MAX_CELLS];
    double eps; /* where not 1e-5 is usual, or no cells are its own */

    /* Elements that are in no cell (NormContext.mask). Partitions and the words of a text leave
     * them out; a `define` that takes all its partitions of norm_blocks says `masks`. Why it
     * takes none all the same, a few words for readers; NULL: nothing is against it. */
    bool masks;
    const char *unmasked;

    /* In training its backward is no derivative of its forward: what it has instead, a few
     * words for readers. NULL: it is the derivative. */
    const char *by_design;

    /* What check needs to know of it, so as to ask what has an answer. */
    /* What its derivative takes for constant by design (tape_detach), a few words for readers;
     * NULL: nothing. */
    const char *holds;
    bool saturates; /* far from 0 it no longer moves, so that derivatives vanish there */
    /* Elements of the smallest cell of which derivatives say anything: of two, xhat is little
     * more than a sign. Of smaller ones only kernel and definition are compared. 0: any. */
    size_t sensible;

    /* Reads its own arguments into *norm, says what is not usual. NULL: it has none. */
    bool (*configure)(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error);

    /* Parameters and state of its own, after gamma and beta: gates, mixing logits, maps. */
    void (*declare)(Norm *norm);

    /* Its equation, over either view; the affine comes after it. NULL: that of its partition,
     * which has a kernel. `evaluate`: that of evaluation, where it is another. */
    NormText *text, *evaluate;

    /* In place of it, where rows cannot say it (a maximum, neighbours): over elements alone,
     * its affine included. Parts and partitions inside are run by kernel or definition as
     * the context says. */
    TapeNode *(*define)(const NormContext *context, TapeNode *x);

    /* A kernel of its own. */
    TapeNode *(*apply)(const NormContext *context, TapeNode *x);

    /* Cells that no blocks are; `state` NULL: as it begins. NULL: `cell` says them. */
    const Partition *(*partition)(Arena *arena, const Norm *norm, ShapeLattice x,
                                  const double *const *state);
    /* Where its own options say more of x than channels and samples. NULL: nothing more. */
    bool (*fits)(Arena *arena, const Norm *norm, ShapeLattice x, BaseError *error);

    /* Running state of its own, of the rows' means and variances [N, C] in training; under a
     * mask of those of channels, [1, C]. */
    void (*observe)(const NormContext *context, ShapeLattice x, const double *mean,
                    const double *variance);

    /* Whether state that is adapted can be what it says, where somebody else gives it. */
    bool (*accepts)(const Norm *norm, const double *const *state, BaseError *error);

    /* norm_adapt of its own state (parts are asked by norm.c). NULL: none follows a
     * schedule. */
    bool (*adapt)(const Norm *norm, Draw draw, double *const *state);

    /* It is an equation in text, of which all above follows. NULL: it is not. */
    const struct Equation *equation;
};

/* ---- declare.c ------------------------------------------------------------------- */

/* A parameter that is free and not decayed, and a running state; to be changed where they
 * stand. */
NormParam *norm_add_param(Norm *norm, const char *name, NormParamRole role, size_t count,
                          double initial);
NormState *norm_add_state(Norm *norm, const char *name, NormStateRole role, size_t count,
                          double initial);

/* ---- norm.c: options --------------------------------------------------------------- */

/* A number from least to most, and one of some words (NULL-terminated; the first is usual):
 * said where it is not what it was. False and *error at its place. */
bool norm_read_number(SpecArguments *arguments, const char *key, double least,
                      double most, double *value, BaseError *error);
bool norm_read_choice(SpecArguments *arguments, const char *key, const char *const *word,
                      size_t *choice, BaseError *error);

/* ---- norm.c: combinations --------------------------------------------------------- */

/* Adds a part that sees so many channels (0: not bound yet). False and *error at its
 * place. */
bool norm_add_part(Arena *arena, Norm *norm, const Spec *spec, size_t channels,
                   BaseError *error);

/* Every positional argument as a part that sees all channels; at least two. False
 * and *error at their place. */
bool norm_add_parts(Arena *arena, Norm *norm, SpecArguments *arguments, BaseError *error);

/* ---- parts.c ---------------------------------------------------------------------- */

/* What part i is told. */
NormContext norm_part_context(const NormContext *context, size_t i);

/* Part i of x, by kernel or definition as the context says. */
TapeNode *norm_run_part(const NormContext *context, size_t i, TapeNode *x);

/* NaN in all that is observed: the state stays. */
void norm_observe_nothing(const NormContext *context);

/* ---- seen.c ----------------------------------------------------------------------- */

/* What is observed of state i as a node, where that is wanted (context->seen), in training. */
bool norm_sees(const NormContext *context);
void norm_see(const NormContext *context, size_t i, TapeNode *node);

/* The variance of a partition's cells from their biased one: M2 / (count - 1), of one element
 * NaN. */
TapeNode *norm_unbiased(Tape *tape, TapeNode *biased, const Partition *partition);

/* ---- partitioned.c --------------------------------------------------------------- */

/* Blocks of x without what the context's mask leaves out. */
const Partition *norm_blocks(const NormContext *context, ShapeLattice x, size_t block,
                             size_t width, bool apart);

/* Mean and biased variance [cells] of x as nodes: computed from x in training, the running
 * state as constants in evaluation. Uncentred: no mean (0), the mean square. Writes
 * context->observed. */
typedef struct NormMomentNodes {
    const Partition *partition;
    TapeNode *mean, *variance;
    TapeNode *centred; /* x - mean, of x's shape */
} NormMomentNodes;

/* Means and variances of the cells (P-2, P-3), in evaluation those that are remembered. */
NormMomentNodes norm_moments(const NormContext *context, TapeNode *x);

/* The normalizer's own variance of these cells, of their biased one; an element of the
 * partition stands for `each` of x. */
TapeNode *norm_variance(Tape *tape, const Norm *norm, TapeNode *biased,
                        const Partition *partition, size_t each);

/* Those of any partition of x, which nobody observes. */
NormMomentNodes norm_moments_over(const NormContext *context, TapeNode *x,
                                  const Partition *partition);

/* sqrt(variance + eps), or sqrt(variance) + eps, of which the derivative is 0 where the
 * variance is. With eps = 0, which `apply` alone allows, infinite there, so that what is
 * divided by it is 0 with all its derivatives. */
TapeNode *norm_root(Tape *tape, const Norm *norm, TapeNode *variance);

/* A parameter of that name; NULL: there is none. */
TapeNode *norm_operand(const NormContext *context, const char *name);

/* One number a channel [C], or one for all [1], repeated over x's shape. */
TapeNode *norm_repeat(Tape *tape, TapeNode *vector, Shape shape);

/* gamma xhat + beta, per channel, of whichever of the two there are. */
TapeNode *norm_affine(const NormContext *context, TapeNode *xhat);

/* ---- weights.c ------------------------------------------------------------------- */

/* 0 until epoch `from`, 1 from `to` on, a line between. */
double norm_ramp(size_t epoch, double from, double to);

/* ---- a kind by itself: a plugin --------------------------------------------------- */

/* What the program looks for in a shared object, as `normlab_plugin`: the interface that it
 * was compiled for, and its kind. `abi` stays first whatever else changes. */
typedef struct NormPlugin {
    const char *abi;
    const NormKind *kind;
} NormPlugin;

/* Ends a kind's file, with a semicolon. In the tree norm.def names the kind; elsewhere this
 * makes the file a plugin. abi.h is installed: the hash of these headers. */
#ifdef NORMLAB_IN_TREE
#define NORMLAB_PLUGIN(of) extern const NormKind of
#else
#include "abi.h"
#define NORMLAB_PLUGIN(of)                                                               \
    extern __attribute__((visibility("default"))) const NormPlugin normlab_plugin;       \
    const NormPlugin normlab_plugin = {NORMLAB_ABI NORMLAB_REALS, &(of)}
#endif

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
