/* Text as LaTeX reads it. */
#include "figure.h"

#include <string.h>

/* Characters beyond ASCII that LaTeX has under other names. What pdflatex does not know is shown
 * by its number, so that a document compiles whatever stands in a file. */
static const struct {
    unsigned code;
    const char *tex;
} SYMBOLS[] = {
    {0xb0, "^\\circ"},
    {0xb1, "\\pm"},
    {0xb2, "^2"},
    {0xb3, "^3"},
    {0xb5, "\\mu"},
    {0xb7, "\\cdot"},
    {0xd7, "\\times"},
    {0xf7, "\\div"},
    {0x3b1, "\\alpha"},
    {0x3b2, "\\beta"},
    {0x3b3, "\\gamma"},
    {0x3b4, "\\delta"},
    {0x3b5, "\\varepsilon"},
    {0x3b6, "\\zeta"},
    {0x3b7, "\\eta"},
    {0x3b8, "\\theta"},
    {0x3ba, "\\kappa"},
    {0x3bb, "\\lambda"},
    {0x3bc, "\\mu"},
    {0x3bd, "\\nu"},
    {0x3be, "\\xi"},
    {0x3c0, "\\pi"},
    {0x3c1, "\\rho"},
    {0x3c3, "\\sigma"},
    {0x3c4, "\\tau"},
    {0x3c6, "\\varphi"},
    {0x3c7, "\\chi"},
    {0x3c8, "\\psi"},
    {0x3c9, "\\omega"},
    {0x393, "\\Gamma"},
    {0x394, "\\Delta"},
    {0x398, "\\Theta"},
    {0x39b, "\\Lambda"},
    {0x3a0, "\\Pi"},
    {0x3a3, "\\Sigma"},
    {0x3a6, "\\Phi"},
    {0x3a8, "\\Psi"},
    {0x3a9, "\\Omega"},
    {0x2190, "\\leftarrow"},
    {0x2192, "\\rightarrow"},
    {0x2208, "\\in"},
    {0x2211, "\\sum"},
    {0x2212, "-"},
    {0x221a, "\\surd"},
    {0x221e, "\\infty"},
    {0x2248, "\\approx"},
    {0x2260, "\\neq"},
    {0x2264, "\\leq"},
    {0x2265, "\\geq"},
};

/* Letters that LaTeX reads as they are. */
static bool is_letter(unsigned code) {
    return code >= 0xc0 && code <= 0xff && code != 0xd0 && code != 0xde && code != 0xf0 &&
           code != 0xfe;
}

/* NULL: it has no other name. */
static const char *name_of(unsigned code) {
    if (code == 0x2013 || code == 0x2014) return code == 0x2013 ? "--" : "---";
    for (size_t i = 0; i < COUNT_OF(SYMBOLS); i++)
        if (SYMBOLS[i].code == code) return SYMBOLS[i].tex;
    return NULL;
}

bool figure_latex_has(unsigned code) {
    return code < 0x80 || is_letter(code) || name_of(code);
}

static void add_symbol(Text *out, unsigned code, const char *bytes, size_t length) {
    const char *name = name_of(code);
    if (name)
        text_add(out, *name == '-' && name[1] ? "%s" : "$%s$", name);
    else if (is_letter(code))
        text_add(out, "%.*s", (int)length, bytes);
    else
        text_add(out, "{[}U+%04X{]}", code);
}

const char *figure_latex(Arena *arena, const char *text) {
    static const struct {
        char c;
        const char *tex;
    } plain[] = {{'|', "$|$"},
                 {'<', "$<$"},
                 {'>', "$>$"},
                 {'\\', "\\textbackslash{}"},
                 {'[', "{[}"}, /* after the end of a row they would be its options */
                 {']', "{]}"},
                 {'*', "{*}"},
                 {'^', "\\textasciicircum{}"},
                 {'~', "\\textasciitilde{}"},
                 {'-', "-{}"},   /* two would become one dash */
                 {'`', "\\`{}"}, /* and these other quotes */
                 {'\'', "'{}"},
                 {'"', "''{}"}};
    Text out = text_new(arena);
    while (*text) {
        const char *from = text;
        const unsigned code = figure_character(&text);
        const char *tex = NULL;
        for (size_t i = 0; i < COUNT_OF(plain); i++)
            if (code == (unsigned char)plain[i].c) tex = plain[i].tex;
        if (code >= 0x80)
            add_symbol(&out, code, from, (size_t)(text - from));
        else if (strchr("&%$#_{}", *from))
            text_add(&out, "\\%c", *from);
        else
            text_add(&out, tex ? "%s" : "%.1s", tex ? tex : from);
    }
    return out.data;
}
