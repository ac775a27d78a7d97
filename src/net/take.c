/* Weights and state that come from elsewhere, by the names of their places. */
#include "internal.h"
#include "text.h"

#include <string.h>

/* A place of this network on its way to its numbers. */
typedef struct Take {
    const NetTensor *from;
    size_t count;
    NetTaken *taken;
    Text lines; /* what was taken: name, shape and digest of each */
    BaseError *error;
} Take;

static const NetTensor *find(const Take *take, const char *name, bool state) {
    for (size_t i = 0; i < take->count; i++)
        if (take->from[i].state == state && strcmp(take->from[i].name, name) == 0)
            return &take->from[i];
    return NULL;
}

/* to[shape]; NULL: nobody wants them now. Where there is none of the name, by the other (NULL: it has none). */
static bool take_tensor(Take *take, double *to, const char *name, const char *other,
                        Shape shape, bool state) {
    Arena *arena = take->lines.arena;
    const NetTensor *from = find(take, name, state);
    if (from == NULL && other) from = find(take, other, state);
    NetTaken *taken = take->taken;
    char digest[DIGEST_LENGTH + 1];
    if (from == NULL) {
        taken->lacking =
            taken->lacks++ ? text_print(arena, "%s, %s", taken->lacking, name) : name;
        return true;
    }
    if (!shape_equal(from->shape, shape))
        return base_fail(take->error, EX_DATAERR, 0, "'%s' is %s there, and %s here",
                         name, shape_text(arena, from->shape), shape_text(arena, shape));
    const size_t bytes = shape_count(shape) * sizeof *to;
    if (to && bytes) memcpy(to, from->value, bytes);
    digest_bytes(digest, from->value, bytes);
    text_add(&take->lines, "%s%s %s %s\n", state ? "state " : "", name,
             shape_text(arena, shape), digest);
    taken->count++;
    return true;
}

/* What a normalizer of one part keeps is the part's, which has it under this name where it stands
 * alone: frozen(batch) begins with the moments of batch. NULL: it is no such. */
static const char *name_alone(Arena *arena, const NetNorm *place, const char *own) {
    static const char FIRST[] = "part1.";
    const size_t length = strlen(FIRST);
    return place->norm->parts == 1 && strncmp(own, FIRST, length) == 0
               ? text_print(arena, "%s.%s", place->name, own + length)
               : NULL;
}

static bool take_state(Take *take, double *state, const NetNorm *part) {
    double *to = state ? state + part->state : NULL;
    for (size_t s = 0; s < part->norm->states; s++) {
        const NormState *own = &part->norm->state[s];
        const char *name = text_print(take->lines.arena, "%s.%s", part->name, own->name);
        const char *alone = name_alone(take->lines.arena, part, own->name);
        if (!take_tensor(take, to, name, alone, SHAPE_OF(own->count), true)) return false;
        to += to ? own->count : 0;
    }
    return true;
}

bool net_take(Arena *arena, const Net *net, double *weights, double *state,
              const NetTensor *from, size_t count, NetTaken *taken, BaseError *error) {
    *taken = (NetTaken){.lacking = ""};
    Take take = {from, count, taken, text_new(arena), error};
    for (size_t i = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        double *to = weights ? weights + p->offset : NULL;
        if (!take_tensor(&take, to, p->name, NULL, p->shape, false)) return false;
    }
    for (size_t n = 0; n < net->norms; n++)
        if (!take_state(&take, state, &net->norm[n])) return false;
    digest_bytes(taken->sha256, take.lines.data, take.lines.length);
    return true;
}
