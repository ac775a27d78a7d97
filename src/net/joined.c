/* Where residual branches join what passes them by, for who looks into a network. */
#include "internal.h"

/* What passes by may be the sum of the branch before. */
static void declare_branch(Layers *l, const char *name, const TapeNode *skip) {
    Declared *d = l->declared;
    Net *net = d->net;
    const bool goes_on = net->branches > 0 && skip == l->sum;
    const NetBranch branch = {.name = layers_full_name(l, d->arena, name),
                              .shape = skip->shape,
                              .terms =
                                  goes_on ? net->branch[net->branches - 1].terms + 1 : 2};
    net->branch = layers_room(d->arena, net->branch, net->branches, &d->branch_room,
                              sizeof *net->branch);
    net->branch[net->branches++] = branch;
}

static void show(const Layers *l, NetWatch *watch, const char *name, TapeNode *skip,
                 TapeNode *branch) {
    VERIFY(layers_is_part(l, name, l->net->branch[l->branches].name),
           "%s%s was declared as %s", l->within, name, l->net->branch[l->branches].name);
    (void)name;
    *watch = (NetWatch){skip, branch, layers_mask(l, shape_lattice(skip->shape))};
}

TapeNode *layer_join(Layers *l, const char *name, TapeNode *skip, TapeNode *branch,
                     LayerActivation *activate) {
    if (l->declared)
        declare_branch(l, name, skip);
    else if (l->pass->watch_branch)
        show(l, &l->pass->watch_branch[l->branches], name, skip, branch);
    l->branches++;
    TapeNode *y = activate == tape_relu ? tape_add_relu(l->tape, skip, branch)
                                        : tape_add(l->tape, skip, branch);
    if (activate && activate != tape_relu) y = activate(l->tape, y);
    l->sum = y;
    return y;
}
