/* One rule for each kind of operation, for both questions: what rounding does, and who is
 * reached, where every path counts as 1 and nothing is rounded. */
#include "bound.h"

#include "arith_calls.h"
#include "detail.h"
#include "house.h"
#include "op.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double STEP =
    0x1p-100; /* its square is below the smallest part of anything */

/* One operation: its node, what came with the operands, and where its own goes. */
typedef struct Passage {
    Arena *arena;
    const TapeNode *node;
    const double *value[OP_MOST_OPERANDS]; /* of the operands */
    const double *error[OP_MOST_OPERANDS]; /* s of the operands */
    double *own;                           /* s of the node, zeros */
    size_t count;                          /* elements of the node */
    BoundOf what;
    PathOf reach; /* the other question; 0: not asked */
} Passage;

/* An operand's share: nothing comes of what is exact, nor through what does not depend. */
static double share(double slope, double error) {
    if (slope == 0.0 || error == 0.0) return 0.0;
    return slope * error;
}

/* What the operation's own real form makes of these operands, added up. */
static void add_run(const Passage *p, const double *const *in) {
    double *term = TAKE(p->arena, double, p->count);
    p->node->op->replay.run_real(term, in, p->node);
    for (size_t i = 0; i < p->count; i++) p->own[i] += fabs(term[i]);
}

static double *sizes(Arena *arena, const double *value, size_t count) {
    double *size = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) size[i] = fabs(value[i]);
    return size;
}

static size_t operand_count(const Passage *p, size_t k) {
    return shape_count(p->node->in[k]->shape);
}

/* ---- the rules ------------------------------------------------------------------- */

static void moved(const Passage *p) {
    add_run(p, p->error);
}

static void held(const Passage *p) {
    if (p->reach != PATH_OF_DERIVATIVES)
        memcpy(p->own, p->error[0], p->count * sizeof *p->own);
}

/* Whether element i of another operand is a constant zero: what it meets in a product goes
 * nowhere. */
static bool meets_zero(const Passage *p, size_t k, size_t i) {
    for (size_t j = 0; j < p->node->arity; j++)
        if (j != k && !p->node->in[j]->wanted && p->value[j][i] == 0.0) return true;
    return false;
}

/* s += |dy/din[k]| s[k]: the imaginary part of f(in + i h) over h. Who asks for paths counts
 * any, but for what an operation has chosen, or a constant zero. */
static void add_slopes(const Passage *p, size_t k, bool chooses) {
    const double _Complex *in[OP_MOST_OPERANDS];
    double _Complex *y = TAKE(p->arena, double _Complex, p->count);
    for (size_t j = 0; j < p->node->arity; j++) {
        double _Complex *z = TAKE(p->arena, double _Complex, p->count);
        for (size_t i = 0; i < p->count; i++)
            z[i] = p->value[j][i] + (j == k ? (double _Complex)I * STEP : 0);
        in[j] = z;
    }
    p->node->op->replay.run_complex(y, in, p->node);
    for (size_t i = 0; i < p->count; i++) {
        double slope = fabs(cimag(y[i])) / STEP;
        if (p->reach && !chooses && !meets_zero(p, k, i)) slope = 1.0;
        p->own[i] += share(slope, p->error[k][i]);
    }
}

static bool is_exact(const Passage *p, size_t k) {
    for (size_t i = 0; i < operand_count(p, k); i++)
        if (p->error[k][i] != 0.0) return false;
    return true;
}

/* What other numbers would choose counts too; of three the first, the mask, may be a constant. */
static void chosen(const Passage *p) {
    const bool open =
        p->reach == PATH_OF_VALUES && !(p->node->arity == 3 && is_exact(p, 0));
    for (size_t k = 0; k < p->node->arity; k++) {
        if (is_exact(p, k)) continue;
        if (!open) add_slopes(p, k, true);
        for (size_t i = 0; i < p->count && open; i++) p->own[i] += p->error[k][i];
    }
}

static void each(const Passage *p) {
    for (size_t k = 0; k < p->node->arity; k++)
        if (!is_exact(p, k)) add_slopes(p, k, false);
    for (size_t i = 0; i < p->count && !p->reach; i++)
        p->own[i] += fabs(p->node->value[i]) + DBL_MIN;
}

static void summed(const Passage *p) {
    add_run(p, p->error);
    if (p->reach) return;
    const double *size = sizes(p->arena, p->value[0], operand_count(p, 0));
    add_run(p, &size);
}

/* A mean is formed about one that is near it (P-2): it loses eps of itself and of the mean
 * distance from it. */
static void averaged(const Passage *p) {
    add_run(p, p->error);
    if (p->reach) return;
    const Partition *partition = p->node->detail;
    const size_t n = operand_count(p, 0);
    double *apart = TAKE(p->arena, double, n);
    partition_spread(apart, p->node->value, partition, 0.0);
    for (size_t i = 0; i < n; i++) apart[i] = fabs(p->value[0][i] - apart[i]);
    add_run(p, (const double *const[]){apart});
    if (p->what == BOUND_OF_KERNELS && p->node->of_kernel) return;
    for (size_t i = 0; i < p->count; i++) p->own[i] += fabs(p->node->value[i]);
}

/* Sizes of an operand; of who asks for paths, 1, but for a constant zero. */
static double *factors(const Passage *p, size_t k) {
    const size_t count = operand_count(p, k);
    double *factor = sizes(p->arena, p->value[k], count);
    for (size_t i = 0; i < count && p->reach; i++)
        factor[i] = p->node->in[k]->wanted || factor[i] != 0.0 ? 1.0 : 0.0;
    return factor;
}

/* |a| s_b + s_a |b|, and the sum of |a b|. */
static void multiplied(const Passage *p) {
    const double *a = factors(p, 0), *b = factors(p, 1);
    add_run(p, (const double *const[]){a, p->error[1]});
    add_run(p, (const double *const[]){p->error[0], b});
    if (p->reach) return;
    add_run(p, (const double *const[]){a, b});
    for (size_t i = 0; i < p->count; i++) p->own[i] += DBL_MIN;
}

/* Every number of a plane (the last two axes) becomes the plane's largest. */
static void fill_planes(double *value, Shape shape) {
    const size_t size = shape.size[shape.rank - 2] * shape.size[shape.rank - 1];
    for (double *plane = value; plane < value + shape_count(shape); plane += size) {
        double most = 0.0;
        for (size_t i = 0; i < size; i++) most = fmax(most, plane[i]);
        for (size_t i = 0; i < size; i++) plane[i] = most;
    }
}

/* What tiles lose, in units of eps times the largest number of a plane times the sum of what it
 * meets: as large as numbers of a tile can be on their way. No numbers were found that lose half
 * of it (tests/conv.c); */
enum { TILE_LOSS = 128 };

/* As products pass errors on; what is lost is shared. */
static void tiled(const Passage *p) {
    multiplied(p);
    if (p->reach) return;
    double *a = factors(p, 0), *b = factors(p, 1);
    Passage lost = *p;
    lost.own = ZERO(p->arena, double, p->count);
    fill_planes(a, p->node->in[0]->shape);
    add_run(&lost, (const double *const[]){a, b});
    fill_planes(lost.own, p->node->shape);
    for (size_t i = 0; i < p->count; i++) p->own[i] += TILE_LOSS * lost.own[i];
}

/* (s_a + |y| s_b) / |b|, and |y|. Not by complex numbers, whose quotients need |b|^2. */
static void divided(const Passage *p) {
    for (size_t i = 0; i < p->count; i++) {
        const double y = fabs(p->node->value[i]), b = fabs(p->value[1][i]),
                     a = p->error[0][i], of_b = p->error[1][i];
        if (p->reach)
            p->own[i] = meets_zero(p, 1, i) ? a : a + of_b;
        else
            p->own[i] = a / b + share(y, of_b / b) + y + DBL_MIN;
    }
}

/* dp_k = p_k (dz_k - sum of p_j dz_j) = p_k ((1 - p_k) dz_k - sum over the others of p_j
 * dz_j): nothing where one of them has it all. z - most is rounded, the exponential, the sum
 * and the quotient. */
static void normalized(const Passage *p) {
    const size_t K = p->node->shape.size[p->node->shape.rank - 1];
    const Seen *seen = p->node->detail; /* NULL: all of a row are */
    double *dz = TAKE(p->arena, double, K);
    for (size_t row = 0; row < p->count; row += K) {
        const double *y = p->node->value + row, *z = p->value[0] + row;
        double most = -INFINITY, any = 0.0;
        for (size_t k = 0; k < K; k++)
            if (!seen || seen_by(seen, row / K, k)) most = fmax(most, z[k]);
        for (size_t k = 0; k < K; k++) {
            dz[k] = 0.0;
            if (seen && !seen_by(seen, row / K, k)) continue;
            dz[k] = p->error[0][row + k] + (p->reach ? 0.0 : most - z[k]);
            any += dz[k];
        }
        for (size_t k = 0; k < K; k++) {
            if (seen && !seen_by(seen, row / K, k)) continue;
            double others = 0.0, theirs = 0.0;
            for (size_t j = 0; j < K; j++)
                if (j != k) others += y[j], theirs += share(y[j], dz[j]);
            p->own[row + k] =
                p->reach ? any : y[k] * (share(others, dz[k]) + theirs + 4.0) + DBL_MIN;
        }
    }
}

/* log(sum of exp z) - z[label], meaned over the samples. */
static void entropy(const Passage *p) {
    const uint8_t *label = p->node->detail;
    const Shape shape = p->node->in[0]->shape;
    const size_t N = shape.size[0], K = shape.size[1];
    for (size_t n = 0; n < N; n++) {
        const double *z = p->value[0] + n * K, *error = p->error[0] + n * K;
        double most = z[0], sum = 0.0, errors = 0.0, any = 0.0;
        for (size_t k = 1; k < K; k++) most = fmax(most, z[k]);
        for (size_t k = 0; k < K; k++) {
            const double e = exp(z[k] - most);
            sum += e, errors += e * (error[k] + (most - z[k]) + 1.0), any += error[k];
        }
        p->own[0] += p->reach ? any
                              : (errors / sum + error[label[n]] + fabs(most) + log(sum) +
                                 fabs(z[label[n]])) /
                                    (double)N;
    }
}

static void (*const RULES[])(const Passage *) = {
    [OP_ROUNDING_MOVES] = moved,         [OP_ROUNDING_HOLDS] = held,
    [OP_ROUNDING_CHOOSES] = chosen,      [OP_ROUNDING_EACH] = each,
    [OP_ROUNDING_SUMS] = summed,         [OP_ROUNDING_MEANS] = averaged,
    [OP_ROUNDING_PRODUCTS] = multiplied, [OP_ROUNDING_TILES] = tiled,
    [OP_ROUNDING_QUOTIENT] = divided,    [OP_ROUNDING_SOFTMAX] = normalized,
    [OP_ROUNDING_ENTROPY] = entropy};

bool program_is_bounded(const Program *program) {
    for (size_t i = 0; i < program_steps(program); i++) {
        const size_t *operand;
        const Op *op = program_step(program, i, &operand)->op;
        if (op && (op->rounding == OP_ROUNDING_UNSAID || !op->replay.run_quad))
            return false;
    }
    return true;
}

/* ---- the pass -------------------------------------------------------------------- */

typedef struct Pass {
    const Program *program;
    Arena *arena;
    BoundOf what;
    const TapeNode *from; /* reach: from this element of this node */
    PathOf reach;
    size_t element;
    double **error; /* [steps] */
} Pass;

static void step(const Pass *pass, size_t i) {
    const size_t *operand;
    const TapeNode *node = program_step(pass->program, i, &operand);
    Passage p = {.arena = pass->arena,
                 .node = node,
                 .own = pass->error[i],
                 .count = shape_count(node->shape),
                 .what = pass->what,
                 .reach = pass->reach};
    if (node == pass->from) p.own[pass->element] = 1.0;
    if (node->op == NULL || node == pass->from) return;
    REQUIRE(node->op->rounding != OP_ROUNDING_UNSAID && node->arity <= OP_MOST_OPERANDS,
            "%s does not say how it rounds", node->op->name);
    for (size_t k = 0; k < node->arity; k++) {
        p.value[k] = node->in[k]->value;
        p.error[k] = pass->error[operand[k]];
    }
    ArenaMark mark = arena_mark(pass->arena);
    RULES[node->op->rounding](&p);
    arena_rewind(pass->arena, mark);
    for (size_t k = 0; k < p.count; k++) { /* what is no number bounds nothing */
        if (isnan(p.own[k])) p.own[k] = (double)INFINITY;
        if (p.reach && p.own[k] > 0.0) p.own[k] = 1.0;
    }
}

static void run(Pass *pass) {
    const size_t steps = program_steps(pass->program);
    pass->error = TAKE(pass->arena, double *, steps);
    for (size_t i = 0; i < steps; i++) {
        const size_t *operand;
        const TapeNode *node = program_step(pass->program, i, &operand);
        pass->error[i] = ZERO(pass->arena, double, shape_count(node->shape));
        step(pass, i);
    }
}

static size_t output_count(const Program *program, size_t output) {
    const size_t *operand;
    return shape_count(
        program_step(program, program_output(program, output), &operand)->shape);
}

void program_bound(const Program *program, Arena *arena, BoundOf what, double **scale) {
    for (size_t i = 0; i < program_outputs(program); i++)
        scale[i] = TAKE(arena, double, output_count(program, i));
    ArenaMark mark = arena_mark(arena);
    Pass pass = {.program = program, .arena = arena, .what = what};
    run(&pass);
    for (size_t i = 0; i < program_outputs(program); i++)
        memcpy(scale[i], pass.error[program_output(program, i)],
               output_count(program, i) * sizeof(double));
    arena_rewind(arena, mark);
}

/* ---- adjoints times losses --------------------------------------------------------- */

/* What the values of a step lost, and what came with operands that no adjoint is handed to:
 * constants, and what is held. */
static double lost(const Pass *pass, size_t i, const double *adjoint) {
    const size_t *operand;
    const TapeNode *node = program_step(pass->program, i, &operand);
    Passage p = {.arena = pass->arena,
                 .node = node,
                 .count = shape_count(node->shape),
                 .what = pass->what};
    p.own = ZERO(pass->arena, double, p.count);
    for (size_t k = 0; k < node->arity; k++) {
        const bool apart =
            !node->in[k]->wanted || node->op->rounding == OP_ROUNDING_HOLDS;
        p.value[k] = node->in[k]->value;
        p.error[k] = apart ? pass->error[operand[k]]
                           : ZERO(pass->arena, double, operand_count(&p, k));
    }
    RULES[node->op->rounding](&p);
    double sum = 0.0;
    for (size_t k = 0; k < p.count; k++) sum += share(fabs(adjoint[k]), p.own[k]);
    return isnan(sum) ? (double)INFINITY : sum;
}

/* Hands a step's adjoint to its operands'. Rules write on the tape, and may write of the node
 * itself: they are given one of its own, for a program's nodes do not change. */
static void hand_on(Tape *tape, const Program *program, size_t i, TapeNode **adjoint) {
    const size_t *operand;
    TapeNode *node = TAKE(tape_arena(tape), TapeNode, 1);
    *node = *program_step(program, i, &operand);
    TapeNode **dx = ZERO(tape_arena(tape), TapeNode *, node->arity);
    node->op->adjoint(tape, node, adjoint[i], dx);
    for (size_t k = 0; k < node->arity; k++) {
        if (dx[k] == NULL || !node->in[k]->wanted) continue;
        TapeNode **of = &adjoint[operand[k]];
        *of = *of ? tape_add(tape, *of, dx[k]) : dx[k];
    }
}

double program_sharp_bound(Tape *tape, const Program *program, BoundOf what) {
    Pass pass = {.program = program, .arena = tape_arena(tape), .what = what};
    const size_t top = program_output(program, 0), *operand;
    const TapeNode *output = program_step(program, top, &operand);
    REQUIRE(program_outputs(program) == 1 && shape_count(output->shape) == 1,
            "a sharp bound is of one scalar");
    run(&pass);
    if (!output->wanted) return pass.error[top][0];
    TapeNode **adjoint = ZERO(pass.arena, TapeNode *, program_steps(program));
    adjoint[top] = tape_fill(tape, output->shape, 1.0);
    double sum = 0.0;
    for (size_t i = top + 1; i-- > 0;) {
        const TapeNode *node = program_step(program, i, &operand);
        if (adjoint[i] == NULL || node->op == NULL || !node->wanted) continue;
        sum += lost(&pass, i, adjoint[i]->value);
        hand_on(tape, program, i, adjoint);
    }
    return sum;
}

void program_reach(const Program *program, Arena *arena, PathOf path, const TapeNode *x,
                   size_t element, bool **reached) {
    for (size_t i = 0; i < program_outputs(program); i++)
        reached[i] = TAKE(arena, bool, output_count(program, i));
    ArenaMark mark = arena_mark(arena);
    Pass pass = {program, arena, .from = x, .reach = path, .element = element};
    run(&pass);
    for (size_t i = 0; i < program_outputs(program); i++)
        for (size_t k = 0; k < output_count(program, i); k++)
            reached[i][k] = pass.error[program_output(program, i)][k] > 0.0;
    arena_rewind(arena, mark);
}
