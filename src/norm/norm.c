/* The registry, and specs turned into configured normalizers. */
#include "kind.h"

#include <math.h>
#include <string.h>

#define NORM(name) extern const NormKind norm_##name;
#include "norm.def"
#undef NORM

#define NORM(name) &norm_##name,
static const NormKind *const KINDS[] = {
#include "norm.def"
};
#undef NORM

const NormKind *const *norm_kinds(size_t *count) {
    *count = COUNT_OF(KINDS);
    return KINDS;
}

const char *norm_name(const NormKind *kind) {
    return kind->name;
}

const char *norm_usage(const NormKind *kind) {
    return kind->usage;
}

const char *norm_title(const NormKind *kind) {
    return kind->title;
}

const char *norm_example(const NormKind *kind) {
    return kind->example ? kind->example : kind->name;
}

bool norm_keeps_state(const Norm *norm) {
    return norm->states > 0;
}

const NormTwin *norm_twins(const Norm *norm) {
    return norm->kind->twins;
}

size_t norm_rank(const Norm *norm) {
    size_t rank = 0;
    while (KINDS[rank] != norm->kind) rank++;
    return rank;
}

/* ---- configuration --------------------------------------------------------------- */

static const NormKind *find_kind(Arena *arena, const Spec *spec, Error *error) {
    const char *names[COUNT_OF(KINDS)];
    Text known = text_new(arena);
    for (size_t i = 0; i < COUNT_OF(KINDS); i++) {
        if (strcmp(spec->word, KINDS[i]->name) == 0) return KINDS[i];
        names[i] = KINDS[i]->name;
        text_add(&known, "%s%s", i ? ", " : "", names[i]);
    }
    if (strcmp(spec->word, "chain") == 0) {
        fail(error, EX_USAGE, spec->at, "normalizers cannot be chained; there are %s",
             known.data);
        return NULL;
    }
    fail(error, EX_USAGE, spec->at, "no normalizer '%s'%s; there are %s", spec->word,
         text_hint(arena, spec->word, names, COUNT_OF(names)), known.data);
    return NULL;
}

/* Canonical arguments are separated by commas, the kind's own first. */
static void add_option(Text *canonical, const char *text) {
    text_add(canonical, "%s%s", canonical->length ? ", " : "", text);
}

typedef struct Affine {
    bool gamma, beta;
} Affine;

/* eps=, gamma=, beta=, weight_new=: understood by every normalizer that has the thing. */
static bool read_common(Arena *arena, Norm *norm, Affine *affine, Arguments *arguments,
                        Text *canonical, Error *error) {
    const SpecArg *argument;
    if (!norm->kind->fixed && (argument = arguments_named(arguments, "eps"))) {
        if (!argument_number(argument, "eps", 1e-300, 1e300, &norm->eps, error))
            return false;
        if (norm->eps != 1e-5)
            add_option(canonical,
                       text_print(arena, "eps=%s", text_number(arena, norm->eps)));
    }
    if (norm->kind->keeps_state &&
        (argument = arguments_named(arguments, "weight_new"))) {
        if (!argument_number(argument, "weight_new", 0.0, 1.0, &norm->weight_new, error))
            return false;
        if (norm->weight_new != 0.1)
            add_option(canonical, text_print(arena, "weight_new=%s",
                                             text_number(arena, norm->weight_new)));
    }
    if ((argument = arguments_named(arguments, "gamma"))) {
        if (!argument_switch(argument, "gamma", &affine->gamma, error)) return false;
        if (!affine->gamma) add_option(canonical, "gamma=no");
    }
    if ((argument = arguments_named(arguments, "beta"))) {
        if (!argument_switch(argument, "beta", &affine->beta, error)) return false;
        if (!affine->beta) add_option(canonical, "beta=no");
    }
    return true;
}

/* All the named options of a kind, for messages. */
static const char *const *known_options(Arena *arena, const NormKind *kind) {
    const char **all = ZERO(arena, const char *, 16);
    size_t count = 0;
    for (const char *const *own = kind->options; own && *own; own++) all[count++] = *own;
    if (!kind->fixed) all[count++] = "eps";
    if (kind->keeps_state) all[count++] = "weight_new";
    all[count++] = "gamma";
    all[count++] = "beta";
    return all;
}

static void declare(Norm *norm, Affine affine) {
    size_t C = norm->channels;
    NormParam gamma = {"gamma", C, 1.0, true, -INFINITY, INFINITY};
    NormParam beta = {"beta", C, 0.0, true, -INFINITY, INFINITY};
    if (affine.gamma) norm->param[norm->params++] = gamma;
    if (affine.beta) norm->param[norm->params++] = beta;
    if (norm->kind->keeps_state) {
        norm->state[norm->states++] = (NormState){"running_mean", C, 0.0};
        norm->state[norm->states++] = (NormState){"running_var", C, 1.0};
    }
    if (norm->kind->declare) norm->kind->declare(norm);
}

const Norm *norm_new(Arena *arena, const char *text, size_t channels, Error *error) {
    const Spec *spec = spec_parse(arena, text, error);
    if (spec == NULL) return NULL;
    const NormKind *kind = find_kind(arena, spec, error);
    if (kind == NULL) return NULL;
    Norm *norm = ZERO(arena, Norm, 1);
    norm->kind = kind;
    norm->channels = channels;
    norm->eps = 1e-5;
    norm->weight_new = 0.1;
    norm->width = kind->width;
    norm->block = kind->block;
    Arguments arguments = arguments_of(arena, spec);
    Text canonical = text_new(arena);
    Affine affine = {true, true};
    if (kind->configure && !kind->configure(arena, norm, &arguments, &canonical, error))
        return NULL;
    if (!read_common(arena, norm, &affine, &arguments, &canonical, error)) return NULL;
    if (!arguments_done(&arguments, known_options(arena, kind), error)) return NULL;
    norm->spec = canonical.length
                     ? text_print(arena, "%s(%s)", kind->name, canonical.data)
                     : kind->name;
    declare(norm, affine);
    return norm;
}

/* ---- running --------------------------------------------------------------------- */

Node *norm_define(const NormContext *context, Node *x) {
    const NormKind *kind = context->norm->kind;
    return kind->define ? kind->define(context, x) : partitioned_define(context, x);
}

Node *norm_apply(const NormContext *context, Node *x) {
    const NormKind *kind = context->norm->kind;
    if (kind->apply) return kind->apply(context, x);
    return kind->define ? kind->define(context, x) : partitioned_apply(context, x);
}

/* ---- geometry -------------------------------------------------------------------- */

/* Given moments, like the affine alone, are per channel: batch's partition. */
static bool per_channel(const Norm *norm, NormMode mode) {
    return norm->kind->fixed || (norm->kind->keeps_state && mode == NORM_EVAL);
}

const Partition *norm_partition(Arena *arena, const Norm *norm, Lattice x,
                                NormMode mode) {
    if (per_channel(norm, mode)) return partition_blocks(arena, x, x.N, 1, false);
    return partition_blocks(arena, x, norm->block ? norm->block : x.N,
                            norm->width ? norm->width : x.C, norm->kind->apart);
}

bool norm_fits(Arena *arena, const Norm *norm, Lattice x, NormMode mode, Error *error) {
    if (x.C != norm->channels)
        return fail(error, EX_DATAERR, 0, "%s is configured for %zu channels, not %zu",
                    norm->spec, norm->channels, x.C);
    if (per_channel(norm, mode) || norm->block == 0 || x.N % norm->block == 0)
        return true;
    return fail(
        error, EX_USAGE, 0,
        "%s: blocks of %zu samples do not divide a batch of %zu; those that do: %s",
        norm->spec, norm->block, x.N, divisors_text(arena, x.N));
}

size_t norm_smallest_cell(Arena *arena, const Norm *norm, Lattice x, NormMode mode) {
    if (per_channel(norm, mode)) return SIZE_MAX;
    return partition_smallest(norm_partition(arena, norm, x, mode));
}

bool norm_standardizes(Arena *arena, const Norm *norm, Lattice x, NormMode mode,
                       Error *error) {
    if (norm_smallest_cell(arena, norm, x, mode) > 1) return true;
    const char *more = norm->kind->keeps_state         ? "more samples in a cell would do"
                       : x.C == 1 && norm->kind->apart ? "more channels would do"
                       : x.C == 1
                           ? "more positions would do"
                           : text_print(arena, "more channels in a cell would do: %s",
                                        divisors_text(arena, x.C) + strlen("1, "));
    return fail(error, EX_USAGE, 0,
                "%s has cells of one element on [%zu, %zu, %zu positions], so its output "
                "would be beta"
                " whatever its input; %s",
                norm->spec, x.N, x.C, x.L, more);
}
