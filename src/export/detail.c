/* What operations keep beside their operands, for a program for any size. */
#include "forming.h"

#include "detail.h"

#include <string.h>

static bool is(const TapeNode *node, const char *op) {
    return strcmp(node->op->name, op) == 0;
}

static bool form_window(const Forming *f, FormStep *step, size_t s) {
    size_t axis[SIZES], from[SIZES], size[SIZES];
    for (size_t i = 0; i < SIZES; i++) {
        const Window *w = forming_node(f, i, s)->detail;
        axis[i] = w->axis, from[i] = w->from;
        size[i] = is(forming_node(f, i, s), "pad") ? w->whole : w->size;
    }
    return forming_fit(f, &step->axis, axis) && step->axis.form == MEASURE_CONSTANT &&
           forming_fit(f, &step->from, from) && forming_fit(f, &step->width, size);
}

static bool form_partition(const Forming *f, FormStep *step, size_t s) {
    const Partition *first = forming_node(f, 0, s)->detail;
    size_t block[SIZES];
    for (size_t i = 0; i < SIZES; i++) {
        const Partition *p = forming_node(f, i, s)->detail;
        block[i] = p->block;
        if (p->mask || p->C != first->C || p->channel_cells != first->channel_cells ||
            p->apart != first->apart ||
            memcmp(p->cell_of, first->cell_of, p->C * sizeof *p->cell_of) != 0)
            return false;
    }
    step->C = first->C, step->sets = first->channel_cells;
    step->set_of = first->cell_of, step->apart = first->apart;
    return forming_fit(f, &step->block, block);
}

static bool form_same(const Forming *f, FormStep *step, size_t s) {
    const TapeNode *node = forming_node(f, 0, s);
    const size_t bytes = is(node, "permute")  ? node->shape.rank * sizeof(size_t)
                         : is(node, "matmul") ? sizeof(Sides)
                                              : sizeof(double);
    for (size_t i = 1; i < SIZES; i++)
        if (memcmp(forming_node(f, i, s)->detail, node->detail, bytes) != 0) return false;
    if (is(node, "permute")) memcpy(step->axes, node->detail, bytes);
    if (is(node, "power")) step->exponent = *(const double *)node->detail;
    if (!is(node, "matmul")) return true;
    const Sides *sides = node->detail;
    step->transposed[0] = sides->a, step->transposed[1] = sides->b;
    return true;
}

/* ---- elements chosen along one axis --------------------------------------------------------- */

static size_t inner_size(Shape shape, size_t axis) {
    size_t inner = 1;
    for (size_t i = axis + 1; i < shape.rank; i++) inner *= shape.size[i];
    return inner;
}

/* Whether the node's element i is its operand's of the same place, but for `choice` of the axis. */
static bool chooses(const TapeNode *node, size_t axis, const size_t *choice) {
    const size_t *index = node->detail, inner = inner_size(node->shape, axis),
                 size = node->shape.size[axis], whole = node->in[0]->shape.size[axis];
    for (size_t i = 0; i < shape_count(node->shape); i++) {
        const size_t outer = i / inner / size, at = i / inner % size;
        if (index[i] != (outer * whole + choice[at]) * inner + i % inner) return false;
    }
    return true;
}

static bool form_choice(const Forming *f, FormStep *step, size_t s, size_t axis) {
    const TapeNode *first = forming_node(f, 0, s);
    if (step->size[axis].form != MEASURE_CONSTANT) return false;
    size_t *choice = TAKE(f->arena, size_t, first->shape.size[axis]);
    const size_t *index = first->detail, inner = inner_size(first->shape, axis);
    for (size_t k = 0; k < first->shape.size[axis]; k++)
        choice[k] = index[k * inner] / inner % first->in[0]->shape.size[axis];
    for (size_t i = 0; i < SIZES; i++)
        if (!chooses(forming_node(f, i, s), axis, choice)) return false;
    step->axis = (Measure){.constant = (double)axis, .den = 1};
    step->choice = choice;
    step->chosen = first->shape.size[axis];
    return true;
}

/* Whether all of it are rows of `size` out of rows of `whole`, each by the one choice. */
static bool chooses_in_rows(const TapeNode *node, const size_t *choice, size_t size,
                            size_t whole) {
    const size_t *index = node->detail, count = shape_count(node->shape);
    if (count % size != 0 || count / size * whole != shape_count(node->in[0]->shape))
        return false;
    for (size_t i = 0; i < count; i++)
        if (index[i] != i / size * whole + choice[i % size]) return false;
    return true;
}

static bool form_rows(const Forming *f, FormStep *step, size_t s) {
    const TapeNode *first = forming_node(f, 0, s);
    const size_t count = shape_count(first->shape),
                 from = shape_count(first->in[0]->shape);
    step->choice = first->detail;
    for (size_t size = 1; size <= count; size++) {
        const size_t whole = from * size / count;
        size_t i = 0;
        if (count % size != 0 || whole == 0) continue;
        while (i < SIZES &&
               chooses_in_rows(forming_node(f, i, s), step->choice, size, whole))
            i++;
        if (i < SIZES) continue;
        step->chosen = size, step->row = whole;
        return true;
    }
    return false;
}

static bool form_gather(const Forming *f, FormStep *step, size_t s) {
    for (size_t axis = 0; axis < step->rank; axis++) {
        bool fits = true;
        for (size_t i = 0; i < SIZES && fits; i++) {
            const Shape to = forming_node(f, i, s)->shape,
                        from = forming_node(f, i, s)->in[0]->shape;
            fits = to.rank == from.rank;
            for (size_t k = 0; fits && k < to.rank; k++)
                fits = k == axis || to.size[k] == from.size[k];
        }
        if (fits && form_choice(f, step, s, axis)) return true;
    }
    return form_rows(f, step, s) ||
           forming_cannot(f, "it gathers elements by another rule than one choice in all "
                             "rows");
}

bool forming_detail(const Forming *f, FormStep *step, size_t s) {
    const TapeNode *node = forming_node(f, 0, s);
    Binding binding;
    if (language_op(EXPORT_TORCH, step->op, &binding) == NULL)
        return forming_cannot(f, text_print(f->arena,
                                            "its operation '%s' has no spelling there",
                                            node->op->name));
    if (node->detail == NULL) return true;
    if (is(node, "mean") || is(node, "spread")) return form_partition(f, step, s);
    if (is(node, "gather")) return form_gather(f, step, s);
    if (is(node, "slice") || is(node, "pad")) return form_window(f, step, s);
    return form_same(f, step, s);
}
