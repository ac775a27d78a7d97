/* What recipes share: RECIPE_P1 the full ones of studies that train classifiers, the protocol P1 of
 * claims.txt for three seeds, whose arms beat softmax regression (network, normalizers, batch, rate
 * and decay are each study's own); RECIPE_QUICK how the quick ones learn. */
#ifndef NORMLAB_RECIPES_H
#define NORMLAB_RECIPES_H

#define RECIPE_P1                                                                        \
    "dataset=fashion-mnist", "images=5000", "split=seed", "seed=1,2,3", "epochs=20",     \
        "reference=32", "schedule=cosine", "validate=5", "flip=yes", "shift=1"

#define RECIPE_QUICK                                                                     \
    "rate=0.1", "reference=32", "schedule=cosine", "decay=0.0001", "shift=1", "flip=yes"

#endif
