/* What the program says of itself: help, and from the same tables pages and what shells complete. */
#include "help.h"

#include <string.h>

const char help_title[] = "a testbed for Group Normalization and its relatives";

static const Word EVERYWHERE[] = {
    {"--plugin FILE.so",
     "brings a normalizer of your own (repeatable); see include/normlab/kind.h"},
    {"--norms FILE", "brings normalizers that are equations (repeatable; NAME.norm)"},
    {"--let 'NAME: y = ...'", "the same of a text, ';' for the ends of lines"},
    {"--help", "of the program, or of the command before it"},
    {"--version", "in place of a command"}};

static const Word ENVIRONMENT[] = {
    {"NORMLAB_OUT", "folder of results, else out"},
    {"NORMLAB_NORMS", "files or folders of equations, ':' between them"},
    {"NORMLAB_DATA", "folder of data sets that are not embedded"},
    {"NORMLAB_HOME", "a checkout, for what needs one"},
    {"NORMLAB_GNUPLOT_SECONDS", "how long gnuplot may take for a figure, else 300"},
    {"NORMLAB_WEAVE_SECONDS",
     "how long a command of the book may take for its block, else 60"}};

static const Word WRAPPER[] = {
    {"test", "proves everything; takes CTest's options"},
    {"notes", "renders the book as pages into out/site/, or with --pdf as one file"},
    {"--no-install ...",
     "a command, where nothing has to be installed for it; else says what is missing"},
    {"NORMLAB_PRESET=dev ...", "with sanitizers and checks"}};

const char help_shells[] = "Shells read parentheses themselves: write group:8 for "
                           "group(8), or 'group(8)' in quotes; "
                           "likewise group:size=4.\n";

const Word *help_words(Words which, size_t *count) {
    static const struct {
        const Word *word;
        size_t count;
    } all[] = {{EVERYWHERE, COUNT_OF(EVERYWHERE)},
               {ENVIRONMENT, COUNT_OF(ENVIRONMENT)},
               {WRAPPER, COUNT_OF(WRAPPER)}};
    *count = all[which].count;
    return all[which].word;
}

/* ---- help ------------------------------------------------------------------------ */

static void print_words(FILE *out, const Word *word, size_t count) {
    for (size_t i = 0; i < count; i++)
        fprintf(out, "  %-24s %s\n", word[i].name, word[i].does);
}

void help_print(FILE *out) {
    size_t count;
    const Command *const *command = commands(&count);
    fprintf(out, "normlab: %s\n\nCommands:\n", help_title);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "  %-8s %s\n", command[i]->name, command[i]->summary);
    print_commands(out,
                   "\n`normlab COMMAND --help` says more. Start with `normlab demo`.\n");
    fputs(help_shells, out);
    fputs("\nOf every command:\n", out);
    print_words(out, EVERYWHERE, COUNT_OF(EVERYWHERE));
    if (program_is_wrapped()) {
        fputs("\nOf this wrapper, which builds the program first:\n", out);
        print_words(out, WRAPPER, COUNT_OF(WRAPPER));
    }
    fputs("\nEnvironment:\n", out);
    print_words(out, ENVIRONMENT, COUNT_OF(ENVIRONMENT));
}

typedef void PrintWord(const char *name, const char *help, const char *initial);

static void print_key(const char *name, const char *help, const char *initial) {
    printf("  %-12s ", name);
    print_commands(stdout, help);
    printf(" [%s]\n", initial);
}

static void each_key(PrintWord *print) {
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        const ConfigKey *key = &config_keys()[i];
        print(key->name, key->help, key->initial);
    }
}

static void each_own_key(const Experiment *experiment, PrintWord *print) {
    for (const ExperimentKey *key = experiment->keys; key && key->name; key++)
        print(key->name, key->help, key->initial);
}

static void print_keys(void) {
    puts("\nKeys of a run's configuration, their defaults in brackets:");
    each_key(print_key);
    size_t count;
    const Experiment *const *found = experiments(&count);
    for (size_t i = 0; i < count; i++) {
        if (found[i]->keys == NULL) continue;
        printf("Keys of the experiment %s:\n", found[i]->name);
        each_own_key(found[i], print_key);
    }
}

/* What a word is called, and what may stand behind it. */
static void print_table(const char *title, const Option *option, const char *between) {
    if (option && option->name) printf("\n%s:\n", title);
    for (const Option *o = option; o && o->name; o++) {
        char left[64];
        snprintf(left, sizeof left, "%s%s%s", o->name, o->value ? between : "",
                 o->value ? o->value : "");
        printf("  %-18s %s\n", left, o->help);
    }
}

/* Behind what the command is called; options that would go beyond a line go to the next. */
static void print_usage(const Command *command) {
    enum { LINE = 100, INDENT = 4 };
    int at = printf("%s %s", program_called(), command->name);
    for (const char *word = command->usage; *word;) {
        int length = 0, deep = 0; /* a word, or all between brackets */
        for (; word[length] && (deep > 0 || word[length] != ' '); length++)
            deep += (word[length] == '[') - (word[length] == ']');
        if (at + 1 + length > LINE) at = printf("\n%*s", INDENT - 1, "") - 1;
        at += printf(" %.*s", length, word);
        word += length + (word[length] == ' ');
    }
    printf("\n\n%s\n", command->summary);
}

void help_print_command(const Command *command) {
    print_usage(command);
    print_table("Options", command->options, " ");
    print_table("Keys", command->keys, "=");
    if (command->settings) print_keys();
    if (command->more) {
        putchar('\n');
        print_commands(stdout, command->more);
        putchar('\n');
    }
    if (strstr(command->usage, "SPEC") || command->settings) fputs(help_shells, stdout);
}

static void print_markdown(Arena *arena) {
    help_manual(&manual_markdown, arena);
}

static void print_language(Arena *arena) {
    help_language(&manual_markdown, arena);
}

static void print_help(Arena *arena) {
    (void)arena;
    help_print(stdout);
}

typedef struct Form {
    const char *name;
    void (*print)(Arena *arena);
} Form;

static const Form FORMS[] = {{"--man", help_man},
                             {"--man-spec", help_man_language},
                             {"--markdown", print_markdown},
                             {"--language", print_language},
                             {"--bash", complete_bash},
                             {"--zsh", complete_zsh},
                             {"--help", print_help}};

const char *help_form(size_t i) {
    return i < COUNT_OF(FORMS) ? FORMS[i].name : NULL;
}

int help_print_form(Arena *arena, const char *form) {
    static const Choice forms = CHOICE(FORMS);
    const size_t i = choice_find(&forms, form);
    if (i == forms.count)
        die(EX_USAGE, "no form of help '%s'%s; there are %s", form,
            choice_hint(arena, &forms, form), choice_words(arena, &forms, " and "));
    FORMS[i].print(arena);
    return EX_OK;
}
