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
    say("next: `normlab check %s`; notes/%s.md goes on from there", name,
        kind == &source_norm ? "90-your-own-variant" : "91-your-own-study");
}

/* Where the user stands: nothing has to be built for it. */
static void new_equation(Arena *arena, const char *name) {
    BaseError error = {.set = false};
    const char *file = text_print(arena, "%s.norm", name),
               *text = renamed(arena, norm_template(), "variant", name);
    kind_name_is_free(name, &error);
    if (!error.set && access(file, F_OK) == 0)
        base_fail(&error, EX_CANTCREAT, 0, "%s is there already", file);
    if (!error.set)
        norm_register_text(file, text, &error); /* is the name one of a text */
    if (!error.set) place_write(file, text, strlen(text), &error);
    die_if(&error);
    puts(file);
    say("next: `normlab check %s --norms %s`; notes/90-your-own-variant.md goes on from "
        "there",
        name, file);
}

static void new_norm(const Call *call, const char *name) {
    Arena *arena = call->arena;
    if (call_option(call, "--c") == NULL) {
        new_equation(arena, name);
        return;
    }
    want_checkout(call, "a new one in C is a source file");
    new_source(arena, &source_norm, "variant", "NORM", name);
}

static void new_network(const Call *call, const char *name) {
    Arena *arena = call->arena;
    want_checkout(call, "a new one is a source file");
    new_source(arena, &source_network, "sketch", "NETWORK", name);
}

static void new_dataset(const Call *call, const char *name) {
    Arena *arena = call->arena;
    want_checkout(call, "a new one is a source file");
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

static void new_experiment(const Call *call, const char *name) {
    Arena *arena = call->arena;
    want_checkout(call, "a new one is a source file");
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
    void (*make)(const Call *call, const char *name);
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
    if (i > 0 && call_option(call, "--c"))
        die(EX_USAGE, "--c is of `normlab new norm`: a %s is a source in any case",
            call->word[0]);
    things[i].make(call, call->word[1]);
    return EX_OK;
}

const Command command_new = {
    .name = "new",
    .usage = "norm|network|dataset|experiment NAME",
    .summary = "A commented source that passes as it stands, for a normalizer, network, "
               "data set or experiment of your own",
    .least = 2,
    .most = 2,
    .run = run_new,
    .options = (const Option[]){{"--c", NULL,
                                 "norm NAME in C: src/norm/NAME.c and its line in "
                                 "src/norm/norm.def"},
                                {NULL, NULL, NULL}},
    .more = "norm NAME writes NAME.norm, an equation in text, where you stand: --norms "
            "NAME.norm brings it to\n"
            "every command. What is C is built by the next command, which can be "
            "`normlab check NAME`: network NAME\n"
            "and dataset NAME write a file and a line of src/net and src/dataset, "
            "experiment NAME experiments/NAME/run.c.\n"
            "notes/90-your-own-variant.md and notes/91-your-own-study.md go through all "
            "of it, also without a checkout.",
};
