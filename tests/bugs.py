"""Bugs that libraries really had in normalizers, written into our sources: (name, edits), an edit being (file, function,
old, new). Every occurrence of `old` in the function is replaced; there must be one. The number after a name is the
thread where users or authors found it.
"""

CELLS, KERNEL, BACKWARD = "norm/cells.c", "norm/kernel.c", "norm/kernel_backward.c"
DEFINITION, MOMENTS, GROUP = "norm/partitioned.c", "tensor/moments.c", "norm/group.c"

FIRST_OF_SET = "{0}->p->member[{0}->p->start[{0}->p->cell_of[{1}]]]"
CHANNEL = "at_channel(b->gamma, row.channel, 1.0)"
SCALED = ("slab_means", "row_slope", "slab_dx_fixed", "column_means", "apart_dx")  # who reads gamma
A, B = "b->form == STANDARD_CENTRED ? tree_total(&h) / count : 0.0", "tree_total(&hx) / count"
MEANS = "for (size_t j = 0; b->form == STANDARD_UNCENTRED && j < part->width; j++) h[j] = 0.0;"
NO_MEANS = "for (size_t j = 0; j < part->width; j++) {}[j] = 0.0;"
RSTD, RSTD_OF_ALL = "1.0 / sqrt(all)", "1.0 / sqrt(square)"
SAVED = "y->saved, f->partition,"
CALL = "    standard_backward(out, g,"
# The backward reads cells of its own making.
OTHER_CELLS = """    const StandardCells *saved = y->saved;
    StandardCells *cells = standard_cells(tape_arena(tape), saved->count);
    for (size_t i = 0; i < saved->count; i++) {{
        standard_put(cells, i, saved->cell[i], saved->scale ? saved->scale[i] : 0);
        cells->cell[i].rstd = {};
    }}
    standard_backward(out, g,"""


def other_rstd(expression):
    return [(DEFINITION, "fused_backward", CALL, OTHER_CELLS.format(expression)),
            (DEFINITION, "fused_backward", SAVED, "cells, f->partition,")]


# A cell's scale is made in a loop over ordinary ones, and in standard_of.
EPS_OUTSIDE = [(CELLS, "standard_of", RSTD, "1.0 / (sqrt(weight * square) + rest)")]
UNBIASED = [(CELLS, "standard_of", "moments_variance(", "moments_unbiased(")]

BUGS = [
    # ---- backward: terms of dx ------------------------------------------------------------------------------------
    ("oneDNN #3543: each channel's own sums where its group's belong",
     [(BACKWARD, "row_slope", f"means->{mean},", CHANNEL + f" * b->{of}[row.number] / (double)b->p->L,")
      for mean, of in (("a", "sum_dy"), ("b", "sum_dyx"))]),
    ("mamba PR #547: means over all channels, not over the group",
     [(BACKWARD, "slab_means", "(double)partition_count(b->p, slab)", "(double)(b->p->block * b->p->C * b->p->L)")]),
    ("tt-metal #53204: mean(h) subtracted twice",
     [(BACKWARD, "slab_means", "? tree_total(&h) / count", "? 2.0 * tree_total(&h) / count")]),
    ("tt-metal #53204: only the last share of mean(h xhat) survives",
     [(BACKWARD, "slab_means", "tree_push(&hx,", "hx = (TreeSum){.count = 0}, tree_push(&hx,")]),
    ("Knet.jl #288: gamma left out of dx",
     [(BACKWARD, "slab_means", "scale * b->sum_dy[row.number]", "b->sum_dy[row.number] + 0.0 * scale"),
      (BACKWARD, "slab_means", "scale * b->sum_dyx[row.number]", "b->sum_dyx[row.number]"),
      (BACKWARD, "row_slope", CHANNEL, "1.0 + 0.0 * (double)row.channel")]),
    ("gamma left out of mean(h xhat) alone",
     [(BACKWARD, "slab_means", "scale * b->sum_dyx[row.number]", "b->sum_dyx[row.number]")]),
    ("gamma left out of mean(h xhat) alone, positions apart",
     [(BACKWARD, "column_means", "for (int t = 0; t < 2; t++) tree_rows_push", """double other[PASS_COLUMNS];
        for (size_t r = 0; r < PASS_ROWS; r++) c.scale[r] = 1.0;
        b->pass->column_products(other, leaf[1], &c, false);
        for (int t = 0; t < 2; t++) tree_rows_push""")]),
    ("DeepSpeed PR #692: gamma by the place in its block, not by the channel",
     [(BACKWARD, function, CHANNEL, "at_channel(b->gamma, row.at - row.first, 1.0)")
      for function in ("slab_means", "row_slope", "slab_dx_fixed", "column_means")]),
    ("statistics taken for constants",
     [(BACKWARD, "slab_means", A, "0.0 * count"), (BACKWARD, "slab_means", B, "0.0"),
      (BACKWARD, "apart_dx", MEANS, NO_MEANS.format("h[j] = hx"))]),
    ("the mean taken for a constant",
     [(BACKWARD, "slab_means", A, "0.0"), (BACKWARD, "apart_dx", MEANS, NO_MEANS.format("h"))]),
    ("the variance taken for a constant",
     [(BACKWARD, "slab_means", B, "0.0"), (BACKWARD, "apart_dx", MEANS, MEANS + NO_MEANS.format("hx"))]),
    ("pytorch #586, xla #913: evaluation with training's backward",
     [(BACKWARD, "slab_backward", "b->out.dx && b->form == STANDARD_GIVEN", "0")]),
    ("FlagGems #5222: the saved 1/std read as a variance", other_rstd("1.0 / sqrt(cells->cell[i].rstd + f->context.norm->eps)")),
    ("chainer PR #4191: eps missing in the backward alone",
     other_rstd("f->fixed ? cells->cell[i].rstd : 1.0 / sqrt(1.0 / (cells->cell[i].rstd * cells->cell[i].rstd) - f->context.norm->eps)")),
    # ---- backward: gamma and beta ---------------------------------------------------------------------------------
    ("Paddle #54244, PR #34102: dgamma and dbeta forgotten where x wants no gradient",
     [(BACKWARD, "standard_backward", "reduce_rows(", "if (out.dx) reduce_rows(")]),
    ("Oneflow PR #10045: crash where gamma or beta is frozen",
     [(BACKWARD, "reduce_rows", "out && c < p->C", "c < p->C")]),
    ("aprender PR #2200: gamma and beta cut off from the gradient",
     [(DEFINITION, "fused_backward", "dx[1],   dx[2],", "NULL, NULL,")]),
    ("Oneflow PR #6149: dgamma and dbeta exchanged",
     [(DEFINITION, "fused_backward", "dx[1],   dx[2],", "dx[2], dx[1],")]),
    ("dgamma of y instead of xhat",
     [(DEFINITION, "fused_backward", "tape_arena(tape));", """tape_arena(tape));
    const Partition *p = f->partition;
    for (size_t c = 0; dx[1] && c < p->C; c++) {
        dx[1][c] = 0.0;
        for (size_t n = 0; n < p->N; n++)
            for (size_t l = 0; l < p->L; l++)
                dx[1][c] += g[(n * p->C + c) * p->L + l] * y->value[(n * p->C + c) * p->L + l];
    }""")]),
    ("pytorch #61521: the backward's sums are not centred",
     [(BACKWARD, "row_map", "s->shift", "0.0 * s->shift"), (BACKWARD, "row_map", "s->offset", "0.0"),
      (BACKWARD, "row_map", "s->rstd", "1.0"),
      (BACKWARD, "row_sums_moved", "s->b->sum_dyx[s->row.number] = tree_total(&s->second);",
       """const Standard cell = s->b->cells[s->slab];
    s->b->sum_dyx[s->row.number] =
        (tree_total(&s->second) - (cell.shift + cell.offset) * tree_total(&s->first)) * cell.rstd;""")]),
    # ---- backward: what is there already --------------------------------------------------------------------------
    ("mxnet #18499: dx overwritten where it should be added",
     [(BACKWARD, function, "pass_to(b->out.keep_dx,", "pass_to(0.0,")
      for function in ("slab_dx", "slab_dx_fixed", "apart_dx")]),
    ("mxnet #18499: dgamma and dbeta not written where they should be added",
     [(BACKWARD, "reduce_rows", "out && c < p->C", "out && keep == 0.0 && c < p->C")]),
    ("dgamma and dbeta overwritten where they should be added",
     [(BACKWARD, "reduce_rows", "keep == 0.0 ? sum : out[c] + sum", "sum")]),
    ("dx added where it should be overwritten",
     [(BACKWARD, function, "pass_to(b->out.keep_dx,", "pass_to(1.0,")
      for function in ("slab_dx", "slab_dx_fixed", "apart_dx")]),
    # ---- forward ----------------------------------------------------------------------------------------------------
    ("onnx #5466, mxnet #17139, Oneflow PR #4848: gamma and beta per group, consistently",
     [(BACKWARD, function, "row.channel", FIRST_OF_SET.format("b", "row.channel")) for function in SCALED[:-1]] +
     [(BACKWARD, "apart_dx", ".channel, 1.0)", ".channel * 0 + %s, 1.0)" % FIRST_OF_SET.format("b", "first.channel")),
      (KERNEL, "write_columns", "row.channel", FIRST_OF_SET.format("f", "row.channel")),
      (KERNEL, "row_map", "row->channel", FIRST_OF_SET.format("f", "row->channel")),
      (BACKWARD, "reduce_rows", "double sum = sum_strided(sums + c, p->N, p->C);", """double sum = 0.0;
        for (size_t k = 0; k < p->C; k++)
            if (p->member[p->start[p->cell_of[k]]] == c) sum += sum_strided(sums + k, p->N, p->C);""")]),
    ("keras-contrib PR #243: one group taken for instance, C groups for layer",
     [(GROUP, "configure", "C / number", "number")]),
    ("fla PR #508, ncnn PR #311: eps outside the root, in the kernel", EPS_OUTSIDE),
    ("fla PR #508, ncnn PR #311: eps outside the root, in kernel and definition",
     EPS_OUTSIDE + [(DEFINITION, "norm_root", "tape_sqrt(t, tape_add(t, variance, eps))",
                    "tape_add(t, tape_sqrt(t, variance), eps)")]),
    ("pytorch #22617: unbiased variance, in the kernel", UNBIASED),
    ("pytorch #22617: unbiased variance, in kernel and definition",
     UNBIASED + [(DEFINITION, "norm_moments_over", "    return m;", """    const Partition *p = partition;
    double *factor = tape_room(t, partition_cells(p));
    for (size_t i = 0; i < partition_cells(p); i++)
        factor[i] = (double)partition_count(p, i) / ((double)partition_count(p, i) - 1.0);
    m.variance = tape_mul(t, m.variance, tape_leaf(t, SHAPE_OF(partition_cells(p)), factor));
    return m;""")]),
    ("Synchronized-BatchNorm-PyTorch #43: sqrt(max(v, eps))",
     [(CELLS, "standard_of", "weight * square + rest", "fmax(weight * square, rest)")]),
    ("the root forgotten", [(CELLS, "standard_of", RSTD, "1.0 / all")]),
    ("pytorch #40302, Paddle #16654: variance as E[x^2] - mean^2",
     [(MOMENTS, "settled", "if (m.offset * m.offset * m.count > m.m2 / 4.0)",
       "m = slab_moments_about(x, m.scale, 0.0, p, slab, m.count); if (0)"),
      (MOMENTS, "column_moments_in", "shift[j] += first[j] / count;", "shift[j] = 0.0;")]),
    ("pytorch #94288: y = (gamma rstd) x + (beta - mean gamma rstd)",
     [(KERNEL, "row_map", "s->shift", "0.0"), (KERNEL, "row_map", "s->offset", "0.0"),
      (KERNEL, "row_map", "at_channel(f->beta, row->channel, 0.0)",
       "at_channel(f->beta, row->channel, 0.0) - (s->shift + s->offset) * (s->rstd * at_channel(f->gamma, row->channel, 1.0))")]),
    ("running moments used in training",
     [(DEFINITION, "fuse", "moments[context->mode]", "moments[NORM_EVAL]")]),
    ("xla #913 the other way: the batch's moments used in evaluation",
     [(DEFINITION, "fuse", "moments[context->mode]", "moments[NORM_TRAIN]")]),
]
