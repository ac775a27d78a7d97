/* Words of a command line, read against a command's own table of options. */
#include "tool.h"

#include <stdlib.h>
#include <string.h>

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

void die_if(const Error *error) {
    if (error->set) die(error->code, "%s", error->message);
}

/* ---- help ------------------------------------------------------------------------ */

static void print_help(void) {
    puts("normlab: a testbed for Group Normalization and its relatives\n\nCommands:");
    for (size_t i = 0; i < COUNT_OF(COMMANDS); i++)
        printf("  %-8s %s\n", COMMANDS[i]->name, COMMANDS[i]->summary);
    puts("\n`normlab COMMAND --help` says more. Start with `normlab demo`.");
}

static void print_command_help(const Command *command) {
    printf("normlab %s%s%s\n\n%s\n", command->name, *command->usage ? " " : "",
           command->usage, command->summary);
    if (command->options && command->options->name) puts("\nOptions:");
    for (const Option *o = command->options; o && o->name; o++) {
        char left[40];
        snprintf(left, sizeof left, "%s%s%s", o->name, o->value ? " " : "",
                 o->value ? o->value : "");
        printf("  %-18s %s\n", left, o->help);
    }
    if (command->more) printf("\n%s\n", command->more);
}

/* ---- reading --------------------------------------------------------------------- */

static const Command *find_command(Arena *arena, const char *name) {
    const char *names[COUNT_OF(COMMANDS)];
    for (size_t i = 0; i < COUNT_OF(COMMANDS); i++) {
        if (strcmp(name, COMMANDS[i]->name) == 0) return COMMANDS[i];
        names[i] = COMMANDS[i]->name;
    }
    die(EX_USAGE, "no command '%s'%s; `normlab --help` lists them", name,
        text_hint(arena, name, names, COUNT_OF(names)));
}

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
    const char *names[32];
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
    char *bare = text_copy(call->arena, word, length);
    die(EX_USAGE, "'%s' has no option '%s'%s; see `normlab %s --help`", command->name,
        bare, text_hint(call->arena, bare, names, count + 1), command->name);
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
        if (command->settings && strchr(argv[i], '='))
            call.setting[call.settings++] = argv[i];
        else
            call.word[call.words++] = argv[i];
        i++;
    }
    if (call.words > command->most)
        die(EX_USAGE, "'%s' is one word too many%s: normlab %s %s",
            call.word[command->most],
            command->settings ? " (settings are key=value)" : "", command->name,
            command->usage);
    if (call.words < command->least)
        die(EX_USAGE, "something is missing: normlab %s %s", command->name,
            command->usage);
    return call;
}

const char *call_option(const Call *call, const char *name) {
    for (size_t i = 0; i < option_count(call->command); i++)
        if (strcmp(call->command->options[i].name, name) == 0) return call->option[i];
    REQUIRE(false, "'%s' declares no option %s", call->command->name, name);
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

static bool asks_help(int argc, char **argv) {
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

int main(int argc, char **argv) {
    Arena *arena = arena_new();
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help();
        arena_free(arena);
        return argc < 2 ? EX_USAGE : EX_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("normlab " NORMLAB_VERSION);
        arena_free(arena);
        return EX_OK;
    }
    const Command *command = find_command(arena, argv[1]);
    int status = EX_OK;
    if (asks_help(argc - 2, argv + 2)) {
        print_command_help(command);
    } else {
        Call call = read_call(arena, command, argc - 2, argv + 2);
        status = command->run(&call);
    }
    arena_free(arena);
    if (fflush(stdout) != 0 || ferror(stdout))
        die(EX_IOERR, "the output could not be written");
    return status;
}
