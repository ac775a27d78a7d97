/* What shells complete words by: commands, their options and keys, names of what there is, and the
 * words that an option or key takes. All of it stands in the tables that read a command line. */
#include "help.h"
#include "ledger.h"

#include <string.h>

/* ---- words of a command ------------------------------------------------------------------ */

static void add_word(Text *text, const char *word, size_t length) {
    text_add(text, "%s%.*s", text->length ? " " : "", (int)length, word);
}

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

static void add_ids(void *context) {
    Text *text = context;
    const Ledger *ledger = ledger_read(text->arena);
    for (size_t i = 0; i < ledger->claims; i++)
        add_word(text, ledger->claim[i].id, strlen(ledger->claim[i].id));
}

/* IDs of the claims that are registered; none where their record cannot be read: others say so. */
static void add_claims(Text *text) {
    BaseError quiet = {.set = false};
    base_guard(add_ids, text, &quiet);
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
    } else if (length == 2 && begins(word, "ID")) {
        add_claims(text);
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

/* ---- values of an option or a key ----------------------------------------------------------- */

/* The names of a list, "norms". */
static const char *names_of(Arena *arena, const char *list) {
    for (size_t i = 0; list_name(i); i++)
        if (strcmp(list_name(i), list) == 0) return list_words(arena, i);
    REQUIRE(false, "no list '%s'", list);
    return NULL;
}

/* What stands behind an option or a key, by its placeholder: "text|csv|json", SPECS, NETWORK; NULL:
 * anything. */
static const char *words_for(Arena *arena, const char *value) {
    static const struct {
        const char *value, *list;
    } lists[] = {{"SPEC", "norms"},
                 {"SPECS", "norms"},
                 {"NETWORK", "networks"},
                 {"DATASET", "datasets"}};
    for (size_t i = 0; value && i < COUNT_OF(lists); i++)
        if (strcmp(value, lists[i].value) == 0) return names_of(arena, lists[i].list);
    Text text = text_new(arena);
    if (value && strcmp(value, "ID") == 0) {
        add_claims(&text);
        return text.data;
    }
    if (value == NULL || strchr(value, '|') == NULL) return NULL;
    for (const char *c = value; *c; c++) text_add(&text, "%c", *c == '|' ? ' ' : *c);
    return text.data;
}

/* Of a key of runs: names of a list, yes and no; NULL: anything. */
static const char *words_for_key(Arena *arena, const ConfigKey *key) {
    static const char *const lists[][2] = {{"norm", "norms"},
                                           {"network", "networks"},
                                           {"dataset", "datasets"},
                                           {"task", "tasks"},
                                           {"probes", "probes"}};
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        if (strcmp(key->name, lists[i][0]) == 0) return names_of(arena, lists[i][1]);
    const bool is_switch =
        strcmp(key->initial, "yes") == 0 || strcmp(key->initial, "no") == 0;
    return is_switch ? "yes no" : NULL;
}

static void print_value(const Command *command, const char *name, const char *equals,
                        const char *before, const char *words, const char *after) {
    if (words)
        printf("    '%s %s%s') %s%s%s ;;\n", command->name, name, equals, before, words,
               after);
}

/* A line of a shell's case for each option and key that takes one of some words. */
static void print_values(Arena *arena, const char *before, const char *after) {
    size_t count;
    const Command *const *command = commands(&count);
    for (size_t i = 0; i < count; i++) {
        const Command *c = command[i];
        for (const Option *o = c->options; o && o->name; o++)
            print_value(c, o->name, "", before, words_for(arena, o->value), after);
        for (const Option *key = c->keys; key && key->name; key++)
            print_value(c, key->name, "=", before, words_for(arena, key->value), after);
        for (size_t k = 0; c->settings && k < CONFIG_KEYS; k++) {
            const ConfigKey *key = &config_keys()[k];
            print_value(c, key->name, "=", before, words_for_key(arena, key), after);
        }
    }
}

/* ---- scripts ----------------------------------------------------------------------------- */

/* The third word of some: `list norms` NAME. A line of a shell's case for each. */
static void print_third(Arena *arena, const char *before, const char *after) {
    for (size_t i = 0; list_name(i); i++)
        printf("    'list %s') %s%s --long --tex --form --json --help%s ;;\n",
               list_name(i), before, list_words(arena, i), after);
}

static void print_cases(Arena *arena, const char *before, const char *after) {
    size_t count;
    const Command *const *command = commands(&count);
    for (size_t i = 0; i < count; i++)
        printf("    %s) %s%s%s ;;\n", command[i]->name, before,
               words_after(arena, command[i]), after);
    printf("    help) %s%s", before, all_commands(arena));
    for (size_t i = 0; help_form(i); i++) printf(" %s", help_form(i));
    printf("%s ;;\n", after);
}

/* Bash takes key=value apart at '='; of a list what stands behind the last comma is completed. */
void complete_bash(Arena *arena) {
    printf("# bash completion for normlab, written by `normlab help --bash`\n"
           "_normlab() {\n"
           "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} "
           "first= values=\n"
           "  local words=\"%s\"\n"
           "  if [ \"$word\" = = ]; then word= before=$before=\n"
           "  elif [ \"$before\" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}=; fi\n"
           "  case $before in --*=) before=${before%%=} ;; esac\n"
           "  case \"${COMP_WORDS[1]} $before\" in\n",
           all_commands(arena));
    print_values(arena, "values=\"", "\"");
    puts("  esac\n"
         "  if [ \"$values\" ]; then\n"
         "    case $word in *,*) first=${word%,*}, word=${word##*,} ;; esac\n"
         "    COMPREPLY=($(compgen -P \"$first\" -W \"$values\" -- \"$word\"))\n"
         "    return\n"
         "  fi\n"
         "  [ \"$COMP_CWORD\" -eq 1 ] || case ${COMP_WORDS[1]} in");
    print_cases(arena, "words=\"", "\"");
    puts("  esac\n"
         "  [ \"$COMP_CWORD\" -lt 3 ] || case \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in");
    print_third(arena, "words=\"", "\"");
    puts("  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "  [[ ${COMPREPLY-} != *= ]] || compopt -o nospace\n"
         "}\n"
         "complete -o default -F _normlab normlab");
}

void complete_zsh(Arena *arena) {
    printf("#compdef normlab\n"
           "# zsh completion for normlab, written by `normlab help --zsh`\n"
           "local -a offer values\n"
           "local before=$words[CURRENT-1]\n"
           "offer=(%s)\n"
           "[[ $PREFIX != *=* ]] || before=${PREFIX%%%%=*}=\n"
           "[[ $before != --*= ]] || before=${before%%=}\n"
           "case \"$words[2] $before\" in\n",
           all_commands(arena));
    print_values(arena, "values=(", ")");
    puts("esac\n"
         "if (( $#values )); then\n"
         "  compset -P '*='\n"
         "  compset -P '*,'\n"
         "  compadd -a values\n"
         "  return\n"
         "fi\n"
         "(( CURRENT == 2 )) || case $words[2] in");
    print_cases(arena, "offer=(", ")");
    puts("esac\n"
         "(( CURRENT < 4 )) || case \"$words[2] $words[3]\" in");
    print_third(arena, "offer=(", ")");
    puts("esac\n"
         "local -a keys=(${(M)offer:#*=})\n"
         "offer=(${offer:#*=})\n"
         "compadd -a offer\n"
         "compadd -S '' -a keys\n"
         "(( CURRENT == 2 )) || _files");
}
