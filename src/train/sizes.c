/* Sizes in which images train: as text, and what a worker is given in a step. notes/40-workers.md */
#include "arguments.h"
#include "internal.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

/* ---- text ------------------------------------------------------------------------ */

static bool read_side(Arena *arena, const char *text, size_t length, size_t *side) {
    return text_to_count(text_copy(arena, text, length), side) && *side > 0;
}

bool size_read(Arena *arena, const char *text, ImageSize *size, BaseError *error) {
    const size_t cross = strcspn(text, "x");
    return (text[cross] != '\0' && read_side(arena, text, cross, &size->height) &&
            read_side(arena, text + cross + 1, strlen(text + cross + 1), &size->width)) ||
           base_fail(error, EX_USAGE, 0, "HEIGHTxWIDTH is expected, 28x28");
}

const char *size_print(Arena *arena, ImageSize size) {
    return text_print(arena, "%zux%zu", size.height, size.width);
}

static int by_area(const void *a, const void *b) {
    const ImageSize *left = a, *right = b;
    const size_t one = left->height * left->width, two = right->height * right->width;
    if (one != two) return one < two ? -1 : 1;
    return (left->height > right->height) - (left->height < right->height);
}

enum { OWN, MIX, ALTERNATE, FORMS };

static const char *const FORM[FORMS] = {"own", "mix", "alternate"};

/* Their order says nothing; one that is there twice comes twice as often. */
static bool read_several(const Spec *spec, Arena *arena, Sizes *sizes, BaseError *error) {
    SpecArguments arguments = arguments_of(arena, spec);
    const SpecArg *a;
    while (sizes->count < SIZES_MOST && (a = spec_positional(&arguments))) {
        BaseError own = {.set = false};
        if (a->value->count > 0 ||
            !size_read(arena, a->value->word, &sizes->size[sizes->count++], &own))
            return base_fail(error, EX_USAGE, a->at, "HEIGHTxWIDTH is expected, 28x28");
    }
    if (sizes->count < 2 || (a = spec_positional(&arguments)))
        return base_fail(error, EX_USAGE, spec->at, "%s of 2 to %d sizes is expected",
                         spec->word, SIZES_MOST);
    qsort(sizes->size, sizes->count, sizeof *sizes->size, by_area);
    return arguments_done(&arguments, (const char *const[]){NULL}, error);
}

bool sizes_read(Sizes *sizes, Arena *arena, const char *text, BaseError *error) {
    static const Choice forms = CHOICE(FORM);
    const Spec *spec = spec_parse(arena, text, error);
    if (spec == NULL) return false;
    const size_t form = choice_find(&forms, spec->word);
    *sizes = (Sizes){.count = 0, .alike = form == ALTERNATE};
    if (form == MIX || form == ALTERNATE) return read_several(spec, arena, sizes, error);
    BaseError own = {.set = false};
    if (spec->count == 0 && form == OWN) return true;
    sizes->count = 1;
    return (spec->count == 0 && size_read(arena, spec->word, sizes->size, &own)) ||
           base_fail(error, EX_USAGE, spec->at,
                     "own, HEIGHTxWIDTH, mix(28x28, ...) or alternate(28x28, ...) is "
                     "expected%s",
                     choice_hint(arena, &forms, spec->word));
}

const char *sizes_print(const Sizes *sizes, Arena *arena) {
    if (sizes->count == 0) return FORM[OWN];
    if (sizes->count == 1) return size_print(arena, sizes->size[0]);
    Text out = text_new(arena);
    for (size_t i = 0; i < sizes->count; i++)
        text_add(&out, "%s%s", i ? ", " : "", size_print(arena, sizes->size[i]));
    return text_print(arena, "%s(%s)", FORM[sizes->alike ? ALTERNATE : MIX], out.data);
}

/* ---- what a worker is given -------------------------------------------------------- */

static bool fill(Sized *to, const Trainer *t, ImageSize size, BaseError *error) {
    to->dataset = dataset_resized(t->arena, t->dataset, size.height, size.width, error);
    to->net = to->dataset ? net_for(t, to->dataset, error) : NULL;
    return to->net && net_alike(t->arena, t->net, to->net, error);
}

const Sized *sized_new(const Trainer *t, BaseError *error) {
    const Sizes *sizes = &t->config.sizes;
    Sized *sized = TAKE(t->arena, Sized, sizes->count + 1);
    for (size_t i = 0; i < sizes->count; i++) {
        BaseError own = {.set = false};
        if (fill(&sized[i], t, sizes->size[i], &own)) continue;
        base_fail(error, own.code, 0, "sizes=%s: %s",
                  size_print(t->arena, sizes->size[i]), own.message);
        return NULL;
    }
    return sized;
}

/* Of one size, drawn for the worker, or alike for all workers of the step. */
Sized sized_of(const Trainer *t, size_t epoch, size_t step, size_t worker) {
    const Sizes *sizes = &t->config.sizes;
    if (sizes->count == 0) return (Sized){t->dataset, t->net};
    const Draw draw = {t->config.seed, DRAW_SIZES, epoch, step};
    return t->sized[draw_below(draw, sizes->alike ? 0 : worker, sizes->count)];
}
