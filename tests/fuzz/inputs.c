/* The inputs' way to their target, and back.
 *
 *   test-inputs [TARGET]         puts the kept inputs to it, or to all
 *   test-inputs TARGET FILE...   these files
 *   test-inputs --list           targets, a line each; --goals with the executions that they are to reach
 */
#include "fuzz.h"
#include "place.h"
#include "text.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_MEMORY = 1 << 30, MOST_NAMES = 16, MOST_INPUT = 1 << 20 };

typedef struct Target {
    const char *name;
    void (*read)(Fuzz *fuzz);
    size_t goal;
} Target;

static const Target targets[] = {
#define TARGET(name, goal, says) {#name, fuzz_##name, goal},
#include "targets.def"
#undef TARGET
};

/* ---- what targets use ------------------------------------------------------------------- */

static int voice =
    STDERR_FILENO; /* who asks sees what failed, and not what the readers say */
static const char *input = "";

void fuzz_failed(const Fuzz *fuzz, const char *condition, const char *format, ...) {
    va_list args;
    va_start(args, format);
    dprintf(voice, "fuzz: %s %s: %s: ", fuzz->target, input, condition);
    vdprintf(voice, format, args);
    dprintf(voice, "\n");
    va_end(args);
    abort();
}

const char *fuzz_text(const Fuzz *fuzz, size_t most) {
    static char *exact; /* so that a byte too many shows */
    const size_t length = strnlen((const char *)fuzz->data, fuzz->size);
    if (length > most) return NULL;
    free(exact);
    exact = malloc(length + 1);
    memcpy(exact, fuzz->data, length);
    exact[length] = '\0';
    return exact;
}

static char folder[256];
static const char *made[MOST_NAMES];

static void remove_folder(void) {
    char path[sizeof folder + 64];
    for (size_t i = 0; i < MOST_NAMES && made[i]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, made[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void make_folder(void) {
    const char *place = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/normlab-fuzz-XXXXXX", place ? place : "/tmp");
    if (mkdtemp(folder) == NULL) die(EX_CANTCREAT, "%s: cannot be made", folder);
    atexit(remove_folder);
}

const char *fuzz_path(const Fuzz *fuzz, const char *name) {
    size_t i = 0;
    if (*folder == '\0') make_folder();
    while (i < MOST_NAMES && made[i] && strcmp(made[i], name) != 0) i++;
    HOLDS(fuzz, i < MOST_NAMES, "%s: too many files", name);
    made[i] = name;
    return text_print(fuzz->arena, "%s/%s", folder, name);
}

const char *fuzz_file(const Fuzz *fuzz, const char *name) {
    const char *path = fuzz_path(fuzz, name);
    FILE *file = fopen(path, "we");
    HOLDS(fuzz, file, "%s: cannot be written", path);
    HOLDS(fuzz, fwrite(fuzz->data, 1, fuzz->size, file) == fuzz->size, "%s", path);
    fclose(file);
    return path;
}

void fuzz_answered(const Fuzz *fuzz, bool answered, const BaseError *error,
                   size_t length) {
    HOLDS(fuzz, answered == !error->set, "an answer: %d, an error: '%s'", answered,
          error->set ? error->message : "");
    if (answered) return;
    HOLDS(fuzz, error->code != EX_SOFTWARE, "%s", error->message);
    HOLDS(fuzz, error->message[0], "nothing is said");
    HOLDS(fuzz, error->at <= length, "at %zu of %zu: %s", error->at, length,
          error->message);
}

/* ---- one input ---------------------------------------------------------------------------- */

typedef struct Turn {
    const Target *target;
    Fuzz *fuzz;
} Turn;

static void take(void *context) {
    const Turn *turn = context;
    turn->target->read(turn->fuzz);
}

static void put(const Target *target, const uint8_t *data, size_t size) {
    Fuzz fuzz = {target->name, arena_new(), data, size};
    BaseError error = {.set = false};
    if (!base_guard(take, &(Turn){target, &fuzz}, &error))
        fuzz_answered(&fuzz, false, &error, SIZE_MAX);
    HOLDS(&fuzz, arena_bytes(fuzz.arena) <= MOST_MEMORY, "%zu bytes of memory",
          arena_bytes(fuzz.arena));
    fuzz_close_stores();
    arena_free(fuzz.arena);
}

static const Target *find(const char *name) {
    for (size_t i = 0; i < COUNT_OF(targets); i++)
        if (strcmp(targets[i].name, name) == 0) return &targets[i];
    die(EX_USAGE, "no target '%s'", name);
}

#ifdef NORMLAB_FUZZ

/* ---- by libFuzzer: the target is in NORMLAB_TARGET ------------------------------------------ */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    voice = dup(STDERR_FILENO); /* which it closes */
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const Target *target;
    if (target == NULL) target = find(getenv("NORMLAB_TARGET"));
    put(target, data, size);
    return 0;
}

#else

/* ---- by hand ------------------------------------------------------------------------------- */

static void put_file(const Target *target, const char *path) {
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    size_t length;
    input = path;
    const char *data = place_read(arena, path, MOST_INPUT, &length, &error);
    die_if(&error);
    uint8_t *exact = malloc(length + 1);
    memcpy(exact, data, length);
    put(target, exact, length);
    free(exact);
    arena_free(arena);
}

static void put_kept(const Target *target) {
    Arena *arena = arena_new();
    const char *path =
        place_home(arena, text_print(arena, "tests/fuzz/corpus/%s", target->name));
    DIR *kept = opendir(path);
    size_t count = 0;
    for (struct dirent *entry; kept && (entry = readdir(kept)) != NULL;)
        if (entry->d_name[0] != '.')
            put_file(target, text_print(arena, "%s/%s", path, entry->d_name)), count++;
    if (kept) closedir(kept);
    if (count == 0) {
        dprintf(voice, "fuzz: %s has no inputs\n", path);
        exit(EX_NOINPUT);
    }
    arena_free(arena);
}

/* A refusal in the middle of a reader, which usually ends the program, loses what was open there
 * (base_guard): no leak of ours. */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) {
    return 1;
}

/* Readers' words go nowhere. The handle stays: a sanitizer speaks there. */
static void quiet(void) {
    FILE *nowhere = fopen("/dev/null", "we");
    if (!nowhere || !freopen("/dev/null", "we", stdout)) abort();
    stderr = nowhere;
}

int main(int argc, char **argv) {
    const char *word = argc > 1 ? argv[1] : NULL;
    const bool goals = word && strcmp(word, "--goals") == 0;
    if (word && (goals || strcmp(word, "--list") == 0)) {
        for (size_t i = 0; i < COUNT_OF(targets); i++)
            if (goals)
                printf("%s %zu\n", targets[i].name, targets[i].goal);
            else
                printf("%s fault\n", targets[i].name);
        return EX_OK;
    }
    if (word) find(word);
    quiet();
    for (size_t i = 0; i < COUNT_OF(targets); i++)
        if (argc <= 2 && (word == NULL || strcmp(word, targets[i].name) == 0))
            put_kept(&targets[i]);
    for (int i = 2; i < argc; i++) put_file(find(word), argv[i]);
    return EX_OK;
}

#endif
