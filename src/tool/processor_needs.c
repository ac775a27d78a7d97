/* What the compiler may use in this program: in a file of its own, for it is compiled as all others
 * are, and processor.c is not. */
#include "processor.h"

/* 1 of a macro that is 1, 0 of one that is not there. */
#define BEHIND_1                   0,
#define SECOND(first, second, ...) second
#define PICK(...)                  SECOND(__VA_ARGS__)
#define IS_ONE(value)              PICK(BEHIND_##value 1, 0, 0)

enum Place {
#define FEATURE(macro, name) AT##macro,
#include "processor.def"
#undef FEATURE
    PLACES
};
_Static_assert(PLACES <= 64, "a bit for each");

#define BIT(value, place)    | (unsigned long long)IS_ONE(value) << (place)
#define FEATURE(macro, name) BIT(macro, AT##macro)
const unsigned long long processor_needs = 0
#include "processor.def"
    ;
