/* What things are called: in other frameworks, and in an input that means something else. */
#include "apply.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const Names NAMES[] = {
    {"", "gamma", "beta", "running_mean", "running_var", "mean", "rstd", "variance"},
    {"torch", "weight", "bias", "running_mean", "running_var", "mean", "rstd",
     "variance"},
    {"onnx", "scale", "B", "input_mean", "input_var", "mean", "rstd", "variance"},
    {"keras", "gamma", "beta", "moving_mean", "moving_variance", "mean", "rstd",
     "variance"},
    {"flax", "scale", "bias", "mean", "var", "cell_mean", "cell_rstd", "cell_variance"}};

const Names *apply_names(const Call *call) {
    static const Choice theirs = {&NAMES[1], COUNT_OF(NAMES) - 1, sizeof *NAMES, false,
                                  NULL};
    if (call_option(call, "--names") == NULL) return &NAMES[0];
    return &NAMES[1 + call_choice(call, "--names", &theirs)];
}

/* "part1.gamma" with a framework's word at its end; as it is where that has none. */
static const char *translated(Arena *arena, const char *name, const char *theirs) {
    const char *dot = strrchr(name, '.');
    if (theirs == NULL || dot == NULL) return theirs ? theirs : name;
    return text_print(arena, "%.*s%s", (int)(dot + 1 - name), name, theirs);
}

const char *apply_param_path(const Job *job, const char *prefix, size_t i) {
    const NormParam *p = &job->norm->param[i];
    const char *theirs = p->role == NORM_PARAM_SCALE   ? job->names->gamma
                         : p->role == NORM_PARAM_SHIFT ? job->names->beta
                                                       : NULL;
    const bool affine = i == norm_place(job->norm, NORM_PARAM_SCALE) ||
                        i == norm_place(job->norm, NORM_PARAM_SHIFT);
    return text_print(job->arena, affine ? "/%s%s" : "/%sparam/%s", prefix,
                      translated(job->arena, p->name, theirs));
}

const char *apply_state_path(const Job *job, size_t i) {
    const NormState *s = &job->norm->state[i];
    const char *theirs = s->adapts                        ? NULL
                         : s->role == NORM_STATE_MEAN     ? job->names->mean
                         : s->role == NORM_STATE_VARIANCE ? job->names->variance
                                                          : NULL;
    return text_print(job->arena, "/%s", translated(job->arena, s->name, theirs));
}

/* ---- what IN holds beside its operands --------------------------------------------- */

static const char *last_word(const char *path) {
    return strrchr(path, '/') + 1;
}

/* How an operand would be called in the root: "gate" of /param/gate, "v_gate" of
 * /v_param/gate. */
static const char *root_name(Arena *arena, const Operand *operand) {
    const char *word = last_word(operand->path);
    const bool of_v = strncmp(operand->path, "/v_param/", strlen("/v_param/")) == 0;
    return of_v ? text_print(arena, "v_%s", word) : word;
}

static const Operand *find_operand(const Job *job, const char *path) {
    for (size_t i = 0; i < job->operands; i++)
        if (strcmp(job->operand[i].path, path) == 0) return &job->operand[i];
    return NULL;
}

/* Without capitals and what stands between words: "vgamma" of "v_Gamma". */
static const char *bare(Arena *arena, const char *name) {
    char *letters = text_copy(arena, name, strlen(name)), *to = letters;
    for (const char *c = name; *c; c++)
        if (strchr("_-. ", *c) == NULL) *to++ = (char)tolower((unsigned char)*c);
    *to = '\0';
    return letters;
}

/* How far a name is from what was meant: 0 the same but for capitals and the like, else a
 * letter or two more. SIZE_MAX: it is another. */
static size_t slip_of(Arena *arena, const char *said, const char *meant) {
    const size_t length = strlen(meant),
                 allowed = length < 4   ? 0
                           : length < 8 ? 1
                                        : 2,
                 far = text_distance(said, meant);
    if (strcasecmp(said, meant) == 0) return 0;
    if (allowed > 0 && strcmp(bare(arena, said), bare(arena, meant)) == 0) return 0;
    return far <= allowed ? far : SIZE_MAX;
}

/* What OUT would call so: an input may carry the numbers that it is compared with. */
static bool is_result(const Job *job, const char *path) {
    const Names *n = job->names;
    const char *const own[] = {"y", n->cell_mean, n->cell_rstd, "num_batches_tracked"},
                      *const prefixes[] = {"ds_d", "d"},
                      *const of[] = {"x", "dy", n->gamma, n->beta, "param"};
    const char *name = path + 1;
    for (size_t i = 0; i < COUNT_OF(own); i++)
        if (strcmp(name, own[i]) == 0) return true;
    for (size_t p = 0; p < COUNT_OF(prefixes); p++)
        for (size_t i = 0; i < COUNT_OF(of); i++)
            if (strncmp(name, prefixes[p], strlen(prefixes[p])) == 0 &&
                strcmp(name + strlen(prefixes[p]), of[i]) == 0)
                return true;
    return false;
}

static bool is_numbers(const Job *job, const char *path) {
    const StoreKind kind = store_kind(job->in, path);
    return kind == STORE_INTEGER || kind == STORE_NUMBER;
}

/* Numbers under the name of something that is not there, nearly, or at another place. */
static void refuse_slip(const Job *job, const char *path) {
    if (!is_numbers(job, path)) return;
    const char *name = last_word(path), *plain = text_plain(job->arena, path);
    const Operand *nearest = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < job->operands; i++) {
        const Operand *operand = &job->operand[i];
        if (operand->found) continue;
        const char *meant = root_name(job->arena, operand);
        if (strcmp(name, meant) == 0)
            die(EX_DATAERR, "%s: there is a %s; it belongs at %s", job->path, plain,
                operand->path);
        const size_t far = slip_of(job->arena, name, meant);
        if (far < least) least = far, nearest = operand;
    }
    if (nearest)
        die(EX_DATAERR, "%s: there is a %s, did you mean %s?", job->path, plain,
            nearest->path);
}

/* gamma or beta of a normalizer that has none. */
static void refuse_affine(const Job *job, const char *path) {
    const char *const affine[] = {job->names->gamma, job->names->beta};
    for (size_t i = 0; i < COUNT_OF(affine); i++)
        if (strcmp(last_word(path), affine[i]) == 0)
            die(EX_DATAERR, "%s: there is a %s, but %s has none", job->path, path,
                job->norm->spec);
}

/* /param and /v_param are ours: what stands there is meant. */
static void refuse_in_group(const Job *job, const char *group) {
    size_t count, known = 0;
    const char **names = store_members(job->in, job->arena, group, &count);
    const char *known_names[MOST_OPERANDS];
    const size_t length = strlen(group);
    Text all = text_new(job->arena);
    for (size_t i = 0; i < job->operands; i++) {
        const char *path = job->operand[i].path;
        if (strncmp(path, group, length) != 0 || path[length] != '/') continue;
        known_names[known++] = last_word(path);
        text_add(&all, "%s%s",
                 all.length ? ", " : "; those that it has there: ", last_word(path));
    }
    const char *prefix = strcmp(group, "/param") == 0 ? "" : "v_";
    for (size_t i = 0; i < count; i++) {
        const char *path = text_print(job->arena, "%s/%s", group, names[i]),
                   *root = text_print(job->arena, "/%s%s", prefix, names[i]),
                   *plain = text_plain(job->arena, path);
        if (find_operand(job, path)) continue;
        if (find_operand(job, root))
            die(EX_DATAERR, "%s: there is a %s; it belongs at %s", job->path, plain,
                root);
        die(EX_DATAERR, "%s: there is a %s, but %s has no such parameter%s%s", job->path,
            plain, job->norm->spec, text_hint(job->arena, names[i], known_names, known),
            all.data);
    }
}

enum { WORDS = 4 };

static const char *word_of(const Names *names, size_t k) {
    return (const char *const[]){names->gamma, names->beta, names->mean,
                                 names->variance}[k];
}

/* "here it is /gamma, or say --names torch", of a name that another framework gives to
 * something that is not there. */
static const char *framework_hint(const Job *job, const char *name) {
    for (size_t k = 0; k < WORDS; k++) {
        const char *path = text_print(job->arena, "/%s", word_of(job->names, k));
        const Operand *operand = find_operand(job, path);
        Text by = text_new(job->arena);
        for (size_t i = 0; operand && !operand->found && i < COUNT_OF(NAMES); i++)
            if (&NAMES[i] != job->names && strcmp(name, word_of(&NAMES[i], k)) == 0)
                text_add(&by, "%s%s%s", by.length ? " or " : "or ",
                         *NAMES[i].option ? "say --names " : "leave out --names",
                         NAMES[i].option);
        if (by.length > 0)
            return text_print(job->arena, "here it is %s, %s", path, by.data);
    }
    return NULL;
}

/* "it has the name of /gamma", of a group of somebody's. */
static const char *inside_hint(const Job *job, const char *group) {
    size_t count;
    const char **names = store_members(job->in, job->arena, group, &count),
               *of = strncmp(bare(job->arena, group + 1), "vparam", 6) == 0 ? "v_" : "";
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < job->operands; k++)
            if (!job->operand[k].found &&
                strcmp(text_print(job->arena, "%s%s", of, names[i]),
                       root_name(job->arena, &job->operand[k])) == 0)
                return text_print(job->arena, "its %s would be read at %s", names[i],
                                  job->operand[k].path);
    return NULL;
}

static const char *nearest_hint(const Job *job, const char *name) {
    const char *absent[MOST_OPERANDS];
    size_t count = 0;
    for (size_t i = 0; i < job->operands; i++)
        if (!job->operand[i].found)
            absent[count++] = root_name(job->arena, &job->operand[i]);
    const char *near = text_nearest(name, absent, count);
    return near && near[0] == name[0] && strlen(name) > 2
               ? text_print(job->arena, "did you mean %s?", near)
               : NULL;
}

static const char *hint_of(const Job *job, const char *path) {
    const bool result = is_result(job, path);
    if (store_kind(job->in, path) == STORE_GROUP)
        return result ? NULL : inside_hint(job, path);
    if (!is_numbers(job, path)) return NULL;
    const char *hint = framework_hint(job, last_word(path));
    return hint || result ? hint : nearest_hint(job, last_word(path));
}

/* A dimension scale names an axis of what is used. */
static bool is_scale(const Job *job, const char *path) {
    BaseError error = {.set = false};
    const char *class = store_attribute_kind(job->in, path, "CLASS") == STORE_TEXT
                            ? store_get_text(job->in, job->arena, path, "CLASS", &error)
                            : NULL;
    return class && strcmp(class, "DIMENSION_SCALE") == 0;
}

const char *apply_check_names(const Job *job) {
    enum { MOST_SAID = 12 };
    static const char *const ours[] = {"/param", "/v_param"};
    size_t count, unused = 0;
    const char **names = store_members(job->in, job->arena, "/", &count);
    Text said = text_new(job->arena);
    for (size_t i = 0; i < count; i++) {
        const char *path = text_print(job->arena, "/%s", names[i]);
        const bool group = store_kind(job->in, path) == STORE_GROUP;
        if (group && (strcmp(path, ours[0]) == 0 || strcmp(path, ours[1]) == 0)) {
            refuse_in_group(job, path);
            continue;
        }
        if (find_operand(job, path) || is_scale(job, path)) continue;
        refuse_affine(job, path);
        if (!is_result(job, path)) refuse_slip(job, path);
        if (unused++ >= MOST_SAID) continue;
        const char *hint = hint_of(job, path);
        text_add(&said, "%s%s%s%s%s", unused > 1 ? ", " : "",
                 text_plain(job->arena, path), hint ? " (" : "", hint ? hint : "",
                 hint ? ")" : "");
    }
    if (unused > MOST_SAID) text_add(&said, " and %zu more", unused - MOST_SAID);
    return said.data;
}
