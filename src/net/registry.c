/* The registry of networks, and their specs read: options are a table, as are normalizers'. */
#include "internal.h"

#include "arguments.h"
#include "kind.h"

#define NETWORK(name) extern const NetKind net_##name;
#include "net.def"
#undef NETWORK

#define NETWORK(name) &net_##name,
static const NetKind *const KINDS[] = {
#include "net.def"
};
#undef NETWORK

const NetKind *const *net_kinds(size_t *count) {
    *count = COUNT_OF(KINDS);
    return KINDS;
}

const char *net_name(const NetKind *kind) {
    return kind->name;
}

const char *net_usage(const NetKind *kind) {
    return kind->usage;
}

const char *net_title(const NetKind *kind) {
    return kind->title;
}

const char *net_example(const NetKind *kind) {
    return kind->example;
}

NetReads net_reads(const NetKind *kind) {
    return kind->reads;
}

/* ---- a spec ---------------------------------------------------------------------- */

static const Choice NAMES = {
    .table = KINDS, .count = COUNT_OF(KINDS), .stride = sizeof *KINDS, .pointers = true};

static const NetKind *find_kind(Arena *arena, const Spec *spec, BaseError *error) {
    const size_t i = choice_find(&NAMES, spec->word);
    if (i < NAMES.count) return KINDS[i];
    base_fail(error, EX_USAGE, spec->at, "no network '%s'%s; there are %s", spec->word,
              choice_hint(arena, &NAMES, spec->word),
              choice_words(arena, &NAMES, " and "));
    return NULL;
}

static bool read_number(const NetOption *option, const SpecArg *argument, size_t *value,
                        BaseError *error) {
    const size_t at = argument->value->at, least = option->least ? option->least : 1;
    if (!spec_count(argument, option->name, value, error)) return false;
    if (*value > option->most)
        return base_fail(error, EX_USAGE, at, "%s should be at most %zu, not %zu",
                         option->name, option->most, *value);
    if (option->step && (*value < least || (*value - least) % option->step != 0))
        return base_fail(error, EX_USAGE, at, "%s should be %s, not %zu", option->name,
                         option->expected, *value);
    if (*value < least)
        return base_fail(error, EX_USAGE, at, "%s should be at least %zu, not %zu",
                         option->name, least, *value);
    return true;
}

static bool read_option(const NetOption *option, SpecArguments *arguments, size_t *value,
                        BaseError *error) {
    *value = option->initial;
    if (option->word)
        return norm_read_choice(arguments, option->name, option->word, value, error);
    const SpecArg *argument = spec_named(arguments, option->name);
    if (argument && !read_number(option, argument, value, error)) return false;
    if (option->said || *value != option->initial)
        spec_say(arguments, "%s=%zu", option->name, *value);
    return true;
}

bool net_read(Arena *arena, Net *net, const char *text, BaseError *error) {
    const char *known[NET_MOST_OPTIONS + 2];
    size_t count = 0;
    const Spec *spec = spec_parse(arena, text, error);
    if (spec && net->kind == NULL) net->kind = find_kind(arena, spec, error);
    if (spec == NULL || net->kind == NULL) return false;
    SpecArguments arguments = arguments_of(arena, spec);
    for (const NetOption *o = net->kind->options; o && o->name; o++, count++) {
        REQUIRE(count < NET_MOST_OPTIONS, "%s has too many options", net->kind->name);
        known[count] = o->name;
        if (!read_option(o, &arguments, &net->option[count], error)) return false;
    }
    known[count++] = "weights";
    known[count] = NULL;
    if (!weights_read(net, &arguments, error) ||
        !arguments_done(&arguments, known, error))
        return false;
    net->spec = *arguments.canonical
                    ? text_print(arena, "%s(%s)", net->kind->name, arguments.canonical)
                    : net->kind->name;
    return true;
}

const char *net_canonical(Arena *arena, const char *text, BaseError *error) {
    Net net = {.spec = NULL};
    return net_read(arena, &net, text, error) ? net.spec : NULL;
}
