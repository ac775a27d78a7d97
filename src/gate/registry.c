/* Which gates there are, and which fit. */
#include "gate.h"
#include "house.h"

#include <string.h>

#define GATE(name) extern const GateKind gate_##name;
#include "gate.def"
#undef GATE

static const GateKind *const KINDS[] = {
#define GATE(name) &gate_##name,
#include "gate.def"
#undef GATE
};

size_t gate_fitting(const GateKind *kind[GATE_MOST], const Task *task,
                    const Dataset *data) {
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(KINDS); i++) {
        if (!KINDS[i]->fits(task, data)) continue;
        REQUIRE(count < GATE_MOST, "more than %d gates fit", GATE_MOST);
        kind[count++] = KINDS[i];
    }
    return count;
}

const GateKind *gate_find(const char *name) {
    for (size_t i = 0; i < COUNT_OF(KINDS); i++)
        if (strcmp(KINDS[i]->name, name) == 0) return KINDS[i];
    return NULL;
}
