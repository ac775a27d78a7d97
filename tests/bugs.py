"""Bugs that libraries really had in normalizers, written into our sources: (name, edits), an edit being (file, function,
old, new). Every occurrence of `old` in the function is replaced; there must be one. The number after a name is the
thread where users or authors found it.
"""

KERNEL, DEFINITION, MOMENTS, GROUP = "norm/kernel.c", "norm/partitioned.c", "tensor/partition.c", "norm/group.c"

FIRST_OF_SET = "p->member[p->start[p->cell_of[{}]]]"
MEANS = """double a = form == STANDARD_CENTRED ? tree_total(&h) / count : 0.0,
           b = tree_total(&hx) / count;"""
SCALE = "gamma ? gamma[row.channel] : 1.0, cells[slab], a, b, p->L,"
APART = "s.rstd * ((h[offset + l] - a[first + l]) - xhat * b[first + l]);"
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
EPS_OUTSIDE = [(KERNEL, "standard_of", RSTD, "1.0 / (sqrt(weight * square) + rest)")]
UNBIASED = [(KERNEL, "standard_of", "moments_variance(", "moments_unbiased(")]

BUGS = [
    # ---- backward: terms of dx ------------------------------------------------------------------------------------
    ("oneDNN #3543: each channel's own sums where its group's belong",
     [(KERNEL, "slab_dx", SCALE, """gamma ? gamma[row.channel] : 1.0, cells[slab],
               (gamma ? gamma[row.channel] : 1.0) * sum_dy[row.number] / (double)p->L,
               (gamma ? gamma[row.channel] : 1.0) * sum_dyx[row.number] / (double)p->L, p->L,""")]),
    ("mamba PR #547: means over all channels, not over the group",
     [(KERNEL, "slab_dx", "(double)partition_count(p, slab)", "(double)(p->block * p->C * p->L)")]),
    ("tt-metal #53204: mean(h) subtracted twice",
     [(KERNEL, "row_dx", "(scale * dy[l] - a)", "(scale * dy[l] - a - a)")]),
    ("tt-metal #53204: only the last share of mean(h xhat) survives",
     [(KERNEL, "slab_dx", "tree_push(&hx,", "hx = (TreeSum){.count = 0}, tree_push(&hx,")]),
    ("Knet.jl #288: gamma left out of dx",
     [(KERNEL, "slab_dx", "scale * sum_dy[row.number]", "sum_dy[row.number]"),
      (KERNEL, "slab_dx", "scale * sum_dyx[row.number]", "sum_dyx[row.number]"),
      (KERNEL, "slab_dx", SCALE, "1.0, cells[slab], a, b, p->L,")]),
    ("gamma left out of mean(h xhat) alone",
     [(KERNEL, "slab_dx", "scale * sum_dyx[row.number]", "sum_dyx[row.number]")]),
    ("gamma left out of mean(h xhat) alone, positions apart",
     [(KERNEL, "apart_products", "h[offset + l] * xhat", "dy[offset + l] * xhat")]),
    ("DeepSpeed PR #692: gamma by the place in its block, not by the channel",
     [(KERNEL, function, "gamma[row.channel]", "gamma[row.at - row.first]")
      for function in ("slab_dx", "slab_dx_fixed", "apart_products")]),
    ("statistics taken for constants",
     [(KERNEL, "slab_dx", MEANS, "double a = 0.0, b = 0.0; (void)count, (void)form;"),
      (KERNEL, "apart_dx", APART, "s.rstd * (h[offset + l] + 0.0 * xhat);")]),
    ("the mean taken for a constant",
     [(KERNEL, "slab_dx", MEANS, "double a = 0.0, b = tree_total(&hx) / count; (void)form;"),
      (KERNEL, "apart_dx", APART, "s.rstd * (h[offset + l] - xhat * b[first + l]);")]),
    ("the variance taken for a constant",
     [(KERNEL, "slab_dx", MEANS, "double a = form == STANDARD_CENTRED ? tree_total(&h) / count : 0.0, b = 0.0;"),
      (KERNEL, "apart_dx", APART, "s.rstd * (h[offset + l] - a[first + l] + 0.0 * xhat);")]),
    ("pytorch #586, xla #913: evaluation with training's backward",
     [(KERNEL, "backward", "if (out.dx && given)", "if (0)")]),
    ("FlagGems #5222: the saved 1/std read as a variance", other_rstd("1.0 / sqrt(cells->cell[i].rstd + f->context.norm->eps)")),
    ("chainer PR #4191: eps missing in the backward alone",
     other_rstd("f->fixed ? cells->cell[i].rstd : 1.0 / sqrt(1.0 / (cells->cell[i].rstd * cells->cell[i].rstd) - f->context.norm->eps)")),
    # ---- backward: gamma and beta ---------------------------------------------------------------------------------
    ("Paddle #54244, PR #34102: dgamma and dbeta forgotten where x wants no gradient",
     [(KERNEL, "backward", "reduce_rows(", "if (out.dx) reduce_rows(")]),
    ("Oneflow PR #10045: crash where gamma or beta is frozen",
     [(KERNEL, "reduce_rows", "out && c < p->C", "c < p->C")]),
    ("aprender PR #2200: gamma and beta cut off from the gradient",
     [(DEFINITION, "fused_backward", "dx[0], dx[1], dx[2],", "dx[0], NULL, NULL,")]),
    ("Oneflow PR #6149: dgamma and dbeta exchanged",
     [(DEFINITION, "fused_backward", "dx[0], dx[1], dx[2],", "dx[0], dx[2], dx[1],")]),
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
     [(KERNEL, "row_sums", "dy[l] * (((x[l] - s.shift) - s.offset) * s.rstd))", "dy[l] * x[l])"),
      (KERNEL, "row_sums", "*sum_dyx = tree_total(&second);", """*sum_dyx = tree_total(&second);
    if (!p->apart) *sum_dyx = (*sum_dyx - (cell->shift + cell->offset) * *sum_dy) * cell->rstd;""")]),
    # ---- backward: what is there already --------------------------------------------------------------------------
    ("mxnet #18499: dx overwritten where it should be added",
     [(KERNEL, "slab_dx", "out.keep_dx", "0.0"), (KERNEL, "slab_dx_fixed", "out.keep_dx", "0.0"),
      (KERNEL, "apart_dx", "out.keep_dx == 0.0 ? d : *dx + d", "d")]),
    ("mxnet #18499: dgamma and dbeta not written where they should be added",
     [(KERNEL, "reduce_rows", "out && c < p->C", "out && keep == 0.0 && c < p->C")]),
    ("dgamma and dbeta overwritten where they should be added",
     [(KERNEL, "reduce_rows", "keep == 0.0 ? sum : out[c] + sum", "sum")]),
    ("dx added where it should be overwritten",
     [(KERNEL, "slab_dx", "out.keep_dx", "1.0"), (KERNEL, "slab_dx_fixed", "out.keep_dx", "1.0"),
      (KERNEL, "apart_dx", "out.keep_dx == 0.0 ? d : *dx + d", "*dx + d")]),
    # ---- forward ----------------------------------------------------------------------------------------------------
    ("onnx #5466, mxnet #17139, Oneflow PR #4848: gamma and beta per group, consistently",
     [(KERNEL, function, "[row.channel]", f"[{FIRST_OF_SET.format('row.channel')}]")
      for function in ("forward", "slab_dx", "slab_dx_fixed", "apart_products")] +
     [(KERNEL, "reduce_rows", "double sum = sum_strided(sums + c, p->N, p->C);", """double sum = 0.0;
        for (size_t k = 0; k < p->C; k++)
            if (%s == c) sum += sum_strided(sums + k, p->N, p->C);""" % FIRST_OF_SET.format("k"))]),
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
    m.variance = tape_mul(t, m.variance, tape_leaf(t, SHAPE(partition_cells(p)), factor));
    return m;""")]),
    ("Synchronized-BatchNorm-PyTorch #43: sqrt(max(v, eps))",
     [(KERNEL, "standard_of", "weight * square + rest", "fmax(weight * square, rest)")]),
    ("the root forgotten", [(KERNEL, "standard_of", RSTD, "1.0 / all")]),
    ("pytorch #40302, Paddle #16654: variance as E[x^2] - mean^2",
     [(MOMENTS, "slab_moments_in", "if (m.offset * m.offset * count > m.m2 / 4.0)",
       "m = slab_moments_about(x, scale, 0.0, p, slab, count); if (0)"),
      (MOMENTS, "column_moments_in", "shift[j] += first[j] / count;", "shift[j] = 0.0;")]),
    ("pytorch #94288: y = (gamma rstd) x + (beta - mean gamma rstd)",
     [(KERNEL, "forward", "((in[l] - s.shift) - s.offset) * s.rstd * scale + bias",
       "in[l] * (s.rstd * scale) + (bias - (s.shift + s.offset) * (s.rstd * scale))")]),
    ("running moments used in training",
     [(DEFINITION, "fuse", "moments[context->mode]", "moments[NORM_EVAL]")]),
    ("xla #913 the other way: the batch's moments used in evaluation",
     [(DEFINITION, "fuse", "moments[context->mode]", "moments[NORM_TRAIN]")]),
]
