/* Which weights stand right before a normalizer: what it sees is linear in them, so that what it makes
 * of its cells' moments does not ask for their length. */
#include "internal.h"
#include "op.h"

#include <string.h>

static bool is_op(const TapeNode *x, const char *name) {
    return x->op && strncmp(x->op->name, name, strlen(name)) == 0;
}

/* Below what moves numbers and changes none. */
static const TapeNode *unmoved(const TapeNode *x) {
    while (is_op(x, "reshape") || is_op(x, "permute") || is_op(x, "broadcast"))
        x = x->in[0];
    return x;
}

/* The parameter that a node is; NULL: none. */
static NetParam *param_of(const Declared *d, const TapeNode *x) {
    for (size_t i = 0; i < d->leaves; i++)
        if (d->leaf[i].node == x) return &d->net->param[d->leaf[i].param];
    return NULL;
}

void layers_keep_leaf(Declared *d, const TapeNode *node, size_t param) {
    d->leaf = layers_room(d->arena, d->leaf, d->leaves, &d->leaf_room, sizeof *d->leaf);
    d->leaf[d->leaves++] = (DeclaredLeaf){node, param};
}

void layers_note_before(Declared *d, const TapeNode *x) {
    x = unmoved(x);
    if (is_op(x, "add") && x->arity == 2 && param_of(d, unmoved(x->in[1])))
        x = unmoved(x->in[0]); /* a bias */
    if (!is_op(x, "conv2d") && !is_op(x, "matmul")) return;
    NetParam *weight = param_of(d, unmoved(x->in[1]));
    if (weight) weight->before_norm = d->net->norms + 1;
}
