/* What the files of norm share and no plugin needs: how specs are read, how what is written over
 * rows is run, and texts of several kinds. */
#ifndef NORMLAB_NORM_INTERNAL_H
#define NORMLAB_NORM_INTERNAL_H

#include "house.h"
#include "kind.h"
#include "moments.h"

/* ---- alias.c --------------------------------------------------------------------- */

const char *alias_name(Arena *arena, const NormAlias *alias); /* "continual" */

/* What an alias stands for, with its arguments put in, each still at its own place and all
 * else at the alias's; any other spec as it is. NULL and *error. */
const Spec *alias_expand(Arena *arena, const Spec *said, BaseError *error);

/* Adds to an error inside an alias what that stands for. */
void alias_explain(const Spec *said, BaseError *error);

/* ---- registry.c, texts.c ------------------------------------------------------------ */

enum { REGISTRY_MOST = 160 };

typedef struct Registry {
    const NormKind *kind[REGISTRY_MOST];
    const char *sha256[REGISTRY_MOST]; /* of what is not of the house; NULL */
    size_t count;
} Registry;

/* Whether a kind or an alias is called so. */
bool registry_has(const char *name);

/* As it is; as it was. The place of a name, the count where it is none's; a kind at a place, of
 * which the last is a new one. */
Registry registry_now(void);
void registry_again(const Registry *before);
size_t registry_find(const char *name);
bool registry_put(size_t at, const NormKind *kind, const char *sha256, BaseError *error);

/* norm_register_text in memory of the caller's, who forgets its kinds before that. */
bool text_register(Arena *arena, const char *name, const char *text, BaseError *error);

/* The kind of an equation of the house. */
const NormKind *text_kind(const char *name, const char *text);

/* ---- call.c -------------------------------------------------------------------------- */

/* a where elements are in cells, 0 elsewhere. */
TapeNode *norm_members(const NormContext *context, TapeNode *a);

/* Samples of which anything belongs to a cell. */
double norm_samples(const NormContext *context, ShapeLattice at);

/* ---- declare.c ------------------------------------------------------------------- */

/* Of norm.c: gamma and beta, running moments and the kind's own; then those of part i,
 * "part1.running_mean". False and *error at `at` where there are too many. */
void norm_declare_own(Norm *norm, bool gamma, bool beta);
bool norm_declare_part(Arena *arena, Norm *norm, size_t i, size_t at, BaseError *error);

/* ---- view.c ---------------------------------------------------------------------- */

NormView view_elements(const NormContext *context, TapeNode *x);
NormView view_rows(const NormContext *context, const NormRows *rows);

/* What a normalizer's text gives over such a view, its affine in it; and an affine. Writes
 * context->observed. */
NormField view_text(const NormView *v);
NormField view_affine(const NormView *v, NormField xhat);

/* The text of a mode; NULL: that of its partition. */
NormText *norm_text(const Norm *norm, NormMode mode);

/* ---- partitioned.c --------------------------------------------------------------- */

/* Whether a partition has a kernel in that mode: of biased variances, eps inside the root. */
bool partitioned_has_kernel(const Norm *norm, NormMode mode);

/* A partition's y, by kernel or definition as the context says. */
TapeNode *partitioned_run(const NormContext *context, TapeNode *x);

/* Blocks of its own without what the context's mask leaves out. */
const Partition *norm_own_cells(const NormContext *context, ShapeLattice x);

/* ---- synced.c ----------------------------------------------------------------------- */

/* Whether this call meets other workers: all run the same text then, whatever their numbers. */
bool norm_meets(const NormContext *context);

/* view_moments of a synced normalizer. */
ViewMoments view_synced(const NormView *v);

/* ---- seen.c ------------------------------------------------------------------------- */

/* The running moments of channels, of x in blocks of so many samples. */
void seen_channels(const NormContext *context, TapeNode *x, size_t block);

/* ---- weights.c: logits read as weights --------------------------------------------- */

/* Which of weights [K] has most: among means that are weighed by them the first, for the
 * weights sum to 1 only nearly, and one far away has no part where it has no weight. */
size_t weight_largest(const TapeNode *weights);

/* from, to: epochs between which they become a choice; 0, 0: they stay as they are. */
typedef struct Weighing {
    bool sparsest;
    double from, to;
} Weighing;

/* weights=softmax|sparsest, from=, to=. */
bool weighing_read(Weighing *weighing, SpecArguments *arguments, BaseError *error);

/* logits [K] -> weights [K] that sum to 1. */
TapeNode *weighing_apply(const NormContext *context, const Weighing *weighing,
                         TapeNode *logits);

/* ---- rows.c ---------------------------------------------------------------------- */

/* Whether it has the form. */
bool norm_has_rows(const Norm *norm);

/* Its text over such rows; one of scale and raw may be NULL. */
NormField norm_rows(const NormContext *context, const NormRows *x);

/* y of x by two fused operations and norm_rows. */
TapeNode *rows_apply(const NormContext *context, TapeNode *x);

/* ---- wide.c: rows that need more than the doubles' exponents ----------------------- */

/* Whether some of these rows' moments, or of these elements, do. */
bool wide_rows(const Norm *norm, const Moments *row, size_t count);
bool wide_elements(const double *x, size_t count);

/* rows_apply in 113 bits, as far as such rows reach. `row`: one cell a row. `fixed` [C];
 * `given`: no moments of x are asked, rows stand about those. */
TapeNode *wide_apply(const NormContext *context, TapeNode *x, const Partition *row,
                     const double *fixed, bool given);

/* ---- mix.c, blend.c: shared with nested and anneal ---------------------------------- */

typedef struct Mix {
    bool pooled;
    Weighing weighing;
    const char *part[NORM_MAX_PARTS]; /* specs, for who shows weights */
} Mix;

/* pooled= and those of Weighing; norm->detail is set to a Mix of the parts. */
bool mix_configure(Arena *arena, Norm *norm, SpecArguments *arguments, BaseError *error);
void mix_declare(Norm *norm);
NormField mix_text(const NormView *v);

/* r a(x) + rest b(x) of the two parts, both of the view's shape. */
NormField blend_text(const NormView *v, TapeNode *r, TapeNode *rest);

/* ---- hold.c: what texts hold constant (tape_detach) ---------------------------------- */

/* Whether anything behind that node does. */
bool hold_any(Tape *tape, const TapeNode *until);

/* Everything that the tape holds, from its operands in 113 bits with these inputs. */
void hold_settle(Tape *tape, Arena *arena, TapeNode *const *given,
                 const Quad *const *value, size_t inputs);

/* What is held behind `until` over elements is what the same text holds over rows, one number
 * for all elements of a row; what was computed of it is computed again. */
void hold_as(Tape *tape, const TapeNode *until, Tape *rows);

#endif
