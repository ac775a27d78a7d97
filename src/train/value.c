/* Values of a configuration: whole numbers, numbers, yes or no, and what has a language of its
 * own (specs, schedules, rules). */
#include "value.h"

#include "dataset.h"
#include "net.h"

#include <ctype.h>
#include <string.h>

/* ---- numbers --------------------------------------------------------------------- */

static bool read_count(void *field, Arena *arena, const char *text, Range range,
                       BaseError *error) {
    (void)arena;
    size_t value, *count = field;
    if (!text_to_count(text, &value) || (double)value < range.least ||
        (double)value > range.most)
        return base_fail(error, EX_USAGE, 0,
                         "a whole number from %.0f to %.0f is expected", range.least,
                         range.most);
    *count = value;
    return true;
}

static const char *print_count(const void *field, Arena *arena) {
    return text_print(arena, "%zu", *(const size_t *)field);
}

static bool read_number(void *field, Arena *arena, const char *text, Range range,
                        BaseError *error) {
    (void)arena;
    double value, *number = field;
    if (!text_to_double(text, &value) || value < range.least || value > range.most)
        return base_fail(error, EX_USAGE, 0, "a number from %g to %g is expected",
                         range.least, range.most);
    *number = value + 0.0; /* -0 is 0 */
    return true;
}

static const char *print_number(const void *field, Arena *arena) {
    return text_number(arena, *(const double *)field);
}

const ValueKind value_count = {read_count, print_count},
                value_number = {read_number, print_number};

/* ---- one of some words ----------------------------------------------------------- */

static bool read_word(size_t *found, Arena *arena, const Choice *choice, const char *text,
                      BaseError *error) {
    *found = choice_find(choice, text);
    return *found < choice->count || base_fail(error, EX_USAGE, 0, "%s is expected%s",
                                               choice_words(arena, choice, " or "),
                                               choice_hint(arena, choice, text));
}

static const char
    *const YES_NO[] = {"yes", "no"},
           *const RUNNING[] = {[RUNNING_AVERAGE] = "average",
                               [RUNNING_PRECISE] = "precise",
                               [RUNNING_POOLED] = "pooled"},
           *const LABELS[] = {[LABELS_GIVEN] = "given", [LABELS_RANDOM] = "random"},
           *const SPLIT[] = {[SPLIT_FIXED] = "fixed", [SPLIT_SEED] = "seed"},
           *const LEARN[] = {
               [LEARN_ALL] = "all", [LEARN_AFFINE] = "affine", [LEARN_RANDOM] = "random"};

static bool read_flag(void *field, Arena *arena, const char *text, Range range,
                      BaseError *error) {
    (void)range;
    static const Choice yes_no = CHOICE(YES_NO);
    size_t found;
    if (!read_word(&found, arena, &yes_no, text, error)) return false;
    *(bool *)field = found == 0;
    return true;
}

static const char *print_flag(const void *field, Arena *arena) {
    (void)arena;
    return YES_NO[*(const bool *)field ? 0 : 1];
}

static bool read_running(void *field, Arena *arena, const char *text, Range range,
                         BaseError *error) {
    (void)range;
    static const Choice running = CHOICE(RUNNING);
    size_t found;
    if (!read_word(&found, arena, &running, text, error)) return false;
    *(Running *)field = (Running)found;
    return true;
}

static const char *print_running(const void *field, Arena *arena) {
    (void)arena;
    return RUNNING[*(const Running *)field];
}

static bool read_split(void *field, Arena *arena, const char *text, Range range,
                       BaseError *error) {
    (void)range;
    static const Choice split = CHOICE(SPLIT);
    size_t found;
    if (!read_word(&found, arena, &split, text, error)) return false;
    *(Split *)field = (Split)found;
    return true;
}

static bool read_labels(void *field, Arena *arena, const char *text, Range range,
                        BaseError *error) {
    (void)range;
    static const Choice labels = CHOICE(LABELS);
    size_t found;
    if (!read_word(&found, arena, &labels, text, error)) return false;
    *(Labels *)field = (Labels)found;
    return true;
}

static const char *print_labels(const void *field, Arena *arena) {
    (void)arena;
    return LABELS[*(const Labels *)field];
}

static const char *print_split(const void *field, Arena *arena) {
    (void)arena;
    return SPLIT[*(const Split *)field];
}

static bool read_learn(void *field, Arena *arena, const char *text, Range range,
                       BaseError *error) {
    (void)range;
    static const OtherName others[] = {
        {"norm", "affine"}, {"norms", "affine"}, {"bn", "affine"}, {NULL, NULL}};
    static const Choice learn = {LEARN, COUNT_OF(LEARN), sizeof *LEARN, .others = others};
    size_t found;
    if (!read_word(&found, arena, &learn, text, error)) return false;
    *(Learn *)field = (Learn)found;
    return true;
}

static const char *print_learn(const void *field, Arena *arena) {
    (void)arena;
    return LEARN[*(const Learn *)field];
}

static bool read_dataset(void *field, Arena *arena, const char *text, Range range,
                         BaseError *error) {
    (void)range;
    return (*(const char **)field = dataset_canonical(arena, text, error)) != NULL;
}

static bool read_task(void *field, Arena *arena, const char *text, Range range,
                      BaseError *error) {
    (void)range;
    Choice known = {.stride = sizeof(TaskKind *), .pointers = true};
    const TaskKind *const *kinds = task_kinds(&known.count);
    known.table = kinds;
    size_t found;
    if (!read_word(&found, arena, &known, text, error)) return false;
    *(const TaskKind **)field = kinds[found];
    return true;
}

static const char *print_task(const void *field, Arena *arena) {
    (void)arena;
    return (*(const TaskKind *const *)field)->name;
}

static const char *print_text(const void *field, Arena *arena) {
    (void)arena;
    return *(const char *const *)field;
}

const ValueKind value_flag = {read_flag, print_flag},
                value_running = {read_running, print_running},
                value_split = {read_split, print_split},
                value_labels = {read_labels, print_labels},
                value_learn = {read_learn, print_learn},
                value_dataset = {read_dataset, print_text},
                value_task = {read_task, print_task};

/* ---- probes: which there are is known above ----------------------------------------- */

static bool read_probes(void *field, Arena *arena, const char *text, Range range,
                        BaseError *error) {
    (void)range;
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    bool good = *text != '\0';
    for (const char *c = text; *c && good; c++) {
        const size_t word = strspn(c, LETTERS);
        c += word;
        good = word > 0 && (*c == '\0' || (*c == '+' && c[1]));
        if (*c == '\0') break;
    }
    if (good) *(const char **)field = text_copy(arena, text, strlen(text));
    return good || base_fail(error, EX_USAGE, 0,
                             "none, or words with a + between them are expected, "
                             "moments+gradients");
}

const ValueKind value_probes = {read_probes, print_text};

/* ---- another run ------------------------------------------------------------------- */

static const char NONE[] = "none";

static bool read_init(void *field, Arena *arena, const char *text, Range range,
                      BaseError *error) {
    (void)range;
    Init *init = field;
    *init = (Init){NULL, NULL};
    if (strcmp(text, NONE) == 0) return true;
    for (const char *c = text; *c; c++)
        if (iscntrl((unsigned char)*c))
            return base_fail(error, EX_USAGE, 0,
                             "a path without control characters is expected");
    if (*text == '\0') return base_fail(error, EX_USAGE, 0, "the file of a run, or none");
    init->path = place_absolute(arena, text);
    return true;
}

static const char *print_init(const void *field, Arena *arena) {
    (void)arena;
    const Init *init = field;
    return init->path ? init->path : NONE;
}

const ValueKind value_init = {read_init, print_init};

/* ---- specs ----------------------------------------------------------------------- */

/* Their errors point into the text. */
static bool pointing(Arena *arena, const char *text, const BaseError *own,
                     BaseError *error) {
    return !own->set ||
           base_fail(error, own->code, own->at, "%s", spec_error(arena, text, own));
}

static bool read_network(void *field, Arena *arena, const char *text, Range range,
                         BaseError *error) {
    (void)range;
    BaseError own = {.set = false};
    *(const char **)field = net_canonical(arena, text, &own);
    return pointing(arena, text, &own, error);
}

static bool read_norm(void *field, Arena *arena, const char *text, Range range,
                      BaseError *error) {
    (void)range;
    BaseError own = {.set = false};
    NetNorms norms;
    if (net_norms_read(arena, text, &norms, &own))
        *(const char **)field = net_norms_print(arena, &norms);
    return pointing(arena, text, &own, error);
}

static bool read_schedule(void *field, Arena *arena, const char *text, Range range,
                          BaseError *error) {
    (void)range;
    BaseError own = {.set = false};
    schedule_read(field, arena, text, &own);
    return pointing(arena, text, &own, error);
}

static const char *print_schedule(const void *field, Arena *arena) {
    return schedule_print(field, arena);
}

static bool read_optimizer(void *field, Arena *arena, const char *text, Range range,
                           BaseError *error) {
    (void)range;
    BaseError own = {.set = false};
    optimizer_read(field, arena, text, &own);
    return pointing(arena, text, &own, error);
}

static const char *print_optimizer(const void *field, Arena *arena) {
    return optimizer_print(field, arena);
}

static bool read_sizes(void *field, Arena *arena, const char *text, Range range,
                       BaseError *error) {
    (void)range;
    BaseError own = {.set = false};
    sizes_read(field, arena, text, &own);
    return pointing(arena, text, &own, error);
}

static const char *print_sizes(const void *field, Arena *arena) {
    return sizes_print(field, arena);
}

static bool read_score(void *field, Arena *arena, const char *text, Range range,
                       BaseError *error) {
    (void)range;
    BaseError own = {.set = false};
    score_read(arena, text, field, &own);
    return pointing(arena, text, &own, error);
}

static const char *print_score(const void *field, Arena *arena) {
    const size_t epochs = *(const size_t *)field;
    return epochs == 1 ? "last" : text_print(arena, "median(%zu)", epochs);
}

const ValueKind value_network = {read_network, print_text},
                value_norm = {read_norm, print_text},
                value_schedule = {read_schedule, print_schedule},
                value_optimizer = {read_optimizer, print_optimizer},
                value_sizes = {read_sizes, print_sizes},
                value_score = {read_score, print_score};
