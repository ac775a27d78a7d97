/* What the full recipes share of studies that train classifiers: the protocol P1 of claims.txt for
 * three seeds, whose arms beat softmax regression. Network, normalizers, batch, rate and decay are
 * each study's own. */
#ifndef NORMLAB_RECIPES_H
#define NORMLAB_RECIPES_H

#define RECIPE_P1                                                                        \
    "dataset=fashion-mnist", "images=5000", "split=seed", "seed=1,2,3", "epochs=20",     \
        "reference=32", "schedule=cosine", "validate=5", "flip=yes", "shift=1"

#endif
