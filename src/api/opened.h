/* opened: what the files of api share, and nobody else sees. */
#ifndef NORMLAB_OPENED_H
#define NORMLAB_OPENED_H

#include "house.h"
#include "normlab.h"
#include "step.h"

/* Memory of the call before, for the next one: whoever finds it has it. */
typedef struct Spare Spare;

struct NormlabNorm {
    Arena *arena; /* all of it */
    const Norm *norm;
    NormlabArray *param, *state; /* [norm->params], [norm->states] */
    Spare *spare;
};

Arena *spare_take(const NormlabNorm *norm);
void spare_give(const NormlabNorm *norm, Arena *arena);

/* Work that ends in success or in a BaseError, which becomes the caller's *error: a mistake of
 * its own, out of memory, whatever the library holds for impossible. `text`: the spec into
 * which `at` points; NULL: none. */
typedef void ApiWork(void *context, BaseError *error);
int api_guard(ApiWork *work, void *context, const char *text, NormlabError *error);

#endif
