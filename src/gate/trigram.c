/* The next symbol from the two before it. */
#include "ngram.h"

static void fit(Gate *gate, Arena *arena) {
    ngram_fit(gate, arena, 3);
}

const GateKind gate_trigram = {.name = "trigram",
                               .title = "a 3-gram of the training text",
                               .fits = ngram_fits,
                               .fit = fit,
                               .tell = ngram_tell};
