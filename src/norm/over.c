/* Cells of any partition over a view: what equations in text take means over. */
#include "written.h"

const Partition *view_cells(const NormView *v, const Norm *cells) {
    NormContext own = v->context;
    own.norm = cells, own.mode = NORM_TRAIN;
    return norm_own_cells(&own, v->x ? v->at : (ShapeLattice){v->at.N, v->at.C, 1});
}

TapeNode *view_cell_spread(const NormView *v, TapeNode *each, const Partition *cells,
                           double outside) {
    TapeNode *value = tape_spread(v->tape, each, cells, v->shape);
    if (cells->mask == NULL) return value;
    double *rest = ZERO(tape_arena(v->tape), double, shape_count(v->shape));
    for (size_t i = 0; i < shape_count(v->shape); i++)
        if (!cells->mask[i / v->at.L / v->at.C * v->at.L + i % v->at.L])
            rest[i] = outside;
    return tape_add(v->tape, value, tape_leaf(v->tape, v->shape, rest));
}

TapeNode *view_cell_mean(const NormView *v, TapeNode *value, const Partition *cells) {
    return view_cell_spread(v, tape_mean(v->tape, value, cells), cells, 1.0);
}
