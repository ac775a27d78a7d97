/* arguments: for who owns the words of specs: lists of specs, and readers of arguments that end
 * with what was not read. */
#ifndef NORMLAB_ARGUMENTS_H
#define NORMLAB_ARGUMENTS_H

#include "spec.h"
#include "text.h"

/* For file names and test names: "blend(batch, group(8))" -> "blend-batch-group-8". */
const char *spec_slug(Arena *arena, const char *text);

/* The text split on commas at depth 0, blanks trimmed; *count >= 1 (an empty text is one
 * empty item). */
const char **spec_list(Arena *arena, const char *text, size_t *count);

/* The spec, with the argument whose key is the one placeholder of `usage` in its place:
 * group(G=8) is group(8) where usage begins "group(G". As it is where it has no such. */
const Spec *spec_placed(Arena *arena, const Spec *spec, const char *usage);

SpecArguments arguments_of(Arena *arena, const Spec *spec);

/* One of these words; false and *error at the argument's place. */
bool argument_choice(Arena *arena, const SpecArg *argument, const char *what,
                     const Choice *words, size_t *place, BaseError *error);

/* Before they are read: a name that is neither an option nor the placeholder of `usage` (NULL:
 * it has none) is an error, whatever else is missing. */
bool arguments_known(const SpecArguments *arguments, const char *usage,
                     const char *const *options, const OtherName *others,
                     BaseError *error);

/* The first argument nobody used is an error that lists what there is. */
bool arguments_done(const SpecArguments *arguments, const char *const *options,
                    BaseError *error);

/* "1, 2, 4, 8, 16" */
const char *divisors_text(Arena *arena, size_t number);

#endif
