/* What is where in a file, as a table for the book: every group, data set and attribute, over which
 * axes, of which type, in which unit, and what it means. Files describe their data sets; what their
 * attributes mean stands here. */
#include "show.h"

#include <string.h>

typedef struct Meaning {
    const char *name, *says;
} Meaning;

static const Meaning MEANINGS[] = {
    /* of one object: these come first */
    {"/peer/kernels@", "the kernels of /kernels in PyTorch"},
    {"/peer/training@", "the training of /training in PyTorch"},
    {"/@finished", "how many of its runs are"},
    {"/@probes", "names of those that have rows in it"},
    {"/@mode", "train or eval"},
    {"/@binary", "SHA-256 of the program that goes on with it, and no other"},
    {"/@bits", "digest of what is computed where it goes on"},
    {"/@eps", "that was added to the variance"},
    {"/@run_sha256", "digest of the run's file"},
    {"/spectrum@mode",
     "moments of each batch (train), or those that evaluation reads (eval)"},
    {"/spectrum@by", "products with the Hessian: by program, or by differences"},
    /* of any file */
    {"title", "what the file is, for people"},
    {"schema_version", "of this layout; readers refuse a newer one"},
    {"dim_order", "C: the last axis is the fastest"},
    {"normlab_version", "that wrote it"},
    {"source", "paper or data that it follows"},
    {"identity", "digest of what it was made of"},
    {"NX_class", "for viewers, by NeXus: NXroot, or NXdata, a group with a plot"},
    {"default", "the group that viewers show first"},
    {"signal", "the array that viewers show of the group"},
    {"axes", "over which they show it; . is one that counts nothing"},
    /* of a run */
    {"run", "its name: 16 digits of a hash of what decides its numbers"},
    {"status", "finished, or diverged"},
    {"canonical", "the configuration without what is at its default: what is hashed"},
    {"numerics", "raised whenever bits of the golden list move; hashed"},
    {"data_sha256", "digest of the data set; hashed"},
    {"weights_sha256", "digest of the final weights"},
    {"state_sha256", "digest of what evaluation reads beside them"},
    {"reading", "how numbers become weights: sigmoid, softmax"},
    {"choices", "of what they choose, a line each"},
    {"series", "row of the table that it belongs to"},
    {"started", "date and time"},
    {"finished", "date and time"},
    {"seconds", "of work, over all processes that did it"},
    {"probes", "seconds of them that went to probes"},
    /* of a study */
    {"experiment", "folder of experiments that asks it"},
    {"study", "its name, EXPERIMENT or EXPERIMENT@NAME"},
    {"question", "what it asks"},
    {"recipe", "the settings, a line each"},
    {"changes", "settings that are not the recipe's"},
    {"protocol", "what is fixed while the batch of a worker varies"},
    {"score", "what runs are judged by"},
    {"metric", "number that the table shows"},
    {"metric_title", "its name, for people"},
    {"metric_unit", "as the table shows it"},
    {"metric_score", "the validation number that belongs to it"},
    {"metric_rises", "1: more is better"},
    {"metric_share", "1: a share, which the table shows in percent"},
    {"along_label", "name of the columns, for people"},
    {"quick", "1: of the quick recipe"},
    {"runs", "how many it has"},
    {"data", "that the published table is of"},
    /* of a measurement */
    {"turns", "of each measurement, in rotation; medians are over them"},
    {"most_threads", "of the machine that measured"},
    {"load_average", "of the machine, before and after"},
    {"dataset", "trained on"},
    {"network", "trained"},
    {"torch", "version of PyTorch"},
    {"spec", "normalizer"},
    {"seed", "of what is drawn"},
    {"first_seed", "of what is drawn; one more for each sample"},
    {"elements", "of a cell"},
    {"truth", "what errors are measured against"},
    /* provenance */
    {"normlab", "version that computed it"},
    {"tree_src", "git's hash of src"},
    {"tree_experiments", "git's hash of experiments"},
    {"dirty", "yes: sources were changed and not committed"},
    {"compiler", "name and version"},
    {"flags", "of the compiler"},
    {"build_type", "of CMake"},
    {"binary", "SHA-256 of the program's file"},
    {"processor", "its name"},
    {"cores", "of the machine"},
    {"kernel", "operating system"},
    {"gsl", "version of the library"},
    {"hdf5", "version of the library"},
    {"zlib", "version of the library"},
    {"libc", "version of the library"},
    {"blas", "version of the library"},
    {"blas_core", "kernels that the library chose"},
    {"probe_numerics", "raised where a probe's numbers move"},
    {"bits", "digest of what functions, products and convolutions give there"},
    {"plugins", "normalizers from outside: name and digest"},
    {"norms", "normalizers in text from outside: each as one line"},
};

/* Of an attribute anywhere, or, before that, of one object. */
static const char *meaning_of(Arena *arena, const char *group, const char *name) {
    for (size_t i = 0; strcmp(group, "/config") == 0 && i < CONFIG_KEYS; i++)
        if (strcmp(config_keys()[i].name, name) == 0) return config_keys()[i].help;
    const char *whole = text_print(arena, "%s@%s", group, name);
    for (size_t i = 0; i < COUNT_OF(MEANINGS); i++)
        if (strcmp(MEANINGS[i].name, whole) == 0 || strcmp(MEANINGS[i].name, name) == 0)
            return MEANINGS[i].says;
    return "";
}

/* ---- rows -------------------------------------------------------------------------------- */

static const char *kind_word(StoreKind kind) {
    switch (kind) {
    case STORE_GROUP:
        return "group";
    case STORE_INTEGER:
        return "integer";
    case STORE_NUMBER:
        return "number";
    case STORE_TEXT:
        return "text";
    default:
        return "other";
    }
}

/* A cell of a table, on one line. */
static void put_cell(const char *text) {
    if (*text) putchar(' ');
    for (; *text; text++)
        if (*text == '|')
            fputs("\\|", stdout);
        else if (strchr("*_<[$", *text))
            printf("\\%c", *text);
        else
            putchar(*text == '\n' ? ' ' : *text);
    fputs(" |", stdout);
}

static void put_row(const Show *show, const char *path, const char *axes, StoreKind kind,
                    const char *unit, const char *says) {
    printf("| `%s` |", show_plain(show, path));
    if (*axes) printf(" `%s`", axes);
    printf(" | %s |", kind_word(kind));
    put_cell(unit);
    put_cell(says);
    putchar('\n');
}

static const char *said_of(Show *show, const char *path, const char *name) {
    if (!store_has_attribute(show->store, path, name)) return "";
    const char *text = show_attribute(show, path, name);
    return text ? text : "";
}

/* "[epoch, layer]"; an axis without a scale is "-", a scale is its own. */
static const char *axes_text(Show *show, const char *path, const char *name) {
    size_t rank;
    const char **axis = store_axes(show->store, show->arena, path, &rank);
    const bool scale = store_has_attribute(show->store, path, "CLASS");
    Text text = text_new(show->arena);
    for (size_t i = 0; i < rank; i++) {
        text_add(&text, "%s", i ? ", " : "[");
        if (*axis[i])
            text_add(&text, "%s", axis[i]);
        else
            text_add(&text, "%s", scale ? name : "-");
    }
    if (rank) text_add(&text, "]");
    return text.data;
}

/* Attributes but for those that have a column of their own. */
static void put_attributes(Show *show, const char *path) {
    size_t count;
    const char **names = store_attributes(show->store, show->arena, path, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], "description") != 0 && strcmp(names[i], "units") != 0 &&
            strcmp(names[i], "long_name") != 0)
            put_row(show, text_print(show->arena, "%s@%s", path, names[i]), "",
                    store_attribute_kind(show->store, path, names[i]), "",
                    meaning_of(show->arena, path, names[i]));
}

static void put_array(Show *show, const char *path, const char *name) {
    const char *unit = said_of(show, path, "units");
    put_row(show, path, axes_text(show, path, name), store_kind(show->store, path), unit,
            said_of(show, path, "long_name"));
    put_attributes(show, path);
}

static void put_group(Show *show, const char *path) {
    size_t count;
    const bool root = strcmp(path, "/") == 0;
    const char *said = said_of(show, path, "description");
    if (!root)
        put_row(show, path, "", STORE_GROUP, "",
                *said ? said : meaning_of(show->arena, path, ""));
    put_attributes(show, path);
    const char **members = store_members(show->store, show->arena, path, &count);
    for (size_t i = 0; i < count; i++) {
        const char *inner =
            text_print(show->arena, "%s/%s", root ? "" : path, members[i]);
        if (store_kind(show->store, inner) == STORE_GROUP)
            put_group(show, inner);
        else
            put_array(show, inner, members[i]);
    }
}

void show_schema(Show *show, const char *group) {
    if (store_kind(show->store, group) != STORE_GROUP)
        die(EX_DATAERR, "%s has no group %s", store_path(show->store), group);
    puts("| path | axes | type | unit | what it is |\n|---|---|---|---|---|");
    put_group(show, group);
}
