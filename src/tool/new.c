/* new: a normalizer, a network, a data set or an experiment of one's own, from a file that builds
 * and passes as it stands (template/ of src/norm, net, dataset, study), under another name. */
#include "tool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const size_t LARGEST_SOURCE = (size_t)1 << 20;

static const char *read_source(Arena *arena, const char *relative) {
    BaseError error = {.set = false};
    size_t length;
    const char *text =
        place_read(arena, place_home(arena, relative), LARGEST_SOURCE, &length, &error);
    die_if(&error);
    return text;
}

/* What is there already is never overwritten. */
static void write_source(Arena *arena, const char *relative, const char *text) {
    BaseError error = {.set = false};
    const char *path = place_home(arena, relative);
    if (access(path, F_OK) == 0) die(EX_CANTCREAT, "%s is there already", path);
    place_write(path, text, strlen(text), &error);
    die_if(&error);
}

static const char *renamed(Arena *arena, const char *text, const char *from,
                           const char *to) {
    Text out = text_new(arena);
    for (const char *at; (at = strstr(text, from)) != NULL; text = at + strlen(from))
        text_add(&out, "%.*s%s", (int)(at - text), text, to);
    text_add(&out, "%s", text);
    return out.data;
}

/* ---- one file and one line --------------------------------------------------------- */

/* The line comes last, so that the others keep their colours. Without it the file is
 * nothing, so it goes where the line cannot be written. */
static void add_line(Arena *arena, const char *list, const char *line, const char *file) {
    BaseError error = {.set = false};
    const char *lines = read_source(arena, list);
    if (strstr(lines, line))
        die(EX_CANTCREAT, "%s has the line '%.*s' already", list,
            (int)strcspn(line, "\n"), line);
    const char *text = text_print(arena, "%s%s", lines, line),
               *path = place_home(arena, list);
    if (place_write(path, text, strlen(text), &error)) {
        printf("%s\n%s: %s", place_home(arena, file), path, line);
        return;
    }
    unlink(place_home(arena, file));
    die_if(&error);
}

/* From a template whose own name is `own`, with a line MACRO(name). */
static void new_source(Arena *arena, const SourceKind *kind, const char *own,
                       const char *macro, const char *name) {
    want_source_name(arena, kind, name);
    const char *file = text_print(arena, "src/%s/%s.c", kind->layer, name),
               *list = text_print(arena, "src/%s/%s.def", kind->layer, kind->layer),
               *template = text_print(arena, "src/%s/template/%s.c", kind->layer, own);
    write_source(arena, file, renamed(arena, read_source(arena, template), own, name));
    add_line(arena, list, text_print(arena, "%s(%s)\n", macro, name), file);
    say("next: `normlab check %s`; notes/90-your-own-variant.md goes on from there",
        name);
}

static void new_norm(Arena *arena, const char *name) {
    new_source(arena, &source_norm, "variant", "NORM", name);
}

static void new_network(Arena *arena, const char *name) {
    new_source(arena, &source_network, "sketch", "NETWORK", name);
}

static void new_dataset(Arena *arena, const char *name) {
    want_dataset_name(arena, name);
    const char *stem = renamed(arena, name, "-", "_"),
               *file = text_print(arena, "src/dataset/%s.c", stem),
               *source = read_source(arena, "src/dataset/template/my_data.c");
    source = renamed(arena, renamed(arena, source, "my-data", name), "my_data", stem);
    write_source(arena, file, source);
    add_line(arena, "src/dataset/dataset.def", text_print(arena, "DATASET(%s)\n", stem),
             file);
    say("next: `normlab list datasets %s`", name);
}

/* ---- an experiment: one folder ---------------------------------------------------- */

static void new_experiment(Arena *arena, const char *name) {
    BaseError error = {.set = false};
    want_experiment_name(arena, name);
    const char *folder = text_print(arena, "experiments/%s", name),
               *source = read_source(arena, "src/study/template/run.c");
    place_folder(place_home(arena, folder), &error);
    die_if(&error);
    source = renamed(arena, source, "my-study", name);
    source = renamed(arena, source, "my_study", renamed(arena, name, "-", "_"));
    const char *file = text_print(arena, "%s/run.c", folder);
    write_source(arena, file, source);
    puts(place_home(arena, file));
    say("next: `normlab run %s --quick`", name);
}

/* ---- the command ----------------------------------------------------------------- */

typedef struct Thing {
    const char *name;
    void (*make)(Arena *arena, const char *name);
} Thing;

static int run_new(const Call *call) {
    static const Thing things[] = {{"norm", new_norm},
                                   {"network", new_network},
                                   {"dataset", new_dataset},
                                   {"experiment", new_experiment}};
    static const Choice templates = CHOICE(things);
    const size_t i = choice_find(&templates, call->word[0]);
    if (i == templates.count)
        die(EX_USAGE, "no template of '%s'%s; there are %s", call->word[0],
            choice_hint(call->arena, &templates, call->word[0]),
            choice_words(call->arena, &templates, ", "));
    want_checkout(call, "a new one is a source file");
    things[i].make(call->arena, call->word[1]);
    return EX_OK;
}

const Command command_new = {
    .name = "new",
    .usage = "norm|network|dataset|experiment NAME",
    .summary = "A commented source that builds and passes, for a normalizer, network, "
               "data set or experiment of your own",
    .least = 2,
    .most = 2,
    .run = run_new,
    .more = "norm NAME writes src/norm/NAME.c and adds its line to src/norm/norm.def; "
            "network NAME and\n"
            "dataset NAME do so in src/net and src/dataset; experiment NAME writes "
            "experiments/NAME/run.c. The next\n"
            "command builds what is new; it can be `normlab check NAME`. "
            "notes/90-your-own-variant.md goes through\n"
            "it, also without a checkout (--plugin).",
};
