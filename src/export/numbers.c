/* What a module tests itself by: one call in each mode, its derivatives and the state after it, computed in
 * 113 bits by replay of the definition. */
#include "internal.h"

#include <math.h>
#include <string.h>

enum { COLUMNS = 116, MOST_OUTPUTS = 2 + NORM_MAX_PARAMS + NORM_MAX_STATES };

static ShapeLattice size_of(ShapeLattice unit) {
    return (ShapeLattice){unit.N == 1 ? 3 : 2 * unit.N, unit.C,
                          unit.L == 1 ? 3 : 2 * unit.L};
}

static void write_numbers(Text *out, const char *indent, const char *name,
                          const double *value, size_t count) {
    text_add(out, "%s\"%s\": [", indent, name);
    size_t column = COLUMNS;
    for (size_t i = 0; i < count; i++) {
        const char *number = python_number(out->arena, value[i]);
        const size_t length = strlen(number) + 2;
        if (column + length > COLUMNS)
            column = 4 + strlen(indent), text_add(out, "\n    %s", indent);
        else
            text_add(out, " ");
        text_add(out, "%s,", number);
        column += length;
    }
    text_add(out, "],\n");
}

/* ---- one mode ---------------------------------------------------------------------------- */

static double *rounded(Arena *arena, const Quad *exact, size_t count) {
    double *out = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) out[i] = (double)exact[i];
    return out;
}

static double *upstream(Arena *arena, size_t count) {
    const Draw draw = {.seed = 113, .purpose = DRAW_CHECK, .sample = 2};
    double *dy = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) dy[i] = round(64.0 * draw_normal(draw, i)) / 64.0;
    return dy;
}

static void write_states(Text *out, const Recording *r, Quad *const *seen) {
    text_add(out, "        \"state\": {\n");
    for (size_t i = 0, k = 0; i < r->norm->states; i++) {
        const NormState *state = &r->norm->state[i];
        if (!r->seen[i] || !record_keeps(state)) continue;
        Quad *after = TAKE(out->arena, Quad, state->count);
        for (size_t c = 0; c < state->count; c++) {
            const Quad was = (Quad)r->state_value[i][c];
            after[c] = seen[k][c] != seen[k][c]
                           ? was
                           : was + (Quad)state->weight_new * (seen[k][c] - was);
        }
        write_numbers(out, "            ", state->name,
                      rounded(out->arena, after, state->count), state->count);
        k++;
    }
    text_add(out, "        },\n");
}

/* How far doubles are from the exact, of the largest number or `size`. */
static double rounding(const double *got, const Quad *exact, size_t count, double size) {
    double far = 0.0;
    for (size_t i = 0; i < count; i++)
        if (isfinite((double)exact[i])) size = fmax(size, fabs((double)exact[i]));
    for (size_t i = 0; i < count; i++) {
        const double apart = fabs((double)((Quad)got[i] - exact[i]));
        if (isfinite(apart)) far = fmax(far, apart);
    }
    return size > 0.0 ? far / size : 0.0;
}

/* The largest of all outputs; derivatives are also of the size of dy. */
static double all_rounding(const Program *program, Arena *arena, TapeNode *const *node,
                           Quad *const *exact, size_t outputs, size_t derivatives,
                           const double *dy) {
    double *got[MOST_OUTPUTS], most = 0.0, worst = 0.0;
    program_run_real(program, arena, NULL, NULL, 0, got);
    for (size_t i = 0; i < shape_count(node[0]->shape); i++)
        most = fmax(most, fabs(dy[i]));
    for (size_t k = 0; k < outputs; k++) {
        const bool derived = k > 0 && k <= derivatives;
        worst = fmax(worst, rounding(got[k], exact[k], shape_count(node[k]->shape),
                                     derived ? most : 0.0));
    }
    return worst;
}

static double write_mode(Text *out, const Norm *norm, NormMode mode, size_t epoch,
                         ShapeLattice at) {
    Arena *arena = out->arena;
    Recording r = record_new(arena, norm, mode, epoch, at, VALUES_DRAWN);
    const size_t count = at.N * at.C * at.L;
    TapeNode *in[1 + NORM_MAX_PARAMS], *node[MOST_OUTPUTS];
    Quad *value[MOST_OUTPUTS];
    size_t outputs = norm->params + 2;
    in[0] = r.x;
    for (size_t i = 0; i < norm->params; i++) in[1 + i] = r.param[i];
    node[0] = r.y;
    const double *dy = upstream(arena, count);
    tape_gradient(r.tape, r.y, tape_leaf(r.tape, r.x->shape, dy), in, 1 + norm->params,
                  node + 1);
    for (size_t i = 0; i < norm->states; i++)
        if (r.seen[i] && record_keeps(&norm->state[i])) node[outputs++] = r.seen[i];
    const Program *program = program_new(r.tape, node, outputs);
    program_run_quad(program, arena, NULL, NULL, 0, value);
    text_add(out, "    \"%s\": {\n", mode == NORM_TRAIN ? "train" : "eval");
    write_numbers(out, "        ", "y", rounded(arena, value[0], count), count);
    write_numbers(out, "        ", "dx", rounded(arena, value[1], count), count);
    text_add(out, "        \"dparams\": {\n");
    for (size_t i = 0; i < norm->params; i++)
        write_numbers(out, "            ", norm->param[i].name,
                      rounded(arena, value[2 + i], norm->param[i].count),
                      norm->param[i].count);
    text_add(out, "        },\n");
    if (mode == NORM_TRAIN) write_states(out, &r, value + 2 + norm->params);
    text_add(out, "    },\n");
    return all_rounding(program, arena, node, value, outputs, 1 + norm->params, dy);
}

void numbers_write(Text *out, const Norm *norm, const ExportWish *wish,
                   ShapeLattice unit) {
    const ShapeLattice at = size_of(unit);
    const size_t count = at.N * at.C * at.L;
    const Recording r =
        record_new(out->arena, norm, NORM_EVAL, wish->epoch, at, VALUES_DRAWN);
    text_add(out,
             "# x, dy, parameters and state as they stand; the others by normlab in %s, "
             "rounded to doubles.\n"
             "NUMBERS = {\n    \"shape\": (%zu, %zu, %zu),\n",
             NORMLAB_HAS_QUAD ? "113 bits" : "long doubles", at.N, at.C, at.L);
    write_numbers(out, "    ", "x", r.x_value, count);
    write_numbers(out, "    ", "dy", upstream(out->arena, count), count);
    text_add(out, "    \"params\": {\n");
    for (size_t i = 0; i < norm->params; i++)
        write_numbers(out, "        ", norm->param[i].name, r.param_value[i],
                      norm->param[i].count);
    text_add(out, "    },\n    \"state\": {\n");
    for (size_t i = 0; i < norm->states; i++)
        if (record_keeps(&norm->state[i]))
            write_numbers(out, "        ", norm->state[i].name, r.state_value[i],
                          norm->state[i].count);
    text_add(out, "    },\n");
    double far = write_mode(out, norm, NORM_TRAIN, wish->epoch, at);
    far = fmax(far, write_mode(out, norm, NORM_EVAL, wish->epoch, at));
    text_add(
        out,
        "}\n# How far normlab's own doubles are from them, and how far these may be.\n"
        "DOUBLES = %.1e\nLIMIT = max(1e-12, 16 * DOUBLES)\n\n\n",
        far);
}
