/* Words of a command line, read against a command's own table of options. */
#include "ranks.h"
#include "signals.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMMAND(name) extern const Command command_##name;
#include "command.def"
#undef COMMAND

#define COMMAND(name) &command_##name,
static const Command *const COMMANDS[] = {
#include "command.def"
};
#undef COMMAND

const Command *const *commands(size_t *count) {
    *count = COUNT_OF(COMMANDS);
    return COMMANDS;
}

/* ---- reading --------------------------------------------------------------------- */

static const Command *find_command(Arena *arena, const char *name) {
    Choice all = CHOICE(COMMANDS);
    all.pointers = true;
    const size_t i = choice_find(&all, name);
    if (i < all.count) return COMMANDS[i];
    die(EX_USAGE, "no command '%s'%s; `normlab --help` lists them", name,
        choice_hint(arena, &all, name));
}

enum { MOST_OPTIONS = 30 };

static size_t option_count(const Command *command) {
    size_t count = 0;
    while (command->options && command->options[count].name) count++;
    return count;
}

/* --name VALUE or --name=VALUE; returns how many words were used. */
static int read_option(Call *call, int argc, char **argv) {
    const Command *command = call->command;
    const char *word = argv[0], *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : strlen(word),
           count = option_count(command);
    const char *names[MOST_OPTIONS + 4];
    for (size_t i = 0; i < count; i++) {
        const Option *o = &command->options[i];
        names[i] = o->name;
        if (strlen(o->name) != length || strncmp(o->name, word, length) != 0) continue;
        if (o->value == NULL && equals) die(EX_USAGE, "%s takes no value", o->name);
        call->option[i] = "";
        if (o->value == NULL) return 1;
        if (equals == NULL && argc < 2)
            die(EX_USAGE, "%s needs a value: %s %s", o->name, o->name, o->value);
        call->option[i] = equals ? equals + 1 : argv[1];
        return equals ? 1 : 2;
    }
    names[count] = "--help";
    names[count + 1] = "--plugin";
    names[count + 2] = "--norms";
    names[count + 3] = "--let";
    if (length == strlen("--help") && strncmp(word, "--help", length) == 0)
        die(EX_USAGE, "--help takes no value");
    char *bare = text_copy(call->arena, word, length);
    for (const OtherName *o = command->others; o && o->other; o++)
        if (strcmp(o->other, bare) == 0)
            die(EX_USAGE, "'%s' has no option '%s': %s", command->name, bare, o->ours);
    die(EX_USAGE, "'%s' has no option '%s'%s; see `normlab %s --help`", command->name,
        bare, text_hint(call->arena, bare, names, count + 4), command->name);
}

static bool takes_settings(const Command *command) {
    return command->settings || command->keys;
}

/* key=value; a/b=c.h5 is a path, where a command has keys of its own. */
static bool is_setting(const Command *command, const char *word) {
    const char *equals = strchr(word, '=');
    return takes_settings(command) && equals &&
           (command->settings || memchr(word, '/', (size_t)(equals - word)) == NULL);
}

/* Which keys there are, a command that has its own knows. */
static void read_setting(Call *call, const char *word) {
    const Command *command = call->command;
    const char *names[MOST_OPTIONS];
    const size_t length = strcspn(word, "=");
    size_t count = 0;
    bool known = command->keys == NULL;
    for (const Option *key = command->keys; key && key->name; key++) {
        names[count++] = key->name;
        known |= strlen(key->name) == length && strncmp(key->name, word, length) == 0;
    }
    const char *bare = text_copy(call->arena, word, length);
    if (!known)
        die(EX_USAGE, "'%s' has no key '%s'%s; see `normlab %s --help`", command->name,
            bare, text_hint(call->arena, bare, names, count), command->name);
    call->setting[call->settings++] = word;
}

static Call read_call(Arena *arena, const Command *command, int argc, char **argv) {
    size_t room = (size_t)argc + 1;
    Call call = {.arena = arena,
                 .command = command,
                 .word = ZERO(arena, const char *, room),
                 .setting = ZERO(arena, const char *, room),
                 .option = ZERO(arena, const char *, option_count(command) + 1)};
    for (int i = 0; i < argc;) {
        if (strncmp(argv[i], "--", 2) == 0 && argv[i][2] != '\0') {
            i += read_option(&call, argc - i, argv + i);
            continue;
        }
        if (argv[i][0] == '-' && argv[i][1] != '\0')
            die(EX_USAGE, "no option '%s'; options are words, see `normlab %s --help`",
                argv[i], command->name);
        if (is_setting(command, argv[i]))
            read_setting(&call, argv[i]);
        else
            call.word[call.words++] = argv[i];
        i++;
    }
    if (call.words > command->most)
        die(EX_USAGE, "'%s' is one word too many%s: `normlab %s %s`",
            call.word[command->most],
            takes_settings(command) ? " (settings are key=value)" : "", command->name,
            command->usage);
    if (call.words < command->least)
        die(EX_USAGE, "something is missing: `normlab %s %s`", command->name,
            command->usage);
    return call;
}

const char *call_option(const Call *call, const char *name) {
    for (size_t i = 0; i < option_count(call->command); i++)
        if (strcmp(call->command->options[i].name, name) == 0) return call->option[i];
    REQUIRE(false, "'%s' declares no option %s", call->command->name, name);
    return NULL;
}

const char *call_key(const Call *call, const char *name) {
    const size_t length = strlen(name);
    for (size_t i = call->settings; i > 0; i--)
        if (strncmp(call->setting[i - 1], name, length) == 0 &&
            call->setting[i - 1][length] == '=')
            return call->setting[i - 1] + length + 1;
    return NULL;
}

size_t call_count(const Call *call, const char *name, size_t otherwise, size_t most) {
    const char *text = call_option(call, name);
    size_t value = otherwise;
    if (text && (!text_to_count(text, &value) || value == 0 || value > most))
        die(EX_USAGE, "%s %s: a whole number from 1 to %zu is expected", name, text,
            most);
    return value;
}

size_t word_choice(const Call *call, const char *name, const char *word,
                   const Choice *choice) {
    BaseError error = {.set = false};
    size_t place = 0;
    const char *said = text_print(call->arena, "%s ", name);
    if (word && !choice_read(call->arena, choice, said, word, &place, &error))
        die(error.code, "%s", error.message);
    return place;
}

size_t call_choice(const Call *call, const char *name, const Choice *choice) {
    return word_choice(call, name, call_option(call, name), choice);
}

void want_checkout(const Call *call, const char *why) {
    if (!place_is_checkout())
        die(EX_UNAVAILABLE,
            "`normlab %s` needs a checkout of normlab (%s), and %s is none: call its "
            "./normlab, or set NORMLAB_HOME",
            call->command->name, why, place_home(call->arena, ""));
}

static bool asks_help(int argc, char **argv) {
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

/* `normlab --help`, `normlab --version`, or a word that is neither. */
static int global_option(Arena *arena, const char *word) {
    static const char *const names[] = {"--help", "--version", "--plugin", "--norms",
                                        "--let"};
    static const Choice all = CHOICE(names);
    if (strcmp(word, "--version") == 0) {
        printf("normlab %s%s\n", NORMLAB_VERSION, ranks_built() ? " mpi" : "");
        return EX_OK;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        help_print(stdout);
        return EX_OK;
    }
    die(EX_USAGE,
        "no option '%s' before a command%s; `normlab --help` lists the commands", word,
        choice_hint(arena, &all, word));
}

/* Options that bring normalizers. */
static void bring_plugin(Arena *arena, const char *value) {
    plugin_load(arena, value);
}

static void bring_norms(Arena *arena, const char *value) {
    norms_load(arena, value);
}

static void bring_text(Arena *arena, const char *value) {
    (void)arena;
    norms_let(value);
}

static const struct {
    const char *name, *value;
    void (*bring)(Arena *arena, const char *value);
} BRINGERS[] = {{"--plugin", "FILE.so", bring_plugin},
                {"--norms", "FILE", bring_norms},
                {"--let", "'NAME: y = ...'", bring_text}};

/* The word's place among them; their number: it is none. */
static size_t bringer_of(const char *word) {
    size_t i = 0;
    for (; i < COUNT_OF(BRINGERS); i++) {
        const size_t length = strlen(BRINGERS[i].name);
        if (strncmp(word, BRINGERS[i].name, length) == 0 &&
            (word[length] == '=' || word[length] == '\0'))
            break;
    }
    return i;
}

/* They stand anywhere: each is followed and taken out. How many words are left. */
static int bring_normalizers(Arena *arena, int argc, char **argv) {
    int left = argc > 0;
    if (argc > 1 && *argv[1] != '-' && strcmp(argv[1], "help") != 0)
        norms_environment(arena);
    for (int i = 1; i < argc; i++) {
        const size_t which = bringer_of(argv[i]);
        if (which == COUNT_OF(BRINGERS)) {
            argv[left++] = argv[i];
            continue;
        }
        const char *name = BRINGERS[which].name;
        const size_t length = strlen(name);
        const char *value = argv[i][length] ? argv[i] + length + 1 : argv[++i];
        if (value == NULL || *value == '\0')
            die(EX_USAGE, "%s needs a value: %s %s", name, name, BRINGERS[which].value);
        BRINGERS[which].bring(arena, value);
    }
    return left;
}

static int run_command(Arena *arena, int argc, char **argv, const char *const *said) {
    if (argc < 2) {
        help_print(stderr);
        return EX_USAGE;
    }
    if (argv[1][0] == '-') return global_option(arena, argv[1]);
    bool help = strcmp(argv[1], "help") == 0;
    if (help && argc < 3) return global_option(arena, "--help");
    if (help && argv[2][0] == '-') return help_print_form(arena, argv[2]);
    const Command *command = find_command(arena, argv[help ? 2 : 1]);
    if (help || asks_help(argc - 2, argv + 2)) {
        help_print_command(command);
        return EX_OK;
    }
    Call call = read_call(arena, command, argc - 2, argv + 2);
    call.said = said;
    return command->run(&call);
}

static const char *const *words_said(Arena *arena, int argc, char **argv) {
    const char **said = ZERO(arena, const char *, (size_t)argc + 1);
    for (int i = 1; i < argc; i++) said[i - 1] = argv[i];
    return said;
}

/* Where one of the first three handles is closed, the next file that is opened would get its
 * number, and what is printed. Held like this, writing still fails. */
static void hold_standard_handles(void) {
    for (int handle = STDIN_FILENO; handle <= STDERR_FILENO; handle++)
        if (fcntl(handle, F_GETFD) < 0)
            open("/dev/null", handle == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv) {
    hold_standard_handles();
    signals_begin();
    signal(SIGXFSZ, SIG_IGN); /* a file too large is an ordinary error of write */
    Arena *arena = arena_new();
    if (argc > 0 && *argv[0]) program_begin(text_quoted(arena, argv[0]));
    const char *fault = arithmetic_fault();
    if (fault)
        die(EX_UNAVAILABLE,
            "the arithmetic was changed before the program began: %s; does LD_PRELOAD "
            "name a "
            "library that does so?",
            fault);
    const char *const *said = words_said(arena, argc, argv);
    int status = run_command(arena, bring_normalizers(arena, argc, argv), argv, said);
    arena_free(arena);
    arithmetic_want();
    if (fflush(stdout) != 0)
        die(EX_IOERR, "the output could not be written: %s", strerror(errno));
    if (ferror(stdout)) die(EX_IOERR, "the output could not be written");
    plugin_over();
    return status;
}
