/* What recipes share: RECIPE_P1 the full ones of studies that train classifiers, the protocol P1 of
 * claims.txt for three seeds, whose arms beat softmax regression (network, normalizers, batch, rate
 * and decay are each study's own); RECIPE_QUICK how the quick ones learn;
 * RECIPE_PLAIN the network of those that look inside. */
#ifndef NORMLAB_RECIPES_H
#define NORMLAB_RECIPES_H

#define RECIPE_P1                                                                        \
    "dataset=fashion-mnist", "images=5000", "split=seed", "seed=1,2,3", "epochs=20",     \
        "reference=32", "schedule=cosine", "validate=5", "flip=yes", "shift=1"

#define RECIPE_QUICK                                                                     \
    "rate=0.1", "reference=32", "schedule=cosine", "decay=0.0001", "shift=1", "flip=yes"

/* A network without shortcuts, looked into every 25 steps: lines along the gradient, gradients as the
 * layers before step, and where what is normalized lies. */
#define RECIPE_PLAIN                                                                     \
    "network=plain(depth=8, width=8, stem_stride=2)", "protocol=statistics",             \
        "samples=32", "batch=32", "rate=0.05", "decay=0.0001",                           \
        "probes=moments+lines+covariates", "probe_every=25"

#endif
