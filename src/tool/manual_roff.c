/* A manual as a man page. */
#include "house.h"
#include "manual.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* roff reads a backslash anywhere, a dot or quote at the beginning of a line, and makes a
 * hyphen of a minus. Code is bold where `marks` are. */
static void roff(const char *text, bool marks) {
    bool first = true, code = false;
    for (const char *c = text; *c; c++) {
        if (first && (*c == '.' || *c == '\'')) fputs("\\&", stdout);
        first = *c == '\n';
        if (*c == '\\')
            fputs("\\e", stdout);
        else if (*c == '-')
            fputs("\\-", stdout);
        else if (*c == '`' && marks)
            fputs((code = !code) ? "\\fB" : "\\fR", stdout);
        else
            putchar(*c);
    }
    if (code) fputs("\\fR", stdout);
}

static bool headed; /* what follows a heading begins no paragraph */

static void roff_paragraph(void) {
    if (!headed) puts(".PP");
    headed = false;
}

static void roff_section(const char *title) {
    fputs(".SH ", stdout);
    for (const char *c = title; *c; c++) putchar(toupper((unsigned char)*c));
    putchar('\n');
    headed = true;
}

static void roff_part(const char *title) {
    fputs(".SS ", stdout);
    roff(title, false);
    putchar('\n');
    headed = true;
}

static void roff_text(const char *text) {
    roff_paragraph();
    roff(text, true);
    putchar('\n');
}

static void roff_lines(const char *text) {
    roff_paragraph();
    puts(".nf");
    roff(text, false);
    puts("\n.fi");
}

static void roff_list(const char *left, const char *right) {
    (void)left, (void)right;
}

static void roff_entry(const char *name, const char *value, const char *says,
                       const char *initial) {
    headed = false;
    fputs(".TP\n\\fB", stdout);
    roff(name, false);
    fputs("\\fR", stdout);
    if (value) {
        fputs(" \\fI", stdout);
        roff(value, false);
        fputs("\\fR", stdout);
    }
    putchar('\n');
    roff(says, true);
    if (initial) {
        fputs(" [", stdout);
        roff(initial, false);
        putchar(']');
    }
    putchar('\n');
}

static void roff_end(void) {
}

const Manual manual_roff = {roff_section, roff_part,  roff_text, roff_lines,
                            roff_list,    roff_entry, roff_end};

void manual_roff_title(const char *name, int section, const char *book,
                       const char *does) {
    fputs(".TH ", stdout);
    for (const char *c = name; *c; c++) putchar(toupper((unsigned char)*c));
    printf(" %d \"\" \"normlab " NORMLAB_VERSION "\" \"%s\"\n.SH NAME\n%s \\- %s\n",
           section, book, name, does);
}
