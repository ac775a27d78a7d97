/* A manual as Markdown: lists are tables. */
#include "house.h"
#include "manual.h"

#include <stdio.h>
#include <string.h>

static bool has_initial; /* of the table that is being printed */

/* Letters that mean something to Markdown lose it, outside of code; a bar means something to a
 * table everywhere. */
static void put_letter(char c, bool code, bool in_cell) {
    if (c == '|' && in_cell)
        fputs("\\|", stdout);
    else if (c == '\n' && in_cell)
        putchar(' ');
    else if (c == '<' && !code)
        fputs("&lt;", stdout);
    else if (!code && strchr("*_[]$\\#", c))
        printf("\\%c", c);
    else
        putchar(c);
}

static void put(const char *text, bool in_cell) {
    static const char command[] = "`normlab ";
    bool code = false;
    for (const char *c = text; *c; c++) {
        if (!code && strncmp(c, command, strlen(command)) == 0) {
            printf("`%s ", program_called());
            c += strlen(command) - 1, code = true;
            continue;
        }
        if (*c == '`') code = !code;
        put_letter(*c, code, in_cell);
    }
}

static void put_code(const char *text, const char *behind, bool in_cell) {
    putchar('`');
    for (const char *c = text; *c; c++) put_letter(*c, true, in_cell);
    if (behind) putchar(' ');
    for (const char *c = behind ? behind : ""; *c; c++) put_letter(*c, true, in_cell);
    putchar('`');
}

static void print_section(const char *title) {
    printf("## %s\n\n", title);
}

static void print_part(const char *title) {
    printf("### %s\n\n", title);
}

static void print_text(const char *text) {
    put(text, false);
    puts("\n");
}

static void print_lines(const char *text) {
    const bool command = strncmp(text, "normlab ", 8) == 0;
    printf("```text\n%s%s\n```\n\n", command ? program_called() : "", text + 7 * command);
}

static void print_list(const char *left, const char *right) {
    has_initial = strchr(right, '|') != NULL;
    printf("| %s | %s |\n|---|---|%s\n", left, right, has_initial ? "---|" : "");
}

static void print_entry(const char *name, const char *value, const char *says,
                        const char *initial) {
    fputs("| ", stdout);
    put_code(name, value, true);
    fputs(" | ", stdout);
    if (has_initial && initial) put_code(initial, NULL, true);
    if (has_initial) fputs(" | ", stdout);
    put(says, true);
    puts(" |");
}

static void print_end(void) {
    putchar('\n');
}

const Manual manual_markdown = {print_section, print_part,  print_text, print_lines,
                                print_list,    print_entry, print_end};
