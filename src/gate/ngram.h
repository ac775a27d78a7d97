/* ngram: what the gates of task predict share (ngram.c). */
#ifndef NORMLAB_NGRAM_H
#define NORMLAB_NGRAM_H

#include "gate.h"

enum { NGRAM_MOST = 5 };

bool ngram_fits(const Task *task, const Dataset *data);
/* From `order` - 1 symbols, at most NGRAM_MOST - 1. */
void ngram_fit(Gate *gate, Arena *arena, size_t order);
void ngram_tell(const Gate *gate, Tape *tape, const GateAsked *asked, TapeNode **out);

#endif
