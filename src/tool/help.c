/* What the program says of itself: help, and from the same tables a man page and what shells
 * complete words by. */
#include "tool.h"

#include <string.h>

static const char TITLE[] = "a testbed for Group Normalization and its relatives";

/* What concerns every command: a name, and what it does. */
typedef struct Word {
    const char *name, *does;
} Word;

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
    {"NORMLAB_HOME", "a checkout, for what needs one"}};

static const Word WRAPPER[] = {
    {"test", "proves everything; takes CTest's options"},
    {"--no-install ...",
     "a command, where nothing has to be installed for it; else says what is missing"},
    {"NORMLAB_PRESET=dev ...", "with sanitizers and checks"}};

static const char SHELLS[] = "Shells read parentheses themselves: write group:8 for "
                             "group(8), or 'group(8)' in quotes; "
                             "likewise group:size=4.\n";

/* ---- help ------------------------------------------------------------------------ */

static void print_words(FILE *out, const Word *word, size_t count) {
    for (size_t i = 0; i < count; i++)
        fprintf(out, "  %-24s %s\n", word[i].name, word[i].does);
}

void help_print(FILE *out) {
    size_t count;
    const Command *const *command = commands(&count);
    fprintf(out, "normlab: %s\n\nCommands:\n", TITLE);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "  %-8s %s\n", command[i]->name, command[i]->summary);
    print_commands(out,
                   "\n`normlab COMMAND --help` says more. Start with `normlab demo`.\n");
    fputs(SHELLS, out);
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
        char left[40];
        snprintf(left, sizeof left, "%s%s%s", o->name, o->value ? between : "",
                 o->value ? o->value : "");
        printf("  %-18s %s\n", left, o->help);
    }
}

void help_print_command(const Command *command) {
    printf("%s %s%s%s\n\n%s\n", program_called(), command->name,
           *command->usage ? " " : "", command->usage, command->summary);
    print_table("Options", command->options, " ");
    print_table("Keys", command->keys, "=");
    if (command->settings) print_keys();
    if (command->more) {
        putchar('\n');
        print_commands(stdout, command->more);
        putchar('\n');
    }
    if (strstr(command->usage, "SPEC") || command->settings) fputs(SHELLS, stdout);
}

/* ---- man ------------------------------------------------------------------------- */

/* roff reads a backslash anywhere, a dot or quote at the beginning of a line, and makes a
 * hyphen of a minus. */
static void roff(const char *text) {
    bool first = true;
    for (const char *c = text; *c; c++) {
        if (first && (*c == '.' || *c == '\'')) fputs("\\&", stdout);
        if (*c == '\\')
            fputs("\\e", stdout);
        else if (*c == '-')
            fputs("\\-", stdout);
        else
            putchar(*c);
        first = *c == '\n';
    }
}

static void roff_entry(const char *name, const char *value, const char *help) {
    fputs(".TP\n\\fB", stdout);
    roff(name);
    fputs("\\fR", stdout);
    if (value) {
        fputs(" \\fI", stdout);
        roff(value);
        fputs("\\fR", stdout);
    }
    putchar('\n');
    roff(help);
    putchar('\n');
}

static void roff_key(const char *name, const char *help, const char *initial) {
    roff_entry(name, NULL, help);
    fputs("[", stdout);
    roff(initial);
    fputs("]\n", stdout);
}

static void roff_words(const char *section, const Word *word, size_t count) {
    printf(".SH %s\n", section);
    for (size_t i = 0; i < count; i++) roff_entry(word[i].name, NULL, word[i].does);
}

static void roff_command(const Command *command) {
    fputs(".SS normlab ", stdout);
    roff(command->name);
    putchar(' ');
    roff(command->usage);
    putchar('\n');
    roff(command->summary);
    puts(".");
    for (const Option *o = command->options; o && o->name; o++)
        roff_entry(o->name, o->value, o->help);
    for (const Option *key = command->keys; key && key->name; key++)
        roff_entry(key->name, key->value, key->help);
    if (command->more) {
        puts(".PP");
        roff(command->more);
        putchar('\n');
    }
}

static void print_man(void) {
    size_t count;
    const Command *const *command = commands(&count);
    puts(".TH NORMLAB 1 \"\" \"normlab " NORMLAB_VERSION "\" \"User Commands\"\n"
         ".SH NAME");
    printf("normlab \\- %s\n", TITLE);
    puts(".SH SYNOPSIS\n.B normlab\n\\fICOMMAND\\fR [\\fIWORD\\fR ...] [\\fIOPTION\\fR "
         "...]\n"
         ".SH DESCRIPTION");
    puts("A normalizer is named by a spec: batch, group(8), mix(instance, layer).");
    roff(SHELLS);
    puts("Data go to stdout, talk to stderr.\n.SH COMMANDS");
    for (size_t i = 0; i < count; i++) roff_command(command[i]);
    puts(".SH KEYS\nOf a run's configuration, with their defaults.");
    each_key(roff_key);
    const Experiment *const *found = experiments(&count);
    for (size_t i = 0; i < count; i++) {
        if (found[i]->keys == NULL) continue;
        printf(".PP\nOf the experiment %s:\n", found[i]->name);
        each_own_key(found[i], roff_key);
    }
    roff_words("OPTIONS", EVERYWHERE, COUNT_OF(EVERYWHERE));
    roff_words("ENVIRONMENT", ENVIRONMENT, COUNT_OF(ENVIRONMENT));
    puts(".SH EXIT STATUS\n0; 1 where a check or claim fails; else a code of sysexits.h: "
         "64 "
         "usage, 65 bad data, 66 no input, 69 something is missing, 73 and 74 cannot "
         "write, "
         "75 busy; 130 and 143 after a clean stop.\n.SH SEE ALSO\n.BR normlab (3)");
}

/* ---- what shells complete ----------------------------------------------------------- */

static void add_word(Text *text, const char *word, size_t length) {
    text_add(text, "%s%.*s", text->length ? " " : "", (int)length, word);
}

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

/* Names where the usage has a placeholder for them, its own words where it has such. */
static void add_usage_word(Text *text, const Command *command, const char *word,
                           size_t length) {
    size_t count;
    if (begins(word, "EXPERIMENT")) {
        const Experiment *const *found = experiments(&count);
        for (size_t i = 0; i < count; i++)
            if (!command->of_runs || experiment_has_runs(found[i]))
                add_word(text, found[i]->name, strlen(found[i]->name));
    } else if (begins(word, "SPEC")) {
        const NormKind *const *kind = norm_kinds(&count);
        for (size_t i = 0; i < count; i++)
            add_word(text, norm_name(kind[i]), strlen(norm_name(kind[i])));
    } else if (*word >= 'a' && *word <= 'z' && memchr(word, '=', length) == NULL) {
        add_word(text, word, length);
    }
}

/* "batch=", once: several experiments may have a key of one name. */
static void add_config_key(Text *text, const char *name) {
    const char *word = text_print(text->arena, " %s=", name);
    if (strstr(text->data, word) == NULL) text_add(text, "%s", word);
}

static void add_own_keys(Text *text) {
    size_t count;
    const Experiment *const *found = experiments(&count);
    for (size_t i = 0; i < count; i++)
        for (const ExperimentKey *key = found[i]->keys; key && key->name; key++)
            add_config_key(text, key->name);
}

/* What may follow the command: `list` norms experiments ... --long --tex --form --json */
static const char *words_after(Arena *arena, const Command *command) {
    static const char between[] = " []|";
    Text text = text_new(arena);
    for (const char *at = command->usage; *at; at += strspn(at, between)) {
        const size_t length = strcspn(at, between);
        if (*at == '-') break; /* options come from their table */
        if (length) add_usage_word(&text, command, at, length);
        at += length;
    }
    for (const Option *o = command->options; o && o->name; o++)
        add_word(&text, o->name, strlen(o->name));
    for (const Option *key = command->keys; key && key->name; key++)
        add_config_key(&text, key->name);
    for (size_t i = 0; command->settings && i < CONFIG_KEYS; i++)
        add_config_key(&text, config_keys()[i].name);
    if (command->settings) add_own_keys(&text);
    text_add(&text, " --plugin --norms --let --help");
    return text.data;
}

static const char *all_commands(Arena *arena) {
    size_t count;
    const Command *const *command = commands(&count);
    Text text = text_new(arena);
    for (size_t i = 0; i < count; i++) text_add(&text, "%s ", command[i]->name);
    text_add(&text, "help --help --version --plugin --norms --let");
    return text.data;
}

/* The third word of some: `list norms` NAME. A line of a shell's case for each. */
static void print_third(Arena *arena, const char *before, const char *after) {
    for (size_t i = 0; list_name(i); i++)
        printf("    'list %s') %s%s --long --tex --form --json --help%s ;;\n", list_name(i),
               before, list_words(arena, i), after);
}

static void print_cases(Arena *arena, const char *before, const char *after) {
    size_t count;
    const Command *const *command = commands(&count);
    for (size_t i = 0; i < count; i++)
        printf("    %s) %s%s%s ;;\n", command[i]->name, before,
               words_after(arena, command[i]), after);
    printf("    help) %s%s --man --bash --zsh%s ;;\n", before, all_commands(arena),
           after);
}

static void print_bash(Arena *arena) {
    printf("# bash completion for normlab, written by `normlab help --bash`\n"
           "_normlab() {\n"
           "  local words=\"%s\"\n"
           "  [ \"$COMP_CWORD\" -eq 1 ] || case ${COMP_WORDS[1]} in\n",
           all_commands(arena));
    print_cases(arena, "words=\"", "\"");
    puts("  esac\n"
         "  [ \"$COMP_CWORD\" -lt 3 ] || case \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in");
    print_third(arena, "words=\"", "\"");
    puts("  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "  [[ ${COMPREPLY-} != *= ]] || compopt -o nospace\n"
         "}\n"
         "complete -o default -F _normlab normlab");
}

static void print_zsh(Arena *arena) {
    printf("#compdef normlab\n"
           "# zsh completion for normlab, written by `normlab help --zsh`\n"
           "local -a offer\n"
           "offer=(%s)\n"
           "(( CURRENT == 2 )) || case $words[2] in\n",
           all_commands(arena));
    print_cases(arena, "offer=(", ")");
    puts("esac\n"
         "(( CURRENT < 4 )) || case \"$words[2] $words[3]\" in");
    print_third(arena, "offer=(", ")");
    puts("esac\n"
         "compadd -a offer\n"
         "(( CURRENT == 2 )) || _files");
}

int help_print_form(Arena *arena, const char *form) {
    static const char *const names[] = {"--man", "--bash", "--zsh", "--help"};
    static const Choice forms = CHOICE(names);
    if (strcmp(form, "--man") == 0)
        print_man();
    else if (strcmp(form, "--bash") == 0)
        print_bash(arena);
    else if (strcmp(form, "--zsh") == 0)
        print_zsh(arena);
    else if (strcmp(form, "--help") == 0)
        help_print(stdout);
    else
        die(EX_USAGE, "no form of help '%s'%s; there are --man, --bash, --zsh", form,
            choice_hint(arena, &forms, form));
    return EX_OK;
}
