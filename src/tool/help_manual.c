/* The manual of the program: normlab(1), and the page of the book with every command. */
#include "help.h"

#include <string.h>

static void put_words(const Manual *to, const char *title, const char *text,
                      Words which) {
    size_t count;
    const Word *word = help_words(which, &count);
    to->section(title);
    if (text) to->text(text);
    to->list("word", "what it does");
    for (size_t i = 0; i < count; i++) to->entry(word[i].name, NULL, word[i].does, NULL);
    to->end();
}

/* ---- commands ---------------------------------------------------------------------------- */

static void put_options(const Manual *to, const char *left, const Option *option) {
    if (option == NULL || option->name == NULL) return;
    to->list(left, "what it does");
    for (const Option *o = option; o->name; o++)
        to->entry(o->name, o->value, o->help, NULL);
    to->end();
}

static void put_keys(const Manual *to, Arena *arena, const Option *key) {
    if (key == NULL || key->name == NULL) return;
    to->list("key", "what it does");
    for (const Option *k = key; k->name; k++)
        to->entry(text_print(arena, "%s=%s", k->name, k->value ? k->value : ""), NULL,
                  k->help, NULL);
    to->end();
}

static void put_command(const Manual *to, Arena *arena, const Command *command) {
    to->part(text_print(arena, "normlab %s", command->name));
    to->text(text_print(arena, "%s.", command->summary));
    to->lines(text_print(arena, "normlab %s %s", command->name, command->usage));
    put_options(to, "option", command->options);
    put_keys(to, arena, command->keys);
    if (command->settings)
        to->text("Words `key=value` are settings of runs: see the keys below.");
    if (command->more == NULL) return;
    const bool columns = strstr(command->more, "\n  ") != NULL;
    (columns ? to->lines : to->text)(command->more);
}

/* ---- keys -------------------------------------------------------------------------------- */

static bool is_same_key(const ExperimentKey *a, const ExperimentKey *b) {
    return strcmp(a->name, b->name) == 0 && strcmp(a->initial, b->initial) == 0 &&
           strcmp(a->help, b->help) == 0;
}

/* The experiments that have the key, "`depth`, `detach`"; NULL: one before the `of`-th does. */
static const char *owners(Arena *arena, const ExperimentKey *key, size_t of) {
    size_t count;
    const Experiment *const *found = experiments(&count);
    Text text = text_new(arena);
    for (size_t i = 0; i < count; i++)
        for (const ExperimentKey *k = found[i]->keys; k && k->name; k++) {
            if (!is_same_key(k, key)) continue;
            if (i < of) return NULL;
            text_add(&text, "%s`%s`", text.length ? ", " : "", found[i]->name);
        }
    return text.data;
}

static void put_own_keys(const Manual *to, Arena *arena) {
    size_t count;
    const Experiment *const *found = experiments(&count);
    for (size_t i = 0; i < count; i++)
        for (const ExperimentKey *k = found[i]->keys; k && k->name; k++) {
            const char *of = owners(arena, k, i);
            if (of)
                to->entry(k->name, NULL, text_print(arena, "%s. Of %s", k->help, of),
                          k->initial);
        }
}

static void put_all_keys(const Manual *to, Arena *arena) {
    to->section("Keys");
    to->text("Of a run's configuration, with their defaults. Comma lists sweep: "
             "`batch=32,16,8`; of whole numbers ranges, too: `seed=1-3`.");
    to->list("key", "default | what it does");
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        const ConfigKey *key = &config_keys()[i];
        to->entry(key->name, NULL, key->help, key->initial);
    }
    to->end();
    to->text("Of experiments:");
    to->list("key", "default | what it does");
    put_own_keys(to, arena);
    to->end();
}

/* ---- the whole --------------------------------------------------------------------------- */

static const struct {
    const char *code, *says;
} CODES[] = {{"0", "done; of a check or a comparison: nothing is wrong or differs"},
             {"1", "a check or a claim fails, two results differ, runs failed"},
             {"64", "a word of the command line is wrong; nothing was done"},
             {"65", "what a file holds is wrong"},
             {"66", "a file is not there"},
             {"69", "something is missing, or refused: it cannot be done here"},
             {"73", "a file cannot be made"},
             {"74", "a file cannot be written"},
             {"75", "another process is at it"},
             {"130, 143", "stopped by a signal; what was begun can be resumed"}};

void help_manual(const Manual *to, Arena *arena) {
    size_t count;
    const Command *const *command = commands(&count);
    to->section("Commands");
    for (size_t i = 0; i < count; i++) put_command(to, arena, command[i]);
    put_all_keys(to, arena);
    put_words(to, "Options", "Of every command:", WORDS_EVERYWHERE);
    put_words(to, "Environment", NULL, WORDS_ENVIRONMENT);
    put_words(
        to, "Wrapper",
        "In a checkout `./normlab` builds the program first, and has words of its own:",
        WORDS_WRAPPER);
    to->section("Exit status");
    to->list("code", "when");
    for (size_t i = 0; i < COUNT_OF(CODES); i++)
        to->entry(CODES[i].code, NULL, CODES[i].says, NULL);
    to->end();
}

void help_man(Arena *arena) {
    manual_roff_title("normlab", 1, "User Commands", help_title);
    puts(".SH SYNOPSIS\n.B normlab\n\\fICOMMAND\\fR [\\fIWORD\\fR ...] [\\fIOPTION\\fR "
         "...]");
    manual_roff.section("Description");
    manual_roff.text(
        "A normalizer is named by a spec: batch, group(8), mix(instance, layer). "
        "Data go to stdout, talk to stderr.");
    manual_roff.text(help_shells);
    help_manual(&manual_roff, arena);
    puts(".SH SEE ALSO\n.BR normlab.h (3),\n.BR normlab\\-spec (7)");
}
