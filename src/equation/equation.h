/* equation: the language in which a normalizer is its equation. A text becomes a tree, which is
 * printed, typeset and, by who owns normalizers (norm), computed. This layer knows no tape.
 *
 *   text       := normalizer+                           # comment, to the end of the line
 *   normalizer := NAME [ '(' option (',' option)* ')' ] ':' line+
 *   option     := NAME [ '=' number | '=' word ('|' word)+ ] [ 'in' range ]
 *   line       := NAME [ '[' 'channel' | cells ']' ] '=' parameter | state | value     ';' is
 *               | 'check' ':' identity                                        a new line, too
 *               | 'is' ':' 'activation'
 *   parameter  := 'parameter' '(' start [',' 'std' '=' S] [',' 'decay' '=' 'yes'] ')' ['in' range]
 *   state      := 'running' '(' value [',' 'weight_new' '=' W] [',' 'start' '=' S] ')'
 *   range      := '[' from ',' to ']'
 *   value      := condition '(' value ')' 'else' value | sum
 *   sum        := product (('+' | '-') product)*
 *   product    := power (('*' | '/') power)*
 *   power      := '-' power | atom ['^' power]
 *   atom       := number | NAME | '(' value ')' | function '(' value (',' value)* ')'
 *               | 'mean' | 'sum' '(' value 'over' cells ')' | 'count' '(' cells ')'
 *               | normalizer '(' value ')' | 'use' '(' '"' spec '"' ')' '(' value ')'
 *   cells      := a spec of one partition, as in group(G), or 'all'
 *   normalizer := a spec, as in group(4): group(4)(x)
 *   condition  := 'train' | an option of yes and no
 *   identity   := 'scale-invariant' | 'shift-invariant'
 *               | 'twin' spec ['when' NAME '=' number (',' NAME '=' number)*]
 *
 * Names that are there: x, gamma, beta, eps (option, 1e-5), epoch (from 0), samples (of a
 * worker). The line `y` is what the normalizer gives. What is between parentheses goes on over
 * the ends of lines, as does what ends with an operator. Comments before a normalizer: the first
 * is its title; `# source: ...`, `# differs: ...` and `# example: SPEC` say those.
 */
#ifndef NORMLAB_EQUATION_H
#define NORMLAB_EQUATION_H

#include "base.h"

enum {
    EQUATION_MOST_LINES = 48,
    EQUATION_MOST_OPTIONS = 8,
    EQUATION_MOST_TERMS = 2048, /* in one normalizer */
    EQUATION_MOST_DEPTH = 48,
    EQUATION_MOST_WORDS = 6, /* of an option */
    EQUATION_MOST_LETTERS = 64,
    EQUATION_MOST_LENGTH = 1 << 16
};

typedef enum TermKind {
    TERM_NUMBER,
    TERM_NAME, /* of what `meaning` says */
    TERM_NEG,
    TERM_ADD,
    TERM_SUB,
    TERM_MUL,
    TERM_DIV,
    TERM_POWER,
    TERM_CALL,  /* function `word` of in[arity] */
    TERM_MEAN,  /* of in[0] over the cells `spec` */
    TERM_SUM,   /* likewise */
    TERM_COUNT, /* elements of the cell of `spec` */
    TERM_APPLY, /* normalizer `spec` of in[0] */
    TERM_WHEN   /* in[0] in training (or where option `place` is yes), else in[1] */
} TermKind;

typedef enum TermMeaning {
    NAME_LINE, /* line `place` */
    NAME_OPTION,
    NAME_X,
    NAME_GAMMA,
    NAME_BETA,
    NAME_EPS,
    NAME_EPOCH,
    NAME_SAMPLES
} TermMeaning;

enum { TERM_MOST_OPERANDS = 3, WHEN_TRAINING = -1 };

typedef struct Term Term;
struct Term {
    TermKind kind;
    size_t at, number_of; /* byte of the text; its own number in the normalizer */
    const char *word;     /* name, function, condition */
    double number;
    const char *spec; /* as written; options stand in it by name */
    size_t spec_at;
    TermMeaning meaning;
    int place; /* of a line or an option */
    size_t arity;
    Term *in[TERM_MOST_OPERANDS];
};

typedef enum EquationLineKind { LINE_VALUE, LINE_PARAMETER, LINE_STATE } EquationLineKind;

typedef struct EquationLine {
    const char *name;
    size_t at;
    EquationLineKind kind;
    const char
        *per; /* NULL: one number; "channel"; cells, whose sets of channels count */
    size_t per_at;
    Term *value; /* of a state: what is observed of it */
    Term *start, *std, *least, *most, *weight_new; /* NULL: as usual */
    bool decayed;
} EquationLine;

typedef struct EquationOption {
    const char *name;
    size_t at;
    bool required; /* a number, positional */
    double usual, least, most;
    size_t words; /* 0: a number; else one of these, the first is usual */
    const char *word[EQUATION_MOST_WORDS];
    bool is_switch; /* its words are yes and no */
} EquationOption;

typedef enum EquationIdentityKind {
    IDENTITY_SCALE, /* y(a x) = y(x), a > 0, but for eps, in training */
    IDENTITY_SHIFT, /* y(x + c) = y(x), in training */
    IDENTITY_TWIN   /* it is `spec`, where parameters are these numbers */
} EquationIdentityKind;

typedef struct EquationIdentity {
    EquationIdentityKind kind;
    size_t at; /* of a twin, its spec's */
    const char *spec;
    size_t count;
    int line[EQUATION_MOST_OPTIONS]; /* of parameters */
    double number[EQUATION_MOST_OPTIONS];
} EquationIdentity;

typedef struct Equation {
    const char *name;
    size_t at;
    const char *title, *source, *differs, *example; /* NULL: not said */
    size_t options, lines, terms, identities;
    EquationOption option[EQUATION_MOST_OPTIONS];
    EquationLine line[EQUATION_MOST_LINES];
    EquationIdentity identity[EQUATION_MOST_OPTIONS];
    int order[EQUATION_MOST_LINES]; /* lines, each after those that it reads */
    int y;                          /* the line that is given */
    double usual_eps;
    bool says_eps; /* what is usual of it, at eps_at */
    size_t eps_at;
    bool has_gamma, has_beta, has_eps;
    bool activates; /* an activation too, so that a network puts none after it */

    /* gamma E + beta (either may be missing), once, around all else, so that it may be left
     * out: `body` is E and y = gamma body + beta. NULL: y is not of this form. */
    const Term *body;
    bool
        affine_inside; /* gamma and beta stand in one such place, with something around it */
} Equation;

/* ---- parse.c, option.c, know.c ----------------------------------------------------- */

/* All normalizers of a text; NULL and *error (EX_DATAERR; at: offset into it). */
const Equation *const *equation_read(Arena *arena, const char *text, size_t *count,
                                     BaseError *error);

/* An error in a text of that name, one line: "NAME:3:12: MESSAGE" and what stands there. */
const char *equation_error(Arena *arena, const char *name, const char *text,
                           const BaseError *error);

/* ---- settle.c: the numbers of a spec's options ------------------------------------- */

typedef struct EquationSettings {
    double number[EQUATION_MOST_OPTIONS];
    size_t choice[EQUATION_MOST_OPTIONS]; /* of words */
    size_t channels;                      /* count(position); 0: not known yet */
} EquationSettings;

EquationSettings equation_usual(const Equation *equation);

/* A term of numbers, options and count(position), the channels, alone (what a parameter begins
 * at, an exponent). False: it is none. */
bool equation_number(const Term *term, const EquationSettings *settings, double *number);

/* A spec as written with the numbers and words of its options in their places. */
const char *equation_spec(Arena *arena, const Equation *equation,
                          const EquationSettings *settings, const char *spec);

/* The operand that a condition chooses. */
const Term *equation_chosen(const Equation *equation, const EquationSettings *settings,
                            const Term *when, bool trains);

/* ---- print.c, tex.c ---------------------------------------------------------------- */

/* Of one spelling: one line, without comments. Read again it is the same tree. */
const char *equation_print(Arena *arena, const Equation *equation);

/* Lines of TeX for `aligned`, with \\ between them: the equations as they stand, then what else
 * has a name in them. */
const char *equation_tex(Arena *arena, const Equation *equation);

/* ---- words ------------------------------------------------------------------------- */

typedef struct EquationFunction {
    const char *name;
    size_t arity;
    const char *tex; /* with {} for its operands; NULL: an operator's name */
} EquationFunction;

const EquationFunction *equation_functions(size_t *count);

#endif
