/* The next symbol from the four before it. */
#include "ngram.h"

static void fit(Gate *gate, Arena *arena) {
    ngram_fit(gate, arena, 5);
}

const GateKind gate_fivegram = {.name = "fivegram",
                                .title = "a 5-gram of the training text",
                                .fits = ngram_fits,
                                .fit = fit,
                                .tell = ngram_tell};
