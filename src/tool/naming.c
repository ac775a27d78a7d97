/* What something new may not be called: whatever C, this program or its files call so already. */
#include "tool.h"

#include <dirent.h>
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_FOLDER = 48 };

/* ---- words that are taken ----------------------------------------------------------- */

static const char *const FUNCTIONS[] = {
#define FUNCTION(name) #name,
#define WORD(name)
#include "words.def"
#undef FUNCTION
#undef WORD
};

static const char *const WORDS[] = {
#define FUNCTION(name)
#define WORD(name) #name,
#include "words.def"
#undef FUNCTION
#undef WORD
};

/* Keywords, macros of the standard headers, and the one function that no library has. */
static const char *const OF_C[] = {
    "alignas",    "alignof",   "and",      "asm",           "assert",
    "auto",       "bool",      "break",    "case",          "char",
    "complex",    "const",     "continue", "default",       "do",
    "double",     "else",      "enum",     "errno",         "extern",
    "false",      "float",     "for",      "fortran",       "goto",
    "if",         "imaginary", "inline",   "int",           "isfinite",
    "isinf",      "isnan",     "isnormal", "linux",         "long",
    "main",       "noreturn",  "not",      "null",          "offsetof",
    "or",         "register",  "restrict", "return",        "short",
    "signbit",    "signed",    "sizeof",   "static",        "stderr",
    "stdin",      "stdout",    "struct",   "switch",        "true",
    "typedef",    "typeof",    "union",    "unix",          "unsigned",
    "va_arg",     "va_end",    "va_list",  "va_start",      "void",
    "volatile",   "while",     "xor",      "static_assert", "thread_local",
    "fpclassify", "isgreater", "isless",   "isunordered",   "setjmp"};

static bool is_among(const char *word, const char *const *list, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, list[i]) == 0) return true;
    return false;
}

/* Of the libraries, too, that the program is linked with. */
static bool is_symbol(const char *name) {
    void *self = dlopen(NULL, RTLD_LAZY);
    const bool found = self && dlsym(self, name);
    if (self) dlclose(self);
    return found;
}

static bool is_command(const char *name) {
    size_t count;
    const Command *const *command = commands(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(command[i]->name, name) == 0) return true;
    return strcmp(name, "test") == 0 || strcmp(name, "help") == 0; /* ./normlab test */
}

static bool is_option(Arena *arena, const char *name) {
    size_t count;
    const NormKind *const *kind = norm_kinds(&count);
    for (size_t i = 0; i < count; i++)
        for (const char *const *o = norm_options(arena, kind[i]); *o; o++)
            if (strcmp(*o, name) == 0) return true;
    for (size_t i = 0; i < CONFIG_KEYS; i++)
        if (strcmp(config_keys()[i].name, name) == 0) return true;
    return false;
}

static bool is_thing(const char *name) {
    size_t count;
    const DatasetKind *const *dataset = dataset_kinds(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(dataset[i]->name, name) == 0) return true;
    const Experiment *const *experiment = experiments(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(experiment[i]->name, name) == 0) return true;
    return false;
}

/* "it is a word of C"; NULL: the word is free. `variable` is what its source would define. */
static const char *owner_of(Arena *arena, const char *name, const char *variable) {
    if (is_among(name, OF_C, COUNT_OF(OF_C))) return "it is a word of C";
    if (is_among(variable, FUNCTIONS, COUNT_OF(FUNCTIONS)))
        return text_print(arena, "the program has a function %s() already", variable);
    if (is_command(name)) return "it is a command";
    if (is_option(arena, name)) return "it is an option or a key";
    if (is_among(name, WORDS, COUNT_OF(WORDS))) return "it is a word of specs and files";
    if (is_thing(name)) return "it is an experiment or a data set";
    if (is_among(name, FUNCTIONS, COUNT_OF(FUNCTIONS)) || is_symbol(name))
        return "it is a function of the program or of a library in it";
    return NULL;
}

/* ---- normalizers and networks ------------------------------------------------------- */

const SourceKind source_norm = {"normalizer", "norm"},
                 source_network = {"network", "net"};

/* The name after a word that one of them begins with. */
static const char *without(const char *name, const char *prefix) {
    const size_t length = strlen(prefix);
    return strncmp(name, prefix, length) == 0 && name[length] ? name + length : name;
}

/* "norm_", before its variable. */
static const char *prefix_of(Arena *arena, const SourceKind *kind) {
    return text_print(arena, "%s_", kind->layer);
}

static const char *kind_owner(Arena *arena, const SourceKind *kind, const char *name) {
    const char *prefix = prefix_of(arena, kind);
    if (strncmp(name, prefix, strlen(prefix)) == 0)
        return text_print(arena, "%s is put before it where C needs that", prefix);
    return owner_of(arena, name, text_print(arena, "%s%s", prefix, name));
}

/* A source or header of that name in a layer; NULL: neither is there. */
static const char *source_of(Arena *arena, const char *layer, const char *name) {
    for (const char *ending = "ch"; *ending; ending++) {
        const char *file = text_print(arena, "src/%s/%s.%c", layer, name, *ending);
        if (access(place_home(arena, file), F_OK) == 0) return place_home(arena, file);
    }
    return NULL;
}

/* "my_exp": the first of its like that nothing has. */
static const char *free_name(Arena *arena, const SourceKind *kind, const char *name) {
    name = without(without(name, prefix_of(arena, kind)), "my_");
    for (size_t i = 1;; i++) {
        const char *near = i == 1 ? text_print(arena, "my_%.26s", name)
                                  : text_print(arena, "my_%.26s%zu", name, i);
        BaseError error = {.set = false};
        if (kind_name_is_free(near, &error) && kind_owner(arena, kind, near) == NULL &&
            source_of(arena, kind->layer, near) == NULL)
            return near;
    }
}

void want_source_name(Arena *arena, const SourceKind *kind, const char *name) {
    BaseError error = {.set = false};
    kind_name_is_free(name, &error);
    die_if(&error);
    const char *owner = kind_owner(arena, kind, name),
               *file = source_of(arena, kind->layer, name);
    if (owner)
        die(EX_USAGE, "'%s' cannot be the name of a %s: %s; '%s' is free", name,
            kind->name, owner, free_name(arena, kind, name));
    if (file)
        die(EX_CANTCREAT, "%s is there already; '%s' is free", file,
            free_name(arena, kind, name));
}

/* ---- what is named with small letters, digits and - --------------------------------- */

/* `one`: "an experiment". */
static void want_letters(Arena *arena, const char *name, const char *one) {
    static const char *const letters = "abcdefghijklmnopqrstuvwxyz0123456789-";
    if (*name < 'a' || *name > 'z' || strspn(name, letters) < strlen(name))
        die(EX_USAGE, "'%s': %s's name is of small letters, digits and -, a letter first",
            text_clip(arena, name), one);
    if (strlen(name) > LONGEST_FOLDER)
        die(EX_USAGE, "'%.*s...': a name has at most %d letters", LONGEST_FOLDER, name,
            LONGEST_FOLDER);
}

static const char *stem_of(Arena *arena, const char *name) {
    char *stem = text_copy(arena, name, strlen(name));
    for (char *c = stem; *c; c++) *c = *c == '-' ? '_' : *c;
    return stem;
}

/* ---- data sets ---------------------------------------------------------------------- */

static const char *dataset_owner(Arena *arena, const char *name) {
    const char *variable = text_print(arena, "dataset_%s", stem_of(arena, name));
    if (is_thing(name)) return "there is one, or an experiment, already";
    return is_among(variable, FUNCTIONS, COUNT_OF(FUNCTIONS))
               ? text_print(arena, "the program has a function %s() already", variable)
               : NULL;
}

static const char *dataset_file(Arena *arena, const char *name) {
    return source_of(arena, "dataset", stem_of(arena, name));
}

static const char *free_dataset(Arena *arena, const char *name) {
    name = without(name, "my-");
    for (size_t i = 1;; i++) {
        const char *near = i == 1 ? text_print(arena, "my-%.40s", name)
                                  : text_print(arena, "my-%.40s-%zu", name, i);
        if (dataset_owner(arena, near) == NULL && dataset_file(arena, near) == NULL)
            return near;
    }
}

void want_dataset_name(Arena *arena, const char *name) {
    want_letters(arena, name, "a data set");
    const char *owner = dataset_owner(arena, name), *file = dataset_file(arena, name);
    if (owner)
        die(EX_USAGE, "'%s' cannot be the name of a data set: %s; '%s' is free", name,
            owner, free_dataset(arena, name));
    if (file)
        die(EX_CANTCREAT, "%s is there already; '%s' is free", file,
            free_dataset(arena, name));
}

/* ---- experiments -------------------------------------------------------------------- */

/* Whether a file or folder there would be taken for one of the experiment's. */
static const char *file_of(Arena *arena, const char *folder, const char *name) {
    const size_t length = strlen(name);
    const char *found = NULL;
    DIR *directory = opendir(folder);
    for (const struct dirent *entry;
         directory && !found && (entry = readdir(directory));) {
        const char *rest = entry->d_name + length;
        if (strncmp(entry->d_name, name, length) == 0 &&
            (*rest == '\0' || *rest == '.' || strncmp(rest, "-quick", 6) == 0))
            found = text_print(arena, "%s%s", folder, entry->d_name);
    }
    if (directory) closedir(directory);
    return found;
}

static const char *file_in_the_way(Arena *arena, const char *name) {
    const char *const folder[] = {place_home(arena, "experiments/"),
                                  place_home(arena, "data/"),
                                  place_home(arena, "figures/"), place_out(arena, "")};
    const char *found = NULL;
    for (size_t i = 0; i < COUNT_OF(folder) && found == NULL; i++)
        found = file_of(arena, folder[i], name);
    return found;
}

/* Figures of an experiment are called STEM-NAME. */
static bool is_figure(Arena *arena, const char *name) {
    size_t count;
    const Experiment *const *found = experiments(&count);
    const ExperimentFigure *f;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; (f = study_figure(found[i], k)) != NULL; k++)
            if (strcmp(text_print(arena, "%s-%s", found[i]->name, f->name), name) == 0)
                return true;
    return false;
}

static bool has_quick(const char *name) {
    const size_t length = strlen(name), end = strlen("-quick");
    return length > end && strcmp(name + length - end, "-quick") == 0;
}

static const char *experiment_owner(Arena *arena, const char *name) {
    const char *stem = stem_of(arena, name);
    if (is_command(name)) return "it is a command";
    if (is_figure(arena, name)) return "it is a figure of another experiment";
    if (strcmp(name, "runs") == 0) return "it is the folder of all runs";
    if (has_quick(name)) return "it is what quick results of another would be called";
    const char *variable = text_print(arena, "experiment_%s", stem);
    if (is_among(variable, FUNCTIONS, COUNT_OF(FUNCTIONS)))
        return text_print(arena, "the program has a function %s() already", variable);
    return is_among(stem, OF_C, COUNT_OF(OF_C)) ? "it is a word of C" : NULL;
}

static const char *free_experiment(Arena *arena, const char *name) {
    name = without(name, "my-");
    const size_t length = strlen(name);
    if (has_quick(name)) name = text_copy(arena, name, length - strlen("-quick"));
    for (size_t i = 1;; i++) {
        const char *near = i == 1 ? text_print(arena, "my-%.40s", name)
                                  : text_print(arena, "my-%.40s-%zu", name, i);
        if (experiment_owner(arena, near) == NULL && file_in_the_way(arena, near) == NULL)
            return near;
    }
}

void want_experiment_name(Arena *arena, const char *name) {
    size_t count;
    const Experiment *const *found = experiments(&count);
    want_letters(arena, name, "an experiment");
    for (size_t i = 0; i < count; i++)
        if (strcmp(found[i]->name, name) == 0)
            die(EX_USAGE, "there is an experiment '%s' already; '%s' is free", name,
                free_experiment(arena, name));
    const char *owner = experiment_owner(arena, name);
    if (owner)
        die(EX_USAGE, "'%s' cannot be the name of an experiment: %s; '%s' is free", name,
            owner, free_experiment(arena, name));
    const char *file = file_in_the_way(arena, name);
    if (file)
        die(EX_CANTCREAT, "%s is there already; '%s' is free", file,
            free_experiment(arena, name));
}
