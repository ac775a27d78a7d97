/* The classifiers that detectors begin with, as `key`, `value` after each other: what the experiment
 * backbone trains, and where the experiment detection looks for it. */
#ifndef NORMLAB_BACKBONE_RECIPE_H
#define NORMLAB_BACKBONE_RECIPE_H

#define BACKBONE(set)                                                                    \
    set("dataset", "cutouts") set("network", "resnet(depth=8, width=16, stem_stride=2)") \
        set("epochs", "12") set("optimizer", "adamw") set("rate", "0.004")               \
            set("reference", "16") set("schedule", "cosine") set("decay", "0.05")        \
                set("flip", "yes") set("shift", "2") set("validate", "4")                \
                    set("weights", "yes")

/* As a recipe's words. */
#define BACKBONE_WORD(key, value) key "=" value,

#endif
